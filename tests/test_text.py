"""Names that a terminal would obey and a spreadsheet would compute."""

import csv
import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import fail, image, run, succeed
from hypothesis import example, given
from hypothesis import strategies as st

from scatter._text import csv_line_text, csv_text, from_csv_text, terminal_text
from scatter.io import FeatureTable, read_table
from scatter.io.tables import write_table

EVIL = "=1+1\x1b[2J\x1b]0;owned\x07\r\u202egnp"
CONTROLS = {*map(chr, range(32)), *map(chr, range(127, 160)), "\u202e", "\u2028"} - {"\n", "\t"}


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@given(st.text())
@example("'=1")
@example("''=1")
@example("'-1")
@example("-1")
@example("-1+1")
@example("\r=")
def test_a_cell_is_no_formula_and_gives_its_text_back(text):
    text = text.encode("utf-8", "backslashreplace").decode()
    cell = csv_text(text)
    assert from_csv_text(cell) == text
    if cell[:1] in tuple("=+-@\t\r"):
        float(cell)
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="\n").writerow([csv_line_text(text), 1])
    assert len(row.getvalue().splitlines()) == 1


@given(st.text(st.characters(codec="utf-8")))
def test_a_terminal_shows_text_on_one_line(text):
    shown = terminal_text(text)
    assert not set(shown) & (CONTROLS | {"\n", "\t"})


def test_ordinary_names_are_shown_as_they_are():
    for name in ("Größe µ ±1°.png", "写真.jpg", "👩‍🔬.png", "می‌خواهم", "a b"):
        assert terminal_text(name) == name


def test_key_columns_come_back_and_are_no_formulas():
    names = ("=cmd()", "+1", "-a", "@x", "'=quoted", "a\rb", "plain", "-1")
    table = FeatureTable(np.zeros((len(names), 1)), ("m",), {"file": names, "label": names})
    write_table(table, "t.npy")
    assert tuple(read_table("t.npy").keys["file"]) == names
    with open("t.npy.csv", encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    assert {cell for cell in cells if cell[:1] in tuple("=+-@")} == {"+1", "-1"}


def obeyed(*streams):
    return set("".join(streams)) & CONTROLS


def test_names_of_files_reach_neither_the_terminal_nor_the_list_of_errors_as_they_are():
    Path("in").mkdir()
    image("in/a.png")
    Path("in", EVIL + ".png").write_bytes(b"no image")
    result = run("features", "in", "-o", "t.npy", "--transform", "2d", "--J", "2", "--L", "2")
    assert result.exit_code == 1
    assert not obeyed(result.stdout, result.stderr)
    content = Path("t.npy.errors.csv").read_bytes().decode()
    assert not obeyed(content)
    (row,) = csv.DictReader(io.StringIO(content))
    assert row["file"].startswith("in/=1+1\\x1b[2J")
    for name in ("=x.png", "@y.png"):
        Path(name).write_bytes(b"no image")
    run("features", "=x.png", "@y.png", "in/a.png", "-o", "u.npy", "--transform", "2d", "--J", "2")
    rows = list(csv.DictReader(Path("u.npy.errors.csv").read_text().splitlines()))
    assert [row["file"] for row in rows] == ["'=x.png", "'@y.png"]


@pytest.mark.parametrize("debug", [False, True])
def test_messages_and_tracebacks_hold_no_sequences(debug):
    name = EVIL + ".png"
    Path(name).write_bytes(b"no image")
    result = run(*["--debug"] * debug, "pyramid", name)
    assert result.exit_code == 1
    assert not obeyed(result.stdout, result.stderr)
    assert "owned" in result.stderr


def test_names_of_members_and_tables_hold_no_sequences():
    np.savez("a.npz", **{"x\x1b[2J": np.zeros((4, 16, 16), np.float32), "y\x9b": np.zeros(3)})
    assert not obeyed(fail("features", "a.npz", "-o", "t.npy", "--transform", "2d"))
    image(f"b{EVIL}.png", (32, 32, 3))
    assert not obeyed(succeed("pyramid", f"b{EVIL}.png", "--levels", "1"))


def test_warnings_hold_no_sequences(monkeypatch):
    import warnings

    from scatter.cli import info

    def warn(**_):
        warnings.warn("\x1b[2J of a library", UserWarning, stacklevel=1)

    monkeypatch.setattr(info, "run_info", warn)
    with pytest.warns(UserWarning, match="of a library") as caught:
        result = run("info")
    assert not obeyed(*(str(one.message) for one in caught))
    assert not obeyed(result.stderr)


def test_only_the_module_of_outputs_prints():
    root = Path(sys.modules["scatter"].__file__).parent
    for file in root.rglob("*.py"):
        lines = [
            line
            for line in file.read_text().splitlines()
            if re.search(r"(?<!\w)print\(", line) and ">>>" not in line
        ]
        own = [line for line in lines if not line.strip().startswith("...") and "_print(" not in line]
        if file.name not in ("output.py", "group.py", "progress.py", "root.py"):
            assert not own, (file, own)
