"""The search for holes: states that a minimiser finds below the exact energy, from any start.

    python recipe/holes.py EDU27 EDU26 --store judged

Twenty systems: flat planes of atoms, diatomics at three distances, two atoms far apart. Each point
is minimised from what everybody starts from, with one electron in a higher orbital, and from
orbitals turned at random. Atoms' planes are those of the functional's own whole ions, molecules'
energies those of our table, both relative to the functional's own atoms; a line a start is kept.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from pyscf import gto

import mlxc_edu as mx
from mlxc_edu.calculations import frontier, paired, plane_occupations, plane_weights
from mlxc_edu.ks.convergence import Minimum, atomic_starts, default_start, minimise
from mlxc_edu.molecules import hund_spin
from mlxc_edu.training import entries
from mlxc_edu.training._own import turned
from mlxc_edu.units import KCAL_PER_HARTREE

ATOMS = ("H", "Li", "C", "N", "O", "F", "Na", "Cl")
PLACES = (0.5, 0.25), (0.5, 1.0), (0.75, 0.75), (1.0, 1.0)  # of the last α and β electron
CURVES = {  # of the table, near the minimum, half way, far
    "LiH": ("1.600", "2.640", "5.600"),
    "BH": ("1.230", "2.030", "4.305"),
    "NH": ("1.040^3", "1.716^3", "3.640^3"),
    "SiH": ("1.520^2", "2.508^2", "5.320^2"),
    "NaH": ("1.890", "3.118", "6.615"),
    "NaLi": ("2.880", "4.752", "10.080"),
}
FAR = {"LiF": 12.0, "NaCl": 15.0, "HeHe": 8.0, "NN": 8.0, "OH": 8.0, "CO": 8.0}  # Å
BASIS = "def2-svpd"
GRID_LEVEL = 1
STARTS = 10
DEEP = 5.0  # kcal/mol below the exact energy


def points() -> list[dict]:
    jobs = [dict(system=s, place=list(p)) for s in ATOMS for p in PLACES]
    jobs += [dict(system=s, place=place) for s, places in CURVES.items() for place in places]
    jobs += [dict(system=s, place=r) for s, r in FAR.items()]
    return jobs


def _atoms(system) -> list[str]:
    atoms, rest = [], system
    while rest:
        cut = 2 if rest[1:2].islower() else 1
        atoms.append(rest[:cut])
        rest = rest[cut:]
    return atoms


def _atom(symbol, charge=0) -> gto.Mole:
    spin = hund_spin(symbol, charge)
    return gto.M(atom=symbol, charge=charge, spin=spin, basis=BASIS, verbose=0)


def _molecule(job) -> tuple[gto.Mole, float]:
    """The molecule, and its exact energy relative to free atoms in Hartree."""
    if job["system"] in FAR:
        a, b = _atoms(job["system"])
        spins = [hund_spin(s, 0) for s in (a, b)]
        geometry = f"{a} 0 0 0; {b} 0 0 {job['place']}"
        return gto.M(atom=geometry, spin=abs(spins[0] - spins[1]), basis=BASIS, verbose=0), 0.0
    table = entries()
    entry = table[f"{job['system']} {job['place']}"]
    mol = gto.M(atom=entry.geometry, charge=entry.charge, spin=entry.spin, basis=BASIS, verbose=0)
    return mol, entry.energy - sum(table[s].energy for s in entry.symbols)


def _plane_point(job):
    """The atom whose orbitals are turned, occupations, and the weights of its corners' energies."""
    symbol, (x, y) = job["system"], job["place"]
    mol = _atom(symbol)
    start = paired(frontier(mol), mol.intor_symmetric("int1e_ovlp"))
    spins = [hund_spin(symbol, c) for c in (1, 0, -1)]
    occupations = plane_occupations(start, spins, x, y)
    cation, up, down, anion = plane_weights(x, y)
    return mol, start.coefficients, occupations, {1: cation, 0: up + down, -1: anion}


