"""Molecules from files, and the command that turns them into a table."""

from pathlib import Path

import numpy as np
import pytest
from cli_helpers import run

from scatter import FileError
from scatter.io import read_table
from scatter.io.molecules import read_molecules
from scatter.molecules import MolecularScattering, Molecule

WATER = "3\nwater\nO 0 0 0\nH 0.76 0.59 0\nH -0.76 0.59 0\n"
MONOXIDE = "2\n\nC 0 0 0\nO 0 0 1.13\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_one_molecule_or_many():
    Path("two.xyz").write_text(WATER + MONOXIDE + "\n\n")
    water, monoxide = read_molecules("two.xyz")
    assert repr(water) == "Molecule(H2O)"
    np.testing.assert_array_equal(monoxide.positions, [[0, 0, 0], [0, 0, 1.13]])
    np.testing.assert_array_equal(monoxide.numbers, [6, 8])


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ('1\nProperties=pos:R:3:species:S:1 pbc="F F F"\n1 2 3 he\n', "He"),
        ('1\nLattice="9 0 0 0 9 0 0 0 9" Properties=Z:I:1:pos:R:3 pbc="F F F"\n2 1 2 3\n', "He"),
        ("1\n\n2 1 2 3\n", "He"),
        ("1\n\nHE 1 2 3 0.5\n", "He"),
        ("1\ngdb 1\t157.7\nHe\t1\t2\t3.0*^0\t-0.5\n1341.3\t1341.4\n[He]\t[He]\nInChI\tInChI\n", "He"),
    ],
)
def test_how_chemists_write(text, formula):
    Path("a.xyz").write_text(text)
    (molecule,) = read_molecules("a.xyz")
    assert molecule.formula == formula
    np.testing.assert_array_equal(molecule.positions, [[1, 2, 3]])


@pytest.mark.parametrize("names", [("Z", "R"), ("z", "pos"), ("nuclear_charges", "coords")])
def test_arrays(names):
    Z, R = np.array([[8, 1, 1], [6, 8, 0]], float), np.arange(18.0).reshape(2, 3, 3)
    np.savez("a.npz", **dict(zip(names, (Z, R), strict=True)), E=np.zeros(2))
    assert [molecule.formula for molecule in read_molecules("a.npz")] == ["H2O", "CO"]
    np.savez("b.npz", **dict(zip(names, (Z[0].astype(int), R), strict=True)))
    assert [molecule.formula for molecule in read_molecules("b.npz")] == ["H2O", "H2O"]


def test_the_command():
    Path("two.xyz").write_text(WATER + MONOXIDE)
    Z, R = np.array([[8, 1, 1], [6, 8, 0], [0, 0, 0]]), np.random.default_rng(0).standard_normal((3, 3, 3))
    np.savez("many.npz", Z=Z, R=R, y=["a", "b", "c"])
    options = ("--transform", "molecules", "--set", "scale=3", "--set", "width=1", "--J", "1")
    shown = run("features", "two.xyz", *options, "-o", "t.npz")
    assert shown.exit_code == 0, shown.output
    table = read_table("t.npz")
    S = MolecularScattering(J=1, scale=3.0, width=1.0)
    np.testing.assert_allclose(table.features, S.fit_transform(read_molecules("two.xyz")), rtol=1e-6)
    assert table.names == tuple(S.get_feature_names_out())
    assert table.keys["segment"].tolist() == [0, 1]
    shown = run("features", "many.npz", *options, "--label-array", "y", "-o", "u.npz")
    assert "molecule must have at least one atom" in Path("u.npz.errors.csv").read_text()
    table = read_table("u.npz")
    assert table.keys["label"].tolist() == ["a", "b"]
    np.testing.assert_allclose(table.features, S.transform(Molecule.from_arrays(Z[:2], R[:2])), rtol=1e-6)
    shown = run("features", "two.xyz", "--transform", "molecules", "-o", "v.npz")
    assert "molecules (MolecularScattering) needs scale, which has no default; type --set" in shown.output


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "a.xyz",
            "0 0 0\n",
            "line 1: a molecule begins with the number of its atoms, got '0 0 0'",
        ),
        ("a.xyz", "0\n\n", "line 1: a molecule begins with the number of its atoms, got '0'"),
        ("a.xyz", "99999999\n\nH 0 0 0\n", "line 1: a molecule begins with the number of its atoms"),
        ("a.xyz", WATER[:-15], "is truncated: 2 of the 3 atoms of line 1 are there"),
        ("a.xyz", WATER + "C 0 0 0\n", "line 6: a molecule begins with the number"),
        ("a.xyz", "1\n\nH 0 0\n", "line 3: an atom is an element and three coordinates, got 'H 0 0'"),
        ("a.xyz", "1\n\nH 0 0 x\n", "line 3: an atom is an element and three coordinates"),
        ("a.xyz", "1\n\nXx 0 0 0\n", "molecule 0: there is no element 'Xx'"),
        ("a.xyz", "1\n\nH 0 0 nan\n", "molecule 0: positions contain NaN"),
        ("a.xyz", '1\nLattice="1 0 0 0 1 0 0 0 1"\nH 0 0 0\n', "line 2: atoms of a periodic cell are no"),
        ("a.xyz", "1\nProperties=charge:R:1\n1\n", "line 2: Properties= must name species"),
        ("a.xyz", "1\nProperties=pos:R:x\n1\n", "line 2: Properties= must name species"),
        ("a.xyz", "1\n\n\xff 0 0 0\n", "can't be read as text"),
        ("a.xyz", "", "the file is empty"),
        ("a.pdb", "x", "suffix"),
    ],
)
def test_files_that_are_no_molecules(name, text, message):
    Path(name).write_bytes(text.encode("latin-1"))
    with pytest.raises(FileError, match=message):
        read_molecules(name)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"x": np.zeros(3)},
            "holds the arrays x; molecules need atomic numbers and positions, named Z and",
        ),
        (
            {"Z": np.ones((2, 3), int), "R": np.zeros((2, 4, 3))},
            r"must be of shape \(n, atoms\) and",
        ),
        ({"Z": np.ones((2, 3)) / 2, "R": np.zeros((2, 3, 3))}, "molecule 0: atomic numbers must be integers"),
    ],
)
def test_arrays_that_are_no_molecules(arrays, message):
    np.savez("a.npz", **arrays)
    with pytest.raises(FileError, match=message):
        read_molecules("a.npz")


def test_labels_that_are_none():
    np.savez("a.npz", Z=np.ones((2, 3), int), R=np.random.default_rng(0).random((2, 3, 3)), E=np.zeros(2))
    options = ("--transform", "molecules", "--set", "scale=3", "--label-array", "E", "-o", "t.npz")
    shown = run("features", "a.npz", *options)
    assert "the array E must hold one label a molecule, integers or text of shape (2,)" in shown.output
