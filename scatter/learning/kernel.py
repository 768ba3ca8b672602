"""Ridge regression on the labels with a Gaussian kernel, for as many samples as memory has room for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from scatter.errors import InputError
from scatter.learning.classes import check_rows, check_samples, learn_classes
from scatter.transforms.validation import check_positive

TILE = 2048
"""Samples on either side of the part of a kernel that is computed at once."""
SPREAD = 2000
"""Samples whose distances the width of the kernel is taken from."""


class KernelRidgeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Ridge regression on the labels with a Gaussian kernel ``k(x, z) = exp(-gamma |x - z|^2)``.

    Each class has a function ``f(x) = sum_i a_i k(x, x_i)`` whose values on the training samples come close
    to 1 on its own and -1 on others: ``(K + alpha I) a = y``. A sample is of the class of the highest value.

    Parameters
    ----------
    alpha : float, default=0.1
        Weight of the norm of the functions, above 0. In float32, ten thousands of samples need at least some
        hundredths.
    gamma : 'median' or float, default='median'
        Inverse square of the width of the kernel, above 0; 'median' is one over the median of the squared
        distances between samples.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    samples_ : ndarray of shape (n_samples, n_features)
        The training samples.
    centre_ : ndarray of shape (n_features,)
        Their mean, from which distances are computed with fewer rounding errors.
    dual_coef_ : ndarray of shape (n_samples, n_classes), or (n_samples, 1) of two classes
        The coefficients a.
    gamma_ : float
        The inverse square of the width.
    n_features_in_ : int
        Numbers in a sample.

    Raises
    ------
    InputError
        If a parameter is out of its range, alpha too small for the precision, if there is only one class, or
        if samples are not finite.

    Notes
    -----
    The kernel is one array of ``n_samples**2`` numbers in the precision of the samples, computed in parts,
    half of it, and factored in place: 10 GB for 50,000 samples of float32, where
    `sklearn.kernel_ridge.KernelRidge` takes three times as much. Time is that of ``n_samples**3 / 3``
    multiplications and additions, and as many as the samples have numbers for each value of the kernel.

    References
    ----------
    Saunders, Gammerman & Vovk, "Ridge regression learning algorithm in dual variables", ICML 1998.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from scatter.learning import KernelRidgeClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> bool(KernelRidgeClassifier().fit(X[:900], y[:900]).score(X[900:], y[900:]) > 0.94)
    True
    """

    def __init__(self, alpha: float = 0.1, gamma: str | float = "median") -> None:
        self.alpha = alpha
        self.gamma = gamma

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the functions of the classes.

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
        alpha = check_positive("alpha", self.alpha)
        X, y = check_samples(self, X, y)
        self.classes_, codes = learn_classes(y)
        self.samples_, self.centre_ = X, X.mean(axis=0, dtype=np.float64).astype(X.dtype)
        self.gamma_ = self._width(X)
        own = codes[:, None] == np.arange(len(self.classes_))
        targets = np.where(own if len(self.classes_) > 2 else own[:, 1:], 1, -1).astype(X.dtype)
        self.dual_coef_ = _solve(self._factor(X, alpha), targets)
        return self

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Value of the function of each class, or of the second class of two.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) of two classes
        """
        check_is_fitted(self)
        X = check_rows(self, X)
        values = np.zeros((len(X), self.dual_coef_.shape[1]), np.result_type(X, self.samples_))
        for rows in _tiles(len(X)):
            for learnt in _tiles(len(self.samples_)):
                values[rows] += self._kernel(X[rows], self.samples_[learnt]) @ self.dual_coef_[learnt]
        return values if len(self.classes_) > 2 else values[:, 0]

    def predict(self, X: Any) -> NDArray[Any]:
        """Label of each sample.

        Parameters
        ----------
        X : array of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        values = self.decision_function(X)
        places = values.argmax(axis=1) if values.ndim > 1 else (values > 0).astype(int)
        return np.asarray(self.classes_[places])

    def _width(self, X: NDArray[Any]) -> float:
        if not (isinstance(self.gamma, str) and self.gamma == "median"):
            return check_positive("gamma", self.gamma, "'median' or ")
        some = X[:: max(1, len(X) // SPREAD)] - self.centre_
        squares = _squared_distances(some, some)[np.triu_indices(len(some), 1)]
        apart = squares[squares > 0]  # where most samples are the same, those that differ say how far apart
        median = float(np.median(squares)) or (float(np.median(apart)) if apart.size else 1.0)
        return 1 / median

    def _kernel(self, X: NDArray[Any], Z: NDArray[Any]) -> NDArray[Any]:
        values = _squared_distances(X - self.centre_, Z - self.centre_)
        values *= -self.gamma_
        return np.asarray(np.exp(values, out=values))

    def _factor(self, X: NDArray[Any], alpha: float) -> NDArray[Any]:
        """Lower Cholesky factor of the kernel plus alpha, in the memory of the kernel."""
        n = len(X)
        K = np.empty((n, n), X.dtype)
        for rows in _tiles(n):
            for columns in _tiles(rows.stop):  # what is right of the diagonal is never read
                K[rows, columns] = self._kernel(X[rows], X[columns])
        K[np.diag_indices(n)] += K.dtype.type(alpha)
        try:
            return _cholesky(K)
        except np.linalg.LinAlgError as error:
            raise InputError(
                f"alpha={alpha:g} is too small for {n} samples of {X.dtype}; type a larger one, or hand in "
                "samples of float64"
            ) from error


def _tiles(count: int, first: int = 0) -> Iterator[slice]:
    for start in range(first, count, TILE):
        yield slice(start, min(count, start + TILE))


def _cholesky(A: NDArray[Any]) -> NDArray[Any]:
    """Lower factor of a positive definite matrix, in its memory; nothing right of the diagonal is read.

    By columns of tiles: LAPACK as SciPy has it, with integers of 32 bits, crashed at 50,000 rows.
    """
    for columns in _tiles(len(A)):
        done, below = slice(0, columns.start), slice(columns.stop, len(A))
        corner = A[columns, columns] - A[columns, done] @ A[columns, done].T
        A[columns, columns] = corner = scipy.linalg.cholesky(corner, lower=True, check_finite=False)
        for rows in _tiles(len(A), below.start):
            rest = A[rows, columns] - A[rows, done] @ A[columns, done].T
            A[rows, columns] = scipy.linalg.solve_triangular(corner, rest.T, lower=True, check_finite=False).T
    return A


def _solve(lower: NDArray[Any], B: NDArray[Any]) -> NDArray[Any]:
    """Solution X of ``lower @ lower.T @ X = B``."""
    X, n = B.copy(), len(B)
    for rows in _tiles(n):
        rest = X[rows] - lower[rows, : rows.start] @ X[: rows.start]
        X[rows] = scipy.linalg.solve_triangular(lower[rows, rows], rest, lower=True, check_finite=False)
    for rows in reversed(list(_tiles(n))):
        rest = X[rows] - lower[rows.stop :, rows].T @ X[rows.stop :]
        X[rows] = scipy.linalg.solve_triangular(
            lower[rows, rows], rest, trans="T", lower=True, check_finite=False
        )
    return X


def _squared_distances(X: NDArray[Any], Z: NDArray[Any]) -> NDArray[Any]:
    """Squared distances (n, m) of samples (n, features) and (m, features), by one product of matrices."""
    squares = X @ Z.T
    squares *= -2
    squares += np.einsum("ij,ij->i", X, X)[:, None]
    squares += np.einsum("ij,ij->i", Z, Z)
    return np.asarray(np.maximum(squares, 0, out=squares))
