"""What every command has: help with an example, --quiet, --verbose and --json; recipes in files."""

import inspect
import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import typer
from cli_helpers import SMALL, fail, files_here, image, run, succeed
from typer.testing import CliRunner

import scatter
from scatter import Scattering1D
from scatter.cli.app import app
from scatter.cli.options import FeatureKind
from scatter.extraction import TRANSFORMS, Recipe, load_recipe
from scatter.io import read_table
from scatter.io.reading import Reading

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = typer.main.get_command(app).commands
FEATURES = ("features", "photos", "-o", "t.npz", *SMALL)


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "dumb")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with images, a table with labels, a model and a compressed image, made by commands."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in "ab":
            for number in range(3):
                image(f"photos/{name}/{number}.png", (32, 32, 3))
        image("noise.png", (24, 24, 3))
        succeed("features", "photos", "-o", "features.npz", *SMALL, "--labels-from-folders")
        succeed("train", "features.npz", "-o", "model.skops", "--folds", "2")
        succeed("compress", "photos/a/0.png", "photo.swc", "--step", "32")
    return folder


QUICK = {
    "features": "photos -o t.npz --J 2 --L 2",
    "train": "features.npz -o other.skops --folds 2",
    "evaluate": "model.skops features.npz",
    "predict": "model.skops photos",
    "filters": "--J 1 --L 2 --shape 16x16",
    "info": "",
    "compare": "noise.png --bpp 12 --codec scatter,jpeg",
    "compress": "photos/a/0.png a.swc --step 32",
    "decompress": "photo.swc a.png",
    "inspect": "photo.swc",
    "pyramid": "photos/a/0.png --levels 1",
    "stability": "photos --J 2 --samples 3",
}
# What takes seconds and has tests of its own.
SLOW = {"verify", "demo"}
OVERWRITE = {"features", "train"}
SUMMARY_ALONE = {"features", "train", "compress", "decompress"}


def quick(name):
    return [name, *shlex.split(QUICK[name])]


@pytest.fixture
def inside(made, monkeypatch):
    """Run inside of the folder, and remove what the test makes."""
    monkeypatch.chdir(made)
    before = set(files_here())
    yield
    for name in set(files_here()) - before:
        Path(name).unlink()


# Every command


def test_every_command_is_looked_at_here():
    assert set(QUICK) | SLOW == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_ends_with_an_example_that_parses(name):
    last = succeed(name, "--help").strip().splitlines()[-1].strip()
    assert last == COMMANDS[name].epilog
    words = shlex.split(last.removeprefix("Example: "))
    assert words[:2] == ["scatter", name]
    with COMMANDS[name].make_context(name, words[2:]) as context:
        assert not context.args


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("filters", ["bank.png"]),
        ("train", ["model.skops"]),
        ("evaluate", []),
        ("predict", ["predictions.csv"]),
        ("compress", ["photo.swc"]),
        ("decompress", ["photo.png"]),
        ("inspect", []),
        ("pyramid", ["castle.png"]),
        ("info", []),
    ],
)
def test_the_example_runs_on_files_of_these_names(name, written, inside):
    succeed("features", "photos", "-o", "features.parquet", *SMALL, "--labels-from-folders")
    image("photo.png", (32, 32, 3))
    image("photo.jpg", (320, 320, 3))
    example = COMMANDS[name].epilog.removeprefix("Example: scatter ").replace("new/*.wav", "photos/a/*.png")
    if name == "train":
        Path("model.skops").unlink()
    succeed(*shlex.split(example))
    assert all(Path(file).stat().st_size for file in written)


def test_the_example_of_features_runs(inside):
    words = shlex.split(COMMANDS["features"].epilog.removeprefix("Example: scatter "))
    assert succeed(*words) == "photos.parquet: 6 samples, 417 features\n"
    assert read_table("photos.parquet").features.shape == (6, 417)


@pytest.mark.parametrize("name", QUICK)
def test_quiet_leaves_results_and_verbose_adds_the_time(name, inside):
    quiet = succeed(*quick(name), "-q")
    assert (quiet == "") is (name in SUMMARY_ALONE)
    again = ["--overwrite"] if name in OVERWRITE else []
    result = run(*quick(name), *again, "--verbose")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1].startswith(f"scatter: {name}: ")
    assert result.stderr.endswith(" s\n")
    assert (result.stdout == "") is False


