"""Classifiers are trained on tables, told apart by what they have not seen, and never pickled."""

import dataclasses
import io
import json
import sys
import warnings
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests_support import one_line

from scatter.cli.learn import run_evaluate, run_train
from scatter.errors import FileError, InputError, MissingExtraError, ScatterWarning
from scatter.io import FeatureTable, write_table
from scatter.learning import (
    HEADS,
    Evaluation,
    Model,
    check_model_output,
    evaluate,
    load_model,
    predict,
    save_model,
    train,
)
from scatter.learning import heads as heads_module
from scatter.learning import training as training_module

pytestmark = pytest.mark.usefixtures("own_folder")

METADATA = {"recipe": "{}", "filters": "0123", "transform": "Scattering2D(J=2)"}


def table(n=60, classes=("cat", "dog", "owl"), dtype=np.float32, seed=0, **keys):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % len(classes)
    features = (rng.standard_normal((n, 5)) + 6 * np.eye(len(classes), 5)[y]).astype(dtype)
    keys = {"file": [f"{i}.png" for i in range(n)], "label": [classes[i] for i in y], **keys}
    return FeatureTable(features, tuple("abcde"), keys, dict(METADATA))


def refused(call, error=InputError):
    with pytest.raises(error) as info:
        call()
    return one_line(info)


# Training


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_classes_far_apart_are_learnt(head, dtype):
    model = train(table(dtype=dtype), head=head)
    assert model.classes == ("cat", "dog", "owl")
    assert (model.head, model.names, model.metadata) == (head, tuple("abcde"), METADATA)
    assert len(model.scores) == 5
    assert model.mean == pytest.approx(np.mean(model.scores)) == pytest.approx(1)
    assert model.spread == pytest.approx(0)
    assert model.grouped_by is None
    assert evaluate(model, table(seed=1)).accuracy > 0.95


@pytest.mark.parametrize("head", HEADS)
def test_two_classes_have_two_columns_of_values(head):
    model = train(table(classes=("no", "yes")), head=head)
    told = predict(model, table(6, ("no", "yes"), seed=1).features)
    assert told.values.shape == (6, 2)
    assert list(told.labels) == ["no", "yes"] * 3
    assert told.probabilities == (head in ("logistic", "pca"))
    if told.probabilities:
        np.testing.assert_allclose(told.values.sum(axis=1), 1)
    np.testing.assert_array_equal(told.best, told.values.max(axis=1))


def test_float32_stays_float32():
    model = train(table())
    assert model.pipeline[-1].coef_.dtype == np.float32
    assert predict(model, table().features).values.dtype == np.float32


def test_the_same_seed_gives_the_same_scores():
    noisy = table()
    noisy.features[:] += 3 * np.random.default_rng(3).standard_normal(noisy.features.shape)
    assert train(noisy, seed=4).scores == train(noisy, seed=4).scores
    assert train(noisy, seed=4).scores != train(noisy, seed=5).scores


def test_small_classes_have_fewer_folds():
    small = table(9)
    assert len(train(small).scores) == 3
    assert len(train(table(60), folds=2).scores) == 2


def test_groups_are_never_split():
    # The labels are noise, but every group has a mark of its own.
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(20), 3)
    marks = np.eye(20)[group] * 10
    labels = np.repeat(rng.permutation([0, 1] * 10), 3).astype(str)
    keys = {"file": group.astype(str), "label": labels}
    names = tuple(map(str, range(20)))
    grouped = train(FeatureTable(marks, names, {**keys, "group": group.astype(str)}))
    split = train(FeatureTable(marks, names, {**keys, "file": np.arange(60).astype(str)}))
    assert (grouped.grouped_by, split.grouped_by) == ("group", None)
    assert split.mean == 1
    assert grouped.mean < 0.8
    # Segments of one file belong together too, if every file is of one class.
    files = train(FeatureTable(marks, names, {**keys, "segment": np.arange(60) % 3}))
    assert files.grouped_by == "file"
    assert files.scores == grouped.scores


