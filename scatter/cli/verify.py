"""``scatter verify``: the same samples through Kymatio 0.3.0 and through scatter."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter._kymatio import import_kymatio
from scatter._text import format_size
from scatter.cli.options import Kind, TransformOptions
from scatter.cli.output import print_json, show
from scatter.errors import ScatterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIMIT = 1e-5
RUNS = 3
_MOST_POINTS = {1: 2**18, 2: 2**10}
_RANDOM_SHAPES = {1: (4096,), 2: (64, 64)}


@dataclass(frozen=True)
class Comparison:
    """What was compared and how it came out; times are medians in seconds."""

    transform: str
    source: str
    samples: int
    shape: tuple[int, ...]
    difference: float
    scatter_seconds: float
    kymatio_seconds: float

    @property
    def ratio(self) -> float:
        """How many times longer Kymatio took."""
        return self.kymatio_seconds / self.scatter_seconds

    @property
    def passed(self) -> bool:
        """Whether the difference is within the limit; NaN is not."""
        return self.difference <= LIMIT


def run_verify(
    file: Path | None, options: TransformOptions, *, kind: Kind | None, seed: int, as_json: bool
) -> None:
    """Compare with Kymatio on a file or on random samples, and print the difference and the times.

    Parameters
    ----------
    file : Path, optional
        An image, a sound or an array; random samples in one and two dimensions if None.
    options : TransformOptions
        The parameters of both transforms.
    kind : Kind, optional
        The transform; guessed from the file or the options if None.
    seed : int
        Of the random samples.
    as_json : bool
        Whether to print JSON.

    Raises
    ------
    ScatterError
        If the largest relative difference is above ``LIMIT``; after everything is printed.
    MissingExtraError
        If Kymatio is not installed.
    """
    kymatio = import_kymatio()
    found = [
        _compare(kymatio, options, source, x)
        for source, x in _samples(file, options, kind, np.random.default_rng(seed))
    ]
    if as_json:
        rows = [asdict(one) | {"ratio": one.ratio, "passed": one.passed} for one in found]
        print_json({"limit": LIMIT, "comparisons": rows, "passed": all(one.passed for one in found)})
    else:
        for one in found:
            show(_line(one))
    failed = [one for one in found if not one.passed]
    if failed:
        raise ScatterError(
            f"{failed[0].transform} differs from Kymatio by {failed[0].difference:.2g}, relative to the "
            f"largest coefficient; at most {LIMIT:g} is expected"
        )


def _samples(
    file: Path | None, options: TransformOptions, kind: Kind | None, rng: np.random.Generator
) -> "list[tuple[str, NDArray[np.float32]]]":
    if file is not None:
        from scatter.io import guess_ndim, read_sample

        ndim = guess_ndim(file) if kind is None else kind.ndim
        options.check(ndim)
        x = np.asarray(read_sample(file, ndim)[0], dtype=np.float32)
        # Kymatio takes some hundred times the memory of the signals.
        part = x[(slice(None), *(slice(_MOST_POINTS[ndim]),) * ndim)]
        part = part[: max(1, _MOST_POINTS[1] // math.prod(part.shape[1:]))]
        what = f" (the first {format_size(part.shape)} of {format_size(x.shape)})"
        return [(f"{file}{what if part.shape != x.shape else ''}", part)]
    if kind is not None:
        dimensions = [kind.ndim]
    elif options.Q is not None or options.L is not None:
        dimensions = [1] if options.L is None else [2]
    else:
        dimensions = [1, 2]
    for ndim in dimensions:
        options.check(ndim)
    return [
        ("random", rng.standard_normal((2, *_RANDOM_SHAPES[ndim]), dtype=np.float32)) for ndim in dimensions
    ]


def _compare(kymatio: Any, options: TransformOptions, source: str, x: "NDArray[np.float32]") -> Comparison:
    ndim = x.ndim - 1
    ours = options.build(ndim, x.shape[1:], **({"compat": "kymatio-0.3"} if ndim == 1 else {}))
    if ndim == 1:
        theirs = kymatio.Scattering1D(J=ours.J, shape=x.shape[1:], Q=ours.Q, T=ours.T)
    else:
        theirs = kymatio.Scattering2D(J=ours.J, shape=x.shape[1:], L=ours.L)
    a, our_time = _timed(ours, x)
    b, their_time = _timed(theirs, x)
    if a.shape != b.shape:
        raise ScatterError(
            f"{type(ours).__name__} gives coefficients of shape {a.shape}, Kymatio of shape {b.shape}"
        )
    difference = float(np.abs(a - b).max() / np.abs(b).max())
    return Comparison(f"{type(ours).__name__}", source, len(x), x.shape[1:], difference, our_time, their_time)


def _timed(
    transform: "Callable[[NDArray[np.float32]], NDArray[Any]]", x: "NDArray[np.float32]"
) -> "tuple[NDArray[Any], float]":
    values = np.asarray(transform(x))
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        transform(x)
        times.append(time.perf_counter() - started)
    return values, median(times)


def _line(one: Comparison) -> str:
    return (
        f"{one.transform}, {one.source}, {one.samples} x {format_size(one.shape)}: "
        f"largest relative difference {one.difference:.2e} (limit {LIMIT:g}); "
        f"scatter {one.scatter_seconds * 1e3:.1f} ms, Kymatio {one.kymatio_seconds * 1e3:.1f} ms, "
        f"{one.ratio:.1f} times as long"
    )
