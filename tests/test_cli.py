"""The command line: tables from files, one-line errors, exit codes 0, 1 and 2, and JSON for programs."""

import errno
import io
import json
import os
import subprocess
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import SMALL, fail, files_here, raising, run, succeed
from typer.testing import CliRunner

import scatter
from scatter import Scattering1D, Scattering2D, ScatterWarning
from scatter.cli import info as info_module
from scatter.cli import output as output_module
from scatter.cli.app import app
from scatter.errors import InputError, MissingExtraError

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "dumb")


# The command itself


def test_without_arguments_the_help_is_printed():
    text = succeed()
    for name in ("features", "filters", "info", "verify", "demo"):
        assert name in text
    assert "Usage: scatter" in text


@pytest.mark.parametrize("name", ["features", "filters", "info", "verify", "demo"])
def test_every_command_has_help(name):
    assert f"scatter {name}" in succeed(name, "--help")


def test_the_version_is_that_of_the_package():
    assert succeed("--version") == f"scatter {scatter.__version__}\n"


@pytest.mark.parametrize(
    "args",
    [
        ("nonsense",),
        ("features",),
        ("features", "a.png"),
        ("info", "--nonsense"),
        ("features", "a.png", "-o", "t.npz", "--J", "0"),
        ("features", "a.png", "-o", "t.npz", "--pooling", "most"),
        ("features", "a.png", "-o", "t.npz", "--batch", "0"),
        ("features", "a.png", "-o", "t.npz", "--transform", "4d"),
    ],
)
def test_bad_usage_ends_with_2(args):
    result = run(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: " in result.stderr


def test_importing_the_command_imports_no_numbers():
    code = (
        "import sys, scatter.cli.app; "
        "print(sorted({'numpy', 'scipy', 'sklearn', 'matplotlib', 'PIL', 'soundfile'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "[]"


def test_the_console_entry_point():
    code = "from scatter.cli.app import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for args, expected in [(["--version"], 0), (["features", "none.png", "-o", "t.npz"], 1), (["x"], 2)]:
        found = subprocess.run(
            [sys.executable, "-c", code, *args], capture_output=True, text=True, env=environment, check=False
        )
        assert found.returncode == expected
        assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "scatter: interrupted"),
        (MemoryError(), 1, "scatter: error: not enough memory; try a smaller --batch or --resize"),
        (OSError(errno.ENOSPC, "No space left"), 1, "scatter: error: No space left"),
        (OSError(errno.ENOENT, "No such file", "a.png"), 1, "scatter: error: a.png: No such file"),
        (OSError(), 1, "scatter: error: OSError"),
        (InputError("two\nlines"), 2, "scatter: error: two lines"),
        (MissingExtraError("needs more"), 1, "scatter: error: needs more"),
    ],
)
def test_exit_codes_and_lines(error, code, line, monkeypatch):
    monkeypatch.setattr(info_module, "run_info", raising(error))
    result = run("info")
    assert (result.exit_code, result.stderr) == (code, line + "\n")
    result = run("--debug", "info")
    assert result.exit_code == code
    assert result.stderr.startswith("Traceback")
    assert result.stderr.endswith(line + "\n")


def test_a_mistake_of_the_program_is_not_dressed_up(monkeypatch):
    monkeypatch.setattr(info_module, "run_info", raising(ZeroDivisionError()))
    result = CliRunner().invoke(app, ["info"])
    assert isinstance(result.exception, ZeroDivisionError)


def test_a_reader_that_leaves_ends_quietly(monkeypatch):
    monkeypatch.setattr(info_module, "run_info", raising(BrokenPipeError(errno.EPIPE, "Broken pipe")))
    result = run("info")
    assert (result.exit_code, result.stderr) == (1, "")


