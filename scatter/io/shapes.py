"""Meshes, clouds of points and graphs, one of them a file, as pieces."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.domains.pointcloud import PointCloud
from scatter.errors import FileError, InputError, MissingExtraError
from scatter.io.files import reason
from scatter.io.geometry import POINT_FORMATS, load_geometry
from scatter.io.graphs import read_graph
from scatter.io.meshes import read_mesh
from scatter.io.reading import Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from scatter.io.reading import Reading


def pieces(
    file: Path, start: int, stop: int | None, reading: Reading, at_most: int
) -> Iterator[Callable[[], Piece]]:
    """Read a mesh, a cloud of points or a graph as one piece of one sample.

    Parameters
    ----------
    file : Path
        In a format of `scatter.io.meshes.read_mesh`, which merges vertices at the same place, of
        `read_points` or of `scatter.io.graphs.read_graph`.
    start, stop, at_most : int, None, int
        Have no meaning where a file is a sample: 0, None and any number.
    reading : Reading
        Its ``kind`` chooses: 'mesh', 'points' or 'graph'.

    Yields
    ------
    callable
        Returns a `Piece` whose samples are a list of one `Mesh`, `PointCloud` or `Graph`.

    Raises
    ------
    FileError
        From the callable, if the file is not such a thing.

    Examples
    --------
    >>> from pathlib import Path
    >>> from scatter.io.reading import Reading
    >>> for read in pieces(Path("bunny.ply"), 0, None, Reading("mesh"), 64):  # doctest: +SKIP
    ...     print(read().samples)
    [Mesh(2503 vertices, 4968 faces, with boundary)]
    """
    read: dict[str, Callable[[Path], Any]] = {
        "mesh": partial(read_mesh, merge=True),
        "points": read_points,
        "graph": read_graph,
    }
    yield partial(_whole, read[reading.kind], file)


def _whole(read: Callable[[Path], Any], file: Path) -> Piece:
    return Piece([read(file)], np.zeros(1, dtype=np.int64))


def read_points(path: str | os.PathLike[str]) -> PointCloud:
    r"""Read the positions of a cloud of points, or the vertices of a mesh.

    Parameters
    ----------
    path : str or path-like
        A ``.ply``, ``.obj``, ``.off``, ``.stl`` or ``.xyz`` file; its faces, colours and normals are left
        out. Files that store every triangle by itself (``.stl``) have their vertices merged.

    Returns
    -------
    PointCloud

    Raises
    ------
    FileError
        If the file is not there, can't be decoded, or holds less than 5 points, points that are not finite,
        or the same one twice.
    MissingExtraError
        If trimesh is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "five.xyz")
    ...     _ = file.write_text("0 0 0\n1 0 0\n0 1 0\n0 0 1\n1 1 1\n")
    ...     read_points(file)
    PointCloud(5 points)
    """
    file = Path(path)
    try:
        points, _, suffix = load_geometry(file, POINT_FORMATS, "points")
    except (FileError, MissingExtraError):
        raise
    except Exception as error:
        raise FileError(f"{file}: can't be read as points: {reason(error)}") from error
    if suffix == "ply":
        _check_declared(file, points)
    try:
        return PointCloud(np.unique(points, axis=0) if suffix == "stl" else points)
    except InputError as error:
        raise FileError(f"{file}: {error}") from error


def _check_declared(file: Path, points: NDArray[np.float64]) -> None:
    # trimesh takes the lines that are there.
    with open(file, "rb") as stream:
        for line in stream:
            words = line.split()
            if words[:2] == [b"element", b"vertex"] and len(words) == 3:
                if words[2].isdigit() and int(words[2]) > len(points):
                    raise FileError(
                        f"{file}: is truncated: {len(points)} of {int(words[2])} points are there"
                    )
                return
            if words == [b"end_header"]:
                return
