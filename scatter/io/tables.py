"""Tables of features: one row a sample, one named column a path of the transform."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from scatter.errors import FileError, InputError
from scatter.io.atomic import atomic_output
from scatter.io.files import reason, regular_file
from scatter.io.formats import read_npz, read_parquet, require_pyarrow, write_npy, write_npz, write_parquet

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """The features of some samples, with the names of the columns and of the rows.

    Parameters
    ----------
    features : ndarray, shape (n_samples, n_features)
        The values.
    names : tuple of str
        The name of each column; no two are the same.
    keys : tuple of str
        Where each row comes from, such as a file name.
    metadata : dict of str to str, optional
        How the values were computed.

    Raises
    ------
    InputError
        If the features are not real numbers in two dimensions, if the numbers of names or keys don't match
        their shape, or if two names are the same.

    Examples
    --------
    >>> import numpy as np
    >>> FeatureTable(np.zeros((2, 1)), names=("mean",), keys=("a.png", "b.png")).features.shape
    (2, 1)
    """

    features: "NDArray[Any]"
    names: tuple[str, ...]
    keys: tuple[str, ...]
    metadata: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.features.ndim != 2:
            raise InputError(f"features must have shape (n_samples, n_features), got {self.features.shape}")
        if self.features.dtype.kind not in "buif":
            raise InputError(f"features must be real numbers, got an array of {self.features.dtype}")
        n_samples, n_features = self.features.shape
        if len(self.names) != n_features:
            raise InputError(f"names must have one entry a column: {n_features}, got {len(self.names)}")
        if len(self.keys) != n_samples:
            raise InputError(f"keys must have one entry a row: {n_samples}, got {len(self.keys)}")
        if len(set(self.names)) != n_features:
            twice = next(name for i, name in enumerate(self.names) if name in self.names[:i])
            raise InputError(f"names must differ from each other, got {twice!r} twice")


def write_table(table: FeatureTable, path: str | os.PathLike[str]) -> None:
    """Write a table completely or not at all, in the format that the suffix asks for.

    ========= ==========================================================================
    Suffix    Content
    ========= ==========================================================================
    .npz      arrays ``features``, ``names``, ``keys`` and ``metadata`` (a JSON string)
    .npy      the features alone
    .parquet  a column ``file``, then one a feature; metadata under the key ``scatter``
    ========= ==========================================================================

    Parameters
    ----------
    table : FeatureTable
        What to write.
    path : str or path-like
        The file; one that exists is replaced.

    Raises
    ------
    InputError
        If the suffix is none of these, or if a feature is named ``file`` and the format is Parquet.
    FileError
        If the file can't be written; nothing is left under its name then.
    MissingExtraError
        If the suffix is ``.parquet`` and pyarrow is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> table = FeatureTable(np.zeros((1, 1)), ("mean",), ("a.png",))
    >>> write_table(table, "features.npz")  # doctest: +SKIP
    """
    write = table_writer(path)
    with atomic_output(path) as temporary, open(temporary, "wb") as stream:
        write(table, stream)


def table_writer(path: str | os.PathLike[str]) -> Callable[[FeatureTable, IO[bytes]], None]:
    """Find the function that writes the format of a suffix, so that a wrong one is known at once.

    Parameters
    ----------
    path : str or path-like
        The file to be written.

    Returns
    -------
    callable
        Takes a table and a binary stream.

    Raises
    ------
    InputError
        If the suffix is not .npz, .npy or .parquet.
    MissingExtraError
        If the suffix is ``.parquet`` and pyarrow is not installed.
    """
    writers = {".npz": write_npz, ".npy": write_npy, ".parquet": write_parquet}
    suffix = Path(path).suffix.lower()
    if suffix not in writers:
        raise InputError(f"{path}: a table is written as {_listed(writers)}, got {_shown(suffix)}")
    if suffix == ".parquet":
        require_pyarrow("writing a .parquet file")
    return writers[suffix]


def read_table(path: str | os.PathLike[str]) -> FeatureTable:
    """Read a table that :func:`write_table` wrote as .npz or .parquet.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    FeatureTable
        The same values, names, keys and metadata.

    Raises
    ------
    InputError
        If the suffix is neither .npz nor .parquet; a .npy holds no names.
    FileError
        If the file is missing, damaged or not such a table.
    MissingExtraError
        If the suffix is ``.parquet`` and pyarrow is not installed.

    Examples
    --------
    >>> read_table("features.npz").names[:2]  # doctest: +SKIP
    ('mean(x*phi)', 'mean(|x*psi[j=0,theta=0]|*phi)')
    """
    readers = {".npz": read_npz, ".parquet": read_parquet}
    suffix = Path(path).suffix.lower()
    if suffix not in readers:
        raise InputError(f"{path}: a table is read from {_listed(readers)}, got {_shown(suffix)}")
    file = regular_file(path)
    try:
        return FeatureTable(*readers[suffix](file))
    except InputError as error:
        raise FileError(f"{file}: is not a table of features: {reason(error)}") from error


def _listed(formats: dict[str, Any]) -> str:
    *first, last = formats
    return f"{', '.join(first)} or {last}"


def _shown(suffix: str) -> str:
    return suffix or "a name without a suffix"
