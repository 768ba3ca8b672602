"""What happens to fields on the sphere: they turn, and places move along it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from scatter.errors import InputError
from scatter.numerics.harmonic import HarmonicTransform, Rings, gauss_legendre
from scatter.stability.base import check_strength
from scatter.stability.space import smooth_field, turn

Values = NDArray[np.float64]
Coefficients = NDArray[np.complex128]

FINER = 4
"""Samples of a field between which splines are good to five digits, over those that its band limit needs."""
MARGIN = 24
"""Samples beyond each pole, and before and after each ring, that the splines see."""


class OnSphere(ABC):
    """A deformation of fields on the sphere, given by their harmonic coefficients (..., L, L)."""

    name: ClassVar[str]
    unit: ClassVar[str]
    strengths: ClassVar[tuple[float, ...]]
    most: ClassVar[float]

    @abstractmethod
    def origins(self, places: Values, strength: float, rng: np.random.Generator) -> Values:
        """Where what comes to some places, unit vectors (n, 3), was before."""

    def __call__(self, x: Any, strength: float, rng: np.random.Generator) -> Coefficients:
        """Coefficients of the deformed fields, each by a draw of its own; channels of one go together."""
        strength = check_strength(self, strength)
        a = np.asarray(x, np.complex128)
        if a.ndim < 3 or a.shape[-1] != a.shape[-2]:
            raise InputError(
                f"harmonic coefficients (n, ..., L, L) are needed, got shape {a.shape}; "
                "HarmonicTransform(L).analyze makes them"
            )
        L = a.shape[-1]
        # What is deformed has no band limit: finer rings tell its lower degrees from the higher ones.
        goal = HarmonicTransform(L, gauss_legendre(2 * L, 4 * L))
        places, values, found = unit_vectors(goal.rings), Interpolation(L), np.empty_like(a)
        for fields, to in zip(a, found, strict=True):
            at = self.origins(places, strength, rng)
            for place in np.ndindex(fields.shape[:-2]):
                to[place] = goal.analyze(values(fields[place], at).reshape(goal.rings.theta.size, -1))
        return found


@dataclass(frozen=True)
class SphericalRotation(OnSphere):
    """The sphere turns, around any axis."""

    name: ClassVar[str] = "rotation"
    unit: ClassVar[str] = "degrees"
    strengths: ClassVar[tuple[float, ...]] = (5.0, 15.0, 45.0, 90.0)
    most: ClassVar[float] = math.nextafter(180.0, 181.0)

    def origins(self, places: Values, strength: float, rng: np.random.Generator) -> Values:
        """Turned places."""
        return places @ turn(strength, rng).T


@dataclass(frozen=True)
class SphericalWarp(OnSphere):
    """Places move smoothly along the sphere, by a tangent field with a given largest gradient.

    Parameters
    ----------
    width : float, default=0.5
        Radians over which places move alike.
    """

    width: float = 0.5

    name: ClassVar[str] = "warp"
    unit: ClassVar[str] = "largest gradient"
    strengths: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.2, 0.4)
    most: ClassVar[float] = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.width <= math.pi:
            raise InputError(f"width must be an angle above 0 and up to pi, got {self.width!r}")

    def origins(self, places: Values, strength: float, rng: np.random.Generator) -> Values:
        """Places at the other end of a geodesic."""
        tau, gradient = self.field(places, rng)
        tau *= strength / np.linalg.norm(gradient, 2, axis=(1, 2)).max()
        length = np.linalg.norm(tau, axis=1, keepdims=True)
        return np.asarray(np.cos(length) * places - np.sinc(length / np.pi) * tau)

    def field(self, places: Values, rng: np.random.Generator) -> tuple[Values, Values]:
        """A tangent field (n, 3), and its covariant derivative (n, 3, 3).

        Of the tangent part ``v = w - p (p w)`` of a field w in space, it is ``P (dw) P - (p w) P``, with P
        the projection to the tangent plane at p.
        """
        w, dw = smooth_field(places, self.width, rng)
        along = (places * w).sum(axis=1)
        P = np.eye(3) - places[:, :, None] * places[:, None, :]
        return w - along[:, None] * places, P @ dw @ P - along[:, None, None] * P


def unit_vectors(rings: Rings) -> Values:
    """Places of the samples of rings, (rings longitudes, 3)."""
    theta, phi = np.meshgrid(
        rings.theta, 2 * np.pi * np.arange(rings.longitudes) / rings.longitudes, indexing="ij"
    )
    across = np.sin(theta)
    return np.stack([across * np.cos(phi), across * np.sin(phi), np.cos(theta)], axis=-1).reshape(-1, 3)


class Interpolation:
    """Values of fields between samples: splines of degree five on a fine equiangular grid.

    Parameters
    ----------
    L : int
        Band limit of the fields.
    """

    def __init__(self, L: int) -> None:
        self.rows = FINER * max(L, 8)
        theta = math.pi * (np.arange(self.rows) + 0.5) / self.rows
        self._fine = HarmonicTransform(L, Rings(theta, np.zeros(self.rows), 2 * self.rows))

    def __call__(self, a: Coefficients, places: Values) -> Values:
        """Values of a field with coefficients (L, L) at unit vectors (n, 3)."""
        x, step = self._fine.synthesize(a), math.pi / self.rows
        over = np.roll(x, self.rows, axis=1)  # meridians go on over the poles
        x = np.concatenate([over[:MARGIN][::-1], x, over[-MARGIN:][::-1]])
        x = np.pad(x, ((0, 0), (MARGIN, MARGIN)), mode="wrap")
        row = np.arccos(np.clip(places[:, 2], -1, 1)) / step - 0.5
        column = np.arctan2(places[:, 1], places[:, 0]) % (2 * math.pi) / step
        at = np.stack([row + MARGIN, column + MARGIN])
        return np.asarray(ndimage.map_coordinates(x, at, order=5, mode="nearest"))


__all__ = ["Interpolation", "OnSphere", "SphericalRotation", "SphericalWarp", "unit_vectors"]
