"""A trained classifier with what is needed to use it on other features."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Model:
    """A classifier of features, and where the features came from.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted: a standardisation and a classifier, whose classes are the indices of ``classes``.
    classes : tuple of str
        The labels, in order.
    names : tuple of str
        The names of the features.
    head : str
        The name of the classifier.
    metadata : dict of str to str
        Of the table: ``recipe`` tells how files become features, ``filters`` is a hash of the wavelets.
    scores : tuple of float
        Accuracy in each fold of the cross-validation, between 0 and 1.
    grouped_by : {'group', 'file'}, optional
        The key column whose equal entries were never in two folds.
    parameters : dict of str to float
        Parameters of the classifier that were searched for.

    Examples
    --------
    >>> model.mean, model.spread  # doctest: +SKIP
    (0.983, 0.004)
    """

    pipeline: Any
    classes: tuple[str, ...]
    names: tuple[str, ...]
    head: str = "logistic"
    metadata: dict[str, str] = field(default_factory=dict)
    scores: tuple[float, ...] = ()
    grouped_by: str | None = None
    parameters: dict[str, float] = field(default_factory=dict)

    @property
    def mean(self) -> float:
        """Mean accuracy of the cross-validation."""
        return float(np.mean(self.scores)) if self.scores else float("nan")

    @property
    def spread(self) -> float:
        """Standard deviation of the accuracy between folds."""
        return float(np.std(self.scores)) if self.scores else float("nan")
