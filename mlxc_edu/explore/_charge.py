"""The widget behind ``mlxc_edu.explore.fractional_charge``."""

from __future__ import annotations

from collections.abc import Generator
from html import escape

import ipywidgets as widgets
import pandas as pd

from ..figures.drawings import (
    GREY,
    GUIDE,
    RED,
    charge_figure,
    colour,
    convergence_cell,
    label,
    method_cell,
    signed,
    surfaces,
    table,
)
from ..molecules import molecule
from ..scans import electron_numbers
from ..units import EV_PER_HARTREE
from .live import (
    CHARGE_COLUMNS,
    DIGITS,
    LiveCharge,
    LiveExplorer,
    as_cube,
    as_xyz,
    keep,
    some_of,
)

SYSTEMS = ["H", "He", "Li", "F", "Na", "Cl"]
METHODS = ["LDA", "PBE", "B3LYP", "HF", "EDU26"]
DENSITY, CHANGE = "density", "change from the whole system"
HEADER = ["", "E (Hartree)", "above the line<br>(kcal/mol)", "ε (eV)", "converged", "state"]


class ChargeExplorer(LiveExplorer):
    """E(N) of an atom or a molecule, and a number of electrons in it.

    Attributes
    ----------
    n : the slider, electrons.
    curve : the table behind the figure, like :func:`mlxc_edu.fractional_charge`'s.
    numbers : the same for the one number of electrons that is chosen.
    """

    def __init__(self, first: str, ticked: list[str], offered: list[str], basis: str):
        self.basis = basis
        self._known: dict[str, LiveCharge] = {}
        self.curve = self.numbers = pd.DataFrame(columns=CHARGE_COLUMNS)
        self._drawn: tuple = ()
        wide = widgets.Layout(width="640px")
        self.n = widgets.FloatSlider(description="electrons N", readout_format=".2f", layout=wide)
        super().__init__(SYSTEMS, first, offered, ticked, [DENSITY, CHANGE])
        self._lay_out(self.n)
        self._on_system()
        self.n.observe(self._on_move, "value")

    def offers(self):
        return super().offers() | {
            "table (CSV)": lambda: (f"{self.system.value}.csv", self.curve.to_csv(index=False)),
            "geometry (XYZ)": lambda: (f"{self.system.value}.xyz", as_xyz(self._live().mol)),
            "density (cube)": self._cube,
        }

    def _cube(self):
        live, n = self._live(), round(self.n.value, DIGITS)
        density = live.density(self.density_of.value, n)
        if density is None:
            raise ValueError("its calculation failed")
        return f"{live.system}-{n:g}.cube", as_cube(live.mol, density.sum(axis=0))

    _moves, _unit = "n", "{:g}"

    def _caption(self):
        return (
            f"{self.system.value} and parts of an electron, for "
            f"{', '.join(map(label, self.ticked))}. Above, the energy; below, its height over the "
            "same method's straight line; open marks: the last electron is not bound. The slider "
            "moves the number of electrons."
        )

    def _positions(self):
        return sorted({*some_of(self._live().numbers), self.n.value})

    def _new_system(self):
        name = self.system.value
        numbers = electron_numbers(None, molecule(name, basis=self.basis), name)
        self._set(self.n, numbers[0], numbers[-1], 10.0**-DIGITS, numbers[0] + 0.5)

    def _live(self) -> LiveCharge:
        """What is known of this system. Of the others only the results are kept."""
        name = self.system.value
        for other in {*self._known} - {name}:
            self._known[other].rest()
        if name not in self._known:
            self._known[name] = LiveCharge(name, self.basis)
        return self._known[name]

    def _missing(self):
        live = self._known.get(self.system.value)
        return live.missing(self.ticked) if live else []

    def _took(self):
        live = self._known.get(self.system.value)
        points = live.points.items() if live else ()
        return {k: [p.seconds for p in known.values()] for k, known in points}

    def _work(self) -> Generator:
        live, methods, n = self._asked = self._live(), self.ticked, round(self.n.value, DIGITS)
        if not methods:
            return self._say("tick a method")
        for i, method in enumerate(methods, start=1):
            for m in live.first(n):
                if m not in live.points.get(method, {}):
                    if m != n:  # a move of the slider is quicker than a message is read
                        self._say_computing(live, method, m)
                    live.point(method, m)
                    yield
            if i == len(methods) or self._drawn != (live.system, *methods):
                self._show_numbers(live, methods, n)
        yield
        self._show_density(live, n)
        yield
        if self._curve_wanted and (missing := live.missing(methods)):
            for method, m in self._count(missing):
                self._say_computing(live, method, m)
                live.point(method, m)
                if self._now_and_then():
                    self._show_curve(live, methods, n)
                yield
            self._show_curve(live, methods, n)
        self._say_state(live, methods)

    def _show_done(self):
        live, methods, n = self._asked
        self._show_curve(live, methods, n)
        self._say_state(live, methods)

    def _say_computing(self, live, method, m):
        self._say(f"{live.system}: computing {m:g} electrons with {method} …")

    def _say_state(self, live, methods):
        points = [p for k in methods for p in live.points.get(k, {}).values()]
        missing, failed = len(live.missing(methods)), sum(not p.converged for p in points)
        said = f"{live.system} in {self.basis}: {len(points)} points computed now, "
        said += f"{sum(p.seconds for p in points):.1f} s"
        said += f"; {missing} points of the curves are missing" if missing else ""
        said += f"; {failed} NOT CONVERGED" if failed else "; all converged"
        self._say(said, RED if failed else GREY)

    def _show_numbers(self, live, methods, n):
        self.numbers = live.rows((k, n) for k in methods)
        rows = [_cells(row, methods) for row in self.numbers.to_dict("records")]
        self.table.value = f"<b>N = {n:.2f}</b>" + table(HEADER, rows)
        if self._drawn != (live.system, *methods):
            return self._show_curve(live, methods, n)
        with self.figure.batch_update():
            self._mark(self.figure, live, methods, n)
        keep(self.figure)

    def _show_curve(self, live, methods, n):
        methods = [k for k in methods if live.begun(k, n)]
        if not methods:
            return
        self.curve = live.rows((k, m) for k in methods for m in live.numbers)
        figure = charge_figure(self.curve).update_layout(width=640, height=600)
        hidden = dict(showlegend=False, hoverinfo="skip")
        for method in methods:  # what the exact energy would do
            thin = dict(color=colour(method, methods), width=1, dash="dot")
            whole = [m for m in live.whole if m in live.points[method]]
            y = [_above(live, method, m) for m in whole]
            figure.add_scatter(x=whole, y=y, mode="lines", line=thin, row=1, col=1, **hidden)
        look = dict(symbol="diamond", size=12, line=dict(color="#000000", width=1))
        look["color"] = [colour(k, methods) for k in methods]
        for row in (1, 2):
            figure.add_scatter(mode="markers", marker=look, row=row, col=1, **hidden)
        line = dict(type="line", x0=n, x1=n, y0=0, y1=1, yref="paper", layer="below")
        figure.add_shape(line | dict(line=dict(color=GUIDE, width=1.5)))
        self._mark(figure, live, methods, n)
        self.figure = self._draw(self._curve, figure, live.system)
        self._drawn = (live.system, *methods)

    def _mark(self, figure, live, methods, n):
        """The markers are the last traces, their line the last shape."""
        above, below = figure.data[-2:]
        above.x = below.x = [n] * len(methods)
        above.y = [_above(live, k, n) for k in methods]
        below.y = live.rows((k, n) for k in methods)["deviation_kcal"].tolist()
        figure.layout.shapes[-1].x0 = figure.layout.shapes[-1].x1 = n

    def _show_density(self, live, n):
        method, change = self.density_of.value, self.what.value == CHANGE
        density = live.density(method, n)
        if change and density is not None:
            whole = live.density(method, live.own)
            density = None if whole is None else density - whole
        if density is None:
            return self._write(self._density, "<i>no density: the calculation failed</i>")
        signs = ("more electrons", "fewer electrons") if change else None
        figure = surfaces(live.mol, density.sum(axis=0), signs)
        self._draw(self._density, figure, live.system, change)


def _above(live, method, n) -> float:
    """eV above the system with its own number of electrons."""
    known = live.points[method]
    return (known[n].energy - known[live.own].energy) * EV_PER_HARTREE


def _cells(row, methods) -> list[str]:
    electrons, _, state = row["state"].partition(" electrons; ")  # how many is said already
    return [
        method_cell(row["method"], methods),
        f"{row['energy']:.6f}",
        signed(row["deviation_kcal"], 2),
        f"{row['homo'] * EV_PER_HARTREE:.2f}",
        convergence_cell(row["converged"]),
        f'<div style="max-width:170px;text-align:left">{escape(state or electrons)}</div>',
    ]
