"""From labelled files to predictions, by commands alone."""

import csv
import dataclasses
import io
import json
import shutil
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_helpers import RNG, fail, image, run, succeed
from PIL import Image

from scatter.io import read_table, write_table
from scatter.learning import load_model, save_model

SIGNAL = ("--J", "3", "--Q", "1")
IMAGE = ("--J", "2", "--L", "2")

# Their manifests lie beside the images, which a run over the folder says.
pytestmark = pytest.mark.filterwarnings("ignore:.*left out, whose suffixes")


def stripes(name, vertical, size=(16, 16)):
    """An image of stripes and noise, the same whichever tests ran before."""
    rows, columns = np.indices(size)
    noise = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(size)
    wave = np.sin((columns if vertical else rows) * 2) + 0.2 * noise
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.uint8(np.clip(wave * 60 + 128, 0, 255))).save(name)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with labelled images, their features in train and test, and a model."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for part in ("train", "test"):
            rows = []
            for number in range(6):
                name = f"{number}.png"
                stripes(f"{part}/{name}", vertical=number % 2)
                rows.append((name, ("across", "along")[number % 2]))
            with open(f"{part}/list.csv", "w", newline="") as stream:
                csv.writer(stream).writerows([("file", "label"), *rows])
            succeed("features", f"{part}/list.csv", "-o", f"{part}.npz", *IMAGE)
        succeed("train", "train.npz", "-o", "model.skops", "--folds", "3")
    return folder


@pytest.fixture(autouse=True)
def _inside_a_copy(trained, tmp_path, monkeypatch):
    shutil.copytree(trained, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "dumb")


TRUTH = ["across", "along"] * 3


def table_of(text, delimiter="\t"):
    head, *rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    assert head == ["file", "segment", "label", "probability"]
    return rows


# train


def test_a_model_says_what_it_was_trained_on():
    said = succeed("train", "train.npz", "-o", "m.skops", "--folds", "2")
    assert said == ("m.skops: logistic on 6 samples of 2 classes; accuracy 100.0 % ± 0.0 % in 2 folds\n")
    model = load_model("m.skops")
    assert (model.classes, model.names) == (("across", "along"), read_table("train.npz").names)
    assert json.loads(model.metadata["recipe"])["params"] == {"J": 2, "L": 2, "pooling": "mean"}


@pytest.mark.parametrize("head", ["logistic", "svm", "ridge"])
def test_every_head_is_trained_measured_and_used(head):
    found = json.loads(
        succeed("train", "train.npz", "-o", "m.skops", "--head", head, "--folds", "2", "--json")
    )
    assert (found["output"], found["head"], found["samples"], found["features"]) == ("m.skops", head, 6, 9)
    assert (found["classes"], found["scores"]) == (["across", "along"], [1.0, 1.0])
    assert json.loads(succeed("evaluate", "m.skops", "test.npz", "--json"))["accuracy"] == 1.0
    rows = table_of(succeed("predict", "m.skops", "test"))
    assert [row[2] for row in rows] == TRUTH
    assert all(np.isfinite(float(row[3])) for row in rows)


def test_groups_of_a_manifest_stay_together():
    with open("train/groups.csv", "w", newline="") as stream:
        rows = [(f"{number}.png", TRUTH[number], f"g{number // 2}") for number in range(6)]
        csv.writer(stream).writerows([("file", "art", "group"), *rows])
    succeed("features", "train/groups.csv", "-o", "g.parquet", *IMAGE, "--label", "art")
    found = json.loads(succeed("train", "g.parquet", "-o", "m.skops", "--label", "label", "--json"))
    assert (found["grouped_by"], len(found["scores"])) == ("group", 3)


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (
            ("plain.npz", "-o", "m.skops"),
            1,
            "plain.npz: the table has no key column 'label'; it has file, segment",
        ),
        (("plain.npy", "-o", "m.skops"), 1, "plain.npy: "),
        (
            ("train.npz", "-o", "m.skops", "--label", "x"),
            1,
            "train.npz: the table has no key column 'x'; it has",
        ),
        (
            ("one.npz", "-o", "m.skops"),
            1,
            "one.npz: at least two classes are needed, got 'one' alone in label",
        ),
        (("none.npz", "-o", "m.skops"), 1, "none.npz: "),
        (("train.npz", "-o", "m.pickle"), 2, "m.pickle: a model is a .skops file, got .pickle"),
        (("train.npz", "-o", "none/m.skops"), 1, "none/m.skops: "),
        (("train/0.png", "-o", "m.skops"), 2, "train/0.png: "),
    ],
)
def test_tables_that_can_not_be_learnt_from(args, code, said):
    succeed("features", "train", "-o", "plain.npz", *IMAGE)
    succeed("features", "train", "-o", "plain.npy", *IMAGE)
    image("one/a.png")
    image("one/b.png")
    succeed("features", "one", "-o", "one.npz", *IMAGE, "--labels-from-folders")
    assert fail("train", *args, code=code).startswith(said)
    assert not Path("m.skops").exists()


# evaluate


