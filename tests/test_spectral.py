"""Frames that are functions of an operator: tight, equal by either route, in any library."""

import itertools
import pickle

import numpy as np
import pytest
import scipy.sparse as sp

from scatter.cascade import in_order, scattering
from scatter.errors import InputError
from scatter.frames import spectral
from scatter.frames.spectral import ChebyshevFrame, SpectralFrame
from scatter.numerics.chebyshev import expansion
from scatter.numerics.sparse import SparseMatrix, block_diagonal
from scatter.paths import PathTree

TIGHT = {
    "heat": spectral.heat(5, 0.7, lam_max=8.0),
    "hann": spectral.hann(5, 8.0),
    "meyer": spectral.meyer(5, 8.0),
    "itersine": spectral.itersine(5, 8.0),
}
ON_WALK = {"tight": spectral.tight_diffusion(5), "heat 2": spectral.heat(4, 2.0, lam_max=2.0)}
LAM = np.concatenate([[0.0], np.geomspace(1e-12, 1, 4001), np.linspace(0, 1, 4001)])


def operator(n=60, seed=0, hermitian=False):
    """A random Laplacian ``A = M^-1 C``, self-adjoint for the mass, with eigenvalues in [0, 8]."""
    rng = np.random.default_rng(seed)
    weights = sp.random_array((n, n), density=0.15, rng=rng)
    weights = sp.csr_array(weights + weights.T)
    weights.setdiag(0)
    mass = rng.uniform(0.5, 2, n)
    degree = weights.sum(0)
    phase = np.exp(1j * rng.uniform(0, 6, n)) if hermitian else np.ones(n)
    matrix = sp.diags_array(degree) - sp.diags_array(phase) @ weights @ sp.diags_array(phase.conj())
    scale = 4 / (degree / mass).max()
    return sp.csr_array(sp.diags_array(scale / mass) @ matrix), mass


def eigenpairs(matrix, mass, k=None):
    root = np.sqrt(mass)
    symmetric = root[:, None] * matrix.toarray() / root
    lam, vectors = np.linalg.eigh((symmetric + symmetric.conj().T) / 2)
    return np.maximum(lam[:k], 0), vectors[:, :k] / root[:, None]


def spectral_frame(kernels, hermitian=False, k=None, **options):
    matrix, mass = operator(hermitian=hermitian)
    return SpectralFrame(*eigenpairs(matrix, mass, k), kernels, mass, **options)


def noise(*shape, seed=1, complex_=False):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    return x + 1j * rng.standard_normal(shape) if complex_ else x


def energy(x, mass):
    return (np.abs(x) ** 2 * mass).sum()


# ------------------------------------------------------------------ kernels
@pytest.mark.parametrize("name", [*TIGHT, *ON_WALK])
def test_tight_banks_have_both_bounds_one(name):
    kernels = {**TIGHT, **ON_WALK}[name]
    total = kernels.littlewood_paley(LAM * kernels.lam_max)
    assert np.abs(total - 1).max() <= 1e-12


def test_diffusion_bounds():
    # Sums of squares of 1-t, t-t^2, .., t^(2^J) on [0, 1]: lower bounds from a direct evaluation.
    for J, lower in ((3, 0.205), (5, 0.175), (8, 0.170)):
        total = spectral.diffusion(J).littlewood_paley(2 * LAM)
        assert total.max() <= 1 + 1e-12
        assert total.min() == pytest.approx(lower, abs=6e-4)
    assert spectral.diffusion(5, finest=False).littlewood_paley([2.0])[0] == 0


@pytest.mark.parametrize("name", TIGHT)
def test_wavelets_go_from_fine_to_coarse_and_vanish_on_constants(name):
    kernels = TIGHT[name]
    xi = [band.xi for band in spectral.ScaleBank(kernels).bands(1)]
    assert all(a > b for a, b in itertools.pairwise(xi))
    np.testing.assert_allclose(kernels.values([0.0])[:, 0], [1, 0, 0, 0, 0, 0], atol=1e-15)


def test_heat_is_the_semigroup():
    kernels, lam = spectral.heat(4, 0.5), np.linspace(0, 5, 11)
    np.testing.assert_allclose(kernels.phi(lam), np.exp(-4 * lam), rtol=1e-15)
    direct = np.sqrt(np.exp(-1 * lam) ** 2 - np.exp(-2 * lam) ** 2)
    np.testing.assert_allclose(kernels.psi(2, lam), direct, rtol=1e-12)


def test_kernels_pickle_and_are_values():
    for kernels in [*TIGHT.values(), *ON_WALK.values()]:
        again = pickle.loads(pickle.dumps(kernels))
        np.testing.assert_array_equal(again.values(LAM), kernels.values(LAM))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: spectral.heat(0), "J must be an integer >= 1, got 0"),
        (lambda: spectral.heat(2, t0=0), "t0 must be a positive number, got 0"),
        (lambda: spectral.meyer(2, lam_max=-1), "lam_max must be a positive number"),
        (lambda: TIGHT["heat"].psi(5, 1.0), "one of 0 .. 4, got 5"),
    ],
)
def test_bad_kernels(make, message):
    with pytest.raises(InputError, match=message):
        make()


