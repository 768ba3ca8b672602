"""Samples of contexts and of what they should predict, from random crops of the training photographs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scatter.codec import lifting, tiles
from scatter.codec.coder import Writer
from scatter.codec.context import Level, Tables, magnitude_inputs, sign_inputs
from scatter.codec.lattices import STEPS
from scatter.codec.model import Model
from scatter.codec.planes import approximate, plane_specs
from scatter.codec.walk import PlaneSpec, walk
from scatter.codec.workers import Workers

SIDE = 512
"""Side of a crop, pixels."""
FINEST, COARSEST = 16, 218
"""Range of steps, in 32nds of an octave."""
LOSSLESS = 0.15
"""Share of crops that are coded without loss."""
SAMPLES = {1: 2400, 2: 900, 3: 300, 4: 120, 5: 48}
"""Samples of a step of luma by level; fewer, 12, above, and of chroma a third."""


def crops(files: list[Path], rng: np.random.Generator, each: int) -> Iterator[np.ndarray]:
    """Crops at random scales, mirrored and transposed at random."""
    for file in files:
        whole = Image.open(file).convert("RGB")
        for _ in range(each):
            scale = 1.0 if rng.random() < 0.45 else rng.uniform(0.5, 1.0)
            size = [int(side * scale) for side in whole.size]
            image = np.asarray(whole if scale == 1 or min(size) < 400 else whole.resize(size, Image.LANCZOS))
            height, width = (min(SIDE, side) for side in image.shape[:2])
            y, x = (rng.integers(0, b - a + 1) for a, b in zip((height, width), image.shape[:2], strict=True))
            image = image[y : y + height, x : x + width]
            image = image[:, ::-1] if rng.random() < 0.5 else image
            yield np.ascontiguousarray(image.swapaxes(0, 1) if rng.random() < 0.3 else image)


class Collector:
    """A coder that keeps samples of what it is shown."""

    def __init__(self, specs: list[PlaneSpec], bands: list[list[Any]], coder: Any, rng: Any) -> None:
        self.specs, self.bands, self.coder, self.rng = specs, bands, coder, rng
        self.found: dict[tuple[str, str, int], list[np.ndarray]] = defaultdict(list)
        self.cost = 0.0

    def code(self, plane: int, j: int, index: int, level: Level) -> tuple[np.ndarray, np.ndarray]:
        spec, step = self.specs[plane], STEPS[index]
        c = step.of(self.bands[plane][j - 1]) / spec.delta(j, step.band)
        a = np.abs(c)
        q, values = self.coder.code(plane, j, index, level)
        m = np.abs(q)
        self.cost += float(np.log2(1 + m).sum() * 3 + 0.02 * m.size)
        kind = "chroma" if spec.guides else "luma"
        most = SAMPLES.get(j, 12) // (3 if spec.guides else 1)
        constants = level.constants(index).astype(np.int8)
        views = level.views(index, magnitude_inputs(index, spec.setting.guides))
        self._keep(kind, "m", index, views, constants, m.ravel(), most, {"C": a.ravel()})
        places = np.flatnonzero(m)
        if len(places):
            negative = (c.ravel() < 0).astype(np.int8)
            views = level.views(index, sign_inputs(index, spec.setting.guides))
            self._keep(kind, "s", index, views, None, negative, most, {}, places)
        return q, values

    def _keep(
        self,
        kind: str,
        what: str,
        index: int,
        views: list[np.ndarray],
        constants: Any,
        target: np.ndarray,
        most: int,
        more: dict[str, np.ndarray],
        places: np.ndarray | None = None,
    ) -> None:
        places = np.arange(target.size) if places is None else places
        chosen = np.sort(self.rng.choice(places, min(most, len(places)), replace=False))
        y, x = np.divmod(chosen, views[0].shape[1])
        inputs = np.stack([view[y, x] for view in views], axis=1)
        if constants is not None:
            inputs = np.concatenate([np.abs(inputs), np.repeat(constants[None], len(chosen), 0)], axis=1)
        name = f"{kind}.{what}"
        self.found[name, "X", index].append(inputs)
        self.found[name, "Y", index].append(target[chosen])
        weight = np.full(len(chosen), len(places) / len(chosen), np.float32)
        self.found[name, "W", index].append(weight)
        for key, values in more.items():
            self.found[name, key, index].append(values[chosen].astype(np.float32))


def collect(
    tables: Tables, files: list[Path], seed: int, each: int, model: Model
) -> dict[tuple[str, str, int], np.ndarray]:
    """Samples of all the crops; weights make every crop count alike whatever its rate."""
    rng = np.random.default_rng(seed)
    kept: dict[tuple[str, str, int], list[np.ndarray]] = defaultdict(list)
    for image in crops(files, rng, each):
        lossless = rng.random() < LOSSLESS
        step_index = 0 if lossless else int(rng.integers(FINEST, COARSEST))
        size = image.shape[:2]
        count = lifting.levels(*size)
        specs = plane_specs(3, 8, lossless, step_index)
        coarsest, bands = tiles.transform(tiles.to_planes(image, 8, lossless), lossless)
        coarse = [approximate(rest, spec, count)[1] for rest, spec in zip(coarsest, specs, strict=True)]
        collector = Collector(specs, bands, Writer(model, specs, bands, Workers(1)), rng)
        walk(tables, specs, coarse, size, count, collector)
        share = image[..., 0].size / collector.cost
        for key, parts in collector.found.items():
            kept[key] += [part * share**0.8 for part in parts] if key[1] == "W" else parts
    # One by one out of the lists: never two copies of everything.
    return {key: np.concatenate(kept.pop(key)) for key in list(kept) if kept[key]}
