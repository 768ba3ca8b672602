"""Classes as affine spaces: the generative classifier that scattering features are made for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from scatter.errors import InputError
from scatter.learning.classes import (
    check_rows,
    check_samples,
    folds_of,
    learn_classes,
    temperature,
    variances,
)

DIMENSIONS = (0, 1, 2, 3, 5, 8, 12, 16, 20, 30, 40, 60, 80, 100, 120, 160, 200)
"""Dimensions that cross-validation chooses from."""

LEAST, LEAST_SHARE = 1e-100, 1e-9
"""Smallest variance of a class along a direction, and as a share of that of all samples along a feature."""

BLOCK = 2**26
"""Bytes of the features that are projected at once."""


@dataclass(frozen=True, eq=False)
class AffineSpace:
    """The affine space of a class: its mean, and its principal directions.

    Parameters
    ----------
    mean : ndarray of shape (n_features,)
        Mean of the samples.
    directions : ndarray of shape (dimension, n_features)
        Orthonormal, of falling variance.
    variances : ndarray of shape (dimension,)
        Of the samples along each direction.
    rest : float
        Sum of the variances along all other directions.
    least : float
        Smallest variance that a direction counts with.
    """

    mean: NDArray[Any]
    directions: NDArray[Any]
    variances: NDArray[Any]
    rest: float
    least: float

    @classmethod
    def of(cls, X: NDArray[Any], dimension: int, random_state: Any, least: float = 0.0) -> AffineSpace:
        """The space that is nearest to the samples (n_samples, n_features) of a class."""
        from sklearn.decomposition import PCA

        most = min(dimension, len(X) - 1, X.shape[1])
        if most < 1:  # of one sample, a point
            empty = np.zeros((0, X.shape[1]), X.dtype)
            return cls(X.mean(axis=0), empty, empty[:, 0], float(variances(X).sum()), least)
        with np.errstate(divide="ignore", invalid="ignore"):  # shares of no variance, where all are alike
            pca = PCA(most, random_state=random_state).fit(X)
        total = float(variances(X).sum()) * len(X) / (len(X) - 1)
        rest = max(0.0, total - float(pca.explained_variance_.sum(dtype=np.float64)))
        return cls(pca.mean_.astype(X.dtype), pca.components_, pca.explained_variance_, rest, least)

    def costs(self, X: NDArray[Any], dimensions: list[int], whiten: bool) -> NDArray[np.float64]:
        """How far samples are from the space with fewer directions, (n_dimensions, n_samples).

        Half the squared distance; or minus the logarithm of the probability of a sample, where the class is
        Gaussian with the variances of the directions, and one variance for all others.
        """
        away = X - self.mean
        along = np.asarray(away @ self.directions.T, dtype=np.float64) ** 2
        energy = np.einsum("ij,ij->i", away, away, dtype=np.float64)
        found = np.empty((len(dimensions), len(X)))
        variances, n_features = self.variances.astype(np.float64), X.shape[1]
        for row, dimension in zip(found, dimensions, strict=True):
            kept = min(dimension, len(variances))
            beyond = np.maximum(energy - along[:, :kept].sum(axis=1), 0)
            if not whiten:
                row[:] = beyond / 2
                continue
            others = max(1, n_features - kept)
            noise = max((self.rest + variances[kept:].sum()) / others, self.least)
            spread = np.maximum(variances[:kept], noise)
            row[:] = ((along[:, :kept] / spread).sum(axis=1) + beyond / noise) / 2
            row += (np.log(spread).sum() + (n_features - kept) * math.log(noise)) / 2
        return found


class AffinePCAClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The class whose affine space of principal directions is nearest to a sample.

    A deformation moves the scattering coefficients of a class almost linearly, so the samples of a class lie
    near the affine space through their mean along the directions of their largest variance. A sample belongs
    to the class whose space leaves the least of it. Few samples are enough, as nothing but these spaces is
    learnt, and no class is learnt from the samples of another.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Dimension of the spaces, at least 0, and never more than the samples of a class less one; 'auto' is
        the one out of `DIMENSIONS` with the best accuracy in cross-validation.
    whiten : bool or 'auto', default='auto'
        Whether distances are measured in the deviations of the class: a class is then a Gaussian with the
        variances of its directions, and one variance for all others. 'auto' is what cross-validation says.
    cv : int, default=5
        Parts of the cross-validation, at least 2. Classes of fewer samples are learnt from, and not tested.
    random_state : int, RandomState instance or None, default=0
        Of the assignment to parts, and of the randomised decomposition of classes with many samples.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    spaces_ : list of AffineSpace
        One a class.
    n_components_ : int
        Dimension that was chosen.
    whiten_ : bool
        Whether distances are in deviations.
    score_ : float
        Accuracy of that choice in cross-validation; NaN where nothing was to be chosen.
    temperature_ : float
        What costs are divided by to become logarithms of probabilities; fitted in cross-validation.
    n_features_in_ : int
        Numbers in a sample.

    Raises
    ------
    InputError
        If a parameter is out of its range, if there is only one class, or if samples are not finite.

    Notes
    -----
    Directions are those of `sklearn.decomposition.PCA`, exact for small classes and randomised for large
    ones, in the precision of the samples. Samples are projected in blocks of 64 MB.

    References
    ----------
    Bruna & Mallat, "Invariant scattering convolution networks", IEEE TPAMI 35(8), 2013, section 4.1.

    Tipping & Bishop, "Probabilistic principal component analysis", J. R. Statist. Soc. B 61(3), 1999.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.pipeline import make_pipeline
    >>> from scatter import Scattering2D
    >>> from scatter.learning import AffinePCAClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X, X_test, y, y_test = train_test_split(X, y, train_size=300, random_state=0, stratify=y)
    >>> model = make_pipeline(Scattering2D(J=2), AffinePCAClassifier()).fit(X / 16, y)
    >>> bool(model.score(X_test / 16, y_test) > 0.96)
    True
    """

    def __init__(
        self,
        n_components: int | str = "auto",
        *,
        whiten: bool | str = "auto",
        cv: int = 5,
        random_state: Any = 0,
    ) -> None:
        self.n_components = n_components
        self.whiten = whiten
        self.cv = cv
        self.random_state = random_state

    # ------------------------------------------------------------------ fitting
    def fit(self, X: Any, y: Any) -> Self:
        """Find the affine space of each class, and its dimension.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.
        y : array of shape (n_samples,)
            Their labels.

        Returns
        -------
        self
        """
        X, y = check_samples(self, X, y)
        self.classes_, codes = learn_classes(y)
        asked, whitens = self._dimensions(), self._whitens()
        most = int(np.bincount(codes).max())
        dimensions = sorted({min(d, most - 1, X.shape[1]) for d in asked})
        random_state = check_random_state(self.random_state)
        choices = [(whiten, dimension) for whiten in whitens for dimension in dimensions]
        least = max(LEAST, LEAST_SHARE * float(variances(X).mean()))
        costs, truth = self._held_out(X, codes, dimensions, whitens, random_state, least)
        right = (costs.argmin(axis=-1) == truth).mean(axis=-1) if len(truth) else np.zeros(len(choices))
        best = int(right.argmax())  # the first: the plainest of those that are alike
        self.whiten_, self.n_components_ = choices[best]
        self.score_ = float(right[best]) if len(truth) else float("nan")
        self.temperature_ = temperature(-costs[best], truth)
        every = np.arange(len(X))
        self.spaces_ = self._spaces(X, codes, every, self.n_components_, random_state, least)
        return self

    def _dimensions(self) -> tuple[int, ...]:
        if isinstance(self.n_components, str) and self.n_components == "auto":
            return DIMENSIONS
        whole = isinstance(self.n_components, Integral) and not isinstance(self.n_components, bool)
        if not whole or int(self.n_components) < 0:
            raise InputError(f"n_components must be 'auto' or an integer >= 0, got {self.n_components!r}")
        return (int(self.n_components),)

    def _whitens(self) -> tuple[bool, ...]:
        if isinstance(self.whiten, str) and self.whiten == "auto":
            return (False, True)
        if not isinstance(self.whiten, (bool, np.bool_)):
            raise InputError(f"whiten must be True, False or 'auto', got {self.whiten!r}")
        return (bool(self.whiten),)

    def _held_out(
        self,
        X: NDArray[Any],
        codes: NDArray[np.int64],
        dimensions: list[int],
        whitens: tuple[bool, ...],
        random_state: Any,
        least: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Costs (choices, samples, classes) of samples that the spaces have not seen, and their classes."""
        costs, truth = [], []
        for seen, unseen in folds_of(codes, self.cv, random_state):
            spaces = self._spaces(X, codes, seen, dimensions[-1], random_state, least)
            costs.append(_costs(spaces, X, unseen, dimensions, whitens))
            truth.append(codes[unseen])
        if not costs:
            return np.zeros((len(dimensions) * len(whitens), 0, len(self.classes_))), np.zeros(0, np.int64)
        return np.concatenate(costs, axis=1), np.concatenate(truth)

    def _spaces(
        self,
        X: NDArray[Any],
        codes: NDArray[np.int64],
        rows: NDArray[np.int64],
        dimension: int,
        random_state: Any,
        least: float,
    ) -> list[AffineSpace]:
        """The space of each class, from some of the samples; no more than a class is copied."""
        seed = random_state.randint(np.iinfo(np.int32).max)
        members = [rows[codes[rows] == c] for c in range(len(self.classes_))]
        return [AffineSpace.of(X[which], dimension, seed, least) for which in members]

    # ------------------------------------------------------------------ using
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """How near samples are to each class: minus half the squared distance, or the log-probability.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) of two classes
            Of two classes, that of the second less that of the first.
        """
        near = self._near(X)
        return np.asarray(near[:, 1] - near[:, 0]) if len(self.classes_) == 2 else near

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of the classes: a softmax of `decision_function` over the fitted temperature.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        from scipy.special import softmax

        return np.asarray(softmax(self._near(X) / self.temperature_, axis=1))

    def predict(self, X: Any) -> NDArray[Any]:
        """The nearest class of each sample.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        nearest = self._near(X).argmax(axis=1)
        return np.asarray(self.classes_[nearest])

    def _near(self, X: Any) -> NDArray[np.float64]:
        check_is_fitted(self)
        X = check_rows(self, X)
        costs = _costs(self.spaces_, X, np.arange(len(X)), [self.n_components_], (self.whiten_,))
        return np.asarray(-costs[0])


def _costs(
    spaces: list[AffineSpace],
    X: NDArray[Any],
    rows: NDArray[np.int64],
    dimensions: list[int],
    whitens: tuple[bool, ...],
) -> NDArray[np.float64]:
    """Costs (choices, samples, classes) of some of the samples, a block at a time."""
    found = np.empty((len(whitens) * len(dimensions), len(rows), len(spaces)))
    for block in gen_batches(len(rows), max(1, BLOCK // (X.itemsize * X.shape[1]))):
        samples = X[rows[block]]
        for place, space in enumerate(spaces):
            parts = [space.costs(samples, dimensions, whiten) for whiten in whitens]
            found[:, block, place] = np.concatenate(parts)
    return found
