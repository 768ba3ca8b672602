"""Features of arrays in blocks: lazy, equal to those of one call, on threads, processes and a cluster."""

import os
import pickle
import re
import signal
import sys
import time

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from scatter import (
    InputError,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    SphericalScattering,
    WaveletEnergies,
)
from scatter.errors import MissingExtraError

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

from scatter import distributed as scattered  # noqa: E402
from scatter.distributed import transform  # noqa: E402

IMAGES = np.random.default_rng(0).random((30, 16, 16), dtype=np.float32)
WANTED = Scattering2D(J=2).fit_transform(IMAGES)


def blocks(rows=7, x=IMAGES):
    return da.from_array(x, chunks=(rows, *x.shape[1:]))


class Counting:
    """A scheduler that counts how often it is asked to compute."""

    def __init__(self):
        self.calls = 0

    def __call__(self, graph, keys, **options):
        self.calls += 1
        return dask.get(graph, keys, **options)


# ---------------------------------------------------------------------- what comes back
def test_nothing_is_computed_before_it_is_asked_for():
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        asked = da.map_blocks(
            lambda block: 1 / 0, blocks(), dtype="float32", meta=np.empty((0, 0, 0), "float32")
        )
        lazy = transform(asked, Scattering2D(J=2))
        assert scheduler.calls == 0
        with pytest.raises(ZeroDivisionError):
            lazy.compute()
        assert scheduler.calls == 1


def test_rows_keep_their_blocks_and_say_what_they_are():
    lazy = transform(blocks(), Scattering2D(J=2))
    assert lazy.chunks == ((7, 7, 7, 7, 2), (WANTED.shape[1],))
    assert lazy.shape == WANTED.shape
    assert lazy.dtype == np.float32
    assert type(lazy._meta) is np.ndarray
    assert (len(lazy._meta), lazy._meta.ndim, lazy._meta.dtype) == (0, 2, np.float32)
    assert lazy.name.startswith("scattering2d-")


def test_the_same_call_has_the_same_name():
    first, second = (transform(blocks(), Scattering2D(J=2)) for _ in range(2))
    assert first.name == second.name
    assert first.name != transform(blocks(), Scattering2D(J=1)).name


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("float32", "float32"),
        ("float64", "float64"),
        ("float16", "float32"),
        (">f8", "float64"),
        ("uint8", "float32"),
        ("int64", "float32"),
        ("bool", "float32"),
    ],
)
def test_precision_is_that_of_one_call(given, found):
    x = (IMAGES * 255).astype(given)
    lazy = transform(blocks(x=x), Scattering2D(J=2))
    rows = lazy.compute(scheduler="sync")
    assert lazy.dtype == rows.dtype == np.dtype(found)
    assert np.array_equal(rows, Scattering2D(J=2).fit_transform(x))


@pytest.mark.parametrize("scheduler", ["sync", "threads", "processes"])
def test_every_scheduler_gives_what_one_call_gives(scheduler):
    with dask.config.set(scheduler=scheduler, num_workers=2):
        assert np.array_equal(transform(blocks(), Scattering2D(J=2)).compute(), WANTED)


ESTIMATORS = [
    (Scattering1D(J=3), (64,)),
    (Scattering1D(J=3, T="global", log=True), (2, 64)),
    (Scattering2D(J=2), (3, 16, 16)),
    (Scattering2D(J=2), (256,)),
    (Scattering2D(J=2, shape=(16, 16), average=False), (256,)),
    (Scattering2D(J=2, executor="array", pooling="moments"), (16, 16)),
    (RotoTranslationScattering2D(J=2, L=4), (16, 16)),
    (SphericalScattering(L=8), (8, 15)),
    (SphericalScattering(L=8, mask=np.tri(8, 15)), (2, 8, 15)),
    (WaveletEnergies("haar", levels=2, statistic="share"), (16, 16)),
    (WaveletEnergies("haar", levels=1, ndim=3), (4, 4, 4)),
]


