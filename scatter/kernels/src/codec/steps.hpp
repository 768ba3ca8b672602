// The steps of a level: what the networks predict, and the symbols that follow, in the encoder and in the decoder.
#pragma once

#include <thread>

#include "gather.hpp"
#include "level.hpp"
#include "network.hpp"
#include "tables.hpp"

namespace scatter::codec {

constexpr Index FLAG_SHIFT = 80, FLAG_CLASSES = 128, SURE = 40, CENTRES = 4;
constexpr std::int32_t LARGEST = (1 << 20) - 1;  // of a magnitude with loss

// A step, its networks, and what these see.
struct Pass {
    Step step;
    std::vector<Input> magnitude_inputs, sign_inputs;
    Network magnitudes, signs;
};

// Everything that encoder and decoder agree on, for luma or for chroma.
struct Model {
    Logarithms logarithms;
    Index sizes;
    std::vector<float> centres, zeros;
    float trade;
    Index likely;  // class of flags from which on the signs of zeros are predicted
    std::vector<Pass> luma, chroma;

    float centre(Index size, std::int32_t m) const {
        return centres[size_t(size * CENTRES + std::min<std::int32_t>(m, CENTRES) - 1)];
    }
    float zero(Index flag, Index sure) const { return zeros[size_t(flag * (SURE + 1) + sure)]; }
};

// The tables of a tile.
struct Tables {
    Adaptive flags, sizes, signs;

    Adaptive& of(int which) { return which == 0 ? flags : which == 1 ? sizes : signs; }
};

// Call work(begin, end) for parts of a range, on as many threads as pay.
template <class F>
void split(Index count, Index grain, Index threads, F work) {
    const Index parts = std::min(threads, count / grain);
    if (parts < 2) return work(Index(0), count);
    std::vector<std::thread> others;
    for (Index p = 1; p < parts; p++)
        others.emplace_back([=, &work] { work(count * p / parts, count * (p + 1) / parts); });
    work(0, count / parts);
    for (std::thread& other : others) other.join();
}

// Coefficients of one plane at one level.
struct Bands {
    bool lossless;
    Index threads;
    std::vector<std::int32_t> norms;  // W of each band, without loss
    std::vector<Lent<float>> values;  // with loss; else quantised
    std::vector<Lent<std::int32_t>> quantised;
    std::vector<Lent<std::int8_t>> logarithms;
};

class Steps {
public:
    Steps(const Model& model, const std::vector<Pass>& passes, Level& level, Tables& tables, const Bands& bands)
        : model_(model), passes_(passes), level_(level), tables_(tables), bands_(bands) {}

    void decode(Decoder& decoder) {
        each([&](const Pass& pass) {
            predict_magnitudes(pass);
            read_magnitudes(decoder);
            predict_signs(pass);
            read_signs(decoder);
        });
    }

    // Coefficients with loss, and one over the step of each band.
    void encode(Encoder& encoder, const std::vector<Lent<const float>>& found, const std::vector<float>& inverse) {
        each([&](const Pass& pass) {
            const Step& step = pass.step;
            const Lent<const float>& band = found[size_t(step.band)];
            predict_magnitudes(pass);
            a_.resize(size_t(count_));
            over(step, band, [&](size_t i, const float& c) {
                const float a = std::fabs(c) * inverse[size_t(step.band)];
                negative_[i] = c < 0;
                a_[i] = a;
                m_[i] = std::int32_t(std::min(std::floor(a + 0.5f), float(LARGEST)));
            });
            predict_signs(pass);
            decide();
            write(encoder);
        });
    }

    void encode(Encoder& encoder, const std::vector<Lent<const std::int32_t>>& found) {
        each([&](const Pass& pass) {
            const Step& step = pass.step;
            const Lent<const std::int32_t>& band = found[size_t(step.band)];
            predict_magnitudes(pass);
            over(step, band, [&](size_t i, const std::int32_t& c) {
                negative_[i] = c < 0;
                m_[i] = std::abs(c);
            });
            predict_signs(pass);
            write(encoder);
        });
    }

private:
    template <class F>
    void each(F work) {
        for (const Pass& pass : passes_) {
            std::tie(rows_, columns_) = level_.shape(pass.step);
            count_ = rows_ * columns_;
            if (!count_) continue;
            for (auto* bytes : {&flags_, &sizes_, &negative_, &wanted_}) bytes->resize(size_t(count_));
            said_.resize(size_t(count_));
            m_.resize(size_t(count_));
            work(pass);
            keep(pass);
        }
        for (Index band = 0; band < 3; band++) level_.write(band, bands_.logarithms[size_t(band)]);
    }

