"""Spherical harmonic transforms of real and of spin fields, in any array library.

Fields are sampled on rings of equal colatitude, each with equidistant longitudes that begin at 0. A transform
is a Fourier transform of every ring and a product with the tables of `legendre` for every order.
"""

from __future__ import annotations

import math
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.numerics.fourier import irfft, rfft
from scatter.numerics.legendre import Meridians, Parts
from scatter.numerics.namespace import (
    Array,
    Constant,
    as_complex,
    floating,
    full_precision,
    is_complex,
    namespace,
)
from scatter.numerics.plain import plain


class Rings(NamedTuple):
    """Where a field is sampled.

    Attributes
    ----------
    theta : ndarray
        Colatitudes, ascending, symmetric about the equator, radians.
    weights : ndarray
        Weights of a quadrature over cos(theta); they add up to 2.
    longitudes : int
        Samples of each ring.
    """

    theta: NDArray[np.float64]
    weights: NDArray[np.float64]
    longitudes: int


def gauss_legendre(rings: int, longitudes: int) -> Rings:
    """Rings on which sums of degree below ``2 rings`` are exact.

    Parameters
    ----------
    rings, longitudes : int

    Examples
    --------
    >>> print(gauss_legendre(3, 5).weights.round(4))
    [0.5556 0.8889 0.5556]
    """
    # Newton's method for P_n(cos theta) = 0, in the longest floats there are; SciPy's weights have 10 digits.
    n = rings
    theta = np.pi * (np.arange(1, -(-n // 2) + 1, dtype=np.longdouble) - 0.25) / (n + 0.5)
    for _ in range(6):
        x, before, now = np.cos(theta), np.ones_like(theta), np.cos(theta)
        for l in range(1, n):
            before, now = now, ((2 * l + 1) * x * now - l * before) / (l + 1)
        slope = -n * (before - x * now) / np.sin(theta)
        theta = theta - now / slope
    theta, weights = theta.astype(np.float64), (2 / slope**2).astype(np.float64)
    south = slice(None, n // 2)
    return Rings(
        np.concatenate([theta, np.pi - theta[south][::-1]]),
        np.concatenate([weights, weights[south][::-1]]),
        longitudes,
    )


class HarmonicTransform:
    """Transform between real fields (..., rings, longitudes) and their harmonic coefficients.

    Coefficients ``a_lm`` of the harmonics of norm 1, with the phase of Condon and Shortley, are complex
    arrays (..., L, L), indexed by degree l and order m >= 0; those of negative order are
    ``(-1)^m conj(a_lm)``.

    A field of spin s > 0 is a pair of real fields, (..., 2, rings, longitudes), the parts of a complex one,
    and has a pair of coefficients E and B, (..., 2, L, L): ``f = -sum (E + i B)_lm _sY_lm``, the convention
    of HEALPix and ducc. Tangent fields have spin 1: ``f = v_theta + i v_phi``, E is a gradient, B a curl.

    Parameters
    ----------
    L : int
        Band limit: degrees are l < L.
    rings : Rings, optional
        Where the field is; by default L Gauss-Legendre rings of 2 L longitudes.
    spin : int, default=0
        Spin, at least 0.

    Raises
    ------
    InputError
        If there are fewer than L rings or 2 L - 1 longitudes, of which L degrees can't be told.

    References
    ----------
    Reinecke & Seljebotn, "Libsharp: spherical harmonic transforms revisited", A&A 554, 2013. Goldberg et al.,
    "Spin-s spherical harmonics and eth", Journal of Mathematical Physics 8, 1967.

    Examples
    --------
    >>> sht = HarmonicTransform(8)
    >>> x = np.cos(sht.rings.theta)[:, None] * np.ones(16)  # sqrt(4 pi / 3) Y_10
    >>> print(abs(sht.analyze(x)).round(4)[:3, :2])
    [[0.     0.    ]
     [2.0467 0.    ]
     [0.     0.    ]]
    """

    def __init__(self, L: int, rings: Rings | None = None, spin: int = 0) -> None:
        self.L, self.spin = L, spin
        self.rings = gauss_legendre(L, 2 * L) if rings is None else rings
        if self.rings.theta.size < L or self.rings.longitudes < 2 * L - 1:
            raise InputError(
                f"degrees below L={L} need {L} rings of {2 * L - 1} longitudes or more, got "
                f"{self.rings.theta.size} of {self.rings.longitudes}"
            )
        self._meridians = Meridians(self.rings.theta, L, spin)
        self._weights = self._meridians.folded(2 * math.pi * self.rings.weights)

    # ------------------------------------------------------------------ arrays of any leading shape
    @full_precision
    def analyze(self, x: Array) -> Array:
        """Coefficients of fields; exact for those of a band limit of L.

        Parameters
        ----------
        x : array of shape (..., rings, longitudes), or (..., 2, rings, longitudes) with a spin
            Real, of any library.

        Returns
        -------
        complex array of shape (..., L, L), or (..., 2, L, L) with a spin
        """
        x = self._checked(x)
        xp, lead = namespace(x), tuple(x.shape[:-2])
        fields = xp.reshape(xp.matrix_transpose(x), (-1, self.rings.longitudes, self.rings.theta.size))
        if self.spin == 0:
            return self._square(self.analyze_packed(fields), lead)
        pair = self.analyze_spin(fields[0::2, ...], fields[1::2, ...])
        return xp.stack([self._square(part, lead[:-1]) for part in pair], axis=-3)

    @full_precision
    def synthesize(self, a: Array) -> Array:
        """Fields of coefficients.

        Parameters
        ----------
        a : complex array of shape (..., L, L), or (..., 2, L, L) with a spin
            Entries with m > l, and imaginary parts at m = 0, are not read.

        Returns
        -------
        real array of shape (..., rings, longitudes), or (..., 2, rings, longitudes) with a spin
        """
        a = self._as_coefficients(a)
        xp, lead = namespace(a), tuple(a.shape[:-2])
        flat = xp.reshape(a, (-1, self.L, self.L))
        if self.spin == 0:
            fields = self.synthesize_packed(self.pack(flat))
        else:
            pair = self.synthesize_spin(self.pack(flat[0::2, ...]), self.pack(flat[1::2, ...]))
            fields = xp.stack(pair, axis=1)
        fields = xp.reshape(fields, (*lead, self.rings.longitudes, self.rings.theta.size))
        return xp.matrix_transpose(fields)

    def analyze_spectrum(self, spectrum: Array) -> Array:
        """Coefficients (n, L, L) of spectra of the rings of real fields, complex (n, L orders, rings)."""
        return self._square(self._meridians.over_rings(spectrum, self._weights), (spectrum.shape[0],))

    def synthesize_spectrum(self, a: Array) -> Array:
        """Spectra of rings (n, L orders, rings) of coefficients (n, L, L)."""
        return self._meridians.over_degrees(self.pack(a))

    # ------------------------------------------------------------------ packed coefficients, for cascades
    def analyze_packed(self, x: Array) -> Parts:
        """Packed coefficients of real fields (n, longitudes, rings): n real parts, then n imaginary ones."""
        return self._meridians.over_rings(self._orders(x), self._weights)

    def synthesize_packed(self, a: Parts) -> Array:
        """Real fields of packed coefficients."""
        return self._field(self._meridians.over_degrees(a))

    def analyze_spin(self, q: Array, u: Array) -> tuple[Parts, Parts]:
        """Coefficients E and B of fields q + i u of spin s > 0, packed."""
        q, u = self._orders(q), self._orders(u)
        plus, minus = (partial(self._meridians.over_rings, weights=self._weights, table=k) for k in (0, 1))
        return -(_times_i(minus(u)) + plus(q)), _times_i(minus(q)) - plus(u)

    def synthesize_spin(self, e: Parts, b: Parts | None = None) -> tuple[Array, Array]:
        """Fields q + i u of spin s > 0 of their packed coefficients; no B is a B of zeros."""
        over = self._meridians.over_degrees
        q, u = -over(e, 0), 1j * over(e, 1)
        if b is not None:
            q, u = q - 1j * over(b, 1), u - over(b, 0)
        return self._field(q), self._field(u)

    def _orders(self, x: Array) -> Array:
        """Spectra of the rings of fields (n, longitudes, rings): (n, L orders, rings)."""
        return rfft(x, axis=1)[:, : self.L, :]

    def _field(self, spectrum: Array) -> Array:
        return irfft(spectrum, self.rings.longitudes, axis=1)

    # ------------------------------------------------------------------ (L, L) and packed
    @cached_property
    def _places(self) -> tuple[Constant, ...]:
        """Where (l, m) stands in both parts, one after the other; where what is in each stands in (l, m)."""
        packing, L = self._meridians.packing, self.L
        l, m = np.indices((L, L)).reshape(2, -1)
        parity = (l - m) % 2
        rows = (packing.rows(l, m, 0), packing.rows(l, m, 1) + packing.order.even.size)
        there = np.where(parity == 0, *rows)
        back = [np.minimum(packing.degree[p], L - 1) * L + packing.order[p] for p in (0, 1)]
        inside = [(packing.degree[p] < L).astype(np.float64) for p in (0, 1)]
        return tuple(map(Constant, (there, (l >= m).astype(np.float64), *back, *inside)))

    def _square(self, packed: Parts, lead: tuple[int, ...]) -> Array:
        """Coefficients (*lead, L, L) of packed ones."""
        there, triangle = self._places[:2]
        xp, n = namespace(packed.even), packed.even.shape[0] // 2
        rows = xp.concat(list(packed), axis=-1)
        rows = xp.take(rows, there.like(rows), axis=-1) * triangle.like(rows)
        return xp.reshape(as_complex(rows[:n, :], rows[n:, :]), (*lead, self.L, self.L))

    def pack(self, a: Array) -> Parts:
        """Packed coefficients of complex arrays (n, L, L)."""
        xp = namespace(a)
        flat = xp.reshape(a, (-1, self.L * self.L))
        rows = xp.concat([xp.real(flat), xp.imag(flat)], axis=0)
        _, _, even, odd, *within = self._places
        parts = Parts(*(xp.take(rows, place.like(rows), axis=-1) for place in (even, odd)))
        return parts.scaled(*(inside.like(rows) for inside in within))

    def _checked(self, x: Any) -> Array:
        x = floating(plain(x, "the fields"))
        wanted = (*((2,) if self.spin else ()), self.rings.theta.size, self.rings.longitudes)
        if is_complex(x) or tuple(x.shape[-len(wanted) :]) != wanted:
            raise InputError(
                f"fields must be real arrays of shape (..., {', '.join(map(str, wanted))}), got {x.dtype} of "
                f"shape {tuple(x.shape)}"
            )
        return x

    def _as_coefficients(self, a: Array) -> Array:
        a = plain(a, "the coefficients")
        wanted = (*((2,) if self.spin else ()), self.L, self.L)
        if not is_complex(a) or tuple(a.shape[-len(wanted) :]) != wanted:
            raise InputError(
                f"coefficients must be complex arrays of shape (..., {', '.join(map(str, wanted))}), got "
                f"{a.dtype} of shape {tuple(a.shape)}"
            )
        return a


def _times_i(parts: Parts) -> Parts:
    """Complex numbers times i; the last axis but one has n real parts and then n imaginary ones."""
    xp, n = namespace(parts.even), parts.even.shape[-2] // 2
    return Parts(*(xp.concat([-part[..., n:, :], part[..., :n, :]], axis=-2) for part in parts))
