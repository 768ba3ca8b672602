"""Tables of features come back as they were written, however their rows come."""

import csv
import errno
import json
import os
import shutil
import sys
import tracemalloc
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests_support import one_line

from scatter.errors import FileError, InputError, MissingExtraError
from scatter.io import (
    FeatureTable,
    Layout,
    atomic_outputs,
    check_table_output,
    read_metadata,
    read_table,
    table_format,
    write_blocks,
    write_table,
)
from scatter.io.tabular import npz as npz_format
from scatter.io.tabular import parquet as parquet_format
from scatter.io.tabular import zarr as zarr_format

pytestmark = pytest.mark.usefixtures("own_folder")

RNG = np.random.default_rng(0)
FILES = {
    ".npz": ["t.npz"],
    ".npy": ["t.npy", "t.npy.csv", "t.npy.json"],
    ".parquet": ["t.parquet"],
    ".zarr": ["t.zarr"],
}
SUFFIXES = list(FILES)


@pytest.fixture(autouse=True)
def _packages(request):
    suffix = request.node.callspec.params.get("suffix") if hasattr(request.node, "callspec") else None
    if suffix is not None:
        pytest.importorskip({".parquet": "pyarrow", ".zarr": "zarr"}.get(suffix.lower(), "numpy"))


def left_in(folder="."):
    return sorted(path.name for path in Path(folder).iterdir())


def table(n=3, names=("S[]", "S[1, 'é']"), dtype=np.float32):
    features = RNG.standard_normal((n, len(names))).astype(dtype)
    keys = {
        "file": [f'folder/ä "{i}",\n\r.png' for i in range(n)],
        "segment": np.arange(n) - 1,
        "label": [str(i % 2) * i for i in range(n)],
    }
    return FeatureTable(features, names, keys, {"transform": "S()", "version": "1"})


def assert_same(after, before):
    np.testing.assert_array_equal(after.features, before.features)
    assert after.features.dtype == before.features.dtype
    assert (after.names, after.metadata) == (before.names, before.metadata)
    assert list(after.keys) == list(before.keys)
    for key, column in before.keys.items():
        assert after.keys[key].dtype.kind == ("i" if key == "segment" else "U")
        assert list(after.keys[key]) == list(column)


@dataclass
class Rows:
    """A block of rows in memory."""

    table: FeatureTable
    where: slice
    error: Exception | None = None
    place = None

    @property
    def rows(self):
        return len(self.table.features[self.where])

    def features(self):
        if self.error is not None:
            raise self.error
        return self.table.features[self.where]

    def keys(self):
        return {key: column[self.where] for key, column in self.table.keys.items()}


def contents(path):
    path = Path(path)
    if path.is_dir():
        return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}
    return {p.name.removeprefix(path.stem): p.read_bytes() for p in Path().glob(f"{path.name}*")}


# Round trips


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".PARQUET", ".Zarr"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_tables_come_back_as_they_were(suffix, dtype):
    before = table(dtype=dtype)
    write_table(before, "t" + suffix)
    assert_same(read_table("t" + suffix), before)
    assert read_metadata("t" + suffix) == before.metadata
    assert left_in() == [name.replace(suffix.lower(), suffix) for name in FILES[suffix.lower()]]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("n", "names"), [(0, ()), (0, ("a",)), (2, ()), (1, ("a",))])
