// The networks of the image codec: whole numbers in, whole numbers out, the same on every processor.
#pragma once

#include "dot.hpp"

namespace scatter::codec {

// A plane of small integers that a network sees, at the positions of a step.
struct View {
    const std::int8_t* first;
    Index down, right;
};

// Rows of weights that are multiplied at once: their sums, for two vectors of positions, stay in registers.
#if defined(__AVX512F__)
constexpr Index ROWS = 8;
#else
constexpr Index ROWS = 4;
#endif

// Rows of weights, ROWS at a time side by side, each unit for a few inputs: two of 16 bits, or four of 8.
template <class Unit>
class Rows {
public:
    Rows(Index rows, Index units) : rows_(rows), units_(units) {}

    Index rows() const { return rows_; }
    Index units() const { return units_; }
    Index padded() const { return (rows_ + ROWS - 1) / ROWS * ROWS; }

protected:
    // Fill in the weights: unit(row, k), nothing beyond the last row.
    template <class F>
    void fill(F unit) {
        for (Index block = 0; block < padded(); block += ROWS)
            for (Index k = 0; k < units_; k++)
                for (Index r = block; r < block + ROWS; r++) weights_.push_back(unit(r, k));
    }

    // Sums of products for U vectors of positions: x (units, U), out (padded rows, U).
    template <Index U, bool fused>
    void products(const Whole* x, Whole* out) const {
        for (Index r = 0; r < rows_; r += ROWS) {
            const Unit* const weights = weights_.data() + r * units_;
            Whole sums[ROWS][U] = {};
            for (Index p = 0; p < units_; p++)
#pragma GCC unroll 8
                for (Index k = 0; k < ROWS; k++)
#pragma GCC unroll 2
                    for (Index u = 0; u < U; u++) sums[k][u] = dot<fused>(sums[k][u], x[p * U + u], weights[p * ROWS + k]);
            for (Index k = 0; k < ROWS; k++)
                for (Index u = 0; u < U; u++) out[(r + k) * U + u] = sums[k][u];
        }
    }

private:
    Index rows_, units_;
    std::vector<Unit> weights_;
};

// Weights of 16 bits for pairs of inputs.
class Pairs : public Rows<Two> {
public:
    Pairs(const float* matrix, Index rows, Index columns) : Rows(rows, (columns + 1) / 2) {
        auto weight = [=](Index r, Index c) { return r < rows && c < columns ? int(matrix[r * columns + c]) : 0; };
        fill([=](Index r, Index p) { return Two(weight(r, 2 * p), weight(r, 2 * p + 1)); });
    }

    template <Index U>
    void multiply(const Whole* x, Whole* out) const {
        has_fused() ? products<U, SCATTER_FUSED>(x, out) : products<U, false>(x, out);
    }
};

// Weights of 8 bits for four inputs, from 0 to 127, at a time; what is left of a larger weight is added again.
class Fours : public Rows<Four> {
public:
    Fours(const float* matrix, Index rows, Index columns) : Rows(rows, (columns + 3) / 4) {
        std::vector<std::int32_t> left(size_t(padded() * units() * 4), 0);
        for (Index r = 0; r < rows; r++)
            for (Index c = 0; c < columns; c++) left[size_t(r * units() * 4 + c)] = int(matrix[r * columns + c]);
        fill([&](Index r, Index f) { return taken(&left[size_t((r * units() + f) * 4)]); });
        for (Index r = 0; r < rows; r++)
            for (Index f = 0; f < units(); f++) {
                std::int32_t* const w = &left[size_t((r * units() + f) * 4)];
                while (w[0] || w[1] || w[2] || w[3]) more_.push_back({r, f, taken(w)});
            }
    }

    template <Index U>
    void multiply(const Whole* x, Whole* out) const {
        has_fused() ? all<U, SCATTER_FUSED>(x, out) : all<U, false>(x, out);
    }

private:
    template <Index U, bool fused>
    void all(const Whole* x, Whole* out) const {
        products<U, fused>(x, out);
        for (const More& one : more_)
            for (Index u = 0; u < U; u++)
                out[one.row * U + u] = dot<fused>(out[one.row * U + u], x[one.four * U + u], one.weights);
    }

    struct More {
        Index row, four;
        Four weights;
    };

    // What fits into 8 bits of four weights, which are left with the rest.
    static Four taken(std::int32_t* w) {
        std::int32_t part[4];
        for (int k = 0; k < 4; k++) {
            part[k] = std::clamp(w[k], -127, 127);
            w[k] -= part[k];
        }
        return Four(part);
    }

    std::vector<More> more_;
};

// Two hidden layers. Sums stay below 2^24; activations are cut, and fit into 16 bits.
class Network {
public:
    static constexpr Index U = 2, BLOCK = U * LANES;

    struct Layer {
        std::vector<std::int32_t> bias;
        int shift, most;
    };

