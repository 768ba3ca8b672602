"""What a deformation is, on any domain."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Protocol

import numpy as np

from scatter.errors import InputError

WHOLE = math.nextafter(1.0, 2.0)
"""`Deformation.most` of a share that may be everything: just above 1."""

LOST = 0.01
"""Accuracy that is lost at `Curve.limit`."""


class Deformation(Protocol):
    """Something that may happen to samples, more or less strongly.

    Attributes
    ----------
    name, unit : str
        What it is called, and what its strength is measured in.
    strengths : tuple of float
        Those that are looked at unless others are asked for, increasing.
    most : float
        The strength has to stay below this.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    strengths: ClassVar[tuple[float, ...]]
    most: ClassVar[float]

    def __call__(self, x: Any, strength: float, rng: np.random.Generator) -> Any:
        """Deformed copies of samples, in the form in which they came."""


def check_strength(deformation: Deformation, strength: Any) -> float:
    """Return a strength that a deformation allows."""
    number = isinstance(strength, (int, float, np.integer, np.floating)) and not isinstance(strength, bool)
    if not number or not 0 <= float(strength) < deformation.most:
        most = deformation.most
        reached = float(f"{most:g}") < most  # most is just above a round number
        end = " on" if math.isinf(most) else f" to {most:g}" if reached else f" on and below {most:g}"
        raise InputError(
            f"the strength of {deformation.name} ({deformation.unit}) must be a number from 0{end}, got "
            f"{strength!r}"
        )
    return float(strength)


def check_width(width: float) -> None:
    """Refuse a share of a side over which a random field stays alike, unless it is one."""
    if not 0 < width <= 1:
        raise InputError(f"width must be a share of a side, above 0 and up to 1, got {width!r}")


__all__ = ["LOST", "WHOLE", "Deformation", "check_strength", "check_width"]
