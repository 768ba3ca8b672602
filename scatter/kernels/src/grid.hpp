// Spectra and maps on one grid: from a spectrum, through a filter, to the modulus of a map, and back to its spectrum.
//
// Lanes hold one of two things. *Signals*: an element of W signals stands in one vector. For small grids, whose W
// copies fit into the cache. *Columns*: lanes are neighbours in one signal, along the last axis while the others are
// transformed and, through a transposition, along the last but one while the last is. For large grids.
//
// The last axis is the last one on the way to a map, which is made and read strand by strand: a strand is W sequences
// along it, those of a row of W signals or of W rows, in consecutive vectors. The spectrum of a real signal is kept for
// half of the frequencies along the last axis; filters find the others in it. Strides are in numbers.
//
// A line of columns is folded into a x b first: n = a b, k = ka b + kb, t = tb a + ta, and
//   exp(2 pi i k t / n) = exp(2 pi i ka ta / a) exp(2 pi i kb ta / n) exp(2 pi i kb tb / b),
// a transform along each axis and a turn in between (Bailey, "FFTs in external or hierarchical memory", Journal of
// Supercomputing 4, 1990). The rows of its strands follow each other in the order of time.
#pragma once

#include "filter.hpp"

namespace scatter {

// What a thread needs beside the spectra: no more for many paths or signals than for one.
template <class T>
struct Workspace {
    Numbers<T> z, h, a, b, c;  // half-way from a spectrum to a map, and back; for one sequence, or a group of them
    Numbers<T> u, v;           // a strand, and its imaginary part, with room to continue them on both sides
    Numbers<T> q;              // squares of the fields of a volume
    Index margin = 0;          // numbers in front of a strand

    T* strand() { return u.get() + margin; }
    T* imaginary() { return v.get() + margin; }
};

// Of the sample that stands at each place of each axis of a padded grid, -1 where none does.
using Offsets = std::vector<std::vector<Index>>;

template <class T, bool columns>
class Grid {
public:
    // Zeros before and behind each part of a spectrum, which filters may read beside what they need.
    static constexpr Index margin = 4 * W<T>;

    // `fold` is a above, 0 for a grid that is not folded. Filters make `group` vectors of each row at a time.
    Grid(std::vector<Index> shape, Index fold, Index group)
        : folded_(fold > 0),
          group_(group),
          shape_(fold ? std::vector<Index>{fold, shape[0] / fold} : std::move(shape)) {
        for (Index n : shape_) plans_.emplace_back(n), points_ *= n;
        const size_t rank = shape_.size();
        last_ = shape_.back();
        rows_ = rank > 1 ? shape_[rank - 2] : 1, planes_ = points_ / last_ / rows_;
        across_ = columns ? vectors<T>(last_) : last_, blocks_ = columns ? vectors<T>(rows_) : rows_;
        // An odd number of cache lines, so that a column does not meet itself in the cache.
        pitch_ = across_ | 1, plane_ = plane(pitch_);
        h_pitch_ = columns ? blocks_ | 1 : pitch_, h_plane_ = columns ? across_ * W<T> * h_pitch_ | 1 : plane_;
        if (last_ % 2 == 0) half_.emplace_back(last_ / 2);
        for (Index k = 0; k <= last_ / 2; k++) {
            const double angle = 2 * M_PI * double(k) / double(last_);
            split_.push_back(T(0.5 * std::cos(angle))), split_.push_back(T(0.5 * std::sin(angle)));
        }
        if (!folded_) return;
        turn_re_.reserve(blocks_ * W<T> * last_ + W<T>), turn_im_.reserve(blocks_ * W<T> * last_ + W<T>);
        for (Index i = 0; i < points_; i++) {
            const double angle = 2 * M_PI * double(i / last_ * (i % last_)) / double(points_);
            turn_re_.get()[i] = T(std::cos(angle)), turn_im_.get()[i] = T(std::sin(angle));
        }
    }

