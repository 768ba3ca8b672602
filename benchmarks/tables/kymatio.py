"""What the features of the tables would take Kymatio, on a sample of random signals."""

from __future__ import annotations

import importlib
import time

import numpy as np

from benchmarks.tables import Row
from scatter import Scattering1D, Scattering2D
from scatter._kymatio import import_kymatio

SAMPLES = {
    "mnist": (Scattering2D, 200, {"J": 3, "shape": (28, 28), "L": 6}),
    "cifar10": (Scattering2D, 300, {"J": 2, "shape": (32, 32), "L": 8}),
    "fsdd": (Scattering1D, 20, {"J": 11, "shape": 8192, "Q": 8, "T": 1024}),
    "esc10": (Scattering1D, 2, {"J": 15, "shape": 220_500, "Q": 8, "T": 2**13}),
    "mitbih": (Scattering1D, 1000, {"J": 6, "shape": 256, "Q": 1}),
}
"""Transform, signals and parameters; stride, padding, log and pooling hardly change the time."""


def milliseconds(transform, x):
    """For each signal, the second time."""
    transform(x)
    began = time.perf_counter()
    transform(x)
    return (time.perf_counter() - began) / len(x) * 1e3


def table() -> list[Row]:
    """Time of the features of the tables: milliseconds a signal, here and by Kymatio 0.3.0, on all cores.

    Random float32 signals; Kymatio's faster backend of NumPy and PyTorch. For CIFAR-10 a signal is one
    channel. The last column is how many times as fast this is.
    """
    import torch

    modules = {"NumPy": import_kymatio("benchmarks"), "PyTorch": importlib.import_module("kymatio.torch")}
    rows = []
    for name, (kind, count, options) in SAMPLES.items():
        shape = options["shape"]
        x = np.random.default_rng(0).standard_normal((count, *np.atleast_1d(shape)), np.float32)
        ours = milliseconds(kind(**options), x)
        theirs = {
            backend: milliseconds(getattr(module, kind.__name__)(**options), data)
            for (backend, module), data in zip(modules.items(), (x, torch.from_numpy(x)), strict=True)
        }
        best = min(theirs, key=theirs.__getitem__)
        what = f"{name}, `{kind.__name__}({', '.join(f'{key}={value}' for key, value in options.items())})`"
        rows.append(Row(what, f"{ours:.3f}", f"{theirs[best]:.3f}, {best}", f"{theirs[best] / ours:.1f}"))
    return rows
