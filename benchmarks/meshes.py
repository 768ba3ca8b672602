"""Surfaces: against spherical harmonics, rotated wind, shapes told apart, and time.

Figures on real data need the environment variable SCATTER_DATA; without it they are left out.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.harmonics import analyse_wind, evaluate, evaluate_wind, exact_scattering, random_function
from scatter.domains.connection import Tangents
from scatter.domains.mesh import Mesh
from scatter.domains.shapes import box, icosphere, torus
from scatter.numerics.eigen import eigenpairs
from scatter.transforms.mesh import MeshScattering
from scatter.transforms.tangent import TangentScattering


def data(*parts):
    """Path of a file of real data, or None."""
    path = Path(os.environ.get("SCATTER_DATA", "none"), *parts)
    return path if path.exists() else None


def by_order(transform, found, exact, orders=(1, 2)):
    """Relative distance of the coefficients of each order."""
    order = np.array([path.order for path in transform.tree.paths])
    return [np.linalg.norm((found - exact)[order == m]) / np.linalg.norm(exact[order == m]) for m in orders]


def sphere():
    """Mean scattering of icospheres against spherical harmonics with the same heat kernels, J=6."""
    J, t0, coefficients = 6, 1 / 200, random_function()
    exact = np.concatenate([[0.0], exact_scattering(coefficients, J, t0, degrees=128)])
    rows = []
    for s in (3, 4, 5):
        mesh = icosphere(s)
        S = MeshScattering(J, mesh, t0=t0, n_eig=30, method="chebyshev", pooling="mean")
        first, second = by_order(S, S(evaluate(coefficients, mesh.vertices)), exact)
        rows.append(
            (f"relative error, {len(mesh)} vertices, orders 1 and 2", f"{first:.1e}", f"{second:.1e}")
        )
    return rows


def eigenvalues():
    """Largest relative error of 49 eigenvalues of icospheres: l(l+1), and l(l+1) - 1 of tangent fields."""
    degrees = np.concatenate([np.full(2 * deg + 1, deg * (deg + 1.0)) for deg in range(9)])
    rows = []
    for s in (2, 3, 4, 5):
        mesh = icosphere(s)
        values, _ = eigenpairs(mesh.laplacian, mesh.mass, 49)
        fields, vectors = eigenpairs(Tangents(mesh).laplacian, mesh.mass, 48)
        scalar = abs(values[1:] / degrees[1 : len(values)] - 1).max()
        tangent = abs(fields / (degrees[1 : len(fields) + 1] - 1) - 1).max()
        gram = abs(vectors.conj().T @ (mesh.mass[:, None] * vectors) - np.eye(len(fields))).max()
        rows.append(
            (f"{len(mesh)} vertices", f"{scalar:.1e}, fields {tangent:.1e}", f"orthonormal to {gram:.0e}")
        )
    return rows


def wind():
    """Exact rotation of the 200 hPa wind of January (degrees to 30) over icospheres, 200 eigenpairs."""
    file = data("sphere", "wind_200hPa_monthly.npz")
    if file is None:
        return [("left out: sphere/wind_200hPa_monthly.npz is not in SCATTER_DATA", "", "")]
    with np.load(file) as found:
        coefficients = analyse_wind(found["u"][0], found["v"][0], found["latitude"])
    rows = []
    for s in (3, 4):
        mesh = icosphere(s)
        S = TangentScattering(J=6, mesh=mesh, t0=1 / 200, pooling="mean")
        rest, errors = S(evaluate_wind(coefficients, mesh.vertices)), []
        for seed in range(5):
            turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
            errors.append(by_order(S, S(evaluate_wind(coefficients, mesh.vertices @ turn) @ turn.T), rest))
        mean, worst = np.mean(errors, axis=0), np.max(errors, axis=0)
        figure = f"relative change, {len(mesh)} vertices, orders 1 and 2"
        rows.append((figure, f"{mean[0]:.1e}, {mean[1]:.1e}", f"worst {worst[0]:.1e}, {worst[1]:.1e}"))
    return rows


# ---------------------------------------------------------------------- shapes
def thinned(mesh, cells):
    """The mesh with the vertices of each cell of a cubic grid merged into their mean."""
    low, side = mesh.vertices.min(0), np.ptp(mesh.vertices, axis=0).max() / cells
    cell = np.floor((mesh.vertices - low) / side).astype(int)
    _, group = np.unique(cell, axis=0, return_inverse=True)
    group, count = group.ravel(), np.bincount(group.ravel())
    points = np.stack([np.bincount(group, axis) / count for axis in mesh.vertices.T], axis=1)
    return Mesh(points, group[mesh.faces], repair=True)


def bent(mesh, angle):
    """The mesh bent around an arc, as a bar is, along its longest side."""
    centred = mesh.vertices - mesh.vertices.mean(0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    x, y, z = (centred @ axes.T).T
    radius = np.ptp(x) / angle
    turned = np.stack([(radius + y) * np.sin(x / radius), (radius + y) * np.cos(x / radius), z], axis=1)
    return Mesh(turned, mesh.faces)


def bases():
    """One mesh of some 1000 to 3000 vertices a kind."""
    found = {
        "sphere": icosphere(3),
        "ellipsoid": icosphere(3, axes=(1.0, 1.0, 1.8)),
        "disc": icosphere(3, axes=(1.0, 1.0, 0.5)),
        "torus": torus(),
        "thin torus": torus(1.0, 0.2, 90, 18),
        "box": box(cells=12),
        "bar": box((1.0, 1.0, 3.0), cells=12),
    }
    for name in ("spot", "bob"):
        if file := data("meshes", f"{name}.npz"):
            with np.load(file) as arrays:
                found[name] = Mesh(arrays["vertices"], arrays["faces"])
    if file := data("meshes", "fsaverage5_left.npz"):
        with np.load(file) as arrays:
            found["cortex"] = thinned(Mesh(arrays["pial"], arrays["faces"]), 24)
    return found


def noisy(mesh, size, rng):
    """Every vertex moved by Gaussian noise of ``size`` mean edge lengths."""
    edge = np.sqrt(mesh.area / len(mesh.faces) * 4 / 3**0.5)
    return Mesh(mesh.vertices + size * edge * rng.standard_normal(mesh.vertices.shape), mesh.faces)


def moved(mesh, rng):
    """The mesh rotated, scaled, shifted, its vertices and faces in another order."""
    order = rng.permutation(len(mesh))
    points = rng.uniform(0.3, 3) * mesh.vertices[order] @ Rotation.random(rng=rng).as_matrix()
    faces = rng.permutation(np.argsort(order)[mesh.faces])
    return Mesh(points + rng.standard_normal(3), np.roll(faces, int(rng.integers(3)), axis=1))


CHANGES = {
    "moved, reordered": lambda mesh, rng: mesh,
    "noise 0.1 edges": lambda mesh, rng: noisy(mesh, 0.1, rng),
    "noise 0.2 edges": lambda mesh, rng: noisy(mesh, 0.2, rng),
    "two thirds of the vertices": lambda mesh, rng: thinned(mesh, int(rng.integers(18, 25))),
    "half of the vertices": lambda mesh, rng: thinned(mesh, int(rng.integers(13, 17))),
    "bent by 30 degrees": lambda mesh, rng: bent(mesh, 0.5),
    "bent by 60 degrees": lambda mesh, rng: bent(mesh, 1.0),
}


def mild(mesh, rng):
    """The four meshes of a kind that are learnt from: noise, more noise, a mild bend, fewer vertices."""
    yield noisy(mesh, rng.uniform(0, 0.1), rng)
    yield noisy(mesh, rng.uniform(0.1, 0.2), rng)
    yield bent(mesh, rng.uniform(0.1, 0.3))
    yield thinned(mesh, int(rng.integers(18, 25)))


def shapes():
    """Accuracy on other changes of the meshes than those learnt from, 4 of a kind; logistic regression."""
    rng, kinds = np.random.default_rng(0), bases()
    train = [moved(changed, rng) for mesh in kinds.values() for changed in mild(mesh, rng)]
    head = LogisticRegression(C=1.0, max_iter=2000)
    model = make_pipeline(MeshScattering(J=5, n_eig=100, pooling="mean", log=1e-3), StandardScaler(), head)
    model.fit(train, np.repeat(list(kinds), 4))
    rows = [("kinds", ", ".join(kinds), f"{sum(map(len, train)) // len(train)} vertices on average")]
    for name, change in CHANGES.items():
        test = [moved(change(mesh, rng), rng) for mesh in kinds.values() for _ in range(2)]
        truth = np.repeat(list(kinds), 2)
        found = model.predict(test)
        wrong = ", ".join(sorted({f"{a} for {b}" for a, b in zip(found, truth, strict=True) if a != b}))
        rows.append((name, f"{np.mean(found == truth):.3f}", wrong or "none wrong"))
    return rows


def speed():
    """Seconds for icospheres, 200 eigenpairs, J=6, order 2, 8 signals, float64; then the signals alone."""
    rows = []
    for s in (4, 5):
        mesh = icosphere(s)
        x = np.random.default_rng(0).standard_normal((8, len(mesh)))
        for name, method, n_eig in (("eigen", "eigen", 200), ("chebyshev, 20 pairs", "chebyshev", 20)):
            S = MeshScattering(mesh=mesh, n_eig=n_eig, method=method)
            started = time.perf_counter()
            S.frame  # noqa: B018
            built = time.perf_counter()
            S(x)
            rows.append(
                (
                    f"{name}, {len(mesh)} vertices",
                    f"{built - started:.2f}",
                    f"{time.perf_counter() - built:.2f}",
                )
            )
    return rows


CASES = {
    "mesh_sphere": sphere,
    "mesh_eigenvalues": eigenvalues,
    "mesh_wind": wind,
    "mesh_shapes": shapes,
    "mesh_speed": speed,
}
