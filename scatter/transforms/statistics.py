"""Statistics of maps on points: sums of powers, and moments, over each of several regions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.numerics.namespace import Array, Constant, double, is_torch_array, namespace
from scatter.numerics.sparse import SparseMatrix, as_columns, as_rows

NORMALIZED = ("mean", "variance", "skewness", "kurtosis")
"""Moments of ``pooling='normalized'``; the kurtosis is that of the definition, 3 for a normal law."""

ROUNDING = 128
"""Units of rounding below which a deviation is noise of the products that made it."""

POOLINGS = ("moments", "normalized", "both", "mean", None)


class Regions:
    """Points in disjoint regions: the graphs of a batch, or the whole of a surface.

    Sums are taken in double precision and one region at a time, in the order of its points, so that
    a region's sum does not depend on which other regions there are, bit for bit.

    Parameters
    ----------
    owner : array of shape (n,) of integers
        Region of each point, in ascending order.
    weights : array of shape (n,), optional
        Weight of each point: its area on a surface; None is ones.

    Examples
    --------
    >>> import numpy as np
    >>> Regions([0, 0, 1]).sum(np.array([[1.0, 2.0, 5.0]]))
    array([[3., 5.]])
    """

    def __init__(self, owner: Any, weights: Any = None) -> None:
        self.owner = np.asarray(owner, dtype=np.int64)
        n, count = self.owner.size, int(self.owner[-1]) + 1
        self.weights = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
        self._even = weights is None
        self._start = np.searchsorted(self.owner, np.arange(count + 1))

    @property
    def count(self) -> int:
        """Number of regions."""
        return len(self._start) - 1

    @cached_property
    def _matrix(self) -> SparseMatrix:
        places = np.arange(self.owner.size)
        shape = (self.count, self.owner.size)
        return SparseMatrix(sp.csr_array((self.weights, places, self._start), shape=shape))

    @cached_property
    def size(self) -> NDArray[np.float64]:
        """Sum of the weights of each region."""
        return np.asarray(np.bincount(self.owner, self.weights, minlength=self.count), dtype=np.float64)

    def sum(self, x: Array) -> Array:
        """Weighted sum over each region along the last axis: (..., n) -> (..., regions)."""
        if isinstance(x, np.ndarray):
            columns = as_columns(x) if self._even else as_columns(x) * self.weights[:, None]
            return as_rows(np.add.reduceat(columns, self._start[:-1], axis=0), x.shape[:-1])
        if is_torch_array(x):
            return self._matrix.apply(x)
        xp = namespace(x)
        return xp.matmul(x, Constant(self._matrix.csr.T.toarray()).like(x))

    def mean(self, x: Array) -> Array:
        """Weighted mean over each region."""
        return self.sum(x) / Constant(self.size).like(x)

    def spread(self, x: Array) -> Array:
        """A number of each region at all its points: (..., regions) -> (..., n)."""
        return namespace(x).take(x, Constant(self.owner).like(x), axis=x.ndim - 1)


@dataclass(frozen=True)
class Statistics:
    """What is kept of a map in each region.

    Parameters
    ----------
    pooling : {'moments', 'normalized', 'both', 'mean'}
        Sums of the powers 1 .. n_moments; mean, variance, skewness and kurtosis, the first
        ``n_moments`` of them; both; or the mean alone.
    n_moments : int
        How many, at least 1; at most 4 where they are normalised.
    log : bool
        ``sign(s) log(1 + |s|)`` of the sums, which grow with the size of the region.
    """

    pooling: str
    n_moments: int = 4
    log: bool = False

    def __post_init__(self) -> None:
        if self.pooling not in POOLINGS[:-1]:
            raise InputError(f"pooling must be one of {', '.join(map(repr, POOLINGS))}, got {self.pooling!r}")
        if self.normalizes and self.n_moments > len(NORMALIZED):
            raise InputError(
                f"there are {len(NORMALIZED)} normalised moments, got n_moments={self.n_moments}; "
                "type n_moments=4 or pooling='moments'"
            )

    @property
    def normalizes(self) -> bool:
        """Whether moments are divided by powers of the deviation."""
        return self.pooling in ("normalized", "both")

    def names(self, name: str) -> list[str]:
        """What each number that is kept of one map is called."""
        base = f"({name})" if name.endswith("phi") else name
        sums = [f"sum({base}**{q})" if q > 1 else f"sum({name})" for q in range(1, self.n_moments + 1)]
        if self.log:
            sums = [f"log({found})" for found in sums]
        normalized = [f"{kind}({name})" for kind in NORMALIZED[: self.n_moments]]
        return {
            "moments": sums,
            "normalized": normalized,
            "both": sums + normalized,
            "mean": normalized[:1],
        }[self.pooling]

    def __call__(self, u: Array, regions: Regions, floor: Array | None = None) -> Array:
        """Statistics (..., regions, kept) of maps (..., n), in the precision of the maps.

        ``floor``, of shape (..., regions), is the variance up to which a map counts as constant; see
        `noise_floor`, which for None is taken of each map itself.
        """
        xp = namespace(u)
        wide = double(u)
        kept: list[Array] = []
        if self.pooling in ("moments", "both"):
            sums = _powers(wide, regions, self.n_moments)
            kept += [xp.sign(s) * xp.log1p(xp.abs(s)) for s in sums] if self.log else sums
        if self.pooling == "mean":
            kept.append(regions.mean(wide))
        if self.normalizes:
            least = noise_floor(u, regions) if floor is None else floor
            kept += _normalized(wide, regions, self.n_moments, least)
        return xp.astype(xp.stack(kept, axis=-1), u.dtype, copy=False)


def noise_floor(x: Array, regions: Regions, accuracy: float = 0.0) -> Array:
    """Variance, in each region, that the errors of filtering give to a map which should be constant.

    A wavelet coefficient that is zero in theory is rounding error in practice, whose skewness and
    kurtosis are those of chance, and change with the order of the points.

    Parameters
    ----------
    x : array of shape (..., n)
        The signals that are filtered.
    regions : Regions
    accuracy : float
        Relative error of the filters, where that is above rounding.

    Returns
    -------
    array of shape (..., regions)
    """
    wide = double(x)
    relative = max(ROUNDING * float(namespace(x).finfo(x.dtype).eps), 10 * accuracy)
    return relative**2 * regions.mean(wide * wide)


def _powers(x: Array, regions: Regions, count: int) -> list[Array]:
    """Sums of the powers 1 .. count."""
    power, sums = x, [regions.sum(x)]
    for q in range(2, count + 1):
        if q > 2 and isinstance(x, np.ndarray):
            power *= x  # what the last product made: new memory takes longer than multiplying
        else:
            power = power * x
        sums.append(regions.sum(power))
    return sums


def _normalized(x: Array, regions: Regions, count: int, floor: Array) -> list[Array]:
    """Mean, variance, skewness and kurtosis; the last two are 0 where the variance is at most ``floor``."""
    xp = namespace(x)
    mean = regions.mean(x)
    found = [mean]
    if count == 1:
        return found
    deviation = x - regions.spread(mean)
    square = deviation * deviation
    variance = regions.mean(square)
    found.append(variance)
    varies = variance > floor
    scale = xp.where(varies, 1 / xp.where(varies, variance, xp.ones_like(variance)), xp.zeros_like(variance))
    if count > 2:
        found.append(regions.mean(square * deviation) * scale**1.5)
    if count > 3:
        found.append(regions.mean(square * square) * scale * scale)
    return found
