"""A table as .parquet: the key columns, then one column a feature."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter._text import plain_text
from scatter.errors import FileError, InputError
from scatter.io.files import reason
from scatter.io.layout import DTYPES, INTEGER_KEYS, KEY_COLUMNS
from scatter.io.tabular.common import (
    Parts,
    check_claim,
    decode_metadata,
    encode_metadata,
    feature_parts,
    key_column,
    key_values,
    keys_in,
    not_a_table,
    recut,
    require_pyarrow,
    rows_at_once,
    text_array,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from scatter.io.layout import Block, Layout

_METADATA_KEY = b"scatter"
_GROUP_BYTES = 2**27
_PAGE_BYTES = 2**24
# So many rows are transposed at once that their cache lines stay in the cache.
_TILE = 64


def check_parquet(layout: Layout) -> None:
    """Refuse a feature whose name a key column has."""
    for name in layout.names:
        if name in KEY_COLUMNS:
            raise InputError(
                f"a feature can't be named {name!r} in a .parquet file, where it names a key column"
            )


def write_parquet(layout: Layout, blocks: Sequence[Block], files: tuple[Path, ...]) -> None:
    """Write groups of rows of one size, whatever the blocks' sizes are."""
    from pyarrow import parquet

    schema = _schema(layout)
    at_once = rows_at_once(layout, _GROUP_BYTES)
    # One is filled while the other is written.
    filling, writing = (np.empty((len(layout.names), at_once), dtype=layout.dtype) for _ in range(2))
    keys = {key: key_values(blocks, key) for key in layout.keys}

    def take(start: int, piece: NDArray[Any]) -> None:
        for i in range(start, start + len(piece), _TILE):
            tile = piece[i - start : i - start + _TILE]
            filling[:, i : i + len(tile)] = tile.T

    # Features are hardly smaller when they are compressed: zstd saves 9 % in twice the time.
    options: dict[str, Any] = {
        "compression": "none",
        "write_statistics": False,
        "use_dictionary": list(layout.keys),
    }
    options["data_page_size"] = _PAGE_BYTES
    with (
        open(files[-1], "wb") as stream,
        parquet.ParquetWriter(stream, schema, **options) as writer,
        ThreadPoolExecutor(1) as thread,
    ):
        written: Future[None] | None = None
        for rows in recut(feature_parts(layout, blocks), layout.rows, at_once, take):
            n = rows.stop - rows.start
            table = _table(schema, [key_column(keys[key], key, n) for key in layout.keys], filling, n)
            if written is not None:
                written.result()
            written = thread.submit(writer.write_table, table, row_group_size=n)
            filling, writing = writing, filling
        if written is not None:
            written.result()


def _schema(layout: Layout) -> Any:
    import pyarrow

    value = pyarrow.from_numpy_dtype(layout.dtype)
    fields = [
        pyarrow.field(key, pyarrow.int64() if key in INTEGER_KEYS else pyarrow.string())
        for key in layout.keys
    ]
    # No value is missing: without room for nulls, and in one page, columns are written twice as fast.
    fields += [pyarrow.field(plain_text(name), value, nullable=False) for name in layout.names]
    return pyarrow.schema(fields, metadata={_METADATA_KEY: encode_metadata(layout.metadata).encode()})


def _table(schema: Any, keys: list[Any], features: NDArray[Any], rows: int) -> Any:
    import pyarrow

    columns = [pyarrow.array(key, type=schema.field(i).type) for i, key in enumerate(keys)]
    if len(features):
        data = pyarrow.py_buffer(features)
        stride, value = features.strides[0], schema.field(len(keys)).type
        columns += [
            pyarrow.Array.from_buffers(value, rows, [None, data.slice(i * stride, rows * features.itemsize)])
            for i in range(len(features))
        ]
    return pyarrow.Table.from_arrays(columns, schema=schema)


def read_parquet(file: Path) -> Parts:
    """Read the parts of a table, one group of rows at a time."""
    require_pyarrow("reading a .parquet file")
    from pyarrow import parquet

    try:
        with open(file, "rb") as stream, parquet.ParquetFile(stream) as opened:
            return _read(opened, file)
    except FileError:
        raise
    except Exception as error:
        raise _unreadable(file, error) from error


def _read(opened: Any, file: Path) -> Parts:
    schema, rows = opened.schema_arrow, opened.metadata.num_rows
    metadata = _metadata(schema, file)
    n_keys = len(keys_in(schema.names))
    names = tuple(schema.names[n_keys:])
    dtype = _dtype(schema, n_keys, file)
    check_claim(file, rows * len(names) * dtype.itemsize, file.stat().st_size)
    features = np.empty((rows, len(names)), dtype=dtype)
    keys: dict[str, list[Any]] = {key: [] for key in schema.names[:n_keys]}
    start = 0
    for group in _groups(opened):
        stop = start + group.num_rows
        for key, values in keys.items():
            values += group.column(key).to_pylist()
        for i in range(0, len(names), _TILE):
            columns = [group.column(n_keys + j).to_numpy() for j in range(i, min(i + _TILE, len(names)))]
            features[start:stop, i : i + len(columns)] = np.stack(columns, axis=1)
        start = stop
    arrays = {
        key: np.array(values, dtype=np.int64) if key in INTEGER_KEYS else text_array(values)
        for key, values in keys.items()
    }
    return features, names, arrays, metadata


def _groups(opened: Any) -> Iterator[Any]:
    for i in range(opened.num_row_groups):
        yield opened.read_row_group(i)


def _dtype(schema: Any, n_keys: int, file: Path) -> np.dtype[Any]:
    if not set(schema.names[:n_keys]) <= set(KEY_COLUMNS):
        raise not_a_table(file, f"the key columns {', '.join(keys_in(schema.names))} are not the first ones")
    for key in schema.names[:n_keys]:
        kind = str(schema.field(key).type)
        if kind not in (("int64",) if key in INTEGER_KEYS else ("string", "large_string")):
            raise not_a_table(file, f"its key column {key} holds {kind}")
    types = {schema.field(i).type for i in range(n_keys, len(schema.names))}
    found = [str(np.dtype(type_.to_pandas_dtype())) for type_ in types]
    if len(found) > 1 or not set(found) <= set(DTYPES):
        raise not_a_table(file, f"its features have the types {', '.join(sorted(map(str, types)))}")
    return np.dtype(found[0] if found else np.float32)


def read_parquet_metadata(file: Path) -> dict[str, str]:
    """Read the metadata alone."""
    require_pyarrow("reading a .parquet file")
    from pyarrow import parquet

    try:
        with open(file, "rb") as stream:
            schema = parquet.read_schema(stream)
    except Exception as error:
        raise _unreadable(file, error) from error
    return _metadata(schema, file)


def _metadata(schema: Any, file: Path) -> dict[str, str]:
    text = (schema.metadata or {}).get(_METADATA_KEY)
    if text is None or "file" not in schema.names:
        raise not_a_table(file, "it holds no column file or no metadata of scatter")
    return decode_metadata(text, file)


def _unreadable(file: Path, error: Exception) -> FileError:
    return FileError(f"{file}: can't be read as a .parquet file: {reason(error)}")
