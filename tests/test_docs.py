"""The documentation is true: its code runs, its commands print what is shown, its links lead somewhere.

A page is run from top to bottom, in an empty folder: Python blocks share their names, and commands find the files that
the page wrote before. A comment in the line before a block says what is different about it:

``<!-- test: skip, REASON -->``
    It is not run.
``<!-- test: needs MODULE -->``
    It is not run where a module is not installed.
``<!-- test: varies, REASON -->``
    Numbers in the output may be others than those shown.
"""

import ast
import contextlib
import doctest
import importlib
import importlib.util
import io
import os
import pkgutil
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.main import get_command

import scatter
from scatter.cli.app import app

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BUILT = {"_build", "gallery", "generated"}
PAGES = sorted(page for page in DOCS.rglob("*.md") if not BUILT & set(page.parts))
READ = [*PAGES, *(page for name in ("README.md", "CHANGES.md") if (page := ROOT / name).exists())]
EXAMPLES = sorted((DOCS / "examples").glob("*.py"))

# Commands that are shown and not run, by how they begin.
NOT_RUN = {
    "pip install": "changes the environment",
    "python -m pip install": "changes the environment",
    "git clone": "needs the network",
    "cd ": "moves the reader, not the test",
    "sphinx-build": "test_the_documentation_builds runs it",
    "pytest": "this is it",
    "ruff": "runs beside the tests",
    "mypy": "runs beside the tests",
    "scatter demo": "takes up to a minute and has a test of its own",
}
LANGUAGES = {"python", "pycon", "console", "bash", "text", "toml"}
RUN = {"python", "pycon", "console", "bash"}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, and the comment before it."""

    page: Path
    line: int
    language: str
    code: str
    mark: str

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def verb(self):
        return self.mark.split()[0].rstrip(",") if self.mark else ""

    @property
    def detail(self):
        return self.mark.partition(" ")[2].strip()


def blocks(page):
    """Fenced blocks of a page that are not directives."""
    found, lines = [], page.read_text().splitlines()
    place = 0
    while place < len(lines):
        opening = re.match(r"^(\s*)(`{3,}|:{3,})\s*(.*)$", lines[place])
        place += 1
        if not opening:
            continue
        indent, fence, info = opening.groups()
        if fence[0] == ":" or (info.startswith("{") and not info.startswith("{code")):
            if fence[0] == ":":  # what is inside of an admonition is text like any other
                continue
            while place < len(lines) and lines[place].strip() != fence:
                place += 1
            place += 1
            continue
        start = place
        while place < len(lines) and lines[place].strip() != fence:
            place += 1
        code = "".join(line.removeprefix(indent) + "\n" for line in lines[start:place])
        before = lines[start - 2].strip() if start > 1 else ""
        comment = re.fullmatch(r"<!-- test: (.*) -->", before)
        found.append(Block(page, start + 1, info.strip(), code, comment[1] if comment else ""))
        place += 1
    return found


# ------------------------------------------------------------------ what runs
class Failure(AssertionError):
    """A block of the documentation is wrong."""


class Terminal(io.StringIO):
    """What a command prints to when it is typed by hand."""

    def isatty(self):
        return True


def commands(block):
    """Commands of a block and what is shown below each."""
    found = []
    lines = block.code.splitlines()
    while lines:
        line = lines.pop(0)
        if block.language == "console" and not line.startswith("$ "):
            if not found:
                raise Failure(f"{block}: a console block begins with '$ ', got {line!r}")
            found[-1][1].append(line)
            continue
        command = line.removeprefix("$ ")
        while command.endswith("\\"):
            command = command[:-1] + lines.pop(0).removeprefix("> ").strip()
        if command.strip() and not command.startswith("#"):
            found.append((command, []))
    return [(command, "\n".join(shown).rstrip()) for command, shown in found]


def not_run(command):
    return next((reason for start, reason in NOT_RUN.items() if command.startswith(start)), None)


def run_command(command):
    """What a command of scatter prints on a terminal of 100 columns, errors last, and its exit code."""
    out, err, code = Terminal(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(shlex.split(command)[1:], prog_name="scatter")
        except SystemExit as end:
            code = int(end.code or 0)
    text = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue() + err.getvalue())
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip(), code


def without_numbers(text):
    return re.sub(r"\d[\d.]*(e[+-]?\d+)?\S*|not installed", "#", text)


def run_console(block):
    for command, shown in commands(block):
        if not_run(command):
            continue
        if not command.startswith("scatter "):
            raise Failure(f"{block}: {command!r} is neither a command of scatter nor among those that are not run")
        printed, code = run_command(command)
        if (code != 0) != ("scatter: error:" in shown):
            raise Failure(f"{block}: {command!r} ended with {code}:\n{printed}")
        if not shown:
            continue
        wanted, got = (without_numbers(shown), without_numbers(printed)) if block.verb == "varies" else (shown, printed)
        if not doctest.OutputChecker().check_output(wanted + "\n", got + "\n", FLAGS):
            raise Failure(f"{block}: {command!r} printed\n{printed}\nbut the page shows\n{shown}")


def run_python(block, names):
    if ">>>" in block.code:
        test = doctest.DocTestParser().get_doctest(block.code, names, str(block), str(block.page), block.line - 1)
        report = io.StringIO()
        failed, _ = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.write, clear_globs=False)
        names.update(test.globs)
        if failed:
            raise Failure(report.getvalue())
        return
    exec(compile("\n" * (block.line - 1) + block.code, str(block.page), "exec"), names)


def run_block(block, names):
    if block.verb == "skip" or block.language not in RUN:
        return
    if block.verb == "needs" and any(importlib.util.find_spec(name) is None for name in block.detail.split()):
        return
    if block.language in ("python", "pycon"):
        run_python(block, names)
    else:
        run_console(block)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """An empty folder to work in, and a plain terminal."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"COLUMNS": "100", "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    return tmp_path
