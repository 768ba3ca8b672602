"""Gradients of the compiled executor: those of the array executor, on grids of any kind."""

import dataclasses
import os

import numpy as np
import pytest
from test_compiled import TYPES, noise, some_transform

from scatter import Scattering1D, Scattering2D
from scatter.kernels.executor import run_back
from scatter.kernels.library import load

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(load() is None, reason="the compiled executor is not built")

TOLERANCE = {np.float32: 3e-5, np.float64: 1e-12}
"""Of the largest element, beside the array executor in double precision; logarithms amplify rounding."""

READOUTS = {
    "local": {},
    "maps": {"average": False},
    "global": {"average": "global"},
    "mean": {"pooling": "mean"},
    "moments": {"pooling": "moments"},
    "log": {"log": True},
    "log-moments": {"log": 1e-2, "pooling": "moments"},
    "log-mean": {"log": 1e-1, "pooling": "mean", "average": False},
    "log-global": {"log": True, "average": "global"},
}


def signals(shape, dtype, is_complex, rng):
    x = rng.standard_normal(shape)
    if is_complex:
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(np.result_type(dtype, np.complex64) if is_complex else dtype)


def wanted(transform, x, dy):
    """Gradient of the signals by the array executor, in double precision."""
    wide = torch.tensor(x.astype(np.complex128 if np.iscomplexobj(x) else np.float64), requires_grad=True)
    items = transform.set_params(executor="array")._known.items(wide)
    flat = torch.cat([item.reshape(len(x), -1) for item in items], dim=1)
    flat.backward(torch.tensor(dy.astype(np.float64)))
    return wide.grad.numpy()


def check(transform, dtype, is_complex, rng, *, batch=5):
    x = signals((batch, *np.atleast_1d(transform.shape)), dtype, is_complex, rng)
    cascade = transform.set_params(executor="compiled")._known._compiled.cascade
    count = cascade.program(x.dtype, columns=False).coefficients
    dy = rng.standard_normal((batch, count)).astype(dtype)
    want = wanted(transform, x, dy)
    for columns in (False, True):
        for threads in (1, 3):
            dx = np.empty_like(x)
            run_back(cascade.program(x.dtype, columns=columns), x, dy, dx, threads)
            error = np.abs(dx - want).max() / np.abs(want).max()
            assert error < TOLERANCE[dtype], (columns, threads, error)


