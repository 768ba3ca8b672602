"""Contact sheets of the coefficients of an image."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from scatter.paths import Band, Path
from scatter.plot.canvas import bare, blank, colour_bar, dress, sequential
from scatter.plot.checks import Real

Coefficients = dict[Path, Real]
"""What is known of each path."""
Edge = tuple[int, str]
"""Rank and name of a row or column of a sheet."""

FROM_FIRST_AXIS = "(degrees from the first axis)"


def draw(found: Coefficients, order: int, fig: Figure | None) -> Figure:
    """One sheet; or at order 2 one for each pair of scales, on and above the diagonal of a grid."""
    families: dict[tuple[int, ...], Coefficients] = {}
    for path, u in found.items():
        families.setdefault(path.j if order == 2 else (), {})[path] = u
    first, second = sorted({j[:-1] for j in families}), sorted({j[-1:] for j in families})
    high, wide = next(iter(found.values())).shape
    across = len({column(path) for path in found}) * wide * len(second)
    down = len({row(path) for path in found}) * high * len(first)
    fig = blank(fig, 8.5, min(0.9 + 7.0 * down / across, 16.0))
    grid = fig.add_gridspec(len(first), len(second))
    images: list[AxesImage] = []
    for j, family in families.items():
        place = first.index(j[:-1]), second.index(j[-1:])
        ax = fig.add_subplot(grid[place])
        images.append(sheet(ax, family))
        label(ax, next(iter(family)), (high, wide), edge=place[0] == place[1])
    if order:
        peak = max(float(u.max()) for u in found.values())
        for image in images:
            image.set_clim(0, peak or 1.0)
    colour_bar(fig, images[0], fig.axes, "coefficient (units of x)")
    return fig


def row(path: Path) -> Edge:
    """Where a map stands down its sheet: the scale, or the first of two directions."""
    if path.order == 0:
        return 0, ""
    band = path.bands[0]
    return (band.j, f"j={band.j}") if path.order == 1 else (band.n, f"{degrees(band):g}°")


def column(path: Path) -> Edge:
    """Where a map stands along its sheet: the last direction."""
    if path.order == 0:
        return 0, ""
    theta = path.bands[-1].label("theta") or 0
    name = f"{degrees(path.bands[-1]):.3g}°"
    return theta, f"θ={theta}\n{name}" if path.order == 1 else name


def degrees(band: Band) -> float:
    """Direction of the frequency, from the first axis of the image towards the second."""
    return math.degrees(band.angle or 0.0)


def sheet(ax: Axes, family: Coefficients) -> AxesImage:
    """Maps on a grid of rows and columns, named along the edges."""
    high, wide = next(iter(family.values())).shape
    rows, columns = sorted(set(map(row, family))), sorted(set(map(column, family)))
    values = np.full((len(rows) * high, len(columns) * wide), np.nan)
    for path, u in family.items():
        i, k = rows.index(row(path)), columns.index(column(path))
        values[i * high : (i + 1) * high, k * wide : (k + 1) * wide] = u
    colours = sequential() if next(iter(family)).order else "gray"
    image = ax.imshow(values, cmap=colours, interpolation="nearest")
    bottom, right = values.shape[0] - 0.5, values.shape[1] - 0.5
    ax.hlines(np.arange(1, len(rows)) * high - 0.5, -0.5, right, color="white", linewidth=0.8)
    ax.vlines(np.arange(1, len(columns)) * wide - 0.5, -0.5, bottom, color="white", linewidth=0.8)
    ax.set_yticks((np.arange(len(rows)) + 0.5) * high - 0.5, [name for _, name in rows])
    ax.set_xticks((np.arange(len(columns)) + 0.5) * wide - 0.5, [name for _, name in columns])
    return image


def label(ax: Axes, path: Path, size: tuple[int, int], *, edge: bool) -> None:
    """Title and axis labels; on the inner sheets of a grid, only the title."""
    high, wide = size
    if path.order == 0:
        dress(ax, f"Order 0: x*phi, {high} × {wide} points")
    elif path.order == 1:
        title = f"Order 1: |x*psi[j,θ]|*phi, maps of {high} × {wide} points"
        dress(ax, title, f"direction θ of the frequency {FROM_FIRST_AXIS}", "scale j (octaves)")
    else:
        dress(ax, f"||x*psi[j={path.j[0]},θ]|*psi[j={path.j[1]},θ']|*phi")
        if edge:
            ax.set(
                xlabel=f"second direction θ' {FROM_FIRST_AXIS}", ylabel=f"first direction θ {FROM_FIRST_AXIS}"
            )
    bare(ax) if path.order == 0 else ax.tick_params(length=0, labelleft=edge, labelbottom=edge)
    ax.spines[:].set_visible(False)
