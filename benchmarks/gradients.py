"""Coefficients and the gradient of the signals together, in PyTorch, against Kymatio's backend for it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from benchmarks.compiled import Rows, name_of_cores, ratio_row, seconds_row
from benchmarks.memory import in_child
from benchmarks.rivals import on
from benchmarks.timing import interleaved
from scatter import Scattering1D, Scattering2D
from scatter._kymatio import import_kymatio


def gradient_images32() -> Rows:
    """128 images of 32 x 32, J=2, L=8, float32: coefficients, and the gradient of the images."""
    return _against_kymatio(Scattering2D(2, (32, 32)), (128, 32, 32), runs=9)


def gradient_images256() -> Rows:
    """8 images of 256 x 256, J=4, L=8, float32: coefficients, and the gradient of the images."""
    return _against_kymatio(Scattering2D(4, (256, 256)), (8, 256, 256), runs=5)


def gradient_signals8192() -> Rows:
    """16 signals of 8192 samples, J=8, Q=8, float32: coefficients, and the gradient of the signals."""
    return _against_kymatio(Scattering1D(8, 8192, 8, compat="kymatio-0.3"), (16, 8192), runs=5)


def gradient_signals65536() -> Rows:
    """4 signals of 65536 samples, J=10, Q=8, float32: coefficients, and the gradient of the signals."""
    return _against_kymatio(Scattering1D(10, 65536, 8, compat="kymatio-0.3"), (4, 65536), runs=5)


def _against_kymatio(ours: Any, shape: tuple[int, ...], runs: int) -> Rows:
    import torch

    import_kymatio("benchmarks")
    frontend = getattr(importlib.import_module("kymatio.torch"), type(ours).__name__)
    theirs = frontend(ours.J, ours.frame.shape if len(shape) == 3 else ours.frame.shape[0], _third(ours))
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    rivals: dict[str, Callable[[], object]] = {}
    for count in (2, 1):  # two first: PyTorch's threads stay on the cores that they begin on
        rivals[f"forward {count}"] = lambda: ours(x)
        rivals[f"scatter {count}"] = lambda: _both(ours, x)
        rivals[f"Kymatio {count}"] = lambda: _both(theirs, x)
    timings = interleaved(rivals, runs, on)
    a, b = _both(ours, x), _both(theirs, x)
    error = float((a - b).abs().max() / b.abs().max())
    rows = [("largest difference from Kymatio's gradient, over its largest element", f"{error:.1e}", "")]
    for count in (1, 2):
        cores = name_of_cores(count)
        forward, both, rival = (timings[f"{name} {count}"] for name in ("forward", "scatter", "Kymatio"))
        rows += [
            ratio_row(f"{cores}: times as long as the coefficients alone", both, forward),
            ratio_row(f"{cores}: times as fast as Kymatio on PyTorch", rival, both),
            seconds_row(f"{cores}: scatter", both),
            seconds_row(f"{cores}: Kymatio on PyTorch", rival),
        ]
    return rows


def _third(transform: Any) -> Any:
    return transform.L if isinstance(transform, Scattering2D) else transform.Q


def _both(transform: Callable[[Any], Any], x: Any) -> Any:
    """Gradient of half the squares of all coefficients."""
    x = x.detach().requires_grad_()
    (transform(x) ** 2).sum().div(2).backward()
    return x.grad


MEMORY = """
import sys, numpy as np
from scatter import Scattering1D, Scattering2D
first, transform, shape, back = map(eval, sys.argv[1:])
def run(transform, x):
    cascade = transform._known._compiled.cascade
    out = cascade(x, 1)
    return [x, out, cascade.gradient(x, out, 1)] if back else [x, out]
run(first, np.ones((1, *np.atleast_1d(first.shape)), np.float32))
before = peak()
arrays = run(transform, np.random.default_rng(0).standard_normal(shape, dtype=np.float32))
print((peak() - before) * 1024 / 1e6 - sum(a.nbytes for a in arrays) / 1e6)
"""


def gradient_memory() -> Rows:
    """Peak MB over signals, coefficients and the gradient, float32, one thread, filters included."""
    rows, image, signal = [], "Scattering2D(2, (16, 16))", "Scattering1D(2, 64)"
    for what, first, transform, shape in (
        ("128 x 32 x 32, J=2", image, "Scattering2D(2, (32, 32))", (128, 32, 32)),
        ("8 x 256 x 256, J=4", image, "Scattering2D(4, (256, 256))", (8, 256, 256)),
        ("4 x 1024 x 1024, J=5", image, "Scattering2D(5, (1024, 1024))", (4, 1024, 1024)),
        ("16 x 8192, J=8, Q=8", signal, "Scattering1D(8, 8192, 8)", (16, 8192)),
        ("4 x 65536, J=10, Q=8", signal, "Scattering1D(10, 65536, 8)", (4, 65536)),
    ):
        alone, both = (in_child(MEMORY, first, transform, shape, back) for back in (False, True))
        rows += [
            (f"{what}: coefficients", f"{alone:.1f}", ""),
            (f"{what}: coefficients and gradient", f"{both:.1f}", f"{both / alone:.2f} times"),
        ]
    return rows


FIRST = """
import importlib, sys, time, warnings, torch
warnings.simplefilter("ignore")
from scatter import Scattering2D
from scatter._kymatio import import_kymatio
import_kymatio("benchmarks")
theirs = importlib.import_module("kymatio.torch").Scattering2D
layer = Scattering2D(2, (32, 32)).module() if sys.argv[1] == "scatter" else theirs(2, (32, 32))
x = torch.randn(8, 32, 32, requires_grad=True)
compiled = torch.compile(layer)
started = time.perf_counter()
compiled(x).sum().backward()
print(time.perf_counter() - started)
"""


def layer_first_call() -> Rows:
    """The first call of a layer under torch.compile, and its gradient: 8 images of 32 x 32, J=2, float32."""
    return [(f"{name}, seconds", f"{in_child(FIRST, name):.3g}", "") for name in ("scatter", "Kymatio")]


CASES = {
    case.__name__: case
    for case in (
        gradient_images32,
        gradient_images256,
        gradient_signals8192,
        gradient_signals65536,
        gradient_memory,
        layer_first_call,
    )
}
