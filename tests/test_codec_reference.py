"""The image codec against a decoder that was written from the page that describes its format."""

import itertools
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import reference_codec

from scatter import codec
from scatter.codec import colour, encoding, model, planes

PAGE = Path(__file__).parent.parent / "docs" / "codec_format.md"

IMAGES = {
    "one pixel": ((1, 1), np.uint8, {"step": 4.0}),
    "no levels, colour": ((5, 9, 3), np.uint8, {"step": 2.0}),
    "grey": ((33, 47), np.uint8, {"step": 6.0}),
    "colour": ((30, 26, 3), np.uint8, {"step": 12.0}),
    "colour and alpha, 16 bits": ((48, 40, 4), np.uint16, {"step": 3.0}),
    "grey and alpha, lossless, 16 bits": ((25, 38, 2), np.uint16, {"lossless": True}),
    "colour, lossless": ((26, 24, 3), np.uint8, {"lossless": True}),
}


def picture(shape, dtype):
    """Edges, waves and a little noise, in the range of the type."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    disc = (x - shape[1] / 2) ** 2 + (y - shape[0] / 3) ** 2 < (min(shape[:2]) / 3) ** 2
    waves = [0.5 + 0.2 * np.sin(x / (5 + 2 * c) + y / 9) + 0.25 * disc for c in range((*shape, 1)[2])]
    noise = np.random.default_rng(0).normal(0, 0.02, (*shape[:2], len(waves)))
    image = np.clip(np.stack(waves, axis=-1) + noise, 0, 1) * np.iinfo(dtype).max
    return np.rint(image).astype(dtype).reshape(shape)


def assert_decoded_alike(data, reduce):
    """From the whole file, and from no more of it than is needed."""
    expected = codec.decode(data, reduce=reduce, n_jobs=1)
    found = reference_codec.decode(data[: codec.info(data)["bytes"][reduce]], reduce)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    return found


@pytest.mark.parametrize("name", IMAGES)
def test_another_decoder_finds_the_same_pixels_at_every_scale(name):
    shape, dtype, target = IMAGES[name]
    image = picture(shape, dtype)
    data = codec.encode(image, **target, n_jobs=1)
    found = [assert_decoded_alike(data, reduce) for reduce in range(codec.info(data)["levels"] + 1)]
    if "lossless" in target:
        np.testing.assert_array_equal(found[0], image)


@pytest.mark.parametrize("order", [None, *itertools.permutations(range(3))], ids=str)
def test_another_decoder_finds_the_same_pixels_by_every_transform_of_colours(order, monkeypatch):
    image = picture((26, 24, 4), np.uint8)
    which = 0 if order is None else colour.ORDERS.index(order) + 1
    monkeypatch.setattr(encoding, "choose_reversible", lambda image: which)
    data = codec.encode(image, lossless=True, n_jobs=1)
    assert codec.info(data)["colours"] == which
    np.testing.assert_array_equal(assert_decoded_alike(data, 0), image)
    assert_decoded_alike(data, 1)


def test_another_decoder_finds_the_same_pixels_in_tiles_of_unlike_depths(monkeypatch):
    monkeypatch.setattr(encoding, "WHOLE", 1000)
    monkeypatch.setattr(encoding, "TILE", 128)
    data = codec.encode(picture((82, 150), np.uint8), step=40.0, n_jobs=1)
    info = codec.info(data)
    assert (info["tiles"], info["levels"]) == (2, 3)
    assert reference_codec.levels((82, 150 - 64)) == 4
    for reduce in (0, 3):
        assert_decoded_alike(data, reduce)


@pytest.mark.parametrize("target", [{"step": 8.0}, {"lossless": True}], ids=["lossy", "lossless"])
def test_another_decoder_finds_the_same_small_copies_of_an_image_of_many_levels(target):
    data = codec.encode(picture((321, 330), np.uint8), **target, n_jobs=1)
    assert codec.info(data)["levels"] == 6
    for reduce in range(3, 7):
        assert_decoded_alike(data, reduce)


@pytest.mark.parametrize(
    ("name", "shape", "checksum"),
    [
        ("715e-lossy", (40, 36, 3), 2856216138),
        ("715e-lossless", (33, 47), 1555789579),
        ("a4ed-lossy", (40, 36, 3), 3139275629),
        ("a4ed-lossless", (33, 47), 1555789579),
    ],
)
def test_files_of_every_model_stay_readable(name, shape, checksum):
    data = (Path(__file__).parent / "codec_files" / f"{name}.swc").read_bytes()
    found = assert_decoded_alike(data, 0)
    assert zlib.crc32(found.tobytes()) == checksum
    assert codec.info(data)["model"] == int(name[:4], 16)
    if "lossless" in name:
        np.testing.assert_array_equal(found, picture(shape, np.uint8))


def test_every_model_has_a_file_that_it_wrote():
    files = (Path(__file__).parent / "codec_files").glob("*.swc")
    assert {int(file.name[:4], 16) for file in files} == set(model.identities())


def test_steps_and_logarithms_are_the_same_at_every_level():
    q = np.array([[sign * (2**k - 1) for k in range(21) for sign in (-1, 1)]], np.int32)
    for index in range(-192, 640, 25):
        for depth, lossless in ((8, False), (16, False), (8, True)):
            file = SimpleNamespace(channels=4, index=index, depth=depth, lossless=lossless)
            for number, spec in enumerate(planes.plane_specs(4, depth, lossless, index)):
                plane = reference_codec.Plane(file, number)
                assert (plane.step, plane.feature) == (spec.step, spec.step_feature)
                assert (tuple(plane.guides), bool(plane.lossless)) == (spec.guides, spec.lossless)
    for j, band, lossless in itertools.product(range(1, 11), range(4), (False, True)):
        spec = planes.plane_specs(1, 8, lossless, 117)[0]
        plane = reference_codec.Plane(SimpleNamespace(channels=1, index=117, depth=8, lossless=lossless), 0)
        assert plane.delta(j, band) == spec.delta(j, band)
        if band < 3:
            expected = spec.known(model.load().tables, q, j, band)
            np.testing.assert_array_equal(plane.logarithms(q.astype(np.int64), j, band), expected)


def test_steps_and_inputs_are_counted_as_on_the_page():
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.read_text().splitlines()]
    rows = [row for row in cells if len(row) == 11 and row[0].isdigit()]
    arrays = reference_codec.model(model.NEWEST)
    networks = ["luma.m", "luma.s", "chroma.m", "chroma.s"]
    for k, (stride, row, column, band) in enumerate(reference_codec.STEPS):
        counts = [len(reference_codec.KNOWN[k]), len(reference_codec.NEAR[k])]
        counts += [arrays[f"{name}.inputs"][k] for name in networks]
        assert rows[k] == [str(v) for v in (k, stride, row, column, ("HL", "LH", "HH")[band], *counts)]
    assert len(rows) == 21
