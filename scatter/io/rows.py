"""Rows of arrays (.npy, .npz, zarr) as samples."""

from __future__ import annotations

import math
import os
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scatter.errors import FileError
from scatter.io.arrayfiles import ArrayRows, open_rows, open_sources
from scatter.io.files import reason
from scatter.io.images import crop_image, resize_image
from scatter.io.reading import Piece, Reading
from scatter.io.resampling import ratio, resample_blocks
from scatter.io.segments import count_windows, cut
from scatter.io.sources import BLOCK, MOST_VALUES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


class RowReader:
    """Reads ranges of rows, and keeps the last file open between them.

    Reading one range after another of a compressed array thus costs as much as reading it once. For one
    thread at a time.

    Examples
    --------
    >>> reader = RowReader()
    >>> for piece in reader.pieces(Path("a.npz"), 0, None, Reading("signal"), 64):  # doctest: +SKIP
    ...     piece().samples.shape
    >>> reader.close()
    """

    def __init__(self) -> None:
        self._held: tuple[object, ArrayRows] | None = None

    def pieces(
        self, file: Path, start: int, stop: int | None, reading: Reading, at_most: int
    ) -> Iterator[Callable[[], Piece]]:
        """Yield the samples of a range of rows; as the function `pieces`."""
        rows = self._open(file, reading)
        stop = rows.count if stop is None else min(stop, rows.count)
        for part in _parts(rows, start, stop, reading, at_most):
            # Another file may have been read since the last piece.
            rows = self._open(file, reading)
            read = rows.samples.read(part.start, part.stop, part.first, part.last)
            labels = rows.labels.read(part.start, part.stop, 0, 1) if rows.labels else None
            yield partial(_piece, read, labels, part, rows, reading)

    def count(self, file: Path, reading: Reading) -> int:
        """Return the number of rows; as the function `count_rows`."""
        return self._open(file, reading).count

    def close(self) -> None:
        """Close the file."""
        if self._held is not None:
            self._held[1].closing.close()
            self._held = None

    def _open(self, file: Path, reading: Reading) -> ArrayRows:
        try:
            status = os.stat(file)
        except (OSError, ValueError) as error:
            raise FileError(f"{file}: {reason(error)}") from error
        # A file that was written anew in the meantime is opened anew.
        key = file, reading, status.st_mtime_ns, status.st_size, status.st_ino
        if self._held is None or self._held[0] != key:
            self.close()
            self._held = key, open_rows(file, reading)
        return self._held[1]


def pieces(
    file: Path, start: int, stop: int | None, reading: Reading, at_most: int
) -> Iterator[Callable[[], Piece]]:
    """Yield the samples of a range of rows of an array.

    Parameters
    ----------
    file : Path
        A .npy or .npz file or a .zarr folder.
    start, stop : int
        The rows; ``stop=None`` for all of them.
    reading : Reading
        What a sample is. Signals are (N,), (n, N) or, unless ``channels='mix'``, (n, C, N); images (M, N),
        (n, M, N) or (n, C, M, N); points (P, 3) or (n, P, 3). Integers and booleans are taken as they are.
    at_most : int
        Most samples in a piece.

    Yields
    ------
    callable
        Returns a `Piece`, in any thread. Rows cut into k segments have the numbers k row, k row + 1, ...

    Raises
    ------
    FileError
        If the file can't be read, or if what it holds are no such samples.
    MissingExtraError
        If it is a zarr folder and zarr is not installed.
    """
    reader = RowReader()
    try:
        yield from reader.pieces(file, start, stop, reading, at_most)
    finally:
        reader.close()


def count_rows(file: Path, reading: Reading) -> int | None:
    """Count the rows of an array by its header.

    Parameters
    ----------
    file : Path
        A .npy or .npz file or a .zarr folder.
    reading : Reading
        What a sample is.

    Returns
    -------
    int
        1 if the whole array is one sample.

    Raises
    ------
    FileError
        As `pieces` raises it.
    """
    reader = RowReader()
    try:
        return reader.count(file, reading)
    finally:
        reader.close()


def array_shape(file: Path, array: str | None = None, labels: str | None = None) -> tuple[int, ...]:
    """Tell the shape of an array by its header.

    Parameters
    ----------
    file : Path
        A .npy or .npz file or a .zarr folder.
    array : str, optional
        Which array of several.
    labels : str, optional
        The array that holds the labels, and does not count as one of several.

    Returns
    -------
    tuple of int

    Raises
    ------
    FileError
        If the file can't be read, or holds several arrays and none is named.
    """
    with ExitStack() as stack:
        return open_sources(file, Reading("signal", array=array, labels=labels), stack)[0].shape


def _terms(rows: ArrayRows, reading: Reading) -> tuple[int, int]:
    """By what to multiply and to divide the sampling rate."""
    if reading.resample is None:
        return 1, 1
    rate = reading.rate
    if rate is None or rate != int(rate):
        what = "hold no sampling rate" if rate is None else f"of {rate:g} Hz can't be resampled exactly"
        raise FileError(
            f"{rows.samples.shown}: arrays {what}, which --resample {reading.resample} needs; "
            "type --rate 250, or the whole number of hertz that they have"
        )
    return ratio(rows.file, int(rate), reading.resample)


