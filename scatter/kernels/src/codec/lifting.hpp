// One level of the codec's wavelet transforms and back, in one pass over the rows; scatter/codec/lifting.py says what they
// are, and its NumPy gives the same numbers.
#pragma once

#include "cells.hpp"

namespace scatter::codec {

// Lifting coefficients of the CDF 9/7 pair, in the order of the forward transform, and the gain of its low-pass.
struct Irreversible {
    typedef float Number;
    static constexpr Index STAGES = 4;
    static constexpr float FACTORS[STAGES] = {-1.586134342059924f, -0.052980118572961f, 0.882911075530934f,
                                              0.443506852043971f};
    static constexpr double GAIN = 1.230174104914001;

    // What stage k adds to a number from the sum of its neighbours.
    static float added(Index k, float sum) { return FACTORS[k] * sum; }
    static float low(float s) { return s * float(1 / GAIN); }
    static float high(float d) { return d * float(GAIN / 2); }
    static float from_low(float s) { return s * float(GAIN); }
    static float from_high(float d) { return d * float(2 / GAIN); }
};

// The reversible 5/3 pair, on whole numbers.
struct Reversible {
    typedef std::int32_t Number;
    static constexpr Index STAGES = 2;

    static std::int32_t added(Index k, std::int32_t sum) { return k ? (sum + 2) >> 2 : -(sum >> 1); }
    static std::int32_t low(std::int32_t s) { return s; }
    static std::int32_t high(std::int32_t d) { return d; }
    static std::int32_t from_low(std::int32_t s) { return s; }
    static std::int32_t from_high(std::int32_t d) { return d; }
};

template <class Pair>
class Lifting {
public:
    typedef typename Pair::Number T;

    // The approximation LL and the details HL, LH, HH of an image.
    static void forward(const Lent<const T>& x, const Lent<T> (&bands)[4]) {
        const Index evens = (x.rows + 1) / 2, odds = x.rows / 2;
        // A row is done with at most four pairs of rows after it was read.
        constexpr Index RING = 8;
        std::vector<T> ring(size_t(2 * RING * x.columns)), line(static_cast<size_t>(x.columns));
        auto row = [&](Index i, bool odd) { return &ring[size_t((i % RING * 2 + odd) * x.columns)]; };
        for (Index i = 0; i < evens + Pair::STAGES / 2 + 1; i++) {
            if (i < evens) std::copy_n(&x.at(2 * i, 0), x.columns, row(i, false));
            if (i < odds) std::copy_n(&x.at(2 * i + 1, 0), x.columns, row(i, true));
            if (odds)
                for (Index k = 0; k < Pair::STAGES; k++) stage<1>(k, i - 1 - k / 2, evens, odds, x.columns, row);
            const Index done = i - Pair::STAGES / 2 - 1;
            for (const bool odd : {false, true}) {
                if (done < 0 || done >= (odd ? odds : evens)) continue;
                const T* const from = row(done, odd);
                for (Index c = 0; c < x.columns; c++)
                    line[size_t(c)] = !odds ? from[c] : odd ? Pair::high(from[c]) : Pair::low(from[c]);
                split(line.data(), x.columns, &bands[2 * odd].at(done, 0), &bands[2 * odd + 1].at(done, 0));
            }
        }
    }

    // Undo `forward`.
    static void inverse(const Lent<const T> (&bands)[4], const Lent<T>& x) {
        const Index evens = (x.rows + 1) / 2, odds = x.rows / 2;
        auto row = [&](Index i, bool odd) { return &x.at(2 * i + odd, 0); };
        std::vector<T> s(size_t(x.columns / 2 + 1)), d(size_t(x.columns / 2 + 1));
        for (Index i = 0; i < evens + Pair::STAGES / 2; i++) {
            for (const bool odd : {false, true}) {
                if (i >= (odd ? odds : evens)) continue;
                T* const to = row(i, odd);
                merge(&bands[2 * odd].at(i, 0), &bands[2 * odd + 1].at(i, 0), x.columns, s.data(), d.data(), to);
                if (!odds) continue;
                for (Index c = 0; c < x.columns; c++) to[c] = odd ? Pair::from_high(to[c]) : Pair::from_low(to[c]);
            }
            if (odds)
                for (Index k = Pair::STAGES - 1, lag = 0; k >= 0; k--, lag++)
                    stage<-1>(k, i - (lag + 1) / 2, evens, odds, x.columns, row);
        }
    }

private:
    // Stage k at the i-th of the even rows, or of the odd ones, if there is one: sums of the rows before and after it, of
    // which those beyond the ends are mirrored.
    template <int sign, class Row>
    static void stage(Index k, Index i, Index evens, Index odds, Index columns, Row row) {
        const bool even = k % 2;
        if (i < 0 || i >= (even ? evens : odds)) return;
        const T* const before = even ? row(std::max<Index>(0, i - 1), true) : row(i, false);
        const T* const after = even ? row(std::min(i, odds - 1), true) : row(std::min(i + 1, evens - 1), false);
        lift<sign>(k, before, after, columns, row(i, !even));
    }

    template <int sign>
    static void lift(Index k, const T* before, const T* after, Index count, T* to) {
        for (Index c = 0; c < count; c++) to[c] += sign * Pair::added(k, before[c] + after[c]);
    }

    // Stage k along a row.
    template <int sign>
    static void along(Index k, T* s, T* d, Index evens, Index odds) {
        if (k % 2) {
            s[0] += sign * Pair::added(k, d[0] + d[0]);
            lift<sign>(k, d, d + 1, odds - 1, s + 1);
            if (evens > odds) s[odds] += sign * Pair::added(k, d[odds - 1] + d[odds - 1]);
        } else {
            lift<sign>(k, s, s + 1, evens - 1, d);
            if (evens == odds) d[odds - 1] += sign * Pair::added(k, s[evens - 1] + s[evens - 1]);
        }
    }

    static void split(const T* x, Index columns, T* s, T* d) {
        const Index evens = (columns + 1) / 2, odds = columns / 2;
        for (Index c = 0; c < odds; c++) s[c] = x[2 * c], d[c] = x[2 * c + 1];
        if (evens > odds) s[odds] = x[2 * odds];
        if (!odds) return;
        for (Index k = 0; k < Pair::STAGES; k++) along<1>(k, s, d, evens, odds);
        for (Index c = 0; c < evens; c++) s[c] = Pair::low(s[c]);
        for (Index c = 0; c < odds; c++) d[c] = Pair::high(d[c]);
    }

    static void merge(const T* low, const T* high, Index columns, T* s, T* d, T* x) {
        const Index evens = (columns + 1) / 2, odds = columns / 2;
        if (!odds) {
            x[0] = low[0];
            return;
        }
        for (Index c = 0; c < evens; c++) s[c] = Pair::from_low(low[c]);
        for (Index c = 0; c < odds; c++) d[c] = Pair::from_high(high[c]);
        for (Index k = Pair::STAGES - 1; k >= 0; k--) along<-1>(k, s, d, evens, odds);
        for (Index c = 0; c < odds; c++) x[2 * c] = s[c], x[2 * c + 1] = d[c];
        if (evens > odds) x[2 * odds] = s[odds];
    }
};

}  // namespace scatter::codec
