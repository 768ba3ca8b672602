"""Images as float arrays in [0, 1], with the size checked before a pixel is decoded."""

import os
import warnings
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, TypeVar

import numpy as np

from scatter._limits import check_most
from scatter.errors import FileError, ScatterWarning
from scatter.io.depths import as_meant, check_samples, further_pages
from scatter.io.files import reason, regular_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

Pixels = TypeVar("Pixels")

# Formats that hold pixels and nothing to be executed: no EPS, which Pillow hands to Ghostscript.
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "PPM", "JPEG2000")
_LUMA = (0.299, 0.587, 0.114)
_ROUNDING = 1e-5
_STRIP = 2**22
MOST_FRAME = 2**24
"""Pixels of a frame of an animation: decoders hold several copies of it, and paint each anew."""


def read_image(
    path: str | os.PathLike[str], *, grey: bool = True, max_pixels: int = 2**26
) -> "NDArray[np.float32]":
    """Read an image as an array of values between 0 (black) and 1 (white).

    The content decides about the format, not the suffix: PNG, JPEG, TIFF, BMP, GIF, WebP, PPM or JPEG 2000.
    Of an animation or a file of many pages, the first one is read.  The orientation that a camera noted is
    applied.  Transparent pixels are laid over white, as a page or a viewer shows them.

    Parameters
    ----------
    path : str or path-like
        The file.
    grey : bool, default=True
        Whether to mix the colours into one channel, with the weights 0.299, 0.587 and 0.114 (Rec. 601).
    max_pixels : int, default=2**26
        Largest height times width; the header is asked before anything is decoded.

    Returns
    -------
    ndarray of float32
        (H, W) if ``grey``, else (3, H, W), in [0, 1].  8-bit values are divided by 255, 16-bit grey values
        by 65535, 12-bit ones by 4095; where a TIFF file says that 0 is white, values are inverted.  Of
        16-bit colour the upper 8 bits are read.  Float values are kept and must lie in [0, 1].

    Warns
    -----
    ScatterWarning
        If there are further pages or frames, with their number.

    Raises
    ------
    FileError
        If the file is missing, a folder, empty, truncated, not an image, larger than ``max_pixels``, or if
        its values have no known white: signed integers, or integers of 32 bits.
    InputError
        If ``max_pixels`` is no number of at least 1.

    Examples
    --------
    >>> read_image("photo.jpg").shape  # doctest: +SKIP
    (480, 640)
    """
    most = check_most(max_pixels)
    file = regular_file(path)
    further, values = decoded(
        file, most, lambda image: (further_pages(image), image_values(upright(image), file, grey))
    )
    if further:
        warnings.warn(f"{file}: left out: {further[0]}", ScatterWarning, stacklevel=2)
    return values


def decoded(file: os.PathLike[str], max_pixels: float, convert: "Callable[[ImageFile], Pixels]") -> "Pixels":
    """What ``convert`` makes of the first image in a file, with every failure a `FileError`.

    Parameters
    ----------
    file : path-like
        A regular file.
    max_pixels : float
        Largest height times width.
    convert : callable
        From Pillow's image, open but not decoded, to an array.

    Returns
    -------
    ndarray
        As converted.
    """
    with (
        quiet_decoding(),
        decoding_image(file),
        open(file, "rb") as stream,
        open_image(stream, file, max_pixels) as image,
    ):
        return convert(image)


