"""What every reader asks of a path first, and how it words a failure."""

import os
import stat
from pathlib import Path

from scatter.errors import FileError

_LONGEST_REASON = 160


def regular_file(path: str | os.PathLike[str]) -> Path:
    """Return the path of an existing, regular, non-empty file.

    Parameters
    ----------
    path : str or path-like
        The file to be read.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    FileError
        If nothing is there, if it is a folder, a pipe or a device, or if it has zero bytes.
    """
    file = Path(path)
    try:
        status = file.stat()
    except FileNotFoundError as error:
        raise FileError(f"{file}: {absent(file) or reason(error)}") from error
    except (OSError, ValueError) as error:
        raise FileError(f"{file}: {reason(error)}") from error
    if stat.S_ISDIR(status.st_mode):
        raise FileError(f"{file}: is a folder, not a file")
    if not stat.S_ISREG(status.st_mode):
        # Opening a pipe nobody writes to would wait for ever.
        raise FileError(f"{file}: is not a regular file")
    if status.st_size == 0:
        raise FileError(f"{file}: the file is empty (0 bytes)")
    return file


def absent(path: str | os.PathLike[str]) -> str | None:
    """Say where a symbolic link leads that leads nowhere; None if it is no such link."""
    if os.path.islink(path) and not os.path.exists(path):
        return f"is a symbolic link to {os.readlink(path)}, which is not there"
    return None


def check_suffix(path: str | os.PathLike[str], allowed: frozenset[str]) -> str:
    """Return the suffix of a name in small letters, if it is an allowed one.

    Parameters
    ----------
    path : str or path-like
        The name.
    allowed : frozenset of str
        Suffixes in small letters, with their dots.

    Returns
    -------
    str
        Such as ``'.png'``.

    Raises
    ------
    FileError
        If it is another, or if there is none.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in allowed:
        raise FileError(
            f"{path}: the suffix {suffix or '(none)'} is not supported; "
            f"allowed are {', '.join(sorted(allowed))}"
        )
    return suffix


def reason(error: BaseException) -> str:
    """Word an exception as the end of a one-line message.

    Parameters
    ----------
    error : BaseException
        What the operating system or a decoder raised.

    Returns
    -------
    str
        One line, without the file name or error number of an ``OSError``, and never empty.
    """
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = " ".join(text.split()) or type(error).__name__
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 3] + "..."
