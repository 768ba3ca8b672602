"""How the documentation is built: ``sphinx-build -W --keep-going -b html docs docs/_build/html``."""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the examples are small; threads only get in each other's way
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")]).rstrip(
    os.pathsep
)

import scatter

project = "scatter"
author = "the authors of scatter"
copyright = author
version = release = scatter.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "mathml",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "examples", "generated"]
default_role = "py:obj"
nitpicky = False

# Pages
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# Reference
autosummary_generate = True
autosummary_context = {  # constructor arguments, documented as such and not again as attributes
    "parameters": {*scatter.Scattering1D().get_params(), *scatter.Scattering2D().get_params()}
}
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# Examples
sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "ExampleTitleSortKey",
    "backreferences_dir": "api/generated/backreferences",
    "doc_module": ("scatter",),
    "reference_url": {"scatter": None},
    "matplotlib_animations": False,
    "image_scrapers": ("matplotlib",),
    "remove_config_comments": True,
    "write_computation_times": False,
    "min_reported_time": 1000,
    "download_all_examples": False,
    "show_signature": False,
    "show_memory": False,
    "abort_on_example_error": False,
    "only_warn_on_example_error": False,
}

# Site
html_theme = "pydata_sphinx_theme"
html_title = f"scatter {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_math_renderer = "mathml"
html_sidebars = {
    "index": [],
    "install": [],
    "tutorial": [],
    "command_line": [],
    "changes": [],
    "architecture": [],
}
html_theme_options = {
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
    "show_prev_next": True,
}


def escape_shapes(app, what, name, obj, options, lines):
    """Let docstrings write shapes and moduli as they are: ``(..., *shape)`` and ``|w|``."""
    for number, line in enumerate(lines):
        parts = line.split("``")
        for part in range(0, len(parts), 2):
            parts[part] = re.sub(r"(?<=[(, ])\*(?=[\w.]+[,()])", r"\\*", parts[part])
            parts[part] = re.sub(r"\|(\w+)\|", r"\|\1\|", parts[part])
        lines[number] = "``".join(parts)


def hide_signature_of_protocols(app, what, name, obj, options, signature, returns):
    """Nobody calls a protocol."""
    return ("", None) if getattr(obj, "_is_protocol", False) else None


def draw_the_idea(app):
    """Make the pictures of the page on the idea, those of ``scatter demo``."""
    from scatter import idea

    folder = HERE / "generated" / "idea"
    folder.mkdir(parents=True, exist_ok=True)
    for make in (idea.symmetry, idea.stability, idea.multiscale, idea.four_domains, idea.building_blocks):
        for name, (figure, _) in make().pictures.items():
            figure.savefig(folder / f"{name}.png", dpi=120)


def setup(app):
    """Connect what needs a hook; before numpydoc, which comes at 500."""
    app.connect("autodoc-process-signature", hide_signature_of_protocols, priority=900)
    app.connect("autodoc-process-docstring", escape_shapes, priority=400)
    app.connect("builder-inited", draw_the_idea)
