"""The folder of an unfinished run: never somebody else's, never trusted when damaged."""

import os
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import fail, succeed
from test_extraction import RECIPE, Stop, Stopper, arrays, content

from scatter.errors import FileError
from scatter.extraction import extract
from scatter.extraction.workspace import MARKER, Workspace

ANEW = "; type --overwrite to begin anew"
DAMAGES = int(os.environ.get("SCATTER_FUZZ", "60"))


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def home(folder="home"):
    """A folder of somebody else, and what is in it."""
    Path(folder, "deep").mkdir(parents=True)
    for name in ("letter.txt", "deep/photo.png", "000000.rows", "lock", "body", "job.json"):
        Path(folder, name).write_bytes(b"dear")
    return content(folder)


def unfinished(output="t.npz", rows=20):
    arrays()
    with pytest.raises(Stop):
        extract(["x.npz"], output, RECIPE, shard_size=4, watcher=Stopper(rows))
    return Workspace(Path(f"{output}.partial"))


# ------------------------------------------------------------------ somebody else's folder
@pytest.mark.parametrize("existing", [None, "resume", "overwrite"])
@pytest.mark.parametrize("output", ["o.npy", "o.zarr"])
def test_a_folder_of_that_name_that_is_not_scatters_is_left_alone(output, existing):
    arrays()
    before = home(f"{output}.partial")
    with pytest.raises(FileError, match=r"holds no unfinished run of scatter; move it away, or give another"):
        extract(["x.npz"], output, RECIPE, existing=existing)
    assert content(f"{output}.partial") == before


@pytest.mark.parametrize("existing", [None, "resume", "overwrite"])
def test_a_link_of_that_name_is_not_followed(existing):
    arrays()
    before = home()
    Path("home", MARKER).touch()
    os.symlink("home", "o.npy.partial")
    with pytest.raises(FileError, match=r"o.npy.partial: is a symbolic link, where an unf"):
        extract(["x.npz"], "o.npy", RECIPE, existing=existing)
    Path("home", MARKER).unlink()
    assert content("home") == before
    assert Path("o.npy.partial").is_symlink()


def test_a_link_to_nothing_and_a_file_of_that_name_are_left_alone():
    arrays()
    os.symlink("nowhere", "o.npy.partial")
    with pytest.raises(FileError, match="symbolic link"):
        extract(["x.npz"], "o.npy", RECIPE)
    assert Path("o.npy.partial").is_symlink()
    assert not Path("nowhere").exists()
    Path("p.npy.partial").write_bytes(b"dear")
    with pytest.raises(FileError, match=r"p.npy.partial: is a file, where an unfinished run is kept"):
        extract(["x.npz"], "p.npy", RECIPE)
    assert Path("p.npy.partial").read_bytes() == b"dear"


def test_a_run_that_fails_at_once_removes_nothing():
    home("o.npy.partial")
    before = content("o.npy.partial")
    for inputs in (["absent.npz"], []):
        with pytest.raises(FileError):
            extract(inputs, "o.npy", RECIPE)
    assert content("o.npy.partial") == before
    home()
    os.symlink("home", "q.npy.partial")
    assert "symbolic link" in fail("features", "absent.npz", "-o", "q.npy", "--transform", "2d")


def test_what_somebody_put_into_the_folder_of_a_run_stays():
    folder = unfinished().folder
    Path(folder, "notes.txt").write_text("mine")
    Path(folder, "mine").mkdir()
    Path(folder, "mine", "000001.rows").write_text("mine")
    os.symlink(Path("x.npz").absolute(), folder / "0123456789.rows.old")
    (folder / ".0123456789abcdef").symlink_to(Path("mine.txt").absolute())
    Path("mine.txt").write_text("mine")
    extract(["x.npz"], "t.npz", RECIPE)
    assert {path.name for path in folder.iterdir()} == {
        "notes.txt", "mine", "0123456789.rows.old", "lock", MARKER
    }  # fmt: skip
    assert Path("mine.txt").read_text() == Path(folder, "mine", "000001.rows").read_text() == "mine"
    # It is still a folder of scatter's for the next run.
    extract(["x.npz"], "t.npz", RECIPE, existing="overwrite")


@pytest.mark.parametrize(
    "name", ["job.json", "inputs.jsonl", "manifest.jsonl", "lock", "body", "000000.rows", "again", MARKER]
)
@pytest.mark.parametrize("kind", ["link", "pipe"])
@pytest.mark.parametrize("existing", [None, "overwrite"])
def test_links_and_pipes_under_names_of_scatters_files_are_refused(name, kind, existing):
    folder = unfinished().folder
    before = home()
    path = folder / name
    path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to(Path("home" if name == "again" else "home/letter.txt").absolute())
    else:
        os.mkfifo(path)
    with pytest.raises(FileError, match=f"{name}: is not as scatter left it, but a link, a pipe or a folder"):
        extract(["x.npz"], "t.npz", RECIPE, existing=existing)
    assert content("home") == before


