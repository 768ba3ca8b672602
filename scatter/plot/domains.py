"""Functions on surfaces and on graphs, drawn into axes."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from numpy.typing import NDArray

from scatter.domains.mesh import Mesh
from scatter.plot.canvas import MUTED, bare

Values = NDArray[np.float64]
LIGHT = np.array([0.35, 0.4, 0.85])
"""Where light comes from: to the right, above, and in front."""
SHADE = 0.45
"""Brightness of what no light falls on."""
VIEW = np.array([[0.9, 0.43, 0.0], [-0.14, 0.3, 0.94], [0.41, -0.85, 0.33]])
"""Right, up and towards the viewer, about: along the second axis from a little above."""


def view() -> Values:
    """Orthonormal right, up, and towards the viewer."""
    u, _, v = np.linalg.svd(VIEW)
    return np.asarray(u @ v)


def draw_mesh(ax: Axes, mesh: Mesh, values: Values, *, cmap: str = "viridis", limits: Any = None) -> None:
    """The faces of a mesh that are turned to us, far ones first, in the colours of a function, with a light.

    Parameters
    ----------
    ax : matplotlib Axes
    mesh : Mesh
    values : ndarray of shape (n,)
        A number a vertex.
    cmap : str
    limits : (float, float), optional
        What the ends of the colour map stand for; None is the values' own.
    """
    corners = (mesh.vertices @ view().T)[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    seen = np.flatnonzero(normals[:, 2] > 0)
    seen = seen[np.argsort(corners[seen, :, 2].mean(axis=1))]
    low, high = limits or (float(values.min()), float(values.max()))
    shares = (values[mesh.faces[seen]].mean(axis=1) - low) / max(high - low, 1e-300)
    colours = matplotlib.colormaps[cmap](np.clip(shares, 0, 1))
    light = SHADE + (1 - SHADE) * np.maximum(normals[seen] @ (LIGHT / np.linalg.norm(LIGHT)), 0)
    colours[:, :3] *= light[:, None]
    # Edges of the colour of their faces hide the seams between them.
    ax.add_collection(
        PolyCollection(list(corners[seen, :, :2]), facecolors=colours, edgecolors=colours, linewidths=0.3)
    )
    _fit(ax, corners[..., :2].reshape(-1, 2))


def draw_arrows(
    ax: Axes, mesh: Mesh, vectors: Values, *, colour: str, length: float, every: int = 1, head: bool = True
) -> None:
    """Vectors at the vertices that are turned to us.

    Parameters
    ----------
    ax : matplotlib Axes
    mesh : Mesh
    vectors : ndarray of shape (n, 3)
    colour : str
    length : float
        Of the longest arrow, in the unit of the mesh.
    every : int
        One vertex in so many has an arrow.
    head : bool
        Whether arrows have heads.
    """
    turned, normals, arrows = (one @ view().T for one in (mesh.vertices, mesh.normals, vectors))
    seen = np.flatnonzero(normals[:, 2] > 0.15)[::every]
    longest = np.linalg.norm(vectors, axis=1).max()
    x, y = turned[seen, :2].T
    dx, dy = (length / max(longest, 1e-300) * arrows[seen, :2]).T
    heads: dict[str, Any] = {"headwidth": 4}
    if not head:
        heads = {"headwidth": 0, "headlength": 0, "headaxislength": 0}
    units: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1}
    ax.quiver(x, y, dx, dy, color=colour, width=0.008, **units, **heads)


def draw_graph(ax: Axes, adjacency: Any, places: Values, values: Values, *, cmap: str = "viridis") -> None:
    """Nodes in the colours of a signal, and the edges between them.

    Parameters
    ----------
    ax : matplotlib Axes
    adjacency : sparse array of shape (n, n)
    places : ndarray of shape (n, 2)
        Where nodes are drawn.
    values : ndarray of shape (n,)
    cmap : str
    """
    rows, columns = adjacency.nonzero()
    lines = places[np.stack([rows, columns], axis=1)[rows < columns]]
    ax.add_collection(LineCollection(list(lines), colors=MUTED, linewidths=0.6, zorder=1))
    x, y = places.T
    ax.scatter(x, y, c=values, cmap=cmap, s=28, zorder=2, edgecolors="white", linewidths=0.5)
    _fit(ax, places)


def _fit(ax: Axes, points: Values) -> None:
    """All points in view, at the same scale along both axes."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.04 * float((high - low).max())
    ax.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin), aspect="equal")
    bare(ax)


__all__ = ["draw_arrows", "draw_graph", "draw_mesh"]
