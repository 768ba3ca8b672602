"""Whether the samples that a sound declares are in its file: libsndfile shortens without a word."""

from __future__ import annotations

import math
import os
import struct
from typing import TYPE_CHECKING, NamedTuple

from scatter.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import FileIO
    from pathlib import Path

_UNKNOWN = 0x7FFFF000
"""Programs that write to a pipe leave a number near 2^31 or 2^32 where the length of the samples belongs."""

_MOST_CHUNKS = 4096
"""Chunks that are looked at before the samples; real files have some ten."""


class _Samples(NamedTuple):
    """Where the samples of a file begin, and how many bytes they are said to have; None if unknown."""

    start: int
    size: int | None


def check_length(stream: FileIO, file: Path) -> None:
    """Refuse a sound whose file ends before its samples do.

    The chunk that holds the samples decides, not the number at the beginning of a WAV, which programs fill in
    with the size of the file, with 0, or not at all.

    Parameters
    ----------
    stream : binary file
        Open, at its beginning, to which it returns.
    file : Path
        Its name, for messages.

    Raises
    ------
    FileError
        If bytes are missing at the end of a WAV (RIFF, RIFX, RF64, W64), AIFF, AU, CAF, SVX or NIST SPHERE.
    """
    head = stream.read(16) or b""
    find = next((find for magic, find in _FORMATS.items() if head.startswith(magic)), None)
    found = None if find is None else find(stream)
    stream.seek(0)
    if found is None or found.size is None:
        return
    there = max(0, os.fstat(stream.fileno()).st_size - found.start)
    if there < found.size:
        raise FileError(f"{file}: the sound is truncated: {there} of {found.size} bytes of samples are there")


def _chunks(
    form: str, first: int, names: tuple[bytes, ...], *, align: int = 2, counted: bool = False
) -> Callable[[FileIO], _Samples | None]:
    """Make a search through chunks, each a head of a name and a size, and as many bytes.

    Parameters
    ----------
    form : str
        Of a head, as in `struct`.
    first : int
        Where the first chunk begins.
    names : tuple of bytes
        What the chunk of the samples may be called.
    align : int, default=2
        Chunks are filled up to a multiple of so many bytes.
    counted : bool, default=False
        Whether a size counts the head.
    """
    head = struct.Struct(form)
    # A length of 64 bits is unknown where it is negative, or beyond any file.
    most = _UNKNOWN if form.endswith("I") else 2**62

    def find(stream: FileIO) -> _Samples | None:
        at, long = first, None
        for _ in range(_MOST_CHUNKS):
            stream.seek(at)
            data = stream.read(head.size) or b""
            if len(data) < head.size:
                return None
            name, size = head.unpack(data)
            body = max(0, size - head.size if counted else size)
            if name == b"ds64" and len(sizes := stream.read(16) or b"") == 16:  # of RF64
                long = int(struct.unpack("<QQ", sizes)[1])
            if name in names:
                known = body if 0 <= size < most else long if size == 0xFFFFFFFF else None
                return _Samples(at + head.size, known)
            at += head.size + body + -body % align
        return None

    return find


def _au(order: str) -> Callable[[FileIO], _Samples | None]:
    def find(stream: FileIO) -> _Samples | None:
        stream.seek(4)
        head = stream.read(8) or b""
        if len(head) < 8:
            return None
        start, size = struct.unpack(f"{order}II", head)
        return _Samples(start, size if size < _UNKNOWN else None)

    return find


def _nist(stream: FileIO) -> _Samples | None:
    stream.seek(0)
    head = (stream.read(1024) or b"").decode("latin-1").split()
    values = {
        name: value for name, kind, value in zip(head, head[1:], head[2:], strict=False) if kind[:1] == "-"
    }
    sizes = [values.get(name, "") for name in ("sample_count", "channel_count", "sample_n_bytes")]
    start = head[1] if len(head) > 1 else ""
    if "embedded" in values.get("sample_coding", "") or not all(map(str.isdecimal, [*sizes, start])):
        return None
    return _Samples(int(start), math.prod(map(int, sizes)))


_RIFF = _chunks("<4sI", 12, (b"data",))

_FORMATS: dict[bytes, Callable[[FileIO], _Samples | None]] = {
    b"RIFF": _RIFF,
    b"RF64": _RIFF,
    b"BW64": _RIFF,
    b"RIFX": _chunks(">4sI", 12, (b"data",)),
    b"FORM": _chunks(">4sI", 12, (b"SSND", b"BODY")),  # BODY of 8SVX and 16SV
    b"riff\x2e\x91\xcf\x11": _chunks("<4s12xQ", 40, (b"data",), align=8, counted=True),
    b"caff": _chunks(">4sq", 8, (b"data",), align=1),
    b".snd": _au(">"),
    b"dns.": _au("<"),
    b"NIST_1A\n": _nist,
}

__all__ = ["check_length"]
