"""Scattering of functions on triangle meshes and on clouds of points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scatter.domains.descriptors import (
    HEAT_TIMES,
    bending,
    gaussian_curvature,
    heat_kernel_signature,
    mean_curvature,
)
from scatter.domains.mesh import Mesh
from scatter.domains.pointcloud import PointCloud
from scatter.errors import InputError
from scatter.frames.base import Frame
from scatter.frames.surface import Spectrum, heat_frame
from scatter.transforms.intake import Intake
from scatter.transforms.surfaces import Surfaces, SurfaceScattering
from scatter.transforms.validation import check_count

Values = NDArray[np.float64]


def as_mesh(given: Any) -> Mesh:
    """A mesh, or the mesh of a pair (vertices, faces) or of an object that has both, as of trimesh."""
    if isinstance(given, Mesh):
        return given
    if isinstance(given, tuple) and len(given) == 2:
        return Mesh(*given)
    if hasattr(given, "vertices") and hasattr(given, "faces"):
        return Mesh(given.vertices, given.faces)
    raise InputError(
        f"a mesh is a Mesh or a pair (vertices, faces), got {type(given).__name__}; type Mesh(...)"
    )


def is_mesh(given: Any) -> bool:
    """Whether `as_mesh` takes something for a mesh: of pairs, those of two tables."""
    if isinstance(given, tuple):
        try:
            return len(given) == 2 and all(np.ndim(part) == 2 for part in given)
        except ValueError:
            return False
    return isinstance(given, Mesh) or (hasattr(given, "vertices") and hasattr(given, "faces"))


def heat_channels(operator: Spectrum) -> Values:
    """Heat kernel signatures of a surface, (times, n)."""
    return heat_kernel_signature(operator.values, operator.vectors, operator.area).T


def rotation(rng: np.random.Generator) -> Values:
    """A rotation of space, any as likely as any other."""
    q, r = np.linalg.qr(rng.standard_normal((3, 3)))
    q = q * np.sign(np.diag(r))
    return np.asarray(q * np.linalg.det(q))


def turned(mesh: Mesh, order: NDArray[np.int64], turn: Values) -> Mesh:
    """A mesh turned in space, with its vertices in another order."""
    return Mesh((mesh.vertices @ turn.T)[order], np.argsort(order)[mesh.faces])


@dataclass(frozen=True, eq=False)
class Meshes(Surfaces):
    """An intake of functions on meshes.

    Parameters
    ----------
    laplacian : str
        See `Mesh.operators`.
    """

    laplacian: str = "cotan"

    word = "mesh"
    known: ClassVar[Mapping[str, int]] = {
        "mean_curvature": 1,
        "gaussian_curvature": 1,
        "heat_kernel": len(HEAT_TIMES),
    }

    def read(self, given: Any) -> Mesh:
        """The mesh that a user means."""
        return as_mesh(given)

    def is_one(self, given: Any) -> bool:
        """Whether something is a mesh."""
        return is_mesh(given)

    def operators(self, surface: Mesh) -> tuple[Any, Values]:
        """Laplacian and areas of the vertices."""
        return surface.operators(self.laplacian)

    def moved(self, geometry: Mesh, order: NDArray[np.int64], rng: np.random.Generator) -> Mesh:
        """The mesh turned in space, with its vertices in another order."""
        return turned(geometry, order, rotation(rng))

    def describe(self, name: str, surface: Mesh, operator: Spectrum) -> Values:
        """Values (channels, n) of a descriptor."""
        if name == "heat_kernel":
            return heat_channels(operator)
        return (mean_curvature if name == "mean_curvature" else gaussian_curvature)(surface)[None]


@dataclass(frozen=True, eq=False)
class Clouds(Surfaces):
    """An intake of functions on clouds of points.

    Parameters
    ----------
    kernel : (str, int, str or float)
        What `PointCloud.operators` takes.
    """

    kernel: tuple[str, int, float | str] = ("diffusion_maps", 32, "auto")

    word = "cloud"
    known: ClassVar[Mapping[str, int]] = {"mean_curvature": 1, "heat_kernel": len(HEAT_TIMES)}

    def read(self, given: Any) -> PointCloud:
        """The cloud that a user means."""
        return given if isinstance(given, PointCloud) else PointCloud(given)

    def is_one(self, given: Any) -> bool:
        """Whether something is a cloud: points, or a table of their coordinates."""
        return isinstance(given, PointCloud) or (not isinstance(given, tuple) and np.ndim(given) == 2)

    def operators(self, surface: PointCloud) -> tuple[Any, Values]:
        """Laplacian and areas of the points."""
        return surface.operators(*self.kernel)

    def moved(self, geometry: PointCloud, order: NDArray[np.int64], rng: np.random.Generator) -> PointCloud:
        """The cloud turned in space, with its points in another order."""
        return PointCloud((geometry.points @ rotation(rng).T)[order])

    def describe(self, name: str, surface: PointCloud, operator: Spectrum) -> Values:
        """Values (channels, n) of a descriptor."""
        if name == "heat_kernel":
            return heat_channels(operator)
        return bending(surface.points, *operator[:2])[None]


class MeshScattering(SurfaceScattering):
    """Wavelet scattering of functions on meshes: features that stay as it moves or bends.

    ``S x = (x, |psi_j x|, |psi_k |psi_j x||, ...)`` averaged over the surface, with heat wavelets
    ``psi_j = (exp(-2 t_{j-1} D) - exp(-2 t_j D))^(1/2)`` of its Laplacian D, ``t_j = 2**j t0``, the first
    one from ``t_{-1} = 0``. They see lengths within the surface alone, so isometries change nothing.

    Parameters
    ----------
    J : int, default=6
        Number of scales, at least 1.
    mesh : Mesh or (vertices, faces), optional
        The surface that signals live on; None learns it from `fit`.
    t0 : 'auto' or float, default='auto'
        Diffusion time of the finest average, in length^2; 'auto' is ``area / (4 pi 2**(J-1))``, with
        which features don't depend on the size of the surface. The frequencies of `table` are then in units
        of 1 / t0 where samples have a surface each.
    n_eig : int, default=200
        Eigenpairs of the Laplacian to compute, up to the number of vertices; clusters of equal
        eigenvalues are kept whole, so there may be fewer. With ``method='eigen'`` all wavelets but the
        finest end at the last of them, which matters unless ``exp(-t0 lambda)`` is small there: with
        the default t0 and J it is 0.002.
    laplacian : {'cotan', 'intrinsic_delaunay'}, default='cotan'
        The second is for meshes with bad triangles; it needs the extra ``mesh``.
    method : {'eigen', 'chebyshev'}, default='eigen'
        Beyond the eigenpairs: all to the finest wavelet, or polynomials, for large meshes with few pairs.
    max_order : int, default=2
        Largest number of wavelets on a path.
    average : {False, True, 'global'}, default=False
        The moduli themselves; their local average phi at every vertex; or their mean over the surface.
    pooling : {'moments', 'mean', 'mean_std', 'median', 'max', 'powers', None} or a tuple, default='moments'
        Mean, variance, skewness and excess kurtosis of every map over the area; or other statistics, see
        `Scattering2D`; None keeps the vertices.
    log : bool or float, default=False
        Logarithm of the coefficients above order 0; see `Scattering2D`.
    ratios : bool or float, default=False
        Divide coefficients of order 2 and above by those of the path without its last wavelet, plus this
        number, True being 1e-6, before the logarithm; with ``average=True``, or
        ``pooling='mean'``.
    descriptors : sequence of {'mean_curvature', 'gaussian_curvature', 'heat_kernel'}
        Signals of surfaces that come without, in collections.
    out_type : {'array', 'list', 'dict'}, default='array'
        What a call returns.

    Attributes
    ----------
    surface_ : Mesh
        Learnt by `fit`, from a mesh.
    channels_ : list of str
        Names of the channels of samples, if there are several.

    Notes
    -----
    Signals have one number a vertex, (..., n), or several, (..., n, channels), whose channels become the last
    batch axis. Samples are such signals on ``mesh``; or, in a list, tuple, iterator, Series or array of
    objects, meshes, described by ``descriptors``, or pairs (mesh, signals) of which each has its own. `fit`
    takes either, or the one mesh itself.

    References
    ----------
    Perlmutter, Gao, Wolf & Hirn, "Geometric wavelet scattering networks on compact Riemannian manifolds",
    MSML 2020, sections 2.2 and 3, with the square root that makes the frame tight.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.domains.shapes import icosphere, torus
    >>> from scatter.transforms.mesh import MeshScattering
    >>> mesh = icosphere(3)
    >>> S = MeshScattering(J=4, mesh=mesh)
    >>> S(mesh.vertices).shape  # three channels: x, y and z
    (3, 11, 4)
    >>> shapes = [mesh, torus(), icosphere(3, axes=(1, 1, 2))]
    >>> MeshScattering(J=4).fit_transform(shapes).shape
    (3, 176)
    """

    def __init__(
        self,
        J: int = 6,
        mesh: Any = None,
        *,
        t0: float | str = "auto",
        n_eig: int = 200,
        laplacian: str = "cotan",
        method: str = "eigen",
        max_order: int = 2,
        average: bool | str = False,
        pooling: str | tuple[str, ...] | None = "moments",
        log: bool | float = False,
        ratios: bool | float = False,
        descriptors: Sequence[str] = ("mean_curvature", "heat_kernel"),
        out_type: str = "array",
    ) -> None:
        self.J = J
        self.mesh = mesh
        self.t0 = t0
        self.n_eig = n_eig
        self.laplacian = laplacian
        self.method = method
        self.max_order = max_order
        self.average = average
        self.pooling = pooling
        self.log = log
        self.ratios = ratios
        self.descriptors = descriptors
        self.out_type = out_type

    def _make_intake(self) -> Intake:
        n_eig = check_count("n_eig", self.n_eig, 1)
        return Meshes(type(self).__name__, self.mesh, n_eig, self.descriptors, laplacian=self.laplacian)

    def _frame_on(self, surface: Mesh, operator: Spectrum, t0: float) -> Frame:
        return heat_frame(operator, self.J, t0, self.method)


class PointCloudScattering(SurfaceScattering):
    """Wavelet scattering of functions on clouds of points on a surface, as `MeshScattering` without a mesh.

    Parameters
    ----------
    J, t0, n_eig, method, max_order, average, pooling, log, ratios, out_type
        As in `MeshScattering`.
    cloud : PointCloud or array of shape (n, 3), optional
        The points that signals live on; None learns them from `fit`.
    laplacian : {'diffusion_maps', 'tufted'}, default='diffusion_maps'
        See `PointCloud.operators`.
    n_neighbors : int, default=32
        Neighbours of a point.
    bandwidth : 'auto' or float, default='auto'
        Diffusion time of the kernel between neighbours, length^2.
    descriptors : sequence of {'mean_curvature', 'heat_kernel'}
        Signals of clouds that come without, in collections; the curvature has no sign.

    Attributes
    ----------
    surface_ : PointCloud
        Learnt by `fit`.

    References
    ----------
    Chew, Steach, Viswanath, Wu, Hirn, Needell, Krishnaswamy & Perlmutter, "The manifold scattering
    transform for high-dimensional point cloud data", TAG-ML 2022, section 3.

    Examples
    --------
    >>> from scatter.domains.shapes import icosphere
    >>> from scatter.transforms.mesh import PointCloudScattering
    >>> points = icosphere(3).vertices
    >>> PointCloudScattering(J=4, cloud=points, pooling="mean")(points).shape
    (3, 11)
    """

    def __init__(
        self,
        J: int = 6,
        cloud: Any = None,
        *,
        t0: float | str = "auto",
        n_eig: int = 200,
        laplacian: str = "diffusion_maps",
        n_neighbors: int = 32,
        bandwidth: float | str = "auto",
        method: str = "eigen",
        max_order: int = 2,
        average: bool | str = False,
        pooling: str | tuple[str, ...] | None = "moments",
        log: bool | float = False,
        ratios: bool | float = False,
        descriptors: Sequence[str] = ("mean_curvature", "heat_kernel"),
        out_type: str = "array",
    ) -> None:
        self.J = J
        self.cloud = cloud
        self.t0 = t0
        self.n_eig = n_eig
        self.laplacian = laplacian
        self.n_neighbors = n_neighbors
        self.bandwidth = bandwidth
        self.method = method
        self.max_order = max_order
        self.average = average
        self.pooling = pooling
        self.log = log
        self.ratios = ratios
        self.descriptors = descriptors
        self.out_type = out_type

    def _make_intake(self) -> Intake:
        n_eig = check_count("n_eig", self.n_eig, 1)
        kernel = (self.laplacian, self.n_neighbors, self.bandwidth)
        return Clouds(type(self).__name__, self.cloud, n_eig, self.descriptors, kernel=kernel)

    def _frame_on(self, surface: PointCloud, operator: Spectrum, t0: float) -> Frame:
        return heat_frame(operator, self.J, t0, self.method)
