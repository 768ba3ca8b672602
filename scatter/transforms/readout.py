"""What is kept of every path: local averages, a global average, or the map itself; and its summary."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Real

import numpy as np
from array_api_compat import device as device_of

from scatter.errors import InputError
from scatter.frames.base import Frame
from scatter.numerics.moments import MOMENTS, STATISTICS, Points, noise_floor, summary
from scatter.numerics.namespace import Array, double, namespace
from scatter.numerics.plain import scalar
from scatter.paths import Group, Path, PathTree

RATIO_FLOOR = 1e-6
"""Added to what coefficients are divided by when ``ratios=True``."""
LOG_FLOOR = 1e-6
"""Added to coefficients before the logarithm when ``log=True``."""


def _positive(value: object) -> bool:
    return isinstance(value, Real) and 0 < float(value) < math.inf


@dataclass(frozen=True)
class Readout:
    """How maps become coefficients: equivariant maps, their local averages, or an invariant global one.

    Parameters
    ----------
    average : True, 'global' or False
        Low-pass phi; the mean over the signal; or the unaveraged modulus, at its own resolution.
    pooling : None, str or tuple of str
        Keep the points, or replace them by statistics of `STATISTICS`: of one kind, or of several kinds one
        after the other.
    log : bool or float
        Logarithm of maps of order 1 and above, ``log(max(S, 0) + log)``, True standing for `LOG_FLOOR`; order
        0 is signed and stays as it is. With 'powers' among the statistics it is the logarithm of their sums
        instead, which grow with the domain: ``sign(s) log(1 + |s| / log)`` in every order, True standing for
        1; other statistics are then of the maps themselves.
    regions : callable, optional
        Resolution of a map, or None for an averaged one -> `Points`: which points make up a region, and how
        much each counts. None is one region, whose points count as the frame says.
    powers : int or tuple of float
        How many sums of powers, or of the moments, are kept; or the powers, of absolute values.
    ratios : bool or float
        Divide maps of order 2 and above by that of their path without its last wavelet,
        ``S(p, q) / (max(S(p), 0) + ratios)``, True standing for `RATIO_FLOOR`, before the logarithm: what is
        left doesn't grow with the signal, and is the same for a filtered one. Andén & Mallat, IEEE TSP
        62(16), 2014, section V.
    """

    average: bool | str = True
    pooling: str | tuple[str, ...] | None = None
    log: bool | float = False
    regions: Callable[[int | None], Points] | None = None
    powers: int | tuple[float, ...] = 4
    ratios: bool | float = False

    def __post_init__(self) -> None:
        for name in ("average", "pooling", "log", "ratios"):  # numbers and text out of a .npz have no axes
            object.__setattr__(self, name, scalar(getattr(self, name)))
        if isinstance(self.pooling, list):
            object.__setattr__(self, "pooling", tuple(self.pooling))
        if not (isinstance(self.average, (bool, np.bool_)) or self.average == "global"):
            raise InputError(f"average must be True, 'global' or False, got {self.average!r}")
        if self.pooling == () or not all(isinstance(kind, str) and kind in STATISTICS for kind in self.kinds):
            known = ", ".join(map(repr, STATISTICS))
            raise InputError(f"pooling must be None, {known}, or a tuple of these, got {self.pooling!r}")
        if not isinstance(self.log, (bool, np.bool_)) and not _positive(self.log):
            raise InputError(f"log must be True, False or a positive number, got {self.log!r}")
        if not isinstance(self.ratios, (bool, np.bool_)) and not _positive(self.ratios):
            raise InputError(f"ratios must be True, False or a positive number, got {self.ratios!r}")
        if self.ratios is not False and self.average is False and self.pooling not in ("mean", "powers"):
            raise InputError(
                "average=False leaves maps of several sizes, which have no ratios point by point; type "
                "average=True, or pooling='mean'"
            )
        if self.average == "global" and self.pooling not in (None, "mean"):
            raise InputError(
                "average='global' leaves one number a path, which has no statistics; type average=True or "
                f"average=False with pooling={self.pooling!r}"
            )
        if "moments" in self.kinds and not isinstance(self.powers, tuple) and self.powers > len(MOMENTS):
            raise InputError(
                f"there are {len(MOMENTS)} moments, got n_moments={self.powers}; type n_moments=4 or "
                "pooling='powers'"
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of statistics."""
        if self.pooling is None:
            return ()
        return self.pooling if isinstance(self.pooling, tuple) else (self.pooling,)

    @property
    def floor(self) -> float | None:
        """What is added to maps under the logarithm; None without one."""
        if self.log is False or "powers" in self.kinds:
            return None
        return LOG_FLOOR if self.log is True else float(self.log)

    @property
    def maps(self) -> Readout:
        """The readout of what means of paths and ratios are taken of: local averages, or means."""
        if self._of_sums:
            return replace(self, log=False, ratios=False)
        average = self.average if self.average is True else "global"
        return Readout(average, None, False, self.regions)

    @property
    def _of_sums(self) -> bool:
        """Whether sums of powers of whole maps are kept, of which ratios are then taken."""
        return self.average is False and self.pooling == "powers"

    @property
    def keeps_points(self) -> bool:
        """Whether the points are kept."""
        return self.pooling is None and self.average != "global"

    def points(self, frame: Frame, resolution: int | None) -> Points:
        """Points of a map at a resolution, or of an averaged one (None)."""
        return (self.regions or frame.points)(resolution)

    def uniform(self, frame: Frame, resolutions: set[int]) -> bool:
        """Whether maps at all of these resolutions leave arrays of one shape."""
        return len({self.trailing(frame, resolution) for resolution in resolutions}) == 1

    def trailing(self, frame: Frame, resolution: int) -> tuple[int, ...]:
        """Shape of what is kept of one path, in one region."""
        if self.pooling == "mean" or self.average == "global":
            return ()
        if self.pooling is not None:
            return (len(self._statistics),) if self._has_axis else ()
        return frame.output(None if self.average else resolution)

    @property
    def _exponents(self) -> tuple[float, ...]:
        """Powers whose sums are kept."""
        return self.powers if isinstance(self.powers, tuple) else tuple(range(1, self.powers + 1))

    @property
    def _has_axis(self) -> bool:
        """Whether statistics have an axis: where there are several, or powers are named."""
        return len(self._statistics) > 1 or isinstance(self.powers, tuple)

    @property
    def _statistics(self) -> list[str]:
        """Names of the statistics, with a place for that of the map; sums of powers are those of a power."""
        found = []
        for kind in self.kinds:
            if kind == "powers":
                sums = ["sum({0})" if q == 1 else f"sum({{1}}**{q:g})" for q in self._exponents]
                found += [f"log({name})" for name in sums] if self.log else sums
            else:
                count = None if isinstance(self.powers, tuple) else self.powers
                found += [f"{name}({{0}})" for name in STATISTICS[kind][:count]]
        return found

    def names(self, path: Path, frame: Frame | None) -> list[str]:
        """What each number that is kept of one path is called, in C order; without a frame, of each point."""
        if self._of_sums:
            return self._sums(path)
        name = str(path) if self.average is True else path.modulus
        means = self.average == "global" or (self.ratios is not False and self.average is False)
        if means:
            name = f"mean({name})"
        if self.ratios is not False and path.order > 1:
            parent = Path(path.bands[:-1])
            name += f"/mean({parent.modulus})" if means else f"/{parent}"
        if self.floor is not None and path.order > 0:
            name = f"log({name})"
        if self.pooling is not None and not means:
            base = f"({name})" if name.endswith("phi") else name
            return [statistic.format(name, base) for statistic in self._statistics]
        if frame is None or not self.keeps_points:
            return [name]
        places = itertools.product(*(range(n) for n in self.trailing(frame, path.resolution)))
        return [f"{name}[{','.join(map(str, place))}]" if place else name for place in places]

    def _sums(self, path: Path) -> list[str]:
        """What sums of powers of a path are called."""
        absolute = isinstance(self.powers, tuple) and path.order == 0

        def sums(path: Path) -> list[str]:
            name = f"|{path.modulus}|" if absolute else path.modulus
            return [f"sum({name}{'' if q == 1 else f'**{q:g}'})" for q in self._exponents]

        found = sums(path)
        if self.ratios is not False and path.order > 1:
            above = sums(Path(path.bands[:-1]))
            found = [f"{own}/{other}" for own, other in zip(found, above, strict=True)]
        return [f"log({name})" for name in found] if self.log else found

    # ------------------------------------------------------------------ arrays
    def noise(self, signals: Array, frame: Frame) -> Array | None:
        """Mean square up to which the maps of signals (..., *points) count as zero, if that matters."""
        if "moments" not in self.kinds:
            return None
        xp = namespace(signals)
        signals = xp.abs(signals) if xp.isdtype(signals.dtype, "complex floating") else signals
        error = frame.rounding(float(namespace(signals).finfo(signals.dtype).eps))
        return noise_floor(signals, self.points(frame, 0), error)

    def __call__(
        self, u: Array, group: Group, frame: Frame, shrunk: Array | None = None, noise: Array | None = None
    ) -> Array:
        """Coefficients (batch, paths, [regions,] *trailing) of maps (batch, paths, *points).

        ``shrunk`` is what the maps were multiplied by, and ``noise`` what `noise` says of their signals.
        """
        read = frame.average if self.average is True else frame.crop
        kept = read(u, group.resolution)
        points = self.points(frame, None if self.average is True else group.resolution)
        logarithm = self.floor is not None and group.order > 0
        mean_first = self.average == "global" or (self.pooling == "mean" and not logarithm)
        if mean_first:
            kept = points.mean(kept)
        if shrunk is not None:
            kept = kept / shrunk
        if logarithm:
            kept = self.logarithm(kept)
        if self.pooling is None or mean_first:
            return kept
        return self.pool(kept, points, None if logarithm else noise)

    def of_maps(self, kept: Array, tree: PathTree, points: Points, noise: Array | None = None) -> Array:
        """Coefficients (paths, ..., [regions,] *trailing) of what `maps` keeps of all paths of a tree.

        ``noise`` is what `noise` says of the signals; ratios have none.
        """
        xp, parents = namespace(kept), tree.parents
        lowest = int((parents < 0).sum())
        parts = [kept[:1, ...], kept[1:lowest, ...], kept[lowest:, ...]]
        if self.ratios is not False and lowest < len(parents):
            floor = RATIO_FLOOR if self.ratios is True else float(self.ratios)
            above = xp.take(kept, xp.asarray(parents[lowest:], device=device_of(kept)), axis=0)
            parts[2] = parts[2] / (xp.clip(above, 0, None) + floor)
        found = []
        for order, part in enumerate(parts):
            if part.shape[0] == 0:  # no path of order 1, or of order 2
                continue
            logarithm = self.floor is not None and order > 0
            part = self.logarithm(part) if logarithm else part
            if self.average is True and self.pooling:
                part = self.pool(part, points, None if logarithm or self.ratios is not False else noise)
            elif self._of_sums and self.log:
                part = self.signed(part)
            found.append(part)
        return xp.concat(found, axis=0)

    def logarithm(self, kept: Array) -> Array:
        """Logarithm of maps, clamped at zero."""
        xp = namespace(kept)
        return xp.log(xp.clip(kept, 0, None) + self.floor)

    def pool(self, kept: Array, points: Points, noise: Array | None = None) -> Array:
        """Statistics (..., [regions,] kept) of maps (..., *points)."""
        xp = namespace(kept)
        found: list[Array] = []
        for kind in self.kinds:
            values = summary(kept, kind, points, self.powers, noise)
            found += map(self.signed, values) if kind == "powers" and self.log else values
        if len(self.kinds) > 1:  # of one precision, so that they are one array
            found = [double(value) for value in found]
        one = xp.stack(found, axis=-1) if self._has_axis else found[0]
        return xp.astype(one, kept.dtype, copy=False)

    def signed(self, s: Array) -> Array:
        """Logarithm of sums of powers, ``sign(s) log(1 + |s| / log)``."""
        xp = namespace(s)
        return xp.sign(s) * xp.log1p(xp.abs(s) / float(self.log))
