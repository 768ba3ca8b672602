"""``scatter stability``: how far the features of files move as the files are deformed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from scatter.cli.features import make_listing, make_recipe
from scatter.cli.group import DATA_FAILED
from scatter.cli.output import complain, print_json, print_table, say, show
from scatter.cli.progress import counting
from scatter.errors import FileError, InputError
from scatter.extraction.kinds import guess_transform
from scatter.extraction.listing import Item
from scatter.extraction.loaders import Loader
from scatter.extraction.recipe import Recipe
from scatter.io import check_output
from scatter.io.images import quiet_decoding
from scatter.io.reading import Piece
from scatter.stability import StabilityReport, stability_report
from scatter.stability.page import columns

IMAGES = ("1d", "2d", "roto", "energies-1d", "energies-2d")
"""Transforms that images of digits may go through."""
SAMPLES, SURFACES = 200, 20
"""Taken unless others are asked for; of surfaces, each of which has an operator to decompose, fewer."""


def run_stability(
    inputs: Sequence[str],
    *,
    transform: str | None,
    given: dict[str, Any],
    settings: Sequence[str],
    reading: dict[str, Any],
    labels_from_folders: bool,
    samples: int | None,
    html: Path | None,
    seed: int,
    as_json: bool,
) -> None:
    """Measure the stability of a transform on files, and print it.

    Parameters
    ----------
    inputs : sequence of str
        As for ``scatter features``; none are the digits of scikit-learn, sixes and eights.
    transform, given, settings, reading
        As for ``scatter features``.
    labels_from_folders : bool
        Whether the folder of a file is its label.
    samples : int, optional
        How many are taken, by chance, if there are more; None is `SAMPLES`, or `SURFACES`.
    html : Path, optional
        A report to write.
    seed : int
        Of the choice, and of the deformations.
    as_json : bool
        Whether to print JSON.

    Raises
    ------
    FileError
        If no sample can be read, or the report can't be written.
    InputError
        If an option is wrong, or samples are of several sizes.
    """
    if html is not None:
        check_output(html)
    if inputs:
        how = (transform, given, settings, reading, labels_from_folders)
        estimator, x, labels, failed = _read(inputs, *how, samples, seed)
    else:
        estimator, x, labels = _digits(transform, given, settings, samples or SAMPLES, seed)
        failed = []
    classes = 0 if labels is None else len(np.unique(labels))
    y = labels if 1 < classes < len(x) else None  # names that are all the same, or all different, are none
    with counting("Deforming", "deformations") as watch:
        found = stability_report(estimator, x, y, seed=seed, watch=watch)
    if html is not None:
        found.to_html(html)
    if as_json:
        print_json({**found.to_dict(), "html": None if html is None else str(html), "failed": failed})
    else:
        _print(found, html)
    if failed:
        complain(f"{len(failed)} left out, of those that were looked at; the first one: {failed[0]}")
        raise typer.Exit(DATA_FAILED)


def _print(found: StabilityReport, html: Path | None) -> None:
    show(f"{found.samples} samples, {found.transform}")
    if found.constants:
        show("", f"Constants of {found.theorem}, medians")
        names, constants = zip(
            *((one.representation, f"{one.relative:.2f}") for one in found.constants), strict=True
        )
        print_table({"representation": list(names), "C": list(constants)})
    neighbours = "" if not found.classes else ", and how many have their nearest neighbour in their class"
    show("", f"How far representations move, medians{neighbours}")
    print_table(columns(found))
    if html is not None:
        say(f"{html}: curves and tables")


def _digits(
    transform: str | None, given: dict[str, Any], settings: Sequence[str], samples: int, seed: int
) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    """Sixes and eights of scikit-learn's digits, and the transform of them."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    some = np.flatnonzero((y == 6) | (y == 8))
    some = np.sort(np.random.default_rng(seed).permutation(some)[:samples])
    x, y = (x[some].reshape(-1, 8, 8) / 16).astype(np.float32), y[some]
    # Local averages of images that stand on an empty ground.
    usual = {"J": 2, "padding": "zero"} | {"pooling": "none"}
    typed = {name: value for name, value in given.items() if value is not None}
    named = {text.partition("=")[0] for text in settings}
    params = {name: value for name, value in usual.items() if name not in named} | typed
    if (transform or "2d") not in IMAGES:
        raise InputError(
            f"without inputs there are images of digits, which --transform {transform} does not take; give "
            f"files, or type one of {', '.join(IMAGES)}"
        )
    recipe = make_recipe(transform or "2d", params, settings, {}, "float32", None)
    return recipe.fit(Piece(x, np.arange(len(x)))), x, y