def test_an_empty_folder_will_do():
    arrays()
    Path("t.npz.partial").mkdir()
    assert extract(["x.npz"], "t.npz", RECIPE).samples == 40
    assert not Path("t.npz.partial").exists()


# ------------------------------------------------------------------ damaged
@pytest.mark.parametrize("name", ["job.json", "inputs.jsonl"])
def test_any_flipped_bit_of_the_job_is_one_clear_line(name):
    folder = unfinished().folder
    whole = (folder / name).read_bytes()
    seeded = random.Random(3)
    messages = []
    for _ in range(DAMAGES):
        damaged = bytearray(whole)
        damaged[seeded.randrange(len(whole))] ^= 1 << seeded.randrange(8)
        (folder / name).write_bytes(damaged)
        try:
            Workspace(folder).load()
        except FileError as error:
            messages.append(str(error))
    # A space for a tab may leave the meaning of JSON as it is.
    assert len(messages) >= 0.95 * DAMAGES
    start = f"{folder}: the unfinished run in it can't be read: "
    assert all(text.startswith(start) and text.endswith(ANEW) for text in messages)
    for text in (b"", b"[]", b"null", b"{", b'{"job": {}}', b"[" * 100_000, b"\xff", whole[:-3]):
        (folder / name).write_bytes(text)
        with pytest.raises(FileError, match=rf"can't be read: .*{ANEW}"):
            extract(["x.npz"], "t.npz", RECIPE)
    (folder / name).unlink()
    if name == "inputs.jsonl":
        with pytest.raises(FileError, match="can't be read: No such file or directory; type --overwrite"):
            extract(["x.npz"], "t.npz", RECIPE)
    assert extract(["x.npz"], "t.npz", RECIPE, existing="overwrite").samples == 40


def test_flipped_bits_anywhere_never_give_another_table():
    arrays()
    extract(["x.npz"], "whole.npz", RECIPE, shard_size=4)
    whole = Path("whole.npz").read_bytes()
    folder = unfinished().folder
    shutil.copytree(folder, "saved")
    messages = []
    seeded = random.Random(4)
    for _ in range(DAMAGES // 3):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree("saved", folder)
        name = seeded.choice(sorted(path.name for path in folder.iterdir() if path.stat().st_size))
        damaged = bytearray((folder / name).read_bytes())
        for _ in range(seeded.choice((1, 1, 8))):
            damaged[seeded.randrange(len(damaged))] = seeded.randrange(256)
        (folder / name).write_bytes(damaged)
        try:
            extract(["x.npz"], "t.npz", RECIPE)
        except FileError as error:
            messages.append(str(error))
            extract(["x.npz"], "t.npz", RECIPE, existing="overwrite")
        assert Path("t.npz").read_bytes() == whole
        Path("t.npz").unlink()
    assert all(text.endswith(ANEW) for text in messages)


@pytest.mark.parametrize("line", [b"[]", b"null", b"7", b'{"shard": []}', b'{"shard": 0, "rows": "4"}', b"{"])
def test_a_line_of_the_manifest_that_is_something_else_is_no_shard(line):
    workspace = unfinished()
    with open(workspace.manifest, "ab") as stream:
        stream.write(b"\n" + line + b"\n")
    kept = len(workspace.records())
    assert extract(["x.npz"], "t.npz", RECIPE).kept == kept


# ------------------------------------------------------------------ files beside the table
@pytest.mark.parametrize("name", ["q.npy.csv", "q.npy.json", "q.npy.errors.csv"])
def test_files_beside_a_table_are_not_replaced_unless_asked(name):
    arrays()
    Path(name).write_text("mine")
    message = fail("features", "x.npz", "-o", "q.npy", "--transform", "2d", "--J", "2")
    assert (
        f"{name}: is there already, without the table q.npy that would replace it; type --overwrite"
        in message
    )
    assert Path(name).read_text() == "mine"
    assert {path.name for path in Path().iterdir()} == {"x.npz", name}
    succeed("features", "x.npz", "-o", "q.npy", "--transform", "2d", "--J", "2", "--overwrite")
    assert not Path(name).exists() or Path(name).read_text() != "mine"
    assert np.load("q.npy").shape[0] == 40
