"""Ranges of rows out of arrays on disk: .npy by seeking, .npz as a stream, zarr by its chunks."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np

from scatter.errors import FileError
from scatter.io.arrays import NpyHeader, NpzMembers, decoding, fill, npy_header, read_values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

BLOCK = 2**25
"""Most bytes of values to read at once, unless one row has more."""
MOST_VALUES = 2**26
"""Most values in one sample."""
MOST_BYTES = 2**28
"""Most bytes to hold where rows can't be had one by one."""
_READ_AHEAD = 2**16


class Source(ABC):
    """An array on disk, read by ranges of its first axis.

    Parameters
    ----------
    file : Path
        The file.
    shown : str
        The name of the array, for messages.
    shape : tuple of int
        Its shape, as stored.
    dtype : dtype
        Type of its values.
    """

    def __init__(self, file: Path, shown: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.file = file
        self.shown = shown
        self.shape = shape
        self.dtype = dtype
        self.added: Literal["first", "last"] | None = None

    def as_one_row(self) -> None:
        """Take the whole array for one row: put an axis in front."""
        self.shape = (1, *self.shape)
        self.added = "first"

    def as_column(self) -> None:
        """Take every value for a row: put an axis at the end."""
        self.shape = (*self.shape, 1)
        self.added = "last"

    @abstractmethod
    def read(self, start: int, stop: int, first: int, last: int) -> Callable[[], NDArray[Any]]:
        """Read rows, now if it must be in order, else when the result is called.

        Parameters
        ----------
        start, stop : int
            The rows.
        first, last : int
            What to take of the last axis; less than all of it only of one row.

        Returns
        -------
        callable
            Returns an array of shape (stop - start, ..., last - first), in any thread.
        """


class NpyRows(Source):
    """Rows of a .npy file; every piece is read by itself, in any thread."""

    def __init__(self, file: Path) -> None:
        with decoding(file), open(file, "rb") as stream:
            self._header = npy_header(stream, file.stat().st_size, str(file))
        super().__init__(file, str(file), self._header.shape, self._header.dtype)

    def read(self, start: int, stop: int, first: int, last: int) -> Callable[[], NDArray[Any]]:
        """Return what reads the rows when it is called."""
        if self._header.fortran:
            return lambda: self._gather(start, stop, first, last)
        return lambda: self._seek(start, stop, first, last)

    def _seek(self, start: int, stop: int, first: int, last: int) -> NDArray[Any]:
        values = np.empty((stop - start, *self.shape[1:-1], last - first), self.dtype)
        width = self.shape[-1]
        whole = last - first == width
        parts = [values] if whole else list(values.reshape(-1, last - first))
        row = math.prod(self.shape[1:])
        at = [start * row] if whole else [start * row + i * width + first for i in range(len(parts))]
        with decoding(self.file), open(self.file, "rb", buffering=0) as stream:
            for offset, part in zip(at, parts, strict=True):
                stream.seek(self._header.offset + offset * self.dtype.itemsize)
                fill(stream, part, self.shown)
        return values

    def _gather(self, start: int, stop: int, first: int, last: int) -> NDArray[Any]:
        # On disk, the values of one column are side by side. Mapped memory counts as used until it is given
        # back, and the system reads more around every value than was asked for: a few columns at a time.
        rows, columns = stop - start, math.prod(self.shape[1:])
        step = max(1, BLOCK // max(_READ_AHEAD, rows * self.dtype.itemsize))
        values = np.empty((columns, rows), self.dtype)
        with decoding(self.file):
            for column in range(0, columns, step):
                offset = self._header.offset + column * self.shape[0] * self.dtype.itemsize
                shape = min(step, columns - column), self.shape[0]
                mapped: NDArray[Any] = np.memmap(self.file, self.dtype, "r", offset, shape)
                values[column : column + step] = mapped[:, start:stop]
                del mapped
        return np.ascontiguousarray(values.reshape(*self.shape[:0:-1], rows).T[..., first:last])


class NpzRows(Source):
    """Rows of one array of a .npz file, which are decompressed from the beginning on.

    Going on where the last reading ended costs nothing; going back begins anew.
    """

    def __init__(self, file: Path, members: NpzMembers, name: str) -> None:
        self._members = members
        self._name = name
        self._at = 0
        self._stream: IO[bytes] | None = None
        self._whole: NDArray[Any] | None = None
        self._held: tuple[tuple[int, int], NDArray[Any]] | None = None
        self._header = self._rewind(f"{file} ({name})", file)
        super().__init__(file, f"{file} ({name})", self._header.shape, self._header.dtype)

    def read(self, start: int, stop: int, first: int, last: int) -> Callable[[], NDArray[Any]]:
        """Read the rows now."""
        # The parts of a long row come one after another, and the row is read once.
        if self._held is None or self._held[0] != (start, stop):
            self._check()
            with decoding(self.file):
                rows = self._gather(start, stop) if self._header.fortran else self._forward(start, stop)
            self._held = (start, stop), rows
        values = self._held[1]
        if last - first < self.shape[-1]:
            values = values[..., first:last].copy()
        return lambda: values

    def close(self) -> None:
        """Close the stream."""
        if self._stream is not None:
            self._stream.close()

    def _check(self) -> None:
        columns = self._header.fortran and self.shape[0] > 1
        size = self._header.nbytes if columns else self._header.nbytes // max(1, self.shape[0])
        if size > (MOST_BYTES if columns else MOST_VALUES * self.dtype.itemsize):
            why = "in Fortran order" if columns else "in one row"
            raise FileError(
                f"{self.shown}: has {size} bytes {why}, which can't be read piece by piece from a .npz; "
                "save it as .npy with numpy.ascontiguousarray"
            )

    def _forward(self, start: int, stop: int) -> NDArray[Any]:
        if self._stream is None or start < self._at:
            self._rewind(self.shown, self.file)
        assert self._stream is not None
        missing = (start - self._at) * math.prod(self.shape[1:]) * self.dtype.itemsize
        self._at = stop + 1  # if anything fails below, the next reading begins anew
        while missing > 0:
            skipped = len(self._stream.read(min(missing, BLOCK // 8)))
            if not skipped:
                raise FileError(f"{self.shown}: is truncated: {missing} bytes are missing before row {start}")
            missing -= skipped
        rows = np.empty((stop - start, *self.shape[1:]), self.dtype)
        fill(self._stream, rows, self.shown)
        self._at = stop
        if stop == self.shape[0]:
            # Only at the end of the member does zipfile compare its checksum.
            self._stream.read(1)
        return rows

    def _gather(self, start: int, stop: int) -> NDArray[Any]:
        if self._whole is None:
            self._rewind(self.shown, self.file)
            assert self._stream is not None
            self._whole = read_values(self._stream, self._header, self.shown).reshape(self.shape)
        return self._whole[start:stop]

    def _rewind(self, shown: str, file: Path) -> NpyHeader:
        self.close()
        self._at = 0
        with decoding(file):
            self._stream, size = self._members.open(self._name)
            return npy_header(self._stream, size, shown)
