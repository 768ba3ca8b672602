"""Padding of signals beyond their ends, one axis at a time, in any array library."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scatter.numerics.namespace import Array, Constant, namespace, zeros

PADDINGS = ("reflect", "symmetric", "periodic", "zero")
"""Known ways to continue a signal, as ``numpy.pad`` names them save ``periodic`` (wrap) and ``zero``."""


def source(size: int, before: int, after: int, padding: str) -> NDArray[np.int64]:
    """Which sample of a signal stands at each place of the padded signal.

    Parameters
    ----------
    size : int
        Samples of the signal, at least 1.
    before, after : int
        Samples added at each end, of any number: the continuation repeats.
    padding : {'reflect', 'symmetric', 'periodic'}
        ``d c b | a b c d | c b a``, ``b a | a b c d | d c``, ``c d | a b c d | a b``.

    Returns
    -------
    ndarray of shape (before + size + after,)
    """
    place = np.arange(-before, size + after)
    if padding == "periodic":
        return place % size
    if padding == "symmetric":
        place = place % (2 * size)
        return np.minimum(place, 2 * size - 1 - place)
    period = max(2 * (size - 1), 1)
    place = place % period
    return np.minimum(place, period - place) if size > 1 else np.zeros_like(place)


def pad(x: Array, axis: int, before: int, after: int, padding: str, where: Constant | None) -> Array:
    """Continue ``x`` along one axis.

    Parameters
    ----------
    x : array
    axis : int
    before, after : int
        Samples added at each end.
    padding : str
        One of `PADDINGS`.
    where : Constant or None
        ``source(size, before, after, padding)``, computed once by the caller; unused for ``zero``.
    """
    if before == after == 0:
        return x
    xp = namespace(x)
    if padding != "zero":
        assert where is not None
        return xp.take(x, where.like(x), axis=axis)

    sizes = list(x.shape)
    ends = []
    for count in (before, after):
        sizes[axis] = count
        ends.append(zeros(tuple(sizes), x))
    return xp.concat([ends[0], x, ends[1]], axis=axis)
