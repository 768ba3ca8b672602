"""Sounds as float channels and their sampling rate, whole or block by block."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scatter.errors import FileError
from scatter.io.files import reason, regular_file
from scatter.io.lengths import check_length

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from soundfile import SoundFile

BLOCK = 2**20
"""Values that are decoded at once."""

UNKNOWN_FRAMES = 2**62
"""Writers to a pipe can't know the length of a FLAC; libsndfile then names a number beyond this."""


def read_sound(path: str | os.PathLike[str], *, max_values: int = 2**28) -> tuple[NDArray[np.float32], int]:
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
    file = Path(path)
    with open_sound(file) as sound, decoding(file):
        if sound.frames * sound.channels > max_values:
            raise FileError(
                f"{file}: the sound has {sound.frames} samples in {sound.channels} channel(s), "
                f"{sound.frames * sound.channels} values; at most {max_values} are allowed; cut it first or "
                "raise max_values"
            )
        signal = np.concatenate(list(sound_blocks(sound, file)))
        rate = int(sound.samplerate)
    check_finite(signal, file)
    return signal, rate


def open_sound(file: Path) -> SoundFile:
    """Open a sound.

    Parameters
    ----------
    file : Path
        The file.

    Returns
    -------
    soundfile.SoundFile
        To be closed, and to be used by one thread at a time.

    Raises
    ------
    FileError
        If it is no regular file, empty, cut off, not a sound, or has no samples.
    """
    regular_file(file)
    with decoding(file), open(file, "rb", buffering=0) as stream:
        check_length(stream, file)
        # A handle, as names need not be text, opening twice takes as long as decoding, and by its name
        # libsndfile would take noise for a format without a header. It closes it, also where it fails.
        sound = _forward()(os.dup(stream.fileno()))
    if "truncated" in sound.extra_info.lower():  # of formats that are not looked into above
        sound.close()
        raise FileError(f"{file}: the sound is truncated: less is there than its header says")
    if sound.frames == 0:
        sound.close()
        raise FileError(f"{file}: the sound is empty (0 samples)")
    return sound


@cache
def _forward() -> type[SoundFile]:
    import soundfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc,unused-ignore]
        """A sound that is read in order.

        After every read soundfile seeks to where it is. This costs an MP3 the bits that frames borrow from
        earlier ones, so that blocks don't join without seams, and fails in a FLAC of unknown length.
        """

        def seekable(self) -> bool:
            return False

    return Forward


class decoding:  # noqa: N801
    """Turn what the decoding of a sound raises into one kind of error.

    Parameters
    ----------
    file : Path
        The sound, for messages.

    Raises
    ------
    FileError
        For any exception inside.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        # soundfile raises RuntimeError for damaged bytes and TypeError for headerless formats.
        if isinstance(error, Exception) and not isinstance(error, FileError):
            said = getattr(error, "error_string", None) or reason(error)
            what = "" if isinstance(error, OSError) else "can't be decoded as a sound: "
            raise FileError(f"{self._file}: {what}{said}") from error


def sound_blocks(
    sound: SoundFile,
    file: Path,
    *,
    channels: Literal["mix", "all"] | tuple[int, ...] = "mix",
    dtype: Literal["float32", "float64"] = "float32",
    frames: int | None = None,
    block: int = BLOCK,
) -> Iterator[NDArray[Any]]:
    """Decode a sound in blocks, from where it stands.

    Parameters
    ----------
    sound : soundfile.SoundFile
        As opened by `open_sound`.
    file : Path
        Its name, for messages.
    channels : 'mix', 'all' or tuple of int, default='mix'
        The mean of the channels, all of them, or these.
    dtype : {'float32', 'float64'}, default='float32'
        What to decode to.
    frames : int, optional
        Stop after so many samples a channel.
    block : int, default=BLOCK
        Most values, of all channels, in a block, but at least one a channel.

    Yields
    ------
    ndarray of shape (n,) if mixed, else (channels, n)

    Raises
    ------
    FileError
        If there are fewer samples than the file declares, or no channel of such a number.
    """
    check_channels(sound.channels, channels, file)
    most = sound.frames if frames is None else min(frames, sound.frames)
    size = max(1, block // sound.channels)
    found = 0
    while found < most:
        values = sound.read(min(size, most - found), dtype=dtype, always_2d=True)
        if not len(values):
            break
        found += len(values)
        yield mix(values, channels)
    if found == 0:
        raise FileError(f"{file}: the sound is empty (0 samples)")
    if found < most < UNKNOWN_FRAMES:
        raise FileError(f"{file}: the sound is truncated: {found} of {sound.frames} samples are there")


def check_channels(count: int, channels: str | tuple[int, ...], file: Path) -> None:
    """Refuse channels that a sound of so many does not have."""
    missing = [n for n in channels if not 0 <= n < count] if isinstance(channels, tuple) else []
    if missing:
        raise FileError(
            f"{file}: the sound has {count} channel(s), numbered from 0; there is no channel {missing[0]}; "
            "type --channels mix"
        )


def mix(values: NDArray[Any], channels: Literal["mix", "all"] | tuple[int, ...]) -> NDArray[Any]:
    """Take the channels that are wanted of values of shape (n, channels)."""
    if channels == "mix":
        if values.shape[1] == 1:
            return values[:, 0]
        # The sum of channels may overflow, infinities may cancel; both are found afterwards.
        with np.errstate(over="ignore", invalid="ignore"):
            if values.shape[1] == 2:
                # Ten times as fast as a mean along an axis of two.
                mean: NDArray[Any] = values[:, 0] + values[:, 1]
                mean /= 2
            else:
                mean = values.mean(axis=1)
        return mean
    return values.T if channels == "all" else values.T[list(channels)]


def check_finite(signals: NDArray[Any], file: Path) -> None:
    """Refuse a sound with NaN or infinite values."""
    if not np.isfinite(signals).all():
        raise FileError(f"{file}: the sound contains NaN or infinite values")
