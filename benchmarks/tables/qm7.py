"""QM7: atomisation energies of 7,101 molecules from the scattering of their densities, in kcal/mol."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.data import data
from benchmarks.tables import Row, spread
from scatter.molecules import MolecularScattering, Molecule

WIDTH = float(os.environ.get("QM7_WIDTH", "1"))
"""Standard deviation of the Gaussians and of the finest wavelet, voxels; twice is eight times as long."""
MARGIN = float(os.environ.get("QM7_MARGIN", "3"))
"""Widths of the coarsest wavelet around a molecule."""
PENALTIES = np.logspace(-10, 0, 21)
PUBLISHED = "2.75, Kymatio's example: 192 x 128 x 96 voxels, width 2"


def features(numbers, positions):
    """Coefficients of all molecules, as float64, and the seconds that they took; kept in a file."""
    folder = Path(os.environ.get("SCATTER_FEATURES", "build/features"))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"qm7-width-{WIDTH:g}-margin-{MARGIN:g}-{len(numbers)}.npz"
    if not file.exists():
        molecules = Molecule.from_arrays(numbers, positions)
        began = time.perf_counter()
        X = MolecularScattering(width=WIDTH, margin=MARGIN).fit(molecules).transform(molecules)
        np.savez(file, X=X, seconds=time.perf_counter() - began)
    with np.load(file) as kept:
        return kept["X"].astype(np.float64), float(kept["seconds"])


def errors(X, energies, folds=5):
    """Mean absolute and root mean square errors of ridge regression, a fold each, and their seconds."""
    absolute, squared, began = [], [], time.perf_counter()
    for train, test in KFold(folds, shuffle=True, random_state=0).split(X):
        model = make_pipeline(StandardScaler(), RidgeCV(PENALTIES)).fit(X[train], energies[train])
        off = model.predict(X[test]) - energies[test]
        absolute.append(float(np.abs(off).mean()))
        squared.append(float(np.sqrt((off**2).mean())))
    return absolute, squared, time.perf_counter() - began


def table() -> list[Row]:
    """QM7: errors of ridge regression in kcal/mol, mean and deviation of 5 folds.

    `MolecularScattering(width=QM7_WIDTH, margin=QM7_MARGIN)`: densities of full, valence and core charges,
    J=2, L=3, powers 0.5, 1, 2 and 3, orders 0 to 2, each molecule in a box that fits it. ``QM7_WIDTH`` (1)
    and ``QM7_MARGIN`` (3) say how fine and how large the boxes are, ``QM7_COUNT`` how many molecules are
    taken.
    """
    with np.load(data("qm7.npz")) as file:
        numbers, positions, energies = file["Z"].astype(int), file["R"].astype(float), file["E"]
    count = int(os.environ.get("QM7_COUNT", len(numbers)))
    some = np.sort(np.random.default_rng(0).permutation(len(numbers))[:count])
    X, seconds = features(numbers[some], positions[some])
    rows = [Row(f"{X.shape[1]} features of {count:,} molecules, width {WIDTH:g}", "", "", f"{seconds:.0f}")]
    absolute, squared, took = errors(X, energies[some])
    rows.append(Row("mean absolute error", spread(absolute), PUBLISHED, f"{took:.0f}"))
    rows.append(Row("root mean square error", spread(squared), "4.18", ""))
    return rows
