"""The self-consistent states of a molecule: from many starts on a coarse grid to the lowest minimum
on the full one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..ks import KS
from ..ks.convergence import (
    ROUGHLY,
    Minimum,
    Start,
    across_bond,
    atomic_starts,
    atoms_leave_open,
    default_start,
    ended,
    follow,
    minimise,
    mixed_start,
    paired_starts,
    settle,
)
from ..ks.methods import is_learned
from ..molecules import SINGLE, breaks_pairs, fragments, is_stretched, real_atoms
from ._networks import (
    PBES_DENSITY,
    SAME_STATE,
    led_elsewhere,
    lowest_about_bond,
    lowest_pairs,
    pbe_start,
    pbes_density,
    turned_around,
)

GRID_LEVEL = 3  # PySCF's default
COARSE_GRID_LEVEL = 0  # enough to tell which start leads where
RIVAL = 5e-3  # Hartree above the lowest on the coarse grid
LEARNED_RIVAL = 2e-2  # of a network, which is rough where a bond is stretched
LOOK = 5e-5  # Hartree that orbitals of the coarse grid lie too high on the full one
LEARNED_LOOK = 2e-3
GRADIENT_TOL = 1e-5  # Hartree
MOST_BUILDS = 400  # Fock matrices; a hole in a degenerate shell turns slowly on a grid


@dataclass(frozen=True)
class State:
    """One self-consistent solution, the start that led to it, all the starts that were tried, by
    how much a state that was passed over lies lower (Hartree), and whether it is a saddle."""

    label: str
    mean_field: Any
    converged: bool
    tried: tuple[str, ...] = ()
    passed_over: float = 0.0
    saddle: bool = False

    @property
    def energy(self) -> float:
        return self.mean_field.e_tot

    @property
    def spin_square(self) -> float:
        mf = self.mean_field
        return 0.0 if mf.mo_occ.ndim == 1 else abs(float(mf.spin_square()[0]))


def hartree_fock_states(mol) -> list[State]:
    """The distinct unrestricted Hartree–Fock states that the starts lead to, lowest first."""
    mf = KS(mol, "HF", unrestricted=True)
    states = [
        _state(start.label, mf.copy(), minimise(mf, lead.mo_coeff, lead.mo_occ))
        for start, lead in _distinct(_leads(mf, mf.copy()))
    ]
    return sorted(states, key=lambda s: (not s.converged, s.energy))


def lowest_state(mol, method, unrestricted) -> State:
    if unrestricted is False and mol.spin:
        raise ValueError(f"{mol.spin} unpaired electrons need an unrestricted calculation")
    atoms = len(real_atoms(mol))
    if unrestricted is None:
        unrestricted = mol.spin > 0 or atoms <= 2 or is_stretched(mol)
    mf, coarse = (KS(mol, method, unrestricted=unrestricted) for _ in range(2))
    mf.grids.level, coarse.grids.level = GRID_LEVEL, COARSE_GRID_LEVEL
    if is_learned(method):
        coarse.rough = not mf.fits()
    if coarse.do_nlc():
        coarse.nlc = 0  # dear, and nearly the same wherever the electrons are
    if not unrestricted and not breaks_pairs(mol):
        found = _ordinary(mf)
        coarse._eri = mf._eri
        return _state("PySCF's guess", mf, *_settled(mf, found, coarse))
    if not unrestricted and is_learned(method):
        label, tried, mf = lowest_pairs(mol, method, GRID_LEVEL)
        return State(label, mf, mf.converged, tried, saddle=mf.saddle)

    leads = all_leads = _leads(coarse, mf)
    mf._eri = coarse._eri
    if is_learned(method) and atoms > 1:
        # A learned functional was fitted near the densities of real states; a search over all
        # densities finds others, tens of kcal/mol too low. What comes from atoms or ions decides,
        # and near equilibrium what everybody starts from, too.
        trusted = () if is_stretched(mol) else (PBES_DENSITY,)
        leads = [lead for lead in leads if lead[0].atomic or lead[0].label in trusted]
    start, lead = _lowest_rival(mf, _rivals(mf, leads))
    found, saddle = _settled(mf, _minimise(mf, *_orbitals(lead), lead), coarse)
    passed_over = _passed_over(mf, found, leads, all_leads)
    tried = tuple(dict.fromkeys(start.label for start, _ in all_leads))
    return replace(_state(start.label, mf, found, saddle), tried=tried, passed_over=passed_over)


def _leads(mf, fine) -> list[tuple[Start, Minimum]]:
    """Every start with the minimum it leads to on the grid of ``mf``, the lowest first; ``fine`` is
    the same on the full grid."""
    mol = mf.mol
    pbe = pbes_density(mf) if is_learned(mf.xc) else None
    default = default_start(mf) if pbe is None else pbe_start(pbe)
    leads = follow(mf, [default])
    orbitals = leads[0][1].mo_coeff
    if default.mo_occ.ndim == 1:
        iterated = Start("PySCF's guess", *_orbitals(_ordinary(mf)))
        return follow(mf, [iterated, *paired_starts(orbitals, mol.nelectron // 2)], leads)
    starts = atomic_starts(mol)
    if pbe is not None and len(fragments(mol, SINGLE)) == 1:
        starts = led_elsewhere(pbe, starts)  # a dear one need not look where PBE sees nothing
    if not mol.spin:
        starts.append(mixed_start(orbitals[0], mol.nelec[0]))
    if atoms_leave_open(mol) and not is_learned(mf.xc):
        # There are more ways to put the atoms together than are tried.
        found, _ = settle(fine, _ordinary(fine), gradient_tol=ROUGHLY)
        starts.append(Start("PySCF's guess", *_orbitals(found)))
    leads = follow(mf, starts, leads)
    if not is_learned(mf.xc):
        leads = follow(mf, across_bond(mol, leads[0][1]), leads)
    elif not mol.spin:
        leads = follow(mf, turned_around(mf, _rivals(mf, leads)), leads)
    return leads


def _passed_over(mf, found: Minimum, leads, all_leads) -> float:
    """By how much the lowest state that other leads come to lies below what was found, on the full
    grid; Hartree. The coarse grid only says which it may be."""
    known = [lead.energy for _, lead in leads]
    others = [
        lead
        for _, lead in all_leads
        if lead.energy < known[0] + RIVAL and min(abs(e - lead.energy) for e in known) > SAME_STATE
    ]
    if not others:
        return 0.0
    lower = minimise(mf, *_orbitals(others[0]), gradient_tol=ROUGHLY)
    return found.energy - lower.energy if lower.converged else 0.0


def _distinct(leads: list[tuple[Start, Minimum]]) -> list[tuple[Start, Minimum]]:
    """One lead for each state; ``leads`` come sorted by energy."""
    kept = leads[:1]
    for lead in leads[1:]:
        if lead[1].energy - kept[-1][1].energy > SAME_STATE:
            kept.append(lead)
    return kept


def _rivals(mf, leads) -> list[tuple[Start, Minimum]]:
    """The distinct states that may turn out to be the lowest; ``leads`` come sorted by energy."""
    most = leads[0][1].energy + (LEARNED_RIVAL if is_learned(mf.xc) else RIVAL)
    return [lead for lead in _distinct(leads) if lead[1].energy < most]


def _lowest_rival(mf, rivals) -> tuple[Start, Minimum]:
    """The lowest on the full grid; the coarse one may order near-degenerate states wrongly. One
    look at each, and those that come out alike are followed: a look may be a kcal/mol too high."""
    if len(rivals) == 1:
        return rivals[0]
    looks = [_energy(mf, lead) for _, lead in rivals]
    alike = min(looks) + (LEARNED_LOOK if is_learned(mf.xc) else LOOK)
    order = [i for i in np.argsort(looks) if looks[i] < alike]
    if len(order) == 1:
        return rivals[order[0]]
    close = [rivals[i] for i in order]
    return follow(mf, [Start(s.label, *_orbitals(lead), s.atomic) for s, lead in close])[0]


def _energy(mf, orbitals: Minimum) -> float:
    return mf.energy_tot(mf.make_rdm1(orbitals.mo_coeff, orbitals.mo_occ))


def _ordinary(mf) -> Minimum:
    """PySCF's own iteration, and direct minimisation from where it ended if that failed."""
    mf.goes_on = True  # we look at its end ourselves
    mf.kernel()
    mf.goes_on = False
    if not mf.converged:
        return _minimise(mf, mf.mo_coeff, mf.mo_occ)
    return ended(mf)


