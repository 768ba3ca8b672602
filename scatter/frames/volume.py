"""The frame of volumes under solid harmonic wavelets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.domains.grid import Grid
from scatter.frames.base import LittlewoodPaley
from scatter.frames.convolution import PRECISION
from scatter.frames.solidharmonic import Axes, SolidHarmonics, harmonics, powers_of_x, separated
from scatter.numerics.fingerprint import looked_at
from scatter.numerics.fourier import irfftn, rfftn
from scatter.numerics.lowpass import AxisLowPass, separable
from scatter.numerics.namespace import Array, Constant, itemsize, namespace, norm
from scatter.paths import Band, Edge, Group


class RealField(NamedTuple):
    """A filter that makes a real field of a volume: a sum of products.

    Attributes
    ----------
    outer : ndarray of shape (first axis, second axis, terms)
        Functions of the first two frequencies.
    inner : ndarray of shape (terms, half of the last axis)
        Functions of the last one.
    turned : bool
        Whether the field is what the filter makes times i.
    """

    outer: NDArray[np.float64]
    inner: NDArray[np.float64]
    turned: bool


@dataclass(frozen=True, eq=False)
class SolidHarmonicFrame(LittlewoodPaley):
    """Wavelets of every order m of a degree, whose modulus is the root of the sum of their squares.

    Filtered volumes have shape (batch, paths, fields, *points): one real field for each real harmonic, for a
    wavelet of a real signal and its mirror image at -m are conjugates, and have twice the fields of one
    another. Volumes are periodic.

    On an axis of even length the highest frequency has no mirror image. There a wavelet is what Kymatio
    takes, its value at -pi. What that adds to the fields is imaginary, and stands in fields of its own behind
    the real ones wherever it is not lost in the rounding of the modulus.

    Parameters
    ----------
    bank : SolidHarmonics
        The wavelets.
    grid : Grid
        The volume, not padded.
    """

    bank: SolidHarmonics
    grid: Grid
    _polynomials: dict[tuple[int, int, bool], list[Constant]] = field(default_factory=dict, repr=False)
    _bells: dict[int, tuple[Constant, ...]] = field(default_factory=dict, repr=False)

    @property
    def ndim(self) -> int:
        """Number of axes, 3."""
        return self.grid.ndim

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each axis."""
        return self.grid.shape

    @property
    def step(self) -> int:
        """Voxels between the samples of a local average along each axis."""
        return 1 << self.bank.J

    def output(self, resolution: int | None) -> tuple[int, ...]:
        """Shape of an averaged map (None), or of a map."""
        return self.grid.output(self.bank.J if resolution is None else 0)

    # ------------------------------------------------------------------ what the cascade calls
    def root(self, x: Array) -> Array:
        """Volumes (batch, *shape) as (batch, 1, *shape)."""
        return namespace(x).expand_dims(x, axis=1)

    def wavelets(self, layer: Mapping[Group, Array]) -> Iterator[tuple[Group, Array]]:
        """Filter every path by the wavelets of every order m of a scale and a degree."""
        for group, u in layer.items():
            if group.edges:
                spectrum = rfftn(u, self.ndim)
                for edge in group.edges:
                    yield edge.child, self._filter(spectrum, edge)

    def _filter(self, spectrum: Array, edge: Edge) -> Array:
        """Half spectra (batch, paths, *half) -> fields (batch, paths, fields, *points)."""
        (band,) = edge.bands  # `capacity` leaves one an edge
        degree, size = _degree(band), itemsize(spectrum)
        under = spectrum * self.bank.amplitude(band)
        for bell in self._bell(band.j):
            under = under * bell.like(spectrum)
        under = under * (1, -1j, -1, 1j)[degree % 4]

        def fields(part: Array, *, beyond: bool) -> list[Array]:
            polynomials = self._polynomial(degree, size, beyond=beyond)
            return [irfftn(part * polynomial.like(spectrum), self.shape) for polynomial in polynomials]

        found = fields(under, beyond=False)
        rest = fields(-1j * under, beyond=True) if self.beyond(band, size) else []
        if not self.bank.rotation_covariant and degree:
            # The wavelet of m = -l is (cosine - i sine) / sqrt(2).
            (cosine, sine), root = found, math.sqrt(0.5)
            found = (
                [root * (cosine + rest[1]), root * (sine - rest[0])] if rest else [root * cosine, root * sine]
            )
            rest = []
        return namespace(spectrum).stack(found + rest, axis=2)

    def modulus(self, w: Array) -> Array:
        """Root of the sum of the squares of the fields, whose gradient at zero is zero."""
        return norm(w, axis=2)

    def average(self, u: Array, resolution: int) -> Array:
        """Gaussian average of width ``sigma_0 2**J`` around every ``2**J``-th voxel."""
        return separable(u, self.lowpass(resolution))

    def crop(self, u: Array, resolution: int) -> Array:
        """The map: nothing was padded."""
        return u

    def working_set(self, group: Group) -> int:
        """Real numbers a volume needs while the children of ``group`` are computed."""
        return self.grid.points(0) * (8 + 4 * (2 * self.bank.L + 1))

    @staticmethod
    def capacity(resolution: int) -> int:
        """Paths that share an array: one, as every degree has its own number of fields."""
        return 1

    # ------------------------------------------------------------------ filters
    def _omega(self, *, half: bool, sign: int = -1) -> Axes:
        """Angular frequencies along z, y and x; the highest of an even axis has this sign."""
        axes: list[NDArray[np.float64]] = []
        for axis, n in enumerate(self.shape):
            w = np.asarray(2 * math.pi * np.fft.fftfreq(n), np.float64)
            if n % 2 == 0:
                w[n // 2] = sign * math.pi
            if half and axis == self.ndim - 1:
                w = w[: n // 2 + 1]
            axes.append(w.reshape([-1 if a == axis else 1 for a in range(self.ndim)]))
        return tuple(axes)

    def _bell(self, j: int) -> tuple[Constant, ...]:
        if j not in self._bells:
            self._bells[j] = tuple(map(Constant, self.bank.bell(j, self._omega(half=True))))
        return self._bells[j]

    def _polynomial(self, degree: int, size: int, *, beyond: bool) -> list[Constant]:
        """Real harmonics on half of the spectrum: the part that has a mirror image, or the rest."""
        key = (degree, size, beyond)
        if key not in self._polynomials:
            kept = np.float64 if size == 8 else np.float32
            found = [p.astype(kept) for p in self._harmonics(degree, half=True, beyond=beyond)]
            self._polynomials[key] = [Constant(p) for p in found]
        return self._polynomials[key]

    def _harmonics(self, degree: int, *, half: bool, beyond: bool) -> list[NDArray[np.float64]]:
        found = _mirrored(lambda sign: harmonics(degree, self._omega(half=half, sign=sign)), beyond=beyond)
        return found if self.bank.rotation_covariant else found[-2:]

    def beyond(self, band: Band, size: int) -> bool:
        """Whether a wavelet at the highest frequency of an even axis matters for numbers of ``size`` bytes.

        It adds the square of its share of the peak to the square of a modulus.
        """
        degree, sigma = _degree(band), self.bank.sigma(band.j)
        if degree == 0 or all(n % 2 for n in self.shape):
            return False
        most, at = math.sqrt(degree), max(sigma * math.pi, math.sqrt(degree))
        share = (at / most) ** degree * math.exp(0.5 * (most**2 - at**2))
        return share > (1e-8 if size == 8 else 1e-5)

    def real_fields(self, band: Band, size: int) -> Iterator[RealField]:
        """Filters of the real fields of a wavelet on half of the spectrum, for numbers of ``size`` bytes."""
        degree, bells = _degree(band), [bell.value for bell in self._bell(band.j)]
        outer, inner = self.bank.amplitude(band) * bells[0] * bells[1], bells[2].ravel()
        frequencies = np.abs(self._omega(half=True)[2].ravel())
        even = self.shape[2] % 2 == 0
        for beyond in (False, True) if self.beyond(band, size) else (False,):
            fields = _mirrored(lambda sign: self._in_x(degree, sign), beyond=beyond)
            edges = _mirrored(lambda sign: self._edge(degree, sign), beyond=beyond) if even else []
            for order, coefficients in enumerate(fields):
                columns = np.asarray(inner * frequencies ** powers_of_x(degree, order)[:, None], np.float64)
                if even:  # the highest frequency is a term of its own
                    last = np.where(frequencies == frequencies[-1], inner, 0)
                    columns = np.concatenate([np.where(last, 0.0, columns), last[None]])
                    coefficients = np.concatenate([coefficients, edges[order]], axis=-1)
                yield RealField(coefficients * outer, columns, bool((degree + beyond) % 2))

    def _in_x(self, degree: int, sign: int) -> list[NDArray[np.float64]]:
        """Coefficients of real harmonics as polynomials of x."""
        z, y, _ = self._omega(half=True, sign=sign)
        return separated(degree, z, y)

    def _edge(self, degree: int, sign: int) -> list[NDArray[np.float64]]:
        """Real harmonics at the highest frequency of an even last axis."""
        z, y, _ = self._omega(half=True, sign=sign)
        return harmonics(degree, (z, y, np.full((1, 1, 1), sign * math.pi)))

    def reach(self, band: Band, size: int) -> NDArray[np.int64]:
        """How many frequencies along the last axis matter, for each of the second one.

        Beyond them the spectrum of a wavelet is below the precision of its peak, for numbers of ``size``
        bytes.
        """
        y, x = (np.abs(w.ravel()) for w in self._omega(half=True)[1:])
        near = np.hypot(y[:, None], x) <= self.bank.reach(band, PRECISION[size])
        return np.asarray(near.sum(1), np.int64)

    def lowpass(self, resolution: int) -> tuple[AxisLowPass, ...]:
        """Low-pass and subsampling of a map, one linear map an axis."""
        return self._lowpass

    @cached_property
    def _lowpass(self) -> tuple[AxisLowPass, ...]:
        spectra = self.bank.bell(self.bank.J, tuple(w.ravel() for w in self._omega(half=False)))
        windows = self.grid.window(self.bank.J)
        return tuple(
            AxisLowPass(spectrum, self.step, start, count)
            for spectrum, (start, count) in zip(spectra, windows, strict=True)
        )

    # ------------------------------------------------------------------ laws
    def littlewood_paley(self, order: int = 1) -> NDArray[np.float64]:
        """Sum of ``|psi_{j,l,m}|^2`` over scales, degrees and orders m, and ``|phi|^2``, on the grid.

        Parameters
        ----------
        order : int
            The bank is the same at every order.

        Returns
        -------
        ndarray of shape ``shape``, frequencies in the order of ``numpy.fft.fftfreq``
        """
        omega = self._omega(half=False)
        total = math.prod(self.bank.bell(self.bank.J, omega), start=np.ones(())) ** 2
        for degree in range(self.bank.L + 1):
            polynomials = harmonics(degree, omega)
            if not self.bank.rotation_covariant and degree:
                polynomials = [p / math.sqrt(2) for p in polynomials[-2:]]
            power = sum(p**2 for p in polynomials)
            for band in self.bank.bands(order):
                if _degree(band) == degree:
                    bell = math.prod(self.bank.bell(band.j, omega), start=np.ones(()))
                    total = total + (self.bank.amplitude(band) * bell) ** 2 * power
        return total

    def fingerprint(self) -> str:
        """Hash of the wavelets of every scale, degree and order m, and of the low-pass."""
        small = looked_at(self.shape)
        frame = SolidHarmonicFrame(self.bank, replace(self.grid, shape=small, padded=small))
        degrees = range(self.bank.L + 1)
        fields = [p for degree in degrees for p in frame._harmonics(degree, half=False, beyond=False)]
        return self.bank.hashed(frame._omega(half=False), fields)


def _mirrored(at: Callable[[int], list[NDArray[np.float64]]], *, beyond: bool) -> list[NDArray[np.float64]]:
    """The parts of filters that have a mirror image, or the rest, by the sign of the highest frequencies."""
    pairs = zip(at(-1), at(1), strict=True)
    return [(below - above) / 2 if beyond else (below + above) / 2 for below, above in pairs]


def _degree(band: Band) -> int:
    degree = band.label("l")
    assert degree is not None
    return degree


__all__ = ["SolidHarmonicFrame"]
