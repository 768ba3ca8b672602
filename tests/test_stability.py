"""How far representations move: known deformations, known representations, reports, and what is refused."""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scatter import FileError, InputError, Scattering1D, Scattering2D
from scatter.stability import (
    Contrast,
    Curve,
    Displacement,
    Noise,
    Rotation,
    Scaling,
    StabilityReport,
    Translation,
    Warp,
    largest_displacement,
    largest_gradient,
    stability_report,
)
from scatter.testing import lipschitz

RNG = np.random.default_rng(0)
DIGITS, LABELS = load_digits(return_X_y=True)
DIGITS, LABELS = DIGITS[:120].reshape(-1, 8, 8) / 16, LABELS[:120]
SMOOTH = ndimage.gaussian_filter(RNG.standard_normal((3, 64, 64)), (0, 2, 2), mode="wrap")
S = Scattering2D(J=2, L=4, shape=(8, 8))


@dataclass(frozen=True)
class Steps(Displacement):
    """A shift by whole samples along every axis."""

    boundary: str = "grid-wrap"
    name: ClassVar[str] = "steps"
    unit: ClassVar[str] = "samples"
    strengths: ClassVar[tuple[float, ...]] = (4.0, 8.0)

    def field(self, shape, strength, rng):
        return np.full((len(shape), *shape), strength)


def draw(shape, strength, deformation):
    return deformation.field(shape, strength, np.random.default_rng(1))


# ---------------------------------------------------------------------- deformations
@pytest.mark.parametrize("shape", [(200,), (64, 48), (16, 12, 20)], ids=str)
def test_a_warp_has_the_gradient_that_is_asked_for(shape):
    field = draw(shape, 0.3, Warp())
    assert field.shape == (len(shape), *shape)
    assert largest_gradient(field) == pytest.approx(0.3, rel=1e-12)
    assert largest_displacement(field) > 0.3
    np.testing.assert_allclose(field.mean(axis=tuple(range(1, field.ndim))), 0, atol=1e-12)
    assert not draw(shape, 0.0, Warp()).any()
    assert np.abs(np.diff(draw(shape, 0.3, Warp(width=0.5)), 2)).max() < np.abs(np.diff(field, 2)).max()


def test_the_measured_gradient_is_that_of_a_known_warp():
    n, height = 256, 3.0
    u, v = np.indices((n, n)) * 2 * np.pi / n
    field = height * np.stack([np.sin(u), np.cos(3 * v)])
    assert largest_gradient(field) == pytest.approx(3 * height * 2 * np.pi / n, rel=0.01)
    assert largest_displacement(field) == pytest.approx(np.hypot(height, height), rel=1e-3)
    shear = np.stack([0.2 * v, np.zeros((n, n))])
    assert largest_gradient(shear) == pytest.approx(0.2 * 2 * np.pi / n, rel=1e-9)


def test_translations_are_of_that_length_and_whole_ones_are_exact():
    field = draw((20, 30), 2.5, Translation())
    assert largest_displacement(field) == pytest.approx(2.5)
    assert largest_gradient(field) == 0
    moved = Steps()(SMOOTH, 3, RNG, 2)
    np.testing.assert_allclose(moved, np.roll(SMOOTH, (3, 3), (1, 2)), atol=1e-10)
    colours = Steps()(SMOOTH.reshape(1, 3, 64, 64), 3, RNG, 2)
    np.testing.assert_array_equal(colours[0], moved)


def test_quarter_turns_and_scalings():
    x = SMOOTH.astype(np.float32)
    turned = Rotation()(x, 90, np.random.default_rng(0))
    assert turned.dtype == np.float32
    for before, after in zip(x, turned, strict=True):
        quarters = [np.rot90(before), np.rot90(before, -1)]
        assert min(np.abs(after - quarter).max() for quarter in quarters) < 1e-4
    for ndim in (2, 3):
        field = draw((9,) * ndim, 20.0, Rotation())
        assert largest_gradient(field) == pytest.approx(2 * np.sin(np.radians(10)), rel=1e-9)
    field = draw((33,), 0.1, Scaling())
    np.testing.assert_allclose(np.abs(np.diff(field)), 0.1, rtol=1e-12)
    assert field[0, 16] == 0


