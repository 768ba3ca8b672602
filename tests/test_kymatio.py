"""Coefficients equal Kymatio 0.3.0's, and the definition's; where Kymatio is wrong, the difference is stated.

Tolerances, relative to the largest coefficient of each order:

- 2D against Kymatio, 1e-6 in either precision: its filters are complex64.
- 1D against Kymatio in float64, 1e-9. Only for ``2**J <= N``: spectra that are much narrower than the
  spacing of frequencies leave rounding errors for filters, in Kymatio too.
- Against the definition sampled at the same rates, 1e-10 at every order.
- Against the definition at full resolution, `ALIASING`: what sampling the moduli costs. In 1D the
  spectra end 5 standard deviations below the Nyquist frequency, except in banks of more wavelets per
  octave than ``2**J``, whose moduli have kinks; in 2D they cross it at 0.6 standard deviations in the
  direction of xi, and earlier across it when there are fewer than 3 directions.
"""

import math

import numpy as np
import oracle
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from scatter import InputError, Scattering1D, Scattering2D

ALIASING = {1: 0.02, 2: 0.15}
SIDES_1D = st.one_of(
    st.integers(4, 64), st.sampled_from([100, 127, 128, 243, 256, 509]), st.integers(65, 4000)
)
PADDINGS = st.sampled_from(list(oracle.MODES))
BATCHES = st.sampled_from([(), (1,), (3,), (2, 2)])
SEEDS = st.integers(0, 2**32 - 1)
SIDES_SEEN = st.sampled_from(["real", "real, two sides", "complex, two sides"])
PRECISIONS = st.sampled_from(["float32", "float64"])


def noise(seed, shape, dtype="float64"):
    """White noise, the hardest case for aliasing, on a pedestal that tests the mean of the filters."""
    real, imaginary = np.random.default_rng(seed).standard_normal((2, *shape)) + 1
    return (real + 1j * imaginary if dtype.startswith("complex") else real).astype(dtype)


def assert_equal_by_order(got, wanted, orders, rtol):
    """Maps of two transforms, path by path, up to ``rtol`` of the largest coefficient of each order."""
    assert [g.shape for g in got] == [w.shape for w in wanted]
    for order in sorted(set(orders)):
        pairs = [(g, w) for g, w, m in zip(got, wanted, orders, strict=True) if m == order]
        largest = max(np.abs(w).max() for _, w in pairs)
        error = max(np.abs(g - w).max() for g, w in pairs) / largest
        assert error <= rtol, f"order {order} is off by {error:.3g} of its largest coefficient"


def maps(S, x):
    """Coefficients of each path, and its order."""
    axis = x.ndim - S.frame.ndim
    return np.moveaxis(S(x), axis, 0), S.meta()["order"]


# ---------------------------------------------------------------------- images
@st.composite
def images(draw, largest=64):
    """Parameters of a `Scattering2D` whose padded sides are at most ``largest``."""
    J = draw(st.integers(1, int(math.log2(largest / 3))))
    sides = st.integers(2**J, largest - 2 ** (J + 1))
    return {
        "J": J,
        "shape": (draw(sides), draw(sides)),
        "L": draw(st.integers(1, 8)),
        "max_order": draw(st.integers(1, 2)),
    }


@given(images(), BATCHES, PRECISIONS, st.booleans(), SEEDS)
@example({"J": 3, "shape": (32, 32), "L": 8, "max_order": 2}, (2,), "float32", False, 0)
@example({"J": 3, "shape": (29, 31), "L": 6, "max_order": 2}, (), "float64", False, 0)
@example({"J": 4, "shape": (16, 31), "L": 3, "max_order": 2}, (1,), "float32", True, 0)
def test_2d(parameters, batch, dtype, pre_pad, seed):
    S = Scattering2D(**parameters, pre_pad=pre_pad)
    x = noise(seed, (*batch, *S.frame.shape), dtype)
    got, orders = maps(S, x)
    wanted = np.moveaxis(oracle.kymatio2d(**parameters, pre_pad=pre_pad)(x), len(batch), 0)
    assert got.dtype == wanted.dtype == dtype
    assert_equal_by_order(got, wanted, orders, rtol=1e-6)
    assert np.abs(got - wanted).max() <= 1e-6 * np.abs(wanted).max()


