"""Measuring how far representations of signals on a grid move as the signals are deformed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.metrics import pairwise_distances
from sklearn.utils.validation import check_is_fitted

from scatter.errors import InputError
from scatter.numerics.plain import plain_numpy
from scatter.stability.deformations import (
    Deformation,
    Displacement,
    check_strength,
    largest_displacement,
    largest_gradient,
    usual,
)
from scatter.stability.report import Classes, Constant, Curve, StabilityReport
from scatter.testing import kept_energies
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.grids import Grids

Signals = NDArray[Any]
Representation = Callable[[Signals], NDArray[np.float64]]
Answer = tuple[NDArray[np.float64], float | None]
"""Relative changes of the samples, and accuracy."""
BASELINES = ("input", "fourier")
MOST = 5000
"""Samples with labels, whose distances to each other are all computed."""


def stability_report(
    transform: Any,
    X: Any,
    y: Any = None,
    *,
    deformations: Sequence[Deformation] | None = None,
    strengths: Mapping[str, Sequence[float]] | None = None,
    baselines: Sequence[Any] = BASELINES,
    scale: float | None = None,
    seed: int = 0,
    watch: Callable[[int, int], None] | None = None,
) -> StabilityReport:
    """Measure how far a representation moves as signals move, bend and get noise.

    A representation is stable if it moves in proportion to a deformation: Mallat's theorem bounds the change
    of a scattering transform by ``C (max |tau| / 2**J + max |grad tau|) ||x||`` for a field tau that moves
    signals x. This measures changes, the constant C, and with labels what a deformation does to the nearest
    neighbours, on samples of your own, beside representations that everybody knows.

    Parameters
    ----------
    transform : transformer
        Any of scikit-learn's interface: a scattering transform, a pipeline, anything with ``transform``.
    X : array of shape (n_samples, *shape) or (n_samples, channels, *shape)
        Signals, images or volumes, real and finite.
    y : array of shape (n_samples,), optional
        Labels, of two classes at least.
    deformations : sequence of Deformation, optional
        None is translation, rotation (from two axes on), scaling, warp, noise and contrast.
    strengths : mapping of str to sequence of float, optional
        By the name of a deformation; those left out have `Deformation.strengths`.
    baselines : sequence, default=('input', 'fourier')
        What stands beside: 'input', the samples themselves; 'fourier', the modulus of their Fourier
        transform; or pairs (name, transformer).
    scale : float, optional
        Samples over which the transform averages, for the constant C. None is ``2**J`` if the transform has a
        J, and else the longest side.
    seed : int, default=0
        Of all that is random.
    watch : callable, optional
        Told how many deformations are done, and of how many.

    Returns
    -------
    StabilityReport

    Raises
    ------
    InputError
        If samples or labels are no such thing, a strength is out of its range, or the transform is not
        fitted.

    References
    ----------
    Mallat, "Group invariant scattering", Communications on Pure and Applied Mathematics 65(10), 2012,
    theorem 2.12.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from scatter import Scattering2D
    >>> from scatter.stability import Warp, stability_report
    >>> X, y = load_digits(return_X_y=True)
    >>> X = X[:100].reshape(-1, 8, 8) / 16
    >>> report = stability_report(Scattering2D(J=2, shape=(8, 8)), X, y[:100], deformations=[Warp()])
    >>> scattering, pixels, spectrum = (one.medians[-1] for one in report.curves)
    >>> bool(scattering < pixels)
    True
    """
    x = _signals(X)
    ndim = _axes(transform, x)
    labels = None if y is None else _labels(y, len(x))
    chosen = tuple(usual(ndim) if deformations is None else deformations)
    at = _strengths(chosen, strengths or {})
    sizes = np.linalg.norm(x.reshape(len(x), -1), axis=1)
    if not sizes.all():
        raise InputError(f"sample {int(np.argmin(sizes > 0))} is zero everywhere, and has no relative change")
    scale = _scale(transform, x.shape[-ndim:]) if scale is None else scale
    representations = _representations(transform, baselines, ndim)
    subjects = [_Subject(name, represent, x, labels) for name, represent in representations.items()]
    curves: list[Curve] = []
    done, all_of_them = 0, sum(map(len, at.values()))
    for place, deformation in enumerate(chosen):
        rng, answers = np.random.default_rng([seed, place]), []
        for strength in at[deformation.name]:
            moved, bound = _deformed(deformation, x, strength, rng, ndim, scale)
            answers.append([subject.answer(moved, bound) for subject in subjects])
            done += 1
            if watch is not None:
                watch(done, all_of_them)
        for subject, own in zip(subjects, zip(*answers, strict=True), strict=True):
            curves.append(subject.curve(deformation, at[deformation.name], own))
    bounds, energies = _frame(transform, x, ndim)
    return StabilityReport(
        repr(transform),
        len(x),
        tuple(curves),
        tuple(subject.constant(sizes) for subject in subjects if subject.ratios),
        tuple(subject.classes for subject in subjects if subject.classes is not None),
        bounds,
        energies,
    )


def nearest_accuracy(distances: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """Share of samples whose nearest other sample, by distances to all, is of their class."""
    np.fill_diagonal(distances, np.inf)
    return float((labels[distances.argmin(axis=1)] == labels).mean())


# ---------------------------------------------------------------------- pieces
def _deformed(
    deformation: Deformation, x: Signals, strength: float, rng: np.random.Generator, ndim: int, scale: float
) -> tuple[Signals, NDArray[np.float64] | None]:
    """Deformed signals, and what the theorem sets their changes against, if a field moves them."""
    if not isinstance(deformation, Displacement):
        return deformation(x, strength, rng, ndim), None
    fields = deformation.fields(x, strength, rng, ndim)
    bound = [largest_displacement(field) / scale + largest_gradient(field) for field in fields]
    return deformation.displaced(x, fields), np.asarray(bound)


class _Subject:
    """A representation, what it makes of the samples, and what is found of it."""

    def __init__(self, name: str, represent: Representation, x: Signals, labels: NDArray[Any] | None) -> None:
        self.name, self.represent, self.labels = name, represent, labels
        self.plain = represent(x)
        self.norms = np.maximum(np.linalg.norm(self.plain, axis=1), np.finfo(float).tiny)
        self.classes = None if labels is None else _classes(name, self.plain, labels)
        self.ratios: list[NDArray[np.float64]] = []

    def answer(self, moved: Signals, bound: NDArray[np.float64] | None) -> Answer:
        """Relative changes of the samples, and accuracy, when they have moved."""
        rows = self.represent(moved)
        changes = np.linalg.norm(rows - self.plain, axis=1)
        if bound is not None and (bound > 0).all():
            self.ratios.append(changes / bound)
        if self.labels is None:
            return changes / self.norms, None
        return changes / self.norms, nearest_accuracy(pairwise_distances(rows, self.plain), self.labels)

    def curve(self, deformation: Deformation, strengths: list[float], answers: Sequence[Answer]) -> Curve:
        """What was found at each strength."""
        return Curve(
            self.name,
            deformation.name,
            deformation.unit,
            np.asarray(strengths),
            np.asarray([changes for changes, _ in answers]),
            None if self.labels is None else np.asarray([accuracy for _, accuracy in answers], float),
            None if self.classes is None else self.classes.accuracy,
        )

    def constant(self, sizes: NDArray[np.float64]) -> Constant:
        """The constant C, for norms of the samples."""
        most = np.max(self.ratios, axis=0)
        by_input, by_own = most / sizes, most / self.norms
        return Constant(
            self.name, float(np.median(by_input)), float(by_input.max()), float(np.median(by_own))
        )


def _classes(name: str, rows: NDArray[np.float64], labels: NDArray[Any]) -> Classes:
    """How far classes are from each other."""
    distances = pairwise_distances(rows, rows)
    same, pairs = labels[:, None] == labels, ~np.eye(len(labels), dtype=bool)
    within, between = float(distances[same & pairs].mean()), float(distances[~same].mean())
    return Classes(name, within, between, nearest_accuracy(distances, labels))


def _representations(transform: Any, baselines: Sequence[Any], ndim: int) -> dict[str, Representation]:
    found: dict[str, Representation] = {type(transform).__name__: _rows_of(transform)}
    for baseline in baselines:
        if isinstance(baseline, str) and baseline in BASELINES:
            found[baseline] = _flat if baseline == "input" else lambda x: _spectrum(x, ndim)
        elif isinstance(baseline, tuple) and len(baseline) == 2 and isinstance(baseline[0], str):
            found[baseline[0]] = _rows_of(baseline[1])
        else:
            raise InputError(
                f"baselines must be 'input', 'fourier' or pairs (name, transformer), got {baseline!r:.80}"
            )
    return found


def _check_fitted(transform: Any) -> None:
    if not hasattr(transform, "transform"):
        raise InputError(f"a transformer has a method transform, got {type(transform).__name__}")
    try:
        check_is_fitted(transform)
    except NotFittedError:
        if not (isinstance(transform, ScatteringTransformer) and transform._intake.stateless):
            raise InputError(
                f"{type(transform).__name__} is not fitted; call fit with your samples first"
            ) from None
    except TypeError:
        pass  # it has no fit


def _rows_of(transform: Any) -> Representation:
    _check_fitted(transform)

    def represent(x: Signals) -> NDArray[np.float64]:
        return np.asarray(transform.transform(x), np.float64).reshape(len(x), -1)

    return represent


def _flat(x: Signals) -> NDArray[np.float64]:
    return np.asarray(x, np.float64).reshape(len(x), -1)


def _spectrum(x: Signals, ndim: int) -> NDArray[np.float64]:
    """Modulus of the Fourier transform, of the norm of the signal."""
    return np.asarray(np.abs(np.fft.fftn(x, axes=range(-ndim, 0), norm="ortho"))).reshape(len(x), -1)


def _frame(transform: Any, x: Signals, ndim: int) -> tuple[tuple[float, float] | None, tuple[float, ...]]:
    """Frame bounds, and the energy that averages of each order keep, of a scattering transform."""
    if not isinstance(transform, ScatteringTransformer):
        return None, ()
    bounds = transform.frame.bounds()
    signals = x.reshape(-1, *x.shape[x.ndim - ndim :])
    return (bounds.lower, bounds.upper), tuple(kept_energies(transform, signals).tolist())


def _signals(X: Any) -> Signals:
    x = plain_numpy(X, "X")
    if x.dtype.kind not in "biuf" or x.ndim < 2 or len(x) < 2 or x.size == 0:
        raise InputError(
            "X must be at least two real signals, shape (n_samples, *shape), got "
            f"{x.dtype} of shape {x.shape}"
        )
    x = np.asarray(x, np.float32 if x.dtype.kind != "f" or x.dtype.itemsize < 4 else x.dtype)
    if not np.isfinite(x).all():
        raise InputError("X contains NaN or infinite values")
    return x


def _axes(transform: Any, x: Signals) -> int:
    """Axes of the grid: those of the frame of a scattering transform, or all but the first."""
    if not isinstance(transform, ScatteringTransformer):
        return x.ndim - 1
    _check_fitted(transform)
    if not isinstance(transform._intake, Grids):
        raise InputError(
            "there are deformations of signals, images and volumes, not of samples of "
            f"{type(transform).__name__}"
        )
    shape = transform.frame.shape
    if x.ndim <= len(shape) or x.shape[-len(shape) :] != tuple(shape):
        raise InputError(
            f"X must be of shape (n_samples, [channels,] {', '.join(map(str, shape))}), got {x.shape}"
        )
    return len(shape)


def _labels(y: Any, count: int) -> NDArray[Any]:
    labels = np.asarray(y)
    if labels.shape != (count,):
        raise InputError(f"y must have a label for each of the {count} samples, got shape {labels.shape}")
    if len(np.unique(labels)) < 2:
        raise InputError("y must be of two classes at least, got one; leave y out")
    if len(np.unique(labels)) == count:
        raise InputError("no two samples have the same label in y, so there are no classes; leave y out")
    if count > MOST:
        raise InputError(
            f"distances of all pairs are computed of at most {MOST} samples with labels, got {count}; "
            "take some of them"
        )
    return labels


def _strengths(
    chosen: tuple[Deformation, ...], asked: Mapping[str, Sequence[float]]
) -> dict[str, list[float]]:
    names = [deformation.name for deformation in chosen]
    if unknown := sorted(set(asked) - set(names)):
        raise InputError(f"strengths are of {', '.join(names)}, got {unknown[0]!r}")
    found = {}
    for deformation in chosen:
        at = [check_strength(deformation, one) for one in asked.get(deformation.name, deformation.strengths)]
        if not at or any(b <= a for a, b in itertools.pairwise(at)):
            raise InputError(f"strengths of {deformation.name} must increase, got {at}")
        found[deformation.name] = at
    return found


def _scale(transform: Any, shape: tuple[int, ...]) -> float:
    J = getattr(transform, "J", None)
    return 2.0 ** int(J) if isinstance(J, Integral) else float(max(shape))


__all__ = ["BASELINES", "nearest_accuracy", "stability_report"]
