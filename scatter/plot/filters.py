"""Filter banks in frequency and in time or space."""

from __future__ import annotations

from matplotlib.figure import Figure

from scatter.errors import InputError
from scatter.frames.base import Frame
from scatter.frames.convolution import ConvolutionFrame
from scatter.plot import bank1d, bank2d
from scatter.transforms.estimator import ScatteringTransformer
from scatter.transforms.validation import check_count


def filter_bank(
    frame: Frame, *, order: int = 1, log_frequency: bool = False, fig: Figure | None = None
) -> Figure:
    """Draw the wavelets and the low-pass of a frame, and how evenly they cover the frequencies.

    In one dimension: the spectra, their Littlewood-Paley sum with the frame bounds A and B, and the
    wavelets in time, one an octave. In two: the largest spectrum at every frequency, the sum, and
    the real part of every wavelet in space, one row a scale.

    Parameters
    ----------
    frame : Frame
        Of signals or images, such as ``Scattering1D(J=6, shape=1024).frame``.
    order : int, default=1
        Whose wavelets, at least 1; orders 1 and 2 may differ.
    log_frequency : bool, default=False
        Logarithmic axis of frequencies; one dimension only.
    fig : matplotlib.figure.Figure, optional
        An empty figure to draw into; a new one by default.

    Returns
    -------
    matplotlib.figure.Figure
        Frequencies in cycles per sample or per pixel, times in samples, positions in pixels.

    Raises
    ------
    InputError
        If ``frame`` isn't a frame of signals or images.

    References
    ----------
    Mallat, "A wavelet tour of signal processing", 3rd edition, 2009, chapters 4 and 5.

    Examples
    --------
    >>> from scatter import Scattering1D
    >>> from scatter.plot import filter_bank
    >>> figure = filter_bank(Scattering1D(J=4, shape=256, Q=4).frame)
    >>> [ax.get_xlabel() for ax in figure.axes]
    ['', 'frequency (cycles per sample)', 'time (samples)']
    """
    order = check_count("order", order, 1)
    if not isinstance(frame, ConvolutionFrame) or frame.ndim not in (1, 2):
        raise InputError(_refusal(frame))
    if frame.ndim == 1:
        return bank1d.draw(frame, order, log_frequency, fig)
    if log_frequency:
        raise InputError("log_frequency=True is for signals, got a frame of images; leave it out")
    return bank2d.draw(frame, order, fig)


def _refusal(frame: object) -> str:
    got = type(frame).__name__
    if isinstance(frame, ScatteringTransformer):
        return f"filter_bank needs a frame, got a {got}; type filter_bank(transform.frame)"
    return (
        f"filter_bank draws frames of signals and images, got {got} of {getattr(frame, 'ndim', 'no')} axes; "
        "type for example filter_bank(Scattering2D(J=3, shape=(64, 64)).frame)"
    )
