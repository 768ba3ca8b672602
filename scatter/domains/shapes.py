"""Meshes in closed form: spheres, ellipsoids, tori, boxes, grids."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from scatter.domains.mesh import Mesh
from scatter.domains.meshcheck import Faces, Points
from scatter.errors import InputError


def icosphere(subdivisions: int = 3, axes: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Mesh:
    """Sphere or ellipsoid: an icosahedron, each face cut in four so many times, projected outwards.

    Parameters
    ----------
    subdivisions : int
        0 or more; there are ``10 * 4**subdivisions + 2`` vertices.
    axes : (float, float, float)
        Half axes.

    Examples
    --------
    >>> icosphere(4)
    Mesh(2562 vertices, 5120 faces, closed)
    """
    if subdivisions < 0:
        raise InputError(f"subdivisions must be 0 or more, got {subdivisions}")
    vertices, faces = _icosahedron()
    for _ in range(subdivisions):
        vertices, faces = _split(vertices, faces)
        vertices /= np.linalg.norm(vertices, axis=1, keepdims=True)
    return Mesh(vertices * np.asarray(axes), faces)


def torus(major: float = 1.0, minor: float = 0.4, around: int = 60, across: int = 24) -> Mesh:
    """Torus with its axis along z.

    Parameters
    ----------
    major, minor : float
        Radii of the ring and of its section.
    around, across : int
        Vertices along each, at least 3.

    Examples
    --------
    >>> torus()
    Mesh(1440 vertices, 2880 faces, closed)
    """
    u, v = np.meshgrid(*(2 * np.pi * np.arange(k) / k for k in (around, across)), indexing="ij")
    ring = major + minor * np.cos(v)
    points = np.stack([ring * np.cos(u), ring * np.sin(u), minor * np.sin(v)], axis=-1)
    i, j = np.meshgrid(np.arange(around) * across, np.arange(across), indexing="ij")
    down, right = np.roll(i, -1, axis=0), np.roll(j, -1, axis=1)
    return Mesh(points.reshape(-1, 3), _quads(i + j, down + j, down + right, i + right))


def box(sides: tuple[float, float, float] = (1.0, 1.0, 1.0), cells: int = 12) -> Mesh:
    """Closed box, every side cut into ``cells`` by ``cells`` squares.

    Examples
    --------
    >>> box(cells=4)
    Mesh(98 vertices, 192 faces, closed)
    """
    flat = np.arange(cells + 1) / cells - 0.5
    u, v = np.meshgrid(flat, flat, indexing="ij")
    points: list[Points] = []
    faces: list[Faces] = []
    for axis, sign in itertools.product(range(3), (-1, 1)):
        side = np.full((cells + 1, cells + 1, 3), 0.5 * sign)
        side[..., (axis + 1) % 3], side[..., (axis + 2) % 3] = (u, v) if sign > 0 else (v, u)
        faces.append(_patch(cells + 1, cells + 1) + len(points) * (cells + 1) ** 2)
        points.append(side.reshape(-1, 3))
    return Mesh(np.concatenate(points) * np.asarray(sides), np.concatenate(faces), repair=True)


def sheet(width: float = 1.0, height: float = 1.0, columns: int = 20, rows: int = 20) -> Mesh:
    """Flat rectangle in the plane z = 0, with a boundary.

    Examples
    --------
    >>> sheet(columns=3, rows=3)
    Mesh(16 vertices, 18 faces, with boundary)
    """
    along, up = width * np.arange(columns + 1) / columns, height * np.arange(rows + 1) / rows
    x, y = np.meshgrid(along, up, indexing="ij")
    points = np.stack([x, y, 0 * x], axis=-1)
    return Mesh(points.reshape(-1, 3), _patch(columns + 1, rows + 1))


def _patch(rows: int, columns: int) -> Faces:
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    here = i * columns + j
    return _quads(here, here + columns, here + columns + 1, here + 1)


def _quads(*corners: NDArray[np.int64]) -> Faces:
    a, b, c, d = (corner.ravel() for corner in corners)
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


def _icosahedron() -> tuple[Points, Faces]:
    t = (1 + 5**0.5) / 2
    corners: list[tuple[float, float, float]] = [
        (-1, t, 0),
        (1, t, 0),
        (-1, -t, 0),
        (1, -t, 0),
        (0, -1, t),
        (0, 1, t),
    ]
    corners += [(0, -1, -t), (0, 1, -t), (t, 0, -1), (t, 0, 1), (-t, 0, -1), (-t, 0, 1)]
    faces = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4)]
    faces += [(11, 10, 2), (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8)]
    faces += [(3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    vertices = np.asarray(corners, dtype=np.float64)
    return vertices / np.linalg.norm(vertices, axis=1, keepdims=True), np.asarray(faces, dtype=np.int64)


def _split(vertices: Points, faces: Faces) -> tuple[Points, Faces]:
    """Cut every face in four at the middles of its edges."""
    edges = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    unique, middle = np.unique(edges, axis=0, return_inverse=True)
    x, y, z = (middle.reshape(-1, 3)[:, k] + len(vertices) for k in range(3))
    a, b, c = faces.T
    parts = [(a, x, z), (b, y, x), (c, z, y), (x, y, z)]
    return (
        np.concatenate([vertices, vertices[unique].mean(axis=1)]),
        np.concatenate([np.stack(part, axis=1) for part in parts]),
    )
