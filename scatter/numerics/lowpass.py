"""Exact low-pass filtering, subsampling and cropping along one axis, as one linear map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scatter.numerics.fourier import fftn, ifftn
from scatter.numerics.namespace import Array, Constant, namespace

MATRIX_ENTRIES = 2**22
"""Largest matrix kept for a low-pass; larger ones (long signals) go through the spectrum."""


@dataclass(frozen=True, eq=False)
class AxisLowPass:
    """``y[o] = sum_i h[(start + o) * step - i] x[i]`` on a circle of n samples.

    A matrix product is exact and, for the few outputs that an average leaves, several times faster
    than two FFTs; for signals so long that the matrix would not fit in memory the same map is
    evaluated by FFT. Both are tested equal.

    Parameters
    ----------
    spectrum : ndarray of shape (n,)
        Real, even spectrum of ``h``.
    step : int
        Subsampling; divides n.
    start, count : int
        The outputs kept: samples ``start, ..., start + count - 1`` of the ``n / step``.
    tol : float, default=0
        Share of the mass of ``h`` that its ends may have together to count as zero.
    """

    spectrum: NDArray[np.float64]
    step: int
    start: int
    count: int
    tol: float = 0.0

    @cached_property
    def kernel(self) -> NDArray[np.float64]:
        """``h`` on the circle, 0 where its ends are left out."""
        kernel = np.fft.ifft(self.spectrum).real
        if self.tol > 0:
            last = self.reach(self.tol, kernel)
            kernel[last + 1 : len(kernel) - last] = 0
        return kernel

    @staticmethod
    def reach(tol: float, kernel: NDArray[np.float64]) -> int:
        """Distance from the centre beyond which both ends have at most ``tol`` of the mass together."""
        mass = np.abs(kernel)
        tails = np.cumsum(mass[len(kernel) // 2 :: -1])[::-1]  # mass from each tap to the end
        return int(np.flatnonzero(2 * tails > tol * mass.sum())[-1])

    @cached_property
    def _weights(self) -> Constant:
        if self.dense:
            return Constant(self._matrix())
        spectrum = np.fft.fft(self.kernel).real if self.tol > 0 else self.spectrum
        return Constant(np.ascontiguousarray(spectrum).reshape(self.step, -1))

    @property
    def dense(self) -> bool:
        """Whether the map is kept as a matrix."""
        return self.spectrum.size * self.count <= MATRIX_ENTRIES

    def _matrix(self) -> NDArray[np.float64]:
        n = self.spectrum.size
        outputs = (self.start + np.arange(self.count)) * self.step
        return np.ascontiguousarray(self.kernel[(outputs - np.arange(n)[:, None]) % n])

    def __call__(self, x: Array) -> Array:
        """Apply the map to the last axis of a real array, (..., n) -> (..., count)."""
        xp = namespace(x)
        weights = self._weights.like(x)
        if self.dense:
            rows = xp.reshape(x, (-1, x.shape[-1]))
            return xp.reshape(rows @ weights, (*x.shape[:-1], self.count))
        parts = xp.reshape(fftn(x, 1), (*x.shape[:-1], *self._weights.value.shape)) * weights
        return xp.real(ifftn(xp.sum(parts, axis=-2), 1))[..., self.start : self.start + self.count]


def separable(x: Array, axes: tuple[AxisLowPass, ...]) -> Array:
    """Apply one map to each of the last axes of ``x``, the last axis first."""
    xp = namespace(x)
    lead = x.ndim - len(axes)
    last_to_front = (*range(lead), x.ndim - 1, *range(lead, x.ndim - 1))
    for lowpass in reversed(axes):
        x = xp.permute_dims(lowpass(x), last_to_front)
    return x
