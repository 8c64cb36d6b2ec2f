"""The errors of functionals in a set of reactions."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from ._look import TEMPLATE, colour


def error_figure(errors: pd.DataFrame, first: Sequence[str]) -> go.Figure:
    """Bars, one for each reaction and method; what did not converge is hatched. The methods
    ``first`` keep their colours whatever else is drawn."""
    methods = [*errors["method"].unique()]
    figure = go.Figure()
    for method, part in errors.groupby("method", sort=False):
        hatch = ["" if c else "x" for c in part["converged"]]
        look = dict(color=colour(method, [*first, *methods]), pattern=dict(shape=hatch))
        bars = dict(x=part["reaction"], y=part["error_kcal"], name=method, marker=look)
        figure.add_bar(**bars, hovertemplate=method + ": %{y:+.1f} kcal/mol<extra>%{x}</extra>")
    figure.add_hline(y=0, line=dict(color="#000000", width=1))
    return figure.update_layout(
        template=TEMPLATE,
        height=400,
        yaxis_title="error (kcal/mol)",
    )
