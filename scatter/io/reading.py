"""How files become samples: what was asked for, and the pieces in which samples come."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scatter.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

Kind = Literal["signal", "image", "volume", "mesh", "points", "graph", "molecule"]
KINDS: tuple[Kind, ...] = ("signal", "image", "volume", "mesh", "points", "graph", "molecule")


@dataclass(frozen=True)
class Reading:
    """How files become samples of one size.

    Parameters
    ----------
    kind : {'signal', 'image', 'volume', 'mesh', 'points', 'graph', 'molecule'}
        What a sample is.
    resize : tuple of int, optional
        Images: resize every one to (height, width), in pixels.
    crop : tuple of int, optional
        Images: cut (height, width) out of the middle, after resizing; smaller images are refused.
    length : int, optional
        Signals: cut every one to so many samples, or fill it with zeros at the end.
    segment, hop : int, optional
        Signals: cut into segments of so many samples, one every ``hop`` samples (default: ``segment``),
        the last filled with zeros.
    resample : int, optional
        Signals: the sampling rate to convert to, in hertz. Arrays need ``rate`` for that.
    rate : float, optional
        Signals: the sampling rate of arrays, which hold none, in hertz. Sounds say their own.
    channels : 'mix', 'all' or tuple of int, default='mix'
        Of images, volumes and sounds: mix them into one, keep all, or keep these.
    pages : {'all', 'first'}, default='all'
        Which images to take of an animation or of a file of many pages.
    array : str, optional
        Which array to take of a .npz file or of a zarr group of several.
    labels : str, optional
        Which array of the same file holds the labels, one a row.
    dtype : {'float32', 'float64'}, default='float32'
        Precision of the samples.

    Raises
    ------
    InputError
        If an option is out of its range, or has no meaning for this kind of sample.

    Examples
    --------
    >>> Reading("signal", segment=4096, hop=2048).hop
    2048
    """

    kind: Kind
    resize: tuple[int, int] | None = None
    crop: tuple[int, int] | None = None
    length: int | None = None
    segment: int | None = None
    hop: int | None = None
    resample: int | None = None
    rate: float | None = None
    channels: Literal["mix", "all"] | tuple[int, ...] = "mix"
    pages: Literal["all", "first"] = "all"
    array: str | None = None
    labels: str | None = None
    dtype: Literal["float32", "float64"] = "float32"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"kind must be one of {', '.join(map(repr, KINDS))}, got {self.kind!r}")
        image = {"resize": self.resize, "crop": self.crop}
        signal: dict[str, Any] = {"length": self.length, "segment": self.segment, "hop": self.hop}
        signal |= {"resample": self.resample, "rate": self.rate}
        for wanted, options in (("image", image), ("signal", signal)):
            for name, value in options.items():
                if value is not None and self.kind != wanted:
                    raise InputError(
                        f"{name}={value} is about {wanted}s, but the samples are of kind {self.kind!r}; "
                        "leave it out"
                    )
                sides = value if isinstance(value, tuple) else () if value is None else (value,)
                if any(not (0 if name == "rate" else 1) <= side < math.inf for side in sides) or value == 0:
                    raise InputError(f"{name} must be positive, got {value}")
        if self.channels != "mix" and self.kind not in ("image", "volume", "signal"):
            raise InputError(
                f"channels={self.channels!r} is about images, volumes and signals, but the samples are of "
                f"kind {self.kind!r}; leave it out"
            )
        if self.length is not None and self.segment is not None:
            raise InputError("length and segment exclude each other: one sample a signal, or one a segment")
        if self.hop is not None and self.segment is None:
            raise InputError(f"hop={self.hop} needs segment, the number of samples in each")

    @property
    def ndim(self) -> int:
        """Number of axes of a sample that is an array."""
        return {"image": 2, "volume": 3}.get(self.kind, 1)


@dataclass(frozen=True, eq=False)
class Decoded:
    """What is left to do for a piece that was decoded already, and the memory that it holds meanwhile.

    Parameters
    ----------
    read : callable
        Returns the `Piece`.
    nbytes : int
        Bytes that are held.
    """

    read: Callable[[], Piece]
    nbytes: int

    def __call__(self) -> Piece:
        """The piece."""
        return self.read()


@dataclass(frozen=True, eq=False)
class Piece:
    """A few samples of one file.

    Parameters
    ----------
    samples : ndarray of shape (n, *channels, *shape), or sequence of objects
        The samples, all finite.
    segments : ndarray of int64, shape (n,)
        The number of each within its file: row, page or segment, from 0.
    rate : float, optional
        Sampling rate of signals after resampling, in hertz, where it is known.
    labels : ndarray of str, shape (n,), optional
        If the file holds them.
    failures : sequence of (int, str)
        Numbers of the samples that are damaged, and why; they are in none of the above.
    """

    samples: NDArray[Any] | Sequence[Any]
    segments: NDArray[np.int64]
    rate: float | None = None
    labels: NDArray[np.str_] | None = None
    failures: Sequence[tuple[int, str]] = field(default=())
