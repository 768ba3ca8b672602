"""Lines of the coefficients of a signal."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scatter.paths import Path
from scatter.plot.canvas import BLUE, INK, LABEL, TITLE, blank, dress, plain
from scatter.plot.checks import Real, units
from scatter.transforms.scattering1d import Scattering1D

HEIGHT, LEAST_HEIGHT = 0.1, 2.0
"""Height of the largest coefficient, as a part of the panel, and at least in distances between lines."""
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
    levels = {xi: level for level, xi in enumerate(sorted({path.bands[0].xi for path in found}))}
    rate, second, hertz = units(transform)
    columns = min(COLUMNS, len(families))
    rows = -(-len(families) // columns)
    tall = min(4.5 if rows == 1 else 3.2, max(2.0, 0.8 + 0.09 * len(levels)))
    fig = blank(fig, (7.0, 7.0, 9.0)[columns - 1], 0.5 + rows * tall)
    axes = fig.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    peak = max(float(u.max()) for u in found.values()) or 1.0
    for ax, xi in zip(axes.ravel(), sorted(families, reverse=True), strict=False):
        dress(ax, f"second frequency {plain(xi * rate)} {hertz}" if order == 2 else "")
        ridge(ax, transform, families[xi], levels, peak)
    for place, ax in enumerate(axes.ravel()):
        ax.tick_params(labelbottom=place + columns >= len(families))
        if place >= len(families):
            ax.remove()
    name = "first frequency" if order == 2 else "frequency"
    fig.supxlabel(f"time ({second})", fontsize=LABEL, color=INK)
    fig.supylabel(f"{name} ({hertz})", fontsize=LABEL, color=INK)
    heading = f"Order {order}: {len(found)} paths, the highest peak is {peak:.3g} (units of x)"
    fig.suptitle(heading, fontsize=TITLE, color=INK)
    return fig


def _average(transform: Scattering1D, values: Real, fig: Figure | None) -> Figure:
    """The line of order 0, which has a sign."""
    fig = blank(fig, 7.0, 2.2)
    ax = fig.add_subplot()
    ax.plot(np.asarray(transform.times, dtype=float), values, color=BLUE, linewidth=1.0, label="x*phi")
    dress(ax, "Order 0: x*phi", f"time ({units(transform)[1]})", "coefficient (units of x)")
    return fig


def ridge(
    ax: Axes, transform: Scattering1D, family: dict[Path, Real], levels: dict[float, int], peak: float
) -> None:
    """Lines above each other, the high frequencies on top, each hiding what is behind it."""
    times = np.asarray(transform.times, dtype=float)
    shades = matplotlib.colormaps["viridis"](np.linspace(0.85, 0.0, len(levels)))
    for path, u in family.items():
        level = levels[path.bands[0].xi]
        height = level + max(LEAST_HEIGHT, HEIGHT * len(levels)) / peak * u
        depth = 2 + len(levels) - level
        ax.fill_between(times, level, height, color="white", linewidth=0, zorder=depth)
        (line,) = ax.plot(
            times, height, color=shades[level], linewidth=0.9, zorder=depth + 0.5, label=str(path)
        )
        line.set_marker("o" if times.size == 1 else "")
    ax.spines["left"].set_visible(False)
    names = [plain(xi * units(transform)[0]) for xi in levels]
    step = -(-len(names) // NAMED)
    named = range((len(names) - 1) % step, len(names), step)
    ax.set_yticks(list(named), [names[level] for level in named])
    if times.size > 1:
        ax.set_xlim(times[0], times[-1])
