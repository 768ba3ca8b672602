// Sparse filters: products of a spectrum with a real filter, folded to the coarser grid of the output.
#pragma once

#include "fft.hpp"

namespace scatter {

// The output is made in tiles of a few neighbours, elements that are W signals, with a weight for all of them, or W
// neighbours along the last axis (columns), with a weight each. A tile is a sum of terms, one a block of the spectrum
// that folds onto it: z[i] = sum weight[i] x[source + i W]. Some terms are taken from the mirrored half of the spectrum
// of a real signal, x^(-k) = conj x^(k): their neighbours descend, and their imaginary part changes its sign.
template <class T, bool columns>
struct Filter {
    // Tile t has the terms first[t] .. first[t + 1], mirrored from mirrored[t] on; AHEAD more places follow the last
    // one.
    std::vector<std::int32_t> first, mirrored, source;
    Numbers<T> weights;

    static constexpr Index tile = columns ? std::max(1, 64 / SCATTER_BYTES) : 4, AHEAD = 24;

    // Tiles `from` to `to`, one after the other.
    void apply(Index from, Index to, const T* re, const T* im, Complex<T>* z) const {
        const T* w = weights.get() + first[from] * tile * (columns ? W<T> : 1);
        for (Index t = from; t < to; t++, z += tile) {
            Vector<T> a[tile] = {}, b[tile] = {};
            for (Index i = first[t]; i < mirrored[t]; i++) term<false>(i, re, im, w, a, b);
            for (Index i = mirrored[t]; i < first[t + 1]; i++) term<true>(i, re, im, w, a, b);
            for (Index k = 0; k < tile; k++) z[k] = {a[k], b[k]};
        }
    }

    // Whether a tile is zero.
    bool empty(Index t) const { return first[t] == first[t + 1]; }

private:
    template <bool mirror>
    SCATTER_INLINE void term(Index i, const T* re, const T* im, const T*& w, Vector<T>* a, Vector<T>* b) const {
        const Index at = source[i], step = mirror ? -W<T> : W<T>;
        const Index ahead = source[i + AHEAD];  // rows are too far apart for the processor to guess the next one
        __builtin_prefetch(re + ahead), __builtin_prefetch(im + ahead);
#pragma GCC unroll 4
        for (Index k = 0; k < tile; k++) {
            Vector<T> x = load(re + at + k * step), y = load(im + at + k * step), weight;
            if constexpr (columns && mirror) {
                constexpr auto lanes = std::make_integer_sequence<Index, W<T>>();
                x = reversed<T>(x, lanes), y = reversed<T>(y, lanes);
            }
            if constexpr (columns) weight = load(w), w += W<T>;
            else weight = *w++ - Vector<T>{};
            a[k] += x * weight;
            if constexpr (mirror) b[k] -= y * weight;
            else b[k] += y * weight;
        }
    }
};

// A filter that makes a real field of a real signal, at the first frequencies of the half that is kept.
template <class T, bool columns>
struct Field {
    Filter<T, columns> filter;
    Index kept;   // frequencies along the last axis; the field is zero at the others
    Index group;  // vectors of a row that are made at a time
    bool turned;  // whether the field is what the filter makes times i
};

}  // namespace scatter
