"""E(N): the energy as electrons come and go in parts.

The exact energy is a straight line between whole numbers of electrons (Perdew, Parr, Levy and
Balduz, Phys. Rev. Lett. 49, 1691 (1982)).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ..calculations import frontier, path
from ..molecules import molecule
from ._dissociation import EXACT, method_names
from ._fractional_points import (
    ceil,
    computed,
    edge,
    electron_numbers,
    floor,
    on_the_line,
    row,
)
from ._jobs import Running, makes_a_table


@makes_a_table
def fractional_charge(
    system: str,
    methods: Iterable[str] = ("PBE", "B3LYP", "HF"),
    n: Iterable[float] | None = None,
    *,
    basis: str = "def2-svpd",
    bond_length: float | None = None,
    run: Running,
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
    workers, memory, store, progress, scheduler : as for :func:`mlxc_edu.dissociation`;
        every finished point is written at once, so a table that was interrupted continues where it
        stopped.

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
    lumo           of the orbital that fills next, Hartree; blank where its spin is empty so far
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
    every = sorted({*numbers, *whole})
    points = {name: [electrons[m] for m in (whole if name == EXACT else every)] for name in names}
    settings = dict(system=system.strip(), r=bond_length, basis=basis, path="charge")
    values = computed(points, mol, settings, run)

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
        edge(value.get(name), [s for s in (0, 1) if all(side) and side[0][s] != side[1][s]], pick)
        for name, side, pick in zip(("homo", "lumo"), sides, (max, min))
    ]
    return row(method, dict(n=n), value, fine, edges, line=line)