# ------------------------------------------------------------------ eigenpairs
@pytest.mark.parametrize("name", TIGHT)
@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("k", [None, 20])
def test_parseval_with_the_mass(name, hermitian, k):
    frame = spectral_frame(TIGHT[name], hermitian, k)
    x = noise(3, 1, 60, complex_=hermitian)
    parts = energy(frame.lowpass(x), frame.mass) + energy(frame.analysis(x, range(5)), frame.mass)
    assert parts / energy(x, frame.mass) == pytest.approx(1, abs=1e-12)
    assert frame.bounds() == pytest.approx((1, 1), abs=1e-12)


def test_analysis_is_the_function_of_the_operator():
    matrix, mass = operator(hermitian=True)
    frame = spectral_frame(TIGHT["meyer"], hermitian=True)
    lam, vectors = eigenpairs(matrix, mass)
    x = noise(60, complex_=True)
    np.testing.assert_allclose(vectors @ np.diag(lam) @ vectors.conj().T @ (mass * x), matrix @ x, atol=1e-10)
    direct = vectors @ (frame.kernels.psi(2, lam) * (vectors.conj().T @ (mass * x)))
    np.testing.assert_allclose(frame.analysis(x[None, None], [2])[0, 0, 0], direct, atol=1e-13)


def test_complement_is_kept_by_the_finest_wavelet_or_dropped_and_said():
    x = noise(1, 1, 60)
    kept, dropped = (spectral_frame(TIGHT["heat"], k=10, complement=c) for c in ("finest", "drop"))
    rest = kept.analysis(x, [0, 1]) - dropped.analysis(x, [0, 1])
    np.testing.assert_allclose(rest[0, 0, 1], 0, atol=1e-14)
    np.testing.assert_allclose(rest[0, 0, 0], x[0, 0] - kept.basis.synthesis(kept.basis.analysis(x[0, 0])))
    assert kept.bounds().lower == pytest.approx(1)
    assert dropped.bounds().lower == 0


def test_energy_decays_and_differences_do_not_grow():
    frame = spectral_frame(TIGHT["hann"])
    tree = PathTree(frame.bank, 3)
    x, y = noise(1, 60), noise(1, 60, seed=2)

    def coefficients(x):
        parts = scattering(x, frame, tree, lambda u, g: frame.average(u, 0))
        return in_order(parts, axis=-2)

    def moduli(x):
        return in_order(scattering(x, frame, tree, lambda u, g: frame.crop(u, 0)), axis=-2)

    orders = np.asarray([path.order for path in tree.paths])
    u = moduli(x)[0]
    energies = [energy(u[orders == m], frame.mass) for m in range(4)]
    assert (np.diff(energies) < 0).all()
    for size in (1e-3, 1.0, 100.0):
        change = energy(coefficients(x + size * y) - coefficients(x), frame.mass)
        assert change <= energy(size * y, frame.mass) * (1 + 1e-12)


# ------------------------------------------------------------------ polynomials
@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("name", ["meyer", "heat"])
def test_chebyshev_against_eigenpairs(name, hermitian):
    matrix, mass = operator(hermitian=hermitian)
    lam, vectors = eigenpairs(matrix, mass)
    kernels = TIGHT[name]
    low = (lam[:4], vectors[:, :4]) if name == "heat" else None
    frame = ChebyshevFrame(matrix, 8.0, kernels, mass=mass, low=low, gap=lam[4] if low else 0.0)
    exact = SpectralFrame(lam, vectors, kernels, mass)
    tree = PathTree(frame.bank, 2)
    x = noise(2, 60, complex_=hermitian)
    a, b = (in_order(scattering(x, f, tree, lambda u, g, f=f: f.average(u, 0)), -2) for f in (frame, exact))
    assert a.shape == (2, 16, 60)
    assert np.abs(a - b).max() <= 1e-8 * np.abs(b).max()
    assert frame.error <= 1e-9
    assert frame.bounds() == pytest.approx((1, 1), abs=1e-8)


def test_one_recurrence_for_all_wavelets_and_paths():
    matrix, mass = operator()
    frame = ChebyshevFrame(matrix, 8.0, TIGHT["meyer"], mass=mass, degree=50)
    scattering(noise(2, 60), frame, PathTree(frame.bank, 3), lambda u, g: frame.crop(u, 0))
    assert frame.operator.products == 3 * 50


