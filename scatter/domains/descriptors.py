"""Functions that a surface has of itself, for telling shapes apart: curvatures and heat kernels.

All are without unit: scaling the surface changes none of them. So does moving it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.domains.mesh import Mesh

Values = NDArray[np.float64]

HEAT_TIMES = (0.25, 0.0625, 0.015625)
"""Diffusion times of the heat kernel signature, in units of area / (4 pi), the radius^2 of a sphere."""


def mean_curvature(mesh: Mesh) -> Values:
    """Mean curvature times the radius of the sphere of equal area, shape (n,); 1 on a sphere.

    Positive where the surface bends away from its normals; 0 on the boundary, where it has no meaning.
    Desbrun, Meyer, Schroeder & Barr, "Implicit fairing of irregular meshes using diffusion and curvature
    flow", SIGGRAPH 1999, eq. 14.

    Examples
    --------
    >>> from scatter.domains.shapes import icosphere
    >>> print(f"{np.median(mean_curvature(icosphere(3))):.2f}")
    1.00
    """
    bend = ((mesh.laplacian @ mesh.vertices) * mesh.normals).sum(axis=1) / (2 * mesh.mass)
    return np.where(mesh.boundary, 0.0, bend * np.sqrt(mesh.area / (4 * np.pi)))


def gaussian_curvature(mesh: Mesh) -> Values:
    """Angle defect over area, times area / (4 pi), shape (n,); 1 on a sphere, 0 on the boundary."""
    around = np.bincount(mesh.faces.ravel(), mesh.angles.ravel(), minlength=len(mesh))
    defect = (2 * np.pi - around) / mesh.mass * mesh.area / (4 * np.pi)
    return np.where(mesh.boundary, 0.0, defect)


def heat_kernel_signature(
    values: Values, vectors: Values, area: float, times: tuple[float, ...] = HEAT_TIMES
) -> Values:
    """Heat that stays at a vertex after some times, times the area: shape (n, times).

    Parameters
    ----------
    values : ndarray of shape (k,)
        Eigenvalues of the Laplacian, 1 / length^2.
    vectors : ndarray of shape (n, k)
        Eigenvectors, orthonormal for the mass.
    area : float
        Of the surface.
    times : tuple of float
        In units of area / (4 pi).

    References
    ----------
    Sun, Ovsjanikov & Guibas, "A concise and provably informative multi-scale signature based on heat
    diffusion", Computer Graphics Forum 28(5), 2009, definition 1.
    """
    decay = np.exp(-np.multiply.outer(values, np.asarray(times)) * area / (4 * np.pi))
    return np.asarray(area * (vectors**2 @ decay))


def bending(points: Values, stiffness: Any, mass: Values) -> Values:
    """Length of the mean curvature vector, without unit, shape (n,), where there are points but no faces.

    Parameters
    ----------
    points : ndarray of shape (n, 3)
    stiffness, mass
        Their Laplacian and areas.
    """
    vector = (stiffness @ points) / (2 * mass[:, None])
    return np.asarray(np.linalg.norm(vector, axis=1) * np.sqrt(mass.sum() / (4 * np.pi)))
