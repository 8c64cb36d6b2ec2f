"""What an open p shell that both spins share asks of a functional, along a plane's diagonal.

    python recipe/shells.py

Hartree and Fock's energy of the shell is a parabola in the occupations; the exact one is linear
between Hund's states of whole numbers. Printed is the difference, what exchange and correlation
have to add, in kcal/mol, from the integrals J (one orbital) and K (two) of the unrestricted
Hartree–Fock atom, and how far a quarter and three quarters lie from the chord on either side of the
kink in the middle.
"""

import numpy as np
import pandas as pd
from pyscf import gto, scf

from mlxc_edu.calculations import plane_weights
from mlxc_edu.molecules import hund_spin
from mlxc_edu.units import KCAL_PER_HARTREE

BASIS = "def2-tzvpd"
VALENCE = {"C": 2, "N": 3, "O": 4, "F": 5, "Si": 2, "P": 3, "S": 4, "Cl": 5}  # p electrons
ATOMS = tuple(VALENCE)
DIAGONAL = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the last α and β electron


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


def missing(symbol, x, y, j, k) -> float:
    """Exact less Hartree–Fock energy of the open shell, Hartree, where parts x and y of the last
    α and β electrons are there, as :func:`mlxc_edu.flat_plane` fills it."""
    other = j - 2 * k  # repulsion of two orbitals of a p shell
    spins = [hund_spin(symbol, charge) for charge in (1, 0, -1)]
    electrons = VALENCE[symbol]

    def hund(n):
        paired = max(n - 3, 0)
        parallel = [m * (m - 1) / 2 for m in (n - paired, paired)]
        return paired * j + (n * (n - 1) / 2 - paired) * other - sum(parallel) * k

    weights = plane_weights(x, y)
    corners = [electrons - 1, electrons, electrons, electrons + 1]
    exact = sum(w * hund(n) for w, n in zip(weights, corners))
    occupations = np.zeros((2, 3))
    for w, n, unpaired in zip(weights, corners, [spins[0], spins[1], spins[1], spins[2]]):
        full = (n - unpaired) // 2
        occupations += w * (1.0 * (np.arange(3) < full) + (np.arange(3) < full + unpaired)) / 2
    repulsion = np.where(np.eye(3), j, other)
    exchange = np.where(np.eye(3), j, k)
    both = occupations.sum(axis=0)
    found = both @ repulsion @ both - sum(o @ exchange @ o for o in occupations)
    return exact - found / 2


def table() -> pd.DataFrame:
    rows = {}
    for symbol in ATOMS:
        j, k = integrals(symbol)
        each = [missing(symbol, x, x, j, k) * KCAL_PER_HARTREE for x in DIAGONAL]
        off = [each[i] - (each[i - 1] + each[i + 1]) / 2 for i in (1, 3)]
        named = dict(zip((f"{x:g}, {x:g}" for x in DIAGONAL), each))
        rows[symbol] = {"J": j, "K/J": k / j} | named | {"off at ¼": off[0], "off at ¾": off[1]}
    return pd.DataFrame(rows).T


if __name__ == "__main__":
    print(table().round(3).to_string())
