"""Options that several commands share, and the transforms built from them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scatter.errors import InputError


class Kind(StrEnum):
    """Which transform; the values are what is typed."""

    one = "1d"
    two = "2d"

    @property
    def ndim(self) -> int:
        """Number of axes of a sample."""
        return 1 if self is Kind.one else 2


class Pooling(StrEnum):
    """What to keep of the map of a path; the values are what is typed."""

    mean = "mean"
    mean_std = "mean_std"
    median = "median"
    max = "max"
    moments = "moments"
    powers = "powers"
    none = "none"


class FeatureKind(StrEnum):
    """Names in `scatter.extraction.TRANSFORMS`, which is not imported to show a help."""

    one = "1d"
    two = "2d"
    roto = "roto"
    three = "3d"
    sphere = "sphere"
    energies_one = "energies-1d"
    energies_two = "energies-2d"
    graph = "graph"
    mesh = "mesh"
    points = "points"
    molecules = "molecules"


class Pages(StrEnum):
    """Which images of a file of many pages."""

    all = "all"
    first = "first"


class FeatureType(StrEnum):
    """Precision of features."""

    float32 = "float32"
    float16 = "float16"
    float64 = "float64"


class OnError(StrEnum):
    """What to do about a damaged file."""

    skip = "skip"
    fail = "fail"


class Head(StrEnum):
    """Light classifiers."""

    logistic = "logistic"
    svm = "svm"
    ridge = "ridge"
    rbf = "rbf"
    kernel = "kernel"
    pca = "pca"


@dataclass(frozen=True)
class TransformOptions:
    """The options of a transform as typed; None where the default of the transform is meant.

    Parameters
    ----------
    J : int, optional
        Logarithm of the largest scale.
    L : int, optional
        Number of orientations, images only.
    Q : int, optional
        Wavelets an octave, signals only.
    T : int, optional
        Width of the averaging in samples, signals only.
    max_order : int
        Largest number of wavelets on a path.
    padding : str, optional
        How samples go on beyond their ends, as in the transforms; ``none`` stands for None.
    """

    J: int | None = None
    L: int | None = None
    Q: int | None = None
    T: int | None = None
    max_order: int = 2
    padding: str | None = None

    def check(self, ndim: int) -> None:
        """Refuse an option of the other transform rather than ignoring it."""
        foreign = {"--Q": self.Q, "--T": self.T} if ndim == 2 else {"--L": self.L}
        for name, value in foreign.items():
            if value is not None:
                wanted = "images, with Scattering2D" if ndim == 2 else "signals, with Scattering1D"
                raise InputError(
                    f"{name} {value} has no meaning here: this run is about {wanted}; leave it out"
                )

    def build(self, ndim: int, shape: tuple[int, ...], **extra: Any) -> Any:
        """Make the transform of samples of a shape.

        Parameters
        ----------
        ndim : {1, 2}
            Whether to make a ``Scattering1D`` or a ``Scattering2D``.
        shape : tuple of int
            (N,) or (M, N).
        **extra
            Further parameters of the transform.

        Returns
        -------
        Scattering1D or Scattering2D
            The transform, not fitted.

        Raises
        ------
        InputError
            If an option has no meaning for this transform or a value that it refuses.
        """
        self.check(ndim)
        chosen: dict[str, Any] = {"max_order": self.max_order, **extra}
        if self.padding is not None:
            chosen["padding"] = None if self.padding == "none" else self.padding
        given = {name: getattr(self, name) for name in ("J", "L", "Q", "T")}
        chosen |= {name: value for name, value in given.items() if value is not None}
        if ndim == 1:
            from scatter import Scattering1D

            return Scattering1D(shape=shape[0], **chosen)
        from scatter import Scattering2D

        rows, columns = shape
        return Scattering2D(shape=(rows, columns), **chosen)


def parse_size(text: str, name: str = "--size") -> tuple[int, ...]:
    """Parse ``HxW`` or ``N``.

    Parameters
    ----------
    text : str
        What was typed, such as ``64x48`` or ``4096``.
    name : str, default="--size"
        The option, for the message.

    Returns
    -------
    tuple of int
        (H, W) or (N,), positive.

    Raises
    ------
    InputError
        If it is anything else.

    Examples
    --------
    >>> parse_size("64x48")
    (64, 48)
    """
    match = re.fullmatch(r"([1-9]\d{0,8})(?:[xX×]([1-9]\d{0,8}))?", text.strip())
    if match is None:
        raise InputError(
            f"{name} must be a height and a width such as 64x64, or a length such as 4096, got {text!r}"
        )
    return tuple(int(part) for part in match.groups() if part is not None)
