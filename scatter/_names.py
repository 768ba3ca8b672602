"""In which modules the public names of the package are."""

import importlib
from typing import Any

HOME = {
    "Band": "scatter.paths",
    "CodecError": "scatter.errors",
    "Decomposition": "scatter.pyramid",
    "FileError": "scatter.errors",
    "Graph": "scatter.domains.graph",
    "GraphScattering": "scatter.transforms.graph",
    "HarmonicScattering3D": "scatter.transforms.harmonic",
    "InputError": "scatter.errors",
    "Mesh": "scatter.domains.mesh",
    "MeshScattering": "scatter.transforms.mesh",
    "MissingExtraError": "scatter.errors",
    "Path": "scatter.paths",
    "PathTree": "scatter.paths",
    "PointCloud": "scatter.domains.pointcloud",
    "PointCloudScattering": "scatter.transforms.mesh",
    "Pyramid": "scatter.pyramid",
    "RotoTranslationScattering2D": "scatter.transforms.rototranslation",
    "ScatterError": "scatter.errors",
    "ScatterWarning": "scatter.errors",
    "Scattering1D": "scatter.transforms.scattering1d",
    "Scattering2D": "scatter.transforms.scattering2d",
    "SphericalScattering": "scatter.transforms.spherical",
    "TangentScattering": "scatter.transforms.tangent",
    "WaveletEnergies": "scatter.pyramid.energies",
}


def public(name: str) -> Any:
    """What a public name stands for; its module is imported when it is asked for."""
    return getattr(importlib.import_module(HOME[name]), name)
