"""Stability on every domain: what deformations do alone, which change nothing, and what is refused."""

import numpy as np
import pytest
import scipy.sparse as sp
from domains_helpers import BALL, DOMAINS, GRAPH
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import scatter
from scatter import Graph, InputError, Mesh, PointCloud
from scatter.domains.connection import Tangents
from scatter.domains.shapes import box, icosphere, sheet, torus
from scatter.molecules import MolecularScattering, Molecule
from scatter.numerics.harmonic import HarmonicTransform
from scatter.stability import (
    AddedEdges,
    Bending,
    Decimation,
    DroppedEdges,
    Frames,
    Noise,
    PointNoise,
    Renumbering,
    SphericalRotation,
    SphericalWarp,
    Turn,
    WeightNoise,
    stability_report,
)
from scatter.stability.measure import samples_of
from scatter.stability.space import smooth_field
from scatter.stability.spheres import Interpolation, unit_vectors
from scatter.testing import signals

RNG = np.random.default_rng(0)
RING = Graph.from_edges(np.stack([np.arange(40), (np.arange(40) + 1) % 40]))
WATER = Molecule(["O", "H", "H"], [[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]])
MONOXIDE = Molecule([6, 8], [[0, 0, 0], [0, 0, 1.13]])
SHAPES = [BALL, torus(around=20, across=10), box(cells=5), icosphere(2, (1, 0.5, 0.5))]


def random_graph(n, share, rng):
    half = np.triu(rng.random((n, n)) < share, 1).astype(float)
    return Graph(sp.csr_array(half + half.T), rng.standard_normal((n, 2)))


GRAPHS = [random_graph(20 + k, 0.15 + 0.1 * (k % 2), RNG) for k in range(8)]
WIND = np.cross([[0, 0, 1.0], [0, 1, 0]], BALL.vertices[:, None]).transpose(1, 0, 2)
A_SURFACE_EACH = {
    "graphs": (scatter.GraphScattering(J=3, pooling="moments"), GRAPHS, [0, 1] * 4),
    "graphs of degrees": (
        scatter.GraphScattering(J=3, signals=("degree",)),
        [Graph(graph.adjacency) for graph in GRAPHS],
        [0, 1] * 4,
    ),
    "meshes": (scatter.MeshScattering(J=3, n_eig=40, pooling="mean"), SHAPES, [0, 1, 1, 0]),
    "meshes with signals": (
        scatter.MeshScattering(J=3, n_eig=40, pooling="mean"),
        [(mesh, mesh.vertices.T) for mesh in SHAPES],
        [0, 1, 1, 0],
    ),
    "clouds": (
        scatter.PointCloudScattering(J=3, n_eig=40, pooling="mean"),
        [mesh.vertices for mesh in SHAPES],
        [0, 1, 1, 0],
    ),
    "fields": (
        scatter.TangentScattering(J=3, n_eig=40, pooling="mean"),
        [(mesh, np.cross([0, 0, 1.0], mesh.vertices)) for mesh in SHAPES[:3]],
        None,
    ),
    "molecules": (MolecularScattering(J=1, L=1, width=1.0), [WATER, MONOXIDE], None),
}


# ---------------------------------------------------------------------- reports
def ends(T, X):
    """The smallest and the largest strength of everything that may happen."""
    return {one.name: one.strengths[:: len(one.strengths) - 1] for one in samples_of(T, X).usual}


@pytest.mark.parametrize("name", DOMAINS)
def test_every_domain_has_a_report(name):
    T = DOMAINS[name]
    x = signals(T, 3)
    if name == "SphericalScattering":
        x = np.swapaxes(x, -2, -1)  # rings before longitudes, as a user has them
    report = stability_report(T, x, strengths=ends(T, x))
    assert report.bounds[1] <= 3.01
    assert len(report.energies) == T.max_order + 1
    by_noise = [report.curve(one, "noise") for one in report.representations]
    np.testing.assert_allclose(by_noise[1].medians, by_noise[1].strengths, rtol=1e-5)
    assert by_noise[0].medians[0] < by_noise[0].medians[-1]
    for curve in report.curves:
        if curve.representation == type(T).__name__ and curve.deformation in ("renumbering", "other frames"):
            assert curve.changes.max() < 1e-11
        if curve.representation == "input" and curve.deformation in ("renumbering", "other frames"):
            assert curve.changes[-1].min() > 0.1
    assert report.to_dict()["samples"] == 3


