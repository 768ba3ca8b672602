"""Whether the parts of a model that was read fit together, before any of them is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from scatter.learning.affine import AffineSpace
from scatter.learning.heads import HEADS, types

if TYPE_CHECKING:
    from scatter.learning.model import Model

# The name of an array, the kind of its values, and its shape.
_Arrays: TypeAlias = "tuple[tuple[str, str, tuple[int, ...]], ...]"


def misfit(model: Model) -> str:
    """Say what is wrong with the pipeline of a model.

    Parameters
    ----------
    model : Model
        As it was read from a file that nobody vouches for.

    Returns
    -------
    str
        Nothing if it can be used.
    """
    from sklearn.pipeline import Pipeline

    if model.head not in HEADS:
        return f"its classifier is {model.head!r}, not one of {', '.join(HEADS)}"
    steps = getattr(model.pipeline, "steps", None) if type(model.pipeline) is Pipeline else None
    try:
        scaler, head = (step for _, step in steps or ())
    except (TypeError, ValueError):
        return "it is not a pipeline of a standardisation and a classifier"
    if (type(scaler), type(head)) != types(model.head):
        return f"its steps are not {' and '.join(step.__name__ for step in types(model.head))}"
    n, k = len(model.names), len(model.classes)
    if not (k >= 2 and np.array_equal(getattr(head, "classes_", ()), np.arange(k))):
        return f"its classifier does not have {k} classes"
    wrong = _unfit(scaler, (("mean_", "f", (n,)), ("scale_", "f", (n,))))
    if wrong:
        return wrong
    if model.head == "pca":
        return _spaces(head, n, k)
    if model.head == "kernel":
        return _kernel_ridge(head, n, k)
    kernel = {"svm": "linear", "rbf": "rbf"}.get(model.head)
    return _linear(head, n, k) if kernel is None else _svm(head, n, k, kernel)


def _spaces(head: Any, n: int, k: int) -> str:
    spaces = getattr(head, "spaces_", None)
    if not isinstance(spaces, list) or len(spaces) != k or {type(space) for space in spaces} != {AffineSpace}:
        return f"it does not have {k} affine spaces"
    for space in spaces:
        dimension = int(np.size(getattr(space, "variances", 0)))
        arrays: _Arrays = (
            ("mean", "f", (n,)),
            ("directions", "f", (dimension, n)),
            ("variances", "f", (dimension,)),
        )
        if wrong := _unfit(space, arrays):
            return wrong
        if not all(_positive(getattr(space, name, None), least=0.0) for name in ("rest", "least")):
            return "the variances of an affine space are not numbers from 0 on"
    if not _positive(getattr(head, "temperature_", None)):
        return "temperature_ is not a positive number"
    chosen, whiten = getattr(head, "n_components_", None), getattr(head, "whiten_", None)
    if type(chosen) is not int or chosen < 0 or type(whiten) is not bool:
        return "n_components_ and whiten_ are not a dimension and a choice"
    return ""


def _kernel_ridge(head: Any, n: int, k: int) -> str:
    m = int(np.shape(getattr(head, "samples_", ()))[0]) if np.ndim(getattr(head, "samples_", 0)) else 0
    arrays: _Arrays = (
        ("samples_", "f", (m, n)),
        ("centre_", "f", (n,)),
        ("dual_coef_", "f", (m, 1 if k == 2 else k)),
    )
    if wrong := _unfit(head, arrays):
        return wrong
    return "" if _positive(getattr(head, "gamma_", None)) else "gamma_ is not a positive number"


def _positive(value: Any, least: float = np.nextafter(0, 1)) -> bool:
    return isinstance(value, float) and least <= value < np.inf


def _linear(head: Any, n: int, k: int) -> str:
    rows = 1 if k == 2 else k
    # Of two classes, the ridge classifier has coefficients without the axis of length one.
    flat = rows == 1 and getattr(getattr(head, "coef_", None), "ndim", 0) == 1
    shape = (n,) if flat else (rows, n)
    return _unfit(head, (("coef_", "f", shape), ("intercept_", "f", (rows,))))


def _svm(head: Any, n: int, k: int, kernel: str) -> str:
    # libsvm takes these on trust: where they contradict each other, it would read beyond their ends.
    m = int(np.size(getattr(head, "support_", 0)))
    arrays: _Arrays = (
        ("support_", "i", (m,)),
        ("support_vectors_", "f", (m, n)),
        ("_n_support", "i", (k,)),
        ("_dual_coef_", "f", (k - 1, m)),
        ("dual_coef_", "f", (k - 1, m)),
        ("_intercept_", "f", (k * (k - 1) // 2,)),
        ("intercept_", "f", (k * (k - 1) // 2,)),
        ("_probA", "f", (0,)),
        ("_probB", "f", (0,)),
    )
    if wrong := _unfit(head, arrays):
        return wrong
    if head._n_support.min() < 0 or head._n_support.sum() != m:
        return f"_n_support does not count {m} support vectors"
    if getattr(head, "kernel", None) != kernel or getattr(head, "_sparse", None) is not False:
        return f"its support vector machine is not one of kernel {kernel!r}"
    if kernel == "rbf" and not _positive(getattr(head, "_gamma", None)):
        return "_gamma is not a positive number"
    return ""


def _unfit(step: Any, arrays: _Arrays) -> str:
    for name, kind, shape in arrays:
        array = getattr(step, name, None)
        if (
            not isinstance(array, np.ndarray)
            or array.dtype.kind != kind
            or array.shape != shape
            or not np.isfinite(array).all()
        ):
            return f"{name} is not an array of {' x '.join(map(str, shape))} finite numbers"
    return ""
