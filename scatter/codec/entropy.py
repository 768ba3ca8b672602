"""Entropy coding of the coefficients of a step, with tables that adapt from step to step.

Frequencies are whole numbers that sum to 2^24.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.codec import rangecoder
from scatter.codec.model import Model
from scatter.codec.native import library
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
    """Symbols into words.

    Attributes
    ----------
    coder : RangeEncoder
        The compiled one, or that of Python.
    marks : dict of int to int
        Number of words at the end of each level, one above the coarsest for what comes before it.
    """

    def __init__(self) -> None:
        module = library()
        self.coder: Any = rangecoder.RangeEncoder() if module is None else module.RangeEncoder()
        self.marks: dict[int, int] = {}

    def mark(self, level: int) -> None:
        """Keep in mind that a level is at its end."""
        self.marks[level] = self.words

    def put(self, tables: Ints, classes: Ints, found: Ints) -> None:
        """Code symbols by the table of the class of each."""
        self.coder.put(_sums(tables), _whole(classes), _whole(found))

    def put_raw(self, values: Ints, bits: Ints) -> None:
        """Code values of the given numbers of bits."""
        self.coder.put_raw(_whole(values), _whole(bits))

    @property
    def words(self) -> int:
        """Number of 32-bit words so far."""
        return int(self.coder.words)

    def finish(self) -> bytes:
        """All the words, little-endian, without the zeros at the end."""
        return bytes(self.coder.finish()).rstrip(b"\0")


class Decoder:
    """Words into symbols; words that are missing count as zeros.

    Attributes
    ----------
    coder : RangeDecoder
        The compiled one, or that of Python.
    """

    def __init__(self, data: bytes) -> None:
        padded = data + bytes(-len(data) % 4)
        words, module = np.frombuffer(padded, "<u4").astype(np.uint32), library()
        self.coder: Any = rangecoder.RangeDecoder(words) if module is None else module.RangeDecoder(words)

    def get(self, tables: Ints, classes: Ints) -> Ints:
        """Symbols by the table of the class of each."""
        found = np.empty(len(classes), np.int64)
        self.coder.get(_sums(tables), _whole(classes), found)
        return found

    def get_raw(self, bits: Ints) -> Ints:
        """Values of the given numbers of bits."""
        found = np.empty(len(bits), np.int64)
        self.coder.get_raw(_whole(bits), found)
        return found


def _sums(frequencies: Ints) -> NDArray[np.uint32]:
    """What comes before each symbol, and 2^24 after the last."""
    sums = np.zeros((frequencies.shape[0], frequencies.shape[1] + 1), np.uint32)
    np.cumsum(frequencies, axis=1, out=sums[:, 1:], dtype=np.uint32)
    return sums


def _whole(values: Ints) -> Ints:
    return np.ascontiguousarray(values, np.int64)


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
