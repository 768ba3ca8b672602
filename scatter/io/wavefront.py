"""Vertices and faces of Wavefront's .obj, numbered as the file numbers them."""

from __future__ import annotations

from itertools import pairwise
from typing import IO, TYPE_CHECKING, NoReturn

import numpy as np

from scatter.errors import FileError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


def read_obj(
    stream: IO[bytes], file: str | os.PathLike[str]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Read the lines ``v`` and ``f``, and nothing else.

    A corner ``3/7/2`` names a vertex, a place in a picture and a normal. Where the surface is cut for the
    picture, a vertex has several places in it; readers that draw make several vertices of it, which tears
    the surface. Here the first number alone counts.

    Parameters
    ----------
    stream : binary file
        The open file.
    file : path-like
        Its name, for messages.

    Returns
    -------
    vertices : ndarray of shape (n, 3)
        In the order of the lines ``v``.
    faces : ndarray of int64, shape (m, 3)
        Corners from 0; polygons are split into a fan of triangles.

    Raises
    ------
    FileError
        Naming the line that is damaged, or refers to a vertex that is not there.
    """
    vertices: list[Sequence[float]] = []
    faces: list[tuple[int, int, int]] = []
    for number, line in _lines(stream):
        words = line.split()
        if words[0] == b"v":
            try:
                x, y, z = map(float, words[1:4])
            except ValueError:
                _fail(file, number, line, "is no vertex of three numbers")
            vertices.append((x, y, z))
        else:
            try:
                corners = [int(word.partition(b"/")[0]) for word in words[1:]]
            except ValueError:
                _fail(file, number, line, "is no face of numbers of vertices")
            if len(corners) < 3:
                _fail(file, number, line, "is a face of less than three corners")
            if not min(corners) >= -len(vertices) or 0 in corners:
                _fail(file, number, line, f"names a vertex that is none of the {len(vertices)} before it")
            # A negative number counts backwards from the last vertex so far.
            first, *others = (corner - 1 if corner > 0 else len(vertices) + corner for corner in corners)
            faces.extend((first, second, third) for second, third in pairwise(others))
    if faces and max(map(max, faces)) >= len(vertices):
        raise FileError(
            f"{file}: a face names vertex {max(map(max, faces)) + 1}, but there are {len(vertices)}"
        )
    return (
        np.array(vertices, dtype=np.float64).reshape(-1, 3),
        np.array(faces, dtype=np.int64).reshape(-1, 3),
    )


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines of vertices and of faces with their numbers; a backslash at the end goes on in the next one."""
    number, text = 1, b""
    for place, raw in enumerate(stream, 1):
        line = raw.rstrip(b"\r\n")
        number, text = (number, text + b" " + line) if text else (place, line)
        if text.endswith(b"\\"):
            text = text[:-1]
            continue
        if text.lstrip()[:2] in (b"v ", b"f ", b"v\t", b"f\t"):
            yield number, text.partition(b"#")[0]
        text = b""


def _fail(file: str | os.PathLike[str], number: int, line: bytes, what: str) -> NoReturn:
    said = line.decode("utf-8", "replace").strip()
    raise FileError(f"{file}: line {number}: {said[:60]!r} {what}")


__all__ = ["read_obj"]
