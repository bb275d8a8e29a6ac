/* The functions of kmq.h; all else is in the headers, so that the compiler sees it whole. */

#include "kmq.h"

#include "kernels.h"
#include "packing.h"
#include "palette.h"

int64_t kmq_encode_palette(const uint8_t *palette, int colors, int channels, const uint16_t *order,
                           int predicting, int32_t *unused, uint8_t *payload, int64_t room) {
    RangeCoder coder;
    kmq_start(&coder, 0, payload, room);
    const int status = kmq_code_palette(&coder, 0, predicting, order != 0, (uint8_t *)palette,
                                        colors, channels, (uint16_t *)order, unused);
    if (status < 0) return status;
    const int64_t length = kmq_finish(&coder);
    return length < 0 ? KMQ_NO_ROOM : length;
}

int kmq_decode_palette(const uint8_t *payload, int64_t length, uint8_t *palette, int colors,
                       int channels, uint16_t *order, int32_t *unused) {
    RangeCoder coder;
    kmq_start(&coder, 1, (uint8_t *)payload, length);
    const int status = kmq_code_palette(&coder, 1, 0, 0, palette, colors, channels, order, unused);
    return status >= 0 && !kmq_is_canonical(&coder) ? KMQ_NOT_CANONICAL : status;
}

int64_t kmq_row_bytes(int64_t width, int colors) {
    return (width * kmq_index_bits(colors) + 7) / 8;
}

int kmq_pack_indices(const void *indices, int64_t rows, int64_t width, int colors,
                     uint8_t *packed) {
    const int bits = kmq_index_bits(colors);
    const int64_t row_bytes = kmq_row_bytes(width, colors), row_size = width * (bits > 8 ? 2 : 1);
    const uint8_t *row = (const uint8_t *)indices, *end = packed + rows * row_bytes;
    for (int64_t y = 0; y < rows; y++, row += row_size, packed += row_bytes) {
        if (!kmq_are_below(row, width, bits, colors)) return KMQ_BAD_INDEX;
        kmq_pack_run(row, width, bits, packed, end);
    }
    return KMQ_OK;
}

int kmq_unpack_indices(const uint8_t *packed, int64_t rows, int64_t width, int colors,
                       void *indices) {
    const int bits = kmq_index_bits(colors);
    const int64_t row_bytes = kmq_row_bytes(width, colors), row_size = width * (bits > 8 ? 2 : 1);
    const uint8_t *end = packed + rows * row_bytes;
    uint8_t *row = (uint8_t *)indices;
    int64_t at;
    if (!kmq_check_padding(packed, rows, width, bits, &at)) return KMQ_BAD_PADDING;
    for (int64_t y = 0; y < rows; y++, row += row_size, packed += row_bytes) {
        kmq_unpack_run(packed, end, bits, width, row);
        if (!kmq_are_below(row, width, bits, colors)) return KMQ_BAD_INDEX;
    }
    return KMQ_OK;
}

int kmq_check_indices(const uint8_t *packed, int64_t rows, int64_t width, int colors, int64_t *row,
                      int64_t *column) {
    const int bits = kmq_index_bits(colors);
    const int64_t row_bytes = kmq_row_bytes(width, colors);
    const uint8_t *end = packed + rows * row_bytes;
    *column = width;
    if (!kmq_check_padding(packed, rows, width, bits, row)) return KMQ_BAD_PADDING;
    if (colors == 1 << bits) return KMQ_OK;
    for (*row = 0; *row < rows; ++*row, packed += row_bytes) {
        if (!kmq_check_row(packed, end, width, bits, colors, column)) return KMQ_BAD_INDEX;
    }
    return KMQ_OK;
}

