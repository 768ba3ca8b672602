"""The compiled executor against Kymatio's CPU backends and against FFTs alone, on one and on two cores."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.rivals import ffts, kymatio, libraries, on, operations, sgemm
from benchmarks.timing import Timing, cores, interleaved, ratios
from scatter import Scattering1D, Scattering2D
from scatter._kymatio import import_kymatio

Rows = list[tuple[str, str, str]]


def images32_J2() -> Rows:
    """128 images of 32 x 32, J=2, L=8, order 2, float32, compiled executor."""
    return _images(128, 32, 2, runs=9) + _pytorch_wavelets(128, 32)


def images32_J3() -> Rows:
    """128 images of 32 x 32, J=3, L=8, order 2, float32, compiled executor."""
    return _images(128, 32, 3, runs=9)


def images256() -> Rows:
    """16 images of 256 x 256, J=4, L=8, order 2, float32, compiled executor."""
    return _images(16, 256, 4, runs=5)


def image1024() -> Rows:
    """One image of 1024 x 1024, J=5, L=8, order 2, float32, compiled executor."""
    return _images(1, 1024, 5, runs=5)


def signals8192() -> Rows:
    """64 signals of 8192 samples, J=8, Q=8, order 2, float32, compiled executor."""
    return _signals(64, 8192, 8, 8, runs=7)


def signals65536() -> Rows:
    """64 signals of 65536 samples, J=10, Q=8, order 2, float32, compiled executor."""
    return _signals(64, 65536, 10, 8, runs=3)


def signal_million() -> Rows:
    """One signal of 2^20 samples, J=12, Q=(8, 1), order 2, float32, compiled executor."""
    return _signals(1, 2**20, 12, (8, 1), runs=5)


def bank() -> Rows:
    """Filters of a 256 x 256 image, J=4, L=8, at every resolution, and the program made of them."""

    def ours() -> None:
        transform = Scattering2D(4, (256, 256), 8)
        frame = transform.frame
        for group in transform.tree.root:
            frame.lowpass(group.resolution)
            for edge in group.edges:
                for band in edge.bands:
                    frame.coarser(frame.blocks(band, 4), band, group.resolution)

    def program() -> None:
        operations(Scattering2D(4, (256, 256), 8), np.empty((1, 256, 256), np.float32))

    with cores(1):
        rivals = {
            "bank": ours,
            "program": program,
            "kymatio": lambda: import_kymatio("benchmarks").Scattering2D(4, (256, 256)),
        }
        timings = interleaved(rivals, 3)
    rows = [
        ratio_row(f"times as fast as Kymatio, {what}", timings["kymatio"], timings[name])
        for what, name in (("filters", "bank"), ("filters and program", "program"))
    ]
    return rows + [seconds_row(name, timings[name]) for name in ("bank", "program", "kymatio")]


def tolerance() -> Rows:
    """What `tol` costs and buys on one core; differences from tol=None, over the largest coefficient."""
    random, rows = np.random.default_rng(0), []
    image = random.standard_normal((4, 256, 256), dtype=np.float32)
    sound = random.standard_normal((8, 65536), dtype=np.float32)
    for name, make, x in (
        ("4 x 256 x 256, J=4", lambda tol: Scattering2D(4, (256, 256), tol=tol), image),
        ("8 x 65536, J=10, Q=8", lambda tol: Scattering1D(10, 65536, 8, tol=tol), sound),
    ):
        exact = make(None)
        wanted = exact(x)
        for tol in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
            rough = make(tol)
            error = np.abs(rough(x) - wanted).max() / np.abs(wanted).max()
            with cores(1):
                timings = interleaved({"exact": partial(exact, x), "rough": partial(rough, x)}, 5)
            ratio = ratio_row(
                f"{name}, tol={tol:g}: times as fast as exact", timings["exact"], timings["rough"]
            )
            rows += [(f"{name}, tol={tol:g}: largest difference", f"{error:.1e}", ""), ratio]
    return rows


# ---------------------------------------------------------------------- the cases of a kind
def _images(batch: int, size: int, J: int, runs: int) -> Rows:
    x = np.random.default_rng(0).standard_normal((batch, size, size), dtype=np.float32)
    ours = Scattering2D(J, (size, size), 8, executor="compiled")
    return _against_kymatio(ours, kymatio(J, (size, size), 8), x, runs)


def _signals(batch: int, size: int, J: int, Q: Any, runs: int) -> Rows:
    x = np.random.default_rng(0).standard_normal((batch, size), dtype=np.float32)
    ours = Scattering1D(J, size, Q, compat="kymatio-0.3", executor="compiled")
    return _against_kymatio(ours, kymatio(J, size, Q), x, runs)


def _against_kymatio(ours: Any, theirs: dict[str, Callable[..., Any]], x: np.ndarray, runs: int) -> Rows:
    rivals: dict[str, Callable[[], object]] = {}
    for count in (2, 1):  # two first: PyTorch's threads stay on the cores that they begin on
        rivals[f"scatter {count}"] = lambda: ours(x)
        for backend, run in theirs.items():
            rivals[f"Kymatio on {backend} {count}"] = lambda run=run: run(x)
        for library in libraries():
            rivals[f"{library} {count}"] = ffts(ours, len(x), library, count)
    timings = interleaved(rivals, runs, on)
    a, (b, *_) = ours(x), (run(x) for run in theirs.values())
    rows = [("largest difference from Kymatio, over the largest coefficient", f"{_difference(a, b):.1e}", "")]
    for count in (1, 2):
        rows += _rows_on(count, ours, theirs, timings, x)
    rows.append(ratio_row("two cores over one core", timings["scatter 1"], timings["scatter 2"]))
    return rows


def _rows_on(count: int, ours: Any, theirs: Any, timings: dict[str, Timing], x: np.ndarray) -> Rows:
    scatter = timings[f"scatter {count}"]
    backends = {name: timings[f"{name} {count}"] for name in (f"Kymatio on {backend}" for backend in theirs)}
    alone = {f"FFTs alone, {name}": timings[f"{name} {count}"] for name in libraries()}
    fastest = min(backends.values(), key=lambda timing: timing.median)
    rows = [ratio_row(f"{name_of_cores(count)}: times as fast as the faster Kymatio", fastest, scatter)]
    for name, timing in ({"scatter": scatter} | backends | alone).items():
        rows.append(seconds_row(f"{name_of_cores(count)}: {name}", timing))
    if count == 1:
        speed = f"{operations(ours, x) / scatter.median / 1e9:.0f}"
        rows.append(("1 core: GFLOP/s of scatter", speed, f"sgemm {sgemm() / 1e9:.0f}"))
    return rows


def _pytorch_wavelets(batch: int, size: int) -> Rows:
    """Another transform of the same reach: two layers of dual-tree complex wavelets, in PyTorch."""
    import torch

    try:
        layer = importlib.import_module("pytorch_wavelets").ScatLayerj2()
    except ImportError:  # it is not here, or pkg_resources, which it needs and setuptools 81 dropped, is not
        return []
    x = torch.randn(batch, 1, size, size)

    def run() -> None:
        with torch.no_grad():
            layer(x)

    timings = interleaved({"2": run, "1": run}, 9, on)
    what = "pytorch_wavelets, 49 paths of dual-tree wavelets"
    return [seconds_row(f"{name_of_cores(count)}: {what}", timings[f"{count}"]) for count in (1, 2)]


def name_of_cores(count: int) -> str:
    return f"{count} core{'s' * (count > 1)}"


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


def ratio_row(what: str, slow: Timing, fast: Timing) -> tuple[str, str, str]:
    low, middle, high = ratios(slow, fast)
    return what, f"{middle:.2f}" if middle < 10 else f"{middle:.1f}", f"{low:.2f} .. {high:.2f}"


def seconds_row(what: str, timing: Timing) -> tuple[str, str, str]:
    return f"{what}, seconds", f"{timing.median:.4g}", timing.spread


CASES = {
    case.__name__: case
    for case in (
        images32_J2,
        images32_J3,
        images256,
        image1024,
        signals8192,
        signals65536,
        signal_million,
        bank,
        tolerance,
    )
}
