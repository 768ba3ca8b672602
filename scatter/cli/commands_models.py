"""``scatter train``, ``predict`` and ``evaluate``, and their options."""

from pathlib import Path
from typing import Annotated

import typer

from scatter.cli.options import Head
from scatter.cli.root import Json, Seed, command

Label = Annotated[str, typer.Option("--label", help="Key column that holds the labels.")]


@command("features.parquet --label label -o model.skops")
def train(
    features: Annotated[Path, typer.Argument(help="A table that scatter features wrote, with labels.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The model, .skops.")],
    label: Label = "label",
    head: Annotated[
        Head, typer.Option("--head", help="The classifier, after standardisation.")
    ] = Head.logistic,
    search: Annotated[
        bool, typer.Option("--search", help="Choose the parameters of the classifier by cross-validation.")
    ] = False,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Of the cross-validation.")] = 5,
    seed: Seed = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the model, if it is there already.")
    ] = False,
    json: Json = False,
) -> None:
    """Train a light classifier on a table of features, and cross-validate it."""
    from scatter.cli.learn import run_train

    run_train(
        features,
        label,
        output,
        head=head.value,
        search=search,
        folds=folds,
        seed=seed,
        overwrite=overwrite,
        as_json=json,
    )


@command("model.skops features.parquet")
def evaluate(
    model: Annotated[Path, typer.Argument(help="A model that scatter train wrote.")],
    features: Annotated[Path, typer.Argument(help="A table of features of the same transform, with labels.")],
    label: Label = "label",
    json: Json = False,
) -> None:
    """Measure a model on a table of features: accuracy, and which classes are mixed up."""
    from scatter.cli.learn import run_evaluate

    run_evaluate(model, features, label, as_json=json)


@command("model.skops new/*.wav -o predictions.csv")
def predict(
    model: Annotated[Path, typer.Argument(help="A model that scatter train wrote.")],
    inputs: Annotated[
        list[str], typer.Argument(help="Files, folders, patterns or manifests, as for scatter features.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A .csv file.", show_default="printed")
    ] = None,
    path_column: Annotated[
        str | None,
        typer.Option("--path-column", help="Column of a manifest that names files.", show_default="file"),
    ] = None,
    wavelet: Annotated[
        str | None,
        typer.Option(
            "--wavelet",
            help="The bank that the features of the model were made with: this file is run.",
            metavar="FILE.py:NAME",
            show_default="morlet",
        ),
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Threads.")] = None,
    json: Json = False,
) -> None:
    """Classify files by a model, which remembers how they are read and transformed."""
    from scatter.cli.predict import run_predict

    run_predict(model, inputs, output, path_column=path_column, wavelet=wavelet, jobs=jobs, as_json=json)
