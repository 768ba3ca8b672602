"""A filter bank on the line."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from scatter.frames.convolution import ConvolutionFrame
from scatter.paths import Band
from scatter.plot.canvas import BLUE, INK, LABEL, MUTED, PALE, VERMILION, blank, dress, log_axis, plain

NEGLIGIBLE = 1e-3
"""Part of its peak below which a filter is not drawn."""
ROW = 2.2
"""Distance between two wavelets in time; each goes from -1 to 1."""
PER = "cycles per sample"


def draw(frame: ConvolutionFrame, order: int, log_frequency: bool, fig: Figure | None) -> Figure:
    """Spectra above their Littlewood-Paley sum, and the wavelets in time beside them."""
    fig = blank(fig, 9.0, 4.6)
    grid = fig.add_gridspec(2, 2, width_ratios=[1.8, 1], height_ratios=[2.4, 1])
    upper = fig.add_subplot(grid[0, 0])
    lower = fig.add_subplot(grid[1, 0], sharex=upper)
    bands = frame.bank.bands(order)
    shades = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.85, len(bands)))
    colours = dict(zip(bands, shades, strict=True))
    draw_spectra(upper, frame, colours)
    draw_sum(lower, frame, order)
    lower.set_xlim(0, 0.5)
    if log_frequency:
        log_axis(lower, (min(band.xi for band in bands) / 2, 0.5), "x")
    upper.tick_params(labelbottom=False)
    draw_waves(fig.add_subplot(grid[:, 1]), frame, one_per_octave(bands), colours)
    return fig


def draw_spectra(ax: Axes, frame: ConvolutionFrame, colours: dict[Band, Any]) -> None:
    """Modulus of the spectrum of every filter, from frequency 0 to 1/2."""
    (n,) = frame.grid.padded
    frequencies = np.arange(n // 2 + 1) / n
    for band, colour in colours.items():
        psi = np.abs(frame.bank.psi(band, (n,))[: n // 2 + 1])
        seen = support(psi)
        ax.plot(frequencies[seen], psi[seen], color=colour, linewidth=0.9, label=str(band))
    phi = np.abs(frame.bank.phi((n,))[0][: n // 2 + 1])
    seen = support(phi)
    (line,) = ax.plot(frequencies[seen], phi[seen], color=VERMILION, linewidth=1.6, label="phi")
    ax.fill_between(frequencies[seen], phi[seen], color=VERMILION, alpha=0.2, linewidth=0)
    where: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 0.98), "borderaxespad": 0.0}
    ax.legend([line], [r"low-pass $|\hat\phi|$"], fontsize=LABEL, frameon=False, **where)
    ax.set_ylim(0, 1.05 * max(float(np.max(drawn.get_ydata())) for drawn in ax.lines))
    dress(ax, rf"{len(colours)} wavelets $|\hat\psi|$", "", "modulus (no unit)")


def draw_sum(ax: Axes, frame: ConvolutionFrame, order: int) -> None:
    """Littlewood-Paley sum and the frame bounds."""
    total = frame.littlewood_paley(order)
    lower, upper = frame.bounds(order)
    half = total.size // 2 + 1
    for name, value in (("A", lower), ("B", upper)):
        ax.axhline(value, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), label=name)
        at: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        ax.annotate(name, (1.0, value), (4, 0), va="center", fontsize=LABEL, color=INK, **at)
    ax.plot(
        np.arange(half) / total.size, total[:half], color=BLUE, linewidth=1.2, label="Littlewood-Paley sum"
    )
    ax.set_ylim(0, 1.15 * upper)
    title = f"Littlewood-Paley sum, frame bounds A = {lower:.3g}, B = {upper:.3g}"
    dress(ax, title, f"frequency ({PER})", "power (no unit)")


def support(values: NDArray[np.float64]) -> slice:
    """Smallest range outside of which ``values`` are negligible."""
    seen = np.flatnonzero(values > NEGLIGIBLE * values.max())
    return slice(max(0, int(seen[0]) - 1), int(seen[-1]) + 2)


def one_per_octave(bands: tuple[Band, ...]) -> list[Band]:
    """Bands nearest to the highest frequency divided by 1, 2, 4, ..., down to the lowest."""
    highest, lowest = max(b.xi for b in bands), min(b.xi for b in bands)
    octaves = 1 + int(np.floor(np.log2(highest / lowest) + 1e-9))
    goals = [highest / 2**k for k in range(octaves)]
    nearest = [int(np.argmin([abs(np.log2(b.xi / goal)) for b in bands])) for goal in goals]
    return [bands[place] for place in dict.fromkeys(nearest)]


def draw_waves(ax: Axes, frame: ConvolutionFrame, bands: list[Band], colours: dict[Band, Any]) -> None:
    """Real part and envelope of some wavelets, each of height 1, one below the other."""
    (n,) = frame.grid.padded
    times = np.arange(n) - n // 2
    reach = 1
    for place, band in enumerate(bands):
        psi = np.fft.fftshift(np.fft.ifft(frame.bank.psi(band, (n,))))
        psi /= np.abs(psi).max()
        level, envelope = -ROW * place, np.abs(psi)
        seen = support(envelope)
        reach = max(reach, *np.abs(times[envelope > 0.01]))
        ax.fill_between(times[seen], level - envelope[seen], level + envelope[seen], color=PALE, linewidth=0)
        ax.plot(times[seen], level + psi.real[seen], color=colours[band], linewidth=0.9, label=str(band))
    ax.set_xlim(-reach, reach)
    ax.set_ylim(1 - ROW * len(bands), 1.2)
    ax.set_yticks([-ROW * place for place in range(len(bands))], [plain(band.xi) for band in bands])
    dress(ax, "One per octave: real part and envelope", "time (samples)", f"centre frequency ({PER})")
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.spines["left"].set_visible(False)