def test_noise_is_of_that_size_and_contrast_leaves_the_mean():
    x = SMOOTH + 3
    noisy = Noise()(x, 0.25, RNG)
    sizes = np.linalg.norm((noisy - x).reshape(3, -1), axis=1) / np.linalg.norm(x.reshape(3, -1), axis=1)
    np.testing.assert_allclose(sizes, 0.25, rtol=1e-12)
    changed = Contrast()(x, 0.25, RNG)
    np.testing.assert_allclose(changed.mean((1, 2)), x.mean((1, 2)), rtol=1e-12)
    factors = changed.std((1, 2)) / x.std((1, 2))
    np.testing.assert_allclose(np.abs(factors - 1), 0.25, rtol=1e-9)


# ---------------------------------------------------------------------- representations
def test_a_whole_shift_changes_no_invariant_representation():
    T = Scattering2D(J=2, L=4, shape=(64, 64), padding=None, average="global")
    report = stability_report(T, SMOOTH, deformations=[Steps()])
    scattering, pixels, fourier = (report.curve(name, "steps") for name in report.representations)
    assert scattering.changes.max() < 1e-6
    assert fourier.changes.max() < 1e-6
    assert pixels.changes.min() > 0.5


def test_the_spectrum_is_not_stable_to_dilations_of_high_frequencies():
    t = np.indices((64, 64))
    texture = np.stack([np.cos(angle * t[0] + 1.3 * t[1]) for angle in (1.2, 1.5, 1.8)])
    T = Scattering2D(J=3, L=8, shape=(64, 64))
    report = stability_report(T, texture, deformations=[Scaling()], strengths={"scaling": [0.05]})
    scattering, _, fourier = (curve.medians[0] for curve in report.curves)
    assert fourier > 0.5 > 2 * scattering


def test_scattering_does_not_expand_noise():
    report = stability_report(S, DIGITS, deformations=[Noise()])
    scattering, pixels, fourier = report.curves
    np.testing.assert_allclose(pixels.changes, np.tile(pixels.strengths[:, None], len(DIGITS)), rtol=1e-5)
    assert (fourier.changes <= pixels.changes * (1 + 1e-6)).all()
    norms = np.linalg.norm(S.transform(DIGITS), axis=1)
    sizes = np.linalg.norm(DIGITS.reshape(len(DIGITS), -1), axis=1)
    # Averages of four neighbours count for four: the norm of coefficients is that of signals over 2**J.
    assert (scattering.changes * norms / sizes * 4 <= lipschitz(S) * scattering.strengths[:, None]).all()
    assert report.constants == ()


def test_constants_accuracies_and_energies():
    report = stability_report(S, DIGITS, LABELS, strengths={"warp": [0.1, 0.3]})
    assert report.representations == ("Scattering2D", "input", "fourier")
    assert report.deformations == ("translation", "rotation", "scaling", "warp", "noise", "contrast")
    assert report.samples == 120
    assert report.transform == repr(S)
    by_name = {one.representation: one for one in report.constants}
    assert by_name["Scattering2D"].relative < 0.6 * by_name["input"].relative
    assert by_name["input"].median == pytest.approx(by_name["input"].relative)
    assert all(0 < one.median <= one.largest for one in report.constants)
    lower, upper = report.bounds
    assert 0 < lower < upper <= 1.01
    assert len(report.energies) == 3
    assert 0.3 < sum(report.energies) < upper
    for one in report.classes:
        assert one.ratio == one.between / one.within > 1
        assert one.accuracy == report.curve(one.representation, "noise").accuracy > 0.8
    curve = report.curve("Scattering2D", "warp")
    np.testing.assert_array_equal(curve.strengths, [0.1, 0.3])
    assert curve.changes.shape == (2, 120)
    assert (np.diff(curve.medians) > 0).all()
    again = stability_report(S, DIGITS, LABELS, strengths={"warp": [0.1, 0.3]})
    np.testing.assert_array_equal(again.curve("Scattering2D", "warp").changes, curve.changes)


