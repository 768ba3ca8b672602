"""What is kept of every path: local averages, a global average, or the map itself; and its summary."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

import numpy as np

from scatter.errors import InputError
from scatter.frames.base import Frame
from scatter.numerics.namespace import Array, Constant, double, namespace
from scatter.paths import Group, Path
from scatter.transforms.validation import scalar

MOMENTS = ("mean", "variance", "skewness", "kurtosis")
"""Statistics of ``pooling='moments'``; kurtosis is in excess of the normal law's."""

STEADY = 1e-5
"""Standard deviation over mean, below which the skewness and kurtosis of a map fade to 0 and -3.

The same in every precision, and some hundred times the rounding of float32: of a map that is as good as
constant, float32 and float64 then say the same.
"""

LOG_FLOOR = 1e-6
"""Added to coefficients before the logarithm when ``log=True``."""


def _positive(value: object) -> bool:
    return isinstance(value, Real) and 0 < float(value) < math.inf


@dataclass(frozen=True)
class Readout:
    """How maps become coefficients.

    Parameters
    ----------
    average : True, 'global' or False
        Low-pass phi; the mean over the signal; or the unaveraged modulus, at its own resolution.
    pooling : None, 'mean' or 'moments'
        Keep the grid, or summarise it.
    log : bool or float
        Logarithm of the coefficients of order 1 and above: ``log(S + log)``, True standing for
        `LOG_FLOOR`. Order 0 is signed and stays as it is.
    weights : callable, optional
        Resolution of a map, or None for an averaged one -> share of each of its points in a mean: its area on
        a surface. Shares add up to 1; None is equal ones.
    """

    average: bool | str = True
    pooling: str | None = None
    log: bool | float = False
    weights: Callable[[int | None], Constant] | None = None

    def __post_init__(self) -> None:
        for name in ("average", "pooling", "log"):  # numbers and text out of a .npz have no axes
            object.__setattr__(self, name, scalar(getattr(self, name)))
        if not (isinstance(self.average, bool) or self.average == "global"):
            raise InputError(f"average must be True, 'global' or False, got {self.average!r}")
        if self.pooling not in (None, "mean", "moments"):
            raise InputError(f"pooling must be None, 'mean' or 'moments', got {self.pooling!r}")
        if not isinstance(self.log, (bool, np.bool_)) and not _positive(self.log):
            raise InputError(f"log must be True, False or a positive number, got {self.log!r}")
        if self.average == "global" and self.pooling == "moments":
            raise InputError(
                "average='global' leaves one number a path, which has no moments; type average=True or "
                "average=False with pooling='moments'"
            )

    @property
    def floor(self) -> float | None:
        """What is added under the logarithm; None without one."""
        if self.log is False:
            return None
        return LOG_FLOOR if self.log is True else float(self.log)

    @property
    def uniform(self) -> bool:
        """Whether every path gives an array of one shape."""
        return self.average is not False or self.pooling is not None

    def trailing(self, frame: Frame, resolution: int) -> tuple[int, ...]:
        """Shape of what is kept of one path."""
        if self.pooling == "moments":
            return (len(MOMENTS),)
        if self.pooling == "mean" or self.average == "global":
            return ()
        return frame.output(None if self.average else resolution)

    def names(self, path: Path, frame: Frame) -> list[str]:
        """What each number that is kept of one path is called, in C order."""
        name = str(path) if self.average is True else path.modulus
        if self.average == "global":
            name = f"mean({name})"
        if self.log is not False and path.order > 0:
            name = f"log({name})"
        if self.pooling is not None and self.average != "global":
            return [f"{statistic}({name})" for statistic in MOMENTS[: 1 if self.pooling == "mean" else None]]
        places = itertools.product(*(range(n) for n in self.trailing(frame, path.resolution)))
        return [f"{name}[{','.join(map(str, place))}]" if place else name for place in places]

    def __call__(self, u: Array, group: Group, frame: Frame, shrunk: Array | None = None) -> Array:
        """Coefficients (batch, paths, *trailing) of maps (batch, paths, *points), which were ``shrunk``."""
        read = frame.average if self.average is True else frame.crop
        kept = read(u, group.resolution)
        resolution = None if self.average is True else group.resolution
        logarithm = self.floor is not None and group.order > 0
        mean_first = self.average == "global" or (self.pooling == "mean" and not logarithm)
        if mean_first:
            kept = self._mean(kept, frame, resolution)
        if shrunk is not None:
            kept = kept / shrunk
        if logarithm:
            xp = namespace(kept)
            kept = xp.log(xp.clip(kept, 0, None) + self.floor)
        if self.pooling is None or mean_first:
            return kept
        if self.pooling == "mean":
            return self._mean(kept, frame, resolution)
        return moments(kept, lambda x: self._mean(x, frame, resolution), frame.ndim)

    def _mean(self, x: Array, frame: Frame, resolution: int | None) -> Array:
        """Mean over the points, weighted if some count more than others."""
        xp, axes = namespace(x), tuple(range(-frame.ndim, 0))
        if self.weights is None:
            return xp.mean(x, axis=axes)
        return xp.sum(x * self.weights(resolution).like(x), axis=axes)


def moments(x: Array, mean: Callable[[Array], Array], ndim: int) -> Array:
    """Mean, variance, skewness and excess kurtosis over the last axes, stacked on a new last axis.

    The skewness and kurtosis of a map that is as good as constant, see `STEADY`, are 0 and -3 rather than
    noise, and their gradients are finite. They are summed in float64 where the library has it.

    Parameters
    ----------
    x : array of shape (..., *points)
    mean : callable
        (..., *points) -> (...).
    ndim : int
        Number of axes of the points.
    """
    xp = namespace(x)

    def spread(statistic: Array) -> Array:
        return xp.reshape(statistic, (*statistic.shape, *[1] * ndim))

    dtype, least = x.dtype, xp.finfo(x.dtype).smallest_normal
    x = double(x)
    average = mean(x)
    deviation = x - spread(average)
    variance = mean(deviation**2)
    z = deviation / spread(xp.sqrt(variance + STEADY**2 * average**2 + least))
    return xp.astype(xp.stack([average, variance, mean(z**3), mean(z**4) - 3], axis=-1), dtype, copy=False)
