"""What the samples of an image file are, beyond what Pillow's decoding keeps of them.

Pillow knows eight bits a colour, and decodes some TIFF files into numbers that are not theirs. The tags of
a file decide here, not the mode that Pillow gives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.errors import FileError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

_BITS, _PHOTOMETRIC, _PLANES, _FORMAT = 258, 262, 284, 339
"""Numbers of tags of TIFF."""
_SIGNED, _FLOAT = 2, 3
_SIZ = b"\xff\x4f\xff\x51"
"""Where a code stream of JPEG 2000 begins, with the segment that says how deep its samples are."""
_SAVE = "save it as unsigned 16-bit integers, as floats between 0 and 1, or as .npy, which is read as it is"


def check_samples(image: Image, file: os.PathLike[str]) -> None:
    """Refuse an open image whose samples have no known white, or would be misread.

    Parameters
    ----------
    image : PIL.Image.Image
        Open, not decoded.
    file : path-like
        Its file, for messages.

    Raises
    ------
    FileError
        If a TIFF file holds signed integers, integers of 32 bits, or 16-bit colours in planes.
    """
    if image.format != "TIFF":
        return
    bits, kind = _tag(image, _BITS, (1,)), _tag(image, _FORMAT, (1,))
    if _SIGNED in kind:
        raise FileError(
            f"{file}: the samples are signed {bits[0]}-bit integers, of which none is known as white; {_SAVE}"
        )
    if max(bits) > 16 and _FLOAT not in kind:
        raise FileError(
            f"{file}: the samples are {max(bits)}-bit integers, which have no known white; {_SAVE}"
        )
    if _tag(image, _PLANES, (1,))[0] == 2 and len(bits) > 1 and max(bits) > 8:
        raise FileError(
            f"{file}: the samples are {max(bits)}-bit colours in planes, which can't be decoded; save the "
            "colours of a pixel side by side (tifffile: planarconfig='contig'), or as .npy"
        )


def as_meant(image: Image, opened: Image) -> Image:
    """The same image with its samples as the tags of its file mean them.

    Parameters
    ----------
    image : PIL.Image.Image
        Decoded, as Pillow returns it, or a copy of that.
    opened : PIL.Image.Image
        As `open_image` returned it, with its tags.

    Returns
    -------
    PIL.Image.Image
        Where Pillow left white at zero, inverted; of packed 12 bits, floats between 0 and 1.
    """
    from PIL import Image

    if image.mode in ("La", "RGBa"):  # colours that were multiplied by their alpha
        image = image.convert(image.mode.upper())
    if not hasattr(opened, "tag_v2") or not image.mode.startswith(("I", "F")):
        return image
    bits, whole = _tag(opened, _BITS, (16,))[0], image.mode.startswith("I")
    packed, inverted = whole and bits < 16, _tag(opened, _PHOTOMETRIC, (1,))[0] == 0
    if not packed and not inverted:
        return image
    values = np.asarray(image)
    if packed:
        values = values.astype(np.float32) / np.float32(2**bits - 1)
    if inverted:
        values = np.uint16(65535) - values.astype(np.uint16) if whole and not packed else 1 - values
    return Image.fromarray(values)


def losses(image: ImageFile) -> tuple[str, ...]:
    """What of an image file is not in what Pillow makes of it, in words.

    Parameters
    ----------
    image : PIL.Image.Image
        Open, not decoded.

    Returns
    -------
    tuple of str
        Empty if every sample of the file is there.
    """
    found = list(further_pages(image))
    depth = _depth(image)
    if depth > 16 or (depth > 8 and not image.mode.startswith(("I", "F"))):
        kept = 16 if image.mode.startswith("I") else 8
        found.append(f"{depth - kept} of the {depth} bits of every sample")
    if image.mode in ("CMYK", "YCbCr", "LAB"):
        found.append(f"the {image.mode} colours, of which red, green and blue are made")
    if image.mode.startswith("I") and "transparency" in image.info:
        found.append("which value is transparent")
    raw = str(next(iter(_decoding(image)), ""))
    if "X" in raw.partition(";")[0] and image.format == "TIFF":
        found.append("channels that are neither colour nor alpha")
    if raw.startswith(("RGBa", "La")):
        found.append("how colours were rounded when they were multiplied by their alpha")
    return tuple(found)


def further_pages(image: ImageFile) -> tuple[str, ...]:
    """How many pages or frames come after the first, in words; empty if none do."""
    pages = int(getattr(image, "n_frames", 1))
    return (f"{pages - 1} of {pages} pages or frames",) if pages > 1 else ()


def _depth(image: ImageFile) -> int:
    """Bits of a sample in the file."""
    if image.format == "TIFF":
        return max(_tag(image, _BITS, (1,)))
    if image.format == "JPEG2000":
        return _depth_of_jpeg2000(image)
    arguments = _decoding(image)
    if image.format == "PNG":
        return 16 if "16" in str(arguments) else 8
    if image.format == "PPM" and len(arguments) > 1:
        return max(8, int(arguments[1]).bit_length())
    return 8


def _decoding(image: ImageFile) -> tuple[Any, ...]:
    """What Pillow's decoder of an image is told, how samples lie in the file first."""
    told = image.tile[0][3] if image.tile else ()
    return told if isinstance(told, tuple) else (told,)


def _depth_of_jpeg2000(image: ImageFile) -> int:
    stream = image.fp
    if stream is None:  # decoded already
        return 8
    place = stream.tell()
    stream.seek(0)
    head = stream.read(2**16)
    stream.seek(place)
    start = head.find(_SIZ)
    # Of the segment SIZ (ISO 15444-1, A.5.1): the number of components after 38 bytes, then 3 bytes each.
    count = int.from_bytes(head[start + 40 : start + 42], "big")
    depths = [1 + (byte & 127) for byte in head[start + 42 : start + 42 + 3 * count : 3]]
    return max(depths, default=8) if start >= 0 else 8


def _tag(image: Image, number: int, default: tuple[int, ...]) -> Sequence[int]:
    found = getattr(image, "tag_v2", {}).get(number, default)
    return found if isinstance(found, tuple) and found else (found,) if isinstance(found, int) else default


__all__ = ["as_meant", "check_samples", "further_pages", "losses"]