@given(images(largest=40), SEEDS)
def test_2d_lists_hold_the_same_paths_in_the_same_order(parameters, seed):
    x = noise(seed, parameters["shape"], "float32")
    got = Scattering2D(**parameters, out_type="list")(x)
    wanted = oracle.kymatio2d(**parameters, out_type="list")(x)
    assert [[item[k] for k in ("j", "n", "theta")] for item in got] == [
        [item[k] for k in ("j", "n", "theta")] for item in wanted
    ]
    orders = [item["order"] for item in got]
    assert_equal_by_order([item["coef"] for item in got], [item["coef"] for item in wanted], orders, 1e-6)


@given(images(largest=48), st.integers(0, 3), PADDINGS | st.none(), BATCHES, SEEDS, SIDES_SEEN)
def test_2d_is_its_definition(parameters, max_order, padding, batch, seed, seen):
    J = parameters["J"]
    if padding is None:
        parameters["shape"] = tuple(side - side % 2**J for side in parameters["shape"])
    x = noise(seed, (*batch, *parameters["shape"]), "complex128" if "complex" in seen else "float64")
    options = {"max_order": max_order, "padding": padding, "two_sided": "two sides" in seen}
    S = Scattering2D(**parameters | options)
    got, orders = maps(S, x)
    for critical, rtol in ((True, 1e-10), (False, ALIASING[2])):
        wanted = oracle.scattering2d(x, J, parameters["L"], **options, critical=critical)
        assert [path.n for path in S.tree.paths] == list(wanted)
        if critical or parameters["L"] >= 3:
            assert_equal_by_order(got, list(wanted.values()), orders, rtol)
        np.testing.assert_allclose(got[0], wanted[()], rtol=0, atol=1e-10 * np.abs(got[0]).max())


# ---------------------------------------------------------------------- signals
@st.composite
def signals(draw, sides=SIDES_1D, T=True):
    """Parameters of a `Scattering1D` that Kymatio 0.3.0 accepts: it refuses Q[1] > Q[0]."""
    N = draw(sides)
    Q = draw(
        st.integers(1, 12) | st.tuples(st.integers(1, 12), st.integers(1, 4)).filter(lambda q: q[1] <= q[0])
    )
    durations = st.one_of(st.none(), st.integers(1, N), st.floats(1, N))
    return {
        "J": draw(st.integers(1, min(8, N.bit_length() - 1))),
        "shape": N,
        "Q": Q,
        "T": draw(durations) if T else 0,
        "max_order": draw(st.integers(1, 2)),
    }


def log2_stride(S):
    return S.frame.bank.log2_stride


def bridge(S, deepest):
    """Factor of each path from our coefficients to Kymatio 0.3.0's, from the table of paths.

    It averages filters where it should sum them when it subsamples them, by ``2**min(j, deepest)``.
    """
    return [2.0 ** -sum(min(j, deepest) for j in js) for js in S.table()["j"]]


@given(signals(), BATCHES, SEEDS)
@example({"J": 8, "shape": 4000, "Q": (12, 2), "T": None, "max_order": 2}, (), 0)
@example({"J": 2, "shape": 4, "Q": 1, "T": 1, "max_order": 2}, (), 0)
@example({"J": 3, "shape": 37, "Q": 3, "T": 37.0, "max_order": 2}, (2,), 0)
def test_1d(parameters, batch, seed):
    x = noise(seed, (*batch, parameters["shape"]))
    wanted = np.moveaxis(oracle.kymatio1d(**parameters)(x), len(batch), 0)
    replayed, orders = maps(Scattering1D(**parameters, compat="kymatio-0.3"), x)
    assert_equal_by_order(replayed, wanted, orders, rtol=1e-9)
    S = Scattering1D(**parameters)
    right = maps(S, x)[0]
    bridged = [u * factor for u, factor in zip(right, bridge(S, log2_stride(S)), strict=True)]
    assert_equal_by_order(bridged, wanted, orders, rtol=1e-9)


