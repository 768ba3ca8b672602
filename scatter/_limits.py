"""Limits that a caller sets on what a file may ask for."""

from __future__ import annotations

import math
from typing import Any

from scatter.errors import InputError


def check_most(value: Any, name: str = "max_pixels") -> float:
    """Check a largest number of pixels.

    Parameters
    ----------
    value : int or inf
        As a caller gave it.
    name : str, default='max_pixels'
        The parameter, for the message.

    Returns
    -------
    float

    Raises
    ------
    InputError
        Unless it is a number of at least 1: a limit that compares with nothing, as NaN, is none.

    Examples
    --------
    >>> check_most(2**20)
    1048576.0
    """
    try:
        most = math.nan if isinstance(value, (str, bytes, bool)) else float(value)
    except (TypeError, ValueError, OverflowError):
        most = math.nan
    if not most >= 1:
        raise InputError(f"{name} must be a number of at least 1, or math.inf for no limit, got {value!r}")
    return most
