"""Clouds of points on a surface: a Laplacian without a mesh."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from scatter.domains.mesh import require_robust
from scatter.domains.meshcheck import Points, check_extent, named
from scatter.errors import InputError
from scatter.numerics.plain import plain_numpy

LAPLACIANS = ("diffusion_maps", "tufted")

CUT = 8.0
"""The kernel is left out where it is below ``exp(-CUT)``; at ``CUT = 4`` eigenvalues are 5 % too small."""


class PointCloud:
    """Points that lie on a surface, that can't be changed.

    Parameters
    ----------
    points : array of shape (n, 3)
        Positions, in any unit of length, at least 5, no two the same.

    Raises
    ------
    InputError
        If a position is not finite or is there twice; the points are named.

    Examples
    --------
    >>> from scatter.domains.shapes import icosphere
    >>> cloud = PointCloud(icosphere(3).vertices)
    >>> stiffness, mass = cloud.operators()
    >>> cloud, bool(abs(mass.sum() / (4 * np.pi) - 1) < 0.05)
    (PointCloud(642 points), True)
    """

    points: Points

    def __init__(self, points: Any) -> None:
        try:
            found = np.array(plain_numpy(points, "points"), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"points must be numbers of shape (n, 3): {error}") from None
        if found.ndim != 2 or found.shape[1] != 3 or len(found) < 5:
            raise InputError(f"points must have shape (n, 3) with n at least 5, got {found.shape}")
        bad = np.flatnonzero(~np.isfinite(found).all(axis=1))
        if len(bad):
            raise InputError(f"{named('point', 'points', bad)} NaN or infinite; remove them")
        check_extent(found, "points")
        _, first = np.unique(found, axis=0, return_index=True)
        again = np.setdiff1d(np.arange(len(found)), first)
        if len(again):
            raise InputError(
                f"{named('point', 'points', again)} there already; type np.unique(points, axis=0)"
            )
        found.flags.writeable = False
        object.__setattr__(self, "points", found)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a PointCloud can't be changed; make a new one (tried to set {name!r})")

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        return f"PointCloud({len(self)} points)"

    def operators(
        self, laplacian: str = "diffusion_maps", n_neighbors: int = 32, bandwidth: float | str = "auto"
    ) -> tuple[Any, NDArray[np.float64]]:
        """Laplacian and mass of the points.

        Parameters
        ----------
        laplacian : {'diffusion_maps', 'tufted'}
            A Gaussian kernel between neighbours, or the tufted cover of local triangulations, which is
            more accurate and needs the extra ``mesh``.
        n_neighbors : int, default=32
            Neighbours of a point, in the middle of all points.
        bandwidth : float or 'auto'
            Diffusion time of the kernel of ``diffusion_maps``, length^2; 'auto' takes the median over the
            points of the squared distance of the last neighbour, over 16.

        Returns
        -------
        stiffness : sparse array of shape (n, n)
            Symmetric positive semi-definite.
        mass : ndarray of shape (n,)
            Estimated area of every point.
        """
        if laplacian not in LAPLACIANS:
            allowed = " or ".join(map(repr, LAPLACIANS))
            raise InputError(f"laplacian must be {allowed}, got {laplacian!r}")
        if not 3 <= n_neighbors < len(self):
            raise InputError(
                f"n_neighbors must be from 3 to {len(self) - 1} for {len(self)} points, got {n_neighbors!r}"
            )
        if laplacian == "tufted":
            robust = require_robust("laplacian='tufted'")
            stiffness, mass = robust.point_cloud_laplacian(self.points, n_neighbors=n_neighbors)
            return scipy.sparse.csr_array(stiffness), mass.diagonal()
        return diffusion_maps(self.points, n_neighbors, bandwidth)


def diffusion_maps(
    points: Points, n_neighbors: int, bandwidth: float | str
) -> tuple[Any, NDArray[np.float64]]:
    """Laplacian from a Gaussian kernel, corrected for the density of the points.

    With ``k(x, y) = exp(-|x - y|^2 / (4 e))``, the heat kernel of a plane at time e up to ``4 pi e``, and
    the density q it measures, ``k / (q q')`` has row sums ``area / (4 pi e)`` whatever the density is
    (Coifman & Lafon, "Diffusion maps", Applied and Computational Harmonic Analysis 21(1), 2006,
    proposition 3, alpha = 1).
    """
    tree = cKDTree(points)
    if bandwidth == "auto":
        last = tree.query(points, [n_neighbors + 1])[0]
        time = float(np.median(last**2)) / 16
    elif isinstance(bandwidth, str) or not 0 < bandwidth < np.inf:
        raise InputError(f"bandwidth must be 'auto' or a positive number, got {bandwidth!r}")
    else:
        time = float(bandwidth)
    n, cut = len(points), np.sqrt(4 * time * CUT)
    i, j = tree.query_pairs(cut, output_type="ndarray").T
    near = np.exp(-((points[i] - points[j]) ** 2).sum(axis=1) / (4 * time))
    entries = (np.concatenate([near, near, np.ones(n)]), (np.r_[i, j, :n], np.r_[j, i, :n]))
    kernel = scipy.sparse.csr_array(entries, shape=(n, n))
    weight = 1 / kernel.sum(axis=1)
    kernel = kernel.multiply(weight[:, None]).multiply(weight[None, :]).tocsr()
    rowsum = np.asarray(kernel.sum(axis=1)).ravel()
    stiffness = 4 * np.pi * (scipy.sparse.diags_array(rowsum) - kernel)
    return scipy.sparse.csr_array(stiffness), 4 * np.pi * time * rowsum
