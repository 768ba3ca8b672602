// The range coder: symbols of whole frequencies into words of 32 bits, and back; see docs/codec_format.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace scatter::codec {

using Index = std::ptrdiff_t;
using Word = std::uint32_t;
using State = std::uint64_t;

constexpr int PRECISION = 24;  // frequencies sum to 2^24
constexpr State UNIT = State(1) << 32;

class Encoder {
public:
    // A symbol of this frequency, with so much before it.
    void put(State left, State frequency) {
        const State scale = range_ >> PRECISION, low = low_ + scale * left;
        range_ = scale * frequency;
        // Words are held back while it is open whether a carry reaches them.
        if (held_ && State(low + range_) > low) release(low < low_);
        low_ = low;
        if (range_ >= UNIT) return;
        const Word word = Word(low_ >> 32);
        low_ <<= 32;
        range_ <<= 32;
        if (held_)
            held_++;
        else if (State(low_ + range_) > low_)
            words_.push_back(word);
        else
            held_ = 1, first_ = word;
    }

    void put_raw(State value, int bits) {
        put(value << (PRECISION - bits), State(1) << (PRECISION - bits));
    }

    // Words so far, with those that an end would take.
    Index words() const {
        if (range_ == ~State(0)) return Index(words_.size());
        return Index(words_.size()) + held_ + (ends_with_two() ? 2 : 1);
    }

    std::vector<Word> finished() const {
        if (range_ == ~State(0)) return words_;
        Encoder ended = *this;
        const State point = low_ + (UNIT - 1);
        if (held_) ended.release(point < low_);
        ended.words_.push_back(Word(point >> 32));
        if (ends_with_two()) ended.words_.push_back(0);
        return ended.words_;
    }

private:
    bool ends_with_two() const { return Word((low_ + range_) >> 32) == Word((low_ + (UNIT - 1)) >> 32); }

    void release(bool carry) {
        words_.push_back(first_ + Word(carry));
        words_.insert(words_.end(), size_t(held_ - 1), carry ? Word(0) : ~Word(0));
        held_ = 0;
    }

    State low_ = 0, range_ = ~State(0);
    std::vector<Word> words_;
    Index held_ = 0;
    Word first_ = 0;
};

class Decoder {
public:
    explicit Decoder(std::vector<Word> words) : words_(std::move(words)) {
        past_ = next() << 32;
        past_ |= next();
    }

    // One of two symbols, of which the first has this frequency.
    bool get(State first) {
        const State scale = range_ >> PRECISION, edge = scale * first, all = scale << PRECISION;
        if (past_ >= all) damaged();
        const bool second = past_ >= edge;
        // Without a branch: which of the two it is can't be foreseen.
        const State mask = -State(second);
        narrow(edge & mask, (edge & ~mask) | ((all - edge) & mask));
        return second;
    }

    // A symbol out of so many, by sums of frequencies: cumulative[s] is what comes before s.
    Index get(const Word* cumulative, Index count) {
        const State scale = range_ >> PRECISION, past = past_ / scale;
        if (past >> PRECISION) damaged();
        Index low = 0, high = count;
        while (high - low > 1) {
            const Index middle = (low + high) / 2;
            (cumulative[middle] <= past ? low : high) = middle;
        }
        narrow(scale * cumulative[low], scale * (cumulative[low + 1] - cumulative[low]));
        return low;
    }

    State get_raw(int bits) {
        const State scale = range_ >> PRECISION, past = past_ / scale;
        if (past >> PRECISION) damaged();
        const State value = past >> (PRECISION - bits);
        narrow(scale * (value << (PRECISION - bits)), scale << (PRECISION - bits));
        return value;
    }

private:
    State next() { return at_ < words_.size() ? State(words_[at_++]) : 0; }

    void narrow(State more, State range) {
        past_ -= more;
        range_ = range;
        if (range_ >= UNIT) return;
        range_ <<= 32;
        past_ = past_ << 32 | next();
    }

    [[noreturn]] static void damaged() { throw std::invalid_argument("no encoder writes such words"); }

    std::vector<Word> words_;
    size_t at_ = 0;
    State range_ = ~State(0), past_ = 0;  // past the lower end of the range is the point that the words say
};

}  // namespace scatter::codec
