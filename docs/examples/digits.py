"""
Digits from few samples
=======================

A scattering transform learns nothing, so it has no samples to waste. The same classifier is trained on
pixels and on scattering coefficients, with more and more samples.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from scatter import Scattering2D

# %%
# The 1,797 digits of scikit-learn have 8 x 8 pixels, as rows of 64 numbers. The transform takes such rows:
# 64 is a square, so they are images. Beyond the edges there is paper, hence ``padding="zero"``.

X, y = load_digits(return_X_y=True)
pixels = X.astype("float32") / 16
coefficients = Scattering2D(J=2, padding="zero").fit_transform(pixels)
print(pixels.shape, "->", coefficients.shape)

# %%
# The classifier is the same for both, a logistic regression of standardised features with its default
# penalty. Every point is the mean accuracy on 500 other samples, over random splits that both share.

model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
sizes = (20, 50, 100, 300, 1000)
repeats = (10, 10, 10, 5, 2)


def learning_curve(features):
    """Accuracy on samples that were not trained on, (sizes, mean and deviation)."""
    curve = []
    for size, repeat in zip(sizes, repeats, strict=True):
        splits = StratifiedShuffleSplit(repeat, train_size=size, test_size=500, random_state=0)
        scores = [
            model.fit(features[train], y[train]).score(features[test], y[test])
            for train, test in splits.split(features, y)
        ]
        curve.append((np.mean(scores), np.std(scores)))
    return np.asarray(curve)


curves = {"scattering, J=2": learning_curve(coefficients), "pixels": learning_curve(pixels)}
print("samples         " + "".join(f"{size:>8}" for size in sizes))
for name, curve in curves.items():
    print(f"{name:16}" + "".join(f"{score:8.1%}" for score in curve[:, 0]))

# %%
# The learning curves
# -------------------

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, curve), colour in zip(curves.items(), ("#0072B2", "#8a8a8a"), strict=True):
    mean, deviation = 100 * curve.T
    ax.fill_between(sizes, mean - deviation, mean + deviation, color=colour, alpha=0.15, linewidth=0)
    ax.plot(sizes, mean, color=colour, marker="o", markersize=4)
    ax.annotate(name, (sizes[1], mean[1]), (8, -12), textcoords="offset points", color=colour)
ax.set(xscale="log", xlabel="training samples", ylabel="accuracy on other samples (%)", ylim=(60, 100))
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.minorticks_off()
ax.spines[["top", "right"]].set_visible(False)
ax.set_title("Mean and standard deviation over random splits", fontsize=9, loc="left")
plt.show()
