"""``scatter demo``: the whole idea in pictures, and digits classified from few samples."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from scatter import _page as report
from scatter.cli.digits import SIZES, Experiment, run_digits
from scatter.cli.output import print_json, print_table, say, show, track
from scatter.errors import FileError
from scatter.idea import Scene, building_blocks, four_domains, multiscale, stability, symmetry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCENES: tuple[Callable[[], Scene], ...] = (symmetry, stability, multiscale, four_domains, building_blocks)
IDEA = (
    "Signals are not lists of numbers: they live on something, a line, a plane, a sphere, a network, a "
    "surface. What something is does not change when it moves there, hardly when it is deformed a little, "
    "and it has parts of every size. Networks learn filters from many examples until they know this. Here it "
    "is built in: the filters are wavelets, fixed and known, with a modulus and an average after them, and "
    "the same again.",
    "Everything below was computed by this command, in a few seconds, without any training but that of the "
    "classifiers at the end.",
)


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
    scenes = [make() for make in track([*SCENES], "Pictures")]
    experiment = run_digits(seed, track)
    scenes.append(_classifier(experiment))
    pictures = {name: shown for scene in scenes for name, shown in scene.pictures.items()}
    pngs = {name: report.render(figure) for name, (figure, _) in pictures.items()}
    for name, png in pngs.items():
        report.write(output / f"{name}.png", png)
    report.write(output / "report.html", _page(scenes, pngs, experiment).encode())
    files = [f"{output / name}.png" for name in pngs] + [str(output / "report.html")]
    numbers = {scene.title: dict(scene.numbers) for scene in scenes if scene.numbers}
    _print(files, numbers, experiment, time.perf_counter() - started, as_json)


def _classifier(experiment: Experiment) -> Scene:
    text = (
        "After the last block nothing is left to learn but where classes lie: a light classifier, from few "
        "samples. Test accuracy in per cent on 797 digits, mean and deviation over draws of the training "
        "set. The first two columns have the same classifier and differ in the features alone.",
    )
    caption = "Test accuracy on handwritten digits against the number of training samples."
    return Scene("A light classifier on top", text, {"digits": (_curves(experiment), caption)})


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


def _page(scenes: list[Scene], pngs: dict[str, bytes], experiment: Experiment) -> str:
    parts = [report.paragraph(text) for text in IDEA]
    for scene in scenes:
        parts += [report.heading(scene.title), *map(report.paragraph, scene.text)]
        parts += [report.picture(pngs[name], caption) for name, (_, caption) in scene.pictures.items()]
    parts += [
        _html(accuracy_table(experiment)),
        report.heading("When the test images move"),
        report.paragraph(
            "The test images are shifted or rotated; training images (1000) are not. Accuracy in per cent, "
            "and by how much the representation moves, relative to its norm."
        ),
        _html(stability_table(experiment)),
    ]
    return report.page("Multiscale wavelet scattering: the idea", parts)


def _print(
    files: list[str],
    numbers: dict[str, dict[str, float]],
    experiment: Experiment,
    seconds: float,
    as_json: bool,
) -> None:
    if as_json:
        print_json({**asdict(experiment), "numbers": numbers, "files": files, "seconds": round(seconds, 1)})
        return
    changes = numbers["The four domains"]
    events = [name.removesuffix(": numbers") for name in changes if name.endswith(": numbers")]
    show("What happens on each domain, and how much changes, relative to its norm")
    kinds = {"the numbers of a sample": "numbers", "its coefficients": "coefficients"}
    columns = {name: [f"{changes[f'{one}: {kind}']:.1g}" for one in events] for name, kind in kinds.items()}
    print_table({"": events, **columns})
    show("", "Digits: test accuracy (%), mean ± deviation over draws of the training set")
    print_table(accuracy_table(experiment))
    show("", "Digits: accuracy (%) of the models trained on 1000 samples when test images move")
    print_table(stability_table(experiment))
    say("")
    say(f"{files[-1]}: the whole idea in pictures ({seconds:.0f} s)")
