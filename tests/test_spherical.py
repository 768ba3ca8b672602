"""Scattering on the sphere: partition of unity, exact inverse, rotations, samplings, masks, any library."""

import pickle

import numpy as np
import pytest
from scipy.integrate import quad
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from test_harmonic import as_ducc, coefficients, field
from tests_support import one_line

from benchmarks.sphere import rotated
from scatter import InputError, SphericalScattering, testing
from scatter.domains.sphere import UNSEEN
from scatter.frames.scalediscretised import ScaleDiscretised
from scatter.numerics.harmonic import HarmonicTransform, gauss_legendre

ducc0 = pytest.importorskip("ducc0")
RNG = np.random.default_rng(0)
FIELDS = RNG.standard_normal((3, 16, 31))


def red(L, seed=1):
    """Coefficients (L, L) of a random field that fall as 1 / (1 + l), without a mean."""
    a = coefficients(L, 1, seed=seed)[0] / (1 + np.arange(L))[:, None]
    a[0] = 0
    return a


# ---------------------------------------------------------------------- the wavelets
BANKS = [
    ScaleDiscretised(64),
    ScaleDiscretised(64, 2),
    ScaleDiscretised(100, 1, 1.5),
    ScaleDiscretised(33, 0, 3.0),
]


@pytest.mark.parametrize("bank", [*BANKS, ScaleDiscretised(2), ScaleDiscretised(3)], ids=str)
def test_partition_of_unity(bank):
    total = bank.phi**2 + sum(bank.psi(band) ** 2 for band in bank.bands(1))
    assert abs(total - 1).max() <= 1e-14
    for band in bank.bands(1):
        there = np.flatnonzero(bank.psi(band))
        assert bank.lam ** (band.j - 1) < there.min() <= band.xi <= there.max() < bank.band_limit(band)
    assert np.flatnonzero(bank.phi).max() < bank.band_limit(None)


def test_kappa_is_the_integral_of_its_source():
    """Leistedt et al. 2013, eq. 15 and 16."""

    def k(t, lam):
        def s(u):
            v = 2 * lam / (lam - 1) * (u - 1 / lam) - 1
            return np.exp(-2 / (1 - v**2)) / u if abs(v) < 1 else 0.0

        options = {"epsabs": 1e-14, "epsrel": 1e-12}
        return quad(s, max(t, 1 / lam), 1, **options)[0] / quad(s, 1 / lam, 1, **options)[0] if t < 1 else 0.0

    for bank in (ScaleDiscretised(24), ScaleDiscretised(30, 1, 1.7)):
        for band in bank.bands(1):
            lam = bank.lam
            wanted = [
                np.sqrt(k(l / lam ** (band.j + 1), lam) - k(l / lam**band.j, lam)) for l in range(bank.L)
            ]
            np.testing.assert_allclose(bank.psi(band), wanted, atol=1e-7)


@pytest.mark.parametrize("N", range(1, 8))
def test_directions_share_the_power_of_every_degree(N):
    bank = ScaleDiscretised(12, N=N)
    total = sum((2 if n else 1) * bank.directions(n) ** 2 for n in bank.orders)
    np.testing.assert_allclose(total, np.arange(12) >= 1 - N % 2, rtol=1e-15)


@pytest.mark.parametrize("N", [1, 2, 3, 5])
@pytest.mark.parametrize(
    "options", [{}, {"J_min": 2}, {"lam": 1.6}, {"oversampling": 1, "min_bandlimit": 1}], ids=str
)
def test_wavelet_transform_keeps_energy_and_inverts(N, options):
    S = SphericalScattering(20, N=N, sampling="coefficients", **options)
    a = coefficients(20)
    w = S.analyze(a[None])
    assert w[()].shape[:2] == (1, 2)
    x = S.synthesize(w)
    assert abs(x - HarmonicTransform(20).synthesize(a)).max() <= 1e-11
    energy = 0.0
    for map_ in w.values():
        rings, longitudes = map_.shape[-2:]
        weights = 2 * np.pi * ducc0.misc.GL_weights(rings, 1)[:, None] / (2 * np.pi) / longitudes
        energy += (map_**2 * weights).sum()
    assert energy == pytest.approx((abs(a) ** 2).sum() * 2 - (abs(a[..., 0]) ** 2).sum(), rel=1e-12)


