"""Entropy coding of the coefficients of a step, with tables that adapt from step to step.

Frequencies are whole numbers that sum to 2^24, so that the range coder of `constriction`, which would round
probabilities by itself, has nothing to round.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from constriction import stream
from numpy.typing import NDArray

from scatter.codec.model import Model
from scatter.codec.symbols import COUNT, EXTRA, FIRST, symbols

Ints = NDArray[np.int64]

TOTAL = 2**24
PRIOR = {"flags": 200, "sizes": 200, "signs": 64}
"""Coefficients that the stored tables count as."""
SPREAD = 2
"""A coefficient counts this much in its own class, and 1 in each of the two beside it."""
MOST = 2**20
"""Counts are halved when a class reaches this."""


def frequencies(weights: Ints) -> Ints:
    """Whole numbers above 0 in proportion to weights, 2^24 in each row; weights sum to less than 2^38."""
    count = weights.shape[1]
    found: Ints = 1 + (TOTAL - count) * weights // weights.sum(axis=1, keepdims=True)
    found[np.arange(len(found)), weights.argmax(axis=1)] += TOTAL - found.sum(axis=1)
    return found


class Adaptive:
    """Tables of flags, sizes and signs, from the stored ones and what has been coded."""

    def __init__(self, model: Model) -> None:
        self._priors = {
            "flags": model.flags * (PRIOR["flags"] * SPREAD),
            "sizes": model.sizes * (PRIOR["sizes"] * SPREAD),
            "signs": model.confidences * (PRIOR["signs"] * SPREAD),
        }
        self._counts = {name: np.zeros_like(prior) for name, prior in self._priors.items()}
        self.tables: dict[str, Ints] = {}
        for name in self._priors:
            self._renew(name)

    def count(self, name: str, classes: Ints, found: Ints) -> None:
        """Learn from the coefficients of a step."""
        if not len(classes):
            return
        counts = self._counts[name]
        new = np.bincount(classes * counts.shape[1] + found, minlength=counts.size).reshape(counts.shape)
        counts += SPREAD * new
        if name != "signs":
            counts[1:] += new[:-1]
            counts[:-1] += new[1:]
        counts[counts.sum(axis=1) > MOST] //= 2
        self._renew(name)

    def _renew(self, name: str) -> None:
        self.tables[name] = frequencies(self._priors[name] + (self._counts[name] << 16))


class Encoder:
    """Symbols into words."""

    def __init__(self) -> None:
        self._coder = stream.queue.RangeEncoder()

    def put(self, tables: Ints, classes: Ints, found: Ints) -> None:
        """Code symbols by the table of the class of each."""
        order, groups = _groups(classes)
        ordered = found[order].astype(np.int32)
        for which, start, end in groups:
            self._coder.encode(ordered[start:end], _categorical(tables[which]))

    def put_raw(self, values: Ints, bits: Ints) -> None:
        """Code values of the given numbers of bits."""
        if len(values):
            sizes = np.left_shift(1, bits).astype(np.int32)
            self._coder.encode(values.astype(np.int32), stream.model.Uniform(), sizes)

    @property
    def words(self) -> int:
        """Number of 32-bit words so far."""
        return int(self._coder.num_words())

    def finish(self) -> bytes:
        """All the words, little-endian, without the zeros at the end."""
        return bytes(self._coder.get_compressed().astype("<u4").tobytes()).rstrip(b"\0")


class Decoder:
    """Words into symbols; words that are missing count as zeros."""

    def __init__(self, data: bytes) -> None:
        padded = data + bytes(-len(data) % 4)
        self._coder = stream.queue.RangeDecoder(np.frombuffer(padded, "<u4").astype(np.uint32))

    def get(self, tables: Ints, classes: Ints) -> Ints:
        """Symbols by the table of the class of each."""
        order, groups = _groups(classes)
        found = np.empty(len(classes), np.int64)
        for which, start, end in groups:
            found[order[start:end]] = self._coder.decode(_categorical(tables[which]), end - start)
        return found

    def get_raw(self, bits: Ints) -> Ints:
        """Values of the given numbers of bits."""
        if not len(bits):
            return np.zeros(0, np.int64)
        sizes = np.left_shift(1, bits).astype(np.int32)
        return np.asarray(self._coder.decode(stream.model.Uniform(), sizes), np.int64)


def _categorical(frequencies: Ints) -> Any:
    # The coder adds one to each weight, and scales by 1 as these then sum to its total.
    return stream.model.Categorical((frequencies - 1).astype(np.float64), perfect=False)


def _groups(classes: Ints) -> tuple[Ints, list[tuple[int, int, int]]]:
    """An order that brings equal classes together, and each class with where it starts and ends."""
    order = np.argsort(classes.astype(np.int16), kind="stable")
    ends = np.cumsum(np.bincount(classes))
    present = np.flatnonzero(np.diff(ends, prepend=0))
    return order, [(int(c), int(ends[c - 1]) if c else 0, int(ends[c])) for c in present]


def put_values(encoder: Encoder, tables: Ints, classes: Ints, values: Ints) -> Ints:
    """Code whole numbers as symbols and raw bits; gives the symbols."""
    found = symbols(values)
    encoder.put(tables, classes, found)
    large = found[EXTRA[found] > 0]
    encoder.put_raw(values[EXTRA[found] > 0] - FIRST[large], EXTRA[large])
    return found


def get_values(decoder: Decoder, tables: Ints, classes: Ints) -> tuple[Ints, Ints]:
    """Whole numbers, and their symbols."""
    found = np.minimum(decoder.get(tables, classes), COUNT - 1)
    values = FIRST[found].copy()
    values[EXTRA[found] > 0] += decoder.get_raw(EXTRA[found[EXTRA[found] > 0]])
    return values, found
