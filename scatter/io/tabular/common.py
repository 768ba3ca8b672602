"""What the formats of tables share: rows checked and cut anew, text that any of them can hold."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from scatter._text import plain_text
from scatter.errors import FileError, InputError, missing_extra
from scatter.io.layout import INTEGER_KEYS, KEY_COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scatter.io.layout import Block, Layout

# The features, the names of the columns, the key columns and the metadata.
Parts: TypeAlias = "tuple[NDArray[Any], tuple[str, ...], dict[str, NDArray[Any]], dict[str, str]]"

MAX_BYTES = 2**36
# No compression that a table is written with makes anything this much smaller.
_MOST_COMPRESSED = 1100


def feature_parts(
    layout: Layout, blocks: Iterable[Block], expected_rows: int | None = None
) -> Iterator[NDArray[Any]]:
    """Give the features of each block in C order, checked against the layout."""
    rows, all_rows = 0, layout.rows if expected_rows is None else expected_rows
    for number, block in enumerate(blocks):
        part = block.features()
        expected = (block.rows, len(layout.names))
        if part.shape != expected or part.dtype.newbyteorder("<") != layout.dtype:
            raise InputError(
                f"block {number} must have features of shape {expected} in {layout.dtype}, "
                f"got {part.shape} in {part.dtype}"
            )
        rows += block.rows
        yield np.ascontiguousarray(part, dtype=layout.dtype)
    if rows != all_rows:
        raise InputError(f"the blocks of a table must have {all_rows} rows together, got {rows}")


def linked(file: Path, other: Path) -> bool:
    """Give a file a second name in place of what has it; False where the file system has no such thing."""
    temporary = other.with_name(other.name + ".link")
    try:
        os.link(file, temporary)
    except OSError:
        return False
    os.replace(temporary, other)
    return True


def key_values(blocks: Iterable[Block], key: str) -> Iterator[Any]:
    """Give the values of one key column row by row: text or integers."""
    return chain.from_iterable(_key_parts(blocks, key))


def key_column(values: Iterator[Any], key: str, rows: int) -> NDArray[np.int64] | list[str]:
    """Take the next values of a key column."""
    taken = list(islice(values, rows))
    return np.array(taken, dtype=np.int64) if key in INTEGER_KEYS else taken


def _key_parts(blocks: Iterable[Block], key: str) -> Iterator[list[Any]]:
    for number, block in enumerate(blocks):
        columns = block.keys()
        if key not in columns:
            raise InputError(f"block {number} must have the key column {key!r}, got {', '.join(columns)}")
        part = columns[key]
        if len(part) != block.rows:
            raise InputError(
                f"block {number} must have one entry a row in the key column {key!r}: {block.rows}, "
                f"got {len(part)}"
            )
        if key not in INTEGER_KEYS:
            yield [plain_text(value) for value in part]
        elif len(part):
            yield _integers(part, key)


def _integers(part: Sequence[Any] | NDArray[Any], key: str) -> list[int]:
    array = np.asarray(part)
    if array.dtype.kind not in "iu":
        raise InputError(f"the key column {key!r} must hold integers, got {array.dtype}")
    integers: list[int] = array.astype(np.int64).tolist()
    return integers


def text_array(values: Iterable[object]) -> NDArray[np.str_]:
    """Make an array of text, at least one character wide."""
    return np.array([plain_text(value) for value in values], dtype=np.str_)


def recut(
    parts: Iterable[NDArray[Any]], rows: int, at_once: int, take: Callable[[int, NDArray[Any]], None]
) -> Iterator[slice]:
    """Cut rows anew into groups, whatever parts they come in.

    Parameters
    ----------
    parts : iterable of ndarray, shape (n, columns)
        All the rows, in order.
    rows, at_once : int
        Number of rows in all, and in each group but the last.
    take : callable
        Called with the place of the first row of a piece within its group, and the piece.

    Yields
    ------
    slice
        The rows of a group, once all its pieces have been taken.
    """
    start = filled = 0
    for part in parts:
        while len(part):
            piece = part[: at_once - filled]
            take(filled, piece)
            filled += len(piece)
            part = part[len(piece) :]
            if filled == at_once or start + filled == rows:
                yield slice(start, start + filled)
                start, filled = start + filled, 0


def rows_at_once(layout: Layout, most_bytes: int) -> int:
    """Choose how many rows make a group: as many in each, as far as possible, within a number of bytes."""
    most = max(1, most_bytes // max(1, layout.row_bytes))
    n_groups = max(1, -(-layout.rows // most))
    return max(1, -(-layout.rows // n_groups))


def keys_in(names: Iterable[str]) -> tuple[str, ...]:
    """Pick the key columns out of names, in the order of a table."""
    there = set(names)
    return tuple(key for key in KEY_COLUMNS if key in there)


def check_claim(file: Path, claimed: int, there: int) -> None:
    """Refuse a file that claims far more values than it can hold, before memory is asked for."""
    if claimed > MAX_BYTES:
        raise FileError(f"{file}: the table has {claimed} bytes; at most {MAX_BYTES} are allowed")
    if claimed > _MOST_COMPRESSED * there:
        raise FileError(
            f"{file}: is truncated or damaged: it claims {claimed} bytes of values in {there} bytes"
        )


def not_a_table(file: Path, why: str) -> FileError:
    """Build the error for a file that is sound, but no table."""
    return FileError(f"{file}: is not a table of features: {why}")


def encode_metadata(metadata: dict[str, str]) -> str:
    """Write metadata as a JSON object."""
    return json.dumps(metadata)


def decode_metadata(text: str | bytes, file: Path) -> dict[str, str]:
    """Read metadata from a JSON object."""
    try:
        decoded = json.loads(text)
    except ValueError:
        decoded = None
    return checked_metadata(decoded, file)


def checked_metadata(decoded: object, file: Path) -> dict[str, str]:
    """Check that what was decoded is an object of text."""
    if not isinstance(decoded, dict):
        raise not_a_table(file, "its metadata is not a JSON object")
    return {str(key): str(value) for key, value in decoded.items()}


def require_pyarrow(purpose: str) -> Any:
    """Import pyarrow, or say what to install for a purpose."""
    try:
        import pyarrow
    except ImportError as error:
        raise missing_extra("pyarrow", "parquet", purpose) from error
    return pyarrow


def require_zarr(purpose: str) -> Any:
    """Import zarr, or say what to install for a purpose."""
    try:
        import zarr
    except ImportError as error:
        raise missing_extra("zarr", "zarr", purpose) from error
    return zarr
