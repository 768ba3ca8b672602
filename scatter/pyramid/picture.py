"""The castle: a small copy in the corner, and the detail of every level around it."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np

from scatter.errors import InputError
from scatter.numerics.namespace import Array
from scatter.pyramid.decomposition import Decomposition, fit, halved

GAMMA = 0.6
"""Exponent by which weak detail is lifted."""
BRIGHT = 99.5
"""Percentile of the detail of a level that is drawn white."""
FAINT = 1e-5
"""Part of the range of an image that is drawn white at most: less is rounding."""
OVERSHOOT = 0.25
"""How far beyond [0, 1] the copy of an image in [0, 1] may reach: wavelets overshoot at edges."""
LINE = 0.9
"""Brightness of the lines between the levels."""

QUADRANTS = {"a": (0, 0), "v": (0, 1), "h": (1, 0), "d": (1, 1)}
"""Row and column of the quarter that belongs to a band or packet, by the first letter of its name."""


def mosaic(decomposition: Decomposition, *, ends: Sequence[float] | None = None, lines: bool = True) -> Array:
    """Picture of an image taken apart: its small copy, and the detail of every level from coarse to fine.

    The copy is in the upper left corner. Around it stand the moduli of the bands of each level, vertical
    structures to the right, horizontal ones below, diagonal ones between, in the size that their level has
    in a decimated transform: of an undecimated one, every ``2**level``-th coefficient is drawn. Packets are
    quarters of quarters, in the order of their splits. What boundaries add to a band is left out, so that
    the picture has exactly the size of the image.

    Parameters
    ----------
    decomposition : Decomposition
        Of one real image: a batch of shape (), or (3,) for red, green and blue.
    ends : (float, float), optional
        Values of the image drawn black and white. None is 0 and 1 where the copy lies between them, up to
        the overshoot of wavelets, and the smallest and largest value of the copy elsewhere.
    lines : bool, default=True
        Draw thin lines between the levels.

    Returns
    -------
    array of shape (M, N) or (M, N, 3)
        Values in [0, 1]. The detail of each level has a brightness of its own, and weak detail is lifted.

    Raises
    ------
    InputError
        If the decomposition isn't one of an image, or ``ends`` aren't two values in ascending order.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.pyramid import Pyramid, mosaic
    >>> image = np.random.default_rng(0).random((3, 75, 100))
    >>> mosaic(Pyramid("haar", levels=3).decompose(image)).shape
    (75, 100, 3)
    """
    d = decomposition
    if not isinstance(d, Decomposition) or d.ndim != 2 or d.batch not in ((), (3,)):
        got = repr(d) if isinstance(d, Decomposition) else type(d).__name__
        raise InputError(f"a Decomposition of one image, grey or of three colours, is needed, got {got}")
    if any(np.iscomplexobj(band) for band in d.bands.values()):
        raise InputError("a picture is drawn of a real image, got complex bands; decompose abs(x) or x.real")
    copy = d.small_copy
    black, white = _ends(copy, ends)
    canvas = np.zeros((*d.batch, *d.shape), copy.dtype)
    for j in range(d.levels, 0, -1):
        _draw_level(canvas, d, j, FAINT * (white - black))
    if lines:
        _draw_lines(canvas, d)
    rows, columns = copy.shape[-2:]
    canvas[..., :rows, :columns] = np.clip((copy - black) / (white - black), 0, 1)
    return np.moveaxis(canvas, 0, -1) if d.batch else canvas


def _ends(copy: Array, ends: Sequence[float] | None) -> tuple[float, float]:
    """Values of the copy that are drawn black and white."""
    if ends is not None:
        pair = tuple(ends) if isinstance(ends, Sequence | np.ndarray) else ()
        if len(pair) != 2 or not all(isinstance(end, Real) for end in pair) or not pair[0] < pair[1]:
            raise InputError(f"ends must be two values, black and white, in ascending order, got {ends!r}")
        return float(pair[0]), float(pair[1])
    low, high = float(copy.min()), float(copy.max())
    if low >= -OVERSHOOT and high <= 1 + OVERSHOOT:
        return 0.0, 1.0
    return low, high if high > low else low + 1.0


def _draw_level(canvas: Array, d: Decomposition, j: int, faint: float) -> None:
    """Moduli of the bands of a level, each in its quarter of what the next finer level leaves free."""
    rows, columns = halved(d.shape, j - 1)
    stride = 2**j if d.transform == "undecimated" else 1
    panels = []
    for name, band in d.detail(j).items():
        kind, _, splits = name.partition("_")
        view = canvas[..., :rows, :columns]
        for letter in (kind[0], *splits):
            view = _quarter(view, letter, name)
        panels.append((view, np.abs(fit(band, view.shape[-2:], stride))))
    for (view, _), drawn in zip(panels, lifted([modulus for _, modulus in panels], faint), strict=True):
        view[...] = drawn


def lifted(moduli: Sequence[Array], faint: float) -> list[Array]:
    """Moduli of the bands of a level as brightness in [0, 1]; below ``faint`` nothing is drawn white."""
    values = np.concatenate([modulus.ravel() for modulus in moduli])
    bright = max(float(np.percentile(values, BRIGHT)), faint) if values.size else 1.0
    return [np.clip(modulus / bright, 0, 1) ** GAMMA for modulus in moduli]


def _quarter(view: Array, letter: str, name: str) -> Array:
    """One of four parts of a picture; of an odd side, the low-pass has the larger one."""
    if letter not in QUADRANTS:
        raise InputError(
            f"a band {name!r} has no place in the picture; the bands of an image are horizontal, vertical, "
            "diagonal and their packets"
        )
    down, right = QUADRANTS[letter]
    rows, columns = halved(view.shape[-2:], 1)
    view = view[..., rows:, :] if down else view[..., :rows, :]
    return view[..., columns:] if right else view[..., :columns]


def _draw_lines(canvas: Array, d: Decomposition) -> None:
    """Lines on the first rows and columns of the detail, so that the copy stays whole."""
    for j in range(1, d.levels + 1):
        (rows, columns), (row, column) = halved(d.shape, j - 1), halved(d.shape, j)
        canvas[..., row : row + 1, :columns] = LINE
        canvas[..., :rows, column : column + 1] = LINE
