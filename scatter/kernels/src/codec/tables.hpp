// Tables of flags, sizes and signs that adapt from step to step, and numbers as symbols.
#pragma once

#include <algorithm>
#include <cmath>

#include "range.hpp"

namespace scatter::codec {

constexpr Index COUNT = 48, DIRECT = 16;  // symbols of numbers, and those that are a number each

// Of the symbols from DIRECT on: 2 + k % 2, shifted by 3 + k / 2, and as many raw bits.
inline int extra(Index symbol) { return symbol < DIRECT ? 0 : int(3 + (symbol - DIRECT) / 2); }
inline std::int64_t first(Index symbol) {
    return symbol < DIRECT ? symbol : std::int64_t(2 + (symbol - DIRECT) % 2) << extra(symbol);
}
inline Index symbol_of(std::int64_t value) {
    if (value < DIRECT) return Index(value);
    const int octave = 63 - __builtin_clzll(std::uint64_t(value));
    return DIRECT + 2 * (octave - 4) + Index(value >> (octave - 1) & 1);
}

// Whole numbers above 0 in proportion to weights, 2^24 in all, as sums of those before each.
inline void accumulate(const std::int64_t* weights, Index count, Word* cumulative) {
    constexpr std::int64_t total = std::int64_t(1) << PRECISION;
    std::int64_t sum = 0, left = total;
    Index largest = 0;
    for (Index s = 0; s < count; s++) {
        sum += weights[s];
        if (weights[s] > weights[largest]) largest = s;
    }
    for (Index s = 0; s < count; s++) {
        const std::int64_t frequency = 1 + (total - count) * weights[s] / sum;
        cumulative[s + 1] = Word(frequency);
        left -= frequency;
    }
    cumulative[0] = 0;
    cumulative[largest + 1] += Word(left);
    for (Index s = 0; s < count; s++) cumulative[s + 1] += cumulative[s];
}

class Adaptive {
public:
    Adaptive(const std::int64_t* stored, Index classes, Index symbols, std::int64_t prior, bool spread)
        : classes_(classes),
          symbols_(symbols),
          spread_(spread),
          prior_(stored, stored + classes * symbols),
          counts_(prior_.size(), 0),
          changed_(size_t(classes), true),
          priced_(size_t(classes), false),
          cumulative_(size_t(classes * (symbols + 1))),
          bits_(prior_.size()) {
        for (std::int64_t& weight : prior_) weight *= prior;
        renew();
    }

    Index classes() const { return classes_; }
    const Word* sums(Index of) const { return &cumulative_[size_t(of * (symbols_ + 1))]; }
    // Bits that a symbol takes, which only an encoder asks for: those of a class are computed when they first are.
    float bits(Index of, Index symbol) {
        if (!priced_[size_t(of)]) price(of);
        return bits_[size_t(of * symbols_ + symbol)];
    }

    void count(Index of, Index symbol, std::int64_t times = 1) {
        add(of, symbol, 2 * times);
        if (!spread_) return;
        if (of) add(of - 1, symbol, times);
        if (of + 1 < classes_) add(of + 1, symbol, times);
    }

    // After a step: halve what has grown large, and make the frequencies anew.
    void renew() {
        constexpr std::int64_t MOST = std::int64_t(1) << 20;
        std::vector<std::int64_t> weights(static_cast<size_t>(symbols_));
        for (Index of = 0; of < classes_; of++) {
            if (!changed_[size_t(of)]) continue;
            changed_[size_t(of)] = false;
            std::int64_t* const counts = &counts_[size_t(of * symbols_)];
            std::int64_t sum = 0;
            for (Index s = 0; s < symbols_; s++) sum += counts[s];
            if (sum > MOST) {
                sum = 0;
                for (Index s = 0; s < symbols_; s++) sum += counts[s] /= 2;
                changed_[size_t(of)] = sum > MOST;  // halved once a step, whether it grows again or not
            }
            for (Index s = 0; s < symbols_; s++)
                weights[size_t(s)] = prior_[size_t(of * symbols_ + s)] + counts[s] * 65536;
            accumulate(weights.data(), symbols_, &cumulative_[size_t(of * (symbols_ + 1))]);
            priced_[size_t(of)] = false;
        }
    }

private:
    // To 1/256 of a bit: the logarithm's last digit must not decide anything.
    void price(Index of) {
        for (Index s = 0; s < symbols_; s++) {
            const double share = double(sums(of)[s + 1] - sums(of)[s]) / double(1 << PRECISION);
            bits_[size_t(of * symbols_ + s)] = float(std::nearbyint(-256 * std::log2(share)) / 256);
        }
        priced_[size_t(of)] = true;
    }

    void add(Index of, Index symbol, std::int64_t by) {
        counts_[size_t(of * symbols_ + symbol)] += by;
        changed_[size_t(of)] = true;
    }

    Index classes_, symbols_;
    bool spread_;
    std::vector<std::int64_t> prior_, counts_;
    std::vector<bool> changed_, priced_;
    std::vector<Word> cumulative_;
    std::vector<float> bits_;
};

// Places by ascending class, and in their own order within a class.
template <class C>
void group(const C* classes, Index count, Index most, std::vector<Index>& starts, std::vector<std::int32_t>& order) {
    starts.assign(size_t(most + 1), 0);
    order.resize(size_t(count));
    for (Index i = 0; i < count; i++) starts[size_t(classes[i]) + 1]++;
    for (Index c = 0; c < most; c++) starts[size_t(c + 1)] += starts[size_t(c)];
    std::vector<Index> at(starts.begin(), starts.end() - 1);
    for (Index i = 0; i < count; i++) order[size_t(at[size_t(classes[i])]++)] = std::int32_t(i);
}

}  // namespace scatter::codec
