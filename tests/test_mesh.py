"""Meshes and clouds: geometry against closed forms and potpourri3d, scattering against the sphere."""

import pickle
import re
import sys

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.harmonics import degrees_of, evaluate, exact_scattering, random_function
from scatter import InputError, MissingExtraError, testing
from scatter.domains.descriptors import gaussian_curvature, mean_curvature
from scatter.domains.mesh import Mesh
from scatter.domains.meshcheck import merged
from scatter.domains.pointcloud import PointCloud
from scatter.domains.shapes import box, icosphere, sheet, torus
from scatter.errors import FileError, ScatterWarning
from scatter.io.meshes import read_mesh
from scatter.io.reading import Reading
from scatter.io.shapes import pieces
from scatter.numerics.eigen import eigenpairs, whole_clusters
from scatter.transforms import surfaces
from scatter.transforms.mesh import MeshScattering, PointCloudScattering

RNG = np.random.default_rng(0)
SPHERE = icosphere(3)
TORUS = torus(around=36, across=16)


def bumpy(mesh, size=0.02, seed=0):
    """A mesh without symmetry."""
    noise = np.random.default_rng(seed).standard_normal(mesh.vertices.shape)
    return Mesh(mesh.vertices + size * noise, mesh.faces)


def smooth(mesh, channels=2, seed=0):
    """Signals (channels, n) with energy at all scales."""
    shape = (channels, len(mesh), 3)
    waves = np.random.default_rng(seed).standard_normal((channels, 3)) @ mesh.vertices.T
    return np.sin(3 * waves) + waves + 0.1 * np.random.default_rng(seed).standard_normal(shape[:2])


def norm(x, mass):
    return np.sqrt((np.abs(x) ** 2 * mass).sum())


# ---------------------------------------------------------------------- geometry
@pytest.mark.parametrize("mesh", [SPHERE, TORUS, box(), sheet(), bumpy(TORUS)], ids=str)
def test_laplacian_and_mass_equal_potpourri3d(mesh):
    pp3d = pytest.importorskip("potpourri3d")
    assert abs(pp3d.cotan_laplacian(mesh.vertices, mesh.faces) - mesh.laplacian).max() <= 1e-12
    np.testing.assert_allclose(pp3d.vertex_areas(mesh.vertices, mesh.faces), mesh.mass, rtol=1e-12)


def test_laplacian_is_the_energy_of_linear_functions():
    mesh = sheet(2.0, 1.0, 7, 5)
    x = mesh.vertices @ [3.0, -2.0, 0.0]
    assert x @ (mesh.laplacian @ x) == pytest.approx(13 * 2.0, rel=1e-12)
    np.testing.assert_allclose(mesh.laplacian @ np.ones(len(mesh)), 0, atol=1e-13)
    assert mesh.mass.sum() == pytest.approx(2.0, rel=1e-13)


def test_eigenvalues_converge_to_those_of_the_sphere():
    exact = degrees_of(49)[1:]
    errors = []
    for s in (2, 3, 4):
        mesh = icosphere(s)
        values, _ = eigenpairs(mesh.laplacian, mesh.mass, 49)
        errors.append(np.abs(values[1:] / exact - 1).max())
    ratios = np.divide(errors[:-1], errors[1:])
    assert (abs(ratios - 4) < 0.5).all(), ratios
    assert errors[-1] < 0.02


@pytest.mark.parametrize(("mesh", "count"), [(SPHERE, 642), (SPHERE, 100), (icosphere(4), 100)], ids=str)
def test_eigenvectors_are_orthonormal_and_solve_the_problem(mesh, count):
    values, vectors = eigenpairs(mesh.laplacian, mesh.mass, count)
    gram = vectors.T @ (mesh.mass[:, None] * vectors)
    assert abs(gram - np.eye(len(values))).max() <= 1e-10
    residual = mesh.laplacian @ vectors - values * (mesh.mass[:, None] * vectors)
    assert abs(residual / np.sqrt(mesh.mass)[:, None]).max() <= 1e-8 * values.max()


def test_clusters_are_kept_whole():
    values = np.array([0.0, 1.0, 1.0, 1.0, 2.0, 2.0])
    assert [whole_clusters(values, k) for k in range(1, 7)] == [1, 1, 1, 4, 4, 6]
    assert whole_clusters(np.ones(5), 3) == 3
    # The icosahedron's symmetry has representations of up to 5 dimensions.
    assert len(eigenpairs(SPHERE.laplacian, SPHERE.mass, 7)[0]) == 4


