"""Arrays from .npy and .npz files that nobody vouched for: no pickles, no sizes the file does not hold."""

import math
import os
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from scatter.errors import FileError
from scatter.io.files import reason, regular_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        with decoding(file), open(file, "rb") as stream:
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
        advice = (
            f"save it alone: numpy.save('{self.names[0]}.npy', "
            f"numpy.load('{self._file.name}')['{self.names[0]}'])"
            if self.names
            else ""
        )
        return choose(self.names, self._file, advice)

    def open(self, name: str) -> tuple[IO[bytes], int]:
        """Open one array by its name, for its bytes; the second value is how many it claims to have."""
        if name not in self.names:
            raise FileError(f"{self._file}: holds no array named {name}, only: {', '.join(self.names)}")
        member = self._archive.getinfo(name + ".npy")
        return self._archive.open(member), member.file_size

    def read(self, name: str, max_bytes: int) -> "NDArray[Any]":
        """Read one array by its name, without pickles."""
        stream, size = self.open(name)
        with stream:
            return _read(stream, size, max_bytes, f"{self._file} ({name})")


def choose(names: "Sequence[str]", file: Path, advice: str) -> str:
    """Return the only one of several names.

    Parameters
    ----------
    names : sequence of str
        The arrays that a file holds.
    file : Path
        The file, for the message.
    advice : str
        What to do if there are several; the end of the message.

    Returns
    -------
    str

    Raises
    ------
    FileError
        If there is none, or more than one.
    """
    if len(names) == 1:
        return names[0]
    if not names:
        raise FileError(f"{file}: holds no array; exactly one is needed")
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    raise FileError(f"{file}: holds {len(names)} arrays ({shown}); exactly one is needed; {advice}")


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
    with decoding(file), zipfile.ZipFile(file) as archive:
        yield NpzMembers(archive, file)


@contextmanager
def decoding(file: Path) -> "Iterator[None]":
    """Turn whatever the decoding of an array raises into a `FileError`.

    Parameters
    ----------
    file : Path
        The file that is read meanwhile.

    Raises
    ------
    FileError
        In place of any other exception.
    """
    try:
        yield
    except FileError:
        raise
    except Exception as error:
        # Damaged headers reach a parser of Python literals, damaged archives zlib, struct and more.
        suffix = file.suffix.lower()
        kind = suffix if suffix in (".npz", ".zarr") else ".npy"
        raise FileError(f"{file}: can't be read as a {kind} file: {reason(error)}") from error


class NpyHeader(NamedTuple):
    """What stands in front of the values of an array in the .npy format.

    Parameters
    ----------
    shape : tuple of int
        The shape of the array.
    fortran : bool
        Whether the first axis varies fastest.
    dtype : dtype
        Type of the values, without Python objects.
    offset : int
        Bytes in front of the first value.
    """

    shape: tuple[int, ...]
    fortran: bool
    dtype: "np.dtype[Any]"
    offset: int

    @property
    def nbytes(self) -> int:
        """Bytes of all values."""
        return math.prod(self.shape) * self.dtype.itemsize


def npy_header(stream: IO[bytes], size: int, shown: str) -> NpyHeader:
    """Read a header of the .npy format and compare it with the size of what follows.

    Parameters
    ----------
    stream : binary file
        At the beginning of the header; left at the first value.
    size : int
        Bytes of header and values together.
    shown : str
        The name of the array, for messages.

    Returns
    -------
    NpyHeader

    Raises
    ------
    FileError
        If the array is of Python objects, in an unknown version, or larger than what is there.
    """
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
    header = NpyHeader(shape, fortran, dtype, stream.tell())
    if min(shape, default=0) < 0:
        raise FileError(f"{shown}: is damaged: its header claims the shape {shape}")
    if header.nbytes > size - header.offset:
        raise FileError(
            f"{shown}: is truncated or damaged: its header claims {header.nbytes} bytes of values, "
            f"but {size - header.offset} are there"
        )
    return header


def _read(stream: IO[bytes], size: int, max_bytes: int, shown: str) -> "NDArray[Any]":
    header = npy_header(stream, size, shown)
    if header.nbytes > max_bytes:
        raise FileError(
            f"{shown}: the array has {header.nbytes} bytes; at most {max_bytes} are allowed; "
            "split it or raise max_bytes"
        )
    return read_values(stream, header, shown)


def read_values(stream: IO[bytes], header: NpyHeader, shown: str) -> "NDArray[Any]":
    """Read all values that follow a header.

    Parameters
    ----------
    stream : binary file
        At the first value.
    header : NpyHeader
        What was read before it.
    shown : str
        The name of the array, for messages.

    Returns
    -------
    ndarray
        Of the header's shape and type.

    Raises
    ------
    FileError
        If values are missing.
    """
    array = np.empty(math.prod(header.shape), dtype=header.dtype)
    fill(stream, array, shown)
    return array.reshape(header.shape[::-1]).T if header.fortran else array.reshape(header.shape)


def fill(stream: IO[bytes], array: "NDArray[Any]", shown: str) -> None:
    """Read as many bytes into an array as it has.

    Parameters
    ----------
    stream : binary file
        At the first of the values.
    array : ndarray
        Contiguous; overwritten.
    shown : str
        The name of the array, for the message.

    Raises
    ------
    FileError
        If the stream ends too early.
    """
    # A compressed member may hold less than its archive claims, so the size alone proves nothing.
    rest = memoryview(array.reshape(-1).view(np.uint8).data)
    while len(rest):
        count = stream.readinto(rest[:_BLOCK])  # type: ignore[attr-defined]
        if not count:
            raise FileError(f"{shown}: is truncated: {len(rest)} bytes are missing at the end")
        rest = rest[count:]