@contextmanager
def quiet_decoding() -> "Iterator[None]":
    """Silence Pillow's warnings while images are decoded, in every thread.

    Pillow warns about odd metadata, and about sizes that are checked anyway. The filters of `warnings`
    belong to the whole process: enter this once, around all threads that decode, not within them.

    Examples
    --------
    >>> with quiet_decoding():
    ...     pass
    """
    outside = warnings.filters[:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # What scatter itself says stays as it was.
        own = (f[0] for f in outside if f[1] is f[3] is None and issubclass(ScatterWarning, f[2]))
        warnings.simplefilter(next(own, "default"), ScatterWarning)  # type: ignore[arg-type,unused-ignore]
        yield


@contextmanager
def decoding_image(file: os.PathLike[str]) -> "Iterator[None]":
    """Turn whatever a decoder of images raises into a `FileError`.

    Parameters
    ----------
    file : path-like
        The file that is decoded meanwhile.

    Raises
    ------
    FileError
        In place of any other exception.
    """
    try:
        yield
    except FileError:
        raise
    except Exception as error:
        # A decoder fed with damaged bytes raises almost anything; all of it means the same to the caller.
        raise FileError(f"{file}: can't be decoded as an image: {reason(error)}") from error


def open_image(stream: IO[bytes], file: os.PathLike[str], max_pixels: float) -> "ImageFile":
    """Open an image and check its size, without decoding it.

    Parameters
    ----------
    stream : binary file
        The open file.
    file : path-like
        Its name, for messages.
    max_pixels : float
        Largest height times width.

    Returns
    -------
    PIL.Image.Image

    Raises
    ------
    FileError
        If the format is not known, if the image is too large, or if its samples have no known white.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(stream, formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise FileError(f"{file}: is not an image in a known format ({', '.join(_FORMATS)})") from error
    except Image.DecompressionBombError as error:
        raise FileError(f"{file}: the image is too large to be decoded safely: {reason(error)}") from error
    width, height = image.size
    if image.format == "WEBP" and getattr(image, "is_animated", False):
        max_pixels = min(max_pixels, MOST_FRAME)
    if width * height > max_pixels:
        raise FileError(
            f"{file}: the image is {height} x {width}, {width * height} pixels; at most {max_pixels:.0f} are "
            "allowed; make it smaller first or raise max_pixels"
        )
    check_samples(image, file)
    return image


def upright(image: "Image") -> "Image":
    """Decode an open image, its samples as the file means them, and turn it as the camera noted.

    Parameters
    ----------
    image : PIL.Image.Image
        As `open_image` returns it.

    Returns
    -------
    PIL.Image.Image
        The same one if there is nothing to turn.
    """
    image.load()
    return as_meant(_turned(image), image)


def _turned(image: "Image") -> "Image":
    from PIL import ImageOps

    # Asking for notes that are not there takes as long as decoding a small image.
    if image.format != "TIFF" and not any("exif" in str(key) or "xmp" in str(key) for key in image.info):
        return image
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        # A damaged note about the camera says nothing about the pixels, which are all there.
        return image


def image_values(image: "Image", file: os.PathLike[str], grey: bool) -> "NDArray[np.float32]":
    """The values of a decoded image, as `read_image` returns them.

    Parameters
    ----------
    image : PIL.Image.Image
        Decoded.
    file : path-like
        Its file, for messages.
    grey : bool
        Whether to mix the colours.

    Returns
    -------
    ndarray of float32
        (H, W) if ``grey``, else (3, H, W), in [0, 1].

    Raises
    ------
    FileError
        If the values have no known scale.
    """
    width, height = image.size
    if width * height <= _STRIP or image.mode.startswith(("I", "F")):
        return _arrange(_to_unit(image, file), grey)
    # Of a large image strip by strip: its colours as floats take four times the memory of the result.
    values = np.empty((height, width) if grey else (3, height, width), np.float32)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        strip = _arrange(_to_unit(image.crop((0, top, width, bottom)), file), grey)
        values[..., top:bottom, :] = strip
    return values


def _arrange(values: "NDArray[np.float32]", grey: bool) -> "NDArray[np.float32]":
    if values.ndim == 2:
        return values if grey else np.repeat(values[None], 3, axis=0)
    if grey:
        # In float32 the weights of a white pixel add up to a little more than 1.
        return np.minimum(values @ np.asarray(_LUMA, dtype=np.float32), np.float32(1))
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def resize_image(image: "NDArray[np.float32]", size: tuple[int, int]) -> "NDArray[np.float32]":
    """Resize an image with a linear filter that is widened when shrinking, so that nothing aliases.

    Parameters
    ----------
    image : ndarray of float32, shape (..., H, W)
        One or more images.
    size : tuple of int
        The new (height, width) in pixels.

    Returns
    -------
    ndarray of float32, shape (..., height, width)
        Each image within the range of its own values.
    """
    from PIL import Image

    height, width = size
    stack = np.asarray(image, dtype=np.float32).reshape(-1, *image.shape[-2:])
    resized = [
        np.asarray(Image.fromarray(one).resize((width, height), Image.Resampling.BILINEAR)) for one in stack
    ]
    return np.stack(resized).reshape(*image.shape[:-2], height, width)


def crop_image(image: "NDArray[Any]", size: tuple[int, int], file: str | os.PathLike[str]) -> "NDArray[Any]":
    """Cut a piece out of the middle of an image.

    Parameters
    ----------
    image : ndarray of shape (..., H, W)
        One or more images.
    size : tuple of int
        (height, width) of the piece, in pixels.
    file : path-like
        Where the image is from, for the message.

    Returns
    -------
    ndarray of shape (..., height, width)
        A view; of an odd margin, the larger half is cut off below and on the right.

    Raises
    ------
    FileError
        If the image is smaller.

    Examples
    --------
    >>> crop_image(np.arange(4.0)[None], (1, 2), "a.png")
    array([[1., 2.]])
    """
    height, width = size
    above, left = image.shape[-2] - height, image.shape[-1] - width
    if above < 0 or left < 0:
        raise FileError(
            f"{file}: is {image.shape[-2]}x{image.shape[-1]}, smaller than the crop {height}x{width}; "
            "resize it first or crop less"
        )
    top, start = above // 2, left // 2
    return image[..., top : top + height, start : start + width]


def _to_unit(image: "Image", file: os.PathLike[str]) -> "NDArray[np.float32]":
    mode = image.mode
    if mode.startswith("I"):
        found = _scale_integers(np.asarray(image), file)
        key = image.info.get("transparency")  # the value of a 16-bit grey PNG that is transparent
        return np.where(np.asarray(image) == key, np.float32(1), found) if isinstance(key, int) else found
    if mode == "F":
        return _check_floats(np.array(image, dtype=np.float32), file)
    if mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        pixels = np.asarray(image.convert("RGBA"), dtype=np.float32) / np.float32(255)
        colour, alpha = pixels[..., :3], pixels[..., 3:]
        return np.asarray(colour * alpha + (1 - alpha), dtype=np.float32)
    converted = image if mode in ("L", "RGB") else image.convert("L" if mode == "1" else "RGB")
    return np.asarray(converted, dtype=np.float32) / np.float32(255)


def _scale_integers(values: "NDArray[np.integer]", file: os.PathLike[str]) -> "NDArray[np.float32]":
    # Pillow's 32-bit mode also carries 16-bit files, scaled to them; others were refused when opened.
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise FileError(
            f"{file}: the pixels go from {low} to {high}, and 32-bit integers have no known white; "
            "save the image as unsigned 16-bit integers or as floats between 0 and 1"
        )
    found = np.array(values, dtype=np.float32)
    found /= np.float32(65535)
    return found


def _check_floats(values: "NDArray[np.float32]", file: os.PathLike[str]) -> "NDArray[np.float32]":
    if not np.isfinite(values).all():
        raise FileError(f"{file}: the pixels contain NaN or infinite values")
    low, high = float(values.min()), float(values.max())
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise FileError(
            f"{file}: the pixels go from {low:g} to {high:g}, outside of [0, 1]; divide them by the value of "
            "white, or save them as .npy, which is read as it is"
        )
    return np.clip(values, 0, 1)
