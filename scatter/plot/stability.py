"""Changes of representations against the strength of deformations."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scatter.plot.canvas import BLUE, INK, LABEL, TICK, VERMILION, bare, blank, dress

COLOURS = (BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Of Okabe & Ito's palette; representations in order, the transform first."""
MARKS = "os^dvP"
COLUMNS = 3


def curves(report: Any, fig: Figure | None = None) -> Figure:
    """A panel for each deformation: medians over the samples, and quartiles as bands.

    Parameters
    ----------
    report : StabilityReport
    fig : matplotlib Figure, optional
        Drawn into; None makes a new one.
    """
    names = report.deformations
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    fig = blank(fig, 3.2 * columns, 2.4 * rows + 0.4)
    panels = fig.subplots(rows, columns, squeeze=False).ravel()
    for ax, name in zip(panels, names, strict=False):
        found = [report.curve(representation, name) for representation in report.representations]
        for k, curve in enumerate(found):
            low, high = np.quantile(curve.changes, [0.25, 0.75], axis=1)
            colour = COLOURS[k % len(COLOURS)]
            style = {"color": colour, "marker": MARKS[k % len(MARKS)], "markersize": 4, "linewidth": 1.2}
            ax.plot(curve.strengths, curve.medians, label=curve.representation, **style)
            ax.fill_between(curve.strengths, low, high, color=colour, alpha=0.15, linewidth=0)
        ax.set_xlim(left=0)
        ax.set_ylim(bottom=0)
        dress(ax, name, found[0].unit, "relative change")
    for ax in panels[len(names) :]:
        ax.remove()
    panels[0].legend(fontsize=LABEL, frameon=False)
    return fig


def neighbours(report: Any, fig: Figure | None = None) -> Figure:
    """A row for each sample: itself, deformed copies, and its nearest of each class, with their distances.

    Parameters
    ----------
    report : StabilityReport
        With neighbourhoods.
    fig : matplotlib Figure, optional
        Drawn into; None makes a new one.
    """
    rows, spaces = report.neighbourhoods, report.representations
    columns = max(len(row.pictures) for row in rows)
    fig = blank(fig, 1.5 * columns, (1.8 + 0.17 * len(spaces)) * len(rows))
    panels = fig.subplots(len(rows), columns, squeeze=False)
    for row, axes in zip(rows, panels, strict=True):
        lowest, highest = row.pictures[0].min(), row.pictures[0].max()
        for k, ax in enumerate(axes):
            _signal(ax, row.pictures[k], row.ndim, lowest, highest)
            name = row.label if k == 0 else row.names[k]
            ax.set_title(name, fontsize=LABEL, color=INK)
            if k:
                lines = "\n".join(f"{space[:12]} {row.distances[space][k]:.2f}" for space in spaces)
                ax.set_xlabel(lines, fontsize=TICK, color=INK)
    return fig


def _signal(ax: Axes, x: Any, ndim: int, lowest: float, highest: float) -> None:
    """A signal (*channels, *shape): a line, an image or colours, the middle of a volume."""
    colours = ndim == 2 and x.ndim == 3 and len(x) == 3
    while x.ndim > (3 if colours else min(ndim, 2)):
        x = x[len(x) // 2]
    if x.ndim == 1:
        ax.plot(x, color=BLUE, linewidth=0.8)
    elif colours:
        ax.imshow(np.clip((np.moveaxis(x, 0, -1) - lowest) / max(highest - lowest, 1e-30), 0, 1))
    else:
        ax.imshow(x, cmap="gray", vmin=lowest, vmax=highest)
    bare(ax)
