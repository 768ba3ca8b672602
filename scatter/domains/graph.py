"""Graphs, and what they may be given as."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp

from scatter.errors import InputError, ScatterWarning
from scatter.numerics.plain import plain_numpy


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """An undirected graph, with what is known at its nodes.

    Parameters
    ----------
    adjacency : sparse array of shape (n, n)
        Weights of the edges: symmetric, not negative, zero on the diagonal.
    signals : array of shape (n,) or (n, channels), optional
        Numbers at the nodes, of NumPy or PyTorch.
    labels : array of n integers, optional
        A class for every node: atoms, kinds of amino acids.
    attributes : mapping of str to array, optional
        Named signals, which ``signals=(name, ...)`` of a transform asks for.

    Examples
    --------
    >>> path = Graph.from_edges([[0, 1], [1, 2]])
    >>> print(path.adjacency.toarray())
    [[0. 1. 0.]
     [1. 0. 1.]
     [0. 1. 0.]]
    """

    adjacency: Any
    signals: Any = None
    labels: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.adjacency.shape[0])

    def __repr__(self) -> str:
        return f"Graph({len(self)} nodes, {sp.csr_array(self.adjacency).nnz // 2} edges)"

    @classmethod
    def from_edges(cls, edge_index: Any, edge_weight: Any = None, n: int | None = None) -> Graph:
        """Graph of n nodes from edges, of which either one direction or both are listed.

        Parameters
        ----------
        edge_index : array of shape (2, edges) of integers
        edge_weight : array of shape (edges,), optional
            None is ones.
        n : int, optional
            Number of nodes; None is one more than the largest index.
        """
        edges = plain_numpy(edge_index, "edge_index")
        if edges.ndim != 2 or edges.shape[0] != 2 or (edges.size and edges.dtype.kind not in "iu"):
            raise InputError(
                f"edge_index must be integers of shape (2, edges), got {edges.dtype} of shape {edges.shape}"
                + ("; type edge_index.T" if edges.ndim == 2 and edges.shape[1] == 2 else "")
            )
        size = int(edges.max()) + 1 if n is None and edges.size else int(n or 0)
        if edges.size and (edges.min() < 0 or edges.max() >= size):
            raise InputError(
                f"edge_index must be in 0 .. {size - 1}, got {int(edges.min())} .. {int(edges.max())}"
            )
        weight = (
            np.ones(edges.shape[1])
            if edge_weight is None
            else plain_numpy(edge_weight, "edge_weight").astype(np.float64)
        )
        if weight.ndim == 2 and weight.shape[1] == 1:
            weight = weight[:, 0]
        if weight.shape != edges.shape[1:]:
            raise InputError(
                f"edge_weight must be {edges.shape[1]} numbers, one an edge, got shape {weight.shape}"
            )
        matrix = sp.csr_array((weight, (edges[0], edges[1])), shape=(size, size))
        one_way = (matrix != 0).multiply((matrix != 0).T).nnz == (matrix.diagonal() != 0).sum()
        return cls(sp.csr_array(matrix + matrix.T) if one_way else matrix)


# ------------------------------------------------------------------ what graphs are given as
def read_graphs(X: Any, names: Sequence[str] = ()) -> list[Graph]:
    """Graphs from everything that holds graphs.

    Parameters
    ----------
    X : list, or one graph
        Of `Graph`; sparse or dense square arrays; networkx graphs; ``(edge_index, edge_weight)``;
        objects with ``edge_index`` as PyTorch Geometric's ``Data`` and ``Batch``; and pairs of any of
        these with signals, ``(graph, signals)``.
    names : sequence of str
        Attributes of the nodes to read beside, where the graphs are objects that have any.

    Raises
    ------
    InputError
        Naming the graph that is at fault by its place in the list.

    Warns
    -----
    ScatterWarning
        With the names of attributes of edges that are left out, and the number of graphs that have them.
    """
    if not isinstance(X, (list, tuple)) and not (isinstance(X, np.ndarray) and X.dtype == object):
        single = hasattr(X, "edge_index") or sp.issparse(X) or hasattr(X, "adj") or isinstance(X, Graph)
        X = [X] if single or getattr(X, "ndim", 0) == 2 else X
    try:
        items = list(X)
    except TypeError:
        raise InputError(f"a list of graphs is needed, got {type(X).__name__}; type [graph]") from None
    if not items:
        raise InputError("a list of at least one graph is needed, got an empty one")
    graphs: list[Graph] = []
    unused: Counter[str] = Counter()
    for item in items:
        try:
            graphs.extend(_read(item, names))
        except InputError as error:
            raise InputError(f"graph {len(graphs)}: {error}") from None
        unused.update(_unused(item[0] if isinstance(item, tuple) and item else item))
    if unused:
        counts = ", ".join(f"{name!r} (in {count} of {len(items)})" for name, count in sorted(unused.items()))
        warnings.warn(
            f"attributes of edges are not used: {counts:.300}; the weight of an edge is 'weight' in networkx "
            "and edge_weight in PyTorch Geometric",
            ScatterWarning,
            stacklevel=3,
        )
    return graphs


def _unused(item: Any) -> set[str]:
    """Names of the attributes of the edges of a graph that are left out."""
    if hasattr(item, "edge_index"):
        given = getattr(item, "edge_attr", None) is not None and getattr(item, "edge_weight", None) is None
        return {"edge_attr"} if given else set()
    if hasattr(item, "is_directed") and hasattr(item, "nodes"):
        return {str(name) for *_, data in item.edges(data=True) for name in data} - {"weight", "id", "key"}
    return set()


def _read(item: Any, names: Sequence[str]) -> list[Graph]:
    if isinstance(item, Graph):
        return [item]
    if sp.issparse(item):
        return [Graph(_square(_known_to_scipy(item)))]
    if isinstance(item, tuple):
        return [_read_pair(item, names)]
    if hasattr(item, "edge_index"):
        return _read_geometric(item, names)
    if hasattr(item, "is_directed") and hasattr(item, "nodes"):
        return [_read_networkx(item, names)]
    if getattr(item, "is_sparse", False) or "sparse" in str(getattr(item, "layout", "")):
        coo = item.detach().to_sparse_coo().coalesce().cpu()
        places = coo.indices().numpy()
        return [Graph(_square(sp.csr_array((coo.values().numpy(), tuple(places)), shape=tuple(coo.shape))))]
    dense = plain_numpy(item, "the adjacency matrix")
    if dense.dtype.kind not in "biuf" or dense.ndim != 2:
        raise InputError(
            "a sparse or dense square array, a networkx graph, (edge_index, edge_weight), an object with "
            f"edge_index, or (graph, signals) is needed, got {type(item).__name__}"
            + (f" of shape {dense.shape}" if dense.ndim else "")
        )
    return [Graph(_square(_known_to_scipy(dense)))]


def _square(matrix: Any) -> Any:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"an adjacency matrix must be square, got shape {matrix.shape}")
    return matrix


def _known_to_scipy(matrix: Any) -> Any:
    """The same in double precision where SciPy's sparse matrices know no such numbers."""
    known = matrix.dtype.isnative and matrix.dtype != np.float16
    return matrix if known else matrix.astype(np.float64)


