"""Morlet wavelets on the group of rotations and translations of the plane.

The modulus ``U(u, theta) = |x * psi_theta|(u)`` of an image is a function of position and direction: turning
the image turns the positions and moves the directions along a circle. Wavelets of that group are products of
a wavelet in space, which turns with the direction, and one along the circle.

Sources: Sifre & Mallat, "Rotation, scaling and deformation invariant scattering for texture discrimination",
CVPR 2013; Oyallon & Mallat, "Deep roto-translation scattering for object classification", CVPR 2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scatter.frames.morlet1d import Morlet1D
from scatter.frames.morlet2d import SIGMA_0, Morlet2D
from scatter.paths import Band, Path


@dataclass(frozen=True)
class AngularMorlet:
    """Morlet wavelets along a circle of 2 L directions and a low-pass, together a tight frame.

    They are those of `Morlet1D`, one an octave, around the frequencies ``0.7 L 2**-k`` cycles per turn, and
    divided by the square root of their Littlewood-Paley sum: ``|phi|^2 + sum |psi(w)|^2 + |psi(-w)|^2 = 1``.

    Parameters
    ----------
    L : int
        Directions over half a turn.
    K : int
        Number of wavelets. With none the low-pass is a Dirac, and directions are not mixed.

    Examples
    --------
    >>> from scatter.frames.rotomorlet import AngularMorlet
    >>> bank = AngularMorlet(L=8, K=3)
    >>> bank.spectra.shape
    (4, 16)
    >>> bool(abs(bank.littlewood_paley() - 1).max() < 1e-14)
    True
    """

    L: int
    K: int

    @cached_property
    def spectra(self) -> NDArray[np.float64]:
        """Spectra of psi_0, ..., psi_{K - 1} and phi on the circle, shape (K + 1, 2 L)."""
        circle = (2 * self.L,)
        if self.K == 0:
            return np.ones((1, *circle))
        line = Morlet1D(self.K - 1, Q=(1,), T=2.0 ** (self.K - 1), log2_stride=0, limit=0)
        spectra = np.stack([*(line.psi(band, circle) for band in line.bands(1)), *line.phi(circle)])
        return spectra / np.sqrt(_both_sides(spectra))

    def littlewood_paley(self) -> NDArray[np.float64]:
        """Compute ``|phi|^2 + sum |psi(w)|^2 + |psi(-w)|^2``, shape (2 L,)."""
        return _both_sides(self.spectra)

    def circulant(self, k: int) -> NDArray[np.complex128]:
        """Convolution along the circle with psi_k, or with phi for ``k = K``, as a matrix (2 L, 2 L)."""
        kernel = np.fft.ifft(self.spectra[k])
        turn = np.arange(2 * self.L)
        matrix: NDArray[np.complex128] = kernel[(turn[:, None] - turn) % (2 * self.L)]
        return matrix


def _both_sides(spectra: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the squares of wavelets of both signs of the frequency, and of the low-pass in the last row."""
    power = spectra**2
    mirrored = power[:, -np.arange(power.shape[1])]
    total: NDArray[np.float64] = (power + mirrored)[:-1].sum(0) + power[-1]
    return total


