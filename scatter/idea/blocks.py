"""The four building blocks, where they stand in a scattering transform."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.idea.scene import Scene, grey, photograph
from scatter.plot.canvas import INK, LABEL, TICK, bare, blank
from scatter.transforms.scattering2d import Scattering2D

NAMES = (
    "the signal",
    "1 linear and equivariant:\na wavelet",
    "2 non-linear and equivariant:\nthe modulus",
    "3 local average:\na low-pass",
    "4 global average:\nthe mean",
)
CODE = (
    "x",
    "x * psi (real part)\nS.frame",
    "|x * psi|\naverage=False",
    "|x * psi| * phi\naverage=True",
    "mean of |x * psi|\npooling='mean'",
)
COLOURS = ("gray", "RdBu_r", "magma", "magma", "magma")


def building_blocks() -> Scene:
    """A photograph goes through a wavelet, the modulus, and both averages."""
    x = grey(photograph(128))
    fig = blank(None, 10.5, 2.9)
    for ax, picture, name, code, colours in zip(
        fig.subplots(1, 5), through(x), NAMES, CODE, COLOURS, strict=True
    ):
        most = float(np.quantile(np.abs(picture), 0.99)) if np.ptp(picture) else 2 * float(picture[0, 0])
        ax.imshow(picture, cmap=colours, vmin=-most if colours == "RdBu_r" else 0, vmax=most)
        ax.set_title(name, fontsize=LABEL, color=INK)
        ax.set_xlabel(code, fontsize=TICK, color=INK)
        bare(ax)
    text = (
        "Networks for data with a symmetry are built of four blocks (Bronstein et al. 2021): a linear layer "
        "that is equivariant, a non-linearity that is, a local average that makes the scale coarser, and a "
        "global one that makes the whole invariant. A scattering transform is these four with fixed wavelets "
        "in the place of learnt filters; the first three repeat, and a light classifier follows the last.",
    )
    caption = "One path of a scattering transform, block by block, and how each is called in the code."
    return Scene("The four building blocks", text, {"blocks": (fig, caption)})


def through(x: NDArray[np.float32]) -> tuple[NDArray[Any], ...]:
    """An image, its response to a wavelet, the modulus, and its local and global averages, of equal size."""
    bank: Any = Scattering2D(J=3, L=4, shape=x.shape, padding=None).frame.bank
    band = next(one for one in bank.bands(1) if one.j == 1)
    response = np.fft.ifft2(np.fft.fft2(x) * bank.psi(band, x.shape))
    modulus = np.abs(response)
    phi = reduce(np.multiply.outer, bank.phi(x.shape))
    local = np.fft.ifft2(np.fft.fft2(modulus) * phi).real
    return x, response.real, modulus, local, np.full_like(modulus, modulus.mean())


__all__ = ["building_blocks", "through"]
