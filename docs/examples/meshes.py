"""
Surfaces: folds at every scale
==============================

What scattering sees of a function on a curved surface: a moving average along the surface, and how much the
function moves about it at every scale. The surface is a human cortex and the function the depth of its folds,
if the environment variable ``SCATTER_DATA`` says where it is; a bumpy ball otherwise.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from scatter import Mesh, MeshScattering
from scatter.domains.shapes import icosphere


def bumpy_ball():
    """A ball with bumps that are finer in the north, and their height."""
    ball = icosphere(4)
    x, y, z = ball.vertices.T
    height = np.where(z > 0, np.sin(14 * x) * np.sin(14 * y), np.sin(6 * x) * np.sin(6 * y)) * np.abs(z)
    return Mesh(ball.vertices * (1 + 0.08 * height[:, None]), ball.faces), height


file = Path(os.environ.get("SCATTER_DATA", "none"), "meshes", "fsaverage5_left.npz")
if file.exists():
    with np.load(file) as cortex:
        mesh, function = Mesh(cortex["infl"], cortex["faces"]), cortex["sulc"].astype(float)
    title = "sulcal depth of a cortex"
else:
    mesh, function = bumpy_ball()
    title = "height of a bumpy ball"
print(mesh)

# %%
# ``average=True, pooling=None`` keeps every vertex: the local average of the function, and of the modulus of
# every wavelet. The time ``t0`` of the finest average is an area; with ``'auto'`` the coarsest one would
# reach around the whole surface.

t0 = mesh.area / 4000
S = MeshScattering(J=4, mesh=mesh, t0=t0, max_order=1, average=True, pooling=None)
maps = S(function)
print(maps.shape)

# %%
# Fine wavelets answer where the function is finely folded, coarse ones where its folds are wide.


def draw(axes, values, name):
    """The faces that are turned to us, seen along the first axis."""
    _, y, z = mesh.vertices.T
    near = mesh.faces[(mesh.normals[:, 0] < 0)[mesh.faces].all(axis=1)]
    low, high = np.quantile(values, [0.02, 0.98])
    axes.tripcolor(y, z, near, values, shading="gouraud", cmap="viridis", vmin=low, vmax=high)
    axes.set_title(name, fontsize=9)
    axes.set_aspect("equal")
    axes.set_axis_off()


figure, panels = plt.subplots(1, 6, figsize=(13, 2.8), layout="constrained")
draw(panels[0], function, title)
for axes, values, path in zip(panels[1:], maps, S.tree.paths, strict=True):
    draw(axes, values, str(path))
plt.show()

# %%
# Averaged over the surface, the same coefficients are a handful of numbers that no rotation and no numbering
# of the vertices changes.

energies = MeshScattering(J=4, mesh=mesh, t0=t0, max_order=1, pooling="mean")(function)
turned = Mesh(mesh.vertices[:, [1, 2, 0]], mesh.faces)
again = MeshScattering(J=4, mesh=turned, t0=t0, max_order=1, pooling="mean")(function)
print(energies.round(4))
print(f"largest change as the surface is turned: {abs(again - energies).max():.0e}")
