"""What transforms give is what they gave: values and names against those stored beside this file.

A change of the code that should change no number is tested here; one that should change some says so in
CHANGES.md, and stores what is then right by ``python tests/test_unchanged.py``. Machines differ by rounding;
with ``SCATTER_EXACT=1`` not a bit may differ, for two trees on one machine.
"""

import hashlib
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from scatter import (
    GraphScattering,
    HarmonicScattering3D,
    MeshScattering,
    PointCloudScattering,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    SphericalScattering,
    TangentScattering,
    WaveletEnergies,
)
from scatter.domains.graph import Graph
from scatter.domains.shapes import icosphere, torus

STORED = Path(__file__).with_name("stored_outputs.npz")
MOST = 400
"""Numbers that are stored of a case, evenly spaced among all."""


def signals(*shape):
    """Smooth and rough signals in closed form, which no generator of random numbers can change."""
    t = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    return np.sin(0.05 * t) + 0.5 * np.cos(1.3 * t + 0.001 * t**2) + 0.2 * np.sin(t**1.5)


def lines(**options):
    S = Scattering1D(**{"J": 4, "Q": 3, **options})
    return S, signals(2, 200)


def planes(**options):
    S = Scattering2D(**{"J": 2, "L": 4, **options})
    return S, signals(2, 20, 26)


def turned(**options):
    S = RotoTranslationScattering2D(**{"J": 2, "L": 4, **options})
    return S, signals(2, 20, 24)


def volumes(**options):
    S = HarmonicScattering3D(**{"J": 1, "L": 2, **options})
    return S, signals(2, 8, 10, 9)


def spheres(**options):
    S = SphericalScattering(**{"L": 12, **options})
    return S, signals(2, 12, 23)


def graphs(**options):
    ring = np.roll(np.eye(14), 1, axis=0) + np.roll(np.eye(14), -1, axis=0)
    star = np.zeros((9, 9))
    star[0, 1:] = star[1:, 0] = np.arange(1, 9) / 4
    return GraphScattering(**{"J": 3, **options}), [Graph(ring, signals(14, 2)), Graph(star, signals(9, 2))]


BALL, RING = icosphere(1, (1, 1.2, 0.8)), torus(around=12, across=8)


def meshes(**options):
    return MeshScattering(**{"J": 3, "mesh": BALL, "n_eig": 30, **options}), signals(2, 42)


def clouds(**options):
    return PointCloudScattering(**{"J": 3, "cloud": BALL.vertices, "n_eig": 30, **options}), signals(2, 42)


def tangents(**options):
    x = signals(2, 42) + 1j * signals(2, 42)[::-1]
    return TangentScattering(**{"J": 3, "mesh": BALL, "n_eig": 30, **options}), x


def energies(**options):
    return WaveletEnergies(**{"levels": 1, **options}), signals(2, 20, 26)


