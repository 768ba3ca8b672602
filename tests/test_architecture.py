"""The layout is the architecture: imports go one way, importing is cheap, public names are stated."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import scatter

PACKAGE = Path(scatter.__file__).parent

# Lower layers may not import higher ones; modules that are not named here stand on top of all.
LAYERS = ["errors", "paths", "numerics", "domains", "frames", "cascade", "kernels", "transforms"]
TOP = len(LAYERS)


def layer(module):
    parts = module.split(".")
    return LAYERS.index(parts[1]) if len(parts) > 1 and parts[1] in LAYERS else TOP


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    ("module", "path"), [m for m in modules() if m[0] != "scatter"], ids=lambda v: str(v)
)
def test_imports_go_one_way(module, path):
    upward = [name for name in imported(path) if name.startswith("scatter.") and layer(name) > layer(module)]
    assert not upward


def test_only_the_command_line_imports_the_package_root():
    """The root imports everything below it: what imports the root is a circle."""
    for module, path in modules():
        if module != "scatter" and ".cli" not in module:
            assert "scatter" not in set(imported(path)), module


def test_no_two_modules_import_each_other():
    edges = {module: set(imported(path)) for module, path in modules() if module != "scatter"}
    pairs = [(a, b) for a in edges for b in edges[a] & set(edges) if a < b and a in edges[b]]
    # A package and what is in it are one.
    assert not [(a, b) for a, b in pairs if not b.startswith(f"{a}.")]


def test_the_cascade_never_learns_a_domains_name():
    names = set(imported(PACKAGE / "cascade.py"))
    assert not any("domains" in name or "morlet" in name for name in names)


def test_lazy_names_are_the_public_names():
    assert sorted(scatter.__all__) == scatter.__all__
    for name in scatter.__all__:
        assert getattr(scatter, name) is not None
    assert set(scatter.__all__) == {*scatter._HOME, *scatter._MODULES, "__version__"}
    with pytest.raises(AttributeError, match="has no attribute 'Scattering4D'; it has Band"):
        scatter.Scattering4D  # noqa: B018


@pytest.mark.parametrize("module", [name for name, _ in modules() if name != "scatter"])
def test_all_lists_what_exists(module):
    if ".cli" in module:
        pytest.importorskip("typer")
    loaded = importlib.import_module(module)
    for name in getattr(loaded, "__all__", []):
        assert hasattr(loaded, name)


def test_import_scatter_loads_nothing_heavy():
    heavy = ["numpy", "scipy", "sklearn", "matplotlib", "typer", "torch", "jax", "PIL", "array_api_compat"]
    code = f"import sys, scatter; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_files_fit_on_a_few_screens():
    long = {
        str(p.relative_to(PACKAGE)): n for _, p in modules() if (n := len(p.read_text().splitlines())) > 400
    }
    assert not long
