"""Arrays hold no sampling rate: one is given, or what needs it is refused."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from cli_helpers import fail, run, succeed

from scatter import ScatterWarning
from scatter.errors import FileError, InputError
from scatter.io import guess_ndim
from scatter.io.reading import Reading
from scatter.io.rows import pieces
from scatter.io.tables import read_table

pytestmark = pytest.mark.usefixtures("own_folder")

RNG = np.random.default_rng(0)
ROWS = RNG.standard_normal((5, 1000)).astype("float32")
RESAMPLED = scipy.signal.resample_poly(ROWS, 2, 5, axis=-1)


def samples(file, at_most=64, **options):
    found = [read() for read in pieces(Path(file), 0, None, Reading("signal", **options), at_most)]
    assert all(len(piece.samples) <= at_most for piece in found)
    assert {piece.rate for piece in found} == {options.get("resample") or options.get("rate")}
    return np.concatenate([piece.samples for piece in found]), np.concatenate([p.segments for p in found])


@pytest.mark.parametrize("at_most", [1, 3, 64])
def test_rows_are_resampled_as_whole_signals(at_most):
    np.save("a.npy", ROWS)
    found, numbers = samples("a.npy", at_most, rate=250, resample=100)
    np.testing.assert_allclose(found, RESAMPLED, atol=1e-6)
    assert list(numbers) == [0, 1, 2, 3, 4]
    cut, numbers = samples("a.npy", at_most, rate=250, resample=100, segment=64, hop=32)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(RESAMPLED, ((0, 0), (0, 16))), 64, axis=1)[
        :, ::32
    ]
    np.testing.assert_allclose(cut, windows.reshape(-1, 64), atol=1e-6)
    assert list(numbers) == list(range(len(cut)))
    np.testing.assert_allclose(
        samples("a.npy", at_most, rate=250, resample=100, length=50)[0], RESAMPLED[:, :50], atol=1e-6
    )


def test_a_rate_alone_changes_no_sample():
    np.save("a.npy", ROWS)
    np.testing.assert_array_equal(samples("a.npy", rate=62.5)[0], ROWS)
    np.testing.assert_array_equal(samples("a.npy", rate=250, resample=250)[0], ROWS)


def test_rows_with_nan_are_left_out_when_resampled():
    rows = ROWS.copy()
    rows[2, 500] = np.nan
    np.save("a.npy", rows)
    (read,) = pieces(Path("a.npy"), 0, None, Reading("signal", rate=250, resample=100), 64)
    piece = read()
    assert piece.failures == [(2, "contains NaN or infinite values, in row 2")]
    np.testing.assert_allclose(piece.samples, np.delete(RESAMPLED, 2, axis=0), atol=1e-6)


@pytest.mark.parametrize(("options", "message"), [
    ({"resample": 100}, "arrays hold no sampling rate, which --resample 100 needs; type --rate 250"),
    ({"resample": 100, "rate": 62.5}, "arrays of 62.5 Hz can't be resampled exactly"),
])  # fmt: skip
def test_resampling_needs_a_rate(options, message):
    np.save("a.npy", ROWS)
    with pytest.raises(FileError, match=message):
        samples("a.npy", **options)


@pytest.mark.parametrize("rate", [0, -1, np.inf, np.nan])
def test_a_rate_is_a_positive_number(rate):
    with pytest.raises(InputError, match="rate must be positive"):
        Reading("signal", rate=rate)


def test_the_rate_of_arrays_reaches_the_frequencies():
    np.save("a.npy", ROWS)
    succeed("features", "a.npy", "-o", "a.npz", "--transform", "1d", "--rate", "250", "--resample", "100")
    table = read_table("a.npz")
    assert json.loads(table.metadata["params"])["sampling_rate"] == 100
    assert json.loads(table.metadata["recipe"])["reading"] == {"rate": 250, "resample": 100}
    assert "needs; type --rate 250" in fail(
        "features", "a.npy", "-o", "b.npz", "--transform", "1d", "--resample", "9"
    )
    for name, advice in (
        ("sampling_rate=250", "for arrays type --rate 250"),
        ("shape=[9]", "that of the first"),
    ):
        message = fail("features", "a.npy", "-o", "b.npz", "--transform", "1d", "--set", name, code=2)
        assert advice in message


def test_arrays_go_beside_sounds_of_the_same_rate():
    soundfile.write("a.wav", ROWS[0] / 8, 250)
    np.save("b.npy", ROWS)
    succeed("features", "a.wav", "b.npy", "-o", "a.npz", "--rate", "250")
    assert len(read_table("a.npz").features) == 6
    result = run("features", "a.wav", "b.npy", "-o", "b.npz")
    assert result.exit_code == 1
    assert "type --rate 250, or that of the array, and --resample 250" in Path("b.npz.errors.csv").read_text()


# ---------------------------------------------------------------------- shapes that may be two things
def test_arrays_whose_channels_come_last_are_said(monkeypatch):
    np.save("a.npy", RNG.random((5, 64, 64, 3), dtype="float32"))
    monkeypatch.setattr(warnings, "filters", [("always", None, ScatterWarning, None, 0)])
    result = run("features", "a.npy", "-o", "a.npz", "--transform", "2d", "--J", "1", "--channels", "all")
    assert (
        result.stderr.count("taken as 64 channels of shape (64, 3); if channels come last, save np.move") == 1
    )
    assert "save np.moveaxis(x, -1, 1)" in fail(
        "features", "a.npy", "-o", "b.npz", "--transform", "2d", "--set", "channels=last", code=2
    )


@pytest.mark.parametrize(("shape", "advice"), [
    ((5, 1000, 12), "type --transform 2d, or --transform 1d --channels all after np.moveaxis"),
    ((5, 12, 1000), "type --transform 2d, or --transform 1d --channels all$"),
])  # fmt: skip
def test_long_thin_images_may_be_signals(shape, advice):
    np.save("a.npy", RNG.random(shape, dtype="float32"))
    with pytest.raises(InputError, match=rf"may be 5 images, or signals of 12 channels; {advice}"):
        guess_ndim("a.npy")
    assert "may be 5 images, or signals of 12 channels" in fail("features", "a.npy", "-o", "b.npz", code=2)