def test_closed_streams_full_disks_and_backends_for_windows(tmp_path):
    code = "import sys; from scatter.cli.app import main; main()"
    for rest in ("filters --J 2 --L 2", "info --json"):
        for closed in (">&-", "2>&-", ">&- 2>&-"):
            line = f"{sys.executable} -c '{code}' {rest} {closed}"
            found = subprocess.run(line, shell=True, capture_output=True, text=True)
            assert (found.returncode, found.stderr) == (0, "")
    line = f"MPLBACKEND=nonsense {sys.executable} -c '{code}' filters --J 2 --L 2 -o {tmp_path}/a.png"
    found = subprocess.run(line, shell=True, capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")
    if os.path.exists("/dev/full"):
        line = f"{sys.executable} -c '{code}' filters --J 2 --L 2 > /dev/full"
        found = subprocess.run(line, shell=True, capture_output=True, text=True)
        assert found.returncode == 1
        assert found.stderr == "scatter: error: standard output can't be written: No space left on device\n"


def test_warnings_are_one_line(monkeypatch):
    def warn(**_):
        warnings.simplefilter("always")
        warnings.warn("this is odd", ScatterWarning, stacklevel=2)
        warnings.warn("not ours", UserWarning, stacklevel=2)

    monkeypatch.setattr(info_module, "run_info", warn)
    with pytest.warns(UserWarning, match="not ours"):
        result = run("info")
    assert (result.exit_code, result.stderr) == (0, "scatter: warning: this is odd\n")


# What a terminal gets


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_a_bar_is_for_terminals_only(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for stream, shown in [(Terminal(), True), (io.StringIO(), False)]:
        monkeypatch.setattr(sys, "stderr", stream)
        assert list(output_module.track([1, 2], "Working")) == [1, 2]
        assert ("Working" in stream.getvalue()) is shown


def test_a_table_is_ruled_for_terminals_and_tabbed_elsewhere(monkeypatch):
    columns = {"path": ["|x*psi[j=0]|", "[red]"], "j": [(0, 1), ()], "angle": [(None, 0.123456789), None]}
    brief = Terminal()
    monkeypatch.setattr(sys, "stdout", brief)
    output_module.print_table(columns, ("path",))
    assert "|x*psi[j=0]|" in brief.getvalue()
    assert "angle" not in brief.getvalue()
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stdout", stream)
        output_module.print_table(columns)
        if isinstance(stream, Terminal):
            for text in ("|x*psi[j=0]|", "[red]", "0.1235", "0,1"):
                assert text in stream.getvalue()
        else:
            assert stream.getvalue() == "path\tj\tangle\n|x*psi[j=0]|\t0,1\t,0.123456789\n[red]\t\t\n"


def test_json_knows_numpy_and_no_infinities(capsys):
    output_module.print_json(
        {"a": np.float32(1), "b": np.arange(2), "c": [float("nan")], "d": Path("x"), 1: ()}
    )
    assert json.loads(capsys.readouterr().out) == {"a": 1, "b": [0, 1], "c": [None], "d": "x", "1": []}


# filters


def test_the_paths_of_images():
    lines = succeed("filters", *SMALL, "--shape", "16x20").splitlines()
    header, rows, notes = lines[0].split("\t"), lines[1:26], lines[26:]
    assert {"path", "order", "j", "theta", "xi", "sigma", "bandwidth", "resolution"} <= set(header)
    assert all(len(row.split("\t")) == len(header) for row in rows)
    assert notes[0] == "# Scattering2D of 16x20: 25 paths"
    lower, upper = Scattering2D(2, (16, 20), 4).frame.bounds()
    assert notes[1] == f"# frame bounds of order 1: A = {lower:.6g}, B = {upper:.6g}"


def test_the_paths_of_signals_as_json():
    found = json.loads(succeed("filters", "--J", "3", "--Q", "2", "--N", "256", "--json"))
    transform = Scattering1D(3, 256, 2)
    assert (found["transform"], found["shape"]) == ("Scattering1D", [256])
    assert [row["path"] for row in found["paths"]] == list(transform.tree.names)
    np.testing.assert_allclose(found["frame_bounds"], [transform.frame.bounds(1), transform.frame.bounds(2)])


def test_the_default_sizes_of_filters():
    assert "# Scattering2D of 64x64: " in succeed("filters", *SMALL)
    assert "# Scattering1D of 4096: " in succeed("filters", "--Q", "1")
    assert "# Scattering1D of 4096: " in succeed("filters", "--T", "16", "--J", "4", "--max-order", "0")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--shape", "16x16", "--N", "64"), "--shape is for images and --N for signals; give one of them"),
        (
            ("--shape", "16"),
            "--shape must be a height and a width such as 64x64, got 16; for signals use --N",
        ),
        (("--shape", "16x16", "--Q", "2"), "--Q 2 has no meaning here"),
        (("--N", "64", "--L", "2"), "--L 2 has no meaning here"),
        (("-o", "bank.txt"), "bank.txt: a picture is written as .png, .pdf, .svg, got .txt"),
    ],
)
def test_filters_with_wrong_options_end_with_2(args, said):
    assert said in fail("filters", *args, code=2)


@pytest.fixture
def plot(monkeypatch):
    from matplotlib.figure import Figure

    module = types.ModuleType("scatter.plot")
    module.filter_bank = lambda frame, *, order=1: Figure()
    monkeypatch.setitem(sys.modules, "scatter.plot", module)
    return module


def test_the_picture_is_written_whole_or_not_at_all(plot, monkeypatch):
    for name, head in [("bank.png", b"\x89PNG"), ("bank.svg", b"<?xml"), ("bank.pdf", b"%PDF")]:
        succeed("filters", *SMALL, "-o", name)
        assert Path(name).read_bytes().startswith(head)
        Path(name).unlink()
    assert "the folder none does not exist" in fail("filters", *SMALL, "-o", "none/bank.png")
    monkeypatch.setattr(os, "replace", lambda *_: raising(OSError(errno.EIO, "Input/output error"))())
    assert fail("filters", *SMALL, "-o", "bank.png") == "bank.png: can't be written: Input/output error"
    assert files_here() == []


# info


def test_info_names_versions_and_what_is_missing(monkeypatch):
    found = json.loads(succeed("info", "--json"))
    assert found["versions"]["scatter"] == scatter.__version__
    assert found["versions"]["numpy"] == np.__version__
    assert set(found["backends"]) == {"torch", "jax", "cupy", "array_api_strict"}
    assert found["executors"] == {"array": "yes", "compiled": info_module.compiled_executor()}
    assert 1 <= found["cpus"] <= (os.cpu_count() or 1)
    monkeypatch.setattr(info_module, "_BACKENDS", {"nothing": ("no-such-distribution-here",)})
    text = succeed("info")
    assert "nothing           not installed" in text
    assert f"numpy             {np.__version__}" in text


def test_processors_are_those_of_the_process(monkeypatch):
    monkeypatch.setattr(os, "process_cpu_count", lambda: 3, raising=False)
    assert info_module.usable_cpus() == 3
    monkeypatch.delattr(os, "process_cpu_count")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5}, raising=False)
    assert info_module.usable_cpus() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert info_module.usable_cpus() == 1


# demo


def test_the_demo_is_handed_its_options(monkeypatch):
    calls = []
    module = types.ModuleType("scatter.cli.demo")
    module.run_demo = lambda output, *, seed, as_json: calls.append((output, seed, as_json))
    monkeypatch.setitem(sys.modules, "scatter.cli.demo", module)
    succeed("demo")
    succeed("demo", "-o", "elsewhere", "--seed", "3", "--json")
    assert calls == [(Path("scatter-demo"), 0, False), (Path("elsewhere"), 3, True)]
