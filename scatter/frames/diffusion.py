"""Diffusion wavelets: differences of powers of a diffusion matrix, by repeated sparse products."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.frames.kernels import diffusion
from scatter.frames.spectral import check_mass, stack
from scatter.frames.vertices import VertexFrame, as_paths
from scatter.numerics.namespace import Array, namespace
from scatter.numerics.sparse import SparseMatrix, as_columns, as_rows
from scatter.paths import Group


class DiffusionFrame(VertexFrame):
    """``psi_j = P**(2**(j-1)) - P**(2**j)`` for j = 1 .. J, and ``phi = P**(2**J)``.

    With the lazy walk ``P = (I + A D^-1) / 2`` these are the wavelets of Gao, Wolf & Hirn, "Geometric
    scattering for graph data analysis", ICML 2019, equation 3. With the symmetric ``T = (I + D^-1/2 A
    D^-1/2) / 2`` and ``psi_0 = I - T`` they are those of Gama, Ribeiro & Bruna, "Diffusion scattering
    transforms on graphs", ICLR 2019, equation 8. Takes NumPy and PyTorch arrays.

    A layer costs ``2**J`` products, whatever the number of its paths: the powers are shared by all the
    wavelets, and all the paths of a layer are multiplied at once. An average phi that is asked for
    beside them costs as many again.

    Parameters
    ----------
    operator : sparse array of shape (n, n), or SparseMatrix
        Diffusion matrix, self-adjoint for the mass, eigenvalues in [0, 1].
    J : int
        Number of scales, at least 1.
    finest : bool, default=True
        Add ``psi_0 = I - P``, what one step takes away. Without it the lower frame bound is 0: what
        changes sign from a vertex to its neighbours is not seen.
    mass : array of shape (n,), optional
        Masses for which the operator is self-adjoint; None is ones.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> walk = sp.csr_array(np.array([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]]))
    >>> frame = DiffusionFrame(walk, J=2)
    >>> x = np.array([[[1.0, 0.0, 0.0]]])
    >>> parts = [frame.lowpass(x), *(frame.analysis(x, [n])[:, :, 0] for n in range(3))]
    >>> print(sum(parts), frame.operator.products)
    [[[1. 0. 0.]]] 11
    """

    def __init__(self, operator: Any, J: int, finest: bool = True, mass: Any = None) -> None:
        self.operator = operator if isinstance(operator, SparseMatrix) else SparseMatrix(operator)
        super().__init__(diffusion(J, finest), self.operator.shape[0])
        self.J = J
        self.mass = check_mass(mass, self.count)

    def _powers(self, u: Array, last: int) -> Iterator[Array]:
        """Yield ``P**(2**j) u`` for j = 0 .. last."""
        columns = as_columns(u)
        scratch = np.empty(columns.shape, columns.dtype) if isinstance(u, np.ndarray) else None
        for j in range(last + 1):
            columns = self.operator.repeat(columns, 2 ** (j - 1) if j else 1, scratch)
            yield as_rows(columns, tuple(u.shape[:-1]))

    def _levels(self, u: Array, last: int) -> list[Array]:
        """The ladder of low-passes: u itself, then ``P**(2**j) u``; wavelet j is level j less level j + 1."""
        return [u, *self._powers(u, last)]

    def analysis(self, u: Array, bands: Sequence[int]) -> Array:
        """Wavelet coefficients (..., bands, n) of arrays (..., n)."""
        scales = [n + self.kernels.first for n in bands]
        levels = self._levels(u, max(scales))
        return _differences(levels, scales)

    def lowpass(self, u: Array) -> Array:
        """Low-pass phi of arrays (..., n)."""
        *_, low = self._powers(u, self.J)
        return low

    def wavelets(self, layer: Mapping[Group, Array]) -> Iterator[tuple[Group, Array]]:
        """Filter a whole layer by one sequence of products; every group has those that may follow."""
        groups = [group for group in layer if group.edges]
        if not groups:
            return
        stacked, places = stack({group: layer[group] for group in groups})
        last = max(band.j for group in groups for edge in group.edges for band in edge.bands)
        levels = self._levels(stacked, last)
        for group, place in zip(groups, places, strict=True):
            for edge in group.edges:
                scales = [band.j for band in edge.bands]
                yield edge.child, as_paths(_differences([u[:, place, :] for u in levels], scales))

    def littlewood_paley(self, order: int = 1) -> NDArray[np.float64]:
        """``phi^2 + sum psi^2`` on a fine grid of [0, 2], the eigenvalues of ``2 (I - P)``."""
        return self.kernels.littlewood_paley(2 * np.sin(np.linspace(0, np.pi / 2, 20001)) ** 2)


def _differences(levels: Sequence[Array], scales: Sequence[int]) -> Array:
    """``levels[j] - levels[j + 1]`` for every j of ``scales``: arrays (..., n) as one (..., scales, n)."""
    first = levels[scales[0]]
    if not isinstance(first, np.ndarray):
        return namespace(first).stack([levels[j] - levels[j + 1] for j in scales], axis=-2)
    # In memory the nodes come first, as in the levels, and every difference is written where it is to be.
    shape = (first.shape[-1], *first.shape[:-1], len(scales))
    kind = np.result_type(first, levels[scales[0] + 1])
    found = np.empty(shape, kind).transpose(*range(1, len(shape)), 0)
    for place, j in enumerate(scales):
        np.subtract(levels[j], levels[j + 1], out=found[..., place, :])
    return found
