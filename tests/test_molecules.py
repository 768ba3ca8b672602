"""Molecules as volumes: Kymatio's densities, boxes that fit, invariance to motions, and what is refused."""

import warnings

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from scatter import HarmonicScattering3D, InputError
from scatter._kymatio import import_kymatio
from scatter.molecules import aligned, densities, molecular_scattering, valence_charges, voxels_per_length

WATER = [8, 1, 1, 0], [[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0], [9, 9, 9]]
THIOFORMALDEHYDE = [6, 16, 1, 1], [[0, 0, 0], [1.61, 0, 0], [-0.58, 0.93, 0.1], [-0.58, -0.93, 0]]
Z, R = (np.array(pair) for pair in zip(WATER, THIOFORMALDEHYDE, strict=True))
S = HarmonicScattering3D(J=1, L=2, sigma_0=1.5)


def test_valence_charges():
    np.testing.assert_array_equal(
        valence_charges([0, 1, 2, 3, 6, 10, 11, 16, 18]), [0, 1, 2, 1, 4, 8, 1, 6, 8]
    )
    np.testing.assert_array_equal(valence_charges([[6, 7], [8, 0]]), [[4, 5], [6, 0]])


def test_densities_are_those_of_kymatio():
    pytest.importorskip("kymatio")
    import_kymatio("the tests")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from kymatio.scattering3d.utils import generate_weighted_sum_of_gaussians

    shape = (13, 12, 10)
    grid = np.stack(np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij"))
    placed = aligned(Z, R)
    found = densities(Z, placed, shape, scale=2.0, width=1.2, dtype="float64")
    for kind, charges in enumerate((Z, valence_charges(Z), Z - valence_charges(Z))):
        expected = generate_weighted_sum_of_gaussians(grid, 2.0 * placed, charges, 1.2)
        np.testing.assert_allclose(found[:, kind], expected, atol=1e-12)
    single = densities(Z, placed, shape, scale=2.0, width=1.2)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, found, atol=1e-6)


def test_molecules_lie_along_their_axes_in_the_middle():
    placed = aligned(Z, R)
    assert (placed[Z == 0] == 0).all()
    for z, r in zip(Z, placed, strict=True):
        there = r[z > 0]
        np.testing.assert_allclose(there.max(0) + there.min(0), 0, atol=1e-12)
        sizes = there.std(axis=0)
        assert (np.diff(sizes) <= 1e-12).all()
    distances = [np.linalg.norm(r[:, :, None] - r[:, None], axis=-1) for r in (placed, R)]
    both = (Z > 0)[:, :, None] & (Z > 0)[:, None]
    np.testing.assert_allclose(distances[0][both], distances[1][both], atol=1e-12)
    assert (aligned([0, 0], np.ones((2, 3))) == 0).all()


def test_the_scale_keeps_the_nearest_atoms_apart():
    assert voxels_per_length(Z, R, width=2.0) == pytest.approx(
        2 * np.sqrt(-8 * np.log(0.1)) / np.hypot(0.76, 0.59)
    )
    assert voxels_per_length(Z, R, width=1.0, overlap=0.5) == pytest.approx(
        np.sqrt(8 * np.log(2)) / np.hypot(0.76, 0.59)
    )


def test_coefficients_do_not_depend_on_the_box_nor_on_where_a_molecule_is():
    found = molecular_scattering(Z, R, S, width=1.5, margin=6.0, n_jobs=1)
    assert found.dtype == np.float32
    assert found.shape == (2, 3 * len(S.set_params(shape=(32, 32, 32)).tree) * 3)
    S.set_params(shape=None)
    scale = voxels_per_length(Z, R, 1.5)
    x = densities(Z, aligned(Z, R), (72, 72, 64), scale=scale, width=1.5)
    large = S(x).reshape(2, -1)
    apart = np.abs(found / large - 1).reshape(-1, 3).max(axis=0)
    assert (apart <= [0.03, 1e-3, 1e-4]).all()  # by power: a small one counts the faintest tails
    turned = R @ Rotation.from_euler("xyz", [30, 50, 70], degrees=True).as_matrix() + 3
    moved = molecular_scattering(Z[::-1], turned[::-1], S, width=1.5, margin=6.0, n_jobs=2)
    np.testing.assert_allclose(moved[::-1], found, rtol=1e-3)


def test_what_is_told_meanwhile_and_the_usual_transform():
    told = []
    found = molecular_scattering(
        Z, R, width=1.0, kinds=("full",), watch=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 2), (2, 2)]
    assert found.shape == (2, 25 * 4)
    with pytest.raises(KeyboardInterrupt):
        molecular_scattering(Z, R, S, width=1.0, watch=interrupted)


def interrupted(done, total):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: valence_charges([6, 26]), r"element 26 is not known .* type kinds=\('full',\)"),
        (lambda: valence_charges([6.0]), "atomic numbers must be integers from 0 to 118"),
        (lambda: valence_charges([-1]), "atomic numbers must be integers from 0 to 118"),
        (lambda: valence_charges([119]), "atomic numbers must be integers from 0 to 118"),
        (lambda: aligned(Z, R[:1]), r"positions must be of shape \(..., atoms, 3\)"),
        (lambda: aligned(Z, R * np.nan), "positions contain NaN"),
        (
            lambda: densities(Z[0], R[0], (9, 9, 9)),
            r"must be of shape \(n, atoms\), got \(4,\); type numbers",
        ),
        (lambda: densities(Z, R, (4, 9, 9), scale=9.0), r"atom 1 of molecule 0 .* outside of .* 4 x 9 x 9"),
        (lambda: densities(Z, R, (9, 9, 9), kinds="full"), "kinds must be a tuple of 'full', 'valence' and"),
        (lambda: densities(Z, R, (9, 9, 9), kinds=("all",)), "kinds must be a tuple of 'full', 'valence'"),
        (lambda: densities(Z, R, (9, 9, 9), width=0), "width must be a positive number, got 0"),
        (lambda: densities(Z, R, (9, 9, 0)), "each side of shape must be an integer >= 1, got 0"),
        (lambda: voxels_per_length(Z, R * 0), "two atoms are at the same place; say the number of voxels"),
        (lambda: voxels_per_length([6], [[0, 0, 0]]), "no molecule has two atoms; say"),
        (lambda: voxels_per_length(Z, R, overlap=1.0), "overlap must be between 0 and 1, got 1.0"),
        (lambda: molecular_scattering(Z[0], R[0]), r"numbers must be of shape \(n, atoms\), with n above 0"),
        (lambda: molecular_scattering(Z[:0], R[:0]), r"with n above 0, got \(0, 4\)"),
        (
            lambda: molecular_scattering(Z, R, HarmonicScattering3D(method="local")),
            "boxes of several sizes have no local averages to compare",
        ),
        (lambda: molecular_scattering(Z + 40, R, S), "the valence charge of element 56 is not known"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
