"""MNIST, error in per cent on the 10,000 test images, trained on all images or on a few."""

from __future__ import annotations

import time

import numpy as np
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from benchmarks.data import data
from benchmarks.tables import Row, balanced, features, progress, spread
from scatter import Scattering2D
from scatter.learning import AffinePCAClassifier

PUBLISHED = {300: "4.7", 1000: "2.3", 5000: "1.03", 60000: "0.43"}
"""Bruna & Mallat, IEEE TPAMI 35(8), 2013: affine spaces or a support vector machine, whichever is better."""
DRAWS = 5
CLASSIFIERS = {
    "affine spaces": AffinePCAClassifier,
    "Gaussian kernel on 200 principal directions": lambda: make_pipeline(
        PCA(200, svd_solver="randomized", random_state=0), SVC(C=10, cache_size=3000)
    ),
}


def table() -> list[Row]:
    """MNIST: error in per cent, `Scattering2D(J=3, L=6, stride=4, log=0.01)`.

    Affine spaces of a dimension that is cross-validated, and a support vector machine of fixed parameters.
    """
    with np.load(data("mnist.npz")) as file:
        x, y, x_test, y_test = (file[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    S = Scattering2D(J=3, L=6, padding="zero", log=0.01, stride=4)
    train, seconds = features("mnist-train", S, x)
    test, _ = features("mnist-test", S, x_test)
    test = np.array(test)
    rows = [Row(f"{train.shape[1]} features of 60,000 images", "", "", f"{seconds:.0f}")]
    for count, published in PUBLISHED.items():
        draws = DRAWS if count < len(y) else 1
        for name, make in CLASSIFIERS.items():
            errors, took = [], []
            for draw in progress(range(draws), f"mnist {count}, {name}"):
                at = balanced(y, count, draw) if count < len(y) else slice(None)
                began = time.perf_counter()
                model = make().fit(np.array(train[at]), y[at])
                errors.append(100 * float((model.predict(test) != y_test).mean()))
                took.append(time.perf_counter() - began)
            what = f"{count:,} training images, {name}, {draws} draw(s)"
            rows.append(Row(what, spread(errors), published, f"{np.mean(took):.1f}"))
    return rows
