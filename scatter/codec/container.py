"""The file: a header, and segments from coarse to fine, each with a checksum.

``docs/codec_format.md`` describes it byte by byte.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from scatter.codec.lifting import levels
from scatter.codec.planes import LEAST_STEP, MOST_STEP
from scatter.errors import CodecError

MAGIC = b"\x89SWC"
VERSION = 1
LOSSLESS, DEEP, TILED = 1, 2, 16
"""Flags: without loss, 16 bits a sample, in tiles. Bits 2 and 3 hold the channels less one."""
COLOURS, MOST_COLOURS = 5, 6
"""First of the bits that hold the reversible transform of colours, and the last transform that there is."""
TILE_UNIT = 64
"""Tiles start at multiples of this, so that up to six halvings keep them apart."""
MOST_SIDE = 2**24
MOST_TILES = 2**16
MOST_AREA = 2**24
"""Pixels of a tile: counts of its symbols stay far below what whole numbers of 64 bits hold."""
_BITS = 7


class Tile(NamedTuple):
    """A rectangle of the image."""

    y: int
    x: int
    height: int
    width: int


@dataclass(frozen=True)
class Header:
    """What a file says about itself.

    Parameters
    ----------
    height, width : int
        Of the image, pixels.
    channels : int
        1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha.
    depth : int
        Bits of a sample, 8 or 16.
    lossless : bool
        Whether decoding gives back every sample.
    step_index : int
        Quantisation step, in 32nds of an octave, where white is 255; 0 if lossless.
    tile : int
        Sides of the tiles are about this, pixels; 0 without tiles.
    model : int
        Identity of the model, 16 bits.
    colours : int, default=0
        Reversible transform of colours, 0 to 6; 0 for other images.
    """

    height: int
    width: int
    channels: int
    depth: int
    lossless: bool
    step_index: int
    tile: int
    model: int
    colours: int = 0

    @cached_property
    def tiles(self) -> list[Tile]:
        """The tiles, row by row."""
        rows, columns = (_cuts(side, self.tile) for side in (self.height, self.width))
        return [
            Tile(top, left, bottom - top, right - left)
            for top, bottom in pairwise(rows)
            for left, right in pairwise(columns)
        ]

    @cached_property
    def levels(self) -> int:
        """How many times the image can be halved in decoding it."""
        least = min(levels(tile.height, tile.width) for tile in self.tiles)
        return min(least, 6) if self.tile else least


def _cuts(side: int, tile: int) -> list[int]:
    count = -(-side // tile) if tile else 1
    return [round(k * side / count / TILE_UNIT) * TILE_UNIT for k in range(count)] + [side]


def write(header: Header, tiles: list[list[bytes]]) -> bytes:
    """A file from the segments of each tile, the coarsest first."""
    flags = header.lossless * LOSSLESS | (header.depth == 16) * DEEP | (header.channels - 1) << 2
    flags |= bool(header.tile) * TILED | header.colours << COLOURS
    head = bytearray(MAGIC + bytes([VERSION]) + header.model.to_bytes(2, "little") + bytes([flags]))
    for value in (header.height, header.width, header.step_index - LEAST_STEP):
        head += _varint(value)
    if header.tile:
        head += _varint(header.tile)
    order = _order([len(segments) for segments in tiles])
    for tile, k in order:
        head += _varint(len(tiles[tile][k])) + _check(tiles[tile][k])
    head += _check(bytes(head))
    return bytes(head) + b"".join(tiles[tile][k] for tile, k in order)


class Contents:
    """The parts of a file, of which none is trusted before its checksum.

    Parameters
    ----------
    data : bytes
        A file, or the beginning of one.

    Raises
    ------
    CodecError
        If the header is damaged, cut off, or of a version that is not known.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        magic = self._take(len(MAGIC), "the magic number")
        if magic != MAGIC:
            raise CodecError(f"the data are not of scatter's codec: they start with {magic!r}, not {MAGIC!r}")
        version, low, high, flags = self._take(4, "the header")
        if version != VERSION:
            raise CodecError(
                f"the data have version {version}; this release reads version {VERSION}; update scatter"
            )
        colours = flags >> COLOURS
        coloured = flags & LOSSLESS and (flags >> 2 & 3) >= 2
        if colours > (MOST_COLOURS if coloured else 0):
            raise CodecError(f"the data have unknown flags {flags:#04x}; update scatter")
        height, width = self._varint("the height"), self._varint("the width")
        step_index = self._varint("the step") + LEAST_STEP
        tile = self._varint("the size of tiles") if flags & TILED else 0
        _check_ranges(height, width, step_index, tile, bool(flags & TILED))
        self.header = Header(
            height,
            width,
            (flags >> 2 & 3) + 1,
            16 if flags & DEEP else 8,
            bool(flags & LOSSLESS),
            step_index,
            tile,
            low | high << 8,
            colours,
        )
        self.tiles = self.header.tiles
        self._counts = [levels(tile.height, tile.width) + 1 for tile in self.tiles]
        self._segments = self._read_index()

    @property
    def sizes(self) -> list[int]:
        """Bytes from the start of the file that decoding with ``reduce`` = 0, 1, ... needs."""
        needed = [0] * (self.header.levels + 1)
        for (tile, k), (start, length, _) in self._segments.items():
            reduce = min(self._counts[tile] - 1 - k, self.header.levels)
            needed[reduce] = max(needed[reduce], start + length)
        return needed

    def stream(self, tile: int, count: int) -> bytes:
        """The first segments of a tile, checked.

        Raises
        ------
        CodecError
            If they are cut off or damaged.
        """
        parts = []
        for k in range(count):
            start, length, check = self._segments[tile, k]
            part = self._data[start : start + length]
            if len(part) < length:
                raise CodecError(
                    f"the data are cut off: they end after {len(self._data)} bytes, and segment {k} of tile "
                    f"{tile} goes to byte {start + length}; use a larger reduce, or get the whole file"
                )
            if _check(part) != check:
                raise CodecError(
                    f"the data are damaged: the checksum of segment {k} of tile {tile} does not match"
                )
            parts.append(part)
        return b"".join(parts)

    def _read_index(self) -> dict[tuple[int, int], tuple[int, int, bytes]]:
        counts = self._counts
        if 3 * sum(counts) > len(self._data):
            raise CodecError(
                f"the data are cut off: {sum(counts)} segments don't fit in {len(self._data)} bytes"
            )
        order = _order(counts)
        sizes = [(self._varint("a length"), self._take(2, "a checksum")) for _ in order]
        end = self._at
        if self._take(2, "the checksum of the header") != _check(self._data[:end]):
            raise CodecError("the data are damaged: the checksum of the header does not match")
        found, start = {}, self._at
        for key, (length, check) in zip(order, sizes, strict=True):
            found[key] = (start, length, check)
            start += length
        if len(self._data) > start:
            raise CodecError(f"the data have {len(self._data) - start} bytes too many after their end")
        return found

    def _take(self, count: int, what: str) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise CodecError(f"the data are cut off in {what}: there are {len(self._data)} bytes")
        self._at += count
        return part

    def _varint(self, what: str) -> int:
        value = 0
        for k in range(5):
            (byte,) = self._take(1, what)
            value |= (byte & 127) << (_BITS * k)
            if byte < 128:
                return value
        raise CodecError(f"the data are damaged: {what} is too large")


