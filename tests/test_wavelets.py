"""Banks of wavelets of one's own: both executors, every readout, scikit-learn, and what is refused."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from scatter import Band, InputError, Scattering1D, Scattering2D, ScatterWarning, testing
from scatter.frames.morlet1d import Morlet1D
from scatter.frames.morlet2d import Morlet2D


def lowpass(f, edge):
    t = np.clip(np.abs(f) / edge - 1, 0, 1)
    return np.cos(np.pi / 2 * t**4 * (35 - 84 * t + 70 * t**2 - 20 * t**3))


@dataclass(frozen=True)
class Meyer1D:
    J: int
    aliasing = "sum"

    @property
    def log2_stride(self):
        return self.J - 1

    def bands(self, order):
        return tuple(Band(j, j, (("j", j),), 2.0**-j / 3, 2.0**-j / 12) for j in range(self.J))

    def follows(self, previous, band):
        return previous is None or band.j > previous.j

    def resolution(self, band):
        return band.j

    def psi(self, band, shape):
        f = np.arange(shape[0]) / shape[0]
        below = lowpass(f, 2.0**-band.j / 3) if band.j else np.ones_like(f)
        weight = np.where(f < 0.5, 2.0, np.where(f == 0.5, 1.0, 0.0))
        return np.sqrt(weight * (below**2 - lowpass(f, 2.0**-band.j / 6) ** 2))

    def phi(self, shape):
        return (lowpass(np.fft.fftfreq(shape[0]), 2.0**-self.J / 3),)


@dataclass(frozen=True)
class Rings:
    """Isotropic wavelets of images: one a scale, the difference of two Gaussians."""

    J: int
    aliasing = "crop"

    @property
    def log2_stride(self):
        return self.J

    def bands(self, order):
        return tuple(Band(j, j, (("j", j),), 0.25 / 2**j, 0.1 / 2**j) for j in range(self.J))

    def follows(self, previous, band):
        return previous is None or band.j > previous.j

    def resolution(self, band):
        return band.j

    def psi(self, band, shape):
        squares = np.add.outer(*(np.fft.fftfreq(n) ** 2 for n in shape))
        return np.exp(-squares * 40 * 4.0**band.j) - np.exp(-squares * 160 * 4.0**band.j)

    def phi(self, shape):
        return tuple(np.exp(-(np.fft.fftfreq(n) ** 2) * 40 * 4.0**self.J) for n in shape)


RNG = np.random.default_rng(0)
X1, X2 = RNG.standard_normal((3, 300)), RNG.standard_normal((3, 40, 52))
OWN = {"1D": (Scattering1D, Meyer1D(4), X1), "2D": (Scattering2D, Rings(3), X2)}


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_executors(name, dtype):
    make, bank, x = OWN[name]
    grid = {"average": [True, False], "pooling": ["mean", "moments"], "max_order": [1, 3]}
    for options in ParameterGrid(grid):
        one, other = (
            make(wavelet=bank, executor=e, **options)(x.astype(dtype)) for e in ("array", "compiled")
        )
        assert one.dtype == dtype
        scale = np.abs(one).max()
        assert np.abs(one - other).max() <= (1e-11 if dtype == "float64" else 1e-4) * scale


@pytest.mark.parametrize(("S", "same", "x"), [
    (Scattering1D(J=4, Q=(3, 1)), {"bank": Morlet1D(4, (3, 1), 16.0, 4, 4)}, X1),
    (Scattering2D(J=3, L=4), {"bank": Morlet2D(3, 4)}, X2),
], ids=["1D", "2D"])  # fmt: skip
def test_the_bank_of_the_package_as_ones_own_is_the_same(S, same, x):
    own = type(S)(wavelet=same["bank"])
    assert_array_equal(own(x), S(x))
    assert own.fit(x).get_feature_names_out().tolist() == S.fit(x).get_feature_names_out().tolist()
    assert own.fingerprint() == S.fingerprint()


@pytest.mark.parametrize("name", OWN)
def test_as_any_parameter(name):
    make, bank, x = OWN[name]
    S = make(wavelet=bank, pooling="mean").fit(x)
    rows = S.transform(x)
    assert rows.shape == (3, len(S.get_feature_names_out())) == (3, len(S.tree))
    for copy in (pickle.loads(pickle.dumps(S)), clone(S).fit(x)):
        assert_array_equal(copy.transform(x), rows)
    other = S.set_params(wavelet=type(bank)(2)).fit(x)
    assert len(other.tree) < rows.shape[1]
    assert repr(bank) in repr(make(wavelet=bank))
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(x, requires_grad=True)
    make(wavelet=bank, pooling="mean")(tensor).sum().backward()
    assert torch.isfinite(tensor.grad).all()


def test_laws():
    S = Scattering1D(wavelet=Meyer1D(5), shape=1024, padding=None)
    testing.assert_frame_bounds(S.frame, 1 - 1e-12, 1 + 1e-12)
    testing.assert_linear_energy(S)
    testing.assert_nonexpansive(S)
    testing.assert_covariant(S)
    testing.assert_homogeneous(S)
    testing.assert_energy_decays(S)


def test_padding_follows_the_low_pass():
    grids = [Scattering1D(wavelet=Meyer1D(J), shape=3000).frame.grid for J in (3, 7)]
    assert grids[0].padded <= grids[1].padded
    assert grids[0].before < (1000,)
    long = np.sin(np.arange(3000) / 9)
    assert_allclose(Scattering1D(wavelet=Meyer1D(3))(long + 5)[0].mean(), 5, atol=0.05)


class Lacking:
    aliasing = "sum"

    def __repr__(self):
        return "Lacking()"


def changed(bank, **members):
    return type("Changed", (type(bank),), {**members, "__repr__": lambda self: "Changed()"})(bank.J)


M4 = Meyer1D(4)


@pytest.mark.parametrize(("options", "message"), [
    ({"wavelet": "haar"}, "wavelet must be 'morlet' or a bank, got 'haar'"),
    ({"wavelet": Meyer1D}, r"got the class Meyer1D; type Meyer1D\(...\)"),
    ({"wavelet": Lacking()}, r"got Lacking\(\); it has no log2_stride, bands, follows, resolution, psi, phi"),
    ({"wavelet": None}, "or a bank with the members of SpectralBank, got None"),
    ({"wavelet": M4, "J": 4}, r"J=4 is for wavelet='morlet'; Meyer1D\(J=4\) says what it is: leave J out"),
    ({"wavelet": M4, "T": 64}, "leave T out"),
    ({"wavelet": M4, "Q": 8}, "leave Q out"),
    ({"wavelet": Meyer1D(12)}, "keeps one sample in 2048, but the signal has 300; type a bank with fewer"),
    ({"wavelet": M4, "padding": None}, "or padding='periodic', or crop to 296 samples"),
    ({"wavelet": changed(M4, aliasing="fold")}, r"aliasing of Changed\(\) must be 'sum', .*, got 'fold'"),
    ({"wavelet": changed(M4, bands=lambda s, o: ())}, r"Changed\(\) must have at least one wavelet"),
    ({"wavelet": changed(M4, phi=lambda s, n: np.ones(n))}, "a tuple of 1 spectra, one an axis, got ndarray"),
    ({"wavelet": changed(M4, psi=lambda s, b, n: np.ones(n, complex))}, "psi of .* must be a real spectrum"),
    ({"wavelet": changed(M4, psi=lambda s, b, n: np.full(n, np.nan))}, "without NaN"),
    ({"wavelet": Rings(2)}, r"psi of Rings\(J=2\) failed on a grid of shape \(300,\)"),
])  # fmt: skip
def test_what_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        Scattering1D(**options)(X1)


def test_images_refuse_the_same():
    with pytest.raises(InputError, match=r"L=4 is for wavelet='morlet'; Rings\(J=2\) says what it is"):
        Scattering2D(wavelet=Rings(2), L=4)(X2)
    with pytest.raises(InputError, match=r"rotation='invariant' is for wavelet='morlet'; Rings\(J=2\) says"):
        Scattering2D(wavelet=Rings(2), rotation="invariant")(X2)
    with pytest.raises(InputError, match="wavelet must be 'morlet' or a bank, got 'haar'"):
        Scattering2D(wavelet="haar")(X2)


def test_complex_signals():
    with pytest.warns(ScatterWarning, match="half of its frequencies"):
        Scattering1D(wavelet=Meyer1D(4))(X1 + 1j * X1[::-1])
    bank = type("Both", (Meyer1D,), {"two_sided": True})(4)
    Scattering1D(wavelet=bank)(X1 + 1j)
