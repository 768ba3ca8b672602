"""Molecules: their charge densities as volumes, and the scattering of these."""

from scatter.molecules.density import aligned, densities, valence_charges, voxels_per_length
from scatter.molecules.estimator import MolecularScattering
from scatter.molecules.molecule import Molecule

__all__ = [
    "MolecularScattering",
    "Molecule",
    "aligned",
    "densities",
    "valence_charges",
    "voxels_per_length",
]
