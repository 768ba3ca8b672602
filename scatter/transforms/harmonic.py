"""Scattering of volumes by solid harmonic wavelets."""

from __future__ import annotations

import math

import numpy as np

from scatter.domains.grid import Grid
from scatter.errors import InputError
from scatter.frames.solidharmonic import SolidHarmonics
from scatter.frames.volume import SolidHarmonicFrame
from scatter.numerics.threads import check_jobs
from scatter.paths import PathTree
from scatter.transforms.channels import volume_shape
from scatter.transforms.cost import check_wavelets
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.executors import check_executor
from scatter.transforms.grids import Grids, refuse_complex
from scatter.transforms.intake import Intake
from scatter.transforms.plan import Plan
from scatter.transforms.readout import Readout
from scatter.transforms.validation import check_count, check_flag, check_positive

METHODS = ("integral", "local")
MOST_DEGREES = 12
"""Largest degree l: rounding errors of the harmonics grow with it, and there are 2 l + 1 of them."""


class HarmonicScattering3D(ScatteringTransformer):
    """Wavelet scattering of volumes whose coefficients stay the same as a volume moves and turns.

    ``U[j,l] = (sum over m of |x * psi_{j,l,m}|^2)^(1/2)`` with solid harmonic wavelets of scale
    ``sigma_0 2**j`` and degree l: a rotation mixes the 2 l + 1 orders m of a degree, and the root of the sum
    of their squares turns with the volume. The second order filters U[j,l] again, by coarser wavelets of the
    same degree. Kept are integrals of powers of U over the volume, which rotations leave as they are.

    Parameters
    ----------
    J : int, default=2
        Largest scale, an exponent of two, at least 0: wavelets have the widths ``sigma_0 2**j`` for j from 0
        to J. ``sigma_0 2**J`` may not exceed a side of the volume, except that a side of 1 is a flat axis and
        always allowed.
    shape : (int, int, int), optional
        Voxels along z, y and x; None learns them from `fit`, or from the last axes of each call. Rows of a
        number of features that is a third power are cubes, others volumes of one row, with a warning.
    L : int, default=3
        Largest degree l, from 0 to 12.
    sigma_0 : float, default=1.0
        Width of the finest wavelet, voxels, above 0. Wavelets much narrower than 1 are cut off by the grid,
        and turn less well.
    max_order : int, default=2
        Largest number of wavelets on a path, 0 or more.
    rotation_covariant : bool, default=True
        Take the wavelets of all orders m of a degree together. Without, only that of ``m = -l`` is taken,
        which is faster, and invariant to turns about z alone.
    method : {'integral', 'local'}, default='integral'
        Integrals of powers of U over the volume, or local averages of U, by a Gaussian of the width
        ``sigma_0 2**J``, around every ``2**J``-th voxel.
    integral_powers : sequence of float, default=(0.5, 1.0, 2.0)
        The powers, each above 0: ``sum over voxels of |U|**power``. Small ones count where there is
        something, large ones where there is most.
    out_type : {'array', 'list', 'dict'}, default='array'
        What a call returns: one array, a list of dicts (``coef``, ``j``, ``l``, ``n``, ``order``, ``path``),
        or a dict from the indices n of a path to its coefficients.
    channels : {'first', 'last'}, default='first'
        Where the channels of volumes are: (..., channels, D, H, W) or (..., D, H, W, channels).
    log : bool or float, default=False
        Logarithm of the integrals, ``log(1 + s / log)``, True being 1; of local averages above order 0,
        ``log(max(S, 0) + log)``, True being 1e-6.
    ratios : bool or float, default=False
        Divide coefficients of order 2 and above by those of the path without its last wavelet, plus this
        number, True being 1e-6, before the logarithm.
    executor : {'auto', 'array', 'compiled'}, default='auto'
        What runs the transform: compiled code, for NumPy arrays and for PyTorch tensors on the
        processor that need no gradient; array by array, in any library; or, 'auto', the first where it
        can be had. Both give the same numbers. ``rotation_covariant=False`` is not compiled.
    n_jobs : int, optional
        Threads of the compiled executor; None is all the processors that this process may use, and
        negative numbers count from them as in joblib.

    Attributes
    ----------
    shape_ : tuple of int
        Shape learnt by `fit`.
    n_features_in_ : int
        Numbers in a sample.

    Raises
    ------
    InputError
        If a parameter is out of its range, a volume is complex, or too small for J.

    Notes
    -----
    Conventions: a volume is one period of a periodic one, so what it holds should fade towards its faces.
    Coefficients have shape ``(..., paths, powers)``, or ``(..., paths, D // 2**J, H // 2**J, W // 2**J)``
    with ``method='local'``; paths are sorted by order, then by degree and scales. Order 0 is the volume
    itself: the integrals of the powers of ``|x|``. The numbers are Kymatio's, which leaves order 0 out, on
    sides of even length; on odd ones Kymatio's filters miss the frequency zero, and these do not.

    References
    ----------
    Eickenberg, Exarchakis, Hirn & Mallat, "Solid harmonic wavelet scattering: predicting quantum molecular
    energy from invariant descriptors of 3D electronic densities", NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import HarmonicScattering3D
    >>> x = np.random.default_rng(0).random((2, 16, 16, 16))
    >>> S = HarmonicScattering3D(J=1, shape=(16, 16, 16), L=2)
    >>> S(x).shape
    (2, 10, 3)
    >>> print(S.tree.paths[-1])
    ||x*psi[j=0,l=2]|*psi[j=1,l=2]|*phi
    >>> bool(np.allclose(S(np.rot90(x, axes=(1, 3))), S(x), rtol=1e-4))
    True
    """

    def __init__(
        self,
        J: int = 2,
        shape: tuple[int, int, int] | None = None,
        L: int = 3,
        sigma_0: float = 1.0,
        max_order: int = 2,
        rotation_covariant: bool = True,
        method: str = "integral",
        *,
        integral_powers: tuple[float, ...] = (0.5, 1.0, 2.0),
        out_type: str = "array",
        channels: str = "first",
        log: bool | float = False,
        ratios: bool | float = False,
        executor: str = "auto",
        n_jobs: int | None = None,
    ) -> None:
        self.J = J
        self.shape = shape
        self.L = L
        self.sigma_0 = sigma_0
        self.max_order = max_order
        self.rotation_covariant = rotation_covariant
        self.method = method
        self.integral_powers = integral_powers
        self.out_type = out_type
        self.channels = channels
        self.log = log
        self.ratios = ratios
        self.executor = executor
        self.n_jobs = n_jobs

    def _make_intake(self) -> Intake:
        return Grids.of(self, 3, guess=volume_shape, meet_complex=refuse_complex)

    @property
    def bank(self) -> SolidHarmonics:
        """The wavelets."""
        J, L = check_count("J", self.J, 0), check_count("L", self.L, 0)
        check_wavelets((J + 1) * (L + 1), J=J, L=L)
        if L > MOST_DEGREES:
            raise InputError(f"L must be an integer from 0 to {MOST_DEGREES}, got {L}")
        covariant = check_flag("rotation_covariant", self.rotation_covariant)
        return SolidHarmonics(J, L, check_positive("sigma_0", self.sigma_0), covariant)

    def _make_plan(self, shape: tuple[int, ...] | None) -> Plan:
        """The plan for volumes of a shape; of the paths alone, if none is known."""
        bank, frame = self.bank, None
        if shape is not None:
            _check_size(shape, bank.J, bank.sigma_0)
            frame = SolidHarmonicFrame(bank, Grid(shape, shape, (0, 0, 0), None))
        tree = PathTree(bank, check_count("max_order", self.max_order, 0), SolidHarmonicFrame.capacity)
        return Plan(frame, tree, self._readout(), check_executor(self.executor), check_jobs(self.n_jobs))

    def _readout(self) -> Readout:
        if self.method not in METHODS:
            raise InputError(f"method must be 'integral' or 'local', got {self.method!r}")
        powers = check_powers(self.integral_powers)
        if self.method == "local":
            return Readout(average=True, log=self.log, ratios=self.ratios)
        return Readout(average=False, pooling="powers", log=self.log, powers=powers, ratios=self.ratios)


def check_powers(powers: object) -> tuple[float, ...]:
    """Return exponents that must be positive."""
    found = list(powers) if isinstance(powers, (tuple, list, np.ndarray)) else []
    if not found:
        raise InputError(f"integral_powers must be a tuple of numbers, such as (0.5, 1, 2), got {powers!r}")
    return tuple(check_positive("each of integral_powers", power) for power in found)


def _check_size(shape: tuple[int, ...], J: int, sigma_0: float) -> None:
    side, width = min([n for n in shape if n > 1], default=math.inf), sigma_0 * 2.0**J
    if width > side:
        most = math.floor(math.log2(side / sigma_0)) if side >= sigma_0 else None
        advice = f"type J={most} or less" if most is not None else f"type sigma_0={side} or less"
        raise InputError(
            f"wavelets of the width sigma_0 * 2**J = {width:g} voxels do not fit into a volume of "
            f"{' x '.join(map(str, shape))}; {advice}"
        )
