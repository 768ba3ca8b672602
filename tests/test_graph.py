"""Scattering on graphs: the published formulas, the laws, every way to hand in a graph, bad input."""

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scatter.cascade import in_order, scattering
from scatter.datasets import read_graph_dataset
from scatter.domains.graph import Graph, read_graphs
from scatter.domains.graphbatch import join
from scatter.errors import FileError, InputError
from scatter.frames.diffusion import DiffusionFrame
from scatter.numerics.moments import STEADY
from scatter.transforms.graph import GraphScattering

WAVELETS = ("diffusion", "tight", "hann", "meyer", "itersine", "heat")
OPERATORS = ("lazy_walk", "normalized", "combinatorial")
BOTH = ("powers", "moments")


def adjacency(n, seed=0, density=0.2, weighted=True):
    """A connected random graph: a path, and random edges."""
    rng = np.random.default_rng(seed)
    matrix = np.triu(rng.random((n, n)) < density, 1) | np.eye(n, k=1, dtype=bool)
    matrix = matrix * (rng.uniform(0.5, 2, (n, n)) if weighted else 1.0)
    return sp.csr_array(matrix + matrix.T)


def samples(count=5, channels=2, seed=0):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(4, 30, count)
    return [(adjacency(n, k), rng.standard_normal((n, channels))) for k, n in enumerate(sizes)]


@pytest.fixture(scope="module")
def graphs():
    return samples()


# ------------------------------------------------------------------ the published formulas
def gao(A, x, J, Q):
    """Gao, Wolf & Hirn 2019, equations 3 to 6, with dense matrix powers; isolated nodes excluded."""
    A = A.toarray()
    P = 0.5 * (np.eye(len(A)) + A @ np.diag(1 / A.sum(0)))
    psi = [np.linalg.matrix_power(P, 2 ** (j - 1)) - np.linalg.matrix_power(P, 2**j) for j in range(1, J + 1)]
    features = [(x**q).sum() for q in range(1, Q + 1)]
    for j in range(J):
        features += [(np.abs(psi[j] @ x) ** q).sum() for q in range(1, Q + 1)]
    for j in range(J):
        for k in range(j + 1, J):
            features += [(np.abs(psi[k] @ np.abs(psi[j] @ x)) ** q).sum() for q in range(1, Q + 1)]
    return features


def test_against_the_formulas_of_gao_wolf_and_hirn(graphs):
    S = GraphScattering(J=4).fit(graphs)
    oracle = [np.concatenate([gao(A, x[:, c], 4, 4) for c in range(2)]) for A, x in graphs]
    np.testing.assert_allclose(S.transform(graphs), oracle, rtol=1e-10, atol=1e-12)


def test_against_the_formulas_of_gama_ribeiro_and_bruna(graphs):
    A, x = graphs[0]
    d = A.toarray().sum(0)
    T = 0.5 * (np.eye(len(d)) + A.toarray() / np.sqrt(np.outer(d, d)))
    psi = [np.eye(len(d)) - T, T - T @ T, T @ T - np.linalg.matrix_power(T, 4)]
    first = [np.abs(w @ x[:, 0]) for w in psi]
    second = [np.abs(psi[k] @ first[j]) for j in range(3) for k in range(j + 1, 3)]
    S = GraphScattering(J=2, operator="normalized", pooling=None).fit([(A, x[:, 0])])
    np.testing.assert_allclose(S.transform([(A, x[:, 0])])[0].T, [x[:, 0], *first, *second], atol=1e-13)


def test_normalised_moments_are_scipys(graphs):
    from scipy import stats

    S = GraphScattering(J=2, pooling="moments").fit(graphs)
    nodes = GraphScattering(J=2, pooling=None).fit(graphs)
    found = S.transform(graphs).reshape(len(graphs), -1, 4)
    for row, maps in zip(found, nodes.transform(graphs), strict=True):
        fade = maps.var(0) / (maps.var(0) + STEADY**2 * maps.mean(0) ** 2)
        fourth = stats.kurtosis(maps, fisher=False) * fade**2
        direct = [maps.mean(0), maps.var(0), stats.skew(maps) * fade**1.5, fourth - 3]
        np.testing.assert_allclose(row.T, direct, rtol=1e-9, atol=1e-12)


