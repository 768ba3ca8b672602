"""Exact answers on the unit sphere by spherical harmonics: fields, rotations, and scattering by quadrature.

Shares no code with the library but the definition of the heat kernels, which is written out again.
"""

import math

import numpy as np
from scipy.special import sph_harm_y

AWAY = 1e-7  # the gradient of harmonics is computed in angles, which the poles don't have


def angles(points):
    polar = np.clip(np.arccos(np.clip(points[:, 2], -1, 1)), AWAY, np.pi - AWAY)
    return polar, np.arctan2(points[:, 1], points[:, 0])


def east_and_south(polar, azimuth):
    south = [np.cos(polar) * np.cos(azimuth), np.cos(polar) * np.sin(azimuth), -np.sin(polar)]
    return np.stack([-np.sin(azimuth), np.cos(azimuth), 0 * azimuth], -1), np.stack(south, -1)


# ---------------------------------------------------------------------- functions
def random_function(degrees=16, seed=0):
    """Coefficients {(deg, m): c} with m >= 0 of a real function with a 1 / (1 + deg) spectrum."""
    rng = np.random.default_rng(seed)
    return {
        (deg, m): (rng.standard_normal() + 1j * rng.standard_normal() * (m > 0)) / (1 + deg)
        for m in range(degrees)
        for deg in range(max(m, 1), degrees)
    }


def evaluate(coefficients, points):
    polar, azimuth = angles(points)
    return sum(
        (1 if m == 0 else 2) * (c * sph_harm_y(deg, m, polar, azimuth)).real
        for (deg, m), c in coefficients.items()
    )


class Quadrature:
    """Harmonic transforms of degrees below ``degrees`` on Gauss-Legendre points."""

    def __init__(self, degrees):
        nodes, self.weights = np.polynomial.legendre.leggauss(degrees)
        self.degrees, self.count = degrees, 2 * degrees
        polar = np.arccos(nodes)
        self.legendre = [
            np.stack([sph_harm_y(deg, m, polar, 0 * polar).real for deg in range(m, degrees)])
            for m in range(degrees)
        ]

    def forward(self, values):
        rings = np.fft.rfft(values, axis=1) / self.count
        return [2 * np.pi * (p @ (self.weights * rings[:, m])) for m, p in enumerate(self.legendre)]

    def inverse(self, coefficients):
        rings = np.zeros((self.degrees, self.degrees + 1), dtype=complex)
        for m, (c, p) in enumerate(zip(coefficients, self.legendre, strict=True)):
            rings[:, m] = c @ p
        return np.fft.irfft(rings * self.count, self.count, axis=1)

    def mean(self, values):
        return float(self.weights @ values.mean(axis=1)) / 2


def heat_wavelet(deg, j, t0):
    lam = deg * (deg + 1.0)
    before = np.exp(-t0 * 2.0 ** (j - 1) * lam) if j else 1.0
    return np.sqrt(np.maximum(before**2 - np.exp(-t0 * 2.0**j * lam) ** 2, 0))


def exact_scattering(coefficients, J, t0, degrees=96):
    """Mean over the sphere of every modulus of orders 1 and 2, in the order of the paths."""
    quadrature = Quadrature(degrees)
    start = [np.zeros(degrees - m, dtype=complex) for m in range(degrees)]
    for (deg, m), c in coefficients.items():
        start[m][deg - m] = c

    def filtered(c, j):
        shaped = [row * heat_wavelet(np.arange(m, degrees), j, t0) for m, row in enumerate(c)]
        return np.abs(quadrature.inverse(shaped))

    first = [filtered(start, j) for j in range(J)]
    means = [quadrature.mean(u) for u in first]
    for j, u in enumerate(first):
        c = quadrature.forward(u)
        means += [quadrature.mean(filtered(c, k)) for k in range(j + 1, J)]
    return np.asarray(means)


# ---------------------------------------------------------------------- tangent fields
def analyse_wind(u, v, latitude, degrees=30):
    """Coefficients {(deg, m): (gradient, rotation)}, m >= 0, of winds on a grid of latitude and longitude.

    Least squares over the latitudes, one azimuthal frequency after the other.
    """
    polar = np.deg2rad(90 - latitude)[1:-1]
    weight = np.sqrt(np.sin(polar))
    south, east = (np.fft.rfft(a[1:-1], axis=1) / a.shape[1] for a in (-v, u))
    found = {}
    for m in range(degrees + 1):
        orders = range(max(1, m), degrees + 1)
        slopes = np.stack([sph_harm_y(deg, m, polar, 0 * polar, diff_n=1)[1] for deg in orders], axis=1)
        a, b = slopes[..., 0], slopes[..., 1] / np.sin(polar)[:, None]
        matrix = np.block([[a, -b], [b, a]]) * np.tile(weight, 2)[:, None]
        values = np.concatenate([south[:, m], east[:, m]]) * np.tile(weight, 2)
        c = np.linalg.lstsq(matrix, values, rcond=None)[0]
        for place, deg in enumerate(orders):
            found[deg, m] = c[place], c[len(orders) + place]
    return found


def random_wind(degrees=12, seed=0):
    """The same for a random field."""
    gradient, rotation = random_function(degrees, seed), random_function(degrees, seed + 1)
    return {key: (gradient[key] / (1 + key[0]), rotation[key] / (1 + key[0])) for key in gradient}


def evaluate_wind(coefficients, points):
    """Vectors in space at points of the sphere, (n, 3)."""
    polar, azimuth = angles(points)
    south = east = np.zeros(len(points))
    for (deg, m), (gradient, rotation) in coefficients.items():
        slope = sph_harm_y(deg, m, polar, azimuth, diff_n=1)[1]
        a, b = slope[..., 0], slope[..., 1] / np.sin(polar)
        twice = 1 if m == 0 else 2
        south = south + twice * (gradient * a - rotation * b).real
        east = east + twice * (gradient * b + rotation * a).real
    e, s = east_and_south(polar, azimuth)
    return south[:, None] * s + east[:, None] * e


def degrees_of(count):
    """Eigenvalues deg (deg + 1) of the sphere, ``count`` of them."""
    top = math.isqrt(count) + 2
    return np.concatenate([np.full(2 * deg + 1, deg * (deg + 1.0)) for deg in range(top)])[:count]
