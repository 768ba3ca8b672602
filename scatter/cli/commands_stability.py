"""``scatter stability`` and its options."""

from pathlib import Path
from typing import Annotated

import typer

from scatter.cli.options import FeatureKind
from scatter.cli.root import J, Json, L, Q, Seed, command


@command("faces --labels-from-folders --resize 64x64 --html stability.html")
def stability(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files, folders or patterns, as for scatter features.", show_default="handwritten digits"
        ),
    ] = None,
    transform: Annotated[
        FeatureKind | None, typer.Option("--transform", help="Which one.", show_default="guessed")
    ] = None,
    j: J = None,
    l: L = None,
    q: Q = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="Any parameter of the transform.", metavar="NAME=VALUE"),
    ] = None,
    resize: Annotated[str | None, typer.Option("--resize", help="Resize images.", metavar="HxW")] = None,
    crop: Annotated[
        str | None, typer.Option("--crop", help="Cut the middle out of images.", metavar="HxW")
    ] = None,
    length: Annotated[
        int | None, typer.Option("--length", help="Cut or fill signals to so many samples.", min=1)
    ] = None,
    array: Annotated[str | None, typer.Option("--array", help="Which array of a .npz file.")] = None,
    label_array: Annotated[
        str | None, typer.Option("--label-array", help="The array beside it that holds labels.")
    ] = None,
    labels_from_folders: Annotated[
        bool, typer.Option("--labels-from-folders", help="The folder of a file is its label.")
    ] = False,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples",
            help="Take so many, by chance, if there are more.",
            min=2,
            max=5000,
            show_default="200, or 20 surfaces",
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a report with curves and tables.")
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Measure how far the features of files move as the files move, bend and get noise."""
    from scatter.cli.stability import run_stability

    reading = {"resize": resize, "crop": crop, "length": length, "array": array, "labels": label_array}
    run_stability(
        inputs or [],
        transform=None if transform is None else transform.value,
        given={"J": j, "L": l, "Q": q},
        settings=setting or [],
        reading=reading,
        labels_from_folders=labels_from_folders,
        samples=samples,
        html=html,
        seed=seed,
        as_json=json,
    )
