"""What compressed bytes become, bounded before a library inflates them without a bound."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_STEP = 2**20
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_BLOCK = 2**17
_DEFLATE_RATIO = 1032  # 258 bytes for two bits
_MEMBERS = 64
"""Compressed streams one after another; libraries write one a chunk."""


def inflates_beyond(data: bytes, most: int) -> bool:
    """Whether compressed bytes become more than so many.

    Formats are known by how they begin: gzip, zlib, bzip2, xz, Zstandard and Blosc. Bytes that are none of
    them, or damaged, are left to whoever decodes them.

    Parameters
    ----------
    data : bytes
        A chunk of an array.
    most : int
        Bytes that are allowed.

    Returns
    -------
    bool

    Examples
    --------
    >>> import zlib
    >>> data = zlib.compress(bytes(10**6))
    >>> len(data) < 2000, inflates_beyond(data, 10**6), inflates_beyond(data, 10**6 - 1)
    (True, False, True)
    """
    if data[:4] == _ZSTD:
        return _zstd_size(data) > most
    if _is_blosc(data):
        return int(struct.unpack_from("<I", data, 4)[0]) > most
    if data[:2] == b"\x1f\x8b":
        return len(data) * _DEFLATE_RATIO > most and _deflated(data, most, 31)
    if data[:1] == b"\x78" and data[1:2] in (b"\x01", b"\x5e", b"\x9c", b"\xda"):
        return len(data) * _DEFLATE_RATIO > most and _deflated(data, most, 15)
    if data[:3] == b"BZh":
        return _streamed(data, most, bz2.BZ2Decompressor)
    if data[:6] == b"\xfd7zXZ\x00":
        return _streamed(data, most, lzma.LZMADecompressor)
    return False


def _deflated(data: bytes, most: int, wbits: int) -> bool:
    """Inflate piece by piece, one member after another, and throw the pieces away."""
    total, rest = 0, data
    try:
        for _ in range(_MEMBERS):
            member = zlib.decompressobj(wbits)
            while not member.eof:
                part = member.decompress(rest, _STEP)
                total, rest = total + len(part), member.unconsumed_tail
                if total > most:
                    return True
                if not part and not rest:
                    return False  # cut off
            if not (rest := member.unused_data):
                return False
    except zlib.error:
        return False
    return True


def _streamed(data: bytes, most: int, make: Callable[[], Any]) -> bool:
    """The same for decompressors that keep what they were given."""
    total, rest = 0, data
    try:
        for _ in range(_MEMBERS):
            member = make()
            part = member.decompress(rest, _STEP)
            while (total := total + len(part)) <= most and not (member.eof or member.needs_input):
                part = member.decompress(b"", _STEP)
            if total > most:
                return True
            if not member.eof or not (rest := member.unused_data):
                return False
    except (OSError, lzma.LZMAError):
        return False
    return True


def _is_blosc(data: bytes) -> bool:
    # Blosc has no magic number: its header says how long the chunk is.
    return len(data) >= 16 and data[0] in (1, 2) and struct.unpack_from("<I", data, 12)[0] == len(data)


def _zstd_size(data: bytes) -> int:
    """Bytes that frames declare, or that their blocks can hold at most."""
    total = at = 0
    while data[at : at + 4] == _ZSTD and at + 6 <= len(data):
        flags = data[at + 4]
        single, dictionary, kind = flags >> 5 & 1, (0, 1, 2, 4)[flags & 3], flags >> 6
        at += 5 + (not single) + dictionary
        width = (single, 2, 4, 8)[kind]
        declared = int.from_bytes(data[at : at + width], "little") + 256 * (width == 2)
        at, blocks = _zstd_blocks(data, at + width)
        at += 4 * (flags >> 2 & 1)
        total += declared if width else blocks
    return total


def _zstd_blocks(data: bytes, at: int) -> tuple[int, int]:
    """Where the blocks of a frame end, and the most bytes that they can become."""
    total = last = 0
    while not last and at + 3 <= len(data):
        head = int.from_bytes(data[at : at + 3], "little")
        last, form, size = head & 1, head >> 1 & 3, head >> 3
        total += size if form < 2 else _ZSTD_BLOCK
        at += 3 + (1 if form == 1 else size)
    return at, total
