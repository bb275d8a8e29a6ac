/* Model photo: all that is decided before any picture (spec 6.3.4). */

#ifndef KMQ_PHOTO_TABLES_H
#define KMQ_PHOTO_TABLES_H

#include "logits.h"
#include "photo_contexts.h"
#include "plane.h"

enum {
    PHOTO_SELECTIONS = 64, /* which of six pairs of neighbors are equal */
    PHOTO_ONE = 16384,     /* a weight or a temperature of 1 */
    PHOTO_AGING = -250     /* what a visit adds to the counter of a line, times its rate */
};

/* A class of numbers of bits: what a kernel is compiled for. */
typedef struct {
    int number;
    int contexts;
    int lanes;     /* of a line: 8 or 16 */
    int log_lines; /* of a hashed table, at most, as a power of two */
    int slowness;  /* of the weights: what their errors are shifted by */
    int prefetch;  /* whether the tables are so large that it helps */
} PhotoClass;

enum { PHOTO_CLASSES = 4 };

#define ONE(value, rate, first) +1
static const PhotoClass photo_classes[PHOTO_CLASSES] = {
    {0, 0 PHOTO_LIST_A(ONE, ONE), 16, 12, 3, 0}, /* 1 to 4 bits */
    {1, 0 PHOTO_LIST_B(ONE, ONE), 8, 14, 2, 1},  /* 5 and 6 */
    {2, 0 PHOTO_LIST_C(ONE, ONE), 16, 12, 2, 1}, /* 7 and 8 */
    {3, 0 PHOTO_LIST_D(ONE, ONE), 16, 14, 2, 1}, /* 9 to 16, and small bands of 7 and 8 */
};
#undef ONE

typedef struct {
    int direct, rate, first;
} PhotoContext;

#define HASHED(sum, rate, first) {0, rate, first},
#define DIRECT(value, rate, first) {1, rate, first},
static const PhotoContext photo_contexts[PHOTO_CLASSES][16] = {
    {PHOTO_LIST_A(HASHED, DIRECT)},
    {PHOTO_LIST_B(HASHED, DIRECT)},
    {PHOTO_LIST_C(HASHED, DIRECT)},
    {PHOTO_LIST_D(HASHED, DIRECT)},
};
#undef HASHED
#undef DIRECT

/* The tables of list C by value take longer to clear than a small band takes to decode. */
KMQ_INLINE int photo_class(int bits, int64_t pixels) {
    return bits <= 4 ? 0 : bits <= 6 ? 1 : bits <= 8 && pixels >= 4096 ? 2 : 3;
}

#define PHOTO_SETS(levels)                                                                         \
    ((levels) > 1 ? 17 : 1) /* of weights: the first level, else by the path */

KMQ_INLINE int photo_log_lines(PhotoClass kind, int64_t pixels) {
    return kmq_log_size(2 * pixels, 7, kind.log_lines);
}

/* Lines of the table of a context; a direct one has no more than two levels. */
KMQ_INLINE size_t photo_lines(int direct, int bits, int log_lines) {
    if (!direct) return (size_t)1 << log_lines;
    return ((size_t)1 << bits) + (bits > 4 ? (size_t)1 << (bits + (bits + 1) / 2) : 0);
}

/* In the lanes of the counters, of two lines of 8 lanes and of one of 16. */
static const KMQ_ALIGN(32) int16_t photo_aging[2][16] = {
    {[0] = PHOTO_AGING, [8] = PHOTO_AGING},
    {[0] = PHOTO_AGING},
};

/* By a symbol of 4 bits: ones in the lanes of the nodes on its path. */
static KMQ_ALIGN(32) int16_t photo_paths[16][16];

/* By a class and a context: the least rate, in every lane of its line. */
static KMQ_ALIGN(32) int16_t photo_rates[PHOTO_CLASSES][16 * 16];

static void photo_fill_tables(void) {
    for (int i = 0; i < PHOTO_CLASSES; i++) {
        const PhotoClass kind = photo_classes[i];
        for (int lane = 0; lane < kind.contexts * kind.lanes; lane++) {
            photo_rates[i][lane] = (int16_t)photo_contexts[i][lane / kind.lanes].rate;
        }
    }
    for (int symbol = 0; symbol < 16; symbol++) {
        for (int depth = 0; depth < 4; depth++)
            photo_paths[symbol][(16 + symbol) >> (4 - depth)] = -1;
    }
}

/* Bytes that a band needs. */
KMQ_INLINE size_t photo_memory(int64_t pixels, uint32_t colors) {
    const int bits = kmq_index_bits((int)colors), levels = (bits + 3) / 4;
    const PhotoClass kind = photo_classes[photo_class(bits, pixels)];
    const int log_lines = photo_log_lines(kind, pixels);
    size_t cells = (size_t)levels * PHOTO_SELECTIONS * 16
                   + (size_t)PHOTO_SETS(levels) * (size_t)(kind.contexts * kind.lanes);
    for (int k = 0; k < kind.contexts; k++) {
        const int direct = photo_contexts[kind.number][k].direct;
        cells += photo_lines(direct, bits, log_lines) * (size_t)kind.lanes;
    }
    return cells * sizeof(int16_t);
}

#endif
