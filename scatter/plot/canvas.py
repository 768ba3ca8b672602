"""What the pictures share: colours, type sizes, figures, and the cells of non-uniform axes."""

from __future__ import annotations

import math
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.paths import Band

INK, MUTED, PALE = "#262626", "#8a8a8a", "#e6e6e6"
BLUE, VERMILION = "#0072B2", "#D55E00"
"""Of Okabe & Ito's palette, told apart by every kind of colour vision."""
SIGNED = "RdBu_r"
"""Colour map of signed values, white at zero."""
TITLE, LABEL, TICK = 9, 8, 7
"""Type sizes, points."""
DECADES = 3
"""How far below the largest value a logarithmic colour scale ends."""


def sequential() -> Colormap:
    """Colour map of positive values: perceptually uniform, dark at zero and where there is no value."""
    colours = matplotlib.colormaps["magma"]
    return colours.with_extremes(bad=colours(0.0))


def blank(
    fig: Figure | None,
    width: float,
    height: float,
    layout: Literal["constrained", "compressed"] = "constrained",
) -> Figure:
    """``fig``, or a new figure of a size in inches, laid out so that nothing overlaps."""
    if not (fig is None or isinstance(fig, Figure)):
        raise InputError(
            f"fig must be a matplotlib Figure or None, got {type(fig).__name__}; leave it out for a new one"
        )
    if fig is None:
        return Figure(figsize=(width, height), layout=layout)
    if fig.get_layout_engine() is None:
        fig.set_layout_engine(layout)
    return fig


def dress(ax: Axes, title: str = "", x: str = "", y: str = "", *, frame: bool = False) -> None:
    """Set title, labels and type sizes; without ``frame`` only the left and lower spines stay."""
    ax.set_title(title, fontsize=TITLE, loc="left", color=INK)
    ax.set_xlabel(x, fontsize=LABEL, color=INK)
    ax.set_ylabel(y, fontsize=LABEL, color=INK)
    ax.tick_params(which="both", labelsize=TICK, colors=INK, width=0.6, length=2.5)
    for side, spine in ax.spines.items():
        spine.set_linewidth(0.6)
        spine.set_color(INK)
        spine.set_visible(frame or side in ("left", "bottom"))


def bare(ax: Axes) -> None:
    """Take ticks and spines away."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def colour_bar(
    fig: Figure,
    values: ScalarMappable,
    ax: Axes,
    label: str,
    *,
    box: tuple[float, float, float, float] = (1.02, 0.0, 0.025, 1.0),
    orientation: Literal["vertical", "horizontal"] = "vertical",
) -> None:
    """Thin colour bar in a box in units of some axes, beside them by default."""
    ticks = MaxNLocator(3) if orientation == "horizontal" else None
    bar = fig.colorbar(values, cax=ax.inset_axes(box), orientation=orientation, ticks=ticks)
    bar.set_label(label, fontsize=LABEL, color=INK)
    bar.ax.tick_params(which="both", labelsize=TICK, width=0.6, length=2.5)
    bar.outline.set_visible(False)


def show_image(ax: Axes, image: NDArray[Any], title: str, **options: Any) -> None:
    """Grey image, with rows and columns in pixels."""
    ax.imshow(image, cmap="gray", **options)
    dress(ax, title, "column (pixels)", "row (pixels)", frame=True)


def log_axis(ax: Axes, ends: tuple[float, float], which: Literal["x", "y"] = "y") -> None:
    """Logarithmic axis between two ends, ticked in plain numbers: 1, 2, 5, 10, or 1, 10 if it is long."""
    ax.set(**{f"{which}scale": "log", f"{which}lim": ends})
    ticks = ax.xaxis if which == "x" else ax.yaxis
    ticks.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if ends[1] < 2000 * ends[0] else (1.0,)))
    ticks.set_minor_locator(NullLocator())
    ticks.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))


def log_norm(values: NDArray[Any]) -> LogNorm:
    """Logarithmic colour scale over `DECADES` below the largest value."""
    largest = float(values.max()) if values.size and values.max() > 0 else 1.0
    smallest = max(float(values.min(initial=largest)), largest * 10.0**-DECADES)
    return LogNorm(min(smallest, largest / 2), largest)


def plain(value: float) -> str:
    """Three significant digits without an exponent."""
    return np.format_float_positional(value, precision=3, fractional=False, trim="-")


def degrees(band: Band) -> float:
    """Direction of the frequency, degrees from the first axis of an image towards the second."""
    return math.degrees(band.angle or 0.0)


def direction_name(band: Band) -> str:
    """Label theta of a band and its direction, on two lines."""
    return f"θ={band.label('theta')}\n{degrees(band):.3g}°"


def frequency_edges(centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ends of the cells around increasing frequencies: their geometric means, and beyond.

    Parameters
    ----------
    centres : ndarray of shape (n,)
        Positive and increasing.

    Returns
    -------
    ndarray of shape (n + 1,)
    """
    octaves = np.log2(centres)
    if octaves.size == 1:
        return np.asarray(centres * [2**-0.5, 2**0.5])
    middle = (octaves[1:] + octaves[:-1]) / 2
    ends = 2 * octaves[0] - middle[0], 2 * octaves[-1] - middle[-1]
    return np.asarray(2 ** np.concatenate([ends[:1], middle, ends[1:]]))


def time_edges(centres: NDArray[np.float64], end: float) -> NDArray[np.float64]:
    """Ends of the cells around increasing times, from 0 to the end of the signal."""
    return np.concatenate([[0.0], (centres[1:] + centres[:-1]) / 2, [end]])
