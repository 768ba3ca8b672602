"""Tangent frames of a mesh, and its connection Laplacian."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from scatter.domains.mesh import Mesh
from scatter.domains.meshcheck import Points, named, orientation
from scatter.errors import InputError
from scatter.numerics.plain import plain_numpy


class Tangents:
    """A frame of the tangent plane at every vertex of a mesh, and how vectors are carried between them.

    The angles of the faces around a vertex inside of the surface are rescaled to add up to 2 pi, and
    counted from one of its edges, the first axis of its frame. Around a vertex on the boundary, which
    need not close up, angles stay what they are, so that a flat sheet stays flat.

    Parameters
    ----------
    mesh : Mesh
        With faces all turned to one side, and one fan of faces around every vertex.
    gauge : array of shape (n,), optional
        Angles in radians by which the frames are turned; nothing that is scattered depends on them.

    Raises
    ------
    InputError
        If the faces are not turned to one side, or fans of faces touch in a vertex alone; both are named.

    References
    ----------
    Knoeppel, Crane, Pinkall & Schroeder, "Globally optimal direction fields", ACM Transactions on Graphics
    32(4), 2013, section 6.1. Sharp, Soliman & Crane, "The vector heat method", ACM Transactions on Graphics
    38(3), 2019, sections 5.2 and 5.3.

    Examples
    --------
    >>> from scatter.domains.shapes import icosphere
    >>> tangents = Tangents(icosphere(2))
    >>> east = np.cross([0, 0, 1], tangents.mesh.vertices)
    >>> z = tangents.project(east)
    >>> bool(np.abs(tangents.ambient(z) - east).max() < 0.01)
    True
    """

    def __init__(self, mesh: Mesh, gauge: Any = None) -> None:
        self.mesh = mesh
        self.gauge = np.zeros(len(mesh)) if gauge is None else plain_numpy(gauge, "gauge").astype(np.float64)
        if self.gauge.shape != (len(mesh),):
            raise InputError(
                f"gauge must have shape ({len(mesh)},), an angle a vertex, got {self.gauge.shape}"
            )

    # ------------------------------------------------------------------ angles around the vertices
    @cached_property
    def _ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Tail and head of the half-edge (k, k+1) of every face, shape (3 m,) each."""
        faces = self.mesh.faces
        return faces.ravel(), np.roll(faces, -1, axis=1).ravel()

    def _twins(self) -> NDArray[np.int64]:
        """The half-edge that runs the other way, or -1 on the boundary."""
        tail, head = self._ends
        n = len(self.mesh)
        key, opposite = tail * n + head, head * n + tail
        order = np.argsort(key, kind="stable")
        ranked = key[order]
        repeated = np.flatnonzero(ranked[1:] == ranked[:-1])
        if len(repeated):
            found = np.unique(order[repeated + 1] // 3)
            self._refuse_sides(found)
        place = np.minimum(np.searchsorted(ranked, opposite), len(key) - 1)
        return np.where(ranked[place] == opposite, order[place], -1)

    def _refuse_sides(self, found: NDArray[np.int64]) -> None:
        flips = orientation(self.mesh.faces, len(self.mesh))
        if flips is None:
            raise InputError(
                "the surface has one side only, as a Moebius strip: tangent frames can't turn one way"
            )
        raise InputError(
            f"{named('face', 'faces', found)} not turned to the side of the neighbours; "
            "type Mesh(vertices, faces, repair=True) to turn them"
        )

    @cached_property
    def _turns(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Angle of each half-edge in the frame of its tail, and of its reverse in that of its head."""
        tail, _ = self._ends
        count = np.arange(len(tail))
        following = count - count % 3 + (count + 1) % 3
        twin, corner = self._twins(), self.mesh.angles.ravel()
        # The half-edge before this one around the tail: it leaves along the face on the other side.
        before = np.where(twin >= 0, following[np.maximum(twin, 0)], -1)
        # A closed fan is cut at its first half-edge; an open one begins at the boundary.
        _, first = np.unique(tail, return_index=True)
        inside = ~self.mesh.boundary[tail[first]]
        before[first[inside]] = -1
        self._refuse_fans(tail, before)
        angle = np.where(before >= 0, corner[np.maximum(before, 0)], 0.0)
        # Sums along the fans by pointer doubling: every round looks twice as far back.
        for _ in range(int(np.bincount(tail).max()).bit_length()):
            known = before >= 0
            angle[known] += angle[before[known]]
            before[known] = before[before[known]]
        if np.any(before >= 0):
            self._touching(np.unique(tail[before >= 0]))
        around = np.bincount(tail, corner, minlength=len(self.mesh))
        scale = np.where(self.mesh.boundary, 1.0, 2 * np.pi / around)[tail]
        return angle * scale, ((angle + corner) * scale)[following]

    def _refuse_fans(self, tail: NDArray[np.int64], before: NDArray[np.int64]) -> None:
        fans = np.bincount(tail[before < 0], minlength=len(self.mesh))
        if np.any(fans > 1):
            self._touching(np.flatnonzero(fans > 1))

    def _touching(self, found: NDArray[np.int64]) -> None:
        raise InputError(
            f"{named('vertex', 'vertices', found)} where parts of the surface touch in a point, without one "
            "tangent plane; give each part a vertex of its own"
        )

    # ------------------------------------------------------------------ what is built on them
    @cached_property
    def laplacian(self) -> Any:
        """Connection Laplacian, sparse, complex Hermitian and positive semi-definite, shape (n, n).

        ``C_ii = sum w_ij`` and ``C_ij = -w_ij exp(i (theta_ij - theta_ji + pi))`` with cotangent weights.
        """
        tail, head = self._ends
        leaving, arriving = self._turns
        n, weight = len(self.mesh), self.mesh.half_cotangents.ravel()
        carry = np.exp(1j * (leaving - arriving + np.pi + self.gauge[head] - self.gauge[tail]))
        rows = np.concatenate([tail, head, tail, head])
        columns = np.concatenate([head, tail, tail, head])
        values = np.concatenate([-weight * carry, -weight * carry.conj(), weight, weight])
        return scipy.sparse.csr_array((values, (rows, columns)), shape=(n, n))

    @cached_property
    def axes(self) -> tuple[Points, Points]:
        """The two unit axes of every frame, (n, 3) each; the normal completes them to a right-handed frame.

        Angles within the surface are not quite those of the edges seen along the normal. The axes are
        turned such that both agree on average over the edges, which no single edge decides.
        """
        tail, head = self._ends
        leaving, _ = self._turns
        normals, vertices = self.mesh.normals, self.mesh.vertices
        edges = vertices[head] - vertices[tail]
        first = np.empty_like(vertices)
        zero = np.flatnonzero(leaving == 0)
        first[tail[zero]] = edges[zero]
        first -= normals * (first * normals).sum(axis=1, keepdims=True)
        first /= np.linalg.norm(first, axis=1, keepdims=True)
        second = np.cross(normals, first)
        seen = (edges * first[tail]).sum(axis=1) + 1j * (edges * second[tail]).sum(axis=1)
        excess = seen / np.maximum(np.abs(seen), 1e-300) * np.exp(-1j * leaving)
        real, imaginary = (np.bincount(tail, part) for part in (excess.real, excess.imag))
        turn = np.arctan2(imaginary, real) + self.gauge
        cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
        return cos * first + sin * second, cos * second - sin * first

    def project(self, vectors: Any) -> NDArray[np.complex128]:
        """Vectors in space as complex numbers, (..., n, 3) -> (..., n); the normal part is dropped."""
        vectors = plain_numpy(vectors, "vectors")
        first, second = self.axes
        return np.asarray((vectors * first).sum(axis=-1) + 1j * (vectors * second).sum(axis=-1))

    def ambient(self, z: Any) -> Points:
        """Complex numbers in the frames as vectors in space, (..., n) -> (..., n, 3)."""
        z = plain_numpy(z, "the complex numbers")[..., None]
        first, second = self.axes
        return np.asarray(z.real * first + z.imag * second)
