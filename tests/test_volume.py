"""The frame of volumes under solid harmonic wavelets: Kymatio's numbers, its own definition, and turns."""

import math
import warnings

import numpy as np
import pytest
from scipy.special import sph_harm_y

from scatter._kymatio import import_kymatio
from scatter.cascade import scattering
from scatter.domains.grid import Grid
from scatter.frames.solidharmonic import SolidHarmonics, normalization
from scatter.frames.volume import SolidHarmonicFrame
from scatter.paths import PathTree

POWERS = (0.5, 1.0, 2.0)


def frame_of(shape, J=2, L=2, sigma_0=1.0, rotation_covariant=True):
    return SolidHarmonicFrame(
        SolidHarmonics(J, L, sigma_0, rotation_covariant), Grid(shape, shape, (0, 0, 0), None)
    )


def integrals(x, frame, max_order=2):
    """Integrals of powers of the moduli, by path: (batch, powers) each."""
    tree = PathTree(frame.bank, max_order, frame.capacity)

    def keep(u, group):
        return np.stack([(np.abs(u) ** power).sum(axis=(-3, -2, -1)) for power in POWERS], axis=-1)

    found = {}
    for group, values in scattering(x, frame, tree, keep).items():
        for k, place in enumerate(group.positions):
            found[tree.paths[place].n] = values[:, k]
    return [found[path.n] for path in tree.paths], tree


def noise(shape, dtype=np.float32, batch=2):
    return np.random.default_rng(0).standard_normal((batch, *shape)).astype(dtype)


@pytest.mark.parametrize(
    ("shape", "J", "L", "sigma_0", "covariant"),
    [
        ((16, 16, 16), 2, 2, 1.0, True),
        ((16, 12, 20), 1, 3, 1.0, True),
        ((16, 16, 16), 2, 3, 2.0, True),
        ((16, 16, 16), 1, 2, 1.0, False),
    ],
)
def test_integrals_are_those_of_kymatio(shape, J, L, sigma_0, covariant):
    pytest.importorskip("kymatio")
    import_kymatio("the tests")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from kymatio.numpy import HarmonicScattering3D

        options = {"L": L, "sigma_0": sigma_0, "max_order": 2, "rotation_covariant": covariant}
        theirs = HarmonicScattering3D(J=J, shape=shape, method="integral", integral_powers=POWERS, **options)
        want = np.asarray(theirs(noise(shape)))
    values, tree = integrals(noise(shape), frame_of(shape, J, L, sigma_0, covariant))
    scales = [(j,) for j in range(J + 1)] + [(a, b) for a in range(J + 1) for b in range(a + 1, J + 1)]
    for value, path in zip(values, tree.paths, strict=True):
        if path.order:
            place = scales.index(tuple(band.j for band in path.bands)), path.bands[0].label("l")
            np.testing.assert_allclose(value, want[:, place[0], place[1]], rtol=5e-6)


@pytest.mark.parametrize("shape", [(9, 7, 11), (8, 9, 6)])
def test_moduli_are_those_of_the_definition(shape):
    """With complex harmonics, one by one, in double precision."""
    frame, x = frame_of(shape, J=1, L=3), noise(shape, np.float64, batch=1)
    found, tree = integrals(x, frame, max_order=1)
    axes = [2 * np.pi * np.fft.fftfreq(n) for n in shape]
    z, y, w = np.meshgrid(*axes, indexing="ij")
    radius = np.sqrt(x_squared := z**2 + y**2 + w**2)
    polar = np.arccos(np.divide(z, radius, out=np.ones(shape), where=radius > 0))
    azimuth = np.arctan2(y, w)
    spectrum = np.fft.fftn(x[0])
    for value, path in zip(found, tree.paths, strict=True):
        if not path.order:
            continue
        degree, sigma = path.bands[0].label("l"), 2.0 ** path.bands[0].j
        bell = np.exp(-0.5 * sigma**2 * x_squared)
        if degree == 0:
            square = np.abs(np.fft.ifftn(spectrum * bell)) ** 2
        else:
            scale = normalization(degree) * (2 * math.pi) ** 1.5 * (-1j * sigma * radius) ** degree
            square = sum(
                np.abs(np.fft.ifftn(spectrum * scale * bell * sph_harm_y(degree, m, polar, azimuth))) ** 2
                for m in range(-degree, degree + 1)
            )
        want = [(np.sqrt(square) ** power).sum() for power in POWERS]
        np.testing.assert_allclose(value[0], want, rtol=1e-9)


@pytest.mark.parametrize("axes", [(1, 2), (1, 3), (2, 3)])
def test_a_quarter_turn_changes_nothing(axes):
    x = noise((15, 15, 15), np.float64)
    frame = frame_of((15, 15, 15), L=3)
    turns = integrals(np.rot90(x, axes=axes), frame)[0]
    for value, turned in zip(integrals(x, frame)[0], turns, strict=True):
        np.testing.assert_allclose(turned, value, rtol=1e-10)


def test_single_precision_is_near_double_and_zero_stays_zero():
    x = noise((16, 16, 16), np.float64)
    frame = frame_of((16, 16, 16))
    for double, single in zip(integrals(x, frame)[0], integrals(x.astype(np.float32), frame)[0], strict=True):
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=1e-5)
    assert not np.any(integrals(np.zeros((1, 16, 16, 16)), frame)[0])


def test_gradients_are_finite_at_zero_and_equal_differences():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    frame = frame_of((8, 8, 8), J=1, L=2)
    tree = PathTree(frame.bank, 2, frame.capacity)

    def total(x):
        kept = scattering(x, frame, tree, lambda u, group: u.sum(dim=(-3, -2, -1)))
        return sum(value.sum() for value in kept.values())

    zero = torch.zeros((1, 8, 8, 8), dtype=torch.float64, requires_grad=True)
    total(zero).backward()
    assert torch.isfinite(zero.grad).all()
    x = torch.tensor(noise((8, 8, 8), np.float64, batch=1), requires_grad=True)
    assert torch.autograd.gradcheck(total, (x,), rtol=1e-4, atol=1e-5)


def test_the_frame_averages_and_has_bounds():
    frame = frame_of((16, 16, 16), J=2)
    u = np.ones((1, 1, 16, 16, 16))
    np.testing.assert_allclose(frame.average(u, 0), np.ones((1, 1, 4, 4, 4)), rtol=1e-12)
    lower, upper = frame.bounds()
    assert 0 <= lower < upper
    assert frame.littlewood_paley().shape == (16, 16, 16)
