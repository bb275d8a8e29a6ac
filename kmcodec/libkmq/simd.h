/* Vectors of 8 and of 16 lanes of int16, in five forms of one arithmetic: AVX2, SSE2, NEON,
   WebAssembly SIMD128 and plain C. Every operation gives the same lanes in every form.

   This file may be included twice: once for the form that the compiler targets, then, with
   KMQ_AVX2 defined and every name renamed (avx2_names.h), for processors that turn out to have
   AVX2. KMQ_PLAIN leaves only plain C. */

#ifndef KMQ_FORM
#define KMQ_FORM
#if defined(KMQ_PLAIN)
#elif defined(__SSE2__) || defined(_M_X64)
#define KMQ_SSE2
#include <immintrin.h>
#elif (defined(__ARM_NEON) && defined(__aarch64__)) || defined(_M_ARM64)
#define KMQ_NEON
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#define KMQ_WASM
#include <wasm_simd128.h>
#endif
#endif

/* 8 lanes. load and store take aligned addresses. mulh is (a * b) >> 16, mulr is
   (a * b + 16384) >> 15, which must not be of -32768 twice; shr shifts with the sign; lookup is of
   a table of 16 bytes, times 2^8; first puts lane 0 into every lane; spread puts the lowest 16 bits
   of a word into lane 1, the next into 2 and 3, the next into 4 to 7, zero into lane 0 (top: the
   highest into all lanes): what belongs to each level of a tree. */

#if defined(KMQ_SSE2)

typedef __m128i v8;

KMQ_INLINE v8 v8_load(const int16_t *p) { return _mm_load_si128((const __m128i *)(const void *)p); }
KMQ_INLINE void v8_store(int16_t *p, v8 a) { _mm_store_si128((__m128i *)(void *)p, a); }
KMQ_INLINE v8 v8_set1(int a) { return _mm_set1_epi16((int16_t)a); }
KMQ_INLINE v8 v8_and(v8 a, v8 b) { return _mm_and_si128(a, b); }
KMQ_INLINE v8 v8_or(v8 a, v8 b) { return _mm_or_si128(a, b); }
KMQ_INLINE v8 v8_add(v8 a, v8 b) { return _mm_add_epi16(a, b); }
KMQ_INLINE v8 v8_add_sat(v8 a, v8 b) { return _mm_adds_epi16(a, b); }
KMQ_INLINE v8 v8_max(v8 a, v8 b) { return _mm_max_epi16(a, b); }
KMQ_INLINE v8 v8_sub(v8 a, v8 b) { return _mm_sub_epi16(a, b); }
KMQ_INLINE v8 v8_min(v8 a, v8 b) { return _mm_min_epi16(a, b); }
KMQ_INLINE v8 v8_equal(v8 a, v8 b) { return _mm_cmpeq_epi16(a, b); }
KMQ_INLINE v8 v8_select(v8 mask, v8 a, v8 b) {
    return _mm_or_si128(_mm_and_si128(mask, a), _mm_andnot_si128(mask, b));
}
KMQ_INLINE v8 v8_lookup(const uint8_t *table, v8 n) {
    KMQ_ALIGN(16) int16_t lanes[8];
    v8_store(lanes, n);
    for (int i = 0; i < 8; i++) lanes[i] = (int16_t)(table[lanes[i]] << 8);
    return v8_load(lanes);
}
KMQ_INLINE v8 v8_shr(v8 a, int count) { return _mm_srai_epi16(a, count); }
KMQ_INLINE v8 v8_first(v8 a) { return _mm_shuffle_epi32(_mm_shufflelo_epi16(a, 0), 0); }
KMQ_INLINE v8 v8_mulh(v8 a, v8 b) { return _mm_mulhi_epi16(a, b); }
KMQ_INLINE v8 v8_mulr(v8 a, v8 b) {
#if defined(KMQ_AVX2) || defined(__SSSE3__)
    return _mm_mulhrs_epi16(a, b);
#else
    const __m128i high = _mm_mulhi_epi16(a, b), low = _mm_mullo_epi16(a, b);
    const __m128i rest = _mm_avg_epu16(_mm_srli_epi16(low, 14), _mm_setzero_si128());
    return _mm_add_epi16(_mm_add_epi16(high, high), rest);
#endif
}
KMQ_INLINE v8 v8_spread(uint64_t word) {
    const __m128i a = _mm_set_epi64x(0, (int64_t)word);
    return _mm_shuffle_epi32(_mm_unpacklo_epi16(a, a), _MM_SHUFFLE(2, 2, 1, 0));
}
KMQ_INLINE v8 v8_spread_top(uint64_t word) {
    const __m128i a = _mm_set_epi64x(0, (int64_t)word);
    return _mm_shuffle_epi32(_mm_unpacklo_epi16(a, a), _MM_SHUFFLE(3, 3, 3, 3));
}

