"""An executed notebook becomes an HTML page that needs no network."""

from __future__ import annotations

import base64
import json
import re
from html import escape
from pathlib import Path

import numpy as np

from ._canvas import CAPTION
from ._folder import contents_of, share_plotly_js, title
from ._formulas import STYLE, with_formulas

_PLOTLY = "application/vnd.plotly.v1+json"
_WIDGET = "application/vnd.jupyter.widget-view+json"
_REMOTE_IMAGE = re.compile(r"!\[([^\]]*)\]\(https?://[^)]*\)")
# Code can be folded; what a cell tagged hide-input does is styling, folded from the start.
_TEMPLATE = """{% extends 'lab/index.html.j2' %}
{% block html_head_css %}{{ super() }}<style>{{ resources.formula_style }}</style>{% endblock %}
{% block input_group %}
<details{{ '' if 'hide-input' in cell.metadata.get('tags', []) else ' open' }}>
<summary>code</summary>{{ super() }}</details>
{% endblock %}"""
_SLIDER = """<p><output for="{name}-slider">{said}</output><br>
<input id="{name}-slider" type="range" min="0" max="{last}" value="{now}" style="width:90%"
 aria-label="moves the figure above" aria-valuetext="{said}"></p>"""
_MOVES = """<script>{
const slider = document.getElementById("NAME-slider"), steps = STEPS;
slider.addEventListener("input", () => {
  const step = steps[slider.value], said = slider.parentElement.querySelector("output");
  slider.setAttribute("aria-valuetext", said.value = step.label);
  Plotly[step.method](document.getElementById("NAME"), ...step.args);
});
}</script>"""
_LINK = re.compile(r"\[([^\]]*)\]\(([\w-]+)\.ipynb\)")


def write_page(notebook: Path, page: Path, *, alone: bool = True) -> None:
    """Write ``notebook``, already executed, as a page: equations as MathML, progress bars and
    remote images left out. Notebooks it mentions are linked, and those before and after it, where
    their pages lie beside it.

    ``alone``, it has plotly.js inside. Else it is one of a folder's pages, which share the
    ``plotly.min.js`` beside them, written where the one there is not the installed plotly's, and
    the contents (`write_contents`), linked. Raises OSError where a file cannot be written."""
    import nbformat
    from nbconvert import HTMLExporter

    from .drawings import STILLS

    nb = nbformat.read(notebook, as_version=4)
    nb.metadata.pop("widgets", None)
    number = 0
    plotly_js: bool | str = True if alone else "directory"  # as plotly's to_html takes it
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = _REMOTE_IMAGE.sub(r"\1", with_formulas(cell.source))
            cell.source = _LINK.sub(lambda link: _linked(link, page.parent), cell.source)
            continue
        outputs = []
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            drawn = data.get(_PLOTLY) or data.get(STILLS)
            if (_WIDGET in data and not drawn) or output.get("name") == "stderr":
                continue
            if drawn:
                number += 1
                html = _figure_html(drawn, plotly_js, f"figure-{number}")
                output["data"] = {"text/html": html}
                plotly_js = False  # once is enough
            elif data.get("text/html", "").startswith("<figcaption>"):
                continue  # it is in the figure
            outputs.append(output)
        cell.outputs = outputs

    words = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    if links := _neighbours(page, alone):
        nb.cells.append(nbformat.v4.new_markdown_cell(links))
    exporter = HTMLExporter(template_name="lab", mathjax_url="", require_js_url="", jquery_url="")
    exporter.raw_template = _TEMPLATE
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    resources = {"metadata": {"name": title(words) or page.stem}, "formula_style": STYLE}
    body, _ = exporter.from_notebook_node(nb, resources)
    if not alone and not plotly_js:
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


def _figure_html(figure: dict, plotly_js: bool | str, name: str) -> str:
    import plotly.io as pio

    layout = dict(figure["layout"])
    caption = escape(layout.get("meta", {}).get(CAPTION, ""))
    sliders = "".join(_slider(slider, name) for slider in layout.pop("sliders", []))
    kept = {k: figure[k] for k in ("data", "frames") if k in figure} | {"layout": layout}
    drawn = pio.from_json(json.dumps(_lighter(kept)))
    html = pio.to_html(
        drawn, include_plotlyjs=plotly_js, full_html=False, auto_play=False, div_id=name
    )
    if caption:
        html = f'<div role="img" aria-label="{caption}">{html}</div>'
    words = f"<figcaption><em>{caption}</em></figcaption>" if caption else ""
    return f"<figure>{html}{sliders}{words}</figure>" if sliders + words else html


def _slider(slider: dict, name: str) -> str:
    """One of plotly's as the browser's own, which a keyboard moves and a reader reads."""
    now, prefix = slider.get("active", 0), slider.get("currentvalue", {}).get("prefix", "")
    steps = [step | {"label": prefix + step["label"]} for step in slider["steps"]]
    said, last = escape(steps[now]["label"]), len(steps) - 1
    data = json.dumps(steps).replace("<", "\\u003c")  # nothing in a script may end it
    moves = _MOVES.replace("NAME", name).replace("STEPS", data)
    return _SLIDER.format(name=name, last=last, now=now, said=said) + moves


def _lighter(part):
    """Of a figure's JSON, with its maps in single precision: no screen shows more."""
    if isinstance(part, list):
        return [_lighter(item) for item in part]
    if not isinstance(part, dict):
        return part
    if part.get("dtype") == "f8" and "shape" in part:
        numbers = np.frombuffer(base64.b64decode(part["bdata"]), "<f8").astype("<f4")
        return part | {"dtype": "f4", "bdata": base64.b64encode(numbers.tobytes()).decode()}
    return {key: _lighter(value) for key, value in part.items()}
