"""The sphere: harmonic transforms against ducc0, rotations, scattering against s2fft, digits, the Earth.

ducc0 also turns fields exactly; without it the cases that need it say so. Earth's data are read from the
folder ``$SCATTER_DATA/sphere``.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.data import data
from benchmarks.s2cascade import s2fft_cascades
from benchmarks.timing import cores, interleaved, ratios
from scatter import SphericalScattering
from scatter.numerics.harmonic import HarmonicTransform, Rings, gauss_legendre

Rows = list[tuple[str, str, str]]
PICTURE = Path(__file__).with_name("sphere_growth.svg")


# ---------------------------------------------------------------------- fields and rotations
def ducc() -> ModuleType:
    try:
        return importlib.import_module("ducc0")
    except ImportError:
        sys.exit("ducc0 is not installed; type: pip install ducc0")


def random_field(L: int, seed: int | tuple[int, ...] = 0, degree: int = 1) -> np.ndarray:
    """Coefficients (L, L) of a real field that fall as 1 / (1 + l), from a degree on."""
    random = np.random.default_rng(seed)
    l, m = np.indices((L, L))
    a = random.standard_normal((L, L)) + 1j * random.standard_normal((L, L)) * (m > 0)
    return a / (1 + l) * (l >= np.maximum(m, degree))


def packed(a: np.ndarray) -> np.ndarray:
    """Coefficients (..., L, L) in the order of ducc0: one order after the other."""
    m, l = np.triu_indices(a.shape[-1])
    return np.ascontiguousarray(a[..., l, m])


def rotated(a: np.ndarray, *angles: float) -> np.ndarray:
    """Coefficients of the field after a rotation by three angles of Euler, z y z, exactly."""
    m, l = np.triu_indices(a.shape[-1])
    found = np.zeros_like(a)
    alm = ducc().sht.rotate_alm(packed(a).reshape(-1, l.size), a.shape[-1] - 1, *angles)
    found[..., l, m] = alm.reshape(*a.shape[:-2], l.size)
    return found


def turned(a: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Coefficients of the field after a random rotation, exactly."""
    return rotated(a, *Rotation.random(rng=random).as_euler("zyz"))


