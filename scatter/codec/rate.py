"""The step that meets a target: the search that `encode` makes for ``bpp`` and ``psnr``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from scatter.codec.checks import Target
from scatter.codec.planes import LEAST_STEP, MOST_STEP, STEPS_PER_OCTAVE
from scatter.codec.quality import decibels
from scatter.errors import InputError

START = 5 * STEPS_PER_OCTAVE
"""Index of the step that is tried first."""
OCTAVE_OF_RATE = 0.8
"""Octaves that the rate falls by, about, when the step doubles."""
OCTAVE_OF_PSNR = 4.5
"""Decibels that the quality falls by, about, when the step doubles."""
FURTHEST = 8.0
"""Octaves that count for a quality that is infinite."""
NEAR = 0.02
"""Octaves of the step that are near enough."""
STEEP = -1 / STEPS_PER_OCTAVE
"""Octaves that the excess falls by when the index goes up by one, about."""


class Encoded(NamedTuple):
    """A file, and the mean squared error of what a decoder makes of it (NaN: not measured)."""

    data: bytes
    error: float


def search(code: Callable[[int], Encoded], target: Target, pixels: int, depth: int) -> bytes:
    """The file of the finest step that keeps within ``bpp``, or of the coarsest that keeps ``psnr``.

    Parameters
    ----------
    code : callable
        From the index of a step to a file and its error.
    target : Target
        What to aim at.
    pixels : int
        Height times width.
    depth : int
        Bits of a sample.

    Raises
    ------
    InputError
        If no step reaches the target.
    """
    if target.name == "lossless":
        return code(0).data
    if target.name == "step":
        return code(round(STEPS_PER_OCTAVE * math.log2(target.value))).data
    white = (1 << depth) - 1

    def excess(found: Encoded) -> float:
        """How many octaves the step is too fine, about."""
        if target.name == "bpp":
            return math.log2(8 * len(found.data) / pixels / target.value) / OCTAVE_OF_RATE
        return min(FURTHEST, (decibels(found.error, white) - target.value) / OCTAVE_OF_PSNR)

    best = _search(code, excess, sign=1 if target.name == "bpp" else -1)
    if best is None:
        raise InputError(
            f"{target.name}={target.value:g} can't be reached for this image; allow more bits or less quality"
        )
    return best.data


def _search(code: Callable[[int], Encoded], excess: Callable[[Encoded], float], sign: int) -> Encoded | None:
    """The step next to where the excess is 0, on the side where ``sign * excess <= 0``.

    It falls with the index. A step that is `NEAR` on the right side ends the search.
    """
    low, high = LEAST_STEP - 1, MOST_STEP + 1
    index, slope, best, last = START, STEEP, None, None
    while high - low > 1:
        found = code(index)
        over = excess(found)
        if over > 0:
            low = index
        else:
            high = index
        if sign * over <= 0 and (best is None or abs(over) < abs(best[0])):
            best = (over, found)
            if abs(over) < NEAR:
                break
        if last is not None and last[1] != over and index != last[0]:
            slope = min(STEEP / 8, max(8 * STEEP, (over - last[1]) / (index - last[0])))
        last = (index, over)
        # Half the tolerance beyond, so that the next step is rather on the right side.
        guess = index - round((over + sign * NEAR / 2) / slope)
        index = min(max(guess, low + 1), high - 1)
    return None if best is None else best[1]
