"""Figures of tables with fractional electrons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ...units import EV_PER_HARTREE, KCAL_PER_HARTREE
from ._look import GUIDE, TEMPLATE, colour, label, style


def charge_figure(table: pd.DataFrame) -> go.Figure:
    """E(N) above, its deviation from the straight line below.

    Open markers: no electron is bound there, the highest orbital lies above zero. Crosses: not
    converged.
    """
    fig = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    methods = list(table["method"].unique())
    for method, curve in table.groupby("method", sort=False):
        curve = curve.sort_values("n")
        known = curve.dropna(subset="energy")  # zero is the neutral system, or what is nearest
        off = np.abs(known["n"] - _middle(curve["n"]))
        zero = known["energy"].iloc[int(np.argmin(off))] if len(known) else 0.0
        energy = (curve["energy"] - zero) * EV_PER_HARTREE
        for row, y, unit in ((1, energy, "eV"), (2, curve["deviation_kcal"], "kcal/mol")):
            fig.add_scatter(
                x=curve["n"],
                y=y,
                row=row,
                col=1,
                **_style(method, methods, curve, unit, "N", row == 1),
            )
            _crosses(fig, curve["n"], y, curve, colour(method, methods), row)
    _zero_line(fig, row=2)
    fig.update_yaxes(title=f"E(N) − E({_middle(table['n']):g}) (eV)", row=1)
    fig.update_yaxes(title="above the line (kcal/mol)", row=2)
    fig.update_xaxes(title="number of electrons N", row=2)
    return fig.update_layout(template=TEMPLATE, height=620)


def spin_figure(table: pd.DataFrame) -> go.Figure:
    """The energy above that of the whole spin. The exact one is zero everywhere."""
    fig = go.Figure()
    methods = list(table["method"].unique())
    for method, curve in table.groupby("method", sort=False):
        curve = curve.sort_values("spin")
        y = curve["deviation_kcal"]
        style = _style(method, methods, curve, "kcal/mol", "N_α − N_β", True)
        fig.add_scatter(x=curve["spin"], y=y, **style)
        _crosses(fig, curve["spin"], y, curve, colour(method, methods))
    _zero_line(fig)
    fig.update_yaxes(title="above the whole spin (kcal/mol)")
    fig.update_xaxes(title="N<sub>α</sub> − N<sub>β</sub> (electrons)")
    return fig.update_layout(template=TEMPLATE, height=420)


def plane_figure(table: pd.DataFrame) -> go.Figure:
    """The energy over N_α and N_β as a surface, and the flat plane that it should be."""
    if table["method"].nunique() > 1:
        raise ValueError("a plane is drawn for one method at a time; select one from the table")
    corner = (table["n_alpha"] == 1) & (table["n_beta"] == 0)
    if not corner.any():
        raise ValueError("the plane is drawn above (1, 0), and the table has no such point")
    neutral = table["plane"][corner].iloc[0]
    fig = go.Figure()
    for column, name, look in (
        ("energy", table["method"].iloc[0], dict(colorscale="Viridis", showscale=False)),
        ("plane", "flat plane", dict(colorscale=[[0, "#999999"], [1, "#999999"]], opacity=0.45)),
    ):
        grid = table.pivot(index="n_beta", columns="n_alpha", values=column)
        fig.add_surface(
            x=grid.columns,
            y=grid.index,
            z=(grid.to_numpy() - neutral) * KCAL_PER_HARTREE,
            name=name,
            showlegend=True,
            showscale=False,
            hovertemplate=f"{name}: %{{z:.1f}} kcal/mol<br>N_α %{{x:.2f}}, N_β %{{y:.2f}}"
            "<extra></extra>",
            **{key: value for key, value in look.items() if key != "showscale"},
        )
    failed = table[~table["converged"].astype(bool)]
    if len(failed):
        fig.add_scatter3d(
            x=failed["n_alpha"],
            y=failed["n_beta"],
            z=((failed["energy"].fillna(failed["plane"]) - neutral) * KCAL_PER_HARTREE).fillna(0.0),
            mode="markers",
            name="not converged",
            marker=dict(symbol="x", size=5, color="#000000"),
        )
    fig.update_scenes(
        xaxis_title="N_α",
        yaxis_title="N_β",
        zaxis_title="E − E(1, 0) (kcal/mol)",
        camera=dict(eye=dict(x=-1.6, y=-1.6, z=0.8), center=dict(x=0, y=0, z=-0.15)),
    )
    return fig.update_layout(template=TEMPLATE, height=520, margin=dict(l=0, r=0, t=30, b=0))


def _middle(n) -> float:
    """The whole number nearest to the middle."""
    return float(np.round((n.min() + n.max()) / 2 + 1e-9))


def _style(method, methods, curve, unit, x, legend) -> dict:
    unbound = curve["homo"] > 0
    look = style(method, methods)
    filled = look["marker"]["symbol"]
    return look | dict(
        mode="lines+markers",
        name=label(method),
        legendgroup=method,
        showlegend=legend,
        marker=dict(size=7, symbol=np.where(unbound, f"{filled}-open", filled).tolist()),
        customdata=np.where(unbound, "<br>not bound: highest orbital above zero", ""),
        hovertemplate=f"{label(method)}: %{{y:.2f}} {unit} at {x} = %{{x:.2f}}%{{customdata}}"
        "<extra></extra>",
    )


def _crosses(fig, x, y, curve, shade, row=None) -> None:
    failed = ~curve["converged"].astype(bool)
    if failed.any():
        fig.add_scatter(
            x=x[failed],
            y=y[failed].fillna(0.0),
            mode="markers",
            name=f"{label(curve['method'].iloc[0])}, not converged",
            showlegend=row in (None, 1),
            marker=dict(symbol="x", size=11, color=shade, line=dict(width=1)),
            **({} if row is None else dict(row=row, col=1)),
        )


def _zero_line(fig, row=None) -> None:
    place = {} if row is None else dict(row=row, col=1)
    fig.add_hline(y=0, line=dict(color=GUIDE, width=1), layer="below", **place)
