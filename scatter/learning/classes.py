"""What the classifiers share: checks of samples and labels, parts of a cross-validation, probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from scatter.errors import InputError
from scatter.transforms.validation import check_count

FLOATS = (np.float64, np.float32)


def check_samples(estimator: Any, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Samples (n_samples, n_features) of floats and their labels, as `fit` takes them.

    Raises
    ------
    InputError
        If they are not finite, of other shapes, or no labels of classes.
    """
    _refuse_sparse(estimator, X)
    try:
        X, y = validate_data(estimator, X, y, dtype=FLOATS, ensure_min_samples=2)
        check_classification_targets(y)
    except ValueError as error:
        raise InputError(str(error)) from error
    return X, y


def check_rows(estimator: Any, X: Any) -> NDArray[Any]:
    """Samples (n_samples, n_features) of floats, like those that `fit` saw."""
    _refuse_sparse(estimator, X)
    try:
        return np.asarray(validate_data(estimator, X, dtype=FLOATS, reset=False))
    except ValueError as error:
        raise InputError(str(error)) from error


def _refuse_sparse(estimator: Any, X: Any) -> None:
    if scipy.sparse.issparse(X):
        raise InputError(
            f"{type(estimator).__name__} takes dense samples, got sparse data of type {type(X).__name__}; "
            "type X.toarray()"
        )


def learn_classes(y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The labels, and which of them each sample has.

    Raises
    ------
    InputError
        If there is only one.
    """
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"at least two classes are needed, got one class, {classes.tolist()[0]!r}")
    return classes, codes


def variances(X: NDArray[Any]) -> NDArray[np.float64]:
    """Variance of each feature, in double precision and without a copy of the samples."""
    mean = X.mean(axis=0, dtype=np.float64)
    squares = np.einsum("ij,ij->j", X, X, dtype=np.float64)
    return np.asarray(np.maximum(squares / len(X) - mean**2, 0))


def folds_of(
    codes: NDArray[np.int64], cv: object, random_state: Any
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Places of samples to learn from, and of others to test on; small classes are not tested.

    Parameters
    ----------
    codes : ndarray of shape (n_samples,)
        Class of each sample, from 0 on.
    cv : int
        Parts, at least 2; as many as the largest class has samples, if those are fewer.
    random_state : RandomState
        Of the assignment.

    Raises
    ------
    InputError
        If ``cv`` is no such number.
    """
    most = check_count("cv", cv, 2)
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(codes)
    parts = min(most, int(counts.max()))
    large = np.flatnonzero(counts[codes] >= parts) if parts > 1 else np.zeros(0, np.int64)
    few = np.flatnonzero(counts[codes] < parts)
    if not len(large):
        return
    folding = StratifiedKFold(parts, shuffle=True, random_state=random_state)
    for seen, unseen in folding.split(large, codes[large]):
        yield np.sort(np.concatenate([large[seen], few])), large[unseen]


def temperature(scores: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """What scores are divided by for their softmax to be the likeliest probabilities.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_classes)
        Higher for nearer classes, of samples that were not learnt from.
    truth : ndarray of shape (n_samples,)
        Their classes.

    Returns
    -------
    float
        Positive; 1 where there is no sample.

    References
    ----------
    Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks", ICML 2017.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    if not len(truth):
        return 1.0
    scores = scores - scores.max(axis=1, keepdims=True)
    unit = float(np.median(-scores.min(axis=1))) or 1.0  # scores have no scale of their own

    def loss(power: float) -> float:
        likelihood = log_softmax(scores / (unit * 10**power), axis=1)
        return -float(np.take_along_axis(likelihood, truth[:, None], axis=1).mean())

    return unit * 10 ** float(minimize_scalar(loss, bounds=(-4, 2), method="bounded").x)
