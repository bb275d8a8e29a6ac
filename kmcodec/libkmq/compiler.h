/* What compilers and targets name differently. */

#ifndef KMQ_COMPILER_H
#define KMQ_COMPILER_H

#include <stddef.h>

#if defined(__wasm__) /* which need not have a C library */
#define memcpy __builtin_memcpy
#define memset __builtin_memset
#else
#include <string.h>
#endif

#if defined(_MSC_VER)
#define KMQ_INLINE static __forceinline
#else
#define KMQ_INLINE static inline __attribute__((always_inline))
#endif

/* Hides from GCC and Clang where a value comes from, so that a branch stays one, or none is made.
   Behind the predicted branch on a decoded bit the processor goes on with the next node while the
   bit is still being compared: photographs decode a tenth faster. */
#if defined(__GNUC__) || defined(__clang__)
#define KMQ_OPAQUE(value) __asm__ volatile("" : "+r"(value))
#define KMQ_OPAQUE_VECTOR(value) __asm__("" : "+x"(value))
#else
#define KMQ_OPAQUE(value) ((void)0)
#define KMQ_OPAQUE_VECTOR(value) ((void)0)
#endif

#endif
