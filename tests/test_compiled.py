"""The compiled executor gives the array executor's numbers, whatever comes in, on any instruction set."""

import dataclasses
import itertools
import math
import os

import numpy as np
import pytest

from scatter import Scattering1D, Scattering2D
from scatter.domains.grid import Grid
from scatter.frames.convolution import ConvolutionFrame
from scatter.kernels.executor import CompiledCascade, largest_prime, run
from scatter.kernels.library import load
from scatter.kernels.readings import Reading
from scatter.numerics.fourier import gaussian
from scatter.numerics.moments import STEADY
from scatter.paths import Band, PathTree
from scatter.transforms.plan import Plan
from scatter.transforms.readout import Readout

SWEEP = int(os.environ.get("SCATTER_SWEEP", "400"))
"""Random combinations of parameters; 10,000 take some five minutes."""
CHUNKS = 16
LARGE_PRIMES = (131, 251, 257, 509, 521, 523, 1009, 2053, 4099, 8209, 16411, 32771)
TYPES = ("float32", "float64", "complex64", "complex128")

pytestmark = pytest.mark.skipif(load() is None, reason="the compiled executor is not built")


def noise(rng, shape, dtype):
    x = rng.standard_normal(shape) + 1
    return (x + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def by_lanes(plan, x):
    """Coefficients (batch, coefficients) with lanes that are signals, and with lanes that are columns."""
    for columns in (False, True):
        program = plan._compiled.cascade.program(x.dtype, columns=columns)
        out = np.full((len(x), program.coefficients), np.nan, program.dtype)
        run(program, x, out, 1)
        yield out


def by_arrays(plan, x):
    items = dataclasses.replace(plan, executor="array").items(x)
    return np.concatenate([item.reshape(len(x), -1) for item in items], axis=1)


def error(S, got, wanted):
    """Largest error, in units of rounding of the largest coefficient."""
    eps = np.finfo(wanted.dtype).eps
    if S.pooling != "moments":
        return np.abs(got - wanted).max() / np.abs(wanted).max() / eps
    got, wanted = got.reshape(-1, 4), wanted.reshape(-1, 4)
    largest = np.abs(wanted[:, :2]).max()
    # Skewness and kurtosis are those of deviations: the smaller they are, the more of them is rounding.
    units = largest * np.ones(4)
    steady = STEADY * np.abs(wanted[:, :1])
    units = units + np.array([0, 0, 1, 1]) * (largest / np.sqrt(wanted[:, 1:2] + steady**2 + eps**2))
    return (np.abs(got - wanted) / units).max() / eps / 10


def assert_equal(S, x):
    plan = S._plan(x.shape[x.ndim - (1 if isinstance(S, Scattering1D) else 2) :])
    wanted = by_arrays(plan, x)
    for got in by_lanes(plan, x):
        assert got.dtype == wanted.dtype
        found = error(S, got, wanted)
        assert found < (400 if S.log else 40), f"{S} on {x.dtype}{x.shape} is off by {found:.3g} roundings"


# ---------------------------------------------------------------------- every combination
def some_transform(rng):
    """A transform with random parameters, small enough to be quick."""

    def one_of(*options):
        return options[rng.integers(len(options))]

    common = {
        "max_order": one_of(0, 1, 2, 2, 3),
        "padding": one_of("reflect", "symmetric", "periodic", "zero", None),
        "average": one_of(True, True, "global", False),
        "pooling": one_of(None, None, "mean", "moments"),
        "log": one_of(False, False, 0.1),
        "two_sided": one_of(False, False, True),
        "executor": "compiled",
        "tol": one_of(None, None, 1e-2, 1e-4),
    }
    if common["average"] == "global" and common["pooling"] == "moments":
        common["pooling"] = None
    if rng.random() < 0.5:
        J = int(rng.integers(1, 7))
        N = int(rng.integers(2**J, max(2**J + 2, one_of(40, 140, 700))))
        if common["padding"] is None:
            N -= N % 2**J
        return Scattering1D(J, N, one_of(1, 2, 5, 8, (4, 2)), **common)
    J = int(rng.integers(1, 4))
    sides = [int(rng.integers(2**J, max(2**J + 2, one_of(12, 30, 60)))) for _ in range(2)]
    if common["padding"] is None:
        sides = [side - side % 2**J for side in sides]
    stride = one_of(None, None, 1 << int(rng.integers(0, J + 1)))
    return Scattering2D(J, tuple(sides), one_of(1, 2, 3, 4, 8), stride=stride, **common)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_combinations(chunk):
    for seed in range(chunk, SWEEP, CHUNKS):
        rng = np.random.default_rng(seed)
        S = some_transform(rng)
        shape = S.shape if isinstance(S.shape, tuple) else (S.shape,)
        assert_equal(S, noise(rng, (rng.integers(1, 10), *shape), TYPES[rng.integers(4)]))


@pytest.mark.parametrize("columns", [False, True])
def test_every_size(columns):
    """Transforms of n points for every n from 1 to 130: no padding, and an average at every point."""
    rng = np.random.default_rng(0)
    for n in range(2, 131):
        S = Scattering1D(J=1, shape=n, T=1, padding=None, executor="compiled")
        x = noise(rng, (3, n), "float64")
        plan = S._plan((n,))
        got = list(by_lanes(plan, x))[columns]
        np.testing.assert_allclose(got, by_arrays(plan, x), atol=1e-13)
    S = Scattering1D(J=3, shape=8, padding=None, executor="compiled")  # down to one point
    assert_equal(S, noise(rng, (5, 8), "float64"))


@pytest.mark.parametrize("n", LARGE_PRIMES)
def test_large_primes(n):
    x = noise(np.random.default_rng(n), (2, n), "float32")
    S = Scattering1D(J=3, shape=n, T=1, padding=None)
    wanted = Scattering1D(J=3, shape=n, T=1, padding=None, executor="array")(x)
    np.testing.assert_allclose(S(x), wanted, atol=2e-6 * np.abs(wanted).max())
    compiled = S._plan((n,))._compiled
    assert (compiled is None) == (n > 521)
    if compiled is None:
        with pytest.raises(
            ValueError, match=f"the padded grid, {n}, has the prime factor {n}, above 521; type exec"
        ):
            S.set_params(executor="compiled")(x)


def test_largest_prime():
    assert [largest_prime(n) for n in (1, 2, 12, 97, 1088, 2 * 97 * 97)] == [1, 2, 3, 97, 17, 97]


# ---------------------------------------------------------------------- volumes
@dataclasses.dataclass(frozen=True)
class Bumps3D:
    """Gaussian bumps in three directions: a bank for volumes."""

    J: int
    aliasing = "sum"

    @property
    def log2_stride(self):
        return self.J

    def bands(self, order):
        places = itertools.product(range(self.J), range(3))
        return tuple(
            Band(n, j, (("j", j), ("axis", axis)), 0.3 / 2**j, 0.08 / 2**j)
            for n, (j, axis) in enumerate(places)
        )

    def follows(self, previous, band):
        return previous is None or band.j > previous.j

    def resolution(self, band):
        return band.j

    def psi(self, band, shape):
        spectrum = np.ones(())
        for axis, n in enumerate(shape):
            centre = band.xi if axis == band.label("axis") else 0
            turns = np.fft.fftfreq(n) - centre
            spectrum = np.multiply.outer(spectrum, gaussian(turns - np.round(turns), band.sigma))
        return spectrum

    def phi(self, shape):
        return tuple(gaussian(np.fft.fftfreq(n), 0.08 / 2**self.J) for n in shape)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("average", [True, "global", False])
@pytest.mark.parametrize("shape", [(8, 12, 20), (20, 16, 8), (24, 4, 12)])
def test_volumes(shape, average, dtype):
    grid = Grid(tuple(n - 2 for n in shape), shape, (1, 1, 1), "reflect")
    frame = ConvolutionFrame(Bumps3D(2), grid)
    tree = PathTree(frame.bank, 2)
    plan = Plan(frame, tree, Readout(average, None, False), "compiled")
    x = noise(np.random.default_rng(0), (5, *grid.shape), dtype)
    wanted = by_arrays(plan, x)
    for got in by_lanes(plan, x):
        tolerance = 3e-6 if x.dtype.itemsize // (1 + (x.dtype.kind == "c")) == 4 else 1e-13
        np.testing.assert_allclose(got, wanted, atol=tolerance * np.abs(wanted).max())


def test_four_axes_are_left_to_the_array_executor():
    frame = ConvolutionFrame(Bumps3D(1), Grid((4,) * 4, (4,) * 4, (0,) * 4, None))
    compiled = CompiledCascade(frame, PathTree(frame.bank, 0), Reading(True, None, -1.0), load())
    assert compiled.refusal == "the grid has 4 axes, above 3"


# ---------------------------------------------------------------------- what comes in
LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "every second": lambda x: np.repeat(np.repeat(x, 2, 0), 2, -1)[::2, ..., ::2],
    "reversed": lambda x: x[::-1, ..., ::-1].copy()[::-1, ..., ::-1],
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    "S", [Scattering1D(3, 100, two_sided=True), Scattering2D(2, (12, 20), two_sided=True)], ids=str
)
def test_any_layout(S, dtype, layout):
    shape = S.shape if isinstance(S.shape, tuple) else (S.shape,)
    x = LAYOUTS[layout](noise(np.random.default_rng(0), (9, *shape), dtype))
    plain = np.ascontiguousarray(x).astype(dtype)
    before = x.copy()
    np.testing.assert_array_equal(S.set_params(executor="compiled")(x), S(plain))
    np.testing.assert_array_equal(x, before)


