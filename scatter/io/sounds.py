"""Sounds as one float channel and its sampling rate."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scatter.errors import FileError
from scatter.io.files import reason, regular_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Programs that write a WAV to a pipe can't know its length and leave a number near one of these.
_UNKNOWN_LENGTH = 0x7FFFF000


def read_sound(path: str | os.PathLike[str], *, max_values: int = 2**28) -> tuple["NDArray[np.float32]", int]:
    """Read a sound and mix its channels into one.

    Parameters
    ----------
    path : str or path-like
        A WAV, FLAC, Ogg or MP3 file, or another format that libsndfile knows.
    max_values : int, default=2**28
        Most values (length times channels) to decode; a few kilobytes of FLAC can hold hours of silence.

    Returns
    -------
    signal : ndarray of float32, shape (n,)
        The mean of the channels.  Files of integers come out in [-1, 1], files of floats as they are.
    rate : int
        Samples a second, in hertz.

    Raises
    ------
    FileError
        If the file is missing, a folder, empty, truncated, not a sound, too long, or if it holds NaN or
        infinite values.

    Examples
    --------
    >>> signal, rate = read_sound("bell.wav")  # doctest: +SKIP
    >>> len(signal) / rate  # seconds  # doctest: +SKIP
    2.5
    """
    file = regular_file(path)
    _check_length(file)
    try:
        values, rate, declared = _decode(file, max_values)
    except FileError:
        raise
    except Exception as error:
        # soundfile raises RuntimeError for damaged bytes and TypeError for headerless formats.
        raise FileError(f"{file}: can't be decoded as a sound: {reason(error)}") from error
    if len(values) == 0:
        raise FileError(f"{file}: the sound is empty (0 samples)")
    if len(values) < declared:
        raise FileError(f"{file}: the sound is truncated: {len(values)} of {declared} samples are there")
    if not np.isfinite(values).all():
        raise FileError(f"{file}: the sound contains NaN or infinite values")
    return values.mean(axis=1, dtype=np.float32), rate


def _decode(file: Path, max_values: int) -> tuple["NDArray[np.float32]", int, int]:
    import soundfile

    with soundfile.SoundFile(str(file)) as sound:
        if sound.frames * sound.channels > max_values:
            raise FileError(
                f"{file}: the sound has {sound.frames} samples in {sound.channels} channel(s), "
                f"{sound.frames * sound.channels} values; at most {max_values} are allowed; cut it first or "
                "raise max_values"
            )
        return sound.read(dtype="float32", always_2d=True), int(sound.samplerate), int(sound.frames)


def _check_length(file: Path) -> None:
    # libsndfile silently shortens a WAV whose end is missing to what is there.
    try:
        with open(file, "rb") as stream:
            head = stream.read(8)
    except OSError as error:
        raise FileError(f"{file}: {reason(error)}") from error
    if head[:4] != b"RIFF" or len(head) < 8:
        return
    declared = int.from_bytes(head[4:], "little") + 8
    size = file.stat().st_size
    # Some writers count the padding byte of an odd chunk and leave it out.
    if declared < _UNKNOWN_LENGTH and size + 1 < declared:
        raise FileError(f"{file}: the sound is truncated: {size} of {declared} bytes are there")
