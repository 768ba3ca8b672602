"""Scattering of images on the group of rotations and translations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scatter.cascade import WORKING_SET
from scatter.domains.grid import plane
from scatter.errors import InputError
from scatter.frames.convolution import ConvolutionFrame
from scatter.frames.rotomorlet import RotoTranslationMorlet
from scatter.frames.rototranslation import RotoTranslationFrame
from scatter.numerics.namespace import Array
from scatter.paths import PathTree
from scatter.transforms.cost import check_wavelets
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.grids import Grids
from scatter.transforms.intake import Intake
from scatter.transforms.plan import Plan
from scatter.transforms.readout import Readout
from scatter.transforms.validation import check_count, check_rotation, check_tol


class RotoTranslationScattering2D(ScatteringTransformer):
    """Wavelet scattering of images whose coefficients stay the same, or change places, as an image turns.

    The first layer is that of `Scattering2D`, ``U(u, theta1) = |x * psi_{j1,theta1}|(u)``. The second filters
    U as a function of position and direction: in space by psi at the angle ``theta1 + theta``, which turns
    with the first wavelet, and along the circle of directions theta1 by a wavelet of scale k. An average over
    theta1 then forgets how the image is turned, and keeps how its directions go together.

    Parameters
    ----------
    J : int, default=3
        Number of scales, at least 1; ``2**J`` may not exceed a side of the image, except that a side of 1 is
        a flat axis and always allowed.
    shape : (int, int), optional
        Rows and columns (M, N) of an image; None learns them from `fit`, or from the last axes of each call.
        Rows of a square number of features are square images, others images of one row, with a warning.
    L : int, default=8
        Directions over half a turn, at least 1. Turns by multiples of ``pi / L`` are treated exactly.
    max_order : {0, 1, 2}, default=2
        Largest number of wavelets on a path.
    out_type : {'array', 'list', 'dict'}, default='array'
        What a call returns: one array, a list of dicts (``coef``, ``j``, ``theta``, ``k``, ``n``, ``order``,
        ``path``), or a dict from the indices n of a path to its coefficients.
    K : int, optional
        Wavelets along the circle of directions, one an octave, ``2**K <= L``; None is as many as that allows.
        With 0 directions are not mixed, and coefficients are those of `Scattering2D`.
    rotation : {'invariant', 'covariant'}, default='invariant'
        Average the coefficients over theta1, so that they don't change as the image turns about a point; or
        keep them, so that they move from path to path as `turned` says.
    channels : {'first', 'last'}, default='first'
        Where the channels of images are: (..., channels, M, N) or (..., M, N, channels).
    padding : {'reflect', 'symmetric', 'periodic', 'zero'} or None, default='reflect'
        How images continue beyond their edges. None adds nothing: the image is one period, and its sides must
        be multiples of ``2**J``.
    average : {True, 'global', False}, default=True
        Local average on the output grid, mean over the image, or the unaveraged modulus.
    pooling : {None, 'mean', 'mean_std', 'median', 'max', 'moments', 'powers'} or a tuple, default=None
        Keep the output grid, or replace it by statistics; see `Scattering2D`.
    log : bool or float, default=False
        Logarithm of the coefficients above order 0; see `Scattering2D`.
    ratios : bool or float, default=False
        Divide coefficients of order 2 and above by those of the path without its last wavelet, plus this
        number, True being 1e-6, before the logarithm.
    tol : float, optional
        Values of a filter in space at most this many times its peak count as zero, below 0.1. None is the
        rounding of the precision.

    Attributes
    ----------
    shape_ : tuple of int
        Shape learnt by `fit`.
    n_features_in_ : int
        Numbers in a sample.

    Raises
    ------
    InputError
        If a parameter is out of its range, an image is complex, or too small for J.

    Notes
    -----
    Conventions: coefficients have shape ``(..., paths, M // 2**J, N // 2**J)``, with paths sorted by order,
    then by the indices n of their bands. The theta of the second band is *relative* to the direction of the
    first, in steps of ``pi / L``, clockwise as an image is shown. A second band without k is a low-pass along
    the circle; one with nothing but k is a low-pass in space, which only invariant paths have. The first
    theta of a covariant path is that of `Scattering2D`, over half a turn. The second goes over the whole
    turn, as at ``theta + L`` the wavelet along the circle has the opposite frequency.

    References
    ----------
    Sifre & Mallat, "Rotation, scaling and deformation invariant scattering for texture discrimination", IEEE
    Conference on Computer Vision and Pattern Recognition, 2013.

    Oyallon & Mallat, "Deep roto-translation scattering for object classification", IEEE Conference on
    Computer Vision and Pattern Recognition, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import RotoTranslationScattering2D
    >>> x = np.zeros((10, 64, 64), dtype="float32")
    >>> S = RotoTranslationScattering2D(J=3, shape=(64, 64))
    >>> S(x).shape
    (10, 109, 8, 8)
    >>> S.tree.counts
    (1, 3, 105)
    >>> print(S.tree.paths[6])
    ||x*psi[j=0]|*psi[j=1,theta=0,k=2]|*phi
    """

    def __init__(
        self,
        J: int = 3,
        shape: tuple[int, int] | None = None,
        L: int = 8,
        max_order: int = 2,
        out_type: str = "array",
        *,
        channels: str = "first",
        K: int | None = None,
        rotation: str = "invariant",
        padding: str | None = "reflect",
        average: bool | str = True,
        pooling: str | tuple[str, ...] | None = None,
        log: bool | float = False,
        ratios: bool | float = False,
        tol: float | None = None,
    ) -> None:
        self.J = J
        self.shape = shape
        self.L = L
        self.max_order = max_order
        self.out_type = out_type
        self.K = K
        self.rotation = rotation
        self.channels = channels
        self.padding = padding
        self.average = average
        self.pooling = pooling
        self.log = log
        self.ratios = ratios
        self.tol = tol

    def _make_intake(self) -> Intake:
        return Grids.of(self, 2, meet_complex=_refuse_complex)

    def _make_plan(self, shape: tuple[int, ...]) -> Plan:
        J, L = check_count("J", self.J, 1), check_count("L", self.L, 1)
        check_wavelets(J * L, J=J, L=L)
        readout = Readout(self.average, self.pooling, self.log, ratios=self.ratios)
        bank = RotoTranslationMorlet(
            J, L, self._angular_scales(L), check_rotation(self.rotation) == "covariant"
        )
        flat = ConvolutionFrame(bank.plane, plane(shape, J, self.padding), check_tol(self.tol))
        frame = RotoTranslationFrame(bank, flat)
        tree = PathTree(bank, self._order(), frame.capacity(WORKING_SET))
        return Plan(frame, tree, readout)

    def _angular_scales(self, L: int) -> int:
        most = L.bit_length() - 1
        if self.K is None:
            return most
        count = check_count("K", self.K, 0)
        if count > most:
            raise InputError(
                f"K={count} wavelets along the circle need 2**K <= L directions, got L={L}; "
                f"type K={most} or less"
            )
        return count

    def _order(self) -> int:
        order = check_count("max_order", self.max_order, 0)
        if order > 2:
            raise InputError(
                f"max_order must be 0, 1 or 2, got {order}; higher orders are those of Scattering2D"
            )
        return order

    def turned(self, steps: int = 1) -> NDArray[np.int64]:
        """Which path of an image every path of the turned image is equal to.

        If y is x turned about a point by ``steps * pi / L``, in the direction of `numpy.rot90`, then path p
        of y, at the turned position, has the coefficient of path ``turned(steps)[p]`` of x.

        Parameters
        ----------
        steps : int, default=1
            Turn in units of ``pi / L``, of any sign.

        Returns
        -------
        ndarray of int of shape (paths,)
            A permutation; the identity with ``rotation='invariant'``.

        Examples
        --------
        >>> import numpy as np
        >>> from scatter import RotoTranslationScattering2D
        >>> S = RotoTranslationScattering2D(J=3, shape=(32, 32), L=4, rotation="covariant", padding=None)
        >>> x = np.random.default_rng(0).standard_normal((32, 32))
        >>> y = np.roll(np.rot90(x), 1, axis=0)  # a quarter turn about the pixel (0, 0), two steps
        >>> turned = np.roll(np.rot90(S(x)[S.turned(2)], axes=(1, 2)), 1, axis=1)
        >>> bool(np.allclose(S(y), turned, atol=1e-4))
        True
        """
        frame = self.frame
        assert isinstance(frame, RotoTranslationFrame)
        places = {path.n: place for place, path in enumerate(self.tree.paths)}
        return np.asarray([places[frame.bank.turned(path.bands, steps)] for path in self.tree.paths])

    @property
    def positions(self) -> tuple[NDArray[np.int64], ...]:
        """Rows and columns of the image on which the output samples are centred, pixels."""
        frame = self.frame
        assert isinstance(frame, RotoTranslationFrame)
        return frame.plane.grid.positions(frame.bank.log2_stride)


def _refuse_complex(x: Array) -> None:
    raise InputError(
        f"real images are needed, whose moduli are the same half a turn on, got {x.dtype}; stack "
        "real and imaginary parts as channels, or type Scattering2D(two_sided=True)"
    )
