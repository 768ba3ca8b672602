"""
Volumes: a drop that turns, and a molecule
==========================================

Scattering by solid harmonic wavelets sees how much a volume has of every scale and every degree of angular
detail, wherever it is and however it is turned.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.transform import Rotation

from scatter import HarmonicScattering3D
from scatter.molecules import MolecularScattering, Molecule, aligned, densities

# %%
# A drop with a dent, drawn by its formula, turns about an axis that is no axis of the grid.

n = 48
axis = np.arange(n) - (n - 1) / 2
points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)


def drop(degrees):
    turn = Rotation.from_rotvec(np.radians(degrees) * np.array([2, 1, 3]) / np.sqrt(14))
    z, y, x = np.moveaxis(turn.apply(points.reshape(-1, 3)).reshape(points.shape), -1, 0)
    return np.exp(-(z**2 / 60 + y**2 / 36 + x**2 / 20)) * (1.2 + np.tanh(z / 4 + x / 3))


angles = np.arange(0, 181, 15)
drops = np.stack([drop(angle) for angle in angles]).astype(np.float32)

figure, panels = plt.subplots(1, 5, figsize=(11, 2.4), layout="constrained")
for axes, place in zip(panels, (0, 3, 6, 9, 12), strict=True):
    axes.imshow(drops[place].max(axis=0), cmap="magma")
    axes.set_title(f"{angles[place]} degrees", fontsize=9)
    axes.set_axis_off()
plt.show()

# %%
# The voxels of its middle slice change; the coefficients don't. Each line is one path, at power 1.

S = HarmonicScattering3D(J=2, L=3, shape=(n, n, n), sigma_0=1.5)
coefficients = S(drops)[..., 1]

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3), layout="constrained", sharey=True)
voxels = drops[:, n // 2, n // 2 - 8 : n // 2 + 8 : 4, n // 2 - 8 : n // 2 + 8 : 4].reshape(len(angles), -1)
left.plot(angles, voxels / voxels[0], lw=1)
left.set(title="voxels", xlabel="degrees", ylabel="over that at 0 degrees")
right.plot(angles, coefficients / coefficients[0], lw=1)
right.set(title="coefficients", xlabel="degrees")
plt.show()

print(f"largest relative change of a coefficient: {abs(coefficients / coefficients[0] - 1).max():.1e}")

# %%
# A molecule is a density: a Gaussian at every atom, here of the charges of the nuclei. Local averages of
# :math:`U_{j,l}` say where there is what: degree 0 answers to the atoms, higher degrees to how charges are
# arranged around a place.

ring = np.stack([np.cos(np.pi / 3 * np.arange(6)), np.sin(np.pi / 3 * np.arange(6)), np.zeros(6)], axis=1)


def dichlorobenzene(*chlorine):
    """A ring of carbon with two atoms of chlorine at these of its corners, and hydrogen at the others."""
    outer = [("Cl", 3.13 * ring[k]) if k in chlorine else ("H", 2.48 * ring[k]) for k in range(6)]
    return Molecule(["C"] * 6 + [name for name, _ in outer], [*(1.39 * ring), *(place for _, place in outer)])


isomers = {"ortho": dichlorobenzene(0, 1), "meta": dichlorobenzene(0, 2), "para": dichlorobenzene(0, 3)}
ortho = isomers["ortho"]

placed = aligned(ortho.numbers, ortho.positions)
density = densities(ortho.numbers[None], placed[None], (64, 64, 48), scale=5.0, width=1.5, kinds=("full",))
local = HarmonicScattering3D(J=1, L=3, shape=(64, 64, 48), sigma_0=1.5, method="local")
maps = local(density[0, 0])

figure, panels = plt.subplots(1, 5, figsize=(11, 2.6), layout="constrained")
panels[0].imshow(density[0, 0].sum(axis=2), cmap="magma")
panels[0].set_title("ortho-dichlorobenzene", fontsize=9)
for axes, place in zip(panels[1:], range(1, 9, 2), strict=True):
    axes.imshow(maps[place].sum(axis=2), cmap="magma")
    axes.set_title(str(local.tree.paths[place]), fontsize=8)
for axes in panels:
    axes.set_axis_off()
plt.show()

# %%
# ``MolecularScattering`` gives every molecule a box of its own. Isomers have the same atoms in other places:
# paths of degree 0 with power 1 count charges alone and can't tell them apart, others can.

M = MolecularScattering(J=2, L=3, width=1.5, scale=5.0, kinds=("full",))
found = {name: M(molecule)[0, :, 1] for name, molecule in isomers.items()}

figure, axes = plt.subplots(figsize=(11, 3.4), layout="constrained")
for name, mark in (("meta", "o"), ("para", "x")):
    axes.plot(found[name] / found["ortho"], mark, mfc="none", label=f"{name} / ortho")
labels = []
for path in M.tree.paths:
    scales = ", ".join(str(band.label("j")) for band in path.bands)
    labels.append(f"l={path.bands[0].label('l')}\nj={scales}" if path.bands else "charge")
axes.set_xticks(range(len(labels)), labels, fontsize=7)
axes.set(ylabel="ratio of coefficients")
axes.legend()
plt.show()
