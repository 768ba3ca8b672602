"""Lowest eigenpairs of symmetric and Hermitian operators, orthonormal even where eigenvalues coincide."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

DENSE = 800
"""Operators up to this size are decomposed as dense matrices; to `DENSE_MANY` where many pairs are asked."""

DENSE_MANY = 5000

GAP = 1e-4
"""Relative distance of two eigenvalues below which they count as one cluster."""


ROUNDING = 1e-12
"""Eigenvalues below this share of the largest diagonal entry of ``M^-1 K`` are zero."""


def eigenpairs(stiffness: Any, mass: NDArray[np.float64], count: int) -> tuple[Any, Any]:
    """Solve ``K u = lambda M u`` for the smallest eigenvalues.

    A cluster of equal eigenvalues is kept whole or left out: half of one would be a basis that depends
    on how the vertices are numbered. So there may be somewhat fewer pairs than ``count``.

    Parameters
    ----------
    stiffness : sparse array of shape (n, n)
        K: real symmetric or complex Hermitian, positive semi-definite to rounding.
    mass : ndarray of shape (n,)
        The diagonal of M, positive.
    count : int
        Most pairs to keep, from 1 to n.

    Returns
    -------
    values : ndarray of shape (k,), k <= count
        Ascending; those that are zero to rounding, or less, are zero.
    vectors : ndarray of shape (n, k)
        ``U^H M U = 1`` to 1e-10, real or complex as the operator is.

    Notes
    -----
    SciPy's ``eigsh`` returns vectors of complex operators that are not orthogonal inside clusters. Its
    span is right, so one step of subspace iteration and Rayleigh-Ritz (Saad, "Numerical Methods for
    Large Eigenvalue Problems", 2011, section 5.1) follow it.

    Examples
    --------
    >>> import numpy as np, scipy.sparse
    >>> ring = scipy.sparse.csr_array(2 * np.eye(6) - np.eye(6, k=1) - np.eye(6, k=-1))
    >>> values, vectors = eigenpairs(ring, np.ones(6), 2)
    >>> values.round(3), vectors.shape
    (array([0.198, 0.753]), (6, 2))
    """
    n = len(mass)
    scale = 1 / np.sqrt(mass)
    B = scipy.sparse.csr_array(scipy.sparse.diags_array(scale) @ stiffness @ scipy.sparse.diags_array(scale))
    B = (B + B.conj().T) / 2
    wanted = min(n, count + 1)  # one more shows whether the last cluster is whole
    dense = n <= DENSE or (n <= DENSE_MANY and wanted > n // 6)
    values, vectors = _dense(B, wanted) if dense else _sparse(B, wanted)
    keep = whole_clusters(values, count)
    # Wavelets that start like a square root would turn 1e-14 in place of 0 into 1e-7.
    zero = values < ROUNDING * float(B.diagonal().real.max())
    return np.where(zero, 0.0, values)[:keep], vectors[:, :keep] * scale[:, None]


def whole_clusters(values: NDArray[np.float64], count: int) -> int:
    """Largest number of values, at most ``count``, that does not end inside of a cluster."""
    if count >= len(values):
        return len(values)
    known = np.abs(values[: count + 1])
    gaps = np.diff(values[: count + 1]) > GAP * known[1:] + 1e-10 * known.max()
    ends = np.flatnonzero(gaps) + 1
    return int(ends[-1]) if len(ends) else count


def spectral_bound(stiffness: Any, mass: NDArray[np.float64]) -> float:
    """Upper bound of the eigenvalues of ``M^-1 K`` by Gershgorin, about twice too large at most."""
    rows = np.asarray(abs(stiffness).sum(axis=1)).ravel()
    return float((rows / mass).max())


def _dense(B: Any, wanted: int) -> tuple[Any, Any]:
    matrix = B.toarray()
    if wanted == len(matrix):
        values, vectors = scipy.linalg.eigh(matrix, driver="evd", overwrite_a=True, check_finite=False)
        return values, vectors
    subset = (0, wanted - 1)
    values, vectors = scipy.linalg.eigh(matrix, subset_by_index=subset, overwrite_a=True, check_finite=False)
    return values, vectors


def _sparse(B: Any, wanted: int) -> tuple[Any, Any]:
    n = B.shape[0]
    # Just below zero on the scale of the first eigenvalue, whatever the units of length are.
    shift = -0.1 * float(B.diagonal().real.mean()) / n
    shifted = (B - shift * scipy.sparse.eye_array(n)).tocsc()
    solve = scipy.sparse.linalg.splu(
        shifted, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    ).solve
    inverse = scipy.sparse.linalg.LinearOperator(B.shape, matvec=solve, dtype=B.dtype)
    start = np.random.default_rng(0).standard_normal(n)
    _, found = scipy.sparse.linalg.eigsh(
        B, wanted, sigma=shift, which="LM", OPinv=inverse, v0=start.astype(B.dtype)
    )
    basis, _ = np.linalg.qr(found)
    basis, _ = np.linalg.qr(solve(basis))
    values, rotation = np.linalg.eigh(basis.conj().T @ (B @ basis))
    return values, basis @ rotation
