"""``scatter predict``: from files to labels, by the transform and the classifier that a model holds."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import typer

from scatter._text import csv_line_text, format_size, from_csv_text
from scatter.cli.group import DATA_FAILED
from scatter.cli.output import complain, print_json, print_table, say
from scatter.cli.progress import Bar
from scatter.errors import FileError, InputError
from scatter.extraction import Recipe, extract
from scatter.extraction.assemble import errors_file
from scatter.extraction.banks import load_bank
from scatter.extraction.listing import Listing
from scatter.extraction.recipe import OtherWaveletError
from scatter.io import FeatureTable, atomic_output, check_output
from scatter.io.tables import read_table
from scatter.learning import Model, load_model, predict
from scatter.learning.evaluation import check_same_features

_ROWS = 4096
COLUMNS = ("file", "segment", "label", "probability")


def run_predict(
    model: Path,
    inputs: list[str],
    output: Path | None,
    *,
    path_column: str | None,
    wavelet: str | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Classify every sample of some files, and print or write a row for each.

    Parameters
    ----------
    model : Path
        What ``scatter train`` wrote.
    inputs : list of str
        Files, folders, patterns and manifests.
    output : Path, optional
        A .csv file; printed if None.
    path_column : str, optional
        Column of a manifest that names files, as in `Listing`.
    wavelet : str, optional
        ``FILE.py:NAME`` of the bank of wavelets that the features of the model were made with.
    jobs : int, optional
        Threads.
    as_json : bool
        Whether to print JSON.

    Raises
    ------
    FileError
        If the model or all files are damaged, if the files are not like those of the training, or if the
        output can't be written.
    InputError
        If a suffix is wrong.
    """
    if output is not None:
        if output.suffix.lower() != ".csv":
            raise InputError(
                f"{output}: predictions are written as .csv; type -o {output.with_suffix('.csv')}"
            )
        check_output(output)
    trained = load_model(model)
    recipe = _recipe(trained, model, load_bank(wavelet))
    with tempfile.TemporaryDirectory(prefix="scatter-") as folder, Bar() as bar:
        table = Path(folder) / "features.npy"
        listing = Listing(inputs, path_column)
        report = extract(inputs, table, recipe, listing=listing, jobs=jobs, watcher=bar)
        rows = list(_rows(trained, table))
        left_out = _left_out(errors_file(table)) if report.errors else []
    _print(rows, output, left_out, as_json)
    for file, segment, why in left_out:
        complain(f"{file}{f'[{segment}]' if segment else ''}: {why}")
    if left_out:
        raise typer.Exit(DATA_FAILED)


def _recipe(model: Model, path: Path, wavelet: Any) -> Recipe:
    try:
        return Recipe.from_dict(json.loads(model.metadata["recipe"]), wavelet)
    except OtherWaveletError as error:
        raise FileError(f"{path}: {error}") from error
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise FileError(
            f"{path}: does not say how files become features; train on a table that scatter features wrote"
        ) from error


def _rows(model: Model, path: Path) -> Iterator[tuple[str, int, str, float]]:
    table = read_table(path)
    try:
        check_same_features(model, table.names, table.metadata)
    except InputError as error:
        raise FileError(f"{table.keys['file'][0]}: {_difference(model, table) or error}") from error
    for start in range(0, len(table.features), _ROWS):
        part = slice(start, start + _ROWS)
        found = predict(model, table.features[part])
        keys = (table.keys["file"][part], table.keys["segment"][part])
        for file, segment, label, best in zip(*keys, found.labels, found.best, strict=True):
            yield str(file), int(segment), str(label), float(best)


def _difference(model: Model, table: FeatureTable) -> str | None:
    """What sets the samples apart from those of the training, in words of people; None if it is not that."""
    try:
        trained, now = (dict(json.loads(given.metadata["params"])) for given in (model, table))
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    if (wanted := trained.get("shape")) != (size := now.get("shape")):
        return (
            f"its size is {_size(size)}, but the model is of samples of {_size(wanted)}; train it on "
            f"features made with --{'resize' if isinstance(wanted, list) else 'length'} to take samples "
            "of any size"
        )
    if (rate := trained.get("sampling_rate")) != (found := now.get("sampling_rate")):
        return (
            f"its sampling rate is {found or 'unknown'}, but the model is of sounds of {rate or 'unknown'}; "
            "train it on features made with --resample to take sounds of any"
        )
    return None


def _size(shape: Any) -> str:
    return format_size(tuple(shape)) if isinstance(shape, list) else str(shape)


def _left_out(path: Path) -> list[tuple[str, str, str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        return [(from_csv_text(row["file"]), row["segment"], from_csv_text(row["reason"])) for row in rows]


def _print(rows: list[Any], output: Path | None, left_out: list[Any], as_json: bool) -> None:
    if output is not None:
        with atomic_output(output) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
            _write(rows, stream)
    if as_json:
        columns = {name: [row[place] for row in rows] for place, name in enumerate(COLUMNS)}
        skipped = [dict(zip(("file", "segment", "reason"), one, strict=True)) for one in left_out]
        print_json({"samples": len(rows), **columns, "skipped": skipped})
    elif output is not None:
        counts = np.unique([row[2] for row in rows], return_counts=True)
        said = ", ".join(f"{count} {label}" for label, count in zip(*counts, strict=True))
        say(f"{output}: {len(rows)} samples: {said}")
    else:
        print_table({name: [row[place] for row in rows] for place, name in enumerate(COLUMNS)})


def _write(rows: list[Any], stream: IO[str]) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for file, segment, label, best in rows:
        writer.writerow((csv_line_text(file), segment, csv_line_text(label), f"{best:.6g}"))
