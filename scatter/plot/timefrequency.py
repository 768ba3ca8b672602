"""Scattering of a signal over time and frequency."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from scatter.paths import PathTree
from scatter.plot.canvas import (
    INK,
    blank,
    colour_bar,
    dress,
    frequency_edges,
    log_axis,
    log_norm,
    sequential,
    time_edges,
)
from scatter.plot.checks import Real, check_one, check_transform, prepare, units
from scatter.transforms.scattering1d import Scattering1D


def scattergram(transform: Scattering1D, x: Any, *, fig: Figure | None = None) -> Figure:
    """Draw the coefficients of a signal over time and frequency, below the signal.

    Order 1 shows the energy at every frequency; order 2, averaged over the first frequency, how fast
    it is modulated. Colours are logarithmic, and cells have the true, non-uniform frequencies.

    Parameters
    ----------
    transform : Scattering1D
        Seen with its local average, without pooling and logarithm; with ``sampling_rate`` the axes
        are in seconds and Hz, else in samples and cycles per sample.
    x : array of shape (N,)
        One real signal.
    fig : matplotlib.figure.Figure, optional
        An empty figure to draw into; a new one by default.

    Returns
    -------
    matplotlib.figure.Figure
        The signal, order 1, and order 2 where the transform has it.

    Raises
    ------
    InputError
        If the transform isn't one of signals or ``x`` isn't one signal.

    References
    ----------
    Andén & Mallat, "Deep scattering spectrum", IEEE Transactions on Signal Processing 62(16), 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import Scattering1D
    >>> from scatter.plot import scattergram
    >>> x = np.sin(np.arange(512) ** 2 / 2048)
    >>> figure = scattergram(Scattering1D(J=5, Q=4, sampling_rate=1000), x)
    >>> figure.axes[1].get_ylabel()
    'frequency (Hz)'
    """
    transform = check_transform(transform, Scattering1D, "scattergram")
    x = check_one(x, 1, "scattergram")
    transform = prepare(transform, x, 1, "scattergram")
    coefficients = transform(x)
    panels = [(*first_order(transform.tree, coefficients), "Order 1", "frequency")]
    if transform.tree.max_order > 1 and transform.tree.counts[2:]:
        title = "Order 2, mean over the first frequency"
        panels.append((*second_order(transform.tree, coefficients), title, "modulation frequency"))
    return _draw(transform, x, panels, fig)


Panel = tuple[NDArray[np.float64], Real, str, str]


def _draw(transform: Scattering1D, x: Real, panels: list[Panel], fig: Figure | None) -> Figure:
    rate, second, hertz = units(transform)
    fig = blank(fig, 7.5, 1.4 + 2.5 * len(panels))
    heights = [1.0, *(2.2, 1.6)[: len(panels)]]
    axes: list[Axes] = []
    grid = fig.add_gridspec(len(heights), 1, height_ratios=heights)
    for place in range(len(heights)):
        axes.append(fig.add_subplot(grid[place], sharex=axes[0] if place else None))
    times = np.arange(x.size) / rate
    axes[0].plot(times, x, color=INK, linewidth=0.5)
    axes[0].set_xlim(0, max(times[-1], 1 / rate))
    dress(axes[0], "Signal", "", "amplitude\n(units of x)")
    cells = time_edges(np.asarray(transform.times, dtype=float), axes[0].get_xlim()[1])
    for ax, (centres, values, title, name) in zip(axes[1:], panels, strict=True):
        edges = frequency_edges(centres * rate)
        mesh = ax.pcolormesh(cells, edges, values, cmap=sequential(), norm=log_norm(values), rasterized=True)
        log_axis(ax, (edges[0], edges[-1]))
        dress(ax, title, "", f"{name} ({hertz})", frame=True)
        colour_bar(fig, mesh, ax, "coefficient\n(units of x)")
    for ax in axes[:-1]:
        ax.tick_params(labelbottom=False)
    axes[-1].set_xlabel(f"time ({second})")
    return fig


def first_order(tree: PathTree, coefficients: Real) -> tuple[NDArray[np.float64], Real]:
    """Frequencies in increasing order, cycles per sample, and the coefficients of each over time."""
    places = [place for place, path in enumerate(tree.paths) if path.order == 1]
    places.sort(key=lambda place: tree.paths[place].bands[0].xi)
    return np.asarray([tree.paths[place].bands[0].xi for place in places]), coefficients[places]


def second_order(tree: PathTree, coefficients: Real) -> tuple[NDArray[np.float64], Real]:
    """Second frequencies in increasing order, and the mean over the first frequency of each over time."""
    families: dict[float, list[int]] = {}
    for place, path in enumerate(tree.paths):
        if path.order == 2:
            families.setdefault(path.bands[1].xi, []).append(place)
    centres = sorted(families)
    return np.asarray(centres), np.stack([coefficients[families[xi]].mean(0) for xi in centres])
