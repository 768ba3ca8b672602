"""Samples of one size from many files."""

import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scatter.cli.options import format_size
from scatter.cli.output import track
from scatter.errors import FileError
from scatter.io import read_sample, resize_image

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Reader:
    """Reads files one after the other and sees to it that all samples have one size.

    Parameters
    ----------
    ndim : {1, 2}
        Signals or images.
    size : tuple of int, optional
        Resize images to it; cut signals to it, or fill them with zeros at the end.
    grey : bool
        Whether to mix the colours of images.
    """

    ndim: int
    size: tuple[int, ...] | None
    grey: bool
    shape: tuple[int, ...] | None = field(default=None, init=False)
    rate: int | None = field(default=None, init=False)

    def samples(self, files: Sequence[Path]) -> Generator[tuple[str, "NDArray[Any]"]]:
        """Yield a key and a sample of each file, or of each row of a batch, one after the other."""
        for file in track(files, "Reading and transforming"):
            stack, rate = read_sample(file, self.ndim, grey=self.grey)
            if self.size is not None:
                stack = _fit(stack, self.size)
            self._check(file, stack.shape[1:], rate)
            name = os.fspath(file).encode("utf-8", "backslashreplace").decode()
            for i, sample in enumerate(stack):
                yield (name if len(stack) == 1 else f"{name}[{i}]"), sample

    def _check(self, file: Path, shape: tuple[int, ...], rate: int | None) -> None:
        if self.shape is None:
            self.shape, self.rate = shape, rate
        elif shape != self.shape:
            raise FileError(f"{file}: {self._difference(shape)}")
        elif rate != self.rate:
            raise FileError(
                f"{file}: its sampling rate is {rate or 'unknown'}, that of the files before "
                f"{self.rate or 'unknown'}; convert them to one rate first"
            )

    def _difference(self, shape: tuple[int, ...]) -> str:
        assert self.shape is not None
        text = f"its size is {format_size(shape)}, but the files before have {format_size(self.shape)}"
        points = self.shape[-self.ndim :]
        if shape[-self.ndim :] == points:
            return text + "; type --grey to mix the colours"
        action = "resize all images" if self.ndim == 2 else "cut or fill all signals"
        return f"{text}; type --size {format_size(points)} to {action}"


def _fit(stack: "NDArray[Any]", size: tuple[int, ...]) -> "NDArray[Any]":
    if len(size) == 2:
        return stack if stack.shape[-2:] == size else resize_image(stack, size)
    missing = max(0, size[0] - stack.shape[-1])
    return np.pad(stack[..., : size[0]], ((0, 0), (0, missing)))
