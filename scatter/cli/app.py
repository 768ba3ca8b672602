"""The ``scatter`` command: every command and its options; the work is imported when one is called."""

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from scatter.cli import commands_features, commands_models, commands_stability
from scatter.cli.options import TransformOptions
from scatter.cli.root import J, Jobs, Json, L, MaxOrder, Q, Seed, T, Transform, app, command

__all__ = ["app", "commands_features", "commands_models", "commands_stability", "main"]


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # As stderr does: the name of a file may hold what the terminal can't show.
        sys.stdout.reconfigure(errors="backslashreplace")
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            # Closed by the caller, as by `>&-`: who asks for no output gets none.
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    # Pictures go to files, whatever windows the caller's own programs open.
    os.environ["MPLBACKEND"] = "agg"
    app(prog_name="scatter")


@command("--J 4 --L 8 --shape 128x128 -o bank.png")
def filters(
    j: J = None,
    l: L = None,
    shape: Annotated[
        str | None, typer.Option("--shape", metavar="HxW", help="Size of an image.", show_default="64x64")
    ] = None,
    q: Q = None,
    length: Annotated[
        int | None,
        typer.Option("--N", min=1, help="Length of a signal.", show_default="4096 with --Q or --T"),
    ] = None,
    t: T = None,
    max_order: MaxOrder = 2,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Draw the filters: .png, .pdf or .svg.")
    ] = None,
    json: Json = False,
) -> None:
    """Print the paths of a transform and its frame bounds."""
    from scatter.cli.filters import run_filters

    options = TransformOptions(J=j, L=l, Q=q, T=t, max_order=max_order)
    run_filters(options, shape=shape, length=length, output=output, as_json=json)


@command("")
def info(json: Json = False) -> None:
    """Print versions, backends, executors and processors."""
    from scatter.cli.info import run_info

    run_info(as_json=json)


@command("photo.jpg --J 4")
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="An image, a sound or an array.", show_default="random")
    ] = None,
    j: J = None,
    l: L = None,
    q: Q = None,
    transform: Transform = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Compare with Kymatio 0.3.0: the largest difference, and the times."""
    from scatter.cli.verify import run_verify

    run_verify(file, TransformOptions(J=j, L=l, Q=q), kind=transform, seed=seed, as_json=json)


@command("-o scatter-demo")
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")] = Path(
        "scatter-demo"
    ),
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Classify a small data set from end to end."""
    from scatter.cli.demo import run_demo

    run_demo(output, seed=seed, as_json=json)


@command("photos/*.png --bpp 0.5,1 --html compare.html")
def compare(
    inputs: Annotated[list[str], typer.Argument(help="Images, folders, or patterns such as 'a/*.png'.")],
    bpp: Annotated[
        str, typer.Option("--bpp", help="Rates in bits per pixel, separated by commas.")
    ] = "0.1,0.25,0.5,1,2",
    codec: Annotated[
        str, typer.Option("--codec", help="Codecs, separated by commas.")
    ] = "scatter,jpeg,jpeg2000,avif",
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a report with curves and decoded images.")
    ] = None,
    json: Json = False,
) -> None:
    """Compress images by several codecs: rates, PSNR, SSIM, times and BD-rates."""
    from scatter.cli.compare import run_compare

    run_compare(inputs, bpp=bpp, codecs=codec, html=html, as_json=json)


Image = Annotated[Path, typer.Argument(help="An image: PNG, TIFF, ... or .npy.")]
Compressed = Annotated[Path, typer.Argument(help="A file .swc.")]


@command("photo.png photo.swc --bpp 0.5")
def compress(
    image: Image,
    output: Annotated[Path, typer.Argument(help="The file to write, .swc.")],
    bpp: Annotated[
        float | None, typer.Option("--bpp", help="Bits per pixel at most.", show_default="1 without another")
    ] = None,
    psnr: Annotated[float | None, typer.Option("--psnr", help="Quality at least, dB.")] = None,
    step: Annotated[float | None, typer.Option("--step", help="Quantisation step.")] = None,
    lossless: Annotated[bool, typer.Option("--lossless", help="Keep every sample.")] = False,
    jobs: Jobs = None,
    json: Json = False,
) -> None:
    """Compress an image by wavelets."""
    from scatter.cli.codec import run_compress

    run_compress(image, output, bpp=bpp, psnr=psnr, step=step, lossless=lossless, jobs=jobs, as_json=json)


@command("photo.swc photo.png --reduce 1")
def decompress(
    file: Compressed,
    output: Annotated[Path, typer.Argument(help="The image to write: .png, .tif, .bmp, .ppm or .npy.")],
    reduce: Annotated[int, typer.Option("--reduce", min=0, help="Halve the image so many times.")] = 0,
    region: Annotated[
        str | None, typer.Option("--region", metavar="X,Y,W,H", help="Only this rectangle of pixels.")
    ] = None,
    max_pixels: Annotated[
        int | None,
        typer.Option(
            "--max-pixels",
            min=1,
            help="Refuse larger images.",
            show_default="67108864, less of a tiny file",
        ),
    ] = None,
    jobs: Jobs = None,
    json: Json = False,
) -> None:
    """Decompress an image, or a small copy or a part of it."""
    from scatter.cli.codec import run_decompress

    run_decompress(file, output, reduce=reduce, region=region, max_pixels=max_pixels, jobs=jobs, as_json=json)


@command("photo.swc")
def inspect(file: Compressed, json: Json = False) -> None:
    """Print what a compressed image says about itself."""
    from scatter.cli.codec import run_inspect

    run_inspect(file, as_json=json)


@command("photo.jpg --levels 5 -o castle.png")
def pyramid(
    image: Annotated[Path, typer.Argument(help="An image.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Draw the picture: .png, .jpg or .tif.")
    ] = None,
    wavelet: Annotated[str, typer.Option("--wavelet", help="A discrete wavelet of PyWavelets.")] = "bior4.4",
    levels: Annotated[int, typer.Option("--levels", min=1, help="Number of levels.")] = 4,
    mode: Annotated[
        str, typer.Option("--mode", help="How the image goes on beyond its edges.")
    ] = "symmetric",
    transform: Annotated[
        str, typer.Option("--transform", help="decimated, undecimated or packet.")
    ] = "decimated",
    colour: Annotated[
        bool, typer.Option("--colour/--grey", "--color/--gray", help="Keep or mix the colours.")
    ] = True,
    lines: Annotated[bool, typer.Option("--lines/--no-lines", help="Draw lines between the levels.")] = True,
    json: Json = False,
) -> None:
    """Take an image apart: a small copy and the detail at each resolution."""
    from scatter.cli.pyramid import run_pyramid

    options = {"wavelet": wavelet, "levels": levels, "mode": mode, "transform": transform}
    run_pyramid(image, options, output=output, grey=not colour, lines=lines, as_json=json)
