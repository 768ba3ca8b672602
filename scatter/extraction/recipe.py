"""What is computed of every sample: how it is read, which transform it goes through, in which precision."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from scatter._text import jsonable
from scatter.errors import InputError
from scatter.extraction.kinds import transform_kind
from scatter.io.reading import Piece, Reading

if TYPE_CHECKING:
    from scatter.extraction.kinds import TransformKind

DTYPES = ("float32", "float16", "float64")


class OtherWaveletError(InputError):
    """A recipe was made with a bank of wavelets that is not the one at hand."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides about the features of a file.

    Parameters
    ----------
    transform : str
        A name in `scatter.extraction.TRANSFORMS`, such as ``'1d'`` or ``'2d'``.
    params : mapping, optional
        Parameters of the transform, by name; those left out have its defaults.
    reading : Reading, optional
        How files become samples; the default for this transform if None.
    dtype : {'float32', 'float16', 'float64'}, default='float32'
        Of the features. They are computed in float32, or in float64 for float64.
    batch : int, optional
        Samples to transform at once; None makes it follow from their size. It may change the last digit
        of a feature, and nothing else.

    Raises
    ------
    InputError
        If a name or a value is not allowed.

    Examples
    --------
    >>> recipe = Recipe("2d", {"J": 2, "L": 4})
    >>> recipe.build((32, 32))
    Scattering2D(J=2, L=4, pooling='mean', shape=(32, 32))
    """

    transform: str
    params: Mapping[str, Any] = field(default_factory=dict)
    reading: Reading | None = None
    dtype: Literal["float32", "float16", "float64"] = "float32"
    batch: int | None = None

    def __post_init__(self) -> None:
        kind = self.kind
        for name in self.params:
            if name not in kind.parameters:
                raise InputError(
                    f"{self.transform} ({kind.estimator}) has no parameter {name!r}; "
                    + _FOLLOWS.get(name, f"it has {', '.join(kind.parameters)}")
                )
        if missing := sorted(kind.required - {*self.params, *kind.defaults}):
            raise InputError(
                f"{self.transform} ({kind.estimator}) needs {missing[0]}, which has no default; "
                f"type --set {missing[0]}=..."
            )
        if self.dtype not in DTYPES:
            raise InputError(f"dtype must be one of {', '.join(map(repr, DTYPES))}, got {self.dtype!r}")
        if self.batch is not None and self.batch < 1:
            raise InputError(f"batch must be at least 1, got {self.batch}")
        precision: Literal["float32", "float64"] = "float64" if self.dtype == "float64" else "float32"
        reading = self.reading or Reading(kind.sample)
        if reading.kind != kind.sample:
            raise InputError(
                f"{self.transform} is a transform of samples of kind {kind.sample!r}, "
                f"got a reading of {reading.kind!r}"
            )
        object.__setattr__(self, "reading", replace(reading, dtype=precision))
        object.__setattr__(self, "params", {**kind.defaults, **self.params})

    @property
    def kind(self) -> TransformKind:
        """The transform by its name."""
        return transform_kind(self.transform)

    @property
    def read(self) -> Reading:
        """How files become samples."""
        assert self.reading is not None
        return self.reading

    # ------------------------------------------------------------------ the estimator
    def build(
        self, shape: tuple[int, ...] | None = None, rate: float | None = None, n_jobs: int | None = None
    ) -> Any:
        """Make the transform of samples of a shape.

        Parameters
        ----------
        shape : tuple of int, optional
            Of a sample without its channels, for transforms of arrays.
        rate : float, optional
            Sampling rate of signals, in hertz.
        n_jobs : int, optional
            Threads, where the transform takes it.

        Returns
        -------
        estimator
            Not fitted.
        """
        known = inspect.signature(self.kind.type).parameters
        learnt = {"shape": shape, "sampling_rate": rate, "n_jobs": n_jobs}
        extra = {name: value for name, value in learnt.items() if name in known and value is not None}
        if shape is not None and len(shape) == 1 and "shape" in extra and "ndim" not in self.params:
            extra["shape"] = shape[0]
        return self.kind.type(**{**self.params, **extra})

    def fit(self, piece: Piece, n_jobs: int | None = None) -> Any:
        """Make the transform for samples like those of a piece.

        Parameters
        ----------
        piece : Piece
            With at least one sample, of which the shape and the rate are learnt.
        n_jobs : int, optional
            Threads.

        Returns
        -------
        estimator
            Fitted.

        Raises
        ------
        InputError
            If a parameter is out of its range, or samples are too small for it.
        """
        if not isinstance(piece.samples, np.ndarray):
            estimator = self.build(n_jobs=n_jobs)
            if self.kind.sample == "graph" and self.params.get("signals") is None:
                # The numbers at the nodes of the first graph are the signals of all.
                estimator.set_params(signals=tuple(sorted(piece.samples[0].attributes)) or None)
            return estimator.fit(list(piece.samples[:1]))
        shape = piece.samples.shape[1:]
        return self.build(shape[-self.read.ndim :], piece.rate, n_jobs).fit(piece.samples[:1])

    # ------------------------------------------------------------------ as text
    def to_dict(self) -> dict[str, Any]:
        """The recipe as nested dictionaries of plain values, without what is at its default."""
        default = Reading(self.kind.sample)
        reading = {
            f.name: value
            for f in fields(Reading)
            if f.name not in ("kind", "dtype")
            and (value := getattr(self.read, f.name)) != getattr(default, f.name)
        }
        # What the transform is called says the others, such as ndim.
        chosen = {name: value for name, value in self.params.items() if name in self.kind.parameters}
        found: dict[str, Any] = {"transform": self.transform, "params": jsonable(chosen)}
        found |= {"reading": jsonable(reading)} if reading else {}
        found |= {"dtype": self.dtype}
        return found | ({"batch": self.batch} if self.batch is not None else {})

    @classmethod
    def from_dict(cls, given: Mapping[str, Any], wavelet: Any = None) -> Self:
        """The recipe that `to_dict` wrote.

        Parameters
        ----------
        given : mapping
            Its entries.
        wavelet : SpectralBank, optional
            The bank that a recipe was made with, of which it has the name alone.

        Raises
        ------
        InputError
            If an entry is unknown, missing or of a wrong type.
        """
        if not isinstance(given, Mapping):
            raise InputError(f"a recipe is a table of entries, got {given!r}")
        known = {"transform", "params", "reading", "dtype", "batch"}
        if unknown := sorted(set(given) - known):
            raise InputError(f"unknown entry {unknown[0]!r}; allowed are {', '.join(sorted(known))}")
        if not isinstance(given.get("transform"), str):
            raise InputError("the entry 'transform' is missing, such as transform = \"2d\"")
        for name in ("params", "reading"):
            if not isinstance(given.get(name, {}), Mapping):
                raise InputError(f"the entry {name!r} must be a table, got {given[name]!r}")
        sample = transform_kind(given["transform"]).sample
        entries = {name: typed(value) for name, value in given.get("reading", {}).items()}
        reading = {name: value for name, value in entries.items() if value is not None}
        allowed = {f.name for f in fields(Reading)} - {"kind", "dtype"}
        if unknown := sorted(set(reading) - allowed):
            raise InputError(f"unknown entry reading.{unknown[0]}; allowed are {', '.join(sorted(allowed))}")
        params = {name: typed(value) for name, value in given.get("params", {}).items()}
        take_wavelet(given["transform"], params, wavelet)
        rest = {name: given[name] for name in ("dtype", "batch") if name in given}
        for name, value in reading.items():
            _check_type(f"reading.{name}", value, *_READING_TYPES[name])
        if "batch" in rest:
            _check_type("batch", rest["batch"], *_INTEGER)
        return cls(given["transform"], params, Reading(sample, **reading), **rest)

    @property
    def text(self) -> str:
        """The recipe as one line of JSON, equal for equal recipes."""
        return json.dumps(self.to_dict(), sort_keys=True)


def take_wavelet(transform: str, params: dict[str, Any], wavelet: Any) -> None:
    """Put a bank of wavelets in the place of its name.

    Parameters
    ----------
    transform : str
        A name in `scatter.extraction.TRANSFORMS`.
    params : dict
        Parameters of a recipe, changed here.
    wavelet : SpectralBank, optional
        The bank that was given.

    Raises
    ------
    OtherWaveletError
        If the recipe has another, or has one and none is given.
    """
    if not transform_kind(transform).takes_bank:
        if wavelet is not None:
            raise OtherWaveletError(
                f"--wavelet has no meaning here: the recipe is of {transform}; leave it out"
            )
        return
    said = params.get("wavelet", "morlet")
    if wavelet is not None:
        if str(wavelet) != said:
            raise OtherWaveletError(
                f"the recipe says wavelet={said!r}, got {wavelet}; give the one that it says"
            )
        params["wavelet"] = wavelet
    elif said != "morlet":
        raise OtherWaveletError(
            f"the recipe has wavelets of its own; type --wavelet FILE.py:NAME, which must be {said}"
        )


def metadata(recipe: Recipe, estimator: Any) -> dict[str, str]:
    """What travels with features, so that they can be matched to the transform that made them.

    Parameters
    ----------
    recipe : Recipe
        What was asked for.
    estimator : estimator
        What was fitted for it.

    Returns
    -------
    dict of str to str
        ``transform`` and ``params`` (JSON) of the estimator, ``recipe`` (JSON), ``version`` of scatter,
        ``filters``, a hash of the wavelets, and ``paths`` (JSON), what every path is, where that is the same
        for all samples.
    """
    from scatter._version import __version__
    from scatter.extraction.signature import filters_hash

    params = {name: value for name, value in estimator.get_params().items() if name != "n_jobs"}
    shown = estimator.__class__(**params)
    return {
        # Without line breaks: the representation may be laid out for a screen.
        "transform": " ".join(repr(shown).split()),
        "params": json.dumps(jsonable(params)),
        "recipe": recipe.text,
        "version": __version__,
        "filters": filters_hash(estimator),
        **_paths(estimator),
    }


def _paths(estimator: Any) -> dict[str, str]:
    return {"paths": json.dumps(jsonable(estimator.meta()))} if hasattr(estimator, "meta") else {}


def digest(*parts: str) -> str:
    """Short hash of some texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


