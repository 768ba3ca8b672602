"""Samples of images are what the tags of their files say, and what can't be kept is refused or said."""

import json
import re
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import fail, run, succeed
from PIL import Image

from scatter import FileError, ScatterWarning
from scatter.codec import decode
from scatter.io import read_image, read_pixels


def write_tiff(
    file, data, shape, *, bits=(8,), photometric=1, kind=None, planes=1, extra=None, orientation=1
):
    """A TIFF file of one strip, or of one a plane, whose tags say what they are told to."""
    height, width = shape
    parts = data if isinstance(data, list) else [data]
    head = 8 + sum(map(len, parts))
    starts = [8 + sum(map(len, parts[:k])) for k in range(len(parts))]
    tags = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, bits),
        259: (3, [1]),
        262: (3, [photometric]),
        273: (4, starts),
        274: (3, [orientation]),
        277: (3, [len(bits)]),
        278: (4, [height]),
        279: (4, [len(part) for part in parts]),
        284: (3, [planes]),
        **({} if extra is None else {338: (3, extra)}),
        **({} if kind is None else {339: (3, [kind] * len(bits))}),
    }
    entries, more, at = b"", b"", head + 2 + 12 * len(tags) + 4
    for tag, (form, values) in sorted(tags.items()):
        packed = struct.pack(f"<{len(values)}{'H' if form == 3 else 'I'}", *values)
        if len(packed) > 4:
            entries += struct.pack("<HHII", tag, form, len(values), at + len(more))
            more += packed
        else:
            entries += struct.pack("<HHI", tag, form, len(values)) + packed.ljust(4, b"\0")
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    with open(file, "wb") as stream:
        stream.write(b"II*\0" + struct.pack("<I", head) + b"".join(parts) + directory + more)
    return file


