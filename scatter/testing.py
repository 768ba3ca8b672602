"""Laws that every scattering transform obeys, as assertions for the tests of a new frame or domain.

Each function takes a transform, draws its own signals from a seed, raises `AssertionError` with the
number that broke the law, and returns that number otherwise. What a signal of the domain is, and its norm, is
what its frame says: `Frame.draw` and `Frame.points`. Transforms on grids are given with ``padding=None``, as
their laws hold on the torus.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from scatter.frames.base import Frame
from scatter.frames.convolution import ConvolutionFrame
from scatter.transforms.intake import Symmetry
from scatter.transforms.plan import Plan

Signals = NDArray[Any]

ALIASING = 1.02
"""Factor on the energy of a layer that sampling at the critical rate may cost: Morlet spectra end at
2.5 standard deviations or more of the sampling interval, ``1 + 4 exp(-2.5**2)``."""


def signals(transform: Any, count: int = 4, seed: int = 0) -> Signals:
    """Signals that are typical of the domain of a transform, (count, *frame.shape); see `Frame.draw`."""
    return np.asarray(transform.frame.draw(np.random.default_rng(seed), count))


def energy(frame: Frame, x: Any, resolution: int | None) -> float:
    """Squared norm of maps (..., *points) at a resolution, or of averaged ones (None), all together."""
    return float(np.sum(frame.points(resolution).sum(np.abs(np.asarray(x)) ** 2)))


def _averaged(transform: Any) -> Plan:
    """The plan of a transform that keeps local averages, on its geometry."""
    return _plan(transform, average=True, pooling=None, log=False, ratios=False)


def _plan(transform: Any, geometry: Any = None, **options: Any) -> Plan:
    """The plan of a transform with other parameters, on a geometry, or on the one that it knows."""
    copy = clone(transform)
    if geometry is None:
        geometry = transform._intake.geometry(transform._seen)
    kept = {name: options.pop(name) for name in ("average", "pooling", "log", "ratios") if name in options}
    copy.set_params(**options)
    plan: Plan = copy._plan(geometry)
    return replace(plan, readout=replace(plan.readout, **kept), _costs={})


def _moved(transform: Any, seed: int, **options: Any) -> tuple[Plan, Plan, Symmetry, Signals]:
    """Plans of a transform on its geometry and on a moved one, what moves it, and signals."""
    intake = transform._intake
    geometry, plan = intake.geometry(transform._seen), _plan(transform, **options)
    symmetry = intake.symmetry(plan, geometry, np.random.default_rng(seed + 2))
    return plan, _plan(transform, symmetry.geometry, **options), symmetry, signals(transform, seed=seed)


def assert_frame_bounds(frame: Frame, lower: float, upper: float, order: int = 1) -> tuple[float, float]:
    """Littlewood-Paley sum within ``[lower, upper]`` everywhere; Mallat, CPAM 2012, eq. 2.8."""
    total = frame.littlewood_paley(order)
    least, most = float(total.min()), float(total.max())
    assert lower <= least <= most <= upper, (
        f"Littlewood-Paley sum of order {order} in [{least:.4g}, {most:.4g}], "
        f"stated [{lower:.4g}, {upper:.4g}]"
    )
    return least, most


def assert_linear_energy(transform: Any, seed: int = 0) -> float:
    """``||x * phi||^2 + sum ||x * psi||^2`` between A and B times ``||x||^2``, as the cascade computes it.

    It ties the filters that are applied, folded and subsampled, to those of the Littlewood-Paley sum.
    """
    frame = transform.frame
    x = signals(transform, seed=seed)
    energies = layer_energies(transform, x)
    smooth = energy(frame, frame.average(frame.root(x), 0), None)
    ratio = (smooth + energies[1]) / energies[0]
    bounds = frame.bounds()
    assert bounds.lower / ALIASING <= ratio <= bounds.upper * ALIASING, (
        f"energy of the linear layer is {ratio:.6g} of the signal's, outside of the frame bounds {bounds}"
    )
    return float(ratio)


def layer_energies(transform: Any, x: Signals) -> NDArray[np.float64]:
    """Energy of the signals and of the moduli of each order, shape (max_order + 1,)."""
    return _by_order(_plan(transform, average=False, pooling=None, log=False, ratios=False), transform, x)


def kept_energies(transform: Any, x: Signals) -> NDArray[np.float64]:
    """Share of the energy of signals that local averages of each order keep, shape (max_order + 1,)."""
    plan = _averaged(transform)
    return _by_order(plan, transform, x) / energy(plan.frame, x, 0)


def _by_order(plan: Plan, transform: Any, x: Signals) -> NDArray[np.float64]:
    """Energy of what a plan keeps of the paths of each order."""
    energies = np.zeros(transform.max_order + 1)
    for path, item in zip(plan.tree.paths, plan.items(x), strict=True):
        energies[path.order] += energy(plan.frame, item, None if plan.readout.average else path.resolution)
    return energies


def assert_energy_decays(transform: Any, seed: int = 0) -> NDArray[np.float64]:
    """Every order has less energy than the one before it; Mallat, CPAM 2012, section 2.5."""
    energies = layer_energies(transform, signals(transform, seed=seed))
    assert (np.diff(energies) < 0).all(), f"energy by order {energies} does not decay"
    return energies


def lipschitz(transform: Any) -> float:
    """Constant of ``||S x - S y|| <= C ||x - y||`` that follows from the frame bounds.

    With an upper bound B of each linear layer, a layer and its average are contracted together by
    ``sqrt(B)``; the modulus contracts. Over M orders ``C**2 = max(1, B)**(M + 1)``, times aliasing.
    """
    B = max(1.0, *(transform.frame.bounds(order).upper for order in (1, 2)))
    return float((B * ALIASING) ** ((transform.max_order + 1) / 2))


def assert_nonexpansive(transform: Any, seed: int = 0) -> float:
    """``||S x - S y|| <= C ||x - y||``, on noise and on small differences; see `lipschitz`."""
    x, noise = signals(transform, seed=seed), signals(transform, seed=seed + 1)
    plan, worst = _averaged(transform), 0.0
    for size in (1e-3, 1.0, 100.0):
        y = x + size * noise
        change = energy(plan.frame, plan.array(x) - plan.array(y), None)
        worst = max(worst, math.sqrt(change / energy(plan.frame, x - y, 0)))
    limit = lipschitz(transform)
    assert worst <= limit, f"||Sx - Sy|| / ||x - y|| = {worst:.4g} above the frame's {limit:.4g}"
    return worst


def assert_covariant(transform: Any, rtol: float = 1e-10, seed: int = 0) -> float:
    """Local averages move as the signals do, ``S(g x) = g S(x)``, for an element g of the group.

    The group is what the domain says: shifts by steps of the output grid, turns of the sphere, motions of a
    surface in space with its vertices in another order, other orders of the nodes of a graph.
    """
    plan, moved, symmetry, x = _moved(transform, seed, average=True, pooling=None, log=False, ratios=False)
    found, expected = moved.array(symmetry.act(x, 0)), symmetry.act(plan.array(x), None)
    worst = _difference(found, expected)
    assert worst <= rtol, f"S(g x) and g S(x) differ by {worst:.3g} (allowed {rtol:.3g})"
    return worst


def assert_invariant(transform: Any, rtol: float = 1e-10, seed: int = 0) -> float:
    """Means over the whole domain don't change, ``S(g x) = S(x)``; see `assert_covariant` for the group."""
    plan, moved, symmetry, x = _moved(transform, seed, average=False, pooling="mean", log=False, ratios=False)
    worst = _difference(moved.array(symmetry.act(x, 0)), plan.array(x))
    assert worst <= rtol, f"means of S(g x) and S(x) differ by {worst:.3g} (allowed {rtol:.3g})"
    return worst


