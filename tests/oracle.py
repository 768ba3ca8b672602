"""Two oracles: Kymatio 0.3.0, and the definition of the transform evaluated as it is written.

The second shares no code with the library: signals are padded by `numpy.pad`, filters are sums over
the images of a Gaussian, samples are taken by slicing, and one path is computed after the other, in
float64. Formulas and constants are those of Kymatio, as `grid.md` states them. With ``critical=False``
nothing is subsampled before the end: that is the transform that subsampling approximates.
"""

import math
import warnings
from functools import lru_cache

import numpy as np

from scatter._kymatio import import_kymatio

KYMATIO = import_kymatio("the test suite")
MODES = {"reflect": "reflect", "symmetric": "symmetric", "periodic": "wrap", "zero": "constant"}


# ---------------------------------------------------------------------- Kymatio 0.3.0
@lru_cache(maxsize=256)
def kymatio1d(**parameters):
    """Its `Scattering1D`; short signals are padded less than it would like, which it warns of."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Signal support is too small", UserWarning)
        return KYMATIO.Scattering1D(**parameters)


@lru_cache(maxsize=64)
def kymatio2d(J, shape, L, max_order=2, pre_pad=False, out_type="array"):
    """Its `Scattering2D`; the filters take it one loop over pixels each."""
    return KYMATIO.Scattering2D(J, shape, L, max_order, pre_pad, out_type=out_type)


# ---------------------------------------------------------------------- the definition
def cascade(x, banks, phi, max_order, coarser, limit):
    """Averaged maps and their resolution, ``{indices of the bands: (resolution, map)}``.

    ``banks[m]`` holds the scale j and the spectrum of every wavelet of order m + 1; a wavelet may
    follow one of a smaller scale, and its modulus is then sampled every ``2**min(j, limit)``.
    ``phi`` is the spectrum of the average, ``coarser(spectrum, k)`` a filter for such samples.
    """
    axes = tuple(range(-phi.ndim, 0))
    maps = {}

    def descend(u, key, scale, at):
        spectrum = np.fft.fftn(u, axes=axes)
        average = np.fft.ifftn(spectrum * coarser(phi, at), axes=axes)
        maps[key] = at, np.abs(average) if np.iscomplexobj(u) else average.real
        if len(key) < max_order:
            for n, (j, psi) in enumerate(banks[min(len(key), len(banks) - 1)]):
                if j > scale:
                    modulus = np.abs(np.fft.ifftn(spectrum * coarser(psi, at), axes=axes))
                    every = slice(None, None, 2 ** (min(j, limit) - at))
                    descend(modulus[(..., *[every] * phi.ndim)], (*key, n), j, min(j, limit))

    descend(x, (), -1, 0)
    return {key: maps[key] for key in sorted(maps, key=lambda key: (len(key), key))}


def fold(spectrum, k):
    """Spectrum of every ``2**k``-th sample, times ``2**k``."""
    return spectrum.reshape(2**k, -1).sum(0)


def crop(spectrum, k):
    """The lowest of every ``2**k`` frequencies along each axis."""
    for axis, n in enumerate(spectrum.shape):
        keep = n >> (k + 1)
        spectrum = np.take(spectrum, [*range(keep), *range(-keep, 0)] if k else range(n), axis)
    return spectrum


def gaussian1d(n, xi, sigma):
    w = np.arange(n) / n
    return sum(np.exp(-((w + image - xi) ** 2) / (2 * sigma**2)) for image in range(-4, 5))


def unit_mass(spectrum):
    return spectrum / np.abs(np.fft.ifft(spectrum)).sum()


def bank1d(n, J, Q, two_sided=False):
    ratio = 2 ** (1 / Q)
    xi, least = max(1 / (1 + 2 ** (3 / Q)), 0.35), 0.1 / 2**J
    sigma = xi * (ratio - 1) / (ratio + 1) / math.sqrt(math.log(2))
    centres = []
    if sigma > least:
        centres = [(xi, sigma)]
        while sigma > least * ratio:
            xi, sigma = xi / ratio, sigma / ratio
            centres.append((xi, sigma))
    else:
        xi = sigma
    centres += [(xi * (1 - q / Q), least) for q in range(1, Q)]
    if two_sided:
        centres += [(-xi, sigma) for xi, sigma in centres]
    return [(scale1d(*centre), morlet1d(n, *centre)) for centre in centres]


def scale1d(xi, sigma):
    return math.floor(-math.log2(min(abs(xi) + 5 * sigma, 0.5))) - 1


def morlet1d(n, xi, sigma):
    gabor, low = gaussian1d(n, xi, sigma), gaussian1d(n, 0, sigma)
    return unit_mass(gabor - gabor[0] / low[0] * low)


def padding1d(N, T):
    """Samples in front and behind."""
    h = np.abs(np.fft.ifft(unit_mass(gaussian1d(N, 0, 0.1 / T))))
    tails = [h[m : N // 2].sum() for m in range(N // 2)]
    tail = 1 + next((m for m, mass in enumerate(tails) if mass <= 1e-3), N // 2 - 1)
    total = 2 ** min(math.ceil(math.log2(N + 6 * tail)), math.floor(math.log2(3 * N - 2)))
    return (total - N) // 2, total - N - (total - N) // 2


def scattering1d(
    x, J, Q=1, T=None, max_order=2, stride=None, padding="reflect", two_sided=False, critical=True
):
    """Coefficients of each path, ``{indices of the bands: (..., samples)}``."""
    N, T = x.shape[-1], 2**J if T is None else T
    step = stride or 2 ** math.floor(math.log2(T))
    before, after = (0, 0) if padding is None else padding1d(N, T)
    if padding is not None:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(before, after)], MODES[padding])
    n = before + N + after
    first, *others = Q if isinstance(Q, tuple) else (Q, 1)
    banks = [bank1d(n, J, first, two_sided), *(bank1d(n, J, q) for q in others)]
    phi = unit_mass(gaussian1d(n, 0, 0.1 / T))
    maps = cascade(x, banks, phi, max_order, fold, int(math.log2(step)) if critical else 0)
    kept = np.asarray([i for i in range(before, before + N) if i % step == 0])
    return {key: u[..., kept >> at] for key, (at, u) in maps.items()}


def gabor2d(M, N, sigma, angle, xi, slant):
    total = np.zeros((M, N), complex)
    for row in range(-2, 3):
        for column in range(-2, 3):
            u, v = np.mgrid[row * M : (row + 1) * M, column * N : (column + 1) * N]
            along, across = u * np.cos(angle) + v * np.sin(angle), v * np.cos(angle) - u * np.sin(angle)
            envelope = np.exp(-(along**2 + slant**2 * across**2) / (2 * sigma**2))
            total += envelope * np.exp(1j * xi * along)
    return total * slant / (2 * 3.1415 * sigma**2)


def morlet2d(M, N, sigma, angle, xi, slant):
    gabor, low = gabor2d(M, N, sigma, angle, xi, slant), gabor2d(M, N, sigma, angle, 0, slant)
    return np.fft.fft2(gabor - gabor.sum() / low.sum() * low).real


@lru_cache(maxsize=16)
def bank2d(M, N, J, L, two_sided=False):
    angles = [(int(L - L / 2 - 1) - theta) * np.pi / L for theta in range(2 * L if two_sided else L)]
    return [
        (j, morlet2d(M, N, 0.8 * 2**j, angle, 0.75 * np.pi / 2**j, 4 / L))
        for j in range(J)
        for angle in angles
    ]


def scattering2d(x, J, L=8, max_order=2, padding="reflect", two_sided=False, critical=True):
    """Coefficients of each path, ``{indices of the bands: (..., rows, columns)}``."""
    step, sides = 2**J, x.shape[-2:]
    if padding is None:
        grid = [range(0, side, step) for side in sides]
    else:
        totals = [((side + step) // step + 1) * step for side in sides]
        ends = [
            ((total - side) // 2, (total - side + 1) // 2) for side, total in zip(sides, totals, strict=True)
        ]
        x = np.pad(x, [(0, 0)] * (x.ndim - 2) + ends, MODES[padding])
        grid = [range(step, total - step, step) for total in totals]
    M, N = x.shape[-2:]
    phi = np.fft.fft2(gabor2d(M, N, 0.8 * 2 ** (J - 1), 0, 0, 1)).real
    banks = [bank2d(M, N, J, L, two_sided), bank2d(M, N, J, L)]
    maps = cascade(x, banks, phi, max_order, crop, J if critical else 0)
    rows, columns = (np.asarray(places) for places in grid)
    return {key: u[..., (rows >> at)[:, None], columns >> at] for key, (at, u) in maps.items()}
