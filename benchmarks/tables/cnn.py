"""Few images: scattering and a light classifier, beside a small convolutional network of the same time."""

from __future__ import annotations

import os
import time

import numpy as np

from benchmarks.data import data
from benchmarks.tables import Row, balanced, progress, spread
from benchmarks.tables.cifar10 import load as load_cifar
from scatter import Scattering2D
from scatter.learning import AffinePCAClassifier
from scatter.learning.heads import build

DRAWS = 5
COUNTS = {"MNIST": (100, 300, 1000), "CIFAR-10": (100, 500, 1000)}
TIMES = (1, 10)


def network(channels, side, classes):
    """Two convolutions of 3 x 3, each with a maximum over 2 x 2, and two dense layers with dropout."""
    from torch import nn

    return nn.Sequential(
        *(nn.Conv2d(channels, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(64 * (side // 4) ** 2, 128), nn.ReLU(), nn.Dropout(0.5)),
        nn.Linear(128, classes),
    )


def train_for(seconds, x, y, seed=0):
    """A network trained for so many seconds, at least one pass, on images (n, channels, side, side)."""
    import torch

    torch.manual_seed(seed)
    images, labels = torch.as_tensor(x), torch.as_tensor(y)
    net = network(x.shape[1], x.shape[2], int(y.max()) + 1)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    end, passes = time.perf_counter() + seconds, 0
    while passes == 0 or time.perf_counter() < end:
        for batch in torch.randperm(len(images)).split(32):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(net(images[batch]), labels[batch]).backward()
            optimiser.step()
        passes += 1
    return net.eval()


def accuracy(net, x, y):
    """Per cent of right answers."""
    import torch

    with torch.no_grad():
        found = torch.cat([net(part).argmax(1) for part in torch.as_tensor(x).split(1000)])
    return 100 * float((found.numpy() == y).mean())


def load(name):
    """Images (n, channels, side, side), float32 from 0 to 1, and labels, for training and for testing."""
    if name == "CIFAR-10":
        x, y, x_test, y_test = load_cifar()
    else:
        with np.load(data("mnist.npz")) as file:
            x, y, x_test, y_test = (file[key] for key in ("x_train", "y_train", "x_test", "y_test"))
        x, x_test = x[:, None], x_test[:, None]
    scaled = (images.astype(np.float32) / 255 for images in (x, x_test))
    return next(scaled), y.astype(np.int64), next(scaled), y_test.astype(np.int64)


TRANSFORMS = {
    "MNIST": (Scattering2D(J=3, L=6, padding="zero", log=0.01, stride=4), AffinePCAClassifier),
    "CIFAR-10": (Scattering2D(J=2, L=6, log=0.01), lambda: build("ridge", 0)),
}


def table() -> list[Row]:
    """Few images: accuracy in per cent on 10,000 test images, 5 draws; a network learns for the same time.

    Scattering and affine spaces (MNIST) or ridge regression (CIFAR-10), the same as in the tables of these.
    Seconds of training: features of the training images and the classifier. The network has two
    convolutional and two dense layers, 421,642 parameters on MNIST, Adam and dropout; its time is once and
    ten times that of scattering. Neither sees changed copies of the images.
    """
    names = [name for name in COUNTS if name == "MNIST" or "CIFAR10" in os.environ]
    rows = []
    for name in names:
        x, y, x_test, y_test = load(name)
        S, make = TRANSFORMS[name]
        test = S.fit(x[:1]).transform(x_test)
        for count in COUNTS[name]:
            found: dict[str, list[float]] = {}
            seconds = []
            for draw in progress(range(DRAWS), f"{name} {count}"):
                at = balanced(y, count, draw)
                began = time.perf_counter()
                model = make().fit(S.transform(x[at]), y[at])
                seconds.append(time.perf_counter() - began)
                found.setdefault("scattering", []).append(100 * float(model.score(test, y_test)))
                for times in TIMES:
                    what = f"network, {times} times as long" if times > 1 else "network, as long"
                    net = train_for(times * seconds[-1], x[at], y[at], draw)
                    found.setdefault(what, []).append(accuracy(net, x_test, y_test))
            for what, values in found.items():
                took = f"{np.mean(seconds):.1f}" if what == "scattering" else ""
                rows.append(Row(f"{name}, {count:,} images, {what}", spread(values), "", took))
    return rows
