"""``scatter features``: from files to a table of features."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from scatter.cli.options import Kind, TransformOptions, format_size, parse_size
from scatter.cli.output import jsonable, print_json
from scatter.cli.reader import Reader
from scatter.errors import FileError, InputError
from scatter.io import FeatureTable, check_output, expand, guess_ndim, write_table
from scatter.io.tables import table_writer

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The key of a sample and its values.
Sample: TypeAlias = "tuple[str, NDArray[Any]]"


def run_features(
    inputs: list[str],
    output: Path,
    options: TransformOptions,
    *,
    kind: Kind | None,
    pooling: str | None,
    log: bool,
    size: str | None,
    grey: bool,
    batch: int,
    as_json: bool,
) -> None:
    """Compute the features of all files and write them as one table.

    Parameters
    ----------
    inputs : list of str
        Files, folders and patterns.
    output : Path
        The table; its suffix decides about the format.
    options : TransformOptions
        The parameters of the transform.
    kind : Kind, optional
        The transform; guessed from the first file if None.
    pooling, log : str or None, bool
        As in the transforms.
    size, grey, batch : str or None, bool, int
        As typed: the size of all samples, whether to mix colours, how many samples to transform at once.
    as_json : bool
        Whether to report as JSON.

    Raises
    ------
    FileError
        If a file can't be read, if sizes or sampling rates differ, or if the table can't be written.
    InputError
        If an option is wrong.
    """
    started = time.perf_counter()
    table_writer(output)
    check_output(output)
    wanted = None if size is None else parse_size(size)
    files = _without(expand(inputs), output)
    ndim = guess_ndim(files[0]) if kind is None else kind.ndim
    options.check(ndim)
    _check_size(wanted, ndim)
    extra = {"pooling": pooling, "log": log}
    table = _compute(files, Reader(ndim, wanted, grey), options, batch, extra)
    write_table(table, output)
    n_samples, n_features = table.features.shape
    if as_json:
        report = {"output": os.fspath(output), "samples": n_samples, "features": n_features}
        print_json({**report, **table.metadata, "seconds": round(time.perf_counter() - started, 3)})
    else:
        print(f"{output}: {n_samples} samples, {n_features} features")


def _check_size(size: tuple[int, ...] | None, ndim: int) -> None:
    if size is not None and len(size) != ndim:
        example = "a length such as 4096" if ndim == 1 else "a height and a width such as 64x64"
        raise InputError(f"--size must be {example} for this transform, got {format_size(size)}")


def _compute(
    files: list[Path], reader: Reader, options: TransformOptions, batch: int, extra: dict[str, Any]
) -> FeatureTable:
    transform: Any = None
    keys: list[str] = []
    rows: list[NDArray[Any]] = []
    # Closed at once on an error, so that the bar is gone before the message comes.
    with closing(reader.samples(files)) as samples:
        for part in _batches(samples, batch):
            stack = np.stack([sample for _, sample in part])
            if transform is None:
                if reader.rate is not None:
                    extra = {**extra, "sampling_rate": reader.rate}
                transform = options.build(reader.ndim, stack.shape[-reader.ndim :], **extra).fit(stack)
            keys += [key for key, _ in part]
            rows.append(np.asarray(transform.transform(stack)))
    return FeatureTable(
        np.concatenate(rows),
        names=tuple(str(name) for name in transform.get_feature_names_out()),
        keys=tuple(keys),
        metadata=_metadata(transform),
    )


def _batches(samples: Iterator[Sample], batch: int) -> Iterator[list[Sample]]:
    while part := list(islice(samples, batch)):
        yield part


def _metadata(transform: Any) -> dict[str, str]:
    from scatter import __version__

    return {
        # Without line breaks: the representation may be laid out for a screen.
        "transform": " ".join(repr(transform).split()),
        "version": __version__,
        "params": json.dumps(jsonable(transform.get_params())),
    }


def _without(files: list[Path], output: Path) -> list[Path]:
    # A table that an earlier run left among the inputs is no sample.
    if not output.exists():
        return files
    kept = [file for file in files if not (file.exists() and file.samefile(output))]
    if not kept:
        raise FileError(f"{output}: is both the only input and the output; give another name after -o")
    return kept
