"""Pictures show the numbers of the transforms, say their units, and leave pyplot alone."""

import io
import math
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection, QuadMesh
from matplotlib.figure import Figure

from scatter import InputError, Scattering1D, Scattering2D
from scatter.plot import (
    coefficient_maps,
    filter_bank,
    multiresolution,
    scattergram,
    scattering_disk,
)
from scatter.plot.canvas import frequency_edges, plain, time_edges
from scatter.plot.disk import sectors
from scatter.plot.pyramid import details, shares

RNG = np.random.default_rng(0)
SIGNAL = RNG.normal(size=301)
IMAGE = RNG.normal(size=(37, 45))
COLOUR = RNG.uniform(size=(3, 37, 45))
LINE = Scattering1D(J=4, Q=3)
PLANE = Scattering2D(J=3, L=4)

PICTURES = {
    "bank 1D": lambda fig=None: filter_bank(Scattering1D(J=4, Q=3, shape=301).frame, fig=fig),
    "bank 1D, log": lambda fig=None: filter_bank(
        Scattering1D(J=4, Q=3, shape=301).frame, log_frequency=True, fig=fig
    ),
    "bank 2D": lambda fig=None: filter_bank(Scattering2D(J=2, L=4, shape=(37, 45)).frame, fig=fig),
    "scattergram": lambda fig=None: scattergram(LINE, SIGNAL, fig=fig),
    "disk": lambda fig=None: scattering_disk(PLANE, IMAGE, fig=fig),
    "multiresolution": lambda fig=None: multiresolution(PLANE, IMAGE, fig=fig),
    "multiresolution, colour": lambda fig=None: multiresolution(PLANE, COLOUR, fig=fig),
    **{
        f"lines {m}": lambda fig=None, m=m: coefficient_maps(LINE, SIGNAL, order=m, fig=fig) for m in range(3)
    },
    **{f"maps {m}": lambda fig=None, m=m: coefficient_maps(PLANE, IMAGE, order=m, fig=fig) for m in range(3)},
}


def bar(ax):
    """Label of the colour bar of some axes."""
    (bar,) = ax.child_axes
    return bar.get_ylabel() or bar.get_xlabel()


# ---------------------------------------------------------------------- every picture
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_a_picture_is_a_new_figure_that_pyplot_does_not_know(picture):
    before, settings = plt.get_fignums(), dict(plt.rcParams)
    figure = picture()
    figure.savefig(io.BytesIO(), dpi=50)
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == before
    assert dict(plt.rcParams) == settings


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_nothing_is_cut_off(picture):
    figure = picture()
    figure.savefig(io.BytesIO(), dpi=100)
    box = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    assert box.x0 > -0.01
    assert box.y0 > -0.01
    assert box.x1 < figure.get_figwidth() + 0.01
    assert box.y1 < figure.get_figheight() + 0.01


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_a_picture_can_go_into_a_figure_that_is_given(picture):
    figure = Figure(figsize=(9, 7))
    assert picture(figure) is figure
    assert figure.get_size_inches() == pytest.approx([9, 7])
    assert figure.axes
    with pytest.raises(InputError, match="fig must be a matplotlib Figure or None, got Axes; leave it out"):
        picture(Figure().add_subplot())


def test_neither_scatter_nor_the_pictures_import_pyplot():
    code = "import sys, scatter; a = 'matplotlib' in sys.modules; import scatter.plot; "
    code += "print(a, 'matplotlib.pyplot' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]


