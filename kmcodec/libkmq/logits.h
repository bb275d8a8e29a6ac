/* Log odds, of which 2048 are a factor of 2: their probability, and what is learned (spec 6.3.2). */

#ifndef KMQ_LOGITS_H
#define KMQ_LOGITS_H

#include "compiler.h"

typedef struct {
    uint16_t p;       /* of a 1, in units of 2^-16 */
    int16_t error[2]; /* of a 0 and of a 1: 4096 * (bit - p), more where p is near 0 or 1 */
    uint16_t unused;
} KmqLogit;

static KmqLogit kmq_logits[2049]; /* from -65536 to 65536, in steps of 64 */

static uint32_t kmq_root(uint64_t v) {
    uint64_t root = 0;
    for (int i = 31; i >= 0; i--) {
        const uint64_t more = root | (uint64_t)1 << i;
        if (more * more <= v) root = more;
    }
    return (uint32_t)root;
}

static void kmq_fill_logits(void) {
    for (int i = 0; i <= 2048; i++) {
        const int z = (i - 1024) * 64 + 32;
        const uint32_t a = (uint32_t)(z < 0 ? -z : z);
        const uint64_t odds = (uint64_t)(2048 + (a & 2047)) << (a >> 11);
        uint32_t p = (uint32_t)((odds << 16) / (odds + 2048));
        if (z < 0) p = 65536 - p;
        p = p < 16 ? 16 : p > 65520 ? 65520 : p;
        /* 4096 * (bit - p) / ((4p(1 - p) + 0.02) / 1.02)^(1/4), with p in 0..1 */
        const uint64_t spread = 4 * (uint64_t)p * (65536 - p) + 85899346;
        const uint32_t t = kmq_root((uint64_t)kmq_root(spread << 30) << 1);
        kmq_logits[i].p = (uint16_t)p;
        kmq_logits[i].error[0] = (int16_t)-(int32_t)((p * 4117 + (t >> 1)) / t);
        kmq_logits[i].error[1] = (int16_t)(((65536 - p) * 4117 + (t >> 1)) / t);
    }
}

#endif
