"""The widget behind ``mlxc_edu.explore.dissociation``."""

from __future__ import annotations

from collections.abc import Generator

import ipywidgets as widgets
import numpy as np

from ..figures.drawings import (
    GREY,
    GUIDE,
    RED,
    colour,
    dissociation_figure,
    label,
    surfaces,
    table,
)
from ..ks.methods import is_learned
from ..molecules import MOLECULES, molecule
from ._dissociation_table import cells, story
from .live import LiveBond, LiveExplorer, as_cube, as_xyz, some_of

DIATOMICS = [name for name, entry in MOLECULES.items() if len(entry.atoms) == 2]
METHODS = ["LDA", "PBE", "B3LYP", "HF", "EDU26", "DM21", "exact"]
_NOTHING = "<i>nothing to show yet: the buttons below the slider compute it</i>"
DENSITY, SPIN = "density", "spin density"


class DissociationExplorer(LiveExplorer):
    """Curves of a diatomic, and a distance on them.

    Attributes
    ----------
    r : the slider, Å.
    here : a button; computes at just this distance what is no small system.
    curve : the table behind the figure, like :func:`mlxc_edu.dissociation`'s, with the ``origin``.
    numbers : the same for the distance that is chosen, or the nearest that was computed.
    provenance : where the curves come from, HTML.
    """

    def __init__(self, first, ticked: list[str], offered: list[str], basis: str, store=None):
        self.basis, self.store = basis, store
        self._known: dict[str, LiveBond] = {}
        self._drawn: tuple = ()
        self._here = False
        self.r = widgets.FloatLogSlider(
            description="distance (Å)",
            readout_format=".2f",
            continuous_update=False,
            layout=widgets.Layout(width="640px"),
        )
        self.here = widgets.Button(
            description="Compute at this distance",
            icon="play",
            layout=widgets.Layout(width="210px"),
        )
        self.provenance = widgets.HTML()
        super().__init__(DIATOMICS, first, offered, ticked, [DENSITY, SPIN])
        self.curve = self.numbers = self._bond().curve([])
        self._lay_out(self.r, self.here)
        self.children = [*self.children, self.provenance]
        self._on_system()
        self.r.observe(self._on_move, "value")
        self.here.on_click(self._on_here)

    def offers(self):
        return super().offers() | {
            "table (CSV)": lambda: (f"{self.system.value}.csv", self.curve.to_csv(index=False)),
            "geometry (XYZ)": lambda: (f"{self.system.value}.xyz", as_xyz(self._mol())),
            "density (cube)": self._cube,
        }

    def _mol(self):
        return molecule(self.system.value, bond_length=self.r.value, basis=self.basis)

    def _cube(self):
        r = round(self.r.value, 2)
        point = self._bond().points.get((self.density_of.value, r))
        if point is None or point.density is None:
            raise ValueError("not computed at this distance")
        return f"{self.system.value}-{r:.2f}.cube", as_cube(point.mol, point.density.sum(axis=0))

    _moves, _unit = "r", "{:.2f} Å"

    def _caption(self):
        atoms = self._bond().atoms
        return (
            f"{self.system.value} pulled apart, for {', '.join(map(label, self.ticked))}: the "
            f"energy above the atoms, and below it the charge on {atoms[0]}. The slider moves the "
            "distance."
        )

    def _positions(self):
        return some_of(self._bond().distances)

    def _new_system(self):
        bond = self._bond()
        ends = np.log10([bond.distances[0], bond.distances[-1]])
        length = MOLECULES[bond.name].bond_length
        self._set(self.r, ends[0], ends[1], (ends[1] - ends[0]) / 400, length)
        self._here = False

    def _bond(self) -> LiveBond:
        name = self.system.value
        if name not in self._known:
            self._known[name] = LiveBond(name, self.basis, self.store)
        return self._known[name]

    def _eager(self):
        return self._bond().small

    def _on_move(self, _=None):
        self._here = False
        super()._on_move()

    def _on_here(self, _=None):
        self._here = True
        self._start()

    def _on_cancel(self, _=None):
        self._here = False
        super()._on_cancel()

    def _missing(self):
        bond = self._known.get(self.system.value)
        return bond.missing(self.ticked) if bond else []

    def _took(self):
        bond = self._known.get(self.system.value)
        return bond.took() if bond else {}

    def _work(self) -> Generator:
        bond, methods, r = self._asked = self._bond(), self.ticked, round(self.r.value, 2)
        if not methods:
            return self._say("tick a method")
        self._show(bond, methods, r)
        yield
        trouble = ""
        for method in sorted(methods, key=is_learned):  # what is quick comes first
            if (method, r) in bond.points or not (bond.small or self._here):
                continue
            self._say(f"{bond.name}: computing {method} at {r:.2f} Å …")
            try:
                if not bond.begun(method):
                    bond.compute(method, bond.nearest(method, r))
                    yield
                bond.at(method, r)
            except OSError as error:  # its weights are missing; the others can go on
                trouble = str(error)
                continue
            self._show(bond, methods, r)
            yield
        self._show_density(bond, r)
        yield
        if self._curve_wanted and (missing := bond.missing(methods)):
            for method, d in self._count(missing):
                self._say(f"{bond.name}: computing {method} at {d:.2f} Å, for the curve …")
                bond.compute(method, d)
                if self._now_and_then():
                    self._show(bond, methods, r)
                yield
            self._show(bond, methods, r)
        if trouble:
            return self._say(trouble, RED)
        self._say_state(bond, methods, r)

    def _show_done(self):
        self._show(*self._asked)
        self._say_state(*self._asked)

    def _say_state(self, bond, methods, r):
        if self.curve.empty:
            return self._say(f"{bond.name} in {bond.basis}: nothing is stored of these methods")
        live = [bond.points[k, r] for k in methods if (k, r) in bond.points]
        said = f"{bond.name} in {bond.basis}: "
        if live:
            seconds = sum(point.row["seconds"] for point in live)
            said += f"{len(live)} methods computed now at {r:.2f} Å, {seconds:.1f} s"
        else:
            said += "shown is the nearest distance that was computed; a button computes this one"
        failed = sum(not c for c in [*self.curve["converged"], *self.numbers["converged"]])
        said += f"; {failed} points NOT CONVERGED" if failed else "; all converged"
        self._say(said, RED if failed else GREY)

    def _show(self, bond, methods, r):
        self.curve, self.numbers = bond.curve(methods), bond.numbers(methods, r)
        self.provenance.value = story(bond, methods)
        self.here.disabled = all((k, r) in bond.points for k in methods)
        if self.curve.empty:
            self.table.value = ""
            return self._write(self._curve, _NOTHING)
        energy, charge = "above the atoms<br>(kcal/mol)", f"charge on {bond.atoms[0]}<br>(e)"
        header = ["", "R (Å)", energy, charge, "dipole<br>(D)", "converged", "from", "cost (s)"]
        rows = [cells(row, bond.charge, methods) for row in self.numbers.to_dict("records")]
        self.table.value = f"<b>R = {r:.2f} Å</b>" + table(header, rows)

        figure = dissociation_figure(self.curve).update_layout(width=640, height=600)
        look = dict(symbol="diamond", size=12, line=dict(color="#000000", width=1))
        look["color"] = [colour(k, methods) for k in self.numbers["method"]]
        for row, column in ((1, "relative_kcal"), (2, bond.charge)):
            figure.add_scatter(
                x=self.numbers["r"],
                y=self.numbers[column],
                mode="markers",
                marker=look,
                showlegend=False,
                hoverinfo="skip",
                row=row,
                col=1,
            )
        line = dict(type="line", x0=r, x1=r, y0=0, y1=1, yref="paper", layer="below")
        figure.add_shape(line | dict(line=dict(color=GUIDE, width=1.5)))
        self.figure = self._draw(self._curve, figure, bond.name, *self.numbers["method"])

    def _show_density(self, bond, r):
        point = bond.points.get((self.density_of.value, r))
        if point is None or point.density is None:
            why = "the calculation failed" if point else "not computed at this distance yet"
            return self._write(self._density, f"<i>no density: {why}</i>")
        spin = self.what.value == SPIN
        up, down = point.density
        matrix, signs = (up - down, ("more α", "more β")) if spin else (up + down, None)
        self._draw(self._density, surfaces(point.mol, matrix, signs), bond.name, spin)
