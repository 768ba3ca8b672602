"""
Gradients: a rhythm from its coefficients
=========================================

The transform is differentiable. Starting from noise, PyTorch finds signals that have the coefficients of
another one; what they look like shows what the coefficients know.
"""

import matplotlib.pyplot as plt
import numpy as np

from scatter import Scattering1D

try:
    import torch
except ImportError:
    torch = None
    print("PyTorch is not installed, so there is nothing to see")

# %%
# The signal has eight beats, high and low in turn, one every 256 samples. The average lasts :math:`2^9 =
# 512` samples, so no coefficient is sampled finely enough to show a beat.

N = 2048
t = np.arange(N)
beats = [(start, (0.1, 0.2)[k % 2]) for k, start in enumerate(range(128, N, 256))]
signal = np.zeros(N, dtype="float32")
for start, f in beats:
    since = t[start:] - start
    signal[start:] += np.exp(-since / 24) * np.sin(2 * np.pi * f * since)


def recover(max_order, iterations=100):
    """Signal with the coefficients of ``signal`` up to an order, and the distances on the way."""
    S = Scattering1D(J=9, shape=N, Q=4, max_order=max_order, padding="periodic")
    goal = S(torch.from_numpy(signal))
    x = 0.1 * torch.randn(N, generator=torch.Generator().manual_seed(0))
    x.requires_grad_()
    optimiser = torch.optim.LBFGS([x], max_iter=iterations, line_search_fn="strong_wolfe")
    distances = []

    def closure():
        optimiser.zero_grad()
        loss = ((S(x) - goal) ** 2).sum() / (goal**2).sum()
        loss.backward()
        distances.append(loss.item() ** 0.5)
        return loss

    optimiser.step(closure)
    return x.detach().numpy(), distances


# %%
# Order 1 alone knows how much of every frequency there is, on average over 512 samples. What it finds is
# noise of the right colour. Order 2 knows how the envelope of every frequency moves, and brings the beats
# back: not where they were, for the average does not know that, but separate, and high or low.

if torch is not None:
    torch.set_num_threads(1)
    found = {order: recover(order) for order in (1, 2)}
    for order, (_, distances) in found.items():
        print(f"orders 0 to {order}: relative distance {distances[0]:.2f} before, {distances[-1]:.4f} after")

    figure, axes = plt.subplots(3, 1, figsize=(8, 5), sharex=True, layout="constrained")
    rows = [("the signal", signal)]
    rows += [(f"a signal with its coefficients of orders 0 to {order}", x) for order, (x, _) in found.items()]
    for ax, (name, x), colour in zip(axes, rows, ("#262626", "#8a8a8a", "#0072B2"), strict=True):
        ax.plot(x, color=colour, linewidth=0.7)
        ax.set_title(name, fontsize=9, loc="left")
        ax.spines[["top", "right"]].set_visible(False)
    axes[-1].set(xlabel="time (samples)", xlim=(0, N - 1))
    plt.show()

# %%
# The gradient of a modulus at zero is 0 and not NaN, so a silent signal does no harm.

if torch is not None:
    silence = torch.zeros(N, requires_grad=True)
    Scattering1D(J=9, shape=N, Q=4)(silence).sum().backward()
    print("gradient at zero is finite:", bool(torch.isfinite(silence.grad).all()))