def test_the_default_degree_is_the_smallest_that_is_enough():
    frame = ChebyshevFrame(operator()[0], 8.0, TIGHT["meyer"])
    less = ChebyshevFrame(operator()[0], 8.0, TIGHT["meyer"], degree=frame.degree // 2)
    assert frame.error <= 1e-9 < less.error


def test_kernels_that_polynomials_cannot_reach_are_refused():
    with pytest.raises(InputError, match=r"heat wavelets on \[0, 8\].*low=\(eigenvalues, eigenvectors\)"):
        ChebyshevFrame(operator()[0], 8.0, TIGHT["heat"])
    with pytest.raises(InputError, match="type method='eigen'"):
        ChebyshevFrame(operator()[0], 8.0, TIGHT["itersine"])
    assert ChebyshevFrame(operator()[0], 8.0, TIGHT["itersine"], degree=60).degree == 60
    assert expansion(lambda t: np.sqrt(t)[None], 0.0, 1.0, 1e-9) is None


# ------------------------------------------------------------------ libraries
def test_every_library_gives_the_same(backend):
    x = noise(2, 1, 60)
    frame = spectral_frame(TIGHT["heat"], k=30)
    got = backend.to_numpy(frame.analysis(backend.asarray(x), range(5)))
    np.testing.assert_allclose(got, frame.analysis(x, range(5)), rtol=1e-10, atol=1e-13)
    z = noise(2, 1, 60, complex_=True)
    frame = spectral_frame(TIGHT["heat"], hermitian=True)
    for signal in (x, z):
        got = backend.to_numpy(frame.analysis(backend.asarray(signal), [1, 3]))
        np.testing.assert_allclose(got, frame.analysis(signal, [1, 3]), rtol=1e-10, atol=1e-13)


def test_float32_stays_and_agrees():
    matrix, mass = operator()
    for frame in (spectral_frame(TIGHT["meyer"]), ChebyshevFrame(matrix, 8.0, TIGHT["meyer"], mass=mass)):
        x = noise(2, 1, 60)
        single, double = frame.analysis(x.astype(np.float32), range(5)), frame.analysis(x, range(5))
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, atol=2e-5 * np.abs(double).max())


@pytest.mark.parametrize("hermitian", [False, True])
def test_torch_through_both_frames(hermitian):
    torch = pytest.importorskip("torch")
    matrix, mass = operator(hermitian=hermitian)
    kernels = TIGHT["meyer"]
    x = noise(2, 1, 60)
    for frame in (
        spectral_frame(kernels, hermitian),
        ChebyshevFrame(matrix, 8.0, kernels, mass=mass, degree=200),
    ):
        t = torch.tensor(x, requires_grad=True)
        w = frame.modulus(frame.analysis(t, range(5)))
        np.testing.assert_allclose(w.detach(), np.abs(frame.analysis(x, range(5))), atol=1e-12)
        (w**2).sum().backward()
        step = noise(2, 1, 60, seed=3)
        ahead, behind = ((np.abs(frame.analysis(x + s * step, range(5))) ** 2).sum() for s in (1e-5, -1e-5))
        assert (t.grad.numpy() * step).sum() == pytest.approx((ahead - behind) / 2e-5, rel=1e-6)
        zero = torch.zeros(1, 1, 60, dtype=torch.float64, requires_grad=True)
        frame.modulus(frame.analysis(zero, range(5))).sum().backward()
        assert torch.isfinite(zero.grad).all()


def test_frames_pickle():
    matrix, mass = operator()
    x = noise(2, 1, 60)
    for frame in (spectral_frame(TIGHT["heat"]), ChebyshevFrame(matrix, 8.0, TIGHT["meyer"], mass=mass)):
        again = pickle.loads(pickle.dumps(frame))
        np.testing.assert_array_equal(again.analysis(x, [1]), frame.analysis(x, [1]))


# ------------------------------------------------------------------ bad input, and the sparse tools
def test_bases_that_are_not_orthonormal_are_refused():
    matrix, mass = operator()
    lam, vectors = eigenpairs(matrix, mass)
    with pytest.raises(InputError, match="orthonormal for the mass"):
        SpectralFrame(lam, vectors, TIGHT["heat"])
    with pytest.raises(InputError, match=r"got \(59,\) and \(60, 60\)"):
        SpectralFrame(lam[1:], vectors, TIGHT["heat"], mass)
    with pytest.raises(InputError, match="mass must be 60 positive numbers"):
        SpectralFrame(lam, vectors, TIGHT["heat"], -mass)
    with pytest.raises(InputError, match="complement must be 'finest' or 'drop', got 'keep'"):
        SpectralFrame(lam, vectors, TIGHT["heat"], mass, complement="keep")
    with pytest.raises(InputError, match="0 <= gap < lam_max"):
        ChebyshevFrame(matrix, 8.0, TIGHT["heat"], gap=9.0)


def test_block_diagonal_and_products():
    blocks = [sp.random_array((n, n), density=0.5, rng=n).tocsr() for n in (3, 1, 5)]
    whole, start = block_diagonal(blocks)
    np.testing.assert_array_equal(whole.toarray(), sp.block_diag(blocks).toarray())
    assert start.tolist() == [0, 3, 4, 9]
    matrix, x = SparseMatrix(whole), noise(2, 4, 9)
    np.testing.assert_allclose(matrix.apply(x), x @ whole.toarray().T, rtol=1e-13)
    assert matrix.products == 1


def test_sparse_products_refuse_other_libraries():
    jax = pytest.importorskip("jax")
    with pytest.raises(InputError, match="NumPy and PyTorch"):
        SparseMatrix(sp.eye_array(3)).apply(jax.numpy.zeros((1, 3)))
