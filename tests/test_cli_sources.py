"""What `scatter features` takes and writes: every transform, manifests, parts of files, hostile inputs."""

import csv
import errno
import json
import os
import stat
import sys
from pathlib import Path

import networkx
import numpy as np
import pytest
import scipy.sparse
import soundfile
import trimesh
from cli_helpers import RNG, SMALL, fail, files_here, image, run, succeed
from PIL import Image

import scatter
from scatter.domains.pointcloud import PointCloud
from scatter.extraction import TRANSFORMS
from scatter.io import read_image, read_sound, read_table
from scatter.io.graphs import read_graph
from scatter.io.meshes import read_mesh
from scatter.io.shapes import read_points

EIGENVALUES = ("--J", "3", "--set", "n_eig=20")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs file systems of Linux")


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "dumb")


def features(*args, output="t.npz"):
    """Run the command and return the table."""
    succeed("features", *args, "-o", output)
    return read_table(output)


def skip(*args, output="t.npz"):
    """Run the command that leaves something out, and return what and why."""
    result = run("features", *args, "-o", output)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    with open(f"{output}.errors.csv", newline="", encoding="utf-8") as stream:
        found = [(row["file"], row["segment"], row["reason"]) for row in csv.DictReader(stream)]
    assert result.stderr == f"scatter: error: {len(found)} skipped; {output}.errors.csv says which and why\n"
    return found


# Every transform: what a command writes is what the estimator gives


