"""Which transforms files can go through, and what a sample of each is."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from scatter._names import public
from scatter.errors import FileError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scatter.extraction.listing import Listing
    from scatter.io.reading import Kind

# Parameters that follow from the samples, that would leave no table, or that change no number.
FIXED = frozenset(
    {"shape", "channels", "sampling_rate", "mesh", "cloud", "graph", "mask", "ndim", "out_type", "n_jobs"}
)


@dataclass(frozen=True)
class TransformKind:
    """A transform of files.

    Parameters
    ----------
    estimator : str
        Its class, a name in `scatter` or in ``module``.
    sample : str
        The kind of its samples, as in `scatter.io.reading.Reading`.
    about : str
        What it is for, as the end of a line.
    defaults : mapping
        Parameters that differ from the defaults of the class: what the name says, and pooling, as files of
        several sizes have maps of several sizes and a table has one row a sample.
    module : str, optional
        Where its class is, if not in `scatter`.
    needs : set of str
        Parameters that `fit` would learn of all samples, where files are seen one by one.
    """

    estimator: str
    sample: Kind
    about: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    module: str = ""
    needs: frozenset[str] = frozenset()

    @property
    def type(self) -> Any:
        """The class."""
        return getattr(import_module(self.module), self.estimator) if self.module else public(self.estimator)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that may be chosen; the others follow from the samples."""
        return tuple(name for name in inspect.signature(self.type).parameters if name not in FIXED)

    @property
    def takes_bank(self) -> bool:
        """Whether ``wavelet`` may be a bank of a user's own."""
        known = inspect.signature(self.type).parameters.get("wavelet")
        return known is not None and known.default == "morlet"

    @property
    def required(self) -> frozenset[str]:
        """Names of the parameters that must be given."""
        parameters = inspect.signature(self.type).parameters.values()
        return self.needs | {one.name for one in parameters if one.default is one.empty}


_POOLED = {"pooling": "mean"}

TRANSFORMS: Mapping[str, TransformKind] = MappingProxyType(
    {
        "1d": TransformKind("Scattering1D", "signal", "sounds and signals", _POOLED),
        "2d": TransformKind("Scattering2D", "image", "images", _POOLED),
        "roto": TransformKind(
            "RotoTranslationScattering2D",
            "image",
            "images that may be turned, such as textures",
            _POOLED,
        ),
        "3d": TransformKind("HarmonicScattering3D", "volume", "volumes, one a row of an array"),
        "sphere": TransformKind("SphericalScattering", "image", "fields on a sphere, one a row of an array"),
        "energies-1d": TransformKind(
            "WaveletEnergies", "signal", "energies of wavelet bands of signals", {"ndim": 1}
        ),
        "energies-2d": TransformKind(
            "WaveletEnergies", "image", "energies of wavelet bands of images", {"ndim": 2}
        ),
        "graph": TransformKind("GraphScattering", "graph", "graphs, one a file"),
        "mesh": TransformKind("MeshScattering", "mesh", "triangle meshes, one a file"),
        "points": TransformKind("PointCloudScattering", "points", "clouds of points, one a file"),
        "molecules": TransformKind(
            "MolecularScattering",
            "molecule",
            "molecules",
            module="scatter.molecules",
            needs=frozenset({"scale"}),
        ),
    }
)


def guess_transform(listing: Listing, array: str | None = None, labels: str | None = None) -> str:
    """The transform that the first input is a sample of, by its suffix, or by the shape of an array.

    Damaged arrays tell nothing, and are left to be reported with the others.

    Parameters
    ----------
    listing : Listing
        The inputs.
    array : str, optional
        Which array of a .npz file or a zarr group.
    labels : str, optional
        Which array of the same file holds the labels.

    Raises
    ------
    InputError
        If there is no input, or if the first that tells is an array of shape (m, n), which may be m signals
        or one image.
    FileError
        If no input tells.
    """
    from scatter.extraction.loaders import sample_kind

    if not listing.inputs:
        raise InputError("there is no input that tells the transform; type --transform 2d, or another")
    first: FileError | None = None
    for file in listing.files():
        try:
            kind = sample_kind(file, array, labels)
        except FileError as error:
            first = first or error
        else:
            return {"signal": "1d", "image": "2d"}.get(kind, kind)
    raise first or FileError(
        "the inputs hold nothing to transform but the output; give another name after -o"
    )


def transform_kind(name: str) -> TransformKind:
    """The transform of a name, or an error that lists them.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in TRANSFORMS:
        raise InputError(f"transform must be one of {', '.join(TRANSFORMS)}, got {name!r}")
    return TRANSFORMS[name]
