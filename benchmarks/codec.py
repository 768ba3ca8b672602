"""The codec of images against JPEG 2000 (OpenJPEG) and AVIF (at speed 2), set as in `scatter.codec.rivals`.

Photographs are read from ``$SCATTER_DATA/photos``; the images of `codec_wheel` come with scikit-image and
PyWavelets. A curve is measured at a few fixed settings of each codec, at true sizes of files, and what is
said of a rate in between is interpolated over the logarithm of the rate. Nothing is said of rates that a
curve does not reach.
"""

from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.interpolate import PchipInterpolator
from threadpoolctl import threadpool_limits

from benchmarks.data import data
from benchmarks.memory import in_child
from benchmarks.timing import cores, interleaved, ratios
from scatter.codec import decode, encode
from scatter.codec.compare import CODECS
from scatter.codec.quality import bd_rate, psnr, ssim
from scatter.codec.rivals import LOSSLESS, Codec, avif

RATES = (0.1, 0.25, 0.5, 1.0, 2.0)
REFERENCE = "jpeg2000"
SETTINGS = {
    "scatter": (2.0, 4.0, 8.0, 17.0, 36.0, 76.0, 160.0),  # steps
    REFERENCE: (0.06, 0.1, 0.17, 0.25, 0.36, 0.5, 0.72, 1.0, 1.4, 2.0, 2.6),  # bits per pixel
    "avif": (1, 12, 25, 40, 55, 70, 82, 90, 95),  # qualities
}
BEST = CODECS | {"avif": avif(speed=2)}
"""Each with the settings that serve it best."""
WHEEL = (
    *("astronaut", "brick", "camera", "chelsea", "coffee", "grass", "gravel"),
    *("moon", "motorcycle_left", "rocket"),
)
"""Images inside of scikit-image's wheel; nothing is fetched."""
THREADS = 2
STEP = 8.0
"""Of the encodings that are timed: a good quality, about 40 dB."""


# ------------------------------------------------------------------ images
def kodak(mode: str) -> dict[str, np.ndarray]:
    """The photographs of Kodak, grey ("L") or in colour ("RGB")."""
    files = sorted(data("photos/kodak").glob("*.png"))
    return {file.stem: np.asarray(Image.open(file).convert(mode)) for file in files}


def wheel() -> dict[str, np.ndarray]:
    """Images that come with packages, grey."""
    import pywt.data

    folder = Path(importlib.util.find_spec("skimage").origin).parent / "data"
    files = {name: next(folder.glob(f"{name}.*")) for name in WHEEL}
    images = {name: np.asarray(Image.open(file).convert("L")) for name, file in files.items()}
    return images | {name: getattr(pywt.data, name)().astype(np.uint8) for name in ("aero", "ascent")}


def photograph() -> np.ndarray:
    """Nine photographs of Kodak as one, grey, 1536 x 2304."""
    lying = [image for image in kodak("L").values() if image.shape == (512, 768)]
    return np.block([lying[0:3], lying[3:6], lying[6:9]])


# ------------------------------------------------------------------ curves
@dataclass(frozen=True)
class Curve:
    """Bits per pixel, rising, and what is reached with them."""

    bpp: np.ndarray
    psnr: np.ndarray
    ssim: np.ndarray

    def psnr_at(self, rate: float) -> float:
        """NaN outside of the curve."""
        return float(PchipInterpolator(np.log(self.bpp), self.psnr, extrapolate=False)(np.log(rate)))


def curve(codec: Codec, image: np.ndarray) -> Curve:
    points, pixels = [], image.shape[0] * image.shape[1]
    for setting in SETTINGS[codec.name]:
        file = codec.encode(image, setting)
        decoded = codec.decode(file)
        points.append((8 * len(file) / pixels, psnr(image, decoded), ssim(image, decoded)))
    return Curve(*np.asarray(sorted(points)).T)


def side_by_side(images: dict[str, np.ndarray]) -> list[tuple[str, str, str]]:
    """Rows about ours and AVIF against JPEG 2000."""
    curves = {}
    with threadpool_limits(1), ThreadPoolExecutor(THREADS) as pool:
        for name in SETTINGS:
            found = pool.map(partial(curve, BEST[name]), images.values())
            curves[name] = dict(zip(images, found, strict=True))
    base, rows = curves.pop(REFERENCE), []
    for codec, ours in curves.items():
        for measure in ("psnr", "ssim"):
            rates = {
                name: bd_rate(base[name].bpp, getattr(base[name], measure), one.bpp, getattr(one, measure))
                for name, one in ours.items()
            }
            best, worst = min(rates, key=rates.get), max(rates, key=rates.get)
            what = f"{codec}, bytes at equal {measure.upper()}, mean of {len(rates)} images"
            spread = f"best {best} {rates[best]:+.1f} %, worst {worst} {rates[worst]:+.1f} %"
            rows.append((what, f"{np.mean(list(rates.values())):+.1f} %", spread))
        rows += gains(codec, ours, base)
    return rows


