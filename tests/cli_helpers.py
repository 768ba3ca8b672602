"""Running the command line in a test."""

from pathlib import Path

import numpy as np
from PIL import Image
from typer.testing import CliRunner

from scatter.cli.app import app

RNG = np.random.default_rng(0)
SMALL = ("--J", "2", "--L", "4")


def run(*args):
    """Run a command that must not end in a traceback."""
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def succeed(*args):
    result = run(*args)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def fail(*args, code=1):
    """Run a command that must fail, and return its only line, without the head."""
    result = run(*args)
    assert result.exit_code == code
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("scatter: error: ")
    return result.stderr.removeprefix("scatter: error: ").rstrip("\n")


def image(name, size=(16, 16, 3)):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(RNG.integers(0, 256, size, dtype=np.uint8)).save(name)


def files_here():
    return sorted(path.name for path in Path().iterdir())


def raising(error):
    def raise_it(**_):
        raise error

    return raise_it
