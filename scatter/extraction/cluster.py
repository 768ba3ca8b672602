"""Shards on many machines: workers of dask compute them, one process keeps the manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from scatter.errors import FileError, InputError, ScatterError, missing_extra
from scatter.extraction.job import Job, Record
from scatter.extraction.loaders import Loader
from scatter.extraction.pipeline import Meter, Pipeline
from scatter.extraction.plan import estimator_of
from scatter.extraction.workspace import Workspace
from scatter.io.files import reason

AHEAD = 2
"""Shards that wait at each thread of a worker; more would only load the scheduler."""

PATIENCE = 30.0
"""Seconds without a worker, or without an answer of the scheduler, before this process computes a shard."""

LATE = 8.0
"""How many times the usual duration the last shards may take before they are computed here."""

_POLL = 1.0


def require_distributed() -> Any:
    """Import dask's scheduler, or say what to install."""
    try:
        import distributed
    except ImportError as error:
        raise missing_extra("distributed", "dask", "computing on several workers") from error
    return distributed


def compute_shard(folder: str, fingerprint: str, shard: int, threads: int) -> Record:
    """Compute one shard on a worker; the folder must be there under the same name.

    Parameters
    ----------
    folder : str
        The workspace.
    fingerprint : str
        Of the job that is meant.
    shard : int
        Which shard.
    threads : int
        To decode and to transform.

    Returns
    -------
    Record
    """
    workspace = Workspace(Path(folder))
    job, estimator = _settled(folder, fingerprint, threads)
    free = _loaders(folder, fingerprint)
    loader = free.pop() if free else Loader(job.recipe.read)
    try:
        (record,) = Pipeline(workspace, job, estimator, threads, loader=loader).run([shard])
    finally:
        free.append(loader)
    return record


@lru_cache(maxsize=2)
def _loaders(folder: str, fingerprint: str) -> list[Loader]:
    """Loaders that no thread of this process uses; shards come in order, and they go on where they were."""
    return []


@lru_cache(maxsize=2)
def _settled(folder: str, fingerprint: str, threads: int) -> tuple[Job, Any]:
    """Job and transform, once a process."""
    job = Workspace(Path(folder)).load()
    if job is None or job.fingerprint != fingerprint:
        raise FileError(
            f"{folder}: is not there, or holds another run; "
            "workers need the same folders under the same names"
        )
    return job, estimator_of(job, threads)


@contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """Run workers on this machine, one process each.

    Parameters
    ----------
    workers : int
        How many.

    Yields
    ------
    str
        The address of their scheduler.
    """
    distributed = require_distributed()
    if workers < 1:
        raise InputError(f"workers must be at least 1, got {workers}")
    with distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        silence_logs=50,
    ) as cluster:
        yield str(cluster.scheduler_address)


