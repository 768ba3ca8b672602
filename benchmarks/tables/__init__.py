"""The published tables, each by one command: what is reached here beside what was published.

A table is a module with a function ``table()``, whose rows are `Row`. Data are read from ``$SCATTER_DATA``.
Features are written once to ``$SCATTER_FEATURES``, by default ``build/features``, and read again later.
Nothing is chosen on test data: what a classifier needs is chosen by cross-validation on the training samples.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Row(NamedTuple):
    """One line of a table.

    Attributes
    ----------
    what : str
        The setting.
    here : str
        What is reached, with its deviation.
    published : str
        What was published, and where.
    seconds : str
        Time of the classifier.
    """

    what: str
    here: str
    published: str = ""
    seconds: str = ""


def spread(values: list[float]) -> str:
    """Mean and standard deviation."""
    return f"{np.mean(values):.2f} ± {np.std(values):.2f}" if len(values) > 1 else f"{values[0]:.2f}"


def progress(items: Any, what: str) -> Iterator[Any]:
    """The items of a list, with a line on the terminal that says how many are done."""
    shown = sys.stderr.isatty()
    for place, item in enumerate(items):
        if shown:
            print(f"\r{what}: {place} of {len(items)}", end="", file=sys.stderr, flush=True)
        yield item
    if shown:
        print(f"\r{what}: {len(items)} of {len(items)}", file=sys.stderr)


def features(name: str, transform: Any, samples: Any, block: int = 500) -> tuple[NDArray[Any], float]:
    """Features of samples as float32, mapped from a file, and the seconds that they took to compute.

    Parameters
    ----------
    name : str
        Of the samples; the file is named after it and the transform.
    transform : estimator
        Not fitted.
    samples : ndarray of shape (n_samples, ...)
        Integers are of 8 bits, and become numbers in [0, 1].
    block : int
        Samples at once.
    """
    folder = Path(os.environ.get("SCATTER_FEATURES", "build/features"))
    folder.mkdir(parents=True, exist_ok=True)
    what = hashlib.sha256(f"{transform!r} {transform.__class__} {samples.shape}".encode()).hexdigest()[:12]
    file, clock = folder / f"{name}-{what}.npy", folder / f"{name}-{what}.seconds"
    if clock.exists():
        return np.load(file, mmap_mode="r"), float(clock.read_text())
    seconds, found = 0.0, None
    for start in progress(range(0, len(samples), block), name):
        x = samples[start : start + block]
        x = x.astype(np.float32) / 255 if x.dtype == np.uint8 else x.astype(np.float32)
        began = time.perf_counter()
        rows = transform.fit(x).transform(x) if start == 0 else transform.transform(x)
        seconds += time.perf_counter() - began
        if found is None:
            shape = (len(samples), rows.shape[1])
            found = np.lib.format.open_memmap(file, "w+", np.float32, shape)
        found[start : start + block] = rows
    assert found is not None
    found.flush()
    clock.write_text(f"{seconds:.1f}")
    return np.load(file, mmap_mode="r"), seconds


def balanced(labels: NDArray[Any], count: int, seed: int) -> NDArray[np.int64]:
    """Places of ``count`` samples drawn at random, as many of each class."""
    rng = np.random.default_rng(seed)
    classes = np.unique(labels)
    each = count // len(classes)
    return np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:each] for c in classes])


def tables() -> dict[str, Callable[[], list[Row]]]:
    """Every table by its name."""
    from benchmarks.tables import cifar10, cnn, esc10, fsdd, kymatio, mitbih, mnist, qm7, ucr

    return {
        "mnist": mnist.table,
        "cifar10": cifar10.table,
        "cifar10_whole": cifar10.whole,
        "fsdd": fsdd.table,
        "esc10": esc10.table,
        "mitbih": mitbih.table,
        "ucr": ucr.table,
        "qm7": qm7.table,
        "cnn": cnn.table,
        "kymatio": kymatio.table,
    }
