"""Paths of the cascade: the one enumeration that values, names, shapes and metadata come from.

Conventions
-----------
A *band* is one wavelet of a filter bank. A *path* of order m is a sequence of m bands: the signal is
filtered by the first, its modulus by the second, and so on, and the last modulus is averaged.
Frequencies are in cycles per sample, scales ``j`` and resolutions are exponents of two: a signal at
resolution r keeps one sample in ``2**r`` along every axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError

MOST_PATHS = 2**18
"""Paths of a tree, each of which takes memory and time before any signal is seen."""


@dataclass(frozen=True, slots=True)
class Band:
    """One wavelet of a filter bank.

    Attributes
    ----------
    n : int
        Index in its bank.
    j : int
        Scale: the modulus of the filtered signal may be sampled every ``2**j`` samples.
    labels : tuple of (str, int)
        What the band is called in print, in order, e.g. ``(("j", 0), ("theta", 3))``.
    xi : float
        Centre frequency, cycles per sample.
    sigma : float
        Standard deviation of the spectrum along the centre frequency, cycles per sample.
    angle : float, optional
        Direction of the centre frequency, radians from the first axis of an image; None where there is none.
    """

    n: int
    j: int
    labels: tuple[tuple[str, int], ...]
    xi: float
    sigma: float
    angle: float | None = None

    @property
    def bandwidth(self) -> float:
        """Full width of the power spectrum at half its maximum, cycles per sample."""
        return 2 * math.sqrt(math.log(2)) * self.sigma

    def label(self, name: str) -> int | None:
        """Value of one label, None where the band has no such label."""
        return dict(self.labels).get(name)

    def __str__(self) -> str:
        return f"psi[{','.join(f'{k}={v}' for k, v in self.labels)}]"


@dataclass(frozen=True, slots=True)
class Path:
    """A sequence of bands, and the resolution at which its modulus is sampled.

    Examples
    --------
    >>> from scatter import Scattering2D
    >>> print(Scattering2D(J=3, shape=(32, 32)).tree.paths[-1])
    ||x*psi[j=1,theta=7]|*psi[j=2,theta=7]|*phi
    """

    bands: tuple[Band, ...] = ()
    resolution: int = 0

    @property
    def order(self) -> int:
        """Number of wavelets on the path."""
        return len(self.bands)

    @property
    def j(self) -> tuple[int, ...]:
        """Scale of each band."""
        return tuple(band.j for band in self.bands)

    @property
    def n(self) -> tuple[int, ...]:
        """Index of each band in its bank; the key of the path."""
        return tuple(band.n for band in self.bands)

    @property
    def modulus(self) -> str:
        """The path before it is averaged, in print."""
        return "|" * self.order + "x" + "".join(f"*{band}|" for band in self.bands)

    def __str__(self) -> str:
        return self.modulus + "*phi"


class Bank(Protocol):
    """What an enumeration asks of a filter bank."""

    def bands(self, order: int) -> tuple[Band, ...]:
        """Wavelets that may stand at position ``order`` (from 1) of a path."""

    def follows(self, previous: Band | None, band: Band) -> bool:
        """Whether ``band`` may come right after ``previous`` (None: right after the signal)."""

    def resolution(self, band: Band) -> int:
        """Resolution at which the modulus of a signal filtered by ``band`` is sampled."""


@dataclass(frozen=True, eq=False)
class Edge:
    """Every path of a group, continued by each of ``bands``: one large array operation."""

    bands: tuple[Band, ...]
    child: Group


@dataclass(frozen=True, eq=False)
class Group:
    """Paths that share a resolution and what may follow, and so live in one array.

    Attributes
    ----------
    positions : tuple of int
        Place of each path in the order of the enumeration.
    order, resolution : int
        Common to all the paths.
    edges : tuple of Edge
        How the paths continue; empty for the leaves.
    """

    positions: tuple[int, ...]
    order: int
    resolution: int
    edges: tuple[Edge, ...] = ()

    def __iter__(self) -> Iterator[Group]:
        """Walk over this group and all that descend from it."""
        yield self
        for edge in self.edges:
            yield from edge.child


@dataclass(frozen=True, eq=False)
class PathTree:
    """All the admissible paths of a bank up to an order, and their grouping into arrays.

    Paths are sorted by order, then by the indices of their bands.

    Parameters
    ----------
    bank : Bank
        The wavelets and the rule of which may follow which.
    max_order : int
        Largest number of wavelets on a path, 0 or more.
    capacity : callable, optional
        Resolution -> how many paths one array may hold; a group that would hold more is split.

    Examples
    --------
    >>> from scatter import Scattering1D
    >>> tree = Scattering1D(J=4, shape=256, Q=1).tree
    >>> len(tree), tree.counts
    (13, (1, 5, 7))
    """

    bank: Bank
    max_order: int
    capacity: Callable[[int], int] | None = None
    paths: tuple[Path, ...] = field(init=False, repr=False)
    root: Group = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", tuple(self._enumerate()))
        places = {path.n: place for place, path in enumerate(self.paths)}
        object.__setattr__(self, "root", self._group([Path()], places))

    def _next(self, path: Path) -> tuple[Band, ...]:
        if path.order == self.max_order:
            return ()
        previous = path.bands[-1] if path.bands else None
        return tuple(band for band in self.bank.bands(path.order + 1) if self.bank.follows(previous, band))

    def _extend(self, path: Path, band: Band) -> Path:
        return Path((*path.bands, band), self.bank.resolution(band))

    def _enumerate(self) -> Iterator[Path]:
        layer, count = [Path()], 0
        while layer:
            yield from layer
            count += len(layer)
            following: list[Path] = []
            for path in layer:
                following += [self._extend(path, band) for band in self._next(path)]
                if count + len(following) > MOST_PATHS:
                    raise InputError(
                        f"there are more than {MOST_PATHS} paths of up to {path.order + 1} wavelets; type "
                        f"max_order={path.order}, or make the number of wavelets smaller"
                    )
            layer = following

    def _group(self, paths: list[Path], places: dict[tuple[int, ...], int]) -> Group:
        """Group of ``paths``, which must share what may follow and the resolution."""
        first = paths[0]
        families: dict[tuple[int, tuple[Band, ...]], list[Band]] = {}
        for band in self._next(first):
            child = self._extend(first, band)
            families.setdefault((child.resolution, self._next(child)), []).append(band)
        edges = []
        for (resolution, _), bands in families.items():
            for part in self._split(bands, len(paths), resolution):
                child_paths = [self._extend(path, band) for path in paths for band in part]
                edges.append(Edge(part, self._group(child_paths, places)))
        positions = tuple(places[path.n] for path in paths)
        return Group(positions, first.order, first.resolution, tuple(edges))

    def _split(self, bands: list[Band], parents: int, resolution: int) -> Iterator[tuple[Band, ...]]:
        room = len(bands) if self.capacity is None else max(1, self.capacity(resolution) // parents)
        for start in range(0, len(bands), room):
            yield tuple(bands[start : start + room])

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def names(self) -> tuple[str, ...]:
        """Each path in print."""
        return tuple(str(path) for path in self.paths)

    @cached_property
    def parents(self) -> NDArray[np.int64]:
        """Place of each path without its last wavelet; -1 of order 0 and 1."""
        places = {path.n: place for place, path in enumerate(self.paths)}
        return np.asarray([places[path.n[:-1]] if path.order > 1 else -1 for path in self.paths], np.int64)

    @property
    def counts(self) -> tuple[int, ...]:
        """Number of paths of each order."""
        orders = [path.order for path in self.paths]
        return tuple(orders.count(m) for m in range(max(orders) + 1))

    def table(self, sampling_rate: float | None = None) -> dict[str, list[Any]]:
        """What every path is, one column a property and one row a path.

        Parameters
        ----------
        sampling_rate : float, optional
            Samples per second; adds the columns ``xi_hz``, ``sigma_hz`` and ``bandwidth_hz``.

        Returns
        -------
        dict of str to list
            ``path``; ``order``; ``n`` and ``j`` as tuples over the path; one column a further label
            (``theta``); ``angle`` in radians; ``xi``, ``sigma`` and ``bandwidth`` in cycles per
            sample; ``resolution`` of the modulus, an exponent of two.
        """
        columns: dict[str, list[Any]] = {
            "path": list(self.names),
            "order": [path.order for path in self.paths],
            "n": [path.n for path in self.paths],
            "j": [path.j for path in self.paths],
        }
        extra = dict.fromkeys(k for path in self.paths for band in path.bands for k, _ in band.labels)
        for name in extra:
            if name not in columns:
                columns[name] = [tuple(band.label(name) for band in path.bands) for path in self.paths]
        if any(band.angle is not None for path in self.paths for band in path.bands):
            columns["angle"] = [tuple(band.angle for band in path.bands) for path in self.paths]
        for name in ("xi", "sigma", "bandwidth"):
            columns[name] = [tuple(getattr(band, name) for band in path.bands) for path in self.paths]
            if sampling_rate is not None:
                columns[f"{name}_hz"] = [tuple(sampling_rate * v for v in row) for row in columns[name]]
        columns["resolution"] = [path.resolution for path in self.paths]
        return columns

    def meta(self) -> dict[str, Any]:
        """The table as arrays padded with NaN, with Kymatio's keys.

        Returns
        -------
        dict
            ``order`` of shape (paths,); ``key``, a list of tuples; every other column of `table`
            that has a value per band, of shape (paths, max_order).
        """
        table = self.table()
        meta: dict[str, Any] = {"order": np.asarray(table["order"]), "key": table["n"]}
        width = max(self.max_order, 1)
        for name, column in table.items():
            if name not in ("path", "order", "resolution"):
                rows = [[*row, *[math.nan] * (width - len(row))] for row in column]
                meta[name] = np.asarray(rows, dtype=float)
        meta["resolution"] = np.asarray(table["resolution"])
        return meta
