"""Samples as scikit-learn hands them over: arrays of one shape, or rows that hold them flattened."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from scatter.errors import InputError
from scatter.numerics.namespace import Array, namespace
from scatter.transforms.channels import channels_first, check_channels, guessing
from scatter.transforms.validation import check_samples, check_shape


class SampleTransformer(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """Base of estimators of samples (channels, *shape), given so or flattened into rows.

    A subclass has a parameter ``shape``, and its ``fit`` keeps what `_layout` finds as ``lead_`` and
    ``shape_``. With a parameter ``channels``, channels may come last.
    """

    shape: Any
    lead_: tuple[int, ...]
    shape_: tuple[int, ...]
    n_features_in_: int

    @property
    @abstractmethod
    def _axes(self) -> int:
        """Axes of a signal."""

    @abstractmethod
    def _guess_shape(self, n_features: int) -> tuple[int, ...]:
        """Shape of the signals that rows of ``n_features`` numbers hold."""

    def _sample_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape in which signals of the parameter ``shape`` are handed in."""
        return shape

    def _validate(self, X: Any, *, reset: bool) -> Array:
        """Samples as an array of floats, checked against what `fit` saw unless ``reset``."""
        x = X if len(getattr(X, "shape", ())) == 2 else self._first(check_samples(X))
        if len(x.shape) == 2:
            try:  # the names and the number of the columns, before the values in them
                validate_data(self, x, reset=reset, skip_check_array=True)
            except ValueError as error:
                raise InputError(str(error)) from error
            return check_samples(x)
        self._count(math.prod(x.shape[1:]), reset=reset)
        return x

    @property
    def _last(self) -> bool:
        """Whether channels come last."""
        return check_channels(getattr(self, "channels", "first"))

    def _first(self, X: Array) -> Array:
        """Samples with their channels before the axes of a signal, unless they are rows or have none."""
        last = self._last and X.ndim > self._axes + 1
        return channels_first(X, self._axes) if last else X

    def _guessing(self, sample: tuple[int, ...]) -> AbstractContextManager[None]:
        """Around what the shape of samples decides, which may be a guess."""
        return guessing(sample, self._axes, guessed=self.shape is None and not self._last)

    def _count(self, points: int, *, reset: bool) -> None:
        """Learn, or compare, how many numbers are in a sample that has no columns."""
        if reset:
            self.__dict__.pop("feature_names_in_", None)
            self.n_features_in_ = points
        elif points != self.n_features_in_:
            raise InputError(
                f"X has {points} features, but {type(self).__name__} is expecting {self.n_features_in_} "
                "features as input"
            )

    def _fitted(self, X: Any, shape: tuple[int, ...]) -> Array:
        """Samples (n, *lead_, *shape) of those that `_validate` gave, refused unless `fit` saw such ones."""
        sample = (*self.lead_, *shape)
        if X.ndim > 2 and tuple(X.shape[1:]) != sample:
            raise InputError(
                f"samples must be of shape {sample} as in fit{', channels first' if self._last else ''}, got "
                f"{tuple(X.shape[1:])}"
            )
        return self._shaped(X, self.lead_, shape)

    def _shaped(self, X: Array, lead: tuple[int, ...], shape: tuple[int, ...]) -> Array:
        """Samples (n, *lead, *shape) of rows, or of what has this shape already."""
        xp, rows = namespace(X), X.shape[0]
        if X.ndim == 2 and lead and self._last:
            return channels_first(xp.reshape(X, (rows, *shape, *lead)), len(shape))
        return xp.reshape(X, (rows, *lead, *shape))

    def _layout(self, sample: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Channels and shape of samples of this shape."""
        if math.prod(sample) == 1:
            raise InputError("a sample of 1 feature(s) has no scales; at least 2 features are needed")
        axes = self._axes
        shape = check_shape(self.shape, axes)
        if shape is None:
            if len(sample) == 1:
                return (), self._guess_shape(sample[0])
            return sample[:-axes], sample[-axes:]
        wanted = self._sample_shape(shape)
        if len(sample) >= axes and sample[-axes:] == wanted:
            return sample[:-axes], shape
        points = math.prod(wanted)
        if len(sample) == 1 and sample[0] % points == 0:
            channels = sample[0] // points
            return (channels,) if channels > 1 else (), shape
        if len(sample) > axes and sample[-axes - 1 : -1] == wanted and not self._last:
            raise InputError(
                f"samples must be of shape {wanted}, with channels before it, got samples of shape {sample}; "
                "type channels='last'"
            )
        raise InputError(
            f"samples must be of shape {wanted}, with channels before it or flattened into rows of a "
            f"multiple of {points} numbers, got samples of shape {sample}"
        )

    def _named(self, names: Sequence[str], input_features: Any) -> NDArray[np.object_]:
        """Names of all features: those of one channel after the other's."""
        check_is_fitted(self)
        if input_features is not None:
            seen = getattr(self, "feature_names_in_", None)
            if seen is not None and not np.array_equal(seen, input_features):
                raise InputError("input_features is not equal to feature_names_in_")
            if len(input_features) != self.n_features_in_:
                raise InputError(
                    "input_features should have length equal to number of features "
                    f"({self.n_features_in_}), got {len(input_features)}"
                )
        heads = [f"channel {','.join(map(str, c))}: " if c else "" for c in np.ndindex(*self.lead_)]
        return np.asarray([head + name for head in heads for name in names], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
