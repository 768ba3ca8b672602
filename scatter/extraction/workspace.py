"""The folder of an unfinished run: what is to be done, what is done, and who is at it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from scatter.errors import FileError
from scatter.extraction.listing import Item
from scatter.extraction.recipe import Recipe
from scatter.io.atomic import atomic_output
from scatter.io.files import reason

SUFFIX = ".partial"


class Slice(NamedTuple):
    """Where the items of a shard are in the list of inputs: from which byte, and how many."""

    offset: int
    items: int


@dataclass(frozen=True)
class Record:
    """A finished shard: how many rows and failures it holds, and the checksums of its two files."""

    shard: int
    rows: int
    skipped: int
    features: str
    keys: str
    offset: int | None = None
    """Where its rows begin in the file of all rows; None if they have a file of their own."""


@dataclass(frozen=True)
class Job:
    """What is to be done, as it was settled when the run began.

    Parameters
    ----------
    recipe : Recipe
        What is computed of every sample.
    fingerprint : str
        Hash of the recipe, the version and the list of inputs.
    shards : tuple of Slice
        The items of each.
    probe : Item
        The first item that could be read; samples must be like its own.
    sample : tuple of int, optional
        The shape of a sample with its channels; None for samples that are no arrays.
    rate : int, optional
        Sampling rate, in hertz.
    names : tuple of str
        Of the features.
    keys : tuple of str
        Of the key columns.
    metadata : dict of str to str
        What travels with the features.
    on_error : {'skip', 'fail'}
        What to do about a damaged file.
    suffix : str
        Of the table.
    """

    recipe: Recipe
    fingerprint: str
    shards: tuple[Slice, ...]
    probe: Item
    sample: tuple[int, ...] | None
    rate: int | None
    names: tuple[str, ...]
    keys: tuple[str, ...]
    metadata: dict[str, str]
    on_error: str
    suffix: str

    @property
    def one_body(self) -> bool:
        """Whether shards that come in order share a file of rows, which becomes the table."""
        return self.suffix == ".npy"

    @property
    def taken_over(self) -> bool:
        """Whether files of shards become the table, so that they are best on the disk early."""
        return self.suffix in (".npy", ".zarr")

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of features."""
        return len(self.names) * np.dtype(self.recipe.dtype).itemsize

    @property
    def items(self) -> int:
        """Number of items."""
        return sum(part.items for part in self.shards)

    def to_json(self) -> str:
        """As text."""
        return json.dumps({**self.__dict__, "recipe": self.recipe.to_dict()})

    @classmethod
    def from_json(cls, text: str) -> Job:
        """From text."""
        given = json.loads(text)
        given["recipe"] = Recipe.from_dict(given["recipe"])
        given["shards"] = tuple(Slice(*part) for part in given["shards"])
        given["probe"] = Item(*given["probe"])
        for name in ("sample", "names", "keys"):
            given[name] = None if given[name] is None else tuple(given[name])
        return cls(**given)


@dataclass(frozen=True)
class Workspace:
    """The folder ``OUT.partial`` beside an output.

    Parameters
    ----------
    folder : Path
        The folder.
    """

    folder: Path

    @classmethod
    def beside(cls, output: Path) -> Workspace:
        """The folder that belongs to an output."""
        return cls(output.with_name(output.name + SUFFIX))

    @property
    def inputs(self) -> Path:
        """The list of inputs, one item a line."""
        return self.folder / "inputs.jsonl"

    @property
    def manifest(self) -> Path:
        """The finished shards, one a line."""
        return self.folder / "manifest.jsonl"

    @property
    def job_file(self) -> Path:
        """What is to be done; there once the list of inputs is complete."""
        return self.folder / "job.json"

    @property
    def body(self) -> Path:
        """The rows of all shards, behind room for the header of a .npy."""
        return self.folder / "body"

    def features_file(self, shard: int) -> Path:
        """Rows of features of a shard, one after the other, without a header."""
        return self.folder / f"{shard:06d}.rows"

    def keys_file(self, shard: int) -> Path:
        """Keys of the rows of a shard, and its failures, one a line."""
        return self.folder / f"{shard:06d}.jsonl"

    # ------------------------------------------------------------------ the job
    def load(self) -> Job | None:
        """The job of an unfinished run; None where there is none, or it never got so far."""
        try:
            return Job.from_json(self.job_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FileError(
                f"{self.folder}: the unfinished run in it can't be read: {reason(error)}; "
                "type --overwrite to begin anew"
            ) from error

    def save(self, job: Job) -> None:
        """Write the job, after which the run can be taken up again."""
        with atomic_output(self.job_file) as temporary:
            temporary.write_text(job.to_json(), encoding="utf-8")

    def items(self, part: Slice) -> Iterator[Item]:
        """The items of a shard."""
        with open(self.inputs, "rb") as stream:
            stream.seek(part.offset)
            for _ in range(part.items):
                yield Item.parse(stream.readline())

    # ------------------------------------------------------------------ the manifest
    def records(self) -> dict[int, Record]:
        """Finished shards, by number; a last line that was cut off is not one."""
        found: dict[int, Record] = {}
        with suppress(FileNotFoundError):
            for line in self.manifest.read_bytes().splitlines():
                with suppress(ValueError, TypeError):
                    record = Record(**json.loads(line))
                    found[record.shard] = record
        return found

    def append(self, record: Record) -> None:
        """Add a finished shard, so that a crash right after does not lose it."""
        line = json.dumps(asdict(record), separators=(",", ":")).encode()
        with open(self.manifest, "ab") as stream:
            # The line break comes first: the line before may have been cut off.
            stream.write(b"\n" + line)
            stream.flush()
            os.fsync(stream.fileno())

    def sweep(self, records: Iterable[Record]) -> None:
        """Remove what a killed run left half-written."""
        kept = {self.inputs, self.manifest, self.job_file, self.folder / "lock", self.body}
        for record in records:
            kept |= {self.features_file(record.shard), self.keys_file(record.shard)}
        for path in set(self.folder.iterdir()) - kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    # ------------------------------------------------------------------ the folder
    @contextmanager
    def open(self) -> Iterator[None]:
        """Make the folder if it is not there, and be the only run in it."""
        try:
            self.folder.mkdir(exist_ok=True)
            lock = open(self.folder / "lock", "a+b")  # noqa: SIM115
        except OSError as error:
            raise FileError(f"{self.folder}: can't be made: {reason(error)}") from error
        with lock:
            _hold(lock, self.folder)
            yield

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _hold(lock: IO[bytes], folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: nothing tells two runs apart there
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FileError(
            f"{folder}: another run is at it; wait for it, or give another name after -o"
        ) from error
    except OSError:
        # Some network file systems know no locks.
        return
