"""Scattering of tangent vector fields on triangle meshes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.domains.connection import Tangents
from scatter.domains.mesh import Mesh
from scatter.errors import InputError
from scatter.frames.base import Frame
from scatter.frames.connection import ConnectionFrame
from scatter.frames.surface import Spectrum, heat_frame, spectrum
from scatter.numerics.namespace import Array, Constant, is_complex, namespace
from scatter.transforms.intake import Symmetry
from scatter.transforms.mesh import Meshes, rotation, turned
from scatter.transforms.plan import Plan
from scatter.transforms.surfaces import SurfaceScattering, latest
from scatter.transforms.validation import check_count, check_signals


@dataclass(frozen=True, eq=False)
class Fields(Meshes):
    """An intake of tangent fields on meshes.

    Parameters
    ----------
    gauge : array, optional
        Angles of the frames of complex input.
    """

    gauge: Any = None
    _frames: dict[Mesh, Tangents] = field(default_factory=dict, repr=False, init=False)

    def tangents(self, surface: Mesh) -> Tangents:
        """The frames of a mesh; those of the latest one are kept."""
        return latest(self._frames, surface, lambda: Tangents(surface, self.gauge))

    def own_channels(self) -> list[str]:
        """There are none."""
        raise InputError("a mesh has no vector field of its own; the samples must be pairs (mesh, field)")

    def signals(self, x: Any, geometry: Mesh) -> Array:
        """Fields as complex numbers with the vertices last."""
        x, n = check_signals(x, 1), len(geometry)
        if is_complex(x):
            return super().signals(x, geometry)
        if x.ndim < 2 or tuple(x.shape[-2:]) != (n, 3):
            raise InputError(
                f"fields must be complex of shape (..., {n}), or real vectors of shape (..., {n}, 3), got "
                f"{x.dtype} of shape {tuple(x.shape)}"
            )
        xp = namespace(x)
        first, second = (xp.sum(x * Constant(axis).like(x), axis=-1) for axis in self.tangents(geometry).axes)
        return first + 1j * second

    def symmetry(self, plan: Plan, geometry: Mesh, rng: np.random.Generator) -> Symmetry:
        """The mesh turned in space, and the fields with it; other edges are the first axes of the frames."""
        order, turn = rng.permutation(len(geometry)), rotation(rng)
        moved = turned(geometry, order, turn)
        here, there = self.tangents(geometry), Tangents(moved, self.gauge)

        def act(u: NDArray[Any], resolution: int | None) -> NDArray[Any]:
            if resolution is None:
                return u[..., order]
            return there.project((here.ambient(u) @ turn.T)[..., order, :])

        return Symmetry(moved, act)


class TangentScattering(SurfaceScattering):
    """Wavelet scattering of tangent vector fields on a mesh, whatever the frames that describe them.

    The first wavelets act on the field by the connection Laplacian, which compares vectors after
    carrying them along the surface; the modulus of the result is a function, its length; what follows is
    `MeshScattering`. Turning the surface with its field, or the frames that describe the field, changes
    nothing.

    Parameters
    ----------
    J, t0, n_eig, laplacian, method, max_order, average, pooling, log, ratios,
    out_type
        As in `MeshScattering`; ``laplacian`` is that of the later layers, the connection's weights are
        cotangents.
    mesh : Mesh or (vertices, faces), optional
        The surface, its faces turned to one side; None learns it from `fit`.
    gauge : array of shape (n,), optional
        Angles by which the frames of complex input are turned from those of `Tangents`, radians.

    Attributes
    ----------
    surface_ : Mesh
        Learnt by `fit`.

    Notes
    -----
    Fields are complex arrays (..., n), in the frames of `tangents`, or real ones (..., n, 3) of vectors
    in space, of which the normal part is dropped. The order 0 is the length of the field, or of its
    low-pass with ``average=True``. Frames that can't be combed (there are none without a singular point
    on a sphere) don't matter: each is used at its own vertex only.

    References
    ----------
    Singer & Wu, "Vector diffusion maps and the connection Laplacian", Communications on Pure and Applied
    Mathematics 65(8), 2012. Knoeppel, Crane, Pinkall & Schroeder, "Globally optimal direction fields",
    ACM Transactions on Graphics 32(4), 2013. Related: Johnson et al., "Equivariant geometric scattering
    networks via vector diffusion wavelets", arXiv 2510.01022, with learnt layers in ambient frames.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.domains.shapes import icosphere
    >>> from scatter.transforms.tangent import TangentScattering
    >>> mesh = icosphere(3)
    >>> S = TangentScattering(J=4, mesh=mesh)
    >>> west_wind = np.cross([0.0, 0.0, 1.0], mesh.vertices)
    >>> S(west_wind).shape
    (11, 4)
    >>> turned = TangentScattering(J=4, mesh=mesh, gauge=np.full(len(mesh), 0.3))
    >>> z = S.tangents.project(west_wind)
    >>> bool(np.allclose(turned(np.exp(-0.3j) * z), S(z), rtol=1e-10, atol=1e-10))
    True
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
        gauge: Any = None,
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
        self.gauge = gauge
        self.out_type = out_type

    def _make_intake(self) -> Fields:
        n_eig = check_count("n_eig", self.n_eig, 1)
        return Fields(type(self).__name__, self.mesh, n_eig, (), laplacian=self.laplacian, gauge=self.gauge)

    @property
    def _fields(self) -> Fields:
        intake = self._intake
        assert isinstance(intake, Fields)
        return intake

    @property
    def tangents(self) -> Tangents:
        """The frames of the mesh: projects vectors to complex numbers, and back."""
        surface = self._fields.geometry(self._seen)
        if surface is None:
            raise InputError("no mesh is known yet; type TangentScattering(mesh=...) or call fit with one")
        return self._fields.tangents(surface)

    def _frame_on(self, surface: Mesh, operator: Spectrum, t0: float) -> Frame:
        tangent = spectrum(self._fields.tangents(surface).laplacian, operator.mass, self.n_eig)
        frames = (heat_frame(one, self.J, t0, self.method) for one in (tangent, operator))
        return ConnectionFrame(*frames)
