"""Samples of each domain: what may happen to them, and what they are without a transform."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.frames.spherical import SphericalFrame
from scatter.numerics.harmonic import HarmonicTransform
from scatter.numerics.plain import plain_numpy
from scatter.stability.base import Deformation
from scatter.stability.grids import (
    Displacement,
    Noise,
    largest_displacement,
    largest_gradient,
    usual,
)
from scatter.stability.spheres import SphericalRotation, SphericalWarp
from scatter.testing import kept_energies
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.fields import Fields
from scatter.transforms.grids import Grids

Values = NDArray[np.float64]
Bound = NDArray[np.float64] | None
"""What the theorem sets changes against, a number a sample, if a field moves them."""


class Samples(ABC):
    """Samples that can be deformed. A subclass is a domain; objects don't change."""

    scaled: ClassVar[bool] = False
    """Whether shifts count by the scale of the transform."""

    @classmethod
    @abstractmethod
    def read(cls, transform: Any, X: Any) -> Self:
        """Samples as a user hands them over, checked."""

    @property
    @abstractmethod
    def usual(self) -> tuple[Deformation, ...]:
        """What may happen to them."""

    @abstractmethod
    def __len__(self) -> int:
        """How many there are."""

    @abstractmethod
    def deformed(
        self, deformation: Deformation, strength: float, rng: np.random.Generator, scale: float
    ) -> tuple[Self, Bound]:
        """Deformed samples."""

    @abstractmethod
    def rows(self, transform: Any) -> Values:
        """What a transformer makes of them, a row a sample."""

    @property
    @abstractmethod
    def input(self) -> Values:
        """The numbers that they are, a row a sample."""

    @abstractmethod
    def fourier(self) -> Values:
        """Moduli in the basis in which the Laplacian of the domain is diagonal, a row a sample."""

    def scale(self, transform: Any) -> float:
        """How far the averages of a transform reach."""
        return 1.0

    def energies(self, transform: Any) -> tuple[float, ...]:
        """Share of the energy that averages of each order keep; none where each sample has its own domain."""
        return ()


def flat(x: Any) -> Values:
    """Rows of samples of any shape."""
    return np.asarray(x, np.float64).reshape(len(x), -1)


# ---------------------------------------------------------------------- grids
@dataclass(frozen=True, eq=False)
class GridSamples(Samples):
    """Signals, images and volumes.

    Parameters
    ----------
    x : ndarray of shape (n, *channels, *shape)
    ndim : int
        Axes of the grid.
    """

    x: NDArray[Any]
    ndim: int

    scaled = True

    @classmethod
    def read(cls, transform: Any, X: Any) -> Self:
        """Arrays of at least two real signals."""
        x = plain_numpy(X, "X")
        if x.dtype.kind not in "biuf" or x.ndim < 2 or len(x) < 2 or x.size == 0:
            raise InputError(
                "X must be at least two real signals, shape (n_samples, *shape), got "
                f"{x.dtype} of shape {x.shape}"
            )
        x = np.asarray(x, np.float32 if x.dtype.kind != "f" or x.dtype.itemsize < 4 else x.dtype)
        if not np.isfinite(x).all():
            raise InputError("X contains NaN or infinite values")
        if not isinstance(transform, ScatteringTransformer):
            return cls(x, x.ndim - 1)
        shape = transform.frame.shape
        if x.ndim <= len(shape) or x.shape[-len(shape) :] != tuple(shape):
            raise InputError(
                f"X must be of shape (n_samples, [channels,] {', '.join(map(str, shape))}), got {x.shape}"
            )
        return cls(x, len(shape))

    @property
    def usual(self) -> tuple[Deformation, ...]:
        """Displacements, noise and contrast."""
        return usual(self.ndim)

    def __len__(self) -> int:
        return len(self.x)

    def deformed(
        self, deformation: Deformation, strength: float, rng: np.random.Generator, scale: float
    ) -> tuple[Self, Bound]:
        """Deformed signals."""
        grid: Any = deformation
        if not isinstance(deformation, Displacement):
            return replace(self, x=grid(self.x, strength, rng, self.ndim)), None
        fields = deformation.fields(self.x, strength, rng, self.ndim)
        bound = [largest_displacement(field) / scale + largest_gradient(field) for field in fields]
        return replace(self, x=deformation.displaced(self.x, fields)), np.asarray(bound)

    def rows(self, transform: Any) -> Values:
        """Features."""
        return flat(transform.transform(self.x))

    @cached_property
    def input(self) -> Values:
        """The values."""
        return flat(self.x)

    def fourier(self) -> Values:
        """Modulus of the Fourier transform, of the norm of the signal."""
        return flat(np.abs(np.fft.fftn(self.x, axes=range(-self.ndim, 0), norm="ortho")))

    def scale(self, transform: Any) -> float:
        """``2**J``, or the longest side."""
        J = getattr(transform, "J", None)
        whole = isinstance(J, (int, np.integer)) and not isinstance(J, bool)
        return 2.0 ** int(J) if whole and J is not None else float(max(self.x.shape[-self.ndim :]))

    def energies(self, transform: Any) -> tuple[float, ...]:
        """Share of the energy."""
        signals = self.x.reshape(-1, *self.x.shape[self.x.ndim - self.ndim :])
        return tuple(kept_energies(transform, signals).tolist())


