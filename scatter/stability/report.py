"""What was measured of the stability of a representation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scatter._page import write
from scatter._text import jsonable
from scatter.errors import InputError
from scatter.stability.base import LOST
from scatter.stability.neighbours import Neighbourhood

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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
    shifts : bool
        Whether lengths of displacements count beside their gradients, as on grids.
    neighbourhoods : tuple of Neighbourhood
        Some samples of a grid with deformed copies and neighbours; none without labels.
    """

    transform: str
    samples: int
    curves: tuple[Curve, ...]
    constants: tuple[Constant, ...] = ()
    classes: tuple[Classes, ...] = ()
    bounds: tuple[float, float] | None = None
    energies: tuple[float, ...] = ()
    shifts: bool = True
    neighbourhoods: tuple[Neighbourhood, ...] = ()

    def __str__(self) -> str:
        return f"stability of {self.transform} over {self.samples} samples"

    @property
    def theorem(self) -> str:
        """The inequality that constants are of; shifts count on grids alone."""
        shifts = "max |tau| / 2^J + " if self.shifts else ""
        return f"||S(moved x) - S(x)|| <= C ({shifts}max |grad tau|) ||S(x)||"

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

    def plot_neighbours(self, fig: Figure | None = None) -> Figure:
        """Samples beside deformed copies and neighbours, with their distances in every space.

        Parameters
        ----------
        fig : matplotlib Figure, optional
            Drawn into; None makes a new one.

        Raises
        ------
        InputError
            If there are none: of samples without labels, or that are no signals on a grid.
        """
        from scatter.plot.stability import neighbours

        if not self.neighbourhoods:
            raise InputError(
                "there are no neighbours to draw; they are of signals on a grid with labels: type "
                "stability_report(transform, X, y)"
            )
        return neighbours(self, fig)

    def to_html(self, path: str | PathLike[str]) -> None:
        """Write a page with curves, neighbours, constants and every number, that needs nothing beside it.

        Parameters
        ----------
        path : path-like
            The file; replaced if it is there, whole or not at all.

        Raises
        ------
        FileError
            If it can't be written.
        """
        from scatter.stability.page import page

        write(Path(path), page(self).encode())


__all__ = ["Classes", "Constant", "Curve", "StabilityReport"]
