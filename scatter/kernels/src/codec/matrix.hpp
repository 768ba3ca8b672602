// A matrix of whole weights, and its products with the inputs at many positions at once.
#pragma once

#include "dot.hpp"

namespace scatter::codec {

// Vectors of positions that go through a network at once, and rows of weights that are multiplied at once: their sums
// stay in registers.
constexpr Index U = 2, BLOCK = U * LANES;
#if defined(__AVX512F__)
constexpr Index ROWS = 8;
#else
constexpr Index ROWS = 4;
#endif

class Matrix {
public:
    Matrix(Index rows, Index units, Index inputs) : rows_(rows), units_(units), inputs_(inputs) {}
    virtual ~Matrix() = default;

    // Sums of products: x (units, U), each lane with the inputs of a unit side by side; out (padded rows, U).
    virtual void multiply(const Whole* x, Whole* out) const = 0;

    Index rows() const { return rows_; }
    Index padded() const { return (rows_ + ROWS - 1) / ROWS * ROWS; }
    Index units() const { return units_; }
    Index inputs() const { return inputs_; }  // of a unit

private:
    Index rows_, units_, inputs_;
};

// The matrix with its weights in units of a kind. What is left of a weight that is too large for one is added again.
template <class Unit>
class Products : public Matrix {
public:
    Products(const float* weights, Index rows, Index columns)
        : Matrix(rows, (columns + Unit::INPUTS - 1) / Unit::INPUTS, Unit::INPUTS), offsets_(size_t(padded()), 0) {
        std::vector<std::int32_t> left(size_t(padded() * units() * Unit::INPUTS), 0);
        for (Index r = 0; r < rows; r++)
            for (Index c = 0; c < columns; c++) {
                const std::int32_t weight = std::int32_t(weights[r * columns + c]);
                left[size_t(r * units() * Unit::INPUTS + c)] = weight;
                offsets_[size_t(r)] += Unit::OFFSET * weight;
            }
        auto at = [&](Index r, Index p) { return &left[size_t((r * units() + p) * Unit::INPUTS)]; };
        for (Index block = 0; block < padded(); block += ROWS)
            for (Index p = 0; p < units(); p++)
                for (Index r = block; r < block + ROWS; r++) weights_.push_back(taken(at(r, p)));
        for (Index r = 0; r < rows; r++)
            for (Index p = 0; p < units(); p++)
                while (std::any_of(at(r, p), at(r, p) + Unit::INPUTS, [](std::int32_t w) { return w != 0; }))
                    more_.push_back({r, p, taken(at(r, p))});
    }

    void multiply(const Whole* x, Whole* out) const override {
        for (Index r = 0; r < rows(); r += ROWS) {
            const Unit* const weights = weights_.data() + r * units();
            Whole sums[ROWS][U];
            for (Index k = 0; k < ROWS; k++)
                for (Index u = 0; u < U; u++) sums[k][u] = Whole{} - offsets_[size_t(r + k)];
            for (Index p = 0; p < units(); p++)
#pragma GCC unroll 8
                for (Index k = 0; k < ROWS; k++)
#pragma GCC unroll 2
                    for (Index u = 0; u < U; u++) sums[k][u] = weights[p * ROWS + k].dot(sums[k][u], x[p * U + u]);
            for (Index k = 0; k < ROWS; k++)
                for (Index u = 0; u < U; u++) out[(r + k) * U + u] = sums[k][u];
        }
        for (const More& one : more_)
            for (Index u = 0; u < U; u++)
                out[one.row * U + u] = one.weights.dot(out[one.row * U + u], x[one.unit * U + u]);
    }

private:
    struct More {
        Index row, unit;
        Unit weights;
    };

    // As much of some weights as a unit holds; they are left with the rest.
    static Unit taken(std::int32_t* w) {
        std::int32_t part[Unit::INPUTS];
        for (int k = 0; k < Unit::INPUTS; k++) {
            part[k] = std::clamp(w[k], -Unit::LARGEST, +Unit::LARGEST);
            w[k] -= part[k];
        }
        return Unit(part);
    }

    std::vector<std::int32_t> offsets_;
    std::vector<Unit> weights_;
    std::vector<More> more_;
};

// In units of a kind, for the instructions that this processor has.
template <template <bool> class Unit>
std::shared_ptr<const Matrix> matrix(const float* weights, Index rows, Index columns) {
    if (has_fused()) return std::make_shared<Products<Unit<SCATTER_FUSED>>>(weights, rows, columns);
    return std::make_shared<Products<Unit<false>>>(weights, rows, columns);
}

}  // namespace scatter::codec
