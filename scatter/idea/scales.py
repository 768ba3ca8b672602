"""The third prior, scales: an image as a small copy of itself and the detail left at each resolution."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from scatter.codec.compare import Comparison, compare
from scatter.idea.scene import Scene, photograph
from scatter.plot.canvas import INK, LABEL, bare, blank
from scatter.plot.pyramid import multiresolution
from scatter.transforms.scattering2d import Scattering2D

RATES = (0.25, 0.5)
"""Bits per pixel."""
CODECS = ("scatter", "jpeg2000")


def multiscale(side: int = 256) -> Scene:
    """A photograph in parts of every scale, and compressed by a codec that is built on them.

    Parameters
    ----------
    side : int
        Pixels of a square of it.
    """
    image = photograph(side)
    colours = np.moveaxis(image / np.float32(255), -1, 0)
    castle = multiresolution(Scattering2D(J=4, shape=image.shape[:2]), colours)
    found = [compare(image, CODECS, [rate], keep=rate) for rate in RATES]
    numbers = {f"{point.codec} {point.asked:g} bpp": point.psnr for one in found for point in one.points}
    text = (
        "What is seen from afar, and what is seen from near by, are different things, and both matter. "
        "Wavelets take a signal apart into a small copy of itself and the detail left at each resolution: a "
        "few large numbers, and many that are nearly zero. That is why few samples are enough to learn from "
        "them, and why images compress: JPEG 2000 is built on the same parts.",
    )
    pictures = {
        "multiresolution": (
            castle,
            "The photograph as a small copy of itself, and the modulus of its wavelet coefficients at each "
            "scale and in each direction.",
        ),
        "compressed": (
            _compressed(image, found),
            "Compressed by the codec of this library and by JPEG 2000, from 24 bits a pixel to a quarter of "
            "a bit and to half a bit.",
        ),
    }
    return Scene("The third prior: many scales", text, pictures, numbers)


def _compressed(image: NDArray[np.uint8], found: list[Comparison]) -> Figure:
    """The original beside what both codecs make of it."""
    fig = blank(None, 9.5, 6.8)
    panels = fig.subplots(len(found), 1 + len(CODECS), squeeze=False)
    for row, one in zip(panels, found, strict=True):
        points = {point.codec: point for point in one.points}
        row[0].imshow(image)
        row[0].set_title("the photograph", fontsize=LABEL, color=INK)
        for ax, codec in zip(row[1:], CODECS, strict=True):
            if codec in one.decoded:
                point = points[codec]
                ax.imshow(one.decoded[codec])
                title = f"{codec}, {point.bpp:.2f} bits per pixel, {point.psnr:.1f} dB"
            else:
                title = f"{codec} is not here"
            ax.set_title(title, fontsize=LABEL, color=INK)
        for ax in row:
            bare(ax)
    return fig


__all__ = ["multiscale"]
