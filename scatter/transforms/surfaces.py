"""What the estimators on surfaces share: the spectrum of a surface, and the signals that it has of itself."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.frames.base import Frame
from scatter.frames.kernels import heat
from scatter.frames.surface import Spectrum, spectrum
from scatter.frames.vertices import ScaleBank
from scatter.numerics.namespace import Array
from scatter.paths import PathTree
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.geometries import Geometries, of_channels
from scatter.transforms.grids import heads
from scatter.transforms.intake import Learnt, Part, Planner
from scatter.transforms.plan import Plan
from scatter.transforms.readout import Readout
from scatter.transforms.validation import check_count

V = TypeVar("V")


@dataclass(frozen=True, eq=False)
class Surfaces(Geometries):
    """An intake of signals on surfaces; a subclass says what a surface is.

    Parameters
    ----------
    n_eig : int
        Eigenpairs of the Laplacian.
    descriptors : sequence of str
        Signals of surfaces that come without, out of `known`.
    """

    n_eig: int
    descriptors: Sequence[str]
    _latest: dict[Any, Spectrum] = field(default_factory=dict, repr=False, init=False)

    known: ClassVar[Mapping[str, int]] = {}
    """Descriptors that a surface has of itself, and how many channels each is."""

    @abstractmethod
    def operators(self, surface: Any) -> tuple[Any, NDArray[np.float64]]:
        """Laplacian and areas of the vertices."""

    @abstractmethod
    def describe(self, name: str, surface: Any, operator: Spectrum) -> NDArray[np.float64]:
        """Values (channels, n) of a descriptor."""

    def spectrum(self, surface: Any) -> Spectrum:
        """Lowest eigenpairs; those of the latest surface are kept."""
        return latest(self._latest, surface, lambda: spectrum(*self.operators(surface), self.n_eig))

    @abstractmethod
    def is_one(self, given: Any) -> bool:
        """Whether something is a surface, so that in a pair what comes after it are its signals."""

    def own_channels(self) -> list[str]:
        """Names of the channels of the descriptors; no spectrum is needed for them."""
        names: list[str] = []
        for name in self.descriptors:
            if name not in self.known:
                known = ", ".join(map(repr, self.known))
                raise InputError(f"descriptors must be among {known}, got {name!r}")
            count = self.known[name]
            names += [name] if count == 1 else [f"{name}[{k}]" for k in range(count)]
        if not names:
            raise InputError(
                "surfaces without signals need at least one descriptor; type "
                "descriptors=('mean_curvature',), or pairs (surface, signals)"
            )
        return names

    def own(self, surface: Any) -> NDArray[np.float64]:
        """Values (channels, n) of the descriptors."""
        self.own_channels()
        operator = self.spectrum(surface)
        return np.concatenate([self.describe(name, surface, operator) for name in self.descriptors])

    # ------------------------------------------------------------------ collections
    def alone(self, X: Any) -> Any:
        """The surface that ``X`` is; None if it is samples."""
        return self.read(X) if self.samples(X) is None else None

    def learn_each(self, X: Any) -> Learnt:
        """The channels of the first sample."""
        samples = self.samples(X)
        if not samples:
            raise InputError("a list with at least one surface is needed, got an empty list")
        _, x = self.sample(samples[0], 0)
        if x is None:
            return of_channels(None, self.own_channels())
        return of_channels(None, heads(x.shape[-2:-1] if x.ndim > 1 else ()))

    def each(self, X: Any, learnt: Learnt, planner: Planner) -> Iterator[Part]:
        """Samples one after the other: surfaces, or pairs of one and its signals."""
        samples = self.samples(X)
        if not samples:
            raise InputError(f"a list of surfaces is needed, as in fit, got {type(X).__name__}")
        for place, given in enumerate(samples):
            geometry, x = self.sample(given, place)
            try:
                plan = planner(geometry)
                x = self.own(geometry) if x is None else x
            except InputError as error:
                raise InputError(f"sample {place}: {error}") from None
            channels = x.shape[-2] if x.ndim > 1 else 0
            if channels != len(learnt.channels):
                raise InputError(
                    f"sample {place}: must have {len(learnt.channels)} channels as in fit, got {channels}"
                )
            yield Part(plan, x, [place])

    def samples(self, X: Any) -> list[Any] | None:
        """The samples that something holds; None if it is one geometry, or signals."""
        if isinstance(X, list):
            return X
        if isinstance(X, tuple):
            return list(X) if X and all(map(self._is_sample, X)) else None
        objects = getattr(getattr(X, "dtype", None), "kind", "") == "O" and getattr(X, "ndim", 0) == 1
        stacked = getattr(X, "ndim", 0) == 3 and len(X) > 0 and self.is_one(X[0])
        return list(X) if objects or stacked or isinstance(X, Iterator) else None

    def _is_sample(self, given: Any) -> bool:
        pair = isinstance(given, tuple) and len(given) == 2 and self.is_one(given[0])
        return pair or self.is_one(given)

    def sample(self, given: Any, place: int) -> tuple[Any, Array | None]:
        """Geometry of a sample, and its signals (channels, n) or (n,), or None."""
        try:
            if isinstance(given, tuple) and self._is_sample(given) and not self.is_one(given):
                geometry = self.read(given[0])
                return geometry, self.signals(given[1], geometry)
            return self.read(given), None
        except InputError as error:
            raise InputError(f"sample {place}: {error}") from None


def latest(kept: dict[Any, V], surface: Any, make: Callable[[], V]) -> V:
    """What was made of a surface, made now unless it is the one that is kept."""
    found = kept.get(surface)
    if found is None:
        found = make()
        kept.clear()
        kept[surface] = found
    return found


class SurfaceScattering(ScatteringTransformer):
    """Base of the estimators on surfaces; a subclass says which frame a surface carries."""

    J: int
    t0: float | str
    n_eig: int
    max_order: int
    average: bool | str
    pooling: str | tuple[str, ...] | None
    log: bool | float
    ratios: bool | float

    @abstractmethod
    def _frame_on(self, surface: Any, operator: Spectrum, t0: float) -> Frame:
        """The wavelets on a surface."""

    def _make_plan(self, surface: Any) -> Plan:
        readout, order = (
            Readout(self.average, self.pooling, self.log, ratios=self.ratios),
            check_count("max_order", self.max_order, 0),
        )
        if surface is None:  # paths are the same on every surface; the time that is not known yet is the unit
            t0 = self._time(1.0)
            bank = ScaleBank(heat(self.J, 1.0 if self.t0 == "auto" else t0))
            return Plan(None, PathTree(bank, order), readout)
        intake = self._intake
        assert isinstance(intake, Surfaces)
        operator = intake.spectrum(surface)
        frame = self._frame_on(surface, operator, self._time(operator.area))
        return Plan(frame, PathTree(frame.bank, order), readout)

    def _time(self, area: float) -> float:
        J = check_count("J", self.J, 1)
        if self.t0 == "auto":
            # The coarsest average spreads over the surface: time area / (4 pi), the radius^2 of a sphere.
            return area / (4 * math.pi * 2.0 ** (J - 1))
        if isinstance(self.t0, (str, bool)) or not isinstance(self.t0, Real) or not 0 < self.t0 < np.inf:
            raise InputError(f"t0 must be 'auto' or a positive time in length^2, got {self.t0!r}")
        return float(self.t0)

    @property
    def shape(self) -> tuple[int, ...]:
        """Vertices of the surface: (n,)."""
        return self.frame.shape
