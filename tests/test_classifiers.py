"""The classifiers of `scatter.learning`, which are scikit-learn's in every respect."""

import pickle

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.spatial.distance import pdist
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import NearestCentroid
from sklearn.utils.estimator_checks import parametrize_with_checks

from scatter import InputError, PointCloud
from scatter.domains.shapes import icosphere
from scatter.learning import (
    HEADS,
    AffinePCAClassifier,
    AugmentedClassifier,
    KernelRidgeClassifier,
    OrthogonalLeastSquares,
    make_scattering_classifier,
    mirrored,
)
from scatter.learning import affine as affine_module
from scatter.learning import kernel as kernel_module
from scatter.learning.affine import AffineSpace
from scatter.learning.classes import folds_of, temperature


@parametrize_with_checks(
    [
        AffinePCAClassifier(),
        AffinePCAClassifier(2, whiten=True),
        OrthogonalLeastSquares(),
        KernelRidgeClassifier(),
        KernelRidgeClassifier(1.0, gamma=0.5),
        # The samples of the checks are not what they are in a mirror.
        AugmentedClassifier(AffinePCAClassifier(), changes=()),
    ]
)
def test_common_checks(estimator, check):
    check(estimator)


def spaces(n=60, dimension=3, n_features=20, classes=4, noise=0.05, seed=0):
    """Samples near affine spaces through the origin, which no hyperplane parts."""
    rng = np.random.default_rng(seed)
    frames = [np.linalg.qr(rng.standard_normal((n_features, dimension)))[0].T for _ in range(classes)]
    X = np.concatenate([rng.standard_normal((n, dimension)) @ frame for frame in frames])
    return X + noise * rng.standard_normal(X.shape), np.repeat(np.arange(classes), n)


def test_spaces_that_cross_are_told_apart_and_their_dimension_is_found():
    X, y = spaces()
    model = AffinePCAClassifier(whiten=False).fit(X, y)
    assert model.n_components_ == 3
    assert model.score(X, y) > 0.95
    assert NearestCentroid().fit(X, y).score(X, y) < 0.6


def test_dimension_zero_is_the_nearest_mean():
    X, y = spaces(noise=1.0)
    model = AffinePCAClassifier(0, whiten=False).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), NearestCentroid().fit(X, y).predict(X))
    away = ((X[:, None] - np.stack([X[y == c].mean(0) for c in range(4)])) ** 2).sum(-1)
    np.testing.assert_allclose(model.decision_function(X), -away / 2, rtol=1e-10)


def test_distances_are_those_to_the_space():
    X, y = spaces(noise=0.3)
    model = AffinePCAClassifier(2, whiten=False).fit(X, y)
    for c in range(4):
        pca = PCA(2, svd_solver="full").fit(X[y == c])
        rest = X - pca.inverse_transform(pca.transform(X))
        np.testing.assert_allclose(model.decision_function(X)[:, c], -(rest**2).sum(1) / 2, rtol=1e-9)


def test_whitened_distances_are_the_likelihoods_of_probabilistic_pca():
    X, y = spaces(noise=0.3)
    model = AffinePCAClassifier(2, whiten=True).fit(X, y)
    for c in range(4):
        expected = PCA(2, svd_solver="full").fit(X[y == c]).score_samples(X)
        found = model.decision_function(X)[:, c] - X.shape[1] / 2 * np.log(2 * np.pi)
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_whitening_is_chosen_where_classes_differ_in_spread_alone():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 200)
    X = rng.standard_normal((400, 10)) * np.where(y == 0, 1.0, 3.0)[:, None]
    model = AffinePCAClassifier().fit(X, y)
    assert model.whiten_
    assert model.score_ > 0.95
    assert AffinePCAClassifier(whiten=False).fit(X, y).score_ < 0.8


