"""Pages of image files become samples, a few at a time; damaged ones are named."""

import os
import struct
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests_support import one_line

from scatter.errors import FileError, ScatterWarning
from scatter.io import read_image, resize_image, tiffs
from scatter.io.images import crop_image, image_values, quiet_decoding
from scatter.io.pages import pieces
from scatter.io.reading import Reading

pytestmark = pytest.mark.usefixtures("own_folder")

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (12, 17, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (23, 12, 17), dtype=np.uint8)


def read(name, at_most=5, **options):
    with quiet_decoding():
        found = [call() for call in pieces(Path(name), 0, None, Reading("image", **options), at_most)]
    assert all(len(piece.samples) == len(piece.segments) <= at_most for piece in found)
    return found


def joined(name, at_most=5, **options):
    found = read(name, at_most, **options)
    numbers = np.concatenate([piece.segments for piece in found])
    assert numbers.tolist() == list(range(len(numbers)))
    assert not any(piece.failures for piece in found)
    return np.concatenate([piece.samples for piece in found])


def save_pages(name, arrays, **options):
    first, *others = [Image.fromarray(array) for array in arrays]
    first.save(name, save_all=True, append_images=others, **options)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.gif", "a.webp", "a.bmp"])
def test_values_are_those_of_read_image(name):
    Image.fromarray(PIXELS).save(name)
    np.testing.assert_array_equal(joined(name), read_image(name)[None])
    colours = read_image(name, grey=False)
    np.testing.assert_array_equal(joined(name, channels="all"), colours[None])
    np.testing.assert_array_equal(joined(name, channels=(2, 0)), colours[None, [2, 0]])


def test_sixteen_bits_and_double_precision():
    Image.fromarray(np.array([[0, 1], [32768, 65535]], dtype=np.uint16)).save("a.png")
    values = joined("a.png", dtype="float64")
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, read_image("a.png")[None])


def test_the_orientation_of_the_camera_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PIXELS).save("a.jpg", exif=exif)
    assert joined("a.jpg").shape == (1, 17, 12)
    np.testing.assert_array_equal(joined("a.jpg"), read_image("a.jpg")[None])


def test_images_are_resized_then_cropped_in_the_middle():
    Image.fromarray(PIXELS).save("a.png")
    resized = resize_image(read_image("a.png"), (8, 10))
    np.testing.assert_array_equal(joined("a.png", resize=(8, 10)), resized[None])
    np.testing.assert_array_equal(joined("a.png", resize=(8, 10), crop=(3, 4)), resized[None, 2:5, 3:7])
    assert joined("a.png", resize=(8, 10), channels="all").shape == (1, 3, 8, 10)


def test_an_image_smaller_than_the_crop_is_refused():
    Image.fromarray(PIXELS).save("a.png")
    with pytest.raises(FileError) as info:
        read("a.png", crop=(13, 4))
    assert one_line(info) == "a.png: is 12x17, smaller than the crop 13x4; resize it first or crop less"
    with pytest.raises(FileError, match=r"^a: is 3x3, smaller than the crop 3x4"):
        crop_image(np.ones((3, 3)), (3, 4), "a")


def test_channels_of_an_image_are_three():
    Image.fromarray(PIXELS).save("a.png")
    with pytest.raises(FileError) as info:
        read("a.png", channels=(0, 3))
    assert one_line(info) == (
        "a.png: the channels of an image are 0 (red), 1 and 2, but --channels asks for 0, 3"
    )


def test_images_are_not_signals():
    with pytest.raises(FileError, match=r"^a.png: is an image, but the samples are of kind 'signal'$"):
        list(pieces(Path("a.png"), 0, None, Reading("signal"), 4))


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "packbits"])
@pytest.mark.parametrize("big", [False, True])
def test_pages_of_a_tiff_come_in_pieces(compression, big):
    save_pages("a.tif", GREY, compression=compression, big_tiff=big)
    np.testing.assert_array_equal(joined("a.tif"), GREY / np.float32(255))
    assert [len(piece.samples) for piece in read("a.tif")] == [5, 5, 5, 5, 3]
    np.testing.assert_array_equal(joined("a.tif", pages="first"), GREY[:1] / np.float32(255))


