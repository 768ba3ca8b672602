"""One tile: its planes into a stream of segments, coarse to fine, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.codec import colour, lifting
from scatter.codec.coarse import get_coarse, put_coarse
from scatter.codec.coder import Reader, Writer
from scatter.codec.compiled import CompiledReader, CompiledWriter
from scatter.codec.entropy import Decoder
from scatter.codec.model import Model
from scatter.codec.native import library
from scatter.codec.planes import approximate, approximation
from scatter.codec.walk import PlaneSpec, State, walk
from scatter.codec.workers import Workers

Array = NDArray[Any]

AHEAD = 2
"""Words that the range decoder reads before it needs them."""
BLOCK = 2**16
"""Pixels that planes are made an image of at once: they fit in a cache."""


def to_planes(image: Array, depth: int, lossless: bool, colours: int = 0) -> list[Array]:
    """The planes of an image, centred on 0 where they are not chroma; which transform if without loss."""
    middle = 1 << (depth - 1)
    channels = image.shape[2]
    kind = np.int32 if lossless else np.float32
    if channels < 3:
        planes: list[Array] = [image[..., 0].astype(kind)]
    else:
        planes = colour.to_reversible(image, colours) if lossless else colour.to_luma_chroma(image)
    if channels in (2, 4):
        planes.append(image[..., -1].astype(kind))
    for index in _centred(channels):
        planes[index] -= kind(middle)
    return planes


def from_planes(planes: Sequence[Array], depth: int, lossless: bool, colours: int = 0) -> Array:
    """The image of some planes, rounded to whole numbers within the range of its depth."""
    rows, columns = planes[0].shape
    image = np.empty((rows, columns, len(planes)), np.uint8 if depth == 8 else np.uint16)
    high = max(1, BLOCK // columns)
    for y in range(0, rows, high):
        part = [plane[y : y + high] for plane in planes]
        np.copyto(image[y : y + high], _merged(part, depth, lossless, colours), casting="unsafe")
    return image


def _merged(planes: list[Array], depth: int, lossless: bool, colours: int) -> Array:
    """The whole numbers that some planes stand for, channels last."""
    middle, channels = 1 << (depth - 1), len(planes)
    found = list(planes)
    for index in _centred(channels):
        found[index] = found[index] + found[index].dtype.type(middle)
    if channels < 3:
        image = found[0][..., None]
    else:
        image = colour.from_reversible(found[:3], colours) if lossless else colour.from_luma_chroma(found[:3])
    if channels in (2, 4):
        image = np.concatenate([image, found[-1][..., None]], axis=-1)
    image = image if lossless else np.rint(image)
    merged: Array = np.clip(image, 0, (1 << depth) - 1)
    return merged


def _centred(channels: int) -> list[int]:
    """Planes that hold 0 to white, and not differences of colours: luma and alpha."""
    return [0, channels - 1] if channels in (2, 4) else [0]


def transform(planes: list[Array], lossless: bool) -> tuple[list[Array], list[list[lifting.Details]]]:
    """Coarsest approximation of each plane, and its details from fine to coarse; the list is used up."""
    coarsest, details = [], []
    while planes:
        plane = planes.pop(0)
        found: list[lifting.Details] = []
        for _ in range(lifting.levels(*plane.shape)):
            plane, detail = lifting.forward(plane, lossless)
            found.append(detail)
        coarsest.append(plane)
        details.append(found)
    return coarsest, details


def encode_tile(
    model: Model,
    transformed: tuple[list[Array], list[list[lifting.Details]]],
    specs: Sequence[PlaneSpec],
    size: tuple[int, int],
    workers: Workers,
) -> tuple[list[bytes], list[State]]:
    """Segments of a tile, the coarsest first, and what a decoder will see.

    Parameters
    ----------
    model : Model
        What is agreed on.
    transformed : tuple
        As `transform` gives it.
    specs : sequence of PlaneSpec
        How each plane is coded.
    size : tuple of int
        Height and width.
    workers : Workers
        Threads.

    Returns
    -------
    list of bytes
        One more than there are levels. A decoder that has the first k needs no other for k - 1 levels.
    list of State
        The planes as a decoder finds them.
    """
    coarsest, details = transformed
    writer = (Writer if library() is None else CompiledWriter)(model, specs, details, workers)
    states = encode_with(writer, model, coarsest, specs, size)
    data = writer.encoder.finish()
    ends = [end for _, end in sorted(writer.encoder.marks.items(), reverse=True)]
    cuts = [min(len(data), 4 * (end + AHEAD)) for end in ends[:-1]] + [len(data)]
    return [data[a:b] for a, b in zip([0, *cuts[:-1]], cuts, strict=True)], states


def encode_with(
    writer: Writer | CompiledWriter,
    model: Model,
    coarsest: Sequence[Array],
    specs: Sequence[PlaneSpec],
    size: tuple[int, int],
) -> list[State]:
    """Give a writer all that it has to code, in order; the planes as a decoder finds them."""
    count = lifting.levels(*size)
    approximations = []
    for plane, spec in zip(coarsest, specs, strict=True):
        q, value = approximate(plane, spec, count)
        put_coarse(writer.encoder, q)
        approximations.append(value)
    writer.encoder.mark(count + 1)
    return walk(model.tables, specs, approximations, size, count, writer)


def decode_tile(
    model: Model,
    data: bytes,
    specs: Sequence[PlaneSpec],
    size: tuple[int, int],
    stop: int,
    workers: Workers,
    keep: bool = False,
) -> list[State]:
    """The planes of a tile down to a level, from the segments that it needs; ``keep`` all that is coarser."""
    count = lifting.levels(*size)
    decoder = Decoder(data)
    coarsest = lifting.sizes(*size, count)[count]
    approximations = [approximation(get_coarse(decoder, coarsest), spec, count) for spec in specs]
    reader = (Reader if library() is None else CompiledReader)(model, specs, decoder, workers)
    return walk(model.tables, specs, approximations, size, count, reader, stop=stop, keep=keep)
