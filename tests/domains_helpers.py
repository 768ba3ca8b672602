"""One transform of every domain, small enough for tests."""

import numpy as np
from scipy import sparse

import scatter
from scatter.domains.shapes import icosphere

BALL = icosphere(2, (1.0, 1.2, 0.8))
HALF = np.triu(np.random.default_rng(0).random((40, 40)) < 0.1, 1) * np.random.default_rng(1).random((40, 40))
GRAPH = HALF + HALF.T

DOMAINS = {
    "Scattering1D": scatter.Scattering1D(J=4, shape=256, padding=None),
    "Scattering2D": scatter.Scattering2D(J=2, L=4, shape=(32, 24), padding=None),
    "RotoTranslationScattering2D": scatter.RotoTranslationScattering2D(
        J=2, L=4, shape=(32, 24), padding=None
    ),
    "HarmonicScattering3D": scatter.HarmonicScattering3D(J=1, L=2, shape=(8, 10, 12), method="local"),
    "SphericalScattering": scatter.SphericalScattering(L=16, J_min=1),
    "MeshScattering": scatter.MeshScattering(J=4, mesh=BALL, n_eig=60),
    "PointCloudScattering": scatter.PointCloudScattering(
        J=4, cloud=scatter.PointCloud(BALL.vertices), n_eig=60
    ),
    "TangentScattering": scatter.TangentScattering(J=4, mesh=BALL, n_eig=60),
    "GraphScattering": scatter.GraphScattering(J=3, graph=scatter.Graph(sparse.csr_array(GRAPH))),
}


def estimators():
    """Names of the estimators of the package."""
    return {name for name in scatter.__all__ if hasattr(getattr(scatter, name), "fit")}