@pytest.mark.parametrize("whiten", [False, True])
def test_probabilities_are_calibrated_on_samples_that_were_not_seen(whiten):
    X, y = spaces(noise=0.6, n=200)
    X_test, y_test = X[::2], y[::2]
    model = AffinePCAClassifier(whiten=whiten).fit(X[1::2], y[1::2])
    found = model.predict_proba(X_test)
    np.testing.assert_allclose(found.sum(1), 1)
    np.testing.assert_array_equal(found.argmax(1), model.predict(X_test))
    here = log_loss(y_test, found)
    for factor in (0.25, 4):
        other = clone(model).fit(X[1::2], y[1::2])
        other.temperature_ *= factor
        assert log_loss(y_test, other.predict_proba(X_test)) > here


def test_the_temperature_is_that_of_the_scores():
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((20000, 3)) * 2
    truth = (logits + rng.gumbel(size=logits.shape)).argmax(1)
    for scale in (1e-6, 1.0, 1e6):
        assert temperature(scale * logits, truth) == pytest.approx(scale, rel=0.05)
    assert temperature(np.zeros((0, 3)), np.zeros(0, int)) == 1


def test_single_and_double_precision_agree_and_large_inputs_go_in_blocks(monkeypatch):
    X, y = spaces(noise=0.3)
    double = AffinePCAClassifier().fit(X, y)
    single = AffinePCAClassifier().fit(X.astype(np.float32), y)
    assert single.spaces_[0].directions.dtype == np.float32
    assert (single.n_components_, single.whiten_) == (double.n_components_, double.whiten_)
    np.testing.assert_allclose(
        single.decision_function(X.astype(np.float32)), double.decision_function(X), rtol=1e-3, atol=1e-4
    )
    monkeypatch.setattr(affine_module, "BLOCK", 1)
    np.testing.assert_allclose(
        double.decision_function(X), AffinePCAClassifier().fit(X, y).decision_function(X)
    )


def test_two_classes_labels_of_text_and_pickles():
    X, y = spaces(classes=2)
    model = AffinePCAClassifier().fit(X, np.asarray(["yes", "no"])[y])
    assert model.classes_.tolist() == ["no", "yes"]
    values = model.decision_function(X)
    assert values.shape == (120,)
    np.testing.assert_array_equal(model.predict(X), np.where(values > 0, "yes", "no"))
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.decision_function(X), values)


def test_samples_that_are_few_or_all_alike():
    X, y = spaces(n=4)
    alone = np.concatenate([X, X[:1] + 9]), np.append(y, 7)
    model = AffinePCAClassifier(50, whiten=False).fit(*alone)  # more than there are samples
    assert model.n_components_ == 3
    assert model.predict(alone[0])[-1] == 7
    assert model.spaces_[-1].directions.shape == (0, 20)
    pair = AffinePCAClassifier().fit(X[[0, -1]], [0, 1])
    assert np.isnan(pair.score_)
    assert pair.predict(X[[0, -1]]).tolist() == [0, 1]
    for whiten in (False, True):
        alike = AffinePCAClassifier(whiten=whiten).fit(np.ones((20, 5)), np.arange(20) % 2)
        assert np.isfinite(alike.predict_proba(np.ones((2, 5)))).all()
        constant = AffinePCAClassifier(whiten=whiten).fit(np.insert(X, 3, 5.0, axis=1), y)
        assert constant.score(np.insert(X, 3, 5.0, axis=1), y) > 0.9


def test_a_space_keeps_what_its_directions_leave():
    X = np.random.default_rng(0).standard_normal((300, 6)) * [5, 3, 1, 1, 1, 1]
    space = AffineSpace.of(X, 2, 0)
    assert space.variances.sum() + space.rest == pytest.approx(X.var(0, ddof=1).sum())


def test_small_classes_are_learnt_and_not_tested():
    codes = np.repeat([0, 1, 2], [20, 20, 2])
    tested = []
    for seen, unseen in folds_of(codes, 5, np.random.RandomState(0)):
        assert not set(seen) & set(unseen)
        assert {40, 41} <= set(seen)
        tested.extend(unseen)
    assert sorted(tested) == list(range(40))


