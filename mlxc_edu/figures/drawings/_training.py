"""A fit, as it went: errors against steps."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from ._look import TEMPLATE

_KINDS = {  # of errors: what they are called, and their colours
    "molecule": ("atomisation", "#0072B2"),
    "curve": ("along bonds", "#56B4E9"),
    "barrier": ("barriers", "#E69F00"),
    "ion": ("ionisation", "#009E73"),
    "charge": ("fractional charge", "#D55E00"),
    "shared": ("shared electron", "#332288"),
    "mixture": ("mixed ions", "#882255"),
    "spin": ("fractional spin", "#CC79A7"),
}


def training_figure(table: pd.DataFrame) -> go.Figure:
    """Training errors dotted, validation errors drawn through."""
    fig = go.Figure()
    for kind, (name, shade) in _KINDS.items():
        for side, dash in (("train", "dot"), ("validation", "solid")):
            column = f"{side}_{kind}"
            if column not in table:
                continue
            fig.add_scatter(
                x=table["step"],
                y=table[column],
                name=f"{name}, {side}",
                legendgroup=kind,
                line=dict(color=shade, dash=dash),
                hovertemplate=f"{name}, {side}: %{{y:.2f}} kcal/mol<extra></extra>",
            )
    fig.update_yaxes(title="mean absolute error (kcal/mol)", type="log")
    fig.update_xaxes(title="steps of the fit")
    return fig.update_layout(template=TEMPLATE, height=420)