    // Weights of the first layer in fours if all inputs are 0 or more, else in pairs.
    Network(const float* w1, Index rows, Index inputs, Index constants, Layer first, const float* w2, Index more,
            Layer second, const float* w3, Index outputs, Layer third)
        : fours_(without(w1, rows, inputs, constants).data(), constants ? rows : 0, inputs - constants),
          signed_(w1, constants ? 0 : rows, inputs),
          second_(w2, more, rows),
          third_(w3, outputs, more),
          constant_(constants),
          layers_{std::move(first), std::move(second), std::move(third)} {
        layers_[0].bias.resize(size_t(padded()));
        layers_[1].bias.resize(size_t(second_.padded()));
        for (Index r = 0; r < rows; r++)
            for (Index c = 0; c < constants; c++)
                constant_weights_.push_back(std::int32_t(w1[r * inputs + inputs - constants + c]));
    }

    Index fours() const { return fours_.units(); }
    Index pairs() const { return signed_.units(); }
    Index outputs() const { return third_.rows(); }
    Index constants() const { return constant_; }

    // Biases of the first layer with the inputs in them that are the same everywhere.
    std::vector<std::int32_t> bias(const std::int32_t* constants) const {
        std::vector<std::int32_t> found = layers_[0].bias;
        for (Index r = 0; r < fours_.rows(); r++)
            for (Index c = 0; c < constant_; c++)
                found[size_t(r)] += constant_weights_[size_t(r * constant_ + c)] * constants[c];
        return found;
    }

    // Working memory of one thread.
    struct Space {
        Numbers<std::int32_t> numbers;
        Whole *x, *u, *h, *g, *sums, *other;

        explicit Space(const Network& net)
            : numbers(BLOCK * (net.inputs() + 2 * net.padded() + 2 * net.second_.padded() + 3 * net.third_.padded())) {
            Whole* next = reinterpret_cast<Whole*>(numbers.get());
            auto take = [&](Index count) { return std::exchange(next, next + count * U); };
            x = take(net.inputs());
            u = take(net.padded());
            h = take(net.padded());
            g = take(2 * net.second_.padded());
            sums = take(net.third_.padded());
            other = take(net.third_.padded());
        }
    };

    // From the fours in x: out[o * BLOCK + lane], divided and rounded.
    void magnitudes(Space& space, const std::int32_t* bias, std::int32_t* out) const {
        fours_.multiply<U>(space.x, space.u);
        upper<false>(space, bias);
        for (Index o = 0; o < outputs(); o++)
            for (Index u = 0; u < U; u++)
                store(out + o * BLOCK + u * LANES, scaled(space.sums[o * U + u] + layers_[2].bias[size_t(o)]));
    }

    // From the pairs in x: an odd function of the inputs.
    void signs(Space& space, std::int32_t* out) const {
        signed_.multiply<U>(space.x, space.u);
        upper<false>(space, layers_[0].bias.data());
        std::copy_n(space.sums, U, space.other);
        upper<true>(space, layers_[0].bias.data());
        for (Index u = 0; u < U; u++) store(out + u * LANES, scaled(space.other[u] - space.sums[u]));
    }

private:
    friend struct Space;

    static std::vector<float> without(const float* w, Index rows, Index inputs, Index constants) {
        std::vector<float> found;
        for (Index r = 0; r < rows; r++) found.insert(found.end(), w + r * inputs, w + (r + 1) * inputs - constants);
        return found;
    }

    Index padded() const { return std::max(fours_.padded(), signed_.padded()); }
    Index inputs() const { return std::max(fours_.units(), signed_.units()); }

    // Rounded down after the division, from 0 to the most; two rows become the halves of a lane.
    template <bool turned>
    static void activate(const Whole* u, const std::int32_t* bias, const Layer& layer, Index rows, Whole* h) {
        auto cut = [&](Index r, Index k) {
            Whole v = turned ? bias[r] - u[r * U + k] : bias[r] + u[r * U + k];
            v = v > 0 ? v : Whole{};
            v >>= layer.shift;
            return v < layer.most ? v : Whole{} + layer.most;
        };
        for (Index r = 0; r < rows; r += 2)
            for (Index k = 0; k < U; k++) h[r / 2 * U + k] = cut(r, k) | (cut(r + 1, k) << 16);
    }

    // What follows from sums u of the first layer, or from their opposites: the sums of the last.
    template <bool turned>
    void upper(Space& space, const std::int32_t* bias) const {
        activate<turned>(space.u, bias, layers_[0], 2 * second_.units(), space.h);
        second_.multiply<U>(space.h, space.g);
        activate<false>(space.g, layers_[1].bias.data(), layers_[1], 2 * third_.units(),
                        space.g + second_.padded() * U);
        third_.multiply<U>(space.g + second_.padded() * U, space.sums);
    }

    Whole scaled(Whole sums) const {
        const Whole v = (sums + (1 << (layers_[2].shift - 1))) >> layers_[2].shift;
        const Whole low = v > -32767 ? v : Whole{} - 32767;
        return low < 32767 ? low : Whole{} + 32767;
    }

    Fours fours_;
    Pairs signed_, second_, third_;
    Index constant_;
    std::vector<std::int32_t> constant_weights_;
    Layer layers_[3];
};

}  // namespace scatter::codec
