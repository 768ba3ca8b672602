"""Matrices of numbers in the text format of Matrix Market.

SciPy's parser is faster, and ends the process on some damaged files.

Source: Boisvert, Pozo & Remington, "The Matrix Market exchange formats", NISTIR 5935, 1996.
"""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_FIELDS = {"real": 3, "double": 3, "integer": 3, "unsigned-integer": 3, "pattern": 2}
_SYMMETRIES = {"general": 0, "symmetric": 1, "hermitian": 1, "skew-symmetric": -1}
_LINE = 2**12


class Header(NamedTuple):
    """What a file says about its matrix.

    Attributes
    ----------
    rows, columns : int
    entries : int
        Numbers that follow.
    coordinate : bool
        Whether each comes with its place.
    width : int
        Numbers on a line.
    mirror : int
        0, or the sign of an entry on the other side of the diagonal, which is left out.
    """

    rows: int
    columns: int
    entries: int
    coordinate: bool
    width: int
    mirror: int


def read_matrix_market(stream: IO[bytes], check: Callable[[Header], None]) -> Any:
    r"""Read a matrix.

    Parameters
    ----------
    stream : binary file
        At its beginning.
    check : callable
        Told the header before anything else is read; may raise.

    Returns
    -------
    csr_array of float64

    Raises
    ------
    ValueError
        If it is damaged.

    Examples
    --------
    >>> import io
    >>> text = b"%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n2 1 0.5\n"
    >>> read_matrix_market(io.BytesIO(text), lambda header: None).toarray().tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    header = _header(stream)
    check(header)
    values = _values(stream, header)
    places, weights = _entries(values, header) if header.coordinate else _dense(values, header)
    if header.mirror:
        off = places[0] != places[1]
        places = np.concatenate([places, places[::-1, off]], axis=1)
        weights = np.concatenate([weights, header.mirror * weights[off]])
    return sp.csr_array((weights, (places[0], places[1])), shape=(header.rows, header.columns))


def _header(stream: IO[bytes]) -> Header:
    words = stream.readline(_LINE).decode("latin-1").lower().split()
    if len(words) != 5 or words[:2] != ["%%matrixmarket", "matrix"]:
        raise ValueError("its first line is no banner of a matrix")
    layout, field, symmetry = words[2:]
    if field == "complex":
        raise ValueError("weights must be real numbers, got complex ones")
    if layout not in ("coordinate", "array") or field not in _FIELDS or symmetry not in _SYMMETRIES:
        raise ValueError(f"its banner says {' '.join(words[2:])}, which is no known kind of matrix")
    coordinate, mirror = layout == "coordinate", _SYMMETRIES[symmetry]
    sizes = _sizes(stream)
    if len(sizes) != (3 if coordinate else 2) or min(sizes) < 0:
        raise ValueError(
            f"its sizes are {sizes}: they must not be negative, and be as many as the banner says"
        )
    rows, columns = sizes[:2]
    if mirror and rows != columns:
        raise ValueError(f"a {symmetry} matrix must be square, got {rows} x {columns}")
    if coordinate:
        return Header(rows, columns, sizes[2], True, _FIELDS[field], mirror)
    if field == "pattern":
        raise ValueError("a matrix without places must have numbers")
    count = rows * (rows + mirror) // 2 if mirror else rows * columns
    return Header(rows, columns, count, False, 1, mirror)


def _sizes(stream: IO[bytes]) -> list[int]:
    while line := stream.readline(_LINE):
        text = line.decode("latin-1").strip()
        if text and not text.startswith("%"):
            return [int(word) for word in text.split()]
    raise ValueError("it is truncated before its sizes")


def _values(stream: IO[bytes], header: Header) -> NDArray[np.float64]:
    if header.entries == 0:
        return np.empty((0, header.width))
    text = io.TextIOWrapper(stream, encoding="ascii")
    try:
        # One line more than there should be, to find that there are too many.
        values = np.loadtxt(text, comments="%", ndmin=2, max_rows=header.entries + 1)
    finally:
        text.detach()
    if values.shape != (header.entries, header.width):
        found, width = values.shape
        what = "is truncated" if found < header.entries else "has too many lines"
        raise ValueError(
            f"it {what}: {found} lines of {width} numbers, {header.entries} of {header.width} are declared"
        )
    return values


def _entries(values: NDArray[np.float64], header: Header) -> tuple[NDArray[Any], NDArray[np.float64]]:
    places = values[:, :2].T
    least, most = np.ones((2, 1)), np.array([[header.rows], [header.columns]])
    if not ((places >= least) & (places <= most) & (places == np.floor(places))).all():
        raise ValueError("the place of an entry is out of bounds, or no whole number")
    weights = values[:, 2] if header.width == 3 else np.ones(len(values))
    return places.astype(np.int64) - 1, weights


def _dense(values: NDArray[np.float64], header: Header) -> tuple[NDArray[Any], NDArray[np.float64]]:
    if header.mirror:
        # Column by column from the diagonal on, or from below it.
        columns, rows = np.triu_indices(header.rows, 0 if header.mirror > 0 else 1)
    else:
        columns, rows = np.divmod(np.arange(header.entries), max(1, header.rows))
    return np.stack([rows, columns]), values[:, 0]
