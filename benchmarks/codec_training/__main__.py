"""``python -m benchmarks.codec_training OUT.npz``: train the codec's networks from nothing.

Needs PyTorch, the photographs in $SCATTER_DATA/photos/train, whose pages with authors and licences are
listed in ``SOURCES.md`` here, and about an hour on two cores. Everything random has a seed; PyTorch's sums
depend on the processor, so that another machine's weights are as good, but not the same.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.codec_training.collect import collect
from benchmarks.codec_training.export import add_centres, export
from benchmarks.codec_training.measure import add_zeros
from benchmarks.codec_training.tables import tables
from benchmarks.codec_training.train import train
from benchmarks.data import data
from scatter.codec.model import Model, build

HIDDEN = {
    ("luma", "m"): (96, 32),
    ("luma", "s"): (48, 24),
    ("chroma", "m"): (48, 24),
    ("chroma", "s"): (32, 16),
}
FIRST = {("luma", "m"): 5000, ("luma", "s"): 1200, ("chroma", "m"): 3000, ("chroma", "s"): 600}
"""Iterations on what a quantiser without a model gives."""
SECOND = {("luma", "m"): 14000, ("luma", "s"): 6000, ("chroma", "m"): 5000, ("chroma", "s"): 2500}
"""Iterations on what the encoder gives, with the networks of the first round."""
CROPS = (12, 13)
"""Crops of each photograph in each round."""


def fit(
    found: dict[Any, np.ndarray], iterations: dict[Any, int], warm: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """All the networks, by names of the form luma.m.W1."""
    trained = {}
    for (kind, what), count in iterations.items():
        name = f"{kind}.{what}."
        start = {key.removeprefix(name): value for key, value in warm.items() if key.startswith(name)}
        weights = train(
            found, kind, what, HIDDEN[kind, what], count, 1, warm=start or None, rate=2e-3 if start else 3e-3
        )
        trained |= {name + key: value for key, value in weights.items()}
    return trained


def main() -> None:
    """Two rounds: the second is trained on what an encoder decides that has the first."""
    if len(sys.argv) != 2:
        sys.exit("type: python -m benchmarks.codec_training OUT.npz")
    files = sorted(Path(data("photos/train")).glob("*.webp"))
    model: Model | None = None
    trained: dict[str, np.ndarray] = {}
    for seed, (each, iterations) in enumerate(zip(CROPS, (FIRST, SECOND), strict=True)):
        found = collect(tables(), files, 100 + seed, each, model)
        trained = fit(found, iterations, trained)
        stored = export(trained)
        add_centres(stored, found)
        add_zeros(stored, files, 77, 1)
        model = build(stored)
    np.savez_compressed(sys.argv[1], **stored)


if __name__ == "__main__":
    main()
