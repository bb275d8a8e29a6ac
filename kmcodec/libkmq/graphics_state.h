/* Model graphics: what a band has learned, and what of it stays from frame to frame. */

#ifndef KMQ_GRAPHICS_STATE_H
#define KMQ_GRAPHICS_STATE_H

#include "changes.h"
#include "guess.h"
#include "line_tables.h"
#include "photo_tables.h"

typedef struct { /* a band, and what it learns */
    const uint16_t *plane;
    int64_t stride;
    uint32_t color_count, top, last; /* paths of the first and last code at the end */
    int bits, levels, counts[4];     /* of a code, its levels, and each of these */
    Certain certain;
    Match match;
    Guesser guesser;
    Rare guesses[32 * 4][4], matches[(KMQ_MOST_SCORE + 1) * 4][4]; /* experts, of each level */
    Rare befores[16 * 16][4];
    uint32_t nibbles;                              /* coded so far */
    int rate;                                      /* of learning of weights */
    int log_large, log_small;                      /* lines of a context, as powers of two */
    int16_t *tables;                               /* of the lines of each context */
    int16_t (*weights)[LINE_CONTEXTS][LINE_LANES]; /* by path */
    int16_t (*rows)[LINE_SETS][LINE_INPUTS];       /* of each level, by neighbors */
} Graphics;

/* Bytes of the tables of the larger model. */
static int64_t kmq_tables_bytes(int64_t rows, int64_t width, uint32_t colors) {
    const size_t photo = photo_memory(rows * width, colors);
    const size_t graphics = graphics_memory(rows * width, width, kmq_index_bits((int)colors));
    return (int64_t)((photo > graphics ? photo : graphics) + 63) / 64 * 64;
}

typedef struct { /* what stays of a band from frame to frame, before its plane and all tables */
    Graphics graphics;
    Changes changes;
    int is_begun; /* whether model graphics has begun, which it has not behind a key frame of photo */
} Frames;

KMQ_INLINE int64_t frames_bytes(void) { return ((int64_t)sizeof(Frames) + 63) / 64 * 64; }

/* Bytes of a plane with one more row, of zeros, below. */
KMQ_INLINE int64_t frames_plane_bytes(int64_t rows, int64_t width) {
    return kmq_plane_bytes(rows + 1, width);
}

/* Bytes of all that stays. */
static int64_t frames_memory(int64_t rows, int64_t width, uint32_t colors) {
    return frames_bytes() + frames_plane_bytes(rows, width) + kmq_tables_bytes(rows, width, colors)
           + (int64_t)changes_memory(rows, width);
}

#endif
