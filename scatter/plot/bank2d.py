"""A filter bank on the plane."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from scatter.frames.convolution import ConvolutionFrame
from scatter.paths import Band
from scatter.plot.canvas import SIGNED, bare, blank, colour_bar, direction_name, dress, sequential

NEGLIGIBLE = 0.01
"""Part of its peak below which a wavelet is not drawn."""
WIDTH = 8.0
"""Of a new figure, inches."""


def draw(frame: ConvolutionFrame, order: int, fig: Figure | None) -> Figure:
    """Largest spectrum and Littlewood-Paley sum, and below them the wavelets in space."""
    bands = sorted(frame.bank.bands(order), key=lambda band: (band.j, band.n))
    rows = [list(row) for _, row in itertools.groupby(bands, key=lambda band: band.j)]
    below = min(1.0, (WIDTH - 0.8) / max(map(len, rows))) * len(rows)
    fig = blank(fig, WIDTH, 4.3 + below)
    grid = fig.add_gridspec(2, 2, height_ratios=[3.4, below])
    axes = fig.add_subplot(grid[0, 0]), fig.add_subplot(grid[0, 1]), fig.add_subplot(grid[1, :])
    largest = np.zeros(frame.grid.padded)
    for place, row in enumerate(rows):
        waves = []
        for band in row:
            psi = frame.bank.psi(band, frame.grid.padded)
            np.maximum(largest, np.abs(psi), out=largest)
            waves.append(np.fft.fftshift(np.fft.ifft2(psi)).real)
        draw_waves(axes[2], place, waves)
    name_waves(axes[2], rows)
    total, (lower, upper) = frame.littlewood_paley(order), frame.bounds(order)
    title = rf"{len(bands)} wavelets, the largest $|\hat\psi|$"
    draw_spectrum(fig, axes[0], largest, title, "modulus (no unit)")
    title = f"Littlewood-Paley sum, A = {lower:.3g}, B = {upper:.3g}"
    draw_spectrum(fig, axes[1], total, title, "power (no unit)")
    return fig


def draw_spectrum(fig: Figure, ax: Axes, values: NDArray[np.float64], title: str, unit: str) -> None:
    """Values in the frequency plane, as an image is seen: rows downwards."""
    values = np.fft.fftshift(values)
    even = [1 - n % 2 for n in values.shape]  # frequency -1/2 is also 1/2: shown at both ends
    (y, x) = (0.5 + 0.5 * extra / n for extra, n in zip(even, values.shape, strict=True))
    values = np.pad(values, [(0, extra) for extra in even], mode="wrap")
    image = ax.imshow(values, cmap=sequential(), vmin=0, extent=(-x, x, y, -y), aspect="auto")
    across, down = (f"frequency {way} (cycles per pixel)" for way in ("along rows", "down columns"))
    dress(ax, title, across, down, frame=True)
    ax.set(xticks=[-0.5, 0, 0.5], yticks=[-0.5, 0, 0.5], xlim=(-0.5, 0.5), ylim=(0.5, -0.5), aspect="equal")
    colour_bar(fig, image, ax, unit)


def draw_waves(ax: Axes, place: int, waves: list[NDArray[np.float64]]) -> None:
    """One row of square tiles: wavelets of a scale, cropped to where the widest of them lives."""
    radius = reach(waves)
    peak = max(float(np.abs(wave).max()) for wave in waves)
    for k, wave in enumerate(waves):
        middle = [n // 2 for n in wave.shape]
        tile = wave[tuple(slice(n - radius, n + radius + 1) for n in middle)]
        ax.imshow(
            tile,
            cmap=SIGNED,
            vmin=-peak,
            vmax=peak,
            extent=(k, k + 1, place + 1, place),
            interpolation="nearest",
        )


def reach(waves: list[NDArray[np.float64]]) -> int:
    """Distance from the centre, in pixels, beyond which all of the waves are negligible or end."""
    farthest = 1
    for wave in waves:
        size = np.abs(wave)
        for axis, n in enumerate(wave.shape):
            seen = np.flatnonzero(size.max(axis=1 - axis) > NEGLIGIBLE * size.max())
            farthest = max(farthest, int(np.abs(seen - n // 2).max()))
    return int(min(farthest, *((n - 1) // 2 for n in waves[0].shape)))


def name_waves(ax: Axes, rows: list[list[Band]]) -> None:
    """Scales and sizes beside the rows, directions below the columns."""
    sides = [len(np.asarray(image.get_array())) for image in ax.images]
    names, first = [], 0
    for row in rows:
        side = sides[first]
        names.append(f"j={row[0].j}\n{side} × {side}\npixels")
        first += len(row)
    dress(ax, "Wavelets in space, real part", "direction θ of the frequency (degrees from the first axis)")
    bare(ax)
    ax.set(xlim=(0, max(map(len, rows))), ylim=(len(rows), 0))
    ax.set_yticks(np.arange(len(rows)) + 0.5, names)
    ax.set_xticks(np.arange(len(rows[0])) + 0.5, [direction_name(band) for band in rows[0]])
    ax.tick_params(length=0)