def test_curvatures_of_a_sphere_and_a_torus():
    sphere = icosphere(4, axes=(2.0, 2.0, 2.0))
    assert np.median(mean_curvature(sphere)) == pytest.approx(1, rel=2e-3)
    assert np.average(gaussian_curvature(sphere), weights=sphere.mass) == pytest.approx(1, rel=1e-12)
    ring = torus(1.0, 0.4, 120, 60)
    assert np.average(gaussian_curvature(ring), weights=ring.mass) == pytest.approx(0, abs=1e-12)
    inner = np.argmin(np.hypot(*ring.vertices[:, :2].T))
    unit = np.sqrt(ring.area / (4 * np.pi))
    assert mean_curvature(ring)[inner] / unit == pytest.approx((1 / 0.4 - 1 / 0.6) / 2, rel=1e-2)


def test_meshes_do_not_change():
    with pytest.raises(AttributeError, match="can't be changed"):
        SPHERE.vertices = 0
    with pytest.raises(ValueError, match="read-only"):
        SPHERE.vertices[0] = 0
    again = pickle.loads(pickle.dumps(TORUS))
    assert (again.vertices == TORUS.vertices).all()
    assert repr(again) == repr(TORUS)
    assert len(pickle.dumps(TORUS)) < 2 * (TORUS.vertices.nbytes + TORUS.faces.nbytes)


def test_intrinsic_delaunay():
    pytest.importorskip("robust_laplacian")
    stiffness, mass = SPHERE.operators("intrinsic_delaunay")  # a sphere's triangles are Delaunay already
    assert abs(stiffness - SPHERE.laplacian).max() < 1e-6
    np.testing.assert_allclose(mass, SPHERE.mass, rtol=1e-6)
    sliver = Mesh(TORUS.vertices * [1, 1, 8], TORUS.faces)
    stiffness, _ = sliver.operators("intrinsic_delaunay")
    off = stiffness.tocoo()
    assert off.data[off.row != off.col].max() <= 1e-9 < sliver.laplacian.tocoo().data.max()


# ---------------------------------------------------------------------- the frame
@pytest.mark.parametrize("mesh", [SPHERE, sheet(), bumpy(TORUS)], ids=str)
@pytest.mark.parametrize(("method", "rtol"), [("eigen", 1e-12), ("chebyshev", 1e-8)])
def test_parseval_with_the_mass(mesh, method, rtol):
    S = MeshScattering(J=5, mesh=mesh, n_eig=60, method=method)
    frame, x = S.frame, smooth(mesh)
    energy = norm(frame.lowpass(x), mesh.mass) ** 2 + norm(frame.analysis(x, range(5)), mesh.mass) ** 2
    assert energy == pytest.approx(norm(x, mesh.mass) ** 2, rel=rtol)
    testing.assert_frame_bounds(frame, 1 - rtol, 1 + rtol)


def test_parseval_on_the_span():
    S = MeshScattering(J=5, mesh=TORUS, n_eig=60)
    values, vectors = eigenpairs(TORUS.laplacian, TORUS.mass, 60)
    x = vectors @ RNG.standard_normal(len(values))
    energy = norm(S.frame.lowpass(x), TORUS.mass) ** 2 + norm(S.frame.analysis(x, range(5)), TORUS.mass) ** 2
    assert energy == pytest.approx(norm(x, TORUS.mass) ** 2, rel=1e-12)


def test_chebyshev_equals_all_eigenpairs():
    mesh = bumpy(TORUS)
    whole = MeshScattering(J=5, mesh=mesh, n_eig=len(mesh), average=True, pooling=None)
    few = MeshScattering(J=5, mesh=mesh, n_eig=20, method="chebyshev", average=True, pooling=None)
    x = smooth(mesh)
    assert abs(few(x) - whole(x)).max() <= 1e-8 * abs(whole(x)).max()


@pytest.mark.parametrize("size", [1e-3, 1.0, 100.0])
def test_nonexpansive(size):
    S = MeshScattering(J=4, mesh=TORUS, average=True, pooling=None, max_order=2)
    x = smooth(TORUS)
    y = x + size * RNG.standard_normal(x.shape)
    assert norm(S(x) - S(y), TORUS.mass) <= norm(x - y, TORUS.mass) * (1 + 1e-12)


def test_energy_goes_to_the_coefficients():
    S = MeshScattering(J=5, mesh=SPHERE, average=True, pooling=None, max_order=3)
    x = smooth(SPHERE)
    assert 0.8 < norm(S(x), SPHERE.mass) ** 2 / norm(x, SPHERE.mass) ** 2 <= 1 + 1e-12


@pytest.mark.parametrize("make", [MeshScattering, PointCloudScattering])
def test_laws(make):
    surface = {"mesh": bumpy(SPHERE)} if make is MeshScattering else {"cloud": SPHERE.vertices}
    S = make(J=4, average=True, pooling=None, **surface)
    testing.assert_frame_bounds(S.frame, 1 - 1e-12, 1 + 1e-12)
    testing.assert_batch_independent(S)
    testing.assert_precisions_agree(S)
    testing.assert_homogeneous(S)


