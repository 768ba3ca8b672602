"""The report of ``scatter compare``: curves, tables, and what the codecs make of one piece of each image."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from scatter import _page as report
from scatter.pyramid import Pyramid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from scatter.cli.bdrates import Compared
    from scatter.codec.compare import Comparison

PIECE = 128
"""Side of the piece that is shown, in pixels."""
LABELS = {"psnr": "PSNR (dB)", "ssim": "SSIM"}
LEVELS = 4
"""Of the castle, where the image is large enough."""
_MARKERS = "os^dvPX*"
_HEAD = ["codec", "bpp asked", "bpp", *LABELS.values(), "encode (s)", "decode (s)"]
_FORMATS = ("", "g", ".3f", ".2f", ".4f", ".3f", ".3f")


def section(one: Compared, image: NDArray[Any], rate: float, codecs: Sequence[str]) -> list[str]:
    """What the report says about one image.

    Parameters
    ----------
    one : Compared
        What was found; it holds the decoded images at ``rate``.
    image : ndarray of uint8 or uint16, shape (H, W) or (H, W, 3)
        The original.
    rate : float
        In bits per pixel.
    codecs : sequence of str
        All that are compared, in the order of their colours and markers.

    Returns
    -------
    list of str
        HTML.
    """
    found = one.found
    rows = [
        [format(value, spec) for value, spec in zip(row, _FORMATS, strict=True)]
        for row in zip(*found.columns().values(), strict=True)
    ]
    parts = [
        report.heading(one.name),
        _picture(
            curves(found, codecs), "Quality against rate; the higher and the further to the left, the better."
        ),
    ]
    if found.decoded:
        caption = f"The part that the codecs get most wrong, at {rate:g} bits per pixel."
        parts.append(_picture(pieces(image, found, rate), caption))
    castle = _castle(image)
    if castle is not None:
        parts.append(
            report.picture(castle, "The image as a small copy of itself and the detail at each level.")
        )
    parts += [
        report.table(_HEAD, rows),
        *(report.paragraph(str(missing)) for missing in found.missing),
    ]
    return parts


def write_page(
    path: Path, columns: dict[str, list[Any]], sections: list[str], reference: str, failed: Sequence[str] = ()
) -> None:
    """Write the report.

    Parameters
    ----------
    path : Path
        The file.
    columns : dict of str to list
        BD-rates, as `scatter.cli.bdrates.bd_rate_table` gives them.
    sections : list of str
        HTML of all images.
    reference : str
        The codec that BD-rates are about.
    failed : sequence of str
        What could not be read or compared, and why.

    Raises
    ------
    FileError
        If the file can't be written.
    """
    rows = [
        [format(value, "+.1f") if isinstance(value, float) else value for value in row]
        for row in zip(*columns.values(), strict=True)
    ]
    top = [
        report.paragraph(
            f"Bytes at equal quality against {reference}: BD-rate in per cent, negative is fewer. Rates are "
            "of whole files, and quality is that of the decoded image, of 8 or 16 bits."
        ),
        report.table(list(columns), rows),
    ]
    missing = [report.heading("Left out"), *map(report.paragraph, failed)] if failed else []
    title = "scatter: images compressed by several codecs"
    report.write(path, report.page(title, [*(top if rows else []), *missing, *sections]).encode())


def curves(found: Comparison, codecs: Sequence[str]) -> Figure:
    """Draw PSNR and SSIM against the rate, a curve a codec.

    Parameters
    ----------
    found : Comparison
        At least one point.
    codecs : sequence of str
        All that are compared; each has its colour and marker, whether it has a curve here or not.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    rates = sorted({point.asked for point in found.points})
    for axes, (measure, label) in zip(figure.subplots(1, 2), LABELS.items(), strict=True):
        for place, codec in enumerate(codecs):
            if codec in found.codecs:
                style = {"color": f"C{place % 10}", "marker": _MARKERS[place % len(_MARKERS)]}
                axes.plot(*found.curve(codec, measure), **style, label=codec)
        axes.set(xscale="log", xlabel="bits per pixel", ylabel=label)
        axes.set_xticks(rates, [f"{rate:g}" for rate in rates])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    axes.legend(loc="lower right", frameon=False)
    return figure


def pieces(image: NDArray[Any], found: Comparison, rate: float) -> Figure:
    """Draw one piece of the original and of the decoded images, side by side.

    Parameters
    ----------
    image : ndarray of uint8 or uint16
        The original.
    found : Comparison
        With decoded images.
    rate : float
        The rate of these.

    Returns
    -------
    matplotlib.figure.Figure
        A panel an image.
    """
    from matplotlib.figure import Figure

    place = _worst(image, found)
    points = {point.codec: point for point in found.points if point.asked == rate}
    panels = {"original": image}
    for codec, decoded in found.decoded.items():
        panels[f"{codec}\n{points[codec].bpp:.3f} bpp, {points[codec].psnr:.2f} dB"] = decoded
    figure = Figure(figsize=(2.6 * len(panels), 3.1), layout="constrained")
    peak = np.iinfo(image.dtype).max
    for axes, (title, panel) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        axes.imshow(panel[place] / peak, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(title, fontsize=9)
        axes.set_axis_off()
    return figure


def _worst(image: NDArray[Any], found: Comparison) -> tuple[slice, slice]:
    """The piece with the largest squared error, of all codecs together."""
    original = image.astype(np.float64)
    error = sum((np.square(original - decoded) for decoded in found.decoded.values()), np.zeros(image.shape))
    flat = error.reshape(*image.shape[:2], -1).sum(axis=2)
    tops, lefts = ([*range(0, max(1, side - PIECE + 1), PIECE // 2)] for side in flat.shape)
    places = [(slice(top, top + PIECE), slice(left, left + PIECE)) for top in tops for left in lefts]
    return max(places, key=lambda place: float(flat[place].sum()))


def _castle(image: NDArray[Any]) -> bytes | None:
    """The image taken apart by the wavelets of the codec, as PNG; None if it is too small to be."""
    levels = min(LEVELS, int(min(image.shape[:2])).bit_length() - 4)
    if levels < 1:
        return None
    colours = (
        image[..., :3] if image.shape[2:] in ((3,), (4,)) else image.reshape(*image.shape[:2], -1)[..., 0]
    )
    picture = Pyramid(levels=levels).mosaic(colours)
    buffer = BytesIO()
    Image.fromarray(np.rint(255 * picture).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _picture(figure: Figure, caption: str) -> str:
    return report.picture(report.render(figure), caption)
