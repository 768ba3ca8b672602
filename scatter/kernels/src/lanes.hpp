// Lanes: a vector of W numbers on which arithmetic acts element by element.
//
// GCC and Clang compile their vector extension to whatever the target has (SSE2, AVX2, AVX-512, NEON), so that no
// instruction is named here. W follows from the width of the target's registers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>
#include <vector>
#ifdef __linux__
#include <sys/mman.h>
#endif

#ifndef SCATTER_BYTES
#if defined(__AVX512F__)
#define SCATTER_BYTES 64
#elif defined(__AVX__)
#define SCATTER_BYTES 32
#else
#define SCATTER_BYTES 16
#endif
#endif

#define SCATTER_INLINE __attribute__((always_inline)) inline

namespace scatter {

using Index = std::ptrdiff_t;

// `Index` for the lanes that a shuffle picks, and the vector as it may stand anywhere in memory.
template <class T, class I>
struct Types {
    typedef T Vector __attribute__((vector_size(SCATTER_BYTES)));
    typedef I Places __attribute__((vector_size(SCATTER_BYTES)));
    typedef T Anywhere __attribute__((vector_size(SCATTER_BYTES), aligned(alignof(T)), may_alias));
};

template <class T>
using TypesOf = Types<T, std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>>;
template <class T>
using Vector = typename TypesOf<T>::Vector;
template <class T>
constexpr Index W = SCATTER_BYTES / sizeof(T);

// Vectors that hold `count` numbers.
template <class T>
constexpr Index vectors(Index count) {
    return (count + W<T> - 1) / W<T>;
}

template <class T>
inline Vector<T> load(const T* from) {
    return *reinterpret_cast<const typename TypesOf<T>::Anywhere*>(from);
}

template <class T>
inline void store(T* to, Vector<T> v) {
    *reinterpret_cast<typename TypesOf<T>::Anywhere*>(to) = v;
}

template <class T>
inline Vector<T> square_root(Vector<T> v) {
    for (Index l = 0; l < W<T>; l++) v[l] = std::sqrt(v[l]);
    return v;
}

// The same numbers in double precision: of a number, or of every lane of a vector.
template <class T>
struct Widened {
    typedef double Number;
    typedef double Lanes __attribute__((vector_size(W<T> * sizeof(double))));
};

// A complex number in each lane.
template <class T>
struct Complex {
    Vector<T> re, im;

    Complex operator+(Complex b) const { return {re + b.re, im + b.im}; }
    Complex operator-(Complex b) const { return {re - b.re, im - b.im}; }
    Complex operator*(T b) const { return {re * b, im * b}; }
    Complex turned() const { return {-im, re}; }  // times i

    template <class S>
    Complex rotated(S a, S b) const {  // times a + i b, numbers or vectors
        return {re * a - im * b, re * b + im * a};
    }
};

// Memory for numbers and for vectors: aligned, and zero at first.
template <class T>
class Numbers {
public:
    explicit Numbers(Index count = 0) { reserve(count); }

    // Room for `count` numbers; what was there is lost if it grows, and it never shrinks.
    void reserve(Index count) {
        if (count <= count_) return;
        const size_t bytes = sizeof(T) * size_t(count), unit = bytes < HUGE_PAGE ? 64 : HUGE_PAGE;
        block_.reset(std::calloc(bytes + unit, 1));  // pages that are never touched are never made
        if (!block_) throw std::bad_alloc();
        first_ = reinterpret_cast<T*>((reinterpret_cast<std::uintptr_t>(block_.get()) + unit - 1) / unit * unit);
        count_ = count;
#ifdef MADV_HUGEPAGE
        if (unit == HUGE_PAGE) madvise(first_, bytes, MADV_HUGEPAGE);
#endif
    }

    T* get() const { return first_; }
    Complex<T>* complex() const { return reinterpret_cast<Complex<T>*>(first_); }

private:
    static constexpr size_t HUGE_PAGE = size_t(1) << 21;
    std::unique_ptr<void, decltype(&std::free)> block_{nullptr, &std::free};
    T* first_ = nullptr;
    Index count_ = 0;
};

// Lanes picked from a (0 .. W-1) and b (W .. 2W-1).
template <class T, Index... place>
inline Vector<T> pick(Vector<T> a, Vector<T> b) {
#ifdef __clang__
    return __builtin_shufflevector(a, b, place...);
#else
    return __builtin_shuffle(a, b, typename TypesOf<T>::Places{place...});
#endif
}

template <class T, Index... l>
inline Vector<T> reversed(Vector<T> v, std::integer_sequence<Index, l...>) {
    return pick<T, (W<T> - 1 - l)...>(v, v);
}

// Exchange the off-diagonal blocks of `size` lanes between two rows that are `size` apart.
template <class T, Index size, Index... l>
inline void exchange(Vector<T>& a, Vector<T>& b, std::integer_sequence<Index, l...>) {
    const Vector<T> first = pick<T, (l & size ? l - size + W<T> : l)...>(a, b);
    b = pick<T, (l & size ? l + W<T> : l + size)...>(a, b);
    a = first;
}

// Transpose a W x W matrix, one row a vector: blocks of W/2, then of W/4, ... are exchanged.
template <class T, Index size = W<T> / 2>
inline void transpose(Vector<T>* rows) {
    for (Index i = 0; i < W<T>; i++)
        if (!(i & size)) exchange<T, size>(rows[i], rows[i + size], std::make_integer_sequence<Index, W<T>>());
    if constexpr (size > 1) transpose<T, size / 2>(rows);
}

// Transpose n rows of m numbers, whose rows end with whole vectors on both sides; pitches are in numbers.
template <class T>
inline void transpose(const T* from, Index n, Index pitch, Index m, T* to, Index to_pitch) {
    for (Index i = 0; i < n; i += W<T>)
        for (Index j = 0; j < m; j += W<T>) {
            Vector<T> block[W<T>] = {};
            for (Index l = 0; l < std::min(W<T>, n - i); l++) block[l] = load(from + (i + l) * pitch + j);
            transpose<T>(block);
            for (Index l = 0; l < std::min(W<T>, m - j); l++) store(to + (j + l) * to_pitch + i, block[l]);
        }
}

}  // namespace scatter
