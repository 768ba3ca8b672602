"""Sounds and arrays of unknown origin are read whole or refused."""

import contextlib
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests_support import one_line

from scatter.errors import FileError
from scatter.io import (
    read_array,
    read_sound,
)

pytestmark = pytest.mark.usefixtures("own_folder")

RNG = np.random.default_rng(0)


# Sounds


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_sounds_are_mixed_to_one_channel(suffix):
    time = np.arange(8000) / 8000
    stereo = np.stack([np.sin(440 * time), np.zeros(8000)], axis=1)
    soundfile.write("a" + suffix, stereo, 8000)
    signal, rate = read_sound("a" + suffix)
    assert rate == 8000
    assert signal.dtype == np.float32
    assert signal.shape == (8000,)
    lossy = suffix in (".ogg", ".mp3")
    np.testing.assert_allclose(signal, stereo.mean(axis=1), atol=0.2 if lossy else 1e-4)


def test_a_sound_of_nothing_is_refused():
    soundfile.write("a.wav", np.zeros(0), 8000)
    with pytest.raises(FileError, match=r"^a.wav: the sound is empty \(0 samples\)$"):
        read_sound("a.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sound_with_values_that_are_none_is_refused(bad):
    soundfile.write("a.wav", np.array([[0, bad], [0, -bad]]), 8000, subtype="FLOAT")
    with pytest.raises(FileError, match=r"^a.wav: the sound contains NaN or infinite values$"):
        read_sound("a.wav")


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("share", [0.001, 0.01, 0.5, 0.99])
def test_a_truncated_sound_is_refused(suffix, share):
    soundfile.write("whole" + suffix, RNG.standard_normal(8000) / 8, 8000)
    data = Path("whole" + suffix).read_bytes()
    Path("cut" + suffix).write_bytes(data[: max(1, int(share * len(data)))])
    with pytest.raises(FileError) as info:
        read_sound("cut" + suffix)
    assert one_line(info).startswith(f"cut{suffix}: ")


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_from_a_pipe_has_no_known_length(length):
    soundfile.write("a.wav", np.zeros(100), 8000)
    data = bytearray(Path("a.wav").read_bytes())
    data[4:8] = length.to_bytes(4, "little")
    Path("a.wav").write_bytes(data)
    assert read_sound("a.wav")[0].shape == (100,)


def test_the_longest_sound_can_be_chosen():
    soundfile.write("a.flac", np.zeros((100, 2)), 8000)
    assert read_sound("a.flac", max_values=200)[0].shape == (100,)
    with pytest.raises(FileError) as info:
        read_sound("a.flac", max_values=199)
    assert one_line(info) == (
        "a.flac: the sound has 100 samples in 2 channel(s), 200 values; at most 199 are allowed; cut it "
        "first or raise max_values"
    )


# Arrays


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hnp.arrays(
        dtype=st.one_of(
            hnp.boolean_dtypes(), hnp.integer_dtypes(), hnp.floating_dtypes(), hnp.complex_number_dtypes()
        ),
        shape=hnp.array_shapes(max_dims=4, max_side=4),
        elements={"allow_nan": False, "allow_infinity": False},
    ),
    st.booleans(),
)
def test_arrays_come_back_as_they_were(array, transposed):
    array = array.T if transposed else array
    np.save("a.npy", array)
    np.savez("a.npz", array)
    np.savez_compressed("b.npz", array)
    for name in ("a.npy", "a.npz", "b.npz"):
        back = read_array(name)
        assert back.dtype == array.dtype
        np.testing.assert_array_equal(back, array)
        assert back.flags.writeable


def test_pickles_are_never_loaded():
    class Trap:
        def __reduce__(self):
            return (Path("trapped").touch, ())

    np.save("a.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    np.savez("a.npz", np.array([Trap()], dtype=object))
    for name, shown in [("a.npy", "a.npy"), ("a.npz", r"a.npz \(arr_0\)")]:
        with pytest.raises(FileError, match=rf"^{shown}: holds Python objects, which are never loaded"):
            read_array(name)
    Path("b.npy").write_bytes(b"\x80\x04cos\nsystem\n(S'touch trapped'\ntR.")
    with pytest.raises(FileError, match=r"^b.npy: can't be read as a .npy file"):
        read_array("b.npy")
    assert not Path("trapped").exists()


def test_an_npz_must_hold_one_array():
    np.savez("two.npz", first=np.ones(2), second=np.ones(3))
    with pytest.raises(FileError) as info:
        read_array("two.npz")
    assert one_line(info) == (
        "two.npz: holds 2 arrays (first, second); exactly one is needed; save it alone: "
        "numpy.save('first.npy', numpy.load('two.npz')['first'])"
    )
    np.savez("none.npz")
    with pytest.raises(FileError, match=r"^none.npz: holds no array; exactly one is needed$"):
        read_array("none.npz")
    np.savez("many.npz", **{f"a{i}": np.ones(1) for i in range(20)})
    with pytest.raises(FileError, match=r"holds 20 arrays \(a0, .*, a7, ...\)"):
        read_array("many.npz")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, complex(0, np.nan)])
