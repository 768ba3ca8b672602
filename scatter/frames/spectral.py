"""Wavelets as functions of a self-adjoint operator: by its eigenpairs, or by Chebyshev polynomials."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.frames.kernels import (
    Kernels,
    diffusion,
    hann,
    heat,
    itersine,
    meyer,
    tight_diffusion,
)
from scatter.frames.vertices import ScaleBank, VertexFrame, as_paths
from scatter.numerics.chebyshev import coefficients, evaluate, expansion, polynomials
from scatter.numerics.namespace import Array, Constant, is_complex, is_numpy_array, namespace
from scatter.numerics.sparse import SparseMatrix
from scatter.paths import Group

Values = NDArray[np.float64]

TOLERANCE = 1e-9
"""Largest error of a kernel that the default degree of `ChebyshevFrame` leaves anywhere."""


class Basis:
    """Vectors that are orthonormal for a mass: ``U^H M U = I``.

    Parameters
    ----------
    vectors : array or sparse array of shape (n, k)
        Real or complex, one vector a column.
    mass : array of shape (n,)
        Positive masses of the points.

    Raises
    ------
    InputError
        If the vectors are not orthonormal to 1e-8: a basis that is not loses and invents energy.
    """

    def __init__(self, vectors: Any, mass: Values) -> None:
        dual = vectors.conj().T * mass
        gram = dual @ vectors
        size = vectors.shape[1]
        off = abs(gram - (sp.eye_array(size) if sp.issparse(gram) else np.eye(size))).max() if size else 0.0
        if not off <= 1e-8:
            raise InputError(
                f"eigenvectors must be orthonormal for the mass (U^H M U = I), they are not by {off:.2g}; "
                "scipy.sparse.linalg.eigsh returns such vectors for clusters of complex eigenpairs: "
                "orthonormalise them, or use scipy.linalg.eigh"
            )
        self.size = size
        self._sparse = sp.issparse(vectors)
        if self._sparse:
            self._dual, self._vectors = SparseMatrix(sp.csr_array(dual)), SparseMatrix(sp.csr_array(vectors))
        else:
            self._into, self._from = _parts(np.ascontiguousarray(dual.T)), _parts(np.asarray(vectors).T)

    def analysis(self, x: Array) -> Array:
        """Coefficients ``U^H M x`` along the last axis: (..., n) -> (..., k)."""
        return self._dual.apply(x) if self._sparse else _product(x, self._into)

    def synthesis(self, c: Array) -> Array:
        """Signals ``U c`` along the last axis: (..., k) -> (..., n)."""
        return self._vectors.apply(c) if self._sparse else _product(c, self._from)


def _parts(matrix: Any) -> tuple[Constant, Constant | None]:
    real = Constant(np.ascontiguousarray(matrix.real, dtype=np.float64))
    if not np.iscomplexobj(matrix):
        return real, None
    return real, Constant(np.ascontiguousarray(matrix.imag, dtype=np.float64))


def _product(x: Array, matrix: tuple[Constant, Constant | None]) -> Array:
    """Product of an array and a matrix, either of them real or complex; no library mixes the two alike."""
    xp = namespace(x)
    re, im = matrix
    if not is_complex(x):
        y = xp.matmul(x, re.like(x))
        return y if im is None else y + 1j * xp.matmul(x, im.like(x))
    a, b = xp.real(x), xp.imag(x)
    real, imag = xp.matmul(a, re.like(a)), xp.matmul(b, re.like(b))
    if im is not None:
        real, imag = real - xp.matmul(b, im.like(b)), imag + xp.matmul(a, im.like(a))
    return real + 1j * imag


class SpectralFrame(VertexFrame):
    """Wavelets by the eigenpairs of an operator: ``psi_j x = U psi_j(eigenvalues) U^H M x``.

    Applies to NumPy, PyTorch and JAX arrays, real or complex, and is differentiable.

    Parameters
    ----------
    eigenvalues : array of shape (k,)
        Not negative, in ascending order.
    eigenvectors : array of shape (n, k)
        Real or complex, orthonormal for the mass: ``U^H M U = I``.
    kernels : Kernels
        The wavelets.
    mass : array of shape (n,), optional
        Positive masses of the points: areas on a surface; None is ones.
    complement : {'finest', 'drop'}, default='finest'
        What becomes of the part of a signal outside of the span of the eigenvectors, where k < n.
        'finest': it belongs to the finest wavelet, as if that were 1 and all else 0 on the missing
        eigenvalues, so a tight frame stays tight on every signal. 'drop': it is projected away, the
        frame is one of the span, and its lower bound on all signals is 0, which `bounds` says.

    Raises
    ------
    InputError
        On shapes that do not fit together, and on vectors that are not orthonormal.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.frames.spectral import SpectralFrame, heat
    >>> laplacian = np.array([[1.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 1.0]])
    >>> frame = SpectralFrame(*np.linalg.eigh(laplacian), heat(J=3))
    >>> print(f"{frame.bounds().lower:.6f} {frame.bounds().upper:.6f}")
    1.000000 1.000000
    """

    def __init__(
        self,
        eigenvalues: Any,
        eigenvectors: Any,
        kernels: Kernels,
        mass: Any = None,
        complement: str = "finest",
    ) -> None:
        self.eigenvalues = np.asarray(eigenvalues, dtype=np.float64)
        vectors = np.asarray(eigenvectors)
        if vectors.ndim != 2 or vectors.shape[1:] != self.eigenvalues.shape:
            raise InputError(
                "eigenvalues of shape (k,) and eigenvectors of shape (n, k) are needed, "
                f"got {self.eigenvalues.shape} and {vectors.shape}"
            )
        if complement not in ("finest", "drop"):
            raise InputError(f"complement must be 'finest' or 'drop', got {complement!r}")
        super().__init__(kernels, vectors.shape[0])
        self.mass = check_mass(mass, self.count)
        self.complement = complement
        self.basis = Basis(vectors, self.mass)
        self.truncated = self.basis.size < self.count

    @cached_property
    def _kernels(self) -> Values:
        return self.kernels.values(self.eigenvalues)

    def _filter(self, c: Array, rows: list[int]) -> Array:
        values = Constant(self._kernels[rows]).like(namespace(c).real(c) if is_complex(c) else c)
        return self.basis.synthesis(namespace(c).expand_dims(c, axis=-2) * values)

    def analysis(self, u: Array, bands: Sequence[int]) -> Array:
        """Wavelet coefficients (..., bands, n) of arrays (..., n)."""
        return self._analysis(u, self.basis.analysis(u), bands)

    def _analysis(self, u: Array, c: Array, bands: Sequence[int]) -> Array:
        w = self._filter(c, [1 + n for n in bands])
        if self.truncated and self.complement == "finest" and 0 in bands:
            xp = namespace(w)
            rest = xp.expand_dims(u - self.basis.synthesis(c), axis=-2)
            is_finest = np.asarray([[float(n == 0)] for n in bands])
            w = w + Constant(is_finest).like(xp.real(w) if is_complex(w) else w) * rest
        return w

    def wavelets(self, layer: Mapping[Group, Array]) -> Iterator[tuple[Group, Array]]:
        """Filter every group by every band that may follow; its coefficients are computed once."""
        for group, u in layer.items():
            if group.edges:
                c = self.basis.analysis(u)
                for edge in group.edges:
                    yield edge.child, as_paths(self._analysis(u, c, [band.n for band in edge.bands]))

    def lowpass(self, u: Array) -> Array:
        """Low-pass phi of arrays (..., n)."""
        return self._filter(self.basis.analysis(u), [0])[..., 0, :]

    def littlewood_paley(self, order: int = 1) -> Values:
        """``phi^2 + sum psi^2`` at every eigenvalue, and last on the complement of a truncated basis."""
        total = (self._kernels**2).sum(0)
        return np.append(total, float(self.complement == "finest")) if self.truncated else total


class ChebyshevFrame(VertexFrame):
    """Wavelets of a large sparse operator, by Chebyshev polynomials of it; no eigenpairs are needed.

    Hammond, Vandergheynst & Gribonval, "Wavelets on graphs via spectral graph theory", Applied and
    Computational Harmonic Analysis 30(2), 2011, section 6. One recurrence serves all the wavelets and
    all the paths of a layer. Takes NumPy and PyTorch arrays.

    Parameters
    ----------
    operator : sparse array of shape (n, n), or SparseMatrix
        Self-adjoint for the mass (``M A`` is Hermitian), eigenvalues in [0, lam_max].
    lam_max : float
        Upper bound of the eigenvalues.
    kernels : Kernels
        The wavelets.
    degree : int, optional
        Of the polynomials; None takes the smallest that leaves an error of at most 1e-9 in every kernel.
    mass : array of shape (n,), optional
        Masses of the points; None is ones.
    low : (eigenvalues, eigenvectors), optional
        Eigenpairs that are treated exactly, (m,) and (n, m), orthonormal for the mass, dense or
        sparse: the null space at least, where kernels have a branch point at 0 (``heat``), or the
        lowest few, which makes the polynomials shorter.
    gap : float, default=0
        Lower bound of the eigenvalues that are not in ``low``; polynomials are accurate on [gap, lam_max].

    Attributes
    ----------
    degree : int
        Products with the operator that a layer costs.
    error : float
        Bound of the error of every kernel on [gap, lam_max].

    Raises
    ------
    InputError
        If no degree up to 4096 reaches the tolerance: the square root of `heat` is not smooth at 0, and
        windows such as `hann` and `itersine` are smooth to second order only.
    """

    def __init__(
        self,
        operator: Any,
        lam_max: float,
        kernels: Kernels,
        degree: int | None = None,
        mass: Any = None,
        low: tuple[Any, Any] | None = None,
        gap: float = 0.0,
    ) -> None:
        self.operator = operator if isinstance(operator, SparseMatrix) else SparseMatrix(operator)
        super().__init__(kernels, self.operator.shape[0])
        if not 0 <= gap < lam_max < np.inf:
            raise InputError(f"0 <= gap < lam_max is needed, got gap={gap!r}, lam_max={lam_max!r}")
        self.interval = (float(gap), float(lam_max))
        self.mass = check_mass(mass, self.count)
        self.low = None if low is None else Basis(low[1], self.mass)
        self._low_kernels = None if low is None else kernels.values(np.asarray(low[0], dtype=np.float64))
        self._coefs = self._expand(degree)
        self.degree = self._coefs.shape[1] - 1
        self.accuracy = TOLERANCE if degree is None else self.error

    def _expand(self, degree: int | None) -> Values:
        found = (
            expansion(self.kernels.values, *self.interval, TOLERANCE)
            if degree is None
            else coefficients(self.kernels.values, *self.interval, max(4 * degree, 256))[:, : degree + 1]
        )
        if found is None:
            raise InputError(
                f"the {self.kernels.name} wavelets on [{self.interval[0]:.3g}, {self.interval[1]:.3g}] are "
                f"not smooth enough for polynomials to an error of {TOLERANCE:g}; type method='eigen', "
                "wavelet='meyer', a degree for less accuracy, "
                "or give low=(eigenvalues, eigenvectors) and gap="
            )
        return found

    @cached_property
    def error(self) -> float:
        """Largest error of a kernel on a fine grid of [gap, lam_max]."""
        lower, upper = self.interval
        points = lower + (upper - lower) * np.sin(np.linspace(0, np.pi / 2, 20001)) ** 2
        exact = self.kernels.values(points)
        return float(np.abs(evaluate(self._coefs, points, lower, upper) - exact).max())

    # ------------------------------------------------------------------ filtering
    def analysis(self, u: Array, bands: Sequence[int]) -> Array:
        """Wavelet coefficients (..., bands, n) of arrays (..., n)."""
        found = self._filter(u, [((Ellipsis,), [1 + n for n in bands])])
        return namespace(u).stack(found[0], axis=-2)

    def lowpass(self, u: Array) -> Array:
        """Low-pass phi of arrays (..., n)."""
        return self._filter(u, [((Ellipsis,), [0])])[0][0]

    def wavelets(self, layer: Mapping[Group, Array]) -> Iterator[tuple[Group, Array]]:
        """Filter a whole layer by one recurrence; every group has those wavelets that may follow."""
        groups = [group for group in layer if group.edges]
        if not groups:
            return
        stacked, places = stack({group: layer[group] for group in groups})
        wanted = [
            ((slice(None), place), sorted({1 + band.n for edge in group.edges for band in edge.bands}))
            for group, place in zip(groups, places, strict=True)
        ]
        found = self._filter(stacked, wanted)
        for number, (group, (_, rows)) in enumerate(zip(groups, wanted, strict=True)):
            maps, found[number] = dict(zip(rows, found[number], strict=True)), []
            for edge in group.edges:
                chosen = [maps[1 + band.n] for band in edge.bands]
                yield edge.child, as_paths(namespace(chosen[0]).stack(chosen, axis=2))

    def _filter(self, u: Array, wanted: list[tuple[Any, list[int]]]) -> list[list[Array]]:
        """Parts of an array, each by some of the kernels (0 is phi): one list of results a part."""
        c: Any = None if self.low is None else self.low.analysis(u)
        rest = u if self.low is None else u - self.low.synthesis(c)
        sums: list[list[Any]] = [[None] * len(rows) for _, rows in wanted]
        for k, term in enumerate(polynomials(self.operator.apply, rest, *self.interval, self.degree)):
            for (part, rows), found in zip(wanted, sums, strict=True):
                piece = term[part]
                for place, row in enumerate(rows):
                    found[place] = _add(found[place], float(self._coefs[row, k]), piece)
        if self.low is not None and self._low_kernels is not None:
            for (part, rows), found in zip(wanted, sums, strict=True):
                for place, row in enumerate(rows):
                    known = c[part]
                    values = Constant(self._low_kernels[row])
                    real = namespace(known).real(known) if is_complex(known) else known
                    found[place] = found[place] + self.low.synthesis(known * values.like(real))
        return sums

    def littlewood_paley(self, order: int = 1) -> Values:
        """``phi^2 + sum psi^2`` of the polynomials, on a fine grid of [gap, lam_max]."""
        lower, upper = self.interval
        points = lower + (upper - lower) * np.sin(np.linspace(0, np.pi / 2, 20001)) ** 2
        return np.asarray((evaluate(self._coefs, points, lower, upper) ** 2).sum(0))


def _add(total: Any, factor: float, x: Array) -> Any:
    if total is None:
        return factor * x
    if is_numpy_array(x) and total.dtype == x.dtype:  # in place: nobody else has seen the sum
        total += factor * x
        return total
    return total + factor * x


def stack(layer: Mapping[Group, Array]) -> tuple[Array, list[slice]]:
    """Arrays of several groups as one (batch, paths, n), and the paths of each group in it."""
    arrays = list(layer.values())
    ends = np.cumsum([0, *(u.shape[1] for u in arrays)])
    places = [slice(int(a), int(b)) for a, b in itertools.pairwise(ends)]
    return (arrays[0] if len(arrays) == 1 else namespace(arrays[0]).concat(arrays, axis=1)), places


def check_mass(mass: Any, points: int) -> Values:
    """Masses of the points as an array of shape (points,); ones for None."""
    if mass is None:
        return np.ones(points)
    found = np.asarray(mass, dtype=np.float64)
    if found.shape != (points,) or not (np.isfinite(found).all() and (found > 0).all()):
        raise InputError(
            f"mass must be {points} positive numbers, one a point, got shape {found.shape}"
            + (f" with least value {found.min():.3g}" if found.size else "")
        )
    return found


__all__ = [
    "Basis",
    "ChebyshevFrame",
    "Kernels",
    "ScaleBank",
    "SpectralFrame",
    "VertexFrame",
    "diffusion",
    "hann",
    "heat",
    "itersine",
    "meyer",
    "tight_diffusion",
]