def test_the_constant_is_the_largest_ratio_of_all_displacements():
    report = stability_report(S, DIGITS, deformations=[Steps()], strengths={"steps": [2.0]}, scale=8.0)
    pixels = report.curve("input", "steps").changes[0] / (2 * np.sqrt(2) / 8)
    found = next(one for one in report.constants if one.representation == "input")
    assert found.relative == pytest.approx(np.median(pixels))
    assert found.largest == pytest.approx(pixels.max())


def test_a_scale_out_of_an_array_is_a_scale():
    J = np.arange(3)[2]
    ours, theirs = (
        stability_report(
            Scattering2D(J=one, L=4, shape=(8, 8)), DIGITS, deformations=[Translation()]
        ).constants
        for one in (2, J)
    )
    assert ours == theirs


def test_other_transformers_signals_and_colours():
    pca = make_pipeline(StandardScaler(), PCA(5)).fit(DIGITS.reshape(120, -1))
    flat = DIGITS.reshape(120, -1)
    report = stability_report(pca, flat, deformations=[Noise()], baselines=())
    assert report.representations == ("Pipeline",)
    assert report.bounds is None
    told = []
    sounds = RNG.standard_normal((4, 512))
    T = Scattering1D(J=4, shape=512)
    pairs = [("twice", T)]
    report = stability_report(T, sounds, baselines=pairs, watch=lambda *done: told.append(done))
    assert told == [(k, 20) for k in range(1, 21)]
    for name in report.deformations:
        first, second = (report.curve(one, name).changes for one in report.representations)
        np.testing.assert_array_equal(first, second)
    colours = RNG.random((3, 3, 8, 8), dtype=np.float32)
    T = Scattering2D(J=2, L=4, shape=(8, 8)).fit(colours)
    assert stability_report(T, colours, deformations=[Warp()]).curves[0].changes.shape == (4, 3)


def test_the_report_as_a_table_as_json_and_as_a_picture():
    report = stability_report(S, DIGITS[:20], LABELS[:20], deformations=[Translation(), Noise()])
    assert str(report).endswith("over 20 samples")
    table = report.table()
    assert table["deformation"] == ["translation"] * 4 + ["noise"] * 4
    assert {len(column) for column in table.values()} == {8}
    assert table["input: change"][4:] == pytest.approx([0.05, 0.1, 0.2, 0.4], rel=1e-5)
    said = json.loads(json.dumps(report.to_dict()))
    assert said["curves"][0]["changes"]["q50"] == pytest.approx(table["Scattering2D: change"][:4])
    assert said["classes"][1]["ratio"] == report.classes[1].ratio
    figure = report.plot()
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["translation", "noise"]
    assert len(figure.axes[0].lines) == 3
    without = stability_report(S, DIGITS[:20], deformations=[Noise()])
    assert "input: accuracy" not in without.table()
    assert without.classes == ()


