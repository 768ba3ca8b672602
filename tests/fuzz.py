"""Every reader on files damaged by a seed; run as a program by test_fuzz.py, or by hand for a long time.

python tests/fuzz.py FIRST LAST FOLDER reads the files of the seeds FIRST .. LAST - 1. It prints a line
before each, and a line of JSON after: what became of it, in how many seconds, and the most memory so far.
"""

import io
import json
import shutil
import signal
import sys
import time
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
from damage import mutate, peak, whole

from scatter import codec
from scatter.errors import ScatterError
from scatter.extraction import Recipe, extract, load_recipe, save_recipe
from scatter.extraction.listing import Listing
from scatter.extraction.loaders import Loader
from scatter.io import FeatureTable, read_table
from scatter.io.graphs import read_graph
from scatter.io.images import quiet_decoding, read_image
from scatter.io.meshes import read_mesh
from scatter.io.reading import Reading
from scatter.io.shapes import read_points
from scatter.io.tables import write_table

SECONDS = 10
MEMORY = 2**30
RNG = np.random.default_rng(0)
IMAGES = {"bmp": "BMP", "gif": "GIF", "webp": "WEBP", "ppm": "PPM", "jp2": "JPEG2000"}


class Hang(BaseException):
    """Reading took too long."""


# ------------------------------------------------------------------ intact files
def of_damage(kind):
    return lambda folder: whole(kind, np.random.default_rng(RNG.integers(2**31)))


def image(kind):
    def make(folder):
        from PIL import Image

        frames = [Image.fromarray(RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)) for _ in range(3)]
        stream = io.BytesIO()
        options = {"save_all": True, "append_images": frames[1:]} if kind in ("gif", "webp") else {}
        frames[0].save(stream, IMAGES[kind], **options)
        return {"": stream.getvalue()}

    return make


def sound(kind):
    def make(folder):
        import soundfile

        stream = io.BytesIO()
        soundfile.write(stream, RNG.normal(size=(4000, 2)) / 8, 8000, format=kind.upper())
        return {"": stream.getvalue()}

    return make


def mesh(kind):
    def make(folder):
        import trimesh

        data = trimesh.creation.icosphere(1).export(file_type=kind)
        return {"": data.encode() if isinstance(data, str) else data}

    return make


def gltf(folder):
    from test_io_meshes_hostile import _text, binary_parts, header

    data = b"".join(binary_parts())
    made = header(buffers=[{"byteLength": len(data), "uri": "data:;base64," + _text(data)}])
    return {"": json.dumps(made).encode()}


def points(folder):
    return {"": "\n".join(" ".join(map(str, row)) for row in RNG.random((40, 3)).round(3)).encode()}


def graph(kind):
    def make(folder):
        import networkx
        import scipy.io
        import scipy.sparse

        made = networkx.erdos_renyi_graph(12, 0.4, seed=int(RNG.integers(99)))
        networkx.set_node_attributes(made, 1.5, "mass")
        networkx.set_edge_attributes(made, 2.5, "weight")
        file = folder / f"intact.{kind}"
        matrix = scipy.sparse.coo_array(networkx.to_scipy_sparse_array(made))
        if kind == "mtx":
            scipy.io.mmwrite(file, matrix)
        elif kind == "npz":
            scipy.sparse.save_npz(file, matrix)
        else:
            getattr(networkx, f"write_{kind}")(made, file)
        return {"": file.read_bytes()}

    return make


def compressed(folder):
    picture = RNG.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    options = [{"lossless": True}, {"bpp": 1.0}, {"step": 30.0}][RNG.integers(3)]
    return {"": codec.encode(picture, **options)}


def table(suffix):
    def make(folder):
        names = [f"f{k}" for k in range(5)]
        keys = {"file": ["a", "b", "c"], "segment": [0, 1, 2], "label": ["x", "y", "x"]}
        file = folder / f"intact{suffix}"
        write_table(FeatureTable(RNG.random((3, 5)), tuple(names), keys, {"transform": "2d"}), file)
        if file.is_dir():
            return {str(one.relative_to(file)): one.read_bytes() for one in file.rglob("*") if one.is_file()}
        beside = folder.glob(file.name + "*")
        return {one.name.removeprefix(file.name): one.read_bytes() for one in beside}

    return make


def manifest(suffix):
    def make(folder):
        rows = {"file": [f"{k}.png" for k in range(9)], "label": list("xyzxyzxyz")}
        if suffix == ".parquet":
            import pyarrow
            from pyarrow import parquet

            stream = io.BytesIO()
            parquet.write_table(pyarrow.table(rows), stream)
            return {"": stream.getvalue()}
        lines = [list(rows), *zip(*rows.values(), strict=True)]
        return {"": "\n".join(("\t" if suffix == ".tsv" else ",").join(line) for line in lines).encode()}

    return make


def recipe(suffix):
    def make(folder):
        file = folder / f"intact{suffix}"
        save_recipe(Recipe("1d", {"J": 4, "Q": (2, 1)}, Reading("signal", segment=512)), file)
        return {"": file.read_bytes()}

    return make