def test_read_only_input_and_any_batch():
    S = Scattering2D(2, (12, 20), executor="compiled")
    x = noise(np.random.default_rng(0), (2, 3, 5, 12, 20), "float32")
    x.flags.writeable = False
    y = S(x)
    assert y.shape == (2, 3, 5, 81, 3, 5)
    assert y.flags.writeable
    np.testing.assert_array_equal(y[1, 2, 4], S(x[1, 2])[4])
    single = S(x[1, 2, 4])  # by other lanes, so to rounding
    np.testing.assert_allclose(single, y[1, 2, 4], atol=1e-6 * np.abs(single).max())


@pytest.mark.parametrize("size", [1e-37, 1e-30, 1e-20, 1e20, 1e30, 1e37])
def test_squares_do_not_leave_the_range_of_float32(size):
    x = noise(np.random.default_rng(0), (9, 12, 20), "float32")
    S = Scattering2D(2, (12, 20), executor="compiled")
    tiny = np.float32(size) * x
    np.testing.assert_allclose(S(tiny), np.float32(size) * S(x), rtol=1e-5, atol=1e-6 * size)


def test_zeros_and_constants():
    S = Scattering2D(2, (12, 20), executor="compiled")
    assert not S(np.zeros((9, 12, 20), "float32")).any()
    ones = S(np.ones((9, 12, 20)))
    np.testing.assert_allclose(ones[:, 0], 1, rtol=1e-4)
    np.testing.assert_allclose(ones[:, 1:], 0, atol=1e-15)


