"""Scattering of images."""

from __future__ import annotations

from typing import Any

from scatter.cascade import WORKING_SET
from scatter.domains.grid import plane
from scatter.errors import InputError
from scatter.frames.convolution import ConvolutionFrame, SpectralBank
from scatter.frames.morlet2d import Morlet2D
from scatter.frames.rotomorlet import RotoTranslationMorlet, relative
from scatter.numerics.threads import check_jobs
from scatter.paths import PathTree
from scatter.transforms.cost import check_wavelets
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.executors import check_executor
from scatter.transforms.grids import Grids
from scatter.transforms.intake import Intake
from scatter.transforms.pathmeans import PathMeans
from scatter.transforms.plan import Plan
from scatter.transforms.readout import Readout
from scatter.transforms.validation import check_count, check_flag, check_rotation, check_tol, log2_step
from scatter.transforms.wavelets import chosen_bank, coarsest, meet_complex


class Scattering2D(ScatteringTransformer):
    """Wavelet scattering of images: stable features that do not move with the image.

    ``S x = (x * phi, |x * psi| * phi, ||x * psi| * psi'| * phi, ...)`` with Morlet wavelets psi at J
    scales in L directions, and a Gaussian average phi of width ``2**J`` pixels.

    Parameters
    ----------
    J : int, default=3
        Number of scales, at least 1; ``2**J`` may not exceed a side of the image, except that a
        side of 1 is a flat axis and always allowed.
    shape : (int, int), optional
        Rows and columns (M, N) of an image; None learns them from `fit`, or from the last axes of
        each call. Rows of a square number of features are square images, others images of one row,
        with a warning.
    L : int, default=8
        Directions over half a turn, at least 1.
    max_order : int, default=2
        Largest number of wavelets on a path, 0 or more.
    pre_pad : bool, default=False
        The images handed in have already been padded, to `padded_shape`.
    out_type : {'array', 'list', 'dict'}, default='array'
        What a call returns: one array, a list of dicts (``coef``, ``j``, ``theta``, ``n``,
        ``order``, ``path``), or a dict from the indices n of a path to its coefficients.
    stride : int, optional
        Step of the output grid, pixels, a power of two up to ``2**J``; None is ``2**J``. Half of that
        gives four times as many coefficients, which follow each other more closely than their average is
        wide: often better for a classifier.
    rotation : {'covariant', 'invariant'}, default='covariant'
        Keep a path for every direction of the first wavelet, so that coefficients move from path to path as
        the image turns; or average over these directions, with the others relative to the first, so that
        they hardly change as the image turns. They are then L times fewer, and those of
        `RotoTranslationScattering2D` with ``K=0``.
    channels : {'first', 'last'}, default='first'
        Where the channels of images are: (..., channels, M, N) or (..., M, N, channels).
    padding : {'reflect', 'symmetric', 'periodic', 'zero'} or None, default='reflect'
        How images continue beyond their edges. None adds nothing: the image is one period, and its
        sides must be multiples of ``2**J``.
    average : {True, 'global', False}, default=True
        Local average on the output grid, mean over the image, or the unaveraged modulus.
    pooling : {None, 'mean', 'mean_std', 'median', 'max', 'moments', 'powers'} or a tuple, default=None
        Keep the output grid, or replace it by its mean, mean and standard deviation, median or maximum; by
        mean, variance, skewness and excess kurtosis; or by the sums of its powers 1 to 4, each sample
        standing for those of the signal that it covers. A tuple gives several of these, one after the other.
    log : bool or float, default=False
        Logarithm of the coefficients of order 1 and above, before they are pooled: ``log(max(S, 0) + log)``,
        True being 1e-6. With 'powers' it is that of their sums, ``sign(s) log(1 + |s| / log)``, True being 1.
    ratios : bool or float, default=False
        Divide coefficients of order 2 and above by those of the path without its last wavelet, plus this
        number, True being 1e-6, before the logarithm.
    two_sided : bool, default=False
        Directions of the whole turn, 2 L of them, at order 1, without which half of the frequencies
        of a complex image are not seen. A real image has the same coefficients on both sides.
    wavelet : 'morlet' or a bank, default='morlet'
        The wavelets: a bank of your own is a frozen value with the members of
        `scatter.frames.convolution.SpectralBank`. It says what J, L and two_sided say of Morlet wavelets,
        which are then left out.
    executor : {'auto', 'array', 'compiled'}, default='auto'
        What runs the transform: compiled code, for NumPy arrays and for PyTorch tensors on the
        processor that need no gradient; array by array, in any library; or, 'auto', the first where it
        can be had. Both give the same numbers.
    tol : float, optional
        Values of a filter at most this many times its peak count as zero, below 0.1. None is the
        rounding of the precision; more is faster and less exact.
    n_jobs : int, optional
        Threads of the compiled executor; None is all the processors that this process may use, and
        negative numbers count from them as in joblib.

    Attributes
    ----------
    shape_ : tuple of int
        Shape learnt by `fit`.
    n_features_in_ : int
        Numbers in a sample.

    Notes
    -----
    Conventions: coefficients have shape ``(..., paths, M // stride, N // stride)`` with paths sorted by
    order, then by scale and direction; direction theta is ``(L // 2 - 1 - theta) * pi / L`` radians
    from the first axis (down the rows) towards the second, for even L; frequencies are in cycles
    per pixel. Channels are batch axes. The order 0 of a complex image is ``|x * phi|``.

    References
    ----------
    Bruna & Mallat, "Invariant scattering convolution networks", IEEE Transactions on Pattern
    Analysis and Machine Intelligence 35(8), 2013.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import Scattering2D
    >>> x = np.zeros((10, 3, 32, 32), dtype="float32")
    >>> Scattering2D(J=2, shape=(32, 32))(x).shape
    (10, 3, 81, 8, 8)
    >>> Scattering2D(J=2, pooling="mean").fit_transform(x).shape
    (10, 243)
    """

    def __init__(
        self,
        J: int = 3,
        shape: tuple[int, int] | None = None,
        L: int = 8,
        max_order: int = 2,
        pre_pad: bool = False,
        out_type: str = "array",
        *,
        stride: int | None = None,
        rotation: str = "covariant",
        channels: str = "first",
        padding: str | None = "reflect",
        average: bool | str = True,
        pooling: str | tuple[str, ...] | None = None,
        log: bool | float = False,
        ratios: bool | float = False,
        two_sided: bool = False,
        wavelet: Any = "morlet",
        executor: str = "auto",
        tol: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.J = J
        self.shape = shape
        self.L = L
        self.max_order = max_order
        self.pre_pad = pre_pad
        self.out_type = out_type
        self.stride = stride
        self.rotation = rotation
        self.channels = channels
        self.padding = padding
        self.average = average
        self.pooling = pooling
        self.log = log
        self.ratios = ratios
        self.two_sided = two_sided
        self.wavelet = wavelet
        self.executor = executor
        self.tol = tol
        self.n_jobs = n_jobs

    def _make_intake(self) -> Intake:
        handed_in = (lambda shape: self._plan(shape).frame.shape) if self.pre_pad else None
        return Grids.of(self, 2, handed_in=handed_in, meet_complex=meet_complex(self))

    def _make_plan(self, shape: tuple[int, ...]) -> Plan:
        readout = Readout(self.average, self.pooling, self.log, ratios=self.ratios)
        bank = chosen_bank(self, shape, ("J", "L", "two_sided", "stride", "rotation"), self._morlet)
        width = bank.J if isinstance(bank, Morlet2D) else coarsest(bank)
        grid = plane(shape, width, self.padding)
        if check_flag("pre_pad", self.pre_pad):
            grid = grid.handed_in_padded()
        frame = ConvolutionFrame(bank, grid, check_tol(self.tol))
        tree = PathTree(frame.bank, check_count("max_order", self.max_order, 0), frame.capacity(WORKING_SET))
        executor, n_jobs = check_executor(self.executor), check_jobs(self.n_jobs)
        if check_rotation(self.rotation) == "covariant":
            return Plan(frame, tree, readout, executor, n_jobs)
        assert isinstance(bank, Morlet2D)  # no other bank takes the parameter
        means = self._over_directions(bank, tree)
        return Plan(frame, means.smaller, readout, executor, n_jobs, means)

    def _over_directions(self, bank: Morlet2D, tree: PathTree) -> PathMeans:
        """Means over the directions of the first wavelet."""
        if self.average is False:
            raise InputError(
                "average=False leaves maps that don't turn with the directions; type average=True with "
                "rotation='invariant'"
            )
        smaller = PathTree(RotoTranslationMorlet(bank.J, bank.L, 0), tree.max_order)
        return PathMeans.of(tree, smaller, lambda path: relative(path, bank.L))

    def _morlet(self) -> SpectralBank:
        J, L = check_count("J", self.J, 1), check_count("L", self.L, 1)
        check_wavelets(J * L, J=J, L=L)
        log2_stride = J if self.stride is None else log2_step("2**J", self.stride, J)
        return Morlet2D(J, L, check_flag("two_sided", self.two_sided), J - log2_stride)

    @property
    def padded_shape(self) -> tuple[int, ...]:
        """Shape of an image after padding, which ``pre_pad=True`` expects."""
        frame = self.frame
        assert isinstance(frame, ConvolutionFrame)
        return frame.grid.padded

    @property
    def positions(self) -> tuple[Any, ...]:
        """Rows and columns of the image on which the output samples are centred, pixels."""
        frame = self.frame
        assert isinstance(frame, ConvolutionFrame)
        return frame.grid.positions(frame.bank.log2_stride)
