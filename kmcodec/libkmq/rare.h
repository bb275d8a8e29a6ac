/* Decisions that are nearly always 0, with a probability and a count each (spec 6.3.3). */

#ifndef KMQ_RARE_H
#define KMQ_RARE_H

#include "range_coder.h"

enum {
    KMQ_RARE_UNIT = 22, /* p is in units of 2^-22 */
    KMQ_RARE_MOST = 255 /* of the count */
};

typedef struct {
    uint32_t p; /* that the decision is 1 */
    uint32_t n; /* decisions so far, at most KMQ_RARE_MOST */
} Rare;

static uint32_t kmq_rare_rates[KMQ_RARE_MOST + 1]; /* in units of 2^-16 */

static void kmq_fill_rare_rates(void) {
    for (uint32_t n = 0; n <= KMQ_RARE_MOST; n++) kmq_rare_rates[n] = (1u << 17) / (2 * n + 3);
}

KMQ_INLINE void kmq_set_rares(Rare *rares, int count, int log_p) {
    for (int i = 0; i < count; i++) {
        rares[i].p = (uint32_t)1 << (KMQ_RARE_UNIT - log_p);
        rares[i].n = 0;
    }
}

KMQ_INLINE void kmq_learn_rare(Rare *rare, int bit) {
    const uint64_t rate = kmq_rare_rates[rare->n];
    if (bit)
        rare->p += (uint32_t)((((1u << KMQ_RARE_UNIT) - 1 - rare->p) * rate) >> 16);
    else
        rare->p -= (uint32_t)((rare->p * rate) >> 16);
    if (rare->n < KMQ_RARE_MOST) rare->n++;
}

KMQ_INLINE int kmq_code_rare(RangeCoder *coder, int decoding, Rare *rare, int bit) {
    bit = kmq_code_bit(coder, decoding, bit, rare->p, KMQ_RARE_UNIT);
    kmq_learn_rare(rare, bit);
    return bit;
}

/* log2(v) with 11 bits of fraction, straight between powers of two. */
KMQ_INLINE int kmq_log2(uint32_t v) {
    const int e = kmq_bit_length(v) - 1;
    return (e - 1) * 2048 + (int)(((uint64_t)v << 11) >> e);
}

/* The log odds of a 0, 2048 of which are a factor of 2. */
KMQ_INLINE int kmq_rare_odds(const Rare *rare) {
    const int odds = kmq_log2((1u << KMQ_RARE_UNIT) - rare->p) - kmq_log2(rare->p);
    return odds < -24576 ? -24576 : odds > 24576 ? 24576 : odds;
}

#endif