def test_empty_tables_come_back_too(suffix, n, names):
    before = table(n, names)
    write_table(before, "t" + suffix)
    assert_same(read_table("t" + suffix), before)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_order_of_bytes_and_of_axes_does_not_matter(suffix):
    before = table()
    turned = np.asfortranarray(before.features).astype(">f4")
    write_table(FeatureTable(turned, before.names, before.keys, before.metadata), "t" + suffix)
    assert_same(read_table("t" + suffix), before)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_bytes_of_a_file_name_that_are_no_text_are_escaped(suffix):
    name = os.fsdecode(b"caf\xe9.png")
    write_table(FeatureTable(np.zeros((1, 1), "f4"), ("a",), {"file": [name]}), "t" + suffix)
    assert list(read_table("t" + suffix).keys["file"]) == ["caf\\udce9.png"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("cuts", [[10], [1] * 10, [4, 0, 5, 1]])
def test_the_files_do_not_depend_on_the_blocks(suffix, cuts, monkeypatch):
    # Three rows in a group and in a chunk.
    monkeypatch.setattr(parquet_format, "_GROUP_BYTES", 24)
    monkeypatch.setattr(zarr_format, "_CHUNK_BYTES", 24)
    monkeypatch.setattr(zarr_format, "_KEYS_AT_ONCE", 4)
    before = table(10)
    write_table(before, "whole" + suffix)
    ends = np.cumsum(cuts)
    blocks = [Rows(before, slice(end - cut, end)) for cut, end in zip(cuts, ends, strict=True)]
    Path("work").mkdir()
    write_blocks(before.layout, blocks, "cut" + suffix, work=Path("work"))
    assert contents("cut" + suffix) == contents("whole" + suffix)
    assert_same(read_table("cut" + suffix), before)
    assert left_in("work") == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_memory_does_not_grow_with_the_number_of_rows(suffix, monkeypatch):
    monkeypatch.setattr(npz_format, "_ROWS_AT_ONCE", 1024)
    monkeypatch.setattr(parquet_format, "_GROUP_BYTES", 2**20)
    monkeypatch.setattr(zarr_format, "_CHUNK_BYTES", 2**20)
    monkeypatch.setattr(zarr_format, "_KEYS_AT_ONCE", 1024)

    class Made:
        rows = 1024
        place = None

        def features(self):
            return np.zeros((1024, 256), np.float32)

        def keys(self):
            return {"file": ["a" * 100] * 1024}

    names = tuple(map(str, range(256)))

    def peak(n):
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        write_blocks(Layout(1024 * n, names), [Made()] * n, "t" + suffix)
        return tracemalloc.get_traced_memory()[1] - before

    peak(1)
    tracemalloc.start()
    try:
        few, many = peak(4), peak(32)
    finally:
        tracemalloc.stop()
    # The 28 other blocks have 28 MiB of features.
    assert many < few + 2**21


# Other readers


def test_an_npy_is_the_features_alone_and_text_beside_them():
    before = table()
    write_table(before, "t.npy")
    np.testing.assert_array_equal(np.load("t.npy", allow_pickle=False), before.features)
    with open("t.npy.csv", encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["file", "segment", "label"]
    assert rows == [[str(column[i]) for column in before.keys.values()] for i in range(3)]
    assert json.loads(Path("t.npy.json").read_text()) == {
        "metadata": before.metadata,
        "names": list(before.names),
    }


def test_an_npz_needs_no_pickle():
    before = table()
    write_table(before, "t.npz")
    with np.load("t.npz", allow_pickle=False) as arrays:
        assert sorted(arrays) == ["features", "file", "label", "metadata", "names", "segment"]
        assert json.loads(str(arrays["metadata"])) == before.metadata
        assert arrays["segment"].dtype == np.int64


def test_a_parquet_opens_elsewhere():
    before = table()
    write_table(before, "t.parquet")
    frame = pytest.importorskip("pandas").read_parquet("t.parquet")
    assert list(frame.columns) == ["file", "segment", "label", *before.names]
    assert list(frame["file"]) == list(before.keys["file"])
    np.testing.assert_array_equal(frame[list(before.names)].to_numpy(), before.features)
    polars = pytest.importorskip("polars").read_parquet("t.parquet")
    assert polars["segment"].to_list() == [-1, 0, 1]
    schema = pytest.importorskip("pyarrow.parquet").read_schema("t.parquet")
    assert json.loads(schema.metadata[b"scatter"]) == before.metadata


def test_a_zarr_opens_elsewhere_with_its_metadata():
    zarr = pytest.importorskip("zarr")
    before = table()
    before.metadata["paths"] = json.dumps({"order": [0, 1]})
    write_table(before, "t.zarr")
    group = zarr.open_group("t.zarr", mode="r")
    assert sorted(group.array_keys()) == ["features", "file", "label", "names", "segment"]
    assert group.attrs["scatter"] == before.metadata
    assert group["features"].attrs["paths"] == {"order": [0, 1]}
    assert group["features"].metadata.dimension_names == ("sample", "feature")
    assert json.loads(Path("t.zarr/zarr.json").read_text())["zarr_format"] == 3
    np.testing.assert_array_equal(np.fromfile("t.zarr/features/c/0/0", "<f4"), before.features.ravel())


# What is refused before any work


@pytest.mark.parametrize(("path", "got"), [("t.csv", ".csv"), ("t", "a name without a suffix")])
def test_an_unknown_suffix_lists_the_known_ones(path, got):
    for action in (lambda: write_table(table(), path), lambda: table_format(path)):
        with pytest.raises(InputError) as info:
            action()
        assert one_line(info) == f"{path}: a table is written as .npz, .npy, .parquet or .zarr, got {got}"
    for read in (read_table, read_metadata):
        with pytest.raises(InputError) as info:
            read(path)
        assert one_line(info) == f"{path}: a table is read from .npz, .npy, .parquet or .zarr, got {got}"
    assert left_in() == []


@pytest.mark.parametrize(("suffix", "package"), [(".parquet", "pyarrow"), (".zarr", "zarr")])
def test_a_missing_package_names_the_extra(suffix, package, monkeypatch):
    write_table(table(), "t" + suffix)
    monkeypatch.setitem(sys.modules, package, None)
    for action, what in [
        (lambda: write_table(table(), "u" + suffix), "writing"),
        (lambda: check_table_output("u" + suffix), "writing"),
        (lambda: read_table("t" + suffix), "reading"),
    ]:
        with pytest.raises(MissingExtraError) as info:
            action()
        kind = "folder" if suffix == ".zarr" else "file"
        assert one_line(info) == (
            f"{what} a {suffix} {kind} needs {package}, which is not installed; "
            f"type: pip install 'scatter-wavelets[{suffix[1:]}]'"
        )
    assert left_in() == ["t" + suffix]


def test_all_the_files_of_a_table_are_named_the_main_one_last():
    outputs = table_format("a/t.npy").outputs(Path("a/t.npy"))
    assert [path.as_posix() for path in outputs] == ["a/t.npy.csv", "a/t.npy.json", "a/t.npy"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("other.zarr", "the folder exists and holds no zarr.json; give another name"),
        ("file.zarr", "a folder would be, but it is a file; remove it first"),
        ("folder.npz", "it is a folder; give the name of a file in it"),
        ("none/t.npz", "the folder none does not exist; create it first"),
    ],
)
def test_what_stands_in_the_way_is_left_alone(path, message):
    pytest.importorskip("zarr")
    for folder in ("other.zarr/photos", "folder.npz"):
        Path(folder).mkdir(parents=True)
    Path("file.zarr").touch()
    before = left_in()
    for action in (lambda: check_table_output(path), lambda: write_table(table(), path)):
        with pytest.raises(FileError) as info:
            action()
        assert one_line(info) == f"{path}: can't be written: {message}"
    assert left_in() == before
    assert left_in("other.zarr") == ["photos"]


def test_a_folder_beside_an_npy_is_named():
    Path("t.npy.csv").mkdir()
    with pytest.raises(FileError, match=r"^t.npy.csv: can't be written: it is a folder"):
        check_table_output("t.npy")


@pytest.mark.parametrize("name", ["file", "group"])
def test_a_feature_named_like_a_key_has_no_place_in_parquet(name):
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError) as info:
        write_table(table(names=(name,)), "t.parquet")
    assert one_line(info) == (
        f"t.parquet: a feature can't be named {name!r} in a .parquet file, where it names a key column"
    )
    assert left_in() == []
    write_table(table(names=(name,)), "t.npz")


