"""The compiled executor of volumes gives the array executor's numbers."""

import itertools

import numpy as np
import pytest
from sklearn.base import clone

from scatter import HarmonicScattering3D, InputError
from scatter.frames.solidharmonic import harmonics, powers_of_x, separated
from scatter.kernels.library import load

pytestmark = pytest.mark.skipif(load() is None, reason="the compiled executor is not built")

SHAPES = [(8, 8, 8), (16, 12, 20), (9, 11, 7), (6, 34, 33), (1, 10, 12), (1, 1, 16), (40, 5, 2)]
OPTIONS = [
    {},
    {"method": "local"},
    {"integral_powers": (0.5, 0.7, 1, 2, 3, 4.5, 6), "log": True},
    {"ratios": True, "log": 0.1},
    {"L": 0},
    {"L": 4, "max_order": 3},
    {"L": 12, "max_order": 1},
    {"max_order": 1},
    {"max_order": 0},
]


def volumes(shape, dtype="float64", count=3):
    return np.random.default_rng(0).standard_normal((count, *shape)).astype(dtype)


def difference(S, x):
    """Largest difference of both executors over the coefficients of each path, in units of rounding."""
    got, wanted = (clone(S).set_params(executor=executor)(x) for executor in ("compiled", "array"))
    assert got.dtype == wanted.dtype == x.dtype
    axes = (0, *range(2, wanted.ndim)) if S.method == "local" else 0
    return (np.abs(got - wanted).max(axes) / np.abs(wanted).max(axes)).max() / np.finfo(x.dtype).eps


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_both_executors_agree(shape, options):
    scales = itertools.product((0, 1), (1.0, 1.7))
    fits = [(J, s) for J, s in scales if all(n == 1 or s * 2**J <= n for n in shape)]
    for (J, sigma_0), dtype in zip(fits, itertools.cycle(("float64", "float32"))):
        S = HarmonicScattering3D(J, shape, sigma_0=sigma_0, **{"L": 2} | options)
        # Polynomials of high degree are differences of large numbers.
        assert difference(S, volumes(shape, dtype)) < (2000 if S.L > 4 and dtype == "float64" else 60)


def test_wavelets_that_fill_little_of_the_spectrum():
    assert difference(HarmonicScattering3D(3, (48, 32, 64), L=1, sigma_0=2.0), volumes((48, 32, 64))) < 60


@pytest.mark.parametrize("degree", range(13))
def test_harmonics_are_polynomials_of_one_coordinate(degree):
    z, y, x = (
        np.random.default_rng(degree).standard_normal((3, 40, 1))
        * 10.0 ** np.arange(-2, 2).repeat(10)[:, None]
    )
    z[:3], y[1:5], x[4:8] = 0, 0, 0  # the origin, and axes
    polynomials = separated(degree, z, y)
    expectations = harmonics(degree, (z, y, x))
    for place, (coefficients, expected) in enumerate(zip(polynomials, expectations, strict=True)):
        found = (coefficients * x ** powers_of_x(degree, place)).sum(-1)
        size = (x**2 + y**2 + z**2)[:, 0] ** (degree / 2)
        assert (np.abs(found - expected[:, 0]) <= 2e-15 * 3.0**degree * size).all()


def test_threads_change_nothing():
    x = volumes((16, 20, 24), count=5)
    S = HarmonicScattering3D(1, (16, 20, 24), executor="compiled", n_jobs=1)
    np.testing.assert_array_equal(clone(S).set_params(n_jobs=2)(x), S(x))
    np.testing.assert_array_equal(np.stack([clone(S).set_params(n_jobs=2)(one) for one in x]), S(x))


@pytest.mark.parametrize("size", [1e-30, 1e-12, 1e12, 1e30])
def test_squares_do_not_leave_the_range_of_float32(size):
    x = volumes((8, 12, 10), "float32")
    S = HarmonicScattering3D(1, (8, 12, 10), integral_powers=(0.5, 1.0), executor="compiled")
    sizes = np.float32(size) ** np.float32([0.5, 1])
    np.testing.assert_allclose(S(np.float32(size) * x), sizes * S(x), rtol=1e-5)
    local = clone(S).set_params(method="local")
    np.testing.assert_allclose(
        local(np.float32(size) * x), np.float32(size) * local(x), rtol=1e-4, atol=1e-5 * size
    )


def test_zeros_leave_zeros_and_what_is_not_finite_stays_in_its_own_volume():
    shape = (8, 9, 18)
    S = HarmonicScattering3D(1, shape, executor="compiled")
    assert not S(np.zeros(shape)).any()
    cascade = S._plan(shape)._compiled.cascade
    x = volumes(shape, count=4)
    right = cascade(x, 1)
    x[1, 3, 4, 5] = np.nan
    got = cascade(x, 1)
    assert np.isnan(got[1]).all()
    np.testing.assert_array_equal(got[[0, 2, 3]], right[[0, 2, 3]])


def test_complex_wavelets_are_left_to_the_array_executor():
    S = HarmonicScattering3D(1, (8, 8, 8), rotation_covariant=False)
    assert S._plan((8, 8, 8))._compiled is None
    with pytest.raises(
        InputError, match="rotation_covariant=False has complex wavelets; type executor='auto'"
    ):
        clone(S).set_params(executor="compiled")(volumes((8, 8, 8)))
    prime = HarmonicScattering3D(0, (1, 1, 1042), executor="compiled")
    prime(volumes((1, 1, 1042)))
    with pytest.raises(InputError, match="the prime factor 523, above 521"):
        prime.set_params(shape=(1, 1, 523))(volumes((1, 1, 523)))
