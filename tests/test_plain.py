"""Arrays that mean more than their numbers are refused at every entry, not stripped of it."""

import re

import numpy as np
import pytest

from scatter import (
    GraphScattering,
    HarmonicScattering3D,
    InputError,
    MeshScattering,
    PointCloudScattering,
    Pyramid,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    SphericalScattering,
    TangentScattering,
    WaveletEnergies,
)
from scatter.codec import encode
from scatter.codec.quality import psnr, ssim
from scatter.domains.connection import Tangents
from scatter.domains.graph import Graph
from scatter.domains.mesh import Mesh
from scatter.domains.pointcloud import PointCloud
from scatter.domains.shapes import icosphere
from scatter.numerics.harmonic import HarmonicTransform
from scatter.numerics.plain import plain
from scatter.pyramid.decomposition import Decomposition

SPHERE = icosphere(1)
RING = np.roll(np.eye(12), 1, axis=0) + np.roll(np.eye(12), -1, axis=0)
PICTURE = np.zeros((64, 64), np.uint8)


def masked(x):
    x = np.array(x)
    mask = np.zeros(x.shape, bool)
    mask.flat[3] = True
    return np.ma.masked_array(x, mask)


class Quantity(np.ndarray):
    """As astropy has it."""

    unit = "km"


class Pint:
    """As pint has it: no array, but one is made of it."""

    units = "km"

    def __init__(self, x):
        self.magnitude = x

    magnitude = None

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.magnitude, dtype)


class Lazy:
    """A variable of a file, as netCDF4 has it: its array is masked."""

    def __init__(self, x):
        self._x = x

    def __array__(self, dtype=None, copy=None):
        return masked(self._x)


SIGNALS = np.ones((4, 64), np.float32)
IMAGES = np.ones((4, 16, 16), np.float32)
MAPS = np.ones((2, 8, 15))
ENTRIES = {
    "1D": (lambda x: Scattering1D(J=3)(x), SIGNALS),
    "1D fit": (lambda x: Scattering1D(J=3).fit(x), SIGNALS),
    "1D transform": (lambda x: Scattering1D(J=3).fit(SIGNALS).transform(x), SIGNALS),
    "2D": (lambda x: Scattering2D(J=2)(x), IMAGES),
    "2D fit": (lambda x: Scattering2D(J=2).fit(x), IMAGES),
    "2D transform": (lambda x: Scattering2D(J=2).fit(IMAGES).transform(x), IMAGES),
    "roto": (lambda x: RotoTranslationScattering2D(J=2)(x), IMAGES),
    "3D": (lambda x: HarmonicScattering3D(J=1, L=1)(x), np.ones((2, 6, 6, 6))),
    "sphere": (lambda x: SphericalScattering(L=8)(x), MAPS),
    "sphere, mask=": (lambda x: SphericalScattering(L=8, mask=MAPS[0])(x), MAPS),
    "sphere fit": (lambda x: SphericalScattering(L=8).fit(x), MAPS),
    "mask of a sphere": (lambda x: SphericalScattering(L=8, mask=x)(MAPS), MAPS[0]),
    "harmonics": (lambda x: HarmonicTransform(8).analyze(x), MAPS),
    "pyramid": (lambda x: Pyramid(levels=1).decompose(x), IMAGES),
    "mosaic": (lambda x: Pyramid(levels=1).mosaic(x), IMAGES[0]),
    "bands": (lambda x: Decomposition(x, [{"detail": x}], (8,)), np.ones(4)),
    "energies": (lambda x: WaveletEnergies(levels=1).fit(x), SIGNALS),
    "codec": (lambda x: encode(x, lossless=True), PICTURE),
    "psnr": (lambda x: psnr(x, PICTURE), PICTURE),
    "ssim": (lambda x: ssim(PICTURE, x), PICTURE),
    "graph signals": (lambda x: GraphScattering(J=2).fit_transform([Graph(RING, x)]), np.ones((12, 2))),
    "adjacency": (lambda x: GraphScattering(J=2, signals=["degree"]).fit([x]), RING),
    "edges": (lambda x: Graph.from_edges(x), np.array([[0, 1, 2], [1, 2, 0]])),
    "weights": (lambda x: Graph.from_edges(np.array([[0, 1, 2, 3], [1, 2, 3, 0]]), x), np.ones(4)),
    "mesh signals": (lambda x: MeshScattering(J=2, mesh=SPHERE)(x), np.ones(42)),
    "vertices": (lambda x: Mesh(x, SPHERE.faces), SPHERE.vertices),
    "faces": (lambda x: Mesh(SPHERE.vertices, x), SPHERE.faces),
    "points": (lambda x: PointCloud(x), SPHERE.vertices),
    "cloud signals": (lambda x: PointCloudScattering(J=2, cloud=SPHERE.vertices)(x), np.ones(42)),
    "tangent signals": (lambda x: TangentScattering(J=2, mesh=SPHERE)(x), np.ones(42, complex)),
    "vectors": (lambda x: Tangents(SPHERE).project(x), np.ones((42, 3))),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_a_mask_is_refused_at_every_entry(name):
    call, x = ENTRIES[name]
    with pytest.raises(InputError, match=r"masked array, of which 1 of \d+ values.*type x\.filled\(value\)"):
        call(masked(x))


@pytest.mark.parametrize("name", ENTRIES)
def test_a_unit_is_refused_at_every_entry(name):
    call, x = ENTRIES[name]
    with pytest.raises(InputError, match=r"numbers without a unit, got a Quantity in km; type: x\.value"):
        call(np.array(x).view(Quantity))


def test_the_masked_maps_of_healpy_are_refused_as_the_plain_ones_are():
    x = np.ones(192)
    x[:5] = -1.6375e30
    S = SphericalScattering(L=8, sampling="healpix")
    with pytest.raises(InputError, match="UNSEEN at 5 of 192"):
        S(x)
    with pytest.raises(InputError, match=r"5 of 192 values are masked.*or mask=\.\.\., an array that is 1"):
        S(np.ma.masked_values(x, -1.6375e30))


def test_what_is_masked_nowhere_is_an_array_like_any_other():
    x = np.random.default_rng(0).standard_normal((4, 64))
    plain_result = Scattering1D(J=3)(x)
    for same in (np.ma.masked_array(x), np.ma.masked_array(x, np.zeros(x.shape, bool))):
        found = Scattering1D(J=3)(same)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, plain_result)