@pytest.mark.parametrize("name", A_SURFACE_EACH)
def test_collections_have_a_report(name):
    T, X, y = A_SURFACE_EACH[name]
    T = clone(T).fit(X)
    report = stability_report(T, X, y, strengths=ends(T, X))
    assert report.samples == len(X)
    assert report.bounds is None
    assert report.energies == ()
    assert bool(report.classes) == (y is not None)
    assert report.curve(type(T).__name__, "renumbering").changes.max() < 1e-10
    own = [curve for curve in report.curves if curve.representation == type(T).__name__]
    assert all(
        curve.changes[-1].max() > 0 for curve in own if curve.deformation not in ("renumbering", "turn")
    )


def test_scattering_hardly_sees_what_spectra_of_graphs_do():
    """Eigenvectors of neighbouring eigenvalues mix when an edge comes or goes."""
    T = scatter.GraphScattering(J=3, graph=sp.csr_array(GRAPH), wavelet="tight", pooling="mean")
    report = stability_report(T, signals(T, 3), deformations=[DroppedEdges(), AddedEdges(), WeightNoise()])
    for name in report.deformations:
        scattering, fourier = (report.curve(one, name).medians for one in ("GraphScattering", "fourier"))
        assert (scattering < 0.25 * fourier).all()


def test_rotations_of_the_sphere_change_no_spectrum_and_hardly_the_scattering():
    T = DOMAINS["SphericalScattering"]
    x = np.swapaxes(signals(T, 3), -2, -1)
    report = stability_report(T, x, strengths=ends(T, x))
    scattering, pixels, spectrum = (report.curve(one, "rotation").changes for one in report.representations)
    assert spectrum.max() < 1e-4
    assert scattering.max() < 0.01
    assert pixels[-1].min() > 0.5
    constants = {one.representation: one.relative for one in report.constants}
    assert constants["SphericalScattering"] < 0.5 * constants["input"]
    x = RNG.standard_normal((3, 16, 31))
    np.testing.assert_allclose(samples_of(T, x).rows(T), T.transform(x), rtol=1e-9, atol=1e-12)
    rows = stability_report(T, x.reshape(3, -1), deformations=[Noise()])
    np.testing.assert_array_equal(
        rows.curves[0].changes, stability_report(T, x, deformations=[Noise()]).curves[0].changes
    )
    kept = make_pipeline(FunctionTransformer(np.abs)).fit(np.zeros((2, 16 * 32)))
    beside = stability_report(T, x, deformations=[Noise()], baselines=[("moduli", kept)])
    assert 0 < beside.curve("moduli", "noise").medians[0] < 0.1


def test_transformers_of_graphs_alone():
    T = make_pipeline(scatter.GraphScattering(J=2), PCA(2)).fit(GRAPHS)
    report = stability_report(T, GRAPHS, deformations=[Renumbering()], baselines=())
    assert report.curves[0].changes.max() < 1e-9


# ---------------------------------------------------------------------- deformations of graphs
def edges(graph):
    return graph.adjacency.nnz // 2


def test_edges_come_and_go_by_count():
    (graph,) = DroppedEdges()([RING], 0.25, RNG)
    assert edges(graph) == 30
    assert (graph.adjacency - RING.adjacency).max() == 0
    (graph,) = AddedEdges()([RING], 0.25, RNG)
    assert edges(graph) == 50
    assert (RING.adjacency - graph.adjacency).max() == 0
    full = Graph(sp.csr_array(np.ones((6, 6)) - np.eye(6)))
    assert edges(AddedEdges()([full], 0.5, RNG)[0]) == 15
    lone = Graph(sp.csr_array((3, 3)))
    assert edges(AddedEdges()([lone], 0.5, RNG)[0]) == edges(DroppedEdges()([lone], 0.5, RNG)[0]) == 0
    for deformation in (DroppedEdges(), AddedEdges(), WeightNoise()):
        for before, after in zip(GRAPHS, deformation(GRAPHS, 0.2, RNG), strict=True):
            assert abs(after.adjacency - after.adjacency.T).max() == 0
            assert after.signals is before.signals
    noisy = WeightNoise()([RING], 0.1, RNG)[0]
    assert edges(noisy) == 40
    assert np.log(noisy.adjacency.data).std() == pytest.approx(0.1, rel=0.5)


