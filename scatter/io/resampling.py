"""Sounds at another sampling rate, block by block, as if they had been resampled whole."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

LARGEST_TERM = 10_000
"""Of the ratio of two rates in lowest terms; the filter is 20 times as long."""

_REACH = 10


def ratio(file: Path, rate: int, wanted: int | None) -> tuple[int, int]:
    """By what to multiply and to divide the sampling rate of a sound.

    Parameters
    ----------
    file : Path
        The sound, for messages.
    rate, wanted : int
        Its sampling rate and the new one, in hertz; None keeps it.

    Returns
    -------
    up, down : int
        ``wanted / rate`` in lowest terms.

    Raises
    ------
    FileError
        If a term is above `LARGEST_TERM`, or the file claims a rate that is none.

    Examples
    --------
    >>> from pathlib import Path
    >>> ratio(Path("bell.wav"), 44100, 16000)
    (160, 441)
    """
    if wanted is None or wanted == rate:
        return 1, 1
    if rate < 1:
        raise FileError(f"{file}: claims a sampling rate of {rate} Hz and can't be resampled to {wanted} Hz")
    common = math.gcd(rate, wanted)
    up, down = wanted // common, rate // common
    if max(up, down) > LARGEST_TERM:
        raise FileError(
            f"{file}: can't be resampled from {rate} to {wanted} Hz: the terms of {up}/{down} may be at most "
            f"{LARGEST_TERM}; type --resample {rate}, or a rate that shares more factors with it"
        )
    return up, down


def margin(up: int, down: int) -> int:
    """How many samples around a block take part in it, a multiple of ``down``."""
    # One ``down`` more than the filter reaches: it is also filled up with zeros, and zero times NaN is NaN.
    return 0 if up == down else down * (1 - (-_REACH * max(up, down) // (up * down)))


def resample_blocks(blocks: Iterable[NDArray[Any]], up: int, down: int) -> Iterator[NDArray[Any]]:
    """Blocks of a signal at ``up / down`` times its rate.

    Together they equal ``scipy.signal.resample_poly`` of the whole signal; memory is that of a block and
    of a few filters.

    Parameters
    ----------
    blocks : iterable of ndarray of shape (..., n)
        Parts of one signal, in order, of any lengths.
    up, down : int
        In lowest terms; both 1 hand the blocks through.

    Yields
    ------
    ndarray of shape (..., m)
    """
    if up == down:
        yield from blocks
        return
    context = margin(up, down)
    held: NDArray[Any] | None = None
    before = 0  # samples at the start of ``held`` that are done; what is held starts at a multiple of down
    for block in blocks:
        held = block if held is None else np.concatenate([held, block], axis=-1)
        ready = (held.shape[-1] - context) // down * down
        # Blocks shorter than the filter are gathered, else each would be filtered many times.
        if ready - before >= context:
            yield _resample(held, up, down)[..., before // down * up : ready // down * up]
            kept = max(0, ready - context)
            held, before = held[..., kept:], ready - kept
    if held is not None and held.shape[-1] > before:
        yield _resample(held, up, down)[..., before // down * up :]


def _resample(signals: NDArray[Any], up: int, down: int) -> NDArray[Any]:
    from scipy.signal import resample_poly

    filters = _filter(max(up, down)).astype(signals.dtype)
    # NaN and overflow pass through and are found in the segments they reach.
    with np.errstate(all="ignore"):
        resampled: NDArray[Any] = resample_poly(signals, up, down, axis=-1, window=filters)
    return resampled


@lru_cache(maxsize=8)
def _filter(term: int) -> NDArray[np.float64]:
    # The one that resample_poly designs by itself, for every block anew.
    from scipy.signal import firwin

    taps: NDArray[np.float64] = firwin(2 * _REACH * term + 1, 1 / term, window=("kaiser", 5.0))
    return taps
