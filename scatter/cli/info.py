"""``scatter info``: what is installed, without importing it."""

import os
import platform
from collections.abc import Iterable
from importlib import metadata

from scatter.cli.output import print_json, show

NOT_INSTALLED = "not installed"

_REQUIRED = {"numpy": ("numpy",), "scipy": ("scipy",), "scikit-learn": ("scikit-learn",)}
_BACKENDS = {
    "torch": ("torch",),
    "jax": ("jax",),
    "cupy": ("cupy", "cupy-cuda13x", "cupy-cuda12x", "cupy-cuda11x"),
    "array_api_strict": ("array-api-strict",),
}


def run_info(*, as_json: bool) -> None:
    """Print versions, backends, executors and the number of processors.

    Parameters
    ----------
    as_json : bool
        Whether to print JSON.
    """
    from scatter._version import __version__

    versions = {"scatter": __version__, "python": platform.python_version()}
    versions |= {name: _version(packages) for name, packages in _REQUIRED.items()}
    backends = {name: _version(packages) for name, packages in _BACKENDS.items()}
    executors, cpus = {"array": "yes", "compiled": compiled_executor()}, usable_cpus()
    if as_json:
        print_json({"versions": versions, "backends": backends, "executors": executors, "cpus": cpus})
        return
    for title, entries in (
        ("versions", versions),
        ("backends", backends),
        ("executors", executors),
        ("processors", {"usable": str(cpus)}),
    ):
        show(title)
        for name, value in entries.items():
            show(f"  {name:<18}{value}")


def compiled_executor() -> str:
    """Return which instruction set the compiled executor uses, and which it could, or why it is not there.

    Returns
    -------
    str
        Such as ``avx2, of avx2 and baseline; SCATTER_ISA chooses``.
    """
    from scatter.errors import InputError
    from scatter.kernels.library import NOT_BUILT, load, usable

    try:
        library = load()
    except InputError as error:
        return f"warning: {error}"
    if library is None:
        return f"warning: {NOT_BUILT}"
    return f"{library.isa}, of {' and '.join(usable())}; SCATTER_ISA chooses"


def usable_cpus() -> int:
    """Return how many processors this process may use, which a container or a scheduler may limit.

    Returns
    -------
    int
        At least 1.
    """
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return int(os.process_cpu_count() or 1)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(packages: Iterable[str]) -> str:
    for package in packages:
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return NOT_INSTALLED
