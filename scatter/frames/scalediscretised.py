"""Scale-discretised wavelets on the sphere, axisymmetric and directional, as harmonic coefficients."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scatter.paths import Band


@dataclass(frozen=True)
class ScaleDiscretised:
    """Wavelets of the harmonics ``kappa(l / lam^j) s_ln``, and a scaling function, ``nu(l / lam^J_min)``.

    ``kappa(t)^2 = k(t / lam) - k(t)`` and ``nu(t)^2 = k(t)``, where k falls smoothly from 1 at t <= 1 / lam
    to 0 at t >= 1; so ``nu^2 + sum_j kappa_j^2 = 1`` at every degree below L. Wavelet j has the degrees
    between ``lam^(j-1)`` and ``lam^(j+1)``: larger j are finer.

    Parameters
    ----------
    L : int
        Band limit.
    J_min : int
        Coarsest wavelet; below it is the scaling function.
    lam : float
        Ratio of the degrees of neighbouring wavelets, above 1.
    N : int
        Azimuthal band limit: 1 for axisymmetric wavelets, more for directional ones, whose dependence on
        direction has the orders n = N - 1, N - 3, ..., 1 - N.

    References
    ----------
    Leistedt et al., "S2LET", A&A 558, 2013, eq. 15 to 21; McEwen, Durastanti & Wiaux, "Localisation of
    directional scale-discretised wavelets on the sphere", ACHA 44, 2018, eq. 36.

    Examples
    --------
    >>> bank = ScaleDiscretised(L=16, J_min=2)
    >>> degrees = bank.phi**2 + sum(bank.psi(band) ** 2 for band in bank.bands(1))
    >>> print(bank, abs(degrees - 1).max() < 1e-14)
    ScaleDiscretised(L=16, J_min=2, lam=2.0, N=1) True
    """

    L: int
    J_min: int = 0
    lam: float = 2.0
    N: int = 1

    @property
    def J(self) -> int:
        """Finest wavelet that has a degree below L."""
        return math.ceil(math.log(self.L - 1) / math.log(self.lam) - 1e-12)

    def _fall(self, j: int) -> NDArray[np.float64]:
        """``k(l / lam^j)`` for every degree."""
        t = np.arange(self.L) / self.lam**j
        low, inside = 1 / self.lam, (t > 1 / self.lam) & (t < 1)
        whole = _bump_integral(np.asarray([low]), self.lam)[0]
        k = np.where(t <= low, 1.0, 0.0)
        k[inside] = np.clip(_bump_integral(t[inside], self.lam) / whole, 0, 1)
        return k

    @cached_property
    def _falls(self) -> NDArray[np.float64]:
        return np.stack([self._fall(j) for j in range(self.J_min, self.J + 2)])

    @property
    def phi(self) -> NDArray[np.float64]:
        """Coefficients of the scaling function over those of a point, for every degree."""
        return np.asarray(np.sqrt(self._falls[0]))

    def psi(self, band: Band) -> NDArray[np.float64]:
        """``kappa(l / lam^j)`` of a wavelet for every degree."""
        k = band.j - self.J_min
        return np.asarray(np.sqrt(np.maximum(self._falls[k + 1] - self._falls[k], 0)))

    def directions(self, n: int) -> NDArray[np.float64]:
        """Modulus of ``s_ln`` for every degree; the squares add up to 1 over n from 1 - N to N - 1."""
        share = np.zeros(self.L)
        for l in range(abs(n), self.L):
            top = min(self.N - 1, l if (self.N + l) % 2 else l - 1)
            if (self.N + n) % 2 and abs(n) <= top:
                share[l] = math.sqrt(math.comb(top, (top - n) // 2) / 2.0**top)
        return share

    @property
    def orders(self) -> tuple[int, ...]:
        """Orders n >= 0 of the dependence on direction."""
        return tuple(n for n in range(self.N) if (self.N + n) % 2)

    def band_limit(self, band: Band | None) -> int:
        """Degrees that a wavelet has, or the scaling function (None), are below this."""
        return self.limit(self.J_min - 1 if band is None else band.j)

    def limit(self, j: int) -> int:
        """Degrees of wavelet j are below this."""
        return min(math.ceil(self.lam ** (j + 1) - 1e-9), self.L)

    @cached_property
    def _bands(self) -> tuple[Band, ...]:
        bands: list[Band] = []
        for k, j in enumerate(range(self.J_min, self.J + 1)):
            power = (self._falls[k + 1] - self._falls[k]) * (2 * np.arange(self.L) + 1)
            if not power.any():  # lam is near 1, and there is no degree between its powers
                continue
            xi = float((power * np.arange(self.L)).sum() / power.sum())
            sigma = math.sqrt(float((power * (np.arange(self.L) - xi) ** 2).sum() / power.sum()))
            bands.append(Band(n=len(bands), j=j, labels=(("j", j),), xi=xi, sigma=sigma))
        return tuple(bands)

    def bands(self, order: int) -> tuple[Band, ...]:
        """Every wavelet; ``xi`` and ``sigma`` are the mean and the spread of its power, in degrees."""
        return self._bands

    def follows(self, previous: Band | None, band: Band) -> bool:
        """Whether ``band`` is coarser than ``previous``."""
        return previous is None or band.j < previous.j

    def resolution(self, band: Band) -> int:
        """One grid a wavelet: 1 for the finest; 0 is that of the signals."""
        return 1 + self.J - band.j


def _bump_integral(t: NDArray[np.float64], lam: float) -> NDArray[np.float64]:
    """Integral from t to 1 of ``s(u)^2 / u``: ``s = exp(-1 / (1 - v^2))``, v from -1 at 1 / lam to 1 at 1."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    half = (1 - t) / 2
    u = t[:, None] + half[:, None] * (nodes + 1)
    v = 2 * lam / (lam - 1) * (u - 1 / lam) - 1
    return np.asarray(half * (weights * np.exp(-2 / np.maximum(1 - v**2, 1e-300)) / u).sum(1))