def assert_stable_to_shifts(transform: Any, shift: int = 1, seed: int = 0) -> float:
    """``||S x_c - S x|| <= sup |w phi^(w)| c ||U||``: a small shift changes little, less with a longer phi.

    ``U`` are the moduli of all orders. The bound is Mallat's (CPAM 2012, theorem 2.10) for one axis;
    periodic signals on a grid.
    """
    frame = transform.frame
    assert isinstance(frame, ConvolutionFrame)
    x = signals(transform, seed=seed)
    frequency = 2 * math.pi * np.abs(np.fft.fftfreq(frame.shape[-1]))
    slope = float((frequency * np.abs(frame.bank.phi(frame.shape)[-1])).max())
    plan = _averaged(transform)
    moved = plan.array(np.roll(x, shift, -1)) - plan.array(x)
    change = math.sqrt(energy(frame, moved, None))
    bound = slope * shift * math.sqrt(layer_energies(transform, x).sum()) * ALIASING
    assert change <= bound, f"a shift by {shift} changes S by {change:.4g}, bound {bound:.4g}"
    return float(change / bound)


def assert_homogeneous(transform: Any, rtol: float = 1e-12, seed: int = 0) -> float:
    """``S(a x) = |a| S x`` for orders above 0, and ``a S x`` for order 0."""
    x = signals(transform, seed=seed)
    plan = _averaged(transform)
    orders = np.asarray([path.order for path in plan.tree.paths])
    still = np.iscomplexobj(x) | (orders > 0)  # of a complex signal, order 0 is a modulus
    sign = np.where(still, 1.0, -1.0).reshape(-1, *[1] * plan.frame.ndim)
    worst = _difference(plan.array(-3 * x), 3 * sign * plan.array(x))
    assert worst <= rtol, f"S(-3 x) differs from 3 S x by {worst:.3g}"
    return worst


