"""Scattering of signals on graphs, and of graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scatter.domains.graph import Graph, read_graphs
from scatter.domains.graphbatch import OPERATORS
from scatter.domains.nodes import Channels, node_signals
from scatter.errors import InputError
from scatter.frames.graph import METHODS, GraphFrames, Joined
from scatter.frames.kernels import diffusion, hann, heat, itersine, meyer, tight_diffusion
from scatter.frames.vertices import ScaleBank
from scatter.numerics.moments import Alone, Points, Regions
from scatter.numerics.namespace import Array, is_complex
from scatter.paths import PathTree
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.geometries import Geometries
from scatter.transforms.intake import Intake, Learnt, Part, Planner
from scatter.transforms.plan import Plan
from scatter.transforms.readout import Readout
from scatter.transforms.validation import check_count, check_flag

WAVELETS = ("diffusion", "tight", "hann", "meyer", "itersine", "heat")
MOST_SCALES = 20
"""Of repeated products, whose number doubles with every scale."""


@dataclass(frozen=True, eq=False)
class Graphs(Geometries):
    """An intake of signals on one graph, or of graphs with signals each.

    Parameters
    ----------
    frames : GraphFrames
        Says which graphs are filtered at once.
    tree : PathTree
        The paths, which all graphs share.
    names : sequence of str, optional
        Signals to compute, or attributes to read.
    """

    frames: GraphFrames
    tree: PathTree
    names: Any = None

    word: ClassVar[str] = "graph"

    def read(self, given: Any) -> Graph:
        """The graph that a user means."""
        if self.names is not None:
            raise InputError(
                f"signals={self.names!r} are of samples that are graphs, and graph=... has signals for "
                "samples; type signals=None"
            )
        graphs = read_graphs([given])
        if len(graphs) != 1:
            raise InputError(f"graph must be one graph, got {len(graphs)}")
        return graphs[0]

    def signals(self, x: Any, geometry: Graph) -> Array:
        """Checked real signals with the nodes last."""
        x = super().signals(x, geometry)
        if is_complex(x):
            raise InputError("signals must be real, got complex ones; type x.real and x.imag as two channels")
        return x

    def moved(self, geometry: Graph, order: NDArray[np.int64], rng: np.random.Generator) -> Graph:
        """The graph with its nodes in another order."""
        return replace(geometry, adjacency=geometry.adjacency[order][:, order])

    def learn_each(self, X: Any) -> Learnt:
        """The channels: their number, and the labels there are."""
        channels = Channels.learn(read_graphs(X, tuple(self.names or ())), self.names)
        return Learnt(None, tuple(channels.names), {"channels_": channels.names}, channels)

    def each(self, X: Any, learnt: Learnt, planner: Planner) -> Iterator[Part]:
        """Graphs, as many at once as are filtered at once."""
        channels: Channels = learnt.detail
        graphs = read_graphs(X, channels.added)
        for places, joined in self.frames.join(graphs, len(channels.names)):
            x = node_signals([graphs[place] for place in places], joined.batch, channels, places)
            yield Part(planner(joined), x, places)


class GraphScattering(ScatteringTransformer):
    """Wavelet scattering on graphs: features that no renumbering of the nodes changes.

    Signals at the nodes are filtered by wavelets of the graph, ``|x * psi_j|``, ``||x * psi_j| * psi_j'|``
    with coarser j', and every map is summed up by its moments over the nodes. Nothing is trained, and
    graphs may be of any size.

    Parameters
    ----------
    J : int, default=5
        Number of scales; the coarsest wavelet sees ``2**J`` steps far.
    graph : graph, optional
        The one graph that signals (..., nodes) live on, such as a road network or a grid of sensors. None
        is for samples that are graphs.
    wavelet : {'diffusion', 'tight', 'hann', 'meyer', 'itersine', 'heat'}, default='diffusion'
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
    ratios : bool or float, default=False
        Divide coefficients of order 2 and above by those of the path without its last wavelet, plus this
        number, True being 1e-6, before the logarithm; with ``average=True``, or
        ``pooling='mean'``.
    t0 : float, default=1.0
        Diffusion time of the finest 'heat' wavelet; its low-pass is ``exp(-t0 lambda)``.
    degree : int, optional
        Of the polynomials of 'chebyshev'; None is what an error of 1e-9 needs.
    out_type : {'array', 'list', 'dict'}, default='array'
        What a call returns; see `Scattering2D`.

    Attributes
    ----------
    channels_ : list of str
        Names of the signals.

    Notes
    -----
    Samples are graphs in a list: see `scatter.domains.graph.read_graphs` for sparse or dense square arrays,
    networkx graphs, ``(edge_index, edge_weight)``, PyTorch Geometric's ``Data`` and ``Batch``, `Graph`, or
    pairs of any of these with signals of shape (nodes,) or (nodes, channels). `transform` gives a row for
    each, or with ``pooling=None`` a list of arrays (nodes, features). With ``graph=`` samples are arrays of
    signals.

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
    >>> GraphScattering(J=2, graph=ring)(np.eye(6)).shape  # of signals on one graph
    (6, 4, 4)
    """

    def __init__(
        self,
        J: int = 5,
        graph: Any = None,
        *,
        wavelet: str = "diffusion",
        operator: str = "lazy_walk",
        method: str | None = None,
        max_order: int = 2,
        pooling: str | tuple[str, ...] | None = "powers",
        n_moments: int = 4,
        signals: Sequence[str] | None = None,
        finest: bool | None = None,
        average: bool | str = False,
        log: bool | float = False,
        ratios: bool | float = False,
        t0: float = 1.0,
        degree: int | None = None,
        out_type: str = "array",
    ) -> None:
        self.J = J
        self.graph = graph
        self.wavelet = wavelet
        self.operator = operator
        self.method = method
        self.max_order = max_order
        self.pooling = pooling
        self.n_moments = n_moments
        self.signals = signals
        self.finest = finest
        self.average = average
        self.log = log
        self.ratios = ratios
        self.t0 = t0
        self.degree = degree
        self.out_type = out_type

    def _make_intake(self) -> Intake:
        frames = self._frames()
        tree = PathTree(ScaleBank(frames.kernels), check_count("max_order", self.max_order, 0))
        return Graphs(type(self).__name__, self.graph, frames, tree, self.signals)

    def _make_plan(self, geometry: Graph | Joined | None) -> Plan:
        intake = self._intake
        assert isinstance(intake, Graphs)
        frames = intake.frames
        powers = check_count("n_moments", self.n_moments, 1)
        points: Points | None = None
        if isinstance(geometry, Joined):
            points = Regions(geometry.batch.owner)
        elif geometry is not None:
            ((_, geometry),) = frames.join([geometry])
            points = Alone(len(geometry.batch.owner))
        frame = None if geometry is None else frames.on(geometry)
        over = None if points is None else lambda resolution: points
        return Plan(
            frame, intake.tree, Readout(self.average, self.pooling, self.log, over, powers, self.ratios)
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Nodes of the graph: (n,)."""
        return self.frame.shape

    def _frames(self) -> GraphFrames:
        J = check_count("J", self.J, 1)
        _one_of("wavelet", self.wavelet, WAVELETS)
        _one_of("operator", self.operator, OPERATORS)
        method = self.method or ("matvec" if self.wavelet == "diffusion" else "eigen")
        _one_of("method", method, METHODS)
        if method == "matvec" and self.wavelet != "diffusion":
            raise InputError(
                f"method='matvec' is for wavelet='diffusion', got {self.wavelet!r}; "
                "type method='eigen' or method='chebyshev'"
            )
        if method == "matvec" and J > MOST_SCALES:
            raise InputError(
                f"J={J} takes 2**{J} products with the operator; with method='matvec' J may be at most "
                f"{MOST_SCALES}; type method='eigen', which takes none, or a smaller J"
            )
        if self.finest is not None and self.wavelet != "diffusion":
            raise InputError(f"finest is for wavelet='diffusion', got {self.wavelet!r}; type finest=None")
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
        }[self.wavelet]()
        return GraphFrames(kernels, J, self.operator, method, self.degree)


def _one_of(name: str, value: object, allowed: tuple[Any, ...]) -> None:
    if value not in allowed:
        raise InputError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