@dataclass
class ClusterCompute:
    """Computes shards on the workers of a scheduler.

    Whatever happens to workers or the scheduler, the run ends: a shard that workers lose again and again, a
    shard that takes far too long, and all of them while no worker is there, are computed here.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://host:8786``.
    threads : int, default=1
        Of every worker, to decode and to transform.
    say : callable, optional
        Told of what went wrong and how it went on.
    """

    address: str
    threads: int = 1
    say: Callable[[str], None] | None = None
    durations: list[float] = field(default_factory=list, init=False)

    def __call__(
        self, workspace: Workspace, job: Job, kept: Mapping[int, Record], shards: Sequence[int], meter: Meter
    ) -> Iterator[Record]:
        """Compute shards in whatever order they come, each into files of its own."""
        self._here = Pipeline(workspace, job, estimator_of(job, self.threads), self.threads)
        left = set(shards)
        while left:
            for record in self._round(workspace, job, sorted(left, reverse=True)):
                left.discard(record.shard)
                yield record
                meter.tell(job.shards[record.shard].items, record.rows)

    def _round(self, workspace: Workspace, job: Job, waiting: list[int]) -> Iterator[Record]:
        """Records until all are there, or until the scheduler is gone and one more was computed here."""
        left = list(waiting)
        try:
            for record in self._connected(workspace, job, waiting):
                left.remove(record.shard)
                yield record
        except _Lost as lost:
            self.tell(f"no answer from the scheduler {self.address}: {reason(lost.__cause__ or lost)}")
            yield self.compute_here(left[-1])

    def _connected(self, workspace: Workspace, job: Job, waiting: list[int]) -> Iterator[Record]:
        distributed = require_distributed()
        try:
            client = distributed.Client(self.address, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise _Lost from error
        try:
            yield from _Round(self, client, workspace, job, waiting).run()
        finally:
            with suppress(Exception):
                client.close(timeout=2)

    def tell(self, text: str) -> None:
        """Say what went wrong."""
        if self.say is not None:
            self.say(f"{text}; this process goes on")

    def compute_here(self, shard: int) -> Record:
        """Compute a shard in this process."""
        (record,) = self._here.run([shard])
        return record


class _Lost(Exception):  # noqa: N818
    """The scheduler does not answer any more."""


class _Round:
    """One connection to a scheduler: hands out shards until none is left."""

    def __init__(
        self, compute: ClusterCompute, client: Any, workspace: Workspace, job: Job, waiting: list[int]
    ) -> None:
        self.compute, self.client, self.waiting = compute, client, list(waiting)
        self.arguments = (str(workspace.folder.absolute()), job.fingerprint)
        self.begun: dict[Any, tuple[int, float]] = {}
        self.alone_since: float | None = None

    def run(self) -> Iterator[Record]:
        """Records as they come."""
        while self.waiting or self.begun:
            try:
                self._submit()
                done = self._wait()
            except _connection_errors() as error:
                raise _Lost from error
            for future in done:
                shard, started = self.begun.pop(future)
                record = self._result(future, shard)
                self.compute.durations.append(time.monotonic() - started)
                yield record
            if not done and (late := self._late()) is not None:
                yield self.compute.compute_here(late)

    def _workers(self) -> int:
        found = int(sum(self.client.nthreads().values()))
        self.alone_since = None if found else self.alone_since or time.monotonic()
        return found

    def _submit(self) -> None:
        most = AHEAD * max(1, self._workers())
        while self.waiting and len(self.begun) < most:
            shard = self.waiting.pop()
            future = self.client.submit(
                compute_shard, *self.arguments, shard, self.compute.threads, pure=False, retries=2
            )
            self.begun[future] = (shard, time.monotonic())

    def _wait(self) -> set[Any]:
        distributed = require_distributed()
        with suppress(TimeoutError), self.client.as_current():
            return set(distributed.wait(list(self.begun), timeout=_POLL, return_when="FIRST_COMPLETED").done)
        return set()

    def _result(self, future: Any, shard: int) -> Record:
        """The record of a shard; a shard that was lost is computed here."""
        try:
            if future.status == "finished":
                found: Record = future.result(timeout=PATIENCE)
                return found
            error = future.exception(timeout=PATIENCE) if future.status == "error" else None
        except Exception as lost:
            error = lost
        if isinstance(error, ScatterError):
            raise error
        why = future.status if error is None else f"{type(error).__name__}: {reason(error)}"
        self.compute.tell(f"shard {shard} was lost by its worker: {why}")
        return self.compute.compute_here(shard)

    def _late(self) -> int | None:
        """A shard to compute here, as no worker will in good time; its future is given up."""
        now = time.monotonic()
        if self.alone_since is not None and now - self.alone_since > PATIENCE:
            if self.waiting:
                return self.waiting.pop()
            return self._give_up(next(iter(self.begun)))
        if self.waiting or not self.begun or not self.compute.durations:
            return None
        durations = sorted(self.compute.durations)
        usual = durations[len(durations) // 2]
        oldest = min(self.begun, key=lambda future: self.begun[future][1])
        return self._give_up(oldest) if now - self.begun[oldest][1] > max(PATIENCE, LATE * usual) else None

    def _give_up(self, future: Any) -> int:
        shard, _ = self.begun.pop(future)
        with suppress(Exception):
            future.cancel()
        return shard


def _connection_errors() -> tuple[type[BaseException], ...]:
    from asyncio import CancelledError
    from concurrent import futures

    from distributed.comm.core import CommClosedError

    return (CommClosedError, CancelledError, futures.CancelledError, TimeoutError, ConnectionError)
