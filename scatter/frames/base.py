"""The contract between a frame of wavelets and the cascade."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from scatter.numerics.moments import Even, Points
from scatter.numerics.namespace import Array
from scatter.paths import Bank, Group


class FrameBounds(NamedTuple):
    """Constants of ``A ||x||^2 <= ||x * phi||^2 + sum ||x * psi||^2 <= B ||x||^2``."""

    lower: float
    upper: float


class Frame(Protocol):
    """Wavelets psi and a low-pass phi on some domain.

    In the words of geometric deep learning, `wavelets` is a linear equivariant layer with fixed filters in
    the place of learnt ones, `modulus` a non-linear equivariant layer, and `average` a local average: their
    output moves as the signals do, by whatever moves the domain.

    Arrays have shape ``(batch, paths, *points)``; the number of points depends on the resolution.
    A frame is immutable, and applies to arrays of any library, precision and device.
    """

    @property
    def bank(self) -> Bank:
        """The wavelets, and which may follow which."""

    @property
    def ndim(self) -> int:
        """Number of axes of the domain."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Points of a signal along each axis."""

    def root(self, x: Array) -> Array:
        """Signals of shape (batch, *shape) as the only path of order 0, (batch, 1, *points)."""

    def wavelets(self, layer: Mapping[Group, Array]) -> Iterator[tuple[Group, Array]]:
        """Filter every path of a layer by every band that may follow, one group at a time."""

    def modulus(self, w: Array) -> Array:
        """Non-linearity: |w|, with a finite gradient at zero."""

    def average(self, u: Array, resolution: int) -> Array:
        """Low-pass phi, sampled on the output grid: (batch, paths, *output)."""

    def crop(self, u: Array, resolution: int) -> Array:
        """The part of a map that belongs to the signal, at the map's own resolution."""

    def output(self, resolution: int | None) -> tuple[int, ...]:
        """Shape of an averaged map (None), or of a map cropped at a resolution."""

    def working_set(self, group: Group) -> int:
        """Real numbers a signal needs while the children of ``group`` are computed."""

    def points(self, resolution: int | None) -> Points:
        """Points of a map at a resolution, or of an averaged one (None), and what each counts in its norm."""

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[Any]:
        """Signals (count, *shape) that are typical of the domain, for tests."""

    def littlewood_paley(self, order: int = 1) -> NDArray[np.float64]:
        """``|phi|^2 + sum |psi|^2`` over the spectrum of the domain, for the bank of an order."""

    def bounds(self, order: int = 1) -> FrameBounds:
        """Smallest and largest value of the Littlewood-Paley sum."""

    def rounding(self, eps: float) -> float:
        """Largest error of a coefficient, relative to the signal, where eps is the unit of rounding."""

    def fingerprint(self) -> str:
        """Hash of the filters, which changes with any of them; see `scatter.numerics.fingerprint`."""


class LittlewoodPaley(ABC):
    """What follows from the Littlewood-Paley sum of a frame, and what frames on grids have in common."""

    @property
    @abstractmethod
    def ndim(self) -> int:
        """Number of axes of the domain."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Points of a signal along each axis."""

    def points(self, resolution: int | None) -> Points:
        """Points that count alike, and stand for those of the signal."""
        return Even(self.ndim, math.prod(self.shape))

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[Any]:
        """Gaussian noise with a 1/f spectrum, of norm 1 a sample on average."""
        shape, axes = self.shape, tuple(range(-self.ndim, 0))
        spectrum = np.fft.fftn(rng.standard_normal((count, *shape)), axes=axes)
        squares = np.meshgrid(*(np.fft.fftfreq(n) ** 2 for n in shape), indexing="ij")
        x = np.fft.ifftn(spectrum / np.sqrt(sum(squares) + 1e-4), axes=axes).real
        return np.asarray(x / np.linalg.norm(x) * math.sqrt(x.size))

    @abstractmethod
    def littlewood_paley(self, order: int = 1) -> NDArray[np.float64]:
        """``|phi|^2 + sum |psi|^2`` over the spectrum of the domain, for the bank of an order."""

    def bounds(self, order: int = 1) -> FrameBounds:
        """Smallest and largest value of the Littlewood-Paley sum."""
        total = self.littlewood_paley(order)
        return FrameBounds(float(total.min()), float(total.max()))

    def rounding(self, eps: float) -> float:
        """Largest error of a coefficient, relative to the signal, where eps is the unit of rounding."""
        return 128 * eps


Layer = dict[Group, Any]
"""Arrays of one order, by group of paths."""