def test_no_power_is_applied_twice():
    matrix, mass = join([Graph(adjacency(40))]).diffusion("lazy_walk")
    x = np.random.default_rng(0).standard_normal((3, 40))
    for order, J in ((1, 3), (2, 3), (2, 5), (3, 4)):
        S = GraphScattering(J=J, max_order=order)
        frame = DiffusionFrame(matrix, J, finest=False, mass=mass)
        scattering(x, frame, S.tree, lambda u, g: u)
        assert frame.operator.products == order * 2**J


# ------------------------------------------------------------------ laws
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("wavelets", WAVELETS)
def test_frame_bounds_and_parseval(wavelets, operator):
    A = adjacency(40)
    S = GraphScattering(J=4, wavelet=wavelets, operator=operator, method="eigen", t0=0.5)
    if wavelets == "diffusion":
        S.set_params(finest=True)
    frame = clone(S).set_params(graph=A).frame
    lower, upper = frame.bounds()
    assert 0 < lower <= upper <= 1 + 1e-12
    x = np.random.default_rng(0).standard_normal((1, 1, 40))
    parts = [frame.lowpass(x)[:, :, None], frame.analysis(x, range(frame.kernels.J))]
    kept = sum((part**2 * frame.mass).sum() for part in parts) / (x**2 * frame.mass).sum()
    assert lower - 1e-12 <= kept <= upper + 1e-12
    if wavelets != "diffusion":
        assert lower >= 1 - 1e-12
        assert abs(kept - 1) <= 1e-12


def test_gaos_bank_without_the_finest_wavelet_has_no_lower_bound():
    star = sp.csr_array(np.diag([1.0], 1) + np.diag([1.0], -1))
    bounds = GraphScattering(graph=star, method="eigen").frame.bounds()
    assert bounds.lower <= 1e-15
    assert GraphScattering(graph=star, method="eigen", finest=True).frame.bounds().lower > 0.1


@pytest.mark.parametrize("wavelets", ["diffusion", "tight", "heat"])
def test_nonexpansive_and_energy_decays(wavelets):
    A = adjacency(40)
    S = GraphScattering(J=4, wavelet=wavelets, operator="normalized", method="eigen", max_order=3)
    frame, tree = clone(S).set_params(graph=A).frame, S.tree
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 1, 40))

    def coefficients(x):
        return in_order(scattering(x, frame, tree, lambda u, g: frame.average(u, 0)), -2)

    for size in (1e-3, 1.0, 100.0):
        change = np.linalg.norm(coefficients(x + size * y) - coefficients(x))
        assert change <= size * np.linalg.norm(y) * (1 + 1e-12)
    orders = np.asarray([path.order for path in tree.paths])
    moduli = in_order(scattering(x, frame, tree, lambda u, g: u), -2)[0]
    energies = [(moduli[orders == m] ** 2).sum() for m in range(4)]
    assert (np.diff(energies) < 0).all()


@pytest.mark.parametrize("method", ["matvec", "chebyshev", "eigen"])
@pytest.mark.parametrize("pooling", ["powers", BOTH, None])
def test_renumbering_the_nodes_changes_nothing(method, pooling, graphs):
    rng = np.random.default_rng(0)
    options = {"pooling": pooling, "method": method, "signals": ("degree", "clustering", "eccentricity")}
    S = GraphScattering(J=4, **options).fit(graphs)
    orders = [rng.permutation(len(x)) for _, x in graphs]
    moved = [(A[p][:, p], x[p]) for (A, x), p in zip(graphs, orders, strict=True)]
    a, b = S.transform(graphs), S.transform(moved)
    if pooling is None:
        a, b = np.concatenate([u[p] for u, p in zip(a, orders, strict=True)]), np.concatenate(b)
    assert np.abs(a - b).max() <= 1e-12 * np.abs(a).max()