SUBCLASSES = {
    "list": (lambda x: [masked(x), x], "a part of the input is a masked array, of which 1 of 64"),
    "nested list": (lambda x: [[masked(x)], [x]], "a part of the input is a masked array"),
    "masked element": (lambda x: [*x[:-1].tolist(), np.ma.masked], "a part of the input is a masked array"),
    "netCDF4": (Lazy, "the input is a masked array, of which 1 of 64"),
    "pint": (Pint, "the input must be numbers without a unit, got a Pint in km; type: x.magnitude"),
    "list of pint": (lambda x: [Pint(x)], "a part of the input must be numbers without a unit"),
    "list of quantities": (lambda x: [x.view(Quantity)], "a part of the input must be numbers without"),
    "matrix": (np.asmatrix, "an array of any shape is needed, got np.matrix; type: np.asarray(x)"),
}


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("name", SUBCLASSES)
def test_meanings_that_asarray_would_strip(name):
    make, message = SUBCLASSES[name]
    with pytest.raises(InputError, match=re.escape(message)):
        Scattering1D(J=3)(make(np.ones(64)))


def test_a_column_without_a_unit_and_other_subclasses_are_arrays():
    class Column(np.ndarray):
        unit = None

    assert type(plain(np.ones(4).view(Column))) is np.ndarray
    assert type(plain(np.ones(4).view(np.recarray))) is np.ndarray


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_an_adjacency_matrix_may_be_a_matrix():
    expected = GraphScattering(J=2, signals=["degree"]).fit_transform([RING])
    np.testing.assert_array_equal(
        GraphScattering(J=2, signals=["degree"]).fit_transform([np.asmatrix(RING)]), expected
    )


@pytest.mark.filterwarnings("ignore")  # PyTorch's own, on what is new or old in it
def test_tensors_in_layouts_of_their_own():
    torch = pytest.importorskip("torch")
    x = torch.zeros(2, 64)
    layouts = {
        "torch.nested.to_padded_tensor": torch.nested.nested_tensor([x[0], x[1, :32]]),
        "got torch.qint8; type: x.dequantize()": torch.quantize_per_tensor(x, 0.1, 0, torch.qint8),
        "got the layout torch.sparse_coo; type: x.to_dense()": x.to_sparse(),
        "got the layout torch._mkldnn; type: x.to_dense()": x.to_mkldnn(),
        "got a MaskedTensor; type: x.to_tensor(value)": torch.masked.masked_tensor(x, x == 0),
    }
    for message, given in layouts.items():
        with pytest.raises(InputError, match=re.escape(message)):
            Scattering1D(J=3)(given)


def test_bfloat16_of_numpy_becomes_float32_as_elsewhere():
    jax = pytest.importorskip("jax")
    x = np.asarray(jax.numpy.linspace(-1, 1, 64, dtype=jax.numpy.bfloat16))
    found = Scattering1D(J=3)(x)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, Scattering1D(J=3)(x.astype(np.float32)))


def test_keys_of_jax_are_no_numbers():
    jax = pytest.importorskip("jax")
    with pytest.raises(InputError, match="must hold numbers, got dtype key"):
        Scattering1D(J=3)(jax.random.split(jax.random.key(0), 64))
