"""What every explorer does to its controls."""

from __future__ import annotations

from copy import deepcopy
from html import escape

import ipywidgets as widgets
import plotly.graph_objects as go

from ...figures.drawings import GREY

LONG = 10.0  # seconds; what takes longer is said before


def say(place: widgets.HTML, text: str, tone: str = GREY) -> None:
    place.value = f'<span style="color:{tone}">{escape(text)}</span>'


def duration(seconds: float) -> str:
    """In words, to a digit or two."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def advance(bar: widgets.IntProgress, done: int, seconds: float) -> None:
    """So many of ``bar.max`` jobs are done and took so long; what is left is said where it is
    long."""
    bar.value = done
    left = seconds / done * (bar.max - done)
    bar.description = f"{duration(left)} left" if left > LONG else ""


def set_range(slider, low, high, step, value) -> None:
    """All at once: of a part of it the browser would make a value of its own."""
    with slider.hold_sync(), slider.hold_trait_notifications():
        slider.min, slider.max, slider.step, slider.value = low, high, step, value


def keep(figure: go.FigureWidget) -> None:
    """Put what was changed into the state, too: plotly sends changes only to pages that are open,
    and a page that opens later, as Voilà's does, is given the state."""
    figure._widget_data = deepcopy(figure._data)
    figure._widget_layout = deepcopy(figure._layout_obj._props)
