"""From inputs to a table: plan, compute what is missing, assemble."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from scatter.errors import FileError, InputError
from scatter.extraction.assemble import assemble, errors_file
from scatter.extraction.job import Job, Record
from scatter.extraction.listing import Listing
from scatter.extraction.pipeline import Meter, Pipeline
from scatter.extraction.plan import estimator_of, plan
from scatter.extraction.shards import Body, intact
from scatter.extraction.workspace import Workspace
from scatter.io.atomic import check_output
from scatter.io.tables import check_table_output, read_metadata, table_format
from scatter.kernels.library import thread_limit
from scatter.numerics.threads import thread_count

if TYPE_CHECKING:
    from scatter.extraction.recipe import Recipe

Existing = Literal["resume", "overwrite"]


class Watcher(Protocol):
    """Who is told how a run goes on."""

    def begin(self, items: int, done: int, shards: int, kept: int) -> None:
        """Told once: number of items, of those done before, of shards, and of those kept."""

    def advance(self, items: int, rows: int) -> None:
        """Told now and then: what was done since."""


@dataclass(frozen=True)
class Report:
    """How a run ended.

    Parameters
    ----------
    output : Path
        The table.
    samples, features : int
        Its rows and columns of features.
    skipped : int
        Files and samples that were left out.
    errors : Path, optional
        The list of them, if there are any.
    shards, kept : int
        How many there are, and how many were finished before.
    seconds : float
        Duration.
    rate : float
        Samples a second of those computed now, assembling included.
    transform_share : float
        Part of the duration that the transform took; 0 with workers, who don't say.
    metadata : dict of str to str
        What travels with the table.
    complete_before : bool
        Whether the table was there already, and nothing was done.
    """

    output: Path
    samples: int
    features: int
    skipped: int
    errors: Path | None
    shards: int
    kept: int
    seconds: float
    rate: float
    transform_share: float
    metadata: dict[str, str]
    complete_before: bool = False


# How shards are computed, by this process or by workers; whoever takes them notes them in the manifest.
Compute = Callable[[Workspace, Job, Mapping[int, Record], Sequence[int], Meter], Iterator[Record]]


def extract(
    inputs: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    recipe: Recipe,
    *,
    listing: Listing | None = None,
    on_error: Literal["skip", "fail"] = "skip",
    existing: Existing | None = None,
    jobs: int | None = None,
    shard_size: int | None = None,
    watcher: Watcher | None = None,
    compute: Compute | None = None,
) -> Report:
    """Compute the features of all samples in files and write them as one table.

    Memory does not grow with the number of inputs. What is finished survives a crash, in the folder
    ``OUT.partial``: the same call again computes only what is missing, and the table is the same.

    Parameters
    ----------
    inputs : sequence of str or path-like
        Files, folders, patterns and manifests.
    output : str or path-like
        The table: .npy, .npz, .parquet or .zarr. Failures are listed in ``OUT.errors.csv``.
    recipe : Recipe
        What is computed.
    listing : Listing, optional
        How manifests are read; replaces ``inputs``.
    on_error : {'skip', 'fail'}, default='skip'
        Whether a damaged file is left out and listed, or stops the run.
    existing : {'resume', 'overwrite'}, optional
        What to do about an earlier run: None goes on with an unfinished one of the same inputs and recipe, is
        content with a finished one, and refuses others; 'resume' goes on with the unfinished run with the
        inputs as they were listed then; 'overwrite' begins anew.
    jobs : int, optional
        Threads, both to decode and to transform; None is as many as this process may use.
    shard_size : int, optional
        Items, or rows of arrays, in a shard.
    watcher : Watcher, optional
        Told how it goes on.
    compute : callable, optional
        What computes shards, see `scatter.extraction.cluster`; this process if None.

    Returns
    -------
    Report

    Raises
    ------
    FileError
        If an input is missing, no sample can be read, the table can't be written, or an earlier run
        stands in the way.
    InputError
        If an option is out of its range.

    Examples
    --------
    >>> from scatter.extraction import Recipe, extract
    >>> extract(["photos"], "photos.parquet", Recipe("2d", {"J": 4})).samples  # doctest: +SKIP
    2000
    """
    started = time.perf_counter()
    target = Path(output)
    _check(target, on_error, existing, shard_size)
    workspace = Workspace.beside(target)
    mine = (*table_format(target).outputs(target), errors_file(target), workspace.folder)
    asked = listing or Listing([os.fspath(entry) for entry in inputs])
    asked = replace(asked, without=mine)
    with workspace.open():
        if existing == "overwrite":
            workspace.job_file.unlink(missing_ok=True)
            workspace.manifest.unlink(missing_ok=True)
        job, kept = _settle(workspace, asked, recipe, target, existing, on_error, shard_size)
        if job is None:
            return _report_of(target, time.perf_counter() - started)
        return _compute_and_assemble(
            workspace, job, kept, target, jobs, watcher, compute or in_process(jobs), started
        )


def in_process(jobs: int | None) -> Compute:
    """Compute shards in this process.

    Parameters
    ----------
    jobs : int, optional
        Threads, both to decode and to transform.
    """

    def compute(
        workspace: Workspace, job: Job, kept: Mapping[int, Record], shards: Sequence[int], meter: Meter
    ) -> Iterator[Record]:
        body = Body.after(workspace, kept, job.row_bytes) if job.one_body else None
        estimator, threads = estimator_of(job, jobs), thread_count(jobs, thread_limit())
        pipeline = Pipeline(workspace, job, estimator, threads, meter, body)
        yield from pipeline.run(shards)

    return compute


def _check(target: Path, on_error: str, existing: str | None, shard_size: int | None) -> None:
    if on_error not in ("skip", "fail"):
        raise InputError(f"on_error must be 'skip' or 'fail', got {on_error!r}")
    if existing not in (None, "resume", "overwrite"):
        raise InputError(f"existing must be 'resume', 'overwrite' or None, got {existing!r}")
    if shard_size is not None and shard_size < 1:
        raise InputError(f"shard_size must be at least 1, got {shard_size}")
    check_table_output(target)
    check_output(errors_file(target))


def _settle(
    workspace: Workspace,
    listing: Listing,
    recipe: Recipe,
    target: Path,
    existing: Existing | None,
    on_error: str,
    shard_size: int | None,
) -> tuple[Job | None, dict[int, Record]]:
    """The job to do, with what is done of it; no job if the table is complete."""
    settle = partial(
        plan,
        listing=listing,
        recipe=recipe,
        on_error=on_error,
        shard_size=shard_size,
        suffix=target.suffix.lower(),
    )
    before = workspace.load()
    if before is not None and existing == "resume":
        if before.recipe != recipe or before.on_error != on_error:
            raise FileError(_differs(workspace, before, recipe))
        return before, _kept(workspace, before)
    if before is None:
        workspace.sweep(())
        if existing == "resume" and target.exists():
            return None, {}
        if existing != "overwrite" and not target.exists():
            _refuse_companions(target)
        job = settle(workspace)
        if target.exists() and existing != "overwrite":
            if (read_metadata(target) or {}).get("run") != job.fingerprint:
                raise FileError(
                    f"{target}: is there already, of other inputs or options; type --overwrite to replace "
                    "it, or give another name after -o"
                )
            return None, {}
        return job, {}
    # The list is made again beside the old one, which stays if they differ.
    with workspace.planned_again() as again:
        job = settle(again)
    if job.fingerprint == before.fingerprint and shard_size and job.shards != before.shards:
        raise FileError(
            f"{workspace.folder}: an unfinished run with shards of another size is in it; leave --shard-size "
            "out to go on, or type --overwrite to begin anew"
        )
    if job.fingerprint != before.fingerprint:
        raise FileError(_differs(workspace, before, recipe))
    return before, _kept(workspace, before)


def _refuse_companions(target: Path) -> None:
    """Files that a table brings along replace none that stand there without a table."""
    for file in (*table_format(target).outputs(target), errors_file(target)):
        if file.exists():
            raise FileError(
                f"{file}: is there already, without the table {target} that would replace it; type "
                "--overwrite to replace it, or give another name after -o"
            )


def _differs(workspace: Workspace, before: Job, recipe: Recipe) -> str:
    what = "inputs" if before.recipe == recipe else "options"
    how = "" if before.recipe == recipe else f": {before.recipe.text}"
    hint = "type --resume to go on with the inputs as they were listed then, or " if not how else "type "
    return (
        f"{workspace.folder}: an unfinished run of other {what} is in it{how}; "
        f"{hint}--overwrite to begin anew"
    )


def _kept(workspace: Workspace, job: Job) -> dict[int, Record]:
    """Finished shards whose files are as they were; what else lies about is removed."""
    kept = {
        number: record
        for number, record in workspace.records().items()
        if number < len(job.shards) and intact(workspace, record, job.row_bytes)
    }
    workspace.sweep(kept.values())
    return kept


def _compute_and_assemble(
    workspace: Workspace,
    job: Job,
    kept: dict[int, Record],
    target: Path,
    jobs: int | None,
    watcher: Watcher | None,
    compute: Compute,
    started: float,
) -> Report:
    todo = [number for number in range(len(job.shards)) if number not in kept]
    if watcher is not None:
        done = sum(job.shards[number].items for number in kept)
        watcher.begin(job.items, done, len(job.shards), len(kept))
    meter = Meter(None if watcher is None else watcher.advance)
    records = dict(kept)
    if todo:
        for record in compute(workspace, job, kept, todo, meter):
            workspace.append(record)
            records[record.shard] = record
    assemble(workspace, job, records, target)
    seconds = time.perf_counter() - started
    computed = sum(record.rows for number, record in records.items() if number not in kept)
    skipped = sum(record.skipped for record in records.values())
    return Report(
        output=target,
        samples=sum(record.rows for record in records.values()),
        features=len(job.names),
        skipped=skipped,
        errors=errors_file(target) if skipped else None,
        shards=len(job.shards),
        kept=len(kept),
        seconds=seconds,
        rate=computed / seconds,
        transform_share=meter.transform_seconds / seconds,
        metadata=job.metadata,
    )


def _report_of(target: Path, seconds: float) -> Report:
    """The report of a table that was complete before."""
    found = read_metadata(target) or {}
    skipped = int(found.pop("skipped", 0))
    return Report(
        output=target,
        samples=int(found.pop("samples", 0)),
        features=int(found.pop("features", 0)),
        skipped=skipped,
        errors=errors_file(target) if skipped else None,
        shards=0,
        kept=0,
        seconds=seconds,
        rate=0.0,
        transform_share=0.0,
        metadata=found,
        complete_before=True,
    )
