"""Codecs side by side: the measures, the rivals, the comparison, and the command and benchmark on top."""

import html
import importlib.util
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import fail, run, succeed
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from tests_support import one_line

from benchmarks import codec as benchmark
from scatter import InputError, ScatterError
from scatter.cli.bdrates import MEASURES, Compared, bd_rate_table, mean_bd_rates
from scatter.cli.compare import pixels
from scatter.cli.comparison import curves
from scatter.codec import decode, encode
from scatter.codec.compare import CODECS, Comparison, Missing, Point, compare
from scatter.codec.quality import bd_rate, psnr, ssim
from scatter.codec.rivals import LOSSLESS, RIVALS, Codec, avif

RNG = np.random.default_rng(0)
Y, X = np.mgrid[:96, :120]
GREY = (110 + 60 * np.sin(X / 7 + Y / 11) + 40 * np.sin(X * Y / 300) + RNG.integers(0, 30, X.shape)).astype(
    "u1"
)
COLOUR = np.stack([GREY, GREY // 2 + 40, 255 - GREY], axis=-1)
DEEP = GREY.astype(np.uint16) * 257
ALPHA = np.dstack([COLOUR, GREY])
IMAGES = st.integers(11, 20).flatmap(lambda side: arrays(np.uint8, (side, 13)))

needs_avif = pytest.mark.skipif(not RIVALS["avif"].available, reason="Pillow has no AVIF here")

STORE = {}
"""What the codecs of these tests would have decoded, by the first bytes of the file."""


def blur(image, setting):
    """A codec whose files have ``setting / 50`` bits per pixel, and noise that falls with them."""
    peak, key = np.iinfo(image.dtype).max, len(STORE).to_bytes(8, "big")
    noise = np.random.default_rng(0).standard_normal(image.shape) * peak / 2 / setting**0.7
    STORE[key] = np.clip(np.rint(image + noise), 0, peak).astype(image.dtype)
    return key + bytes(size_of(image, setting) - len(key))


def size_of(image, setting):
    return round(image.shape[0] * image.shape[1] * setting / 400)


def unblur(data):
    return STORE[data[:8]]


def ours(image, bpp):
    """A codec that meets rates by itself, or says that it can't."""
    if bpp < 0.02:
        raise ScatterError(f"{bpp:g} bpp is too little")
    return 50 * bpp


STUB = Codec("stub", blur, unblur, lowest=1, highest=200, deep_channels=(1, 3))
EVERY = (1, 2, 3, 4)
OURS = Codec("scatter", blur, unblur, to_rate=ours, channels=EVERY, deep_channels=EVERY)
REACHED = [0.5, 1, 2]


# ------------------------------------------------------------------ PSNR and SSIM
@given(IMAGES, st.integers(0, 2**32 - 1))
def test_measures_of_two_images(x, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 256, x.shape, dtype=np.uint8)
    assert psnr(x, x) == math.inf
    assert ssim(x, x) == pytest.approx(1, abs=1e-12)
    for measure in (psnr, ssim):
        value = measure(x, y)
        assert measure(y, x) == pytest.approx(value)
        assert measure(x.T, y.T) == pytest.approx(value)
        assert measure(x[::-1], y[::-1]) == pytest.approx(value)
        deep = [a.astype(np.uint16) * 257 for a in (x, y)]
        assert measure(*deep) == pytest.approx(value)
        assert measure(np.dstack([x] * 3), np.dstack([y] * 3)) == pytest.approx(value)
    order = rng.permutation(x.size)
    assert psnr(x.ravel()[order][None], y.ravel()[order][None]) == pytest.approx(psnr(x, y))
    assert ssim(x, y) <= 1


@pytest.mark.parametrize("error", [1, 3, 100])
def test_psnr_by_its_formula(error):
    x = np.zeros((4, 6), np.uint8)
    y = x.copy()
    y[1, 2] = error
    assert psnr(x, y) == pytest.approx(10 * math.log10(255**2 * 24 / error**2))


def degraded(image, kind):
    rough = {
        "steps": image // 16 * 16,
        "noise": np.random.default_rng(0).integers(0, 256, image.shape) // 4 + image // 4 * 3,
        "shift": np.roll(image, 1, 0),
    }[kind]
    return rough.astype(image.dtype)


STORED = {
    "steps": (0.951516059, 0.930092931),
    "noise": (0.719800406, 0.455407031),
    "shift": (0.636573460, 0.676395053),
}
"""SSIM of the grey and of the colour image, by scikit-image 0.26.0."""


@pytest.mark.parametrize("kind", STORED)
def test_ssim_is_that_of_scikit_image(kind):
    for image, stored in zip((GREY, COLOUR), STORED[kind], strict=True):
        assert ssim(image, degraded(image, kind)) == pytest.approx(stored, abs=1e-6)


@pytest.mark.skipif(importlib.util.find_spec("skimage") is None, reason="scikit-image is not installed")
@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize(
    "image", [GREY, COLOUR, DEEP, GREY[:11, :11]], ids=["grey", "colour", "deep", "small"]
)
def test_measures_are_those_of_scikit_image(kind, image):
    metrics = importlib.import_module("skimage.metrics")
    other, peak = degraded(image, kind), np.iinfo(image.dtype).max
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": peak}
    theirs = metrics.structural_similarity(
        image, other, channel_axis=2 if image.ndim == 3 else None, **options
    )
    assert ssim(image, other) == pytest.approx(theirs, abs=1e-12)
    assert psnr(image, other) == pytest.approx(metrics.peak_signal_noise_ratio(image, other, data_range=peak))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            GREY,
            GREY[1:],
            "two images of one shape and type are needed, got (96, 120) uint8 and (95, 120) uint8",
        ),
        (GREY, DEEP, "two images of one shape and type are needed, got (96, 120) uint8 and (96, 120) uint16"),
        (
            GREY / 2,
            GREY / 2,
            "images must be uint8 or uint16 of shape (H, W) or (H, W, C), got float64 (96, 120)",
        ),
        (GREY[0], GREY[0], "images must be uint8 or uint16 of shape (H, W) or (H, W, C), got uint8 (120,)"),
        (
            GREY[:0],
            GREY[:0],
            "images must be uint8 or uint16 of shape (H, W) or (H, W, C), got uint8 (0, 120)",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else type(value).__name__,
)
def test_measures_refuse(x, y, message):
    for measure in (psnr, ssim):
        with pytest.raises(InputError) as info:
            measure(x, y)
        assert one_line(info) == message


def test_ssim_refuses_images_smaller_than_its_window():
    with pytest.raises(InputError) as info:
        ssim(GREY[:10], GREY[:10])
    assert one_line(info) == "SSIM needs images of at least 11 x 11 pixels, got 10 x 120; psnr takes any size"


# ------------------------------------------------------------------ BD-rate
@st.composite
def qualities(draw):
    """Rates and qualities that both rise; the qualities go from 20 to 50."""
    inner = draw(st.integers(1, 6))
    steps = [draw(st.lists(st.floats(0.1, 1), min_size=inner, max_size=inner)) for _ in range(2)]
    rates = np.exp(np.cumsum([draw(st.floats(-3, 0)), *steps[0]]))
    qualities = np.cumsum([0.0, *steps[1]])
    return rates, 20 + 30 * qualities / qualities[-1]


@given(qualities(), qualities(), st.floats(0.1, 10), st.randoms())
def test_laws_of_bd_rate(one, other, factor, random):
    rate = bd_rate(*one, *other)
    assert bd_rate(*one, *one) == pytest.approx(0, abs=1e-9)
    assert bd_rate(*one, factor * one[0], one[1]) == pytest.approx(100 * (factor - 1))
    assert bd_rate(factor * one[0], one[1], factor * other[0], other[1]) == pytest.approx(rate, abs=1e-9)
    assert (1 + bd_rate(*other, *one) / 100) * (1 + rate / 100) == pytest.approx(1)
    order = random.sample(range(len(other[0])), len(other[0]))
    assert bd_rate(*one, other[0][order], other[1][order]) == pytest.approx(rate, abs=1e-9)


@given(qualities(), qualities(), qualities())
def test_bd_rates_of_one_range_multiply(a, b, c):
    product = (1 + bd_rate(*a, *b) / 100) * (1 + bd_rate(*b, *c) / 100)
    assert 1 + bd_rate(*a, *c) / 100 == pytest.approx(product)


def test_bd_rate_is_over_the_range_in_common():
    rates, qualities = np.asarray([1.0, 2, 4, 8]), np.asarray([30.0, 33, 36, 39])
    assert bd_rate(rates, qualities, rates[1:3] / 2, qualities[1:3]) == pytest.approx(-50)


FEW = "a curve needs at least 2 rates and as many qualities, got "
FINITE = "rates must be positive and finite, and qualities finite; leave out points whose PSNR is infinite"


@pytest.mark.parametrize(
    ("rates", "qualities", "message"),
    [
        ([1], [30], FEW + "(1,) and (1,)"),
        ([1, 2, 3], [30, 31], FEW + "(3,) and (2,)"),
        ([[1, 2]], [[30, 31]], FEW + "(1, 2) and (1, 2)"),
        ([0, 1], [30, 31], FINITE),
        ([1, math.inf], [30, 31], FINITE),
        ([1, 2], [30, math.inf], FINITE),
        ([1, 2], [30, math.nan], FINITE),
        (
            [1, 2, 3],
            [30, 31, 31],
            "a curve must not have two points of one quality; leave out the one of higher rate",
        ),
        ([1, 2], [40, 50], "BD-rate needs qualities that both curves reach, got 30 .. 36 and 40 .. 50"),
        ([1, 2], [36, 50], "BD-rate needs qualities that both curves reach, got 30 .. 36 and 36 .. 50"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else type(value).__name__,
)
def test_bd_rate_refuses(rates, qualities, message):
    with pytest.raises(InputError) as info:
        bd_rate([1, 2, 4], [30, 33, 36], rates, qualities)
    assert one_line(info) == message


# ------------------------------------------------------------------ rivals
def usable(codecs):
    return [pytest.param(codec, id=codec.name) for codec in codecs.values() if codec.available]


@pytest.mark.parametrize("codec", usable(RIVALS))
@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
def test_a_rival_gives_back_more_for_more_bytes(codec, image):
    settings = (0.3, 1, 4) if codec.name == "jpeg2000" else (10, 50, 90)
    files = [codec.encode(image, setting) for setting in settings]
    decoded = [codec.decode(file) for file in files]
    assert all(one.shape == image.shape and one.dtype == image.dtype for one in decoded)
    assert sorted(map(len, files)) == list(map(len, files))
    qualities = [psnr(image, one) for one in decoded]
    assert sorted(qualities) == qualities
    assert qualities[-1] > 30


@pytest.mark.parametrize("codec", usable(LOSSLESS))
@pytest.mark.parametrize(
    "image", [GREY, COLOUR, DEEP, COLOUR[:5, :3]], ids=["grey", "colour", "deep", "tiny"]
)
def test_what_is_lossless_loses_nothing(codec, image):
    np.testing.assert_array_equal(codec.decode(codec.encode(image, 0)), image)


def test_jpeg_2000_has_the_settings_that_are_stated():
    file = RIVALS["jpeg2000"].encode(np.zeros((512, 600), np.uint8), 1)
    assert file[:2] == b"\xff\x4f"  # a bare codestream
    cod = file[file.index(b"\xff\x52") + 5 :]
    assert cod[0] == 0  # LRCP
    assert int.from_bytes(cod[1:3], "big") == 1  # one layer
    assert cod[3] == 0  # no transform of one component
    assert cod[4:9] == bytes([6, 4, 4, 0, 0])  # 7 resolutions, blocks of 64 x 64, the 9/7 wavelet
    colour = RIVALS["jpeg2000"].encode(COLOUR, 1)
    assert colour[colour.index(b"\xff\x52") + 8] == 1
    reversible = LOSSLESS["jpeg2000"].encode(GREY, 0)
    assert reversible[reversible.index(b"\xff\x52") + 13] == 1


def test_jpeg_keeps_the_resolution_of_colour():
    file = RIVALS["jpeg"].encode(COLOUR, 50)
    frame = file[file.index(b"\xff\xc2") + 2 :]  # progressive
    assert [frame[9 + 3 * component] for component in range(3)] == [0x11] * 3


@needs_avif
def test_a_slower_avif_is_another_file():
    assert avif(9).encode(COLOUR, 50) != avif(3).encode(COLOUR, 50)
    for speed in (-1, 11, 2.5):
        with pytest.raises(InputError) as info:
            avif(speed)
        assert one_line(info) == f"speed must be an integer from 0 to 10, got {speed!r}"


def test_one_channel_is_grey():
    assert RIVALS["jpeg"].encode(GREY[..., None], 50) == RIVALS["jpeg"].encode(GREY, 50)


@pytest.mark.parametrize(
    ("codec", "image", "message"),
    [
        (RIVALS["jpeg"], DEEP, "jpeg takes 8 bits a channel, got uint16; type: image // 257"),
        (
            RIVALS["jpeg2000"],
            COLOUR.astype(np.uint16),
            "jpeg2000 takes 1 channel(s) of uint16, got 3",
        ),
        (RIVALS["jpeg"], COLOUR[..., :2], "jpeg takes 1 or 3 channel(s) of uint8, got 2"),
        (RIVALS["jpeg"], GREY / 255, "an image must be an array of uint8 or uint16, got dtype('float64')"),
        (RIVALS["jpeg"], "a.png", "an image must be an array of uint8 or uint16, got 'a.png'"),
        (RIVALS["jpeg"], GREY[0], "an image must have shape (H, W) or (H, W, C), got (120,)"),
        (RIVALS["jpeg"], GREY[:0], "an image must have shape (H, W) or (H, W, C), got (0, 120)"),
        (
            Codec("other", blur, unblur, needs="no_such_module"),
            GREY,
            "other needs no_such_module, which is not installed here",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else type(value).__name__,
)
def test_a_codec_refuses(codec, image, message):
    with pytest.raises(InputError) as info:
        codec.encode(image, 50)
    assert one_line(info) == message


def test_an_image_that_pillow_refuses():
    with pytest.raises(InputError, match="JPEG refuses an image of 1 x 70000 pixels: "):
        RIVALS["jpeg"].encode(np.zeros((1, 70000), np.uint8), 50)


# ------------------------------------------------------------------ the comparison
def test_points_are_what_the_files_are():
    found = compare(GREY, [STUB, "jpeg2000"], [1, 2], keep=2.0)
    assert found.codecs == ("stub", "jpeg2000")
    assert [(point.codec, point.asked) for point in found.points] == [
        ("stub", 1.0),
        ("stub", 2.0),
        ("jpeg2000", 1.0),
        ("jpeg2000", 2.0),
    ]
    assert set(found.decoded) == {"stub", "jpeg2000"}
    for point in found.points:
        assert point.bpp == pytest.approx(point.asked, rel=0.1)
        assert point.encode_seconds > 0
        assert point.decode_seconds > 0
        if point.asked == 2:
            assert point.psnr == psnr(GREY, found.decoded[point.codec])
            assert point.ssim == ssim(GREY, found.decoded[point.codec])
    assert [point.bpp for point in found.points[:2]] == [1, 2]


@pytest.mark.parametrize(
    "image", [GREY, COLOUR, DEEP, GREY[..., None]], ids=["grey", "colour", "deep", "one"]
)
@pytest.mark.parametrize("rates", [[0.3, 0.713, 1, 1.5, 2, 3], [3, 0.3], [0.01, 0.033, 4.2, 5]], ids=str)
def test_the_search_finds_the_nearest_file(image, rates):
    found = compare(image, [STUB], rates)
    sizes = [8 * size_of(image, setting) / GREY.size for setting in range(1, 201)]
    nearest = {rate: min(sizes, key=lambda size: abs(size - rate)) for rate in rates}
    reached = [rate for rate in sorted(rates) if abs(nearest[rate] / rate - 1) <= 0.1]
    assert [point.asked for point in found.points] == reached
    for point in found.points:
        assert abs(point.bpp - point.asked) <= max(
            abs(nearest[point.asked] - point.asked), 0.002 * point.asked
        )
    assert [one.asked for one in found.missing] == sorted(set(rates) - set(reached))
    for one in found.missing:
        assert one.reason == f"the nearest file has {nearest[one.asked]:.3g} bpp"


def test_a_search_encodes_few_times():
    encoded = []
    counting = Codec("stub", lambda image, s: encoded.append(s) or blur(image, s), unblur, highest=200)
    compare(GREY, [counting], [0.1, 0.25, 0.5, 1, 2])
    assert len(encoded) == len(set(encoded)) <= 25


def test_a_codec_that_meets_rates_by_itself_is_not_searched():
    found = compare(GREY, [OURS], [*REACHED, 1e-3])
    assert [point.bpp for point in found.points] == pytest.approx(REACHED, rel=1e-3)
    assert found.missing == (Missing("scatter", 1e-3, "0.001 bpp is too little"),)


def test_ours_meets_rates_and_is_timed_at_the_step():
    found = compare(GREY, ["scatter"], [2, 3], keep=2)
    assert [point.asked for point in found.points] == [2, 3]
    for point in found.points:
        assert 0.9 * point.asked < point.bpp <= point.asked
    file = encode(GREY, bpp=2)
    assert found.points[0].bpp == 8 * len(file) / GREY.size
    np.testing.assert_array_equal(found.decoded["scatter"], decode(file))
    assert CODECS["scatter"].encode(DEEP, 9) == encode(DEEP, step=9)


def test_what_can_not_be_is_left_out_by_name():
    found = compare(DEEP, ["jpeg", STUB], [1, 9999])
    assert [str(one) for one in found.missing] == [
        "jpeg is left out: jpeg takes 8 bits a channel, got uint16; type: image // 257",
        "stub at 9999 bpp is left out: the nearest file has 4 bpp",
    ]
    tiny = compare(GREY[:4, :5], ["jpeg", "jpeg2000"], [0.1, 1])
    assert tiny.points == ()
    assert len(tiny.missing) == 4


def test_an_image_smaller_than_the_window_has_no_ssim():
    found = compare(GREY[:8, :64], [STUB], [4])
    assert math.isnan(found.points[0].ssim)
    assert math.isfinite(found.points[0].psnr)
    assert found.curve("stub", "ssim") == ([], [])


def made(codec, rates, qualities):
    return tuple(Point(codec, r, r, q, q / 100, 0.1, 0.2) for r, q in zip(rates, qualities, strict=True))


MADE = Comparison(
    (8, 9),
    made("a", [1, 2, 4], [30, 33, 36])
    + made("b", [0.5, 1, 2], [30, 33, 36])
    + made("c", [1, 2], [50, math.inf]),
    (Missing("c", 4, "why"), Missing("d", None, "how")),
)


def test_a_comparison_prints_and_converts():
    lines = str(MADE).splitlines()
    assert lines[0].split() == ["codec", "asked", "bpp", "PSNR", "SSIM", "encode", "s", "decode", "s"]
    assert lines[1].split() == ["a", "1", "1.000", "30.00", "0.3000", "0.1000", "0.2000"]
    assert lines[-2:] == ["c at 4 bpp is left out: why", "d is left out: how"]
    columns = MADE.columns()
    assert columns["codec"] == list("aaabbbcc")
    assert columns["bpp"][3:6] == [0.5, 1, 2]
    exported = MADE.to_dict()
    assert exported["points"][0] == dict(zip(columns, (row[0] for row in columns.values()), strict=True))
    assert exported["missing"][1] == {"codec": "d", "asked": None, "reason": "how"}


def test_bd_rates_of_a_comparison():
    rates = MADE.bd_rate("a")
    assert list(rates) == ["b", "c"]
    assert rates["b"] == pytest.approx(-50)
    assert math.isnan(rates["c"])
    assert MADE.bd_rate("b", "ssim")["a"] == pytest.approx(100)
    assert MADE.curve("c") == ([1], [50])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MADE.bd_rate(), "'jpeg2000' has no point in this comparison; there are a, b, c"),
        (lambda: MADE.bd_rate("a", "mse"), "measure must be 'psnr' or 'ssim', got 'mse'"),
        (lambda: compare(GREY, ["gif"]), "there is no codec 'gif'; there are scatter, jpeg, jpeg2000, avif"),
        (lambda: compare(GREY, ["jpeg", STUB, "jpeg"]), "two codecs are named 'jpeg'"),
        (lambda: compare(GREY, []), "at least one codec is needed"),
        (lambda: compare(GREY, [STUB], []), "bpp must be positive numbers, at least one, got []"),
        (lambda: compare(GREY, [STUB], [1, 0]), "bpp must be positive numbers, at least one, got [1, 0]"),
        (lambda: compare(GREY, [STUB], [math.nan]), "bpp must be positive numbers, at least one, got [nan]"),
        (lambda: compare(GREY / 255), "an image must be an array of uint8 or uint16, got dtype('float64')"),
    ],
)
def test_a_comparison_refuses(call, message):
    with pytest.raises(InputError) as info:
        call()
    assert one_line(info) == message


# ------------------------------------------------------------------ the command
@pytest.fixture
def photos(own_folder, monkeypatch):
    monkeypatch.setitem(CODECS, "scatter", OURS)
    Path("photos").mkdir()
    Image.fromarray(GREY).save("photos/grey.png")
    Image.fromarray(COLOUR).save("photos/colour.png")


RATES = "--bpp", "2,0.5,1"
TWO = "--codec", "scatter,jpeg2000"


@pytest.mark.usefixtures("photos")
def test_images_are_compared():
    lines = succeed("compare", "photos", *RATES, *TWO).splitlines()
    rows = [line.split("\t") for line in lines]
    assert rows[0] == [
        *("image", "codec", "asked", "bpp", "psnr", "ssim", "encode_seconds", "decode_seconds")
    ]
    assert [row[:2] for row in rows[1:4]] == [["photos/colour.png", "scatter"]] * 3
    assert "# bytes against jpeg2000 at equal quality; negative is fewer" in lines
    head = rows.index(["image", "codec", "BD-rate PSNR (%)", "BD-rate SSIM (%)"])
    assert [row[:2] for row in rows[head + 1 :]] == [
        ["photos/colour.png", "scatter"],
        ["photos/grey.png", "scatter"],
        ["mean of 2", "scatter"],
        ["# a mean is over the images for which all of these codecs have both BD-rates"],
    ]


@pytest.mark.usefixtures("photos")
def test_images_are_compared_in_json():
    found = json.loads(succeed("compare", "photos/grey.png", "photos/*.png", *RATES, *TWO, "--json"))
    assert [image["image"] for image in found["images"]] == ["photos/grey.png", "photos/colour.png"]
    assert (found["reference"], found["failed"], found["html"]) == ("jpeg2000", [], None)
    grey = found["images"][0]
    assert grey["shape"] == [96, 120]
    direct = compare(GREY, [OURS, "jpeg2000"], REACHED)
    assert [point["psnr"] for point in grey["points"]] == [point.psnr for point in direct.points]
    assert grey["bd_rate"]["scatter"]["psnr"] == direct.bd_rate()["scatter"]
    values = [image["bd_rate"]["scatter"]["psnr"] for image in found["images"]]
    assert found["mean_bd_rate"]["scatter"]["psnr"] == pytest.approx(np.mean(values))


def compared(name, **rates):
    """An image and BD-rates, (PSNR, SSIM) or one number for both."""
    pairs = {codec: value if isinstance(value, tuple) else (value, value) for codec, value in rates.items()}
    found = Comparison((8, 8), (), (), {})
    return Compared(
        name, found, {codec: dict(zip(MEASURES, pair, strict=True)) for codec, pair in pairs.items()}
    )


def test_means_are_over_the_same_images_for_every_codec():
    done = [
        compared("a", scatter=-10.0, jpeg=50.0),
        compared("b", scatter=-30.0, jpeg=math.nan),
        compared("c", scatter=-50.0),
        compared("d", scatter=-20.0, jpeg=(90.0, math.nan)),
        compared("e", scatter=-12.0, jpeg=70.0),
    ]
    rates, images = mean_bd_rates(done)
    assert images == ["a", "e"]
    assert rates == {"scatter": {"psnr": -11, "ssim": -11}, "jpeg": {"psnr": 60, "ssim": 60}}
    table = bd_rate_table(done)
    assert table["image"][-2:] == ["mean of 2 of 5"] * 2
    assert table["BD-rate PSNR (%)"][3] == "none"
    # A codec that has none at all, as JPEG of 16 bits, takes no image from the others.
    assert mean_bd_rates([compared("a", scatter=1.0, jpeg=math.nan), compared("b", scatter=3.0)]) == (
        {"scatter": {"psnr": 2, "ssim": 2}},
        ["a", "b"],
    )
    assert mean_bd_rates([compared("a", x=1.0), compared("b", y=2.0)]) == ({}, [])
    assert bd_rate_table([compared("a", scatter=math.nan)]) == {}


@pytest.mark.usefixtures("photos")
def test_one_rate_gives_no_bd_rate_and_says_so():
    text = succeed("compare", "photos", "--bpp", "1", *TWO)
    assert "nan" not in text
    assert (
        "# no codec can be compared with jpeg2000: BD-rates are about curves, of two rates and more" in text
    )
    found = json.loads(succeed("compare", "photos", "--bpp", "1", *TWO, "--json"))
    assert (found["mean_bd_rate"], found["mean_over"]) == ({}, [])


def test_a_codec_keeps_its_colour_and_its_marker():
    def point(codec, asked):
        return Point(codec, asked, asked, 30 + asked, 0.9, 0.1, 0.1)

    codecs = ["scatter", "jpeg", "avif"]
    styles = []
    for there in (codecs, ["jpeg", "avif"], ["avif"]):
        found = Comparison((8, 8), tuple(point(codec, asked) for codec in there for asked in (1, 2)), (), {})
        figure = curves(found, codecs)
        lines = {line.get_label(): (line.get_color(), line.get_marker()) for line in figure.axes[0].lines}
        styles.append(lines["avif"])
    assert len(set(styles)) == 1


@pytest.mark.usefixtures("photos")
def test_without_jpeg_2000_the_first_codec_is_the_reference():
    found = json.loads(succeed("compare", "photos/grey.png", *RATES, "--codec", "scatter,jpeg", "--json"))
    assert found["reference"] == "scatter"
    assert list(found["images"][0]["bd_rate"]) == ["jpeg"]


@pytest.mark.usefixtures("photos")
def test_a_report_stands_alone():
    text = succeed("compare", "photos", *RATES, *TWO, "--html", "out.html")
    assert text.rstrip().endswith("out.html: curves, decoded images and tables")
    page = Path("out.html").read_text()
    assert page.count("data:image/png;base64,") == 2 * 3  # curves, decoded pieces, and the castle
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    for word in ("photos/grey.png", "photos/colour.png", "jpeg2000", "BD-rate PSNR (%)"):
        assert word in page


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize("image", [GREY[:12, :30], DEEP, ALPHA], ids=["small", "deep", "alpha"])
def test_a_report_of_any_image(image):
    Image.fromarray(image).save("a.png")
    succeed("compare", "a.png", *RATES, "--codec", "scatter", "--html", "out.html")
    assert Path("out.html").read_text().count("data:image/png;base64,") == (2 if len(image) < 16 else 3)


@pytest.mark.usefixtures("photos")
def test_a_bad_image_is_one_line_and_the_others_go_on():
    Path("photos/bad.png").write_bytes(b"no image")
    result = run("compare", "photos", "nothing.png", *RATES, *TWO, "--json", "--html", "out.html")
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert lines[0] == "scatter: error: nothing.png: no such file or folder"
    assert lines[1].startswith("scatter: error: photos/bad.png: is not an image in a known format")
    assert len(lines) == 2
    found = json.loads(result.stdout)
    assert len(found["images"]) == 2
    assert [f"scatter: error: {message}" for message in found["failed"]] == lines
    page = Path("out.html").read_text()
    assert "Left out" in page
    for message in found["failed"]:
        assert html.escape(message) in page


@pytest.mark.usefixtures("photos")
def test_nothing_to_compare():
    Path("empty").mkdir()
    np.save("empty/a.npy", GREY)
    assert fail("compare", "empty", *RATES, "--html", "out.html") == "empty: holds no image"
    assert not Path("out.html").exists()
    assert fail("compare", "photos/grey.png", "--bpp", "1e-4", "--codec", "scatter") == (
        "photos/grey.png: no codec reaches any of the rates; scatter at 0.0001 bpp is left out: "
        "0.0001 bpp is too little"
    )


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize("text", ["", "a", "1,0", "-1", "1,,2", "nan", "inf"])
def test_rates_that_are_none(text):
    assert fail("compare", "photos", f"--bpp={text}", code=2) == (
        f"--bpp must be positive numbers separated by commas, such as 0.25,0.5,1, got {text!r}"
    )


@pytest.mark.usefixtures("photos")
def test_other_options_that_are_none():
    assert fail("compare", "photos", "--codec", "scatter,gif", code=2) == (
        "there is no codec 'gif'; there are scatter, jpeg, jpeg2000, avif"
    )
    assert fail("compare", "photos", "--codec", "jpeg, jpeg", code=2) == "two codecs are named 'jpeg'"
    assert "the folder none does not exist" in fail("compare", "photos", "--html", "none/out.html")


@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize(
    "image", [GREY, COLOUR, DEEP, ALPHA, ALPHA[..., 2:]], ids=["grey", "colour", "deep", "alpha", "two"]
)
def test_pixels_are_read_as_they_are(image):
    Image.fromarray(image).save("a.png")
    np.testing.assert_array_equal(pixels(Path("a.png")), image)
    assert pixels(Path("a.png")).dtype == image.dtype


@pytest.mark.usefixtures("own_folder")
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_what_is_not_used_is_left_out(channels):
    opaque = np.dstack([GREY] * 3 + [np.full_like(GREY, 255)])
    Image.fromarray(opaque[..., 4 - channels :] if channels < 3 else opaque[..., :channels]).save("a.png")
    np.testing.assert_array_equal(pixels(Path("a.png")), GREY)


# ------------------------------------------------------------------ the benchmark
def test_rows_of_the_benchmark(monkeypatch):
    codecs = {"scatter": OURS, "jpeg2000": RIVALS["jpeg2000"]}
    monkeypatch.setattr(benchmark, "BEST", codecs)
    monkeypatch.setattr(benchmark, "SETTINGS", {"scatter": (5, 20, 60, 100), "jpeg2000": (0.3, 0.7, 1, 2)})
    images = {"a": GREY, "b": GREY[::-1, :90]}
    rows = {what: (value, spread) for what, value, spread in benchmark.side_by_side(images)}
    rates = []
    for image in images.values():
        base, found = (benchmark.curve(codecs[name], image) for name in ("jpeg2000", "scatter"))
        rates.append(bd_rate(base.bpp, base.psnr, found.bpp, found.psnr))
    value, spread = rows["scatter, bytes at equal PSNR, mean of 2 images"]
    assert value == f"{np.mean(rates):+.1f} %"
    best, worst = (
        f"{name} {rates['ab'.index(name)]:+.1f} %" for name in ("ab" if rates[0] < rates[1] else "ba")
    )
    assert spread == f"best {best}, worst {worst}"
    count, names = rows["scatter, (image, rate) below JPEG 2000"]
    assert int(count.split()[0]) == len([name for name in names.split(", ") if name])


def test_gains_are_differences_at_equal_rate():
    rates = np.asarray([0.1, 0.25, 0.5, 1.0, 2.0])
    base = benchmark.Curve(rates, 30 + 5 * np.log2(rates), rates)
    better = benchmark.Curve(rates[1:], base.psnr[1:] + 2, rates[1:])
    worse = benchmark.Curve(rates, base.psnr - 1, rates)
    rows = benchmark.gains("x", {"a": better, "b": worse}, {"a": base, "b": base})
    assert rows[0] == ("x, PSNR at 0.1 bpp", "-1.00 dB", "-1.00 .. -1.00, 1 images reach it")
    assert rows[2] == ("x, PSNR at 0.5 bpp", "+0.50 dB", "-1.00 .. +2.00, 2 images reach it")
    assert rows[-1][:2] == ("x, (image, rate) below JPEG 2000", "5 of 9")
    assert rows[-1][2] == "b at 0.1, b at 0.25, b at 0.5, b at 1, b at 2"


def test_a_lossless_codec_that_loses_is_found_out():
    assert benchmark.lossless_size(LOSSLESS["png"], GREY) > 0
    with pytest.raises(AssertionError, match="stub is not lossless"):
        benchmark.lossless_size(Codec("stub", lambda image, _: blur(image, 3), unblur), GREY)


def test_rows_of_the_lossless_benchmark(monkeypatch):
    png = LOSSLESS["png"]
    monkeypatch.setattr(benchmark, "kodak", lambda mode: {"a": GREY if mode == "L" else COLOUR})
    monkeypatch.setattr(benchmark, "ours_lossless", lambda: Codec("scatter", png.compress, png.decompress))
    rows = {what: (value, spread) for what, value, spread in benchmark.codec_lossless()}
    bpp = 8 * len(png.encode(GREY, 0)) / GREY.size
    assert rows["grey, scatter"] == (f"{bpp:.3f}", "")
    assert rows["grey, png"] == (f"{bpp:.3f}", "scatter +0.0 %")
    assert {"colour, scatter", "colour, png", "colour, jpeg2000"} <= set(rows)


def test_rows_of_the_benchmark_of_speed(monkeypatch):
    monkeypatch.setattr(benchmark, "photograph", lambda: GREY)
    monkeypatch.setattr(benchmark, "peaks", lambda name, setting: [1.0, 2.0])
    rows = {what: float(value) for what, value, _ in benchmark.codec_speed()}
    bpp = 8 * len(encode(GREY, step=benchmark.STEP)) / GREY.size
    assert rows["bits per pixel"] == pytest.approx(bpp, abs=1e-3)
    for name in ("scatter", "OpenJPEG"):
        assert rows[f"{name}, encode, 1 thread(s), MB/s"] > 0
    assert rows["jpeg2000, decode, peak MB over the image"] == 2


def test_images_of_packages_are_there_without_a_download():
    pytest.importorskip("skimage", reason="scikit-image is not installed")
    pytest.importorskip("pywt", reason="PyWavelets is not installed")
    images = benchmark.wheel()
    assert len(images) == 12
    assert all(image.ndim == 2 and image.dtype == np.uint8 for image in images.values())