def test_paths_that_are_not_json_have_no_place_in_zarr():
    pytest.importorskip("zarr")
    before = table()
    before.metadata["paths"] = "order 1"
    with pytest.raises(InputError, match=r"^t.zarr: the metadata 'paths' must be JSON: Expecting value"):
        write_table(before, "t.zarr")
    assert left_in() == []


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((np.zeros(3), (), {"file": ()}), r"features must have shape (n_samples, n_features), got (3,)"),
        ((np.zeros((1, 2)), ("a",), {"file": "k"}), "names must have one entry a column: 2, got 1"),
        (
            (np.zeros((1, 1)), ("a",), {"file": ()}),
            "the key column 'file' must have one entry a row: 1, got 0",
        ),
        ((np.zeros((1, 2)), ("a", "a"), {"file": "k"}), "names must differ from each other, got 'a' twice"),
        (
            (np.zeros((1, 1), complex), ("a",), {"file": "k"}),
            "features must be float16, float32 or float64, got an array of complex128",
        ),
        ((np.zeros((1, 1)), ("a",), {}), "keys must hold 'file', got none"),
        ((np.zeros((1, 1)), ("a",), {"label": "k"}), "keys must hold 'file', got 'label'"),
        (
            (np.zeros((1, 1)), ("a",), {"file": "k", "page": "1"}),
            "keys must be among file, segment, label, group, got 'page'",
        ),
    ],
)
def test_a_table_checks_its_parts(parts, message):
    with pytest.raises(InputError) as info:
        FeatureTable(*parts)
    assert one_line(info) == message


