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
from ._few_reactions import Reaction
from ._jobs import Running, identity, makes_a_table
from ._reaction_sets import WHOLE_SETS, known_set, mean_size, reactions_of

LADDER = ("LDA", "PBE", "TPSS", "R2SCAN", "B3LYP", "PBE0", "wB97X")
BASIS = "6-311+g(2d,p)"
MEAN_SIZE = 56.84  # kcal/mol, of GMTKN55's references


@makes_a_table
def benchmark(
    reactions: str | Iterable[str],
    methods: Iterable[str] = LADDER,
    *,
    subset: str = "small",
    basis: str = BASIS,
    run: Running,
) -> pd.DataFrame:
    """Energies of sets of reactions, and how far from the references they are.

    Parameters
    ----------
    reactions : a set or several: of GMTKN55 (``"W4-11"``, ``"BH76"``, ``"S22"``, … but for WATER27,
        see :mod:`mlxc_edu.scans`), ``"TAE140"`` (atomisation), ``"DBH24"`` (barriers).
    methods : as for :func:`mlxc_edu.KS`; ``"B3LYP-D3BJ"`` adds dispersion.
    subset : ``"small"``, the lightest of each set, five at most; ``"full"``, the whole set. Five
        reactions of W4-11 and of G21IP and four of BH76 come with the library, the others with the
        package xcbm.
    basis : name of a basis set.
    workers, memory, store, progress, scheduler : as for :func:`mlxc_edu.dissociation`. A
        species that several reactions share is computed once.

    Returns
    -------
    pandas.DataFrame, a row for each set, method and reaction, with columns

    ============== ==========================================================================
    set, reaction  the set's name, and the equation; ‡ marks a transition state
    method         as given
    energy_kcal    energy of the reaction, kcal/mol
    reference_kcal the same from the set
    error_kcal     their difference
    converged      bool; of all species
    seconds        of processor time that its species took when they were computed, one thread
    trouble        which species failed or did not converge, and why; empty where none
    ============== ==========================================================================

    Closed shells are computed with restricted orbitals. A species that failed leaves NaN.
    :func:`mlxc_edu.errors` is the summary.

    Raises
    ------
    ValueError : unknown set, subset or method, a basis that lacks an element, a store that cannot
        be written to. All is checked before anything is computed.
    ImportError : xcbm is needed and not installed; the message gives the command.
    """
    given = [reactions] if isinstance(reactions, str) else [*reactions]
    names = functionals(methods)
    listed = {name: reactions_of(name, subset) for name in dict.fromkeys(map(known_set, given))}
    if not listed:
        raise ValueError('name at least one set, such as "W4-11"')
    jobs = {name: species_jobs(those, names, basis) for name, those in listed.items()}
    tables = [
        tabulate(name, those, names, run.values(jobs[name], compute))
        for name, those in listed.items()
    ]
    return pd.concat(tables, ignore_index=True)


def errors(table: pd.DataFrame) -> pd.DataFrame:
    """The summary of a table of :func:`mlxc_edu.benchmark`.

    Parameters
    ----------
    table : the table, or several below each other.

    Returns
    -------
    pandas.DataFrame, a row for each method and set, and a last one for each method over all, with
    columns

    ============== ==========================================================================
    method, set    as in the table; ``"WTMAD-2"`` in the last rows
    reactions      how many count
    excluded       how many do not, because a species failed or did not converge
    mean_kcal      mean error, kcal/mol
    mae_kcal       mean absolute error; of the last rows GMTKN55's weighted total mean absolute
                   deviation, Σ N (56.84/|ΔE|) MAE / Σ N, |ΔE| the mean size of the whole set's
                   references (Goerigk and others 2017)
    largest_kcal   the error that is largest in size
    which          its reaction; of the last rows, what was excluded
    ============== ==========================================================================

    The last rows need the whole sets' references and are left out where xcbm is not installed, or
    where a set is none of its own.
    """
    rows = []
    for method, of_method in table.groupby("method", sort=False):
        found = []
        for name, part in of_method.groupby("set", sort=False):
            counted = part[part["converged"]].set_index("reaction")["error_kcal"]
            worst = counted.abs().idxmax() if len(counted) else ""
            found.append(
                {
                    "method": method,
                    "set": name,
                    "reactions": len(counted),
                    "excluded": len(part) - len(counted),
                    "mean_kcal": counted.mean(),
                    "mae_kcal": counted.abs().mean(),
                    "largest_kcal": counted[worst] if worst else np.nan,
                    "which": worst,
                }
            )
        rows += found + _over_all(method, found, of_method[~of_method["converged"]])
    return pd.DataFrame(rows)


def _over_all(method, found, excluded) -> list[dict[str, Any]]:
    """WTMAD-2's row; none without xcbm, nor for a set that xcbm does not have."""
    if not {row["set"] for row in found} <= {*WHOLE_SETS}:
        return []
    try:
        sizes = [mean_size(row["set"]) for row in found]
    except ImportError:
        return []
    total = sum(row["reactions"] for row in found)
    weighted = sum(
        row["reactions"] * MEAN_SIZE / size * row["mae_kcal"]
        for row, size in zip(found, sizes)
        if row["reactions"]
    )
    return [
        {
            "method": method,
            "set": "WTMAD-2",
            "reactions": total,
            "excluded": len(excluded),
            "mean_kcal": np.nan,
            "mae_kcal": weighted / total if total else np.nan,
            "largest_kcal": np.nan,
            "which": "; ".join(excluded["reaction"]),
        }
    ]


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
            trouble = [
                f"{s.name}: {value['state']}"
                for (_, s), (_, value) in zip(reaction.parts, found)
                if not value["converged"]
            ]
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
                    "trouble": "; ".join(trouble),
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
