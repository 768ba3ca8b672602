"""Which files a name, a folder or a pattern stands for."""

from __future__ import annotations

import glob
import os
import re
import warnings
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path

from scatter.errors import FileError, ScatterWarning
from scatter.io.files import absent, reason


def expand_entry(
    entry: str,
    suffixes: frozenset[str],
    skipped: Container[str] = frozenset(),
    unreadable: Callable[[str, str], None] | None = None,
    *,
    quiet: bool = False,
) -> Iterator[str]:
    """Files that one name stands for, one by one, so that a million of them need no memory.

    Parameters
    ----------
    entry : str
        A file, which is kept whatever its suffix; a folder, which stands for the files in it and below it,
        sorted by name, without hidden ones and without following links to folders; or a pattern, where
        ``**`` stands for any number of folders.
    suffixes : frozenset of str
        Which files of a folder or a pattern count. With ``'.zarr'`` among them, folders of that suffix are
        files.
    skipped : container of str, optional
        Absolute names of folders to leave out.
    unreadable : callable, optional
        Told the name of a folder inside that can't be read, and why; an error if None.
    quiet : bool, default=False
        Say nothing about files that are left out.

    Yields
    ------
    str
        The name of a file.

    Warns
    -----
    ScatterWarning
        At the end, with the numbers of files of each suffix that are left out as theirs isn't supported.

    Raises
    ------
    FileError
        If there is none.
    """
    others: Counter[str] = Counter()
    if os.path.isdir(entry) and not _is_array(entry, suffixes):
        yield from _some(
            _walk(entry, suffixes, skipped, unreadable, others),
            f"{entry}: the folder holds no file with a supported suffix",
        )
    # A file whose name looks like a pattern, such as a[1].png, is itself.
    elif os.path.lexists(entry) or not glob.has_magic(entry):
        if not os.path.exists(entry):
            raise FileError(f"{entry}: {absent(entry) or 'no such file or folder'}")
        yield entry
    else:
        matches = (match for match in sorted(_matches(entry)) if _supported(match, suffixes, others))
        yield from _some(matches, f"{entry}: the pattern matches no file with a supported suffix")
    if others and not quiet:
        counts = ", ".join(f"{suffix or 'without a suffix'} ({n})" for suffix, n in sorted(others.items()))
        warnings.warn(
            f"{entry}: {others.total()} file(s) left out, whose suffixes are not supported: {counts:.300}",
            ScatterWarning,
            stacklevel=3,
        )


def _matches(pattern: str) -> set[str]:
    """Paths that match. What ``**`` stands for has no links to folders, so that no loop is."""
    parts = pattern.split(os.sep)
    if "**" not in parts:
        return set(glob.iglob(pattern))
    place = parts.index("**")
    above, below = os.sep.join(parts[:place]), parts[place:]
    if below[-1] == "**":
        below.append("*")
    # Elsewhere than as a whole part, pathlib refuses two stars, which mean one.
    inner = os.sep.join(part if part == "**" else re.sub(r"\*+", "*", part) for part in below)
    hidden = any(part.startswith(".") for part in below)
    found = set()
    for base in glob.iglob(above or os.sep) if place else [""]:
        for path in Path(base).glob(inner):
            inside = path.relative_to(Path(base))
            if hidden or not any(part.startswith(".") for part in inside.parts):
                found.add(os.path.join(base, inside))
    return found


def _some(paths: Iterable[str], otherwise: str) -> Iterator[str]:
    empty = True
    for path in paths:
        empty = False
        yield path
    if empty:
        raise FileError(otherwise)


def _walk(
    folder: str,
    suffixes: frozenset[str],
    skipped: Container[str],
    unreadable: Callable[[str, str], None] | None,
    others: Counter[str],
) -> Iterator[str]:
    """Supported files in and below a folder, sorted; links to folders are not followed, so no loop is.

    The suffixes of the other files are counted in ``others``.
    """

    def fail(error: OSError) -> None:
        if unreadable is None or error.filename == folder:
            raise FileError(f"{error.filename}: {reason(error)}") from error
        unreadable(str(error.filename), reason(error))

    for root, folders, files in os.walk(folder, onerror=fail):
        arrays = [name for name in folders if _is_array(name, suffixes)]
        # In place, so that os.walk goes on with these in this order.
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and not _is_array(name, suffixes)
            and os.path.abspath(os.path.join(root, name)) not in skipped
        )
        for name in sorted(files + arrays):
            if name.startswith("."):
                continue
            if _suffix(name) in suffixes:
                yield os.path.join(root, name)
            elif os.path.abspath(os.path.join(root, name)) not in skipped:
                others[_suffix(name)] += 1


def _is_array(name: str, suffixes: frozenset[str]) -> bool:
    return _suffix(name) == ".zarr" and ".zarr" in suffixes


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _supported(path: str, suffixes: frozenset[str], others: Counter[str]) -> bool:
    known = _suffix(path) in suffixes
    if not known and os.path.isfile(path):
        others[_suffix(path)] += 1
    return known and (os.path.isfile(path) or _is_array(path, suffixes))
