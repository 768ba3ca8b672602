"""The models that the package ships: tables, prior probabilities and the weights of every step's networks."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.codec.context import CONSTANTS, Tables
from scatter.codec.networks import Network
from scatter.errors import CodecError

SUFFIX = ".npz"

NEWEST = 0xA4ED
"""Identity of the model that files are written with; all that this package has ever written stay readable."""

FLAG_SHIFT = 80
"""Class of a coefficient that is as likely zero as not; classes are eighths of a natural logarithm apart."""
FLAG_CLASSES = 128
SIGN_CLASSES = 41
"""Classes of the confidence in a sign, in eighths of a natural logarithm."""
FIRST_LIKELY, FIRST_CUTS = 36, np.array([2047, 4095])
"""What the first model has, whose file does not say."""
TRADE = 0.08
"""Squared steps that a bit is worth to an encoder."""


@dataclass(frozen=True, eq=False)
class Model:
    """Everything that encoder and decoder must agree on.

    Parameters
    ----------
    identity : int
        Checksum of all of it, which files carry.
    tables : Tables
        Logarithms.
    magnitudes, signs : dict of str to tuple of Network
        For ``"luma"`` and ``"chroma"``, a network for each step.
    flags : ndarray of int64, shape (FLAG_CLASSES, 2)
        Weights of zero and not zero, 2^16 in all.
    sizes : ndarray of int64, shape (classes, symbols)
        Weights of the symbols of magnitudes that are not zero, 2^16 in all.
    confidences : ndarray of int64, shape (SIGN_CLASSES, 2)
        Weights of signs that are not as predicted and that are, 2^16 in all.
    centres : ndarray of float32, shape (classes, 4)
        Mean of magnitudes that were rounded to 1, 2, 3 and more, less what they were rounded to.
    zeros : ndarray of float32, shape (FLAG_CLASSES, SIGN_CLASSES)
        Mean of coefficients that were rounded to 0, times their likely sign; 0 for classes below ``likely``.
    likely : int
        Class of flags from which on the sign of a coefficient is predicted even where it is zero.
    """

    identity: int
    tables: Tables
    magnitudes: dict[str, tuple[Network, ...]]
    signs: dict[str, tuple[Network, ...]]
    flags: NDArray[np.int64]
    sizes: NDArray[np.int64]
    confidences: NDArray[np.int64]
    centres: NDArray[np.float32]
    zeros: NDArray[np.float32]
    likely: int


def identities() -> list[int]:
    """Identities of the models that there are."""
    files = [Path(file.name) for file in _folder().iterdir()]
    return sorted(int(file.stem, 16) for file in files if file.suffix == SUFFIX)


@cache
def load(identity: int = NEWEST) -> Model:
    """The model of this identity.

    Raises
    ------
    CodecError
        If there is none.
    """
    known = identities()
    if identity not in known:
        has = " and ".join(f"{one:#06x}" for one in known)
        raise CodecError(
            f"the data were made with model {identity:#06x}; this release has {has}; update scatter"
        )
    with _folder().joinpath(f"{identity:04x}{SUFFIX}").open("rb") as stream:
        stored = dict(np.load(stream, allow_pickle=False))
    return build(stored)


def _folder() -> Traversable:
    return resources.files("scatter.codec").joinpath("models")


def build(stored: dict[str, NDArray[Any]]) -> Model:
    """A model from its stored arrays."""
    identity = 0
    for name in sorted(stored):
        little = np.ascontiguousarray(stored[name]).astype(stored[name].dtype.newbyteorder("<"))
        identity = zlib.crc32(little.tobytes(), zlib.crc32(name.encode(), identity))
    networks: dict[str, dict[str, tuple[Network, ...]]] = {"m": {}, "s": {}}
    for kind in ("luma", "chroma"):
        for what, found in networks.items():
            found[kind] = _networks(stored, f"{kind}.{what}", CONSTANTS if what == "m" else 0)
    return Model(
        identity & 0xFFFF,
        Tables(stored["magnitudes"], stored["differences"]),
        networks["m"],
        networks["s"],
        stored["flags"].astype(np.int64),
        stored["sizes"].astype(np.int64),
        stored["confidences"].astype(np.int64),
        stored["centres"].astype(np.float32) / np.float32(256),
        stored["zeros"].astype(np.float32) / np.float32(1024),
        int(stored.get("likely", FIRST_LIKELY)),
    )


def _networks(stored: dict[str, NDArray[Any]], name: str, constants: int) -> tuple[Network, ...]:
    shifts, cuts = stored[f"{name}.shifts"], stored.get(f"{name}.cuts", FIRST_CUTS)
    return tuple(
        Network(
            **{part.lower(): _layer(stored, name, part, k) for part in ("W1", "b1", "W2", "b2", "W3", "b3")},
            shifts=(int(shifts[k][0]), int(shifts[k][1]), int(shifts[k][2])),
            cuts=(int(cuts[0]), int(cuts[1])),
            constants=constants,
        )
        for k in range(len(shifts))
    )


def _layer(stored: dict[str, NDArray[Any]], name: str, part: str, k: int) -> NDArray[np.float32]:
    value = stored[f"{name}.{part}"][k]
    if part == "W1":
        value = value[:, : stored[f"{name}.inputs"][k]]
    return np.ascontiguousarray(value.astype(np.float32))
