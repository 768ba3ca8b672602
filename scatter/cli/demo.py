"""``scatter demo``: pictures of a photograph, and digits classified from few samples."""

from __future__ import annotations

import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter import _page as report
from scatter.cli.digits import SIZES, Experiment, run_digits
from scatter.cli.output import print_json, print_table, say, show, track
from scatter.errors import FileError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTIONS = {
    "multiresolution.png": "A photograph as a small copy of itself and the detail left at each resolution: "
    "the modulus of its wavelet coefficients, by direction.",
    "scattering-disk.png": "Its scattering coefficients. Direction is the angle, frequency the distance from "
    "the centre; in the second order every cell is divided by the second wavelet.",
    "filters.png": "The wavelets, and the sum of their power spectra: how much of every frequency they keep.",
    "digits.png": "Test accuracy on handwritten digits against the number of training samples.",
}


def run_demo(output: Path, *, seed: int = 0, as_json: bool = False) -> None:
    """Write pictures and a report into a folder and print what was measured.

    Parameters
    ----------
    output : Path
        The folder; made if it is missing. Files of the same names are replaced.
    seed : int
        Of the training sets.
    as_json : bool
        Whether to print JSON instead of tables.

    Raises
    ------
    FileError
        If the folder can't be written.
    """
    started = time.perf_counter()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"{output}: can't be made a folder: {error.strerror}; give another -o") from error
    pngs = {name: report.render(draw()) for name, draw in track(list(_photograph().items()), "Photograph")}
    experiment = run_digits(seed, track)
    pngs["digits.png"] = report.render(_curves(experiment))
    for name, png in pngs.items():
        report.write(output / name, png)
    report.write(output / "report.html", _page(pngs, experiment).encode())
    _print(output, experiment, time.perf_counter() - started, as_json)


def _photograph() -> dict[str, Any]:
    """What draws each picture of the photograph."""
    from sklearn.datasets import load_sample_image

    from scatter import Scattering2D, plot

    colours = np.moveaxis(load_sample_image("china.jpg") / np.float32(255), -1, 0)
    grey = np.tensordot(np.asarray([0.299, 0.587, 0.114], dtype=np.float32), colours, 1)
    return {
        "multiresolution.png": partial(plot.multiresolution, Scattering2D(J=4, shape=grey.shape), colours),
        "scattering-disk.png": partial(plot.scattering_disk, Scattering2D(J=4, shape=grey.shape), grey),
        "filters.png": lambda: plot.filter_bank(Scattering2D(J=4, shape=(128, 128)).frame),
    }


def _curves(experiment: Experiment) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for method, marker in zip(experiment.methods, "os^", strict=True):
        found = [experiment.score(method, size) for size in SIZES]
        means = [score.mean for score in found]
        axes.errorbar(
            SIZES, means, [score.deviation for score in found], marker=marker, capsize=3, label=method
        )
    axes.set(xscale="log", xlabel="training samples", ylabel="test accuracy (%)", xticks=SIZES)
    axes.set_xticks(SIZES, [str(size) for size in SIZES])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", frameon=False)
    axes.set_title("Digits of 8 x 8 pixels: mean and deviation over training sets")
    return figure


def accuracy_table(experiment: Experiment) -> dict[str, list[str]]:
    """Accuracy of every method at every training size, as columns of text."""
    columns = {"training samples": [str(size) for size in SIZES]}
    for method in experiment.methods:
        found = [experiment.score(method, size) for size in SIZES]
        columns[method] = [f"{score.mean:.1f} ± {score.deviation:.1f}" for score in found]
    return columns


def stability_table(experiment: Experiment) -> dict[str, list[str]]:
    """Change of the representation and accuracy under every deformation, as columns of text."""
    columns = {"test images moved": list(dict.fromkeys(move.deformation for move in experiment.moves))}
    for method in experiment.methods:
        moves = [move for move in experiment.moves if move.method == method]
        columns[method] = [f"{move.accuracy:.1f} (moves {100 * move.change:.0f} %)" for move in moves]
    return columns


def _html(columns: dict[str, list[str]]) -> str:
    return report.table(list(columns), [list(row) for row in zip(*columns.values(), strict=True)])


def _page(pngs: dict[str, bytes], experiment: Experiment) -> str:
    def show(name: str) -> str:
        return report.picture(pngs[name], CAPTIONS[name])

    return report.page(
        "scatter: what it sees, and what a light classifier does with it",
        [
            report.heading("A photograph"),
            *(show(name) for name in ("multiresolution.png", "scattering-disk.png", "filters.png")),
            report.heading("Digits from few samples"),
            report.paragraph(
                "Test accuracy in per cent on 797 digits, mean and deviation over draws of the training set. "
                "The first two columns have the same classifier and differ in the features alone."
            ),
            _html(accuracy_table(experiment)),
            show("digits.png"),
            report.heading("Stability"),
            report.paragraph(
                "The test images are shifted or rotated; training images (1000) are not. Accuracy in per "
                "cent, and by how much the representation moves, relative to its norm."
            ),
            _html(stability_table(experiment)),
        ],
    )


def _print(output: Path, experiment: Experiment, seconds: float, as_json: bool) -> None:
    if as_json:
        files = sorted(str(path) for path in [output / name for name in (*CAPTIONS, "report.html")])
        print_json({**asdict(experiment), "files": files, "seconds": round(seconds, 1)})
        return
    show("Digits: test accuracy (%), mean ± deviation over draws of the training set")
    print_table(accuracy_table(experiment))
    show("", "Digits: accuracy (%) of the models trained on 1000 samples when test images move")
    print_table(stability_table(experiment))
    say("")
    say(f"{output / 'report.html'}: pictures and tables ({seconds:.0f} s)")
