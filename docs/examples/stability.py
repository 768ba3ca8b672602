"""
Stability on every domain
=========================

How far coefficients move when samples are deformed, beside the samples themselves and their spectra: images,
fields on the sphere, signals on a network, and tangent fields on a surface.
"""

import matplotlib.pyplot as plt
import numpy as np
import scipy.sparse as sp
from scipy.spatial import cKDTree
from sklearn.datasets import load_digits

from scatter import GraphScattering, Scattering2D, SphericalScattering, TangentScattering
from scatter.domains.shapes import icosphere
from scatter.stability import (
    AddedEdges,
    Bending,
    DroppedEdges,
    Frames,
    Renumbering,
    Rotation,
    SphericalRotation,
    SphericalWarp,
    Warp,
    stability_report,
)

rng = np.random.default_rng(0)


def show(report):
    """Curves of a report, in a window of their own."""
    report.plot(plt.figure(figsize=(9, 2.8)))
    plt.show()
    for one in report.constants:
        print(f"{one.representation:20} C = {one.relative:.2f}")


# %%
# Images: sixes and eights
# ------------------------
#
# Pixels move by three times as much as coefficients. The picture below the curves has a digit that is hard
# to tell from the other class, one in the middle and an easy one, with deformed copies and neighbours; 1 is
# the mean distance between a six and an eight.

digits, labels = load_digits(return_X_y=True)
some = np.flatnonzero((labels == 6) | (labels == 8))[:100]
images = digits[some].reshape(-1, 8, 8) / 16
S = Scattering2D(J=2, shape=(8, 8), padding="zero")
report = stability_report(
    S, images, labels[some], deformations=[Rotation("grid-constant"), Warp("grid-constant")]
)
show(report)
report.plot_neighbours(plt.figure(figsize=(7.5, 7)))
plt.show()

# %%
# The sphere: fields that turn
# ----------------------------
#
# A rotation changes every number of a field, no angular power spectrum, and hardly the coefficients. A warp
# moves the spectrum more than the coefficients.

L = 24
fields = rng.standard_normal((6, L, 2 * L - 1))
show(stability_report(SphericalScattering(L=L), fields, deformations=[SphericalRotation(), SphericalWarp()]))

# %%
# Graphs: edges that come and go
# ------------------------------
#
# Values at the nodes know nothing of the edges, and everything of the numbers of the nodes. Eigenvectors are
# the other way round, and mix as soon as an edge is gone.

places = rng.random((200, 2))
_, near = cKDTree(places).query(places, 6)
one_way = sp.csr_array((np.ones(1000), (np.repeat(np.arange(200), 5), near[:, 1:].ravel())), shape=(200, 200))
network = one_way.maximum(one_way.T)
smooth = np.sin(rng.uniform(2, 8, (20, 2)) @ places.T + rng.uniform(0, 6, (20, 1)))
show(
    stability_report(
        GraphScattering(J=4, graph=network, wavelet="tight", pooling="mean"),
        smooth,
        deformations=[DroppedEdges(), AddedEdges(), Renumbering()],
    )
)

# %%
# Tangent fields: a surface that bends, and other axes
# ----------------------------------------------------
#
# The numbers of a tangent field are angles from axes that somebody has chosen at every vertex. Other axes are
# other numbers, and the same coefficients.

ball = icosphere(3, (1.0, 1.2, 0.8))
winds = np.stack([np.cross(axis, ball.vertices) for axis in rng.standard_normal((5, 3))])
show(
    stability_report(
        TangentScattering(J=4, mesh=ball, n_eig=60),
        winds,
        deformations=[Bending(), Frames()],
        strengths={"bending": [0.1, 0.4]},
    )
)
