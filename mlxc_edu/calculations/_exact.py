"""The reference: full configuration interaction where affordable, coupled cluster beyond."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
from pyscf import ao2mo, cc, fci, gto, scf
from pyscf.data import elements

from .._threads import one_blas_thread
from ..ks.convergence import atomic_spins_fit
from ..molecules import real_atoms, require_molecule
from ._result import Result, make_result
from ._solve import NO_ATOMIC_LIMIT, solve
from ._states import State, hartree_fock_states

FCI_DETERMINANTS = 1_000_000
DOMINANT = 0.3  # a doubles amplitude above this: no single determinant describes the state
CLOSED_SHELL = 1e-3  # ⟨S²⟩ of a reference that breaks no spin symmetry


@one_blas_thread
def exact(mol: gto.Mole, *, level: str | None = None) -> Result:
    """The best energy we can afford in the molecule's basis.

    One electron: Hartree–Fock, which is exact. Up to a million determinants: full configuration
    interaction (FCI). Beyond: CCSD(T) on every Hartree–Fock state found, ionic (restricted) and
    neutral (unrestricted) ones of a stretched bond among them, and the lower energy: near an
    ionic–covalent crossing each single reference follows the state it starts from, so the lower
    envelope is taken. Chemical cores are frozen in CCSD(T) and correlated in FCI.

    Parameters
    ----------
    mol : the molecule.
    level : ``"FCI"`` or ``"CCSD(T)"`` to insist on one; compare energies of one level only.

    Returns
    -------
    Result whose ``method`` names what was done and whose ``notes`` name the error sources. The
    density is the CCSD (Λ) or FCI one, without orbital relaxation.

    Raises
    ------
    ValueError : unknown level, or FCI asked for a system that is too large for it.
    """
    require_molecule(mol)
    if level not in (None, "FCI", "CCSD(T)"):
        raise ValueError(f"level must be 'FCI' or 'CCSD(T)', not {level!r}")
    if mol.nelectron == 1:
        return _single_determinant(mol, "one electron: Hartree–Fock is exact")
    if mol.nelec == (mol.nao, mol.nao):
        return _single_determinant(mol, "the basis is full: there is one determinant only")
    if (level or exact_level(mol)) == "CCSD(T)":
        return _coupled_cluster(mol)
    if (count := _determinants(mol)) > FCI_DETERMINANTS:
        raise ValueError(
            f"FCI would need {count:.1e} determinants, the limit is {FCI_DETERMINANTS:.0e}; "
            "take a smaller basis or level='CCSD(T)'"
        )
    return _full_ci(mol)


def exact_level(mol: gto.Mole) -> str:
    """The level that :func:`exact` chooses for a molecule of two or more electrons."""
    return "FCI" if _determinants(mol) <= FCI_DETERMINANTS else "CCSD(T)"


def _determinants(mol) -> int:
    return comb(mol.nao, mol.nelec[0]) * comb(mol.nao, mol.nelec[1])


def _single_determinant(mol, why) -> Result:
    hf = solve(mol, "HF")
    notes = (why, _basis_note(mol))
    return make_result(
        "HF (exact)", mol, hf.energy, hf.converged, hf.density_matrix, hf.mean_field, notes
    )


def _full_ci(mol) -> Result:
    mf = (scf.ROHF if mol.spin else scf.RHF)(mol).run()
    if not mf.converged:
        mf = mf.newton().run()
    orbitals = mf.mo_coeff
    solver = fci.direct_spin1.FCI(mol) if mol.spin else fci.direct_spin0.FCI(mol)
    solver = fci.addons.fix_spin_(solver, ss=mol.spin / 2 * (mol.spin / 2 + 1))
    solver.conv_tol = 1e-10
    solver.max_cycle = 200
    h1 = orbitals.T @ mf.get_hcore() @ orbitals
    eri = ao2mo.kernel(mol, orbitals)
    norb = orbitals.shape[1]
    energy, vector = solver.kernel(h1, eri, norb, mol.nelec, ecore=mol.energy_nuc())
    dms = fci.direct_spin1.make_rdm1s(vector, norb, mol.nelec)
    density = np.array([orbitals @ dm @ orbitals.T for dm in dms])
    # FCI is the same in any orbitals, so their own convergence does not matter.
    notes = (f"{_determinants(mol)} determinants", _basis_note(mol))
    return make_result("FCI", mol, energy, bool(np.all(solver.converged)), density, mf, notes)


def _coupled_cluster(mol) -> Result:
    states = hartree_fock_states(mol)
    if mol.spin == 0:
        # At most one state of each kind: the lowest with paired spins, the lowest without.
        paired = [s for s in states if s.spin_square < CLOSED_SHELL]
        broken = [s for s in states if s.spin_square >= CLOSED_SHELL]
        states = paired[:1] + broken[:1]
    else:
        states = states[:1]
    solutions = [_ccsd_t(mol, state) for state in states]
    trusted = [s for s in solutions if s.converged and s.largest_doubles < DOMINANT]
    best = min(trusted or solutions, key=lambda s: (not s.converged, s.energy))
    if np.isinf(best.energy):
        raise ArithmeticError("coupled cluster diverges from every Hartree–Fock state")

    best.solver.solve_lambda()
    dm = np.asarray(best.solver.make_rdm1(ao_repr=True))
    density = np.array([dm / 2, dm / 2]) if best.kind == "restricted" else dm
    frozen = elements.chemcore(mol)
    unreachable = len(real_atoms(mol)) == 2 and not atomic_spins_fit(mol)
    notes = [NO_ATOMIC_LIMIT] if unreachable else []
    notes += [f"{frozen} core orbitals frozen" if frozen else "all electrons correlated"]
    if best.kind == "unrestricted":
        s2 = best.state.spin_square
        notes.append(f"⟨S²⟩ of its Hartree–Fock reference {s2:.3f}")
    notes += [f"largest doubles amplitude {best.largest_doubles:.2f}", _basis_note(mol)]
    if best.largest_doubles >= DOMINANT:
        notes.append("no single determinant dominates: the energy may be far off")
    for other in solutions:
        if np.isinf(other.energy):
            notes.append(f"not taken: CCSD(T), {other.kind}, which diverges")
        elif other is not best:
            doubt = "" if other.converged else ", not converged"
            if other.largest_doubles >= DOMINANT:
                doubt += ", not described by a single determinant"
            above = other.energy - best.energy
            notes.append(f"not taken: CCSD(T), {other.kind}, {above:+.6f} Hartree{doubt}")
    converged = best.converged and best.solver.converged_lambda
    return make_result(
        f"CCSD(T), {best.kind}", mol, best.energy, converged, density, best.solver._scf, notes
    )


@dataclass(frozen=True)
class _Solution:
    """CCSD(T) on one Hartree–Fock state."""

    kind: str
    state: State
    solver: Any
    energy: float
    converged: bool
    largest_doubles: float


def _ccsd_t(mol, state: State) -> _Solution:
    restricted = mol.spin == 0 and state.spin_square < CLOSED_SHELL
    ks = state.mean_field
    hf = (scf.RHF if restricted else scf.UHF)(mol)
    hf.mo_coeff, hf.mo_occ, hf.mo_energy = ks.mo_coeff, ks.mo_occ, ks.mo_energy
    hf.e_tot, hf.converged = ks.e_tot, ks.converged
    solver = (cc.RCCSD if restricted else cc.UCCSD)(hf, frozen=elements.chemcore(mol) or None)
    # Near a crossing two determinants nearly share their energy, and a short history stalls.
    solver.diis_space, solver.max_cycle = 12, 100
    solver.conv_tol, solver.conv_tol_normt = 1e-7, 1e-5
    kind = "restricted" if restricted else "unrestricted"
    try:
        solver.kernel()
    except (AttributeError, np.linalg.LinAlgError):
        # The amplitudes grew without end; PySCF catches that by a name which NumPy dropped.
        return _Solution(kind, state, solver, np.inf, False, np.inf)
    doubles = (solver.t2,) if restricted else solver.t2
    return _Solution(
        kind=kind,
        state=state,
        solver=solver,
        energy=float(solver.e_tot + solver.ccsd_t()),
        converged=state.converged and bool(solver.converged),
        largest_doubles=max((float(np.abs(t).max()) for t in doubles if t.size), default=0.0),
    )


def _basis_note(mol) -> str:
    basis = mol.basis if isinstance(mol.basis, str) else "the given basis"
    return f"basis-set error of {basis} remains"