_FOLLOWS = {
    "sampling_rate": "sounds say their own, and for arrays type --rate 250 or whatever it is",
    "channels": "in files they come first; of arrays where they come last, save np.moveaxis(x, -1, 1)",
    "shape": "it is that of the first sample",
}
"""What to do instead of setting a parameter that follows from the samples."""


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_size(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_is_integer, value))


def _is_channels(value: Any) -> bool:
    numbers = isinstance(value, tuple) and bool(value) and all(_is_integer(one) and one >= 0 for one in value)
    return numbers or value in ("mix", "all")


_Type = tuple[Callable[[Any], bool], str]
_INTEGER: _Type = (_is_integer, "an integer")
_SIZE: _Type = (_is_size, "a height and a width, such as [64, 64]")
_TEXT: _Type = (lambda value: isinstance(value, str), "the name of an array")
_READING_TYPES: dict[str, _Type] = {
    "resize": _SIZE,
    "crop": _SIZE,
    "length": _INTEGER,
    "segment": _INTEGER,
    "hop": _INTEGER,
    "resample": _INTEGER,
    "rate": (
        lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
        "a number of hertz",
    ),
    "channels": (_is_channels, "'mix', 'all' or a list of numbers from 0"),
    "pages": (lambda value: value in ("all", "first"), "'all' or 'first'"),
    "array": _TEXT,
    "labels": _TEXT,
}


def _check_type(name: str, value: Any, good: Callable[[Any], bool], wanted: str) -> None:
    if not good(value):
        raise InputError(f"{name} must be {wanted}, got {value!r}")


def typed(value: Any) -> Any:
    """A value as written in a recipe, or typed: TOML has neither tuples nor a null."""
    if isinstance(value, list):
        return tuple(value)
    return None if value == "none" else value