def test_samples_beside_their_neighbours(tmp_path):
    report = stability_report(S, DIGITS, LABELS, strengths={"warp": [0.1]})
    assert 1 <= len(report.neighbourhoods) <= 3
    pixels = DIGITS.reshape(len(DIGITS), -1).astype(np.float32)
    between = next(one.between for one in report.classes if one.representation == "input")
    for one in report.neighbourhoods:
        assert one.names[0] == "sample"
        assert one.names[-2] == f"nearest {one.label}" != one.names[-1]
        assert one.pictures.shape == (len(one.names), 8, 8)
        assert set(one.distances) == set(report.representations)
        (place,) = np.flatnonzero((pixels == one.pictures[0].ravel()).all(axis=1))[:1]
        others, same = np.linalg.norm(pixels - pixels[place], axis=1), LABELS[place] == LABELS
        own, other = others[same], others[~same]
        np.testing.assert_allclose(
            one.distances["input"][-2:] * between, [np.sort(own)[1], other.min()], rtol=1e-5
        )
        assert one.distances["Scattering2D"][0] == 0
    assert len(report.plot_neighbours().axes) == 6 * len(report.neighbourhoods)
    report.to_html(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert page.count("<img") == 2
    assert "Frame bounds" in page
    with pytest.raises(FileError, match="none"):
        report.to_html(tmp_path / "none" / "r.html")
    sounds, classes = RNG.standard_normal((6, 3, 64)), np.arange(6) % 2
    T = Scattering1D(J=3, shape=64).fit(sounds)
    found = stability_report(T, sounds, classes, deformations=[Translation()])
    assert found.plot_neighbours().axes[0].lines
    colours = RNG.random((6, 3, 8, 8))
    T = Scattering2D(J=2, L=4, shape=(8, 8)).fit(colours)
    stability_report(T, colours, classes, deformations=[Warp()]).plot_neighbours()
    bare = stability_report(S, DIGITS[:5], deformations=[Noise()])
    bare.to_html(tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text().count("<img") == 1
    with pytest.raises(InputError, match="no neighbours to draw; they are of signals on a grid with labels"):
        bare.plot_neighbours()


def test_the_strength_at_which_accuracy_is_lost():
    def limit(accuracies):
        return Curve("a", "b", "c", np.array([1.0, 2.0]), np.zeros((2, 1)), accuracies, 0.95).limit

    assert limit(np.array([0.95, 0.93])) == pytest.approx(1.5)
    assert limit(np.array([0.90, 0.93])) == pytest.approx(0.2)
    assert limit(np.array([0.95, 0.945])) is None
    assert limit(None) is None
    assert isinstance(stability_report(S, DIGITS[:5], deformations=[Noise()]), StabilityReport)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stability_report(S, DIGITS[0]), "X must be of shape .n_samples, .channels,. 8, 8., got"),
        (
            lambda: stability_report(S, DIGITS[:1]),
            r"at least two real signals, .* got float64 of shape \(1, 8",
        ),
        (lambda: stability_report(S, DIGITS * 1j), "at least two real signals, .* got complex128"),
        (lambda: stability_report(S, DIGITS[:0]), "at least two real signals"),
        (lambda: stability_report(S, np.where(DIGITS > 0.9, np.nan, DIGITS)), "X contains NaN or infinite"),
        (
            lambda: stability_report(S, DIGITS * (np.arange(120) != 7)[:, None, None]),
            "sample 7 is zero every",
        ),
        (lambda: stability_report(S, DIGITS, LABELS[:3]), "a label for each of the 120 samples, got shape"),
        (lambda: stability_report(S, DIGITS, LABELS * 0), "of two classes at least, got one; leave y out"),
        (lambda: stability_report(S, DIGITS, np.arange(120)), "no two samples have the same label in y, so"),
        (
            lambda: stability_report(S, np.ones((5001, 8, 8)), np.arange(5001) % 2),
            "of at most 5000 samples with labels, got 5001; take some",
        ),
        (
            lambda: stability_report(S, DIGITS, strengths={"warp": [0.1, 1.5]}),
            r"warp \(largest gradient\) must be a number from 0 on and below 1, got 1.5",
        ),
        (
            lambda: stability_report(S, DIGITS, strengths={"noise": [-1]}),
            "must be a number from 0 on, got -1",
        ),
        (lambda: stability_report(S, DIGITS, strengths={"noise": []}), "strengths of noise must increase"),
        (
            lambda: stability_report(S, DIGITS, strengths={"noise": [2, 1]}),
            "strengths of noise must increase",
        ),
        (
            lambda: stability_report(S, DIGITS, strengths={"nois": [1]}),
            "strengths are of translation, .*'nois'",
        ),
        (lambda: stability_report(S, DIGITS, baselines=["pixels"]), "must be 'input', 'fourier' or pairs"),
        (lambda: stability_report(S, DIGITS, baselines=[("pca", PCA())]), "PCA is not fitted; call fit with"),
        (lambda: stability_report(PCA(), DIGITS.reshape(120, -1)), "PCA is not fitted"),
        (
            lambda: stability_report(Scattering2D(J=2), DIGITS),
            "Scattering2D is not fitted; call fit with your",
        ),
        (lambda: stability_report("S", DIGITS), "a transformer has a method transform, got str"),
        (lambda: Warp(boundary="wrap"), "boundary must be one of 'reflect', 'mirror', .* got 'wrap'"),
        (lambda: Warp(width=0), "width must be a share of a side"),
        (lambda: Rotation()(np.ones((2, 9)), 5, RNG), "signals of one axis can't be turned"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
