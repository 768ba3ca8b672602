"""Decoding of whole images, of small copies and parts of them, and of their coefficients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from scatter._limits import check_most
from scatter.codec import checks, lifting, model, tiles
from scatter.codec.container import Contents, Tile
from scatter.codec.planes import plane_specs, step_size
from scatter.codec.walk import State
from scatter.codec.workers import Done, Watch, Workers
from scatter.errors import CodecError, InputError

if TYPE_CHECKING:
    from scatter.pyramid import Decomposition

Array = NDArray[Any]

ORTHONORMAL = {"horizontal": -2.0, "vertical": -2.0, "diagonal": 2.0}
"""What a detail is multiplied by at each level to be that of `bior4.4` of PyWavelets."""


@overload
def decode(
    data: bytes,
    *,
    reduce: int = ...,
    region: Sequence[int] | None = ...,
    coefficients: Literal[False] = ...,
    max_pixels: float | None = ...,
    n_jobs: int | None = ...,
    watch: Watch | None = ...,
) -> NDArray[Any]: ...


@overload
def decode(
    data: bytes,
    *,
    reduce: int = ...,
    region: None = ...,
    coefficients: Literal[True],
    max_pixels: float | None = ...,
    n_jobs: int | None = ...,
    watch: Watch | None = ...,
) -> Decomposition: ...


def decode(
    data: bytes,
    *,
    reduce: int = 0,
    region: Sequence[int] | None = None,
    coefficients: bool = False,
    max_pixels: float | None = None,
    n_jobs: int | None = None,
    watch: Watch | None = None,
) -> NDArray[Any] | Decomposition:
    """Decompress an image, or its wavelet coefficients.

    Parameters
    ----------
    data : bytes
        A file, or with ``reduce`` as much of its beginning as `info` says.
    reduce : int, default=0
        Halve the image so many times: a small copy comes from the first part of the file alone.
    region : sequence of int, optional
        The rectangle (x, y, width, height) of the full image that is wanted. Of a file with tiles, only
        those that it meets are decoded.
    coefficients : bool, default=False
        Give the sub-bands rather than the image. The last inverse transform is not computed.
    max_pixels : int, optional
        Refuse larger images, before anything is allocated. None refuses what is larger than 2**26 pixels, and
        what would take more than some 10 seconds or 1 GB and is at the same time so small a file that it is
        hardly a picture: more than 2**25 samples to decode, and less than a quarter of a bit for each.
    n_jobs : int, optional
        Threads, counted as in scikit-learn; by default as many as this process may use.
    watch : callable, optional
        ``watch(done, all)`` is told how many tiles are decoded, and of how many.

    Returns
    -------
    ndarray of uint8 or uint16, shape (H, W) or (H, W, C)
        The image; without a channel axis if it has one channel. With ``coefficients`` a
        `scatter.Decomposition` of float32, scaled as by ``Pyramid("bior4.4")``, 0 being mid-grey; of several
        channels a batch of planes: luma, Cb and Cr, or without loss those of the reversible transform that
        `info` names, and alpha.

    Raises
    ------
    CodecError
        If the file is damaged, cut off, or made by a model or version that this release does not have.
    InputError
        If an argument is out of range for this image.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import codec
    >>> data = codec.encode(np.full((48, 64), 90, "uint8"), bpp=0.5)
    >>> codec.decode(data, reduce=1).shape
    (24, 32)
    >>> codec.decode(data, region=(8, 0, 16, 48)).shape
    (48, 16)
    >>> codec.decode(data, coefficients=True)
    Decomposition(shape=(48, 64), levels=3, transform='decimated', bands=10)
    """
    most = checks.MOST_PIXELS if max_pixels is None else check_most(max_pixels)
    contents = _open(data, most)
    header = contents.header
    reduce = checks.check_reduce(reduce, header.levels)
    wanted = checks.check_region(region, header.height, header.width)
    jobs = checks.jobs(n_jobs)
    met = [_meets(tile, wanted) for tile in contents.tiles]
    if max_pixels is None:
        checks.check_work(
            header,
            [tile for tile, is_met in zip(contents.tiles, met, strict=True) if is_met],
            reduce,
            len(data),
        )
    if coefficients:
        if region is not None:
            raise InputError("coefficients are those of the whole image; leave region out")
        if reduce == header.levels:
            raise InputError(f"with reduce={reduce} no level of coefficients is left; make it smaller")
        return _coefficients(contents, reduce, jobs, watch)
    left, top = wanted.x >> reduce, wanted.y >> reduce
    right, bottom = (-(-end // 2**reduce) for end in (wanted.x + wanted.width, wanted.y + wanted.height))
    kind = np.uint8 if header.depth == 8 else np.uint16
    out = np.empty((bottom - top, right - left, header.channels), kind)

    def paste(tile: Tile, states: list[State]) -> None:
        planes = [state.approximation for state in states]
        part = tiles.from_planes(planes, header.depth, header.lossless, header.colours)
        _paste(out, part, (tile.y >> reduce) - top, (tile.x >> reduce) - left)

    _each_tile(contents, met, reduce, jobs, paste, watch)
    return out[..., 0] if header.channels == 1 else out


def info(data: bytes) -> dict[str, Any]:
    """What a file says about itself, from its header alone.

    Parameters
    ----------
    data : bytes
        A file, or enough of its beginning.

    Returns
    -------
    dict
        ``height`` and ``width`` in pixels, ``channels``, ``depth`` in bits, ``lossless``, ``step`` (0 if
        lossless), ``tile`` (about the side of the tiles, 0 without), ``tiles`` (their number), ``model``,
        ``colours`` (the reversible transform of colours, 0 to 6; 0 if there is none),
        ``levels`` (the largest ``reduce``), and ``bytes``: how many from the start each ``reduce`` needs.

    Raises
    ------
    CodecError
        If the header is damaged, cut off, or of a version that is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import codec
    >>> found = codec.info(codec.encode(np.zeros((48, 64, 3), "uint16"), lossless=True))
    >>> found["width"], found["channels"], found["depth"], found["levels"]
    (64, 3, 16, 3)
    """
    contents = Contents(checks.check_data(data))
    header = contents.header
    found = asdict(header)
    step = 0.0 if header.lossless else step_size(found.pop("step_index"))
    found.pop("step_index", None)
    tiled = len(contents.tiles)
    return {
        **found,
        "step": step,
        "tile": header.tile,
        "tiles": tiled,
        "levels": header.levels,
        "bytes": contents.sizes,
    }


def _each_tile(
    contents: Contents,
    wanted: list[bool],
    stop: int,
    n_jobs: int,
    use: Callable[[Tile, list[State]], None],
    watch: Watch | None,
    keep: bool = False,
) -> None:
    """Decode tiles and do something with each, which may need all its levels."""
    header, shared = contents.header, model.load(contents.header.model)
    specs = plane_specs(header.channels, header.depth, header.lossless, header.step_index)
    met = [(k, tile) for k, tile in enumerate(contents.tiles) if wanted[k]]
    done = Done(len(met), watch)

    def one(numbered: tuple[int, Tile]) -> None:
        number, tile = numbered
        size = (tile.height, tile.width)
        stream = contents.stream(number, lifting.levels(*size) + 1 - stop)
        try:
            states = tiles.decode_tile(shared, stream, specs, size, stop, inner, keep)
        except (AssertionError, ValueError, OverflowError) as error:
            # What the entropy decoder says of words that no encoder writes.
            raise CodecError(f"the data are damaged: {error or type(error).__name__}") from error
        use(tile, states)
        done.after(None)

    with Workers(n_jobs) as workers:
        inner = workers if len(met) == 1 else Workers(1)
        workers.map(one, met)


def _coefficients(contents: Contents, reduce: int, n_jobs: int, watch: Watch | None) -> Decomposition:
    from scatter.pyramid import Decomposition

    header = contents.header
    levels = range(header.levels, reduce, -1)
    sizes = lifting.sizes(header.height, header.width, header.levels)
    outer = {j: (sizes[j - 1][0] - sizes[j][0], sizes[j - 1][1] - sizes[j][1]) for j in levels}
    shapes = {
        j: {"horizontal": (high, sizes[j][1]), "vertical": (sizes[j][0], wide), "diagonal": (high, wide)}
        for j, (high, wide) in outer.items()
    }
    count = header.channels
    details = [
        {name: np.empty((count, *size), np.float32) for name, size in shapes[j].items()} for j in levels
    ]
    approximation = np.empty((count, *sizes[header.levels]), np.float32)

    def paste(tile: Tile, states: list[State]) -> None:
        more = lifting.levels(tile.height, tile.width) - header.levels
        for plane, state in enumerate(states):
            coarse = state.approximations[more] * 2.0 ** (header.levels - reduce)
            _paste(approximation[plane], coarse, tile.y >> header.levels, tile.x >> header.levels)
            for k, j in enumerate(levels):
                found = state.details[more + k]
                parts = {"horizontal": found.lh, "vertical": found.hl, "diagonal": found.hh}
                for name, part in parts.items():
                    scale = ORTHONORMAL[name] * 2.0 ** (j - reduce - 1)
                    _paste(details[k][name][plane], part * scale, tile.y >> j, tile.x >> j)

    _each_tile(contents, [True] * len(contents.tiles), reduce, n_jobs, paste, watch, keep=True)
    if count == 1:
        approximation = approximation[0]
        details = [{name: band[0] for name, band in level.items()} for level in details]
    return Decomposition(approximation, details, sizes[reduce])


def _paste(out: Array, part: Array, y: int, x: int) -> None:
    """Put a part where it belongs, as much of it as there is room for."""
    y0, x0 = max(0, -y), max(0, -x)
    target = out[max(0, y) : max(0, y + part.shape[0]), max(0, x) : max(0, x + part.shape[1])]
    target[...] = part[y0 : y0 + target.shape[0], x0 : x0 + target.shape[1]]


def _open(data: bytes, max_pixels: float) -> Contents:
    contents = Contents(checks.check_data(data))
    header = contents.header
    if header.height * header.width > max_pixels:
        raise CodecError(
            f"the image has {header.width} x {header.height} pixels; max_pixels allows {max_pixels:.0f}; "
            "raise it if you trust the file"
        )
    model.load(header.model)
    return contents


def _meets(tile: Tile, region: checks.Region) -> bool:
    return (
        tile.x < region.x + region.width
        and region.x < tile.x + tile.width
        and tile.y < region.y + region.height
        and region.y < tile.y + tile.height
    )
