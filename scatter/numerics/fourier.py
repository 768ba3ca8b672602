"""Discrete Fourier transforms of any array library, and closed-form spectra on a circle.

The forward transform carries the factor 1/n and the inverse carries none, so that convolution
followed by subsampling is: transform, multiply, fold, invert, with no factor in between.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.numerics.namespace import Array, is_jax_array, is_numpy_array, is_torch_array, namespace


def fftn(x: Array, ndim: int) -> Array:
    """Spectrum of ``x`` over its last ``ndim`` axes, divided by the number of points."""
    axes = tuple(range(-ndim, 0))
    if is_numpy_array(x):  # ten times NumPy's own on float32, and it halves the work of real input
        import scipy.fft

        return scipy.fft.fftn(x, axes=axes, norm="forward")
    xp = namespace(x)
    if not (is_torch_array(x) or is_jax_array(x)):  # the standard asks for complex input
        x = x + xp.zeros_like(x, dtype=xp.complex128 if x.dtype == xp.float64 else xp.complex64)
    return xp.fft.fftn(x, axes=axes, norm="forward")


def ifftn(x: Array, ndim: int) -> Array:
    """Signal whose spectrum, as `fftn` defines it, is ``x``; ``x`` may be overwritten."""
    axes = tuple(range(-ndim, 0))
    if is_numpy_array(x):
        import scipy.fft

        return scipy.fft.ifftn(x, axes=axes, norm="forward", overwrite_x=True)
    return namespace(x).fft.ifftn(x, axes=axes, norm="forward")


def rfft(x: Array, axis: int) -> Array:
    """Half of the spectrum of real ``x`` over an axis, divided by the number of points."""
    if is_numpy_array(x):
        import scipy.fft

        return scipy.fft.rfft(x, axis=axis, norm="forward")
    return namespace(x).fft.rfft(x, axis=axis, norm="forward")


def irfft(spectrum: Array, n: int, axis: int) -> Array:
    """Real signal of n points whose half spectrum, as `rfft` defines it, begins with ``spectrum``."""
    if is_numpy_array(spectrum):
        import scipy.fft

        return scipy.fft.irfft(spectrum, n, axis=axis, norm="forward")
    return namespace(spectrum).fft.irfft(spectrum, n=n, axis=axis, norm="forward")


def wrap(values: NDArray[Any], start: tuple[int, ...], shape: tuple[int, ...]) -> NDArray[Any]:
    """Sum of the periodic images of a block of samples, on a torus.

    It exists because filters are evaluated only where they are not negligible, on a box around
    their centre that may be smaller or larger than the period.

    Parameters
    ----------
    values : ndarray of ndim axes
        Samples at integer positions ``start + index``; negligible elsewhere.
    start : tuple of int
        Position of the first sample along each axis, of any sign.
    shape : tuple of int
        The periods.

    Returns
    -------
    ndarray of shape ``shape``
    """
    for axis, period in enumerate(shape):
        length = values.shape[axis]
        if length > period:
            turns = -(-length // period)
            room = [(0, 0)] * values.ndim
            room[axis] = (0, turns * period - length)
            split = (*values.shape[:axis], turns, period, *values.shape[axis + 1 :])
            values = np.pad(values, room).reshape(split).sum(axis)
    wrapped = np.zeros(shape, values.dtype)
    places = zip(start, values.shape, shape, strict=True)
    wrapped[np.ix_(*((first + np.arange(length)) % period for first, length, period in places))] = values
    return wrapped


def gaussian(positions: NDArray[Any], sigma: float) -> NDArray[np.float64]:
    """Evaluate ``exp(-t**2 / (2 sigma**2))`` with height 1 at 0."""
    density: NDArray[np.float64] = np.exp(-0.5 * (positions / sigma) ** 2)
    return density


REACH = 8.6
"""Standard deviations beyond which a Gaussian is below the spacing of float64 (8.6e-17)."""


def rfftn(x: Array, ndim: int) -> Array:
    """Half of the spectrum of real ``x`` over its last ``ndim`` axes, divided by the number of points."""
    axes = tuple(range(-ndim, 0))
    if is_numpy_array(x):
        import scipy.fft

        return scipy.fft.rfftn(x, axes=axes, norm="forward")
    return namespace(x).fft.rfftn(x, axes=axes, norm="forward")


def irfftn(spectrum: Array, shape: tuple[int, ...]) -> Array:
    """Real signal of ``shape`` whose half spectrum, as `rfftn` defines it, is ``spectrum``.

    The spectrum may be overwritten.
    """
    axes = tuple(range(-len(shape), 0))
    if is_numpy_array(spectrum):
        import scipy.fft

        return scipy.fft.irfftn(spectrum, shape, axes=axes, norm="forward", overwrite_x=True)
    return namespace(spectrum).fft.irfftn(spectrum, s=shape, axes=axes, norm="forward")
