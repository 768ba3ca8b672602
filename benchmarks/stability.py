"""How stable scattering, pixels and spectra are on handwritten digits."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from benchmarks.data import data
from scatter import Scattering2D
from scatter.stability import StabilityReport, stability_report

Rows = list[tuple[str, str, str]]


def stability_digits() -> Rows:
    """1,797 digits of 8 x 8: the constant C, and the strength at which 1 % of accuracy is lost."""
    X, y = load_digits(return_X_y=True)
    S = Scattering2D(J=2, shape=(8, 8), padding="zero")
    return _rows(stability_report(S, (X / 16).reshape(-1, 8, 8), y))


def stability_mnist() -> Rows:
    """2,000 test digits of MNIST: the constant C, and the strength at which 1 % of accuracy is lost."""
    with np.load(data("mnist.npz")) as file:
        images, labels = file["x_test"], file["y_test"]
    S = Scattering2D(J=3, shape=(28, 28), padding="zero")
    return _rows(stability_report(S, images[:2000] / np.float32(255), labels[:2000]))


def _rows(report: StabilityReport) -> Rows:
    rows = [
        (f"{one.representation}: C with the norm of the representation, median", f"{one.relative:.2f}", "")
        for one in report.constants
    ]
    rows += [
        (
            f"{one.representation}: C with the norm of the image",
            f"{one.median:.3f}",
            f"largest {one.largest:.3f}",
        )
        for one in report.constants
    ]
    for one in report.classes:
        what = f"{one.representation}: distance between classes over within"
        rows.append((what, f"{one.ratio:.2f}", f"nearest neighbour {one.accuracy:.1%}"))
    for curve in report.curves:
        limit = "never" if curve.limit is None else f"{curve.limit:.3g}"
        strengths = " ".join(f"{change:.3f}" for change in curve.medians)
        rows.append(
            (f"{curve.representation}: 1 % lost at a {curve.deformation}, {curve.unit}", limit, strengths)
        )
    return rows


CASES = {case.__name__: case for case in (stability_digits, stability_mnist)}
