// Gradients of a program: from that of the coefficients to that of the signals, depth first as the program itself.
//
// The map of each path is computed again; its gradient, from what is read of it and from the paths that continue it,
// goes back through the modulus and the filter, and is added to that of the spectrum above. So there is a spectrum, its
// gradient and a map for each order, whatever the number of paths.
#pragma once

#include "adjoint.hpp"
#include "program.hpp"

namespace scatter {

template <class T, bool columns>
class Gradient : Worker<T, columns> {
    using Base = Worker<T, columns>;
    using Base::begin, Base::g_, Base::h_, Base::lanes, Base::logarithms, Base::program_, Base::r_, Base::read, Base::rest, Base::s_,
        Base::spectra_, Base::strand, Base::t_, Base::w_;

public:
    explicit Gradient(const Program<T, columns>& program)
        : Base(program), gradients_(size_t(program.depth)), maps_(size_t(program.depth)) {
        Index weights = 0;
        for (auto& level : program.levels)
            for (auto& matrix : level.reading.axes)
                for (auto& band : matrix.bands) weights = std::max(weights, band.count);
        spare_.reserve(weights + 32);
    }

    // Transform signals, and begin with a gradient of zero, of their spectrum.
    void root(const T* x, Index count, Spectrum<T>& spectrum) {
        Base::root(x, count, spectrum, nullptr);
        clear();
    }

    void clear() {
        if (program_.nodes.size() > 1) cleared(0, program_.levels[0]);
    }

    // Add what the paths from node `begin` to node `end` give, `dy` being the gradient of all coefficients.
    void branches(const Spectrum<T>& spectrum, Index begin, Index end, const T* dy) {
        for (Index node = begin; node < end; node = program_.nodes[node].end)
            branch(node, spectrum.re.get(), spectrum.im.get(), 1, spectrum, dy);
    }

    // Add what another has found of the same signals.
    void add(const Gradient& other) {
        if (program_.nodes.size() < 2) return;
        const Index size = program_.levels[0].grid.spectrum_size();
        for (Index i = 0; i < size; i += W<T>)
            for (auto part : {&Spectrum<T>::re, &Spectrum<T>::im}) {
                T* const to = (gradients_[0].*part).get() + i;
                store(to, load(to) + load((other.gradients_[0].*part).get() + i));
            }
    }

    // The gradient of the signals.
    void finish(const T* x, const Spectrum<T>& spectrum, const T* dy, T* dx) {
        const Level<T, columns>& level = program_.levels[0];
        const Index count = spectrum.signals;
        const bool onward = program_.nodes.size() > 1;
        T *u = w_.strand(), *v = program_.complex ? w_.imaginary() : nullptr;
        const Vector<T> shrink = Vector<T>{} + T(1) / spectrum.scale;
        if (v || valued(level, 0)) {
            for (Index s = 0; s < level.grid.strands(); s++) strand(x, count, shrink, s, true);
            rest(level);
        }
        if (v) level.reading.rest(level.grid, r_.get(), s_.get(), h_.get());
        pull_root(level, spectrum, dy);
        if (level.pool != Pool::powers) {
            level.reading.pull_rest(level.grid, g_.get(), t_.get(), s_.get());
            if (v) level.reading.pull_rest(level.grid, h_.get(), r_.get(), s_.get());
        }
        if (onward) level.grid.pull_spectrum(!v, gradients_[0].re.get(), gradients_[0].im.get(), w_);
        std::fill_n(dx, count * program_.size, T(0));
        for (Index s = 0; s < level.grid.strands(); s++) {
            if (level.pool == Pool::powers) {
                strand(x, count, shrink, s, false);
                std::copy_n(u, level.grid.length() * W<T>, powered(level));
            }
            pull_strand(level, s, onward, u, v, spectrum, program_.nodes[0], dy);
            for (T* part : {u, v})
                if (part) level.grid.pull_pad(part, program_.size, count, program_.offsets, s, dx + (part == v));
        }
    }

private:
    void branch(Index index, const T* re, const T* im, Index order, const Spectrum<T>& spectrum, const T* dy) {
        const Node& node = program_.nodes[index];
        const Level<T, columns>& level = program_.levels[node.level];
        const Grid<T, columns>& grid = level.grid;
        const Filter<T, columns>& filter = program_.filters[node.filter];
        const bool onward = node.end > index + 1;
        Numbers<T>& map = onward ? maps_[order] : w_.z;
        map.reserve(grid.map_size());
        Complex<T>* const z = map.complex();
        grid.map(filter, re, im, z, w_);
        if (onward) continued(index, z, order, spectrum, dy);
        if (valued(level, order)) {
            begin(level);
            for (Index s = 0; s < grid.strands(); s++) {
                modulus(grid.place(z, s), grid.length(), w_.strand());
                read(level, s, w_.strand(), t_.get());
            }
            rest(level);
        }
        if (level.pool != Pool::powers) {
            pull_write(level, node, order, spectrum, dy, g_.get());
            level.reading.pull_rest(grid, g_.get(), t_.get(), s_.get());
        }
        for (Index s = 0; s < grid.strands(); s++) {
            Complex<T>* const at = grid.place(z, s);
            T* const u = w_.strand();
            if (level.pool == Pool::powers) modulus(at, grid.length(), powered(level));
            pull_strand(level, s, onward, u, nullptr, spectrum, node, dy);
            for (Index i = 0; i < grid.length(); i++) {  // through |z|: u z / |z|, 0 at 0
                const Vector<T> square = at[i].re * at[i].re + at[i].im * at[i].im;
                const Vector<T> root = square_root<T>(square), factor = load(u + i * W<T>) / root;
                const Vector<T> turn = root == T(0) ? Vector<T>{} : factor;
                at[i] = {at[i].re * turn, at[i].im * turn};
            }
        }
        grid.pull_map(filter, z, gradients_[order - 1].re.get(), gradients_[order - 1].im.get(), w_);
    }

