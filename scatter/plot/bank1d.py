"""A filter bank on the line."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from scatter.frames.convolution import ConvolutionFrame
from scatter.paths import Band
from scatter.plot.canvas import BLUE, INK, LABEL, MUTED, TICK, VERMILION, blank, dress, plain_log_ticks

NEGLIGIBLE = 1e-3
"""Part of its peak below which a filter is not drawn."""


def draw(frame: ConvolutionFrame, order: int, log_frequency: bool, fig: Figure | None) -> Figure:
    """Spectra above their Littlewood-Paley sum, and the wavelets in time beside them."""
    fig = blank(fig, 9.0, 4.6)
    grid = fig.add_gridspec(2, 2, width_ratios=[1.7, 1], height_ratios=[2.4, 1])
    upper = fig.add_subplot(grid[0, 0])
    lower = fig.add_subplot(grid[1, 0], sharex=upper)
    bands = frame.bank.bands(order)
    colours = dict(zip(bands, shades(len(bands)), strict=True))
    draw_spectra(upper, frame, colours)
    draw_sum(lower, frame, order)
    if log_frequency:
        plain_log_ticks(lower, "x")
    upper.set_xlim(min(band.xi for band in bands) / 2 if log_frequency else 0, 0.5)
    upper.tick_params(labelbottom=False)
    draw_waves(fig.add_subplot(grid[:, 1]), frame, one_per_octave(bands), colours)
    return fig


def shades(n: int) -> list[Any]:
    """n colours from dark to light, the lightest left out."""
    return list(matplotlib.colormaps["viridis"](np.linspace(0.0, 0.85, n)))


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
    ax.plot(frequencies[seen], phi[seen], color=VERMILION, linewidth=1.4, label="phi")
    ax.fill_between(frequencies[seen], phi[seen], color=VERMILION, alpha=0.2, linewidth=0)
    ax.annotate(
        r"$\hat\phi$",
        (frequencies[seen][-1], 0.5),
        (4, 0),
        textcoords="offset points",
        color=VERMILION,
        fontsize=10,
    )
    ax.set_ylim(0, None)
    title = rf"{len(colours)} wavelets $|\hat\psi|$ and the low-pass $|\hat\phi|$"
    dress(ax, title, "", "modulus (no unit)")


def draw_sum(ax: Axes, frame: ConvolutionFrame, order: int) -> None:
    """Littlewood-Paley sum and the frame bounds."""
    total = frame.littlewood_paley(order)
    n = total.size
    lower, upper = frame.bounds(order)
    ax.plot(
        np.arange(n // 2 + 1) / n,
        total[: n // 2 + 1],
        color=BLUE,
        linewidth=1.2,
        label="Littlewood-Paley sum",
    )
    for name, value in (("A", lower), ("B", upper)):
        ax.axhline(value, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        ax.annotate(
            f"{name} = {value:.3g}",
            (1.0, value),
            (3, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=TICK,
            color=INK,
        )
    ax.set_ylim(0, 1.15 * upper)
    title = (
        r"Littlewood-Paley sum $|\hat\phi|^2 + \frac{1}{2}\sum |\hat\psi(\omega)|^2 + |\hat\psi(-\omega)|^2$"
    )
    dress(ax, title, "frequency (cycles per sample)", "power (no unit)")


def support(values: NDArray[np.float64]) -> slice:
    """Smallest range outside of which ``values`` are negligible."""
    seen = np.flatnonzero(values > NEGLIGIBLE * values.max())
    return slice(max(0, int(seen[0]) - 1), int(seen[-1]) + 2)


def one_per_octave(bands: tuple[Band, ...]) -> list[Band]:
    """Bands nearest to the highest frequency divided by 1, 2, 4, ..., down to the lowest."""
    highest, lowest = max(b.xi for b in bands), min(b.xi for b in bands)
    octaves = 1 + int(np.floor(np.log2(highest / lowest) + 1e-9))
    goals = [highest / 2**k for k in range(octaves)]
    return list(dict.fromkeys(min(bands, key=lambda b: abs(np.log2(b.xi / goal))) for goal in goals))


def draw_waves(ax: Axes, frame: ConvolutionFrame, bands: list[Band], colours: dict[Band, Any]) -> None:
    """Real part and envelope of some wavelets, each of height 1, one below the other."""
    (n,) = frame.grid.padded
    times = np.arange(n) - n // 2
    reach = 1
    for row, band in enumerate(bands):
        psi = np.fft.fftshift(np.fft.ifft(frame.bank.psi(band, (n,))))
        envelope = np.abs(psi)
        psi, envelope = psi / envelope.max(), envelope / envelope.max()
        seen = support(envelope)
        reach = max(reach, int(np.abs(times[envelope > 0.02]).max()))
        ax.fill_between(
            times[seen], -row * 2.2 - envelope[seen], -row * 2.2 + envelope[seen], color=PALE_OF, lw=0
        )
        ax.plot(times[seen], -row * 2.2 + psi.real[seen], color=colours[band], linewidth=0.9, label=str(band))
    ax.set_xlim(-reach, reach)
    ax.set_ylim(-2.2 * len(bands) + 1, 1.2)
    ax.set_yticks([-2.2 * row for row in range(len(bands))], [f"{band.xi:.3g}" for band in bands])
    dress(
        ax,
        "Wavelets, one an octave: real part, envelope",
        "time (samples)",
        "centre frequency (cycles per sample)",
    )
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.yaxis.label.set_fontsize(LABEL)


PALE_OF = "#d9d9d9"
