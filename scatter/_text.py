"""Values as text: for JSON, for terminals, for CSV, and for files that hold nothing but valid Unicode."""

from __future__ import annotations

import math
import re
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


# Control characters, and the marks that turn the direction of what follows them or end a line.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def terminal_text(value: object) -> str:
    r"""Word a value so that a terminal shows it on one line and does not obey it.

    A file may have any name, and a name may hold sequences that move the cursor, change the title of the
    window or type commands.

    Parameters
    ----------
    value : object
        Such as the name of a file, or a message that holds one.

    Returns
    -------
    str
        With control characters, ends of lines and marks of direction escaped as in Python.

    Examples
    --------
    >>> print(terminal_text("a\x1b[2Jb\nc.png"))
    a\x1b[2Jb\nc.png
    """
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), str(value))


_FORMULA = re.compile("'*[=+\\-@\t\r]")


def csv_text(value: object) -> str:
    """Word a value as the cell of a .csv that no spreadsheet takes for a formula.

    Parameters
    ----------
    value : object
        Numbers stay as they are.

    Returns
    -------
    str
        With an apostrophe in front if it begins as a formula does; `from_csv_text` takes it away.

    Examples
    --------
    >>> csv_text("=1+1"), csv_text("-1"), csv_text("a.png")
    ("'=1+1", '-1', 'a.png')
    """
    text = plain_text(value)
    if not _FORMULA.match(text) or _is_number(text):
        return text
    return f"'{text}"


def from_csv_text(cell: str) -> str:
    """Give the text that `csv_text` made into a cell.

    Examples
    --------
    >>> from_csv_text("'=1+1"), from_csv_text("'quoted'")
    ('=1+1', "'quoted'")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def csv_line_text(value: object) -> str:
    r"""Word a value as the cell of a .csv with one line a row, whatever the value holds.

    Examples
    --------
    >>> csv_line_text("=1" + chr(13) + "2")
    "'=1\\r2"
    """
    return csv_text(terminal_text(value))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
