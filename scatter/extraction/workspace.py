"""The folder of an unfinished run: what is to be done, what is done, and who is at it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scatter.errors import FileError
from scatter.extraction.job import Job, Record, Slice
from scatter.extraction.listing import Item
from scatter.io.atomic import atomic_output
from scatter.io.files import reason

SUFFIX = ".partial"

MARKER = "scatter-unfinished-run"
"""The file by which scatter knows a folder of its own; a folder without it is never touched."""

_KEPT = ("lock", MARKER)
_NAMES = ("inputs.jsonl", "manifest.jsonl", "job.json", "body")
_SHARD = re.compile(r"\d{6,}\.(rows|jsonl)")
_TEMPORARY = re.compile(r"\.[0-9a-f]{16}(\.[a-z]+)?")
_AGAIN = "again"


@dataclass(frozen=True)
class Workspace:
    """The folder ``OUT.partial`` beside an output.

    Only what scatter wrote is ever removed from it: files of its own names, in a folder with its marker,
    and never through a symbolic link.

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
        """The job of an unfinished run; None where there is none, or it never got so far.

        Raises
        ------
        FileError
            If the job or the list of inputs is not as it was written.
        """
        try:
            job = Job.from_json(self.job_file.read_text(encoding="utf-8"))
            with open(self.inputs, "rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != job.inputs:
                    raise ValueError("the checksum of its list of inputs is wrong")
        except FileNotFoundError as error:
            if not self.job_file.exists():
                return None
            raise self._unreadable(error) from error
        except Exception as error:
            # Whatever is wrong with it, there is one thing to do.
            raise self._unreadable(error) from error
        return job

    def _unreadable(self, error: Exception) -> FileError:
        return FileError(
            f"{self.folder}: the unfinished run in it can't be read: {reason(error)}; "
            "type --overwrite to begin anew"
        )

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
        """Finished shards, by number; a line that was cut off or damaged is not one."""
        found: dict[int, Record] = {}
        with suppress(FileNotFoundError):
            for line in self.manifest.read_bytes().splitlines():
                if (record := Record.parse(line)) is not None:
                    found[record.shard] = record
        return found

    def append(self, record: Record) -> None:
        """Add a finished shard, so that a crash right after does not lose it."""
        try:
            with open(self.manifest, "ab") as stream:
                # The line break comes first: the line before may have been cut off.
                stream.write(b"\n" + record.line())
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise FileError(f"{self.manifest}: can't be written: {reason(error)}") from error

    def sweep(self, records: Iterable[Record]) -> None:
        """Remove what a killed run left half-written, but for these shards."""
        kept = {self.inputs, self.manifest, self.job_file, self.body}
        for record in records:
            kept |= {self.features_file(record.shard), self.keys_file(record.shard)}
        self._clear(kept)

    # ------------------------------------------------------------------ the folder
    @contextmanager
    def open(self) -> Iterator[None]:
        """Make the folder if it is not there, be the only run in it, and remove it at the end.

        After a failure the folder stays, unless this run made it and no shard of it is finished.

        Raises
        ------
        FileError
            If the folder is not one of scatter's, if another run is in it, or if it can't be made.
        """
        fresh = self._make()
        with self._lock():
            try:
                yield
            except BaseException:
                if fresh and not self.records():
                    # Nothing of worth is in it.
                    self.remove()
                raise
        self.remove()

    @contextmanager
    def planned_again(self) -> Iterator[Workspace]:
        """A folder inside for a second list of inputs, removed at the end."""
        again = Workspace(self.folder / _AGAIN)
        again.folder.mkdir(exist_ok=True)
        try:
            yield again
        finally:
            again.remove()

    def remove(self) -> None:
        """Remove what scatter wrote, and the folder unless there is something else in it."""
        with suppress(OSError):
            self._clear(set())
            if {entry.name for entry in self.folder.iterdir()} <= {*_KEPT}:
                for name in _KEPT:
                    (self.folder / name).unlink(missing_ok=True)
                self.folder.rmdir()

    def _clear(self, kept: set[Path]) -> None:
        for path in set(self.folder.iterdir()) - kept:
            if path.name in _NAMES or _SHARD.fullmatch(path.name):
                path.unlink(missing_ok=True)
            elif path.name == _AGAIN and not path.is_symlink():
                Workspace(path).remove()
            elif _TEMPORARY.fullmatch(path.name):
                # Tables of some formats are folders; what is a link is removed as one.
                real = path.is_dir() and not path.is_symlink()
                shutil.rmtree(path) if real else path.unlink(missing_ok=True)

    def _make(self) -> bool:
        """Whether the folder was made; refuse one that is not scatter's."""
        hint = "move it away, or give another name after -o"
        try:
            if self.folder.is_symlink():
                raise FileError(f"{self.folder}: is a symbolic link, where an unfinished run is kept; {hint}")
            with suppress(FileExistsError):
                self.folder.mkdir()
                (self.folder / MARKER).touch()
                return True
            if not self.folder.is_dir():
                raise FileError(f"{self.folder}: is a file, where an unfinished run is kept; {hint}")
            names = {entry.name for entry in self.folder.iterdir()}
            if names and MARKER not in names:
                raise FileError(
                    f"{self.folder}: is there already and holds no unfinished run of scatter; {hint}"
                )
            for name in sorted(names):
                self._check(self.folder / name, hint)
            (self.folder / MARKER).touch()
        except FileError:
            raise
        except OSError as error:
            raise FileError(f"{self.folder}: can't be made: {reason(error)}") from error
        return False

    def _check(self, path: Path, hint: str) -> None:
        """Refuse links, pipes and devices under names of scatter's files: they would be followed."""
        name, mode = path.name, path.lstat().st_mode
        file = name in (*_KEPT, *_NAMES) or _SHARD.fullmatch(name)
        if (file and not stat.S_ISREG(mode)) or (name == _AGAIN and not stat.S_ISDIR(mode)):
            raise FileError(f"{path}: is not as scatter left it, but a link, a pipe or a folder; {hint}")

    @contextmanager
    def _lock(self) -> Iterator[None]:
        try:
            lock = open(self.folder / "lock", "a+b")  # noqa: SIM115
        except OSError as error:
            raise FileError(f"{self.folder}: can't be made: {reason(error)}") from error
        with lock:
            _hold(lock, self.folder)
            yield


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
