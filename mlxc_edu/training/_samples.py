"""A density as training sees it: what a functional is told of it at every point, and weights.

All energies but exchange and correlation are computed once, and so are the features
(:mod:`mlxc_edu.functionals`), whatever the form of the functional that is fitted to them. The same
is kept of the change along a few rotations κ of the orbitals: dE/dκ should vanish at a density that
is its own functional's ground state.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from pyscf import dft

from .._threads import one_blas_thread
from ..functionals import Features
from ..ks.learned import Quadrature, features_change, find_mirrors, keeping, symmetrised
from ..ks.learned import features as features_of

GRID_LEVEL = 1
NEGLIGIBLE = 2e-9  # Hartree; a point's exchange energy below which it is left out
MEMORY = 2e8  # bytes; larger tables of local exchange give way to density fitting
SMALLEST_GAP = 0.1  # Hartree, between an occupied and an empty orbital


class Density(NamedTuple):
    """One density. N points, K rotations; energies in Hartree, in single precision at points."""

    energy: np.ndarray  # (), with local Hartree–Fock exchange and no correlation
    weights: np.ndarray  # (N,)
    features: np.ndarray  # (N, 11), as ``functionals.FEATURES``
    slope: np.ndarray  # (K,), dE/dκ of ``energy``
    features_slope: np.ndarray  # (K, N, 11)


class Densities:
    """Densities of a molecule that share points and tables.

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
    def density(self, dm, rotations=()) -> Density:
        """``dm`` (2, nao, nao); ``rotations``: first-order changes of it, (K, 2, nao, nao)."""
        dm = symmetrised(self.mirrors, np.asarray(dm))
        changes = [symmetrised(self.mirrors, np.asarray(d)) for d in rotations]
        total = dm[0] + dm[1]
        coulomb = self._coulomb.get_j(self.mol, total)
        energy = self.repulsion + np.vdot(self.core, total) + np.vdot(coulomb, total) / 2
        slope = [np.vdot(self.core + coulomb, d[0] + d[1]) for d in changes]
        exchange = self.points.exchange
        weights, features, slopes = [], [], []
        for batch in self.points:
            x = exchange.apply(batch.tables, exchange.prepare(dm), batch.chi)
            f, w = np.asarray(features_of(dm, x, batch.chi)), np.asarray(batch.weights)
            e = w * f[:, Features.HFX].sum(axis=1)
            kept = np.abs(e) > NEGLIGIBLE
            energy += e.sum()
            row = [features_change(dm, x, batch.chi, jnp.asarray(d)) for d in changes]
            turned = np.asarray(row).reshape(len(changes), *f.shape)
            for i, change in enumerate(turned):
                slope[i] += w @ change[:, Features.HFX].sum(axis=1)
            weights.append(w[kept])
            features.append(f[kept])
            slopes.append(turned[:, kept])
        return Density(
            np.asarray(energy, np.float64),
            np.concatenate(weights).astype(np.float32),
            np.concatenate(features).astype(np.float32),
            np.asarray(slope, np.float64),
            np.concatenate(slopes, axis=1).astype(np.float32),
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
