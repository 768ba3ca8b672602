"""The file formats of a table of features: .npy, .npz and .parquet."""

import json
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np

from scatter.errors import FileError, InputError, missing_extra
from scatter.io.arrays import open_npz
from scatter.io.files import reason

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scatter.io.tables import FeatureTable

# The features, the names of the columns, the keys of the rows and the metadata.
_Parts: TypeAlias = "tuple[NDArray[Any], tuple[str, ...], tuple[str, ...], dict[str, str]]"

_MEMBERS = ("features", "names", "keys", "metadata")
_KEY_COLUMN = "file"
_METADATA_KEY = b"scatter"
_MAX_BYTES = 2**36


def write_npy(table: "FeatureTable", stream: IO[bytes]) -> None:
    """Write the features alone as .npy."""
    # As a bare write, so that a full disk is named as such: numpy's own way into a file only counts bytes.
    only_write: Any = SimpleNamespace(write=stream.write)
    np.save(only_write, table.features, allow_pickle=False)


def write_npz(table: "FeatureTable", stream: IO[bytes]) -> None:
    """Write every part of the table as an array of a .npz."""
    np.savez_compressed(
        stream,
        features=table.features,
        names=np.asarray(table.names, dtype=np.str_),
        keys=np.asarray(table.keys, dtype=np.str_),
        metadata=np.asarray(json.dumps(table.metadata)),
    )


def read_npz(file: Path) -> _Parts:
    """Read the parts of a table from a .npz."""
    with open_npz(file) as members:
        missing = [name for name in _MEMBERS if name not in members.names]
        if missing:
            raise FileError(f"{file}: is not a table of features: it holds no array {', '.join(missing)}")
        features, names, keys, metadata = (members.read(name, _MAX_BYTES) for name in _MEMBERS)
    return features, _texts(np.atleast_1d(names)), _texts(np.atleast_1d(keys)), _metadata(str(metadata), file)


def write_parquet(table: "FeatureTable", stream: IO[bytes]) -> None:
    """Write a column ``file`` and a column for each feature as .parquet."""
    pyarrow = require_pyarrow("writing a .parquet file")
    from pyarrow import parquet

    if _KEY_COLUMN in table.names:
        raise InputError(
            f"a feature can't be named {_KEY_COLUMN!r} in a .parquet file, where it names the keys"
        )
    columns = [pyarrow.array(table.keys, type=pyarrow.string())]
    columns += [pyarrow.array(np.ascontiguousarray(column)) for column in table.features.T]
    metadata = {_METADATA_KEY: json.dumps(table.metadata).encode()}
    schema = pyarrow.schema(
        [
            pyarrow.field(name, column.type)
            for name, column in zip((_KEY_COLUMN, *table.names), columns, strict=True)
        ],
        metadata=metadata,
    )
    parquet.write_table(pyarrow.Table.from_arrays(columns, schema=schema), stream)


def read_parquet(file: Path) -> _Parts:
    """Read the parts of a table from a .parquet."""
    require_pyarrow("reading a .parquet file")
    from pyarrow import parquet

    try:
        with open(file, "rb") as stream:
            read = parquet.read_table(stream)
    except Exception as error:
        raise FileError(f"{file}: can't be read as a .parquet file: {reason(error)}") from error
    metadata = (read.schema.metadata or {}).get(_METADATA_KEY)
    if metadata is None or read.column_names[:1] != [_KEY_COLUMN]:
        raise FileError(
            f"{file}: is not a table of features: it holds no column {_KEY_COLUMN} or no metadata of scatter"
        )
    names = tuple(read.column_names[1:])
    columns = [read.column(i + 1).to_numpy() for i in range(len(names))]
    features = np.stack(columns, axis=1) if columns else np.empty((read.num_rows, 0), dtype=np.float32)
    return features, names, _texts(read.column(0).to_pylist()), _metadata(metadata, file)


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


def _metadata(text: str | bytes, file: Path) -> dict[str, str]:
    try:
        return {str(key): str(value) for key, value in json.loads(text).items()}
    except (ValueError, AttributeError) as error:
        raise FileError(f"{file}: is not a table of features: its metadata is not a JSON object") from error


def require_pyarrow(purpose: str) -> Any:
    """Import pyarrow, or say what to install for a purpose."""
    try:
        import pyarrow
    except ImportError as error:
        raise missing_extra("pyarrow", "parquet", purpose) from error
    return pyarrow
