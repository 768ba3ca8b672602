"""Files damaged by a seed, and what became of reading them; run as a program by test_io_damaged.py."""

import io
import json
import shutil
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from scatter.errors import FileError
from scatter.io import pages, rows, segments
from scatter.io.images import quiet_decoding
from scatter.io.reading import Reading

KINDS = ("png", "jpg", "tif", "wav", "flac", "npy", "npz", "zarr")
MEMORY = 2**30
SECONDS = 20
AT_MOST = 16


def whole(kind, rng):
    """The bytes of an intact file, or those of each file in an intact folder."""
    stream = io.BytesIO()
    if kind in ("png", "jpg", "tif"):
        images = images_of(rng)
        options = {}
        if kind == "tif":
            compression = [None, "tiff_lzw", "tiff_deflate", "packbits", "jpeg"][rng.integers(5)]
            options = {"compression": compression, "save_all": True, "append_images": images[1:]}
        elif kind == "png" and rng.random() < 0.2:
            options = {"save_all": True, "append_images": images[1:]}
        images[0].save(stream, {"png": "PNG", "jpg": "JPEG", "tif": "TIFF"}[kind], **options)
    elif kind in ("wav", "flac"):
        import soundfile

        sound = rng.normal(size=(rng.integers(1, 3000), rng.integers(1, 3))) / 8
        subtype = str(rng.choice(["PCM_16", "PCM_24", "FLOAT"] if kind == "wav" else ["PCM_16", "PCM_24"]))
        soundfile.write(stream, sound, int(rng.choice([8000, 44100])), subtype, format=kind.upper())
    else:
        return whole_array(kind, rng, stream)
    return {"": stream.getvalue()}


def images_of(rng):
    from PIL import Image

    shape = [(20, 30), (20, 30, 3)][rng.integers(2)]
    return [Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)) for _ in range(rng.integers(1, 4))]


def whole_array(kind, rng, stream):
    array = rng.normal(size=(rng.integers(1, 40), 30)).astype(rng.choice(["f4", "f8", "i2", "f2"]))
    array = np.asfortranarray(array) if rng.random() < 0.3 else array
    if kind == "npy":
        np.save(stream, array)
    elif kind == "npz":
        [np.savez, np.savez_compressed][rng.integers(2)](stream, x=array)
    else:
        import zarr

        store = zarr.storage.MemoryStore()
        version = int(rng.integers(2, 4))
        made = zarr.create_array(
            store, shape=array.shape, dtype=array.dtype, chunks=(7, 20), zarr_format=version
        )
        made[...] = array
        return {name: value.to_bytes() for name, value in store._store_dict.items()}
    return {"": stream.getvalue()}


def mutate(data, rng):
    """One of many ways to damage bytes."""
    data = bytearray(data)
    size = len(data)
    how = rng.integers(8)
    if how == 0:
        return data[: rng.integers(0, size)]
    if how == 1:
        return data[: rng.integers(0, min(size, 150))]
    if how == 2:
        return b""
    reach = min(size, 200) if how in (3, 4, 5) else size
    for _ in range(rng.integers(1, 6)):
        at = int(rng.integers(0, reach))
        if how in (3, 6):
            data[at] ^= 1 << int(rng.integers(8))
        elif how == 4:
            data[at] = int(rng.integers(256))
        elif how == 5:
            # A size that was small becomes huge.
            length = int(rng.choice([2, 4, 8]))
            data[at : at + length] = [b"\xff", b"\x7f", b"9"][rng.integers(3)] * length
        else:
            data[at : at + int(rng.integers(1, 50))] = rng.bytes(int(rng.integers(0, 50)))
    return bytes(data)


def make(seed, folder):
    """Write the damaged file of a seed and return its path and how to read it."""
    rng = np.random.default_rng(seed)
    kind = KINDS[seed % len(KINDS)]
    files = whole(kind, rng)
    suffix = kind if kind == "zarr" or rng.random() < 0.9 else str(rng.choice(KINDS[:-1]))
    path = folder / f"{seed}.{suffix}"
    hit = sorted(files)[rng.integers(len(files))]
    for name, data in files.items():
        target = path / name if name else path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(mutate(data, rng) if name == hit else data)
    return path, suffix


def read(path, suffix):
    """Read it as the engine does: 'read' or the message of the error."""
    if suffix in KINDS[:3]:
        module, readings = pages, [Reading("image"), Reading("image", channels="all", resize=(9, 9))]
    elif suffix in KINDS[3:5]:
        module, readings = segments, [Reading("signal"), Reading("signal", segment=512)]
    else:
        module, readings = rows, [Reading("signal"), Reading("image", resize=(9, 9))]
    outcomes = []
    for reading in readings:
        outcome = "read"
        try:
            for piece in module.pieces(path, 0, None, reading, AT_MOST):
                check(piece(), reading)
        except FileError as error:
            outcome = str(error)
        assert outcome == "read" or outcome.startswith((f"{path}: ", f"{path} (x): "))
        assert "\n" not in outcome
        outcomes.append(outcome)
    return outcomes


def check(found, reading):
    assert len(found.samples) == len(found.segments) <= AT_MOST
    assert found.samples.dtype == reading.dtype
    assert np.isfinite(found.samples).all()


def peak():
    """The most memory that this process has had, in bytes; getrusage goes on from that of the parent."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(status["VmHWM"].split()[0])


def main(first, last, folder):
    for seed in range(first, last):
        path, suffix = make(seed, folder)
        print(json.dumps([seed, suffix]), flush=True)
        start = time.monotonic()
        outcomes = read(path, suffix)
        took = time.monotonic() - start
        memory = peak()
        print(json.dumps([seed, outcomes, took, memory]), flush=True)
        assert took < SECONDS, took
        assert memory < MEMORY, memory
        shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    with quiet_decoding():
        warnings.simplefilter("ignore")
        main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
