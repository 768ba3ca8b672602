"""Luma and chroma: the transforms between the channels of an image and the planes that are coded."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.codec import lifting

Array = NDArray[Any]

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
"""Weights of luma in ITU-R BT.601, which JPEG and JPEG 2000 use."""
ORDERS = tuple(permutations(range(3)))
"""Orders of red, green and blue, 0, 1 and 2, in the reversible transforms from 1 on."""
PATCH, PATCHES, LEVELS = 128, 6, 3
"""A reversible transform is chosen by details of patches: pixels a side, how many across and down, levels."""


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


def to_reversible(image: Array, which: int) -> list[Array]:
    """Three planes of integers, of which the last two are differences, from red, green and blue.

    Transform 0 is YCoCg-R: luma, Cg and Co. The others take the channels in one of their `ORDERS`: the first
    as it is, the second less the first, and the third less the mean of both.

    References
    ----------
    Malvar & Sullivan, "YCoCg-R: a color space with RGB reversibility and low dynamic range", JVT-I014, 2003.
    """
    channels = [np.asarray(image[..., c], np.int32) for c in range(3)]
    if which:
        first, second, third = (channels[c] for c in ORDERS[which - 1])
        return [first, second - first, third - ((first + second) >> 1)]
    red, green, blue = channels
    co = red - blue
    middle = blue + (co >> 1)
    cg = green - middle
    return [middle + (cg >> 1), cg, co]


def from_reversible(planes: list[Array], which: int) -> Array:
    """Undo `to_reversible`."""
    if which:
        first, second = planes[0], planes[1] + planes[0]
        found = [first, second, planes[2] + ((first + second) >> 1)]
        order = ORDERS[which - 1]
        return np.stack([found[order.index(c)] for c in range(3)], axis=-1)
    luma, cg, co = planes
    middle = luma - (cg >> 1)
    green = cg + middle
    blue = middle - (co >> 1)
    return np.stack([blue + co, green, blue], axis=-1)


def choose_reversible(image: Array) -> int:
    """The transform whose planes have the smallest details, by their sizes on a logarithmic scale.

    Patches on a grid are enough; they are the same for every machine, and the sizes are whole numbers.
    """
    patches = _patches(image)
    costs = [sum(_cost(patch, which) for patch in patches) for which in range(len(ORDERS) + 1)]
    return int(np.argmin(costs))


def _patches(image: Array) -> list[Array]:
    starts = []
    for side in image.shape[:2]:
        count = min(PATCHES, -(-side // PATCH))
        starts.append([(side - min(side, PATCH)) * k // max(1, count - 1) for k in range(count)])
    return [image[y : y + PATCH, x : x + PATCH] for y in starts[0] for x in starts[1]]


def _cost(patch: Array, which: int) -> int:
    total = 0
    for plane in to_reversible(patch, which):
        for _ in range(LEVELS):
            plane, details = lifting.forward(plane, reversible=True)
            total += sum(_half_octaves(band) for band in details)
    return total


def _half_octaves(x: Array) -> int:
    """Sum of twice the base-2 logarithms of 1 + magnitudes, rounded down."""
    mantissa, exponent = np.frexp((np.abs(x) + 1).astype(np.float32))
    return int((2 * exponent.astype(np.int64) + (mantissa >= np.float32(np.sqrt(0.5)))).sum())
