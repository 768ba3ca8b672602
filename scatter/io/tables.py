"""Tables of features: one row a sample, one named column a path of the transform."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scatter.errors import FileError, InputError
from scatter.io.atomic import atomic_outputs, check_output
from scatter.io.files import reason, regular_file
from scatter.io.formats import FORMATS, Format
from scatter.io.layout import Block, Layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK_BYTES = 2**25


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """The features of some samples, with the names of the columns and where the rows come from.

    Parameters
    ----------
    features : ndarray, shape (n_samples, n_features)
        The values: float16, float32 or float64.
    names : tuple of str
        The name of each column; no two are the same.
    keys : mapping of str to sequence
        The key columns, each with one entry a row: ``'file'`` (text) always, and any of ``'segment'``
        (integers), ``'label'`` and ``'group'`` (text).
    metadata : dict of str to str, optional
        How the values were computed.

    Raises
    ------
    InputError
        If the features are not floats in two dimensions, if the numbers of names or keys don't match
        their shape, if two names are the same, or if a key column is unknown or ``'file'`` is missing.

    Examples
    --------
    >>> import numpy as np
    >>> table = FeatureTable(np.zeros((2, 1)), names=("mean",), keys={"file": ("a.png", "b.png")})
    >>> table.features.shape
    (2, 1)
    """

    features: NDArray[Any]
    names: tuple[str, ...]
    keys: Mapping[str, Sequence[Any] | NDArray[Any]]
    metadata: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.features.ndim != 2:
            raise InputError(f"features must have shape (n_samples, n_features), got {self.features.shape}")
        n_samples, n_features = self.features.shape
        if len(self.names) != n_features:
            raise InputError(f"names must have one entry a column: {n_features}, got {len(self.names)}")
        for key, column in self.keys.items():
            if len(column) != n_samples:
                raise InputError(
                    f"the key column {key!r} must have one entry a row: {n_samples}, got {len(column)}"
                )
        self.layout  # noqa: B018 - its own checks

    @property
    def layout(self) -> Layout:
        """Everything about the table but its rows."""
        return Layout(
            len(self.features), tuple(self.names), tuple(self.keys), self.features.dtype, self.metadata
        )


@dataclass(frozen=True, eq=False)
class _Rows:
    """Some rows of a table in memory, as a block."""

    table: FeatureTable
    where: slice

    @property
    def rows(self) -> int:
        return len(self.table.features[self.where])

    @property
    def place(self) -> None:
        return None

    def features(self) -> NDArray[Any]:
        return self.table.features[self.where]

    def keys(self) -> Mapping[str, Sequence[Any] | NDArray[Any]]:
        return {key: column[self.where] for key, column in self.table.keys.items()}


def write_table(table: FeatureTable, path: str | os.PathLike[str]) -> None:
    """Write a table completely or not at all, in the format that the suffix asks for.

    ========= ==========================================================================================
    Suffix    Content
    ========= ==========================================================================================
    .npz      arrays ``features``, ``names``, ``metadata`` (a JSON string) and one for each key column
    .npy      the features alone; the key columns in ``X.npy.csv``, names and metadata in ``X.npy.json``
    .parquet  the key columns, then one column a feature; metadata under the key ``scatter``
    .zarr     a folder of the same arrays as .npz; metadata in the attribute ``scatter``
    ========= ==========================================================================================

    Equal tables become equal files, byte for byte.  Bytes of a file name that are no text are escaped.

    Parameters
    ----------
    table : FeatureTable
        What to write.
    path : str or path-like
        The file, or the folder; a table that exists is replaced.

    Raises
    ------
    InputError
        If the suffix is none of these, or if a feature has the name of a key column and the format is
        Parquet.
    FileError
        If the file can't be written; what was there before is left then.
    MissingExtraError
        If the suffix is ``.parquet`` or ``.zarr`` and pyarrow or zarr is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> table = FeatureTable(np.zeros((1, 1)), ("mean",), {"file": ("a.png",)})
    >>> write_table(table, "features.npz")  # doctest: +SKIP
    """
    layout = table.layout
    at_once = max(1, _BLOCK_BYTES // max(1, layout.row_bytes))
    starts = range(0, layout.rows, at_once)
    write_blocks(layout, [_Rows(table, slice(i, min(i + at_once, layout.rows))) for i in starts], path)


def write_blocks(
    layout: Layout, blocks: Sequence[Block], path: str | os.PathLike[str], *, work: Path | None = None
) -> None:
    """Write a table block by block, so that memory does not grow with the number of rows.

    The files are the same as those of :func:`write_table`, however the rows are cut into blocks.

    Parameters
    ----------
    layout : Layout
        Everything about the table but its rows.
    blocks : sequence of Block
        The rows, in order; gone over several times.
    path : str or path-like
        The file, or the folder; a table that exists is replaced.
    work : Path, optional
        A folder on the same file system for temporary files, by default the folder of ``path``.

    Raises
    ------
    InputError
        As :func:`write_table`, and if the blocks don't fit the layout.
    FileError, MissingExtraError
        As :func:`write_table`.

    Examples
    --------
    >>> layout = Layout(4096, ("mean",), ("file", "segment"))
    >>> write_blocks(layout, blocks, "features.parquet")  # doctest: +SKIP
    """
    format_ = table_format(path)
    try:
        if format_.check is not None:
            format_.check(layout)
        with atomic_outputs(format_.outputs(Path(path)), work=work, marks=format_.marks) as temporaries:
            format_.write(layout, blocks, temporaries)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def table_format(path: str | os.PathLike[str]) -> Format:
    """Find the format that a suffix asks for, so that a wrong one is known before any work.

    Parameters
    ----------
    path : str or path-like
        The table to be written.

    Returns
    -------
    Format
        Its ``outputs(path)`` are all the files of the table, the main one last.

    Raises
    ------
    InputError
        If the suffix is not .npz, .npy, .parquet or .zarr.
    MissingExtraError
        If the suffix is ``.parquet`` or ``.zarr`` and pyarrow or zarr is not installed.

    Examples
    --------
    >>> [str(file) for file in table_format("t.npy").outputs(Path("t.npy"))]
    ['t.npy.csv', 't.npy.json', 't.npy']
    """
    format_ = _format(path, "written as")
    format_.require()
    return format_


def check_table_output(path: str | os.PathLike[str]) -> Format:
    """Check that a table could be written there, so that a long computation does not end in vain.

    Parameters
    ----------
    path : str or path-like
        The table to be written.

    Returns
    -------
    Format
        As :func:`table_format`.

    Raises
    ------
    InputError, MissingExtraError
        As :func:`table_format`.
    FileError
        If the folder is missing or can't be written, if one of the files is a folder or a device, or if
        a .zarr is a file or a folder of something else.

    Examples
    --------
    >>> check_table_output("features.npy").suffix
    '.npy'
    """
    format_ = table_format(path)
    for file in format_.outputs(Path(path)):
        check_output(file, marks=format_.marks)
    return format_


def read_table(path: str | os.PathLike[str]) -> FeatureTable:
    """Read a table that :func:`write_table` or :func:`write_blocks` wrote.

    Parameters
    ----------
    path : str or path-like
        The file, or the folder; the files beside a .npy are found by their names.

    Returns
    -------
    FeatureTable
        The same values, names, keys and metadata; key columns are arrays.

    Raises
    ------
    InputError
        If the suffix is not .npz, .npy, .parquet or .zarr.
    FileError
        If a file is missing, damaged or not such a table.
    MissingExtraError
        If the suffix is ``.parquet`` or ``.zarr`` and pyarrow or zarr is not installed.

    Examples
    --------
    >>> read_table("features.npz").names[:2]  # doctest: +SKIP
    ('mean(x*phi)', 'mean(|x*psi[j=0,theta=0]|*phi)')
    """
    format_ = _format(path, "read from")
    file = Path(path) if format_.marks else regular_file(path)
    try:
        return FeatureTable(*format_.read(file))
    except InputError as error:
        raise FileError(f"{file}: is not a table of features: {reason(error)}") from error


def read_metadata(path: str | os.PathLike[str]) -> dict[str, str] | None:
    """Read the metadata of a table without its values.

    Parameters
    ----------
    path : str or path-like
        The file, or the folder.

    Returns
    -------
    dict of str to str, or None
        None if there is no table, or only what is left of one.

    Raises
    ------
    InputError, MissingExtraError
        As :func:`read_table`.

    Examples
    --------
    >>> read_metadata("none.npz") is None
    True
    """
    format_ = _format(path, "read from")
    try:
        return format_.read_metadata(Path(path) if format_.marks else regular_file(path))
    except FileError:
        return None


def _format(path: str | os.PathLike[str], purpose: str) -> Format:
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        *first, last = FORMATS
        shown = suffix or "a name without a suffix"
        raise InputError(f"{path}: a table is {purpose} {', '.join(first)} or {last}, got {shown}")
    return FORMATS[suffix]
