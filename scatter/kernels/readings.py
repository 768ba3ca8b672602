"""What is kept of a map, as linear maps along each axis, in the format of ``readout.hpp``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.frames.convolution import ConvolutionFrame
from scatter.frames.volume import SolidHarmonicFrame
from scatter.kernels.layout import Layout
from scatter.numerics.lowpass import AxisLowPass

Numbers = NDArray[Any]

BAND = np.dtype([(name, np.int64) for name in ("row", "rows", "begin", "step", "count", "weight", "add")])
"""Rows of a banded matrix that have the same weights; ``add`` is 1 where they add to rows of another."""

LEAST_MASS = 1e-15
"""Share of the mass of a low-pass below which its ends are rounding errors."""


class Matrix(NamedTuple):
    """A linear map along one axis.

    Attributes
    ----------
    rows : int
        Numbers that it leaves.
    beyond : int
        How many samples before the first and after the last one are read, as on a circle.
    bands : ndarray of `BAND`
    weights : ndarray
        Of all bands.
    """

    rows: int
    beyond: int
    bands: Numbers
    weights: Numbers


@dataclass(frozen=True)
class Reading:
    """What is kept of a map, as in `scatter.transforms.readout.Readout`.

    Parameters
    ----------
    average : True, 'global' or False
        Low-pass, mean over the signal, or the map of the signal.
    pooling : None, 'mean', 'moments' or 'powers'
        Statistics of that; 'powers' are of the whole map of a grid that is not padded.
    floor : float
        Added under the logarithm of coefficients above order 0; negative is no logarithm.
    powers : tuple of float
        The powers of absolute values whose sums are kept.
    """

    average: bool | str
    pooling: str | None
    floor: float
    powers: tuple[float, ...] = ()

    def size(self, frame: ConvolutionFrame | SolidHarmonicFrame, resolution: int) -> int:
        """Numbers that are kept of a path."""
        if self.pooling == "powers":
            return len(self.powers)
        if self.pooling == "moments":
            return 4
        if self.pooling == "mean" or self.average == "global":
            return 1
        return math.prod(frame.output(None if self.average else resolution))

    def matrices(
        self, frame: ConvolutionFrame | SolidHarmonicFrame, resolution: int, layout: Layout, tol: float
    ) -> Iterator[Matrix]:
        """How maps at a resolution are read along each axis.

        Parameters
        ----------
        frame, resolution
            Which maps.
        layout : Layout
            Of their spectra.
        tol : float
            Share of the mass of a low-pass that may be left out.
        """
        if self.pooling == "powers":
            return
        if self.average is True:
            for axis, lowpass in enumerate(frame.lowpass(resolution)):
                strand = not layout.fold and axis == frame.ndim - 1
                yield average(lowpass, max(tol, LEAST_MASS), continued=strand)
        else:
            for start, count in frame.grid.window(resolution):
                yield mean(start, count) if self.average == "global" else window(start, count)
        if layout.fold:  # strands of a folded line are kept whole, and read as the line that they are
            yield window(0, layout.axes[1])


def window(start: int, count: int) -> Matrix:
    """Keep ``count`` samples from ``start`` on."""
    return Matrix(count, 0, np.array([(0, count, start, 1, 1, 0, 0)], BAND), np.ones(1))


def mean(start: int, count: int) -> Matrix:
    """Mean of ``count`` samples from ``start`` on."""
    return Matrix(1, 0, np.array([(0, 1, start, 1, count, 0, 0)], BAND), np.full(count, 1 / count))


def average(lowpass: AxisLowPass, tol: float, *, continued: bool) -> Matrix:
    """Low-pass along one axis, without the ends of its kernel that have together at most ``tol`` of its mass.

    ``continued`` is whether there are copies of the samples beyond both ends, as on a circle. If there are
    not, outputs near the ends are sums of two bands or, if the kernel is as long as the circle, each have
    all the weights in their order.
    """
    n, step, rows = lowpass.spectrum.size, lowpass.step, lowpass.count
    kernel = lowpass.kernel
    reach = lowpass.reach(tol, kernel)
    low, taps = (-reach, 2 * reach + 1) if 2 * reach + 1 <= n else (-(n // 2), n)
    weights = kernel[np.arange(low, low + taps) % n]
    begin = (lowpass.start + np.arange(rows)) * step + low
    if continued:
        beyond = max(0, -int(begin[0]), int(begin[-1]) + taps - n)
        return Matrix(rows, beyond, np.array([(0, rows, begin[0], step, taps, 0, 0)], BAND), weights)
    if taps == n:
        bands = [(row, 1, 0, 0, n, row * n, 0) for row in range(rows)]
        weights = kernel[(begin[:, None] - low - np.arange(n)) % n].ravel()
        return Matrix(rows, 0, np.array(bands, BAND), weights)
    inside = (begin >= 0) & (begin + taps <= n)  # one run of rows
    bands = []
    if inside.any():
        first = int(np.argmax(inside))
        bands.append((first, int(inside.sum()), int(begin[first]), step, taps, 0, 0))
    for row in np.flatnonzero(~inside).tolist():
        bands += [
            (row, 1, at % n, 1, count, at - int(begin[row]), add)
            for at, count, add in _pieces(begin[row], taps, n)
        ]
    return Matrix(rows, 0, np.array(bands, BAND), weights)


def _pieces(begin: int, count: int, n: int) -> Iterator[tuple[int, int, int]]:
    """Cut ``count`` places of a circle of n where it closes: (begin, count, 1 after the first)."""
    at, end, add = int(begin), int(begin) + count, 0
    while at < end:
        stop = min(end, (at // n + 1) * n)
        yield at, stop - at, add
        at, add = stop, 1
