"""``scatter train`` and ``scatter evaluate``: a light classifier on a table of features."""

import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from scatter.cli.output import print_json, print_table, say, show
from scatter.cli.progress import counting
from scatter.errors import FileError, InputError
from scatter.io import read_table
from scatter.learning import Evaluation, check_model_output, evaluate, load_model, save_model, train


def run_train(
    features: Path,
    label: str,
    output: Path,
    *,
    head: str,
    folds: int,
    seed: int,
    as_json: bool,
    search: bool = False,
    overwrite: bool = False,
) -> None:
    """Train a classifier on a table and save it.

    Parameters
    ----------
    features : Path
        The table.
    label : str
        Its key column of labels.
    output : Path
        The model, .skops.
    head : str
        The classifier.
    folds, seed : int
        Of the cross-validation.
    as_json : bool
        Whether to report as JSON.
    search : bool
        Whether to choose the parameters of the classifier.
    overwrite : bool
        Whether to replace a model that is there already.

    Raises
    ------
    FileError
        If there is a model already, if the table can't be read or learnt from, or if the model can't be
        written.
    InputError
        If a suffix is wrong.
    """
    started = time.perf_counter()
    check_model_output(output)
    if not overwrite and output.exists():
        raise FileError(
            f"{output}: is there already; type --overwrite to replace it, or give another name after -o"
        )
    table = read_table(features)
    try:
        with counting("Fitting", "classifiers") as watch:
            model = train(table, label, head=head, folds=folds, seed=seed, search=search, watch=watch)
    except InputError as error:
        raise FileError(f"{features}: {error}") from error
    save_model(model, output)
    samples, n_features = table.features.shape
    if as_json:
        report = {
            "output": os.fspath(output),
            "samples": samples,
            "features": n_features,
            "classes": model.classes,
            "head": model.head,
            "scores": model.scores,
            "mean": model.mean,
            "spread": model.spread,
            "grouped_by": model.grouped_by,
            "parameters": model.parameters,
            "seconds": round(time.perf_counter() - started, 3),
        }
        print_json(report)
        return
    chosen = "".join(f", {name}={value:g}" for name, value in model.parameters.items())
    apart = f", each {model.grouped_by} in one of them" if model.grouped_by else ""
    say(
        f"{output}: {model.head}{chosen} on {samples} samples of {len(model.classes)} classes; accuracy "
        f"{_percent(model.mean)} ± {_percent(model.spread)} in {len(model.scores)} folds{apart}"
    )


def run_evaluate(model: Path, features: Path, label: str, *, as_json: bool) -> None:
    """Measure a model on a table and print how often it is right.

    Parameters
    ----------
    model : Path
        The model, .skops.
    features : Path
        The table.
    label : str
        Its key column of labels.
    as_json : bool
        Whether to report as JSON.

    Raises
    ------
    FileError
        If a file can't be read, or if the table does not fit the model.
    InputError
        If a suffix is wrong.
    """
    loaded = load_model(model)
    table = read_table(features)
    try:
        found = evaluate(loaded, table, label)
    except InputError as error:
        raise FileError(f"{features}: {error}") from error
    if as_json:
        print_json(_report(found))
        return
    show(
        f"{features}: accuracy {_percent(found.accuracy)}, balanced {_percent(found.balanced_accuracy)}, "
        f"of {found.support.sum()} samples"
    )
    print_table(
        {
            "class": found.classes,
            "samples": found.support.tolist(),
            "precision": _numbers(found.precision),
            "recall": _numbers(found.recall),
            "most often taken for": _mixed_up(found),
        }
    )


def _report(found: Evaluation) -> dict[str, Any]:
    return {
        "samples": found.support.sum(),
        "accuracy": found.accuracy,
        "balanced_accuracy": found.balanced_accuracy,
        "classes": found.classes,
        "support": found.support,
        "precision": found.precision,
        "recall": found.recall,
        "confusion": found.confusion,
    }


def _mixed_up(found: Evaluation) -> list[str]:
    wrong = found.confusion - np.diag(np.diag(found.confusion))
    return [
        f"{found.classes[row.argmax()]} ({row.max()} of {row.sum()} errors)" if row.any() else ""
        for row in wrong
    ]


def _numbers(values: Any) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
