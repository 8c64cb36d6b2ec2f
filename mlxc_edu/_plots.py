"""Tables become plotly figures; nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe and Ito's palette, which colour-blind readers can tell apart; the reference is black.
_COLOURS = {
    "exact": "#000000",
    "LDA": "#56B4E9",
    "PBE": "#0072B2",
    "B3LYP": "#D55E00",
    "CAM-B3LYP": "#CC79A7",
    "wB97X": "#882255",
    "HF": "#009E73",
}
_SPARE_COLOURS = ["#E69F00", "#999999", "#8B6914", "#44AA99", "#332288"]
_NO_PLOTLY = 'plots need plotly: pip install "mlxc-edu[notebooks]"'
ENERGY_CEILING = 40.0  # kcal/mol above the separated atoms; a repulsive wall beyond says little


def plot(table: pd.DataFrame) -> go.Figure:
    """The figure that fits a table's kind.

    A dissociation table gives two panels that share the distance: the energy above the separated
    atoms, and the charge of the first atom. A point that did not converge is marked by a cross.
    A profile gives three: spin densities, enhancement factors, energies per volume.

    Raises
    ------
    ValueError : the table is empty or of no kind that we draw.
    ImportError : plotly is not installed; the message gives the command.
    """
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"plot takes a table made by mlxc_edu.dissociation, not {table!r}")
    if {"position", "s_lda", "e_xc"}.issubset(table.columns) and len(table):
        return _profile(table)
    charges = [c for c in table.columns if str(c).startswith("charge_")]
    needed = {"method", "r", "relative_kcal", "converged"}
    if not needed.issubset(table.columns) or not charges:
        raise ValueError(
            f"do not know how to plot a table with columns {', '.join(map(str, table.columns))}; "
            "give one made by mlxc_edu.dissociation or mlxc_edu.profile"
        )
    if table.empty:
        raise ValueError("the table has no rows to plot")
    return _dissociation(table, charges[0])


def _profile(table: pd.DataFrame) -> go.Figure:
    try:
        from ._bond_figure import bond_figure
    except ImportError as error:
        raise ImportError(_NO_PLOTLY) from error
    return bond_figure(table)


def _dissociation(table: pd.DataFrame, charge: str) -> go.Figure:
    try:
        from plotly.subplots import make_subplots
    except ImportError as error:
        raise ImportError(_NO_PLOTLY) from error

    fig = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    energies = table["relative_kcal"].dropna()
    floor = float(energies.min()) - 6 if len(energies) else -10.0
    top = min(ENERGY_CEILING, float(energies.max()) + 5) if len(energies) else 10.0
    panels = {1: ("relative_kcal", "kcal/mol"), 2: (charge, "e")}
    for method, curve in table.groupby("method", sort=False):
        colour = _colour(method, list(table["method"].unique()))
        curve = curve.sort_values("r")
        for row, (column, unit) in panels.items():
            fig.add_scatter(
                x=curve["r"],
                y=curve[column],
                row=row,
                col=1,
                mode="lines+markers",
                name=method,
                legendgroup=method,
                showlegend=row == 1,
                line=dict(color=colour, width=3 if method == "exact" else 2),
                marker=dict(size=5),
                hovertemplate=f"{method}: %{{y:.3f}} {unit} at %{{x:.2f}} Å<extra></extra>",
            )
            failed = curve[~curve["converged"].astype(bool)]
            if len(failed):
                fig.add_scatter(
                    x=failed["r"],
                    y=failed[column].fillna(floor if row == 1 else 0.0),  # failed: at the bottom
                    row=row,
                    col=1,
                    mode="markers",
                    name=f"{method}, not converged",
                    showlegend=row == 1,
                    marker=dict(symbol="x", size=11, color=colour, line=dict(width=1)),
                )
    fig.update_yaxes(title="energy above atoms (kcal/mol)", range=[floor, top], row=1)
    fig.update_yaxes(title=f"charge on {charge.removeprefix('charge_')} (e)", row=2)
    fig.update_xaxes(title="distance R (Å)", row=2)
    fig.update_layout(
        template="simple_white",
        height=620,
        margin=dict(l=70, r=20, t=30, b=60),
        legend=dict(orientation="h", y=1.02, yanchor="bottom"),
        hovermode="closest",
    )
    fig.add_hline(y=0, line=dict(color="#bbbbbb", width=1), layer="below", row="all", col=1)
    return fig


def _colour(method: str, methods: list[str]) -> str:
    if method in _COLOURS:
        return _COLOURS[method]
    others = [m for m in methods if m not in _COLOURS]
    return _SPARE_COLOURS[others.index(method) % len(_SPARE_COLOURS)]
