// Fourier transforms of W sequences at once, one a lane: y[k] = sum_j x[j] exp(2 pi i j k / n), no factor.
//
// Stockham's autosort: n = R1 R2 ... Rp, one pass a factor, out of place, no bit reversal and no shuffle between lanes
// (Van Loan, "Computational frameworks for the fast Fourier transform", SIAM 1992, section 1.7). With s the product of
// the factors done and m that of those to come, a pass of radix R takes x[k + s (q + m r)] to y[k + s (R q + r)],
// k < s, q < m, r < R, and turns y by exp(2 pi i q r / (m R)).
//
// The forward transform is the same one with real and imaginary parts exchanged at both ends.
#pragma once

#include "lanes.hpp"

namespace scatter {

// W sequences in memory: the real parts of element i are the W numbers at re + i step, the imaginary ones at im + i
// step.
template <class T>
struct Sequence {
    T *re, *im;
    Index step;

    Complex<T> get(Index i) const { return {load(re + i * step), load(im + i * step)}; }
    void put(Index i, Complex<T> z) const { store(re + i * step, z.re), store(im + i * step, z.im); }
    Sequence from(Index i) const { return {re + i * step, im + i * step, step}; }
    Sequence exchanged() const { return {im, re, step}; }
};

// The same, in consecutive vectors.
template <class T>
struct Buffer {
    Complex<T>* z;

    Complex<T> get(Index i) const { return z[i]; }
    void put(Index i, Complex<T> value) const { z[i] = value; }
    Buffer from(Index i) const { return {z + i}; }
};

// Where only the modulus of what is put is kept, in consecutive vectors.
template <class T>
struct Modulus {
    T* u;

    void put(Index i, Complex<T> z) const { store(u + i * W<T>, square_root<T>(z.re * z.re + z.im * z.im)); }
    Modulus from(Index i) const { return {u + i * W<T>}; }
};

// Where the squares of the real parts at u, and those of the imaginary parts at v, are kept or added to what is there;
// the sums of both at u if v is null.
template <class T, bool add>
struct Squares {
    T *u, *v;

    void put(Index i, Complex<T> z) const {
        if (v) keep(u + i * W<T>, z.re * z.re), keep(v + i * W<T>, z.im * z.im);
        else keep(u + i * W<T>, z.re * z.re + z.im * z.im);
    }
    Squares from(Index i) const { return {u + i * W<T>, v ? v + i * W<T> : nullptr}; }

private:
    static void keep(T* to, Vector<T> square) { store(to, add ? load(to) + square : square); }
};

// cos and sin of 2 pi m / R, as constants of the compiler: Taylor series, |angle| <= pi.
template <class T, int R>
struct Roots {
    T cosine[R], sine[R];