@pytest.mark.parametrize(("L", "lam"), [(8, 1.3), (32, 1.2), (2, 2.0), (3, 2.0), (33, 2.0)])
def test_every_wavelet_has_a_degree(L, lam):
    S = SphericalScattering(L, lam=lam, max_order=1, min_bandlimit=1)
    assert all(np.isfinite([band.xi, band.sigma]).all() for band in S.tree.bank.bands(1))
    assert (S(HarmonicTransform(L, gauss_legendre(L, 2 * L)).synthesize(coefficients(L, 1)))[0, 1:] > 0).all()
    assert [path.n for path in S.tree.paths] == [(), *((n,) for n in range(len(S.tree) - 1))]


def test_frame_is_tight():
    frame = SphericalScattering(32, 1).frame
    testing.assert_frame_bounds(frame, 1 - 1e-14, 1 + 1e-14)
    assert frame.bounds().upper == pytest.approx(1, abs=1e-14)


# ---------------------------------------------------------------------- the cascade
def reference(a, S):
    """The cascade by ducc0's transforms, path by path."""
    bank, frame = S.frame.bank, S.frame
    L = a.shape[-1]

    def harmonics(u, limit):
        m, l = np.triu_indices(limit)
        b = np.zeros((L, L), complex)
        b[l, m] = ducc0.sht.analysis_2d(map=u[None], spin=0, lmax=limit - 1, geometry="GL")[0]
        return b

    def modulus(b, band):
        grid = frame.grid(bank.resolution(band))
        rings, longitudes = frame._points(grid)[::-1]
        squares = 0.0
        for n in bank.orders:
            part = b * (bank.psi(band) * bank.directions(n))[:, None]
            pair = np.stack([part, 0 * part]) if n else part[None]
            maps = field(pair, "GL", rings, longitudes, n)
            squares = squares + (2 if n else 1) * (maps**2).sum(0)
        return np.sqrt(squares)

    def mean(u):
        return (u.mean(-1) * ducc0.misc.GL_weights(u.shape[0], 1)).sum() / (4 * np.pi)

    found = []
    for path in S.tree.paths:
        b, u = a, HarmonicTransform(L).synthesize(a)
        for band in path.bands:
            u = modulus(b, band)
            b = harmonics(u, min(L, u.shape[0]))
        found.append(mean(u))
    return np.array(found)


@pytest.mark.parametrize("N", [1, 2, 3])
def test_cascade_is_that_of_ducc(N):
    a = red(24)
    S = SphericalScattering(24, N=N, sampling="coefficients", max_order=3)
    assert len(S.tree) == 1 + 6 + 15 + 20
    np.testing.assert_allclose(S(a), reference(a, S), rtol=1e-10, atol=1e-15)


def changes(a, **options):
    """Largest change of the coefficients of orders 1 and 2 by random rotations, over their norm."""
    S = SphericalScattering(a.shape[-1], sampling="coefficients", **options)
    order = np.array([path.order for path in S.tree.paths])
    rng, before, worst = np.random.default_rng(5), S(a), np.zeros(3)
    for _ in range(3):
        after = S(rotated(a, *rng.uniform(0, 2 * np.pi, 3)))
        for o in (1, 2):
            change = np.linalg.norm((after - before)[order == o]) / np.linalg.norm(before[order == o])
            worst[o] = max(worst[o], change)
    return worst[1:]


@pytest.mark.parametrize("N", [1, 2, 3])
def test_rotations_change_nothing_but_by_aliasing(N):
    a = red(64)
    coarse, default, fine = (
        changes(a, N=N, oversampling=over, min_bandlimit=least) for over, least in ((1, 2), (2, 32), (3, 64))
    )
    assert (default <= [3e-3, 1.5e-2]).all()
    assert (fine < default).all()
    assert (default < coarse / 3).all()


def test_rotation_of_a_low_pass_map_rotates_it():
    a = red(32)
    S = SphericalScattering(32, 2, sampling="coefficients", average=True, pooling=None, oversampling=4)
    maps, angle = S(a), 3
    turned = S(a * np.exp(-1j * np.arange(32) * angle * 2 * np.pi / maps.shape[-1]))
    assert abs(turned - np.roll(maps, angle, axis=-1)).max() <= 1e-3 * maps.max()


