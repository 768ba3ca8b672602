"""What a table must hold for a classifier: finite features, and a label a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scatter.io import FeatureTable

_ROWS_AT_ONCE = 1024


def finite_features(features: NDArray[Any]) -> NDArray[Any]:
    """Check features, and give them in a precision to compute in: float64 as they are, float32 otherwise.

    Parameters
    ----------
    features : ndarray, shape (n_samples, n_features)
        Of floats.

    Returns
    -------
    ndarray

    Raises
    ------
    InputError
        If the shape or the type is another, or if a value is NaN or infinite.
    """
    if features.ndim != 2 or features.dtype.kind != "f":
        raise InputError(
            f"features must be floats of shape (n_samples, n_features), got {features.dtype} "
            f"of shape {features.shape}"
        )
    if 0 in features.shape:
        raise InputError(f"features are empty: their shape is {features.shape}")
    for start in range(0, len(features), _ROWS_AT_ONCE):
        finite = np.isfinite(features[start : start + _ROWS_AT_ONCE])
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            raise InputError(
                f"features contain NaN or infinite values, the first in row {start + row}, column {column}; "
                "leave such samples out"
            )
    return features.astype(np.float64 if features.dtype == np.float64 else np.float32, copy=False)


def labels_of(table: FeatureTable, label: str) -> NDArray[np.str_]:
    """Take the labels of a table.

    Parameters
    ----------
    table : FeatureTable
        With a key column of labels.
    label : str
        Its name.

    Returns
    -------
    ndarray of str, shape (n_samples,)

    Raises
    ------
    InputError
        If there is no such column, or if a row has no label.
    """
    if label not in table.keys:
        raise InputError(f"the table has no key column {label!r}; it has {', '.join(table.keys)}")
    labels = np.array([str(value) for value in table.keys[label]], dtype=np.str_)
    missing = np.flatnonzero(labels == "")
    if len(missing):
        raise InputError(
            f"{len(missing)} of {len(labels)} rows have no {label}, the first is row {missing[0]}, "
            f"file {table.keys['file'][missing[0]]}"
        )
    return labels


def groups_of(table: FeatureTable, labels: NDArray[np.str_], label: str) -> tuple[str, NDArray[Any]] | None:
    """Find which rows belong together and must not be split by a cross-validation.

    Parameters
    ----------
    table : FeatureTable
        The table.
    labels : ndarray of str, shape (n_samples,)
        Of its rows.
    label : str
        The key column that they are from.

    Returns
    -------
    (str, ndarray of shape (n_samples,)) or None
        The key column ``'group'``, if there is one; else ``'file'``, if files have several rows, as
        segments of a sound, each file is of one class, and no class has a single file; else None.
    """
    if "group" in table.keys and label != "group":
        return "group", np.unique(np.array(table.keys["group"], dtype=np.str_), return_inverse=True)[1]
    files, group = np.unique(np.array(table.keys["file"], dtype=np.str_), return_inverse=True)
    pairs = np.unique(np.stack([group, np.unique(labels, return_inverse=True)[1]]), axis=1)
    segmented = len(files) < len(labels)
    one_class_each = pairs.shape[1] == len(files)
    if segmented and one_class_each and label != "file" and np.bincount(pairs[1]).min() > 1:
        return "file", group
    return None
