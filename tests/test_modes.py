"""What a transform met before changes nothing: modes and default devices of PyTorch, other threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scatter import (
    GraphScattering,
    HarmonicScattering3D,
    MeshScattering,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    SphericalScattering,
    TangentScattering,
)
from scatter.domains.shapes import icosphere

MESH = icosphere(2)
RING = np.roll(np.eye(8), 1, axis=0) + np.roll(np.eye(8), -1, axis=0)
ESTIMATORS = {
    "1d": (lambda: Scattering1D(J=3, Q=2, executor="array"), (2, 128)),
    "1d-auto": (lambda: Scattering1D(J=3, Q=2), (2, 128)),
    "2d": (lambda: Scattering2D(J=2, L=3, executor="array"), (2, 16, 16)),
    "2d-auto": (lambda: Scattering2D(J=2, L=3), (2, 16, 16)),
    "2d-moments": (lambda: Scattering2D(J=2, L=3, pooling="moments", log=True), (2, 16, 16)),
    "roto": (lambda: RotoTranslationScattering2D(J=2, L=4), (2, 16, 16)),
    "3d": (lambda: HarmonicScattering3D(J=1, L=2), (2, 8, 8, 8)),
    "3d-local": (lambda: HarmonicScattering3D(J=1, L=2, method="local", log=True), (2, 8, 8, 8)),
    "sphere": (lambda: SphericalScattering(L=8), (2, 8, 15)),
    "sphere-directional": (lambda: SphericalScattering(L=8, N=3), (2, 8, 15)),
    "mesh": (lambda: MeshScattering(J=2, mesh=MESH, n_eig=20), (2, len(MESH))),
    "mesh-chebyshev": (lambda: MeshScattering(J=2, mesh=MESH, n_eig=20, method="chebyshev"), (2, len(MESH))),
    "tangent": (lambda: TangentScattering(J=2, mesh=MESH, n_eig=20), (2, len(MESH), 3)),
}


def signal(shape):
    return np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_inference_first_and_gradients_later(name):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    make, shape = ESTIMATORS[name]
    x = signal(shape)
    fresh = make()
    leaf = torch.tensor(x, requires_grad=True)
    fresh(leaf).square().sum().backward()
    used = make()
    with torch.inference_mode():
        first = used(torch.tensor(x)).numpy().copy()
    again = torch.tensor(x, requires_grad=True)
    found = used(again)
    found.square().sum().backward()
    np.testing.assert_allclose(found.detach(), first, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(again.grad, leaf.grad, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_default_device_of_a_library_is_not_that_of_the_signals(name):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    make, shape = ESTIMATORS[name]
    x = torch.tensor(signal(shape))
    want = make()(x)
    with torch.device("meta"):
        found = make()(x)
    assert found.device.type == "cpu"
    assert torch.equal(found, want)


@pytest.mark.parametrize("method", ["matvec", "chebyshev", "eigen"])
def test_graphs_in_every_mode(method):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    wavelets = "diffusion" if method == "matvec" else "hann"
    options = {"degree": 30} if method == "chebyshev" else {}
    S = GraphScattering(2, wavelet=wavelets, method=method, **options)
    x = torch.tensor(signal((8, 2)))
    S.fit([(RING, x)])
    with torch.inference_mode():
        first = S.transform([(RING, x)]).clone()
    leaf = x.clone().requires_grad_()
    found = S.transform([(RING, leaf)])
    found.sum().backward()
    with torch.device("meta"):
        on_meta = S.transform([(RING, x)])
    for one in (found.detach(), on_meta):
        np.testing.assert_allclose(one, first, rtol=1e-9, atol=1e-10)
    assert torch.isfinite(leaf.grad).all()


def test_threads_with_signals_of_different_lengths_get_the_plan_of_their_own():
    lengths = [64, 96, 128, 160]
    together = threading.Barrier(len(lengths), timeout=20)

    class Racing(Scattering1D):
        def _make_plan(self, geometry):
            made = super()._make_plan(geometry)
            together.wait()  # every thread makes its plan before any keeps one
            return made

    S = Racing(J=3, Q=1)
    with ThreadPoolExecutor(len(lengths)) as pool:
        found = list(pool.map(lambda n: S(signal((n,))), lengths))
    for n, one in zip(lengths, found, strict=True):
        np.testing.assert_array_equal(one, Scattering1D(J=3, Q=1)(signal((n,))))
