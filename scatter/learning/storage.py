"""Models as files: by skops, of trusted types alone, never a pickle."""

from __future__ import annotations

import json
import os
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from scatter.errors import FileError, InputError, ScatterWarning, missing_extra
from scatter.io.atomic import atomic_output, check_output
from scatter.io.files import reason, regular_file
from scatter.learning.checks import misfit
from scatter.learning.evaluation import predict
from scatter.learning.model import Model

_FORMAT = 1
_TRUSTED = [
    "scatter.learning.affine.AffinePCAClassifier",
    "scatter.learning.affine.AffineSpace",
    "scatter.learning.kernel.KernelRidgeClassifier",
]
_ENTRIES = {"format", "pipeline", "model"}


def save_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model completely or not at all.

    Parameters
    ----------
    model : Model
        What to write.
    path : str or path-like
        A name that ends in ``.skops``; a file that exists is replaced.

    Raises
    ------
    InputError
        If the suffix is another.
    FileError
        If the file can't be written; what was there before is left then.
    MissingExtraError
        If skops is not installed.

    Examples
    --------
    >>> save_model(model, "digits.skops")  # doctest: +SKIP
    """
    skops = check_model_output(path)
    described = {
        "classes": model.classes,
        "names": model.names,
        "head": model.head,
        "metadata": model.metadata,
        "scores": model.scores,
        "grouped_by": model.grouped_by,
        "parameters": model.parameters,
    }
    content = {"format": _FORMAT, "pipeline": model.pipeline, "model": json.dumps(described)}
    with atomic_output(path) as temporary, open(temporary, "wb") as stream:
        skops.dump(content, stream)


def check_model_output(path: str | os.PathLike[str]) -> Any:
    """Check that a model could be written there, before it is trained.

    Parameters
    ----------
    path : str or path-like
        The file to be written.

    Returns
    -------
    module
        skops.io

    Raises
    ------
    InputError, FileError, MissingExtraError
        As :func:`save_model`.

    Examples
    --------
    >>> check_model_output("digits.skops")  # doctest: +SKIP
    """
    _check_suffix(path)
    skops = _require_skops("writing a model")
    check_output(path)
    return skops


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model that :func:`save_model` wrote.

    Nothing in the file is run: only types of scikit-learn and NumPy that skops trusts are made, and the
    classifiers of this package, and then only a standardisation and one of the classifiers are accepted.

    Parameters
    ----------
    path : str or path-like
        A name that ends in ``.skops``.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        If the suffix is another.
    FileError
        If the file is missing or damaged, holds a type that is not trusted, or is not such a model.
    MissingExtraError
        If skops is not installed.

    Warns
    -----
    ScatterWarning
        If another version of scikit-learn wrote it.

    Examples
    --------
    >>> load_model("digits.skops").classes[:3]  # doctest: +SKIP
    ('0', '1', '2')
    """
    _check_suffix(path)
    file = regular_file(path)
    content = _load(file)
    if not isinstance(content, dict) or set(content) != _ENTRIES:
        raise _no_model(file, f"it does not hold {', '.join(sorted(_ENTRIES))}")
    if content["format"] != _FORMAT:
        raise _no_model(file, f"its format is {content['format']!r}, not {_FORMAT}")
    model = _described(content, file)
    if why := misfit(model):
        raise _no_model(file, why)
    try:
        # A smaller part that is missing shows when it is used.
        predict(model, np.zeros((1, len(model.names))))
    except Exception as error:
        raise _no_model(file, f"it can't classify: {reason(error)}") from error
    return model


def _load(file: Path) -> Any:
    skops = _require_skops("reading a model")
    from sklearn.exceptions import InconsistentVersionWarning
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        with zipfile.ZipFile(file) as archive:
            if sum(member.file_size for member in archive.infolist()) > file.stat().st_size:
                raise FileError(f"{file}: is damaged: it claims to hold more than its own size")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            content = skops.load(file, trusted=_TRUSTED)
    except FileError:
        raise
    except UntrustedTypesFoundException:
        types = skops.get_untrusted_types(file=file)
        found = ", ".join(name for name in types if name not in _TRUSTED)
        raise FileError(
            f"{file}: is not loaded: it holds objects of types that are not trusted: {found}"
        ) from None
    except Exception as error:
        raise FileError(f"{file}: can't be read as a .skops file: {reason(error)}") from error
    for warning in caught:
        if isinstance(warning.message, InconsistentVersionWarning):
            warnings.warn(
                f"{file}: was written with scikit-learn {warning.message.original_sklearn_version}, and this "
                f"is {warning.message.current_sklearn_version}; train it again if it behaves oddly",
                ScatterWarning,
                stacklevel=3,
            )
            break
    return content


def _described(content: dict[str, Any], file: Path) -> Model:
    try:
        described = json.loads(content["model"])
        return Model(
            pipeline=content["pipeline"],
            classes=tuple(str(name) for name in described["classes"]),
            names=tuple(str(name) for name in described["names"]),
            head=str(described["head"]),
            metadata={str(key): str(value) for key, value in described["metadata"].items()},
            scores=tuple(float(score) for score in described["scores"]),
            grouped_by=None if described["grouped_by"] is None else str(described["grouped_by"]),
            parameters={str(key): float(value) for key, value in described.get("parameters", {}).items()},
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _no_model(file, "its description is damaged") from error


def _check_suffix(path: str | os.PathLike[str]) -> None:
    suffix = Path(path).suffix
    if suffix.lower() != ".skops":
        raise InputError(f"{path}: a model is a .skops file, got {suffix or 'a name without a suffix'}")


def _require_skops(purpose: str) -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise missing_extra("skops", "models", purpose) from error
    return skops.io


def _no_model(file: Path, why: str) -> FileError:
    return FileError(f"{file}: is not a model of scatter: {why}")
