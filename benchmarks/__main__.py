"""``python -m benchmarks [CASE ...]``: run the cases, print them, and write them to RESULTS.md.

``python -m benchmarks tables NAME ...`` does so with published tables, some of which are cases; without a
name it prints those that are in RESULTS.md, and the names that there are.
"""

from __future__ import annotations

import inspect
import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks import (
    codec,
    compiled,
    distributed,
    extraction,
    foundation,
    gradients,
    graphs,
    growth,
    hostile,
    memory,
    meshes,
    sphere,
    stability,
    textures,
    volumes,
)
from benchmarks.tables import tables

PARTS = (
    foundation,
    compiled,
    gradients,
    memory,
    growth,
    graphs,
    meshes,
    sphere,
    volumes,
    stability,
    textures,
    codec,
    extraction,
    distributed,
    hostile,
)
CASES = {name: case for part in PARTS for name, case in part.CASES.items()}
ACCURACIES = (*(f"graph_{name.lower()}" for name in graphs.SETS), *textures.CASES, "sphere_digits")
"""Cases that are published tables, too."""

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = """# Results

Medians of interleaved runs in one process; the last column is their spread. Absolute times belong to
the machine they were taken on; compare ratios. Every section names the command that gives it.
"""


def machine() -> str:
    packages = [f"{name} {metadata.version(name)}" for name in ("numpy", "scipy", "scikit-learn")]
    cores = f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}"
    return ", ".join([cores, f"Python {platform.python_version()}", *packages])


def section(name: str) -> str:
    """The section of a case, which is run."""
    case = CASES[name]
    return _section(name, str(case.__doc__), name, ("figure", "median", "spread"), case())


def table_section(name: str) -> str:
    """The section of a published table, which is computed."""
    if name in ACCURACIES:
        return section(name)
    table = tables()[name]
    columns = ("setting", "here", "published", "seconds")
    return _section(f"table_{name}", str(inspect.getdoc(table)), f"tables {name}", columns, table())


def _section(name: str, about: str, command: str, columns: tuple[str, ...], rows: list[Any]) -> str:
    return "\n".join(
        [
            f"## {name}",
            "",
            about,
            "",
            f"`python -m benchmarks {command}` on {machine()}",
            "",
            f"| {' | '.join(columns)} |",
            "| --- " * len(columns) + "|",
            *(f"| {' | '.join(row)} |" for row in rows),
            "",
        ]
    )


TABLES = "<!-- published tables -->"
"""Comes before the tables, which are last: a page of the documentation includes them."""


def page(sections: dict[str, str]) -> str:
    """The whole of RESULTS.md."""
    last = [text for name, text in sections.items() if is_table(name)]
    others = [text for name, text in sections.items() if not is_table(name)]
    return "\n".join([HEAD, *others, *([TABLES, "", *last] if last else [])])


def is_table(name: str) -> bool:
    """Whether a section is a published table."""
    return name.startswith("table_") or name in ACCURACIES


def known_sections() -> dict[str, str]:
    """The sections of RESULTS.md, by name."""
    kept = re.split(r"(?m)^(?=## )", RESULTS.read_text())[1:] if RESULTS.exists() else []
    kept = [text.replace(TABLES, "").rstrip() + "\n" for text in kept]
    return {re.match(r"## (\w+)", text).group(1): text for text in kept}


def main() -> None:
    names, every, make = sys.argv[1:] or list(CASES), CASES, section
    if names[0] == "tables":
        names, every = names[1:], tables() | {name: CASES[name] for name in ACCURACIES}
        make = table_section
        if not names:
            print(*(text for name, text in known_sections().items() if is_table(name)), sep="\n")
            print(f"tables: {', '.join(every)}")
            return
    unknown = [name for name in names if name not in every]
    if unknown:
        sys.exit(f"unknown case {unknown[0]!r}; there are {', '.join(every)}")
    sections = known_sections()
    for name in names:
        text = make(name)
        sections[re.match(r"## (\w+)", text).group(1)] = text
        print(text, flush=True)
        RESULTS.write_text(page(sections))  # what is measured is not lost


if __name__ == "__main__":
    main()