#elif defined(KMQ_NEON)

typedef int16x8_t v8;

KMQ_INLINE v8 v8_load(const int16_t *p) { return vld1q_s16(p); }
KMQ_INLINE void v8_store(int16_t *p, v8 a) { vst1q_s16(p, a); }
KMQ_INLINE v8 v8_set1(int a) { return vdupq_n_s16((int16_t)a); }
KMQ_INLINE v8 v8_and(v8 a, v8 b) { return vandq_s16(a, b); }
KMQ_INLINE v8 v8_or(v8 a, v8 b) { return vorrq_s16(a, b); }
KMQ_INLINE v8 v8_add(v8 a, v8 b) { return vaddq_s16(a, b); }
KMQ_INLINE v8 v8_add_sat(v8 a, v8 b) { return vqaddq_s16(a, b); }
KMQ_INLINE v8 v8_max(v8 a, v8 b) { return vmaxq_s16(a, b); }
KMQ_INLINE v8 v8_sub(v8 a, v8 b) { return vsubq_s16(a, b); }
KMQ_INLINE v8 v8_min(v8 a, v8 b) { return vminq_s16(a, b); }
KMQ_INLINE v8 v8_equal(v8 a, v8 b) { return vreinterpretq_s16_u16(vceqq_s16(a, b)); }
KMQ_INLINE v8 v8_select(v8 mask, v8 a, v8 b) {
    return vbslq_s16(vreinterpretq_u16_s16(mask), a, b);
}
KMQ_INLINE v8 v8_lookup(const uint8_t *table, v8 n) {
    const v8 bytes = vorrq_s16(vshlq_n_s16(n, 8), vdupq_n_s16(0x80)); /* beyond the table is 0 */
    return vreinterpretq_s16_u8(vqtbl1q_u8(vld1q_u8(table), vreinterpretq_u8_s16(bytes)));
}
KMQ_INLINE v8 v8_shr(v8 a, int count) { return vshlq_s16(a, vdupq_n_s16((int16_t)-count)); }
KMQ_INLINE v8 v8_first(v8 a) { return vdupq_laneq_s16(a, 0); }
KMQ_INLINE v8 v8_mulr(v8 a, v8 b) { return vqrdmulhq_s16(a, b); }
KMQ_INLINE v8 v8_mulh(v8 a, v8 b) {
    const int32x4_t low = vmull_s16(vget_low_s16(a), vget_low_s16(b)), high = vmull_high_s16(a, b);
    return vuzp2q_s16(vreinterpretq_s16_s32(low), vreinterpretq_s16_s32(high));
}
KMQ_INLINE v8 v8_spread(uint64_t word) {
    const int16x8_t a = vreinterpretq_s16_u64(vdupq_n_u64(word));
    const int32x4_t twice = vreinterpretq_s32_s16(vzip1q_s16(a, a));
    return vreinterpretq_s16_s32(vcopyq_laneq_s32(twice, 3, twice, 2));
}
KMQ_INLINE v8 v8_spread_top(uint64_t word) { return vdupq_n_s16((int16_t)(word >> 48)); }