@pytest.mark.parametrize("wavelets", WAVELETS)
@pytest.mark.parametrize("pooling", [BOTH, None])
def test_other_graphs_of_the_batch_change_nothing_at_all(wavelets, pooling, graphs, monkeypatch):
    S = GraphScattering(J=3, wavelet=wavelets, pooling=pooling, signals=("degree",)).fit(graphs)
    together = S.transform(graphs)
    turned = S.transform(graphs[::-1])[::-1]
    for k, graph in enumerate(graphs):
        np.testing.assert_array_equal(S.transform([graph])[0], together[k])
        np.testing.assert_array_equal(turned[k], together[k])


@pytest.mark.parametrize("wavelets", ["diffusion", "meyer", "heat"])
def test_chebyshev_against_eigenpairs_and_products(wavelets, graphs):
    options = {"J": 4, "wavelet": wavelets, "average": True, "pooling": None}
    exact = np.concatenate(GraphScattering(method="eigen", **options).fit_transform(graphs))
    found = np.concatenate(GraphScattering(method="chebyshev", **options).fit_transform(graphs))
    assert np.abs(found - exact).max() <= 1e-8 * np.abs(exact).max()
    if wavelets == "diffusion":
        products = np.concatenate(GraphScattering(**options).fit_transform(graphs))
        assert np.abs(products - exact).max() <= 1e-12 * np.abs(exact).max()


@pytest.mark.parametrize("operator", OPERATORS)
def test_chebyshev_heat_for_every_operator_and_alone(operator, graphs):
    two = sp.block_diag([graphs[0][0], graphs[1][0], np.zeros((1, 1))], format="csr")
    x = np.random.default_rng(0).standard_normal(two.shape[0])
    options = {"J": 4, "wavelet": "heat", "operator": operator}
    pair = [(two, x), (graphs[2][0], graphs[2][1][:, 0])]
    found = GraphScattering(method="chebyshev", **options).fit(pair)
    exact = GraphScattering(method="eigen", **options).fit_transform(pair)
    together = found.transform(pair)
    np.testing.assert_allclose(together, exact, rtol=1e-7, atol=1e-8)
    np.testing.assert_array_equal(found.transform(pair[1:])[0], together[1])


def test_polynomials_that_cannot_be_exact_are_refused_unless_a_degree_is_given(graphs):
    S = GraphScattering(J=3, wavelet="itersine", method="chebyshev").fit(graphs)
    with pytest.raises(InputError, match="type method='eigen'"):
        S.transform(graphs)
    rough, exact = S.set_params(degree=500), clone(S).set_params(method="eigen", degree=None)
    np.testing.assert_allclose(rough.transform(graphs), exact.fit_transform(graphs), rtol=0.1, atol=0.01)


def test_float32_stays_and_agrees(graphs):
    single = [(A, x.astype(np.float32)) for A, x in graphs]
    for pooling in (BOTH, None):
        S = GraphScattering(J=4, pooling=pooling, signals=("degree",)).fit(graphs)
        a, b = (np.concatenate(list(S.transform(X))) for X in (single, graphs))
        assert a.dtype == np.float32
        assert np.abs(a - b).max() <= 1e-5 * np.abs(b).max()


@pytest.mark.parametrize("method", ["matvec", "chebyshev", "eigen"])
def test_torch_values_and_gradients(method, graphs):
    torch = pytest.importorskip("torch")
    S = GraphScattering(J=3, method=method, pooling=BOTH, signals=("degree",)).fit(graphs)
    leaves = [torch.tensor(x, requires_grad=True) for _, x in graphs]
    pairs = [(A, leaf) for (A, _), leaf in zip(graphs, leaves, strict=True)]
    found = S.transform(pairs)
    np.testing.assert_allclose(found.detach(), S.transform(graphs), rtol=1e-9, atol=1e-12)
    found.sum().backward()
    step = np.random.default_rng(1).standard_normal(graphs[0][1].shape)
    ahead, behind = (
        S.transform([(graphs[0][0], graphs[0][1] + s * step), *graphs[1:]]).sum() for s in (1e-6, -1e-6)
    )
    assert (leaves[0].grad.numpy() * step).sum() == pytest.approx((ahead - behind) / 2e-6, rel=1e-4)
    zero = torch.zeros(leaves[0].shape, dtype=torch.float64, requires_grad=True)
    S.transform([(graphs[0][0], zero)]).sum().backward()
    assert torch.isfinite(zero.grad).all()


