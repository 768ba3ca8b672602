"""From files to a table, and what stops it."""

import csv
import errno
import json
import os
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_helpers import RNG, SMALL, fail, files_here, image, raising, run, succeed

import scatter
from scatter import Scattering1D, Scattering2D
from scatter._text import format_size
from scatter.cli.options import parse_size
from scatter.errors import InputError
from scatter.extraction import run as run_module
from scatter.io import read_image, read_table


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "dumb")


# features


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_a_folder_of_images_becomes_a_table(suffix):
    for name in ("b", "a", "sub/c"):
        image(f"in/{name}.png")
    out = "t" + suffix
    assert succeed("features", "in", "-o", out, *SMALL) == f"{out}: 3 samples, 25 features\n"
    table = read_table(out)
    assert list(table.keys["file"]) == [str(Path("in", name)) for name in ("a.png", "b.png", "sub/c.png")]
    transform = Scattering2D(2, (16, 16), 4, pooling="mean")
    expected = transform.fit_transform(np.stack([read_image(key) for key in table.keys["file"]]))
    np.testing.assert_allclose(table.features, expected, rtol=1e-6)
    assert table.features.dtype == np.float32
    assert table.names == tuple(transform.get_feature_names_out())
    assert table.metadata["version"] == scatter.__version__
    assert table.metadata["transform"].startswith("Scattering2D(")
    assert json.loads(table.metadata["params"])["shape"] == [16, 16]


def test_an_npy_of_features_and_json():
    image("a.png")
    report = json.loads(succeed("features", "*.png", "-o", "t.npy", *SMALL, "--json"))
    assert (report["output"], report["samples"], report["features"]) == ("t.npy", 1, 25)
    assert report["seconds"] >= 0
    assert np.load("t.npy").shape == (1, 25)


def test_options_reach_the_transform():
    image("a.png")
    options = ("--pooling", "none", "--log", "--padding", "none", "--max-order", "1", "--colour")
    succeed("features", "a.png", "-o", "t.npz", *SMALL, *options)
    transform = Scattering2D(2, (16, 16), 4, 1, padding=None, log=True)
    expected = transform.fit_transform(read_image("a.png", grey=False)[None])
    np.testing.assert_allclose(read_table("t.npz").features, expected, rtol=1e-6)
    succeed("features", "a.png", "-o", "u.npz", *SMALL, "--pooling", "moments")
    assert read_table("u.npz").features.shape == (1, 4 * 25)


def test_sounds_become_a_table():
    for name in ("a.wav", "b.flac"):
        soundfile.write(name, RNG.standard_normal(512) / 8, 8000)
    succeed("features", "a.wav", "b.flac", "-o", "t.npz", "--J", "4", "--Q", "2", "--T", "8")
    table = read_table("t.npz")
    params = json.loads(table.metadata["params"])
    assert (params["J"], params["Q"], params["T"], params["sampling_rate"]) == (4, 2, 8, 8000)
    assert list(table.keys["file"]) == ["a.wav", "b.flac"]
    assert np.isfinite(table.features).all()


def test_batches_of_arrays():
    signals = RNG.standard_normal((5, 128))
    np.save("signals.npy", signals)
    np.save("one.npy", signals[0])
    args = ("--J", "3", "--Q", "1", "--transform", "1d", "--dtype", "float64")
    succeed("features", "signals.npy", "one.npy", "-o", "t.npz", *args)
    table = read_table("t.npz")
    assert list(table.keys["file"]) == ["signals.npy"] * 5 + ["one.npy"]
    assert list(table.keys["segment"]) == [0, 1, 2, 3, 4, 0]
    assert table.features.dtype == np.float64
    np.testing.assert_array_equal(table.features[0], table.features[5])
    expected = Scattering1D(3, 128, 1, pooling="mean").fit_transform(signals)
    np.testing.assert_allclose(table.features[:5], expected)
    succeed("features", "signals.npy", "one.npy", "-o", "u.npz", *args, "--batch", "2")
    np.testing.assert_allclose(read_table("u.npz").features, table.features)
    np.save("images.npy", RNG.random((2, 16, 16)))
    succeed("features", "images.npy", "-o", "v.npz", *SMALL)
    assert read_table("v.npz").features.shape == (2, 25)
    assert read_table("v.npz").features.dtype == np.float32


def test_an_array_that_may_be_both_asks_which():
    np.save("a.npy", RNG.random((16, 32)))
    message = "a.npy: an array of shape (16, 32) may be 16 signals or one image; "
    message += "type --transform 1d or --transform 2d"
    assert fail("features", "a.npy", "-o", "t.npz", code=2) == message
    succeed("features", "a.npy", "-o", "t.npz", "--transform", "2d", *SMALL)
    assert read_table("t.npz").features.shape == (1, 25)


def errors(output):
    with open(f"{output}.errors.csv", newline="") as stream:
        return [(row["file"], row["segment"], row["reason"]) for row in csv.DictReader(stream)]


def skip(*args, count=1):
    """Run a command that leaves something out, and return what the report says."""
    result = run(*args)
    output = args[args.index("-o") + 1]
    assert result.exit_code == 1
    assert result.stderr == f"scatter: error: {count} skipped; {output}.errors.csv says which and why\n"
    return errors(output)