def same(table, transform, samples):
    """Compare a table with a transform fitted on the first sample."""
    fitted = transform.fit(samples[:1])
    expected = np.asarray(fitted.transform(samples))
    np.testing.assert_allclose(table.features, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    assert table.names == tuple(fitted.get_feature_names_out())
    shown = type(transform).__name__
    assert table.metadata["transform"].startswith(shown + "(")


def test_signals_of_sounds_and_arrays():
    for name in ("b", "a"):
        soundfile.write(f"{name}.wav", RNG.standard_normal(256) / 8, 8000)
    table = features("a.wav", "b.wav", "--J", "4", "--Q", "2")
    signals = np.stack([read_sound(f"{name}.wav")[0] for name in "ab"])
    same(table, scatter.Scattering1D(4, 256, 2, pooling="mean", sampling_rate=8000), signals)
    np.save("c.npy", signals)
    table = features("c.npy", "--transform", "1d", "--J", "4", "--Q", "2", output="u.npz")
    same(table, scatter.Scattering1D(4, 256, 2, pooling="mean"), signals)


def test_images():
    for name in "ba":
        image(f"{name}.png")
    images = np.stack([read_image(f"{name}.png") for name in "ab"])
    same(features("a.png", "b.png", *SMALL), scatter.Scattering2D(2, (16, 16), 4, pooling="mean"), images)
    table = features("a.png", "b.png", *SMALL, "--transform", "roto", output="u.npz")
    same(table, scatter.RotoTranslationScattering2D(2, (16, 16), 4, pooling="mean"), images)


def test_volumes():
    volumes = RNG.random((3, 8, 10, 12)).astype(np.float32)
    np.save("volumes.npy", volumes)
    options = ("--transform", "3d", "--J", "1", "--L", "2")
    table = features("volumes.npy", *options)
    same(table, scatter.HarmonicScattering3D(1, (8, 10, 12), 2), volumes)
    chosen = ("--set", "integral_powers=[1, 2.5]", "--set", "log=true")
    table = features("volumes.npy", *options, *chosen, output="u.npz")
    S = scatter.HarmonicScattering3D(1, (8, 10, 12), 2, integral_powers=(1, 2.5), log=True)
    same(table, S, volumes)
    np.savez("channels.npz", x=np.stack([volumes, volumes**2], axis=1))
    table = features("channels.npz", *options, "--channels", "all", output="v.npz")
    same(table, S.set_params(integral_powers=(0.5, 1, 2), log=False), np.load("channels.npz")["x"])
    message = fail("features", "channels.npz", "-o", "w.npz", *options)
    assert "the array has shape (3, 2, 8, 10, 12); allowed are (D, H, W) for one" in message
    message = fail("features", "volumes.npy", "-o", "w.npz")
    assert message.endswith("type scatter features --transform 3d for volumes (n, D, H, W)")
    np.save("flat.npy", volumes[0, 0])
    message = fail("features", "flat.npy", "-o", "w.npz", *options)
    assert "the array has shape (10, 12); allowed are (D, H, W) for one of kind 'volume'" in message
    message = fail("features", "volumes.npy", "-o", "w.npz", "--resize", "8x8", *options, code=2)
    assert "is about images, but the samples are of kind 'volume'" in message


def test_fields_on_a_sphere():
    fields = RNG.standard_normal((3, 8, 15)).astype(np.float32)
    np.save("fields.npy", fields)
    table = features("fields.npy", "--transform", "sphere", "--L", "8")
    same(table, scatter.SphericalScattering(8), fields)
    other = features("fields.npy", "--transform", "sphere", "--L", "8", "--set", "lam=1.5", output="u.npz")
    assert other.metadata["filters"] != table.metadata["filters"]
    message = fail("features", "fields.npy", "-o", "v.npz", "--transform", "sphere", code=2)
    assert message == "sphere (SphericalScattering) needs L, which has no default; type --set L=..."


def test_energies_of_signals_and_images():
    signals, images = RNG.standard_normal((3, 64)), RNG.standard_normal((3, 20, 24))
    np.savez("both.npz", signals=signals, images=images)
    options = ("--set", "wavelet=haar", "--set", "levels=2")
    table = features("both.npz", "--array", "signals", "--transform", "energies-1d", *options)
    same(table, scatter.WaveletEnergies("haar", 2, ndim=1), signals.astype(np.float32))
    table = features("both.npz", "--array", "images", "--transform", "energies-2d", *options, output="u.npz")
    same(table, scatter.WaveletEnergies("haar", 2, ndim=2), images.astype(np.float32))
    saved = ("--array", "images", "--transform", "energies-2d", *options, "--save-config", "r.toml")
    succeed("features", *saved, "-q")
    again = features("both.npz", "--config", "r.toml", output="v.npz")
    np.testing.assert_array_equal(again.features, table.features)


def test_graphs():
    Path("in").mkdir()
    graphs = [networkx.erdos_renyi_graph(12, 0.4, seed=seed) for seed in range(5)]
    networkx.write_edgelist(graphs[0], "in/0.edgelist", data=False)
    networkx.write_graphml(graphs[1], "in/1.graphml")
    scipy.sparse.save_npz("in/2.npz", scipy.sparse.csr_array(networkx.to_scipy_sparse_array(graphs[2])))
    networkx.write_gml(graphs[3], "in/3.gml")
    networkx.write_gexf(graphs[4], "in/4.gexf")
    table = features("in", "--J", "3", "--set", 'signals=["degree", "clustering"]')
    names = [str(path) for path in sorted(Path("in").iterdir())]
    assert list(table.keys["file"]) == names
    transform = scatter.GraphScattering(3, signals=("degree", "clustering"))
    same(table, transform, [read_graph(name) for name in names])


def test_numbers_at_the_nodes_of_graphs_are_the_signals_unless_others_are_named():
    Path("in").mkdir()
    for seed in range(3):
        graph = networkx.erdos_renyi_graph(12, 0.4, seed=seed)
        for name in ("mass", "charge"):
            networkx.set_node_attributes(graph, dict(enumerate(np.arange(12.0) + seed)), name)
        networkx.write_graphml(graph, f"in/{seed}.graphml")
    table = features("in", "--J", "3")
    names = [str(path) for path in sorted(Path("in").iterdir())]
    transform = scatter.GraphScattering(3, signals=("charge", "mass"))
    same(table, transform, [read_graph(name) for name in names])
    assert table.names[0].startswith("charge: ")
    chosen = features("in", "--J", "3", "--set", 'signals=["degree"]', output="u.npz")
    assert all(name.startswith("degree: ") for name in chosen.names)


def test_meshes():
    Path("in").mkdir()
    for name in ("0.off", "1.ply"):
        ball = trimesh.creation.icosphere(subdivisions=1)
        ball.vertices *= RNG.uniform(0.8, 1.2, 3)
        ball.export(f"in/{name}")
    table = features("in", *EIGENVALUES)
    assert list(table.keys["file"]) == ["in/0.off", "in/1.ply"]
    meshes = [read_mesh(name) for name in ("in/0.off", "in/1.ply")]
    same(table, scatter.MeshScattering(3, n_eig=20), meshes)
    assert len(json.loads(table.metadata["paths"])["order"]) == 7


def test_clouds_of_points():
    clouds = RNG.standard_normal((3, 40, 3)).astype(np.float32)
    Path("in").mkdir()
    np.savetxt("in/0.xyz", clouds[0], fmt="%.9g")
    np.save("in/1.npy", clouds[1:])
    table = features("in", *EIGENVALUES, "--set", "n_neighbors=8")
    assert list(table.keys["file"]) == ["in/0.xyz", "in/1.npy", "in/1.npy"]
    assert list(table.keys["segment"]) == [0, 0, 1]
    transform = scatter.PointCloudScattering(3, n_eig=20, n_neighbors=8)
    expected = [read_points("in/0.xyz"), *map(PointCloud, clouds[1:])]
    same(table, transform, expected)
    clouds[1, 3] = clouds[1, 2]
    clouds[2, 0, 0] = np.nan
    np.save("in/1.npy", clouds)
    options = (*EIGENVALUES, "--set", "n_neighbors=8", "--transform", "points")
    first, second = skip("in/1.npy", "in/0.xyz", *options, output="u.npz")
    assert first[:2] == ("in/1.npy", "2")
    assert "contains NaN or infinite values" in first[2]
    assert second[:2] == ("in/1.npy", "1")
    assert second[2].startswith("point 3 ")
    np.testing.assert_allclose(read_table("u.npz").features[0], table.features[0], rtol=1e-3, atol=1e-4)


def test_every_transform_is_tested_above():
    tested = {"1d", "2d", "roto", "3d", "sphere", "energies-1d", "energies-2d", "graph", "mesh", "points"}
    assert tested | {"molecules"} == set(TRANSFORMS)  # those are in test_molecule_files.py


def test_files_of_another_kind_are_left_out_by_name():
    Path("a.xyz").write_text("0 0 0\n")
    Path("b.edgelist").write_text("a b\n")
    soundfile.write("c.wav", np.zeros(64), 8000)
    image("d.png")
    found = skip("d.png", "a.xyz", "b.edgelist", "c.wav", *SMALL)
    kinds = {"a.xyz": "points", "b.edgelist": "graph", "c.wav": "sound"}
    assert found == [
        (file, "", f"is a file of kind {kind}, but the transform is of samples of kind image")
        for file, kind in kinds.items()
    ]


# Manifests


def write_csv(name, *rows, delimiter=","):
    with open(name, "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_manifest_gives_files_labels_and_groups(suffix):
    for name in "abc":
        image(f"in/{name}.png")
    rows = [("c.png", "x", "1"), ("a.png", "y", "2"), ("b.png", "", "1")]
    name = "in/list" + suffix
    if suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        columns = zip(("file", "label", "group"), zip(*rows, strict=True), strict=True)
        parquet.write_table(pyarrow.table({key: list(values) for key, values in columns}), name)
    else:
        header = ("file", "label", "group")
        write_csv(name, header, *rows, delimiter="\t" if suffix == ".tsv" else ",")
    table = features(name, *SMALL)
    assert list(table.keys) == ["file", "segment", "label", "group"]
    assert list(table.keys["file"]) == ["in/c.png", "in/a.png", "in/b.png"]
    assert list(table.keys["label"]) == ["x", "y", ""]
    assert list(table.keys["group"]) == ["1", "2", "1"]


def test_columns_of_a_manifest_are_chosen():
    for name in "ab":
        image(f"{name}.png")
    write_csv(
        "list.csv", ("bild", "art", "wer", "label"), ("a.png", "x", "1", "no"), ("b.png", "y", "2", "no")
    )
    table = features("list.csv", *SMALL, "--path-column", "bild", "--label", "art", "--group", "wer")
    assert (list(table.keys["label"]), list(table.keys["group"])) == (["x", "y"], ["1", "2"])
    table = features("list.csv", *SMALL, "--path-column", "bild", output="u.npz")
    assert (list(table.keys), set(table.keys["label"])) == (["file", "segment", "label"], {"no"})
    for options, said in [
        (
            (),
            "none of its columns is called file, path, filename, image, sound; it has 'bild', 'art', 'wer', ",
        ),
        (("--path-column", "x"), "has no column 'x'; it has 'bild', 'art', 'wer', 'label'"),
        (("--path-column", "bild", "--label", "x"), "has no column 'x'; it has 'bild'"),
        (("--path-column", "bild", "--group", "x"), "has no column 'x'; it has 'bild'"),
    ]:
        message = fail("features", "list.csv", "-o", "v.npz", *SMALL, *options)
        assert message.startswith(f"list.csv: {said}")


def test_a_manifest_that_is_wrong():
    image("a.png")
    for rows, said in [
        ([], "the file is empty (0 bytes)"),
        ([("file",)], "the manifest lists no file"),
        ([("file", "label"), ("", "x")], "row 1 names no file in the column 'file'"),
        ([("file",), ("a.png", "x")], "line 2 has more fields than the header"),
    ]:
        write_csv("list.csv", *rows)
        assert fail("features", "list.csv", "-o", "t.npz", *SMALL) == f"list.csv: {said}"
    Path("list.parquet").write_bytes(b"nothing")
    message = fail("features", "list.parquet", "-o", "t.npz", *SMALL)
    assert message.startswith("list.parquet: can't be read as a manifest: ")


def test_files_of_a_manifest_that_are_not_there_are_left_out():
    image("a.png")
    write_csv("list.csv", ("file",), ("none.png",), ("a.png",), ("./a.png",), ("x\0.npy",))
    found = skip("list.csv", *SMALL)
    assert [file for file, _, _ in found] == ["none.png", "./a.png", r"x\x00.npy"]
    assert found[0][2] == "No such file or directory"
    assert found[1][2] == "row 3 of list.csv names it again, after row 2"
    assert list(read_table("t.npz").keys["file"]) == ["a.png"]


def test_labels_from_folders():
    for name in ("x/1", "x/2", "y/1"):
        image(f"in/{name}.png")
    image("here.png")
    table = features("in", "here.png", *SMALL, "--labels-from-folders")
    assert list(table.keys["label"]) == ["x", "x", "y", Path().absolute().name]
    write_csv("list.csv", ("file",), ("in/y/1.png",), ("in/x/1.png",))
    table = features("list.csv", *SMALL, "--labels-from-folders", output="u.npz")
    assert list(table.keys["label"]) == ["y", "x"]
    write_csv("list.csv", ("file", "label"), ("in/y/1.png", "z"), ("in/x/1.png", ""))
    table = features("list.csv", *SMALL, "--labels-from-folders", output="v.npz")
    assert list(table.keys["label"]) == ["z", ""]


# Parts of files


def test_pages_of_a_tiff():
    pages = [Image.fromarray(RNG.integers(0, 256, (16, 16), dtype=np.uint8)) for _ in range(3)]
    pages[0].save("a.tiff", save_all=True, append_images=pages[1:])
    image("b.png", (16, 16))
    for options, segments in [
        ((), [0, 1, 2, 0]),
        (("--pages", "all"), [0, 1, 2, 0]),
        (("--pages", "first"), [0, 0]),
    ]:
        table = features("a.tiff", "b.png", *SMALL, *options, "--overwrite")
        assert list(table.keys["segment"]) == segments
    transform = scatter.Scattering2D(2, (16, 16), 4, pooling="mean")
    expected = transform.fit_transform(np.stack([np.asarray(page, np.float32) / 255 for page in pages]))
    every = features("a.tiff", *SMALL, output="u.npz")
    np.testing.assert_allclose(every.features, expected, rtol=1e-5)


def test_segments_of_sounds_at_one_rate():
    soundfile.write("a.wav", RNG.standard_normal(500) / 8, 8000)
    soundfile.write("b.wav", RNG.standard_normal(1000) / 8, 16000)
    options = ("--J", "3", "--Q", "1", "--segment", "128", "--hop", "100")
    table = features("a.wav", "b.wav", *options, "--resample", "8000")
    counts = {name: list(table.keys["file"]).count(name) for name in ("a.wav", "b.wav")}
    assert counts == {"a.wav": 5, "b.wav": 5}
    assert list(table.keys["segment"]) == [0, 1, 2, 3, 4] * 2
    assert json.loads(table.metadata["params"])["sampling_rate"] == 8000
    signal = np.zeros(528, np.float32)
    signal[:500] = read_sound("a.wav")[0]
    windows = np.stack([signal[start : start + 128] for start in range(0, 500, 100)])
    transform = scatter.Scattering1D(3, 128, 1, pooling="mean", sampling_rate=8000)
    np.testing.assert_allclose(table.features[:5], transform.fit_transform(windows), rtol=1e-4, atol=1e-7)


def test_channels_of_sounds():
    sound = RNG.standard_normal((200, 2)) / 8
    soundfile.write("a.wav", sound, 8000, subtype="DOUBLE")
    options = ("a.wav", "--J", "3", "--Q", "1", "--dtype", "float64")
    every = features(*options, "--channels", "all").features
    right = features(*options, "--channels", "1", output="u.npz").features
    mixed = features(*options, output="v.npz").features
    half = every.shape[1] // 2
    np.testing.assert_allclose(every[:, half:], right)
    assert mixed.shape == right.shape == (1, half)
    transform = scatter.Scattering1D(3, 200, 1, pooling="mean", sampling_rate=8000)
    np.testing.assert_allclose(mixed, transform.fit_transform(sound.mean(axis=1)[None]), rtol=1e-10)
    message = fail("features", *options, "-o", "w.npz", "--channels", "2")
    assert message.startswith("a.wav: the sound has 2 channel(s), numbered from 0; there is no channel 2")


def test_images_are_resized_then_cropped():
    image("a.png", (24, 40, 3))
    image("b.png", (50, 30, 3))
    table = features("a.png", "b.png", *SMALL, "--resize", "20x22", "--crop", "16x18", "--channels", "1")
    assert table.features.shape == (2, 25)
    assert json.loads(table.metadata["params"])["shape"] == [16, 18]
    found = skip("a.png", "b.png", *SMALL, "--crop", "40x20", output="u.npz")
    assert [file for file, _, _ in found] == ["a.png"]
    message = fail("features", "a.png", "-o", "v.npz", *SMALL, "--channels", "3")
    assert "channels of an image are 0 (red), 1 and 2, but --channels asks for 3" in message


def test_an_array_of_several_and_its_labels():
    images = RNG.random((6, 16, 16))
    np.savez("a.npz", x=images, other=images + 1, y=np.array(["u", "v", "w"] * 2))
    table = features("a.npz", "--array", "x", "--label-array", "y", *SMALL)
    assert list(table.keys["label"]) == ["u", "v", "w"] * 2
    same(table, scatter.Scattering2D(2, (16, 16), 4, pooling="mean"), images.astype(np.float32))
    for options, said in [
        ((), "a.npz: holds 3 arrays (x, other, y); exactly one is needed; type --array NAME"),
        (("--array", "z"), "a.npz: "),
        (("--array", "x", "--label-array", "z"), "a.npz: "),
    ]:
        assert fail("features", "a.npz", "-o", "u.npz", *SMALL, *options).startswith(said)
    np.savez("b.npz", x=images, y=np.arange(6))
    table = features("b.npz", "--label-array", "y", *SMALL, output="v.npz")
    assert list(table.keys["label"]) == list("012345")


def test_a_damaged_array_does_not_hide_what_the_others_are():
    Path("a.npy").write_bytes(b"nothing")
    np.save("b.npy", RNG.random((2, 16, 16)))
    ((file, _, why),) = skip("a.npy", "b.npy", *SMALL)
    assert (file, bool(why)) == ("a.npy", True)
    assert len(read_table("t.npz").features) == 2


# Outputs


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".zarr"])
def test_every_format_holds_the_same(suffix):
    for name in "ab":
        image(f"in/{name}.png")
    table = features("in", *SMALL, "--labels-from-folders", output="t" + suffix)
    plain = features("in", *SMALL, "--labels-from-folders", output="u.npz")
    np.testing.assert_array_equal(table.features, plain.features)
    assert (table.names, table.metadata) == (plain.names, plain.metadata)
    assert {key: list(values) for key, values in table.keys.items()} == {
        "file": ["in/a.png", "in/b.png"],
        "segment": [0, 0],
        "label": ["in", "in"],
    }


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet", ".zarr"])
def test_features_in_half_precision(suffix):
    image("a.png")
    half = features("a.png", *SMALL, "--dtype", "float16", output="t" + suffix).features
    full = features("a.png", *SMALL, output="u.npz").features
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, full.astype(np.float16))


