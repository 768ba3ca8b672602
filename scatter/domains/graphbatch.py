"""Many graphs as one block-diagonal matrix: its diffusions, and signals that follow from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, shortest_path
from scipy.sparse.linalg import eigsh

from scatter.domains.graph import Graph
from scatter.errors import InputError
from scatter.numerics.sparse import SparseMatrix, block_diagonal, diagonal_block

Values = NDArray[np.float64]

OPERATORS = ("lazy_walk", "normalized", "combinatorial")
COMPUTED = ("degree", "clustering", "eccentricity")
"""Signals that follow from a graph alone."""

BLOCK = 9 * 2**10
"""Nodes times channels of the graphs that are filtered at once; their maps stay in cache."""

JOINED = 2**19
"""Nodes and entries of the graphs that are checked at once, for many blocks: SciPy takes as long to make a
few small matrices as to multiply them. It bounds their memory, unless one graph alone has more."""


@dataclass(frozen=True, eq=False)
class GraphBatch:
    """Graphs side by side in one block-diagonal matrix.

    Attributes
    ----------
    adjacency : csr_array of shape (n, n)
        Of all the nodes, float64.
    start : ndarray of shape (graphs + 1,)
        First node of each graph, and n.
    whole : GraphBatch, optional
        What `cut` took these graphs from.
    origin : int
        First node of these graphs there.
    """

    adjacency: Any
    start: NDArray[np.int64]
    whole: GraphBatch | None = None
    origin: int = 0
    _operators: dict[str, tuple[SparseMatrix, Values]] = field(default_factory=dict)

    def cut(self, first: int, last: int) -> GraphBatch:
        """Graphs first .. last - 1, which share their diffusions with all of these."""
        if last - first == len(self.start) - 1:
            return self  # a large graph is not copied
        a, b = int(self.start[first]), int(self.start[last])
        return GraphBatch(diagonal_block(self.adjacency, a, b), self.start[first : last + 1] - a, self, a)

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """Graph of each node."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @cached_property
    def degree(self) -> Values:
        """Sum of the weights at each node."""
        return np.asarray(self.adjacency.sum(axis=1), dtype=np.float64).ravel()

    @cached_property
    def clustering(self) -> Values:
        """Part of the pairs of neighbours of a node that are neighbours; 0 below two neighbours."""
        edges = self.adjacency.copy()
        edges.data = np.ones_like(edges.data)
        count = np.diff(edges.indptr).astype(np.float64)
        closed = np.asarray((edges @ edges).multiply(edges).sum(axis=1)).ravel()
        return np.asarray(closed / np.maximum(count * (count - 1), 1))

    @cached_property
    def eccentricity(self) -> Values:
        """Steps to the farthest node of the same component."""
        found = np.zeros(len(self.owner))
        for a, b in pairwise(self.start):
            part = self.adjacency[a:b, a:b]
            for low in range(0, b - a, 1024):  # memory grows with n, not with n squared
                rows = np.arange(low, min(low + 1024, b - a))
                steps = shortest_path(part, method="D", directed=True, unweighted=True, indices=rows)
                found[a + rows] = np.where(np.isfinite(steps), steps, 0).max(axis=1)
        return found

    def diffusion(self, operator: str) -> tuple[Any, Values]:
        """Matrix of one step of a diffusion, eigenvalues in [0, 1], and the mass it is self-adjoint for.

        Parameters
        ----------
        operator : {'lazy_walk', 'normalized', 'combinatorial'}
            ``(I + A D^-1) / 2`` with mass 1/d; ``(I + D^-1/2 A D^-1/2) / 2``; ``I - (D - A) / (2 max d)``
            with the largest degree of each graph. A node without edges keeps what it has.

        Returns
        -------
        matrix : csr_array of shape (n, n)
        mass : ndarray of shape (n,)
        """
        alone = self.degree == 0
        d = np.where(alone, 1.0, self.degree)
        ones = np.ones(len(d))
        if operator == "combinatorial":
            largest = np.maximum.reduceat(d, self.start[:-1])[self.owner]
            stay, left, right, mass = 1 - self.degree / (2 * largest), 0.5 / largest, ones, ones
        elif operator == "normalized":
            stay, left, right, mass = np.where(alone, 1, 0.5), 0.5 / np.sqrt(d), 1 / np.sqrt(d), ones
        else:
            stay, left, right, mass = np.where(alone, 1, 0.5), 0.5 * ones, 1 / d, 1 / d
        A = self.adjacency
        weights = np.repeat(left, np.diff(A.indptr)) * A.data * right[A.indices]
        step = sp.csr_array((weights, A.indices, A.indptr), shape=A.shape)
        return sp.csr_array(step + sp.diags_array(stay, format="csr")), mass

    def operator(self, name: str) -> tuple[SparseMatrix, Values]:
        """A diffusion as what multiplies arrays, and its mass; made once for all that is cut from a batch."""
        if name not in self._operators:
            if self.whole is None:
                matrix, mass = self.diffusion(name)
                self._operators[name] = SparseMatrix(matrix), mass
            else:
                whole, mass = self.whole.operator(name)
                a, b = self.origin, self.origin + int(self.start[-1])
                self._operators[name] = whole.block(a, b), mass[a:b]
        return self._operators[name]

    def gap(self, operator: str) -> float:
        """Smallest eigenvalue above 0 of ``2 (I - P)``, 2 where there is none."""
        matrix, mass = self.diffusion(operator)
        root = np.sqrt(mass)
        symmetric = sp.csr_array(sp.diags_array(root) @ matrix @ sp.diags_array(1 / root))
        n, count = len(mass), connected_components(self.adjacency, directed=False)[0]
        if count == n:
            return 2.0
        if n <= max(500, 3 * count):
            t = np.linalg.eigvalsh(symmetric.toarray())[n - count - 1]
        else:
            start = np.random.default_rng(0).standard_normal(n)
            t = eigsh((symmetric + symmetric.T) / 2, count + 1, which="LA", v0=start)[0].min()
        return float(np.clip(2 * (1 - t), 1e-12, 2))

    def null_space(self, mass: Values, operator: str) -> Any:
        """What a diffusion does not move, one vector a connected component, orthonormal for the mass."""
        count, component = connected_components(self.adjacency, directed=False)
        d = np.where(self.degree == 0, 1.0, self.degree)
        power = {"lazy_walk": 1.0, "normalized": 0.5, "combinatorial": 0.0}[operator]
        vector = d**power
        norm = np.sqrt(np.bincount(component, vector**2 * mass, minlength=count))
        places = (np.arange(len(d)), component)
        return sp.csr_array((vector / norm[component], places), shape=(len(d), count))


