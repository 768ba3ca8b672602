"""The one order in which encoder, decoder and training go through the coefficients of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from scatter.codec import lifting
from scatter.codec.context import Level, Plane, Setting, Surroundings, Tables
from scatter.codec.lattices import STEPS

Array = NDArray[Any]


@dataclass(frozen=True)
class PlaneSpec:
    """How one plane of an image is coded.

    Parameters
    ----------
    lossless : bool
        The reversible transform, and no quantisation.
    step : float
        Quantisation step, in units of the plane's values, for a synthesis function of norm 1; 1 if lossless.
    step_feature : int
        Eight times the base-2 logarithm of the step on a scale where white is 255, from 0 to 127.
    guides : tuple of int
        Indices of planes coded before that chroma looks at.
    """

    lossless: bool
    step: float
    step_feature: int = 0
    guides: tuple[int, ...] = ()

    @property
    def setting(self) -> Setting:
        """What the contexts need to know."""
        return Setting(self.lossless, self.step_feature, len(self.guides) > 1, 2 * bool(self.guides))

    def delta(self, j: int, band: int) -> np.float32:
        """Quantisation step of a band of level ``j``; band 3 is the approximation."""
        if self.lossless:
            return np.float32(1)
        return np.float32(self.step / lifting.norms(False)[j - 1][band])

    def norms(self, j: int) -> list[int]:
        """256 times the norms of the bands of level ``j`` without loss, rounded; none with loss."""
        return [round(256 * norm) for norm in lifting.norms(True)[j - 1][:3]] if self.lossless else []

    def known(self, tables: Tables, q: NDArray[np.int32], j: int, band: int) -> Plane:
        """Logarithms of coefficients, of those of an orthonormal transform in steps."""
        if self.lossless:
            scaled = (np.abs(q.astype(np.int64)) * self.norms(j)[band] + 128) >> 8
            q = (np.sign(q) * np.minimum(scaled, 2**20)).astype(np.int32)
        return tables.of(q)


class Coder(Protocol):
    """What is done with the coefficients of a step."""

    def code(self, plane: int, j: int, index: int, level: Level) -> tuple[NDArray[np.int32], Array]:
        """Quantised coefficients of a step and the values they stand for, in units of the band's step."""
        ...


@runtime_checkable
class LevelCoder(Protocol):
    """What is done with all the coefficients of a level of a plane at once."""

    def code_level(
        self, plane: int, around: Surroundings, values: Sequence[Array], logarithms: Sequence[Array]
    ) -> Any:
        """Fill in values, in steps of the bands, and logarithms; give what guides the other planes."""
        ...


@dataclass
class State:
    """A plane on its way from coarse to fine.

    Parameters
    ----------
    spec : PlaneSpec
        How it is coded.
    approximations : list of ndarray
        The coarsest; then all that are decoded, or without ``keep`` the finest of them alone.
    keep : bool, default=False
        Keep all that is decoded.
    logarithms : list of list of ndarray
        Of the bands of the last two levels.
    details : list of Details
        All the details, the coarsest first; without ``keep`` those that no approximation was computed from.
    """

    spec: PlaneSpec
    approximations: list[Array]
    keep: bool = False
    logarithms: list[list[Plane]] = field(default_factory=list)
    details: list[lifting.Details] = field(default_factory=list)
    _pending: bool = False

    def add(self, details: lifting.Details, logarithms: list[Plane]) -> None:
        """Take in another level."""
        self.details.append(details)
        self.logarithms = [*self.logarithms[-1:], logarithms]
        self._pending = True

    @property
    def approximation(self) -> Array:
        """The finest approximation that the details give, computed when it is first asked for."""
        if self._pending:
            last = lifting.inverse(self.approximations[-1], self.details[-1], self.spec.lossless)
            if not self.keep:
                self.approximations.clear()
                self.details.clear()
            self.approximations.append(last)
            self._pending = False
        return self.approximations[-1]


def walk(
    tables: Tables,
    specs: Sequence[PlaneSpec],
    approximations: Sequence[Array],
    size: tuple[int, int],
    count: int,
    coder: Coder | LevelCoder,
    *,
    stop: int = 0,
    keep: bool = False,
) -> list[State]:
    """Go through all the coefficients, coarse to fine, plane by plane within a level.

    Parameters
    ----------
    tables : Tables
        The logarithms.
    specs : sequence of PlaneSpec
        How each plane is coded.
    approximations : sequence of ndarray
        The decoded coarsest approximation of each plane.
    size : tuple of int
        Height and width of the image.
    count : int
        Number of levels.
    coder : Coder or LevelCoder
        Called for every step that has any coefficients, or for every level.
    stop : int, default=0
        Level at which to stop: the planes are then the approximations of that level.
    keep : bool, default=False
        Keep the details and the approximations of all the levels.

    Returns
    -------
    list of State
        The planes, with the decoded approximations of level ``stop``.
    """
    states = [State(spec, [a], keep) for spec, a in zip(specs, approximations, strict=True)]
    sizes = lifting.sizes(*size, count)
    for j in range(count, stop, -1):
        outer, inner = sizes[j - 1], sizes[j]
        wide, high = outer[1] - inner[1], outer[0] - inner[0]
        bands = [(inner[0], wide), (high, inner[1]), (high, wide)]
        seen: list[Any] = []
        for plane, state in enumerate(states):
            guides = [seen[g] for g in state.spec.guides]
            seen.append(_level(tables, state, plane, j, bands, guides, coder))
    return states


def _level(
    tables: Tables,
    state: State,
    plane: int,
    j: int,
    bands: list[tuple[int, int]],
    guides: list[Any],
    coder: Coder | LevelCoder,
) -> Any:
    spec, past = state.spec, state.logarithms
    scaled = state.approximation.astype(np.float32) * np.float32(2**j / spec.step)
    parents = past[-1] if past else None
    grandparents = past[-2] if len(past) > 1 else None
    around = Surroundings(spec.setting, j, scaled, bands, parents, grandparents, guides)
    kind = np.int32 if spec.lossless else np.float32
    values: list[Array] = [np.zeros(size, kind) for size in bands]
    logarithms = [np.zeros(size, np.int8) for size in bands]
    if isinstance(coder, LevelCoder):
        level = coder.code_level(plane, around, values, logarithms)
    else:
        level = Level(tables, around)
        _each_step(tables, spec, plane, j, level, coder, values, logarithms)
    if not spec.lossless:
        for band, value in enumerate(values):
            value *= spec.delta(j, band)
    state.add(lifting.Details(*values), logarithms)
    return level


def _each_step(
    tables: Tables,
    spec: PlaneSpec,
    plane: int,
    j: int,
    level: Level,
    coder: Coder,
    values: Sequence[Array],
    logarithms: Sequence[Array],
) -> None:
    for index, step in enumerate(STEPS):
        if 0 in level.shape(index):
            continue
        q, found = coder.code(plane, j, index, level)
        known = spec.known(tables, q, j, step.band)
        level.put(index, known)
        step.of(logarithms)[...] = known
        step.of(values)[...] = found