def test_features_beyond_half_precision_are_left_out():
    np.save("a.npy", RNG.random((2, 16, 16)) * [[[1]], [[1e6]]])
    ((file, segment, why),) = skip("a.npy", *SMALL, "--dtype", "float16")
    assert (file, segment) == ("a.npy", "1")
    assert why.endswith("beyond float16; type --dtype float32")


def test_the_output_of_before_does_not_tell_the_transform():
    image("in/z.png")
    features("in", *SMALL, output="in/a.npz")
    assert "is complete already" in succeed("features", "in", "-o", "in/a.npz", *SMALL)


# Hostile inputs


def test_the_same_file_twice_is_taken_once():
    for name in "ab":
        image(f"in/{name}.png")
    absolute = str(Path("in/b.png").absolute())
    table = features("in/b.png", "in", "./in/a.png", "in/../in", absolute, "in/*.png", *SMALL)
    assert list(table.keys["file"]) == ["in/b.png", "in/a.png"]


@LINUX
def test_loops_of_folders_end():
    image("in/a.png")
    image("in/x/b.png")
    image("in/.hidden/c.png")
    os.symlink(".", "in/loop")
    os.symlink("..", "in/x/up")
    os.symlink("itself", "itself")
    files = ["in/a.png", "in/x/b.png"]
    for place, inputs in enumerate(["in", "in/**/*.png", "in/**", "**/*.png", "i*/**/?.png"]):
        table = features(inputs, *SMALL, output=f"{place}.npz")
        assert list(table.keys["file"]) == files
    assert fail("features", "itself", "-o", "t.npz", *SMALL) == (
        "itself: is a symbolic link to itself, which is not there"
    )
    absolute = str(Path("in").absolute())
    table = features(f"{absolute}/**/a**.png", *SMALL, output="u.npz")
    assert list(table.keys["file"]) == [f"{absolute}/a.png"]
    table = features("in/**/.hidden/*.png", *SMALL, output="v.npz")
    assert list(table.keys["file"]) == ["in/.hidden/c.png"]


