"""An empty figure, how a method is drawn in it, and its caption, for those who draw their own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    from pandas.io.formats.style import Styler

CAPTION = "caption"  # in a figure's layout.meta


def with_plotly() -> ModuleType:
    """The room where plotly is needed."""
    try:
        from . import drawings
    except ImportError as error:
        raise ImportError('plots need plotly: pip install "mlxc-edu[notebooks]"') from error
    return drawings


def figure(
    rows: int = 1, cols: int = 1, titles: Sequence[str] | None = None, **layout: Any
) -> go.Figure:
    """An empty figure in the series' style.

    Parameters
    ----------
    rows, cols : panels, filled by ``row`` and ``col`` of plotly's methods.
    titles : of the panels, row by row.
    layout : what ``update_layout`` takes, and ``shared_xaxes``, ``shared_yaxes``,
        ``horizontal_spacing`` and ``vertical_spacing`` as for plotly's ``make_subplots``.

    Raises
    ------
    ImportError : plotly is not installed; the message gives the command.
    """
    return with_plotly().blank(rows, cols, titles, **layout)


def style(method: str, among: Sequence[str] = ()) -> dict[str, Any]:
    """``line`` and ``marker`` of a method in every figure: its colour, dash and symbol, for
    plotly's ``add_scatter(..., **style("PBE"))``. Methods without a look of their own share a few;
    ``among`` names all that a figure shows, so that they differ."""
    return with_plotly().style(method, [*among] or [method])


def show(figure: go.Figure, caption: str) -> None:
    """Display a figure with its caption under it, in a notebook.

    The caption says in words what is to be seen, for those who do not see it: a page made from the
    notebook has it as the figure's alternative text.

    Raises
    ------
    ImportError : IPython is not installed; the message gives the command.
    """
    try:
        from IPython.display import HTML, display
    except ImportError as error:
        raise ImportError('showing needs IPython: pip install "mlxc-edu[notebooks]"') from error
    figure.update_layout(meta={CAPTION: caption})
    display(figure, HTML(f"<figcaption><em>{escape(caption)}</em></figcaption>"))


def titled(frame: pd.DataFrame, caption: str, digits: int = 2) -> Styler:
    """A table to look at in a notebook: a title above, so many digits, a dash where there is no
    value, no minus before a zero, formulas and methods as they are printed (H₂O, r²SCAN). Row
    numbers are left out; any other index, and one with a name, becomes the first column. For a
    column that needs another format: ``.format(…, subset=…)``.

    Raises
    ------
    ImportError : plotly is not installed, or jinja2, which pandas needs for it.
    """
    import numpy as np
    import pandas as pd

    printed = with_plotly().written

    def written(value: Any) -> Any:
        if isinstance(value, str):
            return printed(value)
        return f"{value:z.{digits}f}" if isinstance(value, float | np.floating) else value

    numbered = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
    names = [name or "" for name in frame.index.names]
    looked_at = frame if numbered else frame.rename_axis(index=names).reset_index()
    look = looked_at.style.format(written, na_rep="–").format_index(written, axis="columns")
    return look.hide(axis="index").set_caption(printed(caption))
