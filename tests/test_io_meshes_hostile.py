"""Files of meshes that ask for more than their geometry."""

import base64
import json
import os
import struct
import time

import numpy as np
import pytest

from scatter.errors import FileError
from scatter.io.meshes import read_mesh
from scatter.io.shapes import read_points

trimesh = pytest.importorskip("trimesh")

BALL = trimesh.creation.icosphere(2)
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_pictures(monkeypatch):
    """Opening a picture fails the test, whoever does it and whatever becomes of the error."""
    from PIL import Image

    opened = []
    monkeypatch.setattr(Image, "open", lambda *args, **_: opened.append(args))
    yield
    assert not opened


def header(**changes):
    vertices, faces = binary_parts()
    made = {
        "asset": {"version": "2.0"},
        "buffers": [{"byteLength": len(vertices) + len(faces)}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": len(vertices)},
            {"buffer": 0, "byteOffset": len(vertices), "byteLength": len(faces)},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": len(BALL.vertices), "type": "VEC3"},
            {"bufferView": 1, "componentType": 5125, "count": BALL.faces.size, "type": "SCALAR"},
        ],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "nodes": [{"mesh": 0}],
        "scenes": [{"nodes": [0]}],
    }
    return {**made, **changes}


def binary_parts():
    return BALL.vertices.astype("<f4").tobytes(), BALL.faces.astype("<u4").tobytes()


def write_glb(path, made, extra=b""):
    text, binary = json.dumps(made).encode(), b"".join(binary_parts()) + extra
    text, binary = text + b" " * (-len(text) % 4), binary + bytes(-len(binary) % 4)
    with open(path, "wb") as stream:
        stream.write(struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(binary)))
        for kind, chunk in ((b"JSON", text), (b"BIN\0", binary)):
            stream.write(struct.pack("<I4s", len(chunk), kind) + chunk)
    return path


def refused(path):
    """The message of a refusal that comes at once."""
    started = time.perf_counter()
    with pytest.raises(FileError) as caught:
        read_mesh(path)
    assert time.perf_counter() - started < 3
    return str(caught.value)


# ------------------------------------------------------------------ geometry alone
def test_pictures_inside_a_glb_are_never_opened(no_pictures):
    made = header(
        images=[{"bufferView": 2, "mimeType": "image/png"}, {"uri": "data:;base64," + _text(EPS)}],
        textures=[{"source": 0}, {"source": 1}],
        materials=[{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
    )
    size = sum(map(len, binary_parts()))
    made["bufferViews"].append({"buffer": 0, "byteOffset": size, "byteLength": len(EPS)})
    made["buffers"][0]["byteLength"] += len(EPS)
    made["meshes"][0]["primitives"][0]["material"] = 0
    mesh = read_mesh(write_glb("a.glb", made, EPS))
    assert (len(mesh.vertices), len(mesh.faces)) == (162, 320)


def _text(data):
    return base64.b64encode(data).decode()


def test_materials_and_textures_of_obj_and_ply_are_never_opened(no_pictures):
    with open("a.obj", "w") as stream:
        stream.write("mtllib a.mtl\nusemtl m\n" + BALL.export(file_type="obj"))
    # Nobody ever writes to it: opening it would wait for ever.
    os.mkfifo("a.mtl")
    data = BALL.export(file_type="ply").replace(b"ply\n", b"ply\n", 1)
    with open("a.ply", "wb") as stream:
        stream.write(data.replace(b"end_header", b"comment TextureFile a.eps\nend_header", 1))
    with open("a.eps", "wb") as stream:
        stream.write(EPS)
    for name in ("a.obj", "a.ply"):
        assert len(read_mesh(name).vertices) == len(read_points(name).points) == 162


def test_a_gltf_is_read_unless_it_needs_another_file():
    data = b"".join(binary_parts())
    made = header(buffers=[{"byteLength": len(data), "uri": "data:;base64," + _text(data)}])
    with open("a.gltf", "w") as stream:
        json.dump(made, stream)
    assert len(read_mesh("a.gltf").faces) == 320
    made["buffers"][0]["uri"] = "../secret.bin"
    with open("b.gltf", "w") as stream:
        json.dump(made, stream)
    message = (
        "b.gltf: can't be read as a mesh: it refers to another file, '../secret.bin'; only what is in the"
    )
    assert refused("b.gltf").startswith(message)


# ------------------------------------------------------------------ a few bytes for gigabytes
def test_arrays_of_zeros_that_are_nowhere_in_the_file_are_refused():
    made = header()
    made["accessors"].append({"componentType": 5126, "count": 10**9, "type": "VEC3"})
    made["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = 2
    assert "declares 12000" in refused(write_glb("a.glb", made))


def test_views_of_the_same_bytes_again_and_again_are_refused():
    made = header()
    view = {"buffer": 0, "byteOffset": 0, "byteLength": 10**6}
    made["bufferViews"] += [view] * 3000
    message = refused(write_glb("a.glb", made, bytes(10**6)))
    assert "bytes of geometry in a file of" in message
    assert "at most 134217728 are read" in message


def test_a_mesh_that_is_placed_too_often_is_refused():
    vertices = header()
    vertices["nodes"] = [{"mesh": 0}] * 16_300
    vertices["scenes"] = [{"nodes": list(range(16_300))}]
    assert "bytes of geometry in a file of" in refused(write_glb("a.glb", vertices))
    many = header(nodes=[{"mesh": 0}] * 20_000, scenes=[{"nodes": list(range(20_000))}])
    many["accessors"][0]["count"] = many["accessors"][1]["count"] = 3
    assert refused(write_glb("b.glb", many)) == (
        "b.glb: places 20001 parts of meshes, at most 16384 are read"
    )


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([{"mesh": 0, "children": [i + 1]} for i in range(3000)] + [{"mesh": 0}], "more than 256 deep"),
        ([{"mesh": 0, "children": [0]}], "node 0 is in more than one place, where nodes must be a tree"),
        ([{"children": [1, 1]}, {"mesh": 0}], "node 1 is in more than one place"),
    ],
)
def test_nodes_that_are_no_tree_or_too_deep_a_one_are_refused(nodes, message):
    assert message in refused(write_glb("a.glb", header(nodes=nodes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"nodes": 7},
        {"meshes": [{}]},
        {"accessors": [{"type": "VEC9", "count": 1}]},
        {"scenes": [{"nodes": [99]}]},
        {"bufferViews": [{"byteLength": "many"}]},
    ],
)
def test_a_damaged_header_is_said_to_be_one(changes):
    assert "a.glb: can't be read as a mesh: its header is damaged: " in refused(
        write_glb("a.glb", header(**changes))
    )


def test_what_is_no_glb_is_said_to_be_none():
    with open("a.glb", "wb") as stream:
        stream.write(b"not a mesh at all, but long enough")
    assert refused("a.glb") == "a.glb: can't be read as a mesh: it does not begin as a .glb does"


def test_moved_and_turned_parts_are_where_they_should_be():
    made = header(nodes=[{"children": [1, 2]}, {"mesh": 0}, {"mesh": 0, "translation": [5.0, 0.0, 0.0]}])
    mesh = read_mesh(write_glb("a.glb", made))
    assert len(mesh.vertices) == 324
    assert np.ptp(mesh.vertices[:, 0]) == pytest.approx(7, abs=1e-6)