def _read(
    inputs: Sequence[str],
    transform: str | None,
    given: dict[str, Any],
    settings: Sequence[str],
    reading: dict[str, Any],
    labels_from_folders: bool,
    samples: int | None,
    seed: int,
) -> tuple[Any, Any, NDArray[Any] | None, list[str]]:
    """The transform of samples of files, at most so many; their labels if all have one; what is damaged."""
    manifest = {"path_column": None, "label": None, "group": None, "labels_from_folders": labels_from_folders}
    listing = make_listing(list(inputs), manifest)
    name = transform or guess_transform(listing, reading["array"], reading["labels"])
    recipe = make_recipe(name, given, settings, reading, "float32", None)
    samples = samples or (SURFACES if recipe.read.kind in ("mesh", "points") else SAMPLES)
    pieces, failed = _some(list(listing.items(recipe.read)), recipe, samples, np.random.default_rng(seed))
    x = _together([piece for piece, _ in pieces], recipe.read.kind, samples)
    labels = [label for piece, label in pieces for label in _labels(piece, label)][:samples]
    return recipe.fit(pieces[0][0]), x, None if None in labels else np.asarray(labels), failed


def _some(
    items: list[Item], recipe: Recipe, samples: int, rng: np.random.Generator
) -> tuple[list[tuple[Piece, str | None]], list[str]]:
    """Samples of some items, or of some rows of arrays, by chance, and what is wrong with others."""
    sizes = [1 if item.stop is None else item.stop - item.start for item in items]
    ends = np.cumsum(sizes)
    found: list[tuple[Piece, str | None]] = []
    failed: list[str] = []
    count = 0
    with quiet_decoding(), Loader(recipe.read) as loader:
        for place in rng.permutation(int(ends[-1])).tolist():
            if count >= samples:
                break
            k = int(np.searchsorted(ends, place, side="right"))
            item, row = items[k], items[k].start + place - int(ends[k]) + sizes[k]
            start, stop = (item.start, None) if item.stop is None else (row, row + 1)
            try:
                if item.error is not None:
                    raise FileError(f"{item.file}: {item.error}")
                for read in loader.pieces(item.file, start, stop, samples):
                    piece = read()
                    failed += [f"{item.file}: {why}" for _, why in piece.failures]
                    count += len(piece.samples)
                    found += [(piece, item.label)] if len(piece.samples) else []
                    if count >= samples:
                        break
            except FileError as error:
                failed.append(str(error))
    if not found:
        raise FileError(f"no sample can be read; the first one: {failed[0] if failed else 'there is none'}")
    return found, failed


def _together(pieces: list[Piece], kind: str, samples: int) -> Any:
    """Samples of all pieces, at most so many: an array, or a list of things."""
    arrays = [piece.samples for piece in pieces if isinstance(piece.samples, np.ndarray)]
    if len(arrays) < len(pieces):
        return [one for piece in pieces for one in piece.samples][:samples]
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) > 1:
        a, b = sorted(shapes)[:2]
        what = "--resize HxW or --crop HxW" if kind == "image" else "--length N or --segment N"
        raise InputError(f"samples are of several sizes, such as {a} and {b}; type {what}")
    return np.concatenate(arrays)[:samples]


def _labels(piece: Piece, label: str | None) -> list[str | None]:
    if piece.labels is not None:
        return list(piece.labels.tolist())
    return [label] * len(piece.samples)
