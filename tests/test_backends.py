"""One cascade on every array library: equal numbers, kept types, and gradients that agree."""

import numpy as np
import pytest
from tests_support import jax_gradient, torch_gradient, weights

from scatter import Scattering1D, Scattering2D, ScatterWarning, testing
from scatter.cascade import WORKING_SET, block_size, scattering

TRANSFORMS = {
    "1d": Scattering1D(J=3, shape=200, Q=(4, 1)),
    "1d, order 3, T=20": Scattering1D(J=5, shape=130, T=20, max_order=3, padding="symmetric"),
    "1d, moments of U": Scattering1D(J=3, shape=131, average=False, pooling="moments"),
    "2d": Scattering2D(J=2, shape=(17, 20), L=4),
    "2d, log, zero": Scattering2D(J=1, shape=(16, 13), L=3, log=True, padding="zero"),
    "2d, global": Scattering2D(J=2, shape=(24, 24), L=3, average="global", padding=None),
}


@pytest.fixture(params=TRANSFORMS, ids=str)
def transform(request):
    return TRANSFORMS[request.param]


def relative(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-12)])
def test_equal_to_numpy(backend, transform, dtype, tolerance):
    x = testing.signals(transform, count=3).astype(dtype)
    expected = transform(x)
    # A moment of order 4 magnifies rounding; the coefficients themselves don't.
    slack = 100 if transform.pooling == "moments" else 1
    found = backend.to_numpy(transform(backend.asarray(x)))
    assert found.dtype == expected.dtype == dtype
    assert relative(found, expected) <= tolerance * slack


@pytest.mark.parametrize(("dtype", "tolerance"), [("complex64", 1e-6), ("complex128", 1e-12)])
def test_complex_input(backend, dtype, tolerance):
    S = Scattering1D(J=3, shape=200, two_sided=True)
    x = (testing.signals(S, seed=1) + 1j * testing.signals(S, seed=2)).astype(dtype)
    found = backend.to_numpy(S(backend.asarray(x)))
    assert found.dtype == {"complex64": "float32", "complex128": "float64"}[dtype]
    assert relative(found, S(x)) <= tolerance
    assert relative(S(x * np.exp(0.7j)), S(x)) <= 10 * tolerance


@pytest.mark.parametrize(
    "S", [Scattering1D(4, 256, 2, padding=None), Scattering2D(2, (16, 16), 4, padding=None)]
)
def test_both_sides_of_a_complex_signal(S):
    from sklearn.base import clone

    both = clone(S).set_params(two_sided=True, max_order=1)
    x = testing.signals(S, seed=1) + 1j * testing.signals(S, seed=2)
    with pytest.warns(ScatterWarning, match="half of its frequencies; type two_sided=True"):
        one = clone(S).set_params(max_order=1)(x)
    forward, conjugate = both(x), both(x.conj())
    order = both.tree.paths
    opposite = [
        next(
            k
            for k, q in enumerate(order)
            if q.j == p.j
            and q.order == p.order
            and all(
                np.isclose(a.xi * np.exp(1j * (a.angle or 0)), -b.xi * np.exp(1j * (b.angle or 0)))
                for a, b in zip(p.bands, q.bands, strict=True)
            )
        )
        for p in order
    ]
    assert relative(conjugate, forward[:, opposite]) < 1e-10
    assert len(order) == 2 * len(one[0]) - 1
    assert both.tree.counts[1] == 2 * S.tree.counts[1]
    real = testing.signals(S)
    assert relative(both(real)[:, opposite], both(real)) < 1e-10


def test_integers_become_float32_unscaled(backend):
    S = Scattering2D(J=2, shape=(16, 16), L=3)
    x = np.random.default_rng(0).integers(0, 255, (2, 16, 16))
    found = backend.to_numpy(S(backend.asarray(x.astype("int32"))))
    assert found.dtype == np.float32
    assert relative(found, S(x.astype("float32"))) <= 1e-6


@pytest.mark.parametrize("out_type", ["list", "dict"])
def test_lists_and_dicts_hold_the_same_numbers(backend, out_type):
    S = Scattering2D(J=2, shape=(16, 16), L=3, out_type=out_type)
    x = testing.signals(S)
    whole = S.set_params(out_type="array")(x)
    found = S.set_params(out_type=out_type)(backend.asarray(x))
    values = [item["coef"] for item in found] if out_type == "list" else list(found.values())
    assert relative(np.stack([backend.to_numpy(v) for v in values], 1), whole) <= 1e-12


