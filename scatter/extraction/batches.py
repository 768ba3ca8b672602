"""Samples that come in pieces, in batches of one size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Batches:
    """Collects samples until they fill a batch; what is in a batch depends on their order alone.

    Parameters
    ----------
    size : int
        Samples in a batch.
    """

    size: int
    _samples: list[Any] = field(default_factory=list, init=False)
    _keys: list[Any] = field(default_factory=list, init=False)

    def add(self, samples: Any, keys: Sequence[Any]) -> None:
        """Add samples (an array or a list of objects), and a key for each."""
        self._samples.append(samples)
        self._keys += keys

    def full(self) -> Iterator[tuple[Any, list[Any]]]:
        """Batches that are full, with their keys."""
        if len(self._keys) < self.size:
            return
        samples, keys = self._together()
        whole = len(keys) // self.size * self.size
        self._samples, self._keys = [samples[whole:]], keys[whole:]
        for start in range(0, whole, self.size):
            part = slice(start, start + self.size)
            yield samples[part], keys[part]

    def rest(self) -> Iterator[tuple[Any, list[Any]]]:
        """The last batch, unless it is empty."""
        if self._keys:
            yield self._together()
            self._samples, self._keys = [], []

    def _together(self) -> tuple[Any, list[Any]]:
        if isinstance(self._samples[0], np.ndarray):
            return self._samples[0] if len(self._samples) == 1 else np.concatenate(self._samples), self._keys
        return [sample for part in self._samples for sample in part], self._keys
