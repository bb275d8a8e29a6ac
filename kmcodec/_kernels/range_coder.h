/* A binary range coder: 64-bit low and range, 32 bits moved at a time (spec 6.4).

   After G. N. N. Martin, "Range encoding", 1979; the carry goes into bytes already written, so
   nothing is lost to bounded ranges. Encoder and decoder are one structure and one function: a
   model is written once, and `decoding`, constant where it is called, leaves one of the two. */

#ifndef KMCODEC_RANGE_CODER_H
#define KMCODEC_RANGE_CODER_H

#include <stdint.h>

#if defined(_MSC_VER)
#define KMC_INLINE static __forceinline
#else
#define KMC_INLINE static inline __attribute__((always_inline))
#endif

/* Hides from GCC and Clang where a value comes from, so that a branch stays one, or none is made.
   Behind the predicted branch on a decoded bit the processor goes on with the next node while the
   bit is still being compared: photographs decode a tenth faster. */
#if defined(__GNUC__) || defined(__clang__)
#define KMC_OPAQUE(value) __asm__ volatile("" : "+r"(value))
#else
#define KMC_OPAQUE(value) ((void)0)
#endif

enum { KMC_BEYOND = 64 }; /* most bytes beyond its end that a payload may be read to */

typedef struct {
    uint64_t low;      /* encoder: low end of the interval, of what is not yet written */
    uint64_t range;    /* length of the interval */
    uint64_t code;     /* decoder: the number that is decoded, minus low */
    uint8_t *bytes;    /* encoder: written to; decoder: only read */
    int64_t position;  /* bytes written or read; a decoder reads zeros beyond the end */
    int64_t length;    /* decoder: bytes there are; encoder: room there is */
    int failed;        /* encoder: the room did not suffice; decoder: no encoder began like this */
} RangeCoder;

KMC_INLINE uint32_t kmc_read32(RangeCoder *coder) {
    uint32_t word = 0;
    int64_t at = coder->position;
    coder->position += 4;
    if (at + 4 <= coder->length) {
        const uint8_t *bytes = coder->bytes + at;
        return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    }
    for (int i = 0; i < 4; i++, at++) word = word << 8 | (at < coder->length ? coder->bytes[at] : 0u);
    return word;
}

KMC_INLINE void kmc_write32(RangeCoder *coder, uint32_t word) {
    if (coder->position + 4 > coder->length) {
        coder->failed = 1;
        return;
    }
    for (int i = 0; i < 4; i++) coder->bytes[coder->position++] = (uint8_t)(word >> (24 - 8 * i));
}

KMC_INLINE void kmc_carry(RangeCoder *coder) {
    int64_t at = coder->position;
    while (at > 0 && ++coder->bytes[--at] == 0) {}
}

KMC_INLINE void kmc_start(RangeCoder *coder, int decoding, uint8_t *bytes, int64_t length) {
    coder->low = 0;
    coder->range = UINT64_MAX;
    coder->code = 0;
    coder->bytes = bytes;
    coder->position = 0;
    coder->length = length;
    if (decoding) {
        coder->code = (uint64_t)kmc_read32(coder) << 32;
        coder->code |= kmc_read32(coder);
    }
    coder->failed = coder->code == UINT64_MAX;
}

/* Codes one decision; `p` is the probability of a 1 in units of 2^-bits. Returns the bit. */
KMC_INLINE int kmc_code_bit(RangeCoder *coder, int decoding, int bit, uint32_t p, int bits) {
    const uint64_t bound = (coder->range >> bits) * p;
    if (decoding) {
        if (coder->code < bound) {
            bit = 1;
            coder->range = bound;
            KMC_OPAQUE(bit);
        } else {
            bit = 0;
            coder->code -= bound;
            coder->range -= bound;
            KMC_OPAQUE(bit);
        }
    } else {
        const uint64_t ones = 0 - (uint64_t)bit, added = bound & ~ones;
        coder->low += added;
        if (coder->low < added) kmc_carry(coder);
        coder->range = (bound & ones) | ((coder->range - bound) & ~ones);
    }
    if (coder->range >> 32 == 0) {
        coder->range <<= 32;
        if (decoding) {
            coder->code = coder->code << 32 | kmc_read32(coder);
        } else {
            kmc_write32(coder, (uint32_t)(coder->low >> 32));
            coder->low <<= 32;
        }
    }
    return bit;
}

/* Ends the encoder's bytes: the shortest string in the interval, of these the smallest; zeros at
   its end are left out as long as a decoder may read them (spec 6.4.2). Returns the length, or -1
   if the room did not suffice. */
KMC_INLINE int64_t kmc_finish(RangeCoder *coder) {
    const uint64_t last = coder->low + (coder->range - 1);
    const int wraps = last < coder->low;
    uint64_t value = 0;
    if (coder->low) {
        if (wraps) {
            kmc_carry(coder); /* 2^64 lies in the interval: all further bytes are zero */
        } else {
            for (int zeros = 56; zeros >= 0; zeros -= 8) {
                const uint64_t mask = ((uint64_t)1 << zeros) - 1;
                value = (coder->low + mask) & ~mask;
                if (value >= coder->low && value <= last) break;
            }
        }
    }
    kmc_write32(coder, (uint32_t)(value >> 32));
    kmc_write32(coder, (uint32_t)value);
    if (coder->failed) return -1;
    const int64_t end = coder->position;
    while (coder->position > 0 && end - coder->position < KMC_BEYOND
           && coder->bytes[coder->position - 1] == 0) {
        coder->position--;
    }
    return coder->position;
}

/* Whether the decoder's bytes are those that the encoder ends with (spec 6.4.2): all read, no zero
   at the end that could be left out, no smaller string as short, and no shorter one. */
KMC_INLINE int kmc_is_canonical(const RangeCoder *coder) {
    const int64_t length = coder->length, beyond = coder->position - length;
    if (coder->failed || beyond < 0 || beyond > KMC_BEYOND) return 0;
    if (length == 0 || beyond == KMC_BEYOND) return 1;
    const uint8_t last = coder->bytes[length - 1];
    if (last == 0) return 0;
    if (beyond >= 8) return 1;
    const uint64_t unit = (uint64_t)1 << (8 * beyond);
    if (coder->code >= unit) return 0;
    /* how far above it the next string is that is shorter */
    return coder->code + (256u - last) * unit >= coder->range;
}

#endif
