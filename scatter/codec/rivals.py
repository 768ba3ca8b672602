"""The codecs that ours is compared with: JPEG, JPEG 2000 and AVIF by Pillow, and what compresses losslessly.

Each has the settings that serve it best in this comparison: JPEG is optimised and progressive, AVIF is tuned
for PSNR, JPEG 2000 (OpenJPEG) is one bare codestream of one tile and one layer with the 9/7 wavelet, and
none of them drops colour resolution (4:4:4), because PSNR and SSIM are taken of red, green and blue.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError

Array = NDArray[Any]

_RESOLUTIONS, _COARSEST = 7, 8
"""Most resolutions of JPEG 2000; smaller images have fewer, so that the coarsest has this many pixels."""


@dataclass(frozen=True)
class Codec:
    """One way to compress an image, at a setting that trades bytes for quality.

    Parameters
    ----------
    name : str
        What tables call it.
    compress : callable
        ``compress(image, setting) -> bytes`` of an image of shape (H, W) or (H, W, C).
    decompress : callable
        ``decompress(data) -> ndarray``, of the same shape and type.
    lowest, highest : float, default=1, 100
        Range of settings, positive; a higher one gives more bytes.
    whole : bool, default=True
        Whether settings are whole numbers.
    to_rate : callable, optional
        ``to_rate(image, bpp) -> setting``, of a codec that meets a rate by itself; else it is searched.
    channels, deep_channels : tuple of int, default=(1, 3), ()
        The numbers of channels that images of 8 and of 16 bits may have.
    needs : str, optional
        The module, or the feature of Pillow, that it needs.
    """

    name: str
    compress: Callable[[Array, float], bytes]
    decompress: Callable[[bytes], Array]
    lowest: float = 1.0
    highest: float = 100.0
    whole: bool = True
    to_rate: Callable[[Array, float], float] | None = None
    channels: tuple[int, ...] = (1, 3)
    deep_channels: tuple[int, ...] = ()
    needs: str | None = None

    @property
    def available(self) -> bool:
        """Whether what it needs is installed."""
        from PIL import features

        return (
            self.needs is None or self.needs in features.get_supported() or find_spec(self.needs) is not None
        )

    def check(self, image: Array) -> None:
        """Refuse an image that the codec can't hold.

        Parameters
        ----------
        image : ndarray
            Of uint8 or uint16, shape (H, W) or (H, W, C).

        Raises
        ------
        InputError
            If the type or the number of channels is none of the codec's, or if it is not installed.
        """
        if not self.available:
            raise InputError(f"{self.name} needs {self.needs}, which is not installed here")
        check_image(image)
        channels = 1 if image.ndim == 2 else image.shape[2]
        allowed = self.channels if image.dtype == np.uint8 else self.deep_channels
        if not allowed:
            raise InputError(f"{self.name} takes 8 bits a channel, got {image.dtype}; type: image // 257")
        if channels not in allowed:
            counts = " or ".join(map(str, allowed))
            raise InputError(f"{self.name} takes {counts} channel(s) of {image.dtype}, got {channels}")

    def encode(self, image: Array, setting: float) -> bytes:
        """Compress at a setting, after `check`.

        Parameters
        ----------
        image : ndarray of uint8 or uint16, shape (H, W) or (H, W, C)
            The image.
        setting : float
            From ``lowest`` to ``highest``; what it means is the codec's own. Lossless ones ignore it.

        Returns
        -------
        bytes
            The file.
        """
        self.check(image)
        return self.compress(image[..., 0] if image.shape[2:] == (1,) else image, setting)

    def decode(self, data: bytes) -> Array:
        """Decompress what `encode` gave; an image of one channel has shape (H, W)."""
        return self.decompress(data)


def check_image(image: Array) -> None:
    """Refuse what is not an image of 8 or 16 bits.

    Parameters
    ----------
    image : ndarray
        Anything.

    Raises
    ------
    InputError
        If it is no array of uint8 or uint16 of shape (H, W) or (H, W, C) with pixels.
    """
    if not isinstance(image, np.ndarray) or image.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"an image must be an array of uint8 or uint16, got {getattr(image, 'dtype', image)!r}"
        )
    if image.ndim not in (2, 3) or image.size == 0:
        raise InputError(f"an image must have shape (H, W) or (H, W, C), got {image.shape}")


def _saved(image: Array, kind: str, **options: Any) -> bytes:
    from PIL import Image

    buffer = BytesIO()
    try:
        Image.fromarray(np.ascontiguousarray(image)).save(buffer, kind, **options)
    except (OSError, RuntimeError, ValueError) as error:
        size = " x ".join(map(str, image.shape[:2]))
        raise InputError(f"{kind} refuses an image of {size} pixels: {error}") from error
    return buffer.getvalue()


def _opened(data: bytes) -> Array:
    from PIL import Image

    with Image.open(BytesIO(data)) as image:
        return np.asarray(image)


def _jpeg(image: Array, quality: float) -> bytes:
    colour = {} if image.ndim == 2 else {"subsampling": "4:4:4"}
    return _saved(image, "JPEG", quality=int(quality), optimize=True, progressive=True, **colour)


def _jpeg2000(image: Array, **options: Any) -> bytes:
    return _saved(
        image,
        "JPEG2000",
        num_resolutions=max(1, min(_RESOLUTIONS, (min(image.shape[:2]) // _COARSEST).bit_length())),
        codeblock_size=(64, 64),
        progression="LRCP",
        mct=int(image.ndim == 3),
        no_jp2=True,
        **options,
    )


def _jpeg2000_lossy(image: Array, bpp: float) -> bytes:
    # OpenJPEG takes the ratio to the bytes of the pixels, and keeps below what is asked for.
    bits = 8 * image.itemsize * math.prod(image.shape[2:])
    return _jpeg2000(image, irreversible=True, quality_mode="rates", quality_layers=[bits / bpp])


def _avif(image: Array, quality: float, speed: int) -> bytes:
    return _saved(
        image,
        "AVIF",
        quality=int(quality),
        speed=speed,
        subsampling="4:0:0" if image.ndim == 2 else "4:4:4",
        max_threads=1,
        advanced={"tune": "psnr"},
    )


def avif(speed: int = 5) -> Codec:
    """AVIF at a speed.

    Parameters
    ----------
    speed : int, default=5
        From 0, the smallest files, to 10, the fastest encoder.

    Returns
    -------
    Codec
        Its setting is Pillow's quality, from 1 to 100.

    Raises
    ------
    InputError
        If there is no such speed.
    """
    if speed not in range(11):
        raise InputError(f"speed must be an integer from 0 to 10, got {speed!r}")
    return Codec("avif", lambda image, quality: _avif(image, quality, speed), _opened, needs="avif")


RIVALS = {
    codec.name: codec
    for codec in (
        Codec("jpeg", _jpeg, _opened, needs="jpg"),
        Codec(
            "jpeg2000",
            _jpeg2000_lossy,
            _opened,
            lowest=0.001,
            highest=64,
            whole=False,
            deep_channels=(1,),
            needs="jpg_2000",
        ),
        avif(),
    )
}
"""Lossy codecs, by name."""


def _imagecodecs(
    name: str, **options: Any
) -> tuple[Callable[[Array, float], bytes], Callable[[bytes], Array]]:
    """Encoder and decoder of a package that is in no extra: benchmarks use it where it is installed."""

    def function(what: str) -> Any:
        from importlib import import_module

        return getattr(import_module("imagecodecs"), f"{name}_{what}")

    return (
        lambda image, _: bytes(function("encode")(image, **options)),
        lambda data: np.asarray(function("decode")(data)),
    )


LOSSLESS = {
    codec.name: codec
    for codec in (
        Codec("png", lambda image, _: _saved(image, "PNG", optimize=True), _opened, deep_channels=(1,)),
        Codec(
            "jpeg2000",
            lambda image, _: _jpeg2000(image, irreversible=False),
            _opened,
            deep_channels=(1,),
            needs="jpg_2000",
        ),
        Codec(
            "jpegxl",
            *_imagecodecs("jpegxl", lossless=True, effort=7),
            deep_channels=(1, 3),
            needs="imagecodecs",
        ),
        Codec("jpegls", *_imagecodecs("jpegls"), deep_channels=(1, 3), needs="imagecodecs"),
    )
}
"""Lossless codecs, by name; none has a setting."""