    const std::vector<Index>& shape() const { return shape_; }
    bool folded() const { return folded_; }

    // Numbers in each part of a spectrum. Rows of columns end with a vector of zeros.
    Index spectrum_size() const { return planes_ * spectrum_plane(pitch(false)) + 2 * margin; }

    // Strands of a plane and in all, the rows of a plane that are in them, planes, and the length of a strand.
    Index blocks() const { return blocks_; }
    Index strands() const { return planes_ * blocks_; }
    Index planes() const { return planes_; }
    Index rows() const { return rows_; }
    Index length() const { return last_; }

    void reserve(Workspace<T>& w) const {
        const Index most = W<T> * (W<T> + *std::max_element(shape_.begin(), shape_.end()));
        const Index grouped = shape_.size() > 1 ? W<T> * shape_[0] * group_ : 0;
        w.z.reserve(map_size()), w.h.reserve(2 * planes_ * h_plane_ * W<T>);
        w.a.reserve(2 * most), w.b.reserve(2 * most), w.c.reserve(2 * std::max(most, grouped));
        w.margin = std::max(w.margin, most);
        w.u.reserve(3 * w.margin), w.v.reserve(3 * w.margin);
    }

    // Strands of |inverse transform of the spectrum filtered|, each handed to `each(strand, u)`.
    template <class Each>
    void modulus(const Filter<T, columns>& filter, const T* re, const T* im, Workspace<T>& w, Each each) const {
        Complex<T>*z = w.z.complex(), *a = w.a.complex();
        filtered(filter, re, im, z, w);
        for (Index s = 0; s < strands(); s++) {
            Complex<T>* const from = rows_of(z, s, w);
            plans_.back()(along(from, 1), Modulus<T>{w.strand()}, a, from);
            each(s, w.strand());
        }
    }

    // The inverse transform of the spectrum filtered, at z: strands of complex numbers, each at its place.
    void map(const Filter<T, columns>& filter, const T* re, const T* im, Complex<T>* z, Workspace<T>& w) const {
        filtered(filter, re, im, z, w);
        for (Index s = 0; s < strands(); s++)
            plans_.back()(along(rows_of(z, s, w), 1), along(place(z, s), 1), w.a.complex(), w.b.complex());
    }

    // Where a strand of a map is in z, and room for a map.
    Complex<T>* place(Complex<T>* z, Index s) const {
        return z + s / blocks_ * plane_ + s % blocks_ * (columns ? W<T> : 1) * pitch_;
    }
    Index map_size() const { return 2 * std::max(planes_ * plane_, group_) * W<T>; }

    // Strands of the root of the sum of the squares of real fields of a volume, each handed to `each(strand, u)`.
    //
    // A field is transformed along the first two axes on the half of the frequencies along the last one. There the
    // strands of two fields, or two strands of the last field, are the parts of one complex sequence.
    template <class Each>
    void norm(const Field<T>* fields, Index count, const T* re, const T* im, Workspace<T>& w, Each each) const {
        const Index strand = last_ * W<T>, across = vectors<T>(fields->kept), half = planes_ * plane(across | 1);
        w.q.reserve((strands() + 1) * strand);  // the last strand may be alone
        w.h.reserve(2 * half * W<T>), w.c.reserve(2 * W<T> * planes_ * across);
        T* const q = w.q.get();
        for (Index f = 0; f < count; f += 2) {
            const bool two = f + 1 < count;
            filter_planes(fields + f, two ? 2 : 1, re, im, w);
            for (Index s = 0; s < strands(); s += two ? 1 : 2) {
                Complex<T>*a = w.a.complex(), *b = w.b.complex(), *c = w.c.complex();
                half_rows(w.z.complex(), s, fields->kept, a, w);
                if (two) half_rows(w.h.complex(), s, fields->kept, b, w);
                else if (s + 1 < strands()) half_rows(w.z.complex(), s + 1, fields->kept, b, w);
                together(a, fields[f].turned, b, fields[two ? f + 1 : f].turned, fields->kept, c);
                T *const u = q + s * strand, *const v = two ? nullptr : u + strand;
                if (f == 0) plans_.back()(along(c, 1), Squares<T, false>{u, v}, a, b);
                else plans_.back()(along(c, 1), Squares<T, true>{u, v}, a, b);
            }
        }
        for (Index s = 0; s < strands(); s++) {
            T* const u = w.strand();
            for (Index i = 0; i < strand; i += W<T>) store(u + i, square_root<T>(load(q + s * strand + i)));
            each(s, u);
        }
    }

