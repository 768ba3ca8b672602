"""The wavelet transforms of the codec: CDF 9/7 and the reversible 5/3, by lifting.

Both extend a signal symmetrically about its end samples, are not expansive, and take any size from one
sample on. The low-pass has gain 1 at frequency 0, so that the approximation at a level is a small copy of
the image in the image's own range.

References
----------
Daubechies & Sweldens, "Factoring wavelet transforms into lifting steps", J. Fourier Anal. Appl. 4(3), 1998;
ISO/IEC 15444-1 (JPEG 2000), Annex F, for both filters and the extension.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.codec.native import library

Array = NDArray[Any]

PREDICT_1, UPDATE_1 = -1.586134342059924, -0.052980118572961
PREDICT_2, UPDATE_2 = 0.882911075530934, 0.443506852043971
GAIN = 1.230174104914001
"""Lifting coefficients of the CDF 9/7 pair; the gain of the low-pass before it is scaled."""

SMALLEST = 6
"""Fewest samples of the shorter side of the coarsest approximation."""
MOST_LEVELS = 10


class Details(NamedTuple):
    """The three bands of a level, named by where the wavelet is: H across, L not."""

    hl: Array
    lh: Array
    hh: Array


def levels(height: int, width: int) -> int:
    """Number of levels for an image: as many as leave `SMALLEST` samples, at most `MOST_LEVELS`."""
    count = 0
    while count < MOST_LEVELS and -(-min(height, width) // 2 ** (count + 1)) >= SMALLEST:
        count += 1
    return count


def sizes(height: int, width: int, count: int) -> list[tuple[int, int]]:
    """Size of the approximation at each level from 0, the image, to ``count``."""
    return [(-(-height // 2**j), -(-width // 2**j)) for j in range(count + 1)]


def forward(x: Array, reversible: bool) -> tuple[Array, Details]:
    """One level: the approximation and the details.

    Parameters
    ----------
    x : ndarray of float32 or int32, shape (H, W)
        An image; integers with ``reversible``.
    reversible : bool
        The 5/3 pair on integers rather than the 9/7 pair.

    Returns
    -------
    tuple
        The approximation, ``(ceil(H/2), ceil(W/2))``, and the details.
    """
    if (module := _compiled(x, reversible)) is not None:
        sides = [(-(-n // 2), n // 2) for n in x.shape]
        bands = [np.empty((rows, columns), x.dtype) for rows in sides[0] for columns in sides[1]]
        module.lift([np.ascontiguousarray(x)], bands)
        return bands[0], Details(*bands[1:])
    split = _split53 if reversible else _split97
    low, high = split(x)
    ll, hl = (np.ascontiguousarray(part.T) for part in split(np.ascontiguousarray(low.T)))
    lh, hh = (np.ascontiguousarray(part.T) for part in split(np.ascontiguousarray(high.T)))
    return ll, Details(hl, lh, hh)


def inverse(approximation: Array, details: Details, reversible: bool) -> Array:
    """Undo `forward`."""
    if (module := _compiled(approximation, reversible)) is not None:
        bands = [np.ascontiguousarray(band) for band in (approximation, *details)]
        x = np.empty((len(bands[0]) + len(bands[2]), bands[0].shape[1] + bands[1].shape[1]), bands[0].dtype)
        module.unlift(bands, [x])
        return x
    merge = _merge53 if reversible else _merge97
    low = merge(approximation.T, details.hl.T).T
    high = merge(details.lh.T, details.hh.T).T
    return merge(np.ascontiguousarray(low), np.ascontiguousarray(high))


def _compiled(x: Array, reversible: bool) -> Any:
    """The compiled module where it computes the same: for the type of numbers that images are coded in."""
    return library() if x.dtype == (np.int32 if reversible else np.float32) else None


@cache
def norms(reversible: bool) -> tuple[tuple[float, float, float, float], ...]:
    """L2 norms of the synthesis functions of HL, LH, HH and of the approximation, for each level from 1.

    A quantisation error in a band counts in the image by the square of its norm.
    """
    found = []
    for j in range(1, MOST_LEVELS + 1):
        low, high = (_norm_1d(j, detail, reversible) for detail in (False, True))
        found.append((high * low, low * high, high * high, low * low))
    return tuple(found)


def _norm_1d(j: int, detail: bool, reversible: bool) -> float:
    # Beyond this level norms double exactly enough: each is that of the one before, times sqrt(2).
    direct = min(j, 6)
    half = np.zeros(64)
    half[32] = 1
    zero = np.zeros_like(half)
    merge = _merge53_linear if reversible else _merge97
    x = merge(zero, half) if detail else merge(half, zero)
    for _ in range(direct - 1):
        x = merge(x, np.zeros_like(x))
    # A correctly rounded sum: every platform quantises with the same steps.
    return math.sqrt(math.fsum((x * x).tolist()) * 2.0 ** (j - direct))


def _add_sums(target: Array, of: Array, factor: float) -> None:
    """``d[i] += factor (s[i] + s[i+1])``, with the last sample mirrored."""
    count = len(of) - 1
    target[:count] += factor * (of[:-1] + of[1:])
    if len(target) == len(of):
        target[-1] += (2 * factor) * of[-1]


def _add_sums_before(target: Array, of: Array, factor: float) -> None:
    """``s[i] += factor (d[i-1] + d[i])``, with both ends mirrored."""
    target[0] += (2 * factor) * of[0]
    count = min(len(target), len(of)) - 1
    target[1 : count + 1] += factor * (of[:count] + of[1 : count + 1])
    if len(target) > len(of):
        target[-1] += (2 * factor) * of[-1]


def _split97(x: Array) -> tuple[Array, Array]:
    s, d = x[0::2].copy(), x[1::2].copy()
    if not len(d):
        return s, d
    _add_sums(d, s, PREDICT_1)
    _add_sums_before(s, d, UPDATE_1)
    _add_sums(d, s, PREDICT_2)
    _add_sums_before(s, d, UPDATE_2)
    s *= 1 / GAIN
    d *= GAIN / 2
    return s, d


def _merge97(s: Array, d: Array) -> Array:
    if not len(d):
        return s.copy()
    s, d = s * GAIN, d * (2 / GAIN)
    _add_sums_before(s, d, -UPDATE_2)
    _add_sums(d, s, -PREDICT_2)
    _add_sums_before(s, d, -UPDATE_1)
    _add_sums(d, s, -PREDICT_1)
    return _interleave(s, d)


def _split53(x: Array) -> tuple[Array, Array]:
    s, d = x[0::2].copy(), x[1::2].copy()
    if not len(d):
        return s, d
    d -= _pairs(s, len(d), before=False) >> 1
    s += (_pairs(d, len(s), before=True) + 2) >> 2
    return s, d


def _merge53(s: Array, d: Array) -> Array:
    if not len(d):
        return s.copy()
    s = s - ((_pairs(d, len(s), before=True) + 2) >> 2)
    d = d + (_pairs(s, len(d), before=False) >> 1)
    return _interleave(s, d)


def _merge53_linear(s: Array, d: Array) -> Array:
    s = s - _pairs(d, len(s), before=True) / 4
    d = d + _pairs(s, len(d), before=False) / 2
    return _interleave(s, d)


def _pairs(x: Array, count: int, before: bool) -> Array:
    """Sums of neighbours, mirrored at the ends: of i-1 and i, or of i and i+1."""
    padded = np.concatenate([x[:1], x, x[-1:]]) if before else np.concatenate([x, x[-1:]])
    sums: Array = padded[:-1] + padded[1:]
    return sums[:count]


def _interleave(s: Array, d: Array) -> Array:
    x = np.empty((len(s) + len(d), *s.shape[1:]), s.dtype)
    x[0::2], x[1::2] = s, d
    return x