# ---------------------------------------------------------------------- filter banks
@pytest.mark.parametrize("order", [1, 2])
def test_bank_1d_shows_every_filter_the_sum_and_the_bounds(order):
    frame = Scattering1D(J=4, Q=3, shape=301).frame
    spectra, total, waves = filter_bank(frame, order=order).axes
    (n,) = frame.grid.padded
    lines = {line.get_label(): line for line in spectra.lines}
    assert set(lines) == {"phi", *map(str, frame.bank.bands(order))}
    for band in frame.bank.bands(order):
        frequencies, values = lines[str(band)].get_data()
        assert values == pytest.approx(
            np.abs(frame.bank.psi(band, (n,)))[np.rint(frequencies * n).astype(int)]
        )
        assert values.max() == pytest.approx(np.abs(frame.bank.psi(band, (n,))[: n // 2 + 1]).max())
    curves = {line.get_label(): line for line in total.lines}
    assert curves["Littlewood-Paley sum"].get_ydata() == pytest.approx(
        frame.littlewood_paley(order)[: n // 2 + 1]
    )
    assert curves["Littlewood-Paley sum"].get_xdata() == pytest.approx(np.arange(n // 2 + 1) / n)
    assert curves["A"].get_ydata()[0] == frame.bounds(order).lower
    assert curves["B"].get_ydata()[0] == frame.bounds(order).upper
    assert f"A = {frame.bounds(order).lower:.3g}" in total.get_title(loc="left")
    assert total.get_xlabel() == "frequency (cycles per sample)"
    assert waves.get_xlabel() == "time (samples)"


def test_bank_1d_shows_one_wavelet_an_octave_as_it_is_in_time():
    frame = Scattering1D(J=4, Q=3, shape=301).frame
    waves = filter_bank(frame).axes[2]
    (n,) = frame.grid.padded
    shown = {line.get_label(): line for line in waves.lines}
    bands = [band for band in frame.bank.bands(1) if str(band) in shown]
    highest = bands[0].xi
    assert [math.log2(highest / band.xi) for band in bands[:4]] == pytest.approx([0, 1, 2, 3], abs=1 / 3)
    for row, band in enumerate(bands):
        psi = np.fft.ifft(frame.bank.psi(band, (n,)))
        times, values = shown[str(band)].get_data()
        assert values + 2.2 * row == pytest.approx(psi.real[times.astype(int)] / np.abs(psi).max())


@pytest.mark.parametrize(("log_frequency", "ends"), [(False, (0, 0.5)), (True, None)])
def test_bank_1d_goes_up_to_half_the_sampling_rate(log_frequency, ends):
    frame = Scattering1D(J=4, Q=3, shape=301, padding=None, stride=1).frame
    ax = filter_bank(frame, log_frequency=log_frequency).axes[1]
    assert ax.get_xscale() == ("log" if log_frequency else "linear")
    assert ax.get_xlim() == pytest.approx(ends or (min(b.xi for b in frame.bank.bands(1)) / 2, 0.5))


@pytest.mark.parametrize(("shape", "padding"), [((37, 45), "reflect"), ((36, 20), None), ((9, 15), "zero")])
def test_bank_2d_shows_every_filter_and_the_sum(shape, padding):
    frame = Scattering2D(J=2, L=3, shape=shape, padding=padding).frame
    largest, total, waves = filter_bank(frame).axes
    psi = [frame.bank.psi(band, frame.grid.padded) for band in frame.bank.bands(1)]
    high, wide = frame.grid.padded
    shown = np.asarray(total.images[0].get_array())
    assert shown[:high, :wide] == pytest.approx(np.fft.fftshift(frame.littlewood_paley()))
    if high % 2 == 0:  # frequency 1/2 is also -1/2
        assert shown[-1] == pytest.approx(shown[0])
    expected = np.fft.fftshift(np.max(np.abs(psi), axis=0))
    assert np.asarray(largest.images[0].get_array())[:high, :wide] == pytest.approx(expected)
    left, right, bottom, top = total.images[0].get_extent()
    cell = (right - left) / shown.shape[1], (bottom - top) / shown.shape[0]
    assert cell == pytest.approx((1 / wide, 1 / high))
    assert left + (wide // 2 + 0.5) * cell[0] == pytest.approx(0)
    assert top + (high // 2 + 0.5) * cell[1] == pytest.approx(0)
    lower, upper = frame.bounds()
    assert total.get_title(loc="left") == f"Littlewood-Paley sum, A = {lower:.3g}, B = {upper:.3g}"
    assert "cycles per pixel" in total.get_xlabel()
    assert "cycles per pixel" in total.get_ylabel()
    assert (bar(largest), bar(total)) == ("modulus (no unit)", "power (no unit)")
    assert len(waves.images) == 6
    for image, spectrum in zip(waves.images, psi, strict=True):
        tile = np.asarray(image.get_array())
        radius = tile.shape[0] // 2
        wave = np.fft.ifft2(spectrum).real
        rows = np.arange(-radius, radius + 1)
        assert tile == pytest.approx(wave[np.ix_(rows % high, rows % wide)])
        if padding == "reflect":
            assert np.abs(tile).sum() > 0.97 * np.abs(wave).sum()
    assert [label.get_text() for label in waves.get_xticklabels()] == ["θ=0\n0°", "θ=1\n-60°", "θ=2\n-120°"]
    assert waves.get_yticklabels()[0].get_text().startswith("j=0\n")


def test_a_frequency_points_where_it_does_in_the_image():
    frame = Scattering2D(J=1, L=4, shape=(33, 33)).frame
    down_rows = next(band for band in frame.bank.bands(1) if band.angle == 0)
    psi = np.fft.fftshift(np.abs(frame.bank.psi(down_rows, frame.grid.padded)))
    row, column = np.unravel_index(psi.argmax(), psi.shape)
    assert row > psi.shape[0] // 2
    assert column == psi.shape[1] // 2
    assert filter_bank(frame).axes[0].get_ylim() == (0.5, -0.5)  # and rows go down in the picture


# ---------------------------------------------------------------------- scattergram
@pytest.mark.parametrize("rate", [None, 8000])
def test_scattergram_has_the_coefficients_at_their_times_and_frequencies(rate):
    transform = Scattering1D(J=4, Q=3, sampling_rate=rate)
    signal, first, second = scattergram(transform, SIGNAL).axes
    transform.set_params(shape=301)
    S, paths = transform(SIGNAL), transform.tree.paths
    scale = rate or 1
    (mesh,) = (c for c in first.collections if isinstance(c, QuadMesh))
    ordered = sorted((path.bands[0].xi, k) for k, path in enumerate(paths) if path.order == 1)
    assert np.asarray(mesh.get_array()) == pytest.approx(S[[k for _, k in ordered]])
    edges = mesh.get_coordinates()
    for (xi, _), low, high in zip(ordered, edges[:, 0, 1], edges[1:, 0, 1], strict=False):
        assert low < xi * scale < high
    for time, start, end in zip(transform.times, edges[0, :, 0], edges[0, 1:, 0], strict=False):
        assert start <= time <= end
    (mesh,) = (c for c in second.collections if isinstance(c, QuadMesh))
    xi = sorted({path.bands[1].xi for path in paths if path.order == 2})
    mean = [S[[k for k, p in enumerate(paths) if p.order == 2 and p.bands[1].xi == v]].mean(0) for v in xi]
    assert np.asarray(mesh.get_array()) == pytest.approx(np.asarray(mean))
    assert signal.lines[0].get_ydata() == pytest.approx(SIGNAL)
    assert signal.lines[0].get_xdata()[-1] == pytest.approx(300 / scale)
    unit = "Hz" if rate else "cycles per sample"
    assert first.get_ylabel() == f"frequency ({unit})"
    assert second.get_ylabel() == f"modulation frequency ({unit})"
    assert second.get_xlabel() == ("time (s)" if rate else "time (samples)")
    assert bar(first) == "coefficient\n(units of x)"


def test_scattergram_finds_a_tone():
    rate, tone = 1000.0, 60.0
    x = np.sin(2 * np.pi * tone * np.arange(2000) / rate)
    ax = scattergram(Scattering1D(J=7, Q=8, sampling_rate=rate, max_order=1), x).axes[1]
    mesh = ax.collections[0]
    row = int(np.asarray(mesh.get_array()).mean(1).argmax())
    low, high = mesh.get_coordinates()[row : row + 2, 0, 1]
    assert low < tone < high


def test_scattergram_without_order_2_has_two_panels():
    assert len(scattergram(Scattering1D(J=4, max_order=1), SIGNAL).axes) == 2
    transform = Scattering1D(J=1, T=8, shape=301)
    assert transform.tree.counts == (1, 2)
    assert len(scattergram(transform, SIGNAL).axes) == 2


def test_scattergram_of_silence_and_of_one_output_sample():
    for figure in (
        scattergram(LINE, np.zeros(64)),
        scattergram(Scattering1D(J=3, T="global"), SIGNAL[:9]),
        coefficient_maps(Scattering1D(J=3), SIGNAL[:8]),
    ):
        picture = io.BytesIO()
        figure.savefig(picture, dpi=40)
        assert picture.getvalue().startswith(b"\x89PNG")


def test_cells_of_frequencies_and_times_are_around_their_centres():
    assert frequency_edges(np.asarray([1.0, 4.0, 16.0])) == pytest.approx([0.5, 2, 8, 32])
    assert frequency_edges(np.asarray([3.0])) == pytest.approx([3 / 2**0.5, 3 * 2**0.5])
    assert time_edges(np.asarray([0.0, 4.0, 8.0]), 10) == pytest.approx([0, 2, 6, 10])
    assert [plain(value) for value in (3483.2, 0.00012345, 2.0)] == ["3480", "0.000123", "2"]


# ---------------------------------------------------------------------- the disk
def collections(ax):
    return [c for c in ax.collections if isinstance(c, PatchCollection) and c.get_array() is not None]


def test_disk_shows_the_means_of_the_transform():
    image, first, second = scattering_disk(PLANE, IMAGE).axes
    S, paths = PLANE(IMAGE), Scattering2D(J=3, L=4, shape=IMAGE.shape).tree.paths
    mean = {path.n: value for path, value in zip(paths, S.mean((1, 2)), strict=True)}
    expected = [mean[path.n] for path in paths if path.order == 1 for _ in range(2)]
    (disk,) = collections(first)
    assert np.asarray(disk.get_array()) == pytest.approx(np.asarray(expected))
    expected = [
        mean[path.n] / mean[path.n[:1]]
        for path in paths
        if path.order == 2
        for _ in range(2 * len(sectors(path, 3, 4)))
    ]
    (disk,) = collections(second)
    assert np.asarray(disk.get_array()) == pytest.approx(np.asarray(expected))
    assert np.asarray(image.images[0].get_array()) == pytest.approx(IMAGE)
    assert (bar(first), bar(second)) == ("coefficient (units of x)", "ratio (no unit)")
    assert image.get_xlabel() == "column (pixels)"
    assert "degrees" in first.get_xlabel()


@pytest.mark.parametrize(("J", "L"), [(3, 8), (3, 3), (2, 1), (4, 5)])
def test_sectors_cover_the_disk_once(J, L):
    tree = Scattering2D(J=J, L=L, shape=(32, 32)).tree
    for order, hole in ((1, 2.0**-J), (2, 2.0 ** (1 - J))):
        found = [sector for path in tree.paths if path.order == order for sector in sectors(path, J, L)]
        area = sum(math.radians(s.end - s.start) * (s.outer**2 - s.inner**2) / 2 for s in found)
        assert 2 * area == pytest.approx(math.pi * (1 - hole))


def test_a_second_direction_equal_to_the_first_is_in_the_middle_of_its_sector():
    for path in Scattering2D(J=3, L=8, shape=(32, 32)).tree.paths:
        if path.order == 2 and path.bands[0].angle == path.bands[1].angle:
            (parent,), (sector,) = sectors(type(path)(path.bands[:1]), 3, 8), sectors(path, 3, 8)
            assert sector.start + sector.end == pytest.approx(parent.start + parent.end)
            assert parent.inner - 1e-9 <= sector.inner < sector.outer <= parent.outer + 1e-9


@pytest.mark.parametrize(("rows", "columns", "turn"), [(1, 0, 90), (0, 1, 0), (1, 1, 135), (1, -1, 45)])
def test_disk_is_bright_where_the_frequency_of_the_image_points(rows, columns, turn):
    u, v = np.meshgrid(np.arange(64), np.arange(64), indexing="ij")
    length = math.hypot(rows, columns)
    x = np.cos(2 * np.pi * 0.375 / 2 * (rows * u + columns * v) / length)
    ax = scattering_disk(Scattering2D(J=3, L=8), x).axes[1]
    disk = collections(ax)[0]
    brightest = int(np.asarray(disk.get_array()).argmax())
    middle = disk.get_paths()[brightest].vertices[:-1].mean(0)
    off = math.degrees(math.atan2(middle[1], middle[0])) - turn
    assert (off + 90) % 180 - 90 == pytest.approx(0, abs=3)
    assert 2**-1 < math.hypot(*middle) < 2**-0.5 + 0.05  # the ring j=1


def test_disk_without_order_2_has_two_panels():
    assert len(scattering_disk(Scattering2D(J=2, max_order=1), IMAGE).axes) == 2
    scattering_disk(Scattering2D(J=2), np.zeros((9, 7))).savefig(io.BytesIO(), dpi=40)


# ---------------------------------------------------------------------- maps and lines
def test_maps_of_order_1_are_on_a_grid_of_scales_and_directions():
    (ax,) = coefficient_maps(PLANE, IMAGE).axes
    S = PLANE(IMAGE)
    sheet = np.asarray(ax.images[0].get_array())
    high, wide = S.shape[1:]
    for j in range(3):
        for theta in range(4):
            tile = sheet[j * high : (j + 1) * high, theta * wide : (theta + 1) * wide]
            assert tile == pytest.approx(S[1 + 4 * j + theta])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["j=0", "j=1", "j=2"]
    assert ax.get_xticklabels()[0].get_text() == "θ=0\n45°"
    assert "degrees" in ax.get_xlabel()
    assert bar(ax) == "coefficient (units of x)"


def test_maps_of_order_2_are_one_sheet_a_pair_of_scales():
    axes = {ax.get_title(loc="left"): ax for ax in coefficient_maps(PLANE, IMAGE, order=2).axes}
    assert set(axes) == {"j=0, then j=1", "j=0, then j=2", "j=1, then j=2", ""}
    S = Scattering2D(J=3, L=4, out_type="dict")(IMAGE)
    sheet = np.asarray(axes["j=0, then j=2"].images[0].get_array())
    high, wide = S[()].shape
    for first in range(4):
        for second in range(4):
            tile = sheet[first * high : (first + 1) * high, second * wide : (second + 1) * wide]
            assert tile == pytest.approx(S[first, 8 + second])
    limits = {ax.images[0].get_clim() for title, ax in axes.items() if title}
    assert len(limits) == 1


def test_map_of_order_0_is_the_average():
    (ax,) = coefficient_maps(PLANE, IMAGE, order=0).axes
    assert np.asarray(ax.images[0].get_array()) == pytest.approx(PLANE(IMAGE)[0])


@pytest.mark.parametrize("order", [0, 1, 2])
def test_lines_are_the_coefficients_on_one_scale(order):
    transform = Scattering1D(J=4, Q=3, shape=301, sampling_rate=100)
    figure = coefficient_maps(transform, SIGNAL, order=order)
    lines = {line.get_label(): line for ax in figure.axes for line in ax.lines}
    found = {
        str(path): u
        for path, u in zip(transform.tree.paths, transform(SIGNAL), strict=True)
        if path.order == order
    }
    if order == 0:
        assert lines["x*phi"].get_ydata() == pytest.approx(found["x*phi"])
        assert figure.axes[0].get_xlabel() == "time (s)"
        return
    assert set(lines) == set(found)
    levels = len({path.bands[0].xi for path in transform.tree.paths if path.order == order})
    unit = max(2.0, 0.1 * levels) / max(u.max() for u in found.values())
    for name, u in found.items():
        heights = lines[name].get_ydata() - unit * u
        assert heights == pytest.approx(np.full(u.shape, round(heights[0])), abs=1e-9)
        assert lines[name].get_xdata() == pytest.approx(transform.times)
    assert figure.get_supxlabel() == "time (s)"
    assert figure.get_supylabel().endswith("frequency (Hz)")
    assert f"{max(u.max() for u in found.values()):.3g} (units of x)" in figure.get_suptitle()


# ---------------------------------------------------------------------- multiresolution
@pytest.mark.parametrize("shape", [(37, 45), (8, 8), (64, 9)])
def test_quadrants_are_nested(shape):
    x = RNG.normal(size=shape)
    (ax,) = multiresolution(PLANE, x).axes
    images = {image.get_label(): image for image in ax.images}
    high, wide = shape
    assert set(images) == {
        "copy",
        *(f"{name} j={j}" for name in ("vertical", "horizontal", "diagonal") for j in range(3)),
    }
    for j in range(3):
        w, h = wide / 2**j, high / 2**j
        assert images[f"vertical j={j}"].get_extent() == pytest.approx([w / 2, w, h / 2, 0])
        assert images[f"horizontal j={j}"].get_extent() == pytest.approx([0, w / 2, h, h / 2])
        assert images[f"diagonal j={j}"].get_extent() == pytest.approx([w / 2, w, h, h / 2])
        size = tuple(max(1, side >> j) for side in shape)
        assert np.asarray(images[f"diagonal j={j}"].get_array()).shape == size
    assert images["copy"].get_extent() == pytest.approx([0, wide / 8, high / 8, 0])
    low = (PLANE(x)[0] - x.min()) / np.ptp(x)
    assert np.asarray(images["copy"].get_array()) == pytest.approx(np.clip(low, 0, 1))


def test_detail_keeps_the_energy_of_every_scale():
    transform = Scattering2D(J=3, L=8, shape=(37, 45), max_order=1, average=False, out_type="dict")
    maps = transform(IMAGE)
    for j, level in enumerate(details(transform, maps)):
        energy = sum(maps[8 * j + theta,] ** 2 for theta in range(8))
        assert sum(panel**2 for panel in level.values()) == pytest.approx(energy)


def test_directions_are_shared_between_neighbouring_kinds():
    found = [shares(band) for band in Scattering2D(J=1, L=8, shape=(8, 8)).frame.bank.bands(1)]
    for share in found:
        assert sum(share.values()) == pytest.approx(1)
    assert sum(share["horizontal"] for share in found) == pytest.approx(2)
    assert sum(share["vertical"] for share in found) == pytest.approx(2)
    assert found[3] == {"horizontal": 1, "vertical": 0, "diagonal": 0}  # down the columns
    assert found[7]["vertical"] == pytest.approx(1)  # along the rows


@pytest.mark.parametrize(("axis", "kind"), [(0, "horizontal"), (1, "vertical")])
def test_stripes_shine_in_their_own_quadrant(axis, kind):
    x = np.cos(2 * np.pi * 0.375 * np.indices((64, 48))[axis])
    images = {
        i.get_label(): np.asarray(i.get_array()) for i in multiresolution(Scattering2D(J=2), x).axes[0].images
    }
    brightness = {name: images[f"{name} j=0"].mean() for name in ("horizontal", "vertical", "diagonal")}
    assert brightness[kind] > 1.5 * max(value for name, value in brightness.items() if name != kind)


def test_a_colour_image_has_a_colour_copy_and_the_detail_of_its_luma():
    colour = {i.get_label(): np.asarray(i.get_array()) for i in multiresolution(PLANE, COLOUR).axes[0].images}
    assert colour["copy"] == pytest.approx(np.clip(np.moveaxis(PLANE(COLOUR)[:, 0], 0, -1), 0, 1))
    luma = np.tensordot([0.2126, 0.7152, 0.0722], COLOUR, 1)
    grey = {i.get_label(): np.asarray(i.get_array()) for i in multiresolution(PLANE, luma).axes[0].images}
    for name in grey:
        if name != "copy":
            assert colour[name] == pytest.approx(grey[name])


def test_a_colour_image_of_bytes_is_that_of_numbers_up_to_1():
    pixels = RNG.integers(0, 256, (3, 37, 45), dtype=np.uint8)
    pixels[0, 0, :2] = 0, 255
    first, second = (multiresolution(PLANE, x).axes[0].images for x in (pixels, pixels / np.float32(255)))
    for one, other in zip(first, second, strict=True):
        assert np.asarray(one.get_array()) == pytest.approx(np.asarray(other.get_array()), abs=2e-3)


def test_a_flat_image_has_no_detail():
    images = {
        i.get_label(): np.asarray(i.get_array())
        for i in multiresolution(PLANE, np.ones((33, 17))).axes[0].images
    }
    assert max(image.max() for name, image in images.items() if name != "copy") < 0.01
    multiresolution(Scattering2D(J=2), np.ones((1, 17))).savefig(io.BytesIO(), dpi=40)


# ---------------------------------------------------------------------- what goes in
@pytest.mark.parametrize(
    "transform", [PLANE, Scattering2D(J=3, L=4, log=True, pooling="moments", out_type="list")]
)
def test_parameters_of_the_output_make_no_difference_and_stay(transform):
    before = transform.get_params()
    assert bar(scattering_disk(transform, IMAGE).axes[1]) == "coefficient (units of x)"
    assert len(multiresolution(transform, IMAGE).axes[0].images) == 10
    first, second = (coefficient_maps(t, IMAGE).axes[0].images[0].get_array() for t in (transform, PLANE))
    assert np.asarray(first) == pytest.approx(np.asarray(second))
    assert transform.get_params() == before


def test_a_fitted_transform_and_integers_will_do():
    transform = Scattering2D(J=2).fit(IMAGE[None])
    scattering_disk(transform, IMAGE)
    with pytest.raises(InputError, match=r"the last axes must be \(37, 45\), got \(20, 20\)"):
        scattering_disk(transform, IMAGE[:20, :20])
    scattergram(LINE, np.arange(99, dtype=np.int16) % 7)


def test_a_tensor_that_asks_for_gradients_will_do():
    torch = pytest.importorskip("torch")
    x = torch.asarray(IMAGE).requires_grad_()
    assert np.asarray(scattering_disk(PLANE, x).axes[0].images[0].get_array()) == pytest.approx(IMAGE)


WRONG = {
    "1D for a disk": (
        lambda: scattering_disk(LINE, IMAGE),
        r"scattering_disk needs a Scattering2D, got Scattering1D; for a Scattering1D, type scattergram\(",
    ),
    "1D for multiresolution": (lambda: multiresolution(LINE, IMAGE), "multiresolution needs a Scattering2D"),
    "2D for a scattergram": (
        lambda: scattergram(PLANE, SIGNAL),
        r"scattergram needs a Scattering1D, got Scattering2D; for a Scattering2D, type scattering_disk\(",
    ),
    "no transform": (
        lambda: scattergram("psi", SIGNAL),
        r"scattergram needs a Scattering1D, got str; type scattergram\(Scattering1D\(J=3\), x\)",
    ),
    "no transform for maps": (
        lambda: coefficient_maps(3, SIGNAL),
        "coefficient_maps needs a Scattering2D, got int",
    ),
    "a batch of signals": (
        lambda: scattergram(LINE, SIGNAL[None]),
        r"draws one signal of shape \(N,\), got an array of shape \(1, 301\); choose one, for example x\[0\]",
    ),
    "a batch of images": (
        lambda: scattering_disk(PLANE, IMAGE[None, None]),
        r"draws one image of shape \(M, N\), got an array of shape \(1, 1, 37, 45\); .* x\[0, 0\]",
    ),
    "a batch of colour images": (
        lambda: multiresolution(PLANE, COLOUR[None]),
        r"one image of shape \(M, N\) or \(3, M, N\), got an array of shape \(1, 3, 37, 45\); .* x\[0\]",
    ),
    "colours last": (
        lambda: multiresolution(PLANE, np.moveaxis(COLOUR, 0, -1)),
        r"type np.moveaxis\(x\[\.\.\., :3\], -1, 0\)",
    ),
    "colours last for a disk": (
        lambda: scattering_disk(PLANE, np.moveaxis(COLOUR, 0, -1)),
        r"type x\[\.\.\., :3\].mean\(-1\)",
    ),
    "too few axes": (lambda: coefficient_maps(PLANE, SIGNAL), r"shape \(301,\); type x.reshape\(M, N\)"),
    "a number": (lambda: scattergram(LINE, 3.0), r"shape \(\); type x.reshape\(-1\)"),
    "complex": (lambda: scattergram(LINE, 1j * SIGNAL), "draws real values, got dtype complex128"),
    "NaN": (lambda: scattering_disk(PLANE, IMAGE * np.nan), "NaN or infinity"),
    "too small": (lambda: multiresolution(PLANE, IMAGE[:7]), "needs sides of at least"),
    "order 0 only": (
        lambda: scattergram(Scattering1D(J=3, max_order=0), SIGNAL),
        r"needs coefficients of order 1, got a transform of max_order=0; type .*set_params\(max_order=1\)",
    ),
    "order 2 of 1": (
        lambda: coefficient_maps(Scattering2D(J=2, max_order=1), IMAGE, order=2),
        "needs coefficients of order 2, got a transform of max_order=1",
    ),
    "no path of order 2": (
        lambda: coefficient_maps(Scattering2D(J=1), IMAGE, order=2),
        "a transform with J=1 has no paths of order 2",
    ),
    "order 3": (lambda: coefficient_maps(PLANE, IMAGE, order=3), "order must be 0, 1 or 2, got 3"),
    "order of a bank": (
        lambda: filter_bank(Scattering1D(J=3, shape=64).frame, order=0),
        "order must be an integer >= 1, got 0",
    ),
    "a transform for a frame": (
        lambda: filter_bank(LINE),
        r"filter_bank needs a frame, got a Scattering1D; type filter_bank\(transform.frame\)",
    ),
    "no frame": (lambda: filter_bank(3), "filter_bank draws frames of signals and images, got int"),
    "log of 2D": (
        lambda: filter_bank(Scattering2D(J=2, shape=(8, 8)).frame, log_frequency=True),
        "log_frequency=True is for signals",
    ),
}


@pytest.mark.parametrize(("call", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(call, message):
    with pytest.raises(InputError, match=message):
        call()
