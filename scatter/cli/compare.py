"""``scatter compare``: our codec beside JPEG, JPEG 2000 and AVIF, on the user's own images."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from scatter._text import format_size
from scatter.cli.bdrates import MEASURES, Compared, bd_rate_table, mean_bd_rates
from scatter.cli.comparison import section, write_page
from scatter.cli.group import DATA_FAILED
from scatter.cli.output import complain, print_json, print_table, say, show, track
from scatter.codec.compare import REFERENCE, Comparison, choose, compare
from scatter.errors import FileError, InputError, ScatterError
from scatter.io import check_output, expand, read_pixels
from scatter.io.samples import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHOWN = 0.25
"""The report shows decoded images at the lowest rate from this one on: lower ones all look alike, broken."""


def run_compare(
    inputs: list[str], *, bpp: str, codecs: str, html: Path | None = None, as_json: bool = False
) -> None:
    """Compress every image by every codec, and print rates, distortions and times.

    Parameters
    ----------
    inputs : list of str
        Files, folders and patterns.
    bpp, codecs : str
        As typed: rates in bits per pixel, and names, separated by commas.
    html : Path, optional
        A report with curves, decoded images and tables.
    as_json : bool
        Whether to print JSON instead of tables.

    Raises
    ------
    InputError
        If a rate or a codec is none.
    FileError
        If the report can't be written.
    typer.Exit
        With 1, after everything else, if an image could not be read or compared.
    """
    rates, names = _rates(bpp), [name.strip() for name in codecs.split(",")]
    choose(names)
    if html is not None:
        check_output(html)
    reference = REFERENCE if REFERENCE in names else names[0]
    keep = next((rate for rate in rates if rate >= SHOWN), rates[-1])
    done: list[Compared] = []
    sections: list[str] = []
    files, failed = _files(inputs)
    for file in track(files, "Images"):
        try:
            image = pixels(file)
            one = _compared(str(file), compare(image, names, rates, keep=keep), reference)
        except ScatterError as error:
            failed.append(str(error))
            continue
        if html is not None:
            sections += section(one, image, keep, names)
        # Decoded images of many files would fill the memory.
        done.append(replace(one, found=replace(one.found, decoded={})))
    if done and html is not None:
        write_page(html, bd_rate_table(done), sections, reference, failed)
    if done and as_json:
        _print_json(done, failed, reference, html)
    elif done:
        _print_tables(done, reference, html)
    for message in failed:
        complain(message)
    if failed:
        raise typer.Exit(DATA_FAILED)


def pixels(file: Path) -> NDArray[Any]:
    """Read an image as what all codecs can take: without colours or transparency that it does not use.

    Parameters
    ----------
    file : Path
        What `scatter.io.read_pixels` reads.

    Returns
    -------
    ndarray of uint8 or uint16
        (H, W) if it is grey, else (H, W, C).

    Raises
    ------
    FileError
        If it can't be read.
    """
    image = read_pixels(file)
    if image.shape[2:] in ((2,), (4,)) and (image[..., -1] == np.iinfo(image.dtype).max).all():
        image = image[..., :-1]
    if image.ndim == 3 and image.shape[2] in (1, 3) and (image == image[..., :1]).all():
        image = image[..., 0]
    return image


def _rates(text: str) -> list[float]:
    try:
        rates = sorted({float(part) for part in text.split(",")})
    except ValueError:
        rates = [0.0]
    if not all(0 < rate < math.inf for rate in rates):
        raise InputError(
            f"--bpp must be positive numbers separated by commas, such as 0.25,0.5,1, got {text!r}"
        )
    return rates


def _files(inputs: list[str]) -> tuple[list[Path], list[str]]:
    """The images among the inputs, and the messages about those inputs that are none."""
    files: dict[Path, None] = {}
    failed = []
    for entry in inputs:
        try:
            found = expand([entry])
        except FileError as error:
            failed.append(str(error))
            continue
        # What was named itself is tried whatever it is called.
        images = [path for path in found if path == Path(entry) or path.suffix.lower() in IMAGE_SUFFIXES]
        files.update(dict.fromkeys(images))
        if not images:
            failed.append(f"{entry}: holds no image")
    return list(files), failed


def _compared(name: str, found: Comparison, reference: str) -> Compared:
    if not found.points:
        raise FileError(f"{name}: no codec reaches any of the rates; {found.missing[0]}")
    rates: dict[str, dict[str, float]] = {}
    if reference in found.codecs:
        for measure in MEASURES:
            for codec, value in found.bd_rate(reference, measure).items():
                rates.setdefault(codec, {})[measure] = value
    return Compared(name, found, rates)


_WHICH = "# a mean is over the images for which all of these codecs have both BD-rates"
_NEEDED = "BD-rates are about curves, of two rates and more of one quality; type for example --bpp 0.5,1,2"


def _print_json(done: list[Compared], failed: list[str], reference: str, html: Path | None) -> None:
    images = [{"image": one.name, **one.found.to_dict(), "bd_rate": one.bd_rates} for one in done]
    report, means = None if html is None else str(html), mean_bd_rates(done)
    print_json(
        {
            "reference": reference,
            "images": images,
            "mean_bd_rate": means.rates,
            "mean_over": means.images,
            "failed": failed,
            "html": report,
        }
    )


def _print_tables(done: list[Compared], reference: str, html: Path | None) -> None:
    if sys.stdout.isatty():
        for place, one in enumerate(done):
            show(*[""] * (place > 0), f"{one.name}, {format_size(one.found.shape[:2])}")
            show(*str(one.found).splitlines())
    else:
        columns: dict[str, list[Any]] = {"image": [one.name for one in done for _ in one.found.points]}
        for one in done:
            for name, values in one.found.columns().items():
                columns.setdefault(name, []).extend(values)
        print_table(columns)
        for one in done:
            for missing in one.found.missing:
                show(f"# {one.name}: {missing}")
    if table := bd_rate_table(done):
        show("", f"# bytes against {reference} at equal quality; negative is fewer")
        print_table(table)
        if any("none" in column for column in table.values()):
            show("# none: no quality is reached by both codecs, at two rates and more")
        if len(done) > 1:
            show(_WHICH)
    elif any(len(one.found.codecs) > 1 for one in done):
        show("", f"# no codec can be compared with {reference}: {_NEEDED}")
    if html is not None:
        say("")
        say(f"{html}: curves, decoded images and tables")
