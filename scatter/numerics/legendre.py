"""Spherical harmonics along the meridians: their tables, packed, and products with them.

``_sY_lm(theta, phi) = _s lambda_lm(theta) exp(i m phi)`` with the phase of Condon and Shortley and norm 1
on the sphere. Degrees are l < L; real fields need the orders m >= 0 only. Values of even and of odd l - m
are even and odd about the equator, so tables hold one half of the rings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.numerics.namespace import Array, Constant, as_complex, namespace, zeros

BLOCKS = 16
"""Blocks of neighbouring orders, one product of matrices each: the more, the nearer to the triangle."""

LEAST_ORDERS = 8
"""Orders that are worth a block."""

NEGLIGIBLE = 1e-18
"""Value of a harmonic, of norm 1, that changes no sum."""

FEW = 2
"""Rows up to which a table is best read once, as it lies; a product of matrices copies it first."""


@dataclass(frozen=True)
class Parts:
    """A pair of arrays: of even and of odd l - m, or even and odd about the equator."""

    even: Any
    odd: Any

    def __iter__(self) -> Iterator[Any]:
        return iter((self.even, self.odd))

    def __getitem__(self, parity: int) -> Any:
        return (self.even, self.odd)[parity]

    def __add__(self, other: Parts) -> Parts:
        return Parts(self.even + other.even, self.odd + other.odd)

    def __sub__(self, other: Parts) -> Parts:
        return Parts(self.even - other.even, self.odd - other.odd)

    def __neg__(self) -> Parts:
        return Parts(-self.even, -self.odd)

    def scaled(self, even: Any, odd: Any) -> Parts:
        """Each part times numbers of its own."""
        return Parts(self.even * even, self.odd * odd)


class Block(NamedTuple):
    """Orders ``start`` to ``stop`` and the degrees that each has: rows ``first`` to ``last`` of a packing."""

    start: int
    stop: int
    first: int
    last: int


@dataclass(frozen=True)
class Packing:
    """The triangle of degrees and orders m <= l < L in two lists, of even and of odd l - m.

    Orders come in blocks; within one, each has as many rows as the first, some of them past the end.

    Parameters
    ----------
    L : int
        Band limit: degrees are below it.
    """

    L: int

    @cached_property
    def blocks(self) -> Parts:
        """Blocks of each parity."""
        return Parts(tuple(self._blocks(0)), tuple(self._blocks(1)))

    def _blocks(self, parity: int) -> Iterator[Block]:
        size, first = max(-(-self.L // BLOCKS), LEAST_ORDERS), 0
        for start in range(0, self.L, size):
            stop = min(start + size, self.L)
            last = first + (stop - start) * max(0, -(-(self.L - start - parity) // 2))
            yield Block(start, stop, first, last)
            first = last

    @cached_property
    def order(self) -> Parts:
        """Order m of each row."""
        return Parts(*(np.concatenate([_orders(b) for b in blocks]) for blocks in self.blocks))

    @cached_property
    def degree(self) -> Parts:
        """Degree l of each row; L and more past the end."""
        return Parts(*(np.concatenate([_degrees(b, p) for b in self.blocks[p]]) for p in (0, 1)))

    @cached_property
    def first(self) -> Parts:
        """Row at which each order begins."""
        return Parts(
            *(
                np.concatenate([b.first + np.arange(b.stop - b.start) * _height(b) for b in blocks])
                for blocks in self.blocks
            )
        )

    def rows(self, degree: NDArray[Any], order: NDArray[Any], parity: int) -> NDArray[np.int64]:
        """Rows of degrees and orders, of a parity; any row for what is not there."""
        rows = self.first[parity][np.minimum(order, self.L - 1)] + (degree - order - parity) // 2
        return np.asarray(np.minimum(rows, max(0, self.order[parity].size - 1)))

    def within(self, wider: Packing) -> tuple[Constant, Constant]:
        """Rows of a wider packing that hold the numbers of this one."""
        even, odd = (wider.rows(self.degree[p], self.order[p], p) for p in (0, 1))
        return Constant(even), Constant(odd)


def _height(block: Block) -> int:
    """Rows of each order."""
    return (block.last - block.first) // (block.stop - block.start)


def _orders(block: Block) -> NDArray[np.int64]:
    return np.repeat(np.arange(block.start, block.stop), _height(block))


def _degrees(block: Block, parity: int) -> NDArray[np.int64]:
    steps = np.tile(np.arange(_height(block)), block.stop - block.start)
    return _orders(block) + parity + 2 * steps


def functions(theta: NDArray[np.float64], L: int, spin: int) -> Iterator[NDArray[np.float64]]:
    """Yield ``_s lambda_lm(theta)`` for l = |s| ... L - 1, each of shape (l + 1 orders, theta).

    By the recursion in l of the Wigner functions ``d^l_{m,-s}``; underflow near the poles is harmless up to
    degrees of about 1800, where values that start below the smallest number return to size.

    References
    ----------
    Kostelec & Rockmore, "FFTs on the rotation group", Journal of Fourier Analysis and Applications 14, 2008,
    eq. 2.16 and 2.17; Varshalovich, Moskalev & Khersonskii, "Quantum theory of angular momentum", 1988.
    """
    s, other = abs(spin), -spin
    x, cosine, sine = np.cos(theta), np.cos(theta / 2), np.sin(theta / 2)
    now, before = np.zeros((2, L, theta.size))
    start = sine ** (2 * s) if other <= 0 else cosine ** (2 * s)
    for l in range(s, L):
        norm = math.sqrt((2 * l + 1) / (4 * math.pi)) * (-1) ** s
        if l == s:
            for m in range(l + 1):
                turn = (-1) ** (s + m) if other < 0 else 1
                up, down = (s - m, s + m) if other < 0 else (s + m, s - m)
                now[m] = norm * turn * math.sqrt(math.comb(2 * s, s - m)) * cosine**up * sine**down
        else:
            now, before = _next(now, before, l - 1, x, other), now
            start = -math.sqrt(2 * l * (2 * l - 1) / ((l - other) * (l + other))) * cosine * sine * start
            now[l] = norm * start
        yield now[: l + 1]


def _next(
    now: NDArray[np.float64], before: NDArray[np.float64], l: int, x: NDArray[np.float64], other: int
) -> NDArray[np.float64]:
    """Degree l + 1 from l and l - 1, orders to l, in the memory of the latter."""
    m = np.arange(l + 1, dtype=np.float64)[:, None]
    rise = np.sqrt((2 * l + 3) * (2 * l + 1) / (((l + 1) ** 2 - m**2) * ((l + 1) ** 2 - other**2))) * (l + 1)
    shift = m * other / (l * (l + 1)) if l else 0 * m
    fall = np.sqrt((l**2 - m**2) * max(l**2 - other**2, 0) / max((2 * l + 1) * (2 * l - 1), 1)) / max(l, 1)
    before[: l + 1] *= -fall
    before[: l + 1] += (x - shift) * now[: l + 1]
    before[: l + 1] *= rise
    return before


class Table:
    """Values of harmonics along one half of the meridians, for a block of orders.

    Near a pole, where all of them are below `NEGLIGIBLE`, nothing is kept: that is a fifth of all values.

    Parameters
    ----------
    values : ndarray of shape (orders, degrees, rings)
    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        there = np.flatnonzero(np.abs(values).max((0, 1), initial=0) > NEGLIGIBLE)
        self.skipped = int(there[0]) if there.size else values.shape[2] - 1
        self.kept = Constant(np.ascontiguousarray(values[..., self.skipped :]))

    def over_rings(self, rows: Array) -> Array:
        """Sums over rings (orders, n, degrees) of values on rings (orders, n, rings)."""
        xp, values = namespace(rows), self.kept.like(rows)
        rows = rows[..., self.skipped :]
        if _few(rows):
            return np.vecdot(values[:, None, :, :], rows[:, :, None, :])
        return xp.matmul(rows, xp.matrix_transpose(values))

    def over_degrees(self, rows: Array) -> Array:
        """Sums over degrees (orders, n, rings) of values at degrees (orders, n, degrees)."""
        xp, values = namespace(rows), self.kept.like(rows)
        if _few(rows):
            sums = np.stack([[one @ table for one in some] for some, table in zip(rows, values, strict=True)])
        else:
            sums = xp.matmul(rows, values)
        return xp.concat([zeros((*sums.shape[:2], self.skipped), sums), sums], axis=2)


