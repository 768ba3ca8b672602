"""The documentation is true: its code runs, its commands print what is shown, its links lead somewhere.

A page is run from top to bottom, in an empty folder: Python blocks share their names, and commands find the
files that the page wrote before. A comment in the line before a block says what is different about it:

``<!-- test: skip, REASON -->``
    It is not run.
``<!-- test: needs MODULE -->``
    It is not run where a module is not installed.
``<!-- test: near, REASON -->``
    Numbers in the output may differ by 5 % from those shown.
``<!-- test: varies, REASON -->``
    Numbers in the output may be any.
"""

import ast
import contextlib
import doctest
import importlib
import importlib.util
import inspect
import io
import os
import pkgutil
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits
from typer.main import get_command

import scatter
from scatter.cli.app import app

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
SCENES = {"symmetry", "neighbours", "stability", "multiresolution", "compressed", "domains", "blocks"}
MADE = {"_build", "gallery", "generated"}
PAGES = sorted(page for page in DOCS.rglob("*.md") if not MADE & set(page.relative_to(DOCS).parts))
READ = [
    *PAGES,
    *(ROOT / name for name in ("README.md", "CHANGES.md", "CONTRIBUTING.md") if (ROOT / name).exists()),
]
EXAMPLES = sorted((DOCS / "examples").glob("*.py"))

# Commands that are shown and not run, by how they begin.
NOT_RUN = {
    "pip install": "changes the environment",
    "python -m pip install": "changes the environment",
    "python -m venv": "makes an environment",
    "git clone": "needs the network",
    "cd ": "moves the reader, not the test",
    "pytest": "runs this",
    "ruff": "is a step of its own in continuous integration",
    "mypy": "is a step of its own in continuous integration",
    "sphinx-build": "test_the_documentation_builds_without_a_warning runs it",
    "scatter demo": "takes a quarter of a minute and has tests of its own",
}
RUN = {"python", "pycon", "console", "bash"}
SHOWN = {"", "text", "toml"}
ESTIMATORS = (
    *("Scattering1D", "Scattering2D", "RotoTranslationScattering2D", "HarmonicScattering3D"),
    "SphericalScattering",
    *("MeshScattering", "PointCloudScattering", "TangentScattering", "GraphScattering", "WaveletEnergies"),
)
"""In the order of the table of parameters in options.md."""
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
NUMBER = r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"


# ------------------------------------------------------------------ blocks of a page
@dataclass(frozen=True)
class Block:
    """A fenced block of a page, and the comment before it."""

    page: Path
    line: int
    language: str
    code: str
    mark: str = ""

    def __str__(self):
        return f"{self.page.name}:{self.line}"

    @property
    def verb(self):
        return self.mark.replace(",", " ").partition(" ")[0]

    @property
    def detail(self):
        return self.mark.removeprefix(self.verb).strip(", ")


def blocks(page, text=None):
    """Fenced blocks of a page that are not directives."""
    found, lines, place = [], (page.read_text() if text is None else text).splitlines(), 0
    while place < len(lines):
        opening = re.match(r"^(\s*)(`{3,})\s*(.*)$", lines[place])
        place += 1
        if not opening:
            continue
        indent, fence, info = opening.groups()
        start = place
        while place < len(lines) and lines[place].strip() != fence:
            place += 1
        place += 1
        if info.startswith("{") and not info.startswith("{code"):
            continue
        comment = re.fullmatch(r"<!-- test: (.*) -->", lines[start - 2].strip()) if start > 1 else None
        code = "".join(line.removeprefix(indent) + "\n" for line in lines[start : place - 1])
        found.append(Block(page, start + 1, info.strip(), code, comment[1] if comment else ""))
    return found


def commands(block):
    """Commands of a block, and what is shown below each."""
    found, lines = [], block.code.splitlines()
    while lines:
        line = lines.pop(0)
        if block.language == "console" and not line.startswith("$ "):
            assert found, f"{block}: a console block begins with '$ ', got {line!r}"
            found[-1][1].append(line)
            continue
        command = line.removeprefix("$ ")
        while command.endswith("\\"):
            command = command[:-1] + lines.pop(0).removeprefix("> ").strip()
        if command.strip() and not command.startswith("#"):
            found.append((command, []))
    return [(command, "\n".join(shown).rstrip()) for command, shown in found]


