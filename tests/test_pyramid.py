"""The castle: exact inverses, energy, PyWavelets as oracle, the picture, features, and the command."""

import json
import pickle
import re
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import pywt
from cli_helpers import fail, files_here, image, run, succeed
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.base import clone
from sklearn.datasets import load_digits, load_sample_image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests_support import one_line

from scatter import Decomposition, InputError, Pyramid, WaveletEnergies
from scatter.pyramid import mosaic

DISCRETE = pywt.wavelist(kind="discrete")
FAMILIES = {family: [w for w in pywt.wavelist(family) if w in DISCRETE] for family in pywt.families()}
FAMILIES = {family: wavelets for family, wavelets in FAMILIES.items() if wavelets}
MODES = pywt.Modes.modes
TRANSFORMS = ["decimated", "undecimated", "packet"]
SHORT = ["haar", "db2", "sym3", "bior1.3", "bior2.2", "rbio3.1", "coif1"]


def signal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def norm2(x):
    return np.sum(np.abs(x) ** 2)


def total(d):
    return sum(d.energies().values())


def tolerance(wavelet):
    """The coefficients of some wavelets are tabulated to 1e-11; 'dmey' is a cut of an infinite one."""
    return 0.2 if wavelet == "dmey" else 1e-8


def bounds(low, high):
    """Frame bounds of one level of a filter bank on the line: of its matrix at every frequency."""
    low, high = np.fft.fft([low, high], 256)
    matrix = np.stack([low, np.roll(low, 128), high, np.roll(high, 128)], axis=-1).reshape(
        -1, 2, 2
    ) / np.sqrt(2)
    singular = np.linalg.svd(matrix, compute_uv=False) ** 2
    return min(singular.min(), 1.0) * (1 - 1e-4), max(singular.max(), 1.0) * (1 + 1e-4)


# ------------------------------------------------------------------ laws, over all wavelets and modes
def test_all_discrete_wavelets_are_tested():
    assert sorted(w for wavelets in FAMILIES.values() for w in wavelets) == sorted(DISCRETE)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_inverse_is_exact_for_every_wavelet_and_mode(family, transform):
    for wavelet in FAMILIES[family]:
        x = signal(2, 4 * pywt.Wavelet(wavelet).dec_len + 1)
        # In the undecimated transform the mode makes the last three samples, whatever the wavelet is.
        for mode in MODES if transform != "undecimated" or wavelet in SHORT else ["symmetric"]:
            P = Pyramid(wavelet, 2, mode, transform, ndim=1)
            d = P.decompose(x)
            y = P.reconstruct(d)
            assert y.shape == x.shape
            assert np.abs(y - x).max() < tolerance(wavelet), (wavelet, mode)
            assert tuple(d.bands) == P.names


@pytest.mark.parametrize("family", FAMILIES)
def test_energy_lies_within_the_frame_bounds_of_the_filters(family):
    for wavelet in FAMILIES[family]:
        W, L = pywt.Wavelet(wavelet), 2
        lower, upper = bounds(W.dec_lo, W.dec_hi)
        _, inverse = bounds(W.rec_lo, W.rec_hi)
        x, slack = signal(4 * W.dec_len), 1 + tolerance(wavelet)
        for mode in MODES:
            energy = total(Pyramid(wavelet, L, mode, ndim=1).decompose(x))
            # What is synthesised from coefficients, and cut to the signal, is at most this large.
            assert norm2(x) <= inverse**L * energy * slack, (wavelet, mode)
            if mode in ("zero", "periodization"):  # nothing is counted twice
                assert lower**L * norm2(x) / slack <= energy <= upper**L * norm2(x) * slack, (wavelet, mode)
        energy = total(Pyramid(wavelet, L, transform="undecimated", ndim=1).decompose(x))
        assert lower**L * norm2(x) / slack <= energy <= upper**L * norm2(x) * slack, wavelet


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_orthogonal_wavelets_keep_the_energy(transform):
    orthogonal = [w for w in DISCRETE if pywt.Wavelet(w).orthogonal]
    assert len(orthogonal) > 70
    for wavelet in orthogonal:
        x = signal(4 * pywt.Wavelet(wavelet).dec_len)
        for mode in ["periodization"] if transform == "undecimated" else ["periodization", "zero"]:
            energy = total(Pyramid(wavelet, 2, mode, transform, ndim=1).decompose(x))
            assert energy == pytest.approx(norm2(x), rel=1e-2 if wavelet == "dmey" else 1e-9), (wavelet, mode)