def test_a_layout_checks_its_parts():
    with pytest.raises(InputError, match=r"^rows must be 0 or more, got -1$"):
        Layout(-1, ("a",))
    with pytest.raises(InputError, match=r"^keys must differ from each other, got 'file' twice$"):
        Layout(1, ("a",), ("file", "file"))
    layout = Layout(2, ("a",), dtype=">f8")
    assert (layout.dtype, layout.shape, layout.row_bytes) == (np.dtype("<f8"), (2, 1), 8)


def test_neither_a_table_nor_a_layout_changes():
    with pytest.raises(AttributeError):
        table().names = ()
    with pytest.raises(AttributeError):
        table().layout.rows = 1


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("rows", "features", "keys", "message"),
    [
        (3, None, None, "the blocks of a table must have 3 rows together, got 2"),
        (
            2,
            np.zeros((2, 3), np.float32),
            None,
            "block 0 must have features of shape (2, 2) in float32, got (2, 3) in float32",
        ),
        (
            2,
            np.zeros((2, 2)),
            None,
            "block 0 must have features of shape (2, 2) in float32, got (2, 2) in float64",
        ),
        (
            2,
            None,
            {"file": ["a"], "segment": [0, 1]},
            "block 0 must have one entry a row in the key column 'file': 2, got 1",
        ),
        (
            2,
            None,
            {"file": ["a", "b"], "segment": ["x", "y"]},
            "the key column 'segment' must hold integers, got <U1",
        ),
        (2, None, {"file": ["a", "b"]}, "block 0 must have the key column 'segment', got file"),
    ],
)
def test_blocks_that_do_not_fit_their_layout_are_refused(suffix, rows, features, keys, message):
    class Odd:
        rows = 2
        place = None

        def features(self):
            return np.zeros((2, 2), np.float32) if features is None else features

        def keys(self):
            return {"file": ["a", "b"], "segment": [0, 1]} if keys is None else keys

    with pytest.raises(InputError) as info:
        write_blocks(Layout(rows, ("a", "b"), ("file", "segment")), [Odd()], "t" + suffix)
    assert one_line(info) == f"t{suffix}: {message}"
    assert left_in() == []


