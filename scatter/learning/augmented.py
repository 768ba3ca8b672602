"""Classifiers that learn from changed copies of their samples as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from scatter.errors import InputError


def mirrored(X: Any) -> Any:
    """Samples (n_samples, ..., N) with their last axis reversed: images as a mirror shows them.

    Examples
    --------
    >>> mirrored(np.array([[1, 2, 3]]))
    array([[3, 2, 1]])
    """
    return np.asarray(X)[..., ::-1]


def _has(name: str) -> Callable[[Any], bool]:
    """Whether the classifier has a method, as scikit-learn asks."""

    def check(model: Any) -> bool:
        getattr(getattr(model, "classifier_", model.classifier), name)
        return True

    return check


class AugmentedClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that is fitted to its samples and to changed copies of them.

    A photograph seen in a mirror shows the same thing, and scattering is not invariant to that. Copies are
    made of the samples of a `fit` only: in a cross-validation a copy of a sample is never on the other side.

    Parameters
    ----------
    classifier : estimator
        Of raw samples, such as what `make_scattering_classifier` gives.
    changes : sequence of callable, optional
        Samples -> as many changed samples of the same labels; None is `mirrored` alone. A function of a
        module can be pickled, a lambda can't.

    Attributes
    ----------
    classifier_ : estimator
        The fitted classifier.
    classes_ : ndarray of shape (n_classes,)
        The labels.

    Raises
    ------
    InputError
        If ``changes`` are no functions, or one of them gives other samples than it was given.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from scatter.learning import AugmentedClassifier, make_scattering_classifier
    >>> X, y = load_digits(n_class=2, return_X_y=True)
    >>> X = X.reshape(-1, 8, 8) / 16
    >>> model = AugmentedClassifier(make_scattering_classifier("image")).fit(X[:50], y[:50])
    >>> bool(model.score(X[50:, :, ::-1], y[50:]) > 0.98)
    True
    """

    def __init__(self, classifier: Any, changes: Sequence[Callable[[Any], Any]] | None = None) -> None:
        self.classifier = classifier
        self.changes = changes

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the classifier to samples and their changed copies.

        Parameters
        ----------
        X : array of shape (n_samples, ...)
            Samples.
        y : array of shape (n_samples,)
            Their labels.

        Returns
        -------
        self
        """
        changes = (mirrored,) if self.changes is None else tuple(self.changes)
        if not all(map(callable, changes)):
            raise InputError(f"changes must be functions of samples, got {self.changes!r}")
        if not changes or hasattr(X, "tocsr") or y is None:
            self.classifier_ = clone(self.classifier).fit(X, y)  # which says what is wrong with them
        else:
            samples, labels = np.asarray(X), np.asarray(y)
            rows = [samples, *(_changed(change, samples) for change in changes)]
            self.classifier_ = clone(self.classifier).fit(
                np.concatenate(rows), np.concatenate([labels] * len(rows))
            )
        self.classes_ = self.classifier_.classes_
        for name in ("n_features_in_", "feature_names_in_"):
            self.__dict__.pop(name, None)
        if hasattr(self.classifier_, "n_features_in_"):
            self.n_features_in_ = self.classifier_.n_features_in_
        if hasattr(X, "columns"):
            self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Classes of samples; see the classifier."""
        check_is_fitted(self)
        return np.asarray(self.classifier_.predict(X))

    @available_if(_has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> NDArray[Any]:
        """Values of the classes; see the classifier."""
        check_is_fitted(self)
        return np.asarray(self.classifier_.decision_function(X))

    @available_if(_has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Probabilities of the classes; see the classifier."""
        check_is_fitted(self)
        return np.asarray(self.classifier_.predict_proba(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.classifier)
        tags.input_tags = inner.input_tags
        tags.classifier_tags = inner.classifier_tags
        return tags


def _changed(change: Callable[[Any], Any], X: NDArray[Any]) -> NDArray[Any]:
    found = np.asarray(change(X))
    if found.shape != X.shape:
        raise InputError(
            f"a change must give samples of the shape that it is given, {X.shape}, got {found.shape}"
        )
    return found
