"""Train a classifier on a table, and measure it on parts of the table that it has not seen."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.errors import InputError, ScatterWarning
from scatter.learning.data import finite_features, groups_of, labels_of
from scatter.learning.heads import build, grid
from scatter.learning.model import Model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scatter.io import FeatureTable


INNER = 3
"""Parts of the cross-validation in which parameters are chosen."""


def train(
    table: FeatureTable,
    label: str = "label",
    *,
    head: str = "logistic",
    folds: int = 5,
    seed: int = 0,
    search: bool = False,
    watch: Callable[[int, int], None] | None = None,
) -> Model:
    """Train a classifier: standardisation, then a light one.

    It is trained on the whole table; the scores are those of ``folds`` others, each trained without a part
    and tested on it.  Rows of one group, or segments of one file, are never in two parts.

    Parameters
    ----------
    table : FeatureTable
        With a key column of labels; a key column ``'group'`` tells which rows belong together.
    label : str, default='label'
        The key column of the labels.
    head : {'logistic', 'svm', 'ridge', 'rbf', 'kernel', 'pca'}, default='logistic'
        Logistic regression with ``C=1``, a linear support vector machine with ``C=0.1``, a ridge classifier
        that chooses its penalty by leave-one-out, a support vector machine with ``C=10`` and a Gaussian
        kernel as wide as samples are apart, or an `AffinePCAClassifier`.
    folds : int, default=5
        Parts of the cross-validation, at least 2; fewer if a class has fewer samples or groups.
    seed : int, default=0
        Of the assignment to parts.
    search : bool, default=False
        Choose the parameters of the classifier among those of `scatter.learning.heads.grid`, by the accuracy
        in a cross-validation of the samples that are learnt from. Those of each of the ``folds`` are chosen
        anew without its test samples, so the scores are honest.
    watch : callable, optional
        (classifiers fitted, classifiers to fit), called after each.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If there is no such column or head, if a row has no label, if there is only one class, if a class
        or the groups are too few to be split, or if a feature is NaN or infinite.

    Examples
    --------
    >>> from scatter.io import read_table
    >>> train(read_table("digits.parquet")).mean  # doctest: +SKIP
    0.983
    """
    if folds < 2:
        raise InputError(f"folds must be at least 2, got {folds}")
    pipeline = build(head, seed)
    labels = labels_of(table, label)
    features = finite_features(table.features)
    choices = list(_choices(head, features.shape[1])) if search else [{}]
    classes, y = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"at least two classes are needed, got {str(classes[0])!r} alone in {label}")
    grouped = groups_of(table, labels, label)
    splits = list(_splits(y, classes, grouped, folds, seed))
    every = np.arange(len(y))
    inner = [
        list(_inner(rows, y, grouped, seed)) if search else [] for rows in (*(a for a, _ in splits), every)
    ]
    count = _Count(watch, len(choices) * sum(map(len, inner)) + len(inner))
    scores = []
    for (train_rows, test_rows), within in zip(splits, inner, strict=False):
        chosen = _best(pipeline, choices, features, y, within, count)
        scores.append(_score(chosen, features, y, train_rows, test_rows))
        count.step()
    chosen = _best(pipeline, choices, features, y, inner[-1], count)
    fitted = _fit(chosen, features, y)
    count.step()
    return Model(
        pipeline=fitted,
        classes=tuple(str(name) for name in classes),
        names=tuple(table.names),
        head=head,
        metadata=dict(table.metadata),
        scores=tuple(scores),
        parameters={name.partition("__")[2]: chosen.get_params()[name] for name in choices[0]},
        grouped_by=None if grouped is None else grouped[0],
    )


def _choices(head: str, n_features: int) -> Iterator[dict[str, Any]]:
    from sklearn.model_selection import ParameterGrid

    yield from ParameterGrid(grid(head, n_features))


def _inner(
    rows: NDArray[Any], y: NDArray[Any], grouped: tuple[str, NDArray[Any]] | None, seed: int
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Parts of the samples that are learnt from, for the choice of parameters."""
    classes, codes = np.unique(y[rows], return_inverse=True)
    among = None if grouped is None else (grouped[0], np.unique(grouped[1][rows], return_inverse=True)[1])
    for train_rows, test_rows in _splits(codes, classes, among, INNER, seed):
        yield rows[train_rows], rows[test_rows]


def _best(
    pipeline: Any,
    choices: list[dict[str, Any]],
    features: NDArray[Any],
    y: NDArray[Any],
    splits: list[tuple[NDArray[Any], NDArray[Any]]],
    count: _Count,
) -> Any:
    """The pipeline with the parameters that are right most often; the first of equals."""
    from sklearn.base import clone

    means = []
    for parameters in choices:
        candidate = clone(pipeline).set_params(**parameters)
        found = []
        for split in splits:
            found.append(_score(candidate, features, y, *split))
            count.step()
        means.append(float(np.mean(found)) if found else 0.0)
    return clone(pipeline).set_params(**choices[int(np.argmax(means))])


class _Count:
    """How many classifiers are fitted."""

    def __init__(self, watch: Callable[[int, int], None] | None, total: int) -> None:
        self._watch, self._total, self._done = watch, total, 0

    def step(self) -> None:
        self._done += 1
        if self._watch is not None:
            self._watch(self._done, self._total)


def _splits(
    y: NDArray[Any],
    classes: NDArray[np.str_],
    grouped: tuple[str, NDArray[Any]] | None,
    folds: int,
    seed: int,
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    from sklearn.model_selection import GroupKFold, StratifiedKFold

    if grouped is None:
        sizes = np.bincount(y)
        if sizes.min() < 2:
            raise InputError(
                f"every class needs at least two samples, got one of {str(classes[sizes.argmin()])!r}"
            )
        folding = StratifiedKFold(min(folds, int(sizes.min())), shuffle=True, random_state=seed)
        yield from folding.split(y, y)
        return
    name, groups = grouped
    n_groups = int(groups.max()) + 1
    if n_groups < 2:
        raise InputError(f"at least two groups are needed for a cross-validation, got one in {name}")
    for train_rows, test_rows in GroupKFold(min(folds, n_groups)).split(y, y, groups):
        left = np.unique(y[train_rows])
        if len(left) < 2:
            raise InputError(
                f"without some of the groups in {name} only the class {str(classes[left[0]])!r} is left; "
                "every class needs samples in several groups"
            )
        yield train_rows, test_rows


def _score(
    pipeline: Any, features: NDArray[Any], y: NDArray[Any], train_rows: NDArray[Any], test_rows: NDArray[Any]
) -> float:
    from sklearn.base import clone

    fitted = _fit(clone(pipeline), features[train_rows], y[train_rows])
    return float(np.mean(fitted.predict(features[test_rows]) == y[test_rows]))


def _fit(pipeline: Any, features: NDArray[Any], y: NDArray[Any]) -> Any:
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pipeline.fit(features, y)
    for warning in caught:
        if not issubclass(warning.category, ConvergenceWarning):
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if any(issubclass(warning.category, ConvergenceWarning) for warning in caught):
        warnings.warn(
            f"{pipeline.steps[-1][0]} has not converged; the accuracy may be lower than it could be",
            ScatterWarning,
            stacklevel=2,
        )
    return pipeline
