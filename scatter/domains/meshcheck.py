"""What makes a triangle mesh usable: every check names the faces it found, and most can be repaired."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from scatter.errors import InputError
from scatter.numerics.plain import plain_numpy

Points = NDArray[np.float64]
Faces = NDArray[np.int64]

SLIVER = 1e-12
"""A face is degenerate where twice its area is at most this share of its longest edge squared."""

REPAIR = "type Mesh(vertices, faces, repair=True) to {}, or clean the mesh first"


def checked_vertices(vertices: Any) -> Points:
    """Positions as float64 of shape (n, 3), all finite."""
    try:
        points = np.array(plain_numpy(vertices, "vertices"), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"vertices must be numbers of shape (n, 3): {error}") from None
    if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0:
        raise InputError(f"vertices must have shape (n, 3), got {points.shape}")
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        raise InputError(
            f"{named('vertex', 'vertices', bad)} NaN or infinite; remove them and the faces that use them"
        )
    check_extent(points, "vertices")
    return points


MOST_EXTENT = 1e100
"""Largest coordinate: areas and their products must be finite."""


def check_extent(points: Points, what: str) -> None:
    """Refuse coordinates whose areas would overflow."""
    if (largest := float(np.abs(points).max())) > MOST_EXTENT:
        raise InputError(
            f"the {what} reach {largest:.3g}, at most {MOST_EXTENT:g} is allowed; scale them down, such as "
            f"by {what} / np.abs({what}).max()"
        )


def checked_faces(faces: Any, n: int) -> Faces:
    """Corners of triangles as int64 of shape (m, 3), within the vertices."""
    given = plain_numpy(faces, "faces")
    if given.ndim != 2 or given.shape[1] != 3 or len(given) == 0:
        raise InputError(
            f"faces must have shape (m, 3), three vertices a triangle, got {given.shape}; "
            "split quads and polygons into triangles first"
        )
    if given.dtype.kind not in "iu" and not (given.dtype.kind == "f" and np.all(given == np.floor(given))):
        raise InputError(f"faces must hold integers, got dtype {given.dtype}")
    corners = np.array(given, dtype=np.int64)
    bad = np.flatnonzero(((corners < 0) | (corners >= n)).any(axis=1))
    if len(bad):
        one_based = corners.min() == 1 and corners.max() == n
        hint = "; they count from 1, type faces - 1" if one_based else f", e.g. {corners[bad[0]].tolist()}"
        raise InputError(f"{named('face', 'faces', bad)} out of range: vertices are 0 to {n - 1}{hint}")
    return corners


def degenerate(vertices: Points, faces: Faces) -> NDArray[np.int64]:
    """Faces without area: a vertex twice, or three vertices in a line."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    twice = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    longest = np.max([((p - q) ** 2).sum(1) for p, q in ((a, b), (b, c), (c, a))], axis=0)
    return np.flatnonzero(twice <= SLIVER * longest)


def duplicates(faces: Faces) -> NDArray[np.int64]:
    """Faces whose three vertices an earlier face has, in any order."""
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    return np.setdiff1d(np.arange(len(faces)), first)


