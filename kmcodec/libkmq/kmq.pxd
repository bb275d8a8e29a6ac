from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t

cdef extern from "kmq.h" nogil:
    enum kmq_limits:
        KMQ_MAX_COLORS
        KMQ_MAX_CELLS
        KMQ_ABOVE
        KMQ_BORDER

    enum kmq_status:
        KMQ_OK
        KMQ_ORDERED
        KMQ_UNEXPECTED_ORDER
        KMQ_BAD_PADDING

    void kmq_start_up(int may_use_avx2)

    int64_t kmq_encode_palette(const uint8_t *palette, int colors, int channels,
                               const uint16_t *order, int predicting, int32_t *unused,
                               uint8_t *payload, int64_t room)
    int kmq_decode_palette(const uint8_t *payload, int64_t length, uint8_t *palette, int colors,
                           int channels, uint16_t *order, int32_t *unused)

    int64_t kmq_row_bytes(int64_t width, int colors)
    int kmq_pack_indices(const void *indices, int64_t rows, int64_t width, int colors,
                         uint8_t *packed)
    int kmq_unpack_indices(const uint8_t *packed, int64_t rows, int64_t width, int colors,
                           void *indices)
    int kmq_check_indices(const uint8_t *packed, int64_t rows, int64_t width, int colors,
                          int64_t *row, int64_t *column)
    int kmq_unpack_pixels(const uint8_t *packed, int64_t rows, int64_t width,
                          const uint8_t *palette, int colors, int channels, uint8_t *pixels)

    int64_t kmq_frames_memory(int64_t rows, int64_t width, int colors)
    int64_t kmq_encode_frame(const void *indices, int64_t rows, int64_t width, int colors,
                             int is_key, int model, void *memory, uint8_t *payload, int64_t room)
    int kmq_decode_frame(const uint8_t *payload, int64_t length, int64_t rows, int64_t width,
                         int colors, int is_key, void *memory, void *indices)

    int64_t kmq_band_memory(int64_t rows, int64_t width, int colors)
    int64_t kmq_encode_band(const void *indices, int64_t rows, int64_t width, int colors,
                            int model, void *memory, uint8_t *payload, int64_t room)
    int kmq_decode_band(const uint8_t *payload, int64_t length, int64_t rows, int64_t width,
                        int colors, void *memory, void *indices)