@pytest.mark.parametrize("S", [Scattering1D(4, 300, 4), Scattering2D(2, (20, 23))], ids=str)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_stays_in_its_own_signal(S, bad):
    shape = S.shape if isinstance(S.shape, tuple) else (S.shape,)
    x = noise(np.random.default_rng(0), (17, *shape), "float32")
    plan = S.set_params(executor="compiled")._plan(shape)
    right = list(by_lanes(plan, x))
    x[4].flat[7] = bad
    for got, wanted in zip(by_lanes(plan, x), right, strict=True):
        assert not np.isfinite(got[4, len(got[4]) // 2 :]).any()
        rest = np.arange(17) != 4
        np.testing.assert_array_equal(got[rest], wanted[rest])


# ---------------------------------------------------------------------- tolerance
@pytest.mark.parametrize("S", [Scattering1D(6, 1000, 8), Scattering2D(3, (60, 50))], ids=str)
@pytest.mark.parametrize(("tol", "error"), [(1e-6, 2e-5), (1e-4, 1e-3), (1e-2, 5e-2)])
def test_tolerance(S, tol, error):
    shape = S.shape if isinstance(S.shape, tuple) else (S.shape,)
    x = noise(np.random.default_rng(0), (4, *shape), "float64")
    exact = S.set_params(tol=None, executor="array")(x)
    rough = S.set_params(tol=tol, executor="array")(x)
    compiled = S.set_params(tol=tol, executor="compiled")(x)
    size = np.linalg.norm(exact)
    assert 0 < np.linalg.norm(rough - exact) < error * size
    assert np.linalg.norm(compiled - exact) < error * size
    fewer, all_of_them = (
        S.set_params(tol=t)._plan(shape)._compiled.cascade.program(x.dtype, columns=False).operations
        for t in (tol, None)
    )
    assert fewer < all_of_them