# ---------------------------------------------------------------------- symmetries
def permuted(mesh, x, seed=0):
    order = np.random.default_rng(seed).permutation(len(mesh))
    place = np.argsort(order)
    faces = np.random.default_rng(seed).permutation(place[mesh.faces])
    return Mesh(mesh.vertices[order], faces), x[..., order]


@pytest.mark.parametrize("mesh", [SPHERE, TORUS, sheet(), bumpy(SPHERE)], ids=str)
@pytest.mark.parametrize("method", ["eigen", "chebyshev"])
def test_rigid_motion_permutation_and_scale(mesh, method):
    S, x = MeshScattering(J=5, n_eig=100, method=method, pooling="mean"), smooth(mesh)
    rest = S.fit(mesh)(x)
    matrix = Rotation.random(rng=np.random.default_rng(1)).as_matrix()
    moved = Mesh(mesh.vertices @ matrix.T + [3.0, -1.0, 2.0], mesh.faces)
    scale = abs(rest).max()
    assert abs(S.fit(moved)(x) - rest).max() <= 1e-9 * scale
    assert abs(S.fit(Mesh(7 * mesh.vertices, mesh.faces))(x) - rest).max() <= 1e-9 * scale
    other, y = permuted(mesh, x)
    assert abs(S.fit(other)(y) - rest).max() <= 1e-9 * scale


def test_moments_under_rigid_motion_and_permutation():
    mesh = bumpy(SPHERE)
    x = smooth(mesh)
    other, y = permuted(mesh, x)
    a, b = MeshScattering(J=4, mesh=mesh)(x), MeshScattering(J=4, mesh=other)(y)
    np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)


def test_bending_without_stretching_changes_little():
    flat, count = sheet(2.0, 1.0, 40, 20), 40
    turn = flat.vertices[:, 0] * 1.5
    rolled = np.stack([np.sin(turn) / 1.5, flat.vertices[:, 1], (1 - np.cos(turn)) / 1.5], axis=1)
    x = np.sin(4 * flat.vertices[:, 0]) + flat.vertices[:, 1]
    S = MeshScattering(J=4, pooling="mean")
    a, b = S.fit(flat)(x), S.fit(Mesh(rolled, flat.faces))(x)
    assert abs(a - b).max() <= 20 / count**2 * abs(a).max()


def test_resampling_changes_little():
    coefficients = random_function(6)
    S = MeshScattering(J=5, pooling="mean")
    coarse, fine = (S.fit(mesh)(evaluate(coefficients, mesh.vertices)) for mesh in (SPHERE, icosphere(4)))
    assert np.linalg.norm(coarse - fine) <= 0.02 * np.linalg.norm(fine)


@pytest.mark.parametrize(("method", "n_eig"), [("eigen", 300), ("chebyshev", 30)])
def test_scattering_of_the_sphere_against_spherical_harmonics(method, n_eig):
    J, t0, coefficients, mesh = 6, 1 / 200, random_function(), icosphere(4)
    exact = exact_scattering(coefficients, J, t0)
    S = MeshScattering(J, mesh, t0=t0, n_eig=n_eig, method=method, pooling="mean")
    found = S(evaluate(coefficients, mesh.vertices))
    orders = np.array([path.order for path in S.tree.paths])
    for order in (1, 2):
        ours, theirs = found[orders == order], exact[orders[1:] == order]
        assert np.linalg.norm(ours - theirs) <= 2e-2 * np.linalg.norm(theirs)


def test_means_are_weighted_by_area():
    mesh = Mesh(sheet(columns=30).vertices ** 2, sheet(columns=30).faces)  # fine near the origin
    x = mesh.vertices[:, 0]
    moments = MeshScattering(J=3, mesh=mesh)(x)[0]
    np.testing.assert_allclose(moments, [1 / 2, 1 / 12, 0, -1.2], atol=0.02)


# ---------------------------------------------------------------------- arrays
def test_channels_and_shapes():
    S, n = MeshScattering(J=3, mesh=SPHERE), len(SPHERE)
    x = RNG.standard_normal((2, n, 5))
    assert S(x).shape == (2, 5, 7, 4)
    np.testing.assert_array_equal(S(x), S(np.swapaxes(x, 1, 2)))
    assert MeshScattering(J=3, mesh=SPHERE, average=True, pooling=None)(x).shape == (2, 5, 7, n)
    assert MeshScattering(J=3, mesh=SPHERE, pooling="mean")(x[0, :, 0]).shape == (7,)
    assert list(MeshScattering(J=3, mesh=SPHERE, out_type="dict")(x)) == [p.n for p in S.tree.paths]


