"""Coefficients divided by those of their path without its last wavelet, on every domain."""

import numpy as np
import pytest
from domains_helpers import DOMAINS
from sklearn.base import clone

import scatter
from scatter import InputError, Scattering1D, Scattering2D, testing
from scatter.transforms import plan as plan_module
from scatter.transforms.readout import RATIO_FLOOR


def with_options(S, **options):
    return clone(S).set_params(**options)


def by_hand(S, x, floor=RATIO_FLOOR):
    """Ratios of the coefficients of a transform that has none, paths first."""
    plan = testing._plan(S, average=True, pooling=None, log=False, ratios=False)
    paths = {path.n: place for place, path in enumerate(plan.tree.paths)}
    kept = np.moveaxis(plan.array(x), -1 - plan.frame.ndim, 0)
    found = kept.copy()
    for path, place in paths.items():
        if len(path) > 1:
            found[place] = kept[place] / (np.maximum(kept[paths[path[:-1]]], 0) + floor)
    return plan, found


@pytest.mark.parametrize("ratios", [True, 0.1])
@pytest.mark.parametrize("domain", DOMAINS)
def test_maps_are_divided_point_by_point(domain, ratios):
    S = DOMAINS[domain]
    x = testing.signals(S)
    _, expected = by_hand(S, x, RATIO_FLOOR if ratios is True else ratios)
    plan = testing._plan(S, average=True, pooling=None, log=False, ratios=ratios)
    found = np.moveaxis(plan.array(x), -1 - plan.frame.ndim, 0)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("domain", DOMAINS)
