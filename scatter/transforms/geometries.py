"""Signals on one surface or graph, or samples that have a surface or a graph each, as they come in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from scatter.errors import InputError
from scatter.numerics.namespace import Array, namespace
from scatter.transforms.intake import Columns, Learnt, Part, Planner
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
    def is_one(self, given: Any) -> bool:
        """Whether something is a geometry, so that in a pair what comes after it are its signals."""

    @abstractmethod
    def own_channels(self) -> list[str]:
        """Names of the signals that a geometry has of itself, where samples come without."""

    @abstractmethod
    def own(self, geometry: Any) -> Array:
        """These signals (channels, n)."""

    def signals(self, x: Any, geometry: Any) -> Array:
        """Checked signals with the points last: (..., n), or (..., channels, n) for (..., n, channels)."""
        x, n = check_signals(x, 1), len(geometry)
        if x.shape[-1] == n:
            return x
        if x.ndim > 1 and x.shape[-2] == n:
            return namespace(x).matrix_transpose(x)
        raise InputError(
            f"signals must have one number a vertex, shape (..., {n}) or (..., {n}, channels), "
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
            return _of_channels(self.one, _numbered(x.shape[-2] if x.ndim > 2 else 0))
        samples = self.samples(X)
        if samples is None:
            geometry = self.read(X)
            planner(geometry)
            return Learnt(geometry, (), {"surface_": geometry})
        planner(None)
        if not samples:
            raise InputError("a list with at least one surface is needed, got an empty list")
        _, x = self.sample(samples[0], 0)
        if x is None:
            return _of_channels(None, self.own_channels())
        return _of_channels(None, _numbered(x.shape[-2] if x.ndim > 1 else 0))

    def parts(self, X: Any, learnt: Learnt | None, planner: Planner, columns: Columns) -> Iterator[Part]:
        """Signals on the one geometry at once, or one after the other what has a geometry of its own."""
        geometry = self.geometry(learnt)
        if geometry is None:
            assert learnt is not None  # there is no stateless transform of collections
            yield from self._each(X, learnt, planner)
            return
        x = self.signals(X, geometry)
        if x.ndim < 2:
            raise InputError(
                f"samples of shape (n_samples, n) are needed, got {tuple(x.shape)}; type x[None]"
            )
        channels = x.shape[-2] if x.ndim > 2 else 0
        if learnt is not None and "channels_" in learnt.public and channels != len(learnt.channels):
            raise InputError(f"samples must have {len(learnt.channels)} channels as in fit, got {channels}")
        yield Part(planner(geometry), x)

    def _each(self, X: Any, learnt: Learnt, planner: Planner) -> Iterator[Part]:
        samples = self.samples(X)
        if not samples:
            raise InputError(f"a list of surfaces is needed, as in fit, got {type(X).__name__}")
        for place, given in enumerate(samples):
            geometry, x = self.sample(given, place)
            try:
                plan = planner(geometry)
                x = self.own(geometry) if x is None else x
            except InputError as error:
                raise InputError(f"sample {place}: {error}") from None
            channels = x.shape[-2] if x.ndim > 1 else 0
            if channels != len(learnt.channels):
                raise InputError(
                    f"sample {place}: must have {len(learnt.channels)} channels as in fit, got {channels}"
                )
            yield Part(plan, x, [place])

    def samples(self, X: Any) -> list[Any] | None:
        """The samples that something holds; None if it is one geometry, or signals."""
        if isinstance(X, list):
            return X
        if isinstance(X, tuple):
            return list(X) if X and all(map(self._is_sample, X)) else None
        objects = getattr(getattr(X, "dtype", None), "kind", "") == "O" and getattr(X, "ndim", 0) == 1
        stacked = getattr(X, "ndim", 0) == 3 and len(X) > 0 and self.is_one(X[0])
        return list(X) if objects or stacked or isinstance(X, Iterator) else None

    def _is_sample(self, given: Any) -> bool:
        pair = isinstance(given, tuple) and len(given) == 2 and self.is_one(given[0])
        return pair or self.is_one(given)

    def sample(self, given: Any, place: int) -> tuple[Any, Array | None]:
        """Geometry of a sample, and its signals (channels, n) or (n,), or None."""
        try:
            if isinstance(given, tuple) and self._is_sample(given) and not self.is_one(given):
                geometry = self.read(given[0])
                return geometry, self.signals(given[1], geometry)
            return self.read(given), None
        except InputError as error:
            raise InputError(f"sample {place}: {error}") from None


def _of_channels(geometry: Any, names: list[str]) -> Learnt:
    return Learnt(geometry, tuple(names), {"channels_": names})


def _numbered(count: int) -> list[str]:
    return [f"channel {k}" for k in range(count)]
