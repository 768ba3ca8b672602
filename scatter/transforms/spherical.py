"""Scattering on the sphere."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError
from scatter.frames.scalediscretised import ScaleDiscretised
from scatter.frames.spherical import SphericalFrame
from scatter.numerics.namespace import Array, full_precision, namespace
from scatter.paths import Band, PathTree
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.fields import Fields
from scatter.transforms.plan import Plan
from scatter.transforms.readout import Readout
from scatter.transforms.validation import check_count


class SphericalScattering(ScatteringTransformer):
    """Wavelet scattering of fields on the sphere, invariant to rotations.

    Scale-discretised wavelets, a modulus, and a mean over the sphere, or a low-pass:
    ``||f * psi_j1| * psi_j2| * phi`` with j2 < j1, on Gauss-Legendre grids as fine as each wavelet needs. Of
    directional wavelets (N > 1) the norm over directions is kept at every point.

    Parameters
    ----------
    L : int
        Band limit: harmonics have degrees l < L. At least 2.
    J_min : int, default=0
        Coarsest wavelet, from 0 to that of the finest; degrees below ``lam^J_min`` are the low-pass's.
    lam : float, default=2
        Ratio of the degrees of neighbouring wavelets, above 1.
    N : int, default=1
        Azimuthal band limit of the wavelets: 1 is axisymmetric, more tells directions apart.
    max_order : int, default=2
        Largest number of wavelets on a path.
    sampling : {'gl', 'mw', 'dh', 'f1', 'cc', 'healpix', 'coefficients'}, default='gl'
        What fields are: (rings, longitudes), north first and longitudes from 0, on rings of Gauss and
        Legendre, of McEwen and Wiaux, or equidistant without poles ('dh', 'f1') or with both ('cc'); HEALPix
        pixels in the order of rings; or harmonic coefficients, complex (L, L), of degree l and order m >= 0.
        Rings are L or more (L + 1 with 'cc'), longitudes 2 L - 1 or more.
    oversampling : float, default=2
        Band limit of the grid of a modulus over that of its wavelet, at least 1. A modulus has no band limit,
        and what its grid folds back is the only error of rotation invariance; see Notes.
    min_bandlimit : int, default=32
        Smallest band limit of those grids.
    average : {False, True, 'global'}, default=False
        The moduli themselves, each on the grid of its wavelet; their low-pass, (rings, longitudes) on a
        Gauss-Legendre grid of the band limit ``ceil(lam^J_min)``; or their mean over the sphere.
    pooling : {'mean', 'mean_std', 'median', 'max', 'moments', 'powers', None} or a tuple, default='mean'
        Statistics over the sphere, see `Scattering2D`; None keeps the maps.
    log : bool or float, default=False
        Logarithm of the coefficients above order 0; see `Scattering2D`.
    ratios : bool or float, default=False
        Divide coefficients of order 2 and above by those of the path without its last wavelet, plus this
        number, True being 1e-6, before the logarithm; with ``average=True``, or
        ``pooling='mean'``.
    mask : array of the shape of a field, optional
        1 or True where fields are known. Elsewhere they may be anything, NaN included; means are over what
        wavelets see of the known part, `validity` says how much that is.
    out_type : {'array', 'list', 'dict'}, default='array'
        See `Scattering2D`.

    Attributes
    ----------
    shape_ : tuple of int
        Longitudes and rings of the grid that fields are carried to.
    n_features_in_ : int
        Numbers in a sample that `fit` saw.

    Raises
    ------
    InputError
        If a parameter is out of its range, or fields are not what the sampling says.

    Notes
    -----
    Fields are arrays (..., rings, longitudes), (..., pixels) or (..., L, L), as ``sampling`` says, real
    unless that is 'coefficients'; samples may be rows that hold them flattened.

    Random rotations of random fields (L=64, norm relative to that of the order) change the invariants by less
    than 3e-3 in order 1 and 1.5e-2 in order 2 with the defaults; the page on the sphere has a table.

    References
    ----------
    McEwen, Wallis & Mavor-Parker, "Scattering networks on the sphere for scalable and rotationally
    equivariant spherical CNNs", ICLR 2022. Leistedt et al., "S2LET", A&A 558, 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import SphericalScattering
    >>> S = SphericalScattering(L=16)
    >>> x = np.random.default_rng(0).standard_normal((5, 16, 31))
    >>> S(x).shape
    (5, 16)
    >>> print(S.tree.paths[-1])
    ||x*psi[j=4]|*psi[j=3]|*phi
    >>> turned = S(np.roll(x, 7, axis=-1))  # about the axis
    >>> bool(abs(turned - S(x)).max() < 0.01 * S(x).max())
    True
    """

    def __init__(
        self,
        L: int,
        J_min: int = 0,
        lam: float = 2.0,
        N: int = 1,
        max_order: int = 2,
        *,
        sampling: str = "gl",
        oversampling: float = 2.0,
        min_bandlimit: int = 32,
        average: bool | str = False,
        pooling: str | tuple[str, ...] | None = "mean",
        log: bool | float = False,
        ratios: bool | float = False,
        mask: Any = None,
        out_type: str = "array",
    ) -> None:
        self.L = L
        self.J_min = J_min
        self.lam = lam
        self.N = N
        self.max_order = max_order
        self.sampling = sampling
        self.oversampling = oversampling
        self.min_bandlimit = min_bandlimit
        self.average = average
        self.pooling = pooling
        self.log = log
        self.ratios = ratios
        self.mask = mask
        self.out_type = out_type

    # ------------------------------------------------------------------ the plan
    def _bank(self) -> ScaleDiscretised:
        L, N = check_count("L", self.L, 2), check_count("N", self.N, 1)
        if isinstance(self.lam, bool) or not isinstance(self.lam, Real) or not 1 < self.lam < math.inf:
            raise InputError(f"lam must be a number above 1, got {self.lam!r}")
        if N > L:
            raise InputError(f"N must be at most L={L}, got {N}")
        J = ScaleDiscretised(L, 0, float(self.lam)).J
        if isinstance(self.J_min, bool) or not isinstance(self.J_min, Integral) or not 0 <= self.J_min <= J:
            raise InputError(
                f"J_min must be an integer from 0 to {J}, the finest wavelet of L={L} and lam={self.lam:g}, "
                f"got {self.J_min!r}"
            )
        return ScaleDiscretised(L, int(self.J_min), float(self.lam), N)

    def _make_intake(self) -> Fields:
        return Fields(self.sampling, check_count("L", self.L, 2), self.mask)

    def _make_plan(self, geometry: Any) -> Plan:
        bank, over = self._bank(), self.oversampling
        if isinstance(over, bool) or not isinstance(over, Real) or not 1 <= over < math.inf:
            raise InputError(f"oversampling must be a number of at least 1, got {over!r}")
        least = check_count("min_bandlimit", self.min_bandlimit, 1)
        frame = SphericalFrame(bank, float(over), least, self._fields.mask_coefficients)
        readout = Readout(self.average, self.pooling, self.log, ratios=self.ratios)
        return Plan(frame, PathTree(bank, check_count("max_order", self.max_order, 0)), readout)

    @property
    def _fields(self) -> Fields:
        intake = self._intake
        assert isinstance(intake, Fields)
        return intake

    def _frame(self) -> SphericalFrame:
        frame = self.frame
        assert isinstance(frame, SphericalFrame)
        return frame

    @property
    def shape(self) -> tuple[int, ...]:
        """Longitudes and rings of the grid that fields are carried to."""
        return self.frame.shape

    # ------------------------------------------------------------------ the linear layer, and its inverse
    def validity(self) -> NDArray[np.float64]:
        """Share of what the low-pass sees at each point of its maps that ``mask`` lets it see.

        Returns
        -------
        ndarray of shape (rings, longitudes)
            From 0 to 1; ones without a mask.
        """
        return self._frame().validity(None)

    @full_precision
    def analyze(self, x: Any) -> dict[tuple[int, ...], Array]:
        """Wavelet transform of fields: the linear first layer.

        Parameters
        ----------
        x : array
            Fields, as for calling the transform.

        Returns
        -------
        dict of tuple to array
            ``()`` is the low-pass map (..., rings, longitudes); ``(n,)`` the coefficients of wavelet n,
            (..., rings, longitudes), or (..., N, rings, longitudes) with N > 1: cosine and sine of each order
            of direction. Their energy over the sphere is that of the field.
        """
        frame = self._frame()
        a, lead = self._fields.coefficients(x)
        xp, found = namespace(a), frame.analysis(a)
        return {
            () if band is None else (band.n,): xp.reshape(
                xp.matrix_transpose(w), (*lead, *_swapped(w.shape[1:]))
            )
            for band, w in found.items()
        }

    @full_precision
    def synthesize(self, coefficients: dict[tuple[int, ...], Array]) -> Array:
        """Fields of their wavelet transform: the inverse of `analyze`, to rounding.

        Parameters
        ----------
        coefficients : dict
            As `analyze` gives it.

        Returns
        -------
        array of shape (..., L, longitudes)
            On the Gauss-Legendre grid of band limit L, `shape` the other way round.
        """
        frame = self._frame()
        low = coefficients[()]
        xp, lead = namespace(low), tuple(low.shape[:-2])
        bands: dict[Band | None, Array] = {None: low}
        bands |= {band: coefficients[band.n,] for band in frame.bank.bands(1)}
        flat = {
            band: xp.matrix_transpose(xp.reshape(w, (-1, *w.shape[len(lead) :]))) for band, w in bands.items()
        }
        fields = xp.matrix_transpose(frame.synthesis(flat))
        return xp.reshape(fields, (*lead, *fields.shape[1:]))


def _swapped(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (*shape[:-2], shape[-1], shape[-2])
