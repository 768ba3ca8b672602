"""A hash of numbers that decide about coefficients, the same on every machine."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

STEP = 1e-6
"""Numbers are compared to this precision: the last digits of a spectrum depend on the machine."""

MOST_POINTS = {1: 4096, 2: 128, 3: 32}
"""Points an axis at which spectra on grids are looked at; they are closed forms, known on any grid."""


def fingerprint(*parts: Any) -> str:
    """Hash of texts and of arrays of numbers, these to `STEP`.

    Parameters
    ----------
    *parts : str or array
        In order.

    Returns
    -------
    str
        Hexadecimal.

    Examples
    --------
    >>> fingerprint([0.5, 0.25]) == fingerprint([0.5 + 1e-9, 0.25])
    True
    """
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            found.update(part.encode())
        else:
            values = np.asarray(part)
            values = np.stack([values.real, values.imag]) if values.dtype.kind == "c" else values
            # Zero added, so that a negative zero hashes as the positive one.
            found.update((np.round(values / STEP) + 0.0).astype(np.float32).tobytes())
        found.update(b"|")
    return found.hexdigest()


def looked_at(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The grid on which spectra for a grid of this shape are looked at."""
    return tuple(min(n, MOST_POINTS[len(shape)]) for n in shape)


__all__ = ["MOST_POINTS", "STEP", "fingerprint", "looked_at"]