@given(data=st.data(), ndim=st.integers(1, 3))
def test_inverse_is_exact_for_every_shape(data, ndim):
    shape = data.draw(
        st.tuples(*[st.one_of(st.just(1), st.integers(10, 19))] * ndim).filter(lambda s: max(s) > 1)
    )
    batch = data.draw(st.lists(st.integers(1, 3), max_size=2))
    kinds = [np.float32, np.float64, np.complex64, np.complex128]
    x = signal(*batch, *shape).astype(data.draw(st.sampled_from(kinds)))
    if np.iscomplexobj(x):
        x = x * np.exp(1j * signal(*batch, *shape, seed=1)).astype(x.dtype)
    wavelet = data.draw(st.sampled_from(SHORT))
    taps = pywt.Wavelet(wavelet).dec_len
    most = min(pywt.dwt_max_level(side, taps) for side in shape if side > 1)
    levels, transform = data.draw(st.integers(1, min(most, 4 - ndim))), data.draw(st.sampled_from(TRANSFORMS))
    modes = [mode for mode in MODES if min(shape) > 1 or not mode.endswith("reflect")]
    P = Pyramid(wavelet, levels, data.draw(st.sampled_from(modes)), transform, ndim)
    d = P.decompose(x)
    y = P.reconstruct(d)
    assert (y.shape, y.dtype, d.batch, d.shape) == (x.shape, x.dtype, tuple(batch), shape)
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-3 if x.real.dtype == np.float32 else 1e-8)
    assert tuple(d.bands) == P.names
    assert all(np.shape(energy) == tuple(batch) for energy in d.energies().values())


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_the_small_copy_of_a_constant_is_the_constant(ndim, transform):
    P = Pyramid("bior2.2", 2, transform=transform, ndim=ndim)
    d = P.decompose(np.full((21,) * ndim, 0.7))
    np.testing.assert_allclose(d.small_copy, np.full((6,) * ndim, 0.7), atol=1e-12)
    assert all(np.abs(band).max() < 1e-12 for level in d.details for band in level.values())


def test_undecimated_moves_with_a_periodic_signal():
    P, x = Pyramid("db3", 2, transform="undecimated"), signal(24, 32)
    before, after = P.decompose(x), P.decompose(np.roll(x, (3, -5), axis=(0, 1)))
    for name, band in before.bands.items():
        np.testing.assert_allclose(after.bands[name], np.roll(band, (3, -5), axis=(0, 1)), atol=1e-12)


def test_decompose_is_linear_and_samples_of_a_batch_are_independent():
    x = signal(3, 40, 33)
    for transform in TRANSFORMS:
        P = Pyramid("bior2.2", 2, transform=transform)
        whole, one, mixed = P.decompose(x), P.decompose(x[1]), P.decompose(x[0] - 2 * x[1])
        for name, band in whole.bands.items():
            np.testing.assert_allclose(band[1], one.bands[name], atol=1e-12)
            np.testing.assert_allclose(band[0] - 2 * band[1], mixed.bands[name], atol=1e-11)


def test_real_and_imaginary_parts_of_complex_signals_are_taken_apart_each():
    x, y, P = signal(16, 24), signal(16, 24, seed=1), Pyramid("db2", 2)
    both, real, imaginary = P.decompose(x + 1j * y), P.decompose(x), P.decompose(y)
    for name, energy in both.energies().items():
        np.testing.assert_allclose(
            both.bands[name], real.bands[name] + 1j * imaginary.bands[name], atol=1e-12
        )
        assert energy == pytest.approx(real.energies()[name] + imaginary.energies()[name])


