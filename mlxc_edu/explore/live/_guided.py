"""An explorer with its guide and what can be saved, folded below it."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from ._take_home import TakeHome


def guided(explorer, guide):
    """The explorer itself; its attribute ``folded`` holds what was added."""
    tries = "".join(f"<li>{escape(what)}</li>" for what in guide.tries)
    said = widgets.HTML(
        f"<p>{escape(guide.about)}</p><p><b>Try:</b></p><ol>{tries}</ol>"
        f"<p><b>What it means.</b> {escape(guide.means)}</p>",
        layout=widgets.Layout(max_width="800px"),
    )
    explorer.folded = widgets.Accordion([said, TakeHome(explorer.offers())], selected_index=None)
    explorer.folded.titles = ("What is this?", "Save what is shown")
    explorer.children = [*explorer.children, explorer.folded]
    return explorer
