"""The commands and their options; the work is imported when a command is called."""

from pathlib import Path
from typing import Annotated

import typer

from scatter.cli.group import ScatterGroup
from scatter.cli.options import Kind, Pooling, TransformOptions

app = typer.Typer(
    name="scatter",
    cls=ScatterGroup,
    help="Wavelet scattering: stable, multiresolution features of images and sounds.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
J = Annotated[
    int | None,
    typer.Option("--J", min=1, help="Largest scale 2^J.", show_default="3 for images, 6 for signals"),
]
L = Annotated[int | None, typer.Option("--L", min=1, help="Orientations, images only.", show_default="8")]
Q = Annotated[
    int | None, typer.Option("--Q", min=1, help="Wavelets an octave, signals only.", show_default="8")
]
T = Annotated[
    int | None,
    typer.Option("--T", min=1, help="Width of the averaging in samples, signals only.", show_default="2^J"),
]
MaxOrder = Annotated[int, typer.Option("--max-order", min=0, max=4, help="Most wavelets on a path.")]
Transform = Annotated[
    Kind | None, typer.Option("--transform", help="The transform, where the files don't tell.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random.")]


def main() -> None:
    """Run the command line."""
    app(prog_name="scatter")


def _print_version(wanted: bool) -> None:
    if wanted:
        from scatter import __version__

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


@app.command()
def features(
    inputs: Annotated[list[str], typer.Argument(help="Files, folders, or patterns such as 'a/*.png'.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Table: .npz, .npy or .parquet.")],
    j: J = None,
    l: L = None,
    q: Q = None,
    t: T = None,
    max_order: MaxOrder = 2,
    pooling: Annotated[Pooling, typer.Option("--pooling", help="What to keep of each map.")] = Pooling.mean,
    log: Annotated[bool, typer.Option("--log", help="Take the logarithm of the coefficients.")] = False,
    padding: Annotated[
        str, typer.Option("--padding", help="How samples go on beyond their ends.")
    ] = "reflect",
    size: Annotated[
        str | None,
        typer.Option("--size", metavar="HxW", help="Resize images to HxW; cut or fill signals to N samples."),
    ] = None,
    colour: Annotated[
        bool, typer.Option("--colour/--grey", "--color/--gray", help="Keep or mix the colours of images.")
    ] = False,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Samples transformed at once.")] = 32,
    transform: Transform = None,
    json: Json = False,
) -> None:
    """Compute the features of images, sounds or arrays and write them as a table."""
    from scatter.cli.features import run_features

    run_features(
        inputs,
        output,
        TransformOptions(J=j, L=l, Q=q, T=t, max_order=max_order, padding=padding),
        kind=transform,
        pooling=None if pooling is Pooling.none else pooling.value,
        log=log,
        size=size,
        grey=not colour,
        batch=batch,
        as_json=json,
    )


@app.command()
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


@app.command()
def info(json: Json = False) -> None:
    """Print versions, backends, executors and processors."""
    from scatter.cli.info import run_info

    run_info(as_json=json)


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
def compress(
    image: Image,
    output: Annotated[Path, typer.Argument(help="The file to write, .swc.")],
    bpp: Annotated[
        float | None, typer.Option("--bpp", help="Bits per pixel at most.", show_default="1 without another")
    ] = None,
    psnr: Annotated[float | None, typer.Option("--psnr", help="Quality at least, dB.")] = None,
    step: Annotated[float | None, typer.Option("--step", help="Quantisation step.")] = None,
    lossless: Annotated[bool, typer.Option("--lossless", help="Keep every sample.")] = False,
    json: Json = False,
) -> None:
    """Compress an image by wavelets."""
    from scatter.cli.codec import run_compress

    run_compress(image, output, bpp=bpp, psnr=psnr, step=step, lossless=lossless, as_json=json)


@app.command()
def decompress(
    file: Compressed,
    output: Annotated[Path, typer.Argument(help="The image to write: .png, .tif, .bmp, .ppm or .npy.")],
    reduce: Annotated[int, typer.Option("--reduce", min=0, help="Halve the image so many times.")] = 0,
    region: Annotated[
        str | None, typer.Option("--region", metavar="X,Y,W,H", help="Only this rectangle of pixels.")
    ] = None,
    max_pixels: Annotated[int, typer.Option("--max-pixels", min=1, help="Refuse larger images.")] = 2**26,
    json: Json = False,
) -> None:
    """Decompress an image, or a small copy or a part of it."""
    from scatter.cli.codec import run_decompress

    run_decompress(file, output, reduce=reduce, region=region, max_pixels=max_pixels, as_json=json)


@app.command()
def inspect(file: Compressed, json: Json = False) -> None:
    """Print what a compressed image says about itself."""
    from scatter.cli.codec import run_inspect

    run_inspect(file, as_json=json)


@app.command()
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
