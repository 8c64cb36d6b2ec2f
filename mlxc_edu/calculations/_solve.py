"""The careful driver: find the lowest self-consistent state, say how, and never hide a failure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pyscf import gto

from .._threads import one_blas_thread
from ..ks import KS
from ..ks.convergence import (
    SUPERPOSED,
    Minimum,
    Start,
    atomic_spins_fit,
    atomic_starts,
    default_start,
    minimise,
    mixed_start,
)
from ..ks.methods import canonical_name, is_learned
from ..molecules import is_stretched, real_atoms, require_molecule
from ..units import KCAL_PER_HARTREE
from ._result import Result, make_result

GRID_LEVEL = 3  # PySCF's default
COARSE_GRID_LEVEL = 0  # enough to tell which start leads where
RIVAL = 5e-3  # Hartree above the lowest on the coarse grid
GRADIENT_TOL = 1e-5  # Hartree
ROUGHLY = 3e-4  # Hartree; the rotation gradient at which a start has shown where it leads
SAME_STATE = 1e-5  # Hartree
EQUAL = 2e-6  # Hartree; what the rough minimisation leaves open
NO_ATOMIC_LIMIT = "no product of ground-state atoms has this spin: stretched, it ends above them"


@dataclass(frozen=True)
class State:
    """One self-consistent solution, the start that led to it, all the starts that were tried, and
    by how much a state that was passed over lies lower (Hartree)."""

    label: str
    mean_field: Any
    converged: bool
    tried: tuple[str, ...] = ()
    passed_over: float = 0.0

    @property
    def energy(self) -> float:
        return self.mean_field.e_tot

    @property
    def spin_square(self) -> float:
        mf = self.mean_field
        return 0.0 if mf.mo_occ.ndim == 1 else abs(float(mf.spin_square()[0]))


@one_blas_thread
def solve(
    mol: gto.Mole,
    method: str = "PBE",
    *,
    unrestricted: bool | None = None,
    occupations=None,
) -> Result:
    """Find the lowest self-consistent state of a molecule.

    Atoms, diatomics and stretched molecules are started from several densities (atoms with
    opposite spins, ions, an electron half handed over, PySCF's own guess, HOMO and LUMO mixed),
    each minimised directly on a coarse grid, and the lowest refined. Of a learned functional's
    states of a diatomic, the lowest that atoms or ions lead to is taken (or, near equilibrium,
    superposed atomic densities); a lower one is named in the notes. Anything else is an ordinary
    self-consistent field, minimised directly where that does not converge.

    Parameters
    ----------
    mol : the molecule.
    method : as for :func:`mlxc_edu.KS`.
    unrestricted : None lets a closed shell break its spin symmetry where it may want to (diatomics
        and stretched molecules); True always lets it; False never does.
    occupations : fractional electrons, as for :func:`mlxc_edu.KS`. Then there is one start, and
        None for ``unrestricted`` means restricted where the occupations allow.

    Returns
    -------
    Result. A calculation that did not converge is returned with ``converged=False``; it does not
    raise.

    Raises
    ------
    ValueError : unknown method, or a restricted calculation asked for unpaired electrons.
    """
    require_molecule(mol)
    method = canonical_name(method)
    if occupations is not None:
        return _with_occupations(mol, method, bool(unrestricted), occupations)
    state = _lowest_state(mol, method, unrestricted)
    mf = state.mean_field
    notes = []
    if state.tried:
        tried = "; ".join(state.tried)
        notes.append(f"from: {state.label}; lowest of {len(state.tried)} starts ({tried})")
    if state.passed_over > SAME_STATE:
        lower = state.passed_over * KCAL_PER_HARTREE
        notes.append(f"a state that no atoms or ions lead to lies {lower:.1f} kcal/mol lower")
    if len(real_atoms(mol)) == 2 and not atomic_spins_fit(mol):
        notes.append(NO_ATOMIC_LIMIT)
    if mol.spin == 0 and state.spin_square > 1e-3:
        notes.append(f"spin symmetry broken, ⟨S²⟩ = {state.spin_square:.3f}")
    if not state.converged:
        notes.append("the orbitals did not converge; the energy is an upper estimate")
    return make_result(method, mol, state.energy, state.converged, spin_density(mf), mf, notes)


def _with_occupations(mol, method, unrestricted, occupations) -> Result:
    mf = KS(mol, method, unrestricted=unrestricted, occupations=occupations)
    mf.grids.level = GRID_LEVEL
    mf.kernel()
    full = 2 if mf.mo_occ.ndim == 1 else 1
    partly = [f"{f:.3f}" for f in np.unique(mf.mo_occ.round(6)) if 0 < f < full]
    notes = [f"orbitals that hold {', '.join(partly)} electrons"] if partly else []
    if not mf.converged:
        notes.append("the orbitals did not converge; the energy is an upper estimate")
    occupied = (np.asarray(mf.occupations) > 0).sum(axis=1)
    density = spin_density(mf)
    return make_result(method, mol, mf.e_tot, mf.converged, density, mf, notes, occupied)


def hartree_fock_states(mol) -> list[State]:
    """The distinct unrestricted Hartree–Fock states that the starts lead to, lowest first."""
    mf = KS(mol, "HF", unrestricted=True)
    states = [
        _state(start.label, mf.copy(), minimise(mf, lead.mo_coeff, lead.mo_occ))
        for start, lead in _distinct(_leads(mf))
    ]
    return sorted(states, key=lambda s: (not s.converged, s.energy))


def _lowest_state(mol, method, unrestricted) -> State:
    if unrestricted is False and mol.spin:
        raise ValueError(f"{mol.spin} unpaired electrons need an unrestricted calculation")
    if unrestricted is None:
        unrestricted = mol.spin > 0 or len(real_atoms(mol)) <= 2 or is_stretched(mol)
    mf = KS(mol, method, unrestricted=unrestricted)
    mf.grids.level = GRID_LEVEL
    if not unrestricted:
        return _lowest_restricted(mf)

    coarse = KS(mol, method, unrestricted=True)
    coarse.grids.level = COARSE_GRID_LEVEL
    leads = all_leads = _leads(coarse)
    if is_learned(method) and len(real_atoms(mol)) == 2:
        # A learned functional was fitted near the densities of real states; a search over all
        # densities finds others, tens of kcal/mol too low. What comes from atoms or ions decides,
        # and near equilibrium what everybody starts from, too.
        trusted = () if is_stretched(mol) else (SUPERPOSED,)
        leads = [lead for lead in leads if lead[0].atomic or lead[0].label in trusted]
    passed_over = leads[0][1].energy - all_leads[0][1].energy
    # The coarse grid may order near-degenerate states wrongly: one look each on the full one.
    rivals = [lead for lead in _distinct(leads) if lead[1].energy < leads[0][1].energy + RIVAL]
    if len(rivals) > 1:
        rivals.sort(key=lambda lead: _energy(mf, lead[1]))
    start, lead = rivals[0]
    state = _state(start.label, mf, _minimise(mf, lead.mo_coeff, lead.mo_occ))
    tried = tuple(dict.fromkeys(start.label for start, _ in all_leads))
    return replace(state, tried=tried, passed_over=passed_over)


def _leads(mf) -> list[tuple[Start, Minimum]]:
    """Every start with the minimum it leads to on the grid of ``mf``, the lowest first."""
    mol = mf.mol
    starts = [default_start(mf), *atomic_starts(mol)]
    leads = [(s, minimise(mf, s.mo_coeff, s.mo_occ, gradient_tol=ROUGHLY)) for s in starts]
    if mol.spin == 0:
        mixed = mixed_start(leads[0][1].mo_coeff[0], mol.nelec[0])
        leads.append((mixed, minimise(mf, mixed.mo_coeff, mixed.mo_occ, gradient_tol=ROUGHLY)))
    # Of equals the first start wins, which breaks the least symmetry.
    lowest = min(minimum.energy for _, minimum in leads) + EQUAL
    return sorted(leads, key=lambda lead: max(lead[1].energy, lowest))


def _distinct(leads: list[tuple[Start, Minimum]]) -> list[tuple[Start, Minimum]]:
    """One lead for each state; ``leads`` come sorted by energy."""
    kept = leads[:1]
    for lead in leads[1:]:
        if lead[1].energy - kept[-1][1].energy > SAME_STATE:
            kept.append(lead)
    return kept


def _energy(mf, orbitals: Minimum) -> float:
    return mf.energy_tot(mf.make_rdm1(orbitals.mo_coeff, orbitals.mo_occ))


def spin_density(mf) -> np.ndarray:
    """(2, nao, nao) density matrices of a restricted or unrestricted object."""
    dm = np.asarray(mf.make_rdm1())
    return dm if dm.ndim == 3 else np.array([dm / 2, dm / 2])


def _lowest_restricted(mf) -> State:
    """Iteration fills from the bottom and can end in a state far above the lowest where a bond is
    stretched; for a diatomic we look below it."""
    state = _ordinary(mf)
    if len(real_atoms(mf.mol)) == 2:
        other = mf.copy()
        start = default_start(other)
        found = _minimise(other, start.mo_coeff, start.mo_occ)
        if found.energy < state.energy - SAME_STATE:
            return _state(start.label, other, found)
    return state


def _ordinary(mf) -> State:
    """PySCF's own iteration, and direct minimisation from where it ended if that failed."""
    mf.kernel()
    if mf.converged:
        return State("PySCF's guess", mf, True)
    return _state("PySCF's guess", mf, _minimise(mf, mf.mo_coeff, mf.mo_occ))


def _minimise(mf, mo_coeff, mo_occ) -> Minimum:
    """To what the arithmetic behind ``mf`` allows."""
    tolerance = getattr(mf, "gradient_tol", GRADIENT_TOL)
    return minimise(mf, mo_coeff, mo_occ, gradient_tol=tolerance)


def _state(label, mf, minimum: Minimum) -> State:
    """The minimum laid down in ``mf``, which becomes restricted where nothing breaks its spin
    symmetry."""
    mf.mo_coeff, mf.mo_occ, mf.mo_energy = minimum.mo_coeff, minimum.mo_occ, minimum.mo_energy
    if mf.mol.spin == 0 and minimum.mo_occ.ndim == 2 and abs(mf.spin_square()[0]) < 1e-6:
        grids, disp, mf = mf.grids, mf.disp, KS(mf.mol, mf.xc)
        mf.grids, mf.disp = grids, disp
        mf.mo_coeff, mf.mo_energy = minimum.mo_coeff[0], minimum.mo_energy[0]
        mf.mo_occ = 2.0 * minimum.mo_occ[0]
    mf.e_tot, mf.converged = minimum.energy, minimum.converged
    if getattr(mf, "fitted", False):
        mf.e_tot += mf.exact_correction()
    return State(label, mf, minimum.converged)
