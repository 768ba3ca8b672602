"""What happens to signals on a grid: they move, bend, and get noise. Each deformation may be used alone."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scatter.errors import InputError
from scatter.stability.base import Deformation, check_strength, check_width

Signals = NDArray[Any]
BOUNDARIES = ("reflect", "mirror", "nearest", "grid-constant", "grid-wrap")
"""How signals continue beyond their ends, by SciPy's names; 'grid-wrap' is periodic, 'grid-constant' zero."""
WAVES = 64
"""Plane waves that a random field is made of."""


@dataclass(frozen=True)
class Noise:
    """White noise of a share of the norm of each signal is added; complex noise to complex signals."""

    name: ClassVar[str] = "noise"
    unit: ClassVar[str] = "share of the norm"
    strengths: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.2, 0.4)
    most: ClassVar[float] = math.inf

    def __call__(
        self, x: Signals, strength: float, rng: np.random.Generator, ndim: int | None = None
    ) -> Signals:
        """Signals with noise."""
        strength = check_strength(self, strength)
        noise: NDArray[Any] = rng.standard_normal(x.shape)
        if np.iscomplexobj(x):
            noise = noise + 1j * rng.standard_normal(x.shape)
        axes = tuple(range(1, x.ndim))
        size = np.sqrt(
            (np.abs(x) ** 2).sum(axes, keepdims=True) / (np.abs(noise) ** 2).sum(axes, keepdims=True)
        )
        return np.asarray(x + strength * size * noise, x.dtype)


@dataclass(frozen=True)
class Contrast:
    """Deviations from the mean of each signal are made larger or smaller, by chance."""

    name: ClassVar[str] = "contrast"
    unit: ClassVar[str] = "share of the deviation"
    strengths: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.2, 0.4)
    most: ClassVar[float] = 1.0

    def __call__(
        self, x: Signals, strength: float, rng: np.random.Generator, ndim: int | None = None
    ) -> Signals:
        """Signals of another contrast."""
        strength = check_strength(self, strength)
        axes = tuple(range(1, x.ndim))
        factor = 1 + strength * rng.choice([-1, 1], (len(x), *(1 for _ in axes)))
        mean = x.mean(axes, keepdims=True)
        return np.asarray(mean + factor * (x - mean), x.dtype)


