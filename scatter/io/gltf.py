"""What a glTF file declares, added up before anything of it is built: a few bytes may stand for gigabytes."""

from __future__ import annotations

import json
import struct
from typing import IO, TYPE_CHECKING, Any

from scatter.errors import FileError
from scatter.io.files import reason

if TYPE_CHECKING:
    from pathlib import Path

MOST_DEPTH = 256
"""Nodes from a root to a leaf; placing a node takes a product of matrices for each above it."""

MOST_PLACED = 2**14
"""Parts of meshes that are placed in the scene, each some objects of Python."""

_FREE, _SHARE = 2**27, 32
"""Bytes that a file may declare: so many in any case, or so many times what it has."""

_COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_VERTEX = 24


def check_glb(stream: IO[bytes], file: Path) -> None:
    """Refuse a .glb that declares far more than it holds.

    Parameters
    ----------
    stream : binary file
        At its beginning.
    file : Path
        For messages.

    Raises
    ------
    FileError
        If it does, or if its header is damaged.
    """
    head = stream.read(20)
    if len(head) < 20 or head[:4] != b"glTF":
        raise FileError(f"{file}: can't be read as a mesh: it does not begin as a .glb does")
    _check(stream.read(struct.unpack("<I", head[12:16])[0]), file)


def check_gltf(stream: IO[bytes], file: Path) -> None:
    """Refuse a .gltf that declares far more than it holds; see `check_glb`."""
    _check(stream.read(), file)


def _check(text: bytes, file: Path) -> None:
    try:
        header = json.loads(text)
        most = max(_FREE, _SHARE * file.stat().st_size)
        declared = _arrays(header)
        if declared <= most:
            placed, size = _placed(header)
            if placed > MOST_PLACED:
                raise FileError(f"{file}: places {placed} parts of meshes, at most {MOST_PLACED} are read")
            declared = size
        if declared > most:
            raise FileError(
                f"{file}: declares {declared} bytes of geometry in a file of {file.stat().st_size}, "
                f"at most {most} are read"
            )
    except FileError:
        raise
    except _Deep as error:
        raise FileError(f"{file}: {error}") from error
    except Exception as error:
        # Its numbers and names may be anything.
        raise FileError(
            f"{file}: can't be read as a mesh: its header is damaged: {type(error).__name__}: {reason(error)}"
        ) from error


class _Deep(Exception):  # noqa: N818
    """Nodes are no tree, or too deep a one."""


def _arrays(header: dict[str, Any]) -> int:
    """Bytes of all views and arrays, each of which is a copy."""
    views = sum(abs(int(view["byteLength"])) for view in header.get("bufferViews", ()))
    arrays = sum(abs(int(one["count"])) * _COMPONENTS[one["type"]] * 4 for one in header.get("accessors", ()))
    return views + arrays


def _placed(header: dict[str, Any]) -> tuple[int, int]:
    """How many parts of meshes the nodes of the scene place, and their bytes."""
    accessors, nodes = header.get("accessors", ()), header.get("nodes", ())
    sizes = []
    for mesh in header.get("meshes", ()):
        parts = mesh["primitives"]
        used = [[part["attributes"].get("POSITION"), part.get("indices")] for part in parts]
        counts = (int(accessors[one]["count"]) for pair in used for one in pair if one is not None)
        sizes.append((len(parts), _VERTEX * sum(counts)))
    # Built whether it is placed or not.
    placed, size = sum(parts for parts, _ in sizes), sum(one for _, one in sizes)
    roots = [root for scene in header.get("scenes", ()) for root in scene.get("nodes", ())]
    seen: set[int] = set()
    level, depth = roots, 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise _Deep(f"its nodes are more than {MOST_DEPTH} deep, or go round in a circle")
        following = []
        for node in level:
            if depth > 1 and node in seen:
                raise _Deep(f"node {node} is in more than one place, where nodes must be a tree")
            seen.add(node)
            following += nodes[node].get("children", ())
            if "mesh" in nodes[node]:
                parts, one = sizes[nodes[node]["mesh"]]
                placed, size = placed + parts, size + one
        level = following
    return placed, size