def test_quiet_and_verbose_of_features(inside):
    result = run(*FEATURES, "-v")
    assert result.exit_code == 0
    rate, duration = result.stderr.splitlines()
    assert "samples a second" in rate
    assert duration.startswith("scatter: features: ")
    assert succeed(*FEATURES, "-q") == ""
    assert "complete already" in succeed(*FEATURES)


@pytest.mark.parametrize("name", COMMANDS)
def test_quiet_and_verbose_exclude_each_other(name):
    words = shlex.split(COMMANDS[name].epilog.removeprefix("Example: scatter "))
    result = run(*words, "-q", "-v")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--quiet and --verbose exclude each other" in result.stderr
    assert files_here() == []


def test_errors_are_told_however_quiet():
    image("in/a.png")
    Path("in/b.png").write_bytes(b"")
    result = run("features", "in", "-o", "t.npz", *SMALL, "-q")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "scatter: error: 1 skipped; t.npz.errors.csv says which and why\n"
    assert fail("features", "none.png", "-o", "u.npz", "-q") == "none.png: no such file or folder"


@pytest.mark.parametrize("name", QUICK)
def test_json_is_one_object_on_one_line(name, inside):
    text = succeed(*quick(name), "--json")
    assert text.count("\n") == 1
    assert isinstance(json.loads(text), dict)
    again = ["--overwrite"] if name in OVERWRITE else []
    assert json.loads(succeed(*quick(name), "--json", "-q", *again)).keys() == json.loads(text).keys()


@pytest.mark.parametrize(
    "args",
    [
        ("train",),
        ("train", "t.npz"),
        ("train", "t.npz", "-o", "m.skops", "--head", "forest"),
        ("train", "t.npz", "-o", "m.skops", "--folds", "1"),
        ("evaluate", "m.skops"),
        ("predict", "m.skops"),
        ("predict", "m.skops", "a.png", "--jobs", "0"),
        ("features", "a.png", "-o", "t.npz", "--on-error", "ignore"),
        ("features", "a.png", "-o", "t.npz", "--dtype", "int8"),
        ("features", "a.png", "-o", "t.npz", "--pages", "second"),
        ("features", "a.png", "-o", "t.npz", "--segment", "0"),
        ("features", "-o", "t.npz"),
        ("features", "a.png"),
        ("compress", "a.png"),
        ("filters", "--J", "x"),
    ],
)
def test_bad_usage_shows_the_usage_and_ends_with_2(args):
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: scatter" in result.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--resume", "--overwrite"), "--resume and --overwrite exclude each other"),
        (
            ("--workers", "1", "--scheduler", "tcp://x:1"),
            "--workers and --scheduler exclude each other: here, or on another machine",
        ),
        (("--channels", "-1"), "--channels is mix, all or numbers such as 0,2, got '-1'"),
        (("--channels", ""), "--channels is mix, all or numbers such as 0,2, got ''"),
        (("--channels", "0,"), "--channels is mix, all or numbers such as 0,2, got '0,'"),
        (
            ("--label", "class"),
            "--label class is a column of a manifest (.csv, .tsv, .parquet), and no input is one; "
            "leave it out",
        ),
        (
            ("--path-column", "x"),
            "--path-column x is a column of a manifest (.csv, .tsv, .parquet), and no input is one; "
            "leave it out",
        ),
    ],
)
def test_options_of_features_that_do_not_go_together(args, said):
    image("a.png")
    assert fail("features", "a.png", "-o", "t.npz", *args, code=2) == said
    assert files_here() == ["a.png"]


def complete(*words):
    shell = {
        "_SCATTER_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    result = CliRunner().invoke(app, [], env=shell, prog_name="scatter")
    return result.stdout.split()


def test_shells_complete_commands_options_and_values():
    script = CliRunner().invoke(app, [], env={"_SCATTER_COMPLETE": "source_bash"}, prog_name="scatter")
    assert "_scatter_completion" in script.stdout
    assert complete("scatter", "pre") == ["predict"]
    assert "--transform" in complete("scatter", "features", "--trans")
    assert set(complete("scatter", "features", "--transform", "")) >= set(TRANSFORMS)
    assert "--show-completion" in succeed("--help")


@pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
def test_an_output_whose_name_is_no_text_is_written_and_said():
    image("a.png")
    code = "from scatter.cli.app import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8:strict"}
    args = [sys.executable, "-c", code, "features", "a.png", "-o", b"\xff.npz", *SMALL]
    found = subprocess.run(args, capture_output=True, env=environment, check=False)
    assert (found.returncode, found.stderr) == (0, b"")
    assert found.stdout == b"\\udcff.npz: 1 samples, 25 features\n"
    assert os.path.exists(b"\xff.npz")


