"""Triangle meshes from files: obj, ply, off, stl and what else trimesh reads."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from scatter.domains.mesh import Mesh
from scatter.errors import FileError, InputError, missing_extra
from scatter.io.files import reason, regular_file


def read_mesh(path: str | os.PathLike[str], *, repair: bool = False) -> Mesh:
    r"""Read a triangle mesh; polygons are split into triangles.

    Parameters
    ----------
    path : str or path-like
        A file in a format that its suffix names: ``.obj``, ``.ply``, ``.off``, ``.stl``, ``.glb`` and
        others. Several objects in one file become one mesh.
    repair : bool, default=False
        As in `Mesh`. Files that store every triangle by itself (``.stl``) have their vertices merged
        anyway.

    Returns
    -------
    Mesh

    Raises
    ------
    FileError
        If the file is not there, can't be decoded, holds no triangle, or is not a usable mesh; the
        message names the file, and the faces.
    MissingExtraError
        If trimesh is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from scatter.io.meshes import read_mesh
    >>> text = "OFF\n4 4 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 2 1\n3 0 1 3\n3 0 3 2\n3 1 2 3\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "tetrahedron.off")
    ...     _ = file.write_text(text)
    ...     read_mesh(file)
    Mesh(4 vertices, 4 faces, closed)
    """
    trimesh = require_trimesh("reading a mesh file")
    file = regular_file(path)
    known = sorted(trimesh.exchange.load.mesh_formats())
    suffix = file.suffix.lower().lstrip(".")
    if suffix not in known:
        raise FileError(f"{file}: is not of a known format of meshes, which are {', '.join(known)}")
    try:
        loaded = trimesh.load(str(file), process=False, force="mesh")
        vertices, faces = np.asarray(loaded.vertices), np.asarray(loaded.faces)
    except Exception as error:
        raise FileError(f"{file}: can't be read as a mesh: {reason(error)}") from error
    if not len(faces):
        raise FileError(f"{file}: holds no triangle")
    try:
        return Mesh(vertices, faces, repair=repair or suffix == "stl")
    except InputError as error:
        raise FileError(f"{file}: {str(error).replace('Mesh(vertices, faces', 'read_mesh(path')}") from error


def require_trimesh(purpose: str) -> Any:
    """Import trimesh, or say what to install for this purpose."""
    try:
        import trimesh
    except ImportError as error:
        raise missing_extra("trimesh", "mesh", purpose) from error
    return trimesh
