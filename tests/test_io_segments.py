import os
import struct
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
import scipy.signal
import soundfile

from scatter.errors import FileError
from scatter.io import segments
from scatter.io.reading import Reading
from scatter.io.segments import count_windows, cut, pieces


@pytest.fixture
def noise():
    return np.random.default_rng(0).uniform(-0.5, 0.5, (20_011, 2)).astype(np.float32)


@pytest.fixture
def wav(tmp_path, noise):
    file = tmp_path / "noise.wav"
    soundfile.write(file, noise, 8000, subtype="FLOAT")
    return file


@pytest.fixture
def long(monkeypatch):
    """Makes every sound a long one, of many blocks."""
    monkeypatch.setattr(segments, "_SHORT", 4000)
    monkeypatch.setattr(segments, "BLOCK", 3001)


def read(file, at_most=5, **options):
    found = [decode() for decode in pieces(file, 0, None, Reading("signal", **options), at_most)]
    assert all(len(piece.samples) + len(piece.failures) <= at_most for piece in found)
    return found


def samples(file, at_most=5, **options):
    found = read(file, at_most, **options)
    numbers = np.concatenate([piece.segments for piece in found])
    np.testing.assert_array_equal(numbers, np.arange(len(numbers)))
    return np.concatenate([piece.samples for piece in found])


# ------------------------------------------------------------------ cutting
@pytest.mark.parametrize("segment", [1, 2, 5, 9])
@pytest.mark.parametrize("hop", [None, 1, 2, 5, 7])
@pytest.mark.parametrize("length", [1, 4, 5, 6, 13])
def test_windows_hold_every_sample_and_none_holds_nothing_new(segment, hop, length):
    signal = np.arange(1, length + 1)
    expected, seen = [], set()
    for start in range(0, length, hop or segment):
        window = signal[start : start + segment]
        if not set(window) <= seen:
            expected.append(np.pad(window, (0, segment - len(window))))
            seen |= set(window)
    reading = Reading("signal", segment=segment, hop=hop)
    np.testing.assert_array_equal(cut(signal, reading), expected)
    assert count_windows(length, reading) == len(expected)


@pytest.mark.parametrize("hop", [3, 4, 6])
def test_channels_are_cut_alike(hop):
    signals = np.arange(20.0, dtype=np.float32).reshape(2, 10)
    reading = Reading("signal", segment=4, hop=hop)
    found = cut(signals, reading)
    assert found.dtype == np.float32
    for channel in range(2):
        np.testing.assert_array_equal(found[:, channel], cut(signals[channel], reading))


def test_segments_are_copies_that_can_be_written():
    signal = np.arange(8.0)
    for hop in (2, 4):
        found = cut(signal, Reading("signal", segment=4, hop=hop))
        assert found.flags.writeable
        assert found.flags.c_contiguous
        assert not np.shares_memory(found, signal)


def test_one_length_cuts_off_or_fills_with_zeros():
    signal = np.array([[1, 2, 3]])
    np.testing.assert_array_equal(cut(signal, Reading("signal", length=2)), [[[1, 2]]])
    np.testing.assert_array_equal(cut(signal, Reading("signal", length=5)), [[[1, 2, 3, 0, 0]]])
    np.testing.assert_array_equal(cut(signal, Reading("signal")), [[[1, 2, 3]]])
    assert count_windows(3, Reading("signal")) == 1


# ------------------------------------------------------------------ sounds
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_sounds_of_every_format_are_read_as_soundfile_reads_them(tmp_path, noise, suffix):
    file = tmp_path / f"noise.{suffix}"
    soundfile.write(file, noise, 8000)
    whole, _ = soundfile.read(file, dtype="float32")
    (piece,) = read(file, channels="all")
    # soundfile.read seeks first, after which the decoder of MP3 rounds otherwise.
    np.testing.assert_allclose(piece.samples, whole.T[None], atol=5e-7 if suffix == "mp3" else 0)
    assert piece.rate == 8000