def batches(graphs: Sequence[Graph], channels: int = 1) -> Iterator[tuple[list[Graph], GraphBatch]]:
    """Join graphs, in order, into batches of at most `BLOCK` numbers a map, or of one larger graph.

    Raises
    ------
    InputError
        On a graph that a scattering is not defined for, by its place in the list.
    """
    block = max(1, BLOCK // channels)
    done = 0
    for many in _checked_at_once(graphs):
        whole = join(many, done)
        first = 0
        while first < len(many):
            last = int(np.searchsorted(whole.start, whole.start[first] + block, side="right")) - 1
            last = max(first + 1, last)
            yield many[first:last], whole.cut(first, last)
            first = last
        done += len(many)


def _checked_at_once(graphs: Sequence[Graph]) -> Iterator[list[Graph]]:
    """Runs of graphs that are small enough together, or single larger ones."""
    many: list[Graph] = []
    total = 0
    for graph in graphs:
        A = graph.adjacency
        # A dense array counts in full: it is read in full.
        size = len(A.indptr) + len(A.data) if isinstance(A, sp.csr_array) else len(graph) + _entries(A)
        if many and total + size > JOINED:
            yield many
            many, total = [], 0
        many.append(graph)
        total += size
    if many:
        yield many


def _entries(A: Any) -> int:
    return int(A.nnz if sp.issparse(A) else np.size(A))


def join(graphs: Sequence[Graph], first: int = 0) -> GraphBatch:
    """Graphs as one batch, checked: symmetric, finite, not negative, without loops, none of them empty."""
    matrix, start = block_diagonal([_csr(graph.adjacency) for graph in graphs])
    matrix.sum_duplicates()
    empty = np.flatnonzero(np.diff(start) == 0)
    if empty.size:
        raise InputError(f"graph {first + empty[0]}: a graph with at least one node is needed, got none")
    if not matrix.data.all():
        matrix.eliminate_zeros()
    batch = GraphBatch(matrix, start)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    _refuse(batch, first, rows, matrix.indices, ~np.isfinite(matrix.data), "weights must be finite")
    _refuse(batch, first, rows, matrix.indices, matrix.data < 0, "weights must not be negative; type abs(A)")
    _refuse(
        batch,
        first,
        rows,
        matrix.indices,
        rows == matrix.indices,
        "edges from a node to itself are not allowed; type A.setdiag(0); A.eliminate_zeros()",
    )
    mirror = sp.csr_array(matrix.T)
    same = np.array_equal(mirror.indices, matrix.indices) and np.array_equal(mirror.data, matrix.data)
    if not same:
        gap = sp.coo_array(matrix - mirror)
        wrong = np.abs(gap.data) > 1e-10 * np.abs(matrix.data).max()
        message = "an undirected graph is needed, got a directed edge; type (A + A.T) / 2"
        _refuse(batch, first, gap.row, gap.col, wrong, message)
    return batch


def _csr(matrix: Any) -> Any:
    """CSR of float64 without room to spare; the caller's arrays are not touched."""
    csr = matrix if isinstance(matrix, sp.csr_array) else sp.csr_array(matrix)
    if csr.dtype != np.float64:
        csr = csr.astype(np.float64)
    if len(csr.data) != csr.indptr[-1]:
        csr = csr.copy()
        csr.prune()
    return csr


def _refuse(batch: GraphBatch, first: int, rows: Any, columns: Any, wrong: Any, message: str) -> None:
    found = np.flatnonzero(wrong)
    if found.size:
        row, column = int(rows[found[0]]), int(columns[found[0]])
        graph = int(batch.owner[row])
        origin = int(batch.start[graph])
        raise InputError(
            f"graph {first + graph}: {message} (entry [{row - origin}, {column - origin}]"
            + (f" and {found.size - 1} more)" if found.size > 1 else ")")
        )