def test_a_model_is_measured_class_by_class():
    first, head, *rows = succeed("evaluate", "model.skops", "test.npz").splitlines()
    assert first == "test.npz: accuracy 100.0 %, balanced 100.0 %, of 6 samples"
    assert head.split("\t") == ["class", "samples", "precision", "recall", "most often taken for"]
    assert [row.split("\t") for row in rows] == [[name, "3", "1", "1", ""] for name in ("across", "along")]
    found = json.loads(succeed("evaluate", "model.skops", "test.npz", "--json"))
    assert (found["classes"], found["confusion"]) == (["across", "along"], [[3, 0], [0, 3]])


def test_a_table_that_does_not_fit_the_model():
    succeed("features", "test/list.csv", "-o", "other.npz", "--J", "2", "--L", "4")
    message = fail("evaluate", "model.skops", "other.npz")
    assert message.startswith(
        "other.npz: the model has 9 features, got 25; the model is of features made by "
    )
    succeed("features", "test/list.csv", "-o", "wide.npz", *IMAGE, "--resize", "20x20")
    message = fail("evaluate", "model.skops", "wide.npz")
    assert message.startswith("wide.npz: the hash of the filters must be ")
    succeed("features", "test", "-o", "plain.npz", *IMAGE)
    message = fail("evaluate", "model.skops", "plain.npz")
    assert message == "plain.npz: the table has no key column 'label'; it has file, segment"
    assert fail("evaluate", "model.skops", "none.npz") == "none.npz: No such file or directory"


# predict


def test_raw_files_are_classified_by_the_transform_of_the_model():
    rows = table_of(succeed("predict", "model.skops", "test"))
    assert [row[:3] for row in rows] == [[f"test/{n}.png", "0", TRUTH[n]] for n in range(6)]
    assert all(0.5 < float(row[3]) <= 1 for row in rows)
    found = json.loads(succeed("predict", "model.skops", "test/*.png", "--jobs", "1", "--json"))
    assert (found["samples"], found["label"], found["skipped"]) == (6, TRUTH, [])
    assert found["file"] == [row[0] for row in rows]
    np.testing.assert_allclose(found["probability"], [float(row[3]) for row in rows], rtol=1e-6)
    said = succeed("predict", "model.skops", "test", "-o", "p.csv")
    assert said == "p.csv: 6 samples: 3 across, 3 along\n"
    written = table_of(Path("p.csv").read_text(), ",")
    assert [row[:3] for row in written] == [row[:3] for row in rows]
    assert succeed("predict", "model.skops", "test", "-o", "p.csv", "-q") == ""
    assert len(succeed("predict", "model.skops", "test", "-q").splitlines()) == 7


def test_a_manifest_says_what_to_classify():
    assert len(table_of(succeed("predict", "model.skops", "test/list.csv"))) == 6
    Path("odd.csv").write_text("bild\ntest/0.png\n")
    assert "none of its columns is called file" in fail("predict", "model.skops", "odd.csv")
    ((name, *_),) = table_of(succeed("predict", "model.skops", "odd.csv", "--path-column", "bild"))
    assert name == "test/0.png"


def test_segments_of_sounds_are_classified_one_by_one():
    for name in ("x/1", "x/2", "y/1", "y/2"):
        Path(name).parent.mkdir(exist_ok=True)
        pitch = 1 if name[0] == "x" else 0.1
        sound = np.sin(np.arange(400) * pitch) / 2 + 0.01 * RNG.standard_normal(400)
        soundfile.write(f"{name}.wav", sound, 8000)
    options = (*SIGNAL, "--segment", "100", "--labels-from-folders")
    succeed("features", "x", "y", "-o", "sounds.npz", *options)
    found = json.loads(succeed("train", "sounds.npz", "-o", "m.skops", "--json", "--folds", "2"))
    assert (found["samples"], found["grouped_by"]) == (16, "file")
    rows = table_of(succeed("predict", "m.skops", "x/1.wav", "y/2.wav"))
    assert [row[:3] for row in rows] == [
        [name, str(number), name[0]] for name in ("x/1.wav", "y/2.wav") for number in range(4)
    ]
    soundfile.write("z.wav", np.ones(400) / 2, 16000)
    assert fail("predict", "m.skops", "z.wav") == (
        "z.wav: its sampling rate is 16000, but the model is of sounds of 8000; train it on features made "
        "with --resample to take sounds of any"
    )


