"""The laws of `scatter.testing` over every frame and executor, and that each fails on broken code."""

import numpy as np
import pytest
from domains_helpers import BALL, DOMAINS, GRAPH, estimators
from sklearn.base import clone

import scatter
from scatter import Scattering1D, Scattering2D, testing
from scatter.frames.base import FrameBounds
from scatter.frames.convolution import ConvolutionFrame
from scatter.frames.morlet1d import Morlet1D
from scatter.transforms.plan import Plan

TRANSFORMS = {
    "1d": Scattering1D(J=4, shape=256, Q=1, padding=None),
    "1d Q=(8, 2)": Scattering1D(J=5, shape=512, Q=(8, 2), padding=None),
    "1d order 3, T=50": Scattering1D(J=5, shape=320, Q=2, T=50, max_order=3, padding=None),
    "1d stride 4": Scattering1D(J=5, shape=320, stride=4, padding=None),
    "2d": Scattering2D(J=2, shape=(32, 48), padding=None),
    "2d L=6": Scattering2D(J=3, shape=(40, 24), L=6, padding=None),
    "2d stride 2": Scattering2D(J=3, shape=(32, 32), L=4, stride=2, padding=None),
    "2d order 3": Scattering2D(J=3, shape=(32, 32), L=4, max_order=3, padding=None),
}
# Lower and upper frame bounds stated in the documentation, by family.
STATED = {"1d": (2e-5, 1.01), "2d": (0.05, 1.14)}


@pytest.fixture(params=TRANSFORMS, ids=str)
def name(request):
    return request.param


@pytest.fixture(params=["array", "compiled"])
def transform(name, request):
    return clone(TRANSFORMS[name]).set_params(executor=request.param)


def test_littlewood_paley(name):
    transform = TRANSFORMS[name]
    family = "1d" if transform.frame.ndim == 1 else "2d"
    for order in (1, 2):
        testing.assert_frame_bounds(transform.frame, *STATED[family], order=order)


@pytest.mark.parametrize("J", range(1, 6))
@pytest.mark.parametrize("L", [3, 4, 6, 8, 12, 16])
def test_littlewood_paley_2d(J, L):
    testing.assert_frame_bounds(Scattering2D(J, (64, 64), L).frame, *STATED["2d"])


@pytest.mark.parametrize("J", [4, 6, 9])
@pytest.mark.parametrize("Q", [1, 2, 4, 8, 12, 16])
def test_littlewood_paley_1d(J, Q):
    frame = Scattering1D(J, 2 ** (J + 3), Q).frame
    testing.assert_frame_bounds(frame, *STATED["1d"])
    testing.assert_frame_bounds(frame, 0.15, 1.01, order=2)


def test_linear_energy(transform):
    testing.assert_linear_energy(transform)


def test_energy_decays_with_order(transform):
    testing.assert_energy_decays(transform)


def test_nonexpansive(transform):
    testing.assert_nonexpansive(transform)


def test_covariant_on_the_output_grid(transform):
    testing.assert_covariant(transform, rtol=1e-11)
    testing.assert_invariant(transform, rtol=1e-11)


@pytest.mark.parametrize("shift", [1, 2, 5])
def test_invariant_to_small_shifts(transform, shift):
    testing.assert_stable_to_shifts(transform, shift)


def test_homogeneous(transform):
    testing.assert_homogeneous(transform)


def test_batch_against_one_by_one(transform):
    testing.assert_batch_independent(transform)


def test_float32_against_float64(transform):
    testing.assert_precisions_agree(transform)


