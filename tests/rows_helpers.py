"""Arrays in every format, and their rows as samples."""

from pathlib import Path

import numpy as np
import pytest
from tests_support import one_line

from scatter.errors import FileError
from scatter.io.rows import pieces

FORMATS = ["a.npy", "fortran.npy", "stored.npz", "deflated.npz", "fortran.npz", "a.zarr"]


def save(name, array, **arrays):
    array = np.asfortranarray(array) if name.startswith("fortran") else array
    if name.endswith(".npy"):
        np.save(name, array)
    elif name.endswith(".npz"):
        (np.savez if name == "stored.npz" else np.savez_compressed)(name, x=array, **arrays)
    else:
        zarr = pytest.importorskip("zarr", reason="zarr is not installed")
        chunks = tuple(max(1, length // 3) for length in array.shape)
        if not arrays:
            zarr.create_array(name, shape=array.shape, dtype=array.dtype, chunks=chunks)[...] = array
            return
        group = zarr.create_group(name)
        for key, values in {"x": array, **arrays}.items():
            group.create_array(key, data=values)


def read(name, reading, at_most=7, start=0, stop=None, reader=None):
    calls = (reader.pieces if reader else pieces)(Path(name), start, stop, reading, at_most)
    found = [call() for call in calls]
    for piece in found:
        assert len(piece.samples) == len(piece.segments) <= at_most
        assert piece.samples.dtype == reading.dtype
        assert np.isfinite(piece.samples).all()
    return found


def joined(*args, **options):
    found = read(*args, **options)
    assert not any(piece.failures for piece in found)
    numbers = np.concatenate([piece.segments for piece in found])
    return np.concatenate([piece.samples for piece in found]), numbers


def refusal(name, reading):
    with pytest.raises(FileError) as info:
        read(name, reading)
    return one_line(info)
