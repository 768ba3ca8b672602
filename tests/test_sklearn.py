"""The estimators are scikit-learn's in full: common checks, names, output containers, search, persistence."""

import pickle
import warnings
from contextlib import nullcontext
from dataclasses import fields

import numpy as np
import pytest
from domains_helpers import DOMAINS, estimators
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import SkipTestWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from scatter import (
    GraphScattering,
    HarmonicScattering3D,
    InputError,
    MeshScattering,
    PointCloudScattering,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    TangentScattering,
    WaveletEnergies,
)
from scatter.numerics.namespace import is_array, is_complex, namespace

ON_GRIDS = [
    Scattering1D(J=1),
    Scattering2D(J=1),
    HarmonicScattering3D(J=0, L=1),
    RotoTranslationScattering2D(J=1, L=2),
    RotoTranslationScattering2D(J=1, L=2, rotation="covariant"),
    WaveletEnergies("haar", 1),
    WaveletEnergies("haar", 1, ndim=1, statistic="share", log=True),
]
"""Signals have any number of samples here, as the rows of scikit-learn's checks have."""
ON_GEOMETRIES = [
    DOMAINS[name]
    for name in (
        "SphericalScattering",
        "MeshScattering",
        "PointCloudScattering",
        "TangentScattering",
        "GraphScattering",
    )
] + [clone(DOMAINS["GraphScattering"]).set_params(method="eigen")]
"""A sample has one number a point, so the rows of the checks are repeated until there are as many."""
OF_COLLECTIONS = [
    MeshScattering(J=2),
    PointCloudScattering(J=2),
    TangentScattering(J=2),
    GraphScattering(J=2),
]
"""Samples are surfaces or graphs, no rows of numbers; scikit-learn has no checks for such samples."""

SAME_NAMESPACE = (
    "nothing that fit learns is an array, so fitting on NumPy and transforming tensors is right and allowed"
)


def test_every_estimator_is_checked():
    assert {type(estimator).__name__ for estimator in ON_GRIDS + ON_GEOMETRIES} == estimators()


def expected_failures(estimator):
    energies = isinstance(estimator, WaveletEnergies)
    return {} if energies else {"check_array_api_same_namespace": SAME_NAMESPACE}


def in_one_length(monkeypatch, estimator):
    """Let a transform on a geometry take rows of any length, repeated to one number a point."""
    kind, intake = type(estimator), estimator._intake
    points = L * (2 * L - 1) if (L := getattr(estimator, "L", None)) else len(estimator._intake.one)
    make = kind._make_intake

    def longer(X):
        if getattr(X, "ndim", 0) != 2 or hasattr(X, "tocsr") or not X.shape[1]:
            return X
        x = X if is_array(X) else np.asarray(X)
        x = namespace(x).concat([x] * -(-points // X.shape[1]), axis=1)[:, :points]
        return x + 0j if kind is TangentScattering and not is_complex(x) else x

    class Longer(type(intake)):
        def learn(self, X, planner, columns):
            return super().learn(longer(X), planner, lambda _: columns(X))

        def parts(self, X, learnt, planner, columns):
            return super().parts(longer(X), learnt, planner, lambda _: columns(X))

    def _make_intake(self):
        made = make(self)
        return Longer(**{field.name: getattr(made, field.name) for field in fields(made) if field.init})

    monkeypatch.setattr(kind, "_make_intake", _make_intake)


def run_check(monkeypatch, estimator, check):
    if type(estimator) in map(type, ON_GEOMETRIES):
        in_one_length(monkeypatch, estimator)
    with warnings.catch_warnings():
        # The checks fit tiny arrays with several array libraries, which emit their own notices.
        warnings.simplefilter("ignore")
        check(clone(estimator))


@parametrize_with_checks(ON_GRIDS + ON_GEOMETRIES, expected_failed_checks=expected_failures)
def test_common_checks(estimator, check, monkeypatch):
    refused = isinstance(estimator, GraphScattering) and estimator.method != "eigen"
    products = pytest.raises(InputError, match="take NumPy and PyTorch arrays, got array_api_strict")
    with (
        products if refused and check.keywords.get("array_namespace") == "array_api_strict" else nullcontext()
    ):
        run_check(monkeypatch, estimator, check)


# Checks that scikit-learn has but does not run by itself.
FURTHER = [
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_global_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_global_set_output_transform_polars",
    "check_dataframe_column_names_consistency",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_get_feature_names_out_error",
    "check_n_features_in_after_fitting",
]


@pytest.mark.parametrize("name", [name for name in FURTHER if hasattr(estimator_checks, name)])
@pytest.mark.parametrize("estimator", ON_GRIDS + ON_GEOMETRIES, ids=str)
def test_further_checks(estimator, name, monkeypatch):
    if name == "check_get_feature_names_out_error" and estimator in ON_GEOMETRIES:
        pytest.skip("the check is that names need a fit, and here they follow from the parameters")
    check = getattr(estimator_checks, name)
    run_check(monkeypatch, estimator, lambda estimator: check(type(estimator).__name__, estimator))


@pytest.mark.parametrize("estimator", OF_COLLECTIONS, ids=lambda e: type(e).__name__)
def test_collections_say_that_they_take_no_rows(estimator):
    assert not get_tags(estimator).input_tags.two_d_array
    with pytest.warns(SkipTestWarning, match="Can't test estimator"):
        check_estimator(estimator)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300].astype(np.float32) / 16, y[:300]


def test_shape_is_learnt_from_square_rows_and_from_images(digits):
    X, _ = digits
    rows = Scattering2D(J=2).fit(X)
    images = Scattering2D(J=2).fit(X.reshape(-1, 8, 8))
    assert rows.shape_ == images.shape_ == (8, 8)
    assert rows.n_features_in_ == images.n_features_in_ == 64
    np.testing.assert_array_equal(rows.transform(X), images.transform(X.reshape(-1, 8, 8)))


def test_transform_is_the_call_flattened_and_named(digits):
    X, _ = digits
    S = Scattering2D(J=2, shape=(8, 8)).fit(X)
    called = S(X.reshape(-1, 8, 8))
    np.testing.assert_array_equal(S.transform(X), called.reshape(len(X), -1))
    names = S.get_feature_names_out()
    assert names.shape == (called[0].size,)
    place = list(names).index("|x*psi[j=1,theta=3]|*phi[1,0]")
    np.testing.assert_array_equal(
        S.transform(X)[:, place], called[:, S.tree.names.index("|x*psi[j=1,theta=3]|*phi"), 1, 0]
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pooling": "mean"},
        {"pooling": "moments"},
        {"average": "global"},
        {"average": False},
        {"average": False, "pooling": "moments"},
        {"log": True},
        {"log": 1e-3, "pooling": "mean"},
        {"max_order": 0},
    ],
    ids=str,
)
@pytest.mark.parametrize("estimator", [Scattering1D(J=3), Scattering2D(J=2)], ids=lambda e: type(e).__name__)
def test_every_readout_has_a_name_for_every_feature(estimator, options):
    X = np.random.default_rng(0).standard_normal((4, 64))
    S = clone(estimator).set_params(**options)
    features = S.fit_transform(X)
    names = S.get_feature_names_out()
    assert features.shape == (4, len(names))
    assert len(set(names)) == len(names)
    assert np.isfinite(features).all()


