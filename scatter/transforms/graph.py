"""Scattering of signals on graphs, and of graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from scatter.cascade import in_order
from scatter.domains.graph import Graph, read_graphs
from scatter.domains.graphbatch import OPERATORS, GraphBatch, batches, join
from scatter.errors import InputError
from scatter.frames.diffusion import DiffusionFrame
from scatter.frames.kernels import Kernels, diffusion, hann, heat, itersine, meyer, tight_diffusion
from scatter.frames.spectral import ChebyshevFrame, SpectralFrame
from scatter.frames.vertices import ScaleBank, VertexFrame
from scatter.numerics.moments import Regions
from scatter.numerics.namespace import Array, full_precision, namespace
from scatter.paths import PathTree
from scatter.transforms.nodes import Channels, node_signals
from scatter.transforms.plan import Plan
from scatter.transforms.readout import Readout
from scatter.transforms.validation import check_count, check_flag

WAVELETS = ("diffusion", "tight", "hann", "meyer", "itersine", "heat")
METHODS = ("matvec", "chebyshev", "eigen")
MOST_SCALES = 20
"""Of repeated products, whose number doubles with every scale."""


class GraphScattering(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Wavelet scattering on graphs: features that no renumbering of the nodes changes.

    Signals at the nodes are filtered by wavelets of the graph, ``|x * psi_j|``, ``||x * psi_j| * psi_j'|``
    with coarser j', and every map is summed up by its moments over the nodes. Nothing is trained, and
    graphs may be of any size.

    Parameters
    ----------
    J : int, default=5
        Number of scales; the coarsest wavelet sees ``2**J`` steps far.
    wavelets : {'diffusion', 'tight', 'hann', 'meyer', 'itersine', 'heat'}, default='diffusion'
        Differences of powers of a diffusion; their square-root form, which keeps the energy exactly;
        or windows of the eigenvalues, all of them tight. See `scatter.frames.kernels`.
    operator : {'lazy_walk', 'normalized', 'combinatorial'}, default='lazy_walk'
        What diffuses: ``P = (I + A D^-1) / 2``; ``(I + D^-1/2 A D^-1/2) / 2``; or
        ``I - (D - A) / (2 max d)``. Eigenvalues are those of ``2 (I - P)``, in [0, 2].
    method : {'matvec', 'chebyshev', 'eigen'}, optional
        Repeated sparse products (diffusion wavelets only), polynomials of the operator, or all its
        eigenpairs (dense: for graphs of up to a few thousand nodes). None is 'matvec' for
        diffusion wavelets and 'eigen' for all others.
    max_order : int, default=2
        Largest number of wavelets on a path, 0 or more.
    pooling : {'powers', 'moments', 'mean', 'mean_std', 'median', 'max', None} or a tuple, default='powers'
        Sums of the powers 1 .. n_moments of every map; mean, variance, skewness and excess kurtosis; or
        other statistics, see `Scattering2D`; a tuple gives several, and None keeps the nodes.
    n_moments : int, default=4
        Number of powers, or of moments.
    signals : sequence of str, optional
        Signals to compute and add to those that are given: 'degree', 'clustering', 'eccentricity',
        'label' (one-hot, as many channels as `fit` saw labels), or the name of an attribute of the nodes.
    finest : bool, optional
        Whether diffusion wavelets include ``psi_0 = I - P``, without which the finest detail is lost. None
        is as published: False for the lazy walk, True for the symmetric operators.
    average : {False, True, 'global'}, default=False
        The maps themselves; their low-pass; or their mean over each graph.
    log : bool or float, default=False
        Logarithm of the coefficients; see `Scattering2D`. Sums of powers grow with the graph, over orders of
        magnitude: of them, ``sign(s) log(1 + |s| / log)``, True being 1.
    t0 : float, default=1.0
        Diffusion time of the finest 'heat' wavelet; its low-pass is ``exp(-t0 lambda)``.
    degree : int, optional
        Of the polynomials of 'chebyshev'; None is what an error of 1e-9 needs.

    Attributes
    ----------
    channels_ : Channels
        The signals, by name.
    n_features_in_ : int
        Number of channels.

    Notes
    -----
    Features are ordered by channel, path, moment. A graph may be disconnected, or be a single node:
    wavelets then see nothing beyond a component. Weights must be symmetric and not negative.

    The lazy walk is self-adjoint for masses 1/d, so its frame bounds hold for the norm
    ``sum x**2 / d``; those of the other operators for the plain norm.

    References
    ----------
    Gao, Wolf & Hirn, "Geometric scattering for graph data analysis", ICML 2019.
    Gama, Ribeiro & Bruna, "Diffusion scattering transforms on graphs", ICLR 2019.

    Examples
    --------
    >>> import numpy as np
    >>> ring = np.roll(np.eye(6), 1, axis=0) + np.roll(np.eye(6), -1, axis=0)
    >>> line = np.diag(np.ones(3), 1) + np.diag(np.ones(3), -1)
    >>> S = GraphScattering(J=2, signals=("eccentricity",), pooling="moments")
    >>> S.fit_transform([ring, line]).shape
    (2, 16)
    >>> print(S.get_feature_names_out()[-1])
    eccentricity: kurtosis(||x*psi[j=1]|*psi[j=2]|)
    """

    def __init__(
        self,
        J: int = 5,
        wavelets: str = "diffusion",
        operator: str = "lazy_walk",
        method: str | None = None,
        max_order: int = 2,
        pooling: str | tuple[str, ...] | None = "powers",
        n_moments: int = 4,
        signals: Sequence[str] | None = None,
        finest: bool | None = None,
        average: bool | str = False,
        log: bool | float = False,
        t0: float = 1.0,
        degree: int | None = None,
    ) -> None:
        self.J = J
        self.wavelets = wavelets
        self.operator = operator
        self.method = method
        self.max_order = max_order
        self.pooling = pooling
        self.n_moments = n_moments
        self.signals = signals
        self.finest = finest
        self.average = average
        self.log = log
        self.t0 = t0
        self.degree = degree

    # ------------------------------------------------------------------ scikit-learn
    def fit(self, X: Any, y: object = None) -> Self:
        """Check the parameters, and learn the channels: their number, and the labels there are.

        Parameters
        ----------
        X : list of graphs
            See `scatter.domains.graph.read_graphs`: sparse or dense square arrays, networkx graphs,
            ``(edge_index, edge_weight)``, PyTorch Geometric's ``Data`` and ``Batch``, `Graph`, or pairs
            of any of these with signals of shape (nodes,) or (nodes, channels).
        y : ignored

        Returns
        -------
        self
        """
        self._recipe()
        graphs = read_graphs(X, self._names)
        self.channels_ = Channels.learn(graphs, self.signals)
        self.n_features_in_ = len(self.channels_.names)
        return self

    @full_precision
    def transform(self, X: Any) -> Any:
        """Scattering features of every graph.

        Parameters
        ----------
        X : list of graphs
            With the signals that `fit` saw.

        Returns
        -------
        array of shape (n_graphs, n_features), or list of arrays of shape (n_nodes, n_features)
            The latter for ``pooling=None``. Of the type and precision of the given signals; float64
            where all of them are computed.

        Raises
        ------
        InputError
            Naming the graph that is at fault.
        """
        check_is_fitted(self)
        recipe = self._recipe()
        graphs = read_graphs(X, self._names)
        order: list[int] = []
        found: list[Any] = []
        for places, batch, frame in recipe.plans(graphs, len(self.channels_.names)):
            x = node_signals([graphs[place] for place in places], batch, self.channels_, places)
            features = recipe.run(x, batch, frame)
            order += places
            found += features if isinstance(features, list) else [features]
        back = np.argsort(order)
        if recipe.readout.keeps_points:
            return [found[place] for place in back]
        rows = namespace(found[0]).concat(found, axis=0)
        return rows if order == sorted(order) else rows[back, ...]

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Name of every feature: its channel, its moment and its path."""
        check_is_fitted(self)
        recipe = self._recipe()
        names = [name for path in recipe.tree.paths for name in recipe.readout.names(path, None)]
        return np.asarray(
            [f"{channel}: {name}" for channel in self.channels_.names for name in names], dtype=object
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags

    # ------------------------------------------------------------------ parameters
    @property
    def tree(self) -> PathTree:
        """The paths, in the order of the coefficients."""
        return self._recipe().tree

    def meta(self) -> dict[str, Any]:
        """What every path is, as arrays; see `PathTree.meta`."""
        return self.tree.meta()

    def output_size(self, detail: bool = False) -> int | tuple[int, ...]:
        """Number of paths, or of paths of each order with ``detail``."""
        return self.tree.counts if detail else len(self.tree)

    @property
    def _names(self) -> tuple[str, ...]:
        return () if self.signals is None else tuple(self.signals)

    def frame(self, graph: Any) -> VertexFrame:
        """The wavelets on one graph, whose bounds and coefficients may be asked for."""
        ((_, _, frame),) = self._recipe().plans(read_graphs([graph], self._names), channels=1)
        return frame

    def _recipe(self) -> Recipe:
        J = check_count("J", self.J, 1)
        _one_of("wavelets", self.wavelets, WAVELETS)
        _one_of("operator", self.operator, OPERATORS)
        method = self.method or ("matvec" if self.wavelets == "diffusion" else "eigen")
        _one_of("method", method, METHODS)
        if method == "matvec" and self.wavelets != "diffusion":
            raise InputError(
                f"method='matvec' is for wavelets='diffusion', got {self.wavelets!r}; "
                "type method='eigen' or method='chebyshev'"
            )
        if method == "matvec" and J > MOST_SCALES:
            raise InputError(
                f"J={J} takes 2**{J} products with the operator; with method='matvec' J may be at most "
                f"{MOST_SCALES}; type method='eigen', which takes none, or a smaller J"
            )
        if self.finest is not None and self.wavelets != "diffusion":
            raise InputError(f"finest is for wavelets='diffusion', got {self.wavelets!r}; type finest=None")
        if self.degree is not None:
            check_count("degree", self.degree, 1)
        finest = self.operator != "lazy_walk" if self.finest is None else check_flag("finest", self.finest)
        kernels = {
            "diffusion": lambda: diffusion(J, finest),
            "tight": lambda: tight_diffusion(J),
            "heat": lambda: heat(J, self.t0, 2.0),
            "hann": lambda: hann(J, 2.0),
            "meyer": lambda: meyer(J, 2.0),
            "itersine": lambda: itersine(J, 2.0),
        }[self.wavelets]()
        powers = check_count("n_moments", self.n_moments, 1)
        readout = Readout(self.average, self.pooling, self.log, powers=powers)
        tree = PathTree(ScaleBank(kernels), check_count("max_order", self.max_order, 0))
        return Recipe(J, kernels, self.operator, method, tree, readout, self.degree)


def _one_of(name: str, value: object, allowed: tuple[Any, ...]) -> None:
    if value not in allowed:
        raise InputError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")


@dataclass(frozen=True, eq=False)
class Recipe:
    """Everything that follows from the parameters alone."""

    J: int
    kernels: Kernels
    operator: str
    method: str
    tree: PathTree
    readout: Readout
    degree: int | None

    def plans(
        self, graphs: list[Graph], channels: int
    ) -> Iterator[tuple[list[int], GraphBatch, VertexFrame]]:
        """Yield places of some graphs, these graphs as one, and the wavelets on them.

        What is computed of a graph never depends on the others: frames that depend on the spectrum
        of a graph are made for each, or for those whose spectra share a bound.
        """
        if self.method == "eigen":
            for place, graph in enumerate(graphs):
                batch = join([graph], place)
                yield [place], batch, self._eigen(batch)
        elif self.method == "chebyshev" and self.kernels.name in ("heat", "tight"):
            yield from self._by_gap(graphs, channels)
        else:
            first = 0
            for part, batch in batches(graphs, channels):
                yield list(range(first, first + len(part))), batch, self._products(batch)
                first += len(part)

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

    def _by_gap(
        self, graphs: list[Graph], channels: int
    ) -> Iterator[tuple[list[int], GraphBatch, VertexFrame]]:
        """Batches of graphs by the power of four below their spectral gap, which sets the degree."""
        levels: dict[int, list[int]] = {}
        for place, graph in enumerate(graphs):
            gap = join([graph], place).gap(self.operator)
            levels.setdefault(int(np.floor(np.log2(gap * (1 - 1e-9)) / 2)), []).append(place)
        for level, places in levels.items():
            first = 0
            for part, batch in batches([graphs[place] for place in places], channels):
                yield places[first : first + len(part)], batch, self._products(batch, min(4.0**level, 1.0))
                first += len(part)

    def run(self, x: Array, batch: GraphBatch, frame: VertexFrame) -> Any:
        """Features of every graph of a batch, from its signals (channels, nodes).

        An array with a row a graph; for nodes that are kept, a list of arrays (nodes, features).
        """
        regions = Regions(batch.owner)
        readout = replace(self.readout, regions=lambda resolution: regions)
        found = Plan(frame, self.tree, readout).run(x)
        xp = namespace(x)
        if readout.keeps_points:
            maps = in_order(found, axis=-2)  # (channels, paths, nodes)
            columns = xp.reshape(maps, (-1, maps.shape[-1])).T
            return [columns[a:b] for a, b in pairwise(batch.start)]
        kept = len(readout.trailing(frame, 0))
        rows = in_order(found, axis=-2 - kept)  # (channels, paths, graphs, *kept)
        return xp.reshape(xp.moveaxis(rows, 2, 0), (rows.shape[2], -1))
