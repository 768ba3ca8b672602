"""Molecules from files: .xyz as chemists write it, and arrays of data sets."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.errors import FileError, InputError
from scatter.io.arrays import open_npz
from scatter.io.files import check_suffix, reason, regular_file
from scatter.io.reading import Piece, Reading
from scatter.molecules.molecule import Molecule

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES = frozenset({".xyz", ".npz"})
NAMES = (
    ("Z", "R"),
    ("z", "pos"),
    ("numbers", "positions"),
    ("nuclear_charges", "coords"),
    ("atomic_numbers", "coordinates"),
)
"""What the arrays of atomic numbers and of positions are called in data sets."""

MAX_ATOMS = 2**20
"""A first line may claim any number of atoms."""
MAX_BYTES = 2**32
_PLAIN = (0, 1)
"""Columns of the element and of the first coordinate."""


def read_molecules(path: str | os.PathLike[str]) -> list[Molecule]:
    r"""Read all molecules of a file.

    Parameters
    ----------
    path : str or path-like
        ``.xyz``: a line with the number of atoms, a comment, and a line for each atom with its symbol or
        atomic number and three coordinates; any number of molecules after each other. The columns of
        extended .xyz are found by ``Properties=``; what QM9 writes behind its atoms is left out. Or
        ``.npz``: atomic numbers (n, atoms) and positions (n, atoms, 3), named ``Z`` and ``R`` or as in
        `NAMES`.

    Returns
    -------
    list of Molecule

    Raises
    ------
    FileError
        If the file is missing, damaged, or holds something else, naming the line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from scatter.io.molecules import read_molecules
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "monoxide.xyz")
    ...     _ = file.write_text("2\n\nC 0 0 0\nO 0 0 1.13\n")
    ...     read_molecules(file)
    [Molecule(CO)]
    """
    file = Path(path)
    found: list[Molecule] = []
    for read in pieces(file, 0, None, Reading("molecule"), 2**20):
        piece = read()
        for place, why in piece.failures:
            raise FileError(f"{file}: molecule {place}: {why}")
        found += piece.samples
    return found


def pieces(
    file: Path, start: int, stop: int | None, reading: Reading, at_most: int
) -> Iterator[Callable[[], Piece]]:
    """Read molecules, some at a time.

    Parameters
    ----------
    file : Path
        As in `read_molecules`.
    start, stop : int, optional
        Which molecules of a .npz file.
    reading : Reading
        Names the array of labels of a .npz file.
    at_most : int
        Most molecules in a piece.

    Yields
    ------
    callable
        Returns a `Piece` whose samples are a list of `Molecule`.

    Raises
    ------
    FileError
        If the file is not such a thing, while going through it.
    """
    file = regular_file(file)
    if check_suffix(file, SUFFIXES) == ".npz":
        yield from _of_arrays(file, start, stop, reading, at_most)
        return
    frames = enumerate(_frames(file))
    while some := list(itertools.islice(frames, at_most)):
        yield partial(_piece, some, None)


def count_molecules(file: Path) -> int:
    """How many molecules a .npz file holds."""
    with open_npz(file) as members:
        return len(_read(members, file)[1])


def _piece(some: list[tuple[int, tuple[Any, Any]]], labels: NDArray[np.str_] | None) -> Piece:
    """Molecules of atoms that were read; those that are none are failures."""
    found: list[Molecule] = []
    places: list[int] = []
    failures: list[tuple[int, str]] = []
    for place, atoms in some:
        try:
            found.append(Molecule(*atoms))
            places.append(place)
        except InputError as error:
            failures.append((place, str(error)))
    if labels is not None:
        labels = labels[np.asarray(places, np.int64) - some[0][0]]
    return Piece(found, np.asarray(places, np.int64), None, labels, failures)


# ---------------------------------------------------------------------- arrays
def _of_arrays(
    file: Path, start: int, stop: int | None, reading: Reading, at_most: int
) -> Iterator[Callable[[], Piece]]:
    with open_npz(file) as members:
        Z, R = _read(members, file)
        labels = None if reading.labels is None else members.read(reading.labels, MAX_BYTES)
    if labels is not None and (labels.shape != (len(R),) or labels.dtype.kind not in "iuU"):
        raise FileError(
            f"{file}: the array {reading.labels} must hold one label a molecule, integers or text of shape "
            f"({len(R)},), got {labels.dtype} of shape {labels.shape}"
        )
    for begin in range(start, len(R) if stop is None else min(stop, len(R)), at_most):
        end = min(begin + at_most, len(R) if stop is None else stop)
        some = list(zip(range(begin, end), zip(Z[begin:end], R[begin:end], strict=True), strict=True))
        yield partial(_piece, some, None if labels is None else labels[begin:end].astype(np.str_))


def _read(members: Any, file: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Atomic numbers (n, atoms) and positions (n, atoms, 3)."""
    names = next((pair for pair in NAMES if set(pair) <= set(members.names)), None)
    if names is None:
        known = ", ".join(" and ".join(pair) for pair in NAMES)
        raise FileError(
            f"{file}: holds the arrays {', '.join(members.names) or 'none'}; molecules need atomic numbers "
            f"and positions, named {known}"
        )
    Z, R = (members.read(name, MAX_BYTES) for name in names)
    if R.ndim != 3 or R.shape[-1] != 3 or Z.shape not in (R.shape[:2], R.shape[1:2]):
        raise FileError(
            f"{file}: {names[0]} and {names[1]} must be of shape (n, atoms) and (n, atoms, 3), got {Z.shape} "
            f"and {R.shape}"
        )
    if Z.dtype.kind == "f" and (np.round(Z) == Z).all():  # as QM7 has them
        Z = Z.astype(np.int64)
    return np.broadcast_to(Z, R.shape[:2]), R


