"""From finished shards to the table, and the list of what was left out."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scatter._text import csv_line_text
from scatter.errors import FileError
from scatter.extraction.job import Job, Record
from scatter.extraction.shards import ShardBlock, failures
from scatter.extraction.workspace import Workspace
from scatter.io.atomic import atomic_output
from scatter.io.layout import Layout
from scatter.io.tables import write_blocks


def errors_file(output: Path) -> Path:
    """Where the failures of a run are listed."""
    return output.with_name(output.name + ".errors.csv")


def assemble(workspace: Workspace, job: Job, records: Mapping[int, Record], target: Path) -> None:
    """Write the list of failures, then the table.

    Parameters
    ----------
    workspace : Workspace
        Where the shards are.
    job : Job
        What they are of.
    records : mapping of int to Record
        Of every shard.
    target : Path
        The table.

    Raises
    ------
    FileError
        If something can't be written, or if there is no row.
    """
    _write_errors(workspace, (records[number] for number in range(len(job.shards))), errors_file(target))
    rows = sum(record.rows for record in records.values())
    if rows == 0:
        raise FileError(f"no sample could be transformed; {errors_file(target)} says why")
    columns, width, dtype = job.keys, len(job.names), job.recipe.dtype
    counts = {
        "samples": str(rows),
        "features": str(width),
        "skipped": str(sum(record.skipped for record in records.values())),
    }
    parsed: dict[int, Mapping[str, Sequence[Any]]] = {}
    blocks = [
        ShardBlock(workspace, records[number], width, dtype, columns, parsed)
        for number in range(len(job.shards))
        if records[number].rows
    ]
    layout = Layout(rows, job.names, columns, np.dtype(dtype), {**job.metadata, **counts})
    write_blocks(layout, blocks, target, work=workspace.folder)


def _write_errors(workspace: Workspace, records: Iterable[Record], path: Path) -> None:
    with_failures = [record for record in records if record.skipped]
    if not with_failures:
        path.unlink(missing_ok=True)
        return
    with atomic_output(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(("file", "segment", "reason"))
        for record in with_failures:
            for failure in failures(workspace, record.shard):
                segment = "" if failure.segment is None else failure.segment
                rows.writerow((csv_line_text(failure.file), segment, csv_line_text(failure.reason)))