# ------------------------------------------------------------------ PyWavelets as oracle
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("ndim", "keys"), [(1, ["d"]), (2, ["da", "ad", "dd"]), (3, None)])
def test_equals_wavedecn(ndim, keys, mode):
    x = signal(2, *(27, 22, 25)[:ndim])
    d = Pyramid("db2", 2, mode, ndim=ndim).decompose(x)
    low, *details = pywt.wavedecn(x, "db2", mode, level=2, axes=range(1, ndim + 1))
    np.testing.assert_allclose(d.approximation, low, atol=1e-12)
    for mine, theirs in zip(d.details, details, strict=True):
        assert len(mine) == len(theirs)
        for key, band in zip(keys or mine, mine.values(), strict=True):
            np.testing.assert_allclose(band, theirs[key], atol=1e-12)


@pytest.mark.parametrize("wavelet", ["db3", "bior4.4"])
def test_undecimated_equals_swtn(wavelet):
    x = signal(40, 48)
    d = Pyramid(wavelet, 2, transform="undecimated").decompose(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the energy is not kept by biorthogonal wavelets
        low, *details = pywt.swtn(x, wavelet, 2, trim_approx=True, norm=True)
    np.testing.assert_allclose(d.approximation, low, atol=1e-12)
    for mine, theirs in zip(d.details, details, strict=True):
        for name, key in {"horizontal": "da", "vertical": "ad", "diagonal": "dd"}.items():
            np.testing.assert_allclose(mine[name], theirs[key], atol=1e-12)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "periodization"])
def test_undecimated_continues_signals_as_pad_does(mode):
    x = signal(13)
    longer = pywt.pad(x, (0, 3), mode)
    mine = Pyramid("db2", 2, mode, "undecimated", ndim=1)
    wanted = mine.decompose(longer)
    for name, band in mine.decompose(np.stack([2 * x, x])).bands.items():
        np.testing.assert_allclose(band, [2 * wanted.bands[name], wanted.bands[name]], atol=1e-12)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_packets_equal_waveletpackets(ndim):
    x = signal(*(27, 21, 23)[:ndim])
    d = Pyramid("db2", 2, "smooth", "packet", ndim).decompose(x)
    make = {1: pywt.WaveletPacket, 2: pywt.WaveletPacket2D, 3: pywt.WaveletPacketND}[ndim]
    leaves = {node.path: node.data for node in make(x, "db2", "smooth", 2).get_level(2)}
    first = {"horizontal": "h", "vertical": "v", "diagonal": "d", "detail": "d"}
    low = {1: "a", 2: "a", 3: "aaa"}[ndim]
    paths = {"approximation": 2 * low}
    for j in (1, 2):
        for name in d.detail(j):
            kind, _, rest = name.partition("_")
            paths[f"level{j}_{name}"] = (j - 1) * low + first.get(kind, kind) + rest
    assert set(paths.values()) == set(leaves)
    for name, path in paths.items():
        np.testing.assert_allclose(d.bands[name], leaves[path], atol=1e-12)


def test_read_only_strided_and_foreign_byte_order_are_all_the_same():
    x = signal(30, 40)
    P = Pyramid("db2", 2)
    frozen = x.copy()
    frozen.flags.writeable = False
    wanted = P.decompose(x)
    for same in (frozen, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2], x.astype(">f8"), x.tolist()):
        for name, band in P.decompose(same).bands.items():
            np.testing.assert_allclose(band, wanted.bands[name], atol=1e-12)


def test_precision():
    P = Pyramid("haar", 1)
    for given_type, kept in {"f4": "f4", "f8": "f8", "c8": "c8", "c16": "c16", "u1": "f4", "?": "f4"}.items():
        d = P.decompose(np.ones((4, 6), given_type))
        assert {band.dtype for band in d.bands.values()} == {np.dtype(kept)}
        assert P.reconstruct(d).dtype == d.small_copy.dtype == np.dtype(kept)


# ------------------------------------------------------------------ the values
def test_pyramids_are_values_that_print_as_the_mathematics():
    assert str(Pyramid("db2", 3)) == "V0 = V3 + W3 + W2 + W1 (db2, symmetric)"
    assert str(Pyramid("db2", 1, transform="undecimated")) == "V0 = V1 + W1 (db2, symmetric, undecimated)"
    assert str(Pyramid("db2", 2, transform="packet")) == "V0 = sum of W2[n], n < 16 (db2, symmetric)"
    assert Pyramid() == Pyramid("bior4.4", 4, "symmetric", "decimated", 2)
    assert len({Pyramid(), Pyramid(), Pyramid(levels=3)}) == 2
    P, x = Pyramid("bior1.3", 1, transform="undecimated"), signal(12, 12)
    d = P.decompose(x)
    again, same = pickle.loads(pickle.dumps((P, d)))
    assert again == P
    np.testing.assert_allclose(again.reconstruct(same), x, atol=1e-12)
    with pytest.raises(AttributeError):
        P.levels = 2


