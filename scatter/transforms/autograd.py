"""The compiled executor as a function that PyTorch differentiates."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scatter.numerics.namespace import Array

if TYPE_CHECKING:
    from scatter.kernels.executor import CompiledCascade


def coefficients(
    x: Array, cascade: CompiledCascade, by_arrays: Callable[[Array], Array], n_jobs: int | None
) -> Array:
    """Coefficients of tensors (batch, *shape) on the processor, with a compiled gradient.

    Parameters
    ----------
    x : torch.Tensor
        Signals.
    cascade : CompiledCascade
        Gives coefficients, and their gradients.
    by_arrays : callable
        The same coefficients by operations that PyTorch differentiates itself: for second derivatives.
    n_jobs : int, optional
        Threads.
    """
    return _function().apply(x, cascade, by_arrays, n_jobs)


def memory(x: Array) -> NDArray[Any]:
    """Numbers of a tensor on the processor, in its memory."""
    return np.asarray(x.detach().resolve_conj().resolve_neg().numpy())


@cache
def _function() -> Any:
    """The class that PyTorch asks for; PyTorch is imported with it."""
    import torch

    class Scattering(torch.autograd.Function):
        @staticmethod
        def forward(
            ctx: Any, x: Array, cascade: CompiledCascade, by_arrays: Any, n_jobs: int | None
        ) -> Array:
            ctx.save_for_backward(x)
            ctx.cascade, ctx.by_arrays, ctx.n_jobs = cascade, by_arrays, n_jobs
            return torch.from_numpy(cascade(memory(x), n_jobs))

        @staticmethod
        def backward(ctx: Any, dy: Array) -> tuple[Array, None, None, None]:
            (x,) = ctx.saved_tensors
            if torch.is_grad_enabled():  # this gradient is to be differentiated in turn
                (dx,) = torch.autograd.grad(ctx.by_arrays(x), x, dy, create_graph=True)
            else:
                dx = torch.from_numpy(ctx.cascade.gradient(memory(x), memory(dy), ctx.n_jobs))
            return dx, None, None, None

    return Scattering
