// The part of the Python module that codes images. Compiled without fused products, as the format says.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "../arrays.hpp"
#include "lifting.hpp"
#include "steps.hpp"

namespace nb = nanobind;
using scatter::Output, scatter::Table;
using namespace scatter::codec;

namespace {

template <class T>
using Planes = std::vector<nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>>;

template <class T>
std::vector<Lent<T>> lent(const Planes<T>& planes) {
    std::vector<Lent<T>> found;
    for (const auto& plane : planes) found.push_back({plane.data(), Index(plane.shape(0)), Index(plane.shape(1))});
    return found;
}

template <class E>
std::vector<E> copied(const Table<E>& from) {
    return {from.data(), from.data() + from.size()};
}

// A network as Python has it: weights, biases, shifts, largest activations, and inputs that are the same everywhere.
using Layers = std::vector<Table<float>>;

Network network(const Layers& weights, const Layers& biases, const std::vector<int>& shifts,
                const std::vector<int>& most, Index constants) {
    Network::Layer layers[3];
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < biases[k].size(); i++) layers[k].bias.push_back(std::int32_t(biases[k].data()[i]));
        layers[k].shift = shifts[k], layers[k].most = most[k];
    }
    auto rows = [&](size_t k) { return Index(weights[k].shape(0)); };
    return Network(weights[0].data(), rows(0), Index(weights[0].shape(1)), constants, layers[0], weights[1].data(),
                   rows(1), layers[1], weights[2].data(), rows(2), layers[2]);
}

std::vector<Input> inputs(const Table<std::int64_t>& records) {
    std::vector<Input> found;
    for (size_t k = 0; k < records.shape(0); k++) {
        const std::int64_t* const in = records.data() + 4 * k;
        found.push_back({Index(in[0]), Index(in[1]), Index(in[2]), Index(in[3])});
    }
    return found;
}

void declare_range_coder(nb::module_& m) {
    nb::class_<Encoder>(m, "RangeEncoder")
        .def(nb::init<>())
        .def("put",
             [](Encoder& self, const Table<Word>& sums, const Table<std::int64_t>& classes,
                const Table<std::int64_t>& found) {
                 std::vector<Index> starts;
                 std::vector<std::int32_t> order;
                 const Index row = Index(sums.shape(1));
                 group(classes.data(), Index(classes.size()), Index(sums.shape(0)), starts, order);
                 for (const std::int32_t i : order) {
                     const Word* const at = sums.data() + classes.data()[i] * row + found.data()[i];
                     self.put(at[0], at[1] - at[0]);
                 }
             })
        .def("put_raw",
             [](Encoder& self, const Table<std::int64_t>& values, const Table<std::int64_t>& bits) {
                 for (size_t i = 0; i < values.size(); i++) self.put_raw(State(values.data()[i]), int(bits.data()[i]));
             })
        .def_prop_ro("words", &Encoder::words)
        .def("finish", [](const Encoder& self) {
            const std::vector<Word> words = self.finished();
            std::vector<std::uint8_t> bytes;
            for (const Word word : words)
                for (int k = 0; k < 4; k++) bytes.push_back(std::uint8_t(word >> (8 * k)));
            return nb::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        });
    nb::class_<Decoder>(m, "RangeDecoder")
        .def("__init__", [](Decoder* self, const Table<Word>& words) { new (self) Decoder(copied(words)); })
        .def("get",
             [](Decoder& self, const Table<Word>& sums, const Table<std::int64_t>& classes,
                const Output<std::int64_t>& out) {
                 std::vector<Index> starts;
                 std::vector<std::int32_t> order;
                 const Index row = Index(sums.shape(1));
                 group(classes.data(), Index(classes.size()), Index(sums.shape(0)), starts, order);
                 for (const std::int32_t i : order)
                     out.data()[i] = self.get(sums.data() + classes.data()[i] * row, row - 1);
             })
        .def("get_raw", [](Decoder& self, const Table<std::int64_t>& bits, const Output<std::int64_t>& out) {
            for (size_t i = 0; i < bits.size(); i++) out.data()[i] = std::int64_t(self.get_raw(int(bits.data()[i])));
        });
}

