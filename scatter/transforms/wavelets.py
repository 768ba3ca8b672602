"""Banks of wavelets of a user's own, in the place of the package's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from scatter.errors import InputError
from scatter.frames.convolution import SpectralBank
from scatter.numerics.namespace import Array
from scatter.transforms.grids import half_is_seen

MEMBERS = ("aliasing", "log2_stride", "bands", "follows", "resolution", "psi", "phi")
"""What a `SpectralBank` has."""


def chosen_bank(
    estimator: Any, shape: tuple[int, ...], decided: tuple[str, ...], morlet: Callable[[], SpectralBank]
) -> SpectralBank:
    """The bank that the parameter ``wavelet`` of an estimator names, or is; see `own_bank`."""
    if not isinstance(estimator.wavelet, str):
        return own_bank(estimator, shape, decided)
    if estimator.wavelet != "morlet":
        raise InputError(f"wavelet must be 'morlet' or a bank, got {estimator.wavelet!r}")
    return morlet()


def meet_complex(estimator: Any) -> Callable[[Array], None] | None:
    """What to do about complex signals: nothing, if wavelets see all of their frequencies."""
    whole = estimator.two_sided or getattr(estimator.wavelet, "two_sided", False)
    return None if whole else half_is_seen


def own_bank(estimator: Any, shape: tuple[int, ...], decided: tuple[str, ...]) -> SpectralBank:
    """The parameter ``wavelet`` of an estimator, checked on a grid.

    Parameters
    ----------
    estimator : estimator
        Whose ``wavelet`` is no name.
    shape : tuple of int
        Of its signals.
    decided : tuple of str
        Parameters that such a bank says itself, and that must be left out.

    Raises
    ------
    InputError
        If it is no bank, if its filters are not real spectra of the shape of the grid, or a parameter is
        given that it says itself.
    """
    bank = estimator.wavelet
    lacking = [name for name in MEMBERS if not hasattr(bank, name)]
    if isinstance(bank, type) or lacking:
        got = f"the class {bank.__name__}" if isinstance(bank, type) else repr(bank)
        advice = f"type {bank.__name__}(...)" if isinstance(bank, type) else f"it has no {', '.join(lacking)}"
        raise InputError(
            f"wavelet must be 'morlet' or a bank with the members of SpectralBank, got {got}; {advice}"
        )
    parameters = inspect.signature(type(estimator)).parameters
    for name in decided:
        value = getattr(estimator, name)
        if value is not parameters[name].default and value != parameters[name].default:
            raise InputError(
                f"{name}={value!r} is for wavelet='morlet'; {bank!r} says what it is: leave {name} out"
            )
    if bank.aliasing not in ("sum", "mean", "crop"):
        raise InputError(f"aliasing of {bank!r} must be 'sum', 'mean' or 'crop', got {bank.aliasing!r}")
    bands = bank.bands(1)
    if not bands:
        raise InputError(f"{bank!r} must have at least one wavelet, got no bands(1)")
    lows = _asked("phi", bank, shape)
    if not isinstance(lows, tuple) or len(lows) != len(shape):
        raise InputError(
            f"phi of {bank!r} must be a tuple of {len(shape)} spectra, one an axis, got {type(lows).__name__}"
        )
    for low, n in zip(lows, shape, strict=True):
        _check_spectrum(f"phi of {bank!r}", low, (n,))
    _check_spectrum(f"psi of {bank!r}", _asked("psi", bank, bands[0], shape), shape)
    return bank  # type: ignore[no-any-return]


def _asked(name: str, bank: Any, *given: Any) -> Any:
    """What a bank says, or an error that names it: another grid may be meant."""
    try:
        return getattr(bank, name)(*given)
    except Exception as error:
        raise InputError(f"{name} of {bank!r} failed on a grid of shape {given[-1]}: {error}") from error


def coarsest(bank: SpectralBank) -> int:
    """The coarsest resolution that a bank asks for."""
    bands = {*bank.bands(1), *bank.bands(2)}
    return max(bank.log2_stride, *map(bank.resolution, bands))


def _check_spectrum(name: str, spectrum: Any, shape: tuple[int, ...]) -> None:
    found = np.asarray(spectrum)
    if found.shape != shape or found.dtype.kind != "f" or not np.isfinite(found).all():
        raise InputError(
            f"{name} must be a real spectrum of shape {shape}, in the order of numpy.fft, without NaN; got "
            f"{found.dtype} of shape {found.shape}"
        )
