"""A shard on disk: rows of features, and the keys of the rows with the failures."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scatter.errors import FileError
from scatter.extraction.job import Record
from scatter.extraction.workspace import Workspace
from scatter.io.files import reason
from scatter.io.layout import BODY_OFFSET, KEY_COLUMNS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK = 2**22


class Key(NamedTuple):
    """Where a row comes from."""

    file: str
    segment: int
    label: str | None = None
    group: str | None = None


class Failure(NamedTuple):
    """A file, or a sample of one, that was left out, and why."""

    file: str
    segment: int | None
    reason: str


class _Own:
    """A file of a shard alone, written under a temporary name, and its checksum."""

    def __init__(self, target: Path, sync: bool) -> None:
        self.target = target
        self.sync = sync
        self.temporary = target.with_name(f".{secrets.token_hex(8)}")
        self.stream: IO[bytes] = open(self.temporary, "xb")  # noqa: SIM115
        self.sum = hashlib.sha256()

    def write(self, data: Any) -> None:
        self.stream.write(data)
        self.sum.update(data)

    def publish(self) -> str:
        self._flush()
        os.replace(self.temporary, self.target)
        return self.sum.hexdigest()

    def discard(self) -> None:
        with suppress(OSError):
            self.stream.close()
        with suppress(OSError):
            self.temporary.unlink()

    def _flush(self) -> None:
        self.stream.flush()
        if self.sync:
            os.fsync(self.stream.fileno())
        self.stream.close()


class _Part(_Own):
    """The part of a shard in the file of all rows; what lies behind it is cut off."""

    def __init__(self, target: Path, offset: int) -> None:
        self.target = target
        self.sync = True
        if offset == BODY_OFFSET:
            # Not emptied: a finished table may be the same file under another name.
            target.unlink(missing_ok=True)
        self.stream = open(target, "r+b" if target.exists() else "w+b")  # noqa: SIM115
        self.stream.truncate(offset)
        self.stream.seek(offset)
        self.sum = hashlib.sha256()

    def publish(self) -> str:
        self._flush()
        return self.sum.hexdigest()

    def discard(self) -> None:
        with suppress(OSError):
            self.stream.close()


@dataclass
class Body:
    """The file of all rows, and where the next shard begins in it."""

    file: Path
    end: int = BODY_OFFSET

    @classmethod
    def after(cls, workspace: Workspace, records: Mapping[int, Record], row_bytes: int) -> Body | None:
        """The file behind the shards that are finished; None unless they are the first ones, all in it."""
        end = BODY_OFFSET
        for number in range(len(records)):
            if number not in records or records[number].offset != end:
                return None
            end += records[number].rows * row_bytes
        return cls(workspace.body, end)


@dataclass
class ShardWriter:
    """Writes one shard: completely or, after a failure, not at all.

    Without ``sync`` a power cut may damage its files, which the checksums tell; a kill may not.
    """

    workspace: Workspace
    shard: int
    body: Body | None = None
    sync: bool = True
    rows: int = field(default=0, init=False)
    skipped: int = field(default=0, init=False)
    _files: list[_Own] = field(default_factory=list, init=False)
    _bytes: int = field(default=0, init=False)
    _failure: FileError | None = field(default=None, init=False)

    def append(self, features: NDArray[Any] | None, keys: Sequence[Key], failures: Sequence[Failure]) -> None:
        """Add rows, and what was left out before them."""
        with self._whole():
            if not self._files:
                self._files.append(
                    _Own(self.workspace.features_file(self.shard), self.sync)
                    if self.body is None
                    else _Part(self.body.file, self.body.end)
                )
                self._files.append(_Own(self.workspace.keys_file(self.shard), self.sync))
            if features is not None and len(features):
                data = np.ascontiguousarray(features).data.cast("B")
                self._files[0].write(data)
                self._bytes += len(data)
            lines = [*_runs(keys), *(one._asdict() for one in failures)]
            text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
            self._files[1].write(text.encode())
        self.rows += len(keys)
        self.skipped += len(failures)

    def close(self) -> Record:
        """Publish both files."""
        self.append(None, (), ())
        with self._whole():
            features, keys = (file.publish() for file in self._files)
        offset = None
        if self.body is not None:
            offset, self.body.end = self.body.end, self.body.end + self._bytes
        return Record(self.shard, self.rows, self.skipped, features, keys, offset)

    def discard(self) -> None:
        """Remove what was written."""
        for file in self._files:
            file.discard()

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Remove everything on a failure, say that nothing finished is lost, and fail ever after."""
        if self._failure is not None:
            raise self._failure
        try:
            yield
        except OSError as error:
            self.discard()
            self._failure = FileError(
                f"{self.workspace.folder}: can't be written: {reason(error)}; what is finished is kept: type "
                "the same command again to go on"
            )
            raise self._failure from error


