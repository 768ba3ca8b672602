"""``scatter pyramid``: an image taken apart, as a picture and as the energies of its bands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from scatter._text import format_size
from scatter.cli.output import print_json, print_table, say, show
from scatter.errors import InputError
from scatter.io import atomic_output, check_output, read_image
from scatter.pyramid import Decomposition, Pyramid, mosaic

PICTURES = (".png", ".jpg", ".tif")


def run_pyramid(
    image: Path,
    options: dict[str, Any],
    *,
    output: Path | None = None,
    grey: bool = False,
    lines: bool = True,
    as_json: bool = False,
) -> None:
    """Draw the pyramid of an image, and print the sizes and energies of its bands.

    Parameters
    ----------
    image : Path
        The image.
    options : dict
        Parameters of `Pyramid`.
    output : Path, optional
        The picture, of the size of the image.
    grey : bool
        Whether to mix the colours.
    lines : bool
        Whether to draw lines between the levels.
    as_json : bool
        Whether to print JSON.

    Raises
    ------
    InputError
        If an option is wrong, the image is too small for the levels, or the suffix of the picture is not
        known.
    FileError
        If the image can't be read or the picture can't be written.
    """
    pyramid = Pyramid(**options)
    if output is not None:
        if output.suffix.lower() not in PICTURES:
            raise InputError(
                f"{output}: a picture is written as {', '.join(PICTURES)}, got {output.suffix or 'no suffix'}"
            )
        check_output(output)
    planes = read_image(image, grey=grey)
    if not grey and (planes == planes[:1]).all():
        planes = planes[0]
    try:
        found = pyramid.decompose(planes)
    except InputError as error:
        raise InputError(f"{image}: {error}") from error
    if output is not None:
        _write(mosaic(found, ends=(0.0, 1.0), lines=lines), output)
    (_print_json if as_json else _print_text)(image, pyramid, found, output)


def _write(picture: Any, output: Path) -> None:
    from PIL import Image

    drawn = Image.fromarray(np.rint(255 * picture).astype(np.uint8))
    with atomic_output(output) as temporary:
        drawn.save(temporary, quality=95)


def _columns(found: Decomposition) -> dict[str, list[Any]]:
    """What there is to say of every band; energies are those of all colours together."""
    energies = {name: float(np.sum(energy)) for name, energy in found.energies().items()}
    total = sum(energies.values())
    return {
        "band": list(energies),
        "size": [band.shape[-2:] for band in found.bands.values()],
        "energy": list(energies.values()),
        "share": [energy / total if total else 0.0 for energy in energies.values()],
    }


def _print_json(image: Path, pyramid: Pyramid, found: Decomposition, output: Path | None) -> None:
    columns = _columns(found)
    print_json(
        {
            "image": image,
            "shape": found.shape,
            "channels": int(np.prod(found.batch)),
            "pyramid": repr(pyramid),
            "bands": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
            "output": output,
        }
    )


def _print_text(image: Path, pyramid: Pyramid, found: Decomposition, output: Path | None) -> None:
    columns = _columns(found)
    print_table({**columns, "size": [format_size(size) for size in columns["size"]]})
    show(f"# {image}, {format_size(found.shape)}: {pyramid}")
    if output is not None:
        say(f"{output}: the picture")
