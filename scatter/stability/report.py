"""What was measured of the stability of a representation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scatter._text import jsonable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOST = 0.01
"""Accuracy that is lost at `Curve.limit`."""


@dataclass(frozen=True, eq=False)
class Curve:
    """How one representation answers to one deformation.

    Attributes
    ----------
    representation, deformation, unit : str
        Which, and what the strength is measured in.
    strengths : ndarray of shape (strengths,)
    changes : ndarray of shape (strengths, samples)
        ``||S(Tx) - S(x)|| / ||S(x)||``.
    accuracies : ndarray of shape (strengths,), optional
        Share of the deformed samples whose nearest sample, themselves left out, is of their class.
    accuracy : float, optional
        The same without a deformation.
    """

    representation: str
    deformation: str
    unit: str
    strengths: NDArray[np.float64]
    changes: NDArray[np.float64]
    accuracies: NDArray[np.float64] | None = None
    accuracy: float | None = None

    @property
    def medians(self) -> NDArray[np.float64]:
        """Median change over the samples at each strength."""
        return np.asarray(np.median(self.changes, axis=1))

    @property
    def limit(self) -> float | None:
        """Strength at which `LOST` of accuracy is lost, between those that were looked at; None if never."""
        if self.accuracies is None or self.accuracy is None:
            return None
        at, have = np.append(0.0, self.strengths), np.append(self.accuracy, self.accuracies)
        least = self.accuracy - LOST
        below = np.flatnonzero(have < least)
        if not below.size:
            return None
        k = int(below[0])
        share = (have[k - 1] - least) / (have[k - 1] - have[k])
        return float(at[k - 1] + share * (at[k] - at[k - 1]))


@dataclass(frozen=True)
class Constant:
    """The constant C of ``||S(L_tau x) - S(x)|| <= C (max |tau| / 2**J + max |grad tau|) ||x||``.

    Attributes
    ----------
    representation : str
    median, largest : float
        Over the samples, of the smallest C that holds for all of a sample's displacements.
    relative : float
        The median with ``||S(x)||`` in the place of ``||x||``: representations of other norms compare.
    """

    representation: str
    median: float
    largest: float
    relative: float


@dataclass(frozen=True)
class Classes:
    """How a representation separates classes.

    Attributes
    ----------
    representation : str
    within, between : float
        Mean distance of two samples of one class, and of two classes.
    accuracy : float
        Of the nearest other sample.
    """

    representation: str
    within: float
    between: float
    accuracy: float

    @property
    def ratio(self) -> float:
        """Distance between classes over that within; larger is better."""
        return self.between / self.within if self.within else float("inf")


@dataclass(frozen=True, eq=False)
class StabilityReport:
    """How far representations move as signals are deformed; `stability_report` makes one.

    Attributes
    ----------
    transform : str
        What was measured.
    samples : int
    curves : tuple of Curve
        One for each deformation and representation.
    constants : tuple of Constant
        One for each representation; none if no deformation moves signals.
    classes : tuple of Classes
        One for each representation; none without labels.
    bounds : (float, float), optional
        Frame bounds of the first layer.
    energies : tuple of float
        Share of the energy of the signals that local averages of each order keep; none if that can't be
        said.
    """

    transform: str
    samples: int
    curves: tuple[Curve, ...]
    constants: tuple[Constant, ...] = ()
    classes: tuple[Classes, ...] = ()
    bounds: tuple[float, float] | None = None
    energies: tuple[float, ...] = ()

    def __str__(self) -> str:
        return f"stability of {self.transform} over {self.samples} samples"

    @property
    def representations(self) -> tuple[str, ...]:
        """Names, the transform first."""
        return tuple(dict.fromkeys(curve.representation for curve in self.curves))

    @property
    def deformations(self) -> tuple[str, ...]:
        """Names."""
        return tuple(dict.fromkeys(curve.deformation for curve in self.curves))

    def curve(self, representation: str, deformation: str) -> Curve:
        """The curve of a representation under a deformation."""
        return next(
            curve
            for curve in self.curves
            if (curve.representation, curve.deformation) == (representation, deformation)
        )

    def table(self) -> dict[str, list[Any]]:
        """A row for each deformation and strength: median changes, and accuracies, of each representation."""
        columns: dict[str, list[Any]] = {"deformation": [], "strength": [], "unit": []}
        for deformation in self.deformations:
            found = [self.curve(name, deformation) for name in self.representations]
            for k, strength in enumerate(found[0].strengths.tolist()):
                row: dict[str, Any] = {
                    "deformation": deformation,
                    "strength": strength,
                    "unit": found[0].unit,
                }
                row |= {f"{one.representation}: change": float(one.medians[k]) for one in found}
                if self.classes:
                    row |= {
                        f"{one.representation}: accuracy": float(one.accuracies[k])
                        for one in found
                        if one.accuracies is not None
                    }
                for name, value in row.items():
                    columns.setdefault(name, []).append(value)
        return columns

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, for JSON; changes by their quartiles over the samples."""
        curves = [
            {
                "representation": one.representation,
                "deformation": one.deformation,
                "unit": one.unit,
                "strengths": one.strengths,
                "changes": {f"q{q}": np.quantile(one.changes, q / 100, axis=1) for q in (25, 50, 75)},
                "accuracy": one.accuracy,
                "accuracies": one.accuracies,
                "limit": one.limit,
            }
            for one in self.curves
        ]
        whole = {
            "transform": self.transform,
            "samples": self.samples,
            "bounds": self.bounds,
            "energies": self.energies,
            "constants": [asdict(one) for one in self.constants],
            "classes": [{**asdict(one), "ratio": one.ratio} for one in self.classes],
            "curves": curves,
        }
        found: dict[str, Any] = jsonable(whole)
        return found

    def plot(self, fig: Figure | None = None) -> Figure:
        """Changes against strengths, a panel for each deformation, with quartiles over the samples.

        Parameters
        ----------
        fig : matplotlib Figure, optional
            Drawn into; None makes a new one.
        """
        from scatter.plot.stability import curves

        return curves(self, fig)


__all__ = ["Classes", "Constant", "Curve", "StabilityReport"]
