/* Model graphics: one decision for a row that repeats an earlier one, for 16 pixels, or for a pixel
   in a flat area or behind a long match (spec 6.3.5). */

#ifndef KMQ_CERTAIN_H
#define KMQ_CERTAIN_H

#include "match.h"
#include "rare.h"

enum {
    CERTAIN_PERIODS = 32, /* rows that one is compared with */
    CERTAIN_BLOCK = 16,   /* pixels */
    CERTAIN_HEARD = 4,    /* run from which a match is heard in flat areas */
    CERTAIN_TRUSTED = 32, /* run from which a match has decisions of its own */
    CERTAIN_LIKELY = 8,   /* log2 of how rare misses must be for that */
    CERTAIN_RELATIONS = 4 /* see below */
};

/* What is expected may be related to the code that the cell had in the frame before: there is none,
   that is expected, another one is, or another one is and the code is known to have changed. */
enum { RELATION_STILL = 0, RELATION_SAME = 1, RELATION_OTHER = 2, RELATION_CHANGED = 3 };

typedef struct {
    Rare repeats[3][16], blocks[CERTAIN_RELATIONS][2][4], in_block[2][CERTAIN_BLOCK];
    Rare flats[CERTAIN_RELATIONS][64], against, trusted[CERTAIN_RELATIONS][13];
    uint32_t equal_rows[CERTAIN_PERIODS + 1]; /* of each period, up to the row above */
    uint32_t repeat_past, block_past[2];      /* outcomes, the last in bit 0 */
    int block_kind, block_left;               /* in a block that is not as expected: cells left */
} Certain;

/* As if each cell of a block were as likely to be the first that is not as expected. */
static void certain_set_block(Rare *in_block) {
    for (uint32_t left = 1; left < CERTAIN_BLOCK; left++) {
        in_block[left].p = (1u << KMQ_RARE_UNIT) / (left + 1);
        in_block[left].n = 4;
    }
}

static void certain_start(Certain *c) {
    kmq_set_rares(c->repeats[0], 3 * 16, 1);
    for (int kind = 0; kind < 2; kind++) certain_set_block(c->in_block[kind]);
    kmq_set_rares(&c->against, 1, 1);
    for (int relation = 0; relation < CERTAIN_RELATIONS; relation++) {
        kmq_set_rares(c->blocks[relation][0], 2 * 4, 6);
        kmq_set_rares(c->flats[relation], 63, 1);
        kmq_set_rares(c->flats[relation] + 63, 1, 6);
        kmq_set_rares(c->trusted[relation], 13, 3);
    }
}

/* The rows from one to the row it may repeat: those that were equal for longest, or 1. */
KMQ_INLINE int certain_period(Certain *c, const uint16_t *row, int64_t y, size_t size,
                              int64_t stride) {
    int best = 1;
    for (int period = 1; period <= CERTAIN_PERIODS && period < y; period++) {
        const int equal = memcmp(row - stride, row - (period + 1) * stride, size) == 0;
        c->equal_rows[period] = equal ? c->equal_rows[period] + 1 : 0;
        if (c->equal_rows[period] > c->equal_rows[best]) best = period;
    }
    return best;
}

/* Codes whether a row repeats an earlier one; if so, it is filled. */
KMQ_INLINE int certain_row(RangeCoder *coder, int decoding, Certain *c, uint16_t *row, int64_t y,
                           int64_t width, int64_t stride) {
    const size_t size = 2 * (size_t)width;
    if (y == 0) return 0;
    const int period = certain_period(c, row, y, size, stride);
    const uint32_t equal = c->equal_rows[period];
    const uint16_t *from = row - period * stride;
    const int known = equal == 0 ? 0 : equal < (uint32_t)period ? 1 : 2;
    const int differs = kmq_code_rare(coder, decoding, &c->repeats[known][c->repeat_past & 15],
                                      decoding ? 0 : memcmp(row, from, size) != 0);
    c->repeat_past = c->repeat_past << 1 | (uint32_t)differs;
    if (!differs) memcpy(row, from, size);
    return !differs;
}

KMQ_INLINE int certain_are_equal(const uint16_t *a, const uint16_t *b) {
    return memcmp(a, b, CERTAIN_BLOCK * sizeof *a) == 0;
}

/* Whether the row above is that of the source, from two cells left of a block to two right of it. */
KMQ_INLINE int certain_fits(const uint16_t *north, const uint16_t *source_north) {
    return certain_are_equal(north - 2, source_north - 2)
           && certain_are_equal(north + 2, source_north + 2);
}

KMQ_INLINE int certain_are_all(const uint16_t *cells, uint32_t code) {
    return cells[0] == code && memcmp(cells, cells + 1, (CERTAIN_BLOCK - 1) * sizeof *cells) == 0;
}