    // The gradient of the spectrum of a map, from the paths that continue it; strands of it are left to be transformed.
    void continued(Index index, Complex<T>* z, Index order, const Spectrum<T>& spectrum, const T* dy) {
        const Node& node = program_.nodes[index];
        const Level<T, columns>& level = program_.levels[node.level];
        const Grid<T, columns>& grid = level.grid;
        for (Index s = 0; s < grid.strands(); s++) {
            modulus(grid.place(z, s), grid.length(), w_.strand());
            grid.transform(s, w_.strand(), nullptr, w_);
        }
        Spectrum<T>& own = spectra_[order];
        own.reserve(grid.spectrum_size());
        grid.spectrum(true, own.re.get(), own.im.get(), w_);
        cleared(order, level);
        for (Index child = index + 1; child < node.end; child = program_.nodes[child].end)
            branch(child, own.re.get(), own.im.get(), order + 1, spectrum, dy);
        grid.pull_spectrum(true, gradients_[order].re.get(), gradients_[order].im.get(), w_);
    }

    void cleared(Index order, const Level<T, columns>& level) {
        Spectrum<T>& gradient = gradients_[size_t(order)];
        gradient.reserve(level.grid.spectrum_size());
        for (T* part : {gradient.re.get(), gradient.im.get()}) std::fill_n(part, level.grid.spectrum_size(), T(0));
    }

    static void modulus(const Complex<T>* z, Index n, T* u) {
        for (Index i = 0; i < n; i++) Modulus<T>{u}.put(i, z[i]);
    }

    // Whether the gradient of what is read of a map depends on it.
    bool valued(const Level<T, columns>& level, Index order) const {
        return level.pool == Pool::moments || (level.pool != Pool::powers && program_.floor >= 0 && order > 0);
    }

