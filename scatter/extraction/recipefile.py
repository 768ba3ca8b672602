"""Recipes in small TOML or JSON files."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scatter.errors import FileError, InputError
from scatter.extraction.recipe import Recipe
from scatter.io.atomic import atomic_output
from scatter.io.files import reason, regular_file

SUFFIXES = (".toml", ".json")
_LARGEST = 2**20


def load_recipe(path: str | os.PathLike[str], wavelet: Any = None) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    path : str or path-like
        A .toml or .json file, as `save_recipe` writes it.
    wavelet : SpectralBank, optional
        The bank of wavelets that it was made with, of which it has the name alone.

    Returns
    -------
    Recipe

    Raises
    ------
    FileError
        If it can't be read, or is not a recipe.
    InputError
        If the suffix is neither.

    Examples
    --------
    >>> load_recipe("texture.toml").transform  # doctest: +SKIP
    '2d'
    """
    _check(path)
    file = regular_file(path)
    try:
        if file.stat().st_size > _LARGEST:
            raise ValueError(f"it has {file.stat().st_size} bytes, and a recipe at most {_LARGEST}")
        text = file.read_text(encoding="utf-8")
        given = tomllib.loads(text) if file.suffix.lower() == ".toml" else json.loads(text)
        if not isinstance(given, dict):
            raise ValueError("it holds no table of entries")
        return Recipe.from_dict(given, wavelet)
    except (InputError, ValueError, RecursionError, OSError) as error:
        raise FileError(f"{file}: is not a recipe: {reason(error)}") from error


def save_recipe(recipe: Recipe, path: str | os.PathLike[str]) -> None:
    """Write a recipe completely or not at all.

    Parameters
    ----------
    recipe : Recipe
        What to write.
    path : str or path-like
        A .toml or .json file; one that exists is replaced.

    Raises
    ------
    FileError
        If it can't be written.
    InputError
        If the suffix is neither.

    Examples
    --------
    >>> save_recipe(Recipe("2d", {"J": 4}), "texture.toml")  # doctest: +SKIP
    """
    _check(path)
    given = recipe.to_dict()
    toml = Path(path).suffix.lower() == ".toml"
    text = "\n".join(_toml(given)) if toml else json.dumps(given, indent=2)
    with atomic_output(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _check(path: str | os.PathLike[str]) -> None:
    if (suffix := Path(path).suffix.lower()) not in SUFFIXES:
        raise InputError(
            f"{path}: a recipe is a .toml or .json file, got {suffix or 'a name without a suffix'}"
        )


def _toml(given: Mapping[str, Any]) -> Iterator[str]:
    tables = {name: value for name, value in given.items() if isinstance(value, Mapping)}
    for name, value in given.items():
        if name not in tables:
            yield f"{name} = {_toml_value(value)}"
    for name, table in tables.items():
        yield f"\n[{name}]"
        # TOML has no null: an entry that is None is one that says so.
        yield from (
            f"{key} = {_toml_value('none' if value is None else value)}" for key, value in table.items()
        )


def _toml_value(value: Any) -> str:
    # As JSON, but for letters: TOML knows no pairs of surrogates.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
