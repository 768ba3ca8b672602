"""The estimator of volumes: Kymatio's numbers, powers, readouts, libraries, rows, and what is refused."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from scatter import HarmonicScattering3D, InputError, ScatterWarning
from scatter._kymatio import import_kymatio

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 8, 10, 12))
SMALL = HarmonicScattering3D(J=1, L=2, shape=(8, 10, 12))


def kymatio(x, S):
    """Kymatio's coefficients by the paths of a transform, those of order 0 left out."""
    import_kymatio("the tests")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from kymatio.numpy import HarmonicScattering3D as Kymatio

        names = ("J", "shape", "L", "sigma_0", "max_order", "rotation_covariant", "integral_powers")
        found = np.asarray(Kymatio(method="integral", **{name: getattr(S, name) for name in names})(x))
    scales = range(S.J + 1)
    order = [(j,) for j in scales] + [(a, b) for a in scales for b in range(a + 1, S.J + 1)]
    paths = [path for path in S.tree.paths if path.order]
    return np.stack([found[:, order.index(path.j), path.bands[0].label("l")] for path in paths], axis=1)


@given(
    shape=st.tuples(*[st.sampled_from([8, 10, 12])] * 3),
    J=st.integers(0, 2),
    L=st.integers(1, 3),
    sigma_0=st.sampled_from([1.0, 1.5, 2.0]),
    powers=st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0, 3.0]), min_size=1, max_size=3, unique=True),
    max_order=st.integers(1, 2),
    covariant=st.booleans(),
)
@settings(max_examples=15, deadline=None, derandomize=True)
def test_coefficients_are_those_of_kymatio(shape, J, L, sigma_0, powers, max_order, covariant):
    pytest.importorskip("kymatio")
    S = HarmonicScattering3D(
        J if sigma_0 * 2**J <= min(shape) else 1,
        shape,
        L,
        sigma_0,
        max_order,
        covariant,
        integral_powers=tuple(powers),
    )
    x = np.random.default_rng(1).random((2, *shape))
    # Kymatio's filters are of single precision, which a power of what is small sees.
    np.testing.assert_allclose(S(x)[:, 1:], kymatio(x, S), rtol=2e-5)
    found = S(x.astype(np.float32))[:, 1:]
    assert found.dtype == np.float32
    theirs = kymatio(x.astype(np.float32), S)
    assert np.abs(found - theirs).max() <= 1e-6 * np.abs(theirs).max()


def test_order_0_is_the_volume_and_powers_are_of_absolute_values():
    S = clone(SMALL).set_params(integral_powers=(0.5, 1, 2, 2.5))
    expected = [(np.abs(X) ** q).sum(axis=(1, 2, 3)) for q in (0.5, 1, 2, 2.5)]
    np.testing.assert_allclose(S(X)[:, 0], np.stack(expected, axis=1), rtol=1e-12)
    one = clone(SMALL).set_params(integral_powers=[2.5])(X)
    np.testing.assert_allclose(one, S(X)[..., 3:], rtol=1e-12)


def test_logarithms_and_ratios_of_integrals():
    plain = SMALL(X)
    parents = SMALL.tree.parents
    divided = plain.copy()
    divided[:, parents >= 0] /= plain[:, parents[parents >= 0]] + 0.1
    np.testing.assert_allclose(clone(SMALL).set_params(ratios=0.1)(X), divided, rtol=1e-12)
    logarithms = np.log1p(divided / 0.5)
    both = clone(SMALL).set_params(ratios=0.1, log=0.5)
    np.testing.assert_allclose(both(X), logarithms, rtol=1e-12)
    np.testing.assert_allclose(clone(SMALL).set_params(log=True)(X), np.log1p(plain), rtol=1e-12)
    names = both.fit(X).get_feature_names_out()
    assert names[0] == "log(sum(|x|**0.5))"
    assert names[-1] == ("log(sum(||x*psi[j=0,l=2]|*psi[j=1,l=2]|**2)/sum(|x*psi[j=0,l=2]|**2))")
    assert len(set(names)) == both.transform(X).shape[1] == len(names)


def test_local_averages_add_up_to_integrals():
    local = HarmonicScattering3D(J=1, L=2, shape=(8, 8, 8), sigma_0=2.0, method="local")
    x = X[:, :8, :8, :8]
    found = local(x)
    assert found.shape == (2, len(local.tree), 4, 4, 4)
    integral = clone(local).set_params(method="integral", integral_powers=(1.0,))
    # An average that is wider than twice its step has no aliasing to speak of.
    np.testing.assert_allclose(8 * found.sum(axis=(2, 3, 4))[:, 1:], integral(x)[:, 1:, 0], rtol=1e-5)
    assert local.fit(x).get_feature_names_out()[-1].endswith("*phi[3,3,3]")


