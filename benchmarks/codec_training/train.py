"""Training of one kind of network: all 21 steps at once, as one batched product."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import torch

from benchmarks.codec_training.export import INPUT
from scatter.codec.lattices import STEPS
from scatter.codec.symbols import EXTRA, FIRST, symbols

KNOTS = 40
"""Scale classes between which tables are interpolated."""
SCALE = 2.0**INPUT
"""Inputs are divided by this."""
HELD_OUT = 12
"""One in so many samples is for validation."""


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
        places = [np.searchsorted(c, self.rng.random(size) * c[-1]) for c in self.cumulative]
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


def start(inputs: int, hidden: tuple[int, int], outputs: int, seed: int) -> dict[str, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(len(STEPS), *shape, generator=draw)

    first, second = hidden
    return {
        "W1": normal(inputs, first) * (0.5 * np.sqrt(2 / 60)),
        "b1": torch.zeros(len(STEPS), 1, first),
        "W2": normal(first, second) * np.sqrt(2 / first),
        "b2": torch.zeros(len(STEPS), 1, second),
        "W3": normal(second, outputs) * 0.1,
    }


def magnitude_start(inputs: int, hidden: tuple[int, int], seed: int) -> dict[str, torch.Tensor]:
    found = start(inputs, hidden, 2, seed)
    found["b3"] = torch.tensor([-2.0, 12.0]).repeat(len(STEPS), 1, 1)
    mean = 2.0 ** (0.5 * np.arange(KNOTS) - 5)
    stay = (mean / (1 + mean))[:, None]
    wide = np.minimum(2.0**EXTRA, 1e9)
    probability = stay**FIRST * (1 - stay**wide)
    found["T"] = torch.tensor(np.log(np.maximum(probability, 1e-9)), dtype=torch.float32)
    return found


def magnitude_outputs(p: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    h = torch.relu(torch.baddbmm(p["b1"], x, p["W1"]))
    h = torch.relu(torch.baddbmm(p["b2"], h, p["W2"]))
    return torch.baddbmm(p["b3"], h, p["W3"])


def magnitude_bits(p: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
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


def sign_logit(p: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    u = torch.bmm(x, p["W1"])

    def half(v: torch.Tensor) -> torch.Tensor:
        h = torch.relu(torch.baddbmm(p["b2"], torch.relu(v + p["b1"]), p["W2"]))
        return torch.bmm(h, p["W3"])[..., 0]

    return half(u) - half(-u)


def sign_bits(p: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    z = sign_logit(p, x)
    return torch.nn.functional.softplus(torch.where(y > 0, -z, z)) / np.log(2)


def train(
    found: dict[Any, np.ndarray],
    kind: str,
    what: str,
    hidden: tuple[int, int],
    iterations: int,
    seed: int,
    warm: dict[str, np.ndarray] | None = None,
    size: int = 512,
    rate: float = 3e-3,
) -> dict[str, np.ndarray]:
    """Weights of one kind of network, in floating point."""
    samples = Samples(found, f"{kind}.{what}", seed)
    inputs = max(samples.inputs)
    p = magnitude_start(inputs, hidden, seed) if what == "m" else start(inputs, hidden, 1, seed)
    if warm is not None:
        p = {name: torch.from_numpy(value.copy()) for name, value in warm.items()}
    bits = magnitude_bits if what == "m" else sign_bits
    for value in p.values():
        value.requires_grad_(True)
    optimiser = torch.optim.Adam(p.values(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    started = time.monotonic()
    for i in range(iterations):
        optimiser.zero_grad(set_to_none=True)
        bits(p, *samples.batch(size)).mean().backward()
        optimiser.step()
        schedule.step()
        if i % 1000 == 999 or i == iterations - 1:
            with torch.no_grad():
                parts = [samples.held_out(2048, s) for s in range(8)]
                total = sum(float((bits(p, x, y) * w).sum()) for x, y, w in parts)
            total /= sum(float(w.sum()) for *_, w in parts)
            print(
                f"{kind}.{what} {i + 1}: {total:.5f} bits, {time.monotonic() - started:.0f} s",
                file=sys.stderr,
            )
    return {name: value.detach().numpy() for name, value in p.items()}
