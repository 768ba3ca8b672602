"""How near a decoded image is to the original, and how two codecs compare over a range of rates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.numerics.plain import plain_numpy

Array = NDArray[Any]

_SIGMA, _RADIUS = 1.5, 5
"""Deviation of the window of `ssim` in pixels, and where it is cut off: 11 x 11, as in the paper."""
WINDOW = 2 * _RADIUS + 1
"""Side of the smallest image that `ssim` takes."""


def psnr(image: Array, other: Array) -> float:
    """Peak signal-to-noise ratio in dB: ``10 log10(peak**2 / mean squared difference)``.

    Parameters
    ----------
    image, other : ndarray of uint8 or uint16, shape (H, W) or (H, W, C)
        Two images of one shape and type; the mean is over pixels and channels alike.

    Returns
    -------
    float
        The peak is the largest value of the type, 255 or 65535.  Infinite if the images are equal.

    Raises
    ------
    InputError
        If shapes or types differ or are others than these.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.codec.quality import psnr
    >>> round(psnr(np.zeros((8, 8), "uint8"), np.ones((8, 8), "uint8")), 2)
    48.13
    """
    peak = _peak(image, other)
    return decibels(float(np.mean(np.square(image.astype(np.float64) - other))), peak)


def decibels(error: float, peak: float) -> float:
    """PSNR of a mean squared error, infinite for 0."""
    return math.inf if error == 0 else 10 * math.log10(peak**2 / error)


def ssim(image: Array, other: Array) -> float:
    """Structural similarity, the mean over all windows of 11 x 11 pixels that lie inside of the image.

    Parameters
    ----------
    image, other : ndarray of uint8 or uint16, shape (H, W) or (H, W, C)
        Two images of one shape and type; the mean is over channels as well.

    Returns
    -------
    float
        At most 1, which equal images have.  The windows are Gaussian, of deviation 1.5 pixels, with biased
        variances, ``K1 = 0.01`` and ``K2 = 0.03``.

    Raises
    ------
    InputError
        If shapes or types differ or are others than these, or if a side is shorter than 11.

    References
    ----------
    Wang, Bovik, Sheikh & Simoncelli, "Image quality assessment: from error visibility to structural
    similarity", IEEE Trans. Image Process. 13(4), 2004, equation 13 and section III-C.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.codec.quality import ssim
    >>> x = np.arange(256, dtype="uint8").reshape(16, 16)
    >>> ssim(x, x), round(ssim(x, 255 - x), 2) < 0
    (1.0, True)
    """
    peak = _peak(image, other)
    if min(image.shape[:2]) < WINDOW:
        raise InputError(
            f"SSIM needs images of at least {WINDOW} x {WINDOW} pixels, got {image.shape[0]} x "
            f"{image.shape[1]}; psnr takes any size"
        )
    x, y = (a.reshape(*a.shape[:2], -1) for a in (image, other))
    return float(np.mean([_similarity(x[..., c], y[..., c], peak) for c in range(x.shape[2])]))


def _similarity(image: Array, other: Array, peak: int) -> float:
    from scipy.ndimage import gaussian_filter

    def local_mean(values: Array) -> Array:
        smooth = gaussian_filter(values, _SIGMA, radius=_RADIUS)
        return np.asarray(smooth[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS])

    x, y = image.astype(np.float64), other.astype(np.float64)
    mean_x, mean_y = local_mean(x), local_mean(y)
    squares = mean_x**2 + mean_y**2
    variances = local_mean(x * x + y * y) - squares
    covariance = local_mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (squares + c1)
    return float(np.mean(luminance * (2 * covariance + c2) / (variances + c2)))


def bd_rate(
    reference_rate: Sequence[float],
    reference_quality: Sequence[float],
    rate: Sequence[float],
    quality: Sequence[float],
) -> float:
    """Mean difference in rate at equal quality, in per cent of the reference; negative is fewer bytes.

    The logarithm of the rate is interpolated over quality, and the difference of the two curves is averaged
    over the qualities that both reach.

    Parameters
    ----------
    reference_rate, rate : sequence of float
        Positive, in any unit: bytes or bits per pixel.
    reference_quality, quality : sequence of float
        PSNR or another measure that rises with the rate, as many as rates, in any order.

    Returns
    -------
    float
        Such as -20.0 where one fifth of the bytes is saved on average (of logarithms).

    Raises
    ------
    InputError
        If a curve has fewer than two points, two of one quality, or values that are not finite, or if no
        quality is reached by both.

    References
    ----------
    Bjontegaard, "Calculation of average PSNR differences between RD-curves", ITU-T VCEG-M33, 2001; here
    with monotone piecewise cubics (PCHIP) in place of one polynomial of degree 3, which oscillates when the
    points are far apart.

    Examples
    --------
    >>> from scatter.codec.quality import bd_rate
    >>> round(bd_rate([1, 2, 4], [30, 33, 36], [0.5, 1, 2], [30, 33, 36]), 6)
    -50.0
    """
    from scipy.interpolate import PchipInterpolator

    curves = [_curve(reference_rate, reference_quality), _curve(rate, quality)]
    low, high = max(q[0] for q, _ in curves), min(q[-1] for q, _ in curves)
    if low >= high:
        ranges = " and ".join(f"{q[0]:.4g} .. {q[-1]:.4g}" for q, _ in curves)
        raise InputError(f"BD-rate needs qualities that both curves reach, got {ranges}")
    means = [float(PchipInterpolator(*curve).integrate(low, high)) / (high - low) for curve in curves]
    return 100 * math.expm1(means[1] - means[0])


def _curve(rate: Sequence[float], quality: Sequence[float]) -> tuple[Array, Array]:
    """Quality, rising, and logarithms of the rate."""
    rates, qualities = np.asarray(rate, np.float64), np.asarray(quality, np.float64)
    if rates.shape != qualities.shape or rates.ndim != 1 or len(rates) < 2:
        raise InputError(
            f"a curve needs at least 2 rates and as many qualities, got {rates.shape} and {qualities.shape}"
        )
    if not (np.isfinite(rates).all() and np.isfinite(qualities).all() and (rates > 0).all()):
        raise InputError(
            "rates must be positive and finite, and qualities finite; leave out points whose PSNR is infinite"
        )
    order = np.argsort(qualities)
    rates, qualities = rates[order], qualities[order]
    if not (np.diff(qualities) > 0).all():
        raise InputError("a curve must not have two points of one quality; leave out the one of higher rate")
    return qualities, np.log(rates)


def _peak(image: Array, other: Array) -> int:
    image, other = plain_numpy(image, "the image"), plain_numpy(other, "the other image")
    if image.shape != other.shape or image.dtype != other.dtype:
        raise InputError(
            f"two images of one shape and type are needed, got {image.shape} {image.dtype} and "
            f"{other.shape} {other.dtype}"
        )
    if image.dtype not in (np.uint8, np.uint16) or image.ndim not in (2, 3) or image.size == 0:
        raise InputError(
            f"images must be uint8 or uint16 of shape (H, W) or (H, W, C), got {image.dtype} {image.shape}"
        )
    return int(np.iinfo(image.dtype).max)
