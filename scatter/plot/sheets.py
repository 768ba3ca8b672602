"""Contact sheets of the coefficients of an image."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from scatter.paths import Path
from scatter.plot.canvas import blank, colour_bar, degrees, direction_name, dress, sequential
from scatter.plot.checks import Real

Coefficients = dict[Path, Real]
"""What is known of each path."""
Edge = tuple[int, str]
"""Rank and name of a row or column of a sheet."""

FROM = "of the frequency (degrees from the first axis)"
WIDTH, HEIGHT = 7.2, 8.0
"""Of all the sheets in a new figure, at most, inches."""
GAMMA = 0.5
"""Exponent by which weak coefficients are lifted."""


def draw(found: Coefficients, order: int, fig: Figure | None) -> Figure:
    """One sheet; or at order 2 one for each pair of scales, on and above the diagonal of a grid."""
    families: dict[tuple[int, ...], Coefficients] = {}
    for path, u in found.items():
        families.setdefault(path.j if order == 2 else (), {})[path] = u
    first, second = sorted({j[:-1] for j in families}), sorted({j[-1:] for j in families})
    slope = _slope(families, len(first), len(second))
    across = min(WIDTH, HEIGHT / slope)
    fig = blank(fig, max(4.0, 1.3 + across), max(2.0, 0.5 + 0.5 * len(first) + across * slope), "compressed")
    grid = fig.add_gridspec(len(first), len(second))
    images: list[AxesImage] = []
    for j, family in families.items():
        place = first.index(j[:-1]), second.index(j[-1:])
        ax = fig.add_subplot(grid[place])
        images.append(sheet(ax, family))
        label(ax, next(iter(family.items())), edge=place[0] == place[1])
    if order:
        peak = max(float(u.max()) for u in found.values()) or 1.0
        for image in images:
            image.set_norm(PowerNorm(GAMMA, 0, peak))
    name = "coefficient (units of x)"
    if len(first) == 1:
        colour_bar(fig, images[0], fig.axes[0], name)
    else:
        corner = fig.add_subplot(grid[len(first) - 1, 0])
        corner.set_axis_off()
        colour_bar(fig, images[0], corner, name, box=(0.0, 0.4, 1.0, 0.06), orientation="horizontal")
    return fig


def _slope(families: dict[tuple[int, ...], Coefficients], down: int, across: int) -> float:
    """Height of all the sheets divided by their width."""
    family = next(iter(families.values()))
    high, wide = next(iter(family.values())).shape
    rows, columns = len(set(map(row, family))), len(set(map(column, family)))
    return float(down * high * rows / (across * wide * columns))


def row(path: Path) -> Edge:
    """Where a map stands down its sheet: the scale, or the first of two directions."""
    if path.order == 0:
        return 0, ""
    band = path.bands[0]
    return (band.j, f"j={band.j}") if path.order == 1 else (band.n, f"{degrees(band):.3g}°")


def column(path: Path) -> Edge:
    """Where a map stands along its sheet: the last direction."""
    if path.order == 0:
        return 0, ""
    band = path.bands[-1]
    return band.label("theta") or 0, direction_name(band) if path.order == 1 else f"{degrees(band):.3g}°"


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


def label(ax: Axes, example: tuple[Path, Real], *, edge: bool) -> None:
    """Title and axis labels; away from the edge of a grid of sheets, only the title."""
    path, u = example
    size = f"{u.shape[0]} × {u.shape[1]} points"
    x = y = ""
    if path.order == 0:
        title = f"Order 0: x*phi, {size}"
    elif path.order == 1:
        title, x, y = f"Order 1: |x*psi[j,θ]|*phi, maps of {size}", f"direction θ {FROM}", "scale j (octaves)"
    else:
        title = f"j={path.j[0]}, then j={path.j[1]}"
        x, y = ("second direction (degrees)", "first direction (degrees)") if edge else ("", "")
    dress(ax, title, x, y)
    ax.tick_params(length=0, labelleft=edge, labelbottom=edge)
    ax.tick_params(axis="x", rotation=90 if path.order == 2 else 0)
    ax.spines[:].set_visible(False)
