"""The digits that scikit-learn ships: scattering against pixels, with few and with many samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZES = (20, 50, 100, 200, 500, 1000)
"""Training samples, of 1797 images; the 797 others are the test set."""
N_TEST = 797
ROTATIONS = (5.0, 10.0, 15.0)
SHIFTS = (0.5, 1.0, 1.5)

Images = NDArray[np.float32]


@dataclass(frozen=True)
class Score:
    """Test accuracy at one training size, per cent, over several draws of the training set."""

    method: str
    size: int
    mean: float
    deviation: float


@dataclass(frozen=True)
class Move:
    """What a small deformation of the test images does to a representation and its classifier."""

    method: str
    deformation: str
    change: float
    accuracy: float


@dataclass(frozen=True)
class Experiment:
    """Everything that was measured on the digits."""

    scores: tuple[Score, ...]
    moves: tuple[Move, ...]

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods, in the order of the table."""
        return tuple(dict.fromkeys(score.method for score in self.scores))

    def score(self, method: str, size: int) -> Score:
        """The score of one method at one training size."""
        return next(s for s in self.scores if (s.method, s.size) == (method, size))


def methods() -> dict[str, Callable[[], Any]]:
    """Pipelines by name; the first two have the same classifier and differ in the features alone."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    from scatter import Scattering2D

    return {
        # Digits stand on an empty ground, so they continue by zeros.
        "scattering + logistic": lambda: make_pipeline(
            Scattering2D(J=2, shape=(8, 8), padding="zero"),
            StandardScaler(),
            LogisticRegression(max_iter=1000),
        ),
        "pixels + logistic": lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "pixels + RBF SVM": lambda: SVC(C=10),
    }


def load() -> tuple[Images, NDArray[np.int64]]:
    """The 1797 images as rows of 64 numbers in [0, 1], and their labels."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return (images / 16).astype(np.float32), labels


def run_digits(seed: int, track: Callable[[list[Any], str], Iterator[Any]]) -> Experiment:
    """Measure accuracy at every training size, then stability to shifts and rotations.

    Parameters
    ----------
    seed : int
        Of the split and of the draws.
    track : callable
        Goes through a list while it shows progress.
    """
    from threadpoolctl import threadpool_limits

    images, labels = load()
    order = np.random.default_rng(seed).permutation(len(images))
    test, pool = order[:N_TEST], order[N_TEST:]
    scores = []
    tasks = [(name, size) for size in SIZES for name in methods()]
    with threadpool_limits(1):  # the problems are so small that threads only wait for each other
        for name, size in track(tasks, "Digits: training"):
            found = [
                methods()[name]().fit(images[draw], labels[draw]).score(images[test], labels[test])
                for draw in _draws(pool, labels, size, seed)
            ]
            scores.append(Score(name, size, 100 * float(np.mean(found)), 100 * float(np.std(found))))
        moves = list(_moves(images, labels, test, pool, track))
    return Experiment(tuple(scores), tuple(moves))


def _draws(
    pool: NDArray[Any], labels: NDArray[np.int64], size: int, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Training sets of a size with every class in them; the same ones for every method."""
    rng = np.random.default_rng((seed, size))
    wanted = 1 if size >= len(pool) else 10 if size <= 100 else 4
    while wanted:
        draw = rng.permutation(pool)[:size]
        if len(np.unique(labels[draw])) == 10:
            wanted -= 1
            yield draw


def _moves(
    images: Images,
    labels: NDArray[np.int64],
    test: NDArray[Any],
    pool: NDArray[Any],
    track: Callable[[list[Any], str], Iterator[Any]],
) -> Iterator[Move]:
    for name in track(list(methods()), "Digits: shifts and rotations"):
        model = methods()[name]().fit(images[pool], labels[pool])
        represent = model[0].transform if name.startswith("scattering") else lambda rows: rows
        still = represent(images[test])
        for deformation, moved in deformations(images[test]):
            change = np.linalg.norm(represent(moved) - still) / np.linalg.norm(still)
            accuracy = 100 * model.score(moved, labels[test])
            yield Move(name, deformation, float(change), float(accuracy))


def deformations(rows: Images) -> Iterator[tuple[str, Images]]:
    """Shifts to the right and rotations of images of 8 x 8 pixels, by cubic splines, in words."""
    from scipy import ndimage

    squares = rows.reshape(-1, 8, 8)
    yield "none", rows
    for pixels in SHIFTS:
        moved = ndimage.shift(squares, (0, 0, pixels), order=3)
        yield f"shift by {pixels:g} pixel", np.clip(moved, 0, 1).reshape(rows.shape)
    for degrees in ROTATIONS:
        moved = ndimage.rotate(squares, degrees, axes=(1, 2), reshape=False, order=3)
        yield f"rotation by {degrees:g} degrees", np.clip(moved, 0, 1).reshape(rows.shape)
