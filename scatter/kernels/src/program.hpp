// A program: the grids, filters, readings and the tree of paths of one transform, and its execution, depth first.
#pragma once

#include "readout.hpp"

namespace scatter {

// A path: its modulus is filtered out of the spectrum of its parent, by one filter, or by those of `fields` real fields
// from `filter` on. Paths stand depth first; those that continue this one are the next ones up to `end`.
struct Node {
    Index filter, level, out, end, fields;
};

enum class Pool { none, mean, moments, powers };

template <class T, bool columns>
struct Level {
    Grid<T, columns> grid;
    Pool pool;
    Reading<T, columns> reading;
    Powers<T> powers;
};

template <class T, bool columns>
struct Program {
    Program(const Program&) = delete;

    bool complex;
    Index size;                               // numbers in a signal
    Offsets offsets;
    Index depth;  // spectra that are needed at once
    T floor;      // under the logarithm; negative: no logarithm
    Index coefficients;
    std::vector<Level<T, columns>> levels;  // the first is that of the signals
    std::vector<Filter<T, columns>> filters;
    std::vector<Field<T>> fields;
    std::vector<Node> nodes;  // the first is the signal itself
};

// Spectrum of one block of signals, which several threads may read.
template <class T>
struct Spectrum {
    Numbers<T> re, im;
    Vector<T> scale;      // what the coefficients are multiplied by
    double noise[W<T>];  // mean square up to which maps of each signal count as zero
    Index signals = 0;

    void reserve(Index size) { re.reserve(size), im.reserve(size); }
};

// A thread's own memory, and what it does with it.
template <class T, bool columns>
class Worker {
public:
    static constexpr Index lanes = columns ? 1 : W<T>;  // signals at once

    explicit Worker(const Program<T, columns>& program) : program_(program), spectra_(size_t(program.depth)) {
        Index most = 4 * lanes, room = 0;
        for (auto& level : program.levels) {
            level.grid.reserve(w_);
            sums_.reserve(Index(level.powers.exponents.size()) * W<T>);
            if (level.pool == Pool::powers) continue;
            most = std::max(most, level.reading.size(level.grid.folded()) * lanes);
            room = std::max(room, level.reading.room(level.grid));
        }
        g_.reserve(most + W<T> * W<T>), t_.reserve(room), s_.reserve(room);
        if (program.complex) h_.reserve(most + W<T> * W<T>), r_.reserve(room);
    }

    // Pad and transform `count` signals, and write their coefficients of order 0 if `out` is not null.
    void root(const T* x, Index count, Spectrum<T>& spectrum, T* out) {
        const Level<T, columns>& level = program_.levels[0];
        const bool onward = program_.nodes.size() > 1;
        T *u = w_.strand(), *v = program_.complex ? w_.imaginary() : nullptr;
        spectrum.signals = count;
        const Vector<T> shrink = scales(x, count, spectrum.scale);
        if (level.pool == Pool::moments) noise(x, count, spectrum.noise);
        begin(level);
        for (Index s = 0; s < level.grid.strands(); s++) {
            strand(x, count, shrink, s, out);
            if (onward) level.grid.transform(s, u, v, w_);
        }
        if (out) {
            rest(level);
            if (v) {
                level.reading.rest(level.grid, r_.get(), s_.get(), h_.get());
                const Index size = level.reading.size(level.grid.folded()) * lanes;
                for (Index i = 0; i < size; i++) g_.get()[i] = std::hypot(g_.get()[i], h_.get()[i]);
            }
            write(level, program_.nodes[0], 0, spectrum, out);
        }
        if (!onward) return;
        spectrum.reserve(level.grid.spectrum_size());
        level.grid.spectrum(!v, spectrum.re.get(), spectrum.im.get(), w_);
    }

    // The paths from node `begin` to node `end`, whole branches of the tree, of a transformed block.
    void branches(const Spectrum<T>& spectrum, Index begin, Index end, T* out) {
        for (Index node = begin; node < end; node = program_.nodes[node].end)
            branch(node, spectrum.re.get(), spectrum.im.get(), 1, spectrum, out);
    }

protected:
    // A strand of signals, and of their imaginary parts, and what is read of it.
    void strand(const T* x, Index count, Vector<T> shrink, Index s, bool read_it) {
        const Level<T, columns>& level = program_.levels[0];
        T *u = w_.strand(), *v = program_.complex ? w_.imaginary() : nullptr;
        for (T* part : {u, v}) {
            if (!part) continue;
            level.grid.pad(x + (part == v), program_.size, count, program_.offsets, s, part);
            for (Index i = 0; i < level.grid.length() * W<T>; i += W<T>) store(part + i, load(part + i) * shrink);
            if (read_it) read(level, s, part, part == v ? r_.get() : t_.get());
        }
    }

    void branch(Index index, const T* re, const T* im, Index order, const Spectrum<T>& spectrum, T* out) {
        const Node& node = program_.nodes[index];
        const Level<T, columns>& level = program_.levels[node.level];
        const bool onward = node.end > index + 1;
        const auto each = [&](Index s, T* u) {
            read(level, s, u, t_.get());
            if (onward) level.grid.transform(s, u, nullptr, w_);
        };
        begin(level);
        if constexpr (columns) {
            if (node.fields) level.grid.norm(&program_.fields[node.filter], node.fields, re, im, w_, each);
        }
        if (!node.fields) level.grid.modulus(program_.filters[node.filter], re, im, w_, each);
        rest(level);
        write(level, node, order, spectrum, out);
        if (!onward) return;
        Spectrum<T>& own = spectra_[order];
        own.reserve(level.grid.spectrum_size());
        level.grid.spectrum(true, own.re.get(), own.im.get(), w_);
        for (Index child = index + 1; child < node.end; child = program_.nodes[child].end)
            branch(child, own.re.get(), own.im.get(), order + 1, spectrum, out);
    }

