"""Geometry alone out of a file of meshes or points: no materials, no pictures, no other files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from scatter.errors import FileError, missing_extra
from scatter.io.files import regular_file
from scatter.io.gltf import check_glb, check_gltf
from scatter.io.wavefront import read_obj

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

MESH_FORMATS = ("obj", "ply", "off", "stl", "glb", "gltf")
POINT_FORMATS = ("ply", "obj", "off", "stl", "xyz")

_MATERIALS = ("ply", "glb", "gltf")
_CHECKS = {"glb": check_glb, "gltf": check_gltf}


class _Nothing:
    """What trimesh asks for the files that a file names: there are none.

    A file of geometry may name any other, which would be read and, if it is a picture, decoded.
    """

    def get(self, name: object) -> NoReturn:
        """Refuse."""
        raise FileNotFoundError(f"it refers to another file, {name!r}; only what is in the file is read")

    __getitem__ = get

    def keys(self) -> tuple[str, ...]:
        """No names."""
        return ()

    def namespaced(self, namespace: str) -> _Nothing:
        """The same for a subfolder."""
        return self


class Geometry(NamedTuple):
    """What a file holds."""

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    suffix: str
    """In small letters, without the dot."""


def load_geometry(path: str | os.PathLike[str], known: Sequence[str], what: str) -> Geometry:
    """Read the vertices and faces of a file, and nothing else.

    Parameters
    ----------
    path : str or path-like
        The file.
    known : sequence of str
        Suffixes that are allowed, without their dots.
    what : {'meshes', 'points'}
        For messages.

    Returns
    -------
    Geometry
        Without faces if ``what`` is 'points'.

    Raises
    ------
    FileError
        If the file is missing, empty, not of these formats, or declares far more than it holds.
    MissingExtraError
        If trimesh is not installed.
    Exception
        Whatever trimesh raises for a damaged file.
    """
    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix == "obj":
        with open(file := regular_file(path), "rb") as stream:
            return Geometry(*read_obj(stream, file), suffix)
    trimesh = require_trimesh(f"reading a file of {what}")
    file = regular_file(path)
    if suffix not in known:
        raise FileError(f"{file}: is not of a known format of {what}, which are {', '.join(known)}")
    with open(file, "rb") as stream:
        if (check := _CHECKS.get(suffix)) is not None:
            check(stream, file)
            stream.seek(0)
        options = {"skip_materials": True} if suffix in _MATERIALS else {}
        scene = trimesh.load_scene(
            stream, file_type=suffix, resolver=_Nothing(), allow_remote=False, process=False, **options
        )
    if what == "points":
        parts = [np.asarray(part.vertices, dtype=np.float64) for part in scene.geometry.values()]
        return Geometry(np.concatenate(parts) if parts else np.empty((0, 3)), np.empty((0, 3), int), suffix)
    mesh = scene.to_mesh()
    return Geometry(np.asarray(mesh.vertices), np.asarray(mesh.faces), suffix)


def require_trimesh(purpose: str) -> Any:
    """Import trimesh, or say what to install for this purpose."""
    try:
        import trimesh
    except ImportError as error:
        raise missing_extra("trimesh", "mesh", purpose) from error
    return trimesh
