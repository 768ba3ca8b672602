"""What a pyramid takes a signal apart into: a small copy and the detail of every level, as named bands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import product
from numbers import Integral
from typing import Any

import numpy as np

from scatter.errors import InputError
from scatter.numerics.namespace import Array, floating
from scatter.numerics.plain import plain_numpy
from scatter.transforms.validation import check_shape

TRANSFORMS = ("decimated", "undecimated", "packet")
"""One coefficient in two along an axis and level; all of them; or one in two, of the detail as well."""

NAMES: dict[int, dict[str, str]] = {
    1: {"d": "detail"},
    2: {"da": "horizontal", "ad": "vertical", "dd": "diagonal"},
    3: {key: key for key in map("".join, product("ad", repeat=3)) if key != "aaa"},
}
"""Names of the bands of a level, for signals of one, two and three axes, by PyWavelets' key: one letter
an axis, a for the low-pass and d for the high-pass. High-pass down the columns are horizontal structures."""

APPROXIMATION = "approximation"


@dataclass(frozen=True, eq=False, repr=False)
class Decomposition:
    """A signal, or a batch of signals, as a small copy and the detail of every level.

    Parameters
    ----------
    approximation : array of shape (..., *size)
        The low-pass of the coarsest level. What comes before the axes of the signal is a batch.
    details : sequence of mappings of str to array
        Bands (..., *size) by name, one mapping a level, the coarsest first, as in `pywt.wavedecn`. Names
        are 'horizontal', 'vertical' and 'diagonal' for images, 'detail' for one axis, and for three axes
        'aad' to 'ddd', a letter an axis, a for low-pass and d for high-pass. Bands may be empty, and of
        different sizes in one level.
    shape : tuple of int
        Shape of the signal itself; its length says how many axes are axes of the signal.
    transform : {'decimated', 'undecimated', 'packet'}, default='decimated'
        How bands are sampled. A 'packet' is a band of level j that is split further, down to the coarsest
        level: its name goes on with a letter a split, as in 'horizontal_av'.
    gain : float, default=sqrt(2)
        What the approximation of a constant is multiplied by, along each axis at each level: sqrt(2) for
        orthonormal filters, 1 for those that keep a mean.

    Raises
    ------
    InputError
        If an array has too few axes, another batch than the approximation, or values that are not finite
        numbers.

    Notes
    -----
    Level 1 is the finest, `levels` the coarsest.

    Examples
    --------
    >>> import numpy as np
    >>> coarse = {"horizontal": np.zeros((2, 2)), "vertical": np.ones((2, 2)), "diagonal": np.zeros((2, 2))}
    >>> fine = {name: np.zeros((4, 4)) for name in coarse}
    >>> d = Decomposition(np.full((2, 2), 4.0), [coarse, fine], (8, 8))
    >>> d
    Decomposition(shape=(8, 8), levels=2, transform='decimated', bands=7)
    >>> d.band(2, "vertical")
    array([[1., 1.],
           [1., 1.]])
    >>> print(d.energies()["level2_vertical"])
    4.0
    >>> d.small_copy
    array([[1., 1.],
           [1., 1.]])
    """

    approximation: Array
    details: Sequence[Mapping[str, Array]]
    shape: tuple[int, ...]
    transform: str = "decimated"
    gain: float = math.sqrt(2)

    def __post_init__(self) -> None:
        shape = self.shape if isinstance(self.shape, Sequence) else (self.shape,)
        if len(shape) not in NAMES:
            raise InputError(
                f"shape must have 1, 2 or 3 sides, those of the signal without its batch, got {shape}"
            )
        object.__setattr__(self, "shape", check_shape(shape, len(shape)))
        object.__setattr__(self, "transform", check_transform(self.transform))
        gain = self.gain
        if isinstance(gain, bool) or not isinstance(gain, (int, float)) or not 0 < gain < math.inf:
            raise InputError(f"gain must be a positive number, got {gain!r}")
        details = tuple(self.details)
        if not details or not all(isinstance(level, Mapping) and level for level in details):
            raise InputError(
                "details must be a sequence of mappings from names to bands, one a level, the coarsest "
                f"first, got {self.details!r:.80}"
            )
        object.__setattr__(self, "approximation", self._checked(APPROXIMATION, self.approximation))
        levels = range(len(details), 0, -1)
        named = (
            {str(name): self._checked(label(j, name), band) for name, band in level.items()}
            for j, level in zip(levels, details, strict=True)
        )
        object.__setattr__(self, "details", tuple(named))

    def _checked(self, name: str, band: Any) -> Array:
        band = floating(plain_numpy(band, name))
        ndim = len(self.shape)
        batch = getattr(self.approximation, "shape", band.shape)[:-ndim]
        if band.ndim < ndim or band.shape[:-ndim] != batch:
            raise InputError(
                f"{name}: an array of {ndim} axes after a batch of shape {batch} is needed, got shape "
                f"{band.shape}"
            )
        if not np.isfinite(band).all():
            raise InputError(f"{name}: the band contains NaN or infinity")
        return band

    def __repr__(self) -> str:
        batch = f", batch={self.batch}" if self.batch else ""
        return (
            f"Decomposition(shape={self.shape}, levels={self.levels}, transform={self.transform!r}, "
            f"bands={len(self.bands)}{batch})"
        )

    # ------------------------------------------------------------------ what there is
    @property
    def ndim(self) -> int:
        """Axes of the signal."""
        return len(self.shape)

    @property
    def batch(self) -> tuple[int, ...]:
        """Shape of what comes before the axes of the signal."""
        return tuple(self.approximation.shape[: -self.ndim])

    @property
    def levels(self) -> int:
        """Number of levels; also that of the coarsest one."""
        return len(self.details)

    @property
    def bands(self) -> dict[str, Array]:
        """All bands by name, from coarse to fine: 'approximation', 'level4_horizontal' and so on."""
        named = {APPROXIMATION: self.approximation}
        for j, level in zip(range(self.levels, 0, -1), self.details, strict=True):
            named |= {label(j, name): band for name, band in level.items()}
        return named

    def detail(self, level: int) -> Mapping[str, Array]:
        """Bands of a level by name.

        Raises
        ------
        InputError
            If there is no such level.
        """
        return self.details[self.levels - check_level(level, 1, self.levels)]

    def band(self, level: int, name: str) -> Array:
        """One band, (..., *size).

        Raises
        ------
        InputError
            If there is no such level, or no such band in it.
        """
        found = self.detail(level)
        if name not in found:
            raise InputError(f"level {level} has no band {name!r}; {meant(str(name), found)}")
        return found[name]

    @property
    def small_copy(self) -> Array:
        """The signal, ``2**levels`` times smaller, sides rounded up, in its own range.

        It is the approximation divided by its gain, without what boundaries add to it.
        """
        stride = 2**self.levels if self.transform == "undecimated" else 1
        sides = halved(self.shape, self.levels)
        return fit(self.approximation, sides, stride) / self.approximation.real.dtype.type(
            self.gain ** (self.levels * self.ndim)
        )

    # ------------------------------------------------------------------ what can be done with it
    def energies(self) -> dict[str, Any]:
        """Sum of the squares of every band, by the names of `bands`.

        Returns
        -------
        dict of str to float64 array of shape (...)
            One number a signal. For an orthogonal wavelet and ``mode='periodization'`` or 'zero', they add
            up to the energy of the signal.
        """
        axes = tuple(range(-self.ndim, 0))
        return {name: np.sum(squares(band), axis=axes) for name, band in self.bands.items()}

    def map(self, function: Callable[[Array], Array]) -> Decomposition:
        """The same with every band of detail replaced by ``function`` of it, for example a threshold.

        Parameters
        ----------
        function : callable
            From an array (..., *size) to one of the same shape.

        Returns
        -------
        Decomposition
        """
        return replace(self, details=[{name: function(b) for name, b in d.items()} for d in self.details])


def label(level: int, name: str) -> str:
    """What a band is called among all bands."""
    return f"level{level}_{name}"


def check_transform(transform: object) -> str:
    """Return the name of a transform."""
    if transform not in TRANSFORMS:
        raise InputError(f"transform must be one of {', '.join(map(repr, TRANSFORMS))}, got {transform!r}")
    return str(transform)


def check_level(level: object, least: int, most: int) -> int:
    """Return a level from ``least``, 0 for the signal itself or 1 for the finest, to ``most``."""
    if isinstance(level, bool) or not isinstance(level, Integral) or not least <= int(level) <= most:
        raise InputError(f"level must be from {least} to {most}, the coarsest, got {level!r}")
    return int(level)


def meant(name: str, known: Any) -> str:
    """What may have been meant by a name, as the end of a message: close names, or all of a few."""
    names = [str(each) for each in known]
    close = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"there are {', '.join(map(repr, names[:12]))}" + (" and more" if len(names) > 12 else "")


def squares(band: Array) -> Array:
    """Squared moduli, in double precision."""
    wide = band.astype(np.complex128 if np.iscomplexobj(band) else np.float64)
    return wide.real**2 + wide.imag**2 if np.iscomplexobj(wide) else wide**2


def halved(shape: Sequence[int], times: int) -> tuple[int, ...]:
    """Sides halved so many times, rounded up."""
    return tuple(-(-side // 2**times) for side in shape)


def fit(band: Array, shape: Sequence[int], stride: int) -> Array:
    """Every ``stride``-th coefficient of a band, and the middle of these: what lies within the signal.

    Filters reach beyond the ends of a signal, so that a band has up to a filter's length more coefficients
    than its share, in equal parts at both ends if filters are symmetric.

    Raises
    ------
    InputError
        If the band is smaller than its share.
    """
    axes = len(shape)
    band = band[(..., *[slice(stride // 2, None, stride)] * axes)]
    have = band.shape[-axes:]
    if any(h < want for h, want in zip(have, shape, strict=True)):
        raise InputError(f"a band of shape {have} is smaller than its share of the signal, {tuple(shape)}")
    # Halves upwards, as PyWavelets' filters of odd length have a zero more in front.
    start = [(h - want + 1) // 2 for h, want in zip(have, shape, strict=True)]
    return band[(..., *[slice(s, s + want) for s, want in zip(start, shape, strict=True)])]
