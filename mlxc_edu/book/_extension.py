"""What Sphinx does not do by itself: formulas without JavaScript, our docstrings' sections."""

from __future__ import annotations

from docutils import nodes

from ..figures import formula
from ._reference import arranged


def setup(app):
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-process-docstring", _process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(translator, node):
    translator.body.append(formula(node.astext(), "inline"))
    raise nodes.SkipNode


def _block(translator, node):
    translator.body.append(f'<div class="math">{formula(node.astext(), "block")}</div>')
    raise nodes.SkipNode


def _process(app, what, name, value, options, lines):
    lines[:] = arranged(lines)
