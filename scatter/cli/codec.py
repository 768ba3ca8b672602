"""``scatter compress``, ``decompress`` and ``inspect``: images into files of the codec and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scatter.cli.output import print_json, print_table, say, show
from scatter.cli.progress import counting
from scatter.codec import decode, encode, info
from scatter.errors import CodecError, FileError, InputError
from scatter.io import atomic_output, check_output, read_pixels, write_pixels
from scatter.io.files import reason, regular_file

SUFFIX = ".swc"


def run_compress(
    image: Path,
    output: Path,
    *,
    bpp: float | None,
    psnr: float | None,
    step: float | None,
    lossless: bool,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Compress one image; one bit per pixel unless told otherwise.

    Parameters
    ----------
    image : Path
        What `read_pixels` reads.
    output : Path
        The file, whose suffix is ``.swc``.
    bpp, psnr, step, lossless
        As in `encode`.
    jobs : int, optional
        Threads; None is all processors.
    as_json : bool
        Whether to print JSON.

    Raises
    ------
    FileError
        If the image can't be read or the file not written.
    InputError
        If the suffix or a target is none.
    """
    if output.suffix.lower() != SUFFIX:
        raise InputError(
            f"{output}: the suffix of a compressed image is {SUFFIX}; type {output.with_suffix(SUFFIX)}"
        )
    check_output(output)
    pixels = read_pixels(image, lossless=lossless)
    before = image.stat().st_size
    if bpp is psnr is step is None and not lossless:
        bpp = 1.0
    with counting("Compressing", "tiles") as watch:
        target = {"bpp": bpp, "psnr": psnr, "step": step}
        data = encode(pixels, **target, lossless=lossless, n_jobs=jobs, watch=watch)
    with atomic_output(output) as temporary:
        temporary.write_bytes(data)
    count = pixels.shape[0] * pixels.shape[1]
    found = {
        "file": str(output),
        "bytes": len(data),
        "bpp": round(8 * len(data) / count, 4),
        "ratio": round(before / len(data), 2),
        "ratio_of_samples": round(pixels.nbytes / len(data), 2),
    }
    if as_json:
        print_json(found)
    else:
        times = before / len(data)
        size = f"{times:.3g} times smaller" if times >= 1 else f"{1 / times:.3g} times larger"
        say(f"{output}: {len(data)} bytes, {found['bpp']:g} bits per pixel, {size} than {image}")


def run_decompress(
    file: Path,
    output: Path,
    *,
    reduce: int,
    region: str | None,
    max_pixels: int | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Decompress one file.

    Parameters
    ----------
    file : Path
        Of the codec.
    output : Path
        What `write_pixels` writes.
    reduce, max_pixels
        As in `decode`.
    region : str, optional
        As typed: x,y,width,height.
    jobs : int, optional
        Threads; None is all processors.
    as_json : bool
        Whether to print JSON.

    Raises
    ------
    CodecError
        If the file is damaged.
    FileError
        If it can't be read, or the image not written.
    InputError
        If an option is out of range.
    """
    check_output(output)
    rectangle = None if region is None else _region(region)
    try:
        with counting("Decompressing", "tiles") as watch:
            image = decode(
                _read(file), reduce=reduce, region=rectangle, max_pixels=max_pixels, n_jobs=jobs, watch=watch
            )
    except CodecError as error:
        raise CodecError(f"{file}: {error}") from error
    write_pixels(output, image)
    height, width = image.shape[:2]
    if as_json:
        print_json({"file": str(output), "shape": image.shape, "dtype": str(image.dtype)})
    else:
        say(f"{output}: {width} x {height} pixels, {image.dtype}")


def run_inspect(file: Path, *, as_json: bool) -> None:
    """Print what a file says about itself.

    Parameters
    ----------
    file : Path
        Of the codec, or the beginning of one.
    as_json : bool
        Whether to print JSON.

    Raises
    ------
    CodecError
        If the header is damaged.
    FileError
        If the file can't be read.
    """
    try:
        found = info(_read(file))
    except CodecError as error:
        raise CodecError(f"{file}: {error}") from error
    if as_json:
        print_json(found)
        return
    shown: dict[str, Any] = {**found, "model": f"{found['model']:#06x}"}
    needed = shown.pop("bytes")
    print_table({"property": list(shown), "value": [str(value) for value in shown.values()]})
    show("")
    print_table(
        {
            "reduce": list(range(len(needed))),
            "width": [-(-found["width"] // 2**k) for k in range(len(needed))],
            "height": [-(-found["height"] // 2**k) for k in range(len(needed))],
            "first bytes": needed,
        }
    )


def _read(file: Path) -> bytes:
    try:
        return regular_file(file).read_bytes()
    except OSError as error:
        raise FileError(f"{file}: can't be read: {reason(error)}") from error


def _region(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",", 3)]
    except ValueError as error:
        raise InputError(
            f"--region is x,y,width,height in pixels, such as 0,0,256,256; got {text!r}"
        ) from error
