// The networks of the image codec: whole numbers in, whole numbers out, the same on every processor.
#pragma once

#include "matrix.hpp"

namespace scatter::codec {

// Two hidden layers. Sums stay below 2^24; activations are cut, and fit into 16 bits or into 8.
class Network {
public:
    struct Layer {
        std::vector<std::int32_t> bias;
        int shift, most;
    };

    // Magnitudes if any of the inputs, the last ones, are the same everywhere; signs if none is.
    Network(const float* w1, Index rows, Index inputs, Index constants, Layer first, const float* w2, Index more,
            Layer second, const float* w3, Index outputs, Layer third)
        : constants_(constants), layers_{std::move(first), std::move(second), std::move(third)} {
        std::vector<float> varying;
        for (Index r = 0; r < rows; r++) {
            const float* const row = w1 + r * inputs;
            varying.insert(varying.end(), row, row + inputs - constants);
            for (Index c = inputs - constants; c < inputs; c++) constant_weights_.push_back(std::int32_t(row[c]));
        }
        first_ = (constants ? matrix<Four> : matrix<SignedFour>)(varying.data(), rows, inputs - constants);
        second_ = (layers_[0].most < 128 ? matrix<Four> : matrix<Two>)(w2, more, rows);
        third_ = matrix<Two>(w3, outputs, more);
        layers_[0].bias.resize(size_t(first_->padded()));
        layers_[1].bias.resize(size_t(second_->padded()));
    }

    Index fours() const { return first_->units(); }
    Index outputs() const { return third_->rows(); }
    Index constants() const { return constants_; }

    // Biases of the first layer with the inputs in them that are the same everywhere.
    std::vector<std::int32_t> bias(const std::int32_t* constants) const {
        std::vector<std::int32_t> found = layers_[0].bias;
        for (Index r = 0; r < first_->rows(); r++)
            for (Index c = 0; c < constants_; c++)
                found[size_t(r)] += constant_weights_[size_t(r * constants_ + c)] * constants[c];
        return found;
    }

    // Working memory of one thread.
    struct Space {
        Numbers<std::int32_t> numbers;
        Whole *x, *u, *h, *g, *top, *sums, *other;

        explicit Space(const Network& net)
            : numbers(BLOCK * (net.first_->units() + net.first_->padded() + net.second_->units() +
                               net.second_->padded() + net.third_->units() + 2 * net.third_->padded())) {
            Whole* next = reinterpret_cast<Whole*>(numbers.get());
            auto take = [&](Index count) { return std::exchange(next, next + count * U); };
            x = take(net.first_->units());
            u = take(net.first_->padded());
            h = take(net.second_->units());
            g = take(net.second_->padded());
            top = take(net.third_->units());
            sums = take(net.third_->padded());
            other = take(net.third_->padded());
        }
    };

    // From the fours in x: out[o * BLOCK + lane], divided and rounded.
    void magnitudes(Space& space, const std::int32_t* bias, std::int32_t* out) const {
        first_->multiply(space.x, space.u);
        upper<false>(space, bias, space.sums);
        for (Index o = 0; o < outputs(); o++)
            for (Index u = 0; u < U; u++)
                store(out + o * BLOCK + u * LANES, scaled(space.sums[o * U + u] + layers_[2].bias[size_t(o)]));
    }

    // The same, an odd function of the inputs.
    void signs(Space& space, std::int32_t* out) const {
        first_->multiply(space.x, space.u);
        upper<false>(space, layers_[0].bias.data(), space.other);
        upper<true>(space, layers_[0].bias.data(), space.sums);
        for (Index o = 0; o < outputs(); o++)
            for (Index u = 0; u < U; u++)
                store(out + o * BLOCK + u * LANES, scaled(space.other[o * U + u] - space.sums[o * U + u]));
    }

private:
    friend struct Space;

    // Activations of sums, or of their opposites: rounded down after the division, from 0 to the most; as many of them
    // in a lane as the next layer takes.
    template <bool turned, Index inputs>
    static void activate(const Whole* u, const std::int32_t* bias, const Layer& layer, Index units, Whole* h) {
        constexpr std::int32_t BITS = 32 / inputs;
        for (Index p = 0; p < units; p++)
            for (Index k = 0; k < U; k++) {
                Whole packed{};
                for (Index i = 0; i < inputs; i++) {
                    const Index r = p * inputs + i;
                    Whole v = turned ? bias[r] - u[r * U + k] : bias[r] + u[r * U + k];
                    v = v > 0 ? v : Whole{};
                    v >>= layer.shift;
                    v = v < layer.most ? v : Whole{} + layer.most;
                    packed |= v << std::int32_t(i * BITS);
                }
                h[p * U + k] = packed;
            }
    }

    template <bool turned>
    static void activate(const Whole* u, const std::int32_t* bias, const Layer& layer, const Matrix& next, Whole* h) {
        (next.inputs() == 4 ? activate<turned, 4> : activate<turned, 2>)(u, bias, layer, next.units(), h);
    }

    // What follows from sums u of the first layer, or from their opposites: the sums of the last.
    template <bool turned>
    void upper(Space& space, const std::int32_t* bias, Whole* sums) const {
        activate<turned>(space.u, bias, layers_[0], *second_, space.h);
        second_->multiply(space.h, space.g);
        activate<false>(space.g, layers_[1].bias.data(), layers_[1], *third_, space.top);
        third_->multiply(space.top, sums);
    }

    Whole scaled(Whole sums) const {
        const Whole v = (sums + (1 << (layers_[2].shift - 1))) >> layers_[2].shift;
        const Whole low = v > -32767 ? v : Whole{} - 32767;
        return low < 32767 ? low : Whole{} + 32767;
    }

    std::shared_ptr<const Matrix> first_, second_, third_;
    Index constants_;
    std::vector<std::int32_t> constant_weights_;
    Layer layers_[3];
};

}  // namespace scatter::codec
