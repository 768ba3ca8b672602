"""What PyWavelets is asked before it is used: names of wavelets and modes, and how many levels fit."""

from __future__ import annotations

from functools import cache
from typing import Any

from scatter.errors import InputError
from scatter.numerics.namespace import Array, is_array
from scatter.pyramid.decomposition import meant
from scatter.transforms.validation import check_signals


def check_wavelet(name: object) -> str:
    """Return the name of a discrete wavelet."""
    known, continuous = _wavelets()
    if isinstance(name, str) and name in known:
        return name
    text = str(name).lower()
    if text.rstrip("0123456789.-") in {each.rstrip("0123456789.-") for each in continuous}:
        raise InputError(
            f"{name!r} is a continuous wavelet, which has no pyramid; type a discrete one such as 'bior4.4', "
            "'db4' or 'haar'"
        )
    raise InputError(
        f"unknown wavelet {name!r}; {meant(text, known)} pywt.wavelist(kind='discrete') has all {len(known)}"
    )


@cache
def _wavelets() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the discrete and of the continuous wavelets."""
    import pywt

    return tuple(pywt.wavelist(kind="discrete")), tuple(pywt.wavelist(kind="continuous"))


def check_mode(name: object) -> str:
    """Return the name of a way in which signals go on beyond their ends."""
    import pywt

    if isinstance(name, str) and name in pywt.Modes.modes:
        return name
    raise InputError(f"unknown mode {name!r}; {meant(str(name), pywt.Modes.modes)}")


def check_levels(levels: int, wavelet: str, mode: str, shape: tuple[int, ...]) -> int:
    """Return the length of a wavelet's filters, if so many levels fit into signals of a shape.

    At the last level a filter must still fit into the signal: beyond, all coefficients are about its ends.
    """
    import pywt

    sides = [side for side in shape if side > 1]
    if not sides:
        raise InputError("a signal of one sample has no scales; at least 2 along an axis are needed")
    if len(sides) < len(shape) and mode.endswith("reflect"):
        raise InputError(
            f"mode={mode!r} can't continue an axis of one sample, got signals of shape {shape}; type "
            "mode='symmetric', or a smaller ndim"
        )
    taps = int(pywt.Wavelet(wavelet).dec_len)
    most = int(min(pywt.dwt_max_level(side, taps) for side in sides))
    if levels > most:
        advice = f"type levels={most}" + (" or less" if most > 1 else "")
        if len(shape) > 1 and shape[-1] in (3, 4):
            advice = "if the last axis holds colours, type np.moveaxis(x, -1, 0)"
        elif most == 0:
            advice = f"type wavelet='haar', or take sides of at least {2 * (taps - 1)}"
        raise InputError(
            f"levels={levels} is too many for signals of shape {shape}: the filters of {wavelet!r} have "
            f"{taps} taps, which allows {most}; {advice}"
        )
    return taps


def check_array(x: Any, ndim: int) -> Array:
    """Return signals as a NumPy array of floats, real or complex, finite and not empty."""
    x = check_signals(x, ndim)
    if is_array(x):
        raise InputError(
            f"PyWavelets takes NumPy arrays, got {type(x).__module__}.{type(x).__name__}; type: np.asarray(x)"
        )
    return x
