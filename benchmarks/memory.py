"""Peak memory of a child process, over what its input and output take."""

from __future__ import annotations

import subprocess
import sys

PEAK = """
def peak():  # of this process alone; getrusage goes on from that of the parent
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
"""
"""For a child: peak memory so far, KiB."""

CHILD = """
import sys, numpy as np
from scatter import Scattering2D
from scatter._kymatio import import_kymatio
kymatio = import_kymatio("benchmarks")
batch, size = int(sys.argv[1]), int(sys.argv[2])
build = eval(sys.argv[3])
x = np.random.default_rng(0).standard_normal((batch, size, size), dtype=np.float32)
build(2, 32)(x[:2, :32, :32].copy())
before = peak()
out = build(int(sys.argv[4]), size)(x)
print((peak() - before) * 1024 / 1e6 - out.nbytes / 1e6)
"""

OURS = "lambda J, size: Scattering2D(J, (size, size), 8, executor={executor!r}, n_jobs={threads})"
KYMATIO = "lambda J, size: kymatio.Scattering2D(J, (size, size), L=8)"
RIVALS = {
    "compiled, 1 thread": OURS.format(executor="compiled", threads=1),
    "compiled, 2 threads": OURS.format(executor="compiled", threads=2),
    "array by array": OURS.format(executor="array", threads=1),
    "Kymatio on NumPy": KYMATIO,
}


def memory():
    """Peak MB over input and output of images, float32, L=8, filters included: one child process each."""
    rows = []
    for batch, size, J in (
        (128, 32, 2),
        (1024, 32, 2),
        (16, 256, 4),
        (64, 256, 4),
        (4, 512, 5),
        (16, 512, 5),
    ):
        for name, build in RIVALS.items():
            if name.startswith("Kymatio") and size > 256:
                continue  # its bank alone takes a minute
            rows.append(
                (f"{batch} x {size} x {size}, J={J}: {name}", f"{_peak(batch, size, J, build):.0f}", "")
            )
    big = RIVALS["compiled, 2 threads"]
    return [*rows, ("1 x 4096 x 4096, J=5: compiled, 2 threads", f"{_peak(1, 4096, 5, big):.0f}", "")]


def _peak(batch: int, size: int, J: int, build: str) -> float:
    return max(0.0, in_child(CHILD, batch, size, build, J))


def in_child(code: str, *arguments: object) -> float:
    """The number that code prints in a process of its own, which knows `PEAK`."""
    command = [sys.executable, "-c", PEAK + code, *map(str, arguments)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


CASES = {"memory": memory}