@dataclass(frozen=True)
class ShardBlock:
    """A finished shard as a block of a table."""

    workspace: Workspace
    record: Record
    width: int
    dtype: str
    columns: tuple[str, ...]
    parsed: dict[int, Mapping[str, Sequence[Any]]] = field(default_factory=dict)
    """The keys of one shard, shared by the blocks of a table: columns are asked for one by one."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.record.rows

    @property
    def place(self) -> tuple[Path, int]:
        """The file that holds the rows, and from which byte."""
        return _place(self.workspace, self.record)

    def features(self) -> NDArray[Any]:
        """The rows, mapped into memory."""
        shape = (self.rows, self.width)
        if 0 in shape:
            return np.empty(shape, self.dtype)
        file, offset = self.place
        return np.memmap(file, self.dtype, "r", offset=offset, shape=shape)

    def keys(self) -> Mapping[str, Sequence[Any]]:
        """The key columns."""
        if self.record.shard not in self.parsed:
            self.parsed.clear()
            self.parsed[self.record.shard] = self._parse()
        return self.parsed[self.record.shard]

    def _parse(self) -> Mapping[str, Sequence[Any]]:
        found: dict[str, list[Any]] = {name: [] for name in KEY_COLUMNS}
        for line in _lines(self.workspace.keys_file(self.record.shard)):
            if isinstance(line, list):
                file, group, segments, labels = line
                found["file"] += [file] * len(segments)
                found["group"] += [group or ""] * len(segments)
                found["segment"] += segments
                found["label"] += [label or "" for label in labels]
        return {name: found[name] for name in self.columns}


def _runs(keys: Sequence[Key]) -> Iterator[list[Any]]:
    """Rows of one file as one entry: a name for each would be most of what there is to parse."""
    for (file, group), run in groupby(keys, key=lambda key: (key.file, key.group)):
        rows = list(run)
        yield [file, group, [key.segment for key in rows], [key.label for key in rows]]


def failures(workspace: Workspace, shard: int) -> Iterator[Failure]:
    """What a finished shard left out."""
    for line in _lines(workspace.keys_file(shard)):
        if isinstance(line, dict):
            yield Failure(**line)


def intact(workspace: Workspace, record: Record, row_bytes: int) -> bool:
    """Whether the files of a shard are as they were when it was finished."""
    file, offset = _place(workspace, record)
    try:
        features = _checksum(file, offset, None if record.offset is None else record.rows * row_bytes)
        return (features, _checksum(workspace.keys_file(record.shard))) == (record.features, record.keys)
    except OSError:
        return False


def _place(workspace: Workspace, record: Record) -> tuple[Path, int]:
    if record.offset is None:
        return workspace.features_file(record.shard), 0
    return workspace.body, record.offset


def _checksum(file: Path, offset: int = 0, length: int | None = None) -> str:
    found = hashlib.sha256()
    with open(file, "rb") as stream:
        stream.seek(offset)
        left = os.fstat(stream.fileno()).st_size if length is None else length
        while block := stream.read(min(left, _BLOCK)):
            found.update(block)
            left -= len(block)
    return found.hexdigest()


def _lines(file: Path) -> Iterator[Any]:
    with open(file, "rb") as stream:
        for line in stream:
            yield json.loads(line)