@pytest.mark.parametrize("N", [1, 2])
def test_nonexpansive_and_decaying(N):
    S = SphericalScattering(16, 1, N=N, average=True, pooling=None, max_order=3)
    weights = S.frame.weights(None).value
    x, noise = FIELDS, RNG.standard_normal(FIELDS.shape)
    area = S._fields._place((16, 31)).area

    def norm(maps, shares):
        return np.sqrt((maps**2 * shares).sum())

    for size in (1e-3, 1.0, 100.0):
        assert norm(S(x + size * noise) - S(x), weights) <= norm(size * noise, area)
    order = np.array([path.order for path in S.tree.paths])
    energy = [norm(S(x - x.mean())[:, order == o], weights) for o in range(1, 4)]
    assert energy[0] > energy[1] > energy[2] > 0


def test_homogeneous_and_one_by_one():
    S = SphericalScattering(16, N=2, pooling="moments")
    got = S(FIELDS)
    assert got.shape == (3, 16, 4)
    np.testing.assert_allclose(np.stack([S(x) for x in FIELDS]), got, rtol=1e-12, atol=1e-14)
    mean = SphericalScattering(16, N=2)
    np.testing.assert_allclose(mean(-3 * FIELDS)[:, 1:], 3 * mean(FIELDS)[:, 1:], rtol=1e-12)


def test_blocks_of_bounded_memory_change_nothing(monkeypatch):
    S = SphericalScattering(16)
    wanted = S(FIELDS)
    monkeypatch.setattr("scatter.cascade.scattering.__defaults__", (1,))
    np.testing.assert_allclose(S(FIELDS), wanted, rtol=1e-13)


@pytest.mark.parametrize(
    "options",
    [{}, {"N": 2}, {"N": 3, "average": True, "pooling": None, "J_min": 1}, {"pooling": "moments"}],
    ids=str,
)
def test_array_libraries(backend, options):
    S = SphericalScattering(16, **options)
    wanted = S(FIELDS)
    np.testing.assert_allclose(backend.to_numpy(S(backend.asarray(FIELDS))), wanted, atol=1e-12)
    single = S(FIELDS.astype(np.float32))
    assert single.dtype == np.float32
    assert abs(single - wanted).max() <= 1e-5 * abs(wanted).max()


@pytest.mark.parametrize("N", [1, 2])
def test_gradients(N):
    torch = pytest.importorskip("torch")
    S = SphericalScattering(8, N=N, min_bandlimit=1)

    def gradient(x):
        x = torch.tensor(x, requires_grad=True)
        (S(x) ** 2).sum().backward()
        return x.grad.numpy()

    x = FIELDS[0, :8, :15]
    testing.assert_gradient_finite_at_zero(lambda zero: gradient(zero + 0.0), (8, 15))
    testing.assert_gradient_matches(lambda y: float((S(y) ** 2).sum()), gradient(x), x)


def test_gradients_of_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    S = SphericalScattering(8, N=2, min_bandlimit=1)
    x = FIELDS[0, :8, :15]
    loss = jax.jit(jax.grad(lambda y: (S(y) ** 2).sum()))
    testing.assert_gradient_matches(lambda y: float((S(y) ** 2).sum()), loss(x), x)
    assert np.isfinite(loss(np.zeros((8, 15)))).all()


# ---------------------------------------------------------------------- how fields come in
def test_every_sampling_gives_the_same_coefficients():
    a, L = coefficients(12, 1), 12
    wanted = SphericalScattering(L, sampling="coefficients")(a)
    shapes = {
        "gl": ("GL", 12, 23),
        "mw": ("MW", 12, 24),
        "dh": ("F1", 24, 23),
        "f1": ("F1", 13, 30),
        "cc": ("CC", 14, 23),
    }
    for name, grid in shapes.items():
        got = SphericalScattering(L, sampling=name)(field(a, *grid))
        np.testing.assert_allclose(got, wanted, rtol=1e-11)
    info = ducc0.healpix.Healpix_Base(16, "RING").sht_info()
    pixels = ducc0.sht.synthesis(alm=as_ducc(a), spin=0, lmax=L - 1, **info)
    np.testing.assert_allclose(SphericalScattering(L, sampling="healpix")(pixels), wanted, rtol=1e-4)


def test_low_pass_maps_have_their_band_limit():
    S = SphericalScattering(16, 2, average=True, pooling=None)
    assert S(FIELDS).shape == (3, len(S.tree), 4, 8)
    assert S(np.ones((16, 31)))[0] == pytest.approx(1)
    assert S.validity().shape == (4, 8)
    np.testing.assert_allclose(S.validity(), 1, rtol=1e-12)


