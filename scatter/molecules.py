"""Molecules as volumes: sums of Gaussians at the atoms, and their scattering in a box that fits each."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from sklearn.base import clone

from scatter.errors import InputError
from scatter.numerics.threads import check_jobs, thread_count
from scatter.transforms.harmonic import HarmonicScattering3D
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
    Z = _numbers(numbers)
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
    nearest = math.inf
    for z, r in zip(Z.reshape(-1, Z.shape[-1]), R.reshape(-1, *R.shape[-2:]), strict=True):
        r = r[z > 0]
        distances = np.linalg.norm(r[:, None] - r, axis=-1)[np.triu_indices(len(r), 1)]
        nearest = min(nearest, distances.min(initial=math.inf))
    if not 0 < nearest < math.inf:
        what = "two atoms are at the same place" if nearest == 0 else "no molecule has two atoms"
        raise InputError(f"{what}; say the number of voxels in a unit of length yourself")
    return float(width * math.sqrt(-8 * math.log(overlap)) / nearest)


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
    sides = tuple(check_count("each side of shape", side, 1) for side in shape)
    scale, width = check_positive("scale", scale), check_positive("width", width)
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


def molecular_scattering(
    numbers: Any,
    positions: Any,
    transform: HarmonicScattering3D | None = None,
    *,
    scale: float | None = None,
    width: float = 2.0,
    kinds: tuple[str, ...] = KINDS,
    margin: float = 5.0,
    n_jobs: int | None = None,
    watch: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """Scattering of the charge densities of molecules, each in a box that fits it.

    Integrals over a volume don't depend on how much empty space is around, so that a box needs no more than
    the coarsest wavelet does: molecules are turned into their principal axes, and boxes leave some widths of
    that wavelet around them.

    Parameters
    ----------
    numbers : array of int of shape (n, atoms)
        Atomic numbers; 0 is no atom.
    positions : array of shape (n, atoms, 3)
        Positions, in any unit of length.
    transform : HarmonicScattering3D, optional
        Of ``method='integral'``. None is ``HarmonicScattering3D(J=2, L=3, sigma_0=width,
        integral_powers=(0.5, 1, 2, 3))``.
    scale : float, optional
        Voxels in a unit of length; None is `voxels_per_length` of these molecules.
    width : float, default=2.0
        Standard deviation of the Gaussians, voxels.
    kinds : tuple of {'full', 'valence', 'core'}, default=all three
        Densities, each of which is transformed by itself.
    margin : float, default=5.0
        Widths ``sigma_0 2**J`` of the coarsest wavelet between an atom and the nearest face of its box. That
        a box is periodic changes integrals of powers from 1 on by 0.2 per cent at 5, and by 10 at 3; those of
        the power 0.5, which counts the faintest tails, by 3 and by 30.
    n_jobs : int, optional
        Threads; None is all the processors that this process may use.
    watch : callable, optional
        Told how many molecules are done, and of how many.

    Returns
    -------
    ndarray of float32 of shape (n, kinds * paths * powers)
        Names are those of the transform, one density's after the other's.

    Raises
    ------
    InputError
        If the transform keeps no integrals, an element is unknown, or arrays don't fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import HarmonicScattering3D
    >>> from scatter.molecules import molecular_scattering
    >>> numbers = [[8, 1, 1], [6, 8, 0]]
    >>> positions = [[[0, 0, 0], [0.8, 0.6, 0], [-0.8, 0.6, 0]], [[0, 0, 0], [0, 0, 1.13], [0, 0, 0]]]
    >>> S = HarmonicScattering3D(J=1, L=1, sigma_0=1.5)
    >>> X = molecular_scattering(numbers, positions, S, width=1.5)
    >>> X.shape
    (2, 63)
    """
    width = check_positive("width", width)
    if transform is None:
        transform = HarmonicScattering3D(J=2, L=3, sigma_0=width, integral_powers=(0.5, 1.0, 2.0, 3.0))
    if np.ndim(numbers) != 2 or len(numbers) == 0:
        raise InputError(f"numbers must be of shape (n, atoms), with n above 0, got {np.shape(numbers)}")
    if transform.method != "integral":
        raise InputError(
            f"boxes of several sizes have no local averages to compare, got {transform!r}; type "
            "method='integral'"
        )
    scale = voxels_per_length(numbers, positions, width) if scale is None else check_positive("scale", scale)
    Z = _checked(numbers, positions)[0]
    R = aligned(Z, positions)
    around = max(check_positive("margin", margin) * transform.sigma_0 * 2.0**transform.J, 4 * width)
    boxes = _boxes(np.ptp(R, axis=-2) * scale + 2 * around)
    order = sorted(range(len(Z)), key=boxes.__getitem__)  # those of one box after each other
    transforms = {
        box: clone(transform).set_params(shape=box, channels="first", out_type="array", n_jobs=1)
        for box in set(boxes)
    }

    def rows(place: int) -> NDArray[np.float32]:
        box = boxes[place]
        x = densities(Z[[place]], R[[place]], box, scale=scale, width=width, kinds=kinds)
        return np.asarray(transforms[box](x[0]), np.float32).ravel()

    found: dict[int, NDArray[np.float32]] = {}
    with ThreadPoolExecutor(thread_count(check_jobs(n_jobs))) as pool:
        try:
            for place, row in zip(order, pool.map(rows, order), strict=True):
                found[place] = row
                if watch is not None:
                    watch(len(found), len(Z))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return np.stack([found[place] for place in range(len(Z))])


def _boxes(sides: NDArray[np.float64]) -> list[tuple[int, int, int]]:
    """Sides rounded up to multiples of `STEP` without prime factors above 5, for each molecule."""
    steps = np.ceil(sides / STEP).astype(int).tolist()
    z, y, x = ([STEP * next_fast_len(n, real=True) for n in axis] for axis in zip(*steps, strict=True))
    return list(zip(z, y, x, strict=True))


def _numbers(numbers: Any) -> NDArray[np.int64]:
    found = np.asarray(numbers)
    if found.dtype.kind not in "iu" or (found.size and (found.min() < 0 or found.max() > 118)):
        raise InputError(f"atomic numbers must be integers from 0 to 118, got {numbers!r:.80}")
    return found.astype(np.int64)


def _checked(numbers: Any, positions: Any) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    Z, R = _numbers(numbers), np.asarray(positions, np.float64)
    if Z.ndim < 1 or R.shape != (*Z.shape, 3):
        raise InputError(
            f"positions must be of shape (..., atoms, 3) for numbers (..., atoms), got {R.shape} and "
            f"{Z.shape}"
        )
    if not np.isfinite(R).all():
        raise InputError("positions contain NaN or infinite values")
    return Z, R


def _charges(Z: NDArray[np.int64], kinds: Any) -> NDArray[np.float64]:
    """Charges (n, kinds, atoms)."""
    if not isinstance(kinds, tuple) or not kinds or not set(kinds) <= set(KINDS):
        raise InputError(f"kinds must be a tuple of 'full', 'valence' and 'core', got {kinds!r}")
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
