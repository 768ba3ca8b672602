"""Frames of convolutions on grids of any dimension, from a bank of spectra."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from scatter.domains.grid import Grid
from scatter.frames.base import LittlewoodPaley
from scatter.numerics.fingerprint import fingerprint, looked_at
from scatter.numerics.fourier import fftn, ifftn
from scatter.numerics.lowpass import AxisLowPass, separable
from scatter.numerics.namespace import Array, Constant, is_complex, itemsize, namespace
from scatter.paths import Band, Edge, Group

PRECISION = {4: 1e-7, 8: 1e-16}
"""Relative size of what rounding hides, by the bytes of a real number."""

ROUNDING = 8
"""Units of rounding of a signal that a coefficient may be off by."""

TAILS = 0.1
"""Share of `ConvolutionFrame.tol` that the ends of the low-pass may have of its mass to count as zero."""

Blocks = dict[tuple[int, ...], NDArray[Any]]
"""Spectrum of a filter cut into blocks of the size of its output; blocks that are zero are left out."""


class SpectralBank(Protocol):
    """Wavelets and a separable low-pass given by their spectra on a periodic grid."""

    @property
    def aliasing(self) -> Literal["sum", "mean", "crop"]:
        """What a coarser filter is: the spectrum folded by sum or mean, or its low frequencies."""

    @property
    def log2_stride(self) -> int:
        """Resolution of the averaged maps."""

    def bands(self, order: int) -> tuple[Band, ...]:
        """Wavelets of an order."""

    def follows(self, previous: Band | None, band: Band) -> bool:
        """Whether ``band`` may come right after ``previous``."""

    def resolution(self, band: Band) -> int:
        """Resolution at which the modulus after ``band`` is sampled."""

    def psi(self, band: Band, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Real spectrum of a wavelet on a periodic grid."""

    def phi(self, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], ...]:
        """Real spectra whose outer product is the low-pass, one an axis."""