// Inputs (positions, inputs) of a block of positions from one on, as `gather` packs them.
template <bool magnitudes>
void pack(const Table<std::int8_t>& x, Index at, const Network& net, Whole* out) {
    auto* const bytes = reinterpret_cast<std::int8_t*>(out);
    std::fill_n(bytes, net.fours() * BLOCK * 4, std::int8_t(0));
    const Index wide = Index(x.shape(1));
    for (Index i = 0; i < std::min(BLOCK, Index(x.shape(0)) - at); i++)
        for (Index k = 0; k < wide; k++) {
            const std::int8_t value = x.data()[(at + i) * wide + k];
            bytes[(k / 4 * BLOCK + i) * 4 + k % 4] = magnitudes ? std::int8_t(std::abs(int(value))) : value;
        }
}

void declare_model(nb::module_& m) {
    nb::class_<Network>(m, "CodecNetwork")
        .def("__init__",
             [](Network* self, const Layers& weights, const Layers& biases, const std::vector<int>& shifts,
                const std::vector<int>& most, Index constants) {
                 new (self) Network(network(weights, biases, shifts, most, constants));
             })
        .def("magnitudes",  // of inputs (positions, inputs), for tests: (outputs, positions)
             [](const Network& self, const Table<std::int8_t>& x, const Table<std::int32_t>& constants,
                const Output<std::int16_t>& out) {
                 Network::Space space(self);
                 const std::vector<std::int32_t> bias = self.bias(constants.data());
                 const Index many = Index(x.shape(0));
                 std::vector<std::int32_t> found(size_t(self.outputs() * BLOCK));
                 for (Index at = 0; at < many; at += BLOCK) {
                     const Index some = std::min(BLOCK, many - at);
                     pack<true>(x, at, self, space.x);
                     self.magnitudes(space, bias.data(), found.data());
                     for (Index o = 0; o < self.outputs(); o++)
                         std::copy_n(&found[size_t(o * BLOCK)], some, out.data() + o * many + at);
                 }
             })
        .def("signs", [](const Network& self, const Table<std::int8_t>& x, const Output<std::int16_t>& out) {
            Network::Space space(self);
            const Index many = Index(x.shape(0));
            std::int32_t found[BLOCK];
            for (Index at = 0; at < many; at += BLOCK) {
                const Index some = std::min(BLOCK, many - at);
                pack<false>(x, at, self, space.x);
                self.signs(space, found);
                std::copy_n(found, some, out.data() + at);
            }
        });
    nb::class_<Model>(m, "CodecModel")
        .def("__init__",
             [](Model* self, const Table<std::int8_t>& magnitudes, const Table<std::int8_t>& differences,
                const Table<float>& centres, const Table<float>& zeros, float trade, Index likely) {
                 new (self) Model{{copied(magnitudes), copied(differences)},
                                  Index(centres.shape(0)),
                                  copied(centres),
                                  copied(zeros),
                                  trade,
                                  likely,
                                  {},
                                  {}};
             })
        .def("add_step",
             [](Model& self, bool chroma, const std::vector<Index>& step, const Table<std::int64_t>& seen,
                const Network& magnitudes, const Table<std::int64_t>& seen_signed, const Network& signs) {
                 (chroma ? self.chroma : self.luma)
                     .push_back({{step[0], step[1], step[2], step[3]}, inputs(seen), inputs(seen_signed), magnitudes,
                                 signs});
             });
    nb::class_<Tables>(m, "CodecTables")
        .def("__init__",
             [](Tables* self, const Table<std::int64_t>& flags, const Table<std::int64_t>& sizes,
                const Table<std::int64_t>& signs, const std::vector<std::int64_t>& priors) {
                 auto one = [&](const Table<std::int64_t>& stored, std::int64_t prior, bool spread) {
                     return Adaptive(stored.data(), Index(stored.shape(0)), Index(stored.shape(1)), prior, spread);
                 };
                 new (self) Tables{one(flags, priors[0], true), one(sizes, priors[1], true),
                                   one(signs, priors[2], false)};
             })
        .def("count",  // the symbols of a step, for tests; `which` is 0, 1, 2 for flags, sizes, signs
             [](Tables& self, int which, const Table<std::int64_t>& classes, const Table<std::int64_t>& found) {
                 Adaptive& one = self.of(which);
                 for (size_t i = 0; i < classes.size(); i++) one.count(Index(classes.data()[i]), Index(found.data()[i]));
                 one.renew();
             })
        .def("sums", [](Tables& self, int which, const Output<Word>& out) {
            const Adaptive& one = self.of(which);
            const Index row = Index(out.shape(1));
            for (Index c = 0; c < one.classes(); c++) std::copy_n(one.sums(c), row, out.data() + c * row);
        });
}

