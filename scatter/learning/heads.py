"""The classifiers by name, each behind a standardisation of the features."""

from __future__ import annotations

from typing import Any

from scatter.errors import InputError

HEADS = ("logistic", "svm", "ridge", "rbf", "kernel", "pca")
"""Logistic regression, a linear support vector machine, ridge regression on the labels, a support vector
machine and ridge regression with a Gaussian kernel, and the nearest affine space of principal directions."""

_MAX_ITERATIONS = 5000
# On hundreds to thousands of standardised features of as many samples, a tenth or ten times as much
# changes the accuracy by less than chance does.
# A Gaussian kernel as wide as samples are apart needs more, as every sample has room of its own.
_C = {"logistic": 1.0, "svm": 0.1, "rbf": 10.0}
_ALPHAS = (1.0, 1e1, 1e2, 1e3, 1e4, 1e5)


def build(head: str, seed: int) -> Any:
    """Make a pipeline that is not fitted.

    Parameters
    ----------
    head : {'logistic', 'svm', 'ridge', 'rbf', 'kernel', 'pca'}
        The classifier.
    seed : int
        Of what is random in it.

    Returns
    -------
    sklearn.pipeline.Pipeline

    Raises
    ------
    InputError
        If there is no such classifier.
    """
    from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from scatter.learning.affine import AffinePCAClassifier
    from scatter.learning.kernel import KernelRidgeClassifier

    if head == "logistic":
        classifier = LogisticRegression(C=_C[head], max_iter=_MAX_ITERATIONS)
    elif head == "svm":
        # By libsvm, which is a hundred times as fast as liblinear on thousands of features.
        classifier = SVC(C=_C[head], kernel="linear", break_ties=True, random_state=seed)
    elif head == "ridge":
        classifier = RidgeClassifierCV(alphas=_ALPHAS)
    elif head == "rbf":
        classifier = SVC(C=_C[head], kernel="rbf", gamma="scale", break_ties=True, random_state=seed)
    elif head == "kernel":
        classifier = KernelRidgeClassifier()
    elif head == "pca":
        classifier = AffinePCAClassifier(random_state=seed)
    else:
        raise InputError(f"head must be one of {', '.join(map(repr, HEADS))}, got {head!r}")
    return Pipeline([("standardise", StandardScaler()), (head, classifier)])


def grid(head: str, n_features: int) -> dict[str, tuple[float, ...]]:
    """Values that a search tries, by the name of a parameter of the pipeline.

    Parameters
    ----------
    head : str
        The classifier.
    n_features : int
        Features, as a Gaussian kernel is wider the more there are.

    Raises
    ------
    InputError
        If there is nothing to search for: ridge regression and affine spaces choose by themselves.
    """
    grids: dict[str, dict[str, tuple[float, ...]]] = {
        "logistic": {"logistic__C": (0.001, 0.01, 0.1, 1.0, 10.0)},
        "svm": {"svm__C": (0.001, 0.01, 0.1, 1.0)},
        "rbf": {"rbf__C": (1.0, 10.0, 100.0), "rbf__gamma": tuple(w / n_features for w in (0.25, 1.0, 4.0))},
        # Standardised samples are 2 n_features apart, squared.
        "kernel": {
            "kernel__alpha": (0.01, 0.1, 1.0),
            "kernel__gamma": tuple(w / (2 * n_features) for w in (0.5, 1.0, 2.0)),
        },
    }
    if head not in grids:
        raise InputError(
            f"head {head!r} has nothing to search for, as it chooses what it needs itself; leave search out, "
            f"or type one of {', '.join(grids)}"
        )
    return grids[head]


def types(head: str) -> tuple[type, ...]:
    """Classes of the steps of a pipeline."""
    return tuple(type(step) for _, step in build(head, 0).steps)