def test_channels_are_mixed_kept_or_taken(wav, noise):
    np.testing.assert_allclose(samples(wav)[0], noise.mean(axis=1), atol=1e-7)
    np.testing.assert_array_equal(samples(wav, channels=(1,))[0], noise.T[1:])
    assert samples(wav, channels=(1, 0), segment=1000).shape == (21, 2, 1000)
    with pytest.raises(FileError, match=r"noise.wav: the sound has 2 channel.*no channel 2; type --channels"):
        read(wav, channels=(0, 2))


def test_three_channels_are_mixed_too(tmp_path):
    values = np.random.default_rng(1).uniform(-1, 1, (500, 3))
    soundfile.write(tmp_path / "three.wav", values, 8000, subtype="DOUBLE")
    found = samples(tmp_path / "three.wav", dtype="float64")
    assert found.dtype == np.float64
    np.testing.assert_allclose(found[0], values.mean(axis=1), rtol=1e-12)


@pytest.mark.parametrize("hop", [None, 300, 5000])
@pytest.mark.parametrize("at_most", [1, 3, 100])
@pytest.mark.parametrize("resample", [None, 11025])
def test_streamed_sounds_are_cut_as_short_ones(wav, hop, at_most, resample, request):
    options = {"segment": 700, "hop": hop, "resample": resample, "channels": "all"}
    short = samples(wav, at_most, **options)
    (whole,) = samples(wav, resample=resample, channels="all")
    np.testing.assert_array_equal(short, cut(whole, Reading("signal", segment=700, hop=hop)))
    request.getfixturevalue("long")
    np.testing.assert_allclose(samples(wav, at_most, **options), short, atol=2e-7)


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_compressed_sounds_stream_without_seams(tmp_path, noise, suffix, long):
    file = tmp_path / f"noise.{suffix}"
    soundfile.write(file, noise[:, 0], 8000)
    whole, _ = soundfile.read(file, dtype="float32")
    expected = cut(whole, Reading("signal", segment=512))
    np.testing.assert_allclose(samples(file, segment=512), expected, atol=5e-7 if suffix == "mp3" else 0)


