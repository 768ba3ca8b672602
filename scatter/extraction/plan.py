"""Settle what is to be done: list the inputs, find the first sample, cut the list into shards."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator
from itertools import chain
from typing import IO, Any

import numpy as np

from scatter.errors import FileError, InputError, MissingExtraError, ScatterWarning
from scatter.extraction.job import Job, Slice
from scatter.extraction.listing import Item, Listing
from scatter.extraction.loaders import ARRAY_SUFFIXES, Loader
from scatter.extraction.recipe import Recipe, digest, metadata
from scatter.extraction.workspace import Workspace
from scatter.io.files import reason
from scatter.io.images import quiet_decoding
from scatter.io.reading import Piece, Reading
from scatter.io.samples import IMAGE_SUFFIXES
from scatter.transforms.channels import meant_last

_SHARD_BYTES = 2**25
_MOST, _LEAST = 2048, 16
_CANDIDATES = 16
"""Samples for which the transform is tried to be made; if it can't be for any, the options are at fault."""


def plan(
    workspace: Workspace,
    listing: Listing,
    recipe: Recipe,
    *,
    on_error: str,
    shard_size: int | None,
    suffix: str,
) -> Job:
    """Write the list of inputs into the workspace, and settle the job.

    Parameters
    ----------
    workspace : Workspace
        An open one.
    listing : Listing
        The inputs.
    recipe : Recipe
        What is computed.
    on_error : {'skip', 'fail'}
        What to do about a damaged file.
    shard_size : int, optional
        Items, or rows of arrays, in a shard; None makes it follow from the number of features.
    suffix : str
        Of the table.

    Returns
    -------
    Job
        Saved.

    Raises
    ------
    FileError
        If an input is not there, or if no sample of any can be read.
    InputError
        If a parameter is out of its range for these samples.
    """
    items = listing.items(recipe.read)
    tried: list[Item] = []
    probe, piece, estimator = _fitted(items, recipe, tried, on_error)
    _say_doubtful(piece, recipe.read.ndim)
    names = tuple(str(name) for name in estimator.get_feature_names_out())
    sample = piece.samples.shape[1:] if isinstance(piece.samples, np.ndarray) else None
    if shard_size is None:
        width = max(len(names), int(np.prod(sample or (1,))))
        shard_size = min(max(_SHARD_BYTES // (4 * width) // 16 * 16, _LEAST), _MOST)
    writer = _ListWriter(shard_size)
    try:
        with open(workspace.inputs, "wb") as stream:
            for item in chain(tried, items):
                writer.add(item, stream)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{workspace.inputs}: can't be written: {reason(error)}") from error
    writer.close()
    _say_unused(recipe.read, writer.suffixes)
    fixed = metadata(recipe, estimator)
    fingerprint = digest(recipe.text, fixed["version"], on_error, writer.sum.hexdigest())
    job = Job(
        recipe=recipe,
        fingerprint=fingerprint,
        shards=tuple(writer.shards),
        probe=probe,
        sample=sample,
        rate=piece.rate,
        names=names,
        keys=writer.keys(labelled=piece.labels is not None),
        metadata={**fixed, "run": fingerprint},
        on_error=on_error,
        suffix=suffix,
        inputs=writer.written.hexdigest(),
    )
    workspace.save(job)
    return job


def estimator_of(job: Job, n_jobs: int | None = None) -> object:
    """The fitted transform of a job, made anew in another process.

    Parameters
    ----------
    job : Job
        As `plan` settled it.
    n_jobs : int, optional
        Threads of the transform.
    """
    if job.sample is not None:
        like = np.zeros((1, *job.sample), job.recipe.read.dtype)
        return job.recipe.fit(Piece(like, np.zeros(1, np.int64), job.rate), n_jobs)
    with quiet_decoding(), Loader(job.recipe.read) as loader:
        piece = _first(loader, job.probe)
    if piece is None:
        raise FileError(f"{job.probe.file}: held the first sample of this run, and holds none any more")
    return job.recipe.fit(piece, n_jobs)


def _say_doubtful(piece: Piece, ndim: int) -> None:
    """Warn of samples of arrays whose channels look as if they came last."""
    shape = getattr(piece.samples, "shape", (0,))[1:]
    if meant_last(shape, ndim):
        warnings.warn(
            f"samples of shape {shape} are taken as {shape[-1 - ndim]} channels of shape {shape[-ndim:]}; if "
            "channels come last, save np.moveaxis(x, -1, 1) first",
            ScatterWarning,
            stacklevel=3,
        )


def _say_unused(reading: Reading, suffixes: set[str]) -> None:
    """Warn of what was asked for arrays or for images where no input is one."""
    arrays = {"array": "--array", "labels": "--label-array", "rate": "--rate"}
    asked = [
        (flag, ARRAY_SUFFIXES, "array") for name, flag in arrays.items() if getattr(reading, name) is not None
    ]
    if reading.pages == "first":
        asked.append(("--pages first", IMAGE_SUFFIXES, "image"))
    for flag, known, kind in asked:
        if not known & suffixes:
            warnings.warn(f"{flag} has no effect: no input is an {kind}", ScatterWarning, stacklevel=3)


def _fitted(
    items: Iterator[Item], recipe: Recipe, tried: list[Item], on_error: str
) -> tuple[Item, Piece, Any]:
    """The first item with a sample that the transform can be made for, that sample, and the transform."""
    first: Exception | None = None
    for _ in range(_CANDIDATES):
        try:
            probe, piece = _probe(items, recipe, tried, on_error)
        except FileError as error:
            raise first or error from None
        try:
            return probe, piece, recipe.fit(piece)
        except MissingExtraError:
            raise
        except Exception as error:
            if on_error == "fail" or (
                isinstance(piece.samples, np.ndarray) and isinstance(error, InputError)
            ):
                # All arrays of a run have one shape, so that it is the options that don't fit.
                raise
            first = first or error
    assert first is not None
    raise first


def _probe(items: Iterator[Item], recipe: Recipe, tried: list[Item], on_error: str) -> tuple[Item, Piece]:
    """The first item with a sample, and that sample; items that were looked at go to ``tried``."""
    first: Exception | None = None
    with quiet_decoding(), Loader(recipe.read) as loader:
        for item in items:
            tried.append(item)
            if item.error is not None:
                continue
            try:
                piece = _first(loader, item)
            except MissingExtraError:
                raise
            except Exception as error:
                if on_error == "fail":
                    raise
                first = first or error
                continue
            if piece is not None:
                return item, piece
    if len(tried) == 1 and first is not None:
        raise first
    why = "" if first is None else f"; the first one: {reason(first)}"
    raise FileError(f"none of the {len(tried)} inputs holds a sample that can be read{why}")


def _first(loader: Loader, item: Item) -> Piece | None:
    damaged = None
    for piece in loader.pieces(item.file, item.start, item.stop, 1):
        found = piece()
        if len(found.samples):
            return found
        damaged = damaged or next(iter(found.failures), None)
    if damaged is not None:
        raise FileError(f"{item.file}: {damaged[1]}")
    return None


class _ListWriter:
    """Writes items line by line, and cuts them into shards of so many items or rows."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.shards: list[Slice] = []
        self.sum, self.written = hashlib.sha256(), hashlib.sha256()
        self.offset = self.start = self.count = self.weight = 0
        self.named = {"label": False, "group": False}
        self.suffixes: set[str] = set()

    def add(self, item: Item, stream: IO[bytes]) -> None:
        for name in self.named:
            self.named[name] |= getattr(item, name) is not None
        self.suffixes.add(os.path.splitext(item.file)[1].lower())
        line = item.line().encode()
        # As listed, however it is cut.
        self.sum.update(line)
        if item.stop is None:
            self._put(line, 1, stream)
            return
        start = item.start
        while start < item.stop:
            stop = min(item.stop, start + self.most - self.weight)
            part = item._replace(start=start, stop=stop)
            self._put(part.line().encode(), stop - start, stream)
            start = stop

    def keys(self, *, labelled: bool) -> tuple[str, ...]:
        self.named["label"] |= labelled
        return ("file", "segment", *(name for name, there in self.named.items() if there))

    def _put(self, line: bytes, weight: int, stream: IO[bytes]) -> None:
        stream.write(line)
        self.written.update(line)
        self.offset += len(line)
        self.count += 1
        self.weight += weight
        if self.weight >= self.most:
            self.close()

    def close(self) -> None:
        if self.count:
            self.shards.append(Slice(self.start, self.count))
        self.start, self.count, self.weight = self.offset, 0, 0
