/* Lines of counters, their stretched probabilities, and the mixer (spec 6.3.5 to 6.3.7).

   Three forms of one arithmetic: SSE2, NEON and plain C. All lanes are 16-bit integers; additions
   of weights and of probabilities saturate. A line is 16 slots: a check word, then the 15 nodes of
   one nibble of an index. A slot is a 12-bit probability, less 2^11, above a 4-bit count. */

#ifndef KMCODEC_MIXING_H
#define KMCODEC_MIXING_H

#include <stdint.h>
#include <string.h>

#include "range_coder.h"

#define KMC_INLINE KMQ_INLINE
#define KMC_OPAQUE KMQ_OPAQUE
#define KMC_OPAQUE_VECTOR KMQ_OPAQUE_VECTOR

#if !defined(KMC_PLAIN) && (defined(__SSE2__) || defined(_M_X64))
#define KMC_SSE2
#include <emmintrin.h>
#elif !defined(KMC_PLAIN) && defined(__ARM_NEON) && defined(__aarch64__)
#define KMC_NEON
#include <arm_neon.h>
#endif

enum {
    KMC_SLOTS = 16,        /* of a line */
    KMC_LANES = 8,         /* of a vector */
    KMC_DIRECT_LINES = 256 + 256 * 16, /* of a table by one neighbor of 8 bits, for two nibbles */
    KMC_ONE = 256,         /* the constant input; stretched probabilities have 8 fraction bits */
    KMC_RATE = 0x46b0,     /* first step of a counter, 22528 / 32768, as the half of a float */
    KMC_RATE_STEP = 38,    /* what each visit takes from it: a factor of about 2^(-38 / 128) */
    KMC_MAX_COUNT = 15,
    KMC_BORDER = 8         /* cells of border on either side of a row */
};

enum { KMC_PHOTO, KMC_SLIM, KMC_GRAPHICS }; /* the sets of contexts */

/* What the values of a context are multiplied with: powers of 9e3779b1, modulo 2^32. */
#define KMC_W 0x9e3779b1u
#define KMC_N 0xffe6cc61u
#define KMC_NW 0xcc042811u
#define KMC_NE 0x1f76bcc1u
#define KMC_WW 0x8bc6ba71u
#define KMC_NN 0x5ecd5121u
#define KMC_NEE 0x6364b0d1u
#define KMC_NWW 0x4b180981u
#define KMC_NNE 0xf0d38b31u
#define KMC_NNW 0xa49465e1u
#define KMC_WWW 0xb018c991u
#define KMC_NEEE 0x448fe641u
#define KMC_X 0x0149ebf1u
#define KMC_Y 0x43680aa1u
#define KMC_FLAT 0x07654321u /* added to all hashes where the neighborhood is flat */
#define KMC_PATH 0x6e8c7251u

typedef int16_t KmcSlot;

/* Clears the upper halves of the vector registers, for which SSE2 code has no use. Libraries with
   AVX that return without doing so (libjxl 0.11 is one) leave every SSE2 instruction to merge its
   result into them: photographs decoded 1.6 times as slowly from then on. */
#if defined(KMC_SSE2) && defined(__GNUC__) /* GCC, and Clang where it stands in for it */
__attribute__((target("avx"))) static void kmc_zero_upper(void) { __builtin_ia32_vzeroupper(); }

KMC_INLINE void kmc_clear_upper_halves(void) {
    if (__builtin_cpu_supports("avx")) kmc_zero_upper();
}
#else
KMC_INLINE void kmc_clear_upper_halves(void) {}
#endif

/* log2(v) with 23 fraction bits, linear between powers of two, plus a constant: what an IEEE 754
   single holds. Exact for v below 2^24. */
KMC_INLINE int32_t kmc_log2(int32_t v) {
    const float f = (float)v;
    int32_t i;
    memcpy(&i, &f, 4);
    return i;
}

/* Log odds of a probability in 1..65535, in units of 2^-16, to base 2 with 8 fraction bits. */
KMC_INLINE int kmc_stretch(int p) { return (kmc_log2(p) - kmc_log2(65536 - p)) >> 15; }

KMC_INLINE int kmc_clamp(int v, int low, int high) { return v < low ? low : v > high ? high : v; }

/* The inverse, for -3072..3071: a probability within 16..65520. 2^x is linear between integers. */
static uint16_t kmc_squash_table[6144];

/* By the state of a slot, as its upper 12 bits. */
static int16_t kmc_stretch_table[4096];

