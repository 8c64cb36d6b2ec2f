"""Tables become plotly figures; nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ._canvas import with_plotly

if TYPE_CHECKING:
    import plotly.graph_objects as go

_FRACTION = {"method", "energy", "deviation_kcal", "converged", "homo"}
_KINDS = [
    ({"step", "loss"}, "training_figure"),
    ({"position", "hfx_a", "e_xc"}, "profile_figure"),
    (_FRACTION | {"n"}, "charge_figure"),
    (_FRACTION | {"spin"}, "spin_figure"),
    (_FRACTION | {"n_alpha", "n_beta", "plane"}, "plane_figure"),
    ({"method", "r", "relative_kcal", "converged"}, "dissociation_figure"),
]


def plot(table: pd.DataFrame) -> go.Figure:
    """The figure that fits a table's kind.

    A dissociation table gives two panels that share the distance: the energy above the separated
    atoms, and the charge of the first atom; where that jumps no line is drawn. A point that did not
    converge is marked by a cross.
    A profile gives three: spin densities, enhancement factors, energies per volume. E(N) gives two,
    the energy and its deviation from the straight line; fractional spin gives one, and the flat
    plane is a surface. The history of a fit gives its errors by step.

    Raises
    ------
    ValueError : the table is empty or of no kind that we draw.
    ImportError : plotly is not installed; the message gives the command.
    """
    if not isinstance(table, pd.DataFrame):
        raise ValueError(f"plot takes a table made by mlxc_edu.dissociation, not {table!r}")
    columns = set(map(str, table.columns))
    kind = next((name for needed, name in _KINDS if needed <= columns), None)
    charges = [c for c in table.columns if str(c).startswith("charge_")]
    if kind is None or (kind == "dissociation_figure" and not charges):
        raise ValueError(
            f"do not know how to plot a table with columns {', '.join(map(str, table.columns))}; "
            "give one made by mlxc_edu.dissociation, fractional_charge, fractional_spin, "
            "flat_plane or profile"
        )
    if table.empty:
        raise ValueError("the table has no rows to plot")
    return getattr(with_plotly(), kind)(table)
