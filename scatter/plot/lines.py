"""Lines of the coefficients of a signal."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scatter.paths import Path
from scatter.plot.canvas import BLUE, TITLE, blank, dress
from scatter.plot.checks import Real, units
from scatter.transforms.scattering1d import Scattering1D

HEIGHT = 3.0
"""Height of the largest coefficient, in distances between neighbouring lines."""
COLUMNS = 3
"""Panels beside each other, at most."""
NAMED = 10
"""Lines of a panel that have their frequency beside them, at most about."""


def draw(transform: Scattering1D, found: dict[Path, Real], order: int, fig: Figure | None) -> Figure:
    """One panel of lines; or at order 2 one for each second wavelet, from high to low frequency."""
    if order == 0:
        return _average(transform, next(iter(found.values())), fig)
    families: dict[float, dict[Path, Real]] = {}
    for path, u in found.items():
        families.setdefault(path.bands[1].xi if order == 2 else 0.0, {})[path] = u
    rate, second, hertz = units(transform)
    columns = min(COLUMNS, len(families))
    rows = -(-len(families) // columns)
    tallest = max(map(len, families.values()))
    fig = blank(fig, (7.0, 7.0, 9.0)[columns - 1], rows * min(5.0, max(2.2, 1.0 + 0.1 * tallest)))
    axes = fig.subplots(rows, columns, squeeze=False).ravel()
    peak = max(float(u.max()) for u in found.values()) or 1.0
    for ax, xi in zip(axes, sorted(families, reverse=True), strict=False):
        ridge(ax, transform, families[xi], peak)
        title = f"second frequency {xi * rate:.3g} {hertz}" if order == 2 else ""
        dress(
            ax,
            title,
            f"time ({second})",
            f"first frequency ({hertz})" if order == 2 else f"frequency ({hertz})",
        )
    for ax in axes[len(families) :]:
        ax.remove()
    heading = f"Order {order}: {len(found)} paths; the highest peak is {peak:.3g} (units of x)"
    fig.suptitle(heading, fontsize=TITLE, x=0.01, ha="left")
    return fig


def _average(transform: Scattering1D, values: Real, fig: Figure | None) -> Figure:
    """The line of order 0, which has a sign."""
    fig = blank(fig, 7.0, 2.2)
    ax = fig.add_subplot()
    ax.plot(np.asarray(transform.times, dtype=float), values, color=BLUE, linewidth=1.0, label="x*phi")
    dress(ax, "Order 0: x*phi", f"time ({units(transform)[1]})", "coefficient (units of x)")
    return fig


def ridge(ax: Axes, transform: Scattering1D, family: dict[Path, Real], peak: float) -> None:
    """Lines above each other, the high frequencies on top, each hiding what is behind it."""
    rate, _, _ = units(transform)
    times = np.asarray(transform.times, dtype=float)
    paths = sorted(family, key=lambda path: path.bands[0].xi)
    colours = matplotlib.colormaps["viridis"](np.linspace(0.85, 0.0, len(paths)))
    for level, (path, colour) in enumerate(zip(paths, colours, strict=True)):
        height = level + HEIGHT / peak * family[path]
        depth = 2 + len(paths) - level
        ax.fill_between(times, level, height, color="white", linewidth=0, zorder=depth)
        ax.plot(times, height, color=colour, linewidth=0.9, zorder=depth + 0.5, label=str(path))
    step = -(-len(paths) // NAMED)
    named = range((len(paths) - 1) % step, len(paths), step)
    ax.set_yticks(list(named), [f"{paths[level].bands[0].xi * rate:.3g}" for level in named])
    if times.size > 1:
        ax.set_xlim(times[0], times[-1])