# ------------------------------------------------------------------ ways to hand in a graph
@dataclass
class Data:
    """As PyTorch Geometric's, of which nothing is imported."""

    edge_index: Any
    x: Any = None
    edge_weight: Any = None
    num_nodes: int | None = None
    ptr: Any = None


def test_every_form_of_a_graph_gives_the_same():
    nx, torch = pytest.importorskip("networkx"), pytest.importorskip("torch")
    A = adjacency(9)
    x = np.random.default_rng(0).standard_normal((9, 2))
    coo = A.tocoo()
    edges = np.stack([coo.row, coo.col]).astype(np.int64)
    half = edges[:, edges[0] < edges[1]]
    named = nx.from_scipy_sparse_array(A)
    forms = [
        (A, x),
        (sp.csr_matrix(A), x),
        (sp.coo_array(A), x),
        (A.toarray(), x),
        (A.toarray().tolist(), x),
        (named, x),
        ((edges, coo.data), x),
        ((half, coo.data[edges[0] < edges[1]]), x),
        (Graph(A), x),
        Graph(A, x),
        Data(edges, x, coo.data),
        Data(torch.as_tensor(edges), torch.as_tensor(x), torch.as_tensor(coo.data)),
        (torch.as_tensor(A.toarray()).to_sparse_coo(), x),
    ]
    S = GraphScattering(J=2).fit(forms[:1])
    for form in forms:
        np.testing.assert_allclose(np.asarray(S.transform([form])), S.transform(forms[:1]), rtol=1e-12)


def test_a_batch_of_pytorch_geometric_is_many_graphs(graphs):
    torch = pytest.importorskip("torch")
    A = sp.block_diag([A for A, _ in graphs], format="coo")
    ptr = np.cumsum([0, *(len(x) for _, x in graphs)])
    whole = np.concatenate([x for _, x in graphs])
    batch = Data(
        torch.as_tensor(np.stack([A.row, A.col]).astype(np.int64)),
        torch.as_tensor(whole),
        torch.as_tensor(A.data),
        num_nodes=len(whole),
        ptr=torch.as_tensor(ptr),
    )
    S = GraphScattering(J=2).fit(graphs)
    np.testing.assert_allclose(S.transform(batch), S.transform(graphs), rtol=1e-12)


def test_computed_signals_are_networkxs():
    nx = pytest.importorskip("networkx")
    A = adjacency(30, weighted=False, density=0.15)
    apart = sp.block_diag([A, adjacency(5, 1, weighted=False), np.zeros((1, 1))], format="csr")
    batch = join([Graph(A), Graph(apart)])
    G = nx.from_scipy_sparse_array(sp.csr_array(A))
    np.testing.assert_allclose(batch.clustering[:30], [nx.clustering(G)[k] for k in range(30)], atol=1e-15)
    far = nx.eccentricity(G)
    np.testing.assert_array_equal(batch.eccentricity[:60], [far[k % 30] for k in range(60)])
    assert batch.eccentricity[-1] == 0
    np.testing.assert_array_equal(batch.degree[:30], [G.degree[k] for k in range(30)])


def test_labels_and_attributes():
    nx = pytest.importorskip("networkx")
    G = nx.path_graph(4)
    nx.set_node_attributes(G, dict(enumerate([1, 7, 7, 1])), "label")
    nx.set_node_attributes(G, dict(enumerate([0.5, 0.25, 1.0, 2.0])), "charge")
    S = GraphScattering(J=1, signals=("label", "charge"), pooling=None).fit([G])
    assert S.channels_ == ["label=1", "label=7", "charge"]
    found = S.transform([G])[0]
    np.testing.assert_array_equal(found[:, ::2], [[1, 0, 0.5], [0, 1, 0.25], [0, 1, 1], [1, 0, 2]])
    unseen = Graph(adjacency(3), labels=[3, 3, 3], attributes={"charge": [0.0, 1.0, 2.0]})
    assert not S.transform([unseen])[0][:, :4].any()


