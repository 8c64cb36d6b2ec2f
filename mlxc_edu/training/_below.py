"""States of atoms that a functional's minimiser finds below the exact energy: lessons, one-sided.

No state lies lower than the ground state, and between whole numbers none lower than the straight
line or the flat plane. A functional that was fitted to densities near real ones may think so of
another density, and its minimiser finds it. Fit and search in turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from pyscf import gto
from scipy.linalg import expm

from .._threads import one_blas_thread
from ..calculations import Frontier, frontier, paired
from ..ks import KS
from ..ks.convergence import ROUGHLY, Minimum, minimise
from ..molecules import hund_spin
from ..units import KCAL_PER_HARTREE
from ._build import ATOM_BASIS, Point
from ._planes import ladder, places
from ._samples import Densities

COARSE = 0  # PySCF's level of the grid on which is searched
MOST_BUILDS = 60  # Fock matrices a start
DEEP = 4.0  # kcal/mol below the exact energy, from where on a state is a lesson
APART = 1.0  # kcal/mol between two that both are
ANGLE, VIRTUAL = 0.7, 8  # of a start turned at random: how much, and how many empty orbitals


def turned(coefficients, occupations, seed, angle=ANGLE) -> np.ndarray:
    """Orbitals (2, nao, nmo), those that hold electrons and the lowest empty ones turned into one
    another at random, by ``angle`` in radians; with seed 0 as they are."""
    found = np.array(coefficients)
    generator = np.random.default_rng(seed)
    for spin, held in enumerate(np.asarray(occupations) > 0):
        width = min(np.flatnonzero(held).max(initial=-1) + 1 + VIRTUAL, len(held))
        angles = generator.normal(size=(width, width)) * angle / np.sqrt(width)
        if seed:
            found[spin][:, :width] = found[spin][:, :width] @ expm(angles - angles.T)
    return found


@one_blas_thread
def states_below(symbol: str, functional: str, seed: int) -> Iterator[Point]:
    """Of an atom, its ions, and the flat planes between them, from where everybody starts and from
    orbitals turned at random."""
    mol = gto.M(atom=f"{symbol} 0 0 0", spin=hund_spin(symbol, 0), basis=ATOM_BASIS, verbose=0)
    start = frontier(mol)
    shared = replace(paired(start, mol.intor_symmetric("int1e_ovlp")), unpaired=0)
    energies = {0: 0.0}
    wanted: list[tuple[Frontier, str, tuple[float, float], np.ndarray, tuple[int, ...]]] = []
    for ion in filter(any, ladder(symbol)):
        occupations = start.occupations(ion)
        energies[sum(ion)] = _lowest(mol, functional, start.coefficients, occupations).energy
        wanted.append((start, "whole", ion, occupations, (seed,)))
    for charge in (0, 1):
        for p in places(symbol, charge, shared, ladder(symbol)):
            name = f"plane {p.label}"
            wanted.append((shared, name, p.electrons, p.occupations, (0, seed)))
    for orbitals, name, electrons, occupations, seeds in wanted:
        line = float(np.interp(sum(electrons), list(energies), list(energies.values())))
        depths: list[float] = []
        for s in seeds:
            coefficients = turned(orbitals.coefficients, occupations, s)
            found = _lowest(mol, functional, coefficients, occupations)
            # whether it or an ion settled matters little: the lesson is about this density
            depth = (line - found.energy) * KCAL_PER_HARTREE
            if depth < DEEP or any(abs(depth - d) < APART for d in depths):
                continue
            depths.append(depth)
            dm = np.einsum("smi,si,sni->smn", found.mo_coeff, found.mo_occ, found.mo_coeff)
            said = f"{symbol} below {name} {electrons[0]:g} {electrons[1]:g} {s}"
            yield Point(said, Densities(mol, dm).density(dm), electrons, "below")


def _lowest(mol, functional, coefficients, occupations) -> Minimum:
    mf = KS(mol, functional, unrestricted=True, occupations=occupations)
    mf.grids.level = COARSE
    return minimise(mf, coefficients, occupations, gradient_tol=ROUGHLY, max_cycle=MOST_BUILDS)
