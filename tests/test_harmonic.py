"""Spherical harmonic transforms: against ducc0, exact round trips, every sampling, any library."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import sph_harm_y
from tests_support import one_line

from benchmarks.sphere import packed as as_ducc
from scatter import InputError
from scatter.domains.sphere import Equiangular, Healpix, sampling
from scatter.numerics.harmonic import HarmonicTransform, gauss_legendre
from scatter.numerics.legendre import Packing, functions

ducc0 = pytest.importorskip("ducc0")


def coefficients(L, count=2, spin=0, seed=0):
    """Random coefficients (count, L, L) of real fields."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((count, L, L, 2)) @ [1, 1j]
    l, m = np.indices((L, L))
    a = a * ((l >= m) & (l >= spin))
    a[..., 0] = a[..., 0].real
    return a


def field(a, geometry, rings, longitudes, spin=0):
    """Fields of coefficients (count, L, L) by ducc0; of a pair of them with a spin."""
    alm, L = as_ducc(a), a.shape[-1]
    options = {"spin": spin, "lmax": L - 1, "ntheta": rings, "nphi": longitudes, "geometry": geometry}
    if spin:
        return ducc0.sht.synthesis_2d(alm=alm, **options)
    return np.stack([ducc0.sht.synthesis_2d(alm=one[None], **options)[0] for one in alm])


@pytest.mark.parametrize("rings", [1, 2, 3, 16, 33, 256])
def test_gauss_legendre_nodes_and_weights(rings):
    got = gauss_legendre(rings, 5)
    np.testing.assert_allclose(got.theta, ducc0.misc.GL_thetas(rings), rtol=1e-14)
    np.testing.assert_allclose(2 * np.pi * got.weights, ducc0.misc.GL_weights(rings, 1), rtol=1e-12)
    assert got.theta + got.theta[::-1] == pytest.approx(np.pi, abs=1e-15)


def test_functions_are_the_harmonics():
    theta = np.linspace(0.1, 3, 7)
    for l, values in enumerate(functions(theta, 9, 0)):
        wanted = [sph_harm_y(l, m, theta, 0).real for m in range(l + 1)]
        np.testing.assert_allclose(values, wanted, atol=1e-14)


@given(st.integers(1, 70))
@settings(max_examples=20, deadline=None)
def test_packing_holds_every_degree_and_order_once(L):
    packing = Packing(L)
    for p in (0, 1):
        inside = packing.degree[p] < L
        pairs = set(zip(packing.degree[p][inside], packing.order[p][inside], strict=True))
        assert len(pairs) == inside.sum()
        assert pairs == {(l, m) for l in range(L) for m in range(l + 1) if (l - m) % 2 == p}
        l, m = np.array(sorted(pairs), dtype=int).reshape(-1, 2).T
        rows = packing.rows(l, m, p)
        assert (packing.degree[p][rows] == l).all()
        assert (packing.order[p][rows] == m).all()


LIMITS = [1, 2, 3, 5, 16, 17, 33, 64, 100, 256]


@pytest.mark.parametrize(("L", "spin"), [(L, spin) for L in LIMITS for spin in range(min(L, 4))])
def test_transform_is_that_of_ducc_and_inverts(L, spin):
    sht, a = HarmonicTransform(L, spin=spin), coefficients(L, spin=spin)
    x = sht.synthesize(a)
    theirs = field(a, "GL", L, 2 * L, spin)
    assert abs(x - theirs).max() <= 1e-12 * abs(theirs).max()
    assert abs(sht.analyze(x) - a).max() <= 1e-11
    single = sht.analyze(x.astype(np.float32))
    assert single.dtype == np.complex64
    assert abs(single - a).max() <= 1e-5 * abs(a).max() * np.sqrt(L)


def test_float32_round_trip():
    L = 256
    sht, a = HarmonicTransform(L), coefficients(L, 1).astype(np.complex64)
    x = sht.synthesize(a)
    assert x.dtype == np.float32
    assert np.linalg.norm(sht.analyze(x) - a) <= 1e-5 * np.linalg.norm(a)


def test_energy_is_that_of_the_field():
    sht, a = HarmonicTransform(20), coefficients(20, 1)
    x = sht.synthesize(a)[0]
    energy = (x**2 * sht.rings.weights[:, None]).sum() * 2 * np.pi / sht.rings.longitudes
    assert energy == pytest.approx((abs(a) ** 2).sum() * 2 - (abs(a[..., 0]) ** 2).sum(), rel=1e-12)


def test_more_rings_and_longitudes_than_needed_change_nothing():
    a = coefficients(12)
    for rings, longitudes in [(12, 23), (13, 24), (20, 45)]:
        sht = HarmonicTransform(12, gauss_legendre(rings, longitudes))
        assert abs(sht.analyze(sht.synthesize(a)) - a).max() < 1e-13


def test_array_libraries(backend):
    for spin, shape in ((0, (3, 10, 20)), (2, (3, 2, 10, 20))):
        sht, x = HarmonicTransform(10, spin=spin), np.random.default_rng(0).standard_normal(shape)
        wanted = sht.analyze(x)
        got = sht.analyze(backend.asarray(x))
        np.testing.assert_allclose(backend.to_numpy(got), wanted, atol=1e-13)
        back = backend.to_numpy(sht.synthesize(got))
        np.testing.assert_allclose(back, sht.synthesize(wanted), atol=1e-13)


