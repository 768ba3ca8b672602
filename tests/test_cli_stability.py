"""The command that measures stability, on digits of its own and on files."""

import json
from pathlib import Path

import networkx
import numpy as np
import pytest
from cli_helpers import fail, image, run, succeed

from scatter import Scattering1D, Scattering2D
from scatter.domains.shapes import icosphere
from scatter.io import read_image
from scatter.stability import stability_report

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def pictures(*names, size=(16, 16, 3)):
    for name in names:
        Path(name).parent.mkdir(exist_ok=True)
        image(name, size)


def test_digits_and_a_report():
    shown = succeed("stability", "--samples", "40", "--html", "r.html")
    assert "Scattering2D(J=2, padding='zero', shape=(8, 8))" in shown
    assert "warp" in shown
    assert "Scattering2D: accuracy" in shown
    page = Path("r.html").read_text()
    assert page.count("<img") == 2
    assert "one per cent" not in page
    assert "1% of the accuracy" in page
    assert "between over within" in page
    assert "http" not in page.replace("http://www.w3.org", "")
    said = json.loads(succeed("stability", "--samples", "40", "--set", "pooling=mean", "--J", "1", "--json"))
    assert said["transform"] == "Scattering2D(J=1, padding='zero', pooling='mean', shape=(8, 8))"
    assert said["samples"] == 40
    assert {one["deformation"] for one in said["curves"]} >= {"translation", "rotation", "scaling", "noise"}


def test_images_of_folders():
    pictures("a/0.png", "a/1.png", "b/0.png", "b/1.png")
    said = json.loads(succeed("stability", "a", "b", "--labels-from-folders", "--J", "2", "--json"))
    assert said["samples"] == 4
    assert [one["representation"] for one in said["classes"]] == ["Scattering2D", "input", "fourier"]
    files = ["a/0.png", "a/1.png", "b/0.png", "b/1.png"]
    x = {file: read_image(file, grey=True) for file in files}
    S = Scattering2D(J=2, shape=(16, 16), pooling="mean")
    order = np.random.default_rng(0).permutation(4)
    expected = stability_report(S, np.stack([x[files[place]].reshape(16, 16) for place in order]))
    got = said["curves"][0]["changes"]["q50"]
    np.testing.assert_allclose(got, expected.curves[0].medians, rtol=1e-4)
    assert json.loads(succeed("stability", "a", "b", "--samples", "2", "--json"))["samples"] == 2
    assert "neighbour" not in succeed("stability", "a", "b", "--J", "2")


def test_arrays_with_labels():
    np.savez("a.npz", x=RNG.standard_normal((12, 64)), y=np.arange(12) % 2)
    options = ("--array", "x", "--label-array", "y", "--transform", "1d", "--J", "3", "--json")
    said = json.loads(succeed("stability", "a.npz", *options))
    assert said["transform"] == repr(Scattering1D(J=3, pooling="mean", shape=64))
    assert said["samples"] == 12
    assert len(said["classes"]) == 3
    large = RNG.standard_normal((4096, 64))  # rows are read one by one
    np.save("large.npy", large)
    said = json.loads(succeed("stability", "large.npy", "--transform", "1d", "--samples", "5", "--json"))
    assert said["samples"] == 5


def test_graphs_meshes_and_molecules():
    for k in range(4):
        half = np.triu(RNG.random((12, 12)) < 0.3, 1)
        networkx.write_graphml(networkx.from_numpy_array((half + half.T).astype(float)), f"{k}.graphml")
    options = ("--set", 'signals=["degree"]', "--J", "2", "--json")
    said = json.loads(succeed("stability", "0.graphml", "1.graphml", "2.graphml", *options))
    assert said["samples"] == 3
    assert {one["deformation"] for one in said["curves"]} >= {"dropped edges", "renumbering"}
    shown = succeed("stability", "0.graphml", "1.graphml", "--set", 'signals=["degree"]', "--html", "g.html")
    assert "max |grad tau|" not in shown
    assert "GraphScattering" in Path("g.html").read_text()
    Path("shapes").mkdir()
    for k in range(3):
        mesh = icosphere(1, (1, 1, 1 + k / 2))
        faces = "".join(f"3 {a} {b} {c}\n" for a, b, c in mesh.faces)
        points = "".join(f"{x} {y} {z}\n" for x, y, z in mesh.vertices)
        Path(f"shapes/{k}.off").write_text(f"OFF\n{len(mesh)} {len(mesh.faces)} 0\n{points}{faces}")
    shown = succeed("stability", "shapes", "--J", "2", "--set", "n_eig=10", "--samples", "2")
    assert "2 samples, MeshScattering" in shown
    assert "<= C (max |grad tau|) ||S(x)||" in shown
    assert "decimation" in shown
    Path("m.xyz").write_text("3\nwater\nO 0 0 0\nH 0.76 0.59 0\nH -0.76 0.59 0\n2\n\nC 0 0 0\nO 0 0 1.13\n")
    options = ("--transform", "molecules", "--set", "scale=2", "--set", "width=1", "--J", "1", "--L", "1")
    assert "turn" in succeed("stability", "m.xyz", *options)


def test_damaged_files_are_left_out_and_said():
    pictures("a/0.png", "a/1.png")
    Path("a/2.png").write_bytes(b"no image")
    shown = run("stability", "a", "--J", "2")
    assert shown.exit_code == 1
    assert "2 samples" in shown.stdout
    assert "1 left out, of those that were looked at; the first one: a/2.png: is not an image" in shown.stderr


def test_what_is_refused():
    pictures("a/0.png", "a/1.png")
    pictures("a/2.png", size=(20, 20, 3))
    assert fail("stability", "a", code=2) == (
        "samples are of several sizes, such as (16, 16) and (20, 20); type --resize HxW or --crop HxW"
    )
    assert succeed("stability", "a", "--resize", "16x16")
    message = fail("stability", "--transform", "mesh", code=2)
    assert message == (
        "without inputs there are images of digits, which --transform mesh does not take; give files, or "
        "type one of 1d, 2d, roto, energies-1d, energies-2d"
    )
    assert fail("stability", "none.png") == "none.png: no such file or folder"
    assert "at least two real signals" in fail("stability", "a/0.png", code=2)
    Path("b.png").write_bytes(b"no image")
    assert fail("stability", "b.png").startswith("no sample can be read; the first one: b.png: is not an")
    assert "r/r.html" in fail("stability", "--html", "r/r.html")
    message = fail("stability", "--set", "colour=1", code=2)
    assert message.startswith("2d (Scattering2D) has no parameter 'colour'")