def test_rows_of_one_array_are_samples_of_their_own():
    assert train(table(file=["mnist.npz"] * 60, segment=np.arange(60))).grouped_by is None
    one_file_a_class = [f"{i % 3}.npy" for i in range(60)]
    assert train(table(file=one_file_a_class, segment=np.arange(60))).grouped_by is None


def test_any_key_column_can_hold_the_labels():
    labelled = table(group=["left", "right"] * 30)
    assert train(labelled, "group").classes == ("left", "right")
    assert train(labelled, "group").grouped_by is None


def nan_table():
    spoilt = table()
    spoilt.features[7, 2] = np.nan
    return spoilt


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (table, {"label": "digit"}, "the table has no key column 'digit'; it has file, label"),
        (
            table,
            {"head": "forest"},
            "head must be one of 'logistic', 'svm', 'ridge', 'rbf', 'kernel', 'pca', got 'forest'",
        ),
        (table, {"folds": 1}, "folds must be at least 2, got 1"),
        (
            lambda: table(classes=("cat",)),
            {},
            "at least two classes are needed, got 'cat' alone in label",
        ),
        (lambda: table(4), {}, "every class needs at least two samples, got one of 'dog'"),
        (
            lambda: table(label=["", "a", ""] * 20),
            {},
            "40 of 60 rows have no label, the first is row 0, file 0.png",
        ),
        (
            nan_table,
            {},
            "features contain NaN or infinite values, the first in row 7, column 2; leave such samples out",
        ),
        (
            lambda: table(group=["one"] * 60),
            {},
            "at least two groups are needed for a cross-validation, got one in group",
        ),
        (
            lambda: table(classes=("a", "b"), group=["one", "two"] * 30),
            {},
            "without some of the groups in group only the class 'a' is left; every class needs samples in "
            "several groups",
        ),
        (
            lambda: FeatureTable(np.zeros((2, 0)), (), {"file": "ab", "label": "ab"}),
            {},
            "features are empty: their shape is (2, 0)",
        ),
    ],
)
def test_what_can_not_be_learnt_from_is_said(make, options, message):
    assert refused(lambda: train(make(), **options)) == message


def test_a_classifier_that_stops_early_warns_in_one_line(monkeypatch):
    monkeypatch.setattr(heads_module, "_MAX_ITERATIONS", 1)
    with pytest.warns(ScatterWarning, match=r"^logistic has not converged; the accuracy may be lower"):
        train(table())


def test_a_model_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        train(table()).head = "svm"
    assert np.isnan(Model(None, (), ()).mean)
    assert np.isnan(Model(None, (), ()).spread)


# Prediction and evaluation


def test_what_is_not_the_features_of_the_model_is_refused():
    model = train(table())
    assert refused(lambda: predict(model, np.zeros((2, 4)))) == "the model has 5 features, got 4"
    assert refused(lambda: predict(model, np.zeros(5))) == (
        "features must be floats of shape (n_samples, n_features), got float64 of shape (5,)"
    )
    assert refused(lambda: predict(model, np.zeros((1, 5), int))).startswith("features must be floats")
    assert refused(lambda: predict(model, np.full((1, 5), np.inf))).startswith("features contain NaN or inf")


def test_an_evaluation_counts():
    found = Evaluation(("a", "b", "c"), np.array([[3, 1, 0], [2, 2, 0], [0, 0, 0]]))
    assert found.accuracy == 5 / 8
    assert found.balanced_accuracy == (3 / 4 + 1 / 2) / 2
    assert list(found.support) == [4, 4, 0]
    np.testing.assert_array_equal(found.recall, [3 / 4, 1 / 2, np.nan])
    np.testing.assert_array_equal(found.precision, [3 / 5, 2 / 3, np.nan])


def test_an_evaluation_agrees_with_scikit_learn():
    from sklearn import metrics

    model = train(table())
    test = table(seed=5)
    test.features[:] += 4 * np.random.default_rng(3).standard_normal(test.features.shape)
    found = evaluate(model, test)
    told, labels = predict(model, test.features).labels, test.keys["label"]
    assert 0.4 < found.accuracy < 1
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(labels, told))
    assert found.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(labels, told))
    precision, recall, _, support = metrics.precision_recall_fscore_support(labels, told)
    np.testing.assert_allclose(found.precision, precision)
    np.testing.assert_allclose(found.recall, recall)
    np.testing.assert_array_equal(found.support, support)


