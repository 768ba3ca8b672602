"""Functions of a matrix by Chebyshev polynomials: expansion, degree for a tolerance, shared recurrence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from scatter.numerics.namespace import Array

Values = NDArray[np.float64]

MAX_DEGREE = 4096
"""Degree above which products with a matrix are no longer a sensible way to a function of it."""


def coefficients(function: Callable[[Values], Values], lower: float, upper: float, count: int) -> Values:
    """Chebyshev coefficients of the interpolant at the ``count`` Chebyshev points of an interval.

    Parameters
    ----------
    function : callable
        Points of shape (count,) -> values of shape (functions, count).
    lower, upper : float
        The interval.
    count : int
        Number of points, the degree plus one.

    Returns
    -------
    ndarray of shape (functions, count)
        Coefficients of ``T_0 .. T_{count-1}`` of the interval's own variable.
    """
    angle = np.pi * (np.arange(count) + 0.5) / count
    points = 0.5 * (upper - lower) * np.cos(angle) + 0.5 * (upper + lower)
    found: Values = dct(function(np.maximum(points, lower)), axis=-1) / count
    found[..., 0] /= 2
    return found


def expansion(
    function: Callable[[Values], Values],
    lower: float,
    upper: float,
    tolerance: float,
    max_degree: int = MAX_DEGREE,
) -> Values | None:
    """Shortest truncated expansion whose error is within a tolerance on the whole interval.

    The error of a truncation is at most the sum of the magnitudes of what is cut; Trefethen,
    *Approximation Theory and Approximation Practice*, SIAM 2013, chapter 4.

    Returns
    -------
    ndarray of shape (functions, degree + 1) or None
        None where no degree up to ``max_degree`` is enough.

    Examples
    --------
    >>> import numpy as np
    >>> expansion(lambda t: np.exp(-t)[None], 0.0, 2.0, 1e-8).shape
    (1, 9)
    """
    count = 64
    while count <= 4 * max_degree:
        found = coefficients(function, lower, upper, count)
        # tail[:, k] bounds the error of the truncation at degree k
        size = np.abs(found)
        tail = np.cumsum(size[:, ::-1], axis=1)[:, ::-1] - size
        enough = np.flatnonzero((tail <= tolerance).all(0))
        degree = int(enough[0])
        # Below half of the points the coefficients are free of aliasing to well below the tolerance.
        if degree <= min(count // 2, max_degree):
            return found[:, : degree + 1]
        count *= 2
    return None


def polynomials(
    product: Callable[[Array], Array], x: Array, lower: float, upper: float, degree: int
) -> Iterator[Array]:
    """Yield ``T_0(A) x .. T_degree(A) x``, with one product of A and an array for each but the first.

    ``product`` applies A; its eigenvalues are mapped from [lower, upper] to [-1, 1].
    """
    centre, half = 0.5 * (upper + lower), 0.5 * (upper - lower)
    before, now = x, x
    yield now
    for k in range(1, degree + 1):
        shifted = (product(now) - centre * now) * ((1 if k == 1 else 2) / half)
        before, now = now, shifted if k == 1 else shifted - before
        yield now


def evaluate(coefs: Values, points: Values, lower: float, upper: float) -> Values:
    """Values of expansions at points: (functions, degree + 1), (m,) -> (functions, m)."""
    t = (2 * points - lower - upper) / (upper - lower)
    return np.asarray(np.polynomial.chebyshev.chebval(t, coefs.T), dtype=np.float64)
