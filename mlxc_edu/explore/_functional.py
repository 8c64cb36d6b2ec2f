"""The widget behind ``mlxc_edu.explore.functional``."""

from __future__ import annotations

import time

import anywidget  # noqa: F401  (plotly's FigureWidget needs it and says so late)
import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go

from ..calculations import POINTS, profile, solve
from ..figures.drawings import (
    GREY,
    GUIDE,
    RED,
    curves,
    feature_table,
    marker_style,
    panels,
    profile_figure,
)
from ..functionals import FEATURES
from ..ks import KS
from ..molecules import MOLECULES, is_stretched, molecule
from ..units import ANGSTROM_PER_BOHR
from .live import OnAPage, as_xyz, keep, say, set_range, some_of

SMALL = ["H2", "H2+", "LiH", "HF", "OH", "N2", "LiF"]
DENSITIES = ["PBE", "HF"]  # quick; the functional's own is offered, too
SHORTEST, LONGEST = 0.6, 5.0  # times the equilibrium distance


class FunctionalExplorer(OnAPage):
    """A molecule, a bond, a point on it.

    Attributes
    ----------
    molecule, distance, density, point : the controls; set their ``value``.
    profile : what :func:`mlxc_edu.profile` says of the bond now shown.
    calc : the calculation whose density that is.
    """

    def __init__(self, name: str, first: str, basis: str):
        self.name, self.basis = name, basis
        self._done: dict[tuple, tuple] = {}
        self._quiet = False  # while a slider is set, not moved
        known = SMALL if first in SMALL else [first, *SMALL]
        self.molecule = widgets.Dropdown(options=known, value=first, description="molecule")
        self.distance = widgets.FloatSlider(
            description="distance (Å)", readout_format=".2f", continuous_update=False
        )
        self.density = widgets.Dropdown(
            options=[*DENSITIES, name], value="PBE", description="density of"
        )
        self.point = widgets.FloatSlider(
            description="point (Å)", readout_format=".2f", layout=widgets.Layout(width="640px")
        )
        self.status, self.table = widgets.HTML(), widgets.HTML()
        self._place = widgets.HBox(layout=widgets.Layout(flex_flow="row wrap"))
        controls = widgets.HBox([self.molecule, self.distance, self.density])
        super().__init__([controls, self.status, self.point, self._place])

        self._new_molecule()
        self.molecule.observe(self._new_molecule, "value")
        self.distance.observe(self._new_density, "value")
        self.density.observe(self._new_density, "value")
        self.point.observe(self._move, "value")

    def offers(self):
        name = f"{self.name}-{self.molecule.value}"
        return super().offers() | {
            "table (CSV)": lambda: (f"{name}.csv", self.profile.to_csv(index=False)),
            "geometry (XYZ)": lambda: (f"{name}.xyz", as_xyz(self.calc.mol)),
        }

    _moves, _unit = "point", "{:.2f} Å"

    def _caption(self):
        return (
            f"{self.name} asked along the bond of {self.molecule.value} about the density of "
            f"{self.density.value}: the spin densities, the network's answers, the energy per "
            "volume. The slider moves the point."
        )

    def _positions(self):
        return some_of(self.profile["position"].tolist())

    def _new_molecule(self, _=None):
        mol = molecule(self.molecule.value, basis=self.basis)
        length = _bond_length(mol)
        stretchable = mol.natm == 2 and self.molecule.value in MOLECULES
        ends = [SHORTEST * length, LONGEST * length, length]
        low, high, now = np.round(ends, 2) if stretchable else [length] * 3
        self._set(self.distance, low, high, 0.01, now)
        self._new_density()

    def _new_density(self, _=None):
        if self._quiet:
            return
        controls = (self.molecule, self.distance, self.density, self.point)
        for control in controls:
            control.disabled = True
        try:
            self.calc, self.profile = self._compute()
            self._redraw()
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            say(self.status, str(error), RED)
        finally:
            for control in controls:
                control.disabled = False
            self.distance.disabled = self.distance.min == self.distance.max

    def _compute(self):
        one_length = self.distance.min == self.distance.max
        name, r, method = key = self.molecule.value, self.distance.value, self.density.value
        where = name if one_length else f"{name} at {r:.2f} Å"
        if key not in self._done:
            say(self.status, f"{where}: computing the density of {method}, then the bond …")
            began = time.perf_counter()
            mol = molecule(name, bond_length=None if one_length else r, basis=self.basis)
            calc = _calculate(mol, method)
            table = profile(calc, functional=self.name)
            self._done[key] = calc, table, time.perf_counter() - began
        calc, table, seconds = self._done[key]
        state = "converged" if calc.converged else "NOT CONVERGED"
        text = f"{where}: {self.name} asked about the density of {method}, {state}, {seconds:.1f} s"
        say(self.status, text, GREY if calc.converged else RED)
        return calc, table

    def _redraw(self):
        """A new figure for a new bond; its markers are the last traces."""
        self._curves = curves(self.profile)
        figure = profile_figure(self.profile).update_layout(width=600)
        shown = panels(self.profile)
        for row, names in enumerate(shown, start=1):
            style = dict(mode="markers", marker=marker_style(names), hoverinfo="skip")
            figure.add_scatter(showlegend=False, row=row, col=1, **style)
        line = dict(type="line", x0=0, x1=0, y0=0, y1=1, yref="paper", layer="below")
        figure.add_shape(line | dict(line=dict(color=GUIDE, width=1.5)))
        self.figure = go.FigureWidget(figure)
        for trace in self.figure.data[: -len(shown)]:
            trace.on_click(self._clicked)
        x = self.profile["position"].to_numpy()
        self._set(self.point, x[0], x[-1], (x[-1] - x[0]) / (POINTS - 1), x[len(x) // 2])
        self._move()
        self._place.children = [self.figure, self.table]

    def _move(self, _=None):
        if self._quiet:
            return
        i = int(np.abs(self.profile["position"] - self.point.value).argmin())
        x = self.profile["position"].iloc[i]
        with self.figure.batch_update():
            shown = panels(self.profile)
            for marker, names in zip(self.figure.data[-len(shown) :], shown):
                marker.x = [x] * len(names)
                marker.y = [self._curves[n][i] for n in names]
            self.figure.layout.shapes[-1].x0 = self.figure.layout.shapes[-1].x1 = x
        keep(self.figure)
        answers = self.profile.attrs["answers"]
        self.table.value = feature_table(self.profile.iloc[i], FEATURES, answers)

    def _clicked(self, trace, points, state):
        if points.xs:
            self.point.value = points.xs[0]

    def _set(self, slider, low, high, step, value):
        self._quiet = True
        try:
            set_range(slider, low, high, step, value)
        finally:
            self._quiet = False


def _calculate(mol, method):
    """A density, quickly: the careful driver only where an ordinary iteration may fail."""
    if not is_stretched(mol):
        mf = KS(mol, method)
        mf.kernel()
        if mf.converged:
            return mf
    return solve(mol, method)


def _bond_length(mol) -> float:
    """Å; 0 for an atom."""
    first, *others = mol.atom_coords()
    return float(np.linalg.norm(others[0] - first)) * ANGSTROM_PER_BOHR if others else 0.0
