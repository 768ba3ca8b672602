"""The range coder in Python: what the compiled one does, symbol by symbol; see docs/codec_format.md."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Sums = NDArray[np.uint32]

PRECISION = 24
"""Frequencies sum to ``2**PRECISION``."""
MASK = 2**64 - 1
UNIT = 2**32


class RangeEncoder:
    """Symbols into words of 32 bits; put where the compiled `RangeEncoder` is not there."""

    def __init__(self) -> None:
        self._low, self._range = 0, MASK
        self._words: list[int] = []
        self._held: list[int] = []
        """Words that a carry may still reach: one, and then only such that it would run through."""

    def put(self, sums: Sums, classes: Ints, found: Ints) -> None:
        """Code symbols, class by class, by sums of frequencies: ``sums[c, s]`` is what comes before s."""
        rows: list[list[int]] = sums.tolist()
        order = np.argsort(classes, kind="stable")
        for c, s in zip(classes[order].tolist(), found[order].tolist(), strict=True):
            self._put(rows[c][s], rows[c][s + 1] - rows[c][s])

    def put_raw(self, values: Ints, bits: Ints) -> None:
        """Code values of the given numbers of bits."""
        for value, count in zip(values.tolist(), bits.tolist(), strict=True):
            self._put(value << (PRECISION - count), 1 << (PRECISION - count))

    def _put(self, left: int, frequency: int) -> None:
        scale = self._range >> PRECISION
        low, self._range = (self._low + scale * left) & MASK, scale * frequency
        if self._held and (low + self._range) & MASK > low:
            self._release(carry=low < self._low)
        self._low = low
        if self._range < UNIT:
            word = self._low >> 32
            self._low, self._range = self._low << 32 & MASK, self._range << 32
            if self._held or (self._low + self._range) & MASK <= self._low:
                self._held.append(word)
            else:
                self._words.append(word)

    def _release(self, *, carry: bool) -> None:
        first, *rest = self._held
        self._words += [first + carry, *([0 if carry else UNIT - 1] * len(rest))]
        self._held = []

    def _end(self) -> list[int]:
        """Words that point between ``low`` and ``low + range``, zeros following."""
        point = (self._low + UNIT - 1) & MASK
        last = [point >> 32]
        return [*last, 0] if (self._low + self._range & MASK) >> 32 == last[0] else last

    @property
    def words(self) -> int:
        """Number of words so far, with those that an end would take."""
        if self._range == MASK:
            return len(self._words)
        return len(self._words) + len(self._held) + len(self._end())

    def finish(self) -> bytes:
        """All the words, little-endian."""
        if self._range != MASK:
            end = self._end()
            if self._held:
                self._release(carry=(self._low + UNIT - 1) & MASK < self._low)
            self._words += end
        return np.asarray(self._words, "<u4").tobytes()


class RangeDecoder:
    """Words into symbols; words that are missing count as zeros."""

    def __init__(self, words: NDArray[np.uint32]) -> None:
        self._words = iter(words.tolist())
        self._range = MASK
        self._past = self._next() << 32 | self._next()
        """How far past the lower end of the range the point is that the words say."""

    def get(self, sums: Sums, classes: Ints, out: Ints) -> None:
        """Decode symbols, class by class, into ``out``."""
        for place in np.argsort(classes, kind="stable").tolist():
            row: Any = sums[classes[place]]
            scale, quantile = self._quantile()
            found = int(np.searchsorted(row, quantile, side="right")) - 1
            out[place] = found
            self._narrow(scale, int(row[found]), int(row[found + 1]) - int(row[found]))

    def get_raw(self, bits: Ints, out: Ints) -> None:
        """Decode values of the given numbers of bits into ``out``."""
        for place, count in enumerate(bits.tolist()):
            scale, quantile = self._quantile()
            out[place] = quantile >> (PRECISION - count)
            self._narrow(scale, int(out[place]) << (PRECISION - count), 1 << (PRECISION - count))

    def _quantile(self) -> tuple[int, int]:
        scale = self._range >> PRECISION
        quantile = self._past // scale
        if quantile >> PRECISION:
            raise ValueError("no encoder writes such words")
        return scale, quantile

    def _narrow(self, scale: int, left: int, frequency: int) -> None:
        self._past, self._range = self._past - scale * left, scale * frequency
        if self._range < UNIT:
            self._past, self._range = self._past << 32 | self._next(), self._range << 32

    def _next(self) -> int:
        return next(self._words, 0)


__all__ = ["RangeDecoder", "RangeEncoder"]
