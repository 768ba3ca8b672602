"""Rows of arrays become samples, whatever the format, the order and the size of the pieces."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from rows_helpers import FORMATS, joined, read, refusal, save

from scatter.io import resize_image, zarrs
from scatter.io.arrays import NpzMembers
from scatter.io.reading import Reading
from scatter.io.rows import RowReader, array_shape, count_rows, pieces
from scatter.io.segments import cut

pytestmark = pytest.mark.usefixtures("own_folder")

RNG = np.random.default_rng(0)
SIGNALS = [
    {},
    {"segment": 8, "hop": 3},
    {"segment": 5, "hop": 9},
    {"length": 40},
    {"length": 4},
    {"segment": 64},
]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("options", SIGNALS)
def test_signals_are_the_rows_cut_as_told(name, options):
    array = RNG.random((23, 30))
    save(name, array)
    reading = Reading("signal", dtype="float64", **options)
    expected = np.concatenate([cut(row, reading) for row in array])
    for at_most in (1, 3, 7, 1000):
        samples, numbers = joined(name, reading, at_most)
        np.testing.assert_array_equal(samples, expected)
        np.testing.assert_array_equal(numbers, np.arange(len(expected)))
    assert count_rows(Path(name), reading) == 23
    each = len(expected) // 23
    samples, numbers = joined(name, reading, start=5, stop=11)
    np.testing.assert_array_equal(samples, expected[5 * each : 11 * each])
    np.testing.assert_array_equal(numbers, np.arange(5 * each, 11 * each))


@pytest.mark.parametrize("name", FORMATS)
def test_one_signal_and_one_image_have_one_axis_less(name):
    save(name, RNG.random(30))
    reading = Reading("signal", segment=8, hop=4, dtype="float64")
    samples, _ = joined(name, reading, at_most=2)
    assert samples.shape == (7, 8)
    assert count_rows(Path(name), reading) == 1


@pytest.mark.parametrize("name", FORMATS)
def test_images_are_resized_then_cropped(name):
    array = RNG.random((9, 12, 10)).astype("f4")
    save(name, array)
    np.testing.assert_array_equal(joined(name, Reading("image"))[0], array)
    np.testing.assert_array_equal(joined(name, Reading("image", crop=(4, 5)))[0], array[:, 4:8, 2:7])
    resized = resize_image(array, (6, 7))
    samples, _ = joined(name, Reading("image", resize=(6, 7), crop=(6, 5), dtype="float64"))
    np.testing.assert_array_equal(samples, resized[:, :, 1:6])
    assert refusal(name, Reading("image", crop=(13, 5))).startswith(
        f"{name}: is 12x10, smaller than the crop 13x5"
    )
    assert array_shape(Path(name)) == (9, 12, 10)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("block", [64, 10**9])
def test_channels_are_kept_or_selected_also_in_long_rows(name, block, monkeypatch):
    monkeypatch.setattr("scatter.io.rows.BLOCK", block)
    monkeypatch.setattr(zarrs, "BLOCK", block)
    array = RNG.random((5, 3, 20)).astype("f4")
    save(name, array)
    np.testing.assert_array_equal(joined(name, Reading("signal", channels="all"))[0], array)
    np.testing.assert_array_equal(joined(name, Reading("signal", channels=(2, 0)))[0], array[:, [2, 0]])
    reading = Reading("signal", channels=(1,), segment=6, hop=5)
    expected = np.concatenate([cut(row[[1]], reading) for row in array])
    np.testing.assert_array_equal(joined(name, reading)[0], expected)
    images = Reading("image", channels=(0, 2))
    save("b" + name, array[..., None].repeat(4, -1)) if not name.startswith("fortran") else None
    if Path("b" + name).exists():
        assert joined("b" + name, images)[0].shape == (5, 2, 20, 4)


def test_points_have_three_coordinates():
    save("a.npy", RNG.random((4, 9, 3)))
    assert joined("a.npy", Reading("points"))[0].shape == (4, 9, 3)
    save("b.npy", RNG.random((9, 3)))
    assert joined("b.npy", Reading("points"))[0].shape == (1, 9, 3)
    save("c.npy", RNG.random((9, 2)))
    assert refusal("c.npy", Reading("points")) == (
        "c.npy: the array has shape (9, 2); allowed are (P, 3) for one of kind 'points' and (n, P, 3) for "
        "several"
    )


@pytest.mark.parametrize("dtype", ["u1", "i8", "?", ">f8", "f2", "g"])
def test_numbers_are_taken_as_they_are(dtype):
    array = RNG.integers(0, 2 if dtype == "?" else 200, (4, 6)).astype(dtype)
    for name in ("a.npy", "stored.npz"):
        save(name, array)
        np.testing.assert_array_equal(joined(name, Reading("signal"))[0], array.astype("f4"))


@pytest.mark.parametrize("name", FORMATS)
def test_rows_with_values_that_are_none_are_failures(name):
    array = np.zeros((9, 2, 10))
    array[2, 1, 4] = np.nan
    array[5, 1, 9] = 1e300
    save(name, array)
    (piece,) = read(name, Reading("signal", channels=(1,)), at_most=20)
    assert piece.segments.tolist() == [0, 1, 3, 4, 6, 7, 8]
    why = "contains NaN or infinite values, the first at index"
    beyond = "holds numbers beyond float32; type --dtype float64, the first at index (5, 1, 9)"
    assert piece.failures == [(2, f"{why} (2, 1, 4)"), (5, beyond)]
    cut_up = read(name, Reading("signal", channels="all", segment=4, hop=3), at_most=2)
    assert [failure for piece in cut_up for failure in piece.failures] == [
        (7, f"{why} (2, 1, 4)"),
        (17, beyond),
    ]


def test_a_bad_sample_in_a_file_of_one_is_a_failure():
    save("a.npy", np.array([0, np.inf, 0]))
    (piece,) = read("a.npy", Reading("signal"))
    assert piece.samples.shape == (0, 3)
    assert piece.failures == [(0, "contains NaN or infinite values, the first at index (1,)")]
    images = np.zeros((1, 4, 4))
    images[0, 1, 2] = np.nan
    save("b.npy", images)
    (piece,) = read("b.npy", Reading("image", resize=(3, 3)))
    assert piece.samples.shape == (0, 3, 3)
    assert piece.failures == [(0, "contains NaN or infinite values, the first at index (0, 1, 2)")]


@pytest.mark.parametrize("name", ["stored.npz", "deflated.npz", "a.zarr"])
@pytest.mark.parametrize("labels", [np.arange(9), np.array([f"tone {i}" for i in range(9)])])
@pytest.mark.filterwarnings("ignore:The data type")
def test_labels_go_with_their_rows(name, labels):
    array = RNG.random((9, 10))
    array[4, 7] = np.nan
    save(name, array, kind=labels)
    reading = Reading("signal", labels="kind", segment=5)
    found = read(name, reading, at_most=4)
    together = np.concatenate([piece.labels for piece in found])
    assert together.dtype.kind == "U"
    expected = np.repeat(labels.astype(str), 2)
    assert together.tolist() == [*expected[:9], *expected[10:]]
    assert array_shape(Path(name), labels="kind") == (9, 10)


@pytest.mark.parametrize("name", ["stored.npz", "a.zarr"])
def test_one_of_several_arrays_is_named(name):
    save(name, RNG.random((9, 10)), other=RNG.random((3, 4)))
    assert refusal(name, Reading("signal")) == (
        f"{name}: holds 2 arrays ({'x, other' if name == 'stored.npz' else 'other, x'}); "
        "exactly one is needed; type --array NAME"
    )
    assert joined(name, Reading("signal", array="other"))[0].shape == (3, 4)
    assert array_shape(Path(name), "other") == (3, 4)
    assert "holds no array named y, only: " in refusal(name, Reading("signal", array="y"))


def test_a_reader_goes_through_a_compressed_array_once(monkeypatch):
    opened = []
    whole = NpzMembers.open
    monkeypatch.setattr(NpzMembers, "open", lambda self, name: opened.append(name) or whole(self, name))
    array = RNG.random((90, 10))
    save("deflated.npz", array)
    reader = RowReader()
    for start in range(0, 90, 10):
        samples, _ = joined(
            "deflated.npz", Reading("signal", dtype="float64"), start=start, stop=start + 10, reader=reader
        )
        np.testing.assert_array_equal(samples, array[start : start + 10])
    assert opened == ["x"]
    samples, _ = joined("deflated.npz", Reading("signal", dtype="float64"), start=40, stop=45, reader=reader)
    np.testing.assert_array_equal(samples, array[40:45])
    assert opened == ["x", "x"]
    assert reader.count(Path("deflated.npz"), Reading("signal", dtype="float64")) == 90
    reader.close()


def test_a_reader_notices_another_file_and_a_changed_one():
    save("a.npy", np.zeros((4, 3)))
    save("deflated.npz", np.ones((4, 3)))
    reader = RowReader()
    one = reader.pieces(Path("deflated.npz"), 0, None, Reading("signal"), 1)
    two = reader.pieces(Path("a.npy"), 0, None, Reading("signal"), 1)
    pairs = [(first().samples[0, 0], second().samples[0, 0]) for first, second in zip(one, two, strict=True)]
    assert pairs == [(1, 0)] * 4
    save("a.npy", np.full((6, 3), 2.0))
    samples, _ = joined("a.npy", Reading("signal"), reader=reader)
    np.testing.assert_array_equal(samples, np.full((6, 3), 2))
    reader.close()


def test_a_damaged_checksum_is_found_with_the_last_row():
    save("stored.npz", np.zeros((50, 10)))
    data = bytearray(Path("stored.npz").read_bytes())
    data[600] ^= 1
    Path("stored.npz").write_bytes(data)
    assert refusal("stored.npz", Reading("signal")).startswith(
        "stored.npz: can't be read as a .npz file: Bad CRC-32"
    )


@pytest.mark.parametrize("name", ["a.npy", "deflated.npz", "a.zarr"])
def test_memory_is_that_of_a_few_pieces(name, monkeypatch):
    monkeypatch.setattr("scatter.io.rows.BLOCK", 2**16)
    save(name, np.zeros((4000, 1000), "u1"))
    warm = np.zeros((10, 10), "u1")
    if name != "a.zarr":
        save("b" + name, warm)
        read("b" + name, Reading("signal"))
    tracemalloc.start()
    count = 0
    for call in pieces(Path(name), 0, None, Reading("signal"), 1000):
        count += len(call().samples)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 4000
    # A zarr is read in blocks of chunks, here of a third of the rows.
    assert peak < (3 * 4000 * 1000 if name == "a.zarr" else 2 * 2**20)


@pytest.mark.parametrize("name", FORMATS)
def test_pieces_are_made_in_threads(name):
    array = RNG.random((300, 20))
    save(name, array)
    with ThreadPoolExecutor(4) as pool:
        calls = pieces(Path(name), 0, None, Reading("signal", dtype="float64"), 3)
        found = list(pool.map(lambda call: call(), calls))
    np.testing.assert_array_equal(np.concatenate([piece.samples for piece in found]), array)