def test_mask_hides_what_is_under_it():
    mask = np.ones((16, 31), dtype=bool)
    mask[5:9, 3:12] = False
    for pooling in ("mean", "median", "max", None):
        S = SphericalScattering(16, 2, mask=mask, average=pooling is None, pooling=pooling)
        x = np.where(mask, FIELDS, np.nan)
        wanted = S(x)
        assert np.isfinite(wanted).all()
        np.testing.assert_array_equal(S(np.where(mask, FIELDS, 1e6)), wanted)
    assert 0 < S.validity().min() < 0.9 < S.validity().max() <= 1
    whole = SphericalScattering(16, 2, mask=np.ones((16, 31)))
    np.testing.assert_allclose(whole(FIELDS), SphericalScattering(16, 2)(FIELDS), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(S(np.where(mask, 3.0, np.nan))[0], 3, rtol=1e-3)


def test_mask_makes_means_those_of_the_known_part():
    """Noise of one law everywhere: the half that is seen tells the mean of the whole."""
    rng = np.random.default_rng(3)
    x = HarmonicTransform(32).synthesize(coefficients(32, 20, seed=3))
    mask = np.zeros((32, 64))
    mask[:16] = 1
    x[:, 16:] = rng.standard_normal((20, 16, 64)) * 1e3
    whole = SphericalScattering(32, 3)(HarmonicTransform(32).synthesize(coefficients(32, 20, seed=3))).mean(0)
    half = SphericalScattering(32, 3, mask=mask)(x).mean(0)
    np.testing.assert_allclose(half[3:], whole[3:], rtol=0.1)


def test_masked_pixels_of_healpix():
    x = RNG.standard_normal(12 * 16**2)
    x[:100] = UNSEEN
    S = SphericalScattering(16, sampling="healpix", mask=x != UNSEEN)
    assert np.isfinite(S(x)).all()


# ---------------------------------------------------------------------- scikit-learn
def test_estimator():
    S = SphericalScattering(16)
    X = np.concatenate([FIELDS, 2 * FIELDS])
    rows = S.fit(X).transform(X)
    assert rows.shape == (6, 16)
    np.testing.assert_array_equal(rows, S(X))
    np.testing.assert_array_equal(S.fit_transform(X.reshape(6, -1)), rows)
    names = S.get_feature_names_out()
    assert names[-1] == "mean(||x*psi[j=4]|*psi[j=3]|)"
    channels = SphericalScattering(16).fit(X[:, None]).transform(X[:, None])
    np.testing.assert_array_equal(channels, rows)
    np.testing.assert_array_equal(clone(S).fit(X.tolist()).transform(X.tolist()), rows)
    copy = pickle.loads(pickle.dumps(S))
    np.testing.assert_array_equal(copy.transform(X), rows)
    assert "_latest" not in copy.__getstate__()
    assert clone(S).get_params() == S.get_params()
    np.testing.assert_array_equal(clone(S).set_params(J_min=2)(X), SphericalScattering(16, 2)(X))
    model = make_pipeline(SphericalScattering(16, log=True), LogisticRegression())
    assert model.fit(X, [0, 0, 0, 1, 1, 1]).score(X, [0, 0, 0, 1, 1, 1]) > 0.5


def test_a_new_mask_is_a_new_plan():
    S, mask = SphericalScattering(16), np.ones((16, 31))
    before = S(FIELDS)
    mask[:4] = 0
    assert (S.set_params(mask=mask)(FIELDS) != before).all()
    np.testing.assert_array_equal(S.set_params(mask=None)(FIELDS), before)


def test_coefficients_as_samples():
    a = coefficients(8, 4)
    S = SphericalScattering(8, sampling="coefficients").fit(a)
    np.testing.assert_array_equal(S.transform(a), S(a))
    assert len(S.get_feature_names_out()) == S.transform(a).shape[1]


def test_out_types_and_metadata():
    S = SphericalScattering(8, 1, out_type="dict", average=True, pooling=None)
    found = S(FIELDS[:, :8, :15])
    assert list(found) == [path.n for path in S.tree.paths]
    assert found[()].shape == (3, 2, 3)
    assert S.set_params(out_type="list")(FIELDS[:, :8, :15])[-1]["j"] == (3, 2)
    table = S.tree.table()
    assert [len(j) for j in table["j"]] == [path.order for path in S.tree.paths]


# ---------------------------------------------------------------------- what is refused
def nan(x):
    x = x.copy()
    x[0, 3, 4] = np.nan
    return x


PIXELS = np.ones((2, 12 * 8**2))
BAD = {
    "L": (lambda: SphericalScattering(1)(FIELDS), "L must be an integer >= 2, got 1"),
    "J_min": (
        lambda: SphericalScattering(16, 5)(FIELDS),
        "J_min must be an integer from 0 to 4, the finest wavelet",
    ),
    "negative": (lambda: SphericalScattering(16, -1)(FIELDS), "from 0 to 4"),
    "lam": (lambda: SphericalScattering(16, lam=1)(FIELDS), "lam must be a number above 1, got 1"),
    "N": (lambda: SphericalScattering(16, N=17)(FIELDS), "N must be at most L=16, got 17"),
    "N zero": (lambda: SphericalScattering(16, N=0)(FIELDS), "N must be an integer >= 1, got 0"),
    "order": (
        lambda: SphericalScattering(16, max_order=-1)(FIELDS),
        "max_order must be an integer >= 0, got -1",
    ),
    "sampling": (
        lambda: SphericalScattering(16, sampling="hp")(FIELDS),
        "sampling must be one of 'gl', 'mw', ",
    ),
    "over": (lambda: SphericalScattering(16, oversampling=0.5)(FIELDS), "a number of at least 1, got 0.5"),
    "least": (
        lambda: SphericalScattering(16, min_bandlimit=0)(FIELDS),
        "min_bandlimit must be an integer >= 1",
    ),
    "pooling": (
        lambda: SphericalScattering(16, pooling="both")(FIELDS),
        "or a tuple of these, got 'both'",
    ),
    "log": (lambda: SphericalScattering(16, log=-1)(FIELDS), "log must be True, False or a positive number"),
    "out_type": (lambda: SphericalScattering(16, out_type="x")(FIELDS), "out_type must be one of"),
    "grid": (
        lambda: SphericalScattering(16)(FIELDS[:, :, :30]),
        "sampling='gl' needs 16 rings of 31 longitudes for L=16 degrees, (..., 16, 31), or more of both, got",
    ),
    "axes": (lambda: SphericalScattering(16)(np.ones(31)), "an array of shape (..., "),
    "NaN": (
        lambda: SphericalScattering(16)(nan(FIELDS)),
        "NaN, infinity or UNSEEN at 1 of 1488 samples; type mask=",
    ),
    "UNSEEN": (
        lambda: SphericalScattering(8, sampling="healpix")(np.where(np.arange(768) < 5, UNSEEN, PIXELS)),
        "UNSEEN at 10 of 1536 samples",
    ),
    "pixels": (lambda: SphericalScattering(8, sampling="healpix")(PIXELS[:, 1:]), "12 nside^2 pixels"),
    "complex": (lambda: SphericalScattering(16)(FIELDS * 1j), "fields must be real, got complex ones"),
    "real": (
        lambda: SphericalScattering(16, sampling="coefficients")(np.ones((16, 16))),
        "coefficients must be complex of shape (..., 16, 16), got float64",
    ),
    "mask": (
        lambda: SphericalScattering(16, mask=np.zeros((16, 31)))(FIELDS),
        "mask must be an array of zeros and",
    ),
    "mask axes": (lambda: SphericalScattering(16, mask=np.ones(16))(FIELDS), "with the axes of a field, 2"),
    "mask shape": (
        lambda: SphericalScattering(16, mask=np.ones((16, 32)))(FIELDS),
        "fields must have the shape of the mask, (16, 32), got (3, 16, 31)",
    ),
    "mask of coefficients": (
        lambda: SphericalScattering(8, sampling="coefficients", mask=np.ones((8, 8)))(coefficients(8)),
        "coefficients have no places to mask",
    ),
    "rows": (
        lambda: SphericalScattering(16, sampling="cc").fit(np.ones((3, 600))),
        "rows of 600 numbers have no shape",
    ),
    "one sample": (
        lambda: SphericalScattering(16).fit(np.ones((2, 16, 31))[0][None][0]),
        "rows of 31 numbers",
    ),
    "another shape": (
        lambda: SphericalScattering(16).fit(FIELDS).transform(np.ones((3, 17, 31))),
        "X has 527 features, but SphericalScattering is expecting 496 features as input",
    ),
}


@pytest.mark.parametrize(("call", "message"), BAD.values(), ids=BAD)
def test_bad_input(call, message):
    with pytest.raises(InputError) as info:
        call()
    assert message in one_line(info)
