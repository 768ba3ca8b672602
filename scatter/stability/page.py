"""The report on stability as a page that needs nothing beside it."""

from __future__ import annotations

from typing import Any

from scatter._page import heading, paragraph, picture, render, table
from scatter._page import page as whole_page
from scatter.stability.base import LOST


def columns(report: Any) -> dict[str, list[str]]:
    """The table of a report, as text."""

    def form(name: str) -> str:
        return ".1%" if "accuracy" in name else ".3f" if "change" in name else ""

    return {name: [format(value, form(name)) for value in column] for name, column in report.table().items()}


def sections(report: Any) -> list[str]:
    """What a page says, without the table of every number."""
    return [
        heading("How far representations move"),
        picture(render(report.plot()), "Relative changes: medians and quartiles."),
        paragraph(
            "The lower a curve, the less a representation cares about a deformation. What matters is the "
            "distance between classes beside it: a representation that never moves tells nothing apart."
        ),
        *_neighbours(report),
        *_constants(report),
        *_classes(report),
    ]


def page(report: Any) -> str:
    """The whole page."""
    head = [paragraph(f"{report.samples} samples, {report.transform}"), *_frame(report)]
    found = columns(report)
    rows = [list(row) for row in zip(*found.values(), strict=True)]
    numbers = [heading("Every number"), table(list(found), rows)]
    return whole_page("How stable is it?", [*head, *sections(report), *numbers])


def _frame(report: Any) -> list[str]:
    if report.bounds is None:
        return []
    lower, upper = report.bounds
    text = f"Frame bounds of the first layer: {lower:.3f} and {upper:.3f}."
    if report.energies:
        shares = ", ".join(f"{share:.1%} in order {order}" for order, share in enumerate(report.energies))
        text += f" Energy of the samples that local averages keep: {shares}."
    return [paragraph(text)]


def _neighbours(report: Any) -> list[str]:
    if not report.neighbourhoods:
        return []
    return [
        heading("Samples and their neighbours"),
        picture(
            render(report.plot_neighbours()),
            "A sample that is hard to tell from the other classes by its input, one in the middle, and an "
            "easy one; deformed copies; the nearest of its class and of another, in the input. Below, "
            "distances from the sample: 1 is the mean distance of samples of two classes.",
        ),
        paragraph(
            "In a good space the deformed copies stay nearer to a sample than the nearest of another class."
        ),
    ]


def _constants(report: Any) -> list[str]:
    if not report.constants:
        return []
    rows = [
        [one.representation, f"{one.relative:.2f}", f"{one.median:.3f}", f"{one.largest:.3f}"]
        for one in report.constants
    ]
    return [
        heading("The constant of the theorem"),
        paragraph(
            f"The smallest C with {report.theorem}, or with the norm of x in the place of that of S(x), over "
            "all displacements of a sample: median, median and largest over the samples."
        ),
        table(["representation", "C, norm of S(x)", "C, norm of x", "largest"], rows),
    ]


def _classes(report: Any) -> list[str]:
    if not report.classes:
        return []
    rows = [[one.representation, f"{one.ratio:.2f}", f"{one.accuracy:.1%}"] for one in report.classes]
    limits: dict[str, list[Any]] = {"deformation": list(report.deformations)}
    for name in report.representations:
        found = (report.curve(name, deformation) for deformation in report.deformations)
        limits[name] = ["" if one.limit is None else f"{one.limit:.3g} {one.unit}" for one in found]
    return [
        heading("Classes"),
        table(["representation", "between over within", "nearest neighbour"], rows),
        paragraph(
            f"The strength at which {LOST:.0%} of the accuracy of the nearest neighbour is lost, if any of "
            "those that were looked at is enough:"
        ),
        table(list(limits), [list(row) for row in zip(*limits.values(), strict=True)]),
    ]


__all__ = ["columns", "page", "sections"]