#if defined(KMC_SSE2)
/* By a bit, where counters go; by a dither, vectors of it: to load one is less than to make it. */
static int16_t kmc_target_table[2][KMC_LANES], kmc_dither_table[16][KMC_LANES];
#endif

static void kmc_fill_tables(void) {
    for (int d = -3072; d < 3072; d++) {
        const uint32_t a = (uint32_t)(d < 0 ? -d : d);
        const uint64_t odds = (uint64_t)(256 + (a & 255)) << (a >> 8);
        const int p = (int)((odds << 16) / (odds + 256));
        kmc_squash_table[d + 3072] = (uint16_t)kmc_clamp(d < 0 ? 65536 - p : p, 16, 65520);
    }
    for (int i = 0; i < 4096; i++) {
        kmc_stretch_table[i] = (int16_t)kmc_stretch((16 * i + 32776) & 65535);
    }
#if defined(KMC_SSE2)
    for (int i = 0; i < KMC_LANES; i++) {
        for (int bit = 0; bit < 2; bit++) kmc_target_table[bit][i] = (int16_t)(bit * 32767 - 16384);
        for (int d = 0; d < 16; d++) kmc_dither_table[d][i] = (int16_t)d;
    }
#endif
}

KMC_INLINE uint32_t kmc_squash(int d) { return kmc_squash_table[d + 3072]; }

/* The line of a hash in a table of 2^(33 - shift) lines: one of the two of its bucket that has the
   check word, else the one whose first node was visited less, cleared. No branch depends on which:
   it would be mispredicted. */
KMC_INLINE KmcSlot *kmc_find_line(KmcSlot *table, uint32_t hash, int shift) {
    hash = (hash ^ hash >> 15) * 0x2c1b3c6du;
    KmcSlot *line = table + ((size_t)(hash >> shift) << 5);
    const int check = (hash | 1) & 0xffff;
    const int second = (uint16_t)line[16] == check;
    const int newer = (line[17] & 15) < (line[1] & 15);
    int miss = (uint16_t)line[0] != check;
    size_t other = (size_t)(miss & (second | newer));
    miss &= !second;
    KMC_OPAQUE(miss);
    KMC_OPAQUE(other);
    line += other * KMC_SLOTS;
#if defined(KMC_SSE2)
    const __m128i keep = _mm_set1_epi32(miss - 1);
    __m128i *halves = (__m128i *)line;
    _mm_store_si128(halves, _mm_insert_epi16(_mm_and_si128(_mm_load_si128(halves), keep), check, 0));
    _mm_store_si128(halves + 1, _mm_and_si128(_mm_load_si128(halves + 1), keep));
#else
    const KmcSlot keep = (KmcSlot)(miss - 1);
    for (int i = 0; i < KMC_SLOTS; i++) line[i] &= keep;
    line[0] = (KmcSlot)check;
#endif
    return line;
}

/* For each bit of a code, most significant first, which of six neighbors have a 1 there. */
KMC_INLINE void kmc_split_neighbors(uint8_t *ones, int bits, uint32_t w, uint32_t n, uint32_t ne,
                                    uint32_t nw, uint32_t ww, uint32_t nn) {
#if defined(KMC_SSE2)
    __m128i values = _mm_set_epi16(0, 0, (short)nn, (short)ww, (short)nw, (short)ne, (short)n,
                                   (short)w);
    values = _mm_sll_epi16(values, _mm_cvtsi32_si128(16 - bits));
    for (int i = 0; i < bits; i++) { /* signs survive saturation */
        ones[i] = (uint8_t)_mm_movemask_epi8(_mm_packs_epi16(values, _mm_setzero_si128()));
        values = _mm_slli_epi16(values, 1);
    }
#else
    for (int i = 0; i < bits; i++) {
        const int left = bits - i - 1;
        ones[i] = (uint8_t)((w >> left & 1) | (n >> left & 1) << 1 | (ne >> left & 1) << 2
                            | (nw >> left & 1) << 3 | (ww >> left & 1) << 4
                            | (nn >> left & 1) << 5);
    }
#endif
}

/* What one decision needs between prediction and learning. */
typedef struct {
#if defined(KMC_SSE2)
    __m128i slots[2], inputs[2];
#elif defined(KMC_NEON)
    int16x8_t slots[2], inputs[2];
#else
    int16_t slots[16], inputs[16];
#endif
} KmcDecision;

#if defined(KMC_SSE2)

/* Puts lane i of a vector's slots and inputs, if a context has it, into the half of i. The table is
   read and not its formula computed in vectors, as their latency would come before every decoded
   bit: photographs of 256 colors decode a twentieth faster. */