class _Part(NamedTuple):
    start: int
    stop: int
    first: int
    last: int
    segment: int  # number of the first sample
    windows: slice = slice(None)  # which samples of each row, where rows are read whole


def _parts(rows: ArrayRows, start: int, stop: int, reading: Reading, at_most: int) -> Iterator[_Part]:
    _, *inner, given = rows.samples.shape
    up, down = _terms(rows, reading)
    width = -(-given * up // down)
    window = reading.segment or reading.length
    count = count_windows(width, reading) if reading.kind == "signal" else 1
    across = math.prod(inner)
    most = (window or width) * across
    if most > MOST_VALUES:
        raise FileError(
            f"{rows.samples.shown}: one sample has {most} values; at most {MOST_VALUES} are allowed; "
            "cut it into smaller ones"
        )
    item = max(rows.samples.dtype.itemsize, 4 if reading.dtype == "float32" else 8)
    row = max(width, given, count * (window or 0)) * across * item
    if count <= at_most and row <= BLOCK:
        step = max(1, min(at_most // count, BLOCK // row))
        for first in range(start, stop, step):
            yield _Part(first, min(first + step, stop), 0, given, first * count)
        return
    step = max(1, min(at_most, BLOCK // ((window or width) * across * item)))
    if up != down:  # a row can't be resampled in parts
        for number in range(start, stop):
            for first in range(0, count, step):
                windows = slice(first, min(first + step, count))
                yield _Part(number, number + 1, 0, given, number * count + first, windows)
        return
    hop = reading.hop or reading.segment or 0
    for number in range(start, stop):
        for first in range(0, count, step):
            last = min(first + step, count)
            end = min(width, (last - 1) * hop + window) if window else width
            yield _Part(number, number + 1, first * hop, end, number * count + first)


def _piece(
    read: Callable[[], NDArray[Any]],
    read_labels: Callable[[], NDArray[Any]] | None,
    part: _Part,
    rows: ArrayRows,
    reading: Reading,
) -> Piece:
    values = read()
    if rows.channels is not None:
        values = values[:, list(rows.channels)]
    # Pillow resizes in single precision.
    dtype = "float32" if reading.resize else reading.dtype
    given = values
    with np.errstate(over="ignore", invalid="ignore"):
        values = values.astype(dtype, copy=False)
    each = 1
    failures: list[tuple[int, str]] = []
    if reading.kind == "signal":
        resampled = list(resample_blocks([values], *_terms(rows, reading)))
        windows = cut(np.concatenate(resampled, axis=-1), reading)[part.windows]
        each = len(windows)
        values = np.moveaxis(windows, 0, 1).reshape(-1, *windows.shape[2:])
    numbers = np.arange(part.segment, part.segment + len(values), dtype=np.int64)
    labels = None if read_labels is None else np.repeat(_as_text(read_labels()[:, 0]), each)
    finite = np.isfinite(values)
    if not finite.all():
        good = finite.reshape(len(values), -1).all(axis=1)
        failures = [
            (
                int(numbers[i]),
                _complaint(given[i // each], dtype) + _where(finite[i], i, part, each, rows, reading),
            )
            for i in map(int, np.flatnonzero(~good))
        ]
        values, numbers, labels = values[good], numbers[good], None if labels is None else labels[good]
    if reading.kind == "image":
        values = _shape_images(values, rows.file, reading)
    return Piece(values, numbers, reading.resample or reading.rate, labels, failures)


def _as_text(values: NDArray[Any]) -> NDArray[np.str_]:
    # NumPy casts no strings of variable width, as zarr reads them, to strings of a fixed one.
    return np.array([str(value) for value in values.tolist()], dtype=np.str_)


def _complaint(row: NDArray[Any], dtype: str) -> str:
    """What is wrong with a row of the file that has values which are no numbers in a precision."""
    if np.isfinite(row).all():
        return f"holds numbers beyond {dtype}; type --dtype float64"
    return "contains NaN or infinite values"


def _where(
    finite: NDArray[np.bool_], i: int, part: _Part, each: int, rows: ArrayRows, reading: Reading
) -> str:
    index = [part.start + i // each, *(int(j) for j in np.argwhere(~finite)[0])]
    if reading.resample is not None and _terms(rows, reading) != (1, 1):
        return f", in row {index[0]}"
    if rows.channels is not None:
        index[1] = rows.channels[index[1]]
    if reading.kind == "signal":
        index[-1] += part.first + i % each * (reading.hop or reading.segment or 0)
    if rows.samples.added == "first":
        del index[0]
    return f", the first at index {tuple(index)}"


def _shape_images(values: NDArray[Any], file: Path, reading: Reading) -> NDArray[Any]:
    if reading.resize and len(values):
        values = resize_image(values, reading.resize)
    elif reading.resize:
        values = np.empty((*values.shape[:-2], *reading.resize), values.dtype)
    if reading.crop:
        values = crop_image(values, reading.crop, file)
    return values.astype(reading.dtype, copy=False)
