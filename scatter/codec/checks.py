"""Checks of arguments: every error says what is wrong, what was got, and what is allowed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scatter.codec.container import MOST_SIDE, Header, Tile
from scatter.codec.lifting import levels
from scatter.codec.planes import LEAST_STEP, MOST_STEP, STEPS_PER_OCTAVE
from scatter.errors import CodecError, InputError
from scatter.kernels.library import thread_limit
from scatter.numerics.plain import plain_numpy
from scatter.numerics.threads import check_jobs, thread_count

MOST_PIXELS = 2**26
"""Pixels that decoding allows by default."""

FREE_SAMPLES = 2**25
"""Samples that any file may ask to be decoded by default: about ten seconds, and less than a gigabyte."""

SAMPLES_PER_BYTE = 32
"""Samples that a larger file may ask for, for each byte: pictures have more than a quarter of a bit."""

TILE_SAMPLES = 3 * 2**16
"""What decoding a tile costs beside its samples, in samples: its networks run many times on few numbers."""


class Target(NamedTuple):
    """What an encoder aims at: the name of an argument, and its value."""

    name: str
    value: float


class Region(NamedTuple):
    """A rectangle of pixels."""

    x: int
    y: int
    width: int
    height: int


def check_image(image: ArrayLike) -> tuple[NDArray[Any], int]:
    """An image as (H, W, C), and the bits of a sample."""
    found = plain_numpy(image, "the image")
    # The order of bytes is no part of a value.
    found = found.astype(found.dtype.newbyteorder("="), copy=False)
    if found.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"an image has samples of type uint8 or uint16, got {found.dtype}; scale it to 0..255 or "
            "0..65535 and convert it with .astype"
        )
    if found.ndim not in (2, 3) or (found.ndim == 3 and not 1 <= found.shape[2] <= 4):
        raise InputError(
            f"an image has shape (H, W) or (H, W, C) with C from 1 to 4, got {found.shape}; "
            "move the channels to the last axis, or encode slices one by one"
        )
    if 0 in found.shape or max(found.shape) > MOST_SIDE:
        raise InputError(f"the sides of an image go from 1 to {MOST_SIDE} pixels, got shape {found.shape}")
    return found.reshape(*found.shape[:2], -1), 8 * found.itemsize


def check_target(bpp: float | None, psnr: float | None, step: float | None, lossless: bool) -> Target:
    """The one target that was given."""
    given = [Target(n, v) for n, v in (("bpp", bpp), ("psnr", psnr), ("step", step)) if v is not None]
    if lossless:
        given.append(Target("lossless", 1.0))
    if len(given) != 1:
        names = " and ".join(target.name for target in given) or "none"
        raise InputError(f"give one of bpp, psnr, step and lossless=True; got {names}; for example bpp=1")
    name, value = given[0]
    least, most = 2.0 ** (LEAST_STEP / STEPS_PER_OCTAVE), 2.0 ** ((MOST_STEP - 31) / STEPS_PER_OCTAVE)
    allowed = {"bpp": (0.0, math.inf), "psnr": (0.0, 200.0), "step": (least, most), "lossless": (0, 2)}[name]
    if (
        not isinstance(value, (int, float, np.number))
        or not allowed[0] <= float(value) <= allowed[1]
        or not value
    ):
        raise InputError(
            f"{name} is a number between {allowed[0]:g} and {allowed[1]:g}, above 0; got {value!r}"
        )
    return Target(name, float(value))


def check_data(data: Any) -> bytes:
    """Bytes, from anything that has them."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise InputError(
            f"data are bytes, got {type(data).__name__}; read a file with pathlib.Path(name).read_bytes()"
        )
    return bytes(data)


def check_region(region: Sequence[int] | None, height: int, width: int) -> Region:
    """A region that has pixels and lies within the image; all of it by default."""
    if region is None:
        return Region(0, 0, width, height)
    try:
        found = Region(*(int(value) for value in region))
    except (TypeError, ValueError) as error:
        raise InputError(f"region is (x, y, width, height) in pixels, got {region!r}") from error
    inside = (
        found.x >= 0 and found.y >= 0 and found.x + found.width <= width and found.y + found.height <= height
    )
    if not inside or found.width < 1 or found.height < 1:
        raise InputError(
            f"region is (x, y, width, height) within the image of {width} x {height} pixels, "
            f"got {tuple(found)}"
        )
    return found


def check_work(header: Header, tiles: Sequence[Tile], reduce: int, size: int) -> None:
    """Refuse a file of a few bytes that asks for a long computation."""
    work = 0
    for tile in tiles:
        depth = levels(tile.height, tile.width)
        share = max(depth - reduce, 0) / max(depth, 1)  # levels of a tile cost alike
        work += header.channels * ((tile.height * tile.width >> 2 * reduce) + int(TILE_SAMPLES * share))
    if work > (most := max(FREE_SAMPLES, SAMPLES_PER_BYTE * size)):
        raise CodecError(
            f"{size} bytes ask for {header.width} x {header.height} pixels of {header.channels} channels in "
            f"{len(header.tiles)} tiles, {work / most:.1f} times the work that is done for a file of unknown "
            f"origin; type max_pixels={header.width * header.height} if you trust it"
        )


def check_reduce(reduce: int, most: int) -> int:
    """How many times to halve."""
    if isinstance(reduce, bool) or not isinstance(reduce, (int, np.integer)) or not 0 <= reduce <= most:
        raise InputError(f"reduce is a whole number from 0 to {most} for this file, got {reduce!r}")
    return int(reduce)


def jobs(n_jobs: int | None) -> int:
    """Number of threads."""
    return thread_count(check_jobs(n_jobs), thread_limit())