def _check_ranges(height: int, width: int, step_index: int, tile: int, tiled: bool) -> None:
    for name, side in (("height", height), ("width", width)):
        if not 1 <= side <= MOST_SIDE:
            raise CodecError(f"the data are damaged: the {name} is {side}; allowed are 1 to {MOST_SIDE}")
    if not LEAST_STEP <= step_index <= MOST_STEP:
        raise CodecError(
            f"the data are damaged: the step has index {step_index}; allowed are {LEAST_STEP} to {MOST_STEP}"
        )
    if tiled and not 2 * TILE_UNIT <= tile <= MOST_SIDE:
        raise CodecError(
            f"the data are damaged: tiles of {tile} pixels; allowed are {2 * TILE_UNIT} and more"
        )
    area = min(height, 2 * tile) * min(width, 2 * tile) if tiled else height * width
    if area > MOST_AREA:
        raise CodecError(f"the data are damaged: tiles of up to {area} pixels; allowed are {MOST_AREA}")
    if tiled and -(-height // tile) * -(-width // tile) > MOST_TILES:
        raise CodecError(f"the data are damaged: more than {MOST_TILES} tiles")


def _order(counts: list[int]) -> list[tuple[int, int]]:
    """Tile and number of each segment, as they stand in the file: from coarse to fine over all the tiles.

    Tiles may have different numbers of levels; their finest come together.
    """
    most = max(counts)
    return [
        (tile, k - most + count)
        for k in range(most)
        for tile, count in enumerate(counts)
        if k - most + count >= 0
    ]


def _check(data: bytes) -> bytes:
    return (zlib.crc32(data) & 0xFFFF).to_bytes(2, "little")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 1 << _BITS:
        out.append(value & 127 | 128)
        value >>= _BITS
    out.append(value)
    return bytes(out)