def test_channels_are_batch_axes():
    X = np.random.default_rng(0).standard_normal((4, 3, 16, 16))
    S = Scattering2D(J=2, shape=(16, 16)).fit(X)
    assert S.lead_ == (3,)
    np.testing.assert_array_equal(S.transform(X), S(X).reshape(4, -1))
    rows = Scattering2D(J=2, shape=(16, 16)).fit(X.reshape(4, -1))
    np.testing.assert_array_equal(rows.transform(X.reshape(4, -1)), S.transform(X))
    assert S.get_feature_names_out()[-1].startswith("channel 2: ||x*psi")


def test_pandas_and_polars_output(digits):
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    X, _ = digits
    frame = Scattering2D(J=2, pooling="mean").set_output(transform="pandas").fit_transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns[1] == "mean(|x*psi[j=0,theta=0]|*phi)"
    with config_context(transform_output="polars"):
        assert isinstance(Scattering2D(J=2, pooling="mean").fit_transform(X), pl.DataFrame)


def test_set_params_then_refit_uses_the_new_filters(digits):
    X, _ = digits
    S = Scattering2D(J=1, shape=(8, 8)).fit(X)
    assert S.transform(X).shape == (300, 9 * 16)
    S.set_params(J=2)
    assert S.fit_transform(X).shape == (300, 81 * 4)
    assert S.set_params(L=4).tree.counts == (1, 8, 16)


def test_grid_search_over_J(digits):
    X, y = digits
    pipeline = make_pipeline(Scattering2D(), StandardScaler(), LogisticRegression(max_iter=300))
    search = GridSearchCV(pipeline, {"scattering2d__J": [1, 2], "scattering2d__max_order": [1, 2]}, cv=3)
    search.fit(X, y)
    assert search.best_score_ > 0.9
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert cross_val_score(search.best_estimator_, X, y, cv=3).mean() > 0.9


def test_pickle_carries_parameters_and_no_filters(digits):
    X, _ = digits
    S = Scattering2D(J=2).fit(X)
    data = pickle.dumps(S)
    assert len(data) < 2000
    np.testing.assert_array_equal(pickle.loads(data).transform(X), S.transform(X))


def test_html_repr_and_print():
    S = Scattering2D(J=2, shape=(8, 8))
    assert repr(S) == "Scattering2D(J=2, shape=(8, 8))"
    assert "Scattering2D" in S._repr_html_()


def test_tensors_stay_tensors(digits):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    X, _ = digits
    S = Scattering2D(J=2).fit(X)
    features = S.transform(torch.from_numpy(X))
    assert isinstance(features, torch.Tensor)
    assert features.dtype == torch.float32
    np.testing.assert_allclose(features.numpy(), S.transform(X), rtol=1e-4, atol=1e-6)


def test_precision_is_kept(digits):
    X, _ = digits
    S = Scattering1D(J=3).fit(X)
    assert S.transform(X).dtype == np.float32
    assert S.transform(X.astype(np.float64)).dtype == np.float64
    assert S.transform((16 * X).astype(np.uint8)).dtype == np.float32


def test_names_of_columns_are_checked():
    pd = pytest.importorskip("pandas")
    X = pd.DataFrame(np.random.default_rng(0).standard_normal((5, 16)), columns=[f"t{i}" for i in range(16)])
    S = Scattering1D(J=2).fit(X)
    assert list(S.feature_names_in_) == list(X.columns)
    with pytest.raises(ValueError, match="not equal to feature_names_in_"):
        S.get_feature_names_out([f"u{i}" for i in range(16)])
    S.fit(np.zeros((5, 3, 16)))
    assert not hasattr(S, "feature_names_in_")
