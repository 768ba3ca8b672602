"""Signals at the nodes of graphs: given, named, or computed, as channels that every graph has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from array_api_compat import array_namespace

from scatter.domains.graph import Graph
from scatter.domains.graphbatch import COMPUTED, GraphBatch
from scatter.errors import InputError
from scatter.numerics.namespace import Array, Constant, floating, is_complex, namespace
from scatter.numerics.plain import plain, plain_numpy


@dataclass(frozen=True)
class Channels:
    """Which signals a graph has: a number of given ones, then named and computed ones.

    Attributes
    ----------
    given : int
        Channels of the array that comes with each graph.
    added : tuple of str
        Names of computed signals and of attributes; 'label' stands for one channel a label.
    labels : tuple of int
        The labels there are, in ascending order.
    """

    given: int
    added: tuple[str, ...]
    labels: tuple[int, ...]

    @classmethod
    def learn(cls, graphs: Sequence[Graph], signals: Any) -> Self:
        """Channels of some graphs, for a parameter ``signals``."""
        if isinstance(signals, str) or not all(isinstance(name, str) for name in signals or ()):
            raise InputError(
                f"signals must be a sequence of names, got {signals!r}; type signals=('degree',)"
            )
        added = tuple(signals or ())
        given = channel_count(graphs[0], 0)
        if given == 0 and not added:
            raise InputError(
                "the graphs have no signals; type signals=('degree', 'clustering', 'eccentricity') to "
                "compute some, or hand in pairs (graph, signals)"
            )
        labels: set[int] = set()
        if "label" in added:
            for place, graph in enumerate(graphs):
                labels.update(np.unique(_labels(graph, place)).tolist())
        return cls(given, added, tuple(sorted(labels)))

    @property
    def names(self) -> list[str]:
        """Every channel by name."""
        names = [f"x{k}" for k in range(self.given)]
        for name in self.added:
            names += [f"label={label}" for label in self.labels] if name == "label" else [name]
        return names


def channel_count(graph: Graph, place: int) -> int:
    """Channels of the given signals of a graph; 0 where there are none."""
    if graph.signals is None:
        return 0
    shape = tuple(getattr(graph.signals, "shape", None) or np.shape(graph.signals))
    if len(shape) not in (1, 2) or shape[0] != len(graph):
        raise InputError(
            f"graph {place}: signals must be of shape ({len(graph)},) or ({len(graph)}, channels), one row a "
            f"node, got shape {shape}" + ("; type signals.T" if shape[1:] == (len(graph),) else "")
        )
    return shape[1] if len(shape) == 2 else 1


def node_signals(
    graphs: Sequence[Graph], batch: GraphBatch, channels: Channels, places: Sequence[int]
) -> Array:
    """Signals (channels, nodes) of the graphs of a batch, in one floating type.

    Parameters
    ----------
    graphs, batch
        Some graphs, and the same joined.
    channels : Channels
        What there must be.
    places : sequence of int
        What the graphs are called in errors.
    """
    rows: list[Array] = []
    if channels.given:
        rows.append(_given(graphs, channels.given, places))
    else:
        for graph, place in zip(graphs, places, strict=True):
            if channel_count(graph, place):
                raise InputError(f"graph {place}: signals were given, but fit saw none; fit again with them")
    like = rows[0] if rows else np.zeros(0)
    for name in channels.added:
        rows.append(Constant(_added(name, graphs, batch, channels, places)).like(like))
    return rows[0] if len(rows) == 1 else namespace(like).concat(rows, axis=0)


def _given(graphs: Sequence[Graph], count: int, places: Sequence[int]) -> Array:
    parts: list[Array] = []
    for graph, place in zip(graphs, places, strict=True):
        found = channel_count(graph, place)
        if found != count:
            raise InputError(f"graph {place}: {count} signals a node as in fit are needed, got {found}")
        x = plain(graph.signals, f"graph {place}: signals")
        parts.append(x if x.ndim == 2 else x[:, None])
    try:
        x = floating(array_namespace(*parts).concat(parts, axis=0) if len(parts) > 1 else parts[0])
    except TypeError as error:
        raise InputError(f"signals must be arrays of numbers, and of one library: {error}") from None
    if is_complex(x):
        raise InputError("signals must be real, got complex ones; type x.real and x.imag as two channels")
    if isinstance(x, np.ndarray) and not np.isfinite(x).all():
        owner = np.repeat(places, [len(graph) for graph in graphs])
        bad = np.flatnonzero(~np.isfinite(x).all(axis=1))[0]
        raise InputError(
            f"graph {owner[bad]}: signals contain NaN or infinity; replace them first, for example with "
            "np.nan_to_num(x)"
        )
    return x.T


def _added(
    name: str, graphs: Sequence[Graph], batch: GraphBatch, channels: Channels, places: Sequence[int]
) -> Any:
    """Signals of one name as a NumPy array (channels, nodes)."""
    if name in COMPUTED:
        return getattr(batch, name)[None]
    if name == "label":
        found = np.concatenate([_labels(*pair) for pair in zip(graphs, places, strict=True)])
        return (np.asarray(channels.labels)[:, None] == found).astype(np.float64)
    for graph, place in zip(graphs, places, strict=True):
        values = graph.attributes.get(name)
        if values is None or plain_numpy(values, name).shape != (len(graph),):
            raise InputError(
                f"graph {place}: there is no number {name!r} at every node; signals may be 'degree', "
                "'clustering', 'eccentricity', 'label', or the name of an attribute of the nodes"
            )
    values = np.concatenate([plain_numpy(graph.attributes[name], name) for graph in graphs]).astype(
        np.float64
    )
    if not np.isfinite(values).all():
        raise InputError(f"the attribute {name!r} contains NaN or infinity; replace them first")
    return values[None]


def _labels(graph: Graph, place: int) -> Any:
    labels = None if graph.labels is None else plain_numpy(graph.labels, "labels")
    if labels is None or labels.shape != (len(graph),) or labels.dtype.kind not in "iu":
        got = "none" if labels is None else f"{labels.dtype} of shape {labels.shape}"
        raise InputError(
            f"graph {place}: signals=('label',) needs {len(graph)} integer labels, got {got}; "
            "type Graph(adjacency, labels=labels)"
        )
    return labels
