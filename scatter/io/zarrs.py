"""Rows of zarr arrays, read by whole chunks."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.errors import FileError
from scatter.io.arrays import choose, decoding
from scatter.io.inflation import inflates_beyond
from scatter.io.sources import BLOCK, MOST_BYTES, Source
from scatter.io.tabular.common import require_zarr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_MOST_SHRUNK = 10**5


def open_zarr(file: Path, name: str | None, labels: str | None) -> tuple[ZarrRows, ZarrRows | None]:
    """Open an array in a zarr folder, and its labels.

    Parameters
    ----------
    file : Path
        The folder of an array or of a group.
    name : str, optional
        Which array of a group; needed if there are several besides the labels.
    labels : str, optional
        Which array of the group holds the labels.

    Returns
    -------
    array, labels : ZarrRows
        Labels are None if not asked for.

    Raises
    ------
    FileError
        If the folder holds no such array, or if it can't be read safely.
    MissingExtraError
        If zarr is not installed.
    """
    zarr = require_zarr("reading a .zarr folder")
    if not file.is_dir():
        raise FileError(f"{file}: is not a folder, as zarr arrays are")
    with decoding(file):
        found = zarr.open(_bounded(file), mode="r")
        if isinstance(found, zarr.Array):
            if name is not None or labels is not None:
                raise FileError(
                    f"{file}: is one array without a name; leave out --array and --label-array, "
                    "or name a group"
                )
            return ZarrRows(file, str(file), found), None
        names = sorted(key for key, _ in found.arrays())
        name = name or choose([key for key in names if key != labels], file, "type --array NAME")
        array = _member(file, found, name, names)
        return array, None if labels is None else _member(file, found, labels, names)


def _bounded(file: Path) -> Any:
    """A store of a folder that gives out no chunk which becomes more than `MOST_BYTES`."""
    from zarr.storage import LocalStore, WrapperStore

    class Bounded(WrapperStore[LocalStore]):
        async def get(self, key: str, prototype: Any, byte_range: Any = None) -> Any:
            return self._checked(key, await super().get(key, prototype, byte_range))

        async def get_partial_values(self, prototype: Any, key_ranges: Any) -> Any:
            wanted = list(key_ranges)
            found = await super().get_partial_values(prototype, wanted)
            return [self._checked(key, part) for (key, _), part in zip(wanted, found, strict=True)]

        def _checked(self, key: str, part: Any) -> Any:
            if part is not None and inflates_beyond(part.to_bytes(), MOST_BYTES):
                raise FileError(
                    f"{file}: the chunk {key} has {len(part)} bytes, and becomes more than the {MOST_BYTES} "
                    "that are allowed; write the array in smaller chunks"
                )
            return part

    return Bounded(LocalStore(str(file), read_only=True))


def _member(file: Path, group: Any, name: str, names: list[str]) -> ZarrRows:
    import zarr

    try:
        array = group[name]
    except (KeyError, ValueError) as error:
        raise FileError(f"{file}: holds no array named {name}, only: {', '.join(names)}") from error
    if not isinstance(array, zarr.Array):
        raise FileError(f"{file}: {name} is a group, not an array; type --array {name}/NAME")
    return ZarrRows(file, f"{file} ({name})", array)


class ZarrRows(Source):
    """Rows of a zarr array; a block of whole chunks is read at a time and held for the next rows.

    Parameters
    ----------
    file : Path
        The folder, for messages.
    shown : str
        The name of the array, for messages.
    array : zarr.Array
        Open for reading.
    """

    def __init__(self, file: Path, shown: str, array: Any) -> None:
        super().__init__(file, shown, tuple(array.shape), np.dtype(array.dtype))
        self._array = array
        self._held: tuple[tuple[int, int, int, int], NDArray[Any]] | None = None
        self._check()

    def read(self, start: int, stop: int, first: int, last: int) -> Callable[[], NDArray[Any]]:
        """Read the rows now, from the block at hand as far as it goes."""
        with decoding(self.file):
            if self.added == "first":
                values = self._take(0, 1, first, last)
            else:
                rows = max(1, self._array.chunks[0])
                borders = [start, *range((start // rows + 1) * rows, stop, rows), stop]
                parts = [self._take(a, b, first, last) for a, b in pairwise(borders)]
                values = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return lambda: values

    def _take(self, start: int, stop: int, first: int, last: int) -> NDArray[Any]:
        held = self._held
        if held is None or not (
            held[0][0] <= start and stop <= held[0][1] and held[0][2] <= first and last <= held[0][3]
        ):
            region = self._region(start, stop, first, last)
            # The old block goes before the new one comes.
            self._held = held = None
            self._held = held = region, self._fetch(*region)
        top, _, left, _ = held[0]
        # A copy, since a view would keep the whole block alive.
        return held[1][start - top : stop - top, ..., first - left : last - left].copy()

    def _region(self, start: int, stop: int, first: int, last: int) -> tuple[int, int, int, int]:
        if self.added == "first":
            width = self.shape[-1]
            row = math.prod(self.shape) * self.dtype.itemsize
            longest = max(last - first, width * BLOCK // max(1, row))
            return 0, 1, first, min(width, first + longest)
        rows = self._array.chunks[0]
        top = start // rows * rows
        return top, max(stop, min(self.shape[0], top + rows)), 0, self.shape[-1]

    def _fetch(self, start: int, stop: int, first: int, last: int) -> NDArray[Any]:
        if self.added == "first":
            return np.asarray(self._array[..., first:last])[np.newaxis]
        values = np.asarray(self._array[start:stop])
        return values[:, np.newaxis] if self.added == "last" else values

    def _check(self) -> None:
        metadata = self._array.metadata.to_dict()
        codecs = [metadata.get(key) for key in ("codecs", "filters", "compressor")]
        if self.dtype.kind == "O" or "pickle" in str(codecs):
            raise FileError(
                f"{self.shown}: holds Python objects, which are never loaded; save an array of numbers"
            )
        chunks = tuple(self._array.chunks)
        # Chunks that are not there count as zeros, so that a small file could keep a run busy for ever.
        claimed = math.prod(self.shape) * self.dtype.itemsize
        if claimed > BLOCK and claimed > _MOST_SHRUNK * (stored := self._array.nbytes_stored()):
            raise FileError(
                f"{self.shown}: is damaged or not complete: it claims {claimed} bytes of values, "
                f"but {stored} are stored"
            )
        row = [max(c, n) for c, n in zip(chunks[1:], self.shape[1:], strict=True)]
        size = math.prod((*chunks[:1], *row)) * max(1, self.dtype.itemsize)
        if size > MOST_BYTES:
            raise FileError(
                f"{self.shown}: its rows can only be read {chunks[0]} at a time, {size} bytes; at most "
                f"{MOST_BYTES} are allowed; write it in smaller chunks"
            )