def test_bands_by_level_and_name():
    d = Pyramid("haar", 2).decompose(signal(5, 12, 16))
    assert repr(d) == "Decomposition(shape=(12, 16), levels=2, transform='decimated', bands=7, batch=(5,))"
    assert d.band(2, "vertical") is d.bands["level2_vertical"] is d.detail(2)["vertical"]
    assert d.band(1, "diagonal").shape == (5, 6, 8)
    assert list(d.bands)[1:3] == ["level2_horizontal", "level2_vertical"]


def test_horizontal_lines_are_horizontal_structures():
    rows = np.zeros((32, 32))
    rows[::2] = 1
    energies = Pyramid("haar", 1).decompose(rows).energies()
    assert energies["level1_horizontal"] == pytest.approx(256)
    assert energies["level1_vertical"] == energies["level1_diagonal"] == 0


def test_map_changes_the_detail_alone():
    P, x = Pyramid("db2", 2, "periodization"), signal(32, 32)
    d = P.decompose(x)
    blurred = P.reconstruct(d.map(np.zeros_like))
    np.testing.assert_allclose(P.decompose(blurred).approximation, d.approximation, atol=1e-12)
    assert norm2(P.decompose(blurred).band(1, "vertical")) < 1e-20


def test_decompositions_of_others_are_accepted():
    x = signal(24, 20)
    low, *details = pywt.wavedec2(x, "db2", "reflect", level=1)
    named = [dict(zip(("horizontal", "vertical", "diagonal"), level, strict=True)) for level in details]
    d = Decomposition(low, named, (24, 20))
    np.testing.assert_allclose(Pyramid("db2", 1, "reflect").reconstruct(d), x, atol=1e-12)
    thin = Decomposition(
        np.ones((1, 4)), [{"horizontal": np.ones((0, 4)), "vertical": np.ones((1, 3))}], (1, 7), gain=1
    )
    assert thin.energies()["level1_horizontal"] == 0
    np.testing.assert_array_equal(thin.small_copy, np.ones((1, 4)))
    assert mosaic(thin).shape == (1, 7)


