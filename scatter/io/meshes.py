"""Triangle meshes from files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from scatter.domains.mesh import Mesh
from scatter.errors import FileError, InputError, MissingExtraError
from scatter.io.files import reason
from scatter.io.geometry import MESH_FORMATS, load_geometry


def read_mesh(path: str | os.PathLike[str], *, repair: bool = False) -> Mesh:
    r"""Read a triangle mesh; polygons are split into triangles.

    Parameters
    ----------
    path : str or path-like
        A file in a format that its suffix names: ``.obj``, ``.ply``, ``.off``, ``.stl``, ``.glb`` or
        ``.gltf``. Several objects in one file become one mesh. Only the geometry in the file itself is read:
        no materials, no pictures, and no other files that it names.
    repair : bool, default=False
        As in `Mesh`. Files that store every triangle by itself (``.stl``) have their vertices merged
        anyway.

    Returns
    -------
    Mesh

    Raises
    ------
    FileError
        If the file is not there, can't be decoded, declares far more than it holds, holds no triangle, or is
        not a usable mesh; the message names the file, and the faces.
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
    file = Path(path)
    try:
        scene, suffix = load_geometry(file, MESH_FORMATS, "meshes")
        loaded = scene.to_mesh()
        vertices, faces = np.asarray(loaded.vertices), np.asarray(loaded.faces)
    except (FileError, MissingExtraError):
        raise
    except Exception as error:
        raise FileError(f"{file}: can't be read as a mesh: {reason(error)}") from error
    if not len(faces):
        raise FileError(f"{file}: holds no triangle")
    try:
        return Mesh(vertices, faces, repair=repair or suffix == "stl")
    except InputError as error:
        raise FileError(f"{file}: {str(error).replace('Mesh(vertices, faces', 'read_mesh(path')}") from error