def test_array_libraries(backend):
    S, x = MeshScattering(J=3, mesh=bumpy(TORUS), n_eig=60), smooth(TORUS).T.copy()
    found = S(backend.asarray(x))
    np.testing.assert_allclose(backend.to_numpy(found), S(x), rtol=1e-9, atol=1e-12)


def test_torch_values_and_gradients():
    torch = pytest.importorskip("torch")
    S = MeshScattering(J=3, mesh=bumpy(SPHERE))
    x = smooth(SPHERE)[0]
    t = torch.tensor(x, requires_grad=True)
    np.testing.assert_allclose(S(t).detach().numpy(), S(x), rtol=1e-9, atol=1e-12)

    def gradient(values):
        t = torch.tensor(values, requires_grad=True)
        (S(t) * torch.linspace(0, 1, 28, dtype=torch.float64).reshape(7, 4)).sum().backward()
        return t.grad.numpy()

    def function(values):
        return float((S(values) * np.linspace(0, 1, 28).reshape(7, 4)).sum())

    testing.assert_gradient_matches(function, gradient(x), x, rtol=1e-4)
    testing.assert_gradient_finite_at_zero(gradient, x.shape)


# ---------------------------------------------------------------------- scikit-learn
def test_fit_on_a_mesh_then_signals():
    S = MeshScattering(J=3).fit((SPHERE.vertices, SPHERE.faces))
    X = RNG.standard_normal((4, len(SPHERE)))
    assert S.transform(X).shape == (4, 28)
    names = S.get_feature_names_out()
    assert (names[4], len(names)) == ("mean(|x*psi[j=0]|)", 28)


def test_mesh_in_the_constructor_fits_signals():
    X = RNG.standard_normal((4, len(SPHERE), 2))
    S = MeshScattering(J=3, mesh=SPHERE).set_output(transform="pandas")
    found = S.fit_transform(X)
    assert found.shape == (4, 56)
    assert found.columns[28] == "channel 1: mean(x)"
    with pytest.raises(InputError, match="must have 2 channels as in fit, got 0"):
        S.transform(X[..., 0])


def test_clone_pickle_and_set_params():
    S = MeshScattering(J=3, mesh=SPHERE)
    x = smooth(SPHERE)
    first = S(x)
    frame = S.frame
    assert S.frame is frame
    assert len(pickle.dumps(S)) < 2 * (SPHERE.vertices.nbytes + SPHERE.faces.nbytes)
    for other in (clone(S), pickle.loads(pickle.dumps(S))):
        np.testing.assert_array_equal(other(x), first)
    assert S.set_params(J=4)(x).shape == (2, 11, 4)
    assert S.set_params(mesh=TORUS)(smooth(TORUS)).shape == (2, 11, 4)
    assert "MeshScattering" in repr(S)