void declare_levels(nb::module_& m) {
    using Bytes = Planes<const std::int8_t>;
    nb::class_<Level>(m, "CodecLevel")
        .def("__init__",
             [](Level* self, const Model& model, bool lossless, std::int32_t step_feature, bool second, Index j,
                nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu> approximation,
                const std::vector<std::pair<Index, Index>>& sizes, const Bytes& parents, const Bytes& grandparents,
                const std::vector<const Level*>& guides, Index least) {
                 std::vector<const Level*> seen = guides;
                 seen.resize(size_t(std::max<Index>(least, Index(guides.size()))), nullptr);
                 const Lent<const float> a{approximation.data(), Index(approximation.shape(0)),
                                           Index(approximation.shape(1))};
                 const auto above = lent(parents), far = lent(grandparents);
                 nb::gil_scoped_release release;
                 new (self) Level(model.logarithms, {lossless, step_feature, second, j}, a, sizes, above, far, seen);
             })
        .def("decode",
             [](Level& self, const Model& model, bool chroma, Tables& tables, Decoder& decoder, Index threads,
                const std::vector<std::int32_t>& norms, const Planes<float>& values,
                const Planes<std::int32_t>& quantised, const Planes<std::int8_t>& logarithms) {
                 const Bands bands{self.setting().lossless, threads, norms, lent(values), lent(quantised),
                                   lent(logarithms)};
                 nb::gil_scoped_release release;
                 Steps(model, chroma ? model.chroma : model.luma, self, tables, bands).decode(decoder);
             })
        .def("encode", [](Level& self, const Model& model, bool chroma, Tables& tables, Encoder& encoder, Index threads,
                          const std::vector<std::int32_t>& norms, const Planes<float>& values,
                          const Planes<std::int32_t>& quantised, const Planes<std::int8_t>& logarithms,
                          const std::vector<float>& inverse, const Planes<const float>& found,
                          const Planes<const std::int32_t>& whole) {
            const Bands bands{self.setting().lossless, threads, norms, lent(values), lent(quantised),
                              lent(logarithms)};
            const auto with_loss = lent(found);
            const auto without = lent(whole);
            nb::gil_scoped_release release;
            Steps steps(model, chroma ? model.chroma : model.luma, self, tables, bands);
            if (bands.lossless)
                steps.encode(encoder, without);
            else
                steps.encode(encoder, with_loss, inverse);
        });
}

// One level of a transform: an image and its bands LL, HL, LH, HH.
template <class Pair>
void declare_lifting(nb::module_& m) {
    using T = typename Pair::Number;
    m.def("lift", [](const Planes<const T>& image, const Planes<T>& bands) {
        const Lent<const T> x = lent(image)[0];
        const auto all = lent(bands);
        const Lent<T> found[4] = {all[0], all[1], all[2], all[3]};
        nb::gil_scoped_release release;
        Lifting<Pair>::forward(x, found);
    });
    m.def("unlift", [](const Planes<const T>& bands, const Planes<T>& image) {
        const auto all = lent(bands);
        const Lent<const T> from[4] = {all[0], all[1], all[2], all[3]};
        const Lent<T> x = lent(image)[0];
        nb::gil_scoped_release release;
        Lifting<Pair>::inverse(from, x);
    });
}

}  // namespace

void declare_codec(nb::module_& m) {
    declare_lifting<Irreversible>(m);
    declare_lifting<Reversible>(m);
    declare_range_coder(m);
    declare_model(m);
    declare_levels(m);
}
