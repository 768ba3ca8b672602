"""Stability, measured: how far a representation moves as signals move, bend and get noise."""

from scatter.stability.deformations import (
    Contrast,
    Deformation,
    Displacement,
    Noise,
    Rotation,
    Scaling,
    Translation,
    Warp,
    largest_displacement,
    largest_gradient,
)
from scatter.stability.measure import stability_report
from scatter.stability.report import Classes, Constant, Curve, StabilityReport

__all__ = [
    "Classes",
    "Constant",
    "Contrast",
    "Curve",
    "Deformation",
    "Displacement",
    "Noise",
    "Rotation",
    "Scaling",
    "StabilityReport",
    "Translation",
    "Warp",
    "largest_displacement",
    "largest_gradient",
    "stability_report",
]
