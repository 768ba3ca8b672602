"""What a transform of a grid will take, told before it is paid."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scatter.errors import InputError, ScatterWarning
from scatter.frames.volume import SolidHarmonicFrame
from scatter.numerics.memory import available_memory
from scatter.numerics.threads import thread_count

if TYPE_CHECKING:
    from scatter.frames.convolution import ConvolutionFrame
    from scatter.paths import PathTree

MOST_WAVELETS = 2**14
"""Wavelets of a bank, each of which takes a filter."""

SLOW = 600.0
"""Seconds above which a warning says how long it will take."""

_UNNOTICED = 2**28
"""Bytes that are not worth asking the system about."""

# Measured: numbers in memory for each point of the padded grid, and for each point and wavelet.
_NUMBERS = {True: 32.0, False: 66.0}
_NUMBERS_PER_WAVELET = {1: 0.04, 2: 0.18, 3: 0.3}
# Seconds for each point and wavelet to make a filter; additions and multiplications a second and thread.
_SECONDS_PER_WAVELET = {1: 1e-8, 2: 5e-8, 3: 1e-7}
_RATE = {True: 1e10, False: 1.5e9}
_MARGIN = 0.7
"""Share of the free memory that may be planned with: the numbers above are right within a third or so."""


@dataclass(frozen=True)
class Cost:
    """Memory and time of a transform, as far as they can be known before.

    Parameters
    ----------
    paths : int
        Number of paths.
    working : int
        Bytes for filters, spectra and maps of one signal.
    filters : float
        Seconds that the filters take, once.
    signal : float
        Seconds for a signal on one thread.
    """

    paths: int
    working: int
    filters: float
    signal: float

    @classmethod
    def of(
        cls, frame: ConvolutionFrame | SolidHarmonicFrame, tree: PathTree, size: int, *, compiled: bool
    ) -> Cost:
        """The cost for real numbers of ``size`` bytes."""
        if isinstance(frame, SolidHarmonicFrame):
            return cls._of_fields(frame, tree, size, compiled=compiled)
        points = frame.grid.points(0)
        orders = range(1, len(tree.counts))
        wavelets = len(dict.fromkeys(band for order in orders for band in frame.bank.bands(order)))
        numbers = _NUMBERS[compiled] + wavelets * _NUMBERS_PER_WAVELET[frame.ndim]
        sizes = [frame.grid.points(path.resolution) for path in tree.paths]
        operations = sum(5 * n * math.log2(max(n, 2)) for n in sizes)
        return cls(
            len(tree),
            int(points * numbers * size),
            wavelets * points * _SECONDS_PER_WAVELET[frame.ndim],
            operations / _RATE[compiled],
        )

    @classmethod
    def _of_fields(cls, frame: SolidHarmonicFrame, tree: PathTree, size: int, *, compiled: bool) -> Cost:
        """The cost of volumes, each of whose paths is made of several real fields."""
        points, L = frame.grid.points(0), frame.bank.L
        # Measured with two threads; and, array by array, fields, their spectra, and polynomials of each.
        numbers = 20 if compiled else 10 + 5 * (2 * L + 1) + (L + 1) ** 2
        fields = sum(2 * (path.bands[0].label("l") or 0) + 1 for path in tree.paths if path.bands)
        operations = fields * 2.5 * points * math.log2(max(points, 2))
        return cls(len(tree), points * numbers * size, 0.0, operations / _RATE[compiled])


def check_wavelets(count: int, **params: object) -> None:
    """Refuse parameters that make more wavelets than anyone wants, before they are made."""
    if count > MOST_WAVELETS:
        given = " and ".join(f"{name}={value!r}" for name, value in params.items())
        raise InputError(
            f"{given} make {count} wavelets; at most {MOST_WAVELETS} are allowed; make one of them smaller"
        )


def check_working(cost: Cost, shape: tuple[int, ...]) -> None:
    """Refuse what this machine has no memory for."""
    if (left := _too_little(cost.working)) is not None:
        sides = " x ".join(map(str, shape))
        what = "cut it into segments: x.reshape(-1, n), or scatter features --segment n"
        if len(shape) > 1:
            what = "cut it into parts or resize it"
        raise InputError(
            f"{cost.paths} paths of a signal of {sides} take about {_bytes(cost.working)}, and "
            f"{_bytes(left)} are free; {what}, or make J or the number of wavelets smaller"
        )


def check_output(cost: Cost, count: int, coefficients: int, size: int) -> None:
    """Refuse a result that does not fit into memory."""
    needed = count * coefficients * size
    if (left := _too_little(needed)) is not None:
        raise InputError(
            f"{count} signals, {cost.paths} paths and {coefficients} coefficients each are "
            f"{_bytes(needed)}, and {_bytes(left)} are free; transform fewer at a time, type pooling='mean', "
            "or let scatter features write them to a file"
        )


def _too_little(needed: int) -> int | None:
    """The free memory, if that is too little for so many bytes; None if it will do, or nobody knows."""
    if needed <= _UNNOTICED:
        return None
    left = available_memory()
    return left if left is not None and _MARGIN * left < needed else None


def warn_if_slow(cost: Cost, count: int, n_jobs: int | None) -> None:
    """Say how long it takes, if that is long."""
    if cost.filters + cost.signal * count <= SLOW:
        return  # on one thread, so that nobody need be asked for their number
    seconds = cost.filters + cost.signal * count / max(1, min(thread_count(n_jobs), 64))
    if seconds > SLOW:
        warnings.warn(
            f"{count} signals through {cost.paths} paths will take about {_duration(seconds)}",
            ScatterWarning,
            stacklevel=4,
        )


def _bytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB"


def _duration(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds > 7200 else f"{seconds / 60:.0f} minutes"
