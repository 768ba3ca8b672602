"""A hash of the filters of a transform, to match features to what made them."""

from __future__ import annotations

import json
from typing import Any

from scatter.numerics.fingerprint import fingerprint
from scatter.transforms.estimator import ScatteringTransformer

# Neither changes a coefficient beyond rounding.
_FREE = frozenset({"n_jobs", "executor", "out_type"})


def filters_hash(estimator: Any) -> str:
    """Hash what decides about the numbers of a fitted transform.

    Parameters
    ----------
    estimator : estimator
        Fitted.

    Returns
    -------
    str
        Hexadecimal; of the parameters, and of the wavelets and the low-pass as their frame says, so that a
        change of either shows. For the filters of PyWavelets parameters alone stand for them.
    """
    params = {name: repr(value) for name, value in estimator.get_params().items() if name not in _FREE}
    said = json.dumps([type(estimator).__name__, params], sort_keys=True)
    filters = estimator.fingerprint() if isinstance(estimator, ScatteringTransformer) else ""
    return fingerprint(said, filters)[:32]
