"""The widget behind ``mlxc_edu.explore.ladder``."""

from __future__ import annotations

import time
from collections.abc import Generator
from html import escape

import anywidget  # noqa: F401  (plotly's FigureWidget needs it and says so late)
import ipywidgets as widgets
import pandas as pd
import plotly.graph_objects as go

from ..figures.drawings import RED, error_figure, label, method_cell, signed, table
from ..scans import (
    LADDER,
    SETS,
    Running,
    compute,
    identity,
    reactions_of,
    species_jobs,
    tabulate,
)
from .live import OnAPage, Worker, advance, say

MEMORY = 4000  # MB
COLUMNS = [
    "set",
    "reaction",
    "method",
    "energy_kcal",
    "reference_kcal",
    "error_kcal",
    "converged",
    "seconds",
    "trouble",
]
HEADER = ["", "reactions", "mean<br>error", "mean absolute<br>error", "largest", "s", "converged"]


class LadderExplorer(OnAPage):
    """Errors of functionals in a set of reactions, computed species by species.

    Attributes
    ----------
    reactions : dropdown, the set.
    methods : a checkbox a method.
    cancel, compute : buttons; the first stops after the species in hand, the second goes on.
    errors : the table behind the figure, like :func:`mlxc_edu.benchmark`'s.
    """

    def __init__(self, first: str, ticked: list[str], offered: list[str], basis: str, store):
        self.basis = basis
        self._running = Running(workers=1, memory=MEMORY, store=store, progress=False)
        self._worker = Worker()
        self._known: dict[str, dict] = {}  # by set: the species' values
        self.errors = pd.DataFrame(columns=COLUMNS)
        self.reactions = widgets.Dropdown(
            options=[(f"{name}: {kind}", name) for name, kind in SETS.items()],
            value=first,
            description="set",
        )
        box = dict(indent=False, layout=widgets.Layout(width="auto"))
        self.methods = {
            m: widgets.Checkbox(value=m in ticked, description=m, **box) for m in offered
        }
        self.cancel = widgets.Button(description="Cancel", icon="stop", disabled=True)
        self.compute = widgets.Button(description="Compute", icon="play", disabled=True)
        self.progress = widgets.IntProgress(layout=widgets.Layout(width="200px"))
        self.status, self.table = widgets.HTML(), widgets.HTML()
        self._place = widgets.HBox(layout=widgets.Layout(width="760px"))
        wrap = widgets.Layout(flex_flow="row wrap")
        ticks = widgets.HBox([*self.methods.values()], layout=wrap)
        buttons = widgets.HBox([self.cancel, self.compute, self.progress], layout=wrap)
        drawn = widgets.HBox([self._place, self.table], layout=wrap)
        super().__init__([self.reactions, ticks, buttons, self.status, drawn])
        for control in (self.reactions, *self.methods.values()):
            control.observe(self._on_change, "value")
        self.cancel.on_click(self._on_cancel)
        self.compute.on_click(self._on_change)
        self._on_change()

    def offers(self):
        return super().offers() | {
            "table (CSV)": lambda: (
                f"{self.reactions.value}.csv",
                self.errors.to_csv(index=False),
            ),
        }

    def _caption(self):
        ticked = ", ".join(map(label, self.ticked))
        return f"Errors of {ticked} in {self.reactions.value}, {self.basis}."

    @property
    def ticked(self) -> list[str]:
        return [name for name, box in self.methods.items() if box.value]

    def wait(self, timeout: float | None = None) -> bool:
        """Until everything asked for is computed; False if that takes longer, in seconds."""
        return self._worker.wait(timeout)

    def _on_change(self, _=None):
        self._worker.start(self._work(self.reactions.value, self.ticked))

    def _on_cancel(self, _=None):
        self.cancel.disabled = True
        say(self.status, "stopping after the species in hand …")
        self._worker.start(self._stopped(self.reactions.value, self.ticked))

    def _stopped(self, name: str, ticked: list[str]) -> Generator:
        """When the species in hand is done; what is asked for meanwhile goes instead."""
        missing = self._missing(name, reactions_of(name), ticked)
        left = f"{len(missing)} species are missing" if missing else "nothing is missing"
        say(self.status, f"stopped; {left}")
        self.cancel.disabled, self.compute.disabled = True, not missing
        yield

    def _missing(self, name, listed, ticked) -> list:
        known = self._known.setdefault(name, {})
        jobs = species_jobs(listed, ticked, self.basis)
        return [job for job in jobs if identity(job) not in known]

    def _work(self, name: str, ticked: list[str]) -> Generator:
        self.cancel.disabled, self.compute.disabled = False, True
        listed, known = reactions_of(name), self._known.setdefault(name, {})
        missing = self._missing(name, listed, ticked)
        self.progress.max, self.progress.value = max(1, len(missing)), 0
        began, self.progress.description = time.perf_counter(), ""
        try:
            self._show(name, listed, ticked)
            while missing:
                job = missing[0]
                say(self.status, f"{name}: computing {job['system']} with {job['method']} …")
                known |= self._running.values([job], compute)
                del missing[0]
                advance(self.progress, self.progress.value + 1, time.perf_counter() - began)
                of_method = [left for left in missing if left["method"] == job["method"]]
                if self.errors.empty or not of_method:  # the first answer soon, then whole methods
                    self._show(name, listed, ticked)
                yield
            say(self.status, f"{name} in {self.basis}" if ticked else "tick a method")
        except Exception as error:  # in a thread of its own nobody else would tell
            say(self.status, f"{type(error).__name__}: {error}", RED)
        finally:
            self.cancel.disabled, self.compute.disabled = True, not missing

    def _show(self, name, listed, ticked):
        """The reactions whose species are all there."""
        known, tables = self._known[name], []
        for method in ticked:
            ready = [r for r in listed if not self._missing(name, [r], [method])]
            tables += [tabulate(name, ready, [method], known)] if ready else []
        if not tables:
            self.errors = pd.DataFrame(columns=COLUMNS)
            return
        self.errors = pd.concat(tables, ignore_index=True)
        figure = error_figure(self.errors, LADDER)
        self.figure = go.FigureWidget(figure)
        self._place.children = [self.figure]
        rows = []
        for method, part in self.errors.groupby("method", sort=False):
            error, failed = part["error_kcal"], int((~part["converged"]).sum())
            cells = [f"{len(part)} of {len(listed)}", signed(error.mean(), 1)]
            cells += [f"{error.abs().mean():.1f}", signed(error[error.abs().idxmax()], 1)]
            said = f'<b style="color:{RED}">{failed} NOT</b>' if failed else "yes"
            cells += [f"{part['seconds'].sum():.0f}", said]
            rows.append([method_cell(method, [*LADDER, *ticked]), *cells])
        self.table.value = f"<b>{escape(name)}</b>, kcal/mol" + table(HEADER, rows)
