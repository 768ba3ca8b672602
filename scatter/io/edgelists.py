"""Edge and adjacency lists: one edge, or one node and its neighbours, a line. Every line is read whole."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scatter.domains.graph import Graph
from scatter.errors import FileError

if TYPE_CHECKING:
    from pathlib import Path

_HEADERS = frozenset({("source", "target"), ("from", "to"), ("src", "dst"), ("node1", "node2")})
"""First lines of tables of edges, in small letters, which name columns and no nodes."""


class _Line(NamedTuple):
    number: int
    words: Sequence[str]
    rest: str
    """What follows the second word."""


class _Edges:
    """Edges and nodes in the order in which a file names them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._nodes: dict[str, int] = {}
        self._weights: dict[tuple[int, int], tuple[float, int]] = {}

    def node(self, name: str) -> int:
        """Number of a node, which is new or not."""
        return self._nodes.setdefault(name, len(self._nodes))

    def edge(self, line: int, first: str, second: str, weight: float = 1.0) -> None:
        """Add an edge; the same one may be there before, with the same weight."""
        ends = self.node(first), self.node(second)
        known = self._weights.setdefault((min(ends), max(ends)), (weight, line))
        if known[0] != weight:
            raise FileError(
                f"{self._file}: line {line}: the edge between {first!r} and {second!r} has the weight "
                f"{weight:g}, but in line {known[1]} it has {known[0]:g}; keep one of them, or their sum"
            )

    def graph(self) -> Graph:
        """The undirected graph."""
        if not self._nodes:
            raise FileError(f"{self._file}: names no node")
        count = len(self._weights)
        ends = np.fromiter(self._weights, np.dtype((np.int64, 2)), count).reshape(count, 2)
        weights = np.fromiter((weight for weight, _ in self._weights.values()), np.float64, count)
        return Graph.from_edges(ends.T, weights, len(self._nodes))


def read_edge_list(file: Path) -> Graph:
    """Read lines of two nodes, and a weight or a dictionary of attributes behind them, or of a node alone.

    Parameters
    ----------
    file : Path
        Text in UTF-8. Words are separated by spaces or tabs, or by commas if the first line is. A line that
        begins with # or %, and what follows a # at the beginning of a word, is a comment. A first line such
        as "source,target" names columns.

    Returns
    -------
    Graph
        Undirected; an edge that is named both ways is one edge.

    Raises
    ------
    FileError
        Naming the line that is anything else, or gives an edge another weight than before.
    """
    edges = _Edges(file)
    for number, words, rest in _lines(file):
        if len(words) == 1:
            edges.node(words[0])
        else:
            edges.edge(number, words[0], words[1], _weight(file, number, rest))
    return edges.graph()


def read_adjacency_list(file: Path) -> Graph:
    """Read lines of a node and its neighbours.

    Parameters
    ----------
    file : Path
        Text, with words and comments as in `read_edge_list`.

    Returns
    -------
    Graph
        Undirected, all weights 1.

    Raises
    ------
    FileError
        If it is no text, or names no node.
    """
    edges = _Edges(file)
    for number, (first, *others), _ in _lines(file):
        edges.node(first)
        for other in others:
            edges.edge(number, first, other)
    return edges.graph()


def _lines(file: Path) -> Iterator[_Line]:
    """Lines that say something."""
    split: Callable[[str], list[str]] | None = None
    with open(file, encoding="utf-8-sig") as lines:
        for number, text in enumerate(lines, 1):
            line = _without_comment(text)
            if text.lstrip().startswith("%") and text.split()[:2] == ["%", "bip"]:
                raise FileError(
                    f"{file}: line {number}: the graph has two kinds of nodes, each numbered from 1; give "
                    "the nodes of one kind other names, such as u1 and v1"
                )
            if not line:
                continue
            first = split is None
            if split is None:
                split = _at_commas if _has_commas_between(line) else str.split
            words = split(line)
            if first and tuple(word.lower() for word in words[:2]) in _HEADERS:
                continue
            if not all(words) or (split is str.split and len(words) == 1 and "," in words[0]):
                raise FileError(
                    f"{file}: line {number}: {line:.80}: has commas in another way than the lines before; "
                    "separate all words by spaces, or all by commas"
                )
            at = "," if split is _at_commas else None
            yield _Line(number, words, (line.split(at, 2) + [""] * 2)[2].strip())


def _without_comment(text: str) -> str:
    line = text.strip()
    if line.startswith(("#", "%")):
        return ""
    for place, letter in enumerate(line):
        if letter == "#" and line[place - 1].isspace():
            return line[:place].strip()
    return line


def _has_commas_between(line: str) -> bool:
    """Whether commas separate the words of a line, rather than being parts of names."""
    names = line.partition("{")[0]
    return "," in names and (len(names.split()) == 1 or ", " in names or " ," in names)


def _at_commas(line: str) -> list[str]:
    return [word.strip() for word in line.split(",")]


def _weight(file: Path, number: int, rest: str) -> float:
    """The weight that follows two nodes: a number, or in a dictionary as networkx writes it."""
    if not rest:
        return 1.0
    try:
        if rest.startswith("{"):
            found = ast.literal_eval(rest)
            weight = float(found.get("weight", 1) if isinstance(found, Mapping) else "none")
        else:
            weight = float(rest)
        if math.isnan(weight):
            raise ValueError
        return weight
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise FileError(
            f"{file}: line {number}: after two nodes, a weight or a dictionary may follow, got "
            f"{rest[:80]!r}; keep the columns node, node and weight"
        ) from None


__all__ = ["read_adjacency_list", "read_edge_list"]
