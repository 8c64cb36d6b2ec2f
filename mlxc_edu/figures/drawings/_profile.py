"""The figure and the table of a learned functional along a bond; nothing is computed here."""

from __future__ import annotations

from html import escape

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ._look import TEMPLATE

_COLOURS = {
    "rho_a": "#0072B2",
    "rho_b": "#D55E00",
    "e_xc": "#000000",
    "e_x": "#999999",
}
_ANSWER_COLOURS = ["#E69F00", "#009E73", "#CC79A7"]
_NAMES = {
    "rho_a": "ρα",
    "rho_b": "ρβ",
    "s_lda": "s₀, uniform gas",
    "s_hf": "s₁, local exchange",
    "s_hf_lr": "s₂, its long range",
    "a": "a, uniform for local exchange",
    "b": "b, uniform gas",
    "c": "c, correlation",
    "e_xc": "−e_xc",
    "e_x": "−(local exchange)",
}
_DENSITIES, _ENERGIES = ("rho_a", "rho_b"), ("e_xc", "e_x")
_SMALLEST = 1e-12  # below, a logarithmic axis shows nothing
_CELL = "padding:1px 6px;vertical-align:top"


def panels(profile) -> list[tuple[str, ...]]:
    """What is drawn together: densities, the network's answers, energies per volume."""
    return [_DENSITIES, tuple(profile.attrs["answers"]), _ENERGIES]


def curves(profile) -> dict[str, np.ndarray]:
    """What is drawn of a table of :func:`mlxc_edu.profile`, by name."""
    values = {n: profile[n].to_numpy() for n in [*_DENSITIES, *profile.attrs["answers"]]}
    values["e_xc"] = -profile["e_xc"].to_numpy()
    values["e_x"] = -(profile["hfx_a"] + profile["hfx_b"]).to_numpy()
    for n in _DENSITIES + _ENERGIES:
        values[n] = np.where(values[n] > _SMALLEST, values[n], np.nan)
    return values


def profile_figure(profile) -> go.Figure:
    """Spin densities, the network's answers and energies per volume, one panel each."""
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.08)
    drawn = curves(profile)
    for row, names in enumerate(panels(profile), start=1):
        for n, colour in zip(names, _shades(names)):
            line = dict(color=colour, dash="dot" if n in ("rho_b", "e_x") else "solid")
            figure.add_scatter(
                x=profile["position"].to_numpy(),
                y=drawn[n],
                name=_NAMES[n],
                line=line,
                mode="lines",
                legend=f"legend{row if row > 1 else ''}",
                row=row,
                col=1,
            )
    functional = profile.attrs.get("functional", "the functional")
    figure.update_yaxes(title="density (1/Bohr³)", row=1)
    figure.update_yaxes(title=f"answers of {functional}", row=2)
    figure.update_yaxes(title="Hartree/Bohr³", row=3)
    for row in (1, 3):
        figure.update_yaxes(type="log", exponentformat="power", dtick=2, row=row)
    figure.update_xaxes(title="position along the bond (Å)", row=3)
    for symbol, place in profile.attrs.get("atoms", []):
        figure.add_annotation(
            text=symbol, x=place, y=0, yref="y domain", yanchor="bottom", showarrow=False
        )
    tops = [figure.layout[f"yaxis{row}"].domain[1] for row in (1, 2, 3)]
    legends = [dict(orientation="h", x=0, y=top, yanchor="bottom") for top in tops]
    return figure.update_layout(
        template=TEMPLATE,
        height=620,
        margin=dict(l=80, r=10, t=40, b=60),
        legend=legends[0],
        legend2=legends[1],
        legend3=legends[2],
    )


def _shades(names) -> list[str]:
    return [_COLOURS.get(n, answer) for n, answer in zip(names, _ANSWER_COLOURS)]


def marker_style(names) -> dict:
    """Points that go with the lines of these names."""
    return dict(size=9, color=_shades(names))


def feature_table(row, features, answers) -> str:
    """HTML: name, meaning, value and unit of each feature at a point, and the answer below.

    ``features`` are texts "meaning, unit" by name, ``answers`` meanings by name.
    """
    lines = [(n, *text.rsplit(", ", 1)) for n, text in features.items()]
    answer = [(n, meaning, "") for n, meaning in answers.items()]
    answer.append(("e_xc", "energy per volume", "Hartree/Bohr³"))

    def html(name, meaning, unit):
        value = f'<td style="{_CELL};text-align:right"><b>{row[name]:.6g}</b></td>'
        first = f'<td style="{_CELL}">{name}</td><td style="{_CELL}">{escape(meaning)}</td>'
        return f'<tr>{first}{value}<td style="{_CELL}">{escape(unit)}</td></tr>'

    rule = '<tr><td colspan="4"><hr style="margin:2px"></td></tr>'
    rows = "".join(html(*line) for line in lines) + rule + "".join(html(*line) for line in answer)
    place = f"<b>at {row['position']:.3f} Å</b>"
    return f'{place}<table style="font-size:12px;line-height:1.4;max-width:420px">{rows}</table>'
