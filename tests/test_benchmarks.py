"""The benchmarks can be run, measure what they say, and every case has its section in the results."""

import os
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from benchmarks import __main__ as command
from benchmarks import tables as tables_module
from benchmarks import timing as timing_module
from benchmarks.__main__ import CASES
from benchmarks.tables import cnn
from benchmarks.timing import Timing, cores, fresh, interleaved, ratios
from scatter import Scattering2D


@pytest.mark.parametrize(("short", "turns"), [(0.0, "abababab"), (9.0, "ab" + "aabb" * 3)])
def test_runs_are_interleaved_after_a_warm_up(monkeypatch, short, turns):
    monkeypatch.setattr(timing_module, "SHORT", short)
    monkeypatch.setattr(timing_module, "SETTLE", 0.0)
    calls = []
    timings = interleaved({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, runs=3)
    assert "".join(calls) == turns
    assert all(len(timing.seconds) == 3 for timing in timings.values())


def test_what_holds_around_a_run_is_off_the_clock():
    held = []

    @contextmanager
    def around(name):
        held.append(name)
        time.sleep(0.02)
        yield
        held.pop()

    timing = interleaved({"a": lambda: held == ["a"] or 1 / 0}, 2, around)["a"]
    assert held == []
    assert timing.median < 0.02


def test_ratios_compare_neighbours():
    assert ratios(Timing((2.0, 9.0, 4.0)), Timing((1.0, 3.0, 4.0))) == (1.0, 2.0, 3.0)


def test_slow_code_is_slow():
    timing = interleaved({"sleep": lambda: time.sleep(0.01)}, 3)["sleep"]
    assert timing.median >= 0.01
    assert fresh("pass", 1).median > 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is not settable here")
def test_cores_are_restored():
    before = os.sched_getaffinity(0)
    with cores(1):
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_every_case_has_its_results_and_its_command():
    text = command.RESULTS.read_text()
    for name, case in CASES.items():
        assert f"## {name}\n\n{case.__doc__}\n\n`python -m benchmarks {name}` on " in text


def test_an_unknown_case_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["benchmarks", "nothing"])
    monkeypatch.setattr(command, "RESULTS", Path(tmp_path) / "RESULTS.md")
    with pytest.raises(SystemExit, match="unknown case 'nothing'; there are cifar"):
        command.main()


def test_sections_of_other_cases_stay(monkeypatch, tmp_path, capsys):
    def quick():
        """Nothing at all."""
        return [("figure", "1", "0 .. 2")]

    monkeypatch.setitem(CASES, "quick", quick)
    monkeypatch.setattr("sys.argv", ["benchmarks", "quick"])
    monkeypatch.setattr(command, "RESULTS", Path(tmp_path) / "RESULTS.md")
    command.RESULTS.write_text("# Results\n\n## other\n\nkept\n\n## quick\n\nold\n")
    command.main()
    text = command.RESULTS.read_text()
    assert "kept" in text
    assert "old" not in text
    assert "| figure | 1 | 0 .. 2 |" in text
    assert "Nothing at all." in capsys.readouterr().out


# ------------------------------------------------------------------ published tables
def test_a_table_is_run_by_its_name_and_the_page_is_printed(monkeypatch, tmp_path, capsys):
    def quick():
        """What it is."""
        return [tables_module.Row("ten images", tables_module.spread([1.0, 3.0]), "2.5", "0.1")]

    monkeypatch.setattr(command, "tables", lambda: {"quick": quick})
    monkeypatch.setattr(command, "RESULTS", Path(tmp_path) / "RESULTS.md")
    command.RESULTS.write_text("# Results\n\n## other\n\nkept\n")
    monkeypatch.setattr("sys.argv", ["benchmarks", "tables", "quick"])
    command.main()
    text = command.RESULTS.read_text()
    assert text.index("kept") < text.index(command.TABLES) < text.index("## table_quick")
    assert "## table_quick\n\nWhat it is.\n\n`python -m benchmarks tables quick` on " in text
    assert "| ten images | 2.00 ± 1.00 | 2.5 | 0.1 |" in text
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", ["benchmarks", "tables"])
    command.main()
    printed = capsys.readouterr().out
    assert "ten images" in printed
    assert "kept" not in printed
    assert "tables: quick, graph_mutag" in printed
    assert printed.endswith(", sphere_digits\n")
    monkeypatch.setattr("sys.argv", ["benchmarks", "tables", "nothing"])
    with pytest.raises(SystemExit, match="unknown case 'nothing'; there are quick"):
        command.main()


def test_features_are_computed_once_and_read_again(monkeypatch, tmp_path):
    monkeypatch.setenv("SCATTER_FEATURES", str(tmp_path))
    images = np.random.default_rng(0).integers(0, 255, (7, 8, 8), np.uint8)
    S = Scattering2D(J=2, L=2)
    found, _ = tables_module.features("few", S, images, block=3)
    np.testing.assert_allclose(
        found, Scattering2D(J=2, L=2).fit_transform(images / np.float32(255)), rtol=1e-6
    )
    monkeypatch.setattr(Scattering2D, "transform", None)
    again, _ = tables_module.features("few", Scattering2D(J=2, L=2), images, block=3)
    np.testing.assert_array_equal(again, found)


def test_draws_have_as_many_of_each_class():
    labels = np.repeat([0, 1, 2], [50, 20, 30])
    at = tables_module.balanced(labels, 30, seed=0)
    assert np.bincount(labels[at]).tolist() == [10, 10, 10]
    assert len(set(at)) == 30
    assert set(at) != set(tables_module.balanced(labels, 30, seed=1))


def test_a_network_learns_in_a_pass():
    pytest.importorskip("torch")
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    net = cnn.train_for(0.0, X, y)
    assert cnn.accuracy(net, X, y) > 50
