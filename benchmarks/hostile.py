"""Files that nobody vouched for: how many damaged ones are read or refused, and what the worst ones take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = int(os.environ.get("SCATTER_FUZZ_FILES", "100000"))
PROGRAM = Path(__file__).parents[1] / "tests" / "fuzz.py"


def fuzz() -> list[tuple[str, str, str]]:
    """Files of every kind that is read, damaged by a seed, in two processes; `tests/fuzz.py`."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [_begin(Path(folder), part, FILES // 2) for part in range(2)]
        lines = [json.loads(line) for run in runs for line in run.communicate()[0].splitlines()]
    done = [line for line in lines if len(line) == 5]
    kinds = {kind for _, kind, *_ in done}
    broken = sum(run.returncode != 0 for run in runs)
    return [
        ("damaged files", f"{len(done):,} of {FILES:,}", f"{len(kinds)} kinds"),
        ("of them refused with one line", f"{sum(outcome != 'read' for _, _, outcome, *_ in done):,}", ""),
        ("crashes, hangs of 10 s and other exceptions", str(broken), ""),
        ("longest, seconds", f"{max(seconds for *_, seconds, _ in done):.2f}", ""),
        ("most memory, MB", f"{max(memory for *_, memory in done) / 1e6:.0f}", ""),
    ]


def _begin(folder: Path, part: int, count: int) -> subprocess.Popen[str]:
    own = folder / str(part)
    own.mkdir()
    root = PROGRAM.parents[1]
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), str(part * count), str((part + 1) * count), str(own)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{PROGRAM.parent}"},
    )


CASES = {"fuzz": fuzz}
