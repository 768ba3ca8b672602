"""Samples beside deformed copies of themselves, and beside their nearest of each class, in every space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances

from scatter.stability.base import Deformation
from scatter.stability.grids import Displacement
from scatter.stability.samples import GridSamples, Samples

HARD_TO_EASY = (0.1, 0.5, 0.9)
"""Quantiles of how well the input tells a sample from the other classes: which samples are shown."""
MOST_COPIES = 3
"""Deformed copies of a sample."""


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """A sample, deformed copies of it, and the nearest others of its class and of another.

    Attributes
    ----------
    label : str
        Class of the sample.
    names : tuple of str
        What each picture is; the sample is the first, its nearest of another class the last.
    pictures : ndarray of shape (pictures, *channels, *shape)
    ndim : int
        Axes of the grid.
    distances : mapping of str to ndarray of shape (pictures,)
        By representation, from the sample; 1 is the mean distance of samples of two classes.
    """

    label: str
    names: tuple[str, ...]
    pictures: NDArray[Any]
    ndim: int
    distances: Mapping[str, NDArray[np.float64]]


def neighbourhoods(
    x: Samples,
    labels: NDArray[Any],
    spaces: Mapping[str, tuple[Callable[[Samples], NDArray[np.float64]], float]],
    strengths: Mapping[Deformation, float],
    rng: np.random.Generator,
) -> tuple[Neighbourhood, ...]:
    """A few samples with their neighbours in the input, hard ones first; none where samples are no signals.

    Parameters
    ----------
    x : Samples
    labels : ndarray of shape (n,)
    spaces : mapping of str to (callable, float)
        Each representation, and the mean distance of samples of two classes in it.
    strengths : mapping of Deformation to float
        What samples are deformed by.
    rng : numpy Generator
    """
    if not isinstance(x, GridSamples):
        return ()
    distances = pairwise_distances(x.input)
    np.fill_diagonal(distances, np.inf)
    same = labels[:, None] == labels
    own, other = (np.where(mask, distances, np.inf) for mask in (same, ~same))
    lonely = ~np.isfinite(own.min(axis=1))
    ease = np.where(lonely, np.inf, other.min(axis=1) / own.min(axis=1))
    order = np.argsort(ease)[: int((~lonely).sum())]
    chosen = dict.fromkeys(int(order[round(share * (len(order) - 1))]) for share in HARD_TO_EASY)
    moves = [(one, at) for one, at in strengths.items() if isinstance(one, Displacement)][:MOST_COPIES]
    found = []
    for place in chosen:
        nearest = [int(own[place].argmin()), int(other[place].argmin())]
        alone = x.x[[place]]
        copies = [one(alone, at, rng, x.ndim) for one, at in moves]
        pictures = np.concatenate([alone, *copies, x.x[nearest]])
        shown = replace(x, x=pictures)
        names = ["sample", *(f"{one.name} {at:g}" for one, at in moves)]
        names += [f"nearest {labels[one]}" for one in nearest]
        apart = {name: _from_first(make(shown)) / between for name, (make, between) in spaces.items()}
        found.append(Neighbourhood(str(labels[place]), tuple(names), pictures, x.ndim, apart))
    return tuple(found)


def _from_first(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(rows - rows[0], axis=1))


__all__ = ["Neighbourhood", "neighbourhoods"]
