"""A set of reactions, computed: the table of a functional's errors."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ..calculations import solve
from ..molecules import molecule
from ..units import KCAL_PER_HARTREE
from ._dissociation import EXACT, method_names
from ._jobs import Running, identity, makes_a_table
from ._reaction_sets import Reaction, known_set, reactions_of

LADDER = ("LDA", "PBE", "TPSS", "R2SCAN", "B3LYP", "PBE0", "wB97X")
BASIS = "6-311+g(2d,p)"


@makes_a_table
def benchmark(
    reactions: str,
    methods: Iterable[str] = LADDER,
    *,
    subset: str = "small",
    basis: str = BASIS,
    run: Running,
) -> pd.DataFrame:
    """Energies of a set of reactions, and how far from the reference they are.

    Parameters
    ----------
    reactions : the set: ``"W4-11"`` (atomisation), ``"BH76"`` (barriers) or ``"G21IP"``
        (ionisation).
    methods : as for :func:`mlxc_edu.KS`.
    subset : ``"small"``, four or five reactions that come with the library, or ``"full"``, the
        whole set from the package xcbm.
    basis : name of a basis set.
    workers, memory, store, progress : as for :func:`mlxc_edu.dissociation`. A species that several
        reactions or sets share is computed once.

    Returns
    -------
    pandas.DataFrame, a row for each method and reaction, with columns

    ============== ==========================================================================
    set, reaction  the set's name, and the equation; ‡ marks a transition state
    method         as given
    energy_kcal    energy of the reaction, kcal/mol
    reference_kcal the same from the set
    error_kcal     their difference
    converged      bool; of all species
    seconds        of processor time that its species took when they were computed, one thread
    ============== ==========================================================================

    Closed shells are computed with restricted orbitals. A species that failed leaves NaN.

    Raises
    ------
    ValueError : unknown set, subset or method, a basis that lacks an element, a store that cannot
        be written to. All is checked before anything is computed.
    ImportError : the whole set is wanted and xcbm is not installed; the message gives the command.
    """
    name, names = known_set(reactions), functionals(methods)
    listed = reactions_of(name, subset)
    jobs = species_jobs(listed, names, basis)
    return tabulate(name, listed, names, run.values(jobs, compute))


def functionals(methods) -> list[str]:
    names = method_names(methods)
    if EXACT in names:
        raise ValueError("exact energies are the table's reference; name functionals")
    return names


def tabulate(name: str, listed: list[Reaction], methods: list[str], values) -> pd.DataFrame:
    """The table of :func:`benchmark` from the species' values."""
    rows = []
    for method in methods:
        for reaction in listed:
            found = [
                (n, values[identity(dict(system=s.name, r=None, method=method))])
                for n, s in reaction.parts
            ]
            energy = sum(n * value["energy"] for n, value in found) * KCAL_PER_HARTREE
            rows.append(
                {
                    "set": name,
                    "reaction": reaction.name,
                    "method": method,
                    "energy_kcal": energy,
                    "reference_kcal": reaction.reference,
                    "error_kcal": energy - reaction.reference,
                    "converged": all(value["converged"] for _, value in found),
                    "seconds": sum(value.get("processor_seconds", np.nan) for _, value in found),
                }
            )
    return pd.DataFrame(rows)


def species_jobs(listed: list[Reaction], methods: list[str], basis: str) -> list[dict[str, Any]]:
    """A job for each species and method, the molecules checked."""
    species = list(dict.fromkeys(s for reaction in listed for _, s in reaction.parts))
    for s in species:
        molecule(s.xyz, basis=basis, charge=s.charge, spin=s.spin)
    return [
        dict(method=m, system=s.name, r=None, basis=basis, xyz=s.xyz, charge=s.charge, spin=s.spin)
        for m in methods
        for s in species
    ]


def compute(job, memory) -> dict[str, Any]:
    mol = molecule(job["xyz"], basis=job["basis"], charge=job["charge"], spin=job["spin"])
    mol.max_memory = memory
    began = time.thread_time()  # one thread; what others do meanwhile does not count
    result = solve(mol, job["method"], unrestricted=None if job["spin"] else False)
    notes = "; ".join([result.method, *result.notes])
    spent = time.thread_time() - began
    value = {"energy": result.energy, "converged": result.converged, "state": notes}
    return dict(value, processor_seconds=spent)
