"""What every explorer does to its controls."""

from __future__ import annotations

from copy import deepcopy
from html import escape

import ipywidgets as widgets
import plotly.graph_objects as go

from ...figures.drawings import GREY


def say(place: widgets.HTML, text: str, tone: str = GREY) -> None:
    place.value = f'<span style="color:{tone}">{escape(text)}</span>'


def set_range(slider, low, high, step, value) -> None:
    """All at once: of a part of it the browser would make a value of its own."""
    with slider.hold_sync(), slider.hold_trait_notifications():
        slider.min, slider.max, slider.step, slider.value = low, high, step, value


def keep(figure: go.FigureWidget) -> None:
    """Put what was changed into the state, too: plotly sends changes only to pages that are open,
    and a page that opens later, as Voilà's does, is given the state."""
    figure._widget_data = deepcopy(figure._data)
    figure._widget_layout = deepcopy(figure._layout_obj._props)