def test_weights_of_the_caller_stay_as_they_are():
    A = sp.csr_matrix((np.ones(4), ([0, 1, 0, 1], [1, 0, 1, 0])), shape=(2, 2))
    twice = sp.csr_matrix(
        (np.array([1.0, 1, 1, 1]), np.array([1, 1, 0, 0]), np.array([0, 2, 4])), shape=(2, 2)
    )
    GraphScattering(J=1, signals=("degree",)).fit_transform([A, twice])
    assert twice.nnz == 4
    np.testing.assert_array_equal(join(read_graphs([twice])).adjacency.toarray(), [[0, 2], [2, 0]])


# ------------------------------------------------------------------ degenerate graphs
@pytest.mark.parametrize("wavelets", WAVELETS)
def test_single_nodes_and_separate_components(wavelets, graphs):
    (A, x), (B, y) = graphs[:2]
    both = (sp.block_diag([A, B], format="csr"), np.concatenate([x, y]))
    alone = (sp.csr_array((1, 1)), np.array([[3.0, -2.0]]))
    S = GraphScattering(J=3, wavelet=wavelets, average=True).fit(graphs)
    apart, joined, single = S.transform([(A, x), (B, y)]), S.transform([both])[0], S.transform([alone])[0]
    np.testing.assert_allclose(joined, apart.sum(0), rtol=1e-7, atol=1e-7)
    rows = single.reshape(2, -1, 4)
    np.testing.assert_allclose(rows[:, 0], [[3, 9, 27, 81], [-2, 4, -8, 16]], rtol=1e-12)
    np.testing.assert_allclose(rows[:, 1:], 0, atol=1e-12)


def test_a_large_graph_between_small_ones_and_many_blocks(monkeypatch, graphs):
    S = GraphScattering(J=2).fit(graphs)
    whole = S.transform(graphs)
    from scatter.domains import graphbatch

    monkeypatch.setattr(graphbatch, "BLOCK", 10)
    assert len(list(graphbatch.batches(read_graphs(graphs)))) > 2
    np.testing.assert_array_equal(S.transform(graphs), whole)


# ------------------------------------------------------------------ names, scikit-learn
def test_names():
    S = GraphScattering(J=2, signals=("degree",), n_moments=2, log=True).fit([adjacency(5)])
    assert list(S.get_feature_names_out()) == [
        "degree: log(sum(x))",
        "degree: log(sum(x**2))",
        "degree: log(sum(|x*psi[j=1]|))",
        "degree: log(sum(|x*psi[j=1]|**2))",
        "degree: log(sum(|x*psi[j=2]|))",
        "degree: log(sum(|x*psi[j=2]|**2))",
        "degree: log(sum(||x*psi[j=1]|*psi[j=2]|))",
        "degree: log(sum(||x*psi[j=1]|*psi[j=2]|**2))",
    ]
    averaged = GraphScattering(J=1, average=True, signals=("degree",), n_moments=2).fit([adjacency(5)])
    assert list(averaged.get_feature_names_out())[1] == "degree: sum((x*phi)**2)"
    every = GraphScattering(J=3, operator="normalized", pooling=None, signals=("degree",)).fit([adjacency(5)])
    assert list(every.get_feature_names_out())[:3] == [
        "degree: x",
        "degree: |x*psi[j=0]|",
        "degree: |x*psi[j=1]|",
    ]


@pytest.mark.parametrize("pooling", ["powers", "moments", BOTH, "mean", "median", None])
def test_every_feature_has_a_name(pooling, graphs):
    S = GraphScattering(J=3, pooling=pooling, n_moments=3, signals=("degree",))
    found, names = S.fit_transform(graphs), S.get_feature_names_out()
    assert found[0].shape[-1] == len(names) == len(set(names))