@pytest.mark.parametrize("average", ["global", False])
def test_global_average_is_invariant_to_every_shift(transform, average):
    still = clone(transform).set_params(average=average, pooling="mean" if average is False else None)
    x = testing.signals(transform)
    step = 2 ** max(path.resolution for path in still.tree.paths)
    shifted = np.roll(x, 3 * step, -1)
    np.testing.assert_allclose(still(shifted), still(x), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("executor", ["array", "compiled"])
def test_a_finer_output_grid_holds_the_coarser_one(executor):
    x = np.random.default_rng(0).standard_normal((2, 40, 33))
    options = {"J": 3, "L": 4, "shape": (40, 33), "executor": executor}
    coarse, fine = Scattering2D(**options), Scattering2D(**options, stride=4)
    among = np.ix_(*map(np.isin, fine.positions, coarse.positions))
    np.testing.assert_allclose(fine(x)[(..., *among)], coarse(x), atol=1e-14)
    finest = Scattering2D(**options, stride=1)  # maps keep more samples than by default, which alias less
    among = np.ix_(*map(np.isin, finest.positions, coarse.positions))
    away = np.linalg.norm(finest(x)[(..., *among)] - coarse(x)) / np.linalg.norm(coarse(x))
    assert 1e-3 < away < 0.03


def test_a_dirac_keeps_its_mass_at_every_scale():
    S = Scattering1D(J=7, shape=2048, Q=4, padding=None, max_order=1)
    x = np.zeros(2048)
    x[1024] = 1
    np.testing.assert_allclose(2**7 * S(x)[1:].sum(-1), 1, atol=1e-6)


def test_a_scale_up_of_the_signal_moves_energy_one_octave_down():
    S = Scattering1D(J=6, shape=1024, Q=1, average="global", max_order=1, padding=None)
    t = np.arange(1024)
    fast, slow = S(np.cos(2 * np.pi * t * 0.175)), S(np.cos(2 * np.pi * t * 0.0875))
    np.testing.assert_allclose(fast[2:5], slow[3:6], rtol=0.02, atol=2e-3)


# ------------------------------------------------------------- on every domain
OTHERS = {
    "directional": scatter.SphericalScattering(L=16, J_min=1, N=3),
    "polynomials": scatter.MeshScattering(J=4, mesh=BALL, n_eig=20, method="chebyshev"),
    "fitted to a mesh": scatter.MeshScattering(J=3, n_eig=30).fit(BALL),
    **{
        f"graph, {wavelet}, {operator}": scatter.GraphScattering(
            J=3, graph=GRAPH, wavelet=wavelet, operator=operator
        )
        for wavelet in ("tight", "meyer", "heat", "diffusion")
        for operator in ("lazy_walk", "normalized", "combinatorial")
    },
}
EVERY = DOMAINS | OTHERS
WITHOUT = {
    "WaveletEnergies": "no scattering: one linear layer of PyWavelets, whose laws are in test_pyramid.py"
}
LAWS = {
    "linear energy": testing.assert_linear_energy,
    "energy decays": testing.assert_energy_decays,
    "non-expansive": testing.assert_nonexpansive,
    "homogeneous": lambda S: testing.assert_homogeneous(S, rtol=1e-10),
    "batch": testing.assert_batch_independent,
    "precisions": lambda S: testing.assert_precisions_agree(S, rtol=2e-5),
    "covariant": lambda S: testing.assert_covariant(S, rtol=moving(S)),
    "invariant": lambda S: testing.assert_invariant(S, rtol=moving(S)),
}


def moving(S):
    """What a motion of the domain may cost: moduli on a sphere are sampled, and not band-limited."""
    return 0.01 if isinstance(S, scatter.SphericalScattering) else 1e-12


def test_every_estimator_has_its_laws():
    assert estimators() == set(DOMAINS) | set(WITHOUT)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("domain", EVERY)
def test_laws_on_every_domain(domain, law):
    if (domain, law) == ("HarmonicScattering3D", "energy decays"):  # its wavelets have norms above 1
        energies = testing.layer_energies(EVERY[domain], testing.signals(EVERY[domain]))
        assert (energies[1:] <= EVERY[domain].frame.bounds().upper * energies[:-1]).all()
        return
    assert np.isfinite(LAWS[law](EVERY[domain])).all()


def test_a_sphere_that_is_sampled_more_finely_turns_more_exactly():
    coarse, fine = (scatter.SphericalScattering(L=16, J_min=1, N=3, oversampling=n) for n in (2, 8))
    assert 30 * testing.assert_covariant(fine, 1e-4) < testing.assert_covariant(coarse, 0.01)
    assert 30 * testing.assert_invariant(fine, 1e-4) < testing.assert_invariant(coarse, 0.01)


@pytest.mark.parametrize("domain", EVERY)
def test_frame_bounds_on_every_domain(domain):
    tight = domain not in ("Scattering1D", "Scattering2D", "RotoTranslationScattering2D") and (
        domain != "GraphScattering" and "diffusion" not in domain
    )
    low, high = (1 - 1e-9, 1 + 1e-9) if tight else (0, 1.14)
    if domain == "HarmonicScattering3D":  # Kymatio's constants
        low, high = 0, 3.01
    testing.assert_frame_bounds(EVERY[domain].frame, low, high)


# ------------------------------------------------------------- every law can fail
@pytest.mark.parametrize("law", ["linear energy", "non-expansive"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_laws_fail_on_every_domain(domain, law, monkeypatch):
    """A frame that says it is half as loud as it is."""
    S = DOMAINS[domain]
    whole = type(S.frame).bounds
    monkeypatch.setattr(
        type(S.frame), "bounds", lambda self, order=1: FrameBounds(*(b / 100 for b in whole(self, order)))
    )
    if law == "non-expansive":  # whose limit is 1 at least
        average = type(S.frame).average
        monkeypatch.setattr(type(S.frame), "average", lambda self, u, r: 9 * average(self, u, r))
        monkeypatch.setattr(Plan, "flat", lambda self, x: None)
    with pytest.raises(AssertionError, match=r"energy of the linear layer|above the frame's"):
        LAWS[law](S)


@pytest.mark.parametrize("law", ["covariant", "invariant"])
@pytest.mark.parametrize("domain", DOMAINS)
def test_laws_of_motion_fail_on_every_domain(domain, law, monkeypatch):
    """Moduli that depend on where they are."""
    S = DOMAINS[domain]
    right = type(S.frame).modulus

    def wrong(self, w):
        u = right(self, w)
        return u * np.linspace(1, 2, np.prod(u.shape[-self.ndim :])).reshape(u.shape[-self.ndim :])

    monkeypatch.setattr(type(S.frame), "modulus", wrong)
    monkeypatch.setattr(Plan, "flat", lambda self, x: None)
    with pytest.raises(AssertionError, match=r"S\(g x\) and"):
        LAWS[law](S)


def broken():
    """A transform that sees what is done to `ConvolutionFrame`: the compiled one reads it once."""
    return Scattering1D(J=4, shape=256, padding=None, executor="array")


def test_laws_fail_on_a_wrong_filter(monkeypatch):
    right = Morlet1D.psi
    monkeypatch.setattr(Morlet1D, "psi", lambda self, band, shape: 3 * right(self, band, shape))
    S = Scattering1D(J=4, shape=256, padding=None)
    with pytest.raises(AssertionError, match="Littlewood-Paley"):
        testing.assert_frame_bounds(S.frame, *STATED["1d"])
    with pytest.raises(AssertionError, match="decay"):
        testing.assert_energy_decays(S)


def test_linear_energy_fails_when_filters_are_folded_wrongly(monkeypatch):
    right = ConvolutionFrame.coarser

    def wrong(self, blocks, band, resolution):
        return {k: 4 * v for k, v in right(self, blocks, band, resolution).items()}

    monkeypatch.setattr(ConvolutionFrame, "coarser", wrong)
    for executor in ("array", "compiled"):
        S = broken().set_params(executor=executor)
        with pytest.raises(AssertionError, match="energy of the linear layer"):
            testing.assert_linear_energy(S)
        with pytest.raises(AssertionError, match="above the frame"):
            testing.assert_nonexpansive(S)


def test_covariance_and_invariance_fail_without_the_average(monkeypatch):
    def subsample(self, u, resolution):
        step = 1 << (self.bank.log2_stride - resolution)
        return 3 * u[..., ::step] * np.linspace(0, 1, u[..., ::step].shape[-1])

    monkeypatch.setattr(ConvolutionFrame, "average", subsample)
    S = broken()
    with pytest.raises(AssertionError, match=r"S\(g x\) and g S\(x\)"):
        testing.assert_covariant(S)
    with pytest.raises(AssertionError, match="a shift by"):
        testing.assert_stable_to_shifts(S)


def test_homogeneity_fails_without_the_modulus(monkeypatch):
    monkeypatch.setattr(ConvolutionFrame, "modulus", lambda self, w: w.real)
    with pytest.raises(AssertionError, match="S\\(-3 x\\)"):
        testing.assert_homogeneous(broken())


def test_batch_law_fails_when_signals_leak(monkeypatch):
    right = ConvolutionFrame.average
    monkeypatch.setattr(
        ConvolutionFrame, "average", lambda self, u, r: (a := right(self, u, r)) + a.mean(0, keepdims=True)
    )
    with pytest.raises(AssertionError, match="one by one"):
        testing.assert_batch_independent(broken())


def test_precision_law_fails_on_a_change_of_type(monkeypatch):
    monkeypatch.setattr(ConvolutionFrame, "modulus", lambda self, w: np.abs(w).astype(np.float64))
    with pytest.raises(AssertionError, match="float64"):
        testing.assert_precisions_agree(broken())