# ---------------------------------------------------------------------- text
def _frames(file: Path) -> Iterator[tuple[list[str] | list[int], NDArray[np.float64]]]:
    """Elements and positions of each molecule of an .xyz file."""
    try:
        with open(file, encoding="utf-8", errors="strict") as stream:
            lines = enumerate(stream, start=1)
            for number, line in lines:
                if line.strip():
                    yield _frame(file, number, line, lines)
    except FileError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{file}: can't be read as text: {reason(error)}") from error


def _frame(
    file: Path, number: int, line: str, lines: Iterator[tuple[int, str]]
) -> tuple[list[str] | list[int], NDArray[np.float64]]:
    word = line.strip()
    if not word.isdecimal() or not 0 < int(word) <= MAX_ATOMS:
        raise FileError(
            f"{file}: line {number}: a molecule begins with the number of its atoms, got {word!r:.60}; for "
            "points without elements type --transform points"
        )
    comment = next(lines, (0, ""))[1]
    element, first = _columns(file, number + 1, comment)
    elements: list[str] = []
    positions = np.empty((int(word), 3))
    for atom in range(int(word)):
        at, text = next(lines, (0, ""))
        words = text.split()
        if not at or not words:
            raise FileError(f"{file}: is truncated: {atom} of the {word} atoms of line {number} are there")
        try:
            positions[atom] = [float(one.replace("*^", "e")) for one in words[first : first + 3]]
            elements.append(words[element])
        except (ValueError, IndexError):
            raise FileError(
                f"{file}: line {at}: an atom is an element and three coordinates, got {text.strip()!r:.60}"
            ) from None
    if comment.startswith("gdb "):  # QM9: frequencies, SMILES and InChI follow
        for _ in range(3):
            next(lines, None)
    if all(one.isdecimal() for one in elements):
        return [int(one) for one in elements], positions
    return [one.capitalize() for one in elements], positions


def _columns(file: Path, number: int, comment: str) -> tuple[int, int]:
    """Where the element and the first coordinate of an atom stand, by the comment of extended .xyz."""
    if "Lattice=" in comment and 'pbc="F F F"' not in comment:
        raise FileError(
            f"{file}: line {number}: atoms of a periodic cell are no molecule; leave Lattice out, or write "
            'pbc="F F F"'
        )
    if "Properties=" not in comment:
        return _PLAIN
    fields = comment.split("Properties=")[1].split()[0].strip('"').split(":")
    starts: dict[str, int] = {}
    at = 0
    try:
        for name, count in zip(fields[::3], fields[2::3], strict=True):
            starts[name] = at
            at += int(count)
        element = starts["species"] if "species" in starts else starts["Z"]
        return element, starts["pos"]
    except (ValueError, KeyError):
        raise FileError(
            f"{file}: line {number}: Properties= must name species (or Z) and pos, such as "
            f"species:S:1:pos:R:3, got {':'.join(fields)!r:.60}"
        ) from None