# ------------------------------------------------------------------ resampling
@pytest.mark.parametrize("wanted", [1, 16000, 4000, 8001, 7350, 3, 40_000_000])
def test_resampling_by_blocks_equals_resampling_the_whole(wav, noise, wanted, monkeypatch):
    monkeypatch.setattr(segments, "BLOCK", 1500)
    part = wav.with_name("part.wav")
    soundfile.write(part, noise[: 50 if wanted > 10**6 else None, 0], 8000, subtype="FLOAT")
    signal, _ = soundfile.read(part, dtype="float32")
    (piece,) = read(part, resample=wanted)
    assert piece.rate == wanted
    common = np.gcd(8000, wanted)
    expected = scipy.signal.resample_poly(signal, wanted // common, 8000 // common)
    assert piece.samples.dtype == np.float32
    np.testing.assert_allclose(piece.samples[0], expected, atol=3e-7)


def test_rates_without_a_small_ratio_are_refused(wav):
    with pytest.raises(FileError, match=r"from 8000 to 48017 Hz: the terms of 48017/8000 .* --resample 8000"):
        read(wav, resample=48017)


def test_a_rate_that_is_none_can_not_be_resampled(wav):
    data = bytearray(wav.read_bytes())
    data[24:28] = struct.pack("<I", 0)
    wav.write_bytes(data)
    with pytest.raises(FileError, match=r"noise.wav: "):
        read(wav, resample=8000)
    with pytest.raises(FileError, match="claims a sampling rate of 0 Hz and can't be resampled to 8000 Hz"):
        segments.ratio(wav, 0, 8000)


def test_only_the_beginning_is_decoded_where_a_length_is_told(wav, noise, monkeypatch):
    frames = []

    def count(self, n, **options):
        frames.append(n)
        return original(self, n, **options)

    original = soundfile.SoundFile.read
    monkeypatch.setattr(soundfile.SoundFile, "read", count)
    (whole,) = samples(wav, resample=16000)
    frames.clear()
    np.testing.assert_allclose(samples(wav, resample=16000, length=200)[0], whole[:200], atol=2e-7)
    assert sum(frames) < 200
    np.testing.assert_array_equal(samples(wav, length=30_000)[0, len(noise) :], 0)


# ------------------------------------------------------------------ what is refused
@pytest.mark.parametrize("options", [{}, {"length": 100}, {"segment": 100}])
def test_damaged_sounds_are_refused_by_name(tmp_path, wav, options):
    def message(name, content):
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(FileError) as caught:
            read(file, **options)
        assert str(caught.value).startswith(f"{file}: ")
        return str(caught.value)

    data = wav.read_bytes()
    size = len(data) - data.index(b"data") - 8
    assert message("cut.wav", data[:-100]).endswith(
        f"truncated: {size - 100} of {size} bytes of samples are there"
    )
    assert "the file is empty (0 bytes)" in message("nothing.wav", b"")
    assert message("text.wav", b"hello").endswith("can't be decoded as a sound: Format not recognised.")
    assert message("noise.vox", b"\x01" * 500).endswith("can't be decoded as a sound: Format not recognised.")
    soundfile.write(tmp_path / "zero.wav", np.zeros(0), 8000)
    assert "the sound is empty (0 samples)" in message("none.wav", (tmp_path / "zero.wav").read_bytes())
    with pytest.raises(FileError, match="is a folder"):
        read(tmp_path, **options)
    with pytest.raises(FileError, match="No such file"):
        read(tmp_path / "missing.wav", **options)


def flac(tmp_path, noise, frames):
    """A FLAC that claims so many frames."""
    file = tmp_path / "claims.flac"
    soundfile.write(file, noise[:, 0], 8000)
    data = bytearray(file.read_bytes())
    data[21] = data[21] & 0xF0 | frames >> 32
    data[22:26] = struct.pack(">I", frames & 0xFFFFFFFF)
    file.write_bytes(data)
    return file


def test_a_flac_that_claims_hours_it_does_not_hold_is_refused(tmp_path, noise):
    file = flac(tmp_path, noise, 2**36 - 1)
    with pytest.raises(FileError, match=r"values in one sample; at most 67108864 .* type --segment 65536"):
        read(file)
    with pytest.raises(FileError, match=r"claims.flac: "):
        read(file, segment=1000)
    assert samples(file, length=100).shape == (1, 100)


@pytest.mark.parametrize("options", [{}, {"segment": 100}])
def test_a_flac_with_less_than_it_claims_is_refused(tmp_path, noise, options):
    with pytest.raises(FileError, match=r"claims.flac: "):
        read(flac(tmp_path, noise, 30_000), **options)


def test_fewer_samples_than_declared_are_a_truncation(wav, monkeypatch):
    monkeypatch.setattr(soundfile.SoundFile, "frames", property(lambda self: 30_000))
    monkeypatch.setattr(soundfile.SoundFile, "_check_frames", lambda self, frames, fill: frames)
    for options in ({}, {"segment": 100}):
        with pytest.raises(FileError, match="the sound is truncated: 20011 of 30000 samples are there"):
            read(wav, **options)
    monkeypatch.setattr(segments, "_SHORT", 100)
    with pytest.raises(FileError, match="the sound is truncated: 20011 of 30000 samples are there"):
        read(wav, segment=100)


def test_sounds_of_unknown_length_are_read_to_their_end(tmp_path, noise):
    whole = samples(flac(tmp_path, noise, len(noise)))[0]
    file = flac(tmp_path, noise, 0)
    found = samples(file, segment=1000)
    np.testing.assert_array_equal(found, cut(whole, Reading("signal", segment=1000)))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_short_sounds_with_nan_are_refused_whole(tmp_path, noise, value):
    noise[10_000] = value, -value
    file = tmp_path / "nan.wav"
    soundfile.write(file, noise, 8000, subtype="FLOAT")
    for options in ({}, {"segment": 100}, {"segment": 100, "resample": 4000}, {"length": 15_000}):
        with pytest.raises(FileError, match=r"nan.wav: the sound contains NaN or infinite values"):
            read(file, **options)
    assert samples(file, length=9_000).shape == (1, 9_000)


def test_later_pieces_of_a_refused_sound_say_the_same(tmp_path, noise):
    noise[10_000] = np.nan
    file = tmp_path / "nan.wav"
    soundfile.write(file, noise, 8000, subtype="FLOAT")
    for decode in pieces(file, 0, None, Reading("signal", segment=1000), 4):
        with pytest.raises(FileError, match=r"nan.wav: the sound contains NaN"):
            decode()


@pytest.mark.parametrize("resample", [None, 16000])
def test_only_the_segments_of_a_long_sound_that_nan_reaches_fail(tmp_path, noise, long, resample):
    noise[10_500] = np.nan
    file = tmp_path / "nan.wav"
    soundfile.write(file, noise, 8000, subtype="FLOAT")
    segment = 1000 if resample is None else 2000
    found = read(file, segment=segment, resample=resample)
    failures = [failure for piece in found for failure in piece.failures]
    assert failures == [(10, "the segment contains NaN or infinite values")]
    numbers = np.concatenate([piece.segments for piece in found])
    np.testing.assert_array_equal(numbers, [n for n in range(21) if n != 10])
    assert all(np.isfinite(piece.samples).all() for piece in found)


def test_sounds_that_are_too_long_for_one_sample_say_what_to_type(wav, monkeypatch):
    monkeypatch.setattr(segments, "_LARGEST_SAMPLE", 30_000)
    assert samples(wav).shape == (1, 20_011)
    with pytest.raises(
        FileError, match=r"20011 samples in 2 channel\(s\), 40022 values in one sample; at most"
    ):
        read(wav, channels="all")
    with pytest.raises(FileError, match=r"80044 values in one sample"):
        read(wav, resample=32_000)


# ------------------------------------------------------------------ threads, names and memory
def test_pieces_can_be_called_in_any_thread_and_order(wav):
    reading = Reading("signal", segment=500, hop=100)
    expected = samples(wav, segment=500, hop=100)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            calls = list(pieces(wav, 0, None, reading, 7))
            found = list(pool.map(lambda call: call(), calls[::-1]))[::-1]
            np.testing.assert_array_equal(np.concatenate([piece.samples for piece in found]), expected)


def test_names_need_not_be_text(tmp_path, wav, noise):
    file = type(wav)(os.fsdecode(os.fsencode(tmp_path) + b"/b\xe9ll.wav"))
    try:
        wav.rename(file)
    except OSError:
        pytest.skip("the file system wants names that are text")
    assert samples(file, segment=1000).shape == (21, 1000)


def test_a_sound_that_is_dropped_half_way_is_closed(wav, long):
    handles = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    stream = pieces(wav, 0, None, Reading("signal", segment=100), 2)
    next(stream)
    stream.close()
    if handles is not None:
        assert len(os.listdir("/proc/self/fd")) == handles


def test_memory_does_not_grow_with_the_length_of_a_sound(tmp_path):
    import tracemalloc

    file = tmp_path / "silence.flac"
    with soundfile.SoundFile(file, "w", 48000, 1) as sound:
        for _ in range(30):
            sound.write(np.zeros(2**20))
    tracemalloc.start()
    total = 0
    for decode in pieces(file, 0, None, Reading("signal", segment=2**14, resample=16000), 16):
        total += len(decode().samples)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == -(-30 * 2**20 // 3 // 2**14)
    assert peak < 40e6


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".aiff"])
@pytest.mark.parametrize(
    ("hop", "resample"), [(None, None), (300, None), (3000, None), (700, 12000), (None, 44100)]
)
def test_ranges_of_segments_are_those_of_the_whole(tmp_path, noise, suffix, hop, resample, long):
    file = tmp_path / f"a{suffix}"
    soundfile.write(file, np.tile(noise, (5, 1)) / 8, 8000)
    reading = Reading("signal", segment=1000, hop=hop, resample=resample, channels="all")
    whole = np.concatenate([piece().samples for piece in pieces(file, 0, None, reading, 3)])
    count = segments.count_segments(file, reading)
    assert len(whole) == count
    for borders in ([0, 1, 2, count], [0, 7, count - 1, count], [0, count]):
        for start, stop in pairwise(borders):
            found = [piece() for piece in pieces(file, start, stop, reading, 4)]
            ranged = np.concatenate([piece.samples for piece in found])
            np.testing.assert_array_equal(ranged, whole[start:stop])
            numbers = np.concatenate([piece.segments for piece in found])
            assert numbers.tolist() == list(range(start, stop))


def test_short_sounds_are_not_read_by_ranges(wav):
    assert segments.count_segments(wav, Reading("signal", segment=100)) is None
