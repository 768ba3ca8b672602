"""What a model says about features, and how often it is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.errors import InputError
from scatter.learning.data import finite_features, labels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scatter.io import FeatureTable
    from scatter.learning.model import Model


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model says about some samples.

    Parameters
    ----------
    labels : ndarray of str, shape (n_samples,)
        The most probable class of each.
    values : ndarray, shape (n_samples, n_classes)
        The probability of each class, or a value that is larger the more likely a class is.
    probabilities : bool
        Which of the two.
    """

    labels: NDArray[np.str_]
    values: NDArray[Any]
    probabilities: bool

    @property
    def best(self) -> NDArray[Any]:
        """The value of the class of each sample, shape (n_samples,)."""
        best: NDArray[Any] = self.values.max(axis=1)
        return best


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How often a model is right.

    Parameters
    ----------
    classes : tuple of str
        In the order of the arrays.
    confusion : ndarray of int, shape (n_classes, n_classes)
        How many samples of a class (row) were taken for a class (column).
    """

    classes: tuple[str, ...]
    confusion: NDArray[np.int64]

    @property
    def support(self) -> NDArray[np.int64]:
        """Samples of each class."""
        support: NDArray[np.int64] = self.confusion.sum(axis=1)
        return support

    @property
    def accuracy(self) -> float:
        """Share of the samples that were recognised."""
        return float(np.trace(self.confusion) / self.confusion.sum())

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the recalls of the classes that have samples."""
        return float(np.nanmean(self.recall))

    @property
    def recall(self) -> NDArray[np.float64]:
        """Share of the samples of each class that were recognised; NaN where there is none."""
        return _shares(np.diag(self.confusion), self.support)

    @property
    def precision(self) -> NDArray[np.float64]:
        """Share of the samples taken for each class that are of it; NaN where there is none."""
        return _shares(np.diag(self.confusion), self.confusion.sum(axis=0))


def predict(model: Model, features: NDArray[Any]) -> Prediction:
    """Classify samples by their features.

    Parameters
    ----------
    model : Model
        What to ask.
    features : ndarray, shape (n_samples, n_features)
        Made by the transform that made those of the model.

    Returns
    -------
    Prediction

    Raises
    ------
    InputError
        If the number of features is another, or if a feature is NaN or infinite.

    Examples
    --------
    >>> predict(model, features).labels[:3]  # doctest: +SKIP
    array(['7', '2', '1'], dtype='<U1')
    """
    checked = finite_features(np.asarray(features))
    if checked.shape[1] != len(model.names):
        raise InputError(f"the model has {len(model.names)} features, got {checked.shape[1]}")
    probabilities = hasattr(model.pipeline, "predict_proba")
    if probabilities:
        values = model.pipeline.predict_proba(checked)
    else:
        values = model.pipeline.decision_function(checked)
        values = np.stack([-values, values], axis=1) if values.ndim == 1 else values
    labels = np.array(model.classes, dtype=np.str_)[values.argmax(axis=1)]
    return Prediction(labels, values, probabilities)


def evaluate(model: Model, table: FeatureTable, label: str = "label") -> Evaluation:
    """Compare what a model says about the rows of a table with their labels.

    Parameters
    ----------
    model : Model
        What to measure.
    table : FeatureTable
        Of the same transform, with labels.
    label : str, default='label'
        The key column of the labels.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        If the features or the hash of the filters are not those of the model, if there is no such column,
        if a row has no label or one that is no class of the model, or if a feature is NaN or infinite.

    Examples
    --------
    >>> evaluate(model, read_table("test.parquet")).accuracy  # doctest: +SKIP
    0.981
    """
    check_same_features(model, table.names, table.metadata)
    labels = labels_of(table, label)
    place = {name: i for i, name in enumerate(model.classes)}
    for name in labels:
        if str(name) not in place:
            raise InputError(
                f"the label {str(name)!r} is no class of the model, which has {', '.join(model.classes)}"
            )
    n = len(place)
    told = [place[str(name)] for name in predict(model, table.features).labels]
    pairs = np.array([place[str(name)] for name in labels]) * n + np.array(told)
    return Evaluation(model.classes, np.bincount(pairs, minlength=n * n).reshape(n, n))


def check_same_features(model: Model, names: tuple[str, ...], metadata: dict[str, str]) -> None:
    """Refuse features that another transform made.

    Parameters
    ----------
    model : Model
        The model.
    names : tuple of str
        Of the features.
    metadata : dict of str to str
        Of their table.

    Raises
    ------
    InputError
        If the names or the hash of the filters are not those of the model.
    """
    transform = model.metadata.get("transform")
    made = "" if transform is None else f"; the model is of features made by {transform}"
    if len(names) != len(model.names):
        raise InputError(f"the model has {len(model.names)} features, got {len(names)}{made}")
    for i, (got, wanted) in enumerate(zip(names, model.names, strict=True)):
        if got != wanted:
            raise InputError(f"the name of feature {i} must be {wanted!r}, got {got!r}{made}")
    wanted_filters, filters = model.metadata.get("filters"), metadata.get("filters")
    if wanted_filters != filters:
        raise InputError(
            f"the hash of the filters must be {wanted_filters or 'absent'}, got {filters or 'none'}{made}"
        )


def _shares(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
