"""Where spectra lie in the memory of the compiled executor, as in ``grid.hpp``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

GROUP_BYTES = 2**17
"""What a group of columns of a spectrum may take, so that it stays in the cache of a core."""


@dataclass(frozen=True)
class Layout:
    """Spectra and maps on one grid.

    Lanes hold one of two things. *Signals*: an element of ``width`` signals stands in one vector.
    *Columns*: there is one signal, and lanes are neighbours along the last axis; a line is then folded
    into two axes.

    Parameters
    ----------
    shape : tuple of int
        Samples of the grid along each axis, 1 to 3 axes.
    width : int
        Numbers in a vector.
    bytes : int
        Bytes of a number.
    columns : bool
        What lanes hold.
    """

    shape: tuple[int, ...]
    width: int
    bytes: int
    columns: bool

    @property
    def points(self) -> int:
        """Samples of the grid."""
        return math.prod(self.shape)

    @cached_property
    def fold(self) -> int:
        """First factor of the length of a folded line, 0 where nothing is folded.

        Both factors are multiples of the width where that can be, and near to each other.
        """
        if not self.columns or len(self.shape) > 1:
            return 0
        (n,) = self.shape
        factors = [a for a in range(1, math.isqrt(n) + 1) if n % a == 0]

        def cost(a: int) -> tuple[bool, bool, float]:
            return n // a % self.width > 0, a % self.width > 0, abs(math.log(a * a / n))

        return min(factors + [n // a for a in factors], key=cost)

    @cached_property
    def axes(self) -> tuple[int, ...]:
        """Lengths of the axes that are transformed."""
        return (self.fold, self.points // self.fold) if self.fold else self.shape

    @cached_property
    def across(self) -> int:
        """Vectors in a row."""
        return -(-self.axes[-1] // self.width) if self.columns else self.axes[-1]

    def strides(self, *, real: bool) -> tuple[int, ...]:
        """Distance of neighbours along each axis of a spectrum, in numbers; half of a real one is kept."""
        kept = self.shape[-1] // 2 + 1 if real else self.shape[-1]
        if self.columns:
            unit, pitch = 1, (-(-kept // self.width) + 1) * self.width  # a vector of zeros ends each row
        else:
            unit, pitch = self.width, kept * self.width
        if len(self.shape) == 3:
            plane = self.shape[1] * pitch
            if self.shape[0] > 1 and plane // self.width % 2 == 0:  # else a column meets itself in the cache
                plane += self.width
            return (plane, pitch, unit)
        return (pitch, unit)[-len(self.shape) :]

    # ------------------------------------------------------------------ what a filter makes, tile by tile
    @cached_property
    def tile(self) -> int:
        """Vectors of a row that a filter makes at once: a cache line of columns, or four."""
        return max(1, 64 // (self.width * self.bytes)) if self.columns else 4

    @cached_property
    def rows(self) -> int:
        """Rows of vectors."""
        return math.prod(self.axes[:-1])

    @cached_property
    def deep(self) -> int:
        """Rows of vectors that are transformed together, along the first axis if there is more than one."""
        return self.axes[0] if len(self.axes) > 1 else 1

    @cached_property
    def group(self) -> int:
        """Vectors of each of those rows that are made one after the other, whole tiles of them."""
        tiles = -(-self.across // self.tile)
        if len(self.axes) == 1:
            return tiles * self.tile
        most = max(1, GROUP_BYTES // (self.deep * 2 * self.width * self.bytes * self.tile))
        return -(-tiles // -(-tiles // most)) * self.tile

    @cached_property
    def tiles(self) -> int:
        """Tiles in all, those that fill up the last group of a row included."""
        return self.rows * -(-self.across // self.group) * (self.group // self.tile)

    def tiled(self, values: NDArray[Any]) -> NDArray[Any]:
        """Elements (rows, last axis) as (rows, tiles, numbers of a tile), filled up with zeros."""
        size = self.tile * (self.width if self.columns else 1)
        full = np.zeros((self.rows, -(-values.shape[-1] // size), size), values.dtype)
        full.reshape(self.rows, -1)[:, : values.shape[-1]] = values
        return full

    def order(self, row: NDArray[np.int64], tile: NDArray[np.int64]) -> NDArray[np.int64]:
        """Place of tiles in the order in which they are made: by group, then row by row."""
        per_group, lines = self.group // self.tile, self.rows // self.deep
        group = row % lines * -(-self.across // self.group) + tile // per_group
        return (group * self.deep + row // lines) * per_group + tile % per_group
