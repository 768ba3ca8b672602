"""What a table of features looks like, and the blocks of rows that it is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from scatter.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

KEY_COLUMNS = ("file", "segment", "label", "group")
INTEGER_KEYS = ("segment",)
BODY_OFFSET = 128
"""Bytes of the header of a .npy of two axes."""
DTYPES = ("float16", "float32", "float64")


@dataclass(frozen=True)
class Layout:
    """Everything about a table but its rows.

    Parameters
    ----------
    rows : int
        Number of rows, one a sample.
    names : tuple of str
        The name of each column of features; no two are the same.
    keys : tuple of {'file', 'segment', 'label', 'group'}
        The key columns, in order: where a row comes from, and what is known about it.  ``'file'`` is
        always among them; ``'segment'`` holds integers, the others text.
    dtype : dtype, default='float32'
        Of the features: float16, float32 or float64, stored with the least significant byte first.
    metadata : dict of str to str, optional
        How the values were computed.  An entry ``'paths'``, a JSON object, describes the columns.

    Raises
    ------
    InputError
        If two names are the same, if a key column is unknown, missing or there twice, if the type is
        another, or if the number of rows is negative.

    Examples
    --------
    >>> Layout(60_000, ("mean", "max"), ("file", "segment"), "float16").row_bytes
    4
    """

    rows: int
    names: tuple[str, ...]
    keys: tuple[str, ...] = ("file",)
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.float32))
    metadata: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.rows < 0:
            raise InputError(f"rows must be 0 or more, got {self.rows}")
        dtype = np.dtype(self.dtype)
        if dtype.name not in DTYPES:
            raise InputError(f"features must be float16, float32 or float64, got an array of {dtype}")
        # The same bytes on every machine.
        object.__setattr__(self, "dtype", dtype.newbyteorder("<"))
        if (twice := _twice(self.names)) is not None:
            raise InputError(f"names must differ from each other, got {twice!r} twice")
        for key in self.keys:
            if key not in KEY_COLUMNS:
                raise InputError(f"keys must be among {', '.join(KEY_COLUMNS)}, got {key!r}")
        if (twice := _twice(self.keys)) is not None:
            raise InputError(f"keys must differ from each other, got {twice!r} twice")
        if "file" not in self.keys:
            raise InputError(f"keys must hold 'file', got {', '.join(map(repr, self.keys)) or 'none'}")

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the features: (rows, columns)."""
        return self.rows, len(self.names)

    @property
    def row_bytes(self) -> int:
        """Bytes of the features of one row."""
        return len(self.names) * self.dtype.itemsize


class Block(Protocol):
    """Consecutive rows of a table, in memory or on disk until they are asked for.

    A writer may ask for the same block several times, and never holds more than a few at once.
    """

    @property
    def rows(self) -> int:
        """Number of rows."""

    @property
    def place(self) -> tuple[Path, int] | None:
        """The file that holds the rows in C order, and from which byte; None if none does.

        Such a file may become a part of the table, under a second name; it is not written to after.
        """

    def features(self) -> NDArray[Any]:
        """Values of shape (rows, columns) in the type of the table; a memory map will do."""

    def keys(self) -> Mapping[str, Sequence[Any] | NDArray[Any]]:
        """The key columns of the table, one entry a row."""


def _twice(names: tuple[str, ...]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
