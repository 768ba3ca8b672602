"""The mathematics under the transforms: padding, Fourier, low-pass maps, constants, grids and wavelets."""

import math
import pickle

import numpy as np
import pytest
import scipy.fft
from conftest import Backend
from hypothesis import example, given
from hypothesis import strategies as st

from scatter.domains.grid import Grid, line, plane
from scatter.frames.morlet1d import Morlet1D, bump, lowpass_spectrum
from scatter.frames.morlet2d import Morlet2D
from scatter.numerics import lowpass
from scatter.numerics.boundary import pad, source
from scatter.numerics.fourier import fftn, ifftn, wrap
from scatter.numerics.lowpass import AxisLowPass, separable
from scatter.numerics.namespace import Constant

MODES = {"reflect": "reflect", "symmetric": "symmetric", "periodic": "wrap", "zero": "constant"}
SEEDS = st.integers(0, 2**32 - 1)
REALS = ["float32", "float64"]
ROUNDING = {"float32": 2e-6, "float64": 1e-13, "complex64": 2e-6, "complex128": 1e-13}


def noise(seed, shape, dtype="float64"):
    real, imaginary = np.random.default_rng(seed).standard_normal((2, *shape))
    return (real + 1j * imaginary if dtype.startswith("complex") else real).astype(dtype)


def assert_close(got, wanted, dtype):
    """Equal to the rounding of ``dtype``, relative to the largest value."""
    assert got.shape == wanted.shape
    scale = max(np.abs(wanted).max(), np.finfo(wanted.dtype).tiny)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=ROUNDING[dtype] * scale)


# ---------------------------------------------------------------------- boundary
@given(st.integers(1, 20), st.integers(0, 70), st.integers(0, 70))
@pytest.mark.parametrize("padding", ["reflect", "symmetric", "periodic"])
def test_source_is_numpy_pad(padding, size, before, after):
    wanted = np.pad(np.arange(size), (before, after), MODES[padding])
    np.testing.assert_array_equal(source(size, before, after, padding), wanted)


@pytest.mark.parametrize("axis", [-1, -2, 1])
@pytest.mark.parametrize("padding", list(MODES))
def test_pad_is_numpy_pad_in_every_library(backend, padding, axis):
    x = noise(0, (2, 5, 4))
    room = [(0, 0)] * 3
    room[axis] = (6, 9)
    where = None if padding == "zero" else Constant(source(x.shape[axis], 6, 9, padding))
    got = pad(backend.asarray(x), axis, 6, 9, padding, where)
    np.testing.assert_array_equal(backend.to_numpy(got), np.pad(x, room, MODES[padding]))


def test_no_padding_returns_the_very_array():
    x = np.ones(3)
    assert pad(x, -1, 0, 0, "zero", None) is x


# ---------------------------------------------------------------------- Fourier
@pytest.mark.parametrize("dtype", [*REALS, "complex64", "complex128"])
@pytest.mark.parametrize(("shape", "ndim"), [((3, 8), 1), ((7,), 1), ((2, 5, 6), 2), ((2, 1, 4, 3, 5), 3)])
def test_fftn_and_ifftn_are_scipys(backend, shape, ndim, dtype):
    x = noise(0, shape, dtype)
    axes = tuple(range(-ndim, 0))
    spectrum = fftn(backend.asarray(x), ndim)
    assert backend.to_numpy(spectrum).dtype == np.result_type(dtype, "complex64")
    assert_close(backend.to_numpy(spectrum), scipy.fft.fftn(x, axes=axes, norm="forward"), dtype)
    assert_close(backend.to_numpy(ifftn(spectrum, ndim)), x.astype(np.result_type(dtype, "complex64")), dtype)


def test_fftn_leaves_its_input_alone(backend):
    x = noise(0, (4, 8), "complex64")
    given_array = backend.asarray(x)
    fftn(given_array, 1)
    np.testing.assert_array_equal(backend.to_numpy(given_array), x)


@st.composite
def blocks(draw):
    """A block of samples, its position, and periods larger and smaller than it."""
    ndim = draw(st.integers(1, 3))
    sides = st.tuples(*[st.integers(1, 7)] * ndim)
    values = noise(draw(SEEDS), draw(sides), draw(st.sampled_from(["float64", "complex128"])))
    return values, draw(st.tuples(*[st.integers(-30, 30)] * ndim)), draw(sides)


