"""Curves of a diatomic pulled apart: energies above the atoms, charges below."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ._look import GUIDE, TEMPLATE, label, style

ENERGY_CEILING = 40.0  # kcal/mol above the separated atoms; a repulsive wall beyond says little
NO_CHARGE = 0.01  # e
JUMP = 0.3  # e between neighbours; no line is drawn through it
_CROSS = dict(symbol="x", size=11, line=dict(width=1))


def dissociation_figure(table: pd.DataFrame) -> go.Figure:
    charge = next(c for c in table.columns if str(c).startswith("charge_"))
    fig = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    energies = table["relative_kcal"].dropna()
    floor = float(energies.min()) - 6 if len(energies) else -10.0
    top = min(ENERGY_CEILING, float(energies.max()) + 5) if len(energies) else 10.0
    panels = {1: ("relative_kcal", "kcal/mol"), 2: (charge, "e")}
    for method, curve in table.groupby("method", sort=False):
        look = style(method, list(table["method"].unique()))
        curve = _with_gaps(curve.sort_values("r", ignore_index=True), charge)
        for row, (column, unit) in panels.items():
            fig.add_scatter(
                x=curve["r"],
                y=curve[column],
                row=row,
                col=1,
                mode="lines+markers",
                name=label(method),
                legendgroup=method,
                showlegend=row == 1,
                **look,
                hovertemplate=f"{label(method)}: %{{y:.3f}} {unit} at %{{x:.2f}} Å<extra></extra>",
            )
            failed = curve[curve["converged"].eq(False)]
            if len(failed):
                fig.add_scatter(
                    x=failed["r"],
                    y=failed[column].fillna(floor if row == 1 else 0.0),  # failed: at the bottom
                    row=row,
                    col=1,
                    mode="markers",
                    name=f"{label(method)}, not converged",
                    showlegend=row == 1,
                    marker=_CROSS | dict(color=look["line"]["color"]),
                )
    fig.update_yaxes(title="energy above atoms (kcal/mol)", range=[floor, top], row=1)
    fig.update_yaxes(title=f"charge on {charge.removeprefix('charge_')} (e)", row=2)
    if table[charge].abs().max() < NO_CHARGE:  # an axis of rounding errors says nothing
        fig.update_yaxes(range=[-0.5, 0.5], row=2)
    fig.update_xaxes(title="distance R (Å)", row=2)
    fig.add_hline(y=0, line=dict(color=GUIDE, width=1), layer="below", row="all", col=1)
    return fig.update_layout(template=TEMPLATE, height=620)


def _with_gaps(curve: pd.DataFrame, charge: str) -> pd.DataFrame:
    """An empty row where an electron jumps."""
    jumps = curve.index[curve[charge].diff().abs() > JUMP]
    return curve.reindex(sorted([*curve.index, *(jumps - 0.5)]))
