// What is kept of a map: a linear map along each axis, which is an average or a window, and statistics of the result.
#pragma once

#include <limits>

#include "grid.hpp"

namespace scatter {

// Rows of a banded matrix with the same weights: y[row + r] = sum_i weight[i] x[begin + r step + i], i < count, r <
// rows. A second band may add to the rows of another, where an average wraps around.
struct Band {
    Index row, rows, begin, step, count, weight, add;

    Index span() const { return (rows - 1) * step + count; }  // elements of x that are read
};

template <class T>
struct Matrix {
    Index rows, reach;  // `reach` elements before the first and after the last one are read, too
    std::vector<Band> bands;
    Numbers<T> weights;

    // Product with a strand, whose ends are continued to a circle; rows of y are `to_gap` numbers apart.
    void read(T* u, Index n, T* y, Index to_gap) const {
        const size_t bytes = sizeof(T) * size_t(reach * W<T>);
        std::memcpy(u + n * W<T>, u, bytes), std::memcpy(u - reach * W<T>, u + (n - reach) * W<T>, bytes);
        each_row([&](const Band& band, Index r, auto tile) {
            constexpr Index count = decltype(tile)::value;
            const T* from = u + (band.begin + r * band.step) * W<T>;
            sums<count>(band, from, W<T>, band.step * W<T>, y + (band.row + r) * to_gap, to_gap);
        });
    }

    // Products with `tile` neighbouring vectors, of elements that are `gap` numbers apart.
    template <Index tile>
    void apply(const T* x, Index gap, T* y) const {
        for (const Band& band : bands)
            for (Index r = 0; r < band.rows; r++)
                sums<tile>(band, x + (band.begin + r * band.step) * gap, gap, W<T>, y + (band.row + r) * gap, W<T>);
    }

    // The same for neighbouring numbers, with lanes along the sum.
    void dots(const T* x, T* y) const {
        each_row([&](const Band& band, Index r, auto tile) {
            constexpr Index count = decltype(tile)::value;
            const T *from = x + band.begin + r * band.step, *w = weights.get() + band.weight;
            Vector<T> sum[count] = {};
            Index i = 0;
            while (i + W<T> <= band.count) {
                const Index end = std::min(i + CHUNK * W<T>, band.count);
                Vector<T> part[count] = {};
                for (; i + W<T> <= end; i += W<T>)
#pragma GCC unroll 8
                    for (Index t = 0; t < count; t++) part[t] += load(from + t * band.step + i) * load(w + i);
                for (Index t = 0; t < count; t++) sum[t] += part[t];
            }
            for (Index t = 0; t < count; t++) {
                T total = band.add ? y[band.row + r + t] : T(0);
                for (Index l = 0; l < W<T>; l++) total += sum[t][l];
                for (Index k = i; k < band.count; k++) total += from[t * band.step + k] * w[k];
                y[band.row + r + t] = total;
            }
        });
    }

    // Transposes of those three, in adjoint.hpp: they add to a strand and to x. `spare` has room for the weights.
    void pull_read(const T* y, Index gap, Index n, T* u, T* spare) const;
    template <Index tile>
    void pull_apply(const T* y, Index gap, T* x) const;
    void pull_dots(const T* y, T* x) const;

private:
    // Calls with every tile-th element that a band reads, and the first and the last of the rows that read it or one of
    // those that follow.
    template <class Each>
    static void each_element(const Band& band, Index tile, Each each) {
        const Index step = std::max<Index>(band.step, 1);  // that of a single row is 0
        for (Index k = 0; k < band.span(); k += tile) {
            const Index low = k < band.count ? 0 : (k - band.count) / step + 1;
            each(k, low, std::min(band.rows - 1, (k + tile - 1) / step));
        }
    }

    // Long sums are made of sums of this many terms, whose rounding errors are smaller.
    static constexpr Index CHUNK = 64;

    // Sums over `gap` of `tile` sequences that are `next` apart.
    template <Index tile>
    void sums(const Band& band, const T* x, Index gap, Index next, T* y, Index to_next) const {
        const T *w = weights.get() + band.weight, *end = w + band.count;
        Vector<T> sum[tile] = {};
#pragma GCC unroll 8
        for (Index t = 0; t < tile; t++)
            if (band.add) sum[t] = load(y + t * to_next);
        while (w < end) {
            const T* stop = end - w > CHUNK ? w + CHUNK : end;
            Vector<T> part[tile] = {};
            for (; w < stop; w++, x += gap)
#pragma GCC unroll 8
                for (Index t = 0; t < tile; t++) part[t] += load(x + t * next) * *w;
#pragma GCC unroll 8
            for (Index t = 0; t < tile; t++) sum[t] += part[t];
        }
#pragma GCC unroll 8
        for (Index t = 0; t < tile; t++) store(y + t * to_next, sum[t]);
    }

