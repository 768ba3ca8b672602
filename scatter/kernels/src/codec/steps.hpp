// The steps of a level: what the networks predict, and the symbols that follow, in the encoder and in the decoder.
#pragma once

#include <thread>

#include "gather.hpp"
#include "level.hpp"
#include "tables.hpp"

namespace scatter::codec {

constexpr Index FLAG_SHIFT = 80, FLAG_CLASSES = 128, LIKELY = 36, SIGN_CLASSES = 41, CENTRES = 4;
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
    std::vector<Pass> luma, chroma;

    float centre(Index size, std::int32_t m) const {
        return centres[size_t(size * CENTRES + std::min<std::int32_t>(m, CENTRES) - 1)];
    }
    float zero(Index flag, Index sure) const { return zeros[size_t(flag * SIGN_CLASSES + sure)]; }
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
            over(step, band, [&](size_t i, float c) {
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
            over(step, band, [&](size_t i, std::int32_t c) {
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
            flags_.resize(size_t(count_));
            sizes_.resize(size_t(count_));
            m_.resize(size_t(count_));
            negative_.resize(size_t(count_));
            work(pass);
            keep(pass);
        }
    }

    // Call work(place, coefficient) for every coefficient of a step.
    template <class T, class F>
    void over(const Step& step, const Lent<const T>& band, F work) const {
        for (Index y = 0; y < rows_; y++) {
            const T* const from = &band.at(step.row + y * step.stride, step.column);
            for (Index x = 0; x < columns_; x++) work(size_t(y * columns_ + x), from[x * step.stride]);
        }
    }

    // ------------------------------------------------------------------ what the networks say
    // Classes of whether each is zero, and of its size if it is not.
    void predict_magnitudes(const Pass& pass) {
        const Network& net = pass.magnitudes;
        const std::vector<View> views = level_.views(pass.step, pass.magnitude_inputs);
        const std::vector<std::int32_t> bias = net.bias(level_.constants(pass.step).data());
        constexpr Index BLOCK = Network::BLOCK;
        split(rows_, std::max<Index>(1, GRAIN / columns_), bands_.threads, [&](Index begin, Index end) {
            Network::Space space(net);
            std::int32_t out[2 * BLOCK];
            std::vector<View> row(views);
            for (Index y = begin; y < end; y++) {
                for (size_t v = 0; v < views.size(); v++) row[v].first = views[v].first + y * views[v].down;
                for (Index x = 0; x < columns_; x += BLOCK) {
                    gather(row, x, space.x);
                    net.magnitudes(space, bias.data(), out);
                    const Index some = std::min(BLOCK, columns_ - x);
                    std::uint8_t* const flags = &flags_[size_t(y * columns_ + x)];
                    std::uint8_t* const sizes = &sizes_[size_t(y * columns_ + x)];
                    for (Index i = 0; i < some; i++) {
                        flags[i] = std::uint8_t(std::clamp<Index>(out[i] + FLAG_SHIFT, 0, FLAG_CLASSES - 1));
                        sizes[i] = std::uint8_t(std::clamp<Index>(out[BLOCK + i], 0, model_.sizes - 1));
                    }
                }
            }
        });
    }

    // Signs of what is not zero and, with loss, of what might as well not be.
    void predict_signs(const Pass& pass) {
        places_.clear();
        for (Index i = 0; i < count_; i++)
            if (m_[size_t(i)] || (!bands_.lossless && flags_[size_t(i)] >= LIKELY)) places_.push_back(std::int32_t(i));
        const Index many = Index(places_.size());
        sure_.resize(size_t(many));
        guess_.resize(size_t(many));
        if (!many) return;
        const Network& net = pass.signs;
        const std::vector<View> views = level_.views(pass.step, pass.sign_inputs);
        constexpr Index BLOCK = Network::BLOCK;
        split((many + BLOCK - 1) / BLOCK, GRAIN / BLOCK, bands_.threads, [&](Index begin, Index end) {
            Network::Space space(net);
            std::int32_t out[BLOCK];
            for (Index block = begin; block < end; block++) {
                const Index at = block * BLOCK, some = std::min(BLOCK, many - at);
                pick(views, &places_[size_t(at)], some, columns_, space.x);
                net.signs(space, out);
                for (Index i = 0; i < some; i++) {
                    guess_[size_t(at + i)] = out[i] > 0;
                    sure_[size_t(at + i)] = std::uint8_t(std::min<Index>(std::abs(out[i]), SIGN_CLASSES - 1));
                }
            }
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

    // Classes of confidence of the signs that are coded, and the guesses.
    void signed_places() {
        coded_sure_.clear();
        coded_guess_.clear();
        for (size_t i = 0; i < places_.size(); i++)
            if (m_[size_t(places_[i])]) coded_sure_.push_back(sure_[i]), coded_guess_.push_back(guess_[i]);
    }

    void read_magnitudes(Decoder& decoder) {
        grouped(flags_, FLAG_CLASSES, [&](Index c, std::int32_t i) { m_[size_t(i)] = decoder.get(tables_.flags.sums(c)[1]); });
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
        grouped(coded_sure_, SIGN_CLASSES, [&](Index c, std::int32_t i) {
            const bool right = decoder.get(tables_.signs.sums(c)[1]);
            coded_guess_[size_t(i)] = right == bool(coded_guess_[size_t(i)]);
            count_sign(c, right);
        });
        std::fill(negative_.begin(), negative_.end(), 0);
        for (size_t k = 0; k < some_.size(); k++) negative_[size_t(some_[k])] = coded_guess_[k];
        learn();
    }

    void write(Encoder& encoder) {
        grouped(flags_, FLAG_CLASSES, [&](Index c, std::int32_t i) { put(encoder, tables_.flags.sums(c), m_[size_t(i)] > 0); });
        nonzero();
        for (size_t k = 0; k < some_.size(); k++)
            symbols_[k] = std::uint8_t(symbol_of(m_[size_t(some_[k])] - 1));
        grouped(some_sizes_, model_.sizes,
                [&](Index c, std::int32_t i) { put(encoder, tables_.sizes.sums(c), symbols_[size_t(i)]); });
        for (size_t k = 0; k < some_.size(); k++)
            if (const int bits = extra(symbols_[k]))
                encoder.put_raw(State(m_[size_t(some_[k])] - 1 - first(symbols_[k])), bits);
        signed_places();
        grouped(coded_sure_, SIGN_CLASSES, [&](Index c, std::int32_t i) {
            const bool right = bool(negative_[size_t(some_[size_t(i)])]) == bool(coded_guess_[size_t(i)]);
            put(encoder, tables_.signs.sums(c), right);
            count_sign(c, right);
        });
        learn();
    }

    static void put(Encoder& encoder, const Word* sums, Index symbol) {
        encoder.put(sums[symbol], sums[symbol + 1] - sums[symbol]);
    }

    void count_sign(Index c, bool right) { sign_counts_.push_back({c, right}); }

    // Frequencies don't change within a step.
    void learn() {
        if (!sign_counts_.empty()) {
            for (const auto& [c, right] : sign_counts_) tables_.signs.count(c, right);
            tables_.signs.renew();
            sign_counts_.clear();
        }
        for (Index i = 0; i < count_; i++) tables_.flags.count(flags_[size_t(i)], m_[size_t(i)] > 0);
        tables_.flags.renew();
        if (some_.empty()) return;
        for (size_t k = 0; k < some_.size(); k++) tables_.sizes.count(some_sizes_[k], symbols_[k]);
        tables_.sizes.renew();
    }

    // ------------------------------------------------------------------ decisions and values
    // Of the nearest magnitude and those around it, what costs least in distortion and bits.
    void decide() {
        for (size_t k = 0; k < places_.size(); k++) {
            const size_t i = size_t(places_[k]);
            const Index flag = flags_[i], size = sizes_[i], sure = sure_[k];
            const bool agree = bool(negative_[i]) == bool(guess_[k]);
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

    // Give values and logarithms, and make the latter known.
    void keep(const Pass& pass) {
        const Step& step = pass.step;
        const size_t band = size_t(step.band);
        logs_.assign(size_t(count_), 0);
        q_.assign(bands_.lossless ? size_t(count_) : 0, 0);
        for (const std::int32_t i : some_) {
            const size_t at = size_t(i);
            const std::int32_t q = negative_[at] ? -m_[at] : m_[at];
            std::int32_t seen = q;
            if (bands_.lossless) {
                const std::int64_t scaled = (std::int64_t(m_[at]) * bands_.norms[band] + 128) >> 8;
                seen = std::int32_t(std::min<std::int64_t>(scaled, 1 << 20));
                if (q < 0) seen = -seen;
                q_[at] = q;
            }
            logs_[at] = model_.logarithms.of(seen);
        }
        values_.assign(bands_.lossless ? 0 : size_t(count_), 0.0f);
        if (!bands_.lossless)
            for (size_t k = 0; k < places_.size(); k++) {
                const size_t i = size_t(places_[k]);
                if (m_[i]) {
                    const float size = float(m_[i]) + model_.centre(sizes_[i], m_[i]);
                    values_[i] = negative_[i] ? -size : size;
                } else {
                    const float near = model_.zero(flags_[i], sure_[k]);
                    values_[i] = guess_[k] ? -near : near;
                }
            }
        for (Index y = 0; y < rows_; y++) {
            const Index row = step.row + y * step.stride;
            const size_t at = size_t(y * columns_);
            std::int8_t* const logs = &bands_.logarithms[band].at(row, step.column);
            for (Index x = 0; x < columns_; x++) logs[x * step.stride] = logs_[at + size_t(x)];
            if (bands_.lossless) {
                std::int32_t* const to = &bands_.quantised[band].at(row, step.column);
                for (Index x = 0; x < columns_; x++) to[x * step.stride] = q_[at + size_t(x)];
            } else {
                float* const to = &bands_.values[band].at(row, step.column);
                for (Index x = 0; x < columns_; x++) to[x * step.stride] = values_[at + size_t(x)];
            }
        }
        level_.put(step, logs_.data());
    }

    static constexpr Index GRAIN = 4096;  // positions that are worth a thread

    const Model& model_;
    const std::vector<Pass>& passes_;
    Level& level_;
    Tables& tables_;
    const Bands& bands_;
    Index rows_ = 0, columns_ = 0, count_ = 0;
    std::vector<std::uint8_t> flags_, sizes_, negative_, guess_, sure_, some_sizes_, symbols_, coded_sure_, coded_guess_;
    std::vector<std::int32_t> m_, q_, places_, some_, order_;
    std::vector<Index> starts_;
    std::vector<float> a_, values_;
    std::vector<std::int8_t> logs_;
    std::vector<std::pair<Index, bool>> sign_counts_;
};

}  // namespace scatter::codec
