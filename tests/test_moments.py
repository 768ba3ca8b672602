"""Statistics of maps: one definition each, on grids, surfaces and graphs, in every library and executor."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from scatter import (
    GraphScattering,
    InputError,
    MeshScattering,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    SphericalScattering,
)
from scatter.domains.shapes import icosphere
from scatter.numerics.moments import STATISTICS, Even, Regions, Weighted, moments, summary
from scatter.numerics.namespace import Constant
from scatter.transforms.readout import Readout

X = np.random.default_rng(0).gamma(2.0, size=(3, 4, 30))
OWNER = np.repeat([0, 1, 2], [13, 1, 16])
SHARES = np.random.default_rng(1).random(30)
SHARES[[0, 7]] = 0  # points that nobody sees
SHARES /= SHARES.sum()
AREA = Weighted(Constant(SHARES), 2.5)
KINDS = [*STATISTICS, ("powers", "moments"), ("median", "max")]


def all_of(x, points, count=4):
    return {kind: np.stack(summary(x, kind, points, count), axis=-1) for kind in STATISTICS}


# ---------------------------------------------------------------------- against NumPy and SciPy
@pytest.mark.parametrize("axes", [1, 2])
def test_of_points_that_count_alike(axes):
    found, axis = all_of(X, Even(axes, 90.0)), tuple(range(-axes, 0))
    assert_allclose(found["mean"][..., 0], X.mean(axis))
    assert_allclose(found["mean_std"], np.stack([X.mean(axis), X.std(axis)], -1))
    assert_allclose(found["median"][..., 0], np.median(X, axis))
    assert_allclose(found["max"][..., 0], X.max(axis))
    flat = X.reshape(*X.shape[: 3 - axes], -1)
    third, fourth = stats.skew(flat, axis=-1), stats.kurtosis(flat, axis=-1)
    wanted = np.stack([X.mean(axis), X.var(axis), third, fourth], -1)
    assert_allclose(found["moments"], wanted, rtol=1e-8, atol=1e-9)  # they fade where maps hardly vary
    sums = [90.0 * (X**q).mean(axis) for q in (1, 2, 3, 4)]
    assert_allclose(found["powers"], np.stack(sums, -1))


def test_of_each_region_as_if_it_were_alone():
    found = all_of(X, Regions(OWNER))
    for place in range(3):
        alone = all_of(X[..., place == OWNER], Even(1))
        for kind in STATISTICS:
            assert_allclose(found[kind][..., place, :], alone[kind], rtol=1e-12, atol=1e-14, err_msg=kind)


def test_of_shares_of_a_surface():
    """Shares that are multiples of a unit are so many points of that unit."""
    times = np.array([1, 3, 0, 2, 4, 1])
    x = np.random.default_rng(2).standard_normal((2, 6)) + np.array([0, 0, 50, 0, 0, 0])
    found = all_of(x, Weighted(Constant(times / times.sum()), float(times.sum())))
    wanted = all_of(np.repeat(x, times, axis=-1), Even(1))
    for kind in STATISTICS:
        assert_allclose(found[kind], wanted[kind], rtol=1e-12, atol=1e-14, err_msg=kind)
    odd = Weighted(Constant(np.full(5, 0.2)), 1.0)
    assert_array_equal(odd.median(np.array([5.0, 1, 4, 2, 9])), 4)


@pytest.mark.parametrize(
    "points", [Even(1), Even(2), Regions(OWNER), AREA], ids=["line", "plane", "graphs", "area"]
)
@pytest.mark.parametrize("library", ["torch", "jax.numpy", "array_api_strict"])
def test_in_every_library(library, points):
    xp = pytest.importorskip(library)
    if library == "jax.numpy":
        pytest.importorskip("jax").config.update("jax_enable_x64", True)
    for kind in STATISTICS:
        got = summary(xp.asarray(X), kind, points, 4)
        for one, wanted in zip(got, summary(X, kind, points, 4), strict=True):
            assert_allclose(np.asarray(one), wanted, rtol=1e-11, atol=1e-12, err_msg=kind)


@pytest.mark.parametrize("points", [Even(1), Regions(OWNER), AREA], ids=["line", "graphs", "area"])
def test_gradients_are_finite_at_zero_and_right_elsewhere(points):
    torch = pytest.importorskip("torch")
    for kind in STATISTICS:
        zero = torch.zeros(30, dtype=torch.float64, requires_grad=True)
        sum(one.sum() for one in summary(zero, kind, points, 4)).backward()
        assert torch.isfinite(zero.grad).all(), kind
        x = torch.tensor(X[0, 0], requires_grad=True)
        assert torch.autograd.gradcheck(lambda x, k=kind: tuple(summary(x, k, points, 4)), x), kind


def test_single_precision_stays():
    for points in (Even(1), Regions(OWNER), AREA):
        for kind in KINDS:
            readout = Readout(pooling=kind)
            one, wanted = readout.pool(X.astype("f4"), points), readout.pool(X, points)
            assert (one.dtype, wanted.dtype) == (np.float32, np.float64)
            assert_allclose(one, wanted, rtol=3e-6, atol=3e-6, err_msg=kind)


# ---------------------------------------------------------------------- in transforms
BALL = icosphere(1, (1, 1.2, 0.8))
ESTIMATORS = {
    "1D": (lambda **o: Scattering1D(J=3, **o), X[:, 0, :]),
    "2D": (lambda **o: Scattering2D(J=2, L=2, **o), np.resize(X, (2, 12, 15))),
    "roto": (lambda **o: RotoTranslationScattering2D(J=2, L=2, **o), np.resize(X, (2, 12, 15))),
    "sphere": (lambda **o: SphericalScattering(8, **o), np.resize(X, (2, 8, 15))),
    "mesh": (lambda **o: MeshScattering(J=2, mesh=BALL, n_eig=20, **o), np.resize(X, (2, 42))),
    "graph": (lambda **o: GraphScattering(J=2, **o), [(1 - np.eye(n), X[0, 0, :n]) for n in (5, 9)]),
}


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("log", [False, True, 0.5])
def test_every_pooling_on_every_domain(name, average, log):
    make, samples = ESTIMATORS[name]
    for pooling in KINDS:
        S = make(average=average, pooling=pooling, log=log)
        rows, names = S.fit_transform(samples), S.get_feature_names_out()
        assert np.isfinite(rows).all()
        assert rows.shape == (len(samples), len(names))
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_statistics_are_those_of_the_maps(name):
    make, samples = ESTIMATORS[name]
    maps = make(average=True, pooling=None).fit(samples)
    weighted = name in ("mesh", "sphere")
    points = maps._known.readout.points(maps.frame, None) if weighted else Even(1)
    shape = points.shares.value.shape if weighted else (-1,)
    orders = np.array([path.order for path in maps.tree.paths]).reshape(-1, *[1] * len(shape))
    for log in (False, 0.5):
        found = make(average=True, pooling=("mean", "median", "max"), log=log).fit_transform(samples)
        for row, kept in zip(found.reshape(len(samples), -1, 3), maps.transform(samples), strict=True):
            values = (kept.T if name == "graph" else kept).reshape(len(maps.tree), *shape)
            if log:
                values = np.where(orders > 0, np.log(np.maximum(values, 0) + log), values)
            wanted = np.stack([points.mean(values), points.median(values), points.max(values)], -1)
            assert_allclose(row, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_mean_over_the_domain(name):
    make, samples = ESTIMATORS[name]
    average, pooled = make(average="global", pooling=None), make(average=False, pooling="mean")
    assert_allclose(average.fit_transform(samples), pooled.fit_transform(samples), rtol=1e-9, atol=1e-12)
    with pytest.raises(InputError, match="leaves one number a path, which has no statistics"):
        make(average="global", pooling="max").fit_transform(samples)


@pytest.mark.parametrize("name", ["1D", "2D"])
@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("log", [False, 0.5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_executors_say_the_same(name, average, log, dtype):
    make, samples = ESTIMATORS[name]
    x = samples.astype(dtype)
    for pooling in KINDS:
        one, other = (
            make(average=average, pooling=pooling, log=log, executor=e)(x) for e in ("array", "compiled")
        )
        assert one.dtype == other.dtype == dtype
        slack = 1e-11 if dtype == "float64" else 2e-4
        assert np.abs(one - other).max() <= slack * np.abs(one).max(), pooling


def test_compiled_maps_are_summed_up_in_blocks(monkeypatch):
    from scatter.transforms import executors

    S, x = Scattering1D(J=3, average=False, pooling="median", executor="compiled"), X.reshape(12, 30)
    whole = S(x)
    monkeypatch.setattr(executors, "BLOCK", 3 * whole[0].nbytes)
    assert_allclose(S(x), whole, rtol=1e-12, atol=1e-14)


# ---------------------------------------------------------------------- what is zero in theory
@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_constant_has_no_skewness(name, dtype):
    """Its wavelet coefficients are rounding errors, whose skewness and kurtosis would be those of chance."""
    make, samples = ESTIMATORS[name]
    if name == "graph":
        constant = [(A, np.full(len(A), 7.3, dtype)) for A, _ in samples]
    else:
        constant = np.full(samples.shape, 7.3, dtype)
    for average in (True, False):
        S = make(average=average, pooling="moments").fit(constant)
        rows = S.transform(constant).reshape(len(constant), -1, 4)
        assert_allclose(rows[:, 1:, 2], 0, atol=1e-12)
        assert_allclose(rows[:, 1:, 3], -3, atol=1e-12)


@pytest.mark.parametrize("executor", ["array", "compiled"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_a_constant_in_both_executors(executor, dtype):
    for S, shape in (
        (
            Scattering1D(J=6, Q=8, average=False, pooling="moments", executor=executor, two_sided=True),
            (3, 4096),
        ),
        (Scattering2D(J=3, average=False, pooling="moments", executor=executor, two_sided=True), (9, 40, 50)),
    ):
        found = S(np.full(shape, 7.3, dtype))[:, 1:]
        assert_allclose(found[..., 2], 0, atol=1e-6)
        assert_allclose(found[..., 3], -3, atol=1e-6)


def test_small_maps_of_ordinary_signals_have_their_kurtosis():
    x = np.random.default_rng(0).standard_normal(1000)
    assert_allclose(moments(1e-30 * x, Even(1))[3], stats.kurtosis(x), rtol=1e-8)


# ---------------------------------------------------------------------- what is refused
@pytest.mark.parametrize("name", ESTIMATORS)
def test_one_vocabulary_is_refused_alike(name):
    make, samples = ESTIMATORS[name]
    for bad, message in {
        ("average", "local"): "average must be True, 'global' or False, got 'local'",
        ("pooling", "both"): "pooling must be None, 'mean', 'mean_std', .*, or a tuple of these, got 'both'",
        ("pooling", ()): "pooling must be None, .*, or a tuple of these, got ()",
        ("log", -1): "log must be True, False or a positive number, got -1",
    }.items():
        with pytest.raises(InputError, match=message.replace("()", r"\(\)")):
            make(**dict([bad])).fit(samples)
