"""``scatter stability``: how far the features of files move as the files are deformed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from scatter.cli import report
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

GRIDS = ("1d", "2d", "roto", "3d", "energies-1d", "energies-2d")
"""Transforms of signals on a grid, which is what there are deformations of."""


def run_stability(
    inputs: Sequence[str],
    *,
    transform: str | None,
    given: dict[str, Any],
    settings: Sequence[str],
    reading: dict[str, Any],
    labels_from_folders: bool,
    samples: int,
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
    samples : int
        How many are taken, by chance, if there are more.
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
        estimator, x, labels = _digits(transform, given, settings, samples, seed)
        failed = []
    classes = 0 if labels is None else len(np.unique(labels))
    y = labels if 1 < classes < len(x) else None  # names that are all the same, or all different, are none
    with counting("Deforming", "deformations") as watch:
        found = stability_report(estimator, x, y, seed=seed, watch=watch)
    if html is not None:
        report.write(html, _page(found).encode())
    if as_json:
        print_json({**found.to_dict(), "html": None if html is None else str(html), "failed": failed})
    else:
        _print(found, html)
    if failed:
        complain(f"{len(failed)} left out, of those that were looked at; the first one: {failed[0]}")
        raise typer.Exit(DATA_FAILED)


def _print(found: StabilityReport, html: Path | None) -> None:
    show(f"{found.samples} samples, {found.transform}")
    show("", "Constants of ||S(moved x) - S(x)|| <= C (max |tau| / 2^J + max |grad tau|) ||S(x)||, medians")
    names, constants = zip(
        *((one.representation, f"{one.relative:.2f}") for one in found.constants), strict=True
    )
    print_table({"representation": list(names), "C": list(constants)})
    neighbours = "" if not found.classes else ", and how many have their nearest neighbour in their class"
    show("", f"How far representations move, medians{neighbours}")
    print_table(_columns(found))
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
    _check_grid(transform or "2d")
    recipe = make_recipe(transform or "2d", params, settings, {}, "float32", None)
    return recipe.fit(Piece(x, np.arange(len(x)))), x, y


def _read(
    inputs: Sequence[str],
    transform: str | None,
    given: dict[str, Any],
    settings: Sequence[str],
    reading: dict[str, Any],
    labels_from_folders: bool,
    samples: int,
    seed: int,
) -> tuple[Any, NDArray[Any], NDArray[Any] | None, list[str]]:
    """The transform of samples of files, at most so many; their labels if all have one; what is damaged."""
    manifest = {"path_column": None, "label": None, "group": None, "labels_from_folders": labels_from_folders}
    listing = make_listing(list(inputs), manifest)
    name = transform or guess_transform(listing, reading["array"], reading["labels"])
    _check_grid(name)
    recipe = make_recipe(name, given, settings, reading, "float32", None)
    pieces, failed = _some(list(listing.items(recipe.read)), recipe, samples, np.random.default_rng(seed))
    shapes = {piece.samples.shape[1:] for piece, _ in pieces if isinstance(piece.samples, np.ndarray)}
    if len(shapes) > 1:
        a, b = sorted(shapes)[:2]
        what = "--resize HxW or --crop HxW" if recipe.read.kind == "image" else "--length N or --segment N"
        raise InputError(f"samples are of several sizes, such as {a} and {b}; type {what}")
    x = np.concatenate([piece.samples for piece, _ in pieces])[:samples]
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


def _check_grid(name: str) -> None:
    if name not in GRIDS:
        raise InputError(
            f"there are deformations of images, sounds and arrays, not of what --transform {name} takes; "
            f"type one of {', '.join(GRIDS)}"
        )


def _labels(piece: Piece, label: str | None) -> list[str | None]:
    if piece.labels is not None:
        return list(piece.labels.tolist())
    return [label] * len(piece.samples)


def _columns(found: StabilityReport) -> dict[str, list[Any]]:
    """The table of a report, as text."""

    def form(name: str) -> str:
        return ".1%" if "accuracy" in name else ".3f" if "change" in name else ""

    return {name: [format(value, form(name)) for value in column] for name, column in found.table().items()}


def _page(found: StabilityReport) -> str:
    columns = _columns(found)
    constants = [
        [one.representation, f"{one.relative:.2f}", f"{one.median:.3f}", f"{one.largest:.3f}"]
        for one in found.constants
    ]
    parts = [
        report.paragraph(f"{found.samples} samples, {found.transform}"),
        report.heading("How far representations move"),
        report.picture(report.render(found.plot()), "Relative changes: medians and quartiles."),
        report.paragraph(
            "The lower a curve, the less a representation cares about a deformation. What matters is the "
            "distance between classes beside it: a representation that never moves tells nothing apart."
        ),
        report.heading("The constant of the theorem"),
        report.paragraph(
            "The smallest C with ||S(moved x) - S(x)|| <= C (max |tau| / 2^J + max |grad tau|) times the "
            "norm of S(x), or of x, over all displacements of a sample: median, median and largest over the "
            "samples."
        ),
        report.table(["representation", "C, norm of S(x)", "C, norm of x", "largest"], constants),
    ]
    if found.classes:
        rows = [[one.representation, f"{one.ratio:.2f}", f"{one.accuracy:.1%}"] for one in found.classes]
        head = ["representation", "between over within", "nearest neighbour"]
        parts += [report.heading("Classes"), report.table(head, rows)]
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    parts += [report.heading("Every number"), report.table(list(columns), rows)]
    return report.page("How stable is it?", parts)
