"""Morlet wavelets on the line.

Sources: Andén & Mallat, "Deep scattering spectrum", IEEE TSP 2014; Lostanlen, "Convolutional operators
in the time-frequency domain", PhD thesis 2017, for the bandwidths. The constants are those of Kymatio
(Andreux et al., JMLR 21, 2020), so that coefficients are equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scatter.numerics.fourier import REACH, gaussian, wrap
from scatter.paths import Band

SIGMA_0 = 0.1
"""Standard deviation of the spectrum of a low-pass of duration 1, cycles per sample."""
XI_LEAST_MAX = 0.35
"""The highest centre frequency is never below this, cycles per sample."""
ALPHA = 5.0
"""Standard deviations between the centre of a wavelet and the end of its spectrum."""
LEVEL = math.sqrt(0.5)
"""Height at which the spectra of neighbouring wavelets cross."""


def bandwidth_ratio(Q: int) -> float:
    """Ratio sigma / xi of a wavelet of a bank of ``Q`` per octave whose neighbours cross at `LEVEL`."""
    ratio: float = 2 ** (-1 / Q)
    return (1 - ratio) / (1 + ratio) / math.sqrt(2 * math.log(1 / LEVEL))


def centres(J: int, Q: int) -> tuple[tuple[float, float], ...]:
    """Centre frequency and standard deviation of each wavelet, from high to low frequency.

    Constant-Q from the highest frequency down to the width ``SIGMA_0 / 2**J``; below, ``Q - 1``
    wavelets of that width, evenly spaced down to zero.

    Returns
    -------
    tuple of (xi, sigma)
        Cycles per sample.
    """
    ratio, least = 2 ** (1 / Q), SIGMA_0 / 2**J
    xi = max(1 / (1 + 2 ** (3 / Q)), XI_LEAST_MAX)
    sigma = xi * bandwidth_ratio(Q)
    pairs = []
    if sigma <= least:
        xi = sigma
    else:
        pairs.append((xi, sigma))
        while sigma > least * ratio:
            xi, sigma = xi / ratio, sigma / ratio
            pairs.append((xi, sigma))
    pairs += [(xi - q / Q * xi, least) for q in range(1, Q)]
    return tuple(pairs)


def scale(xi: float, sigma: float) -> int:
    """Largest j such that the spectrum ends below the Nyquist frequency of a grid of step ``2**j``."""
    return math.floor(-math.log2(min(abs(xi) + ALPHA * sigma, 0.5))) - 1


@cache
def band_table(J: int, Q: int, two_sided: bool = False) -> tuple[Band, ...]:
    """Every wavelet of a bank as a `Band`; with ``two_sided``, those of negative frequency last."""
    pairs = centres(J, Q)
    if two_sided:
        pairs += tuple((-xi, sigma) for xi, sigma in pairs)
    return tuple(
        Band(n=n, j=scale(xi, sigma), labels=(("j", scale(xi, sigma)), ("n", n)), xi=xi, sigma=sigma)
        for n, (xi, sigma) in enumerate(pairs)
    )


def bump(xi: float, sigma: float, n: int) -> NDArray[np.float64]:
    """Spectrum of a Gabor function of height 1 at ``xi``, folded onto n bins (aliasing included)."""
    first = math.floor((xi - REACH * sigma) * n)
    last = math.ceil((xi + REACH * sigma) * n)
    return wrap(gaussian(np.arange(first, last + 1) / n - xi, sigma), (first,), (n,))


@dataclass(frozen=True)
class Morlet1D:
    """Morlet wavelets psi and a Gaussian low-pass phi, both of unit L1 norm in time.

    ``psi^(w) = g(w - xi) - kappa g(w)`` with g a Gaussian of width sigma and kappa such that
    ``psi^(0) = 0``; ``phi^(w)`` is a Gaussian of width ``SIGMA_0 / T``. A Dirac keeps its mass at
    every scale.

    Parameters
    ----------
    J : int
        Largest scale: the narrowest spectra have width ``SIGMA_0 / 2**J``.
    Q : tuple of int
        Wavelets per octave of each order; the last one serves all higher orders.
    T : float
        Duration of the average, samples, at least 1.
    log2_stride : int
        The averaged maps keep one sample in ``2**log2_stride``.
    limit : int
        Coarsest resolution of a modulus.
    aliasing : {'sum', 'mean'}
        ``'sum'`` is right; ``'mean'`` replays the scaling of Kymatio 0.3.0, too small by 2 per octave
        of subsampling.
    two_sided : bool
        Whether order 1 has the wavelets of negative frequency too, for complex signals.
    oversampling : int
        Moduli keep ``2**oversampling`` times as many samples as their spectra need, up to all of them.
    """

    J: int
    Q: tuple[int, ...]
    T: float
    log2_stride: int
    limit: int
    aliasing: Literal["sum", "mean"] = "sum"
    two_sided: bool = False
    oversampling: int = 0

    def bands(self, order: int) -> tuple[Band, ...]:
        """Wavelets of an order (from 1)."""
        return band_table(self.J, self.Q[min(order, len(self.Q)) - 1], self.two_sided and order == 1)

    def follows(self, previous: Band | None, band: Band) -> bool:
        """Only a coarser wavelet may follow: a modulus has little energy elsewhere."""
        return previous is None or band.j > previous.j

    def resolution(self, band: Band) -> int:
        """Coarsest grid on which the modulus does not alias, less `oversampling`, no coarser than `limit`."""
        return max(0, min(band.j - self.oversampling, self.limit))

    def psi(self, band: Band, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Spectrum of a wavelet on a circle of n samples."""
        (n,) = shape
        gabor, low = bump(band.xi, band.sigma, n), bump(0.0, band.sigma, n)
        kappa = gabor[0] / low[0]
        spectrum: NDArray[np.float64] = gabor - kappa * low
        reach = math.ceil(REACH / (2 * math.pi * band.sigma))
        if 2 * reach < n:
            spectrum /= self._l1_norm(band, kappa, reach)
        else:  # images overlap in time and may cancel: only the spectrum is precise then, and it is short
            spectrum /= np.abs(np.fft.ifft(spectrum)).sum()
        return spectrum

    def _l1_norm(self, band: Band, kappa: float, reach: int) -> float:
        """Sum of |psi| in time, from its closed form: no inverse FFT of n points is needed."""
        t = np.arange(-reach, reach + 1)
        envelope = math.sqrt(2 * math.pi) * band.sigma * gaussian(2 * math.pi * t * band.sigma, 1.0)
        return float(np.abs(envelope * (np.exp(2j * math.pi * band.xi * t) - kappa)).sum())

    def phi(self, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], ...]:
        """Spectrum of the low-pass; phi >= 0 in time, so its L1 norm is its mean frequency response."""
        (n,) = shape
        return (lowpass_spectrum(self.T, n),)


def lowpass_spectrum(T: float, n: int) -> NDArray[np.float64]:
    """Spectrum of a Gaussian average of duration T on a circle of n samples, 1 at frequency 0."""
    spectrum = bump(0.0, SIGMA_0 / T, n)
    spectrum /= spectrum[0]
    return spectrum


__all__ = ["Morlet1D", "band_table", "bump", "centres", "lowpass_spectrum"]
