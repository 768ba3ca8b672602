"""ESC-10: environmental sounds, 5 folds, beside a log-mel spectrogram with the same classifier."""

from __future__ import annotations

import time

import numpy as np
import scipy.signal

from benchmarks.data import data
from benchmarks.tables import Row, features, spread
from scatter import Scattering1D
from scatter.learning.heads import build

RATE, LENGTH = 22050, 5 * 22050


def load():
    """Sounds at 22,050 Hz, one channel, 5 seconds; their classes and folds."""
    import soundfile

    signals, labels, folds = [], [], []
    for file in sorted(data("esc10").glob("*/*.ogg")):
        x, rate = soundfile.read(file)
        x = x.mean(axis=1) if x.ndim > 1 else x
        x = scipy.signal.resample_poly(x, RATE, rate)[:LENGTH]
        signals.append(np.pad(x, (0, LENGTH - len(x))).astype(np.float32))
        labels.append(file.parent.name)
        folds.append(int(file.name[0]))
    return np.stack(signals), np.asarray(labels), np.asarray(folds)


def mel(signals, bands=64, window=1024):
    """Logarithms of a mel spectrogram, (n, bands, times): triangles that overlap by half on the mel scale."""
    _, _, spectra = scipy.signal.stft(signals, RATE, nperseg=window, noverlap=window // 2)
    power = np.abs(spectra) ** 2
    hertz = np.fft.rfftfreq(window, 1 / RATE)
    edges = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), bands + 2) / 2595) - 1)
    rising = (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - hertz) / np.diff(edges)[1:, None]
    return np.log(np.maximum(np.minimum(rising, falling), 0) @ power + 1e-10)


def accuracies(X, labels, folds, head):
    """Per cent of right answers in each fold, and the seconds that the classifier took."""
    found, began = [], time.perf_counter()
    for fold in np.unique(folds):
        model = build(head, 0).fit(X[folds != fold], labels[folds != fold])
        found.append(100 * model.score(X[folds == fold], labels[folds == fold]))
    return found, time.perf_counter() - began


def table() -> list[Row]:
    """ESC-10: accuracy in per cent, mean and deviation of 5 folds, classifiers of fixed parameters.

    No published figure for fixed scattering was found. `Scattering1D(J=15, Q=8, T=2**13)`, logarithms, mean
    (and deviation) over time.
    """
    signals, labels, folds = load()
    rows = []
    common = {"J": 15, "Q": 8, "T": 2**13, "log": 1e-5}
    for options in (
        {"pooling": "mean"},
        {"pooling": "mean_std"},
        {"pooling": "mean", "ratios": 1e-5},
        {"pooling": "mean_std", "ratios": 1e-5},
        {"pooling": "moments", "ratios": 1e-5},
    ):
        X, seconds = features("esc10", Scattering1D(**common, **options), signals, block=20)
        name = ", ".join(f"{key}={value!r}" for key, value in options.items())
        rows.append(Row(f"{name}: {X.shape[1]} features", "", "", f"{seconds:.0f}"))
        for head in ("svm", "rbf", "pca"):
            found, seconds = accuracies(np.array(X), labels, folds, head)
            rows.append(Row(f"{name}, {head}", spread(found), "", f"{seconds:.1f}"))
    began = time.perf_counter()
    spectrogram = mel(signals)
    X = np.concatenate([spectrogram.mean(axis=2), spectrogram.std(axis=2)], axis=1)
    seconds = time.perf_counter() - began
    rows.append(
        Row(
            f"log-mel spectrogram, 64 bands, mean and deviation: {X.shape[1]} features",
            "",
            "",
            f"{seconds:.0f}",
        )
    )
    for head in ("svm", "rbf", "pca"):
        found, seconds = accuracies(X, labels, folds, head)
        rows.append(Row(f"log-mel, {head}", spread(found), "", f"{seconds:.1f}"))
    return rows