def _read_pair(item: tuple[Any, ...], names: Sequence[str]) -> Graph:
    if len(item) != 2:
        raise InputError(
            f"a tuple must be (graph, signals) or (edge_index, edge_weight), got {len(item)} entries"
        )
    first, second = item
    shape = tuple(getattr(first, "shape", ())) or np.shape(first if isinstance(first, list) else ())
    if len(shape) == 2 and shape[0] == 2 and not sp.issparse(first):
        if shape == (2, 2):
            raise InputError(
                "a pair that begins with an array of shape (2, 2) may be edges or an adjacency matrix; "
                "type Graph.from_edges(edge_index, edge_weight) or Graph(scipy.sparse.csr_array(A), signals)"
            )
        return Graph.from_edges(first, second)
    if isinstance(first, tuple) and len(first) == 2:
        graph = Graph.from_edges(*first, n=len(second))
    else:
        (graph,) = _read(first, names)
    return Graph(graph.adjacency, second, graph.labels, graph.attributes)


def _read_geometric(item: Any, names: Sequence[str]) -> list[Graph]:
    x, n = getattr(item, "x", None), getattr(item, "num_nodes", None)
    n = int(n) if n is not None else (len(x) if x is not None else None)
    weight = getattr(item, "edge_weight", None)
    whole = Graph.from_edges(item.edge_index, weight, n).adjacency
    signals = x if x is None or x.ndim > 1 else x[:, None]
    attributes = {name: getattr(item, name) for name in names if getattr(item, name, None) is not None}
    ends = getattr(item, "ptr", None)
    ends = [0, whole.shape[0]] if ends is None else plain_numpy(ends).tolist()
    whole = sp.csr_array(whole)
    return [
        Graph(
            whole[a:b, a:b],
            None if signals is None else signals[a:b],
            attributes={name: values[a:b] for name, values in attributes.items()},
        )
        for a, b in pairwise(ends)
    ]


def _read_networkx(item: Any, names: Sequence[str]) -> Graph:
    import networkx  # type: ignore[import-untyped,unused-ignore]

    if item.is_directed():
        raise InputError("an undirected graph is needed, got a directed one; type graph.to_undirected()")
    if not len(item):
        raise InputError("a graph with at least one node is needed, got none")
    known = {name: networkx.get_node_attributes(item, name) for name in (*names, "label")}
    attributes = {
        name: np.asarray([found[node] for node in item])
        for name, found in known.items()
        if len(found) == len(item)
    }
    labels = attributes.pop("label", None)
    adjacency = networkx.to_scipy_sparse_array(_weighted_by_numbers(item), format="csr")
    return Graph(adjacency, labels=labels, attributes=attributes)


def _weighted_by_numbers(item: Any) -> Any:
    """The same graph of networkx, or a copy whose weights are numbers where they were text.

    Files hold text: .graphml and .gml keep it where nothing says that it is a number.
    """
    options = {"keys": True} if item.is_multigraph() else {}
    found = {}
    for *edge, weight in item.edges(data="weight", default=1, **options):
        if isinstance(weight, (int, float, np.number)):
            continue
        try:
            found[tuple(edge)] = float(weight)
        except (TypeError, ValueError):
            raise InputError(
                f"the edge between {edge[0]!r} and {edge[1]!r} has the weight {weight!r}, which is no "
                "number; type graph.edges[a, b]['weight'] = 1.0, or another, or delete the attribute"
            ) from None
    if not found:
        return item
    changed = item.copy()
    for edge, weight in found.items():
        changed.edges[edge]["weight"] = weight
    return changed
