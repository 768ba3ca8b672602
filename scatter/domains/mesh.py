"""Triangle meshes: geometry, cotangent Laplacian and lumped mass."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from scatter.domains.meshcheck import Faces, Points, checked_faces, checked_vertices, refuse, repaired
from scatter.errors import InputError, missing_extra

LAPLACIANS = ("cotan", "intrinsic_delaunay")


class Mesh:
    """A triangle mesh, with or without boundary, that can't be changed.

    Parameters
    ----------
    vertices : array of shape (n, 3)
        Positions, in any unit of length.
    faces : array of int of shape (m, 3)
        Corners of the triangles, counted from 0.
    repair : bool, default=False
        Merge vertices at the same place; drop faces without area, repetitions, third faces at an
        edge and unused vertices; turn the faces to one side. Otherwise all of that but the side is refused.

    Attributes
    ----------
    vertices, faces : ndarray, read-only
        As given, or repaired.
    kept : ndarray of int of shape (n,)
        The vertices among those that were given; a signal for the given ones is indexed by it.

    Raises
    ------
    InputError
        If a position is not finite, or a face is out of range, degenerate, repeated or non-manifold;
        the message names the faces.

    Notes
    -----
    ``laplacian`` is the positive semi-definite cotangent matrix L with
    ``x^T L x = integral |grad x|^2`` for functions that are linear on faces, and ``mass`` gives every
    vertex a third of the area of its faces, so eigenvalues of ``L u = lambda M u`` are in 1 / length^2.

    References
    ----------
    Pinkall & Polthier, "Computing discrete minimal surfaces and their conjugates", Experimental
    Mathematics 2(1), 1993, eq. 6. Sharp & Crane, "A Laplacian for nonmanifold triangle meshes",
    Computer Graphics Forum 39(5), 2020, for ``intrinsic_delaunay``.

    Examples
    --------
    >>> from scatter.domains.shapes import icosphere
    >>> mesh = icosphere(2)
    >>> mesh
    Mesh(162 vertices, 320 faces, closed)
    >>> round(mesh.area / (4 * 3.141592653589793), 3)
    0.981
    """

    def __init__(self, vertices: Any, faces: Any, *, repair: bool = False) -> None:
        points = checked_vertices(vertices)
        corners = checked_faces(faces, len(points))
        kept = np.arange(len(points))
        if repair:
            points, corners, kept = repaired(points, corners)
        else:
            refuse(points, corners)
        for name, value in (("vertices", points), ("faces", corners), ("kept", kept)):
            value.flags.writeable = False
            object.__setattr__(self, name, value)

    vertices: Points
    faces: Faces
    kept: NDArray[np.int64]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Mesh can't be changed; make a new one (tried to set {name!r})")

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("vertices", "faces", "kept")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __len__(self) -> int:
        return len(self.vertices)

    def __repr__(self) -> str:
        edge = "with boundary" if self.boundary.any() else "closed"
        return f"Mesh({len(self)} vertices, {len(self.faces)} faces, {edge})"

    # ------------------------------------------------------------------ measures
    @cached_property
    def _sides(self) -> tuple[Points, Points]:
        """The two edges that leave each corner of each face, (m, 3, 3) each."""
        corners = self.vertices[self.faces]
        return np.roll(corners, -1, axis=1) - corners, np.roll(corners, -2, axis=1) - corners

    @cached_property
    def _cross_and_dot(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Twice the area, and the scalar product of the sides, of every corner, (m, 3) each."""
        one, two = self._sides
        return np.linalg.norm(np.cross(one, two), axis=2), np.einsum("mki,mki->mk", one, two)

    @property
    def areas(self) -> NDArray[np.float64]:
        """Area of every face, shape (m,)."""
        return self._cross_and_dot[0][:, 0] / 2

    @property
    def area(self) -> float:
        """Area of the surface."""
        return float(self.areas.sum())

    @property
    def angles(self) -> NDArray[np.float64]:
        """Interior angle of every corner, radians, shape (m, 3)."""
        return np.arctan2(*self._cross_and_dot)

    @cached_property
    def normals(self) -> Points:
        """Unit normals of the vertices, weighted by the angles of their faces, shape (n, 3)."""
        one, two = self._sides
        faces = np.cross(one[:, 0], two[:, 0])
        faces /= np.linalg.norm(faces, axis=1, keepdims=True)
        weighted = self.angles[:, :, None] * faces[:, None, :]
        total = np.stack([self._gather(weighted[:, :, k]) for k in range(3)], axis=1)
        return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-300))

    @cached_property
    def boundary(self) -> NDArray[np.bool_]:
        """Whether a vertex lies on the boundary, shape (n,)."""
        n = len(self)
        tail, head = self.faces.ravel(), np.roll(self.faces, -1, axis=1).ravel()
        low, high = np.minimum(tail, head), np.maximum(tail, head)
        _, first, count = np.unique(low * n + high, return_index=True, return_counts=True)
        once = first[count == 1]
        edge = np.zeros(n, dtype=bool)
        edge[tail[once]] = edge[head[once]] = True
        return edge

    def _gather(self, corners: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over the corners at each vertex, (m, 3) -> (n,)."""
        return np.asarray(np.bincount(self.faces.ravel(), corners.ravel(), minlength=len(self)), np.float64)

    # ------------------------------------------------------------------ operators
    @cached_property
    def mass(self) -> NDArray[np.float64]:
        """Area of every vertex, a third of its faces', shape (n,)."""
        return self._gather(np.repeat(self.areas[:, None] / 3, 3, axis=1))

    @cached_property
    def half_cotangents(self) -> NDArray[np.float64]:
        """Half the cotangent of the angle opposite the edge (k, k+1) of each face, shape (m, 3)."""
        cross, dot = self._cross_and_dot
        return np.roll(dot / cross, -2, axis=1) / 2

    @cached_property
    def laplacian(self) -> Any:
        """Cotangent Laplacian, sparse of shape (n, n), symmetric, constants in its kernel."""
        tail, head = self.faces.ravel(), np.roll(self.faces, -1, axis=1).ravel()
        weight = self.half_cotangents.ravel()
        rows, columns = np.concatenate([tail, head]), np.concatenate([head, tail])
        values = np.concatenate([weight, weight])
        entries = (np.concatenate([-values, values]), (np.tile(rows, 2), np.concatenate([columns, rows])))
        return scipy.sparse.csr_array(entries, shape=(len(self), len(self)))

    def operators(self, laplacian: str = "cotan") -> tuple[Any, NDArray[np.float64]]:
        """Laplacian and lumped mass.

        Parameters
        ----------
        laplacian : {'cotan', 'intrinsic_delaunay'}
            The second one flips edges in the surface until no weight is negative; it needs the extra
            ``mesh``.

        Returns
        -------
        stiffness : sparse array of shape (n, n)
        mass : ndarray of shape (n,)
        """
        if laplacian == "cotan":
            return self.laplacian, self.mass
        if laplacian != "intrinsic_delaunay":
            allowed = " or ".join(map(repr, LAPLACIANS))
            raise InputError(f"laplacian must be {allowed}, got {laplacian!r}")
        robust = require_robust("laplacian='intrinsic_delaunay'")
        # No mollification: it moves the eigenvalues of good meshes, and faces without area are refused.
        stiffness, mass = robust.mesh_laplacian(self.vertices, self.faces, mollify_factor=0.0)
        return scipy.sparse.csr_array(stiffness), mass.diagonal()


def require_robust(purpose: str) -> Any:
    """Import robust_laplacian, or say what to install for a purpose."""
    try:
        import robust_laplacian
    except ImportError as error:
        raise missing_extra("robust_laplacian", "mesh", purpose) from error
    return robust_laplacian
