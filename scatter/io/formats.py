"""The file formats of a table of features, by suffix."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scatter.io.layout import Block, Layout
from scatter.io.tabular.common import Parts, require_pyarrow, require_zarr
from scatter.io.tabular.npy import SIDECARS, read_npy, read_npy_metadata, write_npy
from scatter.io.tabular.npz import read_npz, read_npz_metadata, write_npz
from scatter.io.tabular.parquet import check_parquet, read_parquet, read_parquet_metadata, write_parquet
from scatter.io.tabular.zarr import MARKS, check_zarr, read_zarr, read_zarr_metadata, write_zarr

__all__ = ["FORMATS", "Format", "Parts", "require_pyarrow", "require_zarr"]


@dataclass(frozen=True)
class Format:
    """How one kind of table is written and read.

    Attributes
    ----------
    suffix : str
        Of the main file or folder, with its dot.
    write : callable
        Takes the layout, the blocks and the temporary files, the main one last.
    read, read_metadata : callable
        Take the main file.
    sidecars : tuple of str
        What the names of the other files append to that of the main one.
    marks : tuple of str
        If a table is a folder: the names of which one tells that a folder is of this format.
    require_package : callable, optional
        Imports what has to be installed, or says so; takes what needs it.
    check : callable, optional
        Raises an ``InputError`` about a layout that the format can't hold.
    """

    suffix: str
    write: Callable[[Layout, Sequence[Block], tuple[Path, ...]], None]
    read: Callable[[Path], Parts]
    read_metadata: Callable[[Path], dict[str, str]]
    sidecars: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    require_package: Callable[[str], object] | None = None
    check: Callable[[Layout], None] | None = None

    def outputs(self, path: Path) -> tuple[Path, ...]:
        """Name all the files of a table, the main one last."""
        return (*(path.with_name(path.name + suffix) for suffix in self.sidecars), path)

    def require(self) -> None:
        """Import what writing needs, or say what to install."""
        if self.require_package is not None:
            self.require_package(f"writing a {self.suffix} {'folder' if self.marks else 'file'}")


FORMATS = {
    format.suffix: format
    for format in (
        Format(".npz", write_npz, read_npz, read_npz_metadata),
        Format(".npy", write_npy, read_npy, read_npy_metadata, sidecars=SIDECARS),
        Format(
            ".parquet",
            write_parquet,
            read_parquet,
            read_parquet_metadata,
            require_package=require_pyarrow,
            check=check_parquet,
        ),
        Format(
            ".zarr",
            write_zarr,
            read_zarr,
            read_zarr_metadata,
            marks=MARKS,
            require_package=require_zarr,
            check=check_zarr,
        ),
    )
}
