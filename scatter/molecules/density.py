"""Densities of molecules: sums of Gaussians at the atoms, as volumes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.spatial.distance import pdist

from scatter.errors import InputError
from scatter.molecules.molecule import check_numbers
from scatter.transforms.validation import check_count, check_positive

KINDS = ("full", "valence", "core")
"""Charges of the nuclei, of the electrons of the outer shell, and the difference."""
LARGEST = 18
"""The largest atomic number whose valence charge is known here, argon."""
STEP = 8
"""Sides of boxes are multiples of this, so that many molecules share one."""


def valence_charges(numbers: Any) -> NDArray[np.float64]:
    """Charges of the electrons in the outer shell of atoms.

    Parameters
    ----------
    numbers : array of int
        Atomic numbers, 0 to 18; 0 is no atom.

    Returns
    -------
    ndarray of float of the same shape
        ``Z`` up to helium, ``Z - 2`` up to neon, ``Z - 10`` up to argon.

    Raises
    ------
    InputError
        If an element is beyond argon, or a number is no atomic number.

    Examples
    --------
    >>> from scatter.molecules import valence_charges
    >>> valence_charges([1, 6, 8, 16])
    array([1., 4., 6., 6.])
    """
    Z = check_numbers(numbers)
    if Z.size and Z.max() > LARGEST:
        raise InputError(
            f"the valence charge of element {Z.max()} is not known here, only up to {LARGEST}, argon; type "
            "kinds=('full',)"
        )
    return np.asarray(Z - np.select([Z > 10, Z > 2], [10.0, 2.0], 0.0))


def aligned(numbers: Any, positions: Any) -> NDArray[np.float64]:
    """Positions of atoms along the principal axes of their molecule, in the middle of its extent.

    Parameters
    ----------
    numbers : array of int of shape (..., atoms)
        Atomic numbers; 0 is no atom, whose position counts for nothing.
    positions : array of shape (..., atoms, 3)
        Positions, in any unit of length.

    Returns
    -------
    ndarray of shape (..., atoms, 3)
        The longest axis first; 0 where there is no atom.

    Examples
    --------
    >>> from scatter.molecules import aligned
    >>> aligned([8, 6, 8], [[0, 0, 1.2], [0, 0, 0], [0, 0, -1.2]]).round(6) + 0.0
    array([[ 1.2,  0. ,  0. ],
           [ 0. ,  0. ,  0. ],
           [-1.2,  0. ,  0. ]])
    """
    Z, R = _checked(numbers, positions)
    there = (Z > 0)[..., None]
    count = np.maximum(there.sum(axis=-2, keepdims=True), 1)
    R = np.where(there, R - np.where(there, R, 0).sum(axis=-2, keepdims=True) / count, 0)
    _, axes = np.linalg.eigh(np.swapaxes(R, -1, -2) @ R)
    axes = axes[..., ::-1]  # eigenvalues ascend
    first = np.take_along_axis(axes, np.abs(axes).argmax(axis=-2, keepdims=True), axis=-2)
    turned = R @ (axes * np.sign(first))
    highest = np.where(there, turned, -np.inf).max(axis=-2, keepdims=True)
    lowest = np.where(there, turned, np.inf).min(axis=-2, keepdims=True)
    middle = np.where(there, highest, 0) / 2 + np.where(there, lowest, 0) / 2
    return np.where(there, turned - middle, 0)


def voxels_per_length(numbers: Any, positions: Any, width: float = 2.0, overlap: float = 0.1) -> float:
    """Voxels in a unit of length that keep the Gaussians of the two nearest atoms apart.

    Parameters
    ----------
    numbers : array of int of shape (..., atoms)
        Atomic numbers; 0 is no atom.
    positions : array of shape (..., atoms, 3)
        Positions.
    width : float, default=2.0
        Standard deviation of a Gaussian, voxels.
    overlap : float, default=0.1
        Integral of the product of the two Gaussians over that of the square of one, between 0 and 1.

    Returns
    -------
    float
        ``width sqrt(-8 log(overlap)) / d`` with d the smallest distance.

    References
    ----------
    Eickenberg, Exarchakis, Hirn, Mallat & Thiry, "Solid harmonic wavelet scattering for predictions of
    molecule properties", J. Chem. Phys. 148, 2018.

    Examples
    --------
    >>> from scatter.molecules import voxels_per_length
    >>> round(voxels_per_length([8, 1], [[0, 0, 0], [0, 0, 1]]), 3)
    8.584
    """
    Z, R = _checked(numbers, positions)
    width = check_positive("width", width)
    if not 0 < check_positive("overlap", overlap) < 1:
        raise InputError(f"overlap must be between 0 and 1, got {overlap!r}")
    pairs = zip(Z.reshape(-1, Z.shape[-1]), R.reshape(-1, *R.shape[-2:]), strict=True)
    return scale_apart(min((nearest(r[z > 0]) for z, r in pairs), default=math.inf), width, overlap)


def nearest(positions: NDArray[np.float64]) -> float:
    """Smallest distance of two atoms; infinite if there is one."""
    return float(pdist(positions).min(initial=math.inf)) if len(positions) else math.inf


def scale_apart(distance: float, width: float, overlap: float = 0.1) -> float:
    """Voxels in a unit of length that keep the Gaussians of atoms at a distance apart."""
    if not 0 < distance < math.inf:
        what = "two atoms are at the same place" if distance == 0 else "no molecule has two atoms"
        raise InputError(f"{what}; type scale=..., the number of voxels in a unit of length")
    return width * math.sqrt(-8 * math.log(overlap)) / distance


def densities(
    numbers: Any,
    positions: Any,
    shape: tuple[int, int, int],
    *,
    scale: float = 1.0,
    width: float = 2.0,
    kinds: tuple[str, ...] = KINDS,
    dtype: str = "float32",
) -> NDArray[Any]:
    """Charge densities of molecules: a Gaussian at every atom, as volumes.

    Parameters
    ----------
    numbers : array of int of shape (n, atoms)
        Atomic numbers; 0 is no atom, so that molecules of several sizes fit into one array.
    positions : array of shape (n, atoms, 3)
        Positions relative to the middle of the volume, as `aligned` gives them.
    shape : (int, int, int)
        Voxels along the three coordinates.
    scale : float, default=1.0
        Voxels in a unit of length; see `voxels_per_length`.
    width : float, default=2.0
        Standard deviation of a Gaussian, voxels.
    kinds : tuple of {'full', 'valence', 'core'}, default=all three
        Charges of the nuclei, of the electrons of the outer shell, and the difference of both.
    dtype : {'float32', 'float64'}, default='float32'
        Precision of the densities.

    Returns
    -------
    ndarray of shape (n, kinds, *shape)
        Each integrates to the charge.

    Raises
    ------
    InputError
        If an atom is outside of the volume, an element is unknown, or arrays don't fit together.

    References
    ----------
    Eickenberg, Exarchakis, Hirn & Mallat, "Solid harmonic wavelet scattering: predicting quantum molecular
    energy from invariant descriptors of 3D electronic densities", NeurIPS 2017, section 4.

    Examples
    --------
    >>> from scatter.molecules import densities
    >>> water = [[8, 1, 1]], [[[0, 0, 0], [0.8, 0.6, 0], [-0.8, 0.6, 0]]]
    >>> x = densities(*water, shape=(24, 24, 24), scale=4.0, width=1.5)
    >>> x.shape
    (1, 3, 24, 24, 24)
    >>> x.sum(axis=(2, 3, 4)).round(3)
    array([[10.,  8.,  2.]], dtype=float32)
    """
    Z, R = _checked(numbers, positions)
    if Z.ndim != 2:
        raise InputError(
            f"numbers must be of shape (n, atoms), got {Z.shape}; type numbers[None] for one molecule"
        )
    if not isinstance(shape, (tuple, list)) or len(shape) != 3:
        raise InputError(f"shape must be three numbers of voxels, such as (64, 64, 64), got {shape!r}")
    sides = tuple(check_count("each side of shape", side, 1) for side in shape)
    scale, width = check_positive("scale", scale), check_positive("width", width)
    kinds = check_kinds(kinds)
    charges = _charges(Z, kinds)
    R = R * scale
    _check_inside(Z, R, sides)
    axes = [
        np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2 - R[..., axis, None]) / width) ** 2)
        / (math.sqrt(2 * math.pi) * width)
        for axis, n in enumerate(sides)
    ]
    found = np.empty((len(Z), len(kinds), *sides), dtype)
    for place in range(len(Z)):
        z, y, x = (axis[place] for axis in axes)
        for kind, charge in enumerate(charges[place]):
            outer = (charge[:, None] * z)[:, :, None] * y[:, None, :]
            found[place, kind] = np.tensordot(outer, x, axes=(0, 0))
    return found


def box(sides: NDArray[np.float64]) -> tuple[int, int, int]:
    """Voxels along three sides, rounded up to multiples of `STEP` without prime factors above 5."""
    z, y, x = (STEP * next_fast_len(math.ceil(side / STEP), real=True) for side in sides.tolist())
    return z, y, x


def _checked(numbers: Any, positions: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    Z, R = check_numbers(numbers), np.asarray(positions, np.float64)
    if Z.ndim < 1 or R.shape != (*Z.shape, 3):
        raise InputError(
            f"positions must be of shape (..., atoms, 3) for numbers (..., atoms), got {R.shape} and "
            f"{Z.shape}"
        )
    if not np.isfinite(R).all():
        raise InputError("positions contain NaN or infinite values")
    return Z, R


def check_kinds(kinds: Any) -> tuple[str, ...]:
    """Return kinds of densities."""
    if not isinstance(kinds, (tuple, list)) or not kinds or not set(kinds) <= set(KINDS):
        raise InputError(f"kinds must be a tuple of 'full', 'valence' and 'core', got {kinds!r}")
    return tuple(kinds)


def _charges(Z: NDArray[np.int64], kinds: tuple[str, ...]) -> NDArray[np.float64]:
    """Charges (n, kinds, atoms)."""
    full = Z.astype(np.float64)
    if kinds == ("full",):
        return full[:, None]
    valence = valence_charges(Z)
    known = {"full": full, "valence": valence, "core": full - valence}
    return np.stack([known[kind] for kind in kinds], axis=1)


def _check_inside(Z: NDArray[np.int64], R: NDArray[np.float64], sides: tuple[int, ...]) -> None:
    outside = (np.abs(R) > np.asarray(sides) / 2).any(axis=-1) & (Z > 0)
    if outside.any():
        molecule, atom = np.argwhere(outside)[0]
        where = ", ".join(f"{value:.1f}" for value in R[molecule, atom])
        raise InputError(
            f"atom {atom} of molecule {molecule} is at ({where}) voxels from the middle, outside of a volume "
            f"of {' x '.join(map(str, sides))}; make the volume larger, or the scale smaller"
        )
