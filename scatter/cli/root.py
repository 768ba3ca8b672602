"""The root of the command line: options that every command has, and how a command is registered."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, TypeVar

import typer

from scatter.cli.group import ScatterGroup
from scatter.cli.options import Kind
from scatter.cli.output import VERBOSITY

app = typer.Typer(
    name="scatter",
    cls=ScatterGroup,
    help="Wavelet scattering: stable, multiresolution features of images, sounds, graphs and meshes.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Function = TypeVar("Function", bound=Callable[..., None])

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
J = Annotated[
    int | None,
    typer.Option("--J", min=1, help="Largest scale 2^J.", show_default="3 for images, 6 for signals"),
]
L = Annotated[int | None, typer.Option("--L", min=1, help="Orientations, images only.", show_default="8")]
Q = Annotated[
    int | None, typer.Option("--Q", min=1, help="Wavelets an octave, signals only.", show_default="1")
]
T = Annotated[
    int | None,
    typer.Option("--T", min=1, help="Width of the averaging in samples, signals only.", show_default="2^J"),
]
MaxOrder = Annotated[int, typer.Option("--max-order", min=0, max=4, help="Most wavelets on a path.")]
Transform = Annotated[
    Kind | None, typer.Option("--transform", help="The transform, where the files don't tell.")
]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Threads.", show_default="all processors")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random.")]


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print results and errors alone.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")]


def command(example: str) -> Callable[[Function], Function]:
    """Register a function as a command of its name, with an example and the options that all have.

    Parameters
    ----------
    example : str
        What follows ``scatter`` and the name.

    Returns
    -------
    callable
        The decorator.
    """

    def register(function: Function) -> Function:
        name = function.__name__

        @wraps(function)
        def run(*, quiet: bool, verbose: bool, **options: Any) -> None:
            if quiet and verbose:
                raise typer.BadParameter("--quiet and --verbose exclude each other")
            token, started = VERBOSITY.set(verbose - quiet), time.perf_counter()
            try:
                function(**options)
            finally:
                if verbose:
                    print(f"scatter: {name}: {time.perf_counter() - started:.2f} s", file=sys.stderr)
                VERBOSITY.reset(token)

        own = inspect.signature(function, eval_str=True)
        extra = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
            for name, annotation in (("quiet", Quiet), ("verbose", Verbose))
        ]
        keyword = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own.parameters.values()
        ]
        run.__signature__ = own.replace(parameters=[*keyword, *extra])  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*keyword, *extra)}
        app.command(name, epilog=f"Example: scatter {name} {example}".rstrip())(run)
        return function

    return register


def _print_version(wanted: bool) -> None:
    if wanted:
        from scatter._version import __version__

        typer.echo(f"scatter {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Print the help if no command is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