def test_log_is_the_logarithm_of_the_sums(graphs):
    plain, logs = (GraphScattering(J=2, log=log).fit_transform(graphs) for log in (False, True))
    np.testing.assert_allclose(logs, np.sign(plain) * np.log1p(np.abs(plain)), rtol=1e-14)


def test_clone_pickle_set_params_and_data_frames(graphs):
    S = GraphScattering(J=3).fit(graphs)
    features = S.transform(graphs)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(S)).transform(graphs), features)
    assert clone(S).get_params() == S.get_params()
    assert S.set_params(J=2).transform(graphs).shape == (5, 2 * 4 * 4)
    frame = S.set_output(transform="pandas").fit_transform(graphs)
    assert list(frame.columns) == list(S.get_feature_names_out())


def test_in_a_pipeline():
    rings = [np.roll(np.eye(n), 1, 0) + np.roll(np.eye(n), -1, 0) for n in range(5, 15)]
    stars = [
        np.block([[np.zeros((1, 1)), np.ones((1, n))], [np.ones((n, 1)), np.zeros((n, n))]])
        for n in range(4, 14)
    ]
    model = make_pipeline(
        GraphScattering(J=2, signals=("eccentricity",), log=True), StandardScaler(), LogisticRegression()
    )
    assert model.fit(rings + stars, [0] * 10 + [1] * 10).score(rings + stars, [0] * 10 + [1] * 10) >= 0.9


# ------------------------------------------------------------------ bad input
LINE = sp.csr_array(np.array([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]]))
ONES = np.ones(3)


def broken(place, value):
    matrix = LINE.toarray()
    matrix[place] = value
    return matrix


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([], "at least one graph is needed, got an empty one"),
        (3, r"a list of graphs is needed, got int; type \[graph\]"),
        (
            [(LINE, ONES), (broken((0, 2), 1.0), ONES)],
            r"graph 1: an undirected graph .*\(A \+ A.T\) / 2 \(entry \[0, 2\]",
        ),
        ([(broken(([0, 1], [1, 0]), -1.0), ONES)], r"graph 0: weights must not be negative; type abs\(A\)"),
        ([(broken((1, 1), 1.0), ONES)], r"graph 0: edges from a node to itself.*setdiag\(0\).*\[1, 1\]"),
        ([(broken(([0, 1], [1, 0]), np.nan), ONES)], "graph 0: weights must be finite"),
        (
            [(sp.csr_array((0, 0)), np.zeros(0))],
            "graph 0: a graph with at least one node is needed, got none",
        ),
        ([(np.ones((3, 4)), ONES)], r"graph 0: an adjacency matrix must be square, got shape \(3, 4\)"),
        ([(LINE, [1.0, np.nan, 0])], "graph 0: signals contain NaN or infinity"),
        (
            [(LINE, np.ones(4))],
            r"graph 0: signals must be of shape \(3,\) or \(3, channels\).*got shape \(4,\)",
        ),
        ([(LINE, np.ones((2, 3)))], r"got shape \(2, 3\); type signals.T"),
        ([(LINE, ONES), (LINE, np.ones((3, 2)))], "graph 1: 1 signals a node as in fit are needed, got 2"),
        ([(LINE, 1j * ONES)], "signals must be real, got complex"),
        ([(LINE, ONES, ONES)], "got 3 entries"),
        ([LINE], r"the graphs have no signals; type signals=\('degree'"),
        ([(np.eye(2), np.ones(2))], r"may be edges or an adjacency matrix; type Graph.from_edges"),
        (["a graph"], "graph 0: a sparse or dense square array.*got str"),
        ([((np.array([[0, 5], [1, 2]]), None), ONES)], r"edge_index must be in 0 .. 2, got 0 .. 5"),
        ([((np.zeros((3, 2), int), None), ONES)], "type edge_index.T"),
        ([((np.array([[0], [1]]), np.ones(2)), ONES)], "edge_weight must be 1 numbers, one an edge"),
    ],
)
def test_bad_graphs_and_signals(X, message):
    with pytest.raises(InputError, match=message):
        GraphScattering(J=2).fit_transform(X)


