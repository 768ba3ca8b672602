"""The idea in pictures: what `scatter demo` and the page on the idea show, a scene each."""

from scatter.idea.blocks import building_blocks
from scatter.idea.domains import four_domains
from scatter.idea.scales import multiscale
from scatter.idea.scene import Scene, photograph
from scatter.idea.stability import stability
from scatter.idea.symmetry import symmetry

__all__ = ["Scene", "building_blocks", "four_domains", "multiscale", "photograph", "stability", "symmetry"]
