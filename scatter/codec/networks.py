"""The networks that predict magnitudes and signs: whole numbers in, whole numbers out, exact everywhere.

All the weights and activations are whole numbers, and no sum of products can pass 2^24, below which
float32 is exact in whatever order it adds: a matrix product of any library, on any processor, gives the
same. `Network.bound` is that largest sum, and a test holds it for the weights that are shipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scatter.codec.context import Plane
from scatter.codec.workers import Workers

Floats = NDArray[np.float32]

LIMIT = 2**24
"""Whole numbers up to here are exact in float32."""
LARGEST_INPUT = 127
BLOCK = 4096
"""Positions evaluated at once: their inputs and activations fit in a cache."""


@dataclass(frozen=True, eq=False)
class Network:
    """Two hidden layers for one step: ``cut(w1 x + b1)``, ``cut(w2 h + b2)``, ``w3 h + b3``.

    Parameters
    ----------
    w1, w2, w3 : ndarray of float32
        Whole numbers; a row for each output.
    b1, b2, b3 : ndarray of float32
        Whole numbers.
    shifts : tuple of int
        Base-2 logarithm of what each layer's sums are divided by, rounding down.
    cuts : tuple of int
        Largest activations of the two hidden layers.
    constants : int, default=0
        How many of the inputs, the last ones, are the same for all the positions of a step.
    """

    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats
    w3: Floats
    b3: Floats
    shifts: tuple[int, int, int]
    cuts: tuple[int, int]
    constants: int = 0

    @property
    def bound(self) -> int:
        """The largest magnitude that any sum can reach."""
        largest = 0
        for weights, bias, most in (
            (self.w1, self.b1, LARGEST_INPUT),
            (self.w2, self.b2, self.cuts[0]),
            (self.w3, self.b3, self.cuts[1]),
        ):
            sums = np.abs(weights).astype(np.float64).sum(axis=1) * most + np.abs(bias)
            largest = max(largest, int(sums.max()))
        return largest

    def magnitudes(
        self, views: Sequence[Plane], constants: NDArray[np.int64], workers: Workers
    ) -> NDArray[np.int16]:
        """Sums of the last layer at every position of a step.

        Parameters
        ----------
        views : sequence of ndarray of int8, shape (rows, columns)
            Inputs, of which the absolute values count.
        constants : ndarray of int64, shape (constants,)
            Inputs that come after them, the same everywhere.

        Returns
        -------
        ndarray of int16, shape (outputs, rows, columns)
        """
        rows, columns = views[0].shape
        varying = self.w1.shape[1] - self.constants
        bias = self.b1 + (self.w1[:, varying:] @ constants.astype(np.float32))
        out = np.empty((len(self.w3), rows, columns), np.int16)
        weights = np.ascontiguousarray(self.w1[:, :varying])
        high = max(1, BLOCK // max(1, columns))

        def work(y: int) -> None:
            part = min(high, rows - y)
            x = np.empty((len(views), part * columns), np.float32)
            for row, view in zip(x, views, strict=True):
                np.abs(view[y : y + part], out=row.reshape(part, columns), casting="unsafe")
            sums = self._upper(weights @ x, bias)
            out[:, y : y + part] = self._scaled(sums + self.b3[:, None]).reshape(-1, part, columns)

        workers.map(work, range(0, rows, high))
        return out

    def signs(self, views: Sequence[Plane], places: NDArray[np.int64], workers: Workers) -> NDArray[np.int16]:
        """How much more likely negative than positive: an odd function of the inputs.

        Parameters
        ----------
        views : sequence of ndarray of int8, shape (rows, columns)
            Inputs.
        places : ndarray of int64, shape (n,)
            Flat indices of the positions that are wanted.

        Returns
        -------
        ndarray of int16, shape (n,)
        """
        out = np.empty(len(places), np.int16)
        columns = views[0].shape[1]

        def work(start: int) -> None:
            y, x = np.divmod(places[start : start + BLOCK], columns)
            inputs = np.stack([view[y, x] for view in views]).astype(np.float32)
            u = self.w1 @ inputs
            difference = self._upper(u, self.b1) - self._upper(-u, self.b1)
            out[start : start + BLOCK] = self._scaled(difference)[0]

        workers.map(work, range(0, len(places), BLOCK))
        return out

    def _upper(self, u: Floats, bias: Floats) -> Floats:
        h = _cut(u + bias[:, None], self.shifts[0], self.cuts[0])
        return self.w3 @ _cut(self.w2 @ h + self.b2[:, None], self.shifts[1], self.cuts[1])

    def _scaled(self, sums: Floats) -> NDArray[np.int16]:
        """Divided by the last scale and rounded to the nearest."""
        rounded = np.floor(sums * np.float32(2.0 ** -self.shifts[2]) + np.float32(0.5))
        whole: NDArray[np.int16] = np.clip(rounded, -32767, 32767).astype(np.int16)
        return whole


def _cut(u: Floats, shift: int, most: int) -> Floats:
    """Rounded down after a division by ``2^shift``, between 0 and ``most``."""
    np.maximum(u, 0, out=u)
    u *= np.float32(2.0**-shift)
    np.floor(u, out=u)
    return np.minimum(u, np.float32(most), out=u)