@pytest.mark.parametrize("is_complex", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("readout", READOUTS.values(), ids=READOUTS)
@pytest.mark.parametrize(
    "kind",
    [
        lambda **kw: Scattering1D(J=4, Q=2, shape=256, **kw),
        lambda **kw: Scattering2D(J=3, L=3, shape=(17, 43), **kw),
    ],
    ids=["256", "17x43"],
)
def test_a_gradient_is_that_of_the_array_executor(kind, readout, dtype, is_complex):
    check(kind(**readout), dtype, is_complex, np.random.default_rng(0))


@pytest.mark.parametrize("padding", ["reflect", "symmetric", "periodic", "zero", None])
@pytest.mark.parametrize("shape", [(24, 40), 120])
def test_a_gradient_folds_every_padding_back(padding, shape):
    kind = Scattering1D if shape == 120 else Scattering2D
    check(kind(J=3, shape=shape, padding=padding), np.float64, False, np.random.default_rng(1))


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_a_gradient_is_the_same_at_every_call(n_jobs):
    x = np.random.default_rng(2).standard_normal((1, 64, 64)).astype(np.float32)
    cascade = Scattering2D(J=3, shape=(64, 64), executor="compiled")._known._compiled.cascade
    dy = np.ones((1, cascade.program(x.dtype, columns=True).coefficients), np.float32)
    first = cascade.gradient(x, dy, n_jobs)
    assert all(np.array_equal(cascade.gradient(x, dy, n_jobs), first) for _ in range(3))


@pytest.mark.parametrize("columns", [False, True])
def test_a_gradient_of_silence_is_that_of_its_average(columns):
    """The modulus is flat at zero by definition: all that is left is the average of the signal itself."""
    x = np.zeros((2, 32, 32))
    transform = Scattering2D(J=2, shape=(32, 32), executor="compiled", average="global")
    program = transform._known._compiled.cascade.program(x.dtype, columns=columns)
    dy, dx = np.ones((2, program.coefficients)), np.empty_like(x)
    run_back(program, x, dy, dx, 1)
    np.testing.assert_allclose(dx, np.full_like(x, 1 / 32**2), rtol=1e-12)


SWEEP = int(os.environ.get("SCATTER_SWEEP", "400")) // 5
"""Random combinations of parameters; 2,000 take some two minutes."""


@pytest.mark.parametrize("chunk", range(4))
def test_gradients_of_random_combinations(chunk):
    for seed in range(chunk, SWEEP, 4):
        rng = np.random.default_rng(seed)
        transform = some_transform(rng)
        # Skewness and kurtosis of what is nearly constant amplify rounding without a bound of use.
        transform.set_params(pooling="mean" if transform.pooling == "moments" else transform.pooling)
        shape = transform.shape if isinstance(transform.shape, tuple) else (transform.shape,)
        x = noise(rng, (rng.integers(1, 10), *shape), TYPES[rng.integers(4)])
        wide = torch.tensor(x.astype(np.result_type(x, np.float64)), requires_grad=True)
        plan = transform._plan(shape)
        flat = dataclasses.replace(plan, executor="array").flattened(wide)
        dy = rng.standard_normal(flat.shape).astype(x.real.dtype)
        flat.backward(torch.tensor(dy.astype(np.float64)))
        want = wide.grad.numpy()
        for columns in (False, True):
            dx = np.empty_like(x)
            program = plan._compiled.cascade.program(x.dtype, columns=columns)
            run_back(program, x, dy, dx, int(rng.integers(1, 4)))
            error = np.abs(dx - want).max() / np.abs(want).max()
            assert error < (1e-12 if dy.dtype == np.float64 else 2e-4), (
                f"{seed}: {transform} {x.dtype} {error}"
            )


# ------------------------------------------------------------------ as PyTorch sees it
EVERY = READOUTS | {
    "mean-std": {"pooling": "mean_std"},
    "log-mean-std": {"pooling": "mean_std", "log": True},
    "median": {"pooling": "median", "average": False},
    "several": {"pooling": ("mean", "max")},
    "powers": {"pooling": "powers"},
    "log-powers": {"pooling": "powers", "log": True},
    "ratios": {"ratios": True},
}


@pytest.mark.parametrize("readout", EVERY.values(), ids=EVERY)
@pytest.mark.parametrize(
    ("derivatives", "J", "shape"),
    [(torch.autograd.gradcheck, 3, (2, 32)), (torch.autograd.gradgradcheck, 2, (1, 16))],
    ids=["first", "second"],
)
def test_derivatives_are_those_of_differences(derivatives, J, shape, readout):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, dtype=torch.float64, generator=generator, requires_grad=True)
    transform = Scattering1D(J=J, shape=shape[-1], executor="compiled", out_type="list", **readout)
    assert derivatives(lambda x: [item["coef"] for item in transform(x)], (x,))


def test_gradients_of_complex_signals():
    x = torch.randn(3, 1, 40, dtype=torch.complex128, requires_grad=True)
    transform = Scattering1D(J=3, shape=40, two_sided=True, executor="compiled")
    assert torch.autograd.gradcheck(transform, (x,))


def test_gradients_reach_what_comes_before_and_parameters_alike():
    """Signals made by other operations, not contiguous, of several batch axes; a gradient of one number."""
    transform = Scattering2D(J=2, shape=(16, 20))
    w = torch.nn.Parameter(torch.ones((), dtype=torch.float64))
    x = torch.randn(20, 16, 2, 3, dtype=torch.float64).permute(3, 2, 1, 0)
    transform(w * x).sum().backward()
    torch.testing.assert_close(w.grad, transform(x).sum() + 0 * w.detach(), rtol=1e-9, atol=0)


def test_training_in_threads_of_their_own():
    """Backward runs in a thread of PyTorch's, without the one that called."""
    from concurrent.futures import ThreadPoolExecutor

    transform = Scattering1D(J=3, shape=64)

    def gradient(seed):
        x = torch.randn(8, 64, generator=torch.Generator().manual_seed(seed), requires_grad=True)
        transform(x).square().sum().backward()
        return x.grad

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(gradient, range(8)))
    for seed, got in enumerate(found):
        torch.testing.assert_close(got, gradient(seed), rtol=0, atol=0)
