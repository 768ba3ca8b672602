"""Features of arrays in blocks, on as many cores or machines as dask has."""

from __future__ import annotations

import copy
import importlib
import math
import pickle
import threading
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.errors import InputError, missing_extra
from scatter.numerics.plain import plain

__all__ = ["transform"]

BLOCK_BYTES = 2**24
"""Bytes of samples in a block of an array that has none of its own: about half a second of work."""

FIRST = 16
"""Samples that a process's first block is tried on, as many as compiled code takes at once."""

KEPT = 8
"""Estimators that a process keeps."""


def transform(data: Any, estimator: Any, client: Any = None) -> Any:
    """Features of the samples of a large array, lazily and block by block.

    Parameters
    ----------
    data : dask.array.Array of shape (n, *sample), or array-like, or xarray.DataArray
        Samples along the first axis. Blocks along it stay as they are, also where their sizes are unknown
        (nan); the other axes become one block. Arrays of zarr keep their chunks; other arrays are cut into
        blocks of 16 MiB.
    estimator : scatter estimator or fitted transformer of scikit-learn
        Whatever makes one row of a sample: `Scattering1D`, `Scattering2D`, `RotoTranslationScattering2D`,
        `SphericalScattering`, `WaveletEnergies`, or a fitted `sklearn.pipeline.Pipeline`. Scatter's own need
        not be fitted: the shape of a sample is all that they learn. It is copied and never changed.
    client : distributed.Client, optional
        Start the work on its workers now, and keep the features in their memory.

    Returns
    -------
    dask.array.Array of shape (n, n_features_out)
        In the blocks of the samples and in the type that the estimator gives; nothing has been computed
        unless there is a client. For a DataArray, a DataArray with the dimensions (first, 'feature').

    Raises
    ------
    InputError
        If the data are sparse, not numbers, or of unknown sample shape; if the estimator needs data to be
        fitted on, or refuses such samples. What a block holds, NaN for example, is seen when it is computed.
    MissingExtraError
        If dask is not installed.

    Notes
    -----
    Workers get the parameters of an estimator and not its filters, which each process builds once. Blocks
    run beside each other, so ``n_jobs=None`` means one thread a block here; other numbers are kept.

    Examples
    --------
    >>> import dask.array as da  # doctest: +SKIP
    >>> from scatter import Scattering2D
    >>> from scatter.distributed import transform
    >>> x = da.random.random((100_000, 32, 32), chunks=(1000, 32, 32)).astype("float32")  # doctest: +SKIP
    >>> transform(x, Scattering2D(J=2)).to_zarr("features.zarr")  # doctest: +SKIP
    """
    dask = _dask()
    if client is not None and not callable(getattr(client, "persist", None)):
        raise InputError(f"client must be a distributed.Client or None, got a {type(client).__name__}")
    _check_estimator(estimator)
    labelled = isinstance(getattr(data, "dims", None), tuple) and hasattr(data, "coords")  # as xarray's are
    x = _whole_samples(_blocks(data.data if labelled else data, dask))
    one = np.zeros((1, *(int(side) for side in x.shape[1:])), x.dtype)
    packed = _packed(estimator, one)
    meta = _here(packed).try_on(one)[:0]
    rows = dask.array.map_blocks(
        _transform_block,
        x,
        packed=dask.delayed(packed, pure=True, traverse=False),  # one key of the graph, however many blocks
        none=meta,
        meta=meta,
        dtype=meta.dtype,
        chunks=(x.chunks[0], (meta.shape[1],)),
        drop_axis=list(range(1, x.ndim)),
        new_axis=1,
        token=type(estimator).__name__.lower(),
    )
    if labelled:
        rows = _labelled(rows, data, _here(packed).estimator)
    return rows if client is None else client.persist(rows)


def _dask() -> Any:
    """The module dask, with arrays."""
    try:
        importlib.import_module("dask.array")
    except ImportError as error:
        raise missing_extra("dask", "dask", "scatter.distributed.transform") from error
    return importlib.import_module("dask")


