"""Formulas as MathML, which browsers draw by themselves: a page fetches nothing to be read."""

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging


def convert(translator, node, as_block):
    """Write a formula as MathML, or as it was typed with a warning if it can't be read."""
    try:
        formula = tex2mathml(node.astext(), as_block)
    except (ValueError, SyntaxError) as error:
        logging.getLogger(__name__).warning("%s in %s", error, node.astext(), location=node)
        formula = f"<code>{translator.encode(node.astext())}</code>"
    # Bars are brackets here, without the space and the height that MathML gives them as relations.
    formula = re.sub(r"<mo>([|‖])</mo>", r'<mo stretchy="false">\1</mo>', formula)
    formula = re.sub(r"<mo([^>]*)>([|‖])</mo>", r'<mo\1 lspace="0" rspace="0">\2</mo>', formula)
    translator.body.append(f'<div class="formula">{formula}</div>\n' if as_block else formula)
    raise nodes.SkipNode


def inline(translator, node):
    """Write a formula within a line."""
    convert(translator, node, False)


def display(translator, node):
    """Write a formula on a line of its own."""
    convert(translator, node, True)


def setup(app):
    """Register the renderer ``mathml`` with Sphinx."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(display, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
