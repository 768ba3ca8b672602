"""MIT-BIH arrhythmia: heart beats of patients that the classifier has not seen, in four classes."""

from __future__ import annotations

import time

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.data import data
from benchmarks.tables import Row, features
from scatter import Scattering1D

TRAIN = "101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230"
TEST = "100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234"
KINDS = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F"}
CLASSES = {code: name for name, codes in KINDS.items() for code in codes}
BEFORE, AFTER = 120, 136
"""Samples of a beat before and after its peak, at 360 Hz."""
PUBLISHED = {"S": "75.9 / 38.5", "V": "77.7 / 81.9"}
"""de Chazal, O'Dwyer & Reilly, IEEE Trans. Biomed. Eng. 51(7), 2004: a linear discriminant."""


def intervals(beats):
    """Distances to the beats before and after, as shares of the usual one and of those of the last ten."""
    before = np.diff(beats, prepend=beats[0] - 300).astype(float)
    after = np.append(before[1:], before[-1])
    usual = np.median(before)
    recent = np.array([before[max(0, k - 10) : k + 1].mean() for k in range(len(before))])
    return np.stack(
        [before / usual, after / usual, before / recent, recent / usual, before / 360, after / 360], 1
    )


def load():
    """Beats (n, 256), their intervals (n, 6), their classes, and which are for training."""
    with np.load(data("mitbih.npz")) as file:
        differences, samples, codes, owners, records = (
            file[name] for name in ("diff", "beat_sample", "beat_code", "beat_record", "record")
        )
    beats, gaps, labels, train = [], [], [], []
    for place, record in enumerate(records.astype(str)):
        if record not in f"{TRAIN} {TEST}".split():
            continue
        x = (np.cumsum(differences[place], dtype=np.int16).astype(np.float32) - 1024) / 200
        x -= np.median(x)
        x /= np.percentile(np.abs(x), 99)
        of_record = owners == place
        ours = samples[of_record], codes[of_record].astype(str), intervals(samples[of_record])
        for at, code, gap in zip(*ours, strict=True):
            if code in CLASSES and at >= BEFORE and at + AFTER <= len(x):
                beats.append(x[at - BEFORE : at + AFTER])
                gaps.append(gap)
                labels.append(CLASSES[code])
                train.append(record in TRAIN.split())
    return np.stack(beats), np.asarray(gaps, np.float32), np.asarray(labels), np.asarray(train)


def table() -> list[Row]:
    """MIT-BIH: sensitivity / positive predictivity in per cent; patients of DS1 for training, of DS2 to test.

    `Scattering1D(J=6, log=0.01)` of 256 samples around a beat and six intervals between beats, and logistic
    regression with ``C=0.001`` and balanced classes.
    """
    beats, gaps, labels, train = load()
    coefficients, seconds = features("mitbih", Scattering1D(J=6, Q=1, log=0.01), beats, block=5000)
    rows = [Row(f"{coefficients.shape[1]} features of {len(beats):,} beats", "", "", f"{seconds:.0f}")]
    inputs = {
        "scattering and intervals": np.concatenate([coefficients, gaps], axis=1),
        "samples and intervals": np.concatenate([beats[:, ::2], gaps], axis=1),
        "intervals": gaps,
    }
    for name, X in inputs.items():
        began = time.perf_counter()
        head = LogisticRegression(C=1e-3, class_weight="balanced", max_iter=1000)
        model = make_pipeline(StandardScaler(), head).fit(X[train], labels[train])
        took = time.perf_counter() - began
        counts = confusion_matrix(labels[~train], model.predict(X[~train]), labels=list("NSVF"))
        right = np.diag(counts)
        rows.append(Row(f"{name}: accuracy", f"{100 * right.sum() / counts.sum():.1f}", "", f"{took:.0f}"))
        for k, kind in enumerate("NSVF"):
            found = (
                f"{100 * right[k] / counts[k].sum():.1f} / {100 * right[k] / max(1, counts[:, k].sum()):.1f}"
            )
            rows.append(Row(f"{name}: {kind}", found, PUBLISHED.get(kind, "")))
    return rows
