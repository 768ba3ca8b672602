"""Running programs: which lanes, which blocks of signals, and on how many threads."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scatter.frames.convolution import ConvolutionFrame
from scatter.frames.volume import SolidHarmonicFrame
from scatter.kernels.filtering import program_of
from scatter.kernels.library import Library, thread_limit
from scatter.kernels.program import Program
from scatter.kernels.readings import Reading
from scatter.numerics.threads import thread_count
from scatter.paths import PathTree

BREAK_EVEN, PER_DOUBLING = 0.82, 0.09
"""Share of the lanes that signals must fill to be faster than columns where a vector of spectra takes 1 MiB,
and how it grows with every doubling. Measured: short columns waste lanes, large grids leave the cache."""

THREAD_SECONDS = 5e-4
"""Work that is worth a thread of its own; operations are counted as `RATE` a second."""

RATE = 3e10

BACK = 2.5
"""Work of a gradient, in that of the coefficients."""


@dataclass(frozen=True, eq=False)
class CompiledCascade:
    """The cascade on a grid, in compiled code.

    Parameters
    ----------
    frame, tree
        The wavelets and the paths.
    reading : Reading
        What is kept of each path.
    library : Library
        The compiled module.
    """

    frame: ConvolutionFrame | SolidHarmonicFrame
    tree: PathTree
    reading: Reading
    library: Library
    _programs: dict[Any, Program] = field(default_factory=dict, repr=False)
    _lock: Any = field(default_factory=threading.Lock, repr=False)

    @property
    def refusal(self) -> str | None:
        """Why sizes can't be transformed in compiled code; None if they can."""
        most = int(self.library.module.largest_factor)
        for n in self.frame.grid.padded:
            factor = largest_prime(n)
            if factor > most:
                return f"a side of the padded grid, {n}, has the prime factor {factor}, above {most}"
        if self.frame.ndim > 3:
            return f"the grid has {self.frame.ndim} axes, above 3"
        return program_of(self.frame).refusal(self.frame)

    def __call__(self, x: NDArray[Any], n_jobs: int | None = None) -> NDArray[Any]:
        """Coefficients of signals (batch, *shape), each path's after the other's: (batch, coefficients).

        Parameters
        ----------
        x : ndarray
            float32, float64, complex64 or complex128, of any layout.
        n_jobs : int, optional
            Threads; None is as many as this process may use.
        """
        program = self._program_for(x)
        out = np.empty((len(x), program.coefficients), program.dtype)
        run(program, x, out, self._threads(program.operations * len(x), n_jobs))
        return out

    @property
    def has_gradient(self) -> bool:
        """Whether there is a `gradient`: for all but the real fields of volumes."""
        return not program_of(self.frame).only_columns

    def gradient(self, x: NDArray[Any], dy: NDArray[Any], n_jobs: int | None = None) -> NDArray[Any]:
        """Gradient of the signals, from that of their coefficients.

        Parameters
        ----------
        x : ndarray of shape (batch, *shape)
            The signals.
        dy : ndarray of shape (batch, coefficients)
            What each coefficient counts.
        n_jobs : int, optional
            Threads; None is as many as this process may use. Which branch of the tree a thread takes
            depends on their number alone, so that sums are the same in every call.

        Returns
        -------
        ndarray of the shape and type of ``x``
            Derivatives by the real parts and, i times, by the imaginary ones.
        """
        program = self._program_for(x)
        dx = np.empty(x.shape, x.dtype)
        dy = np.ascontiguousarray(dy, program.dtype)
        run_back(program, x, dy, dx, self._threads(BACK * program.operations * len(x), n_jobs))
        return dx

    def _program_for(self, x: NDArray[Any]) -> Program:
        return self.program(x.dtype, columns=self.prefers_columns(x.dtype, len(x)))

    def _threads(self, operations: float, n_jobs: int | None) -> int:
        """As many as there are, and as the work is worth."""
        work = operations / RATE / THREAD_SECONDS
        return 1 if work < 2 else min(thread_count(n_jobs, thread_limit(self.library)), int(work))

    def prefers_columns(self, dtype: np.dtype[Any], count: int) -> bool:
        """Whether lanes should be columns: for large grids, for few signals, and for all volumes."""
        if program_of(self.frame).only_columns:
            return True
        register = int(self.library.module.register_bytes)
        width = register // real_type(dtype).itemsize
        spectra = self.frame.grid.points(0) * 2 * register
        return count / (-(-count // width) * width) < BREAK_EVEN + PER_DOUBLING * math.log2(spectra / 2**20)

    def program(self, dtype: np.dtype[Any], *, columns: bool) -> Program:
        """The program for signals of a type, made when it is first asked for."""
        is_complex, real = dtype.kind == "c", real_type(dtype)
        key = (real, is_complex, columns)
        with self._lock:
            if key not in self._programs:
                parts = (self.frame, self.tree, self.reading, self.library.module)
                self._programs[key] = program_of(self.frame)(*parts, real, columns, is_complex)
            return self._programs[key]


class Seat(NamedTuple):
    """A thread's own memory: for its work, and for the spectrum of a block of signals."""

    worker: Any
    spectrum: Any


def run(program: Program, x: NDArray[Any], out: NDArray[Any], threads: int) -> None:
    """Run a program on signals (batch, *shape), block by block; the last blocks are shared path by path.

    Threads are Python's: the compiled code lets go of the interpreter. An exception in any of them, Ctrl-C
    included, ends all of them, each after the block or branch of the tree that it is at.
    """
    stop = threading.Event()
    seats = [Seat(program.worker(), program.spectrum()) for _ in range(threads)]
    blocks = program.blocks(len(x))
    branches = program.branches()
    steps = branches if program.columns else [(1, len(program.nodes))]
    whole = len(blocks) // threads * threads

    def root(seat: Seat, block: slice) -> None:
        seat.worker.root(program.numbers(x[block]), seat.spectrum, out[block])

    def transform(seat: Seat, block: slice) -> None:
        root(seat, block)
        for begin, end in steps:
            if not stop.is_set():
                seat.worker.branches(seat.spectrum, begin, end, out[block])

    share(blocks[:whole], transform, seats, stop)
    for block in blocks[whole:]:
        root(seats[0], block)

        def branch(seat: Seat, nodes: tuple[int, int], block: slice = block) -> None:
            seat.worker.branches(seats[0].spectrum, *nodes, out[block])

        share(branches, branch, seats, stop)


def run_back(program: Program, x: NDArray[Any], dy: NDArray[Any], dx: NDArray[Any], threads: int) -> None:
    """Go back through a program, block by block; the last blocks are shared path by path, as in `run`."""
    stop = threading.Event()
    seats = [Seat(program.gradient(), program.spectrum()) for _ in range(threads)]
    blocks = program.blocks(len(x))
    whole = len(blocks) // threads * threads

    def finish(seat: Seat, block: slice, signals: NDArray[Any]) -> None:
        seat.worker.finish(signals, seat.spectrum, dy[block], dx[block].view(program.dtype))

    def whole_block(seat: Seat, block: slice) -> None:
        signals = program.numbers(x[block])
        seat.worker.root(signals, seat.spectrum)
        for begin, end in program.branches():
            if not stop.is_set():
                seat.worker.branches(seat.spectrum, begin, end, dy[block])
        finish(seat, block, signals)

    share(blocks[:whole], whole_block, seats, stop)
    for block in blocks[whole:]:
        signals, first = program.numbers(x[block]), seats[0]
        first.worker.root(signals, first.spectrum)

        def part(_: Seat, task: tuple[Seat, list[tuple[int, int]]], block: slice = block) -> None:
            seat, branches = task
            if seat is not seats[0]:
                seat.worker.clear()
            for begin, end in branches:
                if not stop.is_set():
                    seat.worker.branches(seats[0].spectrum, begin, end, dy[block])

        share(list(zip(seats, program.shares(threads), strict=True)), part, seats, stop)
        for other in seats[1:]:
            first.worker.add(other.worker)
        finish(first, block, signals)


def share(
    tasks: Iterable[Any], do: Callable[[Seat, Any], None], seats: list[Seat], stop: threading.Event
) -> None:
    """Do every task, each on the next seat that is free."""
    waiting = deque(tasks)

    def work(seat: Seat) -> None:
        while waiting and not stop.is_set():
            try:
                task = waiting.popleft()
            except IndexError:  # another thread was faster
                return
            do(seat, task)

    if len(seats) == 1 or len(waiting) < 2:
        work(seats[0])
        return
    with ThreadPoolExecutor(len(seats)) as pool:
        running = {pool.submit(work, seat) for seat in seats}
        try:
            while running:  # woken now and then: a signal may have come to another thread than this one
                done, running = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
        except BaseException:
            stop.set()
            raise


def real_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """float32 or float64, whose precision a type has."""
    return np.dtype(np.float64 if dtype in (np.float64, np.complex128) else np.float32)


def largest_prime(n: int) -> int:
    """Largest prime factor of a positive number, 1 for 1."""
    factor, largest = 2, 1
    while factor * factor <= n:
        while n % factor == 0:
            n, largest = n // factor, factor
        factor += 1
    return max(n, largest)
