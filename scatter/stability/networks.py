"""What happens to graphs: edges come and go, and weights are not quite what they were."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from scatter.domains.graph import Graph, read_graphs
from scatter.stability.base import check_strength

Edges = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


class OfEdges(ABC):
    """A deformation of graphs that changes their edges."""

    name: ClassVar[str]
    unit: ClassVar[str] = "share of the edges"
    strengths: ClassVar[tuple[float, ...]] = (0.02, 0.05, 0.1, 0.2)
    most: ClassVar[float] = math.inf

    @abstractmethod
    def changed(self, edges: Edges, n: int, strength: float, rng: np.random.Generator) -> Edges:
        """Other edges, as (lower node, higher node, weight), of a graph of n nodes."""

    def __call__(self, x: Sequence[Any], strength: float, rng: np.random.Generator) -> list[Graph]:
        """Graphs with other edges; what is known at their nodes stays."""
        strength = check_strength(self, strength)
        return [self._graph(graph, strength, rng) for graph in read_graphs(x)]

    def _graph(self, graph: Graph, strength: float, rng: np.random.Generator) -> Graph:
        half = sp.triu(sp.coo_array(graph.adjacency), 1).tocoo()
        low, high = (np.asarray(part, np.int64) for part in half.coords)
        edges = (low, high, np.asarray(half.data, np.float64))
        low, high, weights = self.changed(edges, len(graph), strength, rng)
        upper = sp.coo_array((weights, (low, high)), shape=graph.adjacency.shape)
        return replace(graph, adjacency=sp.csr_array(upper + upper.T))


@dataclass(frozen=True)
class DroppedEdges(OfEdges):
    """Some edges are taken away, by chance."""

    name: ClassVar[str] = "dropped edges"
    most: ClassVar[float] = 1.0

    def changed(self, edges: Edges, n: int, strength: float, rng: np.random.Generator) -> Edges:
        """Those that are left."""
        low, high, weights = edges
        kept = np.sort(rng.permutation(len(low))[round(strength * len(low)) :])
        return low[kept], high[kept], weights[kept]


@dataclass(frozen=True)
class AddedEdges(OfEdges):
    """Edges appear between nodes that had none, by chance, with weights of others, while there is room."""

    name: ClassVar[str] = "added edges"

    def changed(self, edges: Edges, n: int, strength: float, rng: np.random.Generator) -> Edges:
        """Those and the new ones."""
        low, high, weights = edges
        wanted = min(round(strength * len(low)), n * (n - 1) // 2 - len(low))
        there = set((low * n + high).tolist())
        new: list[int] = []
        while len(new) < wanted:  # a graph of many edges has few free places, each found after a while
            a, b = np.sort(rng.integers(n, size=(2, 2 * wanted + 8)), axis=0)
            for key in (a * n + b)[a < b].tolist():
                if key not in there and len(new) < wanted:
                    there.add(key)
                    new.append(key)
        keys = np.asarray(new, np.int64)
        drawn = rng.choice(weights, wanted) if wanted else np.zeros(0)
        return (
            np.concatenate([low, keys // n]),
            np.concatenate([high, keys % n]),
            np.concatenate([weights, drawn]),
        )


@dataclass(frozen=True)
class WeightNoise(OfEdges):
    """Every weight is multiplied by ``exp(strength g)`` with g standard normal."""

    name: ClassVar[str] = "noise of weights"
    unit: ClassVar[str] = "deviation of the logarithm"
    strengths: ClassVar[tuple[float, ...]] = (0.05, 0.1, 0.2, 0.4)

    def changed(self, edges: Edges, n: int, strength: float, rng: np.random.Generator) -> Edges:
        """The same edges of other weights."""
        low, high, weights = edges
        return low, high, weights * np.exp(strength * rng.standard_normal(len(weights)))


__all__ = ["AddedEdges", "DroppedEdges", "OfEdges", "WeightNoise"]