    // Spectrum of a strand u + i v, or u if v is null, along its axis.
    void transform(Index s, T* u, T* v, Workspace<T>& w) const {
        Complex<T>*to = w.h.complex() + s / blocks_ * h_plane_, *c = w.c.complex();
        const Sequence<T> out = columns ? along(to + s % blocks_, h_pitch_) : along(to + s % blocks_ * h_pitch_, 1);
        const Sequence<T> buffer = along(c, 1);
        const Index n = last_, h = n / 2;
        if (v) return forward(plans_.back(), {u, v, W<T>}, out, w);
        if (n % 2) {
            for (Index i = 0; i < n; i++) c[i] = {load(u + i * W<T>), Vector<T>{}};
            forward(plans_.back(), buffer, buffer, w);
            for (Index k = 0; k <= h; k++) out.put(k, c[k]);
            return;
        }
        // Even and odd samples are the parts of one complex sequence: x^[k] = E[k] + exp(-2 pi i k / n) O[k].
        forward(half_[0], {u, u + W<T>, 2 * W<T>}, buffer, w);
        for (Index k = 0; 2 * k <= h; k++) {
            const Complex<T> p = c[k], q = c[k == 0 ? 0 : h - k];
            const Complex<T> odd = Complex<T>{p.im + q.im, q.re - p.re}.rotated(split_[2 * k], -split_[2 * k + 1]);
            const Complex<T> even{T(0.5) * (p.re + q.re), T(0.5) * (p.im - q.im)};
            out.put(k, even + odd), out.put(h - k, {even.re - odd.re, odd.im - even.im});
        }
    }

    // Spectrum of the map whose strands have been transformed, without a factor.
    void spectrum(bool real, T* re, T* im, Workspace<T>& w) const {
        Complex<T>*h = w.h.complex(), *c = w.c.complex();
        const Index kept = real ? last_ / 2 + 1 : last_, rank = Index(shape_.size()), row = pitch(real);
        const Index plane = spectrum_plane(row);
        const Index filled = columns ? vectors<T>(kept) * W<T> : kept * W<T>;
        for (T** part : {&re, &im}) {
            clear(*part, margin);
            *part += margin;
            clear(*part + planes_ * plane, margin);
            for (Index o = 0; o < planes_ * rows_; o++)
                clear(*part + o / rows_ * plane + o % rows_ * row + filled, row - filled);
            for (Index p = 0; p < planes_; p++) clear(*part + p * plane + rows_ * row, plane - rows_ * row);
        }
        for (Index p = 0; p < planes_; p++, h += h_plane_) {
            if (columns) std::fill_n(h + kept * h_pitch_, (filled - kept) * h_pitch_, Complex<T>{});
            for (Index k = 0; k < (columns ? filled / W<T> : kept); k++) {
                const Sequence<T> out{re + p * plane + k * W<T>, im + p * plane + k * W<T>, row};
                if constexpr (columns) gather<false>(h + k * W<T> * h_pitch_, h_pitch_, c, rows_, 0);
                for (Index i = 0; folded_ && i < rows_; i++) c[i] = turned(c[i], i * last_ + k * W<T>, T(-1));
                if (rank == 1) out.put(0, h[k]);
                else forward(plans_[rank - 2], columns ? along(c, 1) : along(h + k, h_pitch_), out, w);
            }
        }
        for (Index i = 0; rank == 3 && i < rows_ * filled; i += W<T>) {
            const Index at = i / filled * row + i % filled;
            const Sequence<T> column{re + at, im + at, plane};
            forward(plans_[0], column, column, w);
        }
        if (folded_) unfold(re, im, kept);
    }