@pytest.mark.parametrize("scheduler", ["sync", "threads"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("estimator", "sample"), ESTIMATORS, ids=lambda v: re.sub(r"\s+", " ", str(v)))
def test_every_estimator_gives_what_it_gives_block_by_block(estimator, sample, dtype, scheduler):
    x = np.random.default_rng(0).random((11, *sample)).astype(dtype)
    lazy = transform(da.from_array(x, chunks=(4, *(max(1, n // 2) for n in sample))), estimator)
    rows = lazy.compute(scheduler=scheduler)
    assert lazy.dtype == rows.dtype
    estimator = estimator.fit(x)
    if hasattr(estimator, "n_jobs"):
        estimator.set_params(n_jobs=1)
    assert np.array_equal(rows, np.concatenate([estimator.transform(x[i : i + 4]) for i in (0, 4, 8)]))
    np.testing.assert_allclose(rows, estimator.transform(x), rtol=1e-4, atol=1e-5)


# ---------------------------------------------------------------------- blocks of any size
@st.composite
def cuts(draw, length):
    """Sizes of blocks that add up to a length; some are 0."""
    places = sorted(draw(st.lists(st.integers(0, length), max_size=6)))
    return tuple(int(n) for n in np.diff([0, *places, length]))


@given(st.tuples(cuts(30), cuts(16), cuts(16)))
def test_blocks_may_be_cut_anywhere(chunks):
    lazy = transform(da.from_array(IMAGES, chunks=chunks), Scattering2D(J=2))
    assert lazy.chunks[0] == chunks[0]
    assert np.array_equal(lazy.compute(scheduler="sync"), WANTED)


@pytest.mark.parametrize("x", [da.zeros((0, 16, 16)), np.zeros((0, 16, 16)), blocks()[:0]])
def test_no_samples_have_no_rows(x):
    rows = transform(x, Scattering2D(J=2)).compute(scheduler="sync")
    assert rows.shape == (0, WANTED.shape[1])


def test_sizes_of_blocks_may_be_unknown():
    x = blocks().rechunk((7, 8, 16))
    kept = x[x.mean(axis=(1, 2)) > 0.5]
    lazy = transform(kept, Scattering2D(J=2))
    assert np.isnan(lazy.shape[0])
    assert lazy.shape[1] == WANTED.shape[1]
    rows = lazy.compute(scheduler="sync")
    assert 0 < len(rows) < len(WANTED)
    assert np.array_equal(rows, WANTED[IMAGES.mean(axis=(1, 2)) > 0.5])


# ---------------------------------------------------------------------- what data may be
def test_numpy_is_cut_into_blocks(monkeypatch):
    monkeypatch.setattr(scattered, "BLOCK_BYTES", 10 * IMAGES[0].nbytes)
    lazy = transform(IMAGES, Scattering2D(J=2))
    assert lazy.chunks[0] == (10, 10, 10)
    assert np.array_equal(lazy.compute(scheduler="sync"), WANTED)
    monkeypatch.setattr(scattered, "BLOCK_BYTES", 1)
    assert transform(IMAGES, Scattering2D(J=2)).numblocks == (30, 1)


def test_lists_are_arrays():
    rows = transform(IMAGES[:3].tolist(), Scattering2D(J=2)).compute(scheduler="sync")
    np.testing.assert_allclose(rows, WANTED[:3], rtol=1e-5)


def test_a_zarr_array_keeps_its_chunks(tmp_path):
    zarr = pytest.importorskip("zarr")
    stored = zarr.create_array(tmp_path / "x.zarr", shape=IMAGES.shape, chunks=(8, 16, 8), dtype="float32")
    stored[:] = IMAGES
    lazy = transform(stored, Scattering2D(J=2))
    assert lazy.chunks[0] == (8, 8, 8, 6)
    assert np.array_equal(lazy.compute(scheduler="processes", num_workers=1), WANTED)


def test_a_file_of_numpy_is_read_block_by_block(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert np.array_equal(transform(x, Scattering2D(J=2)).compute(scheduler="sync"), WANTED)


def test_columns_of_a_data_frame_are_flattened_samples():
    frames = pytest.importorskip("dask.dataframe")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(IMAGES.reshape(30, -1))
    frame.columns = frame.columns.astype(str)
    assert np.array_equal(transform(frame, Scattering2D(J=2)).compute(scheduler="sync"), WANTED)
    lazy = transform(frames.from_pandas(frame, npartitions=3), Scattering2D(J=2))
    assert np.array_equal(lazy.compute(scheduler="sync"), WANTED)


def test_a_data_array_keeps_what_its_samples_are_called():
    xarray = pytest.importorskip("xarray")
    given = xarray.DataArray(
        blocks(),
        dims=("image", "row", "feature"),
        coords={
            "image": np.arange(30),
            "label": ("image", np.arange(30) % 3),
            "row": np.arange(16),
            "run": 5,
        },
        name="digits",
        attrs={"from": "a camera"},
    )
    scheduler = Counting()
    with dask.config.set(scheduler=scheduler):
        found = transform(given, Scattering2D(J=2))
    assert scheduler.calls == 0
    assert isinstance(found, xarray.DataArray)
    assert found.dims == ("image", "feature")
    assert (found.name, found.attrs, found.chunks[0]) == ("digits", given.attrs, (7, 7, 7, 7, 2))
    assert set(found.coords) == {"image", "label", "run", "feature"}
    assert np.array_equal(found.label, given.label)
    assert list(found.feature.values) == list(Scattering2D(J=2).fit(IMAGES).get_feature_names_out())
    assert np.array_equal(found.compute(scheduler="sync"), WANTED)
    for taken in (
        given.rename(image="feature", feature="column"),
        given.rename(label="feature", feature="x"),
    ):
        assert refusal(taken) == "'feature' will name the features; type data.rename(feature=...)"
    nameless = FunctionTransformer(lambda block: block.reshape(len(block), -1))
    assert refusal(given, nameless) == (
        "a DataArray needs names, and FunctionTransformer has no get_feature_names_out; "
        "type transform(data.data, ...)"
    )
    assert refusal(given.to_dataset(name="a")) == (
        "an array is needed, got a Dataset of several; type: data['name']"
    )


# ---------------------------------------------------------------------- the estimator
def test_the_callers_estimator_is_never_changed():
    unfitted, fitted = Scattering2D(J=2), Scattering2D(J=2).fit(IMAGES)
    before = dict(fitted.__dict__)
    for estimator in (unfitted, fitted):
        assert np.array_equal(transform(blocks(), estimator).compute(scheduler="threads"), WANTED)
    assert not hasattr(unfitted, "shape_")
    assert unfitted.n_jobs is None
    assert fitted.__dict__ == before


class Spy(BaseEstimator):
    """Says how many threads it was told to use."""

    def __init__(self, n_jobs=None):
        self.n_jobs = n_jobs

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return np.full((len(X), 1), -99 if self.n_jobs is None else self.n_jobs)


@pytest.mark.parametrize(("asked", "used"), [(None, 1), (3, 3), (-1, -1)])
def test_a_block_takes_one_thread_unless_told_otherwise(asked, used):
    spy = Spy(asked).fit(IMAGES)
    for estimator in (spy, make_pipeline(FunctionTransformer(), spy), FeatureUnion([("a", spy)]).fit(IMAGES)):
        assert set(transform(blocks(), estimator).compute(scheduler="sync").ravel()) == {used}
    assert spy.n_jobs is asked


def test_pipelines_of_fitted_things_are_transformed():
    model = make_pipeline(Scattering2D(J=2), StandardScaler(), PCA(5), LogisticRegression())
    model.fit(IMAGES, np.arange(30) % 2)
    lazy = transform(blocks(), model[:-1])
    rows = lazy.compute(scheduler="threads")
    assert (lazy.dtype, rows.dtype, rows.shape) == (np.float32, np.float32, (30, 5))
    np.testing.assert_allclose(rows, model[:-1].transform(IMAGES), rtol=1e-4, atol=1e-4)


def test_a_data_frame_of_features_is_an_array_in_blocks():
    pytest.importorskip("pandas")
    named = Scattering2D(J=2).set_output(transform="pandas")
    assert np.array_equal(transform(blocks(), named).compute(scheduler="sync"), WANTED)


def test_graphs_are_small():
    x = da.zeros((100_000, 256, 256), chunks=(100, 256, 256), dtype="float32")
    lazy = transform(x, Scattering2D(J=4).fit(np.zeros((1, 256, 256))))
    assert len(pickle.dumps(lazy)) < 20_000
    mask = np.ones((64, 127))
    lazy = transform(da.zeros((10_000, 64, 127), chunks=(10, 64, 127)), SphericalScattering(L=64, mask=mask))
    graph = lazy.__dask_graph__()
    copies = [key for key in graph if isinstance(key, str)]
    assert len(copies) == 1  # an estimator that is large travels once, not with each block


def test_threads_that_begin_together_build_one_plan(monkeypatch):
    built, make = [], Scattering2D._make_plan

    def counting(self, shape):
        built.append(shape)
        time.sleep(0.05)
        return make(self, shape)

    lazy = transform(blocks(2), Scattering2D(J=2, tol=1e-7))
    monkeypatch.setattr(Scattering2D, "_make_plan", counting)
    scattered._replica.cache_clear()
    lazy.compute(scheduler="threads", num_workers=4)
    assert built == [(16, 16)]


# ---------------------------------------------------------------------- refusals
def refusal(x, estimator=None, **options):
    with pytest.raises(InputError) as info:
        transform(x, Scattering2D(J=2) if estimator is None else estimator, **options)
    message = str(info.value)
    assert "\n" not in message
    return message


def test_data_that_have_no_samples_are_refused():
    assert refusal(scipy.sparse.eye_array(4).tocsr()) == (
        "a dense array is needed, got the sparse csr_array; type: x.toarray()"
    )
    inside = da.from_array(np.eye(6), chunks=3).map_blocks(scipy.sparse.csr_matrix)
    assert refusal(inside) == (
        "blocks must be NumPy arrays, got blocks of scipy.sparse._csr.csr_matrix; type: x.map_blocks(...) "
        "with what makes them dense, .toarray(), .todense() or numpy.ma.filled"
    )
    assert "got blocks of numpy.ma.MaskedArray; type" in refusal(np.ma.masked_equal(IMAGES, 0))
    assert refusal(np.array([["a", "b"]])) == (
        "the array must hold numbers, got dtype <U1; type: x.astype('float32')"
    )
    assert "numbers, got dtype object" in refusal(np.array([[None, 1]]))
    assert refusal(np.zeros(5)) == (
        "samples of shape (n_samples, ...) are needed, got a 1D array of shape (5,); for one sample type "
        "x[None]"
    )
    assert "got a 0D array of shape ()" in refusal(3.0)
    assert refusal([[1, 2], [3]]).startswith("the data can't be made into an array: ")
    assert refusal(dask.delayed(IMAGES)) == (
        "a dask array is needed, got a DelayedLeaf; type: dask.array.from_delayed(...)"
    )
    assert "at least one sample is needed" in refusal(np.zeros((5, 0, 16)))
    assert "Complex data not supported" in refusal(IMAGES.astype(complex))


def test_a_group_of_zarr_is_refused(tmp_path):
    zarr = pytest.importorskip("zarr")
    assert refusal(zarr.open_group(tmp_path / "x.zarr", mode="w")) == (
        "an array is needed, got a group of zarr; type: group['name']"
    )


def test_samples_of_unknown_shape_are_refused():
    x = blocks(x=IMAGES.reshape(30, -1))
    x = x[:, x.sum(axis=0) > 1]
    assert refusal(x) == (
        "only the number of samples may be unknown, got shape (30, nan); type: x.compute_chunk_sizes()"
    )


def test_estimators_that_make_no_rows_are_refused():
    assert refusal(blocks(), Scattering2D) == (
        "an estimator is needed, got the class; type Scattering2D(...)"
    )
    assert refusal(blocks(), np.abs) == "an estimator with transform is needed, got a ufunc"
    model = make_pipeline(Scattering2D(J=2), LogisticRegression()).fit(IMAGES, np.arange(30) % 2)
    assert refusal(blocks(), model) == (
        "an estimator with transform is needed, got a Pipeline; type model[:-1] for what comes before the "
        "classifier"
    )
    advice = (
        "is not fitted, and only scatter's own estimators can be fitted on the shape of a sample; call its "
        "fit on some samples first"
    )
    assert refusal(blocks(), StandardScaler()) == f"this StandardScaler {advice}"
    half = make_pipeline(StandardScaler(), Scattering2D(J=2).fit(IMAGES))
    assert refusal(blocks(x=IMAGES.reshape(30, -1)), half) == f"this Pipeline {advice}"
    rows = "an estimator that makes one dense row of a sample is needed; "
    assert refusal(blocks(), FunctionTransformer(validate=False)) == (
        f"{rows}FunctionTransformer makes a ndarray of shape (1, 16, 16)"
    )
    flat = blocks(x=np.zeros((30, 2)))
    assert refusal(flat, OneHotEncoder().fit(np.zeros((3, 2)))) == (
        f"{rows}OneHotEncoder makes a csr_matrix of shape (1, 2)"
    )
    assert refusal(blocks(), client="tcp://127.0.0.1:1") == (
        "client must be a distributed.Client or None, got a str"
    )


def test_samples_that_the_estimator_refuses_are_refused_before_any_work():
    assert refusal(blocks(), Scattering2D(J=5)).startswith("J=5 needs sides of at least 2**J = 32 pixels")
    fitted = Scattering2D(J=2).fit(np.zeros((1, 8, 8)))
    assert "X has 256 features, but Scattering2D is expecting 64" in refusal(blocks(), fitted)


@pytest.mark.parametrize("scheduler", ["sync", "processes"])
def test_a_block_that_holds_nan_is_named(scheduler):
    x = IMAGES.copy()
    x[25, 3, 4] = np.nan
    lazy = transform(blocks(x=x), Scattering2D(J=2))
    with pytest.raises(InputError) as info:
        lazy.compute(scheduler=scheduler, num_workers=1)
    assert str(info.value).startswith(
        "block 3 of the array: the input contains NaN or infinity (1 of 1792 values, the first at (4, 3, 4))"
    )
    assert np.array_equal(lazy[:21].compute(scheduler="sync"), WANTED[:21])


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.array", None)
    with pytest.raises(MissingExtraError) as info:
        transform(IMAGES, Scattering2D(J=2))
    assert str(info.value) == (
        "scatter.distributed.transform needs dask, which is not installed; "
        "type: pip install 'scatter-wavelets[dask]'"
    )


# ---------------------------------------------------------------------- a cluster of processes
@pytest.fixture(scope="module")
def client():
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "60s"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def slowly(x, seconds):
    """The same array, every block of which takes its time."""

    def wait(block):
        time.sleep(seconds)
        return block

    return x.map_blocks(wait, dtype=x.dtype, meta=x._meta)


def test_a_cluster_gives_what_one_call_gives(client):
    lazy = transform(blocks(), Scattering2D(J=2))
    assert np.array_equal(lazy.compute(), WANTED)
    assert np.array_equal(client.compute(lazy).result(), WANTED)


def test_with_a_client_the_work_begins_at_once(client):
    started = transform(blocks(), Scattering2D(J=2), client)
    assert isinstance(started, da.Array)
    futures = distributed.futures_of(started)
    assert len(futures) == 5
    distributed.wait(futures, timeout=60)
    assert all(future.status == "finished" for future in futures)
    assert np.array_equal(started.compute(), WANTED)


def test_a_process_builds_one_plan_for_all_blocks(client):
    def watch():
        from scatter import Scattering2D

        make, built = Scattering2D._make_plan, []

        def counting(self, shape):
            built.append(shape)
            return make(self, shape)

        Scattering2D._make_plan, Scattering2D.built = counting, built

    def found():
        from scatter import Scattering2D

        return Scattering2D.built

    client.run(watch)
    transform(slowly(blocks(1), 0.02), Scattering2D(J=2, tol=1e-5)).compute()
    assert list(client.run(found).values()) == [[(16, 16)]] * 2


def test_an_error_on_a_worker_names_the_block(client):
    x = IMAGES.copy()
    x[0] = np.inf
    with pytest.raises(InputError, match="block 0 of the array: the input contains NaN or infinity"):
        transform(blocks(x=x), Scattering2D(J=2)).compute()


def test_a_worker_that_is_killed_changes_nothing(client):
    started = transform(slowly(blocks(1), 0.1), Scattering2D(J=2), client)
    futures = distributed.futures_of(started)
    deadline = time.monotonic() + 60
    while sum(future.done() for future in futures) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    done = sum(future.done() for future in futures)
    assert 5 <= done < len(futures)
    victim = next(iter(client.run(os.getpid).values()))
    os.kill(victim, signal.SIGKILL)
    assert np.array_equal(started.compute(), WANTED)
    assert victim not in client.run(os.getpid).values()
