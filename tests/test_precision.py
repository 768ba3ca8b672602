"""Numbers have the precision of their input: at the end of its range, in statistics, under autocast."""

import numpy as np
import pytest

from scatter import (
    GraphScattering,
    HarmonicScattering3D,
    MeshScattering,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    SphericalScattering,
)
from scatter.domains.graph import Graph
from scatter.domains.shapes import icosphere
from scatter.numerics.harmonic import HarmonicTransform
from scatter.numerics.lowpass import AxisLowPass

RNG = np.random.default_rng(0)
EXECUTORS = ["array", "compiled"]


# ---------------------------------------------------------------------- the range of a type
@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("peak", [1e37, 3e38])
@pytest.mark.parametrize("make", [
    lambda executor: Scattering1D(J=6, Q=4, executor=executor),
    lambda executor: Scattering1D(J=6, T=3, stride=1, executor=executor),
    lambda executor: Scattering1D(J=6, average="global", executor=executor),
    lambda executor: Scattering1D(J=4, pooling="mean", executor=executor),
    lambda executor: Scattering1D(J=6, average=False, out_type="list", executor=executor),
    lambda executor: Scattering2D(J=3, L=3, executor=executor),
])  # fmt: skip
def test_the_largest_numbers_are_transformed(executor, peak, make):
    S = make(executor)
    x = RNG.uniform(-1, 1, (3, 512) if isinstance(S, Scattering1D) else (3, 32, 32))
    x /= np.abs(x).max()
    listed = S.out_type == "list"
    got, wanted = S((peak * x).astype("float32")), S(x)
    pairs = zip(got, wanted, strict=True) if listed else [(got, wanted)]
    for found, known in pairs:
        found, known = (found["coef"], known["coef"]) if listed else (found, known)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found / peak, known, atol=2e-6)


@pytest.mark.parametrize("library", ["torch", "jax.numpy", "array_api_strict"])
def test_the_largest_numbers_in_other_libraries(library):
    xp = pytest.importorskip(library)
    x = RNG.uniform(-1, 1, (2, 512)).astype("float32")
    S = Scattering1D(J=6, executor="array")
    scale = 2.0**126
    found = np.asarray(S(xp.asarray(x * np.float32(scale))))
    np.testing.assert_allclose(found / scale, np.asarray(S(x)), atol=2e-6)
    np.testing.assert_array_equal(np.asarray(S(xp.asarray(x))), np.asarray(S(xp.asarray(x * 4))) / 4)


def test_gradients_beside_large_numbers_are_those_of_small_ones():
    torch = pytest.importorskip("torch")
    S = Scattering1D(J=4)
    x = torch.tensor(RNG.standard_normal(128), dtype=torch.float32)
    gradients = []
    for scale in (1.0, 2.0**120):
        y = (x * scale).requires_grad_()
        (S(y)[1:] / scale).sum().backward()
        gradients.append(y.grad * scale)
    torch.testing.assert_close(*gradients)


# ---------------------------------------------------------------------- statistics
@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("offset", [0, 1, 30])
def test_moments_of_maps_that_hardly_vary(executor, offset):
    """Two samples a map: kurtosis is -2 where they differ and -3 where they don't, in float32 as well."""
    x = RNG.standard_normal((4, 2048)) + offset
    single = Scattering1D(J=10, Q=8, pooling="moments", executor=executor)
    double = Scattering1D(J=10, Q=8, pooling="moments", executor="array")
    got, wanted = single(x.astype("float32")), double(x)
    assert got.dtype == np.float32
    assert np.abs(got - wanted)[..., 2:].max() < 0.02
    np.testing.assert_allclose(got[..., 0], wanted[..., 0], atol=1e-6 * (1 + offset))


def test_moments_are_the_same_in_both_executors():
    x = (RNG.standard_normal((8, 2048)) + 1000).astype("float32")
    for J in (7, 10):
        array, compiled = (Scattering1D(J=J, pooling="moments", executor=e)(x) for e in EXECUTORS)
        assert np.abs(array - compiled)[..., 2:].max() < 0.03


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_moments_of_a_constant(executor, dtype):
    S = Scattering1D(J=4, pooling="moments", executor=executor, max_order=0)
    np.testing.assert_allclose(S(np.full((1, 256), 7, dtype)), [[[7, 0, 0, -3]]], atol=1e-5)


