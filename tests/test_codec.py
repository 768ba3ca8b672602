"""The image codec: exact transforms, round trips of every shape, targets, prefixes, regions, and bounds."""

import itertools
import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import pywt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scatter import codec
from scatter.codec import colour, container, encoding, entropy, lifting, native, rangecoder
from scatter.codec.compiled import compiled_network, compiled_tables
from scatter.codec.lattices import KNOWN, STEPS
from scatter.codec.model import identities, load
from scatter.codec.networks import LIMIT, Network
from scatter.codec.planes import step_size
from scatter.codec.symbols import EXTRA, FIRST, symbols
from scatter.codec.workers import Workers
from scatter.errors import CodecError, InputError
from scatter.io.pixels import read_pixels
from scatter.kernels.library import usable


def picture(height, width, channels=1, dtype=np.uint8, seed=0):
    """Edges, waves and noise, in the range of the type."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    planes = [
        0.5
        + 0.2 * np.sin(x / (5 + 2 * c) + y / 9)
        + 0.2 * ((x - width / 2) ** 2 + (y - height / 3) ** 2 < (min(height, width) / 3) ** 2)
        + 0.02 * rng.normal(size=(height, width))
        for c in range(channels)
    ]
    most = np.iinfo(dtype).max
    image = np.rint(np.clip(np.stack(planes, -1), 0, 1) * most).astype(dtype)
    return image[..., 0] if channels == 1 else image


def psnr(a, b):
    return 10 * np.log10(np.iinfo(a.dtype).max ** 2 / np.mean((a.astype(float) - b) ** 2))


# The transform.


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**31))
def test_lifting_is_inverted_at_every_size(height, width, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(height, width))
    assert np.abs(lifting.inverse(*lifting.forward(x, False), False) - x).max() < 1e-13
    n = rng.integers(-(2**17), 2**17, (height, width)).astype(np.int32)
    assert (lifting.inverse(*lifting.forward(n, True), True) == n).all()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 40), st.integers(1, 40), st.booleans(), st.integers(0, 2**31))
def test_compiled_lifting_gives_the_digits_of_numpy(monkeypatch, height, width, reversible, seed):
    x = 100 * np.random.default_rng(seed).normal(size=(height, width))
    x = x.astype(np.int32 if reversible else np.float32)
    found = lifting.forward(x, reversible)
    back = lifting.inverse(*found, reversible)
    with monkeypatch.context() as patch:
        patch.setattr(native, "load", lambda: None)
        expected = lifting.forward(x, reversible)
        np.testing.assert_array_equal(lifting.inverse(*expected, reversible), back)
    for a, b in zip((found[0], *found[1]), (expected[0], *expected[1]), strict=True):
        assert a.dtype == b.dtype == x.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("n", [8, 33, 64])
def test_lifting_97_is_bior44_of_pywavelets_without_what_its_mode_adds(n):
    x = np.random.default_rng(n).normal(size=(n, n))
    ll, details = lifting.forward(x, False)
    a, (h, v, d) = pywt.dwt2(x, "bior4.4", mode="reflect")
    low, high = slice(2, 2 + -(-n // 2)), slice(2, 2 + n // 2)
    np.testing.assert_allclose(a[low, low], 2 * ll, atol=1e-10)
    # PyWavelets' high-pass has the opposite sign and norm sqrt(2) as against 1/sqrt(2).
    np.testing.assert_allclose(h[high, low], -2 * details.lh, atol=1e-10)
    np.testing.assert_allclose(v[low, high], -2 * details.hl, atol=1e-10)
    np.testing.assert_allclose(d[high, high], 2 * details.hh, atol=1e-10)


def test_norms_are_those_of_the_synthesis_functions():
    for j, band in itertools.product((1, 2, 3), range(3)):
        sizes = lifting.sizes(256, 256, j)
        details = [np.zeros(sizes[j]) for _ in range(3)]
        details[band][16, 16] = 1
        x = lifting.inverse(np.zeros(sizes[j]), lifting.Details(*details), False)
        for k in range(j - 1, 0, -1):
            zero = np.zeros(sizes[k])
            x = lifting.inverse(x, lifting.Details(zero, zero, zero), False)
        assert np.linalg.norm(x) == pytest.approx(lifting.norms(False)[j - 1][band], rel=1e-9)


# The order of coding.


def test_every_coefficient_is_coded_once():
    seen = np.zeros((3, 16, 16), int)
    for stride, row, column, band in STEPS:
        seen[band, row::stride, column::stride] += 1
    assert (seen == 1).all()


def test_no_step_looks_at_what_is_not_known():
    known = np.zeros((3, 32, 32), bool)
    for (stride, row, column, band), offsets in zip(STEPS, KNOWN, strict=True):
        for turn, dy, dx in offsets:
            y, x = np.mgrid[8 + row : 24 : stride, 8 + column : 24 : stride]
            assert known[(band + turn) % 3, y + dy, x + dx].all()
        known[band, row::stride, column::stride] = True


# The networks.


@pytest.mark.parametrize("identity", identities(), ids=hex)
def test_no_sum_of_the_shipped_networks_passes_what_float32_holds(identity):
    model = load(identity)
    for kind in ("luma", "chroma"):
        for network in (*model.magnitudes[kind], *model.signs[kind]):
            assert network.bound + 2 ** (network.shifts[2] - 1) < LIMIT  # with the half that rounds
        for network in model.signs[kind]:
            # The last layer takes the difference of two sums.
            largest = 2 * np.abs(network.w3).astype(float).sum() * network.cuts[1]
            assert largest + 2 ** (network.shifts[2] - 1) < LIMIT
            assert all(
                (w == np.rint(w)).all() for w in (network.w1, network.b1, network.w2, network.b2, network.w3)
            )


@pytest.mark.parametrize("identity", identities(), ids=hex)
def test_compiled_networks_equal_matrix_products(identity):
    module = native.library()
    if module is None:
        pytest.skip("there is no compiled module")
    rng = np.random.default_rng(0)
    model, workers = load(identity), Workers(1)
    for step, shape in ((0, (7, 13)), (4, (1, 1)), (20, (33, 40))):
        network, signs = model.magnitudes["luma"][step], model.signs["chroma"][step]
        views = [rng.integers(-127, 128, shape).astype(np.int8) for _ in range(network.w1.shape[1] - 12)]
        wide = rng.integers(-127, 128, (signs.w1.shape[1], 2 * shape[0], 3 * shape[1])).astype(np.int8)
        strided = list(wide[:, ::2, ::3])
        constants = rng.integers(0, 128, 12)
        places = np.flatnonzero(rng.random(shape).ravel() < 0.7)
        found = np.empty((len(network.w3), views[0].size), np.int16)
        inputs = np.stack([view.ravel() for view in views], axis=1)
        compiled_network(network, module).magnitudes(inputs, constants.astype(np.int32), found)
        expected = network.magnitudes(views, constants, workers)
        np.testing.assert_array_equal(found, expected.reshape(found.shape))
        found = np.empty(len(places), np.int16)
        inputs = np.stack([view.ravel()[places] for view in strided], axis=1)
        compiled_network(signs, module).signs(inputs, found)
        np.testing.assert_array_equal(found, signs.signs(strided, places, workers))


@pytest.mark.parametrize("most", [127, 128, 2047], ids="activations to {}".format)
def test_weights_that_pass_eight_bits_and_the_largest_sums(most):
    module = native.library()
    if module is None:
        pytest.skip("there is no compiled module")
    rng = np.random.default_rng(1)
    whole = partial(np.asarray, dtype=np.float32)
    w1 = rng.integers(-127, 128, (40, 61))
    w1[rng.random(w1.shape) < 0.1] *= 9
    w2, w3 = rng.integers(-200, 201, (9, 40)), rng.integers(-300, 301, (3, 9))
    b1, b2, b3 = (rng.integers(-5000, 5001, len(w)) for w in (w1, w2, w3))
    network = Network(*map(whole, (w1, b1, w2, b2, w3, b3)), (7, 7, 10), (most, 4095), constants=12)
    views = [np.full((5, 7), value, np.int8) for value in rng.choice([-127, 0, 127], 49)]
    constants = rng.integers(0, 128, 12)
    found = np.empty((3, 35), np.int16)
    inputs = np.stack([view.ravel() for view in views], axis=1)
    compiled_network(network, module).magnitudes(inputs, constants.astype(np.int32), found)
    np.testing.assert_array_equal(found, network.magnitudes(views, constants, Workers(1)).reshape(3, 35))
    signs = replace(network, w1=network.w1[:, :49], w3=network.w3[:1], constants=0)
    found = np.empty(35, np.int16)
    compiled_network(signs, module).signs(inputs, found)
    np.testing.assert_array_equal(found, signs.signs(views, np.arange(35), Workers(1)))


def test_signs_are_an_odd_function():
    rng = np.random.default_rng(1)
    network = load().signs["luma"][20]
    views = [rng.integers(-127, 128, (5, 5)).astype(np.int8) for _ in range(network.w1.shape[1])]
    turned = [-v for v in views]
    places = np.arange(25)
    a, b = network.signs(views, places, Workers(1)), network.signs(turned, places, Workers(1))
    assert np.abs(a + b).max() <= 1  # rounding half up


# Symbols and tables.


@given(st.integers(0, 2**20 - 1))
def test_symbols_hold_every_value(value):
    symbol = int(symbols(np.array([value]))[0])
    assert FIRST[symbol] <= value < FIRST[symbol] + (1 << EXTRA[symbol])


def compiled_or_not(name):
    """A class of the range coder in Python, and the compiled one if there is one."""
    module = native.library()
    return [getattr(rangecoder, name), *([] if module is None else [getattr(module, name)])]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([2, 3, 48]), st.integers(0, 400), st.booleans())
def test_range_coders_write_what_constriction_does(seed, count, length, skewed):
    stream = pytest.importorskip("constriction").stream
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 2**20, (4, count))
    weights[:, 0] += skewed * 2**34
    tables = entropy.frequencies(weights)
    classes = rng.integers(0, 4, length)
    found = rng.integers(0, count, length) * (rng.random(length) < (0.02 if skewed else 1))
    values, bits = rng.integers(0, 8, 5), np.full(5, 3)
    oracle = stream.queue.RangeEncoder()
    order = np.argsort(classes, kind="stable")
    for c, s in zip(classes[order].tolist(), found[order].tolist(), strict=True):
        table = stream.model.Categorical((tables[c] - 1).astype(np.float64), perfect=False)
        oracle.encode(np.array([s], np.int32), table)
    oracle.encode(values.astype(np.int32), stream.model.Uniform(), np.full(5, 8, np.int32))
    words = oracle.get_compressed()
    for encoder, decoder in zip(
        compiled_or_not("RangeEncoder"), compiled_or_not("RangeDecoder"), strict=True
    ):
        one = encoder()
        assert one.words == 0
        assert one.finish() == b""
        one = encoder()
        one.put(entropy._sums(tables), classes, found)
        one.put_raw(values, bits)
        assert one.words == len(words) == oracle.num_words()
        assert one.finish() == words.astype("<u4").tobytes()
        other = decoder(np.asarray(words, np.uint32))
        out, raw = np.empty(length, np.int64), np.empty(5, np.int64)
        other.get(entropy._sums(tables), classes, out)
        other.get_raw(bits, raw)
        np.testing.assert_array_equal(out, found)
        np.testing.assert_array_equal(raw, values)


def test_words_that_no_encoder_writes_are_refused():
    tables = np.array([[2**24 - 1, 1]])
    for decoder in compiled_or_not("RangeDecoder"):
        one = decoder(np.full(2, 2**32 - 1, np.uint32))
        with pytest.raises(ValueError, match="no encoder writes such words"):
            one.get(entropy._sums(tables), np.zeros(3, np.int64), np.empty(3, np.int64))


def test_compiled_tables_adapt_as_those_of_numpy():
    module = native.library()
    if module is None:
        pytest.skip("there is no compiled module")
    model, rng = load(), np.random.default_rng(2)
    ours, theirs = entropy.Adaptive(model), compiled_tables(model, module)
    names = ("flags", "sizes", "signs")
    for many in (0, 1, 50, 3000, 2**19 + 9, 2**20, 0, 5):  # counts pass 2^20, and stay above for a while
        for which, name in enumerate(names):
            table = ours.tables[name]
            classes = rng.integers(0, 3, many) * (len(table) // 2 - 1)
            found = rng.integers(0, table.shape[1], many)
            ours.count(name, classes, found)
            if many:
                theirs.count(which, classes, found)
            sums = np.empty((len(table), table.shape[1] + 1), np.uint32)
            theirs.sums(which, sums)
            np.testing.assert_array_equal(sums, entropy._sums(ours.tables[name]))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 2**30), min_size=2, max_size=48))
def test_frequencies_fill_the_coder_exactly(weights):
    found = entropy.frequencies(np.array([weights]))
    assert found.sum() == entropy.TOTAL
    assert found.min() >= 1


def test_steps_double_every_octave_and_are_stored_digits():
    assert step_size(32) == 2
    assert step_size(-64) == 0.25
    assert step_size(16) == pytest.approx(np.sqrt(2), rel=1e-15)


# Round trips.

PATTERNS = {
    "constant": lambda shape, most, rng: np.full(shape, most // 3),
    "black": lambda shape, most, rng: np.zeros(shape, int),
    "checkerboard": lambda shape, most, rng: np.indices(shape).sum(0) % 2 * most,
    "noise": lambda shape, most, rng: rng.integers(0, most + 1, shape),
}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4])
def test_lossless_keeps_every_sample(pattern, dtype, channels):
    rng = np.random.default_rng(0)
    sizes = ((1, 1), (1, 40), (40, 1), (5, 7), (12, 12), (13, 31), (40, 33))
    for height, width in sizes[channels % 2 :: 2]:
        shape = (height, width) + (channels,) * bool(channels)
        image = PATTERNS[pattern](shape, np.iinfo(dtype).max, rng).astype(dtype)
        decoded = codec.decode(codec.encode(image, lossless=True))
        expected = image[..., 0] if channels == 1 else image
        assert decoded.dtype == dtype
        np.testing.assert_array_equal(decoded, expected)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([1, 2, 3, 4]),
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from([0.5, 4.0, 64.0]),
)
def test_lossy_comes_back_near_whatever_the_shape(height, width, channels, dtype, step):
    image = picture(height, width, channels, dtype)
    decoded = codec.decode(codec.encode(image, step=step))
    assert decoded.shape == image.shape
    scale = 1 if dtype == np.uint8 else 257
    assert np.sqrt(np.mean((decoded.astype(float) - image) ** 2)) < 2 * step * scale + 1


@pytest.mark.skipif("SCATTER_SWEEP" not in os.environ, reason="long; set SCATTER_SWEEP to run it")
def test_every_size_to_40():
    rng = np.random.default_rng(0)
    for height, width in itertools.product(range(1, 41), repeat=2):
        for channels in (1, 2, 3, 4):
            for dtype in (np.uint8, np.uint16):
                shape = (height, width, channels)
                image = rng.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)
                decoded = codec.decode(codec.encode(image, lossless=True))
                assert (decoded.reshape(shape) == image).all()
                assert codec.decode(codec.encode(image, step=8.0)).size == image.size


def test_a_finer_step_is_nearer_and_larger():
    image = picture(96, 128)
    sizes, qualities = [], []
    for step in (32, 16, 8, 4, 2):
        data = codec.encode(image, step=step)
        sizes.append(len(data))
        qualities.append(psnr(image, codec.decode(data)))
    assert sizes == sorted(sizes)
    assert qualities == sorted(qualities)


@pytest.mark.parametrize("bpp", [0.3, 1.0, 3.0])
def test_bpp_is_met_from_below(bpp):
    image = picture(96, 128)
    size = 8 * len(codec.encode(image, bpp=bpp)) / image.size
    assert 0.9 * bpp < size <= bpp


@pytest.mark.parametrize("target", [30.0, 38.0])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_psnr_is_met_from_above(target, dtype):
    image = picture(96, 128, 3, dtype)
    found = psnr(image, codec.decode(codec.encode(image, psnr=target)))
    assert target <= found < target + 0.5


def test_bytes_do_not_depend_on_threads():
    image = picture(200, 300, 3)
    data = codec.encode(image, step=6.0, n_jobs=1)
    assert all(codec.encode(image, step=6.0, n_jobs=n) == data for n in (2, -1, -2, np.int64(2)))


def test_tiles_are_counted(monkeypatch):
    monkeypatch.setattr(encoding, "WHOLE", 2**14)
    monkeypatch.setattr(encoding, "TILE", 128)
    image, told = picture(200, 300), []
    data = codec.encode(image, step=8.0, n_jobs=2, watch=lambda *done: told.append(done))
    assert told == [(k, 6) for k in range(1, 7)]
    told.clear()
    codec.decode(data, region=(0, 0, 10, 10), watch=lambda *done: told.append(done))
    assert told == [(1, 1)]
    codec.encode(image, bpp=1.0, watch=lambda *done: told.append(done))
    assert told.count((6, 6)) > 1


def test_bytes_do_not_depend_on_the_compiled_module(monkeypatch):
    image = picture(150, 200, 3)
    data = codec.encode(image, step=6.0)
    decoded = codec.decode(data)
    monkeypatch.setattr(native, "load", lambda: None)
    assert codec.encode(image, step=6.0) == data
    assert (codec.decode(data) == decoded).all()


@pytest.mark.parametrize(
    "settings_",
    [
        {"OPENBLAS_CORETYPE": "Nehalem", "SCATTER_ISA": "baseline"},
        {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F", "OPENBLAS_NUM_THREADS": "2"},
        {"OPENBLAS_CORETYPE": "Prescott", **({"SCATTER_ISA": "avx2"} if "avx2" in usable() else {})},
    ],
    ids=lambda s: " ".join(s),
)
def test_bytes_do_not_depend_on_the_processor(settings_, tmp_path):
    code = (
        "import sys, numpy as np, zlib, scatter.codec as c, scatter.codec.native as n\n"
        "if sys.argv[1] == 'arrays': n.load = lambda: None\n"
        "image = np.load(sys.argv[2]); data = c.encode(image, step=5.0)\n"
        "print(zlib.crc32(data), zlib.crc32(c.decode(data).tobytes()))"
    )
    np.save(tmp_path / "image.npy", picture(120, 160, 3))
    command = [sys.executable, "-W", "ignore", "-c", code]
    outputs = {
        subprocess.run(
            [*command, executor, str(tmp_path / "image.npy")],
            env={**os.environ, **extra},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for executor in ("arrays", "compiled")
        for extra in ({}, settings_)
    }
    assert len(outputs) == 1


# Prefixes, regions, tiles.


def test_small_copies_come_from_the_beginning_of_the_file():
    image = picture(130, 190, 3)
    data = codec.encode(image, step=8.0)
    found = codec.info(data)
    for k, size in enumerate(found["bytes"]):
        whole = codec.decode(data, reduce=k)
        assert whole.shape == (-(-130 // 2**k), -(-190 // 2**k), 3)
        np.testing.assert_array_equal(codec.decode(data[:size], reduce=k), whole)
        with pytest.raises(CodecError, match="the data are cut off: they end after"):
            codec.decode(data[: size - 1], reduce=k)
    assert found["bytes"] == sorted(found["bytes"], reverse=True)
    assert found["bytes"][0] == len(data)


def test_a_small_copy_is_the_approximation_of_the_wavelet_transform():
    image = picture(100, 77)
    x = image.astype(np.int32)
    for k in (1, 2, 3):
        x = lifting.forward(x, True)[0]
        small = codec.decode(codec.encode(image, lossless=True), reduce=k)
        np.testing.assert_array_equal(small, np.clip(x, 0, 255))


@pytest.fixture
def small_tiles(monkeypatch):
    monkeypatch.setattr(encoding, "WHOLE", 128 * 128)
    monkeypatch.setattr(encoding, "TILE", 128)


@pytest.mark.usefixtures("small_tiles")
def test_tiles_hold_the_image_and_regions_come_from_those_they_meet():
    image = picture(300, 410, 3)
    data = codec.encode(image, lossless=True)
    assert codec.info(data)["tiles"] == 12
    np.testing.assert_array_equal(codec.decode(data), image)
    x, y, width, height = region = (120, 60, 150, 101)
    part = codec.decode(data, region=region)
    np.testing.assert_array_equal(part, image[y : y + height, x : x + width])
    damaged = bytearray(data)
    damaged[-10] ^= 1  # of the last tile
    np.testing.assert_array_equal(codec.decode(bytes(damaged), region=(0, 0, 50, 50)), image[:50, :50])
    with pytest.raises(CodecError, match=r"the data are damaged: the checksum of segment \d+ of tile 11"):
        codec.decode(bytes(damaged))


@pytest.mark.usefixtures("small_tiles")
def test_small_copies_of_tiles_fit_together():
    image = picture(300, 410)
    data = codec.encode(image, step=2.0)
    found = codec.info(data)
    assert codec.encode(image, step=2.0, n_jobs=1) == data
    for k in range(found["levels"] + 1):
        whole = codec.decode(data, reduce=k)
        assert whole.shape == (-(-300 // 2**k), -(-410 // 2**k))
        np.testing.assert_array_equal(codec.decode(data[: found["bytes"][k]], reduce=k), whole)
        part = codec.decode(data, reduce=k, region=(64, 128, 100, 50))
        np.testing.assert_array_equal(part, whole[128 >> k : -(-178 // 2**k), 64 >> k : -(-164 // 2**k)])


def test_region_of_an_image_without_tiles():
    image = picture(70, 90)
    data = codec.encode(image, step=4.0)
    np.testing.assert_array_equal(
        codec.decode(data, region=(10, 20, 30, 40)), codec.decode(data)[20:60, 10:40]
    )


# Coefficients.


@pytest.mark.parametrize("reduce", [0, 1])
def test_coefficients_are_those_of_the_wavelet_of_pywavelets(reduce):
    image = picture(64, 96)
    found = codec.decode(codec.encode(image, step=0.02), coefficients=True, reduce=reduce)
    x = image.astype(float) - 128
    for _ in range(reduce):
        x = lifting.forward(x, False)[0]
    assert found.shape == x.shape
    for j in range(1, found.levels + 1):
        # Level by level: further down PyWavelets extends what it has extended already.
        expected = pywt.dwt2(2 ** (j - 1) * x, "bior4.4", mode="reflect")
        for name, band in zip(("horizontal", "vertical", "diagonal"), expected[1], strict=True):
            here = found.band(j, name)
            inner = tuple(slice(2, 2 + n) for n in here.shape)
            np.testing.assert_allclose(here, band[inner], atol=0.1)
        x = lifting.forward(x, False)[0]
    np.testing.assert_allclose(found.small_copy, x, atol=0.1)


def test_coefficients_of_channels_are_a_batch_and_feed_energies():
    image = picture(48, 64, 4)
    data = codec.encode(image, step=4.0)
    found = codec.decode(data, coefficients=True)
    assert found.batch == (4,)
    assert found.small_copy.shape == (4, 6, 8)
    grey = codec.decode(codec.encode(image[..., 0], step=0.5), coefficients=True)
    energies = grey.energies()
    whole = np.sum((image[..., 0].astype(float) - 128) ** 2)
    assert sum(energies.values()) == pytest.approx(whole, rel=0.2)


@pytest.mark.usefixtures("small_tiles")
def test_coefficients_of_tiles_are_put_together():
    image = picture(300, 410)
    found = codec.decode(codec.encode(image, lossless=True), coefficients=True)
    x = image.astype(np.int32) - 128
    _, details = lifting.forward(x[:128, :128], True)
    np.testing.assert_array_equal(found.band(1, "horizontal")[:64, :64], -2 * details.lh)
    assert found.band(1, "diagonal").shape == (150, 205)


# Errors.


@pytest.mark.parametrize(
    ("image", "arguments", "message"),
    [
        (np.zeros((4, 4)), {"bpp": 1}, "samples of type uint8 or uint16, got float64"),
        (np.zeros((2, 4, 4, 3), np.uint8), {"bpp": 1}, r"has shape \(H, W\) or \(H, W, C\)"),
        (np.zeros((4, 4, 5), np.uint8), {"bpp": 1}, r"C from 1 to 4, got \(4, 4, 5\)"),
        (np.zeros((0, 4), np.uint8), {"bpp": 1}, "sides of an image go from 1"),
        (np.zeros((4, 4), np.uint8), {}, "got none; for example bpp=1"),
        (np.zeros((4, 4), np.uint8), {"bpp": 1, "psnr": 30}, "got bpp and psnr"),
        (np.zeros((4, 4), np.uint8), {"bpp": -1}, "bpp is a number between 0 and inf"),
        (np.zeros((4, 4), np.uint8), {"psnr": np.nan}, "psnr is a number between"),
        (np.zeros((4, 4), np.uint8), {"step": 1e9}, "step is a number between 0.015625"),
        (np.zeros((4, 4), np.uint8), {"step": "fine"}, "got 'fine'"),
        (
            np.zeros((4, 4), np.uint8),
            {"bpp": 1, "n_jobs": 0},
            "n_jobs must be an integer that is not 0, or None, got 0",
        ),
        (np.zeros((4, 4), np.uint8), {"bpp": 0.5}, r"bpp=0\.5 can't be reached"),
    ],
)
def test_encode_says_what_is_wrong(image, arguments, message):
    with pytest.raises(InputError, match=message):
        codec.encode(image, **arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"reduce": 4}, InputError, "reduce is a whole number from 0 to 3 for this file, got 4"),
        ({"reduce": -1}, InputError, "reduce is a whole number"),
        ({"region": (0, 0, 100, 1)}, InputError, r"within the image of 64 x 48 pixels, got \(0, 0, 100, 1\)"),
        ({"region": (0, 0, 0, 1)}, InputError, "region is"),
        ({"region": (1, 2)}, InputError, r"region is \(x, y, width, height\) in pixels, got \(1, 2\)"),
        ({"max_pixels": 3000}, CodecError, "the image has 64 x 48 pixels; max_pixels allows 3000"),
        ({"coefficients": True, "reduce": 3}, InputError, "no level of coefficients is left"),
        ({"coefficients": True, "region": (0, 0, 8, 8)}, InputError, "leave region out"),
        ({"n_jobs": 1.5}, InputError, "n_jobs must be an integer that is not 0, or None, got 1.5"),
    ],
)
def test_decode_says_what_is_wrong(arguments, error, message):
    data = codec.encode(picture(48, 64), step=8.0)
    with pytest.raises(error, match=message):
        codec.decode(data, **arguments)


@pytest.mark.parametrize("most", [float("nan"), None, "x", 0, -5, True, b"7", 0.5])
def test_a_limit_that_is_none_is_refused(most):
    data = codec.encode(picture(48, 64), step=8.0)
    if most is not None:
        with pytest.raises(InputError, match="max_pixels must be a number of at least 1, or"):
            codec.decode(data, max_pixels=most)
    assert codec.decode(data, max_pixels=float("inf")).shape == codec.decode(data).shape


def crafted(height, width, channels, depth, tile):
    """A file whose segments are empty, as small as such an image can be."""
    header = container.Header(height, width, channels, depth, True, 0, tile, load().identity)
    counts = [lifting.levels(one.height, one.width) + 1 for one in header.tiles]
    return container.write(header, [[b""] * count for count in counts])


@pytest.mark.parametrize(
    ("size", "more"),
    [((4096, 4096, 4, 16, 0), "2.0"), ((8192, 8192, 1, 8, 128), "26.0"), ((8192, 8192, 3, 8, 1024), "7.1")],
)
def test_a_few_bytes_that_ask_for_much_work_are_refused_at_once(size, more):
    data = crafted(*size)
    assert len(data) < 2**18
    started = time.perf_counter()
    with pytest.raises(CodecError, match=f"{len(data)} bytes ask for {size[1]} x {size[0]}") as caught:
        codec.decode(data)
    assert time.perf_counter() - started < 1
    assert f", {more}" in str(caught.value)
    assert f"type max_pixels={size[0] * size[1]} if you trust it" in str(caught.value)


def test_parts_and_small_copies_of_a_large_image_are_little_work():
    data = crafted(8192, 8192, 3, 8, 1024)
    assert codec.decode(data, reduce=4).shape == (512, 512, 3)
    assert codec.decode(data, region=(0, 0, 64, 64), reduce=2).shape == (16, 16, 3)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_order_of_bytes_of_samples_is_no_part_of_them(tmp_path, order):
    image = (picture(48, 64).astype(np.uint16) * 257).astype(f"{order}u2")
    assert np.array_equal(codec.decode(codec.encode(image, lossless=True)), image)
    np.save(tmp_path / "a.npy", image)
    assert read_pixels(tmp_path / "a.npy").dtype == np.uint16
    assert np.array_equal(read_pixels(tmp_path / "a.npy"), image)


def resealed(head, rest):
    return head + container._check(head) + rest


def test_headers_that_lie_are_refused():
    image = picture(48, 64)
    data = codec.encode(image, step=8.0)
    with pytest.raises(InputError, match="data are bytes, got str"):
        codec.decode("file.swc")
    for changed, message in (
        (b"", "the data are cut off in the magic number"),
        (b"\x89PNG" + data[4:], "the data are not of scatter's codec"),
        (data[:6], "the data are cut off in the header"),
        (data[:4] + b"\x09" + data[5:], "the data have version 9; this release reads version 1"),
        (data[:7] + b"\xff" + data[8:], "the data have unknown flags 0xff"),
        (data[:8] + b"\x00" + data[9:], "the height is 0; allowed are 1 to"),
        (data[:8] + b"\xff\xff\xff\xff\xff\x01", "the height is too large"),
        (data[:10] + bytes([data[10] ^ 1]) + data[11:], "the data are damaged: "),
        (data + b"more", "the data have 4 bytes too many after their end"),
        (data[:-1], "the data are cut off: they end after"),
        (data[:-1] + bytes([data[-1] ^ 1]), "the data are damaged: the checksum of segment"),
    ):
        with pytest.raises(CodecError, match=message):
            codec.decode(changed)


def test_colours_are_only_transformed_where_there_are_some():
    for channels, how in ((1, {"lossless": True}), (2, {"lossless": True}), (3, {"step": 8.0})):
        data = codec.encode(picture(16, 16, channels), **how)
        changed = resealed_flags(data, data[7] | 1 << 5)
        with pytest.raises(CodecError, match="the data have unknown flags 0x2"):
            codec.decode(changed)
    data = codec.encode(picture(16, 16, 3), lossless=True)
    with pytest.raises(CodecError, match="the data have unknown flags 0xe9"):
        codec.decode(resealed_flags(data, data[7] & 31 | 7 << 5))


def resealed_flags(data, flags):
    return data[:7] + bytes([flags]) + data[8:]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 6), st.sampled_from([8, 16]))
def test_every_transform_of_colours_is_reversible(seed, which, depth):
    image = np.random.default_rng(seed).integers(0, 2**depth, (5, 4, 3)).astype(f"uint{depth}")
    planes = colour.to_reversible(image, which)
    np.testing.assert_array_equal(colour.from_reversible(planes, which), image)
    if which:
        first, second, third = (image[..., c].astype(int) for c in colour.ORDERS[which - 1])
        np.testing.assert_array_equal(planes, [first, second - first, third - (first + second) // 2])


def test_the_transform_of_colours_is_the_one_with_the_smallest_details():
    y, x = np.mgrid[:200, :150]
    rng = np.random.default_rng(0)
    base = np.rint(120 + 60 * np.sin(x / 9 + y / 7) + rng.normal(0, 9, x.shape))
    own = np.rint(base / 3 + rng.normal(0, 9, x.shape))
    mean = np.floor((base + own) / 2) + 3
    for which, order in enumerate(colour.ORDERS, start=1):
        image = np.empty((*x.shape, 3), np.uint8)
        for channel, plane in zip(order, (base, own, mean), strict=True):
            image[..., channel] = np.clip(plane, 0, 255)
        # If green is the mean of red and blue, YCoCg-R knows better than to take it last.
        assert colour.choose_reversible(image) == (0 if order[2] == 1 else which)
        assert colour.choose_reversible(image[:1, :1]) >= 0
    grey = np.repeat(base[..., None], 3, axis=2).astype(np.uint8)
    costs = [colour._cost(grey, which) for which in range(7)]
    assert colour.choose_reversible(grey) == int(np.argmin(costs))


def test_another_model_is_named():
    data = codec.encode(picture(8, 8), step=8.0)
    header = container.Header(8, 8, 1, 8, False, 96, 0, load().identity ^ 1)
    changed = container.write(header, [[data[-3:]]])
    with pytest.raises(CodecError, match=r"the data were made with model 0x[0-9a-f]{4}; this release has"):
        codec.decode(changed)


def mutated(data, rng):
    """Random damage to the payload, with its checksums repaired."""
    contents = container.Contents(data)
    segments = [bytearray(data[start : start + length]) for start, length, _ in contents._segments.values()]
    for _ in range(rng.integers(1, 6)):
        segment = segments[rng.integers(len(segments))]
        if len(segment):
            segment[rng.integers(len(segment))] = rng.integers(256)
    if rng.random() < 0.3:
        segment = segments[rng.integers(len(segments))]
        del segment[rng.integers(len(segment) + 1) :]
    return container.write(contents.header, [[bytes(s) for s in segments]])


def test_damage_ends_in_an_error_or_in_an_image_never_in_anything_else():
    rng = np.random.default_rng(0)
    files = [
        codec.encode(picture(24, 30, channels, dtype), **how)
        for channels, dtype, how in (
            (1, np.uint8, {"step": 8.0}),
            (3, np.uint8, {"lossless": True}),
            (4, np.uint16, {"step": 4.0}),
        )
    ]
    outcomes = {"error": 0, "image": 0}
    for _ in range(int(os.environ.get("SCATTER_FUZZ", "150"))):
        data = files[rng.integers(len(files))]
        if rng.random() < 0.5:
            changed = mutated(data, rng)
        else:
            changed = bytearray(data[: rng.integers(len(data) + 1)])
            for _ in range(rng.integers(4)):
                if changed:
                    changed[rng.integers(len(changed))] = rng.integers(256)
        try:
            image = codec.decode(bytes(changed), max_pixels=4096)
        except CodecError:
            outcomes["error"] += 1
        else:
            assert image.size <= 4 * 4096
            outcomes["image"] += 1
    assert min(outcomes.values()) > 10
