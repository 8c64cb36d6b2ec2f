"""Explorers of the world with one dimension."""

from __future__ import annotations

from ._guides import GUIDES
from ._needed import needs_widgets


def line(charges=(1.0, 1.0), distance: float = 2.0, electrons: int = 2):
    """Move two nuclei on a line, change their charges, and see the exact density follow.

    Parameters
    ----------
    charges : of the left and the right nucleus to begin with, 0 to 3.
    distance : between them, Bohr, 0 to 12.
    electrons : 1 or 2.

    Returns
    -------
    A widget; ``left``, ``right``, ``distance``, ``electrons`` and ``methods`` are its controls, and
    ``results`` is what :mod:`mlxc_edu.one_d` computed for what is shown.

    Raises
    ------
    ValueError : something outside of these ranges.
    ImportError : ipywidgets, plotly or anywidget is not installed; the message gives the command.
    """
    if len(charges) != 2 or not all(0 <= z <= 3 for z in charges) or not any(charges):
        raise ValueError(f"charges are two numbers from 0 to 3, not both 0; not {charges!r}")
    if not 0 <= distance <= 12 or electrons not in (1, 2):
        raise ValueError("distance goes from 0 to 12 Bohr, and there are 1 or 2 electrons")
    with needs_widgets():
        from ._line import LineExplorer
        from .live import guided
    return guided(LineExplorer(charges, distance, electrons), GUIDES["line"])


def scf(system: str = "He"):
    """Turn Kohn–Sham's circle by hand: potential, orbitals, density, potential again.

    Electrons on a line, in the local density approximation (:mod:`mlxc_edu.one_d`). Choose how much
    of the new density matrix goes into the old one, and step.

    Parameters
    ----------
    system : ``"H"``, ``"He"``, ``"Be"``, ``"H2"``, ``"salt"`` or ``"stretched salt"``. The salts
        are two atoms of charge 1 that differ in how sharply they attract.

    Returns
    -------
    A widget. Its attributes ``system``, ``share`` and ``optimal`` are the controls, ``step``,
    ``run`` and ``reset`` the buttons; ``states`` is the way so far, energies in Hartree.

    Raises
    ------
    ValueError : unknown system; the message lists them.
    ImportError : ipywidgets, plotly or anywidget is not installed; the message gives the command.
    """
    with needs_widgets():
        from ._scf import SYSTEMS, ScfExplorer
        from .live import guided
    if system not in SYSTEMS:
        raise ValueError(f"system is one of {', '.join(SYSTEMS)}, not {system!r}")
    return guided(ScfExplorer(system), GUIDES["scf"])
