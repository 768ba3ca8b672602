"""Statistics of maps over their points, each defined once for every domain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from scatter.numerics.namespace import Array, Constant, double, is_torch_array, namespace, root
from scatter.numerics.sparse import SparseMatrix, as_columns, as_rows

MOMENTS = ("mean", "variance", "skewness", "kurtosis")
"""Statistics of ``pooling='moments'``; the kurtosis is in excess of the normal law's."""

STATISTICS = {
    "mean": ("mean",),
    "mean_std": ("mean", "std"),
    "median": ("median",),
    "max": ("max",),
    "moments": MOMENTS,
    "powers": (),
}
"""What each kind of pooling keeps of a map, by name; of 'powers', sums of powers, there may be any number."""

STEADY = 1e-5
"""Standard deviation over mean, below which the skewness and kurtosis of a map fade to 0 and -3.

The same in every precision, and some hundred times the rounding of float32: of a map that is as good as
constant, float32 and float64 then say the same.
"""

_HALF = 0.5
_TIE = 1e-9
"""Share of the weight by which a point may miss the half and still be in the middle: rounding of sums."""


class Points(Protocol):
    """Points of a map, and how much each of them counts.

    A statistic takes their axes away; of points in several regions, the regions are an axis in their place.
    """

    @property
    def ndim(self) -> int:
        """Axes of the points, the last ones of a map."""

    def mean(self, x: Array) -> Array:
        """Weighted mean of maps (..., *points)."""

    def sum(self, x: Array) -> Array:
        """Weighted sum: the integral over the domain, in samples, or in areas."""

    def median(self, x: Array) -> Array:
        """Value below and above which there is half of the weight; between two, their mean."""

    def max(self, x: Array) -> Array:
        """Largest value."""

    def spread(self, statistic: Array) -> Array:
        """A statistic as something that is subtracted from the map it was taken of."""


