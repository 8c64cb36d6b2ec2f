"""Explorers of atoms, molecules and reactions."""

from __future__ import annotations

import os
from collections.abc import Iterable

from .. import weights
from ..calculations import learned_name
from ..ks import KS
from ..molecules import molecule as build
from ..scans import (
    BASIS,
    EXACT,
    LADDER,
    SETS,
    Store,
    approximate,
    diatomic,
    functionals,
    known_set,
    method_names,
    reactions_of,
    species_jobs,
    stored,
)
from ._guides import GUIDES
from ._needed import needs_widgets


def functional(name: str = "EDU26", molecule: str = "H2", *, basis: str = "def2-svpd"):
    """Move a point along a bond and see what a learned functional is told there, and what it says.

    Choose a molecule, a distance and the method whose density is looked at. The figure shows the
    spin densities, the network's answers and the functional's energy per volume along the bond;
    the table lists the eleven features at the point.

    Parameters
    ----------
    name : ``"EDU26"``, ``"EDU27"``, ``"DM21"``, ``"DM21m"``, ``"DM21mc"``, ``"DM21mu"``, or a
        file of parameters from ``mlxc-edu train``.
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
    KS(build(molecule, basis=basis), name)  # says what it cannot do
    with needs_widgets():
        from ._functional import FunctionalExplorer
        from .live import guided
    return guided(FunctionalExplorer(name, molecule.strip(), basis), GUIDES["functional"])


def fractional_charge(
    system: str = "Cl", methods: Iterable[str] | None = None, *, basis: str = "def2-svpd"
):
    """Add and take away parts of an electron, and see the energy and the density follow.

    Every point is computed when it is asked for. The curves come in the background and can be
    cancelled; what is done stays, and a move of the slider goes first.

    Parameters
    ----------
    system : the atom, ion or molecule to begin with, by name.
    methods : those ticked at the beginning, as for :func:`mlxc_edu.KS`. Default: PBE, B3LYP, HF,
        EDU26, and DM21 if its weights are there.
    basis : name of a basis set.

    Returns
    -------
    A widget. Its attributes ``system``, ``methods`` (a checkbox for each), ``n`` (the slider),
    ``what`` and ``density_of`` are the controls, ``cancel`` and ``compute`` the buttons. ``curve``
    and ``numbers`` are tables like :func:`mlxc_edu.fractional_charge`'s: of the curves, and at the
    slider. ``wait()`` returns when everything is computed.

    Raises
    ------
    ValueError : unknown system, method or basis (the message lists near names).
    FileNotFoundError : the weights are missing; the message gives the command that gets them.
    ImportError : ipywidgets, plotly or anywidget is not installed; the message gives the command.
    """
    if not isinstance(system, str):
        raise ValueError(f"name a system, such as 'Cl', not {system!r}")
    with needs_widgets():
        from ._charge import METHODS, ChargeExplorer
        from .live import LiveCharge, guided
    system = system.strip()
    mol = LiveCharge(system, basis).mol
    if methods is None:
        methods = ["PBE", "B3LYP", "HF", "EDU26", *(["DM21"] if _can_load("DM21") else [])]
    ticked = approximate(methods)
    for name in ticked:
        KS(mol, name, unrestricted=True)  # says what it cannot do
    offered = [*METHODS, *(m for m in [*ticked, "DM21"] if m not in METHODS)]
    explorer = ChargeExplorer(system, ticked, list(dict.fromkeys(offered)), basis)
    return guided(explorer, GUIDES["fractional-charge"])


def dissociation(
    system: str = "NaCl",
    methods: Iterable[str] | None = None,
    *,
    basis: str = "def2-svpd",
    store: str | os.PathLike | None = None,
):
    """Pull a diatomic apart, and see its energy, its charges and its density.

    Molecules of up to four electrons are computed when they are asked for, at any distance. Of the
    others the tables that come with the library are shown, with their provenance; what is missing
    there, and a single distance with its density, is computed when a button asks for it, in the
    background. It can be cancelled; finished points of curves are in the store.

    Parameters
    ----------
    system : the diatomic to begin with, by name.
    methods : those ticked at the beginning, as for :func:`mlxc_edu.dissociation`. Default: PBE,
        B3LYP, EDU26, exact, and DM21 where it is stored or its weights are there.
    basis : name of a basis set.
    store : as for :func:`mlxc_edu.dissociation`.

    Returns
    -------
    A widget. Its attributes ``system``, ``methods`` (a checkbox for each), ``r`` (the slider, Å),
    ``what`` and ``density_of`` are the controls, ``cancel``, ``compute`` and ``here`` the buttons.
    ``curve`` and ``numbers`` are tables like :func:`mlxc_edu.dissociation`'s: of the curves, and
    at the slider. ``wait()`` returns when everything asked for is computed.

    Raises
    ------
    ValueError : unknown system, method or basis (the message lists near names), or a store that
        cannot be written to.
    FileNotFoundError : the weights of a method are missing, and no table of it is stored; the
        message gives the command that gets them.
    ImportError : ipywidgets, plotly or anywidget is not installed; the message gives the command.
    """
    name, _, _ = diatomic(system)
    mol = build(name, basis=basis)
    Store(store)
    with needs_widgets():
        from ._dissociation import METHODS, DissociationExplorer
        from .live import guided
    table = stored(name, basis)
    there = [] if table is None else [*table["method"].unique()]
    if methods is None:
        can = "DM21" in there or _can_load("DM21")
        methods = ["PBE", "B3LYP", "EDU26", *(["DM21"] if can else []), EXACT]
    ticked = method_names(methods)
    for method in {*ticked} - {*there, EXACT}:
        KS(mol, method, unrestricted=True)  # says what it cannot do
    offered = list(dict.fromkeys([*METHODS, *ticked, *there]))
    explorer = DissociationExplorer(name, ticked, offered, basis, store)
    return guided(explorer, GUIDES["dissociation"])


def bonding(molecule: str = "N2", *, basis: str = "def2-svp", method: str = "PBE"):
    """See a molecule's density in three dimensions, and what the bond has moved.

    The difference is that between the molecule and its free atoms, made round, in the same places.

    Parameters
    ----------
    molecule : the one to begin with, by name.
    basis : name of a basis set.
    method : as for :func:`mlxc_edu.KS`.

    Returns
    -------
    A widget; ``molecule`` and ``shown`` are its controls, ``calc`` is the calculation behind it.

    Raises
    ------
    ValueError : unknown molecule, basis or method.
    ImportError : ipywidgets, plotly or anywidget is not installed; the message gives the command.
    """
    (name,) = approximate([method])
    build(molecule, basis=basis)
    with needs_widgets():
        from ._bonding import BondingExplorer
        from .live import guided
    return guided(BondingExplorer(molecule.strip(), basis, name), GUIDES["bonding"])


def ladder(
    reactions: str = "W4-11",
    methods: Iterable[str] | None = None,
    *,
    basis: str = BASIS,
    store: str | os.PathLike | None = None,
):
    """Tick functionals and see their errors in a set of reactions.

    What is stored is shown at once; the rest is computed in the background, a species at a time,
    and can be cancelled.

    Parameters
    ----------
    reactions : the set to begin with, as for :func:`mlxc_edu.benchmark`.
    methods : those ticked at the beginning, as for :func:`mlxc_edu.KS`. Default: LDA and PBE.
    basis : name of a basis set.
    store : as for :func:`mlxc_edu.dissociation`.

    Returns
    -------
    A widget. Its attributes ``reactions`` and ``methods`` (a checkbox for each) are the controls,
    ``cancel`` and ``compute`` the buttons, ``errors`` is a table like
    :func:`mlxc_edu.benchmark`'s. ``wait()`` returns when everything asked for is computed.

    Raises
    ------
    ValueError : unknown set, method or basis, or a store that cannot be written to.
    ImportError : ipywidgets, plotly or anywidget is not installed; the message gives the command.
    """
    first = known_set(reactions, SETS)
    ticked = functionals(["LDA", "PBE"] if methods is None else methods)
    species_jobs(reactions_of(first), ticked, basis)
    Store(store)
    with needs_widgets():
        from ._ladder import LadderExplorer
        from .live import guided
    offered = list(dict.fromkeys([*LADDER, "HF", *ticked]))
    return guided(LadderExplorer(first, ticked, offered, basis, store), GUIDES["ladder"])


def _can_load(name: str) -> bool:
    try:
        weights.load(name)
    except (OSError, ValueError):  # whoever ticks it hears why
        return False
    return True
