"""Read images, sounds and arrays as samples; write tables of features without half-written files."""

from scatter.io.arrays import read_array
from scatter.io.atomic import atomic_output, atomic_outputs, check_output
from scatter.io.images import read_image, resize_image
from scatter.io.layout import Block, Layout
from scatter.io.pixels import read_pixels, write_pixels
from scatter.io.samples import expand, guess_ndim, read_sample
from scatter.io.sounds import read_sound
from scatter.io.tables import (
    FeatureTable,
    check_table_output,
    read_metadata,
    read_table,
    table_format,
    write_blocks,
    write_table,
)

__all__ = [
    "Block",
    "FeatureTable",
    "Layout",
    "atomic_output",
    "atomic_outputs",
    "check_output",
    "check_table_output",
    "expand",
    "guess_ndim",
    "read_array",
    "read_image",
    "read_metadata",
    "read_pixels",
    "read_sample",
    "read_sound",
    "read_table",
    "resize_image",
    "table_format",
    "write_blocks",
    "write_pixels",
    "write_table",
]
