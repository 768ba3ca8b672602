"""The order in which the coefficients of a level are coded, and what each may look at.

The three bands of a level are coded in seven interleaved lattices: four of every fourth sample down and
across, which make up every second one, and then three of every second. In each lattice comes HL, LH, HH. No
coefficient of one of these 21 steps depends on another of the same step, so that a step is an array
operation, in the encoder and in the decoder alike; and all but the first see neighbours on every side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

COARSE = ((0, 0), (2, 2), (0, 2), (2, 0))
"""Row and column at which the lattices of stride 4 start."""
FINE = ((1, 1), (0, 1), (1, 0))
"""Row and column at which the lattices of stride 2 start."""


class Step(NamedTuple):
    """One band (0, 1, 2 for HL, LH, HH) on one lattice."""

    stride: int
    row: int
    column: int
    band: int

    def of(self, bands: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """The coefficients of the step, a view of its band out of HL, LH and HH."""
        return bands[self.band][self.row :: self.stride, self.column :: self.stride]


STEPS = tuple(
    Step(stride, row, column, band)
    for stride, starts in ((4, COARSE), (2, FINE))
    for row, column in starts
    for band in range(3)
)


class Offset(NamedTuple):
    """A neighbour: ``turn`` bands on from the own one (cyclically), ``dy`` rows and ``dx`` columns away."""

    turn: int
    dy: int
    dx: int


def _rank(row: int, column: int, band: int) -> int:
    """Index of the step that codes a position."""
    row, column = row % 4, column % 4
    if row % 2 == 0 and column % 2 == 0:
        return 3 * COARSE.index((row, column)) + band
    return 3 * (4 + FINE.index((row % 2, column % 2))) + band


def _disk(radius: int, spacing: int, square: int) -> list[tuple[int, int]]:
    span = range(-radius, radius + 1, spacing)
    return [(dy, dx) for dy in span for dx in span if dy * dy + dx * dx <= square]


_OWN = {4: _disk(4, 2, 20), 2: _disk(3, 1, 10)}
_CROSS = {4: _disk(2, 2, 8), 2: [*_disk(1, 1, 2), (-2, 0), (2, 0), (0, -2), (0, 2)]}


def _known(index: int) -> tuple[Offset, ...]:
    """Neighbours that an earlier step has coded, the own band and near ones first."""
    stride, row, column, band = STEPS[index]
    found = [
        Offset(turn, dy, dx)
        for turn in range(3)
        for dy, dx in (_CROSS if turn else _OWN)[stride]
        if _rank(row + dy, column + dx, (band + turn) % 3) < index
    ]
    return tuple(sorted(found, key=lambda o: (o.turn != 0, o.dy**2 + o.dx**2)))


KNOWN = tuple(_known(index) for index in range(len(STEPS)))
"""Neighbours of each step whose magnitudes its contexts see."""

NEAR = tuple(
    tuple(o for o in KNOWN[index] if o.dy**2 + o.dx**2 <= (8 if step.stride == 4 else 4))
    for index, step in enumerate(STEPS)
)
"""Neighbours of each step that its signs see."""
