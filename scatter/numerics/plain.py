"""Arrays whose numbers are all that they mean: no mask, no unit, no other layout."""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import is_torch_array
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.numerics.namespace import Array, is_array

FILL = "type x.filled(value), with a value that is right for these data"
"""What to type instead of a masked array where no argument takes its mask."""


def plain(x: Any, what: str = "the input", *, instead: str = FILL) -> Array:
    """An array whose numbers can be computed with, of the library that ``x`` belongs to.

    NumPy's subclasses become plain arrays, and what is no array of a library becomes one of NumPy. What
    would lose a part of its meaning by that is refused.

    Parameters
    ----------
    x : array, or what ``np.asarray`` takes
        Also nested lists of arrays.
    what : str
        What the array is, for the messages.
    instead : str
        What to type instead of a masked array.

    Raises
    ------
    InputError
        If values are masked, carry a unit, or lie in a sparse, nested or quantised layout; or if there
        is no array of ``x``.

    Examples
    --------
    >>> plain(np.ma.masked_array([1.0, 2.0], mask=False))
    array([1., 2.])
    """
    if type(x) is np.ndarray:
        return x
    _refuse_layout(x, what)
    _refuse_unit(x, what)
    if is_array(x):
        return x
    _look_inside(x, what, instead)
    try:
        found = np.asanyarray(x)  # not asarray: what __array__ returns may be masked
    except ValueError as error:
        raise InputError(
            f"{what} can't be made into an array: {error} Cut or pad the samples to one length first"
        ) from None
    mask = getattr(found, "mask", False) if type(found) is not np.ndarray else False
    if np.any(mask):
        count = int(np.broadcast_to(np.asarray(mask, dtype=bool), found.shape).sum())
        raise InputError(
            f"{what} is a masked array, of which {count} of {found.size} values are masked and no transform "
            f"can leave them out; {instead}"
        )
    _refuse_unit(found, what)
    return np.asarray(found)


def plain_numpy(x: Any, what: str = "the input", *, instead: str = FILL) -> NDArray[Any]:
    """The same as an array of NumPy, from tensors that may require a gradient, too."""
    found = plain(x, what, instead=instead)
    return np.asarray(found.detach().cpu() if hasattr(found, "detach") else found)


def _look_inside(x: Any, what: str, instead: str) -> None:
    """Refuse what ``np.asarray`` would silently strip out of lists."""
    if isinstance(x, (list, tuple)):
        for item in x:
            if type(item) is float or type(item) is int:  # nearly all of a long list
                continue
            if isinstance(item, (list, tuple)):
                _look_inside(item, what, instead)
            elif type(item) is not np.ndarray and hasattr(item, "__array__"):
                if np.ma.is_masked(item):
                    plain(item, f"a part of {what}", instead=instead)
                _refuse_unit(item, f"a part of {what}")


def _refuse_layout(x: Any, what: str) -> None:
    kind = type(x).__name__
    if hasattr(x, "tocsr") or hasattr(x, "todense"):
        raise InputError(f"a dense array is needed, got the sparse {kind}; type: x.toarray()")
    if not is_torch_array(x):
        return
    if kind == "MaskedTensor":
        raise InputError(f"{what} must be a tensor without mask, got a {kind}; type: x.to_tensor(value)")
    if x.is_nested:
        raise InputError(
            f"{what} must be a tensor of one shape, got a nested one; type: "
            "torch.nested.to_padded_tensor(x, 0.0)"
        )
    if x.is_quantized:
        raise InputError(f"{what} must be a tensor of numbers, got {x.dtype}; type: x.dequantize()")
    if str(x.layout) != "torch.strided":
        raise InputError(f"a dense tensor is needed, got the layout {x.layout}; type: x.to_dense()")


def _refuse_unit(x: Any, what: str) -> None:
    """Refuse quantities of astropy, unyt and pint: the numbers alone may be in any of several units."""
    kind = type(x)  # is asked, as a table may have a column of such a name
    if hasattr(kind, "magnitude") and hasattr(kind, "units"):
        unit, number = x.units, "x.magnitude"
    elif isinstance(x, np.ndarray):
        names = [name for name in ("unit", "units") if hasattr(kind, name)]
        unit, number = getattr(x, names[0]) if names else None, "x.value"
    else:
        return
    if unit is not None:
        raise InputError(
            f"{what} must be numbers without a unit, got a {kind.__name__} in {str(unit) or 'parts of one'}; "
            f"type: {number}, in the unit that you mean"
        )


def scalar(value: Any) -> Any:
    """The number or text in an array without axes, as ``np.load`` returns it; other values as they are."""
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


__all__ = ["FILL", "plain", "plain_numpy", "scalar"]
