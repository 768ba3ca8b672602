"""Features of files: beside the transform alone, beside decoding and transform, on workers, after kills."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.data import data
from benchmarks.memory import in_child
from benchmarks.timing import cores, interleaved, ratios
from scatter import Scattering2D
from scatter.extraction import Recipe, extract
from scatter.extraction.cluster import ClusterCompute, local_cluster
from scatter.io.reading import Reading

RECIPE = Recipe("2d", {"J": 2, "L": 8, "pooling": None}, Reading("image", array="x_train"))
FORMATS = (".npy", ".zarr", ".parquet")
FILES = 20_000
RUNS = 3

MEMORY = """
import sys
from benchmarks.extraction import RECIPE, extract
extract([sys.argv[1]], sys.argv[2], RECIPE)
print(peak() / 1024)
"""


@contextmanager
def _folder():
    with tempfile.TemporaryDirectory(prefix="scatter-benchmark-") as folder:
        yield Path(folder)


def _alone():
    """The transform of all MNIST images in memory, and nothing else."""
    with np.load(data("mnist.npz")) as stored:
        x = stored["x_train"].astype(np.float32)
    transform = Scattering2D(2, (28, 28), 8).fit(x[:1])
    return x, lambda: transform.transform(x)


def features_mnist():
    """60,000 images of MNIST out of a compressed .npz, J=2, L=8, order 2: 0.95 GB of float32."""
    x, alone = _alone()
    rows = []
    with _folder() as folder:

        def run(suffix):
            return extract([str(data("mnist.npz"))], folder / f"t{suffix}", RECIPE, existing="overwrite")

        for count in (1, 2):
            with cores(count):
                found = interleaved(
                    {"transform alone": alone, **{s: (lambda s=s: run(s)) for s in FORMATS}}, RUNS
                )
                share = run(".npy").transform_share
            base = found.pop("transform alone")
            rows.append((f"transform alone on {count} core(s), images/s", _rate(x, base), base.spread))
            for suffix, timing in found.items():
                low, middle, high = ratios(timing, base)
                rows.append((f"into {suffix} on {count} core(s), images/s", _rate(x, timing), timing.spread))
                rows.append(
                    (f"{suffix}: times the transform alone", f"{middle:.2f}", f"{low:.2f} .. {high:.2f}")
                )
            rows.append((f"share of the time in the transform, .npy, {count} core(s)", f"{share:.0%}", ""))
        for suffix in FORMATS:
            peak = in_child(MEMORY, data("mnist.npz"), folder / f"memory{suffix}")
            rows.append((f"peak resident MB, {suffix}, imports included", f"{peak:.0f}", ""))
    return rows


def features_png():
    """A folder of 20,000 PNG files of 28 x 28, decoding included, against Pillow, then the transform."""
    from PIL import Image

    recipe = Recipe("2d", {"J": 2, "L": 8, "pooling": None})
    with np.load(data("mnist.npz")) as stored:
        images = stored["x_train"][:FILES]
    rows = []
    with _folder() as folder:
        (folder / "in").mkdir()
        for number, image in enumerate(images):
            Image.fromarray(image).save(folder / f"in/{number:05}.png")
        files = sorted((folder / "in").iterdir())
        transform = Scattering2D(2, (28, 28), 8).fit(images[:1])

        def apart():
            x = np.stack([np.asarray(Image.open(file), dtype=np.float32) / np.float32(255) for file in files])
            transform.transform(x)

        def whole():
            extract([str(folder / "in")], folder / "t.npy", recipe, existing="overwrite")

        for count in (1, 2):
            with cores(count):
                found = interleaved({"apart": apart, "whole": whole}, RUNS)
            low, middle, high = ratios(found["apart"], found["whole"])
            for what, name in (
                ("Pillow, then the transform", "apart"),
                ("the command's run, into .npy", "whole"),
            ):
                rate = f"{FILES / found[name].median:,.0f}"
                rows.append((f"{what}, on {count} core(s), images/s", rate, found[name].spread))
            rows.append(
                (f"rate over that of the two, {count} core(s)", f"{middle:.2f}", f"{low:.2f} .. {high:.2f}")
            )
    return rows


def features_workers():
    """MNIST into .zarr, whose chunks are shards: a dask cluster of 2 processes against one of 2 threads."""
    source = str(data("mnist.npz"))
    with _folder() as folder, local_cluster(2) as address:

        def run(name, **options):
            extract([source], folder / f"{name}.zarr", RECIPE, existing="overwrite", **options)

        found = interleaved(
            {
                "one process": lambda: run("one", jobs=2),
                "workers": lambda: run("two", compute=ClusterCompute(address)),
            },
            RUNS,
        )
        one, two = (
            {str(p.relative_to(f)): p.read_bytes() for p in f.rglob("*") if p.is_file()}
            for f in (folder / "one.zarr", folder / "two.zarr")
        )
        same = one == two
    low, middle, high = ratios(found["one process"], found["workers"])
    return [
        *(
            (f"{name}, images/s", f"{60_000 / timing.median:,.0f}", timing.spread)
            for name, timing in found.items()
        ),
        ("rate of workers over that of one process", f"{middle:.2f}", f"{low:.2f} .. {high:.2f}"),
        ("the same bytes", str(same), ""),
    ]


def features_kills():
    """3,000 PNG files and an array of 6,000 images, killed 20 times with all workers, then left to end."""
    from PIL import Image

    with np.load(data("mnist.npz")) as stored:
        images = stored["x_train"][:9000]
    rows = []
    with _folder() as folder:
        (folder / "in").mkdir()
        for number, image in enumerate(images[:3000]):
            Image.fromarray(image).save(folder / f"in/{number:05}.png")
        np.savez_compressed(folder / "x.npz", images[3000:].astype(np.float32) / 255)
        for name, options in (("threads", ("--jobs", "2")), ("2 workers", ("--workers", "2"))):
            command = [*_command("features", "in", "x.npz", "--J", "2", "--pooling", "none"), *options]
            command += ["--transform", "2d", "--shard-size", "100", "-o"]
            subprocess.run(
                [*command, "whole.npy", "--overwrite"], cwd=folder, check=True, capture_output=True
            )
            kills = _killed([*command, f"{name}.npy"], folder, 20)
            same = (folder / f"{name}.npy").read_bytes() == (folder / "whole.npy").read_bytes()
            left = sorted(p.name for p in folder.iterdir() if p.name.startswith((".", f"{name}.npy.p")))
            rows.append((f"{name}: kills while it ran", str(kills), ""))
            rows.append((f"{name}: the same bytes as one that was not killed", str(same), ""))
            rows.append((f"{name}: files left over", str(len(left)), ""))
    return rows


def features_fsdd():
    """Spoken digits from 3,000 .wav files by commands alone: recordings 5 and above train, 0 to 4 test."""
    rows = []
    with _folder() as folder:
        write_fsdd(folder)
        options = ("--length", "8192", "--J", "8", "--Q", "8", "--T", "1024", "--pooling", "none", "--log")
        for part in ("train", "test"):
            _call(folder, "features", f"{part}.csv", "-o", f"{part}.parquet", *options)
        _call(folder, "train", "train.parquet", "--label", "label", "-o", "model.skops")
        found = subprocess.run(
            _command("evaluate", "model.skops", "test.parquet", "--json"),
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    measured = json.loads(found)
    rows.append(
        ("test accuracy", f"{measured['accuracy']:.2%}", f"{measured.get('samples', 300)} recordings")
    )
    return rows


def write_fsdd(folder: Path) -> None:
    """Write the spoken digits as .wav files, with a manifest of each part."""
    import soundfile

    with np.load(data("fsdd.npz")) as stored:
        signal_, length, digit = stored["signal"], stored["length"], stored["digit"]
        speaker, index, rate = stored["speaker"], stored["index"], int(stored["rate"])
    (folder / "recordings").mkdir()
    ends = np.cumsum(length)
    rows: dict[str, list[tuple[str, int, str]]] = {"train": [], "test": []}
    for i, end in enumerate(ends):
        name = f"recordings/{digit[i]}_{speaker[i]}_{index[i]}.wav"
        soundfile.write(folder / name, signal_[end - length[i] : end], rate)
        rows["test" if index[i] < 5 else "train"].append((name, int(digit[i]), str(speaker[i])))
    for part, listed in rows.items():
        with open(folder / f"{part}.csv", "w", newline="") as stream:
            csv.writer(stream).writerows([("file", "label", "group"), *listed])


def _rate(x, timing):
    return f"{len(x) / timing.median:,.0f}"


def _command(*args: str) -> list[str]:
    return [sys.executable, "-c", "from scatter.cli.app import main; main()", *args]


def _call(folder: Path, *args: str) -> None:
    subprocess.run(_command(*args), cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _killed(command: list[str], folder: Path, kills: int) -> int:
    draw, done = random.Random(0), 0
    while done < kills:
        run = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, start_new_session=True)
        started = time.monotonic()
        # Half of the kills come while modules are loaded or the list is made, the others later.
        try:
            run.wait(draw.uniform(0.5, 4.0))
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            done += 1
        run.communicate()
        if run.returncode == 0:
            if time.monotonic() - started < 0.5:
                break
            (folder / command[-1]).unlink()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return done


CASES = {
    "features_mnist": features_mnist,
    "features_png": features_png,
    "features_workers": features_workers,
    "features_kills": features_kills,
    "features_fsdd": features_fsdd,
}
