/* A guess at a code: that of eight sources which was right most often (spec 6.3.6). */

#ifndef KMQ_GUESS_H
#define KMQ_GUESS_H

#include "match.h"

enum { KMQ_SOURCES = 8 };

typedef struct {
    uint16_t (*hits)[KMQ_SOURCES]; /* how often each was right, by equal neighbors and closeness */
    uint16_t *last;                /* the code last seen behind each four neighbors, plus 1 */
    int log_places;
} Guesser;

typedef struct {
    uint16_t codes[KMQ_SOURCES];
    uint16_t *hits, *last;
    uint32_t code;     /* the guess */
    uint32_t sureness; /* 0..31 */
} Guess;

KMQ_INLINE Guess kmq_guess(Guesser *guesser, Around a, Found found, uint32_t four,
                           uint32_t color_count) {
    Guess g;
    g.last = guesser->last + (kmq_mixed(four) >> (32 - guesser->log_places));
    g.hits = guesser->hits[kmq_equal(a) * 4 + kmq_closeness(found)];
    g.codes[0] = (uint16_t)(found.offset ? found.guess : a.w);
    g.codes[1] = (uint16_t)(*g.last ? *g.last - 1u : a.w);
    g.codes[2] = (uint16_t)a.w;
    g.codes[3] = (uint16_t)a.n;
    g.codes[4] = (uint16_t)kmq_ahead(a.w, a.n, a.nw, color_count);
    g.codes[5] = (uint16_t)kmq_ahead(a.w, a.w, a.ww, color_count);
    g.codes[6] = (uint16_t)kmq_ahead(a.n, a.ne, a.nne, color_count);
    g.codes[7] = (uint16_t)kmq_ahead(a.n, a.n, a.nn, color_count);
    int best = 0;
    for (int i = 1; i < KMQ_SOURCES; i++) best = g.hits[i] > g.hits[best] ? i : best;
    g.code = g.codes[best];
    g.sureness = g.hits[best] >> 11;
    return g;
}

KMQ_INLINE void kmq_note_guess(Guess *g, uint32_t code) {
    *g->last = (uint16_t)(code + 1);
    for (int i = 0; i < KMQ_SOURCES; i++) { /* a step of 1/32 to 65535 or to 0 */
        const uint16_t flip = g->codes[i] == code ? 0xffff : 0, miss = g->hits[i] ^ flip;
        g->hits[i] = (uint16_t)(miss - (miss >> 5)) ^ flip;
    }
}

#endif
