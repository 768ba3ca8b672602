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

from scatter.paths import Band, Path
from scatter.plot.canvas import PALE, bare, blank, colour_bar, dress, sequential, show_image
from scatter.plot.checks import check_one, check_transform, prepare
from scatter.transforms.scattering2d import Scattering2D


@dataclass(frozen=True)
class Sector:
    """Part of a disk of radius 1: from and to in radius, from and to in degrees, anticlockwise from east."""

    inner: float
    outer: float
    start: float
    end: float


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
    5
    """
    transform = check_transform(transform, Scattering2D, "scattering_disk")
    x = check_one(x, 2, "scattering_disk")
    transform = prepare(transform, x, 1, "scattering_disk", pooling="mean")
    paths = transform.tree.paths
    means = dict(zip((path.n for path in paths), map(float, transform(x)), strict=True))
    first = {path: means[path.n] for path in paths if path.order == 1}
    second = {path: _ratio(means[path.n], means[path.n[:1]]) for path in paths if path.order == 2}
    fig = blank(fig, 10.5 if second else 7.2, 3.5)
    axes = fig.subplots(1, 3 if second else 2)
    show_image(axes[0], x, f"Image, {x.shape[0]} × {x.shape[1]} pixels")
    _draw(fig, axes[1], first, (transform.J, transform.L), "Order 1", "mean coefficient (units of x)")
    if second:
        _draw(
            fig,
            axes[2],
            second,
            (transform.J, transform.L),
            "Order 2, divided by order 1",
            "ratio of means (no unit)",
        )
    return fig


def _ratio(value: float, parent: float) -> float:
    return value / parent if parent > 0 else 0.0


def _draw(
    fig: Figure, ax: Axes, values: dict[Path, float], shape: tuple[int, int], title: str, label: str
) -> None:
    """Coloured sectors of all the paths, each twice, half a turn apart."""
    wedges, colours = [], []
    for path, value in values.items():
        for s in sectors(path, *shape):
            for turn in (0.0, 180.0):
                wedges.append(Wedge((0, 0), s.outer, s.start + turn, s.end + turn, width=s.outer - s.inner))
                colours.append(value)
    disk = PatchCollection(wedges, cmap=sequential(), edgecolor="face", linewidth=0.2)
    disk.set_array(np.asarray(colours))
    disk.set_clim(0, max(colours) or 1.0)
    ax.add_patch(Circle((0, 0), 1, facecolor=PALE, edgecolor="none"))
    ax.add_collection(disk)
    ax.set(xlim=(-1.12, 1.12), ylim=(-1.12, 1.12), aspect="equal")
    dress(ax, title)
    bare(ax)
    colour_bar(fig, disk, ax, label)


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
    middle, half = direction(first) - 90, 90 / L
    outer, inner = 2 ** (-first.j / 2), 2 ** (-(first.j + 1) / 2)
    if not rest:
        return [Sector(inner, outer, middle - half, middle + half)]
    step = (outer - inner) / (J - 1 - first.j)
    top = outer - (rest[0].j - first.j - 1) * step
    offset = (direction(rest[0]) - direction(first) + 90 + 1e-6) % 180 - 90
    found = []
    for centre in (offset / L, offset / L + 180 / L):
        start, end = max(centre - half / L, -half), min(centre + half / L, half)
        if end - start > 1e-3 * half / L:
            found.append(Sector(top - step, top, middle + start, middle + end))
    return found


def direction(band: Band) -> float:
    """Direction of the frequency, degrees from the first axis of the image towards the second."""
    return math.degrees(band.angle or 0.0)