    constexpr Roots() : cosine(), sine() {
        for (int m = 0; m < R; m++) {
            const double angle = 2 * 3.14159265358979323846 * (2 * m <= R ? m : m - R) / R;
            double c = 1, s = angle, even = 1, odd = angle;
            for (int k = 1; k < 20; k++) {
                c += even *= -angle * angle / ((2 * k - 1) * (2 * k));
                s += odd *= -angle * angle / ((2 * k) * (2 * k + 1));
            }
            cosine[m] = T(c), sine[m] = T(s);
        }
    }
};

// Transform of R numbers in registers, in place. Odd R: with p = x[m] + x[R-m] and q = x[m] - x[R-m], y[k] and y[R-k]
// are x[0] + sum_m p cos +- i sum_m q sin.
template <int R, class T>
SCATTER_INLINE void butterfly(Complex<T>* x) {
    if constexpr (R == 2) {
        const Complex<T> a = x[0];
        x[0] = a + x[1], x[1] = a - x[1];
    } else if constexpr (R == 4) {
        const Complex<T> s = x[0] + x[2], t = x[0] - x[2], u = x[1] + x[3], v = (x[1] - x[3]).turned();
        x[0] = s + u, x[1] = t + v, x[2] = s - u, x[3] = t - v;
    } else {
        static constexpr Roots<T, R> root;
        constexpr int H = R / 2;
        Complex<T> p[H], q[H], first = x[0];
#pragma GCC unroll 8
        for (int m = 0; m < H; m++) {
            p[m] = x[m + 1] + x[R - 1 - m], q[m] = x[m + 1] - x[R - 1 - m];
            x[0] = x[0] + p[m];
        }
#pragma GCC unroll 8
        for (int k = 1; k <= H; k++) {
            Complex<T> c = first + p[0] * root.cosine[k], s = q[0] * root.sine[k];
#pragma GCC unroll 8
            for (int m = 2; m <= H; m++) {
                c = c + p[m - 1] * root.cosine[k * m % R];
                s = s + q[m - 1] * root.sine[k * m % R];
            }
            x[k] = c + s.turned(), x[R - k] = c - s.turned();
        }
    }
}

template <int R, bool turn, class T, class In, class Out>
SCATTER_INLINE void butterflies(In in, Out out, Index k, Index gap, Index s, const T* turns) {
    Complex<T> x[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) x[r] = in.get(k + gap * r);
    butterfly<R>(x);
    out.put(k, x[0]);
#pragma GCC unroll 8
    for (int r = 1; r < R; r++) {
        if constexpr (turn) x[r] = x[r].rotated(turns[2 * r - 2], turns[2 * r - 1]);
        out.put(k + s * r, x[r]);
    }
}

// The first pass: s = 1. (Passes take pointers rather than sequences, so that all arguments are in registers.)
template <int R, class T>
__attribute__((noinline)) void first_pass(T* re, T* im, Index step, Buffer<T> out, Index m, const T* turns) {
    const Sequence<T> in{re, im, step};
    butterflies<R, false>(in, out, 0, m, 1, turns);
    for (Index q = 1; q < m; q++) {
        turns += 2 * (R - 1);
        butterflies<R, true>(in.from(q), out.from(R * q), 0, m, 1, turns);
    }
}

template <int R, class T>
__attribute__((noinline)) void middle_pass(Buffer<T> in, Buffer<T> out, Index m, Index s, const T* turns) {
    for (Index k = 0; k < s; k++) butterflies<R, false>(in, out, k, s * m, s, turns);
    for (Index q = 1; q < m; q++) {
        turns += 2 * (R - 1);
        T turn[2 * (R - 1)];
        std::copy_n(turns, 2 * (R - 1), turn);
        for (Index k = 0; k < s; k++) butterflies<R, true>(in.from(s * q), out.from(R * s * q), k, s * m, s, turn);
    }
}

// The last pass: m = 1, nothing is turned.
template <int R, class T>
__attribute__((noinline)) void last_pass(Buffer<T> in, T* re, T* im, Index step, Index s) {
    for (Index k = 0; k < s; k++) butterflies<R, false, T>(in, Sequence<T>{re, im, step}, k, s, s, nullptr);
}

template <int R, class T, class Out>
__attribute__((noinline)) void last_pass(Buffer<T> in, Out out, Index s) {
    for (Index k = 0; k < s; k++) butterflies<R, false, T>(in, out, k, s, s, nullptr);
}

// y[k] = start + sum_m matrix[k, m] x[m], for `count` of the H rows, from k on.
template <int count, class T>
inline void rows_of_product(int H, int k, const T* matrix, const Complex<T>* x, Complex<T> start, Complex<T>* y) {
    Complex<T> sum[count];
    for (int i = 0; i < count; i++) sum[i] = start;
    for (int m = 0; m < H; m++)
#pragma GCC unroll 4
        for (int i = 0; i < count; i++) sum[i] = sum[i] + x[m] * matrix[(k + i) * H + m];
    for (int i = 0; i < count; i++) y[k + i] = sum[i];
}

template <class T>
inline void product(int H, const T* matrix, const Complex<T>* x, Complex<T> start, Complex<T>* y) {
    int k = 0;
    for (; k + 4 <= H; k += 4) rows_of_product<4>(H, k, matrix, x, start, y);
    for (; k < H; k++) rows_of_product<1>(H, k, matrix, x, start, y);
}

// A pass of any odd radix R up to LARGEST, by the formula of `butterfly`: products of p and of q with two square
// matrices of H = R / 2 rows, of the cosines and then of the sines of 2 pi k m / R.
constexpr int LARGEST = 521;

template <class T, class In, class Out>
__attribute__((noinline)) void odd_pass(int R, In in, Out out, Index m, Index s, const T* turns, const T* matrix) {
    const int H = R / 2;
    Complex<T> p[LARGEST / 2], q[LARGEST / 2], c[LARGEST / 2], d[LARGEST / 2];
    for (Index j = 0; j < m; j++, turns += 2 * (R - 1)) {
        for (Index i = 0; i < s; i++) {
            const In x = in.from(i + s * j);
            const Out y = out.from(i + s * R * j);
            const Complex<T> first = x.get(0);
            Complex<T> sum = first;
            for (int h = 0; h < H; h++) {
                const Complex<T> a = x.get(s * m * (h + 1)), b = x.get(s * m * (R - 1 - h));
                p[h] = a + b, q[h] = a - b;
                sum = sum + p[h];
            }
            y.put(0, sum);
            product(H, matrix, p, first, c), product(H, matrix + H * H, q, Complex<T>{}, d);
            for (int k = 0; k < H; k++) {
                Complex<T> low = c[k] + d[k].turned(), high = c[k] - d[k].turned();
                if (j > 0) {
                    low = low.rotated(turns[2 * k], turns[2 * k + 1]);
                    high = high.rotated(turns[2 * (R - 2 - k)], turns[2 * (R - 2 - k) + 1]);
                }
                y.put(s * (k + 1), low), y.put(s * (R - 1 - k), high);
            }
        }
    }
}

// Factors and angles of a length.
template <class T>
class Plan {
public:
    explicit Plan(Index n) : n_(n) {
        Index s = 1;
        for (int R : factors(n)) {
            const Index m = n / s / R;
            Pass pass{R, m, s, Index(numbers_.size()), 0};
            for (Index i = 0; i < m * (R - 1); i++) add(double(i / (R - 1) * (i % (R - 1) + 1)) / double(m * R));
            pass.matrix = Index(numbers_.size());
            for (int i = 0, H = R / 2; R > 7 && i < 2 * H * H; i++) {
                const double angle = 2 * M_PI * ((i / H % H + 1) * (i % H + 1) % R) / R;
                numbers_.push_back(T(i < H * H ? std::cos(angle) : std::sin(angle)));
            }
            passes_.push_back(pass);
            s *= R;
        }
    }

