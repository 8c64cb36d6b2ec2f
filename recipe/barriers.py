"""How much of the barriers' errors is the functional's, and how much its density's.

    python barriers.py

The test set's barriers from EDU26's energies of BHandHLYP's densities, such as it was trained on.
Writes judged/barriers_given_density.csv; judged/test_BH76.csv has the self-consistent ones.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from judge import BASIS
from pyscf import gto
from split import TEST_REACTIONS

import mlxc_edu as mx
from mlxc_edu.scans import whole_set
from mlxc_edu.training import METHOD
from mlxc_edu.units import KCAL_PER_HARTREE

OUTPUT = Path(__file__).with_name("judged") / "barriers_given_density.csv"


@cache
def energy(species) -> float:
    """EDU26's energy of the other functional's density, Hartree."""
    atoms = "; ".join(species.xyz.splitlines()[2:])
    mol = gto.M(atom=atoms, charge=species.charge, spin=species.spin, basis=BASIS, verbose=0)
    found = mx.solve(mol, METHOD)
    if not found.converged:
        raise SystemExit(f"{METHOD} does not converge for {species.name}")
    return mx.KS(mol, "EDU26", unrestricted=True).energy_tot(np.asarray(found.density_matrix))


def main():
    chosen = [r for r in whole_set("BH76") if r.number in TEST_REACTIONS["BH76"]]
    rows = []
    for r in chosen:
        found = KCAL_PER_HARTREE * sum(n * energy(species) for n, species in r.parts)
        rows.append((r.name, "EDU26", found, r.reference, found - r.reference))
        print(f"{r.name}: {found - r.reference:+.1f} kcal/mol", flush=True)
    columns = ["reaction", "method", "energy_kcal", "reference_kcal", "error_kcal"]
    table = pd.DataFrame(rows, columns=columns)
    table.to_csv(OUTPUT, index=False)
    print(f"mean absolute error {table['error_kcal'].abs().mean():.2f} kcal/mol")


if __name__ == "__main__":
    main()
