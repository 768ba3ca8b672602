"""How the planes of an image are coded: their steps, and their coarsest approximations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.codec.walk import PlaneSpec

Array = NDArray[Any]

# 2^(i/32), written out: a power computed on another platform may differ in its last digit.
_OCTAVE = tuple(
    float.fromhex(digits)
    for digits in (
        "0x1.0000000000000p+0",
        "0x1.059b0d3158574p+0",
        "0x1.0b5586cf9890fp+0",
        "0x1.11301d0125b51p+0",
        "0x1.172b83c7d517bp+0",
        "0x1.1d4873168b9aap+0",
        "0x1.2387a6e756238p+0",
        "0x1.29e9df51fdee1p+0",
        "0x1.306fe0a31b715p+0",
        "0x1.371a7373aa9cbp+0",
        "0x1.3dea64c123422p+0",
        "0x1.44e086061892dp+0",
        "0x1.4bfdad5362a27p+0",
        "0x1.5342b569d4f82p+0",
        "0x1.5ab07dd485429p+0",
        "0x1.6247eb03a5585p+0",
        "0x1.6a09e667f3bcdp+0",
        "0x1.71f75e8ec5f74p+0",
        "0x1.7a11473eb0187p+0",
        "0x1.82589994cce13p+0",
        "0x1.8ace5422aa0dbp+0",
        "0x1.93737b0cdc5e5p+0",
        "0x1.9c49182a3f090p+0",
        "0x1.a5503b23e255dp+0",
        "0x1.ae89f995ad3adp+0",
        "0x1.b7f76f2fb5e47p+0",
        "0x1.c199bdd85529cp+0",
        "0x1.cb720dcef9069p+0",
        "0x1.d5818dcfba487p+0",
        "0x1.dfc97337b9b5fp+0",
        "0x1.ea4afa2a490dap+0",
        "0x1.f50765b6e4540p+0",
    )
)

STEPS_PER_OCTAVE = 32
MOST_STEP = 32 * 20 - 1
"""Largest index of a step, 2^20."""
LEAST_STEP = -32 * 6
"""Smallest index of a step, 1/64."""

CHROMA = (0, -2, 4)
"""Indices added for Y, Cb and Cr: sqrt(3) over the length in red, green and blue of an error of 1 in each."""


def step_size(index: int) -> float:
    """``2^(index / 32)``, the same on every platform."""
    octave, rest = divmod(index, STEPS_PER_OCTAVE)
    return float(_OCTAVE[rest] * 2.0**octave)


def plane_specs(channels: int, depth: int, lossless: bool, step_index: int) -> list[PlaneSpec]:
    """How each plane of an image is coded.

    Parameters
    ----------
    channels : int
        1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha.
    depth : int
        Bits of a sample, 8 or 16.
    lossless : bool
        Without loss.
    step_index : int
        Quantisation step in 32nds of an octave, where white is 255.
    """
    indices = [step_index] * channels
    guides: list[tuple[int, ...]] = [()] * channels
    if channels >= 3:
        indices[:3] = [step_index + more for more in CHROMA]
        guides[1:3] = [(0,), (0, 1)]
    return [
        PlaneSpec(True, 1.0, 0, seen)
        if lossless
        else PlaneSpec(
            False, step_size(index + STEPS_PER_OCTAVE * (depth - 8)), min(127, max(0, index // 4)), seen
        )
        for index, seen in zip(indices, guides, strict=True)
    ]


def approximate(coarsest: Array, spec: PlaneSpec, count: int) -> tuple[NDArray[np.int32], Array]:
    """Quantised coarsest approximation, and what it stands for."""
    if spec.lossless:
        return coarsest, coarsest
    q = np.rint(coarsest / _approximation_step(spec, count)).astype(np.int32)
    return q, approximation(q, spec, count)


def approximation(q: NDArray[np.int32], spec: PlaneSpec, count: int) -> Array:
    """What a quantised coarsest approximation stands for."""
    return q if spec.lossless else q.astype(np.float32) * _approximation_step(spec, count)


def _approximation_step(spec: PlaneSpec, count: int) -> np.float32:
    """Step of the coarsest approximation; without any level the step itself."""
    return spec.delta(count, 3) if count else np.float32(spec.step)
