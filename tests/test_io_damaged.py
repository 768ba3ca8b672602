"""Damaged files of every format are read or refused: no crash, no hang, no flood of memory."""

import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from damage import KINDS, MEMORY, SECONDS

from scatter.errors import FileError
from scatter.io.reading import Reading
from scatter.io.rows import pieces

PROGRAM = Path(__file__).with_name("damage.py")
BATCHES = 8
IN_A_BATCH = 40


@pytest.mark.parametrize("batch", range(BATCHES))
def test_damaged_files_are_read_or_refused(batch, tmp_path):
    pytest.importorskip("zarr", reason="zarr is not installed")
    first = batch * IN_A_BATCH
    command = [sys.executable, str(PROGRAM), str(first), str(first + IN_A_BATCH), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parent.parent)}
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=IN_A_BATCH * SECONDS, env=environment
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, (lines[-1:], run.stderr[-2000:])
    done = [line for line in lines if len(line) == 4]
    assert [seed for seed, *_ in done] == list(range(first, first + IN_A_BATCH))
    assert max(seconds for _, _, seconds, _ in done) < SECONDS
    assert max(memory for *_, memory in done) < MEMORY
    # Damage that no check can see is rare, but a file that is refused says why.
    refused = [outcome for _, outcomes, _, _ in done for outcome in outcomes if outcome != "read"]
    assert len(refused) > IN_A_BATCH / 2


def test_there_are_enough_damaged_files():
    assert BATCHES * IN_A_BATCH >= 200
    assert IN_A_BATCH % len(KINDS) == 0


def test_a_zarr_chunk_that_unpacks_to_too_much_is_refused(tmp_path):
    zarr = pytest.importorskip("zarr", reason="zarr is not installed")
    folder = tmp_path / "a.zarr"
    made = zarr.create_array(
        folder, shape=(10, 10), dtype="f4", chunks=(10, 10), zarr_format=2, compressors=None, filters=None
    )
    made[...] = np.ones((10, 10))
    metadata = json.loads((folder / ".zarray").read_text())
    metadata["compressor"] = {"id": "zlib", "level": 9}
    (folder / ".zarray").write_text(json.dumps(metadata))
    (folder / "0.0").write_bytes(zlib.compress(bytes(10**7)))
    with pytest.raises(FileError, match=r"a.zarr: can't be read as a .zarr file: "):
        list(pieces(folder, 0, None, Reading("signal"), 4))