    // A strand of `count` signals of `size` numbers, of which the sample at each place of an axis stands at an offset.
    void pad(const T* x, Index size, Index count, const Offsets& offsets, Index s, T* u) const {
        std::fill_n(u, last_ * W<T>, T(0));
        each_sample(size, count, offsets, s, [&](Index at, Index place) { u[at] = x[place]; });
    }

    // ---- The way back: gradients, by the transpose of each step above. In adjoint.hpp.

    // Add the gradient of the map at z, which is lost, to that of the spectrum that was filtered.
    void pull_map(const Filter<T, columns>& filter, Complex<T>* z, T* re, T* im, Workspace<T>& w) const;

    // From the gradient of a spectrum, which is lost, to those of transforms of strands; of one of those to u + i v, or u.
    void pull_spectrum(bool real, T* re, T* im, Workspace<T>& w) const;
    void pull_transform(Index s, T* u, T* v, Workspace<T>& w) const;

    // Add the gradient of a strand to that of the signals.
    void pull_pad(const T* u, Index size, Index count, const Offsets& offsets, Index s, T* x) const {
        each_sample(size, count, offsets, s, [&](Index at, Index place) { x[place] += u[at]; });
    }

private:
    // Calls with (number of a strand, number of the signals that stands there).
    template <class Each>
    void each_sample(Index size, Index count, const Offsets& offsets, Index s, Each each) const {
        const auto& along = offsets.back();
        const Index row = s % blocks_ * (columns ? W<T> : 1), lanes = columns ? std::min(W<T>, rows_ - row) : count;
        Index base[W<T>] = {};
        for (Index l = 0; !folded_ && l < lanes; l++) {
            base[l] = columns ? 0 : l * size;
            Index rest = s / blocks_ * rows_ + row + (columns ? l : 0);
            for (Index axis = Index(offsets.size()) - 2; axis >= 0; rest /= shape_[axis], axis--) {
                const Index offset = offsets[axis][rest % shape_[axis]];
                base[l] = base[l] < 0 || offset < 0 ? -1 : base[l] + offset;
            }
        }
        for (Index k = 0; k < last_; k++)
            for (Index l = 0; l < lanes; l++) {
                const Index offset = along[folded_ ? k * rows_ + row + l : k];
                if (base[l] >= 0 && offset >= 0) each(k * W<T> + l, base[l] + offset);
            }
    }

    // The spectrum filtered, transformed along all axes but the last one.
    void filtered(const Filter<T, columns>& filter, const T* re, const T* im, Complex<T>* z, Workspace<T>& w) const {
        Complex<T>*a = w.a.complex(), *b = w.b.complex(), *c = w.c.complex();
        const Index rank = Index(shape_.size()), tiles = deep() * group_ / filter.tile;
        for (Index g = 0; g < lines() * groups(); g++) {
            filter.apply(g * tiles, (g + 1) * tiles, re + margin, im + margin, rank == 1 ? z + g * group_ : c);
            Complex<T>* to = z + g / groups() * pitch_ + g % groups() * group_;
            for (Index k = 0; rank > 1 && k < in_group(g); k++)
                plans_[0](along(c + k, group_), along(to + k, rank == 3 ? plane_ : pitch_), a, b);
        }
        for (Index p = 0; rank == 3 && p < planes_; p++)
            for (Index k = 0; k < across_; k++)
                plans_[1](along(z + p * plane_ + k, pitch_), along(z + p * plane_ + k, pitch_), a, b);
    }

