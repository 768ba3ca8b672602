"""A table as .npy: the features alone, with a .csv of the key columns and a .json of the rest beside it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from scatter._text import csv_text, from_csv_text, plain_text
from scatter.errors import FileError
from scatter.io.files import reason, regular_file
from scatter.io.layout import BODY_OFFSET, INTEGER_KEYS, KEY_COLUMNS
from scatter.io.tabular.common import (
    Parts,
    checked_metadata,
    feature_parts,
    key_values,
    linked,
    not_a_table,
    text_array,
)

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from scatter.io.layout import Block, Layout

SIDECARS = (".csv", ".json")


def write_npy(layout: Layout, blocks: Sequence[Block], files: tuple[Path, ...]) -> None:
    """Write the key columns, the names and metadata, and the features into one file each."""
    keys, names, features = files
    with open(keys, "w", encoding="utf-8", newline="") as stream:
        # Text is always quoted, so that a file name may hold anything.
        rows = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        rows.writerow(layout.keys)
        columns = [key_values(blocks, key) for key in layout.keys]
        rows.writerows(map(_cell, row) for row in zip(*columns, strict=True))
    with open(names, "w", encoding="utf-8") as stream:
        described = {"metadata": layout.metadata, "names": [plain_text(name) for name in layout.names]}
        stream.write(json.dumps(described, indent=1) + "\n")
    if _take_body(layout, blocks, features):
        return
    with open(features, "wb") as binary:
        write_header(binary, layout.shape, layout.dtype)
        for part in feature_parts(layout, blocks):
            binary.write(as_bytes(part))


def _take_body(layout: Layout, blocks: Sequence[Block], features: Path) -> bool:
    """Give the file that holds all rows already, behind room for a header, a second name and its header."""
    header = io.BytesIO()
    write_header(header, layout.shape, layout.dtype)
    end, body = header.tell(), None
    if end != BODY_OFFSET:
        return False
    for block in blocks:
        place = block.place
        if place is None or place[1] != end or body not in (None, place[0]):
            return False
        body, end = place[0], end + block.rows * layout.row_bytes
    if body is None or body.stat().st_size != end or not linked(body, features):
        return False
    with open(features, "r+b") as binary:
        binary.write(header.getvalue())
    return True


def read_npy(file: Path) -> Parts:
    """Read the features and what is beside them."""
    names, metadata = _read_names(file)
    keys = _read_keys(file)
    try:
        # Mapped, the values that the header claims are checked against the file before memory is asked for.
        mapped = np.load(file, mmap_mode="r", allow_pickle=False)
        features = np.array(mapped, order="C", subok=False)
    except Exception as error:
        raise FileError(f"{file}: can't be read as a .npy file: {reason(error)}") from error
    return features, names, keys, metadata


def read_npy_metadata(file: Path) -> dict[str, str]:
    """Read the metadata beside the features."""
    return _read_names(regular_file(file))[1]


def write_header(stream: IO[bytes], shape: tuple[int, ...], dtype: DTypeLike) -> None:
    """Write what stands before the values of a .npy."""
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
        "fortran_order": False,
        "shape": shape,
    }
    np.lib.format.write_array_header_1_0(stream, header)


def as_bytes(array: NDArray[Any]) -> memoryview:
    """Give the bytes of an array in C order, without a copy."""
    return array.reshape(-1).view(np.uint8).data


def _read_names(file: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    beside = _beside(file, ".json")
    try:
        described = json.loads(beside.read_text(encoding="utf-8"))
        names = [str(name) for name in described["names"]]
        metadata = described["metadata"]
    except OSError as error:
        raise FileError(f"{beside}: {reason(error)}") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise not_a_table(file, f"{beside.name} holds no names and metadata") from error
    return tuple(names), checked_metadata(metadata, file)


def _read_keys(file: Path) -> dict[str, NDArray[Any]]:
    beside = _beside(file, ".csv")
    try:
        with open(beside, encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream)
            header = next(reader, [])
            columns = list(zip(*reader, strict=True)) or [()] * len(header)
        if not set(header) <= set(KEY_COLUMNS) or len(columns) != len(header):
            raise ValueError
        return {key: _column(key, values) for key, values in zip(header, columns, strict=True)}
    except OSError as error:
        raise FileError(f"{beside}: {reason(error)}") from error
    except (ValueError, OverflowError, csv.Error) as error:
        raise not_a_table(file, f"{beside.name} does not hold the key columns") from error


def _column(key: str, cells: Sequence[str]) -> NDArray[Any]:
    return np.array(cells, np.int64) if key in INTEGER_KEYS else text_array(map(from_csv_text, cells))


def _beside(file: Path, suffix: str) -> Path:
    beside = file.with_name(file.name + suffix)
    if not beside.exists():
        raise not_a_table(file, f"{beside.name} with its {_CONTENT[suffix]} is missing beside it")
    return regular_file(beside)


def _cell(value: Any) -> Any:
    return csv_text(value) if isinstance(value, str) else value


_CONTENT = {".csv": "key columns", ".json": "names and metadata"}