@pytest.mark.parametrize(
    ("options", "X", "y", "message"),
    [
        ({"n_components": -1}, None, None, "n_components must be 'auto' or an integer >= 0, got -1"),
        ({"n_components": "many"}, None, None, "n_components must be 'auto' or an integer >= 0, got 'many'"),
        ({"n_components": True}, None, None, "n_components must be 'auto'"),
        ({"whiten": 1}, None, None, "whiten must be True, False or 'auto', got 1"),
        ({"cv": 1}, None, None, "cv must be an integer >= 2, got 1"),
        ({}, None, np.zeros(240), r"at least two classes are needed, got one class, 0\.0"),
        ({}, np.full((240, 20), np.nan), None, "Input X contains NaN"),
        ({}, csr_array(np.eye(240, 20)), None, "takes dense samples, got sparse data of type csr_array"),
        ({}, None, np.linspace(0, 1, 240), "Unknown label type: continuous"),
        ({}, np.zeros((240, 0)), None, r"0 feature\(s\)"),
        ({}, None, np.zeros(3), "inconsistent numbers of samples"),
    ],
)
def test_errors(options, X, y, message):
    ours = spaces()
    with pytest.raises(InputError, match=message):
        AffinePCAClassifier(**options).fit(ours[0] if X is None else X, ours[1] if y is None else y)


def test_other_features_than_in_fit_are_refused():
    X, y = spaces()
    model = AffinePCAClassifier(1).fit(X, y)
    with pytest.raises(InputError, match="X has 19 features, but AffinePCAClassifier is expecting 20"):
        model.predict(X[:, 1:])


# ---------------------------------------------------------------------- selection
def by_hand(X, target, count):
    """Orthogonal least squares of one target as it is defined: residuals of regressions on what was taken."""
    chosen = []
    X, target = X - X.mean(0), target - target.mean()
    for _ in range(count):
        basis = np.linalg.qr(X[:, chosen])[0] if chosen else np.zeros((len(X), 0))
        left, rest = X - basis @ (basis.T @ X), target - basis @ (basis.T @ target)
        gains = (left.T @ rest) ** 2 / np.maximum((left**2).sum(0), 1e-12)
        gains[chosen] = -1
        chosen.append(int(gains.argmax()))
    return chosen


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_are_taken_as_the_definition_says(dtype):
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((200, 30)) @ rng.standard_normal((30, 30))).astype(dtype)
    y = (X[:, 3] + 2 * X[:, 11] + rng.standard_normal(200) > 1).astype(int)
    assert OrthogonalLeastSquares(12).fit(X, y).order_.tolist() == by_hand(X, y.astype(float), 12)


def test_classes_take_turns():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((300, 25)), rng.integers(0, 3, 300)
    X[np.arange(300), 5 + y] += 3
    expected = [by_hand(X, (y == c).astype(float), 8) for c in range(3)]
    turns = [place for turn in zip(*expected, strict=True) for place in turn]
    assert OrthogonalLeastSquares(8).fit(X, y).order_.tolist() == list(dict.fromkeys(turns))[:8]


def test_what_is_said_already_is_not_taken_again():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100, 4))
    X = np.column_stack([X, X, X.sum(1), np.ones(100), 1e6 + np.zeros(100)])
    model = OrthogonalLeastSquares(11).fit(X, rng.integers(0, 2, 100))
    assert len(model.order_) == 4
    assert not {9, 10} & set(model.order_.tolist())
    assert np.linalg.matrix_rank(model.transform(X)) == 4