# The list of transforms


def test_the_transforms_on_offer_are_those_of_the_library():
    assert [kind.value for kind in FeatureKind] == list(TRANSFORMS)
    head, *rows = [line.split("\t") for line in succeed("features", "--list").splitlines()]
    assert head == ["transform", "of", "class", "parameters"]
    found = json.loads(succeed("features", "--list", "--json"))
    assert [row[0] for row in rows] == list(found) == list(TRANSFORMS)
    for name, about, estimator, parameters in rows:
        kind = TRANSFORMS[name]
        assert (about, estimator) == (kind.about, kind.estimator)
        assert tuple(parameters.split(",")) == kind.parameters
        assert found[name] == {"of": about, "class": estimator, "parameters": list(kind.parameters)}
    assert succeed("features", "--list", "-q") == succeed("features", "--list")


# Recipes


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_a_recipe_is_saved_and_used(suffix):
    image("a.png", (40, 40, 3))
    config = "r" + suffix
    options = (*SMALL, "--pooling", "moments", "--log", "--padding", "none", "--resize", "32x32")
    options += ("--crop", "16x20", "--channels", "2,0", "--pages", "first", "--batch", "3")
    first, second = succeed(
        "features", "a.png", "-o", "a.npz", *options, "--dtype", "float64", "--save-config", config
    ).splitlines()
    assert first.startswith(f"{config}: {{")
    assert second == "a.npz: 1 samples, 200 features"
    recipe = load_recipe(config)
    assert recipe == Recipe(
        "2d",
        {"J": 2, "L": 4, "pooling": "moments", "log": True, "padding": None},
        Reading("image", resize=(32, 32), crop=(16, 20), channels=(2, 0), pages="first"),
        "float64",
        3,
    )
    succeed("features", "a.png", "-o", "b.npz", "--config", config)
    one, other = read_table("a.npz"), read_table("b.npz")
    np.testing.assert_array_equal(one.features, other.features)
    assert (one.names, one.metadata) == (other.names, other.metadata)
    assert one.metadata["recipe"] == recipe.text


def test_a_recipe_is_saved_without_a_run():
    succeed("features", "--transform", "1d", "--J", "4", "--segment", "64", "--save-config", "r.toml")
    with open("r.toml", "rb") as stream:
        found = tomllib.load(stream)
    assert found["params"] == {"J": 4, "pooling": "mean"}
    assert found["reading"] == {"segment": 64}
    said = json.loads(succeed("features", "--transform", "graph", "--save-config", "r.json", "--json"))
    assert said == {"config": "r.json", "recipe": {"transform": "graph", "params": {}, "dtype": "float32"}}
    assert json.loads(Path("r.json").read_text()) == said["recipe"]
    assert succeed("features", "--transform", "2d", "--save-config", "r.json", "-q") == ""
    message = fail("features", "--save-config", "r.json", code=2)
    assert message == "there is no input that tells the transform; type --transform 2d, or another"


def test_a_run_that_saves_a_recipe_prints_one_object():
    image("a.png")
    found = json.loads(
        succeed(*("features", "a.png", "-o", "a.npz", *SMALL, "--save-config", "r.toml", "--json"))
    )
    assert (found["config"], found["output"]) == ("r.toml", "a.npz")
    assert load_recipe("r.toml").text == found["recipe"]