def variants(kind, count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        fine = int(rng.integers(0, 2))
        mesh = {
            "sphere": lambda fine: icosphere(2 + fine),
            "ellipsoid": lambda fine: icosphere(2 + fine, axes=(1, 1, 1.8)),
            "torus": lambda fine: torus(around=24 + 12 * fine, across=12 + 4 * fine),
            "box": lambda fine: box(cells=6 + 4 * fine),
        }[kind](fine)
        size = rng.uniform(0.5, 2)
        noise = 0.02 * rng.standard_normal(mesh.vertices.shape)
        points = size * (mesh.vertices + noise) @ Rotation.random(rng=rng).as_matrix()
        yield permuted(Mesh(points, mesh.faces), np.zeros(len(mesh)), int(rng.integers(1000)))[0]


def test_shapes_are_told_apart_under_rotation_scale_noise_resolution_and_order():
    kinds = ["sphere", "ellipsoid", "torus", "box"]
    train, test = ([m for kind in kinds for m in variants(kind, 4, seed)] for seed in (0, 1))
    y = np.repeat(kinds, 4)
    model = make_pipeline(
        MeshScattering(J=4, n_eig=100, pooling="mean", max_order=1),
        StandardScaler(),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    )
    assert model.fit(train, y).score(test, y) == 1


def holders(samples):
    """A collection in everything that people keep one in."""
    objects = np.empty(len(samples), dtype=object)
    objects[:] = samples
    series = pytest.importorskip("pandas").Series(objects, index=range(7, 7 + len(samples)))
    return [samples, tuple(samples), objects, series, iter(samples), (one for one in samples)]


def test_collections_may_be_held_by_anything():
    S = MeshScattering(J=3, n_eig=50)
    want = S.fit_transform([SPHERE, TORUS])
    for held in holders([SPHERE, TORUS])[:4]:
        np.testing.assert_array_equal(S.fit(held).transform(held), want)
    for held in holders([SPHERE, TORUS])[4:]:
        np.testing.assert_array_equal(S.fit([SPHERE]).transform(held), want)
    trimesh = pytest.importorskip("trimesh")
    theirs = [trimesh.Trimesh(mesh.vertices, mesh.faces, process=False) for mesh in (SPHERE, TORUS)]
    np.testing.assert_array_equal(S.fit_transform(theirs), want)
    np.testing.assert_array_equal(MeshScattering(3, theirs[1], n_eig=50)(TORUS.vertices).shape, (3, 7, 4))
    pairs = [(mesh.vertices, mesh.faces) for mesh in (SPHERE, TORUS)]
    for held in holders(pairs)[:4]:
        np.testing.assert_array_equal(S.fit(held).transform(held), want)
    single = (SPHERE.vertices.tolist(), SPHERE.faces.tolist())
    assert len(S.fit(tuple(map(tuple, single))).surface_) == len(SPHERE)
    with_signals = [(mesh, mesh.vertices) for mesh in (SPHERE, TORUS)]
    signals = S.fit_transform(with_signals)
    for held in holders(with_signals)[:4]:
        np.testing.assert_array_equal(S.fit(held).transform(held), signals)


def test_collections_of_clouds_may_be_one_array():
    clouds = np.random.default_rng(0).standard_normal((3, 60, 3))
    S = PointCloudScattering(J=3, n_eig=20)
    want = S.fit_transform(list(clouds))
    for held in [clouds, *holders(list(clouds))[:4]]:
        np.testing.assert_array_equal(S.fit(held).transform(held), want)
    assert len(S.fit(clouds[0]).surface_) == 60
    # Fewer points than the default number of eigenpairs.
    assert PointCloudScattering(J=3).fit_transform(clouds).shape == want.shape


def test_collections_of_meshes_with_signals():
    meshes = [SPHERE, TORUS]
    pairs = [(mesh, mesh.vertices) for mesh in meshes]
    S = MeshScattering(J=3, n_eig=50)
    assert S.fit_transform(pairs).shape == (2, 84)
    np.testing.assert_allclose(
        S.transform(pairs)[1], MeshScattering(3, TORUS, n_eig=50)(TORUS.vertices).ravel()
    )
    assert S.get_feature_names_out()[28] == "channel 1: mean(x)"
    assert S.fit_transform(meshes).shape == (2, len(S.get_feature_names_out()))
    assert S.get_feature_names_out()[0] == "mean_curvature: mean(x)"
    # Of a surface with fewer vertices, all eigenpairs there are.
    every = S.set_params(n_eig=900).fit([icosphere(4)]).transform([icosphere(4), TORUS])
    np.testing.assert_array_equal(every[1], S.set_params(n_eig=576).fit_transform([TORUS])[0])
    with pytest.raises(InputError, match="sample 1: must have 4 channels as in fit, got 0"):
        S.set_params(n_eig=50).transform([SPHERE, (TORUS, np.zeros(576))])
    pairs = [(mesh, mesh.vertices[:, 0]) for mesh in meshes]
    kept = MeshScattering(J=3, n_eig=50, pooling=None).fit(pairs).transform(pairs)
    assert [rows.shape for rows in kept] == [(len(mesh), 7) for mesh in meshes]
    np.testing.assert_allclose(kept[1].T, MeshScattering(3, TORUS, n_eig=50, pooling=None)(pairs[1][1]))
    with pytest.raises(InputError, match=r"descriptors must be among .*, got 'color'"):
        MeshScattering(n_eig=50, descriptors=("color",)).fit(meshes)


# ---------------------------------------------------------------------- clouds of points
def test_point_cloud_eigenvalues_are_those_of_the_sphere():
    cloud = PointCloud(icosphere(4).vertices)
    values, _ = eigenpairs(*cloud.operators(), 16)
    assert abs(values[1:] / degrees_of(16)[1:] - 1).max() < 0.04
    pytest.importorskip("robust_laplacian")
    values, _ = eigenpairs(*cloud.operators("tufted"), 16)
    assert abs(values[1:] / degrees_of(16)[1:] - 1).max() < 0.01


def test_point_cloud_under_motion_and_permutation():
    points = bumpy(SPHERE).vertices
    x, order = smooth(SPHERE), RNG.permutation(len(SPHERE))
    S = PointCloudScattering(J=4, n_eig=60, pooling="mean")
    a = S.fit(points)(x)
    b = S.fit(points[order] @ Rotation.random(rng=np.random.default_rng(0)).as_matrix() + 1)(x[:, order])
    assert abs(a - b).max() <= 1e-9 * abs(a).max()


def test_point_cloud_near_the_mesh():
    mesh = icosphere(4)
    x = evaluate(random_function(6), mesh.vertices)
    a = MeshScattering(J=4, mesh=mesh, pooling="mean")(x)
    b = PointCloudScattering(J=4, cloud=mesh.vertices, pooling="mean")(x)
    assert np.linalg.norm(a - b) <= 0.03 * np.linalg.norm(a)


def test_collections_of_clouds():
    S = PointCloudScattering(J=3, n_eig=50)
    assert S.fit_transform([SPHERE.vertices, TORUS.vertices]).shape == (2, 112)
    assert S.fit_transform([(SPHERE.vertices, SPHERE.vertices[:, 2])]).shape == (1, 28)


# ---------------------------------------------------------------------- bad input
def broken(**change):
    vertices, faces = SPHERE.vertices.copy(), SPHERE.faces.copy()
    for name, (place, value) in change.items():
        (vertices if name == "vertices" else faces)[place] = value
    return vertices, faces


TETRA = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0], [2, 2, 2]])
SIDES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
BAD_MESHES = {
    "vertex 7 is NaN or infinite": broken(vertices=(7, np.nan)),
    "vertices must have shape .n, 3., got .642, 2.": (SPHERE.vertices[:, :2], SPHERE.faces),
    "faces must have shape .m, 3.": (SPHERE.vertices, np.zeros((4, 4), int)),
    "faces must hold integers, got dtype float64": (SPHERE.vertices, SPHERE.faces + 0.5),
    "faces 3, 9 are out of range: vertices are 0 to 641, e.g.": broken(faces=([3, 9], 642)),
    "they count from 1, type faces - 1": (SPHERE.vertices, SPHERE.faces + 1),
    "face 5 is without area; type Mesh.vertices, faces, repair=True.": broken(faces=(5, 4)),
    "face 4 is a repetition": (TETRA[:4], np.concatenate([SIDES, SIDES[:1, ::-1]])),
    "face 4 is a third one at an edge .non-manifold.": (TETRA, np.concatenate([SIDES, [[0, 1, 4]]])),
    "vertex 4 is in no face": (TETRA, SIDES),
}


