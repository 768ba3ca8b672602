"""
A photograph
============

What the wavelets see in a picture, what the average keeps of it, and how textures look on the disk of
frequencies.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

from scatter import Scattering2D
from scatter.plot import coefficient_maps, multiresolution, scattering_disk

colour = np.moveaxis(load_sample_image("china.jpg"), -1, 0).astype("float32") / 255
image = colour.mean(0)
print(colour.shape, image.shape)

# %%
# A small copy, and the detail at each scale
# ------------------------------------------
#
# The upper left corner is the average :math:`x * \phi` over :math:`2^J = 8` pixels. Around it, from coarse
# to fine, stand the moduli :math:`|x * \psi|` of the three scales, each at its own resolution: vertical
# structures to the right, horizontal ones below, diagonal ones in the corner.

multiresolution(Scattering2D(J=3), colour, fig=plt.figure(figsize=(8, 5.6)))
plt.show()

# %%
# The coefficients
# ----------------
#
# A modulus is averaged in its turn: :math:`S_1 x = |x * \psi| * \phi`. One map for each of :math:`J` scales
# and :math:`L` directions remains, and each has one sample in :math:`2^J` along a side.

S = Scattering2D(J=3, shape=image.shape, L=6)
print(S(image).shape, "are", S.output_size(detail=True), "paths of order 0, 1 and 2")
coefficient_maps(S, image, fig=plt.figure(figsize=(9, 3.6)))
plt.show()

# %%
# Textures
# --------
#
# The mean over the picture leaves one number a path, whatever its size. The disk shows them as the picture
# is seen: a direction is a direction of frequency, low frequencies are in the middle. A building has two
# main directions, level and upright; leaves have all of them.

S = Scattering2D(J=4, L=8)
building, leaves = image[172:300, 230:358], image[299:427, 0:128]
for texture in (building, leaves):
    scattering_disk(S, texture, fig=plt.figure(figsize=(11, 3.6)))
plt.show()

# %%
# How much energy is where
# ------------------------
#
# Every order has far less energy than the one before it, which is why two orders are enough for most
# purposes. :func:`scatter.testing.layer_energies` counts the energy of the moduli, before they are
# averaged, here for a part of the picture whose sides are multiples of :math:`2^J`, without its mean.

from scatter.testing import layer_energies

S = Scattering2D(J=4, shape=(384, 640), max_order=3, padding=None)
contrast = (image - image.mean())[:384]
for order, energy in enumerate(layer_energies(S, contrast) / np.sum(contrast**2)):
    print(f"moduli of order {order}: {energy:7.2%} of the energy")
