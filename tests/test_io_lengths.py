"""A sound that is cut off is refused, and a whole one read, whatever its header says about the file."""

import numpy as np
import pytest
import soundfile

from scatter.errors import FileError
from scatter.io.sounds import read_sound

SOUND = np.random.default_rng(0).standard_normal(8001) / 8

FORMATS = {
    "RIFF": ("WAV", "PCM_16", "FILE"),
    "RIFF, float": ("WAV", "FLOAT", "FILE"),
    "RIFF, ADPCM": ("WAV", "IMA_ADPCM", "FILE"),
    "RIFX": ("WAV", "PCM_16", "BIG"),
    "WAVEX": ("WAVEX", "PCM_24", "FILE"),
    "RF64": ("RF64", "PCM_16", "FILE"),
    "W64": ("W64", "PCM_16", "FILE"),
    "AIFF": ("AIFF", "PCM_16", "FILE"),
    "AIFC": ("AIFF", "ULAW", "FILE"),
    "AU": ("AU", "PCM_16", "FILE"),
    "AU, little": ("AU", "PCM_16", "LITTLE"),
    "CAF": ("CAF", "PCM_16", "FILE"),
    "SVX": ("SVX", "PCM_16", "FILE"),
    "NIST": ("NIST", "PCM_16", "FILE"),
    "VOC": ("VOC", "PCM_16", "FILE"),
}


def written(tmp_path, name):
    form, subtype, endian = FORMATS[name]
    file = tmp_path / "a.wav"
    soundfile.write(file, SOUND, 8000, subtype=subtype, endian=endian, format=form)
    return file


@pytest.mark.parametrize("name", FORMATS)
def test_whole_sounds_are_read_and_cut_ones_refused(tmp_path, name):
    file = written(tmp_path, name)
    assert 8001 <= len(read_sound(file)[0]) <= (8500 if "ADPCM" in name else 8002)  # compressed in blocks
    data = file.read_bytes()
    for end in (len(data) // 2, len(data) - 8):
        file.write_bytes(data[:end])
        with pytest.raises(FileError, match="the sound is truncated: "):
            read_sound(file)


@pytest.mark.parametrize("field", ["whole", 0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_the_samples_decide_and_not_the_first_length(tmp_path, field):
    file = written(tmp_path, "RIFF")
    data = bytearray(file.read_bytes())
    # 'whole' is a common mistake: the size of the file, which is 8 more than what belongs there.
    data[4:8] = (len(data) if field == "whole" else field).to_bytes(4, "little")
    file.write_bytes(data)
    assert len(read_sound(file)[0]) == 8001
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(
        FileError, match=rf"truncated: {len(data) // 2 - 44} of 16002 bytes of samples are there"
    ):
        read_sound(file)


def test_notes_behind_the_samples_may_be_cut_off(tmp_path):
    file = written(tmp_path, "RIFF")
    data = file.read_bytes() + b"LIST\xff\x00\x00\x00INFO"
    file.write_bytes(data)
    assert len(read_sound(file)[0]) == 8001


def test_samples_of_unknown_length_go_to_the_end(tmp_path):
    file = written(tmp_path, "RIFF")
    data = bytearray(file.read_bytes())
    data[40:44] = data[4:8] = b"\xff" * 4
    file.write_bytes(data)
    assert len(read_sound(file)[0]) == 8001


def test_chunks_before_the_samples_are_passed_over(tmp_path):
    file = written(tmp_path, "RIFF")
    data = file.read_bytes()
    noted = data[:36] + b"LIST\x03\x00\x00\x00abc\x00" * 5 + data[36:]
    file.write_bytes(noted)
    assert len(read_sound(file)[0]) == 8001
    file.write_bytes(noted[:-10])
    with pytest.raises(FileError, match="truncated: 15992 of 16002 bytes"):
        read_sound(file)


def test_a_file_of_nothing_but_empty_chunks_takes_no_time(tmp_path):
    file = tmp_path / "a.wav"
    file.write_bytes(b"RIFF\xff\xff\xff\xffWAVE" + b"junk\0\0\0\0" * 10**6)
    with pytest.raises(FileError):
        read_sound(file)
