// Planes in cells: what is in the same place of every cell is side by side.
#pragma once

#include "../lanes.hpp"

namespace scatter::codec {

constexpr Index SIDE = 4;     // of a cell, in coefficients of the level: the largest stride of a step
constexpr Index SLACK = 512;  // bytes behind a plane that whole vectors may read

// Some rows of numbers that somebody else keeps.
template <class T>
struct Lent {
    T* first = nullptr;
    Index rows = 0, columns = 0;

    T& at(Index y, Index x) const { return first[y * columns + x]; }
};

// One number of every cell: where that of the first cell is. Those of a row are side by side, and rows follow each other
// with two cells of border in between.
using View = const std::int8_t*;

// A plane of small integers with `side` rows and columns in a cell, and a border of one cell on every side.
class Cells {
public:
    Cells() = default;
    Cells(Index rows, Index columns, Index side)
        : rows_(rows), side_(side), down_(columns + 2), data_(size_t(side * side * (rows + 2) * down_ + SLACK), 0) {}

    // What is at (y, x), of 0 <= y + side, in the first of the cells that it is counted from.
    std::int8_t* at(Index y, Index x) { return data_.data() + place(y, x); }
    const std::int8_t* at(Index y, Index x) const { return data_.data() + place(y, x); }

    // Rows from (0, 0) on, as far as there is room for them.
    void fill(const std::int8_t* from, Index columns, Index y, Index first = 0) {
        for (Index k = 0; k < side_; k++) {
            std::int8_t* const to = at(y, first + k);
            for (Index x = k, c = 0; x < columns; x += side_, c++) to[c] = from[x];
        }
    }

private:
    Index place(Index y, Index x) const {
        const Index v = y + side_, u = x + side_, phase = v % side_ * side_ + u % side_;
        return (phase * (rows_ + 2) + v / side_) * down_ + u / side_;
    }

    Index rows_ = 0, side_ = 1, down_ = 0;
    std::vector<std::int8_t> data_;
};

}  // namespace scatter::codec
