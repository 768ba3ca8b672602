"""The four domains: what moves each, and that coefficients stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from scatter.domains.connection import Tangents
from scatter.domains.mesh import Mesh
from scatter.domains.shapes import icosphere
from scatter.idea.scene import Scene, change, grey, photograph
from scatter.plot.canvas import BLUE, INK, LABEL, VERMILION, bare, blank, dress
from scatter.plot.domains import draw_arrows, draw_graph, draw_mesh
from scatter.stability.grids import Warp
from scatter.stability.space import Bending, Frames
from scatter.stability.spheres import Interpolation, SphericalRotation
from scatter.transforms.graph import GraphScattering
from scatter.transforms.mesh import MeshScattering
from scatter.transforms.scattering2d import Scattering2D
from scatter.transforms.spherical import SphericalScattering
from scatter.transforms.tangent import TangentScattering

L = 24
"""Band limit of the field on the sphere."""
Drawing = Callable[[Axes], None]


@dataclass(frozen=True, eq=False)
class Example:
    """A sample of a domain, the same after something has happened to it, and what is made of both.

    Attributes
    ----------
    domain, event : str
    draw : (callable, callable)
        ``draw[k](ax)`` draws the sample, before and after.
    numbers : (ndarray, ndarray)
        What the sample is as numbers.
    coefficients : (ndarray, ndarray)
        Its scattering.
    """

    domain: str
    event: str
    draw: tuple[Drawing, Drawing]
    numbers: tuple[NDArray[Any], NDArray[Any]]
    coefficients: tuple[NDArray[np.float64], NDArray[np.float64]]


def four_domains(seed: int = 0) -> Scene:
    """A grid, a sphere, a graph, a surface and a tangent field, each before and after.

    Parameters
    ----------
    seed : int
        Of all that is random.
    """
    rng = np.random.default_rng(seed)
    examples = [make(rng) for make in (grid, sphere, graph, surface, tangent_field)]
    fig = blank(None, 10.5, 10.5)
    panels = fig.subplots(len(examples), 3, width_ratios=(1, 1, 1.5))
    numbers: dict[str, float] = {}
    for row, one in zip(panels, examples, strict=True):
        for ax, draw, title in zip(row, one.draw, (one.domain, one.event), strict=False):
            draw(ax)
            ax.set_title(title, fontsize=LABEL, color=INK)
        before, after = one.coefficients
        row[2].semilogy(before, "o", mfc="none", color=BLUE, markersize=4, label="before")
        row[2].semilogy(after, "x", color=VERMILION, markersize=4, label="after")
        moved, stayed = (change(later, first) for first, later in (one.numbers, one.coefficients))
        numbers |= {f"{one.event}: numbers": moved, f"{one.event}: coefficients": stayed}
        dress(row[2], f"numbers change by {moved:.0%}, coefficients by {stayed:.1g}", "", "")
    panels[0][2].legend(fontsize=LABEL, frameon=False)
    text = (
        "Symmetry and scale mean something on every domain. On a grid things move; the sphere has the group "
        "of rotations; the nodes of a graph have no order; a surface has distances along it, and directions "
        "that are numbers only once somebody has chosen axes. Each domain says what a wavelet is: by "
        "translations, by rotations, by diffusion along edges or along a surface, or by carrying vectors "
        "along it. The rest, modulus, averages and paths, is the same code.",
    )
    caption = (
        "Left: a sample of each domain. Middle: what happens to it. Right: coefficients before and after, "
        "and by how much they and the numbers that describe the sample change, relative to their norm."
    )
    return Scene("The four domains", text, {"domains": (fig, caption)}, numbers)


# ---------------------------------------------------------------------- a domain each
def grid(rng: np.random.Generator) -> Example:
    """A photograph that is warped."""
    x = grey(photograph(128))
    (warped,) = Warp()(x[None], 0.4, rng)
    S = Scattering2D(J=5, L=4, shape=x.shape, pooling="mean")
    pictures = (lambda ax: _image(ax, x), lambda ax: _image(ax, warped))
    return Example("grid: an image", "it is warped", pictures, (x, warped), (S(x), S(warped)))


def sphere(rng: np.random.Generator) -> Example:
    """A field on the sphere that turns."""
    degrees = np.arange(L)[:, None]
    a = (rng.standard_normal((L, L)) + 1j * rng.standard_normal((L, L))) / (1 + degrees) ** 1.5
    a = np.where(degrees >= np.arange(L), a, 0)
    a[:, 0] = a[:, 0].real
    (turned,) = SphericalRotation()(a[None], 70, rng)
    ball, values = icosphere(5), Interpolation(L)
    before, after = (_surface(ball, values(one, ball.vertices), "RdBu_r") for one in (a, turned))
    S = SphericalScattering(L=L, sampling="coefficients")
    return Example(
        "group: a field on the sphere", "it turns", (before, after), (a, turned), (S(a), S(turned))
    )


def graph(rng: np.random.Generator) -> Example:
    """A network whose nodes are numbered anew."""
    n, near = 60, 4
    places = rng.random((n, 2))
    _, found = cKDTree(places).query(places, near + 1)
    edges = (np.repeat(np.arange(n), near), found[:, 1:].ravel())
    one_way = sp.csr_array((np.ones(n * near), edges), shape=(n, n))
    adjacency = one_way.maximum(one_way.T)
    x = np.sin(5 * places[:, 0]) + places[:, 1]
    order = rng.permutation(n)
    S = GraphScattering(J=4, graph=adjacency, wavelet="tight", pooling="mean")
    again = GraphScattering(J=4, graph=adjacency[order][:, order], wavelet="tight", pooling="mean")

    def draw(ax: Axes, order: NDArray[np.int64]) -> None:
        draw_graph(ax, adjacency[order][:, order], places[order], x[order])
        for node, place in enumerate(places[order]):
            ax.annotate(str(node), place, fontsize=3.5, ha="center", va="center", color="white", zorder=3)

    pictures = (lambda ax: draw(ax, np.arange(n)), lambda ax: draw(ax, order))
    return Example(
        "graph: a signal on a network",
        "nodes are renumbered",
        pictures,
        (x, x[order]),
        (S(x), again(x[order])),
    )


def surface(rng: np.random.Generator) -> Example:
    """A function on a surface that bends."""
    mesh = _shape()
    x = np.sin(6 * mesh.vertices[:, 2]) * np.cos(4 * mesh.vertices[:, 0])
    (bent,) = Bending()([mesh], 0.5, rng)
    S, again = (MeshScattering(J=4, mesh=one, n_eig=100, pooling="mean") for one in (mesh, bent))
    before, after = (_surface(one, x, "viridis") for one in (mesh, bent))
    return Example(
        "geodesics: a function on a surface",
        "the surface bends",
        (before, after),
        (mesh.vertices, bent.vertices),
        (S(x), again(x)),
    )


def tangent_field(rng: np.random.Generator) -> Example:
    """A tangent field whose axes are chosen anew."""
    mesh = _shape()
    wind = np.cross(mesh.normals, [0.2, 0.1, 1.0]) * (1 + 0.8 * np.sin(4 * mesh.vertices[:, 2:]))
    z = Tangents(mesh).project(wind)
    other, gauge = Frames()((z, np.zeros(len(mesh))), 180, rng)
    S = TangentScattering(J=4, mesh=mesh, n_eig=100, pooling="mean")
    again = TangentScattering(J=4, mesh=mesh, n_eig=100, pooling="mean", gauge=gauge)

    def draw(ax: Axes, angles: Any) -> None:
        draw_mesh(ax, mesh, np.zeros(len(mesh)), cmap="Greys")
        for axis in Tangents(mesh, angles).axes:
            draw_arrows(ax, mesh, axis, colour="0.25", length=0.12, every=3, head=False)
        draw_arrows(ax, mesh, wind, colour=VERMILION, length=0.25, every=3)

    pictures = (lambda ax: draw(ax, None), lambda ax: draw(ax, gauge))
    return Example(
        "gauges: a tangent field, and axes",
        "other axes are chosen",
        pictures,
        (z, other),
        (S(z), again(other)),
    )


def _shape() -> Mesh:
    """A ball with bumps."""
    ball = icosphere(3)
    x, y, z = ball.vertices.T
    return Mesh(
        ball.vertices * (1 + 0.18 * np.sin(3 * x) * np.cos(3 * y) + 0.1 * np.sin(5 * z))[:, None], ball.faces
    )


def _surface(mesh: Mesh, values: NDArray[np.float64], colours: str) -> Drawing:
    return lambda ax: draw_mesh(ax, mesh, values, cmap=colours)


def _image(ax: Axes, x: NDArray[np.float32]) -> None:
    ax.imshow(x, cmap="gray", vmin=0, vmax=1)
    bare(ax)


__all__ = ["Example", "four_domains"]
