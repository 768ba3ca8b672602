"""How wavelets are applied in compiled code: one filter a wavelet, or one for each real field of a volume."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scatter.frames.convolution import Blocks, ConvolutionFrame
from scatter.frames.volume import SolidHarmonicFrame
from scatter.kernels.filters import Packed, pack
from scatter.kernels.program import Filtering, Program, Step


@dataclass(frozen=True, eq=False)
class ConvolutionProgram(Program):
    """The program of a frame whose wavelets have real spectra, each of which makes a complex map."""

    frame: ConvolutionFrame

    def _add_filters(self, steps: Collection[Step]) -> dict[Step, Filtering]:
        found: dict[Step, Filtering] = {}
        for band in dict.fromkeys(step.band for step in steps):  # one spectrum in memory at a time
            blocks = self.frame.spectrum_blocks(band, self.dtype.itemsize)
            for step in steps:
                if step.band == band:
                    found[step] = Filtering(len(found), 0, self._add_filter(step, blocks))
        return found

    def _add_filter(self, step: Step, blocks: Blocks) -> float:
        """Hand over a filter; return the operations of applying it and going back to a map."""
        goal = self.frame.bank.resolution(step.band)
        source, coarse = self._layout(step.resolution), self.frame.coarser(blocks, step.band, step.resolution)
        packed = pack(coarse, source, self._layout(goal), real=step.real)
        self.compiled.add_filter(*_tables(packed, source.points, self.dtype))
        return self._fourier(goal) + 4.0 * np.count_nonzero(packed.weights)


@dataclass(frozen=True, eq=False)
class FieldProgram(Program):
    """The program of a frame of volumes, whose wavelets each make several real fields."""

    frame: SolidHarmonicFrame
    only_columns: ClassVar[bool] = True

    @classmethod
    def refusal(cls, frame: Any) -> str | None:
        """Why a frame can't be compiled."""
        return None if frame.bank.rotation_covariant else "rotation_covariant=False has complex wavelets"

    def _add_filters(self, steps: Collection[Step]) -> dict[Step, Filtering]:
        found: dict[Step, Filtering] = {}
        points, first = self.frame.grid.points(0), 0
        for step in steps:
            reach = self.frame.reach(step.band, self.dtype.itemsize)
            kept, fields = int(reach.max()), list(self.frame.real_fields(step.band, self.dtype.itemsize))
            full = -(-kept // self.width) * self.width  # whole vectors
            operations = 0.0
            for outer, inner, turned in fields:
                terms = np.flatnonzero(inner[:, :kept].any(1))  # the highest frequency is often left out
                columns = np.zeros((terms.size, full))
                columns[:, :kept] = inner[terms, :kept]
                rows = np.ascontiguousarray(outer[..., terms].swapaxes(0, 1)) / points
                self.compiled.add_field(kept, reach.astype(np.int32), rows, columns, turned)
                operations += self._fourier(0) / 2 + (4.0 + 2 * terms.size) * outer[..., 0].size * kept
            found[step] = Filtering(first, len(fields), operations)
            first += len(fields)
        return found


def program_of(frame: ConvolutionFrame | SolidHarmonicFrame) -> type[Program]:
    """The kind of program that runs a frame."""
    return FieldProgram if isinstance(frame, SolidHarmonicFrame) else ConvolutionProgram


def _tables(packed: Packed, points: int, dtype: np.dtype[Any]) -> list[NDArray[Any]]:
    """A filter in the types of the compiled module, with the factor of the transform that came before."""
    places = [np.asarray(table, np.int32) for table in packed[:3]]
    return [*places, (packed.weights / points).astype(dtype)]


__all__ = ["ConvolutionProgram", "FieldProgram", "program_of"]