def test_approximations_are_small_copies():
    x = np.clip(load_sample_image("china.jpg")[:201, :302].mean(axis=-1) / 255, 0, 1)
    for transform in TRANSFORMS:
        P = Pyramid("bior2.2", 3, transform=transform)
        d = P.decompose(x)
        for level in range(4):
            copy = P.approximation(x, level)
            assert copy.shape == (-(-201 // 2**level), -(-302 // 2**level))
            assert abs(copy.mean() - x.mean()) < 0.02
            np.testing.assert_allclose(P.approximation(d, level), copy, atol=1e-10)
        blocks = x[:200, :296].reshape(25, 8, 37, 8).mean(axis=(1, 3))
        assert np.corrcoef(copy[:25, :37].ravel(), blocks.ravel())[0, 1] > 0.95


# ------------------------------------------------------------------ the picture
@pytest.mark.parametrize("mode", ["symmetric", "periodization", "smooth"])
@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("shape", [(64, 64), (51, 70), (37, 90)])
def test_the_picture_has_the_size_of_the_image_and_the_copy_in_the_corner(shape, transform, mode):
    x = np.random.default_rng(0).random((*shape, 3))
    P = Pyramid("db2", 2, mode, transform)
    picture = P.mosaic(x, ends=(0, 1))
    assert picture.shape == x.shape
    assert picture.min() >= 0
    assert picture.max() <= 1
    copy = np.moveaxis(P.decompose(np.moveaxis(x, -1, 0)).small_copy, 0, -1)
    np.testing.assert_allclose(picture[: copy.shape[0], : copy.shape[1]], np.clip(copy, 0, 1), atol=1e-12)
    assert P.mosaic(x[..., 0]).shape == shape


def test_every_band_is_in_its_place():
    x = np.random.default_rng(0).random((32, 48))
    P = Pyramid("haar", 2)
    d = P.decompose(x)
    places = {
        (1, "vertical"): np.s_[:16, 24:],
        (1, "horizontal"): np.s_[16:, :24],
        (1, "diagonal"): np.s_[16:, 24:],
    }
    places |= {(2, "vertical"): np.s_[:8, 12:24], (2, "horizontal"): np.s_[8:16, :12]}
    for (level, name), place in places.items():
        kept = d.band(level, name)
        alone = d.map(lambda band, kept=kept: band * (band is kept))
        lit = mosaic(alone, lines=False) > 0
        lit[:8, :12] = False
        assert lit[place].mean() > 0.9
        lit[place] = False
        assert not lit.any()


def test_packets_are_quarters_of_quarters():
    d = Pyramid("haar", 2, transform="packet").decompose(np.random.default_rng(0).random((32, 48)))
    alone = d.map(lambda band: band * (band is d.band(1, "horizontal_v")))
    lit = mosaic(alone, lines=False) > 0
    lit[:8, :12] = False
    assert lit[16:24, 12:24].mean() > 0.9
    assert lit.sum() == lit[16:24, 12:24].sum()


def test_lines_lie_on_the_detail():
    x = np.random.default_rng(0).random((32, 48))
    P = Pyramid("haar", 2)
    with_lines, without = P.mosaic(x), P.mosaic(x, lines=False)
    changed = np.argwhere(with_lines != without)
    assert set(map(tuple, changed)) <= {
        (r, c) for r in range(32) for c in range(48) if r in (8, 16) or c in (12, 24)
    }
    assert (with_lines[16] == with_lines[0, 24]).all()


def test_what_is_drawn_white():
    x = np.random.default_rng(0).random((32, 32))
    P, corner = Pyramid("haar", 1), np.s_[:16, :16]
    copy = P.decompose(x).small_copy
    np.testing.assert_allclose(P.mosaic(np.rint(255 * x).astype("u1"))[corner], copy, atol=0.004)
    np.testing.assert_allclose(P.mosaic(np.rint(65535 * x).astype("u2"))[corner], copy, atol=1e-4)
    np.testing.assert_allclose(
        P.mosaic(x, ends=(0.25, 0.75))[corner], np.clip(2 * copy - 0.5, 0, 1), atol=1e-12
    )
    stretched = P.mosaic(1000 * x)[corner]
    assert (stretched.min(), stretched.max()) == (0, 1)
    flat = P.mosaic(np.full((16, 16), 7.0), lines=False)
    assert not flat.any()  # rounding is not detail


# ------------------------------------------------------------------ errors
LOW = np.ones((2, 2))
GOOD = {name: np.zeros((2, 2)) for name in ("horizontal", "vertical", "diagonal")}
BAD = {**GOOD, "diagonal": np.zeros((2, 3))}


def haar(levels=1, **options):
    return Pyramid("haar", levels, **options)


def made(low=LOW, detail=GOOD, shape=(4, 4), **options):
    return Decomposition(low, [detail], shape, **options)


def energies(**options):
    return WaveletEnergies(**{"wavelet": "haar", "levels": 1, **options})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Pyramid("bior4.5"), "unknown wavelet 'bior4.5'; did you mean .*'bior4.4'"),
        (lambda: Pyramid("HAAR"), "unknown wavelet 'HAAR'; did you mean 'haar'"),
        (lambda: Pyramid("?"), "there are 'bior1.1', .* and more pywt.wavelist.* has all 106"),
        (
            lambda: Pyramid("cmor1.5-1.0"),
            "is a continuous wavelet, which has no pyramid; type a discrete one",
        ),
        (lambda: Pyramid(mode="symetric"), "unknown mode 'symetric'; did you mean 'symmetric'"),
        (lambda: Pyramid(mode=None), "unknown mode None"),
        (lambda: Pyramid(levels=0), "levels must be an integer >= 1, got 0"),
        (lambda: Pyramid(ndim=4), "ndim must be 1, 2 or 3, got 4"),
        (
            lambda: Pyramid(transform="stationary"),
            "transform must be one of 'decimated', 'undecimated', 'packet'",
        ),
        (
            lambda: Pyramid().decompose(np.zeros((100, 90))),
            "have 10 taps, which allows 3; type levels=3 or less",
        ),
        (lambda: Pyramid(levels=2).decompose(np.zeros((18, 18))), "which allows 1; type levels=1$"),
        (
            lambda: Pyramid().decompose(np.zeros((8, 8))),
            "allows 0; type wavelet='haar', or take sides of at least 18",
        ),
        (lambda: Pyramid().decompose(np.zeros((99, 99, 3))), "holds colours, type np.moveaxis"),
        (lambda: haar(mode="reflect").decompose(np.zeros((1, 9))), "can't continue an axis of one sample"),
        (lambda: haar().decompose(np.zeros((1, 1))), "a signal of one sample has no scales"),
        (lambda: haar().decompose(np.zeros(9)), r"an array of shape \(..., M, N\) is needed"),
        (lambda: haar().decompose(np.zeros((0, 9))), "an array with at least one sample is needed"),
        (lambda: haar().decompose(np.full((4, 4), np.nan)), "contains NaN or infinity"),
        (lambda: haar().decompose([["a", "b"]]), "must hold numbers"),
        (
            lambda: haar().reconstruct(np.zeros((4, 4))),
            "a Decomposition is needed, got ndarray; type: decompose",
        ),
        (lambda: haar(2).reconstruct(haar().decompose(np.ones((4, 4)))), "levels=2 is needed, got Decom"),
        (lambda: haar().reconstruct(made(detail={"h": LOW})), "are on one side"),
        (lambda: haar().reconstruct(made(detail=BAD)), r"level1_diagonal: .* got a band of"),
        (lambda: haar().approximation(np.ones((4, 4)), 2), "level must be from 0 to 1, the coarsest, got 2"),
        (lambda: made(shape=(4, 4, 4, 4)), "shape must have 1, 2 or 3 sides"),
        (lambda: Decomposition(LOW, [], (4, 4)), "details must be a sequence of mappings"),
        (lambda: made(gain=0), "gain must be a positive number, got 0"),
        (lambda: made(np.ones((3, 2, 2))), r"level1_horizontal: .* a batch of shape \(3,\)"),
        (lambda: made(np.inf * LOW), "approximation: the band contains NaN"),
        (lambda: made().band(1, "diag"), "no band 'diag'; did you mean 'diagonal'"),
        (lambda: made().detail(0), "level must be from 1 to 1"),
        (lambda: made(shape=(9, 9)).small_copy, "is smaller than its share of the signal"),
        (
            lambda: haar().mosaic(np.zeros((3, 8, 8))),
            r"\(M, N\) or \(M, N, 3\) is needed, got shape \(3, 8, 8\)",
        ),
        (lambda: haar().mosaic(np.zeros((8, 8), complex)), "a picture is drawn of a real image"),
        (lambda: haar().mosaic(np.zeros((8, 8)), ends=(1, 0)), "ends must be two values, black and white"),
        (lambda: haar(ndim=1).mosaic(np.zeros(8)), "a mosaic is of an image, with ndim=2"),
        (lambda: mosaic(np.zeros((8, 8))), "a Decomposition of one image, grey or of three colours"),
        (lambda: mosaic(made(detail={"x": LOW})), "'x' has no place in the"),
    ],
)
def test_errors(call, message):
    with pytest.raises(InputError, match=message) as info:
        call()
    one_line(info)


