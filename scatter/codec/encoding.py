"""Encoding of whole images."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scatter.codec import checks, container, model, tiles
from scatter.codec.colour import choose_reversible
from scatter.codec.container import Header, Tile
from scatter.codec.planes import plane_specs
from scatter.codec.rate import Encoded, search
from scatter.codec.workers import Done, Watch, Workers

Array = NDArray[Any]

WHOLE = 2**22
"""Images of up to so many pixels are not cut into tiles."""
TILE = 1024
"""Sides of the tiles of larger images are about this, pixels."""


class _Source:
    """An image, transformed once, to be coded with one step or another; errors only if ``measured``."""

    def __init__(
        self, image: Array, depth: int, lossless: bool, measured: bool, n_jobs: int, watch: Watch | None
    ) -> None:
        self.image, self.depth, self.n_jobs, self.watch = image, depth, n_jobs, watch
        self.lossless, self.measured = lossless, measured
        self.model = model.load()
        tile = TILE if image.shape[0] * image.shape[1] > WHOLE else 0
        height, width, channels = image.shape
        colours = choose_reversible(image) if lossless and channels >= 3 else 0
        self.header = Header(height, width, channels, depth, lossless, 0, tile, self.model.identity, colours)
        self.tiles = self.header.tiles
        self._kept = self._transform(self.tiles[0]) if len(self.tiles) == 1 else None

    def code(self, step_index: int) -> Encoded:
        """The file for a step."""
        done = Done(len(self.tiles), self.watch)
        with Workers(self.n_jobs) as workers:
            inner = workers if len(self.tiles) == 1 else Workers(1)
            found = workers.map(lambda tile: done.after(self._code_tile(tile, step_index, inner)), self.tiles)
        data = container.write(replace(self.header, step_index=step_index), [part for part, _ in found])
        error = sum(error for _, error in found) / self.image.size
        return Encoded(data, error if self.measured else math.nan)

    def _transform(self, tile: Tile) -> Any:
        planes = tiles.to_planes(self._cut(tile), self.depth, self.lossless, self.header.colours)
        return tiles.transform(planes, self.lossless)

    def _cut(self, tile: Tile) -> Array:
        return self.image[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]

    def _code_tile(self, tile: Tile, step_index: int, workers: Workers) -> tuple[list[bytes], float]:
        specs = plane_specs(self.image.shape[2], self.depth, self.lossless, step_index)
        transformed = self._kept or self._transform(tile)
        size = (tile.height, tile.width)
        segments, states = tiles.encode_tile(self.model, transformed, specs, size, workers)
        if not self.measured:
            return segments, 0.0
        planes = [state.approximation for state in states]
        decoded = tiles.from_planes(planes, self.depth, self.lossless, self.header.colours)
        difference = decoded.astype(np.float32) - self._cut(tile)
        return segments, float(np.einsum("ijk,ijk->", difference, difference, dtype=np.float64))


def encode(
    image: ArrayLike,
    *,
    bpp: float | None = None,
    psnr: float | None = None,
    step: float | None = None,
    lossless: bool = False,
    n_jobs: int | None = None,
    watch: Watch | None = None,
) -> bytes:
    """Compress an image.

    Exactly one of ``bpp``, ``psnr``, ``step`` and ``lossless`` says how well.

    Parameters
    ----------
    image : array_like of uint8 or uint16, shape (H, W) or (H, W, C)
        Grey, grey and alpha, red, green and blue, or these and alpha: C is 1, 2, 3 or 4. Any size from
        1 x 1 on.
    bpp : float, optional
        Bits per pixel, of all channels together, that the file has at most, and nearly.
    psnr : float, optional
        Peak signal-to-noise ratio over all samples, in dB, that the decoded image has at least, and nearly.
    step : float, optional
        Quantisation step of an orthonormal transform, where white is 255; from 1/64 on. The fastest: ``bpp``
        and ``psnr`` code several times to find theirs.
    lossless : bool, default=False
        Keep every sample as it is.
    n_jobs : int, optional
        Threads, counted as in scikit-learn; by default as many as there may be. The bytes don't depend on it.
    watch : callable, optional
        ``watch(done, all)`` is told how many tiles are coded, and of how many: images of more than 2**22
        pixels have several. ``bpp`` and ``psnr`` begin again with every step that they try.

    Returns
    -------
    bytes
        A file that `decode` reads.

    Raises
    ------
    InputError
        If the image is not one, not exactly one target is given, or it can't be reached.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import codec
    >>> y, x = np.mgrid[:64, :96]
    >>> image = (127 + 60 * np.sin(x / 9) + 60 * np.cos(y / 7)).astype("uint8")
    >>> data = codec.encode(image, lossless=True)
    >>> bool((codec.decode(data) == image).all())
    True
    """
    found, depth = checks.check_image(image)
    target = checks.check_target(bpp, psnr, step, lossless)
    measured = target.name == "psnr"
    source = _Source(found, depth, lossless, measured, checks.jobs(n_jobs), watch)
    return search(source.code, target, found.shape[0] * found.shape[1], depth)
