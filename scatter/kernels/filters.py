"""Sparse filters for the compiled executor, in the format of ``filter.hpp``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.frames.convolution import Blocks
from scatter.kernels.layout import Layout

Numbers = NDArray[Any]

AHEAD = 24
"""Terms that the compiled executor looks ahead to fetch what they need."""


class Part(NamedTuple):
    """Elements of an output that take a term from one block of a spectrum, in one direction.

    Attributes
    ----------
    weights : ndarray of shape (rows, last axis)
        Zero where the part has no term.
    source : ndarray of shape (rows,)
        The number from which the first vector of a row takes its term; the next one takes it from a vector
        further on or, mirrored, further back.
    mirrored : bool
    """

    weights: Numbers
    source: Numbers
    mirrored: bool


class Packed(NamedTuple):
    """A filter as the compiled executor is handed it.

    Attributes
    ----------
    first, mirrored : ndarray
        Where the terms of each tile begin, and those of them that are mirrored.
    source : ndarray
        The first number that each term is taken from.
    weights : ndarray
        Those of each term, one a number of the tile.
    """

    first: Numbers
    mirrored: Numbers
    source: Numbers
    weights: Numbers


def pack(blocks: Blocks, source: Layout, goal: Layout, *, real: bool) -> Packed:
    """Sparse form of a filter.

    Parameters
    ----------
    blocks : dict of place to ndarray
        Spectrum of the filter, in blocks of the size of its output.
    source, goal : Layout
        Of the spectrum that is filtered, and of the output.
    real : bool
        Whether the spectrum is that of a real signal, of which half is kept.
    """
    tiles, sources, weights, mirrored = [], [], [], []
    for part in _parts(blocks, source, goal, real=real):
        values = goal.tiled(part.weights)
        row, tile = np.nonzero(values.any(-1))
        step = goal.tile * goal.width
        tiles.append(goal.order(row, tile))
        sources.append(part.source[row] + (-tile if part.mirrored else tile) * step)
        weights.append(values[row, tile])
        mirrored.append(np.full(row.size, part.mirrored))
    key = 2 * np.concatenate(tiles) + np.concatenate(mirrored)
    order = np.argsort(key, kind="stable")
    starts = np.searchsorted(key[order], np.arange(2 * goal.tiles + 1))
    places = np.concatenate([np.concatenate(sources)[order], np.zeros(AHEAD, np.int64)])
    return Packed(starts[::2], starts[1::2], places, np.concatenate(weights)[order].ravel())


def _parts(blocks: Blocks, source: Layout, goal: Layout, *, real: bool) -> Iterator[Part]:
    """Every block, split into what is taken from the half that is kept and from its mirror image."""
    n, strides = np.asarray(source.shape), np.asarray(source.strides(real=real))
    lead = np.indices(goal.axes[:-1]).reshape(len(goal.axes) - 1, goal.rows).T
    column = np.arange(goal.axes[-1])
    for place, values in blocks.items():
        corner = np.asarray(place) * goal.shape
        values = values.reshape(goal.rows, -1)
        if goal.fold:
            yield Part(values, corner[0] + lead[:, 0] * goal.axes[-1], False)
            continue
        rows, columns, start = lead + corner[:-1], column + corner[-1], corner[-1] * strides[-1]
        forth = rows @ strides[:-1] + start
        if not real:
            yield Part(values, forth, False)
            continue
        back = (-rows % n[:-1]) @ strides[:-1] + n[-1] * strides[-1] - start
        if source.columns:
            back -= goal.width - 1  # a vector that is reversed begins at its last lane
        below = columns <= n[-1] // 2
        yield Part(np.where(below, values, 0), forth, False)
        if not below.all():
            yield Part(np.where(below, 0, values), back, True)
