"""States that a functional's own minimiser finds, as lessons. Fit and search in turns.

No state of an atom lies lower than its ground state, and between whole numbers none lower than the
straight line or the flat plane. A functional that was fitted to densities near real ones may think
so of another density, and its minimiser finds it: a lesson from one side. Of a bond that breaks
with its electrons paired the exact energy is known, and the lowest state should have it: a lesson
from both sides; of a salt that is pulled apart so, what it may not fall below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from pyscf import dft, gto
from scipy.linalg import expm

from .._threads import one_blas_thread
from ..calculations import Frontier, frontier, paired
from ..ks import KS
from ..ks.convergence import ROUGHLY, Minimum, atomic_starts, follow, minimise, paired_starts
from ..molecules import hund_spin
from ..units import KCAL_PER_HARTREE
from ._build import ATOM_BASIS, BASIS, Point
from ._planes import drawn_of_one_orbital, drawn_places, ladder
from ._samples import Densities, Density

# PySCF's level of the grid on which is searched. With 0 a state of LiCl at 8 Å lay 8 kcal/mol lower
# above its atoms than with 1, 2 and 3: the minimiser had found a fault of the grid.
COARSE = 1
MOST_BUILDS = 60  # Fock matrices a start
DEEP = 4.0  # kcal/mol below the exact energy, from where on any state is a lesson
OFF = 2.0  # kcal/mol from it, from where on the one is that everybody finds
APART = 1.0  # kcal/mol between two that both are
PLACES = 12  # drawn in one turn, and as many of one orbital
TURNED = 0.5  # of them, where one more start is turned at random
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
def states_of_atom(symbol: str, functional: str, seed: Sequence[int]) -> Iterator[Point]:
    """Of an atom, its ions, and places on the flat planes between them: the state that everybody
    finds, and those below the exact energy that orbitals turned at random lead to."""
    mol = gto.M(atom=f"{symbol} 0 0 0", spin=hund_spin(symbol, 0), basis=ATOM_BASIS, verbose=0)
    generator = np.random.default_rng((*seed, mol.nelectron))
    start = frontier(mol)
    shared = replace(paired(start, mol.intor_symmetric("int1e_ovlp")), unpaired=0)
    energies = {0: 0.0}
    wanted: list[tuple[Frontier, str, tuple[float, float], np.ndarray, tuple[int, ...]]] = []
    ions = [ion for ion in ladder(symbol) if any(ion)]
    for ion in ions:
        occupations = start.occupations(ion)
        energies[sum(ion)] = _lowest(mol, functional, start.coefficients, occupations).energy
    # a whole one, turned, for closed shells have no planes
    ion = ions[generator.integers(len(ions))]
    wanted.append(
        (start, "whole", ion, start.occupations(ion), (int(generator.integers(1, 10**6)),))
    )
    for p in drawn_places(symbol, shared, ladder(symbol), PLACES, generator):
        other = int(generator.integers(1, 10**6))
        seeds = (0, other)[: 1 + int(generator.random() < TURNED)]
        wanted.append((shared, f"plane {p.label}", p.electrons, p.occupations, seeds))
    for p in drawn_of_one_orbital(symbol, shared, ladder(symbol), PLACES, generator):
        wanted.append((shared, p.label, p.electrons, p.occupations, (0,)))
    for orbitals, name, electrons, occupations, seeds in wanted:
        line = float(np.interp(sum(electrons), list(energies), list(energies.values())))
        seen: list[float] = []
        for s in seeds:
            coefficients = turned(orbitals.coefficients, occupations, s)
            found = _lowest(mol, functional, coefficients, occupations)
            # whether it or an ion settled matters little: the lesson is about this density
            error = (found.energy - line) * KCAL_PER_HARTREE
            if any(abs(error - e) < APART for e in seen):
                continue
            seen.append(error)
            own = s == 0 and found.converged and abs(error) > OFF
            if own or error < -DEEP:
                dm = np.einsum("smi,si,sni->smn", found.mo_coeff, found.mo_occ, found.mo_coeff)
                said = f"{symbol} own {name} {electrons[0]:g} {electrons[1]:g} {s}"
                kind = "plane" if own else "below"
                yield Point(said, Densities(mol, dm).density(dm), electrons, kind)


def _lowest(mol, functional, coefficients, occupations) -> Minimum:
    mf = KS(mol, functional, unrestricted=True, occupations=occupations)
    mf.grids.level = COARSE
    return minimise(mf, coefficients, occupations, gradient_tol=ROUGHLY, max_cycle=MOST_BUILDS)


@one_blas_thread
def own_state(geometry: str, functional: str, restricted: bool, settled: bool) -> Density:
    """A neutral molecule's lowest state, with paired electrons (``restricted``) from PBE's orbitals
    and from their highest pair on either side, else from free atoms and ions. Geometry in Å.

    Raises ArithmeticError where it shall be ``settled`` and does not converge.
    """
    mol = gto.M(atom=geometry, basis=BASIS, verbose=0)
    mf = KS(mol, functional, unrestricted=not restricted)
    mf.grids.level = COARSE
    if restricted:
        first = dft.RKS(mol, xc="PBE").density_fit()
        first.grids.level = COARSE
        first.kernel()
        starts = paired_starts(first.mo_coeff, mol.nelectron // 2)
        starts = [starts[0], *starts[-2:]]
    else:
        starts = atomic_starts(mol)
    _, lowest = follow(mf, starts)[0]
    if settled and not lowest.converged:
        raise ArithmeticError(f"no lowest state of {geometry}")
    dm = np.asarray(mf.make_rdm1(lowest.mo_coeff, lowest.mo_occ))
    dm = np.array([dm / 2, dm / 2]) if restricted else dm
    return Densities(mol, dm).density(dm)
