"""Sparse matrices that multiply the arrays of any library they meet, and count how often."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from array_api_compat import device as device_of
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.numerics.namespace import Array, any_mode, is_complex, is_torch_array, itemsize

# The inner loop of SciPy adds to an array that is there, where `@` makes a new one. It is not public: without
# it everything works, and takes longer.
_sparsetools = getattr(sp, "_sparsetools", None)
csr_matvecs = getattr(_sparsetools, "csr_matvecs", None)


class SparseMatrix:
    """A constant sparse matrix in the library, precision and device of the arrays it is applied to.

    Parameters
    ----------
    matrix : sparse array of shape (rows, columns)
        Real or complex; kept as CSR in double precision.

    Attributes
    ----------
    csr : scipy.sparse.csr_array
        The matrix.
    products : int
        How often it was applied to an array, of however many columns; for tests of what is shared.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> swap = SparseMatrix(sp.csr_array([[0.0, 1.0], [1.0, 0.0]]))
    >>> swap.apply(np.array([[[1.0, 2.0]]])), swap.products
    (array([[[2., 1.]]]), 1)
    """

    def __init__(self, matrix: Any) -> None:
        kind = np.complex128 if np.iscomplexobj(matrix.data) else np.float64
        ready = isinstance(matrix, sp.csr_array) and matrix.dtype == kind
        self.csr = matrix if ready else sp.csr_array(matrix).astype(kind, copy=False)
        self.products = 0
        self._cast: dict[Any, Any] = {}
        self._cut: tuple[SparseMatrix, int, int] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"csr": self.csr, "products": self.products, "_cast": {}, "_cut": None}

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.csr.shape
        return int(rows), int(columns)

    def block(self, a: int, b: int) -> SparseMatrix:
        """Rows and columns a .. b - 1, of which no entry may lie elsewhere.

        What `repeat` needs is made once for the whole matrix, and cut when it is asked for: to make it
        takes as long as tens of products.
        """
        block = SparseMatrix(diagonal_block(self.csr, a, b))
        block._cut = (self, a, b)
        return block

    def apply(self, x: Array) -> Array:
        """Multiply along the last axis: (..., columns) -> (..., rows).

        The result is laid out in memory with the rows first, which is what the next product wants:
        a chain of products moves no data.
        """
        return as_rows(self.multiply(as_columns(x)), tuple(x.shape[:-1]))

    def multiply(self, columns: Array) -> Array:
        """Product with an array (columns, k) as it stands: (rows, k)."""
        self.products += 1
        if isinstance(columns, np.ndarray):
            return self._scipy(columns.dtype) @ columns
        if is_torch_array(columns):
            return self._torch(columns)
        raise _other_library(columns)

    def repeat(self, columns: Array, times: int, scratch: NDArray[Any] | None = None) -> Array:
        """Product with an array (n, k), as often as said: ``A**times @ columns``, for a square A.

        For NumPy the results go back and forth between two arrays, of which one is ``scratch`` where that
        is an array of the shape and type of ``columns``. New memory is handed out page by page, which
        would cost as much as the products.
        """
        if csr_matvecs is None or not isinstance(columns, np.ndarray):
            for _ in range(times):
                columns = self.multiply(columns)
            return columns
        self.products += times
        n, k = columns.shape
        rest = self._without_half(columns.dtype)
        dtype = np.result_type(rest.data, columns)
        now = np.ascontiguousarray(columns, dtype=dtype)
        if scratch is None or scratch.shape != (n, k) or scratch.dtype != dtype:
            scratch = np.empty((n, k), dtype)
        result = np.empty((n, k), dtype)
        for left in reversed(range(times)):
            after = scratch if left % 2 else result
            np.multiply(now, 0.5, out=after)
            csr_matvecs(n, n, k, rest.indptr, rest.indices, rest.data, now.ravel(), after.ravel())
            now = after
        return result

    def _without_half(self, dtype: Any) -> Any:
        """``A - I / 2`` in the precision of ``dtype``: one entry a row less for the matrix of a lazy walk."""
        matrix = self._scipy(dtype)
        key = ("without half", matrix.dtype)
        if key in self._cast:
            return self._cast[key]
        if self._cut is not None:
            whole, a, b = self._cut
            self._cast[key] = diagonal_block(whole._without_half(dtype), a, b)
        else:
            rest = matrix - 0.5 * sp.eye_array(matrix.shape[0], dtype=matrix.dtype, format="csr")
            rest.eliminate_zeros()
            self._cast[key] = rest
        return self._cast[key]

    def _scipy(self, dtype: Any) -> Any:
        goal = self.csr.dtype
        if np.dtype(dtype) in (np.float32, np.complex64):
            goal = np.dtype(np.complex64 if goal.kind == "c" else np.float32)
        if goal == self.csr.dtype:
            return self.csr
        if goal not in self._cast:
            self._cast[goal] = self.csr.astype(goal)
        return self._cast[goal]

    def _torch(self, columns: Any) -> Any:
        import torch

        as_complex = is_complex(columns) or self.csr.dtype.kind == "c"
        single = itemsize(columns) == 4
        if as_complex:
            dtype = torch.complex64 if single else torch.complex128
        else:
            dtype = torch.float32 if single else torch.float64
        key = (dtype, str(device_of(columns)))
        if key not in self._cast:
            coo, device = self.csr.tocoo(), columns.device
            with any_mode(columns):
                places = torch.as_tensor(np.stack([coo.row, coo.col]).astype(np.int64), device=device)
                values = torch.as_tensor(coo.data.astype(str(dtype).removeprefix("torch.")), device=device)
                self._cast[key] = torch.sparse_coo_tensor(
                    places, values, self.csr.shape, device=device, check_invariants=False, is_coalesced=True
                )
        return torch.sparse.mm(self._cast[key], columns.to(dtype))


def _other_library(x: Array) -> InputError:
    return InputError(
        f"sparse products take NumPy and PyTorch arrays, got {type(x).__module__}.{type(x).__name__}; "
        "type method='eigen', or convert the signals with numpy.asarray(x)"
    )


def as_columns(x: Array) -> Array:
    """NumPy or PyTorch arrays (..., n) as the columns of a matrix (n, k)."""
    if not hasattr(x, "reshape"):  # which is not in the array API standard
        raise _other_library(x)
    return x.reshape((-1, x.shape[-1])).T


def as_rows(columns: Array, lead: tuple[int, ...]) -> Array:
    """Back from `as_columns`, for other axes ``lead``: (n, k) -> (*lead, n)."""
    return columns.T.reshape((*lead, columns.shape[0]))


def diagonal_block(matrix: Any, a: int, b: int) -> Any:
    """Rows and columns a .. b - 1 of a block-diagonal CSR matrix, whose entries are not copied.

    No entry of these rows may lie in another column; it is not checked.
    """
    first, last = matrix.indptr[a], matrix.indptr[b]
    parts = matrix.data[first:last], matrix.indices[first:last] - a, matrix.indptr[a : b + 1] - first
    return sp.csr_array(parts, shape=(b - a, b - a))


def block_diagonal(matrices: list[Any]) -> tuple[Any, NDArray[np.int64]]:
    """Many square CSR matrices as one, by joining their arrays; SciPy's own takes ten times as long.

    Parameters
    ----------
    matrices : list of csr_array
        Square, without room to spare at the end of their arrays.

    Returns
    -------
    matrix : csr_array of shape (n, n)
    start : ndarray of shape (len(matrices) + 1,)
        First row of each matrix, and n.
    """
    sizes = np.asarray([m.shape[0] for m in matrices])
    counts = np.asarray([len(m.data) for m in matrices])
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    entries = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    wide = np.int64 if max(start[-1], entries[-1]) > np.iinfo(np.int32).max else np.int32
    data = np.concatenate([m.data for m in matrices])
    indices = np.concatenate([m.indices for m in matrices]).astype(wide, copy=False)
    indices = indices + np.repeat(start[:-1].astype(wide), counts)
    indptr = np.zeros(start[-1] + 1, wide)
    np.concatenate([m.indptr[1:] for m in matrices], out=indptr[1:])
    indptr[1:] = indptr[1:] + np.repeat(entries[:-1].astype(wide), sizes)
    n = int(start[-1])
    return sp.csr_array((data, indices, indptr), shape=(n, n)), start