@given(blocks())
def test_wrap_is_the_sum_of_all_images(block):
    values, start, shape = block
    wanted = np.zeros(shape, values.dtype)
    for index in np.ndindex(values.shape):
        wanted[tuple((s + i) % n for s, i, n in zip(start, index, shape, strict=True))] += values[index]
    np.testing.assert_allclose(wrap(values, start, shape), wanted, atol=1e-14)


# ---------------------------------------------------------------------- low-pass
@st.composite
def lowpasses(draw):
    """Arguments of an `AxisLowPass`: any even spectrum, any step that divides, any run of outputs."""
    step, cells = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    n = step * cells
    kernel = noise(draw(SEEDS), (n,))
    start = draw(st.integers(0, cells - 1))
    count = draw(st.integers(1, cells - start))
    return np.fft.fft(kernel + kernel[-np.arange(n) % n]).real, step, start, count


def circular(x, spectrum, step, start, count):
    """Circular convolution, one product at a time."""
    n = spectrum.size
    h = np.fft.ifft(spectrum).real
    outputs = [(start + o) * step for o in range(count)]
    return np.stack([sum(h[(o - i) % n] * x[..., i] for i in range(n)) for o in outputs], axis=-1)


def assert_both_branches_convolve(backend, dtype, arguments, x):
    wanted = circular(x, *arguments)
    for entries, dense in ((2**22, True), (0, False)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lowpass, "MATRIX_ENTRIES", entries)
            h = AxisLowPass(*arguments)
            assert h.dense is dense
            got = backend.to_numpy(h(backend.asarray(x)))
        assert got.dtype == dtype
        scale = np.abs(np.fft.ifft(arguments[0])).sum() * np.abs(x).max()
        np.testing.assert_allclose(got, wanted, rtol=0, atol=2 * ROUNDING[dtype] * scale)


@given(lowpasses(), SEEDS, st.sampled_from([(), (2,), (2, 3)]), st.sampled_from(REALS))
def test_both_branches_of_the_lowpass_are_circular_convolution(arguments, seed, batch, dtype):
    x = noise(seed, (*batch, arguments[0].size), dtype)
    assert_both_branches_convolve(Backend("numpy", np), dtype, arguments, x)


@pytest.mark.parametrize("dtype", REALS)
def test_both_branches_of_the_lowpass_agree_in_every_library(backend, dtype):
    arguments = lowpass_spectrum(3.0, 24), 4, 1, 3
    assert_both_branches_convolve(backend, dtype, arguments, noise(0, (2, 3, 24), dtype))


def test_separable_applies_each_map_to_its_own_axis(backend):
    x = noise(0, (2, 6, 4, 10))
    spectra = [lowpass_spectrum(2.0, n) for n in x.shape[1:]]
    steps = (3, 1, 5)
    maps = tuple(AxisLowPass(h, step, 0, h.size // step) for h, step in zip(spectra, steps, strict=True))
    full = np.multiply.outer(np.multiply.outer(spectra[0], spectra[1]), spectra[2])
    wanted = np.fft.ifftn(np.fft.fftn(x, axes=(1, 2, 3)) * full, axes=(1, 2, 3)).real[:, ::3, :, ::5]
    assert_close(backend.to_numpy(separable(backend.asarray(x), maps)), wanted, "float64")


# ---------------------------------------------------------------------- constants
@pytest.mark.parametrize("dtype", [*REALS, "complex64", "complex128"])
def test_a_constant_takes_the_library_and_precision_of_what_it_meets(backend, dtype):
    values = np.asarray([1.0, 1 / 3])
    got = backend.to_numpy(Constant(values).like(backend.asarray(np.ones(2, dtype))))
    assert got.dtype == ("float32" if dtype in ("float32", "complex64") else "float64")
    np.testing.assert_array_equal(got, values.astype(got.dtype))


def test_indices_stay_integers(backend):
    got = Constant(np.arange(3)).like(backend.asarray(np.ones(3, "float32")))
    assert backend.to_numpy(got).dtype == "int64"


def test_a_constant_is_cast_once_and_never_shared(backend):
    constant = Constant(np.ones(2))
    first = constant.like(backend.asarray(np.ones(2)))
    if backend.name not in ("jax", "numpy", "numpy read-only"):
        assert constant.like(backend.asarray(np.ones(2))) is first
        first[0] = 5.0
    np.testing.assert_array_equal(constant.value, 1)


def test_a_pickled_constant_leaves_its_casts_behind(backend):
    constant = Constant(np.ones(1000))
    fresh = len(pickle.dumps(constant))
    constant.like(backend.asarray(np.ones(1, "float32")))
    constant.like(backend.asarray(np.ones(1, "float64")))
    assert len(pickle.dumps(constant)) == fresh
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(constant)).value, constant.value)


