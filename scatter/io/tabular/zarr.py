"""A table as .zarr: a group of arrays, the features in chunks of whole rows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter._text import plain_text
from scatter.errors import FileError, InputError
from scatter.io.files import reason
from scatter.io.layout import INTEGER_KEYS
from scatter.io.tabular.common import (
    Parts,
    check_claim,
    checked_metadata,
    feature_parts,
    key_column,
    key_values,
    keys_in,
    linked,
    not_a_table,
    recut,
    require_zarr,
    rows_at_once,
    text_array,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scatter.io.layout import Block, Layout

# Any of these names makes a folder one of zarr, of version 3 or 2.
MARKS = ("zarr.json", ".zgroup", ".zarray")

_ATTRIBUTE = "scatter"
_CHUNK_BYTES = 2**25
_KEYS_AT_ONCE = 2**16
_TEXT_CODEC = "vlen-utf8"


def check_zarr(layout: Layout) -> None:
    """Refuse descriptions of paths that are not JSON, which the attributes are."""
    try:
        json.loads(layout.metadata.get("paths", "{}"))
    except ValueError as error:
        raise InputError(f"the metadata 'paths' must be JSON: {reason(error)}") from error


def write_zarr(layout: Layout, blocks: Sequence[Block], files: tuple[Path, ...]) -> None:
    """Write a group in the format of version 3."""
    import zarr

    group: Any = zarr.create_group(files[-1], zarr_format=3, attributes={_ATTRIBUTE: layout.metadata})
    names = [plain_text(name) for name in layout.names]
    _create(group, "names", (len(names),), str, len(names), ("feature",))[:] = _objects(names)
    for key in layout.keys:
        dtype = np.int64 if key in INTEGER_KEYS else str
        array = _create(group, key, (layout.rows,), dtype, _KEYS_AT_ONCE, ("sample",))
        values = key_values(blocks, key)
        for start in range(0, layout.rows, _KEYS_AT_ONCE):
            column = key_column(values, key, min(_KEYS_AT_ONCE, layout.rows - start))
            array[start : start + len(column)] = _objects(column) if isinstance(column, list) else column
    _write_features(group, layout, blocks)


def _write_features(group: Any, layout: Layout, blocks: Sequence[Block]) -> None:
    # Blocks that are files of whole chunks become chunks, under a second name.
    files = _chunk_files(layout, blocks)
    at_once = blocks[0].rows if files else rows_at_once(layout, _CHUNK_BYTES)
    array = _create(group, "features", layout.shape, layout.dtype, at_once, ("sample", "feature"))
    if "paths" in layout.metadata:
        array.attrs["paths"] = json.loads(layout.metadata["paths"])
    folder = Path(str(group.store.root)) / "features"
    for number, file in enumerate(files):
        name = folder / array.metadata.encode_chunk_key((number, 0))
        name.parent.mkdir(parents=True, exist_ok=True)
        if not linked(file, name):
            shutil.copyfile(file, name)
    start = len(files) * at_once
    if start >= layout.rows:
        return
    chunk = np.empty((at_once, len(layout.names)), dtype=layout.dtype)

    def take(start: int, piece: NDArray[Any]) -> None:
        chunk[start : start + len(piece)] = piece

    rest = feature_parts(layout, blocks[len(files) :], layout.rows - start)
    for rows in recut(rest, layout.rows - start, at_once, take):
        if layout.names:
            array[start + rows.start : start + rows.stop] = chunk[: rows.stop - rows.start]


def _chunk_files(layout: Layout, blocks: Sequence[Block]) -> list[Path]:
    """Files of blocks that are whole chunks; none if blocks are of several sizes, or not of a useful one."""
    whole = [block for block in blocks if block.place is not None and block.place[1] == 0]
    if len(whole) < len(blocks) or not layout.names:
        return []
    rows = blocks[0].rows if blocks else 0
    size = rows * layout.row_bytes
    if any(block.rows != rows for block in blocks[:-1]) or not _CHUNK_BYTES // 64 <= size <= 2 * _CHUNK_BYTES:
        return []
    files = [block.place[0] for block in blocks if block.place is not None and block.rows == rows]
    return files if all(file.stat().st_size == size for file in files) else []


def _create(
    group: Any, name: str, shape: tuple[int, ...], dtype: Any, at_once: int, dimensions: tuple[str, ...]
) -> Any:
    # Not compressed: that takes five times as long to save 8 %. Every chunk is written, so that one
    # that is missing later is known to be lost.
    return group.create_array(
        name,
        shape=shape,
        dtype=dtype,
        chunks=(max(1, min(at_once, shape[0])), *(max(1, length) for length in shape[1:])),
        compressors=None,
        dimension_names=dimensions,
        config={"write_empty_chunks": True},
    )


def _objects(texts: list[str]) -> NDArray[Any]:
    return np.array(texts, dtype=object)


def read_zarr(file: Path) -> Parts:
    """Read the parts of a table."""
    zarr = require_zarr("reading a .zarr folder")
    metadata = read_zarr_metadata(file)
    try:
        group: Any = zarr.open_group(file, mode="r", zarr_format=3)
        there = sum(part.stat().st_size for part in file.rglob("*") if part.is_file())
        arrays = {name: _read(group[name], file, name, there) for name in sorted(group.array_keys())}
    except FileError:
        raise
    except Exception as error:
        raise FileError(f"{file}: can't be read as a .zarr folder: {reason(error)}") from error
    missing = [name for name in ("features", "names") if name not in arrays]
    if missing:
        raise not_a_table(file, f"it holds no array {', '.join(missing)}")
    keys = {
        key: arrays[key].astype(np.int64) if key in INTEGER_KEYS else text_array(arrays[key])
        for key in keys_in(arrays)
    }
    return arrays["features"], tuple(str(name) for name in arrays["names"]), keys, metadata


def _read(array: Any, file: Path, name: str, there: int) -> NDArray[Any]:
    text = name not in ("features", *INTEGER_KEYS)
    codecs = [codec.to_dict()["name"] for codec in array.metadata.codecs]
    if codecs != [_TEXT_CODEC if text else "bytes"]:
        # Nothing else is written, and a compressed chunk may be far larger than it looks.
        raise not_a_table(file, f"its array {name} is stored as {', '.join(codecs)}")
    check_claim(file, array.size * array.dtype.itemsize, there)
    if array.size and array.nchunks_initialized != array.nchunks:
        raise FileError(
            f"{file}: is truncated: {array.nchunks - array.nchunks_initialized} of {array.nchunks} chunks "
            f"of the array {name} are missing"
        )
    if text:
        _check_text(array, file / name, file)
    return np.asarray(array[...])


def _check_text(array: Any, folder: Path, file: Path) -> None:
    # The decoder asks for as much memory as the number of texts in front of a chunk tells it to.
    for i in range(array.nchunks if array.size else 0):
        with open(folder / array.metadata.encode_chunk_key((i,)), "rb") as stream:
            count = int.from_bytes(stream.read(4), "little")
        if count > array.chunks[0]:
            raise FileError(
                f"{file}: is damaged: chunk {i} of the array {array.basename} claims {count} texts, "
                f"but has room for {array.chunks[0]}"
            )


def read_zarr_metadata(file: Path) -> dict[str, str]:
    """Read the metadata alone; it is JSON, so that zarr is not needed."""
    header = file / MARKS[0]
    if not file.is_dir() or not header.is_file():
        raise not_a_table(file, f"it is not a folder with a {MARKS[0]}")
    try:
        attributes = json.loads(header.read_text(encoding="utf-8")).get("attributes", {})
        metadata = attributes[_ATTRIBUTE]
    except OSError as error:
        raise FileError(f"{header}: {reason(error)}") from error
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise not_a_table(file, "it holds no metadata of scatter") from error
    return checked_metadata(metadata, file)