# Failures


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_disk_that_fills_up_leaves_what_was_there(suffix, monkeypatch):
    before = table()
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(FileError) as info:
                write_table(table(4), "t" + suffix)
        assert one_line(info) == f"t{suffix}: can't be written: No space left on device"
        if left_in():
            assert_same(read_table("t" + suffix), before)
        write_table(before, "t" + suffix)
        assert left_in() == FILES[suffix]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("error", [RuntimeError("lost"), OSError(errno.EIO, "Input/output error")])
def test_a_block_that_fails_leaves_nothing(suffix, error):
    before = table(4)
    blocks = [Rows(before, slice(0, 2)), Rows(before, slice(2, 4), error)]
    with pytest.raises(FileError if isinstance(error, OSError) else RuntimeError, match=r"lost|Input/output"):
        write_blocks(before.layout, blocks, "t" + suffix)
    assert left_in() == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_that_exists_is_replaced(suffix):
    Path("work").mkdir()
    for n in (5, 2):
        before = table(n)
        write_blocks(before.layout, [Rows(before, slice(None))], "t" + suffix, work=Path("work"))
        assert_same(read_table("t" + suffix), before)
    assert left_in("work") == []
    assert left_in() == [*FILES[suffix], "work"]


# A folder is set aside and put in place by two renames, three files by six.
@pytest.mark.parametrize(("suffix", "nth"), [*((".npy", i) for i in range(6)), (".zarr", 0), (".zarr", 1)])
def test_a_rename_that_fails_brings_the_old_table_back(suffix, nth, monkeypatch):
    before = table()
    write_table(before, "t" + suffix)
    rename, calls = os.rename, []

    def fail_once(*args):
        calls.append(args)
        if len(calls) == nth + 1:
            raise OSError(errno.EIO, "Input/output error")
        rename(*args)

    monkeypatch.setattr(os, "rename", fail_once)
    with pytest.raises(FileError, match=rf"^t{suffix}: can't be written: Input/output error$"):
        write_table(table(4), "t" + suffix)
    monkeypatch.undo()
    os.chdir(Path(calls[0][1]).parent)
    assert left_in() == FILES[suffix]
    assert_same(read_table("t" + suffix), before)


def test_an_empty_folder_and_a_link_can_be_replaced():
    pytest.importorskip("zarr")
    Path("there").mkdir()
    Path("there/t.zarr").mkdir()
    Path("t.zarr").symlink_to("there/t.zarr")
    before = table()
    write_table(before, "t.zarr")
    assert Path("t.zarr").is_symlink()
    assert_same(read_table("there/t.zarr"), before)
    assert left_in("there") == ["t.zarr"]


def test_several_files_appear_together():
    with atomic_outputs(["a.txt", "b.txt"]) as temporaries:
        for temporary in temporaries:
            temporary.write_text("all")
        assert left_in() == sorted(temporary.name for temporary in temporaries)
    assert left_in() == ["a.txt", "b.txt"]


# What is no table


def save(name, **arrays):
    # Not by numpy.savez, which has no room for an array named file.
    with zipfile.ZipFile(name, "w") as archive:
        for key, array in arrays.items():
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, np.asarray(array))


def test_other_files_are_no_tables():
    save("a.npz", features=np.zeros((1, 1)))
    save("b.npz", features=np.zeros((1, 2)), names=["a"], file=["k"], metadata="{}")
    save("c.npz", features=np.zeros((1, 1)), names="a", file="k", metadata="[]")
    save("d.npz", features=np.zeros((1, 1)), names="a", metadata="{}")
    save("e.npz", features=np.zeros((1, 1)), names="a", file="k", segment="0", metadata="{}")
    save("f.npz", features=np.zeros((1, 1)), names="a", file="k", metadata="{")
    for name, message in [
        ("a", "it holds no array names, metadata"),
        ("b", "names must have one entry a column: 2, got 1"),
        ("c", "its metadata is not a JSON object"),
        ("d", "keys must hold 'file', got none"),
        ("e", "its key column segment holds <U1"),
        ("f", "its metadata is not a JSON object"),
    ]:
        with pytest.raises(FileError) as info:
            read_table(f"{name}.npz")
        assert one_line(info) == f"{name}.npz: is not a table of features: {message}"
    assert read_metadata("none.npz") is None
    assert read_metadata("c.npz") is None


