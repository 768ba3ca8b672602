"""Image files as samples, page by page."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from scatter.errors import FileError
from scatter.io.files import regular_file
from scatter.io.images import (
    MOST_FRAME,
    crop_image,
    decoding_image,
    image_values,
    open_image,
    resize_image,
    upright,
)
from scatter.io.reading import Decoded, Piece, Reading
from scatter.io.sources import BLOCK
from scatter.io.tiffs import MOST_PAGES, PixelBudget, is_tiff, open_page, page_offsets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

_MOST_PIXELS = 2**26
_SMALL = 2**16
# PNG may hold several pages too, but hardly ever does: such a file is not looked at before it is decoded.
_PAGED = frozenset({".tif", ".tiff", ".gif", ".webp"})
_SUFFIX_OF = {"TIFF": ".tif", "GIF": ".gif", "WEBP": ".webp"}


def pieces(
    file: Path, start: int, stop: int | None, reading: Reading, at_most: int
) -> Iterator[Callable[[], Piece]]:
    """Yield the pages of an image file; most have one.

    Values are as `scatter.io.read_image` gives them; then come resizing and cropping, as asked for. The
    warnings of Pillow are left to `scatter.io.images.quiet_decoding`.

    Parameters
    ----------
    file : Path
        A file that Pillow decodes. Several pages are taken from .tif, .tiff, .gif, .webp and .png.
    start, stop : int
        0 and None; without meaning for images.
    reading : Reading
        Its ``pages``, ``channels`` (which count red, green, blue), ``resize`` and ``crop``.
    at_most : int
        Most pages in a piece; those of a PNG are one piece.

    Yields
    ------
    callable
        Returns a `Piece`, in any thread. A damaged page of a TIFF file of several is in its failures; if all
        are, the array of samples is empty and its shape means nothing.

    Raises
    ------
    FileError
        If the file can't be decoded, is no image, has too many pixels or pages, pages of different sizes
        that are not resized, or fewer pixels than the crop.
    """
    if reading.kind != "image":
        raise FileError(f"{file}: is an image, but the samples are of kind {reading.kind!r}")
    if reading.pages == "first" or file.suffix.lower() not in _PAGED:
        yield partial(_single, file, reading)
        return
    regular_file(file)
    with decoding_image(file), open(file, "rb") as stream:
        head = stream.read(32)
        if is_tiff(head):
            yield from _tiff_pieces(stream, file, reading, at_most)
        elif head[:4] == b"GIF8" or (head[8:16] == b"WEBPVP8X" and head[20:21] and head[20] & 2):
            yield from _frame_pieces(stream, file, reading, at_most)
        else:
            yield partial(_single, file, reading)


def _single(file: Path, reading: Reading) -> Piece:
    regular_file(file)
    with (
        decoding_image(file),
        _opened(file) as stream,
        open_image(stream, file, _MOST_PIXELS) as image,
    ):
        count = 1 if reading.pages == "first" or _is_paged(file, image) else getattr(image, "n_frames", 1)
        if count == 1:
            return _as_piece([_values(upright(image), file, reading)], [0], file, reading)
        if image.format != "PNG":
            raise FileError(
                f"{file}: holds {count} pages of {image.format}, which its suffix does not say; rename it to "
                f"{Path(file).stem}{_SUFFIX_OF.get(str(image.format), '.tif')}, or type --pages first"
            )
        values = _animated_png(image, count, file, reading)
        return _as_piece(values, range(len(values)), file, reading)


def _opened(file: Path) -> IO[bytes]:
    """A file, in memory if it is small: every access to a file makes threads wait for each other."""
    with open(file, "rb") as stream:
        content = stream.read(_SMALL)
    return io.BytesIO(content) if len(content) < _SMALL else open(file, "rb")


def _is_paged(file: Path, image: Image) -> bool:
    """Whether the pages of a file were looked for before, and found to be one."""
    return image.format != "PNG" and file.suffix.lower() in _PAGED


def _animated_png(image: Image, count: int, file: Path, reading: Reading) -> list[NDArray[Any]]:
    # As many as memory is for, whatever else is read beside them.
    at_most = 8 * _fitting(image.size, reading)
    if count > at_most:
        raise FileError(
            f"{file}: has {count} pages; of a PNG at most {at_most} are read at once; "
            "type --pages first, or save them as TIFF"
        )
    values = []
    for number in range(count):
        image.seek(number)
        values.append(_values(upright(image), file, reading))
    return values


def _tiff_pieces(
    stream: IO[bytes], file: Path, reading: Reading, at_most: int
) -> Iterator[Callable[[], Piece]]:
    first, step = 0, at_most
    group: list[int] = []
    size: tuple[int, int] | None = None
    broken: FileError | None = None
    chain, budget = page_offsets(stream, file), PixelBudget(file)
    while True:
        try:
            offset = next(chain, None)
            if offset is not None:
                found = _page_size(file, offset)
                size = size or found
                budget.take(found)
        except FileError as error:
            broken, offset = error, None
        if offset is None:
            break
        if first == 0 and len(group) == 1 and size is not None:
            step = min(at_most, _fitting(size, reading)) if all(size) else 1
        if len(group) == step:
            yield partial(_tiff_pages, file, first, group, reading)
            first, group = first + step, []
        group.append(offset)
    if first == 0 and len(group) < 2:
        yield partial(_single, file, reading)
    elif group:
        yield partial(_tiff_pages, file, first, group, reading)
    if broken is not None:
        raise broken


def _page_size(file: Path, offset: int) -> tuple[int, int]:
    try:
        with decoding_image(file), open_page(file, offset) as stream:
            return open_image(stream, file, _MOST_PIXELS).size
    except FileError:
        # To be reported when the page is decoded.
        return (0, 0)


def _fitting(size: tuple[int, int], reading: Reading) -> int:
    height, width = reading.crop or reading.resize or size
    channels = 1 if reading.channels == "mix" else 3
    needed = height * width * channels * np.dtype(reading.dtype).itemsize
    return max(1, BLOCK // max(1, needed, 4 * size[0] * size[1]))


def _tiff_pages(file: Path, first: int, offsets: Sequence[int], reading: Reading) -> Piece:
    values, numbers, failures = [], [], []
    for number, offset in enumerate(offsets, first):
        try:
            with (
                decoding_image(file),
                open_page(file, offset) as stream,
                open_image(stream, file, _MOST_PIXELS) as image,
            ):
                values.append(_values(upright(image), file, reading))
                numbers.append(number)
        except FileError as error:
            failures.append((number, str(error).removeprefix(f"{file}: ")))
    return _as_piece(values, numbers, file, reading, failures)


def _frame_pieces(
    stream: IO[bytes], file: Path, reading: Reading, at_most: int
) -> Iterator[Callable[[], Piece]]:
    # What is in a frame depends on those before it, so they are decoded here, in order.
    frames: list[Image] = []
    number, budget = 0, PixelBudget(file)
    with open_image(stream, file, MOST_FRAME) as image:
        step = min(at_most, _fitting(image.size, reading))
        while True:
            try:
                image.seek(number)
            except EOFError:
                break
            if number == MOST_PAGES:
                raise FileError(f"{file}: has more than {MOST_PAGES} pages; split it")
            budget.take(image.size)
            # A copy, as the next frame is painted over this one, unless it is not held.
            large = 3 * image.width * image.height >= BLOCK
            frames.append(upright(image) if large else upright(image).copy())
            number += 1
            if len(frames) == step:
                yield _held(file, number - step, frames, reading)
                frames = []
    if frames:
        yield _held(file, number - len(frames), frames, reading)


def _held(file: Path, first: int, frames: Sequence[Image], reading: Reading) -> Decoded:
    nbytes = sum(frame.width * frame.height * len(frame.getbands()) for frame in frames)
    if nbytes < BLOCK:
        return Decoded(partial(_frames, file, first, frames, reading), nbytes)
    # Rather than hold large frames until a thread is free.
    piece = _frames(file, first, frames, reading)
    return Decoded(lambda: piece, np.asarray(piece.samples).nbytes)


def _frames(file: Path, first: int, frames: Sequence[Image], reading: Reading) -> Piece:
    with decoding_image(file):
        values = [_values(frame, file, reading) for frame in frames]
        return _as_piece(values, range(first, first + len(values)), file, reading)


def _values(image: Image, file: Path, reading: Reading) -> NDArray[Any]:
    values = image_values(image, file, reading.channels == "mix")
    if isinstance(reading.channels, tuple):
        if any(not 0 <= channel < 3 for channel in reading.channels):
            asked = ", ".join(map(str, reading.channels))
            raise FileError(
                f"{file}: the channels of an image are 0 (red), 1 and 2, but --channels asks for {asked}"
            )
        values = values[list(reading.channels)]
    if not values.size:
        raise FileError(f"{file}: the image has no pixels: it is {image.height} x {image.width}")
    if reading.resize:
        values = resize_image(values, reading.resize)
    if reading.crop:
        values = crop_image(values, reading.crop, file)
    return values.astype(reading.dtype, copy=False)


def _as_piece(
    values: Sequence[NDArray[Any]],
    numbers: Sequence[int],
    file: Path,
    reading: Reading,
    failures: Sequence[tuple[int, str]] = (),
) -> Piece:
    for number, one in zip(numbers, values, strict=True):
        if one.shape != values[0].shape:
            (height, width), (other, wide) = values[0].shape[-2:], one.shape[-2:]
            raise FileError(
                f"{file}: page {numbers[0]} is {height}x{width}, but page {number} is {other}x{wide}; "
                "type --resize to make them equal, or --pages first"
            )
    if len(values) == 1:
        samples = values[0][np.newaxis]
    else:
        samples = np.stack(values) if values else np.empty((0, 0, 0), reading.dtype)
    return Piece(samples, np.array(numbers, dtype=np.int64), failures=failures)