@pytest.mark.parametrize("array", ["é", "a b", 'a"b\\c', "😀", "\x7f", "x.y"])
def test_names_of_any_letters_survive_a_recipe(array):
    for suffix in (".toml", ".json"):
        succeed("features", "--transform", "2d", "--array", array, "--save-config", "r" + suffix, "-q")
        assert load_recipe("r" + suffix).read.array == array


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        (("--transform", "2d"), "--transform"),
        (("--J", "3"), "--J"),
        (("--max-order", "1"), "--max-order"),
        (("--pooling", "mean"), "--pooling"),
        (("--log",), "--log"),
        (("--set", "J=3"), "--set"),
        (("--resize", "8x8"), "--resize"),
        (("--grey",), "--channels"),
        (("--channels", "mix"), "--channels"),
        (("--pages", "all"), "--pages"),
        (("--label-array", "y"), "--label-array"),
        (("--dtype", "float32"), "--dtype"),
        (("--batch", "4"), "--batch"),
    ],
)
def test_a_recipe_and_options_exclude_each_other(options, flag):
    image("a.png")
    succeed("features", "--transform", "2d", *SMALL, "--save-config", "r.toml")
    message = fail("features", "a.png", "-o", "t.npz", "--config", "r.toml", *options, code=2)
    assert message == f"--config r.toml says everything about the transform; leave {flag} out"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("transform = ", "is not a recipe: Invalid value"),
        ("# nothing", "the entry 'transform' is missing, such as transform = \"2d\""),
        ('transform = "4d"', "transform must be one of 1d, 2d, roto, 3d, sphere"),
        ("transform = 2", "the entry 'transform' is missing"),
        (
            'transform = "2d"\nJ = 3',
            "unknown entry 'J'; allowed are batch, dtype, params, reading, transform",
        ),
        ('transform = "2d"\nparams = 3', "the entry 'params' must be a table, got 3"),
        ('transform = "2d"\n[params]\nQ = 3', "2d (Scattering2D) has no parameter 'Q'; it has J, L"),
        (
            'transform = "2d"\n[params]\nshape = 3',
            "2d (Scattering2D) has no parameter 'shape'; it is that of the first sample",
        ),
        (
            'transform = "sphere"',
            "sphere (SphericalScattering) needs L, which has no default; type --set L=...",
        ),
        (
            'transform = "2d"\ndtype = "int8"',
            "dtype must be one of 'float32', 'float16', 'float64', got 'int8'",
        ),
        ('transform = "2d"\nbatch = 0', "batch must be at least 1, got 0"),
        ('transform = "2d"\nbatch = true', "batch must be an integer, got True"),
        (
            'transform = "2d"\n[reading]\nkind = "signal"',
            "unknown entry reading.kind; allowed are array, channels",
        ),
        (
            'transform = "2d"\n[reading]\nsegment = 4',
            "segment=4 is about signals, but the samples are of kind",
        ),
        (
            'transform = "2d"\n[reading]\nresize = [64]',
            "reading.resize must be a height and a width, such as [64, 64], got (64,)",
        ),
        ('transform = "2d"\n[reading]\nresize = [8.5, 8]', "reading.resize must be a height and a width"),
        ('transform = "2d"\n[reading]\ncrop = "8x8"', "reading.crop must be a height and a width"),
        (
            'transform = "2d"\n[reading]\npages = "second"',
            "reading.pages must be 'all' or 'first', got 'second'",
        ),
        ('transform = "2d"\n[reading]\nchannels = "red"', "reading.channels must be 'mix', 'all' or a list"),
        ('transform = "2d"\n[reading]\nchannels = []', "reading.channels must be 'mix', 'all' or a list"),
        ('transform = "2d"\n[reading]\narray = 3', "reading.array must be the name of an array, got 3"),
        ('transform = "1d"\n[reading]\nsegment = 64.0', "reading.segment must be an integer, got 64.0"),
        ('transform = "1d"\n[reading]\nhop = 64', "hop=64 needs segment, the number of samples in each"),
    ],
)
def test_a_recipe_that_is_wrong_is_refused_by_name(text, said):
    image("a.png")
    Path("r.toml").write_text(text)
    message = fail("features", "a.png", "-o", "t.npz", "--config", "r.toml")
    assert message.startswith("r.toml: ")
    assert said in message
    assert files_here() == ["a.png", "r.toml"]


