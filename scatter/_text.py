"""Values as text: for JSON, for messages, and for files that hold nothing but valid Unicode."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def jsonable(value: Any) -> Any:
    """Replace what JSON does not know by what it does."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): jsonable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(entry) for entry in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def format_size(shape: tuple[int, ...]) -> str:
    """Write a shape as ``64x48``, as it is typed."""
    return "x".join(str(side) for side in shape)


def plain_text(value: object) -> str:
    """Word a value as text that is valid Unicode: bytes of a file name that are no text are escaped."""
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
