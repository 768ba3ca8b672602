"""The estimators are scikit-learn's in full: common checks, names, output containers, search, persistence."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

from scatter import Scattering1D, Scattering2D, ScatterWarning

ESTIMATORS = [Scattering1D(J=1), Scattering2D(J=1)]

SAME_NAMESPACE = (
    "nothing that fit learns is an array, so fitting on NumPy and transforming tensors is right and allowed"
)


def expected_failures(estimator):
    return {"check_array_api_same_namespace": SAME_NAMESPACE}


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_common_checks(estimator, check):
    with warnings.catch_warnings():
        # The checks fit tiny arrays with several array libraries, which emit their own notices.
        warnings.simplefilter("ignore")
        check(estimator)


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
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_further_checks(estimator, name):
    with warnings.catch_warnings():
        # These checks fit a data frame and then transform an array, which scikit-learn itself warns of.
        warnings.filterwarnings("ignore", "X (does not have valid|has) feature names", UserWarning)
        warnings.filterwarnings("ignore", "rows of", ScatterWarning)
        getattr(estimator_checks, name)(type(estimator).__name__, clone(estimator))


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