def test_renumbered_graphs_keep_what_is_at_their_nodes():
    graph = Graph(GRAPHS[0].adjacency, np.arange(20.0), np.arange(20), {"charge": np.arange(20) / 2})
    (moved,) = Renumbering()([graph], 1.0, RNG)
    order = moved.labels
    assert not np.array_equal(order, np.arange(20))
    np.testing.assert_array_equal(moved.signals, order)
    np.testing.assert_array_equal(moved.attributes["charge"], order / 2)
    np.testing.assert_array_equal(moved.adjacency.toarray(), graph.adjacency.toarray()[np.ix_(order, order)])
    (some,) = Renumbering()([graph], 0.2, RNG)
    assert (some.labels != np.arange(20)).sum() <= 4


# ---------------------------------------------------------------------- deformations in space
def test_the_derivative_of_a_smooth_field_is_exact():
    points, step = RNG.standard_normal((20, 3)), 1e-5

    def field(at):
        return smooth_field(at, 0.7, np.random.default_rng(3))

    for axis in range(3):
        ahead, behind = (field(points + side * step * np.eye(3)[axis]).values for side in (1, -1))
        np.testing.assert_allclose(
            (ahead - behind) / (2 * step), field(points).jacobian[:, :, axis], atol=1e-6
        )


def test_bending_has_the_gradient_that_is_asked_for():
    mesh = icosphere(3)
    (bent,) = Bending()([mesh], 0.3, RNG)
    tau = bent.vertices - mesh.vertices
    a, b = mesh.faces[:, 0], mesh.faces[:, 1]
    slopes = np.linalg.norm(tau[a] - tau[b], axis=1) / np.linalg.norm(
        mesh.vertices[a] - mesh.vertices[b], axis=1
    )
    assert 0.15 < slopes.max() < 0.31
    cloud, x = Bending()([(PointCloud(mesh.vertices), mesh.vertices.T)], 0.3, RNG)[0]
    assert isinstance(cloud, PointCloud)
    np.testing.assert_array_equal(x, mesh.vertices.T)
    (same,) = Bending()([mesh], 0.0, RNG)
    np.testing.assert_array_equal(same.vertices, mesh.vertices)
    atom = Molecule(["H"], [[1.0, 2, 3]])
    for deformation in (Bending(), PointNoise()):
        np.testing.assert_array_equal(deformation([atom], 0.3, RNG)[0].positions, atom.positions)


def test_points_move_by_a_share_of_their_distance_and_turns_keep_lengths():
    grid = sheet(columns=30, rows=30)
    (moved,) = PointNoise()([grid], 0.1, RNG)
    assert (moved.vertices - grid.vertices).std() == pytest.approx(0.1 / 30, rel=0.05)
    (turned,) = Turn()([WATER], 90, RNG)
    before, after = (
        np.linalg.norm(one.positions[:, None] - one.positions, axis=-1) for one in (WATER, turned)
    )
    np.testing.assert_allclose(after, before, atol=1e-12)
    assert np.abs(turned.positions - WATER.positions).max() > 0.1
    (back,) = Turn()([turned], 180, RNG)
    assert turned.positions.mean(axis=0) == pytest.approx(back.positions.mean(axis=0))


