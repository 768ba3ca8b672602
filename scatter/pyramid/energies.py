"""Energies of the bands of a pyramid as features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from scatter.errors import InputError
from scatter.numerics.namespace import Array
from scatter.pyramid.decomposition import APPROXIMATION, Decomposition
from scatter.pyramid.transform import Pyramid
from scatter.transforms.grids import Grids, heads
from scatter.transforms.intake import check_names, columns, named
from scatter.transforms.readout import Readout
from scatter.transforms.validation import check_flag

STATISTICS = ("energy", "mean", "share")


class WaveletEnergies(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """How much of a signal is in each band of its pyramid: a few features, at next to no cost.

    Parameters
    ----------
    wavelet, levels, mode
        As in `Pyramid`.
    sampling : {'decimated', 'undecimated', 'packet'}, default='decimated'
        What `Pyramid` calls ``transform``, which is a method here.
    ndim : {1, 2, 3}, default=2
        Axes of a signal.
    shape : tuple of int, optional
        Of a signal, ``ndim`` sides; None learns it from `fit`. Rows of a square number of features are
        square images, others images of one row, with a warning; rows of volumes need it.
    channels : {'first', 'last'}, default='first'
        Where the channels of samples are: (channels, *shape) or (*shape, channels).
    statistic : {'energy', 'mean', 'share'}, default='energy'
        Of every band: the sum of its squares; the mean of its moduli; or its part of the energy of all
        the bands that are kept, so that they add up to 1 and contrast doesn't matter.
    log : bool or float, default=False
        Logarithm of it, ``log(s + log)``; True is 1e-6.
    approximation : bool, default=True
        Whether to keep the approximation, which is mostly brightness, among the bands.

    Attributes
    ----------
    shape_ : tuple of int
        Shape learnt by `fit`.
    bands_ : tuple of str
        Names of the bands, as in `Decomposition.bands`.
    n_features_in_ : int
        Numbers in a sample.

    Notes
    -----
    Samples may be of shape (channels, *shape): features are then those of one channel after the other's.

    References
    ----------
    Laine & Fan, "Texture classification by wavelet packet signatures", IEEE TPAMI 15(11), 1993.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import Pyramid, WaveletEnergies
    >>> x = np.random.default_rng(0).random((5, 64, 64))
    >>> E = WaveletEnergies(levels=2, statistic="share")
    >>> E.fit_transform(x).shape
    (5, 7)
    >>> print(*E.get_feature_names_out()[:3])
    approximation level2_horizontal level2_vertical
    >>> bool(np.allclose(E.transform(Pyramid(levels=2).decompose(x)), E.transform(x)))
    True
    """

    def __init__(
        self,
        wavelet: str = "bior4.4",
        levels: int = 4,
        mode: str = "symmetric",
        sampling: str = "decimated",
        ndim: int = 2,
        shape: Any = None,
        *,
        channels: str = "first",
        statistic: str = "energy",
        log: bool | float = False,
        approximation: bool = True,
    ) -> None:
        self.wavelet = wavelet
        self.levels = levels
        self.mode = mode
        self.sampling = sampling
        self.ndim = ndim
        self.shape = shape
        self.channels = channels
        self.statistic = statistic
        self.log = log
        self.approximation = approximation

    # ------------------------------------------------------------------ scikit-learn
    def fit(self, X: Any, y: object = None) -> Self:
        """Learn the shape of the samples and the names of the bands; nothing else is learnt.

        Parameters
        ----------
        X : array of shape (n_samples, *shape), (n_samples, channels, *shape) or (n_samples, n_features)
            Signals, or rows that hold them flattened; or a `Decomposition` whose batch begins with the
            samples, or a sequence of them, one a sample.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        InputError
            If a parameter is out of its range, or the samples are not such signals.
        """
        pyramid = self._pyramid()
        self._readout()
        if (given := _given(X)) is not None:
            first, n_axes = given[0], int(isinstance(X, Decomposition))
            lead, shape, bands = first.batch[n_axes:], first.shape, tuple(first.bands)
            columns(self, np.empty((0, *lead, *shape)), reset=True)
        else:
            grids = self._grids()
            X = grids.checked(X, lambda x: columns(self, x, reset=True))
            sample = tuple(X.shape[1:])
            with grids.doubt(sample):
                lead, shape = grids.layout(sample)
                pyramid.sizes(shape)
            bands = pyramid.names
        self.lead_, self.shape_, self.bands_ = lead, shape, bands
        return self

    def transform(self, X: Any) -> Any:
        """Features of every sample.

        Parameters
        ----------
        X : array, Decomposition, or sequence of Decomposition
            Samples of the shape that `fit` saw, or the bands that it saw.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            In the precision of ``X``; named by `get_feature_names_out`.

        Raises
        ------
        InputError
            If the samples are not like those that `fit` saw.
        """
        check_is_fitted(self)
        if (given := _given(X)) is not None:
            batches = given if isinstance(X, Decomposition) else [_one(d) for d in given]
            return np.concatenate([self._features(d) for d in batches])
        grids = self._grids()
        X = grids.checked(X, lambda x: columns(self, x, reset=False))
        return self._features(self._pyramid().decompose(grids.like(X, self.lead_, self.shape_)))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Name of every feature: that of its band, such as 'level2_horizontal'.

        Parameters
        ----------
        input_features : array of str, optional
            Checked against what `fit` saw; the names don't depend on it.

        Returns
        -------
        ndarray of str of shape (n_features_out,)
        """
        check_is_fitted(self)
        check_names(self, input_features)
        return named(heads(self.lead_), [name for name in self.bands_ if self._keeps(name)])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    # ------------------------------------------------------------------ parts
    def _grids(self) -> Grids:
        axes = self._pyramid().ndim
        return Grids.of(self, axes, guess=_no_volume) if axes == 3 else Grids.of(self, axes)

    def _pyramid(self) -> Pyramid:
        return Pyramid(self.wavelet, self.levels, self.mode, self.sampling, self.ndim)

    def _readout(self) -> Readout:
        """The logarithm, and the other parameters checked."""
        if self.statistic not in STATISTICS:
            names = ", ".join(map(repr, STATISTICS))
            raise InputError(f"statistic must be one of {names}, got {self.statistic!r}")
        check_flag("approximation", self.approximation)
        return Readout(log=self.log)

    def _keeps(self, name: str) -> bool:
        return bool(self.approximation) or name != APPROXIMATION

    def _features(self, d: Decomposition) -> Array:
        """Features (n, features) of a decomposition whose batch is (n, *channels)."""
        seen = (self.lead_, self.shape_, self.bands_)
        if (d.batch[1:], d.shape, tuple(d.bands)) != seen:
            raise InputError(
                f"bands of signals of shape {self.shape_} with channels {self.lead_} as in fit are needed, "
                f"{', '.join(self.bands_[:3])} and so on, got {d!r}"
            )
        floor = self._readout().floor
        if self.statistic == "mean":
            axes = tuple(range(-d.ndim, 0))
            found = {name: _mean(band, axes) for name, band in d.bands.items()}
        else:
            found = d.energies()
        values = np.stack([value for name, value in found.items() if self._keeps(name)], axis=-1)
        if self.statistic == "share":
            total = values.sum(axis=-1, keepdims=True)
            values = np.divide(values, total, out=np.zeros_like(values), where=total > 0)
        if floor is not None:
            values = np.log(values + floor)
        return values.reshape(len(values), -1).astype(d.approximation.real.dtype)