def test_other_parquets_are_no_tables():
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    def write(name, columns, metadata=b"{}"):
        made = pyarrow.table(columns).replace_schema_metadata({"scatter": metadata} if metadata else None)
        parquet.write_table(made, name)

    write("a.parquet", {"x": [1.0]})
    write("b.parquet", {"file": ["a"], "x": [1.0]}, None)
    write("c.parquet", {"x": [1.0], "file": ["a"]})
    write("d.parquet", {"file": ["a"], "x": [1.0], "y": ["b"]})
    write("e.parquet", {"file": ["a"], "x": [1.0]}, b"7")
    write("f.parquet", {"file": ["a"], "segment": ["b"], "x": [1.0]})
    for name, message in [
        ("a", "it holds no column file or no metadata of scatter"),
        ("b", "it holds no column file or no metadata of scatter"),
        ("c", "the key columns file are not the first ones"),
        ("d", "its features have the types double, string"),
        ("e", "its metadata is not a JSON object"),
        ("f", "its key column segment holds string"),
    ]:
        with pytest.raises(FileError) as info:
            read_table(f"{name}.parquet")
        assert one_line(info) == f"{name}.parquet: is not a table of features: {message}"
    assert read_metadata("a.parquet") is None


def edit(path, change):
    described = json.loads(Path(path).read_text())
    change(described)
    Path(path).write_text(json.dumps(described))


def test_other_npys_are_no_tables():
    np.save("a.npy", np.zeros((3, 2)))
    with pytest.raises(FileError) as info:
        read_table("a.npy")
    assert one_line(info) == (
        "a.npy: is not a table of features: a.npy.json with its names and metadata is missing beside it"
    )
    write_table(table(), "t.npy")
    kept = Path("t.npy.csv").read_text()
    for text in (
        "",
        "file,segment,label\n",
        "x\n1\n2\n3\n",
        "file,segment\na,b\n",
        "file\na,b\n",
        "file\n\0",
    ):
        Path("t.npy.csv").write_text(text)
        with pytest.raises(FileError, match=r"^t.npy"):
            read_table("t.npy")
    Path("t.npy.csv").write_bytes(b"file\n\xff\n")
    with pytest.raises(FileError) as info:
        read_table("t.npy")
    assert one_line(info) == "t.npy: is not a table of features: t.npy.csv does not hold the key columns"
    Path("t.npy.csv").write_text(kept)
    for text in ("[]", "{", '{"names": 3, "metadata": {}}', '{"names": []}', "[" * 100_000):
        Path("t.npy.json").write_text(text)
        with pytest.raises(FileError) as info:
            read_table("t.npy")
        assert one_line(info) == "t.npy: is not a table of features: t.npy.json holds no names and metadata"
        assert read_metadata("t.npy") is None


def test_other_zarrs_are_no_tables():
    pytest.importorskip("zarr")
    Path("a.zarr").touch()
    Path("b.zarr").mkdir()
    for name in ("a", "b", "none"):
        with pytest.raises(FileError) as info:
            read_table(f"{name}.zarr")
        assert one_line(info) == (
            f"{name}.zarr: is not a table of features: it is not a folder with a zarr.json"
        )
        assert read_metadata(f"{name}.zarr") is None
    write_table(table(), "t.zarr")
    for text in ("[]", "{", "{}", '{"attributes": {}}', "[" * 100_000):
        Path("t.zarr/zarr.json").write_text(text)
        with pytest.raises(FileError) as info:
            read_table("t.zarr")
        assert one_line(info) == "t.zarr: is not a table of features: it holds no metadata of scatter"
    write_table(table(), "t.zarr")
    shutil.rmtree("t.zarr/names")
    with pytest.raises(FileError, match=r"^t.zarr: is not a table of features: it holds no array names$"):
        read_table("t.zarr")


