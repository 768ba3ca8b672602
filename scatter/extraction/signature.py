"""A hash of the filters of a transform, to match features to what made them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from scatter.errors import InputError

STEP = 1e-6
"""Filters are compared to this precision: the last digits of a spectrum depend on the machine."""

MOST_POINTS = {1: 4096, 2: 128, 3: 32}
"""Points an axis at which spectra are looked at; they are closed forms, known on any grid."""


def filters_hash(estimator: Any) -> str:
    """Hash what decides about the numbers of a fitted transform.

    Parameters
    ----------
    estimator : estimator
        Fitted.

    Returns
    -------
    str
        Hexadecimal; of the parameters, and on grids of the spectra of all wavelets and the low-pass to
        1e-6, so that a change of either shows. Wavelets on graphs and surfaces follow from the sample, and
        parameters alone stand for them.
    """
    params = {name: repr(value) for name, value in estimator.get_params().items() if name not in _FREE}
    found = hashlib.sha256(json.dumps([type(estimator).__name__, params], sort_keys=True).encode())
    frame = _frame(estimator)
    bank = getattr(frame, "bank", None)
    if bank is not None and hasattr(bank, "psi") and hasattr(bank, "phi"):
        # On the sphere, spectra are one number a degree.
        on_grid = hasattr(frame.grid, "padded")
        shape = [tuple(min(n, MOST_POINTS[frame.ndim]) for n in frame.grid.padded)] if on_grid else []
        for order in range(1, min(estimator.max_order, 2) + 1):
            for band in bank.bands(order):
                _update(found, bank.psi(band, *shape))
        for axis in bank.phi(*shape) if on_grid else [bank.phi]:
            _update(found, axis)
    return found.hexdigest()[:32]


def _frame(estimator: Any) -> Any:
    try:
        return getattr(estimator, "frame", None)
    except InputError:
        # A collection of surfaces: each has its own.
        return None


# Neither changes a coefficient beyond rounding.
_FREE = frozenset({"n_jobs", "executor", "out_type"})


def _update(found: Any, values: Any) -> None:
    # Zero added, so that a negative zero hashes as the positive one.
    found.update((np.round(np.asarray(values) / STEP) + 0.0).astype(np.float32).tobytes())
