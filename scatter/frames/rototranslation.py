"""The frame of images whose second layer filters positions and directions together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.frames.base import LittlewoodPaley
from scatter.frames.convolution import ConvolutionFrame
from scatter.frames.rotomorlet import RotoTranslationMorlet
from scatter.numerics.fingerprint import fingerprint
from scatter.numerics.fourier import fftn
from scatter.numerics.lowpass import separable
from scatter.numerics.namespace import Array, Constant, as_complex, itemsize, namespace
from scatter.paths import Band, Edge, Group

Filters = list[tuple[Any, Array]]
"""Parts of filters, and the region of a spectrum that each multiplies."""


class JointPlan(NamedTuple):
    """How an edge of order 2 is computed.

    Attributes
    ----------
    in_space : tuple of (int, int or None)
        Scale and relative direction, below half a turn, of what is needed in space; None is the low-pass.
    places : Constant of shape (bands,)
        Which of these every band takes.
    on_circle : Constant of shape (bands, 2 * directions kept, 2 L)
        Convolution of every band along the circle, as `on_half_a_turn` gives it.
    """

    in_space: tuple[tuple[int, int | None], ...]
    places: Constant
    on_circle: Constant


@dataclass(frozen=True, eq=False)
class RotoTranslationFrame(LittlewoodPaley):
    """The frame of images whose second layer filters positions and directions together.

    Arrays have shape (batch, paths, directions, *points). There is one direction at order 0, and those of
    half a turn at order 1. At order 2 there are those of the whole turn for a path of an invariant bank,
    whose mean is read; and those of half a turn for a covariant one, each of which is read as a path.

    Parameters
    ----------
    bank : RotoTranslationMorlet
        The wavelets.
    plane : ConvolutionFrame
        The wavelets in space, ``bank.plane``, on a grid.
    """

    bank: RotoTranslationMorlet
    plane: ConvolutionFrame
    _plans: dict[tuple[Band, ...], JointPlan] = field(default_factory=dict, repr=False)

    @property
    def ndim(self) -> int:
        """Number of axes of an image."""
        return self.plane.ndim

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns of an image, as it is handed in."""
        return self.plane.shape

    def output(self, resolution: int | None) -> tuple[int, ...]:
        """Shape of an averaged map (None), or of a map cropped at a resolution."""
        return self.plane.output(resolution)

    # ------------------------------------------------------------------ what the cascade calls
    def root(self, x: Array) -> Array:
        """Pad images (batch, M, N) to (batch, 1, 1, *padded)."""
        return namespace(x).expand_dims(self.plane.root(x), axis=2)

    def wavelets(self, layer: Mapping[Group, Array]) -> Iterator[tuple[Group, Array]]:
        """Filter images in every direction, and moduli in space and along the circle of directions."""
        for group, u in layer.items():
            if group.edges:
                spectrum = fftn(u, self.ndim)
                for edge in group.edges:
                    if group.order == 0:
                        directions = self.bank.directions(edge.bands[0].j)
                        filters = self._filters(directions, spectrum, group.resolution, slice(None))
                        yield edge.child, self.plane.convolve(spectrum, filters)
                    else:
                        yield edge.child, self._joint(u, spectrum, group.resolution, edge)

    def _filters(self, bands: tuple[Band, ...], spectrum: Array, resolution: int, which: slice) -> Filters:
        filters = self.plane.filters(bands, resolution, itemsize(spectrum))
        return [(region, psi.like(spectrum)[which, ...]) for region, psi in filters]

    def _joint(self, u: Array, spectrum: Array, resolution: int, edge: Edge) -> Array:
        """Filter moduli (batch, 1, L, *points) by wavelets of position and direction."""
        xp, plan = namespace(u), self._plan(edge.bands)
        parts = []
        for j, theta in plan.in_space:
            if theta is None:
                low = separable(u, self.plane.lowpass(resolution, onto=edge.child.resolution))
                parts += [low, xp.zeros_like(low)]
            else:  # direction theta1 by psi at theta1 + theta, less half a turn where that is beyond one
                turning = slice(theta, theta + self.bank.L)
                filters = self._filters(2 * self.bank.directions(j), spectrum, resolution, turning)
                w = self.plane.convolve(spectrum, filters)
                parts += [xp.real(w), xp.imag(w)]
        y = xp.concat(parts, axis=2)
        points, directions = tuple(y.shape[3:]), 2 * self.bank.L
        y = xp.reshape(y, (y.shape[0], len(plan.in_space), directions, -1))
        w = xp.matmul(plan.on_circle.like(y), xp.take(y, plan.places.like(y), axis=1))
        half = w.shape[2] // 2
        w = as_complex(w[:, :, :half, :], w[:, :, half:, :])
        return xp.reshape(w, (*w.shape[:3], *points))

    def _plan(self, bands: tuple[Band, ...]) -> JointPlan:
        """What to filter for some bands of order 2."""
        if bands not in self._plans:
            L, K = self.bank.L, self.bank.K
            keys, matrices = [], []
            for band in bands:
                theta, k = band.label("theta"), band.label("k")
                keys.append((band.j, None if theta is None else theta % L))
                start = L if self.bank.covariant and theta is not None and theta >= L else 0
                kept = slice(start, start + L) if self.bank.covariant else slice(None)
                circulant = self.bank.circle.circulant(K if k is None else k)[kept]
                matrices.append(on_half_a_turn(circulant, 0 if theta is None else theta % L))
            in_space = tuple(dict.fromkeys(keys))
            places = np.asarray([in_space.index(key) for key in keys])
            self._plans[bands] = JointPlan(in_space, Constant(places), Constant(np.stack(matrices)))
        return self._plans[bands]

    def modulus(self, w: Array) -> Array:
        """Complex modulus."""
        return self.plane.modulus(w)

    def average(self, u: Array, resolution: int) -> Array:
        """Low-pass in space, subsample and crop each path."""
        return self.plane.average(self._paths(u), resolution)

    def crop(self, u: Array, resolution: int) -> Array:
        """Drop the padding of the map of each path."""
        return self.plane.crop(self._paths(u), resolution)

    def _paths(self, u: Array) -> Array:
        """Maps of the paths: means over the directions, or a path for every direction."""
        xp = namespace(u)
        if not self.bank.covariant:
            return xp.mean(u, axis=2)
        u = xp.permute_dims(u, (0, 2, 1, *range(3, u.ndim)))
        return xp.reshape(u, (u.shape[0], u.shape[1] * u.shape[2], *u.shape[3:]))

    def working_set(self, group: Group) -> int:
        """Real numbers a signal needs while the children of ``group`` are computed."""
        points, L = self.plane.grid.points, 1 if self.bank.covariant else self.bank.L
        own = 3 * len(group.positions) * (L if group.order else 1) * points(group.resolution)
        children = [len(e.child.positions) * points(e.child.resolution) for e in group.edges]
        return own + 14 * L * max(children, default=0)

    def capacity(self, working_set: int) -> Callable[[int], int]:
        """How many paths at a resolution one image may fill, for a working set of float32 bytes.

        All wavelets along the circle share what is filtered in space, so they are kept together.
        """
        L, together = self.bank.L, self.bank.K + 1

        def paths(resolution: int) -> int:
            maps = working_set // (4 * 14 * self.plane.grid.points(resolution))
            return max(1, maps // (L * together)) * together * (L if self.bank.covariant else 1)

        return paths

    # ------------------------------------------------------------------ laws
    def littlewood_paley(self, order: int = 1) -> NDArray[np.float64]:
        """Littlewood-Paley sum over the frequencies of the padded grid, at order 2 after those of the circle.

        Parameters
        ----------
        order : int
            1 is ``|phi|^2 + sum |psi|^2`` of the plane, shape ``padded``; 2 is that of the group, of shape
            (2 L, *padded).
        """
        plane = self.plane.littlewood_paley()
        if order == 1:
            return plane
        low = np.multiply.outer(*self.bank.phi(self.plane.grid.padded)) ** 2
        circle = self.bank.circle.littlewood_paley()
        total: NDArray[np.float64] = np.multiply.outer(circle, plane - low)
        total += np.multiply.outer(np.ones_like(circle) if self.bank.covariant else circle, low)
        return total

    def rounding(self, eps: float) -> float:
        """Largest error of a coefficient, relative to the signal: that of filters in the plane."""
        return self.plane.rounding(eps)

    def fingerprint(self) -> str:
        """Hash of the wavelets in space and along the circle, and of which directions are paths."""
        return fingerprint(self.plane.fingerprint(), str(self.bank.covariant), self.bank.circle.spectra)


def on_half_a_turn(circulant: NDArray[np.complex128], theta: int) -> NDArray[np.float64]:
    """A convolution along the circle as a real matrix, from and to real parts followed by imaginary ones.

    Half a turn on, a modulus is the same and a wavelet is its conjugate, so half a turn is all there is to
    know: ``y(theta1 + pi) = conj(y(theta1))``.

    Parameters
    ----------
    circulant : ndarray of shape (rows, 2 L)
        Rows of the convolution on a whole turn.
    theta : int
        The last ``theta`` directions are given half a turn too early: by their conjugates.

    Returns
    -------
    ndarray of shape (2 * rows, 2 L)
    """
    L = circulant.shape[1] // 2
    first, second = circulant[:, :L], circulant[:, L:]
    of_real, of_imaginary = first + second, 1j * (first - second) * np.where(np.arange(L) < L - theta, 1, -1)
    return np.block([[of_real.real, of_imaginary.real], [of_real.imag, of_imaginary.imag]])


__all__ = ["RotoTranslationFrame"]