def test_arrays_of_other_libraries_are_refused():
    xp = pytest.importorskip("array_api_strict")
    with pytest.raises(InputError, match=r"PyWavelets takes NumPy arrays, got .*; type: np.asarray"):
        haar().decompose(xp.ones((8, 8)))


# ------------------------------------------------------------------ features
def test_features_are_statistics_of_the_bands():
    x = signal(4, 40, 32)
    d = Pyramid("db2", 2).decompose(x)
    E = WaveletEnergies("db2", 2).fit(x)
    assert tuple(E.get_feature_names_out()) == tuple(d.bands) == E.bands_
    energies = np.stack(list(d.energies().values()), axis=-1)
    np.testing.assert_allclose(E.transform(x), energies)
    means = np.stack([np.abs(band).mean(axis=(1, 2)) for band in d.bands.values()], axis=-1)
    np.testing.assert_allclose(clone(E).set_params(statistic="mean").fit_transform(x), means)
    shares = clone(E).set_params(statistic="share").fit_transform(x)
    np.testing.assert_allclose(shares, energies / energies.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(clone(E).set_params(log=0.5).fit_transform(x), np.log(energies + 0.5))
    some = clone(E).set_params(statistic="share", approximation=False).fit(3 * x)
    assert some.get_feature_names_out()[0] == "level2_horizontal"
    np.testing.assert_allclose(
        some.transform(3 * x), energies[:, 1:] / energies[:, 1:].sum(axis=1, keepdims=True)
    )
    assert not WaveletEnergies("db2", 2, statistic="share").fit_transform(0 * x).any()


@pytest.mark.parametrize("sampling", TRANSFORMS)
def test_decompositions_are_samples(sampling):
    x = signal(6, 3, 24, 24).astype("float32")
    P = Pyramid("haar", 2, transform=sampling)
    E = WaveletEnergies("haar", 2, sampling=sampling).fit(x)
    wanted = E.transform(x)
    assert wanted.dtype == np.float32
    assert wanted.shape == (6, 3 * len(P.names)) == (6, len(E.get_feature_names_out()))
    assert E.get_feature_names_out()[-1].startswith("channel 2: level1_diagonal")
    whole, parts = P.decompose(x), [P.decompose(each) for each in x]
    for given_ in (whole, parts, tuple(parts)):
        np.testing.assert_allclose(E.transform(given_), wanted, rtol=1e-5)
        fitted = clone(E).fit(given_)
        np.testing.assert_allclose(fitted.transform(x), wanted, rtol=1e-5)
        assert fitted.n_features_in_ == E.n_features_in_ == 3 * 24 * 24


def test_rows_images_and_lines():
    X = signal(5, 64)
    square, line = WaveletEnergies("haar", 2).fit(X), WaveletEnergies("haar", 2, ndim=1).fit(X)
    assert (square.shape_, line.shape_) == ((8, 8), (64,))
    np.testing.assert_array_equal(square.transform(X), square.transform(X.reshape(5, 8, 8)))
    volumes = WaveletEnergies("haar", 1, ndim=3, shape=(4, 4, 4)).fit(X)
    assert volumes.get_feature_names_out()[1] == "level1_aad"
    assert volumes.transform(X).shape == (5, 8)


def test_in_pipelines_and_searches():
    X, y = load_digits(return_X_y=True)
    model = make_pipeline(
        WaveletEnergies("haar", 3, sampling="packet", statistic="mean", log=True),
        StandardScaler(),
        LogisticRegression(max_iter=200),
    )
    assert cross_val_score(model, X[:200], y[:200], cv=3).mean() > 0.6
    decomposed = [Pyramid("haar", 3, transform="packet").decompose(x.reshape(8, 8)) for x in X[:200]]
    assert cross_val_score(model, decomposed, y[:200], cv=3).mean() > 0.6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: energies(statistic="max").fit(signal(2, 64)), "statistic must be one of 'energy', 'mean'"),
        (lambda: energies(log=-1).fit(signal(2, 64)), "log must be True, False or a positive number"),
        (lambda: energies(approximation=2).fit(signal(2, 64)), "approximation must be True or False"),
        (lambda: energies(levels=9).fit(signal(2, 64)), "which allows 3; type levels=3 or less"),
        (lambda: energies(ndim=3).fit(signal(2, 64)), "rows of volumes need their shape"),
        (lambda: energies(shape=(5, 5)).fit(signal(2, 64)), "flattened into rows of a multiple of 25"),
        (lambda: energies().fit(signal(2, 8, 8)).transform(signal(2, 4, 16)), "as in fit, got"),
        (lambda: energies().fit(signal(2, 8, 8)).transform(signal(2, 4, 4)), "is expecting 64 features"),
        (lambda: energies().fit(haar().decompose(signal(8, 8))), "must begin with samples"),
        (lambda: energies().fit([haar().decompose(signal(8, 8)), 1]), "sample 1: a Decomposition"),
        (
            lambda: energies().fit(signal(2, 8, 8)).transform(haar(2).decompose(signal(2, 8, 8))),
            "bands of signals of shape .* as in fit are needed",
        ),
    ],
)
def test_errors_of_features(call, message):
    with pytest.raises(InputError, match=message) as info:
        call()
    one_line(info)