    // Groups of columns that filters make: in each of so many lines, the rows in one, and how many columns one has.
    Index groups() const { return (across_ + group_ - 1) / group_; }
    Index lines() const { return shape_.size() == 3 ? rows_ : 1; }
    Index deep() const { return shape_.size() == 1 ? 1 : shape_[0]; }
    Index in_group(Index g) const { return std::min(group_, across_ - g % groups() * group_); }

    // The spectrum of a strand: its rows, transposed where they are columns.
    Complex<T>* rows_of(Complex<T>* z, Index s, Workspace<T>& w) const {
        Complex<T>*from = place(z, s), *c = w.c.complex();
        if constexpr (columns) {
            if (folded_) gather<true>(from, pitch_, c, last_, s % blocks_ * W<T>);
            else gather<false>(from, pitch_, c, last_, 0);
            return c;
        }
        return from;
    }

    static Sequence<T> along(Complex<T>* z, Index step) {
        return {reinterpret_cast<T*>(z), reinterpret_cast<T*>(z) + W<T>, 2 * W<T> * step};
    }

    static void forward(const Plan<T>& plan, Sequence<T> in, Sequence<T> out, Workspace<T>& w) {
        plan(in.exchanged(), out.exchanged(), w.a.complex(), w.b.complex());
    }

    // A field, or two, filtered and transformed along the first axis, at z and h.
    void filter_planes(const Field<T>* fields, Index count, const T* re, const T* im, Workspace<T>& w) const {
        Complex<T>*a = w.a.complex(), *b = w.b.complex(), *c = w.c.complex();
        const Index across = vectors<T>(fields->kept), pitch = across | 1, plane = this->plane(pitch);
        const Index row = this->pitch(true), step = spectrum_plane(row);
        for (Index r = 0; r < rows_; r++)
            for (Index f = 0; f < count; f++) {
                Complex<T>* to = (f ? w.h : w.z).complex() + r * pitch;
                fields[f].apply(r, planes_, step, re + margin + r * row, im + margin + r * row, c);
                const Index filled = vectors<T>(fields[f].reach[size_t(r)]);
                for (Index k = 0; k < filled; k++) plans_[0](along(c + k, across), along(to + k, plane), a, b);
                for (Index p = 0; p < planes_; p++) std::fill(to + p * plane + filled, to + p * plane + across, Complex<T>{});
            }
    }

    // The rows of a strand of such a field, after the transform of its plane along the second axis if they are its
    // first ones.
    void half_rows(Complex<T>* z, Index s, Index kept, Complex<T>* to, Workspace<T>& w) const {
        const Index across = vectors<T>(kept), pitch = across | 1;
        Complex<T>*b = w.b.complex(), *c = w.c.complex(), *from = z + s / blocks_ * plane(pitch);
        for (Index k = 0; k < (s % blocks_ == 0 ? across : 0); k++)
            plans_[1](along(from + k, pitch), along(from + k, pitch), c, b);
        // A share of the next plane, which columns are too far apart for the processor to guess.
        const char* next = reinterpret_cast<const char*>(from + plane(pitch) + s % blocks_ * W<T> * pitch);
        for (Index i = 0; s / blocks_ + 1 < planes_ && i < W<T> * pitch * Index(sizeof(Complex<T>)); i += 64)
            __builtin_prefetch(next + i, 1, 2);
        gather<false>(from + s % blocks_ * W<T> * pitch, pitch, to, kept, 0);
    }

    // From the first frequencies of two real sequences, p and q, or i p and i q if they are turned, the spectrum of the
    // first and i times the second.
    void together(const Complex<T>* p, bool turn_p, const Complex<T>* q, bool turn_q, Index kept, Complex<T>* c) const {
        for (Index k = kept; k < last_ - kept + 1; k++) c[k] = Complex<T>{};
        for (Index k = 0; k < kept; k++) {
            const Complex<T> a = turn_p ? p[k].turned() : p[k], b = turn_q ? q[k].turned() : q[k];
            if (k > 0 && 2 * k < last_) {
                c[k] = {a.re - b.im, a.im + b.re}, c[last_ - k] = {a.re + b.im, b.re - a.im};
            } else {
                c[k] = {a.re, b.re};  // what is imaginary there is rounding
            }
        }
    }