MADE = "; the model is of features made by Scattering2D(J=2)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: FeatureTable(t.features[:, :4], t.names[:4], t.keys, t.metadata),
            "the model has 5 features, got 4" + MADE,
        ),
        (
            lambda t: FeatureTable(t.features, tuple("abxde"), t.keys, t.metadata),
            "the name of feature 2 must be 'c', got 'x'" + MADE,
        ),
        (
            lambda t: FeatureTable(t.features, t.names, t.keys, {**METADATA, "filters": "9"}),
            "the hash of the filters must be 0123, got 9" + MADE,
        ),
        (
            lambda t: FeatureTable(t.features, t.names, t.keys),
            "the hash of the filters must be 0123, got none" + MADE,
        ),
        (
            lambda t: FeatureTable(t.features, t.names, {**t.keys, "label": ["emu"] * 60}, t.metadata),
            "the label 'emu' is no class of the model, which has cat, dog, owl",
        ),
    ],
)
def test_a_table_of_another_transform_is_refused(change, message):
    model = train(table())
    assert refused(lambda: evaluate(model, change(table()))) == message


def test_features_without_a_hash_go_with_a_model_without_one():
    plain = table()
    plain.metadata.clear()
    assert evaluate(train(plain), plain).accuracy == 1
    assert refused(lambda: evaluate(train(plain), table())) == (
        "the hash of the filters must be absent, got 0123"
    )


# Files


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "ä")])
def test_models_come_back_as_they_were(head, classes):
    pytest.importorskip("skops")
    before = train(table(classes=classes), head=head)
    save_model(before, "m.SKOPS")
    after = load_model("m.SKOPS")
    for name in ("classes", "names", "head", "metadata", "scores", "grouped_by", "parameters"):
        assert getattr(after, name) == getattr(before, name)
    features = table(seed=1).features
    np.testing.assert_array_equal(predict(after, features).values, predict(before, features).values)
    assert [path.name for path in Path().iterdir()] == ["m.SKOPS"]
    with zipfile.ZipFile("m.SKOPS") as archive:
        assert not any(name.endswith((".pkl", ".pickle", ".joblib")) for name in archive.namelist())


def test_another_suffix_is_refused():
    model = train(table())
    for call in (lambda: save_model(model, "m.pkl"), lambda: load_model("m.pkl")):
        assert refused(call) == "m.pkl: a model is a .skops file, got .pkl"
    assert refused(lambda: check_model_output("m")) == (
        "m: a model is a .skops file, got a name without a suffix"
    )


def test_a_missing_skops_names_the_extra(monkeypatch):
    Path("m.skops").write_text("x")
    monkeypatch.setitem(sys.modules, "skops.io", None)
    monkeypatch.setitem(sys.modules, "skops", None)
    for call, what in [
        (lambda: check_model_output("n.skops"), "writing"),
        (lambda: load_model("m.skops"), "reading"),
    ]:
        assert refused(call, MissingExtraError) == (
            f"{what} a model needs skops, which is not installed; "
            "type: pip install 'scatter-wavelets[models]'"
        )


def test_an_impossible_output_is_known_before_training():
    pytest.importorskip("skops")
    assert refused(lambda: check_model_output("none/m.skops"), FileError) == (
        "none/m.skops: can't be written: the folder none does not exist; create it first"
    )


def dump(content, name="m.skops"):
    pytest.importorskip("skops.io").dump(content, name)


def content(**changes):
    model = train(table())
    described = {
        "classes": model.classes,
        "names": model.names,
        "head": model.head,
        "metadata": model.metadata,
        "scores": model.scores,
        "grouped_by": None,
    }
    described |= changes.pop("described", {})
    return {"format": 1, "pipeline": model.pipeline, "model": json.dumps(described), **changes}


class Strange:
    """Not of scikit-learn."""