# Damage


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95])
@pytest.mark.parametrize("suffix", [".npz", ".npy", ".parquet"])
def test_a_truncated_table_is_refused(suffix, share):
    write_table(table(), "t" + suffix)
    data = Path("t" + suffix).read_bytes()
    Path("t" + suffix).write_bytes(data[: max(1, int(share * len(data)))])
    with pytest.raises(FileError, match=rf"^t{suffix}: can't be read as a {suffix} file"):
        read_table("t" + suffix)


def test_chunks_that_are_missing_or_cut_off_are_no_zeros():
    pytest.importorskip("zarr")
    write_table(table(), "t.zarr")
    chunk = Path("t.zarr/features/c/0/0")
    data = chunk.read_bytes()
    chunk.write_bytes(data[:-3])
    with pytest.raises(FileError, match=r"^t.zarr: can't be read as a .zarr folder: "):
        read_table("t.zarr")
    chunk.unlink()
    with pytest.raises(FileError) as info:
        read_table("t.zarr")
    assert one_line(info) == "t.zarr: is truncated: 1 of 1 chunks of the array features are missing"
    chunk.write_bytes(data)
    names = Path("t.zarr/names/c/0").read_bytes()
    Path("t.zarr/names/c/0").write_bytes(names[:-1])
    with pytest.raises(FileError, match=r"^t.zarr: can't be read as a .zarr folder: "):
        read_table("t.zarr")
    Path("t.zarr/names/c/0").write_bytes(b"\xff\xff\xff\x7f")
    with pytest.raises(FileError) as info:
        read_table("t.zarr")
    assert one_line(info) == (
        "t.zarr: is damaged: chunk 0 of the array names claims 2147483647 texts, but has room for 2"
    )


def test_a_zarr_that_is_compressed_is_not_one_of_ours():
    zarr = pytest.importorskip("zarr")
    write_table(table(), "t.zarr")
    zarr.open_group("t.zarr").create_array("features", data=np.zeros((3, 2), "f4"), overwrite=True)
    with pytest.raises(FileError) as info:
        read_table("t.zarr")
    assert one_line(info) == (
        "t.zarr: is not a table of features: its array features is stored as bytes, zstd"
    )


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ([2**60, 2], r"the table has \d+ bytes; at most 68719476736 are allowed"),
        ([2**30, 2], r"is truncated or damaged: it claims 8589934592 bytes of values in \d+ bytes"),
    ],
)
def test_a_claim_of_more_than_a_folder_holds_takes_no_memory(shape, message):
    pytest.importorskip("zarr")
    write_table(table(), "t.zarr")
    edit("t.zarr/features/zarr.json", lambda header: header.update(shape=shape))
    with pytest.raises(FileError, match=rf"^t.zarr: {message}$"):
        read_table("t.zarr")


def test_a_claim_of_more_than_a_parquet_holds_takes_no_memory(monkeypatch):
    pytest.importorskip("pyarrow")
    write_table(table(), "t.parquet")
    from scatter.io.tabular import common

    monkeypatch.setattr(common, "_MOST_COMPRESSED", 0)
    with pytest.raises(FileError, match=r"^t.parquet: is truncated or damaged: it claims 24 bytes of values"):
        read_table("t.parquet")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_damaged_bytes_are_an_error_or_a_table(suffix):
    write_table(table(), "t" + suffix)
    files = [p for p in Path().rglob("*") if p.is_file()]
    for _ in range(60):
        file = files[RNG.integers(len(files))]
        data = bytearray(file.read_bytes())
        kept = bytes(data)
        for at in RNG.integers(len(data), size=3):
            data[at] = RNG.integers(256)
        file.write_bytes(data)
        # Any other error than this one fails the test.
        with suppress(FileError):
            read_table("t" + suffix)
        file.write_bytes(kept)