@given(signals(sides=st.integers(8, 800)), st.integers(0, 9), SEEDS)
@example({"J": 8, "shape": 2048, "Q": 8, "T": None, "max_order": 2}, 2, 0)
@example({"J": 6, "shape": 600, "Q": (4, 2), "T": 17.5, "max_order": 2}, 1, 0)
def test_1d_oversampled(parameters, oversampling, seed):
    """Moduli keep more samples than they need, and Kymatio's factor is that of fewer subsamplings."""
    x = noise(seed, (2, parameters["shape"]))
    wanted = np.moveaxis(oracle.kymatio1d(**parameters, oversampling=oversampling)(x), 1, 0)
    S = Scattering1D(**parameters, oversampling=oversampling)
    replayed, orders = maps(S.set_params(compat="kymatio-0.3"), x)
    assert_equal_by_order(replayed, wanted, orders, rtol=1e-9)
    right = maps(S.set_params(compat=None), x)[0]
    full = int(math.log2(parameters["T"] or 2 ** parameters["J"]))
    taken = [sum(max(0, min(j, full) - oversampling) for j in js) for js in S.table()["j"]]
    bridged = [u * 2.0**-k for u, k in zip(right, taken, strict=True)]
    assert_equal_by_order(bridged, wanted, orders, rtol=1e-9)


@given(signals(sides=st.integers(8, 400), T=False), st.integers(0, 5), SEEDS)
def test_1d_unaveraged_and_oversampled(parameters, oversampling, seed):
    x = noise(seed, (parameters["shape"],))
    wanted = oracle.kymatio1d(**parameters, oversampling=oversampling, out_type="list")(x)
    options = {"out_type": "list", "compat": "kymatio-0.3", "oversampling": oversampling}
    got = Scattering1D(**parameters, **options)(x)
    orders = [item["order"] for item in got]
    assert_equal_by_order([item["coef"] for item in got], [item["coef"] for item in wanted], orders, 1e-9)


@pytest.mark.parametrize("executor", ["array", "compiled"])
def test_oversampling_approaches_the_definition(executor):
    """Aliasing falls with every doubling, and is gone where every sample is kept."""
    x = noise(0, (1000,))
    options = {"J": 6, "shape": 1000, "Q": 2, "executor": executor}
    whole = Scattering1D(**options, oversampling=6)(x)
    errors = []
    for k in range(4):
        S = Scattering1D(**options, oversampling=k)
        errors.append(np.abs(S(x) - whole[:, S.times]).max())
    assert errors[0] > 1e-4 > errors[1] > errors[2]
    assert whole.shape[-1] == 1000


def test_parameters_out_of_an_archive(tmp_path):
    """Numbers and text that ``np.savez`` kept are arrays without axes when they come back."""
    known = {
        "J": 4,
        "shape": 256,
        "Q": (4, 1),
        "T": 12.5,
        "max_order": 2,
        "out_type": "array",
        "oversampling": 1,
    }
    np.savez(tmp_path / "a.npz", **known, average=True, log=0.5, x=noise(0, (256,)))
    data = dict(np.load(tmp_path / "a.npz"))
    x = data.pop("x")
    np.testing.assert_array_equal(Scattering1D(**data)(x), Scattering1D(**known, log=0.5)(x))
    np.savez(tmp_path / "b.npz", J=2, shape=(16, 16), L=4, pre_pad=False)
    image = noise(0, (16, 16))
    found = Scattering2D(**np.load(tmp_path / "b.npz"))(image)
    np.testing.assert_array_equal(found, Scattering2D(J=2, L=4)(image))
    for name, value in (("J", np.array(2.5)), ("J", np.array([3])), ("max_order", np.array(True))):
        with pytest.raises(InputError, match=f"{name} must be an integer"):
            Scattering2D(**{"J": 2, name: value})(image)
    np.testing.assert_array_equal(
        Scattering1D(4, T=np.array("global"))(x), Scattering1D(4, average="global")(x)
    )


