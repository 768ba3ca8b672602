"""Signals cut to one length, and sounds as pieces of such signals."""

from __future__ import annotations

import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.errors import FileError
from scatter.io.reading import Piece
from scatter.io.resampling import margin, ratio, resample_blocks
from scatter.io.sounds import (
    BLOCK,
    UNKNOWN_FRAMES,
    check_channels,
    check_finite,
    decoding,
    open_sound,
    sound_blocks,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from soundfile import SoundFile

    from scatter.io.reading import Reading

_SHORT = 2**22
"""Values up to which a sound is decoded whole by whichever thread cuts its first segments."""

_LARGEST_SAMPLE = 2**26
"""Values of a sound that is not cut."""


def count_windows(length: int, reading: Reading) -> int:
    """How many samples one signal of so many numbers is cut into.

    Parameters
    ----------
    length : int
        Numbers in the signal, at least one.
    reading : Reading
        ``segment`` and ``hop`` of it; without ``segment`` a signal is one sample.

    Returns
    -------
    int

    Examples
    --------
    >>> from scatter.io.reading import Reading
    >>> count_windows(10, Reading("signal", segment=4, hop=3))
    3
    """
    if reading.segment is None:
        return 1
    hop = reading.hop or reading.segment
    covering = 1 + -(-max(0, length - reading.segment) // hop)
    # Where the hop leaves gaps, the end of the signal may lie in one.
    return min(covering, -(-length // hop))


def cut(signals: NDArray[Any], reading: Reading) -> NDArray[Any]:
    """Cut one signal into samples of one length.

    Without ``length`` and ``segment`` the signal is the one sample. ``length`` cuts it off or fills it with
    zeros at the end. ``segment`` takes windows that begin at 0, hop, 2 hop, ..., fills the last one with
    zeros, and makes none that holds nothing new.

    Parameters
    ----------
    signals : ndarray of shape (..., N)
        One signal, with or without channels.
    reading : Reading
        Its ``length``, ``segment`` and ``hop``.

    Returns
    -------
    ndarray of shape (k, ..., n)
        The samples, of the same type.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter.io.reading import Reading
    >>> cut(np.arange(1, 6), Reading("signal", segment=3, hop=2))
    array([[1, 2, 3],
           [3, 4, 5]])
    """
    if reading.segment is None:
        return _fit(signals, reading.length or signals.shape[-1])[np.newaxis]
    return _windows(signals, count_windows(signals.shape[-1], reading), reading)


def _windows(signals: NDArray[Any], count: int, reading: Reading) -> NDArray[Any]:
    segment = int(reading.segment or 0)
    hop = reading.hop or segment
    fitted = _fit(signals, (count - 1) * hop + segment)
    if hop == segment:
        views = fitted.reshape(*fitted.shape[:-1], count, segment)
    else:
        views = np.lib.stride_tricks.sliding_window_view(fitted, segment, axis=-1)[..., ::hop, :]
    # Copied even where it could be a view: that would hold the whole signal in memory.
    return (views if views.ndim == 2 else np.moveaxis(views, -2, 0)).copy(order="C")


def _fit(signals: NDArray[Any], length: int) -> NDArray[Any]:
    missing = length - signals.shape[-1]
    if missing <= 0:
        return signals[..., :length]
    filled = np.zeros((*signals.shape[:-1], length), dtype=signals.dtype)
    filled[..., : signals.shape[-1]] = signals
    return filled


def pieces(
    file: Path, start: int, stop: int | None, reading: Reading, at_most: int
) -> Iterator[Callable[[], Piece]]:
    """Read a sound as signals of one length, in pieces.

    Channels are mixed or taken first, then resampled, then cut. A long sound is decoded in order, by the
    generator; its segments that NaN reach are failures, where a short sound is refused whole.

    Parameters
    ----------
    file : Path
        A WAV, FLAC, Ogg or MP3 file, or another format that libsndfile knows.
    start, stop : int, optional
        The segments that are wanted, of a sound that is cut; ``stop=None`` for all from ``start`` on.
    reading : Reading
        Its ``length``, ``segment``, ``hop``, ``resample``, ``channels`` and ``dtype``.
    at_most : int
        Most segments in a piece.

    Yields
    ------
    callable
        Returns a `Piece` with samples of shape (k, n) if mixed, else (k, channels, n).

    Raises
    ------
    FileError
        Here or in a callable: if the sound is missing, empty, truncated, damaged, not one, has no such
        channel or holds NaN, if it can't be resampled, or is too long to stay uncut.

    Examples
    --------
    >>> from pathlib import Path
    >>> from scatter.io.reading import Reading
    >>> reading = Reading("signal", segment=4096, resample=16000)
    >>> for decode in pieces(Path("bell.wav"), 0, None, reading, at_most=64):  # doctest: +SKIP
    ...     print(decode().samples.shape)
    (10, 4096)
    """
    if reading.segment is None:
        yield partial(_uncut, file, reading)
        return
    sound = open_sound(file)
    up, down = ratio(file, sound.samplerate, reading.resample)
    check_channels(sound.channels, reading.channels, file)
    rate, length = reading.resample or int(sound.samplerate), _scaled(sound.frames, up, down)
    per = max(1, min(at_most, _SHORT // (reading.segment * _width(sound, reading))))
    if max(length, sound.frames) * sound.channels > _SHORT:
        with sound, decoding(file):
            yield from _streamed(sound, file, reading, rate, per, (up, down), start, stop)
        return
    whole, count = _Once(sound, file, reading), count_windows(length, reading)
    last = count if stop is None else min(stop, count)
    for first in range(start, last, per):
        yield partial(_segments_of, whole, reading, first, min(per, last - first), rate)


def count_segments(file: Path, reading: Reading) -> int | None:
    """Count the segments of a long sound by its header, so that they can be read range by range.

    Parameters
    ----------
    file : Path
        The sound.
    reading : Reading
        With a ``segment``.

    Returns
    -------
    int, or None
        None for a sound that is decoded at once, or whose header does not say how long it is.

    Raises
    ------
    FileError
        As `pieces`.
    """
    with open_sound(file) as sound:
        if not sound.frames * sound.channels > _SHORT or sound.frames >= UNKNOWN_FRAMES:
            return None
        up, down = ratio(file, sound.samplerate, reading.resample)
        return count_windows(_scaled(sound.frames, up, down), reading)


def _scaled(frames: int, up: int, down: int) -> int:
    return -(-frames * up // down)


def _width(sound: SoundFile, reading: Reading) -> int:
    if isinstance(reading.channels, tuple):
        return len(reading.channels)
    return 1 if reading.channels == "mix" else int(sound.channels)


def _blocks(
    sound: SoundFile, file: Path, reading: Reading, terms: tuple[int, int], frames: int | None = None
) -> Iterator[NDArray[Any]]:
    up, down = terms
    blocks = sound_blocks(
        sound,
        file,
        channels=reading.channels,
        dtype=reading.dtype,
        frames=frames,
        block=min(BLOCK, BLOCK * down // up),
    )
    return resample_blocks(blocks, up, down)


def _uncut(file: Path, reading: Reading) -> Piece:
    sound = open_sound(file)
    rate = reading.resample or int(sound.samplerate)
    return Piece(cut(_load(sound, file, reading), reading), np.zeros(1, dtype=np.int64), rate)


def _load(sound: SoundFile, file: Path, reading: Reading) -> NDArray[Any]:
    """Read the whole sound, or as much of it as its first ``length`` samples need, and close it."""
    with sound, decoding(file):
        up, down = ratio(file, sound.samplerate, reading.resample)
        frames = None
        if reading.length is not None:
            frames = _scaled(reading.length, down, up) + margin(up, down)
        elif reading.segment is None:
            _check_size(sound, file, _scaled(sound.frames, up, down) * _width(sound, reading))
        parts = list(_blocks(sound, file, reading, (up, down), frames))
    signals = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
    signals = signals[..., : reading.length]
    check_finite(signals, file)
    return signals


def _check_size(sound: SoundFile, file: Path, values: int) -> None:
    if values > _LARGEST_SAMPLE:
        raise FileError(
            f"{file}: the sound has {sound.frames} samples in {sound.channels} channel(s), {values} values "
            f"in one sample; at most {_LARGEST_SAMPLE} are allowed; type --segment 65536 to cut it"
        )


class _Once:
    """A sound that is decoded by the first thread that asks, while others wait."""

    def __init__(self, sound: SoundFile, file: Path, reading: Reading) -> None:
        self._lock = threading.Lock()
        self._what = sound, file, reading
        self._signals: NDArray[Any] | str | None = None

    def __call__(self) -> NDArray[Any]:
        with self._lock:
            if self._signals is None:
                try:
                    self._signals = _load(*self._what)
                except FileError as error:
                    self._signals = str(error)
        if isinstance(self._signals, str):
            raise FileError(self._signals)
        return self._signals


def _segments_of(whole: _Once, reading: Reading, first: int, count: int, rate: int) -> Piece:
    begin = first * int(reading.hop or reading.segment or 0)
    samples = _windows(whole()[..., begin:], count, reading)
    return Piece(samples, np.arange(first, first + count), rate)


def _streamed(
    sound: SoundFile,
    file: Path,
    reading: Reading,
    rate: int,
    per: int,
    terms: tuple[int, int],
    start: int,
    stop: int | None,
) -> Iterator[Callable[[], Piece]]:
    segment = int(reading.segment or 0)
    hop = reading.hop or segment
    if hop > segment:
        per = 1  # else the gaps would be held, however long they are
    span, done, last = (per - 1) * hop + segment, start, sys.maxsize if stop is None else stop
    total = _forward(sound, start * hop) if terms == (1, 1) else 0
    parts: list[NDArray[Any]] = []
    size = 0
    for block in _blocks(sound, file, reading, terms, sound.frames - total):
        # Samples before the next window lie in a gap.
        fresh = block[..., max(0, min(done * hop - total, block.shape[-1])) :]
        total += block.shape[-1]
        parts.append(fresh)
        size += fresh.shape[-1]
        if size < span:
            continue
        held = np.concatenate(parts, axis=-1)
        while held.shape[-1] >= span:
            count = min(per, last - done)
            yield partial(_checked, held[..., :span], reading, done, count, rate)
            held, done = held[..., per * hop :], done + count
            if done == last:
                return
        parts, size = [held], held.shape[-1]
    held = np.concatenate(parts, axis=-1)
    count = min(last, count_windows(total, reading))
    for first in range(done, count, per):
        rest = held[..., (first - done) * hop :][..., :span]
        yield partial(_checked, rest, reading, first, min(per, count - first), rate)


_EXACT = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF"})


def _forward(sound: SoundFile, frame: int) -> int:
    """Go to a sample where the format allows to do so exactly; return where the sound stands."""
    whole = sound.subtype.startswith("PCM") or sound.subtype in ("FLOAT", "DOUBLE")
    return int(sound.seek(frame)) if frame and whole and sound.format in _EXACT else 0


def _checked(signals: NDArray[Any], reading: Reading, first: int, count: int, rate: int) -> Piece:
    samples = _windows(signals, count, reading)
    good = np.isfinite(samples).reshape(count, -1).all(axis=1)
    failures = [
        (first + int(i), "the segment contains NaN or infinite values") for i in np.flatnonzero(~good)
    ]
    kept = samples if not failures else samples[good]
    return Piece(kept, first + np.flatnonzero(good), rate, failures=failures)
