"""Outputs are whole or absent, inputs are found and named, and errors are one line."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from tests_support import one_line

from scatter.errors import FileError, InputError
from scatter.io import (
    atomic_output,
    check_output,
    expand,
    guess_ndim,
    read_array,
    read_image,
    read_sample,
    read_sound,
    read_table,
)
from scatter.io.files import reason

pytestmark = pytest.mark.usefixtures("own_folder")

ROOT = Path(__file__).resolve().parents[1]
RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)


def left_in(folder="."):
    return sorted(path.name for path in Path(folder).iterdir())


# Atomic output


def write_half_and_raise(path, error):
    with atomic_output(path) as temporary:
        temporary.write_text("half")
        raise error


def test_a_written_file_appears_under_its_name_alone():
    with atomic_output("out.txt") as temporary:
        assert temporary.suffix == ".txt"
        assert temporary.parent == Path.cwd()
        temporary.write_text("all of it")
        assert left_in() == [temporary.name]
    assert left_in() == ["out.txt"]
    assert Path("out.txt").read_text() == "all of it"


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, SystemExit, MemoryError])
def test_a_failure_leaves_what_was_there(failure):
    Path("out.txt").write_text("before")
    with pytest.raises(failure):
        write_half_and_raise("out.txt", failure())
    assert left_in() == ["out.txt"]
    assert Path("out.txt").read_text() == "before"


def test_a_full_disk_is_one_line_and_no_file():
    with pytest.raises(FileError) as info:
        write_half_and_raise("out.bin", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "elsewhere"))
    assert one_line(info) == "out.bin: can't be written: No space left on device"
    assert left_in() == []


def test_a_disk_that_fails_to_flush_leaves_no_file(monkeypatch):
    def fail(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FileError, match=r"out.bin: can't be written: Input/output error"):
        write_bytes("out.bin")
    assert left_in() == []


def write_bytes(path):
    with atomic_output(path) as temporary:
        temporary.write_bytes(b"x")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("folder", "folder: can't be written: it is a folder; give the name of a file in it"),
        ("file/out.npz", "file/out.npz: can't be written: file is a file, not a folder"),
        ("none/out.npz", "none/out.npz: can't be written: the folder none does not exist; create it first"),
    ],
)
def test_an_impossible_output_is_refused_at_once(path, message):
    Path("folder").mkdir()
    Path("file").write_text("x")
    with pytest.raises(FileError) as info:
        check_output(path)
    assert one_line(info) == message
    with pytest.raises(FileError):
        write_bytes(path)
    assert left_in() == ["file", "folder"]


def test_a_folder_without_permission_is_refused(monkeypatch):
    # Root may write everywhere, so the answer of the system is replaced.
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(FileError, match=r"out.npz: can't be written: no permission to write in the folder"):
        write_bytes("out.npz")


def test_a_folder_that_refuses_a_new_file_is_an_error(monkeypatch):
    def refuse(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(FileError, match=r"out.npz: can't be written: Read-only file system"):
        write_bytes("out.npz")


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="needs a device file")
def test_a_device_is_not_replaced_by_a_file():
    with pytest.raises(FileError, match=r"/dev/null: can't be written: it is not a regular file"):
        write_bytes("/dev/null")
    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links and permissions")
def test_links_stay_links_and_permissions_follow_the_umask():
    Path("there").mkdir()
    Path("link.txt").symlink_to("there/out.txt")
    before = os.umask(0o027)
    try:
        write_bytes("link.txt")
    finally:
        os.umask(before)
    assert Path("link.txt").is_symlink()
    assert left_in("there") == ["out.txt"]
    assert Path("there/out.txt").stat().st_mode & 0o777 == 0o640


def test_a_name_as_long_as_the_system_allows_can_be_written():
    name = "a" * (os.pathconf(".", "PC_NAME_MAX") - 4) + ".npz"
    write_bytes(name)
    assert left_in() == [name]


def test_a_reason_is_one_short_line():
    assert reason(ValueError("two\nlines")) == "two lines"
    assert reason(MemoryError()) == "MemoryError"
    assert reason(FileNotFoundError(2, "No such file", "x")) == "No such file"
    assert len(reason(ValueError("x" * 1000))) == 160


# What all readers refuse

READERS = [read_image, read_sound, read_array]


@pytest.mark.parametrize("read", READERS)
def test_missing_empty_and_unfit_files_are_named(read):
    Path("folder.png").mkdir()
    Path("empty.png").touch()
    if hasattr(os, "mkfifo"):
        os.mkfifo("pipe.png")
    for name, said in [
        ("none.png", "No such file or directory"),
        ("folder.png", "is a folder, not a file"),
        ("empty.png", "the file is empty (0 bytes)"),
        ("pipe.png", "is not a regular file" if hasattr(os, "mkfifo") else ""),
        ("nul\0.png", "null byte"),
    ]:
        with pytest.raises(FileError) as info:
            read(name)
        assert one_line(info).startswith(f"{name}: ")
        assert said in one_line(info)


@pytest.mark.parametrize("read", [*READERS, read_table])
def test_a_text_under_another_suffix_is_refused(read):
    for suffix in (".png", ".wav", ".npy", ".npz", ".parquet"):
        file = Path("text" + suffix)
        file.write_text("this is not what the suffix says\n" * 20)
        if read is read_table and suffix not in (".npz", ".parquet"):
            continue
        with pytest.raises(FileError, match=r"^text"):
            read(file)


@pytest.mark.parametrize("read", READERS)
def test_a_file_without_permission_is_named(read, monkeypatch):
    Path("secret.png").write_bytes(b"RIFF1234")

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(FileError, match=r"^secret.png: .*Permission denied$"):
        read("secret.png")


# Samples


def tree_of_files():
    for name in (
        "d/b.png",
        "d/a.wav",
        "d/sub/c.NPY",
        "d/.hidden.png",
        "d/.git/x.png",
        "e.txt",
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"x")


def names_of(inputs):
    return [path.as_posix() for path in expand(inputs)]


def test_folders_patterns_and_files_are_expanded():
    tree_of_files()
    assert names_of(["d"]) == ["d/a.wav", "d/b.png", "d/sub/c.NPY"]
    assert names_of([Path("d")]) == names_of(["d"])
    assert names_of(["d/*"]) == ["d/a.wav", "d/b.png"]
    assert names_of(["d/**"]) == ["d/a.wav", "d/b.png", "d/sub/c.NPY"]
    assert names_of(["d/b.png", "d", "d/*.png"]) == ["d/b.png", "d/a.wav", "d/sub/c.NPY"]
    # A file named outright is kept, so that its reader can say what is wrong with it.
    assert names_of(["e.txt"]) == ["e.txt"]
    Path("a[1].png").touch()
    assert names_of(["a[1].png"]) == ["a[1].png"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_links_between_folders_make_no_loop():
    tree_of_files()
    Path("d/sub/loop").symlink_to(Path("d").resolve())
    assert names_of(["d"]) == ["d/a.wav", "d/b.png", "d/sub/c.NPY"]
    Path("link").symlink_to("d")
    assert names_of(["link"]) == ["link/a.wav", "link/b.png", "link/sub/c.NPY"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "no input was given; name files, folders or patterns such as 'images/*.png'"),
        (["none.png"], "none.png: no such file or folder"),
        (["void"], "void: the folder holds no file with a supported suffix"),
        (["*.bmp"], "*.bmp: the pattern matches no file with a supported suffix"),
        (["*.txt"], "*.txt: the pattern matches no file with a supported suffix"),
        (["d", "none.png"], "none.png: no such file or folder"),
    ],
)
def test_an_input_that_matches_nothing_is_named(inputs, message):
    tree_of_files()
    Path("void").mkdir()
    with pytest.raises(FileError) as info:
        expand(inputs)
    assert one_line(info) == message


def test_a_folder_that_can_not_be_listed_is_named(monkeypatch):
    tree_of_files()

    def refuse(path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(FileError, match=r"^d: Permission denied$"):
        expand(["d"])


def test_samples_have_a_leading_axis():
    Image.fromarray(PIXELS).save("a.png")
    soundfile.write("a.wav", np.zeros(50), 8000)
    np.save("signal.npy", np.zeros(50, dtype=np.int16))
    np.save("signals.npy", np.zeros((2, 50)))
    np.save("images.npy", np.zeros((2, 8, 9), dtype=np.float32))
    assert read_sample("a.png", 2)[0].shape == (1, 12, 17)
    assert read_sample("a.png", 2, grey=False)[0].shape == (1, 3, 12, 17)
    assert read_sample("a.wav", 1)[0].shape == (1, 50)
    assert read_sample("a.wav", 1)[1] == 8000
    signal, rate = read_sample("signal.npy", 1)
    assert (signal.shape, signal.dtype, rate) == ((1, 50), np.float32, None)
    assert read_sample("signals.npy", 1)[0].shape == (2, 50)
    assert read_sample("signals.npy", 2)[0].shape == (1, 2, 50)
    assert read_sample("images.npy", 2)[0].shape == (2, 8, 9)
    assert [guess_ndim(name) for name in ("a.png", "a.wav", "signal.npy", "images.npy")] == [2, 1, 1, 2]


def test_an_ambiguous_array_asks_which():
    np.save("a.npy", np.zeros((2, 50)))
    with pytest.raises(InputError) as info:
        guess_ndim("a.npy")
    assert one_line(info) == (
        "a.npy: an array of shape (2, 50) may be 2 signals or one image; "
        "type --transform 1d or --transform 2d"
    )


def test_samples_of_another_kind_are_refused():
    Image.fromarray(PIXELS).save("a.png")
    soundfile.write("a.wav", np.zeros(50), 8000)
    np.save("four.npy", np.zeros((2, 2, 2, 2)))
    np.save("three.npy", np.zeros((2, 2, 2)))
    np.save("complex.npy", np.zeros(4, complex))
    for name, ndim, message in [
        ("a.png", 1, "a.png: is an image, but the transform is of signals; type --transform 2d"),
        ("a.wav", 2, "a.wav: is a sound, but the transform is of images; type --transform 1d"),
        ("three.npy", 1, "three.npy: the array has shape (2, 2, 2); a transform in 1D takes (N,) or (n, N)"),
        (
            "four.npy",
            2,
            "four.npy: the array has shape (2, 2, 2, 2); a transform in 2D takes (M, N) or (n, M, N)",
        ),
        ("complex.npy", 1, "complex.npy: the array is complex; real values are needed"),
    ]:
        with pytest.raises(FileError) as info:
            read_sample(name, ndim)
        assert one_line(info) == message
    with pytest.raises(FileError, match=r"^four.npy: the array has shape \(2, 2, 2, 2\); allowed are \(N,\)"):
        guess_ndim("four.npy")
    for action in (lambda: guess_ndim("a.txt"), lambda: read_sample("a.txt", 1)):
        with pytest.raises(
            FileError, match=r"^a.txt: the suffix .txt is not supported; allowed are .bmp, .fl"
        ):
            action()


def test_importing_loads_no_decoder():
    code = (
        "import sys, scatter.io; "
        "print(sorted({'PIL', 'soundfile', 'pyarrow', 'sklearn', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"