def test_values_that_are_none_are_named_by_their_index(bad):
    array = np.ones((3, 4), dtype=np.result_type(bad))
    array[1, 2] = bad
    np.save("a.npy", array)
    with pytest.raises(FileError) as info:
        read_array("a.npy")
    assert one_line(info) == "a.npy: the array contains NaN or infinite values, the first at index (1, 2)"


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array(["text"]), "a.npy: holds values of type <U4; numbers are needed"),
        (
            np.array(["2020-01-01"], "M8[D]"),
            r"a.npy: holds values of type datetime64\[D\]; numbers are needed",
        ),
        (np.zeros(2, dtype=[("x", "f4")]), r"a.npy: holds values of type \[\('x', '<f4'\)\]; numbers are"),
        (np.zeros((0, 3)), r"a.npy: the array is empty: its shape is \(0, 3\)"),
    ],
)
def test_arrays_without_numbers_are_refused(array, message):
    np.save("a.npy", array)
    with pytest.raises(FileError, match="^" + message):
        read_array("a.npy")


@pytest.mark.parametrize("name", ["whole.npy", "whole.npz"])
@pytest.mark.parametrize("share", [0.001, 0.02, 0.1, 0.5, 0.99])
def test_a_truncated_array_is_refused(name, share):
    np.save("whole.npy", RNG.random((20, 30)))
    np.savez("whole.npz", RNG.random((20, 30)))
    data = Path(name).read_bytes()
    cut = "cut" + Path(name).suffix
    Path(cut).write_bytes(data[: max(1, int(share * len(data)))])
    with pytest.raises(FileError) as info:
        read_array(cut)
    assert one_line(info).startswith(cut)


def npy(shape, body=b"", version=1):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + body


def test_a_header_that_claims_too_much_asks_for_no_memory():
    Path("a.npy").write_bytes(npy((10**6, 10**6), bytes(80)))
    with pytest.raises(FileError) as info:
        read_array("a.npy")
    assert one_line(info) == (
        "a.npy: is truncated or damaged: its header claims 8000000000000 bytes of values, but 80 are there"
    )
    with zipfile.ZipFile("a.npz", "w") as archive:
        archive.writestr("x.npy", npy((10**9,), bytes(80)))
    with pytest.raises(
        FileError, match=r"^a.npz \(x\): is truncated or damaged: its header claims 8000000000"
    ):
        read_array("a.npz")


def test_an_archive_that_unpacks_to_too_much_is_refused():
    np.savez_compressed("a.npz", np.zeros(10**5))
    assert Path("a.npz").stat().st_size < 2000
    assert read_array("a.npz", max_bytes=800000).shape == (10**5,)
    with pytest.raises(FileError) as info:
        read_array("a.npz", max_bytes=799999)
    assert one_line(info) == (
        "a.npz (arr_0): the array has 800000 bytes; at most 799999 are allowed; split it or raise max_bytes"
    )


def test_an_archive_that_lies_about_its_size_is_refused():
    with zipfile.ZipFile("a.npz", "w") as archive:
        archive.writestr("x.npy", npy((100,), bytes(80)))
    # The declared size lies in the central directory, 24 bytes after its signature.
    data = bytearray(Path("a.npz").read_bytes())
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 5000)
    Path("a.npz").write_bytes(data)
    with pytest.raises(FileError, match=r"^a.npz"):
        read_array("a.npz")


def test_versions_of_the_format():
    Path("a.npy").write_bytes(npy((10,), bytes(80), version=2))
    assert read_array("a.npy").shape == (10,)
    Path("a.npy").write_bytes(npy((10,), bytes(80), version=9))
    with pytest.raises(FileError, match=r"^a.npy"):
        read_array("a.npy")
    Path("a.npy").write_bytes(npy((10,), bytes(80), version=3))
    with pytest.raises(FileError, match=r"^a.npy: is in version 3.0 of the .npy format, not 1.0 or 2.0$"):
        read_array("a.npy")
    Path("a.npy").write_bytes(npy((-10, -1), bytes(80)))
    with pytest.raises(FileError, match=r"^a.npy"):
        read_array("a.npy")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_arrays_are_read_or_refused_but_never_crash(data):
    name = data.draw(st.sampled_from(["a.npy", "a.npz"]))
    (np.save if name == "a.npy" else np.savez_compressed)(name, np.arange(12.0).reshape(3, 4))
    damaged = bytearray(Path(name).read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=8)):
        damaged[at] = data.draw(st.integers(0, 255))
    Path(name).write_bytes(damaged)
    with contextlib.suppress(FileError):
        assert np.isfinite(read_array(name)).all()