@dataclass(frozen=True, eq=False)
class ConvolutionFrame(LittlewoodPaley):
    """Wavelets applied by FFT, each at the coarsest resolution its spectrum allows.

    Parameters
    ----------
    bank : SpectralBank
        The filters.
    grid : Grid
        Where signals live, and how they are padded.
    tol : float, optional
        Values of a filter at most this many times its peak count as zero, and ends of the low-pass with a
        tenth of it of the mass; None is the rounding of the precision, 1e-7 or 1e-16.
    """

    bank: SpectralBank
    grid: Grid
    tol: float | None = None
    _filters: dict[Any, list[tuple[Any, Constant]]] = field(default_factory=dict, repr=False)
    _blocks: dict[tuple[Band, int], Blocks] = field(default_factory=dict, repr=False)
    _lowpass: dict[tuple[int, int | None], tuple[AxisLowPass, ...]] = field(default_factory=dict, repr=False)

    @property
    def ndim(self) -> int:
        """Number of axes of the grid."""
        return self.grid.ndim

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples of a signal along each axis, as it is handed in."""
        return self.grid.padded if self.grid.padding is None else self.grid.shape

    def output(self, resolution: int | None) -> tuple[int, ...]:
        """Shape of an averaged map (None), or of a map cropped at a resolution."""
        return self.grid.output(self.bank.log2_stride if resolution is None else resolution)

    # ------------------------------------------------------------------ what the cascade calls
    def root(self, x: Array) -> Array:
        """Pad signals of shape (batch, *shape) to (batch, 1, *padded)."""
        return namespace(x).expand_dims(self.grid.pad(x), axis=1)

    def wavelets(self, layer: Mapping[Group, Array]) -> Iterator[tuple[Group, Array]]:
        """Convolve every group with every band that may follow, subsampled; one edge at a time."""
        for group, u in layer.items():
            if group.edges:
                spectrum = fftn(u, self.ndim)
                for edge in group.edges:
                    yield edge.child, self._convolve(spectrum, group, edge)

    def _convolve(self, spectrum: Array, group: Group, edge: Edge) -> Array:
        """Every path by every band: (batch, P, *points) -> (batch, P * bands, *coarser points)."""
        xp = namespace(spectrum)
        filters = self.filters(edge.bands, group.resolution, itemsize(spectrum))
        w = self.convolve(xp.expand_dims(spectrum, axis=2), [(at, psi.like(spectrum)) for at, psi in filters])
        return xp.reshape(w, (w.shape[0], w.shape[1] * w.shape[2], *w.shape[3:]))

    def convolve(self, spectrum: Array, filters: Sequence[tuple[Any, Array]]) -> Array:
        """Multiply, fold and invert.

        Parameters
        ----------
        spectrum : array of shape ``(..., *points)``
        filters : sequence of (slices, array of shape ``(..., *coarser)``)
            Parts of filters, and the region of the spectrum that each multiplies, as `filters` gives them.

        Returns
        -------
        array of shape ``(..., *coarser)``
        """
        folded = None
        for region, psi in filters:
            part = spectrum[(..., *region)] * psi
            if folded is None:
                folded = part
            else:
                folded += part
        assert folded is not None
        return ifftn(folded, self.ndim)

    def modulus(self, w: Array) -> Array:
        """Complex modulus."""
        return namespace(w).abs(w)

    def average(self, u: Array, resolution: int) -> Array:
        """Low-pass, subsample and crop; the modulus of that where the signal is complex."""
        lowpass = self.lowpass(resolution)
        if not is_complex(u):
            return separable(u, lowpass)
        xp = namespace(u)
        return xp.hypot(separable(xp.real(u), lowpass), separable(xp.imag(u), lowpass))

    def crop(self, u: Array, resolution: int) -> Array:
        """Drop the padding of a map; the modulus of it where the signal is complex."""
        u = self.grid.crop(u, resolution)
        return namespace(u).abs(u) if is_complex(u) else u

    def working_set(self, group: Group) -> int:
        """Real numbers a signal needs while the children of ``group`` are computed."""
        own = 3 * len(group.positions) * self.grid.points(group.resolution)
        children = [len(e.child.positions) * self.grid.points(e.child.resolution) for e in group.edges]
        return own + 5 * max(children, default=0)

    def capacity(self, working_set: int) -> Callable[[int], int]:
        """How many paths at a resolution one signal may fill, for a working set of float32 bytes."""
        return lambda resolution: working_set // (4 * 8 * self.grid.points(resolution))

    # ------------------------------------------------------------------ filters
    def spectrum_blocks(self, band: Band, size: int) -> Blocks:
        """Spectrum of a band on the padded grid, in blocks of the size of its output.

        Values below the tolerance for a real number of ``size`` bytes are zero, and blocks of zeros left out.
        """
        folds, points = 1 << self.bank.resolution(band), self.grid.size(self.bank.resolution(band))
        psi = self.bank.psi(band, self.grid.padded)
        least = _peak(psi) * self.tolerance(size)
        blocks: Blocks = {}
        for place in itertools.product(range(folds), repeat=self.ndim):
            part = psi[_region(place, points)]
            if _peak(part) > least:
                kept = np.array(part, np.float64 if size == 8 else np.float32)
                kept[np.abs(kept) <= least] = 0
                blocks[place] = kept
        return blocks

    def coarser(self, blocks: Blocks, band: Band, resolution: int) -> Blocks:
        """Blocks of the same filter for a signal that is already at ``resolution``."""
        if resolution == 0:
            return blocks
        fine, coarse = 1 << self.bank.resolution(band), 1 << (self.bank.resolution(band) - resolution)
        found: Blocks = {}
        if self.bank.aliasing == "crop" and coarse == 1:
            return _low_halves(blocks, fine)
        for place, values in blocks.items():
            if self.bank.aliasing == "crop" and any(coarse // 2 <= b < fine - coarse // 2 for b in place):
                continue
            goal = tuple(b % coarse for b in place)
            found[goal] = found[goal] + values if goal in found else values
        if self.bank.aliasing == "mean":
            return {place: values / (fine // coarse) for place, values in found.items()}
        return found

    def blocks(self, band: Band, size: int) -> Blocks:
        """What `spectrum_blocks` gives, computed once."""
        if (band, size) not in self._blocks:
            self._blocks[band, size] = self.spectrum_blocks(band, size)
        return self._blocks[band, size]

    def tolerance(self, size: int) -> float:
        """Share of its peak below which a value of a filter counts as zero, for numbers of ``size`` bytes."""
        return self.tol if self.tol is not None else PRECISION[size]

    def filters(self, bands: tuple[Band, ...], resolution: int, size: int) -> list[tuple[Any, Constant]]:
        """Non-zero parts of some filters, and the region of the spectrum that each multiplies.

        Parameters
        ----------
        bands : tuple of Band
            Bands of one output resolution.
        resolution : int
            Resolution of the signal to be filtered.
        size : int
            Bytes of a real number, 4 or 8: parts below its precision are left out.

        Returns
        -------
        list of (slices, Constant of shape (bands, *points))
        """
        key = (bands, resolution, size)
        if key not in self._filters:
            every = [self.coarser(self.blocks(band, size), band, resolution) for band in bands]
            points = self.grid.size(self.bank.resolution(bands[0]))
            parts = []
            for place in sorted({place for blocks in every for place in blocks}):
                if len(bands) == 1:  # large grids: no second copy
                    values = every[0][place][np.newaxis]
                else:
                    values = np.zeros((len(bands), *points), np.float64 if size == 8 else np.float32)
                    for row, blocks in zip(values, every, strict=True):
                        if place in blocks:
                            row[...] = blocks[place]
                parts.append((_region(place, points), Constant(values)))
            self._filters[key] = parts
        return self._filters[key]

    def lowpass(self, resolution: int, onto: int | None = None) -> tuple[AxisLowPass, ...]:
        """Low-pass, subsampling and cropping of a map, one linear map an axis.

        With ``onto`` all of the padded map is kept, at that resolution.
        """
        if (resolution, onto) not in self._lowpass:
            goal = self.bank.log2_stride if onto is None else onto
            step = 1 << (goal - resolution)
            window = self.grid.window(goal) if onto is None else [(0, n) for n in self.grid.size(goal)]
            axes = []
            for phi, (start, count) in zip(self._phi, window, strict=True):
                tails = 0.0 if self.tol is None else self.tol * TAILS
                axes.append(AxisLowPass(self._coarse_phi(phi, resolution), step, start, count, tails))
            self._lowpass[resolution, onto] = tuple(axes)
        return self._lowpass[resolution, onto]

    @cached_property
    def _phi(self) -> tuple[NDArray[np.float64], ...]:
        return self.bank.phi(self.grid.padded)

    def _coarse_phi(self, phi: NDArray[np.float64], resolution: int) -> NDArray[np.float64]:
        if self.bank.aliasing == "crop":
            keep = phi.size >> (resolution + 1)
            return np.concatenate([phi[:keep], phi[phi.size - keep :]]) if resolution else phi
        folded: NDArray[np.float64] = phi.reshape(1 << resolution, -1).sum(0)
        if self.bank.aliasing == "mean":
            folded /= 1 << resolution
        return folded

    # ------------------------------------------------------------------ laws
    def littlewood_paley(self, order: int = 1) -> NDArray[np.float64]:
        """Compute ``|phi|^2 + (1/2) sum |psi(w)|^2 + |psi(-w)|^2`` on the padded grid.

        For real signals its extreme values are the frame bounds of the linear layer.

        Parameters
        ----------
        order : int
            Whose wavelets; the banks of orders 1 and 2 may differ.

        Returns
        -------
        ndarray of shape ``grid.padded``, frequencies in the order of ``numpy.fft.fftfreq``
        """
        psi = np.zeros(self.grid.padded)
        for band in self.bank.bands(order):
            psi += self.bank.psi(band, self.grid.padded) ** 2
        opposite = psi[np.ix_(*(-np.arange(n) % n for n in psi.shape))]
        phi = np.ones(())
        for axis in self._phi:
            phi = np.multiply.outer(phi, axis)
        total: NDArray[np.float64] = phi**2 + 0.5 * (psi + opposite)
        return total

    def rounding(self, eps: float) -> float:
        """Largest error of a coefficient, relative to the signal: that of Fourier transforms."""
        return ROUNDING * eps

    def fingerprint(self) -> str:
        """Hash of the spectra of all wavelets and of the low-pass, and of how they are sampled."""
        shape = looked_at(self.grid.padded)
        bands = [band for order in (1, 2) for band in self.bank.bands(order)]
        sampling = [self.bank.resolution(band) for band in bands]
        psi = (self.bank.psi(band, shape) for band in bands)
        how = f"{self.bank.aliasing} {self.bank.log2_stride} {sampling}"
        return fingerprint(how, *psi, *self.bank.phi(shape))


def _low_halves(blocks: Blocks, count: int) -> Blocks:
    """The low frequencies, a block of them in all: halves of the outermost of ``count`` blocks an axis."""
    found: Blocks = {}
    for place, values in blocks.items():
        if all(b in (0, count - 1) for b in place):
            halves = tuple(
                slice(0, n // 2) if b == 0 else slice(n // 2, n)
                for b, n in zip(place, values.shape, strict=True)
            )
            whole = found.setdefault((0,) * len(place), np.zeros_like(values))
            whole[halves] = values[halves]
    return found


def _region(place: tuple[int, ...], size: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(b * n, (b + 1) * n) for b, n in zip(place, size, strict=True))


def _peak(values: NDArray[Any]) -> float:
    return float(max(values.max(), -values.min()))