def test_a_damaged_file_is_reported_and_the_others_classified():
    Path("test/2.png").write_bytes(Path("test/2.png").read_bytes()[:40])
    Path("test/4.png").write_bytes(b"")
    args = ("predict", "model.skops", "test")
    for options in ((), ("-q",)):
        result = run(*args, *options)
        assert result.exit_code == 1
        assert [row[0] for row in table_of(result.stdout)] == [f"test/{n}.png" for n in (0, 1, 3, 5)]
        first, second = result.stderr.splitlines()
        assert first.startswith("scatter: error: test/2.png: ")
        assert second == "scatter: error: test/4.png: the file is empty (0 bytes)"
    result = run(*args, "-o", "p.csv")
    assert (result.exit_code, result.stdout) == (1, "p.csv: 4 samples: 1 across, 3 along\n")
    assert result.stderr == f"{first}\n{second}\n"
    result = run(*args, "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["samples"]) == (1, 4)
    assert [one["file"] for one in found["skipped"]] == ["test/2.png", "test/4.png"]
    message = fail("predict", "model.skops", "test/4.png", "-o", "q.csv")
    assert message == "test/4.png: the file is empty (0 bytes)"
    assert not Path("q.csv").exists()


def test_files_unlike_those_of_the_training_are_refused():
    stripes("large.png", vertical=True, size=(20, 24))
    assert fail("predict", "model.skops", "large.png") == (
        "large.png: its size is 20x24, but the model is of samples of 16x16; train it on features made with "
        "--resize to take samples of any size"
    )
    result = run("predict", "model.skops", "test/0.png", "large.png")
    assert (result.exit_code, len(table_of(result.stdout))) == (1, 1)
    assert "large.png: its size is 20x24, but the first sample has 16x16" in result.stderr
    soundfile.write("a.wav", np.zeros(64), 8000)
    message = fail("predict", "model.skops", "a.wav")
    assert message == "a.wav: is a file of kind sound, but the transform is of samples of kind image"
    assert fail("predict", "model.skops", "nothing") == "nothing: no such file or folder"
    message = fail("predict", "model.skops", "test", "-o", "p.txt", code=2)
    assert message == "p.txt: predictions are written as .csv; type -o p.csv"
    assert fail("predict", "model.skops", "test", "-o", "none/p.csv").startswith("none/p.csv: ")


def test_a_model_that_resizes_takes_images_of_any_size():
    stripes("large.png", vertical=True, size=(20, 24))
    succeed("features", "train/list.csv", "-o", "any.npz", *IMAGE, "--resize", "16x16")
    succeed("train", "any.npz", "-o", "any.skops", "--folds", "2")
    assert len(table_of(succeed("predict", "any.skops", "large.png", "test/0.png"))) == 2


@pytest.mark.parametrize("transform", ["energies-2d", "roto"])
def test_models_of_other_transforms_are_used_as_well(transform):
    options = ("--set", "wavelet=haar", "--set", "levels=2") if transform == "energies-2d" else IMAGE
    succeed("features", "train/list.csv", "-o", "t.npz", "--transform", transform, *options)
    succeed("train", "t.npz", "-o", "m.skops", "--folds", "2")
    assert len(table_of(succeed("predict", "m.skops", "test"))) == 6


# Models that are not to be trusted


def rewritten(change, source="model.skops", target="bad.skops"):
    """A copy of a model with its schema changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data.decode()).encode() if name == "schema.json" else data)


def refused(*args):
    messages = {fail("predict", "bad.skops", "test"), fail("evaluate", "bad.skops", "test.npz")}
    (message,) = messages
    assert message.startswith("bad.skops: ")
    return message


def test_a_model_with_a_type_that_is_not_trusted_is_not_loaded():
    rewritten(
        lambda text: text.replace('"LogisticRegression"', '"Popen"').replace(
            '"sklearn.linear_model._logistic"', '"subprocess"'
        )
    )
    message = refused()
    assert "holds objects of types that are not trusted" in message
    assert "subprocess.Popen" in message


def test_a_damaged_model_is_refused():
    whole = Path("model.skops").read_bytes()
    for damaged in (b"", b"text", whole[: len(whole) // 2], whole[:-30]):
        Path("bad.skops").write_bytes(damaged)
        refused()
    rewritten(lambda text: text[:-20])
    refused()
    rewritten(lambda text: "[]")
    refused()
    message = fail("predict", "train.npz", "test", code=2)
    assert message == "train.npz: a model is a .skops file, got .npz"
    assert fail("predict", "none.skops", "test") == "none.skops: No such file or directory"


@pytest.mark.parametrize(
    "recipe", ["nothing", "{}", '{"transform": "2d", "reading": {"resize": 3}}', "[]", "3", "[" * 100000]
)
def test_a_model_whose_recipe_is_damaged_is_refused(recipe):
    model = load_model("model.skops")
    save_model(dataclasses.replace(model, metadata={**model.metadata, "recipe": recipe}), "bad.skops")
    message = fail("predict", "bad.skops", "test")
    assert message == (
        "bad.skops: does not say how files become features; train on a table that scatter features wrote"
    )


def test_what_a_model_says_about_its_samples_may_be_anything():
    model = load_model("model.skops")
    for params in ("nothing", "[]", "3", "{}"):
        changed = {**model.metadata, "params": params, "filters": "0"}
        save_model(dataclasses.replace(model, metadata=changed), "bad.skops")
        assert fail("predict", "bad.skops", "test").startswith("test/0.png: ")


def test_a_table_without_metadata_trains_a_model_for_tables_alone():
    write_table(dataclasses.replace(read_table("train.npz"), metadata={}), "bare.npz")
    succeed("train", "bare.npz", "-o", "m.skops", "--folds", "2")
    assert "accuracy 100.0 %" in succeed("evaluate", "m.skops", "bare.npz")
    assert fail("predict", "m.skops", "test").startswith("m.skops: does not say how files become features")