# ---------------------------------------------------------------------- tol
@pytest.mark.parametrize("tol", [1e-1 * 0.99, 1e-2, 1e-3])
@pytest.mark.parametrize("make", [
    lambda **options: Scattering1D(J=6, Q=4, **options),
    lambda **options: Scattering1D(J=6, Q=1, stride=2, **options),
    lambda **options: Scattering2D(J=3, **options),
])  # fmt: skip
def test_a_tolerance_is_the_same_in_both_executors(make, tol):
    one_axis = isinstance(make(), Scattering1D)
    x = RNG.standard_normal((2, 3000) if one_axis else (2, 64, 64)) + 3
    array, compiled = (make(tol=tol, executor=executor)(x) for executor in EXECUTORS)
    np.testing.assert_allclose(array, compiled, rtol=1e-12, atol=1e-13)
    exact = make()(x)
    assert 1e-16 < np.abs(array - exact).max() < tol * np.abs(exact).max()


def test_a_low_pass_without_its_ends_is_the_same_by_matrix_and_by_spectrum(monkeypatch):
    spectrum = np.exp(-0.5 * (np.fft.fftfreq(256) / 0.02) ** 2)
    x = RNG.standard_normal((3, 256))
    found = []
    for most in (0, 2**22):
        monkeypatch.setattr("scatter.numerics.lowpass.MATRIX_ENTRIES", most)
        found.append(AxisLowPass(spectrum, 4, 0, 64, 0.01)(x))
    np.testing.assert_allclose(*found, atol=1e-14)
    assert np.count_nonzero(AxisLowPass(spectrum, 4, 0, 64, 0.01).kernel) < 60


# ---------------------------------------------------------------------- autocast
MESH = icosphere(1)
RING = np.roll(np.eye(12), 1, axis=0) + np.roll(np.eye(12), -1, axis=0)
AUTOCAST = {
    "1D": (lambda x: Scattering1D(J=4)(x), (2, 256)),
    "1D transform": (lambda x: Scattering1D(J=4, shape=256).transform(x), (2, 256)),
    "2D": (lambda x: Scattering2D(J=2, L=4)(x), (2, 16, 16)),
    "roto": (lambda x: RotoTranslationScattering2D(J=2, L=4)(x), (2, 16, 16)),
    "3D": (lambda x: HarmonicScattering3D(J=1, L=2)(x), (2, 8, 8, 8)),
    "sphere": (lambda x: SphericalScattering(L=8)(x), (2, 8, 15)),
    "harmonics": (lambda x: HarmonicTransform(8).analyze(x).abs(), (2, 8, 16)),
    "mesh": (lambda x: MeshScattering(J=2, mesh=MESH, n_eig=20)(x), (2, 42)),
    "graph": (lambda x: GraphScattering(J=2, wavelet="tight").fit_transform([Graph(RING, x)]), (12, 2)),
}


@pytest.mark.parametrize("name", AUTOCAST)
@pytest.mark.parametrize("gradient", [False, True])
def test_autocast_leaves_the_arithmetic_in_float32(name, gradient):
    torch = pytest.importorskip("torch")
    call, shape = AUTOCAST[name]
    x = torch.tensor(RNG.standard_normal(shape), dtype=torch.float32, requires_grad=gradient)
    wanted = call(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = call(x)
        assert torch.is_autocast_enabled("cpu")
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-7)


def test_half_precision_becomes_float32_under_autocast_as_elsewhere():
    torch = pytest.importorskip("torch")
    x = torch.tensor(RNG.standard_normal((2, 256)), dtype=torch.bfloat16, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = Scattering1D(J=4)(x)
    torch.testing.assert_close(found, Scattering1D(J=4)(x.detach().float()), rtol=1e-5, atol=1e-6)
    found.sum().backward()
    assert x.grad.dtype == torch.bfloat16
