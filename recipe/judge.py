"""How good a learned functional is, self-consistently: what chooses a model, and what judges it.

    python recipe/judge.py validation runs/a.npz   # while models are made, as often as needed
    python recipe/judge.py test EDU26              # once
    python recipe/judge.py plane PBE DM21 EDU26    # flat planes and bonds with paired electrons
    python recipe/judge.py test27 EDU27 EDU26      # EDU27's own test set, once

Finished points are kept in the store; tables are printed and written beside it.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from split import EDU27_REACTIONS, TEST_ELEMENTS, TEST_REACTIONS

import mlxc_edu as mx
from mlxc_edu.scans import (
    Reaction,
    Running,
    Species,
    compute,
    species_jobs,
    tabulate,
    whole_set,
)
from mlxc_edu.training import entries
from mlxc_edu.units import KCAL_PER_HARTREE

BASIS = "def2-tzvpd"
SIE4X4 = range(1, 17)
HALVES = {"H": (0.5, 1.5), "Na": (10.5, 11.5), "Cl": (16.5, 17.5), "Li": (2.5,), "C": (5.5, 6.5)}
HALVES |= {"O": (7.5, 8.5), "He": (1.5,), "Mg": (11.5,), "Al": (12.5,), "S": (15.5, 16.5)}
HALVES |= {"N": (6.5,), "Si": (13.5,), "Ar": (17.5,), "Be": (3.5,), "Ne": (9.5,), "B": (4.5, 5.5)}
HALVES |= {"F": (8.5, 9.5), "P": (14.5, 15.5)}
PLANE_BASIS = "def2-svpd"
PLANES = {"H": 17} | dict.fromkeys(("Li", "C", "N", "O", "F", "Na", "Cl"), 9)
RESTRICTED = {"H2": (0.6, 0.74, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 10.0)}
RESTRICTED |= {"N2": (1.1, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)}
# EDU27's test set, recipe/split.py
HALVES27 = {"P": (14.5, 15.5), "K": (18.5,), "Br": (34.5, 35.5)}
PLANES27 = {"P": 5, "K": 5, "Br": 5}
SALTS27 = {"LiBr": [2.17, *np.arange(4.0, 13.0)], "NaBr": [2.5, *np.arange(5.0, 16.0)]}


def reactions(name, numbers, methods, store, workers) -> pd.DataFrame:
    listed = [r for r in whole_set(name) if r.number in numbers]
    return _computed(name, listed, methods, store, workers)


def _computed(name, listed, methods, store, workers) -> pd.DataFrame:
    jobs = species_jobs(listed, methods, BASIS)
    values = Running(workers, 8000, store).values(jobs, compute)
    return tabulate(name, listed, methods, values)


def own_molecules(side, methods, store, workers) -> pd.DataFrame:
    """Atomisation of the systems of one side of our own table that lie near equilibrium."""
    table, listed = entries(), []
    for e in table.values():
        near = e.name.split("^")[0].endswith(("×1.00", "1.0")) or e.kind in ("near", "barrier")
        if e.side != side or e.kind == "atom" or not near:
            continue
        parts = [(1, _species(e))] + [(-1, _species(table[s])) for s in e.symbols]
        reference = (e.energy - sum(table[s].energy for s in e.symbols)) * KCAL_PER_HARTREE
        listed.append(Reaction(len(listed) + 1, tuple(parts), reference))
    return _computed("our own", listed, methods, store, workers)


def _species(entry) -> Species:
    rows = entry.geometry.split("; ")
    xyz = "\n".join([str(len(rows)), "", *rows])
    return Species(entry.name, xyz, entry.charge, entry.spin)


def halves(symbols, methods, store, workers, all_halves=HALVES) -> pd.DataFrame:
    tables = []
    for symbol in symbols:
        table = mx.fractional_charge(
            symbol, methods, n=all_halves[symbol], basis=BASIS, store=store, workers=workers
        )
        tables.append(table.assign(atom=symbol))
    return pd.concat(tables)[["atom", "method", "n", "deviation_kcal", "converged"]]


def curves(systems, methods, store, workers) -> pd.DataFrame:
    tables = []
    for system, r in systems.items():
        table = mx.dissociation(system, methods, r=r, basis=BASIS, store=store, workers=workers)
        table = table.rename(columns=lambda c: "charge" if c.startswith("charge_") else c)
        tables.append(table.assign(system=system))
    columns = ["system", "method", "r", "relative_kcal", "charge", "converged"]
    return pd.concat(tables)[columns]


def planes(symbols, methods, store, workers) -> pd.DataFrame:
    """Deviations from the flat plane, and where on it they are."""
    tables = []
    for symbol, n in symbols.items():
        for method in methods:
            table = mx.flat_plane(
                symbol, method, n, basis=PLANE_BASIS, store=store, workers=workers
            )
            total = table["n_alpha"] + table["n_beta"]
            edge = table[["n_alpha", "n_beta"]].isin([0.0, 1.0]).any(axis=1)
            where = np.where(np.isclose(total, 1), "seam", np.where(edge, "edge", "interior"))
            tables.append(table.assign(atom=symbol, where=where))
    columns = ["atom", "method", "n_alpha", "n_beta", "where", "deviation_kcal", "converged"]
    return pd.concat(tables)[columns]


def worst(table) -> pd.DataFrame:
    """Of every atom and method, the largest deviation of each part of the plane, kcal/mol."""
    by = ["atom", "where", "method"]
    largest = table.groupby(by, sort=False)["deviation_kcal"].agg(lambda d: d.abs().max())
    return largest.round(1).unstack("method")


def restricted(systems, methods, store, workers) -> pd.DataFrame:
    """Bonds that break with paired electrons, whole occupations, less ``mx.exact``'s curve."""
    tables = []
    for system, r in systems.items():
        given = dict(r=r, basis=PLANE_BASIS, store=store, workers=workers)
        exact = mx.dissociation(system, ["exact"], **given)
        table = mx.dissociation(system, methods, unrestricted=False, **given)
        reference = table["r"].map(exact.set_index("r")["relative_kcal"])
        error = table["relative_kcal"] - reference
        tables.append(table.assign(system=system, exact_kcal=reference, error_kcal=error))
    columns = ["system", "method", "r", "relative_kcal", "exact_kcal", "error_kcal", "converged"]
    return pd.concat(tables)[columns]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("side", choices=("validation", "test", "plane", "test27"))
    parser.add_argument("methods", nargs="+")
    parser.add_argument("--store", type=Path, default=Path("judged"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    given = options.methods, options.store, options.workers
    options.store.mkdir(exist_ok=True)
    if options.side == "validation":
        symbols = [s for s in HALVES if s not in TEST_ELEMENTS]
        tables = {
            "halves": lambda: halves(symbols, *given),
            "molecules": lambda: own_molecules("validation", *given),
        }
    elif options.side == "test27":
        tables = {
            "halves": lambda: halves(HALVES27, *given, all_halves=HALVES27),
            "planes": lambda: planes(PLANES27, *given),
            "salts": lambda: curves(SALTS27, *given),
        }
        for name, numbers in EDU27_REACTIONS.items():
            tables[name] = lambda name=name, numbers=numbers: reactions(name, numbers, *given)
    elif options.side == "plane":
        tables = {
            "planes": lambda: planes(PLANES, *given),
            "restricted": lambda: restricted(RESTRICTED, *given),
        }
    else:
        ions = {"H2+": [6.0], "He2+": [6.0]}
        salts = {"NaCl": [2.36, *np.arange(5.0, 16.0)], "LiF": [1.56, *np.arange(4.0, 12.0)]}
        tables = {
            "halves": lambda: halves(HALVES, *given),
            "ions": lambda: curves(ions, [*given[0], "exact"], *given[1:]),
            "salts": lambda: curves(salts, *given),
            "SIE4x4": lambda: reactions("SIE4x4", SIE4X4, *given),
        }
        for name, numbers in TEST_REACTIONS.items():
            tables[name] = lambda name=name, numbers=numbers: reactions(name, numbers, *given)
    for name, make in tables.items():
        if options.only and name not in options.only.split(","):
            continue
        table = make()
        print(f"\n{name}\n{table.to_string(index=False)}")
        if name == "planes":
            print(worst(table).to_string())
        if "error_kcal" in table:
            mean = table.groupby("method")["error_kcal"].agg(lambda e: e.abs().mean())
            print(json.dumps(mean.round(2).to_dict()))
        table.to_csv(options.store / f"{options.side}_{name}.csv", index=False)


if __name__ == "__main__":
    main()
