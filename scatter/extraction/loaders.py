"""Which reader takes a file: by the kind of the samples and the suffix."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from scatter.errors import FileError, InputError
from scatter.io.files import check_suffix
from scatter.io.reading import Kind, Piece, Reading
from scatter.io.rows import RowReader
from scatter.io.samples import ARRAY_SUFFIXES as ARRAY_FILES
from scatter.io.samples import IMAGE_SUFFIXES, SOUND_SUFFIXES, ndim_of

ARRAY_SUFFIXES = ARRAY_FILES | {".zarr"}
MESH_SUFFIXES = frozenset({".obj", ".ply", ".off", ".stl", ".glb"})
POINT_SUFFIXES = frozenset({".xyz"})
GRAPH_SUFFIXES = frozenset({".graphml", ".gexf", ".gml", ".edgelist", ".adjlist", ".mtx"})
SUFFIXES = IMAGE_SUFFIXES | SOUND_SUFFIXES | ARRAY_SUFFIXES | MESH_SUFFIXES | POINT_SUFFIXES | GRAPH_SUFFIXES

_LARGE = 2**20
"""Bytes from which a .npy is asked for its number of rows before it is read; smaller ones are read whole."""

_LONG = 2**18
"""Bytes from which a sound is asked how long it is, before it is read."""

_MATCHING: dict[Kind, frozenset[str]] = {
    "signal": SOUND_SUFFIXES | ARRAY_SUFFIXES,
    "image": IMAGE_SUFFIXES | ARRAY_SUFFIXES,
    "volume": ARRAY_SUFFIXES,
    "mesh": MESH_SUFFIXES,
    "points": MESH_SUFFIXES | ARRAY_SUFFIXES | POINT_SUFFIXES,
    "graph": GRAPH_SUFFIXES | {".npz"},
    "molecule": POINT_SUFFIXES | {".npz"},
}


@dataclass
class Loader:
    """Reads files one after the other; used by one thread.

    Parameters
    ----------
    reading : Reading
        How files become samples.
    """

    reading: Reading
    _rows: RowReader = field(default_factory=RowReader, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._rows.close()

    def pieces(self, file: str, start: int, stop: int | None, at_most: int) -> Iterator[Callable[[], Piece]]:
        """What is left to do for every piece of a file, in any thread.

        Parameters
        ----------
        file : str
            The file.
        start, stop : int, optional
            Range of the rows of an array.
        at_most : int
            Most samples in a piece.

        Raises
        ------
        FileError
            If it can't be read, or not as samples of this kind; while going through it.
        """
        path, kind = Path(file), self.reading.kind
        suffix = _matching_suffix(file, kind)
        if kind == "molecule":
            from scatter.io import molecules

            return molecules.pieces(path, start, stop, self.reading, at_most)
        if suffix in ARRAY_SUFFIXES and kind != "graph":
            rows = self._rows.pieces(path, start, stop, self.reading, at_most)
            return (partial(_clouds, read) for read in rows) if kind == "points" else rows
        if kind in ("mesh", "points", "graph"):
            from scatter.io import shapes

            return shapes.pieces(path, start, stop, self.reading, at_most)
        if kind == "image":
            from scatter.io import pages

            return pages.pieces(path, start, stop, self.reading, at_most)
        from scatter.io import segments

        return segments.pieces(path, start, stop, self.reading, at_most)


def _clouds(read: Callable[[], Piece]) -> Piece:
    """Rows of positions as clouds, as files of points give them."""
    from scatter.domains.pointcloud import PointCloud

    piece = read()
    good: list[int] = []
    clouds: list[PointCloud] = []
    failures = list(piece.failures)
    for place, points in enumerate(piece.samples):
        try:
            clouds.append(PointCloud(points))
            good.append(place)
        except InputError as error:
            failures.append((int(piece.segments[place]), str(error)))
    labels = None if piece.labels is None else piece.labels[good]
    return Piece(clouds, piece.segments[good], None, labels, failures)


def count_rows(file: str, reading: Reading) -> int | None:
    """Rows of an array, or segments of a long sound, that may be read by ranges; None if a file is one item.

    Damaged files are one item, so that they are reported with the others.
    """
    from scatter.io import rows, segments

    suffix = os.path.splitext(file)[1].lower()
    try:
        if suffix in SOUND_SUFFIXES and reading.kind == "signal" and reading.segment is not None:
            large = os.path.getsize(file) >= _LONG
            return segments.count_segments(Path(file), reading) if large else None
        if suffix not in ARRAY_SUFFIXES or reading.kind == "graph":
            return None
        if reading.kind == "molecule":
            from scatter.io.molecules import count_molecules

            return count_molecules(Path(file))
        if suffix == ".npy" and os.path.getsize(file) < _LARGE:
            return None
        return rows.count_rows(Path(file), reading)
    except (OSError, ValueError):
        return None


def sample_kind(file: str, array: str | None = None, labels: str | None = None) -> Kind:
    """Which kind of sample a file holds, by its suffix, or by the shape of an array.

    Raises
    ------
    InputError
        If it is an array of shape (m, n), which may be m signals or one image.
    FileError
        If the suffix is not supported, or the array can't be read or has another number of axes.
    """
    from scatter.io.rows import array_shape

    suffix = os.path.splitext(file)[1].lower()
    if suffix not in ARRAY_SUFFIXES:
        check_suffix(file, SUFFIXES)
        return next(kind for kind, suffixes in _MATCHING.items() if suffix in suffixes)
    return "signal" if ndim_of(file, array_shape(Path(file), array, labels)) == 1 else "image"


def _matching_suffix(file: str, kind: Kind) -> str:
    """Suffix of a file, refused unless samples of this kind are read from such files."""
    suffix = os.path.splitext(file)[1].lower()
    for other, suffixes in _MATCHING.items():
        if suffix in suffixes - ARRAY_SUFFIXES - _MATCHING[kind]:
            name = "sound" if other == "signal" else other
            raise FileError(
                f"{file}: is a file of kind {name}, but the transform is of samples of kind {kind}"
            )
    return check_suffix(file, _MATCHING[kind])