def test_types_that_are_not_trusted_are_named_and_not_made():
    for value, shown in [
        (Strange(), f"{__name__}.Strange"),
        (Path.unlink, "pathlib"),
        (sys.exit, "sys.exit"),
        (print, "builtins.print"),
    ]:
        dump(content(pipeline=value))
        message = refused(lambda: load_model("m.skops"), FileError)
        assert message.startswith("m.skops: is not loaded: it holds objects of types that are not trusted: ")
        assert shown in message
    dump({**content(), "extra": Strange()})
    assert "Strange" in refused(lambda: load_model("m.skops"), FileError)


def changed(step, name, value):
    made = content()
    setattr(made["pipeline"][step], name, value)
    return made


def svm(**attributes):
    model = train(table(), head="svm")
    for name, value in attributes.items():
        setattr(model.pipeline[1], name, value)
    return content(pipeline=model.pipeline, described={"head": "svm"})


def other_head(head, **attributes):
    model = train(table(), head=head)
    for name, value in attributes.items():
        setattr(model.pipeline[1], name, value)
    return content(pipeline=model.pipeline, described={"head": head})


def spaces(**changes):
    model = train(table(), head="pca")
    model.pipeline[1].spaces_[1] = replace(model.pipeline[1].spaces_[1], **changes)
    return content(pipeline=model.pipeline, described={"head": "pca"})


def without(step, name):
    made = content()
    delattr(made["pipeline"][step], name)
    return made


def other_pipelines():
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        "one": Pipeline([("a", StandardScaler())]),
        "no": LogisticRegression(),
        "forest": Pipeline([("a", StandardScaler()), ("b", RandomForestClassifier())]),
        "fresh": Pipeline([("a", StandardScaler()), ("b", LogisticRegression())]),
    }


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: [1, 2], "it does not hold format, model, pipeline"),
        (lambda: {"pipeline": 1}, "it does not hold format, model, pipeline"),
        (lambda: content(format=2), "its format is 2, not 1"),
        (lambda: content(model="{"), "its description is damaged"),
        (lambda: content(model="[]"), "its description is damaged"),
        (lambda: content(model=7), "its description is damaged"),
        (lambda: content(model="[" * 100_000), "its description is damaged"),
        (lambda: content(described={"scores": "x"}), "its description is damaged"),
        (
            lambda: content(described={"head": "forest"}),
            "its classifier is 'forest', not one of logistic, svm, ridge, rbf, kernel, pca",
        ),
        (lambda: content(pipeline=3), "it is not a pipeline of a standardisation and a classifier"),
        (
            lambda: content(pipeline=other_pipelines()["one"]),
            "it is not a pipeline of a standardisation and a classifier",
        ),
        (
            lambda: content(pipeline=other_pipelines()["no"]),
            "it is not a pipeline of a standardisation and a classifier",
        ),
        (
            lambda: content(pipeline=other_pipelines()["forest"]),
            "its steps are not StandardScaler and LogisticRegression",
        ),
        (
            lambda: content(pipeline=other_pipelines()["fresh"]),
            "its classifier does not have 3 classes",
        ),
        (
            lambda: content(described={"head": "svm"}),
            "its steps are not StandardScaler and SVC",
        ),
        (lambda: svm(support_vectors_=np.zeros((9, 4))), "support_vectors_ is not an array of"),
        (lambda: svm(_dual_coef_=np.zeros((1, 1))), "_dual_coef_ is not an array of"),
        (lambda: svm(_n_support=np.array([1, 2, 10**6], np.int32)), "_n_support does not count"),
        (lambda: svm(_n_support=np.array([-1, 2, 3], np.int32)), "_n_support does not count"),
        (lambda: svm(_probA=np.zeros(9)), "_probA is not an array of 0 finite numbers"),
        (lambda: svm(kernel="precomputed"), "its support vector machine is not one of kernel 'linear'"),
        (lambda: other_head("rbf", kernel="linear"), "its support vector machine is not one of kernel 'rbf'"),
        (lambda: other_head("rbf", _gamma=float("nan")), "_gamma is not a positive number"),
        (lambda: other_head("rbf", _gamma="auto"), "_gamma is not a positive number"),
        (lambda: other_head("kernel", samples_=None), "samples_ is not an array of 0 x 5 finite numbers"),
        (lambda: other_head("kernel", samples_=np.zeros((9, 4))), "samples_ is not an array of 9 x 5 finite"),
        (lambda: other_head("kernel", centre_=np.zeros(4)), "centre_ is not an array of 5 finite numbers"),
        (lambda: other_head("kernel", dual_coef_=np.zeros((60, 1))), "dual_coef_ is not an array of 60 x 3"),
        (lambda: other_head("kernel", gamma_=-1.0), "gamma_ is not a positive number"),
        (lambda: other_head("pca", spaces_=[]), "it does not have 3 affine spaces"),
        (lambda: other_head("pca", spaces_=[1, 2, 3]), "it does not have 3 affine spaces"),
        (lambda: other_head("pca", temperature_=0.0), "temperature_ is not a positive number"),
        (lambda: other_head("pca", n_components_=-1), "n_components_ and whiten_ are not a dimension"),
        (lambda: other_head("pca", whiten_="yes"), "n_components_ and whiten_ are not a dimension"),
        (lambda: spaces(mean=np.zeros(4)), "mean is not an array of 5 finite numbers"),
        (lambda: spaces(directions=np.zeros((1, 4))), "directions is not an array of"),
        (
            lambda: spaces(directions=np.eye(2, 5), variances=np.full(2, np.nan)),
            "variances is not an array of 2 finite numbers",
        ),
        (lambda: spaces(rest=-1.0), "the variances of an affine space are not numbers from 0 on"),
        (lambda: spaces(least=None), "the variances of an affine space are not numbers from 0 on"),
        (lambda: content(described={"names": ["a"]}), "mean_ is not an array of 1 finite numbers"),
        (lambda: changed(0, "scale_", None), "scale_ is not an array of 5 finite numbers"),
        (
            lambda: changed(1, "coef_", np.full((3, 5), np.nan)),
            "coef_ is not an array of 3 x 5 finite numbers",
        ),
        (lambda: changed(1, "intercept_", "x"), "intercept_ is not an array of 3 finite numbers"),
        (
            lambda: without(0, "copy"),
            "it can't classify: 'StandardScaler' object has no attribute 'copy'",
        ),
        (lambda: changed(1, "classes_", np.array(["a", "b", "c"])), "its classifier does not have 3 classes"),
    ],
)
def test_other_objects_are_no_models(make, message):
    dump(make())
    assert refused(lambda: load_model("m.skops"), FileError).startswith(
        f"m.skops: is not a model of scatter: {message}"
    )