CASES = {
    "1D": lambda: lines(),
    "1D, three orders": lambda: lines(max_order=3, Q=(4, 2, 1)),
    "1D, T and stride": lambda: lines(T=23.5, stride=4),
    "1D, oversampled": lambda: lines(oversampling=1),
    "1D, kymatio": lambda: lines(compat="kymatio-0.3"),
    "1D, moments": lambda: lines(pooling="moments"),
    "1D, mean of the logarithm": lambda: lines(pooling="mean", log=True),
    "1D, global": lambda: lines(average="global"),
    "1D, unaveraged": lambda: lines(average=False, pooling="mean"),
    "1D, unaveraged moments": lambda: lines(average=False, pooling="moments", log=0.1),
    "1D, zero": lambda: lines(padding="zero", shape=200),
    "1D, two sides": lambda: lines(two_sided=True, padding="symmetric"),
    "1D, arrays": lambda: lines(executor="array", padding="periodic"),
    "1D, tolerance": lambda: lines(tol=1e-3),
    "2D": lambda: planes(),
    "2D, three orders": lambda: planes(max_order=3, J=3, shape=(20, 26)),
    "2D, moments": lambda: planes(pooling="moments"),
    "2D, global": lambda: planes(average="global", log=True),
    "2D, unaveraged": lambda: planes(average=False, pooling="mean"),
    "2D, two sides": lambda: planes(two_sided=True, L=3),
    "2D, arrays": lambda: planes(executor="array", padding="symmetric"),
    "3D": lambda: volumes(),
    "3D, local": lambda: volumes(method="local", log=True),
    "2D, averaged over directions": lambda: planes(rotation="invariant"),
    "roto": lambda: turned(),
    "roto, covariant": lambda: turned(rotation="covariant", pooling="mean"),
    "roto, moments": lambda: turned(pooling="moments", K=1),
    "sphere": lambda: spheres(),
    "sphere, directional": lambda: spheres(N=2),
    "sphere, moments": lambda: spheres(pooling="moments", J_min=1),
    "sphere, maps": lambda: spheres(average=True, pooling=None),
    "sphere, masked": lambda: spheres(mask=(signals(12, 23) > -0.5).astype(float)),
    "graph": lambda: graphs(),
    "graph, normalized": lambda: graphs(pooling="moments"),
    "graph, both": lambda: graphs(pooling=("powers", "moments"), log=True),
    "graph, mean": lambda: graphs(pooling="mean", average=True),
    "graph, nodes": lambda: graphs(pooling=None),
    "graph, tight": lambda: graphs(wavelet="tight"),
    "graph, computed": lambda: graphs(signals=("degree", "clustering", "eccentricity")),
    "graph, polynomials": lambda: graphs(wavelet="heat", method="chebyshev"),
    "mesh": lambda: meshes(),
    "mesh, mean": lambda: meshes(pooling="mean", log=True),
    "mesh, maps": lambda: meshes(average=True, pooling=None),
    "mesh, collection": lambda: (MeshScattering(J=3, n_eig=30), [BALL, RING]),
    "cloud": lambda: clouds(),
    "tangent": lambda: tangents(),
    "tangent, maps": lambda: tangents(average=True, pooling=None),
    "energies": lambda: energies(),
    "energies, shares": lambda: energies(wavelet="db2", levels=2, statistic="share", log=True),
    "energies, packets": lambda: energies(wavelet="haar", levels=2, sampling="packet", statistic="mean"),
}


def outcome(name):
    """Values of a case, at most `MOST` of them, and a hash of its names and shape."""
    E, X = CASES[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = E.fit(X).transform(X)
    rows = found if isinstance(found, list) else [found]
    values = np.concatenate([np.asarray(row).ravel() for row in rows])
    names = "\n".join(map(str, E.get_feature_names_out()))
    said = f"{[np.shape(row) for row in rows]}\n{names}"
    step = max(1, -(-values.size // MOST))
    return values[::step], hashlib.sha256(said.encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", CASES)
def test_values_and_names_are_what_they_were(name):
    values, said = outcome(name)
    with np.load(STORED) as stored:
        assert str(stored[f"{name}/names"]) == said
        expected = stored[f"{name}/values"]
    if os.environ.get("SCATTER_EXACT"):
        np.testing.assert_array_equal(values, expected)
    # Eigenvectors of a surface come from an iteration, and moments are differences of large numbers.
    rtol = 1e-6 if name.startswith(("mesh", "cloud", "tangent")) else 1e-10
    np.testing.assert_allclose(values, expected, rtol=rtol, atol=rtol * np.abs(expected).max())


def test_every_case_is_stored():
    with np.load(STORED) as stored:
        assert {key.rpartition("/")[0] for key in stored.files} == set(CASES)


if __name__ == "__main__":
    stored = {}
    for case in CASES:
        stored[f"{case}/values"], stored[f"{case}/names"] = outcome(case)
    np.savez_compressed(STORED, **stored)
    print(f"{STORED}: {len(CASES)} cases, {STORED.stat().st_size} bytes")
