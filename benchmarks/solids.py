"""What notebook 11 shows and does not compute again: crystals, cores, chains.

    python benchmarks/solids.py [crystals] [salts] [gaps] [bands] [meshes] [cores] [chains]

Finished rows are kept in results/solids.jsonl and not computed twice. Writes the tables that
`mx.stored("crystals", "gth-dzvp-molopt-sr")` and its like return. Three or four hours of one core.
"""

import argparse
import json
import platform
import time
import warnings
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyscf
from pyscf import fci, gto, scf

import mlxc_edu as mx
from mlxc_edu import crystals
from mlxc_edu.molecules import MOLECULES, hund_spin
from mlxc_edu.scans import FOLDER, code_version
from mlxc_edu.units import ANGSTROM_PER_BOHR, EV_PER_HARTREE

KEPT = Path(__file__).with_name("results") / "solids.jsonl"
GTH = "gth-dzvp-molopt-sr"
METHODS = "PBE", "PBE0", "EDU26", "DM21"
SQUEEZED = {2: ("PBE", "PBE0", "EDU26", "DM21"), 3: ("PBE", "EDU26")}  # by n of n×n×n k-points
SALTS = "NaCl", "MgO"  # on a fine mesh: there a learned functional's own density costs hours
LENGTHS = 0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06, 1.08  # of the measured cell
ROUGHER = 120.0  # Hartree, a mesh good enough for what more k-points change
GAPS = {"LiH": METHODS, "C": METHODS, "Si": ("PBE", "EDU26")}
CORNERS = {"L": (0.5, 0.5, 0.5), "Γ": (0, 0, 0), "X": (0.5, 0, 0.5)}  # in reciprocal vectors
BETWEEN = 8  # steps from corner to corner
ATOMS = "H", "Li", "C", "N", "O", "F", "Na", "Mg", "Si", "Cl"
IONS = "Li+", "C+", "N+", "O+", "F+", "Na+", "Si+", "Cl+"
PAIRS = "H2", "LiH", "HF", "N2", "CO", "F2", "LiF", "HCl", "NaCl"
WITH_CORES = "PBE", "B3LYP", "EDU26", "DM21"
ONE_BASIS = "unc-def2-tzvp"
CHAIN = 2, 6, 10, 14, 18, 26, 38, 50  # atoms, all shells closed
APART = 1.8, 3.6  # Bohr; electrons paired, and with their spins alternating
CHAIN_BASIS = "sto-6g"
WHOLE_BASIS, SHORT = "cc-pvtz", (10, 18)  # to compare with published energies
MOST_EXACT, MOST_LEARNED = 10, 38  # atoms


