"""Molecules as volumes: Kymatio's densities, boxes that fit, invariance to motions, and what is refused."""

import copy
import pickle
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scatter import HarmonicScattering3D, InputError
from scatter._kymatio import import_kymatio
from scatter.molecules import (
    MolecularScattering,
    Molecule,
    aligned,
    densities,
    valence_charges,
    voxels_per_length,
)

WATER = [8, 1, 1, 0], [[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0], [9, 9, 9]]
THIOFORMALDEHYDE = [6, 16, 1, 1], [[0, 0, 0], [1.61, 0, 0], [-0.58, 0.93, 0.1], [-0.58, -0.93, 0]]
Z, R = (np.array(pair) for pair in zip(WATER, THIOFORMALDEHYDE, strict=True))
MOLECULES = Molecule.from_arrays(Z, R)
SMALL = MolecularScattering(J=1, L=2, width=1.0)


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
    S = MolecularScattering(J=1, L=2, width=1.5, margin=6.0, integral_powers=(0.5, 1.0, 2.0))
    found = S.fit_transform(MOLECULES)
    assert found.dtype == np.float32
    names = S.get_feature_names_out()
    assert found.shape == (2, len(names)) == (2, 3 * len(S.tree) * 3)
    assert names[-1] == "core: sum(||x*psi[j=0,l=2]|*psi[j=1,l=2]|**2)"
    assert S.scale_ == voxels_per_length(Z, R, 1.5)
    assert S.channels_ == ["full", "valence", "core"]
    x = densities(Z, aligned(Z, R), (72, 72, 64), scale=S.scale_, width=1.5)
    large = HarmonicScattering3D(J=1, L=2, sigma_0=1.5)(x).reshape(2, -1)
    apart = np.abs(found / large - 1).reshape(-1, 3).max(axis=0)
    assert (apart <= [0.03, 1e-3, 1e-4]).all()  # by power: a small one counts the faintest tails
    turned = R @ Rotation.from_euler("xyz", [30, 50, 70], degrees=True).as_matrix() + 3
    moved = S.transform(Molecule.from_arrays(Z[::-1, ::-1], turned[::-1, ::-1]))
    np.testing.assert_allclose(moved[::-1], found, rtol=1e-3)


def test_the_estimator():
    S = clone(SMALL).set_params(scale=4.0)
    water = S(MOLECULES[0])
    assert water.shape == (3, len(S.tree), 4)
    rows = S.transform(MOLECULES)  # there is nothing to learn
    np.testing.assert_array_equal(rows[0], water.ravel())
    np.testing.assert_array_equal(
        clone(S).set_params(executor="array").fit_transform(MOLECULES).shape, rows.shape
    )
    one = clone(S).set_params(kinds=("full",)).fit(MOLECULES)
    np.testing.assert_array_equal(one.transform(MOLECULES), rows[:, : water[0].size])
    assert list(one.get_feature_names_out()) == list(
        S.fit(MOLECULES).get_feature_names_out()[: water[0].size]
    )
    atoms = SimpleNamespace(numbers=Z[0], positions=R[0], pbc=np.zeros(3, bool))
    pair = (["C", "S", "H", "H"], R[1])
    np.testing.assert_array_equal(S.transform([atoms, pair]), rows)
    again = pickle.loads(pickle.dumps(S))
    np.testing.assert_array_equal(again.transform(MOLECULES[::-1]), rows[::-1])
    assert S.fingerprint() == again.fingerprint() != clone(S).set_params(L=1).fit(MOLECULES).fingerprint()
    wider = clone(S).set_params(sigma_0=2.0)
    assert wider.tree.paths[1].bands[0].sigma < S.tree.paths[1].bands[0].sigma
    logarithms = clone(S).set_params(log=True).transform(MOLECULES)
    np.testing.assert_allclose(logarithms, np.log1p(rows), rtol=1e-6)
    model = make_pipeline(clone(SMALL), StandardScaler(), Ridge())
    assert model.fit(MOLECULES, [0.0, 1.0]).predict(MOLECULES).shape == (2,)


