"""Where the channels of samples are, and what is said where a shape had to be guessed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from scatter.errors import InputError, ScatterWarning
from scatter.numerics.namespace import Array, namespace
from scatter.numerics.plain import scalar

CHANNELS = ("first", "last")
_KINDS = {1: "signals", 2: "images", 3: "volumes"}


def check_channels(channels: object) -> bool:
    """Whether channels come last, from the parameter that says so."""
    channels = scalar(channels)
    if not isinstance(channels, str) or channels not in CHANNELS:
        raise InputError(f"channels must be 'first' or 'last', got {channels!r}")
    return channels == "last"


def channels_first(x: Array, axes: int) -> Array:
    """Arrays (..., *shape, channels), with ``axes`` axes of a signal, as (..., channels, *shape)."""
    order = list(range(x.ndim - 1))
    order.insert(x.ndim - 1 - axes, x.ndim - 1)
    return namespace(x).permute_dims(x, tuple(order))


def meant_last(sample: tuple[int, ...], axes: int) -> bool:
    """Whether samples of this shape look as if their channels came last.

    Images of at most four columns and eight or more rows, of eight channels or more, and volumes alike;
    signals of at most 16 samples, with eight times as many channels.
    """
    if len(sample) <= axes:
        return False
    if axes > 1:
        return sample[-1] <= 4 and min(sample[-axes - 1 : -1]) >= 8
    return axes == 1 and sample[-1] <= 16 and sample[-2] >= 8 * sample[-1]


@contextmanager
def guessing(sample: tuple[int, ...], axes: int, *, guessed: bool) -> Iterator[None]:
    """Say how samples are taken whose channels look as if they came last, around what their shape decides.

    Parameters
    ----------
    sample : tuple of int
        Shape of a sample, or of an array of them.
    axes : int
        Axes of a signal.
    guessed : bool
        Whether neither ``shape`` nor ``channels`` said it.

    Warns
    -----
    ScatterWarning
        After what is inside, if the shape was guessed and looks wrong; errors inside get the same advice.
    """
    doubtful = guessed and meant_last(sample, axes)
    try:
        yield
    except InputError as error:
        if doubtful:
            raise InputError(f"{error}; if the last axis holds channels, type channels='last'") from None
        raise
    if doubtful:
        size = " x ".join(map(str, sample[-axes:])) + (" samples" if axes == 1 else "")
        shape = sample[-axes:] if axes > 1 else sample[-1]
        warnings.warn(
            f"an array of shape {sample} is taken as {_KINDS[axes]} of {size}; type "
            f"channels='last' if the last axis holds channels, or shape={shape} if this is right",
            ScatterWarning,
            stacklevel=4,
        )


def image_shape(n_features: int) -> tuple[int, int]:
    """Shape of the images that rows of ``n_features`` numbers hold: square if they can be, or one row."""
    side = math.isqrt(n_features)
    if side * side == n_features:
        return (side, side)
    advice = "shape=(M, N)"
    for channels in (3, 4, 2):
        side = math.isqrt(n_features // channels)
        if side >= 8 and channels * side * side == n_features:
            advice = f"shape={side, side} for {channels} channels, one after the other, or shape=(M, N)"
            break
    side = math.isqrt(n_features - 1)
    if side >= 8 and side * side == n_features - 1:
        advice += f"; {side} x {side} is one less: take the label out of the rows if there is one"
    warnings.warn(
        f"rows of {n_features} numbers are no square images, and are taken as images of 1 x {n_features}; "
        f"type {advice}",
        ScatterWarning,
        stacklevel=2,
    )
    return (1, n_features)


def volume_shape(n_features: int) -> tuple[int, int, int]:
    """Shape of the volumes that rows of ``n_features`` numbers hold: cubes if they can be, or one row."""
    side = round(n_features ** (1 / 3))
    if side**3 == n_features:
        return (side, side, side)
    warnings.warn(
        f"rows of {n_features} numbers are no cubes, and are taken as volumes of 1 x 1 x {n_features}; type "
        "shape=(D, H, W)",
        ScatterWarning,
        stacklevel=2,
    )
    return (1, 1, n_features)


__all__ = ["channels_first", "check_channels", "guessing", "image_shape", "meant_last", "volume_shape"]
