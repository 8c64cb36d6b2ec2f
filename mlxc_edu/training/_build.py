"""Densities for training, from a half-and-half hybrid: between too smooth and too lumpy.

A density should be near the one that the learned functional will find. BHandHLYP keeps stretched
bonds and fractional electrons near where exact ones are, where B3LYP would spread them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pyscf import dft, gto
from pyscf.data import elements

from .._threads import one_blas_thread
from ..calculations import Frontier, frontier, paired, solve
from ..ks import KS
from ..ks.convergence import minimise
from ..molecules import hund_spin
from ._samples import GRID_LEVEL, Densities, Sample, rotations

METHOD = "BHandHLYP"
BASIS = "def2-tzvpd"
ATOM_BASIS = "def2-tzvppd"
GRADIENT_TOL = 1e-4  # Hartree
RANDOM = 1  # rotations with random signs
FRACTIONS = tuple(round(0.1 * i, 1) for i in range(1, 10))
SPIN_FRACTIONS = (0.1, 0.2, 0.3, 0.4, 0.5)
MOST_IONISED = 3
ANIONS = ("H", "Li", "B", "C", "O", "F", "Na", "Al", "Si", "P", "S", "Cl")


@dataclass(frozen=True)
class Point:
    """A sample with its name and, of an atom, electrons of each spin and how it was made."""

    name: str
    sample: Sample
    electrons: tuple[float, float] | None = None
    kind: str = "whole"


def _directions(mol, dm, seed, orbitals, energies, occupations):
    exact = dft.UKS(mol, xc="HF").get_fock(dm=dm)
    smooth = dft.UKS(mol, xc="PBE")
    smooth.grids.level = GRID_LEVEL
    return rotations(orbitals, energies, occupations, [exact, smooth.get_fock(dm=dm)], RANDOM, seed)


@one_blas_thread
def molecule_sample(geometry: str, charge: int, spin: int, level: int = GRID_LEVEL) -> Sample:
    """The lowest state's density of a molecule; geometry in Å, ``level`` of the sample's grid.

    Raises ArithmeticError where the orbitals do not converge.
    """
    mol = gto.M(atom=geometry, charge=charge, spin=spin, basis=BASIS, verbose=0)
    found = solve(mol, METHOD)
    if not found.converged:
        raise ArithmeticError(f"{METHOD} does not converge for {geometry}, charge {charge}")
    mf, dm = found.mean_field, found.density_matrix
    each = [np.asarray(a) for a in (mf.mo_coeff, mf.mo_energy, mf.mo_occ)]
    if each[2].ndim == 1:
        each = [np.array([each[0]] * 2), np.array([each[1]] * 2), np.array([each[2] / 2] * 2)]
    turns = _directions(mol, dm, len(geometry), *each)
    return Densities(mol, dm, *turns[:2], level=level).sample(dm, turns)


def ladder(symbol) -> list[tuple[int, int]]:
    """(α, β) electrons of an atom's ions in Hund's order, from the most to the least ionised."""
    protons = elements.charge(symbol)
    charges = range(min(MOST_IONISED, protons), -(symbol in ANIONS) - 1, -1)
    found = []
    for charge in charges:
        electrons = protons - charge
        spin = hund_spin(symbol, charge) if electrons else 0
        found.append(((electrons + spin) // 2, (electrons - spin) // 2))
    return found


class _Atom:
    """One atom's densities with any numbers of electrons, all oriented alike."""

    def __init__(self, symbol, level):
        spin = hund_spin(symbol, 0)
        self.mol = gto.M(atom=f"{symbol} 0 0 0", spin=spin, basis=ATOM_BASIS, verbose=0)
        self.start = frontier(self.mol)
        self.densities = Densities(self.mol, level=level)

    def lowest(self, electrons, start: Frontier):
        mf = KS(self.mol, METHOD, unrestricted=True, occupations=electrons)
        mf.grids.level = GRID_LEVEL
        found = minimise(
            mf, start.coefficients, start.occupations(electrons), gradient_tol=GRADIENT_TOL
        )
        if not found.converged:
            raise ArithmeticError(f"{METHOD} does not converge for {electrons} electrons")
        return found, np.asarray(mf.make_rdm1(found.mo_coeff, found.mo_occ))

    def sample(self, electrons, start: Frontier, seed=0) -> tuple[Sample, np.ndarray]:
        found, dm = self.lowest(electrons, start)
        orbitals = found.mo_coeff, found.mo_energy, found.mo_occ
        turns = _directions(self.mol, dm, seed, *orbitals)
        return self.densities.sample(dm, turns), dm


@one_blas_thread
def atom_points(symbol, level: int = GRID_LEVEL) -> Iterator[Point]:
    """Whole atoms and ions, then what lies between: mixtures of two of them, and the lowest energy
    with a fraction in one orbital; last, mixtures of an atom with its spins up and down."""
    atom, whole = _Atom(symbol, level), {}
    for electrons in ladder(symbol):
        if any(electrons):
            sample, whole[electrons] = atom.sample(electrons, atom.start)
            yield Point(_named(symbol, electrons), sample, electrons)
        else:
            whole[electrons] = np.zeros((2, atom.mol.nao, atom.mol.nao))
    for low, high in pairwise(ladder(symbol)):
        for x in FRACTIONS:
            a, b = ((1 - x) * n + x * m for n, m in zip(low, high))
            between = round(a, 9), round(b, 9)
            mixed = (1 - x) * whole[low] + x * whole[high]
            name = _named(symbol, between)
            yield Point(f"{name} mixed", atom.densities.sample(mixed), between, "mixed")
            sample, _ = atom.sample(between, atom.start, seed=round(10 * x))
            yield Point(name, sample, between, "fractional")
    neutral = atom.mol.nelec
    if neutral[0] == neutral[1]:
        return
    shared = paired(atom.start, atom.mol.intor_symmetric("int1e_ovlp"))
    for x in SPIN_FRACTIONS:
        a, b = ((1 - x) * n + x * m for n, m in zip(neutral, neutral[::-1]))
        between = round(a, 9), round(b, 9)
        mixed = (1 - x) * whole[neutral] + x * whole[neutral][::-1]
        name = _named(symbol, between)
        yield Point(f"{name} mixed", atom.densities.sample(mixed), between, "spin mixed")
        sample, _ = atom.sample(between, shared, seed=round(10 * x))
        yield Point(name, sample, between, "spin")


def _named(symbol, electrons) -> str:
    return f"{symbol} {electrons[0]:g} {electrons[1]:g}"
