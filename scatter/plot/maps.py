"""Every coefficient of an order where it lies."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from scatter.errors import InputError
from scatter.plot import lines, sheets
from scatter.plot.checks import check_one, check_transform, prepare
from scatter.transforms.scattering1d import Scattering1D
from scatter.transforms.scattering2d import Scattering2D


def coefficient_maps(
    transform: Scattering1D | Scattering2D, x: Any, *, order: int = 1, fig: Figure | None = None
) -> Figure:
    """Draw every coefficient of an order where it lies: maps of an image, lines of a signal.

    Images: order 1 is one sheet with a row a scale j and a column a direction theta; order 2 is one
    sheet for each pair of scales, with a row for each first and a column for each second direction.
    Signals: one line a path, one above the other by frequency; order 2 has one panel for each second
    wavelet.

    Parameters
    ----------
    transform : Scattering1D or Scattering2D
        Seen with its local average, without pooling and logarithm.
    x : array of shape (N,) or (M, N)
        One real signal or image.
    order : {0, 1, 2}, default=1
        Which coefficients.
    fig : matplotlib.figure.Figure, optional
        An empty figure to draw into; a new one by default.

    Returns
    -------
    matplotlib.figure.Figure
        Coefficients in the units of x, all on one scale.

    Raises
    ------
    InputError
        If ``x`` isn't one signal of the transform, or the transform doesn't have the order.

    References
    ----------
    Bruna & Mallat, "Invariant scattering convolution networks", IEEE TPAMI 35(8), 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import Scattering2D
    >>> from scatter.plot import coefficient_maps
    >>> x = np.random.default_rng(0).normal(size=(32, 32))
    >>> figure = coefficient_maps(Scattering2D(J=2, L=4), x)
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['j=0', 'j=1']
    """
    name = "coefficient_maps"
    if isinstance(order, bool) or order not in (0, 1, 2):
        raise InputError(f"order must be 0, 1 or 2, got {order!r}")
    if isinstance(transform, Scattering1D):
        x = check_one(x, 1, name)
        signals = prepare(transform, x, order, name)
        return lines.draw(signals, of_order(signals, x, order), order, fig)
    transform = check_transform(transform, Scattering2D, name)
    x = check_one(x, 2, name)
    images = prepare(transform, x, order, name)
    return sheets.draw(of_order(images, x, order), order, fig)


def of_order(transform: Scattering1D | Scattering2D, x: Any, order: int) -> sheets.Coefficients:
    """Paths of an order, in the order of the enumeration, and their coefficients."""
    coefficients = transform(x)
    found = {path: coefficients[k] for k, path in enumerate(transform.tree.paths) if path.order == order}
    if found:
        return found
    raise InputError(
        f"a transform with J={transform.J} has no paths of order {order}; type transform.set_params(J=...) "
        f"with more than {transform.J}"
    )