def crowded(faces: Faces, n: int) -> NDArray[np.int64]:
    """Faces at an edge that two earlier faces share already."""
    key = edge_keys(faces, n)
    order = np.argsort(key, kind="stable")
    ranked = key[order]
    third = np.zeros(len(key), dtype=bool)
    third[2:] = ranked[2:] == ranked[:-2]
    return np.unique(order[third] // 3)


def isolated(faces: Faces, n: int) -> NDArray[np.int64]:
    """Vertices that no face uses."""
    return np.flatnonzero(np.bincount(faces.ravel(), minlength=n) == 0)


def edge_keys(faces: Faces, n: int) -> NDArray[np.int64]:
    """One number an undirected edge, for the edges (k, k+1) of every face, shape (3 m,)."""
    tail, head = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    return np.minimum(tail, head) * n + np.maximum(tail, head)


def refuse(vertices: Points, faces: Faces) -> None:
    """Raise `InputError` on the first thing that is wrong with a mesh, naming where."""
    n = len(vertices)
    for found, what, remedy in (
        (degenerate(vertices, faces), "without area", "merge vertices and drop them"),
        (duplicates(faces), "a repetition of other faces", "drop them"),
        (crowded(faces, n), "a third one at an edge (non-manifold)", "drop them"),
    ):
        if len(found):
            raise InputError(f"{named('face', 'faces', found)} {what}; {REPAIR.format(remedy)}")
    alone = isolated(faces, n)
    if len(alone):
        remedy = REPAIR.format("drop them, and index signals by mesh.kept")
        raise InputError(f"{named('vertex', 'vertices', alone)} in no face; {remedy}")


def same_places(vertices: Points) -> NDArray[np.int64]:
    """Of every vertex, the first one that lies at the same place, shape (n,)."""
    _, first, group = np.unique(vertices + 0.0, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[group.ravel()])


def merged(vertices: Points, faces: Faces) -> tuple[Points, Faces]:
    """A mesh whose vertices at the same place are one vertex, in the order of the first of them."""
    first = same_places(vertices)
    kept = np.unique(first)
    return vertices[kept], np.searchsorted(kept, first)[faces]


def repaired(vertices: Points, faces: Faces) -> tuple[Points, Faces, NDArray[np.int64]]:
    """Merge vertices, drop what `refuse` refuses, and turn the faces to one side.

    Returns
    -------
    vertices, faces
        The mesh that is left.
    kept : ndarray of shape (n_left,)
        Its vertices among those that were given.
    """
    faces = same_places(vertices)[faces]
    for find in (
        lambda f: degenerate(vertices, f),
        duplicates,
        lambda f: crowded(f, len(vertices)),
    ):
        faces = np.delete(faces, find(faces), axis=0)
    if len(faces) == 0:
        raise InputError("no face is left after the repair: every face was degenerate or repeated")
    kept = np.unique(faces)
    place = np.zeros(len(vertices), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    sides = orientation(place[faces], len(kept))
    faces = place[faces] if sides is None else np.where(sides[:, None], place[faces][:, ::-1], place[faces])
    return vertices[kept], faces, kept


def orientation(faces: Faces, n: int) -> NDArray[np.bool_] | None:
    """Which faces to flip so that neighbours agree, as few as may be; None on a one-sided surface.

    Every face is two nodes, one a side; neighbours are joined side to side. A component that holds both
    sides of a face is a Moebius strip.
    """
    m = len(faces)
    key = edge_keys(faces, n)
    forward = (faces < np.roll(faces, -1, axis=1)).ravel()
    order = np.argsort(key, kind="stable")
    pairs = np.flatnonzero(key[order][1:] == key[order][:-1])
    one, other = order[pairs], order[pairs + 1]
    agree = forward[one] != forward[other]
    f, g = one // 3, other // 3
    tails = np.concatenate([f, f + m])
    heads = np.concatenate([np.where(agree, g, g + m), np.where(agree, g + m, g)])
    graph = scipy.sparse.coo_array((np.ones(len(tails)), (tails, heads)), shape=(2 * m, 2 * m))
    _, label = connected_components(graph, directed=False)
    if np.any(label[:m] == label[m:]):
        return None
    pair = np.minimum(label[:m], label[m:])
    flip: NDArray[np.bool_] = label[:m] != pair
    most = np.bincount(pair, flip)[pair] * 2 > np.bincount(pair)[pair]
    return np.asarray(flip ^ most)


def named(one: str, many: str, found: NDArray[np.int64]) -> str:
    """Render as "faces 3, 5, 8 and 4 more are"."""
    if len(found) == 1:
        return f"{one} {found[0]} is"
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return f"{many} {', '.join(map(str, found[:5]))}{more} are"
