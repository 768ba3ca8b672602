"""Samplings of the sphere: how fields come in, and their harmonic coefficients.

Inside, fields are on Gauss-Legendre rings, the fewest that a band limit needs. Equiangular rings are carried
there exactly: along a meridian that goes on over both poles, a field of band limit L is a trigonometric
polynomial, of cosines for even orders m and of sines for odd ones.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.numerics.fourier import rfft
from scatter.numerics.harmonic import HarmonicTransform, Rings, gauss_legendre
from scatter.numerics.namespace import Array, Constant, as_complex, namespace, zeros

UNSEEN = -1.6375e30
"""What HEALPix writes where there is no observation."""


@dataclass(frozen=True)
class Sampling(ABC):
    """Where a field of band limit L is sampled.

    Parameters
    ----------
    L : int
        Band limit: degrees are below it.
    shape : tuple of int
        Shape of a field.
    """

    L: int
    shape: tuple[int, ...]

    @abstractmethod
    def coefficients(self, x: Array) -> Array:
        """Harmonic coefficients (n, L, L) of fields (n, *shape)."""

    @property
    @abstractmethod
    def area(self) -> NDArray[np.float64]:
        """Share of the sphere that each sample stands for, of a shape that fits that of a field."""


@dataclass(frozen=True)
class GaussLegendre(Sampling):
    """L rings or more at the nodes of Gauss and Legendre, north first; 2 L - 1 longitudes or more, from 0."""

    @cached_property
    def transform(self) -> HarmonicTransform:
        """The transform of these rings."""
        return HarmonicTransform(self.L, gauss_legendre(*self.shape))

    def coefficients(self, x: Array) -> Array:
        """Harmonic coefficients (n, L, L) of fields (n, rings, longitudes)."""
        return self.transform.analyze(x)

    @property
    def area(self) -> NDArray[np.float64]:
        """Weights of the quadrature, a ring each."""
        rings = self.transform.rings
        return rings.weights[:, None] / (2 * rings.longitudes)


@dataclass(frozen=True)
class Equiangular(Sampling):
    """L equidistant rings or more, north first, of 2 L - 1 longitudes or more from 0; L + 1 with both poles.

    Parameters
    ----------
    L, shape
        As above.
    rule : str
        Colatitudes of ring t of n: 'mw' ``pi (2 t + 1) / (2 n - 1)``, with the south pole (McEwen & Wiaux,
        IEEE TSP 59, 2011); 'dh' and 'f1' ``pi (t + 1/2) / n``, without poles (Driscoll & Healy, Advances in
        Applied Mathematics 15, 1994, at half a step; Fejer's first rule); 'cc' ``pi t / (n - 1)``, with both
        (Clenshaw & Curtis).
    """

    rule: str

    @property
    def theta(self) -> NDArray[np.float64]:
        """Colatitudes of the rings, radians."""
        n = self.shape[0]
        first, step = {"mw": (1 / (2 * n - 1), 2 / (2 * n - 1)), "cc": (0, 1 / max(n - 1, 1))}.get(
            self.rule, (0.5 / n, 1 / n)
        )
        return np.asarray(math.pi * (first + step * np.arange(n)))

    @property
    def area(self) -> NDArray[np.float64]:
        """Share of the sphere between the middles of neighbouring rings."""
        edges = np.concatenate([[0], (self.theta[1:] + self.theta[:-1]) / 2, [math.pi]])
        return np.asarray(-np.diff(np.cos(edges))[:, None] / (2 * self.shape[1]))

    @cached_property
    def _gauss(self) -> HarmonicTransform:
        """Transform of rings that are enough for the product of a harmonic with anything on these rings."""
        rings = -(-(self.L + self.shape[0]) // 2)
        return HarmonicTransform(self.L, gauss_legendre(max(rings, self.L), self.shape[1]))

    @cached_property
    def _carry(self) -> tuple[Constant, Constant]:
        """Matrices from these rings to those of Gauss and Legendre, for even and for odd orders."""
        n, goal = self.shape[0], self._gauss.rings.theta
        waves = np.arange(n)
        even = np.cos(np.outer(goal, waves)) @ np.linalg.pinv(np.cos(np.outer(self.theta, waves)))
        # Sines are zero at a pole, and one that is zero on every ring tells nothing.
        waves = np.arange(1, n + 1 - {"cc": 2, "mw": 1}.get(self.rule, 0))
        odd = np.sin(np.outer(goal, waves)) @ np.linalg.pinv(np.sin(np.outer(self.theta, waves)))
        return Constant(even), Constant(odd)

    def coefficients(self, x: Array) -> Array:
        """Harmonic coefficients (n, L, L) of fields (n, rings, longitudes)."""
        xp = namespace(x)
        spectrum = rfft(x, axis=2)[..., : self.L]
        carried = []
        for first, matrix in zip((0, 1), self._carry, strict=True):
            orders = xp.permute_dims(spectrum[..., first::2], (0, 2, 1))
            there = xp.matrix_transpose(matrix.like(x))
            carried.append(as_complex(xp.real(orders) @ there, xp.imag(orders) @ there))
        even, odd = carried
        missing = even.shape[1] - odd.shape[1]
        padded = xp.concat([odd, xp.zeros_like(odd[:, :missing, :])], axis=1) if missing else odd
        pairs = xp.reshape(xp.stack([even, padded], axis=2), (x.shape[0], -1, even.shape[2]))
        return self._gauss.analyze_spectrum(pairs[:, : self.L, :])


class RingsOfPixels(NamedTuple):
    """Rings of HEALPix that have as many pixels.

    Attributes
    ----------
    length : int
        Pixels of each.
    which, pixels : Constant
        Their numbers from the north, and those of their pixels, ring by ring.
    place, sign : Constant of shape (L,)
        Where each order is in the half spectrum of a ring, and the sign of its imaginary part there.
    cosine, sine : Constant of shape (rings, L)
        Of the longitude of the first pixel, times the order.
    """

    length: int
    which: Constant
    pixels: Constant
    place: Constant
    sign: Constant
    cosine: Constant
    sine: Constant


@dataclass(frozen=True)
class Healpix(Sampling):
    """Pixels of equal area in the order of rings; coefficients by quadrature, improved ``iterations`` times.

    There is no sampling theorem for HEALPix: the coefficients of white noise come with errors of some percent
    at once, and of less than 1e-4 after three corrections, where L <= 2 nside.

    Parameters
    ----------
    L, shape
        As above; the shape is (12 nside^2,).
    iterations : int
        Corrections by the residual.

    References
    ----------
    Gorski et al., "HEALPix", The Astrophysical Journal 622, 2005, eq. 4 to 9.
    """

    iterations: int = 3

    @property
    def nside(self) -> int:
        """Pixels along the side of each of the 12 faces."""
        return math.isqrt(self.shape[0] // 12)

    @property
    def area(self) -> NDArray[np.float64]:
        """Equal shares."""
        return np.asarray(1 / self.shape[0])

    @cached_property
    def _rings(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Pixels of each ring, its colatitude, and the longitude of its first pixel, radians."""
        n = self.nside
        ring = np.arange(1, 4 * n)
        north = np.minimum(ring, 4 * n - ring)
        count = 4 * np.minimum(north, n)
        z = np.where(north < n, 1 - north**2 / (3 * n**2), 4 / 3 - 2 * north / (3 * n))
        shifted = (north < n) | ((ring - n) % 2 == 0)
        theta = np.arccos(z)
        return count, np.where(ring > 2 * n, math.pi - theta, theta), np.where(shifted, math.pi / count, 0)

    @cached_property
    def _transform(self) -> HarmonicTransform:
        count, theta, _ = self._rings
        return HarmonicTransform(
            self.L, Rings(theta, 2 * count / self.shape[0], max(4 * self.nside, 2 * self.L))
        )

    @cached_property
    def _lengths(self) -> list[RingsOfPixels]:
        """Rings by their length."""
        count, _, start = self._rings
        first, m, found = np.cumsum(count) - count, np.arange(self.L), []
        for n in np.unique(count):
            which = np.flatnonzero(count == n)
            pixels, angle = first[which][:, None] + np.arange(n), np.outer(start[which], m)
            # Orders of n / 2 and more are seen as those of the circle of n samples that they agree with.
            place, sign = np.minimum(m % n, -m % n), np.where(m % n > n // 2, -1.0, 1.0)
            tables = (which, pixels.ravel(), place, sign, np.cos(angle), np.sin(angle))
            found.append(RingsOfPixels(int(n), *map(Constant, tables)))
        return found

    @cached_property
    def _ring_order(self) -> Constant:
        """Where each ring is when they are sorted by length."""
        return Constant(np.argsort(np.concatenate([rings.which.value for rings in self._lengths])))

    @cached_property
    def _pixel_order(self) -> Constant:
        return Constant(np.argsort(np.concatenate([rings.pixels.value for rings in self._lengths])))

    def coefficients(self, x: Array) -> Array:
        """Harmonic coefficients (n, L, L) of fields (n, 12 nside^2)."""
        a = self._analyze(x)
        for _ in range(self.iterations):
            a = a + self._analyze(x - self.field(a))
        return a

    def _analyze(self, x: Array) -> Array:
        xp, spectra = namespace(x), []
        for rings in self._lengths:
            shape = (x.shape[0], rings.which.value.size, rings.length)
            half = rfft(xp.reshape(xp.take(x, rings.pixels.like(x), axis=-1), shape), axis=2)
            orders = xp.take(half, rings.place.like(x), axis=2)
            orders = as_complex(xp.real(orders), xp.imag(orders) * rings.sign.like(x))
            spectra.append(_times(orders, rings.cosine.like(x), -rings.sine.like(x)))
        spectrum = xp.take(xp.concat(spectra, axis=1), self._ring_order.like(x), axis=1)
        return self._transform.analyze_spectrum(xp.permute_dims(spectrum, (0, 2, 1)))

    @cached_property
    def _both_signs(self) -> Constant:
        """How often each order m >= 0 of a real field stands for two."""
        return Constant(np.where(np.arange(self.L) == 0, 1.0, 2.0))

    def field(self, a: Array) -> Array:
        """Fields (n, 12 nside^2) of coefficients (n, L, L)."""
        xp, samples = namespace(a), []
        spectrum = xp.permute_dims(self._transform.synthesize_spectrum(a), (0, 2, 1))
        spectrum = spectrum * self._both_signs.like(spectrum)
        for rings in self._lengths:
            orders = xp.take(spectrum, rings.which.like(spectrum), axis=1)
            orders = _times(orders, rings.cosine.like(spectrum), rings.sine.like(spectrum))
            turns = -(-self.L // rings.length)
            room = zeros((*orders.shape[:2], turns * rings.length - self.L), orders)
            folded = xp.reshape(xp.concat([orders, room], axis=2), (*orders.shape[:2], turns, rings.length))
            values = xp.real(xp.fft.ifft(xp.sum(folded, axis=2), axis=2, norm="forward"))
            samples.append(xp.reshape(values, (a.shape[0], -1)))
        flat = xp.concat(samples, axis=1)
        return xp.take(flat, self._pixel_order.like(flat), axis=1)


def _times(z: Array, real: Array, imaginary: Array) -> Array:
    """Complex numbers times those of the parts that are given."""
    xp = namespace(z)
    a, b = xp.real(z), xp.imag(z)
    return as_complex(a * real - b * imaginary, a * imaginary + b * real)


SAMPLINGS: tuple[str, ...] = ("gl", "mw", "dh", "f1", "cc", "healpix", "coefficients")


def sampling(name: str, L: int, shape: tuple[int, ...]) -> Sampling:
    """A sampling by its name, for fields of a shape.

    Raises
    ------
    InputError
        If the shape is not one that this sampling has for L degrees.
    """
    if name == "healpix":
        nside = math.isqrt(shape[-1] // 12) if shape[-1] else 0
        if 12 * nside**2 != shape[-1] or nside == 0:
            raise InputError(f"HEALPix fields have 12 nside^2 pixels, such as 12288, got {shape[-1]}")
        if 3 * nside < L:
            raise InputError(
                f"L={L} degrees need nside={-(-L // 3)} or more, got {nside}; type L={3 * nside}"
            )
        return Healpix(L, shape[-1:])
    rings = L + 1 if name == "cc" else L  # what is odd about a pole is zero there
    if len(shape) < 2 or shape[-2] < rings or shape[-1] < 2 * L - 1:
        longitudes = 2 * L - 1
        raise InputError(
            f"sampling={name!r} needs {rings} rings of {longitudes} longitudes for L={L} degrees, "
            f"(..., {rings}, {longitudes}), or more of both, got {tuple(shape)}; type a lower L, or "
            "the sampling that it is"
        )
    return GaussLegendre(L, shape[-2:]) if name == "gl" else Equiangular(L, shape[-2:], name)


__all__ = ["SAMPLINGS", "UNSEEN", "Equiangular", "GaussLegendre", "Healpix", "Sampling", "sampling"]
