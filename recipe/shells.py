"""What a shell of three orbitals that share their electrons evenly asks of a functional.

    python recipe/shells.py

With n = N/6 electrons of each spin in each of three p orbitals, Hartree and Fock's energy of the
shell is a parabola in N; the exact one is a straight line between Hund's states of whole N. Printed
is the difference, what exchange and correlation have to add, in kcal/mol, from the integrals
J (one orbital) and K (two) of the unrestricted Hartree–Fock atom: at whole numbers, half way
between them, and how far the latter lies from the chord.
"""

import numpy as np
import pandas as pd
from pyscf import gto, scf

from mlxc_edu.molecules import hund_spin
from mlxc_edu.units import KCAL_PER_HARTREE

BASIS = "def2-tzvpd"
ATOMS = ("C", "N", "O", "F", "Si", "P", "S", "Cl")


def integrals(symbol) -> tuple[float, float]:
    """J and K of an atom's valence p orbitals, Hartree, from that of α spin along x and its
    partner along y."""
    mol = gto.M(atom=symbol, spin=hund_spin(symbol, 0), basis=BASIS, verbose=0)
    mf = scf.UHF(mol).run()
    alpha = mf.mo_coeff[0][:, mf.mo_occ[0] > 0][:, -1]
    labels = mol.ao_labels(fmt=False)
    shells: dict[tuple, dict[str, int]] = {}
    for i, (_, _, shell, axis) in enumerate(labels):
        if shell.endswith("p"):
            shells.setdefault((shell,), {})[axis] = i
    weight = {axis: sum(alpha[s[axis]] ** 2 for s in shells.values()) for axis in "xyz"}
    along = max(weight, key=lambda axis: weight[axis])
    radial = np.array([alpha[s[along]] for s in shells.values()])
    x, y = np.zeros((2, mol.nao))
    for value, s in zip(radial, shells.values()):
        x[s["x"]] = y[s["y"]] = value
    norm = np.sqrt(x @ mol.intor_symmetric("int1e_ovlp") @ x)
    x, y = x / norm, y / norm
    repulsion = mol.intor("int2e")
    j = np.einsum("pqrs,p,q,r,s", repulsion, x, x, x, x, optimize=True)
    k = np.einsum("pqrs,p,q,r,s", repulsion, x, y, x, y, optimize=True)
    return float(j), float(k)


def missing(n_electrons, j, k) -> float:
    """Exact less Hartree–Fock energy of N evenly shared electrons, Hartree."""
    other = j - 2 * k  # repulsion of two orbitals of a p shell

    def hund(n):
        paired = max(n - 3, 0)
        parallel = [m * (m - 1) / 2 for m in (n - paired, paired)]
        return paired * j + (n * (n - 1) / 2 - paired) * other - sum(parallel) * k

    below = int(np.floor(n_electrons))
    part = n_electrons - below
    exact = (1 - part) * hund(below) + (part * hund(below + 1) if part else 0.0)
    n = n_electrons / 6
    return exact - (2 * n**2 * (3 * j + 6 * other) - n**2 * (3 * j + 6 * k))


def table() -> pd.DataFrame:
    rows = {}
    for symbol in ATOMS:
        j, k = integrals(symbol)
        each = {n / 2: missing(n / 2, j, k) * KCAL_PER_HARTREE for n in range(13)}
        chords = [each[n + 0.5] - (each[n] + each[n + 1]) / 2 for n in range(6)]
        named = {f"{n:g}": e for n, e in each.items()}
        rows[symbol] = {"J": j, "K/J": k / j} | named | {"off the chord": max(chords)}
    return pd.DataFrame(rows).T


if __name__ == "__main__":
    print(table().round(3).to_string())
