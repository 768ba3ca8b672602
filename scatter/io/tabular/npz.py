"""A table as .npz: one array for the features, one for their names, one for each key column."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from scatter.io.arrays import open_npz
from scatter.io.layout import INTEGER_KEYS
from scatter.io.tabular.common import (
    MAX_BYTES,
    Parts,
    decode_metadata,
    encode_metadata,
    feature_parts,
    key_column,
    key_values,
    keys_in,
    not_a_table,
    text_array,
)
from scatter.io.tabular.npy import as_bytes, write_header

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scatter.io.layout import Block, Layout

_MEMBERS = ("features", "names", "metadata")
_ROWS_AT_ONCE = 2**14
_UNIX = 3


def write_npz(layout: Layout, blocks: Sequence[Block], files: tuple[Path, ...]) -> None:
    """Write every part as an array, none compressed: deflate takes a minute a gigabyte to save 7 %."""
    (file,) = files
    # Opened here, so that an archive that can't be finished leaves no open file behind.
    with open(file, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
        _write_whole(archive, "metadata", np.asarray(encode_metadata(layout.metadata)))
        _write_whole(archive, "names", text_array(layout.names))
        for key in layout.keys:
            _write_key(archive, layout, blocks, key)
        with _member(archive, "features") as member:
            write_header(member, layout.shape, layout.dtype)
            for part in feature_parts(layout, blocks):
                member.write(as_bytes(part))


def _write_key(archive: zipfile.ZipFile, layout: Layout, blocks: Sequence[Block], key: str) -> None:
    if key in INTEGER_KEYS:
        dtype: np.dtype[Any] = np.dtype("<i8")
    else:
        # A first pass finds the width, a second one writes.
        dtype = np.dtype(f"<U{max(1, max(map(len, key_values(blocks, key)), default=1))}")
    values = key_values(blocks, key)
    with _member(archive, key) as member:
        write_header(member, (layout.rows,), dtype)
        while len(column := key_column(values, key, _ROWS_AT_ONCE)):
            member.write(as_bytes(np.asarray(column, dtype=dtype)))


def _write_whole(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with _member(archive, name) as member:
        write_header(member, array.shape, array.dtype.newbyteorder("<"))
        member.write(as_bytes(array.astype(array.dtype.newbyteorder("<"), copy=False)))


@contextmanager
def _member(archive: zipfile.ZipFile, name: str) -> Iterator[IO[bytes]]:
    # With a fixed date and system: equal tables are equal files.
    info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system = _UNIX
    with archive.open(info, "w", force_zip64=True) as member:
        yield member


def read_npz(file: Path) -> Parts:
    """Read the parts of a table."""
    with open_npz(file) as members:
        missing = [name for name in _MEMBERS if name not in members.names]
        if missing:
            raise not_a_table(file, f"it holds no array {', '.join(missing)}")
        features, names, metadata = (members.read(name, MAX_BYTES) for name in _MEMBERS)
        keys = {key: np.atleast_1d(members.read(key, MAX_BYTES)) for key in keys_in(members.names)}
    for key, column in keys.items():
        if column.dtype.kind not in ("iu" if key in INTEGER_KEYS else "U"):
            raise not_a_table(file, f"its key column {key} holds {column.dtype}")
    return features, _texts(names), keys, decode_metadata(str(metadata), file)


def read_npz_metadata(file: Path) -> dict[str, str]:
    """Read the metadata alone."""
    with open_npz(file) as members:
        if "metadata" not in members.names:
            raise not_a_table(file, "it holds no array metadata")
        return decode_metadata(str(members.read("metadata", MAX_BYTES)), file)


def _texts(names: NDArray[Any]) -> tuple[str, ...]:
    return tuple(str(name) for name in np.atleast_1d(names))
