"""A filter bank on the plane."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from scatter.frames.convolution import ConvolutionFrame
from scatter.paths import Band
from scatter.plot.canvas import INK, SIGNED, TICK, bare, blank, colour_bar, dress, sequential

NEGLIGIBLE = 0.01
"""Part of its peak below which a wavelet is not drawn."""


def draw(frame: ConvolutionFrame, order: int, fig: Figure | None) -> Figure:
    """Largest spectrum and Littlewood-Paley sum on the left, wavelets in space on the right."""
    bands = sorted(frame.bank.bands(order), key=lambda band: (band.j, band.n))
    rows = [list(row) for _, row in itertools.groupby(bands, key=lambda band: band.j)]
    columns = max(map(len, rows))
    fig = blank(fig, 4.2 + min(0.75 * columns, 8.0), max(5.6, 0.85 * len(rows)))
    grid = fig.add_gridspec(1, 2, width_ratios=[4.2, min(0.75 * columns, 8.0)])
    left = grid[0].subgridspec(2, 1)
    right = grid[1].subgridspec(len(rows), 1)
    largest = np.zeros(frame.grid.padded)
    for place, row in enumerate(rows):
        waves = []
        for band in row:
            psi = frame.bank.psi(band, frame.grid.padded)
            np.maximum(largest, np.abs(psi), out=largest)
            waves.append(np.fft.fftshift(np.fft.ifft2(psi)).real)
        ax = fig.add_subplot(right[place])
        draw_waves(ax, row, waves)
        if place == 0:
            ax.set_title("Wavelets in space, real part, one row a scale", fontsize=9, loc="left", color=INK)
    total = frame.littlewood_paley(order)
    lower, upper = frame.bounds(order)
    draw_spectrum(fig, fig.add_subplot(left[0]), largest, rf"{len(bands)} wavelets, largest $|\hat\psi|$")
    draw_spectrum(
        fig, fig.add_subplot(left[1]), total, f"Littlewood-Paley sum, A = {lower:.3g}, B = {upper:.3g}"
    )
    return fig


def draw_spectrum(fig: Figure, ax: Axes, values: NDArray[np.float64], title: str) -> None:
    """Values in the frequency plane, as an image is seen: rows downwards."""
    high, wide = values.shape
    rows, columns = (np.fft.fftshift(np.fft.fftfreq(n)) for n in values.shape)
    extent = (
        columns[0] - 0.5 / wide,
        columns[-1] + 0.5 / wide,
        rows[-1] + 0.5 / high,
        rows[0] - 0.5 / high,
    )
    image = ax.imshow(np.fft.fftshift(values), cmap=sequential(), vmin=0, extent=extent)
    dress(
        ax, title, "frequency along a row (cycles per pixel)", "down a column (cycles per pixel)", frame=True
    )
    ax.set(xticks=[-0.5, 0, 0.5], yticks=[-0.5, 0, 0.5])
    colour_bar(fig, image, ax, "")


def draw_waves(ax: Axes, row: list[Band], waves: list[NDArray[np.float64]]) -> None:
    """Wavelets of one scale beside each other, cropped to where the widest of them lives."""
    crops = [crop(wave, reach(waves)) for wave in waves]
    sheet = np.concatenate(crops, axis=1)
    high, wide = crops[0].shape
    peak = np.abs(sheet).max()
    ax.imshow(sheet, cmap=SIGNED, vmin=-peak, vmax=peak, interpolation="nearest")
    bare(ax)
    ax.set_ylabel(
        f"j = {row[0].j}\n{high} × {wide}\npixels",
        fontsize=TICK,
        color=INK,
        rotation=0,
        ha="right",
        va="center",
    )


def reach(waves: list[NDArray[np.float64]]) -> int:
    """Distance from the centre, in pixels, beyond which all of the waves are negligible."""
    farthest = 1
    for wave in waves:
        size = np.abs(wave)
        for axis, n in enumerate(wave.shape):
            seen = np.flatnonzero(size.max(axis=1 - axis) > NEGLIGIBLE * size.max())
            farthest = max(farthest, int(np.abs(seen - n // 2).max()))
    return farthest


def crop(wave: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    """Square around the centre, no larger than the wave."""
    window = tuple(slice(max(0, n // 2 - radius), min(n, n // 2 + radius + 1)) for n in wave.shape)
    return wave[window]