def test_mixed_sizes_say_what_to_type():
    image("a.png", (16, 16))
    image("b.png", (20, 12))
    why = "its size is 20x12, but the first sample has 16x16; type --resize 16x16 to resize all images"
    assert skip("features", "a.png", "b.png", "-o", "t.npz", *SMALL) == [("b.png", "", why)]
    assert list(read_table("t.npz").keys["file"]) == ["a.png"]
    succeed("features", "a.png", "b.png", "-o", "t.npz", *SMALL, "--resize", "16x16", "--overwrite")
    assert read_table("t.npz").features.shape == (2, 25)
    assert files_here() == ["a.png", "b.png", "t.npz"]
    message = fail("features", "a.png", "b.png", "-o", "u.npz", *SMALL, "--on-error", "fail")
    assert message == f"b.png: {why}"
    assert files_here() == ["a.png", "b.png", "t.npz"]


def test_mixed_lengths_and_rates_say_what_to_do():
    soundfile.write("a.wav", RNG.standard_normal(128) / 8, 8000)
    soundfile.write("b.wav", RNG.standard_normal(100) / 8, 8000)
    soundfile.write("c.wav", RNG.standard_normal(128) / 8, 16000)
    args = ("--J", "3", "--Q", "1")
    assert skip("features", "a.wav", "b.wav", "c.wav", "-o", "t.npz", *args, count=2) == [
        (
            "b.wav",
            "",
            "its size is 100, but the first sample has 128; type --length 128 to cut or fill all signals, "
            "or --segment to cut them up",
        ),
        (
            "c.wav",
            "",
            "its sampling rate is 16000, that of the first sample 8000; type --resample 8000 to convert all "
            "sounds",
        ),
    ]
    for length in ("64", "200"):
        options = ("--length", length, "--resample", "8000", "--overwrite")
        succeed("features", "a.wav", "b.wav", "c.wav", "-o", "t.npz", *args, *options)
        assert json.loads(read_table("t.npz").metadata["params"])["shape"] == int(length)
        assert len(read_table("t.npz").features) == 3
    succeed("features", "a.wav", "b.wav", "-o", "u.npz", *args, "--segment", "50", "--hop", "30")
    table = read_table("u.npz")
    assert list(table.keys["file"]) == ["a.wav"] * 4 + ["b.wav"] * 3
    assert list(table.keys["segment"]) == [0, 1, 2, 3, 0, 1, 2]


def test_colours_and_greys_do_not_mix():
    image("a.png")
    np.save("b.npy", RNG.random((16, 16)))
    why = "its size is 16x16, but the first sample has 3x16x16; "
    why += "type --grey, or --channels mix, to mix the channels"
    assert skip("features", "a.png", "b.npy", "-o", "t.npz", *SMALL, "--colour") == [("b.npy", "", why)]
    succeed("features", "a.png", "b.npy", "-o", "t.npz", *SMALL, "--grey", "--overwrite")


def test_channels_are_chosen_by_number():
    image("a.png")
    succeed("features", "a.png", "-o", "t.npz", *SMALL, "--channels", "2,0")
    expected = Scattering2D(2, (16, 16), 4, pooling="mean").fit_transform(
        read_image("a.png", grey=False)[None, [2, 0]]
    )
    np.testing.assert_allclose(read_table("t.npz").features, expected, rtol=1e-6)
    for wrong, said in [("x", "--channels is mix, all or numbers such as 0,2, got 'x'")]:
        assert fail("features", "a.png", "-o", "u.npz", "--channels", wrong, code=2) == said
    message = fail("features", "a.png", "-o", "u.npz", "--channels", "0", "--grey", code=2)
    assert message == "--channels and --colour/--grey exclude each other"


def test_a_table_among_the_inputs_is_not_a_sample():
    image("in/a.png")
    succeed("features", "in", "-o", "in/t.npz", *SMALL)
    said = succeed("features", "in", "-o", "in/t.npz", *SMALL)
    assert said == "in/t.npz: is complete already; type --overwrite to compute it again\n"
    succeed("features", "in", "-o", "in/t.npz", *SMALL, "--overwrite")
    assert list(read_table("in/t.npz").keys["file"]) == [str(Path("in/a.png"))]
    message = fail("features", "in/t.npz", "-o", "in/t.npz", "--transform", "2d")
    assert message == "the inputs hold nothing to transform but the output; give another name after -o"


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system without an encoding")
def test_a_name_that_is_no_text_is_escaped():
    image("in/a.png")
    os.rename(b"in/a.png", b"in/\xff.png")
    for suffix in (".npz", ".parquet"):
        succeed("features", "in", "-o", "t" + suffix, *SMALL)
        assert list(read_table("t" + suffix).keys["file"]) == ["in/\\udcff.png"]


def bomb():
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100)))


