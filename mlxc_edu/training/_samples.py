"""A density as training sees it: what the network looks at, at every point, and what it multiplies.

The energy of a density is linear in the three numbers a, b, c that the network gives at a point
(:mod:`mlxc_edu.functionals.edu26`):

    E = E_0 + Σ_g m_g · u(x_g)

E_0 holds all that needs no network, the kinetic and Coulomb energies among it. So x and m are
computed once, and a step of training is a matrix product. The same is kept of the change along a
few rotations κ of the orbitals, dE/dκ, which should vanish at a density that is its own
functional's ground state.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from pyscf import dft

from .._threads import one_blas_thread
from ..functionals import edu26
from ..ks.learned import Quadrature, features_change, find_mirrors, keeping, symmetrised
from ..ks.learned import features as features_of

GRID_LEVEL = 1
NEGLIGIBLE = 2e-9  # Hartree; a point's exchange energy below which it is left out
MEMORY = 2e8  # bytes; larger tables of local exchange give way to density fitting
SMALLEST_GAP = 0.1  # Hartree, between an occupied and an empty orbital


class Sample(NamedTuple):
    """One density. N points, K rotations; energies in Hartree."""

    energy: np.ndarray  # (), E_0
    spins: np.ndarray  # (N, 2, 6)
    shared: np.ndarray  # (N, 3)
    scaled: np.ndarray  # (N, 3), m: weight times ingredients
    slope: np.ndarray  # (K,), dE_0/dκ
    spins_slope: np.ndarray  # (K, N, 2, 6)
    shared_slope: np.ndarray  # (K, N, 3)
    scaled_slope: np.ndarray  # (K, N, 3)


def _looked_at(features):
    seen = edu26.inputs(features)
    alone, scaled = edu26.ingredients(features)
    return seen.spins, seen.shared, alone, scaled


@jax.jit
def _values(features):
    return _looked_at(features)


@jax.jit
def _changes(features, change):
    return jax.jvp(_looked_at, (features,), (change,))[1]


class Densities:
    """Samples of a molecule's densities that share points and tables.

    Parameters
    ----------
    mol : the molecule.
    symmetric : spin density matrices (2, nao, nao) as symmetric as all that will be asked for.
    level : of PySCF's grids.
    """

    def __init__(self, mol, *symmetric, level=GRID_LEVEL):
        grids = dft.Grids(mol)
        grids.level = level
        grids.build(sort_grids=False)
        used = grids.weights != 0  # PySCF pads its grids
        coords, weights = grids.coords[used], grids.weights[used]
        mirrors = keeping(find_mirrors(mol, coords, weights), *symmetric)
        self.mol, self.mirrors = mol, mirrors
        self.points = Quadrature(mol, coords, weights, mirrors, MEMORY, np.float64)
        self.core = mol.intor_symmetric("int1e_kin") + mol.intor_symmetric("int1e_nuc")
        self.repulsion = mol.energy_nuc()
        self._coulomb = dft.RKS(mol)

    @one_blas_thread
    def sample(self, dm, rotations=()) -> Sample:
        """``dm`` (2, nao, nao); ``rotations``: first-order changes of it, (K, 2, nao, nao)."""
        dm = symmetrised(self.mirrors, np.asarray(dm))
        changes = [symmetrised(self.mirrors, np.asarray(d)) for d in rotations]
        total = dm[0] + dm[1]
        coulomb = self._coulomb.get_j(self.mol, total)
        energy = self.repulsion + np.vdot(self.core, total) + np.vdot(coulomb, total) / 2
        slope = [np.vdot(self.core + coulomb, d[0] + d[1]) for d in changes]
        exchange, parts, slopes = self.points.exchange, [], []
        for batch in self.points:
            x = exchange.apply(batch.tables, exchange.prepare(dm), batch.chi)
            f = features_of(dm, x, batch.chi)
            w = np.asarray(batch.weights)
            spins, shared, alone, scaled = map(np.asarray, _values(f))
            e = w * f[:, 7:11:2].sum(axis=1)
            kept = np.abs(np.asarray(e)) > NEGLIGIBLE
            energy += w @ alone
            parts.append((spins[kept], shared[kept], (w[:, None] * scaled)[kept]))
            row = []
            for i, d in enumerate(changes):
                f1 = features_change(dm, x, batch.chi, jnp.asarray(d))
                spins1, shared1, alone1, scaled1 = map(np.asarray, _changes(f, f1))
                slope[i] += w @ alone1
                row.append((spins1[kept], shared1[kept], (w[:, None] * scaled1)[kept]))
            slopes.append(row)
        values = [np.concatenate(p) for p in zip(*parts)]
        k = len(changes)
        tangents = [
            np.array([np.concatenate([row[i][j] for row in slopes]) for i in range(k)])
            for j in range(3)
        ]
        if not k:
            tangents = [np.zeros((0, *v.shape)) for v in values]
        spins, shared, scaled = (np.asarray(v, np.float32) for v in values)
        spins1, shared1, scaled1 = (np.asarray(v, np.float32) for v in tangents)
        return Sample(
            np.asarray(energy, np.float64),
            spins,
            shared,
            scaled,
            np.asarray(slope, np.float64),
            spins1,
            shared1,
            scaled1,
        )


def rotations(orbitals, energies, occupations, focks, random: int, seed: int) -> list[np.ndarray]:
    """First-order changes of the spin density matrices along rotations of the orbitals.

    Parameters
    ----------
    orbitals (2, nao, nmo), energies (2, nmo), occupations (2, nmo)
    focks : Fock matrices (2, nao, nao); one rotation towards the orbitals of each, of unit length
        in the metric of orbital energy differences.
    random : how many more with random signs, each pair of orbitals i, a by √((f_i − f_a)/(ε_a −
        ε_i)): the mean of (dE/dκ)² over the signs is Σ (f_i − f_a)|F_ia|²/(ε_a − ε_i), what one
        step of iteration gains.
    """
    generator = np.random.default_rng(seed)
    emptied = np.maximum(occupations[:, :, None] - occupations[:, None, :], 0)  # f_i − f_a
    gap = np.maximum(energies[:, None, :] - energies[:, :, None], SMALLEST_GAP)
    turns = []
    for fock in focks:
        force = np.swapaxes(orbitals, 1, 2) @ fock @ orbitals
        turn = -force / gap
        length = np.sqrt((emptied * turn**2 * gap).sum())
        turns.append(emptied * turn / (length if length > 1e-6 else 1.0))
    for _ in range(random):
        turns.append(generator.choice([-1.0, 1.0], gap.shape) * np.sqrt(emptied / gap))
    changes = [orbitals @ turn @ np.swapaxes(orbitals, 1, 2) for turn in turns]
    return [(change + np.swapaxes(change, 1, 2)) / 2 for change in changes]
