// The Python module: one class of programs for each precision, built piece by piece and then run without the GIL.
//
// The same source is compiled once for every instruction set, each time into a module of its own (SCATTER_MODULE), so
// that no code for one processor can end up in the module for another.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <atomic>

#include "arrays.hpp"
#include "backward.hpp"

namespace nb = nanobind;
using namespace scatter;

void declare_codec(nb::module_& m);  // of codec/codec.cpp

namespace {

template <class T>
Numbers<T> copied(const Table<T>& from) {
    Numbers<T> memory(Index(from.size()));
    std::copy_n(from.data(), from.size(), memory.get());
    return memory;
}

std::vector<int32_t> numbers(const Table<int32_t>& from) { return {from.data(), from.data() + from.size()}; }

template <class Record>
std::vector<Record> records(const Table<int64_t>& from) {
    static_assert(sizeof(Record) % sizeof(int64_t) == 0);
    std::vector<Record> found(from.size() * sizeof(int64_t) / sizeof(Record));
    std::memcpy(static_cast<void*>(found.data()), from.data(), found.size() * sizeof(Record));
    return found;
}

template <class T, bool columns>
void declare(nb::module_& m, const char* program, const char* worker, const char* gradient) {
    using Code = Program<T, columns>;
    using Hand = Worker<T, columns>;
    using Back = Gradient<T, columns>;
    nb::class_<Code>(m, program)
        .def("__init__",
             [](Code* self, bool complex, Index size, std::vector<std::vector<Index>> offsets, Index depth, T floor,
                Index coefficients) {
                 new (self) Code{complex, size, std::move(offsets), depth, floor, coefficients, {}, {}, {}, {}};
             })
        .def("add_level",
             [](Code& self, std::vector<Index> shape, Index fold, Index group, int pool, std::vector<double> powers) {
                 self.levels.push_back(
                     {Grid<T, columns>(std::move(shape), fold, group), Pool(pool), {}, {std::move(powers)}});
             })
        .def("add_axis",
             [](Code& self, Index rows, Index reach, const Table<int64_t>& bands, const Table<T>& weights) {
                 self.levels.back().reading.axes.push_back({rows, reach, records<Band>(bands), copied(weights)});
             })
        .def("add_filter",
             [](Code& self, const Table<int32_t>& first, const Table<int32_t>& mirrored, const Table<int32_t>& source,
                const Table<T>& weights) {
                 self.filters.push_back({numbers(first), numbers(mirrored), numbers(source), copied(weights)});
             })
        .def("add_field",
             [](Code& self, Index kept, const Table<int32_t>& reach, const Table<double>& outer,
                const Table<double>& inner, bool turned) {
                 const Index terms = Index(inner.shape(0));
                 self.fields.push_back({kept, terms, numbers(reach), copied(outer), copied(inner), turned});
             })
        .def("set_nodes", [](Code& self, const Table<int64_t>& nodes) { self.nodes = records<Node>(nodes); });
    nb::class_<Hand>(m, worker)
        .def(nb::init<const Code&>(), nb::keep_alive<1, 2>())
        .def("root",
             [](Hand& self, const Table<T>& x, Spectrum<T>& spectrum, const Output<T>& out) {
                 nb::gil_scoped_release release;
                 self.root(x.data(), Index(x.shape(0)), spectrum, out.data());
             })
        .def("branches", [](Hand& self, const Spectrum<T>& spectrum, Index begin, Index end, const Output<T>& out) {
            nb::gil_scoped_release release;
            self.branches(spectrum, begin, end, out.data());
        });
    nb::class_<Back>(m, gradient)
        .def(nb::init<const Code&>(), nb::keep_alive<1, 2>())
        .def("root",
             [](Back& self, const Table<T>& x, Spectrum<T>& spectrum) {
                 nb::gil_scoped_release release;
                 self.root(x.data(), Index(x.shape(0)), spectrum);
             })
        .def("clear", &Back::clear)
        .def("branches",
             [](Back& self, const Spectrum<T>& spectrum, Index begin, Index end, const Table<T>& dy) {
                 nb::gil_scoped_release release;
                 self.branches(spectrum, begin, end, dy.data());
             })
        .def("add", &Back::add)
        .def("finish", [](Back& self, const Table<T>& x, const Spectrum<T>& spectrum, const Table<T>& dy,
                          const Output<T>& dx) {
            nb::gil_scoped_release release;
            self.finish(x.data(), spectrum, dy.data(), dx.data());
        });
}

std::vector<std::string> supported() {
    std::vector<std::string> found{"baseline"};
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2) found.insert(found.begin(), "avx2");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        found.insert(found.begin(), "avx512");
#endif
    return found;
}

std::atomic<int> most_threads{0};  // 0: no limit

}  // namespace

// For threadpoolctl, which finds these by name in the loaded library: how many threads a transform uses by default.
extern "C" __attribute__((visibility("default"))) int scatter_get_num_threads() { return most_threads; }
extern "C" __attribute__((visibility("default"))) void scatter_set_num_threads(int count) { most_threads = count; }

NB_MODULE(SCATTER_MODULE, m) {
    nb::set_leak_warnings(false);  // transforms that live until Python ends are no leak, and users would read of one
    nb::class_<Spectrum<float>>(m, "Spectrum32").def(nb::init<>());
    nb::class_<Spectrum<double>>(m, "Spectrum64").def(nb::init<>());
    declare<float, false>(m, "Signals32", "SignalsWorker32", "SignalsGradient32");
    declare<double, false>(m, "Signals64", "SignalsWorker64", "SignalsGradient64");
    declare<float, true>(m, "Columns32", "ColumnsWorker32", "ColumnsGradient32");
    declare<double, true>(m, "Columns64", "ColumnsWorker64", "ColumnsGradient64");
    declare_codec(m);
    m.attr("register_bytes") = SCATTER_BYTES;
    m.def("thread_limit", [] { return int(most_threads); }, "Limit on threads, 0 for none.");
    m.def("supported", &supported, "Instruction sets that this processor has, the best one first.");
    m.attr("largest_factor") = LARGEST;
}
