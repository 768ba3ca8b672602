"""Stability, measured: how far a representation moves as samples move, bend, get noise and lose parts."""

from scatter.stability.base import Deformation
from scatter.stability.grids import (
    Contrast,
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
from scatter.stability.neighbours import Neighbourhood
from scatter.stability.networks import AddedEdges, DroppedEdges, WeightNoise
from scatter.stability.report import Classes, Constant, Curve, StabilityReport
from scatter.stability.space import Bending, Decimation, Frames, PointNoise, Renumbering, Turn
from scatter.stability.spheres import SphericalRotation, SphericalWarp

__all__ = [
    "AddedEdges",
    "Bending",
    "Classes",
    "Constant",
    "Contrast",
    "Curve",
    "Decimation",
    "Deformation",
    "Displacement",
    "DroppedEdges",
    "Frames",
    "Neighbourhood",
    "Noise",
    "PointNoise",
    "Renumbering",
    "Rotation",
    "Scaling",
    "SphericalRotation",
    "SphericalWarp",
    "StabilityReport",
    "Translation",
    "Turn",
    "Warp",
    "WeightNoise",
    "largest_displacement",
    "largest_gradient",
    "stability_report",
]
