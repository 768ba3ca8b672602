"""The estimator: a callable on arrays, and a scikit-learn transformer. Written once, for every domain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from numbers import Number
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from scatter.frames.base import Frame
from scatter.numerics.namespace import full_precision, namespace
from scatter.paths import PathTree
from scatter.transforms.intake import Intake, Learnt, Part, Planner, check_names, columns, named
from scatter.transforms.plan import Plan
from scatter.transforms.validation import check_out_type


class ScatteringTransformer(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """Base of the estimators. A subclass is a constructor that stores its parameters, and two values of them.

    `_make_intake` says how what a user hands over becomes arrays of signals on a geometry, and `_make_plan`
    what is computed of signals on it. Everything else is written here once.
    """

    out_type: str = "array"
    sampling_rate: float | None = None

    @abstractmethod
    def _make_intake(self) -> Intake:
        """Check the parameters that say what signals are."""

    @abstractmethod
    def _make_plan(self, geometry: Any) -> Plan:
        """Check the other parameters, and build the frame and the paths for signals on a geometry."""

    # ------------------------------------------------------------------ what follows from the parameters
    @property
    def _made(self) -> _Made:
        """The intake, and the latest plan; made again whenever a parameter has changed."""
        key = tuple([_value(getattr(self, name)) for name in _parameters(type(self))])
        # Read once: another thread may meet other parameters in the meantime.
        known = self.__dict__.get("_latest")
        if known is None or known.key != key:
            self._latest = known = _Made(key, self._make_intake())
        return known

    @property
    def _intake(self) -> Intake:
        return self._made.intake

    @final
    def _plan(self, geometry: Any) -> Plan:
        return self._planner(self._made)(geometry)

    def _planner(self, made: _Made) -> Planner:
        def planner(geometry: Any) -> Plan:
            known = made.planned
            if known is None or not _same(known[0], geometry):
                made.planned = known = (geometry, self._make_plan(geometry))
            return known[1]

        return planner

    @property
    def _seen(self) -> Learnt | None:
        """What `fit` has learnt; None before it."""
        return self.__dict__.get("_learnt")

    @property
    def _known(self) -> Plan:
        """The plan for the geometry that is known."""
        made = self._made
        return self._planner(made)(made.intake.geometry(self._seen))

    @final
    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state.pop("_latest", None)  # rebuilt from the parameters; filters are never pickled
        return state

    @property
    def frame(self) -> Frame:
        """The wavelets and the low-pass."""
        return self._known.frame

    @property
    def tree(self) -> PathTree:
        """The paths, in the order of the coefficients."""
        return self._known.tree

    @final
    def fingerprint(self) -> str:
        """Hash of the filters, which changes with any of them; of kernels, if samples have frames each."""
        plan = self._known
        filters: Any = plan.tree.bank if plan.placed is None else plan.placed
        return str(filters.fingerprint())

    @final
    def meta(self) -> dict[str, Any]:
        """What every coefficient is, as arrays over the paths; see `PathTree.meta`."""
        return self.tree.meta()

    @final
    def table(self) -> dict[str, list[Any]]:
        """What every path is; frequencies in Hz too, given ``sampling_rate``. See `PathTree.table`."""
        return self.tree.table(self.sampling_rate)

    @final
    def output_size(self, detail: bool = False) -> int | tuple[int, ...]:
        """Number of paths, or of paths of each order with ``detail``."""
        return self.tree.counts if detail else len(self.tree)

    # ------------------------------------------------------------------ arrays in, arrays out
    @final
    @full_precision
    def __call__(self, x: Any) -> Any:
        """Scattering coefficients of signals of any leading shape.

        Parameters
        ----------
        x : array of shape (..., *shape)
            NumPy, PyTorch, JAX, CuPy or any array that follows the array API standard. Integers
            become float32; the type, device and precision of the output are those of the input.

        Returns
        -------
        array of shape (..., paths, *kept), or a list or dict with one entry a path
            As ``out_type`` says; what is kept of a path is a map, or what ``pooling`` and ``average`` leave.

        Raises
        ------
        InputError
            If a parameter is out of its range or the input is not what the transform accepts.
        """
        check_out_type(self.out_type)
        made = self._made
        plan, signals = made.intake.call(x, self._seen, self._planner(made))
        return plan.coefficients_of(signals, self.out_type)

    @final
    def scattering(self, x: Any) -> Any:
        """The same as calling the transform."""
        return self(x)

    @final
    def module(self) -> Any:
        """The transform as a layer of PyTorch, for ``torch.nn.Sequential``, ``torch.compile`` and the like.

        The layer has no parameters and no buffers: its ``state_dict`` is empty, and ``to`` leaves it as it
        is, as filters follow the signals to their device. Half precision is computed in float32 and given
        back in half precision.

        Returns
        -------
        torch.nn.Module
            Takes tensors (..., *shape) and gives what calling the transform gives. It can be pickled, copied
            and sent to the workers of a DataLoader.

        Raises
        ------
        InputError
            If ``out_type`` is not 'array'.
        MissingExtraError
            If PyTorch is not installed.
        """
        from scatter.transforms.layer import layer_of

        return layer_of(self)

    # ------------------------------------------------------------------ scikit-learn
    @final
    def fit(self, X: Any, y: object = None) -> Self:
        """Learn what the samples are: their geometry, and their channels; nothing else is learnt.

        Parameters
        ----------
        X : array of shape (n_samples, *shape), (n_samples, channels, *shape) or (n_samples, n_features)
            Samples, or rows that hold them flattened; or what else the transform takes for samples.
        y : ignored

        Returns
        -------
        self
        """
        check_out_type(self.out_type)
        made = self._made
        learnt = made.intake.learn(X, self._planner(made), lambda x: columns(self, x, reset=True))
        for name in () if self._seen is None else self._seen.public:
            self.__dict__.pop(name, None)
        self._learnt = learnt
        self.__dict__.update(learnt.public)
        return self

    @final
    @full_precision
    def transform(self, X: Any) -> Any:
        """Scattering features of every sample.

        Parameters
        ----------
        X : array, or what else `fit` takes
            Samples like those that `fit` saw. No `fit` is needed where parameters say what it would learn.

        Returns
        -------
        array of shape (n_samples, n_features_out)
            Of the type and precision of ``X``; named by `get_feature_names_out`.
        """
        made = self._made
        if not made.intake.stateless:
            check_is_fitted(self)
        parts = made.intake.parts(X, self._seen, self._planner(made), lambda x: columns(self, x, reset=False))
        first = next(parts)
        if first.places is None:
            return first.plan.rows(first.x)
        found = _joined(first, parts)
        made.planned = None  # of the last of many geometries
        return found

    @final
    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Name of every feature: its channel, its path, and where on the output grid it lies.

        Parameters
        ----------
        input_features : array of str, optional
            Checked against what `fit` saw; the names don't depend on it.

        Returns
        -------
        ndarray of str of shape (n_features_out,)
            Of one channel, before a `fit`.
        """
        if not self._intake.stateless:
            check_is_fitted(self)
        check_names(self, input_features)
        return named(self._seen.channels if self._seen else (), self._known.names)

    def __sklearn_is_fitted__(self) -> bool:
        return self._seen is not None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.array_api_support = True
        tags.input_tags.three_d_array = True
        tags.input_tags.two_d_array = self._intake.tabular or self._intake.stateless
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.requires_fit = not self._intake.stateless
        tags.no_validation = not self._intake.tabular
        return tags


