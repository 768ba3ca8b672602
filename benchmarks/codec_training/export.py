"""From trained weights to whole numbers, with every sum below 2^24."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.codec_training.tables import tables
from scatter.codec.lattices import STEPS
from scatter.codec.model import FLAG_CLASSES, FLAG_SHIFT, SIGN_CLASSES, build
from scatter.codec.networks import LIMIT, Network

INPUT = 5
"""Base-2 logarithm of what training divides inputs by; activations are in this scale too."""
FINEST = (6, 6, 7)
"""Base-2 logarithms of the scales of the weights of each layer, before the bound asks for less."""
LARGEST_WEIGHT = 127
"""Of the first two layers: products of 8 bits are the fastest that processors have."""
CUTS = (127, 4095)
"""Largest activations of the two hidden layers."""
PER_UNIT = {"m": (8, 4), "s": (8,)}
"""Classes to a unit of each output."""
SHARES = 65536


def export(trained: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays as the package stores them; `centres` and `zeros` are zero until they are measured."""
    stored: dict[str, np.ndarray] = {}
    for kind in ("luma", "chroma"):
        for what in ("m", "s"):
            stored.update(_networks(trained, f"{kind}.{what}", what))
    logits = trained["luma.m.T"].astype(float)
    stored["sizes"] = _sizes(logits)
    odds = (np.arange(FLAG_CLASSES) - FLAG_SHIFT) / 8
    stored["flags"] = _two(odds)
    stored["confidences"] = _two(np.arange(SIGN_CLASSES) / 8)
    stored["centres"] = np.zeros((len(stored["sizes"]), 4), np.int16)
    stored["zeros"] = np.zeros((FLAG_CLASSES, SIGN_CLASSES), np.int16)
    found = tables()
    stored["magnitudes"], stored["differences"] = found.magnitudes, found.differences
    return stored


def _two(odds: np.ndarray) -> np.ndarray:
    some = np.clip(np.rint(SHARES / (1 + np.exp(-odds))), 1, SHARES - 1).astype(np.int32)
    return np.stack([SHARES - some, some], axis=1)


def _sizes(logits: np.ndarray) -> np.ndarray:
    grid = np.arange((len(logits) - 1) * PER_UNIT["m"][1] + 1) / PER_UNIT["m"][1]
    low = np.minimum(grid.astype(int), len(logits) - 2)
    part = (grid - low)[:, None]
    mixed = logits[low] * (1 - part) + logits[low + 1] * part
    p = np.exp(mixed - mixed.max(axis=1, keepdims=True))
    shares = np.maximum(1, np.floor(SHARES * p / p.sum(axis=1, keepdims=True))).astype(np.int32)
    shares[np.arange(len(shares)), shares.argmax(axis=1)] += SHARES - shares.sum(axis=1)
    return shares


def _networks(trained: dict[str, np.ndarray], name: str, what: str) -> dict[str, np.ndarray]:
    parts: dict[str, list[Any]] = {key: [] for key in ("W1", "b1", "W2", "b2", "W3", "b3", "shifts")}
    inputs = np.array([inputs_of(name, k) for k in range(len(STEPS))], np.int16)
    for k in range(len(STEPS)):
        weights = {p: trained[f"{name}.{p}"][k].astype(float) for p in ("W1", "b1", "W2", "b2", "W3")}
        weights["b3"] = trained[f"{name}.b3"][k, 0] if what == "m" else np.zeros(1)
        weights["W1"][inputs[k] :] = 0
        whole = _fit(weights, np.array(PER_UNIT[what], float))
        for key, value in whole.items():
            parts[key].append(value)
    kinds = {"b1": np.int32, "b2": np.int32, "b3": np.int32}
    found = {f"{name}.{key}": np.array(v, kinds.get(key, np.int16)) for key, v in parts.items()}
    return {**found, f"{name}.inputs": inputs, f"{name}.cuts": np.array(CUTS, np.int16)}


def inputs_of(name: str, k: int) -> int:
    from scatter.codec.context import CONSTANTS, counts

    magnitudes, signs = counts(0 if name.startswith("luma") else 2)
    return magnitudes[k] + CONSTANTS if name.endswith(".m") else signs[k]


def _fit(weights: dict[str, np.ndarray], per_unit: np.ndarray) -> dict[str, Any]:
    """The finest scales for which no sum passes 2^24."""
    scales = list(FINEST)
    while True:
        one, two, three = (2.0**s for s in scales)
        whole = {
            "W1": _fitting(weights["W1"].T * one),
            "b1": np.rint(weights["b1"][0] * one * 2**INPUT),
            "W2": _fitting(weights["W2"].T * two),
            "b2": np.rint(weights["b2"][0] * two * 2**INPUT),
            "W3": np.rint(weights["W3"].T * per_unit[:, None] * three),
            "b3": np.rint(weights["b3"] * per_unit * three * 2**INPUT),
            "shifts": np.array([scales[0], scales[1], scales[2] + INPUT]),
        }
        layers = [
            np.abs(whole[w]).sum(1).max() * most + np.abs(whole[b]).max()
            for w, b, most in (("W1", "b1", 127), ("W2", "b2", CUTS[0]), ("W3", "b3", CUTS[1]))
        ]
        layers[2] += 2 ** (scales[2] + INPUT - 2)  # half of what rounds, as below it is doubled
        # Signs take the difference of two sums of the last layer.
        over = [k for k, s in enumerate(layers) if s * (2 if k == 2 else 1) >= LIMIT]
        if not over:
            return whole
        for k in over:
            scales[k] -= 1


def _fitting(weights: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(weights), -LARGEST_WEIGHT, LARGEST_WEIGHT)


def add_centres(stored: dict[str, np.ndarray], found: dict[Any, np.ndarray]) -> None:
    """Measure what magnitudes that are rounded to 1, 2, 3 and more are on average, by class of size."""
    model = build(stored)
    most = stored["centres"].shape[1]
    total, count = np.zeros((2, len(stored["sizes"]), most))
    for kind in ("luma", "chroma"):
        for k in range(len(STEPS)):
            x, y, c, w = (found[f"{kind}.m", part, k] for part in "XYCW")
            keep = np.flatnonzero((y > 0) & (np.abs(c - y) < 1.5) & (x[:, -5] == 0))
            network = model.magnitudes[kind][k]
            classes = np.clip(size_classes(network, x[keep]), 0, len(total) - 1)
            place = np.minimum(y[keep], most) - 1
            np.add.at(total, (classes, place), w[keep] * (c[keep] - y[keep]))
            np.add.at(count, (classes, place), w[keep])
    total, count = (_smooth(v) for v in (total, count))
    prior = 200 * count.sum() / 1e7
    guess = np.array([-0.08, -0.05, -0.03, -0.02])
    stored["centres"] = np.rint(256 * (total + prior * guess) / (count + prior)).astype(np.int16)


def size_classes(network: Network, x: np.ndarray) -> np.ndarray:
    out = []
    for start in range(0, len(x), 1 << 15):
        # Constants differ from sample to sample here, so that they are taken as views.
        part = x[start : start + (1 << 15)].astype(np.float32).T
        sums = network._upper(network.w1 @ np.abs(part), network.b1) + network.b3[:, None]
        out.append(network._scaled(sums)[1])
    return np.concatenate(out) if out else np.zeros(0, int)


def _smooth(v: np.ndarray) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    return gaussian_filter1d(v, 4, axis=0, mode="constant")
