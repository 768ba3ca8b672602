"""Scattering on rotations and translations: the definition, the laws of the group, and those of all."""

import math
import pickle
import warnings
from functools import cached_property

import numpy as np
import oracle
import pytest
from sklearn.base import clone
from tests_support import jax_gradient, torch_gradient, weights

from scatter import InputError, PathTree, Scattering2D, testing
from scatter.cascade import WORKING_SET, in_order, scattering
from scatter.domains.grid import plane
from scatter.frames.convolution import ConvolutionFrame
from scatter.frames.morlet2d import Morlet2D
from scatter.frames.rotomorlet import AngularMorlet, RotoTranslationMorlet
from scatter.frames.rototranslation import RotoTranslationFrame
from scatter.transforms.rototranslation import RotoTranslationScattering2D

MODES = ("invariant", "covariant")


def relative(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


def bands_of(path):
    """Scales and labels of a path: ``((j1, theta1), (j2, theta, k))``, None where there is no label."""
    return tuple((band.j, band.label("theta"), band.label("k")) for band in path.bands)


# ---------------------------------------------------------------------- the definition
def circle(L, K):
    """Kernels of psi_0, ..., psi_{K-1} and phi on the 2 L directions of a turn, from their formulas."""
    n = 2 * L
    if K == 0:
        return [np.eye(n)[0]]
    w = np.arange(n) / n

    def bump(xi, sigma):
        return sum(np.exp(-((w + image - xi) ** 2) / (2 * sigma**2)) for image in range(-9, 10))

    rows = []
    for k in range(K):
        xi = 0.35 / 2**k
        sigma = xi / 3 / math.sqrt(math.log(2))
        psi = bump(xi, sigma) - bump(xi, sigma)[0] / bump(0, sigma)[0] * bump(0, sigma)
        rows.append(psi / np.abs(np.fft.ifft(psi)).sum())
    phi = bump(0, 0.1 / 2 ** (K - 1))
    power = sum(row**2 + np.roll(row[::-1], 1) ** 2 for row in rows) + (phi / phi[0]) ** 2
    return [np.fft.ifft(row / np.sqrt(power)) for row in (*rows, phi / phi[0])]


def definition(x, J, L, K, covariant, padding="reflect"):
    """Coefficients of one image, ``{bands: map}``, as a sum over directions for every path in turn."""
    step, (M, N) = 2**J, x.shape
    if padding is None:
        rows, columns = range(0, M, step), range(0, N, step)
    else:
        totals = [((side + step) // step + 1) * step for side in x.shape]
        ends = [((t - s) // 2, (t - s + 1) // 2) for t, s in zip(totals, x.shape, strict=True)]
        x = np.pad(x, ends, oracle.MODES[padding])
        rows, columns = (range(step, total - step, step) for total in totals)
    M, N = x.shape
    filters = iter(oracle.bank2d(M, N, J, L))
    psi = [[next(filters)[1] for _ in range(L)] for _ in range(J)]
    phi = np.fft.fft2(oracle.gabor2d(M, N, 0.8 * 2 ** (J - 1), 0, 0, 1)).real
    kernels = circle(L, K)

    def filtered(u, spectrum, at, to):
        w = np.fft.ifft2(np.fft.fft2(u) * oracle.crop(spectrum, at))
        return w[:: 2 ** (to - at), :: 2 ** (to - at)]

    def average(u, at):
        low = filtered(u, phi, at, at).real
        return low[np.ix_(np.asarray(rows) >> at, np.asarray(columns) >> at)]

    def along(y, kernel):
        """Modulus of the convolution of 2 L maps along the circle, one turn of the circle after the other."""
        return np.abs(sum(h * np.roll(y, shift, axis=0) for shift, h in enumerate(kernel)))

    found = {(): average(x, 0)}
    for j1 in range(J):
        U = [np.abs(filtered(x, psi[j1][theta], 0, j1)) for theta in range(L)]
        for theta in range(L):
            found[(j1, theta, None),] = average(U[theta], j1)
        for j2 in range(j1 + 1, J):
            for theta in range(L):
                y = []
                for theta1 in range(2 * L):
                    half_turns, direction = divmod(theta1 + theta, L)
                    w = filtered(U[theta1 % L], psi[j2][direction], j1, j2)
                    y.append(w.conj() if half_turns % 2 else w)
                for k, kernel in enumerate(kernels):
                    name = k if k < K else None
                    # Half a turn reverses the frequency along the circle, of which a low-pass has both signs.
                    for theta1, z in enumerate(along(np.stack(y), kernel)[: L if k == K else 2 * L]):
                        key = (j1, theta1 % L, None), (j2, theta + theta1 // L * L, name)
                        found[key] = average(z, j2)
        y = np.stack([filtered(U[theta1 % L], phi, j1, J - 1).real for theta1 in range(2 * L)])
        for k in range(K):
            for theta1, z in enumerate(along(y, kernels[k])[:L]):
                found[(j1, theta1, None), (J, None, k)] = average(z, J - 1)
    return found if covariant else means(found, L)


def means(found, L):
    """Means over the direction of the first wavelet, and over half a turn of the second."""
    grouped = {}
    for key, value in found.items():
        if not key:
            goal = key
        elif len(key) == 1:
            goal = ((key[0][0], None, None),)
        else:
            j, theta, k = key[1]
            goal = (key[0][0], None, None), (j, theta if theta is None else theta % L, k)
        grouped.setdefault(goal, []).append(value)
    return {key: np.mean(values, axis=0) for key, values in grouped.items()}


@pytest.mark.parametrize("rotation", MODES)
@pytest.mark.parametrize(
    ("J", "L", "K", "shape", "padding"),
    [
        (3, 8, None, (24, 24), None),
        (3, 4, 1, (17, 21), "reflect"),
        (2, 3, None, (16, 13), "zero"),
        (2, 6, 0, (12, 20), "symmetric"),
        (4, 2, None, (32, 16), "periodic"),
        (1, 4, 2, (9, 9), "reflect"),
        (2, 1, None, (8, 8), None),
    ],
)
def test_equal_to_the_definition(J, L, K, shape, padding, rotation):
    S = RotoTranslationScattering2D(J, shape, L, K=K, rotation=rotation, padding=padding)
    x = np.random.default_rng(0).standard_normal(shape)
    covariant = rotation == "covariant"
    expected = definition(x, J, L, S.frame.bank.K, covariant, padding)
    found = dict(zip(map(bands_of, S.tree.paths), S(x), strict=True))
    assert len(found) == len(S.tree)
    if covariant:  # low-passes in space are left out there
        expected = {key: value for key, value in expected.items() if not key or key[-1][0] < J}
    assert found.keys() == expected.keys()
    scale = max(np.abs(value).max() for value in expected.values())
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-10 * scale)


def test_without_angular_wavelets_it_is_scattering_of_images():
    """K=0 mixes no directions: the coefficients are those of Scattering2D, renamed by relative directions."""
    plain = Scattering2D(J=3, shape=(40, 33), L=6, executor="array")
    S = RotoTranslationScattering2D(J=3, shape=(40, 33), L=6, K=0, rotation="covariant")
    x = testing.signals(plain)
    places = {
        tuple((b.j, b.label("theta")) for b in path.bands): i for i, path in enumerate(plain.tree.paths)
    }

    def absolute(path):
        bands = [(band.j, band.label("theta")) for band in path.bands]
        if len(bands) == 2:
            bands[1] = bands[1][0], (bands[0][1] + bands[1][1]) % 6
        return places[tuple(bands)]

    assert relative(S(x), plain(x)[:, [absolute(path) for path in S.tree.paths]]) <= 1e-14


def test_invariant_coefficients_are_means_of_covariant_ones():
    C = RotoTranslationScattering2D(J=3, shape=(24, 32), L=4, rotation="covariant")
    x = testing.signals(C, count=1)[0]
    invariant = clone(C).set_params(rotation="invariant")
    expected = means(dict(zip(map(bands_of, C.tree.paths), C(x), strict=True)), L=4)
    for path, found in zip(invariant.tree.paths, invariant(x), strict=True):
        if path.order < 2 or path.bands[1].label("theta") is not None:
            np.testing.assert_allclose(found, expected[bands_of(path)], rtol=1e-12)


# ---------------------------------------------------------------------- frame bounds
@pytest.mark.parametrize("L", [1, 2, 3, 4, 5, 6, 8, 12, 16, 32])
def test_wavelets_along_the_circle_are_tight_and_analytic(L):
    for K in range(L.bit_length()):
        bank = AngularMorlet(L, K)
        np.testing.assert_allclose(bank.littlewood_paley(), 1, rtol=1e-14)
        psi, phi = bank.spectra[:-1], bank.spectra[-1]
        assert phi[0] == 1
        np.testing.assert_array_equal(psi[:, 0], 0)
        assert (psi[:, L + 1 :] ** 2).sum() <= 0.2 * (psi**2).sum() if L > 1 else True
        frequencies = (psi**2 @ np.where(np.arange(2 * L) <= L, np.arange(2 * L), 0)) / (psi**2).sum(1)
        assert (np.diff(frequencies) < 0).all()


def test_the_kernel_of_the_circle_is_a_convolution():
    bank, y = AngularMorlet(8, 3), np.random.default_rng(0).standard_normal(16)
    for k in range(4):
        direct = np.fft.ifft(np.fft.fft(y) * bank.spectra[k])
        np.testing.assert_allclose(bank.circulant(k) @ y, direct, atol=1e-14)
        np.testing.assert_allclose(bank.circulant(k) @ np.roll(y, 3), np.roll(direct, 3), atol=1e-14)


@pytest.mark.parametrize("rotation", MODES)
@pytest.mark.parametrize(("J", "L"), [(1, 8), (2, 4), (3, 8), (4, 6)])
def test_frame_bounds_are_those_of_the_plane(J, L, rotation):
    frame = RotoTranslationScattering2D(J, (32, 32), L, rotation=rotation, padding=None).frame
    plane = Scattering2D(J, (32, 32), L, padding=None).frame
    np.testing.assert_array_equal(frame.littlewood_paley(1), plane.littlewood_paley())
    total = frame.littlewood_paley(2)
    assert total.shape == (2 * L, 32, 32)
    np.testing.assert_allclose(total, np.broadcast_to(plane.littlewood_paley(), total.shape), rtol=1e-12)
    testing.assert_frame_bounds(frame, 0.05, 1.14, order=2)
    np.testing.assert_allclose(frame.bounds(2), plane.bounds(), rtol=1e-12)


@pytest.mark.parametrize("covariant", [False, True])
def test_energy_of_the_second_layer_is_that_of_its_littlewood_paley_sum(covariant):
    """It ties the wavelets that are applied to those of the sum; nothing is subsampled."""
    J, L, K = 2, 4, 2
    frame, tree = fine_frame((16, 16), J, L, K, covariant)
    group = tree.root.edges[0].child
    u = np.random.default_rng(0).standard_normal((1, 1, L, 16, 16))
    joint = low = 0.0
    for child, w in frame.wavelets({group: u}):
        (edge,) = (edge for edge in group.edges if edge.child is child)
        for place, band in enumerate(edge.bands):
            energy = (np.abs(w[:, place]) ** 2).sum()
            if band.label("theta") is None:
                low += energy
            else:  # an invariant low-pass along the circle has half a turn twice
                joint += energy / (2 if band.label("k") is None and not covariant else 1)
    power = (np.abs(np.fft.fft2(u[0, 0])) ** 2).sum(0) / 256
    phi = np.multiply.outer(*frame.bank.phi((16, 16)))
    psi = sum(frame.bank.plane.psi(band, (16, 16)) ** 2 for band in frame.bank.directions(1))
    opposite = psi[np.ix_(-np.arange(16), -np.arange(16))]
    assert joint == pytest.approx((power * (psi + opposite)).sum() / 2, rel=1e-12)
    if not covariant:
        smooth = np.fft.ifft2(np.fft.fft2(u[0, 0]) * phi).real
        mean = np.tensordot(frame.bank.circle.circulant(K), np.concatenate([smooth, smooth]), 1)[:L]
        assert low + (np.abs(mean) ** 2).sum() == pytest.approx((power * phi**2).sum(), rel=1e-12)


# ---------------------------------------------------------------------- rotations
class FinePlane(Morlet2D):
    """Wavelets whose moduli are not subsampled: rotations are then exact but for the pixels themselves."""

    def resolution(self, band):
        return 0


class Fine(RotoTranslationMorlet):
    """The same on the group."""

    @cached_property
    def plane(self):
        return FinePlane(self.J, self.L)

    def resolution(self, band):
        return 0


def fine_frame(shape, J, L, K, covariant):
    bank = Fine(J, L, K, covariant)
    frame = RotoTranslationFrame(bank, ConvolutionFrame(bank.plane, plane(shape, J, None)))
    return frame, PathTree(bank, 2, frame.capacity(WORKING_SET))


def fine(x, J=3, L=8, K=3, rotation="invariant"):
    """Means of the moduli of an image, nothing subsampled; the tree, and what a turn does to its paths."""
    frame, tree = fine_frame(x.shape, J, L, K, rotation == "covariant")

    def keep(u, group):
        return frame.crop(u, group.resolution).mean((-2, -1))

    places = {path.n: place for place, path in enumerate(tree.paths)}

    def turned(steps):
        return [places[frame.bank.turned(path.bands, steps)] for path in tree.paths]

    return in_order(scattering(x, frame, tree, keep), -1), tree, turned


# Centre, widths along and across, direction, frequency and phase of each bump, pixels and radians.
BUMPS = ((5, -4, 7, 9, 0.4, 0.15, 0.2), (-6, 5, 8, 6, 1.5, 0.1, 0.3), (3, 6, 7, 9, 2.4, 0.0, 0.0))


def bumps(angle, N):
    """Smooth bumps, turned about the centre of the image from its first axis towards its second."""
    u, v = np.mgrid[:N, :N] - float(N // 2)
    u, v = u * math.cos(angle) + v * math.sin(angle), v * math.cos(angle) - u * math.sin(angle)
    total = np.zeros((N, N))
    for p, q, along, across, direction, frequency, phase in BUMPS:
        c, s = math.cos(direction), math.sin(direction)
        a, b = (u - p) * c + (v - q) * s, (v - q) * c - (u - p) * s
        total += np.exp(-((a / along) ** 2 + (b / across) ** 2) / 2) * np.cos(frequency * a + phase)
    return total


@pytest.mark.parametrize("rotation", MODES)
def test_turns_of_a_smooth_image_permute_the_coefficients_or_leave_them(rotation):
    """Turned exactly, by its formula. Wavelets of scale 0 are cut off by the pixels and turn less well."""
    before, tree, turned = fine(bumps(0, 128), rotation=rotation)
    coarse = np.asarray([path.order > 0 and path.j[0] >= 1 for path in tree.paths])
    orders = np.asarray([path.order for path in tree.paths])
    for steps in (1, -3, 8, 11):
        after, expected = fine(bumps(steps * math.pi / 8, 128), rotation=rotation)[0], before[turned(steps)]
        assert relative(after[coarse], expected[coarse]) <= 1e-5
        for order, error in ((0, 1e-9), (1, 5e-6), (2, 5e-4)):
            which = (orders == order) & (coarse | (order == 0))
            assert relative(after[which], expected[which]) <= error
        assert relative(after, expected) <= 5e-3
        if rotation == "covariant":
            # Half a turn leaves the first order where it was.
            assert relative(after[coarse], before[coarse]) > (0.02 if steps % 8 else 1e-3)


@pytest.mark.parametrize("rotation", MODES)
def test_turns_of_a_smooth_image_as_it_is_sampled(rotation):
    """Subsampling by 2**j costs some of the accuracy, as it does of translations."""
    S = RotoTranslationScattering2D(3, (128, 128), rotation=rotation, average="global", padding=None)
    before = S(bumps(0, 128))
    for steps in (1, -3, 4, 7):
        after = S(bumps(steps * math.pi / 8, 128))
        assert relative(after, before[S.turned(steps)]) <= (1e-5 if steps == 4 else 5e-3)


def quarter_turn(x):
    """A quarter turn of a torus about its first sample, from the first axis towards the second."""
    return np.roll(np.rot90(x, axes=(-2, -1)), 1, axis=-2)


@pytest.mark.parametrize("rotation", MODES)
@pytest.mark.parametrize("L", [2, 4, 8])
def test_a_quarter_turn_of_any_image_is_exact(L, rotation):
    """At every position; nothing is subsampled, so that noise has no lopsided highest frequency."""
    x = np.random.default_rng(0).standard_normal((32, 32))
    frame, tree = fine_frame((32, 32), 2, L, 2 if L > 2 else 1, rotation == "covariant")

    def keep(u, group):
        return frame.average(u, group.resolution)

    before, after = (in_order(scattering(y, frame, tree, keep), -3) for y in (x, quarter_turn(x)))
    places = {path.n: place for place, path in enumerate(tree.paths)}
    turned = [places[frame.bank.turned(path.bands, L // 2)] for path in tree.paths]
    assert relative(after, quarter_turn(before[turned])) <= 1e-13


@pytest.mark.parametrize("rotation", MODES)
def test_a_quarter_turn_as_it_is_sampled(rotation):
    """The highest frequency of a subsampled map has one sign only, in Scattering2D, too: 2e-5 on noise."""
    S = RotoTranslationScattering2D(J=3, shape=(32, 32), rotation=rotation, padding=None)
    x = np.random.default_rng(0).standard_normal((32, 32))
    assert relative(S(quarter_turn(x)), quarter_turn(S(x)[S.turned(4)])) <= 1e-4
    smooth = bumps(0, 64)
    S.set_params(shape=(64, 64))
    assert relative(S(quarter_turn(smooth)), quarter_turn(S(smooth)[S.turned(4)])) <= 1e-5


def test_turns_add_up():
    S = RotoTranslationScattering2D(J=3, shape=(16, 16), L=6, rotation="covariant")
    whole = np.arange(len(S.tree))
    assert sorted(S.turned(1)) == list(whole)
    np.testing.assert_array_equal(S.turned(12), whole)
    np.testing.assert_array_equal(S.turned(-2)[S.turned(2)], whole)
    np.testing.assert_array_equal(S.turned(2)[S.turned(3)], S.turned(5))
    half = S.turned(6)
    np.testing.assert_array_equal(half[: S.tree.counts[0] + S.tree.counts[1]], np.arange(19))
    assert (half != whole).any()
    np.testing.assert_array_equal(
        clone(S).set_params(rotation="invariant").turned(5), np.arange(1 + 3 + 54 + 6)
    )


# ---------------------------------------------------------------------- the laws
LAWFUL = {
    f"{rotation} {shape} L={L}": RotoTranslationScattering2D(J, shape, L, rotation=rotation, padding=None)
    for rotation in MODES
    for J, shape, L in ((2, (32, 48), 8), (3, (40, 24), 6))
}


@pytest.fixture(params=LAWFUL)
def lawful(request):
    return LAWFUL[request.param]


def test_nonexpansive(lawful):
    testing.assert_nonexpansive(lawful)


def test_covariant_to_shifts(lawful):
    testing.assert_covariant(lawful, rtol=1e-11)


def test_homogeneous(lawful):
    testing.assert_homogeneous(lawful)


def test_batch_against_one_by_one(lawful):
    testing.assert_batch_independent(lawful)


def test_float32_against_float64(lawful):
    testing.assert_precisions_agree(lawful)


@pytest.mark.parametrize("name", [name for name in LAWFUL if name.startswith("covariant")])
def test_energy(name):
    testing.assert_linear_energy(LAWFUL[name])
    energies = testing.assert_energy_decays(LAWFUL[name])
    # Wavelets along the circle are tight: they move energy among the paths, and change nothing of its sum.
    plain = Scattering2D(LAWFUL[name].J, LAWFUL[name].shape, LAWFUL[name].L, padding=None, executor="array")
    np.testing.assert_allclose(energies, testing.layer_energies(plain, testing.signals(plain)), rtol=1e-12)


@pytest.mark.parametrize("rotation", MODES)
def test_global_average_is_invariant_to_every_shift(rotation):
    S = RotoTranslationScattering2D(2, (32, 32), 4, rotation=rotation, average="global", padding=None)
    x = testing.signals(S)
    np.testing.assert_allclose(S(np.roll(x, (4, -6), (-2, -1))), S(x), rtol=1e-9, atol=1e-12)


# ---------------------------------------------------------------------- arrays
OPTIONS = {
    "invariant": {},
    "covariant": {"rotation": "covariant"},
    "log of means": {"log": True, "pooling": "mean"},
    "moments of U": {"average": False, "pooling": "moments"},
    "global, order 1": {"average": "global", "max_order": 1, "rotation": "covariant"},
    "order 0": {"max_order": 0, "padding": "zero"},
}


@pytest.fixture(params=OPTIONS)
def transform(request):
    return RotoTranslationScattering2D(J=2, shape=(17, 20), L=4).set_params(**OPTIONS[request.param])


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-6), ("float64", 1e-12)])
def test_equal_to_numpy(backend, transform, dtype, tolerance):
    x = testing.signals(transform, count=3).astype(dtype)
    expected, found = transform(x), backend.to_numpy(transform(backend.asarray(x)))
    assert found.dtype == expected.dtype == dtype
    slack = 100 if transform.pooling == "moments" else 1
    assert relative(found, expected) <= tolerance * slack


def test_integers_become_float32_unscaled(backend):
    S = RotoTranslationScattering2D(J=2, shape=(16, 16), L=3)
    x = np.random.default_rng(0).integers(0, 255, (2, 16, 16))
    found = backend.to_numpy(S(backend.asarray(x.astype("int32"))))
    assert found.dtype == np.float32
    assert relative(found, S(x.astype("float32"))) <= 1e-6


@pytest.mark.parametrize("rotation", MODES)
@pytest.mark.parametrize("out_type", ["list", "dict"])
def test_lists_and_dicts_hold_the_same_numbers(rotation, out_type):
    S = RotoTranslationScattering2D(J=2, shape=(16, 16), L=3, rotation=rotation)
    x = testing.signals(S)
    whole, found = S(x), clone(S).set_params(out_type=out_type)(x)
    if out_type == "dict":
        assert list(found) == [path.n for path in S.tree.paths]
        values = list(found.values())
    else:
        values = [item["coef"] for item in found]
        for item, path in zip(found, S.tree.paths, strict=True):
            assert (item["order"], item["path"], item["n"]) == (path.order, str(path), path.n)
            assert list(zip(item["j"], item["theta"], item["k"], strict=True)) == [
                (band.label("j"), band.label("theta"), band.label("k")) for band in path.bands
            ]
    np.testing.assert_array_equal(np.stack(values, 1), whole)


@pytest.mark.parametrize("rotation", MODES)
def test_maps_are_cropped_to_the_image_at_their_resolution(rotation):
    S = RotoTranslationScattering2D(3, (24, 32), 4, rotation=rotation, average=False, out_type="list")
    for path, item in zip(S.tree.paths, S(np.ones((2, 24, 32))), strict=True):
        assert item["coef"].shape == (2, 24 >> path.resolution, 32 >> path.resolution)


@pytest.mark.parametrize("rotation", MODES)
def test_blocks_and_groups_of_any_size_give_the_same_numbers(rotation):
    S = RotoTranslationScattering2D(J=3, shape=(24, 24), L=4, rotation=rotation)
    x = testing.signals(S, count=5)

    def keep(u, group):
        return S.frame.average(u, group.resolution)

    found = in_order(scattering(x, S.frame, S.tree, keep), -3)
    np.testing.assert_array_equal(found, S(x))
    for budget in (1, 2**14, 2**18):
        tree = PathTree(S.frame.bank, 2, S.frame.capacity(budget))
        assert tree.names == S.tree.names
        assert len(list(tree.root)) >= len(list(S.tree.root))
        other = in_order(scattering(x, S.frame, tree, keep, working_set=1), -3)
        np.testing.assert_allclose(other, found, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("shape", "J", "count"), [((32, 32), 2, 100), ((200, 200), 5, 2)])
@pytest.mark.parametrize("rotation", MODES)
def test_the_working_set_stays_within_its_budget(rotation, shape, J, count):
    import tracemalloc

    S = RotoTranslationScattering2D(J=J, shape=shape, rotation=rotation, pooling="mean")
    x = np.random.default_rng(0).standard_normal((count, *shape), dtype=np.float32)
    S(x[:1])
    tracemalloc.start()
    try:
        output = S(x).nbytes
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - 2 * output <= 1.3 * WORKING_SET


# ---------------------------------------------------------------------- gradients
@pytest.mark.parametrize("gradient", [torch_gradient, jax_gradient])
@pytest.mark.parametrize("rotation", MODES)
def test_gradients(gradient, rotation):
    S = RotoTranslationScattering2D(J=2, shape=(9, 12), L=2, rotation=rotation)
    x = testing.signals(S, count=1)
    w = weights(S, x)
    testing.assert_gradient_matches(lambda a: float((S(a) * w).sum()), gradient(S, x), x, rtol=1e-6)
    testing.assert_gradient_finite_at_zero(lambda a: gradient(S, a), x.shape)


def test_jax_and_torch_transformations():
    jax = pytest.importorskip("jax", reason="jax is not installed")
    torch = pytest.importorskip("torch", reason="torch is not installed")
    jax.config.update("jax_enable_x64", True)
    S = RotoTranslationScattering2D(J=2, shape=(16, 16), L=3)
    x = testing.signals(S)
    for transformed in (jax.jit(S), jax.vmap(S)):
        assert relative(np.asarray(transformed(jax.numpy.asarray(x))), S(x)) <= 1e-12
    with warnings.catch_warnings():
        # PyTorch conjugates the members of a batch one by one, and says so.
        warnings.filterwarnings("ignore", "There is a performance drop", UserWarning)
        assert relative(torch.vmap(S)(torch.tensor(x)).numpy(), S(x)) <= 1e-12


# ---------------------------------------------------------------------- names
def test_names_say_what_is_relative():
    S = RotoTranslationScattering2D(J=2, shape=(16, 16), L=2)
    assert S.tree.counts == (1, 2, 6)
    assert S.tree.names == (
        "x*phi",
        "|x*psi[j=0]|*phi",
        "|x*psi[j=1]|*phi",
        "||x*psi[j=0]|*psi[j=1,theta=0,k=0]|*phi",
        "||x*psi[j=0]|*psi[j=1,theta=0]|*phi",
        "||x*psi[j=0]|*psi[j=1,theta=1,k=0]|*phi",
        "||x*psi[j=0]|*psi[j=1,theta=1]|*phi",
        "||x*psi[j=0]|*psi[k=0]|*phi",
        "||x*psi[j=1]|*psi[k=0]|*phi",
    )
    C = clone(S).set_params(rotation="covariant")
    assert C.tree.counts == (1, 4, 12)
    assert C.tree.names[1:3] == ("|x*psi[j=0,theta=0]|*phi", "|x*psi[j=0,theta=1]|*phi")
    assert C.tree.names[-2:] == (
        "||x*psi[j=0,theta=1]|*psi[j=1,theta=2,k=0]|*phi",
        "||x*psi[j=0,theta=1]|*psi[j=1,theta=3,k=0]|*phi",
    )


def test_tables_and_arrays_of_what_the_paths_are():
    S = RotoTranslationScattering2D(J=2, shape=(16, 16), L=2)
    table, meta = S.table(), S.meta()
    assert list(table) == [
        *("path", "order", "n", "j", "theta", "k", "xi", "sigma", "bandwidth", "resolution"),
    ]
    assert table["j"][3:] == [(0, 1)] * 4 + [(0, 2), (1, 2)]
    assert table["theta"][3:] == [(None, 0), (None, 0), (None, 1), (None, 1), (None, None), (None, None)]
    assert table["k"][3:] == [(None, 0), (None, None), (None, 0), (None, None), (None, 0), (None, 0)]
    assert table["resolution"] == [0, 0, 1, 1, 1, 1, 1, 1, 1]
    np.testing.assert_array_equal(meta["j"][[0, 2, 8]], [[np.nan] * 2, [1, np.nan], [1, 2]])
    np.testing.assert_array_equal(meta["k"][3], [np.nan, 0])
    assert len(set(meta["key"])) == len(S.tree)
    covariant = clone(S).set_params(rotation="covariant").table()
    assert covariant["angle"][1] == Scattering2D(J=2, shape=(16, 16), L=2).table()["angle"][1]
    assert covariant["angle"][-1][1] is None


@pytest.mark.parametrize("rotation", MODES)
@pytest.mark.parametrize(
    "options", [{}, {"pooling": "moments"}, {"average": "global", "log": True}, {"average": False}], ids=str
)
def test_every_feature_has_a_name(rotation, options):
    X = np.random.default_rng(0).standard_normal((4, 64))
    S = RotoTranslationScattering2D(J=2, L=4, rotation=rotation).set_params(**options)
    features, names = S.fit_transform(X), S.get_feature_names_out()
    assert features.shape == (4, len(names))
    assert len(set(names)) == len(names)
    assert np.isfinite(features).all()


def test_positions_are_those_of_the_plain_transform():
    for ours, plain in zip(
        RotoTranslationScattering2D(3, (40, 33)).positions, Scattering2D(3, (40, 33)).positions, strict=True
    ):
        np.testing.assert_array_equal(ours, plain)


# ---------------------------------------------------------------------- scikit-learn
def test_pickles_carry_parameters_and_a_changed_parameter_makes_a_new_transform():
    X = np.random.default_rng(0).standard_normal((3, 2, 16, 16))
    S = RotoTranslationScattering2D(J=2, L=4, pooling="mean").fit(X)
    data = pickle.dumps(S)
    assert len(data) < 2000
    np.testing.assert_array_equal(pickle.loads(data).transform(X), S.transform(X))
    np.testing.assert_array_equal(S.transform(X), S(X).reshape(3, -1))
    assert repr(S) == "RotoTranslationScattering2D(J=2, L=4, pooling='mean')"
    # 4 directions, with 2 wavelets along the circle and a low-pass; and 2 low-passes in space.
    assert S.transform(X).shape == (3, 2 * (1 + 2 + 4 * 3 + 2 * 2))
    assert S.set_params(K=0).fit_transform(X).shape == (3, 2 * (1 + 2 + 4))
    covariant = S.set_params(K=2, rotation="covariant").fit_transform(X)
    assert covariant.shape == (3, 2 * (1 + 8 + 4 * (4 + 2 * 8)))


# ---------------------------------------------------------------------- what is refused
IMAGES = np.ones((3, 16, 16))


def refusal(call, *arguments):
    with pytest.raises(InputError) as info:
        call(*arguments)
    assert "\n" not in str(info.value)
    return str(info.value)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"J": 0}, "J must be an integer >= 1, got 0"),
        ({"L": 1.5}, "L must be an integer >= 1, got 1.5"),
        ({"K": -1}, "K must be an integer >= 0, got -1"),
        ({"K": "2"}, "K must be an integer >= 0, got '2'"),
        (
            {"K": 3, "L": 6},
            "K=3 wavelets along the circle need 2**K <= L directions, got L=6; type K=2 or less",
        ),
        ({"rotation": "both"}, "rotation must be 'invariant' or 'covariant', got 'both'"),
        ({"rotation": True}, "rotation must be 'invariant' or 'covariant', got True"),
        ({"max_order": -1}, "max_order must be an integer >= 0, got -1"),
        ({"max_order": 3}, "max_order must be 0, 1 or 2, got 3; higher orders are those of Scattering2D"),
        ({"tol": 1}, "tol must be a number from 0 to below 0.1 or None, got 1"),
        ({"padding": "wrap"}, "padding must be one of 'reflect', 'symmetric', 'periodic', 'zero' or None"),
        ({"average": "local"}, "average must be True, 'global' or False, got 'local'"),
        (
            {"pooling": "both"},
            "pooling must be None, 'mean', 'mean_std', 'median', 'max', 'moments', 'powers', or a tuple of "
            "these, got 'both'",
        ),
        ({"log": -1}, "log must be True, False or a positive number, got -1"),
        ({"out_type": "tuple"}, "out_type must be one of 'array', 'list', 'dict', got 'tuple'"),
        ({"average": False}, "average=False leaves maps of several sizes, which are not one array"),
        (
            {"J": 5},
            "J=5 needs sides of at least 2**J = 32 pixels, got an image of 16 x 16; type J=4 or less",
        ),
        ({"shape": 16}, "shape must have 2 side(s), got 16; type for example shape=(32, 32)"),
        ({"shape": (16, 20)}, "the last axes must be (16, 20), got (16, 16)"),
        (
            {"padding": None, "J": 3, "shape": (16, 20)},
            "padding=None needs sides that are multiples of 2**J = 8",
        ),
    ],
    ids=str,
)
def test_parameters(parameters, message):
    S = RotoTranslationScattering2D(**{"J": 2, "shape": (16, 16)} | parameters)
    assert message in refusal(S, IMAGES)


def test_images():
    S = RotoTranslationScattering2D(J=2)
    spoilt = IMAGES.copy()
    spoilt[1, 2, 3] = np.nan
    assert "the input contains NaN or infinity (1 of 768 values, the first at (1, 2, 3))" in refusal(
        S, spoilt
    )
    assert refusal(S, np.ones(16)) == "an array of shape (..., M, N) is needed, got shape (16,)"
    assert refusal(S, IMAGES + 0j) == (
        "real images are needed, whose moduli are the same half a turn on, got complex128; stack real and "
        "imaginary parts as channels, or type Scattering2D(two_sided=True)"
    )
    assert "Complex data not supported" in refusal(S.fit, IMAGES + 0j)
    assert "an image of 1 x 1 has no scales" in refusal(S, np.ones((1, 1)))
    assert "the shape of the signals is not known yet" in refusal(S.turned)
    assert "X has 128 features, but RotoTranslationScattering2D is expecting 256 features" in refusal(
        S.fit(IMAGES).transform, IMAGES[:, :8]
    )


# ---------------------------------------------------------------------- means over directions without mixing
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"log": True},
        {"ratios": True, "log": 0.1, "pooling": "mean_std"},
        {"pooling": ("median", "max")},
        {"pooling": "moments"},
        {"average": "global"},
        {"padding": None},
        {"max_order": 1},
        {"max_order": 0},
    ],
    ids=str,
)
@pytest.mark.parametrize("L", [1, 5, 6])
def test_without_mixing_it_is_a_mean_of_scattering(L, options):
    x = np.random.default_rng(0).standard_normal((2, 24, 32)) + 1
    plain = Scattering2D(3, (24, 32), L, rotation="invariant", **options)
    mixed = RotoTranslationScattering2D(3, (24, 32), L, K=0, **options)
    found = plain.fit_transform(x)
    np.testing.assert_allclose(found, mixed.fit_transform(x), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(plain.get_feature_names_out(), mixed.get_feature_names_out())
    array = clone(plain).set_params(executor="array")
    np.testing.assert_allclose(found, array.fit_transform(x), rtol=1e-9, atol=1e-9)
    listed = clone(plain).set_params(out_type="list")(x)
    np.testing.assert_array_equal(np.stack([item["coef"] for item in listed], 1), plain(x))


def test_means_over_the_directions_of_a_complex_image():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 24, 24)) + 1j * rng.standard_normal((1, 24, 24))
    S = Scattering2D(3, (24, 24), 4, max_order=3, two_sided=True)
    means = clone(S).set_params(rotation="invariant")
    kept, expected = S(x)[0], {}
    for path, coefficient in zip(S.tree.paths, kept, strict=True):
        thetas = [band.label("theta") for band in path.bands]
        key = (path.j, tuple((theta - thetas[0]) % 4 for theta in thetas[1:]))
        expected.setdefault(key, []).append(coefficient)
    assert {len(found) for found in expected.values()} == {1, 8}  # there are 2 L first directions
    found = {
        (path.j, tuple(band.label("theta") for band in path.bands[1:])): coefficient
        for path, coefficient in zip(means.tree.paths, means(x)[0], strict=True)
    }
    assert found.keys() == expected.keys()
    for key, members in expected.items():
        np.testing.assert_allclose(found[key], np.mean(members, axis=0), rtol=1e-12)


