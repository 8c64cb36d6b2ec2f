"""What an explorer shows, to take home: a click makes a link that the browser downloads from."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from html import escape
from tempfile import TemporaryDirectory

import ipywidgets as widgets
import plotly.graph_objects as go
from pyscf.tools import cubegen

CUBE = (60, 60, 60)  # points; 2.6 MB


class TakeHome(widgets.VBox):
    """A button for each thing that can be saved.

    Attributes
    ----------
    buttons : by what they save; ``click()`` them.
    link : HTML, the link to what was saved last.
    """

    def __init__(self, offers: dict[str, Callable[[], tuple[str, str]]]):
        self.buttons = {what: widgets.Button(description=what, icon="download") for what in offers}
        self.link = widgets.HTML()
        row = widgets.HBox([*self.buttons.values()], layout=widgets.Layout(flex_flow="row wrap"))
        note = widgets.HTML("As a picture (PNG): the camera in the corner of the figure.")
        super().__init__([row, self.link, note])
        for what, button in self.buttons.items():
            button.on_click(lambda _, make=offers[what]: self._offer(make))

    def _offer(self, make):
        try:
            name, text = make()
        except (AttributeError, ValueError, OSError):
            self.link.value = "nothing of this is shown yet"
            return
        data, size = b64encode(text.encode()).decode(), len(text.encode()) / 1e3
        self.link.value = (
            f'<a download="{escape(name)}" href="data:application/octet-stream;base64,{data}">'
            f"{escape(name)}</a> ({size:.0f} kB)"
        )


def as_page(figure: go.Figure) -> str:
    """A figure that needs no network to be looked at."""
    return go.Figure(figure).to_html(include_plotlyjs=True)


def as_xyz(mol) -> str:
    return mol.tostring("xyz")


def as_cube(mol, density) -> str:
    """Of a density (nao, nao), electrons/Bohr³, as programs that draw orbitals read it."""
    with TemporaryDirectory() as folder:
        file = f"{folder}/density.cube"
        cubegen.density(mol, file, density, *CUBE)
        with open(file) as cube:
            return cube.read()
