"""How what a user hands over becomes arrays of signals, and which geometry they are on: the contract."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from scatter.errors import InputError
from scatter.numerics.namespace import Array
from scatter.transforms.plan import Plan

Planner = Callable[[Any], Plan]
"""A geometry -> the plan of an estimator for signals on it."""

Columns = Callable[[Any], None]
"""Learn, or compare with what `fit` saw, how many numbers are in a sample, and the names of its columns."""


@dataclass(frozen=True)
class Learnt:
    """What `fit` learns of samples.

    Parameters
    ----------
    geometry : object
        Of all samples: the shape of a grid, a surface. None where each sample has its own.
    channels : tuple of str
        Name of each channel; empty where samples are one signal each.
    public : mapping
        Attributes of the fitted estimator, by name.
    detail : object
        What else an intake wants to know again.
    """

    geometry: Any
    channels: tuple[str, ...] = ()
    public: Mapping[str, Any] = field(default_factory=dict)
    detail: Any = None


class Part(NamedTuple):
    """Some samples that are transformed at once.

    Attributes
    ----------
    plan : Plan
        Of their geometry.
    x : array
        Signals (samples, *channels, *points) on a geometry that all samples share; (channels, *points) on
        one that is theirs alone.
    places : sequence of int, optional
        Which samples they are, where others come before them; None is all.
    """

    plan: Plan
    x: Array
    places: list[int] | None = None


class Symmetry(NamedTuple):
    """What moves a domain: which geometry it takes the one of a transform to, and signals with it.

    Attributes
    ----------
    geometry : object
        The moved geometry; the same one where the domain looks alike from everywhere.
    act : callable
        (maps (..., *points), resolution) -> the moved maps; of signals (0), or averaged ones (None).
    """

    geometry: Any
    act: Callable[[NDArray[Any], int | None], NDArray[Any]]


class Intake(Protocol):
    """What an estimator takes in. An intake is made of parameters, and has no state."""

    def geometry(self, learnt: Learnt | None) -> Any:
        """The geometry, from a parameter or as it was learnt; None where each sample has its own.

        Raises
        ------
        InputError
            If there is none, and what to type.
        """

    @property
    def tabular(self) -> bool:
        """Whether samples are arrays or tables that scikit-learn may look into."""

    @property
    def stateless(self) -> bool:
        """Whether parameters say all that `fit` would learn, but for the number of channels."""

    def call(self, x: Any, learnt: Learnt | None, planner: Planner) -> tuple[Plan, Array]:
        """Signals (..., *points) of a call, and the plan for them."""

    def learn(self, X: Any, planner: Planner, columns: Columns) -> Learnt:
        """What there is to learn of samples."""

    def parts(self, X: Any, learnt: Learnt | None, planner: Planner, columns: Columns) -> Iterator[Part]:
        """Samples, checked against what was learnt; None where `fit` was left out."""

    def symmetry(self, plan: Plan, geometry: Any, rng: np.random.Generator) -> Symmetry:
        """An element of the group that acts on the domain, drawn for tests."""


def columns(estimator: Any, X: Any, *, reset: bool) -> None:
    """Learn, or compare, the numbers of a sample, and the names of columns, as scikit-learn does.

    Parameters
    ----------
    estimator : estimator
        Keeps ``n_features_in_`` and ``feature_names_in_``.
    X : array or table
        Samples along the first axis.
    reset : bool
        Whether they are those of `fit`.
    """
    if len(X.shape) == 2:
        try:
            validate_data(estimator, X, reset=reset, skip_check_array=True)
        except ValueError as error:
            raise InputError(str(error)) from error
        return
    points = math.prod(X.shape[1:])
    if reset:
        estimator.__dict__.pop("feature_names_in_", None)
        estimator.n_features_in_ = points
    elif points != estimator.n_features_in_:
        raise InputError(
            f"X has {points} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input"
        )


def check_names(estimator: Any, input_features: Any) -> None:
    """Compare names of columns with those that `fit` saw, as scikit-learn does."""
    if input_features is None:
        return
    seen, count = (getattr(estimator, name, None) for name in ("feature_names_in_", "n_features_in_"))
    if seen is not None and not np.array_equal(seen, input_features):
        raise InputError("input_features is not equal to feature_names_in_")
    if count is not None and len(input_features) != count:
        raise InputError(
            f"input_features should have length equal to number of features ({count}), got "
            f"{len(input_features)}"
        )


def named(channels: Sequence[str], names: Sequence[str]) -> NDArray[np.object_]:
    """Names of all features: those of one channel after the other's."""
    heads = [f"{channel}: " for channel in channels] or [""]
    return np.asarray([head + name for head in heads for name in names], dtype=object)
