"""The enumeration of paths, and its grouping into arrays, over the library's banks and over any other."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatter import Scattering1D, Scattering2D
from scatter.frames.morlet1d import Morlet1D
from scatter.frames.morlet2d import Morlet2D
from scatter.paths import Band, Path, PathTree


@dataclass(frozen=True)
class AnyBank:
    """A bank with an arbitrary rule of which band may follow which, and arbitrary resolutions."""

    rule: frozenset
    resolutions: tuple[int, ...]

    def bands(self, order):
        return tuple(Band(n, n, (("j", n),), 0.4 / (n + 1), 0.1) for n in range(len(self.resolutions)))

    def follows(self, previous, band):
        return previous is None or (previous.n, band.n) in self.rule

    def resolution(self, band):
        return self.resolutions[band.n]


@st.composite
def any_banks(draw):
    size = draw(st.integers(1, 4))
    pairs = st.sampled_from(list(itertools.product(range(size), repeat=2)))
    resolutions = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    return AnyBank(draw(st.frozensets(pairs)), tuple(resolutions))


BANKS_1D = st.builds(
    Morlet1D,
    J=st.integers(1, 5),
    Q=st.tuples(st.integers(1, 3), st.integers(1, 2)),
    T=st.just(4.0),
    log2_stride=st.just(2),
    limit=st.integers(0, 5),
    two_sided=st.booleans(),
)
BANKS_2D = st.builds(Morlet2D, J=st.integers(1, 4), L=st.integers(1, 3), two_sided=st.booleans())
CAPACITIES = st.none() | st.integers(1, 12).map(lambda room: lambda resolution: room << resolution)
TREES = st.builds(PathTree, any_banks() | BANKS_1D | BANKS_2D, st.integers(0, 4), CAPACITIES)


def admissible(bank, max_order):
    """Every path, from the definition: all sequences of bands, less those that break the rule."""
    for order in range(max_order + 1):
        for bands in itertools.product(*(bank.bands(m + 1) for m in range(order))):
            if all(bank.follows(a, b) for a, b in zip((None, *bands), bands, strict=False)):
                yield bands


@given(st.builds(PathTree, any_banks() | BANKS_2D, st.integers(0, 3)))
def test_the_paths_are_all_the_admissible_sequences_of_bands(tree):
    assert [path.bands for path in tree.paths] == list(admissible(tree.bank, tree.max_order))


@given(TREES)
def test_paths_are_sorted_by_order_then_by_indices_and_are_unique(tree):
    keys = [(path.order, path.n) for path in tree.paths]
    assert keys == sorted(set(keys))
    assert len(tree) == len(tree.paths) == sum(tree.counts)
    assert tree.counts[0] == 1
    assert len(set(tree.names)) == len(tree)


@given(TREES)
def test_every_path_is_in_exactly_one_group(tree):
    positions = [place for group in tree.root for place in group.positions]
    assert sorted(positions) == list(range(len(tree)))


@given(TREES)
def test_groups_share_an_order_and_a_resolution(tree):
    for group in tree.root:
        members = [tree.paths[place] for place in group.positions]
        assert {(path.order, path.resolution) for path in members} == {(group.order, group.resolution)}
        for path in members:
            assert path.resolution == (tree.bank.resolution(path.bands[-1]) if path.bands else 0)


@given(TREES)
def test_an_edge_is_every_path_of_a_group_by_every_band_in_c_order(tree):
    places = {path.bands: place for place, path in enumerate(tree.paths)}
    for group in tree.root:
        for edge in group.edges:
            parents = [tree.paths[place].bands for place in group.positions]
            children = [places[*parent, band] for parent in parents for band in edge.bands]
            assert edge.child.positions == tuple(children)


@given(any_banks() | BANKS_1D | BANKS_2D, st.integers(0, 4), st.integers(1, 12))
def test_a_group_holds_no_more_than_its_capacity_unless_its_parents_do(bank, max_order, room):
    tree = PathTree(bank, max_order, lambda resolution: room << resolution)
    for group in tree.root:
        for edge in group.edges:
            most = max(room << edge.child.resolution, len(group.positions))
            assert len(edge.child.positions) <= most
    assert tree.paths == PathTree(bank, max_order).paths


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 4))
def test_2d_counts(J, L, max_order):
    """1 + L J + L^2 J (J - 1) / 2 + L^3 J (J - 1) (J - 2) / 6 + ...: increasing scales, any directions."""
    tree = PathTree(Morlet2D(J, L), max_order)
    wanted = [L**m * math.comb(J, m) for m in range(max_order + 1)]
    assert tree.counts == tuple(count for count in wanted if count)
    assert len(tree) == sum(wanted)
    if max_order == 3:
        assert len(tree) == 1 + L * J + L**2 * J * (J - 1) // 2 + L**3 * J * (J - 1) * (J - 2) // 6


@given(TREES, st.none() | st.floats(1, 1e6))
def test_the_table_has_a_row_for_every_path(tree, sampling_rate):
    table = tree.table(sampling_rate)
    assert {len(column) for column in table.values()} == {len(tree)}
    assert table["path"] == list(tree.names)
    assert table["order"] == [len(n) for n in table["n"]]
    assert table["resolution"] == [path.resolution for path in tree.paths]
    for name in ("n", "j", "xi", "sigma", "bandwidth"):
        assert table[name] == [tuple(getattr(band, name) for band in path.bands) for path in tree.paths]
        assert (f"{name}_hz" in table) == (sampling_rate is not None and name not in ("n", "j"))
    if sampling_rate is not None:
        for name in ("xi", "sigma", "bandwidth"):
            assert table[f"{name}_hz"] == [tuple(sampling_rate * v for v in row) for row in table[name]]


@given(TREES)
def test_meta_is_the_table_padded_with_nan(tree):
    meta, table = tree.meta(), tree.table()
    assert meta["key"] == table["n"]
    np.testing.assert_array_equal(meta["order"], table["order"])
    for name in ("n", "j", "xi", "sigma"):
        assert meta[name].shape == (len(tree), max(tree.max_order, 1))
        for row, values in zip(meta[name], table[name], strict=True):
            np.testing.assert_array_equal(row[: len(values)], values)
            assert np.isnan(row[len(values) :]).all()


def test_a_2d_table_names_directions():
    table = Scattering2D(J=2, shape=(8, 8), L=4, max_order=2).table()
    assert table["theta"][-1] == (3, 3)
    np.testing.assert_allclose(
        table["angle"][1:5], [[np.pi / 4], [0], [-np.pi / 4], [-np.pi / 2]], atol=1e-15
    )
    assert "theta" not in Scattering1D(J=2, shape=8).table()
    assert "angle" not in Scattering1D(J=2, shape=8).table()


def test_hertz_come_from_the_sampling_rate_of_the_transform():
    table = Scattering1D(J=4, shape=256, sampling_rate=8000).table()
    assert table["xi_hz"][1] == (8000 * 0.35,)
    assert "xi_hz" not in Scattering1D(J=4, shape=256).table()


def test_paths_print_as_the_mathematics():
    psi, chi = Band(3, 1, (("j", 1), ("theta", 3)), 0.2, 0.1), Band(8, 2, (("j", 2), ("theta", 0)), 0.1, 0.05)
    assert str(Path()) == "x*phi"
    assert str(Path((psi,), 1)) == "|x*psi[j=1,theta=3]|*phi"
    assert str(Path((psi, chi), 2)) == "||x*psi[j=1,theta=3]|*psi[j=2,theta=0]|*phi"
    assert Path((psi, chi), 2).modulus == "||x*psi[j=1,theta=3]|*psi[j=2,theta=0]|"
    assert (Path().order, Path((psi, chi)).j, Path((psi, chi)).n) == (0, (1, 2), (3, 8))


def test_bandwidth_is_the_width_of_the_power_spectrum_at_half_its_height():
    band = Band(0, 0, (("j", 0),), 0.3, 0.02)
    assert np.exp(-0.5 * (band.bandwidth / 2 / band.sigma) ** 2) ** 2 == pytest.approx(0.5)
    assert (band.label("j"), band.label("theta")) == (0, None)


@pytest.mark.parametrize(
    "S", [Scattering1D(J=4, shape=64, Q=2), Scattering2D(J=3, shape=(16, 16), L=2)], ids=str
)
def test_the_output_is_sized_as_the_tree_says(S):
    assert S.output_size() == len(S.tree) == S(np.ones((2, *S.frame.shape))).shape[1]
    assert S.output_size(detail=True) == S.tree.counts
