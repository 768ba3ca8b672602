"""Samples that are graphs or molecules, or signals on one graph; what surfaces share with them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from scatter.domains.graph import Graph, read_graphs
from scatter.errors import InputError
from scatter.molecules.estimator import Molecules
from scatter.molecules.molecule import Molecule, read_molecules
from scatter.numerics.plain import plain_numpy
from scatter.stability.base import Deformation
from scatter.stability.grids import Contrast, Noise
from scatter.stability.networks import AddedEdges, DroppedEdges, WeightNoise
from scatter.stability.samples import Bound, Samples, Values, flat
from scatter.stability.space import Bending, PointNoise, Renumbering, Turn
from scatter.testing import kept_energies
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.graph import Graphs

MOST_NODES = 4000
"""Of a graph all of whose eigenvectors are computed for a baseline."""
ALONE: tuple[type, ...] = (Noise, Contrast)
"""Deformations of signals, which leave what they are on."""


@dataclass(frozen=True, eq=False)
class ThingSamples(Samples):
    """Things with points, without signals of their own.

    Parameters
    ----------
    things : tuple
        A thing for each sample.
    """

    things: tuple[Any, ...]

    def __post_init__(self) -> None:
        if len(self) < 2:
            raise InputError(f"X must be at least two samples, got {len(self)}")

    def __len__(self) -> int:
        return len(self.things)

    @abstractmethod
    def shown(self, thing: Any) -> Values:
        """Numbers that a sample is, (..., points)."""

    def deformed(
        self, deformation: Deformation, strength: float, rng: np.random.Generator, scale: float
    ) -> tuple[Self, Bound]:
        """Deformed samples; bent space moves them as far as its gradient says."""
        bound = np.full(len(self), float(strength)) if isinstance(deformation, Bending) else None
        if isinstance(deformation, ALONE):
            return self.with_signals(deformation, strength, rng), None
        return self.moved(deformation, strength, rng), bound

    def with_signals(self, deformation: Deformation, strength: float, rng: np.random.Generator) -> Self:
        """Samples whose signals are deformed; `InputError` if there are none."""
        raise InputError(
            f"{deformation.name} is of signals, and these samples have none of their own; leave it out"
        )

    def moved(self, deformation: Deformation, strength: float, rng: np.random.Generator) -> Self:
        """Samples whose things are deformed."""
        return replace(self, things=tuple(deformation(list(self.things), strength, rng)))

    def rows(self, transform: Any) -> Values:
        """Features."""
        return rows_of(transform.transform(list(self.things)))

    @cached_property
    def input(self) -> Values:
        """The numbers that samples are, point by point."""
        return rows_of(map(self.shown, self.things))


@dataclass(frozen=True, eq=False)
class SignalSamples(ThingSamples):
    """Things as pairs (thing, signals) or alone; or one thing for all signals.

    Parameters
    ----------
    things : tuple
        A thing for each sample, or the one that all signals are on.
    x : ndarray of shape (n, *channels, points), optional
        Signals on the one thing; None if samples are things.
    """

    x: NDArray[Any] | None = None

    word: ClassVar[str]
    """The parameter of an estimator that is the one thing."""

    def __len__(self) -> int:
        return len(self.things if self.x is None else self.x)

    # ------------------------------------------------------------------ what a subclass says
    @abstractmethod
    def signals(self, thing: Any) -> NDArray[Any] | None:
        """Signals (..., points) of a sample that is a thing; None if it has none."""

    @abstractmethod
    def dressed(self, thing: Any, signals: NDArray[Any]) -> Any:
        """The thing with other signals (..., points)."""

    @abstractmethod
    def bare(self, thing: Any) -> Any:
        """The thing without its signals."""

    @abstractmethod
    def basis(self, thing: Any) -> NDArray[Any]:
        """Matrix (points, k) to the coefficients of signals in the eigenvectors of a Laplacian."""

    # ------------------------------------------------------------------ deformed
    def moved(self, deformation: Deformation, strength: float, rng: np.random.Generator) -> Self:
        """Samples whose things are deformed; the one thing of many signals once for all of them."""
        if self.x is None:
            return super().moved(deformation, strength, rng)
        points = self.x.shape[-1]
        (thing,) = deformation([self.dressed(self.things[0], self.x.reshape(-1, points))], strength, rng)
        moved = self.signals(thing)
        assert moved is not None
        x = np.asarray(moved).reshape(*self.x.shape[:-1], -1)
        return replace(self, things=(self.bare(thing),), x=x)

    def with_signals(self, deformation: Deformation, strength: float, rng: np.random.Generator) -> Self:
        """Samples whose signals are deformed."""
        if self.x is not None:
            return replace(self, x=deformation(self.x, strength, rng))
        found = []
        for thing in self.things:
            x = self.signals(thing)
            if x is None:
                return super().with_signals(deformation, strength, rng)
            found.append(self.dressed(thing, deformation(x[None], strength, rng)[0]))
        return replace(self, things=tuple(found))

    # ------------------------------------------------------------------ represented
    def rows(self, transform: Any) -> Values:
        """Features; of a scattering transform on the one thing, which may have been deformed."""
        if self.x is None:
            return super().rows(transform)
        if isinstance(transform, ScatteringTransformer):
            transform = self.on(clone(transform), self.things[0])
        return flat(transform.transform(self.x))

    def on(self, transform: Any, thing: Any) -> Any:
        """A transform with another thing."""
        return transform.set_params(**{self.word: thing})

    @cached_property
    def input(self) -> Values:
        """Values of the signals, point by point."""
        return rows_of(map(self.shown, self.things) if self.x is None else self.x)

    def fourier(self) -> Values:
        """Moduli of the coefficients in the eigenvectors of a Laplacian."""
        if self.x is not None:
            return flat(np.abs(self.x @ self.basis(self.things[0]).conj()))
        return rows_of(np.abs(self.shown(thing) @ self.basis(thing).conj()) for thing in self.things)

    def energies(self, transform: Any) -> tuple[float, ...]:
        """Share of the energy."""
        return () if self.x is None else tuple(kept_energies(transform, self.x).tolist())


def rows_of(samples: Iterable[Any]) -> Values:
    """Rows of samples of any size, filled up with zeros; complex numbers are pairs of real ones."""
    rows = []
    for one in map(np.asarray, samples):
        real = np.stack([one.real, one.imag], axis=-1) if np.iscomplexobj(one) else one
        rows.append(np.asarray(real, np.float64).ravel())
    found = np.zeros((len(rows), max(map(len, rows))))
    for row, to in zip(rows, found, strict=True):
        to[: len(row)] = row
    return found


# ---------------------------------------------------------------------- graphs
@dataclass(frozen=True, eq=False)
class GraphSamples(SignalSamples):
    """Graphs with what is known at their nodes, or signals on one graph."""

    word = "graph"

    @classmethod
    def read(cls, transform: Any, X: Any) -> Self:
        """Samples as `GraphScattering` takes them."""
        intake = getattr(transform, "_intake", None)
        if not isinstance(intake, Graphs):
            return cls(tuple(read_graphs(X)))
        graph = intake.geometry(transform._seen)
        if graph is None:
            return cls(tuple(read_graphs(X, tuple(intake.names or ()))))
        return cls((graph,), one_signal_a_row(intake.signals(X, graph)))

    @property
    def usual(self) -> tuple[Deformation, ...]:
        """Other edges and weights, another order, and noise where there are signals."""
        noise = (Noise(),) if self.x is not None or self.things[0].signals is not None else ()
        return (DroppedEdges(), AddedEdges(), WeightNoise(), Renumbering(), *noise)

    def signals(self, thing: Graph) -> NDArray[Any] | None:
        """Signals of a graph."""
        if thing.signals is None:
            return None
        x = np.asarray(plain_numpy(thing.signals, "signals"), np.float64)
        return np.atleast_2d(x.T)

    def shown(self, thing: Graph) -> Values:
        """Signals of a graph, or the degrees of its nodes if there are none."""
        x = self.signals(thing)
        return np.asarray(thing.adjacency.sum(axis=1), np.float64).reshape(1, -1) if x is None else x

    def dressed(self, thing: Graph, signals: NDArray[Any]) -> Graph:
        """The graph with signals at its nodes."""
        return replace(thing, signals=signals.T)

    def bare(self, thing: Graph) -> Graph:
        """The graph without signals."""
        return replace(thing, signals=None)

    def basis(self, thing: Graph) -> NDArray[np.float64]:
        """Eigenvectors of the normalised Laplacian."""
        if len(thing) > MOST_NODES:
            raise InputError(
                f"'fourier' takes all eigenvectors of a graph, of at most {MOST_NODES} nodes, got "
                f"{len(thing)}; type baselines=('input',)"
            )
        A = thing.adjacency.toarray().astype(np.float64)
        root = np.sqrt(np.maximum(A.sum(axis=1), np.finfo(float).tiny))
        return np.asarray(np.linalg.eigh(np.eye(len(A)) - A / root / root[:, None])[1])


def one_signal_a_row(x: Any) -> NDArray[Any]:
    """Signals (n, ..., points), refused unless there are samples."""
    found: NDArray[Any] = plain_numpy(x, "X")
    if found.ndim < 2:
        raise InputError(f"samples of shape (n_samples, points) are needed, got {found.shape}; type X[None]")
    return found


# ---------------------------------------------------------------------- molecules
@dataclass(frozen=True, eq=False)
class MoleculeSamples(ThingSamples):
    """Molecules."""

    @classmethod
    def read(cls, transform: Any, X: Any) -> Self:
        """Molecules as `MolecularScattering` takes them."""
        return cls(tuple(read_molecules(X)))

    usual = (Turn(), Bending(), PointNoise(), Renumbering())

    def shown(self, thing: Molecule) -> Values:
        """Positions of the atoms."""
        return np.asarray(thing.positions)

    def fourier(self) -> Values:
        """Eigenvalues of the Coulomb matrix: Rupp et al., Physical Review Letters 108, 2012, equation 2."""
        return rows_of(np.linalg.eigvalsh(_coulomb(thing))[::-1] for thing in self.things)


def _coulomb(molecule: Molecule) -> Values:
    Z = molecule.numbers.astype(np.float64)
    distance = np.linalg.norm(molecule.positions[:, None] - molecule.positions, axis=-1)
    np.fill_diagonal(distance, 1.0)
    matrix = np.outer(Z, Z) / distance
    np.fill_diagonal(matrix, 0.5 * Z**2.4)
    return np.asarray(matrix)


KINDS: tuple[tuple[type, type[Samples]], ...] = (
    (Graphs, GraphSamples),
    (Molecules, MoleculeSamples),
)
"""Intakes of estimators, and what their samples are."""

__all__ = ["KINDS", "GraphSamples", "MoleculeSamples", "SignalSamples", "ThingSamples", "one_signal_a_row"]
