"""``scatter features``: from files to a table of features."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import typer

from scatter.cli.group import DATA_FAILED
from scatter.cli.options import parse_size
from scatter.cli.output import complain, print_json, print_table, remark, say
from scatter.cli.progress import Bar
from scatter.errors import InputError
from scatter.extraction import TRANSFORMS, Recipe, Report, extract, load_recipe, save_recipe
from scatter.extraction.banks import load_bank
from scatter.extraction.cluster import ClusterCompute, local_cluster
from scatter.extraction.kinds import guess_transform
from scatter.extraction.listing import MANIFESTS, Listing
from scatter.extraction.recipe import typed
from scatter.extraction.run import Existing
from scatter.io.reading import Reading
from scatter.io.tables import table_format
from scatter.kernels.library import thread_limit
from scatter.numerics.threads import thread_count

# How parameters are typed, where they have an option of their own.
_FLAGS = {"J": "--J", "L": "--L", "Q": "--Q", "T": "--T", "max_order": "--max-order", "padding": "--padding"}
_FLAGS |= {"pooling": "--pooling", "log": "--log", "labels": "--label-array"}


def run_features(
    inputs: list[str],
    output: Path | None,
    *,
    transform: str | None,
    given: dict[str, Any],
    settings: list[str],
    reading: dict[str, Any],
    config: Path | None,
    save_config: Path | None,
    manifest: dict[str, Any],
    dtype: str | None,
    batch: int | None,
    on_error: Literal["skip", "fail"],
    existing: Existing | None,
    jobs: int | None,
    workers: int | None,
    scheduler: str | None,
    shard_size: int | None,
    as_json: bool,
) -> None:
    """Compute the features of all files and write them as one table.

    Parameters
    ----------
    inputs, output
        As typed; both are needed unless only a recipe is saved.
    transform, given, settings, reading, config
        What makes the recipe: the name of the transform, parameters with options of their own, those of
        ``--set``, how files are read, and a file that holds all of it.
    save_config : Path, optional
        Where to write the recipe.
    manifest : dict
        Parameters of `Listing`.
    dtype, batch, on_error, existing, jobs, shard_size
        As in `extract`.
    workers, scheduler
        Who computes; this process if both are None.
    as_json : bool
        Whether to report as JSON.

    Raises
    ------
    FileError
        If no sample can be read, or the table can't be written.
    InputError
        If an option is wrong.
    """
    listing = make_listing(inputs, manifest)
    given = {**given, "wavelet": load_bank(given["wavelet"])}
    if given["wavelet"] is not None and (workers, scheduler) != (None, None):
        raise InputError("--wavelet is a file of this machine's; leave --workers and --scheduler out")
    if config is not None:
        rest = {"dtype": dtype, "batch": batch}
        recipe = _only_config(config, transform, given, settings, reading, rest)
    else:
        name = transform or guess_transform(_without(listing, output), reading["array"], reading["labels"])
        recipe = make_recipe(name, given, settings, reading, dtype or "float32", batch)
    if save_config is not None:
        save_recipe(recipe, save_config)
        if not as_json:
            say(f"{save_config}: {recipe.text}")
    if output is None:
        if as_json:
            print_json({"config": str(save_config), "recipe": recipe.to_dict()})
        return
    with ExitStack() as stack:
        bar = stack.enter_context(Bar())
        compute = _cluster(stack, workers, scheduler, bar)
        report = extract(
            inputs,
            output,
            recipe,
            listing=listing,
            on_error=on_error,
            existing=existing,
            jobs=jobs,
            shard_size=shard_size,
            watcher=bar,
            compute=compute,
        )
    _print(report, save_config, as_json)


def run_list(*, as_json: bool) -> None:
    """Print which transforms there are, and their parameters."""
    rows: dict[str, Any] = {
        "transform": list(TRANSFORMS),
        "of": [kind.about for kind in TRANSFORMS.values()],
        "class": [kind.estimator for kind in TRANSFORMS.values()],
        "parameters": [kind.parameters for kind in TRANSFORMS.values()],
    }
    if as_json:
        print_json(
            {
                name: dict(zip(list(rows)[1:], row, strict=True))
                for name, *row in zip(*rows.values(), strict=True)
            }
        )
    else:
        print_table(rows)


def channels_of(channels: str | None, colour: bool | None) -> Any:
    """Which channels to keep, from ``--channels`` and ``--colour/--grey``; None if neither is given."""
    if channels is not None and colour is not None:
        raise InputError("--channels and --colour/--grey exclude each other")
    if colour is not None:
        return "all" if colour else "mix"
    if channels in (None, "mix", "all"):
        return channels
    parts = str(channels).split(",")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise InputError(f"--channels is mix, all or numbers such as 0,2, got {channels!r}")
    return tuple(int(part) for part in parts)


def existing_of(*, resume: bool, overwrite: bool) -> Existing | None:
    """What to do about an earlier run."""
    if resume and overwrite:
        raise InputError("--resume and --overwrite exclude each other")
    return "resume" if resume else "overwrite" if overwrite else None


def make_recipe(
    transform: str,
    given: dict[str, Any],
    settings: Sequence[str],
    reading: dict[str, Any],
    dtype: Any,
    batch: int | None,
) -> Recipe:
    """The recipe that options say."""
    kind = TRANSFORMS[transform]
    params = {name: value for name, value in given.items() if value is not None}
    for name, value in params.items():
        if name not in kind.parameters or (name == "wavelet" and not kind.takes_bank):
            raise InputError(
                f"{_flag(name)} {value} has no meaning here: this run is about {kind.about}, with "
                f"{kind.estimator}; leave it out"
            )
    for text in settings:
        name, value = _setting(text)
        if name in params:
            raise InputError(f"--set {text}: {name} is {params[name]} already; type it once")
        params[name] = value
    read = {name: value for name, value in reading.items() if value is not None}
    read |= {name: _sides(read[name], f"--{name}") for name in ("resize", "crop") if name in read}
    params = {name: typed(value) for name, value in params.items()}
    try:
        made = Reading(kind.sample, **read)
    except InputError as error:
        raise InputError(f"--{error}") from error
    return Recipe(transform, params, made, dtype, batch)


def _only_config(
    config: Path, transform: str | None, given: Any, settings: Any, reading: Any, rest: dict[str, Any]
) -> Recipe:
    values = {**given, **reading, **rest}
    wavelet = values.pop("wavelet", None)
    asked = [_flag(name) for name, value in values.items() if value is not None]
    asked += ["--set"] * bool(settings) + ["--transform"] * (transform is not None)
    if asked:
        raise InputError(f"--config {config} says everything about the transform; leave {asked[0]} out")
    return load_recipe(config, wavelet)


def make_listing(inputs: list[str], manifest: dict[str, Any]) -> Listing:
    """The inputs that options say."""
    if not any(Path(entry).suffix.lower() in MANIFESTS for entry in inputs):
        for name in ("path_column", "label", "group"):
            if manifest[name] is not None:
                raise InputError(
                    f"--{name.replace('_', '-')} {manifest[name]} is a column of a manifest "
                    f"({', '.join(MANIFESTS)}), and no input is one; leave it out"
                )
    return Listing(inputs, **manifest)


def _without(listing: Listing, output: Path | None) -> Listing:
    """The inputs without the output, which an earlier run may have left among them."""
    return listing if output is None else replace(listing, without=table_format(output).outputs(output))


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise InputError(f"--set is NAME=VALUE, such as --set n_moments=2, got {text!r}")
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = {"True": True, "False": False, "None": None}.get(value, value)
    return name, parsed


def _flag(name: str) -> str:
    return _FLAGS.get(name, f"--{name}")


def _sides(text: str, name: str) -> tuple[int, ...]:
    size = parse_size(text, name)
    if len(size) != 2:
        raise InputError(f"{name} must be a height and a width such as 64x64, got {text!r}")
    return size


def _cluster(stack: ExitStack, workers: int | None, scheduler: str | None, bar: Bar) -> ClusterCompute | None:
    if workers is not None and scheduler is not None:
        raise InputError("--workers and --scheduler exclude each other: here, or on another machine")
    if scheduler is not None:
        return ClusterCompute(scheduler, say=bar.say)
    if workers is None:
        return None
    threads = max(1, thread_count(None, thread_limit()) // workers)
    return ClusterCompute(stack.enter_context(local_cluster(workers)), threads, say=bar.say)


def _print(report: Report, config: Path | None, as_json: bool) -> None:
    if as_json:
        shown = {name: value for name, value in report.metadata.items() if name != "paths"}
        print_json(
            {
                "output": str(report.output),
                "samples": report.samples,
                "features": report.features,
                "skipped": report.skipped,
                "errors": None if report.errors is None else str(report.errors),
                "complete_before": report.complete_before,
                "config": None if config is None else str(config),
                **shown,
                "shards": report.shards,
                "kept": report.kept,
                "seconds": round(report.seconds, 3),
                "rate": round(report.rate, 1),
                "transform_share": round(report.transform_share, 3),
            }
        )
    elif report.complete_before:
        say(f"{report.output}: is complete already; type --overwrite to compute it again")
    else:
        say(f"{report.output}: {report.samples} samples, {report.features} features")
        remark(
            f"{report.rate:.1f} samples a second, {report.transform_share:.0%} of the time in the transform; "
            f"{report.kept} of {report.shards} shards were finished before",
            detail=True,
        )
    if report.errors is not None:
        complain(f"{report.skipped} skipped; {report.errors} says which and why")
        raise typer.Exit(DATA_FAILED)
