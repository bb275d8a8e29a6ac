/* Lines of model graphics: what is known before any picture (spec 6.3.7). */

#ifndef KMQ_LINE_TABLES_H
#define KMQ_LINE_TABLES_H

#include "plane.h"

enum {
    LINE_LANES = 16,
    LINE_BYTES = 32,
    LINE_CONTEXTS = 12,
    LINE_LARGE = 5,   /* contexts of most values, whose tables are larger, are before this */
    LINE_CHECKED = 7, /* contexts of several codes, whose lines are checked, are before this */
    LINE_EXPERTS = 3, /* of frames; of stills one fewer */
    LINE_PATHS = 17,  /* at the start of a nibble: none, and those of 4 bits */
    LINE_LEVELS = 4,
    LINE_HITS = 64 * 4,
    LINE_INPUTS = 16,                /* contexts, experts, and none */
    LINE_SETS = 64 + 64 + 256 + 256, /* rows of weights of a level, the last 256 of frames */
    LINE_WEIGHT = 2662,              /* of a context, at first; 16384 is 1 */
    LINE_EXPERT_WEIGHT = 2500
};

static KMQ_ALIGN(32) int16_t
    kmq_line_targets[16][16]; /* by a nibble, at each node: where a state goes */
static KMQ_ALIGN(32) int16_t
    kmq_line_trees[5][16];                       /* ones in the lanes of a tree of so many bits */
static KMQ_ALIGN(32) uint8_t kmq_line_rates[16]; /* of a state, by its count, in units of 2^-7 */

static void kmq_fill_line_tables(void) {
    for (int symbol = 0; symbol < 16; symbol++) {
        for (int depth = 0; depth < 4; depth++) {
            kmq_line_targets[symbol][(16 + symbol) >> (4 - depth)] =
                symbol >> (3 - depth) & 1 ? 16383 : -16383;
        }
    }
    for (int count = 0; count <= 4; count++) {
        for (int node = 1; node < 1 << count; node++) kmq_line_trees[count][node] = -1;
    }
    for (int n = 0; n < 16; n++) kmq_line_rates[n] = (uint8_t)((5 * n + 1286) / (10 * n + 12));
}

KMQ_INLINE int graphics_log_lines(int64_t pixels, int bits, int context) {
    return kmq_log_size(2 * pixels, 7, context < LINE_LARGE && bits > 4 ? 15 : 13);
}

KMQ_INLINE size_t graphics_lines(int64_t pixels, int bits) {
    size_t lines = 0;
    for (int k = 0; k < LINE_CONTEXTS; k++) {
        lines += (size_t)1 << graphics_log_lines(pixels, bits, k);
    }
    return lines;
}

KMQ_INLINE int graphics_log_places(int64_t pixels) { return kmq_log_size(pixels, 8, 16); }

/* Bytes that a band needs: the tables of lines; their weights; places, by two hashes and by column;
   codes behind four neighbors; hits of guesses. */
KMQ_INLINE size_t graphics_memory(int64_t pixels, int64_t width, int bits) {
    return LINE_BYTES * graphics_lines(pixels, bits)
           + (size_t)LINE_BYTES * (LINE_PATHS * LINE_CONTEXTS + LINE_LEVELS * LINE_SETS)
           + ((size_t)(4 + 4 + 2) << graphics_log_places(pixels)) + 4 * (size_t)width
           + 2 * LINE_HITS * 8;
}

#endif