def test_damaged_files_are_refused():
    pytest.importorskip("skops")
    assert refused(lambda: load_model("none.skops"), FileError) == "none.skops: No such file or directory"
    save_model(train(table()), "m.skops")
    whole = Path("m.skops").read_bytes()
    rng = np.random.default_rng(0)
    for share in (0.01, 0.5, 0.95):
        Path("m.skops").write_bytes(whole[: int(share * len(whole))])
        assert refused(lambda: load_model("m.skops"), FileError).startswith(
            "m.skops: can't be read as a .skops file: "
        )
    for _ in range(60):
        data = bytearray(whole)
        for at in rng.integers(len(data), size=4):
            data[at] = rng.integers(256)
        Path("m.skops").write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ScatterWarning)
            with suppress(FileError):
                predict(load_model("m.skops"), table().features)


def rewritten(change):
    """The bytes of a model whose schema was changed."""
    save_model(train(table()), "m.skops")
    made = io.BytesIO()
    with zipfile.ZipFile("m.skops") as before, zipfile.ZipFile(made, "w") as after:
        for name in before.namelist():
            data = before.read(name)
            after.writestr(name, change(data) if name == "schema.json" else data)
    return made.getvalue()


@pytest.mark.parametrize("schema", [b"", b"{}", b"[]", b'{"protocol": 99}', b"[" * 100_000])
def test_a_wrong_schema_is_refused(schema):
    pytest.importorskip("skops")
    Path("m.skops").write_bytes(rewritten(lambda _: schema))
    assert refused(lambda: load_model("m.skops"), FileError).startswith(
        "m.skops: can't be read as a .skops file: "
    )


