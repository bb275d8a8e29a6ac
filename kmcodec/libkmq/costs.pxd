from libc.stdint cimport int64_t, uint8_t, uint32_t

cdef extern from "costs.h" nogil:
    enum kmq_limits:
        KMQ_ABOVE
        KMQ_BORDER
        KMQ_MAX_CELLS
        KMQ_MAX_COLORS

    void kmq_fill_tables()
    int64_t frames_memory(int64_t rows, int64_t width, uint32_t colors)
    int kmq_decode_costs(const uint8_t *payload, int64_t length, int64_t rows, int64_t width,
                         int colors, int is_key, void *memory, float *costs)