/* What is known of a cell before its code. */
typedef struct {
    Around around;
    const uint16_t *source; /* the match's cell, or any */
    uint32_t guess;         /* the match's code; 0 if there is none */
    uint32_t which;
    int is_flat;
    int moves;         /* whether there is a frame before */
    uint32_t before;   /* the code there */
    uint32_t excluded; /* a code that it is not, or KMQ_NONE */
} Cell;

KMQ_INLINE int certain_relation(const Cell *at, uint32_t expected) {
    return !at->moves                 ? RELATION_STILL
           : at->excluded != KMQ_NONE ? RELATION_CHANGED
           : expected == at->before   ? RELATION_SAME
                                      : RELATION_OTHER;
}

/* Codes whether 16 cells are as expected, if something is; returns where they are then copied from.
   `codes` are those to encode. */
KMQ_INLINE const uint16_t *certain_block(RangeCoder *coder, int decoding, Certain *c, Match *match,
                                         const Cell *at, const uint16_t *cell,
                                         const uint16_t *codes, int64_t stride) {
    const uint32_t w = at->around.w;
    const int all_equal = at->is_flat && at->which == 63;
    const int agrees = match->offset == 0 || at->guess == w;
    const int follows =
        match->offset >= CERTAIN_BLOCK && match->run >= CERTAIN_TRUSTED && !(all_equal && agrees);
    const uint16_t *north = cell - stride, *from = follows ? at->source : north;
    if (follows) {
        if (!certain_fits(north, from - stride)) return 0;
    } else {
        if (!all_equal || !certain_are_all(north - 2, w) || !certain_are_all(north + 2, w))
            return 0;
        if (match->offset && match->run >= CERTAIN_HEARD
            && (match->offset < CERTAIN_BLOCK || !certain_are_all(at->source, w)))
            return 0;
    }
    if (*from == at->excluded) return 0;
    Rare *rare = &c->blocks[certain_relation(at, *from)][follows][c->block_past[follows] & 3];
    const int differs =
        kmq_code_rare(coder, decoding, rare, decoding ? 0 : !certain_are_equal(codes, from));
    c->block_past[follows] = c->block_past[follows] << 1 | (uint32_t)differs;
    if (differs) {
        c->block_kind = follows;
        c->block_left = CERTAIN_BLOCK;
        return 0;
    }
    if (follows) match->run += CERTAIN_BLOCK;
    return from;
}

/* Codes whether a cell is not as expected, in a block where one is not: the last is known. */
KMQ_INLINE int certain_in_block(RangeCoder *coder, int decoding, Certain *c, int differs) {
    if (--c->block_left == 0) return 1;
    differs = kmq_code_rare(coder, decoding, &c->in_block[c->block_kind][c->block_left], differs);
    if (differs) c->block_left = 0;
    return differs;
}

/* What a pixel's own decision came to. */
typedef struct {
    int is_known;
    uint32_t code;   /* known, or what it is not; KMQ_NONE if there is no such */
    Rare *undecided; /* what still learns whether the match was right */
} Certainty;

/* Codes whether a pixel is W in a flat area, or as a long match says. */
KMQ_INLINE Certainty certain_pixel(RangeCoder *coder, int decoding, Certain *c, const Match *match,
                                   const Cell *at, uint32_t code) {
    Certainty certainty = {0, at->excluded, 0};
    const int is_flat = at->is_flat, kind = !is_flat;
    const uint32_t expected = is_flat ? at->around.w : at->guess;
    const int is_against =
        is_flat && match->offset && match->run >= CERTAIN_HEARD && at->guess != expected;
    const int relation = certain_relation(at, expected);
    Rare *rare = is_flat ? is_against ? &c->against : &c->flats[relation][at->which]
                         : &c->trusted[relation][kmq_run_class(match->run)];
    int differs;
    if ((!is_flat && (match->offset == 0 || match->run < CERTAIN_TRUSTED))
        || expected == at->excluded) {
        c->block_left = 0;
        return certainty;
    }
    if (c->block_left && c->block_kind == kind && !is_against) {
        differs = certain_in_block(coder, decoding, c, code != expected);
    } else {
        c->block_left = 0;
        if (!is_flat && rare->p >= 1u << (KMQ_RARE_UNIT - CERTAIN_LIKELY)) {
            certainty.undecided = rare;
            return certainty;
        }
        differs = kmq_code_rare(coder, decoding, rare, code != expected);
    }
    certainty.is_known = !differs;
    certainty.code = expected;
    return certainty;
}

/* Notes a pixel that was certain. */
KMQ_INLINE void certain_note(Match *match, int64_t x, int is_flat, uint32_t guess, uint32_t code) {
    if (match->offset == 0) return;
    if (guess != code) { /* only in a flat area */
        match->run = 0;
        match->history = match->history << 1 | 1;
    } else if (!is_flat) {
        match->run++;
        match->above[x] = match->offset;
        match->history <<= 1;
    }
}

#endif
