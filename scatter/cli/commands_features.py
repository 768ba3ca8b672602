"""``scatter features`` and its options."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from scatter.cli.options import FeatureKind, FeatureType, OnError, Pages, Pooling
from scatter.cli.root import J, Json, L, Q, T, command

_transform = partial(typer.Option, rich_help_panel="Transform")
_reading = partial(typer.Option, rich_help_panel="How files become samples")
_run = partial(typer.Option, rich_help_panel="How the run goes")


@command("photos -o photos.parquet --resize 128x128 --J 4")
def features(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders, patterns such as 'a/*.png', or manifests (.csv, .tsv, .parquet) of files."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The table: .parquet, .npz, .npy or .zarr.")
    ] = None,
    # Transform
    transform: Annotated[
        FeatureKind | None,
        _transform(
            "--transform",
            help="Which one; --list says what there is.",
            show_default="guessed",
        ),
    ] = None,
    j: J = None,
    l: L = None,
    q: Q = None,
    t: T = None,
    max_order: Annotated[
        int | None,
        _transform("--max-order", help="Most wavelets on a path.", min=0, max=4, show_default="2"),
    ] = None,
    pooling: Annotated[
        Pooling | None,
        _transform("--pooling", help="What to keep of each map.", show_default="mean"),
    ] = None,
    log: Annotated[bool, _transform("--log", help="Take the logarithm of the coefficients.")] = False,
    padding: Annotated[
        str | None,
        _transform("--padding", help="How samples go on beyond their ends.", show_default="reflect"),
    ] = None,
    wavelet: Annotated[
        str | None,
        _transform(
            "--wavelet",
            help="A bank of your own: this file is run, and NAME taken.",
            metavar="FILE.py:NAME",
            show_default="morlet",
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        _transform("--set", help="Any parameter of the transform.", metavar="NAME=VALUE"),
    ] = None,
    config: Annotated[
        Path | None,
        _transform("--config", help="Take all of these from a .toml or .json file."),
    ] = None,
    save_config: Annotated[
        Path | None, _transform("--save-config", help="Write them to a .toml or .json file.")
    ] = None,
    # Reading
    resize: Annotated[str | None, _reading("--resize", help="Resize images.", metavar="HxW")] = None,
    crop: Annotated[
        str | None, _reading("--crop", help="Cut the middle out of images.", metavar="HxW")
    ] = None,
    colour: Annotated[
        bool | None,
        _reading("--colour/--grey", "--color/--gray", help="Keep or mix the colours of images."),
    ] = None,
    channels: Annotated[
        str | None,
        _reading(
            "--channels",
            help="Channels of images and sounds: mix, all, or numbers such as 0,2.",
            show_default="mix",
        ),
    ] = None,
    pages: Annotated[
        Pages | None, _reading("--pages", help="Which images of a file of many.", show_default="all")
    ] = None,
    length: Annotated[
        int | None,
        _reading("--length", help="Cut or fill signals to so many samples.", min=1),
    ] = None,
    segment: Annotated[
        int | None,
        _reading("--segment", help="Cut signals into segments of so many samples.", min=1),
    ] = None,
    hop: Annotated[
        int | None,
        _reading("--hop", help="From one segment to the next.", min=1, show_default="--segment"),
    ] = None,
    resample: Annotated[
        int | None,
        _reading("--resample", help="Convert signals to this rate, in hertz.", min=1),
    ] = None,
    rate: Annotated[
        float | None,
        _reading("--rate", help="Sampling rate of arrays, in hertz."),
    ] = None,
    array: Annotated[
        str | None, _reading("--array", help="Which array of a .npz file or zarr group.")
    ] = None,
    label_array: Annotated[
        str | None, _reading("--label-array", help="The array beside it that holds labels.")
    ] = None,
    path_column: Annotated[
        str | None,
        _reading(
            "--path-column",
            help="Column of a manifest that names files.",
            show_default="file",
        ),
    ] = None,
    label: Annotated[
        str | None,
        _reading("--label", help="Column of a manifest with labels.", show_default="label"),
    ] = None,
    group: Annotated[
        str | None,
        _reading("--group", help="Column of a manifest with groups.", show_default="group"),
    ] = None,
    labels_from_folders: Annotated[
        bool,
        _reading("--labels-from-folders", help="The folder of a file is its label."),
    ] = False,
    # Run
    dtype: Annotated[
        FeatureType | None,
        _run("--dtype", help="Precision of the features.", show_default="float32"),
    ] = None,
    on_error: Annotated[
        OnError, _run("--on-error", help="Leave damaged files out, or stop at one.")
    ] = OnError.skip,
    resume: Annotated[
        bool, _run("--resume", help="Go on with an unfinished run, inputs as listed then.")
    ] = False,
    overwrite: Annotated[bool, _run("--overwrite", help="Begin anew, and replace the table.")] = False,
    jobs: Annotated[int | None, _run("--jobs", help="Threads.", min=1, show_default="all processors")] = None,
    workers: Annotated[
        int | None, _run("--workers", help="Processes on this machine, by dask.", min=1)
    ] = None,
    scheduler: Annotated[
        str | None,
        _run("--scheduler", help="A dask scheduler whose workers do it.", metavar="ADDRESS"),
    ] = None,
    shard_size: Annotated[
        int | None,
        _run("--shard-size", help="Inputs in a shard.", min=1, show_default="by size"),
    ] = None,
    batch: Annotated[
        int | None,
        _run("--batch", help="Samples transformed at once.", min=1, show_default="by size"),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the transforms and their parameters.")] = False,
    json: Json = False,
) -> None:
    """Compute the features of files and write them as one table.

    What is finished survives a crash: type the same command again to go on. Damaged files are left out and
    listed in OUTPUT.errors.csv, and the exit code is then 1.
    """
    from scatter.cli import features as work

    if list_:
        work.run_list(as_json=json)
        return
    if not inputs and (output is not None or save_config is None):
        raise typer.BadParameter(
            "files, folders or patterns such as 'a/*.png' are needed", param_hint="INPUTS"
        )
    if inputs and output is None:
        raise typer.BadParameter("the table is needed, such as features.parquet", param_hint="--output")
    given = {"J": j, "L": l, "Q": q, "T": t, "max_order": max_order, "padding": padding}
    given |= {"pooling": None if pooling is None else pooling.value, "log": log or None, "wavelet": wavelet}
    reading = {
        "resize": resize,
        "crop": crop,
        "channels": work.channels_of(channels, colour),
        "pages": None if pages is None else pages.value,
        "length": length,
        "segment": segment,
        "hop": hop,
        "resample": resample,
        "rate": rate,
        "array": array,
        "labels": label_array,
    }
    work.run_features(
        inputs or [],
        output,
        transform=None if transform is None else transform.value,
        given=given,
        settings=setting or [],
        reading=reading,
        config=config,
        save_config=save_config,
        manifest={
            "path_column": path_column,
            "label": label,
            "group": group,
            "labels_from_folders": labels_from_folders,
        },
        dtype=None if dtype is None else dtype.value,
        batch=batch,
        on_error=on_error.value,
        existing=work.existing_of(resume=resume, overwrite=overwrite),
        jobs=jobs,
        workers=workers,
        scheduler=scheduler,
        shard_size=shard_size,
        as_json=json,
    )
