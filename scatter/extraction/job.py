"""What a run is to do, and which of its shards are finished, as lines of JSON with their checksums."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from scatter.extraction.listing import Item
from scatter.extraction.recipe import Recipe


class Slice(NamedTuple):
    """Where the items of a shard are in the list of inputs: from which byte, and how many."""

    offset: int
    items: int


@dataclass(frozen=True)
class Record:
    """A finished shard: how many rows and failures it holds, and the checksums of its two files."""

    shard: int
    rows: int
    skipped: int
    features: str
    keys: str
    offset: int | None = None
    """Where its rows begin in the file of all rows; None if they have a file of their own."""

    def line(self) -> bytes:
        """One line of JSON, behind its checksum."""
        text = json.dumps(asdict(self), separators=(",", ":")).encode()
        return hashlib.sha256(text).hexdigest().encode() + b" " + text

    @classmethod
    def parse(cls, line: bytes) -> Record | None:
        """The record of a line; None if the line is cut off or damaged."""
        checksum, _, text = line.partition(b" ")
        if hashlib.sha256(text).hexdigest().encode() != checksum:
            return None
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Job:
    """What is to be done, as it was settled when the run began.

    Parameters
    ----------
    recipe : Recipe
        What is computed of every sample.
    fingerprint : str
        Hash of the recipe, the version and the list of inputs.
    shards : tuple of Slice
        The items of each.
    probe : Item
        The first item that could be read; samples must be like its own.
    sample : tuple of int, optional
        The shape of a sample with its channels; None for samples that are no arrays.
    rate : float, optional
        Sampling rate, in hertz.
    names : tuple of str
        Of the features.
    keys : tuple of str
        Of the key columns.
    metadata : dict of str to str
        What travels with the features.
    on_error : {'skip', 'fail'}
        What to do about a damaged file.
    suffix : str
        Of the table.
    inputs : str
        Checksum of the list of inputs, as `Workspace.inputs` holds it.
    """

    recipe: Recipe
    fingerprint: str
    shards: tuple[Slice, ...]
    probe: Item
    sample: tuple[int, ...] | None
    rate: float | None
    names: tuple[str, ...]
    keys: tuple[str, ...]
    metadata: dict[str, str]
    on_error: str
    suffix: str
    inputs: str

    @property
    def one_body(self) -> bool:
        """Whether shards that come in order share a file of rows, which becomes the table."""
        return self.suffix == ".npy"

    @property
    def taken_over(self) -> bool:
        """Whether files of shards become the table, so that they are best on the disk early."""
        return self.suffix in (".npy", ".zarr")

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of features."""
        return len(self.names) * np.dtype(self.recipe.dtype).itemsize

    @property
    def items(self) -> int:
        """Number of items."""
        return sum(part.items for part in self.shards)

    def to_json(self) -> str:
        """As text, with its checksum."""
        given = {**self.__dict__, "recipe": self.recipe.to_dict()}
        return json.dumps({"sha256": _checksum(given), "job": given})

    @classmethod
    def from_json(cls, text: str) -> Job:
        """From text.

        Raises
        ------
        ValueError
            If the text is no job, or not as it was written.
        """
        held = json.loads(text)
        if not (isinstance(held, dict) and isinstance(given := held.get("job"), dict)):
            raise ValueError("it describes no run")
        if held.get("sha256") != _checksum(given):
            raise ValueError("its checksum is wrong")
        given["recipe"] = Recipe.from_dict(given["recipe"])
        given["shards"] = tuple(Slice(*part) for part in given["shards"])
        given["probe"] = Item(*given["probe"])
        for name in ("sample", "names", "keys"):
            given[name] = None if given[name] is None else tuple(given[name])
        return cls(**given)


def _checksum(given: object) -> str:
    # Of what the text means: JSON of the same values is the same text.
    return hashlib.sha256(json.dumps(given).encode()).hexdigest()
