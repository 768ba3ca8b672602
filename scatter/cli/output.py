"""Where results and progress go: results to stdout, progress to a terminal on stderr."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from scatter._text import jsonable, terminal_text
from scatter.errors import FileError

VERBOSITY: ContextVar[int] = ContextVar("verbosity", default=0)
"""-1 with ``--quiet``, 1 with ``--verbose``; set while a command runs."""

Item = TypeVar("Item")


@contextmanager
def writing_stdout() -> Iterator[None]:
    """Name what can't be written, as on a full disk; a reader that leaves is left to the caller."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left would be tried again at the end of the process.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        raise FileError(f"standard output can't be written: {error.strerror}") from error


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line of stdout.

    Parameters
    ----------
    value : mapping
        Of numbers, text, sequences and mappings; NumPy's scalars and arrays are allowed, and values that
        are not finite become null, for which JSON has no number.
    """
    with writing_stdout():
        print(json.dumps(jsonable(value), allow_nan=False))


def print_table(columns: Mapping[str, Sequence[Any]], brief: Sequence[str] = ()) -> None:
    """Print columns as a table for people on a terminal, and as tab-separated values elsewhere.

    Parameters
    ----------
    columns : mapping of str to sequence
        All of one length.
    brief : sequence of str, default=()
        The columns that a terminal has room for; all of them if empty.
    """
    if not sys.stdout.isatty():
        with writing_stdout():
            print("\t".join(map(terminal_text, columns)))
            for row in zip(*columns.values(), strict=True):
                print("\t".join(_cell(value, 9) for value in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    shown = brief or tuple(columns)
    for name in shown:
        # Rather than cut off with an ellipsis.
        table.add_column(name, overflow="fold")
    for row in zip(*(columns[name] for name in shown), strict=True):
        # As Text: the names of paths hold brackets, which rich would take for markup.
        table.add_row(*(Text(_cell(value, 4)) for value in row))
    Console(file=sys.stdout).print(table)


def show(*lines: object) -> None:
    """Print lines of a result."""
    with writing_stdout():
        for line in lines:
            print(terminal_text(line))


def say(text: str) -> None:
    """Print a line about what was done, unless the command is to be quiet."""
    if VERBOSITY.get() >= 0:
        show(text)


def remark(text: str, *, detail: bool = False) -> None:
    """Print a line on stderr, unless the command is to be quiet; a detail only if it is to say more."""
    if VERBOSITY.get() >= int(detail):
        print(f"scatter: {terminal_text(text)}", file=sys.stderr)


def complain(text: str) -> None:
    """Print a line about what went wrong on stderr, however quiet the command is to be."""
    print(f"scatter: error: {terminal_text(text)}", file=sys.stderr)


def show_progress() -> bool:
    """Whether to draw bars: on a terminal, unless the command is to be quiet."""
    return sys.stderr.isatty() and VERBOSITY.get() >= 0


def track(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Go through items, with a bar on stderr if stderr is a terminal.

    Parameters
    ----------
    items : sequence
        What to go through.
    what : str
        The text in front of the bar.

    Yields
    ------
    object
        Each item.
    """
    if not show_progress():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track as bar

    yield from bar(items, what, console=Console(file=sys.stderr), transient=True)


def _cell(value: Any, digits: int) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ",".join(_cell(entry, digits) for entry in value)
    return terminal_text(value)