def test_a_recipe_that_can_not_be_read_is_refused_by_name():
    image("a.png")
    args = ("features", "a.png", "-o", "t.npz", "--config")
    assert fail(*args, "r.toml") == "r.toml: No such file or directory"
    for name, content, said in [
        ("a.json", b"[1]", "is not a recipe: it holds no table of entries"),
        ("b.json", b"{", "is not a recipe: Expecting property name"),
        ("c.json", b"[" * 100000, "is not a recipe: "),
        ("d.json", b"\xff", "is not a recipe: 'utf-8' codec can't decode"),
        ("e.json", b" " * (2**20 + 1), "is not a recipe: it has 1048577 bytes, and a recipe at most 1048576"),
        ("f.json", b"", "the file is empty (0 bytes)"),
    ]:
        Path(name).write_bytes(content)
        assert fail(*args, name).startswith(f"{name}: {said}")
    wrong = "r.yaml: a recipe is a .toml or .json file, got .yaml"
    assert fail(*args, "r.yaml", code=2) == wrong
    assert fail("features", "--transform", "2d", "--save-config", "r.yaml", code=2) == wrong
    message = fail("features", "--transform", "2d", "--save-config", "none/r.toml")
    assert message.startswith("none/r.toml: ")


# --set


def parameters(*args):
    succeed("features", "--save-config", "r.toml", *args)
    return dict(load_recipe("r.toml").params)


def test_any_parameter_is_set_by_number_text_list_or_none():
    assert parameters("--transform", "2d", "--set", "J=2", "--set", "tol=1e-5", "--set", "padding=none") == {
        "J": 2,
        "tol": 1e-5,
        "padding": None,
        "pooling": "mean",
    }
    found = parameters(
        "--transform", "1d", "--set", "Q=[8, 1]", "--set", "average=global", "--set", "log=true"
    )
    assert (found["Q"], found["average"], found["log"]) == ((8, 1), "global", True)
    found = parameters("--transform", "1d", "--set", "log=False", "--set", "T=None", "--set", "padding=null")
    assert (found["log"], found["T"], found["padding"]) == (False, None, None)
    found = parameters("--transform", "graph", "--set", 'signals=["degree", "clustering"]')
    assert found["signals"] == ("degree", "clustering")
    found = parameters("--transform", "energies-2d", "--set", "wavelet=haar", "--set", "mode=periodization=x")
    assert (found["wavelet"], found["mode"]) == ("haar", "periodization=x")


def test_defaults_are_those_of_the_classes_but_for_pooling():
    differ = {name: dict(kind.defaults) for name, kind in TRANSFORMS.items() if kind.defaults}
    pooled = {name: {"pooling": "mean"} for name in ("1d", "2d", "roto")}
    assert differ == pooled | {"energies-1d": {"ndim": 1}, "energies-2d": {"ndim": 2}}
    defaults = {name: p.default for name, p in inspect.signature(scatter.Scattering1D).parameters.items()}
    np.save("a.npy", np.sin(np.arange(4096.0)))
    succeed("features", "a.npy", "--transform", "1d", "-o", "a.npz")
    found = json.loads(read_table("a.npz").metadata["params"])
    changed = {name for name, value in found.items() if value != defaults[name]}
    assert changed == {"pooling", "shape"}


def test_a_set_parameter_reaches_the_transform():
    image("a.png")
    succeed("features", "a.png", "-o", "a.npz", "--set", "J=2", "--set", "L=4", "--set", "max_order=1")
    succeed("features", "a.png", "-o", "b.npz", "--J", "2", "--L", "4", "--max-order", "1")
    np.testing.assert_array_equal(read_table("a.npz").features, read_table("b.npz").features)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("J",), "--set is NAME=VALUE, such as --set n_moments=2, got 'J'"),
        (("=3",), "--set is NAME=VALUE, such as --set n_moments=2, got '=3'"),
        (("Z=3",), "2d (Scattering2D) has no parameter 'Z'; it has J, L, max_order"),
        (("shape=[8, 8]",), "2d (Scattering2D) has no parameter 'shape'; it is that of the first sample"),
        (("J=two",), "J must be an integer >= 1, got 'two'"),
        (("J=2", "J=3"), "--set J=3: J is 2 already; type it once"),
    ],
)
def test_settings_that_are_wrong(settings, said):
    image("a.png")
    args = [word for text in settings for word in ("--set", text)]
    assert fail("features", "a.png", "-o", "t.npz", *args, code=2).startswith(said)
    assert files_here() == ["a.png"]


def test_a_parameter_is_said_once():
    image("a.png")
    message = fail("features", "a.png", "-o", "t.npz", "--J", "2", "--set", "J=3", code=2)
    assert message == "--set J=3: J is 2 already; type it once"


# ------------------------------------------------------------------ a bank of one's own
BANK = """
from dataclasses import dataclass
from scatter.frames.morlet1d import Morlet1D

@dataclass(frozen=True)
class Mine(Morlet1D):
    pass

four = Mine(4, (2, 1), 16.0, 4, 4)
five = Mine(5, (2, 1), 32.0, 5, 5)
"""


