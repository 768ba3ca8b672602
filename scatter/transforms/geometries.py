"""Signals on one surface or graph, or samples that have a surface or a graph each, as they come in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.numerics.namespace import Array, namespace
from scatter.transforms.grids import heads
from scatter.transforms.intake import Columns, Learnt, Part, Planner, Symmetry
from scatter.transforms.plan import Plan
from scatter.transforms.validation import check_signals


@dataclass(frozen=True, eq=False)
class Geometries(ABC):
    """An `Intake` of signals at the points of geometries; a subclass says what a geometry is.

    Parameters
    ----------
    name : str
        Of the estimator, for messages.
    given : object
        What its parameter `word` is: the one geometry, or None.
    """

    name: str
    given: Any

    word: ClassVar[str]
    """The parameter that is a geometry."""

    tabular: ClassVar[bool] = False

    # ------------------------------------------------------------------ what a subclass says
    @abstractmethod
    def read(self, given: Any) -> Any:
        """The geometry that a user means; `InputError` if none."""

    @abstractmethod
    def learn_each(self, X: Any) -> Learnt:
        """The channels of samples that have a geometry each."""

    @abstractmethod
    def each(self, X: Any, learnt: Learnt, planner: Planner) -> Iterator[Part]:
        """Such samples, checked, one after the other or some at once."""

    @abstractmethod
    def moved(self, geometry: Any, order: NDArray[np.int64], rng: np.random.Generator) -> Any:
        """A geometry that can't be told from another, with its points in another order."""

    def alone(self, X: Any) -> Any:
        """The one geometry that ``X`` is, handed to `fit` in the place of samples; None if it is samples."""
        return None

    def signals(self, x: Any, geometry: Any) -> Array:
        """Checked signals with the points last: (..., n), or (..., channels, n) for (..., n, channels)."""
        x, n = check_signals(x, 1), len(geometry)
        if x.shape[-1] == n:
            return x
        if x.ndim > 1 and x.shape[-2] == n:
            return namespace(x).matrix_transpose(x)
        raise InputError(
            f"signals must have one number a point, shape (..., {n}) or (..., {n}, channels), "
            f"got {tuple(x.shape)}"
        )

    # ------------------------------------------------------------------ one geometry
    @cached_property
    def one(self) -> Any:
        """The one geometry; None if none is given."""
        return None if self.given is None else self.read(self.given)

    @property
    def stateless(self) -> bool:
        """Whether there is one geometry, given as a parameter."""
        return self.given is not None

    def geometry(self, learnt: Learnt | None) -> Any:
        """The one geometry, given or learnt; None where samples have one each."""
        return self.one if self.given is not None or learnt is None else learnt.geometry

    def call(self, x: Any, learnt: Learnt | None, planner: Planner) -> tuple[Plan, Array]:
        """Signals (..., n) or (..., n, channels) on the one geometry."""
        geometry = self.geometry(learnt)
        if geometry is None:
            raise InputError(
                f"no {self.word} is known yet; type {self.name}({self.word}=...) or call fit with one"
            )
        signals = self.signals(x, geometry)
        return planner(geometry), signals

    # ------------------------------------------------------------------ samples
    def learn(self, X: Any, planner: Planner, columns: Columns) -> Learnt:
        """The geometry that X is, or the channels of its samples."""
        if self.given is not None:
            x = self.signals(X, self.one)
            planner(self.one)
            if hasattr(X, "shape"):
                columns(X)
            return of_channels(self.one, heads(x.shape[-2:-1] if x.ndim > 2 else ()))
        X = list(X) if isinstance(X, Iterator) else X  # it can be read once only
        geometry = self.alone(X)
        planner(geometry)
        return self.learn_each(X) if geometry is None else Learnt(geometry, (), {"surface_": geometry})

    def parts(self, X: Any, learnt: Learnt | None, planner: Planner, columns: Columns) -> Iterator[Part]:
        """Signals on the one geometry at once, or one after the other what has a geometry of its own."""
        geometry = self.geometry(learnt)
        if geometry is None:
            assert learnt is not None  # there is no stateless transform of collections
            yield from self.each(X, learnt, planner)
            return
        x = self.signals(X, geometry)
        if x.ndim < 2:
            raise InputError(
                f"samples of shape (n_samples, n) are needed, got {tuple(x.shape)}; type x[None]"
            )
        channels = x.shape[-2] if x.ndim > 2 else 0
        if learnt is not None and "channels_" in learnt.public:
            if channels != len(learnt.channels):
                raise InputError(
                    f"samples must have {len(learnt.channels)} channels as in fit, got {channels}"
                )
            if hasattr(X, "shape"):
                columns(X)
        yield Part(planner(geometry), x)

    def symmetry(self, plan: Plan, geometry: Any, rng: np.random.Generator) -> Symmetry:
        """Points in another order, on a geometry that is moved as a whole."""
        order = rng.permutation(len(geometry))
        return Symmetry(self.moved(geometry, order, rng), lambda u, resolution: u[..., order])


def of_channels(geometry: Any, names: Iterable[str]) -> Learnt:
    """What is learnt of samples with these channels."""
    channels = tuple(names)
    return Learnt(geometry, channels, {"channels_": list(channels)})