def test_what_is_given_needs_no_fit():
    """With ``shape``, nothing is left to learn, as in Kymatio."""
    x = noise(0, (3, 2, 16, 16))
    S = Scattering2D(2, (16, 16), L=4)
    assert not S.__sklearn_tags__().requires_fit
    expected = Scattering2D(2, L=4).fit(x).transform(x)
    np.testing.assert_array_equal(S.transform(x), expected)
    np.testing.assert_array_equal(S.transform(x.reshape(3, -1)), expected)
    assert len(S.get_feature_names_out()) == expected.shape[1] // 2
    assert not [name for name in vars(S) if name.endswith("_")]
    pipeline = make_pipeline(Scattering1D(3, 64, pooling="mean").set_output(transform="pandas"))
    assert pipeline.transform(noise(0, (5, 64))).columns[1].startswith("mean(")
    assert Scattering2D(2).__sklearn_tags__().requires_fit
    with pytest.raises(NotFittedError):
        Scattering2D(2).transform(x)


@pytest.mark.parametrize(("T", "average"), [(0, "global"), ("global", False)])
def test_a_duration_and_an_average_that_contradict_each_other(T, average):
    with pytest.raises(InputError, match=f"T={T!r} stands for average=.*, but average={average!r} is given"):
        Scattering1D(4, 256, T=T, average=average, pooling="mean")(noise(0, (256,)))


def test_filters_are_where_the_page_says():
    S, theirs = Scattering1D(4, 512, Q=8), oracle.kymatio1d(J=4, shape=512, Q=8)
    for n, psi in enumerate(theirs.psi1_f):
        known = psi["levels"][0]
        found = S.frame.bank.psi(S.frame.bank.bands(1)[n], known.shape)
        np.testing.assert_allclose(found, known, atol=1e-14)
    (found,) = S.frame.bank.phi(theirs.phi_f["levels"][0].shape)
    np.testing.assert_allclose(found, theirs.phi_f["levels"][0], atol=1e-14)
    S, theirs = Scattering2D(2, (16, 16)), oracle.kymatio2d(J=2, shape=(16, 16), L=8)
    for n, psi in enumerate(theirs.psi):
        known = psi["levels"][0]
        found = S.frame.bank.psi(S.frame.bank.bands(1)[n], known.shape)
        np.testing.assert_allclose(found, known, atol=1e-6)
    np.testing.assert_allclose(np.outer(*S.frame.bank.phi(known.shape)), theirs.phi["levels"][0], atol=1e-6)


def test_arguments_beyond_the_duration_are_named():
    """The fifth place was ``max_order`` in Kymatio 0.3.0 and is ``stride`` in its development version."""
    with pytest.raises(TypeError, match="positional"):
        Scattering1D(6, 4096, 8, None, 2)


@given(signals(sides=st.integers(4, 600)), SEEDS)
def test_1d_float32(parameters, seed):
    x = noise(seed, (parameters["shape"],), "float32")
    got, orders = maps(Scattering1D(**parameters, compat="kymatio-0.3"), x)
    assert got.dtype == "float32"  # Kymatio's NumPy output is float64 here
    assert_equal_by_order(got, oracle.kymatio1d(**parameters)(x), orders, rtol=2e-6)


@given(signals(sides=st.integers(4, 600), T=False), BATCHES, SEEDS)
def test_1d_unaveraged(parameters, batch, seed):
    """T=0: the moduli themselves; the first filter is never subsampled, so only order 2 is mis-scaled."""
    x = noise(seed, (*batch, parameters["shape"]))
    wanted = oracle.kymatio1d(**parameters, out_type="list")(x)
    replayed = Scattering1D(**parameters, out_type="list", compat="kymatio-0.3")(x)
    right = Scattering1D(**parameters, out_type="list")(x)
    assert [(item["j"], item["n"]) for item in right] == [(item["j"], item["n"]) for item in wanted]
    factors = [2.0 ** -sum(item["j"][:-1]) for item in right]
    bridged = [item["coef"] * factor for item, factor in zip(right, factors, strict=True)]
    orders = [item["order"] for item in right]
    for got in ([item["coef"] for item in replayed], bridged):
        assert_equal_by_order(got, [item["coef"] for item in wanted], orders, rtol=1e-9)


@given(signals(sides=st.integers(4, 600)))
def test_1d_meta(parameters):
    got, wanted = Scattering1D(**parameters).meta(), oracle.kymatio1d(**parameters).meta()
    assert got["key"] == wanted["key"]
    for name in ("order", "n", "j", "xi", "sigma"):
        np.testing.assert_allclose(got[name], wanted[name], rtol=1e-14, err_msg=name)


