"""The compiled coder of whole levels: the same numbers and bytes as those of `Writer` and `Reader`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.codec.context import Surroundings, magnitude_inputs, sign_inputs
from scatter.codec.entropy import PRIOR, SPREAD, Decoder, Encoder
from scatter.codec.lattices import STEPS
from scatter.codec.lifting import Details
from scatter.codec.model import TRADE, Model
from scatter.codec.native import library
from scatter.codec.networks import Network
from scatter.codec.walk import PlaneSpec
from scatter.codec.workers import Workers

Array = NDArray[Any]


@cache
def compiled_model(model: Model, module: Any) -> Any:
    """A model as a compiled module has it."""
    found = module.CodecModel(
        model.tables.magnitudes, model.tables.differences, model.centres, model.zeros, TRADE, model.likely
    )
    for chroma, kind in enumerate(("luma", "chroma")):
        for index, step in enumerate(STEPS):
            found.add_step(
                bool(chroma),
                list(step),
                np.asarray(magnitude_inputs(index, 2 * chroma), np.int64),
                compiled_network(model.magnitudes[kind][index], module),
                np.asarray(sign_inputs(index, 2 * chroma), np.int64),
                compiled_network(model.signs[kind][index], module),
            )
    return found


def compiled_network(network: Network, module: Any) -> Any:
    """A network as a compiled module has it."""
    return module.CodecNetwork(
        [network.w1, network.w2, network.w3],
        [network.b1, network.b2, network.b3],
        list(network.shifts),
        [*network.cuts, 0],
        network.constants,
    )


def compiled_tables(model: Model, module: Any) -> Any:
    """The tables of a tile as a compiled module has them."""
    priors = [PRIOR[name] * SPREAD for name in ("flags", "sizes", "signs")]
    return module.CodecTables(model.flags, model.sizes, model.confidences, priors)


class _Base:
    """What is the same in the encoder and in the decoder."""

    def __init__(self, model: Model, specs: Sequence[PlaneSpec], workers: Workers) -> None:
        module = library()
        assert module is not None
        self._module, self._specs, self._threads = module, specs, workers.count
        self._model = compiled_model(model, module)
        self._tables = compiled_tables(model, module)

    def _level(self, around: Surroundings) -> Any:
        setting = around.setting
        return self._module.CodecLevel(
            self._model,
            setting.lossless,
            setting.step_feature,
            setting.second,
            around.j,
            np.ascontiguousarray(around.approximation),
            list(around.sizes),
            list(around.parents or ()),
            list(around.grandparents or ()),
            list(around.guides),
            setting.guides,
        )

    def _code(
        self,
        code: Any,
        plane: int,
        around: Surroundings,
        values: Sequence[Array],
        logarithms: Sequence[Array],
        coder: Any,
        *more: Any,
    ) -> None:
        spec = self._specs[plane]
        with_loss, without = ([], list(values)) if spec.lossless else (list(values), [])
        chroma = bool(spec.guides)
        code(
            self._model,
            chroma,
            self._tables,
            coder,
            self._threads,
            spec.norms(around.j),
            with_loss,
            without,
            list(logarithms),
            *more,
        )


class CompiledReader(_Base):
    """The decoder's `LevelCoder`."""

    def __init__(self, model: Model, specs: Sequence[PlaneSpec], decoder: Decoder, workers: Workers) -> None:
        super().__init__(model, specs, workers)
        self._decoder = decoder

    def code_level(
        self, plane: int, around: Surroundings, values: Sequence[Array], logarithms: Sequence[Array]
    ) -> Any:
        """Decode a level into arrays of zeros."""
        level = self._level(around)
        self._code(level.decode, plane, around, values, logarithms, self._decoder.coder)
        return level


class CompiledWriter(_Base):
    """The encoder's `LevelCoder`; parameters as those of `Writer`."""

    def __init__(
        self, model: Model, specs: Sequence[PlaneSpec], bands: Sequence[Sequence[Details]], workers: Workers
    ) -> None:
        super().__init__(model, specs, workers)
        self.encoder, self._bands = Encoder(), bands

    def code_level(
        self, plane: int, around: Surroundings, values: Sequence[Array], logarithms: Sequence[Array]
    ) -> Any:
        """Code a level, and give what a decoder makes of it in arrays of zeros."""
        spec, j = self._specs[plane], around.j
        bands = [np.ascontiguousarray(band) for band in self._bands[plane][j - 1]]
        inverse = [float(np.float32(1 / spec.delta(j, band))) for band in range(3)]
        with_loss, without = ([], bands) if spec.lossless else (bands, [])
        level = self._level(around)
        self._code(
            level.encode,
            plane,
            around,
            values,
            logarithms,
            self.encoder.coder,
            inverse,
            with_loss,
            without,
        )
        self.encoder.mark(j)
        return level


__all__ = ["CompiledReader", "CompiledWriter", "compiled_model", "compiled_network", "compiled_tables"]
