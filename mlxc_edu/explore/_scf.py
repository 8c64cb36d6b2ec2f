"""The widget behind ``mlxc_edu.explore.scf``."""

from __future__ import annotations

from typing import Any

import anywidget  # noqa: F401  (plotly's FigureWidget needs it and says so late)
import ipywidgets as widgets
import jax.numpy as jnp
import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ..figures.drawings import GREY, RED, TEMPLATE, table
from ..one_d import KohnSham, State, kohn_sham
from .live import OnAPage, keep, say

SYSTEMS: dict[str, dict[str, Any]] = {
    "H": dict(charges=[1], positions=[0], electrons=1),
    "He": dict(charges=[2], positions=[0], electrons=2),
    "Be": dict(charges=[4], positions=[0], electrons=4),
    "H2": dict(charges=[1, 1], positions=[-0.8, 0.8], electrons=2),
    "salt": dict(charges=[1, 1], positions=[-1.5, 1.5], electrons=2, softening=[3, 0.7]),
    "stretched salt": dict(charges=[1, 1], positions=[-4, 4], electrons=2, softening=[3, 0.7]),
}
CYCLES = 100
TURNS = 12  # on a page
GAIN = 1e-9  # Hartree, as the library's own iteration ends
VIEW = 9.0  # Bohr to either side


class ScfExplorer(OnAPage):
    """Kohn–Sham's circle, one turn at a time.

    Attributes
    ----------
    system, optimal, share : the controls; set their ``value``.
    step, run, reset : buttons; ``click()`` them.
    states : all steps since the start, :class:`mlxc_edu.one_d.State`; the last is shown.
    model : the :class:`mlxc_edu.one_d.KohnSham` that makes them.
    solution : the library's, which the energies are compared with.
    """

    def __init__(self, first: str):
        self.system = widgets.Dropdown(options=[*SYSTEMS], value=first, description="system")
        self.optimal = widgets.Checkbox(value=False, description="optimal damping", indent=False)
        steps = dict(min=0.05, max=1.0, step=0.05)
        self.share = widgets.FloatSlider(value=1.0, description="new share", **steps)
        buttons = {"step": "step-forward", "run": "forward", "reset": "undo"}
        for name, icon in buttons.items():
            button = widgets.Button(description=name, icon=icon, layout=dict(width="90px"))
            button.on_click(getattr(self, f"_on_{name}"))
            setattr(self, name, button)
        self.status, self.table = widgets.HTML(), widgets.HTML()
        self._place = widgets.HBox()
        wrap = widgets.Layout(flex_flow="row wrap")
        controls = [self.system, self.share, self.optimal]
        pressed, shown = [self.step, self.run, self.reset, self.status], [self._place, self.table]
        super().__init__([widgets.HBox(row, layout=wrap) for row in (controls, pressed, shown)])
        self.system.observe(self._new_system, "value")
        self.optimal.observe(lambda now: setattr(self.share, "disabled", now.new), "value")
        self._new_system()

    def _caption(self):
        return (
            f"Kohn and Sham's circle for {self.system.value}, with a share of "
            f"{self.share.value:g} of the new density. The slider goes from step to step: the "
            "density and the one before, the potential and its levels, the energies' errors."
        )

    def _pictures(self):
        for n in range(TURNS + 1):
            if n == len(self.states):
                self._on_step()
            yield f"{n}", go.Figure(self.figure)
        self._on_reset()

    def _new_system(self, _=None):
        self.solution = kohn_sham(**SYSTEMS[self.system.value])
        self.model: KohnSham = self.solution.system
        self._on_reset()

    def _on_reset(self, _=None):
        self.states: list[State] = [self.model.start()]
        figure = scf_figure(self.model, self.states, self.solution.electronic_energy)
        self.figure = go.FigureWidget(figure)
        self._place.children = [self.figure]
        self._show()

    def _on_step(self, _=None):
        self._advance()
        self._show()

    def _on_run(self, _=None):
        for _ in range(CYCLES):
            if self.states[-1].gain < GAIN:
                break
            self._advance()
        self._show()

    def _advance(self):
        model, state = self.model, self.states[-1]
        if self.optimal.value:
            self.states.append(model.step(state))
            return
        way = model._filled(state.orbitals) - state.density_matrix
        self.states.append(model._state(state.density_matrix + self.share.value * way))

    def _show(self):
        new = scf_figure(self.model, self.states, self.solution.electronic_energy)
        with self.figure.batch_update():
            for old, trace in zip(self.figure.data, new.data):
                old.update(x=trace.x, y=trace.y)
            self.figure.layout.xaxis2.range = new.layout.xaxis2.range
            self.figure.layout.yaxis3.range = new.layout.yaxis3.range
        keep(self.figure)
        state, done = self.states[-1], self.states[-1].gain < GAIN
        said = "self-consistent" if done else f"not yet: {state.gain:.0e} Hartree to gain"
        tone = RED if len(self.states) > CYCLES and not done else GREY
        said = f"after {len(self.states) - 1} steps, {said}"
        say(self.status, said, tone)
        rows = terms(self.model, state)
        rows["total"] = sum(rows.values())
        rows["above the solution"] = rows["total"] - self.solution.electronic_energy
        cells = [[name, f"{value:.6f}"] for name, value in rows.items()]
        self.table.value = table(["energy", "Hartree"], cells)


