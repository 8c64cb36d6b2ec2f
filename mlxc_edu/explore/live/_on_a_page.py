"""What an explorer leaves on a page, where no kernel answers its controls."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go

from ...figures.drawings import STILLS, stills
from ._take_home import as_page

WANTED = "MLXC_EDU_STILLS"  # set where a notebook is executed to become a page
MOST = 25  # pictures


class OnAPage(widgets.VBox):
    """An explorer. Where a page is wanted of the notebook it waits, when it is displayed, until
    its work is done, and is drawn at some positions of one control.

    Attributes
    ----------
    figure : what it shows; absent as long as it shows none.
    """

    _moves = ""  # name of the control, a slider
    _unit = "{:g}"  # what the page's slider says of its value

    def wait(self, timeout: float | None = None) -> bool:
        """Until everything asked for is computed; False if that takes longer, in seconds."""
        return True

    def offers(self) -> dict[str, Callable[[], tuple[str, str]]]:
        """What can be saved: a name for the file, and its text, when it is asked for."""
        return {"figure (HTML)": lambda: ("figure.html", as_page(self.figure))}

    def _caption(self) -> str:
        """What is to be seen."""
        raise NotImplementedError

    def _positions(self) -> list[float]:
        """Of the control, for a page; the one it has is among them."""
        raise NotImplementedError

    def _pictures(self) -> Iterator[tuple[str, go.Figure]]:
        """What the page's slider says, and the figure; the control is left as it was."""
        if not self._moves:
            yield "", go.Figure(self.figure)
            return
        control = getattr(self, self._moves)
        before = control.value
        for value in self._positions():
            control.value = value
            self.wait()
            yield self._unit.format(value), go.Figure(self.figure)
        control.value = before
        self.wait()

    def _begin(self) -> int:
        """The number of the picture the page begins with."""
        if not self._moves:
            return 0
        now = getattr(self, self._moves).value
        return int(np.abs(np.subtract(self._positions(), now)).argmin())

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        if bundle and os.environ.get(WANTED):
            self.wait()
            if getattr(self, "figure", None) is not None:
                caption = f"{self._caption()} In JupyterLab all of its controls move."
                bundle[STILLS] = stills(self._pictures(), self._begin(), caption)
        return bundle


def some_of(values) -> list[float]:
    """Not more of them than make a page's slider, evenly taken, both ends among them."""
    values = list(values)
    places = np.linspace(0, len(values) - 1, min(MOST, len(values))).round().astype(int)
    return [values[i] for i in places]
