"""The scattering disk: coefficients laid over the frequency plane."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Wedge
from matplotlib.patheffects import withStroke

from scatter.paths import Path
from scatter.plot.canvas import INK, PALE, bare, blank, colour_bar, degrees, dress, sequential, show_image
from scatter.plot.checks import check_one, check_transform, prepare
from scatter.transforms.scattering2d import Scattering2D

SMALL: dict[str, Any] = {"fontsize": 6, "ha": "center", "va": "center"}


@dataclass(frozen=True)
class Sector:
    """Part of a disk of radius 1: from and to in radius, from and to in degrees, anticlockwise from east."""

    inner: float
    outer: float
    start: float
    end: float

    def wedges(self) -> list[Wedge]:
        """The sector and its image by half a turn."""
        width = self.outer - self.inner
        turns = (0.0, 180.0)
        return [Wedge((0, 0), self.outer, self.start + t, self.end + t, width=width) for t in turns]


def scattering_disk(transform: Scattering2D, x: Any, *, fig: Figure | None = None) -> Figure:
    """Draw the mean coefficients of an image over the disk of frequencies.

    Order 1: one ring a scale, low frequencies near the centre, and one sector a direction of the
    frequency, drawn as the image is seen; every coefficient stands at two opposite sectors. Order 2:
    each of these sectors divided by the second scale along the radius, low frequencies inside, and by
    the second direction along the angle, the first one's own direction in the middle; values are
    divided by their parent's of order 1.

    Parameters
    ----------
    transform : Scattering2D
        Seen without logarithm.
    x : array of shape (M, N)
        One real image.
    fig : matplotlib.figure.Figure, optional
        An empty figure to draw into; a new one by default.

    Returns
    -------
    matplotlib.figure.Figure
        The image, order 1 in the units of x, and order 2 where the transform has it.

    Raises
    ------
    InputError
        If the transform isn't one of images or ``x`` isn't one image.

    References
    ----------
    Bruna & Mallat, "Invariant scattering convolution networks", IEEE TPAMI 35(8), 2013, figures 3 and 5.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import Scattering2D
    >>> from scatter.plot import scattering_disk
    >>> x = np.random.default_rng(0).normal(size=(16, 16))
    >>> len(scattering_disk(Scattering2D(J=2, L=4), x).axes)
    3
    """
    transform = check_transform(transform, Scattering2D, "scattering_disk")
    x = check_one(x, 2, "scattering_disk")
    transform = prepare(transform, x, 1, "scattering_disk", pooling="mean")
    paths = transform.tree.paths
    means = dict(zip((path.n for path in paths), map(float, transform(x)), strict=True))
    first = {path: means[path.n] for path in paths if path.order == 1}
    second = {path: _ratio(means[path.n], means[path.n[:1]]) for path in paths if path.order == 2}
    fig = blank(fig, 10.5 if second else 7.0, 3.4)
    axes = fig.subplots(1, 3 if second else 2)
    show_image(axes[0], x, f"Image, {x.shape[0]} × {x.shape[1]} pixels")
    size = transform.J, transform.L
    draw_disk(fig, axes[1], first, size, "Order 1, mean", "coefficient (units of x)", "; rings: scale j")
    if second:
        draw_disk(fig, axes[2], second, size, "Order 2, mean divided by that of order 1", "ratio (no unit)")
    name_rings(axes[1], list(first), size)
    return fig


def _ratio(value: float, parent: float) -> float:
    return value / parent if parent > 0 else 0.0


def draw_disk(
    fig: Figure,
    ax: Axes,
    values: dict[Path, float],
    size: tuple[int, int],
    title: str,
    unit: str,
    note: str = "",
) -> None:
    """Coloured sectors of all the paths, each twice, half a turn apart."""
    wedges: list[Wedge] = []
    colours: list[float] = []
    for path, value in values.items():
        found = [wedge for sector in sectors(path, *size) for wedge in sector.wedges()]
        wedges += found
        colours += [value] * len(found)
    disk = PatchCollection(wedges, cmap=sequential(), edgecolor="face", linewidth=0.2)
    disk.set_array(np.asarray(colours))
    if min(colours) == max(colours):
        disk.set_clim(0, max(colours) or 1.0)
    ax.add_patch(Circle((0, 0), 1, facecolor=PALE, edgecolor="none"))
    ax.add_collection(disk)
    parents = {path.bands[0]: Path(path.bands[:1]) for path in values}.values()
    edges = [wedge for path in parents for sector in sectors(path, *size) for wedge in sector.wedges()]
    ax.add_collection(PatchCollection(edges, facecolor="none", edgecolor="white", linewidth=0.5))
    for turn in range(0, 360, 45):
        along, name = math.radians(turn), f"{(turn - 1) % 180 - 89}°"
        ax.text(1.1 * math.cos(along), 1.1 * math.sin(along), name, **SMALL, color=INK)
    ax.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal")
    dress(ax, title, f"direction of the frequency (degrees){note}")
    bare(ax)
    colour_bar(fig, disk, ax, unit, box=(1.03, 0.1, 0.035, 0.8))


def name_rings(ax: Axes, first: list[Path], size: tuple[int, int]) -> None:
    """Scale of every ring, along the direction that goes to the right."""
    rings = {path.j[0]: sectors(path, *size)[0] for path in first}
    for j, ring in rings.items():
        text = ax.text((ring.inner + ring.outer) / 2, 0, f"{j}", **SMALL, color="white")
        text.set_path_effects([withStroke(linewidth=1.5, foreground=INK)])


def sectors(path: Path, J: int, L: int) -> list[Sector]:
    """Where a path of order 1 or 2 stands on the disk, over half a turn.

    Parameters
    ----------
    path : Path
        Bands with angles.
    J, L : int
        Number of scales, and of directions over half a turn.

    Returns
    -------
    list of Sector
        Two halves, at both ends of its parent, for a second direction at a right angle to the first.
    """
    first, *rest = path.bands
    middle, half = degrees(first) - 90, 90 / L
    outer, inner = 2 ** (-first.j / 2), 2 ** (-(first.j + 1) / 2)
    if not rest:
        return [Sector(inner, outer, middle - half, middle + half)]
    step = (outer - inner) / (J - 1 - first.j)
    top = outer - (rest[0].j - first.j - 1) * step
    offset = (degrees(rest[0]) - degrees(first) + 90 + 1e-6) % 180 - 90
    found = []
    for centre in (offset / L, offset / L + 180 / L):
        start, end = max(centre - half / L, -half), min(centre + half / L, half)
        if end - start > 1e-3 * half / L:
            found.append(Sector(top - step, top, middle + start, middle + end))
    return found
