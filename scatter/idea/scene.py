"""A scene: what it says, pictures, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Scene:
    """One part of the idea.

    Attributes
    ----------
    title : str
    text : tuple of str
        Paragraphs, with the numbers that were measured in them.
    pictures : mapping of str to (Figure, str)
        By name: a figure, and what it shows.
    numbers : mapping of str to float
        What was measured.
    """

    title: str
    text: tuple[str, ...]
    pictures: Mapping[str, tuple[Figure, str]]
    numbers: Mapping[str, float] = field(default_factory=dict)


def photograph(side: int = 256) -> NDArray[np.uint8]:
    """A square out of a photograph that comes with scikit-learn, (side, side, 3)."""
    from sklearn.datasets import load_sample_image

    top, left = 60, 200
    return np.asarray(load_sample_image("china.jpg")[top : top + side, left : left + side])


def grey(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Luminance of an image (H, W, 3), from 0 to 1."""
    return np.asarray(colours / np.float32(255) @ np.array([0.299, 0.587, 0.114], np.float32))


def change(after: NDArray[np.floating], before: NDArray[np.floating]) -> float:
    """Norm of a difference over the norm of what was before."""
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


__all__ = ["Scene", "change", "grey", "photograph"]