def model(folder):
    from scatter.learning import save_model, train

    labels = ["x", "y"] * 10
    keys = {"file": [str(k) for k in range(20)], "label": labels}
    made = FeatureTable(RNG.random((20, 4)), tuple("abcd"), keys, {})
    file = folder / "intact.skops"
    save_model(train(made, "label", folds=2), file)
    return {"": file.read_bytes()}


RUN = Recipe("2d", {"J": 2, "L": 2})


def unfinished(folder):
    class Stop(Exception):  # noqa: N818
        pass

    class Watcher:
        rows = 0

        def begin(self, *args):
            pass

        def advance(self, items, rows):
            self.rows += rows
            if self.rows > 12:
                raise Stop

    inside = folder / "intact"
    inside.mkdir(exist_ok=True)
    np.savez(inside / "x.npz", np.random.default_rng(1).random((24, 16, 16), dtype=np.float32))
    extract([inside / "x.npz"], inside / "whole.npz", RUN, existing="overwrite")
    options = {"shard_size": 4, "watcher": Watcher(), "existing": "overwrite"}
    with suppress(Stop):
        extract([inside / "x.npz"], inside / "t.npz", RUN, **options)
    part = inside / "t.npz.partial"
    return {one.name: one.read_bytes() for one in part.iterdir()}


# ------------------------------------------------------------------ reading
def pieces(reading):
    def read(path):
        with Loader(reading) as loader:
            for piece in loader.pieces(str(path), 0, None, 16):
                piece()

    return read


def meshes(path):
    read_mesh(path)
    if path.suffix not in (".glb", ".gltf"):
        read_points(path)


def decode(path):
    data = path.read_bytes()
    codec.info(data)
    codec.decode(data, reduce=1)
    codec.decode(data)


def load(path):
    from scatter.learning import load_model

    load_model(path)


def resume(path):
    """The same table or one clear line, whatever was damaged."""
    inside = path.parent / "intact"
    part, target = inside / "t.npz.partial", inside / "t.npz"
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(path, part)
    target.unlink(missing_ok=True)
    try:
        extract([inside / "x.npz"], target, RUN)
    except ScatterError as error:
        if not str(error).endswith("; type --overwrite to begin anew"):
            raise AssertionError(str(error)) from error
        raise
    assert target.read_bytes() == (inside / "whole.npz").read_bytes()


IMAGE, SIGNAL = Reading("image", resize=(9, 9)), Reading("signal", segment=512)


def pictures(path):
    pieces(IMAGE)(path)
    read_image(path)


FORMATS = {
    **{kind: (of_damage(kind), pictures) for kind in ("png", "jpg", "tif")},
    **{kind: (image(kind), pictures) for kind in IMAGES},
    **{kind: (of_damage(kind), pieces(SIGNAL)) for kind in ("wav", "flac", "npy", "npz", "zarr")},
    **{kind: (sound(kind), pieces(SIGNAL)) for kind in ("ogg", "mp3")},
    **{kind: (mesh(kind), meshes) for kind in ("obj", "ply", "off", "stl", "glb")},
    "gltf": (gltf, meshes),
    "xyz": (points, read_points),
    **{kind: (graph(kind), read_graph) for kind in ("graphml", "gexf", "gml", "edgelist", "adjlist", "mtx")},
    "graph.npz": (graph("npz"), read_graph),
    "swc": (compressed, decode),
    **{f"table{suffix}": (table(suffix), read_table) for suffix in (".npz", ".npy", ".parquet", ".zarr")},
    **{
        f"list{suffix}": (manifest(suffix), lambda path: list(Listing([str(path)]).items(IMAGE)))
        for suffix in (".csv", ".tsv", ".parquet")
    },
    **{f"recipe{suffix}": (recipe(suffix), load_recipe) for suffix in (".toml", ".json")},
    "skops": (model, load),
    "partial": (unfinished, resume),
}


@cache
def intact(kind, variant, folder):
    return FORMATS[kind][0](folder)


def damaged(seed, folder):
    """The kind of a seed, and where its damaged file or folder is."""
    kind = list(FORMATS)[seed % len(FORMATS)]
    rng = np.random.default_rng(seed)
    files = intact(kind, int(rng.integers(3)) if kind not in ("skops", "partial") else 0, folder)
    path = folder / f"{seed}.{kind}"
    hit = sorted(name for name in files if files[name])
    hit = hit[rng.integers(len(hit))]
    for name, data in files.items():
        target = path / name if "" not in files else path.with_name(path.name + name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(mutate(data, rng) if name == hit else data)
    return kind, path


def hang(*_):
    raise Hang


def main(first, last, folder):
    signal.signal(signal.SIGALRM, hang)
    for seed in range(first, last):
        kind, path = damaged(seed, folder)
        print(json.dumps([seed, kind]), flush=True)
        started = time.monotonic()
        signal.alarm(SECONDS)
        try:
            FORMATS[kind][1](path)
            outcome = "read"
        except ScatterError as error:
            outcome = str(error) or "no words"
        finally:
            signal.alarm(0)
        assert "\n" not in outcome, outcome
        print(json.dumps([seed, kind, outcome, time.monotonic() - started, peak()]), flush=True)
        for one in folder.glob(f"{seed}.*"):
            shutil.rmtree(one) if one.is_dir() else one.unlink()


if __name__ == "__main__":
    with quiet_decoding():
        warnings.simplefilter("ignore")
        main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
