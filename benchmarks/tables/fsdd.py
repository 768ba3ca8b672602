"""FSDD: spoken digits of six speakers, the official split into 2,700 recordings and 300 for testing."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.data import data
from benchmarks.tables import Row, features
from scatter import Scattering1D
from scatter.learning.heads import build

LENGTH = 8192
"""Samples at 8 kHz; 17 of 3,000 recordings are longer, and are cut."""
PUBLISHED = "98.0, Kymatio's example, with a linear classifier on logarithms of time averages"


def load():
    """Recordings in the middle of 8,192 samples, their digits, and which are for testing."""
    with np.load(data("fsdd.npz")) as file:
        signal, length, digit, index = (file[name] for name in ("signal", "length", "digit", "index"))
    padded, start = np.zeros((len(length), LENGTH), np.float32), 0
    for row, n in zip(padded, length, strict=True):
        x = signal[start : start + n][:LENGTH] / 32768
        before = (LENGTH - len(x)) // 2
        row[before : before + len(x)] = x
        start += n
    return padded, digit, index < 5


def table() -> list[Row]:
    """FSDD: accuracy in per cent, `Scattering1D(J=11, Q=8, T=1024, log=1e-4)`, heads of fixed parameters."""
    signals, y, test = load()
    S = Scattering1D(J=11, Q=8, T=1024, log=1e-4, padding="zero")
    X, seconds = features("fsdd", S, signals)
    X = np.array(X)
    rows = [Row(f"{X.shape[1]} features of 3,000 recordings", "", "", f"{seconds:.0f}")]
    for head in ("logistic", "svm", "rbf", "pca"):
        began = time.perf_counter()
        right = 100 * build(head, 0).fit(X[~test], y[~test]).score(X[test], y[test])
        rows.append(Row(head, f"{right:.2f}", PUBLISHED, f"{time.perf_counter() - began:.0f}"))
    return rows
