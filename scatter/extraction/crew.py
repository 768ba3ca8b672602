"""Threads that do tasks in order; if one of them dies, whoever waits is told instead of waiting for ever."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, Self, TypeVar

from scatter.errors import ScatterError
from scatter.io.files import reason

T = TypeVar("T")

_POLL = 0.5


class ThreadDiedError(ScatterError):
    """A thread of a run ended before its work did, as it may where memory is short."""


class Task(Generic[T]):
    """What a call of a function returns, or raises, once a thread has made it.

    Parameters
    ----------
    crew : Crew
        The threads.
    do : callable
        Takes no argument.
    """

    def __init__(self, crew: Crew, do: Callable[[], T]) -> None:
        self._crew = crew
        self._do: Callable[[], T] | None = do
        self._finished = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None

    def done(self) -> bool:
        """Whether `result` would not wait."""
        return self._finished.is_set()

    def result(self) -> T:
        """Wait, and give what the function returned.

        Raises
        ------
        ThreadDiedError
            If the thread that should have called it is no more.
        BaseException
            What the function raised.
        """
        while not self._finished.wait(_POLL):
            self._crew.check()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def run(self) -> None:
        """Call the function."""
        # What the function holds is let go of with it, and not with its result.
        do, self._do = self._do, None
        assert do is not None
        try:
            self._result = do()
        except BaseException as error:
            self._error = error
        del do
        self._finished.set()


class Crew:
    """Some threads, for one or many kinds of tasks.

    Parameters
    ----------
    count : int
        How many.
    name : str
        Of the threads.

    Examples
    --------
    >>> with Crew(2, "sums") as crew:
    ...     crew.submit(sum, [1, 2, 3]).result()
    6
    """

    def __init__(self, count: int, name: str) -> None:
        self._tasks: queue.SimpleQueue[Task[Any] | None] = queue.SimpleQueue()
        self._broken: str | None = None
        self._threads = [threading.Thread(target=self._work, name=name, daemon=True) for _ in range(count)]
        try:
            for thread in self._threads:
                thread.start()
        except RuntimeError as error:
            self.close()
            raise ThreadDiedError(f"{reason(error)}; close other programs, or type --jobs 1") from error

    def submit(self, do: Callable[..., T], *args: Any) -> Task[T]:
        """Have a function called by the next thread that is free."""
        task: Task[T] = Task(self, lambda: do(*args))
        self._tasks.put(task)
        return task

    def check(self) -> None:
        """Raise `ThreadDiedError` if a thread is no more."""
        if self._broken is not None:
            raise ThreadDiedError(
                f"a thread of this run died: {self._broken}; what is finished is kept: type the same command "
                "again to go on"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def cancel(self) -> None:
        """Leave out what no thread has begun."""
        with suppress(queue.Empty):
            while True:
                self._tasks.get_nowait()

    def close(self) -> None:
        """Let the threads end after what is left to do."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            if thread.ident is not None:  # else it could not be started
                thread.join()

    def _work(self) -> None:
        try:
            while (task := self._tasks.get()) is not None:
                task.run()
                # A thread that waits holds no samples.
                del task
        except BaseException as error:
            self._broken = f"{type(error).__name__}: {reason(error)}"
