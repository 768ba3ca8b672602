"""Two versions of the package against each other: ``python -m benchmarks.trees OLD NEW [CASE ...]``.

Each is a folder that ``pip install --target FOLDER .`` made. Either runs in a process of its own, and calls
take turns, so that what else the machine does meets both.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

WORKER = """
import os, sys, time, warnings
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in type(finder).__module__]
sys.path.insert(0, os.environ["SCATTER_TREE"])
warnings.simplefilter("ignore")
import numpy as np
import scipy.sparse as sp
from scatter import GraphScattering, MeshScattering, Scattering1D, Scattering2D, SphericalScattering
from scatter.domains.shapes import icosphere
import scatter
print(os.path.dirname(os.path.dirname(scatter.__file__)), flush=True)
rng = np.random.default_rng(0)

def noise(*shape):
    return rng.standard_normal(shape).astype("float32")

def graphs(count=1000):
    made = []
    for n in rng.integers(20, 60, count).tolist():
        half = np.triu(rng.random((n, n)) < 4 / n, 1).astype(float)
        made.append((sp.csr_array(half + half.T), noise(n, 3)))
    return made

def fitted(S, X):
    S.fit(X)
    return lambda: S.transform(X)

def images(count, **options):
    x, S = noise(count, 32, 32), Scattering2D(J=2, shape=(32, 32), **options)
    return lambda: S(x)

CASES = {
    "images32_J2": lambda: images(128),
    "one_image": lambda: images(1),
    "images_arrays": lambda: images(128, executor="array"),
    "images_moments": lambda: images(128, average=False, pooling="moments"),
    "signals8192": lambda: fitted(Scattering1D(J=8, Q=8), noise(64, 8192)),
    "graph_speed": lambda: fitted(GraphScattering(J=5), graphs()),
    "mesh": lambda: fitted(MeshScattering(J=5, mesh=icosphere(4)), noise(20, 2562)),
    "sphere": lambda: fitted(SphericalScattering(L=64), noise(8, 64, 127)),
}
call = CASES[sys.argv[1]]()
call()
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(int(line)):
        call()
    print(time.perf_counter() - start, flush=True)
"""
NAMES = (
    *("images32_J2", "one_image", "images_arrays", "images_moments"),
    *("signals8192", "graph_speed", "mesh", "sphere"),
)


def worker(tree: str, case: str) -> subprocess.Popen[str]:
    """A process that times a case in one of the trees."""
    found = subprocess.Popen(
        [sys.executable, "-c", WORKER, case],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "SCATTER_TREE": os.path.abspath(tree)},
    )
    assert found.stdout is not None
    where = found.stdout.readline().strip()
    assert where == os.path.abspath(tree), f"the package of {tree} was meant, got that of {where}"
    return found


def seconds(process: subprocess.Popen[str], calls: int) -> float:
    """How long so many calls take in a worker."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{calls}\n")
    process.stdin.flush()
    return float(process.stdout.readline()) / calls


def compare(old: str, new: str, case: str, rounds: int = 41) -> tuple[float, float, float]:
    """Time of the new tree over that of the old one: median and quartiles of pairs side by side."""
    pair = [worker(tree, case) for tree in (old, new)]
    calls = max(1, round(0.05 / seconds(pair[0], 1)))
    found: list[list[float]] = [[], []]
    for turn in range(rounds):
        for which in (0, 1) if turn % 2 else (1, 0):
            found[which].append(seconds(pair[which], calls))
    for process in pair:
        process.kill()
    low, middle, high = statistics.quantiles([b / a for a, b in zip(*found, strict=True)], n=4)
    return low, middle, high


if __name__ == "__main__":
    for name in sys.argv[3:] or NAMES:
        low, middle, high = compare(sys.argv[1], sys.argv[2], name)
        print(f"{name:16s} new / old {middle:.3f} ({low:.3f} .. {high:.3f})", flush=True)
