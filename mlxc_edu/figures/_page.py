"""An executed notebook becomes an HTML page that needs no network."""

from __future__ import annotations

import re
from pathlib import Path

from ._drawn import draw_outputs
from ._folder import contents_of, share_plotly_js, title
from ._formulas import STYLE, with_formulas

_REMOTE_IMAGE = re.compile(r"!\[([^\]]*)\]\(https?://[^)]*\)")
# Code can be folded; what a cell tagged hide-input does is styling, folded from the start.
_TEMPLATE = """{% extends 'lab/index.html.j2' %}
{% block html_head_css %}{{ super() }}<style>{{ resources.formula_style }}</style>{% endblock %}
{% block input_group %}{% if cell.source %}
<details{{ '' if 'hide-input' in cell.metadata.get('tags', []) else ' open' }}>
<summary>code</summary>{{ super() }}</details>
{% endif %}{% endblock %}"""
_LINK = re.compile(r"\[([^\]]*)\]\(((?:[\w-]+/)*[\w-]+)\.ipynb\)")


def write_page(notebook: Path, page: Path, *, alone: bool = True) -> None:
    """Write ``notebook``, already executed, as a page: equations as MathML, progress bars and
    remote images left out. Notebooks it mentions are linked, and those before and after it, where
    their pages lie beside it.

    ``alone``, it has plotly.js inside. Else it is one of a folder's pages, which share the
    ``plotly.min.js`` beside them, written where the one there is not the installed plotly's, and
    the contents (`write_contents`), linked. Raises OSError where a file cannot be written."""
    import nbformat
    from nbconvert import HTMLExporter

    nb = nbformat.read(notebook, as_version=4)
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = _REMOTE_IMAGE.sub(r"\1", with_formulas(cell.source))
            cell.source = _LINK.sub(lambda link: _linked(link, page.parent), cell.source)
    figures = draw_outputs(nb, True if alone else "directory")
    words = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    if links := _neighbours(page, alone):
        nb.cells.append(nbformat.v4.new_markdown_cell(links))
    exporter = HTMLExporter(template_name="lab", mathjax_url="", require_js_url="", jquery_url="")
    exporter.raw_template = _TEMPLATE
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    resources = {"metadata": {"name": title(words) or page.stem}, "formula_style": STYLE}
    body, _ = exporter.from_notebook_node(nb, resources)
    if not alone and figures:
        share_plotly_js(page.parent)
    page.write_text(re.sub(r'<script[^>]*src=""[^>]*>\s*</script>', "", body), encoding="utf-8")


def _linked(link: re.Match, folder: Path) -> str:
    text, name = link.groups()
    return f"[{text}]({name}.html)" if (folder / f"{name}.html").is_file() else text


def _neighbours(page: Path, alone: bool) -> str:
    """Links to the contents, and to the pages before and after this one in a series, whose names
    begin with numbers."""
    contents = contents_of(page.parent)
    is_there = contents and (contents.exists() or not alone)  # or will be
    links = ["[contents](index.html)"] if is_there else []
    if page.stem[:1].isdigit():
        order = sorted({p.stem for p in page.parent.glob("[0-9]*.html")} | {page.stem})
        i = order.index(page.stem)
        links = [f"[← {name}]({name}.html)" for name in order[max(i - 1, 0) : i]] + links
        links += [f"[{name} →]({name}.html)" for name in order[i + 1 : i + 2]]
    return " · ".join(links)
