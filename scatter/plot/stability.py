"""Changes of representations against the strength of deformations."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from scatter.plot.canvas import BLUE, LABEL, VERMILION, blank, dress

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
