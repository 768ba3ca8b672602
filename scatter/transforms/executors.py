"""Which executor runs a transform: array by array, in any library, or compiled."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.frames.base import Frame
from scatter.frames.convolution import ConvolutionFrame
from scatter.frames.volume import SolidHarmonicFrame
from scatter.numerics.moments import MOMENTS
from scatter.numerics.namespace import Array, device_of, is_torch_array, itemsize, namespace, root
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
        found: NDArray[Any] = self._kept(x, lambda block: self.cascade(block, n_jobs))
        return found

    def differentiable(self, x: Array, by_arrays: Callable[[Array], Array], n_jobs: int | None) -> Array:
        """The same for tensors of PyTorch, with their gradients.

        Parameters
        ----------
        x : torch.Tensor of shape (batch, *shape)
            Signals.
        by_arrays : callable
            What the cascade gives of signals, computed array by array.
        n_jobs : int, optional
            Threads.
        """
        from scatter.transforms.autograd import coefficients

        return self._kept(x, lambda block: coefficients(block, self.cascade, by_arrays, n_jobs))

    @property
    def maps(self) -> Readout:
        """What the cascade gives: coefficients, or what they are made of."""
        log = False if self.readout.floor is None else self.readout.log
        return replace(self.readout, pooling=self.cascade.reading.pooling, log=log)

    def _kept(self, x: Array, cascade: Callable[[Array], Array]) -> Array:
        xp, count = namespace(x), x.shape[0]
        pooling, pooled = self.readout.pooling, self.cascade.reading.pooling
        if pooling == pooled:
            found = cascade(x)
            return self.readout.signed(found) if pooling == "powers" and self.readout.log else found
        if pooled is not None:  # a standard deviation is made of moments
            found = xp.reshape(cascade(x), (count, -1, len(MOMENTS)))
            return xp.reshape(xp.stack([found[..., 0], root(found[..., 1])], axis=-1), (count, -1))
        room = itemsize(x) * sum(math.prod(self._shape(path)) for path in self.cascade.tree.paths)
        step = max(1, BLOCK // room)
        blocks = [x[at : min(at + step, count), ...] for at in range(0, count, step)]
        return xp.concat([self._block(block, cascade(block)) for block in blocks], axis=0)

    def _shape(self, path: Path) -> tuple[int, ...]:
        return self.cascade.frame.output(None if self.readout.average else path.resolution)

    def _block(self, x: Array, flat: Array) -> Array:
        xp, frame, paths = namespace(x), self.cascade.frame, self.cascade.tree.paths
        maps = pieces(flat, map(self._shape, paths))
        noise = self.readout.noise(x, frame)
        found: list[Array] = []
        for path, u in zip(paths, maps, strict=True):
            points = self.readout.points(frame, None if self.readout.average else path.resolution)
            steady = None if self.readout.floor is not None and path.order else noise
            found.append(xp.reshape(self.readout.pool(u, points, steady), (x.shape[0], -1)))
        return xp.concat(found, axis=1)


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


def as_numpy(x: Array, executor: str, *, has_gradient: bool) -> NDArray[Any] | None:
    """Memory of an array that the compiled executor may read; None where only the other one will do.

    It will for NumPy arrays, and for PyTorch's on the processor where nothing traces; for those that need a
    gradient if the transform ``has_gradient``.

    Raises
    ------
    InputError
        If ``executor`` is 'compiled' and it won't.
    """
    if isinstance(x, np.ndarray):
        return x
    if is_torch_array(x) and _plain(x) and (has_gradient or not differentiates(x)):
        from scatter.transforms.autograd import memory

        return memory(x)
    if executor == "compiled":
        raise InputError(
            "executor='compiled' takes NumPy arrays, and PyTorch tensors on the processor outside of vmap, "
            "functional and forward-mode derivatives and traces"
            + (", " if has_gradient else ", and, of volumes, that need no gradient, ")
            + f"got {type(x).__module__}.{type(x).__name__}; type executor='auto'"
        )
    return None


def differentiates(x: Array) -> bool:
    """Whether PyTorch records what is computed of an array, for a gradient."""
    if not is_torch_array(x):
        return False
    import torch

    return bool(x.requires_grad and torch.is_grad_enabled())


def like(found: NDArray[Any], x: Array) -> Array:
    """Coefficients as an array of the library of ``x``, in the same memory."""
    # On the device of the input, whatever the library's default is.
    return found if isinstance(x, np.ndarray) else namespace(x).asarray(found, device=device_of(x))


def _plain(x: Any) -> bool:
    """Whether a PyTorch tensor is numbers in memory, outside of transformations and traces."""
    import torch

    if type(x) not in (torch.Tensor, torch.nn.Parameter) or x.device.type != "cpu":
        return False
    forward_mode = torch.autograd.forward_ad._current_level >= 0
    traced = torch.compiler.is_compiling() or torch._C._get_tracing_state() is not None
    return not (forward_mode or traced or torch._C._functorch.peek_interpreter_stack())
