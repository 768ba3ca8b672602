"""The idea in pictures: what the scenes say is what was measured, and the demo shows all of it."""

import json

import numpy as np
import pytest
from cli_helpers import fail, succeed
from matplotlib.figure import Figure

from scatter import Scattering2D
from scatter.idea import building_blocks, four_domains, multiscale, photograph, stability, symmetry
from scatter.idea.blocks import through
from scatter.idea.scene import grey


@pytest.fixture(scope="module")
def domains():
    return four_domains()


def test_what_moves_with_an_image_and_what_stays():
    scene = symmetry()
    assert scene.numbers["equivariance"] < 1e-6
    assert scene.numbers["invariance"] < 1e-6
    assert scene.numbers["input"] > 0.3
    assert "69%" in scene.text[0]


def test_sixes_stay_near_sixes():
    scene = stability()
    assert scene.numbers["C Scattering2D"] < 0.5 * scene.numbers["C input"]
    assert f"C is {scene.numbers['C Scattering2D']:.2f}" in scene.text[0]
    assert set(scene.pictures) == {"neighbours", "stability"}


def test_coefficients_stay_on_every_domain(domains):
    found = domains.numbers
    events = [name.removesuffix(": numbers") for name in found if name.endswith(": numbers")]
    assert len(events) == 5
    for event in events:
        assert found[f"{event}: coefficients"] < 0.15 * found[f"{event}: numbers"], event
    for event in ("nodes are renumbered", "other axes are chosen"):
        assert found[f"{event}: coefficients"] < 1e-12


def test_the_blocks_are_those_of_the_transform():
    x = grey(photograph(64))
    _, _, modulus, local, mean = through(x)
    S = Scattering2D(J=3, L=4, shape=x.shape, padding=None)
    path = next(place for place, path in enumerate(S.tree.paths) if path.j == (1,))
    # The transform samples moduli as coarsely as their wavelet allows.
    np.testing.assert_allclose(local[::8, ::8], S(x)[path], atol=1e-3 * local.max() + 5e-4)
    S.set_params(average="global")
    assert S(x)[path] == pytest.approx(mean[0, 0], rel=1e-3)
    assert modulus.min() >= 0
    assert set(building_blocks().pictures) == {"blocks"}


def test_compressed_images_stand_beside_jpeg_2000(monkeypatch):
    scene = multiscale(64)
    ours, theirs = (scene.numbers.get(f"{name} 0.5 bpp") for name in ("scatter", "jpeg2000"))
    assert 15 < theirs < ours
    monkeypatch.setattr("scatter.idea.scales.CODECS", ("scatter", "avif"))
    monkeypatch.setattr(
        "scatter.codec.rivals.Codec.available", property(lambda codec: codec.name == "scatter")
    )
    axes = multiscale(64).pictures["compressed"][0].axes
    assert sum(ax.get_title() == "avif is not here" for ax in axes) == 2


def test_the_demo_shows_every_scene(tmp_path, monkeypatch, domains):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scatter.cli.demo.SCENES", (symmetry, lambda: domains))
    monkeypatch.setattr("scatter.cli.digits.SIZES", (100, 1000))
    monkeypatch.setattr("scatter.cli.demo.SIZES", (100, 1000))
    shown = succeed("demo")
    assert "other axes are chosen" in shown
    page = (tmp_path / "scatter-demo" / "report.html").read_text()
    assert page.count("<img") == 3
    for text in (symmetry().title, domains.title, *domains.text, "A light classifier on top"):
        assert text in page
    said = json.loads(succeed("demo", "--json"))
    assert said["numbers"][domains.title] == domains.numbers
    assert [name.rpartition("/")[2] for name in said["files"]] == [
        "symmetry.png",
        "domains.png",
        "digits.png",
        "report.html",
    ]
    (tmp_path / "file").write_text("")
    assert "can't be made a folder" in fail("demo", "-o", "file")
    assert all(isinstance(figure, Figure) for figure, _ in domains.pictures.values())
