"""Things to play with: figures with controls, for JupyterLab and Voilà."""

from __future__ import annotations

from . import weights
from ._molecule import molecule as build
from ._profile import learned_name


def functional(name: str = "DM21", molecule: str = "H2", *, basis: str = "def2-svpd"):
    """Move a point along a bond and see what a learned functional is told there, and what it says.

    Choose a molecule, a distance and the method whose density is looked at. The figure shows the
    spin densities, the functional's three enhancement factors and its energy per volume along the
    bond; the table lists the eleven features at the point.

    Parameters
    ----------
    name : ``"DM21"``, ``"DM21m"``, ``"DM21mc"`` or ``"DM21mu"``.
    molecule : the one to begin with, by name; of more than two atoms, the first two make the bond.
    basis : name of a basis set.

    Returns
    -------
    A widget. Its attributes ``molecule``, ``distance``, ``density`` and ``point`` are the controls,
    ``profile`` is the table behind the figure.

    Raises
    ------
    ValueError : unknown functional (the message lists near names), molecule or basis.
    FileNotFoundError : the weights are missing; the message gives the command that gets them.
    ImportError : ipywidgets, plotly or anywidget is not installed; the message gives the command.
    """
    name = learned_name(name)
    if not isinstance(molecule, str):
        raise ValueError(f"name a molecule, such as 'H2', not {molecule!r}")
    build(molecule, basis=basis)
    weights.load(name)
    try:
        from ._explorer import FunctionalExplorer
    except ImportError as error:
        raise ImportError(
            'explorers need ipywidgets, plotly and anywidget: pip install "mlxc-edu[notebooks]"'
        ) from error
    return FunctionalExplorer(name, molecule.strip(), basis)