@dataclass(frozen=True)
class Displacement(ABC):
    """``x(u - tau(u))``: what was elsewhere comes here. A subclass draws the field tau.

    Parameters
    ----------
    boundary : {'reflect', 'mirror', 'nearest', 'grid-constant', 'grid-wrap'}, default='reflect'
        How signals continue beyond their ends, see `scipy.ndimage.map_coordinates`.
    """

    boundary: str = "reflect"

    name: ClassVar[str]
    unit: ClassVar[str]
    strengths: ClassVar[tuple[float, ...]]
    most: ClassVar[float] = math.inf

    def __post_init__(self) -> None:
        if self.boundary not in BOUNDARIES:
            raise InputError(
                f"boundary must be one of {', '.join(map(repr, BOUNDARIES))}, got {self.boundary!r}"
            )

    @abstractmethod
    def field(self, shape: tuple[int, ...], strength: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """A field tau, in samples: (axes, *shape)."""

    def __call__(
        self, x: Signals, strength: float, rng: np.random.Generator, ndim: int | None = None
    ) -> Signals:
        """Signals that are moved, each by a field of its own."""
        return self.displaced(x, self.fields(x, strength, rng, ndim))

    def fields(
        self, x: Signals, strength: float, rng: np.random.Generator, ndim: int | None = None
    ) -> NDArray[np.float64]:
        """A field for each signal."""
        strength, ndim = check_strength(self, strength), x.ndim - 1 if ndim is None else ndim
        shape = x.shape[x.ndim - ndim :]
        return np.stack([self.field(shape, strength, rng) for _ in range(len(x))])

    def displaced(self, x: Signals, fields: NDArray[np.float64]) -> Signals:
        """Signals moved by fields (n, axes, *shape), by cubic splines between samples."""
        shape = fields.shape[2:]
        places = np.indices(shape)
        found = np.empty((len(x), math.prod(x.shape[1 : x.ndim - len(shape)]), *shape), x.dtype)
        for signals, field, to in zip(x.reshape(found.shape), fields, found, strict=True):
            for signal, out in zip(signals, to, strict=True):
                ndimage.map_coordinates(signal, places - field, out, order=3, mode=self.boundary)
        return found.reshape(x.shape)


@dataclass(frozen=True)
class Translation(Displacement):
    """A shift in any direction, by whole samples and parts of them."""

    name: ClassVar[str] = "translation"
    unit: ClassVar[str] = "samples"
    strengths: ClassVar[tuple[float, ...]] = (0.5, 1.0, 2.0, 4.0)

    def field(self, shape: tuple[int, ...], strength: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """The same vector everywhere."""
        return np.broadcast_to(_direction(len(shape), rng, strength), (len(shape), *shape)).copy()


@dataclass(frozen=True)
class Rotation(Displacement):
    """A turn of an image about its middle, to either side; of a volume about any axis."""

    name: ClassVar[str] = "rotation"
    unit: ClassVar[str] = "degrees"
    strengths: ClassVar[tuple[float, ...]] = (2.5, 5.0, 10.0, 20.0)
    most: ClassVar[float] = 180.0

    def field(self, shape: tuple[int, ...], strength: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """What a turn moves each sample by."""
        angle, ndim = math.radians(strength), len(shape)
        if ndim == 1:
            raise InputError("signals of one axis can't be turned; leave Rotation() out")
        one, other = np.linalg.qr(rng.standard_normal((ndim, ndim)))[0][:2] if ndim > 2 else np.eye(2)
        side = rng.choice([-1, 1])
        plane = np.outer(one, one) + np.outer(other, other)
        turn = np.eye(ndim) + (math.cos(angle) - 1) * plane
        turn += side * math.sin(angle) * (np.outer(one, other) - np.outer(other, one))
        return _linear(np.eye(ndim) - turn, shape)


@dataclass(frozen=True)
class Scaling(Displacement):
    """What is in the middle becomes larger or smaller; of sounds, a change of pitch and tempo."""

    name: ClassVar[str] = "scaling"
    unit: ClassVar[str] = "share of the size"
    strengths: ClassVar[tuple[float, ...]] = (0.02, 0.05, 0.1, 0.2)
    most: ClassVar[float] = 1.0

    def field(self, shape: tuple[int, ...], strength: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """Proportional to the distance from the middle."""
        return _linear(rng.choice([-1, 1]) * strength * np.eye(len(shape)), shape)


@dataclass(frozen=True)
class Warp(Displacement):
    """A smooth random deformation with a given largest gradient of the field tau.

    The field is a Gaussian random field whose covariance is a Gaussian, scaled so that the largest operator
    norm of its Jacobian, as measured on the grid, is the strength. Below 1 nothing is folded over.

    Parameters
    ----------
    boundary : str, default='reflect'
        See `Displacement`.
    width : float, default=0.125
        Over how much of each side the field stays alike: the standard deviation of the Gaussian that white
        noise would be smoothed by, at least one sample.
    """

    width: float = 0.125

    name: ClassVar[str] = "warp"
    unit: ClassVar[str] = "largest gradient"
    strengths: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.2, 0.4)
    most: ClassVar[float] = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_width(self.width)

    def field(self, shape: tuple[int, ...], strength: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """A smooth field of that gradient."""
        smooth = np.stack([self._component(shape, rng) for _ in shape])
        smooth -= smooth.mean(axis=tuple(range(1, smooth.ndim)), keepdims=True)  # no shift of the whole
        steepest = largest_gradient(smooth)
        return np.asarray(smooth * (strength / steepest if steepest > 0 else 0.0))

    def _component(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """A smooth Gaussian field, as a sum of waves: Shinozuka, J. Acoust. Soc. Am. 49, 1971."""
        found: NDArray[np.complex128] = rng.standard_normal(WAVES) + 1j * rng.standard_normal(WAVES)
        for axis, n in enumerate(shape):
            frequencies = rng.standard_normal(WAVES) / (math.sqrt(2) * max(1.0, self.width * n))
            along = np.exp(1j * np.outer(frequencies, np.arange(n)))
            if axis < len(shape) - 1:
                found = found[..., None] * along.reshape(WAVES, *[1] * axis, n)
            else:  # the sum over the waves
                found = np.tensordot(found, along, axes=(0, 0))
        return found.real


def largest_gradient(field: NDArray[np.float64]) -> float:
    """Largest operator norm of the Jacobian of a field (axes, *shape), by differences of neighbours."""
    axes = [axis for axis, n in enumerate(field.shape[1:]) if n > 1]
    if not axes:
        return 0.0
    jacobian = np.stack([np.gradient(field, axis=1 + axis) for axis in axes])
    return float(np.linalg.norm(np.moveaxis(jacobian, (0, 1), (-1, -2)), 2, axis=(-2, -1)).max())


def largest_displacement(field: NDArray[np.float64]) -> float:
    """Largest length of a field (axes, *shape), samples."""
    return float(np.sqrt((field**2).sum(axis=0)).max())


def _direction(ndim: int, rng: np.random.Generator, length: float) -> NDArray[np.float64]:
    vector = rng.standard_normal(ndim)
    return np.asarray(length * vector / np.linalg.norm(vector)).reshape(ndim, *[1] * ndim)


def _linear(matrix: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """A linear field around the middle of a grid."""
    middle = (np.array(shape).reshape(-1, *[1] * len(shape)) - 1) / 2
    return np.tensordot(matrix, np.indices(shape) - middle, axes=1)


def usual(ndim: int) -> tuple[Deformation, ...]:
    """What may happen to signals on a grid of so many axes."""
    turns = (Rotation(),) if ndim > 1 else ()
    return (Translation(), *turns, Scaling(), Warp(), Noise(), Contrast())


__all__ = [
    "Contrast",
    "Deformation",
    "Displacement",
    "Noise",
    "Rotation",
    "Scaling",
    "Translation",
    "Warp",
    "check_strength",
    "largest_displacement",
    "largest_gradient",
    "usual",
]
