"""Grids: signals, images and volumes, their padding and their dyadic sub-grids."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.numerics.boundary import PADDINGS, pad, source
from scatter.numerics.namespace import Array, Constant


@dataclass(frozen=True)
class Grid:
    """A box of samples inside of a larger, periodic box.

    At resolution r the padded box keeps the samples whose padded index is a multiple of ``2**r``;
    the *window* is the run of them that belongs to the signal.

    Parameters
    ----------
    shape : tuple of int
        Samples of the signal along each axis.
    padded : tuple of int
        Samples after padding, at least ``shape``.
    before : tuple of int
        Padding in front of the first sample.
    padding : {'reflect', 'symmetric', 'periodic', 'zero'} or None
        How the signal continues; None adds nothing: the signal is one period.
    covering : bool
        Whether a window has every multiple of ``2**r`` inside of the signal (True), or exactly
        ``max(1, size // 2**r)`` of them (False).
    """

    shape: tuple[int, ...]
    padded: tuple[int, ...]
    before: tuple[int, ...]
    padding: str | None = "reflect"
    covering: bool = False
    _sources: tuple[Constant | None, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_padding(self.padding)
        sources: list[Constant | None] = []
        for size, before, after in zip(self.shape, self.before, self.after, strict=True):
            known = self.padding not in (None, "zero")
            sources.append(Constant(source(size, before, after, str(self.padding))) if known else None)
        object.__setattr__(self, "_sources", tuple(sources))

    @property
    def sources(self) -> tuple[NDArray[np.int64], ...]:
        """Which sample stands at each place along each axis of the padded box; -1 where none does."""
        places: list[NDArray[np.int64]] = []
        for n, size, before, known in zip(self.padded, self.shape, self.before, self._sources, strict=True):
            if known is not None:
                places.append(known.value)
            else:
                place = np.arange(n) - before if self.padding == "zero" else np.arange(n)
                places.append(np.where(place < size, np.maximum(place, -1), -1) if self.padding else place)
        return tuple(places)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def after(self) -> tuple[int, ...]:
        """Padding behind the last sample."""
        pairs = zip(self.shape, self.padded, self.before, strict=True)
        return tuple(padded - size - before for size, padded, before in pairs)

    def size(self, resolution: int) -> tuple[int, ...]:
        """Samples of the padded box along each axis at a resolution."""
        return tuple(n >> resolution for n in self.padded)

    def points(self, resolution: int) -> int:
        """Samples of the padded box at a resolution."""
        return math.prod(self.size(resolution))

    def window(self, resolution: int) -> tuple[tuple[int, int], ...]:
        """First sample and number of samples of the signal along each axis, in the padded box."""
        step = 1 << resolution
        window = []
        for size, before in zip(self.shape, self.before, strict=True):
            start = -(-before // step)
            count = -(-(before + size) // step) - start if self.covering else max(1, size // step)
            window.append((start, count))
        return tuple(window)

    def output(self, resolution: int) -> tuple[int, ...]:
        """Samples of the window along each axis."""
        return tuple(count for _, count in self.window(resolution))

    def positions(self, resolution: int) -> tuple[NDArray[np.int64], ...]:
        """Where the samples of the window lie, in samples of the signal, one array an axis."""
        step = 1 << resolution
        windows = zip(self.window(resolution), self.before, strict=True)
        return tuple((start + np.arange(count)) * step - before for (start, count), before in windows)

    def handed_in_padded(self) -> Grid:
        """The same grid for signals that their owner has padded."""
        return replace(self, padding=None)

    def pad(self, x: Array) -> Array:
        """Continue an array of shape (..., *shape) to (..., *padded)."""
        if self.padding is None:
            return x
        for axis in range(self.ndim):
            before, after = self.before[axis], self.after[axis]
            x = pad(x, axis - self.ndim, before, after, self.padding, self._sources[axis])
        return x

    def crop(self, x: Array, resolution: int) -> Array:
        """Window of an array of shape (..., *size(resolution))."""
        return x[(..., *(slice(start, start + count) for start, count in self.window(resolution)))]


def check_padding(padding: str | None) -> None:
    """Raise `InputError` unless ``padding`` is a known way to continue a signal."""
    if padding is not None and padding not in PADDINGS:
        raise InputError(f"padding must be one of {', '.join(map(repr, PADDINGS))} or None, got {padding!r}")


# ------------------------------------------------------------------ how much is padded
LEFT_OUT = 1e-3
"""Mass of a low-pass beyond what the padding of a signal covers a third of."""


def padded_length(N: int, phi: NDArray[np.float64]) -> tuple[int, int]:
    """Length to which N samples are padded, and how many samples go in front.

    The padding covers three times the duration beyond which the low-pass has less than `LEFT_OUT` of its
    mass, as far as one reflection of the signal reaches, up to a power of two.

    Parameters
    ----------
    N : int
        Samples.
    phi : ndarray of shape (N,)
        Spectrum of the low-pass.
    """
    kernel = np.abs(np.fft.ifft(phi))[: N // 2]
    small = np.flatnonzero(np.cumsum(kernel[::-1])[::-1] <= LEFT_OUT)
    support = int(small[0]) + 1 if small.size else N // 2
    wanted = math.ceil(math.log2(N + 6 * support))
    padded = 1 << min(wanted, math.floor(math.log2(max(3 * N - 2, 1))))
    return padded, (padded - N) // 2


def line(N: int, phi: Callable[[int], NDArray[np.float64]], padding: str | None) -> Grid:
    """Line of N samples with the padding that a low-pass asks for.

    Parameters
    ----------
    N : int
        Samples.
    phi : callable
        n -> spectrum of the low-pass on a circle of n samples.
    padding : str or None
        How the signal continues.
    """
    padded, before = (N, 0) if padding is None else padded_length(N, phi(N))
    return Grid((N,), (padded,), (before,), padding, covering=True)


def padded_size(size: int, J: int) -> int:
    """The cells of ``2**J`` samples that fit, and two more."""
    return ((size >> J) + 2) << J


def plane(shape: tuple[int, ...], J: int, padding: str | None) -> Grid:
    """Image of M x N samples, padded by about ``2**J`` samples on each side.

    Raises
    ------
    InputError
        If a side is shorter than ``2**J``, unless it is 1; or, without padding, not a multiple of it.
    """
    M, N = shape
    if max(shape) == 1:
        raise InputError("an image of 1 x 1 has no scales; at least 2 pixels along a side are needed")
    short = [side for side in shape if 1 < side < 2**J]
    if short or max(shape) < 2**J:
        allowed = max(1, min(side for side in shape if side == max(shape) or side > 1).bit_length() - 1)
        raise InputError(
            f"J={J} needs sides of at least 2**J = {2**J} pixels, got an image of {M} x {N}; "
            f"type J={allowed} or less"
        )
    if padding is None:
        if any(side % 2**J for side in shape):
            raise InputError(
                f"padding=None needs sides that are multiples of 2**J = {2**J}, got {shape}; "
                f"type padding='periodic', or crop to {tuple(side - side % 2**J for side in shape)}"
            )
        return Grid((M, N), (M, N), (0, 0), None)
    padded = tuple(padded_size(size, J) for size in shape)
    before = tuple((n - size) // 2 for n, size in zip(padded, shape, strict=True))
    return Grid((M, N), padded, before, padding)
