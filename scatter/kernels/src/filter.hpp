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

    // The transpose: add what those tiles give to the gradient of the spectrum. In adjoint.hpp.
    void pull(Index from, Index to, const Complex<T>* z, T* re, T* im) const;

private:
    template <bool mirror>
    void pull_term(Index i, const Complex<T>* z, const T*& w, T* re, T* im) const;

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

// A filter that makes a real field of a real signal on a grid of three axes, on the half of the frequencies that is kept:
// a sum of products of a function of the first two frequencies and one of the last. Products are of double precision, as
// polynomials of high degree are differences of large numbers.
template <class T>
struct Field {
    using Lanes = typename Widened<T>::Lanes;

    Index kept, terms;                // frequencies along the last axis, beyond which the filter is zero
    std::vector<std::int32_t> reach;  // the same for each frequency along the second axis
    Numbers<double> outer, inner;     // (second axis, first axis, terms) and (terms, kept and more)
    bool turned;                      // whether the field is what the filter makes times i

    // All frequencies along the first axis at `row` of the second one, whose spectra are `plane` apart: vectors of z.
    void apply(Index row, Index planes, Index plane, const T* re, const T* im, Complex<T>* z) const {
        switch (terms) {
            case 1: return products(row, planes, plane, re, im, z, std::integral_constant<Index, 1>());
            case 2: return products(row, planes, plane, re, im, z, std::integral_constant<Index, 2>());
            case 3: return products(row, planes, plane, re, im, z, std::integral_constant<Index, 3>());
            default: return products(row, planes, plane, re, im, z, terms);
        }
    }

private:
    template <class Count>
    void products(Index row, Index planes, Index plane, const T* re, const T* im, Complex<T>* z, Count terms) const {
        const Index across = vectors<T>(kept), filled = vectors<T>(reach[size_t(row)]);
        const double* factors = outer.get() + row * planes * terms;
        for (Index p = 0; p < planes; p++, re += plane, im += plane, z += across, factors += terms)
            for (Index k = 0; k < filled; k++) {
                Lanes sum = {};
                for (Index t = 0; t < terms; t++) {
                    Lanes column;
                    std::memcpy(&column, inner.get() + (t * across + k) * W<T>, sizeof(Lanes));
                    sum += factors[t] * column;
                }
                const Vector<T> weight = __builtin_convertvector(sum, Vector<T>);
                z[k] = {load(re + k * W<T>) * weight, load(im + k * W<T>) * weight};
            }
    }
};

}  // namespace scatter