def test_logarithms_and_statistics_are_those_of_the_ratios(domain):
    S = DOMAINS[domain]
    x = testing.signals(S)
    plan, expected = by_hand(S, x)
    expected[1:] = np.log(np.maximum(expected[1:], 0) + 1e-3)
    pooling = testing._plan(S, average=True, pooling="mean_std", log=1e-3, ratios=True)
    points = pooling.readout.points(plan.frame, None)
    mean = points.mean(expected)
    deviation = np.sqrt(points.mean((expected - points.spread(mean)) ** 2))
    pooled = pooling.array(x)
    np.testing.assert_allclose(np.moveaxis(pooled, -2, 0)[..., 0], mean, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(np.moveaxis(pooled, -2, 0)[..., 1], deviation, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("options", [{"average": "global"}, {"average": False, "pooling": "mean"}], ids=str)
@pytest.mark.parametrize("domain", DOMAINS)
def test_ratios_of_means(domain, options):
    S = DOMAINS[domain]
    options = {"pooling": None} | options
    x = testing.signals(S)
    plain = testing._plan(S, log=False, ratios=False, **options)
    kept, parents = plain.array(x), plain.tree.parents
    expected = np.where(parents < 0, kept, kept / (kept[..., parents] + RATIO_FLOOR))
    found = testing._plan(S, log=False, ratios=True, **options).array(x)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("S", [Scattering1D(4, 256, 2), Scattering2D(2, (32, 24), 4)], ids=["1d", "2d"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"log": True},
        {"average": "global"},
        {"pooling": "mean_std", "log": 0.1},
        {"pooling": ("max", "median")},
    ],
    ids=str,
)
def test_both_executors_containers_and_rows_agree(S, options):
    S = with_options(S, ratios=True, **options)
    x = testing.signals(S, count=3)
    array, compiled = (with_options(S, executor=one)(x) for one in ("array", "compiled"))
    np.testing.assert_allclose(compiled, array, rtol=1e-9, atol=1e-9)
    rows = S.fit_transform(x)
    assert rows.shape[1] == len(S.get_feature_names_out()) == len(set(S.get_feature_names_out()))
    np.testing.assert_array_equal(rows, S(x).reshape(3, -1))
    listed = with_options(S, out_type="list")(x)
    np.testing.assert_array_equal(np.stack([item["coef"] for item in listed], 1), S(x))


@pytest.mark.parametrize("pooling", [None, "mean_std", ("median", "max"), "moments", "powers"], ids=str)
@pytest.mark.parametrize("max_order", [0, 1, 2, 3])
def test_every_order_and_pooling(max_order, pooling):
    S = Scattering2D(3, (16, 16), L=2, max_order=max_order, pooling=pooling, ratios=True, log=True)
    x = testing.signals(S, count=2)
    features = S.fit_transform(x)
    assert features.shape[1] == len(S.get_feature_names_out())
    assert np.isfinite(features).all()
    if max_order < 2:  # there is nothing to divide
        np.testing.assert_allclose(with_options(S, ratios=False).fit_transform(x), features, rtol=1e-9)


def test_signals_of_any_loudness_and_filter_have_the_same_ratios():
    S = Scattering1D(J=5, shape=1024, Q=4, average="global", padding="periodic", ratios=1e-12)
    x = testing.signals(S)
    parents = S.tree.parents
    np.testing.assert_allclose(S(7 * x)[:, parents >= 0], S(x)[:, parents >= 0], rtol=1e-9)
    # A filter that hardly changes within a band scales order 1 and what follows it alike.
    spectrum = np.fft.rfft(x)
    y = np.fft.irfft(spectrum * np.linspace(1, 2, spectrum.shape[-1]), 1024)
    plain = with_options(S, ratios=False)
    change, plainly = (np.abs(T(y) / T(x) - 1)[:, parents >= 0].max() for T in (S, plain))
    assert change < 0.1 < 0.5 < plainly


def test_a_silent_signal_has_ratios_of_zero_and_finite_gradients():
    torch = pytest.importorskip("torch")
    S = Scattering1D(J=3, shape=64, ratios=True, log=True)
    x = torch.zeros(64, dtype=torch.float64, requires_grad=True)
    S(x).sum().backward()
    assert bool(torch.isfinite(x.grad).all())
    assert with_options(S, log=False)(np.zeros(64)).any() == False  # noqa: E712


def test_array_libraries(backend):
    S = Scattering2D(J=2, shape=(16, 16), L=3, pooling="mean_std", ratios=True, log=0.01)
    x = testing.signals(S).astype("float32")
    np.testing.assert_allclose(backend.to_numpy(S(backend.asarray(x))), S(x), rtol=1e-4, atol=1e-5)


def test_large_batches_go_in_parts(monkeypatch):
    S = Scattering2D(J=2, shape=(16, 16), L=3, pooling="mean", ratios=True)
    x = testing.signals(S, count=5)
    whole = S(x)
    monkeypatch.setattr(plan_module, "BLOCK", 1)
    np.testing.assert_allclose(S(x), whole, rtol=1e-12)


def test_graphs_of_a_collection():
    S = scatter.GraphScattering(J=3, average=True, pooling="mean_std", signals=("degree",), ratios=True)
    rng = np.random.default_rng(0)
    graphs = []
    for n in (5, 9, 14):
        half = np.triu(rng.random((n, n)) < 0.5, 1)
        graphs.append((half | half.T).astype(float))
    together = S.fit_transform(graphs)
    assert together.shape == (3, len(S.get_feature_names_out()))
    alone = np.concatenate([S.transform([one]) for one in graphs])
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    means = scatter.GraphScattering(J=3, pooling="mean", signals=("degree",), ratios=True).fit(graphs)
    assert means.transform(graphs).shape == (3, len(means.get_feature_names_out()))


def test_names_are_quotients():
    S = Scattering2D(J=2, L=1, shape=(16, 16), ratios=True, log=True, pooling="mean")
    first, second = "|x*psi[j=0,theta=0]|", "||x*psi[j=0,theta=0]|*psi[j=1,theta=0]|"
    names = list(S.get_feature_names_out())
    assert names[:2] == ["mean(x*phi)", f"mean(log({first}*phi))"]
    assert names[-1] == f"mean(log({second}*phi/{first}*phi))"
    for options in ({"average": "global", "pooling": None}, {"average": False}):
        means = with_options(S, log=False, **options)
        assert means.get_feature_names_out()[-1] == f"mean({second})/mean({first})"
        assert means.get_feature_names_out()[0] == "mean(x)"


@pytest.mark.parametrize("ratios", [0, -1.0, "yes", np.nan, np.inf, None])
def test_what_ratios_may_be(ratios):
    with pytest.raises(InputError, match=f"ratios must be True, False or a positive number, got {ratios!r}"):
        Scattering1D(J=2, shape=64, ratios=ratios)(np.ones(64))


@pytest.mark.parametrize("pooling", [None, "moments", ("mean",)])
def test_maps_of_several_sizes_have_no_ratios(pooling):
    S = Scattering2D(J=2, shape=(16, 16), average=False, pooling=pooling, ratios=True)
    with pytest.raises(InputError, match="no ratios point by point; type average=True, or pooling='mean'"):
        S(np.ones((16, 16)))
