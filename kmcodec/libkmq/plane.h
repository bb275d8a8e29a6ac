/* What both models see: a plane of codes and the neighbors of a cell (spec 6.3.1). */

#ifndef KMQ_PLANE_H
#define KMQ_PLANE_H

#include "compiler.h"
#include "kmq.h"

#define KMQ_NONE UINT32_MAX /* no code */

typedef struct { /* the neighbors of a cell, by compass direction */
    uint32_t w, n, nw, ne, ww, nn, nee, nww, nne, nnw, www, neee;
} Around;

typedef struct {         /* a pixel in the frame before */
    uint32_t code, e, s; /* its own, and those to the east and south */
    uint32_t changed;    /* which of W, N, NW and NE are not as there */
    uint32_t alike;      /* which of W, N, e and s its code is equal to */
} Before;

/* What the values of neighbors are multiplied with: powers of 9e3779b1, modulo 2^32. */
#define KMQ_W 0x9e3779b1u
#define KMQ_N 0xffe6cc61u
#define KMQ_NW 0xcc042811u
#define KMQ_NE 0x1f76bcc1u
#define KMQ_WW 0x8bc6ba71u
#define KMQ_NN 0x5ecd5121u
#define KMQ_NEE 0x6364b0d1u
#define KMQ_NWW 0x4b180981u
#define KMQ_NNE 0xf0d38b31u
#define KMQ_NNW 0xa49465e1u
#define KMQ_WWW 0xb018c991u
#define KMQ_NEEE 0x448fe641u
#define KMQ_X 0x0149ebf1u
#define KMQ_Y 0x43680aa1u
#define KMQ_PATH 0x6e8c7251u

KMQ_INLINE uint32_t kmq_mixed(uint32_t hash) { return (hash ^ hash >> 15) * 0x2c1b3c6du; }

/* The bits of a code in each level. Returns the number of levels. */
KMQ_INLINE int kmq_levels(int bits, int counts[4]) {
    const int levels = (bits + 3) / 4;
    for (int level = 0, left = bits; level < levels; level++) {
        counts[level] = (left + levels - level - 1) / (levels - level);
        left -= counts[level];
    }
    return levels;
}

/* The least of least..most whose power of two is not below a number, or most. */
KMQ_INLINE int kmq_log_size(int64_t entries, int least, int most) {
    int log = least;
    while (log < most && (int64_t)1 << log < entries) log++;
    return log;
}

KMQ_INLINE Around kmq_look_around(const uint16_t *cell, int64_t stride) {
    const uint16_t *north = cell - stride, *north2 = north - stride;
    const Around a = {cell[-1], north[0],  north[-1], north[1],   cell[-2], north2[0],
                      north[2], north[-2], north2[1], north2[-1], cell[-3], north[3]};
    return a;
}

/* Which of six pairs of neighbors are equal. */
KMQ_INLINE uint32_t kmq_equal(Around a) {
    return (uint32_t)((a.w == a.n) | (a.w == a.nw) << 1 | (a.n == a.nw) << 2 | (a.n == a.ne) << 3
                      | (a.w == a.ww) << 4 | (a.n == a.nn) << 5);
}

/* The border of a row, before its first pixel and after its last. */
KMQ_INLINE void kmq_begin_row(uint16_t *row, int64_t stride) {
    for (int i = 1; i <= KMQ_BORDER; i++) row[-i] = row[-stride];
}
KMQ_INLINE void kmq_end_row(uint16_t *row, int64_t width) {
    for (int i = 0; i < KMQ_BORDER; i++) row[width + i] = row[width - 1];
}

KMQ_INLINE int16_t kmq_saturate(int a) {
    return (int16_t)(a < -32768 ? -32768 : a > 32767 ? 32767 : a);
}

/* The sum a + b - c, between a and b: the median edge detector of LOCO-I. */
KMQ_INLINE uint32_t kmq_gradient(uint32_t a, uint32_t b, uint32_t c) {
    const uint32_t low = a < b ? a : b, high = a < b ? b : a;
    return c >= high ? low : c <= low ? high : a + b - c;
}

/* a + b - c, or the nearest code. */
KMQ_INLINE uint32_t kmq_ahead(uint32_t a, uint32_t b, uint32_t c, uint32_t color_count) {
    const int32_t sum = (int32_t)(a + b - c), last = (int32_t)color_count - 1;
    return (uint32_t)(sum < 0 ? 0 : sum > last ? last : sum);
}

/* Bytes of a plane, to a multiple of 64. */
KMQ_INLINE int64_t kmq_plane_bytes(int64_t rows, int64_t width) {
    return ((rows + KMQ_ABOVE) * (width + 2 * KMQ_BORDER) * 2 + 63) / 64 * 64;
}

/* Takes a row of indices, bytes or, if they are `wide`, uint16_t. */
KMQ_INLINE void kmq_take_row(uint16_t *row, const void *indices, int64_t y, int64_t width,
                             int wide) {
    const uint8_t *bytes = (const uint8_t *)indices + y * width;
    if (wide)
        memcpy(row, (const uint16_t *)indices + y * width, 2 * (size_t)width);
    else
        for (int64_t x = 0; x < width; x++) row[x] = bytes[x];
}

/* Makes a plane of rows of bytes, or of uint16_t if they are `wide`. */
KMQ_INLINE void kmq_fill_plane(uint16_t *plane, const void *indices, int64_t rows, int64_t width,
                               int wide) {
    const int64_t stride = width + 2 * KMQ_BORDER;
    memset(plane, 0, (size_t)kmq_plane_bytes(rows, width));
    for (int64_t y = 0; y < rows; y++) {
        kmq_take_row(plane + (y + KMQ_ABOVE) * stride + KMQ_BORDER, indices, y, width, wide);
    }
}

/* Whether indices are those that a plane holds; `row` is scratch for one of them. */
KMQ_INLINE int kmq_is_plane(const uint16_t *plane, const void *indices, int64_t rows, int64_t width,
                            int wide, uint16_t *row) {
    const int64_t stride = width + 2 * KMQ_BORDER;
    for (int64_t y = 0; y < rows; y++) {
        kmq_take_row(row, indices, y, width, wide);
        if (memcmp(row, plane + (y + KMQ_ABOVE) * stride + KMQ_BORDER, 2 * (size_t)width) != 0) {
            return 0;
        }
    }
    return 1;
}

/* Gives the rows from `top` to before `bottom` of a plane as indices. */
KMQ_INLINE void kmq_give_rows(const uint16_t *plane, int64_t top, int64_t bottom, int64_t width,
                              int wide, void *indices) {
    const int64_t stride = width + 2 * KMQ_BORDER;
    for (int64_t y = top; y < bottom; y++) {
        const uint16_t *row = plane + (y + KMQ_ABOVE) * stride + KMQ_BORDER;
        uint8_t *bytes = (uint8_t *)indices + y * width;
        if (wide)
            memcpy((uint16_t *)indices + y * width, row, 2 * (size_t)width);
        else
            for (int64_t x = 0; x < width; x++) bytes[x] = (uint8_t)row[x];
    }
}

#endif
