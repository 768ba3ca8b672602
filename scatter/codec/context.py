"""What is known when a step is coded: planes of small integers, and the views of them that a network sees.

Everything a network sees is a whole number from -127 to 127 that encoder and decoder compute alike: base-2
logarithms, from stored tables, of quantised coefficients around the one to be coded, in its own band, the
two others, the levels above and the planes coded before, and of differences of the decoded approximation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.codec.lattices import KNOWN, NEAR, STEPS

Plane = NDArray[np.int8]

PAD = 4
"""Zeros around a plane: as far as the furthest neighbour."""

_NINE = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
_FIVE = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]
_ONE = [(0, 0)]
_MAGNITUDE_SHAPES = (
    [(0, 0), (0, -1), (0, 1), (1, 0), (-1, 0)],
    [(0, 0), (-1, 0), (1, 0), (0, 1), (0, -1)],
    [(0, 0), (1, 0), (-1, 0)],
    [(0, 0), (0, 1), (0, -1)],
    [(0, 0), (-1, 0), (0, -1)],
)
"""Offsets in each map of `_differences`."""
_SIGN_SHAPES = (_NINE, _NINE, _FIVE, _FIVE, [(-1, -1), (-1, 0), (0, -1), (0, 0)])

FLAG = 64
"""Value of a constant input that is on."""
CONSTANTS = 12
"""Number of inputs that are the same for all the positions of a step."""


class Tables(NamedTuple):
    """Logarithms: of quantised magnitudes, and of differences in sixteenths of a step."""

    magnitudes: NDArray[np.int8]
    differences: NDArray[np.int8]

    def of(self, q: NDArray[np.int32]) -> Plane:
        """Signed logarithms of quantised coefficients."""
        found = self.magnitudes[np.minimum(np.abs(q), len(self.magnitudes) - 1)]
        return np.where(q < 0, -found, found)


class Setting(NamedTuple):
    """What holds for a whole plane of an image."""

    lossless: bool
    step_feature: int
    """Eight times the base-2 logarithm of the step, from 0 to 127."""
    second: bool
    """Whether this is the second chroma plane."""
    guides: int
    """Number of planes coded before whose coefficients are seen: 0, or 2 for chroma."""


class Surroundings(NamedTuple):
    """What is known when a level of an image plane is begun.

    Attributes
    ----------
    setting : Setting
        Of the image plane.
    j : int
        The level, 1 the finest.
    approximation : ndarray of float32
        The decoded approximation of this level, in steps.
    sizes : sequence of tuple of int
        Sizes of HL, LH and HH.
    parents, grandparents : sequence of ndarray of int8, or None
        Logarithms of the bands of levels ``j + 1`` and ``j + 2``, without padding.
    guides : sequence of Level
        This level of the image planes coded before; those that a setting wants and that are missing are zero.
    """

    setting: Setting
    j: int
    approximation: NDArray[np.float32]
    sizes: Sequence[tuple[int, int]]
    parents: Sequence[Plane] | None
    grandparents: Sequence[Plane] | None
    guides: Sequence[Any] = ()


class Level:
    """The planes of one level of one image plane, and the views that each step sees.

    Parameters
    ----------
    tables : Tables
        The logarithms.
    around : Surroundings
        What is known at first.
    """

    def __init__(self, tables: Tables, around: Surroundings) -> None:
        self.sizes = tuple(around.sizes)
        rows, columns = (-(-max(size[axis] for size in self.sizes) // 4) for axis in (0, 1))
        full, half = (4 * rows, 4 * columns), (2 * rows, 2 * columns)
        empty = [np.zeros((1, 1), np.int8)] * 3
        self.current = [np.zeros((full[0] + 2 * PAD, full[1] + 2 * PAD), np.int8) for _ in range(3)]
        parents = [_padded(p, half) for p in around.parents or empty]
        inner = [np.abs(p[PAD:-PAD, PAD:-PAD]) for p in parents]
        above = [
            np.abs(_padded(g, (rows, columns))[PAD:-PAD, PAD:-PAD]) for g in around.grandparents or empty
        ]
        maps = _differences(around.approximation, full, tables.differences)
        self._sums = [np.zeros((rows, columns), np.int32) for _ in range(3)]
        self._around = [np.zeros(half, np.int8) for _ in range(3)]
        blank = [[np.zeros_like(p) for p in self.current]]
        guides = [guide.current for guide in around.guides]
        guides += blank * (around.setting.guides - len(guides))
        self._planes: list[list[Plane]] = [
            self.current,
            parents,
            [_twice(g) for g in above],
            [_mean(p, 2) for p in inner],
            [_twice(_mean(g, 1)) for g in above],
            self._around,
            maps,
            *guides,
        ]
        self._constants = _fixed_constants(around.setting, around.j, inner)
        self._totals = [[0, 0] for _ in range(3)]

    def shape(self, index: int) -> tuple[int, int]:
        """Rows and columns of the positions of a step; either may be 0."""
        step = STEPS[index]
        height, width = self.sizes[step.band]
        return max(0, -(-(height - step.row) // step.stride)), max(
            0, -(-(width - step.column) // step.stride)
        )

    def put(self, index: int, logarithms: Plane) -> None:
        """Make the coefficients of a step known."""
        stride, row, column, band = STEPS[index]
        height, width = logarithms.shape
        _view(self.current[band], PAD + row, PAD + column, stride, (height, width))[...] = logarithms
        magnitudes = np.abs(logarithms)
        self._totals[band][0] += int(magnitudes.sum(dtype=np.int64))
        self._totals[band][1] += magnitudes.size
        fold = 4 // stride
        for dy in range(fold):
            for dx in range(fold):
                part = magnitudes[dy::fold, dx::fold]
                self._sums[band][: part.shape[0], : part.shape[1]] += part
        window = _window(_window(self._sums[band], 1).T, 1).T
        self._around[band] = _twice(np.minimum(127, window // 36).astype(np.int8))

    def constants(self, index: int) -> NDArray[np.int64]:
        """Inputs that are the same for all the positions of a step, `CONSTANTS` numbers."""
        band = STEPS[index].band
        totals = [self._totals[(band + turn) % 3] for turn in range(3)]
        running = [min(127, 4 * total // count) if count else 0 for total, count in totals]
        return np.array([*self._constants, *running], np.int64)

    def views(self, index: int, inputs: Sequence[Input]) -> list[Plane]:
        """What the inputs of a step are at its positions."""
        return [self._view(index, found) for found in inputs]

    def _view(self, index: int, found: Input) -> Plane:
        stride, row, column, band = STEPS[index]
        planes = self._planes[found.source]
        plane = planes[found.which if found.source == MAPS else (band + found.which) % 3]
        if PARENTS <= found.source <= AROUND:
            stride, row, column = stride // 2, row // 2, column // 2
        pad = PAD if found.source <= PARENTS or found.source >= MAPS else 0
        return _view(plane, pad + row + found.dy, pad + column + found.dx, stride, self.shape(index))


class Input(NamedTuple):
    """A number that a network sees: out of which planes, which of them, and how far from the position."""

    source: int
    which: int
    """Bands on from the own one, cyclically; of maps of differences, which map."""
    dy: int
    dx: int


CURRENT, PARENTS, GRANDPARENTS, AROUND_PARENTS, AROUND_GRANDPARENTS, AROUND, MAPS, GUIDES = range(8)
"""Sources of inputs; the k-th plane coded before is the source ``GUIDES + k``."""


def magnitude_inputs(index: int, guides: int) -> list[Input]:
    """What the network of magnitudes of a step sees, by absolute values, before its constants."""
    found = [Input(CURRENT, *offset) for offset in KNOWN[index]]
    found += [Input(PARENTS, t, *o) for t, offsets in enumerate((_NINE, _FIVE, _FIVE)) for o in offsets]
    means = (GRANDPARENTS, AROUND_PARENTS, AROUND_GRANDPARENTS, AROUND)
    found += [Input(source, turn, 0, 0) for source in means for turn in range(3)]
    found += _shapes(_MAGNITUDE_SHAPES)
    return found + _of_guides(guides, _NINE)


def sign_inputs(index: int, guides: int) -> list[Input]:
    """What the network of signs of a step sees."""
    found = [Input(CURRENT, *offset) for offset in NEAR[index]]
    found += [Input(PARENTS, t, *o) for t, offsets in enumerate((_NINE, _ONE, _ONE)) for o in offsets]
    found += _shapes(_SIGN_SHAPES)
    return found + _of_guides(guides, _FIVE)


def _shapes(shapes: Sequence[Sequence[tuple[int, int]]]) -> list[Input]:
    return [Input(MAPS, which, *offset) for which, offsets in enumerate(shapes) for offset in offsets]


def _of_guides(guides: int, own: Sequence[tuple[int, int]]) -> list[Input]:
    return [
        Input(GUIDES + guide, turn, *offset)
        for guide in range(guides)
        for turn, offsets in enumerate((own, _ONE, _ONE))
        for offset in offsets
    ]


def counts(guides: int) -> tuple[list[int], list[int]]:
    """Numbers of inputs, without constants, of the networks of magnitudes and of signs of each step."""
    steps = range(len(STEPS))
    return [len(magnitude_inputs(k, guides)) for k in steps], [len(sign_inputs(k, guides)) for k in steps]


def _fixed_constants(setting: Setting, j: int, parents: list[Plane]) -> list[int]:
    level = [FLAG * (min(j, 5) == k) for k in range(1, 6)]
    total, count = sum(int(p.sum(dtype=np.int64)) for p in parents), 3 * parents[0].size
    return [
        *level,
        setting.step_feature,
        min(127, 2 * total // count),
        FLAG * setting.lossless,
        FLAG * setting.second,
    ]


def _view(plane: Plane, y: int, x: int, stride: int, size: tuple[int, int]) -> Plane:
    return plane[y : y + stride * size[0] : stride, x : x + stride * size[1] : stride][: size[0], : size[1]]


def _padded(plane: Plane, size: tuple[int, int]) -> Plane:
    """Cut to a size, or filled up with zeros, and with `PAD` zeros around."""
    out = np.zeros((size[0] + 2 * PAD, size[1] + 2 * PAD), np.int8)
    part = plane[: size[0], : size[1]]
    out[PAD : PAD + part.shape[0], PAD : PAD + part.shape[1]] = part
    return out


def _twice(plane: Plane) -> Plane:
    return np.repeat(np.repeat(plane, 2, axis=0), 2, axis=1)


def _window(x: NDArray[np.int32], radius: int) -> NDArray[np.int32]:
    """Sums down the columns over ``2 radius + 1`` rows, with zeros beyond the ends."""
    out = x.copy()
    for shift in range(1, min(radius, len(x) - 1) + 1):
        out[shift:] += x[:-shift]
        out[:-shift] += x[shift:]
    return out


def _mean(plane: Plane, radius: int) -> Plane:
    """Four times the mean over a square window, rounded down, at most 127."""
    sums = _window(_window(plane.astype(np.int32), radius).T, radius).T
    return np.minimum(127, 4 * sums // (2 * radius + 1) ** 2).astype(np.int8)


def _differences(
    approximation: NDArray[np.float32], size: tuple[int, int], table: NDArray[np.int8]
) -> list[Plane]:
    """Signed logarithms of first, second and mixed differences of the approximation, padded by its edges."""
    rows, columns = size[0] + 2 * PAD, size[1] + 2 * PAD
    height, width = approximation.shape
    edges = (
        (PAD + 1, max(0, rows - height - PAD + 2)),
        (PAD + 1, max(0, columns - width - PAD + 2)),
    )
    x = np.pad(approximation, edges, mode="edge")

    def at(dy: int, dx: int) -> NDArray[np.float32]:
        return x[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns]

    here, right, below = at(0, 0), at(0, 1), at(1, 0)
    found = (
        right - here,
        below - here,
        (here + right) - (at(0, -1) + at(0, 2)),
        (here + below) - (at(-1, 0) + at(2, 0)),
        (here + at(1, 1)) - (right + below),
    )
    return [_logarithms(d, table) for d in found]


def _logarithms(differences: NDArray[np.float32], table: NDArray[np.int8]) -> Plane:
    index = np.minimum(np.abs(differences) * np.float32(16), np.float32(len(table) - 1)).astype(np.int32)
    found = table[index]
    return np.where(differences < 0, -found, found)
