// What networks see at the positions of a step, out of planes into the lanes of a block.
#pragma once

#include "network.hpp"

namespace scatter::codec {

// LANES bytes, a known distance apart, each in the low byte of a lane.
template <Index right>
inline Whole spread(const std::int8_t* from) {
    typedef std::conditional_t<right == 4, std::uint32_t, std::conditional_t<right == 2, std::uint16_t, std::uint8_t>> Unit;
    typedef Unit Units __attribute__((vector_size(LANES * sizeof(Unit))));
    Units units;
    std::memcpy(&units, from, sizeof units);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    units >>= 8 * (right - 1);
#endif
    return __builtin_convertvector(units, Whole) & 255;
}

// Magnitudes of a block of neighbouring positions of a row, four views in the bytes of a lane.
inline void gather(const std::vector<View>& row, Index x, Whole* out) {
    typedef signed char Bytes __attribute__((vector_size(SCATTER_BYTES)));
    const Index many = Index(row.size());
    for (Index f = 0; f < many; f += 4) {
        Whole packed[Network::U] = {};
        for (Index k = 0; k < std::min<Index>(4, many - f); k++) {
            const View& v = row[size_t(f + k)];
            const std::int8_t* const from = v.first + x * v.right;
            for (Index u = 0; u < Network::U; u++) {
                const Whole found = v.right == 4   ? spread<4>(from + u * LANES * 4)
                                    : v.right == 2 ? spread<2>(from + u * LANES * 2)
                                                   : spread<1>(from + u * LANES);
                packed[u] |= found << std::int32_t(8 * k);
            }
        }
        for (Index u = 0; u < Network::U; u++) {
            const Bytes bytes = Bytes(packed[u]);
            out[f / 4 * Network::U + u] = Whole(bytes < 0 ? -bytes : bytes);
        }
    }
}

// Values at some of the places of a step that has so many columns, two views in the halves of a lane. Planes are of few
// sizes, so that places in them are found once for each.
inline void pick(const std::vector<View>& views, const std::int32_t* places, Index some, Index columns, Whole* out) {
    Index down[Network::BLOCK] = {}, right[Network::BLOCK] = {}, offsets[Network::BLOCK];
    for (Index i = 0; i < some; i++) down[i] = places[i] / columns, right[i] = places[i] % columns;
    std::int16_t* const to = reinterpret_cast<std::int16_t*>(out);
    const View* last = nullptr;
    for (size_t v = 0; v < views.size(); v++) {
        const View& view = views[v];
        if (!last || view.down != last->down || view.right != last->right)
            for (Index i = 0; i < Network::BLOCK; i++) offsets[i] = down[i] * view.down + right[i] * view.right;
        last = &view;
        std::int16_t* const halves = to + Index(v / 2) * Network::BLOCK * 2 + Index(v % 2);
        for (Index i = 0; i < Network::BLOCK; i++) halves[2 * i] = view.first[offsets[i]];
    }
    if (views.size() % 2)
        for (Index i = 0; i < Network::BLOCK; i++) to[Index(views.size() / 2) * Network::BLOCK * 2 + 2 * i + 1] = 0;
}

}  // namespace scatter::codec
