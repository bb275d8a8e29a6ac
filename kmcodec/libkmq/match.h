/* Another cell with the same neighborhood (spec 6.3.6): an earlier one, or a later one that still is
   as in the frame before. */

#ifndef KMQ_MATCH_H
#define KMQ_MATCH_H

#include "plane.h"

enum { KMQ_LEAST_SCORE = 4, KMQ_MOST_SCORE = 12 };

typedef struct {
    uint32_t *near, *far; /* tables of places, by 6 and by 12 neighbors; 0 is none */
    uint32_t *above;      /* the offset matched in each column */
    int log_places;
    uint32_t offset;  /* of the match that goes on, or 0; of a later cell, modulo 2^32 */
    uint32_t run;     /* cells that it has guessed in succession */
    uint32_t history; /* bit 0: it missed last time, bit 1: the time before */
} Match;

typedef struct {
    uint32_t offset; /* 0: there is none */
    uint32_t score;  /* neighbors that agree; 0 if there is none */
    uint32_t guess;
} Found;

/* The places where a source may be, of a plane. */
typedef struct {
    uint32_t first, count;
} Area;

static const Area kmq_anywhere = {0, UINT32_MAX};

KMQ_INLINE int kmq_is_within(Area area, uint32_t place) {
    return area.count == UINT32_MAX || place - area.first < area.count;
}

KMQ_INLINE uint32_t kmq_score(Around a, Around b) {
    return (uint32_t)((a.w == b.w) + (a.n == b.n) + (a.nw == b.nw) + (a.ne == b.ne) + (a.ww == b.ww)
                      + (a.nn == b.nn) + (a.nee == b.nee) + (a.nww == b.nww) + (a.nne == b.nne)
                      + (a.nnw == b.nnw) + (a.www == b.www) + (a.neee == b.neee));
}

/* Looks for the best of four candidates in `area`; `four` is the hash of W, N, NW and NE. */
KMQ_INLINE Found kmq_find_match(Match *match, const uint16_t *plane, uint32_t place, int64_t stride,
                                int64_t x, Around a, uint32_t four, Area area) {
    const uint32_t six = four + a.ww * KMQ_WW + a.nn * KMQ_NN;
    const uint32_t twelve = six + a.nee * KMQ_NEE + a.nww * KMQ_NWW + a.nne * KMQ_NNE
                            + a.nnw * KMQ_NNW + a.www * KMQ_WWW + a.neee * KMQ_NEEE;
    uint32_t *near = match->near + (kmq_mixed(six) >> (32 - match->log_places));
    uint32_t *far = match->far + (kmq_mixed(twelve) >> (32 - match->log_places));
    const uint32_t candidates[4] = {match->offset, match->above[x], *far ? place - *far : 0,
                                    *near ? place - *near : 0};
    Found found = {0, 0, 0};
    *near = *far = place;
    for (int k = 0; k < 4; k++) {
        if (candidates[k] == 0 || (k > 0 && candidates[k] == candidates[k - 1])) continue;
        const uint32_t source = place - candidates[k];
        if (!kmq_is_within(area, source)) continue;
        const uint16_t *cell = plane + source;
        const uint32_t score = kmq_score(kmq_look_around(cell, stride), a);
        if (score >= KMQ_LEAST_SCORE && score > found.score) {
            found.offset = candidates[k];
            found.score = score;
            found.guess = *cell;
        }
    }
    return found;
}

/* 0 for none, 1 to 3 by how many neighbors agree. */
KMQ_INLINE uint32_t kmq_closeness(Found found) {
    return found.offset == 0 ? 0 : found.score < 9 ? 1 : found.score < KMQ_MOST_SCORE ? 2 : 3;
}

/* Bits of a run's number, at most 12. */
KMQ_INLINE uint32_t kmq_run_class(uint32_t run) {
    return run == 0 ? 0 : run >= 2048 ? 12 : (uint32_t)kmq_bit_length(run);
}

/* Notes whether a match was right: it goes on, ends, or another one begins. */
KMQ_INLINE void kmq_note_match(Match *match, Found found, int64_t x, uint32_t code) {
    const uint32_t missed = found.guess != code;
    if (found.offset == 0) {
        match->offset = match->run = 0;
        return;
    }
    if (missed || found.offset != match->offset) match->run = 0;
    match->run += !missed;
    match->offset = missed ? 0 : found.offset;
    match->history = match->history << 1 | missed;
    match->above[x] = found.offset;
}

#endif
