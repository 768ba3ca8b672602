"""Features that are chosen for what they say of the classes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted

from scatter.learning.classes import check_rows, check_samples, learn_classes, variances
from scatter.transforms.validation import check_count

DEPENDENT = 1e-6
"""Share of its variance below which what is left of a feature counts as nothing: the others say it all."""


class OrthogonalLeastSquares(SelectorMixin, BaseEstimator):  # type: ignore[misc]
    """Selection of the features that explain the classes best, each by what those before leave unexplained.

    For each class, the feature is taken that is most correlated with belonging to it. It is projected out of
    that, and out of all other features, and the next is taken in the same way. Classes take turns until there
    are as many features as asked for; what several classes take counts once.

    Parameters
    ----------
    n_features_to_select : int, default=500
        Features to keep, at least 1; all, where there are fewer.

    Attributes
    ----------
    order_ : ndarray of int
        Places of the selected features, in the order in which they were taken. Fewer than asked for, where
        the rest says nothing more of any class, such as features that are sums of others.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_features_in_ : int
        Numbers in a sample.

    Raises
    ------
    InputError
        If a parameter is out of its range, if there is only one class, or if samples are not finite.

    Notes
    -----
    A turn of all classes is one product of the samples with as many vectors, so the time is proportional to
    samples times features times features to select; beside the samples, a float64 vector of samples is held
    for each feature that was taken. The columns of a table keep their names.

    References
    ----------
    Chen, Billings & Luo, "Orthogonal least squares methods and their application to non-linear system
    identification", Int. J. Control 50(5), 1989.

    Oyallon & Mallat, "Deep roto-translation scattering for object classification", CVPR 2015, section 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.learning import OrthogonalLeastSquares
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((300, 50))
    >>> y = X[:, 7] + X[:, 31] > 0
    >>> OrthogonalLeastSquares(2).fit(X, y).get_support(indices=True)
    array([ 7, 31])
    """

    order_: NDArray[np.int64]

    def __init__(self, n_features_to_select: int = 500) -> None:
        self.n_features_to_select = n_features_to_select

    def fit(self, X: Any, y: Any) -> Self:
        """Select features.

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
        count = check_count("n_features_to_select", self.n_features_to_select, 1)
        X, y = check_samples(self, X, y)
        self.classes_, codes = learn_classes(y)
        self.order_ = _select(X, codes, len(self.classes_), min(count, X.shape[1]))
        return self

    def transform(self, X: Any) -> Any:
        """The selected features.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
            In the order of the columns of ``X``.
        """
        check_is_fitted(self)
        return check_rows(self, X)[:, self._get_support_mask()]

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        mask = np.zeros(self.n_features_in_, bool)
        mask[self.order_] = True
        return mask

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _select(X: NDArray[Any], codes: NDArray[np.int64], n_classes: int, count: int) -> NDArray[np.int64]:
    """Places of features in the order in which the classes take them, one each in a turn."""
    indicators = [0] if n_classes == 2 else range(n_classes)  # of two classes, one says all of the other
    members = np.stack([codes == c for c in indicators]).astype(np.float64)
    members -= members.mean(axis=1, keepdims=True)
    mean = X.mean(axis=0, dtype=np.float64)
    variance = len(X) * variances(X)
    least = DEPENDENT * np.maximum(variance, len(X) * mean**2 * 1e-6)
    left = np.tile(variance, (len(members), 1))
    correlated = np.asarray(members.astype(X.dtype) @ X, dtype=np.float64)
    taken = [_Directions(len(X)) for _ in members]
    order: dict[int, None] = {}
    while len(order) < count:
        usable = left > least
        gains = np.where(usable, correlated**2 / np.where(usable, left, 1), 0)
        places = gains.argmax(axis=1)
        directions = np.zeros((len(members), len(X)))
        for k, place in enumerate(places):
            if gains[k, place] > 1e-12 * (members[k] @ members[k]):
                directions[k] = taken[k].add(X[:, place] - mean[place])
                order.setdefault(int(place))
            if len(order) == count:
                break
        if not directions.any():
            break
        shared = np.asarray(directions.astype(X.dtype) @ X, dtype=np.float64)
        along = np.einsum("ij,ij->i", directions, members)
        left = np.maximum(left - shared**2, 0)
        left[np.arange(len(places)), places] = 0
        correlated -= along[:, None] * shared
    return np.asarray(list(order), np.int64)


class _Directions:
    """Orthonormal directions of samples, one after the other."""

    def __init__(self, n_samples: int) -> None:
        self._rows, self._count = np.empty((4, n_samples)), 0

    def add(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """What of a feature is orthogonal to the directions before, of norm 1."""
        found, basis = x.astype(np.float64), self._rows[: self._count]
        for _ in range(2):  # once more for what rounding leaves
            found = found - (basis @ found) @ basis
        found /= np.linalg.norm(found)
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[self._count] = found
        self._count += 1
        return found
