// The planes of one level of one image plane, and the views of them that each step's networks see.
#pragma once

#include "cells.hpp"

namespace scatter::codec {

// Where the coefficients of a step are: one band on one lattice.
struct Step {
    Index stride, row, column, band;
};

// Which plane an input is out of, and how far from the position.
struct Input {
    Index source, which, dy, dx;
};
enum Source : Index { CURRENT, PARENTS, GRANDPARENTS, AROUND_PARENTS, AROUND_GRANDPARENTS, AROUND, MAPS, GUIDES };

struct Logarithms {
    std::vector<std::int8_t> magnitudes, differences;

    std::int8_t of(std::int32_t q) const {
        const std::int32_t m = std::min<std::int32_t>(std::abs(q), std::int32_t(magnitudes.size()) - 1);
        return q < 0 ? std::int8_t(-magnitudes[size_t(m)]) : magnitudes[size_t(m)];
    }

    // Of a difference, in sixteenths.
    std::int8_t of(float d) const {
        const float i = std::min(std::fabs(d) * 16.0f, float(differences.size() - 1));
        const std::int8_t found = differences[size_t(std::int32_t(i))];
        return d < 0 ? std::int8_t(-found) : found;
    }
};

class Level {
public:
    struct Setting {
        bool lossless;
        std::int32_t step_feature;
        bool second;
        Index j;
    };

    Level(const Logarithms& logs, Setting setting, const Lent<const float>& approximation,
          const std::vector<std::pair<Index, Index>>& sizes, const std::vector<Lent<const std::int8_t>>& parents,
          const std::vector<Lent<const std::int8_t>>& grandparents, std::vector<const Level*> guides)
        : setting_(setting), sizes_(sizes), guides_(std::move(guides)) {
        Index high = 0, wide = 0;
        for (const auto& size : sizes) high = std::max(high, size.first), wide = std::max(wide, size.second);
        rows_ = (high + SIDE - 1) / SIDE, columns_ = (wide + SIDE - 1) / SIDE;
        for (size_t b = 0; b < 3; b++) {
            current_[b] = Cells(rows_, columns_, SIDE);
            parents_[b] = Cells(rows_, columns_, 2);
            grandparents_[b] = Cells(rows_, columns_, 1);
            around_[b] = Cells(rows_, columns_, 1);
            if (parents.empty())
                around_parents_[b] = Cells(rows_, columns_, 2);
            else {
                fill(parents_[b], parents[b], 2, false);
                around_parents_[b] = mean(parents[b], 2, 2);
                of_parents_ += total(parents[b]);
            }
            if (grandparents.empty())
                around_grandparents_[b] = Cells(rows_, columns_, 1);
            else {
                fill(grandparents_[b], grandparents[b], 1, true);
                around_grandparents_[b] = mean(grandparents[b], 1, 1);
            }
            sums_[b].assign(size_t(rows_ * columns_), 0);
        }
        if (!guides_.empty()) blank_ = Cells(rows_, columns_, SIDE);
        differences(logs, approximation);
    }

    const Setting& setting() const { return setting_; }
    Index down() const { return columns_ + 2; }  // from a cell to that below it
    std::pair<Index, Index> shape(const Step& step) const {
        const auto& size = sizes_[size_t(step.band)];
        auto count = [&](Index all, Index from) { return std::max<Index>(0, (all - from + step.stride - 1) / step.stride); };
        return {count(size.first, step.row), count(size.second, step.column)};
    }

    // Make the logarithms of a step known: (rows, columns) of them, row by row.
    void put(const Step& step, const std::int8_t* logarithms) {
        const auto [rows, columns] = shape(step);
        Cells& plane = current_[step.band];
        std::vector<std::int32_t>& sums = sums_[step.band];
        const Index fold = SIDE / step.stride;
        std::int64_t total = 0;
        for (Index y = 0; y < rows; y++) {
            const std::int8_t* const from = logarithms + y * columns;
            std::int32_t* const block = sums.data() + y / fold * columns_;
            for (Index part = 0; part < fold; part++) {
                std::int8_t* const to = plane.at(step.row + y * step.stride, step.column + part * step.stride);
                std::int32_t sum = 0;
                for (Index x = part, c = 0; x < columns; x += fold, c++) {
                    const std::int32_t magnitude = std::abs(std::int32_t(from[x]));
                    to[c] = from[x];
                    block[c] += magnitude;
                    sum += magnitude;
                }
                total += sum;
            }
        }
        totals_[step.band] += total;
        counts_[step.band] += rows * columns;
        average(step.band);
    }