def changes(transform: SphericalScattering, rest: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Relative change of the invariants of order 1 and of order 2, (2, rotations)."""
    order = np.array([path.order for path in transform.tree.paths])
    parts = [(found[..., order == k] - rest[..., order == k], rest[..., order == k]) for k in (1, 2)]
    return np.stack([np.linalg.norm(d, axis=-1) / np.linalg.norm(x, axis=-1) for d, x in parts])


def load(name: str) -> dict[str, np.ndarray]:
    with np.load(data(f"sphere/{name}.npz")) as arrays:
        return dict(arrays)


# ---------------------------------------------------------------------- the harmonic transform
def sphere_transform() -> Rows:
    """Time over ducc0's, one core: packed, (n, longitudes, rings), as in cascades, against its own layout."""
    rows, errors = [], []
    with cores(1):
        for L, batch, runs in ((128, 32, 15), (256, 32, 7), (256, 1, 15), (512, 1, 9)):
            sht = HarmonicTransform(L)
            for dtype in (np.float32, np.float64):
                a = np.stack([random_field(L, (k, L)) for k in range(batch)])
                rows += _against_ducc(sht, a.astype(np.result_type(dtype, 1j)), runs)
            if batch == 32 and L == 256:
                errors += _errors(sht, a[:4])
            if L == 512:
                tables = sum(
                    t.kept.value.nbytes for parts in sht._meridians._tables for part in parts for t in part
                )
                errors.append(("tables of L=512, float64, GB", f"{tables / 1e9:.2f}", "at most 0.6"))
    return rows + errors


def _against_ducc(sht: HarmonicTransform, a: np.ndarray, runs: int) -> Rows:
    """Both directions against the faster of ducc0's ways: one call of a batch, or a call a map."""
    theirs, back, rows = _ducc_ways(sht, a), sht.synthesize_packed(sht.pack(a)), []
    parts = sht.pack(a)
    rivals: dict[str, Callable[[], object]] = {
        "synthesis": lambda: sht.synthesize_packed(parts),
        "analysis": lambda: sht.analyze_packed(back),
    }
    timings = interleaved(rivals | theirs, runs)
    for name in rivals:
        ways = {way: timings[way] for way in theirs if way.startswith(name)}
        fastest = min(ways, key=lambda way: ways[way].median)
        low, middle, high = ratios(timings[name], ways[fastest])
        what = f"{name}, L={sht.L}, {len(a)} map{'s' * (len(a) > 1)}, {back.dtype}"
        how = f"{low:.2f} .. {high:.2f}; ducc0 {1e3 * ways[fastest].median:.3g} ms"
        rows.append((what, f"{middle:.2f}", how + fastest.removeprefix(name)))
    return rows


def _ducc_ways(sht: HarmonicTransform, a: np.ndarray) -> dict[str, Callable[[], object]]:
    """ducc0's transforms of packed coefficients and of their fields on the same points."""
    dsht, L, n = ducc().sht, sht.L, len(a)
    rings, longitudes = sht.rings.theta.size, sht.rings.longitudes
    alm = packed(a)[:, None]
    points = {
        "theta": sht.rings.theta,
        "nphi": np.full(rings, longitudes, np.uint64),
        "phi0": np.zeros(rings),
        "ringstart": np.arange(rings, dtype=np.uint64) * longitudes,
    }
    options = {"spin": 0, "lmax": L - 1, "nthreads": 1}
    grid = {"geometry": "GL", **options}
    maps = dsht.synthesis(alm=alm, **points, **options)
    square = maps.reshape(n, 1, rings, longitudes)
    weights = sht.rings.weights * 2 * np.pi / longitudes
    shape = {"ntheta": rings, "nphi": longitudes}
    return {
        "synthesis, one call": lambda: dsht.synthesis(alm=alm, **points, **options),
        "synthesis, a call a map": lambda: [dsht.synthesis_2d(alm=c, **shape, **grid) for c in alm],
        "analysis, one call": lambda: dsht.adjoint_synthesis(
            map=maps, ringfactor=weights, **points, **options
        ),
        "analysis, a call a map": lambda: [dsht.analysis_2d(map=x, **grid) for x in square],
    }


def _errors(sht: HarmonicTransform, a: np.ndarray) -> Rows:
    """Round trips of random coefficients, and differences from ducc0, over the largest number."""
    grid = {"geometry": "GL", "spin": 0, "lmax": sht.L - 1}
    shape = {"ntheta": sht.L, "nphi": sht.rings.longitudes}
    fields = sht.synthesize(a)
    theirs = np.stack([ducc().sht.synthesis_2d(alm=c[None], **shape, **grid)[0] for c in packed(a)])
    alm = np.stack([ducc().sht.analysis_2d(map=x[None], **grid)[0] for x in fields])
    single = a.astype(np.complex64)
    found = {
        "round trip, float64": (sht.analyze(fields), a, "1e-11"),
        "round trip, float32": (sht.analyze(sht.synthesize(single)), single, "1e-5"),
        "fields against ducc0, float64": (fields, theirs, "1e-12"),
        "coefficients against ducc0, float64": (packed(sht.analyze(fields)), alm, "1e-12"),
    }
    return [
        (f"{what}, L={sht.L}", f"{abs(x - y).max() / abs(y).max():.1e}", f"at most {limit}")
        for what, (x, y, limit) in found.items()
    ]


# ---------------------------------------------------------------------- rotations
def sphere_rotation() -> Rows:
    """Relative change of invariants of orders 1 and 2 under 5 random exact rotations, L=64: mean, worst."""
    a, random, rows = random_field(64), np.random.default_rng(0), []
    fields = np.stack([a] + [turned(a, random) for _ in range(5)])
    for N in (1, 2, 3):
        for oversampling, least in ((1, 2), (1, 32), (2, 32), (3, 64), (4, 128)):
            options = {"oversampling": oversampling, "min_bandlimit": least, "sampling": "coefficients"}
            S = SphericalScattering(64, N=N, **options)
            rest, *found = S(fields)
            change = changes(S, rest, np.stack(found))
            mean, worst = (", ".join(f"{value:.1e}" for value in f(change, 1)) for f in (np.mean, np.max))
            rows.append((f"N={N}, oversampling={oversampling}, min_bandlimit={least}", mean, worst))
    return rows


# ---------------------------------------------------------------------- scattering
def sphere_scattering() -> Rows:
    """L=128, order 2, means, float32, all cores: against the same cascade of s2fft and s2wav, by JAX."""
    L, batch = 128, 64
    a = np.stack([random_field(L, (k, L)) for k in range(batch)])
    x = HarmonicTransform(L, gauss_legendre(L, 2 * L - 1)).synthesize(a).astype(np.float32)
    S = SphericalScattering(L)
    mine, rows = S(x), []
    for name, (count, run) in s2fft_cascades(S, a).items():
        timings = interleaved({"scatter": partial(S, x[:count]), name: run}, 3 if count > 1 else 1)
        maps = f"{count} map{'s' * (count > 1)}"
        low, middle, high = ratios(timings[name], timings["scatter"])
        rows.append((f"times as fast as {name}, {maps}", f"{middle:.1f}", f"{low:.2f} .. {high:.2f}"))
        rows += [(f"{what}, {maps}, seconds", f"{t.median:.3g}", t.spread) for what, t in timings.items()]
        first, second = changes(S, mine[:count], np.asarray(run())).max(axis=1)
        rows.append((f"difference from {name}, orders 1 and 2", f"{first:.1e}, {second:.1e}", "worst map"))
    return rows or [("left out: s2fft and s2wav are not installed", "", "")]


def sphere_growth() -> Rows:
    """Seconds for 4 maps, order 2, float32, on one core, against L^3: see `sphere_growth.svg`."""
    sizes = (32, 64, 128, 256)
    rivals: dict[str, Callable[[], object]] = {}
    for L in sizes:
        x = np.random.default_rng(0).standard_normal((4, L, 2 * L - 1), dtype=np.float32)
        rivals[str(L)] = partial(SphericalScattering(L), x)
    with cores(1):
        timings = interleaved(rivals, 5)
    seconds = {L: timings[str(L)].median for L in sizes}
    shares = {L: seconds[L] / L**3 / (seconds[sizes[-1]] / sizes[-1] ** 3) for L in sizes}
    _draw(seconds)
    return [(f"L={L}: seconds", f"{seconds[L]:.3g}", f"{shares[L]:.2f} of the law") for L in sizes]


def _draw(seconds: dict[int, float]) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 3.5), layout="constrained")
    axes, (last, most) = figure.subplots(), max(seconds.items())
    axes.loglog(list(seconds), list(seconds.values()), "o-", label="measured")
    law = [most * (L / last) ** 3 for L in seconds]
    axes.loglog(list(seconds), law, "k--", label="$L^3$, through the last")
    axes.set(xlabel="L, of 4 maps, order 2", ylabel="seconds")
    axes.legend()
    with mpl.rc_context({"svg.hashsalt": "sphere_growth", "svg.fonttype": "none"}):
        figure.savefig(PICTURE, metadata={"Date": None})


