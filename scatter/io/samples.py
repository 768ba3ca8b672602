"""From the names that a user typed to the samples of a transform."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.errors import FileError, InputError
from scatter.io.arrays import read_array
from scatter.io.files import check_suffix
from scatter.io.images import read_image
from scatter.io.inputs import expand_entry
from scatter.io.sounds import read_sound

if TYPE_CHECKING:
    from numpy.typing import NDArray

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".pgm", ".ppm", ".pnm", ".jp2"}
)
SOUND_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3"})
ARRAY_SUFFIXES = frozenset({".npy", ".npz"})
SUFFIXES = IMAGE_SUFFIXES | SOUND_SUFFIXES | ARRAY_SUFFIXES


def expand(inputs: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """List the files that names of files, folders and glob patterns stand for.

    Parameters
    ----------
    inputs : iterable of str or path-like
        A file is kept whatever its suffix.  A folder stands for the supported files in it and in its
        subfolders, sorted by name, without hidden ones; links to other folders are not followed, so that no
        loop is.  A pattern with ``*``, ``?``, ``[...]`` or ``**`` stands for the supported files it matches.

    Returns
    -------
    list of Path
        In the order of the inputs, each file once.

    Raises
    ------
    FileError
        If an input matches no file.

    Examples
    --------
    >>> expand(["digits", "more/*.png"])  # doctest: +SKIP
    [PosixPath('digits/0.png'), PosixPath('digits/1.png'), PosixPath('more/2.png')]
    """
    files: dict[Path, None] = {}
    for entry in inputs:
        files.update(dict.fromkeys(map(Path, expand_entry(os.fspath(entry), SUFFIXES))))
    if not files:
        raise FileError("no input was given; name files, folders or patterns such as 'images/*.png'")
    return list(files)


def guess_ndim(path: str | os.PathLike[str]) -> int:
    """Tell from a file whether it is a sample of the 1D or of the 2D transform.

    Parameters
    ----------
    path : str or path-like
        An image (2), a sound (1), or an array of shape (N,) (1) or (n, M, N) (2).

    Returns
    -------
    int
        1 or 2.

    Raises
    ------
    InputError
        If it is an array of shape (m, n), which may be m signals or one image.
    FileError
        If the suffix is not supported, or if an array can't be read or has another number of dimensions.
    """
    suffix = _suffix(path)
    if suffix in IMAGE_SUFFIXES:
        return 2
    if suffix in SOUND_SUFFIXES:
        return 1
    return ndim_of(path, read_array(path).shape)


def ndim_of(path: str | os.PathLike[str], shape: tuple[int, ...]) -> int:
    """Tell from the shape of an array whether it is samples of the 1D or of the 2D transform.

    Parameters
    ----------
    path : str or path-like
        Its file, for messages.
    shape : tuple of int
        (N,) (1) or (n, M, N) (2).

    Returns
    -------
    int
        1 or 2.

    Raises
    ------
    InputError
        If it is (m, n), which may be m signals or one image; or (n, M, N) with one side much longer than
        the other, which may be signals of several channels.
    FileError
        If it has another number of axes.
    """
    if len(shape) == 2:
        raise InputError(
            f"{path}: an array of shape {shape} may be {shape[0]} signals or one image; "
            "type --transform 1d or --transform 2d"
        )
    if len(shape) not in (1, 3):
        raise FileError(
            f"{path}: the array has shape {shape}; allowed are (N,) for a signal, (n, N) for "
            "signals, (M, N) for an image and (n, M, N) for images"
            + ("; type scatter features --transform 3d for volumes (n, D, H, W)" if len(shape) > 3 else "")
        )
    if len(shape) == 3 and min(shape[1:]) <= 16 and max(shape[1:]) >= 8 * min(shape[1:]):
        raise InputError(
            f"{path}: an array of shape {shape} may be {shape[0]} images, or signals of {min(shape[1:])} "
            "channels; type --transform 2d, or --transform 1d --channels all"
            + (" after np.moveaxis(x, -1, 1)" if shape[1] > shape[2] else "")
        )
    return 1 if len(shape) == 1 else 2


def read_sample(
    path: str | os.PathLike[str], ndim: int, *, grey: bool = True
) -> tuple["NDArray[Any]", int | None]:
    """Read the samples of one file for a transform of one or two dimensions.

    Parameters
    ----------
    path : str or path-like
        The file; the suffix tells images, sounds and arrays apart.
    ndim : {1, 2}
        The dimensions of a sample.
    grey : bool, default=True
        Whether to mix the colours of an image into one channel.

    Returns
    -------
    samples : ndarray of float
        (n, N) or (n, M, N), or (n, 3, M, N) for an image with ``grey=False``.  An image or a sound is one
        sample; an array is one sample or, with one dimension more, a batch.
    rate : int or None
        The sampling rate of a sound, in hertz.

    Raises
    ------
    FileError
        If the file can't be read, or if what it holds has other dimensions.

    Examples
    --------
    >>> read_sample("bell.wav", ndim=1)[0].shape  # doctest: +SKIP
    (1, 65536)
    """
    suffix = _suffix(path)
    if suffix in SOUND_SUFFIXES:
        if ndim != 1:
            raise FileError(f"{path}: is a sound, but the transform is of images; type --transform 1d")
        signal, rate = read_sound(path)
        return signal[None], rate
    if suffix in IMAGE_SUFFIXES:
        if ndim != 2:
            raise FileError(f"{path}: is an image, but the transform is of signals; type --transform 2d")
        return read_image(path, grey=grey)[None], None
    return _batch(read_array(path), ndim, path), None


def _batch(array: "NDArray[Any]", ndim: int, path: str | os.PathLike[str]) -> "NDArray[Any]":
    if array.dtype.kind == "c":
        raise FileError(f"{path}: the array is complex; real values are needed")
    if array.ndim not in (ndim, ndim + 1):
        allowed = "(N,) or (n, N)" if ndim == 1 else "(M, N) or (n, M, N)"
        raise FileError(f"{path}: the array has shape {array.shape}; a transform in {ndim}D takes {allowed}")
    if array.dtype.kind != "f":
        array = array.astype(np.float32)
    return array if array.ndim == ndim + 1 else array[None]


def _suffix(path: str | os.PathLike[str]) -> str:
    return check_suffix(path, SUFFIXES)
