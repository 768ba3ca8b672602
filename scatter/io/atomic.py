"""Write files and folders completely or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from scatter.errors import FileError
from scatter.io.files import reason


@contextmanager
def atomic_output(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path that becomes ``path`` only if the block ends without an error.

    The temporary file lies in the folder of ``path`` and has its suffix.  At the end of the block it is
    flushed to the disk and renamed over ``path``; on any failure, an interruption included, it is removed
    and whatever ``path`` held before is left as it was.

    Parameters
    ----------
    path : str or path-like
        The final name.  A symbolic link is followed, so that the link itself stays.

    Yields
    ------
    Path
        An empty file to be written by name.

    Raises
    ------
    FileError
        If the folder is missing or can't be written, if ``path`` is a folder or a device, or if writing
        fails, as on a full disk.  Any ``OSError`` of the block counts as a failure to write.

    Examples
    --------
    >>> with atomic_output("features.csv") as temporary:  # doctest: +SKIP
    ...     temporary.write_text("1,2,3")
    """
    with atomic_outputs([path]) as (temporary,):
        yield temporary


@contextmanager
def atomic_outputs(
    paths: Sequence[str | os.PathLike[str]], *, work: Path | None = None, marks: tuple[str, ...] = ()
) -> Iterator[tuple[Path, ...]]:
    """Give temporary paths that become ``paths`` together, only if the block ends without an error.

    Several files are put in place one after the other, the last one last, after what stood there has
    been set aside; it comes back if one of them fails.  A reader who finds the last one finds them all.

    Parameters
    ----------
    paths : sequence of path-like
        The final names; messages name the last one.
    work : Path, optional
        Where the temporary files lie; on the same file system.  By default in the folder of each.
    marks : tuple of str, optional
        Make folders instead of files.  One that exists is replaced only if it is empty or holds one of
        these names, by which one knows its kind.

    Yields
    ------
    tuple of Path
        An empty file, or an empty folder, for each path.

    Raises
    ------
    FileError
        As :func:`atomic_output`.

    Examples
    --------
    >>> with atomic_outputs(["a.json", "a.npy"]) as (names, values):  # doctest: +SKIP
    ...     names.write_text("[]")
    ...     values.write_bytes(b"")
    """
    targets = [check_output(path, marks=marks) for path in paths]
    temporaries: list[Path] = []
    try:
        for target in targets:
            temporaries.append(_unused(work or target.parent, target.suffix))
            _create(temporaries[-1], folder=bool(marks))
        yield tuple(temporaries)
        for temporary in temporaries:
            _flush(temporary)
        _put_in_place(temporaries, targets)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{paths[-1]}: can't be written: {reason(error)}") from error
    finally:
        # What was put in place is no longer under these names.
        for temporary in temporaries:
            _remove(temporary)
    for folder in {target.parent for target in targets}:
        _flush_folder(folder)


def check_output(path: str | os.PathLike[str], *, marks: tuple[str, ...] = ()) -> Path:
    """Check that a file could be written there, so that a long computation does not end in vain.

    Parameters
    ----------
    path : str or path-like
        The final name.
    marks : tuple of str, optional
        If a folder is to be written: the names of which an existing one must hold one to be replaced.

    Returns
    -------
    Path
        The file itself: ``path`` with its symbolic links followed.

    Raises
    ------
    FileError
        If the folder is missing or can't be written, or if ``path`` is a folder or a device; with
        ``marks``, if it is anything but a folder that is empty or holds one of them.
    """
    target = Path(os.path.realpath(path))
    if marks:
        _check_folder(target, path, marks)
    elif target.is_dir():
        raise FileError(f"{path}: can't be written: it is a folder; give the name of a file in it")
    elif target.exists() and not target.is_file():
        # Renaming over a device such as /dev/null would replace it by a plain file.
        raise FileError(f"{path}: can't be written: it is not a regular file")
    # A link may lead to another folder than its own.
    folder = target.parent if os.path.islink(path) else Path(path).parent
    if not target.parent.exists():
        raise FileError(f"{path}: can't be written: the folder {folder} does not exist; create it first")
    if not target.parent.is_dir():
        raise FileError(f"{path}: can't be written: {folder} is a file, not a folder")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise FileError(f"{path}: can't be written: no permission to write in the folder {folder}")
    return target


def _check_folder(target: Path, shown: str | os.PathLike[str], marks: tuple[str, ...]) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise FileError(f"{shown}: can't be written: a folder would be, but it is a file; remove it first")
    if not any((target / mark).exists() for mark in marks) and any(target.iterdir()):
        # Somebody else's folder would be removed with all that it holds.
        raise FileError(
            f"{shown}: can't be written: the folder exists and holds no {marks[0]}; give another name"
        )


def _unused(folder: Path, suffix: str) -> Path:
    # A short name of its own: the final one may already be as long as the file system allows.
    return folder / f".{secrets.token_hex(8)}{suffix}"


def _create(temporary: Path, *, folder: bool) -> None:
    if folder:
        temporary.mkdir()
    else:
        # Unlike tempfile, this leaves the permissions to the user's umask.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))


def _put_in_place(temporaries: list[Path], targets: list[Path]) -> None:
    if len(targets) == 1 and not temporaries[0].is_dir():
        os.replace(temporaries[0], targets[0])
        return
    aside: list[tuple[Path, Path]] = []
    placed: list[Path] = []
    try:
        # The last one first: without it the others are nothing.
        for temporary, target in reversed(list(zip(temporaries, targets, strict=True))):
            if target.exists():
                old = _unused(temporary.parent, target.suffix)
                os.rename(target, old)
                aside.append((old, target))
        for temporary, target in zip(temporaries, targets, strict=True):
            os.rename(temporary, target)
            placed.append(target)
    except BaseException:
        for target in placed:
            _remove(target)
        for old, target in reversed(aside):
            os.rename(old, target)
        raise
    for old, _ in aside:
        _remove(old)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def _flush(path: Path) -> None:
    if path.is_dir():
        for part in path.rglob("*"):
            _flush(part) if part.is_file() else _flush_folder(part)
        _flush_folder(path)
        return
    # Windows refuses to flush a file that is open for reading only.
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    # The file is complete under its name already; this only makes the new name survive a power cut, and
    # some systems can't open a folder at all.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