# ---------------------------------------------------------------------- grids
@st.composite
def grids(draw):
    """Grids as the estimators make them, and a resolution that they have."""
    padding = draw(st.sampled_from([*MODES, None]))
    if draw(st.booleans()):
        N = draw(st.integers(1, 500))
        T = draw(st.floats(1, N))
        resolution = draw(st.integers(0, int(math.log2(T))))
        if padding is None:
            N += -N % 2**resolution
        return line(N, lambda n: lowpass_spectrum(T, n), padding), resolution
    J = draw(st.integers(1, 4))
    sides = (draw(st.integers(2**J, 60)), draw(st.integers(2**J, 60) | st.just(1)))
    if padding is None:
        sides = tuple(side + -side % 2**J for side in sides)
    return plane(sides, J, padding), draw(st.integers(0, J))


@given(grids())
def test_the_window_lies_inside_of_the_padded_box(case):
    grid, resolution = case
    ends = zip(grid.window(resolution), grid.size(resolution), strict=True)
    assert all(start >= 0 and count >= 1 and start + count <= size for (start, count), size in ends)
    assert grid.output(resolution) == tuple(count for _, count in grid.window(resolution))
    assert grid.points(resolution) == math.prod(grid.size(resolution))
    assert all(n >= 0 for n in (*grid.before, *grid.after))


@given(grids())
def test_output_samples_are_centred_on_the_signal(case):
    """From the first sample to the end of the signal's span, half-open; one step apart."""
    grid, resolution = case
    for positions, side in zip(grid.positions(resolution), grid.shape, strict=True):
        assert 0 <= positions[0] < 2**resolution
        assert positions[-1] < side or (positions.size == 1 and not grid.covering)
        assert (np.diff(positions) == 2**resolution).all()
        if grid.covering:
            assert positions[-1] + 2**resolution >= side


@given(grids(), SEEDS)
def test_cropping_what_was_padded_gives_the_signal_back(case, seed):
    grid, resolution = case
    x = noise(seed, (2, *grid.shape))
    padded = grid.pad(x)
    assert padded.shape == (2, *grid.padded)
    np.testing.assert_array_equal(grid.crop(padded, 0), x)
    sampled = padded[(..., *[slice(None, None, 2**resolution)] * grid.ndim)]
    inside = [p[p < n] for p, n in zip(grid.positions(resolution), grid.shape, strict=True)]
    cropped = grid.crop(sampled, resolution)[(..., *(slice(len(p)) for p in inside))]
    np.testing.assert_array_equal(cropped, x[(..., *np.ix_(*inside))])


@pytest.mark.parametrize("padding", list(MODES))
def test_grids_pad_and_crop_in_every_library(backend, padding):
    grid = Grid((5, 1), (9, 4), (3, 2), padding)
    x = noise(0, (2, 5, 1), "float32")
    padded = grid.pad(backend.asarray(x))
    wanted = np.pad(x, [(0, 0), (3, 1), (2, 1)], MODES[padding])
    np.testing.assert_array_equal(backend.to_numpy(padded), wanted)
    np.testing.assert_array_equal(backend.to_numpy(grid.crop(padded, 0)), x)


def test_a_grid_handed_in_padded_keeps_its_window():
    grid = plane((20, 33), 3, "reflect")
    bare = grid.handed_in_padded()
    x = np.ones(grid.padded)
    assert bare.pad(x) is x
    assert [bare.window(r) for r in range(4)] == [grid.window(r) for r in range(4)]


