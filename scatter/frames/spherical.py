"""The frame of scale-discretised wavelets on the sphere: each on a grid as fine as it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.frames.base import LittlewoodPaley
from scatter.frames.scalediscretised import ScaleDiscretised
from scatter.numerics.fingerprint import fingerprint
from scatter.numerics.harmonic import HarmonicTransform, Rings, gauss_legendre
from scatter.numerics.legendre import Packing, Parts
from scatter.numerics.moments import Weighted
from scatter.numerics.namespace import Array, Constant, namespace, norm, zeros
from scatter.paths import Band, Group

LEAST_SHARE = 0.01
"""Share of what the scaling function sees below which an average under a mask is 0."""


class SphericalFrame(LittlewoodPaley):
    """Scale-discretised wavelets on the sphere, each on a grid as fine as its band limit needs.

    Maps are (batch, paths, longitudes, rings) on Gauss-Legendre rings. A directional wavelet gives the N
    components of its dependence on direction, (batch, paths, N, longitudes, rings), cosine and sine of each
    order; turning the sphere turns these pairs at every point, and the modulus is their norm.

    Parameters
    ----------
    bank : ScaleDiscretised
        The wavelets.
    oversampling : float, default=2
        Band limit of the grid of a wavelet over that of the wavelet, at least 1. A modulus has no band limit;
        what a grid folds back is the only error of equivariance.
    min_bandlimit : int, default=32
        Smallest band limit of a grid.
    mask : array of shape (1, L, L), optional
        Harmonic coefficients of a function that is 1 where signals are known and 0 elsewhere.

    Examples
    --------
    >>> frame = SphericalFrame(ScaleDiscretised(L=16))
    >>> frame.shape, [frame.grid(r) for r in range(4)]
    ((32, 16), [16, 32, 32, 32])
    """

    def __init__(
        self,
        bank: ScaleDiscretised,
        oversampling: float = 2.0,
        min_bandlimit: int = 32,
        mask: NDArray[np.complex128] | None = None,
    ) -> None:
        self.bank = bank
        self.oversampling, self.min_bandlimit = oversampling, min_bandlimit
        self._mask = mask
        self._rings: dict[int, Rings] = {}
        self._transforms: dict[tuple[int, int, int], HarmonicTransform] = {}
        self._made: dict[Any, tuple[Constant, ...]] = {}

    # ------------------------------------------------------------------ what the cascade asks
    @property
    def ndim(self) -> int:
        """Number of axes of a map."""
        return 2

    @property
    def shape(self) -> tuple[int, ...]:
        """Longitudes and rings of the signals."""
        return self._points(self.grid(0))

    def grid(self, resolution: int | None) -> int:
        """Band limit of the grid of signals (0), of wavelet ``J + 1 - resolution``, or of averages (None)."""
        if resolution is None:
            return self.bank.band_limit(None)
        if resolution == 0:
            return self.bank.L
        limit = self.bank.limit(self.bank.J + 1 - resolution)
        return max(math.ceil(self.oversampling * limit), self.min_bandlimit)

    def output(self, resolution: int | None) -> tuple[int, ...]:
        """Rings and longitudes of a low-pass map (None), or longitudes and rings of a map at a resolution."""
        points = self._points(self.grid(resolution))
        return points[::-1] if resolution is None else points

    def root(self, x: Array) -> Array:
        """Signals of shape (batch, longitudes, rings) as the only path of order 0."""
        return namespace(x).expand_dims(x, axis=1)

    def wavelets(self, layer: Mapping[Group, Array]) -> Iterator[tuple[Group, Array]]:
        """Filter every path by every wavelet that may follow, one group at a time."""
        for group, u in layer.items():
            if not group.edges:
                continue
            limit = max(self.bank.band_limit(b) for e in group.edges for b in e.bands)
            a = self._analyze(u, self.grid(group.resolution), limit)
            for edge in group.edges:
                (band,) = edge.bands  # no other has its grid
                w = self._filtered(a, limit, band, self.grid(edge.child.resolution))
                yield edge.child, namespace(w).reshape(w, (u.shape[0], -1, *w.shape[1:]))

    def modulus(self, w: Array) -> Array:
        """Absolute value, or norm of the components of a directional wavelet."""
        return namespace(w).abs(w) if self.bank.N == 1 else norm(w, axis=2)

    def average(self, u: Array, resolution: int) -> Array:
        """Low-pass on its own grid, (batch, paths, rings, longitudes); of what a mask leaves."""
        if self._mask is None:
            return self._lowpass(u, resolution)
        low = self._lowpass(u * self._known(resolution).like(u), resolution)
        xp, share = namespace(u), self._share(resolution).like(u)
        there = share > LEAST_SHARE
        return xp.where(there, low / xp.where(there, share, xp.ones_like(share)), xp.zeros_like(low))

    def crop(self, u: Array, resolution: int) -> Array:
        """The map itself: nothing surrounds it."""
        return u

    def working_set(self, group: Group) -> int:
        """Real numbers a signal needs while the children of ``group`` are computed."""

        def numbers(member: Group) -> int:
            return len(member.positions) * math.prod(self._points(self.grid(member.resolution)))

        kept = sum(numbers(edge.child) for edge in group.edges if edge.child.edges)
        made = max((numbers(edge.child) for edge in group.edges), default=0)
        return 2 * numbers(group) + kept + (2 + 2 * self.bank.N) * made

    # ------------------------------------------------------------------ means and masks
    def points(self, resolution: int | None) -> Weighted:
        """Points of a map at a resolution, or of an averaged one (None), and their shares of the sphere."""
        return Weighted(self.weights(resolution), 4 * math.pi)

    def weights(self, resolution: int | None) -> Constant:
        """Share of each point of a map in a mean over the sphere, or over what is known of it."""
        (found,) = self._constants(("weights", resolution), lambda: (self._weights(resolution),))
        return found

    def _weights(self, resolution: int | None) -> Constant:
        rings = self._grid_rings(self.grid(resolution))
        shares = np.tile(rings.weights / (2 * rings.longitudes), (rings.longitudes, 1))
        shares = shares.T if resolution is None else shares
        if self._mask is not None:
            shares = shares * self.validity(resolution)
        return Constant(shares / shares.sum())

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.float64]:
        """Gaussian fields (count, longitudes, rings) whose degrees have the same energy each."""
        L = self.bank.L
        degrees, orders = np.arange(L)[:, None], np.arange(L)
        a = rng.standard_normal((count, L, L)) + 1j * rng.standard_normal((count, L, L)) * (orders > 0)
        a *= (orders <= degrees) / np.sqrt(2 * degrees + 1)
        return np.asarray(self.field(a))

    def validity(self, resolution: int | None) -> NDArray[np.float64]:
        """Share that is known of what a wavelet, or the scaling function (None), sees at each point.

        The mask, smoothed by the heat kernel that has the scale of the wavelet, from 0 to 1; ones without
        a mask.
        """
        if resolution is None:
            return np.asarray(np.clip(self._share(0).value, 0, 1))
        known: NDArray[np.float64] = self._known(resolution).value
        return known

    def _known(self, resolution: int) -> Constant:
        def make() -> tuple[Constant, ...]:
            if self._mask is None:
                return (Constant(np.ones(self.output(resolution))),)
            bank, grid = self.bank, self.grid(resolution)
            j, limit = bank.J + 1 - max(resolution, 1), min(grid, bank.L)
            degree = np.arange(limit)[:, None]
            smooth = self._mask[:, :limit, :limit] * np.exp(-degree * (degree + 1) / bank.lam ** (2 * j))
            return (Constant(np.clip(self._transform(grid, limit).synthesize(smooth)[0].T, 0, 1)),)

        return self._constants(("known", resolution), make)[0]

    def _share(self, resolution: int) -> Constant:
        """Low-pass of what is known at a resolution."""

        def make() -> tuple[Constant, ...]:
            known = self._known(resolution).value
            return (Constant(self._lowpass(known[None, None], resolution)[0, 0]),)

        return self._constants(("share", resolution), make)[0]

    # ------------------------------------------------------------------ transforms
    def field(self, a: Array) -> Array:
        """Signals (n, longitudes, rings) of harmonic coefficients (n, L, L)."""
        return namespace(a).matrix_transpose(self._transform(self.grid(0), self.bank.L).synthesize(a))

    def analysis(self, a: Array) -> dict[Band | None, Array]:
        """Linear coefficients (n, [N,] longitudes, rings) of harmonic ones (n, L, L).

        Those of the scaling function (None) and of each wavelet.
        """
        bank = self.bank
        packed, limit = self._transform(self.grid(0), bank.L).pack(a), bank.band_limit(None)
        low = self._narrowed(packed, bank.L, limit).scaled(*self._factor(None, 0, limit, packed.even))
        found: dict[Band | None, Array] = {None: self._transform(limit, limit).synthesize_packed(low)}
        for band in bank.bands(1):
            found[band] = self._filtered(packed, bank.L, band, self.grid(bank.resolution(band)))
        return found

    def synthesis(self, coefficients: Mapping[Band | None, Array]) -> Array:
        """Signals (n, longitudes, rings) of their linear coefficients: the inverse of `analysis`, exactly."""
        bank, low = self.bank, coefficients[None]
        limit = bank.band_limit(None)
        a = self._transform(limit, limit).analyze_packed(low)
        total = self._widened(a.scaled(*self._factor(None, 0, limit, low)), limit)
        for band in bank.bands(1):
            w, limit, first = coefficients[band], bank.band_limit(band), 0
            for n in bank.orders:
                transform = self._transform(self.grid(bank.resolution(band)), limit, n)
                if n == 0:
                    a = transform.analyze_packed(w if bank.N == 1 else w[:, first, ...])
                else:
                    a, _ = transform.analyze_spin(w[:, first, ...], w[:, first + 1, ...])
                first += 2 if n else 1
                total = total + self._widened(a.scaled(*self._factor(band, n, limit, low)), limit)
        return self._transform(self.grid(0), bank.L).synthesize_packed(total)

    def _points(self, limit: int) -> tuple[int, int]:
        """Longitudes and rings of the grid of a band limit."""
        import scipy.fft

        return int(scipy.fft.next_fast_len(2 * limit - 1, real=True)), limit

    def _transform(self, grid: int, limit: int, spin: int = 0) -> HarmonicTransform:
        """Transform of degrees below a limit, on the grid of another."""
        key = (grid, limit, spin)
        if key not in self._transforms:
            self._transforms[key] = HarmonicTransform(limit, self._grid_rings(grid), spin)
        return self._transforms[key]

    def _grid_rings(self, grid: int) -> Rings:
        if grid not in self._rings:
            longitudes, rings = self._points(grid)
            self._rings[grid] = gauss_legendre(rings, longitudes)
        return self._rings[grid]

    def _analyze(self, u: Array, grid: int, limit: int) -> Parts:
        """Packed coefficients of maps (batch, paths, longitudes, rings), all in one list."""
        flat = namespace(u).reshape(u, (-1, *u.shape[2:]))
        return self._transform(grid, limit).analyze_packed(flat)

    def _filtered(self, a: Parts, limit: int, band: Band, grid: int) -> Array:
        """Maps (n, [N,] longitudes, rings) of packed coefficients below a limit, filtered by a wavelet."""
        bank, own = self.bank, self.bank.band_limit(band)
        xp, maps = namespace(a.even), list[Array]()
        a = self._narrowed(a, limit, own)
        for n in bank.orders:
            part = a.scaled(*self._factor(band, n, own, a.even))
            transform = self._transform(grid, own, n)
            maps += [transform.synthesize_packed(part)] if n == 0 else transform.synthesize_spin(part)
        return maps[0] if bank.N == 1 else xp.stack(maps, axis=1)

    def _lowpass(self, u: Array, resolution: int) -> Array:
        xp, limit = namespace(u), self.bank.band_limit(None)
        a = self._analyze(u, self.grid(resolution), limit).scaled(*self._factor(None, 0, limit, u))
        fields = xp.matrix_transpose(self._transform(limit, limit).synthesize_packed(a))
        return xp.reshape(fields, (*u.shape[:2], *fields.shape[1:]))

    def _factor(self, band: Band | None, n: int, limit: int, x: Array) -> tuple[Array, Array]:
        """What packed coefficients are multiplied by: ``kappa s_ln``, with twice the power for n > 0."""
        bank = self.bank

        def make() -> tuple[Constant, ...]:
            values = bank.phi if band is None else bank.psi(band) * bank.directions(n)
            values = np.concatenate([values[:limit] * (math.sqrt(2) if n else 1), [0.0]])
            return tuple(Constant(values[np.minimum(degree, limit)]) for degree in Packing(limit).degree)

        even, odd = self._constants((band, n, limit), make)
        return even.like(x), odd.like(x)

    def _narrowed(self, a: Parts, limit: int, goal: int) -> Parts:
        """Packed coefficients below a lower limit."""
        if goal == limit:
            return a
        return _taken(a, self._constants((limit, goal), lambda: Packing(goal).within(Packing(limit))))

    def _widened(self, a: Parts, limit: int) -> Parts:
        """Packed coefficients below the limit of the signals, zeros where there were none."""
        wide, x = Packing(self.bank.L), a.even
        taken = _taken(a, self._constants((limit, wide.L), lambda: wide.within(Packing(limit))))
        there = self._constants(
            (limit, "there"), lambda: tuple(Constant((d < limit).astype(np.float64)) for d in wide.degree)
        )
        return taken.scaled(*(inside.like(x) for inside in there))

    def _constants(self, key: Any, make: Callable[[], tuple[Constant, ...]]) -> tuple[Constant, ...]:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    # ------------------------------------------------------------------ laws
    def littlewood_paley(self, order: int = 1) -> NDArray[np.float64]:
        """``nu^2 + sum_j kappa_j^2`` for every degree."""
        bank = self.bank
        return np.asarray(bank.phi**2 + sum(bank.psi(band) ** 2 for band in bank.bands(order)))

    def fingerprint(self) -> str:
        """Hash of the wavelets, of their directions, of the low-pass, of the grids and of the mask."""
        bank = self.bank
        grids = [self.grid(resolution) for resolution in (None, *range(bank.J + 2 - bank.J_min))]
        parts = [bank.phi, *(bank.psi(band) for band in bank.bands(1)), *map(bank.directions, bank.orders)]
        mask = [] if self._mask is None else [self._mask]
        return fingerprint(str(grids), *parts, *mask)


def _taken(a: Parts, places: tuple[Constant, ...]) -> Parts:
    xp, parts = namespace(a.even), []
    for part, place in zip(a, places, strict=True):
        if part.shape[-1] == 0:  # one degree has no odd part
            parts.append(zeros((*part.shape[:-1], place.value.size), part))
        else:
            parts.append(xp.take(part, place.like(part), axis=-1))
    return Parts(*parts)
