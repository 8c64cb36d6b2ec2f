"""Where the next electron comes from or goes to, and the energy with a part of it.

Between two whole numbers of electrons one orbital fills. Which one is decided once, by PBE's
orbitals of the molecule itself (of an atom by Hund's rules, its open shell oriented along z): an
electron leaves the highest occupied or enters the lowest empty one of a spin. From there the energy
is minimised over all orbitals, and the fraction stays in the one that started with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from pyscf import gto

from .._threads import one_blas_thread
from ..ks import KS
from ..ks.convergence import Minimum, free_atom, minimise
from ..ks.occupations import GRADIENT_TOL

GRID_LEVEL = 3  # PySCF's default
COARSE_GRID_LEVEL = 1
ROUGHLY = 1e-3  # Hartree; the gradient at which an energy tells one spin from the other
SAME_ENERGY = 1e-4  # Hartree


@dataclass(frozen=True)
class Frontier:
    """A molecule's orbitals, each spin's occupied ones first, from low to high energy.

    Attributes
    ----------
    coefficients : (2, nao, nmo)
    electrons : how many of each spin
    unpaired : how many orbitals share what is not paired; 0 where each spin has its own
    """

    coefficients: np.ndarray
    electrons: tuple[int, int]
    unpaired: int = 0

    def occupations(self, electrons) -> np.ndarray:
        """(2, nmo): what each orbital holds of (α, β) electrons."""
        index = np.arange(self.coefficients.shape[2])
        if not self.unpaired:
            return np.array([np.clip(m - index, 0, 1) for m in electrons])
        pairs = self.electrons[1]
        shared = (index >= pairs) & (index < pairs + self.unpaired)
        numbers = [(index < pairs) + shared * (m - pairs) / self.unpaired for m in electrons]
        return np.array(numbers)


Spins = tuple[float | None, ...]  # α, β


@dataclass(frozen=True)
class Ensemble:
    """Energies in Hartree. ``homo`` is, for each spin, that of the orbital that holds the fraction,
    or where none does of the one that empties next; ``lumo`` of the one that fills next (None where
    there is none, or no electron of that spin); ``state`` says which orbital holds the fraction."""

    energy: float
    converged: bool
    homo: Spins
    lumo: Spins
    state: str


def frontier(mol: gto.Mole) -> Frontier:
    """Of PBE's orbitals on a coarse grid: they decide what fills next, whatever the method."""
    mf = free_atom(mol, 0) if mol.natm == 1 and mol.charge == 0 else None
    if mf is None:
        mf = KS(mol, "PBE", unrestricted=True)
        mf.grids.level, mf.goes_on = COARSE_GRID_LEVEL, True
        mf.kernel()
    order = [np.lexsort((e, -occ)) for e, occ in zip(mf.mo_energy, mf.mo_occ)]
    coefficients = np.array([np.asarray(c)[:, o] for c, o in zip(mf.mo_coeff, order)])
    electrons = round(mf.mo_occ[0].sum()), round(mf.mo_occ[1].sum())
    if not electrons[1]:  # no density, no potential: orbitals of an empty spin mean nothing
        coefficients[1] = coefficients[0]
    return Frontier(coefficients, electrons)


def path(mol: gto.Mole, start: Frontier, numbers) -> dict[float, tuple[float, float]]:
    """(α, β) electrons for each number of electrons, at most one away from the molecule's own, and
    for the whole ones.

    An electron leaves or enters with the spin for which PBE's energy on a coarse grid is lower; of
    equals (a closed shell) β leaves and α comes.
    """
    own, found = sum(start.electrons), {}
    for sign in (-1.0, 1.0):
        found[sign] = [float(sign > 0 and i == 0) - float(sign < 0 and i == 1) for i in (0, 1)]
        other = found[sign][::-1]
        if (
            _coarse_energy(mol, start, other)
            < _coarse_energy(mol, start, found[sign]) - SAME_ENERGY
        ):
            found[sign] = other
    alpha, beta = start.electrons
    electrons = {}
    for m in sorted({*numbers, own - 1, own, own + 1}):
        change = found.get(float(np.sign(m - own)), [0.0, 0.0])
        parts = (n + abs(m - own) * c for n, c in zip((alpha, beta), change))
        electrons[m] = tuple(round(part, 12) for part in parts)
    return electrons


def _coarse_energy(mol, start, change) -> float:
    electrons = np.add(start.electrons, change)
    if (electrons < 0).any() or (electrons > start.coefficients.shape[2]).any():
        return np.inf
    if not electrons.any():
        return 0.0
    mf = KS(mol, "PBE", unrestricted=True, occupations=electrons)
    mf.grids.level = COARSE_GRID_LEVEL
    occupations = start.occupations(electrons)
    return minimise(mf, start.coefficients, occupations, gradient_tol=ROUGHLY).energy


def paired(ends: Frontier, overlap: np.ndarray) -> Frontier:
    """The same with one set of orbitals for both spins: the pairs first, then the unpaired.

    They are the α orbitals, rotated to correspond to the β ones (Amos and Hall 1961).
    """
    more, fewer = ends.electrons
    alpha, beta = ends.coefficients
    match = alpha[:, :more].T @ overlap @ beta[:, :fewer]
    turn, _, _ = np.linalg.svd(match)
    parts = [_in_order(part) for part in (turn[:, :fewer], turn[:, fewer:])]
    both = np.hstack([*(alpha[:, :more] @ part for part in parts), alpha[:, more:]])
    return replace(ends, coefficients=np.array([both, both]), unpaired=more - fewer)


