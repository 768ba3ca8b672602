"""Scattering of signals."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, Literal, cast

from scatter.cascade import WORKING_SET
from scatter.domains.grid import line
from scatter.errors import InputError
from scatter.frames.convolution import ConvolutionFrame, SpectralBank
from scatter.frames.morlet1d import Morlet1D
from scatter.numerics.plain import scalar
from scatter.numerics.threads import check_jobs
from scatter.paths import PathTree
from scatter.transforms.cost import check_wavelets
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.executors import check_executor
from scatter.transforms.grids import Grids
from scatter.transforms.intake import Intake
from scatter.transforms.plan import Plan
from scatter.transforms.readout import Readout
from scatter.transforms.validation import check_count, check_flag, check_rate, check_tol, log2_step
from scatter.transforms.wavelets import chosen_bank, coarsest, meet_complex


class Scattering1D(ScatteringTransformer):
    """Wavelet scattering of signals: stable features that do not move with the signal.

    ``S x = (x * phi, |x * psi| * phi, ||x * psi| * psi'| * phi, ...)`` with Morlet wavelets psi at
    all scales up to ``2**J`` and a Gaussian average phi of duration T.

    Parameters
    ----------
    J : int, default=6
        Largest scale: wavelets last up to about ``2**J`` samples. At least 1.
    shape : int or (int,), optional
        Samples N of a signal; None learns it from `fit`, or from the last axis of each call.
    Q : int or tuple of int, default=1
        Wavelets per octave, at least 1: of order 1, or of each order. Orders that are not given
        have 1, and those beyond a tuple have its last.
    T : float, optional
        Duration of the average, samples, from 1 to N; None is ``2**J``. As in Kymatio, 0 stands
        for ``average=False`` and ``'global'`` for ``average='global'``.
    stride : int, optional
        Step of the output grid, a power of two up to T; None is the largest, or ``2**oversampling`` times
        less.
    max_order : int, default=2
        Largest number of wavelets on a path, 0 or more.
    out_type : {'array', 'list', 'dict'}, default='array'
        What a call returns: one array, a list of dicts (``coef``, ``j``, ``n``, ``order``,
        ``path``), or a dict from the indices n of a path to its coefficients.
    channels : {'first', 'last'}, default='first'
        Where the channels of signals are: (..., channels, N) or (..., N, channels).
    padding : {'reflect', 'symmetric', 'periodic', 'zero'} or None, default='reflect'
        How signals continue beyond their ends. None adds nothing: the signal is one period, and
        N must be a multiple of the stride.
    average : {True, 'global', False}, default=True
        Local average on the output grid, mean over the signal, or the unaveraged modulus.
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
        Wavelets of negative frequency too at order 1, without which half of a complex signal is
        not seen. A real signal has the same coefficients on both sides.
    sampling_rate : float, optional
        Samples per second, for the frequencies of `table`.
    compat : {None, 'kymatio-0.3'}, default=None
        ``'kymatio-0.3'`` replays the scaling of Kymatio 0.3.0, ``2**-k`` on a path whose moduli
        are subsampled by ``2**k`` in all.
    oversampling : int, default=0
        Keep ``2**oversampling`` times as many samples of the moduli and of the output as their spectra
        need: less aliasing, more work. As in Kymatio 0.3.0.
    wavelet : 'morlet' or a bank, default='morlet'
        The wavelets: a bank of your own is a frozen value with the members of
        `scatter.frames.convolution.SpectralBank`. It says what J, Q, T, stride, two_sided, compat and
        oversampling say of Morlet wavelets, which are then left out.
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
    Conventions: coefficients have shape ``(..., paths, n)`` with paths sorted by order and then by
    index; sample i of the output grid is centred on sample `times` [i] of the signal; frequencies
    are in cycles per sample unless they say Hz. The order 0 of a complex signal is ``|x * phi|``.

    References
    ----------
    Andén & Mallat, "Deep scattering spectrum", IEEE Transactions on Signal Processing 62(16), 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from scatter import Scattering1D
    >>> x = np.sin(np.arange(2048) ** 2 / 4096).astype("float32")
    >>> S = Scattering1D(J=6, shape=2048, Q=8)
    >>> S(x).shape
    (126, 32)
    >>> print(S.tree.paths[1])
    |x*psi[j=0,n=0]|*phi
    """

    def __init__(
        self,
        J: int = 6,
        shape: int | tuple[int] | None = None,
        Q: int | tuple[int, ...] = 1,
        T: float | str | None = None,
        *,
        stride: int | None = None,
        max_order: int = 2,
        out_type: str = "array",
        channels: str = "first",
        padding: str | None = "reflect",
        average: bool | str = True,
        pooling: str | tuple[str, ...] | None = None,
        log: bool | float = False,
        ratios: bool | float = False,
        two_sided: bool = False,
        sampling_rate: float | None = None,
        compat: str | None = None,
        oversampling: int = 0,
        wavelet: Any = "morlet",
        executor: str = "auto",
        tol: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.J = J
        self.shape = shape
        self.Q = Q
        self.T = T
        self.stride = stride
        self.max_order = max_order
        self.out_type = out_type
        self.channels = channels
        self.padding = padding
        self.average = average
        self.pooling = pooling
        self.log = log
        self.ratios = ratios
        self.two_sided = two_sided
        self.sampling_rate = sampling_rate
        self.compat = compat
        self.oversampling = oversampling
        self.wavelet = wavelet
        self.executor = executor
        self.tol = tol
        self.n_jobs = n_jobs

    def _make_intake(self) -> Intake:
        return Grids.of(self, 1, meet_complex=meet_complex(self))

    def _make_plan(self, shape: tuple[int, ...]) -> Plan:
        (N,) = shape
        check_rate("sampling_rate", self.sampling_rate)
        decided = ("J", "Q", "T", "stride", "two_sided", "compat", "oversampling")
        bank = chosen_bank(self, shape, decided, lambda: self._morlet(N))
        if bank is self.wavelet:
            self._check_length(bank, N)
        readout = Readout(self._averaging, self.pooling, self.log, ratios=self.ratios)
        grid = line(N, lambda n: bank.phi((n,))[0], self.padding)
        frame = ConvolutionFrame(bank, grid, check_tol(self.tol))
        tree = PathTree(frame.bank, check_count("max_order", self.max_order, 0), frame.capacity(WORKING_SET))
        return Plan(frame, tree, readout, check_executor(self.executor), check_jobs(self.n_jobs))

    def _check_length(self, bank: SpectralBank, N: int) -> None:
        step = 1 << coarsest(bank)
        if step > N or (self.padding is None and N % step):
            raise InputError(
                f"{bank!r} keeps one sample in {step}, but the signal has {N}; type a bank with fewer scales"
                + ("" if step > N else f", or padding='periodic', or crop to {N - N % step} samples")
            )

    def _morlet(self, N: int) -> Morlet1D:
        J = check_count("J", self.J, 1)
        if N.bit_length() <= J:
            raise InputError(
                f"J={J} needs signals of at least 2**J samples, but the signal has only {N}; "
                + (f"type J={N.bit_length() - 1} or less" if N > 1 else "one sample has no scales")
            )
        check_wavelets(J * max(self._wavelets_per_octave()), J=J, Q=self.Q)
        T = self._duration(J, N)
        log2_stride = self._log2_stride(T)
        return Morlet1D(
            J,
            self._wavelets_per_octave(),
            T,
            log2_stride,
            self._limit(N, log2_stride),
            self._aliasing(),
            check_flag("two_sided", self.two_sided),
            check_count("oversampling", self.oversampling, 0),
        )

    @property
    def _averaging(self) -> bool | str:
        T, average = scalar(self.T), scalar(self.average)
        meant = T if isinstance(T, str) else False if T == 0 else average
        if average is not True and average != meant:
            raise InputError(
                f"T={T!r} stands for average={meant!r}, but average={average!r} is given; leave one out"
            )
        return cast("bool | str", meant)

    def _limit(self, N: int, log2_stride: int) -> int:
        """Coarsest resolution of a modulus: that of the output, or what the signal allows."""
        averaged = self._averaging is True
        if self.padding is not None:
            return log2_stride if averaged else math.floor(math.log2(N))
        if averaged and N % (1 << log2_stride):
            raise InputError(
                f"padding=None needs a length that is a multiple of {1 << log2_stride}, got {N}; "
                f"type padding='periodic', or crop to {N - N % (1 << log2_stride)} samples"
            )
        return log2_stride if averaged else (N & -N).bit_length() - 1

    def _wavelets_per_octave(self) -> tuple[int, ...]:
        several = isinstance(self.Q, (tuple, list)) or getattr(self.Q, "ndim", 0) == 1
        counts = tuple(self.Q) if several else (self.Q,)  # type: ignore[arg-type]
        if not counts:
            raise InputError("Q must have at least one number of wavelets per octave, got an empty tuple")
        counts = tuple(check_count("Q", count, 1) for count in counts)
        return counts if len(counts) > 1 else (*counts, 1)

    def _duration(self, J: int, N: int) -> float:
        T = scalar(self.T)
        if T is None or (isinstance(T, str) and T == "global"):
            return float(2**J)
        if isinstance(T, bool) or not isinstance(T, Real) or not (T == 0 or 1 <= float(T) <= N):
            raise InputError(
                f"T must be a duration from 1 to the {N} samples of the signal, 0, 'global' or None, "
                f"got {self.T!r}"
            )
        return float(T or 2**J)

    def _log2_stride(self, T: float) -> int:
        largest = math.floor(math.log2(T))
        if self.stride is None:
            return max(0, largest - check_count("oversampling", self.oversampling, 0))
        return log2_step("T", self.stride, largest)

    def _aliasing(self) -> Literal["sum", "mean"]:
        if self.compat not in (None, "kymatio-0.3"):
            raise InputError(f"compat must be None or 'kymatio-0.3', got {self.compat!r}")
        return "sum" if self.compat is None else "mean"

    @property
    def times(self) -> Any:
        """Centres of the output samples: samples of the signal, or seconds given ``sampling_rate``."""
        frame = self.frame
        assert isinstance(frame, ConvolutionFrame)
        (positions,) = frame.grid.positions(frame.bank.log2_stride)
        return positions if self.sampling_rate is None else positions / self.sampling_rate
