"""MNIST, error in per cent on the 10,000 test images, trained on all images or on a few."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.data import data
from benchmarks.tables import Row, balanced, features, progress, spread
from scatter import Scattering2D
from scatter.learning import AffinePCAClassifier

PUBLISHED = {300: "4.7", 1000: "2.3", 5000: "1.03", 60000: "0.43"}
"""Bruna & Mallat, IEEE TPAMI 35(8), 2013, table 5: affine spaces or a support vector machine."""
DRAWS = 5


def table() -> list[Row]:
    """MNIST: `Scattering2D(J=3, L=6, stride=4, log=0.01)` and affine spaces of a searched dimension."""
    with np.load(data("mnist.npz")) as file:
        x, y, x_test, y_test = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    S = Scattering2D(J=3, L=6, padding="zero", log=0.01, stride=4)
    train, seconds = features("mnist-train", S, x)
    test, _ = features("mnist-test", S, x_test)
    test = np.array(test)
    rows = [Row(f"{train.shape[1]} features of 60,000 images", "", "", f"{seconds:.0f}")]
    for count, published in PUBLISHED.items():
        errors, chosen, took = [], [], []
        for draw in progress(range(DRAWS if count <= 5000 else 1), f"mnist {count}"):
            at = balanced(y, count, draw) if count < len(y) else slice(None)
            began = time.perf_counter()
            model = AffinePCAClassifier().fit(np.array(train[at]), y[at])
            errors.append(100 * float((model.predict(test) != y_test).mean()))
            took.append(time.perf_counter() - began)
            chosen.append(f"{model.n_components_}{'w' if model.whiten_ else ''}")
        what = f"{count} training images, {len(errors)} draws, dimensions {', '.join(chosen)}"
        rows.append(Row(what, spread(errors), published, f"{np.mean(took):.1f}"))
    return rows