@pytest.mark.parametrize("mesh", [icosphere(3), torus(), box(cells=6), sheet()], ids=repr)
@pytest.mark.parametrize("share", [0.05, 0.3])
def test_decimation_keeps_the_topology(mesh, share):
    fewer, x = Decimation()([(mesh, mesh.vertices.T)], share, np.random.default_rng(1))[0]
    assert len(fewer) == len(mesh) - round(share * len(mesh))
    np.testing.assert_array_equal(x.T, fewer.vertices)

    def characteristic(one):
        pairs = np.sort(np.stack([one.faces, np.roll(one.faces, -1, 1)], axis=-1).reshape(-1, 2), axis=1)
        return len(one) - len(np.unique(pairs, axis=0)) + len(one.faces)

    assert characteristic(fewer) == characteristic(mesh)
    assert fewer.boundary.sum() == mesh.boundary.sum()
    assert fewer.area == pytest.approx(mesh.area, rel=0.15)
    Tangents(fewer).laplacian  # noqa: B018 - one fan of faces around every vertex, turned to one side


def test_clouds_lose_points_and_frames_change_nothing_but_numbers():
    cloud = PointCloud(BALL.vertices)
    fewer, x = Decimation()([(cloud, BALL.vertices.T)], 0.25, RNG)[0]
    np.testing.assert_array_equal(x.T, fewer.points)
    assert len(fewer) == len(cloud) - round(0.25 * len(cloud))
    gauge = np.zeros(len(BALL))
    z = Tangents(BALL).project(WIND)
    other, turned = Frames()((z, gauge), 180, RNG)
    assert np.abs(other - z).max() > 0.1
    np.testing.assert_allclose(Tangents(BALL, turned).ambient(other), Tangents(BALL).ambient(z), atol=1e-12)


# ---------------------------------------------------------------------- deformations of the sphere
L = 12


def coefficients(count=2):
    lower = np.tril(np.ones((L, L)))
    a = (RNG.standard_normal((count, L, L)) + 1j * RNG.standard_normal((count, L, L))) * lower
    a[:, :, 0] = a[:, :, 0].real
    return a


def test_splines_find_fields_between_their_samples():
    sht = HarmonicTransform(L)
    a = coefficients(1)[0]
    x = sht.synthesize(a)
    found = Interpolation(L)(a, unit_vectors(sht.rings)).reshape(x.shape)
    assert np.abs(found - x).max() < 1e-5 * np.abs(x).max()
    # A field of degree one is linear in space, poles included.
    one = np.zeros((L, L), complex)
    one[1, 0] = np.sqrt(4 * np.pi / 3)
    places = np.array([[0, 0, 1.0], [0, 0, -1], [0.6, 0, 0.8], [0, -1, 0]])
    np.testing.assert_allclose(Interpolation(L)(one, places), places[:, 2], atol=1e-8)


def test_rotations_keep_every_degree_and_turn_vectors():
    a = coefficients()
    turned = SphericalRotation()(a, 70, np.random.default_rng(5))
    weights = np.where(np.arange(L) > 0, 2, 1)
    for before, after in zip(a, turned, strict=True):
        np.testing.assert_allclose(*(np.abs(one) ** 2 @ weights for one in (after, before)), rtol=1e-4)
    one = np.zeros((1, 4, 4), complex)
    one[0, 1, 0] = 1.0
    (turned,) = SphericalRotation()(one, 90, np.random.default_rng(5))
    assert np.abs(turned[0]).max() + np.abs(turned[2:]).max() < 1e-6
    assert abs(turned[1, 0]) < 0.99


def test_a_warp_of_the_sphere_has_the_gradient_that_is_asked_for():
    warp = SphericalWarp()
    p = unit_vectors(HarmonicTransform(L).rings)
    v, gradient = warp.field(p, np.random.default_rng(2))
    np.testing.assert_allclose((v * p).sum(axis=1), 0, atol=1e-12)
    u = np.cross(p, [0.3, -0.5, 0.8])
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    step = 1e-5
    ahead, behind = (
        warp.field(np.cos(step) * p + side * np.sin(step) * u, np.random.default_rng(2))[0]
        for side in (1, -1)
    )
    slope = (ahead - behind) / (2 * step)
    slope -= p * (slope * p).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.einsum("nij,nj->ni", gradient, u), slope, atol=1e-6)
    origins = warp.origins(p, 0.3, np.random.default_rng(2))
    np.testing.assert_allclose(np.linalg.norm(origins, axis=1), 1, rtol=1e-12)
    largest = np.linalg.norm(gradient, 2, axis=(1, 2)).max()
    angle = np.arccos(np.clip((origins * p).sum(axis=1), -1, 1))
    np.testing.assert_allclose(angle, 0.3 / largest * np.linalg.norm(v, axis=1), atol=1e-7)