def test_a_file_that_unpacks_to_more_than_it_is_is_refused():
    with zipfile.ZipFile("m.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 10_000_000)
    pytest.importorskip("skops")
    assert refused(lambda: load_model("m.skops"), FileError) == (
        "m.skops: is damaged: it claims to hold more than its own size"
    )


def test_another_version_of_scikit_learn_is_a_warning():
    import sklearn

    pytest.importorskip("skops")
    version = sklearn.__version__.encode()
    Path("m.skops").write_bytes(rewritten(lambda data: data.replace(version, b"1.0.0")))
    with pytest.warns(ScatterWarning, match=r"^m.skops: was written with scikit-learn 1.0.0, and this is"):
        assert load_model("m.skops").classes == ("cat", "dog", "owl")


# Searches


def overlapping(n=90):
    """A table whose classes can only be told apart by a strongly regularised classifier."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    features = rng.standard_normal((n, 200))
    features[:, :100] += 0.35 * labels[:, None]
    return features, labels


def search_table(groups=False):
    features, labels = overlapping()
    keys = {"file": [f"{k}.wav" for k in range(90)], "label": [str(k) for k in labels]}
    if groups:
        keys["group"] = [str(k // 6) for k in range(90)]
    return FeatureTable(features, tuple(f"f{k}" for k in range(200)), keys, {})


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("head", ["logistic", "svm", "rbf", "kernel"])
def test_a_search_chooses_among_the_grid_and_says_what(head, groups):
    steps = []
    model = train(search_table(groups), head=head, search=True, folds=3, watch=lambda *at: steps.append(at))
    grid = heads_module.grid(head, 200)
    assert set(model.parameters) == {name.partition("__")[2] for name in grid}
    for name, value in model.parameters.items():
        assert value in grid[f"{head}__{name}"]
        assert model.pipeline[1].get_params()[name] == value
    count = int(np.prod([len(values) for values in grid.values()]))
    assert steps == [(k + 1, len(steps)) for k in range(len(steps))]
    assert len(steps) == count * 3 * 4 + 4
    assert model.mean > 0.6


def test_parameters_of_a_fold_are_chosen_without_its_test_samples(monkeypatch):
    seen, learnt = [], training_module._inner

    def inner(rows, *others):
        seen.append(set(rows.tolist()))
        for train_rows, test_rows in learnt(rows, *others):
            assert set(train_rows) | set(test_rows) <= seen[-1]
            assert not set(train_rows) & set(test_rows)
            yield train_rows, test_rows

    monkeypatch.setattr(training_module, "_inner", inner)
    train(search_table(), head="svm", search=True, folds=3)
    assert [len(rows) for rows in seen] == [60, 60, 60, 90]
    assert seen[0] & seen[1] & seen[2] == set()


def test_what_a_search_found_comes_back_from_a_file():
    pytest.importorskip("skops")
    model = train(search_table(), head="svm", search=True, folds=3)
    save_model(model, "m.skops")
    assert load_model("m.skops").parameters == model.parameters
    assert train(search_table(), head="svm", folds=3).parameters == {}


@pytest.mark.parametrize("head", ["ridge", "pca"])
def test_heads_that_choose_themselves_have_nothing_to_search_for(head):
    with pytest.raises(InputError, match=f"head '{head}' has nothing to search for, .*; leave search out"):
        train(search_table(), head=head, search=True)


def test_the_command_searches(capsys):
    pytest.importorskip("skops")
    write_table(search_table(), "t.npz")
    options = {"folds": 3, "seed": 0, "search": True}
    run_train(Path("t.npz"), "label", Path("m.skops"), head="svm", as_json=False, **options)
    found = load_model("m.skops").parameters
    said = capsys.readouterr().out
    assert said.startswith(f"m.skops: svm, C={found['C']:g} on 90 samples of 2 classes; accuracy ")
    run_train(Path("t.npz"), "label", Path("m.skops"), head="svm", as_json=True, overwrite=True, **options)
    assert json.loads(capsys.readouterr().out)["parameters"] == found


def test_a_model_that_is_there_stays(capsys):
    pytest.importorskip("skops")
    write_table(table(), "t.npz")
    options = {"head": "ridge", "folds": 3, "seed": 0, "as_json": True}
    run_train(Path("t.npz"), "label", Path("m.skops"), **options)
    before = Path("m.skops").read_bytes()
    with pytest.raises(FileError, match=r"m\.skops: is there already; type --overwrite to replace it"):
        run_train(Path("t.npz"), "label", Path("m.skops"), **{**options, "head": "pca"})
    assert Path("m.skops").read_bytes() == before
    run_train(Path("t.npz"), "label", Path("m.skops"), **{**options, "head": "pca"}, overwrite=True)
    assert load_model("m.skops").head == "pca"


# Commands


def test_the_commands_report_for_people(capsys):
    pytest.importorskip("skops")
    write_table(table(), "t.npz")
    run_train(Path("t.npz"), "label", Path("m.skops"), head="logistic", folds=5, seed=0, as_json=False)
    assert capsys.readouterr().out == (
        "m.skops: logistic on 60 samples of 3 classes; accuracy 100.0 % ± 0.0 % in 5 folds\n"
    )
    run_evaluate(Path("m.skops"), Path("t.npz"), "label", as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "t.npz: accuracy 100.0 %, balanced 100.0 %, of 60 samples",
        "class\tsamples\tprecision\trecall\tmost often taken for",
        *(f"{name}\t20\t1\t1\t" for name in ("cat", "dog", "owl")),
    ]


def test_the_commands_report_as_json(capsys):
    pytest.importorskip("skops")
    write_table(table(group=[str(i // 6) for i in range(60)]), "t.npz")
    run_train(Path("t.npz"), "label", Path("m.skops"), head="ridge", folds=3, seed=0, as_json=True)
    report = json.loads(capsys.readouterr().out)
    assert report.pop("seconds") >= 0
    assert report == {
        "output": "m.skops",
        "samples": 60,
        "features": 5,
        "classes": ["cat", "dog", "owl"],
        "head": "ridge",
        "scores": [1.0] * 3,
        "mean": 1.0,
        "spread": 0.0,
        "grouped_by": "group",
        "parameters": {},
    }
    run_train(Path("t.npz"), "label", Path("n.skops"), head="ridge", folds=3, seed=0, as_json=False)
    assert capsys.readouterr().out.endswith("in 3 folds, each group in one of them\n")
    some = table(20)
    for name in ("label", "file"):
        some.keys[name][2::3] = some.keys[name][1::3][: len(some.keys[name][2::3])]
    write_table(some, "u.npz")
    run_evaluate(Path("m.skops"), Path("u.npz"), "label", as_json=True)
    report = json.loads(capsys.readouterr().out)
    assert report["samples"] == 20
    assert report["recall"][2] is None
    assert report["support"] == [7, 13, 0]
    assert report["confusion"] == [[7, 0, 0], [0, 7, 6], [0, 0, 0]]
    run_evaluate(Path("m.skops"), Path("u.npz"), "label", as_json=False)
    assert capsys.readouterr().out.splitlines()[3:] == [
        "dog\t13\t1\t0.538461538\towl (6 of 6 errors)",
        "owl\t0\t0\t\t",
    ]


def test_the_commands_name_the_file_at_fault():
    pytest.importorskip("skops")
    write_table(table(), "t.npz")
    options = {"head": "logistic", "folds": 5, "seed": 0, "as_json": False}
    assert refused(lambda: run_train(Path("t.npz"), "x", Path("m.skops"), **options), FileError) == (
        "t.npz: the table has no key column 'x'; it has file, label"
    )
    assert not Path("m.skops").exists()
    run_train(Path("t.npz"), "label", Path("m.skops"), **options)
    other = table()
    other.metadata["filters"] = "9"
    write_table(other, "u.npz")
    assert refused(
        lambda: run_evaluate(Path("m.skops"), Path("u.npz"), "label", as_json=False), FileError
    ) == ("u.npz: the hash of the filters must be 0123, got 9" + MADE)
