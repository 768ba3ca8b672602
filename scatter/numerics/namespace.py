"""Which library an array belongs to, and constants in that library, precision and device."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import array_api_compat.numpy
import numpy as np
from array_api_compat import array_namespace, is_jax_array, is_numpy_array, is_torch_array
from array_api_compat import device as device_of
from numpy.typing import NDArray

from scatter.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")

Array = Any
"""An array of any library that follows the array API standard."""


def namespace(x: Array) -> Any:
    """Namespace of the array API that ``x`` belongs to."""
    if type(x) is np.ndarray:  # the common case, without the search through every library
        return array_api_compat.numpy
    return array_namespace(x)


def is_array(x: object) -> bool:
    """Whether ``x`` is an array of a library of its own, other than NumPy."""
    if isinstance(x, np.ndarray):
        return False
    try:
        array_namespace(x)
    except TypeError:
        return False
    return not is_numpy_array(x)


def floating(x: Array) -> Array:
    """``x`` in a precision that transforms keep: float32, float64, complex64 or complex128.

    Integers, booleans and half precision become float32, unscaled; wider floats become float64.

    Raises
    ------
    InputError
        If the type is not a number.
    """
    xp = namespace(x)
    if isinstance(x, np.ndarray) and not x.dtype.isnative:  # SciPy's FFT takes this machine's byte order only
        x = x.astype(x.dtype.newbyteorder("="))
    if x.dtype in (xp.float32, xp.float64, xp.complex64, xp.complex128):
        return x
    if isinstance(x, np.ndarray):
        if x.dtype.kind == "V" and x.dtype.names is None and "float" in x.dtype.name:
            return x.astype(np.float32)  # bfloat16 and the like, which ml_dtypes adds to NumPy
        if x.dtype.kind not in "biufc":
            raise InputError(
                f"the array must hold numbers, got dtype {x.dtype}; type: np.asarray(x, dtype='float32')"
            )
        wide = x.dtype.kind in "fc" and x.dtype.itemsize > 8 * (2 if x.dtype.kind == "c" else 1)
        if x.dtype.kind == "c":
            return x.astype(np.complex128 if wide else np.complex64)
        return x.astype(np.float64 if wide else np.float32)
    if is_jax_array(x) and not xp.issubdtype(x.dtype, xp.number) and x.dtype != xp.bool_:  # its random keys
        raise InputError(f"the array must hold numbers, got dtype {x.dtype}")
    return xp.astype(x, xp.float32)


def double(x: Array) -> Array:
    """Real ``x`` in float64, where its library and its device have it: JAX has not unless it is told to."""
    if is_jax_array(x) or (is_torch_array(x) and x.device.type == "mps"):
        return x
    xp = namespace(x)
    return xp.astype(x, xp.float64, copy=False)


def within_range(x: Array) -> tuple[Array, Array | None]:
    """The same with room for sums in its precision, and the power of two it was multiplied by; None is 1.

    Fourier transforms add before they divide: of numbers within 2**36 of the largest there is, the sum of a
    signal may be infinite.
    """
    xp = namespace(x)
    small = 2.0**-36
    most = float(xp.finfo(x.dtype).max) * small
    parts = [xp.real(x), xp.imag(x)] if is_complex(x) else [x]
    if isinstance(x, np.ndarray):
        if max(max(part.max(), -part.min()) for part in parts) <= most:
            return x, None
        shrunk = np.asarray(small, parts[0].dtype)
    else:  # nothing is asked of what may be traced, or on another device
        peak = xp.max(xp.stack([xp.max(xp.abs(part)) for part in parts]))
        shrunk = xp.where(peak > most, xp.full_like(peak, small), xp.ones_like(peak))
    return x * shrunk, shrunk


def is_complex(x: Array) -> bool:
    """Whether the elements of ``x`` are complex."""
    return bool(namespace(x).isdtype(x.dtype, "complex floating"))


def norm(w: Array, axis: int) -> Array:
    """Root of the sum of the squares of real ``w`` over an axis, whose gradient at zero is zero."""
    return root(namespace(w).sum(w**2, axis=axis))


def root(square: Array) -> Array:
    """Square root, whose gradient at zero is zero: that of the root itself is not finite there."""
    xp, positive = namespace(square), square > 0
    found = xp.sqrt(xp.where(positive, square, xp.ones_like(square)))
    return xp.where(positive, found, xp.zeros_like(square))


def zeros(shape: tuple[int, ...], x: Array) -> Array:
    """Zeros of the library, type and device of ``x``."""
    xp = namespace(x)
    if is_jax_array(x):  # what is traced is nowhere yet
        return xp.zeros(shape, dtype=x.dtype)
    return xp.zeros(shape, dtype=x.dtype, device=device_of(x))


def as_complex(real: Array, imaginary: Array) -> Array:
    """Complex numbers of their parts."""
    if isinstance(real, np.ndarray):  # half of the passes over memory of the sum below
        z = np.empty(real.shape, np.complex128 if real.dtype == np.float64 else np.complex64)
        z.real, z.imag = real, imaginary
        return z
    return real + 1j * imaginary


def itemsize(x: Array) -> int:
    """Bytes of one real number in the precision of ``x``."""
    xp = namespace(x)
    return 8 if x.dtype in (xp.float64, xp.complex128) else 4


def any_mode(x: Array) -> AbstractContextManager[object]:
    """A context in which an array like ``x`` is made that later calls can use in every mode of the library.

    What PyTorch makes in its inference mode can't take part in a gradient later.
    """
    if is_torch_array(x):
        import torch

        if torch.is_inference_mode_enabled():
            return torch.inference_mode(False)
    return nullcontext()


def full_precision(method: Callable[P, R]) -> Callable[P, R]:
    """A function that computes in the precision of its input under PyTorch's autocast, too.

    Autocast would multiply matrices in half precision, of which a sum over paths shows 0.4 %.
    """

    @wraps(method)
    def outside(*args: P.args, **kwargs: P.kwargs) -> R:
        if (torch := sys.modules.get("torch")) is None:
            return method(*args, **kwargs)
        with ExitStack() as stack:
            for device in ("cpu", "cuda", "mps", "xpu"):
                if torch.is_autocast_enabled(device):
                    stack.enter_context(torch.autocast(device, enabled=False))
            return method(*args, **kwargs)

    return outside


class Constant:
    """A NumPy array that takes the library, precision and device of the arrays it meets.

    Parameters
    ----------
    value : ndarray
        float64 values, float32 values that only meet float32 arrays, or int64 indices.
    """

    def __init__(self, value: NDArray[Any]) -> None:
        self.value = value
        self._cast: dict[Any, Array] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"value": self.value, "_cast": {}}

    def like(self, x: Array) -> Array:
        """The constant as an array beside which ``x`` can stand in arithmetic."""
        kind = np.float64 if itemsize(x) == 8 else np.float32
        dtype = kind if self.value.dtype.kind == "f" else self.value.dtype
        if is_jax_array(x):  # not kept: inside jit a constant belongs to the trace
            return namespace(x).asarray(self._numpy(dtype))
        if is_numpy_array(x):
            return self._numpy(dtype)
        key = (namespace(x), dtype, str(device_of(x)))
        if key not in self._cast:
            with any_mode(x):
                # A copy where the library can share memory: callers get no way to change a filter.
                self._cast[key] = namespace(x).asarray(self._numpy(dtype), device=device_of(x), copy=True)
        return self._cast[key]

    def _numpy(self, dtype: Any) -> NDArray[Any]:
        if dtype == self.value.dtype:
            return self.value
        if dtype not in self._cast:
            self._cast[dtype] = self.value.astype(dtype)
        return self._cast[dtype]  # type: ignore[no-any-return]


__all__ = [
    "Array",
    "Constant",
    "any_mode",
    "as_complex",
    "device_of",
    "double",
    "floating",
    "full_precision",
    "is_array",
    "is_complex",
    "is_jax_array",
    "is_numpy_array",
    "is_torch_array",
    "itemsize",
    "namespace",
    "norm",
    "within_range",
    "zeros",
]