def kept() -> list[dict]:
    return [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []


def every(kind, jobs, compute):
    """Rows of all jobs, each computed once."""
    known = {json.dumps(row["job"], sort_keys=True): row for row in kept() if row["kind"] == kind}
    for job in jobs:
        key = json.dumps(job, sort_keys=True)
        if key not in known:
            began = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = compute(**job)
            seconds = round(time.perf_counter() - began, 2)
            known[key] = dict(kind=kind, job=job, **found, seconds=seconds)
            with KEPT.open("a") as file:
                file.write(json.dumps(known[key]) + "\n")
            print(kind, job, found, flush=True)
        yield dict(job, **{k: v for k, v in known[key].items() if k not in ("kind", "job")})


def equations_of_state(workers):
    parts = [
        mx.equation_of_state(
            name, methods, kpts=(n, n, n), workers=workers, memory=6000 * workers
        ).assign(crystal=name, n=n)
        for n, methods in SQUEEZED.items()
        for name in ("C", "LiH")
    ]
    return pd.concat(parts).drop(columns="state")


def salt(crystal, length):
    """Energies by PBE and EDU26 of PBE's density, 2×2×2 k-points, and what 3×3×3 add to PBE's."""
    cell = crystals.resized(crystals.crystal(crystal), length)
    cell.max_memory = 12000  # MB
    pbe = crystals.KS(cell, "PBE").run()
    edu26 = crystals.KS(cell, "EDU26").energy_tot(pbe.make_rdm1())
    energies = dict(PBE=float(pbe.e_tot), EDU26=float(edu26))
    rough = crystals.resized(crystals.crystal(crystal, ke_cutoff=ROUGHER), length)
    rough.max_memory = 12000
    two, three = (crystals.KS(rough, "PBE", (n, n, n)).run() for n in (2, 3))
    converged = bool(pbe.converged and two.converged and three.converged)
    return dict(energies=energies, more=float(three.e_tot - two.e_tot), converged=converged)


def gap(crystal, method, exxdiv):
    """At Γ, X and L of the measured cell, which a mesh of 2×2×2 has."""
    mf = crystals.KS(crystals.crystal(crystal), method, exxdiv=exxdiv).run()
    levels = mf.levels(mf.kpts) if hasattr(mf, "levels") else mf.mo_energy
    filled = mf.cell.nelectron // 2
    top, bottom = max(e[filled - 1] for e in levels), min(e[filled] for e in levels)
    direct = min(e[filled] - e[filled - 1] for e in levels)
    return dict(
        energy=mf.e_tot,
        converged=bool(mf.converged),
        gap_ev=(bottom - top) * EV_PER_HARTREE,
        direct_gap_ev=direct * EV_PER_HARTREE,
    )


def bands(crystal, method):
    """Levels along a path, Hartree; their potential from a mesh of 2×2×2. Exchange, if any, ends at
    the radius of the block of cells: so it is smooth between the mesh's k-points."""
    cell = crystals.crystal(crystal)
    ways = [*CORNERS.values()]
    path = [np.linspace(a, b, BETWEEN, endpoint=False) for a, b in pairwise(ways)]
    path = np.concatenate([*path, [ways[-1]]])
    kpts = cell.get_abs_kpts(path)
    mf = crystals.KS(cell, method, exxdiv="vcut_sph").run()
    levels = mf.levels(kpts) if hasattr(mf, "levels") else mf.get_bands(kpts)[0]
    filled = cell.nelectron // 2
    shown = np.array(levels)[:, : filled + 4].tolist()
    steps = np.linalg.norm(np.diff(kpts, axis=0, prepend=kpts[:1]), axis=1)
    return dict(
        k=steps.cumsum().tolist(), levels=shown, filled=filled, converged=bool(mf.converged)
    )


def by_mesh(crystal, method, n, exxdiv):
    """Energy of the measured cell with n×n×n k-points."""
    cell = crystals.crystal(crystal)
    cell.max_memory = 12000  # MB
    mf = crystals.KS(cell, method, (n, n, n), exxdiv=exxdiv).run()
    return dict(energy=float(mf.e_tot), converged=bool(mf.converged))


def with_or_without_core(system, cores):
    """Energies by all methods of PBE's density. (Their own need not exist: where a density without
    core and cusp is flat, a learned functional's potential is wild, and Li's does not converge.)"""
    entry = MOLECULES.get(system)
    if entry:
        atoms, charge, spin = list(entry.atoms), entry.charge, entry.spin
    else:
        symbol, charge = system.rstrip("+"), system.count("+")
        atoms, spin = [(symbol, (0, 0, 0))], hund_spin(symbol, charge)
    pseudo = None if cores else "gth-pbe"  # with one basis: what differs is the core
    mol = gto.M(atom=atoms, charge=charge, spin=spin, basis=ONE_BASIS, pseudo=pseudo, verbose=0)
    pbe = mx.solve(mol, "PBE")
    dm = pbe.density_matrix
    energies = {
        method: float(mx.KS(mol, method, unrestricted=True).energy_tot(dm)) for method in WITH_CORES
    }
    return dict(energies=energies, converged=bool(pbe.converged))


def chain(atoms, r, method, unrestricted, basis=CHAIN_BASIS):
    """Equally spaced hydrogen atoms; unrestricted, spins begin up, down, up, …"""
    mol = gto.M(
        atom=[("H", (0, 0, i * r)) for i in range(atoms)], unit="Bohr", basis=basis, verbose=0
    )
    if method == "exact":
        mf = scf.RHF(mol).run()
        found = fci.FCI(mf)
        energy = found.kernel()[0]
        return dict(energy=float(energy), converged=bool(found.converged), gap_ev=np.nan)
    mf = mx.KS(mol, method, unrestricted=unrestricted)
    if unrestricted:
        mf.kernel(alternating(mol))
        levels, held = np.concatenate(mf.mo_energy), np.concatenate(mf.mo_occ)
    else:
        mf.kernel()
        levels, held = mf.mo_energy, mf.mo_occ
    between = levels[held == 0].min() - levels[held > 0].max()
    return dict(
        energy=float(mf.e_tot), converged=bool(mf.converged), gap_ev=float(between * EV_PER_HARTREE)
    )


def alternating(mol):
    """Density matrices (2, nao, nao) of hydrogen atoms, their spins down, up, down, …, each in its
    atom's first function."""
    first = mol.aoslice_by_atom()[:, 2]
    dm = np.zeros((2, mol.nao, mol.nao))
    dm[0, first[1::2], first[1::2]] = dm[1, first[::2], first[::2]] = 1
    return dm


def write(table, name, basis, units):
    said = {
        "system": name,
        "basis": basis,
        "made by": f"benchmarks/solids.py, on {platform.system()} {platform.machine()}",
        "date": date.today().isoformat(),
        "mlxc-edu": mx.__version__,
        "code": code_version(),
        "PySCF": pyscf.__version__,
        "units": units,
    }
    head = "".join(f"# {key}: {value}\n" for key, value in said.items())
    digits = {c: 8 if c in ("energy", "more") else 5 for c in table.select_dtypes("float")}
    text = head + table.round(digits).to_csv(index=False)
    (FOLDER / f"{name}_{basis}.csv").write_text(text, encoding="utf-8")


def main():
    said = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    said.add_argument(
        "tables",
        nargs="*",
        default=["crystals", "salts", "gaps", "bands", "meshes", "cores", "chains"],
    )
    said.add_argument("--workers", type=int, default=1)
    given = said.parse_args()
    if "crystals" in given.tables:
        units = "n of n×n×n k-points, lattice_constant Å, volume Å³, energy of a cell Hartree, "
        units += "seconds of one core"
        write(equations_of_state(given.workers), "crystals", GTH, units)
    if "salts" in given.tables:
        jobs = [dict(crystal=c, length=x) for c in SALTS for x in LENGTHS]
        cubes = crystals.catalogue()["lattice_constant"]
        rows = []
        for row in every("salts", jobs, salt):
            a = row["length"] * cubes[row["crystal"]]
            where = dict(crystal=row["crystal"], length=row["length"], lattice_constant=a)
            where["volume"] = a**3 / 4
            rows += [
                where | dict(method=m, energy=e, more=row["more"], converged=row["converged"])
                for m, e in row["energies"].items()
            ]
        units = "lattice_constant Å, volume Å³, energy of a cell of PBE's density Hartree, with "
        units += "2×2×2 k-points; more: what 3×3×3 add to PBE's on a mesh of 120 Hartree"
        write(pd.DataFrame(rows), "salts", GTH, units)
    if "gaps" in given.tables:
        jobs = [
            dict(crystal=c, method=m, exxdiv=x)
            for c, methods in GAPS.items()
            for m in methods
            for x in ("ewald", "vcut_sph")
        ]
        table = pd.DataFrame([*every("gaps", jobs, gap)])
        write(table, "gaps", GTH, "energy of a cell Hartree, gaps eV, seconds of the wall clock")
    if "bands" in given.tables:
        jobs = [dict(crystal="LiH", method=m) for m in ("PBE", "PBE0", "EDU26")]
        rows = [
            dict(
                crystal=found["crystal"],
                method=found["method"],
                point=i,
                k=found["k"][i],
                band=band + 1,
                filled=band < found["filled"],
                energy=energy,
                converged=found["converged"],
            )
            for found in every("bands", jobs, bands)
            for i, levels in enumerate(found["levels"])
            for band, energy in enumerate(levels)
        ]
        units = (
            f"path {' '.join(CORNERS)} in steps of 1/{BETWEEN}, k 1/Bohr along it, energy Hartree"
        )
        write(pd.DataFrame(rows), "bands", GTH, units)
    if "meshes" in given.tables:
        jobs = [
            dict(crystal=c, method=m, n=n, exxdiv=x)
            for c in ("LiH", "C")
            for m, most in (("PBE", 4), ("EDU26", 2))
            for n in range(1, most + 1)
            for x in (("ewald",) if m == "PBE" else ("ewald", "vcut_sph"))
        ]
        table = pd.DataFrame([*every("meshes", jobs, by_mesh)])
        write(table, "meshes", GTH, "energy of a cell Hartree, seconds of the wall clock")
    if "cores" in given.tables:
        jobs = [dict(system=s, cores=c) for s in (*ATOMS, *IONS, *PAIRS) for c in (True, False)]
        rows = [
            {k: row[k] for k in ("system", "cores", "converged")} | dict(method=m, energy=e)
            for row in every("cores", jobs, with_or_without_core)
            for m, e in row["energies"].items()
        ]
        units = "energy of PBE's density Hartree"
        write(pd.DataFrame(rows), "cores", ONE_BASIS, units)
    if "chains" in given.tables:
        jobs = [
            dict(atoms=n, r=r, method=m, unrestricted=u)
            for n in CHAIN
            for r in APART
            for m in ("exact", *WITH_CORES)
            for u in ((False,) if m == "exact" or r == APART[0] else (True,))
            if (m != "exact" or n <= MOST_EXACT)
            and (m not in ("EDU26", "DM21") or n <= MOST_LEARNED)
            and (m != "DM21" or r == APART[0])
        ]
        whole = [
            dict(atoms=n, r=r, method=m, unrestricted=u, basis=WHOLE_BASIS)
            for m in ("PBE", "B3LYP", "EDU26")
            for n in SHORT
            for r in APART
            for u in ((False, True) if r == APART[0] else (True,))
        ]
        units = "r Å, energy Hartree, gap_ev eV between orbitals, seconds of the wall clock"
        for some, basis in ((whole, WHOLE_BASIS), (jobs, CHAIN_BASIS)):
            table = pd.DataFrame([*every("chains", some, chain)]).drop(
                columns="basis", errors="ignore"
            )
            table["r"] *= ANGSTROM_PER_BOHR
            write(table, "chains", basis, units)


if __name__ == "__main__":
    main()
