"""Every line of a list of edges or neighbours is read whole, or named in an error."""

import numpy as np
import pytest

from scatter.errors import FileError
from scatter.io.graphs import read_graph

networkx = pytest.importorskip("networkx")


def read(tmp_path, text, suffix=".edgelist", encoding="utf-8"):
    file = tmp_path / f"graph{suffix}"
    file.write_bytes(text.encode(encoding))
    return read_graph(file).adjacency.toarray()


def refused(tmp_path, text, match, suffix=".edgelist"):
    with pytest.raises(FileError, match=match) as caught:
        read(tmp_path, text, suffix)
    assert "\n" not in str(caught.value)


PATH = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
PAIR_AND_ONE = [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
READ = {
    "a node alone": ("1 2\n3\n", PAIR_AND_ONE),
    "a hash in a name": ("C#N http://a#b\nhttp://a#b x\n", PATH),
    "comments": ("# head\na b # why\nb c\n#end", PATH),
    "a byte order mark": ("\ufeffa b\nb c\n", PATH),
    "a header of KONECT": ("% sym unweighted\n% 2 3 3\n1 2\n2 3\n", PATH),
    "commas": ("1,2\n2,3\n", PATH),
    "commas and spaces": ("new york, b\nb, c\n", PATH),
    "commas in names": ("Doe,J Roe,K\nRoe,K Poe,E\n", PATH),
    "commas and weights": ("1,2,2.5\n2,3,1\n", [[0, 2.5, 0], [2.5, 0, 1], [0, 1, 0]]),
    "a header of columns": ("Source,Target,Weight\n1,2,1\n2,3,1\n", PATH),
    "a header in words": ("source target\n1 2\n2 3\n", PATH),
    "tabs": ("1\t2\n2\t3\n", PATH),
    "lines of Windows": ("1 2\r\n\r\n2 3\r\n", PATH),
    "weights of some": ("1 2 2.5\n2 3\n", [[0, 2.5, 0], [2.5, 0, 1], [0, 1, 0]]),
    "dictionaries": ("1 2 {'weight': 2.5, 'x': 'a b'}\n2 3 {}\n", [[0, 2.5, 0], [2.5, 0, 1], [0, 1, 0]]),
    "both ways": ("1 2 3\n2 1 3\n3\n", [[0, 3, 0], [3, 0, 0], [0, 0, 0]]),
}


@pytest.mark.parametrize("name", READ)
def test_lines_are_read_whole(tmp_path, name):
    text, expected = READ[name]
    np.testing.assert_array_equal(read(tmp_path, text), expected)


ADJACENCY = {
    "neighbours": ("a b\nb c\nc\n", PATH),
    "a blank line": ("a b\n\nb c\n\n", PATH),
    "a node alone": ("a b\nc\n", PAIR_AND_ONE),
    "a hash in a name": ("C#N b\nb c\n", PATH),
    "a byte order mark": ("\ufeffa b\nb c\n", PATH),
    "a header": ("% of a program\na b\nb c # c\n", PATH),
    "commas": ("a,b\nb,a,c\n", PATH),
}


@pytest.mark.parametrize("name", ADJACENCY)
def test_neighbours_are_read_whole(tmp_path, name):
    text, expected = ADJACENCY[name]
    np.testing.assert_array_equal(read(tmp_path, text, ".adjlist"), expected)


REFUSED = {
    "words after a weight": ("1 2\n2 3 0.5 2004", r"line 2: after two nodes, a weight or .* got '0.5 2004'"),
    "a word as a weight": ("1 2 heavy", "line 1: after two nodes, a weight or a dictionary may follow"),
    "a broken dictionary": ("1 2 {'weight'", "line 1: after two nodes, a weight or a dictionary may follow"),
    "commas later": ("1 2\n2,3\n", "line 2: 2,3: has commas in another way than the lines before"),
    "an empty name": ("1,2\n,3\n", "line 2: ,3: has commas in another way"),
    "two weights": (
        "a b 1\nb a 2\n",
        "line 2: the edge between 'b' and 'a' has the weight 2, but in line 1 it",
    ),
    "two kinds of nodes": ("% bip unweighted\n1 1\n", "line 1: the graph has two kinds of nodes"),
    "nothing": ("# a\n\n", "names no node"),
    "no number": ("1 2 nan", "line 1: after two nodes, a weight or"),
    "a set": ("1 2 {1, 2}", "line 1: after two nodes, a weight or"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_lines_that_say_something_else_are_named(tmp_path, name):
    text, match = REFUSED[name]
    refused(tmp_path, text, match)


def test_text_in_another_encoding(tmp_path):
    file = tmp_path / "a.edgelist"
    file.write_bytes("1 2\n".encode("utf-16"))
    with pytest.raises(FileError, match=r"can't be read as \.edgelist: .*utf-8"):
        read_graph(file)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weighted", [False, True])
def test_what_networkx_writes_is_what_it_was(tmp_path, seed, weighted):
    known = networkx.gnp_random_graph(30, 0.1, seed=seed)
    if weighted:
        for number, edge in enumerate(known.edges):
            known.edges[edge]["weight"] = number / 3
    networkx.write_edgelist(known, tmp_path / "a.edgelist")
    networkx.write_adjlist(known, tmp_path / "a.adjlist")
    networkx.write_weighted_edgelist(known, tmp_path / "b.edgelist")
    for name, read_by in (
        ("a.edgelist", networkx.read_edgelist),
        ("b.edgelist", networkx.read_weighted_edgelist),
        ("a.adjlist", networkx.read_adjlist),
    ):
        found = read_graph(tmp_path / name)
        assert (found.adjacency != networkx.to_scipy_sparse_array(read_by(tmp_path / name))).nnz == 0
    # Of networkx's lists of edges, nodes without an edge are in none.
    assert len(read_graph(tmp_path / "a.adjlist")) == 30
