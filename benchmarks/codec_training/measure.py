"""What zeros are on average, measured by coding crops with the networks that are shipped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from benchmarks.codec_training.collect import COARSEST, FINEST, crops
from scatter.codec import tiles
from scatter.codec.coder import Classes, Signs, Writer
from scatter.codec.context import Level
from scatter.codec.lattices import STEPS
from scatter.codec.model import FLAG_CLASSES, SIGN_CLASSES, Model, build
from scatter.codec.planes import plane_specs
from scatter.codec.workers import Workers

STRENGTH = 300.0
"""Zeros that the guess of none counts as, in the mean of a class."""
UNIT = 1024


class Recorder(Classes):
    """Classes that remember what they said of a step's zeros."""

    said: tuple[Any, ...] = ()

    def values(self, flags: Any, sizes: Any, m: Any, negative: Any, signs: Signs) -> Any:
        self.said = (flags, m, signs)
        return super().values(flags, sizes, m, negative, signs)


class Measuring(Writer):
    """An encoder that adds up the zeros of every class."""

    def __init__(self, model: Model, specs: Any, bands: Any, sums: np.ndarray) -> None:
        super().__init__(model, specs, bands, Workers(1))
        self._classes = Recorder(model, specs, Workers(1))
        self._sums, self._likely = sums, model.likely

    def code(self, plane: int, j: int, index: int, level: Level) -> Any:
        found = super().code(plane, j, index, level)
        flags, m, signs = self._classes.said
        step = STEPS[index]
        c = step.of(self._bands[plane][j - 1]).ravel()
        zero = (m[signs.places] == 0) & (flags[signs.places] >= self._likely)
        places = signs.places[zero]
        along = c[places] / self._specs[plane].delta(j, step.band) * np.where(signs.negative[zero], -1, 1)
        where = flags[places], signs.sure[zero]
        np.add.at(self._sums[0], where, along)
        np.add.at(self._sums[1], where, 1)
        return found


def add_zeros(stored: dict[str, np.ndarray], files: list[Path], seed: int, each: int) -> None:
    """Measure `zeros` and put them into the arrays that are stored."""
    model = build(stored)
    rng = np.random.default_rng(seed)
    sums = np.zeros((2, FLAG_CLASSES, SIGN_CLASSES))
    for image in crops(files, rng, each):
        specs = plane_specs(3, 8, False, int(rng.integers(FINEST, COARSEST)))
        coarsest, details = tiles.transform(tiles.to_planes(image, 8, False), False)
        tiles.encode_with(Measuring(model, specs, details, sums), model, coarsest, specs, image.shape[:2])
    total, count = (gaussian_filter(s, (2, 2), mode="constant") for s in sums)
    mean = np.maximum(0, total / (count + STRENGTH / sums[1].size))
    mean[: model.likely] = 0
    stored["zeros"] = np.rint(UNIT * mean).astype(np.int16)
