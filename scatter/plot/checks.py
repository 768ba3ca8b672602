"""Checks of what the pictures are made from."""

from __future__ import annotations

from typing import Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from scatter.errors import InputError
from scatter.numerics.namespace import is_complex, is_torch_array
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.scattering1d import Scattering1D
from scatter.transforms.scattering2d import Scattering2D
from scatter.transforms.validation import check_signals

Real = NDArray[np.float32] | NDArray[np.float64]
Transform = TypeVar("Transform", Scattering1D, Scattering2D)

DRAWN_BY = {
    1: "scattergram(transform, x) or coefficient_maps(transform, x)",
    2: "scattering_disk(transform, x), multiresolution(transform, x) or coefficient_maps(transform, x)",
}
THINGS = {1: "signal of shape (N,)", 2: "image of shape (M, N)"}


def axes_of(transform: Transform) -> int:
    """Axes of the signals of a transform."""
    return 1 if isinstance(transform, Scattering1D) else 2


def check_transform(transform: object, kind: type[Transform], picture: str) -> Transform:
    """Return a transform of the kind a picture is made for.

    Raises
    ------
    InputError
        If it isn't one; the message names the pictures that it has.
    """
    if isinstance(transform, kind):
        return transform
    got = type(transform).__name__
    if isinstance(transform, (Scattering1D, Scattering2D)):
        advice = f"for a {got}, type {DRAWN_BY[axes_of(transform)]}"
    else:
        advice = f"type {picture}({kind.__name__}(J=3), x)"
    raise InputError(f"{picture} needs a {kind.__name__}, got {got}; {advice}")


def check_one(x: Any, ndim: Literal[1, 2], picture: str, *, colour: bool = False) -> Real:
    """Return one real signal as a NumPy array.

    Parameters
    ----------
    x : array
        Of any library.
    ndim : int
        Axes of a signal.
    picture : str
        Who asks, for the messages.
    colour : bool
        Whether three channels before the axes are allowed.

    Raises
    ------
    InputError
        On a batch, too few axes, complex values, or what no transform accepts.
    """
    x = check_signals(x, 0)
    if is_complex(x):
        raise InputError(
            f"{picture} draws real values, got dtype {x.dtype}; type {picture}(transform, abs(x))"
        )
    if is_torch_array(x):
        x = x.detach().cpu()
    found = np.asarray(x)
    if found.ndim == ndim or (colour and found.ndim == ndim + 1 and found.shape[0] == 3):
        return found
    wanted = THINGS[ndim] + (" or (3, M, N)" if colour else "")
    advice = _advice(found.shape, ndim, picture, colour)
    raise InputError(f"{picture} draws one {wanted}, got an array of shape {found.shape}; {advice}")


def _advice(shape: tuple[int, ...], ndim: int, picture: str, colour: bool) -> str:
    """What to type instead of an array of the wrong shape."""
    if len(shape) < ndim:
        return f"type x.reshape({'M, N' if ndim == 2 else '-1'})"
    if ndim == 2 and len(shape) == 3 and shape[-1] in (3, 4):
        grey = f"x[..., :3].mean(-1) for {picture} in grey"
        return f"type np.moveaxis(x[..., :3], -1, 0), or {grey}" if colour else f"type {grey}"
    kept = ndim + 1 if colour and shape[-ndim - 1] == 3 else ndim
    return f"choose one, for example x[{', '.join('0' * (len(shape) - kept))}]"


def prepare(transform: Transform, x: Real, least_order: int, picture: str, **parameters: Any) -> Transform:
    """Copy of a transform for the shape of one signal, with some parameters set, without logarithm.

    Parameters
    ----------
    transform : Scattering1D or Scattering2D
        Left as it is.
    x : ndarray
        What `check_one` returned.
    least_order : int
        What ``max_order`` must be at least.
    picture : str
        Who asks, for the message.
    **parameters
        Set on the copy.

    Returns
    -------
    Scattering1D or Scattering2D
        One array out of a call, local averages that are not pooled, unless the parameters say so.
    """
    copy = cast("ScatteringTransformer", clone(transform))
    copy.set_params(**{"average": True, "pooling": None, "log": False, "out_type": "array", **parameters})
    if copy.shape is None:
        copy.set_params(shape=getattr(transform, "shape_", x.shape[-axes_of(transform) :]))
    if isinstance(transform, Scattering1D) and transform.T in (0, "global"):
        copy.set_params(T=None)
    got = copy.get_params()["max_order"]
    if isinstance(got, int) and got < least_order:
        raise InputError(
            f"{picture} needs coefficients of order {least_order}, got a transform of max_order={got}; "
            f"type transform.set_params(max_order={least_order})"
        )
    return cast("Transform", copy)


def units(transform: Scattering1D) -> tuple[float, str, str]:
    """Samples in a unit of time, that unit, and the unit of frequency."""
    if transform.sampling_rate is None:
        return 1.0, "samples", "cycles per sample"
    return float(transform.sampling_rate), "s", "Hz"
