"""The bar of a long run: rate and time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from scatter._text import terminal_text
from scatter.cli.output import remark, show_progress


class Bar:
    """Draws how a run goes on, if stderr is a terminal; a `scatter.extraction.run.Watcher`."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._task: Any = None
        self._rows = 0
        self._started = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def begin(self, items: int, done: int, shards: int, kept: int) -> None:
        """Draw the bar."""
        if kept:
            self.say(f"going on: {kept} of {shards} shards are finished")
        self._started = time.monotonic()
        if not show_progress():
            return
        self._progress = _bar("{task.fields[rate]}")
        self._task = self._progress.add_task("Transforming", total=items, completed=done, rate="")
        self._progress.start()

    def advance(self, items: int, rows: int) -> None:
        """Move the bar."""
        self._rows += rows
        if self._progress is not None:
            rate = self._rows / max(time.monotonic() - self._started, 1e-9)
            self._progress.update(self._task, advance=items, rate=f"{rate:.0f} samples/s")

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        if self._progress is not None:
            self._progress.console.print(f"scatter: {terminal_text(text)}", markup=False, highlight=False)
        else:
            remark(text)


def _bar(text: str) -> Any:
    """A bar with a count, some text and the time left, which goes when it is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(text),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(file=sys.stderr), transient=True)


@contextmanager
def counting(verb: str, things: str) -> Iterator[Callable[[int, int], None]]:
    """Around a run that says (how many are done, of how many), drawn if stderr is a terminal.

    Parameters
    ----------
    verb : str
        What is done to them.
    things : str
        What they are.
    """
    if not show_progress():
        yield lambda done, total: None
        return
    with _bar(things) as progress:
        task = progress.add_task(verb, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
