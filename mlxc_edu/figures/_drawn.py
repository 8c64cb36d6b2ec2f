"""What cells of an executed notebook left, as HTML that needs no kernel.

Figures have their captions as alternative text, and sliders of the browser's own."""

from __future__ import annotations

import base64
import json
from html import escape

import numpy as np

from ._canvas import CAPTION

_PLOTLY = "application/vnd.plotly.v1+json"
_WIDGET = "application/vnd.jupyter.widget-view+json"
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


def draw_outputs(notebook, plotly_js: bool | str) -> int:
    """Turn figures and explorers' pictures of an executed notebook into HTML, in place; what only
    a live kernel can show, and what was said on stderr, goes. Returns the number of figures.

    ``plotly_js`` is what the first of them brings along, as plotly's ``to_html`` takes it: True,
    ``"directory"`` or an address."""
    from .drawings import STILLS

    notebook.metadata.pop("widgets", None)
    number = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
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
    return number


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
        html = f'<div role="figure" aria-label="{caption}">{html}</div>'
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