#define KMC_GATHER_LANE(i)                                                                      \
    if (g * KMC_LANES + (i) < contexts) {                                                       \
        const uint16_t slot = (uint16_t)lines[g * KMC_LANES + (i)][node];                       \
        const int input = kmc_stretch_table[slot >> 4];                                         \
        slots[(i) / 4] = _mm_insert_epi16(slots[(i) / 4], slot, (i) % 4);                       \
        inputs[(i) / 4] = _mm_insert_epi16(inputs[(i) / 4], input, (i) % 4);                    \
    }

KMC_INLINE void kmc_gather(KmcDecision *decision, KmcSlot **lines, int contexts, int node, int g) {
    const __m128i zero = _mm_setzero_si128();
    __m128i slots[2] = {zero, zero}, inputs[2] = {zero, zero};
    KMC_GATHER_LANE(0)
    KMC_GATHER_LANE(4)
    KMC_GATHER_LANE(1)
    KMC_GATHER_LANE(5)
    KMC_GATHER_LANE(2)
    KMC_GATHER_LANE(6)
    KMC_GATHER_LANE(3)
    KMC_GATHER_LANE(7)
    decision->slots[g] = _mm_unpacklo_epi64(slots[0], slots[1]);
    decision->inputs[g] = _mm_unpacklo_epi64(inputs[0], inputs[1]);
}

KMC_INLINE void kmc_scatter(const KmcDecision *decision, KmcSlot **lines, int contexts, int node,
                            int bit, int dither, int g) {
    const __m128i zero = _mm_setzero_si128(), high = _mm_set1_epi16(-16);
    const __m128i count = _mm_andnot_si128(high, decision->slots[g]);
    const __m128i p = _mm_and_si128(decision->slots[g], high);
    __m128i steps = _mm_set1_epi16(KMC_RATE_STEP);
    KMC_OPAQUE_VECTOR(steps); /* or shifts and additions would take the place of a product */
    const __m128i half = _mm_sub_epi16(_mm_set1_epi16(KMC_RATE), _mm_mullo_epi16(count, steps));
    const __m128i rate = _mm_packs_epi32(
        _mm_cvttps_epi32(_mm_castsi128_ps(_mm_unpacklo_epi16(zero, half))),
        _mm_cvttps_epi32(_mm_castsi128_ps(_mm_unpackhi_epi16(zero, half))));
    const __m128i target = _mm_loadu_si128((const __m128i *)kmc_target_table[bit]);
    const __m128i step = _mm_slli_epi16(
        _mm_mulhi_epi16(_mm_sub_epi16(target, _mm_srai_epi16(p, 1)), rate), 2);
    const __m128i rounding = _mm_loadu_si128((const __m128i *)kmc_dither_table[dither]);
    const __m128i moved = _mm_adds_epi16(_mm_add_epi16(p, step), rounding);
    const __m128i counted = _mm_min_epi16(
        _mm_add_epi16(count, _mm_set1_epi16(1)), _mm_set1_epi16(KMC_MAX_COUNT));
    KmcSlot slots[KMC_LANES];
    _mm_storeu_si128((__m128i *)slots, _mm_or_si128(_mm_and_si128(moved, high), counted));
    KMC_OPAQUE(node); /* or all addresses would be kept in memory since the slots were read */
    for (int i = 0; i < KMC_LANES && g * KMC_LANES + i < contexts; i++) {
        lines[g * KMC_LANES + i][node] = slots[i];
    }
}

#elif defined(KMC_NEON)

KMC_INLINE int16x4_t kmc_stretch_half(uint16x4_t p, uint16x4_t q) {
    const int32x4_t a = vreinterpretq_s32_f32(vcvtq_f32_u32(vmovl_u16(p)));
    const int32x4_t b = vreinterpretq_s32_f32(vcvtq_f32_u32(vmovl_u16(q)));
    return vmovn_s32(vshrq_n_s32(vsubq_s32(a, b), 15));
}

KMC_INLINE void kmc_gather(KmcDecision *decision, KmcSlot **lines, int contexts, int node, int g) {
    KmcSlot gathered[KMC_LANES];
    for (int i = 0; i < KMC_LANES; i++) {
        const int k = g * KMC_LANES + i;
        gathered[i] = k < contexts ? lines[k][node] : 0;
    }
    const int16x8_t slots = vld1q_s16(gathered);
    const uint16x8_t p = vreinterpretq_u16_s16(veorq_s16(
        vorrq_s16(vandq_s16(slots, vdupq_n_s16(-16)), vdupq_n_s16(8)), vdupq_n_s16(INT16_MIN)));
    const uint16x8_t complement = vsubq_u16(vdupq_n_u16(0), p);
    decision->slots[g] = slots;
    decision->inputs[g] = vcombine_s16(
        kmc_stretch_half(vget_low_u16(p), vget_low_u16(complement)),
        kmc_stretch_half(vget_high_u16(p), vget_high_u16(complement)));
}

