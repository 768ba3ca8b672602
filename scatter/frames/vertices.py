"""What the frames on points without a grid share: graphs, meshes, clouds of points."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scatter.frames.base import LittlewoodPaley
from scatter.frames.kernels import Kernels
from scatter.numerics.moments import Weighted
from scatter.numerics.namespace import Array, Constant, is_complex, namespace
from scatter.paths import Band, Bank, Group


@dataclass(frozen=True)
class ScaleBank:
    """One wavelet a scale, from fine to coarse; only coarser ones may follow.

    ``xi`` and ``sigma`` of a band are the mean and the standard deviation of its power over
    [0, lam_max], in the units of the eigenvalues (not in cycles per sample: there are no samples).
    """

    kernels: Kernels

    @cached_property
    def _bands(self) -> tuple[Band, ...]:
        limit = self.kernels.lam_max
        lam = np.geomspace(1e-6, 1, 2001) * (limit if np.isfinite(limit) else 1e3)
        width = np.gradient(lam)
        bands = []
        for n in range(self.kernels.J):
            power = self.kernels.psi(n, lam) ** 2 * width
            xi = float((power * lam).sum() / power.sum())
            sigma = float(np.sqrt((power * (lam - xi) ** 2).sum() / power.sum()))
            j = n + self.kernels.first
            bands.append(Band(n=n, j=j, labels=(("j", j),), xi=xi, sigma=sigma))
        return tuple(bands)

    def bands(self, order: int) -> tuple[Band, ...]:
        """Every wavelet, at any order."""
        return self._bands

    def follows(self, previous: Band | None, band: Band) -> bool:
        """Whether ``band`` is coarser than ``previous``."""
        return previous is None or band.j > previous.j

    def resolution(self, band: Band) -> int:
        """Resolution of the modulus: 0, all points are kept."""
        return 0

    def fingerprint(self) -> str:
        """Hash of the kernels."""
        return self.kernels.fingerprint()


class VertexFrame(LittlewoodPaley):
    """A frame on n points that keeps all of them; arrays are (batch, paths, n).

    A subclass says how arrays are filtered: `analysis` and `lowpass`.

    Parameters
    ----------
    kernels : Kernels
        The wavelets as functions of an eigenvalue.
    count : int
        Number of points n.
    accuracy : float, default=0
        Error of the kernels as they are applied, beyond rounding.
    """

    def __init__(self, kernels: Kernels, count: int, accuracy: float = 0.0) -> None:
        self.kernels = kernels
        self.count = count
        self.accuracy = accuracy

    @cached_property
    def bank(self) -> Bank:
        """The wavelets, and which may follow which."""
        return ScaleBank(self.kernels)

    @property
    def ndim(self) -> int:
        """Number of axes of a signal: points have one."""
        return 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Points of a signal."""
        return (self.count,)

    def output(self, resolution: int | None) -> tuple[int, ...]:
        """Shape of a map: all the points, averaged or not."""
        return self.shape

    # ------------------------------------------------------------------ how arrays are filtered
    @abstractmethod
    def analysis(self, u: Array, bands: Sequence[int]) -> Array:
        """Wavelet coefficients (batch, paths, bands, n) of arrays (batch, paths, n)."""

    @abstractmethod
    def lowpass(self, u: Array) -> Array:
        """Low-pass phi of arrays (..., n)."""

    # ------------------------------------------------------------------ what the cascade calls
    def root(self, x: Array) -> Array:
        """Signals (batch, n) as the only path of order 0, (batch, 1, n)."""
        return namespace(x).expand_dims(x, axis=1)

    def wavelets(self, layer: Mapping[Group, Array]) -> Iterator[tuple[Group, Array]]:
        """Filter every group by every band that may follow, one edge at a time."""
        for group, u in layer.items():
            for edge in group.edges:
                yield edge.child, as_paths(self.analysis(u, [band.n for band in edge.bands]))

    def modulus(self, w: Array) -> Array:
        """Absolute value, or complex modulus."""
        return namespace(w).abs(w)

    def average(self, u: Array, resolution: int) -> Array:
        """Low-pass at every point; the modulus of that where the signal is complex."""
        low = self.lowpass(u)
        return namespace(low).abs(low) if is_complex(u) else low

    def crop(self, u: Array, resolution: int) -> Array:
        """The map itself; its modulus where the signal is complex."""
        return namespace(u).abs(u) if is_complex(u) else u

    def working_set(self, group: Group) -> int:
        """Real numbers a signal needs while what descends from ``group`` is computed."""
        layers = Counter({group.order: 0})
        for member in group:
            if member.edges:
                layers[member.order] += len(member.positions)
        leaf = max((len(e.child.positions) for e in group.edges), default=0)
        return self.count * ((3 + self.kernels.J) * max(layers.values()) + 2 * leaf)

    # ------------------------------------------------------------------ laws
    mass: NDArray[np.float64]
    """What each point counts in the norm for which the operator is self-adjoint."""

    def points(self, resolution: int | None) -> Weighted:
        """Points, and the share of the mass that each of them has."""
        return self._weighted

    @cached_property
    def _weighted(self) -> Weighted:
        area = float(self.mass.sum())
        return Weighted(Constant(self.mass / area), area)

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Gaussian noise, of norm 1 a point on average."""
        return rng.standard_normal((count, self.count))

    def rounding(self, eps: float) -> float:
        """Largest error of a coefficient, relative to the signal, that of polynomials included."""
        return max(super().rounding(eps), 10 * self.accuracy)

    def fingerprint(self) -> str:
        """Hash of the kernels; the operator follows from the sample."""
        return self.kernels.fingerprint()


def as_paths(w: Array) -> Array:
    """Arrays (batch, paths, bands, n) as (batch, paths * bands, n)."""
    return namespace(w).reshape(w, (w.shape[0], w.shape[1] * w.shape[2], w.shape[3]))
