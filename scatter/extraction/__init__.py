"""From files to tables of features: shards that survive a crash, on one machine or on many."""

from scatter.extraction.kinds import TRANSFORMS, TransformKind
from scatter.extraction.recipe import Recipe
from scatter.extraction.recipefile import load_recipe, save_recipe
from scatter.extraction.run import Report, extract

__all__ = ["TRANSFORMS", "Recipe", "Report", "TransformKind", "extract", "load_recipe", "save_recipe"]
