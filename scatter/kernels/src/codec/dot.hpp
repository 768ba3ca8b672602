// Products of small whole numbers, added up in 32 bits in every lane; the only place that names instructions.
#pragma once

#include "../lanes.hpp"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace scatter::codec {

using Whole = Vector<std::int32_t>;
typedef std::int16_t Halves __attribute__((vector_size(SCATTER_BYTES)));
constexpr Index LANES = W<std::int32_t>;

// Instructions that multiply and add at once, which not every processor of a module's instruction set has.
#if defined(__AVX512BW__)
#define SCATTER_FUSED 1
inline bool has_fused() { return __builtin_cpu_supports("avx512vnni"); }
#else
#define SCATTER_FUSED 0
inline bool has_fused() { return false; }
#endif

// Two numbers of 16 bits in a lane.
inline std::int32_t pair(std::int32_t low, std::int32_t high) {
    return std::int32_t(std::uint32_t(low & 0xFFFF) | std::uint32_t(high) << 16);
}

// Four numbers of 8 bits in a lane.
inline std::int32_t four(const std::int32_t* w) {
    return std::int32_t(std::uint32_t(w[0] & 255) | std::uint32_t(w[1] & 255) << 8 | std::uint32_t(w[2] & 255) << 16 |
                        std::uint32_t(w[3]) << 24);
}

// Bytes of four rows side by side in the lanes: `out` has U vectors of them, or of their absolute values.
template <bool magnitudes, Index U>
SCATTER_INLINE void interleave(const std::int8_t* const (&rows)[4], Whole* out) {
#if defined(__AVX2__)
    // Sixteen lanes at once; the compiler would move bytes one by one.
    static_assert(U * LANES % 16 == 0);
    __m128i* const to = reinterpret_cast<__m128i*>(out);
    for (Index at = 0; at < U * LANES; at += 16) {
        __m128i v[4];
        for (int k = 0; k < 4; k++) {
            v[k] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[k] + at));
            if (magnitudes) v[k] = _mm_abs_epi8(v[k]);
        }
        const __m128i low[2] = {_mm_unpacklo_epi8(v[0], v[1]), _mm_unpacklo_epi8(v[2], v[3])};
        const __m128i high[2] = {_mm_unpackhi_epi8(v[0], v[1]), _mm_unpackhi_epi8(v[2], v[3])};
        _mm_store_si128(to + at / 4, _mm_unpacklo_epi16(low[0], low[1]));
        _mm_store_si128(to + at / 4 + 1, _mm_unpackhi_epi16(low[0], low[1]));
        _mm_store_si128(to + at / 4 + 2, _mm_unpacklo_epi16(high[0], high[1]));
        _mm_store_si128(to + at / 4 + 3, _mm_unpackhi_epi16(high[0], high[1]));
    }
#else
    typedef std::int8_t Bytes __attribute__((vector_size(LANES)));
    for (Index u = 0; u < U; u++) {
        out[u] = Whole{};
        for (std::int32_t k = 0; k < 4; k++) {
            Bytes v;
            std::memcpy(&v, rows[k] + u * LANES, sizeof v);
            if (magnitudes) v = v < 0 ? -v : v;
            out[u] |= (__builtin_convertvector(v, Whole) & 255) << (8 * k);
        }
    }
#endif
}

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

#if SCATTER_FUSED
// sums + the four products of numbers from 0 to 255 with weights.
SCATTER_INLINE Whole dot4(Whole sums, Whole a, Whole weights) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(a), "v"(weights));
    return sums;
}
#endif

// Two weights of 16 bits.
template <bool fused>
struct Two {
    static constexpr std::int32_t INPUTS = 2, LARGEST = 32767, OFFSET = 0;
    std::int32_t both;

    explicit Two(const std::int32_t* w) : both(pair(w[0], w[1])) {}
    SCATTER_INLINE Whole dot(Whole sums, Whole a) const { return dot2<fused>(sums, a, Whole{} + both); }
};

// Four weights of 8 bits for numbers from 0 to 127. Two of these products fit into 16 bits.
template <bool fused>
struct Four {
    static constexpr std::int32_t INPUTS = 4, LARGEST = 127, OFFSET = 0;
#if defined(__AVX2__)
    std::int32_t all;

    explicit Four(const std::int32_t* w) : all(four(w)) {}
#else
    std::int32_t even, odd;

    explicit Four(const std::int32_t* w) : even(pair(w[0], w[2])), odd(pair(w[1], w[3])) {}
#endif
    SCATTER_INLINE Whole dot(Whole sums, Whole a) const {
#if SCATTER_FUSED
        if constexpr (fused) return dot4(sums, a, Whole{} + all);
        const __m512i pairs = _mm512_maddubs_epi16(__m512i(a), _mm512_set1_epi32(all));
        return sums + Whole(_mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#elif defined(__AVX2__)
        const __m256i pairs = _mm256_maddubs_epi16(__m256i(a), _mm256_set1_epi32(all));
        return sums + Whole(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
#else
        const Whole mask = Whole{} + 0x00FF00FF;
        return dot2<fused>(dot2<fused>(sums, a & mask, Whole{} + even), (a >> 8) & mask, Whole{} + odd);
#endif
    }
};

// Four weights of 8 bits for numbers from -127 to 127. The fused product takes numbers from 0 on: with OFFSET added,
// which counts in the sums as so many times the sum of the weights.
template <bool fused>
struct SignedFour {
    static constexpr std::int32_t INPUTS = 4, LARGEST = 127, OFFSET = fused ? 128 : 0;
    std::int32_t even, odd, all;

    explicit SignedFour(const std::int32_t* w) : even(pair(w[0], w[2])), odd(pair(w[1], w[3])), all(four(w)) {}
    SCATTER_INLINE Whole dot(Whole sums, Whole a) const {
#if SCATTER_FUSED
        if constexpr (fused) return dot4(sums, a ^ (Whole{} + pair(0x8080, 0x8080)), Whole{} + all);
#endif
        sums = dot2<false>(sums, Whole((Halves(a) << 8) >> 8), Whole{} + even);
        return dot2<false>(sums, Whole(Halves(a) >> 8), Whole{} + odd);
    }
};

}  // namespace scatter::codec
