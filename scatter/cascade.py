"""The loop: a linear equivariant layer (wavelets), a non-linear one (the modulus), and averages, and again.

It runs in any array library, and never learns a domain's name. See the page on the idea.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from scatter.frames.base import Frame, Layer
from scatter.numerics.namespace import Array, Constant, itemsize, namespace
from scatter.paths import Group, PathTree

Readout = Callable[[Array, Group], Array]
"""What is kept of the paths of a group: ``(u, group) -> (batch, paths, *anything)``."""

WORKING_SET = 2**25
"""Bytes that the arrays of one block of signals may take, unless one signal alone needs more."""


def cascade(x: Array, frame: Frame, tree: PathTree, readout: Readout) -> Iterator[tuple[Group, Array]]:
    """Yield what ``readout`` keeps of every group of paths, for signals of shape (batch, *shape)."""
    u = frame.root(x)
    yield tree.root, readout(u, tree.root)
    layer: Layer = {tree.root: u}
    while layer:
        deeper: Layer = {}
        for group, w in frame.wavelets(layer):
            u = frame.modulus(w)
            yield group, readout(u, group)
            if group.edges:
                deeper[group] = u
        layer = deeper


def scattering(
    x: Array, frame: Frame, tree: PathTree, readout: Readout, working_set: int = WORKING_SET
) -> dict[Group, Array]:
    """Run the cascade over a batch, in blocks whose working set stays within a budget.

    Parameters
    ----------
    x : array of shape (..., *frame.shape)
        Signals, in a floating type.
    frame, tree
        The wavelets and the paths.
    readout : callable
        What to keep of each group.
    working_set : int
        Bytes for the arrays of one block.

    Returns
    -------
    dict of Group to array of shape (..., paths of the group, *anything)
    """
    xp = namespace(x)
    batch = tuple(x.shape[: x.ndim - frame.ndim])
    signals = xp.reshape(x, (-1, *frame.shape))
    step = block_size(frame, tree, working_set // itemsize(x))
    parts: dict[Group, list[Array]] = {}
    count = signals.shape[0]
    for start in range(0, count, step):
        for group, kept in cascade(signals[start : min(start + step, count), ...], frame, tree, readout):
            parts.setdefault(group, []).append(kept)
    return {
        group: xp.reshape(xp.concat(kept, axis=0), (*batch, *kept[0].shape[1:]))
        for group, kept in parts.items()
    }


def block_size(frame: Frame, tree: PathTree, budget: int) -> int:
    """Signals whose working set is at most ``budget`` real numbers, at least 1."""
    return max(1, budget // max(frame.working_set(group) for group in tree.root))


def in_order(parts: dict[Group, Array], axis: int) -> Array:
    """One array of the paths of every group, in the order of the enumeration.

    Parameters
    ----------
    parts : dict of Group to array
        Arrays that differ only in the length of the path axis.
    axis : int
        The path axis.
    """
    arrays = list(parts.values())
    xp = namespace(arrays[0])
    order = np.argsort([place for group in parts for place in group.positions])
    return xp.take(xp.concat(arrays, axis=axis), Constant(order).like(arrays[0]), axis=axis)