# ---------------------------------------------------------------------- digits
def grid_points(rings: int) -> np.ndarray:
    """Points of Gauss-Legendre rings, twice as many longitudes, (rings, 2 rings, 3)."""
    theta = gauss_legendre(rings, 2 * rings).theta[:, None]
    phi = np.pi * np.arange(2 * rings) / rings
    x, y = np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi)
    return np.stack([x, y, np.broadcast_to(np.cos(theta), x.shape)], axis=-1)


def on_sphere(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """An image in stereographic projection about the north pole, 62 degrees to each side, at points."""
    plane = points[..., :2] / np.maximum(1 + points[..., 2:], 1e-9)
    where = np.moveaxis((plane / 0.6 + 1) * len(image) / 2 - 0.5, -1, 0)
    return map_coordinates(image, where, order=3, mode="grid-constant")


def power(fields: np.ndarray, L: int) -> np.ndarray:
    """Logarithm of the power of every degree, which rotations don't change either."""
    a = HarmonicTransform(L, gauss_legendre(*fields.shape[-2:])).analyze(fields)
    squares = abs(a) ** 2
    return np.log((2 * squares.sum(-1) - squares[..., 0]) / (2 * np.arange(L) + 1) + 1e-6)


def sphere_digits() -> Rows:
    """Accuracy (%) on 899 rotated digits, L=20, learnt from 898 others, rotated (R/R) or not (NR/R)."""
    L, (images, y) = 20, load_digits(return_X_y=True)
    points, turns = grid_points(2 * L), Rotation.random(len(y), rng=np.random.default_rng(0)).as_matrix()
    images = images.reshape(-1, 8, 8)
    still = np.stack([on_sphere(image, points) for image in images]).astype(np.float32)
    rotated = np.stack([on_sphere(image, points @ turn) for image, turn in zip(images, turns, strict=True)])
    train, test = train_test_split(np.arange(len(y)), random_state=0, test_size=0.5, stratify=y)
    features = {"power spectra": lambda x: power(x, L)}
    for N, lam in ((1, 2.0), (4, 1.5)):
        S = SphericalScattering(L, N=N, lam=lam, pooling="moments", log=1e-3)
        features[f"scattering, N={N}, lam={lam:g}, moments"] = lambda x, S=S: S(x).reshape(len(x), -1)
    rows = []
    for name, compute in features.items():
        started = time.perf_counter()
        X, Z = compute(still), compute(rotated)
        seconds = (time.perf_counter() - started) / 2
        scores = [_accuracy(A[train], y[train], Z[test], y[test]) for A in (Z, X)]
        for protocol, score in zip(("R/R", "NR/R"), scores, strict=True):
            rows.append(
                (f"{protocol}, {name}", f"{100 * score:.1f}", f"{X.shape[1]} features, {seconds:.1f} s")
            )
    return rows


def _accuracy(X: np.ndarray, y: np.ndarray, Z: np.ndarray, truth: np.ndarray) -> float:
    head = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
    return float(head.fit(X, y).score(Z, truth))


# ---------------------------------------------------------------------- the Earth
def topography(L: int) -> np.ndarray:
    """Height of the Earth, metres, as coefficients (L, L) of harmonics of norm 1."""
    found, a = load("earth_topo_sh300"), np.zeros((L, L), complex)
    l, m = found["l"].astype(int), found["m"].astype(int)
    inside = l < L
    # Harmonics of geodesy have the norm 4 pi and no phase of Condon and Shortley.
    scale = np.sqrt(4 * np.pi) * np.where(m > 0, (-1.0) ** m / np.sqrt(2), 1)
    a[l[inside], m[inside]] = (scale * (found["c"] - 1j * found["s"]))[inside]
    return a


def clenshaw_curtis(rings: int, longitudes: int) -> Rings:
    """Equidistant rings with both poles; sums of degree below ``rings``, odd, are exact."""
    n, k = rings - 1, np.arange(rings)
    j = np.arange(1, n // 2 + 1)
    terms = np.cos(2 * np.pi * np.outer(k, j) / n) * np.where(j == n / 2, 1, 2) / (4 * j**2 - 1)
    return Rings(np.pi * k / n, (1 - terms.sum(1)) * np.where((k == 0) | (k == n), 1, 2) / n, longitudes)


def sphere_earth() -> Rows:
    """Heights at L=128; winds of 12 months, 200 hPa, L=36, as gradients and curls; exact rotations."""
    a, random, rows = topography(128), np.random.default_rng(0), []
    fields = np.stack([a] + [turned(a, random) for _ in range(5)])
    for N in (1, 3):
        S = SphericalScattering(128, N=N, sampling="coefficients")
        started = time.perf_counter()
        rest = S(a[None])[0]
        seconds = time.perf_counter() - started
        rows.append((f"heights, N={N}: paths; seconds, the first time", f"{len(S.tree)}; {seconds:.2f}", ""))
        change = changes(S, rest, S(fields[1:]))
        mean, worst = (", ".join(f"{value:.1e}" for value in f(change, 1)) for f in (np.mean, np.max))
        rows.append((f"heights, N={N}: relative change, orders 1 and 2", mean, f"worst {worst}"))
    return rows + _winds()


def _winds() -> Rows:
    """E and B on the rings that the data have: Clenshaw and Curtis's 73 integrate products of 36 degrees."""
    found, L = load("wind_200hPa_monthly"), 36
    v = np.stack([-found["v"], found["u"]], axis=1).astype(np.float64)  # southward, eastward
    sht = HarmonicTransform(L, clenshaw_curtis(*v.shape[-2:]), spin=1)
    a, area = sht.analyze(v), sht.rings.weights[:, None]
    missing = np.sqrt((area * (v - sht.synthesize(a)) ** 2).sum() / (area * v**2).sum())
    S, random = SphericalScattering(L, sampling="coefficients"), np.random.default_rng(0)
    rest = S(a).reshape(24, -1)
    started = time.perf_counter()
    S(a)
    seconds = time.perf_counter() - started
    change = np.concatenate(
        [changes(S, rest, S(turned(a, random)).reshape(24, -1)) for _ in range(5)], axis=1
    )
    mean, worst = (", ".join(f"{value:.1e}" for value in f(change, 1)) for f in (np.mean, np.max))
    return [
        ("winds: what is finer than 36 degrees, relative", f"{missing:.1e}", ""),
        ("winds: paths of each part; seconds for 12 months", f"{len(S.tree)}; {seconds:.2f}", ""),
        ("winds: relative change, orders 1 and 2", mean, f"worst {worst}"),
    ]


CASES = {
    case.__name__: case
    for case in (
        sphere_transform,
        sphere_rotation,
        sphere_scattering,
        sphere_growth,
        sphere_digits,
        sphere_earth,
    )
}