def start_from(coefficients, occupations, seed):
    """Orbitals as given (0), the highest electron of one spin or of both in a higher orbital
    (1, 2, 3), or turned at random."""
    if not 1 <= seed <= 3:
        return turned(coefficients, occupations, seed)
    found = np.array(coefficients)
    for spin, held in enumerate(np.asarray(occupations) > 0):
        if held.any() and seed in (spin + 1, 3):
            top = np.flatnonzero(held)[-1]
            up = min(top + 1 + seed // 3, len(held) - 1)
            found[spin][:, [top, up]] = found[spin][:, [up, top]]
    return found


def search(job, method, seed, keep) -> dict:
    """One start of one point: how far its minimum lies above the exact energy, kcal/mol."""
    if job["system"] in ATOMS:
        mol, coefficients, occupations, corners = _plane_point(job)
        whole = [(w, _lowest(job["system"], c, method)) for c, w in corners.items() if w]
        reference = sum(w * found.energy for w, found in whole if found)
        mf = mx.KS(mol, method, unrestricted=True, occupations=occupations)
    else:
        mol, exact = _molecule(job)
        whole = [(1.0, _lowest(s, 0, method)) for s in _atoms(job["system"])]
        reference = exact + sum(found.energy for _, found in whole)
        mf = mx.KS(mol, method, unrestricted=True)
        starts = atomic_starts(mol) or [default_start(mf)]
        start = starts[seed % len(starts)]
        coefficients, occupations = start.mo_coeff, start.mo_occ
    mf.grids.level = GRID_LEVEL
    orbitals = start_from(coefficients, occupations, seed)
    found = minimise(mf, orbitals, occupations, gradient_tol=1e-4, max_cycle=200)
    above = (found.energy - reference) * KCAL_PER_HARTREE
    if keep and above < -DEEP:
        name = f"{job['system']} {job['place']} {seed}".replace(" ", "_")
        dm = mf.make_rdm1(found.mo_coeff, found.mo_occ)
        np.savez(keep / f"{name}.npz", dm=dm, above=above, job=json.dumps(job))
    converged = all(f.converged for f in (found, *(f for _, f in whole if f)))
    return dict(method=method, **job, start=seed, above_kcal=above, converged=bool(converged))


def _lowest(symbol, charge, method) -> Minimum | None:
    """Of the whole atom or ion, from the usual start; nothing of a bare nucleus."""
    mol = _atom(symbol, charge)
    if not mol.nelectron:
        return None
    start = frontier(mol)
    occupations = start.occupations(mol.nelec)
    mf = mx.KS(mol, method, unrestricted=True, occupations=occupations)
    mf.grids.level = GRID_LEVEL
    return minimise(mf, start.coefficients, occupations, gradient_tol=1e-4)


def summary(rows) -> pd.DataFrame:
    """Of every method and system the lowest of all starts, and how many lie deep below."""
    table = pd.DataFrame(rows)
    table["place"] = table["place"].astype(str)
    by = table.groupby(["system", "method"], sort=False)
    return pd.DataFrame(
        {
            "lowest_kcal": by["above_kcal"].min().round(1),
            "holes": by["above_kcal"].agg(lambda e: int((e < -DEEP).sum())),
            "starts": by.size(),
            "not converged": by["converged"].agg(lambda c: int((~c).sum())),
        }
    ).unstack("method")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("methods", nargs="+")
    parser.add_argument("--store", type=Path, default=Path("judged"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--starts", type=int, default=STARTS)
    parser.add_argument("--keep", type=Path, help="a folder for the densities of what is too low")
    options = parser.parse_args()
    options.store.mkdir(exist_ok=True)
    if options.keep:
        options.keep.mkdir(exist_ok=True)
    kept = options.store / "holes.jsonl"
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    done = {(r["method"], r["system"], str(r["place"]), r["start"]) for r in rows}
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool, kept.open("a") as file:
        futures = [
            pool.submit(search, job, method, seed, options.keep)
            for method in options.methods
            for job in points()
            for seed in range(options.starts)
            if (method, job["system"], str(job["place"]), seed) not in done
        ]
        for i, future in enumerate(as_completed(futures), start=1):
            rows.append(future.result())
            file.write(json.dumps(rows[-1]) + "\n")
            file.flush()
            print(f"{i}/{len(futures)} {rows[-1]}", flush=True)
    rows = [r for r in rows if r["method"] in options.methods]
    print(summary(rows).to_string())


if __name__ == "__main__":
    main()