    // The logarithms of a band, as a plane.
    void write(Index band, const Lent<std::int8_t>& out) const {
        for (Index y = 0; y < out.rows; y++)
            for (Index k = 0; k < SIDE; k++) {
                const std::int8_t* const from = current_[band].at(y, k);
                std::int8_t* const to = &out.at(y, 0);
                for (Index x = k, c = 0; x < out.columns; x += SIDE, c++) to[x] = from[c];
            }
    }

    // Inputs that are the same for all positions of a step.
    std::vector<std::int32_t> constants(const Step& step) const {
        std::vector<std::int32_t> found;
        for (Index k = 1; k <= 5; k++) found.push_back(std::min<Index>(setting_.j, 5) == k ? 64 : 0);
        found.push_back(setting_.step_feature);
        found.push_back(std::int32_t(std::min<std::int64_t>(127, 2 * of_parents_ / (12 * rows_ * columns_))));
        found.push_back(setting_.lossless ? 64 : 0);
        found.push_back(setting_.second ? 64 : 0);
        for (Index turn = 0; turn < 3; turn++) {
            const size_t b = size_t((step.band + turn) % 3);
            found.push_back(counts_[b] ? std::int32_t(std::min<std::int64_t>(127, 4 * totals_[b] / counts_[b])) : 0);
        }
        return found;
    }

    // What the networks see at the positions of a step that are (row, column) of those in a cell.
    std::vector<View> views(const Step& step, const std::vector<Input>& inputs, Index row, Index column) const {
        std::vector<View> found;
        const Step first{step.stride, step.row + row * step.stride, step.column + column * step.stride, step.band};
        for (const Input& in : inputs) found.push_back(view(first, in));
        return found;
    }

private:
    View view(const Step& step, const Input& in) const {
        const size_t band = size_t((step.band + in.which) % 3);
        const Index y = step.row + in.dy, x = step.column + in.dx;
        switch (in.source) {
            case CURRENT: return current_[band].at(y, x);
            case PARENTS: return parents_[band].at(step.row / 2 + in.dy, step.column / 2 + in.dx);
            case GRANDPARENTS: return grandparents_[band].at(0, 0);
            case AROUND_PARENTS: return around_parents_[band].at(step.row / 2, step.column / 2);
            case AROUND_GRANDPARENTS: return around_grandparents_[band].at(0, 0);
            case AROUND: return around_[band].at(0, 0);
            case MAPS: return maps_[in.which].at(y, x);
            default: {
                const Level* const guide = guides_[size_t(in.source - GUIDES)];
                return (guide ? guide->current_[band] : blank_).at(y, x);
            }
        }
    }

    // As much of a plane as there is room for, or its magnitudes.
    void fill(Cells& cells, const Lent<const std::int8_t>& plane, Index side, bool magnitudes) const {
        const Index columns = std::min(side * columns_, plane.columns);
        std::vector<std::int8_t> row(static_cast<size_t>(columns));
        for (Index y = 0; y < std::min(side * rows_, plane.rows); y++) {
            for (Index x = 0; x < columns; x++) {
                const std::int8_t v = plane.at(y, x);
                row[size_t(x)] = magnitudes ? std::int8_t(std::abs(int(v))) : v;
            }
            cells.fill(row.data(), columns, y);
        }
    }

    // Sum of the magnitudes of a band of the level above.
    std::int64_t total(const Lent<const std::int8_t>& parents) const {
        std::int64_t sum = 0;
        for (Index y = 0; y < std::min(2 * rows_, parents.rows); y++)
            for (Index x = 0; x < std::min(2 * columns_, parents.columns); x++) sum += std::abs(int(parents.at(y, x)));
        return sum;
    }

