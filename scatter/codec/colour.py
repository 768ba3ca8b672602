"""Luma and chroma: the transforms between the channels of an image and the planes that are coded."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
"""Weights of luma in ITU-R BT.601, which JPEG and JPEG 2000 use."""


def to_luma_chroma(image: Array) -> list[Array]:
    """Luma, Cb and Cr of red, green and blue, by ITU-R BT.601; chroma is centred on 0."""
    red, green, blue = (np.asarray(image[..., c], np.float32) for c in range(3))
    luma = red * np.float32(_RED) + green * np.float32(_GREEN) + blue * np.float32(_BLUE)
    cb = (blue - luma) * np.float32(0.5 / (1 - _BLUE))
    cr = (red - luma) * np.float32(0.5 / (1 - _RED))
    return [luma, cb, cr]


def from_luma_chroma(planes: list[Array]) -> Array:
    """Undo `to_luma_chroma`."""
    luma, cb, cr = planes
    red = luma + cr * np.float32(2 * (1 - _RED))
    blue = luma + cb * np.float32(2 * (1 - _BLUE))
    green = (luma - red * np.float32(_RED) - blue * np.float32(_BLUE)) * np.float32(1 / _GREEN)
    return np.stack([red, green, blue], axis=-1)


def to_reversible(image: Array) -> list[Array]:
    """Luma, Cg and Co of red, green and blue in integers, by YCoCg-R (Malvar & Sullivan, JVT-I014, 2003)."""
    red, green, blue = (np.asarray(image[..., c], np.int32) for c in range(3))
    co = red - blue
    middle = blue + (co >> 1)
    cg = green - middle
    return [middle + (cg >> 1), cg, co]


def from_reversible(planes: list[Array]) -> Array:
    """Undo `to_reversible`."""
    luma, cg, co = planes
    middle = luma - (cg >> 1)
    green = cg + middle
    blue = middle - (co >> 1)
    return np.stack([blue + co, green, blue], axis=-1)
