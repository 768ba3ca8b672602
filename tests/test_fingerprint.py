"""The hash of a frame changes with any of its filters, and with nothing else."""

import dataclasses

import numpy as np
import pytest

from scatter import (
    GraphScattering,
    HarmonicScattering3D,
    MeshScattering,
    PointCloudScattering,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    SphericalScattering,
    TangentScattering,
    WaveletEnergies,
)
from scatter.domains.grid import Grid
from scatter.domains.shapes import icosphere
from scatter.extraction.signature import filters_hash
from scatter.frames.kernels import Kernels
from scatter.frames.morlet1d import Morlet1D
from scatter.frames.morlet2d import Morlet2D
from scatter.frames.rotomorlet import AngularMorlet
from scatter.frames.scalediscretised import ScaleDiscretised
from scatter.frames.solidharmonic import SolidHarmonics
from scatter.frames.volume import SolidHarmonicFrame
from scatter.numerics.fingerprint import fingerprint

BALL = icosphere(1)
RING = np.roll(np.eye(12), 1, axis=0) + np.roll(np.eye(12), -1, axis=0)
MAKE = {
    "1D": lambda **options: Scattering1D(J=3, shape=64, **options),
    "2D": lambda **options: Scattering2D(J=2, shape=(16, 16), **options),
    "roto": lambda **options: RotoTranslationScattering2D(J=2, L=4, shape=(16, 16), **options),
    "3D": lambda **options: HarmonicScattering3D(J=1, L=2, shape=(8, 8, 8), **options),
    "sphere": lambda **options: SphericalScattering(L=8, **options),
    "directional": lambda **options: SphericalScattering(L=8, N=2, **options),
    "mesh": lambda **options: MeshScattering(J=2, mesh=BALL, n_eig=12, **options),
    "cloud": lambda **options: PointCloudScattering(J=2, cloud=BALL.vertices, n_eig=12, **options),
    "tangent": lambda **options: TangentScattering(J=2, mesh=BALL, n_eig=12, **options),
    "meshes": lambda **options: MeshScattering(J=2, n_eig=12, **options).fit([BALL]),
    "graph": lambda **options: GraphScattering(J=2, signals=("degree",), **options).fit([RING]),
    "energies": lambda **options: WaveletEnergies(levels=1, shape=(32, 32), **options),
}


def changed(owner, name):
    """A filter, 1e-4 larger."""
    plain = getattr(owner, name)
    if isinstance(plain, property) or hasattr(plain, "func"):  # cached or not
        inner = plain.fget if isinstance(plain, property) else plain.func
        return property(lambda self: _scaled(inner(self)))
    return lambda *args: _scaled(plain(*args))


def _scaled(values):
    if isinstance(values, tuple):
        return tuple(map(_scaled, values))
    if isinstance(values, list):
        return [_scaled(value) for value in values]
    return np.asarray(values) * 1.0001


FILTERS = [
    ("1D", Morlet1D, "psi"),
    ("1D", Morlet1D, "phi"),
    ("2D", Morlet2D, "psi"),
    ("2D", Morlet2D, "phi"),
    ("roto", Morlet2D, "psi"),
    ("roto", Morlet2D, "phi"),
    ("roto", AngularMorlet, "spectra"),
    ("sphere", ScaleDiscretised, "psi"),
    ("sphere", ScaleDiscretised, "phi"),
    ("directional", ScaleDiscretised, "directions"),
    ("mesh", Kernels, "psi"),
    ("cloud", Kernels, "phi"),
    ("tangent", Kernels, "psi"),
    ("graph", Kernels, "psi"),
    ("graph", Kernels, "phi"),
    ("meshes", Kernels, "psi"),
]


@pytest.mark.parametrize(("name", "owner", "attribute"), FILTERS)
def test_the_hash_sees_a_change_of_any_filter(name, owner, attribute, monkeypatch):
    before = filters_hash(MAKE[name]())
    assert filters_hash(MAKE[name]()) == before
    monkeypatch.setattr(owner, attribute, changed(owner, attribute))
    assert filters_hash(MAKE[name]()) != before


@pytest.mark.parametrize("name", MAKE)
def test_the_hash_sees_parameters_but_not_how_it_is_computed(name):
    E = MAKE[name]()
    before = filters_hash(E)
    free = {"out_type": "list", "n_jobs": 1, "executor": "array"}
    for parameter, value in free.items():
        if parameter in E.get_params():
            assert filters_hash(MAKE[name](**{parameter: value})) == before
    assert filters_hash(MAKE[name](log=True)) != before


@pytest.mark.parametrize("attribute", ["bell", "amplitude"])
def test_volumes(attribute, monkeypatch):
    def made(side):
        grid = Grid((side,) * 3, (side,) * 3, (0, 0, 0), None)
        return SolidHarmonicFrame(SolidHarmonics(J=1, L=2, sigma_0=1.0), grid).fingerprint()

    before = made(8)
    assert made(8) == before
    assert made(64) == made(32), "closed forms are looked at on a grid of 32"
    monkeypatch.setattr(SolidHarmonics, attribute, changed(SolidHarmonics, attribute))
    assert made(8) != before


def test_a_large_image_is_looked_at_on_a_small_grid():
    frame = Scattering2D(J=2, shape=(16, 16)).frame
    huge = dataclasses.replace(
        frame,
        grid=dataclasses.replace(
            frame.grid, shape=(2**13,) * 2, padded=(2**14,) * 2, before=(0, 0), padding=None
        ),
    )
    assert len(huge.fingerprint()) == 64


def test_rounding_is_no_change():
    values = np.linspace(-1, 1, 50)
    assert fingerprint(values, "a") == fingerprint(values + 1e-12, "a")
    assert fingerprint([-0.0]) == fingerprint([0.0])
    assert len({fingerprint("a", "b"), fingerprint("ab"), fingerprint([1.0]), fingerprint([1j])}) == 4