def terms(model: KohnSham, state: State) -> dict[str, float]:
    """What the electronic energy is made of, Hartree."""
    gamma, grid = state.density_matrix, model.grid
    n = np.diagonal(gamma, axis1=1, axis2=2).sum(axis=0)  # electrons at each point
    kinetic, nuclei = (gamma * grid.kinetic).sum(), n @ model.nuclei.potential(grid.x)
    parts = kinetic, nuclei, n @ grid.repulsion() @ n / 2, model.functional(jnp.asarray(gamma))
    return dict(zip(["kinetic", "nuclei", "Hartree", "exchange–correlation"], map(float, parts)))


def scf_figure(model: KohnSham, states: list[State], reference: float) -> go.Figure:
    """The last state: density, potential and levels of spin up; and the energies of all, above
    ``reference`` in Hartree."""
    x, now, before = model.grid.x, states[-1], states[max(0, len(states) - 2)]
    places = dict(specs=[[{}, {"rowspan": 2}], [{}, None]], column_widths=[0.6, 0.4])
    fig = make_subplots(2, 2, **places, horizontal_spacing=0.17, shared_xaxes=True)
    old, new = ("one step before", "#999999", "dot"), ("density", "#0072B2", "solid")
    for state, (name, colour, dash) in ((before, old), (now, new)):
        n = np.diagonal(state.density_matrix, axis1=1, axis2=2).sum(axis=0) / model.grid.spacing
        fig.add_scatter(x=x, y=n, name=name, line=dict(dash=dash, color=colour), row=1, col=1)
    v = np.diagonal(now.fock[0] - model.grid.kinetic)
    fig.add_scatter(x=x, y=v, name="potential", line_color="#000000", row=2, col=1)
    full = int(np.ceil(model.occupations[0]))
    for i, level in enumerate(now.levels[0, : full + 2]):
        line = dict(color="#D55E00" if i < full else "#999999", width=2 if i < full else 1)
        said = dict(name="filled" if i < full else "empty", showlegend=i in (0, full), mode="lines")
        fig.add_scatter(x=[-VIEW, VIEW], y=[level] * 2, line=line, **said, row=2, col=1)
    above = np.maximum(np.abs([s.energy - reference for s in states]), 1e-10)  # below is rounding
    style = dict(mode="lines+markers", showlegend=False, line_color="#009E73")
    fig.add_scatter(x=np.arange(len(states)), y=above, **style, row=1, col=2)
    powers = dict(type="log", dtick=1, exponentformat="power")
    fig.update_yaxes(**powers, title="error (Hartree)", row=1, col=2)
    fig.update_xaxes(range=[-VIEW, VIEW]).update_xaxes(title="x (Bohr)", row=2, col=1)
    fig.update_xaxes(title="step", range=[-0.5, len(states) + 0.5], row=1, col=2)
    fig.update_yaxes(title="density (1/Bohr)", rangemode="tozero", row=1, col=1)
    fig.update_yaxes(title="Hartree", range=[1.1 * v.min(), 0.4], row=2, col=1)
    page = dict(template=TEMPLATE, width=820, height=440, margin=dict(t=30, r=10))
    return fig.update_layout(**page, legend=dict(orientation="h", y=1.12))
