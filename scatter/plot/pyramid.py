"""An image as a small copy of itself and the detail at each resolution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from scatter.paths import Band
from scatter.plot.canvas import PALE, TICK, bare, blank, dress
from scatter.plot.checks import Real, check_one, check_transform, prepare
from scatter.pyramid.picture import lifted
from scatter.transforms.scattering2d import Scattering2D

LUMA = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue in the luma of Rec. 709."""
LONGEST = 8.0
"""Longer side of the picture, inches."""
FAINT = 1e-5
"""Part of the largest value of an image that is drawn white at most: less is rounding."""

PLACES = {"vertical": (0, 1), "horizontal": (1, 0), "diagonal": (1, 1)}
"""Row and column of the quadrant of each kind of structure."""

Panels = dict[str, NDArray[np.float64]]


def multiresolution(transform: Scattering2D, x: Any, *, fig: Figure | None = None) -> Figure:
    """Draw an image as a small copy of itself plus the detail at each resolution.

    Nested quadrants, as in a wavelet pyramid: the low-pass copy ``x * phi`` in the upper left corner,
    and around it, from coarse to fine, the moduli ``|x * psi|`` of each scale at their own resolution:
    vertical structures in the upper right quadrant, horizontal ones in the lower left, diagonal ones
    in the lower right. A quadrant is the square root of a sum of squares over directions; each scale
    has its own brightness.

    Parameters
    ----------
    transform : Scattering2D
        Its scales, directions and padding are used.
    x : array of shape (M, N) or (3, M, N)
        One real image, grey, or red, green and blue: the copy is in colour, the detail that of luma.
        Colours outside of [0, 1] are stretched to it.
    fig : matplotlib.figure.Figure, optional
        An empty figure to draw into; a new one by default.

    Returns
    -------
    matplotlib.figure.Figure
        One panel; every quadrant is the whole image, as large as its resolution.

    Raises
    ------
    InputError
        If the transform isn't one of images or ``x`` isn't one image.

    References
    ----------
    Mallat, "A theory for multiresolution signal decomposition: the wavelet representation", IEEE
    TPAMI 11(7), 1989, for the layout; Bruna & Mallat, "Invariant scattering convolution networks",
    IEEE TPAMI 35(8), 2013, for the wavelets.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import Scattering2D
    >>> from scatter.plot import multiresolution
    >>> x = np.random.default_rng(0).normal(size=(21, 34))
    >>> len(multiresolution(Scattering2D(J=2), x).axes[0].images)
    7
    """
    name = "multiresolution"
    transform = check_transform(transform, Scattering2D, name)
    x = check_one(x, 2, name, colour=True)
    grey = x if x.ndim == 2 else np.tensordot(np.asarray(LUMA, x.dtype), x, 1)
    copy = prepare(transform, x, 0, name, max_order=0)(x)[..., 0, :, :]
    bands = prepare(transform, x, 0, name, max_order=1, average=False, out_type="dict")
    inches = LONGEST / max(grey.shape)
    fig = blank(fig, max(3.0, 0.08 + inches * grey.shape[1]), max(1.0, 0.26 + inches * grey.shape[0]))
    ax = fig.add_subplot()
    _draw(ax, copy, _ends(x), details(bands, bands(grey)), x)
    dress(ax, f"Average over {2**transform.J} pixels, and detail at {transform.J} scales")
    bare(ax)
    return fig


def details(transform: Scattering2D, maps: dict[tuple[int, ...], Real]) -> list[Panels]:
    """Detail of an image at every scale, from fine to coarse, by direction.

    Parameters
    ----------
    transform : Scattering2D
        Whose paths these are.
    maps : dict of tuple of int to ndarray
        Moduli by the index of their band.

    Returns
    -------
    list of dict
        For every scale, the arrays ``horizontal``, ``vertical`` and ``diagonal``: their squares add up
        to the sum of the squares of all the maps of the scale.
    """
    levels: dict[int, Panels] = {}
    for path in transform.tree.paths[1:]:
        (band,) = path.bands
        energy = np.asarray(maps[path.n], float) ** 2
        level = levels.setdefault(band.j, {})
        for name, share in shares(band).items():
            level[name] = level.get(name, 0.0) + share * energy
    return [{name: np.sqrt(energy) for name, energy in levels[j].items()} for j in sorted(levels)]


def shares(band: Band) -> dict[str, float]:
    """Part of the energy of a band that counts as horizontal, vertical and diagonal structures; sum 1.

    A frequency down the columns is a horizontal structure. The parts go smoothly from one to the
    next, and a direction half-way between two counts half in each.
    """
    cosine = math.cos(2 * (band.angle or 0.0))
    return {
        "horizontal": max(cosine, 0.0) ** 2,
        "vertical": max(-cosine, 0.0) ** 2,
        "diagonal": 1 - cosine**2,
    }


def _ends(x: Real) -> tuple[float, float]:
    """Values drawn black and white: those of the image, but 0 and 1 for colours between them."""
    low, high = float(x.min()), float(x.max())
    if x.ndim == 3 and low >= 0 and high <= 1:
        return 0.0, 1.0
    return low, high if high > low else low + 1.0


def _draw(ax: Axes, copy: Real, ends: tuple[float, float], levels: list[Panels], x: Real) -> None:
    """Nest the quadrants on a canvas of the shape of the image."""
    high, wide = x.shape[-2:]
    faint = FAINT * float(np.abs(x).max()) or 1.0

    def put(image: Any, size: float, row: int, column: int, label: str) -> None:
        box = (column * size * wide, (column + 1) * size * wide, (row + 1) * size * high, row * size * high)
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, extent=box, interpolation="bicubic", label=label)

    for j, level in enumerate(levels):
        for name, drawn in zip(level, lifted(list(level.values()), faint), strict=True):
            put(drawn, 2.0 ** -(j + 1), *PLACES[name], f"{name} j={j}")
        size = 2.0**-j
        for across, down in (((0.5, 0.5), (0, 1)), ((0, 1), (0.5, 0.5))):
            ax.plot(
                np.multiply(across, size * wide), np.multiply(down, size * high), color=PALE, linewidth=0.6
            )
    small = np.clip((copy - ends[0]) / (ends[1] - ends[0]), 0, 1)
    put(np.moveaxis(small, 0, -1) if small.ndim == 3 else small, 2.0 ** -len(levels), 0, 0, "copy")
    ax.set(xlim=(0, wide), ylim=(high, 0), aspect="equal")
    if 8 * min(high, wide) > max(high, wide):
        _name_quadrants(ax, len(levels))


def _name_quadrants(ax: Axes, count: int) -> None:
    """Kind of structure on the largest quadrants, scale on the largest levels."""
    style: dict[str, Any] = {"fontsize": TICK, "color": "white", "transform": ax.transAxes}
    style["path_effects"] = [withStroke(linewidth=2, foreground="#00000090")]
    for name, (row, column) in PLACES.items():
        ax.text(column / 2 + 0.01, 0.5 - row / 2 + 0.01, name, va="bottom", **style)
    for j in range(min(count, 4)):
        ax.text(2.0**-j - 0.006, 0.99, f"j={j}", va="top", ha="right", **style)
