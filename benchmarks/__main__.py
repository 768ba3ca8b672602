"""``python -m benchmarks [CASE ...]``: run the cases, print them, and write them to RESULTS.md."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

from benchmarks import (
    codec,
    compiled,
    distributed,
    extraction,
    foundation,
    graphs,
    growth,
    hostile,
    memory,
    meshes,
    sphere,
    textures,
)

PARTS = (
    foundation,
    compiled,
    memory,
    growth,
    graphs,
    meshes,
    sphere,
    textures,
    codec,
    extraction,
    distributed,
    hostile,
)
CASES = {name: case for part in PARTS for name, case in part.CASES.items()}

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
    case = CASES[name]
    rows = [f"| {what} | {value} | {spread} |" for what, value, spread in case()]
    return "\n".join(
        [
            f"## {name}",
            "",
            str(case.__doc__),
            "",
            f"`python -m benchmarks {name}` on {machine()}",
            "",
            "| figure | median | spread |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def main() -> None:
    names = sys.argv[1:] or list(CASES)
    unknown = [name for name in names if name not in CASES]
    if unknown:
        sys.exit(f"unknown case {unknown[0]!r}; there are {', '.join(CASES)}")
    kept = re.split(r"(?m)^(?=## )", RESULTS.read_text())[1:] if RESULTS.exists() else []
    sections = {re.match(r"## (\w+)", text).group(1): text.rstrip() + "\n" for text in kept}
    for name in names:
        sections[name] = section(name)
        print(sections[name], flush=True)
        RESULTS.write_text("\n".join([HEAD, *sections.values()]))  # what is measured is not lost


if __name__ == "__main__":
    main()
