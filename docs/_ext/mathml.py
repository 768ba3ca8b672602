"""Formulas as MathML, which browsers draw by themselves: a page fetches nothing to be read."""

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml


def inline(translator, node):
    """Write a formula within a line."""
    translator.body.append(tex2mathml(node.astext(), False))
    raise nodes.SkipNode


def display(translator, node):
    """Write a formula on a line of its own."""
    translator.body.append(f'<div class="math">{tex2mathml(node.astext(), True)}</div>\n')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer ``mathml`` with Sphinx."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
