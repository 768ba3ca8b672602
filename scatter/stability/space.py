"""What happens to things in space: meshes, clouds of points and molecules bend, turn, and lose points."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from scatter.domains.graph import Graph
from scatter.domains.mesh import Mesh
from scatter.domains.pointcloud import PointCloud
from scatter.errors import InputError
from scatter.molecules.molecule import Molecule
from scatter.stability.base import WHOLE, check_strength, check_width
from scatter.stability.grids import WAVES
from scatter.stability.simplify import simplified

Values = NDArray[np.float64]
Order = NDArray[np.int64]


# ---------------------------------------------------------------------- what has points
def points(thing: Any) -> Values:
    """Positions (n, 3) of the points of a mesh, a cloud or a molecule."""
    for kind, positions in ((Mesh, "vertices"), (PointCloud, "points"), (Molecule, "positions")):
        if isinstance(thing, kind):
            return np.asarray(getattr(thing, positions))
    raise InputError(
        "a Mesh, a PointCloud or a Molecule, or a pair of one and its signals, is needed, got "
        f"{type(thing).__name__}"
    )


def placed(thing: Any, positions: Values) -> Any:
    """The same with its points elsewhere."""
    if isinstance(thing, Mesh):
        return Mesh(positions, thing.faces)
    if isinstance(thing, Molecule):
        return Molecule(thing.numbers, positions)
    return PointCloud(positions)


def chosen(thing: Any, order: Order) -> Any:
    """The same with some of its points, in this order; of a mesh or a graph, all of them."""
    if isinstance(thing, Mesh):
        return Mesh(thing.vertices[order], np.argsort(order)[thing.faces])
    if isinstance(thing, Molecule):
        return Molecule(thing.numbers[order], thing.positions[order])
    if isinstance(thing, Graph):
        known = {name: np.asarray(values)[order] for name, values in thing.attributes.items()}
        signals, labels = (
            None if one is None else np.asarray(one)[order] for one in (thing.signals, thing.labels)
        )
        return replace(
            thing,
            adjacency=thing.adjacency[order][:, order],
            signals=signals,
            labels=labels,
            attributes=known,
        )
    return PointCloud(points(thing)[order])


class InSpace(ABC):
    """A deformation of meshes, clouds and molecules, or of pairs of one and its signals (..., n)."""

    name: ClassVar[str]
    unit: ClassVar[str]
    strengths: ClassVar[tuple[float, ...]]
    most: ClassVar[float] = math.inf

    @abstractmethod
    def moved(self, thing: Any, strength: float, rng: np.random.Generator) -> tuple[Any, Order | None]:
        """The deformed thing, and which of the points are left in which order; None is all of them."""

    def __call__(self, x: Sequence[Any], strength: float, rng: np.random.Generator) -> list[Any]:
        """Deformed copies of things, each by a draw of its own; signals go with their points."""
        strength = check_strength(self, strength)
        return [self._pair(one, strength, rng) for one in x]

    def _pair(self, one: Any, strength: float, rng: np.random.Generator) -> Any:
        if not isinstance(one, tuple):
            return self.moved(one, strength, rng)[0]
        thing, signals = one
        thing, order = self.moved(thing, strength, rng)
        return thing, signals if order is None else signals[..., order]


# ---------------------------------------------------------------------- deformations
class SmoothField(NamedTuple):
    """A random field in space at some points.

    Attributes
    ----------
    values : ndarray of shape (n, 3)
    jacobian : ndarray of shape (n, 3, 3)
        ``d values[i] / d x[k]``, exactly.
    """

    values: Values
    jacobian: Values


def smooth_field(at: Values, length: float, rng: np.random.Generator) -> SmoothField:
    """A smooth Gaussian field as a sum of waves; a Gaussian of this length would smooth noise to such a one.

    Shinozuka, J. Acoust. Soc. Am. 49, 1971.
    """
    frequencies = rng.standard_normal((WAVES, 3)) / (math.sqrt(2) * length)
    heights = rng.standard_normal((WAVES, 3)) + 1j * rng.standard_normal((WAVES, 3))
    waves = np.exp(1j * at @ frequencies.T)
    slopes = 1j * heights[:, :, None] * frequencies[:, None, :]
    jacobian = (waves @ slopes.reshape(WAVES, 9)).real.reshape(-1, 3, 3)
    return SmoothField((waves @ heights).real, jacobian)


@dataclass(frozen=True)
class Bending(InSpace):
    """Space bends smoothly, ``p + tau(p)``, with a given largest gradient of tau at the points.

    Parameters
    ----------
    width : float, default=0.25
        Over how much of the longest side of its box a thing is moved alike.
    """

    width: float = 0.25

    name: ClassVar[str] = "bending"
    unit: ClassVar[str] = "largest gradient"
    strengths: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.2, 0.4)
    most: ClassVar[float] = 1.0

    def __post_init__(self) -> None:
        check_width(self.width)

    def moved(self, thing: Any, strength: float, rng: np.random.Generator) -> tuple[Any, None]:
        """The bent thing."""
        at = points(thing)
        extent = float(np.ptp(at, axis=0).max())
        if extent == 0:  # an atom alone
            return thing, None
        field = smooth_field(at, self.width * extent, rng)
        steepest = np.linalg.norm(field.jacobian, 2, axis=(1, 2)).max()
        tau = field.values - field.values.mean(axis=0)
        return placed(thing, at + strength / steepest * tau), None


@dataclass(frozen=True)
class PointNoise(InSpace):
    """Every point is moved at random, by a share of the median distance to the nearest one."""

    name: ClassVar[str] = "moved points"
    unit: ClassVar[str] = "share of the distance"
    strengths: ClassVar[tuple[float, ...]] = (0.02, 0.05, 0.1, 0.2)

    def moved(self, thing: Any, strength: float, rng: np.random.Generator) -> tuple[Any, None]:
        """The thing with its points moved; their mean square is the share's along every axis."""
        at = points(thing)
        if len(at) < 2:
            return thing, None
        nearest = cKDTree(at).query(at, 2)[0][:, 1]
        return placed(thing, at + strength * np.median(nearest) * rng.standard_normal(at.shape)), None


