"""Threads for independent parts of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from types import TracebackType
from typing import TypeVar

Watch = Callable[[int, int], None]
"""Told how many parts are done, and of how many."""
In = TypeVar("In")
Out = TypeVar("Out")


class Done:
    """Counts parts of the work, on any thread.

    Parameters
    ----------
    count : int
        How many there are.
    watch : callable, optional
        Told after each.
    """

    def __init__(self, count: int, watch: Watch | None) -> None:
        self._count, self._watch, self._done, self._lock = count, watch, 0, Lock()

    def after(self, result: Out) -> Out:
        """Count one more, and hand on what it gave."""
        if self._watch is not None:
            with self._lock:
                self._done += 1
                self._watch(self._done, self._count)
        return result


class Workers:
    """Some threads, or the calling one alone.

    Parameters
    ----------
    count : int
        Number of threads.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count) if count > 1 else None

    def map(self, work: Callable[[In], Out], parts: Iterable[In]) -> list[Out]:
        """Results of the parts, in their order; the first error of any."""
        parts = list(parts)
        if self._pool is None or len(parts) < 2:
            return [work(part) for part in parts]
        return list(self._pool.map(work, parts))

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
