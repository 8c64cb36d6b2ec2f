"""The widget behind ``mlxc_edu.explore.line``."""

from __future__ import annotations

from typing import Any

import anywidget  # noqa: F401  (plotly's FigureWidget needs it and says so late)
import ipywidgets as widgets
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from .. import one_d
from ..figures.drawings import RED, TEMPLATE
from .live import OnAPage, keep, say

STATES = ("exact", "LDA", "exact exchange")
SHADES = {"exact": "#000000", "LDA": "#0072B2", "exact exchange": "#009E73"}
FARTHEST = 12.0  # Bohr between the nuclei
GRID: dict[str, Any] = dict(half_width=18.0, points=181)


class LineExplorer(OnAPage):
    """Two wells on a line and up to two electrons.

    Attributes
    ----------
    left, right, distance, electrons, methods : the controls; set their ``value``.
    figure : density above, potential and levels below.
    results : what is shown, by method; Hartree and Bohr.
    """

    def __init__(self, charges, distance: float, electrons: int):
        def slider(name, value, low, high):
            return widgets.FloatSlider(
                description=name, value=value, min=low, max=high, step=0.1, continuous_update=False
            )

        self.left, self.right = (
            slider(f"{side} charge", z, 0.0, 3.0) for side, z in zip(("left", "right"), charges)
        )
        self.distance = slider("distance", distance, 0.0, FARTHEST)
        self.electrons = widgets.ToggleButtons(
            options=[1, 2],
            value=electrons,
            description="electrons",
            style=dict(button_width="50px"),
        )
        self.methods = {
            name: widgets.Checkbox(value=name == "exact", description=name, indent=False)
            for name in STATES
        }
        self.status, self.table = widgets.HTML(), widgets.HTML()
        self.figure = go.FigureWidget(_empty_figure())
        self.results: dict = {}
        ticks = widgets.HBox([self.electrons, *self.methods.values()])
        sliders = widgets.HBox([self.left, self.right, self.distance])
        super().__init__([sliders, ticks, self.status, self.figure, self.table])
        controls = (self.left, self.right, self.distance, self.electrons, *self.methods.values())
        for control in controls:
            control.observe(self._compute, "value")
        self._compute()

    def offers(self):
        return super().offers() | {"table (CSV)": lambda: ("line.csv", self._table())}

    def _table(self) -> str:
        x = next(iter(self.results.values())).grid.x
        columns = {f"{name} (1/Bohr)": result.density for name, result in self.results.items()}
        return pd.DataFrame({"x (Bohr)": x, **columns}).to_csv(index=False)

    _moves, _unit = "distance", "{:g} Bohr"

    def _caption(self):
        electrons = f"{self.electrons.value} electron{'s' * (self.electrons.value - 1)}"
        return (
            f"Two wells on a line and {electrons}: the density above, the wells below. The slider "
            "moves the wells apart."
        )

    def _positions(self):
        return sorted({*np.arange(0.0, 10.5, 1.0).tolist(), self.distance.value})

    def _compute(self, _=None):
        half = self.distance.value / 2
        wells = [(self.left.value, -half), (self.right.value, half)]
        wells = [well for well in wells if well[0]]
        self.results, said = {}, []
        for name, box in self.methods.items():
            if box.value:
                try:
                    self.results[name] = _solved(name, wells, self.electrons.value)
                except ValueError as error:
                    said.append(str(error))
        say(self.status, "; ".join(said), RED)
        self._draw(wells)

    def _draw(self, wells):
        grid = one_d.Grid(**GRID)
        attraction = -sum(z * one_d.soft_coulomb(grid.x - at) for z, at in wells) + 0 * grid.x
        with self.figure.batch_update():
            self.figure.data[0].update(x=grid.x, y=attraction)
            for trace in self.figure.data[1:]:
                shown = self.results.get(trace.name)
                trace.visible = shown is not None
                if shown is not None:
                    trace.update(x=grid.x, y=shown.density)
        keep(self.figure)
        rows = "".join(_row(name, result) for name, result in self.results.items())
        head = "<tr><th></th><th>energy (Hartree)</th><th>on the left (e)</th><th></th></tr>"
        self.table.value = f'<table style="font-size:13px">{head}{rows}</table>'


def _solved(name, wells, electrons):
    if not wells:
        raise ValueError("there is no nucleus to hold an electron: move a charge above zero")
    charges, positions = zip(*wells)
    if name == "exact":
        return one_d.exact(charges, positions, electrons, **GRID)
    return one_d.kohn_sham(charges, positions, electrons, name, **GRID)


def _row(name, result) -> str:
    left = result.grid.integrate(result.density, below=0.0)
    doubt = "" if result.converged else f"<b style='color:{RED}'>NOT CONVERGED</b>"
    cells = f"<td>{result.energy:.5f}</td><td>{left:.3f}</td><td>{doubt}</td>"
    return f'<tr style="color:{SHADES[name]}"><td><b>{name}</b></td>{cells}</tr>'


def _empty_figure() -> go.Figure:
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    nothing = np.zeros(0)
    potential = dict(line=dict(color="#999999"), name="potential of the nuclei")
    figure.add_scatter(x=nothing, y=nothing, row=2, col=1, **potential)
    for name in STATES:
        line = dict(color=SHADES[name], width=3 if name == "exact" else 2)
        figure.add_scatter(x=nothing, y=nothing, row=1, col=1, name=name, line=line)
    figure.update_yaxes(title="electrons per Bohr", rangemode="tozero", row=1)
    figure.update_yaxes(title="Hartree", row=2)
    figure.update_xaxes(title="x (Bohr)", row=2)
    return figure.update_layout(
        template=TEMPLATE,
        height=480,
        width=820,
        margin=dict(l=70, r=20, t=30, b=50),
        legend=dict(orientation="h", y=1.02, yanchor="bottom"),
    )