KMC_INLINE int16x4_t kmc_rate_half(uint16x4_t half) {
    const uint32x4_t bits = vshlq_n_u32(vmovl_u16(half), 16);
    return vmovn_s32(vcvtq_s32_f32(vreinterpretq_f32_u32(bits)));
}

KMC_INLINE int16x8_t kmc_multiply_high(int16x8_t a, int16x8_t b) {
    return vcombine_s16(vshrn_n_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), 16),
                        vshrn_n_s32(vmull_s16(vget_high_s16(a), vget_high_s16(b)), 16));
}

KMC_INLINE void kmc_scatter(const KmcDecision *decision, KmcSlot **lines, int contexts, int node,
                            int bit, int dither, int g) {
    const int16x8_t count = vandq_s16(decision->slots[g], vdupq_n_s16(15));
    const int16x8_t p = vandq_s16(decision->slots[g], vdupq_n_s16(-16));
    const uint16x8_t half = vreinterpretq_u16_s16(
        vsubq_s16(vdupq_n_s16(KMC_RATE), vmulq_n_s16(count, KMC_RATE_STEP)));
    const int16x8_t rate =
        vcombine_s16(kmc_rate_half(vget_low_u16(half)), kmc_rate_half(vget_high_u16(half)));
    const int16x8_t target = vdupq_n_s16((int16_t)(bit * 32767 - 16384));
    const int16x8_t step =
        vshlq_n_s16(kmc_multiply_high(vsubq_s16(target, vshrq_n_s16(p, 1)), rate), 2);
    const int16x8_t moved = vqaddq_s16(vaddq_s16(p, step), vdupq_n_s16((int16_t)dither));
    const int16x8_t counted =
        vminq_s16(vaddq_s16(count, vdupq_n_s16(1)), vdupq_n_s16(KMC_MAX_COUNT));
    KmcSlot slots[KMC_LANES];
    vst1q_s16(slots, vorrq_s16(vandq_s16(moved, vdupq_n_s16(-16)), counted));
    for (int i = 0; i < KMC_LANES && g * KMC_LANES + i < contexts; i++) {
        lines[g * KMC_LANES + i][node] = slots[i];
    }
}

#else

KMC_INLINE int kmc_saturate(int v) { return kmc_clamp(v, INT16_MIN, INT16_MAX); }

KMC_INLINE void kmc_gather(KmcDecision *decision, KmcSlot **lines, int contexts, int node, int g) {
    for (int i = g * KMC_LANES; i < (g + 1) * KMC_LANES; i++) {
        decision->slots[i] = i < contexts ? lines[i][node] : 0;
        decision->inputs[i] = kmc_stretch_table[(uint16_t)decision->slots[i] >> 4];
    }
}

KMC_INLINE void kmc_scatter(const KmcDecision *decision, KmcSlot **lines, int contexts, int node,
                            int bit, int dither, int g) {
    const int target = bit * 32767 - 16384;
    for (int i = g * KMC_LANES; i < (g + 1) * KMC_LANES && i < contexts; i++) {
        const int count = decision->slots[i] & 15, p = decision->slots[i] & ~15;
        const int half = KMC_RATE - KMC_RATE_STEP * count;
        const int rate = (128 + (half & 127)) << ((half >> 7) - 134);
        const int step = ((target - (p >> 1)) * rate >> 16) * 4;
        const int moved = kmc_saturate(p + step + dither);
        lines[i][node] = (KmcSlot)((moved & ~15) | (count < KMC_MAX_COUNT ? count + 1 : count));
    }
}

#endif

/* The mixed prediction of a node: its probability of a 1, stretched, in -3072..3071.

   `lines` has `contexts` lines, `weights` the rows of the four weight sets. The last lane is
   the constant input; the one before it, if `matching`, the match model's. */
