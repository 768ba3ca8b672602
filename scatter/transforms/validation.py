"""Checks of arguments and arrays at the public boundary."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np

from scatter.errors import InputError, NotNumbersError
from scatter.numerics.namespace import Array, floating, is_complex
from scatter.numerics.plain import plain, scalar

OUT_TYPES = ("array", "list", "dict")


def check_count(name: str, value: object, least: int) -> int:
    """Return an integer argument that must be at least ``least``."""
    value = scalar(value)
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InputError(f"{name} must be an integer >= {least}, got {value!r}")
    return int(value)


def log2_step(name: str, stride: object, largest: int) -> int:
    """Logarithm of a step of the output grid, a power of two up to ``2**largest``, which has a name."""
    step = check_count("stride", stride, 1)
    if step & (step - 1) or step > 1 << largest:
        raise InputError(f"stride must be a power of two up to {name}, {1 << largest} here, got {step}")
    return step.bit_length() - 1


def check_rate(name: str, value: object) -> float | None:
    """Return an argument that must be a positive number or None."""
    return None if value is None else check_positive(name, value, or_else=" or None")


def check_positive(name: str, value: object, either: str = "", or_else: str = "") -> float:
    """Return an argument that must be a positive number; what else it may be is in the message."""
    value = scalar(value)
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < math.inf:
        raise InputError(f"{name} must be {either}a positive number{or_else}, got {value!r}")
    return float(value)


def check_rotation(rotation: object) -> str:
    """Return what becomes of the directions of the first wavelet."""
    if rotation not in ("invariant", "covariant"):
        raise InputError(f"rotation must be 'invariant' or 'covariant', got {rotation!r}")
    return str(rotation)


def check_tol(tol: object) -> float | None:
    """Return the tolerance on the values of filters, or None."""
    tol = scalar(tol)
    if tol is None:
        return None
    if isinstance(tol, bool) or not isinstance(tol, Real) or not 0 <= float(tol) < 0.1:
        raise InputError(f"tol must be a number from 0 to below 0.1 or None, got {tol!r}")
    return float(tol)


def check_flag(name: str, value: object) -> bool:
    """Return an argument that must be True or False."""
    value = scalar(value)
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def check_shape(shape: object, ndim: int) -> tuple[int, ...] | None:
    """Return the shape argument as a tuple of ``ndim`` positive integers, or None."""
    shape = scalar(shape)
    if shape is None:
        return None
    sides = (shape,) if isinstance(shape, Integral) else shape
    example = "shape=4096" if ndim == 1 else f"shape={(32,) * ndim}"
    if isinstance(shape, float):
        check_count("every side of shape", shape, 1)
    try:
        given: tuple[object, ...] = tuple(sides)  # type: ignore[arg-type]
    except TypeError:
        given = ()
    if len(given) != ndim:
        raise InputError(f"shape must have {ndim} side(s), got {shape!r}; type for example {example}")
    return tuple(check_count("every side of shape", side, 1) for side in given)


def check_out_type(out_type: object) -> str:
    """Return the container of the coefficients."""
    if out_type not in OUT_TYPES:
        raise InputError(f"out_type must be one of {', '.join(map(repr, OUT_TYPES))}, got {out_type!r}")
    return str(out_type)


def check_signals(x: Any, ndim: int) -> Array:
    """Return an array of signals in a floating type, whatever library it comes from.

    NumPy input must be finite; the arrays of other libraries are not inspected, which would stop
    a device or a trace, and carry NaN through.

    Raises
    ------
    InputError
        On a masked or sparse array or one with a unit, an object array, too few axes, an empty array,
        NaN or infinity.
    """
    x = floating(_signals(x))
    if x.ndim < ndim:
        raise InputError(f"an array of shape (..., {_sides(ndim)}) is needed, got shape {tuple(x.shape)}")
    return _full_and_finite(x)


def check_samples(X: Any) -> Array:
    """Return samples for `fit` and `transform` as an array in a floating type, (n_samples, ...).

    As in scikit-learn, columns of objects that are numbers are converted, and complex numbers are
    refused; otherwise as `check_signals`.
    """
    x = _signals(X)
    if isinstance(x, np.ndarray) and x.dtype.kind in "OUS" and x.ndim <= 2:
        try:
            x = x.astype(np.float64)
        except TypeError as error:
            raise NotNumbersError(str(error)) from error
        except ValueError as error:
            raise InputError(
                f"samples must be numbers: {error}; select or encode the columns first, for example with "
                "sklearn.compose.ColumnTransformer"
            ) from error
    x = floating(x)
    if is_complex(x):
        raise InputError(
            f"Complex data not supported by fit and transform, got {x.dtype}; call the transform on the array"
        )
    if x.ndim < 2:
        raise InputError(
            f"samples of shape (n_samples, ...) are needed, got a {x.ndim}D array of shape {tuple(x.shape)}. "
            "Reshape your data; for one sample type x[None]"
        )
    if x.ndim == 2 and x.shape[1] == 0:
        raise InputError(
            f"Found array with 0 feature(s) (shape={tuple(x.shape)}) while a minimum of 2 is required."
        )
    return _full_and_finite(x)


def _signals(x: Any) -> Array:
    if isinstance(x, np.matrix):  # always two axes, so that one signal can't be told from a batch of one
        raise InputError("an array of any shape is needed, got np.matrix; type: np.asarray(x)")
    return plain(x)


def _full_and_finite(x: Array) -> Array:
    if 0 in x.shape:
        raise InputError(f"an array with at least one sample is needed, got shape {tuple(x.shape)}")
    if isinstance(x, np.ndarray) and not _finite(x):
        bad = np.argwhere(~np.isfinite(x))
        raise InputError(
            f"the input contains NaN or infinity ({len(bad)} of {x.size} values, the first at "
            f"{tuple(bad[0].tolist())}); replace them first, for example with np.nan_to_num(x) or "
            "sklearn.impute.SimpleImputer"
        )
    return x


def _finite(x: Array) -> bool:
    # A sum is many times cheaper than a mask; it overflows or cancels on rare input, which the mask settles.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(x.sum())) or bool(np.isfinite(x).all())


def check_ends(x: Array, shape: tuple[int, ...], *, padded: bool, last: bool = False) -> None:
    """Raise unless the last axes of ``x`` are ``shape``, which ``padded`` says is that after padding.

    ``last`` is whether channels came last before.
    """
    got = tuple(x.shape[-len(shape) :])
    if got != shape:
        advice = (
            "pad the images to padded_shape, or leave pre_pad out"
            if padded
            else f"make a transform for them with shape={got if len(got) > 1 else got[0]}"
        )
        if not last and tuple(x.shape[-len(shape) - 1 : -1]) == shape:
            advice = f"type channels='last', or {advice}"
        raise InputError(
            f"the last axes must be {shape}, got {got} (input of shape {tuple(x.shape)}); {advice}"
        )


def _sides(ndim: int) -> str:
    return ", ".join(("M", "N", "O")[:ndim]) if ndim > 1 else "N"