@dataclass(frozen=True)
class RotoTranslationMorlet:
    """Bands of both layers: Morlet wavelets of the plane, then wavelets of position and direction.

    At order 2 a band is ``psi_{j, theta1 + theta}(u) psi_k(theta1)``: its direction theta is relative to that
    of the first wavelet. Without a label k it is a low-pass along the circle of directions; with no other
    label, it is one in space.

    Parameters
    ----------
    J, L : int
        Scales, and directions over half a turn, as of `Morlet2D`.
    K : int
        Wavelets along the directions.
    covariant : bool
        Whether every direction theta1 of the first wavelet is a path of its own. There are no low-passes in
        space at order 2 then: they add nothing to the first order, which keeps its directions.
    """

    J: int
    L: int
    K: int
    covariant: bool = False

    @cached_property
    def plane(self) -> Morlet2D:
        """Wavelets in space."""
        return Morlet2D(self.J, self.L)

    @cached_property
    def circle(self) -> AngularMorlet:
        """Wavelets along the directions."""
        return AngularMorlet(self.L, self.K)

    @property
    def log2_stride(self) -> int:
        """The averaged maps keep one sample in ``2**J``."""
        return self.plane.log2_stride

    def phi(self, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], ...]:
        """Spectra whose outer product is the low-pass in space, one an axis."""
        return self.plane.phi(shape)

    def directions(self, j: int) -> tuple[Band, ...]:
        """Wavelets in space of a scale, in L directions."""
        return self.plane.bands(1)[self.L * j : self.L * (j + 1)]

    def bands(self, order: int) -> tuple[Band, ...]:
        """Wavelets of an order, 1 or 2."""
        return self._first if order == 1 else self._second

    @cached_property
    def _first(self) -> tuple[Band, ...]:
        if self.covariant:
            return self.plane.bands(1)
        scales = [self.directions(j)[0] for j in range(self.J)]
        return tuple(Band(band.j, band.j, (("j", band.j),), band.xi, band.sigma) for band in scales)

    @cached_property
    def _second(self) -> tuple[Band, ...]:
        found: list[Band] = []
        for j in range(self.J):
            wave = self.directions(j)[0]
            for theta in range(2 * self.L if self.covariant else self.L):
                place = (("j", j), ("theta", theta))
                # Half a turn reverses the frequency along the circle, which a low-pass doesn't notice.
                scales = range(self.K + 1 if theta < self.L else self.K)
                labels = [(*place, ("k", k)) if k < self.K else place for k in scales]
                start = len(found)
                found += [Band(start + n, j, label, wave.xi, wave.sigma) for n, label in enumerate(labels)]
        if not self.covariant:
            width = 1 / (2 * math.pi * SIGMA_0 * 2 ** (self.J - 1))
            start = len(found)
            found += [Band(start + k, self.J, (("k", k),), 0.0, width) for k in range(self.K)]
        return tuple(found)

    def follows(self, previous: Band | None, band: Band) -> bool:
        """Only what is coarser in space may follow."""
        return previous is None or band.j > previous.j

    def resolution(self, band: Band) -> int:
        """The modulus at scale j keeps one sample in ``2**j``, and one in ``2**(J - 1)`` after a low-pass."""
        return min(band.j, self.J - 1)

    def turned(self, bands: tuple[Band, ...], steps: int) -> tuple[int, ...]:
        """Indices of the path that a path becomes as its first direction moves ``steps`` along the circle."""
        if not (self.covariant and bands):
            return tuple(band.n for band in bands)
        first, *rest = bands
        turns, theta = divmod(self._theta(first) + steps, self.L)
        there = [first.n + theta - self._theta(first)]
        for band in rest:
            labels = dict(band.labels)
            if "k" in labels:
                labels["theta"] = (labels["theta"] + turns * self.L) % (2 * self.L)
            there.append(self._places[tuple(labels.items())])
        return tuple(there)

    @cached_property
    def _places(self) -> dict[tuple[tuple[str, int], ...], int]:
        return {band.labels: band.n for band in self._second}

    def _theta(self, band: Band) -> int:
        theta = band.label("theta")
        assert theta is not None
        return theta


def relative(path: Path, L: int) -> tuple[int, ...]:
    """Scales of a path, and directions of its further wavelets: relative to that of the first, if it has one.

    Parameters
    ----------
    path : Path
        Of `Morlet2D`, or of `RotoTranslationMorlet` with ``K=0``, whose first wavelet has no direction.
    L : int
        Directions over half a turn.

    Examples
    --------
    >>> from scatter import RotoTranslationScattering2D, Scattering2D
    >>> from scatter.frames.rotomorlet import relative
    >>> path = Scattering2D(J=2, shape=(8, 8), L=4).tree.paths[-2]
    >>> print(path, relative(path, 4))
    ||x*psi[j=0,theta=3]|*psi[j=1,theta=2]|*phi (0, 1, 3)
    """
    if not path.bands:
        return ()
    first = path.bands[0].label("theta") or 0
    turns = [((band.label("theta") or 0) - first) % L for band in path.bands[1:]]
    return (*path.j, *turns)


__all__ = ["AngularMorlet", "RotoTranslationMorlet", "relative"]
