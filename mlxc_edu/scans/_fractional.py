"""The energy of fractions of an electron, as tidy tables.

The exact energy is a straight line between whole numbers of electrons (Perdew, Parr, Levy and
Balduz, Phys. Rev. Lett. 49, 1691 (1982)), does not change when spin is shared out (Cohen,
Mori-Sánchez and Yang, J. Chem. Phys. 129, 121104 (2008)), and is the flat plane of both
(Mori-Sánchez, Cohen and Yang, Phys. Rev. Lett. 102, 066403 (2009)).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from ..calculations import frontier, path
from ..molecules import molecule
from ..units import EV_PER_HARTREE, KCAL_PER_HARTREE
from ._dissociation import EXACT, method_names
from ._fractional_points import approximate, ceil, electron_numbers, floor, on_the_line, run, steps

LEAST_BOUND = 0.0  # Hartree; an orbital above it is held by the basis alone


def fractional_charge(
    system: str,
    methods: Iterable[str] = ("PBE", "B3LYP", "HF"),
    n: Iterable[float] | None = None,
    *,
    basis: str = "def2-svpd",
    bond_length: float | None = None,
    workers: int | None = None,
    memory: int = 4000,
    store: str | os.PathLike | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """E(N): the energy as electrons come and go in parts.

    Parameters
    ----------
    system : the name of an atom, an ion or a molecule.
    methods : as for :func:`mlxc_edu.KS`; ``"exact"`` draws the straight line between the energies
        of :func:`mlxc_edu.exact`.
    n : numbers of electrons, at most one more or less than the system's own. Default: from one
        less to one more in tenths.
    basis : name of a basis set.
    bond_length : in Å, of a diatomic.
    workers, memory, store, progress : as for :func:`mlxc_edu.dissociation`; every finished point is
        written at once, so a table that was interrupted continues where it stopped.

    Returns
    -------
    pandas.DataFrame, a row a point, with columns

    ============== ==========================================================================
    method         as given
    n              number of electrons
    energy         Hartree
    line           on the straight line between the same method's whole numbers, Hartree
    deviation_kcal energy above the line, kcal/mol
    converged      bool; of the point and of the ends of its line
    homo           energy of the orbital that holds the fraction (at a whole number: of the one that
                   empties next), Hartree. It is dE/dN (Janak 1978)
    lumo           of the orbital that fills next, Hartree
    seconds        what the point cost when it was computed
    state          electrons of each spin, and what is to be said of the point
    ============== ==========================================================================

    Raises
    ------
    ValueError : unknown system or method, a number of electrons that the system or the basis
        cannot hold. All is checked before anything is computed.
    """
    mol = molecule(system, bond_length=bond_length, basis=basis)
    names = method_names(methods)
    numbers = electron_numbers(n, mol, system)
    whole = sorted({f(m) for m in numbers for f in (floor, ceil)})
    electrons = path(mol, frontier(mol), {*numbers, *whole})
    computed = sorted({*numbers, *whole})
    points = {
        name: [electrons[m] for m in (whole if name == EXACT else computed)] for name in names
    }
    settings = dict(system=system.strip(), r=bond_length, basis=basis, path="charge")
    values = run(points, mol, settings, workers, memory, store, progress)

    rows = []
    for name in names:
        found = {m: values[name, electrons[m]] for m in electrons if (name, electrons[m]) in values}
        rows += [charge_row(name, m, found, electrons) for m in numbers]
    return pd.DataFrame(rows)


def charge_row(method, n, values, electrons) -> dict[str, Any]:
    """A row of :func:`fractional_charge`; ``values`` and ``electrons`` are by number."""
    low, high = (values[f(n)] for f in (floor, ceil))
    share = n - floor(n)
    line = (1 - share) * low["energy"] + share * high["energy"]
    value = values.get(n) or on_the_line(low, high, line)
    fine = low["converged"] and high["converged"] and value["converged"]
    sides = [(electrons.get(ceil(n) - 1), electrons[ceil(n)])]  # where the electrons come from
    sides += [(electrons[floor(n)], electrons.get(floor(n) + 1))]  # and where they go
    edges = [
        _edge(value.get(name), [s for s in (0, 1) if all(side) and side[0][s] != side[1][s]], pick)
        for name, side, pick in zip(("homo", "lumo"), sides, (max, min))
    ]
    return _row(method, dict(n=n), value, fine, edges, line=line)


def fractional_spin(
    system: str,
    methods: Iterable[str] = ("PBE", "B3LYP", "HF"),
    spin: Iterable[float] | None = None,
    *,
    basis: str = "def2-svpd",
    bond_length: float | None = None,
    workers: int | None = None,
    memory: int = 4000,
    store: str | os.PathLike | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """The energy as unpaired electrons are shared between the two spins. The exact one is constant.

    Parameters
    ----------
    system : the name of an atom or a molecule with unpaired electrons.
    spin : values of N_α − N_β, from minus to plus the number of unpaired electrons. Default: that
        range in 11 steps.

    The other parameters and the columns are those of :func:`fractional_charge`, with ``spin`` in
    the place of ``n``; ``line`` is the energy of the whole spin, N_α − N_β at its largest.

    Raises
    ------
    ValueError : as there, and for a system without unpaired electrons.
    """
    mol = molecule(system, bond_length=bond_length, basis=basis)
    names = approximate(methods)
    if not mol.spin:
        raise ValueError(f"{system} has no unpaired electron whose spin could be shared")
    spins = steps("spin", spin, np.linspace(-mol.spin, mol.spin, 11))
    if max(map(abs, spins)) > mol.spin:
        raise ValueError(f"N_α − N_β of {system} goes from {-mol.spin} to {mol.spin}, not {spins}")
    electrons = {m: _spins(mol.nelectron, m) for m in [*spins, mol.spin]}
    settings = dict(system=system.strip(), r=bond_length, basis=basis, path="spin")
    points = {name: electrons.values() for name in names}
    values = run(points, mol, settings, workers, memory, store, progress)

    rows = []
    for name in names:
        whole = values[name, electrons[mol.spin]]
        for m in spins:
            value = values[name, electrons[m]]
            fine = value["converged"] and whole["converged"]
            edges = _spin_edges(value, electrons[m])
            rows.append(_row(name, dict(spin=m), value, fine, edges, line=whole["energy"]))
    return pd.DataFrame(rows)


def flat_plane(
    system: str = "H",
    method: str = "PBE",
    n: int = 9,
    *,
    basis: str = "def2-svpd",
    workers: int | None = None,
    memory: int = 4000,
    store: str | os.PathLike | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """The energy with any part of an electron of either spin in one orbital.

    Parameters
    ----------
    system : the name of an atom or a molecule with one unpaired electron; its orbital is the one
        that is emptied and filled.
    method : as for :func:`mlxc_edu.KS`.
    n : points along each side.

    The other parameters are those of :func:`fractional_charge`, and so are the columns, with
    ``n_alpha`` and ``n_beta`` (electrons in that orbital) in the place of ``n`` and ``plane`` in
    that of ``line``: two triangles that meet along N_α + N_β = 1.

    Raises
    ------
    ValueError : as there, and for a system whose number of unpaired electrons is not one.
    """
    mol = molecule(system, basis=basis)
    (name,) = approximate([method])
    if mol.spin != 1:
        raise ValueError(f"{system} has {mol.spin} unpaired electrons; the flat plane needs one")
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 2:
        raise ValueError(f"n, the points along each side, is a whole number from 2 on, not {n!r}")
    core = mol.nelec[1]
    sides = np.linspace(0, 1, n).round(12).tolist()
    electrons = {(a, b): (core + a, core + b) for a in sides for b in sides}
    settings = dict(system=system.strip(), r=None, basis=basis, path="spin")
    values = run({name: electrons.values()}, mol, settings, workers, memory, store, progress)

    corners = [values[name, electrons[corner]] for corner in [(0, 0), (1, 0), (1, 1)]]
    rows = []
    for (a, b), key in electrons.items():
        value, first = values[name, key], int(a + b > 1)
        low, high = corners[first : first + 2]
        plane = low["energy"] + (a + b - first) * (high["energy"] - low["energy"])
        fine = value["converged"] and all(corner["converged"] for corner in corners)
        edges = _spin_edges(value, key)
        rows.append(_row(name, dict(n_alpha=a, n_beta=b), value, fine, edges, plane=plane))
    return pd.DataFrame(rows)


def _spin_edges(value, electrons) -> list[float]:
    partly = [s for s in (0, 1) if electrons[s] % 1]
    return [_edge(value.get("homo"), partly, max), _edge(value.get("lumo"), [], min)]


def _edge(energies, spins, pick) -> float:
    """Of the spins given, or of both; nan where none has one."""
    energies = energies or (None, None)
    known = [energies[s] for s in spins or (0, 1) if energies[s] is not None]
    return pick(known, default=np.nan)


def _row(method, place, value, converged, edges, **line) -> dict[str, Any]:
    (reference,) = line.values()
    homo, lumo = edges
    state = value["state"]
    if homo > LEAST_BOUND:
        state += f"; not bound: its highest orbital lies {homo * EV_PER_HARTREE:.2f} eV above zero"
    return {
        "method": method,
        **place,
        "energy": value["energy"],
        **line,
        "deviation_kcal": (value["energy"] - reference) * KCAL_PER_HARTREE,
        "converged": converged,
        "homo": homo,
        "lumo": lumo,
        "seconds": value["seconds"],
        "state": state,
    }


def _spins(electrons, m) -> tuple[float, float]:
    return round((electrons + m) / 2, 12), round((electrons - m) / 2, 12)
