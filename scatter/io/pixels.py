"""Images as the whole numbers that files hold, for what must not change a sample."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scatter._limits import check_most
from scatter.errors import FileError, ScatterWarning
from scatter.io.arrays import read_array
from scatter.io.atomic import atomic_output
from scatter.io.depths import losses
from scatter.io.files import reason, regular_file
from scatter.io.images import decoded, upright

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

WRITTEN = {".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP", ".ppm": "PPM", ".pgm": "PPM"}
"""Formats that are written, all without loss; and ``.npy``."""
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_WHITE = {"PPM": (1, 3), "BMP": (1, 3)}


def read_pixels(
    path: str | os.PathLike[str], *, max_pixels: int = 2**26, lossless: bool = False
) -> NDArray[Any]:
    """Read an image as its own samples.

    Parameters
    ----------
    path : str or path-like
        An image file, or an array of uint8 or uint16 in ``.npy``.
    max_pixels : int, default=2**26
        Largest height times width.
    lossless : bool, default=False
        Refuse a file that holds more than the array: 16-bit colours, of which 8 bits are read, CMYK, further
        pages. Otherwise a `ScatterWarning` says what was left out.

    Returns
    -------
    ndarray of uint8 or uint16
        (H, W) if grey, else (H, W, C): grey and alpha, red, green and blue, or these and alpha. Palettes are
        resolved. 16-bit colour comes whole as ``.npy``.

    Warns
    -----
    ScatterWarning
        If the array does not hold all that the file does.

    Raises
    ------
    FileError
        If the file can't be read or decoded, is larger than ``max_pixels``, or its samples are neither bytes
        nor 16-bit integers; or, with ``lossless``, if the array would not hold all that the file does.
    InputError
        If ``max_pixels`` is no number of at least 1.

    Examples
    --------
    >>> read_pixels("photo.png").dtype  # doctest: +SKIP
    dtype('uint8')
    """
    most = check_most(max_pixels)
    file = regular_file(path)
    if Path(file).suffix.lower() == ".npy":
        return _read_array(file, most)
    pixels, lost = decoded(file, most, lambda image: _whole(image, file, lossless))
    if lost:
        warnings.warn(f"{file}: left out: {'; '.join(lost)}", ScatterWarning, stacklevel=2)
    return pixels


def write_pixels(path: str | os.PathLike[str], image: NDArray[Any]) -> None:
    """Write an image without loss, as a whole or not at all.

    Parameters
    ----------
    path : str or path-like
        With a suffix of `WRITTEN`, or ``.npy``.
    image : ndarray of uint8 or uint16
        (H, W) or (H, W, C).

    Raises
    ------
    FileError
        If the format does not hold such an image, or the file can't be written.

    Examples
    --------
    >>> write_pixels("copy.png", np.zeros((8, 8), "uint8"))  # doctest: +SKIP
    """
    file = Path(path)
    suffix = file.suffix.lower()
    if suffix == ".npy":
        with atomic_output(file) as temporary, open(temporary, "wb") as stream:
            np.save(stream, image)
        return
    kind = WRITTEN.get(suffix)
    if kind is None:
        raise FileError(f"{file}: the suffix is {suffix!r}; allowed are .npy, {', '.join(WRITTEN)}")
    channels = image.shape[2] if image.ndim == 3 else 1
    if (image.dtype == np.uint16 and channels > 1) or channels not in _WHITE.get(kind, tuple(_MODES)):
        what = f"{8 * image.itemsize}-bit samples of {channels} channels"
        raise FileError(f"{file}: {kind} can't be written with {what}; write to a file .npy")
    from PIL import Image

    try:
        with atomic_output(file) as temporary, open(temporary, "wb") as stream:
            Image.fromarray(image).save(stream, kind)
    except (ValueError, TypeError) as error:
        raise FileError(f"{file}: can't be written: {reason(error)}") from error


def _read_array(file: os.PathLike[str], max_pixels: float) -> NDArray[Any]:
    found = read_array(file, max_bytes=int(min(8 * max_pixels, 2**62)))
    # The order of bytes is no part of a value.
    found = found.astype(found.dtype.newbyteorder("="), copy=False)
    if found.dtype not in (np.uint8, np.uint16) or found.ndim not in (2, 3):
        raise FileError(
            f"{file}: holds {found.dtype} of shape {found.shape}; an image is uint8 or uint16 of shape "
            "(H, W) or (H, W, C)"
        )
    return found


def _whole(image: ImageFile, file: os.PathLike[str], lossless: bool) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Samples of an open image, and what they leave out of the file."""
    lost = losses(image)
    if lost and lossless:
        raise FileError(
            f"{file}: can't be kept without loss, as these would be left out: {'; '.join(lost)}; type "
            "--bpp 4 or another target without --lossless, or hand in the samples as .npy"
        )
    return _samples(upright(image), file), lost


def _samples(image: Image, file: os.PathLike[str]) -> NDArray[Any]:
    mode = image.mode
    if mode.startswith("I"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise FileError(
                f"{file}: samples go from {values.min()} to {values.max()}; allowed are 0 to 65535"
            )
        return values.astype(np.uint16)
    if mode == "F":
        raise FileError(
            f"{file}: the samples are floats or packed into 12 bits; save the image with integers of 8 or "
            "16 bits"
        )
    if mode == "PA" or ("transparency" in image.info and mode != "LA"):
        return np.asarray(image.convert("RGBA"))
    if mode in _MODES.values():
        return np.asarray(image)
    return np.asarray(image.convert("L" if mode == "1" else "RGB"))