    // Transform `in` to `out`. `a` and `b` have room for n numbers; `in` may be `b`, and `out` may be where `in` is.
    template <class Out>
    void operator()(const Sequence<T>& in, const Out& out, Complex<T>* a, Complex<T>* b) const {
        if (passes_.empty()) return out.put(0, in.get(0));
        Buffer<T> from{b}, to{a};
        first(passes_[0], in, to);
        for (size_t i = 1; i + 1 < passes_.size(); i++) {
            std::swap(from, to);
            middle(passes_[i], from, to);
        }
        if (passes_.size() > 1) return last(passes_.back(), to, out);
        for (Index i = 0; i < n_; i++) out.put(i, to.get(i));
    }

    // Odd factors from large to small, then 2, then 4s: measured to be the fastest order.
    static std::vector<int> factors(Index n) {
        std::vector<int> found;
        int twos = 0;
        for (; n % 2 == 0; n /= 2) twos++;
        for (Index p = 3; n > 1; p += 2)
            for (; n % p == 0; n /= p) found.insert(found.begin(), int(p));
        if (twos % 2) found.push_back(2);
        found.insert(found.end(), size_t(twos / 2), 4);
        return found;
    }

private:
    struct Pass {
        int radix;
        Index m, s, turns, matrix;  // the last two: places in numbers_
    };

    void add(double turn) {
        numbers_.push_back(T(std::cos(2 * M_PI * turn)));
        numbers_.push_back(T(std::sin(2 * M_PI * turn)));
    }

    // Calls `known` with a radix that there is a butterfly for, as a constant, or `other`.
    template <class Known, class Other>
    static void by_radix(int radix, Known known, Other other) {
        switch (radix) {
            case 2: return known(std::integral_constant<int, 2>());
            case 3: return known(std::integral_constant<int, 3>());
            case 4: return known(std::integral_constant<int, 4>());
            case 5: return known(std::integral_constant<int, 5>());
            case 7: return known(std::integral_constant<int, 7>());
            default: other();
        }
    }

    template <class In, class Out>
    void odd(const Pass& pass, const In& in, const Out& out) const {
        odd_pass(pass.radix, in, out, pass.m, pass.s, numbers_.data() + pass.turns, numbers_.data() + pass.matrix);
    }

    void first(const Pass& pass, const Sequence<T>& in, Buffer<T> out) const {
        const T* turns = numbers_.data() + pass.turns;
        by_radix(
            pass.radix, [&](auto R) { first_pass<R()>(in.re, in.im, in.step, out, pass.m, turns); },
            [&] { odd(pass, in, out); });
    }

    void middle(const Pass& pass, Buffer<T> in, Buffer<T> out) const {
        const T* turns = numbers_.data() + pass.turns;
        by_radix(
            pass.radix, [&](auto R) { middle_pass<R()>(in, out, pass.m, pass.s, turns); }, [&] { odd(pass, in, out); });
    }

    void last(const Pass& pass, Buffer<T> in, const Sequence<T>& out) const {
        by_radix(
            pass.radix, [&](auto R) { last_pass<R()>(in, out.re, out.im, out.step, pass.s); },
            [&] { odd(pass, in, out); });
    }

    template <class Out>
    void last(const Pass& pass, Buffer<T> in, const Out& out) const {
        by_radix(pass.radix, [&](auto R) { last_pass<R()>(in, out, pass.s); }, [&] { odd(pass, in, out); });
    }

    Index n_;
    std::vector<Pass> passes_;
    std::vector<T> numbers_;
};

}  // namespace scatter
