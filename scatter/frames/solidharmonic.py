"""Solid harmonic wavelets of volumes: spherical harmonics of every degree under a Gaussian.

``psi^_{j,l,m}(w) = c_l (2 pi)^{3/2} (-i sigma |w|)^l exp(-sigma^2 |w|^2 / 2) Y_lm(w / |w|)`` with
``sigma = sigma_0 2**j``. A rotation of a volume mixes the 2 l + 1 wavelets of a scale and a degree by a
unitary matrix, so that the root of the sum of their squares turns with the volume.

Source: Eickenberg, Exarchakis, Hirn & Mallat, "Solid harmonic wavelet scattering: predicting quantum
molecular energy from invariant descriptors of 3D electronic densities", NeurIPS 2017, section 3; the
constants c_l are those of Kymatio.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from scatter.numerics.fingerprint import fingerprint
from scatter.paths import Band

Axes = tuple[NDArray[np.float64], ...]
"""Angular frequencies along each axis of a volume, first axis first, shaped to be multiplied."""


@dataclass(frozen=True)
class SolidHarmonics:
    """Wavelets of the scales ``sigma_0 2**j``, j = 0 ... J, and the degrees l = 0 ... L.

    Parameters
    ----------
    J : int
        Largest scale, an exponent of two.
    L : int
        Largest degree.
    sigma_0 : float
        Width of the finest Gaussian, voxels.
    rotation_covariant : bool
        Whether the wavelets of all orders m of a degree make one modulus, or only that of m = -l.

    Examples
    --------
    >>> from scatter.frames.solidharmonic import SolidHarmonics
    >>> bank = SolidHarmonics(J=2, L=3, sigma_0=1.0)
    >>> len(bank.bands(1)), str(bank.bands(1)[-1])
    (12, 'psi[j=2,l=3]')
    """

    J: int
    L: int
    sigma_0: float
    rotation_covariant: bool = True

    @cached_property
    def _bands(self) -> tuple[Band, ...]:
        return tuple(self._band(j, degree) for degree in range(self.L + 1) for j in range(self.J + 1))

    def _band(self, j: int, degree: int) -> Band:
        width = 1 / (2 * math.pi * self.sigma(j))
        return Band(
            n=degree * (self.J + 1) + j,
            j=j,
            labels=(("j", j), ("l", degree)),
            xi=math.sqrt(degree) * width,  # where (sigma w)^l exp(-(sigma w)^2 / 2) is largest
            sigma=width / math.sqrt(2) if degree else width,
        )

    def sigma(self, j: int) -> float:
        """Width of the Gaussian of a scale, voxels."""
        return self.sigma_0 * 2.0**j

    def bands(self, order: int) -> tuple[Band, ...]:
        """Wavelets of any order, by degree and then by scale."""
        return self._bands

    def follows(self, previous: Band | None, band: Band) -> bool:
        """Only a coarser wavelet of the same degree may follow."""
        return previous is None or (band.j > previous.j and band.label("l") == previous.label("l"))

    def resolution(self, band: Band) -> int:
        """Moduli are kept at every voxel, as their powers are integrated."""
        return 0

    def fingerprint(self) -> str:
        """Hash of the wavelets on a small grid of odd sides."""
        axis = np.asarray(2 * math.pi * np.fft.fftfreq(7), np.float64)
        omega: Axes = tuple(axis.reshape([-1 if a == b else 1 for b in range(3)]) for a in range(3))
        return self.hashed(omega, [p for degree in range(self.L + 1) for p in harmonics(degree, omega)])

    def hashed(self, omega: Axes, fields: list[NDArray[np.float64]]) -> str:
        """Hash of the wavelets on a grid, of which ``fields`` are the polynomials."""
        bells = [bell for j in range(self.J + 1) for bell in self.bell(j, omega)]
        return fingerprint(*bells, *fields, [self.amplitude(band) for band in self._bands])

    # ------------------------------------------------------------------ spectra
    def reach(self, band: Band, share: float) -> float:
        """Largest angular frequency at which the spectrum of a wavelet is a share of its peak."""
        degree = band.label("l")
        assert degree is not None
        peak = math.sqrt(degree)

        def above(u: float) -> float:  # logarithm of the spectrum over the share of its peak, u = sigma w
            return (degree * math.log(u / peak) if degree else 0.0) + (degree - u * u) / 2 - math.log(share)

        return float(brentq(above, peak, peak + 10)) / self.sigma(band.j)

    def bell(self, j: int, omega: Axes) -> Axes:
        """Gaussian of a scale along each axis; the outer product is that of the volume."""
        return tuple(np.exp(-0.5 * (self.sigma(j) * w) ** 2) for w in omega)

    def amplitude(self, band: Band) -> float:
        """Factor on `harmonics` times `bell` that makes the modulus of the spectrum of a wavelet."""
        degree = band.label("l")
        assert degree is not None
        if degree == 0:
            return 1.0
        return normalization(degree) * math.pow(2 * math.pi, 1.5) * math.pow(self.sigma(band.j), degree)


def normalization(degree: int) -> float:
    """Constant c_l of the wavelets of a degree of 1 or more, as Kymatio has it."""
    if degree % 2 == 0:
        return 1 / (2 * math.pi * math.sqrt(degree + 0.5) * math.prod(range(degree + 1, 0, -2)))
    half = (degree + 1) // 2
    return 1 / (2.0 ** (half + 1) * math.sqrt(math.pi * (2 * degree + 1)) * math.factorial(half))


def harmonics(degree: int, omega: Axes) -> list[NDArray[np.float64]]:
    """Real solid harmonics ``|w|^l Y_lm``, polynomials of the frequencies, one an order m.

    They are orthonormal on the sphere. By recurrence on the degree (DLMF 14.10.3), and on the order as powers
    of ``x + i y``, so that nothing is divided by and nothing is singular at 0.

    Parameters
    ----------
    degree : int
        l, 0 or more; degree 0 is 1 rather than ``1 / sqrt(4 pi)``, as in Kymatio.
    omega : three ndarrays
        Coordinates z, y and x, which may be broadcast.

    Returns
    -------
    list of 2 l + 1 ndarrays
        m = 0, then the cosine and the sine of m = 1, ..., l.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.frames.solidharmonic import harmonics
    >>> z, y, x = np.random.default_rng(0).standard_normal((3, 5))
    >>> power = sum(p**2 for p in harmonics(3, (z, y, x)))  # Unsoeld's theorem
    >>> bool(np.allclose(power, 7 / (4 * np.pi) * (x**2 + y**2 + z**2) ** 3))
    True
    """
    z, y, x = omega
    if degree == 0:
        return [np.ones(np.broadcast_shapes(z.shape, y.shape, x.shape))]
    square = z**2 + y**2 + x**2
    found: list[NDArray[np.float64]] = []
    cosine, sine = np.ones_like(x * y), np.zeros_like(x * y)
    for m in range(degree + 1):
        if m:
            cosine, sine = cosine * x - sine * y, cosine * y + sine * x
        previous, legendre = np.zeros_like(square), np.full_like(square, math.prod(range(2 * m - 1, 0, -2)))
        for n in range(m + 1, degree + 1):
            following = ((2 * n - 1) * z * legendre - (n + m - 1) * square * previous) / (n - m)
            previous, legendre = legendre, following
        share = math.factorial(degree - m) / math.factorial(degree + m) * (2 if m else 1)
        legendre *= math.sqrt((2 * degree + 1) / (4 * math.pi) * share)
        found += [legendre * cosine, legendre * sine] if m else [legendre]
    return found


def powers_of_x(degree: int, place: int) -> NDArray[np.int64]:
    """Powers of x in the harmonic at a place of `harmonics`, all odd or all even."""
    m = (place + 1) // 2
    sine = place > 0 and place % 2 == 0
    return np.arange((m + sine) % 2, degree + 1, 2)


def separated(degree: int, z: NDArray[np.float64], y: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Real solid harmonics as polynomials of x, whose coefficients are functions of z and y.

    Parameters
    ----------
    degree : int
        l, 0 or more.
    z, y : ndarrays
        Coordinates, which are broadcast, with a last axis of length 1.

    Returns
    -------
    list of 2 l + 1 ndarrays
        In the order of `harmonics`; along the last axis the coefficients of `powers_of_x`.
    """
    # Found from values where x is a share of the distance from the axis of x, so that each is as exact as it
    # is small: a coefficient of x^k is a polynomial of degree l - k.
    distance = np.hypot(z, y)
    radius = np.where(distance, distance, 1.0)
    count = degree // 2 + 1
    shares = np.sin((np.arange(count) + 0.5) * math.pi / (2 * count))  # Chebyshev's points for the squares
    found = []
    for place, values in enumerate(harmonics(degree, (z, y, radius * shares))):
        powers = powers_of_x(degree, place)
        inverse = np.linalg.inv(shares[: powers.size, None] ** powers)
        coefficients = values[..., : powers.size] @ inverse.T / radius**powers
        found.append(np.where((distance == 0) & (powers < degree), 0.0, coefficients))
    return found


__all__ = ["SolidHarmonics", "harmonics", "normalization", "powers_of_x", "separated"]
