"""The second prior, stability: sixes stay near sixes when they are written a little differently."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scatter.idea.scene import Scene
from scatter.stability.base import Deformation
from scatter.stability.grids import Noise, Rotation, Warp
from scatter.stability.measure import stability_report
from scatter.transforms.scattering2d import Scattering2D

SAMPLES = 120


def stability(watch: Callable[[int, int], None] | None = None) -> Scene:
    """Sixes and eights of scikit-learn, and how far they move in three representations.

    Parameters
    ----------
    watch : callable, optional
        Told how many deformations are done, and of how many.
    """
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    some = np.flatnonzero((y == 6) | (y == 8))[:SAMPLES]
    x, y = (x[some].reshape(-1, 8, 8) / 16).astype(np.float32), y[some]
    S = Scattering2D(J=2, shape=(8, 8), padding="zero")
    kinds: list[Deformation] = [Rotation("grid-constant"), Warp("grid-constant"), Noise()]
    report = stability_report(S, x, y, deformations=kinds, watch=watch)
    constants = {one.representation: one.relative for one in report.constants}
    scattering, pixels = constants["Scattering2D"], constants["input"]
    text = (
        "Small deformations should move a representation little: a six that is written a little differently "
        "is still a six, and far from every eight. If a field tau moves an image, then "
        "||S(moved x) - S(x)|| <= C (max |tau| / 2^J + max |grad tau|) ||x|| (Mallat 2012, theorem 2.12). "
        f"Measured on sixes and eights, relative to the norm of what is compared, C is {scattering:.2f} for "
        f"scattering and {pixels:.2f} for pixels.",
        "scatter stability measures it on your own files, on every domain.",
    )
    pictures = {
        "neighbours": (
            report.plot_neighbours(),
            "Digits, deformed copies, and the nearest of the same and of the other class, with their "
            "distances in three spaces; 1 is the mean distance between a six and an eight.",
        ),
        "stability": (report.plot(), "How far three representations move: medians and quartiles."),
    }
    return Scene("The second prior: stability", text, pictures, {f"C {k}": v for k, v in constants.items()})


__all__ = ["stability"]