    static void clear(T* numbers, Index count) { std::memset(numbers, 0, sizeof(T) * size_t(count)); }

    // Vectors in a plane of rows.
    Index plane(Index pitch) const { return blocks_ * (columns ? W<T> : 1) * pitch | 1; }

    // Numbers in a plane of a spectrum, and in a row.
    Index spectrum_plane(Index pitch) const {
        const Index size = rows_ * pitch;
        return planes_ > 1 && size / W<T> % 2 == 0 ? size + W<T> : size;
    }
    Index pitch(bool real) const {
        const Index kept = real ? last_ / 2 + 1 : last_;
        if (folded_) return across_ * W<T>;
        return columns ? (vectors<T>(kept) + 1) * W<T> : kept * W<T>;
    }

    Complex<T> turned(Complex<T> z, Index place, T sign) const {
        return z.rotated(load(turn_re_.get() + place), sign * load(turn_im_.get() + place));
    }

    // W rows of z, transposed: c[k] has element k of each row. To turn: row `at` + l by kb ta / n.
    template <bool turn>
    void gather(const Complex<T>* z, Index pitch, Complex<T>* c, Index n, Index at) const {
        for (Index k = 0; k < vectors<T>(n); k++) {
            Vector<T> re[W<T>], im[W<T>];
            for (Index l = 0; l < W<T>; l++) {
                Complex<T> value = z[l * pitch + k];
                if constexpr (turn) value = turned(value, (at + l) * last_ + k * W<T>, T(1));
                re[l] = value.re, im[l] = value.im;
            }
            transpose<T>(re), transpose<T>(im);
            for (Index l = 0; l < W<T>; l++) c[k * W<T> + l] = {re[l], im[l]};
        }
    }

    // The transpose: c[k], k < n, to element k of each of W rows, which end with whole vectors, turned the other way.
    template <bool turn>
    void spread(const Complex<T>* c, Index n, Complex<T>* z, Index pitch, Index at) const {
        for (Index k = 0; k < vectors<T>(n); k++) {
            Vector<T> re[W<T>], im[W<T>];
            for (Index l = 0; l < W<T>; l++) {
                const bool inside = k * W<T> + l < n;
                re[l] = inside ? c[k * W<T> + l].re : Vector<T>{}, im[l] = inside ? c[k * W<T> + l].im : Vector<T>{};
            }
            transpose<T>(re), transpose<T>(im);
            for (Index l = 0; l < W<T>; l++) {
                Complex<T> value{re[l], im[l]};
                if constexpr (turn) value = turned(value, (at + l) * last_ + k * W<T>, T(-1));
                z[l * pitch + k] = value;
            }
        }
    }

    // Rows of a folded line without gaps, and the frequencies that were left out: x^[n - k] is the conjugate of x^[k].
    void unfold(T* re, T* im, Index kept) const {
        const Index n = points_, row = across_ * W<T>;
        for (Index i = 1; row > last_ && i < rows_; i++)
            for (T* part : {re, im}) std::memmove(part + i * last_, part + i * row, sizeof(T) * size_t(last_));
        for (Index i = 0; i < n; i += last_)
            for (Index k = i + kept; k < i + last_; k++) re[k] = re[n - k], im[k] = -im[n - k];
        clear(re + n, margin), clear(im + n, margin);
    }

    // The transpose: a gradient of those is one of their conjugates.
    void fold(T* re, T* im, Index kept) const;

    bool folded_;
    Index group_, points_ = 1, last_, rows_, planes_, across_, blocks_, pitch_, plane_, h_pitch_, h_plane_;
    std::vector<Index> shape_;
    std::vector<Plan<T>> plans_, half_;  // of each axis; of half the last axis
    std::vector<T> split_;
    Numbers<T> turn_re_, turn_im_;
};

}  // namespace scatter
