"""Write a file completely or not at all."""

import os
import secrets
from collections.abc import Iterator
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
    target = check_output(path)
    temporary = _create_beside(target, path)
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, target)
    except FileError:
        raise
    except OSError as error:
        raise FileError(f"{path}: can't be written: {reason(error)}") from error
    finally:
        # After os.replace there is nothing left under this name.
        with suppress(OSError):
            temporary.unlink()
    _flush_folder(target.parent)


def check_output(path: str | os.PathLike[str]) -> Path:
    """Check that a file could be written there, so that a long computation does not end in vain.

    Parameters
    ----------
    path : str or path-like
        The final name.

    Returns
    -------
    Path
        The file itself: ``path`` with its symbolic links followed.

    Raises
    ------
    FileError
        If the folder is missing or can't be written, or if ``path`` is a folder or a device.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise FileError(f"{path}: can't be written: it is a folder; give the name of a file in it")
    if target.exists() and not target.is_file():
        # Renaming over a device such as /dev/null would replace it by a plain file.
        raise FileError(f"{path}: can't be written: it is not a regular file")
    folder = Path(path).parent
    if not target.parent.exists():
        raise FileError(f"{path}: can't be written: the folder {folder} does not exist; create it first")
    if not target.parent.is_dir():
        raise FileError(f"{path}: can't be written: {folder} is a file, not a folder")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise FileError(f"{path}: can't be written: no permission to write in the folder {folder}")
    return target


def _create_beside(target: Path, shown: str | os.PathLike[str]) -> Path:
    # A short name of its own: the final one may already be as long as the file system allows.
    temporary = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        # Unlike tempfile, this leaves the permissions to the user's umask.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise FileError(f"{shown}: can't be written: {reason(error)}") from error
    return temporary


def _flush(file: Path) -> None:
    # Windows refuses to flush a file that is open for reading only.
    descriptor = os.open(file, os.O_RDWR)
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