def _settled(mf, found: Minimum, scout) -> tuple[Minimum, bool]:
    """In a minimum, and whether on a saddle instead; ``scout`` as for :func:`settle`."""
    if not found.converged:
        return found, False
    if is_learned(mf.xc):
        turned = lowest_about_bond(mf, found)
        found = found if turned is None else _minimise(mf, turned, found.mo_occ)
    found, lowest = settle(mf, found, scout=scout, gradient_tol=_tolerance(mf))
    return found, found.converged and lowest.is_surely_down


def _orbitals(found: Minimum) -> tuple[np.ndarray, np.ndarray]:
    return found.mo_coeff, found.mo_occ


def _minimise(mf, mo_coeff, mo_occ, coarse=None) -> Minimum:
    how = dict(gradient_tol=_tolerance(mf), max_cycle=MOST_BUILDS, coarse=coarse)
    return minimise(mf, mo_coeff, mo_occ, **how)


def _tolerance(mf) -> float:
    """The orbitals' gradient, in Hartree, that the arithmetic behind ``mf`` allows."""
    return getattr(mf, "gradient_tol", GRADIENT_TOL)


def _state(label, mf, minimum: Minimum, saddle=False) -> State:
    """The minimum laid down in ``mf``, which becomes restricted where nothing breaks its spin
    symmetry."""
    mf.mo_coeff, mf.mo_occ, mf.mo_energy = minimum.mo_coeff, minimum.mo_occ, minimum.mo_energy
    if mf.mol.spin == 0 and minimum.mo_occ.ndim == 2 and abs(mf.spin_square()[0]) < 1e-6:
        grids, disp, mf = mf.grids, mf.disp, KS(mf.mol, mf.xc)
        mf.grids, mf.disp = grids, disp
        mf.mo_coeff, mf.mo_energy = minimum.mo_coeff[0], minimum.mo_energy[0]
        mf.mo_occ = 2.0 * minimum.mo_occ[0]
    mf.e_tot, mf.converged = minimum.energy, minimum.converged and not saddle
    mf.saddle = saddle
    return State(label, mf, mf.converged, saddle=saddle)
