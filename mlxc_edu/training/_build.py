"""Densities for training, from a half-and-half hybrid: between too smooth and too lumpy.

A density should be near the one that the learned functional will find. BHandHLYP keeps stretched
bonds and fractional electrons near where exact ones are, where B3LYP would spread them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from pyscf import dft, gto

from .._threads import one_blas_thread
from ..calculations import Frontier, frontier, paired, solve
from ..ks import KS
from ..ks.convergence import minimise
from ..molecules import hund_spin
from ._planes import Place, ladder, places
from ._samples import GRID_LEVEL, Densities, Density, rotations

METHOD = "BHandHLYP"
BASIS = "def2-tzvpd"
ATOM_BASIS = "def2-tzvppd"
GRADIENT_TOL = 1e-4  # Hartree
RANDOM = 1  # rotations with random signs
FRACTIONS = tuple(round(0.1 * i, 1) for i in range(1, 10))
SPIN_FRACTIONS = (0.1, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True)
class Point:
    """A sample with its name and, of an atom, electrons of each spin and how it was made."""

    name: str
    density: Density
    electrons: tuple[float, float] | None = None
    kind: str = "whole"


def _directions(mol, dm, seed, orbitals, energies, occupations):
    exact = dft.UKS(mol, xc="HF").get_fock(dm=dm)
    smooth = dft.UKS(mol, xc="PBE")
    smooth.grids.level = GRID_LEVEL
    return rotations(orbitals, energies, occupations, [exact, smooth.get_fock(dm=dm)], RANDOM, seed)


@one_blas_thread
def molecule_density(
    geometry: str, charge: int, spin: int, level: int = GRID_LEVEL, restricted: bool = False
) -> Density:
    """The lowest state's density of a molecule, or the lowest with paired electrons; geometry in Å,
    ``level`` of the sample's grid.

    Raises ArithmeticError where the orbitals do not converge.
    """
    mol = gto.M(atom=geometry, charge=charge, spin=spin, basis=BASIS, verbose=0)
    found = solve(mol, METHOD, unrestricted=False if restricted else None)
    if not found.converged:
        raise ArithmeticError(f"{METHOD} does not converge for {geometry}, charge {charge}")
    mf, dm = found.mean_field, found.density_matrix
    each = [np.asarray(a) for a in (mf.mo_coeff, mf.mo_energy, mf.mo_occ)]
    if each[2].ndim == 1:
        each = [np.array([each[0]] * 2), np.array([each[1]] * 2), np.array([each[2] / 2] * 2)]
    turns = _directions(mol, dm, len(geometry), *each)
    return Densities(mol, dm, *turns[:2], level=level).density(dm, turns)


class Atom:
    """One atom's densities with any numbers of electrons, all oriented alike.

    ``whole`` : of the atom and its ions, spin density matrices by (α, β) electrons. They say which
    mirrors of the grid all densities have: an open p shell is not the same along x and along y.
    """

    def __init__(self, symbol, level):
        spin = hund_spin(symbol, 0)
        self.mol = gto.M(atom=f"{symbol} 0 0 0", spin=spin, basis=ATOM_BASIS, verbose=0)
        self.start = frontier(self.mol)
        self.whole, self._states = {}, {}
        for electrons in ladder(symbol):
            self.whole[electrons] = np.zeros((2, self.mol.nao, self.mol.nao))
            if any(electrons):
                state = self.lowest(self.start, self.start.occupations(electrons))
                self._states[electrons], self.whole[electrons] = state
        self.densities = Densities(self.mol, *self.whole.values(), level=level)

    def of_whole(self) -> Iterator[tuple[tuple[int, int], Density]]:
        for electrons, found in self._states.items():
            yield electrons, self._with_turns(found, self.whole[electrons], 0)

    def lowest(self, start: Frontier, occupations):
        mf = KS(self.mol, METHOD, unrestricted=True, occupations=occupations)
        mf.grids.level = GRID_LEVEL
        found = minimise(mf, start.coefficients, occupations, gradient_tol=GRADIENT_TOL)
        if not found.converged:
            raise ArithmeticError(f"{METHOD} does not converge for {occupations.sum(axis=1)}")
        return found, np.asarray(mf.make_rdm1(found.mo_coeff, found.mo_occ))

    def mixture(self, place: Place) -> np.ndarray:
        """Of the ground states at a plane's corners, (2, nao, nao)."""
        parts = (w * _turned(self.whole[known], known, n) for w, known, n in place.corners)
        return np.sum([*parts], axis=0)

    def density(self, start: Frontier, occupations, seed=0) -> Density:
        found, dm = self.lowest(start, occupations)
        return self._with_turns(found, dm, seed)

    def _with_turns(self, found, dm, seed) -> Density:
        orbitals = found.mo_coeff, found.mo_energy, found.mo_occ
        return self.densities.density(dm, _directions(self.mol, dm, seed, *orbitals))


@one_blas_thread
def atom_points(symbol, level: int = GRID_LEVEL) -> Iterator[Point]:
    """Whole atoms and ions, then what lies between: mixtures of two of them, and the lowest energy
    with a fraction in one orbital; mixtures of an atom with its spins up and down; last, points of
    flat planes, as mixtures of the ground states at their corners and as lowest energies."""
    atom = Atom(symbol, level)
    whole = atom.whole
    for electrons, density in atom.of_whole():
        yield Point(_named(symbol, electrons), density, electrons)
    for low, high in pairwise(ladder(symbol)):
        for x in FRACTIONS:
            a, b = ((1 - x) * n + x * m for n, m in zip(low, high))
            between = round(a, 9), round(b, 9)
            mixed = (1 - x) * whole[low] + x * whole[high]
            name = _named(symbol, between)
            yield Point(f"{name} mixed", atom.densities.density(mixed), between, "mixed")
            occupations = atom.start.occupations(between)
            density = atom.density(atom.start, occupations, seed=round(10 * x))
            yield Point(name, density, between, "fractional")
    shared = paired(atom.start, atom.mol.intor_symmetric("int1e_ovlp"))
    neutral = atom.mol.nelec
    for x in SPIN_FRACTIONS if neutral[0] > neutral[1] else ():
        a, b = ((1 - x) * n + x * m for n, m in zip(neutral, neutral[::-1]))
        between = round(a, 9), round(b, 9)
        mixed = (1 - x) * whole[neutral] + x * whole[neutral][::-1]
        name = _named(symbol, between)
        yield Point(f"{name} mixed", atom.densities.density(mixed), between, "spin mixed")
        density = atom.density(shared, shared.occupations(between), seed=round(10 * x))
        yield Point(name, density, between, "spin")
    for charge in (0, 1):
        for place in places(symbol, charge, replace(shared, unpaired=0), list(whole)):
            name = f"{symbol} plane {place.label}"
            density = atom.densities.density(atom.mixture(place))
            yield Point(f"{name} mixed", density, place.electrons, "plane mixed")
            try:
                density = atom.density(shared, place.occupations, seed=place.seed)
            except ArithmeticError:  # the mixture stays
                continue
            yield Point(name, density, place.electrons, "plane")


def _turned(dm, whole, wanted) -> np.ndarray:
    """An open shell seen from another side: the density matrices of the state with N_α − N_β as
    wanted, from those of the state that has the most."""
    spin = whole[0] - whole[1]
    along = (spin + wanted[0] - wanted[1]) / (2 * spin) if spin else 1.0
    return along * dm + (1 - along) * dm[::-1]


def _named(symbol, electrons) -> str:
    return f"{symbol} {electrons[0]:g} {electrons[1]:g}"
