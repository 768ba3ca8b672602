"""The array executor against Kymatio's NumPy backend, construction, import, and parity at these sizes."""

from __future__ import annotations

import numpy as np

from benchmarks.timing import cores, fresh, interleaved, ratios
from scatter import Scattering1D, Scattering2D
from scatter._kymatio import import_kymatio

RUNS = 5


def cifar():
    """1,000 images of 3 x 32 x 32, J=2, L=8, float32, one core: array executor on NumPy."""
    x = np.random.default_rng(0).standard_normal((1000, 3, 32, 32), dtype=np.float32)
    return _against_kymatio(
        Scattering2D(2, (32, 32), executor="array"), import_kymatio("benchmarks").Scattering2D(2, (32, 32)), x
    )


def photographs():
    """4 images of 256 x 256, J=4, L=8, float32, one core: array executor on NumPy."""
    x = np.random.default_rng(0).standard_normal((4, 256, 256), dtype=np.float32)
    rival = import_kymatio("benchmarks").Scattering2D(4, (256, 256))
    return _against_kymatio(Scattering2D(4, (256, 256), executor="array"), rival, x, runs=3)


def sounds():
    """16 signals of 8192, J=8, Q=8, float64, one core: array executor on NumPy."""
    x = np.random.default_rng(0).standard_normal((16, 8192))
    ours = Scattering1D(8, 8192, 8, compat="kymatio-0.3", executor="array")
    return _against_kymatio(ours, import_kymatio("benchmarks").Scattering1D(8, 8192, 8), x)


def construction():
    """Bank of a 1024 x 1024 image, J=5, L=8: every filter of every resolution, float32."""

    def build():
        transform = Scattering2D(5, (1024, 1024))
        frame = transform.frame
        for group in transform.tree.root:
            frame.lowpass(group.resolution)
            for edge in group.edges:
                frame.filters(edge.bands, group.resolution, 4)

    timing = interleaved({"scatter": build}, 3)["scatter"]
    return [("seconds", f"{timing.median:.2f}", timing.spread)]


def imports():
    """`import scatter` beyond `import numpy`, in fresh interpreters."""
    bare, ours = fresh("import numpy", 15), fresh("import numpy, scatter", 15)
    return [
        ("seconds more than numpy", f"{ours.median - bare.median:.3f}", f"numpy alone {bare.median:.3f}"),
    ]


def _against_kymatio(ours, theirs, x, runs=RUNS):
    with cores(1):
        timings = interleaved({"kymatio": lambda: theirs(x), "scatter": lambda: ours(x)}, runs)
    low, middle, high = ratios(timings["kymatio"], timings["scatter"])
    a, b = ours(x), theirs(x)
    return [
        ("times as fast as Kymatio's NumPy backend", f"{middle:.2f}", f"{low:.2f} .. {high:.2f}"),
        ("scatter, seconds", f"{timings['scatter'].median:.3f}", timings["scatter"].spread),
        ("Kymatio, seconds", f"{timings['kymatio'].median:.3f}", timings["kymatio"].spread),
        ("largest relative difference", f"{np.abs(a - b).max() / np.abs(b).max():.1e}", ""),
    ]


CASES = {case.__name__: case for case in (cifar, photographs, sounds, construction, imports)}