# ---------------------------------------------------------------------- wavelets on the line
@given(st.integers(1, 8), st.integers(1, 16), st.sampled_from([1, 1.25, 1.5, 2, 3.7]))
@example(3, 16, 1)
@example(5, 12, 1)
def test_1d_wavelets_have_unit_l1_norm_and_zero_mean(J, Q, length):
    """On every circle that is at least as long as the largest scale."""
    n = math.ceil(length * 2**J)
    bank = Morlet1D(J, (Q, 1), T=1.0, log2_stride=0, limit=J)
    for band in (*bank.bands(1), *bank.bands(2)):
        psi = bank.psi(band, (n,))
        assert abs(np.abs(np.fft.ifft(psi)).sum() - 1) <= 1e-9, f"{band} on {n} samples"
        assert abs(psi[0]) <= 1e-15 * np.abs(psi).max()


@given(st.integers(1, 600), st.floats(1, 600))
def test_1d_average_is_positive_and_of_unit_mass(n, T):
    h = np.fft.ifft(lowpass_spectrum(T, n))
    assert h.real.min() >= -1e-16
    assert abs(h.sum() - 1) <= 1e-14
    np.testing.assert_allclose(h.imag, 0, atol=1e-15)


@given(st.floats(0, 0.5), st.floats(1e-3, 0.2), st.integers(1, 300))
def test_bump_is_a_gaussian_summed_over_its_images(xi, sigma, n):
    w = np.arange(n) / n + np.arange(-4, 5)[:, None]
    wanted = np.exp(-((w - xi) ** 2) / (2 * sigma**2)).sum(0)
    # Frequencies up to 1 are exact to 1e-16, and the slope of the Gaussian is below 0.61 / sigma.
    np.testing.assert_allclose(bump(xi, sigma, n), wanted, rtol=0, atol=1e-15 / sigma)


# ---------------------------------------------------------------------- wavelets on the plane
def poisson2d(bank, band, shape):
    """Spectrum of a wavelet in closed form: the Gaussian spectrum summed over its aliases."""
    sigma, slant = 0.8 * 2**band.j, 4 / bank.L
    rows, columns = (2 * np.pi * (np.arange(n) / n + np.arange(-8, 9)[:, None]) for n in shape)
    u, v = rows[:, None, :, None], columns[None, :, None, :]
    along, across = (
        u * np.cos(band.angle) + v * np.sin(band.angle),
        v * np.cos(band.angle) - u * np.sin(band.angle),
    )

    def gabor(xi):
        return np.exp(-0.5 * sigma**2 * ((along - xi) ** 2 + across**2 / slant**2)).sum((0, 1))

    wave, envelope = gabor(2 * np.pi * band.xi), gabor(0.0)
    return np.pi / 3.1415 * (wave - wave[0, 0] / envelope[0, 0] * envelope)


@pytest.mark.parametrize("shape", [(48, 48), (40, 61), (64, 37)])
@pytest.mark.parametrize("L", [1, 3, 4, 8])
def test_2d_wavelets_are_their_closed_form_in_frequency(shape, L):
    """By Poisson's summation formula, where the filters are small against the box."""
    bank = Morlet2D(2, L)
    for band in bank.bands(1):
        psi = bank.psi(band, shape)
        np.testing.assert_allclose(psi, poisson2d(bank, band, shape), rtol=0, atol=1e-12)


@given(st.integers(1, 4), st.integers(1, 8), st.tuples(st.integers(1, 50), st.integers(1, 50)))
def test_2d_wavelets_have_zero_mean(J, L, shape):
    bank = Morlet2D(J, L)
    for band in bank.bands(1):
        psi = bank.psi(band, shape)
        assert abs(psi[0, 0]) <= 1e-15
        assert np.isfinite(psi).all()


@pytest.mark.parametrize("J", [1, 2, 3])
def test_2d_average_is_its_closed_form_in_frequency(J):
    w = 2 * np.pi * (np.arange(40) / 40 + np.arange(-4, 5)[:, None])
    wanted = math.sqrt(np.pi / 3.1415) * np.exp(-0.5 * (0.8 * 2 ** (J - 1) * w) ** 2).sum(0)
    for phi in Morlet2D(J, 8).phi((40, 40)):
        np.testing.assert_allclose(phi, wanted, rtol=0, atol=1e-13)
