"""What explorers have in common that compute while their controls stay alive."""

from __future__ import annotations

import time
from collections.abc import Generator
from statistics import mean

import anywidget  # noqa: F401  (plotly's FigureWidget needs it and says so late)
import ipywidgets as widgets
import plotly.graph_objects as go
from plotly.graph_objects import FigureWidget  # here: the first takes a second to import

from ...figures.drawings import GREY, RED
from ._background import Worker
from ._controls import LONG, advance, duration, keep, say, set_range
from ._on_a_page import OnAPage

COMPUTE = "Compute the missing points"
EVERY = 0.4  # seconds between pictures of a growing curve
_MOVES = ("x", "y", "z", "value", "customdata")


class LiveExplorer(OnAPage):
    """A system, methods to tick, a slider, and work in the background that can be cancelled.

    A change of a control starts ``_work``, a generator, anew, which skips what is there already.

    Attributes
    ----------
    system, methods (a checkbox a method), what, density_of : the controls; set their ``value``.
    cancel, compute : buttons; the first stops after the point in hand, the second goes on.
    status, table : what is said below the controls, and the numbers beside the figure, in HTML.
    """

    def __init__(self, systems, first, methods, ticked, kinds):
        self._worker = Worker()
        self._quiet = False  # while a control is set, not moved
        self._curve_wanted, self._last_drawn = True, 0.0
        self._asked: tuple = ()  # what the work in hand is about
        known = list(dict.fromkeys([*systems, first]))
        self.system = widgets.Dropdown(options=known, value=first, description="system")
        box = dict(indent=False, layout=widgets.Layout(width="auto"))
        self.methods = {
            m: widgets.Checkbox(value=m in ticked, description=m, **box) for m in methods
        }
        self.cancel = widgets.Button(description="Cancel", icon="stop", disabled=True)
        self.compute = widgets.Button(
            description=COMPUTE,
            icon="play",
            disabled=True,
            layout=widgets.Layout(width="auto"),
        )
        self.progress = widgets.IntProgress(layout=widgets.Layout(width="200px"))
        self.what = widgets.Dropdown(options=kinds, layout=widgets.Layout(width="230px"))
        self.density_of = widgets.Dropdown(
            options=ticked or methods[:1], description="of", layout=widgets.Layout(width="190px")
        )
        self.status, self.table = widgets.HTML(), widgets.HTML()
        self._curve = widgets.HBox(layout=widgets.Layout(width="650px"))
        self._density = widgets.HBox(layout=widgets.Layout(width="440px", height="410px"))
        self._shown: dict[widgets.HBox, tuple] = {}
        super().__init__()

        self.system.observe(self._on_system, "value")
        for box in self.methods.values():
            box.observe(self._on_method, "value")
        for control in (self.what, self.density_of):
            control.observe(self._on_move, "value")
        self.cancel.on_click(self._on_cancel)
        self.compute.on_click(self._on_compute)

    def wait(self, timeout: float | None = None) -> bool:
        """Until everything asked for is computed; False if that takes longer, in seconds."""
        return self._worker.wait(timeout)

    @property
    def ticked(self) -> list[str]:
        return [name for name, box in self.methods.items() if box.value]

    def _lay_out(self, slider, *more):
        """Controls above, the curve beside the numbers and the density."""
        wrap = widgets.Layout(flex_flow="row wrap")
        ticks = widgets.HBox([*self.methods.values()], layout=wrap)
        density = widgets.VBox([widgets.HBox([self.what, self.density_of]), self._density])
        beside = widgets.VBox([self.table, density])
        self.children = [
            widgets.HBox([self.system, ticks], layout=wrap),
            slider,
            widgets.HBox([self.cancel, self.compute, *more, self.progress], layout=wrap),
            self.status,
            widgets.HBox([self._curve, beside], layout=wrap),
        ]

    def _on_system(self, _=None):
        self._worker.stop()
        try:
            self._new_system()
        except ValueError as error:  # the basis lacks an element, for one
            self._say(str(error), RED)
        else:
            self._start(curve=self._eager())

    def _new_system(self):
        """Set the slider for it."""
        raise NotImplementedError

    def _eager(self) -> bool:
        """Whether a new curve is computed at once or waits for its button."""
        return True

    def _on_method(self, _=None):
        self._quiet = True
        now = self.density_of.value
        self.density_of.options = self.ticked or [*self.methods][:1]
        if now in self.density_of.options:
            self.density_of.value = now
        self._quiet = False
        under_way = self._curve_wanted and not self.cancel.disabled
        self._start(curve=under_way or self._eager())

    def _on_move(self, _=None):
        if not self._quiet:
            self._start()

    def _on_compute(self, _=None):
        self._start(curve=True)

    def _on_cancel(self, _=None):
        self._curve_wanted, self.cancel.disabled = False, True
        self._say("stopping after the point in hand …")
        self._worker.start(self._stopped())

    def _start(self, curve=None):
        if curve is not None:
            self._curve_wanted = curve
        self._worker.start(self._guarded())

    def _guarded(self) -> Generator:
        self.cancel.disabled, self.compute.disabled = False, True
        try:
            yield from self._work()
        except Exception as error:  # in a thread of its own nobody else would tell
            expected = isinstance(error, ValueError | OSError | ArithmeticError)
            self._say(str(error) if expected else f"{type(error).__name__}: {error}", RED)
        finally:
            self.cancel.disabled = True
            self._offer_the_rest()
            self.progress.layout.visibility = "hidden"

    def _work(self) -> Generator:
        raise NotImplementedError

    def _stopped(self) -> Generator:
        """When the point in hand is done; what is asked for meanwhile goes instead."""
        if self._asked:
            self._show_done()
        self.cancel.disabled = True
        self._offer_the_rest()
        yield

    def _show_done(self):
        """What was computed before it was cancelled."""
        raise NotImplementedError

    def _missing(self) -> list:
        """The points of the curve that are not there yet."""
        raise NotImplementedError

    def _took(self) -> dict[str, list[float]]:
        """Seconds of each point that is known, by method."""
        raise NotImplementedError

    def _offer_the_rest(self):
        """The button that computes what is missing, and how long that may take."""
        missing = self._missing()
        took = self._took() if missing else {}
        every = [seconds for known in took.values() for seconds in known]
        expected = sum(mean(took.get(method) or every) for method, _ in missing) if every else 0
        self.compute.disabled = not missing
        about = f" (about {duration(expected)})" if expected > LONG else ""
        self.compute.description = COMPUTE + about

    def _count(self, jobs: list) -> Generator:
        """The jobs one after the other, with the progress bar moving."""
        self.progress.max, self.progress.value, self.progress.description = len(jobs), 0, ""
        self.progress.layout.visibility = "visible"
        began = time.perf_counter()
        for done, job in enumerate(jobs, start=1):
            yield job
            advance(self.progress, done, time.perf_counter() - began)

    def _now_and_then(self) -> bool:
        """Whether it is time to draw again: a figure may take longer than a point."""
        now = time.perf_counter()
        if now - self._last_drawn < EVERY:
            return False
        self._last_drawn = now
        return True

    def _draw(self, place: widgets.HBox, figure: go.Figure, *kind) -> FigureWidget:
        """Show a figure. Where one of the same ``kind`` and traces is shown already, it moves."""
        kind = (*kind, *((trace.type, trace.name) for trace in figure.data))
        if self._shown.get(place) != kind:
            place.children, self._shown[place] = [FigureWidget(figure)], kind
            return place.children[0]
        shown = place.children[0]
        with shown.batch_update():
            for old, new in zip(shown.data, figure.data):
                old.update({k: new[k] for k in _MOVES if k in new and new[k] is not None})
                if new.type == "scatter" and new.marker.symbol is not None:
                    old.marker.symbol = new.marker.symbol
            # Only what depends on the numbers: the camera stays where the reader turned it.
            layout, wanted = shown.layout, figure.layout
            layout.shapes, layout.title.text = wanted.shapes, wanted.title.text
            layout.yaxis.range = wanted.yaxis.range
            layout.scene.aspectratio = wanted.scene.aspectratio
            for axis in ("xaxis", "yaxis", "zaxis"):
                layout.scene[axis].range = wanted.scene[axis].range
        keep(shown)
        return shown

    def _write(self, place: widgets.HBox, text: str):
        """Words in the place of a figure."""
        place.children = [widgets.HTML(text)]
        self._shown.pop(place, None)

    def _say(self, text, tone=GREY):
        say(self.status, text, tone)

    def _set(self, slider, low, high, step, value):
        self._quiet = True
        try:
            set_range(slider, low, high, step, value)
        finally:
            self._quiet = False