def test_directed_networkx_graphs_are_refused():
    nx = pytest.importorskip("networkx")
    with pytest.raises(InputError, match=r"got a directed one; type graph.to_undirected\(\)"):
        GraphScattering(signals=("degree",)).fit([nx.DiGraph([(0, 1)])])
    with pytest.raises(InputError, match="at least one node"):
        GraphScattering(signals=("degree",)).fit([nx.Graph()])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"J": 0}, "J must be an integer >= 1, got 0"),
        ({"wavelet": "morlet"}, "wavelet must be one of 'diffusion', .* got 'morlet'"),
        ({"operator": "laplacian"}, "operator must be one of 'lazy_walk'"),
        ({"method": "eig"}, "method must be one of 'matvec', 'chebyshev', 'eigen', got 'eig'"),
        ({"wavelet": "heat", "method": "matvec"}, "method='matvec' is for wavelet='diffusion'"),
        ({"wavelet": "heat", "finest": True}, "type finest=None"),
        ({"finest": 2}, "finest must be True or False, got 2"),
        ({"pooling": "both"}, "pooling must be None, 'mean', .* or a tuple of these, got 'both'"),
        ({"pooling": "moments", "n_moments": 5}, "there are 4 moments, got n_moments=5"),
        ({"n_moments": 0}, "n_moments must be an integer >= 1"),
        ({"max_order": -1}, "max_order must be an integer >= 0"),
        ({"wavelet": "heat", "t0": 0.0}, "t0 must be a positive number"),
        ({"degree": 0}, "degree must be an integer >= 1"),
        ({"signals": "degree"}, r"type signals=\('degree',\)"),
        ({"signals": ("label",)}, r"graph 0: signals=\('label',\) needs 3 integer labels, got none"),
    ],
)
def test_bad_parameters(options, message):
    with pytest.raises(InputError, match=message):
        GraphScattering(**options).fit([(LINE, ONES)])


def test_what_transform_refuses():
    S = GraphScattering(J=1, signals=("charge",)).fit([LINE])
    with pytest.raises(InputError, match="graph 0: there is no number 'charge' at every node"):
        S.transform([LINE])
    with pytest.raises(InputError, match="attribute 'charge' contains NaN"):
        S.transform([Graph(LINE, attributes={"charge": [1, np.nan, 2]})])
    with pytest.raises(InputError, match="graph 0: signals were given, but fit saw none"):
        S.transform([(LINE, ONES)])
    jax = pytest.importorskip("jax")
    with pytest.raises(InputError, match="type method='eigen'"):
        GraphScattering(J=1).fit_transform([(LINE, jax.numpy.ones(3))])


# ------------------------------------------------------------------ files
def test_reader_of_graph_files(tmp_path):
    import gzip

    text = "2\n3 1\n0 1 1 0.5\n2 2 0 2 1.5\n0 0 2.5\n1 4\n7 0 1.0\n"
    plain, packed = tmp_path / "two.txt", tmp_path / "two.txt.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    for path in (plain, packed):
        graphs, classes = read_graph_dataset(path)
        np.testing.assert_array_equal(graphs[0].adjacency.toarray(), LINE.toarray())
        np.testing.assert_array_equal(graphs[0].signals, [[0.5], [1.5], [2.5]])
        assert graphs[1].adjacency.shape == (1, 1)
        assert (graphs[0].labels.tolist(), classes.tolist()) == ([0, 2, 0], [1, 4])
    plain.write_text(text.replace("0 2 1.5", "0 9 1.5"))
    with pytest.raises(
        FileError, match=r"graph 0, which begins at line 2: node 1 needs 2 neighbours in 0 .. 2"
    ):
        read_graph_dataset(plain)
    with pytest.raises(FileError, match="can't be read"):
        read_graph_dataset(tmp_path / "none.txt")


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i4", "<f2", ">u2", "?"])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array, sp.coo_matrix])
def test_weights_of_any_type_and_order_of_bytes_are_the_same_graph(dtype, container):
    ring = np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0)
    transform = GraphScattering(2, signals=("degree",))
    want = transform.fit_transform([ring])
    given = ring.astype(dtype)
    if container is not np.asarray:
        given = container(ring)
        given.data = given.data.astype(dtype)
    assert np.array_equal(transform.transform([given]), want)


