"""Transforms as layers of PyTorch."""

import copy
import io
import pickle

import numpy as np
import pytest

from scatter import (
    InputError,
    Mesh,
    MeshScattering,
    MissingExtraError,
    RotoTranslationScattering2D,
    Scattering1D,
    Scattering2D,
    SphericalScattering,
    testing,
)
from scatter.transforms.layer import layer_of, specified

torch = pytest.importorskip("torch")

TETRAHEDRON = Mesh(
    np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]),
    [[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]],
)
TRANSFORMS = [
    Scattering1D(J=3, shape=64),
    Scattering1D(J=3, shape=50, Q=(2, 1), pooling="moments", log=True),
    Scattering2D(J=2, shape=(16, 20), L=4),
    Scattering2D(J=2, shape=(16, 20), L=4, rotation="invariant"),
    RotoTranslationScattering2D(J=2, shape=(16, 16), L=4),
    SphericalScattering(8),
    MeshScattering(J=2, mesh=TETRAHEDRON),
]


def signals(transform):
    x = torch.tensor(testing.signals(transform))
    return x.mT if isinstance(transform, SphericalScattering) else x  # its frame has rings as the last axis


@pytest.fixture
def network():
    layers = Scattering2D(J=2, shape=(16, 16), L=4).module(), torch.nn.Flatten(), torch.nn.Linear(25 * 16, 3)
    return torch.nn.Sequential(*layers)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=str)
def test_a_layer_computes_what_the_transform_does(transform):
    x = signals(transform)
    torch.testing.assert_close(transform.module()(x), transform(x), rtol=0, atol=0)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=str)
@pytest.mark.parametrize("gradient", [False, True])
def test_a_layer_can_be_compiled(transform, gradient):
    layer = transform.module()
    x = signals(transform)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=layer.specification is not None)
    assert (layer.specification is None) == isinstance(transform, MeshScattering)
    a, b = (x.clone().requires_grad_(gradient) for _ in range(2))
    found, wanted = compiled(a), transform(b)
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)
    if gradient:
        found.square().sum().backward(), wanted.square().sum().backward()
        torch.testing.assert_close(a.grad, b.grad)
    torch._dynamo.reset()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex128", "int32"])
def test_the_operation_obeys_the_laws_of_operations(dtype):
    dtype = getattr(torch, dtype)
    layer = Scattering1D(J=2, shape=24, two_sided=True).module()
    x = (8 * torch.randn(2, 24, dtype=torch.float64)).to(dtype)
    operation, exact = torch.ops.scatter.coefficients, dtype in (torch.float64, torch.complex128)
    torch.library.opcheck(operation, (x.requires_grad_(exact), layer.specification))


def test_nothing_is_saved_and_everything_is_copied(network):
    x = torch.randn(2, 16, 16)
    assert list(network.state_dict()) == ["2.weight", "2.bias"]
    assert not list(network[0].parameters())
    assert not list(network[0].buffers())
    file = io.BytesIO()
    torch.save(network, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network)), loaded):
        torch.testing.assert_close(other(x), network(x), rtol=0, atol=0)
    assert not pickle.loads(pickle.dumps(network.eval())).training
    assert str(network[0]) == "ScatteringLayer(Scattering2D(J=2, L=4, shape=(16, 16)))"
    assert network.to(torch.float64)(x.double()).dtype == torch.float64


def test_export(network):
    x = torch.randn(2, 16, 16)
    program = torch.export.export(network, (x,), strict=True)
    torch.testing.assert_close(program.module()(2 * x), network(2 * x))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_computed_in_single(network, dtype):
    x = (1e-4 * torch.randn(2, 16, 16)).to(dtype)
    layer = network[0]
    found = layer(x)
    assert found.dtype == dtype
    torch.testing.assert_close(found, layer(x.float()).to(dtype), rtol=0, atol=0)
    with torch.autocast("cpu", dtype=dtype):
        assert network(x).dtype == dtype
        assert layer(x.float()).dtype == torch.float32


def test_vmap(network):
    x = torch.randn(3, 2, 16, 16, dtype=torch.float64)
    torch.testing.assert_close(torch.func.vmap(network[0])(x), network[0](x))


def test_workers_of_a_loader():
    from torch.utils.data import DataLoader

    layer = Scattering1D(J=2, shape=32).module()
    x = torch.randn(4, 32)
    loader = DataLoader(list(x), batch_size=2, num_workers=1, collate_fn=Collate(layer))
    torch.testing.assert_close(torch.cat(list(loader)), layer(x))


class Collate:
    def __init__(self, layer):
        self.layer = layer

    def __call__(self, rows):
        return self.layer(torch.stack(rows))


def test_what_is_no_layer_is_refused(monkeypatch):
    with pytest.raises(InputError, match="one tensor, got out_type='list'; type out_type='array'"):
        Scattering1D(J=2, shape=32, out_type="list").module()
    with pytest.raises(InputError, match=r"a layer is one of scatter's transforms, got os\.path\.join"):
        specified('["os.path.join", {}]')

    def missing():
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("scatter.transforms.layer._layers", missing)
    with pytest.raises(MissingExtraError, match=r"a layer needs PyTorch.*scatter-wavelets\[torch\]"):
        layer_of(Scattering1D(J=2, shape=32))
