"""The first prior, symmetry: an image moves, its coefficients with it, and their means not at all."""

from __future__ import annotations

import numpy as np

from scatter.idea.scene import Scene, change, grey, photograph
from scatter.plot.canvas import BLUE, INK, LABEL, TITLE, VERMILION, bare, blank, dress
from scatter.transforms.scattering2d import Scattering2D

SHIFT = (16, 40)


def symmetry() -> Scene:
    """An image and a shifted one: maps that are shifted too, and means that are the same."""
    x = grey(photograph(128))
    moved = np.roll(x, SHIFT, (0, 1))
    maps = Scattering2D(J=3, L=4, shape=x.shape, padding=None, pooling=None)
    means = Scattering2D(J=3, L=4, shape=x.shape, padding=None, average="global")
    before, after = (maps(one) for one in (x, moved))
    numbers = {
        "input": change(moved, x),
        "equivariance": change(after, np.roll(before, [step // 8 for step in SHIFT], (-2, -1))),
        "invariance": change(means(moved), means(x)),
    }
    fig = blank(None, 9.5, 4.2)
    grid = fig.add_gridspec(2, 4, width_ratios=(1, 1, 1, 1.5))
    band = 1 + int(np.argmax(before[1:13].std(axis=(1, 2))))
    for row, (image, found, name) in enumerate(((x, before, "an image"), (moved, after, "moved"))):
        for column, (picture, title) in enumerate(
            ((image, name), (found[0], "x * phi"), (found[band], str(maps.tree.paths[band])))
        ):
            ax = fig.add_subplot(grid[row, column])
            ax.imshow(picture, cmap="gray" if column < 2 else "magma")
            ax.set_title(title if row == 0 or column == 0 else "moved with it", fontsize=LABEL, color=INK)
            bare(ax)
    ax = fig.add_subplot(grid[:, 3])
    ax.semilogy(means(x), "o", mfc="none", color=BLUE, label="of the image")
    ax.semilogy(means(moved), "x", color=VERMILION, label="moved")
    dress(ax, "means over the image: the same", "path", "coefficient")
    ax.legend(fontsize=TITLE, frameon=False)
    text = (
        "What something is does not depend on where it is. A linear layer that treats every place alike is a "
        "convolution, and a convolution is equivariant: the coefficients of a moved image are the moved "
        f"coefficients (to {numbers['equivariance']:.0e}). Their mean over all places is invariant "
        f"(to {numbers['invariance']:.0e}), while the pixels themselves change by {numbers['input']:.0%}.",
    )
    caption = (
        "An image and the same one moved: two of the maps of its scattering, and the means of all of them."
    )
    return Scene("The first prior: symmetry", text, {"symmetry": (fig, caption)}, numbers)


__all__ = ["symmetry"]