# ---------------------------------------------------------------------- the sphere
@dataclass(frozen=True, eq=False)
class SphereSamples(Samples):
    """Fields on the sphere, as real numbers whose norm is that of the field.

    Parameters
    ----------
    a : complex ndarray of shape (n, *channels, L, L)
        Harmonic coefficients of degree l and order m >= 0.
    """

    a: NDArray[np.complex128]

    @classmethod
    def read(cls, transform: Any, X: Any) -> Self:
        """Fields of the sampling of a transform."""
        intake = transform._intake
        assert isinstance(intake, Fields)
        if intake.mask is not None:
            raise InputError(
                "unknown parts of fields would move with them; type mask=None, and fields without holes"
            )
        x = plain_numpy(X, "X")
        if x.ndim == 2 and intake.ndim == 2:
            x = x.reshape(len(x), *intake.canonical(x.shape[1]))
        a, lead = intake.coefficients(x)
        if not lead or lead[0] < 2:
            raise InputError(f"X must be at least two fields, shape (n_samples, *field), got {x.shape}")
        return cls(np.asarray(a, np.complex128).reshape(*lead, *a.shape[1:]))

    usual = (SphericalRotation(), SphericalWarp(), Noise())

    def __len__(self) -> int:
        return len(self.a)

    def deformed(
        self, deformation: Deformation, strength: float, rng: np.random.Generator, scale: float
    ) -> tuple[Self, Bound]:
        """Deformed fields; noise is white, of the degrees below the band limit."""
        if isinstance(deformation, Noise):
            return replace(self, a=self._complex(deformation(self.input, strength, rng))), None
        bound = np.full(len(self), float(strength)) if isinstance(deformation, SphericalWarp) else None
        return replace(self, a=deformation(self.a, strength, rng)), bound

    def rows(self, transform: Any) -> Values:
        """Features of the coefficients; others than scattering see fields on rings of Gauss and Legendre."""
        L = self.a.shape[-1]
        if isinstance(transform, ScatteringTransformer) and getattr(transform, "L", None) == L:
            maps = _on_grid(transform, self.a.reshape(-1, L, L))
            return flat(transform._known.rows(maps.reshape(*self.a.shape[:-2], *maps.shape[1:])))
        return flat(transform.transform(flat(HarmonicTransform(L).synthesize(self.a))))

    @cached_property
    def input(self) -> Values:
        """Coefficients of the real harmonics, L^2 for each channel."""
        return flat(self._parts[..., self._real])

    @property
    def _real(self) -> NDArray[np.bool_]:
        """Where real and imaginary parts, (2, L, L), are anything: imaginary ones of order 0 are not."""
        l, m = np.indices(self.a.shape[-2:])
        return np.stack([l >= m, (l >= m) & (m > 0)])

    @property
    def _parts(self) -> Values:
        """Real and imaginary parts (n, *channels, 2, L, L); those of order m > 0 stand for -m too."""
        return np.stack([self.a.real, self.a.imag], axis=-3) * self._weights

    @property
    def _weights(self) -> Values:
        return np.where(np.arange(self.a.shape[-1]) > 0, math.sqrt(2), 1.0)

    def _complex(self, rows: Values) -> NDArray[np.complex128]:
        """Coefficients of what `input` makes of them."""
        parts = np.zeros_like(self._parts)
        parts[..., self._real] = rows.reshape(*self.a.shape[:-2], -1)
        parts /= self._weights
        return np.asarray(parts[..., 0, :, :] + 1j * parts[..., 1, :, :])

    def fourier(self) -> Values:
        """Norm of the part of each degree: the root of the angular power spectrum."""
        return flat(np.linalg.norm(self._parts * self._real, axis=(-3, -1)))

    def energies(self, transform: Any) -> tuple[float, ...]:
        """Share of the energy."""
        maps = _on_grid(transform, self.a.reshape(-1, *self.a.shape[-2:]))
        return tuple(kept_energies(transform, maps).tolist())


def _on_grid(transform: ScatteringTransformer, a: NDArray[np.complex128]) -> NDArray[Any]:
    """Fields with coefficients (n, L, L) on the grid of a transform."""
    assert isinstance(transform.frame, SphericalFrame)
    return np.asarray(transform.frame.field(a))


KINDS: Sequence[tuple[type, type[Samples]]] = ((Grids, GridSamples), (Fields, SphereSamples))
"""Intakes of estimators, and what their samples are."""

__all__ = ["KINDS", "Bound", "GridSamples", "Samples", "SphereSamples", "flat"]
