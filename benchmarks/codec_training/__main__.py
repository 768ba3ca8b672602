"""``python -m benchmarks.codec_training OUT.npz``: train the codec's newest networks.

Needs PyTorch, the photographs in $SCATTER_DATA/photos/train, whose pages with authors and licences are
listed in ``SOURCES.md`` here, 12 GB of memory and about an hour on two cores. Everything random has a seed;
PyTorch's sums depend on the processor, so that another machine's weights are as good, but not the same.

What a network is shown is what an encoder decides that has the first model, which was itself trained from
nothing in two rounds: on what a quantiser without a model gives, and then on what an encoder with that gives.
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
from scatter.codec.model import build, load

TEACHER = 0x715E
"""Identity of the model whose encoder decides."""
HIDDEN = {
    ("luma", "m"): (48, 16),
    ("luma", "s"): (48, 24),
    ("chroma", "m"): (32, 16),
    ("chroma", "s"): (24, 12),
}
ITERATIONS = {("luma", "m"): 16000, ("luma", "s"): 14000, ("chroma", "m"): 12000, ("chroma", "s"): 12000}
SEEDS, CROPS = (301, 302), 7
"""Of the crops, and how many of each photograph with every seed."""
SPARE = 4
"""One in so many samples is enough for the means of magnitudes."""


def samples(files: list[Path]) -> dict[Any, np.ndarray]:
    """Contexts and what they should predict."""
    found = [collect(tables(), files, seed, CROPS, load(TEACHER)) for seed in SEEDS]
    return {key: np.concatenate([part.pop(key) for part in found]) for key in list(found[0])}


def fit(found: dict[Any, np.ndarray]) -> dict[str, np.ndarray]:
    """All the networks, by names of the form luma.m.W1. Sizes of chroma have the tables of luma."""
    trained: dict[str, np.ndarray] = {}
    for (kind, what), count in ITERATIONS.items():
        fixed = {"T": trained["luma.m.T"]} if (kind, what) == ("chroma", "m") else None
        weights = train(found, kind, what, HIDDEN[kind, what], count, 1, fixed)
        trained |= {f"{kind}.{what}.{key}": value for key, value in weights.items()}
    return trained


def main() -> None:
    """Collect, train, export, and measure what is left."""
    if len(sys.argv) != 2:
        sys.exit("type: python -m benchmarks.codec_training OUT.npz")
    files = sorted(Path(data("photos/train")).glob("*.webp"))
    found = samples(files)
    stored = export(fit(found))
    add_centres(stored, {key: part[::SPARE] for key, part in found.items()})
    add_zeros(stored, files, 77, 1)
    np.savez_compressed(sys.argv[1], **stored)
    print(f"{sys.argv[1]}: model {build(stored).identity:#06x}")


if __name__ == "__main__":
    main()