@LINUX
def test_pipes_devices_and_broken_links_are_left_out():
    image("in/ok.png")
    os.mkfifo("in/a.png")
    os.symlink("/dev/zero", "in/b.png")
    os.symlink("nothing", "in/c.png")
    os.symlink("c2.png", "in/c2.png")
    os.mkfifo("in/d.npy")
    os.mkfifo("in/e.wav")
    Path("in/f.png").mkdir()
    found = skip("in", *SMALL)
    assert found[:2] == [("in/a.png", "", "is not a regular file"), ("in/b.png", "", "is not a regular file")]
    assert found[2:5] == [
        ("in/c.png", "", "is a symbolic link to nothing, which is not there"),
        ("in/c2.png", "", "Too many levels of symbolic links"),
        ("in/d.npy", "", "is not a regular file"),
    ]
    assert found[5][0] == "in/e.wav"
    assert len(found) == 6
    assert fail("features", "in/a.png", "-o", "u.npz", *SMALL) == "in/a.png: is not a regular file"
    os.mkfifo("list.csv")
    assert fail("features", "list.csv", "-o", "u.npz", *SMALL) == "list.csv: is not a regular file"
    assert fail("features", "in/ok.png", "-o", "in/ok.png/t.npz", *SMALL).startswith("in/ok.png/t.npz: ")
    message = fail("features", "/dev/null", "-o", "u.npz", *SMALL)
    assert message.startswith("/dev/null: the suffix (none) is not supported")
    assert stat.S_ISFIFO(os.stat("in/a.png").st_mode)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_left_out():
    image("in/a.png")
    image("in/b.png")
    os.chmod("in/a.png", 0)
    assert skip("in", *SMALL) == [("in/a.png", "", "Permission denied")]


