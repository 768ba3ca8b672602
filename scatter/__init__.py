"""Multiscale wavelet scattering: stable, multiresolution features for light classifiers.

The names below are loaded when they are first used, so that ``import scatter`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from scatter._names import HOME as _HOME
from scatter._names import public as _public
from scatter._version import __version__

if TYPE_CHECKING:
    from scatter import codec, distributed, extraction, io, learning, molecules, plot, stability, testing
    from scatter.domains.graph import Graph
    from scatter.domains.mesh import Mesh
    from scatter.domains.pointcloud import PointCloud
    from scatter.errors import (
        CodecError,
        FileError,
        InputError,
        MissingExtraError,
        ScatterError,
        ScatterWarning,
    )
    from scatter.paths import Band, Path, PathTree
    from scatter.pyramid import Decomposition, Pyramid
    from scatter.pyramid.energies import WaveletEnergies
    from scatter.transforms.graph import GraphScattering
    from scatter.transforms.harmonic import HarmonicScattering3D
    from scatter.transforms.mesh import MeshScattering, PointCloudScattering
    from scatter.transforms.rototranslation import RotoTranslationScattering2D
    from scatter.transforms.scattering1d import Scattering1D
    from scatter.transforms.scattering2d import Scattering2D
    from scatter.transforms.spherical import SphericalScattering
    from scatter.transforms.tangent import TangentScattering

_MODULES = (
    "codec",
    "distributed",
    "extraction",
    "io",
    "learning",
    "molecules",
    "plot",
    "stability",
    "testing",
)

__all__ = [
    "Band",
    "CodecError",
    "Decomposition",
    "FileError",
    "Graph",
    "GraphScattering",
    "HarmonicScattering3D",
    "InputError",
    "Mesh",
    "MeshScattering",
    "MissingExtraError",
    "Path",
    "PathTree",
    "PointCloud",
    "PointCloudScattering",
    "Pyramid",
    "RotoTranslationScattering2D",
    "ScatterError",
    "ScatterWarning",
    "Scattering1D",
    "Scattering2D",
    "SphericalScattering",
    "TangentScattering",
    "WaveletEnergies",
    "__version__",
    "codec",
    "distributed",
    "extraction",
    "io",
    "learning",
    "molecules",
    "plot",
    "stability",
    "testing",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return _public(name)
    if name in _MODULES:
        return importlib.import_module(f"scatter.{name}")
    known = ", ".join(sorted((*_HOME, *_MODULES)))
    raise AttributeError(f"module 'scatter' has no attribute {name!r}; it has {known}")


def __dir__() -> list[str]:
    return sorted(__all__)