def _no_volume(n_features: int) -> tuple[int, ...]:
    raise InputError(
        "rows of volumes need their shape; type WaveletEnergies(..., ndim=3, shape=(16, 16, 16)) or "
        "X.reshape(n, depth, rows, columns)"
    )


def _given(X: Any) -> list[Decomposition] | None:
    """Decompositions that were given for samples; None where there are signals."""
    if isinstance(X, Decomposition):
        if not X.batch:
            raise InputError("the batch of a Decomposition must begin with samples; for one sample type [d]")
        return [X]
    if not isinstance(X, Sequence) or not any(isinstance(each, Decomposition) for each in X):
        return None
    for place, each in enumerate(X):
        if not isinstance(each, Decomposition):
            raise InputError(
                f"sample {place}: a Decomposition like the others is needed, got {type(each).__name__}"
            )
    return list(X)


def _one(d: Decomposition) -> Decomposition:
    """A batch of one sample."""
    details = [{name: band[None] for name, band in level.items()} for level in d.details]
    return replace(d, approximation=d.approximation[None], details=details)


def _mean(band: Array, axes: tuple[int, ...]) -> Array:
    """Mean of the moduli, 0 of an empty band, in double precision."""
    count = math.prod(band.shape[axis] for axis in axes)
    return np.sum(np.abs(band), axis=axes, dtype=np.float64) / max(count, 1)