def test_leading_axes_are_kept(backend):
    S = Scattering1D(J=3, shape=64)
    x = np.random.default_rng(0).standard_normal((2, 3, 64))
    assert S(backend.asarray(x)).shape == (2, 3, len(S.tree), 8)
    assert S(backend.asarray(x[0, 0])).shape == (len(S.tree), 8)


def test_big_endian_strided_and_fortran_input():
    S = Scattering2D(J=2, shape=(16, 16), L=3)
    x = testing.signals(S)
    for other in (x.astype(">f8"), np.asfortranarray(x), np.repeat(x, 2, axis=2)[:, :, ::2], x[::-1][::-1]):
        np.testing.assert_allclose(S(other), S(x), rtol=1e-13, atol=1e-15)


def test_blocks_of_any_size_give_the_same_numbers():
    S = Scattering2D(J=2, shape=(16, 16), L=4)
    x = testing.signals(S, count=13)

    def keep(u, group):
        return S.frame.average(u, group.resolution)

    one = scattering(x, S.frame, S.tree, keep, working_set=1)
    many = scattering(x, S.frame, S.tree, keep, working_set=2**30)
    assert block_size(S.frame, S.tree, 1) == 1
    assert block_size(S.frame, S.tree, 2**27) > 13
    for a, b in zip(one.values(), many.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize(
    ("S", "count"),
    [
        (Scattering2D(J=2, shape=(32, 32)), 300),
        (Scattering2D(J=4, shape=(128, 160)), 12),
        (Scattering1D(J=8, shape=8192, Q=8), 24),
    ],
    ids=str,
)
def test_the_working_set_stays_within_its_budget(S, count):
    import tracemalloc

    x = np.random.default_rng(0).standard_normal((count, *S.frame.shape), dtype=np.float32)
    S(x[:1])
    tracemalloc.start()
    try:
        output = S(x).nbytes
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The coefficients exist twice while they are put in order.
    assert peak - 2 * output <= 1.3 * WORKING_SET


def test_large_images_split_groups_rather_than_memory():
    S = Scattering2D(J=3, shape=(600, 600), L=8)
    largest = max(len(g.positions) * S.frame.grid.points(g.resolution) for g in S.tree.root)
    assert largest * 8 <= 2**25


# ------------------------------------------------------------------ gradients
SMALL = {
    "1d": Scattering1D(J=3, shape=40),
    "2d": Scattering2D(J=2, shape=(9, 12), L=2),
    "moments of log": Scattering1D(J=2, shape=40, pooling="moments", log=True),
}


@pytest.mark.parametrize("gradient", [torch_gradient, jax_gradient])
@pytest.mark.parametrize("name", SMALL)
def test_gradients_equal_finite_differences(gradient, name):
    S = SMALL[name]
    x = testing.signals(S, count=2)
    w = weights(S, x)
    testing.assert_gradient_matches(lambda a: float((S(a) * w).sum()), gradient(S, x), x, rtol=1e-6)


@pytest.mark.parametrize("name", SMALL)
def test_gradients_of_torch_and_jax_are_equal(name):
    S = SMALL[name]
    x = testing.signals(S, count=2)
    assert relative(torch_gradient(S, x), jax_gradient(S, x)) <= 1e-12


@pytest.mark.parametrize("gradient", [torch_gradient, jax_gradient])
@pytest.mark.parametrize("name", SMALL)
def test_gradients_at_zero_are_finite(gradient, name):
    S = SMALL[name]
    testing.assert_gradient_finite_at_zero(lambda x: gradient(S, x), testing.signals(S, count=2).shape)


def test_jax_transformations():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    jax.config.update("jax_enable_x64", True)
    S = Scattering2D(J=2, shape=(16, 16), L=3)
    x = testing.signals(S)
    for transformed in (jax.jit(S), jax.vmap(S), jax.jit(jax.vmap(S))):
        assert relative(np.asarray(transformed(jax.numpy.asarray(x))), S(x)) <= 1e-12
    jacobian = jax.jacrev(S)(jax.numpy.asarray(x[0]))
    assert jacobian.shape == (*S(x[0]).shape, 16, 16)


def test_torch_vmap_and_second_derivatives():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    S = Scattering1D(J=3, shape=40)
    x = torch.tensor(testing.signals(S))
    assert relative(torch.vmap(S)(x).numpy(), S(x.numpy())) <= 1e-12
    assert torch.autograd.gradgradcheck(S, x[:1].requires_grad_())


def test_cuda():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    S = Scattering2D(J=2, shape=(17, 20), L=4)
    x = testing.signals(S).astype("float32")
    found = S(torch.tensor(x, device="cuda"))
    assert found.device.type == "cuda"
    assert relative(found.cpu().numpy(), S(x)) <= 1e-6
