"""A transform of one geometry: its frame, its paths, what is kept of each, and what runs them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from scatter.cascade import in_order, scattering
from scatter.errors import InputError
from scatter.frames.base import Frame
from scatter.frames.convolution import ConvolutionFrame
from scatter.frames.volume import SolidHarmonicFrame
from scatter.numerics.moments import Regions
from scatter.numerics.namespace import Array, itemsize, namespace, within_range
from scatter.paths import Group, PathTree
from scatter.transforms.cost import Cost, check_output, check_working, warn_if_slow
from scatter.transforms.executors import BLOCK, as_numpy, compile_cascade, differentiates, like, pieces
from scatter.transforms.pathmeans import PathMeans
from scatter.transforms.readout import Readout

if TYPE_CHECKING:
    from scatter.transforms.executors import Compiled


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that follows from the parameters and the geometry of the signals.

    Parameters
    ----------
    placed : Frame, optional
        The wavelets and the low-pass; None where samples have a geometry each, and only paths are asked for.
    tree : PathTree
        The paths.
    readout : Readout
        What is kept of each path.
    executor : {'array', 'auto', 'compiled'}
        What runs the cascade; see `executors`.
    n_jobs : int, optional
        Threads of compiled code.
    means : PathMeans, optional
        The paths that run, where those of ``tree`` are means of them.
    """

    placed: Frame | None
    tree: PathTree
    readout: Readout
    executor: str = "array"
    n_jobs: int | None = None
    means: PathMeans | None = None
    _costs: dict[int, Cost] = field(default_factory=dict, repr=False)

    @property
    def frame(self) -> Frame:
        """The wavelets and the low-pass."""
        if self.placed is None:
            raise InputError(
                "no geometry is known, as samples have one each; type mesh=..., cloud=... or graph=..., or "
                "call fit with a surface"
            )
        return self.placed

    def admit(self, count: int, size: int) -> None:
        """Refuse what this machine has no memory for, and say what will take long, before it is begun.

        Parameters
        ----------
        count : int
            Signals.
        size : int
            Bytes of a real number.
        """
        frame = getattr(self.frame, "plane", self.frame)
        if not isinstance(frame, (ConvolutionFrame, SolidHarmonicFrame)):
            return
        if size not in self._costs:
            run = self._maps if self._in_two_steps else self
            cost = Cost.of(frame, run.tree, size, compiled=run._compiled is not None)
            check_working(cost, frame.shape)
            self._costs[size] = cost
        cost = self._costs[size]
        check_output(cost, count, self.coefficients, size)
        warn_if_slow(cost, count, self.n_jobs)

    @cached_property
    def coefficients(self) -> int:
        """Numbers that are kept of a signal."""
        return sum(math.prod(self.readout.trailing(self.frame, path.resolution)) for path in self.tree.paths)

    @property
    def _in_two_steps(self) -> bool:
        """Whether maps come first, and coefficients are then made of those of several paths."""
        return self.means is not None or self.readout.ratios is not False

    @cached_property
    def _maps(self) -> Plan:
        """The plan of the maps that means or ratios are taken of."""
        tree = self.tree if self.means is None else self.means.tree
        return Plan(self.placed, tree, self.readout.maps, self.executor, self.n_jobs)

    @cached_property
    def _compiled(self) -> Compiled | None:
        return compile_cascade(self.executor, self.frame, self.tree, self.readout)

    def flat(self, x: Array) -> Array | None:
        """Coefficients (..., coefficients), path by path, if the compiled executor runs this; else None."""
        self.admit(math.prod(x.shape[: x.ndim - self.frame.ndim]), itemsize(x))
        if self._in_two_steps:
            return None
        if self._compiled is None:
            return None
        has_gradient = self._compiled.cascade.has_gradient
        if (signals := as_numpy(x, self.executor, has_gradient=has_gradient)) is None:
            return None
        batch = signals.shape[: signals.ndim - self.frame.ndim]
        if not differentiates(x):
            found = self._compiled(signals.reshape(-1, *self.frame.shape), self.n_jobs)
            return like(found.reshape(*batch, -1), x)
        xp = namespace(x)
        rows = xp.reshape(x, (-1, *self.frame.shape))
        kept = self._compiled.differentiable(rows, self._by_arrays.flattened, self.n_jobs)
        return xp.reshape(kept, (*batch, -1))

    @cached_property
    def _by_arrays(self) -> Plan:
        """The plan of what the compiled cascade gives, computed array by array."""
        assert self._compiled is not None
        return Plan(self.placed, self.tree, self._compiled.maps, "array", self.n_jobs)

    def flattened(self, x: Array) -> Array:
        """Coefficients (..., coefficients) of signals of any size each, path by path."""
        xp = namespace(x)
        lead = tuple(x.shape[: x.ndim - self.frame.ndim])
        return xp.concat([xp.reshape(item, (*lead, -1)) for item in self.items(x)], axis=-1)

    def run(self, x: Array) -> dict[Group, Array]:
        """Coefficients of every group of paths."""
        x, shrunk = within_range(x)
        noise: Array | None = None

        def keep(u: Array, group: Group) -> Array:
            nonlocal noise
            if group.order == 0:  # the signals themselves come first
                noise = self.readout.noise(self.frame.crop(u, group.resolution), self.frame)
                noise = noise if noise is None or shrunk is None else noise / shrunk**2
            return self.readout(u, group, self.frame, shrunk, noise)

        return scattering(x, self.frame, self.tree, keep)

    def array(self, x: Array) -> Array:
        """Coefficients of shape (..., paths, *trailing)."""
        if (flat := self.flat(x)) is not None:
            trailing = self.readout.trailing(self.frame, 0)
            return namespace(flat).reshape(flat, (*flat.shape[:-1], len(self.tree), *trailing))
        return self._of_maps(x) if self._in_two_steps else in_order(self.run(x), self._axis)

    @property
    def _axis(self) -> int:
        """Axis of the paths in `array`."""
        return -1 - len(self.readout.trailing(self.frame, 0)) - self._per_region

    @cached_property
    def _per_region(self) -> bool:
        """Whether coefficients have an axis of regions."""
        return not self.readout.keeps_points and isinstance(self.readout.points(self.frame, 0), Regions)

    def _of_maps(self, x: Array) -> Array:
        """Coefficients (..., paths, [regions,] *trailing) from maps of all paths, some signals at a time."""
        xp, ndim, maps = namespace(x), self.frame.ndim, self._maps
        lead = tuple(x.shape[: x.ndim - ndim])
        signals = xp.reshape(x, (-1, *self.frame.shape))
        step = max(1, BLOCK // (itemsize(x) * maps.coefficients))
        points, found = self.readout.points(self.frame, None), []
        count = signals.shape[0]
        for start in range(0, count, step):
            part = signals[start : min(start + step, count), ...]
            kept = xp.moveaxis(maps.array(part), maps._axis, 0)
            kept = kept if self.means is None else self.means(kept)
            kept = self.readout.of_maps(kept, self.tree, points, self.readout.noise(part, self.frame))
            found.append(xp.moveaxis(kept, 0, self._axis))
        whole = found[0] if len(found) == 1 else xp.concat(found, axis=0)
        return xp.reshape(whole, (*lead, *whole.shape[1:]))

    def coefficients_of(self, x: Array, out_type: str) -> Any:
        """Coefficients in a container: 'array', 'list' or 'dict'.

        Raises
        ------
        InputError
            If they are of several sizes, and one array is asked for.
        """
        if out_type == "array":
            if not self.uniform:
                raise InputError(
                    "average=False leaves maps of several sizes, which are not one array; "
                    "type out_type='list' or out_type='dict', or add pooling='mean'"
                )
            return self.array(x)
        items = zip(self.tree.paths, self.items(x), strict=True)
        if out_type == "dict":
            return {path.n: coefficients for path, coefficients in items}
        return [
            {
                "coef": coefficients,
                "order": path.order,
                "n": path.n,
                **{name: tuple(b.label(name) for b in path.bands) for name in self._labels},
                "path": str(path),
            }
            for path, coefficients in items
        ]

    @cached_property
    def _labels(self) -> list[str]:
        """Names of the labels of bands, without the index n that every path has."""
        bands = (band for order in (1, 2) for band in self.frame.bank.bands(order))
        return [
            name for name in dict.fromkeys(name for band in bands for name, _ in band.labels) if name != "n"
        ]

    def items(self, x: Array) -> list[Array]:
        """Coefficients of each path, in order, (..., *trailing) each."""
        if (flat := self.flat(x)) is not None:
            shapes = (self.readout.trailing(self.frame, path.resolution) for path in self.tree.paths)
            return list(pieces(flat, shapes))
        if self._in_two_steps:
            kept = namespace(x).moveaxis(self._of_maps(x), self._axis, 0)
            return [kept[place, ...] for place in range(len(self.tree))]
        found: dict[int, Array] = {}
        for group, kept in self.run(x).items():
            axis = -1 - len(self.readout.trailing(self.frame, group.resolution))
            for k, place in enumerate(group.positions):
                after = (slice(None),) * (-1 - axis)
                found[place] = kept[(..., k, *after)]
        return [found[place] for place in range(len(self.tree))]

    def each(self, x: Array) -> Any:
        """Features of samples whose geometry this is, from their signals ([channels,] *points).

        Rows of an array, one a region, or one; where points are kept, an array (points, features) for each.
        """
        xp, points = namespace(x), self.readout.points(self.frame, 0)
        if self.readout.keeps_points:
            maps = self.array(x)
            columns = xp.reshape(maps, (-1, math.prod(self.frame.output(0)))).T
            ends = points.start.tolist() if isinstance(points, Regions) else [0, columns.shape[0]]
            return [columns[a:b] for a, b in pairwise(ends)]
        if not isinstance(points, Regions):
            return self.rows(x[None])
        found = self.array(x)  # (channels, paths, regions, *kept)
        return xp.reshape(xp.moveaxis(found, self._axis + 1, 0), (points.count, -1))

    def rows(self, x: Array) -> Array:
        """Coefficients of signals (n, *channels, *shape) as rows, those of one channel after the other's."""
        xp, rows = namespace(x), x.shape[0]
        if (flat := self.flat(x)) is None:
            flat = self.array(x) if self.uniform else self.flattened(x)
        return xp.reshape(flat, (rows, -1))

    @cached_property
    def uniform(self) -> bool:
        """Whether what is kept of every path has one shape."""
        return self.readout.uniform(self.frame, {path.resolution for path in self.tree.paths})

    @property
    def names(self) -> list[str]:
        """What each feature of a signal is called."""
        return [name for path in self.tree.paths for name in self.readout.names(path, self.placed)]
