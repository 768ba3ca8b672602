"""Multiresolution decomposition of signals, images and volumes, on PyWavelets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from scatter.errors import InputError
from scatter.numerics.namespace import Array
from scatter.numerics.plain import plain_numpy
from scatter.pyramid.checks import check_array, check_levels, check_mode, check_wavelet
from scatter.pyramid.decomposition import (
    APPROXIMATION,
    NAMES,
    Decomposition,
    check_level,
    check_transform,
    label,
)
from scatter.pyramid.filters import Filters
from scatter.pyramid.picture import mosaic
from scatter.transforms.validation import check_count


@dataclass(frozen=True)
class Pyramid:
    """A signal as a small copy of itself and the detail left at each resolution.

    ``V0 = VJ + WJ + ... + W1``: a low-pass and a high-pass along every axis, of which one coefficient in two
    is kept, and the same again of the low-pass part, J = ``levels`` times. The inverse is exact.

    Parameters
    ----------
    wavelet : str, default='bior4.4'
        Any of ``pywt.wavelist(kind='discrete')``. The default is that of JPEG 2000 for lossy coding. 'dmey'
        alone is a finite cut of an infinite filter and reconstructs to some per cent only.
    levels : int, default=4
        Number of levels J; level 1 is the finest.
    mode : str, default='symmetric'
        How signals go on beyond their ends, any of ``pywt.Modes.modes``. 'periodization' is the only one
        that has as many coefficients as the signal has samples, if its sides are multiples of
        ``2**levels``; the others have up to a filter's length more at each end.
    transform : {'decimated', 'undecimated', 'packet'}, default='decimated'
        'undecimated' keeps all coefficients, so that it moves with the signal, which is a period; a side
        that is no multiple of ``2**levels`` is first continued up to one, by ``mode``. 'packet' splits the
        detail of level j again, ``levels - j`` times.
    ndim : {1, 2, 3}, default=2
        Axes of a signal, the last ones of an array; those before are a batch, channels included.

    Raises
    ------
    InputError
        If a name is unknown or a number is out of range.

    Notes
    -----
    Filters are scaled such that an orthogonal wavelet keeps the energy, in the undecimated transform, too.
    A constant c has the approximation ``2**(levels * ndim / 2) * c``, and c itself in the undecimated one.
    A side of 1 is a flat axis and allowed, but by the modes 'reflect' and 'antireflect'.

    References
    ----------
    Mallat, "A theory for multiresolution signal decomposition: the wavelet representation", IEEE TPAMI
    11(7), 1989. Lee, Gommers, Waselewski, Wohlfahrt & O'Leary, "PyWavelets: a Python package for wavelet
    analysis", Journal of Open Source Software 4(36), 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import Pyramid
    >>> P = Pyramid(levels=3)
    >>> print(P)
    V0 = V3 + W3 + W2 + W1 (bior4.4, symmetric)
    >>> x = np.random.default_rng(0).random((101, 160))
    >>> d = P.decompose(x)
    >>> list(d.bands)[:4]
    ['approximation', 'level3_horizontal', 'level3_vertical', 'level3_diagonal']
    >>> bool(np.allclose(P.reconstruct(d), x, rtol=0, atol=1e-10))
    True
    >>> P.mosaic(x).shape
    (101, 160)
    """

    wavelet: str = "bior4.4"
    levels: int = 4
    mode: str = "symmetric"
    transform: str = "decimated"
    ndim: int = 2

    def __post_init__(self) -> None:
        checked = {
            "wavelet": check_wavelet(self.wavelet),
            "levels": check_count("levels", self.levels, 1),
            "mode": check_mode(self.mode),
            "transform": check_transform(self.transform),
            "ndim": check_count("ndim", self.ndim, 1),
        }
        if self.ndim not in NAMES:
            raise InputError(f"ndim must be 1, 2 or 3, got {self.ndim!r}")
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __str__(self) -> str:
        J = self.levels
        terms = [f"V{J}", *(f"W{j}" for j in range(J, 0, -1))]
        spaces = " + ".join(terms)
        if self.transform == "packet":
            spaces = f"sum of W{J}[n], n < {2 ** (J * self.ndim)}"
        kind = ", undecimated" if self.transform == "undecimated" else ""
        return f"V0 = {spaces} ({self.wavelet}, {self.mode}{kind})"

    # ------------------------------------------------------------------ there and back
    def decompose(self, x: Any) -> Decomposition:
        """Take signals apart.

        Parameters
        ----------
        x : array of shape (..., *shape)
            Real or complex NumPy array. Single and double precision stay; integers become float32, unscaled.

        Returns
        -------
        Decomposition
            Bands (..., *size) by level and name.

        Raises
        ------
        InputError
            If ``x`` is not such an array, is empty or not finite, or is too small for ``levels``.
        """
        x = check_array(x, self.ndim)
        shape = tuple(x.shape[-self.ndim :])
        sizes = self.sizes(shape)
        if self.transform == "undecimated":
            low, details = self._filters.undecimated(x, sizes[0])
            return Decomposition(low, details, shape, self.transform, 1.0)
        details = []
        for j in range(1, self.levels + 1):
            x, level = self._filters.split(x)
            if self.transform == "packet":
                level = self._filters.packets(level, j)
            details.insert(0, level)
        return Decomposition(x, details, shape, self.transform)

    def reconstruct(self, decomposition: Decomposition) -> Array:
        """Put signals together again.

        Parameters
        ----------
        decomposition : Decomposition
            Of `decompose`, or made from arrays of the same names and sizes.

        Returns
        -------
        array of shape (..., *shape)
            In the precision of the bands; the signal to rounding, if they were not changed.

        Raises
        ------
        InputError
            If the bands are not those of this pyramid.
        """
        d = self._checked(decomposition)
        if self.transform == "undecimated":
            return self._filters.from_undecimated(d)
        x, sizes = d.approximation, (d.shape, *self.sizes(d.shape))
        for j in range(self.levels, 0, -1):
            level = d.detail(j)
            if self.transform == "packet":
                level = self._filters.gathered(level, j, sizes)
            x = self._filters.join(x, level, sizes[j - 1])
        return x

    def approximation(self, x: Any, level: int) -> Array:
        """Small copy of signals: the approximation at a level, in the range of the signals.

        Parameters
        ----------
        x : array of shape (..., *shape), or Decomposition
            The signals, or what `decompose` made of them.
        level : int
            From 0, the signals themselves, to ``levels``.

        Returns
        -------
        array of shape (..., *size)
            Sides divided by ``2**level`` and rounded up.

        Raises
        ------
        InputError
            If the level is none of this pyramid, or for the reasons of `decompose` and `reconstruct`.
        """
        level = check_level(level, 0, self.levels)
        if isinstance(x, Decomposition):
            if level == self.levels:
                return self._checked(x).small_copy
            x = self.reconstruct(x)
        if level == 0:
            return check_array(x, self.ndim)
        transform = "undecimated" if self.transform == "undecimated" else "decimated"
        return replace(self, levels=level, transform=transform).decompose(x).small_copy

    def mosaic(self, x: Any, *, ends: tuple[float, float] | None = None, lines: bool = True) -> Array:
        """Picture of an image taken apart: the castle.

        Parameters
        ----------
        x : array of shape (M, N) or (M, N, 3), or Decomposition
            One image, grey or red, green and blue; or what `decompose` made of it, with a batch of shape ()
            or (3,).
        ends, lines
            As in `scatter.pyramid.mosaic`; for integers, ``ends`` is by default the range of their type.

        Returns
        -------
        array of shape (M, N) or (M, N, 3)
            Values in [0, 1].

        Raises
        ------
        InputError
            If ``x`` is not one real image, or is too small for ``levels``.
        """
        if isinstance(x, Decomposition):
            return mosaic(x, ends=ends, lines=lines)
        if self.ndim != 2:
            raise InputError(f"a mosaic is of an image, with ndim=2, got ndim={self.ndim}")
        image = plain_numpy(x, "the image")
        if image.ndim != 2 and (image.ndim != 3 or image.shape[2] != 3):
            raise InputError(
                f"one image of shape (M, N) or (M, N, 3) is needed, got shape {image.shape}; for (3, M, N) "
                "type np.moveaxis(x, 0, -1)"
            )
        if ends is None and image.dtype.kind in "iu":
            ends = (0.0, float(np.iinfo(image.dtype).max))
        planes = image if image.ndim == 2 else np.moveaxis(image, -1, 0)
        return mosaic(self.decompose(planes), ends=ends, lines=lines)

    # ------------------------------------------------------------------ what there will be
    @property
    def names(self) -> tuple[str, ...]:
        """Names of all bands, from coarse to fine, as in `Decomposition.bands`."""
        packets = self.transform == "packet"
        levels = range(self.levels, 0, -1)
        bands = (label(j, name) for j in levels for name in self._filters.names(j, packets=packets))
        return (APPROXIMATION, *bands)

    def sizes(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """Sizes of the bands at level 1, 2 and so on to ``levels`` of signals of a shape.

        Packets have the last of them at all levels.

        Raises
        ------
        InputError
            If the shape is too small for ``levels``, with the number that is allowed.

        Examples
        --------
        >>> Pyramid("db2", levels=2).sizes((64, 101))
        ((33, 52), (18, 27))
        """
        import pywt

        taps = check_levels(self.levels, self.wavelet, self.mode, shape)
        found = [tuple(-(-side // 2**self.levels) * 2**self.levels for side in shape)] * self.levels
        if self.transform != "undecimated":
            found = []
            for _ in range(self.levels):
                shape = tuple(pywt.dwt_coeff_len(side, taps, self.mode) for side in shape)
                found.append(shape)
        return tuple(found)

    # ------------------------------------------------------------------ parts
    @cached_property
    def _filters(self) -> Filters:
        return Filters(self.wavelet, self.levels, self.mode, self.ndim)

    def _checked(self, d: object) -> Decomposition:
        """A decomposition that this pyramid could have made."""
        if not isinstance(d, Decomposition):
            raise InputError(f"a Decomposition is needed, got {type(d).__name__}; type: decompose(x) first")
        if (d.transform, d.ndim, d.levels) != (self.transform, self.ndim, self.levels):
            raise InputError(
                f"a decomposition with transform={self.transform!r}, ndim={self.ndim} and "
                f"levels={self.levels} is needed, got {d!r}"
            )
        bands, sizes = d.bands, self.sizes(d.shape)
        if missing := set(self.names) ^ set(bands):
            raise InputError(
                f"the bands differ from those of {self}: {', '.join(sorted(missing)[:6])} are on "
                "one side only"
            )
        for name, band in bands.items():
            coarsest = self.transform == "packet" or name == APPROXIMATION
            size = sizes[-1 if coarsest else int(name.removeprefix("level").partition("_")[0]) - 1]
            if band.shape[-self.ndim :] != size:
                raise InputError(
                    f"{name}: {self} has {size} there for signals of shape {d.shape}, got a band of shape "
                    f"{band.shape[-self.ndim :]}"
                )
        return d