def test_means_over_directions_do_not_change_in_a_quarter_turn():
    x = np.random.default_rng(0).standard_normal((2, 32, 32))
    S = Scattering2D(3, (32, 32), 4, rotation="invariant", pooling="mean", padding=None)
    assert relative(S(quarter_turn(x)), S(x)) <= 1e-5
    plain = clone(S).set_params(rotation="covariant")
    assert relative(plain(quarter_turn(x)), plain(x)) > 1e-3


def test_means_over_directions_in_another_library_and_their_gradient():
    torch = pytest.importorskip("torch")
    S = Scattering2D(2, (16, 16), 4, rotation="invariant", log=True)
    x = np.random.default_rng(0).standard_normal((2, 16, 16))
    tensor = torch.tensor(x, requires_grad=True)
    found = S(tensor)
    np.testing.assert_allclose(found.detach().numpy(), S(x), rtol=1e-9, atol=1e-9)
    found.sum().backward()
    assert torch.isfinite(tensor.grad).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rotation": "none"}, "rotation must be 'invariant' or 'covariant', got 'none'"),
        ({"rotation": "invariant", "average": False}, "type average=True with rotation='invariant'"),
        ({"rotation": "invariant", "average": False, "pooling": "mean"}, "type average=True"),
    ],
)
def test_what_has_no_means_over_directions(options, message):
    with pytest.raises(InputError, match=message):
        Scattering2D(2, (16, 16), **options)(np.zeros((16, 16)))
