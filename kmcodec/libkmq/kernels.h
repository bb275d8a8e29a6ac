/* The kernels of coding modelled, in the form that the compiler targets, and in AVX2 where the
   processor turns out to have it. KMQ_PLAIN leaves only plain C. */

#ifndef KMQ_KERNELS_H
#define KMQ_KERNELS_H

#include "graphics_state.h"
#include "tables.h"

#include "simd.h"

#include "bands.h"

#include "frames.h"

typedef int BandKernel(RangeCoder *coder, int graphics, Graphics *kept, uint16_t *plane,
                       int64_t rows, int64_t width, uint32_t colors, uint8_t *memory);
typedef void FramesKernel(RangeCoder *coder, int is_key, int graphics, uint8_t *memory,
                          const void *indices, int64_t rows, int64_t width, uint32_t colors);

#if defined(KMQ_SSE2) && (defined(__x86_64__) || defined(_M_X64))

#define KMQ_AVX2
#include "avx2_names.h"
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi2"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx2,bmi2")
#endif
#include "simd.h"

#include "bands.h"

#include "frames.h"
#if defined(__clang__)
#pragma clang attribute pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
#undef band_encode
#undef band_decode
#undef frames_encode
#undef frames_decode

#if defined(_MSC_VER)
static int kmq_has_avx2(void) {
    int info[4];
    __cpuid(info, 0);
    if (info[0] < 7) return 0;
    __cpuid(info, 1); /* whether the system saves the registers, too */
    if ((~info[2] & (1 << 27 | 1 << 28)) || (_xgetbv(0) & 6) != 6) return 0;
    __cpuidex(info, 7, 0);
    return (~info[1] & (1 << 5 | 1 << 8)) == 0;
}
#else
static int kmq_has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}
#endif
#endif

/* To encode, to decode; chosen at start-up, then only read. */
static BandKernel *kmq_kernels[2] = {band_encode, band_decode};
static FramesKernel *kmq_frames_kernels[2] = {frames_encode, frames_decode};

static void kmq_choose_kernels(int may_use_avx2) {
    (void)may_use_avx2;
#if defined(KMQ_AVX2)
    const int uses = may_use_avx2 && kmq_has_avx2();
    kmq_kernels[0] = uses ? band_encode_avx2 : band_encode;
    kmq_kernels[1] = uses ? band_decode_avx2 : band_decode;
    kmq_frames_kernels[0] = uses ? frames_encode_avx2 : frames_encode;
    kmq_frames_kernels[1] = uses ? frames_decode_avx2 : frames_decode;
#endif
}

#endif
