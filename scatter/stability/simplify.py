"""Meshes with fewer vertices: vertices move onto neighbours, one after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scatter.domains.mesh import Mesh
from scatter.errors import InputError

Points = NDArray[np.float64]
FLATTEST = 0.2
"""Cosine between the normals of a face before and after a collapse, at least: nothing is folded over."""

THINNEST = 0.02
"""Twice the area of a face over the square of its longest side, at least."""


def simplified(mesh: Mesh, fewer: int, rng: np.random.Generator) -> tuple[Mesh, NDArray[np.int64]]:
    """A mesh with so many vertices less, which ones by chance, and the vertices that are left.

    A vertex is moved onto a neighbour, and the two faces between them vanish, where the surface stays the
    same as a topological one: the two have exactly the two neighbours in common that those faces have.
    Vertices on a boundary stay.

    Raises
    ------
    InputError
        If there are no more vertices that may go.

    References
    ----------
    Hoppe, DeRose, Duchamp, McDonald & Stuetzle, "Mesh optimization", SIGGRAPH 1993, section 4: collapses
    that keep the topology.
    """
    surface = _Surface(mesh)
    gone = np.zeros(len(mesh), dtype=bool)
    boundary = mesh.boundary
    left = fewer
    while left:
        before = left
        for vertex in rng.permutation(np.flatnonzero(~gone & ~boundary)).tolist():
            if left and surface.collapse(vertex):
                gone[vertex] = True
                left -= 1
        if left == before:
            raise InputError(
                f"{fewer} of {len(mesh)} vertices can't be taken away without another topology, "
                f"{fewer - left} can; type a smaller strength of decimation"
            )
    kept = np.flatnonzero(~gone)
    faces = np.asarray([face for face in surface.faces if face is not None], np.int64)
    return Mesh(mesh.vertices[kept], (np.cumsum(~gone) - 1)[faces]), kept


class _Surface:
    """Faces by number, None once they are gone, and those at each vertex."""

    def __init__(self, mesh: Mesh) -> None:
        self.vertices = mesh.vertices
        self.faces: list[tuple[int, int, int] | None] = [(a, b, c) for a, b, c in mesh.faces.tolist()]
        self.around: list[set[int]] = [set() for _ in range(len(mesh))]
        for number, face in enumerate(mesh.faces.tolist()):
            for corner in face:
                self.around[corner].add(number)

    def neighbours(self, vertex: int) -> set[int]:
        """Vertices that share a face."""
        found = {corner for number in self.around[vertex] for corner in self.faces[number] or ()}
        return found - {vertex}

    def collapse(self, vertex: int) -> bool:
        """Move a vertex onto the nearest neighbour that it may be moved onto; whether there is one."""
        ring = self.neighbours(vertex)
        at = self.vertices
        nearest = sorted(ring, key=lambda other: float(np.sum((at[other] - at[vertex]) ** 2)))
        for other in nearest:
            common = ring & self.neighbours(other)
            if len(ring) > 3 and len(common) == 2 and self._moves(vertex, other):
                return True
        return False

    def _moves(self, vertex: int, other: int) -> bool:
        """Move a vertex onto another, unless a face would turn over."""
        moved = {}
        for number in self.around[vertex]:
            face = self.faces[number]
            assert face is not None
            if other in face:
                continue
            a, b, c = (other if corner == vertex else corner for corner in face)
            before, after = self._normal(face), self._normal((a, b, c))
            if before @ after <= FLATTEST * np.sqrt((before @ before) * (after @ after)):
                return False
            sides = self.vertices[[a, b, c]] - self.vertices[[b, c, a]]
            if after @ after <= (THINNEST * (sides**2).sum(axis=1).max()) ** 2:
                return False
            moved[number] = (a, b, c)
        for number in self.around[vertex] - set(moved):
            for corner in self.faces[number] or ():
                if corner != vertex:
                    self.around[corner].discard(number)
            self.faces[number] = None
        for number, face in moved.items():
            self.faces[number] = face
            self.around[other].add(number)
        self.around[vertex] = set()
        return True

    def _normal(self, face: tuple[int, int, int]) -> Points:
        a, b, c = (self.vertices[corner] for corner in face)
        u, v = b - a, c - a  # NumPy's cross product takes ten times as long for so few numbers
        return np.array([u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]])


__all__ = ["simplified"]
