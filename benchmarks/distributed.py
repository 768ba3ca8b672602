"""Arrays in blocks, on processes of a local cluster of dask, against one call on threads."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.data import data
from benchmarks.timing import interleaved, ratios
from scatter import Scattering2D
from scatter.distributed import transform

IMAGES, ROWS, RUNS = 20_000, 2000, 7


def distributed_array():
    """20,000 images of MNIST, J=2, L=8, order 2: two processes of one thread against one process of two."""
    import dask.array as da
    from distributed import Client, LocalCluster, wait

    with np.load(data("mnist.npz")) as stored:
        x = stored["x_train"][:IMAGES].astype(np.float32)
    direct = Scattering2D(J=2, L=8, n_jobs=2).fit(x[:1])
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "mnist.zarr")
        da.from_array(x, chunks=(ROWS, *x.shape[1:])).to_zarr(path)
        numbers = itertools.count()

        def rows():
            """A graph of another name each time, so that no worker finds features that it still has."""
            stored = da.from_zarr(path, name=f"mnist-{next(numbers)}")
            return transform(stored, Scattering2D(J=2, L=8))

        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
            Client(cluster) as client,
        ):
            assert np.array_equal(rows().compute(), direct.transform(x))
            timings = interleaved(
                {
                    "one process of 2 threads": lambda: direct.transform(x),
                    "2 processes, features left with them": lambda: wait(client.persist(rows())),
                    "2 processes, features brought back": lambda: rows().compute(),
                },
                RUNS,
            )
    one, *two = timings
    rates = [(f"images/s, {name}", _rate(timing.median), _spread(timing)) for name, timing in timings.items()]
    return rates + [_share(name, timings[one], timings[name]) for name in two]


def _rate(seconds):
    return f"{IMAGES / seconds:,.0f}"


def _spread(timing):
    return f"{_rate(max(timing.seconds))} .. {_rate(min(timing.seconds))}"


def _share(name, one, two):
    low, middle, high = ratios(one, two)
    return f"rate over that of one process, {name}", f"{middle:.2f}", f"{low:.2f} .. {high:.2f}"


CASES = {"distributed_array": distributed_array}