def test_names_and_columns_are_kept():
    pd = pytest.importorskip("pandas")
    X, y = spaces()
    table = pd.DataFrame(X, columns=[f"path {k}" for k in range(20)])
    model = OrthogonalLeastSquares(5).set_output(transform="pandas").fit(table, y)
    kept = np.flatnonzero(model.get_support())
    assert list(model.get_feature_names_out()) == [f"path {k}" for k in kept]
    np.testing.assert_array_equal(model.transform(table), X[:, kept])


@pytest.mark.parametrize("count", [0, -1, 2.5, "all", True])
def test_how_many_features(count):
    with pytest.raises(InputError, match=f"n_features_to_select must be an integer >= 1, got {count!r}"):
        OrthogonalLeastSquares(count).fit(*spaces())


# ---------------------------------------------------------------------- a pipeline for a kind of data
def turns(n=24, side=16):
    """Stripes of two directions."""
    rng = np.random.default_rng(0)
    u, v = np.mgrid[:side, :side]
    y = np.arange(n) % 2
    phase = rng.uniform(0, 2 * np.pi, n)[:, None, None]
    waves = np.where(y[:, None, None] == 0, np.sin(1.2 * u + phase), np.sin(1.2 * v + phase))
    return waves + 0.1 * rng.standard_normal((n, side, side)), y


def chirps(n=24, length=512):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    t = np.arange(length)
    return np.stack([np.sin((0.3 + k) * t + rng.uniform(0, 6)) for k in y]) + 0.1 * rng.standard_normal(
        (n, length)
    ), y


def grains(n=16, side=12):
    """Blobs of two widths, anywhere."""
    rng = np.random.default_rng(0)
    y, axis = np.arange(n) % 2, np.arange(side)
    centres = rng.uniform(4, side - 4, (n, 3))
    near = [
        [np.exp(-((axis - c) ** 2) / (2 + 3 * k)) for c in centre]
        for centre, k in zip(centres, y, strict=True)
    ]
    return np.stack([np.einsum("i,j,k->ijk", *axes) for axes in near]), y


def rings_and_stars(n=24):
    graphs = []
    for k in range(n):
        m = 6 + k // 2
        a = np.zeros((m, m))
        i = np.arange(m)
        if k % 2:
            a[i, (i + 1) % m] = 1
        else:
            a[0, 1:] = 1
        graphs.append(a + a.T)
    return graphs, np.arange(n) % 2


def bodies(n=12):
    return [icosphere(2, (1, 1, 1 if k % 2 else 1.8)) for k in range(n)], np.arange(n) % 2


KINDS = {
    "image": (turns, {}, (16, 16)),
    "sound": (chirps, {}, 512),
    "series": (chirps, {}, 512),
    "volume": (grains, {}, (12, 12, 12)),
    "graph": (rings_and_stars, {"signals": ("degree",)}, None),
    "mesh": (bodies, {"n_eig": 30}, None),
    "points": (lambda: ([PointCloud(m.vertices) for m in bodies()[0]], bodies()[1]), {"n_eig": 30}, None),
}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("domain", KINDS)
def test_every_kind_of_data_is_learnt(domain, head):
    make, options, size = KINDS[domain]
    X, y = make()
    model = make_scattering_classifier(domain, head, size, **options)
    fitted = clone(model).fit(X, y)
    assert fitted.score(X, y) == 1
    assert list(fitted.named_steps) == ["scattering", "standardise", head]
    assert len(fitted[:-1].get_feature_names_out()) == fitted[-1].n_features_in_


def test_textures_are_known_however_they_are_turned():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 32, 32))
    X[1::2] = np.apply_along_axis(np.convolve, 2, X[1::2], np.ones(5) / 2, "same")
    X[1::2] = np.apply_along_axis(np.convolve, 1, X[1::2], np.ones(5) / 2, "same")
    y = np.arange(20) % 2
    model = make_scattering_classifier("texture", size=(32, 32), padding="periodic").fit(X, y)
    assert model.score(np.rot90(X, axes=(1, 2)), y) == 1
    np.testing.assert_allclose(
        model[:1].transform(np.rot90(X, axes=(1, 2))), model[:1].transform(X), atol=0.2
    )


