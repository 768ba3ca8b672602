"""A transform as a layer of PyTorch: a ``torch.nn.Module``, and one operation to whatever traces it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from typing import Any, Protocol

from scatter.errors import InputError, missing_extra
from scatter.numerics.namespace import Array

HOME = "scatter.transforms."
"""Where the classes are that a specification may name."""


class Transform(Protocol):
    """What a layer asks of a transform."""

    @property
    def out_type(self) -> str:
        """Of what kind its result is."""

    @property
    def _known(self) -> Any:
        """The plan for the geometry that is known."""

    def __call__(self, x: Any) -> Any:
        """Coefficients."""

    def fingerprint(self) -> str:
        """Hash of the filters."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was made of."""


def layer_of(transform: Transform) -> Any:
    """A ``torch.nn.Module`` that computes a transform.

    Raises
    ------
    InputError
        If the transform gives a list or a dict.
    MissingExtraError
        If PyTorch is not installed.
    """
    if transform.out_type != "array":
        given = repr(transform.out_type)
        raise InputError(f"a layer gives one tensor, got out_type={given}; type out_type='array'")
    try:
        return _layers()(transform)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise missing_extra("PyTorch", "torch", "a layer") from error


def specification(transform: Transform) -> str | None:
    """A transform as text; None if its class or a parameter is one's own, or no shape is known yet."""
    kind = type(transform)
    if not kind.__module__.startswith(HOME):
        return None
    try:
        text = json.dumps([f"{kind.__module__}.{kind.__qualname__}", transform.get_params(deep=False)])
        return text if specified(text).fingerprint() == transform.fingerprint() else None
    except (TypeError, ValueError):
        return None


@lru_cache(maxsize=32)
def specified(text: str) -> Transform:
    """The transform of a specification."""
    name, parameters = json.loads(text)
    module, _, kind = name.rpartition(".")
    if not module.startswith(HOME):
        raise InputError(f"a layer is one of scatter's transforms, got {name}")
    values = {key: _as_tuple(value) for key, value in parameters.items()}
    transform: Transform = getattr(importlib.import_module(module), kind)(**values)
    return transform


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value


def coefficients(transform: Transform, x: Array) -> Array:
    """Coefficients of a tensor, in its own type also in half precision."""
    import torch

    found = transform(x)
    return found.to(x.dtype) if x.dtype in (torch.float16, torch.bfloat16) else found


@cache
def _operation() -> Callable[[Array, str], Array]:
    """``scatter::coefficients``: a tensor and a specification; a tracer sees nothing of what is in it."""
    import torch

    @torch.library.custom_op(
        "scatter::coefficients", mutates_args=(), schema="(Tensor x, str transform) -> Tensor"
    )
    def operation(x: Array, transform: str) -> Array:
        return coefficients(specified(transform), x).contiguous()

    @torch.library.custom_op(
        "scatter::gradient", mutates_args=(), schema="(Tensor x, Tensor dy, str transform) -> Tensor"
    )
    def gradient(x: Array, dy: Array, transform: str) -> Array:
        def found() -> Array:
            signals = x.detach().requires_grad_()
            (dx,) = torch.autograd.grad(coefficients(specified(transform), signals), signals, dy)
            return dx.contiguous()

        def on_stream(stream: Any) -> Array:
            with torch.cuda.stream(stream):  # a thread begins on another one; None where there is no GPU
                return found()

        # In an operation nothing is recorded for a gradient, in another thread all is.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(on_stream, torch.cuda.current_stream(x.device) if x.is_cuda else None).result()

    @operation.register_fake
    def _(x: Array, transform: str) -> Array:
        plan = specified(transform)._known
        lead = x.shape[: x.ndim - plan.frame.ndim]
        kind = {torch.complex64: torch.float32, torch.complex128: torch.float64}.get(x.dtype, x.dtype)
        kind = kind if kind.is_floating_point else torch.float32
        return x.new_empty((*lead, len(plan.tree), *plan.readout.trailing(plan.frame, 0)), dtype=kind)

    @gradient.register_fake
    def _(x: Array, dy: Array, transform: str) -> Array:
        return torch.empty_like(x, memory_format=torch.contiguous_format)

    def setup(ctx: Any, inputs: Any, output: Any) -> None:
        x, ctx.transform = inputs
        ctx.save_for_backward(x)

    def backward(ctx: Any, dy: Any) -> Any:
        return gradient(ctx.saved_tensors[0], dy, ctx.transform), None

    operation.register_autograd(backward, setup_context=setup)
    return operation


@cache
def _layers() -> Any:
    """The class of layers; PyTorch is imported with it."""
    import torch

    operation, eager = _operation(), torch.compiler.disable(coefficients)  # type: ignore[no-untyped-call]

    class ScatteringLayer(torch.nn.Module):
        """A transform, which has neither parameters nor buffers: filters follow from what it is told.

        Parameters
        ----------
        transform : transform
        """

        def __init__(self, transform: Transform) -> None:
            super().__init__()
            self.transform = transform
            self.specification = specification(transform)

        def forward(self, x: Array) -> Array:
            """Coefficients of a tensor (..., *shape), in its type and on its device."""
            if torch.compiler.is_compiling() and self.specification is not None:
                return operation(x, self.specification)
            return eager(self.transform, x)

        def extra_repr(self) -> str:
            """What stands between the brackets when a network is printed."""
            return repr(self.transform)

        def __reduce__(self) -> Any:
            return layer_of, (self.transform,), self.__dict__

    return ScatteringLayer
