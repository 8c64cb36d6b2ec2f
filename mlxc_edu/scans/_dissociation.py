"""One calculation repeated along a parameter, as a tidy table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from ..calculations import Result, exact, exact_level, solve
from ..ks import KS
from ..ks.methods import canonical_name
from ..molecules import MOLECULES, molecule
from ..units import KCAL_PER_HARTREE
from ._jobs import Running, identity, makes_a_table

EXACT = "exact"
BARE_PROTON = "H+"  # no electrons, no energy


@makes_a_table
def dissociation(
    system: str,
    methods: Iterable[str] = ("PBE", "B3LYP", "exact"),
    r: Iterable[float] | None = None,
    *,
    basis: str = "def2-svpd",
    unrestricted: bool | None = None,
    occupations: str | None = None,
    run: Running,
) -> pd.DataFrame:
    """Pull a diatomic apart.

    Parameters
    ----------
    system : a diatomic's name, see :func:`mlxc_edu.catalogue`.
    methods : as for :func:`mlxc_edu.KS`, and ``"exact"`` for :func:`mlxc_edu.exact`.
    r : distances in Å. Default: 25 from two thirds of the equilibrium distance to 20 Å, dense where
        the curves bend.
    basis : name of a basis set.
    unrestricted, occupations : as for :func:`mlxc_edu.solve`; the separated atoms are always whole.
    workers : processes, each on one thread; default: one a processor, as far as memory goes.
    memory : MB for all workers together.
    store : folder of finished points; default: the user's cache. Every finished point is written at
        once, so a scan that was killed continues where it stopped.
    progress : show a progress bar.
    scheduler : address of a Dask scheduler, ``"tcp://…"``, whose workers compute instead;
        ``memory`` is then of each of them (docs/growth.md).

    Returns
    -------
    pandas.DataFrame, a row a point, sorted by method and distance, with columns

    ============== ==========================================================================
    method         as given
    r              distance, Å
    energy         total energy, Hartree
    relative_kcal  energy above the same method's separated atoms, neutral (of a cation: the
                   cheaper of the two atoms ionised), kcal/mol
    converged      bool; of the point and of the atoms it is measured from
    charge_<atom>  charge of the first atom (intrinsic atomic orbitals), e
    dipole         Debye; of an ion, about its centre of nuclear charge
    seconds        what the point cost when it was computed
    state          what was computed: the method and its notes
    ============== ==========================================================================

    Raises
    ------
    ValueError : unknown system or method, bad distance, a basis that lacks an element, a store that
        cannot be written to. All is checked before anything is computed.
    """
    name, atoms, charge = diatomic(system)
    names = method_names(methods)
    distances = scan_distances(r, name)
    for distance in distances:
        mol = molecule(name, bond_length=distance, basis=basis)
        if occupations is not None:
            KS(mol, unrestricted=bool(unrestricted), occupations=occupations)

    level = exact_level(molecule(name, basis=basis)) if EXACT in names else None
    given = dict(unrestricted=unrestricted, occupations=occupations)
    driver = {key: value for key, value in given.items() if value is not None}
    jobs = []
    for method in names:
        job: dict[str, Any] = dict(basis=basis, method=method)
        job["level"] = level if method == EXACT else None
        jobs += [dict(job, system=fragment, r=None) for fragment in _fragments(atoms, charge)]
        jobs += [dict(job, system=name, r=distance, driver=driver) for distance in distances]
    values = run.values(jobs, _compute)

    rows = []
    for method in names:
        limit, limit_converged, trouble = _separated(values, method, atoms, charge)
        for distance in distances:
            value = values[identity(dict(system=name, r=distance, method=method))]
            rows.append(
                {
                    "method": method,
                    "r": distance,
                    "energy": value["energy"],
                    "relative_kcal": (value["energy"] - limit) * KCAL_PER_HARTREE,
                    "converged": value["converged"] and limit_converged,
                    f"charge_{atoms[0]}": value["charge"],
                    "dipole": value["dipole"],
                    "seconds": value["seconds"],
                    "state": "; ".join([value["state"], *trouble]),
                }
            )
    return pd.DataFrame(rows)


def _compute(job, memory) -> dict[str, Any]:
    mol = molecule(job["system"], bond_length=job["r"], basis=job["basis"])
    mol.max_memory = memory
    method = job["method"]
    if method == EXACT:
        result: Result = exact(mol, level=job["level"])
    else:
        result = solve(mol, method, **job.get("driver", {}))
    return {
        "energy": result.energy,
        "converged": result.converged,
        "charge": float(result.charges[0]),
        "dipole": result.dipole,
        "state": "; ".join([result.method, *result.notes]),
    }


def diatomic(system) -> tuple[str, tuple[str, str], int]:
    """The catalogue's spelling, the two symbols and the charge."""
    mol = molecule(system)  # says what is near an unknown name; "Co" is not CO
    for name, entry in MOLECULES.items():
        named = isinstance(system, str) and name.lower() == system.strip().lower()
        if named and len(entry.atoms) == mol.natm == 2:
            return name, (entry.atoms[0][0], entry.atoms[1][0]), entry.charge
    diatomics = ", ".join(n for n, e in MOLECULES.items() if len(e.atoms) == 2)
    raise ValueError(f"dissociation takes a diatomic by name; {system!r} is not one of {diatomics}")


def method_names(methods) -> list[str]:
    methods = [methods] if isinstance(methods, str) else list(methods or [])
    if not methods:
        raise ValueError("name at least one method, such as 'PBE' or 'exact'")
    names = [EXACT if str(m).strip().lower() == EXACT else canonical_name(m) for m in methods]
    return list(dict.fromkeys(names))


def scan_distances(r, name) -> list[float]:
    if r is None:
        equilibrium = MOLECULES[name].atoms[1][1][2]
        r = np.geomspace(equilibrium * 2 / 3, 20.0, 25).round(3).tolist()
    try:
        if isinstance(r, str):
            raise ValueError
        distances = sorted({float(x) for x in np.atleast_1d(np.asarray(list(r), dtype=float))})
    except (TypeError, ValueError) as error:
        raise ValueError(f"r must be distances in Å, not {r!r}") from error
    if not distances:
        raise ValueError("give at least one distance r in Å")
    return distances


def _fragments(atoms, charge) -> list[str]:
    """Names of the free atoms, and of their ions where the molecule is one."""
    sign = "+" if charge > 0 else "-"
    ions = [atom + sign for atom in atoms if charge and atom + sign != BARE_PROTON]
    return list(dict.fromkeys([*atoms, *ions]))


def _separated(values, method, atoms, charge) -> tuple[float, bool, list[str]]:
    """Energy of the atoms far apart, Hartree, whether it is converged, and what is wrong if not."""

    def at(fragment):
        if fragment == BARE_PROTON:
            return 0.0, True, []
        value = values[identity(dict(system=fragment, r=None, method=method))]
        trouble = [] if value["converged"] else [f"free {fragment}: {value['state']}"]
        return value["energy"], value["converged"], trouble

    first, second = atoms
    sign = "+" if charge > 0 else "-"
    ends = [(first + sign, second), (first, second + sign)] if charge else [atoms]
    (energy, converged, trouble), (e, c, t) = min(
        ((at(a), at(b)) for a, b in ends), key=lambda pair: pair[0][0] + pair[1][0]
    )
    return energy + e, converged and c, trouble + t