    // The gradient of a strand of a map, from what continues the map, and from what is read of it, at t and r.
    void pull_strand(const Level<T, columns>& level, Index s, bool onward, T* u, T* v, const Spectrum<T>& spectrum,
                     const Node& node, const T* dy) {
        const Index n = level.grid.length();
        if (onward) level.grid.pull_transform(s, u, v, w_);
        else
            for (T* part : {u, v})
                if (part) std::fill_n(part, n * W<T>, T(0));
        if (level.pool == Pool::powers) {
            for (size_t k = 0; k < level.powers.exponents.size(); k++) {
                Vector<T> factor = {};
                for (Index l = 0; l < W<T>; l++)
                    if (columns || l < spectrum.signals)
                        factor[l] = dy[(columns ? 0 : l) * program_.coefficients + node.out + Index(k)];
                pull_power<T>(powered(level), n, level.powers.exponents[k], factor, spectrum.scale, u);
            }
            return;
        }
        level.reading.pull_strand(level.grid, s, t_.get(), u, spare_.get());
        if (v) level.reading.pull_strand(level.grid, s, r_.get(), v, spare_.get());
    }

    // The strand whose powers are summed.
    T* powered(const Level<T, columns>& level) {
        powered_.reserve(level.grid.length() * W<T>);
        return powered_.get();
    }

    // From the gradient of the coefficients of a path to that of what is read of its map, at `g`, where that was.
    void pull_write(const Level<T, columns>& level, const Node& node, Index order, const Spectrum<T>& spectrum, const T* dy,
                    T* g) {
        const Index count = level.reading.size(level.grid.folded());
        const bool logarithm = program_.floor >= 0 && order > 0, moments = level.pool == Pool::moments;
        for (Index i = 0; (logarithm || moments) && i < count * lanes; i += W<T>)
            store(g + i, load(g + i) * spectrum.scale);
        if (logarithm) {
            value_.reserve(count * lanes);
            std::copy_n(g, count * lanes, value_.get());
        }
        if (level.pool == Pool::none) {
            taken(dy + node.out, count, spectrum.signals, g);
        } else {
            if (logarithm && moments) logarithms(g, count);
            T of[4 * W<T> + W<T> * W<T>];
            taken(dy + node.out, moments ? 4 : 1, spectrum.signals, of);
            pull_statistics<std::conditional_t<columns, T, Vector<T>>>(g, count, moments,
                                                                        logarithm ? nullptr : spectrum.noise, of);
        }
        for (Index i = 0; logarithm && i < count * lanes; i++) {  // constant below zero
            const T value = value_.get()[i];
            g[i] = value < 0 ? T(0) : g[i] / (value + program_.floor);
        }
    }

    // The same for the signals themselves; of complex ones, the modulus is kept of what is read of both parts, at g and h.
    void pull_root(const Level<T, columns>& level, const Spectrum<T>& spectrum, const T* dy) {
        if (level.pool == Pool::powers) return;
        if (!program_.complex) return pull_write(level, program_.nodes[0], 0, spectrum, dy, g_.get());
        const Index size = level.reading.size(level.grid.folded()) * lanes;
        T *const g = g_.get(), *const h = h_.get();
        modulus_.reserve(size + W<T> * W<T>);
        T* const m = modulus_.get();
        for (Index i = 0; i < size; i++) m[i] = std::hypot(g[i], h[i]);
        parts_.reserve(size);
        std::copy_n(m, size, parts_.get());
        pull_write(level, program_.nodes[0], 0, spectrum, dy, m);
        for (Index i = 0; i < size; i++) {
            const T factor = parts_.get()[i] > 0 ? m[i] / parts_.get()[i] : T(0);
            g[i] *= factor, h[i] *= factor;
        }
    }

    // `count` numbers of each signal from `from` on, as elements.
    void taken(const T* from, Index count, Index signals, T* to) const {
        if (columns) {
            std::copy_n(from, count, to);
            return;
        }
        for (Index i = 0; i < count; i += W<T>) {
            Vector<T> rows[W<T>] = {};
            for (Index l = 0; l < signals; l++) {
                const T* row = from + l * program_.coefficients + i;
                if (i + W<T> <= count) rows[l] = load(row);
                else std::memcpy(&rows[l], row, sizeof(T) * size_t(count - i));
            }
            transpose<T>(rows);
            for (Index r = 0; r < W<T>; r++) store(to + (i + r) * W<T>, rows[r]);
        }
    }

    std::vector<Spectrum<T>> gradients_;         // of the spectra of the paths above, by order
    std::vector<Numbers<T>> maps_;               // of those that are continued
    Numbers<T> spare_, powered_, value_, modulus_, parts_;  // see above
};

}  // namespace scatter
