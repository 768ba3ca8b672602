"""Arrays from .npy and .npz files that nobody vouched for: no pickles, no sizes the file does not hold."""

import math
import os
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from scatter.errors import FileError
from scatter.io.files import reason, regular_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_BLOCK = 2**22


def read_array(path: str | os.PathLike[str], *, max_bytes: int = 2**33) -> "NDArray[Any]":
    """Read the numeric array of a .npy file, or the only one of a .npz file.

    Pickled objects are never loaded, and the header is checked against the size of the file before any
    memory is asked for.

    Parameters
    ----------
    path : str or path-like
        The file; the suffix decides whether it is read as .npz or as .npy.
    max_bytes : int, default=2**33
        Most bytes that the values may take in memory; a .npz may be far smaller than what it holds.

    Returns
    -------
    ndarray
        Booleans, integers, floats or complex numbers, not empty and all finite.

    Raises
    ------
    FileError
        If the file is missing, a folder, empty, truncated or not in this format, if a .npz does not hold
        exactly one array, or if the array is of objects or text, empty, or holds NaN or infinite values.

    Examples
    --------
    >>> read_array("signals.npy").shape  # doctest: +SKIP
    (100, 4096)
    """
    file = regular_file(path)
    if file.suffix.lower() == ".npz":
        with open_npz(file) as members:
            array = members.read(members.only(), max_bytes)
    else:
        with _reading(file), open(file, "rb") as stream:
            array = _read(stream, file.stat().st_size, max_bytes, str(file))
    if array.dtype.kind not in "buifc":
        raise FileError(f"{file}: holds values of type {array.dtype}; numbers are needed")
    if array.size == 0:
        raise FileError(f"{file}: the array is empty: its shape is {array.shape}")
    if array.dtype.kind in "fc" and not (finite := np.isfinite(array)).all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise FileError(f"{file}: the array contains NaN or infinite values, the first at index {first}")
    return array


class NpzMembers:
    """The arrays of an open .npz file, by name.

    Parameters
    ----------
    archive : zipfile.ZipFile
        The open archive.
    file : Path
        Its name, for messages.
    """

    def __init__(self, archive: zipfile.ZipFile, file: Path) -> None:
        self._archive = archive
        self._file = file
        self.names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]

    def only(self) -> str:
        """Return the name of the only array, or say which ones there are."""
        if len(self.names) == 1:
            return self.names[0]
        if not self.names:
            raise FileError(f"{self._file}: holds no array; exactly one is needed")
        shown = ", ".join(self.names[:8]) + (", ..." if len(self.names) > 8 else "")
        raise FileError(
            f"{self._file}: holds {len(self.names)} arrays ({shown}); exactly one is needed; save it alone: "
            f"numpy.save('{self.names[0]}.npy', numpy.load('{self._file.name}')['{self.names[0]}'])"
        )

    def read(self, name: str, max_bytes: int) -> "NDArray[Any]":
        """Read one array by its name, without pickles."""
        if name not in self.names:
            raise FileError(f"{self._file}: holds no array named {name}, only: {', '.join(self.names)}")
        member = self._archive.getinfo(name + ".npy")
        with self._archive.open(member) as stream:
            return _read(stream, member.file_size, max_bytes, f"{self._file} ({name})")


@contextmanager
def open_npz(file: Path) -> "Iterator[NpzMembers]":
    """Open a .npz file and turn what its decoding raises into one kind of error.

    Parameters
    ----------
    file : Path
        The file.

    Yields
    ------
    NpzMembers
        Its arrays, read when asked for.

    Raises
    ------
    FileError
        If the archive or an array in it is damaged.
    """
    with _reading(file), zipfile.ZipFile(file) as archive:
        yield NpzMembers(archive, file)


@contextmanager
def _reading(file: Path) -> "Iterator[None]":
    try:
        yield
    except FileError:
        raise
    except Exception as error:
        # Damaged headers reach a parser of Python literals, damaged archives zlib, struct and more.
        kind = ".npz" if file.suffix.lower() == ".npz" else ".npy"
        raise FileError(f"{file}: can't be read as a {kind} file: {reason(error)}") from error


def _read(stream: IO[bytes], size: int, max_bytes: int, shown: str) -> "NDArray[Any]":
    fmt = np.lib.format
    version = fmt.read_magic(stream)
    if version == (1, 0):
        shape, fortran, dtype = fmt.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, fortran, dtype = fmt.read_array_header_2_0(stream)
    else:
        raise FileError(
            f"{shown}: is in version {version[0]}.{version[1]} of the .npy format, not 1.0 or 2.0"
        )
    if dtype.hasobject:
        raise FileError(f"{shown}: holds Python objects, which are never loaded; save an array of numbers")
    array = np.empty(_count(shape, dtype.itemsize, size - stream.tell(), max_bytes, shown), dtype=dtype)
    _fill(stream, array, shown)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _count(shape: tuple[int, ...], itemsize: int, there: int, max_bytes: int, shown: str) -> int:
    count = math.prod(shape)
    needed = count * itemsize
    if needed > there:
        raise FileError(
            f"{shown}: is truncated or damaged: its header claims {needed} bytes of values, "
            f"but {there} are there"
        )
    if needed > max_bytes:
        raise FileError(
            f"{shown}: the array has {needed} bytes; at most {max_bytes} are allowed; "
            "split it or raise max_bytes"
        )
    return count


def _fill(stream: IO[bytes], array: "NDArray[Any]", shown: str) -> None:
    # A compressed member may hold less than its archive claims, so the size alone proves nothing.
    rest = memoryview(array.view(np.uint8).data)
    while len(rest):
        block = stream.read(min(len(rest), _BLOCK))
        if not block:
            raise FileError(f"{shown}: is truncated: {len(rest)} bytes are missing at the end")
        rest[: len(block)] = block
        rest = rest[len(block) :]
