"""Readers of published data sets."""

from __future__ import annotations

import gzip
from os import PathLike, fspath

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from scatter.domains.graph import Graph
from scatter.errors import FileError


def read_graph_dataset(path: str | PathLike[str]) -> tuple[list[Graph], NDArray[np.int64]]:
    r"""Graphs and their classes from the text format of the DGCNN repository.

    The first line has the number of graphs. Each graph begins with a line ``nodes class``, and has one
    line a node: ``label neighbours i j k ... [attributes]``. Edges are taken without direction.

    Parameters
    ----------
    path : str or path
        A text file, or one compressed by gzip whose name ends in ``.gz``.

    Returns
    -------
    graphs : list of Graph
        With ``labels``, and with ``signals`` where the nodes have attributes.
    classes : ndarray of int
        Of every graph.

    Raises
    ------
    FileError
        If the file can't be read or is not of this format; the message has the line.

    References
    ----------
    Zhang, Cui, Neumann & Chen, "An end-to-end deep learning architecture for graph classification",
    AAAI 2018; https://github.com/muhanzhang/DGCNN.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "two.txt"
    >>> _ = file.write_text("1\n2 7\n0 1 1\n3 1 0\n")
    >>> graphs, classes = read_graph_dataset(file)
    >>> graphs[0].adjacency.toarray(), graphs[0].labels, classes
    (array([[0., 1.],
           [1., 0.]]), array([0, 3]), array([7]))
    """
    name = fspath(path)
    try:
        with gzip.open(name, "rt") if name.endswith(".gz") else open(name) as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{name} can't be read: {error}") from error
    graphs, classes, line = [], [], 1
    try:
        for _ in range(int(lines[0])):
            n, kind = map(int, lines[line].split()[:2])
            graphs.append(_graph(lines[line + 1 : line + 1 + n], n))
            classes.append(kind)
            line += 1 + n
    except (ValueError, IndexError) as error:
        raise FileError(
            f"{name} is not in DGCNN's text format: graph {len(graphs)}, which begins at line {line + 1}: "
            f"{error}"
        ) from error
    return graphs, np.asarray(classes)


def _graph(lines: list[str], n: int) -> Graph:
    if len(lines) < n:
        raise ValueError(f"{n} nodes are announced, the file has {len(lines)} more lines")
    labels, rows, columns, attributes = [], [], [], []
    for place, line in enumerate(lines):
        words = line.split()
        count = int(words[1])
        labels.append(int(words[0]))
        neighbours = [int(word) for word in words[2 : 2 + count]]
        if len(neighbours) < count or any(not 0 <= k < n for k in neighbours):
            raise ValueError(f"node {place} needs {count} neighbours in 0 .. {n - 1}, got {neighbours}")
        rows += [place] * count
        columns += neighbours
        attributes.append([float(word) for word in words[2 + count :]])
    places = np.asarray([rows, columns], dtype=np.int64)
    places = places[:, places[0] != places[1]]
    one_way = sp.csr_array((np.ones(places.shape[1]), tuple(places)), shape=(n, n))
    adjacency = one_way + one_way.T
    adjacency.data[:] = 1
    return Graph(adjacency, np.asarray(attributes) if n and attributes[0] else None, np.asarray(labels))