@pytest.mark.parametrize("message", BAD_MESHES)
def test_bad_meshes(message):
    with pytest.raises(InputError, match=message):
        Mesh(*BAD_MESHES[message])


def test_many_bad_faces_are_counted():
    with pytest.raises(InputError, match=r"faces 0, 1, 2, 3, 4 and 15 more are out of range"):
        Mesh(*broken(faces=(slice(20), -1)))


def test_repair():
    faces = np.concatenate([SIDES, SIDES[:1, ::-1], [[0, 0, 1], [0, 1, 4]]])
    faces[1] = faces[1][::-1]  # turned to the other side
    mesh = Mesh(np.concatenate([TETRA, TETRA[:1]]), faces, repair=True)
    assert (repr(mesh), mesh.kept.tolist()) == ("Mesh(4 vertices, 4 faces, closed)", [0, 1, 2, 3])
    volume = np.einsum(
        "fi,fi->", mesh.vertices[mesh.faces[:, 0]], np.cross(*mesh.vertices[mesh.faces[:, 1:]].swapaxes(0, 1))
    )
    assert abs(volume) / 6 == pytest.approx(1 / 6)
    soup = SPHERE.vertices[SPHERE.faces].reshape(-1, 3)
    welded = Mesh(soup, np.arange(len(soup)).reshape(-1, 3), repair=True)
    assert repr(welded) == repr(SPHERE)
    with pytest.raises(InputError, match="no face is left"):
        Mesh(TETRA, [[0, 0, 1]], repair=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MeshScattering()(np.zeros(642)), "no mesh is known yet; type MeshScattering.mesh=...."),
        (lambda: MeshScattering(mesh=SPHERE)(np.zeros(600)), r"shape \(..., 642\).*got \(600,\)"),
        (lambda: MeshScattering(mesh=SPHERE)(np.full(642, np.nan)), "contains NaN"),
        (lambda: MeshScattering(mesh=SPHERE, n_eig=0).frame, "n_eig must be an integer >= 1, got 0"),
        (lambda: MeshScattering(mesh=SPHERE, J=0).frame, "J must be"),
        (lambda: MeshScattering(mesh=SPHERE, t0=-1).frame, "t0 must be 'auto' or a positive time"),
        (lambda: MeshScattering(mesh=SPHERE, t0="small").frame, "t0 must be 'auto'"),
        (lambda: MeshScattering(mesh=SPHERE, method="dense").frame, "method must be 'eigen' or 'chebyshev'"),
        (lambda: MeshScattering(mesh=SPHERE, laplacian="graph").frame, "laplacian must be 'cotan' or"),
        (lambda: MeshScattering(mesh=SPHERE, pooling="both").frame, "pooling must be"),
        (lambda: MeshScattering().fit("bunny.obj"), "a mesh is a Mesh or a pair .vertices, faces., got str"),
        (lambda: MeshScattering().fit([]), "at least one surface"),
        (lambda: MeshScattering().fit([SPHERE]).transform(SPHERE), "a list of surfaces is needed"),
        (lambda: MeshScattering().fit(SPHERE).transform(np.zeros(642)), "type x.None."),
        (lambda: icosphere(-1), "subdivisions must be 0 or more"),
        (lambda: PointCloud(np.zeros((3, 3))), "n at least 5"),
        (
            lambda: PointCloud(SPHERE.vertices * 1e308),
            r"the points reach 1e\+308, at most 1e\+100 is allowed",
        ),
        (lambda: Mesh(SPHERE.vertices * 1e200, SPHERE.faces), r"vertices reach 1e\+200.*scale them down"),
        (lambda: PointCloud(np.full((9, 3), np.inf)), "points 0, 1, 2, 3, 4 and 4 more are NaN or infinite"),
        (lambda: PointCloud(np.ones((9, 3))), "and 3 more are there already; type np.unique"),
        (lambda: PointCloud(SPHERE.vertices).operators(n_neighbors=642), "n_neighbors must be from 3 to 641"),
        (lambda: PointCloud(SPHERE.vertices).operators(bandwidth=0), "bandwidth must be 'auto' or"),
        (lambda: PointCloud(SPHERE.vertices).operators("knn"), "laplacian must be 'diffusion_maps' or"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_parts_and_boundaries_are_fine():
    two = Mesh(
        np.concatenate([SPHERE.vertices, SPHERE.vertices + 5]),
        np.concatenate([SPHERE.faces, SPHERE.faces + len(SPHERE)]),
    )
    x = np.concatenate([smooth(SPHERE)[0], np.zeros(len(SPHERE))])
    S = MeshScattering(J=3, mesh=two, t0=0.1, average=True, pooling=None, max_order=1)
    alone = MeshScattering(J=3, mesh=SPHERE, t0=0.1, n_eig=100, average=True, pooling=None, max_order=1)
    np.testing.assert_allclose(S(x)[:, : len(SPHERE)], alone(x[: len(SPHERE)]), atol=1e-8)
    np.testing.assert_allclose(S(x)[:, len(SPHERE) :], 0, atol=1e-10)


# ---------------------------------------------------------------------- files
@pytest.mark.parametrize("suffix", ["obj", "ply", "off", "stl"])
def test_files(tmp_path, suffix):
    trimesh = pytest.importorskip("trimesh")
    file = tmp_path / f"torus.{suffix}"
    trimesh.Trimesh(TORUS.vertices, TORUS.faces, process=False).export(file)
    mesh = read_mesh(file)
    assert repr(mesh) == repr(TORUS)
    assert mesh.area == pytest.approx(TORUS.area, rel=1e-5)


def test_bad_files(tmp_path):
    pytest.importorskip("trimesh")
    noise, text, broken_faces = tmp_path / "a.ply", tmp_path / "a.txt", tmp_path / "b.off"
    noise.write_bytes(b"\x00\x01nothing")
    text.write_text("no mesh")
    broken_faces.write_text("OFF\n4 3 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 2 1\n3 0 2 1\n3 1 2 3\n")
    with pytest.raises(FileError, match=r"a\.ply: (can't be read as a mesh|holds no triangle)"):
        read_mesh(noise)
    with pytest.raises(FileError, match=r"a\.txt: is not of a known format of meshes, which are .*obj.*ply"):
        read_mesh(text)
    with pytest.raises(FileError, match=r"b\.off: face 1 is a repetition.*read_mesh\(path, repair=True\)"):
        read_mesh(broken_faces)
    with pytest.raises(FileError, match=r"gone\.obj: No such file"):
        read_mesh(tmp_path / "gone.obj")


@pytest.mark.parametrize(("package", "call"), [
    ("trimesh", lambda: read_mesh("a.ply")),
    ("robust_laplacian", lambda: SPHERE.operators("intrinsic_delaunay")),
    ("robust_laplacian", lambda: PointCloud(SPHERE.vertices).operators("tufted")),
])  # fmt: skip
def test_extras_are_named(monkeypatch, package, call):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"{package}, .* pip install 'scatter-wavelets\[mesh\]'"):
        call()


