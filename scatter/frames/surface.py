"""Heat wavelets of an operator on the vertices of a surface, from its lowest eigenpairs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.frames.spectral import ChebyshevFrame, SpectralFrame, heat
from scatter.numerics.eigen import eigenpairs, spectral_bound
from scatter.numerics.sparse import SparseMatrix

METHODS = ("eigen", "chebyshev")


class Spectrum(NamedTuple):
    """An operator on n vertices and its lowest eigenpairs, ``stiffness u = value mass u``.

    Attributes
    ----------
    stiffness : sparse array of shape (n, n)
        Symmetric, or complex Hermitian.
    mass : ndarray of shape (n,)
        Areas of the vertices.
    values : ndarray of shape (k,)
        Ascending, in 1 / length^2.
    vectors : ndarray of shape (n, k)
        Orthonormal for the mass.
    """

    stiffness: Any
    mass: NDArray[np.float64]
    values: NDArray[np.float64]
    vectors: Any

    @property
    def area(self) -> float:
        """Area of the surface."""
        return float(self.mass.sum())


def spectrum(stiffness: Any, mass: NDArray[np.float64], n_eig: int) -> Spectrum:
    """Compute ``n_eig`` eigenpairs, or as many as there are vertices if those are fewer.

    A cluster of equal eigenvalues that would be cut is left out.
    """
    return Spectrum(stiffness, mass, *eigenpairs(stiffness, mass, min(n_eig, len(mass))))


def heat_frame(
    operator: Spectrum, J: int, t0: float, method: str = "eigen"
) -> SpectralFrame | ChebyshevFrame:
    """Tight heat wavelets of an operator.

    Parameters
    ----------
    operator : Spectrum
        The operator and its lowest eigenpairs.
    J : int
        Number of wavelets.
    t0 : float
        Diffusion time of the finest low-pass, length^2.
    method : {'eigen', 'chebyshev'}
        What becomes of the part of a signal outside of the span of the eigenvectors: it goes to the
        finest wavelet as it is, or is filtered by polynomials of the operator, accurate to 1e-9.

    Examples
    --------
    >>> from scatter.domains.shapes import icosphere
    >>> mesh = icosphere(2)
    >>> few = spectrum(mesh.laplacian, mesh.mass, n_eig=40)
    >>> frame = heat_frame(few, J=3, t0=0.05)
    >>> print(f"{len(few.values)} pairs, bounds {frame.bounds().lower:.9f} {frame.bounds().upper:.9f}")
    39 pairs, bounds 1.000000000 1.000000000
    """
    if method not in METHODS:
        raise InputError(f"method must be 'eigen' or 'chebyshev', got {method!r}")
    stiffness, mass, values, vectors = operator
    bound = spectral_bound(stiffness, mass)
    kernels = heat(J, t0, bound)
    if method == "eigen" or len(values) == len(mass):
        return SpectralFrame(values, vectors, kernels, mass)
    matrix = SparseMatrix(stiffness.multiply(1 / mass[:, None]))
    # The wavelets have a branch point at 0, where the exact eigenpairs are; beyond those they are smooth.
    return ChebyshevFrame(matrix, bound, kernels, mass=mass, low=(values, vectors), gap=float(values[-1]))
