"""Graphs from files: sparse matrices, and the text formats of networkx. No pickles, no entities of XML."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import scipy.sparse as sp

from scatter.domains.graph import Graph, read_graphs
from scatter.domains.graphbatch import join
from scatter.errors import FileError, InputError, missing_extra
from scatter.io.arrays import open_npz
from scatter.io.edgelists import read_adjacency_list, read_edge_list
from scatter.io.files import reason, regular_file
from scatter.io.matrixmarket import Header, read_matrix_market

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_NODES = 2**24
"""A matrix of few entries may claim any number of rows, and each takes memory."""

FREE_NODES = 2**20
"""Nodes that any file may declare; more of them need a byte of the file each, as in every real graph."""

MAX_BYTES = 2**30
"""Of the arrays of a matrix, or of its text."""

MAX_TEXT = 2**26
"""Bytes of a file for networkx, whose objects take some fifty times the memory."""


def read_graph(path: str | os.PathLike[str]) -> Graph:
    r"""Read one undirected graph.

    Parameters
    ----------
    path : str or path-like
        A sparse matrix of the weights, ``.npz`` of ``scipy.sparse.save_npz`` or ``.mtx``; a list of edges or
        of neighbours, ``.edgelist`` or ``.adjlist``, as networkx writes them or with commas; or a graph that
        networkx reads: ``.graphml``, ``.gexf`` or ``.gml``.

    Returns
    -------
    Graph
        Of networkx formats with the attributes that are one number at every node; the one named ``label``,
        if integer, is ``labels``. The weight of an edge is its attribute ``weight``, or 1. Nodes are in the
        order in which the file names them.

    Raises
    ------
    FileError
        If the file is missing, empty, damaged, too large or not of these formats, if it declares entities
        of XML, or if the graph is directed, has no node, loops, or weights that are negative or not finite;
        of lists, the message names the line.
    MissingExtraError
        If networkx is needed and not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "path.edgelist")
    ...     _ = file.write_text("a b\nb c\n")
    ...     len(read_graph(file))
    3
    """
    file = regular_file(path)
    read = _READERS.get(file.suffix.lower())
    if read is None:
        raise FileError(f"{file}: is not of a known format of graphs, which are {', '.join(_READERS)}")
    try:
        graph = read(file)
        join([graph])
    except InputError as error:
        raise FileError(f"{file}: {str(error).removeprefix('graph 0: ')}") from error
    return graph


def _matrix_npz(file: Path) -> Graph:
    with open_npz(file) as members:
        held = set(members.names)
        missing = {"format", "shape", "data"} - held
        if missing:
            raise FileError(
                f"{file}: holds no sparse matrix ({min(missing)} is missing); "
                "write it with scipy.sparse.save_npz(file, adjacency)"
            )
        kind = members.read("format", 64).item()
        kind = kind.decode("ascii") if isinstance(kind, bytes) else str(kind)
        names = _PARTS.get(kind)
        if names is None or not held.issuperset(names):
            raise FileError(
                f"{file}: holds a sparse matrix of format {kind!r} that is not whole; it must be one of "
                f"{', '.join(_PARTS)} as written by scipy.sparse.save_npz"
            )
        shape = tuple(int(n) for n in members.read("shape", 1024).ravel())
        _check_shape(file, shape)
        return Graph(_assemble(kind, shape, *(members.read(name, MAX_BYTES) for name in names)))


def _assemble(kind: str, shape: tuple[int, ...], data: Any, *places: Any) -> Any:
    if data.dtype.kind not in "buif":
        raise InputError(f"weights must be real numbers, got {data.dtype}")
    if any(place.dtype.kind not in "iu" for place in places):
        raise InputError("the places of a sparse matrix must be integers")
    if kind == "coo":
        return sp.csr_array((data, places), shape=shape)
    if kind == "dia":
        return sp.csr_array(sp.dia_array((data, *places), shape=shape))
    matrix = {"csr": sp.csr_array, "csc": sp.csc_array, "bsr": sp.bsr_array}[kind](
        (data, *places), shape=shape
    )
    # Products with indices out of range would read beyond the arrays.
    matrix.check_format(full_check=True)
    return sp.csr_array(matrix)


_PARTS = {
    "csr": ("data", "indices", "indptr"),
    "csc": ("data", "indices", "indptr"),
    "bsr": ("data", "indices", "indptr"),
    "coo": ("data", "row", "col"),
    "dia": ("data", "offsets"),
}


def _check_shape(file: Path, shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise FileError(f"{file}: an adjacency matrix must be square, got shape {shape}")
    if shape[0] > MAX_NODES:
        raise FileError(f"{file}: the graph has {shape[0]} nodes; at most {MAX_NODES} are allowed")
    if shape[0] > max(FREE_NODES, size := file.stat().st_size):
        raise FileError(
            f"{file}: declares {shape[0]} nodes in a file of {size} bytes, so that most have no edge; "
            "leave nodes without an edge out"
        )


def _check_bytes(file: Path, most: int) -> None:
    size = file.stat().st_size
    if size > most:
        raise FileError(
            f"{file}: has {size} bytes; at most {most} are read of {file.suffix}; "
            "type scipy.sparse.save_npz(file, adjacency) to write a smaller one"
        )


def _matrix_market(file: Path) -> Graph:
    _check_bytes(file, MAX_BYTES)

    def check(header: Header) -> None:
        _check_shape(file, (header.rows, header.columns))
        # No entry takes less than "1 1" and the end of its line, no number of a dense one less than "0".
        least = 4 if header.coordinate else 1
        size = file.stat().st_size
        if header.entries * least > size:
            raise FileError(
                f"{file}: is truncated or damaged: {header.entries} entries don't fit in {size} bytes"
            )

    try:
        with open(file, "rb") as stream:
            return Graph(read_matrix_market(stream, check))
    except FileError:
        raise
    except Exception as error:
        raise FileError(f"{file}: can't be read as a Matrix Market file: {reason(error)}") from error


def _networkx(
    read: Callable[[Any, str], Any], *, xml: bool = False, named: bool = False
) -> Callable[[Path], Graph]:
    """Make a reader of a text format; ``named`` ones hold the name of a node as its label, not a class."""

    def load(file: Path) -> Graph:
        try:
            import networkx
        except ImportError as error:
            raise missing_extra("networkx", "graph", f"reading {file.suffix} files") from error
        _check_bytes(file, MAX_TEXT)
        if xml:
            _refuse_entities(file)
        try:
            found = read(networkx, str(file))
            for _, data in found.nodes(data=True):
                if named:
                    data.pop("label", None)
            return _keep_numbers(found)
        except InputError:
            raise
        except Exception as error:
            # Damaged text reaches parsers of XML and of Python literals, KeyError and RecursionError too.
            raise FileError(f"{file}: can't be read as {file.suffix}: {reason(error)}") from error

    return load


def _keep_numbers(found: Any) -> Graph:
    names = sorted({name for _, data in found.nodes(data=True) for name in data})
    (graph,) = read_graphs([found], names)
    kept = {
        name: values
        for name, values in graph.attributes.items()
        if values.dtype.kind in "buif" and values.ndim == 1
    }
    labels = graph.labels if graph.labels is not None and graph.labels.dtype.kind in "iu" else None
    return Graph(graph.adjacency, None, labels, kept)


def _lists(read: Callable[[Path], Graph]) -> Callable[[Path], Graph]:
    """Make a reader of lists in text."""

    def load(file: Path) -> Graph:
        _check_bytes(file, MAX_TEXT)
        try:
            return read(file)
        except (OSError, ValueError) as error:  # not UTF-8
            if isinstance(error, FileError):
                raise
            raise FileError(f"{file}: can't be read as {file.suffix}: {reason(error)}") from error

    return load


def _refuse_entities(file: Path) -> None:
    """Stop at a document type: a few lines of entities can fill the memory."""
    from xml.parsers import expat

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _found_doctype
    try:
        with open(file, "rb") as stream:
            parser.ParseFile(stream)
    except _DoctypeError:
        raise FileError(
            f"{file}: declares a document type (<!DOCTYPE ...>), which may hide entities; delete it"
        ) from None
    except (expat.ExpatError, OSError, ValueError, LookupError) as error:
        raise FileError(f"{file}: can't be read as XML: {reason(error)}") from error


class _DoctypeError(Exception):
    """Of XML that declares one."""


def _found_doctype(*_: object) -> None:
    raise _DoctypeError


_READERS: dict[str, Callable[[Path], Graph]] = {
    ".npz": _matrix_npz,
    ".mtx": _matrix_market,
    ".graphml": _networkx(lambda networkx, name: networkx.read_graphml(name), xml=True),
    ".gexf": _networkx(lambda networkx, name: networkx.read_gexf(name), xml=True, named=True),
    ".gml": _networkx(lambda networkx, name: networkx.read_gml(name, label="id"), named=True),
    ".edgelist": _lists(read_edge_list),
    ".adjlist": _lists(read_adjacency_list),
}
