"""What the compiled executor is held against: Kymatio on its CPU backends, and FFTs alone."""

from __future__ import annotations

import copy
import functools
import importlib
import importlib.util
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import scipy.fft

from benchmarks.timing import cores
from scatter._kymatio import import_kymatio


@functools.cache
def kymatio(*arguments: Any) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Kymatio's transform for ``J, shape, L or Q``, by the name of its backend."""
    import torch

    J, shape, LQ = arguments
    numpy = import_kymatio("benchmarks")
    with cached_banks():
        if isinstance(shape, tuple):
            frontends = (numpy.Scattering2D, importlib.import_module("kymatio.torch").Scattering2D)
        else:
            frontends = (numpy.Scattering1D, importlib.import_module("kymatio.torch").Scattering1D)
        on_numpy, on_torch = (frontend(J, shape, LQ) for frontend in frontends)

    def run_torch(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return on_torch(torch.from_numpy(x)).numpy()

    return {"NumPy": on_numpy, "PyTorch": run_torch}


@contextmanager
def cached_banks() -> Iterator[None]:
    """Let Kymatio build the bank of an image once for both backends: at 1024 x 1024 it takes minutes."""
    module = importlib.import_module("kymatio.scattering2d.frontend.base_frontend")
    build = module.filter_bank
    built: dict[Any, Any] = {}

    def filter_bank(*key: Any) -> Any:
        if key not in built:
            built[key] = build(*key)
        return copy.deepcopy(built[key])

    module.filter_bank = filter_bank
    try:
        yield
    finally:
        module.filter_bank = build


@contextmanager
def on(name: str) -> Iterator[None]:
    """Keep what is called "... 1" or "... 2" to that many cores, PyTorch's threads included."""
    import torch

    count = int(name.split()[-1])
    torch.set_num_threads(count)
    with cores(count):
        yield


def operations(transform: Any, x: np.ndarray) -> float:
    """Additions and multiplications that the program of a transform takes for some signals."""
    signals = x.reshape(-1, *transform.frame.shape)
    compiled = transform._plan(transform.frame.shape)._compiled
    columns = compiled.prefers_columns(x.dtype, len(signals))
    return len(signals) * compiled.program(x.dtype, columns=columns).operations


def transforms(transform: Any) -> tuple[Counter[tuple[int, ...]], Counter[tuple[int, ...]]]:
    """Sizes of the Fourier transforms that a signal takes, forward of real and inverse of complex ones."""
    forward, inverse = Counter(), Counter()
    waiting = [transform.tree.root]
    while waiting:
        group = waiting.pop()
        size = transform.frame.grid.size(group.resolution)
        forward[size] += len(group.positions) if group.edges else 0
        inverse[size] += len(group.positions) if group.order else 0
        waiting += [edge.child for edge in group.edges]
    return forward, inverse


def ffts(transform: Any, batch: int, library: str, threads: int) -> Callable[[], None]:
    """The Fourier transforms of a scattering transform and nothing else, over and over in the same memory."""
    forward, inverse = transforms(transform)
    real, imaginary = real_fft(library, threads), complex_fft(library, threads)
    random = np.random.default_rng(0)
    signals = {n: random.standard_normal((batch, *n), dtype=np.float32) for n in forward}
    spectra = {
        n: random.standard_normal((batch, *n, 2), dtype=np.float32).view(np.complex64)[..., 0]
        for n in inverse
    }

    def run() -> None:
        for size, count in forward.items():
            for _ in range(count):
                real(signals[size])
        for size, count in inverse.items():
            for _ in range(count):
                imaginary(spectra[size])

    return run


def real_fft(library: str, threads: int) -> Callable[[np.ndarray], object]:
    """Spectrum of real signals of shape (batch, *size)."""
    if library == "scipy.fft":
        return lambda x: scipy.fft.rfftn(x, axes=range(1, x.ndim), workers=threads)
    ducc = importlib.import_module("ducc0.fft")
    return lambda x: ducc.r2c(x, axes=tuple(range(1, x.ndim)), nthreads=threads)


def complex_fft(library: str, threads: int) -> Callable[[np.ndarray], object]:
    """Inverse transform of spectra of shape (batch, *size), in their own memory."""
    if library == "scipy.fft":
        return lambda x: scipy.fft.ifftn(x, axes=range(1, x.ndim), overwrite_x=True, workers=threads)
    ducc = importlib.import_module("ducc0.fft")
    return lambda x: ducc.c2c(
        x, axes=tuple(range(1, x.ndim)), forward=False, inorm=2, out=x, nthreads=threads
    )


def libraries() -> list[str]:
    """Fourier transforms that are here."""
    return ["scipy.fft"] + (["ducc0"] if importlib.util.find_spec("ducc0") else [])


def sgemm() -> float:
    """Operations a second of one core in the product of two float32 matrices of 1024 x 1024."""
    a = np.random.default_rng(0).standard_normal((1024, 1024), dtype=np.float32)
    with cores(1):
        a @ a
        started = time.perf_counter()
        a @ a
        return 2 * 1024**3 / (time.perf_counter() - started)
