"""Which samples the inputs stand for: files, folders, patterns and manifests, as a stream."""

from __future__ import annotations

import csv
import glob
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple

from scatter.errors import FileError, InputError
from scatter.extraction.loaders import SUFFIXES, count_rows
from scatter.io.files import reason, regular_file
from scatter.io.inputs import expand_entry
from scatter.io.reading import Reading

MANIFESTS = (".csv", ".tsv", ".parquet")
_PATH_COLUMNS = ("file", "path", "filename", "image", "sound")


class Item(NamedTuple):
    """A file, or a range of the rows of an array, with what a manifest says about it."""

    file: str
    start: int = 0
    stop: int | None = None
    label: str | None = None
    group: str | None = None
    error: str | None = None  # why it is left out: a manifest is wrong about it, or a folder can't be read

    def line(self) -> str:
        """One line of JSON; bytes of a name that are no text survive as surrogates."""
        return json.dumps(self, separators=(",", ":")) + "\n"

    @classmethod
    def parse(cls, line: str | bytes) -> Item:
        """The item of a line."""
        return cls(*json.loads(line))


@dataclass(frozen=True)
class Listing:
    """What to take as inputs, and what to take from manifests.

    Parameters
    ----------
    inputs : sequence of str
        Files, folders, patterns such as ``'a/*.png'``, and manifests (.csv, .tsv, .parquet).
    path_column : str, optional
        Column of a manifest that holds the files, relative to its folder; the first of file, path,
        filename, image and sound that there is if None.
    label, group : str, optional
        Columns of a manifest; columns of these names are taken if there are any.
    labels_from_folders : bool, default=False
        Whether the label of a file is the name of its folder, unless a manifest has a column of labels.
    without : sequence of path-like
        Outputs, which are no inputs.
    """

    inputs: Sequence[str]
    path_column: str | None = None
    label: str | None = None
    group: str | None = None
    labels_from_folders: bool = False
    without: Sequence[Path] = field(default=())

    def items(self, reading: Reading) -> Iterator[Item]:
        """Every item once; arrays as all of their rows.

        Raises
        ------
        FileError
            If an input matches nothing, or a manifest is damaged.
        """
        # One folder holds no file twice, and need not be remembered.
        seen: set[str] | None = set() if len(self.inputs) > 1 else None
        found = False
        for item, absolute in self._all(quiet=False):
            if item.error is not None:
                yield item
                continue
            if seen is not None:
                if absolute in seen:
                    continue
                seen.add(absolute)
            found = True
            rows = count_rows(item.file, reading)
            yield item if rows is None else item._replace(stop=rows)
        if not found:
            raise FileError("the inputs hold nothing to transform but the output; give another name after -o")

    def files(self) -> Iterator[str]:
        """Every file, some of them more than once."""
        return (item.file for item, _ in self._all() if item.error is None)

    def _all(self, *, quiet: bool = True) -> Iterator[tuple[Item, str]]:
        """Everything but the outputs, some of it more than once, with the absolute name of its file."""
        skipped = {os.path.abspath(path) for path in self.without}
        for entry in self.inputs:
            for item in self._entry(entry, skipped, quiet):
                if (absolute := os.path.abspath(item.file)) not in skipped:
                    yield item, absolute

    def _entry(self, entry: str, skipped: set[str], quiet: bool) -> Iterator[Item]:
        if Path(entry).suffix.lower() in MANIFESTS and not os.path.isdir(entry) and not glob.has_magic(entry):
            if os.path.abspath(entry) not in skipped:
                yield from self._manifest(regular_file(entry))
            return
        closed: list[Item] = []

        def unreadable(name: str, why: str) -> None:
            closed.append(Item(name, error=why))

        for path in expand_entry(entry, SUFFIXES, skipped, unreadable, quiet=quiet):
            yield from _taken(closed)
            yield Item(path, label=_folder(path) if self.labels_from_folders else None)
        yield from _taken(closed)

    def _manifest(self, file: Path) -> Iterator[Item]:
        seen: dict[str, int] = {}
        columns: tuple[str, str | None, str | None] = ("", None, None)
        for number, row in enumerate(_rows(file), 1):
            columns = self._columns(file, row) if number == 1 else columns
            path, label, group = (None if name is None else row.get(name) for name in columns)
            if not path:
                raise FileError(f"{file}: row {number} names no file in the column {columns[0]!r}")
            name = os.path.join("" if file.parent == Path() else file.parent, str(path))
            if (first := seen.setdefault(os.path.normpath(name), number)) != number:
                yield Item(name, error=f"row {number} of {file} names it again, after row {first}")
                continue
            if columns[1] is None and self.labels_from_folders:
                label = _folder(name)
            yield Item(name, label=_text(label), group=_text(group))

    def _columns(self, file: Path, row: dict[str, Any]) -> tuple[str, str | None, str | None]:
        names = (
            [name for name in _PATH_COLUMNS if name in row]
            if self.path_column is None
            else [self.path_column]
        )
        for wanted in (*names[:1], self.label, self.group):
            if wanted is not None and wanted not in row:
                raise FileError(f"{file}: has no column {wanted!r}; it has {', '.join(map(repr, row))}")
        if not names:
            raise FileError(
                f"{file}: none of its columns is called {', '.join(_PATH_COLUMNS)}; it has "
                f"{', '.join(map(repr, row))}; type --path-column NAME"
            )
        default = (name if name in row else None for name in ("label", "group"))
        label, group = (
            chosen or found for chosen, found in zip((self.label, self.group), default, strict=True)
        )
        return names[0], label, group


# ------------------------------------------------------------------ manifests
def _rows(file: Path) -> Iterator[dict[str, Any]]:
    try:
        if file.suffix.lower() == ".parquet":
            yield from _parquet_rows(file)
            return
        with open(file, encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
            yield from _csv_rows(stream, file)
    except (FileError, InputError):
        raise
    except Exception as error:
        raise FileError(f"{file}: can't be read as a manifest: {reason(error)}") from error


def _csv_rows(stream: IO[str], file: Path) -> Iterator[dict[str, Any]]:
    rows = csv.DictReader(stream, delimiter="\t" if file.suffix.lower() == ".tsv" else ",")
    empty = True
    for row in rows:
        if None in row:
            raise FileError(f"{file}: line {rows.line_num} has more fields than the header")
        empty = False
        yield row
    if empty:
        raise FileError(f"{file}: the manifest lists no file")


def _parquet_rows(file: Path) -> Iterator[dict[str, Any]]:
    from scatter.io.formats import require_pyarrow

    require_pyarrow("reading a .parquet manifest")
    from pyarrow import parquet

    with parquet.ParquetFile(file) as table:
        if table.metadata.num_rows == 0:
            raise FileError(f"{file}: the manifest lists no file")
        names = [name for name in table.schema_arrow.names if not name.startswith("__index")]
        for batch in table.iter_batches(batch_size=8192, columns=names):
            yield from batch.to_pylist()


def _taken(items: list[Item]) -> list[Item]:
    taken = items[:]
    items.clear()
    return taken


def _folder(path: str) -> str:
    return Path(path).absolute().parent.name


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)