    // Four times the mean of magnitudes over a square window, rounded down, at most 127.
    Cells mean(const Lent<const std::int8_t>& plane, Index side, Index radius) const {
        Cells out(rows_, columns_, side);
        const Index rows = side * rows_, columns = side * columns_, square = (2 * radius + 1) * (2 * radius + 1);
        const Index high = std::min(rows, plane.rows), wide = std::min(columns, plane.columns);
        std::vector<std::int32_t> down(size_t(columns + 2 * radius));
        std::vector<std::int8_t> row(static_cast<size_t>(columns));
        for (Index y = 0; y < rows; y++) {
            std::fill(down.begin(), down.end(), 0);
            for (Index v = std::max<Index>(0, y - radius); v <= std::min(high - 1, y + radius); v++)
                for (Index x = 0; x < wide; x++) down[size_t(radius + x)] += std::abs(int(plane.at(v, x)));
            for (Index x = 0; x < columns; x++) {
                std::int32_t sum = 0;
                for (Index u = x; u <= x + 2 * radius; u++) sum += down[size_t(u)];
                row[size_t(x)] = std::int8_t(std::min<std::int32_t>(127, 4 * sum / std::int32_t(square)));
            }
            out.fill(row.data(), columns, y);
        }
        return out;
    }

    // Mean of the known magnitudes in three by three cells.
    void average(Index band) {
        const std::vector<std::int32_t>& sums = sums_[band];
        std::vector<std::int32_t> down(size_t(columns_ + 2), 0);
        for (Index y = 0; y < rows_; y++) {
            for (Index x = 0; x < columns_; x++) {
                const std::int32_t* const at = &sums[size_t(y * columns_ + x)];
                down[size_t(x + 1)] = at[0] + (y ? at[-columns_] : 0) + (y + 1 < rows_ ? at[columns_] : 0);
            }
            std::int8_t* const to = around_[band].at(y, 0);
            for (Index x = 0; x < columns_; x++) {
                const std::int32_t* const at = &down[size_t(x)];
                to[x] = std::int8_t(std::min<std::int32_t>(127, (at[0] + at[1] + at[2]) / 36));
            }
        }
    }

    // Logarithms of first, second and mixed differences of the approximation, which goes on as at its edges.
    void differences(const Logarithms& logs, const Lent<const float>& a) {
        const Index rows = SIDE * (rows_ + 2), columns = SIDE * (columns_ + 2), wide = columns + 3;
        for (Cells& map : maps_) map = Cells(rows_, columns_, SIDE);
        // Rows y - 1 .. y + 2 of what is around row y, each with columns from -1 on.
        std::vector<float> around(size_t(4 * wide));
        auto fill = [&](Index y) {
            const Index row = std::clamp<Index>(y - SIDE, 0, a.rows - 1);
            float* const to = &around[size_t((y + 4) % 4 * wide)];
            for (Index x = 0; x < wide; x++) to[x] = a.at(row, std::clamp<Index>(x - 1 - SIDE, 0, a.columns - 1));
        };
        std::vector<std::int8_t> found(static_cast<size_t>(columns));
        for (Index y = -1; y < 2; y++) fill(y);
        for (Index y = 0; y < rows; y++) {
            fill(y + 2);
            const float *const up = &around[size_t((y + 3) % 4 * wide)] + 1, *const at = &around[size_t(y % 4 * wide)] + 1,
                        *const down = &around[size_t((y + 1) % 4 * wide)] + 1,
                        *const far = &around[size_t((y + 2) % 4 * wide)] + 1;
            auto map = [&](Index which, auto difference) {
                for (Index x = 0; x < columns; x++) found[size_t(x)] = logs.of(difference(x));
                maps_[which].fill(found.data(), columns, y - SIDE, -SIDE);
            };
            map(0, [=](Index x) { return at[x + 1] - at[x]; });
            map(1, [=](Index x) { return down[x] - at[x]; });
            map(2, [=](Index x) { return (at[x] + at[x + 1]) - (at[x - 1] + at[x + 2]); });
            map(3, [=](Index x) { return (at[x] + down[x]) - (up[x] + far[x]); });
            map(4, [=](Index x) { return (at[x] + down[x + 1]) - (at[x + 1] + down[x]); });
        }
    }

    Setting setting_;
    std::vector<std::pair<Index, Index>> sizes_;
    std::vector<const Level*> guides_;
    Index rows_ = 0, columns_ = 0;
    Cells current_[3], parents_[3], grandparents_[3], around_parents_[3], around_grandparents_[3], around_[3];
    Cells maps_[5], blank_;
    std::vector<std::int32_t> sums_[3];
    std::int64_t of_parents_ = 0, totals_[3] = {}, counts_[3] = {};
};

}  // namespace scatter::codec
