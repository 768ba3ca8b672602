"""Families of wavelets as functions of an eigenvalue: heat, Hann, Meyer, itersine, diffusion.

Every family is a ladder of low-passes ``1 = h_before > h_0 > h_1 > ... > h_{J-1} = phi``, each an octave
below the one before; a tight wavelet is ``psi_j = sqrt(h_{j-1}**2 - h_j**2)``, written such that no
difference of nearly equal numbers is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from scatter.errors import InputError
from scatter.numerics.fingerprint import fingerprint

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Kernels:
    """Wavelets and low-pass as functions of an eigenvalue.

    Parameters
    ----------
    name : str
        Family.
    J : int
        Number of wavelets.
    lam_max : float
        The functions are meant for eigenvalues in [0, lam_max], in the units of the operator.
    low : callable
        Eigenvalues -> phi.
    band : callable
        (index from 0, fine to coarse; eigenvalues) -> psi.
    first : int
        What the finest wavelet is called: its label j.

    Examples
    --------
    >>> import numpy as np
    >>> kernels = heat(J=4, t0=0.5)
    >>> lam = np.linspace(0, 10, 5)
    >>> kernels.psi(0, lam).shape, bool(np.allclose(kernels.littlewood_paley(lam), 1, atol=1e-14))
    ((5,), True)
    """

    name: str
    J: int
    lam_max: float
    low: Callable[[Values], Values]
    band: Callable[[int, Values], Values]
    first: int = 0

    def phi(self, lam: object) -> Values:
        """Low-pass at some eigenvalues."""
        return self.low(_clipped(lam))

    def psi(self, j: int, lam: object) -> Values:
        """Wavelet j (0 is the finest, J - 1 the coarsest) at some eigenvalues."""
        if not 0 <= j < self.J:
            raise InputError(f"wavelet j must be one of 0 .. {self.J - 1}, got {j}")
        return self.band(j, _clipped(lam))

    def values(self, lam: object) -> Values:
        """Low-pass, then every wavelet, at the eigenvalues: shape ``(1 + J, *lam.shape)``."""
        return np.stack([self.phi(lam), *(self.psi(j, lam) for j in range(self.J))])

    def fingerprint(self) -> str:
        """Hash of the low-pass and of every wavelet over the eigenvalues that they are meant for."""
        limit = self.lam_max if np.isfinite(self.lam_max) else 1e3
        lam = limit * np.concatenate([[0.0], np.geomspace(1e-6, 1, 500)])
        return fingerprint(self.values(lam))

    def littlewood_paley(self, lam: object) -> Values:
        """``phi**2 + sum psi**2``; its extreme values on a spectrum are the frame bounds."""
        total: Values = (self.values(lam) ** 2).sum(0)
        return total


def _clipped(lam: object) -> Values:
    # Eigenvalues of positive operators come out of solvers as -1e-16, too.
    return np.maximum(np.asarray(lam, dtype=np.float64), 0.0)


def _checked(J: int, **positive: float) -> None:
    if isinstance(J, bool) or not isinstance(J, (int, np.integer)) or J < 1:
        raise InputError(f"J must be an integer >= 1, got {J!r}")
    for name, value in positive.items():
        if not 0 < value < np.inf:
            raise InputError(f"{name} must be a positive number, got {value!r}")


# ------------------------------------------------------------------ heat
def heat(J: int, t0: float = 1.0, lam_max: float = np.inf) -> Kernels:
    """Tight wavelets of the heat semigroup: ``h_j = exp(-t0 2**j lam)``.

    Perlmutter, Gao, Wolf & Hirn, "Geometric wavelet scattering networks on compact Riemannian
    manifolds", MSML 2020, section 2.2, in the square-root form, which loses no energy.

    Parameters
    ----------
    J : int
        Number of wavelets, at least 1.
    t0 : float
        Diffusion time of the finest low-pass, in units of one over the eigenvalues.
    lam_max : float
        Largest eigenvalue; for information, the functions hold for all.
    """
    _checked(J, t0=t0)
    return Kernels("heat", J, lam_max, partial(_heat_low, t0 * 2 ** (J - 1)), partial(_heat_band, t0))


def _heat_low(t: float, lam: Values) -> Values:
    return np.exp(-t * lam)


def _heat_band(t0: float, j: int, lam: Values) -> Values:
    before = t0 * 2 ** (j - 1) if j else 0.0
    step = t0 * 2**j - before
    band: Values = np.exp(-before * lam) * np.sqrt(-np.expm1(-2 * step * lam))
    return band


# ------------------------------------------------------------------ ladders of one octave a step
def meyer(J: int, lam_max: float) -> Kernels:
    """Meyer wavelets: compact in eigenvalue, low-pass j falls from 1 to 0 over [1, 2] lam_max / 2**(j+1).

    ``h = cos(pi/2 v(t))`` with v the regularised incomplete beta function ``I_t(10, 10)``: nine times
    differentiable, where the usual polynomial ``I_t(4, 4)`` is three times, so that Chebyshev
    expansions are short. Daubechies, *Ten Lectures on Wavelets*, SIAM 1992, section 4.2.
    """
    _checked(J, lam_max=lam_max)
    return _ladder("meyer", J, lam_max, _meyer_ramp)


def itersine(J: int, lam_max: float) -> Kernels:
    """Iterated sine wavelets: ``h = cos(pi/2 sin(pi t/2)**2)`` with t in octaves of the eigenvalue.

    The window of Perraudin et al. (PyGSP's ``Itersine``) on a logarithmic axis. Twice differentiable:
    for `ChebyshevFrame` prefer `meyer`.
    """
    _checked(J, lam_max=lam_max)
    return _ladder("itersine", J, lam_max, _itersine_ramp)


def _meyer_ramp(s: Values) -> Values:
    ramp: Values = betainc(10, 10, np.clip(s - 1, 0, 1))
    return ramp


def _itersine_ramp(s: Values) -> Values:
    return np.sin(np.pi / 2 * np.clip(np.log2(np.maximum(s, 0.5)), 0, 1)) ** 2


def _ladder(name: str, J: int, lam_max: float, ramp: Callable[[Values], Values]) -> Kernels:
    return Kernels(
        name, J, lam_max, partial(_ladder_low, J - 1, lam_max, ramp), partial(_ladder_band, lam_max, ramp)
    )


def _ladder_low(j: int, lam_max: float, ramp: Callable[[Values], Values], lam: Values) -> Values:
    low = np.cos(np.pi / 2 * ramp(2 ** (j + 1) * lam / lam_max))
    return np.where(low < 1e-16, 0.0, low)  # cos(pi/2) is not quite zero


def _ladder_band(lam_max: float, ramp: Callable[[Values], Values], j: int, lam: Values) -> Values:
    # Where one low-pass of the ladder falls, its neighbours are 0 or 1: the product is the square root.
    above = _ladder_low(j - 1, lam_max, ramp, lam) if j else 1.0
    return above * np.sin(np.pi / 2 * ramp(2 ** (j + 1) * lam / lam_max))


def hann(J: int, lam_max: float) -> Kernels:
    """Hann windows three octaves wide, one an octave, in the logarithm of the eigenvalue.

    Shuman, Wiesmeyr, Holighaus & Vandergheynst, "Spectrum-adapted tight graph wavelet and
    vertex-frequency frames", IEEE Transactions on Signal Processing 63(16), 2015, equations 8 and 15.
    Wavelet j is centred on ``lam_max / 2**j``; windows beyond the ends are joined to the finest
    wavelet and to the low-pass, so that the squares add up to one.
    """
    _checked(J, lam_max=lam_max)
    return Kernels("hann", J, lam_max, partial(_hann_low, J, lam_max), partial(_hann_band, lam_max))


def _hann_window(u: Values) -> Values:
    window = np.sqrt(8 / 9) * (0.5 + 0.5 * np.cos(2 * np.pi / 3 * u))
    return np.where(np.abs(u) < 1.5, window, 0.0)


def _octave(lam_max: float, lam: Values) -> Values:
    octave: Values = np.log2(lam_max) - np.log2(np.maximum(lam, np.finfo(np.float64).tiny))
    return octave


def _hann_low(J: int, lam_max: float, lam: Values) -> Values:
    octave = _octave(lam_max, lam)
    here = _hann_window(octave - J) ** 2 + _hann_window(octave - J - 1) ** 2
    return np.where(octave >= J + 0.5, 1.0, np.sqrt(here))


def _hann_band(lam_max: float, j: int, lam: Values) -> Values:
    octave = _octave(lam_max, lam)
    if j:
        return _hann_window(octave - j)
    here = _hann_window(octave + 1) ** 2 + _hann_window(octave) ** 2
    return np.where(octave <= -0.5, 1.0, np.sqrt(here))


# ------------------------------------------------------------------ diffusion
def diffusion(J: int, finest: bool = True) -> Kernels:
    """Diffusion wavelets as functions of an eigenvalue in [0, 2]: with ``t = 1 - lam / 2``,

    ``psi_j = t**(2**(j-1)) - t**(2**j)`` for j = 1 .. J, ``phi = t**(2**J)``, and with ``finest`` also
    ``psi_0 = 1 - t``, without which eigenvalues near 2 are lost. Gao, Wolf & Hirn, "Geometric scattering
    for graph data analysis", ICML 2019, equation 3; Gama, Ribeiro & Bruna, "Diffusion scattering
    transforms on graphs", ICLR 2019, equation 8.
    """
    _checked(J)
    first = 0 if finest else 1
    return Kernels(
        "diffusion", J + 1 - first, 2.0, partial(_walk, 2**J), partial(_diffusion_band, first), first
    )


def tight_diffusion(J: int) -> Kernels:
    """Tight square-root form of `diffusion`, J + 1 wavelets: ``psi_j = sqrt(t**(2**(j-1)) - t**(2**j))``."""
    _checked(J)
    return Kernels("tight", J + 1, 2.0, partial(_root_low, J), _root_band)


def _walk(power: float, lam: Values) -> Values:
    walk: Values = np.clip(1 - lam / 2, 0, 1) ** power
    return walk


def _diffusion_band(first: int, index: int, lam: Values) -> Values:
    j = index + first
    return _walk(2 ** (j - 1), lam) - _walk(2**j, lam) if j else 1 - _walk(1, lam)


def _root_low(J: int, lam: Values) -> Values:
    return _walk(2**J / 2, lam)


def _root_band(j: int, lam: Values) -> Values:
    if j == 0:
        return np.sqrt(np.minimum(lam / 2, 1))
    half = 2 ** (j - 1)
    t = np.clip(1 - lam / 2, 0, 1)
    with np.errstate(divide="ignore"):
        root: Values = np.sqrt(t**half * -np.expm1(half * np.log1p(-np.minimum(lam / 2, 1))))
    return root
