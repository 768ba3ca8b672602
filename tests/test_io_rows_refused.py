"""Arrays that are no samples, or damaged, are refused by name."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from rows_helpers import joined, read, refusal, save
from tests_support import one_line

from scatter.errors import FileError, MissingExtraError
from scatter.io import sources, zarrs
from scatter.io.reading import Reading
from scatter.io.rows import pieces

pytestmark = pytest.mark.usefixtures("own_folder")

RNG = np.random.default_rng(0)


def test_labels_that_do_not_fit_are_refused():
    for labels in (np.arange(8), np.zeros(9), np.zeros((9, 1), dtype=int)):
        save("stored.npz", RNG.random((9, 10)), kind=labels)
        assert refusal("stored.npz", Reading("signal", labels="kind")) == (
            f"stored.npz (kind): the labels are {labels.dtype} of shape {labels.shape}; needed are integers "
            "or text of shape (9,), one for each row"
        )
    assert refusal("stored.npz", Reading("signal", labels="other", array="x")) == (
        "stored.npz: holds no array named other, only: x, kind"
    )


@pytest.mark.parametrize("name", ["a.npy", "a.zarr"])
def test_an_array_without_a_name_has_none_to_choose(name):
    save(name, RNG.random((9, 10)))
    for options in ({"array": "x"}, {"labels": "x"}):
        assert refusal(name, Reading("signal", **options)).startswith(
            f"{name}: is one array without a name; leave out --array and --label-array, or "
        )


ALLOWED = "allowed are (N,) for one of kind 'signal' and (n, N) for several, and (n, C, N)"


@pytest.mark.parametrize(
    ("array", "options", "message"),
    [
        (np.zeros((2, 3), complex), {}, "the array is complex; real values are needed"),
        (np.array(["text"]), {}, "holds values of type <U4; numbers are needed"),
        (np.zeros((0, 3)), {}, "the array is empty: its shape is (0, 3)"),
        (np.zeros(()), {}, f"the array has shape (); {ALLOWED} with --channels all"),
        (np.zeros((2, 3, 4)), {}, f"the array has shape (2, 3, 4); {ALLOWED} with --channels all"),
        (np.zeros((2, 3, 4, 5)), {"channels": "all"}, f"the array has shape (2, 3, 4, 5); {ALLOWED}"),
        (np.zeros((2, 3, 4)), {"channels": (3,)}, "has channels 0 to 2, but --channels asks for 3"),
        (np.zeros((2, 3)), {"channels": (0, 1)}, "has no axis of channels, but --channels asks for 0, 1"),
    ],
)
def test_arrays_that_are_no_samples_are_refused(array, options, message):
    save("a.npy", array)
    assert refusal("a.npy", Reading("signal", **options)) == f"a.npy: {message}"


def test_arrays_of_objects_and_graphs_are_refused():
    np.save("a.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert refusal("a.npy", Reading("signal")).startswith("a.npy: holds Python objects, which are never")
    save("b.npy", np.zeros(3))
    assert refusal("b.npy", Reading("mesh")) == ("b.npy: is an array, which holds no sample of kind 'mesh'")


def test_samples_of_too_many_values_are_refused(monkeypatch):
    monkeypatch.setattr("scatter.io.rows.MOST_VALUES", 20)
    monkeypatch.setattr(sources, "MOST_VALUES", 20)
    save("a.npy", np.zeros((2, 21)))
    assert refusal("a.npy", Reading("signal")) == (
        "a.npy: one sample has 21 values; at most 20 are allowed; cut it into smaller ones"
    )
    assert joined("a.npy", Reading("signal", segment=7))[0].shape == (6, 7)
    save("stored.npz", np.zeros((2, 21)))
    assert refusal("stored.npz", Reading("signal", segment=7)) == (
        "stored.npz (x): has 168 bytes in one row, which can't be read piece by piece from a .npz; "
        "save it as .npy with numpy.ascontiguousarray"
    )


def test_large_columns_in_an_archive_and_large_chunks_are_refused(monkeypatch):
    monkeypatch.setattr(sources, "MOST_BYTES", 100)
    save("fortran.npz", np.zeros((4, 10)))
    assert refusal("fortran.npz", Reading("signal")).startswith(
        "fortran.npz (x): has 320 bytes in Fortran order, which can't be read piece by piece"
    )
    monkeypatch.setattr(zarrs, "MOST_BYTES", 100)
    save("a.zarr", np.zeros((6, 10)))
    assert refusal("a.zarr", Reading("signal")) == (
        "a.zarr: its rows can only be read 2 at a time, 160 bytes; at most 100 are allowed; write it in "
        "smaller chunks"
    )


def test_missing_files_and_folders_are_named():
    for name in ("a.npy", "a.npz"):
        assert refusal(name, Reading("signal")) == f"{name}: No such file or directory"
    pytest.importorskip("zarr", reason="zarr is not installed")
    Path("a.zarr").write_bytes(b"text")
    assert refusal("a.zarr", Reading("signal")) == "a.zarr: is not a folder, as zarr arrays are"
    Path("b.zarr").mkdir()
    assert refusal("b.zarr", Reading("signal")).startswith("b.zarr: can't be read as a .zarr file: ")
    zarr = pytest.importorskip("zarr")
    zarr.create_group("c.zarr").create_group("inner").create_array("x", data=np.zeros((2, 3)))
    assert refusal("c.zarr", Reading("signal")) == "c.zarr: holds no array; exactly one is needed"
    assert refusal("c.zarr", Reading("signal", array="inner")) == (
        "c.zarr: inner is a group, not an array; type --array inner/NAME"
    )
    assert joined("c.zarr", Reading("signal", array="inner/x"))[0].shape == (2, 3)


def test_zarr_is_an_extra(monkeypatch):
    Path("a.zarr").mkdir()
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MissingExtraError) as info:
        read("a.zarr", Reading("signal"))
    assert one_line(info) == (
        "reading a .zarr folder needs zarr, which is not installed; type: "
        "pip install 'scatter-wavelets[zarr]'"
    )


def change_metadata(folder, **changes):
    file = Path(folder, ".zarray")
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_pickles_in_a_zarr_are_never_loaded():
    zarr = pytest.importorskip("zarr", reason="zarr is not installed")
    group = zarr.create_group("a.zarr", zarr_format=2)
    for name in ("x", "kind"):
        group.create_array(name, shape=(2,), chunks=(2,), dtype="f8")[...] = np.zeros(2)
    pickle = {"id": "pickle", "protocol": 4}
    # zarr refuses pickled objects, but not behind a codec for text.
    change_metadata("a.zarr/kind", dtype="|O", fill_value="", filters=[{"id": "vlen-utf8"}, pickle])
    assert refusal("a.zarr", Reading("signal", labels="kind")) == (
        "a.zarr (kind): holds Python objects, which are never loaded; save an array of numbers"
    )
    change_metadata("a.zarr/x", compressor=pickle)
    assert refusal("a.zarr", Reading("signal", array="x")).startswith("a.zarr: ")


def test_a_zarr_that_claims_what_is_not_stored_is_refused():
    zarr = pytest.importorskip("zarr", reason="zarr is not installed")
    zarr.create_array("a.zarr", shape=(20, 30), chunks=(10, 30), dtype="f8", zarr_format=2)[:10] = 1
    # Chunks that hold nothing but zeros need not be stored.
    assert joined("a.zarr", Reading("signal"))[0].sum() == 300
    change_metadata("a.zarr", shape=[10**12, 30])
    message = refusal("a.zarr", Reading("signal"))
    assert message.startswith(
        "a.zarr: is damaged or not complete: it claims 240000000000000 bytes of values, but "
    )


def test_a_file_that_shrinks_meanwhile_is_refused():
    save("a.npy", np.zeros((50, 10)))
    calls = list(pieces(Path("a.npy"), 0, None, Reading("signal"), 25))
    with open("a.npy", "r+b") as stream:
        stream.truncate(3000)
    calls[0]()
    with pytest.raises(FileError, match=r"^a.npy: is truncated: 1128 bytes are missing at the end$"):
        calls[1]()


def test_a_truncated_member_is_refused():
    stream = io.BytesIO()
    np.save(stream, np.zeros((100, 100)))
    save("stored.npz", np.zeros((100, 100)))
    data = Path("stored.npz").read_bytes()
    Path("stored.npz").write_bytes(data[:50000])
    assert refusal("stored.npz", Reading("signal")).startswith("stored.npz: can't be read as a .npz file: ")