@given(signals(sides=st.integers(4, 300)), SEEDS)
def test_1d_containers_hold_the_same_paths_in_the_same_order(parameters, seed):
    x = noise(seed, (parameters["shape"],))
    got = Scattering1D(**parameters, out_type="list")(x)
    wanted = oracle.kymatio1d(**parameters, out_type="list")(x)
    assert [(item["j"], item["n"]) for item in got] == [(item["j"], item["n"]) for item in wanted]
    mapping = Scattering1D(**parameters, out_type="dict")(x)
    assert list(mapping) == list(oracle.kymatio1d(**parameters, out_type="dict")(x))
    for item in got:
        np.testing.assert_array_equal(mapping[item["n"]], item["coef"])


def test_kymatio_refuses_or_mangles_what_the_parity_tests_leave_out():
    """If either changes, widen the strategies above."""
    with pytest.raises(AssertionError):
        oracle.kymatio1d(J=7, shape=256, Q=(2, 8))
    with pytest.raises(ValueError, match="cannot reshape"):
        oracle.kymatio1d(J=8, shape=8, T=4)


@given(
    signals(sides=st.integers(4, 400)),
    st.integers(0, 3),
    PADDINGS | st.none(),
    st.integers(0, 8),
    SEEDS,
    SIDES_SEEN,
)
def test_1d_is_its_definition(parameters, max_order, padding, finer, seed, seen):
    N, T, J = parameters.pop("shape"), parameters["T"], parameters["J"]
    stride = 2 ** max(0, math.floor(math.log2(2**J if T is None else T)) - finer)
    if padding is None:
        N -= N % stride
        parameters["T"] = T if T is None else min(T, N)
        if 2**J > N:
            parameters["J"] = N.bit_length() - 1
    parameters |= {"max_order": max_order, "stride": stride, "padding": padding}
    parameters["two_sided"] = "two sides" in seen
    x = noise(seed, (2, N), "complex128" if "complex" in seen else "float64")
    S = Scattering1D(shape=N, **parameters)
    got, orders = maps(S, x)
    for critical, rtol in ((True, 1e-10), (False, ALIASING[1])):
        wanted = oracle.scattering1d(x, **parameters, critical=critical)
        assert [path.n for path in S.tree.paths] == list(wanted)
        if critical or 2 ** parameters["J"] >= np.max(parameters["Q"]):
            assert_equal_by_order(got, list(wanted.values()), orders, rtol)
        np.testing.assert_allclose(got[0], wanted[()], rtol=0, atol=1e-10 * np.abs(got[0]).max())


# ---------------------------------------------------------------------- the Dirac law
def dirac(N):
    return np.eye(1, N, N // 2)[0]


@pytest.mark.parametrize("padded", [1, 2, 5])
@pytest.mark.parametrize("Q", [1, 4, 8, 16])
@pytest.mark.parametrize("J", [3, 5, 8])
def test_a_dirac_keeps_its_mass_at_every_scale(J, Q, padded):
    """Wavelets and average have unit L1 norm; where nothing is subsampled, exactly so."""
    S1 = Scattering1D(J, padded * 2**J, Q, max_order=1, stride=1, padding=None)(dirac(padded * 2**J))[1:]
    np.testing.assert_allclose(S1.sum(-1), 1, rtol=1e-9)


@pytest.mark.parametrize("J", range(3, 9))
def test_subsampling_keeps_the_mass_of_a_dirac_where_kymatio_divides_it(J):
    """Kymatio 0.3.0 loses a factor 2 per octave; its unreleased main does not."""
    N = 16 * 2**J
    ours = Scattering1D(J, N, max_order=1, padding=None)
    np.testing.assert_allclose(ours(dirac(N))[1:].sum(-1) * 2**J, 1, rtol=1e-4)
    theirs = oracle.kymatio1d(J=J, shape=N, max_order=1)
    j = theirs.meta()["j"][1:, 0]
    assert j.max() >= J - 2
    np.testing.assert_allclose(theirs(dirac(N))[1:].sum(-1) * 2**J, 2.0**-j, rtol=1e-2)