    // Call work(place, coefficient) for every coefficient of a step.
    template <class T, class F>
    void over(const Step& step, const Lent<T>& band, F work) const {
        for (Index y = 0; y < rows_; y++) {
            T* const from = &band.at(step.row + y * step.stride, step.column);
            for (Index x = 0; x < columns_; x++) work(size_t(y * columns_ + x), from[x * step.stride]);
        }
    }

    // ------------------------------------------------------------------ what the networks say
    // Call use(place, offset, some) for the runs of positions in a block of cells: the first has this place in the step,
    // the next are every fold-th, and the cell of the first is so far behind that of the block.
    template <class F>
    void runs(Index at, Index many, Index fold, Index row, Index column, F use) const {
        const Index down = level_.down(), count = (columns_ - column + fold - 1) / fold;
        for (Index cell = at; cell < at + many; cell = (cell / down + 1) * down) {
            const Index y = cell / down, end = std::min(at + many, y * down + count);
            if (cell < end) use((y * fold + row) * columns_ + column + cell % down * fold, cell - at, end - cell);
        }
    }

    // Call use(out, place, some) with what a network says of runs of positions, in blocks of which any is wanted.
    template <bool magnitudes, class Wanted, class Use>
    void ask(const Pass& pass, Wanted wanted, Use use) {
        const Network& net = magnitudes ? pass.magnitudes : pass.signs;
        const std::vector<Input>& inputs = magnitudes ? pass.magnitude_inputs : pass.sign_inputs;
        const Index fold = SIDE / pass.step.stride, down = level_.down();
        const std::vector<std::int32_t> bias =
            magnitudes ? net.bias(level_.constants(pass.step).data()) : std::vector<std::int32_t>();
        for (Index part = 0; part < fold * fold; part++) {
            const Index row = part / fold, column = part % fold, high = (rows_ - row + fold - 1) / fold;
            const std::vector<View> views = level_.views(pass.step, inputs, row, column);
            split(high, std::max<Index>(1, GRAIN / down), bands_.threads, [&](Index begin, Index end) {
                Network::Space space(net);
                std::int32_t out[2 * BLOCK];
                for (Index at = begin * down; at < end * down; at += BLOCK) {
                    const Index many = std::min(BLOCK, end * down - at);
                    bool any = false;
                    runs(at, many, fold, row, column,
                         [&](Index place, Index, Index some) { any = any || wanted(place, some, fold); });
                    if (!any) continue;
                    gather<magnitudes>(views, at, space.x);
                    if constexpr (magnitudes)
                        net.magnitudes(space, bias.data(), out);
                    else
                        net.signs(space, out);
                    runs(at, many, fold, row, column,
                         [&](Index place, Index offset, Index some) { use(out + offset, place, some, fold); });
                }
            });
        }
    }

    // Classes of whether each is zero, and of its size if it is not.
    void predict_magnitudes(const Pass& pass) {
        ask<true>(
            pass, [](Index, Index, Index) { return true; },
            [&](const std::int32_t* out, Index place, Index some, Index fold) {
                for (Index i = 0; i < some; i++) {
                    const size_t at = size_t(place + i * fold);
                    flags_[at] = std::uint8_t(std::clamp<Index>(out[i] + FLAG_SHIFT, 0, FLAG_CLASSES - 1));
                    sizes_[at] = std::uint8_t(std::clamp<Index>(out[BLOCK + i], 0, model_.sizes - 1));
                }
            });
    }

    // Signs of what is not zero and, with loss, of what might as well not be.
    void predict_signs(const Pass& pass) {
        const Index likely = bands_.lossless ? FLAG_CLASSES : model_.likely;
        for (size_t i = 0; i < size_t(count_); i++) wanted_[i] = m_[i] || flags_[i] >= likely;
        ask<false>(
            pass,
            [&](Index place, Index some, Index fold) {
                std::uint8_t any = 0;
                for (Index i = 0; i < some; i++) any |= wanted_[size_t(place + i * fold)];
                return any != 0;
            },
            [&](const std::int32_t* out, Index place, Index some, Index fold) {
                for (Index i = 0; i < some; i++)
                    said_[size_t(place + i * fold)] = std::int8_t(std::clamp<Index>(out[i], -SURE, SURE));
            });
    }

