"""The careful driver: find the lowest self-consistent state, say how, and never hide a failure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyscf import gto
from pyscf.data import elements, radii

from ._result import Result, make_result
from .ks import KS
from .ks._kohn_sham import canonical_name
from .ks._minimise import Minimum, minimise
from .ks._starts import Start, atomic_starts, default_start, mixed_start
from .units import ANGSTROM_PER_BOHR

GRID_LEVEL = 3  # PySCF's default
COARSE_GRID_LEVEL = 0  # enough to tell which start leads where
WORTH_REFINING = 5e-3  # Hartree above the lowest on the coarse grid
SAME_STATE = 1e-5  # Hartree
STRETCHED = 1.3  # times the sum of covalent radii


@dataclass(frozen=True)
class State:
    """One self-consistent solution and the start that led to it."""

    label: str
    mean_field: Any
    converged: bool

    @property
    def energy(self) -> float:
        return self.mean_field.e_tot


def solve(mol: gto.Mole, method: str = "PBE", *, unrestricted: bool | None = None) -> Result:
    """Find the lowest self-consistent state of a molecule.

    Atoms, diatomics and stretched molecules are started from several densities (atoms with
    opposite spins, ions, an electron half handed over, PySCF's own guess, HOMO and LUMO mixed), each minimised directly
    on a coarse grid, and the lowest refined. Anything else is an ordinary self-consistent field,
    minimised directly where that does not converge.

    Parameters
    ----------
    mol : the molecule.
    method : as for :func:`mlxc_edu.KS`.
    unrestricted : None lets a closed shell break its spin symmetry where it may want to (diatomics
        and stretched molecules); True always lets it; False never does.

    Returns
    -------
    Result. A calculation that did not converge is returned with ``converged=False``; it does not
    raise.

    Raises
    ------
    ValueError : unknown method, or a restricted calculation asked for unpaired electrons.
    """
    method = canonical_name(method)
    states = self_consistent_states(mol, method, unrestricted)
    best = states[0]
    mf = best.mean_field
    notes = [f"lowest of {len(states)} states, from: {best.label}"] if len(states) > 1 else []
    if mf.mo_occ.ndim == 2 and mol.spin == 0 and mf.spin_square()[0] > 1e-3:
        notes.append(f"spin symmetry broken, ⟨S²⟩ = {mf.spin_square()[0]:.3f}")
    if not best.converged:
        notes.append("the orbitals did not converge; the energy is an upper estimate")
    return make_result(method, mol, best.energy, best.converged, spin_density(mf), mf, notes)


def self_consistent_states(mol, method, unrestricted=None) -> list[State]:
    """The distinct self-consistent states found, lowest first; unconverged ones last."""
    if unrestricted is False and mol.spin:
        raise ValueError(f"{mol.spin} unpaired electrons need an unrestricted calculation")
    try_breaking = mol.natm <= 2 or is_stretched(mol) if unrestricted is None else unrestricted
    if not (mol.spin or try_breaking) or mol.nelectron == 1 and mol.natm == 1:
        return [_ordinary(mol, method)]

    coarse_mf = KS(mol, method, unrestricted=True)
    coarse_mf.grids.level = COARSE_GRID_LEVEL
    leads = [_lead(coarse_mf, start) for start in [default_start(coarse_mf), *atomic_starts(mol)]]
    if mol.spin == 0:
        leads.append(_lead(coarse_mf, mixed_start(leads[0][1].mo_coeff[0], mol.nelec[0])))
    leads.sort(key=lambda lead: lead[1].energy)

    states: list[State] = []
    refined: list[float] = []
    for start, lead in leads:
        if lead.energy > leads[0][1].energy + WORTH_REFINING and method != "HF":
            break
        if any(abs(lead.energy - e) < SAME_STATE for e in refined):
            continue
        refined.append(lead.energy)
        mf = KS(mol, method, unrestricted=True)
        mf.grids.level = GRID_LEVEL
        states.append(_state(start.label, mf, minimise(mf, lead.mo_coeff, lead.mo_occ)))
    return sorted(states, key=lambda s: (not s.converged, s.energy))


def is_stretched(mol) -> bool:
    """Whether the molecule falls into parts when only contacts up to 1.3 covalent radii count."""
    r = np.linalg.norm(mol.atom_coords()[:, None] - mol.atom_coords()[None], axis=-1)
    size = np.array([radii.COVALENT[elements.charge(mol.atom_pure_symbol(i))] for i in range(mol.natm)])
    bonded = r < STRETCHED * (size[:, None] + size[None])
    reached = np.zeros(mol.natm, dtype=bool)
    reached[0] = True
    for _ in range(mol.natm):
        reached |= bonded[reached].any(axis=0)
    return not reached.all()


def spin_density(mf) -> np.ndarray:
    """(2, nao, nao) density matrices of a restricted or unrestricted object."""
    dm = np.asarray(mf.make_rdm1())
    return dm if dm.ndim == 3 else np.array([dm / 2, dm / 2])


def _lead(mf, start: Start) -> tuple[Start, Minimum]:
    """A start with where it leads on the coarse grid."""
    return start, minimise(mf, start.mo_coeff, start.mo_occ, gradient_tol=1e-4)


def _ordinary(mol, method) -> State:
    """PySCF's own iteration, and direct minimisation from where it ended if that failed."""
    mf = KS(mol, method)
    mf.grids.level = GRID_LEVEL
    mf.kernel()
    if mf.converged:
        return State("PySCF's guess", mf, True)
    return _state("PySCF's guess", mf, minimise(mf, mf.mo_coeff, mf.mo_occ))


def _state(label, mf, minimum: Minimum) -> State:
    """The minimum laid down in ``mf``, which becomes restricted where nothing breaks its spin
    symmetry."""
    mf.mo_coeff, mf.mo_occ, mf.mo_energy = minimum.mo_coeff, minimum.mo_occ, minimum.mo_energy
    if mf.mol.spin == 0 and minimum.mo_occ.ndim == 2 and abs(mf.spin_square()[0]) < 1e-6:
        grids, mf = mf.grids, KS(mf.mol, mf.xc)
        mf.grids = grids
        mf.mo_coeff, mf.mo_energy = minimum.mo_coeff[0], minimum.mo_energy[0]
        mf.mo_occ = 2.0 * minimum.mo_occ[0]
    mf.e_tot, mf.converged = minimum.energy, minimum.converged
    return State(label, mf, minimum.converged)
