"""Fields on the sphere as they come in: their sampling, what of them is known, and their harmonics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scatter.domains.sphere import SAMPLINGS, UNSEEN, Sampling, sampling
from scatter.errors import InputError
from scatter.frames.spherical import SphericalFrame
from scatter.numerics.namespace import Array, Constant, floating, is_complex, namespace
from scatter.numerics.plain import FILL, plain, plain_numpy
from scatter.transforms.grids import heads
from scatter.transforms.intake import Columns, Learnt, Part, Planner, Symmetry
from scatter.transforms.plan import Plan
from scatter.transforms.validation import check_signals

FILL_OR_MASK = f"{FILL}, or mask=..., an array that is 1 where fields are known and 0 where they are not"


@dataclass(frozen=True, eq=False)
class Fields:
    """Fields of one sampling and band limit, and what is known of them; an `Intake`.

    Parameters
    ----------
    sampling : str
        One of `SAMPLINGS`.
    L : int
        Band limit.
    mask : array, optional
        1 where fields are known, 0 elsewhere.
    """

    sampling: str
    L: int
    mask: Any = None
    _places: dict[tuple[int, ...], Sampling] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.sampling not in SAMPLINGS:
            names = ", ".join(map(repr, SAMPLINGS))
            raise InputError(f"sampling must be one of {names}, got {self.sampling!r}")

    # ------------------------------------------------------------------ the intake
    tabular: ClassVar[bool] = False  # fields have two axes, or are complex
    stateless: ClassVar[bool] = True

    def geometry(self, learnt: Learnt | None) -> tuple[int, ...]:
        """There is one sphere."""
        return ()

    def call(self, x: Any, learnt: Learnt | None, planner: Planner) -> tuple[Plan, Array]:
        """Fields on the grid of the frame, (..., longitudes, rings), and the plan."""
        plan = planner(())
        assert isinstance(plan.frame, SphericalFrame)
        a, lead = self.coefficients(x)
        maps = plan.frame.field(a)
        return plan, namespace(maps).reshape(maps, (*lead, *maps.shape[1:]))

    def learn(self, X: Any, planner: Planner, columns: Columns) -> Learnt:
        """Channels of samples (n, *channels, *field), or of rows that hold them flattened."""
        part = self._part(X, planner, columns)
        lead = tuple(int(n) for n in part.x.shape[1:-2])
        return Learnt((), heads(lead), {"lead_": lead, "shape_": part.plan.frame.shape})

    def parts(self, X: Any, learnt: Learnt | None, planner: Planner, columns: Columns) -> Iterator[Part]:
        """All samples at once."""
        part = self._part(X, planner, None if learnt is None else columns)
        lead = tuple(part.x.shape[1:-2])
        if learnt is not None and lead != learnt.public["lead_"]:
            raise InputError(f"samples must have channels {learnt.public['lead_']} as in fit, got {lead}")
        yield part

    def symmetry(self, plan: Plan, geometry: tuple[int, ...], rng: np.random.Generator) -> Symmetry:
        """A turn about the axis, by any angle; maps (longitudes, rings), or (rings, longitudes) if averaged.

        Modulus maps are sampled, and turn with the wavelets only as far as their samples say what they are.
        """
        angle = rng.uniform(0, 2 * np.pi)

        def act(u: NDArray[Any], resolution: int | None) -> NDArray[Any]:
            u = u if resolution is None else np.swapaxes(u, -2, -1)
            spectrum = np.fft.rfft(u)
            spectrum *= np.exp(-1j * angle * np.arange(spectrum.shape[-1]))
            u = np.fft.irfft(spectrum, u.shape[-1])
            return u if resolution is None else np.swapaxes(u, -2, -1)

        return Symmetry(geometry, act)

    def _part(self, X: Any, planner: Planner, columns: Columns | None) -> Part:
        x = plain(X, "the fields", instead=FILL_OR_MASK)
        if getattr(x, "ndim", 0) < 2:
            raise InputError(
                f"samples of shape (n_samples, *field) are needed, got {np.shape(x)}; type x[None]"
            )
        if columns is not None:
            columns(X if hasattr(X, "shape") else x)
        if x.ndim == 2 and self.ndim == 2:
            x = namespace(x).reshape(x, (x.shape[0], *self.canonical(int(x.shape[1]))))
        plan, maps = self.call(x, None, planner)
        if maps.ndim < 3:
            raise InputError(
                f"samples of shape (n_samples, *field) are needed, got {tuple(x.shape)}; type x[None]"
            )
        return Part(plan, maps)

    # ------------------------------------------------------------------ fields
    @property
    def ndim(self) -> int:
        """Axes of a field."""
        return 1 if self.sampling == "healpix" else 2

    def canonical(self, features: int) -> tuple[int, ...]:
        """Shape of the fields that flat rows of so many numbers hold.

        Raises
        ------
        InputError
            If there is no telling.
        """
        L = self.L
        shapes = {
            "gl": (L, 2 * L - 1),
            "mw": (L, 2 * L - 1),
            "dh": (2 * L, 2 * L - 1),
            "coefficients": (L, L),
        }
        shape = (features,) if self.sampling == "healpix" else shapes.get(self.sampling, ())
        if int(np.prod(shape)) != features or not shape:
            raise InputError(
                f"rows of {features} numbers have no shape as fields of {self.sampling!r} and L={L}; type "
                "X.reshape(len(X), rings, longitudes)"
            )
        return shape

    @cached_property
    def known(self) -> NDArray[np.bool_] | None:
        """The mask, checked; None if there is none."""
        if self.mask is None:
            return None
        if self.sampling == "coefficients":
            raise InputError("coefficients have no places to mask; type mask=None, or another sampling")
        mask = plain_numpy(self.mask, "mask")
        if mask.ndim != self.ndim or not np.isin(mask, (0, 1)).all() or not mask.any():
            raise InputError(
                f"mask must be an array of zeros and ones with the axes of a field, {self.ndim}, and not all "
                f"zero, got {mask.dtype} of shape {mask.shape}"
            )
        return mask.astype(bool)

    @cached_property
    def mask_coefficients(self) -> NDArray[np.complex128] | None:
        """Harmonic coefficients (1, L, L) of the mask."""
        if self.known is None:
            return None
        place = self._place(self.known.shape)
        return np.asarray(place.coefficients(self.known[None].astype(np.float64)))

    def coefficients(self, x: Any) -> tuple[Array, tuple[int, ...]]:
        """Harmonic coefficients (n, L, L) of fields (..., *field), and the shape of what comes before them.

        Raises
        ------
        InputError
            If the fields are not what the sampling says, or unknown where there is no mask.
        """
        if self.sampling == "coefficients":
            x, L = check_signals(x, 2), self.L
            if not is_complex(x) or tuple(x.shape[-2:]) != (L, L):
                raise InputError(
                    f"coefficients must be complex of shape (..., {L}, {L}), got {x.dtype} of shape "
                    f"{tuple(x.shape)}"
                )
            return namespace(x).reshape(x, (-1, L, L)), tuple(x.shape[:-2])
        x = self._checked(x)
        place, lead = self._place(tuple(x.shape)), tuple(x.shape[: x.ndim - self.ndim])
        return place.coefficients(namespace(x).reshape(x, (-1, *place.shape))), lead

    def _place(self, shape: tuple[int, ...]) -> Sampling:
        key = shape[max(0, len(shape) - self.ndim) :]
        if key not in self._places:
            self._places[key] = sampling(self.sampling, self.L, key)
        return self._places[key]

    def _checked(self, x: Any) -> Array:
        x = plain(x, "the fields", instead=FILL_OR_MASK)
        if self.known is not None:
            x = self._filled(floating(x))
        elif isinstance(x, np.ndarray) and x.dtype.kind == "f":
            unseen = np.isclose(x, UNSEEN, rtol=1e-6) if self.sampling == "healpix" else False
            bad = int((~np.isfinite(x) | unseen).sum())
            if bad:
                raise InputError(
                    f"fields contain NaN, infinity or UNSEEN at {bad} of {x.size} samples; type mask=..., an "
                    "array that is 1 where fields are known and 0 there"
                )
        x = check_signals(x, self.ndim)
        if is_complex(x):
            raise InputError(
                "fields must be real, got complex ones; type x.real and x.imag or, for tangent fields, the E "
                "and B of HarmonicTransform(L, spin=1)"
            )
        return x

    def _filled(self, x: Array) -> Array:
        """Fields whose unknown samples are the mean of the known ones."""
        known = self.known
        assert known is not None
        if tuple(x.shape[max(0, x.ndim - self.ndim) :]) != known.shape:
            raise InputError(f"fields must have the shape of the mask, {known.shape}, got {tuple(x.shape)}")
        xp, axes = namespace(x), tuple(range(-self.ndim, 0))
        shares = np.broadcast_to(self._place(known.shape).area, known.shape) * known
        there = Constant(known.astype(np.float64)).like(x) > 0
        x = xp.where(there, x, xp.zeros_like(x))
        mean = xp.sum(x * Constant(shares / shares.sum()).like(x), axis=axes, keepdims=True)
        return xp.where(there, x, mean)
