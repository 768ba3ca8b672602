"""Measuring how far representations move as samples are deformed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.metrics import pairwise_distances
from sklearn.utils.validation import check_is_fitted

from scatter.domains.graph import Graph
from scatter.errors import InputError
from scatter.molecules.molecule import Molecule
from scatter.stability import samples, surfaces, things
from scatter.stability.base import Deformation, check_strength
from scatter.stability.neighbours import neighbourhoods
from scatter.stability.report import Classes, Constant, Curve, StabilityReport
from scatter.stability.samples import Samples
from scatter.transforms.estimator import ScatteringTransformer

Representation = Callable[[Samples], NDArray[np.float64]]
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

    Deformations of points and edges act on the geometry, and the transform is made anew for it. Of signals on
    one graph or surface it is deformed once at each strength, for all of them.

    A representation is stable if it moves in proportion to a deformation: Mallat's theorem bounds the change
    of a scattering transform by ``C (max |tau| / 2**J + max |grad tau|) ||x||`` for a field tau that moves
    signals x. This measures changes, the constant C, and with labels what a deformation does to the nearest
    neighbours, on samples of your own, beside representations that everybody knows.

    Parameters
    ----------
    transform : transformer
        Any of scikit-learn's interface: a scattering transform, a pipeline, anything with ``transform``.
    X : array of shape (n_samples, *shape) or (n_samples, channels, *shape), or what else the transform takes
        At least two samples: signals, images or volumes, fields on the sphere, signals on one graph, mesh or
        cloud, or a list of graphs, surfaces or molecules.
    y : array of shape (n_samples,), optional
        Labels, of two classes at least.
    deformations : sequence of Deformation, optional
        None is what is usual on the domain. Grids: translation, rotation (from two axes on), scaling, warp,
        noise and contrast. The sphere: rotation, warp and noise. Graphs: edges dropped and added, noise of
        weights, other orders of the nodes, and noise of signals. Surfaces: bending, moved points, fewer
        points, another order, noise of signals, and other frames of tangent fields. Molecules: turns,
        bending, moved atoms, another order.
    strengths : mapping of str to sequence of float, optional
        By the name of a deformation; those left out have `Deformation.strengths`.
    baselines : sequence, default=('input', 'fourier')
        What stands beside: 'input', the numbers that samples are, point by point (positions of molecules);
        'fourier', moduli in the basis in which a Laplacian of the domain is diagonal: of the Fourier
        transform, of the parts of each degree on the sphere, of the coefficients in eigenvectors of a graph
        or a surface, and of molecules the eigenvalues of the Coulomb matrix; or pairs (name, transformer).
    scale : float, optional
        Samples of a grid over which the transform averages, for the constant C. None is ``2**J`` if the
        transform has a J, and else the longest side. Elsewhere shifts don't count, and gradients alone do.
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
    x = samples_of(transform, X)
    labels = None if y is None else _labels(y, len(x))
    chosen = tuple(x.usual if deformations is None else deformations)
    at = _strengths(chosen, strengths or {})
    sizes = np.linalg.norm(x.input, axis=1)
    if not sizes.all():
        raise InputError(f"sample {int(np.argmin(sizes > 0))} is zero everywhere, and has no relative change")
    if scale is None:
        scale = x.scale(transform)
    elif not x.scaled:
        raise InputError("scale is of signals on a grid; type scale=None")
    subjects = [
        _Subject(name, represent, x, labels)
        for name, represent in _representations(transform, baselines).items()
    ]
    curves: list[Curve] = []
    done, all_of_them = 0, sum(map(len, at.values()))
    for place, deformation in enumerate(chosen):
        rng, answers = np.random.default_rng([seed, place]), []
        for strength in at[deformation.name]:
            moved, bound = x.deformed(deformation, strength, rng, scale)
            answers.append([subject.answer(moved, bound) for subject in subjects])
            done += 1
            if watch is not None:
                watch(done, all_of_them)
        for subject, own in zip(subjects, zip(*answers, strict=True), strict=True):
            curves.append(subject.curve(deformation, at[deformation.name], own))
    bounds, energies = _frame(transform, x)
    spaces = {one.name: (one.represent, one.classes.between) for one in subjects if one.classes is not None}
    middle = {one: at[one.name][(len(at[one.name]) - 1) // 2] for one in chosen}
    rng = np.random.default_rng([seed, len(chosen)])
    near = () if labels is None else neighbourhoods(x, labels, spaces, middle, rng)
    return StabilityReport(
        repr(transform),
        len(x),
        tuple(curves),
        tuple(subject.constant(sizes) for subject in subjects if subject.ratios),
        tuple(subject.classes for subject in subjects if subject.classes is not None),
        bounds,
        energies,
        x.scaled,
        near,
    )


def nearest_accuracy(distances: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """Share of samples whose nearest other sample, by distances to all, is of their class."""
    np.fill_diagonal(distances, np.inf)
    return float((labels[distances.argmin(axis=1)] == labels).mean())


# ---------------------------------------------------------------------- pieces
class _Subject:
    """A representation, what it makes of the samples, and what is found of it."""

    def __init__(self, name: str, represent: Representation, x: Samples, labels: NDArray[Any] | None) -> None:
        self.name, self.represent, self.labels = name, represent, labels
        self.plain = represent(x)
        self.norms = np.maximum(np.linalg.norm(self.plain, axis=1), np.finfo(float).tiny)
        self.classes = None if labels is None else _classes(name, self.plain, labels)
        self.ratios: list[NDArray[np.float64]] = []

    def answer(self, moved: Samples, bound: NDArray[np.float64] | None) -> Answer:
        """Relative changes of the samples, and accuracy, when they have moved."""
        rows, plain = _alike(self.represent(moved), self.plain)
        changes = np.linalg.norm(rows - plain, axis=1)
        if bound is not None and (bound > 0).all():
            self.ratios.append(changes / bound)
        if self.labels is None:
            return changes / self.norms, None
        return changes / self.norms, nearest_accuracy(pairwise_distances(rows, plain), self.labels)

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


def _representations(transform: Any, baselines: Sequence[Any]) -> dict[str, Representation]:
    found: dict[str, Representation] = {type(transform).__name__: _rows_of(transform)}
    for baseline in baselines:
        if isinstance(baseline, str) and baseline in BASELINES:
            found[baseline] = _input if baseline == "input" else _fourier
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

    return lambda x: x.rows(transform)


def _input(x: Samples) -> NDArray[np.float64]:
    return x.input


def _fourier(x: Samples) -> NDArray[np.float64]:
    return x.fourier()


def _alike(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Rows of one length: baselines of fewer points, or of more, are filled up with zeros."""
    width = max(a.shape[1], b.shape[1])
    return tuple(np.pad(rows, ((0, 0), (0, width - rows.shape[1]))) for rows in (a, b))


