"""Magnitudes as symbols: small ones each their own, large ones by half octaves with raw bits after them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

DIRECT = 16
"""Values below are a symbol each."""
OCTAVES = 16
"""Octaves above, two symbols each: values go up to 2^20 - 1."""
COUNT = DIRECT + 2 * OCTAVES

_HALVES = np.arange(2 * OCTAVES)
FIRST: NDArray[np.int64] = np.concatenate([np.arange(DIRECT), (2 + _HALVES % 2) << (3 + _HALVES // 2)])
"""Smallest value of each symbol."""
EXTRA: NDArray[np.int64] = np.concatenate([np.zeros(DIRECT, np.int64), 3 + _HALVES // 2])
"""Number of raw bits after each symbol."""


def symbols(values: NDArray[Any]) -> NDArray[np.int64]:
    """Symbol of each value, from 0 to 2^20 - 1."""
    return np.searchsorted(FIRST, values, side="right") - 1
