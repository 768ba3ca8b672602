"""Training of one kind of network: all 21 steps at once, as batched products of the numbers that are stored.

Weights are rounded and activations are cut in training as they are in use, and gradients pass as if they
were not (a straight-through estimator): Jacob et al., "Quantization and training of neural networks for
efficient integer-arithmetic-only inference", CVPR 2018, Section 3.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.codec_training.export import CUTS, FINEST, INPUT, LARGEST_WEIGHT
from scatter.codec.lattices import STEPS
from scatter.codec.symbols import EXTRA, FIRST, symbols

KNOTS = 40
"""Scale classes between which tables are interpolated."""
SCALE = 2.0**INPUT
"""Inputs and activations are divided by this."""
HELD_OUT = 12
"""One in so many samples is for validation."""
REPORT = 1000
"""Iterations between two lines about how it goes."""

Parameters = dict[str, torch.Tensor]


class Samples:
    """Samples of all the steps, drawn by their weights."""

    def __init__(self, found: dict[Any, np.ndarray], name: str, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        steps = range(len(STEPS))
        self.x, self.y, self.w = ([found[name, part, k] for k in steps] for part in "XYW")
        self.last = [len(y) - max(1, len(y) // HELD_OUT) for y in self.y]
        self.cumulative = [np.cumsum(w[:n], dtype=float) for w, n in zip(self.w, self.last, strict=True)]
        self.inputs = [x.shape[1] for x in self.x]

    def batch(self, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        # In order, so that memory is read in order.
        drawn = [np.sort(self.rng.random(size)) for _ in self.cumulative]
        places = [np.searchsorted(c, d * c[-1]) for c, d in zip(self.cumulative, drawn, strict=True)]
        return self._gather(places)[:2]

    def held_out(self, size: int, seed: int) -> tuple[torch.Tensor, ...]:
        rng = np.random.default_rng(seed)
        return self._gather([rng.integers(n, len(y), size) for n, y in zip(self.last, self.y, strict=True)])

    def _gather(self, places: list[np.ndarray]) -> tuple[torch.Tensor, ...]:
        x = np.zeros((len(places), len(places[0]), max(self.inputs)), np.float32)
        for k, (own, chosen) in enumerate(zip(self.x, places, strict=True)):
            x[k, :, : own.shape[1]] = own[chosen]
        y, w = (np.stack([own[c] for own, c in zip(of, places, strict=True)]) for of in (self.y, self.w))
        return (
            torch.from_numpy(x / np.float32(SCALE)),
            torch.from_numpy(y.astype(np.int64)),
            torch.from_numpy(w),
        )


# ------------------------------------------------------------------ networks as they are stored
def whole(weights: torch.Tensor, layer: int) -> torch.Tensor:
    """Rounded to the multiples that are stored, which fit into 8 bits."""
    unit = 2.0 ** FINEST[layer]
    kept = weights.clamp(-LARGEST_WEIGHT / unit, LARGEST_WEIGHT / unit)
    return kept + (torch.round(kept * unit) / unit - kept).detach()


def cut(u: torch.Tensor, layer: int) -> torch.Tensor:
    """Rounded down, from 0 to the largest activation."""
    kept = u.clamp(0, CUTS[layer] / SCALE)
    return kept + (torch.floor(kept * SCALE) / SCALE - kept).detach()


def hidden(p: Parameters, u: torch.Tensor) -> torch.Tensor:
    """Activations of the second layer from products of the first."""
    h = cut(u + p["b1"], 0)
    return cut(torch.baddbmm(p["b2"], h, whole(p["W2"], 1)), 1)


def magnitude_outputs(p: Parameters, x: torch.Tensor) -> torch.Tensor:
    return torch.baddbmm(p["b3"], hidden(p, torch.bmm(x, whole(p["W1"], 0))), p["W3"])


def magnitude_bits(p: Parameters, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Bits of each magnitude, without the raw ones."""
    out = magnitude_outputs(p, x)
    some = y > 0
    flag = torch.nn.functional.softplus(torch.where(some, -out[..., 0], out[..., 0]))
    t = out[..., 1][some].clamp(0, KNOTS - 1.001)
    low = t.long()
    part = (t - low)[:, None]
    logits = p["T"][low] * (1 - part) + p["T"][low + 1] * part
    symbol = torch.from_numpy(symbols(y[some].numpy() - 1)).long()
    loss = torch.nn.functional.cross_entropy(logits, symbol, reduction="none")
    return flag.masked_scatter(some, flag[some] + loss) / np.log(2)


