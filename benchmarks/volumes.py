"""Scattering of volumes against Kymatio's CPU backends: time, memory, and molecules."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.compiled import name_of_cores, ratio_row, seconds_row
from benchmarks.data import data
from benchmarks.memory import in_child
from benchmarks.rivals import on
from benchmarks.timing import interleaved
from scatter import HarmonicScattering3D
from scatter._kymatio import import_kymatio
from scatter.molecules import MolecularScattering, Molecule, aligned, densities
from scatter.molecules.density import box

Rows = list[tuple[str, str, str]]

CHILD = """
import sys, numpy as np
from scatter import HarmonicScattering3D
from scatter._kymatio import import_kymatio
Kymatio = import_kymatio("benchmarks").HarmonicScattering3D
batch, size = int(sys.argv[1]), int(sys.argv[2])
build = eval(sys.argv[3])
x = np.random.default_rng(0).standard_normal((batch, size, size, size), dtype=np.float32)
build(16)(x[:1, :16, :16, :16].copy())
before = peak()
build(size)(x)
print((peak() - before) * 1024 / 1e6)
"""

OURS = "lambda n: HarmonicScattering3D(2, (n, n, n), L=2, n_jobs={threads})"
BUILDS = {
    "scatter, 1 thread": OURS.format(threads=1),
    "scatter, 2 threads": OURS.format(threads=2),
    "Kymatio on NumPy": "lambda n: Kymatio(2, (n, n, n), L=2, sigma_0=1)",
}


def kymatio(J: int, shape: tuple[int, ...], L: int, **options: Any) -> dict[str, Callable[..., Any]]:
    """Kymatio's transform by the name of its backend."""
    import torch

    on_numpy, on_torch = (
        module.HarmonicScattering3D(J, shape, L, **options)
        for module in (import_kymatio("benchmarks"), importlib.import_module("kymatio.torch"))
    )

    def run_torch(x: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return np.asarray(on_torch(torch.from_numpy(x)))

    return {"NumPy": on_numpy, "PyTorch": run_torch}


def volumes64() -> Rows:
    """2 volumes of 64 x 64 x 64, J=2, L=2, order 2, integrals of powers 0.5, 1 and 2, float32."""
    return _against_kymatio(2, 64, runs=9)


def volume128() -> Rows:
    """One volume of 128 x 128 x 128, J=2, L=2, order 2, integrals of powers 0.5, 1 and 2, float32."""
    return _against_kymatio(1, 128, runs=5)


def qm7_kymatio() -> Rows:
    """100 molecules of QM7 in boxes that fit, J=2, L=3, sigma_0=1, powers 0.5, 1, 2 and 3."""
    with np.load(data("qm7.npz")) as file:
        molecules = Molecule.from_arrays(file["Z"].astype(int), file["R"].astype(float))
    S = MolecularScattering(width=1.0, margin=3.0).fit(molecules)
    some = [molecules[place] for place in np.random.default_rng(0).permutation(len(molecules))[:100]]
    began = time.perf_counter()
    S.transform(some)
    ours = time.perf_counter() - began
    theirs = first = 0.0
    rival: dict[tuple[int, ...], Any] = {}
    for molecule in some:
        placed = aligned(molecule.numbers, molecule.positions) * S.scale_
        shape = box(np.ptp(placed, axis=0) + 2 * 12)  # three widths of the coarsest wavelet, of 4 voxels
        x = densities(molecule.numbers[None], placed[None], shape, width=1.0)[0]
        began = time.perf_counter()
        if shape not in rival:
            rival[shape] = kymatio(2, shape, 3, sigma_0=1, integral_powers=(0.5, 1, 2, 3))["NumPy"]
            first += time.perf_counter() - began
            began = time.perf_counter()
        rival[shape](x)
        theirs += time.perf_counter() - began
    return [
        ("scatter, 2 cores, densities and filters included, seconds", f"{ours:.1f}", ""),
        ("Kymatio on NumPy, filters not counted, seconds", f"{theirs:.1f}", ""),
        (f"Kymatio's filters of {len(rival)} boxes, seconds", f"{first:.1f}", ""),
    ]


def _against_kymatio(batch: int, size: int, runs: int) -> Rows:
    x = np.random.default_rng(0).standard_normal((batch, size, size, size), dtype=np.float32)
    ours = HarmonicScattering3D(2, (size, size, size), L=2)
    theirs = kymatio(2, (size, size, size), 2, sigma_0=1)
    rivals: dict[str, Callable[[], object]] = {}
    for count in (2, 1):
        rivals[f"scatter {count}"] = lambda: ours(x)
        for backend, run in theirs.items():
            rivals[f"Kymatio on {backend} {count}"] = lambda run=run: run(x)
    timings = interleaved(rivals, runs, on)
    scales = [(j,) for j in range(3)] + [(0, 1), (0, 2), (1, 2)]
    found, expected = ours(x)[:, 1:], theirs["NumPy"](x)
    paths = ours.tree.paths[1:]
    same = [expected[:, scales.index(path.j), path.bands[0].label("l")] for path in paths]
    off = np.abs(found - np.stack(same, axis=1)).max() / np.abs(found).max()
    rows = [("largest difference from Kymatio, over the largest coefficient", f"{off:.1e}", "")]
    for count in (1, 2):
        cores = name_of_cores(count)
        names = [f"Kymatio on {backend} {count}" for backend in theirs]
        fastest = min((timings[name] for name in names), key=lambda timing: timing.median)
        mine = timings[f"scatter {count}"]
        rows.append(ratio_row(f"{cores}: times as fast as the faster Kymatio", fastest, mine))
        for name in [f"scatter {count}", *names]:
            rows.append(seconds_row(f"{cores}: {name[:-2]}", timings[name]))
    for name, build in BUILDS.items():
        rows.append((f"peak memory over input, MB: {name}", f"{in_child(CHILD, batch, size, build):.0f}", ""))
    return rows


CASES = {case.__name__: case for case in (volumes64, volume128, qm7_kymatio)}
