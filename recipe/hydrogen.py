"""The exact curve of H2: what it costs to break a bond.

    python recipe/hydrogen.py            # writes mlxc_edu/training/hydrogen.csv

Coupled cluster with doubles is exact for two electrons; correlation is extrapolated from
aug-cc-pVTZ and aug-cc-pVQZ as X⁻³, Hartree–Fock is that of the larger basis. Printed beside the
energies of W. Kolos and L. Wolniewicz, J. Chem. Phys. 43, 2429 (1965), at three distances.
"""

import csv
from pathlib import Path

from pyscf import cc, gto, lib, scf

from mlxc_edu.units import ANGSTROM_PER_BOHR, KCAL_PER_HARTREE

OUTPUT = Path(__file__).parents[1] / "mlxc_edu" / "training" / "hydrogen.csv"
DISTANCES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.7, 1.9, 2.2, 2.5, 2.8, 3.2)  # Å
DISTANCES += (3.6, 4.2, 5.0, 6.5)
KNOWN = {1.4: -1.174475, 2.0: -1.138132, 3.0: -1.057326}  # Bohr, Hartree


def parts(r: float, basis: str) -> tuple[float, float]:
    """Hartree–Fock's and the correlation energy, Hartree."""
    mol = gto.M(atom=f"H 0 0 0; H 0 0 {r}", basis=basis, verbose=0)
    mf = scf.RHF(mol).set(conv_tol=1e-11).run()
    correlated = cc.CCSD(mf).set(conv_tol=1e-9, max_cycle=200).run()
    assert mf.converged and correlated.converged
    return mf.e_tot, correlated.e_corr


def energy(r: float) -> float:
    (_, small), (mean_field, large) = (parts(r, f"aug-cc-pv{size}z") for size in "tq")
    return mean_field + (64 * large - 27 * small) / 37


def main():
    lib.num_threads(1)
    for r, known in KNOWN.items():
        off = KCAL_PER_HARTREE * (energy(r * ANGSTROM_PER_BOHR) - known)
        print(f"{r} Bohr: {off:+.2f} kcal/mol from Kolos and Wolniewicz")
    with OUTPUT.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["r", "energy"])
        out.writerows([r, f"{energy(r):.6f}"] for r in DISTANCES)


if __name__ == "__main__":
    main()