    // Calls with (band, first of its rows, how many rows at once).
    template <class Each>
    void each_row(Each each) const {
        for (const Band& band : bands) {
            Index r = 0;
            for (; r + 8 <= band.rows; r += 8) each(band, r, std::integral_constant<Index, 8>());
            for (; r + 4 <= band.rows; r += 4) each(band, r, std::integral_constant<Index, 4>());
            for (; r < band.rows; r++) each(band, r, std::integral_constant<Index, 1>());
        }
    }
};

// How the maps of one resolution are read: a matrix for each axis. A strand is read as it comes, along its axis; what
// that leaves, t, is read along the others by `rest`. A folded line is kept as it is by the first, and read as a line
// by the second.
template <class T, bool columns>
struct Reading {
    std::vector<Matrix<T>> axes;

    // Elements that are kept of a map, and numbers in each of two buffers on the way.
    Index size(bool folded) const {
        Index count = 1;
        for (size_t axis = 0; axis < (folded ? 1 : axes.size()); axis++) count *= axes[axis].rows;
        return count;
    }

    Index room(const Grid<T, columns>& grid) const {
        const Index q = axes.back().rows, across = columns ? vectors<T>(q) : q;
        return W<T> * (W<T> + std::max(grid.strands() * q, grid.planes() * grid.rows() * across));
    }

    void strand(const Grid<T, columns>& grid, Index s, T* u, T* t) const {
        axes.back().read(u, grid.length(), t + strand_place(grid, s), (columns ? grid.blocks() : 1) * W<T>);
    }

    // From t, through s, to g.
    void rest(const Grid<T, columns>& grid, T* t, T* s, T* g) const {
        const Index rank = Index(axes.size()), q = axes.back().rows, across = columns ? vectors<T>(q) : q;
        if constexpr (columns) {
            if (grid.folded()) {
                const Index pitch = grid.blocks() * W<T>, rows = grid.rows();
                for (Index i = 1; pitch > rows && i < q; i++) std::copy_n(t + i * pitch, rows, t + i * rows);
                return axes[0].dots(t, g);
            }
            const Index n = grid.rows(), pitch = grid.blocks() * W<T>;
            for (Index p = 0; p < grid.planes(); p++)
                transpose(t + p * q * pitch, q, pitch, n, s + p * n * across * W<T>, across * W<T>);
            std::swap(t, s);
        }
        Index count = 1;
        if (rank > 1) {
            contract(t, s, grid.planes(), grid.rows(), across, axes[rank - 2]);
            std::swap(t, s);
            count = axes[rank - 2].rows;
        }
        if (rank > 2) {
            contract(t, s, 1, grid.planes(), count * across, axes[0]);
            std::swap(t, s);
            count *= axes[0].rows;
        }
        const Index row = columns ? q : q * W<T>;
        for (Index i = 0; i < count; i++) std::copy_n(t + i * across * W<T>, row, g + i * row);
    }

    // Transposes of both, in adjoint.hpp: add to the gradient of a strand, from t; and to t, through s, from g.
    void pull_strand(const Grid<T, columns>& grid, Index s, const T* t, T* u, T* spare) const;
    void pull_rest(const Grid<T, columns>& grid, const T* g, T* t, T* s) const;

private:
    Index strand_place(const Grid<T, columns>& grid, Index s) const {
        const Index q = axes.back().rows, blocks = grid.blocks();
        return (columns ? s / blocks * q * blocks + s % blocks : s * q) * W<T>;
    }

    static void pull_contract(const T* y, T* x, Index outer, Index n, Index inner, const Matrix<T>& matrix);

    // y[o, r, i] = sum_k matrix[r, k] x[o, k, i], elements that are vectors.
    static void contract(const T* x, T* y, Index outer, Index n, Index inner, const Matrix<T>& matrix) {
        for (Index o = 0; o < outer; o++, x += n * inner * W<T>, y += matrix.rows * inner * W<T>) {
            Index i = 0;
            for (; i + 8 <= inner; i += 8) matrix.template apply<8>(x + i * W<T>, inner * W<T>, y + i * W<T>);
            for (; i + 4 <= inner; i += 4) matrix.template apply<4>(x + i * W<T>, inner * W<T>, y + i * W<T>);
            for (; i < inner; i++) matrix.template apply<1>(x + i * W<T>, inner * W<T>, y + i * W<T>);
        }
    }
};

// Sums of powers of absolute values, in double precision, one a lane.
template <class T>
struct Powers {
    using Lanes = typename Widened<T>::Lanes;
    std::vector<double> exponents;