def test_containers_rows_and_channels():
    plain = SMALL(X)
    listed = clone(SMALL).set_params(out_type="list")(X)
    assert [item["l"] for item in listed][-1] == (2, 2)
    np.testing.assert_array_equal(np.stack([item["coef"] for item in listed], axis=1), plain)
    by_path = clone(SMALL).set_params(out_type="dict")(X)
    np.testing.assert_array_equal(np.stack(list(by_path.values()), axis=1), plain)
    rows = SMALL.fit_transform(X)
    np.testing.assert_array_equal(rows, plain.reshape(2, -1))
    np.testing.assert_array_equal(SMALL.fit_transform(X.reshape(2, -1)), rows)
    many = np.stack([X, 2 * X], axis=1)
    last = clone(SMALL).set_params(channels="last")
    np.testing.assert_array_equal(last(np.moveaxis(many, 1, -1)), SMALL(many))
    assert SMALL.fit_transform(many).shape == (2, 2 * rows.shape[1])
    with pytest.warns(ScatterWarning, match="rows of 960 numbers are no cubes"):
        HarmonicScattering3D(J=0, L=1).fit(X.reshape(2, -1))
    cubes = HarmonicScattering3D(J=0, L=1).fit(X[:, :8, :8, :8].reshape(2, -1))
    assert cubes.shape_ == (8, 8, 8)
    with pytest.warns(ScatterWarning, match="is taken as volumes of 10 x 12 x 3; type channels='last'"):
        HarmonicScattering3D(J=0, L=1)(RNG.standard_normal((2, 8, 10, 12, 3)))


@pytest.mark.parametrize("shape", [(1, 10, 12), (1, 1, 16), (9, 11, 7), (16, 6, 10)])
def test_flat_and_odd_volumes(shape):
    x = RNG.standard_normal((2, *shape))
    S = HarmonicScattering3D(J=1, L=2, shape=shape, sigma_0=1.5)
    assert np.isfinite(S(x)).all()
    shifted = np.roll(x, (3, 2, 1), axis=(1, 2, 3))
    np.testing.assert_allclose(S(shifted), S(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("options", [{}, {"method": "local"}, {"log": True, "ratios": True}], ids=str)
def test_other_libraries(options):
    S = clone(SMALL).set_params(**options)
    expected = S(X)
    for name in ("torch", "jax.numpy", "array_api_strict"):
        xp = pytest.importorskip(name) if name != "torch" else pytest.importorskip("torch")
        x = xp.asarray(X)
        tolerance = 1e-9 if x.dtype == getattr(xp, "float64", None) else 2e-5
        np.testing.assert_allclose(np.asarray(S(x)), expected, rtol=tolerance, atol=tolerance)


def test_gradients_of_small_powers_are_finite_at_zero():
    torch = pytest.importorskip("torch")
    S = clone(SMALL).set_params(integral_powers=(0.25, 0.5, 1.0, 1.5, 2.0))
    zero = torch.zeros((1, 8, 10, 12), dtype=torch.float64, requires_grad=True)
    S(zero).sum().backward()
    assert (zero.grad == 0).all()
    x = torch.tensor(X[:1], requires_grad=True)
    direction = torch.tensor(RNG.standard_normal(X[:1].shape))
    S.set_params(integral_powers=(1.0, 1.5, 2.0))
    S(x).sum().backward()
    step = 1e-5
    ahead, behind = (float(S(x.detach() + sign * step * direction).sum()) for sign in (1, -1))
    assert float((x.grad * direction).sum()) == pytest.approx((ahead - behind) / (2 * step), rel=1e-5)


@pytest.mark.parametrize(
    ("options", "x", "message"),
    [
        ({"method": "standard"}, X, "method must be 'integral' or 'local', got 'standard'"),
        ({"integral_powers": ()}, X, r"integral_powers must be a tuple of numbers, such as .*, got \(\)"),
        ({"integral_powers": 2.0}, X, "integral_powers must be a tuple of numbers, .* got 2.0"),
        ({"integral_powers": (1, 0)}, X, "each of integral_powers must be a positive number, got 0"),
        ({"integral_powers": (1, np.nan)}, X, "each of integral_powers must be a positive number, got nan"),
        ({"integral_powers": (True,)}, X, "each of integral_powers must be a positive number, got True"),
        ({"sigma_0": 0}, X, "sigma_0 must be a positive number, got 0"),
        ({"L": 13}, X, "L must be an integer from 0 to 12, got 13"),
        ({"L": -1}, X, "L must be an integer >= 0, got -1"),
        ({"J": -1}, X, "J must be an integer >= 0, got -1"),
        ({"J": 4}, X, r"sigma_0 \* 2\*\*J = 16 voxels do not fit into .* 8 x 10 x 12; type J=3 or less"),
        ({"J": 0, "sigma_0": 9.0}, X, "type sigma_0=8 or less"),
        ({"rotation_covariant": 1}, X, "rotation_covariant must be True or False, got 1"),
        ({"ratios": -1}, X, "ratios must be True, False or a positive number, got -1"),
        ({}, X[0, 0], "an array of shape .* is needed, got shape"),
        ({}, X + 1j, "real volumes are needed, got complex128; stack real and imaginary parts"),
        ({}, X * np.nan, "NaN"),
        ({"shape": (8, 10)}, X, "shape must have 3 side"),
        ({"shape": (8, 10, 11)}, X, "8, 10, 11"),
    ],
)
def test_what_is_refused(options, x, message):
    with pytest.raises(InputError, match=message):
        HarmonicScattering3D(**{"J": 1, "L": 1, **options})(x)