def test_a_folder_that_may_not_be_read_is_left_out(monkeypatch):
    image("in/a.png")
    image("in/closed/b.png")
    image("in/open/c.png")
    scan = os.scandir

    def scandir(path):
        if str(path) == "in/closed":
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert skip("in", *SMALL) == [("in/closed", "", "Permission denied")]
    assert list(read_table("t.npz").keys["file"]) == ["in/a.png", "in/open/c.png"]
    strict = fail("features", "in", "-o", "u.npz", "--on-error", "fail", *SMALL)
    assert strict == "in/closed: Permission denied"
    assert fail("features", "in/closed", "-o", "u.npz", *SMALL) == "in/closed: Permission denied"


def test_links_that_lead_nowhere_say_where():
    image("in/a.png")
    os.symlink("elsewhere.png", "in/b.png")
    why = "is a symbolic link to elsewhere.png, which is not there"
    assert skip("in", *SMALL) == [("in/b.png", "", why)]
    assert fail("features", "in/b.png", "-o", "u.npz", *SMALL) == f"in/b.png: {why}"
    assert fail("pyramid", "in/b.png") == f"in/b.png: {why}"
    os.symlink("missing/u.npz", "u.npz")
    message = fail("features", "in/a.png", "-o", "u.npz", *SMALL)
    assert message.startswith("u.npz: can't be written: the folder ")
    assert "missing does not exist; create it first" in message


