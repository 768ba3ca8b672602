"""Images become values in [0, 1]; damaged and oversized ones are refused."""

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from tests_support import one_line

from scatter.errors import FileError, InputError
from scatter.io import (
    read_image,
    resize_image,
)
from scatter.io.pixels import read_pixels

pytestmark = pytest.mark.usefixtures("own_folder")

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)


# Images


def test_colour_and_grey_are_what_the_weights_say():
    Image.fromarray(PIXELS).save("a.png")
    colour = read_image("a.png", grey=False)
    assert colour.shape == (3, 12, 17)
    assert colour.dtype == np.float32
    np.testing.assert_array_equal(colour, np.moveaxis(PIXELS, -1, 0) / np.float32(255))
    grey = read_image("a.png")
    assert grey.shape == (12, 17)
    assert grey.dtype == np.float32
    np.testing.assert_allclose(grey, PIXELS @ [0.299, 0.587, 0.114] / 255, atol=1e-6)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".webp", ".pgm", ".gif"])
def test_grey_formats_without_loss(suffix):
    Image.fromarray(PIXELS[..., 0]).save("a" + suffix, lossless=True)
    np.testing.assert_allclose(read_image("a" + suffix), PIXELS[..., 0] / 255, atol=1e-6)
    repeated = read_image("a" + suffix, grey=False)
    assert repeated.shape == (3, 12, 17)
    np.testing.assert_allclose(repeated[0], repeated[2])


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "LA", "RGBA", "CMYK", "1", "YCbCr"])
def test_white_is_one_and_black_is_zero_in_every_mode(mode):
    white = Image.new("RGB", (4, 4), "white")
    white.paste((0, 0, 0), (0, 0, 2, 2))
    suffix = ".tiff" if mode in ("CMYK", "YCbCr") else ".png"
    white.convert(mode).save("a" + suffix)
    for values in (read_image("a" + suffix), *read_image("a" + suffix, grey=False)):
        np.testing.assert_allclose(values[:2, :2], 0, atol=1e-6)
        np.testing.assert_allclose(values[2:], 1, atol=1e-6)
        assert values.max() <= 1


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_keep_their_precision(suffix):
    values = np.array([[0, 1], [32768, 65535]], dtype=np.uint16)
    Image.fromarray(values).save("a" + suffix)
    np.testing.assert_array_equal(read_image("a" + suffix), values / np.float32(65535))


@pytest.mark.parametrize("values", [[0, 65535], [0, 60000], [-1, 70000]])
def test_thirty_two_bits_are_refused_whatever_is_in_them(values):
    Image.fromarray(np.array([values], dtype=np.int32)).save("a.tiff")
    with pytest.raises(FileError) as info:
        read_image("a.tiff")
    assert one_line(info) == (
        "a.tiff: the samples are signed 32-bit integers, of which none is known as white; save it as "
        "unsigned 16-bit integers, as floats between 0 and 1, or as .npy, which is read as it is"
    )


def test_floats_must_be_finite_and_in_the_unit_interval():
    Image.fromarray(np.array([[0, 0.25, 1]], dtype=np.float32)).save("a.tiff")
    np.testing.assert_array_equal(read_image("a.tiff"), np.float32([[0, 0.25, 1]]))
    Image.fromarray(np.array([[0, 255]], dtype=np.float32)).save("b.tiff")
    with pytest.raises(FileError, match=r"b.tiff: the pixels go from 0 to 255, outside of \[0, 1\]; divide"):
        read_image("b.tiff")
    Image.fromarray(np.array([[0, np.nan]], dtype=np.float32)).save("c.tiff")
    with pytest.raises(FileError, match=r"c.tiff: the pixels contain NaN or infinite values"):
        read_image("c.tiff")


