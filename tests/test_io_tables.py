"""Tables of features come back as they were written."""

import errno
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from tests_support import one_line

from scatter.errors import FileError, InputError, MissingExtraError
from scatter.io import (
    FeatureTable,
    read_table,
    write_table,
)
from scatter.io.tables import table_writer

pytestmark = pytest.mark.usefixtures("own_folder")

RNG = np.random.default_rng(0)


def left_in(folder="."):
    return sorted(path.name for path in Path(folder).iterdir())


# Tables


def table(n=3, names=("S[]", "S[1, 'é']"), dtype=np.float32):
    features = RNG.standard_normal((n, len(names))).astype(dtype)
    keys = tuple(f"folder/ä {i}.png" for i in range(n))
    return FeatureTable(features, names, keys, {"transform": "S()", "version": "1"})


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".PARQUET"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tables_come_back_as_they_were(suffix, dtype):
    before = table(dtype=dtype)
    write_table(before, "t" + suffix)
    after = read_table("t" + suffix)
    np.testing.assert_array_equal(after.features, before.features)
    assert after.features.dtype == dtype
    assert (after.names, after.keys, after.metadata) == (before.names, before.keys, before.metadata)
    assert left_in() == ["t" + suffix]


def test_an_npy_holds_the_features_alone():
    before = table()
    write_table(before, "t.npy")
    np.testing.assert_array_equal(np.load("t.npy", allow_pickle=False), before.features)
    with pytest.raises(InputError, match=r"^t.npy: a table is read from .npz or .parquet, got .npy$"):
        read_table("t.npy")


def test_an_npz_needs_no_pickle_and_parquet_opens_elsewhere():
    before = table()
    write_table(before, "t.npz")
    with np.load("t.npz", allow_pickle=False) as arrays:
        assert sorted(arrays) == ["features", "keys", "metadata", "names"]
        assert json.loads(str(arrays["metadata"])) == before.metadata
    write_table(before, "t.parquet")
    frame = pytest.importorskip("pandas").read_parquet("t.parquet")
    assert list(frame.columns) == ["file", *before.names]
    assert list(frame["file"]) == list(before.keys)
    schema = pytest.importorskip("pyarrow.parquet").read_schema("t.parquet")
    assert json.loads(schema.metadata[b"scatter"]) == before.metadata


@pytest.mark.parametrize(("path", "got"), [("t.csv", ".csv"), ("t", "a name without a suffix")])
def test_an_unknown_suffix_lists_the_known_ones(path, got):
    for action in (lambda: write_table(table(), path), lambda: table_writer(path)):
        with pytest.raises(InputError) as info:
            action()
        assert one_line(info) == f"{path}: a table is written as .npz, .npy or .parquet, got {got}"
    with pytest.raises(InputError, match=rf"^{path}: a table is read from .npz or .parquet, got {got}$"):
        read_table(path)
    assert left_in() == []


def test_parquet_without_pyarrow_names_the_extra(monkeypatch):
    write_table(table(), "t.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for action, what in [
        (lambda: write_table(table(), "u.parquet"), "writing"),
        (lambda: read_table("t.parquet"), "reading"),
    ]:
        with pytest.raises(MissingExtraError) as info:
            action()
        assert one_line(info) == (
            f"{what} a .parquet file needs pyarrow, which is not installed; "
            "type: pip install 'scatter-wavelets[parquet]'"
        )
    assert left_in() == ["t.parquet"]


@pytest.mark.parametrize("suffix", [".npz", ".npy", ".parquet"])
def test_a_disk_that_fills_up_leaves_no_table(suffix, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FileError, match=rf"^t{suffix}: can't be written: No space left on device$"):
        write_table(table(), "t" + suffix)
    assert left_in() == []


def test_a_feature_named_file_has_no_place_in_parquet():
    with pytest.raises(InputError, match=r"^a feature can't be named 'file' in a .parquet file"):
        write_table(table(names=("file",)), "t.parquet")
    assert left_in() == []
    write_table(table(names=("file",)), "t.npz")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((np.zeros(3), (), ()), r"features must have shape \(n_samples, n_features\), got \(3,\)"),
        ((np.zeros((1, 2)), ("a",), ("k",)), "names must have one entry a column: 2, got 1"),
        ((np.zeros((1, 1)), ("a",), ()), "keys must have one entry a row: 1, got 0"),
        ((np.zeros((1, 2)), ("a", "a"), ("k",)), "names must differ from each other, got 'a' twice"),
        (
            (np.zeros((1, 1), complex), ("a",), ("k",)),
            "features must be real numbers, got an array of complex128",
        ),
    ],
)
def test_a_table_checks_its_parts(parts, message):
    with pytest.raises(InputError, match=f"^{message}$"):
        FeatureTable(*parts)


def test_a_table_does_not_change():
    with pytest.raises(AttributeError):
        table().names = ()


def test_other_files_are_no_tables():
    np.savez("a.npz", features=np.zeros((1, 1)))
    with pytest.raises(FileError, match=r"^a.npz: is not a table of features: it holds no array names, keys"):
        read_table("a.npz")
    np.savez("b.npz", features=np.zeros((1, 2)), names=["a"], keys=["k"], metadata="{}")
    with pytest.raises(FileError, match=r"^b.npz: is not a table of features: names must have one entry"):
        read_table("b.npz")
    np.savez("c.npz", features=np.zeros((1, 1)), names="a", keys="k", metadata="[]")
    with pytest.raises(
        FileError, match=r"^c.npz: is not a table of features: its metadata is not a JSON obj"
    ):
        read_table("c.npz")
    pytest.importorskip("pandas").DataFrame({"x": [1.0]}).to_parquet("a.parquet")
    with pytest.raises(FileError, match=r"^a.parquet: is not a table of features: it holds no column file"):
        read_table("a.parquet")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95])
@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_a_truncated_table_is_refused(suffix, share):
    write_table(table(), "t" + suffix)
    data = Path("t" + suffix).read_bytes()
    Path("cut" + suffix).write_bytes(data[: int(share * len(data))])
    with pytest.raises(FileError, match=rf"^cut{suffix}: can't be read as a {suffix} file"):
        read_table("cut" + suffix)
