"""Programs for the compiled executor: levels, sparse filters and the tree of paths, from a frame."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.frames.convolution import PRECISION, TAILS, ConvolutionFrame
from scatter.frames.volume import SolidHarmonicFrame
from scatter.kernels.layout import Layout
from scatter.kernels.readings import Reading
from scatter.paths import Band, Group, PathTree

Numbers = NDArray[Any]

NODE = np.dtype([(name, np.int64) for name in ("filter", "level", "out", "end", "fields")])
"""A path: its filter, or the first of its fields and how many there are; its grid, where its coefficients go,
and the first node that does not continue it."""


class Step(NamedTuple):
    """A wavelet that is applied: to a spectrum at which resolution, and whether that of a real signal."""

    band: Band
    resolution: int
    real: bool


class Filtering(NamedTuple):
    """How the compiled executor applies a wavelet.

    Attributes
    ----------
    first : int
        The number of its filter, or of the first filter of its real fields.
    fields : int
        How many real fields it makes; none if its map is complex.
    operations : float
        Additions and multiplications of filtering a map, and of the transform back.
    """

    first: int
    fields: int
    operations: float


class Visit(NamedTuple):
    """A path, when the walk over the tree comes to it: its group, its place there, and its last wavelet."""

    group: Group
    place: int
    step: Step | None


def depth_first(visit: Visit, *, real: bool) -> Iterator[Visit]:
    """Walk over a path and those that continue it, each before those that continue it in turn."""
    yield visit
    for edge in visit.group.edges:
        for k, band in enumerate(edge.bands):
            step = Step(band, visit.group.resolution, real)
            yield from depth_first(Visit(edge.child, visit.place * len(edge.bands) + k, step), real=True)


@dataclass(frozen=True, eq=False)
class Program(ABC):
    """A transform as the compiled executor runs it; how wavelets are applied is up to the kind of frame.

    Parameters
    ----------
    frame, tree
        The wavelets and the paths.
    reading : Reading
        What is kept of each path.
    module : module
        The compiled module.
    dtype : dtype
        float32 or float64.
    columns : bool
        What lanes hold, see `Layout`.
    is_complex : bool
        Whether the signals are.

    Attributes
    ----------
    nodes : ndarray of `NODE`
        The paths, depth first.
    costs : ndarray
        Additions and multiplications of each path, for one signal: ``5 n log2 n`` for a transform of n points
        by convention, half of it for a real one, and all those of filters and averages.
    """

    only_columns: ClassVar[bool] = False
    """Whether lanes are columns whatever comes."""

    frame: ConvolutionFrame | SolidHarmonicFrame
    tree: PathTree
    reading: Reading
    module: Any
    dtype: np.dtype[Any]
    columns: bool
    is_complex: bool
    compiled: Any = field(init=False, repr=False)
    nodes: Numbers = field(init=False, repr=False)
    costs: Numbers = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", self._start())
        walk = list(depth_first(Visit(self.tree.root, 0, None), real=not self.is_complex))
        levels = {level: self._add_level(*level) for level in dict.fromkeys(map(self._level, walk))}
        filters = self._add_filters(dict.fromkeys(visit.step for visit in walk if visit.step))
        object.__setattr__(self, "nodes", self._nodes(walk, list(levels), filters))
        self.compiled.set_nodes(self.nodes.view(np.int64))
        costs = [
            levels[self._level(visit)]
            + (self._fourier(visit.group.resolution) / 2 if visit.group.edges else 0.0)
            + (filters[visit.step].operations if visit.step else 0.0)
            for visit in walk
        ]
        object.__setattr__(self, "costs", np.asarray(costs))

    @classmethod
    def refusal(cls, frame: Any) -> str | None:
        """Why a frame can't be compiled; None if it can."""
        return None

    # ------------------------------------------------------------------ what it is run with
    @property
    def width(self) -> int:
        """Numbers in a vector."""
        return int(self.module.register_bytes) // self.dtype.itemsize

    @property
    def operations(self) -> float:
        """Additions and multiplications that a signal takes."""
        return float(self.costs.sum())

    @property
    def block(self) -> int:
        """Signals that are transformed at once."""
        return 1 if self.columns else self.width

    def blocks(self, count: int) -> list[slice]:
        """Which signals, of so many, are transformed together."""
        return [slice(start, start + self.block) for start in range(0, count, self.block)]

    def numbers(self, x: Numbers) -> Numbers:
        """Signals (batch, *shape) as rows of real numbers, real and imaginary parts in turn."""
        return np.ascontiguousarray(x).view(self.dtype).reshape(len(x), -1)

    @cached_property
    def offsets(self) -> Numbers:
        """Where the coefficients of each path begin, by the order of the enumeration, and where all end."""
        sizes = [self.reading.size(self.frame, path.resolution) for path in self.tree.paths]
        return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])

    @property
    def coefficients(self) -> int:
        """Numbers that are kept of a signal."""
        return int(self.offsets[-1])

    def worker(self) -> Any:
        """Memory in which one thread runs the program."""
        return self._make(f"{self._lanes}Worker", self.compiled)

    def gradient(self) -> Any:
        """Memory in which one thread goes back from a gradient of coefficients to that of the signals."""
        return self._make(f"{self._lanes}Gradient", self.compiled)

    def spectrum(self) -> Any:
        """Room for the spectrum of a block of signals."""
        return self._make("Spectrum")

    def branches(self) -> list[tuple[int, int]]:
        """First and end node of each branch of the tree, one a path of order 1."""
        found, node = [], 1
        while node < len(self.nodes):
            found.append((node, int(self.nodes["end"][node])))
            node = found[-1][1]
        return found

    def shares(self, count: int) -> list[list[tuple[int, int]]]:
        """The branches, dealt out to so many threads: the longest first, each to who has least."""
        work = np.concatenate([[0.0], np.cumsum(self.costs)])
        dealt: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        loads = [0.0] * count
        for begin, end in sorted(self.branches(), key=lambda branch: work[branch[0]] - work[branch[1]]):
            least = loads.index(min(loads))
            dealt[least].append((begin, end))
            loads[least] += work[end] - work[begin]
        return dealt

    # ------------------------------------------------------------------ how it is made
    @property
    def _lanes(self) -> str:
        return "Columns" if self.columns else "Signals"

    def _make(self, kind: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.module, f"{kind}{8 * self.dtype.itemsize}")(*args, **kwargs)

    def _layout(self, resolution: int) -> Layout:
        return Layout(self.frame.grid.size(resolution), self.width, self.dtype.itemsize, self.columns)

    def _fourier(self, resolution: int) -> float:
        """Operations of a transform at a resolution."""
        n = self.frame.grid.points(resolution)
        return 5 * n * math.log2(n)

    def _start(self) -> Any:
        offsets, stride = [], 2 if self.is_complex else 1
        for source, n in reversed(list(zip(self.frame.grid.sources, self.frame.shape, strict=True))):
            offsets.append(np.where(source < 0, -1, source * stride).tolist())
            stride *= n
        return self._make(
            self._lanes,
            self.is_complex,
            stride,
            offsets[::-1],
            len(self.tree.counts),
            self.reading.floor,
            self.coefficients,
        )

    def _level(self, visit: Visit) -> tuple[int, Reading]:
        """Resolution and reading of a path."""
        # What is kept of a complex signal is its modulus, and the mean of that is no mean of the signal.
        modulus = self.is_complex and visit.step is None and self.reading.average == "global"
        return visit.group.resolution, Reading(False, "mean", -1.0) if modulus else self.reading

    def _add_level(self, resolution: int, reading: Reading) -> float:
        """Hand over a grid and how its maps are read; return the operations of reading one."""
        layout = self._layout(resolution)
        pool = (None, "mean", "moments", "powers").index(reading.pooling)
        self.compiled.add_level(list(layout.shape), layout.fold, layout.group, pool, list(reading.powers))
        # The ends that `tol` leaves out are 0 already; beyond are only those that rounding hides.
        tol = TAILS * PRECISION[self.dtype.itemsize]
        operations, left = 0.0, self.frame.grid.points(resolution)
        for axis, matrix in enumerate(reading.matrices(self.frame, resolution, layout, tol)):
            weights = matrix.weights.astype(self.dtype)
            self.compiled.add_axis(matrix.rows, matrix.beyond, matrix.bands.view(np.int64), weights)
            if axis < len(layout.shape):
                left //= layout.shape[axis]
                operations += 2.0 * left * int((matrix.bands["rows"] * matrix.bands["count"]).sum())
                left *= matrix.rows
        return operations

    @abstractmethod
    def _add_filters(self, steps: Collection[Step]) -> dict[Step, Filtering]:
        """Hand over all filters."""

    def _nodes(
        self, walk: list[Visit], levels: list[tuple[int, Reading]], filters: dict[Step, Filtering]
    ) -> Numbers:
        nodes = np.zeros(len(walk), NODE)
        level_numbers = {level: number for number, level in enumerate(levels)}
        above: list[int] = []  # the nodes that the walk is below
        for number, visit in enumerate(walk):
            group, place, step = visit
            while len(above) > group.order:
                nodes["end"][above.pop()] = number
            above.append(number)
            nodes[number] = (
                filters[step].first if step else -1,
                level_numbers[self._level(visit)],
                self.offsets[group.positions[place]],
                0,
                filters[step].fields if step else 0,
            )
        nodes["end"][above] = len(walk)
        return nodes
