"""Signals on grids as they come in: arrays of one shape, or rows that hold them flattened."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError, ScatterWarning
from scatter.numerics.namespace import Array, is_complex, namespace
from scatter.transforms.channels import channels_first, check_channels, guessing, image_shape
from scatter.transforms.intake import Columns, Learnt, Part, Planner, Symmetry
from scatter.transforms.plan import Plan
from scatter.transforms.validation import check_ends, check_samples, check_shape, check_signals

Shape = tuple[int, ...]


def line_shape(n_features: int) -> Shape:
    """Shape of the signals that rows of ``n_features`` numbers hold."""
    return (n_features,)


@dataclass(frozen=True, eq=False)
class Grids:
    """Samples (channels, *shape) on a grid.

    Parameters
    ----------
    name : str
        Of the estimator, for messages.
    axes : int
        Axes of a signal.
    shape : tuple of int, optional
        Of a signal; None learns it.
    last : bool
        Whether channels come last.
    guess : callable
        Numbers in a row -> shape of the signals that such rows hold.
    handed_in : callable, optional
        ``shape`` -> the shape in which signals are handed in, if that is another: one after padding.
    meet_complex : callable, optional
        What to do about complex signals.
    """

    name: str
    axes: int
    shape: Shape | None
    last: bool
    guess: Callable[[int], Shape]
    handed_in: Callable[[Shape], Shape] | None = None
    meet_complex: Callable[[Array], None] | None = None

    tabular = True

    @classmethod
    def of(cls, estimator: Any, axes: int, **options: Any) -> Grids:
        """The intake of an estimator with a parameter ``shape``, and ``channels`` if they may be last."""
        last = check_channels(getattr(estimator, "channels", "first"))
        guess = options.pop("guess", line_shape if axes == 1 else image_shape)
        shape = check_shape(estimator.shape, axes)
        return cls(type(estimator).__name__, axes, shape, last, guess, **options)

    # ------------------------------------------------------------------ what is known
    def geometry(self, learnt: Learnt | None) -> Shape:
        """Shape of the signals."""
        shape = self.shape or (None if learnt is None else learnt.geometry)
        if shape is None:
            raise InputError(
                f"the shape of the signals is not known yet; type {self.name}(..., shape=...) or call fit"
            )
        return tuple(shape)

    @property
    def stateless(self) -> bool:
        """Whether ``shape`` says all that `fit` would learn, but for the number of channels."""
        return self.shape is not None

    def doubt(self, sample: Shape) -> AbstractContextManager[None]:
        """Around what the shape of samples decides, which may be a guess."""
        return guessing(sample, self.axes, guessed=self.shape is None and not self.last)

    # ------------------------------------------------------------------ a call
    def call(self, x: Any, learnt: Learnt | None, planner: Planner) -> tuple[Plan, Array]:
        """Signals (..., *shape), and the plan for their shape."""
        x = check_signals(x, self.axes)
        if self.meet_complex is not None and is_complex(x):
            self.meet_complex(x)
        if self.last:
            if x.ndim <= self.axes:
                raise InputError(
                    "channels='last' needs an axis of channels after those of the signal, got an array of "
                    f"shape {tuple(x.shape)}; type x[..., None]"
                )
            x = channels_first(x, self.axes)
        # Of signals, an array of two axes is a batch.
        with self.doubt(tuple(x.shape) if self.axes > 1 or x.ndim > 2 else ()):
            plan = planner(self.shape or tuple(x.shape[-self.axes :]))
        check_ends(x, plan.frame.shape, padded=self.handed_in is not None, last=self.last)
        return plan, x

    # ------------------------------------------------------------------ samples
    def learn(self, X: Any, planner: Planner, columns: Columns) -> Learnt:
        """Shape and channels of samples."""
        X = self.checked(X, columns)
        sample = tuple(X.shape[1:])
        with self.doubt(sample):
            lead, shape = self.layout(sample)
            planner(shape).admit(1, 4)
        return Learnt(shape, heads(lead), {"lead_": lead, "shape_": shape})

    def parts(self, X: Any, learnt: Learnt | None, planner: Planner, columns: Columns) -> Iterator[Part]:
        """All samples (n, *channels, *shape) at once."""
        if learnt is None:
            X = self.first(check_samples(X))
            lead, shape = self.layout(tuple(X.shape[1:]))
            plan = planner(shape)
            yield Part(plan, self.shaped(X, lead, plan.frame.shape))
        else:
            X, plan = self.checked(X, columns), planner(learnt.geometry)
            yield Part(plan, self.like(X, learnt.public["lead_"], plan.frame.shape))

    def symmetry(self, plan: Plan, geometry: Shape, rng: np.random.Generator) -> Symmetry:
        """A shift by steps of the output grid, of signals that are periodic."""
        shape, axes = np.asarray(plan.frame.shape), tuple(range(-self.axes, 0))
        steps = shape // plan.frame.output(None)
        coarsest = 1 << max(path.resolution for path in plan.tree.paths)
        unit = np.maximum(steps, coarsest)
        shift = unit * rng.integers(1, np.maximum(shape // unit, 2))

        def act(u: NDArray[Any], resolution: int | None) -> NDArray[Any]:
            return np.roll(u, shift // steps if resolution is None else shift >> resolution, axes)

        return Symmetry(geometry, act)

    def checked(self, X: Any, columns: Columns) -> Array:
        """Samples as an array of floats, channels first."""
        x = X if len(getattr(X, "shape", ())) == 2 else self.first(check_samples(X))
        columns(x)  # the names and the number of the columns, before the values in them
        return check_samples(x) if len(x.shape) == 2 else x

    def first(self, X: Array) -> Array:
        """Samples with their channels before the axes of a signal, unless they are rows or have none."""
        return channels_first(X, self.axes) if self.last and X.ndim > self.axes + 1 else X

    def like(self, X: Array, lead: Shape, shape: Shape) -> Array:
        """Samples (n, *lead, *shape), refused unless they are such ones or rows of them."""
        sample = (*lead, *shape)
        if X.ndim > 2 and tuple(X.shape[1:]) != sample:
            raise InputError(
                f"samples must be of shape {sample} as in fit{', channels first' if self.last else ''}, got "
                f"{tuple(X.shape[1:])}"
            )
        return self.shaped(X, lead, shape)

    def shaped(self, X: Array, lead: Shape, shape: Shape) -> Array:
        """Samples (n, *lead, *shape) of rows, or of what has this shape already."""
        xp, rows = namespace(X), X.shape[0]
        if X.ndim == 2 and lead and self.last:
            return channels_first(xp.reshape(X, (rows, *shape, *lead)), len(shape))
        return xp.reshape(X, (rows, *lead, *shape))

    def layout(self, sample: Shape) -> tuple[Shape, Shape]:
        """Channels and shape of samples of this shape."""
        if math.prod(sample) == 1:
            raise InputError("a sample of 1 feature(s) has no scales; at least 2 features are needed")
        axes, shape = self.axes, self.shape
        if shape is None:
            if self.handed_in is not None:
                raise InputError(
                    "pre_pad=True needs the shape of the images before padding; type "
                    f"{self.name}(..., shape=...)"
                )
            return ((), self.guess(sample[0])) if len(sample) == 1 else (sample[:-axes], sample[-axes:])
        wanted = shape if self.handed_in is None else self.handed_in(shape)
        if len(sample) >= axes and sample[-axes:] == wanted:
            return sample[:-axes], shape
        points = math.prod(wanted)
        if len(sample) == 1 and sample[0] % points == 0:
            channels = sample[0] // points
            return (channels,) if channels > 1 else (), shape
        if len(sample) > axes and sample[-axes - 1 : -1] == wanted and not self.last:
            raise InputError(
                f"samples must be of shape {wanted}, with channels before it, got samples of shape {sample}; "
                "type channels='last'"
            )
        raise InputError(
            f"samples must be of shape {wanted}, with channels before it or flattened into rows of a "
            f"multiple of {points} numbers, got samples of shape {sample}"
        )


def half_is_seen(x: Array) -> None:
    """What to say of complex signals to one-sided wavelets."""
    warnings.warn(
        "complex input is seen at half of its frequencies; type two_sided=True to see all of them",
        ScatterWarning,
        stacklevel=6,
    )


def refuse_complex(x: Array) -> None:
    """What to say of complex volumes, whose modulus would be another at every order m and -m."""
    raise InputError(
        f"real volumes are needed, got {x.dtype}; stack real and imaginary parts as channels, or hand in "
        "their moduli"
    )


def heads(lead: Shape) -> tuple[str, ...]:
    """Names of channels: of their axes, or none where there are none."""
    return tuple(f"channel {','.join(map(str, place))}" for place in np.ndindex(*lead)) if lead else ()
