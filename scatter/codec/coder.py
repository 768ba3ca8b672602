"""What is done with the coefficients of a step: classes from the networks, decisions, symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.codec.context import Level, magnitude_inputs, sign_inputs
from scatter.codec.entropy import TOTAL, Adaptive, Decoder, Encoder, get_values, put_values
from scatter.codec.lattices import STEPS
from scatter.codec.lifting import Details
from scatter.codec.model import FLAG_CLASSES, FLAG_SHIFT, SIGN_CLASSES, TRADE, Model
from scatter.codec.symbols import EXTRA, symbols
from scatter.codec.walk import PlaneSpec
from scatter.codec.workers import Workers

Array = NDArray[Any]
Ints = NDArray[np.int64]


class Signs(NamedTuple):
    """What is predicted of the signs at some places of a step."""

    places: Ints
    """Flat indices, in order."""
    negative: NDArray[np.bool_]
    """The sign that is the more likely."""
    sure: Ints
    """Class of the confidence in it."""


class Classes:
    """Classes of the coefficients of a step, as the networks predict them, and what the classes mean."""

    def __init__(self, model: Model, specs: Sequence[PlaneSpec], workers: Workers) -> None:
        self._model, self._specs, self._workers = model, specs, workers
        self._kinds = ["chroma" if spec.guides else "luma" for spec in specs]

    def _guides(self, plane: int) -> int:
        return self._specs[plane].setting.guides

    def magnitudes(self, plane: int, index: int, level: Level) -> tuple[Ints, Ints]:
        """Class of whether each is zero, and class of its size if it is not."""
        network = self._model.magnitudes[self._kinds[plane]][index]
        seen = magnitude_inputs(index, self._guides(plane))
        flag, size = network.magnitudes(level.views(index, seen), level.constants(index), self._workers)
        return (
            np.clip(flag.ravel().astype(np.int64) + FLAG_SHIFT, 0, FLAG_CLASSES - 1),
            np.clip(size.ravel().astype(np.int64), 0, len(self._model.sizes) - 1),
        )

    def signs(self, plane: int, index: int, level: Level, m: NDArray[np.int32], flags: Ints) -> Signs:
        """Predict signs of what is not zero and, with loss, of what might as well not be."""
        places = np.flatnonzero(m if self._specs[plane].lossless else (m > 0) | (flags >= self._model.likely))
        if not len(places):
            return Signs(places, np.zeros(0, bool), places)
        network = self._model.signs[self._kinds[plane]][index]
        views = level.views(index, sign_inputs(index, self._guides(plane)))
        z = network.signs(views, places, self._workers).astype(np.int64)
        return Signs(places, z > 0, np.minimum(np.abs(z), SIGN_CLASSES - 1))

    def sizes_meant(self, sizes: Ints, m: Array) -> NDArray[np.float32]:
        """Magnitudes that quantised ones above 0 stand for, in steps."""
        centres = self._model.centres
        found: NDArray[np.float32] = (
            m.astype(np.float32) + centres[sizes, np.minimum(m, centres.shape[1]) - 1]
        )
        return found

    def zeros_meant(self, flags: Ints, sure: Ints) -> NDArray[np.float32]:
        """How far, in steps and in the direction of the likely sign, zeros are from 0 on average."""
        return self._model.zeros[flags, sure]

    def values(
        self, flags: Ints, sizes: Ints, m: NDArray[np.int32], negative: NDArray[np.bool_], signs: Signs
    ) -> NDArray[np.float32]:
        """The values that the coefficients of a step stand for, in steps."""
        found = np.zeros(len(m), np.float32)
        places = signs.places
        zero = np.flatnonzero(m[places] == 0)
        some = np.flatnonzero(m)
        near = self.zeros_meant(flags[places[zero]], signs.sure[zero])
        found[places[zero]] = np.where(signs.negative[zero], -near, near)
        size = self.sizes_meant(sizes[some], m[some])
        found[some] = np.where(negative[some], -size, size)
        return found


class _Base:
    """What the encoder's and the decoder's `Coder` have in common: predictions, tables, and what follows."""

    def __init__(self, model: Model, specs: Sequence[PlaneSpec], workers: Workers) -> None:
        self._adaptive = Adaptive(model)
        self._classes = Classes(model, specs, workers)
        self._specs = specs

    def _learn(self, flags: Ints, sizes: Ints, sure: Ints, flag: Ints, symbol: Ints, right: Ints) -> None:
        """Count what was coded: flags everywhere, symbols and signs where there is something."""
        self._adaptive.count("signs", sure, right)
        self._adaptive.count("flags", flags, flag)
        self._adaptive.count("sizes", sizes[flag > 0], symbol)

    def _result(
        self,
        spec: PlaneSpec,
        shape: tuple[int, int],
        flags: Ints,
        sizes: Ints,
        m: NDArray[np.int32],
        negative: NDArray[np.bool_],
        signs: Signs,
    ) -> tuple[NDArray[np.int32], Array]:
        """Quantised coefficients of a step, and the values they stand for."""
        q = np.where(negative, -m, m).astype(np.int32).reshape(shape)
        if spec.lossless:
            return q, q
        return q, self._classes.values(flags, sizes, m, negative, signs).reshape(shape)


class Writer(_Base):
    """The encoder's `Coder`.

    Parameters
    ----------
    model : Model
        What is agreed on.
    specs : sequence of PlaneSpec
        How each plane is coded.
    bands : sequence of sequence of Details
        The coefficients of each plane, fine to coarse.
    workers : Workers
        Threads that evaluate the networks.
    """

    def __init__(
        self, model: Model, specs: Sequence[PlaneSpec], bands: Sequence[Sequence[Details]], workers: Workers
    ) -> None:
        super().__init__(model, specs, workers)
        self.encoder, self._bands = Encoder(), bands

    def code(self, plane: int, j: int, index: int, level: Level) -> tuple[NDArray[np.int32], Array]:
        """Decide on the coefficients of a step and code them."""
        spec, step = self._specs[plane], STEPS[index]
        c = step.of(self._bands[plane][j - 1]).ravel()
        negative = c < 0
        flags, sizes = self._classes.magnitudes(plane, index, level)
        if spec.lossless:
            m = np.abs(c)
            signs = self._classes.signs(plane, index, level, m, flags)
        else:
            a = np.abs(c) * np.float32(1 / spec.delta(j, step.band))
            m = np.minimum(np.floor(a + np.float32(0.5)), 2**20 - 1).astype(np.int32)
            signs = self._classes.signs(plane, index, level, m, flags)
            there = signs.places
            m[there] = self._decide(a[there], m[there], negative[there], flags[there], sizes[there], signs)
        self._put(m, negative, flags, sizes, signs)
        self.encoder.mark(j)
        return self._result(spec, level.shape(index), flags, sizes, m, negative, signs)

    def _put(
        self, m: NDArray[np.int32], negative: NDArray[np.bool_], flags: Ints, sizes: Ints, signs: Signs
    ) -> None:
        put, tables = self.encoder, self._adaptive.tables
        some = np.flatnonzero(m)
        coded = m[signs.places] > 0
        sure, flag = signs.sure[coded], (m > 0).astype(np.int64)
        right = (negative[some] == signs.negative[coded]).astype(np.int64)
        put.put(tables["flags"], flags, flag)
        symbol = put_values(put, tables["sizes"], sizes[some], m[some].astype(np.int64) - 1)
        put.put(tables["signs"], sure, right)
        self._learn(flags, sizes, sure, flag, symbol, right)

    def _decide(
        self,
        a: NDArray[np.float32],
        nearest: NDArray[np.int32],
        negative: NDArray[np.bool_],
        flags: Ints,
        sizes: Ints,
        signs: Signs,
    ) -> NDArray[np.int32]:
        """Of the nearest magnitude and those around it, what costs least in distortion and bits."""
        bits = {name: _bits(table) for name, table in self._adaptive.tables.items()}
        agree = negative == signs.negative
        near = self._classes.zeros_meant(flags, signs.sure)
        error = a - np.where(agree, near, -near)
        chosen = np.zeros_like(nearest)
        least = error * error + np.float32(TRADE) * bits["flags"][flags, 0]
        sign_bits = bits["signs"][signs.sure, agree.astype(np.int64)]
        for candidate in (np.maximum(nearest - 1, 1), np.maximum(nearest, 1)):
            symbol = symbols(candidate - 1)
            error = a - self._classes.sizes_meant(sizes, candidate)
            count = bits["flags"][flags, 1] + bits["sizes"][sizes, symbol] + sign_bits
            cost = error * error + np.float32(TRADE) * (count + EXTRA[symbol].astype(np.float32))
            chosen = np.where(cost < least, candidate, chosen)
            least = np.minimum(cost, least)
        return chosen


class Reader(_Base):
    """The decoder's `Coder`."""

    def __init__(self, model: Model, specs: Sequence[PlaneSpec], decoder: Decoder, workers: Workers) -> None:
        super().__init__(model, specs, workers)
        self._decoder = decoder

    def code(self, plane: int, j: int, index: int, level: Level) -> tuple[NDArray[np.int32], Array]:
        """Decode the coefficients of a step."""
        get, tables = self._decoder, self._adaptive.tables
        flags, sizes = self._classes.magnitudes(plane, index, level)
        flag = get.get(tables["flags"], flags)
        some = np.flatnonzero(flag)
        values, symbol = get_values(get, tables["sizes"], sizes[some])
        m = np.zeros(len(flag), np.int32)
        m[some] = values + 1
        signs = self._classes.signs(plane, index, level, m, flags)
        coded = m[signs.places] > 0
        sure, guess = signs.sure[coded], signs.negative[coded]
        right = get.get(tables["signs"], sure)
        negative = np.zeros(len(m), bool)
        negative[some] = np.where(right > 0, guess, ~guess)
        self._learn(flags, sizes, sure, flag, symbol, right)
        return self._result(self._specs[plane], level.shape(index), flags, sizes, m, negative, signs)


def _bits(frequencies: Ints) -> NDArray[np.float32]:
    # To 1/256 of a bit: the logarithm's last digit, which platforms disagree on, must not decide anything.
    bits: NDArray[np.float32] = (np.rint(-256 * np.log2(frequencies / TOTAL)) / 256).astype(np.float32)
    return bits