    // ------------------------------------------------------------------ symbols
    template <class F>
    void grouped(const std::vector<std::uint8_t>& classes, Index most, F work) {
        group(classes.data(), Index(classes.size()), most, starts_, order_);
        for (Index c = 0; c < most; c++)
            for (Index k = starts_[size_t(c)]; k < starts_[size_t(c + 1)]; k++) work(c, order_[size_t(k)]);
    }

    // Places that are not zero, with their classes of sizes.
    void nonzero() {
        some_.clear();
        some_sizes_.clear();
        for (Index i = 0; i < count_; i++)
            if (m_[size_t(i)]) some_.push_back(std::int32_t(i)), some_sizes_.push_back(sizes_[size_t(i)]);
        symbols_.resize(some_.size());
    }

    // Classes of confidence of the signs that are coded.
    void signed_places() {
        some_sure_.resize(some_.size());
        for (size_t k = 0; k < some_.size(); k++) some_sure_[k] = std::uint8_t(std::abs(said_[size_t(some_[k])]));
    }

    void read_magnitudes(Decoder& decoder) {
        grouped(flags_, FLAG_CLASSES, [&](Index c, std::int32_t i) {
            const bool some = decoder.get(tables_.flags.sums(c)[1]);
            m_[size_t(i)] = some;
            flag_counts_[size_t(2 * c + some)]++;
        });
        nonzero();
        grouped(some_sizes_, model_.sizes, [&](Index c, std::int32_t i) {
            symbols_[size_t(i)] = std::uint8_t(decoder.get(tables_.sizes.sums(c), COUNT));
        });
        for (size_t k = 0; k < some_.size(); k++) {
            std::int64_t value = first(symbols_[k]);
            if (const int bits = extra(symbols_[k])) value += std::int64_t(decoder.get_raw(bits));
            m_[size_t(some_[k])] = std::int32_t(value + 1);
        }
    }

    void read_signs(Decoder& decoder) {
        signed_places();
        grouped(some_sure_, SURE + 1, [&](Index c, std::int32_t k) {
            const size_t i = size_t(some_[size_t(k)]);
            const bool right = decoder.get(tables_.signs.sums(c)[1]);
            negative_[i] = right == (said_[i] > 0);
            sign_counts_[size_t(2 * c + right)]++;
        });
        learn();
    }

    void write(Encoder& encoder) {
        grouped(flags_, FLAG_CLASSES, [&](Index c, std::int32_t i) {
            const bool some = m_[size_t(i)] > 0;
            put(encoder, tables_.flags.sums(c), some);
            flag_counts_[size_t(2 * c + some)]++;
        });
        nonzero();
        for (size_t k = 0; k < some_.size(); k++)
            symbols_[k] = std::uint8_t(symbol_of(m_[size_t(some_[k])] - 1));
        grouped(some_sizes_, model_.sizes,
                [&](Index c, std::int32_t i) { put(encoder, tables_.sizes.sums(c), symbols_[size_t(i)]); });
        for (size_t k = 0; k < some_.size(); k++)
            if (const int bits = extra(symbols_[k]))
                encoder.put_raw(State(m_[size_t(some_[k])] - 1 - first(symbols_[k])), bits);
        signed_places();
        grouped(some_sure_, SURE + 1, [&](Index c, std::int32_t k) {
            const size_t i = size_t(some_[size_t(k)]);
            const bool right = bool(negative_[i]) == (said_[i] > 0);
            put(encoder, tables_.signs.sums(c), right);
            sign_counts_[size_t(2 * c + right)]++;
        });
        learn();
    }

    static void put(Encoder& encoder, const Word* sums, Index symbol) {
        encoder.put(sums[symbol], sums[symbol + 1] - sums[symbol]);
    }

    // Frequencies don't change within a step.
    void learn() {
        learn(tables_.flags, flag_counts_);
        learn(tables_.signs, sign_counts_);
        for (size_t k = 0; k < some_.size(); k++) tables_.sizes.count(some_sizes_[k], symbols_[k]);
        tables_.sizes.renew();
    }