RULES = [("gl", "GL", 0), ("gl", "GL", 4), ("mw", "MW", 0), ("mw", "MW", 3), ("f1", "F1", 0), ("f1", "F1", 5)]
RULES += [("cc", "CC", 1), ("cc", "CC", 6)]


@pytest.mark.parametrize(("name", "geometry", "more"), RULES)
@pytest.mark.parametrize("L", [2, 7, 16, 33])
def test_samplings_are_exact(name, geometry, more, L):
    a = coefficients(L)
    for longitudes in (2 * L - 1, 2 * L + 4):
        x = field(a, geometry, L + more, longitudes)
        where = sampling(name, L, x.shape)
        assert abs(where.coefficients(x) - a).max() < 1e-12
        assert np.broadcast_to(where.area, where.shape).sum() == pytest.approx(1, abs=1e-12)
        if L > 4:  # fewer degrees than the field has
            few = sampling(name, L - 3, x.shape).coefficients(x)
            assert abs(few - a[:, : L - 3, : L - 3]).max() < 1e-12


def test_driscoll_healy_has_twice_the_rings():
    a = coefficients(9)
    x = field(a, "F1", 18, 17)
    assert abs(sampling("dh", 9, x.shape).coefficients(x) - a).max() < 1e-12


@pytest.mark.parametrize(("nside", "L"), [(1, 2), (4, 8), (8, 16), (16, 20)])
def test_healpix(nside, L):
    a = coefficients(L)
    info = ducc0.healpix.Healpix_Base(nside, "RING").sht_info()
    x = np.stack([ducc0.sht.synthesis(alm=as_ducc(one)[None], spin=0, lmax=L - 1, **info)[0] for one in a])
    where = sampling("healpix", L, x.shape)
    assert abs(where.field(a) - x).max() < 1e-12 * L
    errors = [abs(Healpix(L, where.shape, k).coefficients(x) - a).max() for k in (0, 1, 3)]
    assert errors[2] < errors[1] < errors[0] < 0.5
    assert nside == 1 or errors[2] < 1e-3


def test_healpix_orders_beyond_a_ring_are_folded():
    """In the caps rings have fewer pixels than there are orders."""
    L, nside = 24, 8
    a = coefficients(L)
    info = ducc0.healpix.Healpix_Base(nside, "RING").sht_info()
    x = np.stack([ducc0.sht.synthesis(alm=as_ducc(one)[None], spin=0, lmax=L - 1, **info)[0] for one in a])
    assert abs(sampling("healpix", L, x.shape).field(a) - x).max() < 1e-11
    rough = np.stack([ducc0.sht.adjoint_synthesis(map=y[None], spin=0, lmax=L - 1, **info)[0] for y in x]) * (
        4 * np.pi / x.shape[1]
    )
    assert abs(as_ducc(Healpix(L, x.shape[1:], 0).coefficients(x)) - rough).max() < 1e-11


BAD = {
    "rings": (lambda: HarmonicTransform(8, gauss_legendre(7, 20)), "degrees below L=8 need 8 rings of 15"),
    "longitudes": (lambda: HarmonicTransform(8, gauss_legendre(8, 14)), "or more, got 8 of 14"),
    "shape": (
        lambda: HarmonicTransform(4).analyze(np.ones((4, 7))),
        "shape (..., 4, 8), got float64 of shape",
    ),
    "complex": (lambda: HarmonicTransform(4).analyze(np.ones((4, 8)) * 1j), "fields must be real"),
    "spin": (lambda: HarmonicTransform(4, spin=1).analyze(np.ones((4, 8))), "shape (..., 2, 4, 8)"),
    "real": (lambda: HarmonicTransform(4).synthesize(np.ones((4, 4))), "coefficients must be complex arrays"),
    "nside": (lambda: sampling("healpix", 4, (13,)), "12 nside^2 pixels, such as 12288, got 13"),
    "L": (lambda: sampling("healpix", 20, (48,)), "L=20 degrees need nside=7 or more, got 2; type L=6"),
    "poles": (lambda: sampling("cc", 8, (8, 15)), "sampling='cc' needs 9 rings of 15 longitudes for L=8"),
    "grid": (
        lambda: sampling("mw", 8, (8, 14)),
        "sampling='mw' needs 8 rings of 15 longitudes for L=8 degrees",
    ),
}


@pytest.mark.parametrize(("call", "message"), BAD.values(), ids=BAD)
def test_what_is_refused(call, message):
    with pytest.raises(InputError) as info:
        call()
    assert message in one_line(info)


def test_colatitudes_of_equiangular_rings():
    rules = {"mw": np.pi, "cc": np.pi, "f1": np.pi * (1 - 0.5 / 6), "dh": np.pi * (1 - 0.5 / 6)}
    for rule, last in rules.items():
        theta = Equiangular(3, (6, 7), rule).theta
        assert theta[-1] == pytest.approx(last)
        assert theta[0] == pytest.approx({"cc": 0, "mw": np.pi / 11}.get(rule, np.pi / 12))