#elif defined(KMQ_WASM)

typedef v128_t v8;

KMQ_INLINE v8 v8_load(const int16_t *p) { return wasm_v128_load(p); }
KMQ_INLINE void v8_store(int16_t *p, v8 a) { wasm_v128_store(p, a); }
KMQ_INLINE v8 v8_set1(int a) { return wasm_i16x8_splat((int16_t)a); }
KMQ_INLINE v8 v8_and(v8 a, v8 b) { return wasm_v128_and(a, b); }
KMQ_INLINE v8 v8_or(v8 a, v8 b) { return wasm_v128_or(a, b); }
KMQ_INLINE v8 v8_add(v8 a, v8 b) { return wasm_i16x8_add(a, b); }
KMQ_INLINE v8 v8_add_sat(v8 a, v8 b) { return wasm_i16x8_add_sat(a, b); }
KMQ_INLINE v8 v8_max(v8 a, v8 b) { return wasm_i16x8_max(a, b); }
KMQ_INLINE v8 v8_sub(v8 a, v8 b) { return wasm_i16x8_sub(a, b); }
KMQ_INLINE v8 v8_min(v8 a, v8 b) { return wasm_i16x8_min(a, b); }
KMQ_INLINE v8 v8_equal(v8 a, v8 b) { return wasm_i16x8_eq(a, b); }
KMQ_INLINE v8 v8_select(v8 mask, v8 a, v8 b) { return wasm_v128_bitselect(a, b, mask); }
KMQ_INLINE v8 v8_lookup(const uint8_t *table, v8 n) {
    const v8 bytes = wasm_v128_or(wasm_i16x8_shl(n, 8), wasm_i16x8_splat(0x80)); /* beyond: 0 */
    return wasm_i8x16_swizzle(wasm_v128_load(table), bytes);
}
KMQ_INLINE v8 v8_shr(v8 a, int count) { return wasm_i16x8_shr(a, (uint32_t)count); }
KMQ_INLINE v8 v8_first(v8 a) { return wasm_i16x8_shuffle(a, a, 0, 0, 0, 0, 0, 0, 0, 0); }
KMQ_INLINE v8 v8_mulr(v8 a, v8 b) { return wasm_i16x8_q15mulr_sat(a, b); }
KMQ_INLINE v8 v8_mulh(v8 a, v8 b) {
    const v128_t high = wasm_i32x4_splat(-65536); /* fewer instructions than extmul */
    const v128_t odd = wasm_i32x4_dot_i16x8(wasm_v128_and(a, high), b);
    const v128_t even = wasm_i32x4_dot_i16x8(wasm_v128_andnot(a, high), b);
    return wasm_v128_bitselect(odd, wasm_u32x4_shr(even, 16), high);
}
KMQ_INLINE v8 v8_spread(uint64_t word) {
    const v128_t a = wasm_i64x2_splat((int64_t)word);
    return wasm_i16x8_shuffle(a, a, 0, 0, 1, 1, 2, 2, 2, 2);
}
KMQ_INLINE v8 v8_spread_top(uint64_t word) { return wasm_i16x8_splat((int16_t)(word >> 48)); }

#else

typedef struct {
    int16_t lane[8];
} v8;

KMQ_INLINE v8 v8_load(const int16_t *p) {
    v8 r;
    memcpy(&r, p, sizeof r);
    return r;
}
KMQ_INLINE void v8_store(int16_t *p, v8 a) { memcpy(p, &a, sizeof a); }
#define KMQ_LANES(value)                                                                           \
    v8 r;                                                                                          \
    for (int i = 0; i < 8; i++) r.lane[i] = (int16_t)(value);                                      \
    return r
