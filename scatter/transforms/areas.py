"""Averages over a surface, on which every vertex counts as much as its area."""

from __future__ import annotations

from dataclasses import dataclass

from scatter.frames.base import Frame
from scatter.numerics.namespace import Array, Constant, namespace
from scatter.paths import Group
from scatter.transforms.readout import LOG_FLOOR, Readout


@dataclass(frozen=True)
class AreaReadout(Readout):
    """A readout whose means are weighted by the areas of the vertices."""

    areas: Constant | None = None

    def __call__(self, u: Array, group: Group, frame: Frame) -> Array:
        """Coefficients (batch, paths, *trailing) of maps (batch, paths, n)."""
        if self.pooling is None:
            return super().__call__(u, group, frame)
        kept = frame.crop(u, group.resolution)
        xp = namespace(kept)
        if self.log is not False and group.order > 0:
            floor = LOG_FLOOR if self.log is True else float(self.log)
            kept = xp.log(xp.clip(kept, 0, None) + floor)
        assert self.areas is not None
        weight = self.areas.like(kept)
        if self.pooling == "mean":
            return xp.sum(kept * weight, axis=-1)
        return weighted_moments(kept, weight)


def weighted_moments(x: Array, weight: Array) -> Array:
    """Mean, variance, skewness and excess kurtosis over the last axis, for weights that add up to 1.

    As `scatter.transforms.readout.moments`, which is the case of equal weights.
    """
    xp = namespace(x)
    mean = xp.sum(x * weight, axis=-1, keepdims=True)
    deviation = x - mean
    variance = xp.sum(deviation**2 * weight, axis=-1, keepdims=True)
    tiny = xp.finfo(x.dtype).eps ** 1.5 * mean**2 + xp.finfo(x.dtype).smallest_normal
    z = deviation / xp.sqrt(variance + tiny)
    third, fourth = xp.sum(z**3 * weight, axis=-1), xp.sum(z**4 * weight, axis=-1) - 3
    return xp.stack([mean[..., 0], variance[..., 0], third, fourth], axis=-1)