# ---------------------------------------------------------------------- what is refused
T_GRAPH = DOMAINS["GraphScattering"]
T_SPHERE = DOMAINS["SphericalScattering"]
FIELDS = np.ones((2, 16, 31))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stability_report(T_GRAPH, np.ones((1, 40))), "X must be at least two samples, got 1"),
        (lambda: stability_report(T_GRAPH, np.ones(40)), r"of shape \(n_samples, points\) are needed, got"),
        (lambda: stability_report(T_GRAPH, np.ones((2, 7))), "signals must have one number a point"),
        (lambda: stability_report(T_GRAPH, np.ones((2, 40)), scale=8.0), "scale is of signals on a grid"),
        (
            lambda: stability_report(scatter.GraphScattering(J=2), GRAPHS),
            "GraphScattering is not fitted; call fit",
        ),
        (
            lambda: stability_report(
                scatter.GraphScattering(J=2, signals=("degree",)).fit([RING]), [RING], deformations=[Noise()]
            ),
            "X must be at least two samples, got 1",
        ),
        (
            lambda: stability_report(
                scatter.GraphScattering(J=2, signals=("degree",)).fit([RING]),
                [RING, RING],
                deformations=[Noise()],
            ),
            "noise is of signals, and these samples have none of their own; leave it out",
        ),
        (
            lambda: stability_report(
                scatter.GraphScattering(J=2, graph=sp.csr_array((4001, 4001))), np.ones((2, 4001))
            ),
            "all eigenvectors of a graph, of at most 4000 nodes, got 4001; type baselines",
        ),
        (
            lambda: stability_report(scatter.MeshScattering(J=2, n_eig=20).fit(SHAPES), BALL.vertices),
            "X must be a list of samples as in fit, got ndarray",
        ),
        (
            lambda: stability_report(
                DOMAINS["MeshScattering"], np.ones((2, len(BALL))), deformations=[Frames()]
            ),
            "frames are those of a pair .complex",
        ),
        (lambda: stability_report(T_SPHERE, FIELDS[:1]), "at least two fields"),
        (
            lambda: stability_report(clone(T_SPHERE).set_params(mask=np.ones((16, 31))), FIELDS),
            "unknown parts of fields would move with them; type mask=None",
        ),
        (
            lambda: stability_report(T_SPHERE, FIELDS, strengths={"rotation": [181]}),
            r"rotation \(degrees\) must be a number from 0 to 180, got 181",
        ),
        (lambda: Renumbering()([RING], 1.5, RNG), r"from 0 to 1, got 1.5"),
        (lambda: DroppedEdges()([RING], 1.0, RNG), "from 0 on and below 1, got 1.0"),
        (lambda: Decimation()([icosphere(0)], 0.8, RNG), "10 of 12 vertices can't be taken away without"),
        (lambda: Bending()([np.ones((4, 3))], 0.1, RNG), "a Mesh, a PointCloud or a Molecule, .*got ndarray"),
        (lambda: Bending(width=2), "width must be a share of a side"),
        (lambda: SphericalWarp(width=0), "width must be an angle above 0"),
        (lambda: SphericalWarp()(np.ones((L, L)), 0.1, RNG), r"coefficients \(n, ..., L, L\) are needed"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_mesh_with_all_its_vertices_on_the_boundary_loses_none():
    flat = Mesh([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]])
    with pytest.raises(InputError, match=r"1 of 3 vertices can't be taken away .* topology, 0 can"):
        Decimation()([flat], 0.4, RNG)
