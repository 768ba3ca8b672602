"""Whatever is left out is counted and said, and readers do not depend on what is read beside a file."""

import types
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cli_helpers import fail, image, run, succeed
from PIL import Image

from scatter import GraphScattering, InputError, ScatterWarning
from scatter.domains.graph import read_graphs
from scatter.io import expand, read_image
from scatter.io.images import quiet_decoding
from scatter.io.reading import Reading
from scatter.io.tables import read_table

pytestmark = pytest.mark.usefixtures("own_folder")

SMALL = ("--J", "2", "--L", "2", "-q")


def animation(name, kind=None):
    frames = [Image.new("L", (16, 16), level) for level in (0, 100, 200)]
    frames[0].save(name, kind, save_all=True, append_images=frames[1:])


# ---------------------------------------------------------------------- animations
@pytest.mark.parametrize("beside", [[], ["b.png"], [f"{k}.png" for k in range(20)]])
@pytest.mark.parametrize("first", [False, True])
def test_an_animated_png_has_its_frames_whatever_is_beside_it(beside, first):
    animation("a.png")
    for name in beside:
        image(name, (16, 16))
    inputs = ["a.png", *beside] if first else [*beside, "a.png"]
    succeed("features", *inputs, "-o", "t.npz", *SMALL)
    table = read_table("t.npz")
    numbers = [
        int(n) for file, n in zip(table.keys["file"], table.keys["segment"], strict=True) if file == "a.png"
    ]
    assert numbers == [0, 1, 2]
    assert len(table.features) == 3 + len(beside)


@pytest.mark.parametrize("batch", ["1", "2", "64"])
def test_frames_do_not_depend_on_the_batch(batch):
    animation("a.png")
    succeed("features", "a.png", "-o", "t.npz", "--batch", batch, *SMALL)
    assert len(read_table("t.npz").features) == 3


@pytest.mark.parametrize(("kind", "suffix"), [("TIFF", ".tif"), ("GIF", ".gif"), ("WEBP", ".webp")])
def test_pages_behind_a_suffix_that_does_not_say_so(kind, suffix):
    animation("a.png", kind)
    message = fail("features", "a.png", "-o", "t.npz", *SMALL)
    assert message == (
        f"a.png: holds 3 pages of {kind}, which its suffix does not say; rename it to a{suffix}, or type "
        "--pages first"
    )
    succeed("features", "a.png", "-o", "t.npz", "--pages", "first", *SMALL)
    assert len(read_table("t.npz").features) == 1


def test_frames_beyond_the_first_are_said():
    animation("a.gif")
    with pytest.warns(ScatterWarning, match=r"a\.gif: left out: 2 of 3 pages or frames"):
        read_image("a.gif")


# ---------------------------------------------------------------------- files
def mixed():
    for name in ("in/a.png", "in/deep/b.png"):
        image(name)
    for name in ("in/x.mat", "in/deep/y.mat", "in/z.h5", "in/README", "in/.hidden"):
        Path(name).write_text("x")


@pytest.mark.parametrize("entry", ["in", "in/**"])
def test_files_of_other_suffixes_are_counted(entry):
    mixed()
    words = r"4 file\(s\) left out, .* not supported: without a suffix \(1\), \.h5 \(1\), \.mat \(2\)"
    with pytest.warns(ScatterWarning, match=words):
        assert len(expand([entry])) == 2


def test_a_run_says_once_what_it_leaves_out(monkeypatch):
    mixed()
    monkeypatch.setattr(warnings, "filters", [("always", None, ScatterWarning, None, 0)])
    result = run("features", "in", "-o", "t.npz", "--J", "2", "--L", "2")
    assert result.exit_code == 0
    assert result.stderr.count("in: 4 file(s) left out, whose suffixes are not supported") == 1


def test_nothing_is_said_of_outputs_and_of_what_is_named():
    image("a.png")
    image("b.png")
    Path("more.txt").write_text("x")
    assert len(expand(["a.png", "b.png", "*.png"])) == 2
    Path("more.txt").unlink()
    succeed("features", ".", "-o", "t.npz", *SMALL)
    succeed("features", ".", "-o", "t.npz", "--overwrite", *SMALL)


