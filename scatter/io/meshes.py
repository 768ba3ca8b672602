"""Triangle meshes from files."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from scatter.domains.mesh import Mesh
from scatter.domains.meshcheck import checked_faces, checked_vertices, merged
from scatter.errors import FileError, InputError, MissingExtraError, ScatterWarning
from scatter.io.files import reason
from scatter.io.geometry import MESH_FORMATS, load_geometry


def read_mesh(path: str | os.PathLike[str], *, repair: bool = False, merge: bool | None = None) -> Mesh:
    r"""Read a triangle mesh; polygons are split into triangles.

    Parameters
    ----------
    path : str or path-like
        A file in a format that its suffix names: ``.obj``, ``.ply``, ``.off``, ``.stl``, ``.glb`` or
        ``.gltf``. Several objects in one file become one mesh. Only the geometry in the file itself is read:
        no materials, no pictures, and no other files that it names.
    repair : bool, default=False
        As in `Mesh`; so are files that store every triangle by itself (``.stl``).
    merge : bool, optional
        Whether vertices at the very same place become one, which closes the seams along which files for
        drawing are torn: a vertex has several places in a picture there, or several normals. By default
        they do, with a `ScatterWarning` where this makes the vertices fewer. With False they are those of
        the file, for numbers at vertices that were computed elsewhere; then no triangle beyond a seam is
        a neighbour. The vertices of an ``.obj`` are its lines ``v``.

    Returns
    -------
    Mesh

    Warns
    -----
    ScatterWarning
        If vertices are merged and ``merge`` did not ask for it.

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
        vertices, faces, suffix = load_geometry(file, MESH_FORMATS, "meshes")
    except (FileError, MissingExtraError):
        raise
    except Exception as error:
        raise FileError(f"{file}: can't be read as a mesh: {reason(error)}") from error
    if not len(faces):
        raise FileError(f"{file}: holds no triangle")
    given = len(vertices)
    try:
        if (repair := repair or suffix == "stl") or merge is False:
            return Mesh(vertices, faces, repair=repair)
        points = checked_vertices(vertices)
        mesh = Mesh(*merged(points, checked_faces(faces, given)))
    except InputError as error:
        raise FileError(f"{file}: {str(error).replace('Mesh(vertices, faces', 'read_mesh(path')}") from error
    if merge is None and len(mesh) < given:
        warnings.warn(
            f"{file}: {given - len(mesh)} of {given} vertices lie where another one does, and were merged "
            "with it; type read_mesh(path, merge=True) if this is right, merge=False to keep them",
            ScatterWarning,
            stacklevel=2,
        )
    return mesh