def samples_of(transform: Any, X: Any) -> Samples:
    """The samples of a transform: of its domain, or of what they are where a transformer has none."""
    _check_fitted(transform)
    if not isinstance(transform, ScatteringTransformer):
        first = X[0] if isinstance(X, (list, tuple)) and len(X) else None
        kinds: dict[type, type[Samples]] = {Graph: things.GraphSamples, Molecule: things.MoleculeSamples}
        kind = kinds.get(type(first), samples.GridSamples)
        return kind.read(transform, X)
    for intake, found in (*surfaces.KINDS, *things.KINDS, *samples.KINDS):
        if isinstance(transform._intake, intake):
            return found.read(transform, X)
    raise InputError(f"there are no deformations of samples of {type(transform).__name__}")


def _frame(transform: Any, x: Samples) -> tuple[tuple[float, float] | None, tuple[float, ...]]:
    """Frame bounds, and the energy that averages of each order keep, of a transform on one domain."""
    if not isinstance(transform, ScatteringTransformer):
        return None, ()
    intake = transform._intake
    if intake.geometry(transform._seen) is None:
        return None, ()
    bounds = transform.frame.bounds()
    return (bounds.lower, bounds.upper), x.energies(transform)


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


__all__ = ["BASELINES", "nearest_accuracy", "stability_report"]
