"""Decode ahead, transform in batches, write behind: all shards of a run in one stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scatter._text import format_size
from scatter.errors import FileError, InputError, MissingExtraError
from scatter.extraction.ahead import ahead
from scatter.extraction.batches import Batches
from scatter.extraction.crew import Crew, Task
from scatter.extraction.job import Job, Record
from scatter.extraction.listing import Item
from scatter.extraction.loaders import Loader
from scatter.extraction.shards import Body, Failure, Key, ShardWriter
from scatter.extraction.workspace import Workspace
from scatter.io.files import reason
from scatter.io.images import quiet_decoding
from scatter.io.reading import Piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH_BYTES = 2**24
_HELD_BYTES = 2**25
_GROUPS_AHEAD = 2
_PAGES = 8
_BEHIND = 2
_TOGETHER = 32


class Group(NamedTuple):
    """About a batch of work that has been begun: items of a shard with what they become, or why not."""

    shard: int
    last: bool
    work: list[tuple[list[Item], Task[list[Piece | Exception]]]]


@dataclass
class _Work:
    """Pieces handed to threads, several files at a time: handing one over costs as much as a small file."""

    pool: Crew
    together: int
    _items: list[Item] = field(default_factory=list)
    _pieces: list[Callable[[], Piece]] = field(default_factory=list)
    _begun: list[tuple[list[Item], Task[list[Piece | Exception]]]] = field(default_factory=list)

    def add(self, item: Item, piece: Callable[[], Piece], *, alone: bool) -> None:
        """Hand over a piece, now or with the next ones."""
        self._items.append(item)
        self._pieces.append(piece)
        if alone or len(self._items) >= self.together:
            self._hand_over()

    def take(self) -> list[tuple[list[Item], Task[list[Piece | Exception]]]]:
        """What was handed over since the last time, in order."""
        self._hand_over()
        begun, self._begun = self._begun, []
        return begun

    def _hand_over(self) -> None:
        if self._items:
            self._begun.append((self._items, self.pool.submit(_results, self._pieces)))
            self._items, self._pieces = [], []


def _results(pieces: list[Callable[[], Piece]]) -> list[Piece | Exception]:
    found: list[Piece | Exception] = []
    for piece in pieces:
        try:
            found.append(piece())
        except Exception as error:
            found.append(error)
    return found


def _raise(error: Exception) -> Piece:
    raise error


@dataclass
class Meter:
    """Where the time goes.

    Parameters
    ----------
    progress : callable, optional
        Told the number of items done, and of rows, since it was last told.
    """

    progress: Callable[[int, int], None] | None = None
    transform_seconds: float = 0.0

    def tell(self, items: int, rows: int) -> None:
        """Pass on what is done."""
        if self.progress is not None:
            self.progress(items, rows)


@dataclass
class Pipeline:
    """Computes shards, one after the other, with decoding and writing beside the transform.

    Parameters
    ----------
    workspace : Workspace
        Where the list of inputs is, and the shards go.
    job : Job
        What is to be done.
    estimator : estimator
        Fitted for the samples of the job.
    threads : int
        That decode.
    meter : Meter
        Told what is done.
    body : Body, optional
        The file for the rows of all shards; each has its own if None.
    loader : Loader, optional
        One that goes on where it was, as in a compressed array; one of its own if None.
    """

    workspace: Workspace
    job: Job
    estimator: Any
    threads: int
    meter: Meter = field(default_factory=Meter)
    body: Body | None = None
    loader: Loader | None = None

    def run(self, shards: Iterable[int]) -> Iterator[Record]:
        """Compute shards and yield the record of each when it is on the disk.

        Raises
        ------
        FileError
            If a shard can't be written, or a file is damaged and the job says to fail.
        """
        with (
            quiet_decoding(),
            Crew(self.threads, "decode") as pool,
            Crew(1, "write") as behind,
            closing(ahead(self._groups(shards, pool), _GROUPS_AHEAD)) as groups,
        ):
            shard: _Shard | None = None
            finished: list[Task[Record]] = []
            try:
                for group in groups:
                    shard = shard or _Shard(self, group.shard, behind)
                    shard.take(group)
                    if group.last:
                        finished.append(shard.close())
                        shard = None
                    while finished and (finished[0].done() or len(finished) > 1):
                        yield finished.pop(0).result()
                while finished:
                    yield finished.pop(0).result()
            finally:
                # After a failure, nothing that waits is worth decoding.
                pool.cancel()
                if shard is not None:
                    behind.submit(shard.writer.discard)

    def _groups(self, shards: Iterable[int], pool: Crew) -> Iterator[Group]:
        with ExitStack() as stack:
            loader = self.loader or stack.enter_context(Loader(self.job.recipe.read))
            for shard in shards:
                yield from self._shard_groups(shard, loader, pool)

    def _shard_groups(self, shard: int, loader: Loader, pool: Crew) -> Iterator[Group]:
        batch, work = self.batch, _Work(pool, min(max(self.batch // (4 * self.threads), 1), _TOGETHER))
        weight = held = 0
        for item in self.workspace.items(self.job.shards[shard]):
            single = self._is_single(item)
            at_most = min(_PAGES, batch) if single else batch
            try:
                if item.error is not None:
                    raise FileError(item.error)
                for piece in loader.pieces(item.file, item.start, item.stop, at_most):
                    work.add(item, piece, alone=not single)
                    weight += 1 if single else at_most
                    held += getattr(piece, "nbytes", 0)
                    if weight >= batch or held >= _HELD_BYTES:
                        yield Group(shard, False, work.take())
                        weight = held = 0
            except Exception as error:
                work.add(item, partial(_raise, error), alone=False)
        yield Group(shard, True, work.take())

    def _is_single(self, item: Item) -> bool:
        """Whether a file is probably one sample."""
        reading = self.job.recipe.read
        return item.stop is None and reading.segment is None

    @property
    def batch(self) -> int:
        """Samples to transform at once: a few megabytes of samples or features, whichever is more."""
        if self.job.recipe.batch is not None:
            return self.job.recipe.batch
        values = max(len(self.job.names), 1 if self.job.sample is None else int(np.prod(self.job.sample)))
        return min(max(_BATCH_BYTES // (4 * values) // 16 * 16, 1), 1024)


class _Shard:
    """A shard that is being computed: batches to come, and what was left out."""

    def __init__(self, pipeline: Pipeline, shard: int, behind: Crew) -> None:
        self.pipeline = pipeline
        self.writer = ShardWriter(pipeline.workspace, shard, pipeline.body, pipeline.job.taken_over)
        self.batches = Batches(pipeline.batch)
        self.failures: list[Failure] = []
        self.previous: Item | None = None
        self.behind = behind
        self.pending: list[Task[None]] = []

    def take(self, group: Group) -> None:
        """Transform what a group brings, but for what does not fill a batch."""
        files = 0
        for items, begun in group.work:
            for item, found in zip(items, begun.result(), strict=True):
                files += item is not self.previous
                self.previous = item
                self._meet(item, found)
        for samples, keys in self.batches.full():
            self._transform(samples, keys)
        self.pipeline.meter.tell(files, 0)

    def _meet(self, item: Item, found: Piece | Exception) -> None:
        try:
            if isinstance(found, Exception):
                raise found
            self._add(item, found)
        except MissingExtraError:
            raise
        except Exception as error:
            self.fail(item, None, _reason(error, item))

    def close(self) -> Task[Record]:
        """Transform the rest, and write the end of the shard."""
        for samples, keys in self.batches.rest():
            self._transform(samples, keys)
        self._write(None, [])
        return self.behind.submit(self.writer.close)

    def fail(self, item: Item, segment: int | None, why: str) -> None:
        """Leave something out, or stop the run."""
        if self.pipeline.job.on_error == "fail":
            name = item.file if segment is None else f"{item.file}[{segment}]"
            raise FileError(f"{name}: {why}")
        self.failures.append(Failure(item.file, segment, why))

    def _add(self, item: Item, piece: Piece) -> None:
        for segment, why in piece.failures:
            self.fail(item, segment, why)
        if not len(piece.samples):
            return
        if (difference := self._difference(piece)) is not None:
            self.fail(item, int(piece.segments[0]) if item.stop is not None else None, difference)
            return
        labels = piece.labels if piece.labels is not None else [item.label] * len(piece.samples)
        keys = [
            (Key(item.file, int(segment), None if label is None else str(label), item.group), item)
            for segment, label in zip(piece.segments, labels, strict=True)
        ]
        self.batches.add(piece.samples, keys)

    def _difference(self, piece: Piece) -> str | None:
        """What sets samples apart from the first of the run, or None."""
        job = self.pipeline.job
        if job.sample is None or not isinstance(piece.samples, np.ndarray):
            return None
        if (shape := piece.samples.shape[1:]) != job.sample:
            return _other_shape(shape, job)
        if piece.rate != job.rate:
            return (
                f"its sampling rate is {piece.rate or 'unknown'}, that of the first sample "
                f"{job.rate or 'unknown'}; type "
                + ("--rate 250, or that of the array, and " if None in (piece.rate, job.rate) else "")
                + f"--resample {job.rate or piece.rate} to convert all sounds"
            )
        return None

    def _transform(self, samples: Any, keys: Sequence[tuple[Key, Item]]) -> None:
        started = time.perf_counter()
        found = self._features(samples)
        self.pipeline.meter.transform_seconds += time.perf_counter() - started
        good = []
        for place, ((key, item), why) in enumerate(zip(keys, found.reasons, strict=True)):
            if why is None:
                good.append(place)
            else:
                self.fail(item, key.segment, why)
        features = found.features if len(good) == len(keys) else found.features[good]
        self._write(features, [keys[place][0] for place in good])
        self.pipeline.meter.tell(0, len(keys))

    def _features(self, samples: Any) -> Features:
        transform = self.pipeline.estimator.transform
        try:
            found = np.asarray(transform(samples))
            reasons: list[str | None] = [None] * len(found)
        except MissingExtraError:
            raise
        except Exception as error:
            # Of whatever type: a library beneath may raise any, and one sample must not end a run.
            if len(samples) == 1:
                width = len(self.pipeline.job.names)
                return Features(np.zeros((1, width), self.pipeline.job.recipe.dtype), [_why(error)])
            # One by one: only those that are at fault are left out.
            parts = [self._features(samples[place : place + 1]) for place in range(len(samples))]
            return Features(
                np.concatenate([part.features for part in parts]),
                [why for part in parts for why in part.reasons],
            )
        return _rounded(found, reasons, self.pipeline.job.recipe.dtype)

    def _write(self, features: NDArray[Any] | None, keys: list[Key]) -> None:
        failures, self.failures = self.failures, []
        self.pending.append(self.behind.submit(self.writer.append, features, keys, failures))
        while len(self.pending) > _BEHIND or (self.pending and self.pending[0].done()):
            self.pending.pop(0).result()


class Features(NamedTuple):
    """Rows of features, and why a row is none; None where it is one."""

    features: NDArray[Any]
    reasons: list[str | None]


def _rounded(found: NDArray[Any], reasons: list[str | None], dtype: str) -> Features:
    """Features in the precision asked for; what does not fit into it is named."""
    with np.errstate(over="ignore"):
        rounded = found.astype(dtype, copy=False)
    if not np.isfinite(rounded).all():
        for place in np.flatnonzero(~np.isfinite(rounded).all(axis=1)):
            largest = float(np.abs(found[place], dtype=np.float64).max())
            reasons[place] = (
                f"its features reach {largest:.3g}, beyond {dtype}; type --dtype float32"
                if dtype == "float16" and np.isfinite(largest)
                else "its features overflow: the samples are too large; scale them down"
            )
    return Features(rounded, reasons)


def _other_shape(shape: tuple[int, ...], job: Job) -> str:
    assert job.sample is not None
    ndim = job.recipe.read.ndim
    text = f"its size is {format_size(shape)}, but the first sample has {format_size(job.sample)}"
    points = job.sample[-ndim:]
    if shape[-ndim:] == points:
        return text + "; type --grey, or --channels mix, to mix the channels"
    if ndim == 2:
        return f"{text}; type --resize {format_size(points)} to resize all images"
    return f"{text}; type --length {points[0]} to cut or fill all signals, or --segment to cut them up"


def _reason(error: Exception, item: Item) -> str:
    """Why a file was left out, without its name, which stands before it."""
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    return _why(error).removeprefix(f"{item.file}: ")


def _why(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "not enough memory to transform it"
    if isinstance(error, (FileError, InputError)):
        return str(error)
    return f"{type(error).__name__}: {reason(error)}"