    static void learn(Adaptive& table, std::vector<std::int64_t>& counts) {
        for (size_t at = 0; at < counts.size(); at++)
            if (counts[at]) table.count(Index(at / 2), Index(at % 2), counts[at]);
        table.renew();
        std::fill(counts.begin(), counts.end(), 0);
    }

    // ------------------------------------------------------------------ decisions and values
    // Of the nearest magnitude and those around it, what costs least in distortion and bits.
    void decide() {
        for (size_t i = 0; i < size_t(count_); i++) {
            if (!wanted_[i]) continue;
            const Index flag = flags_[i], size = sizes_[i], sure = std::abs(said_[i]);
            const bool agree = bool(negative_[i]) == (said_[i] > 0);
            const float a = a_[i], near = model_.zero(flag, sure);
            float error = a - (agree ? near : -near);
            float least = error * error + model_.trade * tables_.flags.bits(flag, 0);
            const float sign_bits = tables_.signs.bits(sure, agree);
            const std::int32_t nearest = m_[i];
            std::int32_t chosen = 0;
            for (const std::int32_t candidate : {std::max(nearest - 1, 1), std::max(nearest, 1)}) {
                const Index symbol = symbol_of(candidate - 1);
                error = a - (float(candidate) + model_.centre(size, candidate));
                const float bits = tables_.flags.bits(flag, 1) + tables_.sizes.bits(size, symbol) + sign_bits;
                const float cost = error * error + model_.trade * (bits + float(extra(symbol)));
                if (cost < least) chosen = candidate, least = cost;
            }
            m_[i] = chosen;
        }
    }

    // The values that coefficients with loss stand for. (Zeros that are not likely to be anything else stand for 0,
    // whatever their signs would be.)
    void value() {
        values_.resize(size_t(count_));
        for (size_t i = 0; i < size_t(count_); i++) {
            const float near = model_.zero(flags_[i], std::abs(said_[i]));
            values_[i] = said_[i] > 0 ? -near : near;
        }
        for (const std::int32_t i : some_) {
            const std::int32_t m = m_[size_t(i)];
            const float size = float(m) + model_.centre(sizes_[size_t(i)], m);
            values_[size_t(i)] = negative_[size_t(i)] ? -size : size;
        }
    }

    // Give values, and make logarithms known.
    void keep(const Pass& pass) {
        const Step& step = pass.step;
        const size_t band = size_t(step.band);
        logs_.assign(size_t(count_), 0);
        for (const std::int32_t i : some_) {
            const std::int32_t m = m_[size_t(i)];
            const std::int64_t scaled = bands_.lossless ? (std::int64_t(m) * bands_.norms[band] + 128) >> 8 : m;
            const std::int32_t seen = std::int32_t(std::min<std::int64_t>(scaled, 1 << 20));
            logs_[size_t(i)] = model_.logarithms.of(negative_[size_t(i)] ? -seen : seen);
        }
        level_.put(step, logs_.data());
        if (bands_.lossless)
            over(step, bands_.quantised[band], [&](size_t i, std::int32_t& to) { to = negative_[i] ? -m_[i] : m_[i]; });
        else {
            value();
            over(step, bands_.values[band], [&](size_t i, float& to) { to = values_[i]; });
        }
    }

    static constexpr Index GRAIN = 4096;  // positions that are worth a thread

    const Model& model_;
    const std::vector<Pass>& passes_;
    Level& level_;
    Tables& tables_;
    const Bands& bands_;
    Index rows_ = 0, columns_ = 0, count_ = 0;
    std::vector<std::uint8_t> flags_, sizes_, negative_, wanted_;  // of every coefficient of a step
    std::vector<std::int8_t> said_, logs_;  // confidence that the sign is negative, where it is wanted; logarithms
    std::vector<std::int32_t> m_;
    std::vector<float> a_, values_;
    std::vector<std::uint8_t> some_sizes_, some_sure_, symbols_;  // of those that are not zero
    std::vector<std::int32_t> some_, order_;
    std::vector<Index> starts_;
    std::vector<std::int64_t> flag_counts_ = std::vector<std::int64_t>(2 * FLAG_CLASSES);
    std::vector<std::int64_t> sign_counts_ = std::vector<std::int64_t>(2 * (SURE + 1));
};

}  // namespace scatter::codec
