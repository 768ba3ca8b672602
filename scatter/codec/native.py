"""The compiled module, where there is one."""

from __future__ import annotations

from typing import Any

from scatter.kernels.library import load


def library() -> Any:
    """The compiled module, or None: then NumPy computes the same."""
    found = load()
    return None if found is None else found.module
