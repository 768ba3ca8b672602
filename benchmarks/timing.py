"""Interleaved timing: on a shared machine only ratios from one run mean anything."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

from threadpoolctl import threadpool_limits


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


def interleaved(rivals: dict[str, Callable[[], object]], runs: int) -> dict[str, Timing]:
    """Run every rival once to warm up, then all of them in turn, ``runs`` times."""
    for run in rivals.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(runs):
        for name, run in rivals.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
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
