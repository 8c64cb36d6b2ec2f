"""The energy as spin is shared out, and with any part of an electron of either spin.

The exact energy does not change when spin is shared out (Cohen, Mori-Sánchez and Yang, J. Chem.
Phys. 129, 121104 (2008)), and is the flat plane of fractional charge and spin together
(Mori-Sánchez, Cohen and Yang, Phys. Rev. Lett. 102, 066403 (2009)).
"""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral

import numpy as np
import pandas as pd

from ..molecules import molecule
from ._fractional_points import approximate, computed, edge, plane_spins, row, steps
from ._jobs import Running, makes_a_table


@makes_a_table
def fractional_spin(
    system: str,
    methods: Iterable[str] = ("PBE", "B3LYP", "HF"),
    spin: Iterable[float] | None = None,
    *,
    basis: str = "def2-svpd",
    bond_length: float | None = None,
    run: Running,
) -> pd.DataFrame:
    """The energy as unpaired electrons are shared between the two spins. The exact one is constant.

    Parameters
    ----------
    system : the name of an atom or a molecule with unpaired electrons.
    spin : values of N_α − N_β, from minus to plus the number of unpaired electrons. Default: that
        range in 11 steps.

    The other parameters and the columns are those of :func:`mlxc_edu.fractional_charge`, with
    ``spin`` in the place of ``n``; ``line`` is the energy of the whole spin, N_α − N_β at its
    largest.

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
    values = computed(points, mol, settings, run)

    rows = []
    for name in names:
        whole = values[name, electrons[mol.spin]]
        for m in spins:
            value = values[name, electrons[m]]
            fine = value["converged"] and whole["converged"]
            edges = _spin_edges(value, electrons[m])
            rows.append(row(name, dict(spin=m), value, fine, edges, line=whole["energy"]))
    return pd.DataFrame(rows)


@makes_a_table
def flat_plane(
    system: str = "H",
    method: str = "PBE",
    n: int = 9,
    *,
    basis: str = "def2-svpd",
    run: Running,
) -> pd.DataFrame:
    """The energy with any part of the last electron of either spin.

    Parameters
    ----------
    system : the name of an atom or ion with unpaired electrons, or of a molecule with one.
    method : as for :func:`mlxc_edu.KS`.
    n : points along each side.

    The other parameters are those of :func:`mlxc_edu.fractional_charge`, and so are the columns,
    with ``n_alpha`` and ``n_beta`` (how much of the last electron of either spin is there) in the
    place of ``n`` and ``plane`` in that of ``line``: two triangles that meet along
    n_alpha + n_beta = 1, between the energies of cation, atom and anion with their spins as far
    apart as they go. Every corner is a ground state whose open shell, if it has several orbitals,
    is shared evenly between the spins (the nitrogen atom at n_beta = 1, n_alpha = 0 has ⅔ α and ⅓ β
    in each 2p orbital): the exact energy does not see that.

    Raises
    ------
    ValueError : as there, and for a system without unpaired electrons, or a molecule with more than
        one.
    """
    mol = molecule(system, basis=basis)
    (name,) = approximate([method])
    unpaired = plane_spins(mol)
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 2:
        raise ValueError(f"n, the points along each side, is a whole number from 2 on, not {n!r}")
    alpha, beta = mol.nelec
    sides = np.linspace(0, 1, n).round(12).tolist()
    electrons = {
        (a, b): (round(alpha - 1 + a, 12), round(beta + b, 12)) for a in sides for b in sides
    }
    whole = [_spins(mol.nelectron + i, spin) for i, spin in zip((-1, 0, 1), unpaired)]
    path = "spin" if unpaired == (0, 1, 0) else "plane"
    settings = dict(system=system.strip(), r=None, basis=basis, path=path)
    values = computed({name: [*electrons.values(), *whole]}, mol, settings, run)

    corners = [values[name, numbers] for numbers in whole]
    rows = []
    for (a, b), key in electrons.items():
        value, first = values[name, key], int(a + b > 1)
        low, high = corners[first : first + 2]
        plane = low["energy"] + (a + b - first) * (high["energy"] - low["energy"])
        fine = value["converged"] and all(corner["converged"] for corner in corners)
        edges = _spin_edges(value, key)
        rows.append(row(name, dict(n_alpha=a, n_beta=b), value, fine, edges, plane=plane))
    return pd.DataFrame(rows)


def _spin_edges(value, electrons) -> list[float]:
    partly = [s for s in (0, 1) if electrons[s] % 1]
    return [edge(value.get("homo"), partly, max), edge(value.get("lumo"), [], min)]


def _spins(electrons, m) -> tuple[float, float]:
    return round((electrons + m) / 2, 12), round((electrons - m) / 2, 12)