def gains(codec: str, ours: dict[str, Curve], base: dict[str, Curve]) -> list[tuple[str, str, str]]:
    """Rows about PSNR at equal rates."""
    rows, worse, points = [], [], 0
    for rate in RATES:
        found = {name: one.psnr_at(rate) - base[name].psnr_at(rate) for name, one in ours.items()}
        found = {name: gain for name, gain in found.items() if np.isfinite(gain)}
        worse += [f"{name} at {rate:g}" for name, gain in found.items() if gain < 0]
        points += len(found)
        if found:
            values = np.asarray(list(found.values()))
            spread = f"{values.min():+.2f} .. {values.max():+.2f}, {len(values)} images reach it"
            rows.append((f"{codec}, PSNR at {rate:g} bpp", f"{values.mean():+.2f} dB", spread))
    rows.append((f"{codec}, (image, rate) below JPEG 2000", f"{len(worse)} of {points}", ", ".join(worse)))
    return rows


def codec_grey():
    """Photographs of Kodak, grey, 8 bits: against OpenJPEG at equal quality and at equal rate."""
    return side_by_side(kodak("L"))


def codec_colour():
    """Photographs of Kodak in colour, 4:4:4; PSNR is that of red, green and blue, SSIM the channels' mean."""
    return side_by_side(kodak("RGB"))


def codec_wheel():
    """Images that come with scikit-image and PyWavelets, grey, 8 bits: nothing has to be fetched."""
    return side_by_side(wheel())


# ------------------------------------------------------------------ lossless
def lossless_size(codec: Codec, image: np.ndarray) -> float:
    file = codec.encode(image, 0)
    if not np.array_equal(codec.decode(file), image):
        raise AssertionError(f"{codec.name} is not lossless")
    return 8 * len(file) / (image.shape[0] * image.shape[1])


def ours_lossless() -> Codec:
    return Codec(
        "scatter", lambda image, _: encode(image, lossless=True, n_jobs=1), partial(decode, n_jobs=1)
    )


def codec_lossless():
    """Photographs of Kodak, lossless, mean bits per pixel; JPEG XL and JPEG-LS where there is imagecodecs."""
    rows = []
    for mode, label in (("L", "grey"), ("RGB", "colour")):
        images = list(kodak(mode).values())
        sizes = {}
        for codec in (ours_lossless(), *LOSSLESS.values()):
            if codec.available:
                with threadpool_limits(1), ThreadPoolExecutor(THREADS) as pool:
                    sizes[codec.name] = np.asarray(list(pool.map(partial(lossless_size, codec), images)))
        for name, found in sizes.items():
            less = (
                "" if name == "scatter" else f"scatter {100 * (sizes['scatter'] / found - 1).mean():+.1f} %"
            )
            plain = ", without a colour transform" if (name, label) == ("jpegls", "colour") else ""
            rows.append((f"{label}, {name}{plain}", f"{found.mean():.3f}", less))
    return rows


# ------------------------------------------------------------------ speed and memory
def codec_speed():
    """A grey picture of 3.5 megapixels, at one rate: megabytes of pixels a second, and peak memory."""
    image = photograph()
    size, theirs = image.nbytes / 1e6, CODECS[REFERENCE]
    file = encode(image, step=STEP)
    rate = 8 * len(file) / image.size
    their_file = theirs.encode(image, rate)
    rows = [("bits per pixel", f"{rate:.3f}", "")]
    for threads in (1, THREADS):
        runs = {
            "encode": (
                partial(encode, image, step=STEP, n_jobs=threads),
                partial(theirs.encode, image, rate),
            ),
            "decode": (partial(decode, file, n_jobs=threads), partial(theirs.decode, their_file)),
        }
        for what, (our_run, their_run) in runs.items():
            timings = interleaved(
                {"scatter": our_run, "OpenJPEG": their_run}, 3, lambda _, count=threads: cores(count)
            )
            for name, timing in timings.items():
                low, high = size / max(timing.seconds), size / min(timing.seconds)
                label = f"{name}, {what}, {threads} thread(s), MB/s"
                rows.append((label, f"{size / timing.median:.2f}", f"{low:.2f} .. {high:.2f}"))
            low, middle, high = ratios(timings["scatter"], timings["OpenJPEG"])
            label = f"times as fast is OpenJPEG, {what}, {threads} thread(s)"
            rows.append((label, f"{middle:.0f}", f"{low:.0f} .. {high:.0f}"))
    for name, setting in (("scatter", STEP), (REFERENCE, rate)):
        for what, found in zip(("encode", "decode"), peaks(name, setting), strict=True):
            rows.append((f"{name}, {what}, peak MB over the image", f"{found:.0f}", ""))
    return rows


CHILD = """
import sys
from benchmarks.codec import CODECS, photograph
image, codec, setting = photograph(), CODECS[sys.argv[1]], float(sys.argv[2])
small = codec.encode(image[:64, :64], setting)
codec.decode(small)
file = codec.encode(image, setting) if sys.argv[3] == "decode" else None
open("/proc/self/clear_refs", "w").write("5")  # forget the peak so far
before = peak()
codec.decode(file) if file else codec.encode(image, setting)
print((peak() - before) * 1024 / 1e6)
"""


def peaks(name: str, setting: float) -> list[float]:
    """Peak MB of encoding and of decoding, over what the process holds before: one child process each."""
    return [in_child(CHILD, name, setting, what) for what in ("encode", "decode")]


CASES = {
    "codec_grey": codec_grey,
    "codec_colour": codec_colour,
    "codec_wheel": codec_wheel,
    "codec_lossless": codec_lossless,
    "codec_speed": codec_speed,
}
