"""The same samples through Kymatio and through scatter."""

import importlib.util
import json
import sys
import types
import warnings

import numpy as np
import pytest
import soundfile
from cli_helpers import RNG, SMALL, fail, image, run, succeed

from scatter._kymatio import import_kymatio
from scatter.cli import verify as verify_module


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "dumb")


# verify


@pytest.fixture
def kymatio():
    # Not importorskip: without the help of import_kymatio, its import fails halfway.
    if importlib.util.find_spec("kymatio") is None:
        pytest.skip("needs kymatio")


@pytest.mark.usefixtures("kymatio")
def test_random_samples_agree_with_kymatio():
    found = json.loads(succeed("verify", "--json", "--J", "3"))
    assert [one["transform"] for one in found["comparisons"]] == ["Scattering1D", "Scattering2D"]
    assert found["passed"] is True
    for one in found["comparisons"]:
        assert one["difference"] <= found["limit"] == 1e-5
        assert one["ratio"] == pytest.approx(one["kymatio_seconds"] / one["scatter_seconds"])


@pytest.mark.usefixtures("kymatio")
def test_files_agree_with_kymatio():
    image("a.png", (40, 37))
    soundfile.write("a.wav", RNG.standard_normal(2000) / 8, 8000)
    np.save("a.npy", RNG.standard_normal((2, 2048)))
    for args in (("a.png", *SMALL), ("a.wav", "--J", "5", "--Q", "4"), ("a.npy", "--transform", "1d")):
        text = succeed("verify", *args)
        assert "largest relative difference" in text
        assert args[0] in text


@pytest.mark.usefixtures("kymatio")
@pytest.mark.parametrize(
    ("args", "names"),
    [
        (("--L", "2", "--J", "2"), ["Scattering2D"]),
        (("--Q", "1", "--J", "3"), ["Scattering1D"]),
        (("--transform", "2d", "--J", "2", "--seed", "5"), ["Scattering2D"]),
    ],
)
def test_options_choose_what_is_compared(args, names):
    found = json.loads(succeed("verify", "--json", *args))
    assert [one["transform"] for one in found["comparisons"]] == names


@pytest.mark.usefixtures("kymatio")
def test_a_difference_above_the_limit_ends_with_1(monkeypatch):
    monkeypatch.setattr(verify_module, "LIMIT", 0.0)
    result = run("verify", "--L", "2", "--J", "2", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["passed"] is False
    assert result.stderr.startswith("scatter: error: Scattering2D differs from Kymatio by ")


@pytest.mark.usefixtures("kymatio")
def test_verify_takes_an_excerpt_of_what_is_long_and_says_so(monkeypatch):
    monkeypatch.setattr(verify_module, "_MOST_POINTS", {1: 4096, 2: 64})
    np.save("long.npy", np.random.default_rng(0).standard_normal((3, 5000)).astype(np.float32))
    text = succeed("verify", "long.npy", "--J", "3", "--transform", "1d")
    assert text.startswith("Scattering1D, long.npy (the first 1x4096 of 3x5000), 1 x 4096: ")
    np.save("large.npy", np.random.default_rng(0).random((80, 50)).astype(np.float32))
    text = succeed("verify", "large.npy", "--J", "2", "--transform", "2d")
    assert text.startswith("Scattering2D, large.npy (the first 1x64x50 of 1x80x50), 1 x 64x50: ")
    np.save("short.npy", np.zeros((1, 4096), np.float32) + np.arange(4096))
    assert "first" not in succeed("verify", "short.npy", "--J", "3", "--transform", "1d")


def test_verify_with_wrong_options_or_files():
    assert "has no meaning here" in fail("verify", "--L", "2", "--Q", "2", code=2)
    assert "has no meaning here" in fail("verify", "--transform", "1d", "--L", "2", code=2)
    assert fail("verify", "none.png") == "none.png: No such file or directory"


def test_coefficients_of_another_shape_are_an_error(monkeypatch):
    other = types.SimpleNamespace(Scattering2D=lambda **_: lambda x: np.zeros((2, 3)))
    monkeypatch.setattr(verify_module, "import_kymatio", lambda: other)
    message = fail("verify", "--L", "2", "--J", "2")
    assert message == "Scattering2D gives coefficients of shape (2, 9, 16, 16), Kymatio of shape (2, 3)"


def test_verify_without_kymatio_names_the_extra(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "kymatio"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "kymatio", None)
    assert fail("verify") == (
        "scatter verify needs kymatio, which is not installed; type: pip install 'scatter-wavelets[kymatio]'"
    )


@pytest.mark.usefixtures("kymatio")
def test_importing_kymatio_leaves_the_warnings_alone(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "kymatio"]:
        monkeypatch.delitem(sys.modules, name)
    before = list(warnings.filters)
    module = import_kymatio()
    assert warnings.filters == before
    assert module.Scattering1D.__name__ == "Scattering1D"
    assert module.Scattering2D.__name__ == "Scattering2D"


@pytest.mark.usefixtures("kymatio")
def test_the_harmonics_of_kymatio_are_the_right_ones(monkeypatch):
    special = pytest.importorskip("scipy.special")
    if not hasattr(special, "sph_harm_y"):
        pytest.skip("this SciPy still has its own")
    monkeypatch.delattr(special, "sph_harm", raising=False)
    import_kymatio()
    azimuth, polar = 0.3, 0.7
    expected = -np.sqrt(3 / (8 * np.pi)) * np.sin(polar) * np.exp(1j * azimuth)
    assert special.sph_harm(1, 1, azimuth, polar) == pytest.approx(expected)
