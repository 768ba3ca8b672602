"""Morlet wavelets on the plane.

Source: Bruna & Mallat, "Invariant scattering convolution networks", IEEE TPAMI 2013. The constants
are those of Kymatio (Andreux et al., JMLR 21, 2020), so that coefficients are equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scatter.numerics.fourier import REACH, gaussian, wrap
from scatter.paths import Band

SIGMA_0 = 0.8
"""Standard deviation of the finest wavelet along its oscillation, samples."""
XI_0 = 0.75 * math.pi
"""Centre frequency of the finest wavelet, radians per sample."""
PI = 3.1415
"""Kymatio's value in the normalisation; kept so that coefficients are equal to rounding."""
IMAGES = 2
"""Filters are periodised over this many images of the padded box on each side."""


@dataclass(frozen=True)
class Morlet2D:
    """Morlet wavelets psi in L directions, each with mean zero, and a Gaussian low-pass phi.

    ``psi(u) = g(u) (exp(i xi . u) - kappa)`` with g a Gaussian of width ``0.8 2**j`` along the
    direction of xi and ``L / 4`` times that across it, ``|xi| = (3 pi / 4) 2**-j`` radians per
    sample; phi is a Gaussian of width ``0.8 2**(J - 1)``.

    Parameters
    ----------
    J : int
        Number of scales; the average has width ``2**J``.
    L : int
        Number of directions over half a turn.
    two_sided : bool
        Whether order 1 has the directions of the other half of the turn too, for complex images.
    oversampling : int
        Maps keep ``2**oversampling`` times the samples along each axis, where they are coarse enough.
    """

    J: int
    L: int
    two_sided: bool = False
    oversampling: int = 0

    @property
    def aliasing(self) -> Literal["crop"]:
        """A coarser filter keeps the low frequencies."""
        return "crop"

    @property
    def log2_stride(self) -> int:
        """The averaged maps keep one sample in ``2**(J - oversampling)``."""
        return self.J - self.oversampling

    @cached_property
    def _half_turn(self) -> tuple[Band, ...]:
        return self._directions(self.L)

    @cached_property
    def _full_turn(self) -> tuple[Band, ...]:
        return self._directions(2 * self.L)

    def _directions(self, count: int) -> tuple[Band, ...]:
        return tuple(
            Band(
                n=j * count + theta,
                j=j,
                labels=(("j", j), ("theta", theta)),
                xi=XI_0 / 2**j / (2 * math.pi),
                sigma=1 / (2 * math.pi * SIGMA_0 * 2**j),
                angle=(int(self.L - self.L / 2 - 1) - theta) * math.pi / self.L,
            )
            for j in range(self.J)
            for theta in range(count)
        )

    def bands(self, order: int) -> tuple[Band, ...]:
        """Wavelets of an order (from 1)."""
        return self._full_turn if self.two_sided and order == 1 else self._half_turn

    def follows(self, previous: Band | None, band: Band) -> bool:
        """Only a coarser wavelet may follow: a modulus has little energy elsewhere."""
        return previous is None or band.j > previous.j

    def resolution(self, band: Band) -> int:
        """The modulus at scale j keeps one sample in ``2**j``, or as many as the average."""
        return min(band.j, self.log2_stride)

    def psi(self, band: Band, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Real part of the spectrum of a wavelet on a torus of M x N samples.

        Evaluated in space on the box where it is not negligible, then transformed. The real part
        is the transform of the Hermitian part of the wavelet.
        """
        import scipy.fft

        assert band.angle is not None
        sigma, slant = SIGMA_0 * 2**band.j, 4 / self.L
        cosine, sine = math.cos(band.angle), math.sin(band.angle)
        u, v = (
            box(sigma * math.hypot(along, across / slant))
            for along, across in ((cosine, sine), (sine, cosine))
        )
        along, across = u[:, None] * cosine + v * sine, v * cosine - u[:, None] * sine
        envelope = gaussian(along, sigma) * gaussian(across, sigma / slant)
        envelope *= np.multiply.outer(within_images(u, shape[0]), within_images(v, shape[1]))
        wave = envelope * np.exp(2j * math.pi * band.xi * along)
        wave -= wave.sum() / envelope.sum() * envelope
        wave = 0.5 * (wave + wave[::-1, ::-1].conj())
        psi = wrap(wave / (2 * PI * sigma**2 / slant), (int(u[0]), int(v[0])), shape)
        spectrum: NDArray[np.float64] = scipy.fft.hfft2(psi[:, : shape[1] // 2 + 1], s=shape)
        return spectrum

    def phi(self, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], ...]:
        """Spectrum of the low-pass along each axis; their outer product is that of phi."""
        sigma = SIGMA_0 * 2.0 ** (self.J - 1)
        spectra = []
        for n in shape:
            u = box(sigma)
            bell = wrap(gaussian(u, sigma) * within_images(u, n), (int(u[0]),), (n,))
            spectra.append(np.fft.fft(bell).real / (math.sqrt(2 * PI) * sigma))
        return tuple(spectra)


def box(sigma: float) -> NDArray[np.int64]:
    """Positions, symmetric about 0, at which a Gaussian of width sigma is not negligible."""
    reach = math.ceil(REACH * sigma)
    return np.arange(-reach, reach + 1)


def within_images(u: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    """Which positions the periodisation over `IMAGES` images of a period n reaches."""
    return (u >= -IMAGES * n) & (u < (IMAGES + 1) * n)


__all__ = ["Morlet2D"]
