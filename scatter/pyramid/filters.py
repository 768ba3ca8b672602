"""One level of a pyramid, further splits of its bands, and the transform that keeps all coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np

from scatter.numerics.namespace import Array
from scatter.pyramid.decomposition import NAMES, Decomposition

LETTERS = {"aa": "a", "da": "h", "ad": "v", "dd": "d"}
"""PyWavelets' letters for the further splits of images; other signals have their keys."""


@dataclass(frozen=True)
class Filters:
    """A wavelet and how signals go on beyond their ends, applied to the last ``ndim`` axes of arrays.

    Parameters are those of `Pyramid`, which has checked them.
    """

    wavelet: str
    levels: int
    mode: str
    ndim: int

    def names(self, level: int, *, packets: bool) -> list[str]:
        """Names of the bands of a level."""
        depth = self.levels - level if packets else 0
        ends = ["_" * bool(depth) + "".join(rest) for rest in product(self._letters, repeat=depth)]
        return [name + end for name in self._keys.values() for end in ends]

    # ------------------------------------------------------------------ one level
    @property
    def _axes(self) -> range:
        return range(-self.ndim, 0)

    @property
    def _keys(self) -> dict[str, str]:
        return NAMES[self.ndim]

    @property
    def _letters(self) -> list[str]:
        """How a further split is written: the low-pass first, then the bands in the order of their names."""
        return [LETTERS.get(key, key) for key in ("a" * self.ndim, *self._keys)]

    def split(self, x: Array) -> tuple[Array, dict[str, Array]]:
        """Low-pass and bands of one level."""
        import pywt

        found = pywt.dwtn(x, self.wavelet, self.mode, axes=self._axes)
        return found["a" * self.ndim], {name: found[key] for key, name in self._keys.items()}

    def join(self, x: Array, level: Mapping[str, Array], shape: tuple[int, ...]) -> Array:
        """Inverse of `split`; ``shape`` is that of what was split, without what boundaries added to it."""
        import pywt

        bands = {"a" * self.ndim: x} | {key: level[name] for key, name in self._keys.items()}
        return pywt.idwtn(bands, self.wavelet, self.mode, axes=self._axes)[(..., *map(slice, shape))]

    def packets(self, bands: Mapping[str, Array], level: int) -> dict[str, Array]:
        """Bands of a level split further, down to the coarsest; each split adds a letter to a name."""
        if level == self.levels:
            return dict(bands)
        found: dict[str, Array] = {}
        for name, band in bands.items():
            low, detail = self.split(band)
            parts = zip(self._longer(name), (low, *detail.values()), strict=True)
            found |= self.packets(dict(parts), level + 1)
        return found

    def gathered(
        self, packets: Mapping[str, Array], level: int, sizes: Sequence[tuple[int, ...]]
    ) -> dict[str, Array]:
        """Inverse of `packets`; ``sizes`` are those of all levels from 0."""
        return {name: self._gathered(packets, name, level, sizes) for name in self._keys.values()}

    def _gathered(
        self, packets: Mapping[str, Array], name: str, level: int, sizes: Sequence[tuple[int, ...]]
    ) -> Array:
        if level == self.levels:
            return packets[name]
        low, *rest = (self._gathered(packets, longer, level + 1, sizes) for longer in self._longer(name))
        return self.join(low, dict(zip(self._keys.values(), rest, strict=True)), sizes[level])

    def _longer(self, name: str) -> list[str]:
        stem = name if "_" in name else name + "_"
        return [stem + letter for letter in self._letters]

    # ------------------------------------------------------------------ all coefficients
    @cached_property
    def _tight(self) -> Any:
        """The wavelet for twice as many coefficients: of half the energy each, and the inverse for these."""
        import pywt

        *analysis, low, high = pywt.Wavelet(self.wavelet).filter_bank
        root = np.sqrt(2)
        bank = [np.divide(f, root) for f in analysis] + [np.multiply(f, root) for f in (low, high)]
        return pywt.Wavelet(self.wavelet, filter_bank=bank)

    def undecimated(self, x: Array, size: tuple[int, ...]) -> tuple[Array, list[dict[str, Array]]]:
        """Low-pass and bands of all levels, the coarsest first, of signals continued to a size."""
        import pywt

        for axis, side in zip(self._axes, size, strict=True):
            x = _continued(x, axis, side, self.mode)
        low, *details = pywt.swtn(x, self._tight, self.levels, trim_approx=True, axes=self._axes)
        return low, [{name: level[key] for key, name in self._keys.items()} for level in details]

    def from_undecimated(self, d: Decomposition) -> Array:
        """Inverse of `undecimated`."""
        import pywt

        details = [{key: level[name] for key, name in self._keys.items()} for level in d.details]
        found = pywt.iswtn([d.approximation, *details], self._tight, axes=self._axes)
        return found[(..., *map(slice, d.shape))]


def _continued(x: Array, axis: int, size: int, mode: str) -> Array:
    """Signals continued beyond their end along an axis, up to a size.

    `pywt.pad` does so for all axes at once, batches included. What comes beyond an end is linear in the
    signal, so what it makes of unit vectors is enough.
    """
    import pywt

    side = x.shape[axis]
    if side == size:
        return x
    if side == 1:  # stays flat, where some modes have nothing to go by
        return np.repeat(x, size, axis)
    rule = np.stack([pywt.pad(unit, (0, size - side), mode)[side:size] for unit in np.eye(side)])
    more = np.tensordot(x, rule.astype(x.real.dtype), (axis, 0))
    return np.concatenate([x, np.moveaxis(more, -1, axis)], axis)
