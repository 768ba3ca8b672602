"""Which executor runs a transform: array by array, in any library, or compiled."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.frames.base import Frame
from scatter.frames.convolution import ConvolutionFrame
from scatter.frames.volume import SolidHarmonicFrame
from scatter.numerics.moments import MOMENTS
from scatter.numerics.namespace import Array, device_of, is_torch_array, namespace
from scatter.paths import Path, PathTree
from scatter.transforms.readout import Readout

if TYPE_CHECKING:
    from scatter.kernels.executor import CompiledCascade

EXECUTORS = ("auto", "array", "compiled")

BLOCK = 2**28
"""Bytes of the maps of one block of signals, where compiled code gives maps whose statistics NumPy takes."""


@dataclass(frozen=True, eq=False)
class Compiled:
    """The compiled cascade, and the statistics that it doesn't take itself.

    Parameters
    ----------
    cascade : CompiledCascade
        Gives coefficients, the moments that standard deviations are made of, or maps.
    readout : Readout
        What is kept of each path.
    """

    cascade: CompiledCascade
    readout: Readout

    def __call__(self, x: NDArray[Any], n_jobs: int | None) -> NDArray[Any]:
        """Coefficients of signals (batch, *shape), each path's after the other's: (batch, coefficients)."""
        pooling, pooled = self.readout.pooling, self.cascade.reading.pooling
        if pooling == pooled:
            found = self.cascade(x, n_jobs)
            return self.readout.signed(found) if pooling == "powers" and self.readout.log else found
        if pooled is not None:  # a standard deviation is made of moments
            found = self.cascade(x, n_jobs).reshape(len(x), -1, len(MOMENTS))
            return np.stack([found[..., 0], np.sqrt(found[..., 1])], axis=-1).reshape(len(x), -1)
        room = x.real.itemsize * sum(math.prod(self._shape(path)) for path in self.cascade.tree.paths)
        step = max(1, BLOCK // room)
        return np.concatenate([self._block(x[at : at + step], n_jobs) for at in range(0, len(x), step)])

    def _shape(self, path: Path) -> tuple[int, ...]:
        return self.cascade.frame.output(None if self.readout.average else path.resolution)

    def _block(self, x: NDArray[Any], n_jobs: int | None) -> NDArray[Any]:
        frame, paths = self.cascade.frame, self.cascade.tree.paths
        maps = pieces(self.cascade(x, n_jobs), map(self._shape, paths))
        noise = self.readout.noise(x, frame)
        found: list[NDArray[Any]] = []
        for path, u in zip(paths, maps, strict=True):
            points = self.readout.points(frame, None if self.readout.average else path.resolution)
            steady = None if self.readout.floor is not None and path.order else noise
            found.append(self.readout.pool(u, points, steady).reshape(len(x), -1))
        return np.concatenate(found, axis=1)


def pieces(flat: Array, shapes: Iterable[tuple[int, ...]]) -> Iterator[Array]:
    """Arrays (..., *shape) of these shapes, which follow each other in (..., numbers)."""
    start = 0
    for shape in shapes:
        stop = start + math.prod(shape)
        yield namespace(flat).reshape(flat[..., start:stop], (*flat.shape[:-1], *shape))
        start = stop


def check_executor(executor: object) -> str:
    """Return the name of an executor."""
    if executor not in EXECUTORS:
        raise InputError(f"executor must be one of {', '.join(map(repr, EXECUTORS))}, got {executor!r}")
    return str(executor)


def compile_cascade(executor: str, frame: Frame, tree: PathTree, readout: Readout) -> Compiled | None:
    """The compiled cascade of a transform; None where ``executor`` is 'array', or 'auto' and there is none.

    Raises
    ------
    InputError
        If ``executor`` is 'compiled' and there is none.
    """
    if check_executor(executor) == "array":
        return None
    from scatter.kernels.library import NOT_BUILT, load

    library = load()
    refusal: str | None
    if library is None:
        refusal = f"the compiled executor is {NOT_BUILT}"
    elif not isinstance(frame, (ConvolutionFrame, SolidHarmonicFrame)):
        refusal = "only grids are compiled"
    else:
        from scatter.kernels.executor import CompiledCascade
        from scatter.kernels.readings import Reading

        floor = -1.0 if readout.floor is None else readout.floor
        pooling = {"mean": "mean", "moments": "moments", "mean_std": "moments"}.get(str(readout.pooling))
        powers: tuple[float, ...] = ()
        if readout.pooling == "powers" and isinstance(readout.powers, tuple) and frame.grid.padding is None:
            pooling, powers = "powers", readout.powers
        cascade = CompiledCascade(frame, tree, Reading(readout.average, pooling, floor, powers), library)
        refusal = cascade.refusal
    if refusal is None:
        return Compiled(cascade, readout)
    if executor == "compiled":
        raise InputError(f"executor='compiled' can't be had: {refusal}; type executor='auto'")
    return None


def as_numpy(x: Array, executor: str) -> NDArray[Any] | None:
    """Memory of an array that the compiled executor may read; None where only the other one will do.

    It will for NumPy arrays, and for PyTorch's on the processor where nothing differentiates or traces.

    Raises
    ------
    InputError
        If ``executor`` is 'compiled' and it won't.
    """
    if isinstance(x, np.ndarray):
        return x
    if is_torch_array(x) and _plain(x):
        return np.asarray(x.detach().resolve_conj().resolve_neg().numpy())
    if executor == "compiled":
        raise InputError(
            "executor='compiled' takes NumPy arrays, and PyTorch tensors on the processor that need no "
            f"gradient, got {type(x).__module__}.{type(x).__name__}; type executor='auto'"
        )
    return None


def like(found: NDArray[Any], x: Array) -> Array:
    """Coefficients as an array of the library of ``x``, in the same memory."""
    # On the device of the input, whatever the library's default is.
    return found if isinstance(x, np.ndarray) else namespace(x).asarray(found, device=device_of(x))


def _plain(x: Any) -> bool:
    """Whether a PyTorch tensor is numbers in memory, outside of gradients, transformations and traces."""
    import torch

    if type(x) not in (torch.Tensor, torch.nn.Parameter) or x.device.type != "cpu":
        return False
    if x.requires_grad and torch.is_grad_enabled():
        return False
    forward_mode = torch.autograd.forward_ad._current_level >= 0
    traced = torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None
    return not (forward_mode or traced or torch._C._functorch.peek_interpreter_stack())