def damaged(kind):
    image("whole.png")
    whole = Path("whole.png").read_bytes()
    Path("whole.png").unlink()
    if kind == "NaN.npy":
        np.save(kind, np.array([1, np.nan]))
    elif kind == "object.npy":
        np.save(kind, np.array([{}], dtype=object), allow_pickle=True)
    else:
        Path(kind).write_bytes(
            {
                "zero.png": b"",
                "text.png": b"text" * 50,
                "cut.png": whole[: len(whole) // 2],
                "bomb.png": bomb(),
            }[kind]
        )


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("zero.png", "the file is empty (0 bytes)"),
        ("text.png", "is not an image in a known format"),
        ("cut.png", "can't be decoded as an image"),
        ("bomb.png", "the image is too large"),
        ("NaN.npy", "contains NaN or infinite values, the first at index (1,)"),
        ("object.npy", "holds Python objects, which are never loaded"),
    ],
)
def test_a_file_that_can_not_be_read_stops_the_run(kind, said):
    damaged(kind)
    before = files_here()
    message = fail("features", kind, "-o", "t.npz")
    assert message.startswith(f"{kind}: ")
    assert said in message
    assert files_here() == before


def test_a_bad_file_after_good_ones_is_reported_and_left_out():
    image("in/a.png")
    Path("in/b.png").write_bytes(b"")
    assert skip("features", "in", "-o", "t.npz", *SMALL) == [("in/b.png", "", "the file is empty (0 bytes)")]
    assert list(read_table("t.npz").keys["file"]) == ["in/a.png"]
    Path("u.npz").write_text("before")
    message = fail("features", "in", "-o", "u.npz", *SMALL, "--on-error", "fail", "--overwrite")
    assert message == "in/b.png: the file is empty (0 bytes)"
    assert Path("u.npz").read_text() == "before"
    assert files_here() == ["in", "t.npz", "t.npz.errors.csv", "u.npz"]


def test_inputs_that_match_nothing():
    Path("void").mkdir()
    for entry, said in [
        ("none.png", "no such file or folder"),
        ("void", "the folder holds no file with a supported suffix"),
        ("*.png", "the pattern matches no file with a supported suffix"),
    ]:
        assert fail("features", entry, "-o", "t.npz") == f"{entry}: {said}"
    Path("a.txt").write_text("x")
    assert "the suffix .txt is not supported" in fail("features", "a.txt", "-o", "t.npz")


def test_an_output_that_can_not_be_written_is_known_before_the_work(monkeypatch):
    image("a.png")
    monkeypatch.setattr(run_module, "plan", raising(AssertionError))
    assert fail("features", "a.png", "-o", "a.png/t.npz") == (
        "a.png/t.npz: can't be written: a.png is a file, not a folder"
    )
    assert "the folder none does not exist" in fail("features", "a.png", "-o", "none/t.npz")
    assert fail("features", "a.png", "-o", "t.csv", code=2) == (
        "t.csv: a table is written as .npz, .npy, .parquet or .zarr, got .csv"
    )
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install 'scatter-wavelets[parquet]'" in fail("features", "a.png", "-o", "t.parquet")


def test_a_disk_that_fills_up_leaves_no_table(monkeypatch):
    image("a.png")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    message = fail("features", "a.png", "-o", "t.npz", *SMALL)
    assert message.endswith("can't be written: No space left on device")
    assert files_here() == ["a.png"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--resize", "16"), "--resize must be a height and a width such as 64x64, got '16'"),
        (("--crop", "0x4"), "--crop must be a height and a width such as 64x64, or a length"),
        (
            ("--Q", "4"),
            "--Q 4 has no meaning here: this run is about images, with Scattering2D; leave it out",
        ),
        (("--T", "4"), "--T 4 has no meaning here"),
        (("--J", "9"), "J=9"),
        (("--padding", "mirror"), "padding"),
    ],
)
def test_options_that_are_wrong_end_with_2(args, said):
    image("a.png")
    assert said in fail("features", "a.png", "-o", "t.npz", *args, code=2)
    assert files_here() == ["a.png"]


def test_an_option_of_the_other_transform_is_refused_for_signals():
    np.save("a.npy", np.ones(64))
    message = fail("features", "a.npy", "-o", "t.npz", "--L", "4", code=2)
    assert message.startswith("--L 4 has no meaning here: this run is about sounds and signals")
    message = fail("features", "a.npy", "-o", "t.npz", "--resize", "4x4", code=2)
    assert message == "--resize=(4, 4) is about images, but the samples are of kind 'signal'; leave it out"
    message = fail("features", "a.npy", "-o", "t.npz", "--hop", "4", code=2)
    assert message == "--hop=4 needs segment, the number of samples in each"


@pytest.mark.parametrize(("text", "size"), [("64x48", (64, 48)), ("64X48", (64, 48)), ("9", (9,))])
def test_sizes_are_read_as_written(text, size):
    assert parse_size(text) == size
    assert format_size(size) == text.lower()


@pytest.mark.parametrize("text", ["", "x", "4x", "-4x4", "4x4x4", "0", "1e3", "9999999999"])
def test_other_sizes_are_refused(text):
    with pytest.raises(InputError, match=r"^--shape must be a height and a width such as 64x64, or a length"):
        parse_size(text, "--shape")
