"""A molecule: atoms and where they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.numerics.plain import plain_numpy

_TABLE = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr
Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu
Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr
Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og
"""

SYMBOLS = tuple(_TABLE.split())
"""Symbols of the elements, hydrogen first."""

NUMBERS = {symbol: number for number, symbol in enumerate(SYMBOLS, start=1)}
"""Atomic numbers by symbol."""


class Molecule:
    """Atoms and their positions, that can't be changed.

    Parameters
    ----------
    numbers : sequence of int or str of shape (atoms,)
        Atomic numbers from 1 to 118, or symbols of the elements. Atoms of number 0, which fill up arrays
        of molecules of several sizes, are left out.
    positions : array of shape (atoms, 3)
        Positions, in any unit of length.

    Raises
    ------
    InputError
        If there is no atom, an element is unknown, or a position is not finite.

    Examples
    --------
    >>> from scatter.molecules import Molecule
    >>> water = Molecule(["O", "H", "H"], [[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]])
    >>> water, len(water)
    (Molecule(H2O), 3)
    """

    numbers: NDArray[np.int64]
    positions: NDArray[np.float64]

    def __init__(self, numbers: Any, positions: Any) -> None:
        try:
            where = np.array(plain_numpy(positions, "positions"), np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"positions must be numbers of shape (atoms, 3): {error}") from None
        found = _atomic_numbers(numbers)
        if where.shape != (len(found), 3):
            raise InputError(
                f"positions must be of shape (atoms, 3), got {where.shape} for {len(found)} atoms"
            )
        where, found = where[found > 0], found[found > 0]
        if not len(found):
            raise InputError("a molecule must have at least one atom, got none")
        if not np.isfinite(where).all():
            raise InputError("positions contain NaN or infinite values")
        for name, value in (("numbers", found), ("positions", where)):
            value.flags.writeable = False
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Molecule can't be changed; make a new one (tried to set {name!r})")

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> Any:
        return Molecule, (self.numbers, self.positions)

    def __len__(self) -> int:
        return len(self.numbers)

    def __repr__(self) -> str:
        return f"Molecule({self.formula})"

    @property
    def formula(self) -> str:
        """The sum formula in Hill's order: carbon, hydrogen, then the others by name."""
        counts = Counter(SYMBOLS[number - 1] for number in self.numbers.tolist())
        first = [symbol for symbol in ("C", "H") if "C" in counts and symbol in counts]
        order = first + sorted(set(counts) - set(first))
        return "".join(f"{symbol}{counts[symbol] if counts[symbol] > 1 else ''}" for symbol in order)

    @classmethod
    def from_arrays(cls, numbers: Any, positions: Any) -> list[Self]:
        """Molecules out of the arrays of a data set.

        Parameters
        ----------
        numbers : array of int of shape (n, atoms), or (atoms,) if it is the same for all
            Atomic numbers; 0 is no atom.
        positions : array of shape (n, atoms, 3)
            Positions.

        Returns
        -------
        list of n Molecule
        """
        Z, R = np.asarray(numbers), np.asarray(positions)
        if R.ndim != 3 or Z.shape not in (R.shape[:2], R.shape[1:2]):
            raise InputError(
                "arrays of molecules must be numbers (n, atoms) and positions (n, atoms, 3), got "
                f"{Z.shape} and {R.shape}"
            )
        return [cls(*atoms) for atoms in zip(np.broadcast_to(Z, R.shape[:2]), R, strict=True)]


def read_molecules(X: Any) -> list[Molecule]:
    """The molecules that a user means, each by its place in messages.

    Parameters
    ----------
    X : iterable
        Of `Molecule`, of pairs (numbers, positions), or of objects with ``numbers`` and ``positions``, such
        as the ``Atoms`` of ASE.

    Raises
    ------
    InputError
        If something is none, or there is none.
    """
    if isinstance(X, (Molecule, str)) or not isinstance(X, Iterable) or isinstance(X, np.ndarray):
        raise InputError(
            "samples must be a list of molecules, of pairs (numbers, positions) or of ASE's Atoms, got "
            f"{type(X).__name__}; type [molecule] for one, Molecule.from_arrays(Z, R) for arrays"
        )
    found = []
    for place, item in enumerate(X):
        try:
            found.append(_read(item))
        except InputError as error:
            raise InputError(f"molecule {place}: {error}") from None
    if not found:
        raise InputError("a list with at least one molecule is needed, got an empty one")
    return found


def _read(item: Any) -> Molecule:
    if isinstance(item, Molecule):
        return item
    if hasattr(item, "numbers") and hasattr(item, "positions"):
        if np.any(getattr(item, "pbc", False)):
            raise InputError("atoms of a periodic cell are no molecule; set atoms.pbc = False")
        return Molecule(item.numbers, item.positions)
    if isinstance(item, (tuple, list)) and len(item) == 2:
        return Molecule(*item)
    raise InputError(f"must be a Molecule, a pair (numbers, positions) or ASE's Atoms, got {item!r:.60}")


def _atomic_numbers(numbers: Any) -> NDArray[np.int64]:
    found = np.asarray(numbers)
    if found.dtype.kind == "U":
        unknown = [symbol for symbol in found.ravel().tolist() if symbol not in NUMBERS]
        if unknown:
            raise InputError(f"there is no element {unknown[0]!r}; symbols are such as 'H', 'C' or 'Cl'")
        found = np.array([NUMBERS[symbol] for symbol in found.ravel().tolist()]).reshape(found.shape)
    return check_numbers(found, 1)


def check_numbers(numbers: Any, ndim: int | None = None) -> NDArray[np.int64]:
    """Atomic numbers, from 0 to 118."""
    found = np.asarray(numbers)
    wrong = found.dtype.kind not in "iu" or (found.size and (found.min() < 0 or found.max() > len(SYMBOLS)))
    if wrong or (ndim is not None and found.ndim != ndim):
        raise InputError(f"atomic numbers must be integers from 0 to {len(SYMBOLS)}, got {numbers!r:.80}")
    return found.astype(np.int64)
