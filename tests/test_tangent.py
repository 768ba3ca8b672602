"""Tangent fields: the connection Laplacian against the sphere and potpourri3d; no frame ever shows."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sklearn.base import clone

from benchmarks.harmonics import analyse_wind, evaluate_wind, random_wind
from scatter import InputError, testing
from scatter.domains.connection import Tangents
from scatter.domains.mesh import Mesh
from scatter.domains.shapes import box, icosphere, sheet, torus
from scatter.frames.connection import ConnectionFrame
from scatter.frames.surface import heat_frame, spectrum
from scatter.numerics.eigen import eigenpairs
from scatter.transforms.mesh import MeshScattering
from scatter.transforms.tangent import TangentScattering

RNG = np.random.default_rng(0)
SPHERE = icosphere(3)
TORUS = torus(around=30, across=14)
SURFACES = [SPHERE, TORUS, box(cells=6), sheet(columns=10, rows=10)]
FIELD = random_wind()


def field(mesh, channels=2):
    """Complex noise on top of a smooth field, (channels, n)."""
    smooth = Tangents(mesh).project(np.cos(mesh.vertices[:, ::-1]) + mesh.vertices)
    noise = RNG.standard_normal((channels, len(mesh), 2)) @ [1, 1j]
    return smooth + 0.3 * noise


def norm(x, mass):
    return np.sqrt((np.abs(x) ** 2 * mass).sum())


def degrees_of(count):
    return np.concatenate([np.full(2 * deg + 1, deg * (deg + 1.0) - 1) for deg in range(1, 40)])[:count]


# ---------------------------------------------------------------------- the connection
@pytest.mark.parametrize("mesh", [SPHERE, TORUS, box(cells=6)], ids=str)
def test_spectrum_is_that_of_potpourri3d(mesh):
    pp3d = pytest.importorskip("potpourri3d")
    scale = 1 / np.sqrt(mesh.mass)
    theirs = pp3d.MeshVectorHeatSolver(mesh.vertices, mesh.faces).get_connection_laplacian().toarray()
    ours = Tangents(mesh).laplacian.toarray()
    a, b = (np.linalg.eigvalsh(scale[:, None] * matrix * scale) for matrix in (ours, theirs))
    assert abs(a - b).max() <= 1e-11 * abs(b).max()


def test_eigenvalues_converge_to_those_of_the_sphere():
    exact = degrees_of(48)
    errors = []
    for s in (2, 3, 4):
        mesh = icosphere(s)
        values, _ = eigenpairs(Tangents(mesh).laplacian, mesh.mass, 48)
        errors.append(np.abs(values / exact - 1).max())
    ratios = np.divide(errors[:-1], errors[1:])
    assert (abs(ratios - 4) < 0.5).all(), ratios
    assert errors[-1] < 0.02


@pytest.mark.parametrize(("mesh", "count"), [(SPHERE, 642), (SPHERE, 100), (icosphere(4), 60)], ids=str)
def test_eigenvectors_are_orthonormal_inside_clusters(mesh, count):
    matrix = Tangents(mesh).laplacian
    values, vectors = eigenpairs(matrix, mesh.mass, count)
    gram = vectors.conj().T @ (mesh.mass[:, None] * vectors)
    assert abs(gram - np.eye(len(values))).max() <= 1e-10
    residual = matrix @ vectors - values * (mesh.mass[:, None] * vectors)
    assert abs(residual / np.sqrt(mesh.mass)[:, None]).max() <= 1e-8 * values.max()


def test_laplacian_is_hermitian():
    for mesh in SURFACES:
        matrix = Tangents(mesh).laplacian
        assert abs(matrix - matrix.conj().T).max() <= 1e-14
        assert np.linalg.eigvalsh(matrix.toarray()).min() >= -1e-12


def test_a_constant_field_on_a_flat_sheet_has_no_energy():
    tangents = Tangents(sheet(columns=9, rows=7))
    z = tangents.project(np.broadcast_to([2.0, 1.0, 0.0], (80, 3)))
    np.testing.assert_allclose(abs(z), 5**0.5, rtol=1e-12)
    np.testing.assert_allclose(tangents.laplacian @ z, 0, atol=1e-13)


@pytest.mark.parametrize("mesh", SURFACES, ids=str)
def test_frames_are_orthonormal_and_vectors_come_back(mesh):
    tangents = Tangents(mesh, gauge=RNG.uniform(0, 6, len(mesh)))
    first, second = tangents.axes
    np.testing.assert_allclose((first * second).sum(1), 0, atol=1e-12)
    np.testing.assert_allclose(np.cross(first, second), mesh.normals, atol=1e-12)
    z = field(mesh)
    np.testing.assert_allclose(tangents.project(tangents.ambient(z)), z, atol=1e-12)


def test_rotations_of_the_sphere_are_eigenfields():
    mesh = icosphere(4)
    tangents = Tangents(mesh)
    z = tangents.project(np.cross([1.0, -2.0, 0.5], mesh.vertices))
    quotient = (z.conj() @ (tangents.laplacian @ z)).real / norm(z, mesh.mass) ** 2
    assert quotient == pytest.approx(1, abs=1e-5)  # l (l + 1) - 1 at l = 1


# ---------------------------------------------------------------------- the frame
@pytest.mark.parametrize("mesh", SURFACES, ids=str)
@pytest.mark.parametrize(("method", "rtol"), [("eigen", 1e-12), ("chebyshev", 1e-8)])
def test_parseval_with_the_mass(mesh, method, rtol):
    frame = TangentScattering(J=4, mesh=mesh, n_eig=50, method=method).frame
    z = field(mesh)
    energy = norm(frame.tangent.lowpass(z), mesh.mass) ** 2
    energy += norm(frame.tangent.analysis(z, range(4)), mesh.mass) ** 2
    assert energy == pytest.approx(norm(z, mesh.mass) ** 2, rel=rtol)
    for order in (1, 2):
        testing.assert_frame_bounds(frame, 1 - rtol, 1 + rtol, order=order)


@pytest.mark.parametrize("size", [1e-3, 1.0, 100.0])
def test_nonexpansive(size):
    S = TangentScattering(J=4, mesh=TORUS, n_eig=100, average=True, pooling=None)
    x = field(TORUS)
    y = x + size * (RNG.standard_normal((*x.shape, 2)) @ [1, 1j])
    assert norm(S(x) - S(y), TORUS.mass) <= norm(x - y, TORUS.mass) * (1 + 1e-12)


def test_later_layers_are_those_of_functions():
    S = TangentScattering(J=3, mesh=TORUS, n_eig=80, average=True, pooling=None)
    z = field(TORUS)[0]
    lengths = np.abs(S.frame.tangent.analysis(z, [0])[0])
    ours = S(z)[[path.n[:1] == (0,) for path in S.tree.paths]]
    functions = MeshScattering(J=3, mesh=TORUS, n_eig=80, average=True, pooling=None, max_order=1)
    theirs = functions(lengths)[[path.n != (0,) for path in functions.tree.paths]]
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_frames_must_fit_together():
    a, b = (heat_frame(spectrum(m.laplacian, m.mass, 9), 2, 0.1) for m in (SPHERE, TORUS))
    with pytest.raises(InputError, match="must agree in vertices and wavelets, got 642 and 420"):
        ConnectionFrame(a, b)


# ---------------------------------------------------------------------- symmetries
@pytest.mark.parametrize("mesh", SURFACES, ids=str)
@pytest.mark.parametrize("method", ["eigen", "chebyshev"])
def test_frames_never_show(mesh, method):
    z, gauge = field(mesh), RNG.uniform(0, 2 * np.pi, len(mesh))
    # Eigenvectors are computed anew in the other frames.
    S = TangentScattering(J=4, mesh=mesh, n_eig=50, method=method, pooling="mean")
    turned = clone(S).set_params(gauge=gauge)
    assert abs(turned(np.exp(-1j * gauge) * z) - S(z)).max() <= 1e-12 * abs(S(z)).max()
    vectors = S.tangents.ambient(z)
    assert abs(turned(vectors) - S(z)).max() <= 1e-12 * abs(S(z)).max()


@pytest.mark.parametrize("mesh", SURFACES, ids=str)
def test_rigid_motion_and_permutation(mesh):
    S, vectors = TangentScattering(J=4, n_eig=50, pooling="mean"), Tangents(mesh).ambient(field(mesh)[0])
    rest = S.fit(mesh)(vectors)
    matrix = Rotation.random(rng=np.random.default_rng(2)).as_matrix()
    moved = Mesh(3 * mesh.vertices @ matrix.T + [1.0, 2.0, 3.0], mesh.faces)
    assert abs(S.fit(moved)(vectors @ matrix.T) - rest).max() <= 1e-9 * abs(rest).max()
    order = RNG.permutation(len(mesh))
    faces = np.roll(RNG.permutation(np.argsort(order)[mesh.faces]), 1, axis=1)
    other = Mesh(mesh.vertices[order], faces)
    assert abs(S.fit(other)(vectors[order]) - rest).max() <= 1e-9 * abs(rest).max()


def rotation_errors(coefficients, mesh, rotations, n_eig=200):
    """Relative change of orders 1 and 2 as the field, not the mesh, is rotated exactly."""
    S = TangentScattering(J=6, mesh=mesh, t0=1 / 200, n_eig=n_eig, pooling="mean")
    orders = np.array([path.order for path in S.tree.paths])
    rest, errors = S(evaluate_wind(coefficients, mesh.vertices)), []
    for seed in range(rotations):
        matrix = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
        moved = S(evaluate_wind(coefficients, mesh.vertices @ matrix) @ matrix.T)
        change = [np.linalg.norm((moved - rest)[orders == m]) for m in (1, 2)]
        errors.append(np.divide(change, [np.linalg.norm(rest[orders == m]) for m in (1, 2)]))
    return np.max(errors, axis=0)


def test_rotated_field_on_the_sphere():
    coarse, fine = (rotation_errors(FIELD, icosphere(s), 2, n_eig=150) for s in (2, 3))
    assert (fine <= [3e-3, 9e-3]).all(), fine
    assert (fine < coarse / 2).all(), (coarse, fine)


def test_rotated_wind():
    data = Path(os.environ.get("SCATTER_DATA", "none"), "sphere", "wind_200hPa_monthly.npz")
    if not data.exists():
        pytest.skip("sphere/wind_200hPa_monthly.npz is not in SCATTER_DATA")
    with np.load(data) as wind:
        coefficients = analyse_wind(wind["u"][0], wind["v"][0], wind["latitude"])
    first, second = rotation_errors(coefficients, icosphere(4), 1)
    assert first <= 1e-3, first
    assert second <= 3e-3, second


# ---------------------------------------------------------------------- arrays
def test_laws():
    S = TangentScattering(J=3, mesh=TORUS, n_eig=60)
    z = field(TORUS, 3)
    np.testing.assert_allclose(S(z), np.stack([S(one) for one in z]), rtol=1e-11, atol=1e-13)
    single = S(z.astype(np.complex64))
    assert single.dtype == np.float32
    assert abs(single - S(z)).max() <= 1e-4 * abs(S(z)).max()
    means = TangentScattering(J=3, mesh=TORUS, n_eig=60, pooling="mean")
    assert abs(means(z.astype(np.complex64)) - means(z)).max() <= 1e-5 * abs(means(z)).max()
    np.testing.assert_allclose(means(-3j * z), 3 * means(z), rtol=1e-12)


def test_channels_fields_and_names():
    S, n = TangentScattering(J=3, mesh=TORUS, n_eig=60), len(TORUS)
    assert S(RNG.standard_normal((5, 2, n, 3))).shape == (5, 2, 7, 4)
    assert S(field(TORUS).T).shape == (2, 7, 4)
    assert S.fit_transform(RNG.standard_normal((5, n, 3))).shape == (5, 28)
    assert S.get_feature_names_out()[4] == "mean(|x*psi[j=0]|)"
    pairs = [(TORUS, RNG.standard_normal((n, 3))), (SPHERE, SPHERE.vertices)]
    assert TangentScattering(J=3, n_eig=60).fit_transform(pairs).shape == (2, 28)


def test_clone_and_pickle():
    S = TangentScattering(J=3, mesh=TORUS, n_eig=60, gauge=np.full(len(TORUS), 0.1))
    z = field(TORUS)
    first = S(z)
    for other in (clone(S), pickle.loads(pickle.dumps(S))):
        np.testing.assert_array_equal(other(z), first)
    assert len(pickle.dumps(S)) < 2 * (TORUS.vertices.nbytes + TORUS.faces.nbytes)
    assert S.set_params(gauge=None)(z).shape == (2, 7, 4)


def test_array_libraries(backend):
    S = TangentScattering(J=3, mesh=TORUS, n_eig=60)
    for x in (field(TORUS), Tangents(TORUS).ambient(field(TORUS))):
        found = S(backend.asarray(x))
        np.testing.assert_allclose(backend.to_numpy(found), S(x), rtol=1e-9, atol=1e-12)


def test_torch_values_and_gradients():
    torch = pytest.importorskip("torch")
    S = TangentScattering(J=3, mesh=TORUS, n_eig=60, pooling="mean")
    x = Tangents(TORUS).ambient(field(TORUS)[0])
    np.testing.assert_allclose(S(torch.tensor(x)).numpy(), S(x), rtol=1e-10)
    z = torch.tensor(field(TORUS)[0])
    np.testing.assert_allclose(S(z).numpy(), S(z.numpy()), rtol=1e-10)

    def gradient(values):
        t = torch.tensor(values, requires_grad=True)
        (S(t) ** 2).sum().backward()
        return t.grad.numpy()

    testing.assert_gradient_matches(lambda v: float((S(v) ** 2).sum()), gradient(x), x)
    testing.assert_gradient_finite_at_zero(gradient, x.shape)


# ---------------------------------------------------------------------- bad input
def moebius():
    i, j = np.meshgrid(np.arange(12), np.arange(3), indexing="ij")
    turn, across = np.pi * i / 6, (j - 1) / 4
    ring = 1 + across * np.cos(turn / 2)
    points = np.stack([ring * np.cos(turn), ring * np.sin(turn), across * np.sin(turn / 2)], -1)
    place = i * 3 + j
    after = np.concatenate([place[1:], place[:1, ::-1]])
    a, b, c, d = (x.ravel() for x in (place[:, :-1], after[:, :-1], after[:, 1:], place[:, 1:]))
    return Mesh(points.reshape(-1, 3), np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]))


def turned():
    faces = TORUS.faces.copy()
    faces[3] = faces[3][::-1]
    return Mesh(TORUS.vertices, faces)


def hourglass():
    points = [[0, 0, 0], [1, 0, 1], [0, 1, 1], [-1, -1, 1], [1, 0, -1], [0, 1, -1], [-1, -1, -1]]
    cone = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])
    return Mesh(points, np.concatenate([cone, np.where(cone > 0, cone + 3, 0)[:, ::-1]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Tangents(moebius()).laplacian, "one side only"),
        (lambda: Tangents(turned()).laplacian, "not turned to the side of the neighbours; type Mesh.*repair"),
        (lambda: Tangents(hourglass()).laplacian, "vertex 0 is where parts of the surface touch in a point"),
        (lambda: Tangents(TORUS, gauge=[0.0]), r"gauge must have shape \(420,\)"),
        (
            lambda: TangentScattering(mesh=TORUS)(np.zeros(420)),
            r"complex of shape \(..., 420\), or real vectors",
        ),
        (lambda: TangentScattering(mesh=TORUS)(np.zeros((400, 3))), r"\(..., 420, 3\), got .* \(400, 3\)"),
        (lambda: TangentScattering(mesh=TORUS)(np.zeros(400, complex)), r"got \(400,\)"),
        (lambda: TangentScattering(mesh=TORUS)(np.full((420, 3), np.nan)), "contains NaN"),
        (lambda: TangentScattering()(np.zeros((420, 3))), "no mesh is known yet; type TangentScattering"),
        (lambda: TangentScattering(n_eig=9).fit([TORUS]), r"samples must be pairs \(mesh, field\)"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_repair_turns_faces_to_one_side():
    mesh = turned()
    repaired = Mesh(mesh.vertices, mesh.faces, repair=True)
    np.testing.assert_array_equal(np.sort(repaired.faces, axis=1), np.sort(TORUS.faces, axis=1))
    assert abs(Tangents(repaired).laplacian - Tangents(repaired).laplacian.conj().T).max() < 1e-14
