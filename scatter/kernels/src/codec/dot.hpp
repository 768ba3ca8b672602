// Products of small whole numbers, added up in 32 bits in every lane; the only place that names instructions.
#pragma once

#include "../lanes.hpp"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace scatter::codec {

using Whole = Vector<std::int32_t>;
constexpr Index LANES = W<std::int32_t>;

// Two numbers of 16 bits in a lane.
inline std::int32_t pair(std::int32_t low, std::int32_t high) {
    return std::int32_t(std::uint32_t(low & 0xFFFF) | std::uint32_t(high) << 16);
}

// Two weights of 16 bits.
struct Two {
    std::int32_t both;
    Two(std::int32_t low, std::int32_t high) : both(pair(low, high)) {}
};

// Instructions that multiply and add at once, which not every processor of a module's instruction set has.
#if defined(__AVX512BW__)
#define SCATTER_FUSED 1
inline bool has_fused() { return __builtin_cpu_supports("avx512vnni"); }
#else
#define SCATTER_FUSED 0
inline bool has_fused() { return false; }
#endif

// sums + low(a) low(b) + high(a) high(b), of numbers of 16 bits.
template <bool fused>
SCATTER_INLINE Whole dot2(Whole sums, Whole a, Whole b) {
#if SCATTER_FUSED
    if constexpr (fused) {
        // Written out, as the compiler may not use it in this module.
        asm("vpdpwssd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(b));
        return sums;
    }
    return sums + Whole(_mm512_madd_epi16(__m512i(a), __m512i(b)));
#elif defined(__AVX2__)
    return sums + Whole(_mm256_madd_epi16(__m256i(a), __m256i(b)));
#elif defined(__SSE2__)
    return sums + Whole(_mm_madd_epi16(__m128i(a), __m128i(b)));
#else
    return sums + ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}

// Four weights of 8 bits, none below -127.
struct Four {
#if defined(__AVX2__)
    std::int32_t all;
    explicit Four(const std::int32_t* w)
        : all(std::int32_t(std::uint32_t(w[0] & 255) | std::uint32_t(w[1] & 255) << 8 | std::uint32_t(w[2] & 255) << 16 |
                           std::uint32_t(w[3]) << 24)) {}
#else
    std::int32_t even, odd;
    explicit Four(const std::int32_t* w) : even(pair(w[0], w[2])), odd(pair(w[1], w[3])) {}
#endif
};

template <bool fused>
SCATTER_INLINE Whole dot(Whole sums, Whole a, const Two& w) {
    return dot2<fused>(sums, a, Whole{} + w.both);
}

// sums + the four products of numbers from 0 to 127 with weights. Two of these products fit into 16 bits.
template <bool fused>
SCATTER_INLINE Whole dot(Whole sums, Whole a, const Four& w) {
#if SCATTER_FUSED
    const Whole weights = Whole{} + w.all;
    if constexpr (fused) {
        asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(weights));
        return sums;
    }
    const __m512i pairs = _mm512_maddubs_epi16(__m512i(a), __m512i(weights));
    return sums + Whole(_mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#elif defined(__AVX2__)
    const __m256i pairs = _mm256_maddubs_epi16(__m256i(a), _mm256_set1_epi32(w.all));
    return sums + Whole(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#else
    const Whole mask = Whole{} + 0x00FF00FF;
    return dot2<fused>(dot2<fused>(sums, a & mask, Whole{} + w.even), (a >> 8) & mask, Whole{} + w.odd);
#endif
}

}  // namespace scatter::codec
