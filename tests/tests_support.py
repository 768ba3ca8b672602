"""What several test modules need."""

import numpy as np
import pytest


def one_line(info):
    """The message of a raised error, which must be a single line."""
    message = str(info.value)
    assert "\n" not in message
    return message


def weights(transform, x):
    """Random numbers, one a coefficient: what a scalar function of the coefficients is made with."""
    return np.random.default_rng(5).standard_normal(transform(x).shape)


def torch_gradient(transform, x):
    """Gradient of the weighted sum of the coefficients, by PyTorch."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    leaf = torch.tensor(x, requires_grad=True)
    (transform(leaf) * torch.tensor(weights(transform, x))).sum().backward()
    return leaf.grad.numpy()


def jax_gradient(transform, x):
    """The same by JAX."""
    jax = pytest.importorskip("jax", reason="jax is not installed")
    jax.config.update("jax_enable_x64", True)
    w = weights(transform, x)
    return np.asarray(jax.grad(lambda a: (transform(a) * w).sum())(jax.numpy.asarray(x)))