int kmq_unpack_pixels(const uint8_t *packed, int64_t rows, int64_t width, const uint8_t *palette,
                      int colors, int channels, uint8_t *pixels) {
    const int bits = kmq_index_bits(colors), by_bytes = bits == 1 || bits == 2 || bits == 4;
    const int64_t row_bytes = kmq_row_bytes(width, colors), samples = width * channels;
    const uint8_t *end = packed + rows * row_bytes;
    KmqByteTable table;
    int64_t at;
    if (!kmq_check_padding(packed, rows, width, bits, &at)) return KMQ_BAD_PADDING;
    if (by_bytes) kmq_fill_byte_table(&table, bits, palette, colors, channels);
    for (int64_t y = 0; y < rows; y++, packed += row_bytes, pixels += samples) {
        const int good =
            by_bytes ? kmq_unpack_row_bytes(packed, samples, 8 / bits * channels, &table, pixels)
                     : kmq_unpack_row(packed, end, width, bits, palette, colors, channels, pixels);
        if (!good) return KMQ_BAD_INDEX;
    }
    return KMQ_OK;
}

void kmq_start_up(int may_use_avx2) {
    kmq_fill_tables();
    kmq_choose_kernels(may_use_avx2);
}

int64_t kmq_band_memory(int64_t rows, int64_t width, int colors) {
    return kmq_plane_bytes(rows, width) + kmq_tables_bytes(rows, width, (uint32_t)colors);
}

int64_t kmq_encode_band(const void *indices, int64_t rows, int64_t width, int colors, int model,
                        void *memory, uint8_t *payload, int64_t room) {
    const int64_t plane_bytes = kmq_plane_bytes(rows, width);
    RangeCoder coder;
    kmq_fill_plane((uint16_t *)memory, indices, rows, width, colors > 256);
    kmq_start(&coder, 0, payload, room);
    kmq_kernels[0](&coder, model, 0, (uint16_t *)memory, rows, width, (uint32_t)colors,
                   (uint8_t *)memory + plane_bytes);
    const int64_t length = kmq_finish(&coder);
    return length < 0 ? KMQ_NO_ROOM : length;
}

int kmq_decode_band(const uint8_t *payload, int64_t length, int64_t rows, int64_t width, int colors,
                    void *memory, void *indices) {
    const int64_t plane_bytes = kmq_plane_bytes(rows, width);
    RangeCoder coder;
    memset(memory, 0, (size_t)plane_bytes);
    kmq_start(&coder, 1, (uint8_t *)payload, length);
    kmq_kernels[1](&coder, 0, 0, (uint16_t *)memory, rows, width, (uint32_t)colors,
                   (uint8_t *)memory + plane_bytes);
    if (!kmq_is_canonical(&coder)) return KMQ_NOT_CANONICAL;
    kmq_give_rows((const uint16_t *)memory, 0, rows, width, colors > 256, indices);
    return KMQ_OK;
}

int64_t kmq_frames_memory(int64_t rows, int64_t width, int colors) {
    return frames_memory(rows, width, (uint32_t)colors);
}

int64_t kmq_encode_frame(const void *indices, int64_t rows, int64_t width, int colors, int is_key,
                         int model, void *memory, uint8_t *payload, int64_t room) {
    const uint16_t *plane = (const uint16_t *)(void *)((uint8_t *)memory + frames_bytes());
    const Changes *changes = &((const Frames *)memory)->changes;
    RangeCoder coder;
    if (!is_key && kmq_is_plane(plane, indices, rows, width, colors > 256, changes->codes))
        return 0;
    kmq_start(&coder, 0, payload, room);
    kmq_frames_kernels[0](&coder, is_key, model, (uint8_t *)memory, indices, rows, width,
                          (uint32_t)colors);
    const int64_t length = kmq_finish(&coder);
    return length < 0 ? KMQ_NO_ROOM : length;
}

int kmq_decode_frame(const uint8_t *payload, int64_t length, int64_t rows, int64_t width,
                     int colors, int is_key, void *memory, void *indices) {
    const uint16_t *plane = (const uint16_t *)(void *)((uint8_t *)memory + frames_bytes());
    const Changes *changes = &((const Frames *)memory)->changes;
    RangeCoder coder;
    if (!is_key && length == 0) return KMQ_OK;
    kmq_start(&coder, 1, (uint8_t *)payload, length);
    kmq_frames_kernels[1](&coder, is_key, 0, (uint8_t *)memory, 0, rows, width, (uint32_t)colors);
    if (!kmq_is_canonical(&coder)) return KMQ_NOT_CANONICAL;
    kmq_give_rows(plane, is_key ? 0 : changes->top, is_key ? rows : changes->bottom, width,
                  colors > 256, indices);
    return KMQ_OK;
}