# ------------------------------------------------------------------ running them
class Checker(doctest.OutputChecker):
    """Compares outputs; with ``near`` or ``varies``, numbers may differ."""

    def __init__(self, verb=""):
        self.verb = verb

    def check_output(self, want, got, optionflags):
        if super().check_output(want, got, optionflags | FLAGS):
            return True
        if self.verb not in ("near", "varies"):
            return False
        if self.verb == "varies":
            # A version is a number in parts, and may be missing altogether; processors have what they have.
            varying = r"not installed|\d[\w.+-]*\.[\w.+-]*|\w+, of [\w ]+(?=; SCATTER_ISA)"
            want, got = (re.sub(varying, "0", text) for text in (want, got))
        same = super().check_output(re.sub(NUMBER, "0", want), re.sub(NUMBER, "0", got), optionflags | FLAGS)
        if self.verb == "varies" or not same:
            return same
        shown, found = ([float(number) for number in re.findall(NUMBER, text)] for text in (want, got))
        return len(shown) == len(found) and np.allclose(found, shown, rtol=0.05)


class Terminal(io.StringIO):
    """What a command prints to when it is typed by hand."""

    def isatty(self):
        return True


def run_command(command):
    """What a command of scatter prints on a terminal, errors last, and its exit code."""
    out, err, code = Terminal(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(shlex.split(command, comments=True)[1:], prog_name="scatter")
        except SystemExit as end:
            code = int(end.code or 0)
    text = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue() + err.getvalue())
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip(), code


def run_console(block):
    for command, shown in commands(block):
        if any(command.startswith(start) for start in NOT_RUN):
            continue
        printed, code = run_command(command)
        if "which is not installed; type: pip install" in printed:
            continue
        meant = "scatter: error:" in shown
        assert (code != 0) == meant, f"{block}: {command!r} ended with {code}:\n{printed}"
        if shown:
            same = Checker(block.verb).check_output(shown + "\n", printed + "\n", FLAGS)
            assert same, f"{block}: {command!r} printed\n{printed}\nbut the page shows\n{shown}"


def run_session(block, names):
    """Run a block of ``>>>`` lines and compare what it prints."""
    test = doctest.DocTestParser().get_doctest(block.code, names, str(block), str(block.page), block.line - 1)
    report = io.StringIO()
    runner = doctest.DocTestRunner(checker=Checker(block.verb), optionflags=FLAGS)
    failed, _ = runner.run(test, out=report.write, clear_globs=False)
    names.update(test.globs)
    assert not failed, report.getvalue()


