"""Scattering on the sphere with the transforms of s2fft and the wavelets of s2wav, compiled by JAX."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scatter import SphericalScattering


@dataclass(frozen=True)
class Cascade:
    """Scattering of order 2 with the transforms of s2fft, means over the sphere, in the order of the paths.

    Scales are filters, their band limits and those of their grids, coarse ones first.
    """

    scales: list[tuple[np.ndarray, int, int]]
    sampling: str
    dtype: type
    forward: Callable[[Any, int, Any], Any]
    inverse: Callable[[Any, int, Any], Any]
    constants: dict[tuple[int, bool], Any]

    def compiled(self, a: np.ndarray) -> Callable[[], Any]:
        import jax

        L = a.shape[-1]
        negative = ((-1.0) ** np.arange(1, L) * a[..., 1:].conj())[..., ::-1]
        c = np.concatenate([negative, a], axis=-1).astype(np.result_type(self.dtype, np.complex64))
        x = jax.vmap(lambda c: self.inverse(c, L, self.constants[L, False]))(jax.numpy.asarray(c))
        # As arguments: the compiler takes minutes to fold what it knows to be constant.
        run = jax.jit(jax.vmap(lambda x, made: replace(self, constants=made)(x), in_axes=(0, None)))
        return lambda: run(x, self.constants).block_until_ready()

    def __call__(self, x: Any) -> Any:
        import jax.numpy as jnp

        c, first, second = self.forward(x, x.shape[0], self.constants[x.shape[0], True]), [], []
        for place, (_, _, grid) in enumerate(self.scales):
            u = self.modulus(c, place)
            first.append(self.mean(u))
            if place:  # nothing is coarser than the first
                inner = self.forward(u, grid, self.constants[grid, True])
                second += [self.mean(self.modulus(inner, below)) for below in range(place)]
        return jnp.stack([self.mean(x), *first, *second])

    def modulus(self, c: Any, place: int) -> Any:
        """Modulus of a wavelet on its grid, of coefficients (L, 2 L - 1)."""
        import jax.numpy as jnp

        psi, limit, grid = self.scales[place]
        L = c.shape[0]
        own = min(limit, L)
        inner = c[:own, L - own : L + own - 1] * psi[:own, None].astype(self.dtype)
        wide = jnp.pad(inner, ((0, grid - own), (grid - own, grid - own)))
        return abs(self.inverse(wide, grid, self.constants[grid, False]))

    def mean(self, u: Any) -> Any:
        weights = importlib.import_module("s2fft.utils.quadrature").quad_weights(u.shape[0], self.sampling)
        return (u * (weights / (4 * np.pi)).astype(self.dtype)[:, None]).sum()


def s2fft_cascades(S: SphericalScattering, a: np.ndarray) -> dict[str, tuple[int, Callable[[], Any]]]:
    """The cascade, on fields of coefficients (n, L, L), with both of s2fft's ways to have Legendre functions.

    How many of the fields, and the call; recursions take too long for more than one. Nothing where s2fft or
    s2wav is not installed.
    """
    try:
        import jax

        jax.config.update("jax_enable_x64", True)
        s2fft, filters = importlib.import_module("s2fft"), importlib.import_module("s2wav.filters")
    except ImportError:
        return {}
    kernels = importlib.import_module("s2fft.precompute_transforms.spherical")
    kernel = importlib.import_module("s2fft.precompute_transforms.construct").spin_spherical_kernel_jax
    psi, _ = filters.filters_axisym(S.L)
    frame, bank = S.frame, S.tree.bank
    scales = [(psi[b.j], bank.band_limit(b), frame.grid(bank.resolution(b))) for b in bank.bands(1)]
    sizes = {S.L, *(goal for _, _, goal in scales)}

    weights = importlib.import_module("s2fft.utils.quadrature").quad_weights_transform
    tables = {(n, False): kernel(n, reality=True, sampling="gl", forward=False) for n in sizes}
    tables |= {(n, True): tables[n, False] * weights(n, "gl")[:, None, None] for n in sizes}
    tables = {key: table.astype(np.float32) for key, table in tables.items()}
    start = {(n, f): s2fft.generate_precomputes_jax(n, forward=f) for n in sizes for f in (True, False)}
    ways = {
        "s2fft with tables, float32": Cascade(
            scales,
            "gl",
            np.float32,
            lambda x, n, table: kernels.forward_transform_jax(x, table, n, "gl", True, 0, 0),
            lambda c, n, table: kernels.inverse_transform_jax(c, table, n, "gl", True, 0, 0),
            tables,
        ),
        "s2fft with recursions, float64": Cascade(
            scales,
            "mw",
            np.float64,
            lambda x, n, made: s2fft.forward_jax(x, n, reality=True, precomps=made),
            lambda c, n, made: s2fft.inverse_jax(c, n, reality=True, precomps=made),
            start,
        ),
    }
    counts = dict(zip(ways, (len(a), 1), strict=True))
    return {name: (counts[name], way.compiled(a[: counts[name]])) for name, way in ways.items()}