class _Made:
    """What was made of parameters: an intake, and the latest plan with its geometry."""

    def __init__(self, key: Any, intake: Intake) -> None:
        self.key, self.intake = key, intake
        self.planned: tuple[Any, Plan] | None = None


@cache
def _parameters(cls: type[BaseEstimator]) -> tuple[str, ...]:
    """Names of the parameters of a class; scikit-learn looks them up at every call."""
    return tuple(cls._get_param_names())


@dataclass(frozen=True)
class _Itself:
    """Something large that is compared by being the same object."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.value is other.value


def _value(value: Any) -> Any:
    """A parameter, to be compared: what is small by what it says, anything else by being the same object."""
    if value is None or isinstance(value, (bool, Number, str, bytes)):
        return (type(value), value)
    if isinstance(value, (tuple, list)) and len(value) <= 64:
        return (type(value), *map(_value, value))
    if isinstance(value, np.ndarray) and value.size <= 64:
        return (value.dtype.str, value.shape, value.tobytes())
    return _Itself(value)


def _same(a: Any, b: Any) -> bool:
    return a is b or (isinstance(a, tuple) and isinstance(b, tuple) and a == b)


def _joined(first: Part, others: Iterator[Part]) -> Any:
    """Features of samples that have a geometry each: rows of one array, or an array of points for each."""
    rows, order = [], []
    for part in chain([first], others):
        rows.append(part.plan.each(part.x))
        order += part.places or []
    back = np.argsort(order)
    if first.plan.readout.keeps_points:
        points = list(chain.from_iterable(rows))
        return [points[place] for place in back]
    joined = namespace(rows[0]).concat(rows, axis=0)
    return joined if order == sorted(order) else joined[back, ...]