def run_script(block, names):
    """Run a block of plain code; ``print(...)  # this`` must print this."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile("\n" * (block.line - 1) + block.code, str(block.page), "exec"), names)
    stated = re.findall(r"^print\(.*\)  # (.*)$", block.code, re.MULTILINE)
    if stated:
        printed = out.getvalue().splitlines()
        for want, got in zip(stated, printed, strict=True):
            assert agrees(want, got), f"{block}: printed {got!r}, stated {want!r}"


def agrees(want, got):
    """Whether a comment says what was printed: literally, or a number rounded, with words after a comma."""
    number = re.match(r"(\d+\.(\d+))(, |$)", want)
    return want == got or (number is not None and f"{float(got):.{len(number[2])}f}" == number[1])


def run_block(block, names):
    if block.verb == "file":
        Path(block.detail).write_text(block.code)
    if block.verb == "skip" or block.language not in RUN:
        return
    if block.verb == "needs" and any(importlib.util.find_spec(name) is None for name in block.detail.split()):
        return
    if block.language in ("console", "bash"):
        run_console(block)
    elif ">>>" in block.code:
        run_session(block, names)
    else:
        run_script(block, names)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """An empty folder, a terminal of 100 columns without colours, one thread for linear algebra."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # a page imports the files that it writes
    for name, value in {"COLUMNS": "100", "TERM": "xterm", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    with threadpool_limits(1):
        yield tmp_path


@pytest.fixture
def photos(desk):
    """The pictures that the commands of the README are about."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    (desk / "photos").mkdir()
    for name, picture in zip("ab", load_sample_images().images, strict=True):
        Image.fromarray(picture).save(f"photos/{name}.png")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_runs(page, desk):
    names = {"__name__": "__main__"}
    for block in blocks(page):
        run_block(block, names)


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="only the package is here")
def test_the_readme_runs(photos):
    names = {"__name__": "__main__"}
    for block in blocks(ROOT / "README.md"):
        run_block(block, names)


@pytest.mark.parametrize("page", READ, ids=lambda page: page.name)
def test_every_block_is_run_or_says_why(page):
    for block in blocks(page):
        assert block.language in RUN | SHOWN, (
            f"{block}: language {block.language!r}; use one of {RUN | SHOWN}"
        )
        assert block.verb in ("", "skip", "needs", "near", "varies", "file"), (
            f"{block}: unknown mark {block.mark!r}"
        )
        assert not block.verb or block.detail, f"{block}: the mark {block.mark!r} gives no reason"
        if block.language in ("console", "bash") and block.verb != "skip":
            for command, _ in commands(block):
                known = command.startswith(("scatter ", *NOT_RUN))
                assert known, f"{block}: {command!r} is neither scatter's nor in NOT_RUN, so it is not run"


def test_the_pages_are_found():
    assert len(PAGES) > 10
    assert sum(block.language in RUN for page in PAGES for block in blocks(page)) > 50


# ------------------------------------------------------------------ the harness itself can fail
def page_of(language, code, mark=""):
    head = f"<!-- test: {mark} -->\n" if mark else ""
    return blocks(Path("page.md"), f"# Title\n\n{head}```{language}\n{code}\n```\n")[0]


@pytest.mark.parametrize(
    ("language", "code", "mark", "right"),
    [
        ("python", ">>> 1 + 1\n2", "", True),
        ("python", ">>> 1 + 1\n3", "", False),
        ("python", ">>> 1 / 0", "", False),
        ("python", ">>> print(f'{2:.3f} s')\n2.050 s", "near, a test", True),
        ("python", ">>> print(f'{2:.3f} s')\n2.200 s", "near, a test", False),
        ("python", ">>> print(f'{2:.3f} s')\n2.200 m", "varies, a test", False),
        ("python", "print(1 / 3)  # 0.333, a third", "", True),
        ("python", "print(1 / 3)  # 0.334, a third", "", False),
        ("python", "print((1, 2))  # (1, 3)", "", False),
        ("python", "1 / 0", "skip, a test", True),
        ("python", "1 / 0", "needs no_such_module", True),
        ("console", "$ scatter --version\nscatter 0.0.0", "varies, a test", True),
        ("console", "$ scatter --version\nscatter 0.0.0", "", False),
        ("console", "$ scatter features none.png -o a.npz", "", False),
        (
            "console",
            "$ scatter features none.png -o a.npz\nscatter: error: none.png: no such file or folder",
            "",
            True,
        ),
        ("bash", "pip install scatter-wavelets", "", True),
        ("text", "anything", "", True),
    ],
)
def test_a_wrong_page_fails(language, code, mark, right, desk):
    block = page_of(language, code, mark)
    if right:
        run_block(block, {})
    else:
        with pytest.raises((AssertionError, ZeroDivisionError)):
            run_block(block, {})


# ------------------------------------------------------------------ docstrings
def modules():
    for module in pkgutil.walk_packages(scatter.__path__, "scatter."):
        path = ROOT / (module.name.replace(".", "/") + (".py" if not module.ispkg else "/__init__.py"))
        if path.exists() and ">>>" in path.read_text():
            yield module.name


@pytest.mark.parametrize("name", list(modules()))
def test_docstrings_run(name, desk):
    for test in doctest.DocTestFinder().find(importlib.import_module(name), name):
        needed = re.findall(
            r"^import (torch|jax)", "".join(example.source for example in test.examples), re.MULTILINE
        )
        if any(importlib.util.find_spec(library) is None for library in needed):
            continue
        report = io.StringIO()
        failed, _ = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.write)
        assert not failed, report.getvalue()


# ------------------------------------------------------------------ nothing is left out
def sections(page):
    """Text below every heading of the second level."""
    _, *parts = re.split(r"^## (.*)$", page.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def options(command):
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


def test_every_option_is_on_the_page_of_commands():
    page, root = sections(DOCS / "command_line.md"), get_command(app)
    stated = {"scatter": options(root) | {"-h", "--help"}}
    for name, command in root.commands.items():
        stated[f"scatter {name}"] = {option for option in options(command) if option.startswith("-")}
    assert set(page) == set(stated)
    for name, names in stated.items():
        rows = "".join(line for line in page[name].splitlines() if line.startswith("| `-"))
        shown = set(re.findall(r"`(-[^`]+)`", rows.replace("| `", "|`")))
        assert shown == names, f"{name}: the table and the command differ in {shown ^ names}"


def test_every_parameter_is_explained():
    text = (DOCS / "options.md").read_text()
    for transform in (scatter.Scattering1D(), scatter.Scattering2D()):
        for name in transform.get_params():
            assert re.search(rf"`{name}[`=]", text), f"options.md does not mention {name}"


def test_the_table_of_parameters_is_that_of_the_signatures():
    text = (DOCS / "options.md").read_text().partition("## Every parameter of every estimator")[2]
    head, _, *rows = (line for line in text.splitlines() if line.startswith("|"))
    shown = {}
    columns = [cell.strip() for cell in head.split("|")[2:-1]]
    for row in rows:
        name, *cells = (cell.strip() for cell in row.split("|")[1:-1])
        for column, cell in zip(columns, cells, strict=True):
            if cell:
                shown[column, name.strip("`")] = cell
    stated = {}
    for column, name in zip(columns, ESTIMATORS, strict=True):
        for parameter in inspect.signature(getattr(scatter, name)).parameters.values():
            needed = parameter.default is inspect.Parameter.empty
            stated[column, parameter.name] = "needed" if needed else f"`{parameter.default!r}`"
    assert shown == stated


def test_every_estimator_is_in_the_table_of_parameters():
    found = {name for name in scatter.__all__ if hasattr(getattr(scatter, name), "fit")}
    assert found == set(ESTIMATORS)


def test_every_public_name_is_in_the_reference():
    listed = set(re.findall(r"^   ([\w.]+)$", (DOCS / "api.md").read_text(), re.MULTILINE))
    names = {name.rpartition(".")[2] for name in listed}
    for module in ("scatter", *(f"scatter.{name}" for name in scatter._MODULES)):
        stated = {
            name for name in getattr(importlib.import_module(module), "__all__", ()) if not name.isupper()
        }
        assert stated - {"__version__", *scatter._MODULES} <= names, module
    laws = ast.parse((ROOT / "scatter/testing.py").read_text()).body
    assert {law.name for law in laws if isinstance(law, ast.FunctionDef) and law.name[0] != "_"} <= names


def test_the_stated_frame_bounds_are_those_of_the_tests():
    laws = ast.parse((ROOT / "tests/test_laws.py").read_text()).body
    assigned = {node.targets[0].id: node.value for node in laws if isinstance(node, ast.Assign)}
    stated = ast.literal_eval(assigned["STATED"])
    rows = re.findall(
        r"^\| (signals|images).*\| (\S+) \| (\S+) \|$", (DOCS / "transform.md").read_text(), re.MULTILINE
    )
    found = {(name, float(lower), float(upper)) for name, lower, upper in rows}
    assert {("signals", *stated["1d"]), ("images", *stated["2d"])} <= found


# ------------------------------------------------------------------ links
def anchors(page):
    """Anchors of the headings of a page, as GitHub and MyST make them."""
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", READ, ids=lambda page: page.name)
def test_internal_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        if "gallery" in path.parts:  # made by the build from the example of the same name
            example = re.sub(r"^sphx_glr_|_\d+\.png$|\.rst$", "", path.name)
            assert example == "index" or (DOCS / "examples" / f"{example}.py").exists(), (
                f"{page.name}: {target}"
            )
            continue
        if "generated" in path.parts:  # made by the build out of a scene of the same picture
            assert path.stem in SCENES, f"{page.name}: {target}"
            continue
        assert path.exists(), f"{page.name}: {target} does not exist"
        assert not anchor or anchor in anchors(path), f"{page.name}: {target} has no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_in_roles_exist(page):
    for role, target in re.findall(r"\{py:(\w+)\}`~?([\w.]+)`", page.read_text()):
        if role == "mod":
            importlib.import_module(target)
            continue
        parts, found = target.split("."), None
        for cut in range(len(parts) - 1, 0, -1):
            with contextlib.suppress(ModuleNotFoundError):
                found = importlib.import_module(".".join(parts[:cut]))
                break
        for name in parts[cut:]:
            assert hasattr(found, name), f"{page.name}: {target} does not exist"
            found = getattr(found, name)


# ------------------------------------------------------------------ examples and the build
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_example_runs(example, desk, monkeypatch):
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("agg")
    plt = importlib.import_module("matplotlib.pyplot")
    monkeypatch.setattr(plt, "show", lambda: None)
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_path(str(example), run_name="__main__")
        drawn = len(plt.get_fignums())
    finally:
        plt.close("all")
    assert drawn or "PyTorch is not installed" in out.getvalue()


@pytest.mark.skipif(
    "torch" not in sys.modules and importlib.util.find_spec("torch") is None, reason="torch is not installed"
)
def test_the_example_about_gradients_does_without_torch(desk, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    runpy.run_path(str(DOCS / "examples" / "gradients.py"), run_name="__main__")
    assert "PyTorch is not installed" in capsys.readouterr().out


def test_the_documentation_builds_without_a_warning(tmp_path):
    for package in ("sphinx", "myst_parser", "numpydoc", "pydata_sphinx_theme", "sphinx_gallery"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    if not (ROOT / "CHANGES.md").exists():
        pytest.skip("only the package is here")
    shutil.copytree(DOCS, tmp_path / "docs", ignore=shutil.ignore_patterns(*MADE))
    shutil.copy(ROOT / "CHANGES.md", tmp_path)
    (tmp_path / "benchmarks").mkdir()
    shutil.copy(ROOT / "benchmarks" / "RESULTS.md", tmp_path / "benchmarks")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "html"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    index = (tmp_path / "html" / "index.html").read_text()
    assert "sphx_glr_photograph_001.png" in index
    assert "https://" not in re.sub(r'<a [^>]*href="[^"]*"', "", index).replace("https://www.w3.org", "")
