// What a network sees at neighbouring cells, out of planes into the lanes of a block.
#pragma once

#include "cells.hpp"
#include "matrix.hpp"

namespace scatter::codec {

// Bytes that are asked for before they are needed: there are more rows than a processor foresees the use of.
constexpr Index AHEAD = 256;

// Views of BLOCK cells from a place on, four of them in the bytes of a lane; of the numbers, or of their magnitudes.
template <bool magnitudes>
inline void gather(const std::vector<View>& views, Index at, Whole* out) {
    static constexpr std::int8_t NOTHING[BLOCK] = {};
    const Index many = Index(views.size());
    for (Index f = 0; f < many; f += 4, out += U) {
        const std::int8_t* rows[4];
        for (Index k = 0; k < 4; k++) {
            rows[k] = f + k < many ? views[size_t(f + k)] + at : NOTHING;
            __builtin_prefetch(rows[k] + AHEAD);
        }
        interleave<magnitudes, U>(rows, out);
    }
}

}  // namespace scatter::codec
