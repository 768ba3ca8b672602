// The planes of one level of one image plane, and the views of them that each step's networks see.
#pragma once

#include "network.hpp"

namespace scatter::codec {

constexpr Index PAD = 4;      // zeros around a plane
constexpr Index SLACK = 512;  // bytes behind a plane that whole vectors may read

// Where the coefficients of a step are: one band on one lattice.
struct Step {
    Index stride, row, column, band;
};

// Which plane an input is out of, and how far from the position.
struct Input {
    Index source, which, dy, dx;
};
enum Source : Index { CURRENT, PARENTS, GRANDPARENTS, AROUND_PARENTS, AROUND_GRANDPARENTS, AROUND, MAPS, GUIDES };

struct Sheet {
    Index rows = 0, columns = 0;
    std::vector<std::int8_t> data;

    Sheet() = default;
    Sheet(Index r, Index c) : rows(r), columns(c), data(size_t(r * c + SLACK), 0) {}
    std::int8_t* at(Index y, Index x) { return data.data() + y * columns + x; }
    const std::int8_t* at(Index y, Index x) const { return data.data() + y * columns + x; }
};

// Some rows of numbers that somebody else keeps.
template <class T>
struct Lent {
    T* first = nullptr;
    Index rows = 0, columns = 0;

    T& at(Index y, Index x) const { return first[y * columns + x]; }
};

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
        rows_ = (high + 3) / 4, columns_ = (wide + 3) / 4;
        for (int b = 0; b < 3; b++) {
            current_[b] = Sheet(4 * rows_ + 2 * PAD, 4 * columns_ + 2 * PAD);
            parents_[b] = padded(parents.empty() ? Lent<const std::int8_t>{} : parents[size_t(b)], 2 * rows_, 2 * columns_);
            const Sheet above =
                padded(grandparents.empty() ? Lent<const std::int8_t>{} : grandparents[size_t(b)], rows_, columns_);
            grandparents_[b] = twice(above, PAD);
            around_parents_[b] = mean(parents_[b], 2);
            around_grandparents_[b] = twice(mean(above, 1), 0);
            around_[b] = Sheet(2 * rows_, 2 * columns_);
            sums_[b].assign(size_t(rows_ * columns_), 0);
            for (Index y = 0; y < 2 * rows_; y++)
                for (Index x = 0; x < 2 * columns_; x++) of_parents_ += std::abs(int(*parents_[b].at(PAD + y, PAD + x)));
        }
        blank_ = Sheet(current_[0].rows, current_[0].columns);
        differences(logs, approximation);
    }

    const Setting& setting() const { return setting_; }
    std::pair<Index, Index> shape(const Step& step) const {
        const auto& size = sizes_[size_t(step.band)];
        auto count = [&](Index all, Index from) { return std::max<Index>(0, (all - from + step.stride - 1) / step.stride); };
        return {count(size.first, step.row), count(size.second, step.column)};
    }

    // Make the logarithms of a step known: (rows, columns) of them, row by row.
    void put(const Step& step, const std::int8_t* logarithms) {
        const auto [rows, columns] = shape(step);
        Sheet& plane = current_[step.band];
        std::vector<std::int32_t>& sums = sums_[step.band];
        const Index fold = 4 / step.stride;
        std::int64_t total = 0;
        for (Index y = 0; y < rows; y++) {
            std::int8_t* const to = plane.at(PAD + step.row + y * step.stride, PAD + step.column);
            std::int32_t* const block = sums.data() + y / fold * columns_;
            for (Index x = 0; x < columns; x++) {
                const std::int8_t l = logarithms[y * columns + x];
                to[x * step.stride] = l;
                block[x / fold] += std::abs(int(l));
                total += std::abs(int(l));
            }
        }
        totals_[step.band] += total;
        counts_[step.band] += rows * columns;
        for (Index y = 0; y < rows_; y++)
            for (Index x = 0; x < columns_; x++) {
                std::int32_t sum = 0;
                for (Index v = std::max<Index>(0, y - 1); v <= std::min(rows_ - 1, y + 1); v++)
                    for (Index u = std::max<Index>(0, x - 1); u <= std::min(columns_ - 1, x + 1); u++)
                        sum += sums[size_t(v * columns_ + u)];
                const std::int8_t found = std::int8_t(std::min(127, sum / 36));
                Sheet& around = around_[step.band];
                *around.at(2 * y, 2 * x) = *around.at(2 * y, 2 * x + 1) = found;
                *around.at(2 * y + 1, 2 * x) = *around.at(2 * y + 1, 2 * x + 1) = found;
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

    std::vector<View> views(const Step& step, const std::vector<Input>& inputs) const {
        std::vector<View> found;
        for (const Input& in : inputs) found.push_back(view(step, in));
        return found;
    }

private:
    View view(const Step& step, const Input& in) const {
        const Index band = (step.band + in.which) % 3, half = step.stride / 2;
        const Index y = step.row + in.dy, x = step.column + in.dx;
        auto whole = [&](const Sheet& s) { return View{s.at(PAD + y, PAD + x), step.stride * s.columns, step.stride}; };
        auto coarse = [&](const Sheet& s) { return View{s.at(step.row / 2, step.column / 2), half * s.columns, half}; };
        switch (in.source) {
            case CURRENT: return whole(current_[band]);
            case PARENTS: {
                const Sheet& s = parents_[band];
                return {s.at(PAD + step.row / 2 + in.dy, PAD + step.column / 2 + in.dx), half * s.columns, half};
            }
            case GRANDPARENTS: return coarse(grandparents_[band]);
            case AROUND_PARENTS: return coarse(around_parents_[band]);
            case AROUND_GRANDPARENTS: return coarse(around_grandparents_[band]);
            case AROUND: return coarse(around_[band]);
            case MAPS: return whole(maps_[in.which]);
            default: {
                const Level* const guide = guides_[size_t(in.source - GUIDES)];
                return whole(guide ? guide->current_[band] : blank_);
            }
        }
    }

    // Cut to a size, or filled up with zeros, and with zeros around.
    static Sheet padded(const Lent<const std::int8_t>& plane, Index rows, Index columns) {
        Sheet out(rows + 2 * PAD, columns + 2 * PAD);
        for (Index y = 0; y < std::min(rows, plane.rows); y++)
            std::copy_n(&plane.at(y, 0), std::min(columns, plane.columns), out.at(PAD + y, PAD));
        return out;
    }

    // Magnitudes without the padding, each for two rows and columns.
    static Sheet twice(const Sheet& from, Index pad) {
        Sheet out(2 * (from.rows - 2 * pad), 2 * (from.columns - 2 * pad));
        for (Index y = 0; y < out.rows; y++)
            for (Index x = 0; x < out.columns; x++)
                *out.at(y, x) = std::int8_t(std::abs(int(*from.at(pad + y / 2, pad + x / 2))));
        return out;
    }

    // Four times the mean of magnitudes over a square window of a padded plane, rounded down, at most 127.
    static Sheet mean(const Sheet& from, Index radius) {
        const Index rows = from.rows - 2 * PAD, columns = from.columns - 2 * PAD, side = 2 * radius + 1;
        Sheet out(rows, columns);
        std::vector<std::int32_t> down(size_t(from.columns));
        for (Index y = 0; y < rows; y++) {
            std::fill(down.begin(), down.end(), 0);
            for (Index v = y - radius; v <= y + radius; v++)
                for (Index x = 0; x < from.columns; x++) down[size_t(x)] += std::abs(int(*from.at(PAD + v, x)));
            for (Index x = 0; x < columns; x++) {
                std::int32_t sum = 0;
                for (Index u = x - radius; u <= x + radius; u++) sum += down[size_t(PAD + u)];
                *out.at(y, x) = std::int8_t(std::min<std::int32_t>(127, 4 * sum / std::int32_t(side * side)));
            }
        }
        return out;
    }

    // Logarithms of first, second and mixed differences of the approximation, which goes on as at its edges.
    void differences(const Logarithms& logs, const Lent<const float>& a) {
        const Index rows = current_[0].rows, columns = current_[0].columns, wide = columns + 3;
        for (Sheet& map : maps_) map = Sheet(rows, columns);
        // Rows y - 1 .. y + 2 of what is around row y, each with columns from -1 on.
        std::vector<float> around(size_t(4 * wide));
        auto fill = [&](Index y) {
            const Index row = std::clamp<Index>(y - PAD, 0, a.rows - 1);
            float* const to = &around[size_t((y + 4) % 4 * wide)];
            for (Index x = 0; x < wide; x++) to[x] = a.at(row, std::clamp<Index>(x - 1 - PAD, 0, a.columns - 1));
        };
        for (Index y = -1; y < 2; y++) fill(y);
        for (Index y = 0; y < rows; y++) {
            fill(y + 2);
            const float *const up = &around[size_t((y + 3) % 4 * wide)] + 1, *const at = &around[size_t(y % 4 * wide)] + 1,
                        *const down = &around[size_t((y + 1) % 4 * wide)] + 1,
                        *const far = &around[size_t((y + 2) % 4 * wide)] + 1;
            for (Index x = 0; x < columns; x++) {
                *maps_[0].at(y, x) = logs.of(at[x + 1] - at[x]);
                *maps_[1].at(y, x) = logs.of(down[x] - at[x]);
                *maps_[2].at(y, x) = logs.of((at[x] + at[x + 1]) - (at[x - 1] + at[x + 2]));
                *maps_[3].at(y, x) = logs.of((at[x] + down[x]) - (up[x] + far[x]));
                *maps_[4].at(y, x) = logs.of((at[x] + down[x + 1]) - (at[x + 1] + down[x]));
            }
        }
    }

    Setting setting_;
    std::vector<std::pair<Index, Index>> sizes_;
    std::vector<const Level*> guides_;
    Index rows_ = 0, columns_ = 0;
    Sheet current_[3], parents_[3], grandparents_[3], around_parents_[3], around_grandparents_[3], around_[3];
    Sheet maps_[5], blank_;
    std::vector<std::int32_t> sums_[3];
    std::int64_t of_parents_ = 0, totals_[3] = {}, counts_[3] = {};
};

}  // namespace scatter::codec