@pytest.mark.parametrize("use", [lambda S, mesh: S(mesh.vertices), lambda S, mesh: S.fit(mesh.vertices)])
def test_out_type_is_checked(use):
    mesh = icosphere(1)
    with pytest.raises(InputError, match="out_type must be one of 'array', 'list', 'dict', got 'x'"):
        use(MeshScattering(J=2, mesh=mesh, n_eig=10, out_type="x"), mesh)


# ---------------------------------------------------------------------- torn surfaces
SEAM = """v 0 0 0
v 1 0 0
v 0 1 0
v 0 0 1
vt 0 0
vt 1 0
vt 0 1
vt 1 1
f 1/1 2/2 3/3
f 1/4 3/3 4/1
"""


def test_an_obj_has_the_vertices_that_it_names(tmp_path):
    file = tmp_path / "seam.obj"
    file.write_text(SEAM)
    mesh = read_mesh(file)
    assert repr(mesh) == "Mesh(4 vertices, 2 faces, with boundary)"
    np.testing.assert_array_equal(mesh.faces, [[0, 1, 2], [0, 2, 3]])
    np.testing.assert_array_equal(mesh.vertices, [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    # Numbers from the end, polygons, normals, comments, lines that go on, several objects.
    file.write_text(
        "# a\nmtllib a.mtl\no one\nv 0 0 0 1\nv 1 0 0 # x\nv 1 1 0 0.5 0.5 0.5\nv 0 1 0\nvn 0 0 1\n"
        "usemtl m\nf -4//1 -3//1 \\\n -2//1 -1//1\no two\nv 2 0 0\ng a\r\nf 2 5 3\r\n"
    )
    np.testing.assert_array_equal(read_mesh(file).faces, [[0, 1, 2], [0, 2, 3], [1, 4, 2]])


@pytest.mark.parametrize(("text", "message"), [
    ("v 0 0\n", "line 1: 'v 0 0' is no vertex of three numbers"),
    ("v 0 0 0\nf 1 x 2\n", "line 2: 'f 1 x 2' is no face of numbers of vertices"),
    ("v 0 0 0\nf 1 1\n", "line 2: 'f 1 1' is a face of less than three corners"),
    ("v 0 0 0\nf 1 -2 1\n", "line 2: 'f 1 -2 1' names a vertex that is none of the 1 before it"),
    ("v 0 0 0\nf 1 0 1\n", "line 2: 'f 1 0 1' names a vertex that is none of the 1 before it"),
    ("v 0 0 0\nf 1 2 9\n", "a face names vertex 9, but there are 1"),
    ("v 0 0 0\n", "holds no triangle"),
])  # fmt: skip
def test_damaged_lines_of_an_obj_are_named(tmp_path, text, message):
    file = tmp_path / "a.obj"
    file.write_text(text)
    with pytest.raises(FileError, match=re.escape(message)):
        read_mesh(file)


@pytest.mark.parametrize("suffix", ["obj", "ply", "off", "glb"])
def test_a_soup_of_triangles_is_a_closed_surface(tmp_path, suffix):
    trimesh = pytest.importorskip("trimesh")
    file = tmp_path / f"soup.{suffix}"
    soup = SPHERE.vertices[SPHERE.faces].reshape(-1, 3)
    trimesh.Trimesh(soup, np.arange(len(soup)).reshape(-1, 3), process=False).export(file)
    words = rf"{len(soup) - len(SPHERE)} of {len(soup)} vertices lie where another one does, .*merge=False to"
    with pytest.warns(ScatterWarning, match=words):
        mesh = read_mesh(file)
    assert repr(mesh) == repr(SPHERE)
    assert repr(read_mesh(file, merge=True)) == repr(SPHERE)
    torn = read_mesh(file, merge=False)
    assert len(torn) == len(soup)
    assert torn.boundary.all()
    # In a run over many files, which reads them in the same way, nothing is said about each.
    (read,) = pieces(file, 0, None, Reading("mesh"), 64)
    assert repr(read().samples[0]) == repr(SPHERE)


def test_merging_keeps_the_order_of_the_first_vertices():
    points = np.array([[3.0, 0, 0], [0, 0, -0.0], [3, 0, 0], [0.0, 0, 0.0], [1, 1, 1]])
    vertices, faces = merged(points, np.array([[0, 1, 4], [2, 4, 3]]))
    np.testing.assert_array_equal(vertices, [[3, 0, 0], [0, 0, 0], [1, 1, 1]])
    np.testing.assert_array_equal(faces, [[0, 1, 2], [0, 2, 1]])


@pytest.mark.parametrize("descriptors", [("mean_curvature",), ("heat_kernel", "gaussian_curvature")])
def test_a_collection_is_fitted_without_a_spectrum(descriptors, monkeypatch):
    """Names follow from the parameters; every spectrum is computed once, in `transform`."""
    calls, plain = [], surfaces.spectrum
    monkeypatch.setattr(surfaces, "spectrum", lambda *given: calls.append(len(given[1])) or plain(*given))
    meshes = [icosphere(1), torus(around=10, across=8)]
    S = MeshScattering(J=2, n_eig=12, descriptors=descriptors).fit(meshes)
    assert not calls
    assert S.transform(meshes).shape == (2, len(S.get_feature_names_out()))
    assert calls == [len(mesh) for mesh in meshes]
    S = MeshScattering(J=2, mesh=meshes[0], n_eig=12).fit(meshes[0].vertices.T)
    S(meshes[0].vertices), S.set_params(max_order=1).transform(meshes[0].vertices.T)
    assert len(calls) == 4  # once for every set of parameters
