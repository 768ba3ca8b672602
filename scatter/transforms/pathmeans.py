"""Coefficients that are means of those of several paths."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
from array_api_compat import device as device_of
from numpy.typing import NDArray

from scatter.numerics.namespace import Array, namespace
from scatter.paths import Path, PathTree


@dataclass(frozen=True, eq=False)
class PathMeans:
    """Means of paths of a tree, as the paths of a smaller one.

    Parameters
    ----------
    tree : PathTree
        The paths that means are taken of.
    smaller : PathTree
        The means, as paths.
    members : tuple of ndarray of int of shape (paths, members)
        For each order, the places in ``tree`` of the paths that each path of the smaller tree is the mean of.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import Scattering2D
    >>> from scatter.transforms.pathmeans import PathMeans
    >>> tree = Scattering2D(J=1, shape=(8, 8), L=2).tree
    >>> smaller = Scattering2D(J=1, shape=(8, 8), L=2, rotation="invariant").tree
    >>> means = PathMeans.of(tree, smaller, lambda path: path.j)
    >>> means(np.array([5.0, 1.0, 2.0]))
    array([5. , 1.5])
    """

    tree: PathTree
    smaller: PathTree
    members: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, tree: PathTree, smaller: PathTree, key: Callable[[Path], Hashable]) -> PathMeans:
        """Means over the paths that have the same key as a path of the smaller tree."""
        places: dict[Hashable, list[int]] = {}
        for place, path in enumerate(tree.paths):
            places.setdefault(key(path), []).append(place)
        members: list[list[list[int]]] = [[] for _ in smaller.counts]
        for path in smaller.paths:
            members[path.order].append(places[key(path)])
        return cls(tree, smaller, tuple(np.asarray(rows, np.int64) for rows in members))

    def __call__(self, kept: Array) -> Array:
        """Means (paths of the smaller tree, ...) of what is kept of each path of ``tree``, (paths, ...)."""
        xp, found = namespace(kept), []
        for rows in self.members:
            taken = xp.take(kept, xp.asarray(rows.ravel(), device=device_of(kept)), axis=0)
            found.append(xp.mean(xp.reshape(taken, (*rows.shape, *kept.shape[1:])), axis=1))
        return xp.concat(found, axis=0)