def test_fields_on_a_sphere_are_learnt():
    model = make_scattering_classifier("sphere", size=8, J_min=1)
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 8, 15)), np.arange(12) % 2
    X[y == 1] = np.cumsum(X[y == 1], axis=-1)
    assert model.fit(X, y).score(X, y) == 1


@pytest.mark.parametrize(
    ("domain", "size", "expected"),
    [
        ("image", (8, 8), {"J": 2}),
        ("image", (28, 40), {"J": 3}),
        ("image", (224, 224), {"J": 4}),
        ("texture", (200, 200), {"J": 5}),
        ("sound", 4096, {"J": 10, "T": 1024.0}),
        ("sound", 110250, {"J": 14, "T": 8192.0}),
        ("series", 140, {"J": 5}),
        ("series", 3, {"J": 1}),
    ],
)
def test_scales_follow_from_the_size(domain, size, expected):
    found = make_scattering_classifier(domain, size=size)["scattering"].get_params()
    assert {name: found[name] for name in expected} == expected
    assert found["shape"] == size
    assert make_scattering_classifier(domain, size=size, J=1)["scattering"].J == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: make_scattering_classifier("video"),
            "domain must be one of 'image', 'texture', .*, got 'video'",
        ),
        (lambda: make_scattering_classifier("image", "forest"), "head must be one of"),
        (lambda: make_scattering_classifier("image", size=8), r"size of domain 'image' must be 2 positive"),
        (
            lambda: make_scattering_classifier("image", size=(8, 0)),
            r"must be 2 positive .*, got \(8, 0\)",
        ),
        (
            lambda: make_scattering_classifier("sound", size="long"),
            "must be 1 positive .*, got 'long'",
        ),
        (lambda: make_scattering_classifier("graph", size=8), "size of domain 'graph' must be None, got 8"),
        (
            lambda: make_scattering_classifier("image", Q=8),
            "Scattering2D has no parameter 'Q'; it has J,",
        ),
        (lambda: make_scattering_classifier("sphere"), "fields on a sphere need a band limit; type size=L"),
    ],
)
def test_what_a_pipeline_may_be_made_of(call, message):
    with pytest.raises(InputError, match=message):
        call()


