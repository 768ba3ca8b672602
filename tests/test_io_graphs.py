import sys

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from scatter.domains.graph import Graph
from scatter.domains.mesh import Mesh
from scatter.domains.pointcloud import PointCloud
from scatter.domains.shapes import icosphere
from scatter.errors import FileError, InputError, MissingExtraError
from scatter.io import graphs
from scatter.io.graphs import read_graph
from scatter.io.matrixmarket import read_matrix_market
from scatter.io.reading import Reading
from scatter.io.shapes import pieces, read_points
from scatter.transforms.graph import GraphScattering

networkx = pytest.importorskip("networkx")

WEIGHTS = np.array([[0, 2, 0, 0], [2, 0, 1, 0.5], [0, 1, 0, 0], [0, 0.5, 0, 0]])


@pytest.fixture
def known():
    graph = networkx.from_numpy_array(WEIGHTS)
    for node in graph:
        graph.nodes[node].update(charge=node / 2, kind="carbon", label=node % 2)
    graph.nodes[0]["elsewhere"] = 1
    return graph


def refused(file, match):
    with pytest.raises(FileError, match=match) as caught:
        read_graph(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


# ------------------------------------------------------------------ matrices
@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "bsr", "dia"])
@pytest.mark.parametrize("container", [sp.csr_array, sp.csr_matrix])
def test_sparse_matrices_of_scipy_are_read(tmp_path, kind, container):
    file = tmp_path / "graph.npz"
    sp.save_npz(file, container(WEIGHTS).asformat(kind))
    graph = read_graph(file)
    assert isinstance(graph, Graph)
    assert isinstance(graph.adjacency, sp.csr_array)
    np.testing.assert_array_equal(graph.adjacency.toarray(), WEIGHTS)


@pytest.mark.parametrize("write", [sp.coo_array, np.asarray], ids=["coordinate", "array"])
def test_matrix_market_files_are_read(tmp_path, write):
    file = tmp_path / "graph.mtx"
    with file.open("wb") as stream:
        scipy.io.mmwrite(stream, write(WEIGHTS))
    np.testing.assert_array_equal(read_graph(file).adjacency.toarray(), WEIGHTS)


def test_archives_that_hold_no_whole_matrix_are_refused(tmp_path):
    file = tmp_path / "graph.npz"
    np.savez(file, x=np.ones(3))
    refused(file, r"holds no sparse matrix \(data is missing\); write it with scipy.sparse.save_npz")
    np.savez(file, format=b"csr", shape=[2, 2], data=[1.0])
    refused(file, "holds a sparse matrix of format 'csr' that is not whole; it must be one of csr, csc, bsr")
    np.savez(file, format=b"lil", shape=[2, 2], data=[1.0])
    refused(file, "of format 'lil'")
    np.savez(file, format=np.array("csr", dtype=object), shape=[2, 2], data=[1.0])
    refused(file, "holds Python objects, which are never loaded")
    file.write_bytes(b"PK\x03\x04 not an archive")
    refused(file, "can't be read as a .npz file")


def test_indices_out_of_range_are_refused(tmp_path):
    file = tmp_path / "graph.npz"
    rest = {"format": b"csr", "shape": [2, 2], "data": [1.0, 1.0]}
    np.savez(file, **rest, indices=[1, 9], indptr=[0, 1, 2])
    refused(file, "can't be read as a .npz file: .*indices must be < 2")
    np.savez(file, **rest, indices=[1.5, 0], indptr=[0, 1, 2])
    refused(file, "the places of a sparse matrix must be integers")
    np.savez(file, **{**rest, "data": [1j, 1j]}, indices=[1, 0], indptr=[0, 1, 2])
    refused(file, "weights must be real numbers, got complex128")
    np.savez(file, format=b"coo", shape=[2, 2], data=[1.0], row=[0], col=[-7])
    refused(file, "can't be read as a .npz file")


def test_claims_of_a_few_bytes_take_no_memory(tmp_path):
    file = tmp_path / "graph.npz"
    np.savez(file, format=b"coo", shape=[2**40, 2**40], data=[1.0], row=[0], col=[1])
    refused(file, rf"the graph has {2**40} nodes; at most {2**24} are allowed")
    np.savez(file, format=b"coo", shape=[3, 2], data=[1.0], row=[0], col=[1])
    refused(file, r"an adjacency matrix must be square, got shape \(3, 2\)")
    market = tmp_path / "graph.mtx"
    market.write_text("%%MatrixMarket matrix coordinate real general\n1000000 1000000 100000000000\n1 2 3\n")
    refused(market, "is truncated or damaged: 100000000000 entries don't fit in 81 bytes")
    market.write_text("%%MatrixMarket matrix coordinate real general\n1000000000 1000000000 1\n1 2 3\n")
    refused(market, "the graph has 1000000000 nodes; at most")


