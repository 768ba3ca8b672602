"""``scatter filters``: the paths of a transform, its frame bounds and a picture of its filters."""

from pathlib import Path
from typing import Any

from scatter._text import format_size
from scatter.cli.options import TransformOptions, parse_size
from scatter.cli.output import print_json, print_table, show
from scatter.errors import InputError
from scatter.io import atomic_output, check_output

PICTURES = (".png", ".pdf", ".svg")
# The name of a path holds its scales and angles already.
BRIEF = ("path", "order", "xi", "bandwidth", "resolution")


def run_filters(
    options: TransformOptions,
    *,
    shape: str | None,
    length: int | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Print the tree and the frame bounds of a transform, and optionally draw its filters.

    Parameters
    ----------
    options : TransformOptions
        The parameters of the transform.
    shape : str, optional
        Size of an image as typed; 64x64 if there is no sign of a signal.
    length : int, optional
        Number of samples of a signal; 4096 if ``Q`` or ``T`` is given.
    output : Path, optional
        The picture: .png, .pdf or .svg.
    as_json : bool
        Whether to print JSON.

    Raises
    ------
    InputError
        If an option is wrong, or if both a shape and a length are given.
    FileError
        If the picture can't be written.
    """
    points = _points(options, shape, length)
    if output is not None:
        if output.suffix.lower() not in PICTURES:
            raise InputError(
                f"{output}: a picture is written as {', '.join(PICTURES)}, got {output.suffix or 'no suffix'}"
            )
        check_output(output)
    transform = options.build(len(points), points)
    bounds = [_bounds(transform.frame, order) for order in range(1, max(1, options.max_order) + 1)]
    if output is not None:
        _draw(transform.frame, output)
    (_print_json if as_json else _print_text)(transform, points, bounds)


def _print_json(transform: Any, points: tuple[int, ...], bounds: list[tuple[float, float]]) -> None:
    columns = transform.tree.table()
    rows = zip(*columns.values(), strict=True)
    print_json(
        {
            "transform": type(transform).__name__,
            "shape": points,
            "paths": [dict(zip(columns, row, strict=True)) for row in rows],
            "frame_bounds": bounds,
        }
    )


def _print_text(transform: Any, points: tuple[int, ...], bounds: list[tuple[float, float]]) -> None:
    print_table(transform.tree.table(), BRIEF)
    show(f"# {type(transform).__name__} of {format_size(points)}: {len(transform.tree)} paths")
    for order, (lower, upper) in enumerate(bounds, start=1):
        show(f"# frame bounds of order {order}: A = {lower:.6g}, B = {upper:.6g}")


def _points(options: TransformOptions, shape: str | None, length: int | None) -> tuple[int, ...]:
    if shape is not None and length is not None:
        raise InputError("--shape is for images and --N for signals; give one of them")
    if length is not None or (shape is None and (options.Q is not None or options.T is not None)):
        return (4096 if length is None else length,)
    points = parse_size("64x64" if shape is None else shape, "--shape")
    if len(points) != 2:
        raise InputError(
            f"--shape must be a height and a width such as 64x64, got {shape}; for signals use --N"
        )
    return points


def _bounds(frame: Any, order: int) -> tuple[float, float]:
    lower, upper = frame.bounds(order)
    return float(lower), float(upper)


def _draw(frame: Any, output: Path) -> None:
    from scatter.plot import filter_bank

    figure = filter_bank(frame)
    with atomic_output(output) as temporary:
        figure.savefig(temporary)
