"""What turns an exception into one line on stderr and an exit code."""

import sys
import traceback
import warnings
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from scatter._text import terminal_text
from scatter.cli.output import remark, writing_stdout
from scatter.errors import InputError, ScatterError, ScatterWarning

DATA_FAILED = 1
BAD_USAGE = 2
INTERRUPTED = 130


class ScatterGroup(TyperGroup):
    """The commands, with every expected failure worded as ``scatter: error: ...``.

    The exit code is 1 if the data or a file are at fault, 2 if the options are, and 130 after an
    interruption.  ``--debug`` shows the traceback as well.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run a command and word what it raises."""
        debug = bool(ctx.params.get("debug"))
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _worded(warnings.showwarning)
                found = super().invoke(ctx)
                _flush()
                return found
        except BrokenPipeError:
            # Whoever read the output has left, as `head` does: typer ends quietly.
            raise
        except KeyboardInterrupt:
            _fail("interrupted", INTERRUPTED, debug)
        except InputError as error:
            _fail(f"error: {error}", BAD_USAGE, debug)
        except (ScatterError, OSError) as error:
            _fail(f"error: {_text(error)}", DATA_FAILED, debug)
        except MemoryError:
            _fail("error: not enough memory; try a smaller --batch or --resize", DATA_FAILED, debug)


def _fail(message: str, code: int, debug: bool) -> NoReturn:
    if debug:
        _print_lines(traceback.format_exc())
    print(f"scatter: {terminal_text(' '.join(message.split()))}", file=sys.stderr)
    raise typer.Exit(code)


def _text(error: Exception) -> str:
    if isinstance(error, ScatterError) or not isinstance(error, OSError) or not error.strerror:
        return str(error) or type(error).__name__
    # Without the number that Python puts in front.
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def _worded(default: Any) -> Any:
    def show(message: Any, category: Any, *args: Any, **options: Any) -> None:
        if issubclass(category, ScatterWarning):
            remark(f"warning: {message}")
        else:
            shown = "\n".join(map(terminal_text, str(message).splitlines()))
            default(category(shown), category, *args, **options)

    return show


def _flush() -> None:
    """Write what was printed, so that a full disk behind it is an error with a name."""
    with writing_stdout():
        sys.stdout.flush()


def _print_lines(text: str) -> None:
    for line in text.splitlines():
        print(terminal_text(line), file=sys.stderr)
