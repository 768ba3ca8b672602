"""Interleaved timing: on a shared machine only ratios from one run mean anything."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

SHORT = 0.3
"""Seconds below which a run is disturbed by the one before it."""

SETTLE = 0.05
"""Seconds that the threads of OpenBLAS and OpenMP spin before they sleep, and more."""


@dataclass(frozen=True)
class Timing:
    """Seconds of several runs."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> str:
        return f"{min(self.seconds):.3g} .. {max(self.seconds):.3g}"


def interleaved(
    rivals: dict[str, Callable[[], object]],
    runs: int,
    around: Callable[[str], AbstractContextManager[object]] = nullcontext,
) -> dict[str, Timing]:
    """Run every rival once to warm up, then all of them in turn, ``runs`` times.

    ``around`` gives what holds while a rival runs, and is entered and left off the clock. Those that take
    less than `SHORT` run once more off the clock in each turn, as what the last one left behind (caches that
    hold its memory, threads that spin) would be on theirs.
    """
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(runs + 1):
        for name, run in rivals.items():
            with around(name):
                if seconds[name] and seconds[name][0] < SHORT:
                    time.sleep(SETTLE)
                    run()
                started = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - started)
    seconds = {name: found[1:] for name, found in seconds.items()}
    return {name: Timing(tuple(found)) for name, found in seconds.items()}


def ratios(slow: Timing, fast: Timing) -> tuple[float, float, float]:
    """Smallest, median and largest of the ratios of runs that stood next to each other."""
    found = [a / b for a, b in zip(slow.seconds, fast.seconds, strict=True)]
    return min(found), statistics.median(found), max(found)


@contextmanager
def cores(count: int):
    """Keep this process, and the threads of its BLAS, to the first ``count`` of its cores."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(mine)[:count])
    try:
        with threadpool_limits(count):
            yield
    finally:
        os.sched_setaffinity(0, mine)


def fresh(code: str, runs: int) -> Timing:
    """Seconds that a fresh interpreter takes for some code, start-up included."""
    seconds = []
    for _ in range(runs):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        seconds.append(time.perf_counter() - started)
    return Timing(tuple(seconds))