def test_pages_in_the_other_byte_order():
    values = GREY[:3].astype(">u2")
    data = b"MM\x00\x2a" + struct.pack(">I", 8)
    for number, page in enumerate(values):
        directory, size = len(data), 2 + 8 * 12 + 4
        tags = [(256, 17), (257, 12), (258, 16), (259, 1), (262, 1), (273, directory + size), (278, 12)]
        tags.append((279, page.nbytes))
        entries = [struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags]
        following = directory + size + page.nbytes if number < 2 else 0
        data += struct.pack(">H", 8) + b"".join(entries) + struct.pack(">I", following) + page.tobytes()
    Path("a.tif").write_bytes(data)
    np.testing.assert_array_equal(joined("a.tif"), values / np.float32(65535))


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_animations_are_read_frame_by_frame(name):
    save_pages(name, GREY[:4], **({"lossless": True} if name == "a.webp" else {}))
    np.testing.assert_allclose(joined(name), GREY[:4] / 255, atol=1e-6)
    np.testing.assert_allclose(joined(name, pages="first"), GREY[:1] / 255, atol=1e-6)
    assert joined(name, channels="all").shape == (4, 3, 12, 17)


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_long_animations_come_in_pieces(name):
    save_pages(name, GREY, **({"lossless": True} if name == "a.webp" else {}))
    np.testing.assert_allclose(joined(name, at_most=4), GREY / 255, atol=1e-6)


@pytest.mark.parametrize("at_most", [1, 5, 64])
def test_an_animation_in_a_png_is_one_piece(at_most):
    save_pages("a.png", GREY[:6])
    (piece,) = pieces(Path("a.png"), 0, None, Reading("image"), at_most)
    np.testing.assert_allclose(piece().samples, GREY[:6] / 255, atol=1e-6)


def test_the_content_decides_about_the_format():
    save_pages("a.gif", GREY[:3], format="TIFF")
    assert joined("a.gif").shape == (3, 12, 17)
    Image.fromarray(PIXELS).save("b.tif", format="PNG")
    assert joined("b.tif").shape == (1, 12, 17)
    Image.fromarray(PIXELS).save("c.webp", format="WEBP")
    assert joined("c.webp").shape == (1, 12, 17)


def test_pages_of_several_sizes_need_resizing():
    save_pages("a.tif", [GREY[0], GREY[1], GREY[2, :5]])
    with pytest.raises(FileError) as info:
        read("a.tif")
    assert one_line(info) == (
        "a.tif: page 0 is 12x17, but page 2 is 5x17; type --resize to make them equal, or --pages first"
    )
    assert joined("a.tif", resize=(6, 6)).shape == (3, 6, 6)


def test_a_damaged_page_among_good_ones_is_a_failure():
    save_pages("a.tif", [*GREY[:3], np.full((12, 17), np.nan, np.float32), GREY[4]])
    (piece,) = read("a.tif")
    assert piece.segments.tolist() == [0, 1, 2, 4]
    assert piece.samples.shape == (4, 12, 17)
    assert piece.failures == [(3, "the pixels contain NaN or infinite values")]
    save_pages("b.tif", [np.full((12, 17), np.nan, np.float32)] * 2)
    (piece,) = read("b.tif")
    assert len(piece.samples) == len(piece.segments) == 0
    assert [number for number, _ in piece.failures] == [0, 1]


def test_a_page_with_too_many_pixels_is_a_failure():
    save_pages("a.tif", GREY[:2])
    data = bytearray(Path("a.tif").read_bytes())
    second = data.rindex(struct.pack("<HHI", 256, 4, 1))
    assert second > data.index(struct.pack("<HHI", 256, 4, 1))
    data[second + 8 : second + 12] = struct.pack("<I", 10**7)
    Path("a.tif").write_bytes(data)
    (piece,) = read("a.tif")
    assert piece.segments.tolist() == [0]
    ((number, why),) = piece.failures
    assert number == 1
    assert why.startswith("the image is 12 x 10000000, 120000000 pixels; at most 67108864 are allowed")


