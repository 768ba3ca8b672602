"""Pictures of filter banks, coefficients and images, as Matplotlib figures.

Every function returns a new `matplotlib.figure.Figure`, or draws into the one given as ``fig``, and
leaves the state of ``pyplot`` alone: save it with ``figure.savefig("name.png", dpi=150)``. Draw into
``fig=matplotlib.pyplot.figure()`` to see it in a window or a notebook.
"""

from scatter.plot.disk import scattering_disk
from scatter.plot.filters import filter_bank
from scatter.plot.maps import coefficient_maps
from scatter.plot.pyramid import multiresolution
from scatter.plot.timefrequency import scattergram

__all__ = ["coefficient_maps", "filter_bank", "multiresolution", "scattergram", "scattering_disk"]
