// The transpose of each step from signals to coefficients, by which gradients go back. What a step is made of, filters,
// matrices and transforms, is read as it is there; only the direction changes.
//
// The gradient of a complex number is d/d(re) + i d/d(im). So the transpose of a product with a number is the product
// with its conjugate, and that of a transform is the one of the opposite sign.
#pragma once

#include "readout.hpp"

namespace scatter {

// ------------------------------------------------------------------------------------------------ filters and transforms
template <class T, bool columns>
template <bool mirror>
SCATTER_INLINE void Filter<T, columns>::pull_term(Index i, const Complex<T>* z, const T*& w, T* re, T* im) const {
    const Index at = source[i], step = mirror ? -W<T> : W<T>, ahead = source[i + AHEAD];
    __builtin_prefetch(re + ahead, 1), __builtin_prefetch(im + ahead, 1);
#pragma GCC unroll 4
    for (Index k = 0; k < tile; k++) {
        Vector<T> weight;
        if constexpr (columns) weight = load(w), w += W<T>;
        else weight = *w++ - Vector<T>{};
        Vector<T> x = z[k].re * weight, y = z[k].im * weight;
        if constexpr (columns && mirror) {
            constexpr auto lanes = std::make_integer_sequence<Index, W<T>>();
            x = reversed<T>(x, lanes), y = reversed<T>(y, lanes);
        }
        T *const u = re + at + k * step, *const v = im + at + k * step;
        store(u, load(u) + x), store(v, mirror ? load(v) - y : load(v) + y);
    }
}

template <class T, bool columns>
void Filter<T, columns>::pull(Index from, Index to, const Complex<T>* z, T* re, T* im) const {
    const T* w = weights.get() + first[from] * tile * (columns ? W<T> : 1);
    for (Index t = from; t < to; t++, z += tile) {
        for (Index i = first[t]; i < mirrored[t]; i++) pull_term<false>(i, z, w, re, im);
        for (Index i = mirrored[t]; i < first[t + 1]; i++) pull_term<true>(i, z, w, re, im);
    }
}

template <class T, bool columns>
void Grid<T, columns>::pull_map(const Filter<T, columns>& filter, Complex<T>* z, T* re, T* im, Workspace<T>& w) const {
    const Index rank = Index(shape_.size()), tiles = deep() * group_ / filter.tile;
    Complex<T>* const c = w.c.complex();
    for (Index s = 0; s < strands(); s++) {
        Complex<T>* const to = place(z, s);
        if constexpr (columns) {
            forward(plans_.back(), along(to, 1), along(c, 1), w);
            if (folded_) spread<true>(c, last_, to, pitch_, s % blocks_ * W<T>);
            else spread<false>(c, last_, to, pitch_, 0);
        } else {
            forward(plans_.back(), along(to, 1), along(to, 1), w);
        }
    }
    for (Index p = 0; rank == 3 && p < planes_; p++)
        for (Index k = 0; k < across_; k++)
            forward(plans_[1], along(z + p * plane_ + k, pitch_), along(z + p * plane_ + k, pitch_), w);
    if (rank == 1) std::fill(z + across_, z + groups() * group_, Complex<T>{});
    for (Index g = 0; g < lines() * groups(); g++) {
        Complex<T>* const from = z + g / groups() * pitch_ + g % groups() * group_;
        for (Index k = 0; rank > 1 && k < group_; k++) {
            if (k < in_group(g)) forward(plans_[0], along(from + k, rank == 3 ? plane_ : pitch_), along(c + k, group_), w);
            else
                for (Index i = 0; i < shape_[0]; i++) c[i * group_ + k] = Complex<T>{};
        }
        filter.pull(g * tiles, (g + 1) * tiles, rank == 1 ? from : c, re + margin, im + margin);
    }
}

template <class T, bool columns>
void Grid<T, columns>::pull_spectrum(bool real, T* re, T* im, Workspace<T>& w) const {
    const Index kept = real ? last_ / 2 + 1 : last_, rank = Index(shape_.size()), row = pitch(real);
    const Index plane = spectrum_plane(row), filled = columns ? vectors<T>(kept) * W<T> : kept * W<T>;
    Complex<T>*h = w.h.complex(), *a = w.a.complex(), *b = w.b.complex(), *c = w.c.complex();
    re += margin, im += margin;
    if (folded_) fold(re, im, kept);
    for (Index i = 0; rank == 3 && i < rows_ * filled; i += W<T>) {
        const Index at = i / filled * row + i % filled;
        const Sequence<T> column{re + at, im + at, plane};
        plans_[0](column, column, a, b);
    }
    for (Index p = 0; p < planes_; p++, h += h_plane_)
        for (Index k = 0; k < (columns ? filled / W<T> : kept); k++) {
            const Sequence<T> in{re + p * plane + k * W<T>, im + p * plane + k * W<T>, row};
            if (rank == 1) h[k] = in.get(0);
            else plans_[rank - 2](in, columns ? along(c, 1) : along(h + k, h_pitch_), a, b);
            if constexpr (columns) {
                for (Index i = 0; folded_ && i < rows_; i++) c[i] = turned(c[i], i * last_ + k * W<T>, T(1));
                spread<false>(c, rows_, h + k * W<T> * h_pitch_, h_pitch_, 0);
            }
        }
}

template <class T, bool columns>
void Grid<T, columns>::fold(T* re, T* im, Index kept) const {
    const Index n = points_, row = across_ * W<T>;
    for (Index i = 0; i < n; i += last_)
        for (Index k = i + kept; k < i + last_; k++) re[n - k] += re[k], im[n - k] -= im[k];
    for (Index i = rows_ - 1; row > last_ && i > 0; i--)
        for (T* part : {re, im}) std::memmove(part + i * row, part + i * last_, sizeof(T) * size_t(last_));
}

template <class T, bool columns>
void Grid<T, columns>::pull_transform(Index s, T* u, T* v, Workspace<T>& w) const {
    Complex<T>*from = w.h.complex() + s / blocks_ * h_plane_, *a = w.a.complex(), *b = w.b.complex(), *c = w.c.complex();
    const Sequence<T> in = columns ? along(from + s % blocks_, h_pitch_) : along(from + s % blocks_ * h_pitch_, 1);
    const Index n = last_, h = n / 2;
    if (v) return plans_.back()(in, Sequence<T>{u, v, W<T>}, a, b);
    if (n % 2) {
        for (Index k = 0; k < n; k++) c[k] = k <= h ? in.get(k) : Complex<T>{};
        plans_.back()(along(c, 1), along(c, 1), a, b);
        for (Index i = 0; i < n; i++) store(u + i * W<T>, c[i].re);
        return;
    }
    // Even and odd samples are the parts of one complex sequence, whose spectrum is that of the even ones, the part of
    // the gradient which a real sequence has, and i times that of the odd ones.
    const Complex<T> first = in.get(0), middle = in.get(h);
    c[0] = {first.re + middle.re, first.re - middle.re};
    for (Index k = 1; 2 * k <= h; k++) {
        const Complex<T> p = in.get(k), q = in.get(h - k);
        const Complex<T> even{T(0.5) * (p.re + q.re), T(0.5) * (p.im - q.im)};
        const Complex<T> odd = Complex<T>{p.re - q.re, p.im + q.im}.rotated(split_[2 * k], split_[2 * k + 1]);
        c[k] = even + odd.turned(), c[h - k] = {even.re + odd.im, odd.re - even.im};
    }
    half_[0](along(c, 1), Sequence<T>{u, u + W<T>, 2 * W<T>}, a, b);
}

// ------------------------------------------------------------------------------------------------ what is kept of a map
template <class T>
void Matrix<T>::pull_read(const T* y, Index gap, Index n, T* u, T* spare) const {
    constexpr Index tile = 8;
    std::fill_n(u - reach * W<T>, reach * W<T>, T(0)), std::fill_n(u + n * W<T>, reach * W<T>, T(0));
    for (const Band& band : bands) {
        T* const x = u + band.begin * W<T>;
        const T *const weight = weights.get() + band.weight, *const rows = y + band.row * gap;
        if (band.count == 1) {
            for (Index r = 0; r < band.rows; r++) {
                T* const to = x + r * band.step * W<T>;
                store(to, load(to) + load(rows + r * gap) * *weight);
            }
            continue;
        }
        // Elements k to k + 7 together, each with a weight of its own, or one of the zeros around them.
        std::fill_n(spare, tile, T(0)), std::fill_n(spare + tile + band.count, tile, T(0));
        std::copy_n(weight, band.count, spare + tile);
        each_element(band, tile, [&](Index k, Index low, Index high) {
            Vector<T> sum[tile] = {};
            const T* w = spare + tile + k - low * band.step;
            for (Index r = low; r <= high; r++, w -= band.step) {
                const Vector<T> row = load(rows + r * gap);
#pragma GCC unroll 8
                for (Index t = 0; t < tile; t++) sum[t] += row * w[t];
            }
            for (Index t = 0; t < std::min(tile, band.span() - k); t++) {
                T* const to = x + (k + t) * W<T>;
                store(to, load(to) + sum[t]);
            }
        });
    }
    for (Index i = 0; i < reach * W<T>; i += W<T>) {
        T *const front = u + i, *const back = u + (n - reach) * W<T> + i;
        store(back, load(back) + load(u - reach * W<T> + i)), store(front, load(front) + load(u + n * W<T> + i));
    }
}

template <class T>
template <Index tile>
void Matrix<T>::pull_apply(const T* y, Index gap, T* x) const {
    for (const Band& band : bands)
        each_element(band, 1, [&](Index k, Index low, Index high) {
            T* const to = x + (band.begin + k) * gap;
            const T *w = weights.get() + band.weight + k - low * band.step, *row = y + (band.row + low) * gap;
            Vector<T> sum[tile];
            for (Index t = 0; t < tile; t++) sum[t] = load(to + t * W<T>);
            for (Index r = low; r <= high; r++, w -= band.step, row += gap)
#pragma GCC unroll 8
                for (Index t = 0; t < tile; t++) sum[t] += load(row + t * W<T>) * *w;
            for (Index t = 0; t < tile; t++) store(to + t * W<T>, sum[t]);
        });
}

template <class T>
void Matrix<T>::pull_dots(const T* y, T* x) const {
    for (const Band& band : bands)
        for (Index r = 0; r < band.rows; r++) {
            T* const to = x + band.begin + r * band.step;
            const T *const w = weights.get() + band.weight, factor = y[band.row + r];
            for (Index i = 0; i < band.count; i++) to[i] += factor * w[i];
        }
}

template <class T, bool columns>
void Reading<T, columns>::pull_strand(const Grid<T, columns>& grid, Index s, const T* t, T* u, T* spare) const {
    const Index blocks = columns ? grid.blocks() : 1;
    axes.back().pull_read(t + strand_place(grid, s), blocks * W<T>, grid.length(), u, spare);
}

template <class T, bool columns>
void Reading<T, columns>::pull_rest(const Grid<T, columns>& grid, const T* g, T* t, T* s) const {
    const Index rank = Index(axes.size()), q = axes.back().rows, across = columns ? vectors<T>(q) : q;
    if constexpr (columns) {
        if (grid.folded()) {
            const Index pitch = grid.blocks() * W<T>, rows = grid.rows();
            std::fill_n(t, q * pitch, T(0));
            axes[0].pull_dots(g, t);
            for (Index i = q - 1; pitch > rows && i >= 0; i--) {
                std::memmove(t + i * pitch, t + i * rows, sizeof(T) * size_t(rows));
                std::fill_n(t + i * pitch + rows, pitch - rows, T(0));
            }
            return;
        }
    }
    if ((rank - 1 + columns) % 2) std::swap(t, s);
    Index count = 1;
    for (Index axis = 0; axis < rank - 1; axis++) count *= axes[size_t(axis)].rows;
    const Index row = columns ? q : q * W<T>;
    for (Index i = 0; i < count; i++, g += row) {
        std::copy_n(g, row, t + i * across * W<T>);
        std::fill(t + i * across * W<T> + row, t + (i + 1) * across * W<T>, T(0));
    }
    if (rank > 2) pull_contract(t, s, 1, grid.planes(), count / axes[0].rows * across, axes[0]), std::swap(t, s);
    if (rank > 1) pull_contract(t, s, grid.planes(), grid.rows(), across, axes[rank - 2]), std::swap(t, s);
    const Index n = grid.rows(), pitch = grid.blocks() * W<T>;
    for (Index p = 0; columns && p < grid.planes(); p++)
        transpose(t + p * n * across * W<T>, n, across * W<T>, q, s + p * q * pitch, pitch);
}

template <class T, bool columns>
void Reading<T, columns>::pull_contract(const T* y, T* x, Index outer, Index n, Index inner, const Matrix<T>& matrix) {
    std::fill_n(x, outer * n * inner * W<T>, T(0));
    for (Index o = 0; o < outer; o++, x += n * inner * W<T>, y += matrix.rows * inner * W<T>) {
        Index i = 0;
        for (; i + 8 <= inner; i += 8) matrix.template pull_apply<8>(y + i * W<T>, inner * W<T>, x + i * W<T>);
        for (; i + 4 <= inner; i += 4) matrix.template pull_apply<4>(y + i * W<T>, inner * W<T>, x + i * W<T>);
        for (; i < inner; i++) matrix.template pull_apply<1>(y + i * W<T>, inner * W<T>, x + i * W<T>);
    }
}

// Add `factor` times the gradient of |u|^q, of n vectors, whose elements are `scale` times those here; it is zero at
// zero also where that of the power is infinite.
template <class T>
void pull_power(const T* u, Index n, double q, const Vector<T>& factor, const Vector<T>& scale, T* gradient) {
    for (Index i = 0; i < n * W<T>; i++) {
        const double x = double(u[i]) * double(scale[i % W<T>]), size = std::abs(x);
        if (size > 0) gradient[i] += T(double(factor[i % W<T>]) * q * std::pow(size, q - 1) * (x < 0 ? -1 : 1));
    }
}

// Gradient, at g, of statistics of the `count` elements there, from that of each of those; `statistics` in readout.hpp.
template <class E, class T>
void pull_statistics(T* g, Index count, bool moments, const double* noise, const T* of) {
    constexpr Index unit = sizeof(E) / sizeof(T);
    const double share = 1. / double(count);
    for (Index l = 0; l < unit; l++) {
        const double first = double(of[l]) * share;
        if (!moments) {
            for (Index i = 0; i < count; i++) g[i * unit + l] = T(first);
            continue;
        }
        auto mean_of = [&](auto f) { return sum_by_halves<double>(0, count, f) * share; };
        const double mean = mean_of([&](Index i) { return double(g[i * unit + l]); });
        auto apart = [&](Index i) { return double(g[i * unit + l]) - mean; };
        const double variance = mean_of([&](Index i) { return apart(i) * apart(i); });
        const bool zero = noise && variance + mean * mean <= noise[l];
        const double square = variance + STEADY * STEADY * mean * mean + double(std::numeric_limits<T>::min());
        const double scale = zero ? 0. : 1 / std::sqrt(square);
        auto z = [&](Index i) { return apart(i) * scale; };
        const double second = mean_of([&](Index i) { return z(i) * z(i); });
        const double third = mean_of([&](Index i) { return z(i) * z(i) * z(i); });
        const double fourth = mean_of([&](Index i) { return z(i) * z(i) * z(i) * z(i); });
        const double b = 2 * double(of[unit + l]) * share, c = double(of[2 * unit + l]) * share * scale,
                     d = double(of[3 * unit + l]) * share * scale;
        // The scale changes as - scale^3 (z / scale + STEADY^2 mean), and with it all powers of z.
        const double e = 3 * c * third + 4 * d * fourth;
        for (Index i = 0; i < count; i++) {
            const double own = z(i);
            g[i * unit + l] = T(first + b * apart(i) + 3 * c * (own * own - second) +
                                4 * d * (own * own * own - third) - e * (own + STEADY * STEADY * mean * scale));
        }
    }
}

}  // namespace scatter
