"""A hole among equal molecules far apart: whole on one of them, or a part on each?

    python benchmarks/shared_holes.py              # goes on where it was stopped

Twelve pairs and three triples of molecules, 15 Å apart, with one electron missing, by ``mx.solve``.
PBE gains by spreading the hole, exact exchange keeps it whole. Beside each energy stand that of a
molecule with the hole and the others without, and for pairs what the neutral pair's orbitals lead
to when the highest is emptied, minimised directly: solve must not lie above either. kcal/mol, from
the former. A line for each is written to results/shared_holes.csv as it comes.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import mlxc_edu as mx
from mlxc_edu.ks.convergence import minimise

PAIRS = ["NH3", "H2O", "CH4", "HF", "HCl", "N2", "CO", "F2", "Cl2", "CO2", "HCN", "NaH"]
TRIPLES = ["H2O", "HF", "NH3"]
METHODS = ["PBE", "HF", "EDU26"]
APART, BASIS = 15.0, "6-31g*"  # Å
RESULTS = Path(__file__).with_name("results") / "shared_holes.csv"


def side_by_side(name, count) -> str:
    """XYZ lines of so many molecules, on a line or in a triangle."""
    one = mx.molecule(name, basis="sto-3g")
    places = APART * np.array([[0, 0, 0], [1, 0, 0], [0.5, np.sqrt(0.75), 0]])
    lines = []
    for place in places[:count]:
        for i, position in enumerate(one.atom_coords(unit="Angstrom") + place):
            lines.append(f"{one.atom_symbol(i)} " + " ".join(f"{x:.8f}" for x in position))
    return "\n".join(lines)


def one(name, count, method) -> dict:
    kcal = mx.units.KCAL_PER_HARTREE
    geometry, single = side_by_side(name, count), side_by_side(name, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = mx.solve(mx.molecule(geometry, basis=BASIS, charge=1), method)
        neutral, holed = (
            mx.solve(mx.molecule(single, basis=BASIS, charge=q), method).energy for q in (0, 1)
        )
        whole, emptied = holed + (count - 1) * neutral, np.nan
        if count == 2:
            pair = mx.KS(mx.molecule(geometry, basis=BASIS), method)
            pair.kernel()
            occ = np.array([pair.mo_occ / 2] * 2)
            occ[1, result.mol.nelec[1]] = 0
            mf = mx.KS(result.mol, method)
            emptied = minimise(mf, np.array([pair.mo_coeff] * 2), occ).energy
    charges = result.charges.reshape(count, -1).sum(axis=1)
    return dict(
        energy=result.energy,
        converged=result.converged,
        against_whole=kcal * (result.energy - whole),
        against_emptied=kcal * (result.energy - emptied),
        charges=" ".join(f"{q:.2f}" for q in charges),
        sum=charges.sum(),
        notes="; ".join(result.notes),
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--file", type=Path, default=RESULTS)
    given = parser.parse_args()
    file = given.file
    keys = ["molecule", "count", "method"]
    done = pd.read_csv(file)[keys] if file.is_file() else pd.DataFrame(columns=keys)
    done = set(done.itertuples(index=False, name=None))
    for count, names in ((2, PAIRS), (3, TRIPLES)):
        for name in names:
            for method in given.methods:
                if (name, count, method) not in done:
                    row = dict(zip(keys, (name, count, method))) | one(name, count, method)
                    header = not file.is_file()
                    pd.DataFrame([row]).to_csv(file, mode="a", header=header, index=False)
                    print(*row.values(), flush=True)
    print(pd.read_csv(file).drop(columns="notes").round(3).to_string(index=False))


if __name__ == "__main__":
    main()