# ------------------------------------------------------------------ the command
@pytest.fixture
def desk(own_folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_the_command_draws_and_prints(desk, transform):
    image("a.png", (40, 52, 3))
    text = succeed(
        "pyramid", "a.png", "-o", "castle.png", "--levels", 2, "--wavelet", "db2", "--transform", transform
    )
    assert text.startswith("band\tsize\tenergy\tshare\napproximation\t")
    assert "# a.png, 40x52: V0 = " in text
    assert text.endswith("castle.png: the picture\n")
    drawn, pixels = np.asarray(Image.open("castle.png")), np.asarray(Image.open("a.png"))
    wanted = Pyramid("db2", 2, transform=transform).mosaic(pixels / np.float32(255))
    assert np.abs(drawn - 255 * wanted).max() <= 0.51


def test_the_command_reports_json(desk):
    image("grey.png", (40, 52))
    found = json.loads(succeed("pyramid", "grey.png", "--levels", 1, "--json"))
    assert (found["shape"], found["channels"], found["output"]) == ([40, 52], 1, None)
    assert [band["band"] for band in found["bands"]][:2] == ["approximation", "level1_horizontal"]
    assert sum(band["share"] for band in found["bands"]) == pytest.approx(1)
    x = np.asarray(Image.open("grey.png"), np.float32) / 255
    energies = Pyramid(levels=1).decompose(x).energies()
    assert [band["energy"] for band in found["bands"]] == pytest.approx(list(energies.values()))


def test_grey_and_lines(desk):
    image("a.png", (40, 52, 3))
    succeed("pyramid", "a.png", "-o", "grey.jpg", "--levels", 1, "--grey", "--no-lines")
    with Image.open("grey.jpg") as drawn:
        assert (drawn.mode, drawn.size) == ("L", (52, 40))
    Image.new("RGB", (40, 40)).save("black.png")
    found = json.loads(succeed("pyramid", "black.png", "-o", "b.png", "--levels", 1, "--json"))
    assert found["bands"][0]["share"] == 0
    assert not np.asarray(Image.open("b.png"))[:20, :20].any()


def test_the_command_fails_in_one_line(desk):
    image("a.png", (40, 52, 3))
    assert re.match(
        "a.png: levels=4 is too many .* type levels=2", fail("pyramid", "a.png", "-o", "c.png", code=2)
    )
    assert "did you mean 'db4'" in fail("pyramid", "a.png", "--wavelet", "db4x", code=2)
    assert "transform must be one of" in fail("pyramid", "a.png", "--transform", "x", code=2)
    assert "a picture is written as .png, .jpg, .tif" in fail("pyramid", "a.png", "-o", "c.gif", code=2)
    assert "does not exist; create it first" in fail("pyramid", "a.png", "-o", "no/c.png")
    assert "none.png: " in fail("pyramid", "none.png", "-o", "c.png")
    Path("broken.png").write_bytes(Path("a.png").read_bytes()[:300])
    assert "broken.png: can't be decoded" in fail("pyramid", "broken.png", "-o", "c.png", "--levels", 1)
    assert run("pyramid", "a.png", "--levels", 0).exit_code == 2
    assert files_here() == ["a.png", "broken.png"]


# ------------------------------------------------------------------ what it costs
def test_decompositions_cost_no_import_of_sklearn_or_pywavelets():
    code = (
        "import sys; from scatter import Decomposition, Pyramid; "
        "print([m for m in ('sklearn', 'pywt', 'matplotlib', 'scipy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_same_parameters_make_the_same_features():
    P = Pyramid("db2", 2, "reflect", "packet")
    E = WaveletEnergies("db2", 2, "reflect", "packet").fit(signal(2, 24, 24))
    assert E.bands_ == P.names
    assert replace(P, levels=1) == Pyramid("db2", 1, "reflect", "packet")
