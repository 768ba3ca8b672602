"""Files of arrays, opened and checked for holding samples of a kind."""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scatter.errors import FileError
from scatter.io.arrays import NpzMembers, choose, decoding
from scatter.io.files import regular_file
from scatter.io.sources import NpyRows, NpzRows, Source
from scatter.io.zarrs import open_zarr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scatter.io.reading import Reading

_AXES = {"signal": ("N",), "image": ("M", "N"), "volume": ("D", "H", "W"), "points": ("P", "3")}


@dataclass(frozen=True)
class ArrayRows:
    """An open array whose rows are samples.

    Parameters
    ----------
    file : Path
        The file.
    samples : Source
        Of shape (n, ..., N); an array that is one sample has got an axis in front.
    labels : Source, optional
        Of shape (n, 1).
    channels : tuple of int, optional
        What to take of the second axis.
    closing : ExitStack
        Closes the file.
    """

    file: Path
    samples: Source
    labels: Source | None
    channels: tuple[int, ...] | None
    closing: ExitStack

    @property
    def count(self) -> int:
        """Number of rows."""
        return self.samples.shape[0]


def open_rows(file: Path, reading: Reading) -> ArrayRows:
    """Open an array and check that it holds samples as described.

    Parameters
    ----------
    file : Path
        A .npy or .npz file or a .zarr folder.
    reading : Reading
        What a sample is, and which arrays to take.

    Returns
    -------
    ArrayRows

    Raises
    ------
    FileError
        If the file can't be read, or holds something else.
    """
    with ExitStack() as stack:
        samples, labels = open_sources(file, reading, stack)
        channels = _check_samples(samples, reading)
        if labels is not None:
            _check_labels(labels, samples.shape[0])
        return ArrayRows(file, samples, labels, channels, stack.pop_all())


def open_sources(file: Path, reading: Reading, stack: ExitStack) -> tuple[Source, Source | None]:
    """Open the array of the samples and that of the labels, whatever they hold.

    Parameters
    ----------
    file : Path
        A .npy or .npz file or a .zarr folder.
    reading : Reading
        Its ``array`` and ``labels``.
    stack : ExitStack
        Closes the file.

    Returns
    -------
    samples, labels : Source
        Labels are None if not asked for.

    Raises
    ------
    FileError
        If the file can't be read, or if it can't be told which array is meant.
    """
    if file.suffix.lower() == ".zarr":
        return open_zarr(file, reading.array, reading.labels)
    regular_file(file)
    if file.suffix.lower() != ".npz":
        if reading.array is not None or reading.labels is not None:
            raise FileError(
                f"{file}: is one array without a name; leave out --array and --label-array, or save a .npz"
            )
        return NpyRows(file), None
    with decoding(file):
        members = NpzMembers(stack.enter_context(zipfile.ZipFile(file)), file)
        others = [name for name in members.names if name != reading.labels]
        wanted = [reading.array or choose(others, file, "type --array NAME")]
        found = [NpzRows(file, members, name) for name in [*wanted, *filter(None, [reading.labels])]]
        for source in found:
            stack.callback(source.close)
        return found[0], found[1] if reading.labels else None


def _check_samples(source: Source, reading: Reading) -> tuple[int, ...] | None:
    axes = _AXES.get(reading.kind)
    if axes is None:
        raise FileError(f"{source.file}: is an array, which holds no sample of kind {reading.kind!r}")
    shape, kind = source.shape, source.dtype.kind
    if kind == "c":
        raise FileError(f"{source.shown}: the array is complex; real values are needed")
    if kind not in "buif":
        raise FileError(f"{source.shown}: holds values of type {source.dtype}; numbers are needed")
    most = len(axes) + (2 if reading.channels != "mix" and reading.kind != "points" else 1)
    if not len(axes) <= len(shape) <= most or (reading.kind == "points" and shape[-1] != 3):
        raise FileError(f"{source.shown}: the array has shape {shape}; {_allowed(axes, reading)}")
    if 0 in shape:
        raise FileError(f"{source.shown}: the array is empty: its shape is {shape}")
    if len(shape) == len(axes):
        source.as_one_row()
    return _channels(source, len(axes), reading)


def _allowed(axes: Sequence[str], reading: Reading) -> str:
    def show(*names: str) -> str:
        return f"({', '.join(names)}{',' if len(names) == 1 else ''})"

    shapes = f"allowed are {show(*axes)} for one of kind {reading.kind!r} and {show('n', *axes)} for several"
    if reading.kind == "points":
        return shapes
    channels = show("n", "C", *axes)
    return f"{shapes}, " + (
        f"and {channels} with --channels all" if reading.channels == "mix" else f"and {channels}"
    )


def _channels(source: Source, ndim: int, reading: Reading) -> tuple[int, ...] | None:
    if not isinstance(reading.channels, tuple) or reading.kind == "points":
        return None
    there = source.shape[1] if len(source.shape) == ndim + 2 else 0
    if any(not 0 <= channel < there for channel in reading.channels):
        asked = ", ".join(map(str, reading.channels))
        what = f"channels 0 to {there - 1}" if there else "no axis of channels"
        raise FileError(f"{source.shown}: has {what}, but --channels asks for {asked}")
    return reading.channels


def _check_labels(source: Source, rows: int) -> None:
    if source.dtype.kind not in "buiUT" or source.shape != (rows,):
        raise FileError(
            f"{source.shown}: the labels are {source.dtype} of shape {source.shape}; needed are integers or "
            f"text of shape ({rows},), one for each row"
        )
    source.as_column()
