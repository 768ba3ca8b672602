"""The castle: a signal as a small copy of itself and the detail left at each resolution.

`Decomposition` and the picture need NumPy alone; PyWavelets is loaded when a `Pyramid` is made.
"""

from scatter.pyramid.decomposition import Decomposition
from scatter.pyramid.picture import mosaic
from scatter.pyramid.transform import Pyramid

__all__ = ["Decomposition", "Pyramid", "mosaic"]