def _in_order(turn: np.ndarray) -> np.ndarray:
    """The same space of the first orbitals, rotated to keep their order as far as it goes."""
    place = np.arange(len(turn))
    return turn @ np.linalg.eigh(turn.T @ (place[:, None] * turn))[1]


def plane_weights(alpha: float, beta: float) -> tuple[float, float, float, float]:
    """What cation, atom, the atom with its last electron's spin turned, and anion contribute where
    ``alpha`` and ``beta`` (0 … 1) of the last electron of either spin are there: two flat triangles
    (P. Mori-Sánchez, A. J. Cohen, W. Yang, Phys. Rev. Lett. 102, 066403 (2009))."""
    if alpha + beta <= 1:
        return 1 - alpha - beta, alpha, beta, 0.0
    return 0.0, 1 - beta, 1 - alpha, alpha + beta - 1


def plane_occupations(shared: Frontier, unpaired, alpha: float, beta: float) -> np.ndarray:
    """(2, nmo), on the flat plane of an atom's or molecule's last electrons.

    Every corner holds the ground state of its charge, whose ``unpaired`` electrons (of cation,
    atom, anion) share its open shell evenly between the spins: an atom's N_α − N_β may be smaller
    than its number of unpaired electrons, its energy is the same.
    """
    a, b = shared.electrons
    cation, atom, anion = unpaired
    corners = [((a - 1, b), cation), ((a, b), atom), ((a - 1, b + 1), atom), ((a, b + 1), anion)]
    total = np.zeros((2, shared.coefficients.shape[2]))
    for weight, (electrons, spin) in zip(plane_weights(alpha, beta), corners):
        if weight:
            pairs = (sum(electrons) - spin) // 2
            shell = replace(shared, electrons=(pairs + spin, pairs), unpaired=spin)
            total += weight * shell.occupations(electrons)
    return np.minimum(total, 1.0)  # rounding may put more into a full orbital


@one_blas_thread
def ensemble(mol: gto.Mole, method: str, start: Frontier, electrons, occupations=None) -> Ensemble:
    """The lowest energy near ``start`` with the given (α, β) electrons, in orbitals as ``start``
    fills them or in ``occupations`` (2, nmo)."""
    if occupations is None:
        occupations = start.occupations(electrons)
    coefficients = start.coefficients
    mf = KS(mol, method, unrestricted=True, occupations=occupations)
    for level in (COARSE_GRID_LEVEL, GRID_LEVEL):
        mf.grids.level, mf.grids.coords = level, None
        tolerance = getattr(mf, "gradient_tol", GRADIENT_TOL)
        found = minimise(mf, coefficients, occupations, gradient_tol=tolerance)
        coefficients, occupations = found.mo_coeff, found.mo_occ
    overlap = mol.intor_symmetric("int1e_ovlp")
    edges = edge_energies(start, found, overlap)
    return Ensemble(found.energy, found.converged, *edges, holder(mol, found))


def edge_energies(start: Frontier, found: Minimum, overlap: np.ndarray) -> tuple[Spins, Spins]:
    """``homo`` and ``lumo`` of an :class:`Ensemble`.

    The orbital that empties or fills next need not be the highest or lowest: it is the one most
    like that of the start. What a spin without any electron feels has no meaning (the derivative of
    a density functional where its density is zero), so there is no ``lumo``.
    """
    homo: list[float | None] = []
    lumo: list[float | None] = []
    spins = zip(start.coefficients, found.mo_coeff, found.mo_energy, found.mo_occ)
    for before, orbitals, energies, occupations in spins:
        partly, occupied = (occupations > 0) & (occupations < 1), occupations > 0
        alike = np.abs(before.T @ overlap @ orbitals)
        count = int(occupied.sum())
        if partly.any():
            homo.append(float(energies[partly].max()))
        elif count:
            homo.append(float(energies[np.argmax(alike[count - 1] * occupied)]))
        else:
            homo.append(None)
        room = 0 < count < len(energies)
        lumo.append(float(energies[np.argmax(alike[count] * ~occupied)]) if room else None)
    return tuple(homo), tuple(lumo)


def holder(mol, found: Minimum) -> str:
    """Which functions make up the orbitals that hold fractions, by Mulliken's count."""
    overlap, said = mol.intor_symmetric("int1e_ovlp"), []
    names = [f"{atom} {shell[-1]}{m}" for _, atom, shell, m in mol.ao_labels(fmt=None)]
    for spin, letter in enumerate("αβ"):
        partly = (found.mo_occ[spin] > 0) & (found.mo_occ[spin] < 1)
        for orbital in found.mo_coeff[spin].T[partly]:
            weight = dict.fromkeys(names, 0.0)
            for name, part in zip(names, orbital * (overlap @ orbital)):
                weight[name] += part
            said.append(f"{max(weight, key=lambda name: weight[name])} {letter}")
    return f"fraction in {', '.join(said)}" if said else "whole orbitals"
