"""What the estimators on surfaces share: the surface, signals on it, and collections of surfaces."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from scatter.errors import InputError
from scatter.frames.base import Frame
from scatter.frames.kernels import heat
from scatter.frames.surface import Spectrum, spectrum
from scatter.frames.vertices import ScaleBank
from scatter.numerics.moments import Weighted
from scatter.numerics.namespace import Array, Constant, full_precision, namespace
from scatter.paths import PathTree
from scatter.transforms.base import ScatteringTransformer
from scatter.transforms.plan import Plan
from scatter.transforms.readout import Readout
from scatter.transforms.validation import check_count, check_out_type, check_signals


class SurfaceScattering(ScatteringTransformer):
    """Base of the estimators on surfaces; a subclass says what a surface is and which frame it carries."""

    _ndim = 1
    two_sided = True  # the operators are self-adjoint: complex signals are seen whole
    _surface_name: ClassVar[str]
    J: int
    t0: float | str
    n_eig: int
    max_order: int
    average: bool | str
    pooling: str | tuple[str, ...] | None
    log: bool | float
    descriptors: Sequence[str] = ()

    # ------------------------------------------------------------------ what a subclass says
    @abstractmethod
    def _as_surface(self, given: Any) -> Any:
        """The surface that a user means; `InputError` if none."""

    @abstractmethod
    def _operators(self, surface: Any) -> tuple[Any, NDArray[np.float64]]:
        """Laplacian and areas of the vertices."""

    @abstractmethod
    def _frame(self, surface: Any, operator: Spectrum, t0: float) -> Frame:
        """The wavelets on a surface."""

    _known: ClassVar[Mapping[str, int]] = {}
    """Descriptors that a surface has of itself, and how many channels each is."""

    @abstractmethod
    def _describe(self, name: str, surface: Any, operator: Spectrum) -> NDArray[np.float64]:
        """Values (channels, n) of one of them."""

    def _described(self) -> list[str]:
        """Names of the channels of the descriptors that are asked for; no spectrum is needed for them."""
        names: list[str] = []
        for name in self.descriptors:
            if name not in self._known:
                known = ", ".join(map(repr, self._known))
                raise InputError(f"descriptors must be among {known}, got {name!r}")
            count = self._known[name]
            names += [name] if count == 1 else [f"{name}[{k}]" for k in range(count)]
        if not names:
            raise InputError(
                "surfaces without signals need at least one descriptor; type "
                "descriptors=('mean_curvature',), or pairs (surface, signals)"
            )
        return names

    def _signals(self, x: Any, surface: Any) -> Array:
        """Checked signals with the vertices last: (..., n), or (..., channels, n) for (..., n, channels)."""
        x, n = check_signals(x, 1), len(surface)
        if x.shape[-1] == n:
            return x
        if x.ndim > 1 and x.shape[-2] == n:
            return namespace(x).matrix_transpose(x)
        raise InputError(
            f"signals must have one number a vertex, shape (..., {n}) or (..., {n}, channels), "
            f"got {tuple(x.shape)}"
        )

    # ------------------------------------------------------------------ the surface and its plan
    def _surface(self) -> Any:
        given = getattr(self, self._surface_name)
        if given is not None:
            return self._as_surface(given)
        if "surface_" not in self.__dict__:
            raise InputError(
                f"no {self._surface_name} is known yet; type {type(self).__name__}"
                f"({self._surface_name}=...) or call fit with one"
            )
        return self.surface_

    @property
    def shape(self) -> tuple[int, ...]:
        """Vertices of the surface: (n,)."""
        return (len(self._surface()),)

    def _key(self) -> str:
        params = self.get_params(deep=False)
        params.pop(self._surface_name)
        return repr(sorted(params.items(), key=lambda item: item[0]))

    def _plan(self, shape: tuple[int, ...]) -> Plan:
        given = getattr(self, self._surface_name)
        key = (given if given is not None else self._surface(), self._key())
        known = self.__dict__.get("_planned")
        if known is None or known[0][0] is not key[0] or known[0][1] != key[1]:
            self._planned = known = (key, self._make_plan(shape))
        return known[1]

    def _make_plan(self, shape: tuple[int, ...]) -> Plan:
        surface = self._surface()
        return self._plan_for(surface, self._spectrum(surface))

    def _spectrum(self, surface: Any) -> Spectrum:
        return spectrum(*self._operators(surface), check_count("n_eig", self.n_eig, 1))

    def _plan_for(self, surface: Any, operator: Spectrum) -> Plan:
        frame = self._frame(surface, operator, self._time(operator.area))
        surface_points = Weighted(Constant(operator.mass / operator.area), operator.area)
        readout = replace(self._readout(), regions=lambda resolution: surface_points)
        return Plan(frame, PathTree(frame.bank, check_count("max_order", self.max_order, 0)), readout)

    def _readout(self) -> Readout:
        return Readout(self.average, self.pooling, self.log)

    def _time(self, area: float) -> float:
        J = check_count("J", self.J, 1)
        if self.t0 == "auto":
            # The coarsest average spreads over the surface: time area / (4 pi), the radius^2 of a sphere.
            return area / (4 * math.pi * 2.0 ** (J - 1))
        if isinstance(self.t0, (str, bool)) or not isinstance(self.t0, Real) or not 0 < self.t0 < np.inf:
            raise InputError(f"t0 must be 'auto' or a positive time in length^2, got {self.t0!r}")
        return float(self.t0)

    def _guess_shape(self, n_features: int) -> tuple[int, ...]:
        return (n_features,)

    # ------------------------------------------------------------------ arrays in, arrays out
    @full_precision
    def __call__(self, x: Any) -> Any:
        """Scattering coefficients of signals on the surface.

        Parameters
        ----------
        x : array of shape (..., n), or (..., n, channels)
            One number a vertex, of any array library. Channels become the last batch axis.

        Returns
        -------
        array of shape (..., [channels,] paths, *kept)
            With 4 moments, 1 mean (no axis) or n vertices kept, as ``pooling`` says; or a list or dict
            with one entry a path, as ``out_type`` says.
        """
        return super().__call__(self._signals(x, self._surface()))

    # ------------------------------------------------------------------ scikit-learn
    def fit(self, X: Any, y: object = None) -> Self:
        """Learn the surface, or the layout of the samples; nothing else is learnt.

        Parameters
        ----------
        X : surface, collection of surfaces, or array of signals
            Without a surface in the constructor: the surface that later signals live on, or a list, tuple,
            iterator, Series or array of objects whose samples have a surface each (see `transform`). With
            one: signals as for `transform`.
        y : ignored

        Returns
        -------
        self
        """
        self._readout(), self._time(1.0), check_count("n_eig", self.n_eig, 1), check_out_type(self.out_type)
        for name in ("surface_", "channels_"):
            self.__dict__.pop(name, None)
        samples = self._samples(X) if getattr(self, self._surface_name) is None else None
        self.collection_ = samples is not None
        if samples is not None:
            self._fit_collection(samples)
        elif getattr(self, self._surface_name) is None:
            self.surface_ = self._as_surface(X)
            self._plan(self.shape)
        else:
            x = self._signals(X, self._surface())
            self._plan(self.shape)
            self.channels_ = [f"channel {k}" for k in range(x.shape[-2])] if x.ndim > 2 else []
        return self

    def _fit_collection(self, X: list[Any]) -> None:
        if self._readout().keeps_points:
            raise InputError(
                "pooling=None keeps every vertex, and surfaces differ in them; type pooling='moments'"
            )
        if not X:
            raise InputError("a list with at least one surface is needed, got an empty list")
        _, signals = self._sample(X[0], 0)
        if signals is None:
            self.channels_ = self._described()
        else:
            self.channels_ = [f"channel {k}" for k in range(signals.shape[-2])] if signals.ndim > 1 else []

    def _samples(self, X: Any) -> list[Any] | None:
        """The samples that something holds; None if it is one surface, or signals."""
        if isinstance(X, list):
            return X
        if isinstance(X, tuple):
            return list(X) if X and all(map(self._is_sample, X)) else None
        objects = getattr(getattr(X, "dtype", None), "kind", "") == "O" and getattr(X, "ndim", 0) == 1
        stacked = getattr(X, "ndim", 0) == 3 and len(X) > 0 and self._is_surface(X[0])
        return list(X) if objects or stacked or isinstance(X, Iterator) else None

    def _is_sample(self, given: Any) -> bool:
        pair = isinstance(given, tuple) and len(given) == 2 and self._is_surface(given[0])
        return pair or self._is_surface(given)

    def _sample(self, given: Any, place: int) -> tuple[Any, Array | None]:
        """Surface of a sample, and its signals (channels, n) or (n,), or None."""
        try:
            if isinstance(given, tuple) and self._is_sample(given) and not self._is_surface(given):
                surface = self._as_surface(given[0])
                return surface, self._signals(given[1], surface)
            return self._as_surface(given), None
        except InputError as error:
            raise InputError(f"sample {place}: {error}") from None

    @abstractmethod
    def _is_surface(self, given: Any) -> bool:
        """Whether the first of a pair is a surface, so that the second is its signals."""

    @full_precision
    def transform(self, X: Any) -> Any:
        """Scattering features of every sample.

        Parameters
        ----------
        X : array of shape (n_samples, n) or (n_samples, n, channels), or collection
            Signals on the one surface; or, after a fit with a collection, another whose samples are surfaces,
            described by ``descriptors``, or pairs (surface, signals of shape (n,) or (n, channels)).

        Returns
        -------
        array of shape (n_samples, n_features_out)
            Named by `get_feature_names_out`.
        """
        check_is_fitted(self, "collection_")
        if self.collection_:
            if not (samples := self._samples(X)):
                raise InputError(f"a list of surfaces is needed, as in fit, got {type(X).__name__}")
            return np.stack(list(self._rows(samples)))
        x = self._signals(X, self._surface())
        if x.ndim < 2:
            raise InputError(
                f"samples of shape (n_samples, n) are needed, got {tuple(x.shape)}; type x[None]"
            )
        channels = x.shape[-2] if x.ndim > 2 else 0
        if "channels_" in self.__dict__ and channels != len(self.channels_):
            raise InputError(f"samples must have {len(self.channels_)} channels as in fit, got {channels}")
        return namespace(x).reshape(self._plan(self.shape).array(x), (x.shape[0], -1))

    def _rows(self, X: list[Any]) -> Iterator[NDArray[Any]]:
        for place, given in enumerate(X):
            surface, x = self._sample(given, place)
            try:
                operator = self._spectrum(surface)
            except InputError as error:
                raise InputError(f"sample {place}: {error}") from None
            if x is None:
                self._described()
                x = np.concatenate([self._describe(name, surface, operator) for name in self.descriptors])
            channels = x.shape[-2] if x.ndim > 1 else 0
            if channels != len(self.channels_):
                raise InputError(
                    f"sample {place}: must have {len(self.channels_)} channels as in fit, got {channels}"
                )
            yield np.asarray(self._plan_for(surface, operator).array(x)).ravel()

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Name of every feature: its channel and path.

        Parameters
        ----------
        input_features : sequence of str, optional
            Names of the channels, in place of ``channel 0``, ``channel 1`` and so on.

        Returns
        -------
        ndarray of str of shape (n_features_out,)
        """
        check_is_fitted(self, "collection_")
        channels = list(self.__dict__.get("channels_", []))
        if input_features is not None:
            if channels and len(input_features) != len(channels):
                raise InputError(f"names of {len(channels)} channels are needed, got {len(input_features)}")
            channels = list(input_features)
        names = self._collection_names() if self.collection_ else self._plan(self.shape).names
        heads = [f"{channel}: " for channel in channels] or [""]
        return np.asarray([head + name for head in heads for name in names], dtype=object)

    def _collection_names(self) -> list[str]:
        # Paths are the same on every surface, whatever the times of the kernels are.
        tree, readout = PathTree(ScaleBank(heat(self.J)), self.max_order), self._readout()
        return [name for path in tree.paths for name in readout.names(path, None)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.no_validation = True  # samples may be surfaces
        return tags
