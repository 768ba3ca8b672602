"""Codecs side by side: rate, distortion and time of one image, from files that were really written."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.codec.decoding import decode, info
from scatter.codec.encoding import encode
from scatter.codec.quality import WINDOW, bd_rate, psnr, ssim
from scatter.codec.rivals import RIVALS, Codec, check_image
from scatter.errors import InputError, ScatterError

Array = NDArray[Any]

REFERENCE = "jpeg2000"
_NEAR = 0.002
"""A search ends when a file is this near to the wanted size, relative to it."""
_REACHED = 0.1
"""Relative difference from the asked rate up to which it counts as reached: qualities are whole numbers."""


def _at_step(image: Array, step: float) -> bytes:
    # One thread, as the rivals.
    return encode(image, step=step, n_jobs=1)


def _step(image: Array, bpp: float) -> float:
    return float(info(encode(image, bpp=bpp))["step"])


def _decode(data: bytes) -> Array:
    return decode(data, n_jobs=1)


_EVERY = (1, 2, 3, 4)
_OURS = Codec("scatter", _at_step, _decode, to_rate=_step, channels=_EVERY, deep_channels=_EVERY)
CODECS = {_OURS.name: _OURS, **RIVALS}
"""What `compare` knows by name."""


@dataclass(frozen=True)
class Point:
    """One file: rates in bits per pixel, PSNR in dB, times in seconds."""

    codec: str
    asked: float
    bpp: float
    psnr: float
    ssim: float
    encode_seconds: float
    decode_seconds: float


@dataclass(frozen=True)
class Missing:
    """A rate that a codec does not reach, or None for all where it can't hold the image, and why."""

    codec: str
    asked: float | None
    reason: str

    def __str__(self) -> str:
        rate = "" if self.asked is None else f" at {self.asked:g} bpp"
        return f"{self.codec}{rate} is left out: {self.reason}"


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.  Printed, it is a table.

    Parameters
    ----------
    shape : tuple of int
        Of the image.
    points : tuple of Point
        By codec, in the order in which they were named, and by rate.
    missing : tuple of Missing
        What has no point.
    decoded : mapping of str to ndarray
        The decoded image of each codec at the rate to be kept.
    """

    shape: tuple[int, ...]
    points: tuple[Point, ...]
    missing: tuple[Missing, ...] = ()
    decoded: Mapping[str, Array] = field(default_factory=dict, repr=False, compare=False)

    @property
    def codecs(self) -> tuple[str, ...]:
        """Names of the codecs that have points."""
        return tuple(dict.fromkeys(point.codec for point in self.points))

    def curve(self, codec: str, measure: str = "psnr") -> tuple[list[float], list[float]]:
        """Rates of a codec and what it reaches at them, finite values only.

        Parameters
        ----------
        codec : str
            One of ``codecs``.
        measure : {"psnr", "ssim"}
            What is reached.

        Returns
        -------
        rates, values : list of float
            Bits per pixel, and dB or numbers up to 1.

        Raises
        ------
        InputError
            If there is no such codec or measure.
        """
        if measure not in ("psnr", "ssim"):
            raise InputError(f"measure must be 'psnr' or 'ssim', got {measure!r}")
        if codec not in self.codecs:
            raise InputError(f"{codec!r} has no point in this comparison; there are {', '.join(self.codecs)}")
        found = [(point.bpp, getattr(point, measure)) for point in self.points if point.codec == codec]
        found = [(rate, value) for rate, value in found if math.isfinite(value)]
        return [rate for rate, _ in found], [value for _, value in found]

    def bd_rate(self, reference: str = REFERENCE, measure: str = "psnr") -> dict[str, float]:
        """Bytes that each codec needs more than another for the same quality, in per cent.

        Parameters
        ----------
        reference : str, default="jpeg2000"
            The codec that the others are held against.
        measure : {"psnr", "ssim"}
            What quality is.

        Returns
        -------
        dict of str to float
            By codec, without the reference; NaN where the curves have less than two points or no quality in
            common.  See `scatter.codec.quality.bd_rate`.

        Raises
        ------
        InputError
            If the reference has no point, or if there is no such measure.
        """
        base = self.curve(reference, measure)
        rates = {}
        for codec in self.codecs:
            if codec != reference:
                try:
                    rates[codec] = bd_rate(*base, *self.curve(codec, measure))
                except InputError:
                    rates[codec] = math.nan
        return rates

    def columns(self) -> dict[str, list[Any]]:
        """The points as columns of equal length, by name: what a data frame is made from."""
        return {one.name: [getattr(point, one.name) for point in self.points] for one in fields(Point)}

    def to_dict(self) -> dict[str, Any]:
        """Everything but the decoded images, in lists, numbers and text."""
        return {
            "shape": list(self.shape),
            "points": [asdict(point) for point in self.points],
            "missing": [asdict(one) for one in self.missing],
        }

    def __str__(self) -> str:
        head = f"{'codec':<10}{'asked':>7}{'bpp':>8}{'PSNR':>8}{'SSIM':>8}{'encode s':>10}{'decode s':>10}"
        lines = [
            f"{p.codec:<10}{p.asked:>7g}{p.bpp:>8.3f}{p.psnr:>8.2f}{p.ssim:>8.4f}"
            f"{p.encode_seconds:>10.4f}{p.decode_seconds:>10.4f}"
            for p in self.points
        ]
        return "\n".join([head, *lines, *map(str, self.missing)])


def compare(
    image: Array,
    codecs: Sequence[str | Codec] = ("scatter", "jpeg", "jpeg2000", "avif"),
    bpp: Sequence[float] = (0.1, 0.25, 0.5, 1, 2),
    *,
    keep: float | None = None,
) -> Comparison:
    """Compress an image by several codecs to the same rates, and measure what comes back.

    Parameters
    ----------
    image : ndarray of uint8 or uint16, shape (H, W) or (H, W, C)
        The image; all codecs take grey, or red, green and blue, of 8 bits.
    codecs : sequence of str or Codec
        Names out of ``scatter``, ``jpeg``, ``jpeg2000`` and ``avif``, or codecs of one's own.
    bpp : sequence of float
        Bits per pixel, all channels together.
    keep : float, optional
        One of the rates, whose decoded images are kept as ``decoded``.

    Returns
    -------
    Comparison
        Rates are of whole files.  A rate that a codec misses by more than 10 % is left out and listed as
        ``missing``, and so is a codec that can't hold the image.  Seconds are those of one encoding at the
        setting that was found, and of one decoding, each in one thread.  SSIM is NaN where a side is
        shorter than 11 pixels.

    Raises
    ------
    InputError
        If there is no such codec, if two have one name, or if the image or a rate is none.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.codec.compare import compare
    >>> image = np.random.default_rng(0).integers(0, 256, (64, 64), dtype="uint8")
    >>> found = compare(image, codecs=["jpeg2000"], bpp=[1, 2])
    >>> [point.asked for point in found.points]
    [1.0, 2.0]
    """
    check_image(image)
    chosen = choose(codecs)
    if not len(bpp) or not all(0 < rate < math.inf for rate in bpp):
        raise InputError(f"bpp must be positive numbers, at least one, got {bpp!r}")
    points: list[Point] = []
    missing: list[Missing] = []
    decoded: dict[str, Array] = {}
    for codec in chosen:
        try:
            codec.check(image)
        except InputError as error:
            missing.append(Missing(codec.name, None, str(error)))
            continue
        known: dict[float, _File] = {}
        for asked in sorted({float(rate) for rate in bpp}):
            try:
                file = _compressed(codec, image, asked, known)
            except ScatterError as error:
                missing.append(Missing(codec.name, asked, str(error)))
                continue
            point, result = _measured(codec.name, asked, image, codec, file)
            points.append(point)
            if asked == keep:
                decoded[codec.name] = result
    return Comparison(image.shape, tuple(points), tuple(missing), decoded)


@dataclass(frozen=True)
class _File:
    data: bytes
    seconds: float


def choose(codecs: Sequence[str | Codec]) -> list[Codec]:
    """Codecs by their names.

    Parameters
    ----------
    codecs : sequence of str or Codec
        Names out of `CODECS`, or codecs of one's own.

    Returns
    -------
    list of Codec
        In the same order.

    Raises
    ------
    InputError
        If there is no such codec, if two have one name, or if there is none.
    """
    chosen = []
    for codec in codecs:
        if isinstance(codec, str) and codec not in CODECS:
            raise InputError(f"there is no codec {codec!r}; there are {', '.join(CODECS)}")
        chosen.append(CODECS[codec] if isinstance(codec, str) else codec)
    names = [codec.name for codec in chosen]
    twice = [name for name in names if names.count(name) > 1]
    if twice or not names:
        raise InputError(f"two codecs are named {twice[0]!r}" if twice else "at least one codec is needed")
    return chosen


def _compressed(codec: Codec, image: Array, bpp: float, known: dict[float, _File]) -> _File:
    """The file of a codec that is nearest to a rate."""
    pixels = image.shape[0] * image.shape[1]
    if codec.to_rate is None:
        file = _searched(codec, image, bpp * pixels / 8, known)
    else:
        file = _timed(codec, image, codec.to_rate(image, bpp))
    true = 8 * len(file.data) / pixels
    if abs(true - bpp) > _REACHED * bpp:
        raise InputError(f"the nearest file has {true:.3g} bpp")
    return file


def _timed(codec: Codec, image: Array, setting: float) -> _File:
    started = time.perf_counter()
    data = codec.encode(image, setting)
    return _File(data, time.perf_counter() - started)


def _searched(codec: Codec, image: Array, wanted: float, known: dict[float, _File]) -> _File:
    """Bisection over the settings, which starts from the ``known`` files and adds to them."""
    smaller = [setting for setting, file in known.items() if len(file.data) <= wanted]
    larger = [setting for setting, file in known.items() if len(file.data) > wanted]
    low = max(smaller, default=codec.lowest - codec.whole)
    high = min(larger, default=codec.highest + codec.whole)
    while high - low > (1 if codec.whole else _NEAR / 4 * low):
        setting = _between(low, high, wanted, known) if codec.whole else math.sqrt(low * high)
        known[setting] = _timed(codec, image, setting)
        size = len(known[setting].data)
        if abs(size - wanted) <= _NEAR * wanted:
            break
        low, high = (setting, high) if size <= wanted else (low, setting)
    return min(known.values(), key=lambda file: abs(len(file.data) - wanted))


def _between(low: float, high: float, wanted: float, known: dict[float, _File]) -> float:
    """A whole setting inside of a bracket: where the logarithm of the size would meet the wanted one."""
    middle = (low + high) // 2
    if low in known and high in known:
        small, large = len(known[low].data), len(known[high].data)
        middle = round(low + (high - low) * math.log(wanted / small) / math.log(large / small))
    return min(max(middle, low + 1), high - 1)


def _measured(name: str, asked: float, image: Array, codec: Codec, file: _File) -> tuple[Point, Array]:
    started = time.perf_counter()
    result = codec.decode(file.data)
    seconds = time.perf_counter() - started
    result = np.asarray(result).reshape(image.shape)
    bpp = 8 * len(file.data) / (image.shape[0] * image.shape[1])
    similarity = ssim(image, result) if min(image.shape[:2]) >= WINDOW else math.nan
    return Point(name, asked, bpp, psnr(image, result), similarity, file.seconds, seconds), result
