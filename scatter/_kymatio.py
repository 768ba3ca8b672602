"""Kymatio 0.3.0 as it is today: its import needs a name that SciPy 1.17 removed."""

import importlib
import warnings
from types import ModuleType
from typing import Any

from scatter.errors import missing_extra


def import_kymatio(purpose: str = "scatter verify") -> ModuleType:
    """Import ``kymatio.numpy``, whatever the version of SciPy.

    Parameters
    ----------
    purpose : str, default="scatter verify"
        What needs it, for the message if it is missing.

    Returns
    -------
    module
        ``kymatio.numpy``, with ``Scattering1D`` and ``Scattering2D``.

    Raises
    ------
    MissingExtraError
        If Kymatio is not installed.

    Examples
    --------
    >>> import_kymatio().Scattering2D  # doctest: +SKIP
    <class 'kymatio.numpy.Scattering2D'>
    """
    _restore_sph_harm()
    try:
        # Kymatio adds filters of its own when it is imported; leaving this block takes them away again.
        with warnings.catch_warnings():
            return importlib.import_module("kymatio.numpy")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "kymatio":
            raise
        raise missing_extra("kymatio", "kymatio", purpose) from error


def _restore_sph_harm() -> None:
    import scipy.special

    if hasattr(scipy.special, "sph_harm"):
        return

    def sph_harm(m: Any, l: Any, azimuth: Any, polar: Any) -> Any:
        return scipy.special.sph_harm_y(l, m, polar, azimuth)

    # Only its three-dimensional transform calls this, but every import of Kymatio asks for the name.
    scipy.special.sph_harm = sph_harm