KMQ_INLINE v8 v8_set1(int a) { KMQ_LANES(a); }
KMQ_INLINE v8 v8_and(v8 a, v8 b) { KMQ_LANES(a.lane[i] & b.lane[i]); }
KMQ_INLINE v8 v8_or(v8 a, v8 b) { KMQ_LANES(a.lane[i] | b.lane[i]); }
KMQ_INLINE v8 v8_add(v8 a, v8 b) { KMQ_LANES(a.lane[i] + b.lane[i]); }
KMQ_INLINE v8 v8_add_sat(v8 a, v8 b) { KMQ_LANES(kmq_saturate(a.lane[i] + b.lane[i])); }
KMQ_INLINE v8 v8_max(v8 a, v8 b) { KMQ_LANES(a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]); }
KMQ_INLINE v8 v8_sub(v8 a, v8 b) { KMQ_LANES(a.lane[i] - b.lane[i]); }
KMQ_INLINE v8 v8_min(v8 a, v8 b) { KMQ_LANES(a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]); }
KMQ_INLINE v8 v8_equal(v8 a, v8 b) { KMQ_LANES(-(a.lane[i] == b.lane[i])); }
KMQ_INLINE v8 v8_select(v8 mask, v8 a, v8 b) { KMQ_LANES(mask.lane[i] ? a.lane[i] : b.lane[i]); }
KMQ_INLINE v8 v8_lookup(const uint8_t *table, v8 n) { KMQ_LANES(table[n.lane[i]] << 8); }
KMQ_INLINE v8 v8_shr(v8 a, int count) { KMQ_LANES(a.lane[i] >> count); }
KMQ_INLINE v8 v8_first(v8 a) { KMQ_LANES(a.lane[0]); }
KMQ_INLINE v8 v8_mulh(v8 a, v8 b) { KMQ_LANES((a.lane[i] * b.lane[i]) >> 16); }
KMQ_INLINE v8 v8_mulr(v8 a, v8 b) { KMQ_LANES((a.lane[i] * b.lane[i] + 16384) >> 15); }
KMQ_INLINE v8 v8_spread(uint64_t word) { KMQ_LANES(word >> (i < 2 ? 0 : i < 4 ? 16 : 32)); }
KMQ_INLINE v8 v8_spread_top(uint64_t word) { KMQ_LANES(word >> 48); }
#undef KMQ_LANES

#endif

/* v8_mulr for a of -16384..16383, which takes fewer instructions where there is no SSSE3. */
KMQ_INLINE v8 v8_mulr_half(v8 a, v8 b) {
#if defined(KMQ_SSE2) && !defined(KMQ_AVX2) && !defined(__SSSE3__)
    const __m128i twice = _mm_add_epi16(a, a);
    return _mm_add_epi16(_mm_mulhi_epi16(twice, b), _mm_srli_epi16(_mm_mullo_epi16(twice, b), 15));
#else
    return v8_mulr(a, b);
#endif
}

/* 16 lanes; or two times 8, which load2 and store2 take from and to two addresses. first2 puts the
   first lane of each half into all of it. */

#if defined(KMQ_AVX2)

typedef __m256i v16;