@dataclass(frozen=True)
class Even:
    """Points that count alike, such as those of a grid.

    Parameters
    ----------
    ndim : int
        Their axes.
    size : float, optional
        What they stand for, all together: the samples of a signal. None is their number.

    Examples
    --------
    >>> import numpy as np
    >>> Even(1).median(np.array([[4.0, 1.0, 3.0, 9.0]]))
    array([3.5])
    """

    ndim: int
    size: float | None = None

    def mean(self, x: Array) -> Array:
        """Mean of maps (..., *points)."""
        return namespace(x).mean(x, axis=_last(self.ndim))

    def sum(self, x: Array) -> Array:
        """Sum over the samples that the points stand for."""
        count = math.prod(x.shape[x.ndim - self.ndim :])
        return self.mean(x) * float(count if self.size is None else self.size)

    def median(self, x: Array) -> Array:
        """Middle value; the mean of two, if there are two."""
        ordered = namespace(x).sort(_flat(x, self.ndim), axis=-1)
        n = ordered.shape[-1]
        return (ordered[..., (n - 1) // 2] + ordered[..., n // 2]) / 2

    def max(self, x: Array) -> Array:
        """Largest value."""
        return namespace(x).max(x, axis=_last(self.ndim))

    def spread(self, statistic: Array) -> Array:
        """A statistic (...) with axes of one point."""
        return namespace(statistic).reshape(statistic, (*statistic.shape, *[1] * self.ndim))


@dataclass(frozen=True)
class Weighted:
    """Points that count by their shares of a surface.

    Parameters
    ----------
    shares : Constant
        Of each point, of the shape of the points; they add up to 1. Points of no share may have any value.
    size : float
        Area of the surface.
    """

    shares: Constant
    size: float

    @property
    def ndim(self) -> int:
        """Axes of the points."""
        return self.shares.value.ndim

    def mean(self, x: Array) -> Array:
        """Mean over the area of maps (..., *points)."""
        return namespace(x).sum(x * self.shares.like(x), axis=_last(self.ndim))

    def sum(self, x: Array) -> Array:
        """Integral over the surface."""
        return self.mean(x) * self.size

    def median(self, x: Array) -> Array:
        """Value below and above which there is half of the area; between two, their mean."""
        xp, flat = namespace(x), _flat(x, self.ndim)
        order = xp.argsort(flat, axis=-1)
        shares = xp.reshape(double(self.shares.like(x)), (-1,))
        shares = xp.reshape(xp.take(shares, xp.reshape(order, (-1,)), axis=0), order.shape)
        ordered, below = xp.sort(flat, axis=-1), xp.cumulative_sum(shares, axis=-1)

        def value(reached: Array) -> Array:  # the first for which this is true
            place = xp.sum(xp.astype(~reached, xp.int64), axis=-1, keepdims=True)
            here = Constant(np.arange(flat.shape[-1])).like(order) == place
            return xp.sum(xp.where(here, ordered, xp.zeros_like(ordered)), axis=-1)

        return (value(below >= _HALF - _TIE) + value(below > _HALF + _TIE)) / 2

    def max(self, x: Array) -> Array:
        """Largest value at a point that has a share."""
        xp = namespace(x)
        seen = self.shares.like(x) > 0
        return xp.max(xp.where(seen, x, xp.full_like(x, -math.inf)), axis=_last(self.ndim))

    def spread(self, statistic: Array) -> Array:
        """A statistic (...) with axes of one point."""
        return Even(self.ndim).spread(statistic)


class Regions:
    """Points in disjoint regions, such as the nodes of the graphs of a batch.

    Sums are taken in double precision and one region at a time, in the order of its points, so that
    a region's sum does not depend on which other regions there are, bit for bit.

    Parameters
    ----------
    owner : array of shape (n,) of integers
        Region of each point, in ascending order.

    Examples
    --------
    >>> import numpy as np
    >>> Regions([0, 0, 1]).sum(np.array([[1.0, 2.0, 5.0]]))
    array([[3., 5.]])
    """

    ndim = 1

    def __init__(self, owner: Any) -> None:
        self.owner = np.asarray(owner, dtype=np.int64)
        self.start = np.searchsorted(self.owner, np.arange(int(self.owner[-1]) + 2))

    @property
    def count(self) -> int:
        """Number of regions."""
        return len(self.start) - 1

    @cached_property
    def _matrix(self) -> SparseMatrix:
        n = self.owner.size
        return SparseMatrix(sp.csr_array((np.ones(n), np.arange(n), self.start), shape=(self.count, n)))

    @cached_property
    def size(self) -> NDArray[np.float64]:
        """Points of each region."""
        return np.diff(self.start).astype(np.float64)

    def sum(self, x: Array) -> Array:
        """Sum over each region: (..., n) -> (..., regions)."""
        if isinstance(x, np.ndarray):
            columns = as_columns(x.astype(np.float64, copy=False))
            found = as_rows(np.add.reduceat(columns, self.start[:-1], axis=0), x.shape[:-1])
            return found.astype(x.dtype, copy=False)
        xp, wide = namespace(x), double(x)
        if is_torch_array(x):
            found = self._matrix.apply(wide)
        else:
            found = xp.matmul(wide, Constant(self._matrix.csr.T.toarray()).like(wide))
        return xp.astype(found, x.dtype, copy=False)

    def mean(self, x: Array) -> Array:
        """Mean over each region."""
        total = self.sum(double(x))
        return namespace(x).astype(total / Constant(self.size).like(total), x.dtype, copy=False)

    def median(self, x: Array) -> Array:
        """Middle value of each region."""
        return self._each(x, Even(1).median)

    def max(self, x: Array) -> Array:
        """Largest value of each region."""
        return self._each(x, Even(1).max)

    def _each(self, x: Array, statistic: Any) -> Array:
        ends = zip(self.start[:-1].tolist(), self.start[1:].tolist(), strict=True)
        return namespace(x).stack([statistic(x[..., a:b]) for a, b in ends], axis=-1)

    def spread(self, statistic: Array) -> Array:
        """A number of each region at all its points: (..., regions) -> (..., n)."""
        places = Constant(self.owner).like(statistic)
        return namespace(statistic).take(statistic, places, axis=statistic.ndim - 1)


class Alone:
    """One region, summed up as each of `Regions` is, which leaves no axis of regions.

    Parameters
    ----------
    n : int
        Its points.
    """

    ndim = 1

    def __init__(self, n: int) -> None:
        self._regions = Regions(np.zeros(n, dtype=np.int64))

    def mean(self, x: Array) -> Array:
        """Mean of maps (..., n)."""
        return self._regions.mean(x)[..., 0]

    def sum(self, x: Array) -> Array:
        """Sum over the points."""
        return self._regions.sum(x)[..., 0]

    def median(self, x: Array) -> Array:
        """Middle value; the mean of two, if there are two."""
        return self._regions.median(x)[..., 0]

    def max(self, x: Array) -> Array:
        """Largest value."""
        return self._regions.max(x)[..., 0]

    def spread(self, statistic: Array) -> Array:
        """A statistic (...) with an axis of one point."""
        return Even(1).spread(statistic)


def summary(
    x: Array, kind: str, points: Points, count: int | tuple[float, ...], floor: Array | None = None
) -> list[Array]:
    """The statistics of one kind of pooling, each (...) of maps (..., *points).

    What is made of sums of products is in double precision, other statistics are in that of the maps.

    Parameters
    ----------
    x : array of shape (..., *points)
        Maps.
    kind : str
        One of `STATISTICS`.
    points : Points
        What counts how much.
    count : int or tuple of float
        How many powers, or moments; or the powers, of absolute values.
    floor : array, optional
        Mean square up to which a map counts as zero, as `noise_floor` gives it.
    """
    if kind == "mean":
        return [points.mean(x)]
    if kind in ("median", "max"):
        return [getattr(points, kind)(x)]
    if kind == "powers":
        if isinstance(count, tuple):
            size = abs(double(x))
            return [points.sum(_power(size, q)) for q in count]
        return powers(double(x), points, count)
    if kind == "moments":
        count = len(MOMENTS) if isinstance(count, tuple) else min(count, len(MOMENTS))
        return moments(x, points, count, floor)
    mean, variance = moments(x, points, 2)
    return [mean, root(variance)]


def powers(x: Array, points: Points, count: int) -> list[Array]:
    """Sums of the powers 1 .. count."""
    power, sums = x, [points.sum(x)]
    for q in range(2, count + 1):
        if q > 2 and isinstance(x, np.ndarray):
            power *= x  # what the last product made: new memory takes longer than multiplying
        else:
            power = power * x
        sums.append(points.sum(power))
    return sums


def _power(size: Array, q: float) -> Array:
    """Power of absolute values, whose gradient at zero is zero also where that of the power is infinite."""
    if q == 0.5:
        return root(size)
    if q >= 1 or isinstance(size, np.ndarray):
        return math.prod([size] * (int(q) - 1), start=size) if q in (1, 2, 3, 4) else size**q
    xp, positive = namespace(size), size > 0
    return xp.where(positive, xp.where(positive, size, xp.ones_like(size)) ** q, xp.zeros_like(size))


def moments(x: Array, points: Points, count: int = 4, floor: Array | None = None) -> list[Array]:
    """Mean, variance, skewness and excess kurtosis, the first ``count`` of them, in double precision.

    The skewness and kurtosis of a map that is as good as constant, see `STEADY`, are 0 and -3 rather than
    noise, and their gradients are finite. The same where the mean square is at most ``floor``.
    """
    xp, least = namespace(x), float(namespace(x).finfo(x.dtype).smallest_normal)
    x = double(x)
    average = points.mean(x)
    deviation = x - points.spread(average)
    found = [average]
    if count > 1:
        variance = points.mean(deviation**2)
        found.append(variance)
    if count > 2:
        scale = xp.sqrt(variance + STEADY**2 * average**2 + least)
        z = deviation / points.spread(scale)
        if floor is not None:
            z = xp.where(points.spread(variance + average**2 <= floor), xp.zeros_like(z), z)
        found.append(points.mean(z**3))
    if count > 3:
        found.append(points.mean(z**4) - 3)
    return found


def noise_floor(x: Array, points: Points, error: float) -> Array:
    """Mean square that the errors of filtering give to a map which should be zero.

    A wavelet coefficient that is zero in theory is rounding error in practice, whose skewness and
    kurtosis are those of chance, and change with the order of the points.

    Parameters
    ----------
    x : array of shape (..., *points)
        The signals that are filtered.
    points : Points
        Theirs.
    error : float
        Largest error of a coefficient, relative to the signals.

    Returns
    -------
    array of shape (...)
        In float64, where there is such.
    """
    wide = double(x)
    return error**2 * points.mean(wide * wide)


def _last(ndim: int) -> tuple[int, ...]:
    return tuple(range(-ndim, 0))


def _flat(x: Array, ndim: int) -> Array:
    return namespace(x).reshape(x, (*x.shape[: x.ndim - ndim], -1))