@dataclass(frozen=True)
class Turn(InSpace):
    """A thing turns in space about its middle, around any axis."""

    name: ClassVar[str] = "turn"
    unit: ClassVar[str] = "degrees"
    strengths: ClassVar[tuple[float, ...]] = (10.0, 45.0, 90.0)
    most: ClassVar[float] = math.nextafter(180.0, 181.0)

    def moved(self, thing: Any, strength: float, rng: np.random.Generator) -> tuple[Any, None]:
        """The turned thing."""
        at = points(thing)
        middle = at.mean(axis=0)
        return placed(thing, middle + (at - middle) @ turn(strength, rng).T), None


@dataclass(frozen=True)
class Decimation(InSpace):
    """Some points are taken away: of meshes by collapsing edges, `simplified`; of clouds alone."""

    name: ClassVar[str] = "decimation"
    unit: ClassVar[str] = "share of the points"
    strengths: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.2, 0.4)
    most: ClassVar[float] = 0.9

    def moved(self, thing: Any, strength: float, rng: np.random.Generator) -> tuple[Any, Order]:
        """The thing with fewer points."""
        n = len(thing)
        fewer = round(strength * n)
        if isinstance(thing, Mesh):
            return simplified(thing, fewer, rng)
        order = np.sort(rng.permutation(n)[fewer:])
        return chosen(thing, order), order


@dataclass(frozen=True)
class Renumbering(InSpace):
    """Points, or the nodes of graphs, come in another order, which means nothing."""

    name: ClassVar[str] = "renumbering"
    unit: ClassVar[str] = "share of the points"
    strengths: ClassVar[tuple[float, ...]] = (0.1, 0.5, 1.0)
    most: ClassVar[float] = WHOLE

    def moved(self, thing: Any, strength: float, rng: np.random.Generator) -> tuple[Any, Order]:
        """The thing with some of its points in each other's places."""
        n = len(thing)
        some = np.sort(rng.permutation(n)[: round(strength * n)])
        order = np.arange(n)
        order[some] = rng.permutation(some)
        return chosen(thing, order), order


@dataclass(frozen=True)
class Frames:
    """Tangent frames turn, each by an angle of its own, and the complex numbers in them the other way."""

    name: ClassVar[str] = "other frames"
    unit: ClassVar[str] = "degrees"
    strengths: ClassVar[tuple[float, ...]] = (10.0, 90.0, 180.0)
    most: ClassVar[float] = math.nextafter(180.0, 181.0)

    def __call__(
        self, x: tuple[NDArray[Any], Values], strength: float, rng: np.random.Generator
    ) -> tuple[NDArray[Any], Values]:
        """Fields (..., n) and the gauge (n,) of their frames, both changed: the vectors are the same."""
        if not isinstance(x, tuple) or len(x) != 2:
            raise InputError("frames are those of a pair (complex tangent fields, gauge)")
        z, gauge = x
        most = math.radians(check_strength(self, strength))
        angles = rng.uniform(-most, most, np.shape(gauge))
        return z * np.exp(-1j * angles), gauge + angles


def turn(degrees: float, rng: np.random.Generator) -> Values:
    """Matrix of a rotation of space by an angle about any axis; Rodrigues' formula."""
    axis = rng.standard_normal(3)
    x, y, z = axis / np.linalg.norm(axis)
    across = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = math.radians(degrees)
    return np.asarray(np.eye(3) + math.sin(angle) * across + (1 - math.cos(angle)) * across @ across)


__all__ = [
    "Bending",
    "Decimation",
    "Frames",
    "InSpace",
    "PointNoise",
    "Renumbering",
    "SmoothField",
    "Turn",
    "points",
    "smooth_field",
    "turn",
]