def directories(count, last=0):
    """A TIFF of so many directories without entries that matter."""
    size = 2 + 12 + 4
    data = b"II\x2a\x00" + struct.pack("<I", 8)
    for number in range(count):
        following = 8 + (number + 1) * size if number + 1 < count else last
        data += struct.pack("<HHHIII", 1, 256, 4, 1, 3, following)
    return data


def test_chains_of_pages_end():
    Path("a.tif").write_bytes(directories(3, last=8))
    calls = pieces(Path("a.tif"), 0, None, Reading("image"), 2)
    for number in range(3):
        ((failed, _),) = next(calls)().failures
        assert failed == number
    with pytest.raises(FileError, match=r"^a.tif: is damaged: after page 2 comes an earlier one again$"):
        next(calls)
    Path("a.tif").write_bytes(directories(3, last=10**6))
    with pytest.raises(FileError, match=r"^a.tif: is truncated or damaged after page 2$"):
        read("a.tif")


def test_pages_are_counted(monkeypatch):
    monkeypatch.setattr(tiffs, "MOST_PAGES", 10)
    Path("a.tif").write_bytes(directories(11))
    with pytest.raises(FileError, match=r"^a.tif: has more than 10 pages; split it$"):
        read("a.tif")
    monkeypatch.setattr("scatter.io.pages.MOST_PAGES", 10)
    save_pages("a.gif", GREY)
    with pytest.raises(FileError, match=r"^a.gif: has more than 10 pages; split it$"):
        read("a.gif")


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.gif", "a.webp", "a.jpg"])
def test_files_that_are_no_images_are_refused(name):
    with pytest.raises(FileError, match=rf"^{name}: No such file or directory$"):
        read(name)
    Path(name).write_bytes(b"")
    with pytest.raises(FileError, match=rf"^{name}: the file is empty \(0 bytes\)$"):
        read(name)
    Path(name).write_bytes(b"text" * 20)
    with pytest.raises(FileError, match=rf"^{name}: is not an image in a known format"):
        read(name)


def test_a_truncated_single_page_is_refused():
    for name in ("a.png", "a.tif", "a.jpg"):
        Image.fromarray(PIXELS).save(name)
        data = Path(name).read_bytes()
        Path(name).write_bytes(data[: len(data) // 2])
        with pytest.raises(FileError, match=f"^{name}: "):
            read(name)


def test_pieces_are_decoded_in_threads_without_touching_the_filters():
    for number in range(40):
        Image.fromarray(GREY[number % 23]).save(f"{number}.png")
    save_pages("a.tif", GREY, compression="tiff_lzw")
    names = [f"{number}.png" for number in range(40)] + ["a.tif"] * 5
    calls = [call for name in names for call in pieces(Path(name), 0, None, Reading("image"), 5)]
    before = warnings.filters
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda call: call(), calls))
    assert warnings.filters is before
    for number, piece in enumerate(found[:40]):
        np.testing.assert_array_equal(piece.samples[0], GREY[number % 23] / np.float32(255))
    pages = np.concatenate([piece.samples for piece in found[40:]])
    np.testing.assert_array_equal(pages, np.tile(GREY, (5, 1, 1)) / np.float32(255))


def test_warnings_are_silent_within_quiet_decoding_only():
    with quiet_decoding():
        thread = threading.Thread(target=warnings.warn, args=("odd metadata",))
        thread.start()
        thread.join()
        warnings.warn("odd metadata", stacklevel=1)
    with pytest.warns(UserWarning, match="heard"):
        warnings.warn("heard", stacklevel=1)


@pytest.mark.parametrize("name", ["a.tif", "a.gif"])
def test_large_pages_come_in_smaller_pieces(name, monkeypatch):
    monkeypatch.setattr("scatter.io.pages.BLOCK", 3 * 4 * 12 * 17)
    save_pages(name, GREY[:7])
    assert [len(piece.samples) for piece in read(name)] == [3, 3, 1]
    assert [len(piece.samples) for piece in read(name, channels="all")] == [1] * 7