def assert_batch_independent(transform: Any, seed: int = 0) -> float:
    """A signal's coefficients do not depend on what else is in the batch, bit for bit or to rounding."""
    plan, x = transform._known, signals(transform, count=5, seed=seed)
    worst = _difference(plan.rows(x), np.concatenate([plan.rows(one[None]) for one in x]))
    assert worst <= 1e-13, f"batch and one by one differ by {worst:.3g}"
    return worst


def assert_precisions_agree(transform: Any, rtol: float = 1e-5, seed: int = 0) -> float:
    """float32 keeps its type and agrees with float64."""
    plan, x = transform._known, signals(transform, seed=seed)
    narrow = x.astype(np.complex64 if np.iscomplexobj(x) else np.float32)
    single, double = plan.rows(narrow), plan.rows(x)
    types = (single.dtype, double.dtype)
    assert types == (np.float32, np.float64), f"float32 and float64 give {types}"
    worst = _difference(single, double)
    assert worst <= rtol, f"float32 and float64 differ by {worst:.3g}"
    return worst


def assert_gradient_finite_at_zero(gradient: Callable[[Signals], Any], shape: tuple[int, ...]) -> None:
    """The gradient of a scalar function of the coefficients has no NaN where every modulus is zero.

    Parameters
    ----------
    gradient : callable
        Signals as a NumPy array -> gradient, by the caller's automatic differentiation.
    shape : tuple of int
        Shape of the signals.
    """
    assert np.isfinite(np.asarray(gradient(np.zeros(shape)))).all(), "the gradient at zero is not finite"


def assert_gradient_matches(
    function: Callable[[Signals], float], gradient: Any, x: Signals, rtol: float = 1e-5, seed: int = 0
) -> float:
    """A gradient agrees with central differences of ``function`` along random directions."""
    rng, worst, step = np.random.default_rng(seed), 0.0, 1e-5
    for _ in range(5):
        direction = rng.standard_normal(x.shape)
        slope = (function(x + step * direction) - function(x - step * direction)) / (2 * step)
        along = float((np.asarray(gradient) * direction).sum())
        worst = max(worst, abs(slope - along) / max(abs(slope), abs(along)))
    assert worst <= rtol, f"gradient and finite differences differ by {worst:.3g}"
    return worst


def _difference(a: Any, b: Any) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())