def test_a_bank_from_a_file_goes_through_features_train_and_predict():
    Path("mine.py").write_text(BANK)
    rng = np.random.default_rng(0)
    for name, scale in (("low", 9.0), ("high", 2.0)):
        Path(f"in/{name}").mkdir(parents=True)
        for k in range(4):
            np.save(f"in/{name}/{k}.npy", np.sin(np.arange(500) / scale) + 0.1 * rng.standard_normal(500))
    options = ("--transform", "1d", "--labels-from-folders", "--wavelet", "mine.py:four")
    succeed("features", "in", "-o", "t.npz", *options)
    table = read_table("t.npz")
    same = Scattering1D(J=4, Q=(2, 1), pooling="mean")
    x = np.stack([np.load(file) for file in table.keys["file"]])
    np.testing.assert_allclose(table.features, same.fit_transform(x), rtol=1e-4, atol=1e-6)
    assert "Mine(J=4" in json.loads(table.metadata["recipe"])["params"]["wavelet"]
    succeed("train", "t.npz", "-o", "m.skops")
    said = fail("predict", "m.skops", "in")
    start = "m.skops: the recipe has wavelets of its own; type --wavelet FILE.py:NAME, which must be Mine(J=4"
    assert said.startswith(start)
    assert "give the one that it says" in fail("predict", "m.skops", "in", "--wavelet", "mine.py:five")
    rows = json.loads(succeed("predict", "m.skops", "in", "--wavelet", "mine.py:four", "--json"))
    assert rows["label"] == ["high"] * 4 + ["low"] * 4
    # The same name, another filter: the hash tells.
    Path("mine.py").write_text(BANK.replace("    pass", "    def psi(self, *a): return 2 * super().psi(*a)"))
    assert "the hash of the filters must be" in fail("predict", "m.skops", "in", "--wavelet", "mine.py:four")


def test_a_bank_in_a_recipe_file():
    Path("mine.py").write_text(BANK)
    np.save("x.npy", np.random.default_rng(0).standard_normal((3, 200)))
    options = ("--transform", "1d", "--wavelet", "mine.py:four")
    succeed("features", "x.npy", "-o", "a.npz", *options, "--save-config", "r.toml")
    assert "type --wavelet FILE.py:NAME" in fail("features", "x.npy", "-o", "b.npz", "--config", "r.toml")
    succeed("features", "x.npy", "-o", "b.npz", "--config", "r.toml", "--wavelet", "mine.py:four")
    a, b = read_table("a.npz"), read_table("b.npz")
    np.testing.assert_array_equal(a.features, b.features)
    assert a.metadata["filters"] == b.metadata["filters"]


@pytest.mark.parametrize(("wavelet", "message"), [
    ("mine", "--wavelet is FILE.py:NAME, a file of Python and the name of a bank in it, got 'mine'"),
    ("mine.py:", "--wavelet is FILE.py:NAME"),
    ("none.py:four", "none.py: "),
    ("mine.py:six", "mine.py has no six; it has Mine, Morlet1D, dataclass, five, four"),
    ("broken.py:four", "broken.py: ZeroDivisionError: division by zero"),
    ("mine.py:Mine", "got the class Mine; type Mine(...)"),
])  # fmt: skip
def test_banks_that_cannot_be_had(wavelet, message):
    Path("mine.py").write_text(BANK)
    Path("broken.py").write_text("four = 1 / 0\n")
    np.save("x.npy", np.random.default_rng(0).standard_normal((3, 200)))
    result = run("features", "x.npy", "-o", "t.npz", "--transform", "1d", "--wavelet", wavelet)
    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert not Path("t.npz").exists()


def test_a_bank_of_this_machine_is_not_for_others():
    Path("mine.py").write_text(BANK)
    np.save("x.npy", np.random.default_rng(0).standard_normal((3, 200)))
    options = ("features", "x.npy", "-o", "t.npz", "--transform", "1d", "--wavelet", "mine.py:four")
    assert "leave --workers and --scheduler out" in fail(*options, "--workers", "2", code=2)
    for other in ("graph", "energies-1d", "roto"):
        assert "has no meaning here" in fail(*options[:4], "--transform", other, *options[6:], code=2)
