"""Files that nobody vouched for: how many damaged ones are read or refused, and what the worst ones take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FILES = int(os.environ.get("SCATTER_FUZZ_FILES", "100000"))
PROGRAM = Path(__file__).parents[1] / "tests" / "fuzz.py"

BOMBS = {
    "compressed image, 43 bytes for 4096 x 2000 x 4 samples of 16 bits": (
        "image = crafted(2000, 4096, 4, 16, 0)",
        "codec.decode(image)",
    ),
    "compressed image, 798 bytes for 52 tiles of 3 channels": (
        "image = crafted(512, 1664, 3, 16, 128)",
        "codec.decode(image)",
    ),
    "PNG of 8191 x 8191 in colour with alpha, 260 kB": (
        "Image.new('RGBA', (8191, 8191)).save('a.png')",
        "read_image('a.png')",
    ),
    "TIFF of 100 black pages of 8000 x 8000, 0.3 MB, as features": (
        "pages('a.tif', '1', compression='group4')",
        "features('a.tif')",
    ),
    "GIF of 100 frames of 4000 x 4000, as features": ("pages('a.gif', 'L', side=4000)", "features('a.gif')"),
}
"""Files of few bytes that ask for as much as the default limits allow: how they are made, and read."""

CHILD = """
import os, sys, time
from PIL import Image
from scatter import codec
from scatter.codec import container, lifting
from scatter.codec.model import load
from scatter.extraction import Recipe, extract
from scatter.io import read_image
from scatter.io.reading import Reading

def crafted(height, width, channels, depth, tile):
    header = container.Header(height, width, channels, depth, True, 0, tile, load().identity)
    counts = [lifting.levels(one.height, one.width) + 1 for one in header.tiles]
    return container.write(header, [[b""] * count for count in counts])

def pages(name, mode, side=8000, **options):
    blank, dotted = (Image.new(mode, (side, side)) for _ in range(2))
    dotted.putpixel((0, 0), 1)
    blank.save(name, save_all=True, append_images=[dotted, blank] * 49 + [dotted], **options)

def features(name):
    extract([name], "t.npy", Recipe("2d", {"J": 2, "L": 2}, Reading("image", resize=(64, 64))))

Image.MAX_IMAGE_PIXELS = None
os.chdir(sys.argv[1])
if sys.argv[2] == "make" or not sys.argv[3].startswith(("features", "read")):
    exec(sys.argv[4])
if sys.argv[2] == "read":
    started = time.perf_counter()
    exec(sys.argv[3])
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(time.perf_counter() - started, int(status["VmHWM"].split()[0]) / 1e3)
"""


def fuzz() -> list[tuple[str, str, str]]:
    """Files of every kind that is read, damaged by a seed, in two processes; `tests/fuzz.py`."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [_begin(Path(folder), part, FILES // 2) for part in range(2)]
        lines = [json.loads(line) for run in runs for line in run.communicate()[0].splitlines()]
    done = [line for line in lines if len(line) == 5]
    kinds = {kind for _, kind, *_ in done}
    broken = sum(run.returncode != 0 for run in runs)
    return [
        ("damaged files", f"{len(done):,} of {FILES:,}", f"{len(kinds)} kinds"),
        ("of them refused with one line", f"{sum(outcome != 'read' for _, _, outcome, *_ in done):,}", ""),
        ("crashes, hangs of 10 s and other exceptions", str(broken), ""),
        ("longest, seconds", f"{max(seconds for *_, seconds, _ in done):.2f}", ""),
        ("most memory, MB", f"{max(memory for *_, memory in done) / 1e6:.0f}", ""),
    ]


def _begin(folder: Path, part: int, count: int) -> subprocess.Popen[str]:
    own = folder / str(part)
    own.mkdir()
    root = PROGRAM.parents[1]
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), str(part * count), str((part + 1) * count), str(own)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{PROGRAM.parent}"},
    )


def bombs() -> list[tuple[str, str, str]]:
    """The worst files that are known, in a process each: seconds, and peak memory, libraries included."""
    rows = []
    for name, (make, use) in BOMBS.items():
        with tempfile.TemporaryDirectory() as folder:
            _child(folder, "make", use, make)
            seconds, memory = map(float, _child(folder, "read", use, make).split())
        rows.append((name, f"{seconds:.1f} s", f"{memory:.0f} MB"))
    return rows


def _child(*args: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", CHILD, *args], capture_output=True, text=True, check=True
    ).stdout


CASES = {"fuzz": fuzz, "bombs": bombs}
