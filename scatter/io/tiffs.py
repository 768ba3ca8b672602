"""The pages of a TIFF file, found without decoding them, each opened as if it were the first."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import IO, TYPE_CHECKING

from scatter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

MOST_PAGES = 100_000
"""Most images in one file."""


FREE_PIXELS = 2**27
"""Pixels that the pages of any file may have together: some seconds of decoding."""

PIXELS_PER_BYTE = 2**10
"""Pixels that the pages of a larger file may have for each byte; blank pages have more, pictures less."""


class PixelBudget:
    """Pixels that the pages of a file may still have, so that a few bytes do not keep a run busy for hours.

    Parameters
    ----------
    file : Path
        The file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._most = max(FREE_PIXELS, PIXELS_PER_BYTE * file.stat().st_size)
        self._left = self._most

    def take(self, size: tuple[int, int]) -> None:
        """Count a page.

        Parameters
        ----------
        size : tuple of int
            Its sides, pixels.

        Raises
        ------
        FileError
            If there are too many.
        """
        self._left -= size[0] * size[1]
        if self._left < 0:
            raise FileError(
                f"{self._file}: its pages have more than {self._most} pixels together, in "
                f"{self._file.stat().st_size} bytes; split it, or type --pages first"
            )


class _Layout:
    """Byte order and widths of the two versions of the format."""

    def __init__(self, head: bytes) -> None:
        order = "<" if head[:2] == b"II" else ">"
        self.big = head[2:4] in (b"\x2b\x00", b"\x00\x2b")
        self.count = struct.Struct(order + ("Q" if self.big else "H"))
        self.offset = struct.Struct(order + ("Q" if self.big else "I"))
        self.entry = 20 if self.big else 12
        self.first = 8 if self.big else 4


def is_tiff(head: bytes) -> bool:
    """Tell a TIFF file by its first four bytes.

    Parameters
    ----------
    head : bytes
        The beginning of the file.

    Returns
    -------
    bool
    """
    return head[:4] in (b"II\x2a\x00", b"MM\x00\x2a", b"II\x2b\x00", b"MM\x00\x2b")


def page_offsets(stream: IO[bytes], file: Path) -> Iterator[int]:
    """Yield where the pages of a TIFF file begin.

    Pillow would read all pages in front of the one it is asked for, every time.

    Parameters
    ----------
    stream : binary file
        The open file.
    file : Path
        Its name, for messages.

    Yields
    ------
    int
        Offset of the directory of a page, in bytes.

    Raises
    ------
    FileError
        After the last intact page, if the chain of pages is broken, returns to a page it had, or is longer
        than `MOST_PAGES`.
    """
    stream.seek(0)
    layout = _Layout(head := stream.read(16))
    size = stream.seek(0, io.SEEK_END)
    at = _unpack(layout.offset, head[layout.first :])
    seen: set[int] = set()
    while at:
        if at in seen:
            raise FileError(f"{file}: is damaged: after page {len(seen) - 1} comes an earlier one again")
        if len(seen) == MOST_PAGES:
            raise FileError(f"{file}: has more than {MOST_PAGES} pages; split it")
        seen.add(at)
        yield at
        stream.seek(at)
        entries = _unpack(layout.count, stream.read(layout.count.size))
        after = at + layout.count.size + (entries or 0) * layout.entry
        stream.seek(min(after, size))
        following = _unpack(layout.offset, stream.read(layout.offset.size))
        if not entries or following is None or following >= size:
            raise FileError(f"{file}: is truncated or damaged after page {len(seen) - 1}")
        at = following


def _unpack(form: struct.Struct, data: bytes) -> int | None:
    return int(form.unpack_from(data)[0]) if len(data) >= form.size else None


def open_page(file: Path, offset: int) -> IO[bytes]:
    """Open a TIFF file in such a way that a certain page is its first.

    Parameters
    ----------
    file : Path
        The file.
    offset : int
        The page, as `page_offsets` finds it.

    Returns
    -------
    binary file
        With the bytes of the file, but for the offset in its header.
    """
    return io.BufferedReader(_Page(file, offset))


class _Page(io.FileIO):
    def __init__(self, file: Path, offset: int) -> None:
        super().__init__(file)
        layout = _Layout(head := super().read(16))
        end = layout.first + layout.offset.size
        self._head = head[: layout.first] + layout.offset.pack(offset) + head[end:]
        self.seek(0)

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read, with another header."""
        start = self.tell()
        count = super().readinto(buffer)
        if count and start < len(self._head):
            changed = self._head[start : start + count]
            memoryview(buffer).cast("B")[: len(changed)] = changed
        return count