KMQ_INLINE v16 v16_load(const int16_t *p) {
    return _mm256_load_si256((const __m256i *)(const void *)p);
}
KMQ_INLINE void v16_store(int16_t *p, v16 a) { _mm256_store_si256((__m256i *)(void *)p, a); }
KMQ_INLINE v16 v16_join(v8 low, v8 high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}
KMQ_INLINE v8 v16_low(v16 a) { return _mm256_castsi256_si128(a); }
KMQ_INLINE v8 v16_high(v16 a) { return _mm256_extracti128_si256(a, 1); }
KMQ_INLINE v16 v16_set1(int a) { return _mm256_set1_epi16((int16_t)a); }
KMQ_INLINE v16 v16_and(v16 a, v16 b) { return _mm256_and_si256(a, b); }
KMQ_INLINE v16 v16_or(v16 a, v16 b) { return _mm256_or_si256(a, b); }
KMQ_INLINE v16 v16_add(v16 a, v16 b) { return _mm256_add_epi16(a, b); }
KMQ_INLINE v16 v16_add_sat(v16 a, v16 b) { return _mm256_adds_epi16(a, b); }
KMQ_INLINE v16 v16_max(v16 a, v16 b) { return _mm256_max_epi16(a, b); }
KMQ_INLINE v16 v16_sub(v16 a, v16 b) { return _mm256_sub_epi16(a, b); }
KMQ_INLINE v16 v16_min(v16 a, v16 b) { return _mm256_min_epi16(a, b); }
KMQ_INLINE v16 v16_equal(v16 a, v16 b) { return _mm256_cmpeq_epi16(a, b); }
KMQ_INLINE v16 v16_select(v16 mask, v16 a, v16 b) { return _mm256_blendv_epi8(b, a, mask); }
KMQ_INLINE v16 v16_lookup(const uint8_t *table, v16 n) {
    const v16 twice =
        _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)(const void *)table));
    const v16 bytes = _mm256_or_si256(_mm256_slli_epi16(n, 8), _mm256_set1_epi16(0x80));
    return _mm256_shuffle_epi8(twice, bytes); /* a byte of 0x80 and more gives 0 */
}
KMQ_INLINE __m128i v16_four_dots(const v16 *a, v16 b) {
    const v16 low = _mm256_hadd_epi32(_mm256_madd_epi16(a[0], b), _mm256_madd_epi16(a[1], b));
    const v16 high = _mm256_hadd_epi32(_mm256_madd_epi16(a[2], b), _mm256_madd_epi16(a[3], b));
    const v16 halves = _mm256_hadd_epi32(low, high);
    const __m128i sums =
        _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    return _mm_srai_epi32(sums, 14);
}
KMQ_INLINE v8 v16_eight_dots(const v16 *a, v16 b) {
    return _mm_packs_epi32(v16_four_dots(a, b), v16_four_dots(a + 4, b));
}
KMQ_INLINE v16 v16_shr(v16 a, int count) { return _mm256_srai_epi16(a, count); }
KMQ_INLINE v16 v16_mulr(v16 a, v16 b) { return _mm256_mulhrs_epi16(a, b); }
KMQ_INLINE v16 v16_mulr_half(v16 a, v16 b) { return v16_mulr(a, b); }
KMQ_INLINE v16 v16_mulh(v16 a, v16 b) { return _mm256_mulhi_epi16(a, b); }
KMQ_INLINE v16 v16_first(v16 a) { return _mm256_broadcastw_epi16(_mm256_castsi256_si128(a)); }
KMQ_INLINE v16 v16_first2(v16 a) { return _mm256_shuffle_epi8(a, _mm256_set1_epi16(0x0100)); }

#else

typedef struct {
    v8 low, high;
} v16;