def sign_outputs(p: Parameters, x: torch.Tensor) -> torch.Tensor:
    """An odd function of the inputs."""
    u = torch.bmm(x, whole(p["W1"], 0))
    return torch.bmm(hidden(p, u), p["W3"]) - torch.bmm(hidden(p, -u), p["W3"])


def sign_bits(p: Parameters, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    z = sign_outputs(p, x)[..., 0]
    return torch.nn.functional.softplus(torch.where(y > 0, -z, z)) / np.log(2)


# ------------------------------------------------------------------ training
def start(inputs: int, width: tuple[int, int], outputs: int, seed: int) -> Parameters:
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(len(STEPS), *shape, generator=draw)

    first, second = width
    return {
        "W1": normal(inputs, first) * (0.5 * np.sqrt(2 / 60)),
        "b1": torch.zeros(len(STEPS), 1, first),
        "W2": normal(first, second) * np.sqrt(2 / first),
        "b2": torch.zeros(len(STEPS), 1, second),
        "W3": normal(second, outputs) * 0.1,
    }


def magnitude_start(inputs: int, width: tuple[int, int], seed: int) -> Parameters:
    found = start(inputs, width, 2, seed)
    found["b3"] = torch.tensor([-2.0, 12.0]).repeat(len(STEPS), 1, 1)
    mean = 2.0 ** (0.5 * np.arange(KNOTS) - 5)
    stay = (mean / (1 + mean))[:, None]
    wide = np.minimum(2.0**EXTRA, 1e9)
    probability = stay**FIRST * (1 - stay**wide)
    found["T"] = torch.tensor(np.log(np.maximum(probability, 1e-9)), dtype=torch.float32)
    return found


def train(
    found: dict[Any, np.ndarray],
    kind: str,
    what: str,
    width: tuple[int, int],
    iterations: int,
    seed: int,
    fixed: dict[str, np.ndarray] | None = None,
    size: int = 512,
    rate: float = 3e-3,
) -> dict[str, np.ndarray]:
    """Weights of one kind of network, in floating point; some may be given, and stay."""
    samples = Samples(found, f"{kind}.{what}", seed)
    inputs = max(samples.inputs)
    p = magnitude_start(inputs, width, seed) if what == "m" else start(inputs, width, 1, seed)
    p |= {name: torch.from_numpy(value.copy()) for name, value in (fixed or {}).items()}
    bits = magnitude_bits if what == "m" else sign_bits
    free = [value.requires_grad_(True) for name, value in p.items() if name not in (fixed or {})]
    optimiser = torch.optim.Adam(free, lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    started = time.monotonic()
    for i in range(iterations):
        optimiser.zero_grad(set_to_none=True)
        bits(p, *samples.batch(size)).mean().backward()
        optimiser.step()
        schedule.step()
        if i % REPORT == REPORT - 1 or i == iterations - 1:
            mean, seconds = _held_out(p, samples, bits), time.monotonic() - started
            print(f"{kind}.{what} {i + 1}: {mean:.5f} bits, {seconds:.0f} s", file=sys.stderr, flush=True)
    return {name: value.detach().numpy() for name, value in p.items()}


def _held_out(p: Parameters, samples: Samples, bits: Callable[..., torch.Tensor]) -> float:
    with torch.no_grad():
        parts = [samples.held_out(2048, s) for s in range(8)]
        total = sum(float((bits(p, x, y) * w).sum()) for x, y, w in parts)
    return total / sum(float(w.sum()) for *_, w in parts)
