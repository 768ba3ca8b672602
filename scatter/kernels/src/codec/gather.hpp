// What a network sees at neighbouring cells, out of planes into the lanes of a block.
#pragma once

#include "cells.hpp"
#include "matrix.hpp"

namespace scatter::codec {

// Views of BLOCK cells from a place on, four of them in the bytes of a lane; of the numbers, or of their magnitudes.
template <bool magnitudes>
inline void gather(const std::vector<View>& views, Index at, Whole* out) {
    typedef signed char Bytes __attribute__((vector_size(SCATTER_BYTES)));
    const Index many = Index(views.size());
    for (Index f = 0; f < many; f += 4)
        for (Index u = 0; u < U; u++) {
            Whole packed{};
            for (Index k = 0; k < std::min<Index>(4, many - f); k++)
                packed |= spread(views[size_t(f + k)] + at + u * LANES) << std::int32_t(8 * k);
            const Bytes bytes = Bytes(packed);
            *out++ = magnitudes ? Whole(bytes < 0 ? -bytes : bytes) : packed;
        }
}

}  // namespace scatter::codec