KMQ_INLINE v16 v16_join(v8 low, v8 high) {
    v16 r;
    r.low = low;
    r.high = high;
    return r;
}
KMQ_INLINE v8 v16_low(v16 a) { return a.low; }
KMQ_INLINE v8 v16_high(v16 a) { return a.high; }
KMQ_INLINE v16 v16_load(const int16_t *p) { return v16_join(v8_load(p), v8_load(p + 8)); }
KMQ_INLINE void v16_store(int16_t *p, v16 a) {
    v8_store(p, a.low);
    v8_store(p + 8, a.high);
}
KMQ_INLINE v16 v16_set1(int a) { return v16_join(v8_set1(a), v8_set1(a)); }
#define KMQ_HALVES(operation) v16_join(operation(a.low, b.low), operation(a.high, b.high))
KMQ_INLINE v16 v16_and(v16 a, v16 b) { return KMQ_HALVES(v8_and); }
KMQ_INLINE v16 v16_or(v16 a, v16 b) { return KMQ_HALVES(v8_or); }
KMQ_INLINE v16 v16_add(v16 a, v16 b) { return KMQ_HALVES(v8_add); }
KMQ_INLINE v16 v16_add_sat(v16 a, v16 b) { return KMQ_HALVES(v8_add_sat); }
KMQ_INLINE v16 v16_max(v16 a, v16 b) { return KMQ_HALVES(v8_max); }
KMQ_INLINE v16 v16_sub(v16 a, v16 b) { return KMQ_HALVES(v8_sub); }
KMQ_INLINE v16 v16_min(v16 a, v16 b) { return KMQ_HALVES(v8_min); }
KMQ_INLINE v16 v16_equal(v16 a, v16 b) { return KMQ_HALVES(v8_equal); }
KMQ_INLINE v16 v16_select(v16 mask, v16 a, v16 b) {
    return v16_join(v8_select(mask.low, a.low, b.low), v8_select(mask.high, a.high, b.high));
}
KMQ_INLINE v16 v16_lookup(const uint8_t *table, v16 n) {
    return v16_join(v8_lookup(table, n.low), v8_lookup(table, n.high));
}
#if defined(KMQ_SSE2)
KMQ_INLINE __m128i v16_products(v16 a, v16 b) {
    return _mm_add_epi32(_mm_madd_epi16(a.low, b.low), _mm_madd_epi16(a.high, b.high));
}
KMQ_INLINE __m128i v16_four_dots(const v16 *a, v16 b) {
    const __m128i p = v16_products(a[0], b), q = v16_products(a[1], b);
    const __m128i r = v16_products(a[2], b), s = v16_products(a[3], b);
    const __m128i pq = _mm_add_epi32(_mm_unpacklo_epi32(p, q), _mm_unpackhi_epi32(p, q));
    const __m128i rs = _mm_add_epi32(_mm_unpacklo_epi32(r, s), _mm_unpackhi_epi32(r, s));
    return _mm_srai_epi32(_mm_add_epi32(_mm_unpacklo_epi64(pq, rs), _mm_unpackhi_epi64(pq, rs)),
                          14);
}
KMQ_INLINE v8 v16_eight_dots(const v16 *a, v16 b) {
    return _mm_packs_epi32(v16_four_dots(a, b), v16_four_dots(a + 4, b));
}
#elif defined(KMQ_NEON)
KMQ_INLINE int32x4_t v16_products(v16 a, v16 b) {
    int32x4_t sum = vmull_s16(vget_low_s16(a.low), vget_low_s16(b.low));
    sum = vmlal_high_s16(sum, a.low, b.low);
    sum = vmlal_s16(sum, vget_low_s16(a.high), vget_low_s16(b.high));
    return vmlal_high_s16(sum, a.high, b.high);
}
KMQ_INLINE int16x4_t v16_four_dots(const v16 *a, v16 b) {
    const int32x4_t pq = vpaddq_s32(v16_products(a[0], b), v16_products(a[1], b));
    const int32x4_t rs = vpaddq_s32(v16_products(a[2], b), v16_products(a[3], b));
    return vqmovn_s32(vshrq_n_s32(vpaddq_s32(pq, rs), 14));
}
KMQ_INLINE v8 v16_eight_dots(const v16 *a, v16 b) {
    return vcombine_s16(v16_four_dots(a, b), v16_four_dots(a + 4, b));
}
#elif defined(KMQ_WASM)
KMQ_INLINE v128_t v16_products(v16 a, v16 b) {
    return wasm_i32x4_add(wasm_i32x4_dot_i16x8(a.low, b.low), wasm_i32x4_dot_i16x8(a.high, b.high));
}
KMQ_INLINE v128_t v16_four_dots(const v16 *a, v16 b) {
    const v128_t p = v16_products(a[0], b), q = v16_products(a[1], b);
    const v128_t r = v16_products(a[2], b), s = v16_products(a[3], b);
    const v128_t pq =
        wasm_i32x4_add(wasm_i32x4_shuffle(p, q, 0, 4, 1, 5), wasm_i32x4_shuffle(p, q, 2, 6, 3, 7));
    const v128_t rs =
        wasm_i32x4_add(wasm_i32x4_shuffle(r, s, 0, 4, 1, 5), wasm_i32x4_shuffle(r, s, 2, 6, 3, 7));
    return wasm_i32x4_shr(wasm_i32x4_add(wasm_i32x4_shuffle(pq, rs, 0, 1, 4, 5),
                                         wasm_i32x4_shuffle(pq, rs, 2, 3, 6, 7)),
                          14);
}
KMQ_INLINE v8 v16_eight_dots(const v16 *a, v16 b) {
    return wasm_i16x8_narrow_i32x4(v16_four_dots(a, b), v16_four_dots(a + 4, b));
}
#else
KMQ_INLINE v8 v16_eight_dots(const v16 *a, v16 b) {
    v8 dots;
    for (int k = 0; k < 8; k++) {
        int32_t sum = 0;
        for (int i = 0; i < 8; i++) {
            sum += a[k].low.lane[i] * b.low.lane[i] + a[k].high.lane[i] * b.high.lane[i];
        }
        dots.lane[k] = kmq_saturate(sum >> 14);
    }
    return dots;
}
#endif
KMQ_INLINE v16 v16_mulr(v16 a, v16 b) { return KMQ_HALVES(v8_mulr); }
KMQ_INLINE v16 v16_mulr_half(v16 a, v16 b) { return KMQ_HALVES(v8_mulr_half); }
KMQ_INLINE v16 v16_mulh(v16 a, v16 b) { return KMQ_HALVES(v8_mulh); }
#undef KMQ_HALVES
KMQ_INLINE v16 v16_shr(v16 a, int count) {
    return v16_join(v8_shr(a.low, count), v8_shr(a.high, count));
}
KMQ_INLINE v16 v16_first(v16 a) {
    const v8 first = v8_first(a.low);
    return v16_join(first, first);
}
KMQ_INLINE v16 v16_first2(v16 a) { return v16_join(v8_first(a.low), v8_first(a.high)); }

