"""
The castle
==========

An image as a small copy of itself and the detail left at each resolution, with any wavelet of PyWavelets: the
decomposition under JPEG 2000, before anything is thrown away.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image

from scatter import Pyramid

image = load_sample_image("china.jpg")
pyramid = Pyramid(levels=3)
print(pyramid)

# %%
# The picture
# -----------
#
# The small copy is in the upper left corner. Around it, from coarse to fine, stands the detail: vertical
# structures to the right, horizontal ones below, diagonal ones between.


def show(picture, title):
    ax = plt.figure(figsize=(8, 5.6), layout="constrained").add_subplot()
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
    ax.set_title(title, fontsize=9, loc="left")
    ax.axis("off")
    plt.show()


show(pyramid.mosaic(image), str(pyramid))

# %%
# Nothing is lost
# ---------------
#
# The inverse gives every pixel back. Almost all the energy is in the small copy, and most of the coefficients
# of the detail are near zero, which is what a codec lives on.

d = pyramid.decompose(np.moveaxis(image, -1, 0) / 255)
error = np.abs(255 * pyramid.reconstruct(d) - np.moveaxis(image, -1, 0)).max()
print(f"largest error {error:.0e} of 255")
detail = np.concatenate([np.abs(band).ravel() for level in d.details for band in level.values()])
print(f"{np.mean(detail < 0.05):.0%} of the detail is below 0.05")

# %%
# Keeping the largest coefficients
# --------------------------------
#
# One in twenty of them is enough to recognise everything.

threshold = np.quantile(detail, 0.95)
sparse = d.map(lambda band: np.where(np.abs(band) > threshold, band, 0))
show(np.clip(np.moveaxis(pyramid.reconstruct(sparse), 0, -1), 0, 1), "5 % of the detail")

# %%
# Packets
# -------
#
# ``transform="packet"`` splits the detail again, as far as the low-pass was split: finer frequencies, the
# same number of coefficients.

packets = Pyramid(levels=3, transform="packet")
show(packets.mosaic(image), str(packets))