def test_a_molecule_is_a_value():
    water = MOLECULES[0]
    assert repr(water) == "Molecule(H2O)"
    assert repr(Molecule(["H", "C", "Cl", "H", "H"], np.eye(5, 3))) == "Molecule(CH3Cl)"
    assert len(water) == 3
    with pytest.raises(AttributeError, match="a Molecule can't be changed; make a new one"):
        water.numbers = [1]
    with pytest.raises(ValueError, match="read-only"):
        water.positions[0] = 1
    assert copy.deepcopy(water) is water
    same = Molecule.from_arrays(Z[0], np.stack([R[0], R[0] + 1]))
    assert [len(one) for one in same] == [3, 3]


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
        (lambda: voxels_per_length(Z, R * 0), "two atoms are at the same place; type scale=..., the number"),
        (lambda: voxels_per_length([6], [[0, 0, 0]]), "no molecule has two atoms; type scale="),
        (lambda: voxels_per_length(Z, R, overlap=1.0), "overlap must be between 0 and 1, got 1.0"),
        (lambda: densities(Z, R, (9, 9)), r"shape must be three numbers of voxels, such as .* got"),
        (
            lambda: Molecule([], np.zeros((0, 3))),
            "atomic numbers must be integers",
        ),
        (lambda: Molecule([0], [[0, 0, 0]]), "at least one atom, got none"),
        (lambda: Molecule(["Xx"], [[0, 0, 0]]), "there is no element 'Xx'; symbols are such as 'H', 'C' or"),
        (
            lambda: Molecule([8], [[0, 0]]),
            r"positions must be of shape \(atoms, 3\), got \(1, 2\)",
        ),
        (lambda: Molecule([8], [["a", 0, 0]]), "positions must be numbers of shape"),
        (lambda: Molecule([8], [[0, 0, np.inf]]), "positions contain NaN or infinite values"),
        (
            lambda: Molecule.from_arrays(Z, R[0]),
            r"must be numbers \(n, atoms\) and positions \(n, atoms, 3\)",
        ),
        (
            lambda: SMALL.fit(MOLECULES[0]),
            r"must be a list of molecules, .* type \[molecule\] for one",
        ),
        (lambda: SMALL.fit(Z), r"got ndarray; .* Molecule.from_arrays\(Z, R\) for arrays"),
        (lambda: SMALL.fit([]), "a list with at least one molecule is needed"),
        (lambda: SMALL.fit([MOLECULES[0], 3]), "molecule 1: must be a Molecule, a pair .* got 3"),
        (lambda: SMALL.fit([([8], [[0, 0, 0]])]), "no molecule has two atoms; type scale=..., the number of"),
        (lambda: SMALL.fit([(Z[1], R[1] * 0)]), "two atoms are at the same place; type scale="),
        (
            lambda: SMALL.fit([SimpleNamespace(numbers=Z[1], positions=R[1], pbc=[True] * 3)]),
            "molecule 0: atoms of a periodic cell are no molecule; set atoms.pbc = False",
        ),
        (lambda: SMALL(MOLECULES[0]), "no scale is known yet; call fit with all molecules, or type"),
        (lambda: clone(SMALL).set_params(scale=0).fit(MOLECULES), "scale must be a positive number, got 0"),
        (lambda: clone(SMALL).set_params(sigma_0="a").fit(MOLECULES), "sigma_0 must be a positive number"),
        (lambda: clone(SMALL).set_params(J=1.5).fit(MOLECULES), "J must be an integer >= 0, got 1.5"),
        (lambda: clone(SMALL).set_params(kinds=()).fit(MOLECULES), "kinds must be a tuple of 'full'"),
        (
            lambda: clone(SMALL).set_params(scale=4.0).transform([MOLECULES[0], ([26], [[0, 0, 0]])]),
            "molecule 1: the valence charge of element 26 is not known",
        ),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
