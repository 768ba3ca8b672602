"""Damaged files of every kind that is read: a result or one clear line; no crash, hang or flood of memory.

``SCATTER_FUZZ_FILES=100000 pytest tests/test_fuzz.py`` reads as many files as that.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz import FORMATS, MEMORY, SECONDS

PROGRAM = Path(__file__).with_name("fuzz.py")
BATCHES = 8
FILES = int(os.environ.get("SCATTER_FUZZ_FILES", "2000"))

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measures as Linux does")


@pytest.mark.parametrize("batch", range(BATCHES))
def test_damaged_files_of_every_kind_are_read_or_refused(batch, tmp_path):
    for package in ("zarr", "trimesh", "networkx", "pyarrow", "skops"):
        pytest.importorskip(package)
    share = -(-FILES // BATCHES)
    first = batch * share
    root = PROGRAM.parent.parent
    found = subprocess.run(
        [sys.executable, str(PROGRAM), str(first), str(first + share), str(tmp_path)],
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{PROGRAM.parent}"},
    )
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    assert found.returncode == 0, (lines[-1:], found.stderr[-2000:])
    done = [line for line in lines if len(line) == 5]
    assert [seed for seed, *_ in done] == list(range(first, first + share))
    assert {kind for _, kind, *_ in done} == set(FORMATS)
    assert max(seconds for *_, seconds, _ in done) < SECONDS
    assert max(memory for *_, memory in done) < MEMORY
    # Some damage no check can see; most of it is refused.
    assert sum(outcome != "read" for _, _, outcome, *_ in done) > share / 3


def test_every_suffix_that_is_read_is_damaged():
    from scatter.extraction.listing import MANIFESTS
    from scatter.extraction.loaders import SUFFIXES
    from scatter.io.formats import FORMATS as TABLES

    alike = {".jpeg": "jpg", ".tiff": "tif", ".pgm": "ppm", ".pnm": "ppm"}
    for suffix in SUFFIXES:
        assert alike.get(suffix, suffix[1:]) in FORMATS
    assert {f"table{suffix}" for suffix in TABLES} | {f"list{suffix}" for suffix in MANIFESTS} <= set(FORMATS)
