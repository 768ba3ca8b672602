"""Frames of wavelets on graphs: which one a choice of wavelets, operator and method makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scatter.domains.graph import Graph
from scatter.domains.graphbatch import GraphBatch, batches, join
from scatter.frames.diffusion import DiffusionFrame
from scatter.frames.kernels import Kernels
from scatter.frames.spectral import ChebyshevFrame, SpectralFrame
from scatter.frames.vertices import VertexFrame

METHODS = ("matvec", "chebyshev", "eigen")


@dataclass(frozen=True, eq=False)
class Joined:
    """Graphs that are filtered at once.

    Attributes
    ----------
    batch : GraphBatch
        The graphs as one.
    gap : float, optional
        Lower bound of the eigenvalues of all of them that are not zero, where polynomials depend on it.
    """

    batch: GraphBatch
    gap: float | None = None


@dataclass(frozen=True, eq=False)
class GraphFrames:
    """How frames on graphs are made.

    Parameters
    ----------
    kernels : Kernels
        The wavelets as functions of an eigenvalue.
    J : int
        Scales.
    operator : str
        What diffuses; see `GraphBatch.diffusion`.
    method : {'matvec', 'chebyshev', 'eigen'}
        Products with the operator, polynomials of it, or its eigenpairs.
    degree : int, optional
        Of the polynomials.
    """

    kernels: Kernels
    J: int
    operator: str
    method: str
    degree: int | None = None

    def join(self, graphs: list[Graph], channels: int = 1) -> Iterator[tuple[list[int], Joined]]:
        """Yield places of some graphs, and these graphs as one.

        What is computed of a graph never depends on the others: frames that depend on the spectrum
        of a graph are made for each, or for those whose spectra share a bound.
        """
        if self.method == "eigen":
            for place, graph in enumerate(graphs):
                yield [place], Joined(join([graph], place))
        elif self.method == "chebyshev" and self.kernels.name in ("heat", "tight"):
            yield from self._by_gap(graphs, channels)
        else:
            first = 0
            for part, batch in batches(graphs, channels):
                yield list(range(first, first + len(part))), Joined(batch)
                first += len(part)

    def on(self, joined: Joined) -> VertexFrame:
        """The wavelets on some graphs."""
        return (
            self._eigen(joined.batch) if self.method == "eigen" else self._products(joined.batch, joined.gap)
        )

    def _eigen(self, batch: GraphBatch) -> SpectralFrame:
        matrix, mass = batch.diffusion(self.operator)
        root = np.sqrt(mass)
        symmetric = root[:, None] * matrix.toarray() / root
        t, vectors = np.linalg.eigh((symmetric + symmetric.T) / 2)
        lam = np.clip(2 * (1 - t[::-1]), 0, 2)
        # The null space is known; rounding of 1e-16 there would be 1e-8 in the square root of a kernel.
        lam[lam < 1e-13] = 0
        return SpectralFrame(lam, vectors[:, ::-1] / root[:, None], self.kernels, mass)

    def _products(self, batch: GraphBatch, gap: float | None = None) -> VertexFrame:
        if self.method == "matvec":
            operator, mass = batch.operator(self.operator)
            return DiffusionFrame(operator, self.J, self.kernels.first == 0, mass)
        matrix, mass = batch.diffusion(self.operator)
        laplacian = -2 * matrix
        laplacian.setdiag(2 - 2 * matrix.diagonal())
        if gap is None:
            return ChebyshevFrame(laplacian, 2.0, self.kernels, self.degree, mass)
        null = batch.null_space(mass, self.operator)
        low = (np.zeros(null.shape[1]), null)
        return ChebyshevFrame(laplacian, 2.0, self.kernels, self.degree, mass, low, gap)

    def _by_gap(self, graphs: list[Graph], channels: int) -> Iterator[tuple[list[int], Joined]]:
        """Graphs by the power of four below their spectral gap, which sets the degree."""
        levels: dict[int, list[int]] = {}
        for place, graph in enumerate(graphs):
            gap = join([graph], place).gap(self.operator)
            levels.setdefault(int(np.floor(np.log2(gap * (1 - 1e-9)) / 2)), []).append(place)
        for level, places in levels.items():
            first = 0
            for part, batch in batches([graphs[place] for place in places], channels):
                yield places[first : first + len(part)], Joined(batch, min(4.0**level, 1.0))
                first += len(part)
