"""Runs that are stopped, killed, repeated and starved: nothing is lost, and the table is the same."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import fail, image, run, succeed
from PIL import Image

from scatter.errors import FileError, InputError, ScatterError
from scatter.extraction import Recipe, extract
from scatter.extraction import crew as crew_module
from scatter.extraction import shards as shards_module
from scatter.extraction.ahead import ahead
from scatter.extraction.batches import Batches
from scatter.extraction.crew import Crew, Task
from scatter.extraction.job import Record
from scatter.extraction.listing import Item, Listing
from scatter.extraction.workspace import Workspace
from scatter.io import read_table
from scatter.io.reading import Reading

RECIPE = Recipe("2d", {"J": 2, "L": 2})
FORMATS = (".npz", ".npy", ".parquet", ".zarr")
KILLS = int(os.environ.get("SCATTER_KILLS", "20"))


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def arrays(count=40, name="x.npz"):
    np.savez(name, np.random.default_rng(1).random((count, 16, 16), dtype=np.float32))


def content(path):
    """Every file of a table, by name."""
    path = Path(path)
    if path.is_dir():
        return {str(one.relative_to(path)): one.read_bytes() for one in path.rglob("*") if one.is_file()}
    return {one.name.removeprefix(path.name): one.read_bytes() for one in path.parent.glob(path.name + "*")}


class Stop(Exception):  # noqa: N818
    """What interrupts a run in a test."""


class Stopper:
    """A watcher that interrupts a run after so many rows."""

    def __init__(self, rows):
        self.left = rows
        self.kept = None

    def begin(self, items, done, shards, kept):
        self.kept = kept

    def advance(self, items, rows):
        self.left -= rows
        if self.left < 0:
            raise Stop


def stopped(output, rows, **options):
    with pytest.raises(Stop):
        extract(["x.npz"], output, RECIPE, shard_size=4, watcher=Stopper(rows), **options)


# ------------------------------------------------------------------ one sample at fault
class Failing:
    """A transform that fails at samples that begin with a number, as a library beneath might."""

    def __init__(self, transform, errors):
        self.transform_, self.errors = transform, errors

    def __getattr__(self, name):
        return getattr(self.transform_, name)

    def transform(self, x):
        for sample in x:
            if (found := self.errors.get(float(sample[0, 0]))) is not None:
                raise found
        return self.transform_.transform(x)


def test_any_exception_of_a_sample_is_its_line_alone(monkeypatch):
    errors = {
        2.0: ValueError("no convergence"),
        3.0: RuntimeError("assertion failed: x > 0"),
        5.0: KeyError("x"),
        7.0: MemoryError(),
        8.0: np.linalg.LinAlgError("singular"),
        9.0: OSError("odd"),
    }
    x = np.random.default_rng(0).random((12, 16, 16))
    x[:, 0, 0] = np.arange(12)
    np.save("x.npy", x)
    whole = extract(["x.npy"], "whole.npz", RECIPE)
    assert (whole.samples, whole.skipped) == (12, 0)
    from scatter.extraction import run as run_module

    make = run_module.estimator_of
    monkeypatch.setattr(run_module, "estimator_of", lambda job, jobs: Failing(make(job, jobs), errors))
    report = extract(["x.npy"], "t.npz", RECIPE)
    assert (report.samples, report.skipped) == (6, 6)
    table = read_table("t.npz")
    assert list(table.keys["segment"]) == [0, 1, 4, 6, 10, 11]
    kept = read_table("whole.npz").features[[0, 1, 4, 6, 10, 11]]
    np.testing.assert_allclose(table.features, kept, rtol=1e-6)
    assert Path("t.npz.errors.csv").read_text().splitlines()[1:] == [
        "x.npy,2,ValueError: no convergence",
        "x.npy,3,RuntimeError: assertion failed: x > 0",
        "x.npy,5,KeyError: 'x'",
        "x.npy,7,not enough memory to transform it",
        "x.npy,8,LinAlgError: singular",
        "x.npy,9,OSError: odd",
    ]
    with pytest.raises(FileError, match=r"x.npy\[2\]: ValueError: no convergence"):
        extract(["x.npy"], "u.npz", RECIPE, on_error="fail")


def test_a_first_sample_that_no_transform_can_be_made_for_is_left_out_too():
    pytest.importorskip("trimesh")
    Path("in").mkdir()
    cloud = np.random.default_rng(0).standard_normal((60, 3))
    for name, points in {"b": cloud, "c": cloud * 2}.items():
        np.savetxt(f"in/{name}.xyz", points)
    # Eight points have no 32 neighbours.
    np.savetxt("in/a.xyz", cloud[:8])
    report = extract(["in"], "t.npz", Recipe("points", {"J": 2, "n_eig": 20}))
    assert (report.samples, report.skipped) == (2, 1)
    assert "n_neighbors must be from 3 to 7 for 8 points" in Path("t.npz.errors.csv").read_text()
    with pytest.raises(InputError, match="J must be"):
        extract(["in"], "u.npz", Recipe("points", {"J": 0}))


# ------------------------------------------------------------------ threads that die
def test_a_crew_does_what_it_is_given_in_order():
    with Crew(2, "test") as crew:
        tasks = [crew.submit(pow, n, 2) for n in range(50)]
        failing = crew.submit(int, "x")
        assert [task.result() for task in tasks] == [n * n for n in range(50)]
        with pytest.raises(ValueError, match="invalid literal"):
            failing.result()
        assert failing.done()


@pytest.mark.parametrize("name", ["decode", "write"])
def test_a_thread_that_dies_ends_the_run_with_its_reason(monkeypatch, name):
    arrays()
    run_task = Task.run

    def die(self):
        if threading.current_thread().name == name:
            raise MemoryError("no memory at all")
        run_task(self)

    monkeypatch.setattr(crew_module, "_POLL", 0.05)
    monkeypatch.setattr(Task, "run", die)
    with pytest.raises(ScatterError, match="a thread of this run died: MemoryError: no memory at all; wh"):
        extract(["x.npz"], "t.npz", RECIPE, jobs=1, shard_size=4)
    monkeypatch.setattr(Task, "run", run_task)
    assert extract(["x.npz"], "t.npz", RECIPE, shard_size=4).samples == 40


def test_a_reader_that_dies_silently_ends_the_run(monkeypatch):
    from scatter.extraction import ahead as ahead_module

    monkeypatch.setattr(ahead_module, "_fill", lambda *_: None)
    with pytest.raises(ScatterError, match="the thread that reads ahead died"):
        list(ahead(iter("abc"), 2))


def test_threads_that_can_not_be_started_are_said_to_be(monkeypatch):
    begun, start_thread = [], threading.Thread.start

    def start(self):
        if begun:
            raise RuntimeError("can't start new thread")
        begun.append(self)
        start_thread(self)

    monkeypatch.setattr(crew_module.threading.Thread, "start", start)
    with pytest.raises(ScatterError, match="can't start new thread; close other programs, or type --jobs 1"):
        Crew(2, "test")
    assert not begun[0].is_alive()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured as Linux does")
def test_frames_of_an_animation_are_not_held_all_at_once():
    frames = [Image.new("RGB", (1500, 1500), (level, 0, 0)) for level in range(110)]
    frames[0].save("a.gif", save_all=True, append_images=frames[1:])
    code = (
        "from scatter.extraction import Recipe, extract; from scatter.io.reading import Reading;"
        "r = extract(['a.gif'], 't.npy', Recipe('2d', {'J': 2, 'L': 2}, Reading('image', resize=(32, 32))));"
        "status = dict(line.split(':') for line in open('/proc/self/status'));"
        "print(r.samples, status['VmHWM'].split()[0])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    samples, peak = map(int, found.stdout.split())
    # Held all at once, they take 740 MB beside what Python and its libraries take.
    assert (samples, peak < 700_000) == (110, True), peak


# ------------------------------------------------------------------ stopped and gone on with
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_run_that_was_stopped_ends_as_one_that_was_not(suffix):
    if suffix == ".zarr":
        pytest.importorskip("zarr")
    arrays()
    extract(["x.npz"], "whole" + suffix, RECIPE, shard_size=4)
    stopped("t" + suffix, 20)
    assert not Path("t" + suffix).exists()
    assert Path(f"t{suffix}.partial").is_dir()
    report = extract(["x.npz"], "t" + suffix, RECIPE, shard_size=4)
    assert 1 <= report.kept < report.shards == 10
    assert content("t" + suffix) == content("whole" + suffix)
    assert not list(Path().glob("*.partial"))


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_a_long_recording_goes_on_where_it_was(monkeypatch, suffix):
    soundfile = pytest.importorskip("soundfile")
    monkeypatch.setattr("scatter.io.segments._SHORT", 2**16)
    sound = np.random.default_rng(0).standard_normal(2**19) / 8
    soundfile.write(f"long{suffix}", sound, 8000)
    recipe = Recipe("1d", {"J": 4, "Q": 1}, Reading("signal", segment=4096, hop=2048))
    whole = extract([f"long{suffix}"], "whole.npz", recipe)
    assert (whole.samples, whole.shards) == (255, 1)
    watcher = Stopper(100)
    with pytest.raises(Stop):
        extract([f"long{suffix}"], "t.npz", recipe, shard_size=16, watcher=watcher)
    kept = len(Workspace(Path("t.npz.partial")).records())
    assert kept >= 2
    report = extract([f"long{suffix}"], "t.npz", recipe)
    assert (report.kept, report.shards) == (kept, 16)
    assert Path("t.npz").read_bytes() == Path("whole.npz").read_bytes()


def test_going_on_says_how_much_is_done(capsys):
    arrays()
    stopped("t.npz", 20)
    records = Workspace(Path("t.npz.partial")).records()
    watcher = Stopper(1000)
    report = extract(["x.npz"], "t.npz", RECIPE, watcher=watcher)
    assert watcher.kept == report.kept == len(records)
    assert report.rate > 0


def test_threads_and_shards_change_no_bit():
    arrays(70)
    for name, options in (("a", {"jobs": 1}), ("b", {"jobs": 3}), ("c", {"jobs": 2, "shard_size": 70})):
        extract(["x.npz"], f"{name}.npy", RECIPE, **options)
    assert Path("a.npy").read_bytes() == Path("b.npy").read_bytes() == Path("c.npy").read_bytes()


def test_a_shard_that_was_damaged_is_computed_again():
    arrays()
    extract(["x.npz"], "whole.npz", RECIPE, shard_size=4)
    stopped("t.npz", 24)
    folder = Workspace(Path("t.npz.partial"))
    kept = len(folder.records())
    assert kept >= 2
    with open(folder.features_file(0), "r+b") as stream:
        stream.write(b"\xff\xff\xff\xff")
    folder.keys_file(1).unlink()
    report = extract(["x.npz"], "t.npz", RECIPE)
    assert report.kept == kept - 2
    assert Path("t.npz").read_bytes() == Path("whole.npz").read_bytes()


def test_a_manifest_that_was_cut_off_loses_its_last_line_alone():
    arrays()
    stopped("t.npz", 24)
    folder = Workspace(Path("t.npz.partial"))
    before = folder.records()
    folder.manifest.write_bytes(folder.manifest.read_bytes()[:-9])
    assert len(folder.records()) == len(before) - 1
    folder.append(Record(9, 4, 0, "a", "b"))
    assert set(folder.records()) == {*list(before)[:-1], 9}


def test_a_run_that_was_killed_while_listing_begins_anew():
    arrays()
    stopped("t.npz", 20)
    Path("t.npz.partial/job.json").unlink()
    report = extract(["x.npz"], "t.npz", RECIPE)
    assert report.kept == 0
    assert report.samples == 40


def test_an_unfinished_run_of_something_else_is_not_mixed_in():
    arrays()
    stopped("t.npz", 20)
    other = Recipe("2d", {"J": 1, "L": 2})
    with pytest.raises(
        FileError, match=r"an unfinished run of other options is in it: .*\"J\": 2.*--overwrite"
    ):
        extract(["x.npz"], "t.npz", other)
    with pytest.raises(FileError, match="an unfinished run of other options"):
        extract(["x.npz"], "t.npz", other, existing="resume")
    arrays(44)
    with pytest.raises(
        FileError, match=r"of other inputs is in it; type --resume to go on with the inputs as"
    ):
        extract(["x.npz"], "t.npz", RECIPE)
    report = extract(["x.npz"], "t.npz", RECIPE, existing="resume")
    assert (report.samples, report.kept > 0) == (40, True)
    stopped("u.npz", 20)
    assert extract(["x.npz"], "u.npz", other, existing="overwrite").kept == 0


def test_a_run_of_shards_of_another_size_is_not_mixed_in():
    arrays()
    stopped("t.npz", 20)
    with pytest.raises(FileError, match="shards of another size is in it; leave --shard-size out"):
        extract(["x.npz"], "t.npz", RECIPE, shard_size=8)


def test_a_complete_table_still_says_what_it_lacks():
    image("a.png")
    Path("b.png").write_bytes(b"bad")
    for before in (False, True):
        report = extract(["a.png", "b.png"], "t.npz", RECIPE)
        assert (report.complete_before, report.samples, report.skipped) == (before, 1, 1)
        assert (report.features, report.errors) == (9, Path("t.npz.errors.csv"))


def test_a_table_that_is_complete_is_left_alone():
    arrays()
    for suffix in FORMATS[:3]:
        out = "t" + suffix
        extract(["x.npz"], out, RECIPE)
        before = content(out)
        again = extract(["x.npz"], out, RECIPE)
        assert again.complete_before
        assert (again.samples, again.metadata["version"]) == (40, again.metadata["version"])
        with pytest.raises(
            FileError, match=r"is there already, of other inputs or options; type --overwrite"
        ):
            extract(["x.npz"], out, Recipe("2d", {"J": 1}))
        assert content(out) == before
        assert extract(["x.npz"], out, Recipe("2d", {"J": 1}), existing="overwrite").samples == 40
        assert extract(["x.npz"], out, RECIPE, existing="resume").complete_before
    Path("v.npz").write_bytes(b"something else")
    with pytest.raises(FileError, match="is there already"):
        extract(["x.npz"], "v.npz", RECIPE)
    assert Path("v.npz").read_bytes() == b"something else"


def test_a_job_that_is_damaged_says_to_begin_anew():
    arrays()
    stopped("t.npz", 20)
    Path("t.npz.partial/job.json").write_text("{}")
    with pytest.raises(FileError, match=r"the unfinished run in it can't be read: .*type --overwrite"):
        extract(["x.npz"], "t.npz", RECIPE)
    assert extract(["x.npz"], "t.npz", RECIPE, existing="overwrite").samples == 40


@pytest.mark.skipif(sys.platform == "win32", reason="needs locks of files")
def test_two_runs_of_one_output_do_not_mix():
    arrays()
    workspace = Workspace.beside(Path("t.npz"))
    with workspace.open(), pytest.raises(FileError, match="another run is at it"):
        extract(["x.npz"], "t.npz", RECIPE)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"on_error": "ask"}, "on_error must be 'skip' or 'fail', got 'ask'"),
        ({"existing": "keep"}, "existing must be 'resume', 'overwrite' or None, got 'keep'"),
        ({"shard_size": 0}, "shard_size must be at least 1, got 0"),
    ],
)
def test_options_out_of_range_are_refused(options, said):
    with pytest.raises(InputError, match=said):
        extract(["x.npz"], "t.npz", RECIPE, **options)


# ------------------------------------------------------------------ killed
def command(*args):
    code = "from scatter.cli.app import main; main()"
    return [sys.executable, "-c", code, "features", "in", "x.npz", "-o", *args, "--transform", "2d"]


def killed_again_and_again(args, kills, seed=0):
    """Kill a run at random moments until it has been killed so often; then let it end."""
    draw, done = random.Random(seed), 0
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    usual = 1.0
    for _ in range(kills):
        run = subprocess.Popen(args, stderr=subprocess.PIPE, start_new_session=True, env=environment)
        # The first part of a run is importing; most kills should come later.
        try:
            run.wait(usual * draw.uniform(0.5, 2.0))
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            done += 1
        run.communicate()
    last = subprocess.run(args, capture_output=True, text=True, env=environment, check=False)
    return done, last


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_is_not():
    rng = np.random.default_rng(0)
    for i in range(300):
        image(f"in/{i:03}.png", (24, 24))
    Path("in/bad.png").write_bytes(b"bad")
    np.savez_compressed("x.npz", rng.random((2500, 24, 24), dtype=np.float32))
    options = ("--J", "3", "--L", "8", "--shard-size", "50", "--jobs", "1", "--pooling", "none")
    whole = subprocess.run(command("whole.npy", *options), capture_output=True, text=True, check=False)
    assert whole.returncode == 1, whole.stderr
    done, last = killed_again_and_again(command("t.npy", *options), KILLS)
    assert done > KILLS // 4
    assert last.returncode == 1, last.stderr
    assert content("t.npy") == content("whole.npy")
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith((".", "t."))) == [
        "t.npy",
        "t.npy.csv",
        "t.npy.errors.csv",
        "t.npy.json",
    ]


# ------------------------------------------------------------------ a full disk
def test_a_full_disk_says_so_and_the_run_goes_on_later(monkeypatch):
    arrays()
    extract(["x.npz"], "whole.npz", RECIPE, shard_size=4)
    written = 0
    plain = shards_module._Own.write

    def full(self, data):
        nonlocal written
        written += 1
        if written > 12:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        plain(self, data)

    said = (
        r"^t.npz.partial: can't be written: No space left on device; what is finished is kept: type the same"
    )
    with monkeypatch.context() as patch:
        patch.setattr(shards_module._Own, "write", full)
        with pytest.raises(FileError, match=said):
            extract(["x.npz"], "t.npz", RECIPE, shard_size=4)
    assert not list(Path("t.npz.partial").glob(".*"))
    report = extract(["x.npz"], "t.npz", RECIPE, shard_size=4)
    assert report.kept > 0
    assert Path("t.npz").read_bytes() == Path("whole.npz").read_bytes()


@pytest.fixture
def small_disk():
    """A file system of its own, of 4 MB; skipped where nobody may make one."""
    folder = Path("small").absolute()
    folder.mkdir()
    made = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(made, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_a_disk_that_is_really_full_loses_nothing(suffix, small_disk):
    arrays(600)
    options = ("--J", "2", "--L", "4", "--pooling", "none", "--shard-size", "20", "--transform", "2d")
    succeed("features", "x.npz", "-o", "whole" + suffix, *options)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(3 * 2**20 + 2**19))
    out = small_disk / ("t" + suffix)
    message = fail("features", "x.npz", "-o", out, *options)
    assert "can't be written: No space left on device" in message
    assert not out.exists()
    filler.unlink()
    result = run("features", "x.npz", "-o", out, *options)
    assert result.exit_code == 0, result.stderr
    assert content(out) == content("whole" + suffix)
    assert sorted(path.name for path in small_disk.iterdir()) == sorted(
        out.name + name for name in content(out)
    )


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits of the size of a file")
def test_a_file_that_may_not_grow_is_one_clear_line():
    arrays(400)
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); "
        "from scatter.cli.app import main; main()"
    )
    args = ["features", "x.npz", "-o", "t.npz", "--J", "2", "--L", "2"]
    found = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert found.stderr.count("\n") == 1
    assert "can't be written: File too large" in found.stderr
    assert not Path("t.npz").exists()
    result = run("features", "x.npz", "-o", "t.npz", "--J", "2", "--L", "2")
    assert result.exit_code == 0
    assert len(read_table("t.npz").features) == 400


# ------------------------------------------------------------------ inputs
def items(*inputs, kind="image", **options):
    return list(Listing(inputs, **options).items(Reading(kind)))


def test_a_folder_is_listed_in_order_without_loops_and_outputs():
    for name in ("b/2.png", "b/1.png", "a.png", ".hidden.png", ".git/x.png"):
        image(f"in/{name}")
    Path("in/b/loop").symlink_to(Path("in").absolute(), target_is_directory=True)
    found = items("in", "in/b/*.png", without=[Path("in/b/2.png")])
    assert [item.file for item in found] == ["in/a.png", "in/b/1.png"]
    assert [item.label for item in items("in", labels_from_folders=True)] == ["in", "b", "b"]


def test_arrays_are_listed_with_their_rows():
    arrays(5)
    assert items("x.npz") == [Item("x.npz", 0, 5)]
    for count, stop in ((5, None), (5000, 5000)):
        np.save("x.npy", np.zeros((count, 16, 16), np.uint8))
        assert items("x.npy") == [Item("x.npy", 0, stop)]
    Path("bad.npz").write_bytes(b"bad")
    assert items("bad.npz") == [Item("bad.npz")]


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_manifest_names_files_labels_and_groups(suffix):
    import pandas

    for name in "abc":
        image(f"data/images/{name}.png")
    table = pandas.DataFrame(
        {
            "path": ["images/c.png", "images/a.png", "images/b.png"],
            "label": ["x", None, "y"],
            "fold": [1, 2, 1],
        }
    )
    manifest = f"data/m{suffix}"
    if suffix == ".parquet":
        table.to_parquet(manifest)
    else:
        table.to_csv(manifest, sep="\t" if suffix == ".tsv" else ",", index=False)
    succeed("features", manifest, "-o", "t.npz", "--J", "2", "--L", "2", "--group", "fold")
    keys = read_table("t.npz").keys
    assert list(keys["file"]) == [str(Path("data/images", f"{name}.png")) for name in "cab"]
    assert list(keys["label"]) == ["x", "", "y"]
    assert list(keys["group"]) == ["1", "2", "1"]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("path\n", {}, "m.csv: the manifest lists no file"),
        (
            "name\na.png\n",
            {},
            "m.csv: none of its columns is called file, path, filename, image, sound; it has",
        ),
        ("path\na.png\n", {"label": "kind"}, "m.csv: has no column 'kind'; it has 'path'"),
        ("path\na.png\n", {"path_column": "x"}, "m.csv: has no column 'x'; it has 'path'"),
        ("path,label\n,3\n", {}, "m.csv: row 1 names no file in the column 'path'"),
        ("path\na.png,3\n", {}, "m.csv: line 2 has more fields than the header"),
        ("\0", {}, "m.csv: "),
        ("", {}, "m.csv: the file is empty"),
    ],
)
def test_a_manifest_that_is_damaged_stops_the_run(text, options, said):
    Path("m.csv").write_text(text)
    with pytest.raises(FileError) as caught:
        items("m.csv", **options)
    assert said in str(caught.value)


def test_a_file_that_a_manifest_names_twice_is_taken_once_and_reported():
    image("a.png")
    image("b.png")
    Path("m.csv").write_text("file,label\na.png,1\nb.png,2\na.png,3\n")
    report = extract(["m.csv"], "t.npz", RECIPE)
    assert (report.samples, report.skipped) == (2, 1)
    assert list(read_table("t.npz").keys["label"]) == ["1", "2"]
    text = Path("t.npz.errors.csv").read_text().splitlines()[1]
    assert text == 'a.png,,"row 3 of m.csv names it again, after row 1"'
    with pytest.raises(FileError, match=r"^a\.png: row 3 of m\.csv names it again, after row 1$"):
        extract(["m.csv"], "u.npz", RECIPE, on_error="fail")


def test_files_that_a_manifest_names_and_are_not_there_are_reported():
    image("a.png")
    Path("m.csv").write_text("file,label\na.png,1\nnone.png,2\nnotes.txt,3\n")
    report = extract(["m.csv"], "t.npz", RECIPE)
    assert (report.samples, report.skipped) == (1, 2)
    first, second = Path("t.npz.errors.csv").read_text().splitlines()[1:]
    assert first == "none.png,,No such file or directory"
    assert second.startswith('notes.txt,,"the suffix .txt is not supported; allowed are .bmp, ')


def test_labels_travel_from_arrays_and_folders():
    x = np.random.default_rng(0).random((6, 16, 16), dtype=np.float32)
    np.savez("x.npz", images=x, digits=np.arange(6) % 3)
    options = ("--array", "images", "--label-array", "digits", "--transform", "2d", "--J", "2", "--L", "2")
    succeed("features", "x.npz", "-o", "t.npz", *options)
    assert list(read_table("t.npz").keys["label"]) == ["0", "1", "2", "0", "1", "2"]
    for name in ("cat/a", "dog/b"):
        image(f"in/{name}.png")
    succeed("features", "in", "-o", "u.npz", "--J", "2", "--L", "2", "--labels-from-folders")
    assert list(read_table("u.npz").keys["label"]) == ["cat", "dog"]


def test_one_bad_row_of_an_array_is_left_out_by_number():
    x = np.random.default_rng(0).random((50, 16, 16), dtype=np.float32)
    x[7, 3, 2] = np.nan
    np.savez("x.npz", x)
    report = extract(["x.npz"], "t.npz", RECIPE, shard_size=8)
    assert (report.samples, report.skipped) == (49, 1)
    assert Path("t.npz.errors.csv").read_text().splitlines()[1].startswith("x.npz,7,")
    assert 7 not in read_table("t.npz").keys["segment"]
    expected = RECIPE.build((16, 16)).fit_transform(np.delete(x, 7, axis=0))
    np.testing.assert_allclose(read_table("t.npz").features, expected, rtol=1e-5)


def test_features_that_do_not_fit_are_left_out_not_written_as_infinity():
    x = np.ones((3, 16, 16), np.float32)
    x[1] = 1e6
    np.savez("x.npz", x)
    report = extract(["x.npz"], "t.npz", Recipe("2d", {"J": 2}, dtype="float16"))
    assert (report.samples, report.skipped) == (2, 1)
    assert read_table("t.npz").features.dtype == np.float16
    assert (
        "its features reach 1e+06, beyond float16; type --dtype float32"
        in Path("t.npz.errors.csv").read_text()
    )


def test_when_nothing_can_be_transformed_the_report_says_why():
    for name in "ab":
        Path(f"{name}.png").write_bytes(b"bad")
    with pytest.raises(
        FileError, match=r"none of the 2 inputs holds a sample that can be read; the first one: a\.png"
    ):
        extract(["a.png", "b.png"], "t.npz", RECIPE)
    assert not list(Path().glob("t.*"))


def test_an_old_report_of_errors_goes_when_there_are_none():
    image("a.png")
    Path("b.png").write_bytes(b"bad")
    extract(["a.png", "b.png"], "t.npz", RECIPE)
    assert Path("t.npz.errors.csv").exists()
    image("b.png")
    extract(["a.png", "b.png"], "t.npz", RECIPE, existing="overwrite")
    assert not Path("t.npz.errors.csv").exists()


# ------------------------------------------------------------------ what travels with a table
def test_features_can_be_matched_to_the_transform_that_made_them():
    arrays(3)
    found = {}
    for name, recipe in {
        "a": RECIPE,
        "again": Recipe("2d", {"L": 2, "J": 2}),
        "other": Recipe("2d", {"J": 2, "L": 3}),
    }.items():
        found[name] = extract(["x.npz"], f"{name}.npz", recipe).metadata
        assert read_table(f"{name}.npz").metadata.items() >= found[name].items()
    assert found["a"]["filters"] == found["again"]["filters"] != found["other"]["filters"]
    assert json.loads(found["a"]["recipe"])["params"] == {"J": 2, "L": 2, "pooling": "mean"}
    assert Recipe.from_dict(json.loads(found["a"]["recipe"])) == RECIPE
    assert json.loads(found["a"]["paths"])["order"] == [0] + [1] * 4 + [2] * 4


def test_the_hash_sees_a_change_of_a_filter(monkeypatch):
    from scatter.extraction.signature import filters_hash
    from scatter.frames.morlet2d import Morlet2D

    def made():
        return filters_hash(RECIPE.build((16, 16)).fit(np.zeros((1, 16, 16), np.float32)))

    before, plain = made(), Morlet2D.psi
    assert made() == before
    monkeypatch.setattr(Morlet2D, "psi", lambda *args: plain(*args) * 1.0001)
    assert made() != before


# ------------------------------------------------------------------ the machinery
def test_an_iterator_runs_ahead_and_hands_on_its_error():
    def broken():
        yield 1
        raise ValueError("broken")

    found = ahead(broken(), 2)
    assert next(found) == 1
    with pytest.raises(ValueError, match="broken"):
        next(found)


def test_closing_ends_the_thread_that_runs_ahead():
    made = []

    def endless():
        while True:
            made.append(len(made))
            yield made[-1]

    found = ahead(endless(), 2)
    assert next(found) == 0
    found.close()
    count = len(made)
    time.sleep(0.3)
    assert len(made) == count <= 5


def test_batches_hold_samples_in_order():
    batches, got = Batches(4), []
    for start, count in ((0, 3), (3, 6), (9, 1), (10, 1)):
        batches.add(np.arange(start, start + count), list(range(start, start + count)))
        got += [(list(samples), keys) for samples, keys in batches.full()]
    got += [(list(samples), keys) for samples, keys in batches.rest()]
    assert [keys for _, keys in got] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10]]
    assert all(samples == keys for samples, keys in got)
    assert not list(batches.rest())


def test_memory_does_not_grow_with_the_number_of_inputs():
    code = (
        "import resource, sys; from scatter.extraction import Recipe, extract; "
        "extract([sys.argv[1]], sys.argv[1] + '.t.npy', Recipe('2d', {'J': 2, 'L': 4, 'pooling': None})); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for count in (4000, 16000):
        np.save(f"{count}.npy", np.zeros((count, 32, 32), np.uint8))
        ran = subprocess.run(
            [sys.executable, "-c", code, f"{count}.npy"], capture_output=True, text=True, check=True
        )
        peaks.append(int(ran.stdout))
    grown = peaks[1] - peaks[0]
    assert grown < (16000 - 4000) * 49 * 64 * 4 / 1024 / 8, peaks