# ---------------------------------------------------------------------- changed copies
def halves(n=40):
    """Images that are bright on the left, or in the middle, with noise."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = 0.3 * rng.standard_normal((n, 8, 8))
    X[y == 0, :, :3] += 1
    X[y == 1, :, 3:5] += 1
    return X, y


def test_a_classifier_learns_what_a_mirror_shows():
    X, y = halves()
    plain = make_scattering_classifier("image", "svm", (8, 8))
    model = AugmentedClassifier(plain).fit(X, y)
    assert model.score(X[..., ::-1], y) == 1
    assert clone(plain).fit(X, y).score(X[..., ::-1], y) < 1
    np.testing.assert_array_equal(model.classes_, [0, 1])
    assert not hasattr(model, "predict_proba")
    np.testing.assert_array_equal(model.decision_function(X) > 0, y == 1)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


def test_copies_are_of_the_samples_of_a_fit_alone():
    seen = []

    def shifted(X):
        seen.append(len(X))
        return np.roll(X, 1, -1)

    X, y = halves()
    model = AugmentedClassifier(make_scattering_classifier("image", "ridge"), [mirrored, shifted])
    cross_val_score(model, X, y, cv=4, error_score="raise")
    assert seen == [30] * 4
    rows = AugmentedClassifier(NearestCentroid()).fit(X.reshape(40, -1), y)
    assert rows.n_features_in_ == 64
    both = np.concatenate([X.reshape(40, -1)[y == 0], X.reshape(40, -1)[y == 0, ::-1]])
    np.testing.assert_allclose(rows.classifier_.centroids_[0], both.mean(0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([3], r"changes must be functions of samples, got \[3\]"),
        (
            [lambda X: X[1:]],
            r"must give samples of the shape .*, \(40, 8, 8\), got \(39, 8, 8\)",
        ),
    ],
)
def test_what_changes_may_be(changes, message):
    with pytest.raises(InputError, match=message):
        AugmentedClassifier(make_scattering_classifier("image"), changes).fit(*halves())


# ---------------------------------------------------------------------- ridge regression with a kernel
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("tile", [16, 2048])
def test_kernel_ridge_is_that_of_scikit_learn(classes, tile, monkeypatch):
    monkeypatch.setattr(kernel_module, "TILE", tile)
    X, y = spaces(classes=classes, n=30)
    model = KernelRidgeClassifier(0.3, gamma=0.2).fit(X[::2], y[::2])
    targets = 2.0 * (y[::2, None] == np.arange(classes)) - 1
    targets = targets if classes > 2 else targets[:, 1]
    expected = KernelRidge(alpha=0.3, kernel="rbf", gamma=0.2).fit(X[::2], targets)
    np.testing.assert_allclose(model.decision_function(X), expected.predict(X), rtol=1e-9, atol=1e-12)
    places = expected.predict(X).argmax(1) if classes > 2 else expected.predict(X) > 0
    np.testing.assert_array_equal(model.predict(X), places)


def test_the_width_of_a_kernel_is_the_median_distance():
    X = np.random.default_rng(0).standard_normal((50, 3))
    y = X[:, 0] > 0
    assert KernelRidgeClassifier().fit(X, y).gamma_ == pytest.approx(1 / np.median(pdist(X) ** 2))
    assert KernelRidgeClassifier().fit(7 * X, y).gamma_ == pytest.approx(1 / np.median(pdist(7 * X) ** 2))
    few = np.zeros((50, 3))
    few[:3, 0] = 2
    assert KernelRidgeClassifier().fit(few, few[:, 0] > 0).gamma_ == pytest.approx(1 / 4)
    assert KernelRidgeClassifier().fit(0 * few, few[:, 0] > 0).gamma_ == 1


def test_kernels_in_single_precision_far_from_zero():
    X, y = spaces()
    exact = KernelRidgeClassifier().fit(X, y)
    model = KernelRidgeClassifier().fit((X + 1000).astype(np.float32), y)
    found = model.decision_function((X + 1000).astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact.decision_function(X), atol=5e-3)
    np.testing.assert_array_equal(model.predict((X + 1000).astype(np.float32)), exact.predict(X))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0}, "alpha must be a positive number, got 0"),
        ({"alpha": "auto"}, "alpha must be a positive number, got 'auto'"),
        ({"gamma": -1.0}, "gamma must be 'median' or a positive number, got -1.0"),
        ({"gamma": "scale"}, "gamma must be 'median' or a positive number, got 'scale'"),
        ({"alpha": 1e-30}, "alpha=1e-30 is too small for 40 samples of float64; type a larger one"),
    ],
)
def test_what_a_kernel_ridge_may_be(options, message):
    X, y = np.zeros((40, 3)), np.arange(40) % 2
    with pytest.raises(InputError, match=message):
        KernelRidgeClassifier(**options).fit(X, y)


def test_kernel_ridge_refuses_other_data():
    X, y = spaces(n=5)
    for bad, labels, message in (
        (X, np.zeros(len(y)), "at least two classes are needed, got one class"),
        (X * np.nan, y, "contains NaN"),
        (csr_array(X), y, "KernelRidgeClassifier takes dense samples"),
        (X, y + 0.5, "Unknown label type"),
    ):
        with pytest.raises(InputError, match=message):
            KernelRidgeClassifier().fit(bad, labels)
    with pytest.raises(InputError, match="features"):
        KernelRidgeClassifier().fit(X, y).predict(X[:, :4])
