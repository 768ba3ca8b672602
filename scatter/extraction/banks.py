"""Banks of wavelets out of a user's own Python file."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from scatter.errors import FileError, InputError
from scatter.io.files import regular_file


def load_bank(text: str | None) -> Any:
    """Run a Python file and take a bank of wavelets out of it.

    Nothing but this runs code of a user: tables, recipes and models name a bank, and never hold one.

    Parameters
    ----------
    text : str, optional
        ``FILE.py:NAME``: the file, and the name of a value in it.

    Returns
    -------
    SpectralBank
        What ``wavelet=`` of `Scattering1D` and `Scattering2D` takes; it is checked there. None
        if none is named.

    Raises
    ------
    InputError
        If the text is not such, or there is no such value.
    FileError
        If the file can't be read, or fails.
    """
    if text is None:
        return None
    path, colon, name = text.rpartition(":")
    if not colon or not path.endswith(".py") or not name.isidentifier():
        raise InputError(
            f"--wavelet is FILE.py:NAME, a file of Python and the name of a bank in it, got {text!r}"
        )
    file = regular_file(path)
    module_name = f"scatter_wavelet_{file.stem}"
    spec = importlib.util.spec_from_file_location(module_name, file)
    assert spec is not None  # of a file that ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise FileError(f"{file}: {type(error).__name__}: {error}") from error
    if not hasattr(module, name):
        values = ", ".join(sorted(key for key in vars(module) if not key.startswith("_"))) or "nothing"
        raise InputError(f"--wavelet {text}: {path} has no {name}; it has {values}")
    return getattr(module, name)