def write_png(file, values, colour, extra=b""):
    """A PNG of 16-bit samples."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    with open(file, "wb") as stream:
        stream.write(
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))
        )
        stream.write(extra and chunk(b"tRNS", extra))
        stream.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return file


pytestmark = pytest.mark.usefixtures("own_folder")

RAMP = np.array([[0, 1, 1000], [32768, 65534, 65535]], np.uint16)


# ---------------------------------------------------------------------- what tags say
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_white_is_where_the_photometric_tag_says(dtype):
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    values = (RAMP / 65535 * top).astype(dtype)
    options = {"bits": [8 * values.itemsize], "kind": 3 if dtype == np.float32 else 1}
    black = read_image(write_tiff("b.tif", values.tobytes(), (2, 3), **options))
    white = read_image(write_tiff("w.tif", values.tobytes(), (2, 3), photometric=0, **options))
    np.testing.assert_array_equal(black, values / np.float32(top))
    np.testing.assert_allclose(white, (top - values) / np.float32(top), atol=1e-7)


def test_inverted_samples_reach_the_codec_and_the_features():
    write_tiff("w.tif", RAMP.tobytes(), (2, 3), bits=[16], photometric=0)
    np.testing.assert_array_equal(read_pixels("w.tif"), 65535 - RAMP)
    succeed("compress", "w.tif", "w.swc", "--lossless")
    with open("w.swc", "rb") as stream:
        np.testing.assert_array_equal(decode(stream.read()), 65535 - RAMP)


def test_a_turned_page_of_sixteen_bits_is_turned_and_inverted():
    write_tiff("w.tif", RAMP.tobytes(), (2, 3), bits=[16], photometric=0, orientation=6)
    np.testing.assert_array_equal(read_pixels("w.tif"), np.rot90(65535 - RAMP, -1))


def test_packed_twelve_bits_have_their_own_white():
    # Two samples in three bytes: 4095 and 0, then 2048 and 4095.
    packed = bytes([0xFF, 0xF0, 0x00, 0x80, 0x0F, 0xFF])
    write_tiff("p.tif", packed, (2, 2), bits=[12])
    np.testing.assert_allclose(read_image("p.tif"), [[1, 0], [2048 / 4095, 1]], atol=1e-7)
    with pytest.raises(FileError, match=r"samples are floats or packed into 12 bits"):
        read_pixels("p.tif")


REFUSED = {
    "signed 16": (np.int16, 2, "the samples are signed 16-bit integers, of which none is known as white"),
    "signed 8": (np.int8, 2, "the samples are signed 8-bit integers, of which none is known as white"),
    "signed 32": (np.int32, 2, "the samples are signed 32-bit integers, of which none is known as white"),
    "32": (np.uint32, 1, "the samples are 32-bit integers, which have no known white"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("read", [read_image, read_pixels])
def test_integers_without_a_known_white(name, read):
    dtype, kind, message = REFUSED[name]
    values = np.array([[0, 60, 100]], dtype)
    write_tiff("a.tif", values.tobytes(), (1, 3), bits=[8 * values.itemsize], kind=kind)
    with pytest.raises(FileError, match=re.escape(f"a.tif: {message}; save it as unsigned 16-bit")):
        read("a.tif")


@pytest.mark.parametrize("read", [read_image, read_pixels])
def test_planes_of_sixteen_bits(read):
    planes = [(RAMP // k).astype(np.uint16).tobytes() for k in (1, 2, 3)]
    write_tiff("p.tif", planes, (2, 3), bits=[16] * 3, photometric=2, planes=2)
    with pytest.raises(FileError, match=r"p\.tif: the samples are 16-bit colours in planes"):
        read("p.tif")
    eight = [(RAMP // (256 * k)).astype(np.uint8) for k in (1, 2, 3)]
    write_tiff("e.tif", [plane.tobytes() for plane in eight], (2, 3), bits=[8] * 3, photometric=2, planes=2)
    np.testing.assert_array_equal(read_pixels("e.tif"), np.stack(eight, -1))


def test_a_transparent_value_of_sixteen_bits_lies_over_white():
    write_png("t.png", RAMP, 0, extra=struct.pack(">H", 1000))
    expected = np.where(RAMP == 1000, 65535, RAMP) / np.float32(65535)
    np.testing.assert_array_equal(read_image("t.png"), expected)


# ---------------------------------------------------------------------- what would be lost
def sixteen_bit_colour():
    return write_png("a.png", np.stack([RAMP] * 3, -1), 2)


def sixteen_bit_colour_tiff():
    return write_tiff("a.tif", np.stack([RAMP] * 3, -1).tobytes(), (2, 3), bits=[16] * 3, photometric=2)


def sixteen_bit_grey_alpha():
    return write_png("a.png", np.stack([RAMP] * 2, -1), 4)


def transparent_value():
    return write_png("a.png", RAMP, 0, extra=struct.pack(">H", 1000))


def printing_colours():
    Image.new("CMYK", (4, 4), (0, 50, 100, 7)).save("a.tif")
    return "a.tif"


def pages():
    first, *rest = (Image.new("L", (4, 4), k) for k in (0, 100, 200))
    first.save("a.tif", save_all=True, append_images=rest)
    return "a.tif"


def frames():
    first, *rest = (Image.new("L", (4, 4), k) for k in (0, 100))
    first.save("a.gif", save_all=True, append_images=rest)
    return "a.gif"


def fourth_channel():
    return write_tiff("a.tif", bytes(range(24)), (2, 3), bits=[8] * 4, photometric=2, extra=[0])


def deep_ppm():
    with open("a.ppm", "wb") as stream:
        stream.write(b"P6\n3 2\n65535\n" + np.stack([RAMP] * 3, -1).astype(">u2").tobytes())
    return "a.ppm"


LOST = {
    sixteen_bit_colour: "8 of the 16 bits of every sample",
    sixteen_bit_colour_tiff: "8 of the 16 bits of every sample",
    sixteen_bit_grey_alpha: "8 of the 16 bits of every sample",
    transparent_value: "which value is transparent",
    printing_colours: "the CMYK colours, of which red, green and blue are made",
    pages: "2 of 3 pages or frames",
    frames: "1 of 2 pages or frames",
    fourth_channel: "channels that are neither colour nor alpha",
    deep_ppm: "8 of the 16 bits of every sample",
}


@pytest.mark.parametrize("make", LOST)
def test_what_is_left_out_is_said_or_refused(make, monkeypatch):
    file, words = make(), LOST[make]
    with pytest.warns(ScatterWarning, match=re.escape(f"{file}: left out: {words}")):
        read_pixels(file)
    with pytest.raises(FileError, match=re.escape(f"as these would be left out: {words}; type")):
        read_pixels(file, lossless=True)
    assert words in fail("compress", file, "a.swc", "--lossless")
    monkeypatch.setattr(warnings, "filters", [("always", None, ScatterWarning, None, 0)])
    result = run("compress", file, "a.swc", "--step", "1")
    assert (result.exit_code, result.stderr) == (0, f"scatter: warning: {file}: left out: {words}\n")


def test_deep_colours_of_jpeg_2000_are_told_by_their_header():
    Image.new("RGB", (8, 8)).save("a.jp2")
    assert read_pixels("a.jp2", lossless=True).shape == (8, 8, 3)
    with open("a.jp2", "rb") as stream:
        content = bytearray(stream.read())
    start = content.index(b"\xff\x4f\xff\x51") + 42
    content[start : start + 9 : 3] = bytes([15, 15, 15])
    with open("b.jp2", "wb") as stream:
        stream.write(content)
    with pytest.raises(FileError, match="8 of the 16 bits of every sample"):
        read_pixels("b.jp2", lossless=True)


WHOLE = {
    "grey": lambda: Image.fromarray((RAMP // 256).astype(np.uint8)).save("a.png"),
    "16 bits": lambda: Image.fromarray(RAMP).save("a.png"),
    "16 bits in TIFF": lambda: Image.fromarray(RAMP).save("a.png", "TIFF"),
    "colour": lambda: Image.new("RGB", (4, 4), (1, 2, 3)).save("a.png"),
    "alpha": lambda: Image.new("RGBA", (4, 4), (1, 2, 3, 4)).save("a.png"),
    "grey and alpha": lambda: Image.new("LA", (4, 4), (1, 2)).save("a.png"),
    "palette": lambda: Image.new("P", (4, 4), 3).save("a.png"),
    "photograph": lambda: Image.new("RGB", (16, 16), (1, 2, 3)).save("a.png", "JPEG"),
    "JPEG 2000": lambda: Image.fromarray(RAMP).save("a.png", "JPEG2000", num_resolutions=1),
    "WebP": lambda: Image.new("RGB", (4, 4)).save("a.png", "WEBP"),
    "BMP": lambda: Image.new("RGB", (4, 4)).save("a.png", "BMP"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_ordinary_files_lose_nothing_and_warn_of_nothing(name):
    WHOLE[name]()
    np.testing.assert_array_equal(read_pixels("a.png"), read_pixels("a.png", lossless=True))


def test_the_factor_of_compression_is_against_the_file_that_was_read():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    Image.fromarray(noise).save("a.png")
    size = Path("a.png").stat().st_size
    result = succeed("compress", "a.png", "a.swc", "--bpp", "1", "--json")
    found = json.loads(result)
    assert found["ratio"] == round(size / found["bytes"], 2)
    assert found["ratio_of_samples"] == round(64 * 64 / found["bytes"], 2)
    Image.fromarray(noise).save("b.jpg", quality=5)
    assert "times larger than b.jpg" in succeed("compress", "b.jpg", "b.swc", "--lossless")
