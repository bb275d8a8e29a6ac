/* What compilers and targets name differently. */

#ifndef KMQ_COMPILER_H
#define KMQ_COMPILER_H

#include <stddef.h>
#include <stdint.h>

#if defined(__wasm__) /* which need not have a C library */
#define memcpy __builtin_memcpy
#define memmove __builtin_memmove
#define memset __builtin_memset
#define memcmp __builtin_memcmp
#else
#include <string.h>
#endif

#if defined(_MSC_VER)
#define KMQ_INLINE static __forceinline
#else
#define KMQ_INLINE static inline __attribute__((always_inline))
#endif

/* Functions that are large and called in several places: inlined too, but for WebAssembly, whose
   modules travel. */
#if defined(__wasm__)
#define KMQ_SHARED static __attribute__((noinline))
#else
#define KMQ_SHARED KMQ_INLINE
#endif

/* Hides from GCC and Clang where a value comes from, so that a branch stays one, or none is made.
   Behind the predicted branch on a decoded bit the processor goes on with the next node while the
   bit is still being compared: photographs decode a tenth faster. */
#if defined(__GNUC__) || defined(__clang__)
#define KMQ_OPAQUE(value) __asm__ volatile("" : "+r"(value))
#else
#define KMQ_OPAQUE(value) ((void)0)
#endif

/* KMQ_UNROLL_LIST is for loops over a constant list, of whose branches then nothing is left. */
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#define KMQ_ALIGN(bytes) __declspec(align(bytes))
#define KMQ_UNROLL
#define KMQ_UNROLL_LIST
#define KMQ_PREFETCH(address) ((void)0)
#else
#define KMQ_ALIGN(bytes) __attribute__((aligned(bytes)))
#define KMQ_PREFETCH(address) __builtin_prefetch(address)
#if defined(__clang__) /* which unrolls by itself, for WebAssembly only where it is told to */
#define KMQ_UNROLL
#define KMQ_UNROLL_LIST _Pragma("clang loop unroll(full)")
#else
#define KMQ_UNROLL _Pragma("GCC unroll 16")
#define KMQ_UNROLL_LIST KMQ_UNROLL
#endif
#endif

/* Bits of a number that is not 0. */
KMQ_INLINE int kmq_bit_length(uint32_t v) {
#if defined(_MSC_VER) && !defined(__clang__)
    unsigned long index;
    _BitScanReverse(&index, v);
    return (int)index + 1;
#else
    return 32 - __builtin_clz(v);
#endif
}

/* Bits of an index, or of a code, where there are so many colors. */
KMQ_INLINE int kmq_index_bits(int colors) {
    return colors > 1 ? kmq_bit_length((uint32_t)colors - 1) : 0;
}

#endif