@pytest.mark.parametrize("action", ["error", "ignore", "always"])
def test_decoding_quietly_leaves_our_own_warnings_as_they_were(action):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter(action)
        with quiet_decoding():
            warnings.warn("of others", UserWarning, stacklevel=1)
            if action == "error":
                with pytest.raises(ScatterWarning):
                    warnings.warn("ours", ScatterWarning, stacklevel=1)
            else:
                warnings.warn("ours", ScatterWarning, stacklevel=1)
    assert len(seen) == (action == "always")


# ---------------------------------------------------------------------- edges
def data(**attributes):
    edges = np.array([[0, 1, 2, 1, 2, 0], [1, 2, 0, 0, 1, 2]])
    return types.SimpleNamespace(edge_index=edges, x=np.ones((3, 2)), num_nodes=3, **attributes)


def test_edge_attributes_are_counted():
    graphs = [data(edge_attr=np.ones((6, 4))), data(), data(edge_attr=np.ones(6), edge_weight=np.ones(6))]
    with pytest.warns(
        ScatterWarning, match=r"of edges are not used: 'edge_attr' \(in 1 of 3\); the weight of an"
    ):
        GraphScattering(J=2).fit(graphs)
    with pytest.warns(ScatterWarning, match="edge_attr"):
        read_graphs([(data(edge_attr=np.ones((6, 4))), np.ones((3, 1)))])
    GraphScattering(J=2).fit(graphs[1:])


def test_attributes_of_edges_in_networkx_are_counted():
    networkx = pytest.importorskip("networkx")
    known = networkx.cycle_graph(5)
    read_graphs([known])
    networkx.set_edge_attributes(known, 2.0, "weight")
    read_graphs([known])
    networkx.set_edge_attributes(known, "single", "bond")
    with pytest.warns(
        ScatterWarning, match=r"not used: 'bond' \(in 1 of 2\); the weight of an edge is 'weight'"
    ):
        read_graphs([known, networkx.cycle_graph(4)])


# ---------------------------------------------------------------------- options
@pytest.mark.parametrize(("options", "message"), [
    (("--array", "x"), "--array has no effect: no input is an array"),
    (("--label-array", "x"), "--label-array has no effect: no input is an array"),
    (("--pages", "first"), None),
])  # fmt: skip
def test_options_without_effect_are_said(options, message, monkeypatch):
    image("a.png", (16, 16))
    monkeypatch.setattr(warnings, "filters", [("always", None, ScatterWarning, None, 0)])
    result = run("features", "a.png", "-o", "t.npz", *SMALL[:-1], *options)
    assert result.exit_code == 0
    assert result.stderr == ("" if message is None else f"scatter: warning: {message}\n")


def test_pages_and_rates_of_inputs_that_have_none(monkeypatch):
    np.save("a.npy", np.random.default_rng(0).standard_normal((3, 16, 16)).astype("float32"))
    soundfile.write("a.wav", np.random.default_rng(0).standard_normal(256) / 8, 8000)
    monkeypatch.setattr(warnings, "filters", [("always", None, ScatterWarning, None, 0)])
    result = run("features", "a.npy", "-o", "t.npz", *SMALL[:-1], "--pages", "first")
    assert result.stderr == "scatter: warning: --pages first has no effect: no input is an image\n"
    result = run("features", "a.wav", "-o", "u.npz", "--J", "3", "--rate", "100")
    assert result.stderr == "scatter: warning: --rate has no effect: no input is an array\n"


@pytest.mark.parametrize("kind", ["mesh", "graph", "points"])
def test_channels_are_of_images_and_signals(kind):
    message = f"is about images, volumes and signals, .* of kind '{kind}'"
    with pytest.raises(InputError, match=message):
        Reading(kind, channels="all")


def test_numbers_beyond_a_precision_are_called_so():
    np.save("a.npy", np.full((2, 64), 1e200))
    message = fail("features", "a.npy", "-o", "t.npz", "--transform", "1d", "--J", "3")
    assert message == ("a.npy: holds numbers beyond float32; type --dtype float64, the first at index (0, 0)")
    succeed("features", "a.npy", "-o", "t.npz", "--transform", "1d", "--J", "3", "--dtype", "float64")