    // What is read of a map: from its strands, one after the other, and then of all of them.
    void begin(const Level<T, columns>& level) {
        std::fill_n(sums_.get(), level.powers.exponents.size() * size_t(W<T>), 0.);
    }

    void read(const Level<T, columns>& level, Index s, T* u, T* to) {
        const Grid<T, columns>& grid = level.grid;
        if (level.pool != Pool::powers) return level.reading.strand(grid, s, u, to);
        const Index rows = columns ? std::min(W<T>, grid.rows() - s % grid.blocks() * W<T>) : W<T>;
        level.powers.add(u, grid.length(), rows, sums_.get());
    }

    void rest(const Level<T, columns>& level) {
        if (level.pool != Pool::powers) level.reading.rest(level.grid, t_.get(), s_.get(), g_.get());
    }

    // A power of two by which each signal is multiplied, so that no square over- or underflows.
    Vector<T> scales(const T* x, Index count, Vector<T>& back) const {
        const Index size = program_.size;
        Vector<T> shrink = {};
        for (Index l = 0; l < W<T>; l++) {
            if (l > 0 && (columns || l >= count)) {
                shrink[l] = shrink[0], back[l] = back[0];
                continue;
            }
            const T* signal = x + l * size;
            T peak = 0;
            for (Index i = 0; i < size; i++) peak = std::max(peak, std::abs(signal[i]));
            int exponent = 0;
            if (peak > 0 && peak <= std::numeric_limits<T>::max()) std::frexp(peak, &exponent);
            const int most = std::numeric_limits<T>::max_exponent - 2;
            exponent = std::clamp(exponent, -most, most);
            shrink[l] = std::ldexp(T(1), -exponent), back[l] = std::ldexp(T(1), exponent);
        }
        return shrink;
    }

    // Mean square, for each signal, that errors of filtering give to a map which should be zero; moments.py.
    void noise(const T* x, Index count, double* found) const {
        const double relative = ROUNDING * double(std::numeric_limits<T>::epsilon());
        const Index size = program_.size, points = program_.complex ? size / 2 : size;
        for (Index l = 0; l < W<T>; l++) {
            if (l > 0 && (columns || l >= count)) {
                found[l] = found[0];
                continue;
            }
            const T* signal = x + l * size;
            auto square = [&](Index i) { return double(signal[i]) * double(signal[i]); };
            found[l] = relative * relative * sum_by_halves<double>(0, size, square) / double(points);
        }
    }

    // Scale, take logarithms and statistics of what was read, and write it to its place.
    void write(const Level<T, columns>& level, const Node& node, Index order, const Spectrum<T>& spectrum, T* out) {
        if (level.pool == Pool::powers) return write_sums(level.powers.exponents, node, spectrum, out);
        T* g = g_.get();
        Index count = level.reading.size(level.grid.folded());
        for (Index i = 0; i < count * lanes; i += W<T>) store(g + i, load(g + i) * spectrum.scale);
        const bool logarithm = program_.floor >= 0 && order > 0;
        if (logarithm) logarithms(g, count);
        if (level.pool != Pool::none)
            count = statistics<std::conditional_t<columns, T, Vector<T>>>(g, count, level.pool == Pool::moments,
                                                                          logarithm ? nullptr : spectrum.noise);
        out += node.out;
        if (columns) {
            std::copy_n(g, count, out);
            return;
        }
        for (Index i = 0; i < count; i += W<T>) {
            Vector<T> rows[W<T>];
            for (Index r = 0; r < W<T>; r++) rows[r] = load(g + (i + r) * W<T>);
            transpose<T>(rows);
            for (Index l = 0; l < spectrum.signals; l++) {
                T* to = out + l * program_.coefficients + i;
                if (i + W<T> <= count) store(to, rows[l]);
                else std::memcpy(to, &rows[l], sizeof(T) * size_t(count - i));
            }
        }
    }

    void logarithms(T* g, Index count) const {
        for (Index i = 0; i < count * lanes; i++) g[i] = std::log((g[i] < 0 ? T(0) : g[i]) + program_.floor);
    }

    void write_sums(const std::vector<double>& exponents, const Node& node, const Spectrum<T>& spectrum, T* out) {
        const double* sums = sums_.get();
        for (size_t k = 0; k < exponents.size(); k++, sums += W<T>)
            for (Index l = 0; l < (columns ? 1 : spectrum.signals); l++) {
                double sum = sums[l];
                for (Index m = 1; columns && m < W<T>; m++) sum += sums[m];
                const double scale = std::pow(double(spectrum.scale[l]), exponents[k]);
                out[l * program_.coefficients + node.out + Index(k)] = T(sum * scale);
            }
    }

    const Program<T, columns>& program_;
    Workspace<T> w_;
    Numbers<T> g_, h_, t_, r_, s_;      // what is read; of the imaginary part, too; and on the way
    Numbers<double> sums_;              // of powers
    std::vector<Spectrum<T>> spectra_;  // of the paths above the one at work, by order
};

}  // namespace scatter