# ---------------------------------------------------------------------- the data
def _blocks(data: Any, dask: Any) -> Any:
    """The dask array that the data are, or are made into."""
    if isinstance(data, dask.array.Array):
        return data
    kind = type(data)  # is asked, as a Delayed has every attribute
    if hasattr(kind, "data_vars"):
        raise InputError(f"an array is needed, got a {kind.__name__} of several; type: data['name']")
    if hasattr(kind, "tocsr") or hasattr(kind, "todense"):
        raise InputError(f"a dense array is needed, got the sparse {kind.__name__}; type: x.toarray()")
    if dask.is_dask_collection(data):
        if hasattr(kind, "to_dask_array"):
            return data.to_dask_array()
        raise InputError(f"a dask array is needed, got a {kind.__name__}; type: dask.array.from_delayed(...)")
    if kind.__module__.partition(".")[0] == "zarr":
        if not hasattr(data, "shape"):
            raise InputError("an array is needed, got a group of zarr; type: group['name']")
        return dask.array.from_zarr(data)
    if not (hasattr(data, "shape") and hasattr(data, "dtype")):
        data = plain(data, "the data")
    rows = max(1, BLOCK_BYTES // max(1, math.prod(data.shape[1:]) * data.dtype.itemsize))
    return dask.array.from_array(data, chunks=(rows, *data.shape[1:])[: len(data.shape)])


def _whole_samples(x: Any) -> Any:
    """The same array, checked, with every sample in one block."""
    if type(x._meta) is not np.ndarray:
        kind = f"{type(x._meta).__module__}.{type(x._meta).__name__}"
        raise InputError(
            f"blocks must be NumPy arrays, got blocks of {kind}; type: x.map_blocks(...) with what makes "
            "them dense, .toarray(), .todense() or numpy.ma.filled"
        )
    if x.dtype.kind not in "biufc":
        raise InputError(f"the array must hold numbers, got dtype {x.dtype}; type: x.astype('float32')")
    if x.ndim < 2:
        raise InputError(
            f"samples of shape (n_samples, ...) are needed, got a {x.ndim}D array of shape {x.shape}; "
            "for one sample type x[None]"
        )
    if any(math.isnan(side) for side in x.shape[1:]):
        raise InputError(
            f"only the number of samples may be unknown, got shape {x.shape}; type: x.compute_chunk_sizes()"
        )
    if all(count == 1 for count in x.numblocks[1:]):
        return x
    return x.rechunk(dict.fromkeys(range(1, x.ndim), -1))


def _labelled(rows: Any, data: Any, estimator: Any) -> Any:
    """Features with the first dimension of a DataArray, its coordinates, and the names of the features."""
    first = data.dims[0]
    kept = data.isel(dict.fromkeys(data.dims[1:], 0), drop=True).coords
    if "feature" in {first, *kept}:
        raise InputError("'feature' will name the features; type data.rename(feature=...)")
    if not hasattr(estimator, "get_feature_names_out"):
        raise InputError(
            f"a DataArray needs names, and {type(estimator).__name__} has no get_feature_names_out; "
            "type transform(data.data, ...)"
        )
    found = type(data)(rows, kept, dims=(first, "feature"), name=data.name, attrs=data.attrs)
    return found.assign_coords(feature=np.asarray(estimator.get_feature_names_out(), dtype=str))


# ---------------------------------------------------------------------- the estimator
def _check_estimator(estimator: Any) -> None:
    if isinstance(estimator, type):
        raise InputError(f"an estimator is needed, got the class; type {estimator.__name__}(...)")
    if not callable(getattr(estimator, "transform", None)):
        hint = "; type model[:-1] for what comes before the classifier" if hasattr(estimator, "steps") else ""
        raise InputError(f"an estimator with transform is needed, got a {type(estimator).__name__}{hint}")


def _packed(estimator: Any, one: NDArray[Any]) -> bytes:
    """A fitted copy, for one thread a block, as bytes; filters are not in it."""
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    from scatter.pyramid.energies import WaveletEnergies
    from scatter.transforms.estimator import ScatteringTransformer

    try:
        check_is_fitted(estimator)
        own, fitted = copy.deepcopy(estimator), True
    except NotFittedError:
        if not isinstance(estimator, (ScatteringTransformer, WaveletEnergies)):
            raise _not_fitted(estimator) from None
        own, fitted = clone(estimator), False
    jobs = [name for name, value in own.get_params().items() if value is None and _is_jobs(name)]
    own.set_params(**dict.fromkeys(jobs, 1))
    cloudpickle = importlib.import_module("cloudpickle")  # for what users define in a notebook
    return bytes(cloudpickle.dumps(own if fitted else own.fit(one)))


def _is_jobs(name: str) -> bool:
    return name.rpartition("__")[2] == "n_jobs"


def _not_fitted(estimator: Any) -> InputError:
    return InputError(
        f"this {type(estimator).__name__} is not fitted, and only scatter's own estimators can be fitted on "
        "the shape of a sample; call its fit on some samples first"
    )


class Replica:
    """A process's own copy of an estimator. Threads may share it.

    Parameters
    ----------
    packed : bytes
        The estimator, pickled.
    """

    def __init__(self, packed: bytes) -> None:
        self.estimator = pickle.loads(packed)
        self._lock = threading.Lock()
        self._ready = False

    def try_on(self, one: NDArray[Any]) -> NDArray[Any]:
        """The row of one sample, by which its length and its type are known before anything is computed."""
        from sklearn.exceptions import NotFittedError

        try:
            row = self.estimator.transform(one)
        except NotFittedError:
            raise _not_fitted(self.estimator) from None
        if hasattr(row, "tocsr") or len(np.shape(row)) != 2 or np.shape(row)[0] != 1:
            raise InputError(
                "an estimator that makes one dense row of a sample is needed; "
                f"{type(self.estimator).__name__} makes a {type(row).__name__} of shape {np.shape(row)}"
            )
        return np.asarray(row)

    def __call__(self, block: NDArray[Any]) -> NDArray[Any]:
        """Features of a block, one row a sample."""
        if not self._ready:
            with self._lock:  # threads that begin together would each build the filters
                if not self._ready:
                    self.estimator.transform(block[:FIRST])
                    self._ready = True
        return np.asarray(self.estimator.transform(block))


_loading = threading.Lock()


@lru_cache(maxsize=KEPT)
def _replica(packed: bytes) -> Replica:
    return Replica(packed)


def _here(packed: bytes) -> Replica:
    """The copy of an estimator that this process has."""
    with _loading:  # the cache alone would let two threads load it twice
        return _replica(packed)


def _transform_block(
    block: NDArray[Any], packed: bytes, none: NDArray[Any], block_id: tuple[int, ...] = (0,)
) -> NDArray[Any]:
    """What runs on a worker: the features of a block, or ``none`` where it holds no sample."""
    if len(block) == 0:
        return none
    try:
        return _here(packed)(block).astype(none.dtype, copy=False)
    except InputError as error:
        raise InputError(f"block {block_id[0]} of the array: {error}") from error
