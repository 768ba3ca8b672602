"""How time grows with the size, the batch, the scale and the number of paths: as the operations do."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rivals import operations
from benchmarks.timing import cores, interleaved
from scatter import Scattering1D, Scattering2D

PICTURE = Path(__file__).with_name("growth.svg")
Series = dict[float, float]


def growth():
    """Compiled executor on one core, against n log n, the batch, or operations counted: see `growth.svg`."""
    sizes = {n: _signal(n) for n in (2**k for k in range(10, 21, 2))}
    images = {n * n: _image(1, n, 3) for n in (32, 64, 128, 256, 512, 1024)}
    batches = {b: _image(b, 64, 3) for b in (8, 16, 32, 64, 128, 256)}
    scales = {J: _image(4, 256, J) for J in range(1, 7)}
    paths = {len(t.tree): (t, x) for t, x in (_image(4, 128, 3, L=L) for L in (1, 2, 4, 8, 16))}
    every = {
        "samples of one signal, J=8, Q=8": (_seconds(sizes), lambda n: n * math.log2(n)),
        "pixels of one image, J=3, L=8": (_seconds(images), lambda n: n * math.log2(n)),
        "images of 64 x 64, J=3, L=8": (_seconds(batches), lambda b: b),
        "J, of 4 images of 256 x 256, L=8": (_seconds(scales), lambda J: operations(*scales[J])),
        "paths, of 4 images of 128 x 128, J=3": (_seconds(paths), lambda count: operations(*paths[count])),
    }
    _draw(every)
    rows = []
    for what, (seconds, law) in every.items():
        *_, last = seconds
        for value, second in seconds.items():
            share = second / law(value) / (seconds[last] / law(last))
            rows.append(
                (f"{value:g} {what}: seconds", f"{second:.3g}", f"{share:.2f} of the law through the last")
            )
    return rows


def _signal(n: int) -> tuple[Any, np.ndarray]:
    x = np.random.default_rng(0).standard_normal(n, dtype=np.float32)
    return Scattering1D(8, n, 8, executor="compiled"), x


def _image(batch: int, n: int, J: int, L: int = 8) -> tuple[Any, np.ndarray]:
    x = np.random.default_rng(0).standard_normal((batch, n, n), dtype=np.float32)
    return Scattering2D(J, (n, n), L, executor="compiled"), x


def _seconds(cases: dict[int, tuple[Any, np.ndarray]]) -> Series:
    with cores(1):
        rivals = {str(value): (lambda t=t, x=x: t(x)) for value, (t, x) in cases.items()}
        timings = interleaved(rivals, 5)
    return {value: timings[str(value)].median for value in cases}


def _draw(every: dict[str, tuple[Series, Callable[[Any], float]]]) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 7), layout="constrained")
    for axes, (what, (seconds, law)) in zip(figure.subplots(2, 3).flat, every.items(), strict=False):
        values = list(seconds)
        scale = seconds[values[-1]] / law(values[-1])
        axes.loglog(values, list(seconds.values()), "o-", label="measured")
        axes.loglog(
            values, [scale * law(value) for value in values], "k--", label="the law, through the last"
        )
        axes.set(xlabel=what, ylabel="seconds")
        axes.legend()
    figure.axes[-1].remove()
    with mpl.rc_context({"svg.hashsalt": "growth", "svg.fonttype": "none"}):
        figure.savefig(PICTURE, metadata={"Date": None})


CASES = {"growth": growth}