def test_nodes_that_most_edges_leave_out_take_no_memory(tmp_path):
    market = tmp_path / "graph.mtx"
    market.write_text(f"%%MatrixMarket matrix coordinate real symmetric\n{2**24} {2**24} 1\n2 1 3\n")
    refused(market, rf"declares {2**24} nodes in a file of \d+ bytes, so that most have no edge")
    market.write_text(f"%%MatrixMarket matrix coordinate real symmetric\n{2**20} {2**20} 1\n2 1 3\n")
    assert len(read_graph(market)) == 2**20
    archive = tmp_path / "graph.npz"
    np.savez(archive, format=b"coo", shape=[2**24, 2**24], data=[1.0, 1.0], row=[0, 1], col=[1, 0])
    refused(archive, "nodes in a file of")


@pytest.mark.parametrize("field", ["real", "integer", "pattern", "unsigned-integer"])
@pytest.mark.parametrize("symmetry", ["general", "symmetric", "skew-symmetric"])
@pytest.mark.parametrize("dense", [False, True])
def test_matrices_are_read_as_scipy_reads_them(tmp_path, field, symmetry, dense):
    matrix = np.random.default_rng(0).integers(0, 4, (7, 7))
    matrix = {"general": matrix, "symmetric": matrix + matrix.T, "skew-symmetric": matrix - matrix.T}[
        symmetry
    ]
    if field == "pattern":
        matrix = np.sign(matrix)
    if field == "real":
        matrix = matrix / 3
    if (dense and field == "pattern") or (field != "real" and field != "integer" and symmetry[1] == "k"):
        pytest.skip("there is no such matrix")
    file = tmp_path / "m.mtx"
    options = {"field": field, "symmetry": symmetry, "comment": "one\ntwo"}
    scipy.io.mmwrite(file, matrix if dense else sp.coo_array(matrix), **options)
    with open(file, "rb") as stream:
        found = read_matrix_market(stream, lambda header: None)
    want = scipy.io.mmread(file)
    np.testing.assert_allclose(found.toarray(), want if dense else want.toarray(), rtol=1e-15)
    np.testing.assert_allclose(found.toarray(), matrix, rtol=1e-12)


@pytest.mark.parametrize("place", [5, 60, -2])
def test_a_zero_byte_in_a_text_matrix_does_not_end_the_process(tmp_path, place):
    file = tmp_path / "graph.mtx"
    text = bytearray(b"%%MatrixMarket matrix coordinate real symmetric\n3 3 2\n2 1 3\n3 1 4\n")
    text[place] = 0
    file.write_bytes(text)
    refused(file, "can't be read as a Matrix Market file: ")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("hello", "can't be read as a Matrix Market file: .*banner"),
        ("%%MatrixMarket matrix coordinate real general\n3 3 2\n1 2 3\n", "Market file: .*[Tt]runcated"),
        ("%%MatrixMarket matrix coordinate real general\n3 3 1\n9 2 3\n", "Market file: .*out of bounds"),
        ("%%MatrixMarket matrix coordinate real general\n3 3 -2\n", "Market file: .*negative"),
        (
            "%%MatrixMarket matrix coordinate complex general\n2 2 1\n1 2 3 4\n",
            "real numbers, got complex ones",
        ),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 nan\n", "weights must be finite"),
        ("%%MatrixMarket matrix coordinate real general\n2 2 1\n1 2 3\n", "an undirected graph is needed"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n2 1 -3\n", "must not be negative"),
        ("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n1 1 3\n", "from a node to itself"),
    ],
)
def test_matrices_that_are_no_graphs_are_refused(tmp_path, text, match):
    file = tmp_path / "graph.mtx"
    file.write_text(text)
    refused(file, match)


