// The networks of the image codec: whole numbers kept in floats, whose sums stay below 2^24, so that every order of
// adding them gives the same, and what Python's matrix products give.
#pragma once

#include "lanes.hpp"

namespace scatter {

// A plane of small integers that a network sees, at the positions of a step.
struct View {
    const std::int8_t* first;
    Index down, right;
};

class Network {
public:
    static constexpr Index LANES = 2 * W<float>, ROWS = 6;
    using V = Vector<float>;

    struct Layer {
        Index inputs, outputs;
        std::vector<float> weights, bias;  // ROWS rows at a time, side by side for each input
        float scale, most;

        Layer(const float* matrix, const float* offsets, Index rows, Index columns, int shift, float cut)
            : inputs(columns),
              outputs(rows),
              weights(size_t(padded(rows) * columns)),
              bias(offsets, offsets + rows),
              scale(std::ldexp(1.0f, -shift)),
              most(cut) {
            bias.resize(size_t(padded(rows)));
            for (Index r = 0; r < rows; r++)
                for (Index c = 0; c < columns; c++)
                    weights[size_t((r / ROWS * columns + c) * ROWS + r % ROWS)] = matrix[r * columns + c];
        }

        static Index padded(Index rows) { return (rows + ROWS - 1) / ROWS * ROWS; }
    };

    Network(Layer first, Layer second, Layer third)
        : first_(std::move(first)),
          second_(std::move(second)),
          third_(std::move(third)) {}

    // Sums of the last layer, divided and rounded, at positions begin .. end of rows of `columns`; `total` are all the
    // positions, between the outputs. The bias of the first layer comes with the call: it holds the constant inputs.
    void magnitudes(const std::vector<View>& views, const float* bias, Index columns, Index begin, Index end,
                    Index total, std::int16_t* out) const {
        Numbers<float> memory = workspace();
        float* const x = memory.get();
        float* const u = x + first_.inputs * LANES;
        for (Index at = begin; at < end; at += LANES) {
            const Index count = std::min(LANES, end - at);
            for (Index i = 0; i < count;) {
                const Index row = (at + i) / columns, column = (at + i) % columns;
                const Index run = std::min(count - i, columns - column);
                for (size_t v = 0; v < views.size(); v++) {
                    const std::int8_t* from = views[v].first + row * views[v].down + column * views[v].right;
                    float* to = x + Index(v) * LANES + i;
                    switch (run == LANES ? views[v].right : 0) {
                        case 1: spread<1>(from, to); break;
                        case 2: spread<2>(from, to); break;
                        case 4: spread<4>(from, to); break;
                        default:
                            for (Index k = 0; k < run; k++) to[k] = float(std::abs(int(from[k * views[v].right])));
                    }
                }
                i += run;
            }
            multiply(first_, x, u);
            upper(u, bias, 1.0f);
            const float* sums = u + Layer::padded(first_.outputs) * LANES;
            for (Index o = 0; o < third_.outputs; o++)
                for (Index i = 0; i < count; i++)
                    out[o * total + at + i] = scaled(sums[o * LANES + i] + third_.bias[size_t(o)]);
        }
    }

    // An odd function of the inputs at positions places[begin .. end].
    void signs(const std::vector<View>& views, Index columns, const std::int64_t* places, Index begin, Index end,
               std::int16_t* out) const {
        Numbers<float> memory = workspace();
        float* const x = memory.get();
        float* const u = x + first_.inputs * LANES;
        const float* const sums = u + Layer::padded(first_.outputs) * LANES;
        for (Index at = begin; at < end; at += LANES) {
            const Index count = std::min(LANES, end - at);
            Index rows[LANES] = {}, across[LANES] = {};
            for (Index i = 0; i < count; i++) rows[i] = places[at + i] / columns, across[i] = places[at + i] % columns;
            for (size_t v = 0; v < views.size(); v++)
                for (Index i = 0; i < LANES; i++)
                    x[Index(v) * LANES + i] =
                        float(views[v].first[rows[i] * views[v].down + across[i] * views[v].right]);
            multiply(first_, x, u);
            upper(u, first_.bias.data(), 1.0f);
            float positive[LANES];
            std::copy_n(sums, LANES, positive);
            upper(u, first_.bias.data(), -1.0f);
            for (Index i = 0; i < count; i++) out[at + i] = scaled(positive[i] - sums[i]);
        }
    }

private:
    Layer first_, second_, third_;

    // A vector's worth of absolute values, a known distance apart, which compilers turn into shuffles.
    template <Index right>
    static void spread(const std::int8_t* from, float* to) {
        for (Index k = 0; k < LANES; k++) to[k] = float(std::abs(int(from[k * right])));
    }

    // Inputs, sums of the first layer, sums of the last, and activations of the two hidden ones.
    Numbers<float> workspace() const {
        const Index rows = Layer::padded(first_.outputs), more = Layer::padded(second_.outputs);
        return Numbers<float>((first_.inputs + 2 * rows + Layer::padded(third_.outputs) + more) * LANES);
    }

    std::int16_t scaled(float sum) const {
        const float rounded = std::floor(sum * third_.scale + 0.5f);
        return std::int16_t(std::clamp(rounded, -32767.0f, 32767.0f));
    }

    // What follows from sums u of the first layer, times a sign: the sums of the last, behind u.
    void upper(const float* u, const float* bias, float sign) const {
        const Index rows = Layer::padded(first_.outputs);
        float* const sums = const_cast<float*>(u) + rows * LANES;
        float* const h = sums + Layer::padded(third_.outputs) * LANES;
        float* const g = h + rows * LANES;
        for (Index r = 0; r < first_.outputs; r++)
            for (Index k = 0; k < LANES; k += W<float>)
                store(h + r * LANES + k, cut(first_, load(u + r * LANES + k) * sign + bias[r]));
        multiply(second_, h, g);
        for (Index r = 0; r < second_.outputs; r++)
            for (Index k = 0; k < LANES; k += W<float>)
                store(g + r * LANES + k, cut(second_, load(g + r * LANES + k) + second_.bias[size_t(r)]));
        multiply(third_, g, sums);
    }

    // Rounded down after the division, from 0 to the most.
    static V cut(const Layer& layer, V v) {
        v = v > 0.0f ? v : V{};
        const V whole = __builtin_convertvector(__builtin_convertvector(v * layer.scale, Whole), V);
        return whole < layer.most ? whole : V{} + layer.most;
    }
    typedef std::int32_t Whole __attribute__((vector_size(SCATTER_BYTES)));

    static void multiply(const Layer& layer, const float* x, float* out) {
        for (Index r = 0; r < layer.outputs; r += ROWS) {
            const float* weights = layer.weights.data() + r * layer.inputs;
            V sums[ROWS][2] = {};
            for (Index c = 0; c < layer.inputs; c++) {
                const V a = load(x + c * LANES), b = load(x + c * LANES + W<float>);
#pragma GCC unroll 6
                for (Index k = 0; k < ROWS; k++) {
                    sums[k][0] += a * weights[c * ROWS + k];
                    sums[k][1] += b * weights[c * ROWS + k];
                }
            }
            for (Index k = 0; k < ROWS; k++) {
                store(out + (r + k) * LANES, sums[k][0]);
                store(out + (r + k) * LANES + W<float>, sums[k][1]);
            }
        }
    }
};

}  // namespace scatter