@pytest.mark.parametrize("suffix", [".gif", ".tif", ".webp"])
def test_pages_of_few_bytes_and_many_pixels_stop_a_file(monkeypatch, suffix):
    monkeypatch.setattr(tiffs, "FREE_PIXELS", 4 * 64 * 64)
    monkeypatch.setattr(tiffs, "PIXELS_PER_BYTE", 0)
    name = f"a{suffix}"
    pages = [Image.new("L", (64, 64), level) for level in range(0, 250, 30)]
    pages[0].save(name, save_all=True, append_images=pages[1:])
    found = []
    size = os.path.getsize(name)
    calls = pieces(Path(name), 0, None, Reading("image"), 1)
    found += [next(calls)() for _ in range(4)]
    with pytest.raises(
        FileError, match=f"{name}: its pages have more than 16384 pixels together, in {size} b"
    ):
        next(calls)
    assert [int(piece.segments[0]) for piece in found] == [0, 1, 2, 3]


def test_an_animated_png_is_one_block_at_most(monkeypatch):
    pages = [Image.new("L", (64, 64), level) for level in range(0, 250, 30)]
    pages[0].save("a.png", save_all=True, append_images=pages[1:])
    monkeypatch.setattr("scatter.io.pages.BLOCK", 64 * 64 * 4)
    (piece,) = pieces(Path("a.png"), 0, None, Reading("image"), 64)
    with pytest.raises(FileError, match=r"a\.png: has 9 pages; of a PNG at most 8 are read at once"):
        piece()


def test_animations_of_large_frames_are_refused(monkeypatch):
    frames = [Image.new("RGB", (40, 30), (level, 0, 0)) for level in (0, 200)]
    for name in ("a.webp", "a.gif"):
        frames[0].save(name, save_all=True, append_images=frames[1:])
    monkeypatch.setattr("scatter.io.images.MOST_FRAME", 1199)
    monkeypatch.setattr("scatter.io.pages.MOST_FRAME", 1199)
    for name in ("a.webp", "a.gif"):
        with pytest.raises(FileError, match=f"{name}: the image is 30 x 40, 1200 pixels; at most 1199 are"):
            read(name)
    with pytest.raises(FileError, match="1200 pixels; at most 1199 are allowed"):
        read_image("a.webp")
    with pytest.warns(ScatterWarning, match=r"a\.gif: left out: 1 of 2 pages or frames"):
        assert read_image("a.gif").shape == (30, 40)


def test_large_frames_are_the_same_as_small_ones(monkeypatch):
    frames = [Image.fromarray(RNG.integers(0, 256, (24, 40, 3), dtype=np.uint8)) for _ in range(5)]
    frames[0].save("a.webp", save_all=True, append_images=frames[1:], lossless=True)
    options = (Path("a.webp"), 0, None, Reading("image", channels="all"), 2)
    want = [piece().samples for piece in pieces(*options)]
    monkeypatch.setattr("scatter.io.pages.BLOCK", 2000)
    monkeypatch.setattr("scatter.io.images._STRIP", 40 * 7)
    found = list(pieces(*options))
    # All of them are kept until the end: none is painted over.
    np.testing.assert_allclose(np.concatenate([piece().samples for piece in found]), np.concatenate(want))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "1", "CMYK", "I;16", "F"])
@pytest.mark.parametrize("grey", [True, False])
def test_large_images_are_converted_strip_by_strip(monkeypatch, mode, grey):
    if mode == "F":
        image = Image.fromarray(RNG.random((50, 30), dtype=np.float32))
    elif mode == "I;16":
        image = Image.fromarray(RNG.integers(0, 65536, (50, 30), dtype=np.uint16))
    else:
        image = Image.fromarray(RNG.integers(0, 256, (50, 30, 4), dtype=np.uint8)).convert(mode)
    if mode == "P":
        image.info["transparency"] = 3
    want = image_values(image, "a.png", grey)
    monkeypatch.setattr("scatter.io.images._STRIP", 30 * 7)
    np.testing.assert_allclose(image_values(image, "a.png", grey), want, rtol=1e-6)
