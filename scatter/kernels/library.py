"""The compiled modules, one for each instruction set, and the choice between them."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import threadpoolctl

from scatter.errors import InputError

ISAS = ("avx512", "avx2", "baseline")
"""Instruction sets that there may be modules for, the best one first. On Arm the baseline is NEON."""

NOT_BUILT = (
    "not built: pip found no C++ compiler when it installed scatter; install GCC or Clang, then type: "
    "pip install --force-reinstall --no-deps . in a copy of the sources"
)


class Library(NamedTuple):
    """A compiled module and the instruction set that it is for."""

    isa: str
    module: Any


class Threads(threadpoolctl.LibController):  # type: ignore[misc]
    """The limit on threads, for threadpoolctl."""

    user_api = "scatter"
    internal_api = "scatter"
    filename_prefixes = tuple(f"_scatter_{isa}" for isa in ISAS)
    check_symbols = ("scatter_get_num_threads", "scatter_set_num_threads")

    def get_num_threads(self) -> int:
        """The limit, or the number of processors of the machine where there is none."""
        return int(self.dynlib.scatter_get_num_threads()) or os.cpu_count() or 1

    def set_num_threads(self, num_threads: int) -> None:
        """Limit the threads of a transform whose ``n_jobs`` is None."""
        # As many as `get_num_threads` says without a limit are none: threadpoolctl sets back what it got.
        limit = 0 if num_threads >= (os.cpu_count() or 1) else num_threads
        self.dynlib.scatter_set_num_threads(ctypes.c_int(limit))

    def get_version(self) -> str | None:
        """Version of the library: that of scatter."""
        return None


def built() -> tuple[str, ...]:
    """Instruction sets that there are modules for in this installation, the best one first."""
    return tuple(isa for isa in ISAS if _found(isa))


def usable() -> tuple[str, ...]:
    """Instruction sets that there are modules for and that this processor has, the best one first."""
    if not built():
        return ()
    supported = _module("baseline").supported()
    return tuple(isa for isa in built() if isa in supported)


@cache
def load() -> Library | None:
    """The best module that this processor can run, or that ``SCATTER_ISA`` names; None if none is built.

    Raises
    ------
    InputError
        If ``SCATTER_ISA`` names an instruction set that is unknown, not built, or not that of this processor.
    """
    choice = usable()
    if not choice:
        return None
    isa = os.environ.get("SCATTER_ISA") or choice[0]
    if isa not in choice:
        why = "is not what this processor has" if isa in built() else "is not built"
        names = ", ".join(map(repr, choice))
        raise InputError(f"SCATTER_ISA={isa!r} {why}; set it to one of {names}, or unset it")
    threadpoolctl.register(Threads)
    return Library(isa, _module(isa))


def thread_limit(library: Library | None = None) -> int:
    """Most threads that threadpoolctl allows compiled code, of ``library`` or what `load` finds; 0 is any."""
    library = library or load()
    return int(library.module.thread_limit()) if library else 0


def _found(isa: str) -> bool:
    return importlib.util.find_spec(f"scatter.kernels._scatter_{isa}") is not None


def _module(isa: str) -> ModuleType:
    return importlib.import_module(f"scatter.kernels._scatter_{isa}")