def test_transparent_pixels_lie_over_white():
    pixels = np.zeros((1, 3, 4), dtype=np.uint8)
    pixels[0, :, 3] = [0, 255, 51]
    Image.fromarray(pixels).save("a.png")
    np.testing.assert_allclose(read_image("a.png"), [[1, 0, 0.8]], atol=1e-6)
    Image.new("L", (2, 2), 7).save("key.png", transparency=7)
    np.testing.assert_allclose(read_image("key.png"), 1, atol=1e-6)


def test_the_orientation_of_the_camera_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    image = Image.fromarray(PIXELS[..., 0])
    image.save("a.png", exif=exif)
    np.testing.assert_allclose(read_image("a.png"), np.rot90(PIXELS[..., 0], -1) / 255, atol=1e-6)
    # Damaged notes about the camera don't make the pixels unreadable.
    image.save("b.png", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12broken")
    assert read_image("b.png").shape == (12, 17)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8, 0.95])
def test_a_truncated_image_is_refused(suffix, share):
    Image.fromarray(RNG.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save("whole" + suffix)
    data = Path("whole" + suffix).read_bytes()
    Path("cut" + suffix).write_bytes(data[: int(share * len(data))])
    with pytest.raises(FileError) as info:
        read_image("cut" + suffix)
    assert one_line(info).startswith(f"cut{suffix}: ")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_images_are_read_or_refused_but_never_crash(data):
    stream = io.BytesIO()
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"]))
    Image.fromarray(PIXELS).save(stream, kind)
    damaged = bytearray(stream.getvalue())
    for at in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=8)):
        damaged[at] = data.draw(st.integers(0, 255))
    Path("damaged.bin").write_bytes(damaged[: data.draw(st.integers(1, len(damaged)))])
    with contextlib.suppress(FileError):
        values = read_image("damaged.bin", max_pixels=10**5)
        assert values.ndim == 2
        assert np.isfinite(values).all()


def bomb(side):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    Path("bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)


@pytest.mark.parametrize("side", [9000, 12000, 60000, 2**31 - 1])
def test_an_image_bomb_is_refused_by_its_header(side):
    bomb(side)
    with pytest.raises(FileError, match=r"^bomb.png: the image is") as info:
        read_image("bomb.png")
    assert str(side * side) in one_line(info)


def test_the_largest_image_can_be_chosen():
    Image.fromarray(PIXELS).save("a.png")
    assert read_image("a.png", max_pixels=12 * 17).shape == (12, 17)
    with pytest.raises(FileError) as info:
        read_image("a.png", max_pixels=12 * 17 - 1)
    assert one_line(info) == (
        "a.png: the image is 12 x 17, 204 pixels; at most 203 are allowed; make it smaller first or "
        "raise max_pixels"
    )


@pytest.mark.parametrize("most", [float("nan"), None, "x", 0, True])
@pytest.mark.parametrize("read", [read_image, read_pixels])
def test_a_limit_that_is_none_is_refused(read, most):
    Image.fromarray(PIXELS).save("a.png")
    with pytest.raises(InputError, match="max_pixels must be a number of at least 1, or"):
        read("a.png", max_pixels=most)
    np.save("a.npy", PIXELS)
    assert np.array_equal(read_pixels("a.npy", max_pixels=float("inf")), PIXELS)


def test_the_content_decides_about_the_format_and_scripts_are_none():
    Image.fromarray(PIXELS).save("a.png")
    Path("a.png").rename("a.jpg")
    assert read_image("a.jpg").shape == (12, 17)
    Path("b.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
    with pytest.raises(FileError, match=r"b.png: is not an image in a known format \(PNG, JPEG"):
        read_image("b.png")


def test_resizing_keeps_means_and_leading_axes():
    image = RNG.random((3, 32, 48), dtype=np.float32)
    small = resize_image(image, (8, 12))
    assert small.shape == (3, 8, 12)
    assert small.dtype == np.float32
    np.testing.assert_allclose(small.mean(axis=(1, 2)), image.mean(axis=(1, 2)), atol=0.01)
    assert small.std() < image.std()
    np.testing.assert_allclose(resize_image(np.ones((4, 4), np.float32), (9, 5)), 1, atol=1e-6)
