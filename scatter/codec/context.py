"""What is known when a step is coded: planes of small integers, and the views of them that a network sees.

Everything a network sees is a whole number from -127 to 127 that encoder and decoder compute alike: base-2
logarithms, from stored tables, of quantised coefficients around the one to be coded, in its own band, the
two others, the levels above and the planes coded before, and of differences of the decoded approximation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.codec.lattices import KNOWN, NEAR, STEPS, Offset

Plane = NDArray[np.int8]

PAD = 4
"""Zeros around a plane: as far as the furthest neighbour."""

_NINE = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
_FIVE = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)]
_MAGNITUDE_SHAPES = {
    "dx": [(0, 0), (0, -1), (0, 1), (1, 0), (-1, 0)],
    "dy": [(0, 0), (-1, 0), (1, 0), (0, 1), (0, -1)],
    "ex": [(0, 0), (1, 0), (-1, 0)],
    "ey": [(0, 0), (0, 1), (0, -1)],
    "xy": [(0, 0), (-1, 0), (0, -1)],
}
_SIGN_SHAPES = {
    "dx": _NINE,
    "dy": _NINE,
    "ex": _FIVE,
    "ey": _FIVE,
    "xy": [(-1, -1), (-1, 0), (0, -1), (0, 0)],
}

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


class Level:
    """The planes of one level of one image plane, and the views that each step sees.

    Parameters
    ----------
    tables : Tables
        The logarithms.
    setting : Setting
        Of the image plane.
    j : int
        The level, 1 the finest.
    approximation : ndarray of float32
        The decoded approximation of this level, in steps.
    sizes : sequence of tuple of int
        Sizes of HL, LH and HH.
    parents : sequence of ndarray of int8, or None
        Logarithms of the bands of level ``j + 1``, without padding.
    grandparents : sequence of ndarray of int8, or None
        Of level ``j + 2``.
    guides : sequence of sequence of ndarray of int8
        `current` of this level of the image planes coded before.
    """

    def __init__(
        self,
        tables: Tables,
        setting: Setting,
        j: int,
        approximation: NDArray[np.float32],
        sizes: Sequence[tuple[int, int]],
        parents: Sequence[Plane] | None,
        grandparents: Sequence[Plane] | None,
        guides: Sequence[Sequence[Plane]] = (),
    ) -> None:
        self.sizes = tuple(sizes)
        rows, columns = (-(-max(size[axis] for size in sizes) // 4) for axis in (0, 1))
        full, half = (4 * rows, 4 * columns), (2 * rows, 2 * columns)
        empty = [np.zeros((1, 1), np.int8)] * 3
        self.current = [np.zeros((full[0] + 2 * PAD, full[1] + 2 * PAD), np.int8) for _ in range(3)]
        self._parents = [_padded(p, half) for p in parents or empty]
        inner = [np.abs(p[PAD:-PAD, PAD:-PAD]) for p in self._parents]
        self._around_parents = [_mean(p, 2) for p in inner]
        above = [np.abs(_padded(g, (rows, columns))[PAD:-PAD, PAD:-PAD]) for g in grandparents or empty]
        self._grandparents = [_twice(g) for g in above]
        self._around_grandparents = [_twice(_mean(g, 1)) for g in above]
        self._maps = _differences(approximation, full, tables.differences)
        self._sums = [np.zeros((rows, columns), np.int32) for _ in range(3)]
        self._around = [np.zeros(half, np.int8) for _ in range(3)]
        self._guides = guides
        self._constants = _fixed_constants(setting, j, inner)
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

    def magnitude_views(self, index: int) -> list[Plane]:
        """Inputs of the network of magnitudes, whose absolute values it takes."""
        band = STEPS[index].band
        turned = [(band + turn) % 3 for turn in range(3)]
        views = self._known(index, KNOWN[index])
        for turn, offsets in ((0, _NINE), (1, _FIVE), (2, _FIVE)):
            views += self._above(index, self._parents[turned[turn]], offsets)
        for planes in (self._grandparents, self._around_parents, self._around_grandparents, self._around):
            views += [self._at_half(index, planes[b]) for b in turned]
        views += self._shapes(index, _MAGNITUDE_SHAPES)
        for guide in self._guides:
            for turn, offsets in ((0, _NINE), (1, [(0, 0)]), (2, [(0, 0)])):
                views += self._here(index, guide[turned[turn]], offsets)
        return views

    def sign_views(self, index: int) -> list[Plane]:
        """Inputs of the network of signs."""
        band = STEPS[index].band
        turned = [(band + turn) % 3 for turn in range(3)]
        views = self._known(index, NEAR[index])
        for turn, offsets in ((0, _NINE), (1, [(0, 0)]), (2, [(0, 0)])):
            views += self._above(index, self._parents[turned[turn]], offsets)
        views += self._shapes(index, _SIGN_SHAPES)
        for guide in self._guides:
            for turn, offsets in ((0, _FIVE), (1, [(0, 0)]), (2, [(0, 0)])):
                views += self._here(index, guide[turned[turn]], offsets)
        return views

    def _known(self, index: int, offsets: Sequence[Offset]) -> list[Plane]:
        band = STEPS[index].band
        return [self._here(index, self.current[(band + t) % 3], [(dy, dx)])[0] for t, dy, dx in offsets]

    def _here(self, index: int, plane: Plane, offsets: Sequence[tuple[int, int]]) -> list[Plane]:
        stride, row, column, _ = STEPS[index]
        size = self.shape(index)
        return [_view(plane, PAD + row + dy, PAD + column + dx, stride, size) for dy, dx in offsets]

    def _above(self, index: int, plane: Plane, offsets: Sequence[tuple[int, int]]) -> list[Plane]:
        stride, row, column, _ = STEPS[index]
        size = self.shape(index)
        return [
            _view(plane, PAD + row // 2 + dy, PAD + column // 2 + dx, stride // 2, size) for dy, dx in offsets
        ]

    def _at_half(self, index: int, plane: Plane) -> Plane:
        stride, row, column, _ = STEPS[index]
        return _view(plane, row // 2, column // 2, stride // 2, self.shape(index))

    def _shapes(self, index: int, shapes: dict[str, list[tuple[int, int]]]) -> list[Plane]:
        return [v for name, offsets in shapes.items() for v in self._here(index, self._maps[name], offsets)]


def counts(guides: int) -> tuple[list[int], list[int]]:
    """Numbers of inputs that the views give, for magnitudes and for signs, of each step."""
    magnitudes = 9 + 5 + 5 + 4 * 3 + sum(map(len, _MAGNITUDE_SHAPES.values())) + 11 * guides
    signs = 9 + 2 + sum(map(len, _SIGN_SHAPES.values())) + 7 * guides
    return [len(k) + magnitudes for k in KNOWN], [len(n) + signs for n in NEAR]


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
) -> dict[str, Plane]:
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
    dx, dy = right - here, below - here
    found = {
        "dx": dx,
        "dy": dy,
        "ex": (here + right) - (at(0, -1) + at(0, 2)),
        "ey": (here + below) - (at(-1, 0) + at(2, 0)),
        "xy": (here + at(1, 1)) - (right + below),
    }
    return {name: _logarithms(d, table) for name, d in found.items()}


def _logarithms(differences: NDArray[np.float32], table: NDArray[np.int8]) -> Plane:
    index = np.minimum(np.abs(differences) * np.float32(16), np.float32(len(table) - 1)).astype(np.int32)
    found = table[index]
    return np.where(differences < 0, -found, found)
