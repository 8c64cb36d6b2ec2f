"""How every figure looks: one template, and for each method one colour, dash and marker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import plotly.graph_objects as go
import plotly.io as pio
from plotly.subplots import make_subplots
from pyscf.data.elements import ELEMENTS

from ...weights import is_file

TEMPLATE = "mlxc_edu"
_SHAPE = {"shared_xaxes", "shared_yaxes", "horizontal_spacing", "vertical_spacing"}
GUIDE = "#767676"  # lines that help the eye: zero, an experiment, a crossing

# Elements, each with at most one digit: two are rather a method's, as in B97.
_FORMULA = re.compile(r"(?<!\w)((?:[A-Z][a-z]?\d?)+)([+−-]?)(?!\w)")
_BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_ABOVE = str.maketrans("+−-", "⁺⁻⁻")

# Of lines that are no method's.
_COLOURWAY = ["#0072B2", "#C75400", "#008A64", "#AA3377", "#7A5C12", "#4D4D4D"]


class _Look(NamedTuple):
    colour: str
    dash: str = "solid"
    symbol: str = "circle"


# Okabe and Ito's hues, which colour-blind readers can tell apart, as dark as lines on white must be
# (3 : 1, https://www.w3.org/TR/WCAG22/#non-text-contrast); the reference is black.
_LOOKS = {
    "exact": _Look("#000000"),
    "LDA": _Look("#3C8FC4", "dashdot", "triangle-down"),
    "PBE": _Look("#0072B2", "dash", "square"),
    "TPSS": _Look("#4B6A2E", "dashdot", "diamond-wide"),
    "R2SCAN": _Look("#117733", "longdashdot", "triangle-right"),
    "PBE0": _Look("#661100", "longdashdot", "bowtie"),
    "B3LYP": _Look("#C75400", "dash", "diamond"),
    "CAM-B3LYP": _Look("#BF5F97", "dashdot", "diamond-tall"),
    "wB97X": _Look("#882255", "dashdot", "hexagon"),
    "HF": _Look("#008A64", "dot", "triangle-up"),
    "EDU26": _Look("#AA3377", "solid", "star"),
    "EDU27": _Look("#5B3FA8", "solid", "star-diamond"),
    "DM21": _Look("#B87400", "solid", "pentagon"),
    "DM21m": _Look("#7A7A7A", "longdash", "pentagon"),
    "DM21mc": _Look("#7A5C12", "longdash", "hexagon2"),
    "DM21mu": _Look("#2E8B7D", "longdash", "octagon"),
}
_SPARE = [
    _Look("#332288", "dash", "triangle-left"),
    _Look("#1B7FA6", "dot", "hourglass"),
    _Look("#8C564B", "dashdot", "cross"),
    _Look("#6E6E6E", "dash", "hexagram"),
]


def label(method: str) -> str:
    """What readers see of a method: of a file of parameters its name, not its folder."""
    return Path(method).stem if is_file(method) else written(method)


def written(text: str) -> str:
    """As it is printed: H₂O for H2O, N₂⁺ for N2+, r²SCAN for R2SCAN."""
    return _FORMULA.sub(_subscripted, re.sub(r"\b[Rr]2SCAN\b", "r²SCAN", text))


def _subscripted(match: re.Match) -> str:
    atoms = re.findall(r"([A-Z][a-z]?)(\d?)", match[1])
    if not {symbol for symbol, _ in atoms} <= set(ELEMENTS):
        return match[0]
    return match[1].translate(_BELOW) + match[2].translate(_ABOVE)


def colour(method: str, methods: list[str]) -> str:
    """Of a method among those that a figure shows."""
    return _look(method, methods).colour


def style(method: str, methods: list[str]) -> dict:
    """``line`` and ``marker`` of a method among those that a figure shows."""
    look = _look(method, methods)
    width = 3 if method == "exact" else 2
    return dict(
        line=dict(color=look.colour, dash=look.dash, width=width),
        marker=dict(size=7, symbol=look.symbol),
    )


def blank(rows, cols, titles, **layout) -> go.Figure:
    """Panels without anything in them."""
    shape = {key: layout.pop(key) for key in [*layout] if key in _SHAPE}
    if rows * cols == 1 and titles is None:
        return go.Figure(layout=dict(template=TEMPLATE, height=380) | layout)
    panels = make_subplots(rows, cols, subplot_titles=titles, **shape)
    above = dict(margin_t=80, legend_y=1.1) if titles is not None else {}
    return panels.update_layout(dict(template=TEMPLATE, height=400) | above | layout)


def _look(method, methods) -> _Look:
    if method in _LOOKS:
        return _LOOKS[method]
    others = [m for m in methods if m not in _LOOKS]
    return _SPARE[others.index(method) % len(_SPARE)]


def _template() -> go.layout.Template:
    """Plotly's simple_white, whose shapes have no line of their own and are drawn at 30 %."""
    template = go.layout.Template(pio.templates["simple_white"])
    template.layout.update(
        shapedefaults=dict(opacity=1, line=dict(color=GUIDE, width=1.5)),
        font=dict(size=14),
        colorway=_COLOURWAY,
        margin=dict(l=70, r=20, t=30, b=60),
        legend=dict(orientation="h", y=1.02, yanchor="bottom"),
        hovermode="closest",
    )
    return template


pio.templates[TEMPLATE] = _template()
