"""
The sphere: a planet at every scale
===================================

What scattering sees of a map of a whole planet: where it has detail, scale by scale, and how much of it,
however the planet is turned. The planet is made up of plane waves in space, cut off by the sea.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.spatial.transform import Rotation

from scatter import SphericalScattering
from scatter.numerics.harmonic import gauss_legendre

random = np.random.default_rng(4)
size = 2 ** random.uniform(0.5, 5, 400)
waves = size[:, None] * Rotation.random(400, rng=random).apply([0, 0, 1])
phase = random.uniform(0, 2 * np.pi, 400)


def planet(points):
    """Height above the sea at points of the sphere; mountains are rougher in the north."""
    rough = np.where(size > 8, 1 + np.tanh(4 * points[..., 2:]), 1.0)
    return np.maximum((rough * np.cos(points @ waves.T + phase) / size**0.8).sum(-1), 0)


# %%
# Fields are on Gauss-Legendre rings, from north to south, of equidistant longitudes. Twice as many rings as
# the band limit asks for cut off what is finer instead of folding it back.

L = 64
theta, phi = gauss_legendre(2 * L, 4 * L).theta[:, None], np.pi * np.arange(4 * L) / (2 * L)
x, y, z = np.broadcast_arrays(np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta))
points = np.stack([x, y, z], axis=-1)
height = planet(points)

# %%
# ``analyze`` is the linear first layer. Wavelet j has the degrees between :math:`2^{j-1}` and
# :math:`2^{j+1}`, and lives on a grid that is as fine as it needs. Fine wavelets answer to rough mountains
# and to coasts, coarse ones to continents.

S = SphericalScattering(L, J_min=2)
wavelets = S.analyze(height)
land = {"cmap": "terrain", "vmin": -0.15 * height.max()}


def draw(axes, field, name, **options):
    """A field on Gauss-Legendre rings, as a map of equal areas with longitude 0 in the middle."""
    rings, longitudes = field.shape
    latitude = np.pi / 2 - gauss_legendre(rings, longitudes).theta
    longitude = 2 * np.pi * np.arange(longitudes + 1) / longitudes - np.pi
    centred = np.roll(field, longitudes // 2, axis=1)[:, np.arange(longitudes + 1) % longitudes]
    axes.pcolormesh(longitude, latitude, centred, shading="gouraud", rasterized=True, **options)
    axes.set_title(name, fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])


sphere = {"projection": "mollweide"}
figure, panels = plt.subplots(2, 3, figsize=(11, 4.2), layout="constrained", subplot_kw=sphere)
draw(panels[0, 0], height, "height", **land)
for axes, band in zip(panels.flat[1:], S.tree.bank.bands(1), strict=True):
    draw(axes, abs(wavelets[band.n,]), f"|x*psi[j={band.j}]|, degrees about {band.xi:.0f}")
plt.show()

# %%
# Their means over the sphere, and those of the second order, are the scattering coefficients. A planet that
# is turned is sampled at points that are turned the other way.

turn = Rotation.random(rng=random).as_matrix()
turned = planet(points @ turn)
before, after = S(height), S(turned)

figure = plt.figure(figsize=(11, 3.2), layout="constrained")
draw(figure.add_subplot(1, 2, 1, **sphere), turned, "the planet, turned", **land)
axes = figure.add_subplot(1, 2, 2)
axes.semilogy(before[1:], "o", mfc="none", label="before")
axes.semilogy(after[1:], "x", label="after")
names = [", ".join(str(j) for j in path.j) for path in S.tree.paths[1:]]
axes.set_xticks(range(len(names)), names)
axes.set(xlabel="j of each wavelet of a path", ylabel="coefficient")
axes.legend()
plt.show()

# %%
# What is left of the rotation is the folding of moduli, whose kinks no grid can hold.

for order in (1, 2):
    which = np.array([path.order == order for path in S.tree.paths])
    change = np.linalg.norm((after - before)[which]) / np.linalg.norm(before[which])
    print(f"order {order}: relative change {change:.1e}")