# ------------------------------------------------------------------ networkx
@pytest.mark.parametrize("suffix", ["graphml", "gexf", "gml"])
def test_attributes_of_nodes_are_read_where_they_are_numbers(tmp_path, known, suffix):
    file = tmp_path / f"graph.{suffix}"
    getattr(networkx, f"write_{suffix}")(known, file)
    graph = read_graph(file)
    np.testing.assert_array_equal(graph.adjacency.toarray(), WEIGHTS)
    assert list(graph.attributes) == ["charge"]
    np.testing.assert_array_equal(graph.attributes["charge"], [0, 0.5, 1, 1.5])
    if suffix == "graphml":
        np.testing.assert_array_equal(graph.labels, [0, 1, 0, 1])
    else:
        assert graph.labels is None


@pytest.mark.parametrize("suffix", ["graphml", "gml"])
def test_weights_that_files_hold_as_text_are_numbers(tmp_path, known, suffix):
    for a, b, weight in known.edges(data="weight"):
        known.edges[a, b]["weight"] = str(weight)
    file = tmp_path / f"graph.{suffix}"
    getattr(networkx, f"write_{suffix}")(known, file)
    np.testing.assert_array_equal(read_graph(file).adjacency.toarray(), WEIGHTS)
    known.edges[0, 1]["weight"] = "strong"
    getattr(networkx, f"write_{suffix}")(known, file)
    refused(file, r"the edge between '?0'? and '?1'? has the weight 'strong', which is no number; type graph")


def test_weights_of_networkx_that_are_no_numbers_name_the_edge(known):
    transform = GraphScattering(2, signals=("degree",))
    want = transform.fit_transform([known])
    text = networkx.MultiGraph(known)
    for *edge, weight in text.edges(data="weight", keys=True):
        text.edges[tuple(edge)]["weight"] = f" {weight}\n"
    np.testing.assert_array_equal(transform.transform([text]), want)
    assert all(isinstance(weight, str) for *_, weight in text.edges(data="weight"))
    known.edges[0, 1]["weight"] = None
    with pytest.raises(InputError, match="graph 0: the edge between 0 and 1 has the weight None, which"):
        transform.fit([known])


def test_edge_lists_with_and_without_weights_are_read(tmp_path, known):
    file = tmp_path / "graph.edgelist"
    networkx.write_edgelist(known, file)
    np.testing.assert_array_equal(read_graph(file).adjacency.toarray(), WEIGHTS)
    networkx.write_weighted_edgelist(known, file)
    np.testing.assert_array_equal(read_graph(file).adjacency.toarray(), WEIGHTS)
    file.write_text("# a comment\na b\nb c\nb d\n")
    np.testing.assert_array_equal(read_graph(file).adjacency.toarray(), WEIGHTS > 0)
    networkx.write_adjlist(known, tmp_path / "graph.adjlist")
    np.testing.assert_array_equal(read_graph(tmp_path / "graph.adjlist").adjacency.toarray(), WEIGHTS > 0)


@pytest.mark.parametrize("suffix", ["graphml", "gexf"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_of_xml_are_refused(tmp_path, suffix, encoding):
    file = tmp_path / f"graph.{suffix}"
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
        '<!ENTITY b "&a;&a;&a;&a;&a;&a;">]><graphml><graph><node id="&b;"/></graph></graphml>'
    )
    file.write_bytes(text.encode(encoding))
    refused(file, r"declares a document type \(<!DOCTYPE ...>\), which may hide entities; delete it")


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("a.graphml", "<graphml", "can't be read as XML: "),
        ("a.graphml", "<graphml/>", "can't be read as .graphml: "),
        ("a.gexf", "<gexf/>", "can't be read as .gexf: "),
        ("a.gml", "graph [ node [ id", "can't be read as .gml: "),
        ("a.gml", "graph [ directed 1 node [ id 0 ] ]", r"directed one; type graph.to_undirected\(\)"),
        ("a.gml", "graph [ ]", "at least one node is needed"),
        ("a.edgelist", "# nothing\n", "names no node"),
        ("a.edgelist", "a b 1\na c x\n", "after two nodes, a weight"),
        ("a.edgelist", "a b __import__('os')\n", "after two nodes, a weight"),
        ("a.edgelist", "a b " + "[" * 5000 + "\n", "after two nodes, a weight"),
        ("a.edgelist", "a b -1\n", "weights must not be negative"),
        ("a.adjlist", "a a\n", "edges from a node to itself are not allowed"),
        ("a.edgelist", b"\xff\xfe\x00", "can't be read as .edgelist: "),
        ("a.txt", "a b\n", "is not of a known format of graphs, which are .npz, .mtx, .graphml, .gexf, .gml"),
        ("a.gml", "", r"the file is empty \(0 bytes\)"),
    ],
)
def test_damaged_graphs_are_refused_by_name(tmp_path, name, text, match):
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    refused(file, match)