KMC_INLINE int kmc_predict(KmcDecision *decision, KmcSlot **lines, int16_t **weights,
                           int contexts, int vectors, int node, int matching, int match) {
    int sum = 0;
#if defined(KMC_SSE2)
    __m128i total = _mm_setzero_si128();
    for (int g = 0; g < vectors; g++) {
        kmc_gather(decision, lines, contexts, node, g);
        __m128i s = decision->inputs[g];
        if (g == vectors - 1) {
            s = _mm_insert_epi16(s, KMC_ONE, 7);
            if (matching) s = _mm_insert_epi16(s, match, 6);
            decision->inputs[g] = s;
        }
        const __m128i w01 = _mm_adds_epi16(_mm_load_si128((__m128i *)weights[0] + g),
                                           _mm_load_si128((__m128i *)weights[1] + g));
        const __m128i w23 = _mm_adds_epi16(_mm_load_si128((__m128i *)weights[2] + g),
                                           _mm_load_si128((__m128i *)weights[3] + g));
        total = _mm_add_epi32(total, _mm_madd_epi16(s, _mm_adds_epi16(w01, w23)));
    }
    total = _mm_add_epi32(total, _mm_shuffle_epi32(total, 0x4e));
    total = _mm_add_epi32(total, _mm_shuffle_epi32(total, 0xb1));
    sum = _mm_cvtsi128_si32(total);
#elif defined(KMC_NEON)
    int32x4_t total = vdupq_n_s32(0);
    for (int g = 0; g < vectors; g++) {
        kmc_gather(decision, lines, contexts, node, g);
        int16x8_t s = decision->inputs[g];
        if (g == vectors - 1) {
            s = vsetq_lane_s16(KMC_ONE, s, 7);
            if (matching) s = vsetq_lane_s16((int16_t)match, s, 6);
            decision->inputs[g] = s;
        }
        const int16x8_t w = vqaddq_s16(
            vqaddq_s16(vld1q_s16(weights[0] + 8 * g), vld1q_s16(weights[1] + 8 * g)),
            vqaddq_s16(vld1q_s16(weights[2] + 8 * g), vld1q_s16(weights[3] + 8 * g)));
        total = vmlal_s16(total, vget_low_s16(s), vget_low_s16(w));
        total = vmlal_s16(total, vget_high_s16(s), vget_high_s16(w));
    }
    sum = vaddvq_s32(total);
#else
    for (int g = 0; g < vectors; g++) kmc_gather(decision, lines, contexts, node, g);
    decision->inputs[8 * vectors - 1] = KMC_ONE;
    if (matching) decision->inputs[8 * vectors - 2] = (int16_t)match;
    for (int i = 0; i < 8 * vectors; i++) {
        sum += decision->inputs[i] * kmc_saturate(kmc_saturate(weights[0][i] + weights[1][i])
                                                  + kmc_saturate(weights[2][i] + weights[3][i]));
    }
#endif
    return kmc_clamp(sum >> 14, -3072, 3071);
}

/* Moves weights and counters of a predicted node towards the bit that came.

   `error` is the bit, as 0 or 65536, less the probability, times the learning rate, in int16. */
KMC_INLINE void kmc_learn(const KmcDecision *decision, KmcSlot **lines, int16_t **weights,
                          int contexts, int vectors, int node, int error, int bit, int dither) {
#if defined(KMC_SSE2)
    const __m128i e = _mm_set1_epi16((int16_t)error), one = _mm_set1_epi16(1);
    for (int g = 0; g < vectors; g++) {
        const __m128i product = _mm_mulhi_epi16(decision->inputs[g], e);
        const __m128i delta = _mm_srai_epi16(_mm_add_epi16(product, one), 1);
        for (int set = 0; set < 4; set++) {
            __m128i *w = (__m128i *)weights[set] + g;
            _mm_store_si128(w, _mm_adds_epi16(_mm_load_si128(w), delta));
        }
        kmc_scatter(decision, lines, contexts, node, bit, dither, g);
    }
#elif defined(KMC_NEON)
    const int16x8_t e = vdupq_n_s16((int16_t)error), one = vdupq_n_s16(1);
    for (int g = 0; g < vectors; g++) {
        const int16x8_t product = kmc_multiply_high(decision->inputs[g], e);
        const int16x8_t delta = vshrq_n_s16(vaddq_s16(product, one), 1);
        for (int set = 0; set < 4; set++) {
            int16_t *w = weights[set] + 8 * g;
            vst1q_s16(w, vqaddq_s16(vld1q_s16(w), delta));
        }
        kmc_scatter(decision, lines, contexts, node, bit, dither, g);
    }
#else
    for (int i = 0; i < 8 * vectors; i++) {
        const int delta = ((decision->inputs[i] * error >> 16) + 1) >> 1;
        for (int set = 0; set < 4; set++) {
            weights[set][i] = (int16_t)kmc_saturate(weights[set][i] + delta);
        }
    }
    for (int g = 0; g < vectors; g++) {
        kmc_scatter(decision, lines, contexts, node, bit, dither, g);
    }
#endif
}

#endif
