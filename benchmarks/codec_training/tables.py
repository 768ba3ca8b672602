"""The stored tables of logarithms, written into the weights; computed once, never at run time."""

from __future__ import annotations

import numpy as np

from scatter.codec.context import Tables


def tables() -> Tables:
    """Twelve units an octave of 1 + magnitude; ten of 1 + four differences in steps."""
    magnitudes = np.round(12 * np.log2(1 + np.arange(2048)))
    differences = np.round(10 * np.log2(1 + np.arange(1 << 16) / 4))
    return Tables(*(np.minimum(127, t).astype(np.int8) for t in (magnitudes, differences)))