#endif

/* The low half of a tree of 16 lanes with what belongs to each of its levels, and both halves. */
KMQ_INLINE v16 v16_spread2(uint64_t word) {
#if defined(KMQ_AVX2)
    const v16 order = _mm256_setr_epi8(0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 4, 5, 4, 5, 0, 1, 0, 1,
                                       2, 3, 2, 3, 4, 5, 4, 5, 4, 5, 4, 5);
    return _mm256_shuffle_epi8(_mm256_set1_epi64x((int64_t)word), order);
#else
    const v8 half = v8_spread(word);
    return v16_join(half, half);
#endif
}
KMQ_INLINE v16 v16_spread(uint64_t word) {
#if defined(KMQ_AVX2)
    const v16 order = _mm256_setr_epi8(0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 4, 5, 4, 5, 6, 7, 6, 7,
                                       6, 7, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7);
    return _mm256_shuffle_epi8(_mm256_set1_epi64x((int64_t)word), order);
#else
    return v16_join(v8_spread(word), v8_spread_top(word));
#endif
}
/* Both halves are the saturated sum of both. */
KMQ_INLINE v16 v16_fold(v16 a) {
#if defined(KMQ_AVX2)
    return _mm256_adds_epi16(a, _mm256_permute4x64_epi64(a, 0x4e));
#else
    const v8 sum = v8_add_sat(a.low, a.high);
    return v16_join(sum, sum);
#endif
}

/* Of each of 16 vectors its product with b, summed, in units of 2^14. */
KMQ_INLINE v16 v16_dots(const v16 *a, v16 b) {
    return v16_join(v16_eight_dots(a, b), v16_eight_dots(a + 8, b));
}

KMQ_INLINE v16 v16_load2(const int16_t *p, const int16_t *q) {
    return v16_join(v8_load(p), v8_load(q));
}
KMQ_INLINE void v16_store2(int16_t *p, int16_t *q, v16 a) {
    v8_store(p, v16_low(a));
    v8_store(q, v16_high(a));
}
