"""The frame of tangent fields: wavelets of the connection Laplacian first, of the Laplacian after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.frames.base import FrameBounds
from scatter.frames.vertices import VertexFrame
from scatter.numerics.fingerprint import fingerprint
from scatter.numerics.moments import Weighted
from scatter.numerics.namespace import Array, is_complex
from scatter.paths import Bank, Group


class ConnectionFrame:
    """Wavelets of tangent fields first, of functions after: the modulus of a field is a function.

    The first layer acts by the connection Laplacian on fields, complex numbers in a frame at every
    vertex. Turning the frames multiplies the numbers by phases, and the filtered field by the same ones,
    which the modulus drops. Later layers act by the Laplacian on functions.

    Parameters
    ----------
    tangent, scalar : VertexFrame
        Wavelets on fields and on functions, as many of the one as of the other, on the same vertices.

    References
    ----------
    Singer & Wu, "Vector diffusion maps and the connection Laplacian", Communications on Pure and
    Applied Mathematics 65(8), 2012, for the operator; Perlmutter, Gao, Wolf & Hirn, "Geometric wavelet
    scattering networks on compact Riemannian manifolds", MSML 2020, for the scattering of functions.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.domains.connection import Tangents
    >>> from scatter.domains.shapes import icosphere
    >>> from scatter.frames.surface import heat_frame, spectrum
    >>> mesh = icosphere(2)
    >>> fields = spectrum(Tangents(mesh).laplacian, mesh.mass, n_eig=100)
    >>> functions = spectrum(mesh.laplacian, mesh.mass, n_eig=100)
    >>> frame = ConnectionFrame(heat_frame(fields, 3, 0.05), heat_frame(functions, 3, 0.05))
    >>> print(f"{frame.bounds().lower:.9f} {frame.bounds().upper:.9f}")
    1.000000000 1.000000000
    """

    def __init__(self, tangent: VertexFrame, scalar: VertexFrame) -> None:
        if tangent.shape != scalar.shape or tangent.kernels.J != scalar.kernels.J:
            raise InputError(
                "the frames of fields and of functions must agree in vertices and wavelets, got "
                f"{tangent.shape[0]} and {scalar.shape[0]} vertices, "
                f"{tangent.kernels.J} and {scalar.kernels.J} wavelets"
            )
        self.tangent, self.scalar = tangent, scalar

    @property
    def bank(self) -> Bank:
        """The wavelets, and which may follow which."""
        return self.scalar.bank

    @property
    def ndim(self) -> int:
        """Number of axes of a signal."""
        return 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Vertices."""
        return self.scalar.shape

    def root(self, x: Array) -> Array:
        """Fields (batch, n) as the only path of order 0, (batch, 1, n)."""
        return self.tangent.root(x)

    def wavelets(self, layer: Mapping[Group, Array]) -> Iterator[tuple[Group, Array]]:
        """Filter the fields by the connection Laplacian, what follows by the Laplacian."""
        fields = {group: u for group, u in layer.items() if group.order == 0}
        yield from self.tangent.wavelets(fields)
        yield from self.scalar.wavelets({group: u for group, u in layer.items() if group not in fields})

    def modulus(self, w: Array) -> Array:
        """Length of a vector, absolute value of a number."""
        return self.scalar.modulus(w)

    def average(self, u: Array, resolution: int) -> Array:
        """Low-pass of a function, or length of the low-pass of a field."""
        return (self.tangent if is_complex(u) else self.scalar).average(u, resolution)

    def crop(self, u: Array, resolution: int) -> Array:
        """A function itself, or the length of a field."""
        return self.scalar.crop(u, resolution)

    def output(self, resolution: int | None) -> tuple[int, ...]:
        """Shape of a map."""
        return self.scalar.output(resolution)

    def working_set(self, group: Group) -> int:
        """Real numbers a signal needs while what descends from ``group`` is computed."""
        return 2 * self.scalar.working_set(group)

    def littlewood_paley(self, order: int = 1) -> NDArray[np.float64]:
        """``|phi|^2 + sum |psi|^2`` over the spectrum of the operator of an order."""
        return (self.tangent if order == 1 else self.scalar).littlewood_paley(order)

    def bounds(self, order: int = 1) -> FrameBounds:
        """Smallest and largest value of the Littlewood-Paley sum."""
        return (self.tangent if order == 1 else self.scalar).bounds(order)

    def points(self, resolution: int | None) -> Weighted:
        """Vertices, and the share of the area that each of them has."""
        return self.scalar.points(resolution)

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.complex128]:
        """Complex Gaussian noise, of norm 1 a vertex on average."""
        parts = rng.standard_normal((2, count, *self.shape)) / math.sqrt(2)
        return np.asarray(parts[0] + 1j * parts[1])

    def rounding(self, eps: float) -> float:
        """Largest error of a coefficient, relative to the signal, where eps is the unit of rounding."""
        return max(frame.rounding(eps) for frame in (self.tangent, self.scalar))

    def fingerprint(self) -> str:
        """Hash of the wavelets on fields and on functions."""
        return fingerprint(self.tangent.fingerprint(), self.scalar.fingerprint())