def _few(rows: Array) -> bool:
    return isinstance(rows, np.ndarray) and rows.shape[1] <= FEW


class Meridians:
    """Sums over degrees for every order and ring, and over rings for every order and degree.

    Parameters
    ----------
    theta : ndarray
        Colatitudes of the rings, ascending, symmetric about the equator, radians.
    L : int
        Band limit.
    spin : int, default=0
        At least 0.

    Attributes
    ----------
    packing : Packing
    """

    def __init__(self, theta: NDArray[np.float64], L: int, spin: int = 0) -> None:
        self.packing = Packing(L)
        self.rings = theta.size
        self.spin = spin
        self._half = theta[: -(-theta.size // 2)]

    @cached_property
    def _tables(self) -> tuple[Parts, ...]:
        """Blocks (orders, degrees, rings of a half): of lambda, or of lambda+ and lambda-."""
        L, s, half = self.packing.L, self.spin, self._half
        tables = [
            [np.zeros((self.packing.order[p].size, half.size)) for p in (0, 1)] for _ in range(1 + (s > 0))
        ]
        if s == 0:
            for l, values in enumerate(functions(half, L, 0)):
                self._fill(tables[0], l, values)
        else:
            for k, (one, other) in enumerate(zip(functions(half, L, s), functions(half, L, -s), strict=True)):
                self._fill(tables[0], s + k, (one + (-1) ** s * other) / 2)
                self._fill(tables[1], s + k, (one - (-1) ** s * other) / 2)
        return tuple(Parts(*(self._cut(table[p], p) for p in (0, 1))) for table in tables)

    def _fill(self, table: list[NDArray[np.float64]], l: int, values: NDArray[np.float64]) -> None:
        for p in (0, 1):
            m = np.arange((l - p) % 2, l - p + 1, 2)
            table[p][self.packing.rows(np.full(m.size, l), m, p)] = values[m]

    def _cut(self, flat: NDArray[np.float64], parity: int) -> list[Table]:
        blocks = self.packing.blocks[parity]
        size = flat.shape[1]
        return [Table(flat[b.first : b.last].reshape(b.stop - b.start, _height(b), size)) for b in blocks]

    def over_rings(self, spectrum: Array, weights: Constant, table: int = 0) -> Parts:
        """``sum_theta w(theta) lambda_lm(theta) F_m(theta)``, packed: n real parts, then n imaginary ones.

        Parameters
        ----------
        spectrum : complex array of shape (n, L orders, rings)
            ``F_m(theta)``.
        weights : Constant
            ``w(theta)``, of which `folded` has been taken.
        table : int, default=0
            1 for lambda-, with a spin.
        """
        xp, odd, n = namespace(spectrum), self._is_odd(table), spectrum.shape[0]
        found: tuple[list[Array], list[Array]] = ([], [])
        for k, (start, stop) in enumerate(self._spans):  # what a block makes stays in the cache of a core
            orders = spectrum[:, start:stop, :]
            real, imaginary = xp.real(orders), xp.imag(orders)
            w = weights.like(real)
            halves = self._halves(xp.concat([real * w, imaginary * w], axis=0))
            for p in (0, 1):
                part = self._tables[table][p][k].over_rings(xp.permute_dims(halves[p ^ odd], (1, 0, 2)))
                part = xp.permute_dims(part, (1, 0, 2))
                found[p].append(xp.reshape(part, (2 * n, part.shape[1] * part.shape[2])))
        return Parts(*(xp.concat(parts, axis=-1) for parts in found))

    def over_degrees(self, packed: Parts, table: int = 0) -> Array:
        """``sum_l lambda_lm(theta) a_lm`` of packed numbers (2 n, rows): complex (n, L orders, rings)."""
        xp, odd, n = namespace(packed.even), self._is_odd(table), packed.even.shape[0] // 2
        found = []
        for k, (start, stop) in enumerate(self._spans):
            halves: list[Any] = [None, None]
            for p in (0, 1):
                block = self.packing.blocks[p][k]
                part = xp.reshape(
                    packed[p][:, block.first : block.last], (2 * n, stop - start, _height(block))
                )
                halves[p ^ odd] = self._tables[table][p][k].over_degrees(xp.permute_dims(part, (1, 0, 2)))
            rows = xp.permute_dims(self._whole(*halves), (1, 0, 2))
            found.append(as_complex(rows[:n, ...], rows[n:, ...]))
        return xp.concat(found, axis=1)

    def folded(self, weights: NDArray[np.float64]) -> Constant:
        """Weights of the rings, for a sum over both halves: the equator is in both."""
        middle = np.arange(self.rings) == self._half.size - 1
        return Constant(np.where(middle & bool(self.rings % 2), 0.5, 1.0) * weights)

    @property
    def _spans(self) -> list[tuple[int, int]]:
        return [(block.start, block.stop) for block in self.packing.blocks.even]

    def _halves(self, rows: Array) -> Parts:
        """Even and odd parts about the equator, (..., half), of (..., rings)."""
        size = self._half.size
        north, south = rows[..., :size], namespace(rows).flip(rows, axis=-1)[..., :size]
        return Parts(north + south, north - south)

    def _whole(self, even: Array, odd: Array) -> Array:
        """Values on all rings, (..., rings), of their even and odd parts."""
        xp, south = namespace(even), self.rings - self._half.size
        return xp.concat([even + odd, xp.flip((even - odd)[..., :south], axis=-1)], axis=-1)

    def _is_odd(self, table: int) -> int:
        """Whether even l - m is odd about the equator: lambda+ has the parity l + m + s, lambda- not."""
        return (self.spin + table) % 2