def test_large_texts_are_refused_before_they_are_parsed(tmp_path, monkeypatch):
    monkeypatch.setattr(graphs, "MAX_TEXT", 3)
    file = tmp_path / "a.edgelist"
    file.write_text("a b\n")
    refused(
        file, r"has 4 bytes; at most 3 are read of .edgelist; type scipy.sparse.save_npz\(file, adjacency\)"
    )


def test_a_missing_networkx_names_the_extra(tmp_path, monkeypatch):
    file = tmp_path / "a.gml"
    file.write_text("graph [ ]")
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(
        MissingExtraError, match=r"reading .gml files needs networkx.*scatter-wavelets\[graph\]"
    ):
        read_graph(file)


# ------------------------------------------------------------------ pieces
def one(file, kind):
    (read,) = pieces(file, 0, None, Reading(kind), 64)
    piece = read()
    np.testing.assert_array_equal(piece.segments, [0])
    assert isinstance(piece.samples, list)
    (sample,) = piece.samples
    return sample


def test_graphs_meshes_and_points_are_pieces_of_one(tmp_path, known):
    trimesh = pytest.importorskip("trimesh")
    pytest.importorskip("robust_laplacian")
    networkx.write_graphml(known, tmp_path / "a.graphml")
    assert isinstance(one(tmp_path / "a.graphml", "graph"), Graph)
    ball = icosphere(1)
    for suffix in ("ply", "obj", "off", "stl"):
        file = tmp_path / f"ball.{suffix}"
        trimesh.Trimesh(ball.vertices, ball.faces, process=False).export(file)
        mesh, points = one(file, "mesh"), one(file, "points")
        assert isinstance(mesh, Mesh)
        assert isinstance(points, PointCloud)
        assert len(mesh) == len(points) == len(ball)
    for suffix in ("ply", "xyz"):
        trimesh.PointCloud(ball.vertices).export(tmp_path / f"cloud.{suffix}")
        found = one(tmp_path / f"cloud.{suffix}", "points").points
        np.testing.assert_allclose(found, ball.vertices, atol=1e-6)


@pytest.mark.parametrize("kind", ["mesh", "points", "graph"])
def test_files_that_are_none_are_refused_when_read(tmp_path, kind):
    file = tmp_path / "a.zip"
    file.write_bytes(b"PK")
    (read,) = pieces(file, 0, None, Reading(kind), 64)
    with pytest.raises(
        FileError, match=r"a.zip: is not of a known format of (meshes|points|graphs), which are"
    ):
        read()


PLY = (
    "ply\nformat ascii 1.0\nelement vertex {}\n"
    + "".join(f"property float {c}\n" for c in "xyz")
    + "end_header\n"
)


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("a.xyz", "hello\n", "can't be read as points: "),
        ("a.xyz", "1 2 3\n4 5 6\n", r"points must have shape \(n, 3\) with n at least 5, got \(2, 3\)"),
        ("a.xyz", "1 2 3\n4 5 6\n7 8 nan\n1 1 1\n2 2 2\n", "point 2 is NaN or infinite; remove them"),
        ("a.xyz", "1 2 3\n4 5 6\n1 2 3\n1 1 1\n2 2 2\n", r"there already; type np.unique\(points, axis=0\)"),
        ("a.ply", PLY.format(10**12) + "1 2 3\n", "is truncated: 1 of 1000000000000 points are there"),
        (
            "a.ply",
            PLY.format(10**12).replace("ascii", "binary_little_endian") + "1",
            "can't be read as points: ",
        ),
        ("a.off", "OFF\n100000000000 0 0\n1 2 3\n", "can't be read as points: "),
        ("a.stl", "\x00" * 90, "can't be read as points: |points must"),
        ("a.obj", "", "the file is empty"),
    ],
)
def test_damaged_points_are_refused_by_name(tmp_path, name, text, match):
    pytest.importorskip("trimesh")
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(FileError, match=match) as caught:
        read_points(file)
    assert str(caught.value).startswith(str(file))


def test_a_missing_trimesh_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trimesh", None)
    with pytest.raises(MissingExtraError, match="reading a file of points needs trimesh"):
        read_points(tmp_path / "a.ply")