@LINUX
def test_names_that_are_no_text():
    image("in/a.png")
    os.mkdir(b"in/\xfe")
    os.rename(b"in/a.png", b"in/\xfe/\xff.png")
    Path(os.fsdecode(b"in/\xfe/\xfd.png")).write_bytes(b"")
    shown = "in/\\udcfe/\\udcff.png"
    ((file, _, why),) = skip("in", *SMALL, "--labels-from-folders")
    assert (file, why) == ("in/\\udcfe/\\udcfd.png", "the file is empty (0 bytes)")
    table = read_table("t.npz")
    assert (list(table.keys["file"]), list(table.keys["label"])) == ([shown], ["\\udcfe"])
    Path("list.csv").write_bytes(b"file,label\nin/\xfe/\xff.png,\xe9\n")
    table = features("list.csv", *SMALL, output="u.parquet")
    assert (list(table.keys["file"]), list(table.keys["label"])) == ([shown], ["\\udce9"])


def test_names_that_look_like_patterns_or_options(monkeypatch):
    for name in ("a[1]", "b*", "c d", "-e", "f\nг"):
        image(f"in/{name}.png")
    table = features("in/a[1].png", *SMALL)
    assert list(table.keys["file"]) == ["in/a[1].png"]
    monkeypatch.chdir("in")
    found = run("features", *SMALL, "-o", "u.npz", "--", "-e.png", "b*.png", "f\nг.png")
    assert found.exit_code == 0
    assert list(read_table("u.npz").keys["file"]) == ["-e.png", "b*.png", "f\nг.png"]


def test_hidden_files_and_unknown_suffixes_of_a_folder_are_no_inputs():
    image("in/a.png")
    Path("in/.b.png").write_bytes(b"")
    Path("in/notes.txt").write_text("x")
    with pytest.raises(AssertionError, match=r"in: 1 file\(s\) left out, .*: \.txt \(1\)"):
        features("in", *SMALL)
    Path("in/notes.txt").unlink()
    assert list(features("in", *SMALL).keys["file"]) == ["in/a.png"]
    assert files_here() == ["in", "t.npz"]
