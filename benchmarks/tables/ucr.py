"""Time series of the UCR and UEA archives that are in the wheel of aeon, beside its MiniRocket."""

from __future__ import annotations

import math
import sys
import time
import warnings

import numpy as np
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.tables import Row, progress, spread
from scatter import Scattering1D

NAMES = (
    "ACSF1",
    "ArrowHead",
    "BasicMotions",
    "Covid3Month_disc",
    "GunPoint",
    "ItalyPowerDemand",
    "JapaneseVowels",
    "OSULeaf",
    "PickupGestureWiimoteZ",
)
SEEDS = 5
PENALTIES = np.logspace(-3, 5, 17)


def load(name):
    """Series (n, channels, samples) of equal length and labels, for training and for testing."""
    from aeon.datasets import load_classification

    (x, y), (x_test, y_test) = (load_classification(name, split=split) for split in ("train", "test"))
    length = max(one.shape[-1] for one in [*x, *x_test])

    def even(series):  # the last value goes on
        return np.stack([np.pad(one, ((0, 0), (0, length - one.shape[-1])), mode="edge") for one in series])

    return even(x), y, even(x_test), y_test


def scattering(length, y):
    """Scattering and ridge regression; Q and the output grid by cross-validation on the training series."""
    J = max(2, int(math.log2(length)) - 1)
    grid = [
        {"scattering1d__Q": [1, 2, 4], "scattering1d__T": [2.0 ** max(1, J - k) for k in (0, 1, 2, 4)]},
        {"scattering1d__Q": [1, 2, 4], "scattering1d__pooling": ["mean_std"]},
    ]
    folds = min(5, int(np.unique(y, return_counts=True)[1].min()))
    return GridSearchCV(
        make_pipeline(Scattering1D(J=J, log=0.01), StandardScaler(), RidgeClassifierCV(PENALTIES)),
        grid,
        cv=StratifiedKFold(folds, shuffle=True, random_state=0),
    )


def score(model, x, y, x_test, y_test):
    """Per cent of right answers, and seconds of training and testing."""
    began = time.perf_counter()
    return 100 * model.fit(x, y).score(x_test, y_test), time.perf_counter() - began


def table() -> list[Row]:
    """UCR and UEA sets in the wheel of aeon, their own split: accuracy in per cent, beside MiniRocket's here.

    `Scattering1D(log=0.01)` and ridge regression, Q and the output grid chosen by cross-validation on the
    training series (15 settings); `MiniRocketClassifier` of aeon as it is. Seconds: ours / MiniRocket's, of
    training and testing.
    """
    try:
        from aeon.classification.convolution_based import MiniRocketClassifier
    except ImportError:
        sys.exit("this table is beside aeon; type: pip install aeon")
    rows, ranks = [], []
    for name in progress(NAMES, "ucr"):
        data = load(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ties of a small ridge regression
            MiniRocketClassifier(random_state=0).fit(*data[:2])  # compiles
            ours, seconds = score(scattering(data[0].shape[-1], data[1]), *data)
            theirs, took = zip(
                *(score(MiniRocketClassifier(random_state=seed), *data) for seed in range(SEEDS)), strict=True
            )
        n, channels, length = data[0].shape
        what = f"{name}, {n} training series of {f'{channels} x ' if channels > 1 else ''}{length}"
        published = f"MiniRocket, {SEEDS} seeds: {spread(theirs)}"
        rows.append(Row(what, spread([ours]), published, f"{seconds:.1f} / {np.mean(took):.1f}"))
        ahead = ours - float(np.mean(theirs))
        ranks.append(1.5 - 0.5 * np.sign(ahead))
    mean = float(np.mean(ranks))
    rows.append(Row(f"mean rank on {len(NAMES)} sets", f"{mean:.2f}", f"{3 - mean:.2f}"))
    return rows
