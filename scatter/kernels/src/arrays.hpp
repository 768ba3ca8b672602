// Arrays as Python hands them in: contiguous, in the memory of the processor.
#pragma once

#include <nanobind/ndarray.h>

namespace scatter {

template <class E>
using Table = nanobind::ndarray<const E, nanobind::c_contig, nanobind::device::cpu>;
template <class T>
using Output = nanobind::ndarray<T, nanobind::c_contig, nanobind::device::cpu>;

}  // namespace scatter
