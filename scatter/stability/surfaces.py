"""Samples that are surfaces, or signals and tangent fields on one surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from scatter.domains.connection import Tangents
from scatter.errors import InputError
from scatter.frames.surface import spectrum
from scatter.numerics.plain import plain_numpy
from scatter.stability.base import Deformation
from scatter.stability.grids import Noise
from scatter.stability.samples import Bound, Samples, Values
from scatter.stability.space import Bending, Decimation, Frames, PointNoise, Renumbering
from scatter.stability.things import SignalSamples, one_signal_a_row
from scatter.transforms.surfaces import Surfaces
from scatter.transforms.tangent import Fields


@dataclass(frozen=True, eq=False)
class SurfaceSamples(SignalSamples):
    """Meshes or clouds, with signals or their own descriptors, or signals on one surface.

    Parameters
    ----------
    intake : Surfaces
        Of the transform: it knows Laplacians, and descriptors.
    """

    intake: Any = None

    @property
    def word(self) -> str:  # type: ignore[override]
        """'mesh' or 'cloud'."""
        return str(self.intake.word)

    @classmethod
    def read(cls, transform: Any, X: Any) -> Self:
        """Samples as the estimators on surfaces take them."""
        intake = transform._intake
        assert isinstance(intake, Surfaces)
        surface = intake.geometry(transform._seen)
        if surface is not None:
            return cls((surface,), one_signal_a_row(intake.signals(X, surface)), intake)
        samples = intake.samples(X)
        if samples is None:
            raise InputError(f"X must be a list of samples as in fit, got {type(X).__name__}")
        pairs = [intake.sample(given, place) for place, given in enumerate(samples)]
        things = (thing if x is None else (thing, plain_numpy(x, "signals")) for thing, x in pairs)
        return cls(tuple(things), None, intake)

    @property
    def usual(self) -> tuple[Deformation, ...]:
        """Other positions, fewer points, another order, and noise where there are signals."""
        noise = (Noise(),) if self.x is not None or isinstance(self.things[0], tuple) else ()
        return (Bending(), PointNoise(), Decimation(), Renumbering(), *noise)

    def signals(self, thing: Any) -> NDArray[Any] | None:
        """Signals of a pair."""
        return thing[1] if isinstance(thing, tuple) else None

    def shown(self, thing: Any) -> Values:
        """Signals of a pair, or descriptors of a surface alone."""
        return np.asarray(thing[1] if isinstance(thing, tuple) else self.intake.own(thing))

    def dressed(self, thing: Any, signals: NDArray[Any]) -> Any:
        """A pair."""
        return self.bare(thing), signals

    def bare(self, thing: Any) -> Any:
        """The surface."""
        return thing[0] if isinstance(thing, tuple) else thing

    def basis(self, thing: Any) -> NDArray[Any]:
        """Eigenvectors of the Laplacian times the areas, as many as the transform has."""
        operator = self.intake.spectrum(self.bare(thing))
        return np.asarray(operator.vectors * operator.mass[:, None])


@dataclass(frozen=True, eq=False)
class TangentSamples(SurfaceSamples):
    """Tangent fields as complex numbers in frames.

    Parameters
    ----------
    gauge : ndarray of shape (points,), optional
        Angles of the frames of the one mesh.
    """

    gauge: Any = None

    @classmethod
    def read(cls, transform: Any, X: Any) -> Self:
        """Fields as `TangentScattering` takes them; vectors become complex numbers."""
        found = super().read(transform, X)
        if found.x is None:
            if not all(isinstance(thing, tuple) for thing in found.things):
                found.intake.own_channels()  # which says that there are none
            return found
        return replace(found, gauge=found.intake.tangents(found.things[0]).gauge)

    @property
    def usual(self) -> tuple[Deformation, ...]:
        """As of functions, and other frames on the one mesh."""
        frames = () if self.x is None else (Frames(),)
        return (Bending(), PointNoise(), *frames, Decimation(), Renumbering(), Noise())

    def deformed(
        self, deformation: Deformation, strength: float, rng: np.random.Generator, scale: float
    ) -> tuple[Self, Bound]:
        """Deformed fields. Frames go with bent surfaces; where vertices are others, so are the frames."""
        if isinstance(deformation, Frames):
            if self.x is None:
                raise InputError("frames are changed of fields on one mesh; leave Frames() out")
            x, gauge = deformation((self.x, self.gauge), strength, rng)
            return replace(self, x=x, gauge=gauge), None
        if not isinstance(deformation, (Decimation, Renumbering)):
            return super().deformed(deformation, strength, rng, scale)
        one = self.x is not None
        pairs: Sequence[Any] = [(self.things[0], self.x)] if one else self.things
        vectors = [(mesh, self._vectors(mesh, self.gauge, z)) for mesh, z in pairs]
        moved = [(mesh, self._numbers(mesh, v)) for mesh, v in deformation(vectors, strength, rng)]
        if not one:
            return replace(self, things=tuple(moved)), None
        ((mesh, z),) = moved
        return replace(self, things=(mesh,), x=z, gauge=np.zeros(len(mesh))), None

    @staticmethod
    def _vectors(mesh: Any, gauge: Any, z: NDArray[Any]) -> Values:
        """Vectors in space (..., 3, points)."""
        return np.swapaxes(Tangents(mesh, gauge).ambient(z), -2, -1)

    @staticmethod
    def _numbers(mesh: Any, vectors: Values) -> NDArray[np.complex128]:
        return Tangents(mesh).project(np.swapaxes(vectors, -2, -1))

    def on(self, transform: Any, thing: Any) -> Any:
        """A transform on another mesh, or in other frames."""
        return transform.set_params(mesh=thing, gauge=self.gauge)

    def basis(self, thing: Any) -> NDArray[Any]:
        """Eigenvectors of the connection Laplacian times the areas."""
        mesh = self.bare(thing)
        operator = spectrum(Tangents(mesh, self.gauge).laplacian, mesh.mass, self.intake.n_eig)
        return np.asarray(operator.vectors * operator.mass[:, None])


KINDS: tuple[tuple[type, type[Samples]], ...] = ((Fields, TangentSamples), (Surfaces, SurfaceSamples))
"""Intakes of estimators, and what their samples are; a subclass before its base."""

__all__ = ["KINDS", "SurfaceSamples", "TangentSamples"]
