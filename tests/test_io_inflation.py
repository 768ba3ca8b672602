"""Chunks that become more than they should, and labels that are text, in zarr folders."""

import bz2
import gzip
import lzma
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import run, succeed
from hypothesis import given, settings
from hypothesis import strategies as st

from scatter.errors import FileError
from scatter.io import read_table
from scatter.io.inflation import inflates_beyond
from scatter.io.reading import Reading
from scatter.io.rows import pieces

zarr = pytest.importorskip("zarr")
numcodecs = pytest.importorskip("numcodecs")

DATA = (b"a", bytes(3 * 10**6), np.random.default_rng(0).bytes(10**5) * 7)
CODECS = {
    "zstd": numcodecs.Zstd().encode,
    "zstd-best": numcodecs.Zstd(level=19).encode,
    "blosc": numcodecs.Blosc().encode,
    "blosc-zstd": numcodecs.Blosc("zstd", shuffle=2).encode,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("data", DATA, ids=["one", "zeros", "noise"])
def test_what_bytes_become_is_known(name, data):
    packed = bytes(CODECS[name](data))
    assert not inflates_beyond(packed, len(data))
    # Of a frame that does not say, only a bound by its blocks is known.
    assert inflates_beyond(packed, len(data) - 1) or len(data) == 1


def test_streams_one_after_another_are_added_up():
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        assert inflates_beyond(pack(bytes(10**6)) * 3, 3 * 10**6 - 1)
        assert not inflates_beyond(pack(bytes(10**6)) * 3, 3 * 10**6)
    started = time.perf_counter()
    assert inflates_beyond(gzip.compress(b"a") * 50_000, 10**6)
    assert time.perf_counter() - started < 1


def test_frames_that_do_not_say_are_bounded_by_their_blocks():
    magic, last_rle = b"\x28\xb5\x2f\xfd", 1 | 1 << 1 | 131072 << 3
    block = (last_rle & ~1).to_bytes(3, "little") + b"\0"
    frame = magic + b"\x00\x70" + block * 1000 + last_rle.to_bytes(3, "little") + b"\0"
    assert inflates_beyond(frame, 1001 * 2**17 - 1)
    assert not inflates_beyond(frame, 1001 * 2**17)
    assert inflates_beyond(frame * 2, 2002 * 2**17 - 1)


@settings(max_examples=300)
@given(st.sampled_from(sorted(CODECS)), st.binary(max_size=300), st.integers(0, 200), st.binary(max_size=4))
def test_damaged_bytes_are_left_to_the_decoder(name, data, place, patch):
    packed = bytearray(CODECS[name](data))
    packed[place : place + len(patch)] = patch
    assert inflates_beyond(bytes(packed), 10**12) in (True, False)
    assert not inflates_beyond(data[:20], 2**40)


@pytest.mark.parametrize("name", ["zstd", "blosc", "gzip"])
def test_a_chunk_that_becomes_gigabytes_is_refused(name):
    codec = {
        "zstd": zarr.codecs.ZstdCodec(),
        "blosc": zarr.codecs.BloscCodec(),
        "gzip": zarr.codecs.GzipCodec(),
    }[name]
    x = np.ones((4, 16, 16), np.float32)
    zarr.create_array("x.zarr", data=x, chunks=(2, 16, 16), compressors=codec)
    Path("x.zarr/c/1/0/0").write_bytes(CODECS[name](bytes(3 * 10**8)))
    found = list(pieces(Path("x.zarr"), 0, 2, Reading("image"), 8))
    assert np.array_equal(found[0]().samples, x[:2])
    message = r"x.zarr: the chunk c/1/0/0 has \d+ bytes, and becomes more than the 268435456 that are allowed"
    with pytest.raises(FileError, match=message):
        list(pieces(Path("x.zarr"), 2, 4, Reading("image"), 8))
    assert "the chunk c/1/0/0" in run("features", "x.zarr", "-o", "t.npz", "--J", "2", "--L", "2").stderr or (
        "the chunk c/1/0/0" in Path("t.npz.errors.csv").read_text()
    )


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("dtype", ["<U5", str])
def test_labels_in_zarr_may_be_text_of_any_width(version, dtype):
    labels = ["cat", "dog", "", "Größe", "bird", "cat"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        group = zarr.open_group("x.zarr", mode="w", zarr_format=version)
        group.create_array("x", data=np.random.default_rng(0).random((6, 16, 16), np.float32))
        held = group.create_array("y", shape=(6,), dtype=dtype)
        held[:] = np.array(labels, dtype=object if dtype is str else dtype)
        options = ("--array", "x", "--label-array", "y", "-o", "t.npz", "--J", "2", "--L", "2")
        succeed("features", "x.zarr", *options)
    assert list(read_table("t.npz").keys["label"]) == labels