    // Add those of the first `lanes` lanes of n vectors to the sums, W numbers for each exponent.
    void add(const T* u, Index n, Index lanes, double* sums) const {
        for (double q : exponents) {
            Lanes sum = {};
            for (Index i = 0; i < n; i += CHUNK) {
                const Index end = std::min(i + CHUNK, n);
                if (q * 2 == std::floor(q * 2) && q <= 4) sum += halves(u + i * W<T>, end - i, int(q * 2));
                else sum += others(u + i * W<T>, end - i, q);
            }
            for (Index l = 0; l < lanes; l++) sums[l] += sum[l];
            sums += W<T>;
        }
    }

private:
    static constexpr Index CHUNK = 8;

    // Powers of `halves` / 2, up to 4, are products of the numbers and of their roots.
    static Lanes halves(const T* u, Index n, int halves) {
        Vector<T> sum = {};
        for (Index i = 0; i < n; i++) {
            const Vector<T> x = load(u + i * W<T>), size = x < T(0) ? -x : x;
            Vector<T> power = halves % 2 ? square_root<T>(size) : Vector<T>{} + T(1);
            for (int k = 1; k < halves; k += 2) power *= size;
            sum += power;
        }
        return __builtin_convertvector(sum, Lanes);
    }

    static Lanes others(const T* u, Index n, double q) {
        Lanes sum = {};
        for (Index i = 0; i < n; i++)
            for (Index l = 0; l < W<T>; l++) sum[l] += std::pow(std::abs(double(u[i * W<T> + l])), q);
        return sum;
    }
};

// Sum of f(i) for `count` values of i from `first` on, by halves: rounding errors grow as the logarithm of the count.
template <class E, class F>
E sum_by_halves(Index first, Index count, const F& f) {
    E sum = {};
    const Index half = count / 2;
    if (count > 64) return sum_by_halves<E>(first, half, f) + sum_by_halves<E>(first + half, count - half, f);
    for (Index i = first; i < first + count; i++) sum += f(i);
    return sum;
}

// What is as good as constant: STEADY, a deviation as a share of the mean, in moments.py, and ROUNDING, as in convolution.py.
constexpr double STEADY = 1e-5, ROUNDING = 8;

// Mean, or mean, variance, skewness and excess kurtosis, of `count` elements E, numbers or vectors, summed in double
// precision; skewness and kurtosis of what is as good as constant, or as zero, with a mean square up to `noise` of its
// signal (if there is any), are 0 and -3.
template <class E, class T>
Index statistics(T* g, Index count, bool moments, const double* noise) {
    constexpr Index unit = sizeof(E) / sizeof(T);
    using Wide = std::conditional_t<unit == 1, typename Widened<T>::Number, typename Widened<T>::Lanes>;
    const double share = 1. / double(count);
    auto mean_of = [&](auto f) { return sum_by_halves<Wide>(0, count, f) * share; };
    auto at = [&](Index i) {
        E element;
        std::memcpy(&element, g + i * unit, sizeof(E));
        if constexpr (unit == 1) return Wide(element);
        else return __builtin_convertvector(element, Wide);
    };
    auto keep = [&](Index k, Wide found) {
        E element;
        if constexpr (unit == 1) element = E(found);
        else element = __builtin_convertvector(found, E);
        std::memcpy(g + k * unit, &element, sizeof(E));
    };
    const Wide mean = mean_of(at);
    if (!moments) {
        keep(0, mean);
        return 1;
    }
    const Wide variance = mean_of([&](Index i) { return (at(i) - mean) * (at(i) - mean); });
    Wide scale = variance + STEADY * STEADY * mean * mean + double(std::numeric_limits<T>::min());
    const Wide square = variance + mean * mean;
    auto inverse = [&](Index l, double q, double s) { return noise && q <= noise[l] ? 0. : 1 / std::sqrt(s); };
    if constexpr (unit == 1) scale = inverse(0, square, scale);
    else
        for (Index l = 0; l < unit; l++) scale[l] = inverse(l, square[l], scale[l]);
    auto z = [&](Index i) { return (at(i) - mean) * scale; };
    const Wide third = mean_of([&](Index i) { return z(i) * z(i) * z(i); });
    const Wide fourth = mean_of([&](Index i) { return z(i) * z(i) * z(i) * z(i); });
    const Wide found[] = {mean, variance, third, fourth - 3.};
    for (Index k = 0; k < 4; k++) keep(k, found[k]);
    return 4;
}

}  // namespace scatter
