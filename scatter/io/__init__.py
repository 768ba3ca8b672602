"""Read images, sounds and arrays as samples; write tables of features without half-written files."""

from scatter.io.arrays import read_array
from scatter.io.atomic import atomic_output, check_output
from scatter.io.images import read_image, resize_image
from scatter.io.pixels import read_pixels, write_pixels
from scatter.io.samples import expand, guess_ndim, read_sample
from scatter.io.sounds import read_sound
from scatter.io.tables import FeatureTable, read_table, write_table

__all__ = [
    "FeatureTable",
    "atomic_output",
    "check_output",
    "expand",
    "guess_ndim",
    "read_array",
    "read_image",
    "read_pixels",
    "read_sample",
    "read_sound",
    "read_table",
    "resize_image",
    "write_pixels",
    "write_table",
]