def test_scales_that_take_products_without_end_are_refused():
    ring = np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0)
    with pytest.raises(
        InputError, match=r"J=40 takes 2\*\*40 products with the operator; .* at most 20; type"
    ):
        GraphScattering(40, signals=("degree",)).fit([ring])
    far = GraphScattering(21, signals=("eccentricity",), method="eigen", max_order=1)
    assert np.isfinite(far.fit_transform([ring])).all()


# ------------------------------------------------------------------ signals on one graph
@pytest.mark.parametrize("method", ["matvec", "chebyshev", "eigen"])
@pytest.mark.parametrize("pooling", ["powers", "moments", ("median", "max"), None])
def test_signals_on_one_graph_are_those_of_a_sample_that_has_them(method, pooling):
    A, x = adjacency(30), np.random.default_rng(0).standard_normal((4, 30, 2))
    options = {"J": 3, "pooling": pooling, "method": method}
    S = GraphScattering(graph=A, **options)
    rows = S.transform(x)  # nothing is left to learn
    alone = GraphScattering(**options).fit([(A, x[0])])
    found = alone.transform([(A, one) for one in x])
    if pooling is None:
        found = np.stack([nodes.T.ravel() for nodes in found])
    # The same products; with eigenpairs, of several signals at once, which BLAS adds in another order.
    np.testing.assert_allclose(rows, found, rtol=1e-10 if method == "eigen" else 0, atol=1e-12)
    names = S.fit(x).get_feature_names_out()
    assert len(names) == rows.shape[1]
    assert names[0].startswith("channel 0: ")
    np.testing.assert_array_equal(S(x).reshape(4, -1), rows)
    np.testing.assert_allclose(S(x[0, :, 1]), S(x)[0, 1], rtol=1e-10, atol=1e-12)
    assert S.shape == (30,)
    assert S.frame.bounds().upper <= 1 + 1e-9


def test_signals_on_one_graph_in_every_container():
    A, x = adjacency(30), np.random.default_rng(0).standard_normal(30)
    S = GraphScattering(J=2, graph=Graph(A), out_type="list")
    assert [entry["path"] for entry in S(x)] == [str(path) for path in S.tree.paths]
    assert list(S.set_params(out_type="dict")(x)) == [path.n for path in S.tree.paths]
    assert S.table()["order"] == [0, 1, 1, 2]


def test_what_one_graph_refuses():
    A = adjacency(6)
    with pytest.raises(InputError, match=r"no graph is known yet; type GraphScattering\(graph=...\)"):
        GraphScattering()(np.zeros(6))
    with pytest.raises(InputError, match="no geometry is known, as samples have one each; type mesh"):
        _ = GraphScattering().frame
    with pytest.raises(InputError, match="type signals=None"):
        GraphScattering(graph=A, signals=("degree",))(np.zeros(6))
    with pytest.raises(InputError, match="signals must be real, got complex ones"):
        GraphScattering(graph=A)(np.zeros(6, complex))
    with pytest.raises(InputError, match=r"signals must have one number a point, shape \(..., 6\)"):
        GraphScattering(graph=A)(np.zeros((6, 5, 7)))
    with pytest.raises(InputError, match="graph 0: an undirected graph is needed"):
        GraphScattering(graph=np.triu(np.ones((3, 3)), 1))(np.zeros(3))
    with pytest.raises(InputError, match=r"samples must have 0 channels as in fit, got 2"):
        GraphScattering(graph=A).fit(np.zeros((3, 6))).transform(np.zeros((3, 6, 2)))
